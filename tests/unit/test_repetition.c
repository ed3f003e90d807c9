/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is asked or said again within 5 s counts once, and what a message says beside names and
 * answers.
 */
#include "adit_pipeline.h"

#include <stdio.h>
#include <stdlib.h>

#include "pipeline_cases.h"
#include "window_cases.h"

#define MS ADIT_NS_PER_MS

static struct frames f;

/* A query, `ms` after the start. */
static uint8_t ask(struct fixture *x, const char *client, uint16_t port, uint16_t id,
	const char *name, uint16_t type, uint64_t ms)
{
	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv4(&f, client, SERVER);
	frames_udp(&f, port, 53);
	frames_query(&f, id, name, type);
	return run_at(x, &f, ADIT_LINK_ETHERNET, START_NS + ms * MS);
}

static void begin_answer(uint16_t id, const char *name, uint16_t type, uint8_t rcode)
{
	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv4(&f, SERVER, CLIENT);
	frames_udp(&f, 53, 40000);
	frames_response(&f, id, name, type, rcode);
}

static uint8_t say(struct fixture *x, uint64_t ms)
{
	return run_at(x, &f, ADIT_LINK_ETHERNET, START_NS + ms * MS);
}

static const struct adit_row *pair_row(const struct fixture *x, uint8_t shard)
{
	return adit_window_row(x->window, shard, ADIT_KIND_PAIR, 0);
}

static uint64_t repeated(const struct fixture *x)
{
	return adit_pipeline_counters(x->pipeline)->repeated;
}

/* Sent again by whatever port and under whatever ID, the name in whatever case. */
TEST(repetition, of_queries)
{
	static const struct {
		uint64_t ms;
		const char *client, *name;
		uint16_t port, id, type;
		bool again;
	} rows[] = {
		{0, CLIENT, "www.example.com", 40000, 1, 1, false},
		{0, CLIENT, "www.example.com", 40000, 1, 1, true},
		{1000, CLIENT, "www.example.com", 40001, 2, 1, true},
		{1001, CLIENT, "www.example.com", 40000, 1, 28, false},
		{1002, CLIENT, "ftp.example.com", 40000, 1, 1, false},
		{1003, CLIENT, "example.com", 40000, 1, 1, false},
		{5000, CLIENT, "WWW.Example.com", 40000, 1, 1, true},
		/* 5 s from the one that counted, not from the last one. */
		{5001, CLIENT, "www.example.com", 40000, 3, 1, false},
		{5002, CLIENT, "www.example.com", 40000, 3, 1, true},
	};
	const struct adit_row *row;
	uint64_t again = 0, bytes = 0;
	struct fixture x;
	uint8_t shard = 0;

	REQUIRE(fixture_open(&x, 8, 8));
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		shard = ask(&x, rows[i].client, rows[i].port, rows[i].id, rows[i].name,
			rows[i].type, rows[i].ms);
		bytes += f.size - f.dns;
		again += rows[i].again;
		if (repeated(&x) != again)
			FAIL("row %zu: %" PRIu64 " repeated", i, repeated(&x));
	}
	row = pair_row(&x, shard);
	CHECK_EQ_INT(row->queries, ADIT_COUNT(rows) - again);
	CHECK_EQ_INT(row->bytes_up, bytes);
	CHECK_EQ_INT(adit_pipeline_counters(x.pipeline)->dns_queries, ADIT_COUNT(rows));
	/* The session counts as the rows do, and knows when the last one came. */
	row = adit_window_row(x.window, shard, ADIT_KIND_SESSION, 0);
	CHECK_EQ_INT(row->queries, ADIT_COUNT(rows) - again);
	CHECK_EQ_INT(row->bytes_up, bytes);
	CHECK_EQ_INT(row->last_ms, 5002);
	/* Another subscriber's question is its own; a new timeline knows nothing. */
	ask(&x, "100.64.0.10", 40000, 1, "www.example.com", 1, 5003);
	CHECK_EQ_INT(repeated(&x), again);
	adit_pipeline_reset(x.pipeline);
	ask(&x, CLIENT, 40000, 1, "www.example.com", 1, 5004);
	CHECK_EQ_INT(repeated(&x), again);
	fixture_close(&x);
}

