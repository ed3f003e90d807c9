/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reader of tables: one pass over a file of comma-separated values, a line at a time, cut into
 * fields where it stands. Memory: that of the table (grown by doubling), and one line.
 */
#include "adit_table.h"

#include "adit_hash.h"
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TELL_EVERY 4096 /* lines */
#define SLOTS      (2 * ADIT_TABLE_GROUPS_MAX)

/* A field of the file, or the ratio of two. */
struct wanted {
	uint32_t field, below;
	bool is_ratio;
	const char *name; /* as asked for */
};

struct reader {
	const char *path;
	const struct adit_table_params *params;
	struct adit_error *error;
	FILE *file;
	uint64_t line;
	char text[ADIT_TABLE_LINE_MAX + 2];
	char *fields[ADIT_TABLE_COLUMNS_MAX];
	char *header[ADIT_TABLE_COLUMNS_MAX]; /* copies; NULL without a header */
	size_t header_count;                  /* fields of the first line, and so of all */
	struct wanted columns[ADIT_TABLE_COLUMNS_MAX], label, groups[ADIT_TABLE_GROUPINGS],
		filters[ADIT_TABLE_FILTERS];
	struct adit_table *table;
	size_t room;
	size_t names_room[ADIT_TABLE_GROUPINGS];
	uint32_t *slots[ADIT_TABLE_GROUPINGS]; /* group + 1, or 0; by hash of its name */
};

static int refuse(struct reader *reader, int code, const char *format, ...) ADIT_PRINTF(3, 4);

static int refuse(struct reader *reader, int code, const char *format, ...)
{
	char reason[400];
	va_list list;

	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	return adit_error_set(reader->error, code, "%s:%lu: %s", reader->path,
		(unsigned long)reader->line, reason);
}

static int no_memory(struct reader *reader)
{
	return adit_error_set(reader->error, -ENOMEM, "%s: no memory for the table", reader->path);
}

/* 1: a line is in reader->text; 0: the end of the file. */
static int next_line(struct reader *reader)
{
	size_t length;

	if (fgets(reader->text, sizeof(reader->text), reader->file) == NULL) {
		if (ferror(reader->file))
			return adit_error_set(
				reader->error, -EIO, "%s: cannot be read", reader->path);
		return 0;
	}
	reader->line++;
	length = strlen(reader->text);
	if ((length == 0 || reader->text[length - 1] != '\n') && !feof(reader->file))
		return refuse(reader, -EINVAL,
			"the line is longer than %d bytes, or has a zero byte; is this a table of "
			"text?",
			ADIT_TABLE_LINE_MAX);
	while (length > 0 && strchr("\r\n", reader->text[length - 1]) != NULL)
		reader->text[--length] = '\0';
	return 1;
}

/* Takes a quoted field: what is inside, doubled quotes as one. Gives the byte after it, or NULL. */
static char *unquote(char *at, char quote, char **field)
{
	char *to = at;

	*field = to;
	for (; *at != '\0'; at++) {
		if (*at == quote) {
			if (at[1] != quote) {
				*to = '\0';
				return at + 1;
			}
			at++;
		}
		*to++ = *at;
	}
	return NULL;
}

