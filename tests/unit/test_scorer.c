/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Stories from the first record to the last, and what lowers a score.
 */
#include "scorer_cases.h"

TEST(scorer, survives_every_allocation_failure)
{
	struct fixture *x = fixture_open(NULL);
	struct harness_allocator counting;
	size_t calls;

	harness_allocator_init(&counting, SIZE_MAX);
	adit_scorer_destroy(adit_scorer_create(&x->params, &counting.allocator));
	CHECK_EQ_INT(counting.live, 0);
	calls = counting.calls;
	CHECK(calls > 20);
	for (size_t n = 0; n < calls; n++) {
		harness_allocator_init(&counting, n);
		CHECK(adit_scorer_create(&x->params, &counting.allocator) == NULL);
		CHECK_EQ_INT(counting.live, 0);
	}
	adit_scorer_destroy(NULL);
	fixture_close(x);
}

TEST(scorer, tells_a_tunnel_once_open_once_doubled_once_closed)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	for (int i = 0; i < 4; i++) {
		tunnel(x, 1, 1, 30, 100, 0);
		slice_end(x);
	}
	/* Opened; doubled after 2 and after 4 times as much, not after 3. */
	REQUIRE(x->told == 3);
	for (int i = 0; i < 5; i++)
		slice_end(x);
	CHECK_EQ_INT(x->told, 3);
	slice_end(x);
	REQUIRE(x->told == 4);
	for (int i = 0; i < 4; i++) {
		static const uint32_t slices[] = {1, 2, 4, 4};
		static const enum adit_verdict_state states[] = {
			ADIT_STATE_OPEN, ADIT_STATE_UPDATE, ADIT_STATE_UPDATE, ADIT_STATE_CLOSED};

		CHECK_EQ_INT(v[i].state, states[i]);
		CHECK(v[i].id == v[0].id && v[i].id != 0);
		CHECK_EQ_INT(v[i].verdict, ADIT_VERDICT_TUNNEL);
		CHECK_EQ_INT(v[i].score, STEP_SCORE);
		CHECK(v[i].tool == NULL);
		CHECK_EQ_INT(v[i].queries, 30 * slices[i]);
		CHECK_EQ_INT(v[i].responses, 30 * slices[i]);
		CHECK_EQ_INT(v[i].bytes_up, 30 * 40 * slices[i]);
		CHECK_EQ_INT(v[i].bytes_down, 30 * 160 * slices[i]);
		CHECK_EQ_INT(v[i].information_up, 30 * 25 * slices[i]);
		CHECK_EQ_INT(v[i].information_down, 30 * 100 * slices[i]);
		CHECK_EQ_INT(v[i].window_start_ns, FIRST_SLICE * ADIT_SLICE_NS);
		CHECK_EQ_INT(v[i].window_end_ns, (FIRST_SLICE + slices[i]) * ADIT_SLICE_NS);
		CHECK_EQ_INT(v[i].domain.size, 14);
		CHECK_EQ_MEM(v[i].domain.wire, "\ad000001\4test", 14);
		CHECK_EQ_INT(v[i].subscribers_total, 1);
		CHECK_EQ_INT(v[i].subscriber_count, 1);
		CHECK_EQ_INT(v[i].subscriber[0].queries, 30 * slices[i]);
		CHECK_EQ_INT(v[i].subscriber[0].bytes_down, 30 * 160 * slices[i]);
		CHECK_EQ_INT(v[i].sample_count, 3);
		REQUIRE(v[i].reason_count == 1);
		CHECK_EQ_STR(v[i].reason[0].name, "id_step_share");
		CHECK_EQ_INT(v[i].time_ns, v[i].window_end_ns + (i == 3) * 6 * ADIT_SLICE_NS);
		CHECK(!v[i].has_server);
	}
	CHECK_EQ_INT(v[0].unique_names, 30);
	CHECK_EQ_INT(v[1].unique_names, 60);
	CHECK(v[2].unique_names > 80 && v[2].unique_names <= 120);
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->opened, 1);
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->slices, 10);
	fixture_close(x);
}

