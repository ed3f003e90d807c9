/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who had an address when. What a line asks for (a prefix, a TEID, a tap, a VLAN) is its key; which
 * of them it asks for, and the prefix length, is the key's shape. The spans of a key never overlap:
 * a new line cuts what it covers out of the older ones, so "the line that came last wins" costs a
 * look-up nothing. A look-up makes the key of each shape in use (a feed has one or two), and the
 * hash of the key names a bucket: a treap of records ordered by key and start (Seidel and Aragon
 * 1996), so that neither a subscriber with a million spans nor colliding keys make it slow. The
 * line of the highest sequence number wins among shapes.
 *
 * A heap by start tells which record gives way when there is no room.
 *
 * Memory, taken at creation: capacity * (256 + 4) bytes, 4 to 8 bytes of buckets for each, and
 * 64 KB.
 */
#include "identity_priv.h"

#include "adit_hash.h"

#include <errno.h>
#include <stdlib.h>

#define NONE 0 /* no record; the first one has index 1 */

#define SHAPE_ADDRESS  1u
#define SHAPE_V6       2u
#define SHAPE_TEID     4u
#define SHAPE_VLAN     8u
#define SHAPE_TAP      16u
#define SHAPE_BITS_AT  5    /* of the prefix length */
#define BITS_PEER      255u /* no prefix: a peer stands in place of the address */
#define SHAPES         (256u << SHAPE_BITS_AT)
#define TAPS           256u
#define TAP_NONE       UINT16_MAX
#define CAPACITY_LIMIT (UINT32_MAX / 4)

/* Compared and hashed as bytes, so there is no padding and what is not asked for is zero. */
struct key {
	uint8_t address[16];
	uint32_t teid;
	uint16_t vlan, tap; /* tap: index of its name */
	uint16_t shape, zero;
};
_Static_assert(sizeof(struct key) == 28, "a key has no padding");

struct record {
	struct key key;
	uint32_t left, right; /* of the treap; `left` links free records */
	uint32_t heap_at;
	uint64_t from_ns, until_ns;
	uint64_t sequence; /* of its line */
	struct adit_identity identity;
};
_Static_assert(sizeof(struct record) == 256, "a record is four cache lines");

struct adit_identities {
	struct record *record;
	uint32_t *bucket; /* roots of treaps */
	uint32_t *heap;   /* the record that began first is heap[0] */
	uint32_t bucket_mask, capacity, count, free, fresh;
	uint64_t sequence;
	uint32_t shape_records[SHAPES];
	uint16_t shape[SHAPES]; /* those in use, in no order */
	uint32_t shape_count;
	char tap[TAPS][ADIT_IDENTITY_TEXT];
	uint32_t tap_count;
	struct adit_identity_counters counters;
};

/* Taking a line may need two records more than it leaves. */
#define SPARE 2

struct adit_identities *adit_identities_create(size_t capacity)
{
	struct adit_identities *identities = calloc(1, sizeof(*identities));
	size_t buckets = 1;

	if (identities == NULL || capacity > CAPACITY_LIMIT) {
		free(identities);
		return NULL;
	}
	while (buckets < capacity)
		buckets *= 2;
	identities->capacity = (uint32_t)capacity;
	identities->bucket_mask = (uint32_t)buckets - 1;
	identities->fresh = 1;
	identities->record = calloc(capacity + SPARE + 1, sizeof(identities->record[0]));
	identities->heap = calloc(capacity + SPARE, sizeof(identities->heap[0]));
	identities->bucket = calloc(buckets, sizeof(identities->bucket[0]));
	if (!identities->record || !identities->heap || !identities->bucket) {
		adit_identities_destroy(identities);
		return NULL;
	}
	return identities;
}

void adit_identities_destroy(struct adit_identities *identities)
{
	if (identities == NULL)
		return;
	free(identities->record);
	free(identities->heap);
	free(identities->bucket);
	free(identities);
}

/* The heap */

static bool began_before(const struct adit_identities *identities, uint32_t a, uint32_t b)
{
	const struct record *x = &identities->record[a], *y = &identities->record[b];

	return x->from_ns != y->from_ns ? x->from_ns < y->from_ns : x->sequence < y->sequence;
}

