/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's waits of the CPU are experimental in all of its releases so far. */
#define ALLOW_EXPERIMENTAL_API
#include "idle.h"

#include "appliance.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_pause.h>

#define EMPTY_BEFORE_SLEEP 64
#define SLEEP_NS           50000
#define EMPTY_BEFORE_WAIT  64

const struct app_idle_cpu *app_idle_cpu(void)
{
	static struct app_idle_cpu cpu = {
		.address = rte_eth_get_monitor_addr,
		.monitor = rte_power_monitor,
		.monitor_multi = rte_power_monitor_multi,
		.pause = rte_power_pause,
	};

	rte_cpu_get_intrinsics_support(&cpu.can);
	return &cpu;
}

int app_idle_check(const char *wanted, const struct app_idle_cpu *cpu, struct adit_error *error)
{
	if (strcmp(wanted, "wait") != 0 || cpu->can.power_pause)
		return 0;
	return adit_error_set(error, -ENOTSUP,
		"worker.idle is 'wait', but this CPU has no instruction for that (x86: tpause and "
		"umwait, which is the flag waitpkg in /proc/cpuinfo); expected pause on cores of "
		"their own, yield on shared ones, or auto");
}

enum app_idle_mode app_idle_mode(const char *wanted, unsigned lcores, unsigned cpus)
{
	static const char *const names[] = {[APP_IDLE_POLL] = "poll",
		[APP_IDLE_PAUSE] = "pause",
		[APP_IDLE_YIELD] = "yield",
		[APP_IDLE_WAIT] = "wait"};

	for (size_t i = 0; i < ADIT_COUNT(names); i++)
		if (strcmp(wanted, names[i]) == 0)
			return (enum app_idle_mode)i;
	return lcores > cpus ? APP_IDLE_YIELD : APP_IDLE_PAUSE;
}

/* Whether the CPU can be told of packets in all of these queues. */
static bool can_monitor(
	const struct app_idle_cpu *cpu, const struct app_queue *queue, uint16_t queues)
{
	struct rte_power_monitor_cond condition;

	if (queues == 0 || !cpu->can.power_monitor || (queues > 1 && !cpu->can.power_monitor_multi))
		return false;
	for (uint16_t i = 0; i < queues; i++)
		if (cpu->address(queue[i].port, queue[i].queue, &condition) != 0)
			return false;
	return true;
}

void app_idle_set(struct app_idle *idle, enum app_idle_mode mode, const struct app_idle_cpu *cpu,
	const struct app_queue *queue, uint16_t queues)
{
	bool monitors = mode == APP_IDLE_WAIT && can_monitor(cpu, queue, queues);

	*idle = (struct app_idle){
		.mode = mode,
		.wait_ticks = rte_get_tsc_hz() / 1000000 * APP_IDLE_WAIT_US,
		.queue = queue,
		.queues = monitors ? queues : 0,
		.cpu = cpu,
	};
}

const char *app_idle_words(const struct app_idle *idle)
{
	switch (idle->mode) {
	case APP_IDLE_POLL:
		return "polls without a break";
	case APP_IDLE_PAUSE:
		return "pauses between polls";
	case APP_IDLE_YIELD:
		return "yields its CPU, then sleeps";
	default:
		return idle->queues != 0 ? "waits for its queues' descriptors"
					 : "waits for 10 us at a time";
	}
}
static_assert(APP_IDLE_WAIT_US == 10, "as app_idle_words says");

/* The address of a queue's next descriptor moves on with the packets, so it is asked for anew. */
static int cpu_wait(const struct app_idle *idle)
{
	struct rte_power_monitor_cond condition[APP_QUEUES_MAX];
	uint64_t until = rte_rdtsc() + idle->wait_ticks;

	for (uint16_t i = 0; i < idle->queues; i++)
		if (idle->cpu->address(idle->queue[i].port, idle->queue[i].queue, &condition[i]) !=
			0)
			return idle->cpu->pause(until);
	if (idle->queues == 0)
		return idle->cpu->pause(until);
	if (idle->queues == 1)
		return idle->cpu->monitor(condition, until);
	return idle->cpu->monitor_multi(condition, idle->queues, until);
}

void app_idle_wait(struct app_idle *idle)
{
	static const struct timespec nap = {0, SLEEP_NS};

	idle->polls_idle++;
	switch (idle->mode) {
	case APP_IDLE_POLL:
		return;
	case APP_IDLE_PAUSE:
		rte_pause();
		return;
	case APP_IDLE_YIELD:
		if (++idle->empty < EMPTY_BEFORE_SLEEP)
			sched_yield();
		else
			nanosleep(&nap, NULL);
		return;
	case APP_IDLE_WAIT:
		if (++idle->empty < EMPTY_BEFORE_WAIT || cpu_wait(idle) != 0)
			rte_pause();
	}
}
