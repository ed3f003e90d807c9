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

static uint32_t place_of_greatest(const struct adit_distinct *set)
{
	uint32_t at = 0, greatest = adit_distinct_hash(set, 0);

	for (uint32_t i = 1; i < set->count; i++) {
		uint32_t hash = adit_distinct_hash(set, i);

		at = hash > greatest ? i : at;
		greatest = hash > greatest ? hash : greatest;
	}
	return at;
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
	uint32_t at;

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
	at = place_of_greatest(set);
	if (hash > adit_distinct_hash(set, at)) {
		set->greatest = adit_distinct_hash(set, at);
		return ADIT_DISTINCT_PASSED;
	}
	keep(set, at, hash, times, bytes);
	set->greatest = adit_distinct_hash(set, place_of_greatest(set));
	return ADIT_DISTINCT_NEW;
}

void adit_distinct_merge(struct adit_distinct *into, const struct adit_distinct *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		adit_distinct_add(into, adit_distinct_hash(from, i),
			adit_distinct_times_of(from, i), adit_distinct_bytes_of(from, i));
	/* What `from` passed over is missing in the union too. */
	if (from->greatest != 0)
		into->greatest = adit_distinct_hash(into, place_of_greatest(into));
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
