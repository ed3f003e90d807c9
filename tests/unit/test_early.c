/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Looks in the scoring core: a tunnel that is told before its slice is over.
 */
#include "scorer_cases.h"

#include <stdlib.h>

/* Names of 25 bytes with answers of 100: the third message passes 256 bytes, but four names are the
 * least; the 5th query, of the third name, is not enough. */
TEST(early, told_within_the_slice)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;
	uint64_t start = FIRST_SLICE * ADIT_SLICE_NS;

	fixture_restart(x, 8);
	tunnel(x, 1, 1, 30, 100, 1u << CLASS_STRONG);
	/* At the 4th name, an attempt; at the 5th 512 bytes; at the 9th 1024, a tunnel. */
	REQUIRE(x->window->look_count >= 3);
	for (uint32_t i = 0; i < x->window->look_count; i++) {
		adit_scorer_look(x->scorer, &x->window->looks[i]);
		CHECK_EQ_INT(x->told, i >= 2);
	}
	CHECK_EQ_INT(v[0].state, ADIT_STATE_OPEN);
	CHECK_EQ_INT(v[0].verdict, ADIT_VERDICT_TUNNEL);
	CHECK_EQ_INT(v[0].score, 95);
	CHECK_EQ_STR(v[0].tool, "iodine");
	CHECK_EQ_INT(v[0].time_ns, x->window->looks[2].ts_ns);
	CHECK_EQ_INT(v[0].time_ns, start + 80 * ADIT_NS_PER_MS);
	CHECK_EQ_INT(v[0].window_start_ns, start);
	CHECK_EQ_INT(v[0].window_end_ns, start + ADIT_SLICE_NS);
	CHECK_EQ_INT(v[0].queries, 9);
	CHECK_EQ_INT(v[0].responses, 8);
	CHECK_EQ_INT(v[0].unique_names, 9);
	CHECK_EQ_INT(v[0].bytes_up, 9 * 40);
	CHECK_EQ_INT(v[0].bytes_down, 8 * 160);
	CHECK_EQ_INT(v[0].information_up, 9 * 25);
	CHECK_EQ_INT(v[0].information_down, 8 * 100);
	CHECK_EQ_INT(v[0].subscribers_total, 1);
	REQUIRE(v[0].subscriber_count == 1);
	CHECK_EQ_INT(v[0].subscriber[0].queries, 9);
	CHECK_EQ_MEM(v[0].subscriber[0].address.bytes, "\12\0\0\1", 4);
	CHECK_EQ_MEM(v[0].domain.wire, "\ad000001\4test", 14);
	CHECK(v[0].sample_count >= 1);
	/* The slice brings its counts, as an update and no second open. */
	slice_end(x);
	REQUIRE(x->told == 2);
	CHECK_EQ_INT(v[1].state, ADIT_STATE_UPDATE);
	CHECK_EQ_INT(v[1].id, v[0].id);
	CHECK_EQ_INT(v[1].time_ns, start + ADIT_SLICE_NS);
	CHECK_EQ_INT(v[1].queries, 30);
	CHECK_EQ_INT(v[1].subscriber[0].queries, 30);
	CHECK_EQ_INT(v[1].information_down, 3000);
	for (int i = 0; i < 7; i++)
		slice_end(x);
	REQUIRE(x->told == 3);
	CHECK_EQ_INT(v[2].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(v[2].id, v[0].id);
	CHECK_EQ_INT(v[2].queries, 30);
	CHECK_EQ_INT(v[2].window_start_ns, start);
	CHECK_EQ_INT(v[2].window_end_ns, start + ADIT_SLICE_NS);
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->opened, 1);
	fixture_close(x);
}

/* What is no tunnel waits for its slice. */
TEST(early, suspects_wait)
{
	struct fixture *x = fixture_open(NULL);

	x->params.detect.information_bound = 500;
	fixture_restart(x, 8);
	tunnel(x, 1, 1, 6, 100, 0);
	REQUIRE(x->window->look_count == 2);
	for (uint32_t i = 0; i < 2; i++) {
		adit_scorer_look(x->scorer, &x->window->looks[i]);
		/* It is judged once. */
		adit_scorer_look(x->scorer, &x->window->looks[i]);
	}
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->looks, 2);
	CHECK_EQ_INT(x->told, 0);
	CHECK_EQ_INT(x->highest, 45);
	slice_end(x);
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->looks, 2);
	CHECK_EQ_INT(x->told, 1);
	CHECK_EQ_INT(x->verdict[0].verdict, ADIT_VERDICT_SUSPECT);
	fixture_close(x);
}

