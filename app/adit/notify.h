/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a service manager is told: ready, reloading, stopping, how it goes, and that it is alive.
 * The protocol is sd_notify(3)'s: lines of NAME=VALUE in a datagram to the socket that
 * NOTIFY_SOCKET names. Without one, nothing is sent. Management thread.
 */
#ifndef ADIT_NOTIFY_H
#define ADIT_NOTIFY_H

#include "health.h"

struct app_manager;

struct app_notify {
	uint64_t told_ns, period_ns; /* when last, and how often; 0: nobody listens */
	bool watched;                /* WATCHDOG_USEC is set: it wants to hear that all is alive */
	struct app_health health;
	bool stopping;
	const char *still; /* the lcore that stands still; NULL: none */
};

/* Sends lines. 0, or -errno: the service manager does not hear it, which changes nothing here. */
int app_notify_send(const char *lines);

/* Lcores run and ports are up. `now_ns` is of CLOCK_MONOTONIC, here and below. */
void app_notify_ready(
	struct app_notify *notify, const struct appliance *appliance, uint64_t now_ns);
/* Again and again: says how it goes, and that it is alive as long as every lcore takes turns. An
 * idle one does, a blocked one does not. */
void app_notify_poll(struct app_notify *notify, const struct app_manager *manager, uint64_t now_ns);

#endif
