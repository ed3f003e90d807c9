/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The bounded sample of rows: what may stay, whoever offers how much in which order.
 */
#include "harness.h"
#include "reservoir.h"

#include <stdlib.h>

#define STRETCH_NS  (600 * ADIT_NS_PER_S)
#define START_NS    (1000000 * STRETCH_NS)
#define SLICE_NS    (10 * ADIT_NS_PER_S)
#define ROWS_MAX    20000
#define SUBSCRIBERS 100

/* What a row tells of itself comes back in the table. */
static const enum adit_feature features[] = {ADIT_FEATURE_QUERIES, ADIT_FEATURE_RESPONSES,
	ADIT_FEATURE_BYTES_UP, ADIT_FEATURE_BYTES_DOWN};
enum { SUBSCRIBER, DOMAIN, STRETCH, SLICE, COLUMNS };

static struct app_reservoir *make(uint32_t rows, uint32_t per_subscriber, uint8_t key)
{
	struct app_reservoir_params params = {
		.rows = rows,
		.per_subscriber = per_subscriber,
		.features = features,
		.feature_count = ADIT_COUNT(features),
		.key = adit_hash_key_fixed,
	};

	params.key.bytes[0] ^= key;
	return app_reservoir_create(&params);
}

static struct adit_wire_name domain_name(unsigned domain)
{
	struct adit_wire_name name = {.size = 6, .wire = {4}};

	memcpy(name.wire + 1, &domain, sizeof(domain));
	return name;
}

/* A row of a slice (of 60) of a stretch. */
static void row_make(struct adit_feature_row *row, unsigned subscriber, unsigned domain,
	unsigned stretch, unsigned slice)
{
	memset(row, 0, sizeof(*row));
	row->window_end_ns = START_NS + stretch * STRETCH_NS + slice * SLICE_NS;
	row->domain = domain_name(domain);
	row->has_subscriber = true;
	memcpy(row->subscriber.bytes, &subscriber, sizeof(subscriber));
	row->value[features[SUBSCRIBER]] = subscriber;
	row->value[features[DOMAIN]] = domain;
	row->value[features[STRETCH]] = stretch;
	row->value[features[SLICE]] = slice;
}

static void offer(struct app_reservoir *reservoir, unsigned subscriber, unsigned domain,
	unsigned stretch, unsigned slice)
{
	struct adit_feature_row row;

	row_make(&row, subscriber, domain, stretch, slice);
	app_reservoir_offer(reservoir, &row);
}

static double at(const struct adit_table *table, size_t row, int column)
{
	return table->values[row * COLUMNS + (size_t)column];
}

static uint32_t held_of(const struct adit_table *table, int column, double value)
{
	uint32_t count = 0;

	for (size_t i = 0; i < table->rows; i++)
		count += at(table, i, column) == value;
	return count;
}

static struct adit_table *table_of(const struct app_reservoir *reservoir)
{
	return app_reservoir_table(reservoir, features, COLUMNS);
}

/* Windows that slide by 10 s are nearly the same again and again: one of a stretch stays. */
TEST(reservoir, one_row_of_a_pair_and_stretch)
{
	struct app_reservoir *reservoir = make(100, 100, 0);
	struct app_reservoir_counters counters;
	struct adit_table *table;
	unsigned early = 0;

	REQUIRE(reservoir != NULL);
	for (unsigned slice = 0; slice < 60; slice++)
		for (unsigned pair = 0; pair < 80; pair++)
			offer(reservoir, pair / 8, pair % 4, pair / 4 % 2, slice);
	counters = app_reservoir_count(reservoir);
	CHECK_EQ_INT(counters.offered, 80 * 60);
	CHECK_EQ_INT(counters.held, 80);
	CHECK_EQ_INT(counters.subscribers, 10);
	table = table_of(reservoir);
	REQUIRE(table != NULL);
	CHECK_EQ_INT(table->rows, 80);
	for (unsigned subscriber = 0; subscriber < 10; subscriber++)
		CHECK_EQ_INT(held_of(table, SUBSCRIBER, subscriber), 8);
	for (size_t i = 0; i < table->rows; i++) {
		early += at(table, i, SLICE) < 30;
		for (size_t k = 0; k < i; k++)
			CHECK(memcmp(table->values + i * COLUMNS, table->values + k * COLUMNS,
				      3 * sizeof(double)) != 0);
	}
	/* Any of the 60, not the first or last: 40 ± 4.5 of 80. */
	CHECK(early > 22 && early < 58);
	adit_table_destroy(table);
	app_reservoir_destroy(reservoir);
}

