/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Creating, opening and reading windows. All arrays of a window are made once.
 */
#include "shard_priv.h"

static uint32_t buckets_for(uint32_t rows)
{
	uint32_t buckets = 1;

	/* One to two rows per bucket of eight: a bucket overflows once in thousands. */
	while (buckets < rows / 2 + rows % 2)
		buckets *= 2;
	return buckets;
}

static size_t side_size(enum adit_kind kind)
{
	return kind == ADIT_KIND_DOMAIN ? sizeof(struct adit_domain) : sizeof(struct adit_party);
}

/* What only this file reads stands behind the window. */
struct owned_window {
	struct adit_window window;
	struct adit_allocator allocator;
	uint32_t looks; /* per shard */
};

size_t adit_window_bytes(const struct adit_window_params *params)
{
	size_t shard = sizeof(struct adit_shard);

	for (int kind = 0; kind < ADIT_KIND_COUNT; kind++) {
		size_t rows = params->rows[kind];

		shard += buckets_for(params->rows[kind]) * sizeof(struct bucket);
		shard += rows * (sizeof(struct adit_row) + sizeof(uint32_t) + side_size(kind));
	}
	shard += params->details * (sizeof(struct record) + 2 * sizeof(uint32_t));
	shard += params->looks * sizeof(struct adit_look);
	return sizeof(struct owned_window) + params->shards * shard;
}

static bool table_init(struct table *table, enum adit_kind kind, uint32_t rows,
	const struct adit_allocator *allocator)
{
	uint32_t buckets = buckets_for(rows);

	table->capacity = rows;
	rows += rows == 0;
	table->bucket_mask = buckets - 1;
	table->buckets = adit_alloc(allocator, buckets * sizeof(struct bucket), ADIT_CACHE_LINE);
	table->rows = adit_alloc(allocator, rows * sizeof(struct adit_row), ADIT_CACHE_LINE);
	table->left = adit_alloc(allocator, rows * sizeof(uint32_t), ADIT_CACHE_LINE);
	table->sides = adit_alloc(allocator, rows * side_size(kind), ADIT_CACHE_LINE);
	return table->buckets != NULL && table->rows != NULL && table->left != NULL &&
	       table->sides != NULL;
}

struct adit_window *adit_window_create(
	const struct adit_window_params *params, const struct adit_allocator *allocator)
{
	struct owned_window *owned = adit_alloc(allocator, sizeof(*owned), ADIT_CACHE_LINE);
	struct adit_window *window;

	if (owned == NULL)
		return NULL;
	window = &owned->window;
	owned->allocator = adit_allocator_copy(allocator);
	owned->looks = params->looks;
	if (params->looks != 0) {
		window->looks = adit_alloc(allocator,
			(size_t)params->shards * params->looks * sizeof(struct adit_look),
			ADIT_CACHE_LINE);
		if (window->looks == NULL)
			goto failed;
	}
	window->shard =
		adit_alloc(allocator, params->shards * sizeof(struct adit_shard), ADIT_CACHE_LINE);
	if (window->shard == NULL)
		goto failed;
	window->shards = (uint16_t)params->shards;
	for (uint32_t i = 0; i < params->shards; i++) {
		struct adit_shard *shard = &window->shard[i];

		for (int kind = 0; kind < ADIT_KIND_COUNT; kind++)
			if (!table_init(&shard->table[kind], kind, params->rows[kind], allocator))
				goto failed;
		shard->records_capacity = params->details;
		shard->records = adit_alloc(
			allocator, params->details * sizeof(struct record), ADIT_CACHE_LINE);
		shard->records_free =
			adit_alloc(allocator, params->details * sizeof(uint32_t), ADIT_CACHE_LINE);
		shard->records_weight =
			adit_alloc(allocator, params->details * sizeof(uint32_t), ADIT_CACHE_LINE);
		if (shard->records == NULL || shard->records_free == NULL ||
			shard->records_weight == NULL)
			goto failed;
	}
	adit_window_open(window, 0);
	return window;
failed:
	adit_window_destroy(window);
	return NULL;
}

void adit_window_destroy(struct adit_window *window)
{
	struct owned_window *owned = (struct owned_window *)window;
	struct adit_allocator copy, *allocator = &copy;

	if (window == NULL)
		return;
	copy = owned->allocator;
	for (uint32_t i = 0; window->shard != NULL && i < window->shards; i++) {
		struct adit_shard *shard = &window->shard[i];

		for (int kind = 0; kind < ADIT_KIND_COUNT; kind++) {
			adit_free(allocator, shard->table[kind].buckets);
			adit_free(allocator, shard->table[kind].rows);
			adit_free(allocator, shard->table[kind].left);
			adit_free(allocator, shard->table[kind].sides);
		}
		adit_free(allocator, shard->records);
		adit_free(allocator, shard->records_free);
		adit_free(allocator, shard->records_weight);
	}
	adit_free(allocator, window->shard);
	adit_free(allocator, window->looks);
	adit_free(allocator, owned);
}

void adit_window_open(struct adit_window *window, uint32_t slice)
{
	window->first_slice = window->last_slice = slice;
	window->is_final = false;
	window->look_count = 0;
	memset(&window->counters, 0, sizeof(window->counters));
	for (uint32_t i = 0; i < window->shards; i++) {
		struct adit_shard *shard = &window->shard[i];

		for (int kind = 0; kind < ADIT_KIND_COUNT; kind++) {
			struct table *table = &shard->table[kind];

			table->used = 0;
			/* Epoch 0 is that of a cleared slot: once in 65535 slices, clear them. */
			if (++table->epoch == 0) {
				memset(table->buckets, 0,
					(table->bucket_mask + 1) * sizeof(struct bucket));
				table->epoch = 1;
			}
		}
		shard->records_used = shard->records_freed = 0;
		shard->looks_left = ((const struct owned_window *)window)->looks;
	}
}

uint32_t adit_window_rows(const struct adit_window *window, uint32_t at, enum adit_kind kind)
{
	return window->shard[at].table[kind].used;
}

const struct adit_row *adit_window_row(
	const struct adit_window *window, uint32_t at, enum adit_kind kind, uint32_t row)
{
	return &window->shard[at].table[kind].rows[row];
}

const struct adit_detail *adit_window_detail(
	const struct adit_window *window, uint32_t at, const struct adit_row *row)
{
	return row->detail != 0 ? &window->shard[at].records[row->detail - 1].detail : NULL;
}

uint32_t adit_window_details(const struct adit_window *window, uint32_t at)
{
	return window->shard[at].records_used - window->shard[at].records_freed;
}

uint32_t adit_window_samples(const struct adit_window *window, uint32_t at,
	const struct adit_row *row, const struct adit_sample **samples)
{
	const struct record *record;

	if (row->detail == 0)
		return 0;
	record = &window->shard[at].records[row->detail - 1];
	*samples = record->sample;
	return record->sample_count;
}

const struct adit_domain *adit_window_domain(
	const struct adit_window *window, uint32_t at, uint32_t row)
{
	return (const struct adit_domain *)window->shard[at].table[ADIT_KIND_DOMAIN].sides + row;
}

const struct adit_party *adit_window_party(
	const struct adit_window *window, uint32_t at, enum adit_kind kind, uint32_t row)
{
	return (const struct adit_party *)window->shard[at].table[kind].sides + row;
}
