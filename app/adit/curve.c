/* SPDX-License-Identifier: BSD-3-Clause */
#include "curve.h"

#include "evaluation.h"
#include "plot_band.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define HEADER "threshold,false_positive_rate,recall,precision"

/* Points put between two on a logarithmic axis, and how far those are apart then, as a ratio. */
#define BENT      24
#define BENT_FROM 1.02

bool app_curve_is_file(const char *path)
{
	char line[sizeof(HEADER) + 2] = "";
	FILE *file = fopen(path, "r");
	bool is = file != NULL && fgets(line, sizeof(line), file) != NULL &&
		  strncmp(line, HEADER, strlen(HEADER)) == 0 &&
		  strspn(line + strlen(HEADER), "\r\n") == strlen(line + strlen(HEADER));

	if (file != NULL)
		fclose(file);
	return is;
}

/* Room for the points of a curve, with one in front: nothing is flagged yet. */
static int make(struct app_curve *curve, size_t points, struct adit_error *error)
{
	curve->x = malloc((points + 1) * sizeof(*curve->x));
	curve->y = malloc((points + 1) * sizeof(*curve->y));
	if (curve->x == NULL || curve->y == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a curve");
	curve->count = points + 1;
	curve->x[0] = curve->y[0] = 0;
	curve->dot[0] = curve->dot[1] = curve->least = NAN;
	return 0;
}

static void set_point(const struct app_curve_params *params, struct app_curve *curve, size_t i,
	double false_rate, double recall, double precision)
{
	curve->x[i] = params->precision ? recall : false_rate;
	curve->y[i] = params->precision ? precision : recall;
	/* A step begins at the height of the first point. */
	if (i == 1 && params->precision)
		curve->y[0] = precision;
	if (false_rate > 0 && !(curve->least <= false_rate))
		curve->least = false_rate;
}

/* What a table of points has: the areas follow from it, their intervals do not. */
int app_curve_read(const char *path, const struct app_curve_params *params, struct app_curve *curve,
	struct adit_error *error)
{
	static const char *const columns[] = {"false_positive_rate", "recall", "precision"};
	const struct adit_table_params wanted = {.columns = columns, .column_count = 3};
	double area = 0, last[2] = {0, 0};
	struct adit_table *table;
	char name[64];
	int status = adit_table_read(path, &wanted, &table, error);

	if (status != 0)
		return status;
	if (table->rows == 0)
		status = adit_error_set(error, -EINVAL, "%s: no points", path);
	if (status == 0)
		status = make(curve, table->rows, error);
	for (size_t i = 0; i < table->rows && status == 0; i++) {
		const double *point = table->values + 3 * i;
		if (point[0] < last[0] || point[1] < last[1] || point[0] > 1 || point[1] > 1 ||
			point[2] < 0 || point[2] > 1)
			status = adit_error_set(error, -EINVAL,
				"%s:%lu: rates must rise from line to line and be 0 to 1", path,
				(unsigned long)table->lines[i]);
		set_point(params, curve, i + 1, point[0], point[1], point[2]);
		area += params->precision ? (point[1] - last[1]) * point[2]
					  : (point[0] - last[0]) * (point[1] + last[1]) / 2;
		last[0] = point[0];
		last[1] = point[1];
	}
	app_plot_name(path, name);
	snprintf(curve->label, sizeof(curve->label), "%s: area %.4f", name, area);
	adit_table_destroy(table);
	return status;
}

static void place_dot(const struct app_curve_params *params, struct app_curve *curve,
	const struct app_evaluation *evaluation, double threshold)
{
	double recall = adit_quality_recall(&evaluation->counts);

	/* A model without a threshold flags nothing, and has no place on its curve. */
	if (!isfinite(threshold))
		return;
	curve->dot[0] = params->precision ? recall : adit_quality_false_rate(&evaluation->counts);
	curve->dot[1] = params->precision ? adit_quality_precision(&evaluation->counts) : recall;
}

static int add_band(const struct app_curve_params *params, struct app_curve *curve,
	const struct adit_table *table, const double *scores, struct adit_error *error)
{
	const struct adit_grouping *grouping = &table->groupings[0];
	const struct adit_scored scored = {
		scores, table->labels, grouping->of_row, table->rows, grouping->count};
	const struct app_band_params drawn = {
		params->precision, params->samples, APP_CONFIDENCE, params->seed};
	double least = 0.5 / (double)table->rows;

	curve->at = malloc(3 * APP_CURVE_BAND * sizeof(*curve->at));
	if (curve->at == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a band");
	curve->low = curve->at + APP_CURVE_BAND;
	curve->high = curve->low + APP_CURVE_BAND;
	for (size_t i = 0; i < APP_CURVE_BAND; i++) {
		double share = (double)i / (APP_CURVE_BAND - 1);
		curve->at[i] = params->log ? least * pow(1 / least, share) : share;
		/* Precision is that of what is flagged until the first positive row is. */
		if (params->precision && i == 0)
			curve->at[i] = least;
	}
	return app_band_reckon(
		&scored, &drawn, curve->at, APP_CURVE_BAND, curve->low, curve->high, error);
}

int app_curve_score(const char *name, const struct adit_table *table, const double *scores,
	double threshold, const struct app_curve_params *params, struct app_curve *curve,
	struct adit_error *error)
{
	static char what[] = "drawing groups";
	enum adit_statistic area =
		params->precision ? ADIT_STATISTIC_AVERAGE_PRECISION : ADIT_STATISTIC_ROC_AREA;
	struct app_evaluation evaluation;
	const struct adit_interval *interval;
	size_t positives = 0;
	int status, used;

	for (size_t i = 0; i < table->rows; i++)
		positives += table->labels[i] != 0;
	if (positives == 0 || positives == table->rows)
		return adit_error_set(error, -EINVAL,
			"%s: all of the %zu rows are %s; a curve takes rows of both labels", name,
			table->rows, positives == 0 ? "benign" : "positive");
	app_progress_report(what, 0, 0);
	status = app_evaluation_reckon(
		&evaluation, table, scores, threshold, params->samples, params->seed, error);
	app_progress_clear();
	if (status == 0)
		status = make(curve, evaluation.curve.count, error);
	for (size_t i = 0; i < evaluation.curve.count && status == 0; i++) {
		const struct adit_curve_point *point = &evaluation.curve.points[i];
		set_point(params, curve, i + 1, point->false_rate, point->recall, point->precision);
	}
	if (status == 0) {
		place_dot(params, curve, &evaluation, threshold);
		interval = &evaluation.bootstrap[area];
		used = snprintf(curve->label, sizeof(curve->label), "%s: area %.4f", name,
			evaluation.wilson[area].value);
		if (!isnan(interval->low))
			snprintf(curve->label + used, sizeof(curve->label) - (size_t)used,
				" (%.4f to %.4f)", interval->low, interval->high);
	}
	if (status == 0 && evaluation.samples > 0)
		status = add_band(params, curve, table, scores, error);
	app_evaluation_clear(&evaluation);
	return status;
}

/* Between two points of a ROC lies what one gets by tossing a coin between their thresholds: a
 * line, but none on a logarithmic axis. */
int app_curve_bend(struct app_curve *curve, double least, struct adit_error *error)
{
	size_t room = curve->count * 2 + BENT * (size_t)(2 + log(1 / least) / log(BENT_FROM));
	double *x = malloc(room * sizeof(*x)), *y = malloc(room * sizeof(*y));
	size_t count = 0;

	if (x == NULL || y == NULL) {
		free(x);
		free(y);
		return adit_error_set(error, -ENOMEM, "no memory for a curve");
	}
	for (size_t i = 0; i < curve->count; i++) {
		double to = fmax(curve->x[i], least), from = i > 0 ? curve->x[i - 1] : to;
		double shown = fmax(from, least), step = pow(to / shown, 1.0 / BENT);
		bool slopes = i > 0 && curve->y[i] > curve->y[i - 1] && to / shown > BENT_FROM;
		for (size_t j = 0; slopes && j < BENT; j++) {
			x[count] = shown * pow(step, (double)j);
			y[count] = curve->y[i - 1] + (curve->y[i] - curve->y[i - 1]) *
							     (x[count] - from) / (to - from);
			count++;
		}
		x[count] = to;
		y[count++] = curve->y[i];
	}
	free(curve->x);
	free(curve->y);
	curve->x = x;
	curve->y = y;
	curve->count = count;
	return 0;
}

void app_curve_free(struct app_curve *curve)
{
	free(curve->x);
	free(curve->y);
	free(curve->at);
	*curve = (struct app_curve){.x = NULL};
}