TEST(reservoir, nobody_fills_it_alone)
{
	struct app_reservoir *reservoir = make(1000, 50, 0);
	struct app_reservoir_counters counters;
	struct adit_table *table;

	REQUIRE(reservoir != NULL);
	for (unsigned stretch = 0; stretch < 10; stretch++) {
		for (unsigned domain = 0; domain < 1000; domain++)
			offer(reservoir, 7777, domain, stretch, 0);
		for (unsigned subscriber = 0; subscriber < 90; subscriber++)
			offer(reservoir, subscriber, 1, stretch, 0);
	}
	counters = app_reservoir_count(reservoir);
	CHECK_EQ_INT(counters.offered, 10 * 1090);
	CHECK_EQ_INT(counters.held, 50 + 900);
	CHECK_EQ_INT(counters.subscribers, 91);
	table = table_of(reservoir);
	REQUIRE(table != NULL);
	CHECK_EQ_INT(held_of(table, SUBSCRIBER, 7777), 50);
	for (unsigned subscriber = 0; subscriber < 90; subscriber++)
		CHECK_EQ_INT(held_of(table, SUBSCRIBER, subscriber), 10);
	adit_table_destroy(table);
	app_reservoir_destroy(reservoir);
}

/* A group is a subscriber, under a number. */
TEST(reservoir, groups_are_subscribers_without_addresses)
{
	struct app_reservoir *reservoir = make(500, 10, 0);
	struct adit_table *table;
	double of_group[SUBSCRIBERS];

	REQUIRE(reservoir != NULL);
	for (unsigned i = 0; i < 5000; i++)
		offer(reservoir, 3 * (i % SUBSCRIBERS), i, i / 700, 1);
	table = table_of(reservoir);
	REQUIRE(table != NULL);
	CHECK_EQ_INT(table->rows, 500);
	CHECK_EQ_STR(table->groupings[0].column, "subscriber");
	CHECK(table->groupings[0].count <= SUBSCRIBERS && table->groupings[0].count > 90);
	for (uint32_t g = 0; g < table->groupings[0].count; g++) {
		CHECK_EQ_INT(atoi(table->groupings[0].names[g]), g + 1);
		of_group[g] = -1;
	}
	for (size_t i = 0; i < table->rows; i++) {
		double *its = &of_group[table->groupings[0].of_row[i]];

		CHECK(*its == -1 || *its == at(table, i, SUBSCRIBER));
		*its = at(table, i, SUBSCRIBER);
	}
	for (uint32_t g = 1; g < table->groupings[0].count; g++)
		CHECK(of_group[g] != of_group[0]);
	adit_table_destroy(table);
	app_reservoir_destroy(reservoir);
}

static uint64_t random_next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

struct offered {
	unsigned subscriber, domain, stretch, slice;
};

/* Some subscribers have a thousand rows, most have a few. */
static void rows_draw(struct offered *rows)
{
	uint64_t state = 42;

	for (unsigned i = 0; i < ROWS_MAX; i++) {
		unsigned heavy = random_next(&state) % 2;

		rows[i] = (struct offered){
			.subscriber = (unsigned)random_next(&state) % (heavy ? 10 : 2000),
			.domain = (unsigned)random_next(&state) % 50,
			.stretch = i / 200,
			.slice = (unsigned)random_next(&state) % 60,
		};
	}
}

static struct adit_table *sample(const struct offered *rows, uint8_t key)
{
	struct app_reservoir *reservoir = make(2000, 100, key);
	struct adit_table *table = NULL;

