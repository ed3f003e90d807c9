/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What an lcore does between empty polls: which of the ways a configuration means, and that a wait
 * of the CPU is for the right queues, or for time alone. The CPU's instructions are looked at in
 * their places, as few CPUs have them; at the end it is this machine's turn.
 */
#include "appliance.h"

#include <errno.h>
#include <stdio.h>

#include "harness.h"

#define POLLS 200

static struct adit_error error;

static struct called {
	unsigned pause, monitor, multi;
	uint32_t count;               /* of conditions of the last one */
	volatile void *address[4];    /* of those */
	bool no_address[4], not_done; /* of queues; the CPU refuses */
} called;

static uint8_t descriptor[4]; /* a queue's next */

static int address(uint16_t port, uint16_t queue, struct rte_power_monitor_cond *condition)
{
	(void)port;
	if (called.no_address[queue])
		return -ENOTSUP;
	*condition = (struct rte_power_monitor_cond){.addr = &descriptor[queue], .size = 1};
	return 0;
}

static int pause_cpu(uint64_t until)
{
	(void)until;
	called.pause++;
	return called.not_done ? -ENOTSUP : 0;
}

static int monitor_multi(
	const struct rte_power_monitor_cond conditions[], uint32_t count, uint64_t until)
{
	(void)until;
	called.multi++;
	called.count = count;
	for (uint32_t i = 0; i < count; i++)
		called.address[i] = conditions[i].addr;
	return 0;
}

static int monitor(const struct rte_power_monitor_cond *condition, uint64_t until)
{
	monitor_multi(condition, 1, until);
	called.multi--;
	called.monitor++;
	return 0;
}

static struct app_idle_cpu cpu_of(bool waits, bool monitors, bool multi)
{
	memset(&called, 0, sizeof(called));
	return (struct app_idle_cpu){.can = {.power_pause = waits,
					     .power_monitor = monitors,
					     .power_monitor_multi = multi},
		.address = address,
		.monitor = monitor,
		.monitor_multi = monitor_multi,
		.pause = pause_cpu};
}

static void polls(struct app_idle *idle)
{
	for (int i = 0; i < POLLS; i++)
		app_idle_wait(idle);
}

static const struct app_queue queues[3] = {
	{.port = 1, .queue = 0}, {.port = 1, .queue = 1}, {.port = 2, .queue = 2}};

TEST(idle, names_mean_what_they_say)
{
	CHECK_EQ_INT(app_idle_mode("poll", 9, 2), APP_IDLE_POLL);
	CHECK_EQ_INT(app_idle_mode("pause", 9, 2), APP_IDLE_PAUSE);
	CHECK_EQ_INT(app_idle_mode("yield", 2, 9), APP_IDLE_YIELD);
	CHECK_EQ_INT(app_idle_mode("wait", 9, 2), APP_IDLE_WAIT);
	CHECK_EQ_INT(app_idle_mode("auto", 3, 2), APP_IDLE_YIELD);
	CHECK_EQ_INT(app_idle_mode("auto", 2, 2), APP_IDLE_PAUSE);
	CHECK_EQ_INT(app_idle_mode("auto", 4, 64), APP_IDLE_PAUSE);
}

TEST(idle, refuses_what_the_cpu_has_not)
{
	static const char *const others[] = {"auto", "poll", "pause", "yield"};
	struct app_idle_cpu cpu = cpu_of(false, true, true);

	for (size_t i = 0; i < ADIT_COUNT(others); i++)
		CHECK_EQ_INT(app_idle_check(others[i], &cpu, &error), 0);
	CHECK_EQ_INT(app_idle_check("wait", &cpu, &error), -ENOTSUP);
	CHECK_CONTAINS(error.text, "worker.idle is 'wait', but this CPU");
	CHECK_CONTAINS(error.text, "waitpkg");
	CHECK_CONTAINS(error.text, "expected pause");
	cpu.can.power_pause = 1;
	CHECK_EQ_INT(app_idle_check("wait", &cpu, &error), 0);
}

