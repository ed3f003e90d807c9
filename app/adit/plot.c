/* SPDX-License-Identifier: BSD-3-Clause */
#include "plot.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

size_t app_plot_options(
	struct app_plot *plot, const char *command, const char *axes, struct app_option *options)
{
	const struct app_option rows[APP_PLOT_OPTIONS] = {
		{"out", 'o', APP_TEXT, "FILE", "the picture: SVG or PNG, by its ending", &plot->out,
			0, 0, false},
		{"title", 0, APP_TEXT, "TEXT", "in place of the title that it gets", &plot->title,
			0, 0, false},
		{"width", 0, APP_COUNT, "N", "pixels (default 800)", &plot->width,
			ADIT_PLOT_SIZE_MIN, ADIT_PLOT_SIZE_MAX, false},
		{"height", 0, APP_COUNT, "N", "pixels (default 600)", &plot->height,
			ADIT_PLOT_SIZE_MIN, ADIT_PLOT_SIZE_MAX, false},
		{"zoom", 0, APP_NUMBER, "X",
			"of a PNG: so many pixels for one, text and lines included (default 1)",
			&plot->zoom, 0.5, 8, false},
		{"log", 0, APP_TEXT, "AXES",
			strcmp(axes, "x") == 0
				? "x: a logarithmic axis"
				: "x, y or xy: logarithmic axes; rows that are not above 0 there\n"
				  "are not seen, and counted",
			&plot->log, 0, 0, false},
	};

	*plot = (struct app_plot){.command = command, .width = 800, .height = 600};
	memcpy(options, rows, sizeof(rows));
	/* The last one is for pictures whose axes may be logarithmic. */
	return ADIT_COUNT(rows) - (*axes == '\0');
}

static int check_place(const char *path, struct adit_error *error)
{
	char copy[PATH_MAX];
	struct stat about;
	const char *folder;
	int status;

	if (strlen(path) >= sizeof(copy))
		return adit_error_set(error, -EINVAL, "%.100s…: the path is too long", path);
	if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
		return adit_error_set(
			error, -EISDIR, "%s: a folder is there; name a file (-o FILE)", path);
	snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	if (access(folder, W_OK | X_OK) == 0)
		return 0;
	status = -errno;
	return adit_error_set(error, status, "%s: a picture cannot be written there: %s", path,
		strerror(-status));
}

int app_plot_check(struct app_plot *plot, const char *axes, struct adit_error *error)
{
	const char *log = plot->log != NULL ? plot->log : "";
	int status;

	if (plot->out == NULL)
		return adit_error_set(error, -EINVAL, "name the picture: -o FILE.svg or FILE.png");
	status = adit_plot_check_path(plot->out, error);
	if (status != 0)
		return status;
	if (strlen(log) > 2 || strspn(log, axes) != strlen(log) ||
		(plot->log != NULL && *log == '\0'))
		return adit_error_set(error, -EINVAL, "--log %s: %s is right", log,
			strcmp(axes, "x") == 0 ? "x" : "x, y or xy");
	plot->log_x = strchr(log, 'x') != NULL;
	plot->log_y = strchr(log, 'y') != NULL;
	return check_place(plot->out, error);
}

int app_plot_write(
	const struct app_plot *plot, struct adit_plot_figure *figure, struct adit_error *error)
{
	static char what[] = "drawing";
	char note[ADIT_PLOT_NOTE_MAX];
	struct adit_plot_drawn drawn;
	int status;

	figure->width = (unsigned)plot->width;
	figure->height = (unsigned)plot->height;
	figure->zoom = plot->zoom;
	if (plot->title != NULL)
		figure->title = plot->title;
	app_progress_report(what, 0, 0);
	app_interrupt_hold();
	status = adit_plot_write(figure, plot->out, &drawn, error);
	app_progress_clear();
	if (status != 0)
		return status;
	adit_plot_note(&drawn, note);
	if (note[0] != '\0')
		fprintf(stderr, "adit %s: %s: %s\n", plot->command, plot->out, note);
	return 0;
}

