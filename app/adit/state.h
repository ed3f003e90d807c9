/* SPDX-License-Identifier: BSD-3-Clause
 *
 * State over a restart: read before anything starts, taken by the scorer before lcores do, saved
 * while they run and when they have ended (lib/state says how the file looks). A file that can't be
 * used keeps no live program down: it is set aside, and told. A replay refuses it. Management
 * thread, but for app_state_pass and what the job does.
 */
#ifndef ADIT_APP_STATE_H
#define ADIT_APP_STATE_H

#include "appliance.h"
#include "job.h"

/* So far ahead of the first packet, or of the clock, the last slice may be: what comes until then
 * counts into the next one. Further ahead, the clock was set back. */
#define APP_STATE_AHEAD 6

struct app_state {
	struct appliance *appliance;
	const char *command; /* for messages */
	const char *path;    /* NULL: no state is kept */
	uint8_t *bytes;      /* what was read, until it is loaded; NULL: nothing */
	struct adit_state_file file;
	struct app_job job;
	uint64_t asked_ns; /* when it was saved last, or should have been */
	bool changed;      /* a story was opened or closed since */
	bool problem;      /* the last file could not be written */
	/* the job's while it runs */
	struct adit_error error;
	int status;
};

/* What the room for it takes; 0: none is kept. */
size_t app_state_bytes(const struct adit_config *config);

/* Reads the file of state.file, and takes its hash key. After appliance_load. -errno with a message
 * where the run can't go on: a folder that can't be written to, in replay a file that can't be
 * used. */
int app_state_open(struct app_state *state, struct adit_error *error);
/* Gives it to the scorer, makes the room for saving, and tells. After appliance_create. */
int app_state_load(struct app_state *state, struct adit_error *error);
/* A record was written. */
void app_state_verdict(struct app_state *state, const struct adit_verdict *verdict);
/* Saves from time to time: live. Never blocks. */
void app_state_poll(struct app_state *state, uint64_t now_ns);
/* When lcores have ended: saves, and waits for it. */
void app_state_end(struct app_state *state);
void app_state_close(struct app_state *state);

/* The scoring core, after a slice. Allocates nothing, makes no system call but for the time. */
void app_state_pass(struct app_scorer *scorer);

/* The slice that a timeline opens with: not one that the state has already, by a little. */
static inline uint32_t app_state_first(const struct appliance *appliance, uint32_t slice)
{
	return slice < appliance->resume && appliance->resume - slice <= APP_STATE_AHEAD
		       ? appliance->resume
		       : slice;
}

#endif
