/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The two files of a model, one after the other with a line "%" between them. Size and checksums
 * are put right here, so that the readers behind them are reached: whatever the files say, there is
 * a message or a model, and a model scores and is written so that it is read back.
 */
#include "adit_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* model.conf without its last two lines, with them. */
static char *complete(
	const uint8_t *conf, size_t size, const uint8_t *data, size_t data_size, size_t *total)
{
	static const char *const files[] = {"svm.txt", "envelope.txt", "trees.json"};
	const char *kinds[] = {"\nkind svm\n", "\nkind envelope\n", "\nkind trees\n"};
	char *text = malloc(size + 128);
	size_t kind = 0;

	if (text == NULL)
		abort();
	memcpy(text, conf, size);
	while (kind < 2 && memmem(conf, size, kinds[kind], strlen(kinds[kind])) == NULL)
		kind++;
	*total = size + (size_t)snprintf(text + size, 64, "data %s %zu %08lx\n", files[kind],
				data_size, crc32_z(0, data, data_size));
	*total += (size_t)snprintf(
		text + *total, 32, "end %08lx\n", crc32_z(0, (const uint8_t *)text, *total));
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
	const uint8_t *mark = memmem(bytes, size, "\n%\n", 3);
	size_t conf_size = mark != NULL ? (size_t)(mark - bytes) + 1 : size, total;
	size_t data_size = mark != NULL ? size - conf_size - 2 : 0;
	const uint8_t *data = bytes + size - data_size;
	char *conf = complete(bytes, conf_size, data, data_size, &total);
	/* A copy of its exact size, so that ASan sees an over-read by one. */
	char *exact = malloc(total);
	struct adit_model *model;
	struct adit_error error = {""};
	int status;

	if (exact == NULL)
		abort();
	memcpy(exact, conf, total);
	status = adit_model_parse("m", exact, total, data, data_size, &model, &error);
	if ((status == 0) != (model != NULL) || (status == 0) != (error.text[0] == '\0'))
		abort();
	if (model != NULL)
		use(model);
	adit_model_destroy(model);
	free(conf);
	free(exact);
	return 0;
}
