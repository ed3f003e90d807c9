/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DNS of a mobile core, made up: packets in GTP-U, the same on every run. What is drawn from which
 * distribution stands at the top of mix.c.
 */
#ifndef PERF_MIX_H
#define PERF_MIX_H

#include "adit_packet.h"

struct mix_params {
	uint32_t subscribers; /* in all; a quarter of them is awake in a slice */
	uint32_t domains;
};

struct mix;

/* NULL: no memory. */
struct mix *mix_create(const struct mix_params *params);
void mix_destroy(struct mix *mix);

typedef void mix_emit(void *context, const struct adit_frame *frame);

/* A subscriber visits a domain: the queries for its names, and their responses, from `ts_ns` on.
 * The frame's bytes are valid during the call of `emit`. */
void mix_visit(struct mix *mix, uint64_t ts_ns, mix_emit *emit, void *context);

#endif
