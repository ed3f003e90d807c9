/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What an lcore does between polls that found nothing (worker.idle).
 */
#ifndef ADIT_IDLE_H
#define ADIT_IDLE_H

#include "adit_base.h"

#include <rte_cpuflags.h>
#include <rte_power_intrinsics.h>

/* Longest wait of the CPU: what bounds the time to a hand-off that no descriptor tells of, and to
 * the end of a slice. */
#define APP_IDLE_WAIT_US 10

enum app_idle_mode {
	APP_IDLE_POLL,  /* polls again at once */
	APP_IDLE_PAUSE, /* the same, with the CPU's hint that nothing is done: its other thread gets
			   more of the core */
	APP_IDLE_YIELD, /* lets other threads run, and in the end sleeps */
	APP_IDLE_WAIT,  /* the CPU waits, in a state of less power, for its queues' next descriptors
			   where it can be told of them, and not longer than APP_IDLE_WAIT_US */
};

/* What this CPU can do, and who does it: DPDK, or in tests something that is looked at. */
struct app_idle_cpu {
	struct rte_cpu_intrinsics can;
	int (*address)(uint16_t port, uint16_t queue, struct rte_power_monitor_cond *condition);
	int (*monitor)(const struct rte_power_monitor_cond *condition, uint64_t until_ticks);
	int (*monitor_multi)(const struct rte_power_monitor_cond conditions[], uint32_t count,
		uint64_t until_ticks);
	int (*pause)(uint64_t until_ticks);
};
/* Management thread, while no lcore runs. */
const struct app_idle_cpu *app_idle_cpu(void);

struct app_queue;

/* An lcore's own. Measured on two CPUs with more lcores than that: sched_yield keeps tens of
 * millions of packets per second going where busy polling starves the others. */
struct app_idle {
	enum app_idle_mode mode;
	unsigned empty; /* polls since the last work */
	/* Polls that found something, and that found nothing; the management thread reads them, to
	 * tell an lcore that has nothing to do from one that is stuck. */
	uint64_t polls_busy, polls_idle;
	/* APP_IDLE_WAIT: */
	uint64_t wait_ticks;
	const struct app_queue *queue; /* whose descriptors end a wait … */
	uint16_t queues;               /* … so many; 0: time alone does */
	const struct app_idle_cpu *cpu;
};

/* Before EAL: whether the CPU has what is wanted ("auto" and the modes' names). 0 or -ENOTSUP. */
int app_idle_check(const char *wanted, const struct app_idle_cpu *cpu, struct adit_error *error);
/* What a name that was checked means for so many lcores on so many CPUs. */
enum app_idle_mode app_idle_mode(const char *wanted, unsigned lcores, unsigned cpus);
/* Before the lcore starts, and after its queues have. Without queues time alone ends a wait. */
void app_idle_set(struct app_idle *idle, enum app_idle_mode mode, const struct app_idle_cpu *cpu,
	const struct app_queue *queue, uint16_t queues);
/* What an lcore does that is set so, for a person: "it …". */
const char *app_idle_words(const struct app_idle *idle);

/* After a poll that found nothing; and after one that found something. */
void app_idle_wait(struct app_idle *idle);
static inline void app_idle_work(struct app_idle *idle)
{
	idle->empty = 0;
	idle->polls_busy++;
}

#endif
