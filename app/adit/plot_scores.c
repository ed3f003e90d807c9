/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit plot scores: how many rows a model gives which score, benign and positive ones apart, with
 * the threshold. A panel for each model.
 */
#include "plot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define PANELS_MAX 9
#define BINS_MAX   1000
#define LEAST      0.7 /* the low end of a logarithmic axis of counts: 1 is seen */

static const char usage[] =
	"usage: adit plot scores -o FILE FOLDER... [--label COLUMN] [OPTIONS] TABLE...\n"
	"       adit plot scores -o FILE FOLDER... [OPTIONS] --captures LABELS...\n"
	"\n"
	"Draws how many rows have which score, for each FOLDER that adit train wrote: benign and\n"
	"positive rows apart where there are labels, on a logarithmic axis of counts, with the\n"
	"model's threshold. Several models are panels of one picture.\n";

static const char closing[] =
	"An envelope's scores are squared distances and often span decades: --log x.\n"
	"\n"
	"adit plot scores -o scores.svg model --label label t.csv\n"
	"adit plot scores -o scores.png --log x envelope-model --label label t.csv\n";

/* The bins of a panel: edges, then heights of benign and of positive rows. */
struct panel {
	double edges[BINS_MAX + 1], heights[2][BINS_MAX];
	struct adit_plot_series series[3];
	char title[APP_PLOT_TEXT], label[APP_PLOT_TEXT];
};

struct scores {
	struct app_plot plot;
	struct app_tables tables;
	struct app_models models;
	uint64_t bins;
	double threshold;
	bool has_threshold;
	struct panel panels[PANELS_MAX];
	struct adit_plot_panel drawn[PANELS_MAX];
};

static size_t bin_of(const struct adit_plot_axis *axis, double score, size_t bins)
{
	double share = adit_plot_axis_share(axis, score);
	size_t bin = share > 0 ? (size_t)(share * (double)bins) : 0;

	return bin < bins ? bin : bins - 1;
}

/* Counts the rows; gives how many have no place on the axis. */
static size_t fill_bins(const struct scores *scores, const struct adit_plot_axis *axis,
	const double *of_rows, struct panel *panel)
{
	const struct adit_table *table = scores->tables.table;
	size_t left_out = 0;

	for (size_t i = 0; i <= scores->bins; i++)
		panel->edges[i] = adit_plot_axis_at(axis, (double)i / (double)scores->bins);
	memset(panel->heights, 0, sizeof(panel->heights));
	for (size_t i = 0; i < table->rows; i++) {
		bool positive = table->labels != NULL && table->labels[i] != 0;
		if (!isfinite(of_rows[i]) || (axis->log && of_rows[i] <= 0))
			left_out++;
		else
			panel->heights[positive][bin_of(axis, of_rows[i], scores->bins)]++;
	}
	return left_out;
}

static size_t add_bars(const struct scores *scores, struct panel *panel)
{
	bool labels = scores->tables.table->labels != NULL;

	for (size_t i = 0; i < 1u + labels; i++)
		panel->series[i] = (struct adit_plot_series){.kind = ADIT_PLOT_BARS,
			.label = i == 1   ? "positive rows"
				 : labels ? "benign rows"
					  : "rows",
			.x = panel->edges,
			.x2 = panel->edges + 1,
			.y = panel->heights[i],
			.count = scores->bins,
			.colour = i == 1 ? ADIT_PLOT_VERMILLION : ADIT_PLOT_BLUE,
			.hatched = i == 1};
	return 1u + labels;
}

static void lay_counts(
	const struct scores *scores, const struct panel *panel, struct adit_plot_axis *axis)
{
	*axis = (struct adit_plot_axis){.label = "rows", .log = true, .low = LEAST, .high = 10};
	for (size_t i = 0; i < 2; i++)
		adit_plot_axis_include(axis, panel->heights[i], scores->bins);
	axis->high *= 1.5;
}

static void add_threshold(double threshold, struct panel *panel, struct adit_plot_series *series)
{
	snprintf(panel->label, sizeof(panel->label), "threshold %.4g", threshold);
	*series = (struct adit_plot_series){.kind = ADIT_PLOT_VERTICAL,
		.label = panel->label,
		.level = threshold,
		.colour = ADIT_PLOT_BLACK,
		.dash = ADIT_PLOT_DASHED};
}

static void name_panel(
	const char *folder, enum adit_model_kind kind, size_t left_out, char title[APP_PLOT_TEXT])
{
	char name[64];

	app_plot_name(folder, name);
	if (left_out == 0)
		snprintf(title, APP_PLOT_TEXT, "%s (%s)", name, adit_model_kind_names[kind]);
	else
		snprintf(title, APP_PLOT_TEXT,
			"%s (%s); %zu rows without a score that can be shown", name,
			adit_model_kind_names[kind], left_out);
}

