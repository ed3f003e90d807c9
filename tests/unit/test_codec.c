/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fields in the state file: no field of a record is forgotten, and what is loaded is what was
 * saved.
 */
#include "adit_codec.h"

#include <stdlib.h>

#include "window_cases.h"

#define ROOM 8192

static void address_code(struct adit_state_io *io, void *record)
{
	adit_address_code(io, record);
}

static void subscriber_code(struct adit_state_io *io, void *record)
{
	adit_subscriber_code(io, record);
}

static void sample_code(struct adit_state_io *io, void *record)
{
	adit_sample_code(io, record);
}

static void map_code(struct adit_state_io *io, void *record)
{
	adit_map_code(io, record);
}

static void row_code(struct adit_state_io *io, void *record)
{
	adit_row_code(io, record);
}

static void detail_code(struct adit_state_io *io, void *record)
{
	adit_detail_code(io, record);
}

/* A record: what saves and loads it, and bytes that are not to be changed by the test. */
struct record {
	void (*code)(struct adit_state_io *io, void *record);
	uint8_t *bytes, *padding; /* padding: 0 where no field is */
	size_t size;
	struct {
		size_t from, size;
	} fixed[4];
};

static size_t save(const struct record *it, uint8_t *room)
{
	struct adit_state_io io = {.bytes = room, .size = ROOM};

	it->code(&io, it->bytes);
	CHECK(!io.failed);
	return io.at;
}

/* Bytes of `size` in `room` into the record, which held something else. */
static void load(const struct record *it, uint8_t *room, size_t size)
{
	struct adit_state_io io = {.bytes = room, .size = size, .loads = true};

	it->code(&io, it->bytes);
	CHECK(!io.failed && io.at == size);
}

static bool is_fixed(const struct record *it, size_t at)
{
	bool fixed = false;

	for (size_t i = 0; i < ADIT_COUNT(it->fixed); i++)
		fixed |= at - it->fixed[i].from < it->fixed[i].size;
	return fixed;
}

/* Bytes that are not saved are as many as those that belong to no field. Which ones these are gcc
 * 12 gets wrong behind an array of structures. */
static void record_check(const struct record *it)
{
	uint8_t first[ROOM], other[ROOM];
	uint8_t *before = malloc(it->size), *saved = calloc(1, it->size);
	size_t size = save(it, first), forgotten = 0, padding = 0;

	REQUIRE(before != NULL && saved != NULL);
	memcpy(before, it->bytes, it->size);
	for (size_t at = 0; at < it->size && !harness_failed(); at++) {
		padding += it->padding[at] == 0;
		if (is_fixed(it, at))
			continue;
		it->bytes[at] ^= 1;
		saved[at] = save(it, other) != size || memcmp(first, other, size) != 0;
		it->bytes[at] ^= 1;
		forgotten += !saved[at];
	}
	CHECK_EQ_INT(forgotten, padding);
	load(it, other, save(it, other));
	for (size_t at = 0; at < it->size && !harness_failed(); at++)
		if (saved[at] && it->bytes[at] != before[at])
			FAIL("byte %zu of %zu is %u, and was %u", at, it->size, it->bytes[at],
				before[at]);
	CHECK_EQ_INT(save(it, other), size);
	CHECK_EQ_MEM(first, other, size);
	free(before);
	free(saved);
}

/* What has no field stays 0 in a record of 0xff whose padding is cleared. */
#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)
#define PADDING(record)                                  \
	do {                                             \
		memset(&(record), 0xff, sizeof(record)); \
		__builtin_clear_padding(&(record));      \
	} while (0)
#endif

#ifdef PADDING
static void random_fill(void *record, size_t size, uint64_t *random)
{
	uint8_t *bytes = record;

	/* Bits that are yes or no stay so, whichever bytes they are. */
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(random_below(random, 2) ? 1 : 0);
}

#define CHECK_RECORD(it, which, ...)                         \
	do {                                                 \
		static __typeof__(it) padding_;              \
		PADDING(padding_);                           \
		record_check(&(struct record){.code = which, \
			.bytes = (uint8_t *)&(it),           \
			.padding = (uint8_t *)&padding_,     \
			.size = sizeof(it),                  \
			.fixed = {__VA_ARGS__}});            \
	} while (0)
#endif

