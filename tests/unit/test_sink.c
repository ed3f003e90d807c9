/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What all sinks have in common, and the file of JSON Lines.
 */
#include "sink_cases.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

static struct adit_error error;
static char path[128];

static struct adit_sink_params jsonl(void)
{
	struct adit_sink_params params = case_params(ADIT_SINK_JSONL);

	snprintf(path, sizeof(path), "%s/v.jsonl", case_directory());
	params.path = path;
	return params;
}

static const char *numbered(unsigned number)
{
	static char name[160];

	snprintf(name, sizeof(name), "%s.%u", path, number);
	return name;
}

static void clean(void)
{
	for (unsigned i = 1; i < 10; i++)
		unlink(numbered(i));
	unlink(path);
	*strrchr(path, '/') = '\0';
	CHECK_EQ_INT(rmdir(path), 0);
}

TEST(sink, filter)
{
	static char *const only[] = {"example.com", "Org"}, *const never[] = {"bad.example.com"};
	static const struct {
		const char *domain;
		uint32_t score;
		bool passes;
	} rows[] = {
		{"example.com", 80, true},
		{"a.example.com", 80, true},
		{"notexample.com", 80, false},
		{"bad.example.com", 80, false},
		{"x.bad.example.com", 80, false},
		{"anything.org", 60, true},
		{"anything.org", 59, false},
		{"example.net", 99, false},
		{NULL, 99, false},
	};
	struct adit_sink_params params = case_params(ADIT_SINK_JSONL);
	struct adit_sink_filter filter = {0};
	struct adit_verdict verdict;

	params.least_score = 60;
	params.only = (struct adit_sink_strings){only, 2};
	params.never = (struct adit_sink_strings){never, 1};
	REQUIRE(adit_filter_make(&filter, &params, &error) == 0);
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		verdict = case_verdict(rows[i].domain, rows[i].score);
		if (adit_filter_passes(&filter, &params, &verdict) != rows[i].passes)
			FAIL("row %zu", i);
	}
	verdict = case_verdict("example.com", 80);
	params.states = 1u << ADIT_STATE_CLOSED;
	CHECK(!adit_filter_passes(&filter, &params, &verdict));
	params.states = 7;
	params.verdicts = 1u << ADIT_VERDICT_SUSPECT;
	CHECK(!adit_filter_passes(&filter, &params, &verdict));
	adit_filter_clear(&filter);
	params.only = (struct adit_sink_strings){&(char *){"a..b"}, 1};
	CHECK_EQ_INT(adit_filter_make(&filter, &params, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "'a..b' is no domain; expected one such as example.com");
	adit_filter_clear(&filter);
}

/* Without subscribers: none is named, their number stays. */
TEST(sink, subscribers_are_left_out)
{
	struct adit_verdict verdict = case_verdict("example.com", 80);
	struct adit_event *whole, *bare;
	struct adit_name name;

	adit_name_from_text("7.0.45.10.in-addr.arpa", &name);
	verdict.sample_count = 1;
	verdict.sample[0].size = name.size;
	memcpy(verdict.sample[0].wire, name.wire, name.size);
	whole = adit_event_make(&verdict, NULL, true);
	bare = adit_event_make(&verdict, NULL, false);
	CHECK_CONTAINS(whole->line, "10.45.0.7");
	CHECK_CONTAINS(whole->line, "in-addr.arpa");
	CHECK(strstr(bare->line, "10.45.0.7") == NULL && strstr(bare->line, "arpa") == NULL);
	CHECK_CONTAINS(bare->line, "\"subscribers\":[],\"subscribers_total\":1");
	CHECK_EQ_STR(bare->subscriber, "");
	adit_event_release(whole);
	adit_event_release(bare);
}

TEST(sink, full_queue_drops_and_counts)
{
	for (int oldest = 0; oldest < 2; oldest++) {
		struct adit_sink_params params = jsonl();
		struct adit_sink sink;
		const char *text;

		params.queue = 2;
		params.drop_oldest = oldest == 1;
		REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
		offer(&sink, "a.test", 80);
		offer(&sink, "b.test", 80);
		offer(&sink, "c.test", 80);
		CHECK_EQ_INT(sink.status.dropped, 1);
		CHECK_CONTAINS(sink.message, "2 records wait");
		CHECK_EQ_INT(adit_sink_step(&sink), 1000);
		CHECK_EQ_INT(sink.status.written, 2);
		text = file_text(path);
		CHECK((strstr(text, "\"a.test\"") != NULL) == (oldest == 0));
		CHECK((strstr(text, "\"c.test\"") != NULL) == (oldest == 1));
		case_end(&sink);
		clean();
	}
}

