/* SPDX-License-Identifier: BSD-3-Clause
 *
 * FAST-MCD (Rousseeuw and Van Driessen 1999, Technometrics 41:212): the h rows whose covariance
 * has the least determinant. Starts are d + 1 random rows, more if those are flat. A C-step takes
 * the h rows nearest to the present estimate; it never raises the determinant. Above 600 rows, the
 * first two C-steps are done on up to 5 random subsets of 300, the best ten of each go on over all
 * subsets together, and the best ten of those over all rows until nothing moves. Then, as in
 * scikit-learn: distances are scaled so that their median is that of χ² with d degrees, and mean
 * and covariance of the rows within its 97.5 % are the result (without a further factor).
 *
 * Memory: rows × 16 bytes, 1500 × d × 8, and some matrices of d × d.
 */
#include "adit_quality.h"
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define STARTS      500
#define KEPT        10
#define SUBSETS     5
#define SUBSET_ROWS 300
#define STEPS_MAX   100

struct estimate {
	double logdet;
	double *location, *covariance;
};

struct pool {
	struct estimate best[KEPT]; /* by logdet, ascending */
	size_t count;
};

struct work {
	const double *x; /* the rows of this stage */
	size_t rows, support, d;
	double *distances;
	size_t *order;
	double *whitening, *off;
	struct estimate now;
	struct adit_random random;
};

/* Nearer first; ties by place, so that the order of equal distances is no chance. */
static bool before(const double *distances, size_t a, size_t b)
{
	return distances[a] < distances[b] || (distances[a] == distances[b] && a < b);
}

/* Puts the `take` nearest rows first (Hoare's quickselect). */
static void nearest_first(const double *distances, size_t *order, size_t count, size_t take)
{
	size_t low = 0, high = count - 1;

	while (take < count && low < high) {
		size_t pivot = order[low + (high - low) / 2], i = low, j = high;
		while (i <= j) {
			while (before(distances, order[i], pivot))
				i++;
			while (before(distances, pivot, order[j]))
				j--;
			if (i <= j) {
				size_t swap = order[i];
				order[i++] = order[j];
				order[j] = swap;
				if (j == 0)
					break;
				j--;
			}
		}
		if (take - 1 <= j && j < i)
			high = j;
		else if (take - 1 >= i)
			low = i;
		else
			break;
	}
}

static double distance(const struct work *work, const double *row)
{
	double sum = 0;

	for (size_t j = 0; j < work->d; j++) {
		const double *line = work->whitening + j * work->d;
		double y = 0;
		work->off[j] = row[j] - work->now.location[j];
		for (size_t k = 0; k <= j; k++)
			y += line[k] * work->off[k];
		sum += y * y;
	}
	return sum;
}

/* One C-step; `logdet` is of the estimate that the step began with. -EDOM if that has no volume:
 * then the support is flat, and no other one has a smaller determinant. */
static int step(struct work *work, double *logdet)
{
	struct estimate *now = &work->now;

	if (!adit_matrix_invert(now->covariance, work->d, work->whitening, logdet))
		return -EDOM;
	for (size_t i = 0; i < work->rows; i++) {
		work->distances[i] = distance(work, work->x + i * work->d);
		work->order[i] = i;
	}
	nearest_first(work->distances, work->order, work->rows, work->support);
	adit_matrix_covariance(
		work->x, work->d, work->order, work->support, now->location, now->covariance);
	return 0;
}

/* C-steps until the determinant stays, `limit` at most. */
static int steps(struct work *work, unsigned limit)
{
	double last = INFINITY, logdet;

	for (unsigned i = 0; i < limit; i++) {
		if (step(work, &logdet) != 0)
			return -EDOM;
		if (logdet >= last)
			break;
		last = logdet;
	}
	if (!adit_matrix_invert(work->now.covariance, work->d, work->whitening, &work->now.logdet))
		return -EDOM;
	return 0;
}

/* A start: d + 1 random rows, one more as long as they are flat. */
static bool start(struct work *work)
{
	size_t take = 0;
	double logdet;

	for (size_t i = 0; i < work->rows; i++)
		work->order[i] = i;
	while (take < work->support) {
		size_t other = take + adit_random_below(&work->random, work->rows - take);
		size_t swap = work->order[take];
		work->order[take] = work->order[other];
		work->order[other] = swap;
		if (++take <= work->d)
			continue;
		adit_matrix_covariance(work->x, work->d, work->order, take, work->now.location,
			work->now.covariance);
		if (adit_matrix_invert(work->now.covariance, work->d, work->whitening, &logdet))
			return true;
	}
	return false;
}

static void copy(struct estimate *to, const struct estimate *from, size_t d)
{
	to->logdet = from->logdet;
	memcpy(to->location, from->location, d * sizeof(double));
	memcpy(to->covariance, from->covariance, d * d * sizeof(double));
}

