/* SPDX-License-Identifier: BSD-3-Clause */
#include "reload.h"

#include "http.h"
#include "lists.h"
#include "notify.h"
#include "sinks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A place of a class that nothing has is given away after so long: windows in which its names were
 * counted have been scored many times over. */
#define REST_NS (300 * ADIT_NS_PER_S)

unsigned long app_reload_ask(struct app_reload *reload)
{
	return atomic_fetch_add(&reload->asked, 1) + 1;
}

int app_reload_answer(struct app_reload *reload, unsigned long number, char text[APP_RELOAD_TEXT])
{
	int status = -EINPROGRESS;

	pthread_mutex_lock(&reload->lock);
	text[0] = '\0';
	if (reload->answered >= number) {
		status = reload->status;
		memcpy(text, reload->text, APP_RELOAD_TEXT);
	}
	pthread_mutex_unlock(&reload->lock);
	return status;
}

bool app_reload_is_free(const struct app_reload *reload)
{
	return reload->state == APP_RELOAD_FREE && reload->offered == NULL;
}

/* The result, to people and to who asks. */
static void answer(struct app_reload *reload, int status, const char *text)
{
	pthread_mutex_lock(&reload->lock);
	reload->answered = reload->serves;
	reload->status = status;
	snprintf(reload->text, sizeof(reload->text), "%s", text);
	pthread_mutex_unlock(&reload->lock);
	fprintf(stderr, "adit %s: reload%s: %s\n", reload->command, status == 0 ? "" : " refused",
		text);
	app_notify_send("READY=1");
	reload->state = APP_RELOAD_FREE;
}

/* Sinks that are going have their settings there. */
static void put_away(struct app_reload *reload)
{
	if (reload->set == NULL)
		return;
	reload->set->older = reload->past;
	reload->past = reload->set;
	reload->set = NULL;
}

static void refuse(struct app_reload *reload, int status)
{
	char text[APP_RELOAD_TEXT];

	/* Whatever is cut, what it means is said. */
	snprintf(text, sizeof(text), "%.*s; all that was in force stays", APP_RELOAD_TEXT - 40,
		reload->error.text);
	/* New sinks end before those that they were prepared beside. */
	if (reload->set != NULL) {
		adit_sinks_destroy(reload->set->sinks);
		reload->set->sinks = NULL;
	}
	put_away(reload);
	answer(reload, status, text);
}

static void build(void *context)
{
	struct app_reload *reload = context;

	reload->job_status = app_reload_build(reload);
}

/* Places of classes that may be given away. */
static uint32_t rested(const struct app_reload *reload)
{
	uint64_t now = app_manager_clock_ns();
	uint32_t places = 0;

	for (size_t i = 0; i < ADIT_CLASS_MAX; i++)
		if (reload->vacant_ns[i] != 0 && now - reload->vacant_ns[i] > REST_NS)
			places |= UINT32_C(1) << i;
	return places;
}

static void vacant_note(struct app_reload *reload)
{
	const struct adit_pattern_set *patterns = reload->appliance->patterns;
	uint64_t now = app_manager_clock_ns();

	for (size_t i = 0; patterns != NULL && i < adit_pattern_classes(patterns); i++)
		if (adit_pattern_class(patterns, i)->tool != NULL)
			reload->vacant_ns[i] = 0;
		else if (reload->vacant_ns[i] == 0)
			reload->vacant_ns[i] = now;
}

static void begin(struct app_reload *reload)
{
	reload->serves = atomic_load(&reload->asked);
	fprintf(stderr,
		"adit %s: reload: configuration, lists, patterns and models are read again\n",
		reload->command);
	app_notify_send("RELOADING=1");
	reload->rested = rested(reload);
	reload->state = APP_RELOAD_BUILDS;
	/* Threads of new sinks are its children, and must not starve where old ones do not. */
	reload->job.keeps_priority = true;
	if (app_job_start(&reload->job, "adit-reload", build, reload, &reload->error) != 0)
		refuse(reload, -EAGAIN);
}

static void offer(struct app_reload *reload)
{
	app_gate_offer(&reload->appliance->scorer->gate, &reload->rules);
}

/* Everything was built, and from here on nothing can fail. */
static void built(struct app_reload *reload)
{
	struct app_reload_set *set = reload->set;
	struct adit_pattern_change change = {0};

	/* The new sinks' settings stand in the configuration that they are exchanged with. */
	app_http_exchange(reload->http, reload->config, &set->config);
	if (set->sinks != NULL)
		adit_sinks_exchange(reload->sinks, set->sinks);
	set->sinks = NULL;
	set->loaded.config = reload->config;
	if (set->loaded.patterns != NULL)
		change = adit_pattern_changed(set->loaded.patterns);
	reload->rules = app_score_rules(&set->loaded);
	reload->rules.forget = change.added | change.changed | change.gone;
	reload->rules.stale = change.changed | change.gone;
	reload->state = APP_RELOAD_RULES;
	offer(reload);
}

