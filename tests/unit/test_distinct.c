/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Samples of sets against sets that keep everything.
 */
#include "adit_distinct.h"

#include <math.h>
#include <stdlib.h>

#include "harness.h"
#include "window_cases.h"

#define KEPT ADIT_DISTINCT_KEPT
/* What the header promises of a number beyond 64. */
#define STANDARD_ERROR (1 / sqrt(KEPT - 2))

/* A member as the exact set knows it. */
struct member {
	uint32_t hash, times, bytes;
};

static int member_less(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	return a->hash < b->hash ? -1 : a->hash > b->hash;
}

/* Sorts what was added and joins equal members; returns their number. */
static size_t members_join(struct member *members, size_t count)
{
	size_t kept = 0;

	qsort(members, count, sizeof(*members), member_less);
	for (size_t i = 0; i < count; i++) {
		if (kept != 0 && members[kept - 1].hash == members[i].hash)
			members[kept - 1].times += members[i].times;
		else
			members[kept++] = members[i];
	}
	return kept;
}

/* The sample must be the members of least hash, whole; returns false at a difference. */
static bool check_sample(
	const struct adit_distinct *set, const struct member *members, size_t distinct)
{
	size_t kept = distinct < KEPT ? distinct : KEPT;
	struct member sample[KEPT];

	if (set->count != kept) {
		FAIL("%u kept of %zu", set->count, distinct);
		return false;
	}
	for (size_t i = 0; i < kept; i++)
		sample[i] = (struct member){adit_distinct_hash(set, (uint32_t)i),
			adit_distinct_times_of(set, (uint32_t)i),
			adit_distinct_bytes_of(set, (uint32_t)i)};
	qsort(sample, kept, sizeof(*sample), member_less);
	if (memcmp(sample, members, kept * sizeof(*sample)) != 0) {
		FAIL("the sample is not the %zu of least hash of %zu", kept, distinct);
		return false;
	}
	if (set->greatest != (distinct > KEPT ? members[KEPT - 1].hash : 0)) {
		FAIL("greatest is %u of %zu", set->greatest, distinct);
		return false;
	}
	return true;
}

TEST(distinct, empty_set)
{
	struct adit_distinct set = {0};

	CHECK(adit_distinct_number(&set) == 0 && adit_distinct_bytes(&set) == 0);
	CHECK(adit_distinct_times(&set) == 0 && adit_distinct_exact(&set));
}

TEST(distinct, exact_to_64)
{
	struct adit_distinct set = {0};
	double bytes = 0;
	uint64_t state = 1;

	for (uint32_t i = 0; i < KEPT; i++) {
		uint32_t hash = (uint32_t)random_next(&state);

		CHECK_EQ_INT(adit_distinct_add(&set, hash, 1, i), ADIT_DISTINCT_NEW);
		CHECK_EQ_INT(adit_distinct_add(&set, hash, 2, i), ADIT_DISTINCT_AGAIN);
		bytes += i;
		CHECK(adit_distinct_number(&set) == i + 1);
		CHECK(fabs(adit_distinct_bytes(&set) - bytes) < 1e-9);
		CHECK(adit_distinct_times(&set) == 3);
		CHECK(adit_distinct_exact(&set));
	}
	adit_distinct_add(&set, (uint32_t)random_next(&state), 1, 1);
	CHECK(!adit_distinct_exact(&set));
	CHECK_EQ_INT(set.count, KEPT);
}

/* The least hashes stay, whatever comes; 0 is a hash like others. */
TEST(distinct, a_least_hash_is_always_taken)
{
	struct adit_distinct set = {0};

	for (uint32_t i = 200; i > 0; i--)
		CHECK_EQ_INT(adit_distinct_add(&set, i - 1, 1, 1), ADIT_DISTINCT_NEW);
	for (uint32_t i = 0; i < 200; i++)
		CHECK_EQ_INT(adit_distinct_add(&set, i, 1, 1),
			i < KEPT ? ADIT_DISTINCT_AGAIN : ADIT_DISTINCT_PASSED);
	CHECK_EQ_INT(set.greatest, KEPT - 1);
}

