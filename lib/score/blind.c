/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table of the blind spot. Keys are keyed hashes already: their low bits choose the place.
 */
#include "adit_blind.h"

#include "index_priv.h"
#include "state_priv.h"

#include <errno.h>
#include <stdlib.h>

#define RUN 8 /* rows that a newcomer is compared with when the table is full */

size_t adit_blind_bytes(uint32_t capacity)
{
	return sizeof(struct adit_blind) + capacity * sizeof(struct adit_blind_row) +
	       sizeof(struct index) + index_bytes(capacity);
}

struct adit_blind *adit_blind_create(uint32_t capacity, const struct adit_allocator *allocator)
{
	struct adit_blind *blind = adit_alloc(allocator, sizeof(*blind), ADIT_CACHE_LINE);

	if (blind == NULL)
		return NULL;
	blind->capacity = capacity;
	blind->allocator = adit_allocator_copy(allocator);
	blind->rows = adit_alloc(allocator, capacity * sizeof(*blind->rows), ADIT_CACHE_LINE);
	blind->index = adit_alloc(allocator, sizeof(*blind->index), ADIT_CACHE_LINE);
	if (blind->rows == NULL || blind->index == NULL ||
		!index_make(blind->index, capacity, allocator)) {
		adit_blind_destroy(blind);
		return NULL;
	}
	return blind;
}

void adit_blind_destroy(struct adit_blind *blind)
{
	struct adit_allocator copy, *allocator = &copy;

	if (blind == NULL)
		return;
	copy = blind->allocator;
	adit_free(allocator, blind->rows);
	if (blind->index != NULL)
		adit_free(allocator, blind->index->slots);
	adit_free(allocator, blind->index);
	adit_free(allocator, blind);
}

void adit_blind_clear(struct adit_blind *blind)
{
	if (blind->count != 0)
		index_clear(blind->index);
	blind->count = 0;
}

const struct adit_blind_row *adit_blind_find(const struct adit_blind *blind, uint64_t key)
{
	uint32_t number = index_find(blind->index, key)->row;

	return number != 0 ? &blind->rows[number - 1] : NULL;
}

static uint64_t row_bytes(const struct adit_blind_row *row)
{
	uint64_t bytes = 0;

	for (int i = 0; i < ADIT_TRANSPORT_COUNT; i++)
		bytes += row->bytes_up[i] + row->bytes_down[i];
	return bytes;
}

/* The lightest of a few rows, where the key says, if the newcomer is heavier; NULL: none is. */
static struct adit_blind_row *row_lighter(struct adit_blind *blind, uint64_t key, uint64_t bytes)
{
	struct adit_blind_row *lightest = NULL;

	for (uint32_t i = 0; i < RUN && i < blind->count; i++) {
		struct adit_blind_row *row = &blind->rows[((key >> 32) + i) % blind->count];

		if (lightest == NULL || row_bytes(row) < row_bytes(lightest))
			lightest = row;
	}
	return lightest != NULL && row_bytes(lightest) < bytes ? lightest : NULL;
}

static struct adit_blind_row *row_take(struct adit_blind *blind, uint64_t key, uint64_t bytes)
{
	struct adit_blind_row *row;

	if (blind->count < blind->capacity) {
		row = &blind->rows[blind->count++];
	} else {
		row = row_lighter(blind, key, bytes);
		blind->counters.refused += row == NULL;
		if (row == NULL)
			return NULL;
		blind->counters.evicted++;
		index_remove(blind->index, row->who.key);
	}
	return row;
}

static void row_add(
	struct adit_blind *blind, const struct adit_row *from, const struct adit_party *party)
{
	uint32_t number = index_find(blind->index, party->who.key)->row;
	struct adit_blind_row *row;