static void heap_put(struct adit_identities *identities, uint32_t at, uint32_t index)
{
	identities->heap[at] = index;
	identities->record[index].heap_at = at;
}

static void heap_rise(struct adit_identities *identities, uint32_t index)
{
	uint32_t at = identities->record[index].heap_at;

	while (at > 0 && began_before(identities, index, identities->heap[(at - 1) / 2])) {
		heap_put(identities, at, identities->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(identities, at, index);
}

static void heap_sink(struct adit_identities *identities, uint32_t index)
{
	uint32_t at = identities->record[index].heap_at;

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child + 1 < identities->count &&
			began_before(
				identities, identities->heap[child + 1], identities->heap[child]))
			child++;
		if (child >= identities->count ||
			!began_before(identities, identities->heap[child], index))
			break;
		heap_put(identities, at, identities->heap[child]);
		at = child;
	}
	heap_put(identities, at, index);
}

/* The treaps */

static uint32_t *bucket_of(const struct adit_identities *identities, const struct key *key)
{
	uint64_t hash = adit_hash(&adit_hash_key_fixed, key, sizeof(*key));

	return &identities->bucket[hash & identities->bucket_mask];
}

/* Any function of the index that looks like chance. */
static uint32_t priority(uint32_t index)
{
	uint64_t x = index * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(x >> 32);
}

static int order(const struct record *record, const struct key *key, uint64_t from_ns)
{
	int keys = memcmp(&record->key, key, sizeof(*key));

	return keys != 0 ? keys : (record->from_ns > from_ns) - (record->from_ns < from_ns);
}

/* Links two treaps, all of `a` before all of `b`, to *root. */
static void treap_join(struct record *records, uint32_t a, uint32_t b, uint32_t *root)
{
	while (a != NONE && b != NONE) {
		if (priority(a) > priority(b)) {
			*root = a;
			root = &records[a].right;
			a = *root;
		} else {
			*root = b;
			root = &records[b].left;
			b = *root;
		}
	}
	*root = a != NONE ? a : b;
}

static void treap_insert(struct adit_identities *identities, uint32_t index)
{
	struct record *records = identities->record, *record = &records[index];
	uint32_t *root = bucket_of(identities, &record->key), at = *root;
	uint32_t before, after, *less = &before, *more = &after;

	while (at != NONE) {
		if (order(&records[at], &record->key, record->from_ns) < 0) {
			*less = at;
			less = &records[at].right;
			at = *less;
		} else {
			*more = at;
			more = &records[at].left;
			at = *more;
		}
	}
	*less = *more = NONE;
	record->left = record->right = NONE;
	treap_join(records, before, index, &before);
	treap_join(records, before, after, root);
}

static void treap_remove(struct adit_identities *identities, uint32_t index)
{
	struct record *records = identities->record, *record = &records[index];
	uint32_t *link = bucket_of(identities, &record->key);

	while (*link != index) {
		struct record *at = &records[*link];

		link = order(at, &record->key, record->from_ns) < 0 ? &at->right : &at->left;
	}
	treap_join(records, record->left, record->right, link);
}

/* The record of this key that begins last at or before a time, or NONE. */
static uint32_t last_until(
	const struct adit_identities *identities, const struct key *key, uint64_t ts_ns)
{
	uint32_t at = *bucket_of(identities, key), found = NONE;

	while (at != NONE) {
		const struct record *record = &identities->record[at];
		bool after = order(record, key, ts_ns) > 0;

		found = after ? found : at;
		at = after ? record->left : record->right;
	}
	if (memcmp(&identities->record[found].key, key, sizeof(*key)) != 0)
		return NONE;
	return found;
}

/* The record of this key that begins first at or after a time, or NONE. */
static uint32_t first_since(
	const struct adit_identities *identities, const struct key *key, uint64_t ts_ns)
{
	uint32_t at = *bucket_of(identities, key), found = NONE;

	while (at != NONE) {
		const struct record *record = &identities->record[at];
		bool before = order(record, key, ts_ns) < 0;

		found = before ? found : at;
		at = before ? record->right : record->left;
	}
	if (memcmp(&identities->record[found].key, key, sizeof(*key)) != 0)
		return NONE;
	return found;
}