#define EXCHANGE(a, b)                    \
	do {                              \
		__typeof__(a) kept = (a); \
		(a) = (b);                \
		(b) = kept;               \
	} while (0)

/* The scoring core has the rules: workers and the spreader follow. */
static void lists_publish(struct app_reload *reload)
{
	struct appliance *appliance = reload->appliance;
	struct app_reload_set *set = reload->set;
	struct app_lists *before = appliance->lists;

	reload->token = app_lists_publish(appliance, set->lists);
	set->lists = before;
	EXCHANGE(appliance->suffixes, set->loaded.suffixes);
	EXCHANGE(appliance->patterns, set->loaded.patterns);
	EXCHANGE(appliance->allow, set->loaded.allow);
	EXCHANGE(appliance->judges, set->loaded.judges);
	reload->state = APP_RELOAD_LISTS;
}

/* Nobody reads the old ones any more. */
static void finish(struct app_reload *reload)
{
	struct app_reload_set *set = reload->set;
	char text[APP_RELOAD_TEXT];

	app_lists_destroy(set->lists);
	set->lists = NULL;
	appliance_unload(&set->loaded);
	vacant_note(reload);
	reload->in_force++;
	app_reload_words(reload, text);
	put_away(reload);
	answer(reload, 0, text);
}

/* Models alone are in force: the old ones go. */
static void exchanged(struct app_reload *reload)
{
	struct appliance *appliance = reload->appliance;
	uint64_t since_ns = appliance->scorer->gate.since * ADIT_SLICE_NS;
	time_t since = (time_t)(since_ns / ADIT_NS_PER_S);
	size_t count = adit_judges_count(reload->offered);
	char text[32] = "";
	struct tm parts;

	EXCHANGE(appliance->judges, reload->offered);
	adit_judges_destroy(reload->offered);
	reload->offered = NULL;
	reload->in_force++;
	if (gmtime_r(&since, &parts) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	fprintf(stderr, "adit %s: in force since %s UTC: %zu model%s\n", reload->command, text,
		count, count == 1 ? "" : "s");
}

void app_reload_offer(struct app_reload *reload, struct adit_judges *judges)
{
	reload->offered = judges;
	reload->rules = app_score_rules(reload->appliance);
	reload->rules.detect.judges = judges;
	offer(reload);
}

/* Sinks that have gone; the settings that they had are needed no more. */
static void sinks_sweep(struct app_reload *reload)
{
	/* Until the exchange, a new sink may wait for one of them. */
	if (reload->state == APP_RELOAD_BUILDS)
		return;
	reload->lost |= app_sinks_sweep(reload->sinks, reload->command);
	if (adit_sinks_going(reload->sinks) == 0)
		app_reload_close(reload);
}

void app_reload_poll(struct app_reload *reload)
{
	struct appliance *appliance = reload->appliance;
	bool taken = app_gate_back(&appliance->scorer->gate) != NULL;

	if (taken && reload->offered != NULL)
		exchanged(reload);
	else if (taken)
		lists_publish(reload);
	if (reload->state == APP_RELOAD_LISTS && app_lists_unread(appliance, reload->token))
		finish(reload);
	if (reload->state == APP_RELOAD_BUILDS && app_job_over(&reload->job)) {
		if (reload->job_status != 0)
			refuse(reload, reload->job_status);
		else
			built(reload);
	}
	sinks_sweep(reload);
	if (app_reload_is_free(reload) && reload->read != NULL &&
		atomic_load(&reload->asked) != reload->serves)
		begin(reload);
}

void app_reload_end(struct app_reload *reload)
{
	bool taken;

	if (reload->appliance->scorer == NULL)
		return;
	app_job_wait(&reload->job);
	taken = app_gate_back(&reload->appliance->scorer->gate) != NULL;
	if (taken && reload->offered != NULL)
		exchanged(reload);
	else if (taken)
		lists_publish(reload);
	adit_judges_destroy(reload->offered);
	reload->offered = NULL;
	/* No lcore reads anything any more. */
	if (reload->state == APP_RELOAD_LISTS)
		finish(reload);
	if (reload->state == APP_RELOAD_FREE)
		return;
	adit_error_set(&reload->error, -ECANCELED, "the program ends");
	refuse(reload, -ECANCELED);
}

void app_reload_close(struct app_reload *reload)
{
	while (reload->past != NULL) {
		struct app_reload_set *older = reload->past->older;

		app_reload_set_destroy(reload->past);
		reload->past = older;
	}
}