	if (number != 0) {
		row = &blind->rows[number - 1];
		adit_subscriber_merge(&row->who, &party->who);
	} else {
		row = row_take(blind, party->who.key, (uint64_t)from->bytes_up + from->bytes_down);
		if (row == NULL)
			return;
		/* What gave way may have moved the free place. */
		*row = (struct adit_blind_row){.who = party->who, .resolver = party->server};
		*index_find(blind->index, party->who.key) =
			(struct index_slot){party->who.key, (uint32_t)(row - blind->rows) + 1};
	}
	row->packets_up[party->transport] += from->queries;
	row->packets_down[party->transport] += from->responses;
	row->bytes_up[party->transport] += from->bytes_up;
	row->bytes_down[party->transport] += from->bytes_down;
}

void adit_blind_add(
	struct adit_blind *blind, const struct adit_window *window, uint32_t at, uint32_t slice)
{
	uint32_t rows = adit_window_rows(window, at, ADIT_KIND_ENCRYPTED);

	if (rows == 0)
		return;
	if (blind->count == 0)
		blind->first_slice = slice;
	blind->last_slice = slice;
	for (uint32_t i = 0; i < rows; i++)
		row_add(blind, adit_window_row(window, at, ADIT_KIND_ENCRYPTED, i),
			adit_window_party(window, at, ADIT_KIND_ENCRYPTED, i));
}

static int row_heavier(const void *left, const void *right)
{
	const struct adit_blind_row *a = left, *b = right;
	uint64_t bytes_a = row_bytes(a), bytes_b = row_bytes(b);
	int order;

	if (bytes_a != bytes_b)
		return bytes_a < bytes_b ? 1 : -1;
	order = memcmp(&a->who.address, &b->who.address, sizeof(a->who.address));
	if (order != 0)
		return order;
	return a->who.key < b->who.key ? -1 : a->who.key > b->who.key;
}

void adit_blind_sort(struct adit_blind *blind)
{
	qsort(blind->rows, blind->count, sizeof(*blind->rows), row_heavier);
}

#define SECTION         "encrypted"
#define SECTION_VERSION 1

static void blind_row_code(struct adit_state_io *io, struct adit_blind_row *row)
{
	adit_subscriber_code(io, &row->who);
	adit_address_code(io, &row->resolver);
	for (int i = 0; i < ADIT_TRANSPORT_COUNT; i++) {
		adit_state_u64(io, &row->packets_up[i]);
		adit_state_u64(io, &row->packets_down[i]);
		adit_state_u64(io, &row->bytes_up[i]);
		adit_state_u64(io, &row->bytes_down[i]);
	}
}

size_t adit_blind_state_bytes(uint32_t capacity)
{
	return ADIT_STATE_MARK_BYTES + 2 * sizeof(uint32_t) +
	       (size_t)capacity * sizeof(struct adit_blind_row);
}

void adit_blind_save(struct adit_blind *blind, struct adit_state_io *io)
{
	adit_state_save_section(io, SECTION, SECTION_VERSION);
	adit_state_u32(io, &blind->first_slice);
	adit_state_u32(io, &blind->last_slice);
	for (uint32_t i = 0; i < blind->count; i++)
		blind_row_code(io, &blind->rows[i]);
	adit_state_save_section_end(io, blind->count);
}

/* A file of a run that counted no encrypted DNS has no such section. */
int adit_blind_load(struct adit_blind *blind, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error)
{
	struct adit_state_io io;

	if (adit_state_load(file, SECTION, SECTION_VERSION, &io, NULL) == -ENOENT)
		return 0;
	if (adit_state_load(file, SECTION, SECTION_VERSION, &io, error) != 0)
		return -ENOTSUP;
	adit_blind_clear(blind);
	adit_state_u32(&io, &blind->first_slice);
	adit_state_u32(&io, &blind->last_slice);
	for (uint64_t i = 0; i < io.entries; i++) {
		struct adit_blind_row row = {.packets_up = {0}};
		struct index_slot *slot;

		blind_row_code(&io, &row);
		if (io.failed)
			break;
		slot = index_find(blind->index, row.who.key);
		if (slot->row != 0 || blind->count == blind->capacity) {
			left->encrypted++;
			continue;
		}
		blind->rows[blind->count++] = row;
		*slot = (struct index_slot){row.who.key, blind->count};
	}
	return adit_state_load_end(file, &io, error);
}
