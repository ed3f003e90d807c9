/* SPDX-License-Identifier: BSD-3-Clause */
#include "reservoir.h"

#include <stdio.h>
#include <stdlib.h>

#define STRETCH_NS (600 * ADIT_NS_PER_S)
#define NONE       UINT32_MAX

struct slot {
	uint64_t number; /* of the subscriber × domain in its stretch */
	uint64_t order;  /* among the rows of that */
	uint64_t subscriber, domain;
	uint32_t next;  /* of the bucket, or of the free list */
	uint32_t place; /* in the heap */
};

struct app_reservoir {
	struct app_reservoir_params params;
	struct app_reservoir_counters counters;
	struct slot *slots;
	double *values;    /* [rows][feature_count] */
	uint32_t *heap;    /* of slots, the greatest number first; `held` of them */
	uint32_t *buckets; /* by subscriber */
	uint32_t bucket_mask;
	uint32_t free; /* slots that were in use; */
	uint32_t used; /* from here on they never were */
};

struct app_reservoir *app_reservoir_create(const struct app_reservoir_params *params)
{
	struct app_reservoir *reservoir = calloc(1, sizeof(*reservoir));
	uint32_t buckets = 1;

	if (reservoir == NULL)
		return NULL;
	while (buckets < params->rows)
		buckets *= 2;
	reservoir->params = *params;
	reservoir->bucket_mask = buckets - 1;
	reservoir->free = NONE;
	reservoir->slots = calloc(params->rows, sizeof(*reservoir->slots));
	reservoir->values =
		calloc(params->rows, params->feature_count * sizeof(*reservoir->values));
	reservoir->heap = calloc(params->rows, sizeof(*reservoir->heap));
	reservoir->buckets = malloc(buckets * sizeof(*reservoir->buckets));
	if (reservoir->slots == NULL || reservoir->values == NULL || reservoir->heap == NULL ||
		reservoir->buckets == NULL) {
		app_reservoir_destroy(reservoir);
		return NULL;
	}
	memset(reservoir->buckets, 0xff, buckets * sizeof(*reservoir->buckets));
	return reservoir;
}

void app_reservoir_destroy(struct app_reservoir *reservoir)
{
	if (reservoir == NULL)
		return;
	free(reservoir->slots);
	free(reservoir->values);
	free(reservoir->heap);
	free(reservoir->buckets);
	free(reservoir);
}

static void heap_put(struct app_reservoir *reservoir, uint32_t place, uint32_t slot)
{
	reservoir->heap[place] = slot;
	reservoir->slots[slot].place = place;
}

static uint64_t number_at(const struct app_reservoir *reservoir, uint32_t place)
{
	return reservoir->slots[reservoir->heap[place]].number;
}

