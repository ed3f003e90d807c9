/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What came last of each key. Depends on the shard's own packets alone, in their order.
 */
#include "shard_priv.h"

#define WAYS 4

struct adit_tracks {
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
	       (size_t)shards * buckets_for(tracks) * WAYS * sizeof(struct track);
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
	made->tracks = adit_alloc(allocator,
		(size_t)shards * made->buckets * WAYS * sizeof(struct track), ADIT_CACHE_LINE);
	if (made->tracks == NULL) {
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
	adit_free(&copy, tracks->tracks);
	adit_free(&copy, tracks);
}

void adit_tracks_reset(struct adit_tracks *tracks)
{
	if (tracks->used)
		memset(tracks->tracks, 0,
			(size_t)tracks->shards * tracks->buckets * WAYS * sizeof(struct track));
	tracks->used = false;
}

static struct track *bucket_at(const struct adit_tracks *tracks, uint32_t shard, uint64_t key)
{
	return &tracks->tracks[((size_t)shard * tracks->buckets +
				       ((uint32_t)key & (tracks->buckets - 1))) *
			       WAYS];
}

void track_prefetch(const struct adit_tracks *tracks, uint32_t shard, uint64_t key)
{
	const struct track *bucket = bucket_at(tracks, shard, key);

	for (int i = 0; i < WAYS; i++)
		__builtin_prefetch(&bucket[i]);
}

struct track *track_find(const struct adit_tracks *tracks, uint32_t shard, uint64_t key)
{
	struct track *bucket = bucket_at(tracks, shard, key);
	uint32_t tag = (uint32_t)(key >> 32) | 1;

	for (int i = 0; i < WAYS; i++)
		if (bucket[i].tag == tag)
			return &bucket[i];
	return NULL;
}

struct track *track_take(struct adit_tracks *tracks, uint32_t shard, uint64_t key, uint64_t ts_ns)
{
	struct track *oldest = track_find(tracks, shard, key), *bucket;

	if (oldest != NULL)
		return oldest;
	bucket = oldest = bucket_at(tracks, shard, key);
	for (int i = 1; i < WAYS; i++)
		if (bucket[i].query_ns < oldest->query_ns)
			oldest = &bucket[i];
	tracks->used = true;
	memset(oldest, 0, sizeof(*oldest));
	oldest->tag = (uint32_t)(key >> 32) | 1;
	oldest->query_ns = ts_ns;
	return oldest;
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
