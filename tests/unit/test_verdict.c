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
	CHECK_EQ_INT(adit_verdict_write_json(v, sink.file), 0);
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
	CHECK_EQ_INT(adit_verdict_write_json(v, sink.file), 0);
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
	CHECK_EQ_INT(adit_verdict_write_json(&v, sink.file), 0);
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
	json_t *object;

	REQUIRE(v != NULL);
	for (size_t i = 0; i < ADIT_VERDICT_REASONS; i++)
		v->reason[i].name = "r";
	v->reason_count = v->subscriber_count = v->sample_count = 1000;
	object = read_back(v);
	CHECK_EQ_INT(json_array_size(json_object_get(object, "reasons")), ADIT_VERDICT_REASONS);
	CHECK_EQ_INT(
		json_array_size(json_object_get(object, "subscribers")), ADIT_VERDICT_SUBSCRIBERS);
	CHECK_EQ_INT(
		json_array_size(json_object_get(object, "sample_qnames")), ADIT_VERDICT_SAMPLES);
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

/* Each key of the object is in the reference, and in the same order. */
TEST(verdict_reference, names_every_key)
{
	struct adit_verdict v;
	struct sink sink;
	const char *at, *key, *part;
	json_t *object, *value, *inner;

	fill(&v);
	object = read_back(&v);
	sink_open(&sink);
	CHECK_EQ_INT(adit_verdict_write_reference(sink.file), 0);
	fclose(sink.file);
	at = sink.text;
	json_object_foreach(object, key, value)
	{
		char row[64];

		snprintf(row, sizeof(row), "\n| `%s` |", key);
		at = strstr(at, row);
		REQUIRE(at != NULL);
		json_object_foreach(json_array_get(value, 0), part, inner)
		{
			snprintf(row, sizeof(row), "\n| `%s[].%s` |", key, part);
			at = strstr(at, row);
			REQUIRE(at != NULL);
		}
	}
	json_decref(object);
	free(sink.text);
}

/* Adds a story of this id; `name` NULL: about a server. */
static void add(struct adit_verdict_board *board, uint64_t id, const char *name, uint32_t score,
	enum adit_verdict_class class)
{
	struct adit_verdict v;

	fill(&v);
	v.id = id;
	v.score = score;
	v.verdict = class;
	v.queries = 100 + id;
	if (name) {
		set_name(&v.domain, name);
	} else {
		v.domain.size = 0;
		v.tool = NULL;
		v.subscribers_total = 1;
		v.subscriber[0].address = address_v6(7);
		v.window_end_ns = START + DAY_NS;
		v.bytes_up = 999;
		v.bytes_down = 1000;
		v.queries = 123456;
		v.reason_count = 3;
		v.reason[0].name = "information";
		v.reason[1].name = "some_new_reason";
		v.reason[2].name = "constant_field";
	}
	CHECK_EQ_INT(adit_verdict_board_add(board, &v), 0);
}

/* Draws; the caller frees the text. */
static char *draw(const struct adit_verdict_board *board, unsigned width, bool colour, size_t rows)
{
	struct sink sink;

	sink_open(&sink);
	CHECK_EQ_INT(adit_verdict_board_draw(board, sink.file, width, colour, rows), 0);
	fclose(sink.file);
	return sink.text;
}

static void check_drawn(const struct adit_verdict_board *board, unsigned width, const char *want)
{
	char *text = draw(board, width, false, 20);

	CHECK_EQ_STR(text, want);
	free(text);
}

TEST(verdict_board, nothing_found)
{
	struct adit_verdict_board *board = adit_verdict_board_create();

	REQUIRE(board != NULL);
	check_drawn(board, 80, "No tunnels found.\n");
	CHECK_EQ_INT(adit_verdict_board_count(board, ADIT_VERDICT_TUNNEL), 0);
	adit_verdict_board_destroy(board);
	adit_verdict_board_destroy(NULL);
}

