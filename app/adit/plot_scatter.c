/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit plot scatter: rows in the plane of two columns, and where models of these two columns have
 * their boundaries: figures 6.1 to 6.4 of Skow, "Detecting DNS tunneling using machine learning"
 * (NTNU 2015), for any table.
 */
#include "boundary.h"
#include "plot.h"

#include "adit_feature.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define BOUNDARIES_MAX 24
#define SERIES_MAX     (2 + BOUNDARIES_MAX)

static const char usage[] =
	"usage: adit plot scatter -o FILE -x COLUMN -y COLUMN [OPTIONS] TABLE...\n"
	"       adit plot scatter -o FILE -x COLUMN -y COLUMN [OPTIONS] --captures LABELS...\n"
	"\n"
	"Draws rows as dots (positive ones, where there are labels, as crosses), and the boundary\n"
	"of each fit and each model: the line beyond which rows are outside. The legend tells how\n"
	"many are. A COLUMN is a name, a number from 0, or A/B: a ratio, or A where B is 0.\n";

static const char closing[] =
	"The boundary: zero is score 0, which of an svm is the decision value at which nu counts\n"
	"rows as outside, and of trees even odds. threshold is the score above which a row is\n"
	"flagged. Without --boundary, a --fit has its zero, as what nu does is the question, and\n"
	"a --model its threshold, as it flags by that. An envelope's squared distance has no\n"
	"zero: it is always the threshold, for the rate asked for ('envelope rate=0.01').\n"
	"\n"
	"A fit standardises inside, as adit train does, unless 'no-scale' is asked for: the same\n"
	"line is then drawn with --scale and without, over other axes.\n"
	"\n"
	"adit plot scatter -o s.svg --no-header --where 0=9000 -x 2/3 -y 1/3 --scale \\\n"
	"    --fit 'svm nu=0.15' --fit 'svm nu=0.05' --fit 'svm nu=0.005' sessions.csv\n"
	"adit plot scatter -o s.png --log xy -x bytes_up -y bytes_down --model model windows.csv\n";

struct scatter {
	struct app_plot plot;
	struct app_tables tables;
	struct app_models models;
	const char *x, *y, *x_label, *y_label, *x_range, *y_range, *boundary;
	struct app_texts fits, folders;
	bool scale;
	uint64_t points;
	struct app_plane plane;
	struct app_boundary boundaries[BOUNDARIES_MAX];
	size_t boundary_count;
	/* what is drawn */
	double *values; /* columns of benign rows, then of positive ones */
	struct adit_plot_panel panel;
	struct adit_plot_series series[SERIES_MAX];
	char labels[2][APP_PLOT_TEXT];
};

static int read_range(
	const char *option, const char *text, struct adit_plot_axis *axis, struct adit_error *error)
{
	char low[64];
	const char *colon = text != NULL ? strchr(text, ':') : NULL;

	if (text == NULL)
		return 0;
	if (colon != NULL)
		snprintf(low, sizeof(low), "%.*s", (int)(colon - text), text);
	if (colon == NULL || !app_read_number(low, &axis->low) ||
		!app_read_number(colon + 1, &axis->high) || !(axis->low < axis->high))
		return adit_error_set(error, -EINVAL,
			"--%s %s: two numbers, the lower one first, are expected: LOW:HIGH", option,
			text);
	if (axis->log && axis->low <= 0)
		return adit_error_set(
			error, -EINVAL, "--%s %s: a logarithmic axis begins above 0", option, text);
	return 0;
}

