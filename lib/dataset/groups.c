/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_groups.h"

#include "adit_hash.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define TEXT_MAX 4096

const char *const adit_aggregates[ADIT_AGGREGATES] = {"count", "min", "mean", "max", "sum"};

struct key {
	char *text;    /* as it is shown; "" where there is none */
	double number; /* its value, of a number; NaN: a text */
};

struct group {
	uint64_t hash;
	struct key *keys;      /* [key_count] */
	struct totals *totals; /* [aggregation_count] */
	uint64_t rows;
};

struct totals {
	uint64_t count;
	double min, max, sum;
};

struct adit_groups {
	struct adit_groups_params params;
	struct group *groups;
	size_t count, room;
	uint32_t *slots; /* group + 1; 0: free; twice `room` of them */
};

struct adit_groups *adit_groups_create(const struct adit_groups_params *params)
{
	struct adit_groups *made = calloc(1, sizeof(*made));

	if (made != NULL)
		made->params = *params;
	return made;
}

void adit_groups_destroy(struct adit_groups *groups)
{
	if (groups == NULL)
		return;
	for (size_t i = 0; i < groups->count; i++) {
		for (size_t k = 0; k < groups->params.key_count; k++)
			free(groups->groups[i].keys[k].text);
		free(groups->groups[i].keys);
		free(groups->groups[i].totals);
	}
	free(groups->groups);
	free(groups->slots);
	free(groups);
}

static bool grow(struct adit_groups *groups)
{
	size_t room = groups->room != 0 ? 2 * groups->room : 1024;
	struct group *grown = reallocarray(groups->groups, room, sizeof(*grown));
	uint32_t *slots = calloc(2 * room, sizeof(*slots));

	if (grown != NULL)
		groups->groups = grown;
	if (grown == NULL || slots == NULL) {
		free(slots);
		return false;
	}
	for (size_t i = 0; i < groups->count; i++) {
		size_t at = grown[i].hash & (2 * room - 1);

		while (slots[at] != 0)
			at = (at + 1) & (2 * room - 1);
		slots[at] = (uint32_t)i + 1;
	}
	free(groups->slots);
	groups->slots = slots;
	groups->room = room;
	return true;
}

/* The cell as a text; gives its size. */
static size_t cell_text(const struct adit_cell *cell, char text[TEXT_MAX])
{
	switch (cell->kind) {
	case ADIT_CELL_NUMBER:
		return (size_t)snprintf(text, TEXT_MAX, "%lld", (long long)cell->number);
	case ADIT_CELL_REAL:
		return (size_t)snprintf(text, TEXT_MAX, "%.6g", cell->real);
	case ADIT_CELL_TEXT:
		return (size_t)snprintf(text, TEXT_MAX, "%.*s", (int)cell->size, cell->text);
	default:
		text[0] = '\0';
		return 0;
	}
}

static double cell_value(const struct adit_cell *cell)
{
	return cell->kind == ADIT_CELL_NUMBER ? (double)cell->number
	       : cell->kind == ADIT_CELL_REAL ? cell->real
					      : (double)NAN;
}

static bool same_keys(
	const struct adit_groups *groups, const struct group *group, const struct adit_cell *cells)
{
	char text[TEXT_MAX];

	for (size_t k = 0; k < groups->params.key_count; k++) {
		cell_text(&cells[groups->params.keys[k]], text);
		if (strcmp(text, group->keys[k].text) != 0)
			return false;
	}
	return true;
}

static uint64_t keys_hash(const struct adit_groups *groups, const struct adit_cell *cells)
{
	uint64_t hash = 0;
	char text[TEXT_MAX];

	for (size_t k = 0; k < groups->params.key_count; k++) {
		size_t size = cell_text(&cells[groups->params.keys[k]], text);

		hash = adit_hash_pair(
			&adit_hash_key_fixed, hash, adit_hash(&adit_hash_key_fixed, text, size));
	}
	return hash;
}

static bool group_make(
	const struct adit_groups *groups, struct group *group, const struct adit_cell *cells)
{
	char text[TEXT_MAX];
	bool whole;

	group->rows = 0;
	group->keys = calloc(groups->params.key_count + 1, sizeof(*group->keys));
	group->totals = calloc(groups->params.aggregation_count + 1, sizeof(*group->totals));
	whole = group->keys != NULL && group->totals != NULL;
	for (size_t k = 0; k < groups->params.key_count && whole; k++) {
		const struct adit_cell *cell = &cells[groups->params.keys[k]];

		cell_text(cell, text);
		group->keys[k].text = strdup(text);
		group->keys[k].number = cell_value(cell);
		whole = group->keys[k].text != NULL;
	}
	if (whole)
		return true;
	for (size_t k = 0; group->keys != NULL && k < groups->params.key_count; k++)
		free(group->keys[k].text);
	free(group->keys);
	free(group->totals);
	return false;
}

/* The group of a row, made if it is new; NULL with an error. */
static struct group *group_take(
	struct adit_groups *groups, const struct adit_cell *cells, int *status)
{
	uint64_t hash = keys_hash(groups, cells);
	size_t at;