/* A file that may not grow, as on a full disk: no half line, nothing lost, nothing twice. */
TEST(sink, what_did_not_fit_is_written_later_and_once)
{
	struct adit_sink_params params = jsonl();
	struct rlimit before, small;
	struct adit_sink sink;
	const char *text;
	size_t size;

	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "a.test", 80);
	CHECK_EQ_INT(adit_sink_step(&sink), 1000);
	size = strlen(file_text(path));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){size + size / 2, before.rlim_max};
	offer(&sink, "b.test", 80);
	offer(&sink, "c.test", 80);
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK_EQ_INT(adit_sink_step(&sink), 100);
	pass(100 * ADIT_NS_PER_MS);
	CHECK_EQ_INT(adit_sink_step(&sink), 200);
	setrlimit(RLIMIT_FSIZE, &before);
	CHECK_EQ_INT(strlen(file_text(path)), size);
	CHECK(sink.status.failing);
	CHECK_EQ_INT(sink.status.retried, 2);
	CHECK_EQ_INT(sink.status.written, 1);
	CHECK_CONTAINS(sink.message, "it is tried again, and records wait");
	sink.message[0] = '\0';
	pass(199 * ADIT_NS_PER_MS);
	CHECK_EQ_INT(adit_sink_step(&sink), 1);
	pass(ADIT_NS_PER_MS);
	CHECK_EQ_INT(adit_sink_step(&sink), 1000);
	CHECK_EQ_STR(sink.message, "works again");
	text = file_text(path);
	CHECK_EQ_INT(count_of(text, "\n"), 3);
	CHECK_EQ_INT(count_of(text, "\"b.test\""), 1);
	CHECK_EQ_INT(count_of(text, "\"c.test\""), 1);
	case_end(&sink);
	clean();
}

TEST(sink, restart_goes_on_behind_the_last_line_and_ends_a_cut_one)
{
	struct adit_sink_params params = jsonl();
	struct adit_sink sink;

	file_write(path, "{\"whole\":1}\n{\"cut");
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	CHECK_CONTAINS(sink.message, "its last line was cut");
	offer(&sink, "a.test", 80);
	case_end(&sink);
	CHECK_CONTAINS(file_text(path), "{\"whole\":1}\n{\"cut\n{\"schema\":");
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	CHECK_EQ_STR(sink.message, "");
	case_end(&sink);
	CHECK_EQ_INT(count_of(file_text(path), "\n"), 3);
	clean();
}

TEST(sink, two_writers_of_a_file_are_refused)
{
	struct adit_sink_params params = jsonl();
	struct adit_sink sink, other;

	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	CHECK_EQ_INT(adit_sink_open(&other, &params, &case_host, &error), -EBUSY);
	CHECK_CONTAINS(error.text, "another program writes it");
	adit_sink_close(&other);
	case_end(&sink);
	unlink(path);
	REQUIRE(mkfifo(path, 0600) == 0);
	CHECK_EQ_INT(adit_sink_open(&other, &params, &case_host, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "expected a regular file");
	adit_sink_close(&other);
	clean();
}

TEST(sink, rotation_by_size_keeps_so_many)
{
	struct adit_sink_params params = jsonl();
	struct adit_sink sink;
	char domain[32];
	size_t size;

	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "d0.test", 80);
	adit_sink_step(&sink);
	size = strlen(file_text(path));
	sink.params.rotate_bytes = 2 * size;
	for (int i = 1; i < 11; i++) {
		snprintf(domain, sizeof(domain), "d%d.test", i % 10);
		offer(&sink, domain, 80);
	}
	adit_sink_step(&sink);
	CHECK_EQ_INT(sink.status.written, 11);
	CHECK_EQ_INT(count_of(file_text(path), "\n"), 1);
	for (unsigned i = 1; i <= 3; i++)
		CHECK_EQ_INT(count_of(file_text(numbered(i)), "\n"), 2);
	CHECK_CONTAINS(file_text(numbered(1)), "\"d8.test\"");
	CHECK_CONTAINS(file_text(numbered(3)), "\"d4.test\"");
	CHECK(access(numbered(4), F_OK) != 0);
	case_end(&sink);
	clean();
}

TEST(sink, rotation_by_time_without_a_new_record)
{
	struct adit_sink_params params = jsonl();
	struct adit_sink sink;

	params.rotate_ns = HOUR_NS;
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "a.test", 80);
	adit_sink_step(&sink);
	pass(HOUR_NS / 2);
	adit_sink_step(&sink);
	CHECK_EQ_INT(count_of(file_text(path), "\n"), 1);
	pass(HOUR_NS / 2); /* 08:19: the clock has passed 08:00 */
	adit_sink_step(&sink);
	CHECK_EQ_STR(file_text(path), "");
	CHECK_EQ_INT(count_of(file_text(numbered(1)), "\n"), 1);
	pass(HOUR_NS); /* an empty file is not rotated */
	adit_sink_step(&sink);
	CHECK(access(numbered(2), F_OK) != 0);
	case_end(&sink);
	clean();
}

TEST(sink, file_that_was_moved_away_is_begun_anew)
{
	struct adit_sink_params params = jsonl();
	struct adit_sink sink;

	params.fsync = ADIT_FSYNC_EACH;
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "a.test", 80);
	adit_sink_step(&sink);
	CHECK_EQ_INT(rename(path, numbered(9)), 0);
	offer(&sink, "b.test", 80);
	adit_sink_step(&sink);
	CHECK_CONTAINS(file_text(path), "\"b.test\"");
	CHECK_EQ_INT(count_of(file_text(path), "\n"), 1);
	case_end(&sink);
	clean();
}

