/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Roll-ups. A key holds three lists of entries: slices of the last 10 minutes, minutes before that
 * up to an hour, hours before that up to a day. When a key is added to, its entries that have grown
 * old move on to the next list and are merged there, those of over a day ago are dropped: amortised
 * constant work per addition, and none for keys that are idle.
 */
#include "ledger_priv.h"

#define NONE ADIT_LEDGER_NONE

/* Up to which age an entry stays in its tier, in slices. */
static const uint32_t tier_age[ADIT_TIER_COUNT] = {
	ADIT_SPAN_SLICES, ADIT_HOUR_SLICES, ADIT_DAY_SLICES};

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

bool ledger_drop_oldest(struct adit_ledger *ledger, struct adit_ledger_key *key)
{
	for (int tier = ADIT_TIER_COUNT - 1; tier >= 0; tier--)
		if (key->tier[tier].first != NONE) {
			entry_free(ledger, list_pop(ledger, key, &key->tier[tier]));
			return true;
		}
	return false;
}

bool ledger_key_is_empty(const struct adit_ledger_key *key)
{
	for (int tier = 0; tier < ADIT_TIER_COUNT; tier++)
		if (key->tier[tier].first != NONE)
			return false;
	return true;
}

/* Tries before an entry or a detail record is refused: what a slice may cost stays bounded. */
#define TRIES 64

