/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tables in memory, and the writer of scores.
 */
#include "adit_table.h"
#include "model_priv.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

struct adit_table *adit_table_create(size_t rows, const char *const *names, size_t columns)
{
	struct adit_table *table;

	if (columns > ADIT_TABLE_COLUMNS_MAX || rows > SIZE_MAX / 8 / (columns + 1))
		return NULL;
	table = calloc(1, sizeof(*table));
	if (table == NULL)
		return NULL;
	table->rows = rows;
	table->columns = columns;
	table->values = calloc(rows * columns + 1, sizeof(*table->values));
	table->names = calloc(columns + 1, sizeof(*table->names));
	table->lines = calloc(rows + 1, sizeof(*table->lines));
	if (table->values == NULL || table->names == NULL || table->lines == NULL) {
		adit_table_destroy(table);
		return NULL;
	}
	for (size_t i = 0; i < columns; i++) {
		table->names[i] = strdup(names[i]);
		if (table->names[i] == NULL) {
			adit_table_destroy(table);
			return NULL;
		}
	}
	for (size_t i = 0; i < rows; i++)
		table->lines[i] = i + 1;
	return table;
}

void adit_table_destroy(struct adit_table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; table->names != NULL && i < table->columns; i++)
		free(table->names[i]);
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++) {
		struct adit_grouping *grouping = &table->groupings[g];
		for (size_t i = 0; grouping->names != NULL && i < grouping->count; i++)
			free(grouping->names[i]);
		free(grouping->names);
		free(grouping->of_row);
		free(grouping->column);
	}
	free(table->names);
	free(table->values);
	free(table->labels);
	free(table->weights);
	free(table->lines);
	free(table);
}

int adit_table_add_labels(struct adit_table *table)
{
	if (table->labels == NULL)
		table->labels = calloc(table->rows + 1, sizeof(*table->labels));
	return table->labels != NULL ? 0 : -ENOMEM;
}

int adit_table_add_weights(struct adit_table *table)
{
	if (table->weights != NULL)
		return 0;
	table->weights = malloc((table->rows + 1) * sizeof(*table->weights));
	for (size_t i = 0; table->weights != NULL && i < table->rows; i++)
		table->weights[i] = 1;
	return table->weights != NULL ? 0 : -ENOMEM;
}

/* The grouping of these rows of `from`; NULL rows: all. */
static int copy_grouping(struct adit_grouping *to, const struct adit_grouping *from,
	const size_t *rows, size_t count)
{
	if (from->column == NULL)
		return 0;
	to->column = strdup(from->column);
	to->of_row = malloc((count + 1) * sizeof(*to->of_row));
	to->names = calloc(from->count + (size_t)1, sizeof(*to->names));
	if (to->column == NULL || to->of_row == NULL || to->names == NULL)
		return -ENOMEM;
	for (; to->count < from->count; to->count++) {
		to->names[to->count] = strdup(from->names[to->count]);
		if (to->names[to->count] == NULL)
			return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		to->of_row[i] = from->of_row[rows != NULL ? rows[i] : i];
	return 0;
}

/* Everything but the values, of these rows. */
static int copy_sides(struct adit_table *to, const struct adit_table *from, const size_t *rows)
{
	if ((from->labels != NULL && adit_table_add_labels(to) != 0) ||
		(from->weights != NULL && adit_table_add_weights(to) != 0))
		return -ENOMEM;
	for (size_t i = 0; i < to->rows; i++) {
		size_t row = rows != NULL ? rows[i] : i;
		to->lines[i] = from->lines[row];
		if (from->labels != NULL)
			to->labels[i] = from->labels[row];
		if (from->weights != NULL)
			to->weights[i] = from->weights[row];
	}
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++) {
		if (copy_grouping(&to->groupings[g], &from->groupings[g], rows, to->rows) != 0)
			return -ENOMEM;
	}
	return 0;
}

