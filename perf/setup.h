/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A worker's side of the program, made of options by the program's own code: intake, pipeline and a
 * window. No mbufs, rings or threads.
 */
#ifndef PERF_SETUP_H
#define PERF_SETUP_H

#include "appliance.h"

struct setup {
	struct appliance appliance; /* what is loaded: lists, patterns, models */
	struct adit_intake intake;
	struct adit_pipeline *pipeline;
	struct adit_window *window;
};

/* Of one worker, with all shards. Patterns, allow lists and the model are those of the source tree
 * where `config` names no others. Returns 0, or -errno with an error to print. */
int setup_make(struct setup *setup, struct adit_config *config, struct adit_error *error);
void setup_free(struct setup *setup);

/* NULL: no memory. */
struct adit_window *setup_window(const struct adit_config *config);

#endif