/* What a closed story told is not told again: the next one has its own id and counts anew. */
TEST(scorer, a_tunnel_that_comes_back_is_another_story)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	tunnel(x, 1, 1, 30, 100, 0);
	slice_end(x);
	for (int i = 0; i < 7; i++)
		slice_end(x);
	REQUIRE(x->told == 2);
	CHECK_EQ_INT(v[1].state, ADIT_STATE_CLOSED);
	/* The sums of the hour still hold it, but one look-up more is no tunnel. */
	tunnel(x, 1, 1, 1, 100, 0);
	slice_end(x);
	CHECK_EQ_INT(x->told, 2);
	tunnel(x, 1, 1, 40, 100, 0);
	slice_end(x);
	REQUIRE(x->told == 3);
	CHECK_EQ_INT(v[2].state, ADIT_STATE_OPEN);
	CHECK(v[2].id != v[0].id);
	CHECK_EQ_INT(v[2].queries, 40);
	CHECK_EQ_INT(v[2].subscriber[0].queries, 40);
	CHECK_EQ_INT(v[2].window_start_ns, (FIRST_SLICE + 9) * ADIT_SLICE_NS);
	/* After an hour there is nothing told to leave out. */
	slices_skip(x, 400);
	slice_end(x);
	CHECK_EQ_INT(v[3].state, ADIT_STATE_CLOSED);
	tunnel(x, 1, 1, 12, 100, 0);
	slice_end(x);
	tunnel(x, 1, 1, 12, 100, 0);
	slice_end(x);
	REQUIRE(x->told == 5);
	CHECK_EQ_INT(v[4].state, ADIT_STATE_OPEN);
	CHECK_EQ_INT(v[4].queries, 24);
	fixture_close(x);
}

/* Where no bound on information counts, a handful of names is not worth deriving features of. */
TEST(scorer, few_names_are_not_derived)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_score_counters *counters;

	x->params.features = NULL;
	fixture_restart(x, 0);
	tunnel(x, 1, 1, 7, 100, 0);
	slice_end(x);
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->rows[ADIT_SPAN_SLICE], 1);
	x->params.detect.information = false;
	fixture_restart(x, 0);
	tunnel(x, 1, 1, 7, 100, 0);
	slice_end(x);
	counters = adit_scorer_counters(x->scorer);
	CHECK_EQ_INT(counters->rows[ADIT_SPAN_SLICE], 0);
	CHECK(counters->judged > 0 && counters->light > 0);
	/* What comes later counts with what was passed over. */
	tunnel(x, 1, 1, 14, 100, 0);
	slice_end(x);
	CHECK_EQ_INT(counters->rows[ADIT_SPAN_10MIN], 1);
	REQUIRE(x->told == 1);
	CHECK_EQ_INT(x->verdict[0].queries, 21);
	fixture_close(x);
}

