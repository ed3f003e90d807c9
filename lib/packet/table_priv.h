/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table behind adit_reassembly: entries for datagrams that wait and for those that are dealt
 * with. What becomes of pieces is reassembly.c.
 */
#ifndef ADIT_TABLE_PRIV_H
#define ADIT_TABLE_PRIV_H

#include "kept_priv.h"

#define NONE     UINT32_MAX
#define SEEN_MAX 8 /* pieces of a whole datagram that are known again */

/* Compared and hashed as bytes; nothing in it is padding. */
struct key {
	uint8_t source[16], destination[16];
	uint8_t peer[16]; /* the end of the GTP-U tunnel that the TEID belongs to */
	uint32_t identification, teid;
	uint16_t vlan, vlan_inner;
	uint8_t tap, protocol, layers, zero;
};
static_assert(sizeof(struct key) == ADIT_CACHE_LINE, "one line, no padding");

/* Among key.layers, beside flags of the packet: in a tunnel that is not the network's, whose source
 * is `peer` and of whose destination `teid` is a hash. */
#define KEY_TUNNEL_V4 0x40
#define KEY_TUNNEL_V6 0x80
static_assert((ADIT_PACKET_V6 | ADIT_PACKET_GTPU | ADIT_PACKET_OUTER_V6) < KEY_TUNNEL_V4, "apart");

struct entry {
	struct key key;
	uint64_t since_ns;
	uint32_t bucket, next; /* in its chain */
	uint32_t older, newer; /* in its list */
	uint32_t room;         /* NONE: nothing is awaited, `outcome` is that of what still comes */
	uint8_t outcome;
	uint8_t seen_count;
	bool dns_lost;           /* counted already */
	uint32_t seen[SEEN_MAX]; /* digests of the pieces held first */
	/* Of one that waits. */
	uint32_t source;
	uint32_t source_older, source_newer;
	/* Of one that is dealt with. */
	struct tails tails;
} ADIT_CACHE_ALIGNED;
static_assert(sizeof(struct entry) == 192, "three lines");

/* By age: in the order in which they were added. */
struct list {
	uint32_t oldest, newest, count, max;
};

/* What of those that wait comes from one sender, and the sources that have as many. */
struct source {
	uint32_t oldest, newest, count;
	uint32_t before, after;
};
struct rank {
	uint32_t first, last;
};

struct adit_reassembly {
	struct adit_reassembly_params params;
	struct adit_reassembly_counters counters;
	uint64_t now_ns;
	struct list waiting, remembered;
	struct entry *entries;
	struct datagram *rooms;
	struct source *sources;
	struct rank *ranks; /* of the sources, by how many each has */
	uint32_t *buckets, *free_rooms;
	uint32_t bucket_mask, source_mask;
	uint32_t free_entry, free_count;
	uint32_t most; /* that one source has */
	uint32_t lent; /* the room that the caller still reads, or NONE */
	struct kept kept;
	struct adit_allocator allocator;
};

/* What adit_reassembly_bytes, _create, _destroy and _reset do. */
size_t table_bytes(const struct adit_reassembly_params *params);
bool table_make(struct adit_reassembly *r, const struct adit_allocator *allocator);
void table_free(struct adit_reassembly *r, const struct adit_allocator *allocator);
void table_empty(struct adit_reassembly *r);

uint32_t table_room_take(struct adit_reassembly *r);
void table_room_give(struct adit_reassembly *r, uint32_t room);

/* Time moves on. What one call leaves is dropped by the next ones, or when it is found. */
void table_advance(struct adit_reassembly *r, uint64_t ts_ns);

uint32_t table_bucket(const struct adit_reassembly *r, const struct key *key);
uint32_t table_find(struct adit_reassembly *r, const struct key *key, uint32_t bucket);

/* A new entry, for which another gives way where there are too many. */
uint32_t table_wait(struct adit_reassembly *r, const struct key *key, uint32_t bucket);
uint32_t table_remember(struct adit_reassembly *r, const struct key *key, uint32_t bucket);
/* From those that wait to those that are remembered; its room has gone elsewhere. */
void table_settle(struct adit_reassembly *r, uint32_t i);
/* Without a word: one that is remembered. */
void table_forget(struct adit_reassembly *r, uint32_t i);

/* Counts what a datagram held that is never to be whole. */
void table_lose(struct adit_reassembly *r, const struct datagram *datagram);

#endif