static int check(struct scatter *scatter, struct adit_error *error)
{
	const struct app_tables *tables = &scatter->tables;
	int status = app_plot_check(&scatter->plot, "xy", error);

	if (status != 0)
		return status;
	if (scatter->x == NULL || scatter->y == NULL)
		return adit_error_set(error, -EINVAL, "name two columns: -x COLUMN -y COLUMN");
	if (strcmp(scatter->x, scatter->y) == 0)
		return adit_error_set(error, -EINVAL, "-x and -y are both '%s'", scatter->x);
	if (tables->features != NULL || tables->columns != NULL)
		return adit_error_set(error, -EINVAL,
			"--features and --columns are not for a scatter: -x and -y name its "
			"columns; --no-header says that columns have numbers");
	if (scatter->boundary != NULL && strcmp(scatter->boundary, "zero") != 0 &&
		strcmp(scatter->boundary, "threshold") != 0)
		return adit_error_set(error, -EINVAL, "--boundary %s: zero or threshold is right",
			scatter->boundary);
	if (scatter->fits.count + scatter->folders.count > BOUNDARIES_MAX)
		return adit_error_set(error, -EINVAL,
			"%zu times --fit and --model; %d are the most",
			scatter->fits.count + scatter->folders.count, BOUNDARIES_MAX);
	scatter->panel.x =
		(struct adit_plot_axis){.log = scatter->plot.log_x, .low = NAN, .high = NAN};
	scatter->panel.y =
		(struct adit_plot_axis){.log = scatter->plot.log_y, .low = NAN, .high = NAN};
	status = read_range("x-range", scatter->x_range, &scatter->panel.x, error);
	return status != 0 ? status
			   : read_range("y-range", scatter->y_range, &scatter->panel.y, error);
}

/* The fits are understood, and the models read, before the tables are. */
static int read_boundaries(struct scatter *scatter, struct adit_error *error)
{
	struct app_boundary *at = scatter->boundaries;
	int status = 0;

	for (size_t i = 0; i < scatter->fits.count && status == 0; i++, at++) {
		scatter->boundary_count++;
		status = app_trial_read(scatter->fits.text[i], &at->trial, error);
	}
	if (status == 0)
		status = app_models_read(
			&scatter->models, scatter->folders.text, scatter->folders.count, error);
	for (size_t i = 0; i < scatter->folders.count && status == 0; i++, at++) {
		scatter->boundary_count++;
		at->folder = scatter->folders.text[i];
		at->model = scatter->models.models[i];
		status = app_boundary_bind(at, scatter->x, scatter->y, error);
	}
	return status;
}

static int scale(struct scatter *scatter, struct adit_error *error)
{
	struct adit_table *table = scatter->tables.table;
	struct app_plane *plane = &scatter->plane;

	*plane = (struct app_plane){.scale = {1, 1}};
	if (!scatter->scale)
		return 0;
	for (size_t i = 0; i < 2 * table->rows; i++) {
		if (isnan(table->values[i]))
			return adit_error_set(error, -EINVAL,
				"line %lu has a missing value; --scale takes none",
				(unsigned long)table->lines[i / 2]);
	}
	adit_table_standard(table, plane->mean, plane->scale);
	for (size_t i = 0; i < 2 * table->rows; i++)
		table->values[i] = (table->values[i] - plane->mean[i % 2]) / plane->scale[i % 2];
	return 0;
}

