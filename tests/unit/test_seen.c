/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is remembered of domains and servers, and what of it reaches features and scores.
 */
#include "seen_priv.h"

#include <math.h>
#include <stdlib.h>

#include "scorer_cases.h"

#define DOMAINS 500

TEST(seen, ages_of_domains)
{
	struct adit_seen *seen = adit_seen_create(16 * DOMAINS, 8, NULL);
	static uint32_t first[DOMAINS];
	uint32_t slice = FIRST_SLICE;
	uint64_t state = 1;

	REQUIRE(seen != NULL);
	memset(first, 0, sizeof(first));
	for (int i = 0; i < 20000; i++) {
		uint32_t domain = random_below(&state, DOMAINS);
		uint32_t age = adit_seen_domain(seen, case_key(ADIT_KIND_DOMAIN, 0, domain), slice);

		if (first[domain] == 0)
			first[domain] = slice;
		if (age != slice - first[domain]) {
			FAIL("domain %u: %u slices, not %u", domain, age, slice - first[domain]);
			break;
		}
		slice += random_below(&state, 3);
	}
	adit_seen_reset(seen);
	CHECK_EQ_INT(adit_seen_domain(seen, case_key(ADIT_KIND_DOMAIN, 0, 1), slice), 0);
	adit_seen_destroy(seen);
}

/* A look may be of a later slice than the one that is scored next. */
TEST(seen, ages_are_never_below_nothing)
{
	struct adit_seen *seen = adit_seen_create(8, 8, NULL);

	REQUIRE(seen != NULL);
	CHECK_EQ_INT(adit_seen_domain(seen, 1u << 20, 101), 0);
	CHECK_EQ_INT(adit_seen_domain(seen, 1u << 20, 100), 0);
	CHECK_EQ_INT(adit_seen_domain(seen, 1u << 20, 101), 1);
	adit_seen_destroy(seen);
}

/* A bucket of eight forgets what was not seen for longest. */
TEST(seen, forgets_the_idle_domain)
{
	struct adit_seen *seen = adit_seen_create(8, 8, NULL);

	REQUIRE(seen != NULL);
	for (uint64_t key = 1; key <= 8; key++)
		CHECK_EQ_INT(adit_seen_domain(seen, key << 20, 100 + (uint32_t)key), 0);
	CHECK_EQ_INT(adit_seen_domain(seen, 1u << 20, 200), 99);
	CHECK_EQ_INT(adit_seen_domain(seen, 9u << 20, 201), 0);
	/* The second had to go. */
	CHECK_EQ_INT(adit_seen_domain(seen, 1u << 20, 202), 101);
	for (uint64_t key = 3; key <= 8; key++)
		CHECK_EQ_INT(adit_seen_domain(seen, key << 20, 203), 103 - key);
	CHECK_EQ_INT(adit_seen_domain(seen, 9u << 20, 204), 3);
	CHECK_EQ_INT(adit_seen_domain(seen, 2u << 20, 205), 0);
	adit_seen_destroy(seen);
}

/* Linear counting in 256 places: its standard error is 4 % at 64 and 10 % at 600. */
TEST(seen, subscribers_of_servers)
{
	static const struct {
		uint32_t subscribers;
		double error;
	} rows[] = {{1, 0.1}, {5, 0.2}, {20, 0.2}, {64, 0.2}, {300, 0.25}, {600, 0.4}};
	struct adit_seen *seen = adit_seen_create(8, 256, NULL);

	REQUIRE(seen != NULL);
	for (uint32_t i = 0; i < ADIT_COUNT(rows); i++)
		for (int is_v6 = 0; is_v6 < 2; is_v6++) {
			struct adit_address server = {
				.bytes = {192, 0, 2, (uint8_t)i}, .is_v6 = is_v6};
			double number = 0;

			for (uint32_t k = 0; k < 3 * rows[i].subscribers; k++)
				number = adit_seen_server(seen, &server,
					case_key(9 + is_v6, k % rows[i].subscribers, i),
					FIRST_SLICE + k);
			if (fabs(number / rows[i].subscribers - 1) > rows[i].error)
				FAIL("%u subscribers: %.1f", rows[i].subscribers, number);
		}
	adit_seen_reset(seen);
	CHECK(adit_seen_server(
		      seen, &(struct adit_address){.bytes = {192, 0, 2, 5}}, 1, FIRST_SLICE) < 1.1);
	adit_seen_destroy(seen);
}

/* A day's subscribers count on the next day, and no longer. */
TEST(seen, servers_forget_their_subscribers)
{
	static const struct {
		uint32_t day;
		double number;
	} rows[] = {{0, 100}, {1, 100}, {2, 1}, {3, 1}};
	const uint32_t start = FIRST_SLICE / ADIT_DAY_SLICES * ADIT_DAY_SLICES;
	struct adit_address server = {.bytes = {192, 0, 2, 1}};
	struct adit_seen *seen = adit_seen_create(8, 16, NULL);

	REQUIRE(seen != NULL);
	for (uint32_t k = 0; k < 100; k++)
		adit_seen_server(seen, &server, case_key(9, k, 0), start + k);
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		double number = adit_seen_server(seen, &server, case_key(9, 5, 0),
			start + rows[i].day * ADIT_DAY_SLICES + ADIT_DAY_SLICES - 1);

		CHECK(fabs(number / rows[i].number - 1) < 0.2);
	}
	/* After a pause of days nothing of the day before is left. */
	for (uint32_t k = 0; k < 100; k++)
		adit_seen_server(seen, &server, case_key(9, k, 0), start + 5 * ADIT_DAY_SLICES);
	CHECK(adit_seen_server(seen, &server, 1, start + 7 * ADIT_DAY_SLICES) < 1.1);
	adit_seen_destroy(seen);
}

