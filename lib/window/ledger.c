/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Roll-ups. A key holds three lists of entries: slices of the last 10 minutes, minutes before that
 * up to an hour, hours before that up to a day. When a key is added to, its entries that have grown
 * old move on to the next list and are merged there, those of over a day ago are dropped: amortised
 * constant work per addition, and none for keys that are idle.
 */
#include "adit_ledger.h"

#define NONE        ADIT_LEDGER_NONE
#define BUCKET_SIZE 8
#define RUN         8 /* keys that are compared when one must give way */

/* What an entry of a tier spans, and up to which age it stays there; in slices. */
static const uint32_t tier_block[ADIT_TIER_COUNT] = {1, ADIT_MINUTE_SLICES, ADIT_HOUR_SLICES};
static const uint32_t tier_age[ADIT_TIER_COUNT] = {
	ADIT_SPAN_SLICES, ADIT_HOUR_SLICES, ADIT_DAY_SLICES};

struct entry {
	uint32_t first_slice, last_slice;
	uint32_t next;
	uint32_t names;      /* distinct names, for the key's sum */
	struct adit_row row; /* row.detail: number in ledger->details + 1 */
};

struct bucket {
	uint32_t index[BUCKET_SIZE]; /* key index + 1; 0: free */
};

struct adit_ledger {
	struct adit_ledger_params params;
	struct adit_ledger_key *keys;
	struct entry *entries;
	struct adit_detail *details;
	struct bucket *buckets;
	uint32_t *keys_free, *entries_free, *details_free, *touched;
	uint32_t keys_freed, entries_freed, details_freed; /* stack heights */
	uint32_t keys_high;                                /* indexes below it have been used */
	uint32_t touched_count;
	uint32_t bucket_mask;
	uint32_t slice, hand;
	uint32_t pinned; /* key that must not give way now; params.keys: none */
	struct adit_ledger_counters counters;
	struct adit_allocator allocator;
};

static uint32_t buckets_for(uint32_t keys)
{
	uint32_t buckets = 1;

	while (buckets < keys / 2 + keys % 2)
		buckets *= 2;
	return buckets;
}

size_t adit_ledger_bytes(const struct adit_ledger_params *params)
{
	return sizeof(struct adit_ledger) +
	       params->keys * (sizeof(struct adit_ledger_key) + 2 * sizeof(uint32_t)) +
	       params->entries * (sizeof(struct entry) + sizeof(uint32_t)) +
	       params->details * (sizeof(struct adit_detail) + sizeof(uint32_t)) +
	       buckets_for(params->keys) * sizeof(struct bucket);
}

struct adit_ledger *adit_ledger_create(
	const struct adit_ledger_params *params, const struct adit_allocator *allocator)
{
	struct adit_ledger *ledger = adit_alloc(allocator, sizeof(*ledger), ADIT_CACHE_LINE);
	uint32_t buckets = buckets_for(params->keys);

	if (ledger == NULL)
		return NULL;
	ledger->params = *params;
	ledger->allocator = adit_allocator_copy(allocator);
	ledger->bucket_mask = buckets - 1;
#define MAKE(field, count) \
	ledger->field = adit_alloc(allocator, (count) * sizeof(*ledger->field), ADIT_CACHE_LINE)
	MAKE(keys, params->keys);
	MAKE(entries, params->entries);
	MAKE(details, params->details);
	MAKE(buckets, buckets);
	MAKE(keys_free, params->keys);
	MAKE(entries_free, params->entries);
	MAKE(details_free, params->details);
	MAKE(touched, params->keys);
#undef MAKE
	if (ledger->keys == NULL || ledger->entries == NULL || ledger->details == NULL ||
		ledger->buckets == NULL || ledger->keys_free == NULL ||
		ledger->entries_free == NULL || ledger->details_free == NULL ||
		ledger->touched == NULL) {
		adit_ledger_destroy(ledger);
		return NULL;
	}
	adit_ledger_reset(ledger);
	return ledger;
}

void adit_ledger_destroy(struct adit_ledger *ledger)
{
	struct adit_allocator copy, *allocator = &copy;

	if (ledger == NULL)
		return;
	copy = ledger->allocator;
	adit_free(allocator, ledger->keys);
	adit_free(allocator, ledger->entries);
	adit_free(allocator, ledger->details);
	adit_free(allocator, ledger->buckets);
	adit_free(allocator, ledger->keys_free);
	adit_free(allocator, ledger->entries_free);
	adit_free(allocator, ledger->details_free);
	adit_free(allocator, ledger->touched);
	adit_free(allocator, ledger);
}

