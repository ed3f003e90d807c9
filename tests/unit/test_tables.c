/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The tables of a shard when they are full: who stays, and what never breaks.
 */
#include "adit_window.h"

#include "harness.h"
#include "shard_check.h"
#include "window_cases.h"

/* An event that shares no key with another of its flood. */
static void event_lone(struct test_event *e, uint32_t i)
{
	event_make(e, 1000 + i, 1000 + i, i);
}

/*
 * A key that carries more than its share stays through 100 k others that come once; `unzoned`: also
 * the one by server.
 */
static void flood(uint32_t rows, bool unzoned, unsigned heavy_each)
{
	const uint32_t light = 100000;
	struct adit_window *window = window_make(1, rows, 2);
	const struct adit_window_counters *counters;
	struct test_event heavy, e;
	uint32_t heavy_count = 0;

	REQUIRE(window != NULL);
	counters = &window->counters;
	event_make(&heavy, 1, 1, 1);
	heavy.event.info_bytes = unzoned ? 30 : 4;
	if (unzoned)
		event_unzone(&heavy);
	for (uint32_t i = 0; i < light; i++) {
		for (unsigned n = 0; n < heavy_each; n++) {
			/* Names that were asked for already carry nothing. */
			heavy.event.name_hash = ++heavy_count;
			adit_window_count(window, NULL, 0, &heavy.event);
		}
		event_lone(&e, i);
		if (unzoned)
			event_unzone(&e);
		adit_window_count(window, NULL, 0, &e.event);
		if (i % 10000 == 0)
			check_shard(window, 0);
	}
	/* What has a zone makes no row by server. */
	for (int kind = 0; kind < (unzoned ? ADIT_KIND_SESSION : ADIT_KIND_SERVER); kind++) {
		uint64_t key = kind == ADIT_KIND_DOMAIN ? heavy.event.domain_key
			       : kind == ADIT_KIND_PAIR ? heavy.event.pair_key
							: heavy.event.server_key;
		uint32_t queries = 0;

		CHECK_EQ_INT(adit_window_rows(window, 0, kind), rows);
		for (uint32_t i = 0; i < rows; i++)
			if (adit_window_row(window, 0, kind, i)->key == key)
				queries = adit_window_row(window, 0, kind, i)->queries;
		if (queries != heavy_count)
			FAIL("%u rows, kind %d: %u of %u queries", rows, kind, queries,
				heavy_count);
		/* Each newcomer found room, took it, or was refused. */
		CHECK_EQ_INT(counters->evicted[kind] + counters->refused[kind], light - (rows - 1));
	}
	check_shard(window, 0);
	adit_window_destroy(window);
}

TEST(tables, heavy_key_survives_a_flood)
{
	static const uint32_t rows[] = {1, 2, 8};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		flood(rows[i], true, 1);
		flood(rows[i], false, 4);
	}
}

/* The lightest gives way to who comes often enough. */
TEST(tables, newcomer_wears_down_a_row)
{
	struct adit_window *window = window_make(1, 1, 1);
	struct test_event first, second;

	REQUIRE(window != NULL);
	event_make(&first, 1, 1, 1);
	event_make(&second, 2, 2, 2);
	first.event.info_bytes = 20;
	for (int i = 0; i < 2; i++)
		adit_window_count(window, NULL, 0, &first.event);
	/* 20 + 2 + 1 = 23, as the name is one; worn down by 4 + 2 at a time. */
	for (int i = 0; i < 3; i++) {
		adit_window_count(window, NULL, 0, &second.event);
		CHECK(adit_window_row(window, 0, ADIT_KIND_PAIR, 0)->key == first.event.pair_key);
	}
	CHECK_EQ_INT(window->counters.refused[ADIT_KIND_PAIR], 3);
	CHECK_EQ_INT(window->counters.evicted[ADIT_KIND_PAIR], 0);
	adit_window_count(window, NULL, 0, &second.event);
	CHECK_EQ_INT(window->counters.evicted[ADIT_KIND_PAIR], 1);
	CHECK(adit_window_row(window, 0, ADIT_KIND_PAIR, 0)->key == second.event.pair_key);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_PAIR, 0)->queries, 1);
	CHECK_EQ_MEM(
		adit_window_party(window, 0, ADIT_KIND_PAIR, 0)->who.address.bytes, "\12\0\0\2", 4);
	check_shard(window, 0);
	adit_window_destroy(window);
}