	*status = -ENOMEM;
	if (groups->count == groups->room && !grow(groups))
		return NULL;
	at = hash & (2 * groups->room - 1);
	for (; groups->slots[at] != 0; at = (at + 1) & (2 * groups->room - 1)) {
		struct group *group = &groups->groups[groups->slots[at] - 1];

		if (group->hash == hash && same_keys(groups, group, cells))
			return group;
	}
	if (groups->count == ADIT_GROUPS_MAX) {
		*status = -E2BIG;
		return NULL;
	}
	groups->groups[groups->count].hash = hash;
	if (!group_make(groups, &groups->groups[groups->count], cells))
		return NULL;
	groups->slots[at] = (uint32_t)++groups->count;
	return &groups->groups[groups->count - 1];
}

int adit_groups_add(
	struct adit_groups *groups, const struct adit_cell *cells, struct adit_error *error)
{
	int status = 0;
	struct group *group = group_take(groups, cells, &status);

	if (group == NULL)
		return status == -E2BIG
			       ? adit_error_set(error, -E2BIG,
					 "more than %u groups: fewer columns, or such as have few "
					 "values, belong in --group-by",
					 ADIT_GROUPS_MAX)
			       : adit_error_set(error, -ENOMEM, "no memory for groups");
	group->rows++;
	for (size_t i = 0; i < groups->params.aggregation_count; i++) {
		const struct adit_cell *cell = &cells[groups->params.aggregations[i].cell];
		struct totals *totals = &group->totals[i];
		double value = cell_value(cell);

		totals->count += cell->kind != ADIT_CELL_NONE;
		if (isnan(value))
			continue;
		if (totals->count == 1 || value < totals->min)
			totals->min = value;
		if (totals->count == 1 || value > totals->max)
			totals->max = value;
		totals->sum += value;
	}
	return 0;
}

static int key_order(const struct key *a, const struct key *b)
{
	bool is_number = !isnan(a->number) && !isnan(b->number);

	if (is_number && a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return is_number ? 0 : strcmp(a->text, b->text);
}

static int group_order(const void *a, const void *b, void *context)
{
	const struct group *left = a, *right = b;
	const struct adit_groups *groups = context;
	int order = 0;

	for (size_t k = 0; k < groups->params.key_count && order == 0; k++)
		order = key_order(&left->keys[k], &right->keys[k]);
	return order;
}

static void aggregate_text(
	const struct totals *totals, enum adit_aggregate what, char *text, size_t room)
{
	double value = what == ADIT_AGGREGATE_MIN   ? totals->min
		       : what == ADIT_AGGREGATE_MAX ? totals->max
		       : what == ADIT_AGGREGATE_SUM ? totals->sum
						    : totals->sum / (double)totals->count;

	if (what == ADIT_AGGREGATE_COUNT)
		snprintf(text, room, "%llu", (unsigned long long)totals->count);
	else if (totals->count == 0)
		text[0] = '\0';
	else
		snprintf(text, room, "%.12g", value);
}

/* Cell `column` of line `line`; line 0 is the header. What it gives is valid until the next call.
 */
static const char *cell_of(
	const struct adit_groups *groups, size_t line, size_t column, char text[TEXT_MAX])
{
	const struct adit_groups_params *params = &groups->params;
	const struct group *group = line > 0 ? &groups->groups[line - 1] : NULL;
	const struct adit_aggregation *aggregation;

	if (column < params->key_count)
		return group != NULL ? group->keys[column].text : params->key_names[column];
	if (column == params->key_count) {
		snprintf(text, TEXT_MAX, group != NULL ? "%llu" : "rows",
			(unsigned long long)(group != NULL ? group->rows : 0));
		return text;
	}
	column -= params->key_count + 1;
	aggregation = &params->aggregations[column];
	if (group != NULL)
		aggregate_text(&group->totals[column], aggregation->what, text, TEXT_MAX);
	else
		snprintf(text, TEXT_MAX, "%s:%s", aggregation->column,
			adit_aggregates[aggregation->what]);
	return text;
}

static void csv_put(FILE *to, const char *text, bool first)
{
	bool quoted = strpbrk(text, ",\"") != NULL;

	if (!first)
		fputc(',', to);
	if (quoted)
		fputc('"', to);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	if (quoted)
		fputc('"', to);
}

int adit_groups_write(struct adit_groups *groups, bool csv, FILE *to)
{
	size_t columns = groups->params.key_count + 1 + groups->params.aggregation_count;
	int *widths = calloc(columns, sizeof(*widths));
	char text[TEXT_MAX];

	if (widths == NULL)
		return -ENOMEM;
	if (groups->count > 0)
		qsort_r(groups->groups, groups->count, sizeof(*groups->groups), group_order,
			groups);
	for (size_t line = 0; line <= groups->count && !csv; line++)
		for (size_t i = 0; i < columns; i++) {
			int size = (int)strlen(cell_of(groups, line, i, text));

			widths[i] = size > widths[i] ? size : widths[i];
		}
	for (size_t line = 0; line <= groups->count; line++) {
		for (size_t i = 0; i < columns; i++) {
			const char *cell = cell_of(groups, line, i, text);

			if (csv)
				csv_put(to, cell, i == 0);
			else if (i < groups->params.key_count)
				fprintf(to, "%-*s  ", widths[i], cell);
			else
				fprintf(to, "%*s%s", widths[i], cell, i + 1 < columns ? "  " : "");
		}
		fputc('\n', to);
	}
	free(widths);
	return ferror(to) ? -EIO : 0;
}