/* Rows of both labels as columns of their own, and the axes around them. */
static int split_rows(struct scatter *scatter, size_t counts[2], struct adit_error *error)
{
	const struct adit_table *table = scatter->tables.table;
	size_t at[2] = {0, 0};
	double *x, *y;

	counts[0] = counts[1] = 0;
	for (size_t i = 0; i < table->rows; i++)
		counts[table->labels != NULL && table->labels[i] != 0]++;
	scatter->values = malloc((2 * table->rows + 1) * sizeof(*scatter->values));
	if (scatter->values == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %zu rows", table->rows);
	x = scatter->values;
	y = x + table->rows;
	at[1] = counts[0];
	for (size_t i = 0; i < table->rows; i++) {
		size_t to = at[table->labels != NULL && table->labels[i] != 0]++;
		x[to] = table->values[2 * i];
		y[to] = table->values[2 * i + 1];
	}
	if (scatter->x_range == NULL) {
		adit_plot_axis_include(&scatter->panel.x, x, table->rows);
		adit_plot_axis_widen(&scatter->panel.x, APP_PLOT_MARKED);
	}
	if (scatter->y_range == NULL) {
		adit_plot_axis_include(&scatter->panel.y, y, table->rows);
		adit_plot_axis_widen(&scatter->panel.y, APP_PLOT_MARKED);
	}
	for (size_t i = 0, from = 0; i < 2; from += counts[i++])
		scatter->series[i] = (struct adit_plot_series){.kind = ADIT_PLOT_POINTS,
			.label = i == 1                  ? "positive rows"
				 : table->labels != NULL ? "benign rows"
							 : "rows",
			.x = x + from,
			.y = y + from,
			.count = counts[i],
			.colour = i == 1 ? ADIT_PLOT_BLACK : ADIT_PLOT_GREY,
			.mark = i == 1 ? ADIT_PLOT_CROSS : ADIT_PLOT_DOT};
	return 0;
}

static int find_boundaries(struct scatter *scatter, struct adit_error *error)
{
	const struct adit_table *table = scatter->tables.table;
	struct app_plane *plane = &scatter->plane;
	int status;

	plane->x = &scatter->panel.x;
	plane->y = &scatter->panel.y;
	status = app_plane_lay(plane, scatter->plot.width, scatter->plot.height, error);
	for (size_t i = 0; i < scatter->boundary_count && status == 0; i++) {
		struct app_boundary *boundary = &scatter->boundaries[i];
		if (boundary->folder == NULL)
			status = app_boundary_fit(boundary, table, error);
		if (status == 0)
			status =
				app_boundary_find(boundary, scatter->boundary, plane, table, error);
	}
	return status;
}

/* The unit is known of the columns of a windows.csv. */
static const char *unit_of(const struct app_tables *tables, const char *column)
{
	enum adit_feature feature = adit_feature_find(column);

	return app_tables_are_windows(tables) && feature != ADIT_FEATURE_COUNT
		       ? adit_features[feature].unit
		       : NULL;
}

static const char *before(const char *column)
{
	return column[strspn(column, "0123456789/")] == '\0' ? "column " : "";
}

static void name_axis(const struct scatter *scatter, const char *column, const char *label,
	char text[APP_PLOT_TEXT], struct adit_plot_axis *axis)
{
	const char *unit = scatter->scale ? "standard deviations from the mean"
					  : unit_of(&scatter->tables, column);

	axis->label = label;
	if (label != NULL)
		return;
	snprintf(text, APP_PLOT_TEXT, "%s%.127s%s%s%s", before(column), column,
		unit != NULL ? " (" : "", unit != NULL ? unit : "", unit != NULL ? ")" : "");
	axis->label = text;
}

static int draw(struct scatter *scatter, struct adit_error *error)
{
	char title[2 * APP_PLOT_TEXT], about[APP_PLOT_TEXT];
	struct adit_plot_figure figure = {.title = title,
		.subtitle = about,
		.panels = &scatter->panel,
		.panel_count = 1,
		.points_max = scatter->points};
	size_t counts[2], drawn = 2;
	int status = split_rows(scatter, counts, error);

	if (status == 0)
		status = find_boundaries(scatter, error);
	if (status != 0)
		return status;
	name_axis(scatter, scatter->x, scatter->x_label, scatter->labels[0], &scatter->panel.x);
	name_axis(scatter, scatter->y, scatter->y_label, scatter->labels[1], &scatter->panel.y);
	if (counts[1] == 0)
		drawn = 1;
	for (size_t i = 0; i < scatter->boundary_count; i++) {
		const struct app_boundary *boundary = &scatter->boundaries[i];
		scatter->series[drawn++] = (struct adit_plot_series){.kind = ADIT_PLOT_CONTOUR,
			.label = boundary->label,
			.field = &boundary->field,
			.level = boundary->level,
			.colour = adit_plot_nth_colour(i),
			.dash = adit_plot_nth_dash(i)};
	}
	scatter->panel.series = scatter->series;
	scatter->panel.series_count = drawn;
	snprintf(title, sizeof(title), "%s%s over %s%s",
		scatter->y_label != NULL ? "" : before(scatter->y),
		scatter->y_label != NULL ? scatter->y_label : scatter->y,
		scatter->x_label != NULL ? "" : before(scatter->x),
		scatter->x_label != NULL ? scatter->x_label : scatter->x);
	app_plot_about_rows(&scatter->tables, about);
	return app_plot_write(&scatter->plot, &figure, error);
}

static int run(struct scatter *scatter, const struct app_line *line, struct adit_error *error)
{
	const char *const columns[2] = {scatter->x, scatter->y};
	int status = read_boundaries(scatter, error);

	if (status == 0)
		status = app_tables_read(&scatter->tables, line, 0, columns, 2, error);
	if (status == 0)
		status = scale(scatter, error);
	return status == 0 ? draw(scatter, error) : status;
}

static size_t own_options(struct scatter *scatter, struct app_option *options)
{
	const struct app_option rows[] = {
		{"x", 'x', APP_TEXT, "COLUMN", "of the axis to the right", &scatter->x, 0, 0,
			false},
		{"y", 'y', APP_TEXT, "COLUMN", "of the axis upwards", &scatter->y, 0, 0, false},
		{"fit", 0, APP_TEXTS, "'KIND OPTION...'",
			APP_TRIAL_HELP ";\nthe boundary of this fit; may be given again",
			&scatter->fits, 0, 0, false},
		{"model", 'm', APP_TEXTS, "FOLDER",
			"the boundary of a model of these two columns; may be given again",
			&scatter->folders, 0, 0, false},
		{"boundary", 0, APP_TEXT, "zero|threshold", "which line is drawn; see below",
			&scatter->boundary, 0, 0, false},
		{"scale", 0, APP_FLAG, NULL,
			"standardise the columns first: axes in standard deviations",
			&scatter->scale, 0, 0, false},
		{"points", 0, APP_COUNT, "N",
			"in an SVG at most (default 5000): where rows are dense, one stands for\n"
			"several. A PNG has them all",
			&scatter->points, 1, 1000000, false},
		{"x-range", 0, APP_TEXT, "LOW:HIGH", "of the axis, in place of all rows",
			&scatter->x_range, 0, 0, false},
		{"y-range", 0, APP_TEXT, "LOW:HIGH", "the same", &scatter->y_range, 0, 0, false},
		{"x-label", 0, APP_TEXT, "TEXT", "in place of the column's name", &scatter->x_label,
			0, 0, false},
		{"y-label", 0, APP_TEXT, "TEXT", "the same", &scatter->y_label, 0, 0, false},
	};

	scatter->points = 5000;
	memcpy(options, rows, sizeof(rows));
	return ADIT_COUNT(rows);
}

int app_plot_scatter(int argc, char **argv)
{
	static struct scatter scatter = {.tables = {.command = "plot scatter"}};
	struct app_option of_plot[APP_PLOT_OPTIONS], own[16], of_tables[APP_TABLES_OPTIONS];
	struct app_line line = {.command = "plot scatter",
		.usage = usage,
		.closing = closing,
		.groups = {{"Options", own, own_options(&scatter, own)},
			{"Picture", of_plot,
				app_plot_options(&scatter.plot, "plot scatter", "xy", of_plot)},
			{"Tables", of_tables, app_tables_options(&scatter.tables, of_tables)}}};
	struct adit_error error = {"no memory"};
	int status = app_line_parse(&line, argc, argv);

	if (status != -1)
		return status;
	status = check(&scatter, &error);
	if (status != 0)
		return app_line_refuse("plot scatter", "%s", error.text);
	if (line.operand_count == 0 && scatter.tables.captures.count == 0)
		return app_line_refuse("plot scatter", "name at least one TABLE, or --captures");
	app_interrupt_start("plot scatter");
	status = run(&scatter, &line, &error);
	if (status != 0)
		fprintf(stderr, "adit plot scatter: %s\n", error.text);
	for (size_t i = 0; i < scatter.boundary_count; i++)
		app_boundary_clear(&scatter.boundaries[i]);
	app_models_close(&scatter.models);
	app_tables_close(&scatter.tables);
	app_plane_clear(&scatter.plane);
	free(scatter.values);
	return app_exit_status(status);
}
