/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit predict --fit: table 6.1 of Skow, "Detecting DNS tunneling using machine learning" (NTNU
 * 2015), for any sessions, features and nu. A row counts as an outlier as in scikit-learn: an svm's
 * decision value is below 0; a squared distance is above that of all but nu of the rows fitted to.
 */
#include "counts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define NUS_MAX 8

struct set {
	struct app_texts features;
	char *copy;
};

struct trial {
	struct app_counts *counts;
	struct app_fit *fit;
	struct app_tables *tables;
	struct app_texts sets, nus, all;
	char *sets_copy, *nus_copy;
	struct set *set;
	double nu[NUS_MAX];
	size_t *outliers; /* [sets][nus] */
	size_t fitted, tried;
};

static int add_columns(struct trial *trial, const struct set *set, struct adit_error *error)
{
	for (size_t i = 0; i < set->features.count; i++) {
		const char *name = set->features.text[i];
		size_t j = 0;
		while (j < trial->all.count && strcmp(trial->all.text[j], name) != 0)
			j++;
		if (j == APP_TEXTS_MAX)
			return adit_error_set(error, -EINVAL, "more than %zu features", j);
		trial->all.text[j] = name;
		trial->all.count += j == trial->all.count;
	}
	return 0;
}

static int read_lists(struct trial *trial, struct adit_error *error)
{
	int status = app_split(trial->counts->sets, ';', &trial->sets, &trial->sets_copy);

	if (status == 0)
		status = app_split(trial->counts->nus, ',', &trial->nus, &trial->nus_copy);
	if (status != 0 || trial->nus.count > NUS_MAX)
		return adit_error_set(error, -EINVAL,
			"--features-list takes sets parted by semicolons ('a,b;a,c'), --nu up to "
			"%d "
			"numbers parted by commas",
			NUS_MAX);
	for (size_t i = 0; i < trial->nus.count; i++) {
		if (!app_read_number(trial->nus.text[i], &trial->nu[i]) || trial->nu[i] <= 0 ||
			trial->nu[i] > 1)
			return adit_error_set(error, -EINVAL, "--nu %s: above 0 to 1 is right",
				trial->nus.text[i]);
	}
	trial->set = calloc(trial->sets.count, sizeof(*trial->set));
	trial->outliers = calloc(trial->sets.count * trial->nus.count, sizeof(size_t));
	if (trial->set == NULL || trial->outliers == NULL)
		return adit_error_set(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < trial->sets.count; i++) {
		struct set *set = &trial->set[i];
		if (app_split(trial->sets.text[i], ',', &set->features, &set->copy) != 0)
			return adit_error_set(error, -EINVAL,
				"--features-list: '%s' is no list of columns parted by commas",
				trial->sets.text[i]);
		status = add_columns(trial, set, error);
		if (status != 0)
			return status;
	}
	return 0;
}

/* Puts rows where the model's scaling by the rows fitted to makes of them what scaling by
 * themselves would have made. */
