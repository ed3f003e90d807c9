/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The client side of a data set: a case for each rule.
 */
#include "dataset_cases.h"

#define WWW "www.example.org"

TEST(pairing, a_query_and_its_answer)
{
	struct bench *b = bench_make();

	CHECK_ROLE(ask(b, 0, 4000, 7, WWW, TYPE_A), ADIT_ROLE_QUERY);
	b->rcode = 3;
	CHECK_ROLE(answer(b, 12.5, 4000, 7, WWW, TYPE_A), ADIT_ROLE_ANSWER);
	bench_end(b);
	REQUIRE(b->rows == 1);
	CHECK_OUTCOME(b->row[0], ADIT_QUERY_ANSWERED);
	CHECK_MATCH(b->row[0], ADIT_MATCH_NONE);
	CHECK_EQ_INT(b->row[0].number, 1);
	CHECK_EQ_INT(b->row[0].packets, 2);
	CHECK_EQ_INT(b->row[0].query.ts_ns, AT(0));
	CHECK_EQ_INT(b->row[0].response.ts_ns, AT(12.5));
	CHECK_EQ_INT(b->row[0].response.flags & 15, 3);
	CHECK_EQ_INT(b->row[0].query.source_port, 4000);
	CHECK_EQ_INT(b->row[0].response.destination_port, 4000);
	CHECK_EQ_INT(b->row[0].name->labels, 3);
	CHECK_EQ_INT(b->row[0].query.id, 7);
}

/* The notebook went by the ID alone. */
TEST(pairing, the_same_id_at_the_same_time)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(ask(b, 1, 4001, 7, "other.example", TYPE_A), ADIT_ROLE_QUERY);
	CHECK_ROLE(ask(b, 2, 4000, 7, WWW, TYPE_AAAA), ADIT_ROLE_QUERY);
	b->other_client = true;
	CHECK_ROLE(ask(b, 3, 4000, 7, WWW, TYPE_A), ADIT_ROLE_QUERY);
	CHECK_ROLE(answer(b, 10, 4000, 7, WWW, TYPE_A), ADIT_ROLE_ANSWER);
	b->other_client = false;
	CHECK_ROLE(answer(b, 11, 4001, 7, "other.example", TYPE_A), ADIT_ROLE_ANSWER);
	CHECK_ROLE(answer(b, 12, 4000, 7, WWW, TYPE_AAAA), ADIT_ROLE_ANSWER);
	CHECK_ROLE(answer(b, 13, 4000, 7, WWW, TYPE_A), ADIT_ROLE_ANSWER);
	bench_end(b);
	REQUIRE(b->rows == 4);
	CHECK_EQ_INT(b->row[0].response.ts_ns, AT(13));
	CHECK_EQ_INT(b->row[1].response.ts_ns, AT(11));
	CHECK_EQ_INT(b->row[2].response.ts_ns, AT(12));
	CHECK_EQ_INT(b->row[3].response.ts_ns, AT(10));
}

TEST(pairing, letters_of_any_case_are_the_same_question)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 7, "wWw.eXample.org", TYPE_A);
	CHECK_ROLE(answer(b, 9, 4000, 7, WWW, TYPE_A), ADIT_ROLE_ANSWER);
	bench_end(b);
	CHECK_EQ_MEM(b->row[0].name->wire, "\3wWw\7eXample\3org", 17);
}

TEST(pairing, a_retransmission_is_of_the_same_row)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(ask(b, 4000, 4000, 7, WWW, TYPE_A), ADIT_ROLE_RETRANSMISSION);
	/* Late for the first one, and in time for the second. */
	CHECK_ROLE(answer(b, 8000, 4000, 7, WWW, TYPE_A), ADIT_ROLE_ANSWER);
	CHECK_ROLE(answer(b, 8100, 4000, 7, WWW, TYPE_A), ADIT_ROLE_REPEATED_ANSWER);
	bench_end(b);
	REQUIRE(b->rows == 1);
	CHECK_OUTCOME(b->row[0], ADIT_QUERY_ANSWERED);
	CHECK_EQ_INT(b->row[0].packets, 4);
	CHECK_EQ_INT(b->row[0].queries, 2);
	CHECK_EQ_INT(b->row[0].retransmissions, 1);
	CHECK_EQ_INT(b->row[0].responses, 2);
	CHECK_EQ_INT(b->row[0].repeated, 1);
	CHECK_EQ_INT(b->row[0].last_query_ns, AT(4000));
	CHECK_EQ_INT(b->row[0].response.ts_ns, AT(8000));
}

