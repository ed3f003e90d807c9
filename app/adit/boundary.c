/* SPDX-License-Identifier: BSD-3-Clause */
#include "boundary.h"

#include "plot.h"
#include "tables.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Pixels from one score to the next. Lines are interpolated between: what is smaller than this is
 * missed, what is larger looks smooth. */
#define STEP 3

int app_plane_lay(
	struct app_plane *plane, uint64_t width, uint64_t height, struct adit_error *error)
{
	plane->columns = width / STEP + 1;
	plane->rows = height / STEP + 1;
	plane->grid = malloc((plane->columns + plane->rows) * sizeof(*plane->grid));
	if (plane->grid == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a grid");
	for (size_t i = 0; i < plane->columns; i++)
		plane->grid[i] =
			adit_plot_axis_at(plane->x, (double)i / (double)(plane->columns - 1));
	for (size_t i = 0; i < plane->rows; i++)
		plane->grid[plane->columns + i] =
			adit_plot_axis_at(plane->y, (double)i / (double)(plane->rows - 1));
	return 0;
}

void app_plane_clear(struct app_plane *plane)
{
	free(plane->grid);
	plane->grid = NULL;
}

int app_boundary_bind(
	struct app_boundary *boundary, const char *x, const char *y, struct adit_error *error)
{
	const char *const columns[2] = {x, y};
	struct adit_model_about about;

	adit_model_about(boundary->model, &about);
	for (size_t i = 0; i < about.feature_count; i++) {
		if (strcmp(about.features[i], x) != 0 && strcmp(about.features[i], y) != 0)
			return adit_error_set(error, -EINVAL,
				"%s: the model's feature '%s' is neither -x nor -y: no boundary is "
				"in this plane",
				boundary->folder, about.features[i]);
	}
	return adit_model_bind(boundary->model, columns, 2, error);
}

int app_boundary_fit(
	struct app_boundary *boundary, const struct adit_table *table, struct adit_error *error)
{
	const char *const columns[2] = {table->names[0], table->names[1]};
	struct adit_error own;
	int status = app_fit_run(&boundary->trial.fit, table, &boundary->fitted, &own);

	if (status != 0)
		return adit_error_set(
			error, status, "--fit '%.80s': %s", boundary->trial.text, own.text);
	boundary->model = boundary->fitted.model;
	return adit_model_bind(boundary->model, columns, 2, error);
}

/* Fits know the columns as they are drawn, models of folders as they stand in tables. */
static double score_at(
	const struct app_boundary *boundary, const struct app_plane *plane, double x, double y)
{
	double values[2] = {x, y};

	if (boundary->folder != NULL) {
		values[0] = x * plane->scale[0] + plane->mean[0];
		values[1] = y * plane->scale[1] + plane->mean[1];
	}
	return adit_model_score(boundary->model, values);
}

static int score_grid(
	struct app_boundary *boundary, const struct app_plane *plane, struct adit_error *error)
{
	static char what[] = "scoring the plane";

	boundary->values = malloc(plane->columns * plane->rows * sizeof(double));
	if (boundary->values == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a grid");
	for (size_t row = 0; row < plane->rows; row++) {
		double y = plane->grid[plane->columns + row];
		for (size_t column = 0; column < plane->columns; column++)
			boundary->values[row * plane->columns + column] =
				score_at(boundary, plane, plane->grid[column], y);
		app_progress_report(what, row + 1, plane->rows);
	}
	app_progress_clear();
	boundary->field = (struct adit_plot_field){plane->grid, plane->grid + plane->columns,
		plane->columns, plane->rows, boundary->values};
	return 0;
}

static bool in_view(const struct app_boundary *boundary)
{
	size_t above = 0, count = boundary->field.columns * boundary->field.rows;

	for (size_t i = 0; i < count; i++)
		above += boundary->values[i] > boundary->level;
	return above > 0 && above < count;
}

static void describe(struct app_boundary *boundary, bool zero, const struct app_plane *plane,
	const struct adit_table *table)
{
	static char what[] = "scoring";
	char name[64], level[48] = "score 0";
	size_t outside = 0;

	for (size_t i = 0; i < table->rows; i++) {
		outside += score_at(boundary, plane, table->values[2 * i],
				   table->values[2 * i + 1]) > boundary->level;
		if (i % 4096 == 0)
			app_progress_report(what, i, table->rows);
	}
	app_progress_clear();
	if (boundary->folder != NULL)
		app_plot_name(boundary->folder, name);
	else
		snprintf(name, sizeof(name), "%.60s", boundary->trial.text);
	if (!zero)
		snprintf(level, sizeof(level), "threshold %.4g", boundary->level);
	snprintf(boundary->label, sizeof(boundary->label), "%s, %s: %zu rows outside%s", name,
		level, outside, in_view(boundary) ? "" : " (not to be seen on these axes)");
}

int app_boundary_find(struct app_boundary *boundary, const char *at, const struct app_plane *plane,
	const struct adit_table *table, struct adit_error *error)
{
	struct adit_model_about about;
	bool zero = at != NULL ? strcmp(at, "zero") == 0 : boundary->folder == NULL;
	int status;

	adit_model_about(boundary->model, &about);
	if (about.kind == ADIT_MODEL_ENVELOPE)
		zero = false;
	if (!zero && about.threshold.method == ADIT_THRESHOLD_NONE)
		return adit_error_set(error, -EINVAL,
			"%s: the model has no threshold; --boundary zero draws score 0",
			boundary->folder);
	boundary->level = zero ? 0 : about.threshold.value;
	status = score_grid(boundary, plane, error);
	if (status == 0)
		describe(boundary, zero, plane, table);
	return status;
}

void app_boundary_clear(struct app_boundary *boundary)
{
	app_trial_clear(&boundary->trial);
	app_fit_clear(&boundary->fitted);
	free(boundary->values);
	boundary->values = NULL;
}
