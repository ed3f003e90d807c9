/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is fitted to the rows of a site, and how: beside the management thread, by the same steps as
 * adit train. A quarter of the subscribers is held out; the thresholds come from their rows.
 */
#include "learn.h"

#include "fit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define HOLDOUT  0.25
#define CACHE_MB 64

/* Shape only: how much there is differs from hour to hour. The envelope has the first ones: they
 * differ from row to row, as a robust covariance needs; uniqueness is 1 in most. */
const enum adit_feature app_learn_features[] = {
	ADIT_FEATURE_MEAN_LENGTH,
	ADIT_FEATURE_LENGTH_DEVIATION,
	ADIT_FEATURE_DIGIT_SHARE,
	ADIT_FEATURE_ENTROPY,
	ADIT_FEATURE_BIGRAM,
	ADIT_FEATURE_MEAN_RESPONSE,
	ADIT_FEATURE_UNIQUENESS,
	ADIT_FEATURE_MAX_LABEL,
	ADIT_FEATURE_UPPER_SHARE,
	ADIT_FEATURE_INFORMATION_PER_NAME,
	ADIT_FEATURE_AGREEMENT,
	ADIT_FEATURE_PAYLOAD_ANSWERS,
	ADIT_FEATURE_PAYLOAD_PER_ANSWER,
	ADIT_FEATURE_ANSWER_VARIETY,
};
const size_t app_learn_feature_count = ADIT_COUNT(app_learn_features);
#define ENVELOPE_FEATURES 6

/* One kind: fitted, described, written. */
static int fit_write(struct app_learn_fit *job, struct app_fit *fit, struct app_fitted *fitted,
	FILE *words, struct adit_error *error)
{
	char folder[PATH_MAX];
	int status;

	adit_model_set_date(fitted->model, job->date);
	adit_model_set_row_kind(fitted->model, APP_LEARN_ROW_KIND);
	adit_model_set_row_span(fitted->model, APP_LEARN_ROW_SPAN);
	if (snprintf(folder, sizeof(folder), "%s/%s", job->folder,
		    adit_model_kind_names[fit->kind]) >= (int)sizeof(folder))
		return adit_error_set(error, -ENAMETOOLONG, "--out: the path is too long");
	status = adit_model_write(fitted->model, folder, error);
	if (status != 0)
		return status;
	app_fit_describe(fit, fitted, words);
	fprintf(words, "written to %s\n", folder);
	return 0;
}

static int fit_kind(
	struct app_learn_fit *job, enum adit_model_kind kind, FILE *words, struct adit_error *error)
{
	struct app_option options[APP_FIT_OPTIONS];
	struct app_fitted fitted = {.model = NULL};
	struct adit_table *table = app_reservoir_table(job->rows, app_learn_features,
		kind == ADIT_MODEL_ENVELOPE ? ENVELOPE_FEATURES : app_learn_feature_count);
	struct app_fit fit;
	int status;

	if (table == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a table");
	app_fit_options(&fit, options);
	status = app_fit_check(&fit, adit_model_kind_names[kind], options, error);
	fit.holdout = HOLDOUT;
	fit.svm.cache_mb = CACHE_MB;
	fit.quiet = true;
	if (status == 0)
		status = app_fit_run(&fit, table, &fitted, error);
	/* Columns with one value in most rows, say. */
	if (status == -EINVAL && kind == ADIT_MODEL_ENVELOPE) {
		fprintf(words, "envelope: no robust covariance, but that of all rows: %s\n",
			error->text);
		app_fit_clear(&fitted);
		fit.envelope.robust = false;
		status = app_fit_run(&fit, table, &fitted, error);
	}
	if (status == 0)
		status = fit_write(job, &fit, &fitted, words, error);
	app_fit_clear(&fitted);
	adit_table_destroy(table);
	return status;
}

static int folder_make(struct app_learn_fit *job, struct adit_error *error)
{
	if (snprintf(job->folder, sizeof(job->folder), "%s/learned", job->directory) >=
		(int)sizeof(job->folder))
		return adit_error_set(error, -ENAMETOOLONG, "--out: the path is too long");
	if (mkdir(job->folder, 0777) != 0 && errno != EEXIST)
		return adit_error_set(error, -errno, "%s: %s", job->folder, strerror(errno));
	return 0;
}

/* The kinds that are switched on; good if one of them is. */
static int fit_kinds(struct app_learn_fit *job, FILE *words)
{
	const bool wanted[ADIT_MODEL_KINDS] = {
		[ADIT_MODEL_SVM] = job->config->detect_svm,
		[ADIT_MODEL_ENVELOPE] = job->config->detect_envelope,
	};
	unsigned good = 0;
	int status = 0;

	for (int kind = 0; kind < ADIT_MODEL_KINDS; kind++) {
		struct adit_error error;
		int its;

		if (!wanted[kind])
			continue;
		its = fit_kind(job, (enum adit_model_kind)kind, words, &error);
		good += its == 0;
		if (its == 0)
			continue;
		fprintf(words, "no %s: %s\n", adit_model_kind_names[kind], error.text);
		job->error = error;
		status = its;
	}
	return good != 0 ? 0 : status;
}

void app_learn_fit(void *context)
{
	struct app_learn_fit *job = context;
	size_t size;
	FILE *words = open_memstream(&job->words, &size);

	if (words == NULL) {
		job->status = adit_error_set(&job->error, -ENOMEM, "no memory");
		return;
	}
	job->status = folder_make(job, &job->error);
	if (job->status == 0)
		job->status = fit_kinds(job, words);
	if (job->status == 0)
		job->status = app_models_load(job->config, job->folder, &job->judges, &job->error);
	fclose(words);
}