TEST(verdict_board, keeps_the_last_record_of_a_story)
{
	struct adit_verdict_board *board = adit_verdict_board_create();
	char *text;

	REQUIRE(board != NULL);
	for (uint64_t id = 0; id < 1000; id++)
		add(board, id << 40, "a.example", 10, ADIT_VERDICT_SUSPECT);
	for (uint64_t id = 0; id < 1000; id++)
		add(board, id << 40, "b.example", 20 + id % 2,
			id < 600 ? ADIT_VERDICT_TUNNEL : ADIT_VERDICT_SUSPECT);
	CHECK_EQ_INT(adit_verdict_board_count(board, ADIT_VERDICT_TUNNEL), 600);
	CHECK_EQ_INT(adit_verdict_board_count(board, ADIT_VERDICT_SUSPECT), 400);
	text = draw(board, 200, false, 1000);
	CHECK(strstr(text, "a.example") == NULL);
	CHECK_CONTAINS(text, "600 tunnels found, 400 suspects.\n");
	free(text);
	adit_verdict_board_destroy(board);
}

/* Class, then score, then queries, then id; whatever came first. */
TEST(verdict_board, order)
{
	static const char *const order[] = {
		"t1.example", "t2.example", "t3.example", "t4.example", "s1.example", "s2.example"};
	struct adit_verdict_board *board = adit_verdict_board_create();
	struct adit_verdict v;
	const char *at;
	char *text;

	REQUIRE(board != NULL);
	add(board, 9, "s2.example", 60, ADIT_VERDICT_SUSPECT);
	fill(&v); /* 412 queries */
	v.score = 80;
	for (v.id = 5; v.id >= 4; v.id--) {
		set_name(&v.domain, order[v.id - 2]); /* ids 5 and 4: t4 and t3 */
		CHECK_EQ_INT(adit_verdict_board_add(board, &v), 0);
	}
	v.id = 6;
	v.queries++;
	set_name(&v.domain, "t2.example");
	CHECK_EQ_INT(adit_verdict_board_add(board, &v), 0);
	add(board, 8, "s1.example", 99, ADIT_VERDICT_SUSPECT);
	add(board, 7, "t1.example", 90, ADIT_VERDICT_TUNNEL);
	at = text = draw(board, 160, false, 20);
	for (size_t i = 0; i < ADIT_COUNT(order); i++) {
		at = strstr(at, order[i]);
		REQUIRE(at != NULL);
	}
	free(text);
	adit_verdict_board_destroy(board);
}

static struct adit_verdict_board *three_stories(void)
{
	struct adit_verdict_board *board = adit_verdict_board_create();

	add(board, 1, "t.example", 97, ADIT_VERDICT_TUNNEL);
	add(board, 2, NULL, 55, ADIT_VERDICT_SUSPECT);
	add(board, 3, "a-quite-long-registrable-label-as-some-are.co.example", 71,
		ADIT_VERDICT_TUNNEL);
	return board;
}

TEST(verdict_board, drawn_in_one_line)
{
	struct adit_verdict_board *board = three_stories();

	check_drawn(board, 200,
		"2 tunnels found, 1 suspect.\n"
		"\n"
		"verdict  score  domain or server                                       tool    "
		"subscriber     queries     up    down  since - until (UTC)             why\n"
		"----------------------------------------------------------------------------------"
		"----------------------------------------------------------------------------------"
		"------------------------------------\n"
		"tunnel      97  t.example                                              iodine  "
		"10.45.0.7 +12      101  60 kB  1.2 MB  2026-11-22 07:19:42-07:30:10    tool's "
		"names, few names asked twice\n"
		"tunnel      71  a-quite-long-registrable-label-as-some-are.co.example  iodine  "
		"10.45.0.7 +12      103  60 kB  1.2 MB  2026-11-22 07:19:42-07:30:10    tool's "
		"names, few names asked twice\n"
		"suspect     55  2001:db8::35                                           -       "
		"2001:db8::7      123 k  999 B  1.0 kB  2026-11-22 07:19 - 11-23 07:19  more data "
		"than DNS needs, some new reason, cons...\n");
	adit_verdict_board_destroy(board);
}