/* After an answer the same question is a new one. */
TEST(pairing, asked_again_after_the_answer)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	answer(b, 10, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(ask(b, 100, 4000, 7, WWW, TYPE_A), ADIT_ROLE_QUERY);
	CHECK_ROLE(answer(b, 110, 4000, 7, WWW, TYPE_A), ADIT_ROLE_ANSWER);
	bench_end(b);
	REQUIRE(b->rows == 2);
	CHECK_EQ_INT(b->row[0].response.ts_ns, AT(10));
	CHECK_EQ_INT(b->row[1].response.ts_ns, AT(110));
}

TEST(pairing, a_packet_seen_twice)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	b->ip_id--;
	CHECK_ROLE(ask(b, 1, 4000, 7, WWW, TYPE_A), ADIT_ROLE_DUPLICATE);
	answer(b, 10, 4000, 7, WWW, TYPE_A);
	b->ip_id--;
	CHECK_ROLE(answer(b, 11, 4000, 7, WWW, TYPE_A), ADIT_ROLE_DUPLICATE);
	bench_end(b);
	REQUIRE(b->rows == 1);
	CHECK_EQ_INT(b->row[0].packets, 4);
	CHECK_EQ_INT(b->row[0].duplicates, 2);
	CHECK_EQ_INT(b->row[0].queries, 1);
	CHECK_EQ_INT(b->row[0].responses, 1);
}

/* Systems that set the identification to 0 always: it is the time that tells. */
TEST(pairing, the_same_packet_later_is_no_duplicate)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	b->ip_id--;
	CHECK_ROLE(ask(b, 21, 4000, 7, WWW, TYPE_A), ADIT_ROLE_RETRANSMISSION);
	bench_end(b);
	b = bench_make();
	b->params.duplicate_ns = 0;
	ask(b, 0, 4000, 7, WWW, TYPE_A);
	b->ip_id--;
	CHECK_ROLE(ask(b, 1, 4000, 7, WWW, TYPE_A), ADIT_ROLE_RETRANSMISSION);
	bench_end(b);
}

TEST(pairing, late_and_missing_answers)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 1, WWW, TYPE_A);     /* answered after 5.001 s */
	ask(b, 1, 4000, 2, WWW, TYPE_A);     /* after 5 s: in time still */
	ask(b, 2, 4000, 3, WWW, TYPE_A);     /* after the window */
	ask(b, 3, 4000, 4, WWW, TYPE_A);     /* never */
	ask(b, 14000, 4000, 5, WWW, TYPE_A); /* the captures end 3 s later */
	CHECK_ROLE(answer(b, 5001, 4000, 1, WWW, TYPE_A), ADIT_ROLE_LATE_ANSWER);
	CHECK_ROLE(answer(b, 5001, 4000, 2, WWW, TYPE_A), ADIT_ROLE_ANSWER);
	CHECK_ROLE(answer(b, 15003, 4000, 3, WWW, TYPE_A), ADIT_ROLE_UNSOLICITED);
	CHECK_ROLE(answer(b, 17000, 4000, 99, WWW, TYPE_A), ADIT_ROLE_UNSOLICITED);
	bench_end(b);
	REQUIRE(b->rows == 5);
	CHECK_OUTCOME(b->row[0], ADIT_QUERY_LATE);
	CHECK_OUTCOME(b->row[1], ADIT_QUERY_ANSWERED);
	CHECK_OUTCOME(b->row[2], ADIT_QUERY_MISSING);
	CHECK_OUTCOME(b->row[3], ADIT_QUERY_MISSING);
	CHECK_OUTCOME(b->row[4], ADIT_QUERY_CUT);
}

