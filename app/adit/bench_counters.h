/* SPDX-License-Identifier: BSD-3-Clause
 *
 * CPU counters of a thread (perf_event_open(2)), as a group: all count the same piece of time.
 */
#ifndef ADIT_BENCH_COUNTERS_H
#define ADIT_BENCH_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

enum { APP_CYCLES, APP_INSTRUCTIONS, APP_CPU_COUNTERS };

/* What to count: type and config of struct perf_event_attr. */
struct app_cpu_event {
	uint32_t type;
	uint64_t config;
};
/* Cycles and instructions of user space. */
extern const struct app_cpu_event app_cpu_events[APP_CPU_COUNTERS];

struct app_cpu_counters {
	int file[APP_CPU_COUNTERS]; /* -1: not open */
	int error;                  /* errno; 0: there are counts */
};

/* Counts from here on, what the calling thread does. */
void app_counters_begin(
	struct app_cpu_counters *counters, const struct app_cpu_event events[APP_CPU_COUNTERS]);
/* From here on nothing is counted, or all is again. Same thread. */
void app_counters_hold(struct app_cpu_counters *counters, bool hold);
/* What was counted since; not written where `error` is set. Where events took turns on the CPU's
 * counters, scaled to the whole time; EBUSY where they never had a turn. Same thread. */
void app_counters_end(struct app_cpu_counters *counters, uint64_t values[APP_CPU_COUNTERS]);

/* A count of `running` out of `enabled` ns. `running` is not 0. */
uint64_t app_counter_scale(uint64_t value, uint64_t enabled, uint64_t running);

#endif
