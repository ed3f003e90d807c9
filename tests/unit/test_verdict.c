/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_dns.h"
#include "adit_verdict.h"
#include "harness.h"
#include "verdict_cases.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check_record(const struct adit_verdict *v, const char *want)
{
	struct sink sink;

	sink_open(&sink);
	CHECK_EQ_INT(adit_verdict_write_json(v, NULL, sink.file), 0);
	/* Flushed: the bytes are there before the file is closed. */
	CHECK_EQ_STR(sink.text, want);
	fclose(sink.file);
	free(sink.text);
}

/* The record as a reader gets it; the caller releases it. */
static json_t *read_back(const struct adit_verdict *v)
{
	struct sink sink;
	json_t *object;

	sink_open(&sink);
	CHECK_EQ_INT(adit_verdict_write_json(v, NULL, sink.file), 0);
	fclose(sink.file);
	CHECK(strchr(sink.text, '\n') == sink.text + sink.size - 1);
	object = json_loadb(sink.text, sink.size, JSON_REJECT_DUPLICATES, NULL);
	CHECK(object != NULL);
	free(sink.text);
	return object;
}

TEST(verdict_json, full_record)
{
	struct adit_verdict v;

	fill(&v);
	check_record(&v, full_record);
	check_record(&v, full_record);
}

TEST(verdict_json, minimal_record)
{
	struct adit_verdict v = {0};

	check_record(&v, minimal_record);
}

TEST(verdict_json, states)
{
	static const char *const names[] = {"open", "update", "closed"};

	for (size_t i = 0; i < ADIT_COUNT(names); i++) {
		struct adit_verdict v = {.state = (enum adit_verdict_state)i};
		json_t *object = read_back(&v);

		CHECK_EQ_STR(json_string_value(json_object_get(object, "state")), names[i]);
		json_decref(object);
	}
}

TEST(verdict_json, names_survive_with_every_octet)
{
	for (unsigned octet = 0; octet < 256; octet++) {
		struct adit_verdict v = {.sample_count = 1};
		struct adit_name again;
		json_t *object;
		const char *text;

		v.sample[0] = (struct adit_wire_name){5, {3, 'x', (uint8_t)octet, 'y', 0}};
		v.domain = v.sample[0];
		object = read_back(&v);
		text = json_string_value(
			json_array_get(json_object_get(object, "sample_qnames"), 0));
		CHECK_EQ_STR(json_string_value(json_object_get(object, "domain")), text);
		REQUIRE(text != NULL);
		for (const char *at = text; *at; at++)
			CHECK(*at > 0x20 && *at < 0x7f);
		CHECK_EQ_INT(adit_name_from_text(text, &again), 0);
		CHECK_EQ_INT(again.size, 5);
		CHECK_EQ_MEM(again.wire, v.sample[0].wire, 5);
		json_decref(object);
	}
}

TEST(verdict_json, longest_name)
{
	struct adit_verdict v = {.sample_count = 1};
	struct adit_wire_name *name = &v.sample[0];
	json_t *object;

	name->size = 255;
	for (size_t i = 0; i < 254; i++)
		name->wire[i] = i % 64 == 0 ? (uint8_t)(i < 192 ? 63 : 61) : 0xff;
	object = read_back(&v);
	CHECK_EQ_INT(
		json_string_length(json_array_get(json_object_get(object, "sample_qnames"), 0)),
		4 * 250 + 3);
	json_decref(object);
}

TEST(verdict_json, text_of_any_octets_is_valid_json)
{
	struct adit_verdict v = {.tool = "t\xff\x1b\n\"", .reason_count = 1};
	json_t *object;

	v.reason[0] = (struct adit_reason){"gr\xc3\xbc\xc3\x9f\x65", 1, 1};
	object = read_back(&v);
	CHECK_EQ_STR(json_string_value(json_object_get(object, "tool")), "t\\255\\027\\010\"");
	CHECK_EQ_STR(json_string_value(json_object_get(
			     json_array_get(json_object_get(object, "reasons"), 0), "name")),
		"gr\xc3\xbc\xc3\x9f\x65");
	json_decref(object);
}

