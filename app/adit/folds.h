/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Thresholds from groups that a fit has not seen: the groups are dealt to folds, each fold is
 * scored by a fit to the others, and what benign groups came to at most says where a threshold must
 * lie.
 */
#ifndef ADIT_FOLDS_H
#define ADIT_FOLDS_H

#include "fit.h"

/* Whether the table has groups enough, before anything is fitted. -EINVAL. */
int app_folds_check(
	const struct app_fit *fit, const struct adit_table *table, struct adit_error *error);

/* Fills fitted->unseen, threshold, suspect and steps. The model of all rows is the caller's.
 * -ENOMEM, and what fits give. */
int app_folds_run(struct app_fit *fit, const struct adit_table *table, struct app_fitted *fitted,
	struct adit_error *error);

/* Lines for a person. */
void app_folds_describe(const struct app_fit *fit, const struct app_fitted *fitted, FILE *to);

#endif
