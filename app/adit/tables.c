/* SPDX-License-Identifier: BSD-3-Clause */
#include "tables.h"

#include "adit_feature.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Rows of captures that are made of fewer names are left out. */
#define APP_LEAST_NAMES 6

size_t app_tables_options(struct app_tables *tables, struct app_option *options)
{
	const struct app_option rows[] = {
		{"features", 'f', APP_TEXT, "LIST",
			"the columns that are features: names or numbers (from 0), parted by\n"
			"commas; A/B is a ratio, or A where B is 0; @shape, @rhythm, @clock,\n"
			"@volume, @context: all of that nature (docs/detection.md). Without it:\n"
			"@shape,@rhythm of captures and of tables that adit replay wrote (of\n"
			"sessions all they have), or all columns that are nothing else",
			&tables->features, 0, 0, false},
		{"columns", 0, APP_TEXT, "LIST",
			"the same by number, of tables whose first line is a row", &tables->columns,
			0, 0, false},
		{"no-header", 0, APP_FLAG, NULL,
			"the first line is a row; columns have numbers only", &tables->no_header, 0,
			0, false},
		{"label", 'l', APP_TEXT, "COLUMN", "1 for a tunnel, 0 for a benign row",
			&tables->label, 0, 0, false},
		{"positive", 0, APP_TEXT, "TEXT",
			"the label of a tunnel, where labels are words; all others are benign",
			&tables->positive, 0, 0, false},
		{"labels", 0, APP_TEXTS, "FILE",
			"labels from another file, line for line beside the table (its header\n"
			"included); once for each table",
			&tables->label_files, 0, 0, false},
		{"group", 'g', APP_TEXT, "COLUMN",
			"rows of one value belong together: a capture, a set-up; " APP_EACH_TABLE
			": the\nrows of a table do (which is so anyway if there are several "
			"tables)",
			&tables->group, 0, 0, false},
		{"where", 'w', APP_TEXTS, "'COLUMN = VALUE'",
			"only rows of which that is true; may be given again", &tables->where, 0, 0,
			false},
		{"missing", 0, APP_FLAG, NULL,
			"an empty field is a missing value; only trees take such rows",
			&tables->missing, 0, 0, false},
		{"delimiter", 0, APP_TEXT, "CHARACTER", "between fields: a comma, or this, or tab",
			&tables->delimiter, 0, 0, false},
		{"quote", 0, APP_TEXT, "CHARACTER", "around fields: a double quote, or this",
			&tables->quote, 0, 0, false},
		{"captures", 0, APP_TEXTS, "FILE",
			"in place of tables, captures: a label file (tab-separated file,\n"
			"registrable_domain, label; also tool, setup, rate), beside which they\n"
			"stand or in a folder of its name; may be given again",
			&tables->captures, 0, 0, false},
		{"set", 0, APP_TEXTS, "SECTION.NAME=VALUE",
			"an option of the configuration, for reading captures", &tables->sets, 0, 0,
			false},
	};

	static_assert(ADIT_COUNT(rows) == APP_TABLES_OPTIONS, "options");
	memcpy(options, rows, sizeof(rows));
	return ADIT_COUNT(rows);
}

static int one_character(
	const char *option, const char *text, char *character, struct adit_error *error)
{
	if (text == NULL)
		return 0;
	if (strcmp(text, "tab") == 0)
		text = "\t";
	if (strlen(text) != 1)
		return adit_error_set(
			error, -EINVAL, "--%s '%s': one character is expected", option, text);
	*character = *text;
	return 0;
}

/* A list that stays until the tables are closed. */
static int keep_list(struct app_tables *tables, const char *text, char by, struct app_texts *parts,
	const char *expected, struct adit_error *error)
{
	int status = app_split(text, by, parts, &tables->lists[tables->lists_used++]);

	if (status == -EINVAL)
		adit_error_set(error, status, "'%s': expected %s", text, expected);
	else if (status != 0)
		adit_error_set(error, status, "no memory");
	return status;
}

