/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One-class SVM: libsvm fits, this file scores. The support vectors stand in blocks of eight, one
 * feature of all eight after the other, so that distances to eight are computed side by side; each
 * is summed in the order of the features and the vectors in theirs, as libsvm does.
 */
#include "model_priv.h"

#include <errno.h>
#include <libsvm/svm.h>
#include <math.h>
#include <stdlib.h>

#define ATTEMPTS 8

const struct adit_svm_params adit_svm_defaults = {.standardise = true,
	.kernel = ADIT_SVM_RBF,
	.nu = 0.005,
	.gamma = 0,
	.tolerance = 1e-3,
	.rows_max = 50000,
	.vectors_max = 4096,
	.cache_mb = 200,
	.seed = 1};

static size_t blocks_of(size_t count)
{
	return (count + ADIT_SVM_LANES - 1) / ADIT_SVM_LANES;
}

int adit_svm_reserve(struct adit_svm *svm, size_t count, size_t d)
{
	size_t padded = blocks_of(count) * ADIT_SVM_LANES;

	svm->count = count;
	svm->coefficients = calloc(padded, sizeof(double));
	svm->vectors = calloc(padded * d, sizeof(double));
	return svm->coefficients != NULL && svm->vectors != NULL ? 0 : -ENOMEM;
}

static size_t place(size_t vector, size_t d, size_t column)
{
	return (vector / ADIT_SVM_LANES * d + column) * ADIT_SVM_LANES + vector % ADIT_SVM_LANES;
}

void adit_svm_put(struct adit_svm *svm, size_t vector, size_t d, size_t column, double value)
{
	svm->vectors[place(vector, d, column)] = value;
}

double adit_svm_get(const struct adit_svm *svm, size_t vector, size_t d, size_t column)
{
	return svm->vectors[place(vector, d, column)];
}

/* A linear kernel needs no vectors to score: Σ a (v·x) = (Σ a v)·x. */
int adit_svm_finish(struct adit_svm *svm, size_t d)
{
	if (svm->kernel != ADIT_SVM_LINEAR)
		return 0;
	svm->weights = calloc(d, sizeof(double));
	if (svm->weights == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < svm->count; i++) {
		for (size_t j = 0; j < d; j++)
			svm->weights[j] += svm->coefficients[i] * adit_svm_get(svm, i, d, j);
	}
	return 0;
}

double adit_svm_score(const struct adit_svm *svm, const double *row, size_t d)
{
	double sum = 0;

	if (svm->kernel == ADIT_SVM_LINEAR) {
		for (size_t j = 0; j < d; j++)
			sum += svm->weights[j] * row[j];
		return svm->rho - sum;
	}
	for (size_t block = 0; block < blocks_of(svm->count); block++) {
		const double *vectors = svm->vectors + block * d * ADIT_SVM_LANES;
		const double *coefficients = svm->coefficients + block * ADIT_SVM_LANES;
		double squares[ADIT_SVM_LANES] = {0};
		for (size_t j = 0; j < d; j++) {
			for (size_t lane = 0; lane < ADIT_SVM_LANES; lane++) {
				double off = row[j] - vectors[j * ADIT_SVM_LANES + lane];
				squares[lane] += off * off;
			}
		}
		for (size_t lane = 0; lane < ADIT_SVM_LANES; lane++)
			sum += coefficients[lane] * exp(-svm->gamma * squares[lane]);
	}
	return svm->rho - sum;
}

/* 1 / (columns × variance of all entries), of the rows fitted to. */
static double gamma_scale(const double *x, const size_t *rows, size_t count, size_t d)
{
	double n = (double)(count * d), mean = 0, squares = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < d; j++)
			mean += x[rows[i] * d + j] / n;
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < d; j++)
			squares += pow(x[rows[i] * d + j] - mean, 2);
	}
	return squares > 0 ? n / ((double)d * squares) : 1;
}

static void keep_quiet(const char *text)
{
	(void)text;
}

/* libsvm's view of the rows: `nodes` has (d + 1) × count places. */
static void fill_nodes(const double *x, const size_t *rows, size_t count, size_t d,
	struct svm_node *nodes, struct svm_node **lines)
{
	for (size_t i = 0; i < count; i++) {
		lines[i] = nodes + i * (d + 1);
		for (size_t j = 0; j < d; j++)
			lines[i][j] = (struct svm_node){(int)j + 1, x[rows[i] * d + j]};
		lines[i][d].index = -1;
	}
}

/* Takes over what libsvm found, unless there are too many vectors (-ERANGE; *vectors tells). */
static int adopt(struct adit_svm *svm, const struct svm_model *found, size_t d, size_t vectors_max,
	size_t *vectors)
{
	size_t count = (size_t)found->l;

	*vectors = count;
	if (count == 0)
		return -EDOM;
	if (count > vectors_max)
		return -ERANGE;
	if (adit_svm_reserve(svm, count, d) != 0)
		return -ENOMEM;
	svm->rho = found->rho[0];
	for (size_t i = 0; i < count; i++) {
		svm->coefficients[i] = found->sv_coef[0][i];
		for (size_t j = 0; j < d; j++)
			adit_svm_put(svm, i, d, j, found->SV[i][j].value);
	}
	return adit_svm_finish(svm, d);
}

