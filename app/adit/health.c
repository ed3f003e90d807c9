/* SPDX-License-Identifier: BSD-3-Clause */
#include "health.h"

#include <stdio.h>

const char *const app_pulse_names[] = {
	[APP_PULSE_BUSY] = "busy",
	[APP_PULSE_IDLE] = "idle",
	[APP_PULSE_STALLED] = "stalled",
	[APP_PULSE_ENDED] = "ended",
};

void app_health_add(struct app_health *health, const char *name, const uint64_t *busy,
	const uint64_t *idle, uint64_t now_ns)
{
	struct app_pulse *pulse = &health->pulse[health->count++];

	*pulse = (struct app_pulse){
		.busy = busy, .idle = idle, .moved_ns = now_ns, .state = APP_PULSE_IDLE};
	snprintf(pulse->name, sizeof(pulse->name), "%s", name);
}

void app_health_add_all(
	struct app_health *health, const struct appliance *appliance, uint64_t now_ns)
{
	for (uint16_t w = 0; w < appliance->worker_count; w++) {
		const struct app_idle *idle = &appliance->workers[w].idle;
		char name[16];

		snprintf(name, sizeof(name), "worker%u", w);
		app_health_add(health, name, &idle->polls_busy, &idle->polls_idle, now_ns);
	}
	app_health_add(health, "scorer", &appliance->scorer->idle.polls_busy,
		&appliance->scorer->idle.polls_idle, now_ns);
	if (appliance->has_spreader && appliance->live)
		app_health_add(health, "spreader", &appliance->spreader->idle.polls_busy,
			&appliance->spreader->idle.polls_idle, now_ns);
}

static void pulse_look(
	struct app_pulse *pulse, uint64_t now_ns, uint64_t stalled_ns, bool some_ended)
{
	uint64_t busy = app_read(pulse->busy), idle = app_read(pulse->idle);

	if (busy != pulse->seen_busy || idle != pulse->seen_idle) {
		pulse->state = busy != pulse->seen_busy ? APP_PULSE_BUSY : APP_PULSE_IDLE;
		pulse->moved_ns = now_ns;
	} else if (some_ended) {
		pulse->state = APP_PULSE_ENDED;
	} else if (now_ns - pulse->moved_ns > stalled_ns) {
		pulse->state = APP_PULSE_STALLED;
	}
	pulse->seen_busy = busy;
	pulse->seen_idle = idle;
	__atomic_store_n(&pulse->stalled, pulse->state == APP_PULSE_STALLED, __ATOMIC_RELAXED);
}

void app_health_look(struct app_health *health, uint64_t now_ns, bool some_ended)
{
	for (size_t i = 0; i < health->count; i++)
		pulse_look(&health->pulse[i], now_ns, health->stalled_ns, some_ended);
}

size_t app_health_stalled(const struct app_health *health)
{
	size_t count = 0;

	for (size_t i = 0; i < health->count; i++)
		count += health->pulse[i].state == APP_PULSE_STALLED;
	return count;
}