/* An open suspect becomes a tunnel within the slice; an open tunnel says nothing early. */
TEST(early, updates_only_what_is_clearer)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	fixture_restart(x, 8);
	tunnel(x, 1, 1, 3, 0, 1u << CLASS_STRONG);
	slice_end(x);
	REQUIRE(x->told == 1);
	CHECK_EQ_INT(v[0].verdict, ADIT_VERDICT_SUSPECT);
	tunnel(x, 1, 1, 30, 100, 1u << CLASS_STRONG);
	for (uint32_t i = 0; i < x->window->look_count; i++)
		adit_scorer_look(x->scorer, &x->window->looks[i]);
	REQUIRE(x->told == 2);
	CHECK_EQ_INT(v[1].state, ADIT_STATE_UPDATE);
	CHECK_EQ_INT(v[1].verdict, ADIT_VERDICT_TUNNEL);
	CHECK_EQ_INT(v[1].id, v[0].id);
	CHECK(v[1].time_ns > (FIRST_SLICE + 1) * ADIT_SLICE_NS &&
		v[1].time_ns < (FIRST_SLICE + 2) * ADIT_SLICE_NS);
	/* Its counts come with the slice. */
	CHECK_EQ_INT(v[1].queries, 3);
	slice_end(x);
	REQUIRE(x->told == 3);
	CHECK_EQ_INT(v[2].queries, 33);
	tunnel(x, 1, 1, 30, 100, 1u << CLASS_STRONG);
	for (uint32_t i = 0; i < x->window->look_count; i++)
		adit_scorer_look(x->scorer, &x->window->looks[i]);
	CHECK_EQ_INT(x->told, 3);
	fixture_close(x);
}

/* The 10 minutes before count: the look alone would be no tunnel. */
TEST(early, with_what_came_before)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	fixture_restart(x, 8);
	for (int i = 0; i < 4; i++) {
		tunnel(x, 1, 1, 4, 20, 0);
		slice_end(x);
	}
	CHECK_EQ_INT(x->told, 0);
	tunnel(x, 1, 1, 8, 100, 0);
	REQUIRE(x->window->look_count != 0);
	for (uint32_t i = 0; i < x->window->look_count; i++)
		adit_scorer_look(x->scorer, &x->window->looks[i]);
	REQUIRE(x->told == 1);
	CHECK_EQ_INT(v[0].score, STEP_SCORE);
	CHECK_EQ_INT(v[0].window_start_ns, FIRST_SLICE * ADIT_SLICE_NS);
	CHECK(v[0].queries >= 20 && v[0].queries <= 24);
	slice_end(x);
	adit_scorer_end(x->scorer);
	CHECK_EQ_INT(v[x->told - 1].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(v[x->told - 1].id, v[0].id);
	CHECK_EQ_INT(v[x->told - 1].queries, 24);
	fixture_close(x);
}

/* What a closed story told makes no early one either. */
TEST(early, nothing_is_told_twice)
{
	struct fixture *x = fixture_open(NULL);

	fixture_restart(x, 8);
	tunnel(x, 1, 1, 30, 100, 0);
	slice_end(x);
	for (int i = 0; i < 7; i++)
		slice_end(x);
	REQUIRE(x->told == 2);
	CHECK_EQ_INT(x->verdict[1].state, ADIT_STATE_CLOSED);
	tunnel(x, 1, 1, 4, 100, 0);
	REQUIRE(x->window->look_count == 1);
	adit_scorer_look(x->scorer, &x->window->looks[0]);
	slice_end(x);
	CHECK_EQ_INT(x->told, 2);
	fixture_close(x);
}

/* After a pause without slices, what was idle is closed and what is old is left out before a look
 * is judged. */