void adit_ledger_reset(struct adit_ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->keys_high; i++)
		ledger->keys[i].used = false;
	memset(ledger->buckets, 0, (ledger->bucket_mask + 1) * sizeof(struct bucket));
	ledger->keys_freed = ledger->keys_high = 0;
	ledger->entries_freed = ledger->params.entries;
	for (uint32_t i = 0; i < ledger->params.entries; i++)
		ledger->entries_free[i] = ledger->params.entries - 1 - i;
	ledger->details_freed = ledger->params.details;
	for (uint32_t i = 0; i < ledger->params.details; i++)
		ledger->details_free[i] = ledger->params.details - 1 - i;
	ledger->touched_count = 0;
	ledger->slice = ledger->hand = 0;
	ledger->pinned = ledger->params.keys;
}

static struct bucket *bucket_of(const struct adit_ledger *ledger, uint64_t key)
{
	return &ledger->buckets[key & ledger->bucket_mask];
}

static uint32_t key_find(const struct adit_ledger *ledger, enum adit_kind kind, uint64_t key)
{
	const struct bucket *bucket = bucket_of(ledger, key);

	for (int i = 0; i < BUCKET_SIZE; i++) {
		const struct adit_ledger_key *it;

		if (bucket->index[i] == 0)
			continue;
		it = &ledger->keys[bucket->index[i] - 1];
		if (it->key == key && it->kind == kind)
			return bucket->index[i] - 1;
	}
	return NONE;
}

static void entry_detail_free(struct adit_ledger *ledger, struct entry *entry)
{
	if (entry->row.detail != 0)
		ledger->details_free[ledger->details_freed++] = entry->row.detail - 1;
	entry->row.detail = 0;
}

static void entry_free(struct adit_ledger *ledger, uint32_t number)
{
	entry_detail_free(ledger, &ledger->entries[number]);
	ledger->entries_free[ledger->entries_freed++] = number;
}

/* Takes the first entry off one of a key's lists and its share off the key's sums. */
static uint32_t list_pop(
	struct adit_ledger *ledger, struct adit_ledger_key *key, struct adit_ledger_list *list)
{
	uint32_t number = list->first;
	struct entry *entry = &ledger->entries[number];

	list->first = entry->next;
	if (list->first == NONE)
		list->last = NONE;
	key->weight -= (uint64_t)entry->row.info_up + entry->row.info_down;
	key->names -= entry->names;
	return number;
}

static void list_append(struct adit_ledger *ledger, struct adit_ledger_key *key,
	struct adit_ledger_list *list, uint32_t number)
{
	struct entry *entry = &ledger->entries[number];

	entry->next = NONE;
	if (list->first == NONE)
		list->first = number;
	else
		ledger->entries[list->last].next = number;
	list->last = number;
	key->weight += (uint64_t)entry->row.info_up + entry->row.info_down;
	key->names += entry->names;
}

/* Drops the oldest entry of a key. False: it has none. */
static bool key_drop_oldest(struct adit_ledger *ledger, struct adit_ledger_key *key)
{
	for (int tier = ADIT_TIER_COUNT - 1; tier >= 0; tier--)
		if (key->tier[tier].first != NONE) {
			entry_free(ledger, list_pop(ledger, key, &key->tier[tier]));
			return true;
		}
	return false;
}

static bool key_is_empty(const struct adit_ledger_key *key)
{
	for (int tier = 0; tier < ADIT_TIER_COUNT; tier++)
		if (key->tier[tier].first != NONE)
			return false;
	return true;
}

static void key_unlink(struct adit_ledger *ledger, struct adit_ledger_key *key)
{
	if (key->parent != NONE) {
		struct adit_ledger_key *parent = &ledger->keys[key->parent];

		if (key->sibling_previous != NONE)
			ledger->keys[key->sibling_previous].sibling_next = key->sibling_next;
		else
			parent->child = key->sibling_next;
		if (key->sibling_next != NONE)
			ledger->keys[key->sibling_next].sibling_previous = key->sibling_previous;
		parent->children--;
		key->parent = NONE;
	}
}

