/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_model.h"
#include "harness.h"
#include "model_priv.h"

#include <errno.h>
#include <libsvm/svm.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROWS 600

static struct adit_error error;
static const char *const names[] = {"length", "share of digits", "bytes"};

static double uniform(struct adit_random *random)
{
	return (double)(adit_random_next(random) >> 11) * 0x1p-53;
}

/* Three columns; the last tenth of the rows is positive and lies far off. */
static struct adit_table *generate(void)
{
	struct adit_table *table = adit_table_create(ROWS, names, 3);
	struct adit_random random = {42};

	adit_table_add_labels(table);
	for (size_t i = 0; i < ROWS; i++) {
		double *row = table->values + 3 * i, u = uniform(&random), v = uniform(&random);
		table->labels[i] = i >= ROWS * 9 / 10;
		row[0] = 10 * u + 3 * v + 40 * table->labels[i];
		row[1] = 0.1 * v + 0.02 * uniform(&random);
		row[2] = 1000 * u * v + 50 * uniform(&random);
	}
	return table;
}

static struct adit_model *fit(enum adit_model_kind kind, const struct adit_table *table)
{
	struct adit_svm_params svm = adit_svm_defaults;
	struct adit_trees_params trees = adit_trees_defaults;
	struct adit_model *model = NULL;
	int status;

	svm.nu = 0.05;
	trees.rounds = 20;
	error.text[0] = '\0';
	if (kind == ADIT_MODEL_SVM)
		status = adit_model_fit_svm(table, &svm, &model, &error);
	else if (kind == ADIT_MODEL_ENVELOPE)
		status = adit_model_fit_envelope(table, &adit_envelope_defaults, &model, &error);
	else
		status = adit_model_fit_trees(table, &trees, &model, &error);
	CHECK_EQ_INT(status, 0);
	CHECK_EQ_STR(error.text, "");
	return model;
}

static void scores_of(struct adit_model *model, const struct adit_table *table, double *scores)
{
	CHECK_EQ_INT(adit_model_score_table(model, table, scores, NULL, &error), 0);
}

static void remove_folder(const char *folder)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		FAIL("%s", command);
}

TEST(model, every_kind_tells_the_far_rows)
{
	struct adit_table *table = generate();

	for (int kind = 0; kind < ADIT_MODEL_KINDS; kind++) {
		struct adit_model *model = fit((enum adit_model_kind)kind, table);
		struct adit_model_about about;
		double scores[ROWS], benign = -INFINITY, positive = INFINITY;
		REQUIRE(model != NULL);
		scores_of(model, table, scores);
		for (size_t i = 0; i < ROWS; i++) {
			if (table->labels[i])
				positive = fmin(positive, scores[i]);
			else
				benign = fmax(benign, scores[i]);
		}
		CHECK(positive > benign);
		adit_model_about(model, &about);
		CHECK_EQ_INT(about.kind, kind);
		CHECK_EQ_INT(about.feature_count, 3);
		CHECK_EQ_STR(about.features[1], "share of digits");
		CHECK_EQ_INT(about.rows, kind == ADIT_MODEL_TREES ? 600 : 540);
		CHECK(about.parts > 0);
		CHECK_EQ_INT(about.threshold.method, ADIT_THRESHOLD_NONE);
		for (size_t i = 0; i < ROWS; i++)
			CHECK(scores[i] <= about.score_limit);
		adit_model_destroy(model);
	}
	adit_table_destroy(table);
}

TEST(model, binding_finds_features_by_name_in_any_place)
{
	static const char *const other[] = {"x", "bytes", "length", "y", "share of digits"};
	struct adit_table *table = generate();

	for (int kind = 0; kind < ADIT_MODEL_KINDS; kind++) {
		struct adit_model *model = fit((enum adit_model_kind)kind, table);
		double scores[ROWS];
		REQUIRE(model != NULL);
		scores_of(model, table, scores);
		CHECK(isnan(adit_model_score(model, table->values)));
		CHECK_EQ_INT(adit_model_bind(model, other, 5, &error), 0);
		for (size_t i = 0; i < ROWS; i++) {
			const double *row = table->values + 3 * i;
			const double values[] = {NAN, row[2], row[0], INFINITY, row[1]};
			CHECK(adit_model_score(model, values) == scores[i]);
		}
		CHECK_EQ_INT(adit_model_bind(model, other, 4, &error), -EINVAL);
		CHECK_EQ_STR(error.text,
			"the model needs feature \"share of digits\", which is not among the 4 "
			"there are");
		adit_model_destroy(model);
	}
	adit_table_destroy(table);
}

