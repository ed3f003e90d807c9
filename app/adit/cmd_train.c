/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit train: tables to a model in a folder. The folder is written at the very end, whole.
 */
#include "adit_app.h"
#include "adit_quality.h"
#include "fit.h"
#include "tables.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"usage: adit train KIND -o FOLDER [OPTIONS] TABLE...\n"
	"       adit train KIND -o FOLDER [OPTIONS] --captures LABELS...\n"
	"\n"
	"Fits a model to tables of features and writes it to a folder. KIND is\n"
	"\n"
	"  svm       one-class SVM: what lies apart from the benign rows\n"
	"  envelope  Mahalanobis distance from the middle of the benign rows\n"
	"  trees     boosted trees, from rows labelled as tunnels and as benign\n"
	"\n"
	"A TABLE is a file of comma-separated values, such as the windows.csv of adit replay\n"
	"--features. svm and envelope leave rows labelled as tunnels out; without labels all rows\n"
	"count as benign. Or captures with a label file take the way of the appliance, and what\n"
	"its scoring core derives are the rows.\n";

static const char closing[] =
	"adit train svm -o model --where kind=domain --holdout 0.25 day1.csv day2.csv day3.csv\n"
	"adit train trees -o model --features queries,uniqueness --label label --group capture "
	"t.csv\n"
	"adit train trees -o model --folds 6 --rate 0.02 --by-names 6,8,12,20,40 --captures "
	"lab.tsv\n";

struct train {
	const char *folder, *date;
	struct app_fit fit;
	struct app_tables tables;
	struct app_fitted fitted;
};

/* Found out before hours of work, not after them. */
static int check_folder(const char *folder, struct adit_error *error)
{
	char copy[PATH_MAX];
	struct stat about;
	const char *where = folder;
	int status;

	if (strlen(folder) >= sizeof(copy))
		return adit_error_set(error, -EINVAL, "%.100s…: the path is too long", folder);
	if (stat(folder, &about) == 0 && !S_ISDIR(about.st_mode))
		return adit_error_set(error, -ENOTDIR,
			"%s: a file is there; a model is written to a folder", folder);
	if (stat(folder, &about) != 0) {
		snprintf(copy, sizeof(copy), "%s", folder);
		where = dirname(copy);
	}
	if (access(where, W_OK | X_OK) == 0)
		return 0;
	status = -errno;
	return adit_error_set(error, status, "%s: a model cannot be written there: %s", folder,
		strerror(-status));
}

/* What the rows held out say, where they have labels. */
static void describe_held(const struct app_fitted *fitted)
{
	const struct adit_table *held = fitted->held;
	struct adit_scored scored;
	struct adit_confusion counts;

	if (held == NULL || held->labels == NULL)
		return;
	scored = (struct adit_scored){fitted->held_scores, held->labels, NULL, held->rows, 0};
	counts = adit_quality_count(&scored, fitted->threshold.value);
	printf("of the rows held out, flagged: %lu of %lu positive, %lu of %lu benign\n",
		(unsigned long)counts.true_positives,
		(unsigned long)(counts.true_positives + counts.false_negatives),
		(unsigned long)counts.false_positives,
		(unsigned long)(counts.false_positives + counts.true_negatives));
}

static void set_date(struct train *train)
{
	char text[ADIT_MODEL_DATE_MAX + 1];
	time_t now = time(NULL);
	struct tm parts;

	if (train->date == NULL && gmtime_r(&now, &parts) != NULL &&
		strftime(text, sizeof(text), "%Y-%m-%d", &parts) > 0)
		adit_model_set_date(train->fitted.model, text);
	else if (train->date != NULL)
		adit_model_set_date(train->fitted.model, train->date);
}

/* What a row is, as far as is known: the scoring core gives the model rows of that kind only. */
static void set_row_kind(struct train *train)
{
	const struct app_tables *tables = &train->tables;

	if (tables->captures.count != 0)
		adit_model_set_row_kind(train->fitted.model, "subscriber_domain");
	for (size_t i = 0; i < tables->where.count; i++) {
		const struct adit_table_filter *filter = &tables->params.filters[i];

		if (strcmp(filter->column, "kind") == 0)
			adit_model_set_row_kind(train->fitted.model, filter->value);
		if (strcmp(filter->column, "span") == 0)
			adit_model_set_row_span(train->fitted.model, filter->value);
	}
}

static int run(struct train *train, const struct app_line *line, struct adit_error *error)
{
	int status = check_folder(train->folder, error);

	train->tables.wants_names = train->fit.steps != 0;
	if (status == 0)
		status = app_tables_read(&train->tables, line, 1, NULL, 0, error);
	train->fit.names = train->tables.names;
	if (status == 0)
		status = app_fit_run(&train->fit, train->tables.table, &train->fitted, error);
	if (status != 0)
		return status;
	set_date(train);
	set_row_kind(train);
	app_interrupt_hold();
	if (adit_model_write(train->fitted.model, train->folder, error) != 0)
		return -EIO;
	app_fit_describe(&train->fit, &train->fitted, stdout);
	describe_held(&train->fitted);
	printf("written to %s\n", train->folder);
	if (fflush(stdout) != 0)
		return adit_error_set(error, -EIO, "cannot write: %s", strerror(errno));
	return 0;
}

int adit_cmd_train(int argc, char **argv)
{
	struct train train = {.tables = {.command = "train"}};
	struct app_option own[] = {
		{"out", 'o', APP_TEXT, "FOLDER",
			"where the model goes; one that is there is replaced", &train.folder, 0, 0,
			false},
		{"date", 0, APP_TEXT, "TEXT",
			"kept with the model: when the rows were gathered (default: today)",
			&train.date, 0, 0, false},
	};
	struct app_option of_tables[APP_TABLES_OPTIONS], of_fit[APP_FIT_OPTIONS];
	struct app_line line = {.command = "train",
		.usage = usage,
		.closing = closing,
		.groups = {{"Options", own, ADIT_COUNT(own)},
			{"Tables", of_tables, app_tables_options(&train.tables, of_tables)},
			{"Fitting", of_fit, app_fit_options(&train.fit, of_fit)}}};
	struct adit_error error = {"no memory"};
	int status = app_line_parse(&line, argc, argv);

	if (status != -1)
		return status;
	if (line.operand_count == 0)
		return app_line_refuse("train", "name a KIND: svm, envelope or trees");
	if (app_fit_check(&train.fit, line.operands[0], of_fit, &error) != 0)
		return app_line_refuse("train", "%s", error.text);
	if (train.folder == NULL)
		return app_line_refuse("train", "name the FOLDER of the model: -o FOLDER");
	if (line.operand_count == 1 && train.tables.captures.count == 0)
		return app_line_refuse("train", "name at least one TABLE, or --captures");
	app_interrupt_start("train");
	status = run(&train, &line, &error);
	if (status != 0)
		fprintf(stderr, "adit train: %s\n", error.text);
	app_fit_clear(&train.fitted);
	app_tables_close(&train.tables);
	return app_exit_status(status);
}