/* "COLUMN = VALUE", or "column COLUMN = VALUE". */
static int read_filters(struct app_tables *tables, struct adit_error *error)
{
	static struct app_texts parts;

	if (tables->where.count > ADIT_TABLE_FILTERS)
		return adit_error_set(error, -EINVAL, "%zu times --where; %d are the most",
			tables->where.count, ADIT_TABLE_FILTERS);
	for (size_t i = 0; i < tables->where.count; i++) {
		const char *column;
		int status = keep_list(
			tables, tables->where.text[i], '=', &parts, "COLUMN = VALUE", error);
		if (status == 0 && parts.count != 2)
			status = adit_error_set(error, -EINVAL,
				"--where '%s': expected COLUMN = VALUE", tables->where.text[i]);
		if (status != 0)
			return status;
		column = parts.text[0];
		if (strncmp(column, "column ", 7) == 0)
			column += 7 + strspn(column + 7, " ");
		tables->params.filters[i] = (struct adit_table_filter){column, parts.text[1]};
	}
	return 0;
}

/* Whether adit replay wrote this: the names of its first columns. */
static bool is_windows(const char *path)
{
	static const char start[] = "window_start,window_end,span,kind,domain,";
	char text[sizeof(start)] = "";
	struct stat about;
	FILE *file = stat(path, &about) == 0 && S_ISREG(about.st_mode) ? fopen(path, "r") : NULL;
	bool is =
		file != NULL && fgets(text, sizeof(text), file) != NULL && strcmp(text, start) == 0;

	if (file != NULL)
		fclose(file);
	return is;
}

/* Whether the first line of a table names this column. A pipe could be read only once. */
static bool has_column(const struct app_tables *tables, const char *path, const char *name)
{
	char by[] = {tables->params.delimiter != 0 ? tables->params.delimiter : ',', '\0'};
	char *text = NULL, *rest, *field;
	struct stat about;
	FILE *file = stat(path, &about) == 0 && S_ISREG(about.st_mode) ? fopen(path, "r") : NULL;
	size_t room = 0;
	bool has = false;

	if (file != NULL && getline(&text, &room, file) > 0) {
		text[strcspn(text, "\r\n")] = '\0';
		rest = text;
		while ((field = strsep(&rest, by)) != NULL)
			has |= strcmp(field, name) == 0;
	}
	if (file != NULL)
		fclose(file);
	free(text);
	return has;
}

/* Takes the place of "@shape" and the like: all features of that nature. */
static int chosen_expand(struct app_tables *tables, struct adit_error *error)
{
	static const char *const natures[] = {"@shape", "@rhythm", "@clock", "@volume", "@context"};
	struct app_texts *chosen = &tables->chosen, given = *chosen;

	chosen->count = 0;
	for (size_t i = 0; i < given.count; i++) {
		size_t nature = 0;

		while (nature < ADIT_COUNT(natures) && strcmp(given.text[i], natures[nature]) != 0)
			nature++;
		if (nature == ADIT_COUNT(natures) && given.text[i][0] == '@')
			return adit_error_set(error, -EINVAL,
				"'%s': there are @shape, @rhythm, @clock, @volume and @context",
				given.text[i]);
		if (nature == ADIT_COUNT(natures))
			chosen->text[chosen->count++] = given.text[i];
		for (int f = 0; nature < ADIT_COUNT(natures) && f < ADIT_FEATURE_COUNT; f++)
			if (adit_features[f].nature == (enum adit_nature)nature &&
				adit_features[f].keys & ADIT_KEY_PAIR)
				chosen->text[chosen->count++] = adit_features[f].name;
		if (chosen->count + ADIT_FEATURE_COUNT > APP_TEXTS_MAX)
			return adit_error_set(error, -E2BIG, "too many features");
	}
	return 0;
}

static int check_chosen(const struct app_tables *tables, size_t at, struct adit_error *error)
{
	const char *name = tables->chosen.text[at];

	if (tables->columns != NULL && name[strspn(name, "0123456789/")] != '\0')
		return adit_error_set(
			error, -EINVAL, "--columns takes numbers, from 0; '%s' is none", name);
	for (size_t i = 0; i < at; i++) {
		if (strcmp(name, tables->chosen.text[i]) == 0)
			return adit_error_set(
				error, -EINVAL, "feature %zu, '%s', stands there twice", at, name);
	}
	return 0;
}

/* Of a table of adit replay: shape and rhythm as rows of the kind that --where asks for have them;
 * of sessions all that they have, which is how much and how long. */
