/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Keys: finding them, making them, and which one gives way.
 */
#include "ledger_priv.h"

#define NONE ADIT_LEDGER_NONE

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
	       params->details * (sizeof(struct adit_detail) + 2 * sizeof(uint32_t)) +
	       buckets_for(params->keys) * sizeof(struct ledger_bucket);
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
	MAKE(details_owner, params->details);
	MAKE(touched, params->keys);
#undef MAKE
	if (ledger->keys == NULL || ledger->entries == NULL || ledger->details == NULL ||
		ledger->buckets == NULL || ledger->keys_free == NULL ||
		ledger->entries_free == NULL || ledger->details_free == NULL ||
		ledger->details_owner == NULL || ledger->touched == NULL) {
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
	adit_free(allocator, ledger->details_owner);
	adit_free(allocator, ledger->touched);
	adit_free(allocator, ledger);
}

void adit_ledger_reset(struct adit_ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->keys_high; i++)
		ledger->keys[i].used = false;
	memset(ledger->buckets, 0, (ledger->bucket_mask + 1) * sizeof(struct ledger_bucket));
	ledger->keys_freed = ledger->keys_high = 0;
	ledger->entries_freed = ledger->params.entries;
	for (uint32_t i = 0; i < ledger->params.entries; i++)
		ledger->entries_free[i] = ledger->params.entries - 1 - i;
	ledger->details_freed = ledger->params.details;
	for (uint32_t i = 0; i < ledger->params.details; i++)
		ledger->details_free[i] = ledger->params.details - 1 - i;
	ledger->touched_count = 0;
	ledger->slice = ledger->hand = ledger->details_hand = 0;
	ledger->pinned = ledger->params.keys;
}

static uint32_t key_find(const struct adit_ledger *ledger, enum adit_kind kind, uint64_t key)
{
	const struct ledger_bucket *bucket = ledger_bucket_of(ledger, key);

	for (int i = 0; i < BUCKET_SIZE; i++) {
		const struct adit_ledger_key *it;

		if (bucket->index[i] == 0 || bucket->tag[i] != key >> 32)
			continue;
		it = &ledger->keys[bucket->index[i] - 1];
		if (it->key == key && it->kind == kind)
			return bucket->index[i] - 1;
	}
	return NONE;
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
void ledger_key_forget(struct adit_ledger *ledger, uint32_t index)
{
	struct adit_ledger_key *key = &ledger->keys[index];
	struct ledger_bucket *bucket = ledger_bucket_of(ledger, key->key);

	while (key->child != NONE)
		ledger_key_forget(ledger, key->child);
	key_unlink(ledger, key);
	touched_remove(ledger, key);
	while (ledger_drop_oldest(ledger, key))
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

uint32_t ledger_key_least(
	const struct adit_ledger *ledger, const struct ledger_bucket *bucket, bool with_entries)
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
		if (with_entries && ledger_key_is_empty(key))
			continue;
		if (best == NONE || weight_left(key) < weight_left(&ledger->keys[best]))
			best = at;
	}
	return best;
}

void ledger_hand_move(struct adit_ledger *ledger)
{
	ledger->hand = ledger->keys_high != 0 ? (ledger->hand + RUN) % ledger->keys_high : 0;
}

uint32_t ledger_owner_least(struct adit_ledger *ledger)
{
	uint32_t details = ledger->params.details, best = NONE;

	for (uint32_t i = 0; i < RUN && i < details; i++) {
		uint32_t at = ledger->details_owner[(ledger->details_hand + i) % details];

		if (best == NONE ||
			weight_left(&ledger->keys[at]) < weight_left(&ledger->keys[best]))
			best = at;
	}
	ledger->details_hand = (ledger->details_hand + RUN) % details;
	return best;
}

