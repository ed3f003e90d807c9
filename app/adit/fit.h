/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fitting a model from a command line: the options of the three kinds, rows held out by group, and
 * the threshold that follows from benign rows.
 */
#ifndef ADIT_FIT_H
#define ADIT_FIT_H

#include "adit_model.h"
#include "arguments.h"

#define APP_FIT_OPTIONS 14

struct app_fit {
	enum adit_model_kind kind;
	struct adit_svm_params svm;
	struct adit_envelope_params envelope;
	struct adit_trees_params trees;
	double holdout, rate, threshold;
	bool has_threshold;
	/* as given, before app_fit_check has understood them */
	const char *kernel, *gamma;
	bool no_scale, not_robust;
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
};

/* Sets the defaults and fills the rows of the options; gives their number. */
size_t app_fit_options(struct app_fit *fit, struct app_option *options);

/* Understands the kind and what was given; an option of another kind is refused. */
int app_fit_check(struct app_fit *fit, const char *kind, const struct app_option *options,
	struct adit_error *error);

/* A model of all rows, without a threshold. */
int app_fit_model(struct app_fit *fit, const struct adit_table *table, struct adit_model **model,
	struct adit_error *error);

/* Holds whole groups out, fits to the rest, and sets the threshold by the benign rows held out, or
 * else by those fitted to. `fitted` is to be cleared, whatever the outcome. */
int app_fit_run(struct app_fit *fit, const struct adit_table *table, struct app_fitted *fitted,
	struct adit_error *error);
void app_fit_clear(struct app_fitted *fitted);

/* Lines for a person: what was fitted to what, the threshold, and what vouches for it. */
void app_fit_describe(const struct app_fit *fit, const struct app_fitted *fitted, FILE *to);

#endif
