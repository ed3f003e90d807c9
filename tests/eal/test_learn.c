/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Learning a site: what is learned and what is not, the gate through which judges go, and a whole
 * run that learns, exchanges its models between two slices and goes on.
 */
#include "arguments.h"
#include "bench.h"
#include "learn.h"
#include "manager.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#define START_S     1700000400u /* begins a stretch of 10 minutes */
#define SUBSCRIBERS 40
#define LEARN_S     1800 /* the tunnel begins then */
#define WHOLE_S     2400
#define LITTLE_S    300

TEST(learn, durations)
{
	static const struct {
		const char *text;
		uint32_t seconds;
	} right[] = {{"24h", 86400}, {"30m", 1800}, {"45s", 45}, {"7d", 7 * 86400}, {"10s", 10},
		{"366d", 366 * 86400}, {"1.5h", 5400}, {"12.1s", 13}};
	static const char *const wrong[] = {"", "h", "24", "24 h", "h24", "9s", "0h", "-1h", "367d",
		"1e99d", "nanh", "infh", "24hours", "1h30m",
		"0000000000000000000000000000000000000000000000001h"};
	struct adit_error error;
	uint32_t seconds;

	for (size_t i = 0; i < ADIT_COUNT(right); i++) {
		CHECK_EQ_INT(app_read_duration("--learn", right[i].text, &seconds, &error), 0);
		CHECK_EQ_INT(seconds, right[i].seconds);
	}
	for (size_t i = 0; i < ADIT_COUNT(wrong); i++) {
		CHECK_EQ_INT(app_read_duration("--learn", wrong[i], &seconds, &error), -EINVAL);
		CHECK_CONTAINS(error.text, "--learn");
		CHECK_CONTAINS(error.text, "right");
	}
}

static void row_make(struct adit_feature_row *row, uint8_t subscriber, const char *domain)
{
	memset(row, 0, sizeof(*row));
	row->span = "10min";
	row->kind = "subscriber_domain";
	row->window_start_ns = START_S * ADIT_NS_PER_S;
	row->window_end_ns = (START_S + 10) * ADIT_NS_PER_S;
	row->domain.size = (uint8_t)strlen(domain);
	memcpy(row->domain.wire, domain, row->domain.size);
	row->has_subscriber = true;
	row->subscriber.bytes[3] = subscriber;
	row->value[ADIT_FEATURE_UNIQUE_NAMES] = APP_LEARN_NAMES;
}

TEST(learn, rows_that_are_taken)
{
	struct adit_feature_row row;

	row_make(&row, 1, "\3abc\3com");
	CHECK(app_learn_takes(&row));
	row.left_out = true;
	CHECK(!app_learn_takes(&row));
	row_make(&row, 1, "\3abc\3com");
	row.value[ADIT_FEATURE_UNIQUE_NAMES] = APP_LEARN_NAMES - 1;
	CHECK(!app_learn_takes(&row));
	row_make(&row, 1, "\3abc\3com");
	row.span = "hour";
	CHECK(!app_learn_takes(&row));
	row_make(&row, 1, "\3abc\3com");
	row.kind = "subscriber_server";
	CHECK(!app_learn_takes(&row));
}

/* What a detector calls a tunnel is not learned: neither a row with its points, nor any row of the
 * domain of a story, also those that were kept before it was told. */
TEST(learn, tunnels_are_left_out)
{
	static struct adit_config config;
	static struct appliance appliance;
	static struct app_reload reload;
	struct app_learn learn = {
		.appliance = &appliance, .reload = &reload, .command = "test", .duration = "24h"};
	static struct adit_verdict verdict;
	struct adit_feature_row row;
	struct adit_error error;

	REQUIRE(adit_config_init(&config) == 0);
	appliance.config = &config;
	appliance.key = adit_hash_key_fixed;
	REQUIRE(app_learn_open(&learn, "nowhere", &error) == 0);
	for (uint8_t i = 0; i < 10; i++) {
		row_make(&row, i, "\3abc\3com");
		app_learn_row(&learn, &row);
		row_make(&row, i, "\3def\3com");
		row.score = 69;
		app_learn_row(&learn, &row);
	}
	CHECK_EQ_INT(app_reservoir_count(learn.rows).held, 20);
	CHECK_EQ_INT(learn.left_out, 0);
	row.score = 70;
	app_learn_row(&learn, &row);
	CHECK_EQ_INT(learn.left_out, 1);
	CHECK_EQ_INT(app_reservoir_count(learn.rows).offered, 20);

	/* A suspect is learned from. */
	verdict.domain = row.domain;
	verdict.verdict = ADIT_VERDICT_SUSPECT;
	app_learn_verdict(&learn, &verdict);
	CHECK_EQ_INT(app_reservoir_count(learn.rows).held, 20);
	verdict.verdict = ADIT_VERDICT_TUNNEL;
	app_learn_verdict(&learn, &verdict);
	app_learn_verdict(&learn, &verdict);
	CHECK_EQ_INT(app_reservoir_count(learn.rows).held, 10);
	CHECK_EQ_INT(app_reservoir_count(learn.rows).removed, 10);
	row.score = 0;
	app_learn_row(&learn, &row);
	CHECK_EQ_INT(learn.left_out, 2);
	CHECK_EQ_INT(app_reservoir_count(learn.rows).held, 10);
	row_make(&row, 77, "\3abc\3com");
	app_learn_row(&learn, &row);
	CHECK_EQ_INT(app_reservoir_count(learn.rows).held, 11);
	app_learn_end(&learn, true);
	CHECK_EQ_INT(learn.state, APP_LEARN_OVER);
	CHECK(!learn.problem);
	app_learn_close(&learn);
	adit_config_clear(&config);
}

