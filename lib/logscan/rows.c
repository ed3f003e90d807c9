/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is kept of rows: where each stands, when, and the number of its domain and type.
 */
#include "logscan_priv.h"

#include <errno.h>

#define BLOCK_ROWS (1u << ROWS_BITS)

struct adit_logscan *adit_logscan_create(
	const struct adit_logscan_params *params, const struct adit_allocator *allocator)
{
	struct adit_logscan *made = adit_alloc(allocator, sizeof(*made), ADIT_CACHE_LINE);

	if (made == NULL)
		return NULL;
	made->params = *params;
	made->allocator = adit_allocator_copy(allocator);
	made->last_pair = ADIT_LOGSCAN_NONE;
	return made;
}

void adit_logscan_destroy(struct adit_logscan *scan)
{
	struct adit_allocator copy;

	if (scan == NULL)
		return;
	copy = scan->allocator;
	intern_clear(&copy, &scan->domains);
	intern_clear(&copy, &scan->types);
	for (uint32_t i = 0; i < scan->block_count; i++)
		adit_free(&copy, scan->blocks[i]);
	adit_free(&copy, scan->blocks);
	adit_free(&copy, scan->tallies);
	adit_free(&copy, scan->pairs);
	adit_free(&copy, scan->pair_index);
	adit_free(&copy, scan->ranked);
	adit_free(&copy, scan->ranks);
	adit_free(&copy, scan->ranked_pairs);
	adit_free(&copy, scan);
}

static uint32_t pair_slot(uint32_t domain, uint32_t type, uint32_t size)
{
	uint64_t mixed = ((uint64_t)domain << 32 | type) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(mixed >> 32) & (size - 1);
}

static bool pair_index_grow(struct adit_logscan *scan)
{
	uint32_t size = scan->pair_index_size != 0 ? 2 * scan->pair_index_size : 256;
	uint32_t *index = adit_alloc(&scan->allocator, size * sizeof(*index), ADIT_CACHE_LINE);

	if (index == NULL)
		return false;
	for (uint32_t i = 0; i < scan->pair_count; i++) {
		uint32_t at = pair_slot(scan->pairs[i].domain, scan->pairs[i].type, size);

		while (index[at] != 0)
			at = (at + 1) & (size - 1);
		index[at] = i + 1;
	}
	adit_free(&scan->allocator, scan->pair_index);
	scan->pair_index = index;
	scan->pair_index_size = size;
	return true;
}

uint32_t pair_take(struct adit_logscan *scan, uint32_t domain, uint32_t type)
{
	struct adit_logscan_pair *pairs = scan->pairs;
	uint32_t at;

	if (scan->last_pair != ADIT_LOGSCAN_NONE && pairs[scan->last_pair].domain == domain &&
		pairs[scan->last_pair].type == type)
		return scan->last_pair;
	if (2 * (scan->pair_count + 1) > scan->pair_index_size && !pair_index_grow(scan))
		return LOGSCAN_NO_MEMORY;
	at = pair_slot(domain, type, scan->pair_index_size);
	while (scan->pair_index[at] != 0) {
		uint32_t number = scan->pair_index[at] - 1;

		if (pairs[number].domain == domain && pairs[number].type == type) {
			scan->last_pair = number;
			return number;
		}
		at = (at + 1) & (scan->pair_index_size - 1);
	}
	pairs = list_grow(
		&scan->allocator, pairs, scan->pair_count, &scan->pair_room, sizeof(*pairs));
	if (pairs == NULL)
		return LOGSCAN_NO_MEMORY;
	scan->pairs = pairs;
	pairs[scan->pair_count] = (struct adit_logscan_pair){.domain = domain, .type = type};
	scan->pair_index[at] = scan->pair_count + 1;
	scan->last_pair = scan->pair_count;
	return scan->pair_count++;
}

/* The block of the next row; NULL: no memory. */
static struct adit_logscan_kept *block_take(struct adit_logscan *scan)
{
	struct adit_logscan_kept **blocks;

	if (scan->rows >> ROWS_BITS < scan->block_count)
		return scan->blocks[scan->rows >> ROWS_BITS];
	blocks = list_grow(&scan->allocator, scan->blocks, scan->block_count, &scan->block_room,
		sizeof(struct adit_logscan_kept *));
	if (blocks == NULL)
		return NULL;
	scan->blocks = blocks;
	blocks[scan->block_count] = adit_alloc(
		&scan->allocator, BLOCK_ROWS * sizeof(struct adit_logscan_kept), ADIT_CACHE_LINE);
	if (blocks[scan->block_count] == NULL)
		return NULL;
	return blocks[scan->block_count++];
}

