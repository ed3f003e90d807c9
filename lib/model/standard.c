/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Standardised columns, as scikit-learn's StandardScaler has them: variance over n by two passes
 * with the correction for the rounded mean (Chan, Golub and LeVeque 1983, algorithm 1.7a).
 */
#include "model_priv.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

static void fit_column(
	const double *x, size_t rows, size_t columns, size_t j, double *mean, double *scale)
{
	double n = (double)rows, sum = 0, rest = 0, squares = 0, variance;

	for (size_t i = 0; i < rows; i++)
		sum += x[i * columns + j];
	*mean = sum / n;
	for (size_t i = 0; i < rows; i++) {
		double off = x[i * columns + j] - *mean;
		rest += off;
		squares += off * off;
	}
	variance = (squares - rest * rest / n) / n;
	/* No more variance than rounding makes: a constant column. */
	if (variance <= n * DBL_EPSILON * variance + pow(n * *mean * DBL_EPSILON, 2))
		*scale = 1;
	else
		*scale = sqrt(variance);
}

void adit_standard_fit(const double *x, size_t rows, size_t columns, double *mean, double *scale)
{
	for (size_t j = 0; j < columns; j++)
		fit_column(x, rows, columns, j, &mean[j], &scale[j]);
}

void adit_table_standard(const struct adit_table *table, double *mean, double *scale)
{
	adit_standard_fit(table->values, table->rows, table->columns, mean, scale);
}

int adit_standard_gather(struct adit_model *model, const struct adit_table *table, bool standardise,
	double **x, size_t *rows, struct adit_error *error)
{
	size_t d = table->columns, done = 0;
	double *out = malloc((table->rows * d + 1) * sizeof(*out));

	*x = out;
	*rows = 0;
	if (out == NULL)
		return adit_error_set(
			error, -ENOMEM, "no memory for %zu rows × %zu columns", table->rows, d);
	for (size_t i = 0; i < table->rows; i++) {
		if (table->labels != NULL && table->labels[i] != 0)
			continue;
		for (size_t j = 0; j < d; j++) {
			double value = table->values[i * d + j];
			if (!isfinite(value))
				return adit_error_set(error, -EINVAL,
					"line %lu: %s is missing or infinite; only trees take "
					"missing values",
					(unsigned long)table->lines[i], table->names[j]);
			out[done * d + j] = value;
		}
		done++;
	}
	if (done < 2)
		return adit_error_set(
			error, -EINVAL, "%zu benign rows; at least 2 are needed", done);
	*rows = done;
	if (standardise) {
		adit_standard_fit(out, done, d, model->mean, model->scale);
		for (size_t i = 0; i < done * d; i++)
			out[i] = (out[i] - model->mean[i % d]) / model->scale[i % d];
	}
	return 0;
}
