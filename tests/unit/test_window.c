/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sets of names, what an event counts, and sums.
 */
#include "adit_window.h"

#include <math.h>
#include <stdlib.h>

#include "harness.h"
#include "shard_check.h"
#include "window_cases.h"

#define STANDARD_ERROR (1.04 / 16)

/* Hash number `i` of a stream: what the pipeline makes of distinct names under a key. */
static uint32_t name_hash(uint32_t stream, uint32_t i)
{
	return (uint32_t)adit_hash_pair(&adit_hash_key_fixed, stream, i);
}

static void names_fill(struct adit_names *names, uint32_t stream, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		adit_names_add(names, name_hash(stream, i));
}

TEST(names, exact_to_64_then_a_sketch)
{
	struct adit_names names = {0};

	for (uint32_t i = 0; i < ADIT_NAMES_EXACT; i++) {
		CHECK_EQ_INT(adit_names_estimate(&names), i);
		CHECK_EQ_INT(adit_names_add(&names, name_hash(0, i)), ADIT_NAMES_NEW);
		CHECK_EQ_INT(adit_names_add(&names, name_hash(0, i / 2)), ADIT_NAMES_SEEN);
	}
	CHECK_EQ_INT(adit_names_estimate(&names), ADIT_NAMES_EXACT);
	CHECK_EQ_INT(adit_names_add(&names, name_hash(0, 64)), ADIT_NAMES_UNKNOWN);
	CHECK_EQ_INT(names.count, ADIT_NAMES_SKETCH);
	CHECK_EQ_INT(adit_names_add(&names, name_hash(0, 0)), ADIT_NAMES_UNKNOWN);
	CHECK(adit_names_estimate(&names) >= 64);
}

TEST(names, zero_is_a_hash_like_others)
{
	struct adit_names names = {0};

	CHECK_EQ_INT(adit_names_add(&names, 0), ADIT_NAMES_NEW);
	CHECK_EQ_INT(adit_names_add(&names, 0), ADIT_NAMES_SEEN);
	CHECK_EQ_INT(adit_names_estimate(&names), 1);
}

TEST(names, sketch_errs_as_its_paper_says)
{
	static const uint32_t counts[] = {100, 200, 400, 640, 1000, 3000, 10000, 100000, 1000000};
	const uint32_t streams = 12;
	unsigned outliers = 0;

	for (size_t c = 0; c < ADIT_COUNT(counts); c++) {
		double squares = 0, bias = 0;

		for (uint32_t stream = 0; stream < streams; stream++) {
			struct adit_names names = {0};
			double error;

			names_fill(&names, stream, 0, counts[c]);
			error = adit_names_estimate(&names) / counts[c] - 1;
			outliers += fabs(error) > 3 * STANDARD_ERROR;
			if (fabs(error) > 4 * STANDARD_ERROR)
				FAIL("%u names, stream %u: off by %.3f", counts[c], stream, error);
			squares += error * error / streams;
			bias += error / streams;
		}
		if (sqrt(squares) > 1.5 * STANDARD_ERROR || fabs(bias) > STANDARD_ERROR)
			FAIL("%u names: deviation %.3f, bias %.3f", counts[c], sqrt(squares), bias);
	}
	/* One in 370 may be so far off. */
	CHECK(outliers <= 1);
}

/* More names never mean a clearly smaller estimate, and one below the exact set's room never. */
TEST(names, estimate_grows)
{
	for (uint32_t stream = 0; stream < 4; stream++) {
		struct adit_names names = {0};
		double highest = 0;

		for (uint32_t i = 0; i < 20000; i++) {
			double estimate;

			adit_names_add(&names, name_hash(stream, i));
			estimate = adit_names_estimate(&names);
			/* At the change from linear counting to the harmonic mean it may step
			 * back a little. */
			if (estimate < highest * 0.9 || (i >= 64 && estimate < 64))
				FAIL("stream %u: %u names, %.1f after %.1f", stream, i + 1,
					estimate, highest);
			highest = estimate > highest ? estimate : highest;
		}
	}
}