/* Records */

static void record_add(struct adit_identities *identities, const struct record *from)
{
	uint32_t index = identities->free;
	uint16_t shape = from->key.shape;

	if (index != NONE)
		identities->free = identities->record[index].left;
	else
		index = identities->fresh++;
	identities->record[index] = *from;
	treap_insert(identities, index);
	heap_put(identities, identities->count++, index);
	heap_rise(identities, index);
	if (identities->shape_records[shape]++ == 0)
		identities->shape[identities->shape_count++] = shape;
}

static void record_remove(struct adit_identities *identities, uint32_t index)
{
	struct record *record = &identities->record[index];
	uint32_t last = identities->heap[--identities->count];
	uint16_t shape = record->key.shape;

	treap_remove(identities, index);
	if (last != index) {
		heap_put(identities, record->heap_at, last);
		heap_rise(identities, last);
		heap_sink(identities, last);
	}
	if (--identities->shape_records[shape] == 0) {
		uint32_t at = 0;

		while (identities->shape[at] != shape)
			at++;
		identities->shape[at] = identities->shape[--identities->shape_count];
	}
	memset(record, 0, sizeof(*record));
	record->left = identities->free;
	identities->free = index;
}

/* Cuts a span out of those that the key has. */
static void cut_out(struct adit_identities *identities, const struct record *new)
{
	uint32_t index = last_until(identities, &new->key, new->from_ns);

	if (index != NONE && identities->record[index].from_ns < new->from_ns &&
		identities->record[index].until_ns > new->from_ns) {
		struct record tail = identities->record[index];

		identities->record[index].until_ns = new->from_ns;
		if (tail.until_ns > new->until_ns) {
			tail.from_ns = new->until_ns;
			record_add(identities, &tail);
		}
	}
	while ((index = first_since(identities, &new->key, new->from_ns)) != NONE) {
		struct record *next = &identities->record[index];

		if (next->from_ns >= new->until_ns)
			break;
		if (next->until_ns > new->until_ns) {
			/* Its place among the spans of the key stays the same. */
			next->from_ns = new->until_ns;
			heap_sink(identities, index);
			break;
		}
		record_remove(identities, index);
	}
}

/* The index of a tap's name, TAP_NONE if it is not known. */
static uint16_t tap_find(const struct adit_identities *identities, const char *name)
{
	for (uint32_t i = 0; i < identities->tap_count; i++)
		if (strcmp(identities->tap[i], name) == 0)
			return (uint16_t)i;
	return TAP_NONE;
}

static int tap_add(struct adit_identities *identities, const char *name, uint16_t *tap)
{
	*tap = tap_find(identities, name);
	if (*tap != TAP_NONE)
		return 0;
	if (identities->tap_count == TAPS)
		return -ENOSPC;
	*tap = (uint16_t)identities->tap_count++;
	memcpy(identities->tap[*tap], name, strlen(name) + 1);
	return 0;
}

int adit_identity_take(struct adit_identities *identities, const struct identity_line *line)
{
	struct record new = {
		.from_ns = line->from_ns, .until_ns = line->until_ns, .identity = line->identity};
	unsigned shape = 0;

	if (line->tap[0] != '\0') {
		if (tap_add(identities, line->tap, &new.key.tap) != 0)
			return -ENOSPC;
		shape |= SHAPE_TAP;
	}
	if (line->has_address) {
		memcpy(new.key.address, line->address.bytes, sizeof(new.key.address));
		shape |= SHAPE_ADDRESS | (line->address.is_v6 ? SHAPE_V6 : 0) |
			 (unsigned)line->prefix_bits << SHAPE_BITS_AT;
	}
	if (line->has_teid) {
		new.key.teid = line->teid;
		shape |= SHAPE_TEID;
	}
	if (!line->has_address) {
		memcpy(new.key.address, line->peer.bytes, sizeof(new.key.address));
		shape |= (line->peer.is_v6 ? SHAPE_V6 : 0) | BITS_PEER << SHAPE_BITS_AT;
	}
	if (line->has_vlan) {
		new.key.vlan = line->vlan;
		shape |= SHAPE_VLAN;
	}
	new.key.shape = (uint16_t)shape;
	new.sequence = ++identities->sequence;
	cut_out(identities, &new);
	record_add(identities, &new);
	while (identities->count > identities->capacity) {
		record_remove(identities, identities->heap[0]);
		identities->counters.evicted++;
	}
	identities->counters.records = identities->count;
	return 0;
}