TEST(scorer, end_closes_all_and_forgets)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	tunnel(x, 1, 1, 30, 100, 0);
	tunnel(x, 2, 2, 30, 100, 0);
	slice_end(x);
	CHECK_EQ_INT(x->told, 2);
	CHECK(v[0].id != v[1].id);
	adit_scorer_end(x->scorer);
	REQUIRE(x->told == 4);
	CHECK_EQ_INT(v[2].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(v[3].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(v[2].id, v[0].id);
	CHECK_EQ_INT(v[3].id, v[1].id);
	/* A new timeline may begin earlier; the same again is another story. */
	x->slice = FIRST_SLICE;
	adit_window_open(x->window, x->slice);
	tunnel(x, 1, 1, 30, 100, 0);
	slice_end(x);
	REQUIRE(x->told == 5);
	CHECK(v[4].id != v[0].id && v[4].id != v[1].id);
	CHECK_EQ_INT(v[4].queries, 30);
	adit_scorer_end(x->scorer);
	adit_scorer_end(x->scorer);
	CHECK_EQ_INT(x->told, 6);
	fixture_close(x);
}

TEST(scorer, update_when_the_tool_becomes_known)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	for (int i = 0; i < 4; i++) {
		tunnel(x, 1, 1, 30, 100, 0);
		slice_end(x);
	}
	REQUIRE(x->told == 3);
	tunnel(x, 1, 1, 20, 100, 1u << CLASS_STRONG);
	slice_end(x);
	REQUIRE(x->told == 4);
	CHECK_EQ_INT(v[3].state, ADIT_STATE_UPDATE);
	CHECK_EQ_STR(v[3].tool, "iodine");
	CHECK_EQ_INT(v[3].score, 95);
	CHECK_EQ_STR(v[3].reason[0].name, "signature_names");
	/* It stays known. */
	tunnel(x, 1, 1, 200, 100, 0);
	slice_end(x);
	REQUIRE(x->told == 5);
	CHECK_EQ_STR(v[4].tool, "iodine");
	CHECK_EQ_INT(v[4].score, 95);
	CHECK_EQ_INT(v[4].id, v[0].id);
	fixture_close(x);
}

TEST(scorer, attempt_becomes_a_tunnel)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	tunnel(x, 1, 1, 3, 0, 1u << CLASS_STRONG);
	slice_end(x);
	REQUIRE(x->told == 1);
	CHECK_EQ_INT(v[0].verdict, ADIT_VERDICT_SUSPECT);
	CHECK_EQ_INT(v[0].score, 55);
	CHECK_EQ_STR(v[0].tool, "iodine");
	tunnel(x, 1, 1, 10, 100, 1u << CLASS_STRONG);
	slice_end(x);
	REQUIRE(x->told == 2);
	CHECK_EQ_INT(v[1].verdict, ADIT_VERDICT_TUNNEL);
	CHECK_EQ_INT(v[1].queries, 13);
	CHECK_EQ_INT(v[1].id, v[0].id);
	fixture_close(x);
}

TEST(scorer, subscribers_heaviest_first)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;
	static const uint32_t counts[] = {30, 70, 50, 60, 40};

	for (uint32_t i = 0; i < ADIT_COUNT(counts); i++)
		tunnel(x, i + 1, 1, counts[i], 100, 0);
	slice_end(x);
	REQUIRE(x->told == 1);
	CHECK_EQ_INT(v[0].subscribers_total, 5);
	/* As many as are asked for. */
	REQUIRE(v[0].subscriber_count == 3);
	CHECK_EQ_INT(v[0].subscriber[0].address.bytes[3], 2);
	CHECK_EQ_INT(v[0].subscriber[0].queries, 70);
	CHECK_EQ_INT(v[0].subscriber[1].address.bytes[3], 4);
	CHECK_EQ_INT(v[0].subscriber[2].address.bytes[3], 3);
	CHECK_EQ_INT(v[0].queries, 250);
	fixture_close(x);
}

/* More stories than there is room for are refused and counted; room comes back. */
TEST(scorer, refuses_stories_over_its_room)
{
	struct fixture *x = fixture_open(NULL);

	for (uint32_t i = 1; i <= 10; i++)
		tunnel(x, i, i, 30, 100, 0);
	slice_end(x);
	CHECK_EQ_INT(x->told, 8);
	CHECK(adit_scorer_counters(x->scorer)->stories_refused >= 2);
	for (int i = 0; i < 6; i++)
		slice_end(x);
	CHECK_EQ_INT(x->told, 16);
	tunnel(x, 20, 20, 30, 100, 0);
	slice_end(x);
	CHECK_EQ_INT(x->told, 17);
	fixture_close(x);
}

