/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table of datagrams that wait for pieces, and of those that are dealt with but may still get
 * some. Both are entries of one hash table; each kind stands in a list by age, whose clock never
 * runs backwards, so that time-out and eviction look at the head only.
 *
 * An entry that waits has a room: the bytes of its datagram. Rooms are a stack, so that few of them
 * are ever touched. There are two more than may wait: one for a piece that is looked at before it
 * gets an entry, and one that the caller still reads.
 *
 * Memory: struct adit_reassembly
 *	+ datagrams * (1 + REMEMBERED) entries of 128 bytes and buckets of 4, of these a power of 2
 *	+ (datagrams + 2) * (sizeof(struct datagram) + 4)
 */
#include "adit_reassembly.h"

#include "datagram_priv.h"

#define NONE       UINT32_MAX
#define REMEMBERED 4  /* entries without a room, for each that may wait */
#define AGED_MAX   32 /* entries that one call drops for their age: what a pause leaves behind */
#define SEEN_MAX   8  /* pieces of a whole datagram that are known again */

#define DATAGRAMS_MAX (1u << 24) /* a terabyte; entries and buckets are numbered with 32 bits */

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
	uint32_t seen[SEEN_MAX]; /* digests of the pieces held first */
	uint8_t seen_count;
	uint8_t outcome;
} ADIT_CACHE_ALIGNED;
static_assert(sizeof(struct entry) == 128, "two lines");

struct list {
	uint32_t oldest, newest, count, max;
};

struct adit_reassembly {
	struct adit_reassembly_params params;
	struct adit_reassembly_counters counters;
	uint64_t now_ns;
	struct list waiting, remembered;
	struct entry *entries;
	struct datagram *rooms;
	uint32_t *buckets, *free_rooms;
	uint32_t bucket_mask, free_entry, free_count;
	uint32_t lent; /* the room that the caller still reads, or NONE */
	struct adit_allocator allocator;
	bool has_allocator;
};

static size_t entries_for(const struct adit_reassembly_params *params)
{
	return (size_t)params->datagrams * (1 + REMEMBERED);
}

static size_t buckets_for(const struct adit_reassembly_params *params)
{
	size_t buckets = 1;

	while (buckets < entries_for(params))
		buckets *= 2;
	return buckets;
}

static size_t rooms_for(const struct adit_reassembly_params *params)
{
	return (size_t)params->datagrams + 2;
}

size_t adit_reassembly_bytes(const struct adit_reassembly_params *params)
{
	return sizeof(struct adit_reassembly) + entries_for(params) * sizeof(struct entry) +
	       buckets_for(params) * sizeof(uint32_t) +
	       rooms_for(params) * (sizeof(struct datagram) + sizeof(uint32_t));
}

/* Everything free; the counters stay. */
static void empty(struct adit_reassembly *r)
{
	uint32_t entries = r->waiting.max + r->remembered.max;

	for (uint32_t i = 0; i < entries; i++)
		r->entries[i].next = i + 1 < entries ? i + 1 : NONE;
	r->free_entry = 0;
	for (uint32_t i = 0; i <= r->bucket_mask; i++)
		r->buckets[i] = NONE;
	/* The lowest on top. */
	r->free_count = r->waiting.max + 2;
	for (uint32_t i = 0; i < r->free_count; i++)
		r->free_rooms[i] = r->free_count - 1 - i;
	r->waiting.oldest = r->waiting.newest = NONE;
	r->remembered.oldest = r->remembered.newest = NONE;
	r->waiting.count = r->remembered.count = 0;
	r->lent = NONE;
	r->now_ns = 0;
}

struct adit_reassembly *adit_reassembly_create(
	const struct adit_reassembly_params *params, const struct adit_allocator *allocator)
{
	struct adit_reassembly *r;

	if (params->datagrams == 0 || params->datagrams > DATAGRAMS_MAX)
		return NULL;
	r = adit_alloc(allocator, sizeof(*r), ADIT_CACHE_LINE);
	if (r == NULL)
		return NULL;
	r->params = *params;
	r->has_allocator = allocator != NULL;
	if (allocator != NULL)
		r->allocator = *allocator;
	r->waiting.max = params->datagrams;
	r->remembered.max = params->datagrams * REMEMBERED;
	r->bucket_mask = (uint32_t)(buckets_for(params) - 1);
#define MAKE(field, count) \
	r->field = adit_alloc(allocator, (count) * sizeof(*r->field), ADIT_CACHE_LINE)
	MAKE(entries, entries_for(params));
	MAKE(buckets, buckets_for(params));
	MAKE(rooms, rooms_for(params));
	MAKE(free_rooms, rooms_for(params));
#undef MAKE
	if (r->entries == NULL || r->buckets == NULL || r->rooms == NULL || r->free_rooms == NULL) {
		adit_reassembly_destroy(r);
		return NULL;
	}
	empty(r);
	return r;
}

