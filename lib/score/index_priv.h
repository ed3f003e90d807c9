/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where the row of a key stands: open addressing over keys that are keyed hashes already, so that
 * their low bits choose the place. Private to lib/score; owned by whoever owns the rows.
 */
#ifndef ADIT_INDEX_PRIV_H
#define ADIT_INDEX_PRIV_H

#include "adit_base.h"

struct index_slot {
	uint64_t key;
	uint32_t row; /* + 1; 0: free */
};

struct index {
	struct index_slot *slots;
	uint32_t mask;
};

/* Slots for so many rows: at most half of them are taken. */
static inline uint32_t index_slots(uint32_t rows)
{
	uint32_t slots = 2;

	while (slots < 2 * (uint64_t)rows)
		slots *= 2;
	return slots;
}

static inline size_t index_bytes(uint32_t rows)
{
	return index_slots(rows) * sizeof(struct index_slot);
}

static inline bool index_make(
	struct index *index, uint32_t rows, const struct adit_allocator *allocator)
{
	index->mask = index_slots(rows) - 1;
	index->slots = adit_alloc(allocator, index_bytes(rows), ADIT_CACHE_LINE);
	return index->slots != NULL;
}

static inline void index_clear(struct index *index)
{
	memset(index->slots, 0, (index->mask + (size_t)1) * sizeof(*index->slots));
}

/* The slot of a key, or the free one where it would stand. */
static inline struct index_slot *index_find(const struct index *index, uint64_t key)
{
	uint32_t at = (uint32_t)key & index->mask;

	while (index->slots[at].row != 0 && index->slots[at].key != key)
		at = (at + 1) & index->mask;
	return &index->slots[at];
}

/* Frees the slot of a key that is there; those behind it move up (Knuth 6.4, algorithm R). */
static inline void index_remove(struct index *index, uint64_t key)
{
	uint32_t at = (uint32_t)(index_find(index, key) - index->slots), next = at;

	for (;;) {
		uint32_t home;

		index->slots[at].row = 0;
		do {
			next = (next + 1) & index->mask;
			if (index->slots[next].row == 0)
				return;
			home = (uint32_t)index->slots[next].key & index->mask;
		} while (at <= next ? at < home && home <= next : at < home || home <= next);
		index->slots[at] = index->slots[next];
		at = next;
	}
}

#endif
