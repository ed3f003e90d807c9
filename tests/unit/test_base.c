/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_base.h"
#include "adit_hash.h"
#include "adit_lanes.h"
#include "adit_outcome.h"
#include "harness.h"

TEST(hash, rows_agree_with_the_scalar_one)
{
	uint8_t bytes[300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	for (size_t row = 0; row < adit_hash_row_count; row++) {
		const struct adit_hash_row *tried = &adit_hash_rows[row];

		if (!tried->supported())
			continue;
		for (size_t size = 0; size <= sizeof(bytes); size++)
			CHECK_EQ_INT(tried->hash(&adit_hash_key_fixed, bytes, size),
				adit_hash_rows[adit_hash_row_count - 1].hash(
					&adit_hash_key_fixed, bytes, size));
		for (size_t i = 0; i + 16 <= sizeof(bytes); i++) {
			uint64_t a, b;

			memcpy(&a, bytes + i, sizeof(a));
			memcpy(&b, bytes + i + 8, sizeof(b));
			CHECK_EQ_INT(tried->pair(&adit_hash_key_fixed, a, b),
				tried->hash(&adit_hash_key_fixed, bytes + i, 16));
		}
	}
}

TEST(hash, reads_exactly_its_bytes)
{
	for (size_t size = 0; size < 64; size++) {
		uint8_t bytes[64] = {0};
		uint64_t hash = adit_hash(&adit_hash_key_fixed, harness_exact(bytes, size), size);

		memset(bytes + size, 0xff, sizeof(bytes) - size);
		CHECK_EQ_INT(adit_hash(&adit_hash_key_fixed, bytes, size), hash);
	}
}

/* Of all strings of zeros up to 40 octets that begin with one octet, no two have one hash: the
 * length is nothing that data can take back. */
TEST(hash, length_is_not_to_be_cancelled)
{
	static uint64_t seen[40 * 256];
	size_t count = 0, equal = 0;

	for (size_t size = 1; size <= 40; size++)
		for (unsigned first = 0; first < 256; first++) {
			uint8_t bytes[40] = {(uint8_t)first};

			seen[count++] = adit_hash(&adit_hash_key_fixed, bytes, size);
		}
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			equal += seen[i] == seen[k];
	CHECK_EQ_INT(equal, 0);
}

/* Strings that collide (in 20 bits) under one key must not collide under another. */
TEST(hash, collisions_depend_on_the_key)
{
	struct adit_hash_key other = adit_hash_key_fixed;
	static uint32_t first_seen[1 << 20];
	unsigned collided = 0, again = 0;

	other.bytes[5] ^= 0x40;
	for (uint32_t i = 1; i < 200000; i++) {
		uint64_t slot = adit_hash(&adit_hash_key_fixed, &i, sizeof(i)) >> 44;
		uint32_t before = first_seen[slot];

		if (before != 0) {
			collided++;
			again += adit_hash(&other, &i, sizeof(i)) >> 44 ==
				 adit_hash(&other, &before, sizeof(before)) >> 44;
		}
		first_seen[slot] = i;
	}
	CHECK(collided > 10000);
	CHECK(again < 10);
}

TEST(hash, four_words_are_their_bytes)
{
	uint64_t words[4] = {1, UINT64_C(0x0123456789abcdef), UINT64_MAX, 77};
	uint64_t hash = adit_hash(&adit_hash_key_fixed, words, sizeof(words));

	CHECK_EQ_INT(
		adit_hash_four(&adit_hash_key_fixed, words[0], words[1], words[2], words[3]), hash);
	for (size_t row = 0; row < adit_hash_row_count; row++)
		if (adit_hash_rows[row].supported())
			CHECK_EQ_INT(adit_hash_rows[row].four(&adit_hash_key_fixed, words[0],
					     words[1], words[2], words[3]),
				hash);
}

TEST(digest, rows_agree_with_the_scalar_one)
{
	struct adit_hash_seed seed = {{1, 2, 3, 4, 5, 6, 7, 8}};
	uint8_t bytes[300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	for (size_t row = 0; row < adit_hash_row_count; row++) {
		const struct adit_hash_row *tried = &adit_hash_rows[row];

		if (!tried->supported())
			continue;
		for (size_t size = 0; size <= sizeof(bytes); size++)
			CHECK_EQ_INT(tried->digest(&adit_hash_key_fixed, &seed, bytes, size),
				adit_hash_rows[adit_hash_row_count - 1].digest(
					&adit_hash_key_fixed, &seed, bytes, size));
		for (size_t size = 0; size < 130; size++) {
			uint8_t cut[130] = {0};
			uint64_t digest = tried->digest(
				&adit_hash_key_fixed, &seed, harness_exact(cut, size), size);

			memset(cut + size, 0xff, sizeof(cut) - size);
			CHECK_EQ_INT(tried->digest(&adit_hash_key_fixed, &seed, cut, size), digest);
		}
	}
}

/* Another digest for every length of zeros, every place of a one among them or in the seed, and
 * for blocks that change places. */
TEST(digest, all_of_it_counts)
{
	static uint64_t seen[1 << 12];
	struct adit_hash_seed seed = {{0}};
	uint8_t bytes[200] = {0};
	size_t count = 0, equal = 0;

	for (size_t size = 0; size <= sizeof(bytes); size++)
		seen[count++] = adit_digest(&adit_hash_key_fixed, &seed, bytes, size);
	for (size_t i = 0; i < 8 * sizeof(bytes); i++) {
		bytes[i / 8] = (uint8_t)(1u << i % 8);
		seen[count++] = adit_digest(&adit_hash_key_fixed, &seed, bytes, sizeof(bytes));
		bytes[i / 8] = 0;
	}
	for (size_t i = 0; i < 8 * sizeof(seed); i++) {
		seed.word[i / 64] = UINT64_C(1) << i % 64;
		seen[count++] = adit_digest(&adit_hash_key_fixed, &seed, bytes, sizeof(bytes));
		seed.word[i / 64] = 0;
	}
	for (size_t i = 0; i < 12; i++)
		for (size_t k = 0; k < i; k++) {
			memset(bytes, 0, sizeof(bytes));
			memset(bytes + 16 * i, 1, 16);
			memset(bytes + 16 * k, 2, 16);
			seen[count++] =
				adit_digest(&adit_hash_key_fixed, &seed, bytes, sizeof(bytes));
			memset(bytes + 16 * i, 2, 16);
			memset(bytes + 16 * k, 1, 16);
			seen[count++] =
				adit_digest(&adit_hash_key_fixed, &seed, bytes, sizeof(bytes));
		}
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			equal += seen[i] == seen[k];
	CHECK_EQ_INT(equal, 0);
}

TEST(digest, collisions_depend_on_the_key)
{
	static const struct adit_hash_seed none;
	struct adit_hash_key other = adit_hash_key_fixed;
	static uint32_t first_seen[1 << 20];
	unsigned collided = 0, again = 0;

	other.bytes[5] ^= 0x40;
	for (uint32_t i = 1; i < 200000; i++) {
		/* In blocks of all four states. */
		uint32_t words[16] = {i, 0, 0, 0, ~i, 0, 0, 0, i, 0, 0, 0, i};
		uint64_t slot =
			adit_digest(&adit_hash_key_fixed, &none, words, sizeof(words)) >> 44;
		uint32_t before = first_seen[slot];

		if (before != 0) {
			uint32_t first[16] = {
				before, 0, 0, 0, ~before, 0, 0, 0, before, 0, 0, 0, before};

			collided++;
			again += adit_digest(&other, &none, words, sizeof(words)) >> 44 ==
				 adit_digest(&other, &none, first, sizeof(first)) >> 44;
		}
		first_seen[slot] = i;
	}
	CHECK(collided > 10000);
	CHECK(again < 10);
}

TEST(outcome, each_has_a_name_and_a_help_text)
{
	for (size_t i = 0; i < ADIT_OUTCOME_COUNT; i++) {
		CHECK(adit_outcome_names[i] != NULL && adit_outcome_help[i] != NULL);
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(adit_outcome_names[i], adit_outcome_names[j]) != 0);
	}
}

TEST(alloc, aligns_and_zeroes)
{
	for (size_t align = 1; align <= 4096; align *= 2) {
		uint8_t *memory = adit_alloc(NULL, 100, align);

		REQUIRE(memory != NULL);
		CHECK_EQ_INT((uintptr_t)memory % align, 0);
		for (int i = 0; i < 100; i++)
			CHECK_EQ_INT(memory[i], 0);
		adit_free(NULL, memory);
	}
	CHECK(adit_alloc(NULL, SIZE_MAX - 8, 64) == NULL);
	adit_free(NULL, NULL);
}

/* Against a loop, for words that differ in what the mask takes away and in what it leaves. */
TEST(lanes, tell_which_words_are_equal)
{
	uint32_t words[ADIT_LANES] ADIT_CACHE_ALIGNED;
	static const uint32_t masks[] = {UINT32_MAX, 0xffff0000, 0};

	for (uint32_t set = 0; set < 256; set++) {
		for (uint32_t i = 0; i < ADIT_LANES; i++)
			words[i] = (set >> i & 1 ? 0x8001 : 0x7fff) << 16 | i;
		CHECK_EQ_INT(adit_lanes_equal(words, 0xffff0000, UINT32_C(0x8001) << 16), set);
		for (size_t m = 0; m < ADIT_COUNT(masks); m++) {
			uint32_t word = words[set % ADIT_LANES] & masks[m];
			unsigned expected = 0;

			for (unsigned i = 0; i < ADIT_LANES; i++)
				expected |= (unsigned)((words[i] & masks[m]) == word) << i;
			CHECK_EQ_INT(adit_lanes_equal(words, masks[m], word), expected);
		}
	}
}
