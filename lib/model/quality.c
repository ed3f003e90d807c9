/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Scores against labels. All curves, areas and counts come from one sweep over the rows in the
 * order of their scores, with a weight for each row: 1, or how often a bootstrap drew its group.
 */
#include "adit_quality.h"
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

struct adit_confusion adit_quality_count(const struct adit_scored *rows, double threshold)
{
	struct adit_confusion counts = {0};

	for (size_t i = 0; i < rows->count; i++) {
		bool flagged = rows->scores[i] > threshold;
		if (rows->labels[i] != 0)
			*(flagged ? &counts.true_positives : &counts.false_negatives) += 1;
		else
			*(flagged ? &counts.false_positives : &counts.true_negatives) += 1;
	}
	return counts;
}

double adit_quality_precision(const struct adit_confusion *counts)
{
	return share((double)counts->true_positives,
		(double)(counts->true_positives + counts->false_positives));
}

double adit_quality_recall(const struct adit_confusion *counts)
{
	return share((double)counts->true_positives,
		(double)(counts->true_positives + counts->false_negatives));
}

double adit_quality_f1(const struct adit_confusion *counts)
{
	return share(2 * (double)counts->true_positives,
		(double)(2 * counts->true_positives + counts->false_positives +
			 counts->false_negatives));
}

double adit_quality_false_rate(const struct adit_confusion *counts)
{
	return share((double)counts->false_positives,
		(double)(counts->false_positives + counts->true_negatives));
}

/* A row in the order of the sweep. */
struct place {
	double score; /* -INFINITY for NaN */
	uint32_t group;
	uint8_t label;
};

static int stricter_first(const void *a, const void *b)
{
	double x = ((const struct place *)a)->score, y = ((const struct place *)b)->score;

	return (x < y) - (x > y);
}

static struct place *sorted(const struct adit_scored *rows)
{
	struct place *places = malloc((rows->count + 1) * sizeof(*places));

	if (places == NULL)
		return NULL;
	for (size_t i = 0; i < rows->count; i++) {
		places[i].score = isnan(rows->scores[i]) ? -INFINITY : rows->scores[i];
		places[i].group = rows->groups != NULL ? rows->groups[i] : (uint32_t)i;
		places[i].label = rows->labels[i] != 0;
	}
	qsort(places, rows->count, sizeof(*places), stricter_first);
	return places;
}

/* Sums of weights, by label; a bootstrap weights groups. */
struct totals {
	double positives, negatives;
};

static struct totals totals_of(const struct place *places, size_t count, const uint32_t *weights)
{
	struct totals totals = {0, 0};

	for (size_t i = 0; i < count; i++) {
		double weight = weights != NULL ? weights[places[i].group] : 1;
		*(places[i].label ? &totals.positives : &totals.negatives) += weight;
	}
	return totals;
}

/* The curve of the weighted rows; its points only if there is room for them. */
static void sweep(
	const struct place *places, size_t count, const uint32_t *weights, struct adit_curve *curve)
{
	struct totals all = totals_of(places, count, weights), flagged = {0, 0}, last;

	curve->count = 0;
	curve->roc_area = curve->average_precision = 0;
	for (size_t i = 0; i < count;) {
		double score = places[i].score;
		last = flagged;
		for (; i < count && places[i].score == score; i++) {
			double weight = weights != NULL ? weights[places[i].group] : 1;
			*(places[i].label ? &flagged.positives : &flagged.negatives) += weight;
		}
		if (flagged.positives + flagged.negatives == 0)
			continue;
		curve->roc_area += (flagged.negatives - last.negatives) *
				   (flagged.positives + last.positives) / 2;
		curve->average_precision +=
			(flagged.positives - last.positives) *
			share(flagged.positives, flagged.positives + flagged.negatives);
		if (curve->points != NULL)
			curve->points[curve->count++] =
				(struct adit_curve_point){.threshold = score,
					.false_rate = share(flagged.negatives, all.negatives),
					.recall = share(flagged.positives, all.positives),
					.precision = share(flagged.positives,
						flagged.positives + flagged.negatives)};
	}
	curve->roc_area = share(curve->roc_area, all.positives * all.negatives);
	curve->average_precision = share(curve->average_precision, all.positives);
}

static int check(const struct adit_scored *rows, struct adit_error *error)
{
	size_t positives = 0;

	for (size_t i = 0; i < rows->count; i++)
		positives += rows->labels[i] != 0;
	if (positives == 0 || positives == rows->count || rows->count > UINT32_MAX)
		return adit_error_set(error, -EINVAL,
			"%zu of %zu rows are positive; rows of both labels are needed", positives,
			rows->count);
	return 0;
}

int adit_quality_curve(
	const struct adit_scored *rows, struct adit_curve *curve, struct adit_error *error)
{
	struct place *places;
	int status = check(rows, error);

	*curve = (struct adit_curve){.points = NULL};
	if (status != 0)
		return status;
	places = sorted(rows);
	curve->points = malloc(rows->count * sizeof(*curve->points));
	if (places == NULL || curve->points == NULL) {
		status = adit_error_set(error, -ENOMEM, "no memory for %zu rows", rows->count);
		adit_quality_free_curve(curve);
	} else {
		sweep(places, rows->count, NULL, curve);
	}
	free(places);
	return status;
}