/* Threads of several sinks, one of which can't write: the others are not held up. */
TEST(sink, dead_one_delays_no_other)
{
	struct adit_sink_params params[2] = {jsonl(), case_params(ADIT_SINK_SYSLOG)};
	struct adit_verdict verdict = case_verdict("a.test", 80);
	struct adit_sink_status status;
	struct adit_sinks *sinks;
	char text[512];

	params[1].name = "dead";
	params[1].transport = ADIT_SYSLOG_UNIX;
	params[1].address = "/nonexistent/socket";
	params[1].queue = 10;
	params[1].linger_ms = 0;
	REQUIRE(adit_sinks_create(&sinks, params, 2, &case_host, &error) == 0);
	REQUIRE(adit_sinks_start(sinks, &error) == 0);
	CHECK_EQ_INT(adit_sinks_count(sinks), 2);
	for (int i = 0; i < 50; i++)
		adit_sinks_offer(sinks, &verdict, NULL);
	adit_sinks_stop(sinks);
	adit_sinks_status(sinks, 0, &status);
	CHECK_EQ_INT(status.written, 50);
	CHECK_EQ_STR(status.type, "jsonl");
	adit_sinks_status(sinks, 1, &status);
	CHECK_EQ_STR(status.name, "dead");
	CHECK_EQ_INT(status.written, 0);
	CHECK_EQ_INT(status.dropped, 50);
	CHECK_EQ_INT(status.queued, 0);
	CHECK_CONTAINS(status.error, "/nonexistent/socket: No such file or directory");
	REQUIRE(adit_sinks_message(sinks, text));
	CHECK_CONTAINS(text, "sink dead: ");
	adit_sinks_destroy(sinks);
	clean();
}

TEST(sink, error_names_the_sink)
{
	struct adit_sink_params params = case_params(ADIT_SINK_JSONL);
	struct adit_sinks *sinks;

	params.path = "/nonexistent/v.jsonl";
	CHECK_EQ_INT(adit_sinks_create(&sinks, &params, 1, &case_host, &error), -ENOENT);
	CHECK_EQ_STR(error.text, "sink it: /nonexistent/v.jsonl: No such file or directory");
	CHECK(sinks == NULL);
}

TEST(sink, records_of_muted_domains_are_for_who_wants_them)
{
	static const struct adit_mute mute = {.reason = NULL};
	struct adit_verdict verdict = case_verdict("a.test", 90);
	struct adit_sink_filter filter = {.only_count = 0};

	for (int type = ADIT_SINK_JSONL; type <= ADIT_SINK_WEBHOOK; type++) {
		struct adit_sink_params params = case_params((enum adit_sink_type)type);

		verdict.muted = NULL;
		CHECK(adit_filter_passes(&filter, &params, &verdict));
		verdict.muted = &mute;
		CHECK(!adit_filter_passes(&filter, &params, &verdict));
		params.muted = true;
		CHECK_EQ_INT(adit_filter_passes(&filter, &params, &verdict), type != ADIT_SINK_RPZ);
	}
}

/* A new file when somebody asks, however small the old one is; an empty one is new already. */
TEST(sink, a_file_is_rotated_when_it_is_asked_for)
{
	struct adit_sink_params params = case_params(ADIT_SINK_JSONL);
	char place[128], old[140], error_text[256] = "";
	struct adit_sinks *sinks = NULL;
	struct adit_verdict verdict = case_verdict("a.test", 90);
	struct adit_sink_status status;
	struct adit_error why;
	const char *name = NULL;

	snprintf(place, sizeof(place), "%s/it.jsonl", case_directory());
	snprintf(old, sizeof(old), "%s.1", place);
	params.path = place;
	REQUIRE(adit_sinks_create(&sinks, &params, 1, &case_host, &why) == 0);
	CHECK_EQ_INT(adit_sinks_rotate(sinks), 1);
	CHECK_EQ_INT(adit_sinks_rotating(sinks, &name, error_text), 1);
	CHECK_EQ_STR(name, "it");
	REQUIRE(adit_sinks_start(sinks, &why) == 0);
	while (adit_sinks_rotating(sinks, &name, error_text) != 0)
		usleep(1000);
	CHECK(access(old, F_OK) != 0);
	adit_sinks_offer(sinks, &verdict, NULL);
	do {
		adit_sinks_status(sinks, 0, &status);
		usleep(1000);
	} while (status.queued != 0);
	CHECK_EQ_INT(adit_sinks_rotate(sinks), 1);
	while (adit_sinks_rotating(sinks, &name, error_text) != 0)
		usleep(1000);
	CHECK_CONTAINS(file_text(old), "\"domain\":\"a.test\"");
	CHECK_EQ_STR(file_text(place), "");
	adit_sinks_destroy(sinks);
	unlink(old);
	unlink(place);
	*strrchr(place, '/') = '\0';
	CHECK_EQ_INT(rmdir(place), 0);
}