/* Streams in which members come again, from a few to a great many. */
TEST(distinct, keeps_whole_members_of_least_hash)
{
	static struct member members[6000];
	uint64_t state = 3;

	for (int stream = 0; stream < 300; stream++) {
		uint32_t spread = 1 + random_below(&state, stream % 3 ? 200 : 3000);
		size_t count = random_below(&state, ADIT_COUNT(members));
		struct adit_distinct set = {0};

		for (size_t i = 0; i < count; i++) {
			uint32_t hash = (uint32_t)adit_hash_pair(&adit_hash_key_fixed,
				(uint64_t)stream, random_below(&state, spread));

			members[i] = (struct member){hash, 1 + random_below(&state, 3), hash % 251};
			adit_distinct_add(&set, hash, members[i].times, members[i].bytes);
		}
		if (!check_sample(&set, members, members_join(members, count))) {
			FAIL("in stream %d", stream);
			return;
		}
	}
}

/* How far estimates are off over many sets of one kind. */
struct errors {
	double squares, sum;
	unsigned sets;
};

static void error_take(struct errors *errors, double estimate, double exact)
{
	double error = estimate / exact - 1;

	errors->squares += error * error;
	errors->sum += error;
	errors->sets++;
}

/* `expected`: the standard error that theory gives. Tolerances: of a mean square over n sets about
 * 1/√(2n), of a mean 1/√n; four times that. */
static void check_errors(const char *what, const struct errors *errors, double expected)
{
	double deviation = sqrt(errors->squares / errors->sets);
	double bias = errors->sum / errors->sets, n = errors->sets;

	if (fabs(deviation / expected - 1) > 4 / sqrt(2 * n) + 0.05 ||
		fabs(bias) > 4 * expected / sqrt(n) + 0.002)
		FAIL("%s: deviation %.4f, expected %.4f; bias %.4f", what, deviation, expected,
			bias);
}

/* Of n members the sample is everything as n falls to 64: the error is smaller there. */
TEST(distinct, number_errs_as_its_source_says)
{
	static const uint32_t counts[] = {300, 1000, 10000, 300000};
	uint64_t state = 5;

	for (size_t c = 0; c < ADIT_COUNT(counts); c++) {
		unsigned sets = 6000000 / counts[c] < 4000 ? 6000000 / counts[c] : 4000;
		struct errors errors = {0};

		for (unsigned s = 0; s < sets; s++) {
			struct adit_distinct set = {0};

			for (uint32_t i = 0; i < counts[c]; i++)
				adit_distinct_add(&set, (uint32_t)random_next(&state), 1, 1);
			error_take(&errors, adit_distinct_number(&set), counts[c]);
		}
		check_errors(
			"number", &errors, STANDARD_ERROR * sqrt(1 - (double)KEPT / counts[c]));
	}
}

/* Bytes of members; each mixture has n members. */
enum mixture { EQUAL, FEW_LONG, HALVES, SPREAD, MIXTURES };

static uint32_t mixture_bytes(enum mixture mixture, uint32_t i)
{
	switch (mixture) {
	case EQUAL:
		return 40;
	case FEW_LONG:
		return i % 20 == 0 ? 220 : 4;
	case HALVES:
		return i % 2 ? 150 : 10;
	default:
		return 1 + i % 120;
	}
}

/*
 * The bytes of a sample are its number times a mean of 64, so their error has both parts:
 * √(1/62 + cv²/64) with cv the members' deviation by their mean. Members that come again change
 * nothing. Whoever never must miss a bound has to allow for a mixture of few long and many short.
 */
TEST(distinct, bytes_err_as_number_and_mean_do)
{
	static const char *const names[] = {"equal", "few long", "halves", "spread"};
	const uint32_t n = 2000;
	uint64_t state = 6;

	for (int mixture = 0; mixture < MIXTURES; mixture++) {
		double sum = 0, squares = 0, cv;
		struct errors errors = {0};

		for (uint32_t i = 0; i < n; i++) {
			double bytes = mixture_bytes(mixture, i);

			sum += bytes;
			squares += bytes * bytes;
		}
		cv = sqrt(squares / n - sum * sum / n / n) / (sum / n);
		for (int s = 0; s < 3000; s++) {
			struct adit_distinct set = {0}, repeated = {0};
			uint64_t again = state;

			for (uint32_t i = 0; i < n; i++) {
				uint32_t hash = (uint32_t)random_next(&state);

				adit_distinct_add(&set, hash, 1, mixture_bytes(mixture, i));
			}
			for (uint32_t i = 0; s < 10 && i < n; i++) {
				uint32_t hash = (uint32_t)random_next(&again);

				for (uint32_t k = 0; k <= i % 5; k++)
					adit_distinct_add(
						&repeated, hash, 1, mixture_bytes(mixture, i));
			}
			CHECK(s >= 10 ||
				adit_distinct_bytes(&set) == adit_distinct_bytes(&repeated));
			error_take(&errors, adit_distinct_bytes(&set), sum);
		}
		check_errors(names[mixture], &errors,
			sqrt((1.0 / (KEPT - 2) + cv * cv / KEPT) * (1 - (double)KEPT / n)));
	}
}