TEST(scorer, prevalence_lowers_a_score)
{
	for (uint32_t clients = 7; clients <= 8; clients++) {
		struct fixture *x = fixture_open(NULL);

		for (uint32_t i = 1; i <= clients; i++)
			tunnel(x, i, 1, 30, 100, 0);
		slice_end(x);
		CHECK_EQ_INT(x->highest, clients == 7 ? STEP_SCORE : STEP_SCORE - 20);
		fixture_close(x);
	}
	/* Not a strong signature, and not above the information bound. */
	for (int variant = 0; variant < 2; variant++) {
		struct fixture *x = fixture_open(NULL);

		for (uint32_t i = 1; i <= 8; i++)
			tunnel(x, i, 1, 30, variant ? 4000 : 100, variant ? 0 : 1u << CLASS_STRONG);
		slice_end(x);
		CHECK_EQ_INT(x->highest, variant ? STEP_SCORE : 95);
		fixture_close(x);
	}
}

TEST(scorer, known_services_lower_a_score)
{
	/* d000001.test; d000002.test until the day before; d000003.test below 3000 bytes. The
	 * slices are of May 2026. */
	static const char text[] = "d000001.test until 2028-01-01 known\n"
				   "d000002.test until 2026-01-01 was known\n"
				   "d000003.test until 2028-01-01 below 3000 known for little\n";
	static const struct {
		uint32_t domain, count, payload, classes, score;
	} rows[] = {
		{1, 30, 100, 0, 39},
		{1, 30, 100, 1u << CLASS_STRONG, 95},
		{1, 30, 4000, 0, STEP_SCORE},
		{2, 30, 100, 0, STEP_SCORE},
		{3, 23, 100, 0, 39},
		{3, 24, 100, 0, STEP_SCORE},
		{4, 30, 100, 0, STEP_SCORE},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct fixture *x = fixture_open(text);

		tunnel(x, 1, rows[i].domain, rows[i].count, rows[i].payload, rows[i].classes);
		slice_end(x);
		CHECK_EQ_INT(x->highest, rows[i].score);
		CHECK_EQ_INT(x->told, rows[i].score >= 40);
		fixture_close(x);
		if (harness_failed())
			FAIL("in row %d", (int)i);
	}
}

/* Above the information bound an entry may take away what the bound found, and nothing else. */
TEST(scorer, known_services_above_the_bound)
{
	static const char text[] = "d000001.test until 2028-01-01 below 3000 known for more\n"
				   "d000002.test until 2028-01-01 known\n";
	/* 125 bytes each. 20 names with their step of IDs make a tunnel. */
	static const struct {
		uint32_t domain, count, score;
	} rows[] = {
		{1, 16, 39},
		{2, 16, 45},
		{3, 16, 45},
		{1, 19, 39},
		{1, 20, STEP_SCORE},
		{1, 23, STEP_SCORE},
		{1, 24, STEP_SCORE},
		{2, 20, STEP_SCORE},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct fixture *x = fixture_open(text);

		x->params.detect.information_bound = 2000;
		fixture_restart(x, 0);
		tunnel(x, 1, rows[i].domain, rows[i].count, 100, 0);
		slice_end(x);
		CHECK_EQ_INT(x->highest, rows[i].score);
		fixture_close(x);
		if (harness_failed())
			FAIL("in row %d", (int)i);
	}
}

/* Three queries in 200 seconds: 10 minutes do not show it, an hour does. */
TEST(scorer, slow_tunnel_is_seen_in_an_hour)
{
	struct fixture *x = fixture_open(NULL);
	int slices = 0;

	for (; slices < 360 && x->told == 0; slices++) {
		if (slices % 20 == 0)
			tunnel(x, 1, 1, 3, 20, 0);
		slice_end(x);
	}
	/* 20 names after 7 times. */
	REQUIRE(x->told == 1);
	CHECK_EQ_INT(slices, 6 * 20 + 1);
	CHECK_EQ_INT(x->verdict[0].score, STEP_SCORE);
	CHECK_EQ_INT(x->verdict[0].queries, 21);
	CHECK_EQ_INT(x->verdict[0].unique_names, 21);
	CHECK_EQ_INT(x->verdict[0].window_start_ns, FIRST_SLICE * ADIT_SLICE_NS);
	fixture_close(x);
}