TEST(verdict_board, drawn_at_80_columns)
{
	struct adit_verdict_board *board = three_stories();

	check_drawn(board, 80,
		"2 tunnels found, 1 suspect.\n"
		"\n"
		"verdict  score  domain or server                  tool    queries     up    down\n"
		"  subscriber     since - until (UTC)             why\n"
		"--------------------------------------------------------------------------------\n"
		"tunnel      97  t.example                         iodine      101  60 kB  1.2 MB\n"
		"  10.45.0.7 +12  2026-11-22 07:19:42-07:30:10    tool's names, few names aske...\n"
		"tunnel      71  a-quite-l...-some-are.co.example  iodine      103  60 kB  1.2 MB\n"
		"  10.45.0.7 +12  2026-11-22 07:19:42-07:30:10    tool's names, few names aske...\n"
		"suspect     55  2001:db8::35                      -         123 k  999 B  1.0 kB\n"
		"  2001:db8::7    2026-11-22 07:19 - 11-23 07:19  more data than DNS needs, "
		"so...\n");
	adit_verdict_board_destroy(board);
}

TEST(verdict_board, drawn_at_60_columns)
{
	struct adit_verdict_board *board = three_stories();

	check_drawn(board, 60,
		"2 tunnels found, 1 suspect.\n"
		"\n"
		"verdict  score  domain or server      queries     up    down\n"
		"  subscriber     since - until (UTC)\n"
		"  tool    why\n"
		"------------------------------------------------------------\n"
		"tunnel      97  t.example                 101  60 kB  1.2 MB\n"
		"  10.45.0.7 +12  2026-11-22 07:19:42-07:30:10\n"
		"  iodine  tool's names, few names asked twice\n"
		"tunnel      71  a-qui...e.co.example      103  60 kB  1.2 MB\n"
		"  10.45.0.7 +12  2026-11-22 07:19:42-07:30:10\n"
		"  iodine  tool's names, few names asked twice\n"
		"suspect     55  2001:db8::35            123 k  999 B  1.0 kB\n"
		"  2001:db8::7    2026-11-22 07:19 - 11-23 07:19\n"
		"  -       more data than DNS needs, some new reason, cons...\n");
	adit_verdict_board_destroy(board);
}

TEST(verdict_board, no_line_is_wider_than_asked)
{
	struct adit_verdict_board *board = three_stories();
	struct adit_verdict v;

	fill(&v);
	v.domain.size = 64 + 62 + 1;
	memset(v.domain.wire, 0x1b, sizeof(v.domain.wire));
	v.domain.wire[0] = 63;
	v.domain.wire[64] = 61;
	v.domain.wire[126] = 0;
	v.subscriber[0].address.is_v6 = 1;
	memset(v.subscriber[0].address.bytes, 0xab, 16);
	v.subscribers_total = UINT32_MAX;
	v.queries = v.bytes_up = v.bytes_down = v.window_end_ns = UINT64_MAX;
	v.score = 100;
	v.tool = "tool \x1b[31m with a name that is far too long for any column of a table";
	CHECK_EQ_INT(adit_verdict_board_add(board, &v), 0);
	for (unsigned width = 0; width <= 500; width++) {
		char *text = draw(board, width, false, 20);
		unsigned limit = width < 40 ? 40 : width;
		size_t length;

		for (char *line = text; *line; line += length + 1) {
			length = strcspn(line, "\n");
			if (length > limit)
				FAIL("at width %u: %.*s", width, (int)length, line);
			CHECK(length == 0 || line[length - 1] != ' ');
		}
		for (char *at = text; *at; at++)
			CHECK(*at == '\n' || (*at >= 0x20 && *at < 0x7f));
		if (width >= 60)
			CHECK_CONTAINS(text, "o.example"); /* a domain's end stays */
		free(text);
	}
	adit_verdict_board_destroy(board);
}

