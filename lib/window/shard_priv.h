/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The tables of one shard, and what its files share. Private to lib/window.
 */
#ifndef ADIT_SHARD_PRIV_H
#define ADIT_SHARD_PRIV_H

#include "adit_lanes.h"
#include "adit_window.h"

/* An index bucket is one cache line: 8 slots of a mark {epoch 16, tag 16} and a row. A slot of
 * another epoch is free, so a new slice empties the index by counting the epoch up. */
#define BUCKET_SLOTS ADIT_LANES
struct bucket {
	uint32_t mark[BUCKET_SLOTS], row[BUCKET_SLOTS];
} ADIT_CACHE_ALIGNED;
static_assert(sizeof(struct bucket) == ADIT_CACHE_LINE, "a bucket is one cache line");
#define MARK_EPOCH UINT32_C(0xffff0000)

#define ROW_NONE UINT32_MAX

struct table {
	struct bucket *buckets;
	struct adit_row *rows; /* dense: [0, used) */
	uint32_t *left;        /* of each row's weight, by what newcomers wore off; more than 0 */
	void *sides;           /* struct adit_domain or struct adit_party, one a row */
	uint32_t bucket_mask, capacity, used;
	uint16_t epoch;
};

/* A detail record as a worker keeps it. */
struct record {
	struct adit_detail detail; /* its first set begins a cache line */
	uint32_t owner;            /* row, and table in the top bits */
	uint32_t look_at;          /* information from which on a look is due */
	uint8_t sample_count;
	struct adit_sample sample[ADIT_DETAIL_SAMPLES];
} ADIT_CACHE_ALIGNED;

struct adit_shard {
	struct table table[ADIT_KIND_COUNT];
	struct record *records;
	uint32_t *records_free;   /* numbers of records given back */
	uint32_t *records_weight; /* of the row that each is of */
	uint32_t records_capacity, records_used, records_freed;
	uint32_t looks_left;
} ADIT_CACHE_ALIGNED;

/* The lowest bits of a subscriber's key chose the shard: they are the same for all of its rows. */
static inline struct bucket *bucket_of(const struct table *table, uint64_t key)
{
	return &table->buckets[key / ADIT_SHARDS & table->bucket_mask];
}

/* What came last of a subscriber × domain (or × server). */
struct track {
	uint64_t query_ns;          /* of the last query, or, without any, of the last response */
	uint32_t name;              /* hash of the last name */
	uint32_t gap;               /* between the last two queries, 64 us */
	uint16_t id, id_step, port; /* of the last query */
	uint16_t names;             /* a bit for each name, of 16 places by its hash */
	uint8_t length;             /* of the last name's subdomain */
	uint8_t flags;              /* TRACK_* */
	uint8_t head[ADIT_FIELD_SIZE], tail[ADIT_FIELD_SIZE]; /* of that subdomain */
} ADIT_CACHE_ALIGNED;
static_assert(sizeof(struct track) == ADIT_CACHE_LINE, "a track is one cache line");

#define TRACK_QUERY    0x01 /* there was a query: query_ns is its time, id and port are set */
#define TRACK_OPEN     0x02 /* … and no response since */
#define TRACK_RESPONSE 0x04 /* there was a response */
#define TRACK_GAP      0x08 /* gap is set */
#define TRACK_STEP     0x10 /* id_step is set */
#define TRACK_NAME     0x20 /* name, length, head and tail are set */
/* A key that has shown so many names is worth a record at once. */
#define TRACK_EARNED 4

/* The track of a key, or NULL. */
struct track *track_find(const struct adit_tracks *tracks, uint32_t shard, uint64_t key);
/* The track of a key, which may be a fresh one. */
struct track *track_take(struct adit_tracks *tracks, uint32_t shard, uint64_t key, uint64_t ts_ns);
/* Loads what says where a key's track is. A hint. */
void track_prefetch_way(const struct adit_tracks *tracks, uint32_t shard, uint64_t key);
/* Loads, once that is there, the track itself, or the one that its key will take. A hint. */
void track_prefetch(
	const struct adit_tracks *tracks, uint32_t shard, const struct adit_event *event);

/* What is seen by walking over a name's subdomain; made once an event, when first needed. */
struct octets {
	bool made;
	uint16_t bigram; /* sixteenths of a bit */
	uint16_t pieces; /* sum of the labels' squared lengths */
	uint8_t upper;   /* A-Z */
	uint8_t count[ADIT_OCTET_COUNT];
	uint8_t head[ADIT_FIELD_SIZE], tail[ADIT_FIELD_SIZE]; /* zeros beyond the name */
};
void octets_make(const struct adit_event *event, struct octets *octets);

/* Counts an event into a record. `track` is NULL for domains; is_new: the name is looked at for the
 * first time, kept: the set holds it. False: its answer is one that the record knows. */
bool record_count(struct adit_detail *detail, enum adit_kind kind, const struct adit_event *event,
	struct octets *octets, const struct track *track, bool is_new, bool kept);
/* After that: what came last is now this. */
void track_update(struct track *track, const struct adit_event *event, struct octets *octets);

#endif
