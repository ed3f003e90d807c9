/* SPDX-License-Identifier: BSD-3-Clause */
#include "renew.h"

#include "notify.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

void app_renew_offer(struct app_renew *renew, struct adit_judges *judges)
{
	renew->offered = judges;
	app_gate_offer(&renew->appliance->scorer->gate, judges);
}

bool app_renew_is_free(const struct app_renew *renew)
{
	return renew->offered == NULL && !renew->job.started;
}

static void read_models(void *context)
{
	struct app_renew *renew = context;

	renew->status = app_models_load(
		renew->appliance->config, renew->learned, &renew->read, &renew->error);
}

static void answer(struct app_renew *renew, int status, const char *text);

static void tell_refused(struct app_renew *renew)
{
	answer(renew, -EINVAL, renew->error.text);
	fprintf(stderr, "adit %s: %s; the models that judged before stay in force\n",
		renew->command, renew->error.text);
	app_notify_send("READY=1");
}

/* What came of the ask that is served. */
static void answer(struct app_renew *renew, int status, const char *text)
{
	if (renew->serves == 0)
		return;
	renew->answered = renew->serves;
	renew->serves = 0;
	renew->answer = status;
	snprintf(renew->text, sizeof(renew->text), "%s", text);
}

unsigned long app_renew_ask(struct app_renew *renew)
{
	return ++renew->asked;
}

int app_renew_answer(const struct app_renew *renew, unsigned long number, char text[512])
{
	if (renew->answered < number)
		return -EINPROGRESS;
	snprintf(text, 512, "%s", renew->text);
	return renew->answer;
}

static void read_again(struct app_renew *renew)
{
	renew->serves = renew->asked;
	fprintf(stderr, "adit %s: models are read again\n", renew->command);
	app_notify_send("RELOADING=1");
	renew->read = NULL;
	if (app_job_start(&renew->job, "adit-models", read_models, renew, &renew->error) != 0)
		tell_refused(renew);
}

/* New ones are in force: the old ones go. */
static void exchanged(struct app_renew *renew, struct adit_judges *before)
{
	struct appliance *appliance = renew->appliance;
	uint64_t since_ns = appliance->scorer->gate.since * ADIT_SLICE_NS;
	time_t since = (time_t)(since_ns / ADIT_NS_PER_S);
	size_t count = adit_judges_count(renew->offered);
	char text[32] = "", words[128];
	struct tm parts;

	adit_judges_destroy(before);
	appliance->judges = renew->offered;
	renew->offered = NULL;
	renew->in_force++;
	if (gmtime_r(&since, &parts) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	snprintf(words, sizeof(words), "in force since %s UTC: %zu model%s", text, count,
		count == 1 ? "" : "s");
	fprintf(stderr, "adit %s: %s\n", renew->command, words);
	answer(renew, 0, words);
	app_notify_send("READY=1");
}

void app_renew_poll(struct app_renew *renew)
{
	struct adit_judges *before = app_gate_back(&renew->appliance->scorer->gate);

	if (before != NULL)
		exchanged(renew, before);
	if (app_job_over(&renew->job)) {
		if (renew->status != 0)
			tell_refused(renew);
		else
			app_renew_offer(renew, renew->read);
	}
	if (renew->asked > renew->answered && renew->serves == 0 && app_renew_is_free(renew) &&
		renew->asked != 0)
		read_again(renew);
}

void app_renew_end(struct app_renew *renew)
{
	if (renew->appliance->scorer == NULL)
		return;
	if (app_job_wait(&renew->job) && renew->status == 0)
		adit_judges_destroy(renew->read);
	app_renew_poll(renew);
	if (renew->offered != NULL)
		adit_judges_destroy(renew->offered);
	renew->offered = NULL;
}