/* A key at a free slot of its bucket; there is room for it. */
static uint32_t key_make(struct adit_ledger *ledger, struct ledger_bucket *bucket, int slot,
	enum adit_kind kind, uint64_t key)
{
	uint32_t index = ledger->keys_freed > 0 ? ledger->keys_free[--ledger->keys_freed]
						: ledger->keys_high++;
	struct adit_ledger_key *it = &ledger->keys[index];

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
	bucket->tag[slot] = (uint32_t)(key >> 32);
	return index;
}

/* A new key in place of a lighter one, if need be. NONE: what is there is worth more. */
static uint32_t key_take(
	struct adit_ledger *ledger, enum adit_kind kind, uint64_t key, uint64_t weight)
{
	struct ledger_bucket *bucket = ledger_bucket_of(ledger, key);
	uint32_t victim;
	int slot = 0;

	while (slot < BUCKET_SIZE && bucket->index[slot] != 0)
		slot++;
	if (slot == BUCKET_SIZE ||
		(ledger->keys_freed == 0 && ledger->keys_high == ledger->params.keys)) {
		victim = ledger_key_least(ledger, slot == BUCKET_SIZE ? bucket : NULL, false);
		ledger_hand_move(ledger);
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
		ledger_key_forget(ledger, victim);
		for (slot = 0; bucket->index[slot] != 0;)
			slot++;
	}
	return key_make(ledger, bucket, slot, kind, key);
}

uint32_t ledger_key_put(struct adit_ledger *ledger, enum adit_kind kind, uint64_t key)
{
	struct ledger_bucket *bucket = ledger_bucket_of(ledger, key);
	int slot = 0;

	while (slot < BUCKET_SIZE && bucket->index[slot] != 0)
		slot++;
	if (slot == BUCKET_SIZE || key_find(ledger, kind, key) != NONE ||
		(ledger->keys_freed == 0 && ledger->keys_high == ledger->params.keys))
		return NONE;
	return key_make(ledger, bucket, slot, kind, key);
}

void ledger_key_fill(struct adit_ledger_key *key, const struct adit_ledger_key *from)
{
	key->penalty = from->penalty;
	key->first_slice = from->first_slice;
	key->last_slice = from->last_slice;
	key->classes = from->classes;
	key->told = from->told;
	key->judged = from->judged;
	key->told_class = from->told_class;
	key->found = from->found;
	key->who = from->who;
	key->server = from->server;
	key->sample_count = from->sample_count;
	memcpy(key->sample, from->sample, from->sample_count * sizeof(from->sample[0]));
}

void ledger_touch(struct adit_ledger *ledger, uint32_t index)
{
	struct adit_ledger_key *key = &ledger->keys[index];

	key->last_slice = ledger->slice;
	if (key->touched == ledger->slice)
		return;
	key->touched = ledger->slice;
	key->touched_at = ledger->touched_count;
	ledger->touched[ledger->touched_count++] = index;
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

void ledger_child_link(struct adit_ledger *ledger, uint32_t index, uint32_t parent)
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
		ledger_add_row(ledger, index, row, adit_window_detail(window, at, row));
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
		ledger_child_link(ledger, index, parent);
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
	ledger_add_row(ledger, index, row, adit_window_detail(window, at, row));
}

uint32_t adit_ledger_find(const struct adit_ledger *ledger, enum adit_kind kind, uint64_t key)
{
	return key_find(ledger, kind, key);
}

uint32_t adit_ledger_expect(struct adit_ledger *ledger, const struct adit_look *look)
{
	uint64_t weight = (uint64_t)look->row.info_up + look->row.info_down;
	uint32_t slice = adit_slice_of(look->ts_ns), index;
	struct adit_ledger_key *key;

	if (domain_key(ledger, look->party.domain_key, weight, &look->domain) == NONE)
		return NONE;
	index = party_key(ledger, ADIT_KIND_PAIR, &look->row, &look->party);
	if (index == NONE)
		return NONE;
	key = &ledger->keys[index];
	party_update(key, &look->party, NULL, 0);
	/* Those that are new are of the look's slice, which has not begun here. */
	if (key->last_slice == 0)
		key->first_slice = key->last_slice = slice;
	key = &ledger->keys[key->parent];
	if (key->last_slice == 0)
		key->first_slice = key->last_slice = slice;
	return index;
}

