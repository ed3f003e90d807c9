/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The way of new rules into the scoring core, while packets come. The management thread offers
 * them, and nothing more until they were taken. The scoring core looks between two slices, live
 * also between two looks: it takes what is offered and says so. Neither waits for the other:
 *
 *   offered   `next` is written with release: what was read into the rules is seen by who takes
 * them taken     `taken` is written with release, after the last look at the old rules: whoever
 * sees it may free what only those pointed to, and sees `next` empty and `since` as well
 */
#ifndef ADIT_GATE_H
#define ADIT_GATE_H

#include "adit_score.h"

#include <stdatomic.h>

struct app_gate {
	_Atomic(const struct adit_score_rules *) next; /* from the manager; the scorer empties it */
	_Atomic(const struct adit_score_rules *)
		taken;  /* from the scorer; the manager empties it */
	uint32_t since; /* slice of the last change; the scorer's */
};

/* Scorer: whether something is offered. */
static inline bool app_gate_waits(const struct app_gate *gate)
{
	return atomic_load_explicit(&gate->next, memory_order_relaxed) != NULL;
}

/* Scorer, between slices: `slice` is the next to be scored, `now` the one that workers count into.
 * Allocates nothing, never waits. */
static inline void app_gate_pass(
	struct app_gate *gate, struct adit_scorer *scorer, uint32_t slice, uint32_t now)
{
	struct adit_score_rules rules;
	const struct adit_score_rules *next =
		atomic_load_explicit(&gate->next, memory_order_acquire);

	if (ADIT_LIKELY(next == NULL))
		return;
	gate->since = slice;
	atomic_store_explicit(&gate->next, NULL, memory_order_relaxed);
	/* Workers follow within milliseconds: into the slice after that at most. */
	rules = *next;
	rules.stale_until = now + 1;
	adit_scorer_set_rules(scorer, &rules);
	atomic_store_explicit(&gate->taken, next, memory_order_release);
}

/* Manager: offers rules, which last until they come back. Those before must have. */
static inline void app_gate_offer(struct app_gate *gate, const struct adit_score_rules *rules)
{
	atomic_store_explicit(&gate->next, rules, memory_order_release);
}

/* Manager: the rules that are in force now, once; NULL: none were taken since. */
static inline const struct adit_score_rules *app_gate_back(struct app_gate *gate)
{
	const struct adit_score_rules *taken =
		atomic_load_explicit(&gate->taken, memory_order_acquire);

	if (taken != NULL)
		atomic_store_explicit(&gate->taken, NULL, memory_order_relaxed);
	return taken;
}

#endif