TEST(codec, forgets_no_field)
{
#ifdef PADDING
	struct adit_address address;
	static struct adit_subscriber who;
	static struct adit_sample sample;
	static struct adit_map map;
	static struct adit_row row;
	static struct adit_detail detail;
	uint64_t random = 1;

	for (int i = 0; i < 3; i++) {
		random_fill(&address, sizeof(address), &random);
		address.is_v6 = true;
		CHECK_RECORD(address, address_code, {offsetof(struct adit_address, is_v6), 1});
		random_fill(&who, sizeof(who), &random);
		who.address.is_v6 = who.core.is_v6 = 1;
		who.has_core = true;
		for (int d = 0; d < 2; d++) {
			who.path[d].known = true;
			who.path[d].radio.is_v6 = who.path[d].core.is_v6 = 1;
		}
		/* Whether there is something is left as it is. */
		CHECK_RECORD(who, subscriber_code,
			{offsetof(struct adit_subscriber, address.is_v6), 1},
			{offsetof(struct adit_subscriber, core.is_v6), 2},
			{offsetof(struct adit_subscriber, path[0].radio), 35},
			{offsetof(struct adit_subscriber, path[1].radio), 35});
		random_fill(&sample, sizeof(sample), &random);
		sample.size = 255;
		CHECK_RECORD(sample, sample_code, {0, 1});
		random_fill(&map, sizeof(map), &random);
		CHECK_RECORD(map, map_code, {0, 0});
		random_fill(&row, sizeof(row), &random);
		row.names = 2;
		/* Key and record are the ledger's to set. */
		CHECK_RECORD(row, row_code, {offsetof(struct adit_row, key), 8},
			{offsetof(struct adit_row, detail), 4});
		random_fill(&detail, sizeof(detail), &random);
		detail.names.count = detail.answers.count = ADIT_DISTINCT_KEPT;
		CHECK_RECORD(detail, detail_code, {offsetof(struct adit_detail, names.count), 4},
			{offsetof(struct adit_detail, answers.count), 4});
	}
#else
	SKIP("the compiler does not tell where records have no field");
#endif
}

/* The two addresses of a path, which the test above leaves as they are. */
TEST(codec, keeps_paths_and_short_addresses)
{
	struct adit_subscriber who = {.key = 7, .address = {.bytes = {10, 0, 0, 1}}}, got;
	uint8_t room[ROOM];
	struct adit_state_io io = {.bytes = room, .size = ROOM};

	who.path[ADIT_DOWN] = (struct adit_path){.radio = {.bytes = {1, 2, 3, 4}},
		.core = {.bytes = {0x20, 1, [15] = 9}, .is_v6 = true},
		.known = true,
		.teid = 5,
		.first_ns = 6,
		.last_ns = 8};
	adit_subscriber_code(&io, &who);
	io = (struct adit_state_io){.bytes = room, .size = io.at, .loads = true};
	memset(&got, 0xff, sizeof(got));
	adit_subscriber_code(&io, &got);
	CHECK(!io.failed && io.at == io.size);
	CHECK(got.key == 7 && !got.has_core && !got.path[ADIT_UP].known);
	CHECK_EQ_MEM(&got.address, &who.address, sizeof(who.address));
	CHECK_EQ_MEM(&got.path[ADIT_DOWN].radio, &who.path[ADIT_DOWN].radio, sizeof(who.address));
	CHECK_EQ_MEM(&got.path[ADIT_DOWN].core, &who.path[ADIT_DOWN].core, sizeof(who.address));
	CHECK(got.path[ADIT_DOWN].teid == 5 && got.path[ADIT_DOWN].first_ns == 6 &&
		got.path[ADIT_DOWN].last_ns == 8);
}

TEST(codec, keeps_the_bounds_that_readers_rely_on)
{
	struct adit_distinct set = {.count = ADIT_DISTINCT_KEPT + 1};
	struct adit_row row = {.names = ADIT_ROW_NAMES + 1};
	uint8_t room[ROOM] = {0};
	uint32_t count = ADIT_DISTINCT_KEPT + 1;
	struct adit_state_io io = {.bytes = room, .size = ROOM, .loads = true};

	memcpy(room, &count, sizeof(count));
	adit_distinct_code(&io, &set);
	CHECK(io.failed && set.count == 0);
	/* 64 of least hash, and of how many: without 64 there is none that is greatest. */
	count = 3;
	memcpy(room, &count, sizeof(count));
	memcpy(room + 4, &count, sizeof(count));
	io = (struct adit_state_io){.bytes = room, .size = ROOM, .loads = true};
	adit_distinct_code(&io, &set);
	CHECK(io.failed);
	io = (struct adit_state_io){.bytes = room, .size = ROOM};
	adit_row_code(&io, &row);
	io = (struct adit_state_io){.bytes = room, .size = ROOM, .loads = true};
	adit_row_code(&io, &row);
	CHECK(io.failed);
}
