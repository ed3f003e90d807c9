/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The management thread: the only one that blocks, writes and talks to people. It takes verdicts
 * from the scoring lcore, writes them as they come, shows progress, watches for signals, and tells
 * how it went.
 */
#ifndef ADIT_MANAGER_H
#define ADIT_MANAGER_H

#include "appliance.h"
#include "identity.h"
#include "learn.h"
#include "mutes.h"
#include "notify.h"
#include "sinks.h"

struct app_manager {
	struct appliance *appliance;
	const char *command;   /* "replay" or "run", for messages */
	const char *directory; /* of the outputs; NULL: none */
	bool features;         /* windows.csv is wanted */
	bool silent;           /* no word while it runs: neither progress nor self-checks */
	bool progress;         /* is shown: standard error is a terminal */
	FILE *verdicts, *windows, *encrypted;
	struct app_identity identity;
	struct app_renew renew;
	struct app_learn learn;
	struct app_mutes mutes;
	struct app_notify notify;
	struct adit_verdict_board *board;
	struct adit_sinks *sinks; /* NULL: none */
	struct app_http *http;    /* http.h; NULL: none */
	/* Called for each verdict whose line is written; NULL: not. */
	void (*written)(void *context, const struct adit_verdict *verdict);
	void *context;
	bool problem;            /* something could not be written */
	const char *told[8];     /* of what has failed; NULL: none further */
	struct adit_error error; /* the first such */
	uint64_t started_ns, ended_ns;
};

/* Makes the directory and the files in it. Before EAL. Returns 0 or -errno. */
int app_manager_open(struct app_manager *manager, struct adit_error *error);
/* Works until every lcore has ended and every message is written. */
void app_manager_run(struct app_manager *manager);
/* Writes stats.json, draws the table, says what went wrong. Returns the exit status. */
int app_manager_finish(struct app_manager *manager);
void app_manager_close(struct app_manager *manager);

/* Makes a directory and those above it. 0 or -errno. */
int app_directory_make(const char *path, struct adit_error *error);
/* Columns of the terminal, or of what has none. */
unsigned app_terminal_width(void);

/* The clock of started_ns and ended_ns. */
uint64_t app_manager_clock_ns(void);
/* Waits until a signal asks for the end. */
void app_manager_linger(struct app_manager *manager);

/* report.c: stats.json, and the summary for a person. What ports counted is as of the last
 * app_ports_count, in app_report_write, which any thread may call while it runs: then `complete` is
 * false. */
int app_report_write(const struct app_manager *manager, const char *problem, FILE *to);
int app_report_stats(struct app_manager *manager, const char *problem);
void app_report_summary(struct app_manager *manager);
uint64_t app_report_received(const struct appliance *appliance);

#endif
