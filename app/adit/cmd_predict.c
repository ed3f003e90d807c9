/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit predict: the rows of tables, scored by a model; or counts of outliers for trial fits.
 */
#include "adit_app.h"
#include "counts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const char usage[] =
	"usage: adit predict FOLDER [OPTIONS] TABLE...\n"
	"       adit predict --fit KIND --features-list LISTS --nu LIST [OPTIONS] TABLE...\n"
	"\n"
	"Scores the rows of tables by a model that adit train wrote to FOLDER, and prints a line "
	"of\n"
	"CSV a row: line of the table, score, 1 if it is flagged; then label and groups, if they "
	"are\n"
	"named. A score is higher the less benign a row looks; above the threshold, it is "
	"flagged.\n"
	"Where the model's threshold goes by the number of names, a column unique_names tells it.\n"
	"Of captures, adit replay --features makes tables, and adit evaluate --captures tells "
	"what\n"
	"a model finds.\n"
	"\n"
	"The second form keeps no model: it fits to the first rows and counts the outliers among\n"
	"the others, for each set of features and each nu.\n";

static const char closing[] =
	"adit predict model --counts windows.csv\n"
	"adit predict --fit svm --features-list 'up,down;up/seconds,down/seconds' --nu 0.16,0.005 "
	"s.csv\n";

struct predict {
	const char *out;
	bool counts_only;
	double threshold;
	bool has_threshold;
	struct app_counts counts;
	struct app_fit fit;
	struct app_tables tables;
	struct adit_model *model;
	double *scores;
	uint8_t *flagged;
};

static int print_counts(const struct predict *predict)
{
	const struct adit_table *table = predict->tables.table;
	size_t flagged = 0, unknown = 0;

	for (size_t i = 0; i < table->rows; i++) {
		flagged += predict->flagged[i];
		unknown += isnan(predict->scores[i]) != 0;
	}
	printf("rows %zu\ninliers %zu\noutliers %zu\n", table->rows,
		table->rows - flagged - unknown, flagged);
	if (unknown > 0)
		printf("without a score, for a missing value %zu\n", unknown);
	return 0;
}

static int write_out(const struct predict *predict, struct adit_error *error)
{
	const struct adit_table *table = predict->tables.table;
	int status = 0;

	app_interrupt_hold();
	if (predict->out != NULL && adit_table_write_scores(table, predict->scores,
					    predict->flagged, predict->out, error) != 0)
		return -EIO;
	if (predict->counts_only)
		status = print_counts(predict);
	else if (predict->out == NULL)
		adit_table_print_scores(table, predict->scores, predict->flagged, stdout);
	if (fflush(stdout) != 0 || ferror(stdout))
		status = adit_error_set(error, -EIO, "cannot write: %s", strerror(errno));
	return status;
}

/* By the threshold given, the model's steps, or its plain threshold. */
static void flag(const struct predict *predict, const struct adit_model_about *about)
{
	const struct adit_table *table = predict->tables.table;
	const float *names = predict->tables.names;
	bool by_names = about->step_count != 0 && names != NULL && !predict->has_threshold;
	double threshold = predict->has_threshold ? predict->threshold : about->threshold.value;

	if (!predict->has_threshold && about->threshold.method == ADIT_THRESHOLD_NONE)
		fputs("adit predict: the model has no threshold, so nothing is flagged; "
		      "--threshold sets one\n",
			stderr);
	else if (!predict->has_threshold && about->step_count != 0 && names == NULL)
		fputs("adit predict: the model's threshold goes by the number of names, and the "
		      "table has no column unique_names: its plain one is taken\n",
			stderr);
	for (size_t i = 0; i < table->rows; i++) {
		if (by_names)
			threshold = adit_model_threshold_for(predict->model, names[i]);
		predict->flagged[i] = predict->scores[i] > threshold;
	}
}

