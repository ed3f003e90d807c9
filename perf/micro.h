/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Single functions of libraries over the names and frames of a load, for instructions.c. Each
 * returns how often it did what its row is about.
 */
#ifndef PERF_MICRO_H
#define PERF_MICRO_H

#include "adit_dns.h"
#include "adit_stream.h"
#include "bench_load.h"

struct micro {
	const struct app_load *load;
	const struct adit_dns *messages; /* parsed from it */
	size_t message_count;
	const struct adit_octets_row *octets; /* the row in use */
	struct adit_window *window;
	struct adit_streams *streams;
};

/* false: no memory. The window is for these functions alone. */
bool micro_make(struct micro *micro, struct adit_window *window);
void micro_free(struct micro *micro);

/* A name; a frame; two words. */
size_t micro_hash_names(const struct micro *micro);
size_t micro_hash_frames(const struct micro *micro);
size_t micro_hash_pairs(const struct micro *micro);
/* A name's octets, copied and in lower case. */
size_t micro_octets(const struct micro *micro);
/* A message of a subscriber × domain that the slice has not seen, and of one that it has. */
size_t micro_window_new(const struct micro *micro);
size_t micro_window_known(const struct micro *micro);
/* A TCP segment with one DNS message. */
size_t micro_stream(const struct micro *micro);

#endif