/* Moves what stands at a place to where its number belongs. */
static void heap_settle(struct app_reservoir *reservoir, uint32_t place)
{
	uint32_t slot = reservoir->heap[place], held = reservoir->counters.held;
	uint64_t number = reservoir->slots[slot].number;

	while (place > 0 && number_at(reservoir, (place - 1) / 2) < number) {
		heap_put(reservoir, place, reservoir->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * place + 1;

		if (child + 1 < held &&
			number_at(reservoir, child + 1) > number_at(reservoir, child))
			child++;
		if (child >= held || number_at(reservoir, child) <= number)
			break;
		heap_put(reservoir, place, reservoir->heap[child]);
		place = child;
	}
	heap_put(reservoir, place, slot);
}

static uint32_t *bucket_of(struct app_reservoir *reservoir, uint64_t subscriber)
{
	return &reservoir->buckets[subscriber & reservoir->bucket_mask];
}

/* Takes a row out; its slot is free then. */
static void slot_remove(struct app_reservoir *reservoir, uint32_t slot)
{
	struct slot *it = &reservoir->slots[slot];
	uint32_t *link = bucket_of(reservoir, it->subscriber), place = it->place, last;

	while (*link != slot)
		link = &reservoir->slots[*link].next;
	*link = it->next;
	last = reservoir->heap[--reservoir->counters.held];
	if (last != slot) {
		heap_put(reservoir, place, last);
		heap_settle(reservoir, place);
	}
	it->next = reservoir->free;
	reservoir->free = slot;
}

static uint32_t slot_take(struct app_reservoir *reservoir)
{
	uint32_t slot = reservoir->free;

	if (slot == NONE)
		return reservoir->used++;
	reservoir->free = reservoir->slots[slot].next;
	return slot;
}

static void values_set(
	struct app_reservoir *reservoir, uint32_t slot, const struct adit_feature_row *row)
{
	double *values = reservoir->values + slot * reservoir->params.feature_count;

	for (size_t i = 0; i < reservoir->params.feature_count; i++)
		values[i] = row->value[reservoir->params.features[i]];
}

static uint64_t subscriber_of(
	const struct app_reservoir *reservoir, const struct adit_feature_row *row)
{
	uint8_t bytes[20];

	memcpy(bytes, row->subscriber.bytes, 16);
	bytes[16] = row->subscriber.is_v6;
	bytes[17] = row->tap;
	memcpy(bytes + 18, &row->vlan, sizeof(row->vlan));
	return adit_hash(&reservoir->params.key, bytes, sizeof(bytes));
}

/* What a subscriber has here, and of that the row of the greatest number. */
static uint32_t subscriber_rows(struct app_reservoir *reservoir, uint64_t subscriber,
	uint64_t number, uint32_t *greatest, uint32_t *same)
{
	uint32_t count = 0, at = *bucket_of(reservoir, subscriber);

	*greatest = *same = NONE;
	for (; at != NONE; at = reservoir->slots[at].next) {
		const struct slot *slot = &reservoir->slots[at];

		if (slot->subscriber != subscriber)
			continue;
		count++;
		if (slot->number == number)
			*same = at;
		if (*greatest == NONE || slot->number > reservoir->slots[*greatest].number)
			*greatest = at;
	}
	return count;
}

void app_reservoir_offer(struct app_reservoir *reservoir, const struct adit_feature_row *row)
{
	const struct adit_hash_key *key = &reservoir->params.key;
	uint64_t subscriber = subscriber_of(reservoir, row);
	uint64_t domain = adit_hash(key, row->domain.wire, row->domain.size);
	uint64_t pair = adit_hash_pair(key, subscriber, domain);
	uint64_t number = adit_hash_pair(key, pair, row->window_end_ns / STRETCH_NS);
	uint64_t order = adit_hash_pair(key, number, row->window_end_ns);
	uint32_t greatest, same, slot, *bucket = bucket_of(reservoir, subscriber);
	uint32_t count = subscriber_rows(reservoir, subscriber, number, &greatest, &same);

	reservoir->counters.offered++;
	if (same != NONE) {
		if (order < reservoir->slots[same].order) {
			reservoir->slots[same].order = order;
			values_set(reservoir, same, row);
		}
		return;
	}
	if (count < reservoir->params.per_subscriber)
		greatest = reservoir->counters.held == reservoir->params.rows ? reservoir->heap[0]
									      : NONE;
	if (greatest != NONE) {
		if (number > reservoir->slots[greatest].number)
			return;
		slot_remove(reservoir, greatest);
	}
	slot = slot_take(reservoir);
	reservoir->slots[slot] = (struct slot){
		.number = number,
		.order = order,
		.subscriber = subscriber,
		.domain = domain,
		.next = *bucket,
	};
	*bucket = slot;
	values_set(reservoir, slot, row);
	heap_put(reservoir, reservoir->counters.held++, slot);
	heap_settle(reservoir, reservoir->slots[slot].place);
}

void app_reservoir_remove(struct app_reservoir *reservoir, const struct adit_wire_name *name)
{
	uint64_t domain = adit_hash(&reservoir->params.key, name->wire, name->size);

	for (uint32_t slot = 0; slot < reservoir->used; slot++) {
		const struct slot *it = &reservoir->slots[slot];

		/* A free slot stands nowhere in the heap. */
		if (it->domain != domain || it->place >= reservoir->counters.held ||
			reservoir->heap[it->place] != slot)
			continue;
		slot_remove(reservoir, slot);
		reservoir->counters.removed++;
	}
}

/* The first row of a row's subscriber in their bucket: stands for the subscriber. */
static uint32_t first_of(const struct app_reservoir *reservoir, uint32_t slot)
{
	uint64_t subscriber = reservoir->slots[slot].subscriber;
	uint32_t at = reservoir->buckets[subscriber & reservoir->bucket_mask];

	while (reservoir->slots[at].subscriber != subscriber)
		at = reservoir->slots[at].next;
	return at;
}

struct app_reservoir_counters app_reservoir_count(const struct app_reservoir *reservoir)
{
	struct app_reservoir_counters counters = reservoir->counters;

	for (uint32_t i = 0; i < counters.held; i++)
		counters.subscribers +=
			first_of(reservoir, reservoir->heap[i]) == reservoir->heap[i];
	return counters;
}

struct ranked {
	uint64_t number;
	uint32_t slot;
};

static int by_number(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* Subscribers are numbered in the order of the rows. `group_of` has a place for each slot. */
static bool grouping_fill(const struct app_reservoir *reservoir, const struct ranked *ranked,
	uint32_t *group_of, struct adit_grouping *grouping)
{
	uint32_t held = reservoir->counters.held;
	char text[16];

	grouping->column = strdup("subscriber");
	grouping->of_row = calloc(held + 1, sizeof(*grouping->of_row));
	grouping->names = calloc(held + 1, sizeof(*grouping->names));
	if (grouping->column == NULL || grouping->of_row == NULL || grouping->names == NULL)
		return false;
	memset(group_of, 0xff, reservoir->params.rows * sizeof(*group_of));
	for (uint32_t i = 0; i < held; i++) {
		uint32_t *group = &group_of[first_of(reservoir, ranked[i].slot)];

		if (*group == NONE) {
			*group = grouping->count;
			snprintf(text, sizeof(text), "%u", grouping->count + 1);
			grouping->names[*group] = strdup(text);
			if (grouping->names[*group] == NULL)
				return false;
			grouping->count++;
		}
		grouping->of_row[i] = *group;
	}
	return true;
}

static size_t column_of(const struct app_reservoir *reservoir, enum adit_feature feature)
{
	size_t column = 0;

	while (reservoir->params.features[column] != feature)
		column++;
	return column;
}

/* Fills a table of zeros. */
static bool table_fill(const struct app_reservoir *reservoir, const enum adit_feature *features,
	struct adit_table *table)
{
	size_t kept = reservoir->params.feature_count;
	struct ranked *ranked = malloc((table->rows + 1) * sizeof(*ranked));
	uint32_t *group_of = malloc(reservoir->params.rows * sizeof(*group_of));
	bool good = ranked != NULL && group_of != NULL;

	for (uint32_t i = 0; good && i < table->rows; i++)
		ranked[i] = (struct ranked){
			reservoir->slots[reservoir->heap[i]].number, reservoir->heap[i]};
	if (good)
		qsort(ranked, table->rows, sizeof(*ranked), by_number);
	for (size_t c = 0; good && c < table->columns; c++) {
		size_t column = column_of(reservoir, features[c]);

		for (size_t i = 0; i < table->rows; i++)
			table->values[i * table->columns + c] =
				reservoir->values[ranked[i].slot * kept + column];
	}
	good = good && grouping_fill(reservoir, ranked, group_of, &table->groupings[0]);
	free(ranked);
	free(group_of);
	return good;
}

struct adit_table *app_reservoir_table(
	const struct app_reservoir *reservoir, const enum adit_feature *features, size_t count)
{
	const char *names[ADIT_FEATURE_COUNT];
	struct adit_table *table;

	for (size_t i = 0; i < count; i++)
		names[i] = adit_features[features[i]].name;
	table = adit_table_create(reservoir->counters.held, names, count);
	if (table != NULL && !table_fill(reservoir, features, table)) {
		adit_table_destroy(table);
		return NULL;
	}
	return table;
}