/* A stream in which few keys are many events, with names, classes and answers. */
static void event_random(struct test_event *e, uint64_t *state, uint32_t keys)
{
	uint32_t r = random_below(state, keys * 4), name = random_below(state, 12);

	r = r < keys * 3 ? r % (keys / 8 + 1) : r % keys;
	event_make(e, r % 7 == 0 ? r : 1, r, name);
	e->server.bytes[3] = (uint8_t)r;
	e->event.server_key = case_key(ADIT_KIND_SERVER, r % 5, r % 31);
	e->event.classes = random_below(state, 50) == 0 ? 1u << r % 32 : 0;
	e->event.id = (uint16_t)random_next(state);
	e->event.ts_ns = random_next(state) % ADIT_SLICE_NS;
	e->event.info_bytes = random_below(state, 60);
	e->event.again = random_below(state, 20) == 0;
	if (r % 3 == 0)
		event_unzone(e);
	if (random_below(state, 2) == 0)
		event_answer(e, random_below(state, 200));
	if (random_below(state, 100) == 0)
		e->event.domain_key = 0;
}

TEST(tables, index_holds_all_rows_after_evictions)
{
	static const uint32_t rows[] = {5, 8, 64, 200};

	for (size_t r = 0; r < ADIT_COUNT(rows); r++) {
		struct adit_window *window = window_make(1, rows[r], 5);
		struct test_event e;
		uint64_t state = 42 + r;
		uint32_t used;

		REQUIRE(window != NULL);
		for (uint32_t i = 0; i < 60000; i++) {
			event_random(&e, &state, rows[r] * 6);
			adit_window_count(window, NULL, 0, &e.event);
			if (i % 1500 == 0)
				check_shard(window, 0);
		}
		check_shard(window, 0);
		CHECK(window->counters.evicted[ADIT_KIND_PAIR] > 1000);
		CHECK(window->counters.refused[ADIT_KIND_PAIR] > 1000);
		/* A new event of a key that has a row finds it. */
		used = adit_window_rows(window, 0, ADIT_KIND_PAIR);
		for (uint32_t i = 0; i < used; i++) {
			const struct adit_row *row = adit_window_row(window, 0, ADIT_KIND_PAIR, i);
			uint32_t queries = row->queries;

			event_make(&e, 1, 1, 1);
			e.event.pair_key = row->key;
			adit_window_count(window, NULL, 0, &e.event);
			CHECK_EQ_INT(row->queries, queries + 1);
		}
		CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_PAIR), used);
		adit_window_destroy(window);
		if (harness_failed())
			FAIL("with %u rows", rows[r]);
	}
}

/* The index is emptied by counting its epoch up; after 65535 slices the number comes again. */
TEST(tables, epoch_wraps_without_ghosts)
{
	struct adit_window *window = window_make(1, 4, 2);
	struct test_event e;

	REQUIRE(window != NULL);
	for (uint32_t client = 0; client < 4; client++) {
		event_make(&e, client, client, 1);
		adit_window_count(window, NULL, 0, &e.event);
	}
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_PAIR), 4);
	for (uint32_t slice = 2; slice < 2 + 3 * 65536; slice++) {
		adit_window_open(window, slice);
		if (adit_window_rows(window, 0, ADIT_KIND_PAIR) != 0)
			FAIL("slice %u begins with rows", slice);
		/* Four slices of one epoch and its neighbours, and some in between. */
		if (slice % 65535 > 4 && slice % 9973 != 0)
			continue;
		event_make(&e, slice % 3, slice % 3, 1);
		adit_window_count(window, NULL, 0, &e.event);
		adit_window_count(window, NULL, 0, &e.event);
		CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_PAIR), 1);
		CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_PAIR, 0)->queries, 2);
		check_shard(window, 0);
	}
	CHECK_EQ_INT(window->first_slice, 1 + 3 * 65536);
	adit_window_destroy(window);
}

