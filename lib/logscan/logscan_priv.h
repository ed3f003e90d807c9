/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parts of this library share.
 */
#ifndef LOGSCAN_PRIV_H
#define LOGSCAN_PRIV_H

#include "adit_logscan.h"

/* Texts, each once, by number. */
struct interned {
	const char *text;
	uint32_t size;
	uint32_t hash;
};
struct intern {
	struct interned *list;
	uint32_t *index; /* open addressing, number + 1 */
	uint32_t count, room, index_size;
	char **blocks; /* the texts */
	uint32_t block_count, block_room;
	size_t block_used, block_size;
};
/* The number of a text; LOGSCAN_NO_MEMORY. */
#define LOGSCAN_NO_MEMORY UINT32_MAX
uint32_t intern_take(const struct adit_allocator *allocator, struct intern *intern,
	const char *text, size_t size);
void intern_clear(const struct adit_allocator *allocator, struct intern *intern);

/* A list with room for one more of `size` bytes each; NULL: no memory, and it is as before. */
void *list_grow(const struct adit_allocator *allocator, void *list, uint32_t count, uint32_t *room,
	size_t size);

/* Of a domain, ranked or not. */
struct tally {
	uint64_t rows, other_rows;
	bool missing;
	struct adit_logscan_domain *ranked; /* NULL: it is not */
};

#define ROWS_BITS 16 /* rows of a block */

struct adit_logscan {
	struct adit_logscan_params params;
	struct adit_allocator allocator;
	struct intern domains, types;
	struct tally *tallies; /* by domain */
	uint32_t tally_room;
	struct adit_logscan_pair *pairs;
	uint32_t *pair_index; /* open addressing, number + 1 */
	uint32_t pair_count, pair_room, pair_index_size;
	struct adit_logscan_kept **blocks;
	uint32_t block_count, block_room;
	size_t rows;
	uint32_t last_pair; /* most rows are of the one before */
	struct adit_logscan_domain *ranked;
	uint32_t ranked_count;
	uint32_t *ranks; /* by pair: rank of its domain, 0: none; asked for every row */
	uint32_t *ranked_pairs;
	uint32_t ranked_pair_count;
};

/* The pair of a domain and a type, made if it is new; LOGSCAN_NO_MEMORY. */
uint32_t pair_take(struct adit_logscan *scan, uint32_t domain, uint32_t type);

/* Time as groups have it. */
static inline uint64_t group_time(const struct adit_logscan *scan, uint64_t ts_ns)
{
	return scan->params.exact ? ts_ns : ts_ns - ts_ns % ADIT_NS_PER_S;
}

#endif