TEST(verdict_json, numbers_at_their_limits)
{
	struct adit_verdict v = {.reason_count = 3,
		.queries = UINT64_MAX,
		.id = UINT64_MAX,
		.window_end_ns = UINT64_MAX};
	struct sink sink;

	v.reason[0] = (struct adit_reason){"a", 123456789, 1e-9};
	v.reason[1] = (struct adit_reason){"b", NAN, INFINITY};
	v.reason[2] = (struct adit_reason){"c", 1.0 / 3, -2.5};
	sink_open(&sink);
	CHECK_EQ_INT(adit_verdict_write_json(&v, NULL, sink.file), 0);
	fclose(sink.file);
	CHECK_CONTAINS(sink.text, "{\"name\":\"a\",\"value\":1.23457e8,\"threshold\":1e-9}");
	CHECK_CONTAINS(sink.text, "{\"name\":\"b\",\"value\":null,\"threshold\":null}");
	CHECK_CONTAINS(sink.text, "{\"name\":\"c\",\"value\":0.333333,\"threshold\":-2.5}");
	CHECK_CONTAINS(sink.text, "\"queries\":9223372036854775807,");
	CHECK_CONTAINS(sink.text, "\"id\":\"ffffffffffffffff\"");
	CHECK_CONTAINS(sink.text, "\"window_end\":\"2554-07-21T23:34:33.709551615Z\"");
	free(sink.text);
}

TEST(verdict_json, counts_past_the_lists_are_cut)
{
	struct adit_verdict *v = calloc(1, sizeof(*v));
	json_t *object, *subscriber;

	REQUIRE(v != NULL);
	for (size_t i = 0; i < ADIT_VERDICT_REASONS; i++)
		v->reason[i].name = "r";
	v->reason_count = v->subscriber_count = v->sample_count = 1000;
	v->subscriber[3].bearer_count = 1000;
	v->subscriber[3].bearer[ADIT_VERDICT_BEARERS - 1].outer = address_v4(192, 0, 2, 9);
	object = read_back(v);
	CHECK_EQ_INT(json_array_size(json_object_get(object, "reasons")), ADIT_VERDICT_REASONS);
	CHECK_EQ_INT(
		json_array_size(json_object_get(object, "subscribers")), ADIT_VERDICT_SUBSCRIBERS);
	CHECK_EQ_INT(
		json_array_size(json_object_get(object, "sample_qnames")), ADIT_VERDICT_SAMPLES);
	subscriber = json_array_get(json_object_get(object, "subscribers"), 3);
	CHECK_EQ_INT(json_array_size(json_object_get(subscriber, "bearers")), ADIT_VERDICT_BEARERS);
	CHECK_EQ_STR(json_string_value(json_object_get(subscriber, "outer")), "192.0.2.9");
	json_decref(object);
	free(v);
}

TEST(verdict_reference, the_page_is_current)
{
	static const char begin[] = "<!-- fields: generated, do not edit -->\n";
	static const char end[] = "<!-- end of fields -->\n";
	char path[4096], *page = NULL;
	struct sink sink;
	FILE *file;
	size_t room = 0;
	ssize_t size;

	sink_open(&sink);
	CHECK_EQ_INT(adit_verdict_write_reference(sink.file), 0);
	fclose(sink.file);
	snprintf(path, sizeof(path), "%s/docs/verdicts.md", harness_source_root());
	file = fopen(path, "r");
	size = file ? getdelim(&page, &room, '\0', file) : -1;
	if (file)
		fclose(file);
	if (size > 0) {
		char *from = strstr(page, begin), *to = strstr(page, end);

		CHECK(from != NULL && to != NULL);
		if (from && to)
			*to = '\0';
		if (!from || strcmp(from + strlen(begin), sink.text) != 0) {
			FAIL("%s: the field table is not the one printed here", path);
			puts(sink.text);
		}
	} else {
		FAIL("cannot read %s", path);
	}
	free(page);
	free(sink.text);
}

