/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whether lcores get on. Each counts its polls, those that found something and those that found
 * nothing, so one that has nothing to do still counts, and one that is stuck does not. Pure: times
 * and counters come in.
 */
#ifndef ADIT_APP_HEALTH_H
#define ADIT_APP_HEALTH_H

#include "appliance.h"

enum app_pulse_state {
	APP_PULSE_BUSY,    /* found something since the last look */
	APP_PULSE_IDLE,    /* polled and found nothing */
	APP_PULSE_STALLED, /* has not polled for too long */
	APP_PULSE_ENDED
};
extern const char *const app_pulse_names[];

struct app_pulse {
	char name[16];
	const uint64_t *busy, *idle; /* its polls; the lcore's */
	uint64_t seen_busy, seen_idle;
	uint64_t moved_ns; /* when they were last seen to have grown */
	enum app_pulse_state state;
	uint64_t stalled; /* 1 or 0, for metrics */
};

struct app_health {
	uint64_t stalled_ns; /* silence that is too long */
	size_t count;
	struct app_pulse pulse[APP_WORKERS_MAX + 2];
};

void app_health_add(struct app_health *health, const char *name, const uint64_t *busy,
	const uint64_t *idle, uint64_t now_ns);
/* The lcores of an appliance that can be told of: all, but for a spreader that reads captures,
 * which may wait for its input for as long as it likes. */
void app_health_add_all(
	struct app_health *health, const struct appliance *appliance, uint64_t now_ns);
/* `running` of all lcores: where some have ended, one that is silent is no stalled one. */
void app_health_look(struct app_health *health, uint64_t now_ns, bool some_ended);
/* Stalled lcores. */
size_t app_health_stalled(const struct app_health *health);

#endif
