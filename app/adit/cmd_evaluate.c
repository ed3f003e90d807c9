/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit evaluate: a model against labelled tables, or fits that leave one group out in turn.
 */
#include "adit_app.h"
#include "evaluation.h"
#include "fit.h"
#include "outcomes.h"
#include "tables.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const char usage[] =
	"usage: adit evaluate [--set ...] --captures LABELS...\n"
	"       adit evaluate FOLDER --label COLUMN [OPTIONS] TABLE...\n"
	"       adit evaluate FOLDER --captures LABELS...\n"
	"       adit evaluate --fit KIND --folds N [OPTIONS] --captures LABELS...\n"
	"       adit evaluate --fit KIND --leave-out COLUMN --label COLUMN [OPTIONS] TABLE...\n"
	"\n"
	"The first form tells what the program says of labelled captures: how many tunnels it\n"
	"finds and how soon, by tool and by rate, what it names, and what it takes for a tunnel\n"
	"that is none; --set detect.signatures=false and the like switch detectors off.\n"
	"\n"
	"The others tell how good a model is on labelled rows: precision, recall, F1, false\n"
	"positives per benign row, areas under the curves; each with 95 % intervals, by Wilson's\n"
	"formula as if rows were independent, and by a bootstrap that draws whole groups. With\n"
	"captures, what that comes to by tunnel stands below.\n"
	"\n"
	"With --folds every group is judged by a fit that has not seen it: of captures that hold\n"
	"one tool or one service each, a tool or a service that nobody has shown to the model.\n"
	"--leave-out leaves out one group in turn, fits to the others, and tells what that finds\n"
	"of the group it has never seen.\n";

static const char closing[] =
	"adit evaluate --captures lab.tsv --set detect.signatures=false\n"
	"adit evaluate model --label label --group capture t.csv\n"
	"adit evaluate --fit trees --leave-out tool --label label --group capture t.csv\n";

struct evaluate {
	bool json;
	uint64_t samples;
	const char *curve, *kind, *by, *list;
	struct app_fit fit;
	struct app_tables tables;
};

static int finish(struct adit_error *error)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return adit_error_set(error, -EIO, "cannot write: %s", strerror(errno));
}

/* Closes a file that was written; NULL: that could not be opened. */
static int close_written(FILE *to, const char *path, struct adit_error *error)
{
	bool good = to != NULL;

	if (good) {
		good = fflush(to) == 0 && !ferror(to);
		good &= fclose(to) == 0;
	}
	return good ? 0
		    : adit_error_set(
			      error, -EIO, "%s: cannot be written: %s", path, strerror(errno));
}

static int write_curve(
	const char *path, const struct app_evaluation *evaluation, struct adit_error *error)
{
	FILE *to = fopen(path, "w");

	if (to != NULL)
		app_evaluation_curve(evaluation, to);
	return close_written(to, path, error);
}

static int write_list(
	const char *path, const struct app_outcomes *outcomes, struct adit_error *error)
{
	FILE *to = fopen(path, "w");

	if (to != NULL)
		app_outcomes_list(outcomes, to);
	return close_written(to, path, error);
}

/* How a model, or a fit, compares a score with the number of names. */
struct compared {
	const struct adit_model *model;
	bool given; /* a threshold was */
	double threshold;
};

static double threshold_of(const void *context, double names)
{
	const struct compared *compared = context;

	return compared->given ? compared->threshold
			       : adit_model_threshold_for(compared->model, names);
}

static double suspect_of(const void *context, double names)
{
	return adit_model_suspect_for(((const struct compared *)context)->model, names);
}

/* By tunnel, where rows come from captures. */
static int tell_outcomes(const struct evaluate *evaluate, const double *scores,
	const struct compared *compared, struct adit_error *error)
{
	struct app_outcomes outcomes = {NULL};
	int status;

	if (evaluate->tables.captures.count == 0)
		return 0;
	if (scores != NULL)
		status = app_outcomes_of_scores(&evaluate->tables.harvest, scores, threshold_of,
			suspect_of, compared, &outcomes, error);
	else
		status = app_outcomes_of_verdicts(&evaluate->tables.harvest, &outcomes, error);
	if (status == 0 && scores != NULL)
		fputs(evaluate->json ? ",\n  " : "\n", stdout);
	if (status == 0)
		status = app_outcomes_tell(&outcomes, evaluate->by, evaluate->json,
			evaluate->samples, evaluate->fit.seed, stdout, error);
	if (status == 0 && evaluate->list != NULL)
		status = write_list(evaluate->list, &outcomes, error);
	app_outcomes_clear(&outcomes);
	return status;
}