/* A key that is forgotten in the slice that touched it leaves the list of that slice. */
static void touched_remove(struct adit_ledger *ledger, struct adit_ledger_key *key)
{
	uint32_t last;

	if (key->touched != ledger->slice)
		return;
	last = ledger->touched[--ledger->touched_count];
	ledger->touched[key->touched_at] = last;
	ledger->keys[last].touched_at = key->touched_at;
}

/* A domain takes its pairs with it: without it nobody could name them. */
static void key_forget(struct adit_ledger *ledger, uint32_t index)
{
	struct adit_ledger_key *key = &ledger->keys[index];
	struct bucket *bucket = bucket_of(ledger, key->key);

	while (key->child != NONE)
		key_forget(ledger, key->child);
	key_unlink(ledger, key);
	touched_remove(ledger, key);
	while (key_drop_oldest(ledger, key))
		;
	for (int i = 0; i < BUCKET_SIZE; i++)
		if (bucket->index[i] == index + 1)
			bucket->index[i] = 0;
	key->used = false;
	ledger->keys_free[ledger->keys_freed++] = index;
}

static bool key_spared(const struct adit_ledger *ledger, const struct adit_ledger_key *key)
{
	return !key->used || key->story != 0 || key == &ledger->keys[ledger->pinned] ||
	       (key->parent != NONE && ledger->keys[key->parent].story != 0);
}

/* What stands between a key and being forgotten. */
static uint64_t weight_left(const struct adit_ledger_key *key)
{
	uint64_t weight = key->weight + key->children + 1;

	return weight > key->penalty ? weight - key->penalty : 0;
}

/* Of a run of keys from the hand on (or of a full bucket), the one of least weight that may go. */
static uint32_t key_least(
	const struct adit_ledger *ledger, const struct bucket *bucket, bool with_entries)
{
	uint32_t best = NONE;
	uint32_t high = ledger->keys_high, count = high < RUN ? high : RUN;

	for (uint32_t i = 0; i < (bucket != NULL ? BUCKET_SIZE : count); i++) {
		uint32_t at = bucket != NULL ? bucket->index[i] - 1 : (ledger->hand + i) % high;
		const struct adit_ledger_key *key = &ledger->keys[at];

		if (!key->used || (bucket != NULL && key_spared(ledger, key)))
			continue;
		if (bucket == NULL && !with_entries && key_spared(ledger, key))
			continue;
		if (with_entries && key_is_empty(key))
			continue;
		if (best == NONE || weight_left(key) < weight_left(&ledger->keys[best]))
			best = at;
	}
	return best;
}

static void hand_move(struct adit_ledger *ledger)
{
	ledger->hand = ledger->keys_high != 0 ? (ledger->hand + RUN) % ledger->keys_high : 0;
}

/* A new key in place of a lighter one, if need be. NONE: what is there is worth more. */
static uint32_t key_take(
	struct adit_ledger *ledger, enum adit_kind kind, uint64_t key, uint64_t weight)
{
	struct bucket *bucket = bucket_of(ledger, key);
	struct adit_ledger_key *it;
	uint32_t index, victim;
	int slot = 0;

	while (slot < BUCKET_SIZE && bucket->index[slot] != 0)
		slot++;
	if (slot == BUCKET_SIZE ||
		(ledger->keys_freed == 0 && ledger->keys_high == ledger->params.keys)) {
		victim = key_least(ledger, slot == BUCKET_SIZE ? bucket : NULL, false);
		hand_move(ledger);
		if (victim == NONE) {
			ledger->counters.keys_refused++;
			return NONE;
		}
		ledger->keys[victim].penalty += weight + 1;
		if (weight_left(&ledger->keys[victim]) > 0) {
			ledger->counters.keys_refused++;
			return NONE;
		}
		ledger->counters.keys_evicted++;
		key_forget(ledger, victim);
		for (slot = 0; bucket->index[slot] != 0;)
			slot++;
	}
	index = ledger->keys_freed > 0 ? ledger->keys_free[--ledger->keys_freed]
				       : ledger->keys_high++;
	it = &ledger->keys[index];
	memset(it, 0, offsetof(struct adit_ledger_key, sample));
	it->key = key;
	it->kind = (uint8_t)kind;
	it->used = true;
	for (int tier = 0; tier < ADIT_TIER_COUNT; tier++)
		it->tier[tier].first = it->tier[tier].last = NONE;
	it->parent = it->child = it->sibling_next = it->sibling_previous = NONE;
	it->first_slice = ledger->slice;
	it->touched = NONE;
	bucket->index[slot] = index + 1;
	return index;
}

