/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Elliptic envelope: the squared Mahalanobis distance from a mean. The covariance is kept and
 * written; what scores is its whitening, |W (x - location)|² = (x - location)' C⁺ (x - location).
 */
#include "model_priv.h"

#include <errno.h>
#include <stdlib.h>

const struct adit_envelope_params adit_envelope_defaults = {
	.standardise = true, .robust = true, .support_fraction = 0, .seed = 1};

int adit_envelope_reserve(struct adit_envelope *envelope, size_t d)
{
	envelope->location = calloc(d, sizeof(double));
	envelope->covariance = calloc(d * d, sizeof(double));
	envelope->whitening = calloc(d * d, sizeof(double));
	return envelope->location != NULL && envelope->covariance != NULL &&
			       envelope->whitening != NULL
		       ? 0
		       : -ENOMEM;
}

double adit_envelope_score(const struct adit_envelope *envelope, const double *row, size_t d)
{
	double sum = 0;

	for (size_t i = 0; i < envelope->rank; i++) {
		const double *line = envelope->whitening + i * d;
		double y = 0;
		for (size_t j = 0; j < d; j++)
			y += line[j] * (row[j] - envelope->location[j]);
		sum += y * y;
	}
	return sum;
}

static int fit(struct adit_model *model, const double *x, size_t rows,
	const struct adit_envelope_params *params, struct adit_error *error)
{
	struct adit_envelope *envelope = &model->envelope;
	size_t d = model->features;
	int rank, status = adit_envelope_reserve(envelope, d);

	if (status != 0)
		return adit_error_set(error, status, "no memory for %zu columns", d);
	envelope->robust = params->robust;
	if (!params->robust)
		adit_matrix_covariance(x, d, NULL, rows, envelope->location, envelope->covariance);
	else if (rows < 2 * d + 2)
		status = adit_error_set(error, -EINVAL,
			"%zu rows; a robust covariance of %zu columns needs %zu", rows, d,
			2 * d + 2);
	else
		status = adit_mcd_fit(x, rows, d, model->names, params, envelope->location,
			envelope->covariance, error);
	if (status != 0)
		return status;
	rank = adit_matrix_whiten(envelope->covariance, d, envelope->whitening);
	if (rank < 0)
		return adit_error_set(error, rank, "no eigenvalues of the covariance");
	if (rank == 0)
		return adit_error_set(error, -EINVAL, "every column is constant");
	envelope->rank = (size_t)rank;
	model->rows = rows;
	return 0;
}

int adit_model_fit_envelope(const struct adit_table *table,
	const struct adit_envelope_params *params, struct adit_model **out,
	struct adit_error *error)
{
	struct adit_model *model;
	double *x = NULL;
	size_t rows;
	int status;

	*out = NULL;
	if (table->columns > ADIT_MODEL_ENVELOPE_FEATURES)
		return adit_error_set(error, -EINVAL, "%zu columns; an envelope takes up to %d",
			table->columns, ADIT_MODEL_ENVELOPE_FEATURES);
	if (!(params->support_fraction >= 0 && params->support_fraction <= 1))
		return adit_error_set(error, -EINVAL, "the support fraction is %g; 0 to 1 is right",
			params->support_fraction);
	status = adit_model_prepare(ADIT_MODEL_ENVELOPE, table, &model, error);
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