/* One record for all: it goes to the heaviest that wants it, and never has two owners. */
TEST(tables, details_are_taken_from_lighter_keys)
{
	struct adit_window *window = window_make(1, 8, 1);
	const struct adit_row *light, *heavy;
	struct test_event e;

	REQUIRE(window != NULL);
	light = adit_window_row(window, 0, ADIT_KIND_SERVER, 0);
	heavy = adit_window_row(window, 0, ADIT_KIND_SERVER, 1);
	for (uint32_t client = 1; client <= 2; client++)
		for (uint32_t name = 0; name < 6; name++) {
			event_make(&e, client, client, name);
			e.event.domain_key = 0;
			e.event.info_bytes = client == 1 ? 10 : name < 5 ? 5 : 100;
			event_unzone(&e);
			adit_window_count(window, NULL, 0, &e.event);
			check_shard(window, 0);
			if (client == 2 && name == 4) {
				CHECK(light->detail != 0 && heavy->detail == 0);
				CHECK_EQ_INT(window->counters.details_refused, 2);
				CHECK(heavy->flags & ADIT_ROW_MORE_NAMES);
			}
		}
	CHECK(light->detail == 0 && heavy->detail != 0);
	CHECK(light->flags & ADIT_ROW_MORE_NAMES);
	CHECK_EQ_INT(window->counters.details_taken, 1);
	/* Its fields begin anew; the names of the row are not lost. */
	CHECK_EQ_INT(adit_window_detail(window, 0, heavy)->looked_at, 1);
	CHECK_EQ_INT(adit_window_detail(window, 0, heavy)->names.count, 4);
	adit_window_destroy(window);
}

/* A row that could not have a record when a signature's name came gets the class with its next
 * message. */
TEST(tables, class_is_not_lost_when_details_are_short)
{
	struct adit_window *window = window_make(1, 8, 1);
	const struct adit_detail *detail;
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	for (uint32_t name = 0; name < 5; name++) {
		event_make(&e, 1, 1, name);
		e.event.info_bytes = 50;
		e.event.domain_key = 0;
		event_unzone(&e);
		adit_window_count(window, NULL, 0, &e.event);
	}
	event_make(&e, 2, 2, 1);
	e.event.classes = 4;
	e.event.domain_key = 0;
	event_unzone(&e);
	adit_window_count(window, NULL, 0, &e.event);
	row = adit_window_row(window, 0, ADIT_KIND_SERVER, 1);
	CHECK_EQ_INT(row->detail, 0);
	event_answer(&e, 1000);
	adit_window_count(window, NULL, 0, &e.event);
	detail = adit_window_detail(window, 0, row);
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->class_names[2], 1);
	check_shard(window, 0);
	adit_window_destroy(window);
}

/* What a shard holds depends on its own events in their order, not on the company it keeps. */
TEST(tables, shards_do_not_influence_each_other)
{
	enum { SHARDS = 4, EVENTS = 20000 };
	struct adit_window *together = window_make(SHARDS, 20, 3), *alone[SHARDS];
	struct adit_tracks *tracks = adit_tracks_create(SHARDS, 16, NULL);
	uint64_t state[SHARDS], order = 7;
	struct test_event e;

	REQUIRE(together != NULL && tracks != NULL);
	for (int s = 0; s < SHARDS; s++) {
		struct adit_tracks *own = adit_tracks_create(1, 16, NULL);

		alone[s] = window_make(1, 20, 3);
		REQUIRE(alone[s] != NULL && own != NULL);
		state[s] = (uint64_t)s;
		for (int i = 0; i < EVENTS; i++) {
			event_random(&e, &state[s], 100);
			adit_window_count(alone[s], own, 0, &e.event);
		}
		adit_tracks_destroy(own);
		state[s] = (uint64_t)s;
	}
	for (int left[SHARDS] = {EVENTS, EVENTS, EVENTS, EVENTS}, n = SHARDS * EVENTS; n > 0;) {
		uint32_t s = random_below(&order, SHARDS), burst = random_below(&order, 100);

		for (; burst > 0 && left[s] > 0; burst--, left[s]--, n--) {
			event_random(&e, &state[s], 100);
			adit_window_count(together, tracks, s, &e.event);
		}
	}
	for (uint32_t s = 0; s < SHARDS; s++) {
		check_shard(together, s);
		shard_same(together, s, alone[s], 0);
		adit_window_destroy(alone[s]);
	}
	CHECK(together->counters.details_taken > 0 && together->counters.refused[0] > 0);
	adit_tracks_destroy(tracks);
	adit_window_destroy(together);
}
