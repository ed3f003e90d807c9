/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Texts by number: names of domains and types, which come in every row of a log.
 */
#include "logscan_priv.h"

#include "adit_hash.h"

#define BLOCK_BYTES (256 * 1024)

void *list_grow(const struct adit_allocator *allocator, void *list, uint32_t count, uint32_t *room,
	size_t size)
{
	uint32_t more = *room != 0 ? 2 * *room : 64;
	void *made;

	if (count < *room)
		return list;
	if (more < *room)
		return NULL;
	made = adit_alloc(allocator, more * size, ADIT_CACHE_LINE);
	if (made == NULL)
		return NULL;
	if (count > 0)
		memcpy(made, list, count * size);
	adit_free(allocator, list);
	*room = more;
	return made;
}

static bool index_grow(const struct adit_allocator *allocator, struct intern *intern)
{
	uint32_t size = intern->index_size != 0 ? 2 * intern->index_size : 256;
	uint32_t *index = adit_alloc(allocator, size * sizeof(*index), ADIT_CACHE_LINE);

	if (index == NULL)
		return false;
	for (uint32_t i = 0; i < intern->count; i++) {
		uint32_t at = intern->list[i].hash & (size - 1);

		while (index[at] != 0)
			at = (at + 1) & (size - 1);
		index[at] = i + 1;
	}
	adit_free(allocator, intern->index);
	intern->index = index;
	intern->index_size = size;
	return true;
}

/* A copy that stays. */
static const char *text_keep(const struct adit_allocator *allocator, struct intern *intern,
	const char *text, size_t size)
{
	char *to;

	if (intern->block_count == 0 || size > intern->block_size - intern->block_used) {
		size_t bytes = size > BLOCK_BYTES ? size : BLOCK_BYTES;
		char **blocks = list_grow(allocator, intern->blocks, intern->block_count,
			&intern->block_room, sizeof(*blocks));

		if (blocks == NULL)
			return NULL;
		intern->blocks = blocks;
		to = adit_alloc(allocator, bytes, ADIT_CACHE_LINE);
		if (to == NULL)
			return NULL;
		intern->blocks[intern->block_count++] = to;
		intern->block_used = 0;
		intern->block_size = bytes;
	}
	to = intern->blocks[intern->block_count - 1] + intern->block_used;
	if (size > 0)
		memcpy(to, text, size);
	intern->block_used += size;
	return to;
}

uint32_t intern_take(const struct adit_allocator *allocator, struct intern *intern,
	const char *text, size_t size)
{
	uint32_t hash = (uint32_t)adit_hash(&adit_hash_key_fixed, text, size), at;
	struct interned *list;
	const char *kept;

	if (size > UINT32_MAX ||
		(2 * (intern->count + 1) > intern->index_size && !index_grow(allocator, intern)))
		return LOGSCAN_NO_MEMORY;
	at = hash & (intern->index_size - 1);
	while (intern->index[at] != 0) {
		const struct interned *it = &intern->list[intern->index[at] - 1];

		if (it->hash == hash && it->size == size && memcmp(it->text, text, size) == 0)
			return intern->index[at] - 1;
		at = (at + 1) & (intern->index_size - 1);
	}
	list = list_grow(allocator, intern->list, intern->count, &intern->room, sizeof(*list));
	if (list == NULL)
		return LOGSCAN_NO_MEMORY;
	intern->list = list;
	kept = text_keep(allocator, intern, text, size);
	if (kept == NULL)
		return LOGSCAN_NO_MEMORY;
	list[intern->count] = (struct interned){kept, (uint32_t)size, hash};
	intern->index[at] = ++intern->count;
	return intern->count - 1;
}

void intern_clear(const struct adit_allocator *allocator, struct intern *intern)
{
	for (uint32_t i = 0; i < intern->block_count; i++)
		adit_free(allocator, intern->blocks[i]);
	adit_free(allocator, intern->blocks);
	adit_free(allocator, intern->list);
	adit_free(allocator, intern->index);
}