void adit_quality_free_curve(struct adit_curve *curve)
{
	free(curve->points);
	curve->points = NULL;
	curve->count = 0;
}

struct adit_interval adit_quality_wilson(uint64_t hits, uint64_t trials, double confidence)
{
	double n = (double)trials, p = n > 0 ? (double)hits / n : 0.5;
	double z = adit_normal_two_sided(confidence), z2 = z * z;
	double centre, half;

	if (trials == 0)
		return (struct adit_interval){NAN, 0, 1, 0};
	centre = (p + z2 / (2 * n)) / (1 + z2 / n);
	half = z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
	return (struct adit_interval){
		p, hits == 0 ? 0 : centre - half, hits == trials ? 1 : centre + half, 0};
}

/* All statistics of the weighted rows. */
static void measure(const struct place *places, size_t count, const uint32_t *weights,
	double threshold, double values[ADIT_STATISTICS])
{
	struct adit_confusion counts = {0};
	struct adit_curve curve = {.points = NULL};

	for (size_t i = 0; i < count; i++) {
		uint64_t weight = weights != NULL ? weights[places[i].group] : 1;
		bool flagged = places[i].score > threshold;
		if (places[i].label)
			*(flagged ? &counts.true_positives : &counts.false_negatives) += weight;
		else
			*(flagged ? &counts.false_positives : &counts.true_negatives) += weight;
	}
	sweep(places, count, weights, &curve);
	values[ADIT_STATISTIC_PRECISION] = adit_quality_precision(&counts);
	values[ADIT_STATISTIC_RECALL] = adit_quality_recall(&counts);
	values[ADIT_STATISTIC_F1] = adit_quality_f1(&counts);
	values[ADIT_STATISTIC_FALSE_RATE] = adit_quality_false_rate(&counts);
	values[ADIT_STATISTIC_ROC_AREA] = curve.roc_area;
	values[ADIT_STATISTIC_AVERAGE_PRECISION] = curve.average_precision;
}

int adit_double_order(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

double adit_percentile(const double *sorted, size_t count, double share)
{
	double at = share * (double)(count - 1);
	size_t low = (size_t)at;

	if (low + 1 >= count)
		return sorted[count - 1];
	return sorted[low] + (at - (double)low) * (sorted[low + 1] - sorted[low]);
}

static void close_interval(
	struct adit_interval *interval, double *values, size_t samples, double confidence)
{
	size_t defined = 0;

	for (size_t i = 0; i < samples; i++) {
		if (!isnan(values[i]))
			values[defined++] = values[i];
	}
	interval->undefined = samples - defined;
	interval->low = interval->high = NAN;
	if (defined == 0)
		return;
	qsort(values, defined, sizeof(*values), adit_double_order);
	interval->low = adit_percentile(values, defined, (1 - confidence) / 2);
	interval->high = adit_percentile(values, defined, (1 + confidence) / 2);
}

static int check_bootstrap(const struct adit_scored *rows,
	const struct adit_bootstrap_params *params, size_t groups, struct adit_error *error)
{
	if (params->samples < 10 || params->samples > 1000000 ||
		!(params->confidence > 0 && params->confidence < 1))
		return adit_error_set(error, -EINVAL,
			"%zu samples, confidence %g; right is 10 to 1000000, and 0 to 1",
			params->samples, params->confidence);
	for (size_t i = 0; rows->groups != NULL && i < rows->count; i++) {
		if (rows->groups[i] >= groups)
			return adit_error_set(error, -EINVAL,
				"row %zu is of group %u; there are %zu", i, rows->groups[i],
				groups);
	}
	return 0;
}

int adit_quality_bootstrap(const struct adit_scored *rows,
	const struct adit_bootstrap_params *params, struct adit_interval intervals[ADIT_STATISTICS],
	struct adit_error *error)
{
	size_t groups = rows->groups != NULL ? rows->group_count : rows->count;
	struct adit_random random = {params->seed};
	struct place *places;
	uint32_t *weights;
	double *samples, values[ADIT_STATISTICS];
	int status = check(rows, error);

	if (status == 0)
		status = check_bootstrap(rows, params, groups, error);
	if (status != 0)
		return status;
	places = sorted(rows);
	weights = malloc(groups * sizeof(*weights));
	samples = malloc(params->samples * ADIT_STATISTICS * sizeof(*samples));
	if (places == NULL || weights == NULL || samples == NULL) {
		status = adit_error_set(error, -ENOMEM, "no memory for %zu rows", rows->count);
	} else {
		for (size_t i = 0; i < params->samples; i++) {
			memset(weights, 0, groups * sizeof(*weights));
			for (size_t j = 0; j < groups; j++)
				weights[adit_random_below(&random, groups)]++;
			measure(places, rows->count, weights, params->threshold, values);
			for (size_t s = 0; s < ADIT_STATISTICS; s++)
				samples[s * params->samples + i] = values[s];
		}
		measure(places, rows->count, NULL, params->threshold, values);
		for (size_t s = 0; s < ADIT_STATISTICS; s++) {
			intervals[s].value = values[s];
			close_interval(&intervals[s], samples + s * params->samples,
				params->samples, params->confidence);
		}
	}
	free(places);
	free(weights);
	free(samples);
	return status;
}