/* Tries before an entry or a detail record is refused: what a slice may cost stays bounded. */
#define TRIES 64

/* An entry: a free one, else the oldest of a light key. */
static uint32_t entry_take(struct adit_ledger *ledger)
{
	for (int tries = 0; ledger->entries_freed == 0 && tries < TRIES; tries++) {
		uint32_t victim = key_least(ledger, NULL, true);

		hand_move(ledger);
		if (victim != NONE && key_drop_oldest(ledger, &ledger->keys[victim]))
			ledger->counters.entries_dropped++;
	}
	if (ledger->entries_freed == 0) {
		ledger->counters.entries_dropped++;
		return NONE;
	}
	return ledger->entries_free[--ledger->entries_freed];
}

static bool key_drop_detail(struct adit_ledger *ledger, struct adit_ledger_key *key)
{
	for (int tier = ADIT_TIER_COUNT - 1; tier >= 0; tier--)
		for (uint32_t i = key->tier[tier].first; i != NONE; i = ledger->entries[i].next)
			if (ledger->entries[i].row.detail != 0) {
				entry_detail_free(ledger, &ledger->entries[i]);
				ledger->entries[i].row.flags |= ADIT_ROW_MORE_NAMES;
				return true;
			}
	return false;
}

/* Returns a record's number + 1, or 0 after a bounded search. */
static uint32_t detail_take(struct adit_ledger *ledger)
{
	for (int tries = 0; ledger->details_freed == 0 && tries < TRIES; tries++) {
		uint32_t victim = key_least(ledger, NULL, true);

		hand_move(ledger);
		if (victim != NONE && key_drop_detail(ledger, &ledger->keys[victim]))
			ledger->counters.details_dropped++;
	}
	if (ledger->details_freed == 0) {
		ledger->counters.details_dropped++;
		return 0;
	}
	return ledger->details_free[--ledger->details_freed] + 1;
}

static struct adit_detail *detail_of(const struct adit_ledger *ledger, const struct adit_row *row)
{
	return row->detail != 0 ? &ledger->details[row->detail - 1] : NULL;
}

/* The entry's detail record, taken if it has none. NULL: none can be had. */
static struct adit_detail *entry_detail(struct adit_ledger *ledger, struct entry *entry)
{
	struct adit_detail *detail;

	if (entry->row.detail != 0)
		return detail_of(ledger, &entry->row);
	entry->row.detail = detail_take(ledger);
	detail = detail_of(ledger, &entry->row);
	if (detail == NULL) {
		entry->row.flags |= ADIT_ROW_MORE_NAMES;
		return NULL;
	}
	memset(detail, 0, sizeof(*detail));
	adit_detail_from_row(detail, &entry->row);
	return detail;
}

/* Merges a row and its detail record into an entry. As in a shard, names that the row cannot hold
 * earn a record: rows of a few names each, of many shards or slices, are many names together. */
static void entry_merge(struct adit_ledger *ledger, struct entry *entry, const struct adit_row *row,
	const struct adit_detail *detail)
{
	struct adit_row before = entry->row;
	struct adit_detail *into;

	if (adit_row_merge(&entry->row, row) && detail == NULL && entry->row.detail == 0)
		return;
	/* A record that is made now stands for the row as it was. */
	if (entry->row.detail == 0) {
		struct adit_row merged = entry->row;

		entry->row = before;
		into = entry_detail(ledger, entry);
		merged.detail = entry->row.detail;
		merged.flags |= entry->row.flags;
		entry->row = merged;
	} else {
		into = detail_of(ledger, &entry->row);
	}
	if (into == NULL)
		return;
	if (detail != NULL)
		adit_detail_merge(into, detail);
	else
		adit_detail_from_row(into, row);
}

/* Distinct names of an entry, as a key's quick sum counts them: a lower bound is enough. */
static uint32_t entry_names(const struct adit_ledger *ledger, const struct entry *entry)
{
	const struct adit_detail *detail = detail_of(ledger, &entry->row);

	return detail != NULL ? detail->names.count : entry->row.names;
}

static void key_recount(struct adit_ledger *ledger, struct adit_ledger_key *key,
	struct entry *entry, uint64_t weight_before)
{
	uint32_t names = entry_names(ledger, entry);

