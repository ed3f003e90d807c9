/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit.h"

#include "adit_hash.h"
#include "folds.h"
#include "tables.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SVM      (1u << ADIT_MODEL_SVM)
#define ENVELOPE (1u << ADIT_MODEL_ENVELOPE)
#define TREES    (1u << ADIT_MODEL_TREES)
#define ANY      (SVM | ENVELOPE | TREES)

/* Which kinds an option belongs to, in the order of the options. */
static const unsigned kinds_of[APP_FIT_OPTIONS] = {SVM, SVM, SVM, SVM | ENVELOPE, ENVELOPE,
	ENVELOPE, TREES, TREES, TREES, TREES, TREES, TREES, ANY, ANY, ANY, ANY, ANY, ANY, ANY};

size_t app_fit_options(struct app_fit *fit, struct app_option *options)
{
	const struct app_option rows[] = {
		{"nu", 0, APP_NUMBER, "SHARE",
			"svm: share of the rows outside, at most (default 0.005)", &fit->svm.nu, 0,
			1, false},
		{"gamma", 0, APP_TEXT, "NUMBER", "svm: of the kernel; or scale (default), or auto",
			&fit->gamma, 0, 0, false},
		{"kernel", 0, APP_TEXT, "NAME", "svm: rbf (default) or linear", &fit->kernel, 0, 0,
			false},
		{"no-scale", 0, APP_FLAG, NULL,
			"svm, envelope: take columns as they are, not standardised", &fit->no_scale,
			0, 0, false},
		{"not-robust", 0, APP_FLAG, NULL,
			"envelope: the covariance of all rows, not the robust one",
			&fit->not_robust, 0, 0, false},
		{"support", 0, APP_NUMBER, "SHARE",
			"envelope: share of the rows that the robust covariance rests on\n"
			"(default: just over a half)",
			&fit->envelope.support_fraction, 0, 1, false},
		{"rounds", 0, APP_COUNT, "N", "trees: how many (default 200)", &fit->rounds, 1,
			100000, false},
		{"depth", 0, APP_COUNT, "N", "trees: levels of decisions (default 4)", &fit->depth,
			1, 20, false},
		{"learning-rate", 0, APP_NUMBER, "X", "trees: of each round (default 0.1)",
			&fit->trees.learning_rate, 0, 1, false},
		{"positive-weight", 0, APP_NUMBER, "X",
			"trees: of a positive row (default 1); 0: as much in all as benign rows",
			&fit->trees.scale_pos_weight, 0, 1e9, false},
		{"subsample", 0, APP_NUMBER, "SHARE",
			"trees: rows that each is grown from (default 1)", &fit->trees.subsample, 0,
			1, false},
		{"columns-by-tree", 0, APP_NUMBER, "SHARE",
			"trees: features that each may look at (default 1)",
			&fit->trees.colsample_bytree, 0, 1, false},
		{"holdout", 0, APP_NUMBER, "SHARE",
			"share of the groups that are not fitted to: the threshold comes from\n"
			"their benign rows (default 0: from the rows fitted to)",
			&fit->holdout, 0, 0.9, false},
		{"folds", 0, APP_COUNT, "N",
			"so many fits more, each without its share of the groups: the threshold\n"
			"comes from scores of groups that a fit has not seen, and --rate counts\n"
			"benign groups, not rows (default 0: none)",
			&fit->folds, 2, 1000, false},
		{"by-names", 0, APP_TEXT, "LIST",
			"with --folds: a threshold for rows of so many names and more, for each\n"
			"number of the list; rows of fewer are never flagged",
			&fit->by_names, 0, 0, false},
		{"rate", 0, APP_NUMBER, "RATE",
			"false alarms per benign row that the threshold is for (default 1e-5)",
			&fit->rate, 0, 1, false},
		{"suspect-rate", 0, APP_NUMBER, "RATE",
			"the same of a second, lower threshold: a score above it is worth a look",
			&fit->suspect_rate, 0, 1, false},
		{"threshold", 0, APP_NUMBER, "SCORE", "this threshold; no rate is looked at",
			&fit->threshold, -HUGE_VAL, HUGE_VAL, false},
		{"seed", 0, APP_COUNT, "N",
			"of everything left to chance (default 1): the same rows, options and\n"
			"seed give the same model",
			&fit->seed, 0, INT32_MAX, false},
	};

	static_assert(ADIT_COUNT(rows) == APP_FIT_OPTIONS, "options");
	*fit = (struct app_fit){.svm = adit_svm_defaults,
		.envelope = adit_envelope_defaults,
		.trees = adit_trees_defaults,
		.rate = ADIT_THRESHOLD_RATE,
		.rounds = adit_trees_defaults.rounds,
		.depth = adit_trees_defaults.max_depth,
		.seed = 1};
	memcpy(options, rows, sizeof(rows));
	return ADIT_COUNT(rows);
}

