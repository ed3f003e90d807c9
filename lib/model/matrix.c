/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Covariance matrices and what LAPACK makes of them. A symmetric matrix is the same by rows and by
 * columns, so LAPACK's column order costs no transposing: its upper triangle is our lower one.
 */
#include "model_priv.h"

#include <errno.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>

void adit_matrix_covariance(const double *x, size_t columns, const size_t *rows, size_t count,
	double *mean, double *covariance)
{
	memset(mean, 0, columns * sizeof(*mean));
	memset(covariance, 0, columns * columns * sizeof(*covariance));
	for (size_t i = 0; i < count; i++) {
		const double *row = x + (rows != NULL ? rows[i] : i) * columns;
		for (size_t j = 0; j < columns; j++)
			mean[j] += row[j];
	}
	for (size_t j = 0; j < columns; j++)
		mean[j] /= (double)count;
	for (size_t i = 0; i < count; i++) {
		const double *row = x + (rows != NULL ? rows[i] : i) * columns;
		for (size_t j = 0; j < columns; j++) {
			double off = row[j] - mean[j];
			for (size_t k = 0; k <= j; k++)
				covariance[j * columns + k] += off * (row[k] - mean[k]);
		}
	}
	for (size_t j = 0; j < columns; j++) {
		for (size_t k = 0; k <= j; k++) {
			covariance[j * columns + k] /= (double)count;
			covariance[k * columns + j] = covariance[j * columns + k];
		}
	}
}

/* Eigenvalues ascending, eigenvectors by rows: a new block of d × d. */
static int eigen(const double *covariance, size_t d, double **vectors, double **values)
{
	int status;

	*vectors = malloc(d * d * sizeof(double));
	*values = malloc(d * sizeof(double));
	if (*vectors == NULL || *values == NULL)
		return -ENOMEM;
	memcpy(*vectors, covariance, d * d * sizeof(double));
	status = LAPACKE_dsyevd(
		LAPACK_COL_MAJOR, 'V', 'U', (lapack_int)d, *vectors, (lapack_int)d, *values);
	return status == 0 ? 0 : status == LAPACK_WORK_MEMORY_ERROR ? -ENOMEM : -EDOM;
}

int adit_matrix_whiten(const double *covariance, size_t d, double *whitening)
{
	double *vectors, *values;
	int rank = 0, status = eigen(covariance, d, &vectors, &values);

	if (status == 0) {
		double largest = fmax(fabs(values[0]), fabs(values[d - 1]));
		for (size_t i = 0; i < d; i++) {
			double *row = whitening + (size_t)rank * d;
			if (!(values[i] > 10 * (double)d * DBL_EPSILON * largest))
				continue;
			for (size_t j = 0; j < d; j++)
				row[j] = vectors[i * d + j] / sqrt(values[i]);
			rank++;
		}
	}
	free(vectors);
	free(values);
	return status == 0 ? rank : status;
}

bool adit_matrix_invert(const double *covariance, size_t d, double *whitening, double *logdet)
{
	memcpy(whitening, covariance, d * d * sizeof(*whitening));
	*logdet = 0;
	if (LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'U', (lapack_int)d, whitening, (lapack_int)d) != 0)
		return false;
	for (size_t i = 0; i < d; i++) {
		double pivot = whitening[i * d + i];
		/* What is left of a column's variance once the others before it are known. */
		if (!(pivot * pivot > 1e-13 * covariance[i * d + i]))
			return false;
		*logdet += 2 * log(pivot);
	}
	return LAPACKE_dtrtri(
		       LAPACK_COL_MAJOR, 'U', 'N', (lapack_int)d, whitening, (lapack_int)d) == 0;
}

int adit_matrix_weakest(const double *covariance, size_t d, size_t *column)
{
	double *vectors, *values;
	int status = eigen(covariance, d, &vectors, &values);

	*column = 0;
	for (size_t j = 1; status == 0 && j < d; j++) {
		if (fabs(vectors[j]) > fabs(vectors[*column]))
			*column = j;
	}
	free(vectors);
	free(values);
	return status;
}
