/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What makes a score high, against doing it by hand; thresholds by steps against a search; weights
 * of rows against rows that are not there, and against a weight of a label.
 */
#include "adit_model.h"
#include "harness.h"
#include "model_priv.h"

#include <math.h>
#include <stdlib.h>

#define ROWS    400
#define COLUMNS 5

static struct adit_error error;
static const char *const names[COLUMNS] = {"a", "b", "c", "d", "e"};

static double uniform(struct adit_random *random)
{
	return (double)(adit_random_next(random) >> 11) * 0x1p-53;
}

/* Positives are far off in two columns, a little in a third; the last column says nothing. Fewer
 * values than the fit of trees has bins, so that weights do not move the bins. */
static struct adit_table *generate(uint64_t seed)
{
	struct adit_table *table = adit_table_create(ROWS, names, COLUMNS);
	struct adit_random random = {seed};

	adit_table_add_labels(table);
	for (size_t i = 0; i < ROWS; i++) {
		double *row = table->values + COLUMNS * i;

		table->labels[i] = i % 4 == 3;
		for (size_t k = 0; k < COLUMNS; k++)
			row[k] = uniform(&random) * (double)(k + 1);
		row[0] += 1.5 * table->labels[i] * uniform(&random);
		row[1] += 3.0 * table->labels[i] * uniform(&random);
		row[2] += 0.5 * table->labels[i];
		for (size_t k = 0; k < COLUMNS; k++)
			row[k] = floor(row[k] * 20) / 20;
	}
	return table;
}

static struct adit_model *fit(enum adit_model_kind kind, const struct adit_table *table)
{
	struct adit_trees_params trees = adit_trees_defaults;
	struct adit_model *model = NULL;
	int status;

	trees.rounds = 30;
	if (kind == ADIT_MODEL_SVM)
		status = adit_model_fit_svm(table, &adit_svm_defaults, &model, &error);
	else if (kind == ADIT_MODEL_ENVELOPE)
		status = adit_model_fit_envelope(table, &adit_envelope_defaults, &model, &error);
	else
		status = adit_model_fit_trees(table, &trees, &model, &error);
	if (status != 0)
		FAIL("%s", error.text);
	return model;
}

