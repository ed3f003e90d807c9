/* SPDX-License-Identifier: BSD-3-Clause */
#include "notify.h"

#include "manager.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define STATUS_NS (10 * ADIT_NS_PER_S)

int app_notify_send(const char *lines)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t length = path != NULL ? strlen(path) : 0;
	int handle, status = 0;

	if (length == 0)
		return 0;
	if ((path[0] != '/' && path[0] != '@') || length >= sizeof(to.sun_path))
		return -EINVAL;
	memcpy(to.sun_path, path, length);
	/* '@' stands for the zero that begins an abstract name. */
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	handle = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (handle < 0)
		return -errno;
	if (sendto(handle, lines, strlen(lines), MSG_NOSIGNAL, (struct sockaddr *)&to,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		status = -errno;
	close(handle);
	return status;
}

/* WATCHDOG_USEC, unless it is meant for another process. */
static uint64_t watchdog_asked(void)
{
	const char *period = getenv("WATCHDOG_USEC"), *whose = getenv("WATCHDOG_PID");
	unsigned long long us = period != NULL ? strtoull(period, NULL, 10) : 0;

	if (us > UINT64_MAX / 1000 ||
		(whose != NULL && strtoull(whose, NULL, 10) != (unsigned long long)getpid()))
		return 0;
	return us * 1000;
}

/* The lcore that takes no turns, or NULL. */
static const char *standing_still(const struct app_health *health)
{
	const char *found = NULL;

	for (size_t i = 0; i < health->count; i++)
		if (health->pulse[i].state == APP_PULSE_STALLED)
			found = health->pulse[i].name;
	return found;
}

void app_notify_ready(struct app_notify *notify, const struct appliance *appliance, uint64_t now_ns)
{
	uint64_t watchdog_ns;
	char text[128];

	*notify = (struct app_notify){.told_ns = now_ns};
	if (getenv("NOTIFY_SOCKET") == NULL)
		return;
	watchdog_ns = watchdog_asked();
	notify->watched = watchdog_ns != 0;
	/* Twice within the time, as sd_watchdog_enabled(3) has it. */
	notify->period_ns =
		notify->watched && watchdog_ns / 2 < STATUS_NS ? watchdog_ns / 2 : STATUS_NS;
	/* One that took no turn since the last look stands still. */
	notify->health.stalled_ns = notify->period_ns - 1;
	app_health_add_all(&notify->health, appliance, now_ns);
	app_health_look(&notify->health, now_ns, false);
	snprintf(text, sizeof(text), "READY=1\nSTATUS=%u port%s, %u worker%s",
		appliance->port_count, appliance->port_count == 1 ? "" : "s",
		appliance->worker_count, appliance->worker_count == 1 ? "" : "s");
	app_notify_send(text);
}

void app_notify_poll(struct app_notify *notify, const struct app_manager *manager, uint64_t now_ns)
{
	const struct appliance *appliance = manager->appliance;
	bool stop = atomic_load_explicit(&appliance->stop, memory_order_relaxed);
	char text[256], kind[sizeof(notify->health.pulse[0].name)] = "";

	if (notify->period_ns == 0)
		return;
	if (stop && !notify->stopping)
		app_notify_send("STOPPING=1\nSTATUS=the last windows are judged");
	notify->stopping = stop;
	if (now_ns - notify->told_ns < notify->period_ns)
		return;
	notify->told_ns = now_ns;
	/* Lcores that have ended take no turns; how long the end may take, another clock bounds. */
	app_health_look(&notify->health, now_ns, stop);
	notify->still = standing_still(&notify->health);
	/* Of workers, not which: a line of status is for a glance. */
	if (notify->still != NULL)
		snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(notify->still, "0123456789"),
			notify->still);
	snprintf(text, sizeof(text), "%s%s%s%s%" PRIu64 " packets, %zu tunnels, %zu suspects",
		notify->still == NULL && notify->watched ? "WATCHDOG=1\n" : "", "STATUS=", kind,
		notify->still != NULL ? " stands still; " : "", app_report_received(appliance),
		adit_verdict_board_count(manager->board, ADIT_VERDICT_TUNNEL),
		adit_verdict_board_count(manager->board, ADIT_VERDICT_SUSPECT));
	app_notify_send(text);
}
