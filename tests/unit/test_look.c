/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Looks: when they are taken, and what they are a copy of.
 */
#include "adit_window.h"

#include "harness.h"
#include "shard_check.h"
#include "window_cases.h"

#define FIRST_SLICE 178000000u

static struct adit_window *looking_window(uint32_t shards, uint32_t looks)
{
	struct adit_window_params params = {
		.shards = shards, .rows = {40, 40, 40, 40, 1}, .details = 80, .looks = looks};
	struct adit_window *window = adit_window_create(&params, NULL);

	if (window == NULL)
		FAIL("no window");
	else
		adit_window_open(window, FIRST_SLICE);
	return window;
}

/* A query for a new name of so many bytes, `at` ms into the slice. */
static void ask(struct adit_window *window, uint32_t shard, uint32_t client, uint32_t name,
	uint32_t bytes, bool payload, uint32_t at)
{
	struct test_event e;

	event_make(&e, client, client, name);
	e.event.info_bytes = bytes;
	e.event.payload_type = payload;
	e.event.ts_ns = window->first_slice * ADIT_SLICE_NS + at * ADIT_NS_PER_MS;
	adit_window_count(window, NULL, shard, &e.event);
}

/* Names of 30 bytes: the 9th passes 256, the 18th 512, the 35th 1024, the 69th 2048. */
TEST(look, taken_when_information_doubles)
{
	static const uint32_t passes[] = {9, 18, 35, 69};
	struct adit_window *window = looking_window(1, 8);
	const struct adit_look *look;
	uint32_t taken = 0;

	REQUIRE(window != NULL);
	for (uint32_t slice = FIRST_SLICE; slice < FIRST_SLICE + 3; slice++) {
		adit_window_open(window, slice);
		CHECK_EQ_INT(window->look_count, 0);
		for (uint32_t name = 1; name <= 500; name++) {
			ask(window, 0, 1, name, 30, false, name);
			taken = 0;
			while (taken < 4 && name >= passes[taken])
				taken++;
			if (window->look_count != taken)
				FAIL("%u looks after %u names", window->look_count, name);
		}
		for (uint32_t i = 0; i < 4; i++) {
			look = &window->looks[i];
			CHECK_EQ_INT(
				look->ts_ns, slice * ADIT_SLICE_NS + passes[i] * ADIT_NS_PER_MS);
			CHECK(!look->judged);
			CHECK_EQ_INT(look->row.queries, passes[i]);
			CHECK_EQ_INT(look->row.info_up, 30 * passes[i]);
			CHECK_EQ_INT(look->row.key, case_key(ADIT_KIND_PAIR, 1, 1));
			CHECK_EQ_INT(look->detail.queries, passes[i]);
			CHECK_EQ_INT(look->detail.looked_at,
				passes[i] < 64 ? passes[i] : look->detail.looked_at);
			CHECK_EQ_INT(look->detail.names.count, passes[i] < 64 ? passes[i] : 64);
			CHECK_EQ_INT(look->party.domain_key, case_key(ADIT_KIND_DOMAIN, 0, 1));
			CHECK_EQ_MEM(look->party.who.address.bytes, "\12\0\0\1", 4);
			CHECK_EQ_MEM(look->party.sample.wire, "\bn0000001", 9);
			CHECK_EQ_MEM(look->domain.name.wire, "\ad000001\4test", 14);
		}
		CHECK_EQ_INT(window->counters.looks, 4);
		CHECK_EQ_INT(window->counters.looks_refused, 0);
	}
	adit_window_destroy(window);
}

/* A copy: what comes later does not change it. */
TEST(look, is_a_copy)
{
	struct adit_window *window = looking_window(1, 8);
	struct adit_row row;

	REQUIRE(window != NULL);
	for (uint32_t name = 1; name <= 9; name++)
		ask(window, 0, 1, name, 30, false, name);
	REQUIRE(window->look_count == 1);
	row = window->looks[0].row;
	for (uint32_t name = 10; name <= 17; name++)
		ask(window, 0, 1, name, 30, false, name);
	CHECK_EQ_MEM(&window->looks[0].row, &row, sizeof(row));
	CHECK_EQ_INT(window->looks[0].detail.names.count, 9);
	adit_window_destroy(window);
}

