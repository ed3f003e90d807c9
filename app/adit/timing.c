/* SPDX-License-Identifier: BSD-3-Clause */
#include "timing.h"

static const uint64_t bounds_ns[APP_TIMING_BOUNDS] = {
	ADIT_NS_PER_MS,
	5 * ADIT_NS_PER_MS,
	10 * ADIT_NS_PER_MS,
	50 * ADIT_NS_PER_MS,
	100 * ADIT_NS_PER_MS,
	250 * ADIT_NS_PER_MS,
	500 * ADIT_NS_PER_MS,
	ADIT_NS_PER_S,
	2 * ADIT_NS_PER_S,
	5 * ADIT_NS_PER_S,
	10 * ADIT_NS_PER_S,
	20 * ADIT_NS_PER_S,
};
const struct adit_metrics_histogram app_timing_bounds = {bounds_ns, APP_TIMING_BOUNDS};

static void add(uint64_t *cell, uint64_t value)
{
	__atomic_store_n(cell, *cell + value, __ATOMIC_RELAXED);
}

void app_timing_add(struct app_timing *timing, uint64_t ns)
{
	size_t i = 0;

	while (i < APP_TIMING_BOUNDS && ns > bounds_ns[i])
		i++;
	add(&timing->bucket[i], 1);
	add(&timing->sum_ns, ns);
}
