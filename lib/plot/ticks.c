/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ticks at round numbers: steps of 1, 2 or 5 times a power of ten; decades of a logarithmic axis,
 * and 1, 2, 5 of each where there are few. Numbers are written with commas by thousands, or times a
 * power of ten that is a multiple of three, the same for the whole axis.
 */
#include "plot_priv.h"

#include <math.h>
#include <stdio.h>

#define NEAR  1e-9
#define MINUS "\xe2\x88\x92"
#define TIMES "\xc3\x97"

/* Numbers from here on, and below, are written with an exponent. */
#define LARGE 1e7
#define SMALL 1e-3

static struct plot_tick *add(struct plot_ticks *ticks, double at)
{
	struct plot_tick *tick;

	if (ticks->count == PLOT_TICKS_MAX)
		return NULL;
	tick = &ticks->tick[ticks->count++];
	tick->at = at;
	tick->text[0] = tick->raised[0] = '\0';
	return tick;
}

/* Digits with commas between thousands, and a proper minus. */
static void write_number(char *to, size_t room, double number, int decimals)
{
	char digits[400];
	const char *at = digits;
	size_t whole, used = 0;

	/* Rounded, so that nothing is written as minus zero. */
	snprintf(digits, sizeof(digits), "%.*f", decimals, fabs(number));
	if (number < 0 && strspn(digits, "0.") != strlen(digits))
		used += (size_t)snprintf(to, room, MINUS);
	whole = strcspn(digits, ".");
	for (; *at != '\0' && used + 2 < room; at++, whole -= whole > 0) {
		if (at != digits && whole > 0 && whole % 3 == 0)
			to[used++] = ',';
		to[used++] = *at;
	}
	to[used] = '\0';
}

static void write_exponent(struct plot_tick *tick, int exponent)
{
	snprintf(tick->raised, sizeof(tick->raised), "%s%d", exponent < 0 ? MINUS : "",
		exponent < 0 ? -exponent : exponent);
}

static int decimals_of(double step)
{
	int power = (int)floor(log10(step) + NEAR);

	return power < 0 ? -power : 0;
}

static double round_step(double range, size_t labels)
{
	double least = range / (double)(labels > 0 ? labels : 1);
	double power = pow(10, floor(log10(least) + NEAR)), times = least / power;

	return power * (times <= 1 + NEAR ? 1 : times <= 2 + NEAR ? 2 : times <= 5 + NEAR ? 5 : 10);
}

static void add_linear(const struct adit_plot_axis *axis, size_t labels, struct plot_ticks *ticks)
{
	double largest = fmax(fabs(axis->low), fabs(axis->high));
	double step = round_step(axis->high - axis->low, labels), scale;
	double first = ceil(axis->low / step - NEAR), last = floor(axis->high / step + NEAR);
	int exponent = 0;

	if (largest >= LARGE || largest < SMALL)
		exponent = 3 * (int)floor((log10(largest) + NEAR) / 3);
	scale = pow(10, exponent);
	for (double i = first; i <= last; i++) {
		struct plot_tick *tick = add(ticks, i * step);
		size_t used;
		if (tick == NULL)
			return;
		write_number(tick->text, sizeof(tick->text), i * step / scale,
			decimals_of(step / scale));
		if (exponent == 0)
			continue;
		if (i == 0) {
			snprintf(tick->text, sizeof(tick->text), "0");
			continue;
		}
		used = strlen(tick->text);
		snprintf(tick->text + used, sizeof(tick->text) - used, TIMES "10");
		write_exponent(tick, exponent);
	}
}

/* 1 … 9 times each power of ten; those that `labelled` has get their number. */
static void add_few_decades(
	const struct adit_plot_axis *axis, const char *labelled, struct plot_ticks *ticks)
{
	int first = (int)floor(log10(axis->low) + NEAR),
	    last = (int)floor(log10(axis->high) + NEAR);

	for (int power = first; power <= last; power++) {
		for (int times = 1; times <= 9; times++) {
			double at = times * pow(10, power);
			struct plot_tick *tick;
			if (at < axis->low * (1 - NEAR) || at > axis->high * (1 + NEAR))
				continue;
			tick = add(ticks, at);
			if (tick == NULL)
				return;
			if (strchr(labelled, '0' + times) == NULL)
				continue;
			if (at >= LARGE || at < SMALL) {
				snprintf(tick->text, sizeof(tick->text), "%d" TIMES "10", times);
				write_exponent(tick, power);
			} else {
				write_number(
					tick->text, sizeof(tick->text), at, power < 0 ? -power : 0);
			}
		}
	}
}

static void label_decade(struct plot_tick *tick, int power, bool plain)
{
	if (plain) {
		write_number(
			tick->text, sizeof(tick->text), pow(10, power), power < 0 ? -power : 0);
		return;
	}
	snprintf(tick->text, sizeof(tick->text), "10");
	write_exponent(tick, power);
}

/* Every decade has a tick, every `stride`-th of them a number. */
static void add_decades(const struct adit_plot_axis *axis, int first, int last, int stride,
	struct plot_ticks *ticks)
{
	bool plain = first >= -4 && last <= 5;

	for (int power = first - 1; power <= last; power++) {
		bool labelled = ((power % stride) + stride) % stride == 0;
		struct plot_tick *tick = NULL;
		if (power >= first && (last - first < PLOT_TICKS_MAX - 1 || labelled))
			tick = add(ticks, pow(10, power));
		if (tick != NULL && labelled)
			label_decade(tick, power, plain);
		for (int times = 2; times <= 9 && last - first < PLOT_TICKS_MAX / 10; times++) {
			double at = times * pow(10, power);
			if (stride == 1 && at >= axis->low && at <= axis->high)
				add(ticks, at);
		}
	}
}

static size_t count_between(const struct adit_plot_axis *axis)
{
	size_t count = 0;
	int first = (int)floor(log10(axis->low)), last = (int)floor(log10(axis->high));

	for (int power = first; power <= last; power++) {
		for (const char *times = "125"; *times != '\0'; times++) {
			double at = (*times - '0') * pow(10, power);
			count += at >= axis->low * (1 - NEAR) && at <= axis->high * (1 + NEAR);
		}
	}
	return count;
}

static void add_log(const struct adit_plot_axis *axis, size_t labels, struct plot_ticks *ticks)
{
	int first = (int)ceil(log10(axis->low) - NEAR), last = (int)floor(log10(axis->high) + NEAR);
	int decades = last - first + 1, stride;

	if (decades <= 3 && count_between(axis) >= 3 && count_between(axis) <= labels + 1) {
		add_few_decades(axis, "125", ticks);
	} else if (decades >= 2) {
		stride = (decades + (int)labels - 1) / (int)labels;
		add_decades(axis, first, last, stride, ticks);
	} else if (axis->high / axis->low > 3 && decades == 1) {
		add_few_decades(axis, "1", ticks);
	} else {
		add_linear(axis, labels, ticks);
	}
}

void adit_plot_ticks(const struct adit_plot_axis *axis, size_t labels, struct plot_ticks *ticks)
{
	ticks->count = 0;
	labels = labels > 0 ? labels : 1;
	if (axis->names != NULL) {
		for (size_t i = 0; i < axis->name_count; i++) {
			struct plot_tick *tick = NULL;
			if ((double)i >= axis->low && (double)i <= axis->high)
				tick = add(ticks, (double)i);
			if (tick != NULL)
				snprintf(tick->text, sizeof(tick->text), "%s", axis->names[i]);
		}
		return;
	}
	if (axis->log)
		add_log(axis, labels, ticks);
	else
		add_linear(axis, labels, ticks);
}