/* Each key of the object, and of those inside it, is in the reference, in the same order. Returns
 * where to go on. */
static const char *check_keys(const json_t *object, const char *within, const char *at)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		char row[128], inside[128];

		snprintf(row, sizeof(row), "\n| `%.64s%.40s` |", within, key);
		at = at ? strstr(at, row) : NULL;
		if (at == NULL)
			FAIL("no row%s", row);
		snprintf(inside, sizeof(inside), "%.64s%.40s%s.", within, key,
			json_is_array(value) ? "[]" : "");
		if (json_is_array(value))
			value = json_array_get(value, 0);
		if (at && json_is_object(value))
			at = check_keys(value, inside, at);
	}
	return at;
}

TEST(verdict_reference, names_every_key)
{
	struct adit_verdict v;
	struct sink sink;
	json_t *object;

	fill(&v);
	object = read_back(&v);
	sink_open(&sink);
	CHECK_EQ_INT(adit_verdict_write_reference(sink.file), 0);
	fclose(sink.file);
	CHECK(check_keys(object, "", sink.text) != NULL);
	CHECK_CONTAINS(sink.text, "\n| `subscribers[].encrypted_dns.doh.bytes` | integer |");
	json_decref(object);
	free(sink.text);
}

TEST(verdict_csv, header_and_rows)
{
	static const char *const names[] = {"queries", "unique_share", "entropy", "broken"};
	struct adit_feature_row row = {.window_start_ns = START,
		.window_end_ns = START + 1,
		.span = "10min",
		.kind = "subscriber_domain",
		.has_subscriber = true,
		.score = 7,
		.subscriber = address_v4(10, 45, 0, 7),
		.value = {412, 0.98765432, -0.0, NAN}};
	struct sink sink;

	sink_open(&sink);
	CHECK_EQ_INT(adit_feature_write_header(names, ADIT_COUNT(names), sink.file), 0);
	row.tap = 2;
	row.vlan = 100;
	set_name(&row.domain, "a,b.\\\"c.example");
	CHECK_EQ_INT(adit_feature_write_row(&row, ADIT_COUNT(names), NULL, sink.file), 0);
	row = (struct adit_feature_row){.span = "",
		.kind = "subscriber_server",
		.has_server = true,
		.server = address_v6(1),
		.value = {9007199254740991.0, 1e300, -12345678.5, 1e-7}};
	CHECK_EQ_INT(adit_feature_write_row(&row, ADIT_COUNT(names), NULL, sink.file), 0);
	fclose(sink.file);
	CHECK_EQ_STR(sink.text,
		"window_start,window_end,span,kind,domain,subscriber,server,score,"
		"tap,vlan,queries,unique_share,entropy,broken\n"
		"2026-11-22T07:19:42Z,2026-11-22T07:19:42.000000001Z,10min,subscriber_domain,"
		"\"a,b.\\\"\"c.example\",10.45.0.7,,7,2,100,412,0.98765432,0,\n"
		"1970-01-01T00:00:00Z,1970-01-01T00:00:00Z,,subscriber_server,"
		",,2001:db8::1,0,,,9007199254740991,1e+300,-12345678.5,1e-07\n");
	free(sink.text);
}

/* The longest row there can be fits its buffer. */
TEST(verdict_csv, longest_row)
{
	struct adit_feature_row row = {.window_start_ns = UINT64_MAX,
		.window_end_ns = UINT64_MAX,
		.span = "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""
			"\""
			"\"",
		.kind = "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""
			"\"",
		.has_subscriber = true,
		.has_server = true,
		.score = UINT32_MAX};
	struct sink sink;
	size_t commas = 0;

	row.domain.size = 255;
	for (size_t i = 0; i < 254; i++)
		row.domain.wire[i] = i % 64 == 0 ? (uint8_t)(i < 192 ? 63 : 61) : '"';
	row.subscriber.is_v6 = row.server.is_v6 = 1;
	memset(row.subscriber.bytes, 0xff, 16);
	memset(row.server.bytes, 0xff, 16);
	for (size_t i = 0; i < ADIT_FEATURE_MAX; i++)
		row.value[i] = i % 2 ? -9007199254740991.0 : -1.23456789e-300;
	sink_open(&sink);
	CHECK_EQ_INT(adit_feature_write_row(&row, SIZE_MAX, NULL, sink.file), 0);
	fclose(sink.file);
	for (const char *at = sink.text; *at; at++)
		commas += *at == ',';
	CHECK_EQ_INT(commas, 9 + ADIT_FEATURE_MAX);
	CHECK_EQ_INT(sink.text[sink.size - 1], '\n');
	free(sink.text);
}

