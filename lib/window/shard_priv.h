/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The tables of one shard. Private to lib/window.
 */
#ifndef ADIT_SHARD_PRIV_H
#define ADIT_SHARD_PRIV_H

#include "adit_window.h"

/* An index bucket is one cache line: 8 slots of {epoch 16, tag 16, row 32}. A slot of another
 * epoch is free, so a new slice empties the index by counting the epoch up. */
#define BUCKET_SLOTS 8
struct bucket {
	uint64_t slot[BUCKET_SLOTS];
} ADIT_CACHE_ALIGNED;

#define ROW_NONE UINT32_MAX

struct table {
	struct bucket *buckets;
	struct adit_row *rows; /* dense: [0, used) */
	uint32_t *penalty;     /* what newcomers wore off; touched only when the table is full */
	void *sides;           /* struct adit_domain or struct adit_party, one a row */
	uint32_t bucket_mask, capacity, used;
	uint16_t epoch;
};

struct adit_shard {
	struct table table[ADIT_KIND_COUNT];
	struct adit_detail *details;
	uint32_t *details_free; /* numbers of records given back */
	uint32_t details_capacity, details_used, details_freed;
} ADIT_CACHE_ALIGNED;

static inline struct bucket *bucket_of(const struct table *table, uint64_t key)
{
	return &table->buckets[key & table->bucket_mask];
}

#endif