TEST(verdict_board, rows_are_limited)
{
	struct adit_verdict_board *board = three_stories();
	char *text = draw(board, 200, false, 1);

	CHECK_CONTAINS(text, "t.example");
	CHECK_CONTAINS(text, "\nand 2 more\n");
	CHECK(strstr(text, "co.example") == NULL);
	free(text);
	text = draw(board, 200, false, 0);
	CHECK_EQ_STR(text, "2 tunnels found, 1 suspect.\nand 3 more\n");
	free(text);
	adit_verdict_board_destroy(board);
}

/* Colour adds escape sequences and changes nothing else. */
TEST(verdict_board, colour)
{
	struct adit_verdict_board *board = three_stories();

	for (unsigned width = 40; width <= 200; width += 40) {
		char *plain = draw(board, width, false, 20), *colour = draw(board, width, true, 20);
		char *to = colour;
		unsigned sequences = 0;

		CHECK_CONTAINS(colour, "\n\033[1;31mtunnel ");
		CHECK_CONTAINS(colour, "\n\033[33msuspect\033[0m ");
		for (char *from = colour; *from;) {
			if (*from == '\033') {
				from += strcspn(from, "m") + 1;
				sequences++;
			} else {
				*to++ = *from++;
			}
		}
		*to = '\0';
		CHECK_EQ_STR(colour, plain);
		CHECK_EQ_INT(sequences, 6);
		free(plain);
		free(colour);
	}
	adit_verdict_board_destroy(board);
}

/* When it is full the weakest go, and are still counted. */
TEST(verdict_board, is_bounded)
{
	struct adit_verdict_board *board = adit_verdict_board_create();
	size_t count = ADIT_VERDICT_BOARD_MAX + 10;
	char *text;

	REQUIRE(board != NULL);
	add(board, 1000000, "strong.example", 99, ADIT_VERDICT_TUNNEL);
	for (uint64_t id = 1; id < count; id++)
		add(board, id, "weak.example", 50, ADIT_VERDICT_SUSPECT);
	CHECK_EQ_INT(adit_verdict_board_count(board, ADIT_VERDICT_TUNNEL), 1);
	CHECK_EQ_INT(adit_verdict_board_count(board, ADIT_VERDICT_SUSPECT), count - 1);
	text = draw(board, 120, false, 1);
	CHECK_CONTAINS(text, "strong.example");
	CHECK_CONTAINS(text, "\nand 65545 more\n");
	free(text);
	adit_verdict_board_destroy(board);
}

TEST(verdict_csv, header_and_rows)
{
	static const char *const names[] = {"queries", "unique_share", "entropy", "broken"};
	struct adit_feature_row row = {.window_start_ns = START,
		.window_end_ns = START + 1,
		.kind = "subscriber_domain",
		.has_subscriber = true,
		.score = 7,
		.subscriber = address_v4(10, 45, 0, 7),
		.value = {412, 0.98765432, -0.0, NAN}};
	struct sink sink;

	sink_open(&sink);
	CHECK_EQ_INT(adit_feature_write_header(names, ADIT_COUNT(names), sink.file), 0);
	set_name(&row.domain, "a,b.\\\"c.example");
	CHECK_EQ_INT(adit_feature_write_row(&row, ADIT_COUNT(names), sink.file), 0);
	row = (struct adit_feature_row){.kind = "subscriber_server",
		.has_server = true,
		.server = address_v6(1),
		.value = {9007199254740991.0, 1e300, -12345678.5, 1e-7}};
	CHECK_EQ_INT(adit_feature_write_row(&row, ADIT_COUNT(names), sink.file), 0);
	fclose(sink.file);
	CHECK_EQ_STR(sink.text,
		"window_start,window_end,kind,domain,subscriber,server,score,"
		"queries,unique_share,entropy,broken\n"
		"2026-11-22T07:19:42Z,2026-11-22T07:19:42.000000001Z,subscriber_domain,"
		"\"a,b.\\\"\"c.example\",10.45.0.7,,7,412,0.987654,0,\n"
		"1970-01-01T00:00:00Z,1970-01-01T00:00:00Z,subscriber_server,"
		",,2001:db8::1,0,9007199254740991,1e+300,-1.23457e+07,1e-07\n");
	free(sink.text);
}

