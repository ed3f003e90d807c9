/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit plot roc and adit plot pr: a curve for each model over labelled tables, for each fit over
 * the rows that it held out, and for each file of points that adit evaluate --curve wrote.
 */
#include "curve.h"
#include "trial.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define CURVES_MAX 24
#define SERIES_MAX (1 + 3 * CURVES_MAX)

static const char usage[] =
	"usage: adit plot roc|pr -o FILE FOLDER... --label COLUMN [OPTIONS] TABLE...\n"
	"       adit plot roc|pr -o FILE FOLDER... [OPTIONS] --captures LABELS...\n"
	"       adit plot roc|pr -o FILE --fit 'KIND holdout=SHARE' --label COLUMN [OPTIONS]\n"
	"                        TABLE...\n"
	"       adit plot roc|pr -o FILE [OPTIONS] CURVE...\n"
	"\n"
	"roc: share of the positive rows that are flagged (recall) over false positives per\n"
	"benign row; pr: share of the flagged rows that are positive (precision) over recall. A\n"
	"curve for each FOLDER that adit train wrote, with a dot at the model's threshold; for\n"
	"each --fit, of the rows that it held out; for each CURVE, a file that adit evaluate\n"
	"--curve wrote. The legend has the areas, as adit evaluate reckons them.\n";

static const char closing[] =
	"Pale bands, and what stands in brackets, are 95 % intervals of a bootstrap that draws\n"
	"whole groups (--group), or rows where there are none. Bands hold point by point. A CURVE\n"
	"has points only, and so no interval.\n"
	"\n"
	"adit plot roc -o roc.svg svm-model trees-model --label label --group capture t.csv\n"
	"adit plot roc -o roc.svg --log x monday.csv tuesday.csv\n"
	"adit plot pr -o pr.svg --fit 'trees holdout=0.3' --label label --group capture t.csv\n";

struct curves {
	struct app_plot plot;
	struct app_tables tables;
	struct app_models models;
	struct app_curve_params params;
	struct app_texts fits;
	size_t files; /* curves that are read */
	struct app_trial trials[CURVES_MAX];
	struct app_curve curve[CURVES_MAX];
	size_t count;
	struct adit_plot_panel panel;
	struct adit_plot_series series[SERIES_MAX];
};

static int add_model(struct curves *curves, size_t at, struct adit_error *error)
{
	const struct adit_table *table = curves->tables.table;
	struct adit_model_about about;
	double *scores, threshold;
	char name[64];
	int status = app_models_score(curves->models.models[at], table, &scores, error);

	adit_model_about(curves->models.models[at], &about);
	threshold =
		about.threshold.method == ADIT_THRESHOLD_NONE ? INFINITY : about.threshold.value;
	app_plot_name(curves->models.folders[at], name);
	if (status == 0)
		status = app_curve_score(name, table, scores, threshold, &curves->params,
			&curves->curve[curves->count++], error);
	free(scores);
	return status;
}

static int add_fit(struct curves *curves, struct app_trial *trial, const struct adit_table *table,
	struct adit_error *error)
{
	struct app_fitted fitted;
	struct adit_error own;
	char name[96];
	int status = app_fit_run(&trial->fit, table, &fitted, &own);

	snprintf(name, sizeof(name), "%.60s (%zu rows held out)", trial->text,
		fitted.held != NULL ? fitted.held->rows : 0);
	if (status != 0)
		adit_error_set(error, status, "--fit '%.80s': %s", trial->text, own.text);
	else
		status = app_curve_score(name, fitted.held, fitted.held_scores,
			fitted.threshold.value, &curves->params, &curves->curve[curves->count++],
			error);
	app_fit_clear(&fitted);
	return status;
}

/* Fits see the columns that --features names, or where no model is there all that were read. */
static int add_fits(struct curves *curves, struct adit_error *error)
{
	static struct app_texts features;
	struct adit_table *chosen = NULL;
	const struct adit_table *table = curves->tables.table;
	char *copy = NULL;
	int status = 0;

	if (curves->fits.count > 0 && curves->models.count > 0) {
		if (app_split(curves->tables.features, ',', &features, &copy) != 0)
			status = adit_error_set(error, -EINVAL,
				"--features %s: columns parted by commas are expected",
				curves->tables.features);
		else
			status = adit_table_columns(
				table, features.text, features.count, &chosen, error);
		table = chosen;
	}
	for (size_t i = 0; i < curves->fits.count && status == 0; i++)
		status = add_fit(curves, &curves->trials[i], table, error);
	adit_table_destroy(chosen);
	free(copy);
	return status;
}