/* Answers of which any record is another are none; their order, TTLs and ID do not matter. */
TEST(repetition, of_responses)
{
	const struct adit_row *row;
	struct fixture x;
	uint8_t shard;

	REQUIRE(fixture_open(&x, 8, 8));
	begin_answer(1, "www.example.com", 1, 0);
	frames_answer(&f, 1, "\300\0\2\1", 4);
	frames_answer(&f, 1, "\300\0\2\2", 4);
	shard = say(&x, 0);
	begin_answer(2, "www.example.com", 1, 0);
	frames_record(&f, FRAMES_ANSWER, NULL, 1, 7, "\300\0\2\2", 4);
	frames_record(&f, FRAMES_ANSWER, NULL, 1, 7, "\300\0\2\1", 4);
	say(&x, 100);
	CHECK_EQ_INT(repeated(&x), 1);
	begin_answer(1, "www.example.com", 1, 0);
	frames_answer(&f, 1, "\300\0\2\1", 4);
	frames_answer(&f, 1, "\300\0\2\3", 4);
	say(&x, 200);
	CHECK_EQ_INT(repeated(&x), 1);
	row = pair_row(&x, shard);
	CHECK_EQ_INT(row->responses, 2);
	CHECK_EQ_INT(row->info_down, 16);
	/* No answer, and no answer for another reason. */
	begin_answer(1, "www.example.com", 1, 0);
	say(&x, 300);
	begin_answer(1, "www.example.com", 1, 3);
	say(&x, 400);
	begin_answer(1, "www.example.com", 1, 2);
	say(&x, 500);
	CHECK_EQ_INT(repeated(&x), 1);
	begin_answer(1, "www.example.com", 1, 3);
	say(&x, 600);
	CHECK_EQ_INT(repeated(&x), 2);
	CHECK_EQ_INT(row->responses, 5);
	/* A query is no repetition of its response. */
	ask(&x, CLIENT, 40000, 1, "www.example.com", 1, 700);
	CHECK_EQ_INT(repeated(&x), 2);
	fixture_close(&x);
}

/* What is no DNS has no question that could come again. */
TEST(repetition, datagrams_never_are)
{
	struct fixture x;
	uint8_t shard = 0;

	REQUIRE(fixture_open(&x, 8, 8));
	for (int i = 0; i < 5; i++) {
		begin_ipv4(&f);
		frames_udp(&f, 40000, 53);
		frames_fill(&f, 0xee, 100);
		shard = say(&x, 10);
	}
	CHECK_EQ_INT(repeated(&x), 0);
	CHECK_EQ_INT(adit_window_row(x.window, shard, ADIT_KIND_SERVER, 0)->unparsable, 5);
	fixture_close(&x);
}

/* Times of the last one that counted, of each question. */
#define NAMES   40
#define CLIENTS 5

TEST(repetition, is_as_the_reference_says)
{
	static uint64_t counted[CLIENTS][NAMES][2];
	uint64_t state = 3, ms = 0, again = 0;
	struct fixture x;

	REQUIRE(fixture_open(&x, 64, 64));
	memset(counted, 0xff, sizeof(counted));
	for (int i = 0; i < 20000; i++) {
		uint32_t client = random_below(&state, CLIENTS), name = random_below(&state, NAMES);
		uint32_t type = random_below(&state, 2);
		uint64_t *last = &counted[client][name][type];
		char client_text[32], name_text[32];

		ms += random_below(&state, 60);
		snprintf(client_text, sizeof(client_text), "100.64.1.%u", client);
		snprintf(name_text, sizeof(name_text), "n%u.example.com", name);
		ask(&x, client_text, 40000, (uint16_t)i, name_text, type ? 16 : 1, ms);
		if (*last != UINT64_MAX && ms - *last <= 5000)
			again++;
		else
			*last = ms;
		if (repeated(&x) != again) {
			FAIL("query %d: %" PRIu64 " repeated, not %" PRIu64, i, repeated(&x),
				again);
			break;
		}
	}
	CHECK(again > 1000 && again < 19000);
	fixture_close(&x);
}

/* Bytes behind the last record, and options that are more than clients send. */
TEST(beside, trailing_bytes_and_options)
{
	static const struct {
		unsigned options, trailing, beside;
	} rows[] = {{0, 0, 0}, {0, 7, 7}, {60, 0, 0}, {64, 0, 0}, {65, 0, 65}, {200, 9, 209}};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		uint8_t options[300] = {0, 10};
		const struct adit_detail *detail;
		const struct adit_row *row;
		struct fixture x;
		uint8_t shard;

		REQUIRE(fixture_open(&x, 8, 8));
		begin_ipv4(&f);
		frames_udp(&f, 40000, 53);
		frames_query(&f, 1, "a.example.com", 1);
		if (rows[i].options != 0) {
			options[3] = (uint8_t)(rows[i].options - 4);
			frames_opt(&f, 1232, options, rows[i].options);
		}
		frames_fill(&f, 0xaa, rows[i].trailing);
		shard = say(&x, 0);
		row = pair_row(&x, shard);
		detail = adit_window_detail(x.window, shard, row);
		CHECK_EQ_INT(detail != NULL, rows[i].beside != 0);
		CHECK_EQ_INT(row->info_up, rows[i].beside);
		if (detail != NULL) {
			CHECK_EQ_INT(detail->beside[ADIT_UP], rows[i].beside);
			CHECK_EQ_INT(detail->beside[ADIT_DOWN], 0);
		}
		/* The same said by the server. */
		begin_answer(1, "a.example.com", 1, 0);
		if (rows[i].options != 0)
			frames_opt(&f, 1232, options, rows[i].options);
		frames_fill(&f, 0xaa, rows[i].trailing);
		say(&x, 1);
		detail = adit_window_detail(x.window, shard, row);
		CHECK_EQ_INT(row->info_down, rows[i].beside);
		if (detail != NULL)
			CHECK_EQ_INT(detail->beside[ADIT_DOWN], rows[i].beside);
		STOP_IN("a row");
		fixture_close(&x);
	}
}