/* The longest row there can be fits its buffer. */
TEST(verdict_csv, longest_row)
{
	struct adit_feature_row row = {.window_start_ns = UINT64_MAX,
		.window_end_ns = UINT64_MAX,
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
	CHECK_EQ_INT(adit_feature_write_row(&row, SIZE_MAX, sink.file), 0);
	fclose(sink.file);
	for (const char *at = sink.text; *at; at++)
		commas += *at == ',';
	CHECK_EQ_INT(commas, 6 + ADIT_FEATURE_MAX);
	CHECK_EQ_INT(sink.text[sink.size - 1], '\n');
	free(sink.text);
}

static const struct adit_stats_counter outcomes[] = {{"dns_query", 600}, {"dns_response", 400}};
static const struct adit_stats_counter drops[] = {{"ring_full", UINT64_MAX}};

TEST(verdict_stats, document)
{
	struct adit_stats stats = {.received = 1000,
		.outcomes = outcomes,
		.outcome_count = 2,
		.dns_queries = 600,
		.dns_responses = 400,
		.drops = drops,
		.drop_count = 1,
		.elapsed_s = 0.125,
		.complete = true};
	struct sink sink;

	sink_open(&sink);
	CHECK_EQ_INT(adit_stats_write_json(&stats, sink.file), 0);
	CHECK_EQ_STR(sink.text, "{\n"
				"  \"schema\": \"adit.stats/1\",\n"
				"  \"complete\": true,\n"
				"  \"problem\": null,\n"
				"  \"packets\": {\n"
				"    \"received\": 1000,\n"
				"    \"outcomes\": {\n"
				"      \"dns_query\": 600,\n"
				"      \"dns_response\": 400\n"
				"    }\n"
				"  },\n"
				"  \"dns\": {\n"
				"    \"queries\": 600,\n"
				"    \"responses\": 400\n"
				"  },\n"
				"  \"drops\": {\n"
				"    \"ring_full\": 9223372036854775807\n"
				"  },\n"
				"  \"tables\": {},\n"
				"  \"elapsed_s\": 0.125,\n"
				"  \"packets_per_second\": 8000\n"
				"}\n");
	fclose(sink.file);
	free(sink.text);
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
	struct adit_verdict_board *board = three_stories();
	struct adit_feature_row row = {.kind = "domain"};
	struct adit_stats stats = {0};
	struct adit_verdict v;
	FILE *full = fopen("/dev/full", "w");

	fill(&v);
	REQUIRE(full != NULL);
	CHECK_EQ_INT(adit_verdict_write_json(&v, full), -ENOSPC);
	CHECK_EQ_INT(adit_verdict_write_json(&v, full), -ENOSPC);
	fclose(full);
	full = fopen("/dev/full", "w");
	CHECK_EQ_INT(adit_stats_write_json(&stats, full), -ENOSPC);
	fclose(full);
	full = fopen("/dev/full", "w");
	CHECK_EQ_INT(adit_verdict_board_draw(board, full, 80, false, 20), -ENOSPC);
	fclose(full);
	full = fopen("/dev/full", "w");
	CHECK_EQ_INT(adit_verdict_write_reference(full), -ENOSPC);
	fclose(full);
	full = fopen("/dev/full", "w");
	setvbuf(full, NULL, _IONBF, 0);
	CHECK_EQ_INT(adit_feature_write_header(NULL, 0, full), -ENOSPC);
	CHECK_EQ_INT(adit_feature_write_row(&row, 0, full), -ENOSPC);
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
	struct adit_stats stats = {.outcomes = outcomes,
		.outcome_count = 2,
		.drops = drops,
		.drop_count = 1,
		.problem = "one"};
	struct adit_verdict v;
	int results[2] = {-ENOMEM, -ENOMEM};

	fill(&v);
	json_set_alloc_funcs(limited_malloc, free);
	for (size_t room = 0; results[0] != 0 || results[1] != 0; room++) {
		struct sink sink;

		sink_open(&sink);
		allocations_left = room;
		results[0] = adit_verdict_write_json(&v, sink.file);
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