TEST(verdict_csv, encrypted)
{
	struct adit_encrypted_row row = {.window_start_ns = START,
		.window_end_ns = START + 10 * ADIT_NS_PER_S,
		.subscriber = address_v4(10, 45, 0, 7),
		.tap = 2,
		.tap_name = "west, upper",
		.vlan = 100,
		.vlan_inner = 200,
		.count = {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, UINT64_MAX}},
		.resolver = address_v4(192, 0, 2, 53)};
	struct sink sink;

	sink_open(&sink);
	CHECK_EQ_INT(adit_encrypted_write_header(sink.file), 0);
	CHECK_EQ_INT(adit_encrypted_write_row(&row, NULL, sink.file), 0);
	row = (struct adit_encrypted_row){.subscriber = address_v6(1), .resolver = address_v6(2)};
	CHECK_EQ_INT(adit_encrypted_write_row(&row, NULL, sink.file), 0);
	fclose(sink.file);
	CHECK_EQ_STR(sink.text,
		"window_start,window_end,subscriber,tap,tap_name,vlan,vlan_inner,"
		"dot_packets_up,dot_bytes_up,dot_packets_down,dot_bytes_down,"
		"doq_packets_up,doq_bytes_up,doq_packets_down,doq_bytes_down,"
		"doh_packets_up,doh_bytes_up,doh_packets_down,doh_bytes_down,resolver\n"
		"2026-11-22T07:19:42Z,2026-11-22T07:19:52Z,10.45.0.7,2,\"west, upper\",100,200,"
		"1,3,2,4,5,7,6,8,9,11,10,18446744073709551615,192.0.2.53\n"
		"1970-01-01T00:00:00Z,1970-01-01T00:00:00Z,2001:db8::1,0,,,,"
		"0,0,0,0,0,0,0,0,0,0,0,0,2001:db8::2\n");
	free(sink.text);
}

static const struct adit_stats_counter outcomes[] = {{"dns_query", 600}, {"dns_response", 400}};
static const struct adit_stats_counter drops[] = {{"ring_full", UINT64_MAX}};
static const struct adit_stats_counter dns[] = {{"queries", 600}, {"responses", 400}};
static const struct adit_stats_group groups[] = {{"dns", dns, 2}, {"tables", NULL, 0}};
static const struct adit_stats_queue queues[] = {{700, 1}, {300, 0}};
static const struct adit_stats_port ports[] = {
	{0, "net_af_packet0", "net_af_packet", 1000, 2, 3, 4, queues, 2}};
static const struct adit_stats_worker workers[] = {{990, 10}};

static const struct adit_stats full_stats = {.received = 1000,
	.outcomes = outcomes,
	.outcome_count = 2,
	.groups = groups,
	.group_count = 2,
	.drops = drops,
	.drop_count = 1,
	.ports = ports,
	.port_count = 1,
	.workers = workers,
	.worker_count = 1,
	.selfchecked = true,
	.selfcheck_subscribers = 50,
	.selfcheck_split = 1,
	.elapsed_s = 0.125,
	.complete = true};