TEST(early, a_look_after_a_pause)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	fixture_restart(x, 8);
	tunnel(x, 1, 1, 3, 0, 1u << CLASS_STRONG);
	slice_end(x);
	REQUIRE(x->told == 1);
	slices_skip(x, 400);
	tunnel(x, 1, 1, 30, 100, 1u << CLASS_STRONG);
	slice_end(x);
	REQUIRE(x->told == 4);
	CHECK_EQ_INT(v[1].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(v[1].verdict, ADIT_VERDICT_SUSPECT);
	CHECK_EQ_INT(v[1].id, v[0].id);
	CHECK_EQ_INT(v[2].state, ADIT_STATE_OPEN);
	CHECK(v[2].id != v[0].id);
	CHECK_EQ_INT(v[2].queries, 9);
	CHECK_EQ_INT(v[2].window_start_ns, (FIRST_SLICE + 401) * ADIT_SLICE_NS);
	CHECK_EQ_INT(v[3].state, ADIT_STATE_UPDATE);
	CHECK_EQ_INT(v[3].id, v[2].id);
	fixture_close(x);
}

/* The look of a tunnel, as of so many slices later. */
static struct adit_look look_later(struct fixture *x, uint32_t slices)
{
	struct adit_look look;

	tunnel(x, 1, 1, 30, 100, 1u << CLASS_STRONG);
	look = x->window->looks[x->window->look_count - 1];
	look.ts_ns += slices * ADIT_SLICE_NS;
	/* None of it is in this slice. */
	adit_window_open(x->window, x->slice);
	return look;
}

/* A look waits for the slices before its own, or for its own. */
TEST(early, looks_of_later_slices_wait)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_look next, later;

	fixture_restart(x, 8);
	slice_end(x);
	next = look_later(x, 1);
	later = look_later(x, 2);
	/* The next slice may begin with a look; this one has. */
	tunnel(x, 2, 2, 30, 100, 1u << CLASS_STRONG);
	adit_scorer_look(x->scorer, &x->window->looks[0]);
	CHECK(x->window->looks[0].judged);
	adit_scorer_look(x->scorer, &next);
	adit_scorer_look(x->scorer, &later);
	CHECK(!next.judged && !later.judged);
	slice_end(x);
	adit_scorer_look(x->scorer, &later);
	adit_scorer_look(x->scorer, &next);
	CHECK(next.judged && !later.judged);
	fixture_close(x);
}

/* The first looks of a timeline may be of a later slice than the first that is scored: their own
 * brings the counts. */
TEST(early, a_look_before_the_first_slice)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;
	struct adit_look look;

	fixture_restart(x, 8);
	look = look_later(x, 1);
	adit_scorer_look(x->scorer, &look);
	REQUIRE(x->told == 1);
	tunnel(x, 1, 1, 2, 0, 0);
	slice_end(x);
	CHECK_EQ_INT(x->told, 1);
	tunnel(x, 1, 1, 30, 100, 1u << CLASS_STRONG);
	slice_end(x);
	adit_scorer_end(x->scorer);
	CHECK_EQ_INT(v[x->told - 1].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(v[x->told - 1].id, v[0].id);
	CHECK_EQ_INT(v[x->told - 1].queries, 32);
	CHECK_EQ_INT(v[x->told - 1].window_end_ns, (FIRST_SLICE + 2) * ADIT_SLICE_NS);
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->opened, 1);
	fixture_close(x);
}

/* The row of a look gives way before its slice ends: what was told stands. */
TEST(early, a_row_that_gives_way)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_window_params params = {
		.shards = 1, .rows = {1, 1, 1, 1, 1}, .details = 4, .looks = 8};
	const struct adit_verdict *v = x->verdict;
	struct test_event e;

	fixture_restart(x, 8);
	adit_window_destroy(x->window);
	x->window = adit_window_create(&params, NULL);
	REQUIRE(x->window != NULL);
	adit_window_open(x->window, x->slice);
	tunnel(x, 1, 1, 10, 100, 1u << CLASS_STRONG);
	for (uint32_t name = 0; name < 10; name++) {
		event_make(&e, 2, 2, name);
		e.event.info_bytes = 1000;
		count(x, &e);
	}
	CHECK(adit_window_row(x->window, 0, ADIT_KIND_PAIR, 0)->key == e.event.pair_key);
	slice_end(x);
	adit_scorer_end(x->scorer);
	REQUIRE(x->told == 2);
	CHECK_EQ_INT(v[0].queries, 9);
	CHECK_EQ_INT(v[1].state, ADIT_STATE_CLOSED);
	CHECK_EQ_INT(v[1].queries, 9);
	CHECK_EQ_INT(v[1].window_start_ns, FIRST_SLICE * ADIT_SLICE_NS);
	CHECK_EQ_INT(v[1].subscriber_count, 1);
	fixture_close(x);
}

