/* SPDX-License-Identifier: BSD-3-Clause */
#include "plot_band.h"

#include "adit_hash.h"
#include "tables.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* A row in the order of the sweep. */
struct place {
	double score; /* -INFINITY for NaN */
	uint32_t group;
	bool positive;
};

struct drawing {
	const struct app_band_params *params;
	struct place *places;
	size_t count, groups;
	uint32_t *weights; /* how often each group was drawn */
	const double *at;
	size_t at_count;
	double *values; /* [at_count][samples] */
	size_t samples; /* that have values */
};

/* The curve so far and, on the way, its heights at the places asked for. */
struct sweep {
	const struct drawing *drawing;
	double positives, benign; /* in all */
	double x, y;
	size_t next; /* place */
};

static int stricter_first(const void *a, const void *b)
{
	const struct place *p = a, *q = b;

	return (p->score < q->score) - (p->score > q->score);
}

static int sort_rows(const struct adit_scored *rows, struct drawing *drawing)
{
	drawing->count = rows->count;
	drawing->groups = rows->groups != NULL ? rows->group_count : rows->count;
	drawing->places = malloc((rows->count + 1) * sizeof(*drawing->places));
	drawing->weights = malloc((drawing->groups + 1) * sizeof(*drawing->weights));
	if (drawing->places == NULL || drawing->weights == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < rows->count; i++)
		drawing->places[i] = (struct place){
			isnan(rows->scores[i]) ? -INFINITY : rows->scores[i],
			rows->groups != NULL ? rows->groups[i] : (uint32_t)i, rows->labels[i] != 0};
	qsort(drawing->places, drawing->count, sizeof(*drawing->places), stricter_first);
	return 0;
}

static void keep(struct sweep *sweep, double height)
{
	const struct drawing *drawing = sweep->drawing;

	drawing->values[sweep->next++ * drawing->params->samples + drawing->samples] = height;
}

/* The curve goes on to where so many of both are flagged. */
static void advance(struct sweep *sweep, double positives, double benign)
{
	const struct drawing *drawing = sweep->drawing;
	const double *at = drawing->at;
	double x, y;

	if (drawing->params->precision) {
		x = positives / sweep->positives;
		y = positives / (positives + benign);
		while (sweep->next < drawing->at_count && at[sweep->next] <= x)
			keep(sweep, y);
	} else {
		x = benign / sweep->benign;
		y = positives / sweep->positives;
		while (sweep->next < drawing->at_count && at[sweep->next] < x)
			keep(sweep, sweep->y + (y - sweep->y) * (at[sweep->next] - sweep->x) /
						       (x - sweep->x));
	}
	sweep->x = x;
	sweep->y = y;
}

/* One sample: the groups are drawn already. */
static void follow(struct drawing *drawing)
{
	struct sweep sweep = {.drawing = drawing};
	double positives = 0, benign = 0;

	for (size_t i = 0; i < drawing->count; i++)
		*(drawing->places[i].positive ? &sweep.positives : &sweep.benign) +=
			drawing->weights[drawing->places[i].group];
	if (sweep.positives == 0 || sweep.benign == 0)
		return;
	for (size_t i = 0; i < drawing->count;) {
		double score = drawing->places[i].score, before = positives + benign;
		for (; i < drawing->count && drawing->places[i].score == score; i++)
			*(drawing->places[i].positive ? &positives : &benign) +=
				drawing->weights[drawing->places[i].group];
		if (positives + benign > before)
			advance(&sweep, positives, benign);
	}
	while (sweep.next < drawing->at_count)
		keep(&sweep, sweep.y);
	drawing->samples++;
}

static void close_intervals(struct drawing *drawing, double *low, double *high)
{
	const struct app_band_params *params = drawing->params;

	for (size_t i = 0; i < drawing->at_count; i++) {
		double *values = drawing->values + i * params->samples;
		low[i] = high[i] = NAN;
		if (drawing->samples == 0)
			continue;
		qsort(values, drawing->samples, sizeof(*values), adit_double_order);
		low[i] = adit_percentile(values, drawing->samples, (1 - params->confidence) / 2);
		high[i] = adit_percentile(values, drawing->samples, (1 + params->confidence) / 2);
	}
}

int app_band_reckon(const struct adit_scored *rows, const struct app_band_params *params,
	const double *at, size_t count, double *low, double *high, struct adit_error *error)
{
	static char what[] = "drawing groups";
	struct drawing drawing = {.params = params, .at = at, .at_count = count};
	uint64_t drawn = 0;
	int status = sort_rows(rows, &drawing);

	drawing.values = malloc((params->samples * count + 1) * sizeof(*drawing.values));
	if (status != 0 || drawing.values == NULL)
		status = adit_error_set(
			error, -ENOMEM, "no memory for a bootstrap of %zu rows", rows->count);
	for (size_t i = 0; i < params->samples && status == 0; i++) {
		memset(drawing.weights, 0, drawing.groups * sizeof(*drawing.weights));
		for (size_t j = 0; j < drawing.groups; j++)
			drawing.weights[adit_hash_pair(
						&adit_hash_key_fixed, params->seed, drawn++) %
					drawing.groups]++;
		follow(&drawing);
		app_progress_report(what, i + 1, params->samples);
	}
	app_progress_clear();
	if (status == 0)
		close_intervals(&drawing, low, high);
	free(drawing.places);
	free(drawing.weights);
	free(drawing.values);
	return status;
}