static int read_kind(struct app_fit *fit, const char *kind, struct adit_error *error)
{
	for (unsigned i = 0; i < ADIT_MODEL_KINDS; i++) {
		if (strcmp(kind, adit_model_kind_names[i]) == 0) {
			fit->kind = (enum adit_model_kind)i;
			return 0;
		}
	}
	return adit_error_set(error, -EINVAL, "there is no kind '%s': svm, envelope or trees%s",
		kind, app_did_you_mean(kind, "", adit_model_kind_names, ADIT_MODEL_KINDS));
}

static int read_kernel(struct app_fit *fit, struct adit_error *error)
{
	double *gamma = &fit->gamma_number;

	if (fit->kernel != NULL && strcmp(fit->kernel, "linear") == 0)
		fit->svm.kernel = ADIT_SVM_LINEAR;
	else if (fit->kernel != NULL && strcmp(fit->kernel, "rbf") != 0)
		return adit_error_set(
			error, -EINVAL, "--kernel %s: rbf or linear is right", fit->kernel);
	if (fit->gamma == NULL || strcmp(fit->gamma, "scale") == 0)
		return 0;
	if (strcmp(fit->gamma, "auto") == 0)
		*gamma = -1;
	else if (!app_read_number(fit->gamma, gamma) || *gamma <= 0)
		return adit_error_set(error, -EINVAL,
			"--gamma %s: scale, auto or a number above 0 is right", fit->gamma);
	return 0;
}

/* "6,8,12": ascending. */
static int read_steps(struct app_fit *fit, struct adit_error *error)
{
	struct app_texts parts;
	char *copy;
	int status;

	if (fit->by_names == NULL)
		return 0;
	if (fit->folds == 0)
		return adit_error_set(error, -EINVAL, "--by-names needs --folds");
	status = app_split(fit->by_names, ',', &parts, &copy);
	if (status == 0 && parts.count <= ADIT_MODEL_STEPS_MAX)
		for (size_t i = 0; i < parts.count; i++) {
			double *step = &fit->step[fit->steps];

			if (!app_read_number(parts.text[i], step) || *step < 0 ||
				*step != floor(*step) || (i > 0 && *step <= step[-1]))
				break;
			fit->steps++;
		}
	if (status != 0 || fit->steps == 0 || fit->steps != parts.count)
		status = adit_error_set(error, -EINVAL,
			"--by-names '%s': up to %d whole numbers that ascend, parted by commas, "
			"are right",
			fit->by_names, ADIT_MODEL_STEPS_MAX);
	free(copy);
	return status;
}

int app_fit_check(struct app_fit *fit, const char *kind, const struct app_option *options,
	struct adit_error *error)
{
	int status = read_kind(fit, kind, error);

	for (size_t i = 0; i < APP_FIT_OPTIONS && status == 0; i++) {
		if (options[i].given && (kinds_of[i] & 1u << fit->kind) == 0)
			status = adit_error_set(error, -EINVAL, "--%s is not for %s",
				options[i].name, adit_model_kind_names[fit->kind]);
		if (options[i].to == &fit->threshold)
			fit->has_threshold = options[i].given;
	}
	if (status == 0)
		status = read_kernel(fit, error);
	if (status == 0)
		status = read_steps(fit, error);
	if (status == 0 && fit->folds != 0 && (fit->holdout > 0 || fit->has_threshold))
		status = adit_error_set(error, -EINVAL,
			"--folds finds a threshold; --holdout and --threshold do too: give one");
	if (status == 0 && fit->suspect_rate > 0 && fit->suspect_rate <= fit->rate)
		status = adit_error_set(error, -EINVAL, "--suspect-rate %g must be above --rate %g",
			fit->suspect_rate, fit->rate);
	fit->svm.standardise = fit->envelope.standardise = !fit->no_scale;
	fit->envelope.robust = !fit->not_robust;
	fit->trees.rounds = (unsigned)fit->rounds;
	fit->trees.max_depth = (unsigned)fit->depth;
	fit->svm.seed = fit->envelope.seed = fit->trees.seed = fit->seed;
	if (status == 0 && fit->not_robust && fit->envelope.support_fraction > 0)
		status = adit_error_set(error, -EINVAL,
			"--support is of the robust covariance; --not-robust asks "
			"for the other");
	return status;
}

