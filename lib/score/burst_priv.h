/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Burst-delta over the seconds of domains. Private to lib/score; the scorer's thread owns it.
 */
#ifndef ADIT_BURST_PRIV_H
#define ADIT_BURST_PRIV_H

#include "adit_ledger.h"

struct adit_bursts;

/* Room for so many pairs of domain and record type. NULL: no memory. */
struct adit_bursts *adit_bursts_create(uint32_t places, const struct adit_allocator *allocator);
void adit_bursts_destroy(struct adit_bursts *bursts);
size_t adit_bursts_bytes(uint32_t places);
/* A timeline starts. */
void adit_bursts_reset(struct adit_bursts *bursts);

/* Takes what a domain did in a slice, slice after slice; returns the hits of its busiest record
 * type within an hour. */
uint32_t adit_bursts_take(struct adit_bursts *bursts, uint64_t domain_key, uint32_t slice,
	const struct adit_detail *detail);

#endif
