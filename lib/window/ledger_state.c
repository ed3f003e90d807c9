/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ledger in the state file: section "keys", a key with its entries and their records, and
 * section "pairs", which says whose each pair is and in which order. No place in a table is saved:
 * a table of another size takes the same file. Loading reads all of it once before it changes
 * anything.
 */
#include "ledger_priv.h"

#include "adit_codec.h"

#include <errno.h>
#include <stdlib.h>

#define NONE            ADIT_LEDGER_NONE
#define SECTION_KEYS    "keys"
#define SECTION_PAIRS   "pairs"
#define SECTION_VERSION 1
#define TIER_MOST       UINT16_MAX

/* Fields are as large as in memory, or smaller, but for what tells which are there. */
#define CODE_ROOM 128

size_t adit_ledger_state_bytes(const struct adit_ledger_params *params)
{
	return 2 * ADIT_STATE_MARK_BYTES +
	       params->keys * (sizeof(struct adit_ledger_key) + CODE_ROOM) +
	       params->entries * sizeof(struct entry) +
	       params->details * (sizeof(struct adit_detail) + CODE_ROOM);
}

static void key_code(struct adit_state_io *io, struct adit_ledger_key *key)
{
	uint32_t samples = key->sample_count;

	adit_state_u64(io, &key->key);
	adit_state_u8(io, &key->kind);
	adit_state_u64(io, &key->penalty);
	adit_state_u32(io, &key->first_slice);
	adit_state_u32(io, &key->last_slice);
	adit_state_u32(io, &key->classes);
	adit_state_u32(io, &key->told);
	adit_state_u32(io, &key->judged);
	adit_state_u8(io, &key->told_class);
	adit_state_u8(io, &key->found);
	if (key->kind >= ADIT_KIND_JUDGED)
		adit_state_refuse(io, "a key is of kind 0, 1 or 2");
	if (key->kind != ADIT_KIND_DOMAIN) {
		adit_subscriber_code(io, &key->who);
		adit_address_code(io, &key->server);
	}
	adit_state_count(io, &samples, ADIT_LEDGER_SAMPLES);
	key->sample_count = (uint8_t)samples;
	for (uint32_t i = 0; i < samples; i++)
		adit_sample_code(io, &key->sample[i]);
	if (io->loads && key->kind == ADIT_KIND_DOMAIN && samples == 0)
		adit_state_refuse(io, "a domain has a name");
}

/* An entry, and its record where it has one. */
static bool entry_code(struct adit_state_io *io, struct entry *entry, struct adit_detail *detail)
{
	bool has_detail = entry->row.detail != 0;

	adit_state_u32(io, &entry->first_slice);
	adit_state_u32(io, &entry->last_slice);
	adit_state_u32(io, &entry->names);
	adit_row_code(io, &entry->row);
	adit_state_bool(io, &has_detail);
	if (has_detail)
		adit_detail_code(io, detail);
	if (io->loads && entry->first_slice > entry->last_slice)
		adit_state_refuse(io, "what a key got can't end before it begins");
	return has_detail;
}

static uint16_t tier_length(const struct adit_ledger *ledger, const struct adit_ledger_list *list)
{
	uint32_t length = 0;

	for (uint32_t i = list->first; i != NONE; i = ledger->entries[i].next)
		length++;
	return length < TIER_MOST ? (uint16_t)length : TIER_MOST;
}

static void key_save(
	struct adit_ledger *ledger, struct adit_state_io *io, struct adit_ledger_key *key)
{
	key_code(io, key);
	for (int tier = 0; tier < ADIT_TIER_COUNT; tier++) {
		uint16_t length = tier_length(ledger, &key->tier[tier]);
		uint32_t at = key->tier[tier].first;

		adit_state_u16(io, &length);
		for (; length > 0; length--) {
			struct entry *entry = &ledger->entries[at];
			uint32_t detail = entry->row.detail;

			entry_code(io, entry, detail != 0 ? &ledger->details[detail - 1] : NULL);
			at = entry->next;
		}
	}
}

static void pairs_save(struct adit_ledger *ledger, struct adit_state_io *io)
{
	uint64_t domains = 0;

	adit_state_save_section(io, SECTION_PAIRS, SECTION_VERSION);
	for (uint32_t i = 0; i < ledger->keys_high; i++) {
		struct adit_ledger_key *key = &ledger->keys[i];

		if (!key->used || key->child == NONE)
			continue;
		domains++;
		adit_state_u64(io, &key->key);
		adit_state_u32(io, &key->children);
		for (uint32_t child = key->child; child != NONE;
			child = ledger->keys[child].sibling_next)
			adit_state_u64(io, &ledger->keys[child].key);
	}
	adit_state_save_section_end(io, domains);
}