TEST(idle, waits_for_the_descriptor_of_its_queue)
{
	const struct app_idle_cpu cpu = cpu_of(true, true, false);
	struct app_idle idle;

	app_idle_set(&idle, APP_IDLE_WAIT, &cpu, queues + 1, 1);
	CHECK_EQ_STR(app_idle_words(&idle), "waits for its queues' descriptors");
	polls(&idle);
	CHECK(called.monitor > POLLS / 2 && called.monitor < POLLS);
	CHECK_EQ_INT(called.pause + called.multi, 0);
	CHECK(called.address[0] == &descriptor[1]);

	/* A poll that found something: traffic is not waited for at once. */
	called.monitor = 0;
	app_idle_work(&idle);
	app_idle_wait(&idle);
	CHECK_EQ_INT(called.monitor, 0);

	/* A driver that once has no address. */
	called.no_address[1] = true;
	polls(&idle);
	CHECK_EQ_INT(called.monitor, 0);
	CHECK(called.pause > POLLS / 2);
}

TEST(idle, waits_for_the_descriptors_of_all_its_queues)
{
	struct app_idle_cpu cpu = cpu_of(true, true, true);
	struct app_idle idle;

	app_idle_set(&idle, APP_IDLE_WAIT, &cpu, queues, 3);
	polls(&idle);
	CHECK(called.multi > POLLS / 2);
	CHECK_EQ_INT(called.pause + called.monitor, 0);
	CHECK_EQ_INT(called.count, 3);
	for (int i = 0; i < 3; i++)
		CHECK(called.address[i] == &descriptor[i]);
}

/* Each lacks one thing. */
TEST(idle, waits_for_time_where_no_descriptor_tells)
{
	static const struct {
		const char *name;
		bool monitors, multi, no_address;
		uint16_t queues;
	} rows[] = {
		{"a CPU that can't be told", false, false, false, 1},
		{"two queues, and a CPU that can be told of one", true, false, false, 2},
		{"a driver that does not tell, as the spreader's rings", true, true, true, 3},
		{"no queue, as the scoring core", true, true, false, 0},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		const struct app_idle_cpu cpu = cpu_of(true, rows[i].monitors, rows[i].multi);
		struct app_idle idle;

		called.no_address[2] = rows[i].no_address;
		app_idle_set(&idle, APP_IDLE_WAIT, &cpu, queues, rows[i].queues);
		CHECK_EQ_STR(app_idle_words(&idle), "waits for 10 us at a time");
		polls(&idle);
		if (called.pause < POLLS / 2 || called.monitor + called.multi != 0)
			FAIL("%s: %u, %u, %u", rows[i].name, called.pause, called.monitor,
				called.multi);
	}
}

TEST(idle, other_ways_leave_the_cpu_alone)
{
	const struct app_idle_cpu cpu = cpu_of(true, true, true);

	for (int mode = APP_IDLE_POLL; mode < APP_IDLE_WAIT; mode++) {
		struct app_idle idle;

		app_idle_set(&idle, (enum app_idle_mode)mode, &cpu, queues, 1);
		CHECK(strstr(app_idle_words(&idle), "waits") == NULL);
		polls(&idle);
		CHECK_EQ_INT(called.pause + called.monitor + called.multi, 0);
	}
}

static bool flagged(const char *flag)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[8192];
	bool found = false;

	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = strncmp(line, "flags", 5) == 0 && strstr(line, flag) != NULL;
	if (file != NULL)
		fclose(file);
	return found;
}

TEST(idle, every_way_returns_on_this_machine)
{
	const struct app_idle_cpu *cpu = app_idle_cpu();

#if defined(__x86_64__)
	CHECK_EQ_INT(cpu->can.power_pause, flagged(" waitpkg"));
#endif
	for (int mode = APP_IDLE_POLL; mode <= APP_IDLE_WAIT; mode++) {
		struct app_idle idle;

		app_idle_set(&idle, (enum app_idle_mode)mode, cpu, NULL, 0);
		polls(&idle);
		CHECK_EQ_INT(idle.queues, 0);
	}
}