/* Everything that is told, as text. */
static void verdict_text(void *context, const struct adit_verdict *verdict)
{
	adit_verdict_write_json(verdict, NULL, context);
}

static void row_text(void *context, const struct adit_feature_row *row)
{
	adit_feature_write_row(row, ADIT_FEATURE_COUNT, NULL, context);
}

enum way { WITHOUT, WITH_SLICES, ONE_BY_ONE };

/* A message of a random mix: browsing, tunnels that come and go, some of them known. */
static void mix_count(struct fixture *x, uint64_t *state, uint32_t name, uint64_t ts_ns)
{
	uint32_t client = random_below(state, 12), hour = x->slice / 12;
	bool digs = (client * 7 + hour * 5) % 11 < 3;
	struct test_event e;

	event_make(&e, client, digs ? client % 4 : 20 + random_below(state, 10),
		digs ? name : random_below(state, 40));
	e.event.ts_ns = ts_ns;
	e.event.id = digs ? (uint16_t)(name * (client % 2 ? 7727 : 999)) : (uint16_t)ts_ns;
	e.event.info_bytes = digs ? 20 + random_below(state, 60) : random_below(state, 12);
	e.event.payload_type = digs;
	if (digs && client % 3 == 0)
		e.event.classes = 1u << CLASS_STRONG;
	count(x, &e);
	if (random_below(state, 3) != 0) {
		event_answer(&e, digs ? random_below(state, 300) : 16);
		count(x, &e);
	}
}

static char *mix_run(enum way way, bool features)
{
	struct fixture *x = fixture_open(NULL);
	uint64_t state = 5;
	char *text = NULL;
	size_t size;
	uint32_t looked = 0, looks = 0, name = 100;
	FILE *to = open_memstream(&text, &size);

	x->params.context = to;
	x->params.verdict = verdict_text;
	x->params.features = features ? row_text : NULL;
	x->params.detect.information_bound = 3000;
	fixture_restart(x, way == WITHOUT ? 0 : 6);
	for (int slice = 0; slice < 150; slice++) {
		uint64_t start = x->slice * ADIT_SLICE_NS;

		for (uint32_t i = random_below(&state, 2) * 150; i > 0; i--) {
			mix_count(x, &state, ++name, start + (150 - i) * 60 * ADIT_NS_PER_MS);
			for (; way == ONE_BY_ONE && looked < x->window->look_count; looked++)
				adit_scorer_look(x->scorer, &x->window->looks[looked]);
		}
		looks += x->window->look_count;
		looked = 0;
		slice_end(x);
	}
	adit_scorer_end(x->scorer);
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->looks, looks);
	CHECK((looks > 100) == (way != WITHOUT));
	CHECK(adit_scorer_counters(x->scorer)->opened > 5);
	fclose(to);
	fixture_close(x);
	return text;
}

TEST(early, the_same_is_told_early_and_with_the_slice)
{
	char *early = mix_run(ONE_BY_ONE, true), *late = mix_run(WITH_SLICES, true);

	CHECK_CONTAINS(early, "\"state\":\"closed\"");
	CHECK_CONTAINS(early, ",look,");
	CHECK(strcmp(early, late) == 0);
	free(early);
	free(late);
}

/* The closed records of a run, without what may differ: id, scores and reasons are those of looks
 * too, which see what no whole slice shows. */
static size_t closed_counts(const char *text, char **counts)
{
	size_t lines = 0, size;
	FILE *to = open_memstream(counts, &size);

	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n'), *from;

		from = strstr(line, "\"subscribers_total\"");
		if (strstr(line, "\"state\":\"closed\"") == NULL ||
			strstr(line, "\"state\":\"closed\"") > end || from == NULL)
			continue;
		fprintf(to, "%.*s\n", (int)(end - from), from);
		lines++;
	}
	fclose(to);
	return lines;
}

TEST(early, counts_are_those_without_looks)
{
	char *with = mix_run(WITH_SLICES, false), *without = mix_run(WITHOUT, false);
	char *counts_with, *counts_without;
	size_t lines = closed_counts(with, &counts_with);

	CHECK(lines > 5);
	CHECK_EQ_INT(closed_counts(without, &counts_without), lines);
	CHECK_EQ_STR(counts_with, counts_without);
	free(with);
	free(without);
	free(counts_with);
	free(counts_without);
}
