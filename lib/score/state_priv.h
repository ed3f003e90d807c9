/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The state file's sections of the scoring core, a pair of functions for each table. Private to
 * lib/score. Saving is the scorer's thread's; loading, at start, takes the table as it is after its
 * reset, and gives 0 or -errno with a message.
 */
#ifndef ADIT_STATE_PRIV_H
#define ADIT_STATE_PRIV_H

#include "adit_codec.h"
#include "adit_score_state.h"
#include "score_priv.h"

size_t adit_seen_state_bytes(uint32_t domains, uint32_t servers);
void adit_seen_save(struct adit_seen *seen, struct adit_state_io *io);
int adit_seen_load(struct adit_seen *seen, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error);

size_t adit_bursts_state_bytes(uint32_t places);
void adit_bursts_save(struct adit_bursts *bursts, struct adit_state_io *io);
int adit_bursts_load(struct adit_bursts *bursts, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error);

size_t adit_sessions_state_bytes(uint32_t capacity);
void adit_sessions_save(struct adit_sessions *sessions, struct adit_state_io *io);
int adit_sessions_load(struct adit_sessions *sessions, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error);
void adit_sessions_reset(struct adit_sessions *sessions);

size_t adit_blind_state_bytes(uint32_t capacity);
void adit_blind_save(struct adit_blind *blind, struct adit_state_io *io);
int adit_blind_load(struct adit_blind *blind, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error);

size_t adit_stories_state_bytes(uint32_t stories);
void adit_stories_save(struct adit_scorer *scorer, struct adit_state_io *io);
int adit_stories_load(struct adit_scorer *scorer, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error);

/* A text of up to 255 octets: NULL is saved as "", and loaded with a zero at its end. */
#define STATE_TEXT 256
static inline void state_text_save(struct adit_state_io *io, const char *text)
{
	uint8_t size = text != NULL ? (uint8_t)strnlen(text, STATE_TEXT - 1) : 0;

	adit_state_u8(io, &size);
	if (size != 0)
		adit_state_bytes(io, (void *)(uintptr_t)text, size);
}
static inline void state_text_load(struct adit_state_io *io, char text[STATE_TEXT])
{
	uint8_t size = 0;

	adit_state_u8(io, &size);
	adit_state_bytes(io, text, size);
	text[size] = '\0';
}

#endif
