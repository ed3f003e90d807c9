/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table of datagrams that wait for pieces, and of those that are dealt with but may still get
 * some. Both are entries of one hash table; each kind stands in a list by age, whose clock never
 * runs backwards, so that time-out looks at the head only.
 *
 * Where too many wait, it is not the oldest of all that gives way, or one sender of first pieces
 * could push out everybody's: it is the oldest of the source that has most, the new one included.
 * Sources that have the same number stand in a list, in the order in which they came to have it;
 *the one that has most is at the head of the last list that is not empty, so nothing is ever
 *searched. A source is an entry of a table without chains: two of one hash count as one.
 *
 * An entry that waits has a room: the bytes of its datagram. Rooms are a stack, so that few of them
 * are ever touched. There are two more than may wait: one for a piece that is looked at before it
 * gets an entry, or for a copy, and one that the caller still reads.
 *
 * Memory: struct adit_reassembly
 *	+ datagrams * (1 + REMEMBERED) entries of 192 bytes and buckets of 4, of these a power of 2
 *	+ 2 * datagrams sources of 20 bytes, to a power of 2, and a rank of 8 for each datagram
 *	+ (datagrams + 2) * (sizeof(struct datagram) + 4)
 *	+ what kept.c takes
 */
#include "table_priv.h"

#define REMEMBERED 4  /* entries without a room, for each that may wait */
#define AGED_MAX   32 /* entries that one call drops for their age: what a pause leaves behind */

static size_t power_of_2(size_t least)
{
	size_t power = 1;

	while (power < least)
		power *= 2;
	return power;
}

static size_t entries_for(const struct adit_reassembly_params *params)
{
	return (size_t)params->datagrams * (1 + REMEMBERED);
}

static size_t buckets_for(const struct adit_reassembly_params *params)
{
	return power_of_2(entries_for(params));
}

static size_t sources_for(const struct adit_reassembly_params *params)
{
	return power_of_2((size_t)params->datagrams * 2);
}

static size_t ranks_for(const struct adit_reassembly_params *params)
{
	return (size_t)params->datagrams + 1;
}

static size_t rooms_for(const struct adit_reassembly_params *params)
{
	return (size_t)params->datagrams + 2;
}

size_t table_bytes(const struct adit_reassembly_params *params)
{
	return sizeof(struct adit_reassembly) + entries_for(params) * sizeof(struct entry) +
	       buckets_for(params) * sizeof(uint32_t) +
	       sources_for(params) * sizeof(struct source) +
	       ranks_for(params) * sizeof(struct rank) +
	       rooms_for(params) * (sizeof(struct datagram) + sizeof(uint32_t)) +
	       kept_bytes(params->datagrams);
}

bool table_make(struct adit_reassembly *r, const struct adit_allocator *allocator)
{
	const struct adit_reassembly_params *params = &r->params;
	uint8_t *kept;

	r->waiting.max = params->datagrams;
	r->remembered.max = params->datagrams * REMEMBERED;
	r->bucket_mask = (uint32_t)(buckets_for(params) - 1);
	r->source_mask = (uint32_t)(sources_for(params) - 1);
#define MAKE(field, count) \
	r->field = adit_alloc(allocator, (count) * sizeof(*r->field), ADIT_CACHE_LINE)
	MAKE(entries, entries_for(params));
	MAKE(buckets, buckets_for(params));
	MAKE(sources, sources_for(params));
	MAKE(ranks, ranks_for(params));
	MAKE(rooms, rooms_for(params));
	MAKE(free_rooms, rooms_for(params));
#undef MAKE
	kept = adit_alloc(allocator, kept_bytes(params->datagrams), ADIT_CACHE_LINE);
	kept_init(&r->kept, kept, params->datagrams);
	if (r->entries == NULL || r->buckets == NULL || r->sources == NULL || r->ranks == NULL ||
		r->rooms == NULL || r->free_rooms == NULL || kept == NULL)
		return false;
	table_empty(r);
	return true;
}

