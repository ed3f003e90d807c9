/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Axes: ranges that take in what is to be seen, and the way from values to paper.
 */
#include "plot_priv.h"

#include <errno.h>
#include <math.h>

/* Less of a range than this share of its ends is lost in rounding; ends beyond these numbers are
 * not worth the care that computing with them would take. */
#define NARROWEST 1e-9
#define LARGEST   1e300
#define SMALLEST  1e-300

static double between(double value, double low, double high)
{
	return fmax(low, fmin(high, value));
}

void adit_plot_axis_include(struct adit_plot_axis *axis, const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!isfinite(values[i]) || (axis->log && values[i] <= 0))
			continue;
		/* Of NaN, no comparison is true. */
		if (!(axis->low <= values[i]))
			axis->low = values[i];
		if (!(axis->high >= values[i]))
			axis->high = values[i];
	}
}

static void widen_log(struct adit_plot_axis *axis, double share)
{
	double end = log10(LARGEST);
	double low = between(log10(axis->low), -end, end);
	double high = between(log10(axis->high), -end, end);
	double by = high - low < 1e-3 ? 0.5 : share * (high - low);

	axis->low = pow(10, fmax(low - by, -end));
	axis->high = pow(10, fmin(high + by, end));
}

static void widen_linear(struct adit_plot_axis *axis, double share)
{
	double low = between(axis->low, -LARGEST, LARGEST);
	double high = between(axis->high, -LARGEST, LARGEST);
	double largest = fmax(fabs(low), fabs(high)), by = share * (high - low);

	if (high - low <= NARROWEST * largest || largest < SMALLEST)
		by = largest >= SMALLEST ? 0.1 * largest : 0.5;
	axis->low = low - by;
	axis->high = high + by;
}

void adit_plot_axis_widen(struct adit_plot_axis *axis, double share)
{
	if (!(axis->low <= axis->high)) {
		axis->low = axis->log ? 1 : 0;
		axis->high = axis->log ? 10 : 1;
	} else if (axis->log) {
		widen_log(axis, share);
	} else {
		widen_linear(axis, share);
	}
}

double adit_plot_axis_at(const struct adit_plot_axis *axis, double share)
{
	if (share <= 0)
		return axis->low;
	if (share >= 1)
		return axis->high;
	if (axis->log)
		return pow(10, log10(axis->low) + share * (log10(axis->high) - log10(axis->low)));
	return axis->low + share * (axis->high - axis->low);
}

double adit_plot_axis_share(const struct adit_plot_axis *axis, double value)
{
	if (!isfinite(value) || (axis->log && value <= 0))
		return NAN;
	if (axis->log)
		return (log10(value) - log10(axis->low)) / (log10(axis->high) - log10(axis->low));
	return (value - axis->low) / (axis->high - axis->low);
}

int adit_plot_check_axis(const struct adit_plot_axis *axis, struct adit_error *error)
{
	double largest = fmax(fabs(axis->low), fabs(axis->high));
	double range = axis->high - axis->low;

	if (!(largest <= 2 * LARGEST) || !(range > largest * NARROWEST / 10) ||
		range < SMALLEST / 10)
		return adit_error_set(error, -EINVAL,
			"an axis from %g to %g: the ends must be finite, the first below the "
			"second",
			axis->low, axis->high);
	if (axis->log && axis->low < SMALLEST / 2)
		return adit_error_set(error, -EINVAL,
			"a logarithmic axis from %g to %g: its ends must be above 0", axis->low,
			axis->high);
	return 0;
}

struct plot_scale adit_plot_scale(const struct adit_plot_axis *axis, double from, double to)
{
	return (struct plot_scale){*axis, from, to};
}

double adit_plot_place(const struct plot_scale *scale, double value)
{
	return scale->from + adit_plot_axis_share(&scale->axis, value) * (scale->to - scale->from);
}

bool adit_plot_inside(const struct plot_scale *scale, double value)
{
	double place = adit_plot_place(scale, value);
	double low = fmin(scale->from, scale->to), high = fmax(scale->from, scale->to);

	return place >= low - 1e-6 && place <= high + 1e-6;
}