void adit_reassembly_destroy(struct adit_reassembly *r)
{
	struct adit_allocator copy;
	const struct adit_allocator *allocator = NULL;

	if (r == NULL)
		return;
	if (r->has_allocator) {
		copy = r->allocator;
		allocator = &copy;
	}
	adit_free(allocator, r->entries);
	adit_free(allocator, r->buckets);
	adit_free(allocator, r->rooms);
	adit_free(allocator, r->free_rooms);
	adit_free(allocator, r);
}

static uint32_t room_take(struct adit_reassembly *r)
{
	return r->free_rooms[--r->free_count];
}

static void room_give(struct adit_reassembly *r, uint32_t room)
{
	r->free_rooms[r->free_count++] = room;
}

static void list_append(struct adit_reassembly *r, struct list *list, uint32_t i)
{
	struct entry *e = &r->entries[i];

	e->since_ns = r->now_ns;
	e->older = list->newest;
	e->newer = NONE;
	if (list->newest != NONE)
		r->entries[list->newest].newer = i;
	else
		list->oldest = i;
	list->newest = i;
	list->count++;
}

static void list_remove(struct adit_reassembly *r, struct list *list, uint32_t i)
{
	const struct entry *e = &r->entries[i];

	if (e->older != NONE)
		r->entries[e->older].newer = e->newer;
	else
		list->oldest = e->newer;
	if (e->newer != NONE)
		r->entries[e->newer].older = e->older;
	else
		list->newest = e->older;
	list->count--;
}

static void retire(struct adit_reassembly *r, struct list *list, uint32_t i)
{
	struct entry *e = &r->entries[i];
	uint32_t *link = &r->buckets[e->bucket];

	while (*link != i)
		link = &r->entries[*link].next;
	*link = e->next;
	list_remove(r, list, i);
	e->next = r->free_entry;
	r->free_entry = i;
}

static bool is_aged(const struct adit_reassembly *r, const struct entry *e)
{
	return r->now_ns - e->since_ns > r->params.timeout_ns;
}

/* Drops an entry for good. */
static void drop(struct adit_reassembly *r, uint32_t i)
{
	const struct entry *e = &r->entries[i];

	if (e->room == NONE) {
		retire(r, &r->remembered, i);
		return;
	}
	if (is_aged(r, e))
		r->counters.expired++;
	else
		r->counters.evicted++;
	r->counters.lost += r->rooms[e->room].pieces;
	room_give(r, e->room);
	retire(r, &r->waiting, i);
}

/* Time moves on. What one call leaves is dropped by the next ones, or when it is found. */
static void advance(struct adit_reassembly *r, uint64_t ts_ns)
{
	struct list *const lists[] = {&r->waiting, &r->remembered};

	if (ts_ns > r->now_ns)
		r->now_ns = ts_ns;
	for (size_t k = 0; k < ADIT_COUNT(lists); k++)
		for (unsigned n = 0; n < AGED_MAX; n++) {
			uint32_t i = lists[k]->oldest;

			if (i == NONE || !is_aged(r, &r->entries[i]))
				break;
			drop(r, i);
		}
}

/* A datagram in a tunnel that is not the network's, of which the IP header at who_offset is: what
 * its sender makes up must not meet with anybody else's. */
static void key_add_tunnel(const struct adit_reassembly *r, const struct adit_frame *frame,
	const struct adit_packet *packet, struct key *key)
{
	struct adit_address source, destination;

	adit_packet_client(frame, packet, true, &source);
	adit_packet_client(frame, packet, false, &destination);
	memcpy(key->peer, source.bytes, sizeof(key->peer));
	key->teid =
		(uint32_t)adit_hash(r->params.key, destination.bytes, sizeof(destination.bytes));
	key->layers |= source.is_v6 ? KEY_TUNNEL_V6 : KEY_TUNNEL_V4;
}

