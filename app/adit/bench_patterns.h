/* SPDX-License-Identifier: BSD-3-Clause
 *
 * More signatures than there are: to see what a large set costs.
 */
#ifndef ADIT_BENCH_PATTERNS_H
#define ADIT_BENCH_PATTERNS_H

#include "adit_base.h"

#include <limits.h>

/* A new folder with links to the pattern files of `from` and one more file of `count` expressions.
 * Its path is "" where none was made; else it is to be removed, whatever the outcome. */
int app_patterns_make(
	const char *from, uint64_t count, char folder[PATH_MAX], struct adit_error *error);
void app_patterns_remove(const char *folder);

#endif