/* An entry: a free one, else the oldest of a light key. */
static uint32_t entry_take(struct adit_ledger *ledger)
{
	for (int tries = 0; ledger->entries_freed == 0 && tries < TRIES; tries++) {
		uint32_t victim = ledger_key_least(ledger, NULL, true);

		ledger_hand_move(ledger);
		if (victim != NONE && ledger_drop_oldest(ledger, &ledger->keys[victim]))
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

/* Returns a record's number + 1, or 0 after a bounded search: what the only record stands in may be
 * on its way from list to list. */
static uint32_t detail_take(struct adit_ledger *ledger, const struct adit_ledger_key *key)
{
	uint32_t number;

	for (int tries = 0; ledger->details_freed == 0 && tries < TRIES; tries++)
		if (key_drop_detail(ledger, &ledger->keys[ledger_owner_least(ledger)]))
			ledger->counters.details_dropped++;
	if (ledger->details_freed == 0) {
		ledger->counters.details_dropped++;
		return 0;
	}
	number = ledger->details_free[--ledger->details_freed];
	ledger->details_owner[number] = (uint32_t)(key - ledger->keys);
	return number + 1;
}

static struct adit_detail *detail_of(const struct adit_ledger *ledger, const struct adit_row *row)
{
	return row->detail != 0 ? &ledger->details[row->detail - 1] : NULL;
}

/* The entry's detail record, taken if it has none. NULL: none can be had. */
static struct adit_detail *entry_detail(
	struct adit_ledger *ledger, const struct adit_ledger_key *key, struct entry *entry)
{
	struct adit_detail *detail;

	if (entry->row.detail != 0)
		return detail_of(ledger, &entry->row);
	entry->row.detail = detail_take(ledger, key);
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
static void entry_merge(struct adit_ledger *ledger, const struct adit_ledger_key *key,
	struct entry *entry, const struct adit_row *row, const struct adit_detail *detail)
{
	struct adit_row before = entry->row;
	struct adit_detail *into;

	if (adit_row_merge(&entry->row, row) && detail == NULL && entry->row.detail == 0)
		return;
	/* A record that is made now stands for the row as it was. */
	if (entry->row.detail == 0) {
		struct adit_row merged = entry->row;

		entry->row = before;
		into = entry_detail(ledger, key, entry);
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
	if (block == NULL || block->first_slice / ledger_tier_block(tier) !=
				     entry->first_slice / ledger_tier_block(tier)) {
		list_append(ledger, key, &key->tier[tier], number);
		return;
	}
	before = (uint64_t)block->row.info_up + block->row.info_down;
	if (block->row.detail == 0 && entry->row.detail != 0) {
		adit_detail_from_row(detail_of(ledger, &entry->row), &block->row);
		adit_row_merge(&block->row, &entry->row);
		block->row.detail = entry->row.detail;
		entry->row.detail = 0;
	} else {
		entry_merge(ledger, key, block, &entry->row, detail_of(ledger, &entry->row));
	}
	block->last_slice = entry->last_slice;
	key_recount(ledger, key, block, before);
	entry_free(ledger, number);
}

static void key_age(struct adit_ledger *ledger, struct adit_ledger_key *key)
{
	for (int tier = 0; tier < ADIT_TIER_COUNT; tier++) {
		struct adit_ledger_list *list = &key->tier[tier];

		while (list->first != NONE &&
			ledger->entries[list->first].last_slice + tier_age[tier] <= ledger->slice) {
			uint32_t number = list_pop(ledger, key, list);

			if (tier + 1 < ADIT_TIER_COUNT)
				entry_age(ledger, key, tier + 1, number);
			else
				entry_free(ledger, number);
		}
	}
}

void ledger_add_row(struct adit_ledger *ledger, uint32_t index, const struct adit_row *row,
	const struct adit_detail *detail)
{
	struct adit_ledger_key *key = &ledger->keys[index];
	struct adit_ledger_list *slices = &key->tier[ADIT_TIER_SLICES];
	struct entry *entry;
	uint64_t before;
	uint32_t number;

	key_age(ledger, key);
	if (slices->last == NONE || ledger->entries[slices->last].last_slice != ledger->slice) {
		number = entry_take(ledger);
		if (number == NONE)
			return;
		ledger_touch(ledger, index);
		entry = &ledger->entries[number];
		memset(entry, 0, sizeof(*entry));
		entry->row.key = key->key;
		entry->first_slice = entry->last_slice = ledger->slice;
		list_append(ledger, key, slices, number);
	}
	entry = &ledger->entries[slices->last];
	before = (uint64_t)entry->row.info_up + entry->row.info_down;
	entry_merge(ledger, key, entry, row, detail);
	key_recount(ledger, key, entry, before);
	if (detail != NULL)
		for (int i = 0; i < ADIT_CLASS_COUNT; i++)
			key->classes |= (uint32_t)(detail->class_names[i] != 0) << i;
}

static void key_forget(struct adit_ledger *ledger, struct adit_ledger_key *key, uint32_t classes)
{
	key->classes &= ~classes;
	for (int tier = 0; tier < ADIT_TIER_COUNT; tier++)
		for (uint32_t at = key->tier[tier].first; at != NONE;
			at = ledger->entries[at].next) {
			uint32_t number = ledger->entries[at].row.detail;

			for (uint32_t left = number != 0 ? classes : 0; left != 0; left &= left - 1)
				ledger->details[number - 1].class_names[__builtin_ctz(left)] = 0;
		}
}

void adit_ledger_forget(struct adit_ledger *ledger, uint32_t classes)
{
	for (uint32_t i = 0; i < ledger->keys_high; i++)
		if (ledger->keys[i].used && (ledger->keys[i].classes & classes) != 0)
			key_forget(ledger, &ledger->keys[i], classes);
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

static const uint32_t span_lengths[ADIT_SPAN_COUNT] = {
	1, ADIT_SPAN_SLICES, ADIT_HOUR_SLICES, ADIT_DAY_SLICES};

/* The tier in which a span begins. */
static int span_tier(enum adit_span span)
{
	return span <= ADIT_SPAN_10MIN ? ADIT_TIER_SLICES : (int)span - 1;
}

bool adit_ledger_sum(
	const struct adit_ledger *ledger, uint32_t index, enum adit_span span, struct adit_sum *sum)
{
	const struct adit_ledger_key *key = &ledger->keys[index];

	adit_sum_clear(sum);
	for (int tier = span_tier(span); tier >= 0; tier--)
		for (uint32_t i = key->tier[tier].first; i != NONE; i = ledger->entries[i].next) {
			const struct entry *entry = &ledger->entries[i];

			if (entry->next != NONE)
				__builtin_prefetch(&ledger->entries[entry->next]);
			if (entry->last_slice + span_lengths[span] > ledger->slice)
				adit_sum_add(sum, &entry->row, detail_of(ledger, &entry->row),
					entry->first_slice, entry->last_slice);
		}
	return sum->windows != 0;
}

/* Walks a key's entries in a span, the latest tier first: what is at hand, and nothing beyond. */
struct walk {
	const struct adit_ledger *ledger;
	const struct adit_ledger_key *key;
	enum adit_span span;
	int tier;
	uint32_t next;
};

static struct walk walk_begin(const struct adit_ledger *ledger, uint32_t index, enum adit_span span)
{
	const struct adit_ledger_key *key = &ledger->keys[index];

	return (struct walk){ledger, key, span, 0, key->tier[0].first};
}

static const struct entry *walk_next(struct walk *walk)
{
	for (;;) {
		const struct entry *entry;

		while (walk->next == NONE) {
			if (walk->tier == span_tier(walk->span))
				return NULL;
			walk->next = walk->key->tier[++walk->tier].first;
		}
		entry = &walk->ledger->entries[walk->next];
		walk->next = entry->next;
		if (walk->next != NONE)
			__builtin_prefetch(&walk->ledger->entries[walk->next]);
		if (entry->last_slice + span_lengths[walk->span] > walk->ledger->slice)
			return entry;
	}
}

/* Adds names to a list of distinct ones. False: there are more than `most`. */
static bool names_within(
	uint32_t *list, uint32_t *count, const uint32_t *names, uint32_t number, uint32_t most)
{
	for (uint32_t i = 0; i < number; i++) {
		uint32_t at = 0;

		while (at < *count && list[at] != names[i])
			at++;
		if (at < *count)
			continue;
		if (*count == most)
			return false;
		list[(*count)++] = names[i];
	}
	return true;
}

/* What stands in detail records, which lie apart. */
static bool details_within(struct walk walk, const struct adit_ledger_load *most)
{
	uint32_t list[ADIT_LEDGER_NAMES], names = 0;
	bool counts_names = most->names <= ADIT_LEDGER_NAMES;
	uint64_t id_steps = 0;
	const struct entry *entry;

	while ((entry = walk_next(&walk)) != NULL) {
		const struct adit_detail *detail = detail_of(walk.ledger, &entry->row);
		const uint32_t *hashes = detail != NULL ? detail->names.hash : entry->row.name;
		uint32_t count = detail != NULL ? detail->names.count : entry->row.names;

		id_steps += detail != NULL ? detail->id_steps : 0;
		if (id_steps > most->id_steps ||
			(counts_names && !names_within(list, &names, hashes, count, most->names)))
			return false;
	}
	return true;
}

bool adit_ledger_within(const struct adit_ledger *ledger, uint32_t index, enum adit_span span,
	const struct adit_ledger_load *most)
{
	struct walk walk = walk_begin(ledger, index, span);
	struct adit_ledger_load load = {0};
	const struct entry *entry;

	while ((entry = walk_next(&walk)) != NULL) {
		load.information += (uint64_t)entry->row.info_up + entry->row.info_down;
		load.messages += (uint64_t)entry->row.queries + entry->row.responses;
		load.unparsable += entry->row.unparsable;
		if (load.information > most->information || load.messages > most->messages ||
			load.unparsable > most->unparsable)
			return false;
	}
	if (most->id_steps == UINT64_MAX && most->names > ADIT_LEDGER_NAMES)
		return true;
	return details_within(walk_begin(ledger, index, span), most);
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
