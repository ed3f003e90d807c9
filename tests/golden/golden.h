/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The captures of the golden cases, built here so that they are small, free of anybody's traffic
 * and explained by the code that makes them. tests/tools/make-golden writes them; the tests check
 * that what is committed is what these functions build.
 */
#ifndef ADIT_TEST_GOLDEN_H
#define ADIT_TEST_GOLDEN_H

#include <stdio.h>

#include "adit_packet.h"
#include "frames.h"

/* LINKTYPE_ numbers of the pcap format. */
enum {
	LINKTYPE_NULL = 0,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW = 101,
	LINKTYPE_LOOP = 108,
	LINKTYPE_LINUX_SLL = 113,
	LINKTYPE_IPV4 = 228,
	LINKTYPE_IPV6 = 229,
	LINKTYPE_LINUX_SLL2 = 276,
};

/* A capture in the making, and the frame in hand. */
struct golden {
	FILE *file;
	uint64_t time_us;
	struct frames f;
};

struct golden_case {
	const char *name;
	uint32_t link;
	void (*build)(struct golden *g);
};

/* By subject; each ends with a row without a name. */
extern const struct golden_case golden_packet[], golden_tunnel[], golden_layers[],
	golden_fragment[], golden_message[], golden_replay[], golden_stream[], golden_exception[];

/* Ends the frame in hand and adds it to the capture, 1 ms after the last one. */
void golden_put(struct golden *g);
/* The same, of which the capture holds only the first `captured` bytes. */
void golden_put_cut(struct golden *g, size_t captured);

/* Who is who. */
#define CLIENT    "100.64.1.17"
#define SERVER    "192.0.2.53"
#define CLIENT_V6 "2001:db8:64::17"
#define SERVER_V6 "2001:db8::53"
#define RADIO     "10.10.0.7"
#define CORE      "10.20.0.1"
#define RADIO_V6  "2001:db8:10::7"
#define CORE_V6   "2001:db8:20::1"
#define TEID_UP   0x1a50002a
#define TEID_DOWN 0x6c31004e
#define PORT      40000

#endif
