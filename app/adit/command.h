/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The course that replay and run share: options, configuration, lists, EAL, what the lcores need,
 * lcores, management thread, report. What differs between them are the steps below.
 */
#ifndef ADIT_APP_COMMAND_H
#define ADIT_APP_COMMAND_H

#include "appliance.h"

struct app_options {
	const char *config_path; /* -c */
	const char *directory;   /* --out */
	const char *workers;     /* --workers */
	const char *learn;       /* --learn */
	const char *set[ADIT_LIST_MAX];
	size_t sets;
	bool features, merge, serve, verbose, help;
	char **rest; /* file names */
	int rest_count;
	char **eal; /* after -- */
	int eal_count;
};

struct app_command {
	const char *name;    /* "replay" or "run" */
	const char *usage;   /* above the options */
	const char *options; /* of its own, as lines of the help */
	bool live;
	/* Each returns 0 or -errno with the error. Before anything starts: what the user gave is
	 * wrong (exit status 2), and whether a spreader is needed. */
	int (*check)(const struct app_options *options, const struct adit_config *config,
		struct adit_error *error);
	bool (*needs_spreader)(const struct adit_config *config);
	/* After EAL; `open` before pools and rings are made, `start` after. */
	int (*open)(struct appliance *appliance, struct adit_error *error);
	int (*start)(struct appliance *appliance, const struct app_options *options,
		struct adit_error *error);
};

/* Runs the command; returns its exit status. */
int app_command_run(const struct app_command *command, int argc, char **argv);

#endif