static int ascending(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* The median of the benign rows' column, the upper one of two. */
static double median(const struct adit_table *table, size_t column)
{
	double values[ROWS];
	size_t count = 0;

	for (size_t i = 0; i < table->rows; i++)
		if (table->labels[i] == 0)
			values[count++] = table->values[i * table->columns + column];
	qsort(values, count, sizeof(*values), ascending);
	return values[count / 2];
}

/* The places that values are bound to are those of other names among them. */
static const char *const bound[] = {"x", "e", "d", "y", "c", "b", "a"};
static const size_t place_of[COLUMNS] = {6, 5, 4, 2, 1};

static void spread(const double *row, double values[ADIT_COUNT(bound)])
{
	values[0] = values[3] = NAN;
	for (size_t k = 0; k < COLUMNS; k++)
		values[place_of[k]] = row[k];
}

static void check_row(struct adit_model *model, const struct adit_table *table, size_t i)
{
	struct adit_model_cause causes[COLUMNS + 1];
	double values[ADIT_COUNT(bound)], before[ADIT_COUNT(bound)], effects[COLUMNS], score;
	size_t count, positive = 0;

	spread(table->values + i * COLUMNS, values);
	memcpy(before, values, sizeof(values));
	score = adit_model_score(model, values);
	for (size_t k = 0; k < COLUMNS; k++) {
		values[place_of[k]] = median(table, k);
		effects[k] = score - adit_model_score(model, values);
		values[place_of[k]] = before[place_of[k]];
		positive += effects[k] > 0;
	}
	count = adit_model_explain(model, values, causes, COLUMNS + 1);
	CHECK_EQ_MEM(values, before, sizeof(values));
	CHECK_EQ_INT(count, positive);
	for (size_t n = 0; n < count; n++) {
		size_t k = 0;

		while (k < COLUMNS && place_of[k] != causes[n].place)
			k++;
		REQUIRE(k < COLUMNS);
		CHECK(causes[n].effect == effects[k] && causes[n].effect > 0);
		CHECK(causes[n].value == before[place_of[k]]);
		CHECK(causes[n].typical == median(table, k));
		CHECK(n == 0 || causes[n].effect <= causes[n - 1].effect);
	}
	/* Less room has the strongest. */
	for (size_t room = 0; room < count; room++) {
		struct adit_model_cause few[COLUMNS];

		CHECK_EQ_INT(adit_model_explain(model, values, few, room), room);
		for (size_t n = 0; n < room; n++)
			CHECK(few[n].effect == causes[n].effect);
	}
}

TEST(cause, effects_are_what_the_score_loses)
{
	struct adit_table *table = generate(7);

	for (int kind = 0; kind < ADIT_MODEL_KINDS; kind++) {
		struct adit_model *model = fit((enum adit_model_kind)kind, table);

		REQUIRE(model != NULL);
		CHECK_EQ_INT(adit_model_bind(model, bound, ADIT_COUNT(bound), &error), 0);
		for (size_t i = 0; i < ROWS; i++)
			check_row(model, table, i);
		adit_model_destroy(model);
	}
	adit_table_destroy(table);
}

TEST(cause, no_score_has_no_cause)
{
	struct adit_table *table = generate(8);
	double values[ADIT_COUNT(bound)];

	for (int kind = 0; kind < ADIT_MODEL_KINDS; kind++) {
		struct adit_model *model = fit((enum adit_model_kind)kind, table);
		struct adit_model_cause causes[COLUMNS];

		REQUIRE(model != NULL);
		spread(table->values + 3 * COLUMNS, values);
		CHECK_EQ_INT(adit_model_explain(model, values, causes, COLUMNS), 0); /* unbound */
		CHECK_EQ_INT(adit_model_bind(model, bound, ADIT_COUNT(bound), &error), 0);
		CHECK(adit_model_explain(model, values, causes, COLUMNS) > 0);
		/* A missing value: trees have a score even so, and it may be a cause. */
		values[place_of[0]] = NAN;
		CHECK((adit_model_explain(model, values, causes, COLUMNS) > 0) ==
			(kind == ADIT_MODEL_TREES));
		CHECK(isnan(values[place_of[0]]));
		adit_model_destroy(model);
	}
	adit_table_destroy(table);
}

/* Typical values go with the folder. */
TEST(cause, typical_values_are_kept)
{
	struct adit_table *table = generate(9);
	struct adit_model *model = fit(ADIT_MODEL_ENVELOPE, table), *back = NULL;
	char folder[] = "/tmp/adit-cause-XXXXXX", command[64];

	REQUIRE(model != NULL && mkdtemp(folder) != NULL);
	CHECK_EQ_INT(adit_model_write(model, folder, &error), 0);
	if (adit_model_read(folder, &back, &error) != 0)
		FAIL("%s", error.text);
	else
		for (size_t k = 0; k < COLUMNS; k++)
			CHECK(back->typical[k] == median(table, k));
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	CHECK_EQ_INT(system(command), 0);
	adit_model_destroy(model);
	adit_model_destroy(back);
	adit_table_destroy(table);
}

/* Steps as they are drawn, against a search from the last one. */
TEST(cause, steps_against_a_search)
{
	struct adit_table *table = generate(10);
	struct adit_model *model = fit(ADIT_MODEL_ENVELOPE, table);
	struct adit_threshold threshold = {.value = 5, .method = ADIT_THRESHOLD_GIVEN};
	struct adit_random random = {11};

	REQUIRE(model != NULL);
	adit_model_set_threshold(model, &threshold);
	adit_model_set_suspect(model, &threshold);
	for (int trial = 0; trial < 200; trial++) {
		struct adit_model_step steps[ADIT_MODEL_STEPS_MAX];
		size_t count = adit_random_below(&random, ADIT_MODEL_STEPS_MAX + 1);
		uint64_t least = 0;

		for (size_t i = 0; i < count; i++) {
			least += adit_random_below(&random, 9) + (i > 0);
			steps[i] = (struct adit_model_step){least, uniform(&random)};
		}
		CHECK_EQ_INT(trial % 2 ? adit_model_set_steps(model, steps, count)
				       : adit_model_set_suspect_steps(model, steps, count),
			0);
		for (double n = 0; n < 160; n += 0.5) {
			double want = count == 0 ? 5 : INFINITY;
			double got = trial % 2 ? adit_model_threshold_for(model, n)
					       : adit_model_suspect_for(model, n);

			for (size_t i = count; i-- > 0;)
				if ((double)steps[i].names <= n) {
					want = steps[i].value;
					break;
				}
			CHECK(got == want);
		}
	}
	adit_model_destroy(model);
	adit_table_destroy(table);
}

static void scores_near(
	struct adit_model *one, struct adit_model *other, const struct adit_table *table)
{
	double scores[ROWS], others[ROWS];

	REQUIRE(one != NULL && other != NULL);
	CHECK_EQ_INT(adit_model_score_table(one, table, scores, NULL, &error), 0);
	CHECK_EQ_INT(adit_model_score_table(other, table, others, NULL, &error), 0);
	for (size_t i = 0; i < table->rows; i++)
		if (!(fabs(scores[i] - others[i]) < 1e-3))
			FAIL("row %zu: %.9g and %.9g", i, scores[i], others[i]);
	adit_model_destroy(one);
	adit_model_destroy(other);
}

/* Rows that weigh nothing, and are wrong, are as if they were not there. */
TEST(weights, rows_without_weight_do_not_count)
{
	struct adit_table *table = generate(12), *half;
	size_t kept[ROWS], count = 0;

	CHECK_EQ_INT(adit_table_add_weights(table), 0);
	for (size_t i = 0; i < ROWS; i++)
		if (i % 8 < 4) {
			kept[count++] = i;
		} else {
			table->weights[i] = 0;
			table->labels[i] = !table->labels[i];
		}
	half = adit_table_select(table, kept, count);
	REQUIRE(half != NULL && half->weights != NULL);
	for (size_t i = 0; i < count; i++)
		CHECK(half->weights[i] == 1);
	scores_near(fit(ADIT_MODEL_TREES, table), fit(ADIT_MODEL_TREES, half), half);
	adit_table_destroy(half);
	adit_table_destroy(table);
}

/* A weight of all positives is XGBoost's weight of positives. */
TEST(weights, weights_of_a_label)
{
	struct adit_table *table = generate(13), *plain = generate(13);
	struct adit_trees_params params = adit_trees_defaults;
	struct adit_model *model = NULL;

	params.rounds = 30;
	params.scale_pos_weight = 3;
	CHECK_EQ_INT(adit_table_add_weights(table), 0);
	scores_near(fit(ADIT_MODEL_TREES, table), fit(ADIT_MODEL_TREES, plain), plain);
	for (size_t i = 0; i < ROWS; i++)
		table->weights[i] = table->labels[i] != 0 ? 3 : 1;
	CHECK_EQ_INT(adit_model_fit_trees(plain, &params, &model, &error), 0);
	scores_near(fit(ADIT_MODEL_TREES, table), model, plain);
	adit_table_destroy(plain);
	adit_table_destroy(table);
}
