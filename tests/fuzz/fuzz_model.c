/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The two files of a model, one after the other with a line "%" between them; of model.conf all but
 * its last two settings. Those are put here, and the checksum as the message about a wrong one
 * tells it, so that the readers behind them are reached: whatever the files say, there is a message
 * or a model, and a model scores.
 */
#include "adit_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define CHECKSUM "checksum = \"00000000\";\n"

/* libconfig 1.5 loses the string before a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

/* model.conf without its last two settings, with them, in a block of its exact size, so that ASan
 * sees an over-read by one. */
static char *complete(
	const uint8_t *conf, size_t size, const uint8_t *data, size_t data_size, size_t *total)
{
	static const char *const files[] = {"svm.txt", "envelope.txt", "trees.json"};
	static const char *const kinds[] = {"\"svm\"", "\"envelope\""};
	char more[160], *text;
	size_t kind = 0, length;

	while (kind < 2 && memmem(conf, size, kinds[kind], strlen(kinds[kind])) == NULL)
		kind++;
	length = (size_t)snprintf(more, sizeof(more),
		"data: { file = \"%s\"; size = %zu; crc32 = \"%08lx\"; };\n" CHECKSUM, files[kind],
		data_size, crc32_z(0, data, data_size));
	*total = size + length;
	text = malloc(*total);
	if (text == NULL)
		abort();
	memcpy(text, conf, size);
	memcpy(text + size, more, length);
	return text;
}

static void use(struct adit_model *model)
{
	struct adit_model_about about;
	struct adit_error error;
	double values[ADIT_TABLE_COLUMNS_MAX];

	adit_model_about(model, &about);
	for (size_t i = 0; i < about.feature_count; i++)
		values[i] = (double)i - 1;
	if (adit_model_bind(model, about.features, about.feature_count, &error) != 0)
		abort();
	/* Large numbers may overflow to infinities, which is no fault; reading outside would be. */
	(void)adit_model_score(model, values);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char told[] = "their checksum is \"";
	const uint8_t *mark = memmem(bytes, size, "\n%\n", 3);
	size_t conf_size = mark != NULL ? (size_t)(mark - bytes) + 1 : size, total;
	size_t data_size = mark != NULL ? size - conf_size - 2 : 0;
	const uint8_t *data = bytes + size - data_size;
	char *conf = complete(bytes, conf_size, data, data_size, &total), *sum;
	struct adit_model *model;
	struct adit_error error = {""};
	int status = adit_model_parse("m", conf, total, data, data_size, &model, &error);

	sum = strstr(error.text, told);
	if (status == -EBADMSG && sum != NULL) {
		memcpy(conf + total - 11, sum + sizeof(told) - 1, 8);
		error.text[0] = '\0';
		status = adit_model_parse("m", conf, total, data, data_size, &model, &error);
		if (status == -EBADMSG)
			abort();
	}
	if ((status == 0) != (model != NULL) || (status == 0) != (error.text[0] == '\0'))
		abort();
	if (model != NULL)
		use(model);
	adit_model_destroy(model);
	free(conf);
	return 0;
}
