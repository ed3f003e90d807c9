/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bottom-k samples of distinct members. A member whose hash is above the greatest one kept is
 * passed over with one comparison; of a flood that is nearly every one.
 */
#include "adit_distinct.h"

#include "adit_lanes.h"

#include <assert.h>

#define KEPT ADIT_DISTINCT_KEPT

static inline uint16_t capped16(uint32_t value)
{
	return value < UINT16_MAX ? (uint16_t)value : UINT16_MAX;
}

static_assert(ADIT_DISTINCT_GROUP == ADIT_LANES, "a group is looked through at once");

/* Place of a hash, or KEPT. Looks at a group at once: at which place it is, nobody can guess. */
static inline uint32_t place_of(const struct adit_distinct *set, uint32_t hash)
{
	for (uint32_t i = 0; i < set->count; i += ADIT_LANES) {
		uint32_t left = set->count - i;
		unsigned used = left < ADIT_LANES ? (1u << left) - 1 : (1u << ADIT_LANES) - 1;
		unsigned same = adit_lanes_equal(set->group[i / ADIT_LANES].hash, UINT32_MAX, hash);

		if ((same & used) != 0)
			return i + (uint32_t)__builtin_ctz(same & used);
	}
	return KEPT;
}

/* The greatest hash of a set that is full. */
static uint32_t greatest_of(const struct adit_distinct *set)
{
	uint32_t most[ADIT_LANES] = {0}, greatest = 0;

	for (uint32_t i = 0; i < KEPT / ADIT_LANES; i++)
		for (uint32_t k = 0; k < ADIT_LANES; k++)
			most[k] = set->group[i].hash[k] > most[k] ? set->group[i].hash[k] : most[k];
	for (uint32_t k = 0; k < ADIT_LANES; k++)
		greatest = most[k] > greatest ? most[k] : greatest;
	return greatest;
}

static void keep(
	struct adit_distinct *set, uint32_t at, uint32_t hash, uint32_t times, uint32_t bytes)
{
	struct adit_distinct_group *group = &set->group[at / ADIT_LANES];

	group->hash[at % ADIT_LANES] = hash;
	group->times[at % ADIT_LANES] = capped16(times);
	group->bytes[at % ADIT_LANES] = capped16(bytes);
}

enum adit_distinct_added adit_distinct_add(
	struct adit_distinct *set, uint32_t hash, uint32_t times, uint32_t bytes)
{
	uint32_t at, greatest;

	if (set->greatest != 0 && hash > set->greatest)
		return ADIT_DISTINCT_PASSED;
	at = place_of(set, hash);
	if (at != KEPT) {
		uint16_t *its = &set->group[at / ADIT_LANES].times[at % ADIT_LANES];

		*its = capped16((uint32_t)*its + capped16(times));
		return ADIT_DISTINCT_AGAIN;
	}
	if (set->count < KEPT) {
		keep(set, set->count++, hash, times, bytes);
		return ADIT_DISTINCT_NEW;
	}
	/* One of 65 has to go. */
	greatest = greatest_of(set);
	if (hash > greatest) {
		set->greatest = greatest;
		return ADIT_DISTINCT_PASSED;
	}
	keep(set, place_of(set, greatest), hash, times, bytes);
	set->greatest = greatest_of(set);
	return ADIT_DISTINCT_NEW;
}

void adit_distinct_merge(struct adit_distinct *into, const struct adit_distinct *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		adit_distinct_add(into, adit_distinct_hash(from, i),
			adit_distinct_times_of(from, i), adit_distinct_bytes_of(from, i));
	/* What `from` passed over is missing in the union too. */
	if (from->greatest != 0)
		into->greatest = greatest_of(into);
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
		sum += adit_distinct_bytes_of(set, i);
	return set->count != 0 ? (double)sum * adit_distinct_number(set) / set->count : 0;
}

double adit_distinct_times(const struct adit_distinct *set)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < set->count; i++)
		sum += adit_distinct_times_of(set, i);
	return set->count != 0 ? (double)sum / set->count : 0;
}
