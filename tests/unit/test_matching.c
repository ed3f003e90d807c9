/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The server side of a data set: a case for each rule.
 */
#include "dataset_cases.h"

#define WWW "www.example.org"

static struct bench *with_server(void)
{
	struct bench *b = bench_make();

	b->params.has_server = true;
	return b;
}

TEST(matching, what_is_asked_while_the_client_waits)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(behind(b, 1, 5, WWW, TYPE_A, true), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 8, 5, WWW, TYPE_A, false), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 9, 6, WWW, TYPE_A, true), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 15, 6, WWW, TYPE_A, false), ADIT_ROLE_MATCHED);
	answer(b, 16, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(behind(b, 17, 6, WWW, TYPE_A, true), ADIT_ROLE_OUTSIDE);
	bench_end(b);
	REQUIRE(b->rows == 1);
	CHECK_MATCH(b->row[0], ADIT_MATCH_NAME);
	CHECK_EQ_INT(b->row[0].server_queries, 2);
	CHECK_EQ_INT(b->row[0].server_responses, 2);
	CHECK_EQ_INT(b->row[0].server_retries, 0);
	/* The first query, the last answer. */
	CHECK_EQ_INT(b->row[0].server_query.ts_ns, AT(1));
	CHECK_EQ_INT(b->row[0].server_query.destination.bytes[3], 5);
	CHECK_EQ_INT(b->row[0].server_response.ts_ns, AT(15));
}

/* Two that wait for the same are the resolver's one question: whose, nobody can know. */
TEST(matching, two_clients_wait_for_the_same)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	ask(b, 1, 4001, 8, WWW, TYPE_A);
	CHECK_ROLE(behind(b, 2, 5, WWW, TYPE_A, true), ADIT_ROLE_AMBIGUOUS);
	answer(b, 3, 4000, 7, WWW, TYPE_A);
	/* One has its answer: the other is meant. */
	CHECK_ROLE(behind(b, 4, 5, WWW, TYPE_A, false), ADIT_ROLE_MATCHED);
	answer(b, 5, 4001, 8, WWW, TYPE_A);
	bench_end(b);
	REQUIRE(b->rows == 2);
	CHECK_MATCH(b->row[0], ADIT_MATCH_AMBIGUOUS);
	CHECK_MATCH(b->row[1], ADIT_MATCH_AMBIGUOUS);
	CHECK_EQ_INT(b->row[0].server_ambiguous, 1);
	CHECK_EQ_INT(b->row[1].server_responses, 1);
}

TEST(matching, the_type_decides_where_it_can)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	ask(b, 1, 4000, 8, WWW, TYPE_AAAA);
	CHECK_ROLE(behind(b, 2, 5, WWW, TYPE_AAAA, true), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 3, 5, WWW, TYPE_A, true), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 4, 5, WWW, TYPE_NS, true), ADIT_ROLE_AMBIGUOUS_TYPE);
	answer(b, 5, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(behind(b, 6, 5, WWW, TYPE_NS, true), ADIT_ROLE_MATCHED_TYPE);
	answer(b, 7, 4000, 8, WWW, TYPE_AAAA);
	bench_end(b);
	CHECK_EQ_INT(b->row[0].server_query.qtype, TYPE_A);
	CHECK_EQ_INT(b->row[1].server_query.qtype, TYPE_AAAA);
	CHECK_EQ_INT(b->row[1].server_types, 1);
	CHECK_EQ_INT(b->row[1].server_ambiguous, 1);
	CHECK_MATCH(b->row[0], ADIT_MATCH_NAME);
}

