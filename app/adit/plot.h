/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the pictures of adit plot share: where they go and how large they are, the models they are
 * about, and names that are short enough for a legend. Each picture is a sub-command of its own.
 */
#ifndef ADIT_APP_PLOT_H
#define ADIT_APP_PLOT_H

#include "adit_model.h"
#include "adit_plot.h"
#include "arguments.h"
#include "tables.h"

#define APP_PLOT_OPTIONS 6
#define APP_PLOT_TEXT    256  /* of a label or a subtitle */
#define APP_PLOT_MARKED  0.03 /* of an axis is left free around what is on it */

struct app_plot {
	const char *command; /* "plot scatter" */
	/* what the options say */
	const char *out, *title, *log;
	uint64_t width, height;
	double zoom;
	/* what follows from them */
	bool log_x, log_y;
};

/* Sets the defaults and fills the rows of the options that all pictures have; gives their number.
 * `axes` are those that may be logarithmic: "x", "xy", or "" for none. */
size_t app_plot_options(
	struct app_plot *plot, const char *command, const char *axes, struct app_option *options);

/* Looks at the options: which axes are logarithmic, and whether a file could be written. That is
 * found out before long work, not after it. -EINVAL, -errno. */
int app_plot_check(struct app_plot *plot, const char *axes, struct adit_error *error);

/* Draws the panels and tells on standard error of points that are not seen. */
int app_plot_write(
	const struct app_plot *plot, struct adit_plot_figure *figure, struct adit_error *error);

/* The end of a path that fits a legend, "…" in front of what is cut. */
void app_plot_name(const char *path, char name[64]);

/* "15501 rows of sessions.csv, 12 of them positive" */
void app_plot_about_rows(const struct app_tables *tables, char text[APP_PLOT_TEXT]);

/* ---- models, by the folders on the command line */

struct app_models {
	struct adit_model **models; /* [count] */
	const char *const *folders; /* [count] */
	size_t count;
	/* all features of all models, each once */
	const char *columns[ADIT_TABLE_COLUMNS_MAX];
	size_t column_count;
};

/* To be closed whatever the outcome. */
int app_models_read(struct app_models *models, const char *const *folders, size_t count,
	struct adit_error *error);
void app_models_close(struct app_models *models);

/* One more column, unless it is there. -EINVAL if there are too many. */
int app_models_add_column(struct app_models *models, const char *name, struct adit_error *error);

/* New scores of all rows, to be freed. -ENOMEM and what adit_model_score_table gives. */
int app_models_score(struct adit_model *model, const struct adit_table *table, double **scores,
	struct adit_error *error);

/* Moves the folders among the operands to the front, and files that `is_other` says true of behind
 * them; the order is kept otherwise. -errno for a path that is not there. */
int app_plot_sort(struct app_line *line, bool (*is_other)(const char *path), size_t *folders,
	size_t *others, struct adit_error *error);

/* ---- pictures */

int app_plot_scatter(int argc, char **argv);
int app_plot_roc(int argc, char **argv);
int app_plot_pr(int argc, char **argv);
int app_plot_scores(int argc, char **argv);

#endif