static void key_make(const struct adit_reassembly *r, const struct adit_frame *frame,
	const struct adit_packet *packet, struct key *key)
{
	const uint16_t layers = ADIT_PACKET_V6 | ADIT_PACKET_GTPU | ADIT_PACKET_OUTER_V6;
	const uint8_t *ip = frame->data + packet->ip_offset;
	struct adit_address source, destination;

	*key = (struct key){.vlan = packet->vlan & 0x0fff,
		.vlan_inner = packet->vlan_inner & 0x0fff,
		.tap = packet->tap,
		.layers = (uint8_t)(packet->flags & layers)};
	if (packet->flags & ADIT_PACKET_V6) {
		memcpy(key->source, ip + 8, 16);
		memcpy(key->destination, ip + 24, 16);
		key->identification = adit_load_be32(frame->data + packet->l4_offset + 4);
	} else {
		memcpy(key->source, ip + 12, 4);
		memcpy(key->destination, ip + 16, 4);
		key->identification = adit_load_be16(ip + 4);
		key->protocol = ip[9];
	}
	if (packet->flags & ADIT_PACKET_GTPU) {
		adit_packet_outer(frame, packet, &source, &destination);
		memcpy(key->peer, destination.bytes, sizeof(key->peer));
		key->teid = adit_packet_teid(frame, packet);
	} else if (packet->who_offset != packet->ip_offset) {
		key_add_tunnel(r, frame, packet, key);
	}
}

static uint32_t bucket_of(const struct adit_reassembly *r, const struct key *key)
{
	return (uint32_t)adit_hash(r->params.key, key, sizeof(*key)) & r->bucket_mask;
}

static uint32_t find(struct adit_reassembly *r, const struct key *key, uint32_t bucket)
{
	uint32_t i = r->buckets[bucket];

	while (i != NONE && memcmp(&r->entries[i].key, key, sizeof(*key)) != 0)
		i = r->entries[i].next;
	if (i != NONE && is_aged(r, &r->entries[i])) {
		drop(r, i);
		i = NONE;
	}
	return i;
}

/* The oldest gives way where the list is full. */
static uint32_t enter(
	struct adit_reassembly *r, struct list *list, const struct key *key, uint32_t bucket)
{
	struct entry *e;
	uint32_t i;

	if (list->count == list->max)
		drop(r, list->oldest);
	i = r->free_entry;
	e = &r->entries[i];
	r->free_entry = e->next;
	e->key = *key;
	e->bucket = bucket;
	e->next = r->buckets[bucket];
	r->buckets[bucket] = i;
	e->room = NONE;
	e->seen_count = 0;
	list_append(r, list, i);
	return i;
}

/* From those that wait to those that are remembered; its room has gone elsewhere. */
static void settle(struct adit_reassembly *r, uint32_t i, enum adit_outcome outcome)
{
	list_remove(r, &r->waiting, i);
	if (r->remembered.count == r->remembered.max)
		drop(r, r->remembered.oldest);
	r->entries[i].room = NONE;
	r->entries[i].outcome = (uint8_t)outcome;
	list_append(r, &r->remembered, i);
}

static uint32_t digest(const struct adit_reassembly *r, const struct piece *piece)
{
	uint64_t bytes = adit_hash(r->params.key, piece->data, piece->size);

	return (uint32_t)adit_hash_pair(r->params.key, bytes, piece->offset | piece->more);
}

/*
 * Whether a piece belongs to the datagram that is remembered, or to a new one with its
 * identification. Of one that was no DNS the first piece would be looked at again: it is no loss
 * to begin anew with it. Of a whole one, pieces come again where a tap sees both legs.
 */
static bool is_known(
	const struct adit_reassembly *r, const struct entry *e, const struct piece *piece)
{
	uint32_t it;

	if (e->outcome == ADIT_OUTCOME_FRAGMENT_OTHER)
		return piece->offset != 0;
	if (e->outcome != ADIT_OUTCOME_FRAGMENT_DUPLICATE)
		return true;
	if (r->now_ns - e->since_ns > ADIT_FRAGMENT_AGAIN_NS)
		return false;
	it = digest(r, piece);
	for (unsigned k = 0; k < e->seen_count; k++)
		if (e->seen[k] == it)
			return true;
	return false;
}

