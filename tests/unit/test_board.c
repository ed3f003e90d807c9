/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_verdict.h"
#include "harness.h"
#include "verdict_cases.h"

#include <stdio.h>
#include <stdlib.h>

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
	CHECK_EQ_INT(adit_verdict_board_draw(board, NULL, sink.file, width, colour, rows), 0);
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
		"names, repeats of names\n"
		"tunnel      71  a-quite-long-registrable-label-as-some-are.co.example  iodine  "
		"10.45.0.7 +12      103  60 kB  1.2 MB  2026-11-22 07:19:42-07:30:10    tool's "
		"names, repeats of names\n"
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
		"  10.45.0.7 +12  2026-11-22 07:19:42-07:30:10    tool's names, repeats of names\n"
		"tunnel      71  a-quite-l...-some-are.co.example  iodine      103  60 kB  1.2 MB\n"
		"  10.45.0.7 +12  2026-11-22 07:19:42-07:30:10    tool's names, repeats of names\n"
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
		"  iodine  tool's names, repeats of names\n"
		"tunnel      71  a-qui...e.co.example      103  60 kB  1.2 MB\n"
		"  10.45.0.7 +12  2026-11-22 07:19:42-07:30:10\n"
		"  iodine  tool's names, repeats of names\n"
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