TEST(names, merge_is_union)
{
	static const uint32_t cuts[] = {0, 1, 30, 64, 65, 90, 300, 2000};

	/* [0, cuts[a]) and [from, from + cuts[b]): exact and sketch on either side, with and
	 * without names in common. */
	for (size_t a = 0; a < ADIT_COUNT(cuts); a++)
		for (size_t b = 0; b < ADIT_COUNT(cuts); b++)
			for (uint32_t from = 0; from <= cuts[a]; from += cuts[a] / 2 + 1) {
				struct adit_names left = {0}, right = {0}, both = {0};

				names_fill(&left, 5, 0, cuts[a]);
				names_fill(&right, 5, from, from + cuts[b]);
				names_fill(&both, 5, 0, cuts[a]);
				names_fill(&both, 5, from, from + cuts[b]);
				adit_names_merge(&left, &right);
				CHECK_EQ_INT(left.count, both.count);
				CHECK(adit_names_estimate(&left) == adit_names_estimate(&both));
				if (left.count == ADIT_NAMES_SKETCH)
					CHECK_EQ_MEM(left.registers, both.registers,
						sizeof(both.registers));
				if (harness_failed()) {
					FAIL("[0, %u) and [%u, +%u)", cuts[a], from, cuts[b]);
					return;
				}
			}
}

TEST(window, survives_every_allocation_failure)
{
	struct adit_window_params params = {.shards = 3, .rows = {4, 4, 4, 4}, .details = 2};
	struct harness_allocator counting;
	size_t calls;

	harness_allocator_init(&counting, SIZE_MAX);
	adit_window_destroy(adit_window_create(&params, &counting.allocator));
	CHECK_EQ_INT(counting.live, 0);
	calls = counting.calls;
	REQUIRE(calls > 3 * 14);
	for (size_t n = 0; n < calls; n++) {
		harness_allocator_init(&counting, n);
		CHECK(adit_window_create(&params, &counting.allocator) == NULL);
		CHECK_EQ_INT(counting.live, 0);
	}
	adit_window_destroy(NULL);
}

static size_t bytes_asked;

static void *summing_alloc(void *context, size_t size, size_t align)
{
	bytes_asked += size;
	return adit_alloc(NULL, size, align);
}

static void summing_free(void *context, void *memory)
{
	adit_free(NULL, memory);
}

TEST(window, says_how_much_memory_it_takes)
{
	struct adit_window_params params = {.shards = 5, .rows = {100, 31, 7, 3}, .details = 9};
	struct adit_allocator allocator = {summing_alloc, summing_free, NULL};
	struct adit_window *window;

	bytes_asked = 0;
	window = adit_window_create(&params, &allocator);
	REQUIRE(window != NULL);
	/* But for the copy of the allocator. */
	CHECK(bytes_asked >= adit_window_bytes(&params));
	CHECK(bytes_asked <= adit_window_bytes(&params) + 64);
	adit_window_destroy(window);
}

