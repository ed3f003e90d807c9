/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The response policy zone: what stands in it, its serial, its entries' end, and what a restart
 * finds.
 */
#include "sink_cases.h"

#include <errno.h>

static struct adit_error error;
static char path[128];

static struct adit_sink_params rpz(void)
{
	struct adit_sink_params params = case_params(ADIT_SINK_RPZ);

	snprintf(path, sizeof(path), "%s/rpz.zone", case_directory());
	params.path = path;
	return params;
}

static void clean(void)
{
	unlink(path);
	*strrchr(path, '/') = '\0';
	CHECK_EQ_INT(rmdir(path), 0);
}

static uint32_t serial(void)
{
	const char *soa = strstr(file_text(path), "SOA localhost. hostmaster.localhost. ");

	return soa != NULL ? (uint32_t)strtoul(soa + 37, NULL, 10) : 0;
}

TEST(sink_rpz, zone_holds_tunnels_and_what_is_below)
{
	struct adit_sink_params params = rpz();
	struct adit_sink sink;
	const char *text;

	params.least_score = 75;
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	CHECK_EQ_INT(serial(), START / ADIT_NS_PER_S);
	offer(&sink, "tunnel.test", 80);
	offer(&sink, "below.test", 74);
	offer(&sink, "suspect.test", 60);
	offer(&sink, NULL, 99);
	offer(&sink, "a\\.b\\032c;.test", 99);
	adit_sink_step(&sink);
	CHECK_EQ_INT(sink.status.offered, 2);
	CHECK_EQ_INT(sink.status.written, 2);
	text = file_text(path);
	CHECK_CONTAINS(text, "$ORIGIN rpz.test.\n$TTL 60\n@ SOA localhost. ");
	CHECK_CONTAINS(
		text, "\ntunnel.test CNAME . ; score 80 seen 1795331982\n*.tunnel.test CNAME .\n");
	CHECK_CONTAINS(text, "\na\\046b\\032c\\059.test CNAME . ; score 99");
	CHECK_EQ_INT(count_of(text, "CNAME"), 4);
	case_end(&sink);
	clean();
}

TEST(sink_rpz, actions)
{
	static const char *const targets[] = {
		"CNAME .", "CNAME *.", "CNAME rpz-drop.", "CNAME rpz-passthru."};

	for (size_t i = 0; i < ADIT_COUNT(targets); i++) {
		struct adit_sink_params params = rpz();
		char want[64];
		struct adit_sink sink;

		params.action = (enum adit_rpz_action)i;
		REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
		offer(&sink, "tunnel.test", 80);
		case_end(&sink);
		snprintf(want, sizeof(want), "\n*.tunnel.test %s\n", targets[i]);
		CHECK_CONTAINS(file_text(path), want);
		clean();
	}
}

TEST(sink_rpz, serial_rises_also_over_a_restart_and_a_clock_that_went_back)
{
	struct adit_sink_params params = rpz();
	struct adit_sink sink;
	uint32_t last;

	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	last = serial();
	offer(&sink, "a.test", 80);
	adit_sink_step(&sink);
	CHECK(serial() > last);
	last = serial();
	case_end(&sink);
	CHECK_EQ_INT(serial(), last);
	clock_real -= 10 * HOUR_NS;
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "b.test", 80);
	case_end(&sink);
	CHECK_EQ_INT(serial(), last + 1);
	CHECK_CONTAINS(file_text(path), "\na.test CNAME");
	CHECK_CONTAINS(file_text(path), "\nb.test CNAME");
	clean();
}

TEST(sink_rpz, serial_passes_its_last_number)
{
	struct adit_sink_params params = rpz();
	struct adit_rpz zone = {0};
	struct adit_sink sink;

	REQUIRE(adit_rpz_write(&zone, &params, UINT32_MAX, &error) == 0);
	clock_real = (UINT64_C(0x100000000) - 100) * ADIT_NS_PER_S;
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "b.test", 80);
	case_end(&sink);
	CHECK_EQ_INT(serial(), 1); /* 0 is passed over, RFC 1982: it is greater */
	clean();
}

TEST(sink_rpz, entries_end_and_what_was_seen_again_stays)
{
	struct adit_sink_params params = rpz();
	struct adit_sink sink;
	uint32_t last;

	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "a.test", 80);
	offer(&sink, "b.test", 80);
	adit_sink_step(&sink);
	last = serial();
	pass(23 * HOUR_NS);
	offer(&sink, "b.test", 90);
	adit_sink_step(&sink); /* seen again: written within the hour */
	pass(HOUR_NS - ADIT_NS_PER_S);
	adit_sink_step(&sink);
	CHECK_CONTAINS(file_text(path), "\na.test CNAME");
	pass(2 * ADIT_NS_PER_S);
	adit_sink_step(&sink);
	CHECK(strstr(file_text(path), "a.test") == NULL);
	CHECK_CONTAINS(file_text(path), "\nb.test CNAME . ; score 90");
	CHECK(serial() > last);
	case_end(&sink);
	/* And over a restart, long after. */
	pass(23 * HOUR_NS);
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	adit_sink_step(&sink);
	CHECK(strstr(file_text(path), "CNAME") == NULL);
	case_end(&sink);
	clean();
}

TEST(sink_rpz, full_zone_loses_what_was_seen_longest_ago)
{
	struct adit_sink_params params = rpz();
	struct adit_sink sink;

	params.entries = 2;
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	for (int i = 0; i < 3; i++) {
		offer(&sink, (const char *[]){"c.test", "a.test", "b.test"}[i], 80);
		adit_sink_step(&sink);
		pass(ADIT_NS_PER_S);
	}
	CHECK(strstr(file_text(path), "c.test") == NULL);
	CHECK_EQ_INT(count_of(file_text(path), "CNAME"), 4);
	CHECK_CONTAINS(sink.message, "2 domains stand in the zone");
	case_end(&sink);
	clean();
}

