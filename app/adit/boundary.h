/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The decision boundary of a model in the plane of two columns: its score over a grid, and the
 * level at which rows are outside.
 */
#ifndef ADIT_BOUNDARY_H
#define ADIT_BOUNDARY_H

#include "adit_plot.h"
#include "trial.h"

#define APP_BOUNDARY_LABEL 200

/* Two columns as they are drawn: (value - mean) / scale of those of the tables. */
struct app_plane {
	double mean[2], scale[2];
	const struct adit_plot_axis *x, *y;
	double *grid; /* x of each column, then y of each row */
	size_t columns, rows;
};

/* Lays a grid over the axes, a few pixels wide. To be cleared whatever the outcome. -ENOMEM. */
int app_plane_lay(
	struct app_plane *plane, uint64_t width, uint64_t height, struct adit_error *error);
void app_plane_clear(struct app_plane *plane);

struct app_boundary {
	/* A fit made for this picture … */
	struct app_trial trial;
	struct app_fitted fitted;
	/* … or a model of a folder, of the tables' own columns; then it is the caller's. */
	const char *folder;
	struct adit_model *model;
	double level;
	double *values;
	struct adit_plot_field field;
	char label[APP_BOUNDARY_LABEL]; /* which, at what, and how many rows are outside */
};

/* Binds a model of a folder to the two columns. -EINVAL names a feature that is neither. */
int app_boundary_bind(
	struct app_boundary *boundary, const char *x, const char *y, struct adit_error *error);

/* Fits boundary->trial to the table, which has the two columns as they are drawn. */
int app_boundary_fit(
	struct app_boundary *boundary, const struct adit_table *table, struct adit_error *error);

/* Scores the grid and the rows. `at` is "zero", "threshold", or NULL for what is usual. -EINVAL
 * for a model without a threshold, -ENOMEM. */
int app_boundary_find(struct app_boundary *boundary, const char *at, const struct app_plane *plane,
	const struct adit_table *table, struct adit_error *error);

/* Frees what is the boundary's own. */
void app_boundary_clear(struct app_boundary *boundary);

#endif