TEST(window, counts_a_query)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 0x1234);
	e.event.payload_type = true;
	adit_window_count(window, 0, &e.event);
	/* What has a zone is judged by its zone: it makes no row by server, but counts in one that
	 * something without a zone has made. */
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_SERVER), 0);
	e.event.unzoned = true;
	e.event.domain_key = 0;
	adit_window_count(window, 0, &e.event);
	event_make(&e, 7, 3, 0x1234);
	e.event.payload_type = true;
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_ENCRYPTED), 0);
	for (int kind = 0; kind < ADIT_KIND_ENCRYPTED; kind++) {
		CHECK_EQ_INT(adit_window_rows(window, 0, kind), 1);
		row = adit_window_row(window, 0, kind, 0);
		CHECK_EQ_INT(row->queries, 1);
		CHECK_EQ_INT(row->responses, 0);
		CHECK_EQ_INT(row->bytes_up, 40);
		CHECK_EQ_INT(row->bytes_down, 0);
		CHECK_EQ_INT(row->info_up, 4);
		CHECK_EQ_INT(row->names, 1);
		CHECK_EQ_INT(row->payload_queries, 1);
		CHECK_EQ_INT(row->unparsable, 0);
		CHECK(adit_window_detail(window, 0, row) == NULL);
	}
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_DOMAIN, 0)->key, e.event.domain_key);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_PAIR, 0)->key, e.event.pair_key);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_SERVER, 0)->key, e.event.server_key);
	CHECK_EQ_INT(adit_window_domain(window, 0, 0)->name.size, 14);
	CHECK_EQ_MEM(adit_window_domain(window, 0, 0)->name.wire, "\ad000003\4test", 14);
	CHECK_EQ_INT(adit_window_party(window, 0, ADIT_KIND_PAIR, 0)->sample.size, 23);
	CHECK_EQ_MEM(adit_window_party(window, 0, ADIT_KIND_PAIR, 0)->sample.wire, e.wire, 23);
	CHECK(adit_window_party(window, 0, ADIT_KIND_PAIR, 0)->domain_key == e.event.domain_key);
	CHECK_EQ_MEM(
		adit_window_party(window, 0, ADIT_KIND_SERVER, 0)->server.bytes, "\xc0\0\2\x35", 4);
	CHECK_EQ_MEM(adit_window_party(window, 0, ADIT_KIND_SERVER, 0)->who.address.bytes,
		"\12\0\0\7", 4);
	adit_window_count(window, 0, &e.event);
	row = adit_window_row(window, 0, ADIT_KIND_SERVER, 0);
	CHECK_EQ_INT(row->queries, 2);
	CHECK_EQ_INT(row->info_up, 4);
	CHECK_EQ_INT(row->names, 1);
	check_shard(window, 0);
	adit_window_destroy(window);
}

TEST(window, counts_a_response)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 1);
	event_answer(&e, 100);
	e.event.cname = true;
	adit_window_count(window, 0, &e.event);
	row = adit_window_row(window, 0, ADIT_KIND_PAIR, 0);
	CHECK_EQ_INT(row->queries, 0);
	CHECK_EQ_INT(row->responses, 1);
	CHECK_EQ_INT(row->bytes_down, 160);
	CHECK_EQ_INT(row->info_down, 100);
	CHECK_EQ_INT(row->info_up, 4);
	CHECK_EQ_INT(row->answered, 1);
	CHECK_EQ_INT(row->cname_answers, 1);
	CHECK_EQ_INT(row->payload_queries, 0);
	adit_window_destroy(window);
}

/* A name without a zone counts by server alone, and there with all it carries. */
TEST(window, counts_a_name_without_domain)
{
	struct adit_window *window = window_make(1, 8, 4);
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 1);
	e.event.domain_key = 0;
	e.event.unzoned = true;
	adit_window_count(window, 0, &e.event);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_DOMAIN), 0);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_PAIR), 0);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_SERVER), 1);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_SERVER, 0)->info_up, 4);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_SERVER, 0)->names, 1);
	adit_window_destroy(window);
}

/* Each datagram that a signature knows counts, though none has a name. */
TEST(window, counts_datagrams)
{
	static const uint8_t root[2];
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_detail *detail;
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 1);
	e.event.domain_key = e.event.name_hash = 0;
	e.event.wire = e.event.lower = root;
	e.event.wire_size = 1;
	e.event.registrable_at = e.event.subdomain_length = e.event.labels = 0;
	e.event.unzoned = e.event.unparsable = true;
	e.event.info_bytes = 90;
	for (int i = 0; i < 6; i++)
		adit_window_count(window, 0, &e.event);
	row = adit_window_row(window, 0, ADIT_KIND_SERVER, 0);
	CHECK_EQ_INT(row->unparsable, 6);
	CHECK_EQ_INT(row->info_up, 540);
	CHECK(adit_window_detail(window, 0, row) == NULL);
	e.event.classes = 1u << 5;
	for (int i = 0; i < 4; i++)
		adit_window_count(window, 0, &e.event);
	CHECK_EQ_INT(row->unparsable, 10);
	detail = adit_window_detail(window, 0, row);
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->class_names[5], 4);
	CHECK_EQ_INT(detail->looked_at, 4);
	CHECK_EQ_INT(detail->sample_count, 0);
	CHECK_EQ_INT(adit_window_party(window, 0, ADIT_KIND_SERVER, 0)->sample.size, 0);
	check_shard(window, 0);
	adit_window_destroy(window);
}

