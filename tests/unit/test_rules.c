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

/* What is in windows that were on their way when a class changed is no hit of the new one. */
TEST(rules, windows_of_before_are_stale)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_score_rules rules = {.detect = x->params.detect,
		.story_idle_slices = 6,
		.subscribers = 3,
		.samples = 3,
		.forget = 1u << CLASS_STRONG,
		.stale = 1u << CLASS_STRONG,
		.stale_until = FIRST_SLICE + 1};

	rules.detect.structure = false;
	for (uint32_t client = 1; client <= 4; client++) {
		tunnel(x, client, client, 20, 100, 1u << CLASS_STRONG);
		if (client == 2)
			adit_scorer_set_rules(x->scorer, &rules);
		x->highest = 0;
		slice_end(x);
		/* Of the first slice, all; of the next one, counted before too, and of the one that
		 * was begun within the time, nothing. */
		if (client == 1 || client == 4)
			CHECK(x->highest >= 90);
		else if (client == 2)
			CHECK_EQ_INT(x->highest, 0);
	}
	/* It means something new: what is counted in its place holds at once. */
	rules.stale_until = x->slice + 100;
	adit_scorer_set_rules(x->scorer, &rules);
	rules.stale = 0;
	adit_scorer_set_rules(x->scorer, &rules);
	tunnel(x, 5, 5, 20, 100, 1u << CLASS_STRONG);
	x->highest = 0;
	slice_end(x);
	CHECK(x->highest >= 90);
	fixture_close(x);
}

/* A look of a window that was on its way, too. */
TEST(rules, looks_of_before_are_stale)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_score_rules rules = {
		.detect = x->params.detect, .story_idle_slices = 6, .subscribers = 3, .samples = 3};

	rules.detect.structure = rules.detect.information = false;
	fixture_restart(x, 8);
	for (int turn = 0; turn < 2; turn++) {
		rules.stale = rules.forget = turn == 0 ? 1u << CLASS_STRONG : 0;
		rules.stale_until = x->slice;
		adit_scorer_set_rules(x->scorer, &rules);
		tunnel(x, 1, 1, 20, 100, 1u << CLASS_STRONG);
		REQUIRE(x->window->look_count > 0);
		x->highest = 0;
		for (uint32_t i = 0; i < x->window->look_count; i++)
			adit_scorer_look(x->scorer, &x->window->looks[i]);
		CHECK_EQ_INT(x->highest >= 90, turn);
		slice_end(x);
	}
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
