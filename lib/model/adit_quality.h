/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How good scores are against labels: counts, curves, areas, and how sure one can be of them. Rows
 * of one capture are alike, so an interval that takes them for independent is too narrow: the
 * cluster bootstrap (Efron and Tibshirani 1993, § 8.6; Field and Welsh 2007) draws whole groups.
 *
 * Pure but for memory of rows × 16 bytes while a function runs. Any thread. A share without a base
 * (precision of nothing flagged) is NaN.
 */
#ifndef ADIT_QUALITY_H
#define ADIT_QUALITY_H

#include "adit_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Scores and labels of `count` rows; groups are needed for a bootstrap only. */
struct adit_scored {
	const double *scores;   /* [count]; NaN counts as never flagged, below every score */
	const uint8_t *labels;  /* [count], 1 or 0 */
	const uint32_t *groups; /* [count], below group_count; NULL: each row for itself */
	size_t count, group_count;
};

struct adit_confusion {
	uint64_t true_positives, false_positives, true_negatives, false_negatives;
};

/* For qsort of doubles without NaN, the least first. */
int adit_double_order(const void *left, const void *right);
/* Of sorted values, at least one: what a share of them, 0 to 1, lies below; interpolated as numpy
 * does. */
double adit_percentile(const double *sorted, size_t count, double share);

/* Flagged is what is above the threshold. */
struct adit_confusion adit_quality_count(const struct adit_scored *rows, double threshold);

double adit_quality_precision(const struct adit_confusion *counts);
double adit_quality_recall(const struct adit_confusion *counts);
double adit_quality_f1(const struct adit_confusion *counts);
/* False positives / negatives. */
double adit_quality_false_rate(const struct adit_confusion *counts);

/* One point per distinct score, from the strictest threshold to the one that flags all. Rows count
 * as flagged from `threshold` on. */
struct adit_curve_point {
	double threshold;
	double false_rate, recall, precision;
};

struct adit_curve {
	struct adit_curve_point *points; /* freed by adit_quality_free_curve */
	size_t count;
	double roc_area;          /* trapezoids: ties count half */
	double average_precision; /* Σ precision × step of recall, without interpolation */
};

/* -EINVAL without rows of both labels, -ENOMEM. */
int adit_quality_curve(
	const struct adit_scored *rows, struct adit_curve *curve, struct adit_error *error);
void adit_quality_free_curve(struct adit_curve *curve);

struct adit_interval {
	double value, low, high;
	uint64_t undefined; /* of a bootstrap: samples without a value, which were left out */
};

/* Interval of a share (Wilson 1927); `confidence` as 0.95. Without trials: NaN, 0, 1. */
struct adit_interval adit_quality_wilson(uint64_t hits, uint64_t trials, double confidence);

enum adit_statistic {
	ADIT_STATISTIC_PRECISION,
	ADIT_STATISTIC_RECALL,
	ADIT_STATISTIC_F1,
	ADIT_STATISTIC_FALSE_RATE,
	ADIT_STATISTIC_ROC_AREA,
	ADIT_STATISTIC_AVERAGE_PRECISION,
	ADIT_STATISTICS
};

struct adit_bootstrap_params {
	size_t samples;    /* 10 to 1000000 */
	double confidence; /* as 0.95 */
	uint64_t seed;
	double threshold;
};

/* Percentile intervals of all statistics: groups are drawn with replacement, as many as there
 * are. -EINVAL, -ENOMEM. */
int adit_quality_bootstrap(const struct adit_scored *rows,
	const struct adit_bootstrap_params *params, struct adit_interval intervals[ADIT_STATISTICS],
	struct adit_error *error);

#ifdef __cplusplus
}
#endif
#endif
