/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct app_cpu_event app_cpu_events[APP_CPU_COUNTERS] = {
	[APP_CYCLES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
	[APP_INSTRUCTIONS] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
};

/* What a read of the group's leader gives, in this order (perf_event_open(2), PERF_FORMAT_GROUP).
 */
struct reading {
	uint64_t count, enabled_ns, running_ns, value[APP_CPU_COUNTERS];
};

/* Members count while their leader does, which stands still at first. What threads that this one
 * starts do is not counted. */
static int counter_open(const struct app_cpu_event *event, int leader)
{
	struct perf_event_attr attributes = {.type = event->type,
		.size = sizeof(attributes),
		.config = event->config,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = leader < 0,
		.exclude_kernel = 1,
		.exclude_hv = 1};

	return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

static void close_all(struct app_cpu_counters *counters)
{
	for (int i = 0; i < APP_CPU_COUNTERS; i++) {
		if (counters->file[i] >= 0)
			close(counters->file[i]);
		counters->file[i] = -1;
	}
}

void app_counters_begin(
	struct app_cpu_counters *counters, const struct app_cpu_event events[APP_CPU_COUNTERS])
{
	counters->error = 0;
	for (int i = 0; i < APP_CPU_COUNTERS; i++)
		counters->file[i] = -1;
	for (int i = 0; i < APP_CPU_COUNTERS && counters->error == 0; i++) {
		counters->file[i] = counter_open(&events[i], counters->file[0]);
		if (counters->file[i] < 0)
			counters->error = errno;
	}
	if (counters->error == 0 &&
		ioctl(counters->file[0], PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP) != 0)
		counters->error = errno;
	if (counters->error != 0)
		close_all(counters);
}

void app_counters_hold(struct app_cpu_counters *counters, bool hold)
{
	if (counters->error == 0 &&
		ioctl(counters->file[0], hold ? PERF_EVENT_IOC_DISABLE : PERF_EVENT_IOC_ENABLE,
			PERF_IOC_FLAG_GROUP) != 0) {
		counters->error = errno;
		close_all(counters);
	}
}

uint64_t app_counter_scale(uint64_t value, uint64_t enabled, uint64_t running)
{
	return (uint64_t)((unsigned __int128)value * enabled / running);
}

void app_counters_end(struct app_cpu_counters *counters, uint64_t values[APP_CPU_COUNTERS])
{
	struct reading reading = {0};

	if (counters->error != 0)
		return;
	if (ioctl(counters->file[0], PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP) != 0)
		counters->error = errno;
	else if (read(counters->file[0], &reading, sizeof(reading)) != sizeof(reading) ||
		 reading.count != APP_CPU_COUNTERS)
		counters->error = EIO;
	else if (reading.running_ns == 0)
		counters->error = EBUSY;
	for (int i = 0; i < APP_CPU_COUNTERS && counters->error == 0; i++)
		values[i] =
			app_counter_scale(reading.value[i], reading.enabled_ns, reading.running_ns);
	close_all(counters);
}