static void trim(char **field, char *end)
{
	*field += strspn(*field, " \t");
	while (end > *field && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
}

/* Gives the number of fields, or -EINVAL. */
static int split(struct reader *reader)
{
	char delimiter = reader->params->delimiter != 0 ? reader->params->delimiter : ',';
	char quote = reader->params->quote != 0 ? reader->params->quote : '"';
	char *at = reader->text;
	bool last = false;
	int count = 0;

	while (!last) {
		char **field = &reader->fields[count], *end;
		if (count++ == ADIT_TABLE_COLUMNS_MAX)
			return refuse(
				reader, -EINVAL, "more than %d fields", ADIT_TABLE_COLUMNS_MAX);
		if (*at == quote) {
			end = unquote(at + 1, quote, field);
			if (end == NULL || (*end != delimiter && *end != '\0'))
				return refuse(reader, -EINVAL,
					"column %d: the quote does not end before a '%c' or the "
					"end of the line",
					count - 1, delimiter);
			last = *end == '\0';
		} else {
			*field = at;
			end = strchrnul(at, delimiter);
			last = *end == '\0';
			trim(field, end);
		}
		at = end + 1;
	}
	return count;
}

/* The field of this name in the header, or of this number. */
static bool find_field(const struct reader *reader, const char *name, uint32_t *field)
{
	uint64_t number;

	for (uint32_t i = 0; i < reader->header_count; i++) {
		if (reader->header[i] != NULL && strcmp(reader->header[i], name) == 0) {
			*field = i;
			return true;
		}
	}
	if (!adit_text_count(name, reader->header_count - 1, &number))
		return false;
	*field = (uint32_t)number;
	return true;
}

/* "A/B", cut where both sides are fields. */
static bool find_ratio(const struct reader *reader, const char *name, struct wanted *wanted)
{
	char above[ADIT_TABLE_NAME_MAX + 1];

	for (const char *cut = strchr(name, '/'); cut != NULL; cut = strchr(cut + 1, '/')) {
		size_t length = (size_t)(cut - name);
		if (length >= sizeof(above))
			return false;
		memcpy(above, name, length);
		above[length] = '\0';
		if (find_field(reader, above, &wanted->field) &&
			find_field(reader, cut + 1, &wanted->below))
			return true;
	}
	return false;
}

static int resolve(struct reader *reader, const char *name, struct wanted *wanted)
{
	wanted->name = name;
	if (find_field(reader, name, &wanted->field))
		return 0;
	return refuse(reader, -EINVAL,
		"there is no column \"%.60s\"; there are %zu, 0 (%.60s) to %zu (%.60s)", name,
		reader->header_count, reader->fields[0], reader->header_count - 1,
		reader->fields[reader->header_count - 1]);
}

/* A header's own "A/B" is no ratio. */
static int resolve_column(struct reader *reader, const char *name, struct wanted *wanted)
{
	wanted->name = name;
	wanted->is_ratio =
		!find_field(reader, name, &wanted->field) && find_ratio(reader, name, wanted);
	return wanted->is_ratio ? 0 : resolve(reader, name, wanted);
}

/* Columns by default: those that nothing else asked for. `names` has room for all. */
static size_t default_columns(struct reader *reader, const char **names, char (*numbers)[8])
{
	const struct adit_table_params *params = reader->params;
	size_t count = 0;

	for (uint32_t i = 0; i < reader->header_count; i++) {
		bool used = params->label_column != NULL && reader->label.field == i;
		for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++)
			used |= params->group_columns[g] != NULL && reader->groups[g].field == i;
		for (size_t f = 0; f < ADIT_TABLE_FILTERS; f++)
			used |= params->filters[f].column != NULL && reader->filters[f].field == i;
		if (used)
			continue;
		snprintf(numbers[count], sizeof(*numbers), "%u", i);
		names[count] = reader->header[i] != NULL ? reader->header[i] : numbers[count];
		reader->columns[count] = (struct wanted){.field = i, .name = names[count]};
		count++;
	}
	return count;
}

static int resolve_sides(struct reader *reader)
{
	const struct adit_table_params *params = reader->params;
	int status = 0;

	if (params->label_column != NULL)
		status = resolve(reader, params->label_column, &reader->label);
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS && status == 0; g++) {
		if (params->group_columns[g] != NULL)
			status = resolve(reader, params->group_columns[g], &reader->groups[g]);
	}
	for (size_t f = 0; f < ADIT_TABLE_FILTERS && status == 0; f++) {
		if (params->filters[f].column != NULL)
			status = resolve(reader, params->filters[f].column, &reader->filters[f]);
	}
	return status;
}

static int create_table(struct reader *reader)
{
	const struct adit_table_params *params = reader->params;
	const char **names = calloc(ADIT_TABLE_COLUMNS_MAX, sizeof(*names));
	char(*numbers)[8] = calloc(ADIT_TABLE_COLUMNS_MAX, sizeof(*numbers));
	size_t count = params->column_count;
	int status = names == NULL || numbers == NULL ? no_memory(reader) : resolve_sides(reader);

	if (status == 0 && params->columns == NULL)
		count = default_columns(reader, names, numbers);
	else if (status == 0 && count > ADIT_TABLE_COLUMNS_MAX)
		status = refuse(reader, -EINVAL, "%zu columns are asked for, %d are the most",
			count, ADIT_TABLE_COLUMNS_MAX);
	for (size_t i = 0; params->columns != NULL && i < count && status == 0; i++) {
		names[i] = params->columns[i];
		status = resolve_column(reader, names[i], &reader->columns[i]);
	}
	for (size_t i = 0; i < count && status == 0; i++) {
		size_t length = strlen(names[i]);
		if (length == 0 || length > ADIT_TABLE_NAME_MAX)
			status = refuse(reader, -EINVAL,
				"column %u: its name has %zu bytes; 1 to %d are right",
				reader->columns[i].field, length, ADIT_TABLE_NAME_MAX);
	}
	if (status == 0) {
		reader->table = adit_table_create(0, names, count);
		if (reader->table == NULL ||
			(params->label_column != NULL && adit_table_add_labels(reader->table) != 0))
			status = no_memory(reader);
	}
	/* reader->columns must not point into what is freed here. */
	for (size_t i = 0; i < count && status == 0; i++)
		reader->columns[i].name = reader->table->names[i];
	free(names);
	free(numbers);
	return status;
}