/* A better match takes the place of one that came first. */
TEST(matching, qname_minimisation)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, "a.b.example.org", TYPE_AAAA);
	CHECK_ROLE(behind(b, 1, 1, "org", TYPE_NS, true), ADIT_ROLE_MATCHED_PART);
	CHECK_ROLE(behind(b, 2, 1, "org", TYPE_NS, false), ADIT_ROLE_MATCHED_PART);
	CHECK_ROLE(behind(b, 3, 2, "_.example.org", TYPE_A, true), ADIT_ROLE_MATCHED_PART);
	CHECK_ROLE(behind(b, 4, 2, "b.example.org", TYPE_A, true), ADIT_ROLE_MATCHED_PART);
	CHECK_ROLE(behind(b, 5, 2, "example.org", TYPE_DS, true), ADIT_ROLE_MATCHED_KEYS);
	CHECK_ROLE(behind(b, 6, 2, "other.example.org", TYPE_A, true), ADIT_ROLE_UNASKED);
	CHECK_ROLE(behind(b, 7, 2, "", TYPE_NS, true), ADIT_ROLE_UNASKED);
	CHECK_ROLE(behind(b, 8, 3, "a.b.example.org", TYPE_AAAA, true), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 9, 3, "a.b.example.org", TYPE_AAAA, false), ADIT_ROLE_MATCHED);
	answer(b, 10, 4000, 7, "a.b.example.org", TYPE_AAAA);
	bench_end(b);
	REQUIRE(b->rows == 1);
	CHECK_MATCH(b->row[0], ADIT_MATCH_NAME);
	CHECK_EQ_INT(b->row[0].server_query.ts_ns, AT(8));
	CHECK_EQ_INT(b->row[0].server_queries, 5);
	CHECK_EQ_INT(b->row[0].server_parts, 3);
	CHECK_EQ_INT(b->row[0].server_keys, 1);
	CHECK_EQ_INT(b->row[0].server_response.ts_ns, AT(9));
}

/* A resolver that ends at a parent that does not exist has asked for nothing else (RFC 8020). */
TEST(matching, only_a_parent_was_asked_for)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, "a.b.example.org", TYPE_A);
	behind(b, 1, 1, "b.example.org", TYPE_A, true);
	behind(b, 2, 1, "b.example.org", TYPE_A, false);
	answer(b, 3, 4000, 7, "a.b.example.org", TYPE_A);
	bench_end(b);
	CHECK_MATCH(b->row[0], ADIT_MATCH_PART);
	CHECK_EQ_INT(b->row[0].server_query.ts_ns, AT(1));
	CHECK_EQ_INT(b->row[0].server_response.ts_ns, AT(2));
}

TEST(matching, a_parent_of_several_names)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, "a.example.org", TYPE_A);
	ask(b, 1, 4000, 8, "b.example.org", TYPE_A);
	CHECK_ROLE(behind(b, 2, 1, "example.org", TYPE_A, true), ADIT_ROLE_AMBIGUOUS_PART);
	/* One's own name goes before another's parent. */
	ask(b, 3, 4000, 9, "example.org", TYPE_A);
	CHECK_ROLE(behind(b, 4, 1, "example.org", TYPE_A, true), ADIT_ROLE_MATCHED);
	answer(b, 5, 4000, 7, "a.example.org", TYPE_A);
	answer(b, 5, 4000, 9, "example.org", TYPE_A);
	CHECK_ROLE(behind(b, 6, 1, "example.org", TYPE_A, true), ADIT_ROLE_MATCHED_PART);
	bench_end(b);
	CHECK_MATCH(b->row[0], ADIT_MATCH_AMBIGUOUS);
	CHECK_MATCH(b->row[1], ADIT_MATCH_PART);
	CHECK_MATCH(b->row[2], ADIT_MATCH_NAME);
}

TEST(matching, case_randomisation)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	ask(b, 0, 4000, 8, "Mail.example.org", TYPE_A);
	CHECK_ROLE(behind(b, 1, 5, "wWW.exAMPle.oRG", TYPE_A, true), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 2, 5, "Mail.example.org", TYPE_A, true), ADIT_ROLE_MATCHED);
	bench_end(b);
	CHECK_EQ_INT(b->row[0].server_case, 1);
	CHECK_EQ_INT(b->row[1].server_case, 0);
}

TEST(matching, a_resolver_that_asks_again)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	behind(b, 1, 5, WWW, TYPE_A, true);
	behind(b, 400, 5, WWW, TYPE_A, true);
	behind(b, 800, 6, WWW, TYPE_A, true);
	behind(b, 1200, 6, WWW, TYPE_A, true);
	behind(b, 1201, 6, WWW, TYPE_A, false);
	behind(b, 1202, 6, WWW, TYPE_A, true);
	answer(b, 1300, 4000, 7, WWW, TYPE_A);
	bench_end(b);
	CHECK_EQ_INT(b->row[0].server_queries, 5);
	CHECK_EQ_INT(b->row[0].server_retries, 2);
}