/* A client side that ends early, and one that is silent for a while, beside a server side that goes
 * on: only the first one cuts its queries off. */
TEST(pairing, the_client_side_ends_first)
{
	for (int over = 0; over < 2; over++) {
		struct bench *b = bench_make();

		b->params.has_server = true;
		ask(b, 0, 4000, 1, WWW, TYPE_A);
		if (over)
			adit_pairing_client_over(b->pairing);
		behind(b, 30000, 5, "other.example", TYPE_A, true);
		behind(b, 30001, 6, "other.example", TYPE_A, true);
		CHECK_EQ_INT(b->rows, 1);
		if (!over)
			ask(b, 31000, 4000, 2, WWW, TYPE_A);
		bench_end(b);
		CHECK_OUTCOME(b->row[0], over ? ADIT_QUERY_CUT : ADIT_QUERY_MISSING);
	}
}

/* A packet that is no DNS shows as well that the capture goes on. */
TEST(pairing, other_packets_cover_the_time)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 1, WWW, TYPE_A);
	adit_pairing_cover(b->pairing, false, AT(5000));
	bench_end(b);
	CHECK_OUTCOME(b->row[0], ADIT_QUERY_MISSING);
}

TEST(pairing, an_answer_to_another_question)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(answer(b, 1, 4000, 7, "forged.example", TYPE_A), ADIT_ROLE_OTHER_QUESTION);
	CHECK_ROLE(answer(b, 2, 4000, 7, WWW, TYPE_AAAA), ADIT_ROLE_OTHER_QUESTION);
	CHECK_ROLE(answer(b, 3, 4000, 8, WWW, TYPE_A), ADIT_ROLE_UNSOLICITED);
	CHECK_ROLE(answer(b, 4, 4001, 7, WWW, TYPE_A), ADIT_ROLE_UNSOLICITED);
	/* An error without a question is the query's. */
	b->rcode = 1;
	CHECK_ROLE(answer(b, 5, 4000, 7, NULL, 0), ADIT_ROLE_ANSWER);
	CHECK_ROLE(answer(b, 6, 4000, 8, NULL, 0), ADIT_ROLE_NO_QUESTION);
	bench_end(b);
	REQUIRE(b->rows == 1);
	CHECK_EQ_INT(b->row[0].other_questions, 2);
	CHECK_EQ_INT(b->row[0].packets, 2);
	CHECK_EQ_INT(b->row[0].response.flags & 15, 1);
}

TEST(pairing, a_truncated_answer_and_the_retry_over_tcp)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	b->flags = FRAMES_TC;
	CHECK_ROLE(answer(b, 10, 4000, 7, WWW, TYPE_A), ADIT_ROLE_ANSWER);
	b->tcp = true;
	b->flags = 0;
	CHECK_ROLE(ask(b, 12, 5000, 8, WWW, TYPE_A), ADIT_ROLE_TCP_RETRY);
	CHECK_ROLE(answer(b, 30, 5000, 8, WWW, TYPE_A), ADIT_ROLE_TCP_ANSWER);
	CHECK_ROLE(answer(b, 31, 5000, 8, WWW, TYPE_A), ADIT_ROLE_REPEATED_ANSWER);
	/* Once more is a query of its own. */
	CHECK_ROLE(ask(b, 40, 5000, 9, WWW, TYPE_A), ADIT_ROLE_QUERY);
	bench_end(b);
	REQUIRE(b->rows == 2);
	CHECK_EQ_INT(b->row[0].truncated, 1);
	CHECK_EQ_INT(b->row[0].tcp_retry, 1);
	CHECK_EQ_INT(b->row[0].tcp_answered, 1);
	CHECK_EQ_INT(b->row[0].packets, 5);
	CHECK_EQ_INT(b->row[0].first_response_ns, AT(10));
	CHECK_EQ_INT(b->row[0].response.ts_ns, AT(30));
	CHECK_EQ_INT(b->row[0].response.protocol, 6);
	CHECK_EQ_INT(b->row[1].truncated, 0);
}

