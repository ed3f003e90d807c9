/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What replay and run take alike on their command lines.
 */
#ifndef ADIT_APP_OPTIONS_H
#define ADIT_APP_OPTIONS_H

#include "adit_config.h"

struct app_options {
	const char *command;     /* "replay" or "run" */
	const char *config_path; /* -c */
	const char *directory;   /* --out */
	const char *workers;     /* --workers */
	const char *set[ADIT_LIST_MAX];
	size_t sets;
	bool features, verbose, help;
	char **rest; /* file names */
	int rest_count;
	char **eal; /* after -- */
	int eal_count;
};

/* Parses argv. Returns 0, or -EINVAL after it said what is wrong. */
int app_options_parse(struct app_options *options, int argc, char **argv);

/* The options that both know, for the usage text. */
extern const char app_options_help[];

/* Defaults, then the file, then --set, then --workers. Returns 0 or -errno with the error. */
int app_options_config(
	const struct app_options *options, struct adit_config *config, struct adit_error *error);

#endif
