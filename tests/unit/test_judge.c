/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Models as judges: whom they judge, from which score on, and what it is worth.
 */
#include "adit_judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "scorer_cases.h"

#define SUSPECT 40.0
#define TUNNEL  70.0

#define CHECK_NEAR(got, want)                                                               \
	do {                                                                                \
		double got_ = (got), want_ = (want);                                        \
		if (!(fabs(got_ - want_) < 1e-6 * (1 + fabs(want_))))                       \
			FAIL("%s is %.12g, expected %s = %.12g", #got, got_, #want, want_); \
	} while (0)

/* An envelope of columns around 0 with variance 1, each by itself: its score is the sum of squares,
 * but for the sample's own variance. */
static struct adit_model *model_make(const char *const *names, size_t columns, const char *row_kind)
{
	struct adit_table *table = adit_table_create(512, names, columns);
	struct adit_model *model = NULL;
	struct adit_error error = {""};
	struct adit_envelope_params params = adit_envelope_defaults;

	params.standardise = params.robust = false;
	for (size_t i = 0; i < table->rows; i++)
		for (size_t k = 0; k < columns; k++)
			table->values[i * columns + k] = i >> k & 1 ? 1 : -1;
	if (adit_model_fit_envelope(table, &params, &model, &error) != 0)
		FAIL("%s", error.text);
	adit_table_destroy(table);
	CHECK_EQ_INT(adit_model_set_row_kind(model, row_kind), 0);
	return model;
}

static struct adit_model *model_of(const char *feature, const char *row_kind)
{
	return model_make(&feature, 1, row_kind);
}

static void threshold_set(struct adit_model *model, enum adit_threshold_method method, double value)
{
	struct adit_threshold threshold = {.value = value, .method = method};

	adit_model_set_threshold(model, &threshold);
}

static void suspect_set(struct adit_model *model, double value)
{
	struct adit_threshold threshold = {.value = value, .method = ADIT_THRESHOLD_GIVEN};

	adit_model_set_suspect(model, &threshold);
}

static struct adit_judges *judges_of(struct adit_model *model)
{
	struct adit_judges *judges = adit_judges_create();
	struct adit_error error = {""};

	if (judges == NULL || adit_judges_take(judges, model, &error) != 0)
		FAIL("%s", error.text);
	return judges;
}

/* The points that the only judge gives to a value of information, of so many names. */
static double points(struct adit_judges *judges, double information, double names)
{
	struct adit_opinion opinion[ADIT_JUDGES_MAX];
	double value[ADIT_FEATURE_COUNT];
	size_t count;

	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		value[i] = NAN;
	value[ADIT_FEATURE_INFORMATION] = information;
	value[ADIT_FEATURE_UNIQUE_NAMES] = names;
	count = adit_judges_ask(judges, ADIT_KIND_PAIR, ADIT_SPAN_SLICE, ~0u, value, SUSPECT,
		TUNNEL, opinion, NULL);
	if (count > 1)
		FAIL("%zu opinions", count);
	if (count == 1)
		CHECK_EQ_STR(opinion[0].name, "envelope");
	return count == 1 ? opinion[0].points : 0;
}

/* The score of a value, as a table of one row has it. */
static double score_of(struct adit_model *model, double information)
{
	static const char *const names[] = {"information"};
	struct adit_table *table = adit_table_create(1, names, 1);
	struct adit_error error;
	double score = NAN;

	table->values[0] = information;
	CHECK_EQ_INT(adit_model_score_table(model, table, &score, NULL, &error), 0);
	adit_table_destroy(table);
	return score;
}

/* A model of rows over 10 minutes has nothing to say of an hour; of sessions, any length is right.
 */
TEST(judge, lengths_of_time)
{
	struct adit_model *model = model_of("information", "any_domain");
	double value[ADIT_FEATURE_COUNT] = {
		[ADIT_FEATURE_INFORMATION] = 9, [ADIT_FEATURE_UNIQUE_NAMES] = 20};
	struct adit_opinion opinion[ADIT_JUDGES_MAX];
	struct adit_judges *judges;
	struct adit_error error = {""};

	threshold_set(model, ADIT_THRESHOLD_RANK, 4);
	CHECK_EQ_INT(adit_model_set_row_span(model, "10min"), 0);
	judges = judges_of(model);
	for (enum adit_span span = 0; span < ADIT_SPAN_COUNT; span++) {
		CHECK_EQ_INT(adit_judges_any(judges, ADIT_KIND_PAIR, span, ~0u),
			span == ADIT_SPAN_10MIN);
		CHECK_EQ_INT(adit_judges_ask(judges, ADIT_KIND_PAIR, span, ~0u, value, SUSPECT,
				     TUNNEL, opinion, NULL),
			span == ADIT_SPAN_10MIN);
	}
	model = model_of("duration", "session");
	CHECK_EQ_INT(adit_model_set_row_span(model, "day"), 0);
	CHECK_EQ_INT(adit_judges_take(judges, model, &error), 0);
	CHECK(adit_judges_any(judges, ADIT_KIND_SESSION, ADIT_SPAN_SLICE, ~0u));
	model = model_of("information", "domain");
	CHECK_EQ_INT(adit_model_set_row_span(model, "week"), 0);
	CHECK_EQ_INT(adit_judges_take(judges, model, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "over 'week'; there are slice, 10min, hour and day");
	adit_model_destroy(model);
	adit_judges_destroy(judges);
}

/* Which kinds of keys each kind of row stands for; where it is not said, the features tell. */
TEST(judge, kinds_of_rows)
{
	static const struct {
		const char *row_kind, *feature;
		unsigned keys;
	} rows[] = {
		{"subscriber_domain", "information", ADIT_KEY_PAIR | ADIT_KEY_SERVER},
		{"subscriber_server", "information", ADIT_KEY_SERVER},
		{"domain", "information", ADIT_KEY_DOMAIN},
		{"any_domain", "information", ADIT_KEY_DOMAIN | ADIT_KEY_PAIR | ADIT_KEY_SERVER},
		{"session", "duration", ADIT_KEY_SESSION},
		{"", "information", ADIT_KEY_DOMAIN | ADIT_KEY_PAIR | ADIT_KEY_SERVER},
		{"", "queries", ADIT_KEY_DOMAIN | ADIT_KEY_PAIR | ADIT_KEY_SERVER},
		{"", "id_step", ADIT_KEY_PAIR | ADIT_KEY_SERVER},
		{"", "unparsable", ADIT_KEY_SERVER},
		{"", "burst_hits", ADIT_KEY_DOMAIN},
		{"", "duration", ADIT_KEY_SESSION},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_judges *judges = judges_of(model_of(rows[i].feature, rows[i].row_kind));

		for (int kind = 0; kind <= ADIT_KIND_SESSION; kind++) {
			CHECK_EQ_INT(adit_judges_any(judges, kind, ADIT_SPAN_SLICE,
					     1u << ADIT_MODEL_ENVELOPE),
				rows[i].keys >> kind & 1);
			CHECK(!adit_judges_any(judges, kind, ADIT_SPAN_SLICE,
				1u << ADIT_MODEL_TREES | 1u << ADIT_MODEL_SVM));
		}
		if (harness_failed())
			FAIL("'%s' with %s", rows[i].row_kind, rows[i].feature);
		adit_judges_destroy(judges);
	}
}

TEST(judge, refuses_kinds_that_are_not_judged)
{
	static const char *const apart[] = {"duration", "burst_hits"};
	struct adit_judges *judges = adit_judges_create();
	struct adit_error error = {""};
	struct adit_model *model = model_of("information", "household");

	CHECK_EQ_INT(adit_judges_take(judges, model, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "'household'");
	adit_model_destroy(model);
	/* No kind of key has both. */
	model = model_make(apart, 2, "");
	CHECK_EQ_INT(adit_judges_take(judges, model, &error), -EINVAL);
	adit_model_destroy(model);
	CHECK_EQ_INT(adit_judges_count(judges), 0);
	adit_judges_destroy(judges);
	adit_judges_destroy(NULL);
}

/* Features that rows of the model's kind do not have would always be missing. */
TEST(judge, refuses_features_of_other_rows)
{
	static const struct {
		const char *row_kind, *feature;
		bool good;
	} rows[] = {
		{"session", "duration", true},
		{"session", "burst_hits", false},
		{"domain", "duration", false},
		{"domain", "burst_hits", true},
		{"domain", "id_step", false},
		{"subscriber_domain", "id_step", true},
		{"subscriber_domain", "unparsable", false},
		{"subscriber_domain", "burst_hits", false},
		{"subscriber_server", "unparsable", true},
		{"any_domain", "burst_hits", true},
		{"any_domain", "unparsable", true},
		{"any_domain", "duration", false},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		const char *names[] = {"queries", rows[i].feature};
		bool alone = strcmp(rows[i].row_kind, "session") == 0;
		struct adit_judges *judges = adit_judges_create();
		struct adit_model *model = model_make(names + alone, 2 - alone, rows[i].row_kind);
		struct adit_error error = {""};

		CHECK_EQ_INT(adit_judges_take(judges, model, &error), rows[i].good ? 0 : -EINVAL);
		CHECK_EQ_INT(adit_judges_count(judges), rows[i].good);
		if (!rows[i].good) {
			CHECK_CONTAINS(error.text, rows[i].row_kind);
			CHECK_CONTAINS(error.text, rows[i].feature);
			adit_model_destroy(model);
		}
		if (harness_failed())
			FAIL("'%s' with %s", rows[i].row_kind, rows[i].feature);
		adit_judges_destroy(judges);
	}
}

TEST(judge, points_of_a_vouched_threshold)
{
	struct adit_model *model = model_of("information", "any_domain");
	struct adit_judges *judges;
	double score = score_of(model, 6);

	CHECK(score > 35 && score < 37);
	threshold_set(model, ADIT_THRESHOLD_RANK, score - 2);
	suspect_set(model, score - 6);
	judges = judges_of(model);
	CHECK_NEAR(points(judges, 6, 20), TUNNEL + 24 * (1 - exp(-2)));
	CHECK_NEAR(points(judges, 100, 20), TUNNEL + 24);
	/* Between the two: from a suspect's points to just below a tunnel's. */
	for (double x = 0; x < 6; x += 0.1) {
		double it = score_of(model, x), want = 0;

		if (it > score - 2)
			want = TUNNEL + 24 * (1 - exp(score - 2 - it));
		else if (it > score - 6)
			want = SUSPECT + (TUNNEL - 1 - SUSPECT) * (it - (score - 6)) / 4;
		CHECK_NEAR(points(judges, x, 20), want);
	}
	adit_judges_destroy(judges);
}

/* However high a tunnel's points are, there are not more than 100. */
TEST(judge, points_end_at_100)
{
	struct adit_model *model = model_of("information", "any_domain");
	struct adit_opinion opinion[ADIT_JUDGES_MAX];
	double value[ADIT_FEATURE_COUNT] = {0};
	struct adit_judges *judges;

	threshold_set(model, ADIT_THRESHOLD_RANK, 10);
	judges = judges_of(model);
	value[ADIT_FEATURE_INFORMATION] = 1000;
	value[ADIT_FEATURE_UNIQUE_NAMES] = 20;
	for (double tunnel = 70; tunnel <= 100; tunnel += 5) {
		REQUIRE(adit_judges_ask(judges, ADIT_KIND_PAIR, ADIT_SPAN_SLICE, ~0u, value,
				SUSPECT, tunnel, opinion, NULL) == 1);
		CHECK_NEAR(opinion[0].points, tunnel + 24 < 100 ? tunnel + 24 : 100);
	}
	adit_judges_destroy(judges);
}

/* By which way of finding a threshold rows vouch for it. */
TEST(judge, points_by_the_way_the_threshold_was_found)
{
	static const struct {
		enum adit_threshold_method method;
		bool vouched;
	} rows[] = {{ADIT_THRESHOLD_RANK, true}, {ADIT_THRESHOLD_GIVEN, true},
		{ADIT_THRESHOLD_TAIL, false}, {ADIT_THRESHOLD_LARGEST, false}};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_model *model = model_of("information", "any_domain");
		struct adit_judges *judges;

		threshold_set(model, rows[i].method, 10);
		judges = judges_of(model);
		CHECK_NEAR(points(judges, 1000, 20),
			rows[i].vouched ? TUNNEL + 24 : (SUSPECT + TUNNEL) / 2);
		CHECK_NEAR(points(judges, 3, 20), 0);
		adit_judges_destroy(judges);
	}
}

/* Trees are vouched for by the way their threshold was found, as others are. */
static void trees_judge(enum adit_threshold_method method, bool vouched)
{
	static const char *const names[] = {"information"};
	struct adit_table *table = adit_table_create(400, names, 1);
	struct adit_trees_params params = adit_trees_defaults;
	struct adit_opinion opinion[ADIT_JUDGES_MAX];
	double value[ADIT_FEATURE_COUNT] = {0};
	struct adit_model *model = NULL;
	struct adit_error error = {""};
	struct adit_judges *judges;

	CHECK_EQ_INT(adit_table_add_labels(table), 0);
	for (size_t i = 0; i < table->rows; i++) {
		table->values[i] = (double)i;
		table->labels[i] = i >= 200;
	}
	params.rounds = 20;
	REQUIRE(adit_model_fit_trees(table, &params, &model, &error) == 0);
	threshold_set(model, method, 0);
	judges = judges_of(model);
	value[ADIT_FEATURE_UNIQUE_NAMES] = 20;
	value[ADIT_FEATURE_INFORMATION] = 100;
	CHECK_EQ_INT(adit_judges_ask(judges, ADIT_KIND_PAIR, ADIT_SPAN_SLICE, ~0u, value, SUSPECT,
			     TUNNEL, opinion, NULL),
		0);
	value[ADIT_FEATURE_INFORMATION] = 300;
	REQUIRE(adit_judges_ask(judges, ADIT_KIND_PAIR, ADIT_SPAN_SLICE, ~0u, value, SUSPECT,
			TUNNEL, opinion, NULL) == 1);
	CHECK_EQ_STR(opinion[0].name, "trees");
	CHECK(opinion[0].score > 0);
	CHECK_NEAR(opinion[0].points,
		vouched ? TUNNEL + 24 * (1 - exp(-opinion[0].score)) : (SUSPECT + TUNNEL) / 2);
	adit_judges_destroy(judges);
	adit_table_destroy(table);
}

TEST(judge, trees_are_vouched_for_by_their_threshold)
{
	trees_judge(ADIT_THRESHOLD_RANK, true);
	trees_judge(ADIT_THRESHOLD_GIVEN, true);
	trees_judge(ADIT_THRESHOLD_TAIL, false);
	trees_judge(ADIT_THRESHOLD_LARGEST, false);
}

/* A threshold for suspects alone never makes a tunnel; no threshold at all says nothing. */
TEST(judge, suspects_alone)
{
	struct adit_model *model = model_of("information", "any_domain");
	struct adit_judges *judges;

	suspect_set(model, 10);
	judges = judges_of(model);
	CHECK_NEAR(points(judges, 3, 20), 0);
	CHECK_NEAR(points(judges, 1000, 20), SUSPECT);
	adit_judges_destroy(judges);
	judges = judges_of(model_of("information", "any_domain"));
	CHECK_NEAR(points(judges, 1000, 20), 0);
	adit_judges_destroy(judges);
}

/* Without steps ten names are the least; with steps, what the least step says. */
TEST(judge, thresholds_by_names)
{
	static const struct adit_model_step steps[] = {{5, 1000}, {20, 100}, {50, 10}};
	static const struct {
		double names, threshold;
	} rows[] = {
		{4, INFINITY}, {5, 1000}, {19, 1000}, {20, 100}, {49, 100}, {50, 10}, {1e6, 10}};
	struct adit_model *model = model_of("information", "any_domain");
	struct adit_judges *judges;

	threshold_set(model, ADIT_THRESHOLD_RANK, 10);
	judges = judges_of(model);
	CHECK_NEAR(points(judges, 1000, 9), 0);
	CHECK_NEAR(points(judges, 1000, 10), TUNNEL + 24);
	CHECK_EQ_INT(adit_judges_least_names(judges, ADIT_KIND_PAIR, ~0u), 10);
	adit_judges_destroy(judges);
	model = model_of("information", "any_domain");
	threshold_set(model, ADIT_THRESHOLD_RANK, 10);
	CHECK_EQ_INT(adit_model_set_steps(model, steps, ADIT_COUNT(steps)), 0);
	judges = judges_of(model);
	for (size_t i = 0; i < ADIT_COUNT(rows); i++)
		for (double x = 1; x < 100; x *= 1.3) {
			double score = score_of(model, x);

			CHECK_NEAR(points(judges, x, rows[i].names),
				score > rows[i].threshold
					? TUNNEL + 24 * (1 - exp(rows[i].threshold - score))
					: 0);
		}
	CHECK_EQ_INT(adit_judges_least_names(judges, ADIT_KIND_PAIR, ~0u), 5);
	CHECK_EQ_INT(adit_judges_least_names(judges, ADIT_KIND_PAIR, 0), 10);
	adit_judges_destroy(judges);
}

/* The threshold for suspects has steps of its own. */
TEST(judge, suspect_thresholds_by_names)
{
	static const struct adit_model_step steps[] = {{10, 900}}, low[] = {{10, 400}, {30, 100}};
	struct adit_model *model = model_of("information", "any_domain");
	struct adit_judges *judges;

	threshold_set(model, ADIT_THRESHOLD_RANK, 900);
	CHECK_EQ_INT(adit_model_set_steps(model, steps, 1), 0);
	suspect_set(model, 100);
	CHECK_EQ_INT(adit_model_set_suspect_steps(model, low, 2), 0);
	judges = judges_of(model);
	CHECK_NEAR(points(judges, 15, 9), 0);
	CHECK_NEAR(points(judges, 15, 10), 0);
	CHECK_NEAR(points(judges, 15, 30),
		SUSPECT + (TUNNEL - 1 - SUSPECT) * (score_of(model, 15) - 100) / 800);
	CHECK_NEAR(points(judges, 25, 10),
		SUSPECT + (TUNNEL - 1 - SUSPECT) * (score_of(model, 25) - 400) / 500);
	adit_judges_destroy(judges);
}

/* A missing value gives no score: nothing is said. */
TEST(judge, missing_values)
{
	struct adit_model *model = model_of("information", "any_domain");
	struct adit_judges *judges;

	threshold_set(model, ADIT_THRESHOLD_RANK, 10);
	suspect_set(model, 5);
	judges = judges_of(model);
	CHECK_NEAR(points(judges, NAN, 20), 0);
	CHECK_NEAR(points(judges, INFINITY, 20), 0);
	adit_judges_destroy(judges);
}

/* Each of several speaks for itself, in the order in which they came. */
TEST(judge, several_opinions)
{
	static const double want[] = {0, 10, 30, 40};
	struct adit_judges *judges = adit_judges_create();
	struct adit_opinion opinion[ADIT_JUDGES_MAX];
	double value[ADIT_FEATURE_COUNT];
	struct adit_error error = {""};
	struct adit_model *model;

	for (int i = 0; i < ADIT_JUDGES_MAX; i++) {
		model = model_of("information", i % 3 == 2 ? "domain" : "subscriber_domain");

		threshold_set(model, ADIT_THRESHOLD_RANK, 10 * i);
		CHECK_EQ_INT(adit_judges_take(judges, model, &error), 0);
	}
	CHECK_EQ_INT(adit_judges_count(judges), ADIT_JUDGES_MAX);
	model = model_of("information", "domain");
	CHECK_EQ_INT(adit_judges_take(judges, model, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "16 models");
	adit_model_destroy(model);
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		value[i] = 0;
	value[ADIT_FEATURE_UNIQUE_NAMES] = 20;
	value[ADIT_FEATURE_INFORMATION] = 7.5;
	/* 56: above 0 to 50, of which 20 and 50 are of domains. */
	CHECK_EQ_INT(adit_judges_ask(judges, ADIT_KIND_PAIR, ADIT_SPAN_SLICE, ~0u, value, SUSPECT,
			     TUNNEL, opinion, NULL),
		4);
	for (int i = 0; i < 4; i++)
		CHECK_NEAR(opinion[i].threshold, want[i]);
	CHECK_EQ_INT(adit_judges_ask(judges, ADIT_KIND_DOMAIN, ADIT_SPAN_SLICE, ~0u, value, SUSPECT,
			     TUNNEL, opinion, NULL),
		2);
	CHECK_EQ_INT(adit_judges_ask(judges, ADIT_KIND_PAIR, ADIT_SPAN_SLICE, 1u << ADIT_MODEL_SVM,
			     value, SUSPECT, TUNNEL, opinion, NULL),
		0);
	adit_judges_destroy(judges);
}

/* A folder whose features nobody derives is refused by its name, and so is one that is not there.
 */
TEST(judge, folders)
{
	char root[] = "/tmp/adit-judge-XXXXXX", folder[64], file[96];
	struct adit_judges *judges = adit_judges_create();
	struct adit_error error = {""};
	struct adit_model *model;

	REQUIRE(mkdtemp(root) != NULL);
	snprintf(folder, sizeof(folder), "%s/strange", root);
	model = model_of("moon_phase", "domain");
	CHECK_EQ_INT(adit_model_write(model, folder, &error), 0);
	adit_model_destroy(model);
	CHECK_EQ_INT(adit_judges_add(judges, folder, &error), -EINVAL);
	CHECK_CONTAINS(error.text, folder);
	CHECK_CONTAINS(error.text, "moon_phase");
	snprintf(file, sizeof(file), "%s/nothing", root);
	CHECK_EQ_INT(adit_judges_add(judges, file, &error), -ENOENT);
	CHECK_CONTAINS(error.text, file);
	CHECK_EQ_INT(adit_judges_count(judges), 0);
	model = model_of("information", "domain");
	threshold_set(model, ADIT_THRESHOLD_RANK, 10);
	CHECK_EQ_INT(adit_model_write(model, folder, &error), 0);
	adit_model_destroy(model);
	CHECK_EQ_INT(adit_judges_add(judges, folder, &error), 0);
	CHECK_EQ_INT(adit_judges_count(judges), 1);
	CHECK(adit_judges_any(
		judges, ADIT_KIND_DOMAIN, ADIT_SPAN_SLICE, 1u << ADIT_MODEL_ENVELOPE));
	adit_judges_destroy(judges);
	snprintf(file, sizeof(file), "%s/model.conf", folder);
	CHECK_EQ_INT(unlink(file), 0);
	snprintf(file, sizeof(file), "%s/envelope.txt", folder);
	CHECK_EQ_INT(unlink(file), 0);
	CHECK_EQ_INT(rmdir(folder), 0);
	CHECK_EQ_INT(rmdir(root), 0);
}

/* The bound's reason is told if it decides, however many models have theirs. */
TEST(judge, reasons_of_what_decides)
{
	struct adit_judges *judges = adit_judges_create();
	struct adit_detect_params params = {.judges = judges,
		.information = true,
		.models = ~0u,
		.information_bound = 5000,
		.tunnel_score = TUNNEL,
		.suspect_score = SUSPECT};
	double value[ADIT_FEATURE_COUNT] = {0};
	static struct adit_sum sum;
	struct adit_finding finding;
	struct adit_error error = {""};

	for (int i = 0; i < 9; i++) {
		struct adit_model *model = model_of("information", "any_domain");

		suspect_set(model, 10);
		REQUIRE(adit_judges_take(judges, model, &error) == 0);
	}
	value[ADIT_FEATURE_UNIQUE_NAMES] = 20;
	for (int passes = 0; passes < 2; passes++) {
		value[ADIT_FEATURE_INFORMATION] = passes ? 5000 : 4999;
		adit_detect(&params, ADIT_KIND_PAIR, ADIT_SPAN_SLICE, &sum, value, &finding);
		CHECK_NEAR(finding.score, passes ? 45 : SUSPECT);
		REQUIRE(finding.reason_count == ADIT_VERDICT_REASONS);
		for (int i = 0; i < ADIT_VERDICT_REASONS; i++)
			CHECK_EQ_STR(finding.reason[i].name, passes && i == ADIT_VERDICT_REASONS - 1
								     ? "information"
								     : "envelope");
	}
	adit_judges_destroy(judges);
}

/* A tunnel's points that prevalence lowers by 20, to just below 70, are told as a suspect's. */
TEST(judge, verdict_and_number_agree)
{
	struct adit_model *model = model_of("information", "subscriber_domain");
	struct fixture *x = fixture_open(NULL);
	struct adit_judges *judges;

	/* 20 names of 15 bytes. */
	threshold_set(model, ADIT_THRESHOLD_RANK, score_of(model, 300) + log(1 - 19.6 / 24));
	judges = judges_of(model);
	x->params.detect.judges = judges;
	x->params.detect.models = 1u << ADIT_MODEL_ENVELOPE;
	fixture_restart(x, 0);
	for (uint32_t client = 1; client <= 8; client++)
		for (uint32_t name = 0; name < 20; name++) {
			struct test_event e;

			event_make(&e, client, 1, 20 * client + name);
			e.event.info_bytes = 15;
			count(x, &e);
		}
	slice_end(x);
	REQUIRE(x->told == 1);
	CHECK_EQ_INT(x->verdict[0].verdict, ADIT_VERDICT_SUSPECT);
	CHECK_EQ_INT(x->verdict[0].score, 69);
	CHECK_EQ_INT(x->highest, 69);
	fixture_close(x);
	adit_judges_destroy(judges);
}

static void judges_set(struct fixture *x, struct adit_judges *judges)
{
	struct adit_score_rules rules = {
		.detect = x->params.detect,
		.allow = x->params.allow,
		.story_idle_slices = x->params.story_idle_slices,
		.subscribers = x->params.subscribers,
		.samples = x->params.samples,
	};

	rules.detect.judges = judges;
	adit_scorer_set_rules(x->scorer, &rules);
}

/* Through the scorer: points, the reason, how many were asked; and judges that are exchanged. */
TEST(judge, verdicts_of_models)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_model *model = model_of("mean_length", "subscriber_domain");
	struct adit_judges *judges, *others;
	const struct adit_verdict *v = x->verdict;
	struct test_event e;

	threshold_set(model, ADIT_THRESHOLD_RANK, 50);
	judges = judges_of(model);
	others = judges_of(model_of("mean_length", "subscriber_domain"));
	x->params.detect.judges = judges;
	x->params.detect.models = 1u << ADIT_MODEL_ENVELOPE;
	fixture_restart(x, 0);
	/* Names of 8 octets: 64 is above 50. */
	for (int slice = 0; slice < 3; slice++) {
		for (uint32_t name = 0; name < 20; name++) {
			event_make(&e, 1, 1, name);
			e.event.info_bytes = 15;
			count(x, &e);
		}
		slice_end(x);
		if (slice == 0) {
			REQUIRE(x->told == 1);
			CHECK_EQ_INT(v[0].verdict, ADIT_VERDICT_TUNNEL);
			CHECK_EQ_INT(v[0].score, 94);
			/* The model, and what of the row it finds strange. */
			REQUIRE(v[0].reason_count == 2);
			CHECK_EQ_STR(v[0].reason[0].name, "envelope");
			CHECK_EQ_STR(v[0].reason[1].name, "mean_length");
			CHECK_NEAR(v[0].reason[1].value, 8);
			CHECK_NEAR(v[0].reason[0].threshold, 50);
			CHECK(v[0].reason[0].value > 63 && v[0].reason[0].value < 65);
			/* The pair, not the domain. */
			CHECK_EQ_INT(
				adit_scorer_counters(x->scorer)->models[ADIT_MODEL_ENVELOPE], 1);
		}
		/* A row of a slice and one of 10 minutes from then on. */
		if (slice == 1)
			CHECK_EQ_INT(
				adit_scorer_counters(x->scorer)->models[ADIT_MODEL_ENVELOPE], 3);
	}
	judges_set(x, others);
	adit_scorer_end(x->scorer);
	x->told = 0;
	for (uint32_t name = 0; name < 20; name++) {
		event_make(&e, 1, 1, name);
		e.event.info_bytes = 15;
		count(x, &e);
	}
	slice_end(x);
	CHECK_EQ_INT(x->told, 0);
	fixture_close(x);
	adit_judges_destroy(judges);
	adit_judges_destroy(others);
}

/* What a row lacks speaks neither for nor against it: it gets what is typical of benign rows, and
 * is no reason. */
TEST(judge, what_is_missing_is_typical)
{
	struct adit_model *model = model_of("information", "any_domain");
	struct adit_opinion opinion[ADIT_JUDGES_MAX];
	double value[ADIT_FEATURE_COUNT] = {[ADIT_FEATURE_UNIQUE_NAMES] = 20}, typical;
	struct adit_model_cause causes[2];
	struct adit_judges *judges;

	threshold_set(model, ADIT_THRESHOLD_RANK, -1e9);
	judges = judges_of(model);
	value[ADIT_FEATURE_INFORMATION] = NAN;
	CHECK(adit_model_lacks(model, value));
	REQUIRE(adit_judges_ask(judges, ADIT_KIND_PAIR, ADIT_SPAN_SLICE, ~0u, value, SUSPECT,
			TUNNEL, opinion, NULL) == 1);
	CHECK(isnan(value[ADIT_FEATURE_INFORMATION]));
	CHECK_EQ_INT(adit_judges_explain(judges, opinion, value, causes, 2), 0);
	adit_model_fill(model, value);
	typical = value[ADIT_FEATURE_INFORMATION];
	CHECK(isfinite(typical) && !adit_model_lacks(model, value));
	CHECK(opinion[0].score == score_of(model, typical));
	adit_judges_destroy(judges);
}
