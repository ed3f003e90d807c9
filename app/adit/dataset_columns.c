/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From the options to columns: those of the tables, and those that groups are made of.
 */
#include "dataset.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>

#define USUAL "@usual"

static size_t all_count(const struct app_dataset *dataset)
{
	return adit_column_count + adit_naming_count(dataset->naming);
}

/* The labels from names stand behind the others. */
static const struct adit_column *column_at(const struct app_dataset *dataset, size_t index)
{
	return index < adit_column_count
		       ? &adit_columns[index]
		       : adit_naming_column(dataset->naming, index - adit_column_count);
}

/* By its name, or without the label_ in front of it. */
static const struct adit_column *column_find(const struct app_dataset *dataset, const char *name)
{
	char label[160];

	snprintf(label, sizeof(label), "label_%.140s", name);
	for (size_t i = 0; i < all_count(dataset); i++)
		if (strcmp(column_at(dataset, i)->name, name) == 0)
			return column_at(dataset, i);
	for (size_t i = 0; i < all_count(dataset); i++)
		if (strcmp(column_at(dataset, i)->name, label) == 0)
			return column_at(dataset, i);
	return NULL;
}

/* The cell of a column, made if there is none. */
static size_t cell_take(struct app_dataset *dataset, const struct adit_column *column)
{
	size_t i = 0;

	while (i < dataset->chosen_count && dataset->chosen[i] != column)
		i++;
	if (i == dataset->chosen_count && i < APP_DATASET_CHOSEN_MAX)
		dataset->chosen[dataset->chosen_count++] = column;
	return i;
}

static int unknown(const struct app_dataset *dataset, const char *option, const char *name,
	struct adit_error *error)
{
	const char *names[APP_DATASET_CHOSEN_MAX];
	size_t count = 0;

	while (count < all_count(dataset) && count < APP_DATASET_CHOSEN_MAX) {
		names[count] = column_at(dataset, count)->name;
		count++;
	}
	return adit_error_set(error, -EINVAL, "%s: there is no column '%.100s'%s", option, name,
		app_did_you_mean(name, "", names, count));
}

static int pattern_take(struct app_dataset *dataset, const char *pattern, struct adit_error *error)
{
	bool usual = strcmp(pattern, USUAL) == 0, found = false;

	for (size_t i = 0; i < all_count(dataset); i++) {
		const struct adit_column *column = column_at(dataset, i);

		if (usual ? !column->usual : fnmatch(pattern, column->name, 0) != 0)
			continue;
		found = true;
		cell_take(dataset, column);
	}
	if (!found && column_find(dataset, pattern) != NULL) {
		cell_take(dataset, column_find(dataset, pattern));
		found = true;
	}
	return found ? 0 : unknown(dataset, "--columns", pattern, error);
}

static int list_split(const char *option, const char *text, char by, struct app_texts *parts,
	char **copy, struct adit_error *error)
{
	int status = app_split(text, by, parts, copy);

	if (status == -EINVAL)
		return adit_error_set(error, -EINVAL,
			"%s '%.100s': names parted by '%c', none empty", option, text, by);
	return status != 0 ? adit_error_set(error, status, "no memory") : 0;
}

static int table_choose(
	struct app_dataset *dataset, struct app_texts *parts, struct adit_error *error)
{
	const char *text = dataset->columns != NULL ? dataset->columns : USUAL;
	char *copy;
	int status = list_split("--columns", text, ',', parts, &copy, error);

	for (size_t i = 0; i < parts->count && status == 0; i++)
		status = pattern_take(dataset, parts->text[i], error);
	free(copy);
	dataset->table_count = dataset->chosen_count;
	return status;
}

static int keys_choose(
	struct app_dataset *dataset, struct app_texts *parts, struct adit_error *error)
{
	struct adit_groups_params *grouping = &dataset->grouping;
	char *copy;
	int status = list_split("--group-by", dataset->group_by, ',', parts, &copy, error);