TEST(model, a_missing_value_gives_no_score_but_of_trees)
{
	struct adit_table *table = generate();
	const double missing[] = {5, NAN, 3}, infinite[] = {5, INFINITY, 3};

	for (int kind = 0; kind < ADIT_MODEL_KINDS; kind++) {
		struct adit_model *model = fit((enum adit_model_kind)kind, table);
		REQUIRE(model != NULL && adit_model_bind(model, names, 3, &error) == 0);
		CHECK_EQ_INT(isnan(adit_model_score(model, missing)), kind != ADIT_MODEL_TREES);
		CHECK_EQ_INT(isnan(adit_model_score(model, infinite)), kind != ADIT_MODEL_TREES);
		adit_model_destroy(model);
	}
	adit_table_destroy(table);
}

static void check_same(struct adit_model *a, struct adit_model *b, const struct adit_table *table)
{
	double one[ROWS], other[ROWS];
	struct adit_model_about x, y;

	scores_of(a, table, one);
	scores_of(b, table, other);
	CHECK_EQ_MEM(one, other, sizeof(one));
	adit_model_about(a, &x);
	adit_model_about(b, &y);
	CHECK_EQ_INT(x.kind, y.kind);
	CHECK_EQ_INT(x.parts, y.parts);
	CHECK_EQ_INT(x.rows, y.rows);
	CHECK_EQ_INT(x.rows_given, y.rows_given);
	CHECK_EQ_STR(x.date, y.date);
	CHECK_EQ_INT(x.source_count, y.source_count);
	CHECK_EQ_INT(x.sources_named, y.sources_named);
	CHECK_EQ_MEM(x.sources, y.sources, x.sources_named * sizeof(*x.sources));
	CHECK_EQ_INT(x.threshold.method, y.threshold.method);
	CHECK(x.threshold.value == y.threshold.value && x.threshold.rate == y.threshold.rate);
	CHECK(x.threshold.shape == y.threshold.shape);
	CHECK_EQ_INT(x.threshold.above, y.threshold.above);
	CHECK_EQ_INT(x.threshold.limited, y.threshold.limited);
	CHECK(x.score_limit == y.score_limit);
	CHECK_EQ_STR(x.row_kind, y.row_kind);
	CHECK_EQ_STR(x.row_span, y.row_span);
	CHECK_EQ_INT(x.suspect.method, y.suspect.method);
	CHECK(x.suspect.value == y.suspect.value && x.suspect.rate == y.suspect.rate);
	REQUIRE(x.step_count == y.step_count && x.suspect_step_count == y.suspect_step_count);
	CHECK_EQ_MEM(x.steps, y.steps, x.step_count * sizeof(*x.steps));
	CHECK_EQ_MEM(
		x.suspect_steps, y.suspect_steps, x.suspect_step_count * sizeof(*x.suspect_steps));
}

