/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Models against scikit-learn and XGBoost for Python, on generated tables: tools/
 * model_reference.py fits the same settings to the same numbers. Skipped where the Python packages
 * are absent. The largest differences are printed.
 */
#include "adit_model.h"
#include "adit_quality.h"
#include "harness.h"
#include "model_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define FEATURES     6
#define TRAIN_ROWS   1500
#define TEST_ROWS    900
#define SESSION_ROWS 4000

static const char *const features[FEATURES] = {"one", "two", "three", "four", "five", "six"};
static char folder[64];
static bool ready;

/* A normal variate (Box and Muller). */
static double normal(struct adit_random *random)
{
	double u = (double)((adit_random_next(random) >> 11) + 1) * 0x1p-53;
	double v = (double)(adit_random_next(random) >> 11) * 0x1p-53;

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* Correlated columns of different scales; about one row of eight is positive and lies apart. */
static struct adit_table *generate(uint64_t seed, size_t rows)
{
	struct adit_table *table = adit_table_create(rows, features, FEATURES);
	struct adit_random random = {seed};

	adit_table_add_labels(table);
	for (size_t i = 0; i < rows; i++) {
		double common = normal(&random), factor = 1;
		table->labels[i] = adit_random_below(&random, 8) == 0;
		for (size_t j = 0; j < FEATURES; j++) {
			double value = 0.6 * common + normal(&random) + table->labels[i] * 2.0;
			table->values[i * FEATURES + j] = 3 * (double)j + factor * value;
			factor *= 4;
		}
	}
	return table;
}

/* Sessions as in the seed's table: bytes up and down that go together, seconds, and rates; a few
 * heavy ones. */
static struct adit_table *generate_sessions(size_t rows)
{
	static const char *const names[] = {"uplink", "downlink", "duration"};
	struct adit_table *table = adit_table_create(rows, names, 3);
	struct adit_random random = {2015};
	struct adit_error error;

	for (size_t i = 0; i < rows; i++) {
		double *row = table->values + i * 3, size = 6 + 1.2 * normal(&random);
		double heavy = adit_random_below(&random, 100) == 0 ? 4 : 1;
		row[0] = floor(heavy * exp(size + 0.3 * normal(&random)));
		row[1] = floor(heavy * exp(size + 0.5 + 0.4 * normal(&random)));
		row[2] = floor(exp(3 + 1.5 * normal(&random)) - 1);
		row[2] = row[2] < 0 ? 0 : row[2];
	}
	CHECK_EQ_INT(adit_table_add_ratio(table, "uplink", "duration", "uplink_rate", &error), 0);
	CHECK_EQ_INT(
		adit_table_add_ratio(table, "downlink", "duration", "downlink_rate", &error), 0);
	return table;
}

static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_table(const struct adit_table *table, const char *name)
{
	FILE *to = fopen(in_folder(name), "w");

	REQUIRE(to != NULL);
	for (size_t j = 0; j < table->columns; j++)
		fprintf(to, "%s%s", j > 0 ? "," : "", table->names[j]);
	fputs(table->labels != NULL ? ",label\n" : "\n", to);
	for (size_t i = 0; i < table->rows; i++) {
		for (size_t j = 0; j < table->columns; j++)
			fprintf(to, "%s%.17g", j > 0 ? "," : "",
				table->values[i * table->columns + j]);
		if (table->labels != NULL)
			fprintf(to, ",%u", table->labels[i]);
		fputc('\n', to);
	}
	fclose(to);
}

static struct adit_table *train, *test, *sessions, *reference;
static struct adit_model *trees;
static double scores[TEST_ROWS];

static struct adit_model *fit_trees(void)
{
	struct adit_trees_params params = adit_trees_defaults;
	struct adit_model *model = NULL;
	struct adit_error error = {""};

	params.rounds = 50;
	params.subsample = 0.8;
	params.seed = 7;
	CHECK_EQ_INT(adit_model_fit_trees(train, &params, &model, &error), 0);
	CHECK_EQ_STR(error.text, "");
	return model;
}

static int run_script(void)
{
	static const char *const pythons[] = {"/usr/bin/python3", "python3"};
	char command[512];
	int status = -1;

	for (size_t i = 0; i < ADIT_COUNT(pythons); i++) {
		snprintf(command, sizeof(command), "%s %s/tests/tools/model_reference.py %s",
			pythons[i], harness_source_root(), folder);
		status = system(command);
		if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return 0;
	}
	return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void clean_up(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		perror(command);
	adit_table_destroy(train);
	adit_table_destroy(test);
	adit_table_destroy(sessions);
	adit_table_destroy(reference);
	adit_model_destroy(trees);
}

/* Tables, the one model that the script reads, and what the script says of all: once. */
static int prepare(void)
{
	struct adit_error error = {""};
	int status;

	if (ready)
		return reference != NULL ? 0 : 77;
	ready = true;
	snprintf(folder, sizeof(folder), "/tmp/adit-model-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	atexit(clean_up);
	train = generate(1, TRAIN_ROWS);
	test = generate(2, TEST_ROWS);
	sessions = generate_sessions(SESSION_ROWS);
	write_table(train, "train.csv");
	write_table(test, "test.csv");
	write_table(sessions, "sessions.csv");
	trees = fit_trees();
	if (trees == NULL || adit_model_write(trees, in_folder("trees"), &error) != 0 ||
		adit_model_score_table(trees, test, scores, NULL, &error) != 0)
		return -1;
	FILE *to = fopen(in_folder("ours.csv"), "w");
	fputs("score\n", to);
	for (size_t i = 0; i < TEST_ROWS; i++)
		fprintf(to, "%.17g\n", scores[i]);
	fclose(to);
	status = run_script();
	if (status == 0)
		status = adit_table_read(in_folder("ref_scores.csv"), NULL, &reference, &error);
	CHECK_EQ_STR(error.text, "");
	return status;
}

#define PREPARE()                                                                    \
	do {                                                                         \
		int status_ = prepare();                                             \
		if (status_ == 77)                                                   \
			SKIP("python3-sklearn or python3-xgboost is not installed"); \
		REQUIRE(status_ == 0);                                               \
	} while (0)

static double of(const char *column, size_t row)
{
	int j = adit_table_find(reference, column);

	if (j < 0)
		FAIL("the reference has no %s", column);
	return j < 0 ? NAN : reference->values[row * reference->columns + (size_t)j];
}

/* The largest difference of the scores from a column, relative where values exceed 1. */
static void check_near(const char *column, double allowed)
{
	double largest = 0;

	for (size_t i = 0; i < TEST_ROWS; i++) {
		double want = of(column, i);
		double off = fabs(scores[i] - want) / fmax(1, fabs(want));
		largest = off > largest || isnan(off) ? off : largest;
	}
	printf("%s: largest difference %.3g\n", column, largest);
	if (!(largest <= allowed))
		FAIL("%s differs by %g", column, largest);
}

static void score_and_destroy(struct adit_model *model)
{
	struct adit_error error = {""};

	REQUIRE(model != NULL);
	CHECK_EQ_INT(adit_model_score_table(model, test, scores, NULL, &error), 0);
	CHECK_EQ_STR(error.text, "");
	adit_model_destroy(model);
}

TEST(model_reference, scales_as_StandardScaler)
{
	PREPARE();
	struct adit_table *want = NULL;
	struct adit_svm_params params = adit_svm_defaults;
	struct adit_model *model = NULL;
	struct adit_model_about about;
	struct adit_error error = {""};

	REQUIRE(adit_table_read(in_folder("ref_scale.csv"), NULL, &want, &error) == 0);
	REQUIRE(adit_model_fit_svm(train, &params, &model, &error) == 0);
	adit_model_about(model, &about);
	double largest = 0;
	for (size_t j = 0; j < FEATURES; j++) {
		largest = fmax(largest, fabs(about.mean[j] / want->values[2 * j] - 1));
		largest = fmax(largest, fabs(about.scale[j] / want->values[2 * j + 1] - 1));
	}
	printf("mean and scale: largest relative difference %.3g\n", largest);
	CHECK(largest < 1e-12);
	adit_model_destroy(model);
	adit_table_destroy(want);
}

static void check_svm(
	const char *name, enum adit_svm_kernel kernel, double nu, double gamma, double tolerance)
{
	struct adit_svm_params params = adit_svm_defaults;
	struct adit_model *model = NULL;
	struct adit_model_about about;
	struct adit_error error = {""};
	char column[40];

	params.kernel = kernel;
	params.nu = nu;
	params.gamma = gamma;
	params.tolerance = tolerance;
	REQUIRE(adit_model_fit_svm(train, &params, &model, &error) == 0);
	adit_model_about(model, &about);
	snprintf(column, sizeof(column), "vectors_%s", name);
	CHECK_EQ_INT(about.parts, of(column, 0));
	snprintf(column, sizeof(column), "svm_%s", name);
	score_and_destroy(model);
	check_near(column, 1e-6);
}

TEST(model_reference, svm_is_OneClassSVM)
{
	PREPARE();
	check_svm("rbf", ADIT_SVM_RBF, 0.05, 0.3, 1e-9);
	check_svm("scale", ADIT_SVM_RBF, 0.1, 0, 1e-9);
	check_svm("linear", ADIT_SVM_LINEAR, 0.2, 0, 1e-3);
}

TEST(model_reference, envelope_is_EmpiricalCovariance)
{
	PREPARE();
	struct adit_envelope_params params = adit_envelope_defaults;
	struct adit_model *model = NULL;
	struct adit_error error = {""};

	params.robust = false;
	REQUIRE(adit_model_fit_envelope(train, &params, &model, &error) == 0);
	score_and_destroy(model);
	check_near("empirical", 1e-9);
	check_near("empirical_raw", 1e-9);
	params.standardise = false;
	REQUIRE(adit_model_fit_envelope(train, &params, &model, &error) == 0);
	score_and_destroy(model);
	check_near("empirical_raw", 1e-9);
}

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* Both flag what lies beyond 95 % of the benign rows they were fitted to. */
static void check_robust(size_t columns)
{
	struct adit_envelope_params params = adit_envelope_defaults;
	struct adit_table *part = NULL, *judged = NULL;
	struct adit_model *model = NULL;
	struct adit_error error = {""};
	double fitted[TRAIN_ROWS], threshold, largest = 0;
	size_t benign = 0, same = 0;
	char flag[40], distance[40];

	REQUIRE(adit_table_columns(train, features, columns, &part, &error) == 0);
	REQUIRE(adit_table_columns(test, features, columns, &judged, &error) == 0);
	REQUIRE(adit_model_fit_envelope(part, &params, &model, &error) == 0);
	REQUIRE(adit_model_score_table(model, part, fitted, NULL, &error) == 0);
	REQUIRE(adit_model_score_table(model, judged, scores, NULL, &error) == 0);
	for (size_t i = 0; i < TRAIN_ROWS; i++) {
		if (train->labels[i] == 0)
			fitted[benign++] = fitted[i];
	}
	qsort(fitted, benign, sizeof(*fitted), descending);
	threshold = fitted[benign / 20];
	snprintf(flag, sizeof(flag), "robust_flag_%zu", columns);
	snprintf(distance, sizeof(distance), "robust_%zu", columns);
	for (size_t i = 0; i < TEST_ROWS; i++) {
		same += (scores[i] > threshold) == (of(flag, i) != 0);
		largest =
			fmax(largest, fabs(scores[i] - of(distance, i)) / fmax(1, of(distance, i)));
	}
	printf("robust, %zu columns: %zu of %d flags the same, distances within %.3g\n", columns,
		same, TEST_ROWS, largest);
	CHECK((double)same >= 0.99 * TEST_ROWS);
	adit_model_destroy(model);
	adit_table_destroy(part);
	adit_table_destroy(judged);
}

TEST(model_reference, robust_envelope_flags_as_EllipticEnvelope)
{
	PREPARE();
	for (size_t columns = 1; columns <= FEATURES; columns++)
		check_robust(columns);
}

TEST(model_reference, trees_are_xgboosts)
{
	PREPARE();
	struct adit_error error = {""};

	REQUIRE(adit_model_score_table(trees, test, scores, NULL, &error) == 0);
	check_near("ours_margin", 0);
	for (size_t i = 0; i < TEST_ROWS; i++)
		scores[i] = adit_model_probability(scores[i]);
	check_near("ours", 1e-6);
	check_near("trees", 1e-6);
}

TEST(model_reference, trees_treat_missing_values_as_xgboost_does)
{
	PREPARE();
	struct adit_error error = {""};

	for (size_t i = 0; i < TEST_ROWS; i += 3)
		test->values[i * FEATURES] = NAN;
	REQUIRE(adit_model_score_table(trees, test, scores, NULL, &error) == 0);
	check_near("ours_missing", 0);
	adit_table_destroy(test);
	test = generate(2, TEST_ROWS);
}

TEST(model_reference, areas_are_sklearns)
{
	PREPARE();
	struct adit_table *want = NULL;
	struct adit_curve curve;
	struct adit_error error = {""};

	REQUIRE(adit_table_read(in_folder("ref_areas.csv"), NULL, &want, &error) == 0);
	REQUIRE(adit_model_score_table(trees, test, scores, NULL, &error) == 0);
	struct adit_scored rows = {.scores = scores, .labels = test->labels, .count = TEST_ROWS};
	REQUIRE(adit_quality_curve(&rows, &curve, &error) == 0);
	printf("areas: differences %.3g and %.3g\n", curve.roc_area - want->values[0],
		curve.average_precision - want->values[1]);
	CHECK(fabs(curve.roc_area - want->values[0]) < 1e-12);
	CHECK(fabs(curve.average_precision - want->values[1]) < 1e-12);
	adit_quality_free_curve(&curve);
	adit_table_destroy(want);
}

TEST(model_reference, chi2_quantiles_are_scipys)
{
	PREPARE();
	struct adit_table *want = NULL;
	struct adit_error error = {""};
	double largest = 0;

	REQUIRE(adit_table_read(in_folder("ref_chi2.csv"), NULL, &want, &error) == 0);
	for (unsigned freedom = 1; freedom <= want->rows; freedom++) {
		const double *row = want->values + 2 * (freedom - 1);
		largest = fmax(largest, fabs(adit_chi2_quantile(freedom, 0.5) / row[0] - 1));
		largest = fmax(largest, fabs(adit_chi2_quantile(freedom, 0.025) / row[1] - 1));
	}
	printf("chi2: largest relative difference %.3g\n", largest);
	CHECK_EQ_INT(want->rows, 128);
	CHECK(largest < 1e-11);
	adit_table_destroy(want);
}

/* Table 6.1 of the seed: six sets of features, two values of nu. */
TEST(model_reference, sessions_split_as_in_sklearn)
{
	PREPARE();
	static const char *const sets[6][5] = {{"uplink", "downlink"}, {"uplink", "duration"},
		{"downlink", "duration"}, {"uplink", "downlink", "duration"},
		{"uplink_rate", "downlink_rate"},
		{"uplink", "downlink", "duration", "uplink_rate", "downlink_rate"}};
	static const size_t sizes[6] = {2, 2, 2, 3, 2, 5};
	static const double nus[2] = {0.16, 0.005};
	struct adit_table *want = NULL;
	struct adit_error error = {""};
	size_t cut = SESSION_ROWS * 3 / 4, rows[SESSION_ROWS];
	static double judged[SESSION_ROWS];

	REQUIRE(adit_table_read(in_folder("ref_sessions.csv"), NULL, &want, &error) == 0);
	for (size_t i = 0; i < SESSION_ROWS; i++)
		rows[i] = i;
	for (size_t s = 0; s < 12; s++) {
		struct adit_svm_params params = adit_svm_defaults;
		struct adit_table *chosen = NULL, *first;
		struct adit_model *model = NULL;
		size_t outliers = 0;
		params.nu = nus[s % 2];
		params.gamma = 1.0 / (double)sizes[s / 2];
		params.tolerance = 1e-6;
		REQUIRE(adit_table_columns(sessions, sets[s / 2], sizes[s / 2], &chosen, &error) ==
			0);
		first = adit_table_select(chosen, rows, cut);
		REQUIRE(adit_model_fit_svm(first, &params, &model, &error) == 0);
		REQUIRE(adit_model_score_table(model, chosen, judged, NULL, &error) == 0);
		for (size_t i = cut; i < SESSION_ROWS; i++)
			outliers += judged[i] > 0;
		printf("sessions: set %zu, nu %g: %zu outliers of %zu, scikit-learn %g\n",
			s / 2 + 1, params.nu, outliers, SESSION_ROWS - cut, want->values[s]);
		CHECK_EQ_INT(outliers, want->values[s]);
		adit_model_destroy(model);
		adit_table_destroy(chosen);
		adit_table_destroy(first);
	}
	adit_table_destroy(want);
}
