/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What must hold in the tables of a shard at any time.
 */
#ifndef ADIT_TEST_SHARD_CHECK_H
#define ADIT_TEST_SHARD_CHECK_H

#include "harness.h"
#include "shard_priv.h"

static inline struct adit_window *window_make(uint32_t shards, uint32_t rows, uint32_t details)
{
	struct adit_window_params params = {
		.shards = shards, .rows = {rows, rows, rows, rows, rows}, .details = details};
	struct adit_window *window = adit_window_create(&params, NULL);

	if (window == NULL)
		FAIL("no window");
	else
		adit_window_open(window, 1);
	return window;
}

static inline void check_table(const struct adit_shard *shard, const struct table *table, int kind)
{
	uint32_t slots = 0;

	if (table->used > table->capacity)
		FAIL("kind %d: %u rows of %u", kind, table->used, table->capacity);
	for (uint32_t b = 0; b <= table->bucket_mask; b++)
		for (int i = 0; i < BUCKET_SLOTS; i++)
			slots += table->buckets[b].mark[i] >> 16 == table->epoch;
	if (slots != table->used)
		FAIL("kind %d: %u slots for %u rows", kind, slots, table->used);
	for (uint32_t row = 0; row < table->used; row++) {
		const struct adit_row *it = &table->rows[row];
		const struct bucket *bucket = bucket_of(table, it->key);
		int found = 0;

		for (int i = 0; i < BUCKET_SLOTS; i++)
			found += bucket->row[i] == row &&
				 bucket->mark[i] ==
					 ((uint32_t)table->epoch << 16 | (uint32_t)(it->key >> 48));
		if (found != 1)
			FAIL("kind %d: row %u has %d slots", kind, row, found);
		for (uint32_t other = 0; other < row; other++)
			if (table->rows[other].key == it->key)
				FAIL("kind %d: rows %u and %u are of one key", kind, other, row);
		if (it->detail != 0 &&
			(it->detail > shard->records_used || shard->records[it->detail - 1].owner !=
								     ((uint32_t)kind << 29 | row)))
			FAIL("kind %d: row %u has a record that is not its own", kind, row);
	}
}

static inline void check_shard(const struct adit_window *window, uint32_t at)
{
	const struct adit_shard *shard = &window->shard[at];
	uint32_t owned = 0;

	for (int kind = 0; kind < ADIT_KIND_COUNT; kind++) {
		check_table(shard, &shard->table[kind], kind);
		for (uint32_t row = 0; row < shard->table[kind].used; row++)
			owned += shard->table[kind].rows[row].detail != 0;
	}
	/* Each row's record names it as its owner, so none is shared; with those given back they
	 * are all. */
	if (owned + shard->records_freed != shard->records_used ||
		shard->records_used > shard->records_capacity)
		FAIL("details: %u owned, %u free, %u used of %u", owned, shard->records_freed,
			shard->records_used, shard->records_capacity);
}

#endif
