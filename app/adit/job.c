/* SPDX-License-Identifier: BSD-3-Clause */
#include "job.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_lcore.h>

#define LEAST_PRIORITY 19

static void *job_main(void *argument)
{
	struct app_job *job = argument;

	/* On Linux a thread has a priority of its own. What is refused only costs others time. */
	if (!job->keeps_priority)
		(void)setpriority(PRIO_PROCESS, (id_t)gettid(), LEAST_PRIORITY);
	job->work(job->context);
	atomic_store_explicit(&job->done, true, memory_order_release);
	return NULL;
}

int app_job_start(struct app_job *job, const char *name, void (*work)(void *context), void *context,
	struct adit_error *error)
{
	int status;

	job->work = work;
	job->context = context;
	atomic_store(&job->done, false);
	status = rte_ctrl_thread_create(&job->thread, name, NULL, job_main, job);
	job->started = status == 0;
	if (status != 0)
		return adit_error_set(
			error, status, "no thread can be started: %s", strerror(-status));
	return 0;
}

bool app_job_wait(struct app_job *job)
{
	if (!job->started)
		return false;
	pthread_join(job->thread, NULL);
	job->started = false;
	return true;
}

bool app_job_over(struct app_job *job)
{
	return job->started && atomic_load_explicit(&job->done, memory_order_acquire) &&
	       app_job_wait(job);
}