TEST(window, saturates_small_counters)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 1);
	e.event.payload_type = true;
	for (int i = 0; i < 70000; i++)
		adit_window_count(window, 0, &e.event);
	row = adit_window_row(window, 0, ADIT_KIND_PAIR, 0);
	CHECK_EQ_INT(row->queries, 70000);
	CHECK_EQ_INT(row->payload_queries, UINT16_MAX);
	adit_window_destroy(window);
}

TEST(window, fifth_name_earns_a_detail_record)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_detail *detail;
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	row = adit_window_row(window, 0, ADIT_KIND_PAIR, 0);
	for (uint32_t name = 0; name < 4; name++) {
		event_make(&e, 7, 3, name);
		adit_window_count(window, 0, &e.event);
		event_answer(&e, 10);
		adit_window_count(window, 0, &e.event);
		CHECK_EQ_INT(row->names, name + 1);
		CHECK_EQ_INT(row->detail, 0);
	}
	event_make(&e, 7, 3, 4);
	adit_window_count(window, 0, &e.event);
	detail = adit_window_detail(window, 0, row);
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->names.count, 5);
	CHECK_EQ_INT(detail->looked_at, 1);
	CHECK_EQ_INT(detail->queries, 1);
	CHECK_EQ_INT(detail->type[ADIT_GROUP_A], 1);
	CHECK_EQ_INT(detail->length_sum, 8);
	CHECK_EQ_INT(detail->length_square_sum, 64);
	CHECK_EQ_INT(detail->chars[ADIT_CHAR_DIGIT], 7);
	CHECK_EQ_INT(row->flags, 0);
	/* Its answer is the same name; a TTL of 61 s is not low, 70 bytes are bin 1. */
	event_answer(&e, 10);
	e.event.ttl_min = 61;
	adit_window_count(window, 0, &e.event);
	CHECK_EQ_INT(detail->looked_at, 1);
	CHECK_EQ_INT(detail->responses, 1);
	CHECK_EQ_INT(detail->rcode[0], 1);
	CHECK_EQ_INT(detail->ttl_low, 0);
	CHECK_EQ_INT(detail->response_size[1], 1);
	CHECK_EQ_INT(detail->sample_count, 1);
	CHECK_EQ_MEM(detail->sample[0].wire, e.wire, 23);
	check_shard(window, 0);
	adit_window_destroy(window);
}

TEST(window, name_of_a_class_earns_a_detail_record)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_detail *detail;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 0);
	e.event.classes = 1u << 31 | 1;
	adit_window_count(window, 0, &e.event);
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0));
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->class_names[31], 1);
	CHECK_EQ_INT(detail->class_names[0], 1);
	adit_window_count(window, 0, &e.event);
	CHECK_EQ_INT(detail->class_names[31], 1);
	CHECK_EQ_INT(detail->queries, 2);
	check_shard(window, 0);
	adit_window_destroy(window);
}

/* IDs 10, 17, 24, 24 (sent again), 31, 40; gaps of 64 us × 1, 2, 4, 0 and an hour. */
TEST(window, steps_and_gaps)
{
	static const uint16_t ids[] = {10, 17, 24, 24, 31, 40};
	static const uint64_t at_us[] = {0, 64, 192, 448, 448, 3600000448};
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_detail *detail;
	struct test_event e;

	REQUIRE(window != NULL);
	for (size_t i = 0; i < ADIT_COUNT(ids); i++) {
		event_make(&e, 7, 3, 0);
		e.event.classes = 1;
		e.event.id = ids[i];
		e.event.ts_ns = at_us[i] * ADIT_NS_PER_US;
		e.event.edns = i < 4 ? 77 : 78;
		adit_window_count(window, 0, &e.event);
	}
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0));
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->id_steps, 4);
	CHECK_EQ_INT(detail->id_step_same, 2);
	CHECK_EQ_INT(detail->id_step, 9);
	CHECK_EQ_INT(detail->gap[0], 2);
	CHECK_EQ_INT(detail->gap[1], 1);
	CHECK_EQ_INT(detail->gap[2], 1);
	CHECK_EQ_INT(detail->gap[ADIT_GAP_BINS - 1], 1);
	CHECK_EQ_INT(detail->edns_seen, 6);
	CHECK_EQ_INT(detail->edns_same, 4);
	adit_window_destroy(window);
}