/* A pause may be slices that were left out; after one longer than 10 minutes the new story takes
 * over what came since. */
TEST(scorer, slow_tunnel_that_comes_back)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	tunnel(x, 1, 1, 30, 100, 0);
	tunnel(x, 2, 1, 30, 100, 0);
	slice_end(x);
	slices_skip(x, 70);
	for (int i = 0; i < 12 && x->told < 3; i++) {
		tunnel(x, 1, 1, 4, 100, 0);
		slice_end(x);
	}
	REQUIRE(x->told == 3);
	CHECK_EQ_INT(v[1].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(v[2].state, ADIT_STATE_OPEN);
	CHECK(v[2].id != v[0].id);
	CHECK_EQ_INT(v[2].queries, 20);
	CHECK_EQ_INT(v[2].window_start_ns, (FIRST_SLICE + 71) * ADIT_SLICE_NS);
	/* The other subscriber is known, and did nothing in this story. */
	CHECK_EQ_INT(v[2].subscribers_total, 2);
	CHECK_EQ_INT(v[2].subscriber_count, 1);
	CHECK_EQ_INT(v[2].subscriber[0].queries, 20);
	fixture_close(x);
}

/* Browsing: few names asked for again and again, answers that are addresses. */
TEST(scorer, browsing_is_no_story)
{
	struct fixture *x = fixture_open(NULL);
	uint64_t state = 1;
	struct test_event e;

	for (int slice = 0; slice < 100; slice++) {
		for (int i = 0; i < 200; i++) {
			event_make(&e, random_below(&state, 50), random_below(&state, 30),
				random_below(&state, 12));
			count(x, &e);
			event_answer(&e, 0);
			count(x, &e);
		}
		slice_end(x);
	}
	CHECK_EQ_INT(x->told, 0);
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->opened, 0);
	fixture_close(x);
}

/* Raw datagrams to a server: a story of the server, told with its address. */
TEST(scorer, server_has_a_story_of_its_own)
{
	struct fixture *x = fixture_open(NULL);
	struct test_event e;

	for (uint32_t i = 0; i < 1200; i++) {
		event_make(&e, 1, 1, i);
		e.event.domain_key = 0;
		e.event.unzoned = e.event.by_server = e.event.unparsable = true;
		e.event.info_bytes = 0;
		e.event.beside_bytes = 100;
		count(x, &e);
	}
	slice_end(x);
	REQUIRE(x->told == 1);
	CHECK_EQ_INT(x->verdict[0].score, 45);
	CHECK_EQ_INT(x->verdict[0].verdict, ADIT_VERDICT_SUSPECT);
	CHECK(x->verdict[0].has_server);
	CHECK_EQ_MEM(x->verdict[0].server.bytes, "\xc0\0\2\x35", 4);
	CHECK_EQ_INT(x->verdict[0].domain.size, 0);
	CHECK_EQ_INT(x->verdict[0].subscriber_count, 1);
	CHECK_EQ_INT(x->verdict[0].information_up, 120000);
	fixture_close(x);
}

/* A subscriber's datagrams that are no DNS, to a server 192.0.2.x, and so many back. */
static void raw(struct fixture *x, uint32_t client, uint8_t server, uint32_t up, uint32_t down)
{
	static uint32_t name = 1u << 22;
	struct test_event e;

	for (uint32_t i = 0; i < up + down; i++) {
		event_make(&e, client, 1, ++name);
		e.server.bytes[3] = server;
		e.event.server_key = case_key(ADIT_KIND_SERVER, client, server);
		e.event.domain_key = 0;
		e.event.unzoned = e.event.by_server = e.event.unparsable = true;
		e.event.is_query = i < up;
		e.event.info_bytes = 0;
		e.event.beside_bytes = 1000;
		count(x, &e);
	}
}

