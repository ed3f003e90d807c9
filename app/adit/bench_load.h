/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What adit bench measures on: packets in memory. They come from captures, as often as it takes,
 * with other names and subscribers where that is asked for; packets that are no DNS and GTP-U
 * around all of them are made up here. The same on every run.
 */
#ifndef ADIT_BENCH_LOAD_H
#define ADIT_BENCH_LOAD_H

#include "adit_dns.h"
#include "adit_packet.h"
#include "adit_suffix.h"

/* Fewer are learned by heart by a CPU's branch predictor, and stay in its nearest cache. */
#define APP_LOAD_LEAST 65536
/* What a frame may have: a jumbo segment and GTP-U around it. */
#define APP_LOAD_FRAME_MAX (UINT16_MAX - 256)

struct app_load_params {
	char *const *files;
	size_t file_count;
	uint64_t packets;     /* to hold, of all kinds; 0: those of the captures, APP_LOAD_LEAST at
				 least, as many as domains and subscribers ask for, and no more than
				 there is memory for */
	double dns_share;     /* per cent of the packets that are to be DNS; 0: as it comes */
	bool gtpu;            /* wrap what is in no GTP-U already */
	uint64_t domains;     /* registrable domains of the names; 0: those of the captures */
	uint64_t subscribers; /* client addresses, of each family; 0: as for domains */
	double zipf;          /* domain of rank r has a share of 1 / r^zipf; 0: all have the same */
	uint64_t names;       /* full names, evenly below the domains; 0: those of the captures */
	double flood;         /* per cent of the exchanges that ask for a name that never was */
	const struct adit_ports *ports;
	const struct adit_suffix_list *suffixes;
};

/* A label that is another one on each pass over the load: flood, or one of the names. */
#define APP_FRESH_MAX 16
struct app_fresh {
	size_t frame;      /* whose; counted within the load, or what a source holds */
	uint64_t number;   /* of the label on pass 0 */
	uint16_t at;       /* where it stands in the frame */
	uint16_t checksum; /* the UDP checksum that follows from it; 0: there is none */
	uint8_t size;
	bool flood;
};

/* How numbers of labels go on from pass to pass. */
struct app_fresh_plan {
	uint64_t flooded;    /* exchanges of a pass that ask for what never was */
	uint64_t named;      /* … for one of the names */
	uint64_t names;      /* in all, … */
	uint64_t each, step; /* … below each domain; and of those, asked for on a pass */
};

struct app_load {
	struct adit_frame *frames;
	size_t count;
	uint64_t bytes;    /* of all frames, as on the wire without checksum, gap and preamble */
	uint64_t largest;  /* bytes of a frame that are held */
	uint64_t captured; /* packets in the captures … */
	uint64_t unread;   /* … of them not read, or no IP of a link that can be made Ethernet */
	uint64_t copies;   /* how often each capture came, the last time perhaps not to its end */
	uint64_t dns, other;           /* packets on DNS ports; made up */
	uint64_t rewritten;            /* messages whose domain was changed */
	uint64_t domains, subscribers; /* that were given out; 0: none were */
	struct app_fresh *fresh;       /* in the order of frames */
	size_t fresh_count;
	struct app_fresh_plan plan;
	/* The bytes of all frames, each from the start of a cache line on. */
	uint8_t *arena;
	size_t arena_used, arena_size;
};

/* Returns 0, or -errno with an error to print; to be freed whatever the outcome. */
int app_load_read(
	struct app_load *load, const struct app_load_params *params, struct adit_error *error);
/* Frees frames and bytes; what was counted stays. */
void app_load_free(struct app_load *load);

/* A number as it stands in a packet. */
static inline void app_load_put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* ---- bench_fresh.c: names that are others on each pass */

/* A label of letters and digits: labels of two numbers differ in their first seven. */
void app_fresh_label(uint64_t number, uint8_t *label, uint32_t size);

/* Writes the label of a pass into its frame. */
void app_fresh_write(const struct app_fresh *fresh, const struct app_fresh_plan *plan,
	uint8_t *frame, uint64_t pass);

/* Different names that a slice of so many packets has of them. */
uint64_t app_fresh_in_slice(const struct app_load *load, uint64_t slice_packets);

/* Makes a response say that there is no such name (RFC 2308): SOA of the domain, which stands at
 * that offset of the message. There is room for APP_FRESH_DENIAL bytes behind the question. Returns
 * the message's size. */
#define APP_FRESH_DENIAL 64
uint32_t app_fresh_denial(uint8_t *message, uint32_t question_end, uint32_t domain);

/* ---- bench_traffic.c: packets that are made up */

/* splitmix64: the same numbers on every run. */
uint64_t app_load_draw(uint64_t *state);

#define APP_LOAD_OTHER_MAX  1500 /* bytes of the largest IP packet that is made up */
#define APP_LOAD_TUNNEL_MAX (20 + 8 + 16)

/* An IP packet of a mobile network that is no DNS: its bytes to `ip`. Returns its size. */
uint32_t app_load_other(uint8_t *ip, uint64_t *state);

/* Headers of a G-PDU for `size` bytes of IP: half with a PDU session container, a quarter with
 * sequence numbers, a quarter plain. Returns their size. */
uint32_t app_load_tunnel(uint8_t *at, uint32_t size, uint64_t *state);

/* ---- bench_rewrite.c: other names and subscribers */

struct app_rewrite;

/* NULL: no memory. */
struct app_rewrite *app_rewrite_create(const struct app_load_params *params);
void app_rewrite_destroy(struct app_rewrite *rewrite);

/* The captures come anew: subscribers are others than the time before. */
void app_rewrite_next_copy(struct app_rewrite *rewrite);

/*
 * Changes a frame's bytes, of which there is room for APP_LOAD_FRAME_MAX: the client's address and,
 * of a message over UDP, its domain; the response of a query gets what the query got. Lengths,
 * checksums and compression pointers are right again. A name of APP_REWRITE_KEPT bytes and more in
 * front of its domain keeps that, so that a tunnel stays one. What can't be changed is left as it
 * is: what is cut, further in than GTP-U, or not UDP. `fresh` says which label is to be another one
 * on each pass (size 0: none). Returns whether the frame is on a DNS port.
 */
#define APP_REWRITE_KEPT 24
bool app_rewrite_frame(struct app_rewrite *rewrite, struct adit_frame *frame, uint8_t *bytes,
	struct app_fresh *fresh);

/* What was given out. */
void app_rewrite_tell(const struct app_rewrite *rewrite, struct app_load *load);

#endif