void adit_ledger_save(struct adit_ledger *ledger, struct adit_state_io *io)
{
	uint64_t keys = 0;

	adit_state_save_section(io, SECTION_KEYS, SECTION_VERSION);
	adit_state_u32(io, &ledger->slice);
	adit_state_u32(io, &ledger->hand);
	adit_state_u32(io, &ledger->details_hand);
	for (uint32_t i = 0; i < ledger->keys_high; i++) {
		if (!ledger->keys[i].used)
			continue;
		keys++;
		key_save(ledger, io, &ledger->keys[i]);
	}
	adit_state_save_section_end(io, keys);
	pairs_save(ledger, io);
}

/* Where a key stands in the file, and what it carries. */
struct place {
	size_t at;
	uint64_t weight;
};

/* What loading needs. */
struct load {
	struct adit_ledger *ledger;
	const uint8_t *classes;
	struct adit_state_left *left;
	struct adit_ledger_key key; /* scratch */
	struct entry entry;
	struct adit_detail detail;
	uint64_t entries, details; /* in the file */
};

static void classes_map(const uint8_t *classes, struct adit_detail *detail)
{
	uint32_t before[ADIT_CLASS_COUNT];

	memcpy(before, detail->class_names, sizeof(before));
	memset(detail->class_names, 0, sizeof(detail->class_names));
	for (int i = 0; i < ADIT_CLASS_COUNT; i++)
		if (classes[i] < ADIT_CLASS_COUNT)
			detail->class_names[classes[i]] = before[i];
}

static uint32_t classes_of(const uint8_t *classes, uint32_t before)
{
	uint32_t now = 0;

	for (int i = 0; i < ADIT_CLASS_COUNT; i++)
		if (classes[i] < ADIT_CLASS_COUNT && before >> i & 1)
			now |= 1u << classes[i];
	return now;
}

/* Reads a key and leaves it: what it carries. */
static uint64_t key_skip(struct load *load, struct adit_state_io *io)
{
	uint64_t weight = 0;

	memset(&load->key, 0, sizeof(load->key));
	key_code(io, &load->key);
	for (int tier = 0; tier < ADIT_TIER_COUNT && !io->failed; tier++) {
		uint16_t length = 0;

		adit_state_u16(io, &length);
		for (; length > 0 && !io->failed; length--) {
			load->details += entry_code(io, &load->entry, &load->detail);
			load->entries++;
			weight += (uint64_t)load->entry.row.info_up + load->entry.row.info_down;
			if (load->entry.last_slice > load->ledger->slice)
				adit_state_refuse(io, "nothing is later than the last slice");
		}
	}
	return weight;
}

/* A record for what stands in load->detail; 0: none is left. */
static uint32_t detail_put(struct load *load, uint32_t key)
{
	struct adit_ledger *ledger = load->ledger;
	uint32_t number;

	if (ledger->details_freed == 0) {
		load->left->details++;
		load->entry.row.flags |= ADIT_ROW_MORE_NAMES;
		return 0;
	}
	number = ledger->details_free[--ledger->details_freed];
	ledger->details_owner[number] = key;
	ledger->details[number] = load->detail;
	classes_map(load->classes, &ledger->details[number]);
	return number + 1;
}

static void entry_put(struct load *load, uint32_t key, int tier, bool has_detail)
{
	struct adit_ledger *ledger = load->ledger;
	uint32_t number;

	if (ledger->entries_freed == 0) {
		load->left->windows++;
		return;
	}
	number = ledger->entries_free[--ledger->entries_freed];
	load->entry.row.detail = has_detail ? detail_put(load, key) : 0;
	load->entry.row.key = ledger->keys[key].key;
	ledger->entries[number] = load->entry;
	ledger_list_append(ledger, &ledger->keys[key], &ledger->keys[key].tier[tier], number);
}

/* A key of the file into the ledger, or, for want of room, over it. */
static void key_put(struct load *load, struct adit_state_io *io)
{
	struct adit_ledger *ledger = load->ledger;
	struct adit_ledger_key *key = &load->key;
	uint32_t index;

	memset(key, 0, sizeof(*key));
	key_code(io, key);
	index = ledger_key_put(ledger, key->kind, key->key);
	if (index == NONE) {
		load->left->keys++;
		return;
	}
	key->classes = classes_of(load->classes, key->classes);
	ledger_key_fill(&ledger->keys[index], key);
	for (int tier = 0; tier < ADIT_TIER_COUNT; tier++) {
		uint16_t length = 0;

		adit_state_u16(io, &length);
		for (; length > 0; length--)
			entry_put(load, index, tier, entry_code(io, &load->entry, &load->detail));
	}
}