static int add_panel(struct scores *scores, size_t at, struct adit_error *error)
{
	const struct adit_table *table = scores->tables.table;
	struct adit_plot_panel *drawn = &scores->drawn[at];
	struct panel *panel = &scores->panels[at];
	struct adit_plot_axis *x = &drawn->x;
	struct adit_model_about about;
	double *of_rows, threshold = NAN;
	size_t left_out;
	int status = app_models_score(scores->models.models[at], table, &of_rows, error);

	adit_model_about(scores->models.models[at], &about);
	if (scores->has_threshold)
		threshold = scores->threshold;
	else if (about.threshold.method != ADIT_THRESHOLD_NONE)
		threshold = about.threshold.value;
	if (status == 0) {
		*x = (struct adit_plot_axis){.log = scores->plot.log_x, .low = NAN, .high = NAN};
		x->label = "score (higher is less benign)";
		adit_plot_axis_include(x, of_rows, table->rows);
		adit_plot_axis_include(x, &threshold, 1);
		adit_plot_axis_widen(x, APP_PLOT_MARKED);
		left_out = fill_bins(scores, x, of_rows, panel);
		name_panel(scores->models.folders[at], about.kind, left_out, panel->title);
		lay_counts(scores, panel, &drawn->y);
		drawn->title = panel->title;
		drawn->series = panel->series;
		drawn->series_count = add_bars(scores, panel);
		if (!isnan(threshold))
			add_threshold(threshold, panel, &panel->series[drawn->series_count++]);
	}
	free(of_rows);
	return status;
}

static int run(struct scores *scores, const struct app_line *line, struct adit_error *error)
{
	char about[APP_PLOT_TEXT];
	size_t count = scores->models.count;
	struct adit_plot_figure figure = {.title = "Scores of rows",
		.subtitle = about,
		.panels = scores->drawn,
		.panel_count = count,
		.panel_columns = count < 2   ? 1
				 : count < 5 ? 2
					     : 3};
	int status =
		app_models_read(&scores->models, (const char *const *)line->operands, count, error);

	if (status == 0)
		status = app_tables_read(&scores->tables, line, count, scores->models.columns,
			scores->models.column_count, error);
	for (size_t i = 0; i < count && status == 0; i++)
		status = add_panel(scores, i, error);
	if (status != 0)
		return status;
	app_plot_about_rows(&scores->tables, about);
	return app_plot_write(&scores->plot, &figure, error);
}

static int check(struct scores *scores, struct app_line *line, struct adit_error *error)
{
	size_t none;
	int status = app_plot_check(&scores->plot, "x", error);

	if (status == 0)
		status = app_plot_sort(line, NULL, &scores->models.count, &none, error);
	if (status != 0)
		return status;
	if (scores->models.count == 0)
		return adit_error_set(error, -EINVAL, "name the FOLDER of a model");
	if (scores->models.count > PANELS_MAX)
		return adit_error_set(error, -EINVAL, "%zu models; %d are the most",
			scores->models.count, PANELS_MAX);
	if (scores->models.count == line->operand_count && scores->tables.captures.count == 0)
		return adit_error_set(error, -EINVAL, "name at least one TABLE, or --captures");
	if (scores->tables.features != NULL || scores->tables.columns != NULL)
		return adit_error_set(error, -EINVAL,
			"the model names its features: --features and --columns are not for "
			"scores");
	return 0;
}

int app_plot_scores(int argc, char **argv)
{
	static struct scores scores = {.tables = {.command = "plot scores"}, .bins = 60};
	struct app_option own[] = {
		{"bins", 0, APP_COUNT, "N", "of the axis (default 60)", &scores.bins, 2, BINS_MAX,
			false},
		{"threshold", 0, APP_NUMBER, "SCORE", "this one, not the models' own",
			&scores.threshold, -HUGE_VAL, HUGE_VAL, false},
	};
	struct app_option of_plot[APP_PLOT_OPTIONS], of_tables[APP_TABLES_OPTIONS];
	struct app_line line = {.command = "plot scores",
		.usage = usage,
		.closing = closing,
		.groups = {{"Options", own, ADIT_COUNT(own)},
			{"Picture", of_plot,
				app_plot_options(&scores.plot, "plot scores", "x", of_plot)},
			{"Tables", of_tables, app_tables_options(&scores.tables, of_tables)}}};
	struct adit_error error = {"no memory"};
	int status = app_line_parse(&line, argc, argv);

	if (status != -1)
		return status;
	scores.has_threshold = own[1].given;
	if (check(&scores, &line, &error) != 0)
		return app_line_refuse("plot scores", "%s", error.text);
	app_interrupt_start("plot scores");
	status = run(&scores, &line, &error);
	if (status != 0)
		fprintf(stderr, "adit plot scores: %s\n", error.text);
	app_models_close(&scores.models);
	app_tables_close(&scores.tables);
	return app_exit_status(status);
}