	key->weight += (uint64_t)entry->row.info_up + entry->row.info_down - weight_before;
	key->names += names - entry->names;
	entry->names = names;
}

/* Moves an entry that has grown too old for its tier into the next one, where it may become part of
 * the last entry. */
static void entry_age(
	struct adit_ledger *ledger, struct adit_ledger_key *key, int tier, uint32_t number)
{
	struct entry *entry = &ledger->entries[number], *block;
	uint64_t before;

	block = key->tier[tier].last != NONE ? &ledger->entries[key->tier[tier].last] : NULL;
	if (block == NULL ||
		block->first_slice / tier_block[tier] != entry->first_slice / tier_block[tier]) {
		list_append(ledger, key, &key->tier[tier], number);
		return;
	}
	before = (uint64_t)block->row.info_up + block->row.info_down;
	if (block->row.detail == 0 && entry->row.detail != 0) {
		block->row.detail = entry->row.detail;
		entry->row.detail = 0;
		adit_detail_from_row(detail_of(ledger, &block->row), &block->row);
		adit_row_merge(&block->row, &entry->row);
	} else {
		entry_merge(ledger, block, &entry->row, detail_of(ledger, &entry->row));
	}
	block->last_slice = entry->last_slice;
	key_recount(ledger, key, block, before);
	entry_free(ledger, number);
}

static void key_age(struct adit_ledger *ledger, struct adit_ledger_key *key)
{
	for (int tier = 0; tier < ADIT_TIER_COUNT; tier++) {
		struct adit_ledger_list *list = &key->tier[tier];

		while (list->first != NONE && ledger->entries[list->first].last_slice +
							      tier_age[tier] <=
						      ledger->slice) {
			uint32_t number = list_pop(ledger, key, list);

			if (tier + 1 < ADIT_TIER_COUNT)
				entry_age(ledger, key, tier + 1, number);
			else
				entry_free(ledger, number);
		}
	}
}

static void touch(struct adit_ledger *ledger, uint32_t index)
{
	struct adit_ledger_key *key = &ledger->keys[index];

	key->last_slice = ledger->slice;
	if (key->touched == ledger->slice)
		return;
	key->touched = ledger->slice;
	key->touched_at = ledger->touched_count;
	ledger->touched[ledger->touched_count++] = index;
}

/* Adds a sealed row to a key: into this slice's entry, made if it is the first. */
static void key_add(struct adit_ledger *ledger, uint32_t index, const struct adit_row *row,
	const struct adit_detail *detail)
{
	struct adit_ledger_key *key = &ledger->keys[index];
	struct adit_ledger_list *slices = &key->tier[ADIT_TIER_SLICES];
	struct entry *entry;
	uint32_t number;

	key_age(ledger, key);
	if (slices->last == NONE || ledger->entries[slices->last].last_slice != ledger->slice) {
		number = entry_take(ledger);
		if (number == NONE)
			return;
		touch(ledger, index);
		entry = &ledger->entries[number];
		memset(entry, 0, sizeof(*entry));
		entry->row.key = key->key;
		entry->first_slice = entry->last_slice = ledger->slice;
		list_append(ledger, key, slices, number);
	}
	entry = &ledger->entries[slices->last];
	uint64_t before = (uint64_t)entry->row.info_up + entry->row.info_down;
	entry_merge(ledger, entry, row, detail);
	key_recount(ledger, key, entry, before);
	if (detail != NULL)
		for (int i = 0; i < ADIT_CLASS_COUNT; i++)
			key->classes |= (uint32_t)(detail->class_names[i] != 0) << i;
}

static void sample_add(struct adit_ledger_key *key, const struct adit_sample *sample)
{
	for (uint8_t i = 0; i < key->sample_count; i++)
		if (key->sample[i].size == sample->size &&
			memcmp(key->sample[i].wire, sample->wire, sample->size) == 0)
			return;
	if (sample->size != 0 && key->sample_count < ADIT_LEDGER_SAMPLES)
		key->sample[key->sample_count++] = *sample;
}

static void party_update(struct adit_ledger_key *key, const struct adit_party *party,
	const struct adit_sample *samples, uint32_t count)
{
	if (key->who.key == party->who.key)
		adit_subscriber_merge(&key->who, &party->who);
	else
		key->who = party->who;
	key->server = party->server;
	sample_add(key, &party->sample);
	for (uint32_t i = 0; i < count; i++)
		sample_add(key, &samples[i]);
}