struct adit_table *adit_table_select(
	const struct adit_table *table, const size_t *rows, size_t count)
{
	struct adit_table *out =
		adit_table_create(count, (const char *const *)table->names, table->columns);

	if (out == NULL || copy_sides(out, table, rows) != 0) {
		adit_table_destroy(out);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		memcpy(out->values + i * table->columns, table->values + rows[i] * table->columns,
			table->columns * sizeof(*table->values));
	return out;
}

int adit_table_find(const struct adit_table *table, const char *name)
{
	for (size_t i = 0; i < table->columns; i++) {
		if (strcmp(table->names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

static int find(const struct adit_table *table, const char *name, struct adit_error *error)
{
	int column = adit_table_find(table, name);

	if (column < 0)
		adit_error_set(error, -EINVAL, "there is no column \"%s\" among the %zu", name,
			table->columns);
	return column;
}

int adit_table_columns(const struct adit_table *table, const char *const *names, size_t count,
	struct adit_table **out, struct adit_error *error)
{
	struct adit_table *chosen = adit_table_create(table->rows, names, count);

	*out = NULL;
	if (chosen == NULL || copy_sides(chosen, table, NULL) != 0) {
		adit_table_destroy(chosen);
		return adit_error_set(error, -ENOMEM, "no memory for %zu columns", count);
	}
	for (size_t j = 0; j < count; j++) {
		int column = find(table, names[j], error);
		if (column < 0) {
			adit_table_destroy(chosen);
			return -EINVAL;
		}
		for (size_t i = 0; i < table->rows; i++)
			chosen->values[i * count + j] =
				table->values[i * table->columns + (size_t)column];
	}
	*out = chosen;
	return 0;
}

int adit_table_add_ratio(struct adit_table *table, const char *numerator, const char *denominator,
	const char *name, struct adit_error *error)
{
	int above = find(table, numerator, error), below;
	size_t columns = table->columns;
	double *values;
	char **names, *copy;

	if (above < 0)
		return -EINVAL;
	below = find(table, denominator, error);
	if (below < 0)
		return -EINVAL;
	if (adit_table_find(table, name) >= 0 || columns == ADIT_TABLE_COLUMNS_MAX)
		return adit_error_set(error, -EINVAL,
			"column \"%s\" is there already, or there are %d", name,
			ADIT_TABLE_COLUMNS_MAX);
	names = realloc(table->names, (columns + 2) * sizeof(*names));
	if (names != NULL)
		table->names = names;
	values = malloc((table->rows * (columns + 1) + 1) * sizeof(*values));
	copy = strdup(name);
	if (names == NULL || values == NULL || copy == NULL) {
		free(values);
		free(copy);
		return adit_error_set(error, -ENOMEM, "no memory for another column");
	}
	for (size_t i = 0; i < table->rows; i++) {
		const double *row = table->values + i * columns;
		double *to = values + i * (columns + 1);
		memcpy(to, row, columns * sizeof(*row));
		to[columns] = row[below] == 0 ? row[above] : row[above] / row[below];
	}
	free(table->values);
	table->values = values;
	table->names[columns] = copy;
	table->columns++;
	return 0;
}

/* RFC 4180: a field with a comma, a quote or a line end stands in quotes. */
static void write_text(FILE *to, const char *text)
{
	if (text[strcspn(text, ",\"\r\n")] == '\0') {
		fputs(text, to);
		return;
	}
	fputc('"', to);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

void adit_table_print_scores(
	const struct adit_table *table, const double *scores, const uint8_t *flagged, FILE *to)
{
	fputs(table->labels != NULL ? "line,score,flagged,label" : "line,score,flagged", to);
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++) {
		if (table->groupings[g].column != NULL) {
			fputc(',', to);
			write_text(to, table->groupings[g].column);
		}
	}
	fputc('\n', to);
	for (size_t i = 0; i < table->rows; i++) {
		fprintf(to, "%lu,%.17g,%u", (unsigned long)table->lines[i], scores[i], flagged[i]);
		if (table->labels != NULL)
			fprintf(to, ",%u", table->labels[i]);
		for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++) {
			const struct adit_grouping *grouping = &table->groupings[g];
			if (grouping->column != NULL) {
				fputc(',', to);
				write_text(to, grouping->names[grouping->of_row[i]]);
			}
		}
		fputc('\n', to);
	}
}

int adit_table_write_scores(const struct adit_table *table, const double *scores,
	const uint8_t *flagged, const char *path, struct adit_error *error)
{
	char beside[PATH_MAX];
	int length = snprintf(beside, sizeof(beside), "%s.new", path), status = 0;
	FILE *to;
	bool good;

	if (length < 0 || length >= PATH_MAX)
		return adit_error_set(error, -ENAMETOOLONG, "%.100s…: the path is too long", path);
	to = fopen(beside, "w");
	if (to == NULL) {
		status = -errno;
		return adit_error_set(
			error, status, "%s: cannot be written: %s", beside, strerror(-status));
	}
	errno = 0;
	adit_table_print_scores(table, scores, flagged, to);
	good = fflush(to) == 0 && !ferror(to);
	if ((fclose(to) != 0) | !good || rename(beside, path) != 0) {
		status = errno != 0 ? -errno : -EIO;
		unlink(beside);
		adit_error_set(error, status, "%s: cannot be written: %s", path, strerror(-status));
	}
	return status;
}
