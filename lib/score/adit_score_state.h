/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a scorer remembers, to and from the state file (lib/state): the ledger, stories, sessions,
 * ages, servers, bursts, keys whose turn comes when the minute is over, the table of encrypted
 * DNS. Classes, tools and reasons stand there by their names. Saving allocates nothing and waits
 * for nobody: the scorer's thread does it between two slices.
 *
 * A scorer that has loaded goes on as the saved one would have: the same windows give the same
 * records, with the same ids, as long as no table is full. (Which key gives way in a full one
 * depends on its place, and places are not saved.) The windows that follow must be of later slices.
 */
#ifndef ADIT_SCORE_STATE_H
#define ADIT_SCORE_STATE_H

#include "adit_score.h"
#include "adit_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that adit_scorer_save writes at most; `encrypted`: rows of the table of encrypted DNS. */
size_t adit_scorer_state_bytes(const struct adit_score_params *params, uint32_t encrypted);

/* Adds the scorer's sections. False: there is nothing to be saved, as no slice is scored to its
 * end. What has no room shows in io->failed. */
bool adit_scorer_save(struct adit_scorer *scorer, struct adit_state_io *io);

/* Takes the sections of a checked file, in place of what the scorer has. What smaller tables have
 * no room for is counted in *left, the lightest or oldest first. -EINVAL, -ENOTSUP, -ENOENT or
 * -ENOMEM with a message: the scorer is then empty. At start: allocates. */
int adit_scorer_load(struct adit_scorer *scorer, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error);

/* Forgets everything without a word, as if nothing had been scored or loaded. */
void adit_scorer_forget(struct adit_scorer *scorer);

/* The last slice that was scored; 0: none. */
uint32_t adit_scorer_reached(const struct adit_scorer *scorer);

#ifdef __cplusplus
}
#endif
#endif