TEST(verdict_stats, document)
{
	struct sink sink;
	json_t *document,
		*want = json_pack(
			"{s:s,s:b,s:n,s:{s:i,s:{s:i,s:i}},s:{s:I},"
			"s:[{s:i,s:s,s:s,s:i,s:i,s:i,s:i,s:[{s:i,s:i,s:i},{s:i,s:i,s:i}]}],"
			"s:[{s:i,s:i,s:i}],s:{s:i,s:i},s:{s:i,s:i},s:{},s:f,s:i}",
			"schema", "adit.stats/1", "complete", 1, "problem", "packets", "received",
			1000, "outcomes", "dns_query", 600, "dns_response", 400, "drops",
			"ring_full", (json_int_t)INT64_MAX, "ports", "port", 0, "device",
			"net_af_packet0", "driver", "net_af_packet", "received", 1000, "missed", 2,
			"no_buffer", 3, "errors", 4, "queues", "queue", 0, "packets", 700, "errors",
			1, "queue", 1, "packets", 300, "errors", 0, "workers", "worker", 0,
			"packets", 990, "queue_full", 10, "selfcheck", "subscribers", 50, "split",
			1, "dns", "queries", 600, "responses", 400, "tables", "elapsed_s", 0.125,
			"packets_per_second", 8000);

	sink_open(&sink);
	CHECK_EQ_INT(adit_stats_write_json(&full_stats, sink.file), 0);
	/* Flushed, indented, and a newline at the end. */
	CHECK_CONTAINS(sink.text, "{\n  \"schema\": \"adit.stats/1\",\n  \"complete\": true,\n");
	CHECK_EQ_INT(sink.text[sink.size - 1], '\n');
	document = json_loadb(sink.text, sink.size, JSON_REJECT_DUPLICATES, NULL);
	CHECK(want != NULL && json_equal(document, want));
	fclose(sink.file);
	free(sink.text);
	json_decref(document);
	json_decref(want);
}

TEST(verdict_stats, odd_times_and_texts)
{
	static const double elapsed[] = {0, -1, NAN, INFINITY, 1e-300};

	for (size_t i = 0; i < ADIT_COUNT(elapsed); i++) {
		struct adit_stats stats = {.received = 1000,
			.elapsed_s = elapsed[i],
			.problem = "cannot read \xff.pcap"};
		struct sink sink;
		json_t *document, *rate;

		sink_open(&sink);
		CHECK_EQ_INT(adit_stats_write_json(&stats, sink.file), 0);
		fclose(sink.file);
		document = json_loadb(sink.text, sink.size, JSON_REJECT_DUPLICATES, NULL);
		rate = json_object_get(document, "packets_per_second");
		CHECK_EQ_INT(json_integer_value(rate), i == 4 ? INT64_MAX : 0);
		CHECK(json_is_integer(rate));
		CHECK(json_is_false(json_object_get(document, "complete")));
		CHECK_EQ_STR(json_string_value(json_object_get(document, "problem")),
			"cannot read \\255.pcap");
		json_decref(document);
		free(sink.text);
	}
}

TEST(verdict_text, time)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00Z"},
		{1, "1970-01-01T00:00:00.000000001Z"},
		{999999999, "1970-01-01T00:00:00.999999999Z"},
		{START, "2026-11-22T07:19:42Z"},
		{START + 500 * ADIT_NS_PER_MS, "2026-11-22T07:19:42.5Z"},
		{START + ADIT_NS_PER_US, "2026-11-22T07:19:42.000001Z"},
		{UINT64_C(951782400) * ADIT_NS_PER_S, "2000-02-29T00:00:00Z"},
		{UINT64_C(4107542400) * ADIT_NS_PER_S - 1, "2100-02-28T23:59:59.999999999Z"},
		{UINT64_C(4107542400) * ADIT_NS_PER_S, "2100-03-01T00:00:00Z"},
		{UINT64_MAX, "2554-07-21T23:34:33.709551615Z"},
	};
	char text[40];

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		adit_time_text(rows[i].ns, text);
		CHECK_EQ_STR(text, rows[i].text);
	}
}

