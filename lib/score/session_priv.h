/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sessions: what a subscriber's DNS comes to until none has come for 60 s (Skow, "Detecting DNS
 * tunneling using machine learning", NTNU 2015, judges a subscriber by such sessions). Private to
 * lib/score; the scorer's thread owns them.
 */
#ifndef ADIT_SESSION_PRIV_H
#define ADIT_SESSION_PRIV_H

#include "adit_feature.h"

#define ADIT_SESSION_IDLE_NS (60 * ADIT_NS_PER_S)

struct adit_session {
	struct adit_session_sum sum;
	struct adit_subscriber who;
	double outlier;   /* score of the model that flagged it … */
	double threshold; /* … and what it passed; 0 and 0: none did */
	bool touched;     /* in the slice at hand */
};

struct adit_sessions;

/* Memory: capacity × sizeof(struct adit_session), and 32 to 64 bytes of index. NULL: no memory. */
struct adit_sessions *adit_sessions_create(
	uint32_t capacity, const struct adit_allocator *allocator);
void adit_sessions_destroy(struct adit_sessions *sessions);
size_t adit_sessions_bytes(uint32_t capacity);

/* Called with a session that is over. */
typedef void adit_session_over(void *context, const struct adit_session *session);

/* Ends those that have been idle for too long when `slice` begins; UINT32_MAX ends all. */
void adit_sessions_begin(
	struct adit_sessions *sessions, uint32_t slice, adit_session_over *over, void *context);
/* Adds what shard `at` of a sealed window counted in `slice`. */
void adit_sessions_add(struct adit_sessions *sessions, const struct adit_window *window,
	uint32_t at, uint32_t slice, adit_session_over *over, void *context);
/* All that there are, in no order that matters. */
struct adit_session *adit_sessions_all(struct adit_sessions *sessions, uint32_t *count);
/* By subscriber key; NULL: none. */
const struct adit_session *adit_sessions_find(const struct adit_sessions *sessions, uint64_t key);
/* Subscribers for whom there was no room. */
uint64_t adit_sessions_refused(const struct adit_sessions *sessions);

#endif