/* Tables have what the models need and, beside them, what the fits do. */
static int read_tables(struct curves *curves, const struct app_line *line, struct adit_error *error)
{
	static struct app_texts features;
	size_t first = curves->models.count + curves->files;
	char *copy = NULL;
	int status = 0;

	if (curves->models.count == 0)
		return app_tables_read(&curves->tables, line, first, NULL, 0, error);
	if (curves->fits.count > 0 &&
		app_split(curves->tables.features, ',', &features, &copy) != 0)
		status = adit_error_set(error, -EINVAL,
			"--features %s: columns parted by commas are expected",
			curves->tables.features);
	for (size_t i = 0; copy != NULL && i < features.count && status == 0; i++)
		status = app_models_add_column(&curves->models, features.text[i], error);
	if (status == 0)
		status = app_tables_read(&curves->tables, line, first, curves->models.columns,
			curves->models.column_count, error);
	free(copy);
	return status;
}

/* Where 0 stands on a logarithmic axis: left of all rates above it. */
static double place_of_zero(const struct curves *curves)
{
	double least = 1;

	for (size_t i = 0; i < curves->count; i++)
		least = fmin(least, curves->curve[i].least); /* passes NaN over */
	return least / 2;
}

static int lay_axes(struct curves *curves, struct adit_error *error)
{
	static const char recall[] = "recall (share of the positive rows that are flagged)";
	struct adit_plot_axis *x = &curves->panel.x, *y = &curves->panel.y;
	double zero = place_of_zero(curves);
	int status = 0;

	/* Lines along 0 and 1 must be seen. */
	*x = *y = (struct adit_plot_axis){.low = -0.02, .high = 1.02};
	x->label = "false positives per benign row";
	y->label = recall;
	if (curves->params.precision) {
		x->label = recall;
		y->label = "precision (share of the flagged rows that are positive)";
	} else if (curves->params.log) {
		*x = (struct adit_plot_axis){.log = true, .low = 0.8 * zero, .high = 1.2};
		x->label = "false positives per benign row (none: at the left end)";
	}
	for (size_t i = 0; x->log && i < curves->count && status == 0; i++) {
		struct app_curve *curve = &curves->curve[i];
		status = app_curve_bend(curve, zero, error);
		if (!isnan(curve->dot[0]))
			curve->dot[0] = fmax(curve->dot[0], zero);
	}
	return status;
}

static struct adit_plot_series *next_series(struct curves *curves)
{
	struct adit_plot_series *series = &curves->series[curves->panel.series_count++];

	curves->panel.series = curves->series;
	return series;
}

/* What a coin gives: flagged at random, benign and positive rows have the same share, and of what
 * is flagged as much is positive as of all rows. */
static void add_chance(struct curves *curves)
{
	static double places[101];
	const struct adit_table *table = curves->tables.table;
	struct adit_plot_series chance = {.kind = ADIT_PLOT_LINE,
		.label = "chance",
		.x = places,
		.y = places,
		.count = ADIT_COUNT(places),
		.colour = ADIT_PLOT_GREY,
		.dash = ADIT_PLOT_DOTTED,
		.size = 1.2};

	if (curves->params.precision && curves->models.count == 0)
		return;
	for (size_t i = 0; i < ADIT_COUNT(places); i++)
		places[i] = adit_plot_axis_at(
			&curves->panel.x, (double)i / (double)(ADIT_COUNT(places) - 1));
	if (curves->params.precision) {
		chance.kind = ADIT_PLOT_HORIZONTAL;
		for (size_t i = 0; i < table->rows; i++)
			chance.level += table->labels[i] != 0;
		chance.level /= (double)table->rows;
	}
	*next_series(curves) = chance;
}