static int place_heavier(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return a->at < b->at ? -1 : a->at > b->at;
}

/* Of each domain its pairs, in their order: the first of a list was linked last. */
static void pairs_load(struct adit_ledger *ledger, struct adit_state_io *io)
{
	for (uint64_t i = 0; i < io->entries && !io->failed; i++) {
		uint64_t key = 0;
		uint32_t count = 0, domain;
		size_t first;

		adit_state_u64(io, &key);
		adit_state_u32(io, &count);
		first = io->at;
		if (count > (io->size - io->at) / sizeof(key)) {
			adit_state_refuse(io, "it ends before its last entry does");
			return;
		}
		domain = adit_ledger_find(ledger, ADIT_KIND_DOMAIN, key);
		for (uint32_t k = count; k > 0 && domain != NONE; k--) {
			uint32_t pair;

			io->at = first + (k - 1) * sizeof(key);
			adit_state_u64(io, &key);
			pair = adit_ledger_find(ledger, ADIT_KIND_PAIR, key);
			if (pair != NONE && ledger->keys[pair].parent == NONE)
				ledger_child_link(ledger, pair, domain);
		}
		io->at = first + count * sizeof(key);
	}
}

/* Looks at all keys; *places, one for each, is for free(). */
static int keys_check(struct load *load, const struct adit_state_file *file,
	struct adit_state_io *io, struct place **places, struct adit_error *error)
{
	uint64_t count = io->entries;

	/* A key has more than 32 bytes: what says that there are more would be read for long. */
	if (count > (io->size - io->at) / 32)
		adit_state_refuse(io, "it has not the bytes for so many keys");
	else
		*places = adit_alloc(NULL, (count + 1) * sizeof(**places), sizeof(void *));
	if (!io->failed && *places == NULL)
		return adit_error_set(error, -ENOMEM, "%s: no memory to read it", file->path);
	for (uint64_t i = 0; i < count && !io->failed; i++) {
		(*places)[i].at = io->at;
		(*places)[i].weight = key_skip(load, io);
	}
	return adit_state_load_end(file, io, error);
}

/* Pairs that no domain has can't be named. */
static void orphans_forget(struct load *load)
{
	struct adit_ledger *ledger = load->ledger;

	for (uint32_t i = 0; i < ledger->keys_high; i++)
		if (ledger->keys[i].used && ledger->keys[i].kind == ADIT_KIND_PAIR &&
			ledger->keys[i].parent == NONE) {
			ledger_key_forget(ledger, i);
			load->left->keys++;
		}
}

static int keys_load(struct load *load, const struct adit_state_file *file,
	struct adit_state_io *io, struct adit_error *error)
{
	struct adit_ledger *ledger = load->ledger;
	struct place *places = NULL;
	uint64_t count = io->entries;
	uint32_t hand = 0;
	int status;

	adit_state_u32(io, &ledger->slice);
	if (ledger->slice > ADIT_SLICE_MOST)
		adit_state_refuse(io, "no time has such a slice");
	adit_state_u32(io, &hand);
	adit_state_u32(io, &ledger->details_hand);
	status = keys_check(load, file, io, &places, error);
	if (status == 0) {
		if (count > ledger->params.keys || load->entries > ledger->params.entries ||
			load->details > ledger->params.details)
			qsort(places, count, sizeof(*places), place_heavier);
		for (uint64_t i = 0; i < count; i++) {
			io->at = places[i].at;
			key_put(load, io);
		}
		ledger->hand = ledger->keys_high != 0 ? hand % ledger->keys_high : 0;
		ledger->details_hand %= ledger->params.details;
	}
	adit_free(NULL, places);
	return status;
}

int adit_ledger_load(struct adit_ledger *ledger, const struct adit_state_file *file,
	const uint8_t classes[ADIT_CLASS_COUNT], struct adit_state_left *left,
	struct adit_error *error)
{
	struct load load = {.ledger = ledger, .classes = classes, .left = left};
	struct adit_state_io keys, pairs;
	int status;

	adit_ledger_reset(ledger);
	status = adit_state_load(file, SECTION_KEYS, SECTION_VERSION, &keys, error);
	if (status == 0)
		status = adit_state_load(file, SECTION_PAIRS, SECTION_VERSION, &pairs, error);
	if (status == 0)
		status = keys_load(&load, file, &keys, error);
	if (status == 0) {
		pairs_load(ledger, &pairs);
		status = adit_state_load_end(file, &pairs, error);
		orphans_forget(&load);
	}
	if (status != 0)
		adit_ledger_reset(ledger);
	return status;
}