TEST(model, a_folder_gives_back_the_very_scores)
{
	struct adit_table *table = generate();
	char folder[] = "/tmp/adit-model-XXXXXX";

	REQUIRE(mkdtemp(folder) != NULL);
	table->groupings[0] = (struct adit_grouping){.column = strdup("capture"),
		.of_row = calloc(ROWS, sizeof(uint32_t)),
		.names = calloc(2, sizeof(char *)),
		.count = 2};
	table->groupings[0].names[0] = strdup("tap one\n");
	table->groupings[0].names[1] = strdup("lab");
	for (size_t i = ROWS * 9 / 10; i < ROWS; i++)
		table->groupings[0].of_row[i] = 1;
	for (int kind = 0; kind < ADIT_MODEL_KINDS; kind++) {
		struct adit_model *model = fit((enum adit_model_kind)kind, table), *back = NULL;
		struct adit_threshold threshold;
		struct adit_model_about about;
		double scores[ROWS];
		REQUIRE(model != NULL);
		adit_model_set_date(model, "2026-08-24");
		CHECK_EQ_INT(adit_model_write(model, folder, &error), 0);
		CHECK_EQ_INT(adit_model_read(folder, &back, &error), 0);
		REQUIRE(back != NULL);
		check_same(model, back, table);
		adit_model_destroy(back);
		scores_of(model, table, scores);
		adit_model_about(model, &about);
		CHECK_EQ_INT(adit_threshold_find(scores, ROWS * 9 / 10, ADIT_THRESHOLD_RATE,
				     about.score_limit, &threshold, &error),
			0);
		adit_model_set_threshold(model, &threshold);
		CHECK_EQ_INT(adit_model_write(model, folder, &error), 0);
		CHECK_EQ_INT(adit_model_read(folder, &back, &error), 0);
		REQUIRE(back != NULL);
		check_same(model, back, table);
		adit_model_about(back, &about);
		CHECK_EQ_INT(about.source_count, kind == ADIT_MODEL_TREES ? 2 : 1);
		CHECK_EQ_STR(about.sources[0].name, "tap one?");
		CHECK_EQ_INT(about.sources[0].rows, 540);
		adit_model_destroy(model);
		adit_model_destroy(back);
	}
	remove_folder(folder);
	adit_table_destroy(table);
}

static struct adit_threshold given(double value)
{
	return (struct adit_threshold){
		.value = value, .method = ADIT_THRESHOLD_GIVEN, .rate = 0.01};
}

TEST(model, steps_raise_the_threshold_of_few_names)
{
	static const struct adit_model_step steps[] = {{2, 9}, {4, 0.5}, {10, 0.25}};
	struct adit_table *table = generate();
	struct adit_model *model = fit(ADIT_MODEL_ENVELOPE, table);
	struct adit_threshold threshold = given(0.75);

	REQUIRE(model != NULL);
	CHECK(isinf(adit_model_threshold_for(model, 5)) && isinf(adit_model_suspect_for(model, 5)));
	CHECK_EQ_INT(adit_model_set_steps(model, steps, 3), -EINVAL);
	adit_model_set_threshold(model, &threshold);
	CHECK(adit_model_threshold_for(model, 0) == 0.75);
	CHECK_EQ_INT(adit_model_set_steps(model, steps, 3), 0);
	CHECK(adit_model_threshold_for(model, 1.999) == INFINITY);
	CHECK(adit_model_threshold_for(model, 2) == 9);
	CHECK(adit_model_threshold_for(model, 3.5) == 9);
	CHECK(adit_model_threshold_for(model, 4) == 0.5);
	CHECK(adit_model_threshold_for(model, 9) == 0.5);
	CHECK(adit_model_threshold_for(model, 1e300) == 0.25);
	CHECK(adit_model_threshold_for(model, NAN) == INFINITY);
	/* Another threshold keeps them, none takes them along, and so does a count of 0. */
	threshold.value = 0.8;
	adit_model_set_threshold(model, &threshold);
	CHECK(adit_model_threshold_for(model, 4) == 0.5);
	CHECK_EQ_INT(adit_model_set_steps(model, NULL, 0), 0);
	CHECK(adit_model_threshold_for(model, 4) == 0.8);
	CHECK_EQ_INT(adit_model_set_steps(model, steps, 3), 0);
	threshold.value = INFINITY;
	adit_model_set_threshold(model, &threshold);
	CHECK(adit_model_threshold_for(model, 4) == INFINITY);
	threshold = (struct adit_threshold){.value = 0.5, .method = ADIT_THRESHOLD_NONE};
	adit_model_set_threshold(model, &threshold);
	CHECK(adit_model_threshold_for(model, 4) == INFINITY);
	adit_model_destroy(model);
	adit_table_destroy(table);
}