static void print_tables(const struct app_tables *tables, FILE *to)
{
	fputs("\"tables\": [", to);
	for (size_t i = 0; i < tables->path_count; i++) {
		fputs(i > 0 ? ", " : "", to);
		app_json_text(tables->paths[i], to);
	}
	for (size_t i = 0; i < tables->captures.count; i++) {
		fputs(i > 0 ? ", " : "", to);
		app_json_text(tables->captures.text[i], to);
	}
	fprintf(to, "], \"rows\": %zu", tables->table->rows);
}

static void print(const struct evaluate *evaluate, const char *folder,
	const struct adit_model_about *about, double threshold, const char *method,
	const struct app_evaluation *evaluation)
{
	const struct adit_table *table = evaluate->tables.table;

	if (!evaluate->json) {
		printf("%s in %s, %zu features, threshold %.6g (%s)\n",
			adit_model_kind_names[about->kind], folder, about->feature_count, threshold,
			method);
		if (evaluate->tables.captures.count != 0)
			printf("%zu rows of %zu captures\n\n", table->rows,
				evaluate->tables.labels.count);
		else
			printf("%zu rows of %zu table%s\n\n", table->rows,
				evaluate->tables.path_count,
				evaluate->tables.path_count == 1 ? "" : "s");
		app_evaluation_text(evaluation, stdout);
		return;
	}
	printf("{\"schema\": \"adit.evaluation/1\",\n  \"model\": {\"folder\": ");
	app_json_text(folder, stdout);
	printf(", \"kind\": \"%s\", \"features\": %zu, \"threshold\": ",
		adit_model_kind_names[about->kind], about->feature_count);
	app_json_number(threshold, stdout);
	printf(", \"threshold_method\": \"%s\"},\n  ", method);
	print_tables(&evaluate->tables, stdout);
	printf(",\n  ");
	app_evaluation_json(evaluation, stdout);
}

/* A model that has been read, over tables that have been read. */
static int judge(struct evaluate *evaluate, const char *folder, struct adit_model *model,
	struct adit_error *error)
{
	static char what[] = "scoring", drawing[] = "drawing groups";
	const struct adit_table *table = evaluate->tables.table;
	struct adit_progress progress = {app_progress_report, what};
	struct compared compared = {model, evaluate->fit.has_threshold, evaluate->fit.threshold};
	struct app_evaluation evaluation = {.samples = 0};
	struct adit_model_about about;
	double *scores = calloc(table->rows, sizeof(*scores)), threshold;
	enum adit_threshold_method method;
	int status = scores != NULL ? 0 : adit_error_set(error, -ENOMEM, "no memory for scores");

	adit_model_about(model, &about);
	threshold = evaluate->fit.has_threshold ? evaluate->fit.threshold : about.threshold.value;
	method = evaluate->fit.has_threshold ? ADIT_THRESHOLD_GIVEN : about.threshold.method;
	if (status == 0)
		status = adit_model_score_table(model, table, scores, &progress, error);
	app_progress_report(drawing, 0, 0);
	if (status == 0)
		status = app_evaluation_reckon(&evaluation, table, scores, threshold,
			evaluate->samples, evaluate->fit.seed, error);
	app_progress_clear();
	if (status == 0 && evaluate->curve != NULL)
		status = write_curve(evaluate->curve, &evaluation, error);
	if (status == 0) {
		print(evaluate, folder, &about, threshold, adit_threshold_method_names[method],
			&evaluation);
		status = tell_outcomes(evaluate, scores, &compared, error);
		fputs(evaluate->json ? "}\n" : "", stdout);
	}
	if (status == 0)
		status = finish(error);
	app_evaluation_clear(&evaluation);
	free(scores);
	return status;
}

