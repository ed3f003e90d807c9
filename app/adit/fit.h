/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fitting a model from a command line: the options of the three kinds, rows held out by group, and
 * the threshold that follows from benign rows.
 */
#ifndef ADIT_FIT_H
#define ADIT_FIT_H

#include "adit_model.h"
#include "arguments.h"

#define APP_FIT_OPTIONS 19

struct app_fit {
	enum adit_model_kind kind;
	struct adit_svm_params svm;
	struct adit_envelope_params envelope;
	struct adit_trees_params trees;
	double holdout, rate, threshold;
	double suspect_rate; /* 0: no threshold for suspects */
	bool has_threshold;
	uint64_t folds;       /* 0 or 1: none */
	const char *by_names; /* least names of each step, as given; NULL: one threshold for all */
	double step[ADIT_MODEL_STEPS_MAX];
	size_t steps;
	/* Of the table's rows, by the caller: how many names each is made of; NULL: not known. */
	const float *names;
	/* as given, before app_fit_check has understood them */
	const char *kernel, *gamma;
	bool no_scale, not_robust;
	bool quiet;          /* no progress is drawn */
	double gamma_number; /* 0: by the rows; below 0: 1 / columns */
	uint64_t rounds, depth, rows_max, vectors_max, seed;
};

/* What a fit gave. */
struct app_fitted {
	struct adit_model *model;
	struct adit_threshold threshold;
	struct adit_table *held; /* rows that were held out; NULL: none */
	double *held_scores;
	size_t held_groups, groups;
	/* With folds: the score of each row of the table by a fit that saw nothing of its group. */
	double *unseen;
	struct adit_threshold suspect;
	struct adit_model_step steps[ADIT_MODEL_STEPS_MAX], suspect_steps[ADIT_MODEL_STEPS_MAX];
	struct adit_threshold step_of[ADIT_MODEL_STEPS_MAX]; /* how each came about */
	size_t step_count;
};

/* Sets the defaults and fills the rows of the options; gives their number. */
size_t app_fit_options(struct app_fit *fit, struct app_option *options);

/* Understands the kind and what was given; an option of another kind is refused. */
int app_fit_check(struct app_fit *fit, const char *kind, const struct app_option *options,
	struct adit_error *error);

/* A model of all rows, without a threshold. */
int app_fit_model(struct app_fit *fit, const struct adit_table *table, struct adit_model **model,
	struct adit_error *error);

/*
 * Fits, and sets the threshold: by benign rows of groups held out (--holdout); or, with folds, by
 * scores that every row gets from a fit to the other folds' groups, while the model itself is
 * fitted to all rows; or else by the rows fitted to. With folds it is a group of benign rows that
 * is a false alarm, if one of its rows is above the threshold. `fitted` is to be cleared, whatever
 * the outcome.
 */
int app_fit_run(struct app_fit *fit, const struct adit_table *table, struct app_fitted *fitted,
	struct adit_error *error);
void app_fit_clear(struct app_fitted *fitted);

/* Lines for a person: what was fitted to what, the threshold, and what vouches for it. */
void app_fit_describe(const struct app_fit *fit, const struct app_fitted *fitted, FILE *to);

#endif
