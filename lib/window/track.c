/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What came last of each key. Depends on the shard's own packets alone, in their order.
 */
#include "shard_priv.h"

#define WAYS ADIT_LANES
/* Time as buckets keep it, in units of 1.05 ms: 52 days until it comes round. */
#define TIME_BITS 20

/* What says which of WAYS tracks is whose, and which came longest ago: one cache line, so that only
 * one of the tracks themselves is looked at. */
struct way {
	uint32_t tag[WAYS]; /* of the key; 0: free */
	uint32_t time[WAYS];
} ADIT_CACHE_ALIGNED;
static_assert(sizeof(struct way) == ADIT_CACHE_LINE, "a bucket is one cache line");

struct adit_tracks {
	struct way *ways;     /* [shards][buckets] */
	struct track *tracks; /* [shards][buckets][WAYS] */
	uint32_t shards, buckets;
	bool used;
	struct adit_allocator allocator;
};

static uint32_t buckets_for(uint32_t tracks)
{
	uint32_t buckets = 1;

	while (buckets * WAYS < tracks)
		buckets *= 2;
	return buckets;
}

size_t adit_tracks_bytes(uint32_t shards, uint32_t tracks)
{
	return sizeof(struct adit_tracks) +
	       (size_t)shards * buckets_for(tracks) *
		       (sizeof(struct way) + WAYS * sizeof(struct track));
}

struct adit_tracks *adit_tracks_create(
	uint32_t shards, uint32_t tracks, const struct adit_allocator *allocator)
{
	struct adit_tracks *made = adit_alloc(allocator, sizeof(*made), ADIT_CACHE_LINE);

	if (made == NULL)
		return NULL;
	made->allocator = adit_allocator_copy(allocator);
	made->shards = shards;
	made->buckets = buckets_for(tracks);
	made->ways = adit_alloc(
		allocator, (size_t)shards * made->buckets * sizeof(struct way), ADIT_CACHE_LINE);
	made->tracks = adit_alloc(allocator,
		(size_t)shards * made->buckets * WAYS * sizeof(struct track), ADIT_CACHE_LINE);
	if (made->ways == NULL || made->tracks == NULL) {
		adit_tracks_destroy(made);
		return NULL;
	}
	return made;
}

void adit_tracks_destroy(struct adit_tracks *tracks)
{
	struct adit_allocator copy;

	if (tracks == NULL)
		return;
	copy = tracks->allocator;
	adit_free(&copy, tracks->ways);
	adit_free(&copy, tracks->tracks);
	adit_free(&copy, tracks);
}

void adit_tracks_reset(struct adit_tracks *tracks)
{
	/* A track is cleared when it is taken. */
	if (tracks->used)
		memset(tracks->ways, 0,
			(size_t)tracks->shards * tracks->buckets * sizeof(struct way));
	tracks->used = false;
}

static inline size_t bucket_of_key(const struct adit_tracks *tracks, uint32_t shard, uint64_t key)
{
	return (size_t)shard * tracks->buckets + ((uint32_t)key & (tracks->buckets - 1));
}

static inline uint32_t tag_of(uint64_t key)
{
	return (uint32_t)(key >> 32) | 1;
}

/* Of a full bucket's tracks the one that came longest ago; of another's, a free one. */
static unsigned way_to_take(const struct way *way, uint32_t now)
{
	unsigned free = adit_lanes_equal(way->tag, UINT32_MAX, 0), oldest = 0;
	uint32_t most = 0;

	if (free != 0)
		return (unsigned)__builtin_ctz(free);
	for (unsigned i = 0; i < WAYS; i++) {
		/* What comes late is not old. */
		int32_t age = (int32_t)(now - way->time[i]);

		if (age > 0 && (uint32_t)age > most) {
			most = (uint32_t)age;
			oldest = i;
		}
	}
	return oldest;
}

void track_prefetch_way(const struct adit_tracks *tracks, uint32_t shard, uint64_t key)
{
	__builtin_prefetch(&tracks->ways[bucket_of_key(tracks, shard, key)]);
}

void track_prefetch(const struct adit_tracks *tracks, uint32_t at, const struct adit_event *event)
{
	size_t bucket = bucket_of_key(tracks, at, event->pair_key);
	const struct way *way = &tracks->ways[bucket];
	unsigned same = adit_lanes_equal(way->tag, UINT32_MAX, tag_of(event->pair_key));
	unsigned place = same != 0 ? (unsigned)__builtin_ctz(same)
				   : way_to_take(way, (uint32_t)(event->ts_ns >> TIME_BITS));

	__builtin_prefetch(&tracks->tracks[bucket * WAYS + place], 1);
}

struct track *track_find(const struct adit_tracks *tracks, uint32_t shard, uint64_t key)
{
	size_t bucket = bucket_of_key(tracks, shard, key);
	unsigned same = adit_lanes_equal(tracks->ways[bucket].tag, UINT32_MAX, tag_of(key));

	return same != 0 ? &tracks->tracks[bucket * WAYS + (unsigned)__builtin_ctz(same)] : NULL;
}

struct track *track_take(struct adit_tracks *tracks, uint32_t shard, uint64_t key, uint64_t ts_ns)
{
	size_t bucket = bucket_of_key(tracks, shard, key);
	struct way *way = &tracks->ways[bucket];
	uint32_t now = (uint32_t)(ts_ns >> TIME_BITS);
	unsigned same = adit_lanes_equal(way->tag, UINT32_MAX, tag_of(key));
	unsigned at = same != 0 ? (unsigned)__builtin_ctz(same) : way_to_take(way, now);
	struct track *track = &tracks->tracks[bucket * WAYS + at];

	way->time[at] = now;
	if (same != 0)
		return track;
	tracks->used = true;
	way->tag[at] = tag_of(key);
	memset(track, 0, sizeof(*track));
	track->query_ns = ts_ns;
	return track;
}

void track_update(struct track *track, const struct adit_event *event, struct octets *octets)
{
	if (track->name != event->name_hash || !(track->flags & TRACK_NAME)) {
		if (!octets->made)
			octets_make(event, octets);
		track->names |= (uint16_t)(1u << (event->name_hash >> 28));
		track->name = event->name_hash;
		track->length = event->subdomain_length;
		memcpy(track->head, octets->head, ADIT_FIELD_SIZE);
		memcpy(track->tail, octets->tail, ADIT_FIELD_SIZE);
		track->flags |= TRACK_NAME;
	}
	if (!event->is_query) {
		if (!(track->flags & TRACK_QUERY))
			track->query_ns = event->ts_ns;
		track->flags = (uint8_t)((track->flags & ~TRACK_OPEN) | TRACK_RESPONSE);
		return;
	}
	if (track->flags & TRACK_QUERY) {
		uint64_t gap = event->ts_ns > track->query_ns
				       ? (event->ts_ns - track->query_ns) / (64 * ADIT_NS_PER_US)
				       : 0;
		uint16_t step = (uint16_t)(event->id - track->id);

		track->gap = gap < UINT32_MAX ? (uint32_t)gap : UINT32_MAX;
		track->id_step = step != 0 ? step : track->id_step;
		track->flags |= TRACK_GAP | (step != 0 ? TRACK_STEP : 0);
	}
	track->query_ns = event->ts_ns;
	track->id = event->id;
	track->port = event->port;
	track->flags |= TRACK_QUERY | TRACK_OPEN;
}
