/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A copy of what the scoring core remembers, made by it between two slices, into room that is there
 * from the start; then the room is the management thread's, which has it written. Workers do not
 * wait: live they go on in their open window. The room has one owner at any time:
 *
 *   none    the management thread's; it asks (release)
 *   asked   the scoring core's, at its next slice: it saves, and says so (release)
 *   full    the management thread's, until it says none
 */
#ifndef ADIT_SNAPSHOT_H
#define ADIT_SNAPSHOT_H

#include "adit_state.h"

#include <stdatomic.h>

enum app_snapshot_turn { APP_SNAPSHOT_NONE, APP_SNAPSHOT_ASKED, APP_SNAPSHOT_FULL };

struct app_snapshot {
	/* Written before lcores start: */
	uint8_t *room; /* NULL: no state is kept */
	size_t room_bytes;
	/* Written in turn: */
	atomic_int turn; /* enum app_snapshot_turn */
	size_t size;     /* of what was saved; 0: it had no room */
	uint64_t took_ns;
	/* The scoring core's, once: what was loaded is of later slices than what came. */
	atomic_bool discarded;
};

#endif