int app_fit_model(struct app_fit *fit, const struct adit_table *table, struct adit_model **model,
	struct adit_error *error)
{
	static char what[] = "fitting";
	struct adit_progress progress = {app_progress_report, what};
	int status;

	*model = NULL;
	if (!fit->quiet)
		fit->envelope.progress = fit->trees.progress = progress;
	fit->svm.gamma = fit->gamma_number < 0 ? 1 / (double)table->columns : fit->gamma_number;
	if (!fit->quiet)
		app_progress_report(what, 0, 0);
	switch (fit->kind) {
	case ADIT_MODEL_SVM:
		status = adit_model_fit_svm(table, &fit->svm, model, error);
		break;
	case ADIT_MODEL_ENVELOPE:
		status = adit_model_fit_envelope(table, &fit->envelope, model, error);
		break;
	default:
		status = table->labels != NULL
				 ? adit_model_fit_trees(table, &fit->trees, model, error)
				 : adit_error_set(error, -EINVAL,
					   "trees need labels: --label COLUMN or --labels FILE");
	}
	if (!fit->quiet)
		app_progress_clear();
	return status;
}

struct drawn {
	uint64_t order;
	uint32_t group;
	bool has_positive;
};

static int by_order(const void *a, const void *b)
{
	const struct drawn *x = a, *y = b;

	if (x->has_positive != y->has_positive)
		return x->has_positive ? 1 : -1;
	return (x->order > y->order) - (x->order < y->order);
}

/*
 * Marks a share of the groups, of those with positive rows and of those without each its own, in
 * an order that depends on their names and the seed only. At least one benign group, or where
 * there is none, one. Gives how many.
 */
static size_t draw_groups(
	const struct app_fit *fit, const struct adit_table *table, struct drawn *groups, bool *held)
{
	const struct adit_grouping *grouping = &table->groupings[0];
	size_t count = grouping->count, benign = 0, done = 0;

	for (uint32_t i = 0; i < count; i++) {
		const char *name = grouping->names[i];
		uint64_t hash = adit_hash(&adit_hash_key_fixed, name, strlen(name));
		groups[i] = (struct drawn){
			adit_hash_pair(&adit_hash_key_fixed, fit->seed, hash), i, false};
	}
	for (size_t i = 0; table->labels != NULL && i < table->rows; i++)
		groups[grouping->of_row[i]].has_positive |= table->labels[i] != 0;
	for (size_t i = 0; i < count; i++)
		benign += !groups[i].has_positive;
	qsort(groups, count, sizeof(*groups), by_order);
	for (size_t part = 0; part < 2; part++) {
		size_t first = part == 0 ? 0 : benign, size = part == 0 ? benign : count - benign;
		size_t take = (size_t)lround(fit->holdout * (double)size);
		if (take == 0 && size > 1 && done == 0)
			take = 1;
		for (size_t i = 0; i < take && i + 1 < size; i++, done++)
			held[groups[first + i].group] = true;
	}
	return done;
}

/* The rows of the groups that are marked, or of the others. */
static struct adit_table *select_rows(
	const struct adit_table *table, const bool *held, bool marked, size_t *places)
{
	size_t count = 0;

	for (size_t i = 0; i < table->rows; i++) {
		if (held[table->groupings[0].of_row[i]] == marked)
			places[count++] = i;
	}
	return adit_table_select(table, places, count);
}

static int split(const struct app_fit *fit, const struct adit_table *table,
	struct app_fitted *fitted, struct adit_table **rest, struct adit_error *error)
{
	const struct adit_grouping *grouping = &table->groupings[0];
	struct drawn *groups;
	size_t *places;
	bool *held;
	int status = 0;

