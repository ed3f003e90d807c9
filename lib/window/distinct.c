/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bottom-k samples of distinct members. A member whose hash is above the greatest one kept is
 * passed over with one comparison; of a flood that is nearly every one.
 */
#include "adit_distinct.h"

#include "adit_lanes.h"

#define KEPT ADIT_DISTINCT_KEPT

static inline uint16_t capped16(uint32_t value)
{
	return value < UINT16_MAX ? (uint16_t)value : UINT16_MAX;
}

/* Place of a hash, or KEPT. Looks at all places, eight at once: how many are in use, and at which
 * one it is, nobody can guess. */
static inline uint32_t place_of(const struct adit_distinct *set, uint32_t hash)
{
	uint64_t same = 0, used = set->count < KEPT ? (UINT64_C(1) << set->count) - 1 : UINT64_MAX;

	for (uint32_t i = 0; i < KEPT; i += ADIT_LANES)
		same |= (uint64_t)adit_lanes_equal(set->hash + i, UINT32_MAX, hash) << i;
	same &= used;
	return same != 0 ? (uint32_t)__builtin_ctzll(same) : KEPT;
}

static uint32_t place_of_greatest(const struct adit_distinct *set)
{
	uint32_t at = 0, greatest = set->hash[0];

	for (uint32_t i = 1; i < set->count; i++) {
		at = set->hash[i] > greatest ? i : at;
		greatest = set->hash[i] > greatest ? set->hash[i] : greatest;
	}
	return at;
}

static void keep(
	struct adit_distinct *set, uint32_t at, uint32_t hash, uint32_t times, uint32_t bytes)
{
	set->hash[at] = hash;
	set->times[at] = capped16(times);
	set->bytes[at] = capped16(bytes);
}

enum adit_distinct_added adit_distinct_add(
	struct adit_distinct *set, uint32_t hash, uint32_t times, uint32_t bytes)
{
	uint32_t at;

	if (set->greatest != 0 && hash > set->greatest)
		return ADIT_DISTINCT_PASSED;
	at = place_of(set, hash);
	if (at != KEPT) {
		set->times[at] = capped16((uint32_t)set->times[at] + capped16(times));
		return ADIT_DISTINCT_AGAIN;
	}
	if (set->count < KEPT) {
		keep(set, set->count++, hash, times, bytes);
		return ADIT_DISTINCT_NEW;
	}
	/* One of 65 has to go. */
	at = place_of_greatest(set);
	if (hash > set->hash[at]) {
		set->greatest = set->hash[at];
		return ADIT_DISTINCT_PASSED;
	}
	keep(set, at, hash, times, bytes);
	set->greatest = set->hash[place_of_greatest(set)];
	return ADIT_DISTINCT_NEW;
}

void adit_distinct_merge(struct adit_distinct *into, const struct adit_distinct *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		adit_distinct_add(into, from->hash[i], from->times[i], from->bytes[i]);
	/* What `from` passed over is missing in the union too. */
	if (from->greatest != 0)
		into->greatest = into->hash[place_of_greatest(into)];
}

double adit_distinct_number(const struct adit_distinct *set)
{
	if (set->greatest == 0)
		return set->count;
	return (KEPT - 1) * 4294967296.0 / ((double)set->greatest + 1);
}

double adit_distinct_bytes(const struct adit_distinct *set)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < set->count; i++)
		sum += set->bytes[i];
	return set->count != 0 ? (double)sum * adit_distinct_number(set) / set->count : 0;
}

double adit_distinct_times(const struct adit_distinct *set)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < set->count; i++)
		sum += set->times[i];
	return set->count != 0 ? (double)sum / set->count : 0;
}