	for (size_t i = 0; i < parts->count && status == 0; i++) {
		const struct adit_column *column = column_find(dataset, parts->text[i]);

		if (column == NULL) {
			status = unknown(dataset, "--group-by", parts->text[i], error);
		} else if (i == ADIT_COUNT(dataset->group_keys)) {
			status = adit_error_set(error, -EINVAL, "--group-by: more than %zu columns",
				ADIT_COUNT(dataset->group_keys));
		} else {
			dataset->group_keys[i] = cell_take(dataset, column);
			dataset->group_names[i] = column->name;
			grouping->key_count++;
		}
	}
	free(copy);
	grouping->keys = dataset->group_keys;
	grouping->key_names = dataset->group_names;
	return status;
}

static int aggregate_find(const char *word, enum adit_aggregate *what)
{
	for (size_t i = 0; i < ADIT_AGGREGATES; i++) {
		if (strcmp(word, adit_aggregates[i]) == 0) {
			*what = (enum adit_aggregate)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int aggregation_add(struct app_dataset *dataset, const struct adit_column *column,
	const char *word, struct adit_error *error)
{
	struct adit_groups_params *grouping = &dataset->grouping;
	struct adit_aggregation *it = &dataset->aggregations[grouping->aggregation_count];

	if (grouping->aggregation_count == ADIT_COUNT(dataset->aggregations))
		return adit_error_set(error, -EINVAL, "--agg: more than %zu figures",
			ADIT_COUNT(dataset->aggregations));
	if (aggregate_find(word, &it->what) != 0)
		return adit_error_set(error, -EINVAL,
			"--agg: '%.100s': right is count, min, mean, max or sum%s", word,
			app_did_you_mean(word, "", adit_aggregates, ADIT_AGGREGATES));
	if (column->type == ADIT_COLUMN_TEXT && it->what != ADIT_AGGREGATE_COUNT)
		return adit_error_set(error, -EINVAL,
			"--agg: %s is text, of which only the count can be had", column->name);
	it->column = column->name;
	it->cell = cell_take(dataset, column);
	grouping->aggregation_count++;
	return 0;
}

/* "COLUMN:WHAT,WHAT" */
static int aggregations_add(struct app_dataset *dataset, const char *text, struct app_texts *parts,
	struct adit_error *error)
{
	const char *colon = strchr(text, ':');
	const struct adit_column *column;
	char name[160], *copy;
	int status;

	if (colon == NULL)
		return adit_error_set(error, -EINVAL,
			"--agg '%.100s': right is COLUMN:WHAT,…, as in rcode:min,mean,max", text);
	snprintf(name, sizeof(name), "%.*s", (int)(colon - text), text);
	column = column_find(dataset, name);
	if (column == NULL)
		return unknown(dataset, "--agg", name, error);
	status = list_split("--agg", colon + 1, ',', parts, &copy, error);
	for (size_t i = 0; i < parts->count && status == 0; i++)
		status = aggregation_add(dataset, column, parts->text[i], error);
	free(copy);
	return status;
}

static int naming_make(struct app_dataset *dataset, struct adit_error *error)
{
	int status = 0;

	dataset->naming = adit_naming_create();
	if (dataset->naming == NULL)
		return adit_error_set(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < dataset->splits.count && status == 0; i++)
		status = adit_naming_split(dataset->naming, dataset->splits.text[i], error);
	for (size_t i = 0; i < dataset->labels.count && status == 0; i++)
		status = adit_naming_label(dataset->naming, dataset->labels.text[i], error);
	return status;
}

int app_dataset_columns_choose(struct app_dataset *dataset, struct adit_error *error)
{
	struct app_texts *parts = calloc(1, sizeof(*parts));
	int status = naming_make(dataset, error);

	if (parts == NULL)
		return adit_error_set(error, -ENOMEM, "no memory");
	if (status == 0)
		status = table_choose(dataset, parts, error);
	if (status == 0 && dataset->group_by != NULL)
		status = keys_choose(dataset, parts, error);
	for (size_t i = 0; i < dataset->aggs.count && status == 0; i++)
		status = aggregations_add(dataset, dataset->aggs.text[i], parts, error);
	free(parts);
	if (status != 0 || dataset->group_by == NULL)
		return status;
	dataset->grouping.aggregations = dataset->aggregations;
	dataset->groups = adit_groups_create(&dataset->grouping);
	return dataset->groups != NULL ? 0 : adit_error_set(error, -ENOMEM, "no memory");
}

void app_dataset_columns_clear(struct app_dataset *dataset)
{
	adit_groups_destroy(dataset->groups);
	adit_naming_destroy(dataset->naming);
}