int adit_logscan_add(struct adit_logscan *scan, const struct adit_logscan_row *row)
{
	struct adit_logscan_kept *block = block_take(scan);
	bool is_a = !row->no_type && row->type_size == 1 && row->type[0] == 'A';
	uint32_t domain, type, pair, room = scan->tally_room;
	struct tally *tallies;

	if (block == NULL)
		return -ENOMEM;
	domain = intern_take(&scan->allocator, &scan->domains, row->domain,
		row->no_domain ? 0 : row->domain_size);
	type = intern_take(
		&scan->allocator, &scan->types, row->type, row->no_type ? 0 : row->type_size);
	if (domain == LOGSCAN_NO_MEMORY || type == LOGSCAN_NO_MEMORY)
		return -ENOMEM;
	tallies = list_grow(&scan->allocator, scan->tallies, domain < room ? domain : room,
		&scan->tally_room, sizeof(*tallies));
	if (tallies == NULL)
		return -ENOMEM;
	scan->tallies = tallies;
	pair = pair_take(scan, domain, type);
	if (pair == LOGSCAN_NO_MEMORY)
		return -ENOMEM;
	scan->pairs[pair].no_domain = row->no_domain;
	scan->pairs[pair].no_type = row->no_type;
	tallies[domain].missing = row->no_domain;
	block[scan->rows & (BLOCK_ROWS - 1)] =
		(struct adit_logscan_kept){row->at, row->ts_ns, pair, row->passed_over};
	scan->rows++;
	if (!row->passed_over) {
		tallies[domain].rows++;
		tallies[domain].other_rows += !is_a;
		scan->pairs[pair].rows++;
	}
	return 0;
}

size_t adit_logscan_rows(const struct adit_logscan *scan)
{
	return scan->rows;
}

static struct adit_logscan_kept *row_at(const struct adit_logscan *scan, size_t number)
{
	return &scan->blocks[number >> ROWS_BITS][number & (BLOCK_ROWS - 1)];
}

const struct adit_logscan_kept *adit_logscan_row(const struct adit_logscan *scan, size_t number)
{
	return row_at(scan, number);
}

void adit_logscan_pass_over(struct adit_logscan *scan, size_t number)
{
	struct adit_logscan_kept *row = row_at(scan, number);
	struct adit_logscan_pair *pair = &scan->pairs[row->pair];
	const struct interned *type = &scan->types.list[pair->type];
	bool is_a = !pair->no_type && type->size == 1 && type->text[0] == 'A';

	if (row->passed_over)
		return;
	row->passed_over = true;
	pair->rows--;
	scan->tallies[pair->domain].rows--;
	scan->tallies[pair->domain].other_rows -= !is_a;
}

size_t adit_logscan_pairs(const struct adit_logscan *scan)
{
	return scan->pair_count;
}

const struct adit_logscan_pair *adit_logscan_pair(const struct adit_logscan *scan, uint32_t pair)
{
	return &scan->pairs[pair];
}

const char *adit_logscan_name(const struct adit_logscan *scan, uint32_t domain, size_t *size)
{
	*size = scan->domains.list[domain].size;
	return scan->domains.list[domain].text;
}

const char *adit_logscan_type(const struct adit_logscan *scan, uint32_t type, size_t *size)
{
	*size = scan->types.list[type].size;
	return scan->types.list[type].text;
}

size_t adit_logscan_ranked(const struct adit_logscan *scan)
{
	return scan->ranked_count;
}

struct adit_logscan_domain *adit_logscan_domain(const struct adit_logscan *scan, size_t rank)
{
	return &scan->ranked[rank];
}

struct adit_logscan_domain *adit_logscan_domain_of(const struct adit_logscan *scan, uint32_t pair)
{
	uint32_t rank = scan->ranks[pair];

	return rank != 0 ? &scan->ranked[rank - 1] : NULL;
}

const struct adit_logscan_pair *adit_logscan_ranked_pair(
	const struct adit_logscan *scan, uint32_t place)
{
	return &scan->pairs[scan->ranked_pairs[place]];
}
