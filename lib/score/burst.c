/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Burst-delta, streaming (after a notebook on resolver logs: "Detecting DNS tunneling … relied
 * mostly on statistical measures"): of a domain and a record type, seconds with queries are put
 * side by side. A hit is a second whose number of queries differs by more than 100 from that of the
 * active second before, after a pause longer than the median pause. The median is that of the
 * 10-minute roll-up that closed last, as the one at hand is not known yet; hits are counted over an
 * hour. Pauses of 63 s and more are one, and not longer than each other.
 *
 * Memory: places × sizeof(struct place). A bucket of 4 forgets whom it has seen least of lately.
 */
#include "burst_priv.h"

#include "state_priv.h"

#define WAYS         4
#define ROLL_UPS     6  /* whose hits count: an hour */
#define PAUSES       64 /* pauses of so many seconds and more are one */
#define LEAST_CHANGE 100
#define NO_MEDIAN    UINT8_MAX

struct place {
	uint64_t key; /* of domain and type; 0: free */
	uint32_t roll_up;
	uint32_t second, count; /* the last active one */
	uint32_t most;          /* queries in a second, ever */
	uint16_t pause[PAUSES]; /* of the roll-up at hand */
	uint16_t hits[ROLL_UPS];
	uint8_t median; /* of the roll-up before, seconds */
};

struct adit_bursts {
	struct place *places;
	uint32_t buckets;
	struct adit_allocator allocator;
};

size_t adit_bursts_bytes(uint32_t places)
{
	return sizeof(struct adit_bursts) + (size_t)places * sizeof(struct place);
}

struct adit_bursts *adit_bursts_create(uint32_t places, const struct adit_allocator *allocator)
{
	struct adit_bursts *bursts = adit_alloc(allocator, sizeof(*bursts), ADIT_CACHE_LINE);

	if (bursts == NULL)
		return NULL;
	bursts->allocator = adit_allocator_copy(allocator);
	bursts->buckets = places / WAYS != 0 ? places / WAYS : 1;
	bursts->places = adit_alloc(
		allocator, (size_t)bursts->buckets * WAYS * sizeof(struct place), ADIT_CACHE_LINE);
	if (bursts->places == NULL) {
		adit_bursts_destroy(bursts);
		return NULL;
	}
	return bursts;
}

void adit_bursts_destroy(struct adit_bursts *bursts)
{
	struct adit_allocator copy;

	if (bursts == NULL)
		return;
	copy = bursts->allocator;
	adit_free(&copy, bursts->places);
	adit_free(&copy, bursts);
}

void adit_bursts_reset(struct adit_bursts *bursts)
{
	memset(bursts->places, 0, (size_t)bursts->buckets * WAYS * sizeof(struct place));
}

/* A place that never saw a burst gives way first, then the one that is idle longest. */
static bool gives_way(const struct place *it, const struct place *than)
{
	bool calm = it->most <= LEAST_CHANGE, its = than->most <= LEAST_CHANGE;

	return calm != its ? calm : it->second < than->second;
}

static struct place *place_of(struct adit_bursts *bursts, uint64_t key, uint32_t roll_up)
{
	struct place *bucket = &bursts->places[(key >> 32) % bursts->buckets * WAYS];
	struct place *victim = bucket;

	for (int i = 0; i < WAYS; i++) {
		if (bucket[i].key == key)
			return &bucket[i];
		if (gives_way(&bucket[i], victim))
			victim = &bucket[i];
	}
	memset(victim, 0, sizeof(*victim));
	victim->key = key;
	victim->roll_up = roll_up;
	victim->median = NO_MEDIAN;
	return victim;
}

/* Lower median; a roll-up without a pause keeps the one before. */
static uint8_t median_of(const struct place *place)
{
	uint32_t all = 0, below = 0;

	for (int i = 0; i < PAUSES; i++)
		all += place->pause[i];
	if (all == 0)
		return place->median;
	for (uint8_t i = 0; i < PAUSES; i++) {
		below += place->pause[i];
		if (2 * below >= all)
			return i;
	}
	return PAUSES - 1;
}

static void roll_up_turn(struct place *place, uint32_t roll_up)
{
	uint32_t gone = roll_up - place->roll_up;

	place->median = median_of(place);
	memset(place->pause, 0, sizeof(place->pause));
	for (uint32_t i = 1; i <= gone && i <= ROLL_UPS; i++)
		place->hits[(place->roll_up + i) % ROLL_UPS] = 0;
	place->roll_up = roll_up;
}

static void second_take(struct place *place, uint32_t second, uint32_t count)
{
	if (place->second != 0 && second > place->second) {
		uint32_t pause = second - place->second;
		uint32_t change =
			count > place->count ? count - place->count : place->count - count;
		uint32_t bin = pause < PAUSES ? pause : PAUSES - 1;

		place->pause[bin] += place->pause[bin] != UINT16_MAX;
		if (change > LEAST_CHANGE && place->median != NO_MEDIAN && bin > place->median)
			place->hits[place->roll_up % ROLL_UPS]++;
	}
	place->second = second;
	place->count = count;
	place->most = count > place->most ? count : place->most;
}

uint32_t adit_bursts_take(struct adit_bursts *bursts, uint64_t domain_key, uint32_t slice,
	const struct adit_detail *detail)
{
	uint32_t roll_up = slice / ADIT_SPAN_SLICES, best = 0;

	for (uint32_t group = 0; group < ADIT_GROUP_COUNT; group++) {
		const uint16_t *counts = detail->second[group];
		struct place *place = NULL;
		uint32_t hits = 0;

		for (uint32_t i = 0; i < ADIT_SLICE_SECONDS; i++) {
			if (counts[i] == 0)
				continue;
			if (place == NULL)
				place = place_of(bursts,
					(domain_key ^ group) * UINT64_C(0x9e3779b97f4a7c15) | 1,
					roll_up);
			if (place->roll_up != roll_up)
				roll_up_turn(place, roll_up);
			second_take(place, slice * ADIT_SLICE_SECONDS + i, counts[i]);
		}
		if (place == NULL)
			continue;
		for (int i = 0; i < ROLL_UPS; i++)
			hits += place->hits[i];
		best = hits > best ? hits : best;
	}
	return best;
}

#define SECTION         "bursts"
#define SECTION_VERSION 1

static void place_code(struct adit_state_io *io, struct place *place)
{
	adit_state_u64(io, &place->key);
	adit_state_u32(io, &place->roll_up);
	adit_state_u32(io, &place->second);
	adit_state_u32(io, &place->count);
	adit_state_u32(io, &place->most);
	adit_state_bytes(io, place->pause, sizeof(place->pause));
	adit_state_bytes(io, place->hits, sizeof(place->hits));
	adit_state_u8(io, &place->median);
	if (place->key == 0)
		adit_state_refuse(io, "the key of a domain and record type is not 0");
}

size_t adit_bursts_state_bytes(uint32_t places)
{
	return ADIT_STATE_MARK_BYTES + adit_bursts_bytes(places + WAYS);
}

void adit_bursts_save(struct adit_bursts *bursts, struct adit_state_io *io)
{
	uint64_t count = 0;

	adit_state_save_section(io, SECTION, SECTION_VERSION);
	for (uint32_t i = 0; i < bursts->buckets * WAYS; i++) {
		if (bursts->places[i].key == 0)
			continue;
		place_code(io, &bursts->places[i]);
		count++;
	}
	adit_state_save_section_end(io, count);
}

int adit_bursts_load(struct adit_bursts *bursts, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error)
{
	struct adit_state_io io;
	int status = adit_state_load(file, SECTION, SECTION_VERSION, &io, error);

	if (status != 0)
		return status;
	for (uint64_t i = 0; i < io.entries; i++) {
		struct place place = {0}, *bucket, *to;

		place_code(&io, &place);
		if (io.failed)
			break;
		to = bucket = &bursts->places[(place.key >> 32) % bursts->buckets * WAYS];
		for (int k = 1; k < WAYS && to->key != 0; k++)
			if (bucket[k].key == 0 || gives_way(&bucket[k], to))
				to = &bucket[k];
		left->bursts += to->key != 0;
		if (to->key == 0 || gives_way(to, &place))
			*to = place;
	}
	return adit_state_load_end(file, &io, error);
}