/* What comes beside a question counts each time, also where the question is one of a moment ago;
 * and a message without a question counts by server, if it holds more than options take. */
TEST(beside, repetitions_and_no_question)
{
	const struct adit_row *row;
	struct fixture x;
	uint8_t shard;

	REQUIRE(fixture_open(&x, 8, 8));
	for (int i = 0; i < 5; i++) {
		begin_ipv4(&f);
		frames_udp(&f, 40000, 53);
		frames_query(&f, 1, "a.example.com", 1);
		frames_fill(&f, (uint8_t)i, 100);
		shard = say(&x, i);
	}
	row = pair_row(&x, shard);
	CHECK_EQ_INT(row->info_up, 500);
	CHECK_EQ_INT(row->queries, 5);
	for (size_t bytes = 0; bytes <= 300; bytes += 75) {
		begin_ipv4(&f);
		frames_udp(&f, 40000, 53);
		frames_dns(&f, 1, 0);
		frames_fill(&f, 0xaa, bytes);
		shard = say(&x, 10);
	}
	REQUIRE(adit_window_rows(x.window, shard, ADIT_KIND_SERVER) == 1);
	row = adit_window_row(x.window, shard, ADIT_KIND_SERVER, 0);
	CHECK_EQ_INT(row->info_up, 150 + 225 + 300);
	CHECK_EQ_INT(row->unparsable, 3);
	fixture_close(&x);
}

/* Of datagrams that are no DNS, all bytes, in their direction. */
TEST(beside, datagrams)
{
	const struct adit_row *row;
	struct fixture x;
	uint8_t shard;

	REQUIRE(fixture_open(&x, 8, 8));
	begin_ipv4(&f);
	frames_udp(&f, 40000, 53);
	frames_fill(&f, 0xee, 100);
	shard = say(&x, 0);
	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv4(&f, SERVER, CLIENT);
	frames_udp(&f, 53, 40000);
	frames_fill(&f, 0xee, 300);
	say(&x, 1);
	row = adit_window_row(x.window, shard, ADIT_KIND_SERVER, 0);
	CHECK_EQ_INT(row->info_up, 100);
	CHECK_EQ_INT(row->info_down, 300);
	CHECK_EQ_INT(row->flags, ADIT_ROW_UNZONED);
	fixture_close(&x);
}

/* Whose row by server a name makes: none of a zone, one without, and one of a domain whose own
 * label of 20 octets and more may have been made up. */
TEST(by_server, names)
{
	static const struct {
		const char *name;
		uint32_t rows, pairs, bytes;
	} rows[] = {
		{"www.example.com", 0, 1, 0},
		{"a.0123456789abcdef012.com", 0, 1, 0},
		{"0123456789abcdef0123.com", 1, 1, 10},
		{"0123456789abcdef.0123456789abcdef0123.com", 1, 1, 18},
		{"0123456789abcdef.0123456789abcdef.nowhere", 1, 1, 24},
		{"0123456789abcdef0123456789abcdef", 1, 0, 16},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct fixture x;
		uint8_t shard;

		REQUIRE(fixture_open(&x, 8, 8));
		shard = ask(&x, CLIENT, 40000, 1, rows[i].name, 1, 0);
		CHECK_EQ_INT(adit_window_rows(x.window, shard, ADIT_KIND_SERVER), rows[i].rows);
		CHECK_EQ_INT(adit_window_rows(x.window, shard, ADIT_KIND_PAIR), rows[i].pairs);
		if (rows[i].rows != 0)
			CHECK_EQ_INT(adit_window_row(x.window, shard, ADIT_KIND_SERVER, 0)->info_up,
				rows[i].bytes);
		STOP_IN(rows[i].name);
		fixture_close(&x);
	}
}

/* The client's port is its own, whichever way a packet goes. */
TEST(by_client, port)
{
	const struct adit_detail *detail;
	struct fixture x;
	uint8_t shard = 0;

	REQUIRE(fixture_open(&x, 8, 8));
	for (uint16_t i = 0; i < 6; i++) {
		char name[80];

		snprintf(name, sizeof(name),
			"%u0123456789abcdef0123456789abcdef0123456789abcdef.example.com", i);
		shard = ask(&x, CLIENT, i < 4 ? 40000 : 40001, i, name, 1, 100 * i);
		begin_answer(i, name, 1, 0);
		say(&x, 100u * i + 10);
	}
	detail = adit_window_detail(x.window, shard, pair_row(&x, shard));
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->gaps, 5);
	CHECK_EQ_INT(detail->port_same, 4);
	CHECK_EQ_INT(detail->in_step, 5);
	/* 10 ms are bin 7: [8.192, 16.384). */
	CHECK_EQ_INT(detail->wait[7], 6);
	fixture_close(&x);
}
