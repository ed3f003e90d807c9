/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_base.h"

#include <stdlib.h>

bool adit_cpu_wanted(const char *row)
{
	const char *wanted = getenv("ADIT_CPU");

	return wanted != NULL && strcmp(wanted, row) == 0;
}