static int evaluate_model(
	struct evaluate *evaluate, const struct app_line *line, struct adit_error *error)
{
	struct adit_model *model;
	struct adit_model_about about;
	int status = adit_model_read(line->operands[0], &model, error);

	if (status != 0)
		return status;
	adit_model_about(model, &about);
	status = app_tables_read(
		&evaluate->tables, line, 1, about.features, about.feature_count, error);
	if (status == 0)
		status = judge(evaluate, line->operands[0], model, error);
	adit_model_destroy(model);
	return status;
}

/* What the program itself says of captures. */
static int evaluate_program(struct evaluate *evaluate, struct adit_error *error)
{
	int status = app_tables_harvest(&evaluate->tables, error);

	if (status != 0)
		return status;
	if (evaluate->json)
		printf("{\"schema\": \"adit.evaluation/1\",\n  \"captures\": %zu, \"packets\": "
		       "%lu,\n  ",
			evaluate->tables.labels.count,
			(unsigned long)evaluate->tables.harvest.packets);
	else
		printf("%zu captures, %lu packets\n\n", evaluate->tables.labels.count,
			(unsigned long)evaluate->tables.harvest.packets);
	status = tell_outcomes(evaluate, NULL, NULL, error);
	fputs(evaluate->json && status == 0 ? "}\n" : "", stdout);
	return status == 0 ? finish(error) : status;
}

/* Every group by a fit that has not seen it. */
static int evaluate_folds(
	struct evaluate *evaluate, const struct app_line *line, struct adit_error *error)
{
	struct app_evaluation evaluation = {.samples = 0};
	struct app_fitted fitted = {.model = NULL};
	struct compared compared;
	int status;

	evaluate->tables.wants_names = evaluate->fit.steps != 0;
	status = app_tables_read(&evaluate->tables, line, 0, NULL, 0, error);
	evaluate->fit.names = evaluate->tables.names;
	if (status == 0)
		status = app_fit_run(&evaluate->fit, evaluate->tables.table, &fitted, error);
	if (status == 0)
		status = app_evaluation_reckon(&evaluation, evaluate->tables.table, fitted.unseen,
			fitted.threshold.value, evaluate->samples, evaluate->fit.seed, error);
	if (status == 0 && evaluate->curve != NULL)
		status = write_curve(evaluate->curve, &evaluation, error);
	if (status == 0 && evaluate->json) {
		printf("{\"schema\": \"adit.evaluation/1\",\n  \"fit\": \"%s\", \"folds\": %lu, ",
			adit_model_kind_names[evaluate->fit.kind],
			(unsigned long)evaluate->fit.folds);
		print_tables(&evaluate->tables, stdout);
		fputs(",\n  ", stdout);
		app_evaluation_json(&evaluation, stdout);
	} else if (status == 0) {
		app_fit_describe(&evaluate->fit, &fitted, stdout);
		fputs("\nrows, each by a fit that has not seen its group:\n", stdout);
		app_evaluation_text(&evaluation, stdout);
	}
	compared = (struct compared){.model = fitted.model};
	if (status == 0)
		status = tell_outcomes(evaluate, fitted.unseen, &compared, error);
	fputs(evaluate->json && status == 0 ? "}\n" : "", stdout);
	if (status == 0)
		status = finish(error);
	app_evaluation_clear(&evaluation);
	app_fit_clear(&fitted);
	return status;
}

/* The rows that are in the group, or those that are not. */
static struct adit_table *select_rows(
	const struct adit_table *table, uint32_t group, bool in, size_t *places)
{
	size_t count = 0;

	for (size_t i = 0; i < table->rows; i++) {
		if ((table->groupings[1].of_row[i] == group) == in)
			places[count++] = i;
	}
	return adit_table_select(table, places, count);
}

static int leave_out(struct evaluate *evaluate, uint32_t group, size_t *places,
	struct app_left_out *left, struct adit_error *error)
{
	const struct adit_table *table = evaluate->tables.table;
	struct adit_table *others = select_rows(table, group, false, places);
	struct adit_table *own = select_rows(table, group, true, places);
	struct app_fitted fitted = {.model = NULL};
	struct adit_model_about about;
	double *scores = own != NULL ? calloc(own->rows + 1, sizeof(*scores)) : NULL;
	int status = -ENOMEM;

