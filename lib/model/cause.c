/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What makes a score high: each feature in turn gets the value that is typical of benign rows, and
 * what the score loses is its part in it. The same for every kind of model; parts need not add up,
 * as features speak of the same things.
 */
#include "adit_quality.h"
#include "model_priv.h"

#include <math.h>
#include <stdlib.h>

#define SAMPLE 65536 /* benign rows that a median is taken of, at most */

int adit_model_find_typical(struct adit_model *model, const struct adit_table *table)
{
	size_t benign = 0, step, count;
	double *sample;

	for (size_t i = 0; i < table->rows; i++)
		benign += table->labels == NULL || table->labels[i] == 0;
	step = benign / SAMPLE + 1;
	sample = malloc((benign / step + 2) * sizeof(*sample));
	if (sample == NULL)
		return -1;
	for (size_t j = 0; j < table->columns; j++) {
		size_t seen = 0;

		count = 0;
		for (size_t i = 0; i < table->rows; i++) {
			double value = table->values[i * table->columns + j];

			if ((table->labels != NULL && table->labels[i] != 0) ||
				seen++ % step != 0 || isnan(value))
				continue;
			sample[count++] = value;
		}
		qsort(sample, count, sizeof(*sample), adit_double_order);
		model->typical[j] = count != 0 ? sample[count / 2] : 0;
	}
	free(sample);
	return 0;
}

/* Keeps the strongest, in order. */
static size_t cause_keep(struct adit_model_cause *causes, size_t count, size_t room,
	const struct adit_model_cause *cause)
{
	size_t at = count;

	while (at > 0 && causes[at - 1].effect < cause->effect)
		at--;
	if (at == room)
		return count;
	count += count < room;
	memmove(causes + at + 1, causes + at, (count - 1 - at) * sizeof(*causes));
	causes[at] = *cause;
	return count;
}

size_t adit_model_explain(
	struct adit_model *model, double *values, struct adit_model_cause *causes, size_t room)
{
	double score = adit_model_score(model, values);
	size_t count = 0;

	for (size_t i = 0; i < model->features && room != 0 && isfinite(score); i++) {
		double *value = &values[model->bound[i]], own = *value;
		struct adit_model_cause cause = {
			.place = model->bound[i], .value = own, .typical = model->typical[i]};

		*value = model->typical[i];
		cause.effect = score - adit_model_score(model, values);
		*value = own;
		if (cause.effect > 0)
			count = cause_keep(causes, count, room, &cause);
	}
	return count;
}