	if (grouping->column == NULL || grouping->count < 2)
		return adit_error_set(error, -EINVAL,
			"--holdout takes whole groups, and there is %s: name the column that tells "
			"captures apart (--group), or give several tables",
			grouping->column == NULL ? "none" : "only one");
	groups = calloc(grouping->count, sizeof(*groups));
	held = calloc(grouping->count, sizeof(*held));
	places = calloc(table->rows + 1, sizeof(*places));
	if (groups != NULL && held != NULL && places != NULL) {
		fitted->groups = grouping->count;
		fitted->held_groups = draw_groups(fit, table, groups, held);
		fitted->held = select_rows(table, held, true, places);
		*rest = select_rows(table, held, false, places);
	}
	if (fitted->held == NULL || *rest == NULL)
		status = adit_error_set(error, -ENOMEM, "no memory for %zu rows", table->rows);
	else if (fitted->held_groups == 0)
		status = adit_error_set(error, -EINVAL,
			"no group can be held out: there is one of benign rows and one with "
			"positive ones");
	free(groups);
	free(held);
	free(places);
	return status;
}

/* Scores of the benign rows of a table, in front of `scores`; gives their number. */
static size_t benign_only(const struct adit_table *table, const double *from, double *scores)
{
	size_t count = 0;

	for (size_t i = 0; i < table->rows; i++) {
		if (table->labels == NULL || table->labels[i] == 0)
			scores[count++] = from[i];
	}
	return count;
}

static int find_threshold(const struct app_fit *fit, const struct adit_table *table,
	struct app_fitted *fitted, struct adit_error *error)
{
	struct adit_model_about about;
	double *scores = malloc((table->rows + 1) * 2 * sizeof(*scores));
	double *benign = scores + table->rows + 1;
	size_t count;
	int status;

	if (scores == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %zu scores", table->rows);
	adit_model_about(fitted->model, &about);
	status = adit_model_score_table(fitted->model, table, scores, NULL, error);
	count = status == 0 ? benign_only(table, scores, benign) : 0;
	if (status == 0 && fit->has_threshold) {
		fitted->threshold = (struct adit_threshold){
			.value = fit->threshold, .method = ADIT_THRESHOLD_GIVEN, .rows = count};
		for (size_t i = 0; i < count; i++)
			fitted->threshold.above += benign[i] > fit->threshold;
	} else if (status == 0) {
		status = adit_threshold_find(
			benign, count, fit->rate, about.score_limit, &fitted->threshold, error);
	}
	if (status == 0 && fit->suspect_rate > 0)
		status = adit_threshold_find(benign, count, fit->suspect_rate, about.score_limit,
			&fitted->suspect, error);
	if (fitted->held != NULL)
		fitted->held_scores = scores;
	else
		free(scores);
	return status;
}

static void set_thresholds(const struct app_fitted *fitted)
{
	struct adit_model *model = fitted->model;

	adit_model_set_threshold(model, &fitted->threshold);
	adit_model_set_steps(model, fitted->steps, fitted->step_count);
	if (fitted->suspect.method == ADIT_THRESHOLD_NONE)
		return;
	adit_model_set_suspect(model, &fitted->suspect);
	adit_model_set_suspect_steps(model, fitted->suspect_steps, fitted->step_count);
}

int app_fit_run(struct app_fit *fit, const struct adit_table *table, struct app_fitted *fitted,
	struct adit_error *error)
{
	struct adit_table *rest = NULL;
	int status = 0;