static int score(struct predict *predict, const struct app_line *line, struct adit_error *error)
{
	static char what[] = "scoring";
	struct adit_progress progress = {app_progress_report, what};
	struct adit_model_about about;
	int status = adit_model_read(line->operands[0], &predict->model, error);

	if (status != 0)
		return status;
	adit_model_about(predict->model, &about);
	predict->tables.wants_names = about.step_count != 0;
	status = app_tables_read(
		&predict->tables, line, 1, about.features, about.feature_count, error);
	if (status != 0)
		return status;
	predict->scores = calloc(predict->tables.table->rows, sizeof(*predict->scores));
	predict->flagged = calloc(predict->tables.table->rows, sizeof(*predict->flagged));
	if (predict->scores == NULL || predict->flagged == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for scores");
	status = adit_model_score_table(
		predict->model, predict->tables.table, predict->scores, &progress, error);
	app_progress_clear();
	if (status != 0)
		return status;
	flag(predict, &about);
	return write_out(predict, error);
}

static int run(struct predict *predict, const struct app_line *line,
	const struct app_option *of_fit, bool fit_options_given)
{
	struct adit_error error = {"no memory"};
	int status;

	if (predict->tables.features != NULL || predict->tables.columns != NULL)
		return app_line_refuse("predict",
			"--features and --columns are not for predict: "
			"the model names its features, or --features-list "
			"does; --no-header says that columns have numbers");
	if (predict->counts.kind != NULL) {
		if (app_fit_check(&predict->fit, predict->counts.kind, of_fit, &error) != 0)
			return app_line_refuse("predict", "%s", error.text);
		if (predict->out != NULL || predict->counts_only || predict->has_threshold)
			return app_line_refuse("predict",
				"--out, --counts and --threshold need a model's FOLDER, not --fit");
		return app_counts_run(&predict->counts, &predict->fit, &predict->tables, line);
	}
	if (fit_options_given)
		return app_line_refuse(
			"predict", "options of trial fits need --fit svm or --fit envelope");
	if (line->operand_count < 2)
		return app_line_refuse("predict", line->operand_count == 0
							  ? "name the FOLDER of a model"
							  : "name at least one TABLE");
	status = score(predict, line, &error);
	if (status != 0)
		fprintf(stderr, "adit predict: %s\n", error.text);
	return app_exit_status(status);
}

int adit_cmd_predict(int argc, char **argv)
{
	struct predict predict = {.tables = {.command = "predict"}, .counts = {.split = 75}};
	struct app_fit *fit = &predict.fit;
	struct app_option own[] = {
		{"out", 'o', APP_TEXT, "FILE", "write the lines there, not to standard output",
			&predict.out, 0, 0, false},
		{"counts", 0, APP_FLAG, NULL, "print how many rows are flagged and how many not",
			&predict.counts_only, 0, 0, false},
		{"threshold", 0, APP_NUMBER, "SCORE",
			"this one, not the model's; of svm, 0 is libsvm's own boundary",
			&predict.threshold, -HUGE_VAL, HUGE_VAL, false},
	};
	struct app_option trial[] = {
		{"fit", 0, APP_TEXT, "KIND", "svm or envelope", &predict.counts.kind, 0, 0, false},
		{"features-list", 0, APP_TEXT, "LISTS",
			"sets of features parted by semicolons; A/B is a ratio, or A where B is 0",
			&predict.counts.sets, 0, 0, false},
		{"nu", 0, APP_TEXT, "LIST", "shares of rows outside, parted by commas",
			&predict.counts.nus, 0, 0, false},
		{"split", 0, APP_NUMBER, "PERCENT",
			"of the rows, the first ones, are fitted to (default 75)",
			&predict.counts.split, 0, 100, false},
		{"scale-each", 0, APP_FLAG, NULL,
			"scale the others by their own mean and deviation",
			&predict.counts.scale_each, 0, 0, false},
		{"no-scale", 0, APP_FLAG, NULL, "take columns as they are", &fit->no_scale, 0, 0,
			false},
		{"kernel", 0, APP_TEXT, "NAME", "rbf (default) or linear", &fit->kernel, 0, 0,
			false},
		{"gamma", 0, APP_TEXT, "NUMBER", "or scale (default), or auto", &fit->gamma, 0, 0,
			false},
		{"not-robust", 0, APP_FLAG, NULL, "of an envelope: the covariance of all rows",
			&fit->not_robust, 0, 0, false},
	};
	struct app_option of_tables[APP_TABLES_OPTIONS], of_fit[APP_FIT_OPTIONS];
	struct app_line line = {.command = "predict",
		.usage = usage,
		.closing = closing,
		.groups = {{"Options", own, ADIT_COUNT(own)},
			{"Tables", of_tables,
				app_tables_options(&predict.tables, of_tables) -
					APP_TABLES_CAPTURES},
			{"Trial fits", trial, ADIT_COUNT(trial)}}};
	bool fit_options_given = false;
	int status;

	/* Only for the defaults: these options are not offered here. */
	app_fit_options(fit, of_fit);
	status = app_line_parse(&line, argc, argv);
	if (status != -1)
		return status;
	predict.has_threshold = own[2].given;
	for (size_t i = 1; i < ADIT_COUNT(trial); i++)
		fit_options_given |= trial[i].given;
	app_interrupt_start("predict");
	status = run(&predict, &line, of_fit, fit_options_given);
	adit_model_destroy(predict.model);
	free(predict.scores);
	free(predict.flagged);
	app_tables_close(&predict.tables);
	return status;
}