static void child_link(struct adit_ledger *ledger, uint32_t index, uint32_t parent)
{
	struct adit_ledger_key *key = &ledger->keys[index], *domain = &ledger->keys[parent];

	key->parent = parent;
	key->sibling_next = domain->child;
	key->sibling_previous = NONE;
	if (domain->child != NONE)
		ledger->keys[domain->child].sibling_previous = index;
	domain->child = index;
	domain->children++;
}

/* The domain's key, made if it is not there. */
static uint32_t domain_key(
	struct adit_ledger *ledger, uint64_t key, uint64_t weight, const struct adit_domain *domain)
{
	uint32_t index = key_find(ledger, ADIT_KIND_DOMAIN, key);

	if (index != NONE)
		return index;
	index = key_take(ledger, ADIT_KIND_DOMAIN, key, weight);
	if (index == NONE)
		return NONE;
	ledger->keys[index].sample[0] = domain->name;
	ledger->keys[index].sample_count = 1;
	return index;
}

static void domain_add(
	struct adit_ledger *ledger, const struct adit_window *window, uint32_t at, uint32_t number)
{
	const struct adit_row *row = adit_window_row(window, at, ADIT_KIND_DOMAIN, number);
	uint32_t index = domain_key(ledger, row->key, (uint64_t)row->info_up + row->info_down,
		adit_window_domain(window, at, number));

	if (index != NONE)
		key_add(ledger, index, row, adit_window_detail(window, at, row));
}

/* The key of a subscriber's row, made if it is not there. */
static uint32_t party_key(struct adit_ledger *ledger, enum adit_kind kind,
	const struct adit_row *row, const struct adit_party *party)
{
	uint32_t index = key_find(ledger, kind, row->key), parent = NONE;

	if (kind == ADIT_KIND_PAIR) {
		parent = key_find(ledger, ADIT_KIND_DOMAIN, party->domain_key);
		if (parent == NONE) {
			ledger->counters.orphans++;
			return NONE;
		}
	}
	if (index != NONE)
		return index;
	/* A pair must not be given its own domain's place. */
	ledger->pinned = parent != NONE ? parent : ledger->params.keys;
	index = key_take(ledger, kind, row->key, (uint64_t)row->info_up + row->info_down);
	ledger->pinned = ledger->params.keys;
	if (index != NONE && parent != NONE)
		child_link(ledger, index, parent);
	return index;
}

static void party_add(struct adit_ledger *ledger, const struct adit_window *window, uint32_t at,
	enum adit_kind kind, uint32_t number)
{
	const struct adit_row *row = adit_window_row(window, at, kind, number);
	const struct adit_party *party = adit_window_party(window, at, kind, number);
	const struct adit_sample *samples = NULL;
	uint32_t index = party_key(ledger, kind, row, party), count;

	if (index == NONE)
		return;
	count = adit_window_samples(window, at, row, &samples);
	party_update(&ledger->keys[index], party, samples, count);
	key_add(ledger, index, row, adit_window_detail(window, at, row));
}

uint32_t adit_ledger_find(const struct adit_ledger *ledger, enum adit_kind kind, uint64_t key)
{
	return key_find(ledger, kind, key);
}

uint32_t adit_ledger_expect(struct adit_ledger *ledger, const struct adit_look *look)
{
	uint64_t weight = (uint64_t)look->row.info_up + look->row.info_down;
	uint32_t index = NONE;

	if (domain_key(ledger, look->party.domain_key, weight, &look->domain) != NONE)
		index = party_key(ledger, ADIT_KIND_PAIR, &look->row, &look->party);
	if (index != NONE)
		party_update(&ledger->keys[index], &look->party, NULL, 0);
	return index;
}

/* Rows that moved no information can't make a tunnel; most of a resolver's are such. */
static bool row_counts(
	const struct adit_window *window, uint32_t at, enum adit_kind kind, uint32_t number)
{
	const struct adit_row *row = adit_window_row(window, at, kind, number);

	return row->info_up != 0 || row->info_down != 0 || row->detail != 0;
}

