/* SPDX-License-Identifier: BSD-3-Clause
 *
 * First-seen ages of domains, and how many subscribers talk to a server. Private to lib/score; the
 * scorer's thread owns it.
 */
#ifndef ADIT_SEEN_PRIV_H
#define ADIT_SEEN_PRIV_H

#include "adit_ledger.h"

struct adit_seen;

/* Memory: 16 bytes a domain, 96 a server. NULL: no memory. */
struct adit_seen *adit_seen_create(
	uint32_t domains, uint32_t servers, const struct adit_allocator *allocator);
void adit_seen_destroy(struct adit_seen *seen);
size_t adit_seen_bytes(uint32_t domains, uint32_t servers);
/* A timeline starts. */
void adit_seen_reset(struct adit_seen *seen);

/* A domain is seen; slices since it was first seen, as far as is remembered. */
uint32_t adit_seen_domain(struct adit_seen *seen, uint64_t key, uint32_t slice);

/* A subscriber talks to a server; how many did (to about 1000) today and the day
 * before (days of UTC), as far as is remembered. */
double adit_seen_server(struct adit_seen *seen, const struct adit_address *address,
	uint64_t who_key, uint32_t slice);

#endif
