/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A worker's side of the program, as its options say: intake, pipeline and a window. No mbufs,
 * rings or threads.
 */
#ifndef PERF_SETUP_H
#define PERF_SETUP_H

#include "adit_config.h"
#include "adit_pipeline.h"

#define SETUP_LOOKS 8 /* of a shard and slice, as in the program */

struct setup {
	struct adit_ports ports;
	struct adit_context_rule rule;
	struct adit_intake intake;
	struct adit_suffix_list *suffixes;
	struct adit_pattern_set *patterns;
	struct adit_pipeline *pipeline;
	struct adit_window *window;
};

/* Of one worker, with all shards. Returns 0, or -errno with an error to print. */
int setup_make(struct setup *setup, const struct adit_config *config, const char *patterns,
	struct adit_error *error);
void setup_free(struct setup *setup);

/* NULL: no memory. */
struct adit_window *setup_window(const struct adit_config *config);

#endif