TEST(verdict_text, address)
{
	struct adit_address address = address_v4(255, 255, 255, 255);
	char text[48];

	adit_address_text(&address, text);
	CHECK_EQ_STR(text, "255.255.255.255");
	address = address_v6(0);
	adit_address_text(&address, text);
	CHECK_EQ_STR(text, "2001:db8::");
	/* RFC 5952: one 16-bit zero is not shortened, the first of the longest runs is. */
	address = (struct adit_address){
		.bytes = {0, 1, 0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0xab, 0xcd}, .is_v6 = 1};
	adit_address_text(&address, text);
	CHECK_EQ_STR(text, "1:0:2:3:4:5:6:abcd");
	address = (struct adit_address){
		.bytes = {0, 1, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 0, 0, 4}, .is_v6 = 1};
	adit_address_text(&address, text);
	CHECK_EQ_STR(text, "1::2:3:0:0:4");
}

/* A disk that is full from the start is seen by every writer that flushes, and by the CSV as
 * soon as the file's buffer is written. */
TEST(verdict_full_disk, every_writer_tells)
{
	struct adit_verdict_board *board = adit_verdict_board_create();
	struct adit_feature_row row = {.span = "slice", .kind = "domain"};
	struct adit_encrypted_row encrypted = {0};
	struct adit_stats stats = {0};
	struct adit_verdict v;
	FILE *full = fopen("/dev/full", "w");

	fill(&v);
	REQUIRE(full != NULL);
	CHECK_EQ_INT(adit_verdict_write_json(&v, NULL, full), -ENOSPC);
	CHECK_EQ_INT(adit_verdict_write_json(&v, NULL, full), -ENOSPC);
	fclose(full);
	full = fopen("/dev/full", "w");
	CHECK_EQ_INT(adit_stats_write_json(&stats, full), -ENOSPC);
	fclose(full);
	full = fopen("/dev/full", "w");
	CHECK_EQ_INT(adit_verdict_board_draw(board, NULL, full, 80, false, 20), -ENOSPC);
	fclose(full);
	full = fopen("/dev/full", "w");
	CHECK_EQ_INT(adit_verdict_write_reference(full), -ENOSPC);
	fclose(full);
	full = fopen("/dev/full", "w");
	setvbuf(full, NULL, _IONBF, 0);
	CHECK_EQ_INT(adit_feature_write_header(NULL, 0, full), -ENOSPC);
	CHECK_EQ_INT(adit_feature_write_row(&row, 0, NULL, full), -ENOSPC);
	CHECK_EQ_INT(adit_encrypted_write_header(full), -ENOSPC);
	CHECK_EQ_INT(adit_encrypted_write_row(&encrypted, NULL, full), -ENOSPC);
	fclose(full);
	adit_verdict_board_destroy(board);
}

static size_t allocations_left;

static void *limited_malloc(size_t size)
{
	if (allocations_left == 0)
		return NULL;
	allocations_left--;
	return malloc(size);
}

/* Each writer of JSON says so when memory ends, wherever it ends, and leaves nothing behind. */
TEST(verdict_no_memory, every_allocation_of_json)
{
	struct adit_stats stats = full_stats;
	struct adit_verdict v;
	int results[2] = {-ENOMEM, -ENOMEM};

	stats.problem = "one";
	fill(&v);
	json_set_alloc_funcs(limited_malloc, free);
	for (size_t room = 0; results[0] != 0 || results[1] != 0; room++) {
		struct sink sink;

		sink_open(&sink);
		allocations_left = room;
		results[0] = adit_verdict_write_json(&v, NULL, sink.file);
		CHECK(results[0] == 0 || (results[0] == -ENOMEM && ftell(sink.file) == 0));
		allocations_left = room;
		results[1] = adit_stats_write_json(&stats, sink.file);
		CHECK(results[1] == 0 || results[1] == -ENOMEM);
		fclose(sink.file);
		free(sink.text);
		if (harness_failed() || room > 10000)
			break;
	}
	json_set_alloc_funcs(malloc, free);
	CHECK_EQ_INT(results[0], 0);
	CHECK_EQ_INT(results[1], 0);
}
