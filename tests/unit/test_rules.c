/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Rules that change while a scorer runs: what it has counted stays, but for classes that mean
 * something else.
 */
#include "scorer_cases.h"

static void rules_set(struct fixture *x, uint32_t forget)
{
	struct adit_score_rules rules = {
		.detect = x->params.detect,
		.allow = x->params.allow,
		.story_idle_slices = x->params.story_idle_slices,
		.subscribers = x->params.subscribers,
		.samples = x->params.samples,
		.forget = forget,
	};

	adit_scorer_set_rules(x->scorer, &rules);
}

/* The highest score that a subscriber's few names of the strong class reach in the next slice. */
static uint32_t score_after(struct fixture *x, uint32_t forget)
{
	fixture_restart(x, 0);
	tunnel(x, 1, 1, 20, 100, 1u << CLASS_STRONG);
	slice_end(x);
	CHECK(x->highest >= 90);
	rules_set(x, forget);
	x->highest = 0;
	/* Of that class nothing comes any more. */
	tunnel(x, 1, 1, 1, 0, 0);
	slice_end(x);
	return x->highest;
}

TEST(rules, what_a_class_counted_is_forgotten)
{
	struct fixture *x = fixture_open(NULL);

	x->params.detect.structure = false;
	CHECK(score_after(x, 0) >= 90);
	CHECK(score_after(x, 1u << 1) >= 90);
	CHECK_EQ_INT(score_after(x, 1u << CLASS_STRONG), 0);
	CHECK_EQ_INT(score_after(x, UINT32_MAX), 0);
	fixture_close(x);
}

/* A domain that is put on the list of known services falls silent, and is told again without it. */
TEST(rules, known_services_and_thresholds)
{
	static const char list[] = "net until 2100-01-01 of the test\n"
				   "com until 2100-01-01 of the test\n"
				   "test until 2100-01-01 of the test\n"
				   "example until 2100-01-01 of the test\n";
	struct fixture *x = fixture_open(list);
	const struct adit_allow *allow = x->params.allow;

	x->params.allow = NULL;
	fixture_restart(x, 0);
	tunnel(x, 1, 1, 40, 100, 0);
	slice_end(x);
	CHECK_EQ_INT(x->highest, STEP_SCORE);
	x->highest = 0;
	x->params.allow = allow;
	rules_set(x, 0);
	tunnel(x, 1, 1, 40, 100, 0);
	slice_end(x);
	CHECK(x->highest < 40);
	x->highest = 0;
	x->params.allow = NULL;
	rules_set(x, 0);
	tunnel(x, 2, 2, 40, 100, 0);
	slice_end(x);
	CHECK_EQ_INT(x->highest, STEP_SCORE);
	/* Above the score that it has, nothing is told. */
	x->params.detect.tunnel_score = 90;
	x->params.detect.suspect_score = 80;
	rules_set(x, 0);
	x->told = 0;
	tunnel(x, 3, 3, 40, 100, 0);
	slice_end(x);
	CHECK_EQ_INT(x->told, 0);
	fixture_close(x);
}
