/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataset_priv.h"

#define WAYS 4

static uint32_t bucket_count(uint32_t entries)
{
	uint32_t count = 64;

	while (count < entries && count < 1u << 26)
		count *= 2;
	return count;
}

size_t adit_index_bytes(uint32_t entries)
{
	return entries * sizeof(struct entry) + bucket_count(entries) * sizeof(uint32_t);
}

bool adit_index_create(
	struct index *index, uint32_t entries, const struct adit_allocator *allocator)
{
	index->mask = bucket_count(entries) - 1;
	index->entries = adit_alloc(allocator, entries * sizeof(*index->entries), ADIT_CACHE_LINE);
	index->buckets = adit_alloc(
		allocator, ((size_t)index->mask + 1) * sizeof(*index->buckets), ADIT_CACHE_LINE);
	return index->entries != NULL && index->buckets != NULL;
}

void adit_index_destroy(struct index *index, const struct adit_allocator *allocator)
{
	adit_free(allocator, index->entries);
	adit_free(allocator, index->buckets);
}

void adit_index_link(struct index *index, uint32_t entry, uint64_t key)
{
	struct entry *it = &index->entries[entry];
	uint32_t *bucket;

	key |= 1;
	bucket = &index->buckets[key >> 32 & index->mask];
	*it = (struct entry){.key = key, .before = NONE, .after = *bucket};
	if (*bucket != 0)
		index->entries[*bucket - 1].before = entry;
	*bucket = entry + 1;
}

void adit_index_unlink(struct index *index, uint32_t entry)
{
	struct entry *it = &index->entries[entry];

	if (it->key == 0)
		return;
	if (it->before == NONE)
		index->buckets[it->key >> 32 & index->mask] = it->after;
	else
		index->entries[it->before].after = it->after;
	if (it->after != 0)
		index->entries[it->after - 1].before = it->before;
	it->key = 0;
}

/* From `at` (an entry + 1) on. */
static uint32_t find_from(const struct index *index, uint32_t at, uint64_t key)
{
	while (at != 0 && index->entries[at - 1].key != key)
		at = index->entries[at - 1].after;
	return at != 0 ? at - 1 : NONE;
}

uint32_t adit_index_first(const struct index *index, uint64_t key)
{
	key |= 1;
	return find_from(index, index->buckets[key >> 32 & index->mask], key);
}

uint32_t adit_index_next(const struct index *index, uint32_t entry)
{
	const struct entry *it = &index->entries[entry];

	return find_from(index, it->after, it->key);
}

bool adit_recent_create(
	struct recent *recent, uint32_t count, const struct adit_allocator *allocator)
{
	recent->count = count;
	recent->slots = adit_alloc(allocator, count * sizeof(*recent->slots), ADIT_CACHE_LINE);
	return recent->slots != NULL;
}

uint64_t adit_recent_note(struct recent *recent, uint64_t digest, uint64_t ts_ns)
{
	uint32_t first = (uint32_t)digest & (recent->count - 1) & ~(WAYS - 1u), at = first;

	for (uint32_t i = first; i < first + WAYS; i++) {
		if (recent->slots[i].ts_ns != 0 && recent->slots[i].digest == digest) {
			uint64_t before = recent->slots[i].ts_ns;
			recent->slots[i].ts_ns = ts_ns;
			return before;
		}
		if (recent->slots[i].ts_ns < recent->slots[at].ts_ns)
			at = i;
	}
	recent->slots[at].digest = digest;
	recent->slots[at].ts_ns = ts_ns;
	return 0;
}

uint64_t adit_recent_find(const struct recent *recent, uint64_t digest)
{
	uint32_t first = (uint32_t)digest & (recent->count - 1) & ~(WAYS - 1u);

	for (uint32_t i = first; i < first + WAYS; i++)
		if (recent->slots[i].digest == digest)
			return recent->slots[i].ts_ns;
	return 0;
}