/* "n0000001" and on: the first octets stay, the last change. */
TEST(window, constant_field)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_detail *detail;
	struct test_event e;

	REQUIRE(window != NULL);
	for (uint32_t name = 0; name < 16; name++) {
		event_make(&e, 7, 3, name);
		e.event.classes = 1;
		adit_window_count(window, 0, &e.event);
	}
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0));
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->looked_at, 16);
	CHECK_EQ_INT(detail->compared, 15);
	for (int i = 0; i < 7; i++)
		CHECK_EQ_INT(detail->agree[i], 15);
	for (int i = 7; i < ADIT_FIELD_SIZE; i++)
		CHECK_EQ_INT(detail->agree[i], 0);
	adit_window_destroy(window);
}

/* What was last seen in the radio network stands beside a party; a packet that says nothing of it
 * takes nothing away. */
static void path_set(struct adit_subscriber *who, enum adit_direction direction, uint8_t radio,
	uint32_t teid, uint64_t ts_ns)
{
	struct adit_path *path = &who->path[direction];

	*path = (struct adit_path){.radio = {.bytes = {radio}},
		.core = {.bytes = {2}},
		.known = true,
		.teid = teid,
		.first_ns = ts_ns,
		.last_ns = ts_ns};
}

TEST(window, keeps_the_last_tunnel_ends)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_subscriber *who;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 0);
	adit_window_count(window, 0, &e.event);
	who = &adit_window_party(window, 0, ADIT_KIND_PAIR, 0)->who;
	CHECK(!who->path[ADIT_UP].known && !who->path[ADIT_DOWN].known);
	path_set(&e.who, ADIT_UP, 1, 11, 100);
	adit_window_count(window, 0, &e.event);
	path_set(&e.who, ADIT_UP, 1, 11, 200);
	adit_window_count(window, 0, &e.event);
	/* The other direction on another leg is no handover. */
	e.who.path[ADIT_UP].known = false;
	path_set(&e.who, ADIT_DOWN, 3, 22, 300);
	adit_window_count(window, 0, &e.event);
	e.who.path[ADIT_DOWN].known = false;
	adit_window_count(window, 0, &e.event);
	CHECK_EQ_INT(who->path[ADIT_UP].teid, 11);
	CHECK_EQ_INT(who->path[ADIT_UP].radio.bytes[0], 1);
	CHECK_EQ_INT(who->path[ADIT_UP].first_ns, 100);
	CHECK_EQ_INT(who->path[ADIT_UP].last_ns, 200);
	CHECK_EQ_INT(who->path[ADIT_DOWN].teid, 22);
	CHECK_EQ_INT(who->path[ADIT_DOWN].radio.bytes[0], 3);
	/* A new TEID is one, and so is a new peer. */
	path_set(&e.who, ADIT_UP, 1, 12, 400);
	adit_window_count(window, 0, &e.event);
	path_set(&e.who, ADIT_UP, 2, 12, 500);
	adit_window_count(window, 0, &e.event);
	CHECK_EQ_INT(who->path[ADIT_UP].teid, 12);
	CHECK_EQ_INT(who->path[ADIT_UP].radio.bytes[0], 2);
	CHECK_EQ_INT(who->path[ADIT_UP].first_ns, 500);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_PAIR), 1);
	adit_window_destroy(window);
}

