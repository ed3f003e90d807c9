/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Command lines from tables: a row is an option, its line of the help and where its value goes.
 * For the sub-commands that take many options and no configuration file.
 */
#ifndef ADIT_ARGUMENTS_H
#define ADIT_ARGUMENTS_H

#include "adit_app.h"
#include "adit_base.h"

#include <stdio.h>

#define APP_TEXTS_MAX  1024
#define APP_GROUPS_MAX 4

enum app_option_type {
	APP_FLAG,   /* bool */
	APP_TEXT,   /* const char * */
	APP_TEXTS,  /* struct app_texts: may be given again */
	APP_NUMBER, /* double */
	APP_COUNT   /* uint64_t */
};

struct app_texts {
	const char *text[APP_TEXTS_MAX];
	size_t count;
};

struct app_option {
	const char *name;
	char letter; /* 0: none */
	enum app_option_type type;
	const char *value; /* what the help calls its value; NULL of a flag */
	const char *help;  /* lines parted by '\n' */
	void *to;
	double low, high; /* of numbers and counts, both allowed */
	bool given;       /* set by the parser */
};

struct app_option_group {
	const char *title;
	struct app_option *options;
	size_t count;
};

struct app_line {
	const char *command; /* "train" */
	const char *usage;   /* what the help begins with, … */
	const char *closing; /* … and ends with */
	struct app_option_group groups[APP_GROUPS_MAX];
	char **operands; /* set by the parser: what is no option */
	size_t operand_count;
};

/* Reads the arguments (argv[0] is the command's name) into what the options point to. -1: go on;
 * otherwise the exit status: help was printed, or a message said what is wrong. */
int app_line_parse(struct app_line *line, int argc, char **argv);

/* Puts a value where the option points to; `text` stays with the caller. -EINVAL with a message. */
int app_option_take(struct app_option *option, const char *text, struct adit_error *error);

/* "adit COMMAND: WHAT" and where help is; gives ADIT_EXIT_USAGE. */
int app_line_refuse(const char *command, const char *format, ...) ADIT_PRINTF(2, 3);

/* "; did you mean 'X'?" for a word that is not among the names, `before` in front of it, or "". The
 * text is static. */
const char *app_did_you_mean(
	const char *word, const char *before, const char *const *names, size_t count);

/* Cuts a copy at each `by`; blanks around the parts are left out. The parts point into the copy,
 * which `*copy` gives for free(). -EINVAL for more than APP_TEXTS_MAX or for an empty part,
 * -ENOMEM. */
int app_split(const char *text, char by, struct app_texts *parts, char **copy);

bool app_read_number(const char *text, double *number);

/* "24h", "30m", "45s", "7d": to seconds, of 10 s to 366 days. `what` is named in the message. 0 or
 * -EINVAL. */
int app_read_duration(
	const char *what, const char *text, uint32_t *seconds, struct adit_error *error);
/* "3 d 4 h", "5 min 6 s", for people. Gives `text`. */
const char *app_duration_text(uint64_t seconds, char text[40]);

/* What a failed call means for the exit status: what was given was wrong, or it could not be
 * done. */
int app_exit_status(int error);

#endif
