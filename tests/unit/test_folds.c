/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fits by folds of whole groups: what a fit has not seen cannot matter to its scores, and
 * thresholds are what benign groups came to.
 */
#include "fit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "harness.h"

#define GROUPS 12
#define EACH   20
#define ROWS   (GROUPS * EACH)

static struct adit_error error;

/* Every group has rows of both labels. */
static struct adit_table *generate(void)
{
	static const char *const names[] = {"a", "b"};
	struct adit_table *table = adit_table_create(ROWS, names, 2);
	struct adit_grouping *grouping = &table->groupings[0];
	uint32_t chance = 1;

	adit_table_add_labels(table);
	grouping->column = strdup("capture");
	grouping->of_row = calloc(ROWS, sizeof(*grouping->of_row));
	grouping->names = calloc(GROUPS, sizeof(*grouping->names));
	for (size_t i = 0; i < ROWS; i++) {
		size_t group = i * 7 % GROUPS;

		chance = chance * 1664525 + 1013904223;
		if (grouping->names[group] == NULL) {
			char name[16];

			snprintf(name, sizeof(name), "capture %zu", group);
			grouping->names[group] = strdup(name);
			grouping->count++;
		}
		grouping->of_row[i] = (uint32_t)group;
		table->labels[i] = i / GROUPS % 3 == 0;
		table->values[2 * i] = (double)(chance >> 20) + 3000.0 * table->labels[i];
		table->values[2 * i + 1] = (double)(chance >> 8 & 0xfff);
	}
	return table;
}

/* As from a command line. */
static void fit_make(struct app_fit *fit, uint64_t folds, uint64_t seed)
{
	struct app_option options[APP_FIT_OPTIONS];

	app_fit_options(fit, options);
	fit->rounds = 8;
	fit->folds = folds;
	fit->seed = seed;
	fit->rate = 0.01;
	CHECK_EQ_INT(app_fit_check(fit, "trees", options, &error), 0);
}

static void run(struct app_fit *fit, const struct adit_table *table, struct app_fitted *fitted)
{
	if (app_fit_run(fit, table, fitted, &error) != 0)
		FAIL("%s", error.text);
}

/* Groups whose rows have the same scores in both. */
static void same_groups(
	const struct adit_table *table, const double *one, const double *other, bool same[GROUPS])
{
	for (size_t g = 0; g < GROUPS; g++)
		same[g] = true;
	for (size_t i = 0; i < ROWS; i++)
		same[table->groupings[0].of_row[i]] &= one[i] == other[i];
}

/* Turns the labels of each group around in turn: the scores of its fold stay as they are to the
 * last bit, and those of all other groups do not. So folds are known, and have their shares. */
static void folds_are_blind(uint64_t folds, uint64_t seed)
{
	struct adit_table *table = generate();
	struct app_fit fit;
	struct app_fitted plain, turned;
	bool together[GROUPS][GROUPS];

	fit_make(&fit, folds, seed);
	run(&fit, table, &plain);
	for (size_t g = 0; g < GROUPS && !harness_failed(); g++) {
		for (int again = 0; again < 2; again++) {
			for (size_t i = 0; i < ROWS; i++)
				if (table->groupings[0].of_row[i] == g)
					table->labels[i] = !table->labels[i];
			if (again == 0) {
				run(&fit, table, &turned);
				same_groups(table, plain.unseen, turned.unseen, together[g]);
				app_fit_clear(&turned);
			}
		}
	}
	for (size_t g = 0; g < GROUPS && !harness_failed(); g++) {
		size_t size = 0;

		CHECK(together[g][g]);
		for (size_t k = 0; k < GROUPS; k++) {
			size += together[g][k];
			CHECK(together[g][k] == together[k][g]);
			CHECK(!together[g][k] ||
				memcmp(together[g], together[k], sizeof(together[g])) == 0);
		}
		CHECK(size == GROUPS / folds || size == (GROUPS + folds - 1) / folds);
	}
	app_fit_clear(&plain);
	adit_table_destroy(table);
}

TEST(folds, what_was_not_seen_does_not_matter)
{
	folds_are_blind(2, 1);
	folds_are_blind(5, 1);
	folds_are_blind(5, 2);
	folds_are_blind(GROUPS, 1);
}

TEST(folds, the_same_seed_gives_the_same_scores)
{
	struct adit_table *table = generate();
	struct app_fitted fitted[3];
	struct app_fit fit;

	for (int i = 0; i < 3; i++) {
		fit_make(&fit, 5, i < 2 ? 1 : 2);
		run(&fit, table, &fitted[i]);
	}
	CHECK_EQ_MEM(fitted[0].unseen, fitted[1].unseen, ROWS * sizeof(double));
	CHECK(memcmp(fitted[0].unseen, fitted[2].unseen, ROWS * sizeof(double)) != 0);
	for (int i = 0; i < 3; i++)
		app_fit_clear(&fitted[i]);
	adit_table_destroy(table);
}