/* Rows that moved no information can't make a tunnel; most of a resolver's are such. */
static bool row_counts(
	const struct adit_window *window, uint32_t at, enum adit_kind kind, uint32_t number)
{
	const struct adit_row *row = adit_window_row(window, at, kind, number);

	return row->info_up != 0 || row->info_down != 0 || row->detail != 0;
}

/* Nearly every key of a row is far from the one before in memory: it is loaded while rows before it
 * are added, its bucket first. */
#define AHEAD_BUCKET 16
#define AHEAD_KEY    8

/* The key that a bucket most likely has. */
static void key_prefetch(const struct adit_ledger *ledger, uint64_t key)
{
	const struct ledger_bucket *bucket = ledger_bucket_of(ledger, key);

	for (int i = 0; i < BUCKET_SIZE; i++)
		if (bucket->index[i] != 0 && bucket->tag[i] == key >> 32) {
			const char *it = (const char *)&ledger->keys[bucket->index[i] - 1];

			for (size_t at = 0; at < offsetof(struct adit_ledger_key, sample);
				at += ADIT_CACHE_LINE)
				__builtin_prefetch(it + at);
		}
}

static void rows_prefetch(const struct adit_ledger *ledger, const struct adit_window *window,
	uint32_t at, enum adit_kind kind, uint32_t number, uint32_t rows)
{
	uint32_t bucket = number + AHEAD_BUCKET, key = number + AHEAD_KEY;

	if (bucket < rows)
		__builtin_prefetch(
			ledger_bucket_of(ledger, adit_window_row(window, at, kind, bucket)->key));
	if (key < rows)
		key_prefetch(ledger, adit_window_row(window, at, kind, key)->key);
	if (kind != ADIT_KIND_PAIR)
		return;
	if (bucket < rows)
		__builtin_prefetch(ledger_bucket_of(
			ledger, adit_window_party(window, at, kind, bucket)->domain_key));
	if (key < rows)
		key_prefetch(ledger, adit_window_party(window, at, kind, key)->domain_key);
}

void adit_ledger_add(struct adit_ledger *ledger, const struct adit_window *window, uint32_t at)
{
	/* Domains first: a pair needs the domain that it belongs to. */
	for (int kind = 0; kind < ADIT_KIND_JUDGED; kind++) {
		uint32_t rows = adit_window_rows(window, at, kind);

		for (uint32_t i = 0; i < rows; i++) {
			rows_prefetch(ledger, window, at, kind, i, rows);
			if (!row_counts(window, at, kind, i))
				continue;
			if (kind == ADIT_KIND_DOMAIN)
				domain_add(ledger, window, at, i);
			else
				party_add(ledger, window, at, kind, i);
		}
	}
}

void adit_ledger_prefetch(const struct adit_ledger *ledger, uint32_t index)
{
	const struct adit_ledger_key *key = &ledger->keys[index];

	__builtin_prefetch(key);
	__builtin_prefetch((const char *)key + ADIT_CACHE_LINE);
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
			ledger_key_forget(ledger, ledger->hand);
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

struct adit_ledger_params adit_ledger_usage(const struct adit_ledger *ledger)
{
	return (struct adit_ledger_params){.keys = (uint32_t)adit_ledger_used(ledger),
		.entries = ledger->params.entries - ledger->entries_freed,
		.details = ledger->params.details - ledger->details_freed};
}

size_t adit_ledger_used(const struct adit_ledger *ledger)
{
	return ledger->keys_high - ledger->keys_freed;
}

const struct adit_ledger_counters *adit_ledger_counters(const struct adit_ledger *ledger)
{
	return &ledger->counters;
}
