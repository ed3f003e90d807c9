/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pieces behind a first one that was no DNS, for the short time in which another first piece may
 * come that is. The table of datagrams is reassembly.c.
 */
#ifndef ADIT_KEPT_PRIV_H
#define ADIT_KEPT_PRIV_H

#include "datagram_priv.h"

/* A ring of bytes; places in it are counted up for ever, from a ring's size on. */
struct kept {
	uint8_t *bytes;
	uint64_t size, next;
};

/* The pieces of one datagram, each of which knows the one before it. */
struct tails {
	uint64_t last; /* 0: none */
	uint32_t count;
};

size_t kept_bytes(uint32_t datagrams);
/* `bytes` holds kept_bytes(datagrams). */
void kept_init(struct kept *kept, uint8_t *bytes, uint32_t datagrams);

/* Copies a piece, over the oldest ones if need be. More than ADIT_FRAGMENT_MAX are not kept. */
void kept_add(struct kept *kept, struct tails *tails, const struct piece *piece, uint64_t now_ns);

/* The last of `tails`, which it is then without, if that is still there and not too old. */
bool kept_take(const struct kept *kept, struct tails *tails, struct piece *piece, uint64_t now_ns);

#endif
