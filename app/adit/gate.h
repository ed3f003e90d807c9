/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The way of new judges into the scoring core and of the old ones back, while packets come. The
 * management thread offers a set, and nothing more until the one before has come back. The scoring
 * core looks between two slices: it takes what is offered and puts down what it used. Neither waits
 * for the other, and each set has one owner at any time:
 *
 *   offered   `next` is written with release: what was read into the set is seen by who takes it
 *   taken     `before` is written with release, after the last look at the old set: whoever sees it
 *             may free the old one, and sees `next` empty and `since` as well
 */
#ifndef ADIT_GATE_H
#define ADIT_GATE_H

#include "adit_score.h"

#include <stdatomic.h>

struct app_gate {
	_Atomic(struct adit_judges *) next;   /* from the manager; the scorer empties it */
	_Atomic(struct adit_judges *) before; /* from the scorer; the manager empties it */
	uint32_t since;                       /* slice of the last change; the scorer's */
};

/* Scorer, between slices: `slice` is the next to be scored. Allocates nothing, never waits. */
static inline void app_gate_pass(struct app_gate *gate, struct adit_scorer *scorer, uint32_t slice)
{
	struct adit_judges *next = atomic_load_explicit(&gate->next, memory_order_acquire);

	if (ADIT_LIKELY(next == NULL))
		return;
	gate->since = slice;
	atomic_store_explicit(&gate->next, NULL, memory_order_relaxed);
	atomic_store_explicit(
		&gate->before, adit_scorer_set_judges(scorer, next), memory_order_release);
}

/* Manager: offers a set. The one before must have come back. */
static inline void app_gate_offer(struct app_gate *gate, struct adit_judges *judges)
{
	atomic_store_explicit(&gate->next, judges, memory_order_release);
}

/* Manager: the set that is no longer in use, its own from now on; NULL: none came back. */
static inline struct adit_judges *app_gate_back(struct app_gate *gate)
{
	struct adit_judges *before = atomic_load_explicit(&gate->before, memory_order_acquire);

	if (before != NULL)
		atomic_store_explicit(&gate->before, NULL, memory_order_relaxed);
	return before;
}

#endif
