/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How long something took, by buckets: a histogram of the metrics. One thread adds; others read.
 */
#ifndef ADIT_APP_TIMING_H
#define ADIT_APP_TIMING_H

#include "adit_metrics.h"

#define APP_TIMING_BOUNDS 12

/* From a millisecond to two slices: what is longer than a slice makes verdicts late. */
extern const struct adit_metrics_histogram app_timing_bounds;

struct app_timing {
	uint64_t bucket[APP_TIMING_BOUNDS + 1]; /* the last one: longer than all bounds */
	uint64_t sum_ns;
};

void app_timing_add(struct app_timing *timing, uint64_t ns);

#endif
