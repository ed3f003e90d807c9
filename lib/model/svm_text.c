/* SPDX-License-Identifier: BSD-3-Clause
 *
 * svm.txt: libsvm's model format, which svm-predict and svm_load_model read. libsvm's own writer
 * keeps 8 digits of the vectors, which moves scores, and its reader trusts what it reads; hence
 * these two.
 */
#include "model_priv.h"

#include <errno.h>
#include <stdlib.h>

#define VECTORS_MAX 1000000
#define ENTRIES_MAX 67108864 /* vectors × features: 512 MiB */

int adit_svm_write(const struct adit_svm *svm, size_t d, FILE *to)
{
	if (svm->kernel == ADIT_SVM_RBF)
		fprintf(to, "svm_type one_class\nkernel_type rbf\ngamma %.17g\n", svm->gamma);
	else
		fputs("svm_type one_class\nkernel_type linear\n", to);
	fprintf(to, "nr_class 2\ntotal_sv %zu\nrho %.17g\nSV\n", svm->count, svm->rho);
	for (size_t i = 0; i < svm->count; i++) {
		fprintf(to, "%.17g ", svm->coefficients[i]);
		for (size_t j = 0; j < d; j++)
			fprintf(to, "%zu:%.17g ", j + 1, adit_svm_get(svm, i, d, j));
		fputc('\n', to);
	}
	return ferror(to) ? -EIO : 0;
}

struct head {
	bool type, kernel, gamma, rho, classes;
	uint64_t total;
};

/* One line before SV. */
static int read_head(struct adit_text *text, struct adit_svm *svm, struct head *head, char *line)
{
	const char *key = adit_text_word(&line), *value = adit_text_word(&line);
	uint64_t classes;

	if (*adit_text_word(&line) != '\0')
		return adit_text_refuse(text, "more than one value after \"%.40s\"", key);
	if (strcmp(key, "svm_type") == 0) {
		if (strcmp(value, "one_class") != 0)
			return adit_text_refuse(
				text, "svm_type \"%.40s\"; only one_class is read", value);
		head->type = true;
	} else if (strcmp(key, "kernel_type") == 0) {
		if (strcmp(value, "rbf") != 0 && strcmp(value, "linear") != 0)
			return adit_text_refuse(
				text, "kernel_type \"%.40s\"; rbf or linear are read", value);
		svm->kernel = *value == 'r' ? ADIT_SVM_RBF : ADIT_SVM_LINEAR;
		head->kernel = true;
	} else if (strcmp(key, "gamma") == 0) {
		if (!adit_text_number(value, &svm->gamma) || !(svm->gamma > 0))
			return adit_text_refuse(
				text, "gamma \"%.40s\"; a number above 0 is right", value);
		head->gamma = true;
	} else if (strcmp(key, "rho") == 0) {
		if (!adit_text_number(value, &svm->rho))
			return adit_text_refuse(text, "rho \"%.40s\" is no number", value);
		head->rho = true;
	} else if (strcmp(key, "nr_class") == 0) {
		if (!adit_text_count(value, 2, &classes) || classes != 2)
			return adit_text_refuse(
				text, "nr_class \"%.40s\"; a one-class model has 2", value);
		head->classes = true;
	} else if (strcmp(key, "total_sv") == 0) {
		if (!adit_text_count(value, VECTORS_MAX, &head->total) || head->total == 0)
			return adit_text_refuse(
				text, "total_sv \"%.40s\"; 1 to %d is right", value, VECTORS_MAX);
	} else {
		return adit_text_refuse(text,
			"unknown word \"%.40s\"; known: svm_type, kernel_type, gamma, nr_class, "
			"total_sv, rho, SV",
			key);
	}
	return 0;
}

static int read_vector(
	struct adit_text *text, struct adit_svm *svm, size_t d, size_t vector, char *line)
{
	size_t last = 0;
	char *word = adit_text_word(&line);

	if (!adit_text_number(word, &svm->coefficients[vector]) || !(svm->coefficients[vector] > 0))
		return adit_text_refuse(text,
			"coefficient \"%.40s\"; a number above 0 is right in a one-class model",
			word);
	while (*(word = adit_text_word(&line)) != '\0') {
		char *colon = strchr(word, ':');
		uint64_t index;
		double value;
		if (colon != NULL)
			*colon = '\0';
		if (colon == NULL || !adit_text_count(word, d, &index) || index <= last ||
			!adit_text_number(colon + 1, &value))
			return adit_text_refuse(text,
				"\"%.40s%s%.40s\"; right is INDEX:NUMBER, an ascending index from "
				"1 to %zu",
				word, colon != NULL ? ":" : "", colon != NULL ? colon + 1 : "", d);
		adit_svm_put(svm, vector, d, index - 1, value);
		last = index;
	}
	return 0;
}

static int read_all(struct adit_svm *svm, size_t d, struct adit_text *text, size_t size)
{
	struct head head = {.total = 0};
	size_t done = 0;
	char *line;
	int status = 0;

	while ((line = adit_text_line(text)) != NULL && strcmp(line, "SV") != 0) {
		status = read_head(text, svm, &head, line);
		if (status != 0)
			return status;
	}
	if (line == NULL || !head.type || !head.kernel || !head.rho || !head.classes ||
		head.total == 0 || (svm->kernel == ADIT_SVM_RBF && !head.gamma))
		return adit_text_refuse(text,
			"not a whole model of libsvm: before SV there must be svm_type, "
			"kernel_type, gamma (of rbf), nr_class, total_sv and rho");
	/* A vector is two bytes of text at least, so a wild count is refused before it costs. */
	if (head.total > size / 2 || head.total * d > ENTRIES_MAX)
		return adit_text_refuse(text,
			"total_sv %lu × %zu features: more than the file holds, or than %d numbers",
			(unsigned long)head.total, d, ENTRIES_MAX);
	if (adit_svm_reserve(svm, head.total, d) != 0)
		return adit_error_set(text->error, -ENOMEM, "%s: no memory for %lu vectors",
			text->path, (unsigned long)head.total);
	while ((line = adit_text_line(text)) != NULL && status == 0) {
		if (done == head.total)
			return adit_text_refuse(text, "more than the %lu vectors of total_sv",
				(unsigned long)head.total);
		status = read_vector(text, svm, d, done++, line);
	}
	if (status == 0 && done < head.total)
		status = adit_text_refuse(text, "the file ends after %zu of %lu vectors", done,
			(unsigned long)head.total);
	if (status == 0)
		status = adit_svm_finish(svm, d);
	return status;
}

int adit_svm_read(struct adit_svm *svm, size_t d, const char *path, const void *bytes, size_t size,
	struct adit_error *error)
{
	struct adit_text text;
	int status = adit_text_open(&text, path, bytes, size, error);

	if (status == 0)
		status = read_all(svm, d, &text, size);
	adit_text_close(&text);
	return status;
}