TEST(model, suspects_have_a_threshold_of_their_own)
{
	static const struct adit_model_step steps[] = {{4, 0.5}, {10, 0.25}};
	struct adit_table *table = generate();
	struct adit_model *model = fit(ADIT_MODEL_ENVELOPE, table);
	struct adit_threshold threshold = given(0.75), suspect = given(0.3);
	struct adit_model_about about;

	REQUIRE(model != NULL);
	adit_model_set_threshold(model, &threshold);
	adit_model_set_suspect(model, &suspect);
	CHECK(adit_model_suspect_for(model, 1) == 0.3 &&
		adit_model_threshold_for(model, 1) == 0.75);
	CHECK_EQ_INT(adit_model_set_suspect_steps(model, steps, 2), 0);
	CHECK(adit_model_suspect_for(model, 1) == INFINITY);
	CHECK(adit_model_suspect_for(model, 4) == 0.5 &&
		adit_model_threshold_for(model, 4) == 0.75);
	adit_model_about(model, &about);
	CHECK_EQ_INT(about.step_count, 0);
	REQUIRE(about.suspect_step_count == 2);
	CHECK(about.suspect.value == 0.3 && about.suspect_steps[1].value == 0.25);
	adit_model_destroy(model);
	adit_table_destroy(table);
}

TEST(model, steps_and_kinds_of_rows_that_cannot_be_are_refused)
{
	static const struct adit_model_step bad[][2] = {{{4, 1}, {4, 2}}, {{4, 1}, {3, 2}},
		{{4, 1}, {5, NAN}}, {{4, INFINITY}, {5, 1}},
		{{4, 1}, {ADIT_MODEL_NAMES_MAX + 1, 1}}};
	struct adit_model_step many[ADIT_MODEL_STEPS_MAX + 1];
	struct adit_table *table = generate();
	struct adit_model *model = fit(ADIT_MODEL_ENVELOPE, table);
	struct adit_threshold threshold = given(0.75);
	struct adit_model_about about;

	REQUIRE(model != NULL);
	adit_model_set_threshold(model, &threshold);
	for (size_t i = 0; i < ADIT_MODEL_STEPS_MAX + 1; i++)
		many[i] = (struct adit_model_step){i, 1};
	CHECK_EQ_INT(adit_model_set_steps(model, many, ADIT_MODEL_STEPS_MAX + 1), -EINVAL);
	CHECK_EQ_INT(adit_model_set_steps(model, many, ADIT_MODEL_STEPS_MAX), 0);
	for (size_t i = 0; i < ADIT_COUNT(bad); i++)
		CHECK_EQ_INT(adit_model_set_steps(model, bad[i], 2), -EINVAL);
	CHECK_EQ_INT(adit_model_set_row_kind(model, "subscriber_domain"), 0);
	CHECK_EQ_INT(adit_model_set_row_kind(model, "two words"), -EINVAL);
	CHECK_EQ_INT(adit_model_set_row_kind(model, "10min"), -EINVAL);
	CHECK_EQ_INT(adit_model_set_row_span(model, "10min"), 0);
	CHECK_EQ_INT(adit_model_set_row_span(model, "10 min"), -EINVAL);
	CHECK_EQ_INT(adit_model_set_row_kind(model, "abcdefghijklmnopqrstuvwxyzabcdef"), -EINVAL);
	adit_model_about(model, &about);
	CHECK_EQ_INT(about.step_count, ADIT_MODEL_STEPS_MAX);
	CHECK_EQ_STR(about.row_kind, "subscriber_domain");
	CHECK_EQ_STR(about.row_span, "10min");
	adit_model_destroy(model);
	adit_table_destroy(table);
}