	left->name = table->groupings[1].names[group];
	if (others != NULL && scores != NULL)
		status = app_fit_run(&evaluate->fit, others, &fitted, &left->error);
	if (status == 0)
		status = adit_model_score_table(fitted.model, own, scores, NULL, &left->error);
	if (status == 0) {
		struct adit_scored scored = {scores, own->labels, NULL, own->rows, 0};
		adit_model_about(fitted.model, &about);
		left->fitted = true;
		left->threshold = fitted.threshold.value;
		left->rows = about.rows;
		left->counts = adit_quality_count(&scored, fitted.threshold.value);
	}
	app_fit_clear(&fitted);
	adit_table_destroy(others);
	adit_table_destroy(own);
	free(scores);
	/* What the other groups do not allow is told in this group's line. */
	return status == -ENOMEM ? adit_error_set(error, status, "no memory for a fit") : 0;
}

static void print_left_out(
	const struct evaluate *evaluate, const struct app_left_out *left, size_t count)
{
	const char *column = evaluate->tables.table->groupings[1].column;

	if (!evaluate->json) {
		app_left_out_text(left, count, column, stdout);
		return;
	}
	printf("{\"schema\": \"adit.evaluation/1\",\n  \"fit\": \"%s\", ",
		adit_model_kind_names[evaluate->fit.kind]);
	print_tables(&evaluate->tables, stdout);
	printf(",\n  ");
	app_left_out_json(left, count, column, stdout);
	printf("}\n");
}

static int evaluate_left_out(
	struct evaluate *evaluate, const struct app_line *line, struct adit_error *error)
{
	const struct adit_table *table;
	struct app_left_out *left = NULL;
	size_t *places = NULL, fitted = 0;
	uint32_t count = 0;
	int status = app_tables_read(&evaluate->tables, line, 0, NULL, 0, error);

	if (status == 0) {
		table = evaluate->tables.table;
		count = table->groupings[1].count;
		left = calloc(count + (size_t)1, sizeof(*left));
		places = calloc(table->rows + 1, sizeof(*places));
		if (left == NULL || places == NULL)
			status = adit_error_set(error, -ENOMEM, "no memory");
		else if (count < 2)
			status = adit_error_set(error, -EINVAL,
				"--leave-out %s: there is one group only, and no other to fit to",
				evaluate->tables.leave_out);
	}
	for (uint32_t i = 0; i < count && status == 0; i++) {
		status = leave_out(evaluate, i, places, &left[i], error);
		fitted += left[i].fitted;
	}
	if (status == 0) {
		print_left_out(evaluate, left, count);
		status = finish(error);
	}
	if (status == 0 && fitted == 0)
		status = adit_error_set(error, -EDOM, "no group could be left out");
	free(left);
	free(places);
	return status;
}

static int check_fit(struct evaluate *evaluate, struct app_option *of_fit, struct adit_error *error)
{
	int status = app_fit_check(&evaluate->fit, evaluate->kind, of_fit, error);

	if (status == 0 && (evaluate->tables.leave_out != NULL) == (evaluate->fit.folds != 0))
		status = adit_error_set(error, -EINVAL,
			"--fit needs --leave-out COLUMN or --folds N, and not both");
	if (status == 0 && evaluate->tables.leave_out != NULL && evaluate->curve != NULL)
		status = adit_error_set(error, -EINVAL,
			"--curve is not for --leave-out: scores of different fits make no curve");
	return status;
}

static int check(struct evaluate *evaluate, const struct app_line *line, struct app_option *of_fit,
	struct adit_error *error)
{
	const struct app_tables *tables = &evaluate->tables;

