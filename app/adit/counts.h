/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Inliers and outliers for lists of feature sets and of nu: what a choice of features and of nu
 * does, before a model is kept.
 */
#ifndef ADIT_COUNTS_H
#define ADIT_COUNTS_H

#include "fit.h"
#include "tables.h"

struct app_counts {
	const char *kind, *sets, *nus; /* as given */
	double split;                  /* per cent of the rows, from the first on, to fit to */
	bool scale_each;               /* the others are scaled by themselves */
};

/* Reads the tables, fits for each pair, prints the table. Gives the exit status. */
int app_counts_run(struct app_counts *counts, struct app_fit *fit, struct app_tables *tables,
	const struct app_line *line);

#endif