/* A retry without an answer leaves the truncated one; other questions over TCP are no retries. */
TEST(pairing, a_retry_over_tcp_that_is_not_answered)
{
	struct bench *b = bench_make();

	ask(b, 0, 4000, 7, WWW, TYPE_A);
	b->flags = FRAMES_TC;
	answer(b, 10, 4000, 7, WWW, TYPE_A);
	b->tcp = true;
	CHECK_ROLE(ask(b, 11, 5000, 7, "other.example", TYPE_A), ADIT_ROLE_QUERY);
	b->other_client = true;
	CHECK_ROLE(ask(b, 12, 5000, 7, WWW, TYPE_A), ADIT_ROLE_QUERY);
	b->other_client = false;
	CHECK_ROLE(ask(b, 13, 5000, 7, WWW, TYPE_A), ADIT_ROLE_TCP_RETRY);
	CHECK_ROLE(ask(b, 14, 5000, 7, WWW, TYPE_A), ADIT_ROLE_RETRANSMISSION);
	bench_end(b);
	REQUIRE(b->rows == 3);
	CHECK_OUTCOME(b->row[0], ADIT_QUERY_ANSWERED);
	CHECK_EQ_INT(b->row[0].tcp_answered, 0);
	CHECK_EQ_INT(b->row[0].response.ts_ns, AT(10));
	CHECK_EQ_INT(b->row[0].queries, 3);
}

/* TC=1 over TCP means nothing (RFC 7766 has no such thing). */
TEST(pairing, truncated_over_tcp_is_no_reason_to_ask_again)
{
	struct bench *b = bench_make();

	b->tcp = true;
	b->flags = FRAMES_TC;
	ask(b, 0, 4000, 7, WWW, TYPE_A);
	answer(b, 10, 4000, 7, WWW, TYPE_A);
	CHECK_ROLE(ask(b, 20, 4000, 8, WWW, TYPE_A), ADIT_ROLE_QUERY);
	bench_end(b);
	CHECK_EQ_INT(b->row[0].truncated, 0);
}

TEST(pairing, what_is_no_message_of_that_way)
{
	struct bench *b = bench_make();
	struct adit_message message;

	message = client_message(b, 0, 4000, false);
	frames_start(&b->frames);
	frames_query(&b->frames, 7, WWW, TYPE_A);
	CHECK_ROLE(bench_take(b, &message), ADIT_ROLE_WRONG_WAY);
	message = client_message(b, 1, 4000, true);
	frames_start(&b->frames);
	frames_dns(&b->frames, 7, 0);
	CHECK_ROLE(bench_take(b, &message), ADIT_ROLE_NO_QUESTION);
	message = client_message(b, 2, 4000, true);
	frames_start(&b->frames);
	frames_bytes(&b->frames, "SSH-2.0", 7);
	CHECK_ROLE(bench_take(b, &message), ADIT_ROLE_UNREADABLE);
	message = client_message(b, 3, 4000, true);
	message.raw = true;
	CHECK_ROLE(bench_take(b, &message), ADIT_ROLE_UNREADABLE);
	bench_end(b);
	CHECK_EQ_INT(b->rows, 0);
}

/* A row is told as soon as its window is over, and its place used again. */
/* A clock is set back by an hour: what follows is paired, in no more memory. */
TEST(pairing, a_clock_that_is_set_back)
{
	struct bench *b = bench_make();

	for (int i = 0; i < 60; i++) {
		double at = 1e7 + i * 1000 - (i < 30 ? 0 : 3.6e6);

		b->ip_id = 1;
		CHECK_ROLE(ask(b, at, 4000, 7, WWW, TYPE_A), ADIT_ROLE_QUERY);
		CHECK_ROLE(answer(b, at + 400, 4000, 7, WWW, TYPE_A), ADIT_ROLE_ANSWER);
	}
	CHECK_EQ_INT(adit_pairing_counters(b->pairing)->role[0][ADIT_ROLE_ANSWER], 60);
	CHECK(adit_pairing_counters(b->pairing)->open_max <= 18);
	bench_end(b);
}