	if (reservoir != NULL)
		for (unsigned i = 0; i < ROWS_MAX; i++)
			offer(reservoir, rows[i].subscriber, rows[i].domain, rows[i].stretch,
				rows[i].slice);
	if (reservoir != NULL)
		table = table_of(reservoir);
	app_reservoir_destroy(reservoir);
	return table;
}

/* What stays depends on the rows and the key, and not on when a row came: so rows of the first hour
 * have the chance of those of the last. */
TEST(reservoir, the_order_of_rows_changes_nothing)
{
	static struct offered rows[ROWS_MAX];
	struct adit_table *table, *again;
	uint64_t state = 7;
	unsigned early = 0, heavy = 0;

	rows_draw(rows);
	table = sample(rows, 0);
	REQUIRE(table != NULL);
	CHECK_EQ_INT(table->rows, 2000);
	for (size_t i = 0; i < table->rows; i++) {
		early += at(table, i, STRETCH) < 50;
		heavy += at(table, i, SUBSCRIBER) < 10;
	}
	CHECK(early > 900 && early < 1100);
	CHECK(heavy >= 900 && heavy <= 1000 + 20);
	for (unsigned i = ROWS_MAX - 1; i > 0; i--) {
		unsigned k = (unsigned)random_next(&state) % (i + 1);
		struct offered swap = rows[i];

		rows[i] = rows[k];
		rows[k] = swap;
	}
	again = sample(rows, 0);
	REQUIRE(again != NULL);
	CHECK_EQ_INT(again->rows, 2000);
	CHECK_EQ_MEM(table->values, again->values, 2000 * COLUMNS * sizeof(double));
	CHECK_EQ_INT(again->groupings[0].count, table->groupings[0].count);
	adit_table_destroy(again);
	again = sample(rows, 1);
	REQUIRE(again != NULL);
	CHECK_EQ_INT(again->rows, 2000);
	CHECK(memcmp(table->values, again->values, 2000 * COLUMNS * sizeof(double)) != 0);
	adit_table_destroy(again);
	adit_table_destroy(table);
}

TEST(reservoir, a_domain_is_taken_out)
{
	struct app_reservoir *reservoir = make(1000, 1000, 0);
	struct adit_wire_name name = domain_name(3);
	struct app_reservoir_counters counters;
	struct adit_table *table;

	REQUIRE(reservoir != NULL);
	app_reservoir_remove(reservoir, &name);
	for (unsigned round = 0; round < 5; round++) {
		/* Again and again: what was free is used. */
		for (unsigned i = 0; i < 1000; i++)
			offer(reservoir, i % 20, i % 10, 100 * round + i / 200, 0);
		app_reservoir_remove(reservoir, &name);
		counters = app_reservoir_count(reservoir);
		table = table_of(reservoir);
		REQUIRE(table != NULL);
		CHECK_EQ_INT(table->rows, counters.held);
		CHECK_EQ_INT(held_of(table, DOMAIN, 3), 0);
		CHECK(held_of(table, DOMAIN, 4) > 0);
		if (round == 0) {
			/* Two subscribers ask for it, in five stretches. */
			CHECK_EQ_INT(counters.removed, 10);
			CHECK_EQ_INT(counters.held, 90);
		}
		adit_table_destroy(table);
	}
	app_reservoir_destroy(reservoir);
}

TEST(reservoir, one_place)
{
	struct app_reservoir *reservoir = make(1, 1, 0);
	struct adit_wire_name name;
	struct app_reservoir_counters counters;

	REQUIRE(reservoir != NULL);
	for (unsigned i = 0; i < 100; i++)
		offer(reservoir, i, i, i, i % 60);
	counters = app_reservoir_count(reservoir);
	CHECK_EQ_INT(counters.held, 1);
	CHECK_EQ_INT(counters.subscribers, 1);
	for (unsigned i = 0; i < 100; i++) {
		name = domain_name(i);
		app_reservoir_remove(reservoir, &name);
	}
	counters = app_reservoir_count(reservoir);
	CHECK_EQ_INT(counters.held, 0);
	CHECK_EQ_INT(counters.removed, 1);
	app_reservoir_destroy(reservoir);
	app_reservoir_destroy(NULL);
}