/* What the scoring core does between slices, again and again. */
struct passing {
	struct app_gate gate;
	struct adit_scorer *scorer;
	atomic_bool stop;
	uint32_t slices;
};

static void *pass(void *argument)
{
	struct passing *passing = argument;

	while (!atomic_load_explicit(&passing->stop, memory_order_relaxed)) {
		app_gate_pass(&passing->gate, passing->scorer, passing->slices, passing->slices);
		passing->slices++;
		sched_yield();
	}
	return NULL;
}

/* Rules are taken once each, in their order, and what only those before them point to may be freed
 * as soon as they have come back. */
TEST(learn, rules_through_the_gate)
{
	struct adit_judges *in_use = adit_judges_create(), *offered = NULL;
	struct adit_score_params params = {
		.detect = {.judges = in_use},
		.stories = 1,
		.ledger = {.keys = 64, .entries = 64, .details = 64},
		.domains = 64,
		.servers = 64,
		.bursts = 64,
	};
	struct passing passing = {.scorer = adit_scorer_create(&params, NULL)};
	struct adit_score_rules rules = {.detect = params.detect, .forget = UINT32_MAX};
	const struct adit_score_rules *back;
	unsigned exchanges = 0;
	uint32_t since = 0;
	pthread_t thread;

	REQUIRE(passing.scorer != NULL && in_use != NULL);
	REQUIRE(pthread_create(&thread, NULL, pass, &passing) == 0);
	while (exchanges < 200) {
		if (offered == NULL) {
			offered = adit_judges_create();
			rules.detect.judges = offered;
			app_gate_offer(&passing.gate, &rules);
		}
		back = app_gate_back(&passing.gate);
		if (back == NULL) {
			sched_yield();
			continue;
		}
		CHECK(back == &rules);
		CHECK(!app_gate_waits(&passing.gate));
		CHECK(passing.gate.since >= since);
		since = passing.gate.since;
		adit_judges_destroy(in_use);
		in_use = offered;
		offered = NULL;
		exchanges++;
	}
	atomic_store(&passing.stop, true);
	pthread_join(thread, NULL);
	CHECK(app_gate_back(&passing.gate) == NULL);
	adit_judges_destroy(in_use);
	adit_scorer_destroy(passing.scorer);
}

static uint64_t random_next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* A question and its answer, so many times the same record. */
static void exchange_put(FILE *file, uint32_t seconds, unsigned who, const char *name,
	uint16_t type, const uint8_t *data, size_t size, unsigned answers, uint64_t *random)
{
	static struct frames f;
	uint16_t id = (uint16_t)random_next(random);
	char client[32];

	snprintf(client, sizeof(client), "100.64.0.%u", who + 1);
	begin_frame(&f, client, "192.0.2.53", true);
	frames_query(&f, id, name, type);
	put_record(file, seconds, &f);
	begin_frame(&f, client, "192.0.2.53", false);
	frames_response(&f, id, name, type, 0);
	while (answers-- > 0)
		frames_answer(&f, type, data, size);
	put_record(file, seconds, &f);
}

/* Names of words, with digits behind. */
static void benign_name(char name[64], unsigned site, uint64_t *random)
{
	static const char *const parts[] = {"an", "ber", "co", "del", "es", "fin", "ga", "hor",
		"in", "jo", "kel", "lan", "mi", "nor", "ol", "per"};
	unsigned count = 5 + (unsigned)random_next(random) % 4;
	size_t length = 0;

	for (unsigned i = 0; i < count; i++)
		length += (size_t)snprintf(name + length, 64 - length, "%s",
			parts[random_next(random) % ADIT_COUNT(parts)]);
	snprintf(name + length, 64 - length, "%u.site%u.com", (unsigned)random_next(random) % 1000,
		site);
}

/* Everybody asks two sites for hosts, about 30 names of each in 10 minutes; after half an hour one
 * moves hexadecimal names and 200 bytes of TXT. Gives the packets. */