static void add_series(struct curves *curves)
{
	for (size_t i = 0; i < curves->count; i++) {
		const struct app_curve *curve = &curves->curve[i];
		if (curve->at != NULL)
			*next_series(curves) = (struct adit_plot_series){.kind = ADIT_PLOT_BAND,
				.x = curve->at,
				.y = curve->low,
				.y2 = curve->high,
				.count = APP_CURVE_BAND,
				.colour = adit_plot_nth_colour(i)};
	}
	for (size_t i = 0; i < curves->count; i++) {
		const struct app_curve *curve = &curves->curve[i];
		*next_series(curves) = (struct adit_plot_series){
			.kind = curves->params.precision ? ADIT_PLOT_STEP : ADIT_PLOT_LINE,
			.label = curve->label,
			.x = curve->x,
			.y = curve->y,
			.count = curve->count,
			.colour = adit_plot_nth_colour(i),
			.dash = adit_plot_nth_dash(i)};
		if (!isnan(curve->dot[0]) && !isnan(curve->dot[1]))
			*next_series(curves) = (struct adit_plot_series){.kind = ADIT_PLOT_POINTS,
				.x = &curve->dot[0],
				.y = &curve->dot[1],
				.count = 1,
				.colour = adit_plot_nth_colour(i),
				.size = 7};
	}
}

static void describe(const struct curves *curves, char about[2 * APP_PLOT_TEXT])
{
	const struct adit_table *table = curves->tables.table;
	const char *group = table != NULL ? table->groupings[0].column : NULL;
	bool bands = false, dots = false;
	size_t used = 0, room = 2 * APP_PLOT_TEXT;

	about[0] = '\0';
	for (size_t i = 0; i < curves->count; i++) {
		bands |= curves->curve[i].at != NULL;
		dots |= !isnan(curves->curve[i].dot[0]) && !isnan(curves->curve[i].dot[1]);
	}
	if (table != NULL) {
		app_plot_about_rows(&curves->tables, about);
		used = strlen(about);
		used += (size_t)snprintf(about + used, room - used, ". ");
	}
	if (bands)
		used += (size_t)snprintf(about + used, room - used,
			"Bands: 95 %%, bootstrap of %s%.60s, point by point. ",
			group != NULL ? "groups by " : "rows", group != NULL ? group : "");
	if (dots)
		snprintf(about + used, room - used, "Dots: at the threshold.");
}

static int draw(struct curves *curves, struct adit_error *error)
{
	char about[2 * APP_PLOT_TEXT];
	struct adit_plot_figure figure = {.title = curves->params.precision
							   ? "Precision and recall"
							   : "ROC: recall over false positives",
		.subtitle = about,
		.panels = &curves->panel,
		.panel_count = 1};
	int status;

	status = lay_axes(curves, error);
	if (status != 0)
		return status;
	add_chance(curves);
	add_series(curves);
	describe(curves, about);
	return app_plot_write(&curves->plot, &figure, error);
}

static int check(struct curves *curves, struct app_line *line, struct adit_error *error)
{
	const struct app_tables *tables = &curves->tables;
	bool fits = curves->fits.count > 0;
	size_t folders, sources, rest;
	int status = app_plot_check(&curves->plot, curves->params.precision ? "" : "x", error);

	curves->params.log = curves->plot.log_x;
	if (status == 0)
		status = app_plot_sort(line, app_curve_is_file, &folders, &curves->files, error);
	if (status != 0)
		return status;
	sources = folders + curves->files + curves->fits.count;
	rest = line->operand_count - folders - curves->files;
	if (sources > CURVES_MAX)
		return adit_error_set(
			error, -EINVAL, "%zu curves; %d are the most", sources, CURVES_MAX);
	if (folders + curves->fits.count > 0 && rest == 0 && tables->captures.count == 0)
		return adit_error_set(error, -EINVAL, "name at least one TABLE, or --captures");
	if (folders + curves->fits.count == 0 && tables->captures.count != 0)
		return adit_error_set(
			error, -EINVAL, "--captures: name the FOLDER of a model, or a --fit");
	if (folders + curves->fits.count == 0 && rest > 0)
		return adit_error_set(error, -EINVAL,
			"%s is no curve of adit evaluate; a table needs the FOLDER of a model, or "
			"--fit",
			line->operands[curves->files]);
	if (sources == 0)
		return adit_error_set(error, -EINVAL,
			"name the FOLDER of a model, a --fit, or a CURVE of adit evaluate");
	if (rest > 0 && tables->label == NULL && tables->label_files.count == 0)
		return adit_error_set(
			error, -EINVAL, "labels are needed: --label COLUMN or --labels FILE");
	if (!fits && (tables->features != NULL || tables->columns != NULL))
		return adit_error_set(error, -EINVAL,
			"the model names its features: --features and --columns are for --fit");
	if (fits && folders > 0 && tables->features == NULL)
		return adit_error_set(error, -EINVAL,
			"--fit beside the FOLDER of a model needs --features: the models' may "
			"differ");
	if (curves->params.samples > 0 && curves->params.samples < 10)
		return adit_error_set(error, -EINVAL, "--samples %lu: 0, or 10 and more, is right",
			(unsigned long)curves->params.samples);
	curves->models.count = folders;
	for (size_t i = 0; i < curves->fits.count && status == 0; i++) {
		status = app_trial_read(curves->fits.text[i], &curves->trials[i], error);
		if (status == 0 && curves->trials[i].fit.holdout == 0)
			status = adit_error_set(error, -EINVAL,
				"--fit '%.80s': rows that were fitted to flatter; say how many "
				"groups are held out for the curve: holdout=0.25",
				curves->fits.text[i]);
	}
	return status;
}