static int scale_each(
	const struct adit_model_about *about, struct adit_table *table, struct adit_error *error)
{
	size_t d = table->columns;
	double *mean = calloc(2 * d, sizeof(*mean)), *scale = mean + d;

	if (mean == NULL)
		return adit_error_set(error, -ENOMEM, "no memory");
	adit_table_standard(table, mean, scale);
	for (size_t i = 0; i < table->rows * d; i++) {
		double own = (table->values[i] - mean[i % d]) / scale[i % d];
		table->values[i] = own * about->scale[i % d] + about->mean[i % d];
	}
	free(mean);
	return 0;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The score that all but a share of the rows fitted to stay below, interpolated as numpy does. */
static double limit_of(double *scores, size_t count, double share)
{
	double at = (1 - share) * (double)(count - 1);
	size_t low = (size_t)at;

	qsort(scores, count, sizeof(*scores), ascending);
	if (low + 1 >= count)
		return scores[count - 1];
	return scores[low] + (at - (double)low) * (scores[low + 1] - scores[low]);
}

static int count_outliers(struct trial *trial, const struct adit_table *first,
	const struct adit_table *rest, double nu, size_t *outliers, struct adit_error *error)
{
	double *scores = malloc((first->rows + rest->rows + 1) * sizeof(*scores)), limit = 0;
	struct adit_model *model = NULL;
	struct adit_table *tried = NULL;
	struct adit_model_about about;
	int status = scores == NULL ? adit_error_set(error, -ENOMEM, "no memory")
				    : adit_table_columns(rest, (const char *const *)rest->names,
					      rest->columns, &tried, error);

	trial->fit->svm.nu = nu;
	if (status == 0)
		status = app_fit_model(trial->fit, first, &model, error);
	if (status == 0)
		adit_model_about(model, &about);
	if (status == 0 && trial->counts->scale_each)
		status = scale_each(&about, tried, error);
	if (status == 0 && trial->fit->kind == ADIT_MODEL_ENVELOPE) {
		status = adit_model_score_table(model, first, scores, NULL, error);
		limit = status == 0 ? limit_of(scores, first->rows, nu) : 0;
	}
	if (status == 0)
		status = adit_model_score_table(model, tried, scores, NULL, error);
	*outliers = 0;
	for (size_t i = 0; i < rest->rows && status == 0; i++)
		*outliers += scores[i] > limit;
	adit_model_destroy(model);
	adit_table_destroy(tried);
	free(scores);
	return status;
}

/* One set of features, all nu. */
static int try_set(struct trial *trial, size_t at, const size_t *rows, struct adit_error *error)
{
	const struct app_texts *features = &trial->set[at].features;
	struct adit_table *chosen = NULL, *first = NULL, *rest = NULL;
	int status = adit_table_columns(
		trial->tables->table, features->text, features->count, &chosen, error);

	if (status == 0) {
		first = adit_table_select(chosen, rows, trial->fitted);
		rest = adit_table_select(chosen, rows + trial->fitted, trial->tried);
		if (first == NULL || rest == NULL)
			status = adit_error_set(error, -ENOMEM, "no memory");
	}
	for (size_t i = 0; i < trial->nus.count && status == 0; i++)
		status = count_outliers(trial, first, rest, trial->nu[i],
			&trial->outliers[at * trial->nus.count + i], error);
	adit_table_destroy(chosen);
	adit_table_destroy(first);
	adit_table_destroy(rest);
	return status;
}

static int try_all(struct trial *trial, struct adit_error *error)
{
	size_t count = trial->tables->table->rows, *rows = calloc(count + 1, sizeof(*rows));
	int status = 0;

	if (rows == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %zu rows", count);
	for (size_t i = 0; i < count; i++)
		rows[i] = i;
	trial->fitted = (size_t)((double)count * trial->counts->split / 100);
	trial->tried = count - trial->fitted;
	if (trial->fitted < 2 || trial->tried == 0)
		status = adit_error_set(error, -EINVAL,
			"%zu rows to fit to and %zu to try: too few rows", trial->fitted,
			trial->tried);
	/* The model is not kept, so it may be large. */
	if (trial->fitted > trial->fit->svm.rows_max)
		trial->fit->svm.rows_max = trial->fitted;
	trial->fit->svm.vectors_max = trial->fit->svm.rows_max;
	for (size_t i = 0; i < trial->sets.count && status == 0; i++)
		status = try_set(trial, i, rows, error);
	free(rows);
	return status;
}

static int print(const struct trial *trial)
{
	const char *kind = trial->fit->kind == ADIT_MODEL_ENVELOPE
				   ? "elliptic envelope, nu = share of the rows fitted to outside"
				   : "one-class SVM";
	int width = 8;

	for (size_t i = 0; i < trial->sets.count; i++) {
		int length = (int)strlen(trial->sets.text[i]);
		width = length > width ? length : width;
	}
	printf("%s, fitted to the first %zu rows, tried on the other %zu (scaled by %s)\n\n", kind,
		trial->fitted, trial->tried,
		!trial->fit->svm.standardise ? "nothing"
		: trial->counts->scale_each  ? "themselves"
					     : "the first");
	printf("%-*s", width, "");
	for (size_t i = 0; i < trial->nus.count; i++)
		printf("  %15s%-5s", "nu = ", trial->nus.text[i]);
	printf("\n%-*s", width, "features");
	for (size_t i = 0; i < trial->nus.count; i++)
		printf("  %10s%10s", "outliers", "inliers");
	for (size_t i = 0; i < trial->sets.count; i++) {
		printf("\n%-*s", width, trial->sets.text[i]);
		for (size_t j = 0; j < trial->nus.count; j++) {
			size_t outliers = trial->outliers[i * trial->nus.count + j];
			printf("  %10zu%10zu", outliers, trial->tried - outliers);
		}
	}
	printf("\n");
	return fflush(stdout) == 0 ? 0 : -errno;
}

/* What the whole list is read with; the parts of the sets are columns of one table. */
static int run(struct trial *trial, const struct app_line *line, struct adit_error *error)
{
	int status = read_lists(trial, error);

	if (status == 0)
		status = app_tables_read(
			trial->tables, line, 0, trial->all.text, trial->all.count, error);
	if (status == 0)
		status = try_all(trial, error);
	if (status == 0 && print(trial) != 0)
		status = adit_error_set(error, -EIO, "cannot write: %s", strerror(errno));
	return status;
}

int app_counts_run(struct app_counts *counts, struct app_fit *fit, struct app_tables *tables,
	const struct app_line *line)
{
	struct trial trial = {.counts = counts, .fit = fit, .tables = tables};
	struct adit_error error = {"no memory"};
	int status;

	if (fit->kind == ADIT_MODEL_TREES)
		return app_line_refuse("predict", "--fit trees: svm or envelope is right");
	if (counts->sets == NULL || counts->nus == NULL)
		return app_line_refuse(
			"predict", "--fit needs --features-list 'a,b;a,c' and --nu 0.01,0.05");
	if (counts->scale_each && !fit->svm.standardise)
		return app_line_refuse("predict", "--scale-each and --no-scale contradict");
	status = run(&trial, line, &error);
	if (status != 0)
		fprintf(stderr, "adit predict: %s\n", error.text);
	for (size_t i = 0; trial.set != NULL && i < trial.sets.count; i++)
		free(trial.set[i].copy);
	free(trial.set);
	free(trial.outliers);
	free(trial.sets_copy);
	free(trial.nus_copy);
	return app_exit_status(status);
}