static uint64_t capture_write(const char *path, uint32_t seconds)
{
	FILE *file = capture_begin(path);
	uint64_t random = 1, packets = 0;
	uint8_t text[201] = {200};
	char name[64];

	if (file == NULL)
		return 0;
	for (uint32_t second = 0; second < seconds; second++) {
		for (unsigned i = 0; i < 4; i++) {
			unsigned who = (unsigned)random_next(&random) % SUBSCRIBERS;
			uint8_t address[4] = {198, 51, 100, (uint8_t)random_next(&random)};

			benign_name(name, who % 4 + (unsigned)random_next(&random) % 2, &random);
			exchange_put(file, START_S + second, who, name, 1, address, 4,
				1 + (unsigned)random_next(&random) % 4, &random);
			packets += 2;
		}
		if (second < LEARN_S)
			continue;
		for (size_t i = 1; i < sizeof(text); i++)
			text[i] = (uint8_t)random_next(&random);
		snprintf(name, sizeof(name), "%08x%08x%08x%08x.veltorbi.com",
			(unsigned)random_next(&random), (unsigned)random_next(&random),
			(unsigned)random_next(&random), (unsigned)random_next(&random));
		exchange_put(file, START_S + second, 7, name, 16, text, sizeof(text), 1, &random);
		packets += 2;
	}
	fclose(file);
	return packets;
}

/* A file's text, to be freed; "" if there is none. */
static char *text_of(const char *directory, const char *name)
{
	char path[256], *text = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "r");
	if (file == NULL || getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	if (file != NULL)
		fclose(file);
	return text;
}

/* Runs a capture as the command does; gives the exit status. */
static int run(struct bench *bench, char *capture, const char *directory, uint64_t packets)
{
	struct appliance *appliance = &bench->appliance;
	struct app_manager manager = {.appliance = appliance,
		.command = "test",
		.directory = directory,
		.identity = {.command = "test"},
		.state = {.appliance = appliance, .command = "test"},
		.reload = {.appliance = appliance, .command = "test"},
		.learn = {.appliance = appliance,
			.reload = &manager.reload,
			.command = "test",
			.duration = "30m"}};
	uint64_t ended = 0;
	int status;

	appliance->spreader->files = &capture;
	appliance->spreader->file_count = 1;
	status = app_manager_open(&manager, &bench->error);
	if (status == 0 && appliance->learn_s != 0)
		status = app_learn_open(&manager.learn, directory, &bench->error);
	if (status == 0)
		status = appliance_launch(appliance, &bench->error);
	if (status != 0) {
		FAIL("not launched: %s", bench->error.text);
		return -1;
	}
	app_manager_run(&manager);
	appliance_join(appliance);
	CHECK_EQ_INT(manager.reload.in_force, appliance->learn_s == LEARN_S);
	if (appliance->learn_s == LEARN_S) {
		CHECK_EQ_INT(adit_judges_count(appliance->judges), 2);
		CHECK_EQ_INT(appliance->scorer->gate.since,
			(START_S + LEARN_S) * ADIT_NS_PER_S / ADIT_SLICE_NS);
	}
	status = app_manager_finish(&manager);
	CHECK_EQ_INT(app_report_received(appliance), packets);
	for (int i = 0; i < ADIT_OUTCOME_COUNT; i++) {
		ended += appliance->spreader->ended.outcome[i];
		for (unsigned w = 0; w < appliance->worker_count; w++)
			ended += adit_pipeline_counters(appliance->workers[w].pipeline)->outcome[i];
	}
	CHECK_EQ_INT(ended, packets);
	app_manager_close(&manager);
	return status;
}

struct outcome {
	char directory[64];
	char *verdicts, *svm, *envelope;
};

static void outcome_take(struct outcome *outcome)
{
	outcome->verdicts = text_of(outcome->directory, "verdicts.jsonl");
	outcome->svm = text_of(outcome->directory, "learned/svm/model.conf");
	outcome->envelope = text_of(outcome->directory, "learned/envelope/model.conf");
}

static void outcome_clear(struct outcome *outcome)
{
	char command[96];

	free(outcome->verdicts);
	free(outcome->svm);
	free(outcome->envelope);
	snprintf(command, sizeof(command), "rm -rf '%s'", outcome->directory);
	CHECK_EQ_INT(system(command), 0);
}

/* The same capture, with so many workers, learning for so long. */
static bool outcome_make(struct outcome *outcome, char *capture, uint64_t packets, unsigned workers,
	uint32_t learn_s, int status)
{
	struct bench bench;

	snprintf(outcome->directory, sizeof(outcome->directory), "/tmp/adit-learn-XXXXXX");
	if (mkdtemp(outcome->directory) == NULL ||
		!bench_make_learning(&bench, false, workers, learn_s))
		return false;
	CHECK_EQ_INT(run(&bench, capture, outcome->directory, packets), status);
	bench_clear(&bench);
	outcome_take(outcome);
	return true;
}

