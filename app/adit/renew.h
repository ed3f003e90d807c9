/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which models judge while lcores run: read again when a signal asks for it (adit run: SIGHUP), or
 * handed in by who has learned new ones. They are read beside the management thread and go to the
 * scoring core through its gate; as long as something is wrong with them, the old ones stay.
 * Management thread, but for what the job does.
 */
#ifndef ADIT_RENEW_H
#define ADIT_RENEW_H

#include "appliance.h"
#include "job.h"

struct app_renew {
	struct appliance *appliance;
	const char *command;         /* for messages */
	char learned[PATH_MAX];      /* folder of models that this run has learned; "": none */
	struct adit_judges *offered; /* on their way, or in force and not yet told; NULL: none */
	uint64_t in_force;           /* how often new ones were taken */
	/* Numbers of asks: the last one, that which is served, and the last that is answered, with
	 * what came of it. */
	unsigned long asked, serves, answered;
	int answer;
	char text[512];
	struct app_job job;
	/* the job's while it runs */
	struct adit_judges *read;
	struct adit_error error;
	int status;
};

/* Hands judges over; they are the scorer's from then on. Only if app_renew_is_free. */
void app_renew_offer(struct app_renew *renew, struct adit_judges *judges);
/* Whether nothing is being read and nothing is on its way. */
bool app_renew_is_free(const struct app_renew *renew);
/* Asks for the models of the configuration to be read again, and those that were learned. Gives the
 * number to ask for the answer by. */
unsigned long app_renew_ask(struct app_renew *renew);
/* What came of it: -EINPROGRESS, or 0 and what is in force, or -errno and why the old stays. Of a
 * later one, if that was answered since. */
int app_renew_answer(const struct app_renew *renew, unsigned long number, char text[512]);
/* Takes what has happened since, and tells it. Never blocks. */
void app_renew_poll(struct app_renew *renew);
/* When lcores have ended: waits for the job, frees what was not taken. */
void app_renew_end(struct app_renew *renew);

#endif
