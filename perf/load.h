/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the stages are measured on: packets in memory. The DNS among them comes from a capture; the
 * rest, and GTP-U around all of them, is made up here, the same on every run.
 */
#ifndef PERF_LOAD_H
#define PERF_LOAD_H

#include "adit_packet.h"

struct load_params {
	const char *capture;
	size_t packets; /* most of them to hold, of all kinds */
	double share;   /* packets of the capture, in per cent; 100: nothing is made up */
	bool gtpu;      /* wrap what is Ethernet with IP in it */
};

struct load {
	struct adit_frame *frames;
	size_t count, from_capture;
	uint64_t bytes;
	/* The bytes of all frames, each from the start of a cache line on, as a card puts them. */
	uint8_t *arena;
	size_t arena_used, arena_size;
};

/* Returns 0, or -errno with an error to print. */
int load_read(struct load *load, const struct load_params *params, struct adit_error *error);
void load_free(struct load *load);

#endif
