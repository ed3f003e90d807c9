/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any text: read or refused with a message; what was read dumps to a text that reads back to the
 * same dump.
 */
#include "adit_config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *dump[2] = {NULL, NULL};
	struct adit_config config;
	struct adit_error error = {""};
	size_t dump_size;

	if (adit_config_init(&config) != 0 || text == NULL)
		abort();
	if (adit_config_read_text(&config, "fuzz", text, &error) == 0) {
		for (int i = 0; i < 2; i++) {
			FILE *to = open_memstream(&dump[i], &dump_size);
			if (adit_config_dump(&config, to) != 0 || fclose(to) != 0 ||
				adit_config_read_text(&config, "dump", dump[i], &error) != 0)
				abort();
		}
		if (strcmp(dump[0], dump[1]) != 0)
			abort();
	} else if (error.text[0] == '\0') {
		abort();
	}
	adit_config_clear(&config);
	free(dump[0]);
	free(dump[1]);
	free(text);
	return 0;
}
