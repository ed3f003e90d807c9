/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How far a curve could have lain elsewhere: pointwise percentile intervals of a bootstrap that
 * draws whole groups of rows, as the areas of adit evaluate have them.
 */
#ifndef ADIT_PLOT_BAND_H
#define ADIT_PLOT_BAND_H

#include "adit_quality.h"

struct app_band_params {
	bool precision; /* over recall; else recall over false positives per benign row */
	size_t samples; /* drawn */
	double confidence;
	uint64_t seed;
};

/* Intervals at `count` places `at` (ascending) of the x axis, into low and high; NaN where no
 * sample has a value. Samples without rows of both labels are left out. Time: samples × rows;
 * memory: samples × count × 8 bytes. -ENOMEM. */
int app_band_reckon(const struct adit_scored *rows, const struct app_band_params *params,
	const double *at, size_t count, double *low, double *high, struct adit_error *error);

#endif