void adit_identity_refuse(struct adit_identities *identities)
{
	identities->counters.refused++;
}

const struct adit_identity_counters *adit_identities_counters(
	const struct adit_identities *identities)
{
	return &identities->counters;
}

/* Looking up */

static void prefix_copy(uint8_t to[16], const uint8_t from[16], unsigned bits)
{
	memcpy(to, from, bits / 8);
	if (bits % 8 != 0)
		to[bits / 8] = (uint8_t)(from[bits / 8] & 0xff00u >> bits % 8);
}

/* The key under which a line of this shape would stand, without its TEID and peer. Returns false
 * where the query lacks what the shape asks for. */
static bool key_make(
	const struct adit_identity_query *query, uint16_t tap, unsigned shape, struct key *key)
{
	memset(key, 0, sizeof(*key));
	key->shape = (uint16_t)shape;
	if (shape & SHAPE_ADDRESS) {
		if (query->address == NULL || !query->address->is_v6 != !(shape & SHAPE_V6))
			return false;
		prefix_copy(key->address, query->address->bytes, shape >> SHAPE_BITS_AT);
	}
	if (shape & SHAPE_TAP) {
		key->tap = tap;
		if (tap == TAP_NONE)
			return false;
	}
	if (shape & SHAPE_VLAN)
		key->vlan = query->vlan;
	return query->has_teid || !(shape & SHAPE_TEID);
}

/* Adds what the shape asks of one direction; false where the query lacks it. */
static bool key_direct(
	const struct adit_identity_query *query, unsigned shape, int direction, struct key *key)
{
	const struct adit_address *peer = query->peer[direction];

	key->teid = query->teid[direction];
	if (shape >> SHAPE_BITS_AT != BITS_PEER)
		return true;
	if (peer == NULL || !peer->is_v6 != !(shape & SHAPE_V6))
		return false;
	memcpy(key->address, peer->bytes, sizeof(key->address));
	return true;
}

/* The better of two records, an address before a TEID and peer, then the later line. */
static const struct record *better(const struct record *a, const struct record *b)
{
	unsigned has_a, has_b;

	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	has_a = a->key.shape & SHAPE_ADDRESS;
	has_b = b->key.shape & SHAPE_ADDRESS;
	if (has_a != has_b)
		return has_a > has_b ? a : b;
	return a->sequence > b->sequence ? a : b;
}

static const struct record *covering(
	const struct adit_identities *identities, const struct key *key, uint64_t ts_ns)
{
	const struct record *record = &identities->record[last_until(identities, key, ts_ns)];

	return record != identities->record && record->until_ns > ts_ns ? record : NULL;
}

const struct adit_identity *adit_identities_find(
	const struct adit_identities *identities, const struct adit_identity_query *query)
{
	uint16_t tap = query->tap != NULL ? tap_find(identities, query->tap) : TAP_NONE;
	const struct record *best = NULL;
	const struct adit_identity *identity;

	for (uint32_t i = 0; i < identities->shape_count; i++) {
		unsigned shape = identities->shape[i];
		struct key key;

		if (!key_make(query, tap, shape, &key))
			continue;
		if (!(shape & SHAPE_TEID)) {
			best = better(best, covering(identities, &key, query->ts_ns));
			continue;
		}
		for (int direction = 0; direction < 2; direction++)
			if (key_direct(query, shape, direction, &key))
				best = better(best, covering(identities, &key, query->ts_ns));
	}
	if (best == NULL)
		return NULL;
	identity = &best->identity;
	return identity->imsi[0] || identity->msisdn[0] || identity->apn[0] ? identity : NULL;
}