/* Of the stories that are open, those of a server. */
static uint32_t server_stories(const struct fixture *x)
{
	uint32_t stories = 0;

	for (size_t i = 0; i < x->told && i < TOLD_MAX; i++)
		stories += x->verdict[i].has_server && x->verdict[i].state == ADIT_STATE_OPEN;
	return stories;
}

/* What a subscriber sends to a server is told by a domain's story only if that one found as much of
 * the same subscriber at the same server. */
TEST(scorer, domain_stories_that_tell_what_a_server_is_sent)
{
	static const struct {
		uint32_t client, queries, classes, up, down;
		uint8_t server;
		uint32_t stories;
	} rows[] = {
		/* the subscriber's tunnel at this server */
		{1, 60, 1u << CLASS_STRONG, 120, 120, 53, 0},
		{1, 60, 1u << CLASS_STRONG, 120, 0, 53, 0},
		/* at another; of another subscriber */
		{1, 60, 1u << CLASS_STRONG, 120, 120, 54, 1},
		{2, 60, 1u << CLASS_STRONG, 120, 120, 53, 1},
		/* a suspect tells of a suspect, and of no tunnel */
		{1, 3, 1u << CLASS_STRONG, 120, 0, 53, 0},
		{1, 3, 1u << CLASS_STRONG, 120, 120, 53, 1},
		{2, 3, 1u << CLASS_STRONG, 120, 0, 53, 1},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct fixture *x = fixture_open(NULL);
		struct test_event e;

		tunnel(x, 1, 1, rows[i].queries, rows[i].queries > 3 ? 100 : 0, rows[i].classes);
		/* The others are subscribers of the domain, too, and do nothing there. */
		event_make(&e, rows[i].client, 1, 1);
		count(x, &e);
		slice_end(x);
		CHECK_EQ_INT(x->told, 1);
		raw(x, rows[i].client, rows[i].server, rows[i].up, rows[i].down);
		slice_end(x);
		CHECK_EQ_INT(server_stories(x), rows[i].stories);
		fixture_close(x);
		if (harness_failed())
			FAIL("in row %d", (int)i);
	}
}

/* Three queries of a suspect, told and closed, are part of the tunnel that they become; that is
 * told once. */
TEST(scorer, a_suspect_that_was_told_becomes_a_tunnel)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	for (int i = 0; i < 4; i++) {
		tunnel(x, 1, 1, 3, 60, 1u << CLASS_STRONG);
		slice_end(x);
		slices_skip(x, 72);
		slice_end(x);
	}
	REQUIRE(x->told == 4);
	CHECK_EQ_INT(v[0].verdict, ADIT_VERDICT_SUSPECT);
	CHECK_EQ_INT(v[1].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(v[1].id, v[0].id);
	CHECK_EQ_INT(v[2].state, ADIT_STATE_OPEN);
	CHECK_EQ_INT(v[2].verdict, ADIT_VERDICT_TUNNEL);
	/* The third time: 9 names. What was told is in it; it is another story all the same. */
	CHECK_EQ_INT(v[2].queries, 9);
	CHECK_EQ_INT(v[2].window_start_ns, v[0].window_start_ns);
	CHECK(v[2].id != v[0].id);
	CHECK_EQ_INT(v[3].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(v[3].id, v[2].id);
	fixture_close(x);
}

/* Three workers, each with traffic in its last shard, as where a port spreads by itself: of 64
 * shards only one has a 22nd of its own. */
TEST(scorer, last_shard_of_every_worker_is_read)
{
	struct adit_window_params params = {.shards = 22, .rows = {8, 8, 8, 8, 8}, .details = 8};
	struct fixture *x = fixture_open(NULL);
	struct adit_window *windows[3];
	struct test_event e;

	for (uint32_t i = 0; i < ADIT_COUNT(windows); i++) {
		windows[i] = adit_window_create(&params, NULL);
		REQUIRE(windows[i] != NULL);
		adit_window_open(windows[i], x->slice);
		event_make(&e, i, i, i);
		e.event.classes = 1u << CLASS_STRONG;
		adit_window_count(windows[i], NULL, 21, &e.event);
	}
	adit_scorer_slice(x->scorer, x->slice, windows, ADIT_COUNT(windows));
	/* A domain and a pair each. */
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->judged, 2 * ADIT_COUNT(windows));
	for (uint32_t i = 0; i < ADIT_COUNT(windows); i++)
		adit_window_destroy(windows[i]);
	fixture_close(x);
}