/* One packet's time is wrong, forward or back: the others' rows go on. */
TEST(pairing, one_time_that_is_wrong)
{
	static const double wrong[] = {-9e6, 9e6};

	for (size_t i = 0; i < ADIT_COUNT(wrong); i++) {
		struct bench *b = bench_make();

		CHECK_ROLE(ask(b, 1e7, 4000, 7, WWW, TYPE_A), ADIT_ROLE_QUERY);
		CHECK_ROLE(ask(b, 1e7 + wrong[i], 4001, 8, WWW, TYPE_A), ADIT_ROLE_QUERY);
		CHECK_ROLE(answer(b, 1e7 + 20, 4000, 7, WWW, TYPE_A), ADIT_ROLE_ANSWER);
		CHECK_ROLE(ask(b, 1e7 + 30, 4000, 9, WWW, TYPE_A), ADIT_ROLE_QUERY);
		CHECK_ROLE(answer(b, 1e7 + 40, 4000, 9, WWW, TYPE_A), ADIT_ROLE_ANSWER);
		bench_end(b);
		CHECK_EQ_INT(b->rows, 3);
	}
}

TEST(pairing, memory_is_that_of_the_window)
{
	struct bench *b = bench_make();

	b->params.transactions = 2;
	for (int i = 0; i < 20; i++) {
		CHECK_ROLE(ask(b, 16000.0 * i, 4000, (uint16_t)i, WWW, TYPE_A), ADIT_ROLE_QUERY);
		answer(b, 16000.0 * i + 1, 4000, (uint16_t)i, WWW, TYPE_A);
		/* Two messages say how late it is. */
		CHECK_EQ_INT(b->rows, i);
	}
	CHECK_EQ_INT(adit_pairing_counters(b->pairing)->open_max, 2);
	CHECK_EQ_INT(adit_pairing_counters(b->pairing)->evicted, 0);
	bench_end(b);
	CHECK_EQ_INT(b->rows, 20);
}

TEST(pairing, the_oldest_gives_way_and_is_counted)
{
	struct bench *b = bench_make();

	b->params.transactions = 2;
	ask(b, 0, 4000, 1, WWW, TYPE_A);
	ask(b, 1, 4000, 2, WWW, TYPE_A);
	answer(b, 2, 4000, 2, WWW, TYPE_A);
	ask(b, 3, 4000, 3, WWW, TYPE_A);
	ask(b, 4, 4000, 4, WWW, TYPE_A);
	CHECK_ROLE(answer(b, 5, 4000, 1, WWW, TYPE_A), ADIT_ROLE_UNSOLICITED);
	CHECK_EQ_INT(adit_pairing_counters(b->pairing)->evicted, 2);
	bench_end(b);
	REQUIRE(b->rows == 4);
	CHECK_OUTCOME(b->row[0], ADIT_QUERY_EVICTED);
	CHECK_OUTCOME(b->row[1], ADIT_QUERY_ANSWERED);
	CHECK_OUTCOME(b->row[2], ADIT_QUERY_CUT);
}

/* Every allocation that fails is an answer of no pairing, and nothing stays behind. */
TEST(pairing, no_memory)
{
	struct bench *b = bench_make();

	b->params.has_server = true;
	for (size_t fail_at = 0;; fail_at++) {
		struct harness_allocator allocator;
		struct adit_pairing *pairing;

		harness_allocator_init(&allocator, fail_at);
		pairing = adit_pairing_create(&b->params, &allocator.allocator);
		adit_pairing_destroy(pairing);
		CHECK_EQ_INT(allocator.live, 0);
		if (pairing != NULL) {
			CHECK(fail_at >= 5);
			break;
		}
	}
	b->params.transactions = 0;
	CHECK(adit_pairing_create(&b->params, NULL) == NULL);
	b->params.transactions = ADIT_TRANSACTIONS_MAX + 1;
	CHECK(adit_pairing_create(&b->params, NULL) == NULL);
}