static void choose_of_windows(struct app_tables *tables)
{
	static const struct {
		const char *kind;
		uint8_t key;
	} kinds[] = {{"subscriber_domain", ADIT_KEY_PAIR}, {"subscriber_server", ADIT_KEY_SERVER},
		{"domain", ADIT_KEY_DOMAIN}, {"session", ADIT_KEY_SESSION}};
	uint8_t key = ADIT_KEY_PAIR;

	for (size_t i = 0; i < tables->where.count; i++)
		for (size_t k = 0; k < ADIT_COUNT(kinds); k++)
			if (strcmp(tables->params.filters[i].column, "kind") == 0 &&
				strcmp(tables->params.filters[i].value, kinds[k].kind) == 0)
				key = kinds[k].key;
	tables->chosen.count = 0;
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		if (adit_features[i].keys & key &&
			(key == ADIT_KEY_SESSION || adit_features[i].nature <= ADIT_NATURE_RHYTHM))
			tables->chosen.text[tables->chosen.count++] = adit_features[i].name;
}

static int choose_columns(
	struct app_tables *tables, const char *const *names, size_t count, struct adit_error *error)
{
	struct adit_table_params *params = &tables->params;
	const char *list = tables->features != NULL ? tables->features : tables->columns;
	int status;

	params->no_header = tables->no_header || tables->columns != NULL;
	if (tables->features != NULL && tables->columns != NULL)
		return adit_error_set(
			error, -EINVAL, "--features and --columns say the same: give one");
	if (names != NULL) {
		params->columns = names;
		params->column_count = count;
		return 0;
	}
	if (list == NULL) {
		if (!params->no_header && is_windows(tables->paths[0])) {
			choose_of_windows(tables);
			params->columns = tables->chosen.text;
			params->column_count = tables->chosen.count;
		}
		return 0;
	}
	status = keep_list(tables, list, ',', &tables->chosen, "columns parted by commas", error);
	if (status == 0)
		status = chosen_expand(tables, error);
	for (size_t i = 0; i < tables->chosen.count && status == 0; i++)
		status = check_chosen(tables, i, error);
	params->columns = tables->chosen.text;
	params->column_count = tables->chosen.count;
	return status;
}

/* Where the number of names is wanted, its column is read behind the features, if it is there and
 * none of them; names_of_column takes it away again. */
static int want_names(struct app_tables *tables, struct adit_error *error)
{
	static const char *const name = "unique_names";
	struct adit_table_params *params = &tables->params;
	size_t count = params->column_count;

	if (!tables->wants_names || params->columns == NULL || params->no_header ||
		!has_column(tables, tables->paths[0], name))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (strcmp(params->columns[i], name) == 0)
			return 0;
	if (count == APP_TEXTS_MAX)
		return adit_error_set(error, -E2BIG, "too many features");
	memmove(tables->chosen.text, params->columns, count * sizeof(*params->columns));
	tables->chosen.text[count] = name;
	tables->chosen.count = params->column_count = count + 1;
	params->columns = tables->chosen.text;
	tables->names_last = true;
	return 0;
}

static bool by_table(const char *grouping)
{
	return grouping != NULL && strcmp(grouping, APP_EACH_TABLE) == 0;
}

static int prepare(
	struct app_tables *tables, const char *const *names, size_t count, struct adit_error *error)
{
	struct adit_table_params *params = &tables->params;
	int status = one_character("delimiter", tables->delimiter, &params->delimiter, error);

	if (status == 0)
		status = one_character("quote", tables->quote, &params->quote, error);
	if (status == 0)
		status = read_filters(tables, error);
	if (status == 0)
		status = choose_columns(tables, names, count, error);
	if (status == 0)
		status = want_names(tables, error);
	if (status != 0)
		return status;
	if (tables->label != NULL && tables->label_files.count > 0)
		return adit_error_set(
			error, -EINVAL, "--label and --labels both give labels: give one");
	if (tables->label_files.count > 0 && tables->label_files.count != tables->path_count)
		return adit_error_set(error, -EINVAL,
			"%zu tables, but %zu times --labels: one for each is needed",
			tables->path_count, tables->label_files.count);
	if (tables->positive != NULL && tables->label == NULL && tables->label_files.count == 0)
		return adit_error_set(error, -EINVAL, "--positive needs --label or --labels");
	params->missing = tables->missing;
	params->label_column = tables->label;
	params->label_positive = tables->positive;
	params->group_columns[0] = by_table(tables->group) ? NULL : tables->group;
	params->group_columns[1] = by_table(tables->leave_out) ? NULL : tables->leave_out;
	return 0;
}

