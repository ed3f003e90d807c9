/* SPDX-License-Identifier: BSD-3-Clause
 *
 * dissect CAPTURE...: one JSON object per frame, in lines. Not installed.
 */
#include "dissect.h"

#include <stdio.h>
#include <stdlib.h>

static void print(void *context, const struct dissection *made)
{
	json_t *object = dissect_json(made);

	(void)context;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

int main(int argc, char **argv)
{
	struct adit_error error;
	int status = argc < 2 ? 2 : 0;

	if (argc < 2)
		fputs("usage: dissect CAPTURE...\n", stderr);
	for (int i = 1; i < argc; i++)
		if (dissect_capture(argv[i], print, NULL, &error) != 0) {
			fprintf(stderr, "dissect: %s\n", error.text);
			status = 1;
		}
	return status;
}
