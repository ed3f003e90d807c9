/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the ledger is made of: keys (ledger.c), their entries and detail records (rollup.c). Private
 * to lib/window.
 */
#ifndef ADIT_LEDGER_PRIV_H
#define ADIT_LEDGER_PRIV_H

#include "adit_ledger.h"

#define BUCKET_SIZE 8
#define RUN         8 /* keys that are compared when one must give way */

struct entry {
	uint32_t first_slice, last_slice;
	uint32_t next;
	uint32_t names;      /* distinct names, for the key's sum */
	struct adit_row row; /* row.detail: number in ledger->details + 1 */
};

/* One cache line. Keys lie far apart: the tag says which of them to look at. */
struct ledger_bucket {
	uint32_t index[BUCKET_SIZE]; /* key index + 1; 0: free */
	uint32_t tag[BUCKET_SIZE];   /* of that key: its high half */
} ADIT_CACHE_ALIGNED;
static_assert(sizeof(struct ledger_bucket) == ADIT_CACHE_LINE, "a bucket is one cache line");

struct adit_ledger {
	struct adit_ledger_params params;
	struct adit_ledger_key *keys;
	struct entry *entries;
	struct adit_detail *details;
	struct ledger_bucket *buckets;
	uint32_t *keys_free, *entries_free, *details_free, *touched;
	uint32_t *details_owner; /* key of each detail record that is in use */
	uint32_t keys_freed, entries_freed, details_freed; /* stack heights */
	uint32_t keys_high;                                /* indexes below it have been used */
	uint32_t touched_count;
	uint32_t bucket_mask;
	uint32_t slice, hand, details_hand;
	uint32_t pinned; /* key that must not give way now; params.keys: none */
	struct adit_ledger_counters counters;
	struct adit_allocator allocator;
};

static inline struct ledger_bucket *ledger_bucket_of(const struct adit_ledger *ledger, uint64_t key)
{
	return &ledger->buckets[key & ledger->bucket_mask];
}

/* What an entry of a tier spans, in slices. */
static inline uint32_t ledger_tier_block(int tier)
{
	return tier == ADIT_TIER_SLICES    ? 1
	       : tier == ADIT_TIER_MINUTES ? ADIT_MINUTE_SLICES
					   : ADIT_HOUR_SLICES;
}

/* The key that gives way: of a run of keys from the hand on (or of a full bucket), the one of least
 * weight that may go, or, `with_entries`, of those that have any. ADIT_LEDGER_NONE: none. */
uint32_t ledger_key_least(
	const struct adit_ledger *ledger, const struct ledger_bucket *bucket, bool with_entries);
void ledger_hand_move(struct adit_ledger *ledger);
/* The key that gives up a detail record, when all are in use: of the owners of a run of records
 * from their hand on, the one of least weight. Moves the hand. */
uint32_t ledger_owner_least(struct adit_ledger *ledger);
/* The key got something in this slice. */
void ledger_touch(struct adit_ledger *ledger, uint32_t index);

/* From the state file (ledger_state.c): a new key where there is room for it, NONE where there is
 * none or the key is there already; and what it is, but for its places in tables. */
uint32_t ledger_key_put(struct adit_ledger *ledger, enum adit_kind kind, uint64_t key);
void ledger_key_fill(struct adit_ledger_key *key, const struct adit_ledger_key *from);
/* The last of a key's list, with its share of the key's sums. */
void ledger_list_append(struct adit_ledger *ledger, struct adit_ledger_key *key,
	struct adit_ledger_list *list, uint32_t number);
void ledger_child_link(struct adit_ledger *ledger, uint32_t index, uint32_t parent);
void ledger_key_forget(struct adit_ledger *ledger, uint32_t index);

bool ledger_key_is_empty(const struct adit_ledger_key *key);
/* Drops the oldest entry of a key. False: it has none. */
bool ledger_drop_oldest(struct adit_ledger *ledger, struct adit_ledger_key *key);
/* Adds a sealed row to a key: into this slice's entry, made if it is the first. */
void ledger_add_row(struct adit_ledger *ledger, uint32_t index, const struct adit_row *row,
	const struct adit_detail *detail);

#endif
