/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A configuration as text.
 */
#ifndef CONFIG_CASES_H
#define CONFIG_CASES_H

#include "adit_config.h"
#include "harness.h"

#include <stdio.h>

/* As adit config dump prints it; to be freed. */
static inline char *dump_of(const struct adit_config *config)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	CHECK_EQ_INT(adit_config_dump(config, to), 0);
	fclose(to);
	return text;
}

#endif