/* More than it holds: no crash, no ghost. */
TEST(seen, forgets_servers)
{
	struct adit_seen *seen = adit_seen_create(8, 16, NULL);

	REQUIRE(seen != NULL);
	for (uint32_t i = 0; i < 1000; i++) {
		struct adit_address server = {.bytes = {10, 0, (uint8_t)(i >> 8), (uint8_t)i}};

		CHECK(adit_seen_server(seen, &server, case_key(9, i, 0), FIRST_SLICE + i) < 1.1);
		CHECK(adit_seen_server(seen, &server, case_key(9, i, 0), FIRST_SLICE + i) < 1.1);
	}
	adit_seen_destroy(seen);
}

TEST(seen, survives_every_allocation_failure)
{
	struct harness_allocator counting;

	for (size_t n = 0; n < 3; n++) {
		harness_allocator_init(&counting, n);
		CHECK(adit_seen_create(16, 16, &counting.allocator) == NULL);
		CHECK_EQ_INT(counting.live, 0);
	}
	harness_allocator_init(&counting, 3);
	adit_seen_destroy(adit_seen_create(16, 16, &counting.allocator));
	CHECK_EQ_INT(counting.live, 0);
	adit_seen_destroy(NULL);
}

/* Of the rows that were told: those of one kind and span. */
struct ages {
	double age, subscribers;
	uint32_t score;
	size_t rows;
};
static struct ages ages;
static const char *ages_kind, *ages_span;

static void on_ages(void *context, const struct adit_feature_row *row)
{
	on_row(context, row);
	if (strcmp(row->kind, ages_kind) != 0 || strcmp(row->span, ages_span) != 0)
		return;
	ages.rows++;
	ages.age = row->value[ADIT_FEATURE_AGE];
	ages.subscribers = row->value[ADIT_FEATURE_SUBSCRIBERS];
	ages.score = row->score;
}

/* A domain that was there a week ago weighs less; its age does not end with what the ledger holds,
 * nor with the timeline's last minute. */
TEST(seen, known_domains_weigh_less)
{
	static const struct {
		uint32_t slices, score;
	} rows[] = {{7 * ADIT_DAY_SLICES - 1, STEP_SCORE}, {7 * ADIT_DAY_SLICES, STEP_SCORE - 10}};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct fixture *x = fixture_open(NULL);

		x->params.features = on_ages;
		fixture_restart(x, 0);
		ages_kind = "subscriber_domain";
		ages_span = "slice";
		tunnel(x, 1, 1, 2, 10, 0);
		slice_end(x);
		CHECK_EQ_INT(x->told, 0);
		slices_skip(x, rows[i].slices - 1);
		memset(&ages, 0, sizeof(ages));
		tunnel(x, 1, 1, 30, 10, 0);
		slice_end(x);
		CHECK_EQ_INT(ages.rows, 1);
		CHECK(fabs(ages.age - rows[i].slices / 360.0) < 1e-9);
		CHECK(ages.subscribers == 1);
		CHECK_EQ_INT(ages.score, rows[i].score);
		/* Judged again when nothing follows: over the hour. */
		slices_skip(x, 70);
		tunnel(x, 1, 1, 30, 10, 0);
		slice_end(x);
		tunnel(x, 1, 1, 30, 10, 0);
		slice_end(x);
		ages_span = "hour";
		memset(&ages, 0, sizeof(ages));
		adit_scorer_end(x->scorer);
		CHECK_EQ_INT(ages.rows, 1);
		CHECK(ages.age >= rows[i].slices / 360.0 && ages.age < rows[i].slices / 360.0 + 1);
		fixture_close(x);
	}
}

/* Names without a zone, answered. */
static void ask_server(struct fixture *x, uint32_t client, uint32_t names)
{
	for (uint32_t i = 0; i < names; i++) {
		struct test_event e;

		event_make(&e, client, 1, i + 1000 * x->slice);
		e.event.domain_key = 0;
		e.event.info_bytes = 100;
		event_unzone(&e);
		count(x, &e);
		event_answer(&e, 10);
		count(x, &e);
	}
}

/* A server that twenty and more talk to is a resolver in general use, also when all is over: what
 * passes the bound is a suspect all the same. */
TEST(seen, general_servers_are_held_to_the_bound)
{
	static const uint32_t clients[] = {10, 40};

	for (size_t i = 0; i < ADIT_COUNT(clients); i++) {
		struct fixture *x = fixture_open(NULL);

		x->params.features = on_ages;
		x->params.detect.information_bound = 4000;
		fixture_restart(x, 0);
		ages_kind = "subscriber_server";
		ages_span = "hour";
		for (int k = 0; k < 2; k++) {
			for (uint32_t client = 0; client < clients[i]; client++)
				ask_server(x, client, 10);
			slice_end(x);
		}
		CHECK_EQ_INT(x->told, 0);
		/* One goes on, so that it passes the bound; in a minute that was judged before. */
		slices_skip(x, 120 - (x->slice - FIRST_SLICE) % 6);
		ask_server(x, 1, 10);
		slice_end(x);
		ask_server(x, 1, 12);
		slice_end(x);
		memset(&ages, 0, sizeof(ages));
		adit_scorer_end(x->scorer);
		CHECK_EQ_INT(ages.rows, 1);
		CHECK(fabs(ages.subscribers / clients[i] - 1) < 0.3);
		CHECK(x->told != 0);
		CHECK_EQ_INT(ages.score, 45);
		fixture_close(x);
	}
}
