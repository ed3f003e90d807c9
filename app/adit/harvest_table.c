/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Rows that were harvested as a table of lib/model, with groups and weights.
 */
#include "harvest.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A capture's name without ending and side. */
void app_harvest_group(const struct app_labelled *capture, char name[ADIT_TABLE_NAME_MAX + 1])
{
	static const char *const endings[] = {".gz", ".pcap", ".pcapng", ".cap"};
	static const char *const sides[] = {"_cli", "_auth"};
	const char *slash = strrchr(capture->name, '/');
	const char *base = slash != NULL ? slash + 1 : capture->name;
	size_t length = strlen(base);

	for (size_t i = 0; i < ADIT_COUNT(endings); i++) {
		size_t end = strlen(endings[i]);

		if (length > end && memcmp(base + length - end, endings[i], end) == 0)
			length -= end;
	}
	for (size_t i = 0; i < ADIT_COUNT(sides); i++) {
		size_t end = strlen(sides[i]);

		if (length > end && memcmp(base + length - end, sides[i], end) == 0)
			length -= end;
	}
	snprintf(name, ADIT_TABLE_NAME_MAX + 1, "%.*s", (int)length, base);
}

static const char *grouping_text(const struct app_harvest *harvest,
	const struct app_harvest_key *key, const char *column, char room[ADIT_TABLE_NAME_MAX + 1])
{
	static const struct app_label nothing = {.tool = "-", .setup = "-", .rate = "-"};
	const struct app_label *label = key->label != NULL ? key->label : &nothing;

	if (strcmp(column, "capture") == 0) {
		app_harvest_group(&harvest->labels->captures[key->capture], room);
		return room;
	}
	if (strcmp(column, "tool") == 0)
		return label->tunnel ? label->tool : "-";
	if (strcmp(column, "setup") == 0)
		return label->setup;
	return label->rate;
}

static int grouping_fill(const struct app_harvest *harvest, const char *column,
	struct adit_grouping *grouping, struct adit_error *error)
{
	char room[ADIT_TABLE_NAME_MAX + 1];
	uint32_t last = 0;

	grouping->column = strdup(column);
	grouping->of_row = calloc(harvest->row_count + 1, sizeof(*grouping->of_row));
	if (grouping->column == NULL || grouping->of_row == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for groups");
	for (size_t i = 0; i < harvest->row_count; i++) {
		const char *text =
			grouping_text(harvest, &harvest->keys[harvest->rows[i].key], column, room);
		char **names;
		uint32_t at = last;

		/* Rows of a group mostly follow each other. */
		if (grouping->count == 0 || strcmp(grouping->names[last], text) != 0)
			for (at = 0; at < grouping->count; at++)
				if (strcmp(grouping->names[at], text) == 0)
					break;
		if (at == grouping->count) {
			names = reallocarray(grouping->names, grouping->count + 1, sizeof(*names));
			if (names == NULL)
				return adit_error_set(error, -ENOMEM, "no memory for groups");
			grouping->names = names;
			names[at] = strdup(text);
			if (names[at] == NULL)
				return adit_error_set(error, -ENOMEM, "no memory for groups");
			grouping->count++;
		}
		grouping->of_row[i] = last = at;
	}
	return 0;
}

/* Places of the features of the table. */
static int columns_find(const char *const *features, size_t count, int *places, const char **names,
	size_t *columns, struct adit_error *error)
{
	*columns = 0;
	if (features == NULL) {
		for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
			if (adit_features[i].nature <= ADIT_NATURE_RHYTHM) {
				names[*columns] = adit_features[i].name;
				places[(*columns)++] = i;
			}
		return 0;
	}
	for (size_t i = 0; i < count && i < ADIT_FEATURE_COUNT; i++) {
		int at = (int)adit_feature_find(features[i]);

		if (at == ADIT_FEATURE_COUNT)
			return adit_error_set(
				error, -EINVAL, "there is no feature '%s'", features[i]);
		names[*columns] = features[i];
		places[(*columns)++] = at;
	}
	return 0;
}

int app_harvest_table(const struct app_harvest *harvest, const char *const *features, size_t count,
	const char *leave_out, struct adit_table **table, struct adit_error *error)
{
	const char *names[ADIT_FEATURE_COUNT];
	int places[ADIT_FEATURE_COUNT], status;
	struct adit_table *made;
	size_t columns;

	status = columns_find(features, count, places, names, &columns, error);
	if (status != 0)
		return status;
	if (harvest->row_count == 0)
		return adit_error_set(error, -EINVAL, "no row of the captures has names enough");
	made = adit_table_create(harvest->row_count, names, columns);
	if (made == NULL || adit_table_add_labels(made) != 0) {
		adit_table_destroy(made);
		return adit_error_set(error, -ENOMEM, "no memory for a table");
	}
	for (size_t i = 0; i < harvest->row_count; i++) {
		const struct app_label *label = harvest->keys[harvest->rows[i].key].label;

		made->labels[i] = label != NULL && label->tunnel;
		for (size_t c = 0; c < columns; c++)
			made->values[i * columns + c] =
				harvest->values[i * ADIT_FEATURE_COUNT + (size_t)places[c]];
	}
	status = grouping_fill(harvest, "capture", &made->groupings[0], error);
	if (status == 0 && leave_out != NULL)
		status = grouping_fill(harvest, leave_out, &made->groupings[1], error);
	if (status != 0) {
		adit_table_destroy(made);
		return status;
	}
	*table = made;
	return 0;
}

/* Of groups and labels: how many keys there are. */
static void keys_count(const struct app_harvest *harvest, const struct adit_table *table,
	uint32_t *rows_of_key, double *keys_of_group)
{
	for (size_t i = 0; i < harvest->row_count; i++) {
		uint32_t key = harvest->rows[i].key;
		size_t group = 2 * (size_t)table->groupings[0].of_row[i] + table->labels[i];

		keys_of_group[group] += rows_of_key[key] == 0;
		rows_of_key[key]++;
	}
}

float *app_harvest_weights(const struct app_harvest *harvest, const struct adit_table *table)
{
	uint32_t *rows_of_key = calloc(harvest->key_count + 1, sizeof(*rows_of_key));
	double *keys_of_group =
		calloc(2 * (size_t)table->groupings[0].count + 2, sizeof(*keys_of_group));
	float *weights = malloc((harvest->row_count + 1) * sizeof(*weights));
	double sum[2] = {0, 0};

	if (rows_of_key != NULL && keys_of_group != NULL && weights != NULL) {
		keys_count(harvest, table, rows_of_key, keys_of_group);
		for (size_t i = 0; i < harvest->row_count; i++) {
			size_t group = 2 * (size_t)table->groupings[0].of_row[i] + table->labels[i];

			weights[i] = (float)(1 / (rows_of_key[harvest->rows[i].key] *
							 sqrt(keys_of_group[group])));
			sum[table->labels[i]] += weights[i];
		}
		for (size_t i = 0; i < harvest->row_count; i++)
			weights[i] *=
				(float)((double)harvest->row_count / 2 / sum[table->labels[i]]);
	} else {
		free(weights);
		weights = NULL;
	}
	free(rows_of_key);
	free(keys_of_group);
	return weights;
}
