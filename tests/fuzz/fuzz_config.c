/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any text is read, or refused with a message; what was read dumps to what reads back the same. */
#include "adit_config.h"

#include <stdlib.h>

/* libconfig 1.5 loses the string before a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *dumps[2] = {NULL, NULL};
	struct adit_error error = {""};
	struct adit_config config;

	if (text == NULL || adit_config_init(&config) != 0)
		abort();
	if (adit_config_read_text(&config, "fuzz", text, &error) != 0 && error.text[0] == '\0')
		abort();
	for (int i = 0; i < 2; i++) {
		FILE *to = open_memstream(&dumps[i], &size);
		if (adit_config_dump(&config, to) != 0 || fclose(to) != 0 ||
			adit_config_read_text(&config, "dump", dumps[i], &error) != 0)
			abort();
	}
	if (strcmp(dumps[0], dumps[1]) != 0)
		abort();
	adit_config_clear(&config);
	free(dumps[0]);
	free(dumps[1]);
	free(text);
	return 0;
}