TEST(matching, from_a_cache_or_from_nowhere)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	behind(b, 1, 5, WWW, TYPE_A, true);
	answer(b, 2, 4000, 7, WWW, TYPE_A);
	ask(b, 100, 4000, 8, "WWW.example.org", TYPE_A);
	answer(b, 101, 4000, 8, WWW, TYPE_A);
	ask(b, 102, 4000, 9, "never.example.org", TYPE_A);
	answer(b, 103, 4000, 9, "never.example.org", TYPE_A);
	ask(b, 104, 4000, 10, "late.example.org", TYPE_A);
	answer(b, 105, 4000, 10, "late.example.org", TYPE_A);
	behind(b, 106, 5, "late.example.org", TYPE_A, true);
	bench_end(b);
	CHECK_MATCH(b->row[0], ADIT_MATCH_NAME);
	CHECK_MATCH(b->row[1], ADIT_MATCH_CACHED);
	CHECK_MATCH(b->row[2], ADIT_MATCH_UNSEEN);
	/* What comes after the answer does not make it cached. */
	CHECK_MATCH(b->row[3], ADIT_MATCH_UNSEEN);
}

TEST(matching, what_the_server_side_does_not_cover)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 1, WWW, TYPE_A);
	answer(b, 1, 4000, 1, WWW, TYPE_A);
	ask(b, 1000, 4000, 2, "mail.example.org", TYPE_A);
	behind(b, 1001, 5, "mail.example.org", TYPE_A, true);
	answer(b, 1002, 4000, 2, "mail.example.org", TYPE_A);
	ask(b, 1003, 4000, 3, WWW, TYPE_A);
	bench_end(b);
	CHECK_MATCH(b->row[0], ADIT_MATCH_UNCOVERED);
	CHECK_MATCH(b->row[1], ADIT_MATCH_NAME);
	CHECK_MATCH(b->row[2], ADIT_MATCH_UNCOVERED);
}

/* A server side whose clock is 3 ms behind: its query seems to come before the client's, and the
 * message is given when the client side is as far. */
TEST(matching, clocks_that_differ)
{
	for (int slack = 0; slack < 2; slack++) {
		struct bench *b = with_server();

		b->params.slack_ns = (uint64_t)slack * 5 * ADIT_NS_PER_MS;
		ask(b, 0, 4000, 7, WWW, TYPE_A);
		answer(b, 3, 4000, 7, WWW, TYPE_A);
		CHECK_ROLE(behind(b, -2, 5, WWW, TYPE_A, true),
			slack ? ADIT_ROLE_MATCHED : ADIT_ROLE_OUTSIDE);
		CHECK_ROLE(behind(b, 7, 5, WWW, TYPE_A, false),
			slack ? ADIT_ROLE_MATCHED : ADIT_ROLE_OUTSIDE);
		CHECK_ROLE(behind(b, 9, 5, WWW, TYPE_A, false), ADIT_ROLE_OUTSIDE);
		bench_end(b);
		CHECK_MATCH(b->row[0], slack ? ADIT_MATCH_NAME : ADIT_MATCH_UNSEEN);
	}
}

/* The client waits until the answer over TCP. */
TEST(matching, a_retry_over_tcp_waits_again)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	b->flags = FRAMES_TC;
	answer(b, 10, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(behind(b, 11, 5, WWW, TYPE_A, true), ADIT_ROLE_OUTSIDE);
	b->tcp = true;
	ask(b, 12, 5000, 8, WWW, TYPE_A);
	CHECK_ROLE(behind(b, 13, 5, WWW, TYPE_A, true), ADIT_ROLE_MATCHED);
	answer(b, 20, 5000, 8, WWW, TYPE_A);
	CHECK_ROLE(behind(b, 21, 5, WWW, TYPE_A, true), ADIT_ROLE_OUTSIDE);
	bench_end(b);
	CHECK_EQ_INT(b->row[0].server_query.protocol, 6);
}

