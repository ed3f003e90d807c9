/* SPDX-License-Identifier: BSD-3-Clause
 *
 * envelope.txt: a line with its version, "covariance robust" or "covariance all", the location,
 * and the rows of the covariance, all numbers with 17 digits.
 */
#include "model_priv.h"

#include <errno.h>
#include <math.h>

int adit_envelope_write(const struct adit_envelope *envelope, size_t d, FILE *to)
{
	fprintf(to, "adit-envelope 1\ncovariance %s\nlocation",
		envelope->robust ? "robust" : "all");
	for (size_t i = 0; i < d; i++)
		fprintf(to, " %.17g", envelope->location[i]);
	for (size_t i = 0; i < d; i++) {
		fputs("\nrow", to);
		for (size_t j = 0; j < d; j++)
			fprintf(to, " %.17g", envelope->covariance[i * d + j]);
	}
	fputc('\n', to);
	return ferror(to) ? -EIO : 0;
}

static int read_numbers(struct adit_text *text, const char *word, double *numbers, size_t d)
{
	char *line = adit_text_line(text);

	if (line == NULL || strcmp(adit_text_word(&line), word) != 0)
		return adit_text_refuse(text, "expected \"%s\" and %zu numbers", word, d);
	for (size_t i = 0; i < d; i++) {
		if (!adit_text_number(adit_text_word(&line), &numbers[i]))
			return adit_text_refuse(text,
				"number %zu of \"%s\" is missing or no number; expected %zu", i + 1,
				word, d);
	}
	if (*adit_text_word(&line) != '\0')
		return adit_text_refuse(text, "more than %zu numbers after \"%s\"", d, word);
	return 0;
}

static int check_symmetric(struct adit_text *text, const double *covariance, size_t d)
{
	for (size_t i = 0; i < d; i++) {
		if (!(covariance[i * d + i] >= 0))
			return adit_text_refuse(text, "variance %zu is below 0", i + 1);
		for (size_t j = 0; j < i; j++) {
			if (covariance[i * d + j] != covariance[j * d + i])
				return adit_text_refuse(text,
					"rows %zu and %zu are not symmetric; a covariance is",
					j + 1, i + 1);
		}
	}
	return 0;
}

static int read_all(struct adit_envelope *envelope, size_t d, struct adit_text *text)
{
	char *line = adit_text_line(text);
	int status, rank;

	if (line == NULL || strcmp(line, "adit-envelope 1") != 0)
		return adit_text_refuse(
			text, "not an envelope: expected \"adit-envelope 1\" first");
	line = adit_text_line(text);
	if (line == NULL ||
		(strcmp(line, "covariance robust") != 0 && strcmp(line, "covariance all") != 0))
		return adit_text_refuse(
			text, "expected \"covariance robust\" or \"covariance all\"");
	envelope->robust = strcmp(line, "covariance robust") == 0;
	status = read_numbers(text, "location", envelope->location, d);
	for (size_t i = 0; i < d && status == 0; i++)
		status = read_numbers(text, "row", envelope->covariance + i * d, d);
	if (status == 0 && adit_text_line(text) != NULL)
		status = adit_text_refuse(text, "expected nothing after %zu rows", d);
	if (status == 0)
		status = check_symmetric(text, envelope->covariance, d);
	if (status != 0)
		return status;
	rank = adit_matrix_whiten(envelope->covariance, d, envelope->whitening);
	if (rank == -ENOMEM)
		return adit_error_set(text->error, rank, "%s: no memory", text->path);
	if (rank <= 0)
		return adit_text_refuse(text, "the covariance has no positive eigenvalue");
	for (size_t i = 0; i < (size_t)rank * d; i++) {
		if (!isfinite(envelope->whitening[i]))
			return adit_text_refuse(text, "the covariance cannot be inverted");
	}
	envelope->rank = (size_t)rank;
	return 0;
}

int adit_envelope_read(struct adit_envelope *envelope, size_t d, const char *path,
	const void *bytes, size_t size, struct adit_error *error)
{
	struct adit_text text;
	int status;

	if (d > ADIT_MODEL_ENVELOPE_FEATURES)
		return adit_error_set(error, -EINVAL, "%s: %zu features; an envelope has up to %d",
			path, d, ADIT_MODEL_ENVELOPE_FEATURES);
	status = adit_text_open(&text, path, bytes, size, error);
	if (status == 0)
		status = adit_envelope_reserve(envelope, d);
	if (status == 0)
		status = read_all(envelope, d, &text);
	else if (status == -ENOMEM)
		adit_error_set(error, status, "%s: no memory", path);
	adit_text_close(&text);
	return status;
}