static bool resize(void *array, size_t count, size_t size)
{
	void *present, *larger;

	memcpy(&present, array, sizeof(present));
	larger = realloc(present, count * size);
	if (larger != NULL)
		memcpy(array, &larger, sizeof(larger));
	return larger != NULL;
}

/* Room for another row. */
static int grow(struct reader *reader)
{
	struct adit_table *table = reader->table;
	size_t most =
		reader->params->rows_max > 0 ? reader->params->rows_max : ADIT_TABLE_ROWS_DEFAULT;
	size_t room = reader->room * 2 + 64;
	bool good;

	if (table->rows >= most)
		return refuse(reader, -E2BIG, "more than %zu rows, which is the most", most);
	if (table->rows < reader->room)
		return 0;
	good = resize(&table->values, room, (table->columns + 1) * sizeof(*table->values)) &&
	       resize(&table->lines, room, sizeof(*table->lines)) &&
	       (table->labels == NULL || resize(&table->labels, room, sizeof(*table->labels)));
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++) {
		if (reader->params->group_columns[g] != NULL)
			good = good && resize(&table->groupings[g].of_row, room,
					       sizeof(*table->groupings[g].of_row));
	}
	if (!good)
		return no_memory(reader);
	reader->room = room;
	return 0;
}

static int read_number(struct reader *reader, uint32_t at, const char *name, double *value)
{
	const char *field = reader->fields[at];

	if (adit_text_number(field, value))
		return 0;
	if (reader->params->missing && (*field == '\0' || strcasecmp(field, "nan") == 0)) {
		*value = NAN;
		return 0;
	}
	return refuse(reader, -EINVAL, "column %u (%s): \"%.60s\" is no number", at, name, field);
}

static int read_value(struct reader *reader, const struct wanted *wanted, double *value)
{
	double below;
	int status = read_number(reader, wanted->field, wanted->name, value);

	if (status != 0 || !wanted->is_ratio)
		return status;
	status = read_number(reader, wanted->below, wanted->name, &below);
	if (status == 0 && below != 0)
		*value /= below;
	if (isinf(*value))
		return refuse(reader, -EINVAL, "%s is too large for a number", wanted->name);
	return status;
}

static int read_label(struct reader *reader, uint8_t *label)
{
	const char *positive = reader->params->label_positive;
	const char *field = reader->fields[reader->label.field];

	*label = strcmp(field, positive != NULL ? positive : "1") == 0;
	if (positive == NULL && *label == 0 && strcmp(field, "0") != 0)
		return refuse(reader, -EINVAL,
			"column %u (%s): \"%.60s\" is no label; 0 or 1 is right, or say which text "
			"is a positive",
			reader->label.field, reader->label.name, field);
	return 0;
}

static int add_group(struct reader *reader, size_t g, const char *name)
{
	struct adit_grouping *grouping = &reader->table->groupings[g];

	if (grouping->count == ADIT_TABLE_GROUPS_MAX || strlen(name) > ADIT_TABLE_NAME_MAX)
		return refuse(reader, -EINVAL,
			"column %u (%s): more than %d groups, or a name longer than %d bytes",
			reader->groups[g].field, reader->groups[g].name, ADIT_TABLE_GROUPS_MAX,
			ADIT_TABLE_NAME_MAX);
	if (grouping->count == reader->names_room[g]) {
		size_t room = reader->names_room[g] * 2 + 16;
		if (!resize(&grouping->names, room, sizeof(*grouping->names)))
			return no_memory(reader);
		reader->names_room[g] = room;
	}
	grouping->names[grouping->count] = strdup(name);
	if (grouping->names[grouping->count] == NULL)
		return no_memory(reader);
	grouping->count++;
	return 0;
}

/* The number of the row's group. Rows of a group mostly stand together; for the rest there is a
 * table of hashes, twice as large as there may be groups. */
static int read_group(struct reader *reader, size_t g, size_t row)
{
	struct adit_grouping *grouping = &reader->table->groupings[g];
	const char *name = reader->fields[reader->groups[g].field];
	uint32_t *slots = reader->slots[g];
	size_t slot, mask = SLOTS - 1;
	int status;

	if (row > 0 && strcmp(grouping->names[grouping->of_row[row - 1]], name) == 0) {
		grouping->of_row[row] = grouping->of_row[row - 1];
		return 0;
	}
	slot = adit_hash(&adit_hash_key_fixed, name, strlen(name)) & mask;
	while (slots[slot] != 0 && strcmp(grouping->names[slots[slot] - 1], name) != 0)
		slot = (slot + 1) & mask;
	if (slots[slot] == 0) {
		status = add_group(reader, g, name);
		if (status != 0)
			return status;
		slots[slot] = grouping->count;
	}
	grouping->of_row[row] = slots[slot] - 1;
	return 0;
}