static int run(struct curves *curves, const struct app_line *line, struct adit_error *error)
{
	size_t folders = curves->models.count;
	int status = app_models_read(
		&curves->models, (const char *const *)line->operands, folders, error);

	if (status == 0 && folders + curves->fits.count > 0)
		status = read_tables(curves, line, error);
	for (size_t i = 0; i < folders && status == 0; i++)
		status = add_model(curves, i, error);
	if (status == 0)
		status = add_fits(curves, error);
	for (size_t i = 0; i < curves->files && status == 0; i++)
		status = app_curve_read(line->operands[folders + i], &curves->params,
			&curves->curve[curves->count++], error);
	return status == 0 ? draw(curves, error) : status;
}

static void clear(struct curves *curves)
{
	for (size_t i = 0; i < CURVES_MAX; i++) {
		app_curve_free(&curves->curve[i]);
		app_trial_clear(&curves->trials[i]);
	}
	app_models_close(&curves->models);
	app_tables_close(&curves->tables);
}

static int plot_curves(int argc, char **argv, const char *command, bool precision)
{
	static struct curves curves;
	struct app_option own[] = {
		{"fit", 0, APP_TEXTS, "'KIND OPTION...'",
			APP_TRIAL_HELP ";\na curve of the rows held out; may be given again",
			&curves.fits, 0, 0, false},
		{"samples", 0, APP_COUNT, "N", "of the bootstrap (default 1000); 0: no intervals",
			&curves.params.samples, 0, 1000000, false},
		{"seed", 0, APP_COUNT, "N", "of the bootstrap (default 1)", &curves.params.seed, 0,
			INT32_MAX, false},
	};
	struct app_option of_plot[APP_PLOT_OPTIONS], of_tables[APP_TABLES_OPTIONS];
	struct app_line line = {.command = command,
		.usage = usage,
		.closing = closing,
		.groups = {{"Options", own, ADIT_COUNT(own)},
			{"Picture", of_plot,
				app_plot_options(
					&curves.plot, command, precision ? "" : "x", of_plot)},
			{"Tables", of_tables, app_tables_options(&curves.tables, of_tables)}}};
	struct adit_error error = {"no memory"};
	int status;

	curves.params.precision = precision;
	curves.params.samples = 1000;
	curves.params.seed = 1;
	curves.tables.command = command;
	status = app_line_parse(&line, argc, argv);
	if (status != -1)
		return status;
	status = check(&curves, &line, &error);
	if (status == 0) {
		app_interrupt_start(command);
		status = run(&curves, &line, &error);
		if (status != 0)
			fprintf(stderr, "adit %s: %s\n", command, error.text);
		status = app_exit_status(status);
	} else {
		status = app_line_refuse(command, "%s", error.text);
	}
	clear(&curves);
	return status;
}

int app_plot_roc(int argc, char **argv)
{
	return plot_curves(argc, argv, "plot roc", false);
}

int app_plot_pr(int argc, char **argv)
{
	return plot_curves(argc, argv, "plot pr", true);
}