TEST(model, a_folder_keeps_steps_suspects_and_the_kind_of_rows)
{
	static const struct adit_model_step steps[] = {{2, 1.0 / 3}, {4, -0.0}, {1000, -5e-324}};
	struct adit_table *table = generate();
	struct adit_model *model = fit(ADIT_MODEL_TREES, table), *back = NULL;
	struct adit_threshold threshold = given(-0.1), suspect = {.value = -1e300,
							       .method = ADIT_THRESHOLD_TAIL,
							       .rate = 1e-3,
							       .rate_bound = 0.1,
							       .rows = 1000,
							       .above = 7,
							       .tail = 200,
							       .shape = -0.0,
							       .scale = 1e-7,
							       .limited = true};
	char folder[] = "/tmp/adit-model-XXXXXX";

	REQUIRE(model != NULL && mkdtemp(folder) != NULL);
	adit_model_set_date(model, " \"1 January\" \\ caf\xc3\xa9");
	adit_model_set_threshold(model, &threshold);
	adit_model_set_suspect(model, &suspect);
	CHECK_EQ_INT(adit_model_set_steps(model, steps, 3), 0);
	CHECK_EQ_INT(adit_model_set_suspect_steps(model, steps + 1, 1), 0);
	CHECK_EQ_INT(adit_model_set_row_kind(model, "session"), 0);
	CHECK_EQ_INT(adit_model_set_row_span(model, "hour"), 0);
	CHECK_EQ_INT(adit_model_write(model, folder, &error), 0);
	CHECK_EQ_INT(adit_model_read(folder, &back, &error), 0);
	REQUIRE(back != NULL);
	check_same(model, back, table);
	CHECK(adit_model_threshold_for(back, 3) == 1.0 / 3);
	CHECK(signbit(adit_model_suspect_for(back, 4)));
	adit_model_destroy(back);
	suspect.value = -0.05;
	adit_model_set_suspect(model, &suspect);
	CHECK_EQ_INT(adit_model_write(model, folder, &error), -EINVAL);
	CHECK_CONTAINS(error.text, ": the suspect threshold -0.05 is above the threshold -0.1");
	remove_folder(folder);
	adit_model_destroy(model);
	adit_table_destroy(table);
}

/* Names that need escaping in model.conf and in trees.json; one that JSON cannot hold. */
TEST(model, names_of_every_kind_are_kept)
{
	static const char *const odd[] = {"a \"quoted\" \\ name [x]", "caf\xc3\xa9; = { }", "#"};
	struct adit_table *table = generate();
	struct adit_model *none;
	char folder[] = "/tmp/adit-model-XXXXXX";

	REQUIRE(mkdtemp(folder) != NULL);
	for (size_t i = 0; i < 3; i++) {
		free(table->names[i]);
		table->names[i] = strdup(odd[i]);
	}
	for (int kind = 0; kind < ADIT_MODEL_KINDS; kind++) {
		struct adit_model *model = fit((enum adit_model_kind)kind, table), *back = NULL;
		REQUIRE(model != NULL);
		CHECK_EQ_INT(adit_model_write(model, folder, &error), 0);
		CHECK_EQ_INT(adit_model_read(folder, &back, &error), 0);
		REQUIRE(back != NULL);
		check_same(model, back, table);
		adit_model_destroy(model);
		adit_model_destroy(back);
	}
	strcpy(table->names[1], "caf\xe9");
	CHECK_EQ_INT(adit_model_fit_trees(table, &adit_trees_defaults, &none, &error), -EINVAL);
	CHECK_EQ_STR(
		error.text, "column 2: the name \"caf\xe9\" is not UTF-8, which trees.json needs");
	CHECK(none == NULL);
	remove_folder(folder);
	adit_table_destroy(table);
}