	if (tables->label == NULL && tables->label_files.count == 0 && tables->captures.count == 0)
		return adit_error_set(error, -EINVAL,
			"labels are needed: --label COLUMN, --labels FILE or --captures LABELS");
	if (strcmp(evaluate->by, "tool") != 0 && strcmp(evaluate->by, "setup") != 0 &&
		strcmp(evaluate->by, "rate") != 0 && strcmp(evaluate->by, "capture") != 0)
		return adit_error_set(error, -EINVAL,
			"--by %s: tool, setup, rate or capture is right", evaluate->by);
	if (evaluate->list != NULL && (tables->captures.count == 0 || tables->leave_out != NULL))
		return adit_error_set(error, -EINVAL,
			"--list is for --captures, and not for --leave-out: it tells of tunnels");
	if (evaluate->kind != NULL)
		return check_fit(evaluate, of_fit, error);
	if (tables->leave_out != NULL)
		return adit_error_set(error, -EINVAL, "--leave-out needs --fit KIND");
	for (size_t i = 0; i < APP_FIT_OPTIONS; i++) {
		struct app_option *option = &of_fit[i];
		if (option->to == &evaluate->fit.threshold)
			evaluate->fit.has_threshold = option->given;
		else if (option->given && option->to != &evaluate->fit.seed)
			return adit_error_set(error, -EINVAL,
				"--%s is for fits, and there is no --fit", option->name);
	}
	if (line->operand_count == 0 && tables->captures.count == 0)
		return adit_error_set(error, -EINVAL, "name the FOLDER of a model");
	if (line->operand_count == 0 && (evaluate->curve != NULL || evaluate->fit.has_threshold))
		return adit_error_set(
			error, -EINVAL, "--curve and --threshold are of a model: name its FOLDER");
	if (tables->features != NULL || tables->columns != NULL)
		return adit_error_set(error, -EINVAL,
			"the model names its features: --features and --columns are for --fit");
	return 0;
}

static int evaluate_any(
	struct evaluate *evaluate, const struct app_line *line, struct adit_error *error)
{
	if (evaluate->kind != NULL)
		return evaluate->fit.folds != 0 ? evaluate_folds(evaluate, line, error)
						: evaluate_left_out(evaluate, line, error);
	return line->operand_count != 0 ? evaluate_model(evaluate, line, error)
					: evaluate_program(evaluate, error);
}

int adit_cmd_evaluate(int argc, char **argv)
{
	struct evaluate evaluate = {
		.samples = 1000, .by = "tool", .tables = {.command = "evaluate"}};
	struct app_option own[] = {
		{"json", 0, APP_FLAG, NULL, "print JSON of the schema adit.evaluation/1",
			&evaluate.json, 0, 0, false},
		{"samples", 0, APP_COUNT, "N", "of the bootstrap (default 1000); 0: none",
			&evaluate.samples, 0, 1000000, false},
		{"curve", 0, APP_TEXT, "FILE",
			"write the points of the ROC and the precision-recall curve there (CSV)",
			&evaluate.curve, 0, 0, false},
		{"by", 0, APP_TEXT, "COLUMN",
			"with captures: a line for each tool (default), setup, rate or capture",
			&evaluate.by, 0, 0, false},
		{"list", 0, APP_TEXT, "FILE",
			"with captures: write what became of each tunnel, and of all else that was "
			"judged, there (TSV)",
			&evaluate.list, 0, 0, false},
		{"fit", 0, APP_TEXT, "KIND", "svm, envelope or trees", &evaluate.kind, 0, 0, false},
		{"leave-out", 0, APP_TEXT, "COLUMN",
			"whose groups are left out in turn; " APP_EACH_TABLE ": the tables",
			&evaluate.tables.leave_out, 0, 0, false},
	};
	struct app_option of_tables[APP_TABLES_OPTIONS], of_fit[APP_FIT_OPTIONS];
	struct app_line line = {.command = "evaluate",
		.usage = usage,
		.closing = closing,
		.groups = {{"Options", own, ADIT_COUNT(own)},
			{"Tables", of_tables, app_tables_options(&evaluate.tables, of_tables)},
			{"Fits (--threshold and --seed: any)", of_fit,
				app_fit_options(&evaluate.fit, of_fit)}}};
	struct adit_error error = {"no memory"};
	int status = app_line_parse(&line, argc, argv);

	if (status != -1)
		return status;
	if (check(&evaluate, &line, of_fit, &error) != 0)
		return app_line_refuse("evaluate", "%s", error.text);
	app_interrupt_start("evaluate");
	status = evaluate_any(&evaluate, &line, &error);
	if (status != 0)
		fprintf(stderr, "adit evaluate: %s\n", error.text);
	app_tables_close(&evaluate.tables);
	return app_exit_status(status);
}