static int train(struct adit_svm *svm, const double *x, const size_t *rows, size_t count, size_t d,
	const struct adit_svm_params *params, size_t *vectors, struct adit_error *error)
{
	struct svm_parameter parameter = {.svm_type = ONE_CLASS,
		.kernel_type = params->kernel == ADIT_SVM_RBF ? RBF : LINEAR,
		.degree = 3,
		.cache_size = params->cache_mb,
		.eps = params->tolerance,
		.C = 1,
		.nu = params->nu,
		.p = 0.1,
		.shrinking = 1};
	struct svm_node *nodes = calloc(count * (d + 1), sizeof(*nodes));
	struct svm_node **lines = calloc(count, sizeof(*lines));
	double *y = calloc(count, sizeof(*y));
	struct svm_problem problem = {(int)count, y, lines};
	struct svm_model *found = NULL;
	const char *refused;
	int status = -ENOMEM;

	svm->kernel = params->kernel;
	svm->gamma = params->gamma > 0 ? params->gamma : gamma_scale(x, rows, count, d);
	parameter.gamma = svm->gamma;
	if (nodes != NULL && lines != NULL && y != NULL) {
		fill_nodes(x, rows, count, d, nodes, lines);
		refused = svm_check_parameter(&problem, &parameter);
		if (refused != NULL) {
			status = adit_error_set(error, -ENOTSUP, "libsvm: %s", refused);
		} else {
			svm_set_print_string_function(keep_quiet);
			found = svm_train(&problem, &parameter);
			status = adopt(svm, found, d, params->vectors_max, vectors);
			svm_free_and_destroy_model(&found);
		}
	}
	if (status == -ENOMEM)
		adit_error_set(error, status, "no memory for %zu rows × %zu columns", count, d);
	if (status == -EDOM)
		status = adit_error_set(error, -EINVAL, "libsvm found no support vector");
	free(nodes);
	free(lines);
	free(y);
	return status;
}

/* nu bounds the share of support vectors from below, so that many rows would be too many. */
static size_t rows_to_fit(const struct adit_svm_params *params, size_t rows)
{
	double most = (double)params->vectors_max / params->nu;

	if (rows > params->rows_max)
		rows = params->rows_max;
	return (double)rows > most ? (size_t)most : rows;
}

static int fit(struct adit_model *model, const double *x, size_t rows,
	const struct adit_svm_params *params, struct adit_error *error)
{
	size_t take = rows_to_fit(params, rows), vectors = 0;
	size_t *chosen = malloc(rows * sizeof(*chosen));
	struct adit_random random = {params->seed};
	int status = -ERANGE;

	if (chosen == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %zu rows", rows);
	for (unsigned attempt = 0; attempt < ATTEMPTS && status == -ERANGE && take >= 2;
		attempt++) {
		adit_random_sample(&random, rows, take, chosen);
		model->rows = take;
		status = train(
			&model->svm, x, chosen, take, model->features, params, &vectors, error);
		if (status == -ERANGE)
			take = (size_t)(0.95 * (double)take * (double)params->vectors_max /
					(double)vectors);
	}
	free(chosen);
	if (status == -ERANGE)
		return adit_error_set(error, status,
			"%zu support vectors of %lu rows, more than %zu: lower nu or gamma",
			vectors, (unsigned long)model->rows, params->vectors_max);
	return status;
}

static int check(const struct adit_svm_params *params, struct adit_error *error)
{
	if (!(params->nu > 0 && params->nu <= 1))
		return adit_error_set(
			error, -EINVAL, "nu is %g; above 0 to 1 is right", params->nu);
	if (!(params->gamma >= 0 && isfinite(params->gamma)))
		return adit_error_set(
			error, -EINVAL, "gamma is %g; 0 or more is right", params->gamma);
	if (!(params->tolerance > 0 && params->tolerance < 1))
		return adit_error_set(
			error, -EINVAL, "the tolerance is %g; 0 to 1 is right", params->tolerance);
	if (params->rows_max < 2 || params->rows_max > 10000000 || params->vectors_max < 2 ||
		params->vectors_max > params->rows_max)
		return adit_error_set(error, -EINVAL,
			"rows_max %zu, vectors_max %zu; right is 2 ≤ vectors_max ≤ rows_max ≤ "
			"10000000",
			params->rows_max, params->vectors_max);
	if (!(params->cache_mb >= 1 && params->cache_mb <= 1e6))
		return adit_error_set(
			error, -EINVAL, "the cache is %g MB; 1 to 1e6 is right", params->cache_mb);
	return 0;
}

int adit_model_fit_svm(const struct adit_table *table, const struct adit_svm_params *params,
	struct adit_model **out, struct adit_error *error)
{
	struct adit_model *model;
	double *x = NULL;
	size_t rows;
	int status = check(params, error);

	*out = NULL;
	if (status == 0)
		status = adit_model_prepare(ADIT_MODEL_SVM, table, &model, error);
	if (status != 0)
		return status;
	status = adit_standard_gather(model, table, params->standardise, &x, &rows, error);
	if (status == 0)
		status = fit(model, x, rows, params, error);
	free(x);
	if (status != 0)
		adit_model_destroy(model);
	else
		*out = model;
	return status;
}
