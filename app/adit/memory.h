/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The memory that the program will take, reckoned before anything starts. Management thread.
 */
#ifndef ADIT_APP_MEMORY_H
#define ADIT_APP_MEMORY_H

#include "appliance.h"

#include <stdio.h>

#define APP_MEMORY_PARTS 20

struct app_memory_part {
	const char *name, *options; /* that set its size */
	size_t bytes;
};

struct app_memory {
	struct app_memory_part parts[APP_MEMORY_PARTS];
	size_t count;
	size_t sum; /* bytes of all parts */
	/* The same in groups; `streams` is all that pipelines have. */
	size_t windows, history, packets, fragments, streams;
};

/* With so many ports of adit run; a spreader has the one table of fragments, workers that decode
 * have one each. */
void app_memory_plan(const struct adit_config *config, size_t ports, bool has_spreader,
	struct app_memory *memory);

/* One more part. */
void app_memory_add(struct app_memory *memory, const char *name, const char *options, size_t bytes);

/* All parts in a line. */
void app_memory_tell(const struct app_memory *memory, const char *command, FILE *to);

/* -EINVAL where it is more than memory.limit; the message names the options of the largest part. */
int app_memory_check(const struct app_memory *memory, const struct adit_config *config,
	struct adit_error *error);

#endif
