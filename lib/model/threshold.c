/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Thresholds for rates of false alarms that are smaller than rows can show. An order statistic
 * needs about 3 / rate rows to vouch for the rate; with fewer, the tail beyond the largest scores
 * is taken for a generalised Pareto one (Pickands 1975), which is a guess that is told as one.
 */
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define CONFIDENCE    0.95
#define TAIL_ROWS_MIN 100
#define TAIL_MAX      1000

const char *const adit_threshold_method_names[ADIT_THRESHOLD_METHODS] = {
	"none", "given", "rank", "tail", "largest"};

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

static double mean_log(const double *excess, size_t count, double theta)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += log1p(-theta * excess[i]);
	return sum / (double)count;
}

/*
 * Zhang and Stephens 2009 (Technometrics 51:316): θ = -shape / scale is the mean of 30 + √n points
 * weighted by their profile likelihood. `excess` is descending, above 0 at its upper quarter.
 */
static bool fit_pareto(const double *excess, size_t count, double *shape, double *scale)
{
	size_t points = 30 + (size_t)sqrt((double)count);
	double quarter = excess[count - 1 - (size_t)((double)count / 4 + 0.5)];
	double theta = 0, weights = 0, best = -INFINITY, likelihood[30 + 32], at[30 + 32];

	if (!(quarter > 0) || points > ADIT_COUNT(at))
		return false;
	for (size_t j = 0; j < points; j++) {
		double k;
		at[j] = 1 / excess[0] +
			(1 - sqrt((double)points / ((double)j + 0.5))) / (3 * quarter);
		k = mean_log(excess, count, at[j]);
		likelihood[j] = (double)count * (log(-at[j] / k) - k - 1);
		if (isfinite(likelihood[j]) && likelihood[j] > best)
			best = likelihood[j];
	}
	for (size_t j = 0; j < points; j++) {
		double weight = exp(likelihood[j] - best);
		if (!isfinite(weight))
			continue;
		theta += weight * at[j];
		weights += weight;
	}
	theta /= weights;
	*shape = mean_log(excess, count, theta);
	*scale = -*shape / theta;
	return isfinite(*shape) && isfinite(*scale) && *scale > 0;
}

/* The largest score below the limit, and how many are above it. */
static void set_largest(
	struct adit_threshold *threshold, const double *sorted, size_t count, double limit)
{
	size_t at = 0;

	while (at + 1 < count && sorted[at] >= limit)
		at++;
	threshold->value = sorted[at];
	threshold->limited = threshold->limited || at > 0;
}

/* The largest `hits` for which P(binomial(count, rate) ≤ hits) ≤ 5 %; false if there is none. */
static bool allowed_above(uint64_t count, double rate, uint64_t *hits)
{
	uint64_t low = 0, high = count;

	if (adit_binomial_below(count, rate, 0) > 1 - CONFIDENCE)
		return false;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (adit_binomial_below(count, rate, middle) <= 1 - CONFIDENCE)
			low = middle;
		else
			high = middle;
	}
	*hits = low;
	return true;
}

static void set_tail(struct adit_threshold *threshold, double *sorted, size_t count, double limit)
{
	double root = 3 * sqrt((double)count), value, edge, beyond;
	size_t tail = count / 5;

	if ((double)tail > root)
		tail = (size_t)root;
	if (tail > TAIL_MAX)
		tail = TAIL_MAX;
	set_largest(threshold, sorted, count, limit);
	threshold->method = ADIT_THRESHOLD_LARGEST;
	if (count < TAIL_ROWS_MIN)
		return;
	edge = sorted[tail];
	for (size_t i = 0; i < tail; i++)
		sorted[i] -= edge;
	if (!fit_pareto(sorted, tail, &threshold->shape, &threshold->scale))
		return;
	threshold->method = ADIT_THRESHOLD_TAIL;
	threshold->tail = tail;
	/* How much rarer than the edge of the tail. */
	beyond = log((double)tail / ((double)count * threshold->rate));
	value = edge + (fabs(threshold->shape) < 1e-9
				       ? threshold->scale * beyond
				       : threshold->scale * expm1(threshold->shape * beyond) /
						 threshold->shape);
	if (value >= limit)
		threshold->limited = true;
	else if (value > threshold->value)
		threshold->value = value;
}

static void find(
	struct adit_threshold *threshold, double *sorted, const double *scores, double limit)
{
	uint64_t hits;

	if (allowed_above(threshold->rows, threshold->rate, &hits)) {
		threshold->method = ADIT_THRESHOLD_RANK;
		threshold->value = sorted[hits];
		threshold->rate_bound = threshold->rate;
		threshold->limited = threshold->value >= limit;
		return;
	}
	set_tail(threshold, sorted, threshold->rows, limit);
	for (uint64_t i = 0; i < threshold->rows; i++)
		threshold->above += scores[i] > threshold->value;
	threshold->rate_bound = adit_binomial_upper(threshold->rows, threshold->above, CONFIDENCE);
}

int adit_threshold_find(const double *scores, size_t count, double rate, double limit,
	struct adit_threshold *threshold, struct adit_error *error)
{
	double *sorted, *kept;
	size_t rows = 0;

	*threshold = (struct adit_threshold){.value = INFINITY, .rate = rate};
	if (!(rate > 0 && rate < 1))
		return adit_error_set(error, -EINVAL,
			"the rate of false alarms is %g; above 0 and below 1 is right", rate);
	sorted = malloc((count + 1) * 2 * sizeof(*sorted));
	if (sorted == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %zu scores", count);
	kept = sorted + count + 1;
	for (size_t i = 0; i < count; i++) {
		if (isfinite(scores[i]))
			kept[rows++] = scores[i];
	}
	threshold->rows = rows;
	if (rows == 0) {
		free(sorted);
		return adit_error_set(
			error, -EINVAL, "no benign score; a threshold needs at least one");
	}
	memcpy(sorted, kept, rows * sizeof(*sorted));
	qsort(sorted, rows, sizeof(*sorted), descending);
	find(threshold, sorted, kept, limit);
	if (threshold->method == ADIT_THRESHOLD_RANK) {
		for (size_t i = 0; i < rows; i++)
			threshold->above += kept[i] > threshold->value;
	}
	free(sorted);
	return 0;
}