static bool passes(const struct reader *reader)
{
	for (size_t f = 0; f < ADIT_TABLE_FILTERS; f++) {
		const struct adit_table_filter *filter = &reader->params->filters[f];
		if (filter->column != NULL &&
			strcmp(reader->fields[reader->filters[f].field], filter->value) != 0)
			return false;
	}
	return true;
}

/* The fields of a line as a row. */
static int read_row(struct reader *reader)
{
	struct adit_table *table = reader->table;
	size_t row = table->rows;
	int status;

	if (!passes(reader))
		return 0;
	status = grow(reader);
	for (size_t i = 0; i < table->columns && status == 0; i++)
		status = read_value(
			reader, &reader->columns[i], &table->values[row * table->columns + i]);
	if (status == 0 && table->labels != NULL)
		status = read_label(reader, &table->labels[row]);
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS && status == 0; g++) {
		if (reader->params->group_columns[g] != NULL)
			status = read_group(reader, g, row);
	}
	if (status == 0) {
		table->lines[row] = reader->line;
		table->rows++;
	}
	return status;
}

static int read_rows(struct reader *reader, uint64_t size)
{
	const struct adit_progress *progress = &reader->params->progress;
	int status;

	while ((status = next_line(reader)) == 1) {
		int count = split(reader);
		if (count == 1 && *reader->fields[0] == '\0')
			continue;
		if (count < 0)
			return count;
		if ((size_t)count != reader->header_count)
			return refuse(reader, -EINVAL, "%d fields; the first line has %zu", count,
				reader->header_count);
		status = read_row(reader);
		if (status != 0)
			return status;
		if (reader->line % TELL_EVERY == 0 && progress->report != NULL &&
			!progress->report(progress->context, (uint64_t)ftell(reader->file), size))
			return adit_error_set(
				reader->error, -ECANCELED, "%s: stopped", reader->path);
	}
	return status;
}

static int start_groups(struct reader *reader)
{
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++) {
		if (reader->params->group_columns[g] == NULL)
			continue;
		reader->slots[g] = calloc(SLOTS, sizeof(**reader->slots));
		reader->table->groupings[g].column = strdup(reader->params->group_columns[g]);
		if (reader->slots[g] == NULL || reader->table->groupings[g].column == NULL)
			return no_memory(reader);
	}
	return 0;
}

/* The first line: names, or the first row. */
static int read_first(struct reader *reader)
{
	int count, status = next_line(reader);

	if (status == 0)
		return adit_error_set(
			reader->error, -EINVAL, "%s: the file is empty", reader->path);
	if (status < 0)
		return status;
	/* A mark of byte order is no part of the first name. */
	if (strncmp(reader->text, "\xef\xbb\xbf", 3) == 0)
		memmove(reader->text, reader->text + 3, strlen(reader->text + 3) + 1);
	count = split(reader);
	if (count < 0)
		return count;
	reader->header_count = (size_t)count;
	for (int i = 0; i < count && !reader->params->no_header; i++) {
		reader->header[i] = strdup(reader->fields[i]);
		if (reader->header[i] == NULL)
			return no_memory(reader);
	}
	status = create_table(reader);
	if (status == 0)
		status = start_groups(reader);
	if (status == 0 && reader->params->no_header)
		status = read_row(reader);
	return status;
}

int adit_table_read(const char *path, const struct adit_table_params *params,
	struct adit_table **table, struct adit_error *error)
{
	static const struct adit_table_params plain;
	struct reader *reader = calloc(1, sizeof(*reader));
	struct stat about = {.st_size = 0};
	int status;

	*table = NULL;
	if (reader == NULL)
		return adit_error_set(error, -ENOMEM, "%s: no memory", path);
	reader->path = path;
	reader->params = params != NULL ? params : &plain;
	reader->error = error;
	reader->file = fopen(path, "r");
	if (reader->file == NULL) {
		status = -errno;
		adit_error_set(error, status, "%s: cannot be read: %s", path, strerror(-status));
	} else {
		fstat(fileno(reader->file), &about);
		status = read_first(reader);
		if (status == 0)
			status = read_rows(reader, (uint64_t)about.st_size);
		fclose(reader->file);
	}
	for (size_t i = 0; i < ADIT_TABLE_COLUMNS_MAX; i++)
		free(reader->header[i]);
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS; g++)
		free(reader->slots[g]);
	if (status != 0)
		adit_table_destroy(reader->table);
	else
		*table = reader->table;
	free(reader);
	return status;
}