/* The other direction: libsvm reads svm.txt, and finds the same values. */
TEST(model, libsvm_reads_its_file)
{
	struct adit_table *table = generate();
	struct adit_model *model = fit(ADIT_MODEL_SVM, table);
	struct adit_model_about about;
	char folder[] = "/tmp/adit-model-XXXXXX", path[64];
	double scores[ROWS], largest = 0;
	struct svm_model *read;

	REQUIRE(model != NULL && mkdtemp(folder) != NULL);
	REQUIRE(adit_model_write(model, folder, &error) == 0);
	scores_of(model, table, scores);
	adit_model_about(model, &about);
	snprintf(path, sizeof(path), "%s/svm.txt", folder);
	read = svm_load_model(path);
	REQUIRE(read != NULL);
	CHECK_EQ_INT(read->l, about.parts);
	for (size_t i = 0; i < ROWS; i++) {
		struct svm_node nodes[4] = {[3] = {-1, 0}};
		double value;
		for (int j = 0; j < 3; j++)
			nodes[j] = (struct svm_node){
				j + 1, (table->values[3 * i + (size_t)j] - about.mean[j]) /
					       about.scale[j]};
		svm_predict_values(read, nodes, &value);
		largest = fmax(largest, fabs(value + scores[i]));
	}
	CHECK(largest < 1e-12);
	svm_free_and_destroy_model(&read);
	remove_folder(folder);
	adit_model_destroy(model);
	adit_table_destroy(table);
}

TEST(model, an_svm_stays_below_its_cap_by_sampling)
{
	struct adit_table *table = generate();
	struct adit_svm_params params = adit_svm_defaults;
	struct adit_model *model = NULL, *again = NULL;
	struct adit_model_about about;

	params.nu = 0.1;
	params.vectors_max = 20;
	REQUIRE(adit_model_fit_svm(table, &params, &model, &error) == 0);
	adit_model_about(model, &about);
	CHECK(about.parts <= 20);
	CHECK(about.rows < about.rows_given && about.rows >= 50);
	CHECK_EQ_INT(about.rows_given, 540);
	REQUIRE(adit_model_fit_svm(table, &params, &again, &error) == 0);
	check_same(model, again, table);
	adit_model_destroy(model);
	adit_model_destroy(again);
	/* A wild gamma makes every row a vector, so that no sample is small enough but a tiny one.
	 */
	params.gamma = 1e9;
	params.vectors_max = 2;
	params.nu = 0.002;
	CHECK_EQ_INT(adit_model_fit_svm(table, &params, &model, &error), -ERANGE);
	CHECK_EQ_STR(error.text, "540 support vectors of 540 rows, more than 2: lower nu or gamma");
	adit_table_destroy(table);
}