/* What a subscriber tunnels in a slice, in a bearer; a leg of its own for each direction. */
static void tunnel_in(struct fixture *x, uint8_t radio_up, uint32_t teid_up, uint8_t radio_down,
	uint32_t teid_down, uint64_t ts_ns)
{
	static uint32_t name = 1u << 20;
	struct test_event e;

	for (uint32_t i = 0; i < 30; i++) {
		struct adit_path *path;
		bool up = i % 2 == 0;

		name += up;
		event_make(&e, 1, 1, name);
		e.event.payload_type = true;
		e.event.type_group = ADIT_GROUP_TXT;
		e.event.info_bytes = 25;
		e.event.classes = 1u << CLASS_STRONG;
		path = &e.who.path[up ? ADIT_UP : ADIT_DOWN];
		path->known = true;
		path->radio.bytes[0] = up ? radio_up : radio_down;
		path->core.bytes[0] = 200;
		path->teid = up ? teid_up : teid_down;
		path->first_ns = path->last_ns = ts_ns + i;
		if (!up)
			event_answer(&e, 100);
		count(x, &e);
	}
}

TEST(scorer, a_handover_keeps_the_subscriber_and_begins_a_bearer)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict_subscriber *who;

	tunnel_in(x, 1, 11, 1, 12, 1000);
	slice_end(x);
	tunnel_in(x, 1, 11, 1, 12, 2000);
	slice_end(x);
	tunnel_in(x, 2, 21, 2, 22, 3000);
	slice_end(x);
	adit_scorer_end(x->scorer);
	REQUIRE(x->told >= 2);
	CHECK_EQ_INT(x->verdict[0].subscriber[0].bearer_count, 1);
	CHECK_EQ_INT(x->verdict[x->told - 1].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(x->verdict[x->told - 1].subscriber_count, 1);
	who = &x->verdict[x->told - 1].subscriber[0];
	CHECK_EQ_INT(who->queries, 45);
	/* Both directions moved, together. */
	CHECK_EQ_INT(who->handovers, 1);
	REQUIRE(who->bearer_count == 2);
	CHECK_EQ_INT(who->bearer[0].outer.bytes[0], 1);
	CHECK_EQ_INT(who->bearer[0].outer_core.bytes[0], 200);
	CHECK(who->bearer[0].has_teid_uplink && who->bearer[0].has_teid_downlink);
	CHECK_EQ_INT(who->bearer[0].teid_uplink, 11);
	CHECK_EQ_INT(who->bearer[0].teid_downlink, 12);
	CHECK_EQ_INT(who->bearer[0].first_ns, 1000);
	CHECK_EQ_INT(who->bearer[0].last_ns, 2029);
	CHECK_EQ_INT(who->bearer[1].outer.bytes[0], 2);
	CHECK_EQ_INT(who->bearer[1].teid_uplink, 21);
	CHECK_EQ_INT(who->bearer[1].first_ns, 3000);
	fixture_close(x);
}

/* A tap of two legs shows each direction elsewhere: that is no handover. */
TEST(scorer, directions_on_different_legs_are_two_bearers)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict_subscriber *who;

	for (uint64_t i = 0; i < 3; i++) {
		tunnel_in(x, 1, 11, 3, 12, 1000 * i);
		slice_end(x);
	}
	adit_scorer_end(x->scorer);
	REQUIRE(x->told >= 1);
	who = &x->verdict[x->told - 1].subscriber[0];
	CHECK_EQ_INT(who->handovers, 0);
	REQUIRE(who->bearer_count == 2);
	CHECK(who->bearer[0].has_teid_uplink && !who->bearer[0].has_teid_downlink);
	CHECK(!who->bearer[1].has_teid_uplink && who->bearer[1].has_teid_downlink);
	fixture_close(x);
}