/* Keeps the estimate if it is among the best ten. */
static void keep(struct pool *pool, const struct estimate *found, size_t d)
{
	size_t at = pool->count;
	struct estimate free_place;

	if (at == KEPT && found->logdet >= pool->best[KEPT - 1].logdet)
		return;
	if (at == KEPT)
		at--;
	else
		pool->count++;
	free_place = pool->best[at];
	for (; at > 0 && pool->best[at - 1].logdet > found->logdet; at--)
		pool->best[at] = pool->best[at - 1];
	pool->best[at] = free_place;
	copy(&pool->best[at], found, d);
}

static int estimate_create(struct estimate *estimate, size_t d)
{
	estimate->location = calloc(d * (d + 1), sizeof(double));
	estimate->covariance = estimate->location + d;
	return estimate->location != NULL ? 0 : -ENOMEM;
}

static int pool_create(struct pool *pool, size_t d)
{
	int status = 0;

	*pool = (struct pool){.count = 0};
	for (size_t i = 0; i < KEPT; i++)
		status |= estimate_create(&pool->best[i], d);
	return status;
}

static void pool_destroy(struct pool *pool)
{
	for (size_t i = 0; i < KEPT; i++)
		free(pool->best[i].location);
}

static int tell(const struct adit_progress *progress, uint64_t done, uint64_t total)
{
	if (progress->report != NULL && !progress->report(progress->context, done, total))
		return -ECANCELED;
	return 0;
}

/* The stage's support is to its rows as that of all is to all rows. */
static void stage(struct work *work, const double *x, size_t rows, size_t all, size_t support)
{
	work->x = x;
	work->rows = rows;
	work->support = (size_t)ceil((double)rows * (double)support / (double)all);
}

/* Random starts in one subset; the ten best go to `pool`. */
static int try_subset(struct work *work, unsigned trials, struct pool *pool,
	const struct adit_progress *progress, uint64_t done)
{
	int status = 0;

	pool->count = 0;
	for (unsigned i = 0; i < trials && status == 0; i++) {
		status = start(work) ? steps(work, 2) : -EDOM;
		if (status == 0)
			keep(pool, &work->now, work->d);
		if (status == 0 && i % 10 == 0)
			status = tell(progress, done + i, STARTS);
	}
	return status;
}

/* Goes on from each of `from`, into `to`. */
static int go_on(struct work *work, const struct pool *from, unsigned limit, struct pool *to)
{
	int status = 0;

	for (size_t i = 0; i < from->count && status == 0; i++) {
		copy(&work->now, &from->best[i], work->d);
		status = steps(work, limit);
		if (status == 0)
			keep(to, &work->now, work->d);
	}
	return status;
}

/* The raw estimate, into work->now; -EDOM if it has no volume. */
static int search(struct work *work, const double *x, size_t rows, size_t support, double *merged,
	struct pool pools[3], const struct adit_progress *progress)
{
	size_t d = work->d, subsets = rows / SUBSET_ROWS, taken = rows, each;
	int status = 0;

	if (subsets > SUBSETS)
		subsets = SUBSETS;
	if (subsets < 2) {
		stage(work, x, rows, rows, support);
		status = try_subset(work, STARTS, &pools[1], progress, 0);
	} else {
		if (taken > SUBSETS * SUBSET_ROWS)
			taken = SUBSETS * SUBSET_ROWS;
		/* A random order of all rows; the first of them are the subsets. */
		for (size_t i = 0; i < rows; i++)
			work->order[i] = i;
		for (size_t i = 0; i < taken; i++) {
			size_t other = i + adit_random_below(&work->random, rows - i);
			size_t swap = work->order[i];
			work->order[i] = work->order[other];
			work->order[other] = swap;
			memcpy(merged + i * d, x + work->order[i] * d, d * sizeof(double));
		}
		each = taken / subsets;
		for (size_t s = 0; s < subsets && status == 0; s++) {
			unsigned trials = (unsigned)(STARTS / subsets);
			stage(work, merged + s * each * d, each, rows, support);
			status = try_subset(work, trials, &pools[0], progress, s * trials);
			stage(work, merged, taken, rows, support);
			if (status == 0)
				status = go_on(work, &pools[0], 2, &pools[1]);
		}
		stage(work, x, rows, rows, support);
	}
	if (status == 0)
		status = go_on(work, &pools[1], STEPS_MAX, &pools[2]);
	if (status == 0)
		copy(&work->now, &pools[2].best[0], d);
	return status != 0 ? status : tell(progress, STARTS, STARTS);
}

static double median(const double *values, size_t count, double *scratch)
{
	memcpy(scratch, values, count * sizeof(*values));
	qsort(scratch, count, sizeof(*scratch), adit_double_order);
	return count % 2 ? scratch[count / 2] : (scratch[count / 2 - 1] + scratch[count / 2]) / 2;
}

static int reweight(
	struct work *work, const double *x, size_t rows, double *location, double *covariance)
{
	size_t d = work->d, kept = 0;
	double limit = adit_chi2_quantile((unsigned)d, 0.025), factor, logdet;
	double *scratch = malloc(rows * sizeof(*scratch));