void app_plot_name(const char *path, char name[64])
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (length <= 40) {
		snprintf(name, 64, "%.*s", (int)length, path);
		return;
	}
	path += length - 39;
	/* Not from the middle of a character. */
	while (((unsigned char)*path & 0xc0) == 0x80)
		path++;
	snprintf(name, 64, "…%.*s", 39, path);
}

void app_plot_about_rows(const struct app_tables *tables, char text[APP_PLOT_TEXT])
{
	const struct adit_table *table = tables->table;
	char name[64];
	size_t positives = 0;
	int used;

	if (tables->captures.count != 0)
		snprintf(name, sizeof(name), "%zu captures", tables->labels.count);
	else if (tables->path_count == 1)
		app_plot_name(tables->paths[0], name);
	else
		snprintf(name, sizeof(name), "%zu tables", tables->path_count);
	used = snprintf(text, APP_PLOT_TEXT, "%zu rows of %s", table->rows, name);
	for (size_t i = 0; table->labels != NULL && i < table->rows; i++)
		positives += table->labels[i] != 0;
	if (table->labels != NULL)
		snprintf(text + used, APP_PLOT_TEXT - (size_t)used, ", %zu of them positive",
			positives);
}

int app_models_add_column(struct app_models *models, const char *name, struct adit_error *error)
{
	for (size_t i = 0; i < models->column_count; i++) {
		if (strcmp(models->columns[i], name) == 0)
			return 0;
	}
	if (models->column_count == ADIT_TABLE_COLUMNS_MAX)
		return adit_error_set(error, -EINVAL, "the models have more than %d features",
			ADIT_TABLE_COLUMNS_MAX);
	models->columns[models->column_count++] = name;
	return 0;
}

int app_models_read(struct app_models *models, const char *const *folders, size_t count,
	struct adit_error *error)
{
	int status = 0;

	*models = (struct app_models){.folders = folders, .count = count};
	models->models = calloc(count + 1, sizeof(struct adit_model *));
	if (models->models == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for models");
	for (size_t i = 0; i < count && status == 0; i++) {
		struct adit_model_about about;
		status = adit_model_read(folders[i], &models->models[i], error);
		if (status != 0)
			return status;
		adit_model_about(models->models[i], &about);
		for (size_t j = 0; j < about.feature_count && status == 0; j++)
			status = app_models_add_column(models, about.features[j], error);
	}
	return status;
}

void app_models_close(struct app_models *models)
{
	for (size_t i = 0; models->models != NULL && i < models->count; i++)
		adit_model_destroy(models->models[i]);
	free(models->models);
	models->models = NULL;
}

int app_models_score(struct adit_model *model, const struct adit_table *table, double **scores,
	struct adit_error *error)
{
	static char what[] = "scoring";
	struct adit_progress progress = {app_progress_report, what};
	int status;

	*scores = calloc(table->rows + 1, sizeof(**scores));
	if (*scores == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %zu scores", table->rows);
	status = adit_model_score_table(model, table, *scores, &progress, error);
	app_progress_clear();
	return status;
}

/* Moves an operand forward to `to`; those between follow. */
static void move_up(struct app_line *line, size_t from, size_t to)
{
	char *operand = line->operands[from];

	memmove(&line->operands[to + 1], &line->operands[to],
		(from - to) * sizeof(*line->operands));
	line->operands[to] = operand;
}

int app_plot_sort(struct app_line *line, bool (*is_other)(const char *path), size_t *folders,
	size_t *others, struct adit_error *error)
{
	*folders = *others = 0;
	for (size_t i = 0; i < line->operand_count; i++) {
		const char *path = line->operands[i];
		struct stat about;
		if (stat(path, &about) != 0) {
			int status = -errno;
			return adit_error_set(error, status, "%s: %s", path, strerror(-status));
		}
		if (S_ISDIR(about.st_mode)) {
			move_up(line, i, (*folders)++);
		} else if (is_other != NULL && S_ISREG(about.st_mode) && is_other(path)) {
			move_up(line, i, *folders + *others);
			++*others;
		}
	}
	return 0;
}
