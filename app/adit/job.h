/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Work beside the management thread: reading models, fitting them. A thread that is no lcore, on
 * the CPUs that lcores leave (EAL's control threads), with the least priority. One at a time for
 * each job; the management thread starts it, asks whether it is done, and takes what it left.
 */
#ifndef ADIT_JOB_H
#define ADIT_JOB_H

#include "adit_base.h"

#include <pthread.h>
#include <stdatomic.h>

struct app_job {
	void (*work)(void *context);
	void *context; /* the thread's alone until the job is done */
	pthread_t thread;
	bool keeps_priority; /* threads that it starts have what it has */
	bool started;        /* and not yet joined */
	atomic_bool done;    /* written by the thread at its end, with release */
};

/* After EAL. `name` is up to 15 characters. -errno; nothing was started then. */
int app_job_start(struct app_job *job, const char *name, void (*work)(void *context), void *context,
	struct adit_error *error);
/* True once for each job: it is over, and what it left is the caller's. Never blocks. */
bool app_job_over(struct app_job *job);
/* The same, but waits for it; false if there was none. */
bool app_job_wait(struct app_job *job);

#endif