/* The datagram of an entry, or of none yet, whose end `outcome` is. */
static void dismiss(struct adit_reassembly *r, uint32_t i, uint32_t room, const struct key *key,
	uint32_t bucket, enum adit_outcome outcome)
{
	if (outcome == ADIT_OUTCOME_FRAGMENT_OTHER) {
		r->counters.passed++;
	} else {
		r->counters.refused++;
		r->counters.lost += r->rooms[room].pieces;
	}
	room_give(r, room);
	if (i != NONE) {
		settle(r, i, outcome);
		return;
	}
	i = enter(r, &r->remembered, key, bucket);
	r->entries[i].outcome = (uint8_t)outcome;
}

/* Takes one fragment. Where it makes its datagram whole, *whole is the datagram's room. */
static enum adit_outcome take(struct adit_reassembly *r, const struct adit_frame *frame,
	const struct adit_packet *packet, uint32_t *whole)
{
	struct piece piece;
	enum adit_outcome outcome = datagram_read(frame, packet, &piece);
	uint32_t i, bucket, room;
	struct datagram *d;
	struct entry *e;
	struct key key;

	if (outcome != ADIT_OUTCOME_FRAGMENT)
		return outcome;
	key_make(r, frame, packet, &key);
	bucket = bucket_of(r, &key);
	i = find(r, &key, bucket);
	if (i != NONE && r->entries[i].room == NONE) {
		if (is_known(r, &r->entries[i], &piece))
			return (enum adit_outcome)r->entries[i].outcome;
		retire(r, &r->remembered, i);
		i = NONE;
	}
	room = i != NONE ? r->entries[i].room : room_take(r);
	d = &r->rooms[room];
	if (i == NONE) {
		datagram_start(d);
		r->counters.started++;
	}
	outcome = datagram_put(d, frame, packet, &piece);
	if (outcome == ADIT_OUTCOME_FRAGMENT_DUPLICATE)
		return outcome;
	if (outcome == ADIT_OUTCOME_FRAGMENT && piece.offset == 0 && !datagram_is_whole(d) &&
		datagram_is_other(d, r->params.ports))
		outcome = ADIT_OUTCOME_FRAGMENT_OTHER;
	if (outcome != ADIT_OUTCOME_FRAGMENT) {
		dismiss(r, i, room, &key, bucket, outcome);
		return outcome;
	}
	if (i == NONE)
		i = enter(r, &r->waiting, &key, bucket);
	e = &r->entries[i];
	e->room = room;
	if (e->seen_count < SEEN_MAX)
		e->seen[e->seen_count++] = digest(r, &piece);
	if (datagram_is_whole(d)) {
		r->counters.completed++;
		*whole = room;
		settle(r, i, ADIT_OUTCOME_FRAGMENT_DUPLICATE);
	}
	return outcome;
}

/*
 * What becomes whole may be a fragment in its turn. Its bytes are copied from the room that was
 * lent before that room is given back. A datagram could be made of ever more datagrams that wait:
 * there are no more layers of them than of IP headers in a frame.
 */
enum adit_outcome adit_reassembly_add(
	struct adit_reassembly *r, struct adit_frame *frame, struct adit_packet *packet)
{
	struct adit_frame at = *frame;
	struct adit_packet found = *packet;
	enum adit_outcome outcome = ADIT_OUTCOME_FRAGMENT;

	advance(r, frame->ts_ns);
	for (unsigned layer = 0; outcome == ADIT_OUTCOME_FRAGMENT; layer++) {
		uint32_t whole = NONE;

		if (layer == ADIT_PACKET_IP_MAX) {
			outcome = ADIT_OUTCOME_NESTING;
			break;
		}
		outcome = take(r, &at, &found, &whole);
		if (r->lent != NONE)
			room_give(r, r->lent);
		r->lent = whole;
		if (whole == NONE) {
			packet->outcome = (uint8_t)outcome;
			return outcome;
		}
		datagram_describe(&r->rooms[whole], &at, &found);
		outcome = adit_packet_resume(&at, r->params.ports, &found);
	}
	found.outcome = (uint8_t)outcome;
	*frame = at;
	*packet = found;
	return outcome;
}

void adit_reassembly_reset(struct adit_reassembly *r)
{
	for (uint32_t i = r->waiting.oldest; i != NONE; i = r->entries[i].newer) {
		r->counters.expired++;
		r->counters.lost += r->rooms[r->entries[i].room].pieces;
	}
	empty(r);
}

const struct adit_reassembly_counters *adit_reassembly_counters(const struct adit_reassembly *r)
{
	return &r->counters;
}