static void folder_check(const struct outcome *outcome, const char *kind)
{
	struct adit_model *model = NULL;
	struct adit_model_about about;
	struct adit_error error = {""};
	char folder[128];

	snprintf(folder, sizeof(folder), "%s/learned/%s", outcome->directory, kind);
	CHECK_EQ_INT(adit_model_read(folder, &model, &error), 0);
	CHECK_EQ_STR(error.text, "");
	REQUIRE(model != NULL);
	adit_model_about(model, &about);
	CHECK_EQ_STR(about.row_kind, "subscriber_domain");
	CHECK_EQ_STR(about.date, "2023-11-14");
	CHECK_EQ_STR(about.row_span, "10min");
	/* 40 subscribers, two sites, four stretches and the first slice of a fifth; a quarter of
	 * the subscribers is held out. */
	CHECK(about.rows > 200 && about.rows <= 300);
	CHECK_EQ_INT(about.source_count, 30);
	CHECK(about.threshold.rows > 60 && about.threshold.rows <= 100);
	CHECK(about.threshold.method == ADIT_THRESHOLD_LARGEST);
	adit_model_destroy(model);
}

/* What was learned is not held against anybody. */
static void benign_check(const char *verdicts)
{
	char *copy = strdup(verdicts), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (strstr(line, "\"domain\":\"site") != NULL &&
			(strstr(line, "\"svm\"") != NULL || strstr(line, "\"envelope\"") != NULL))
			FAIL("%s", line);
	free(copy);
}

/* Packets add up whatever happens meanwhile, new models judge from the same slice on with any
 * number of workers, and what they say stands in verdicts. */
TEST(learn, a_site_is_learned_and_judged)
{
	char capture[] = "/tmp/adit-test-XXXXXX";
	struct outcome one, three;
	uint64_t packets;
	int file;

	NEED_EAL();
	file = mkstemp(capture);
	REQUIRE(file >= 0);
	close(file);
	packets = capture_write(capture, WHOLE_S);
	REQUIRE(packets != 0);
	REQUIRE(outcome_make(&one, capture, packets, 1, LEARN_S, 0));
	REQUIRE(outcome_make(&three, capture, packets, 3, LEARN_S, 0));
	folder_check(&one, "svm");
	folder_check(&one, "envelope");
	CHECK_EQ_STR(one.verdicts, three.verdicts);
	CHECK_EQ_STR(one.svm, three.svm);
	CHECK_EQ_STR(one.envelope, three.envelope);
	CHECK_CONTAINS(one.verdicts, "\"domain\":\"veltorbi.com\"");
	CHECK_CONTAINS(one.verdicts, "\"name\":\"svm\"");
	CHECK_CONTAINS(one.verdicts, "\"name\":\"envelope\"");
	benign_check(one.verdicts);
	outcome_clear(&one);
	outcome_clear(&three);
	unlink(capture);
}

/* Too few rows in all stretches: nothing is written, and the status says that it was not done. A
 * capture that ends before is learned from as far as it goes. */
TEST(learn, too_little_and_too_long)
{
	char capture[] = "/tmp/adit-test-XXXXXX";
	struct outcome little, whole;
	uint64_t packets;
	struct bench bench;
	int file;

	NEED_EAL();
	file = mkstemp(capture);
	REQUIRE(file >= 0);
	close(file);
	packets = capture_write(capture, LITTLE_S);
	REQUIRE(packets != 0);
	snprintf(little.directory, sizeof(little.directory), "/tmp/adit-learn-XXXXXX");
	REQUIRE(mkdtemp(little.directory) != NULL);
	REQUIRE(bench_make_learning(&bench, false, 1, 100));
	/* Everything passes for a tunnel. */
	bench.config.detect_tunnel_score = 0;
	CHECK_EQ_INT(run(&bench, capture, little.directory, packets), 1);
	bench_clear(&bench);
	outcome_take(&little);
	CHECK_EQ_STR(little.svm, "");
	CHECK_EQ_STR(little.envelope, "");
	outcome_clear(&little);

	packets = capture_write(capture, WHOLE_S);
	REQUIRE(outcome_make(&whole, capture, packets, 1, 2 * WHOLE_S, 0));
	CHECK_CONTAINS(whole.svm, "rows = \"subscriber_domain\"");
	CHECK_CONTAINS(whole.envelope, "rows = \"subscriber_domain\"");
	CHECK_CONTAINS(whole.verdicts, "\"domain\":\"veltorbi.com\"");
	CHECK(strstr(whole.verdicts, "\"svm\"") == NULL);
	CHECK(strstr(whole.verdicts, "\"envelope\"") == NULL);
	outcome_clear(&whole);
	unlink(capture);
}