/* Some come often, most once: the mean is over members, each with all its times. */
TEST(distinct, mean_times_of_a_mixture)
{
	const uint32_t n = 3000;
	struct errors errors = {0};
	uint64_t state = 7;

	for (int s = 0; s < 2000; s++) {
		struct adit_distinct set = {0};

		for (uint32_t i = 0; i < n; i++) {
			uint32_t hash = (uint32_t)random_next(&state);

			for (uint32_t k = 0; k < (i % 4 == 0 ? 5 : 1); k++)
				adit_distinct_add(&set, hash, 1, 1);
		}
		error_take(&errors, adit_distinct_times(&set), 2);
	}
	/* Deviation √3 by the mean 2, over 64. */
	check_errors("times", &errors, sqrt(3) / 2 / sqrt(KEPT));
}

#define PARTS 9

/* Random parts, which may overlap, merged two by two in random order, and added to one. */
TEST(distinct, merging_in_any_order_is_adding_to_one)
{
	static const uint32_t sizes[] = {5, 60, 64, 65, 70, 200, 3000};
	static struct member members[6000];
	uint64_t state = 8;

	for (int round = 0; round < 400; round++) {
		uint32_t spread = sizes[round % ADIT_COUNT(sizes)];
		size_t count = random_below(&state, 2 * spread);
		struct adit_distinct part[PARTS] = {{0}}, one = {0};
		int left = PARTS;
		size_t distinct;

		for (size_t i = 0; i < count; i++) {
			uint32_t hash = (uint32_t)adit_hash_pair(&adit_hash_key_fixed,
				(uint64_t)round, random_below(&state, spread));

			members[i] = (struct member){hash, 1, hash % 199};
			adit_distinct_add(
				&part[random_below(&state, PARTS)], hash, 1, members[i].bytes);
			adit_distinct_add(&one, hash, 1, members[i].bytes);
		}
		while (left > 1) {
			uint32_t into = random_below(&state, (uint32_t)left);
			uint32_t from = random_below(&state, (uint32_t)left - 1);

			from += from >= into;
			adit_distinct_merge(&part[into], &part[from]);
			part[from] = part[--left];
		}
		distinct = members_join(members, count);
		CHECK(adit_distinct_number(&part[0]) == adit_distinct_number(&one));
		if (!check_sample(&one, members, distinct) ||
			!check_sample(&part[0], members, distinct)) {
			FAIL("in round %d", round);
			return;
		}
	}
}

TEST(distinct, saturates)
{
	struct adit_distinct set = {0}, other;

	adit_distinct_add(&set, 1, 1, 70000);
	CHECK_EQ_INT(adit_distinct_bytes_of(&set, 0), UINT16_MAX);
	adit_distinct_add(&set, 2, 70000, 1);
	CHECK_EQ_INT(adit_distinct_times_of(&set, 1), UINT16_MAX);
	for (uint32_t i = 0; i < 70000; i++)
		adit_distinct_add(&set, 1, 1, 0);
	CHECK_EQ_INT(adit_distinct_times_of(&set, 0), UINT16_MAX);
	adit_distinct_add(&set, 3, 9, 1);
	adit_distinct_add(&set, 3, UINT32_MAX, 1);
	CHECK_EQ_INT(adit_distinct_times_of(&set, 2), UINT16_MAX);
	other = set;
	adit_distinct_merge(&set, &other);
	for (int i = 0; i < 3; i++)
		CHECK_EQ_INT(adit_distinct_times_of(&set, i), UINT16_MAX);
}
