/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The judgement of lcores, with counters that this test moves: no thread of the program can be
 * stopped by itself.
 */
#include "harness.h"
#include "health.h"

#define SECOND ADIT_NS_PER_S

struct lcore {
	uint64_t busy, idle;
};

static void start(struct app_health *health, const struct lcore lcores[2])
{
	*health = (struct app_health){.stalled_ns = 10 * SECOND};
	app_health_add(health, "worker0", &lcores[0].busy, &lcores[0].idle, 100 * SECOND);
	app_health_add(health, "scorer", &lcores[1].busy, &lcores[1].idle, 100 * SECOND);
}

TEST(health, tells_idle_from_stalled)
{
	struct lcore lcores[2] = {{5, 7}, {0, 0}};
	struct app_health health;

	start(&health, lcores);
	for (uint64_t s = 100; s <= 111; s++) {
		lcores[1].idle++; /* has nothing to do, and says so */
		if (s < 101)
			lcores[0].busy++;
		app_health_look(&health, s * SECOND, false);
	}
	CHECK_EQ_STR(health.pulse[0].name, "worker0");
	CHECK_EQ_INT(health.pulse[0].state, APP_PULSE_STALLED);
	CHECK_EQ_INT(health.pulse[0].stalled, 1);
	CHECK_EQ_INT(health.pulse[0].moved_ns / SECOND, 100);
	CHECK_EQ_INT(health.pulse[1].state, APP_PULSE_IDLE);
	CHECK_EQ_INT(health.pulse[1].stalled, 0);
	CHECK_EQ_INT(app_health_stalled(&health), 1);

	/* It goes on: as if nothing had been. */
	lcores[0].busy++;
	app_health_look(&health, 112 * SECOND, false);
	CHECK_EQ_INT(health.pulse[0].state, APP_PULSE_BUSY);
	CHECK_EQ_INT(app_health_stalled(&health), 0);
}

TEST(health, waits_before_it_says_so)
{
	struct lcore lcores[2] = {{0, 0}, {0, 0}};
	struct app_health health;

	start(&health, lcores);
	app_health_look(&health, 110 * SECOND, false);
	CHECK_EQ_INT(app_health_stalled(&health), 0);
	app_health_look(&health, 110 * SECOND + 1, false);
	CHECK_EQ_INT(app_health_stalled(&health), 2);
}

TEST(health, busy_while_it_has_work)
{
	struct lcore lcores[2] = {{0, 0}, {0, 0}};
	struct app_health health;

	start(&health, lcores);
	lcores[0] = (struct lcore){3, 900};
	app_health_look(&health, 101 * SECOND, false);
	CHECK_EQ_INT(health.pulse[0].state, APP_PULSE_BUSY);
	lcores[0].idle++;
	app_health_look(&health, 102 * SECOND, false);
	CHECK_EQ_INT(health.pulse[0].state, APP_PULSE_IDLE);
}

TEST(health, ended_is_not_stalled)
{
	struct lcore lcores[2] = {{0, 0}, {0, 0}};
	struct app_health health;

	start(&health, lcores);
	lcores[1].busy++;
	app_health_look(&health, 200 * SECOND, true);
	CHECK_EQ_INT(health.pulse[0].state, APP_PULSE_ENDED);
	CHECK_EQ_INT(health.pulse[1].state, APP_PULSE_BUSY);
	CHECK_EQ_INT(app_health_stalled(&health), 0);
}
