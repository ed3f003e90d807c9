/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The blind spot: how much encrypted DNS each subscriber has in an hour. Nothing is said of what is
 * in it. A table is filled by the scoring core, handed over by pointer when its hour is over, read
 * and sorted by the management thread, and given back empty.
 *
 * Memory (adit_blind_bytes): per subscriber sizeof(struct adit_blind_row) and 32 to 64 bytes of
 * index. When it is full, the lightest of eight gives way to a subscriber that has more in a slice,
 * or the newcomer is refused; both are counted.
 */
#ifndef ADIT_BLIND_H
#define ADIT_BLIND_H

#include "adit_window.h"

#ifdef __cplusplus
extern "C" {
#endif

struct index;

struct adit_blind_row {
	struct adit_subscriber who;
	struct adit_address resolver; /* the first one seen */
	uint64_t packets_up[ADIT_TRANSPORT_COUNT], packets_down[ADIT_TRANSPORT_COUNT];
	uint64_t bytes_up[ADIT_TRANSPORT_COUNT], bytes_down[ADIT_TRANSPORT_COUNT];
};

/* Owned by one thread at a time. */
struct adit_blind {
	uint32_t first_slice, last_slice; /* of what is in it; where count is 0: undefined */
	uint32_t count, capacity;
	/* Never reset; written by the scoring core. */
	struct adit_blind_counters {
		uint64_t evicted, refused;
	} counters;
	struct adit_blind_row *rows;
	struct index *index; /* by subscriber key */
	struct adit_allocator allocator;
};

size_t adit_blind_bytes(uint32_t capacity);
/* Returns NULL when there is no memory. */
struct adit_blind *adit_blind_create(uint32_t capacity, const struct adit_allocator *allocator);
void adit_blind_destroy(struct adit_blind *blind);

void adit_blind_clear(struct adit_blind *blind);
/* Adds what shard `at` of a sealed window counted in `slice`. */
void adit_blind_add(
	struct adit_blind *blind, const struct adit_window *window, uint32_t at, uint32_t slice);
/* By subscriber key; NULL: none. Not after a sort. */
const struct adit_blind_row *adit_blind_find(const struct adit_blind *blind, uint64_t key);
/* Orders the rows: the most bytes first, then by address and context. Only to be cleared then. */
void adit_blind_sort(struct adit_blind *blind);

#ifdef __cplusplus
}
#endif
#endif