/* Labels of the rows of a table from a file that has one on every line that the table has. */
static int read_labels(const struct app_tables *tables, struct adit_table *table,
	const char *table_path, const char *path, struct adit_error *error)
{
	struct adit_table_params params = {.no_header = tables->params.no_header,
		.label_column = "0",
		.label_positive = tables->positive};
	struct adit_table *labels;
	size_t at = 0;
	int status = adit_table_read(path, &params, &labels, error);

	if (status != 0)
		return status;
	if (adit_table_add_labels(table) != 0)
		status = adit_error_set(error, -ENOMEM, "no memory for labels");
	for (size_t i = 0; i < table->rows && status == 0; i++) {
		while (at < labels->rows && labels->lines[at] < table->lines[i])
			at++;
		if (at == labels->rows || labels->lines[at] != table->lines[i])
			status = adit_error_set(error, -EINVAL,
				"%s has no label on line %lu, where %s has a row", path,
				(unsigned long)table->lines[i], table_path);
		else
			table->labels[i] = labels->labels[at];
	}
	adit_table_destroy(labels);
	return status;
}

/* All rows of the table as one group of its path, cut at its front. */
static int add_table_group(struct adit_grouping *grouping, size_t rows, const char *path)
{
	size_t length = strlen(path);

	if (length > ADIT_TABLE_NAME_MAX)
		path += length - ADIT_TABLE_NAME_MAX;
	grouping->column = strdup("table");
	grouping->of_row = calloc(rows + 1, sizeof(*grouping->of_row));
	grouping->names = calloc(2, sizeof(*grouping->names));
	if (grouping->column == NULL || grouping->of_row == NULL || grouping->names == NULL)
		return -ENOMEM;
	grouping->names[0] = strdup(path);
	grouping->count = grouping->names[0] != NULL;
	return grouping->count == 1 ? 0 : -ENOMEM;
}

static int read_one(struct app_tables *tables, size_t at, struct adit_error *error)
{
	const char *path = tables->paths[at];
	bool wants[ADIT_TABLE_GROUPINGS] = {
		by_table(tables->group) || (tables->group == NULL && tables->path_count > 1),
		by_table(tables->leave_out)};
	struct adit_table *table;
	int status = adit_table_read(path, &tables->params, &table, error);

	if (status != 0)
		return status;
	if (tables->label_files.count > 0)
		status = read_labels(tables, table, path, tables->label_files.text[at], error);
	for (size_t g = 0; g < ADIT_TABLE_GROUPINGS && status == 0; g++) {
		if (wants[g] && add_table_group(&table->groupings[g], table->rows, path) != 0)
			status = adit_error_set(error, -ENOMEM, "no memory for groups");
	}
	if (status == 0 && tables->table != NULL) {
		status = adit_table_append(tables->table, table, error);
		if (status == -EINVAL)
			adit_error_set(error, status,
				"%s and %s have different columns: name "
				"those that are features (--features)",
				tables->paths[0], path);
	} else if (status == 0) {
		tables->table = table;
		return 0;
	}
	adit_table_destroy(table);
	return status;
}

static int check_captures(const struct app_tables *tables, struct adit_error *error)
{
	if (tables->path_count != 0)
		return adit_error_set(error, -EINVAL, "'%s': with --captures there are no tables",
			tables->paths[0]);
	if (tables->label != NULL || tables->label_files.count != 0 || tables->where.count != 0 ||
		tables->positive != NULL || tables->columns != NULL || tables->no_header ||
		tables->missing || tables->delimiter != NULL || tables->quote != NULL ||
		(tables->group != NULL && strcmp(tables->group, "capture") != 0))
		return adit_error_set(error, -EINVAL,
			"--captures brings labels and groups of its own: of what is for tables, "
			"only --features and --group capture go with it");
	if (tables->leave_out != NULL && strcmp(tables->leave_out, "tool") != 0 &&
		strcmp(tables->leave_out, "setup") != 0 && strcmp(tables->leave_out, "rate") != 0 &&
		strcmp(tables->leave_out, "capture") != 0)
		return adit_error_set(error, -EINVAL,
			"--leave-out %s: of captures, tool, setup, rate or capture is right",
			tables->leave_out);
	return 0;
}