/* One message may pass several marks, which is one look; information of answers counts as well. */
TEST(look, passes_several_marks_at_once)
{
	struct adit_window *window = looking_window(1, 8);
	struct test_event e;

	REQUIRE(window != NULL);
	for (uint32_t name = 1; name <= 5; name++)
		ask(window, 0, 1, name, 4, true, name);
	CHECK_EQ_INT(window->look_count, 0);
	event_make(&e, 1, 1, 5);
	event_answer(&e, 800);
	adit_window_count(window, NULL, 0, &e.event);
	REQUIRE(window->look_count == 1);
	CHECK_EQ_INT(window->looks[0].row.info_down, 800);
	event_answer(&e, 300);
	adit_window_count(window, NULL, 0, &e.event);
	CHECK_EQ_INT(window->look_count, 2);
	event_answer(&e, 60002);
	adit_window_count(window, NULL, 0, &e.event);
	CHECK_EQ_INT(window->look_count, 3);
	event_answer(&e, 60001);
	adit_window_count(window, NULL, 0, &e.event);
	CHECK_EQ_INT(window->look_count, 3);
	adit_window_destroy(window);
}

/* Names of hosts, however many; less than four names; repetitions; names without a zone. */
TEST(look, not_taken_of_what_is_light)
{
	struct adit_window *window = looking_window(1, 8);
	struct test_event e;

	REQUIRE(window != NULL);
	for (uint32_t name = 1; name <= 3000; name++)
		ask(window, 0, 1, name, 19, false, name);
	CHECK_EQ_INT(window->look_count, 0);
	for (uint32_t name = 1; name <= 3; name++)
		ask(window, 0, 2, name, 200, false, name);
	CHECK_EQ_INT(window->look_count, 0);
	for (uint32_t i = 0; i < 100; i++) {
		event_make(&e, 3, 3, i);
		e.event.info_bytes = 100;
		e.event.again = true;
		adit_window_count(window, NULL, 0, &e.event);
		event_make(&e, 4, 4, i);
		e.event.info_bytes = 100;
		event_unzone(&e);
		e.event.domain_key = 0;
		adit_window_count(window, NULL, 0, &e.event);
	}
	CHECK_EQ_INT(window->look_count, 0);
	/* The same names of 20 bytes are heavy. */
	for (uint32_t name = 1; name <= 13; name++)
		ask(window, 0, 5, name, 20, false, name);
	CHECK_EQ_INT(window->look_count, 1);
	adit_window_destroy(window);
}

/* At most so many for a shard and slice, whoever they are of; others have their own. */
TEST(look, so_many_for_a_shard)
{
	struct adit_window *window = looking_window(3, 2);

	REQUIRE(window != NULL);
	for (uint32_t slice = 0; slice < 2; slice++) {
		adit_window_open(window, FIRST_SLICE + slice);
		for (uint32_t name = 1; name <= 100; name++)
			for (uint32_t client = 1; client <= 3; client++)
				for (uint32_t shard = 0; shard < 2; shard++)
					ask(window, shard, client, name, 30, false, name);
		/* Those that came first: of 256 bytes, by clients 1 and 2. */
		CHECK_EQ_INT(window->look_count, 4);
		CHECK_EQ_INT(window->counters.looks, 4);
		CHECK_EQ_INT(window->counters.looks_refused, 2 * (3 * 4 - 2));
		for (uint32_t i = 0; i < 4; i++) {
			CHECK_EQ_INT(window->looks[i].row.queries, 9);
			CHECK_EQ_INT(window->looks[i].party.who.address.bytes[3], 1 + i / 2);
		}
		for (uint32_t shard = 0; shard < 3; shard++)
			check_shard(window, shard);
	}
	adit_window_destroy(window);
}

/* Looks change nothing of what is counted. */
TEST(look, leaves_the_counts_as_they_are)
{
	struct adit_window *with = looking_window(1, 8), *without = looking_window(1, 0);
	uint64_t state = 1;

	REQUIRE(with != NULL && without != NULL);
	for (int i = 0; i < 20000; i++) {
		struct test_event e;

		event_make(&e, random_below(&state, 60), random_below(&state, 3),
			random_below(&state, 5000));
		e.event.info_bytes = random_below(&state, 100);
		e.event.payload_type = random_below(&state, 2) == 0;
		if (random_below(&state, 2) == 0)
			event_answer(&e, random_below(&state, 300));
		adit_window_count(with, NULL, 0, &e.event);
		adit_window_count(without, NULL, 0, &e.event);
	}
	CHECK_EQ_INT(with->look_count, 8);
	CHECK(with->counters.looks_refused > 20);
	CHECK_EQ_INT(without->look_count, 0);
	shard_same(with, 0, without, 0);
	adit_window_destroy(with);
	adit_window_destroy(without);
}