/* Totals of a sum of rows and records against those of the whole. */
TEST(sum, of_parts_is_the_whole)
{
	struct adit_window *part = window_make(1, 4, 4), *whole = window_make(1, 4, 4);
	struct adit_sum *parts = calloc(1, sizeof(*parts)), *once = calloc(1, sizeof(*once));
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(part != NULL && whole != NULL && parts != NULL && once != NULL);
	adit_sum_clear(parts);
	adit_sum_clear(once);
	for (uint32_t slice = 5; slice < 9; slice++) {
		adit_window_open(part, slice);
		for (uint32_t i = 0; i < 10; i++) {
			event_make(&e, 1, 1, slice * 5 + i);
			adit_window_count(part, 0, &e.event);
			adit_window_count(whole, 0, &e.event);
			event_answer(&e, i);
			adit_window_count(part, 0, &e.event);
			adit_window_count(whole, 0, &e.event);
		}
		row = adit_window_row(part, 0, ADIT_KIND_PAIR, 0);
		adit_sum_add(parts, row, adit_window_detail(part, 0, row), slice, slice);
	}
	row = adit_window_row(whole, 0, ADIT_KIND_PAIR, 0);
	adit_sum_add(once, row, adit_window_detail(whole, 0, row), 5, 8);
	CHECK_EQ_INT(parts->queries, 40);
	CHECK_EQ_INT(parts->windows, 4);
	CHECK_EQ_INT(parts->first_slice, 5);
	CHECK_EQ_INT(parts->last_slice, 8);
	CHECK_EQ_INT(parts->names.count, 25);
	CHECK_EQ_INT(once->names.count, 25);
	CHECK_EQ_MEM(parts, once, offsetof(struct adit_sum, windows));
	CHECK(!parts->more_names);
	adit_window_destroy(part);
	adit_window_destroy(whole);
	free(parts);
	free(once);
}

/* A slice with a single query has no ID step to tell; what others told stays. */
TEST(sum, id_step_of_a_slice_without_steps_is_not_taken)
{
	struct adit_detail into = {.id_steps = 1, .id_step = 7727}, from = {.queries = 1};

	adit_detail_merge(&into, &from);
	CHECK_EQ_INT(into.id_step, 7727);
	from = (struct adit_detail){.id_steps = 3, .id_step = 1, .id_step_same = 0};
	adit_detail_merge(&into, &from);
	CHECK_EQ_INT(into.id_step, 1);
	into = (struct adit_detail){.id_steps = 9, .id_step_same = 8, .id_step = 7727};
	adit_detail_merge(&into, &from);
	CHECK_EQ_INT(into.id_step, 7727);
	CHECK_EQ_INT(into.id_steps, 12);
}

TEST(window, encrypted_packets_are_counted_apart)
{
	struct adit_window *window = window_make(1, 8, 4);
	struct adit_subscriber who = {.key = 5, .address = {.bytes = {10, 0, 0, 5}}};
	struct adit_address server = {.bytes = {192, 0, 2, 1}};
	struct adit_encrypted_event event = {.key = 77,
		.who = &who,
		.server = &server,
		.bytes = 100,
		.transport = 2,
		.up = true};
	const struct adit_party *party;
	const struct adit_row *row;

	REQUIRE(window != NULL);
	adit_window_count_encrypted(window, 0, &event);
	event.up = false;
	event.bytes = 1400;
	server.bytes[3] = 2;
	adit_window_count_encrypted(window, 0, &event);
	adit_window_count_encrypted(window, 0, &event);
	event.key = 78;
	event.transport = 1;
	adit_window_count_encrypted(window, 0, &event);
	REQUIRE(adit_window_rows(window, 0, ADIT_KIND_ENCRYPTED) == 2);
	row = adit_window_row(window, 0, ADIT_KIND_ENCRYPTED, 0);
	party = adit_window_party(window, 0, ADIT_KIND_ENCRYPTED, 0);
	CHECK_EQ_INT(row->queries, 1);
	CHECK_EQ_INT(row->responses, 2);
	CHECK_EQ_INT(row->bytes_up, 100);
	CHECK_EQ_INT(row->bytes_down, 2800);
	CHECK_EQ_INT(row->info_up + row->info_down, 0);
	CHECK_EQ_INT(party->who.key, 5);
	CHECK_EQ_INT(party->server.bytes[3], 1);
	CHECK_EQ_INT(party->transport, 2);
	CHECK_EQ_INT(adit_window_party(window, 0, ADIT_KIND_ENCRYPTED, 1)->transport, 1);
	for (int kind = 0; kind < ADIT_KIND_ENCRYPTED; kind++)
		CHECK_EQ_INT(adit_window_rows(window, 0, kind), 0);
	adit_window_destroy(window);
}