	if (scratch == NULL)
		return -ENOMEM;
	if (!adit_matrix_invert(work->now.covariance, d, work->whitening, &logdet)) {
		free(scratch);
		return -EDOM;
	}
	for (size_t i = 0; i < rows; i++)
		work->distances[i] = distance(work, x + i * d);
	factor = median(work->distances, rows, scratch) / adit_chi2_quantile((unsigned)d, 0.5);
	free(scratch);
	for (size_t i = 0; i < rows; i++) {
		if (work->distances[i] / factor < limit)
			work->order[kept++] = i;
	}
	adit_matrix_covariance(x, d, work->order, kept, location, covariance);
	return 0;
}

/* How many rows share the commonest value of a column. */
static size_t commonest(const double *x, size_t rows, size_t d, size_t column, double *scratch)
{
	size_t most = 0, run = 0;

	for (size_t i = 0; i < rows; i++)
		scratch[i] = x[i * d + column];
	qsort(scratch, rows, sizeof(*scratch), adit_double_order);
	for (size_t i = 0; i < rows; i++) {
		run = i > 0 && scratch[i] == scratch[i - 1] ? run + 1 : 1;
		most = run > most ? run : most;
	}
	return most;
}

/* A robust fit to flat data has no volume; says which column to leave out. C-steps need not come
 * upon the commonest case, a column with one value in most rows, so it is looked for. */
static int refuse_flat(struct work *work, const double *x, size_t rows, size_t support,
	const double *covariance, char *const *names, struct adit_error *error)
{
	size_t d = work->d, column = 0;
	int rank = adit_matrix_whiten(covariance, d, work->whitening);

	if (rank < 0)
		return adit_error_set(error, rank, "no eigenvalues of the covariance");
	if ((size_t)rank < d) {
		adit_matrix_weakest(covariance, d, &column);
		return adit_error_set(error, -EINVAL,
			"column %s is constant or follows from the others (rank %d of %zu): leave "
			"it out, or use the covariance of all rows",
			names[column], rank, d);
	}
	for (column = 0; column < d; column++) {
		size_t most = commonest(x, rows, d, column, work->distances);
		if (most >= support)
			return adit_error_set(error, -EINVAL,
				"column %s has one value in %zu of %zu rows: a robust covariance "
				"of %zu of them has no volume; raise the support fraction or leave "
				"the column out",
				names[column], most, rows, support);
	}
	return 0;
}

static int explain(int status, const struct work *work, char *const *names, size_t support,
	size_t rows, struct adit_error *error)
{
	size_t column = 0;

	if (status == -ENOMEM)
		return adit_error_set(error, status, "no memory for %zu rows", rows);
	if (status == -ECANCELED)
		return adit_error_set(error, status, "stopped");
	adit_matrix_weakest(work->now.covariance, work->d, &column);
	return adit_error_set(error, -EINVAL,
		"%zu of %zu rows lie in one plane, most of all by column %s: raise the support "
		"fraction or leave that column out",
		support, rows, names[column]);
}

static size_t support_of(double fraction, size_t rows, size_t d)
{
	size_t support = fraction > 0 ? (size_t)(fraction * (double)rows)
				      : (rows + d + 2) / 2; /* ⌈(n + d + 1) / 2⌉ */

	return support < d + 1 ? d + 1 : support > rows ? rows : support;
}

int adit_mcd_fit(const double *x, size_t rows, size_t d, char *const *names,
	const struct adit_envelope_params *params, double *location, double *covariance,
	struct adit_error *error)
{
	struct work work = {.d = d, .random = {params->seed}};
	struct pool pools[3];
	size_t support = support_of(params->support_fraction, rows, d);
	double *merged = malloc(SUBSETS * SUBSET_ROWS * d * sizeof(*merged));
	int status = 0;

	for (size_t i = 0; i < 3; i++)
		status |= pool_create(&pools[i], d);
	status |= estimate_create(&work.now, d);
	work.distances = malloc(rows * sizeof(*work.distances));
	work.order = malloc(rows * sizeof(*work.order));
	work.whitening = malloc(d * d * sizeof(*work.whitening));
	work.off = malloc(d * sizeof(*work.off));
	if (status != 0 || merged == NULL || work.distances == NULL || work.order == NULL ||
		work.whitening == NULL || work.off == NULL) {
		status = explain(-ENOMEM, &work, names, support, rows, error);
	} else {
		adit_matrix_covariance(x, d, NULL, rows, location, covariance);
		status = refuse_flat(&work, x, rows, support, covariance, names, error);
		if (status == 0) {
			status = search(&work, x, rows, support, merged, pools, &params->progress);
			if (status == 0)
				status = reweight(&work, x, rows, location, covariance);
			if (status != 0)
				status = explain(status, &work, names, support, rows, error);
		}
	}
	for (size_t i = 0; i < 3; i++)
		pool_destroy(&pools[i]);
	free(work.now.location);
	free(work.distances);
	free(work.order);
	free(work.whitening);
	free(work.off);
	free(merged);
	return status;
}
