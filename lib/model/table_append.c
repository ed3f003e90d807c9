/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One table after another, as of captures that were replayed one by one. Everything that may fail
 * is made ready first, so that a table is longer or as it was. Memory while it runs: a slot of 4
 * bytes for each of the groups there may be, twice.
 */
#include "adit_table.h"

#include "adit_hash.h"
#include "model_priv.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS (2 * ADIT_TABLE_GROUPS_MAX)

static int compare_shapes(
	const struct adit_table *table, const struct adit_table *from, struct adit_error *error)
{
	bool same = table->columns == from->columns &&
		    (table->labels != NULL) == (from->labels != NULL) &&
		    (table->weights != NULL) == (from->weights != NULL);

	for (size_t i = 0; same && i < table->columns; i++)
		same = strcmp(table->names[i], from->names[i]) == 0;
	for (size_t g = 0; same && g < ADIT_TABLE_GROUPINGS; g++) {
		const char *a = table->groupings[g].column, *b = from->groupings[g].column;
		same = (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
	}
	if (!same)
		return adit_error_set(error, -EINVAL,
			"the tables differ in columns, labels, weights or groupings");
	return 0;
}

/* The place of a group's name, or of the first free slot. */
static uint32_t *find_slot(uint32_t *slots, char *const *names, const char *name)
{
	size_t slot = adit_hash(&adit_hash_key_fixed, name, strlen(name)) & (SLOTS - 1);

	while (slots[slot] != 0 && strcmp(names[slots[slot] - 1], name) != 0)
		slot = (slot + 1) & (SLOTS - 1);
	return &slots[slot];
}

/* Numbers of `from`'s groups among those of `to`; unknown ones are added behind to->count, which
 * stays. `*added` tells how many. */
static int merge_names(struct adit_grouping *to, const struct adit_grouping *from,
	uint32_t *numbers, uint32_t *added, struct adit_error *error)
{
	uint32_t *slots = calloc(SLOTS, sizeof(*slots));
	char **names = realloc(to->names, ((size_t)to->count + from->count + 1) * sizeof(*names));

	*added = 0;
	if (names != NULL)
		to->names = names;
	if (slots == NULL || names == NULL) {
		free(slots);
		return adit_error_set(error, -ENOMEM, "no memory for groups");
	}
	for (uint32_t i = 0; i < to->count; i++)
		*find_slot(slots, names, names[i]) = i + 1;
	for (uint32_t i = 0; i < from->count; i++) {
		uint32_t *slot = find_slot(slots, names, from->names[i]), next = to->count + *added;
		if (*slot == 0) {
			char *name = next < ADIT_TABLE_GROUPS_MAX ? strdup(from->names[i]) : NULL;
			if (name == NULL) {
				free(slots);
				return adit_error_set(error, -ENOMEM,
					"no memory for groups, or more than %d",
					ADIT_TABLE_GROUPS_MAX);
			}
			names[next] = name;
			*slot = next + 1;
			(*added)++;
		}
		numbers[i] = *slot - 1;
	}
	free(slots);
	return 0;
}

static bool enlarge(void *array, size_t count, size_t size)
{
	void *present, *larger;

	memcpy(&present, array, sizeof(present));
	larger = realloc(present, (count + 1) * size);
	if (larger != NULL)
		memcpy(array, &larger, sizeof(larger));
	return larger != NULL;
}

static bool make_room(struct adit_table *table, size_t rows)
{
	bool good =
		enlarge(&table->values, rows * table->columns, sizeof(*table->values)) &&
		enlarge(&table->lines, rows, sizeof(*table->lines)) &&
		(table->labels == NULL || enlarge(&table->labels, rows, 1)) &&
		(table->weights == NULL || enlarge(&table->weights, rows, sizeof(*table->weights)));

	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++) {
		struct adit_grouping *grouping = &table->groupings[g];
		if (grouping->column != NULL)
			good = good && enlarge(&grouping->of_row, rows, sizeof(*grouping->of_row));
	}
	return good;
}

static void copy_rows(
	struct adit_table *table, const struct adit_table *from, uint32_t *const *numbers)
{
	size_t at = table->rows;

	memcpy(table->values + at * table->columns, from->values,
		from->rows * from->columns * sizeof(*from->values));
	memcpy(table->lines + at, from->lines, from->rows * sizeof(*from->lines));
	if (table->labels != NULL)
		memcpy(table->labels + at, from->labels, from->rows);
	if (table->weights != NULL)
		memcpy(table->weights + at, from->weights, from->rows * sizeof(*from->weights));
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++) {
		const struct adit_grouping *grouping = &from->groupings[g];
		for (size_t i = 0; grouping->column != NULL && i < from->rows; i++)
			table->groupings[g].of_row[at + i] = numbers[g][grouping->of_row[i]];
	}
	table->rows += from->rows;
}

int adit_table_append(
	struct adit_table *table, const struct adit_table *from, struct adit_error *error)
{
	uint32_t *numbers[ADIT_TABLE_GROUPINGS] = {NULL}, added[ADIT_TABLE_GROUPINGS] = {0};
	int status = compare_shapes(table, from, error);

	if (status == 0 && !make_room(table, table->rows + from->rows))
		status = adit_error_set(error, -ENOMEM, "no memory for %zu rows", from->rows);
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS && status == 0; g++) {
		if (table->groupings[g].column == NULL)
			continue;
		numbers[g] = calloc((size_t)from->groupings[g].count + 1, sizeof(*numbers[g]));
		status = numbers[g] == NULL ? adit_error_set(error, -ENOMEM, "no memory for groups")
					    : merge_names(&table->groupings[g], &from->groupings[g],
						      numbers[g], &added[g], error);
	}
	if (status == 0)
		copy_rows(table, from, numbers);
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++) {
		struct adit_grouping *grouping = &table->groupings[g];
		if (status == 0)
			grouping->count += added[g];
		for (uint32_t i = 0; status != 0 && i < added[g]; i++)
			free(grouping->names[grouping->count + i]);
		free(numbers[g]);
	}
	return status;
}
