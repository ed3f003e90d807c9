/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Burst-delta against its definition, applied to all seconds that there were.
 */
#include "burst_priv.h"

#include <stdlib.h>

#include "scorer_cases.h"

#define DOMAINS     3
#define SECONDS_MAX 20000
#define ROLL_UP     600 /* seconds */

/* The seconds in which a domain had queries of a type. */
struct series {
	uint32_t second[SECONDS_MAX], count[SECONDS_MAX];
	bool hit[SECONDS_MAX];
	size_t size;
};

static int number_less(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

/* Median of the pauses that ended in the last roll-up before this one in which any did, the lower
 * of two; of 63 s and more, 63. 0: none has closed. */
static uint32_t median_before(const struct series *series, uint32_t roll_up)
{
	static uint32_t pauses[ROLL_UP];
	size_t count = 0, i = series->size - 1;

	while (i > 0 && series->second[i] / ROLL_UP >= roll_up)
		i--;
	roll_up = series->second[i] / ROLL_UP;
	for (; i > 0 && series->second[i] / ROLL_UP == roll_up; i--) {
		uint32_t pause = series->second[i] - series->second[i - 1];

		pauses[count++] = pause < 63 ? pause : 63;
	}
	if (count == 0)
		return 0;
	qsort(pauses, count, sizeof(*pauses), number_less);
	return pauses[(count - 1) / 2];
}

/* One more second, and whether it is a hit. */
static void series_add(struct series *series, uint32_t second, uint32_t queries)
{
	size_t at = series->size++;
	uint32_t median, pause;

	REQUIRE(at < SECONDS_MAX);
	series->second[at] = second;
	series->count[at] = queries;
	if (at == 0 || abs((int)queries - (int)series->count[at - 1]) <= 100)
		return;
	median = median_before(series, second / ROLL_UP);
	pause = second - series->second[at - 1];
	series->hit[at] = median != 0 && (pause < 63 ? pause : 63) > median;
}

/* Hits of the six roll-ups up to the one at hand. */
static uint32_t hits_of(const struct series *series, uint32_t roll_up)
{
	uint32_t hits = 0;

	for (size_t i = series->size; i-- > 0 && series->second[i] / ROLL_UP + 6 > roll_up;)
		hits += series->hit[i];
	return hits;
}

/* A slice of a domain: how often a second has queries, and how many, depends on the style. */
static void slice_make(struct adit_detail *detail, uint64_t *state, uint32_t style)
{
	memset(detail, 0, sizeof(*detail));
	for (uint32_t group = 0; group < ADIT_GROUP_COUNT; group += 3)
		for (uint32_t i = 0; i < ADIT_SLICE_SECONDS; i++) {
			uint32_t often = style % 3 == 0 ? 2 : style % 3 == 1 ? 9 : 40;

			if (random_below(state, often) != 0)
				continue;
			detail->second[group][i] = (uint16_t)(1 + random_below(state, 20));
			if (random_below(state, 4) == 0)
				detail->second[group][i] =
					(uint16_t)(90 + random_below(state, 400));
		}
}

TEST(burst, hits_are_those_of_the_definition)
{
	struct adit_bursts *bursts = adit_bursts_create(64, NULL);
	struct series *series = calloc(DOMAINS * ADIT_GROUP_COUNT, sizeof(*series));
	struct adit_detail *detail = malloc(sizeof(*detail));
	uint32_t slice = FIRST_SLICE, most = 0;
	uint64_t state = 2;

	REQUIRE(bursts != NULL && series != NULL && detail != NULL);
	for (int step = 0; step < 1500 && !harness_failed(); step++) {
		uint32_t domain = random_below(&state, DOMAINS);

		for (uint32_t d = 0; d < DOMAINS; d++) {
			uint32_t want = 0, got;

			if (d != domain && random_below(&state, 3) == 0)
				continue;
			slice_make(detail, &state, d);
			for (uint32_t group = 0; group < ADIT_GROUP_COUNT; group++) {
				struct series *it = &series[d * ADIT_GROUP_COUNT + group];
				size_t before = it->size;
				uint32_t hits;

				for (uint32_t i = 0; i < ADIT_SLICE_SECONDS; i++)
					if (detail->second[group][i] != 0)
						series_add(it, slice * 10 + i,
							detail->second[group][i]);
				hits = it->size != before ? hits_of(it, slice / ADIT_SPAN_SLICES)
							  : 0;
				want = hits > want ? hits : want;
			}
			got = adit_bursts_take(
				bursts, case_key(ADIT_KIND_DOMAIN, 0, d), slice, detail);
			if (got != want)
				FAIL("step %d, domain %u: %u hits, not %u", step, d, got, want);
			most = got > most ? got : most;
		}
		slice += random_below(&state, 200) == 0 ? 30 + random_below(&state, 700) : 1;
	}
	CHECK(most > 20);
	/* A new timeline knows nothing. */
	adit_bursts_reset(bursts);
	CHECK_EQ_INT(adit_bursts_take(bursts, case_key(ADIT_KIND_DOMAIN, 0, 0), slice, detail), 0);
	free(series);
	free(detail);
	adit_bursts_destroy(bursts);
}

/* So many queries in a second of a slice. */
static uint32_t take(
	struct adit_bursts *bursts, uint64_t key, uint32_t slice, uint32_t second, uint16_t queries)
{
	static struct adit_detail detail;

	memset(&detail, 0, sizeof(detail));
	detail.second[ADIT_GROUP_TXT][second] = queries;
	return adit_bursts_take(bursts, key, slice, &detail);
}

/* A steady roll-up, then bursts after pauses: each is a hit, and so is the quiet after it. */
static uint32_t bursts_make(struct adit_bursts *bursts, uint64_t key, uint32_t from)
{
	uint32_t hits = 0;

	for (uint32_t i = 0; i < ADIT_SPAN_SLICES; i++)
		take(bursts, key, from + i, 1, 5);
	for (uint32_t i = 0; i < 2; i++) {
		take(bursts, key, from + ADIT_SPAN_SLICES + 4 * i + 2, 1, 200);
		hits = take(bursts, key, from + ADIT_SPAN_SLICES + 4 * i + 4, 1, 5);
	}
	return hits;
}

/* Where there is no room, whoever never had a burst gives way first. */
TEST(burst, calm_domains_give_way)
{
	struct adit_bursts *bursts = adit_bursts_create(4, NULL);
	uint32_t slice = FIRST_SLICE / ADIT_SPAN_SLICES * ADIT_SPAN_SLICES;

	REQUIRE(bursts != NULL);
	CHECK_EQ_INT(bursts_make(bursts, 1, slice), 4);
	slice += 2 * ADIT_SPAN_SLICES;
	for (uint64_t key = 100; key < 200; key++)
		take(bursts, key, slice, 1, 100);
	CHECK_EQ_INT(take(bursts, 1, slice + 1, 1, 5), 4);
	/* Those that had one give way to each other. */
	for (uint64_t key = 200; key < 203; key++)
		take(bursts, key, slice + 2, 1, 101);
	CHECK_EQ_INT(take(bursts, 1, slice + 3, 1, 5), 4);
	for (uint64_t key = 203; key < 207; key++)
		take(bursts, key, slice + 4, 1, 101);
	CHECK_EQ_INT(take(bursts, 1, slice + 5, 1, 5), 0);
	adit_bursts_destroy(bursts);
}

TEST(burst, survives_every_allocation_failure)
{
	struct harness_allocator counting;

	for (size_t n = 0; n < 2; n++) {
		harness_allocator_init(&counting, n);
		CHECK(adit_bursts_create(16, &counting.allocator) == NULL);
		CHECK_EQ_INT(counting.live, 0);
	}
	harness_allocator_init(&counting, 2);
	adit_bursts_destroy(adit_bursts_create(16, &counting.allocator));
	CHECK_EQ_INT(counting.live, 0);
	adit_bursts_destroy(NULL);
}

/* Queries of several subscribers in the second `at` of the slice. */
static void burst(struct fixture *x, uint32_t at, uint32_t queries)
{
	static uint32_t name;
	struct test_event e;

	for (uint32_t i = 0; i < queries; i++) {
		event_make(&e, i % 5, 1, ++name % 400);
		e.event.type_group = ADIT_GROUP_TXT;
		e.event.ts_ns = x->slice * ADIT_SLICE_NS + at * ADIT_NS_PER_S + i;
		count(x, &e);
	}
}

/* Where the pauses are all long, none is longer than the others. */
TEST(burst, long_pauses_are_alike)
{
	struct adit_bursts *bursts = adit_bursts_create(4, NULL);
	uint32_t slice = FIRST_SLICE / ADIT_SPAN_SLICES * ADIT_SPAN_SLICES;

	REQUIRE(bursts != NULL);
	for (uint32_t i = 0; i < 60; i++)
		CHECK_EQ_INT(take(bursts, 1u << 20, slice + 12 * i, 1, i % 2 ? 150 : 10), 0);
	adit_bursts_destroy(bursts);
}

/* Of light names, which no other detector minds: the third hit makes a suspect of the domain. */
static void three_hits(double suspect_score, uint32_t score)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_verdict *v = x->verdict;

	x->params.detect.suspect_score = suspect_score;
	fixture_restart(x, 0);
	x->slice = FIRST_SLICE / ADIT_SPAN_SLICES * ADIT_SPAN_SLICES;
	adit_window_open(x->window, x->slice);
	for (uint32_t i = 0; i < ADIT_SPAN_SLICES; i++) {
		burst(x, 1, 10);
		burst(x, 6, 10);
		slice_end(x);
	}
	/* Pauses of 5 s; a burst after 5 s is none, one after 6 s is one, and so is the end of it.
	 */
	burst(x, 1, 10);
	burst(x, 6, 200);
	burst(x, 7, 10);
	slice_end(x);
	burst(x, 3, 200);
	burst(x, 9, 10);
	slice_end(x);
	CHECK_EQ_INT(x->told, 0);
	slice_end(x);
	burst(x, 1, 300);
	slice_end(x);
	REQUIRE(x->told == 1);
	CHECK_EQ_INT(v[0].verdict, ADIT_VERDICT_SUSPECT);
	CHECK_EQ_INT(v[0].score, score);
	CHECK_EQ_MEM(v[0].domain.wire, "\ad000001\4test", 14);
	REQUIRE(v[0].reason_count == 1);
	CHECK_EQ_STR(v[0].reason[0].name, "burst_hits");
	CHECK(v[0].reason[0].value == 3);
	CHECK_EQ_INT(v[0].subscribers_total, 5);
	fixture_close(x);
}

TEST(burst, three_hits_make_a_suspect)
{
	three_hits(40, 50);
	three_hits(50, 50);
	three_hits(60, 60);
}

/* A window that stands for several slices does not say which second is which. */
TEST(burst, coalesced_windows_are_left_out)
{
	for (uint32_t coalesced = 0; coalesced < 2; coalesced++) {
		struct fixture *x = fixture_open(NULL);

		for (uint32_t i = 0; i < 3 * ADIT_SPAN_SLICES; i++) {
			if (i < ADIT_SPAN_SLICES)
				burst(x, 1, 10);
			else if (i % 2 == 0)
				burst(x, 1, 200 + 200 * (i % 4));
			x->window->first_slice = x->slice - coalesced;
			slice_end(x);
		}
		CHECK_EQ_INT(x->told != 0, !coalesced);
		fixture_close(x);
	}
}