	*fitted = (struct app_fitted){.model = NULL};
	if (fit->folds != 0)
		status = app_folds_check(fit, table, error);
	else if (fit->holdout > 0)
		status = split(fit, table, fitted, &rest, error);
	if (status == 0)
		status = app_fit_model(fit, rest != NULL ? rest : table, &fitted->model, error);
	if (status == 0 && fit->folds != 0)
		status = app_folds_run(fit, table, fitted, error);
	else if (status == 0)
		status = find_threshold(
			fit, fitted->held != NULL ? fitted->held : table, fitted, error);
	if (status == 0)
		set_thresholds(fitted);
	adit_table_destroy(rest);
	return status;
}

void app_fit_clear(struct app_fitted *fitted)
{
	adit_model_destroy(fitted->model);
	adit_table_destroy(fitted->held);
	free(fitted->held_scores);
	free(fitted->unseen);
	*fitted = (struct app_fitted){.model = NULL};
}

static void describe_parts(
	const struct app_fit *fit, const struct adit_model_about *about, FILE *to)
{
	fprintf(to, "%s of %zu features, fitted to %lu", adit_model_kind_names[about->kind],
		about->feature_count, (unsigned long)about->rows);
	if (about->rows != about->rows_given)
		fprintf(to, " of %lu", (unsigned long)about->rows_given);
	fprintf(to, " %srows", about->kind == ADIT_MODEL_TREES ? "" : "benign ");
	if (about->source_count > 0)
		fprintf(to, " of %lu group%s", (unsigned long)about->source_count,
			about->source_count == 1 ? "" : "s");
	if (about->kind == ADIT_MODEL_SVM)
		fprintf(to, ": %zu support vectors (nu %g, %s kernel)\n", about->parts, fit->svm.nu,
			fit->svm.kernel == ADIT_SVM_LINEAR ? "linear" : "rbf");
	else if (about->kind == ADIT_MODEL_ENVELOPE)
		fprintf(to, ": %s covariance%s\n", fit->envelope.robust ? "robust" : "plain",
			about->parts < about->feature_count
				? "; directions in which these rows do not differ are not looked at"
				: "");
	else
		fprintf(to, ": %zu trees of %u levels\n", about->parts, fit->trees.max_depth);
	if (about->rows != about->rows_given)
		fprintf(to, "  the rows are a sample: more would make too many support vectors\n");
}

static void describe_threshold(const struct app_fitted *fitted, FILE *to)
{
	const struct adit_threshold *threshold = &fitted->threshold;
	unsigned long rows = (unsigned long)threshold->rows;

	fprintf(to, "threshold %.6g: ", threshold->value);
	switch (threshold->method) {
	case ADIT_THRESHOLD_GIVEN:
		fprintf(to, "as given\n");
		break;
	case ADIT_THRESHOLD_RANK:
		fprintf(to, "a rank among %lu benign scores\n", rows);
		break;
	case ADIT_THRESHOLD_TAIL:
		fprintf(to,
			"%s a Pareto tail (shape %.3g) of the %lu largest of %lu benign scores%s\n",
			threshold->limited ? "the largest below the model's limit;"
					   : "extrapolated by",
			threshold->shape, (unsigned long)threshold->tail, rows,
			threshold->limited ? " points beyond it" : "");
		break;
	default:
		fprintf(to, "the largest of %lu benign scores\n", rows);
	}
	fprintf(to, "  %lu of these rows are above it\n", (unsigned long)threshold->above);
	if (threshold->limited)
		fprintf(to,
			"  the model gives no score that is high enough for the rate asked for\n");
	if (threshold->method == ADIT_THRESHOLD_GIVEN)
		return;
	fprintf(to,
		"  asked for: %g false alarms per benign row; the rows vouch for %.3g (95 %%, if "
		"they are\n  independent, which rows of one group are not)\n",
		threshold->rate, threshold->rate_bound);
	if (threshold->method != ADIT_THRESHOLD_RANK)
		fprintf(to, "  vouching for %g takes %.0f benign rows\n", threshold->rate,
			ceil(log(0.05) / log1p(-threshold->rate)));
}

void app_fit_describe(const struct app_fit *fit, const struct app_fitted *fitted, FILE *to)
{
	struct adit_model_about about;

	adit_model_about(fitted->model, &about);
	describe_parts(fit, &about, to);
	if (fitted->held != NULL)
		fprintf(to,
			"held out: %zu rows of %zu of %zu groups; the threshold comes from "
			"them\n",
			fitted->held->rows, fitted->held_groups, fitted->groups);
	if (fit->folds != 0) {
		app_folds_describe(fit, fitted, to);
		return;
	}
	describe_threshold(fitted, to);
	if (fitted->held == NULL && fitted->threshold.method != ADIT_THRESHOLD_GIVEN)
		fprintf(to, "  the model was fitted to these rows: others will be above more "
			    "often (--holdout)\n");
}
