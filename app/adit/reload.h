/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is in force while lcores run, and how something else comes to be: the configuration is read
 * again with all files that it names, beside the management thread; what came of it goes to the
 * scoring core through its gate, then to workers and spreader by their lists, and what nobody reads
 * any more is freed. As long as something is wrong with it, all of the old stays.
 *
 * Rules go first: the classes of the new patterns have the places of the old ones, so the scoring
 * core understands what workers count by either, and what it must forget, it forgets before
 * somebody counts under that place.
 *
 * Management thread, but where it says otherwise.
 */
#ifndef ADIT_RELOAD_H
#define ADIT_RELOAD_H

#include "appliance.h"
#include "job.h"

#include "adit_sink.h"

#include <pthread.h>

#define APP_RELOAD_TEXT 1024

struct app_http;

enum app_reload_state {
	APP_RELOAD_FREE,
	APP_RELOAD_BUILDS, /* the job runs */
	APP_RELOAD_RULES,  /* the scoring core has not taken the rules yet */
	APP_RELOAD_LISTS   /* some lcore may read the old lists */
};

/* What is built beside what is in force; after the exchange, what was in force before. */
struct app_reload_set {
	struct adit_config config;
	struct appliance loaded; /* lists, patterns, models: as by appliance_load */
	struct app_lists *lists;
	struct adit_sinks *sinks; /* prepared; NULL: none */
	struct adit_config_names reloads, restarts;
	unsigned sinks_new, sinks_gone;
	struct app_reload_set *older; /* of those whose sinks are going */
};

struct app_reload {
	struct appliance *appliance;
	const char *command; /* for messages */
	/* The configuration as the command line has it, from defaults on; NULL: nothing but models
	 * that are offered can change. Any thread. */
	int (*read)(const void *context, struct adit_config *config, struct adit_error *error);
	const void *context;
	struct adit_config *config; /* appliance->config */
	struct adit_sinks *sinks;   /* NULL: none are run */
	struct app_http *http;      /* NULL: none */
	char learned[PATH_MAX];     /* folder of models that this run has learned; "": none */
	enum app_reload_state state;
	struct app_reload_set *set;  /* on its way; NULL: none */
	struct app_reload_set *past; /* kept for sinks that are going */
	struct adit_score_rules rules;
	struct adit_judges *offered; /* models alone, on their way; NULL: none */
	uint64_t in_force;           /* how often something new was taken */
	bool lost;                   /* a sink that went has lost records */
	uint64_t token;
	uint64_t vacant_ns[ADIT_CLASS_MAX]; /* since when a class's place is; 0: it is not */
	atomic_ulong asked;                 /* any thread */
	unsigned long serves;               /* the last ask that the one on its way answers */
	/* The result: under the lock. */
	pthread_mutex_t lock;
	unsigned long answered;
	int status;
	char text[APP_RELOAD_TEXT];
	/* the job's while it runs */
	struct app_job job;
	uint32_t rested;
	struct adit_error error;
	int job_status;
};

/* Asks for a reload. One that runs is followed by another. Gives the number to ask for the answer
 * by. Any thread, signal handlers too. */
unsigned long app_reload_ask(struct app_reload *reload);
/* What came of it: -EINPROGRESS, or 0 and what is in force, or -errno and why the old stays. Of a
 * later one, if that was answered since. Any thread. */
int app_reload_answer(struct app_reload *reload, unsigned long number, char text[APP_RELOAD_TEXT]);

/* Whether nothing is being read and nothing is on its way. */
bool app_reload_is_free(const struct app_reload *reload);
/* Hands models over that take the place of those in force. Only if app_reload_is_free. */
void app_reload_offer(struct app_reload *reload, struct adit_judges *judges);
/* Goes on with what is on its way, begins what was asked for, and tells it. Never blocks. */
void app_reload_poll(struct app_reload *reload);
/* When lcores have ended: waits for the job, frees what was not taken. */
void app_reload_end(struct app_reload *reload);
/* Once sinks have ended. */
void app_reload_close(struct app_reload *reload);

/* reload_build.c, the job: builds reload->set; 0 or -errno with the error. */
int app_reload_build(struct app_reload *reload);
void app_reload_set_destroy(struct app_reload_set *set);
/* What is in force now, and what changed, for a person. */
void app_reload_words(const struct app_reload *reload, char text[APP_RELOAD_TEXT]);

#endif
