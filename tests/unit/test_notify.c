/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a service manager is told, with a socket of the test's in its place: ready, alive only while
 * every lcore takes turns, stopping.
 */
#include "manager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"

#define SECOND ADIT_NS_PER_S

static struct app_worker workers[2];
static struct app_spreader spreader;
static struct app_scorer scorer;
static struct appliance appliance;
static struct app_manager manager;
static char heard[1024];
static int ear = -1;

/* What has come since; "" if nothing did. */
static const char *hear(void)
{
	ssize_t length = recv(ear, heard, sizeof(heard) - 1, MSG_DONTWAIT);

	heard[length > 0 ? length : 0] = '\0';
	return heard;
}

/* Listens at an abstract name, which '@' stands for, or at none. */
static void start(bool listens, const char *watchdog)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char name[64];
	int length = snprintf(name, sizeof(name), "@adit-test-notify-%d", (int)getpid());

	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	if (watchdog != NULL)
		setenv("WATCHDOG_USEC", watchdog, 1);
	if (listens) {
		setenv("NOTIFY_SOCKET", name, 1);
		memcpy(at.sun_path, name, (size_t)length);
		at.sun_path[0] = '\0';
		ear = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		CHECK_EQ_INT(bind(ear, (struct sockaddr *)&at,
				     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
						 (size_t)length)),
			0);
	}
	memset(workers, 0, sizeof(workers));
	memset(&spreader, 0, sizeof(spreader));
	memset(&scorer, 0, sizeof(scorer));
	memset(&appliance, 0, sizeof(appliance));
	appliance.workers = workers;
	appliance.worker_count = 2;
	appliance.spreader = &spreader;
	appliance.has_spreader = true;
	appliance.live = true;
	appliance.scorer = &scorer;
	appliance.port_count = 1;
	manager =
		(struct app_manager){.appliance = &appliance, .board = adit_verdict_board_create()};
}

static void end(void)
{
	adit_verdict_board_destroy(manager.board);
	if (ear >= 0)
		close(ear);
	ear = -1;
}

static void turn_all(void)
{
	workers[0].idle.polls_busy++;
	workers[1].idle.polls_idle++;
	spreader.idle.polls_idle++;
	scorer.idle.polls_idle++;
}

TEST(notify, is_ready_and_alive_while_lcores_take_turns)
{
	start(true, "4000000");
	app_notify_ready(&manager.notify, &appliance, 100 * SECOND);
	CHECK_EQ_STR(hear(), "READY=1\nSTATUS=1 port, 2 workers");
	turn_all();
	app_notify_poll(&manager.notify, &manager, 101 * SECOND);
	CHECK_EQ_STR(hear(), "");
	spreader.counters.received = 7;
	app_notify_poll(&manager.notify, &manager, 102 * SECOND);
	CHECK_EQ_STR(hear(), "WATCHDOG=1\nSTATUS=7 packets, 0 tunnels, 0 suspects");
	end();
}

TEST(notify, is_silent_about_life_where_one_lcore_stands_still)
{
	static uint64_t *const turns[] = {&workers[0].idle.polls_busy, &workers[1].idle.polls_idle,
		&scorer.idle.polls_idle, &spreader.idle.polls_idle};
	static const char *const names[] = {"worker", "worker", "scorer", "spreader"};

	for (size_t i = 0; i < ADIT_COUNT(turns); i++) {
		char want[128];

		start(true, "4000000");
		app_notify_ready(&manager.notify, &appliance, 100 * SECOND);
		hear();
		turn_all();
		(*turns[i])--;
		app_notify_poll(&manager.notify, &manager, 102 * SECOND);
		snprintf(want, sizeof(want),
			"STATUS=%s stands still; 0 packets, 0 tunnels, 0 suspects", names[i]);
		CHECK_EQ_STR(hear(), want);
		turn_all();
		app_notify_poll(&manager.notify, &manager, 104 * SECOND);
		CHECK_CONTAINS(hear(), "WATCHDOG=1\n");
		end();
	}
}

TEST(notify, tells_that_it_stops_once_and_stays_alive_then)
{
	start(true, "4000000");
	app_notify_ready(&manager.notify, &appliance, 100 * SECOND);
	hear();
	atomic_store(&appliance.stop, true);
	app_notify_poll(&manager.notify, &manager, 101 * SECOND);
	CHECK_CONTAINS(hear(), "STOPPING=1\n");
	app_notify_poll(&manager.notify, &manager, 101 * SECOND);
	CHECK_EQ_STR(hear(), "");
	app_notify_poll(&manager.notify, &manager, 102 * SECOND);
	CHECK_CONTAINS(hear(), "WATCHDOG=1\n");
	end();
}

TEST(notify, leaves_the_watchdog_alone_where_none_is_asked_for)
{
	start(true, NULL);
	app_notify_ready(&manager.notify, &appliance, 100 * SECOND);
	hear();
	app_notify_poll(&manager.notify, &manager, 109 * SECOND);
	CHECK_EQ_STR(hear(), "");
	app_notify_poll(&manager.notify, &manager, 110 * SECOND);
	CHECK(strstr(hear(), "WATCHDOG") == NULL);
	CHECK_CONTAINS(heard, "STATUS=");
	end();
	/* Meant for a process that started this one. */
	start(true, "4000000");
	setenv("WATCHDOG_PID", "1", 1);
	app_notify_ready(&manager.notify, &appliance, 100 * SECOND);
	hear();
	turn_all();
	app_notify_poll(&manager.notify, &manager, 110 * SECOND);
	CHECK(strstr(hear(), "WATCHDOG") == NULL);
	end();
}

TEST(notify, sends_nothing_without_a_socket_and_refuses_what_is_none)
{
	start(false, "4000000");
	app_notify_ready(&manager.notify, &appliance, 100 * SECOND);
	app_notify_poll(&manager.notify, &manager, 200 * SECOND);
	CHECK_EQ_INT(manager.notify.period_ns, 0);
	CHECK_EQ_INT(app_notify_send("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
	CHECK_EQ_INT(app_notify_send("READY=1"), -EINVAL);
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	CHECK_EQ_INT(app_notify_send("READY=1"), -ENOENT);
	unsetenv("NOTIFY_SOCKET");
	end();
}