TEST(scorer, only_the_last_bearers_are_kept)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict_subscriber *who;

	for (uint32_t i = 0; i < 10; i++) {
		tunnel_in(x, (uint8_t)(10 + i), i, (uint8_t)(10 + i), 100 + i, 1000 * i);
		slice_end(x);
	}
	adit_scorer_end(x->scorer);
	REQUIRE(x->told >= 1);
	who = &x->verdict[x->told - 1].subscriber[0];
	CHECK_EQ_INT(who->handovers, 9);
	CHECK_EQ_INT(who->bearer_count, ADIT_VERDICT_BEARERS);
	CHECK_EQ_INT(who->bearer[ADIT_VERDICT_BEARERS - 1].outer.bytes[0], 19);
	CHECK_EQ_INT(who->bearer[0].outer.bytes[0], 20 - ADIT_VERDICT_BEARERS);
	fixture_close(x);
}

static struct adit_blind *taken[2];
static size_t takes;

static struct adit_blind *on_blind(void *context, struct adit_blind *blind)
{
	(void)context;
	CHECK(blind == taken[takes % 2]);
	takes++;
	adit_blind_clear(taken[takes % 2]);
	return taken[takes % 2];
}

/* The table of encrypted DNS goes to whoever keeps it at the end of a clock hour and of the
 * timeline, and a verdict says how much of it the subscriber has. */
TEST(scorer, encrypted_dns_by_the_hour_and_in_verdicts)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_address server = {.bytes = {192, 0, 2, 1}};
	struct test_event e;

	takes = 0;
	for (int i = 0; i < 2; i++)
		taken[i] = adit_blind_create(10, NULL);
	REQUIRE(taken[0] != NULL && taken[1] != NULL);
	adit_scorer_destroy(x->scorer);
	x->params.blind = taken[0];
	x->params.blind_full = on_blind;
	x->scorer = adit_scorer_create(&x->params, NULL);
	/* The last two slices of an hour, and the first of the next. */
	x->slice = (FIRST_SLICE / ADIT_HOUR_SLICES + 1) * ADIT_HOUR_SLICES - 2;
	adit_window_open(x->window, x->slice);
	event_make(&e, 1, 1, 1);
	for (int i = 0; i < 3; i++) {
		struct adit_encrypted_event event = {.key = 5,
			.who = &e.who,
			.server = &server,
			.bytes = 100,
			.transport = ADIT_TRANSPORT_DOQ,
			.up = true};

		tunnel_in(x, 1, 11, 1, 12, 1000);
		adit_window_count_encrypted(x->window, 0, &event);
		slice_end(x);
		CHECK_EQ_INT(takes, i == 2);
	}
	REQUIRE(x->told >= 1);
	CHECK_EQ_INT(x->verdict[0].subscriber[0].encrypted_packets[ADIT_ENCRYPTED_DOQ], 1);
	CHECK_EQ_INT(x->verdict[0].subscriber[0].encrypted_bytes[ADIT_ENCRYPTED_DOQ], 100);
	CHECK_EQ_INT(taken[0]->count, 1);
	CHECK_EQ_INT(taken[0]->rows[0].bytes_up[ADIT_TRANSPORT_DOQ], 200);
	adit_scorer_end(x->scorer);
	CHECK_EQ_INT(takes, 2);
	CHECK_EQ_INT(taken[1]->rows[0].bytes_up[ADIT_TRANSPORT_DOQ], 100);
	fixture_close(x);
	adit_blind_destroy(taken[0]);
	adit_blind_destroy(taken[1]);
}
