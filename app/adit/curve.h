/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A ROC or precision-recall curve as it is drawn: from scores and labels, with its band, or from a
 * file of points.
 */
#ifndef ADIT_CURVE_H
#define ADIT_CURVE_H

#include "adit_table.h"
#include "plot.h"

#define APP_CURVE_BAND 241 /* places of a band */

struct app_curve {
	char label[APP_PLOT_TEXT]; /* which, the area, and its interval where it is known */
	double *x, *y;             /* [count], from nothing flagged to everything */
	size_t count;
	double *at, *low, *high; /* [APP_CURVE_BAND]; NULL without a band */
	double dot[2];           /* at the threshold; NaN without one */
	double least;            /* the smallest false positive rate above 0; NaN: there is none */
};

struct app_curve_params {
	bool precision;         /* over recall; else recall over false positives per benign row */
	bool log;               /* the x axis will be logarithmic */
	uint64_t samples, seed; /* of the bootstrap; 0 samples: no intervals */
};

/* Whether adit evaluate --curve wrote this. */
bool app_curve_is_file(const char *path);

/* The two ways to a curve; to be freed whatever the outcome. -EINVAL for what stands in the file,
 * and for rows of one label; -ENOMEM, -errno. `threshold` INFINITY: there is none. */
int app_curve_read(const char *path, const struct app_curve_params *params, struct app_curve *curve,
	struct adit_error *error);
int app_curve_score(const char *name, const struct adit_table *table, const double *scores,
	double threshold, const struct app_curve_params *params, struct app_curve *curve,
	struct adit_error *error);

/* Puts what stands at 0 of a ROC at `least`, and points between others, for a logarithmic axis.
 * -ENOMEM. */
int app_curve_bend(struct app_curve *curve, double least, struct adit_error *error);

void app_curve_free(struct app_curve *curve);

#endif
