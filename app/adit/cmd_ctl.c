/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit ctl: asks a program that runs, and tells it what to do.
 */
#include "adit_app.h"
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Options of their own, a bit each. */
enum { HAS_REASON = 1, HAS_UNTIL = 2, HAS_FORCE = 4, HAS_ALL = 8, HAS_FOR = 16 };
#define OWN_MOST 3

struct verb {
	const char *name;
	const char *help;   /* a line */
	const char *usage;  /* what its help begins with */
	size_t least, most; /* operands */
	unsigned options;
	unsigned wait_s; /* for the answer */
	/* 0 or -errno, as app_client_ask gives them; -EINVAL for what was given. */
	int (*ask)(struct app_ctl *ctl, json_t **answer, struct adit_error *error);
	void (*print)(const struct app_ctl *ctl, const json_t *answer);
};

static int ask_status(struct app_ctl *ctl, json_t **answer, struct adit_error *error)
{
	return app_client_get(&ctl->client, "/api/v1/status", answer, error);
}

static const struct verb verbs[] = {
	{"status", "tell how it gets on",
		"usage: adit ctl status [OPTIONS]\n"
		"\n"
		"Tells version and uptime, whether each lcore gets on, packets and what was lost,\n"
		"how far behind windows are, verdicts, and what is in force: models, patterns,\n"
		"mutes.\n",
		0, 0, 0, 30, ask_status, app_ctl_print_status},
};

static int help(FILE *to)
{
	fputs("usage: adit ctl COMMAND [OPTIONS] [ARGUMENTS]\n\n"
	      "Asks a program that runs (adit run), over its control socket, and tells it what to "
	      "do.\n"
	      "COMMAND is\n\n",
		to);
	for (size_t i = 0; i < ADIT_COUNT(verbs); i++)
		fprintf(to, "  %-9s %s\n", verbs[i].name, verbs[i].help);
	fputs("\nadit ctl COMMAND --help tells more.\n\n"
	      "Exit status: 0 done, 1 not done (a message says why), 2 usage.\n",
		to);
	if (fflush(to) == 0)
		return ADIT_EXIT_DONE;
	fprintf(stderr, "adit ctl: cannot write: %s\n", strerror(errno));
	return ADIT_EXIT_NOT_DONE;
}

static size_t own_options(struct app_ctl *ctl, unsigned has, struct app_option *options)
{
	const struct {
		unsigned bit;
		struct app_option option;
	} rows[] = {
		{HAS_REASON, {"reason", 'r', APP_TEXT, "TEXT", "why: for the audit trail; needed",
				     &ctl->reason, 0, 0, false}},
		{HAS_UNTIL, {"until", 'u', APP_TEXT, "TIME",
				    "2026-12-31T00:00:00Z, or how long from now: 45m, 12h, 7d; "
				    "needed",
				    &ctl->until, 0, 0, false}},
		{HAS_FORCE, {"force", 0, APP_FLAG, NULL,
				    "also a public suffix, or a name that no record is about",
				    &ctl->force, 0, 0, false}},
		{HAS_ALL, {"all", 'a', APP_FLAG, NULL, "those that have ended too", &ctl->all, 0, 0,
				  false}},
		{HAS_FOR,
			{"for", 0, APP_TEXT, "DURATION", "for so long: 45s, 10m, 2h (default: 1m)",
				&ctl->duration, 0, 0, false}},
	};
	size_t count = 0;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++)
		if (has & rows[i].bit)
			options[count++] = rows[i].option;
	return count;
}

static int answer_print(
	const struct verb *verb, const struct app_ctl *ctl, const json_t *answer, const char *name)
{
	if (!ctl->json)
		verb->print(ctl, answer);
	else if (json_dumpf(answer, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0)
		putchar('\n');
	if (fflush(stdout) == 0 && !ferror(stdout))
		return ADIT_EXIT_DONE;
	fprintf(stderr, "adit %s: cannot write: %s\n", name, strerror(errno));
	return ADIT_EXIT_NOT_DONE;
}

static int run(const struct verb *verb, struct app_ctl *ctl, const char *name)
{
	struct adit_error error = {"out of memory"};
	json_t *answer = NULL;
	int status = app_client_open(&ctl->client, verb->wait_s * 1000, &error), end;

	if (status != 0 && status != -ENOMEM) {
		app_client_close(&ctl->client);
		return app_line_refuse(name, "%s", error.text);
	}
	if (status == 0)
		status = verb->ask(ctl, &answer, &error);
	app_client_close(&ctl->client);
	if (status == -EINVAL)
		return app_line_refuse(name, "%s", error.text);
	if (status != 0) {
		fprintf(stderr, "adit %s: %s\n", name, error.text);
		return ADIT_EXIT_NOT_DONE;
	}
	end = answer_print(verb, ctl, answer, name);
	json_decref(answer);
	return end;
}

static int verb_run(const struct verb *verb, int argc, char **argv)
{
	struct app_ctl ctl = {.json = false};
	struct app_option own[OWN_MOST + 1], where[APP_CLIENT_OPTIONS];
	size_t own_count = own_options(&ctl, verb->options, own);
	char name[32];
	int status;

	own[own_count++] = (struct app_option){"json", 'j', APP_FLAG, NULL,
		"print the answer as it is, for programs", &ctl.json, 0, 0, false};
	snprintf(name, sizeof(name), "ctl %s", verb->name);
	ctl.line = (struct app_line){.command = name,
		.usage = verb->usage,
		.closing = "adit ctl --help lists the other commands.\n",
		.groups = {{"Options", own, own_count},
			{"Which program", where, app_client_options(&ctl.client, where)}}};
	status = app_line_parse(&ctl.line, argc, argv);
	if (status >= 0)
		return status;
	if (ctl.line.operand_count > verb->most)
		return app_line_refuse(name, "'%s' is not expected", ctl.line.operands[verb->most]);
	if (ctl.line.operand_count < verb->least)
		return app_line_refuse(name, "an argument is missing");
	return run(verb, &ctl, name);
}

int adit_cmd_ctl(int argc, char **argv)
{
	const char *names[ADIT_COUNT(verbs)];

	if (argc < 2) {
		help(stderr);
		return ADIT_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help(stdout);
	for (size_t i = 0; i < ADIT_COUNT(verbs); i++) {
		names[i] = verbs[i].name;
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verb_run(&verbs[i], argc - 1, argv + 1);
	}
	return app_line_refuse("ctl", "there is no command '%s'%s", argv[1],
		app_did_you_mean(argv[1], "", names, ADIT_COUNT(verbs)));
}