TEST(sink_rpz, least_time_between_zones)
{
	struct adit_sink_params params = rpz();
	struct adit_sink sink;

	params.interval_ns = 10 * ADIT_NS_PER_S;
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "a.test", 80);
	adit_sink_step(&sink);
	CHECK_EQ_INT(sink.status.written, 0);
	CHECK(strstr(file_text(path), "a.test") == NULL);
	pass(10 * ADIT_NS_PER_S);
	adit_sink_step(&sink);
	CHECK_EQ_INT(sink.status.written, 1);
	CHECK_CONTAINS(file_text(path), "a.test");
	case_end(&sink);
	clean();
}

/* A zone that can't be written: the one before stays whole, records wait, the end counts them. */
TEST(sink_rpz, zone_that_cannot_be_written)
{
	struct adit_sink_params params = rpz();
	struct adit_sink sink;
	char beside[160];
	uint32_t last;

	snprintf(beside, sizeof(beside), "%s.new", path);
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	last = serial();
	REQUIRE(mkdir(beside, 0700) == 0);
	offer(&sink, "a.test", 80);
	adit_sink_step(&sink);
	CHECK_EQ_INT(sink.status.written, 0);
	CHECK(sink.status.failing);
	CHECK_EQ_INT(serial(), last);
	CHECK_EQ_INT(rmdir(beside), 0);
	pass(ADIT_NS_PER_S);
	adit_sink_step(&sink);
	CHECK_EQ_INT(sink.status.written, 1);
	CHECK(mkdir(beside, 0700) == 0);
	offer(&sink, "b.test", 80);
	adit_sink_stop(&sink);
	while (adit_sink_step(&sink) >= 0)
		pass(100 * ADIT_NS_PER_MS);
	sink.ops->end(&sink);
	CHECK_EQ_INT(sink.status.dropped, 1);
	adit_sink_close(&sink);
	CHECK_EQ_INT(rmdir(beside), 0);
	CHECK_CONTAINS(file_text(path), "\na.test CNAME");
	clean();
}

TEST(sink_rpz, file_of_others_is_left_alone)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"$TTL 60\n", ":1: no zone that adit wrote: \"$TTL 60\""},
		{"; adit.rpz/1\n", "it has no SOA record"},
		{"; adit.rpz/1\n@ SOA localhost. hostmaster.localhost. 7 1\na.test A 192.0.2.1\n",
			":3: no zone that adit wrote: \"a.test A 192.0.2.1\""},
		{"", "it has no SOA record"},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_sink_params params = rpz();
		struct adit_sink sink;

		file_write(path, rows[i].text);
		CHECK_EQ_INT(adit_sink_open(&sink, &params, &case_host, &error), -EINVAL);
		CHECK_CONTAINS(error.text, rows[i].message);
		adit_sink_close(&sink);
		CHECK_EQ_STR(file_text(path), rows[i].text);
		clean();
	}
}

/* What is muted leaves the zone at once, does not come back from the queue, and may come again when
 * the mute is over. */
TEST(sink_rpz, muted_domains_leave_the_zone)
{
	struct adit_sink_params params = rpz();
	struct adit_wire_name muted[2];
	struct adit_sinks *sinks = NULL;
	struct adit_verdict verdict;
	struct adit_sink_status status;
	const struct adit_mute mute = {.reason = NULL};

	REQUIRE(adit_sinks_create(&sinks, &params, 1, &case_host, &error) == 0);
	verdict = case_verdict("a.test", 90);
	adit_sinks_offer(sinks, &verdict, NULL);
	verdict = case_verdict("x.b.test", 90);
	adit_sinks_offer(sinks, &verdict, NULL);
	verdict = case_verdict("c.test", 90);
	adit_sinks_offer(sinks, &verdict, NULL);
	muted[0] = case_verdict("a.test", 90).domain;
	muted[1] = case_verdict("b.test", 90).domain;
	/* Muted while their records wait: they never come to stand there. */
	CHECK_EQ_INT(adit_sinks_mute(sinks, muted, 2), 0);
	REQUIRE(adit_sinks_start(sinks, &error) == 0);
	do {
		adit_sinks_status(sinks, 0, &status);
		usleep(1000);
	} while (status.queued != 0);
	CHECK_EQ_INT(status.written, 3);
	CHECK_EQ_INT(count_of(file_text(path), "test CNAME"), 2);
	CHECK_CONTAINS(file_text(path), "\nc.test CNAME");
	/* And what stands there goes. */
	muted[0] = case_verdict("c.test", 90).domain;
	CHECK_EQ_INT(adit_sinks_mute(sinks, muted, 1), 0);
	for (int i = 0; i < 5000 && count_of(file_text(path), "CNAME") != 0; i++)
		usleep(1000);
	CHECK_EQ_INT(count_of(file_text(path), "CNAME"), 0);
	/* Over: what is found after is there again; what is marked as muted is not. */
	CHECK_EQ_INT(adit_sinks_mute(sinks, NULL, 0), 0);
	verdict = case_verdict("c.test", 90);
	adit_sinks_offer(sinks, &verdict, NULL);
	verdict = case_verdict("a.test", 90);
	verdict.muted = &mute;
	adit_sinks_offer(sinks, &verdict, NULL);
	adit_sinks_destroy(sinks);
	CHECK_CONTAINS(file_text(path), "\nc.test CNAME");
	CHECK_EQ_INT(count_of(file_text(path), "CNAME"), 2);
	clean();
}