TEST(model, wrong_settings_are_refused)
{
	struct adit_table *table = generate();
	struct adit_svm_params svm = adit_svm_defaults;
	struct adit_trees_params trees = adit_trees_defaults;
	struct adit_model *model;

	svm.nu = 0;
	CHECK_EQ_INT(adit_model_fit_svm(table, &svm, &model, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "nu is 0; above 0 to 1 is right");
	trees.rounds = 0;
	CHECK_EQ_INT(adit_model_fit_trees(table, &trees, &model, &error), -EINVAL);
	trees = adit_trees_defaults;
	memset(table->labels, 0, ROWS);
	CHECK_EQ_INT(adit_model_fit_trees(table, &trees, &model, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "0 of 600 rows are positive; trees need rows of both labels");
	table->values[3 * 7 + 1] = NAN;
	svm = adit_svm_defaults;
	CHECK_EQ_INT(adit_model_fit_svm(table, &svm, &model, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "line 8: share of digits is missing or infinite; only trees take "
				 "missing values");
	CHECK(model == NULL);
	adit_table_destroy(table);
}

TEST(model, flat_columns_are_named)
{
	struct adit_table *table = generate();
	struct adit_envelope_params params = adit_envelope_defaults;
	struct adit_model *model;
	struct adit_model_about about;

	for (size_t i = 0; i < ROWS; i++)
		table->values[3 * i + 1] = 7;
	CHECK_EQ_INT(adit_model_fit_envelope(table, &params, &model, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "column share of digits is constant or follows from the others");
	params.robust = false;
	REQUIRE(adit_model_fit_envelope(table, &params, &model, &error) == 0);
	adit_model_about(model, &about);
	CHECK_EQ_INT(about.parts, 2);
	adit_model_destroy(model);
	/* One value in two rows of three: not constant, but the supporting rows are flat. */
	for (size_t i = 0; i < ROWS; i++)
		table->values[3 * i + 1] = i % 3 == 0 ? (double)i : 0;
	params.robust = true;
	CHECK_EQ_INT(adit_model_fit_envelope(table, &params, &model, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "column share of digits has one value in 361 of 540 rows");
	params.support_fraction = 0.9;
	CHECK_EQ_INT(adit_model_fit_envelope(table, &params, &model, &error), 0);
	adit_model_destroy(model);
	/* Most rows in a slanting plane. */
	for (size_t i = 0; i < ROWS; i++) {
		double *row = table->values + 3 * i;
		row[1] = row[0] + 2 * row[2] + (i % 4 == 0 ? (double)i : 0);
	}
	params.support_fraction = 0;
	CHECK_EQ_INT(adit_model_fit_envelope(table, &params, &model, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "272 of 540 rows lie in one plane");
	params.support_fraction = 0.9;
	CHECK_EQ_INT(adit_model_fit_envelope(table, &params, &model, &error), 0);
	adit_model_destroy(model);
	adit_table_destroy(table);
}

/* A fifth of the rows pulls the mean of all far off; the robust fit keeps clear of it. */
TEST(model, the_robust_envelope_is_not_pulled)
{
	struct adit_table *table = generate();
	struct adit_envelope_params params = adit_envelope_defaults;
	double scores[ROWS], nearest[2];

	for (size_t i = 0; i < ROWS; i += 5)
		table->values[3 * i] += 300 + (double)(i % 7);
	for (int robust = 0; robust < 2; robust++) {
		struct adit_model *model;
		params.robust = robust;
		REQUIRE(adit_model_fit_envelope(table, &params, &model, &error) == 0);
		scores_of(model, table, scores);
		nearest[robust] = INFINITY;
		for (size_t i = 0; i < ROWS; i += 5)
			nearest[robust] = fmin(nearest[robust], scores[i]);
		adit_model_destroy(model);
	}
	CHECK(nearest[0] < 10);
	CHECK(nearest[1] > 1000);
	adit_table_destroy(table);
}

static bool stop(void *context, uint64_t done, uint64_t total)
{
	++*(unsigned *)context;
	return done * 2 < total;
}

TEST(model, fits_tell_progress_and_stop)
{
	struct adit_table *table = generate();
	unsigned calls = 0;
	struct adit_trees_params trees = adit_trees_defaults;
	struct adit_envelope_params envelope = adit_envelope_defaults;
	struct adit_model *model;

	trees.rounds = 10;
	trees.progress = envelope.progress = (struct adit_progress){stop, &calls};
	CHECK_EQ_INT(adit_model_fit_trees(table, &trees, &model, &error), -ECANCELED);
	CHECK_EQ_INT(calls, 5);
	CHECK_EQ_INT(adit_model_fit_envelope(table, &envelope, &model, &error), -ECANCELED);
	CHECK_EQ_STR(error.text, "stopped");
	adit_table_destroy(table);
}

/* ---- thresholds */

TEST(threshold, many_rows_vouch_for_the_rate)
{
	static double scores[100000];
	struct adit_threshold threshold;
	size_t above = 0;

	for (size_t i = 0; i < 100000; i++)
		scores[i] = (double)(i * 7919 % 100000);
	CHECK_EQ_INT(adit_threshold_find(scores, 100000, 1e-3, INFINITY, &threshold, &error), 0);
	CHECK_EQ_INT(threshold.method, ADIT_THRESHOLD_RANK);
	/* P(binomial(100000, 0.001) ≤ 83) = 0.0458, ≤ 84 is 0.0574. */
	CHECK_EQ_INT(threshold.above, 83);
	for (size_t i = 0; i < 100000; i++)
		above += scores[i] > threshold.value;
	CHECK_EQ_INT(above, 83);
	CHECK(threshold.rate_bound == 1e-3);
	CHECK(!threshold.limited);
}

TEST(threshold, just_enough_rows_give_the_largest)
{
	double scores[2995];
	struct adit_threshold threshold;

	for (size_t i = 0; i < 2995; i++)
		scores[i] = (double)i;
	CHECK_EQ_INT(adit_threshold_find(scores, 2995, 1e-3, INFINITY, &threshold, &error), 0);
	CHECK_EQ_INT(threshold.method, ADIT_THRESHOLD_RANK);
	CHECK_EQ_INT(threshold.value, 2994);
	CHECK_EQ_INT(adit_threshold_find(scores, 2993, 1e-3, INFINITY, &threshold, &error), 0);
	CHECK_EQ_INT(threshold.method, ADIT_THRESHOLD_TAIL);
	CHECK(threshold.rate_bound > 1e-3 && threshold.rate_bound < 1.01e-3);
}

/* Exponential scores: the true quantile is -ln(rate), and the tail's shape 0. */
TEST(threshold, a_tail_reaches_beyond_the_rows)
{
	static double scores[20000];
	struct adit_random random = {5};
	struct adit_threshold threshold;

	for (size_t i = 0; i < 20000; i++)
		scores[i] = -log(1 - uniform(&random));
	CHECK_EQ_INT(adit_threshold_find(
			     scores, 20000, ADIT_THRESHOLD_RATE, INFINITY, &threshold, &error),
		0);
	CHECK_EQ_INT(threshold.method, ADIT_THRESHOLD_TAIL);
	CHECK_EQ_INT(threshold.tail, 424);
	CHECK(fabs(threshold.shape) < 0.15);
	CHECK(threshold.value > 10 && threshold.value < 13.5);
	CHECK_EQ_INT(threshold.above, 0);
	CHECK(fabs(threshold.rate_bound - (1 - pow(0.05, 1.0 / 20000))) < 1e-12);
}

/* Scores of a model that can give no more than 1: a threshold at its limit would flag nothing. */
TEST(threshold, the_limit_of_the_model_is_respected)
{
	double scores[500];
	struct adit_random random = {5};
	struct adit_threshold threshold;

	for (size_t i = 0; i < 500; i++)
		scores[i] = fmin(-log(1 - uniform(&random)), 4);
	scores[7] = scores[9] = 4;
	scores[11] = NAN;
	CHECK_EQ_INT(adit_threshold_find(scores, 500, 1e-5, 4, &threshold, &error), 0);
	CHECK_EQ_INT(threshold.rows, 499);
	CHECK(threshold.limited);
	CHECK(threshold.value < 4);
	CHECK(threshold.above >= 2);
	CHECK(threshold.rate_bound > (double)threshold.above / 499);
}

TEST(threshold, few_or_equal_rows_give_the_largest)
{
	double scores[200] = {1, 3, 2};
	struct adit_threshold threshold;

	CHECK_EQ_INT(adit_threshold_find(scores, 3, 1e-5, INFINITY, &threshold, &error), 0);
	CHECK_EQ_INT(threshold.method, ADIT_THRESHOLD_LARGEST);
	CHECK(threshold.value == 3);
	CHECK(fabs(threshold.rate_bound - (1 - pow(0.05, 1.0 / 3))) < 1e-12);
	for (size_t i = 0; i < 200; i++)
		scores[i] = 8;
	CHECK_EQ_INT(adit_threshold_find(scores, 200, 1e-5, INFINITY, &threshold, &error), 0);
	CHECK_EQ_INT(threshold.method, ADIT_THRESHOLD_LARGEST);
	CHECK(threshold.value == 8);
	scores[0] = NAN;
	CHECK_EQ_INT(adit_threshold_find(scores, 1, 1e-5, INFINITY, &threshold, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "no benign score; a threshold needs at least one");
	CHECK_EQ_INT(adit_threshold_find(scores, 9, 1, INFINITY, &threshold, &error), -EINVAL);
}

TEST(threshold, clopper_and_pearson_as_in_the_tables)
{
	CHECK(fabs(adit_binomial_upper(10, 1, 0.975) - 0.4450) < 5e-5);
	CHECK(fabs(adit_binomial_upper(10, 0, 0.95) - 0.2589) < 5e-5);
	CHECK(fabs(adit_binomial_below(10, 0.5, 4) - 386.0 / 1024) < 1e-12);
	CHECK(fabs(adit_binomial_below(1000000, 1e-3, 1000) - 0.5084) < 5e-5);
}