void table_free(struct adit_reassembly *r, const struct adit_allocator *allocator)
{
	adit_free(allocator, r->entries);
	adit_free(allocator, r->buckets);
	adit_free(allocator, r->sources);
	adit_free(allocator, r->ranks);
	adit_free(allocator, r->rooms);
	adit_free(allocator, r->free_rooms);
	adit_free(allocator, r->kept.bytes);
}

void table_empty(struct adit_reassembly *r)
{
	uint32_t entries = r->waiting.max + r->remembered.max;

	for (uint32_t i = 0; i < entries; i++)
		r->entries[i].next = i + 1 < entries ? i + 1 : NONE;
	r->free_entry = 0;
	for (uint32_t i = 0; i <= r->bucket_mask; i++)
		r->buckets[i] = NONE;
	for (uint32_t i = 0; i <= r->source_mask; i++)
		r->sources[i] = (struct source){.oldest = NONE, .newest = NONE};
	for (uint32_t i = 0; i <= r->waiting.max; i++)
		r->ranks[i] = (struct rank){NONE, NONE};
	r->most = 0;
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

uint32_t table_room_take(struct adit_reassembly *r)
{
	return r->free_rooms[--r->free_count];
}

void table_room_give(struct adit_reassembly *r, uint32_t room)
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

/* Takes the source out of the list of those that have as many as it, or adds it. */
static void rank_leave(struct adit_reassembly *r, uint32_t s)
{
	const struct source *source = &r->sources[s];
	struct rank *rank = &r->ranks[source->count];

	if (source->before != NONE)
		r->sources[source->before].after = source->after;
	else
		rank->first = source->after;
	if (source->after != NONE)
		r->sources[source->after].before = source->before;
	else
		rank->last = source->before;
}

static void rank_join(struct adit_reassembly *r, uint32_t s)
{
	struct source *source = &r->sources[s];
	struct rank *rank = &r->ranks[source->count];

	source->before = rank->last;
	source->after = NONE;
	if (rank->last != NONE)
		r->sources[rank->last].after = s;
	else
		rank->first = s;
	rank->last = s;
}

/*
 * Who has sent it, as far as that can't be made up: the tunnel that it came in, else its source,
 * of which an IPv6 host may choose the last 64 bits.
 */
static uint32_t source_of(const struct adit_reassembly *r, const struct key *key)
{
	uint64_t words[4] = {0, 0, 0, (uint64_t)key->tap << 8 | key->layers};

	if (key->layers & ADIT_PACKET_GTPU) {
		memcpy(words, key->peer, sizeof(key->peer));
		words[2] = key->teid;
	} else if (key->layers & (KEY_TUNNEL_V4 | KEY_TUNNEL_V6)) {
		memcpy(words, key->peer, 8);
	} else {
		memcpy(words, key->source, 8);
	}
	return (uint32_t)adit_hash(r->params.key, words, sizeof(words)) & r->source_mask;
}

static void source_add(struct adit_reassembly *r, uint32_t i, uint32_t s)
{
	struct entry *e = &r->entries[i];
	struct source *source = &r->sources[s];

	e->source = s;
	e->source_older = source->newest;
	e->source_newer = NONE;
	if (source->newest != NONE)
		r->entries[source->newest].source_newer = i;
	else
		source->oldest = i;
	source->newest = i;
	if (source->count != 0)
		rank_leave(r, s);
	source->count++;
	rank_join(r, s);
	if (source->count > r->most)
		r->most = source->count;
}

static void source_remove(struct adit_reassembly *r, uint32_t i)
{
	const struct entry *e = &r->entries[i];
	struct source *source = &r->sources[e->source];

	if (e->source_older != NONE)
		r->entries[e->source_older].source_newer = e->source_newer;
	else
		source->oldest = e->source_newer;
	if (e->source_newer != NONE)
		r->entries[e->source_newer].source_older = e->source_older;
	else
		source->newest = e->source_older;
	rank_leave(r, e->source);
	source->count--;
	if (source->count != 0)
		rank_join(r, e->source);
	/* Once more at most for each that was added. */
	while (r->most != 0 && r->ranks[r->most].first == NONE)
		r->most--;
}

/* Out of its chain. */
static void release(struct adit_reassembly *r, uint32_t i)
{
	struct entry *e = &r->entries[i];
	uint32_t *link = &r->buckets[e->bucket];

	while (*link != i)
		link = &r->entries[*link].next;
	*link = e->next;
	e->next = r->free_entry;
	r->free_entry = i;
}

static bool is_aged(const struct adit_reassembly *r, const struct entry *e)
{
	return r->now_ns - e->since_ns > r->params.timeout_ns;
}

void table_lose(struct adit_reassembly *r, const struct datagram *datagram)
{
	r->counters.lost += datagram->held;
	if (datagram->is_dns && datagram->held != 0)
		r->counters.lost_dns++;
}

void table_forget(struct adit_reassembly *r, uint32_t i)
{
	list_remove(r, &r->remembered, i);
	release(r, i);
}

/* Drops an entry for good. */
static void drop(struct adit_reassembly *r, uint32_t i)
{
	const struct entry *e = &r->entries[i];

	if (e->room == NONE) {
		table_forget(r, i);
		return;
	}
	if (is_aged(r, e))
		r->counters.expired++;
	else
		r->counters.evicted++;
	table_lose(r, &r->rooms[e->room]);
	table_room_give(r, e->room);
	source_remove(r, i);
	list_remove(r, &r->waiting, i);
	release(r, i);
}

void table_advance(struct adit_reassembly *r, uint64_t ts_ns)
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

uint32_t table_bucket(const struct adit_reassembly *r, const struct key *key)
{
	return (uint32_t)adit_hash(r->params.key, key, sizeof(*key)) & r->bucket_mask;
}

uint32_t table_find(struct adit_reassembly *r, const struct key *key, uint32_t bucket)
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

static uint32_t enter(
	struct adit_reassembly *r, struct list *list, const struct key *key, uint32_t bucket)
{
	uint32_t i = r->free_entry;
	struct entry *e = &r->entries[i];

	r->free_entry = e->next;
	e->key = *key;
	e->bucket = bucket;
	e->next = r->buckets[bucket];
	r->buckets[bucket] = i;
	e->room = NONE;
	e->seen_count = 0;
	e->dns_lost = false;
	e->tails = (struct tails){0};
	list_append(r, list, i);
	return i;
}

/* What gives way to a datagram of source `s`. */
static uint32_t find_weakest(const struct adit_reassembly *r, uint32_t s)
{
	if (is_aged(r, &r->entries[r->waiting.oldest]))
		return r->waiting.oldest;
	/* With the new one, it has more than any other. */
	if (r->sources[s].count == r->most)
		return r->sources[s].oldest;
	return r->sources[r->ranks[r->most].first].oldest;
}

uint32_t table_wait(struct adit_reassembly *r, const struct key *key, uint32_t bucket)
{
	uint32_t i, s = source_of(r, key);

	if (r->waiting.count == r->waiting.max)
		drop(r, find_weakest(r, s));
	i = enter(r, &r->waiting, key, bucket);
	source_add(r, i, s);
	return i;
}

static void make_place(struct adit_reassembly *r)
{
	if (r->remembered.count == r->remembered.max)
		drop(r, r->remembered.oldest);
}

uint32_t table_remember(struct adit_reassembly *r, const struct key *key, uint32_t bucket)
{
	make_place(r);
	return enter(r, &r->remembered, key, bucket);
}

void table_settle(struct adit_reassembly *r, uint32_t i)
{
	source_remove(r, i);
	list_remove(r, &r->waiting, i);
	make_place(r);
	r->entries[i].room = NONE;
	list_append(r, &r->remembered, i);
}