static int descending(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a < b) - (a > b);
}

/* The n-th largest of what benign groups came to with rows of so many names, and how many have
 * any. */
static double nth_of_groups(const struct adit_table *table, const double *scores,
	const float *names, double least, double below, size_t n, size_t *groups)
{
	double most[GROUPS];

	*groups = 0;
	for (uint32_t g = 0; g < GROUPS; g++) {
		most[*groups] = -INFINITY;
		for (size_t i = 0; i < ROWS; i++)
			if (table->groupings[0].of_row[i] == g && !table->labels[i] &&
				names[i] >= least && names[i] < below && scores[i] > most[*groups])
				most[*groups] = scores[i];
		*groups += most[*groups] > -INFINITY;
	}
	qsort(most, *groups, sizeof(*most), descending);
	return *groups != 0 ? most[n] : NAN;
}

TEST(folds, thresholds_are_what_benign_groups_came_to)
{
	/* Rows have 0 to 29 names, the first two groups up to 14: from 20 on there are ten groups.
	 * From 40 on there is none, which leaves the threshold of all. */
	static const double least[] = {4, 20, 40}, below[] = {20, 40, INFINITY};
	struct adit_table *table = generate();
	struct app_fit fit;
	struct app_fitted fitted;
	float names[ROWS];
	size_t groups;

	for (size_t i = 0; i < ROWS; i++)
		names[i] = (float)(i * 11 % (table->groupings[0].of_row[i] < 2 ? 15 : 30));
	fit_make(&fit, 4, 1);
	fit.names = names;
	fit.steps = 3;
	memcpy(fit.step, least, sizeof(least));
	/* Of twelve groups, two above a threshold are no evidence against a rate of a half, three
	 * are: P(binomial(12, 1/2) ≤ 2) = 0.0193, ≤ 3 = 0.073. Of ten, one is none. */
	fit.suspect_rate = 0.5;
	run(&fit, table, &fitted);
	REQUIRE(fitted.step_count == 3 && fitted.unseen != NULL);
	CHECK(fitted.threshold.value ==
		nth_of_groups(table, fitted.unseen, names, 0, INFINITY, 0, &groups));
	CHECK_EQ_INT(fitted.threshold.method, ADIT_THRESHOLD_LARGEST);
	CHECK_EQ_INT(fitted.threshold.rows, GROUPS);
	CHECK(!fitted.threshold.limited);
	CHECK(fitted.suspect.value ==
		nth_of_groups(table, fitted.unseen, names, 0, INFINITY, 2, &groups));
	CHECK_EQ_INT(fitted.suspect.method, ADIT_THRESHOLD_RANK);
	for (size_t i = 0; i < 2; i++) {
		CHECK_EQ_INT(fitted.steps[i].names, least[i]);
		/* No step has groups enough for the rate: that of all stands for it. */
		CHECK(nth_of_groups(table, fitted.unseen, names, least[i], below[i], 0, &groups) <=
			fitted.threshold.value);
		CHECK(fitted.steps[i].value == fitted.threshold.value);
		CHECK_EQ_INT(fitted.step_of[i].rows, groups);
		CHECK_EQ_INT(groups, i == 0 ? 12 : 10);
		CHECK(fitted.suspect_steps[i].value == nth_of_groups(table, fitted.unseen, names,
							       least[i], below[i], i == 0 ? 2 : 1,
							       &groups));
	}
	CHECK(fitted.steps[2].value == fitted.threshold.value);
	CHECK(fitted.suspect_steps[2].value == fitted.suspect.value);
	for (double n = 0; n < 60; n++) {
		double want = n < 4 ? INFINITY : fitted.steps[(n >= 20) + (n >= 40)].value;

		CHECK(adit_model_threshold_for(fitted.model, n) == want);
	}
	app_fit_clear(&fitted);
	adit_table_destroy(table);
}

TEST(folds, too_few_groups_are_refused_before_a_fit)
{
	struct adit_table *table = generate();
	struct app_fit fit;
	struct app_fitted fitted;

	fit_make(&fit, GROUPS + 1, 1);
	CHECK_EQ_INT(app_fit_run(&fit, table, &fitted, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "--folds 13 takes whole groups, and there are 12");
	CHECK(fitted.model == NULL);
	app_fit_clear(&fitted);
	/* Positives in one group: without its fold there are none. */
	for (size_t i = 0; i < ROWS; i++)
		table->labels[i] &= table->groupings[0].of_row[i] == 3;
	fit_make(&fit, 4, 1);
	CHECK_EQ_INT(app_fit_run(&fit, table, &fitted, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "a fit without fold 1 of 4: 0 of ");
	app_fit_clear(&fitted);
	adit_table_destroy(table);
}