int app_tables_harvest(struct app_tables *tables, struct adit_error *error)
{
	struct app_harvest_params params = {.least_names = APP_LEAST_NAMES};
	int status = check_captures(tables, error);

	for (size_t i = 0; i < tables->captures.count && status == 0; i++)
		status = app_labels_read(&tables->labels, tables->captures.text[i], error);
	if (status == 0)
		status = app_harvest_read(&tables->harvest, &tables->labels, &params,
			(char *const *)(uintptr_t)tables->sets.text, tables->sets.count, error);
	return status;
}

static int read_captures(
	struct app_tables *tables, const char *const *names, size_t count, struct adit_error *error)
{
	struct app_harvest *harvest = &tables->harvest;
	struct app_texts *chosen = &tables->chosen;
	int status = 0;

	if (names == NULL && tables->features != NULL) {
		status = keep_list(
			tables, tables->features, ',', chosen, "features parted by commas", error);
		if (status == 0)
			status = chosen_expand(tables, error);
		for (size_t i = 0; i < chosen->count && status == 0; i++)
			status = check_chosen(tables, i, error);
		names = chosen->text;
		count = chosen->count;
	}
	if (status == 0)
		status = app_tables_harvest(tables, error);
	if (status == 0)
		status = app_harvest_table(
			harvest, names, count, tables->leave_out, &tables->table, error);
	if (status != 0)
		return status;
	tables->table->weights = app_harvest_weights(harvest, tables->table);
	tables->names = malloc((harvest->row_count + 1) * sizeof(*tables->names));
	if (tables->table->weights == NULL || tables->names == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %zu rows", harvest->row_count);
	for (size_t i = 0; i < harvest->row_count; i++)
		tables->names[i] = harvest->rows[i].names;
	return 0;
}

/* Of tables that have the column. */
static int names_of_column(struct app_tables *tables, struct adit_error *error)
{
	struct adit_table *table = tables->table;
	int column = adit_table_find(table, adit_features[ADIT_FEATURE_UNIQUE_NAMES].name);

	if (column < 0)
		return 0;
	tables->names = malloc((table->rows + 1) * sizeof(*tables->names));
	if (tables->names == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %zu rows", table->rows);
	for (size_t i = 0; i < table->rows; i++)
		tables->names[i] = (float)table->values[i * table->columns + (size_t)column];
	if (!tables->names_last)
		return 0;
	for (size_t i = 1; i < table->rows; i++)
		memmove(table->values + i * (size_t)column, table->values + i * table->columns,
			(size_t)column * sizeof(double));
	free(table->names[column]);
	table->columns = (size_t)column;
	return 0;
}

int app_tables_read(struct app_tables *tables, const struct app_line *line, size_t first,
	const char *const *names, size_t count, struct adit_error *error)
{
	char what[160];
	int status;

	tables->paths = line->operands + first;
	tables->path_count = line->operand_count - first;
	if (tables->captures.count != 0)
		return read_captures(tables, names, count, error);
	if (tables->sets.count != 0)
		return adit_error_set(error, -EINVAL,
			"--set is for reading captures, and there are none (--captures)");
	if (tables->path_count == 0)
		return adit_error_set(
			error, -EINVAL, "name at least one table, or captures (--captures)");
	tables->params.progress = (struct adit_progress){app_progress_report, what};
	status = prepare(tables, names, count, error);
	for (size_t i = 0; i < tables->path_count && status == 0; i++) {
		snprintf(what, sizeof(what), "reading %.120s", tables->paths[i]);
		status = read_one(tables, i, error);
	}
	app_progress_clear();
	if (status == 0 && tables->table->rows == 0)
		status = adit_error_set(error, -EINVAL, "%s%s%s", tables->paths[0],
			tables->path_count > 1 ? " and the other tables: no rows" : ": no rows",
			tables->where.count > 0 ? " of which --where is true" : "");
	return status == 0 ? names_of_column(tables, error) : status;
}

bool app_tables_are_windows(const struct app_tables *tables)
{
	return tables->captures.count != 0 ||
	       (!tables->params.no_header && is_windows(tables->paths[0]));
}

void app_tables_close(struct app_tables *tables)
{
	adit_table_destroy(tables->table);
	app_harvest_clear(&tables->harvest);
	app_labels_clear(&tables->labels);
	free(tables->names);
	for (size_t i = 0; i < tables->lists_used; i++)
		free(tables->lists[i]);
}