void adit_ledger_add(struct adit_ledger *ledger, const struct adit_window *window, uint32_t at)
{
	/* Domains first: a pair needs the domain that it belongs to. */
	for (int kind = 0; kind < ADIT_KIND_JUDGED; kind++)
		for (uint32_t i = 0; i < adit_window_rows(window, at, kind); i++) {
			if (!row_counts(window, at, kind, i))
				continue;
			if (kind == ADIT_KIND_DOMAIN)
				domain_add(ledger, window, at, i);
			else
				party_add(ledger, window, at, kind, i);
		}
}

void adit_ledger_begin(struct adit_ledger *ledger, uint32_t slice)
{
	uint64_t gone = slice - ledger->slice;
	uint64_t sweep = (uint64_t)ledger->keys_high * gone / ADIT_SPAN_SLICES + RUN;

	ledger->slice = slice;
	ledger->touched_count = 0;
	/* Each key is looked at about every 10 minutes of packet time. */
	if (sweep > ledger->keys_high)
		sweep = ledger->keys_high;
	for (; sweep > 0; sweep--) {
		struct adit_ledger_key *key;

		ledger->hand = (ledger->hand + 1) % ledger->keys_high;
		key = &ledger->keys[ledger->hand];
		/* What newcomers wore off fades: only a lasting flood wears a key out. */
		key->penalty /= 2;
		if (key->used && !key_spared(ledger, key) && key->child == NONE &&
			key->last_slice + ADIT_DAY_SLICES <= slice)
			key_forget(ledger, ledger->hand);
	}
	/* All gone: the next sweep need not look at where they were. */
	if (adit_ledger_used(ledger) == 0)
		ledger->keys_high = ledger->keys_freed = ledger->hand = 0;
}

const uint32_t *adit_ledger_touched(const struct adit_ledger *ledger, size_t *count)
{
	*count = ledger->touched_count;
	return ledger->touched;
}

struct adit_ledger_key *adit_ledger_key(struct adit_ledger *ledger, uint32_t index)
{
	return &ledger->keys[index];
}

uint32_t adit_ledger_high(const struct adit_ledger *ledger)
{
	return ledger->keys_high;
}

size_t adit_ledger_used(const struct adit_ledger *ledger)
{
	return ledger->keys_high - ledger->keys_freed;
}

const struct adit_detail *adit_ledger_now(const struct adit_ledger *ledger, uint32_t index)
{
	const struct adit_ledger_key *key = &ledger->keys[index];
	const struct entry *entry;

	if (key->tier[ADIT_TIER_SLICES].last == NONE)
		return NULL;
	entry = &ledger->entries[key->tier[ADIT_TIER_SLICES].last];
	return entry->last_slice == ledger->slice ? detail_of(ledger, &entry->row) : NULL;
}

bool adit_ledger_sum(
	const struct adit_ledger *ledger, uint32_t index, enum adit_span span, struct adit_sum *sum)
{
	static const uint32_t lengths[ADIT_SPAN_COUNT] = {
		1, ADIT_SPAN_SLICES, ADIT_HOUR_SLICES, ADIT_DAY_SLICES};
	const struct adit_ledger_key *key = &ledger->keys[index];

	adit_sum_clear(sum);
	for (int tier = span <= ADIT_SPAN_10MIN ? ADIT_TIER_SLICES : (int)span - 1; tier >= 0; tier--)
		for (uint32_t i = key->tier[tier].first; i != NONE; i = ledger->entries[i].next) {
			const struct entry *entry = &ledger->entries[i];

			if (entry->last_slice + lengths[span] > ledger->slice)
				adit_sum_add(sum, &entry->row, detail_of(ledger, &entry->row),
					entry->first_slice, entry->last_slice);
		}
	return sum->windows != 0;
}

void adit_ledger_totals(const struct adit_ledger *ledger, uint32_t index, struct adit_sum *sum)
{
	const struct adit_ledger_key *key = &ledger->keys[index];

	adit_sum_clear(sum);
	for (int tier = ADIT_TIER_COUNT - 1; tier >= 0; tier--)
		for (uint32_t i = key->tier[tier].first; i != NONE; i = ledger->entries[i].next) {
			const struct entry *entry = &ledger->entries[i];
			struct adit_row row = entry->row;

			row.names = 0;
			if (entry->last_slice + ADIT_DAY_SLICES > ledger->slice)
				adit_sum_add(
					sum, &row, NULL, entry->first_slice, entry->last_slice);
		}
}

const struct adit_ledger_counters *adit_ledger_counters(const struct adit_ledger *ledger)
{
	return &ledger->counters;
}
