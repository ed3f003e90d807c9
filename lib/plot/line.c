/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lines of many points, without those that nobody sees: a point is left out while one straight line
 * passes within a tenth of a pixel of all that were left out since the last corner. The directions
 * that do so are a cone, which each point narrows (sleeve fitting; Zhao and Saalfeld 1997). What is
 * drawn is rounded to an eighth of a pixel, which also keeps an SVG's numbers short.
 */
#include "plot_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define TOLERANCE 0.1
#define ROUND     8

int adit_plot_add(struct plot_points *points, double x, double y)
{
	size_t room = points->room > 0 ? 2 * points->room : 256;
	double *grown;

	if (points->count == points->room) {
		grown = realloc(points->x, room * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		points->x = grown;
		grown = realloc(points->y, room * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		points->y = grown;
		points->room = room;
	}
	points->x[points->count] = x;
	points->y[points->count++] = y;
	return 0;
}

void adit_plot_free_points(struct plot_points *points)
{
	free(points->x);
	free(points->y);
	*points = (struct plot_points){NULL, NULL, 0, 0};
}

static double rounded(double place)
{
	/* Far outside of the paper all is the same; cairo's own numbers end at 2^23. */
	return round(fmax(-1e5, fmin(1e5, place)) * ROUND) / ROUND;
}

static void set_anchor(struct plot_pen *pen, double x, double y)
{
	pen->anchor[0] = x;
	pen->anchor[1] = y;
	pen->pending = false;
	pen->reach = 0;
}

void adit_plot_end_line(struct plot_pen *pen)
{
	if (pen->open && pen->pending)
		cairo_line_to(pen->cairo, rounded(pen->last[0]), rounded(pen->last[1]));
	pen->open = pen->pending = false;
}

void adit_plot_move_to(struct plot_pen *pen, double x, double y)
{
	adit_plot_end_line(pen);
	if (isnan(x) || isnan(y))
		return;
	cairo_move_to(pen->cairo, rounded(x), rounded(y));
	pen->open = true;
	set_anchor(pen, x, y);
}

/* Narrows the cone by a point; false if the point is not in it. */
static bool narrow(struct plot_pen *pen, double x, double y)
{
	double dx = x - pen->anchor[0], dy = y - pen->anchor[1], far = hypot(dx, dy);
	double direction, half;

	if (far < pen->reach - TOLERANCE)
		return false;
	if (far <= TOLERANCE)
		return true;
	half = asin(TOLERANCE / far);
	direction = atan2(dy, dx);
	if (pen->reach == 0) {
		pen->axis = direction;
		pen->low = -half;
		pen->high = half;
	} else {
		direction = remainder(direction - pen->axis, 2 * M_PI);
		if (direction < pen->low || direction > pen->high)
			return false;
		pen->low = fmax(pen->low, direction - half);
		pen->high = fmin(pen->high, direction + half);
	}
	pen->reach = fmax(pen->reach, far);
	return true;
}

void adit_plot_line_to(struct plot_pen *pen, double x, double y)
{
	if (isnan(x) || isnan(y)) {
		adit_plot_end_line(pen);
		return;
	}
	if (!pen->open) {
		adit_plot_move_to(pen, x, y);
		return;
	}
	if (!narrow(pen, x, y)) {
		cairo_line_to(pen->cairo, rounded(pen->last[0]), rounded(pen->last[1]));
		set_anchor(pen, pen->last[0], pen->last[1]);
		narrow(pen, x, y);
	}
	pen->last[0] = x;
	pen->last[1] = y;
	pen->pending = true;
}