/* The notebook's way: a label that the experiment put in front. */
TEST(matching, by_a_tag)
{
	struct bench *b = with_server();

	b->params.tag_label = 1;
	ask(b, 0, 4000, 7, "Tag-1.x.example.org", TYPE_A);
	ask(b, 1, 4000, 8, "tag-2.x.example.org", TYPE_A);
	CHECK_ROLE(behind(b, 2, 5, "tag-1.elsewhere.example", TYPE_NS, true), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 3, 5, "x.example.org", TYPE_A, true), ADIT_ROLE_UNASKED);
	CHECK_ROLE(behind(b, 4, 5, "", TYPE_A, true), ADIT_ROLE_UNASKED);
	answer(b, 5, 4000, 7, "tag-1.x.example.org", TYPE_A);
	CHECK_ROLE(behind(b, 6, 5, "tag-1.x.example.org", TYPE_A, true), ADIT_ROLE_OUTSIDE);
	ask(b, 7, 4000, 9, "tag-2.y.example.org", TYPE_A);
	CHECK_ROLE(behind(b, 8, 5, "tag-2.z.example.org", TYPE_A, true), ADIT_ROLE_AMBIGUOUS);
	bench_end(b);
	CHECK_MATCH(b->row[0], ADIT_MATCH_NAME);
	CHECK_MATCH(b->row[1], ADIT_MATCH_AMBIGUOUS);
}

/* A client that was never answered has given up after a time, and waits again when it asks again.
 */
TEST(matching, who_waits_no_longer)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(behind(b, 5000, 5, WWW, TYPE_A, true), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 5001, 5, WWW, TYPE_A, true), ADIT_ROLE_OUTSIDE);
	/* Beyond what packets may be out of order, when it has been put aside. */
	CHECK_ROLE(behind(b, 5500, 5, WWW, TYPE_A, true), ADIT_ROLE_OUTSIDE);
	CHECK_ROLE(ask(b, 6000, 4000, 7, WWW, TYPE_A), ADIT_ROLE_RETRANSMISSION);
	CHECK_ROLE(behind(b, 6001, 5, WWW, TYPE_A, true), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 6002, 5, "org", TYPE_NS, true), ADIT_ROLE_MATCHED_PART);
	bench_end(b);
	CHECK_EQ_INT(b->row[0].server_queries, 3);
}

/* Of those that wait with a tag, the one with the whole name is meant. */
TEST(matching, a_tag_and_the_whole_name)
{
	struct bench *b = with_server();

	b->params.tag_label = 1;
	ask(b, 0, 4000, 7, "tag.x.example.org", TYPE_A);
	ask(b, 1, 4000, 8, "tag.y.example.org", TYPE_A);
	CHECK_ROLE(behind(b, 2, 5, "tag.Y.example.org", TYPE_A, true), ADIT_ROLE_MATCHED);
	CHECK_ROLE(behind(b, 3, 5, "tag.z.example.org", TYPE_A, true), ADIT_ROLE_AMBIGUOUS);
	bench_end(b);
	CHECK_MATCH(b->row[0], ADIT_MATCH_AMBIGUOUS);
	CHECK_MATCH(b->row[1], ADIT_MATCH_NAME);
}

/* A name that many have asked for costs a message no more than another. */
TEST(matching, many_rows_of_one_name)
{
	struct bench *b = with_server();

	b->params.transactions = 64;
	for (int i = 0; i < 50; i++) {
		ask(b, 200.0 * i, 4000, (uint16_t)i, WWW, TYPE_A);
		CHECK_ROLE(behind(b, 200.0 * i + 1, 5, WWW, TYPE_A, true), ADIT_ROLE_MATCHED);
		answer(b, 200.0 * i + 2, 4000, (uint16_t)i, WWW, TYPE_A);
	}
	bench_end(b);
	for (size_t i = 0; i < b->rows; i++)
		CHECK_MATCH(b->row[i], ADIT_MATCH_NAME);
}

TEST(matching, a_packet_of_the_server_side_seen_twice)
{
	struct bench *b = with_server();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(behind(b, 1, 5, WWW, TYPE_A, true), ADIT_ROLE_MATCHED);
	b->ip_id--;
	CHECK_ROLE(behind(b, 2, 5, WWW, TYPE_A, true), ADIT_ROLE_DUPLICATE);
	bench_end(b);
	CHECK_EQ_INT(b->row[0].server_queries, 1);
}
