/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit ctl: asks a program that runs, and tells it what to do.
 */
#include "adit_app.h"
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Longer than a program takes its time for an order. */
#define WAIT_MS 90000

/* Options of their own, a bit each. */
enum { HAS_REASON = 1, HAS_UNTIL = 2, HAS_FORCE = 4, HAS_ALL = 8, HAS_FOR = 16 };
#define OWN_MOST 3

struct verb {
	const char *name;
	const char *help;   /* a line */
	const char *usage;  /* what its help begins with */
	size_t least, most; /* operands */
	unsigned options;
	/* 0 or -errno, as app_client_ask gives them; -EINVAL for what was given. */
	int (*ask)(struct app_ctl *ctl, json_t **answer, struct adit_error *error);
	void (*print)(const struct app_ctl *ctl, const json_t *answer);
};

static const struct verb verbs[] = {
	{"status", "tell how it gets on",
		"usage: adit ctl status [OPTIONS]\n"
		"\n"
		"Tells version and uptime, whether each lcore gets on, packets and what was lost,\n"
		"how far behind windows are, verdicts, and what is in force: models, patterns,\n"
		"mutes.\n",
		0, 0, 0, app_ctl_ask_status, app_ctl_print_status},
	{"reload", "read again what can change while it runs",
		"usage: adit ctl reload [OPTIONS]\n"
		"\n"
		"Asks for what SIGHUP asks for, and waits until it is known whether the new is in\n"
		"force, or why the old stays.\n",
		0, 0, 0, app_ctl_ask_reload, app_ctl_print_detail},
	{"mute", "have a domain alarm nobody for a while",
		"usage: adit ctl mute DOMAIN --reason TEXT --until TIME [OPTIONS]\n"
		"\n"
		"What is found of the domain, and of all below it, is still recorded, with a "
		"mark;\n"
		"but it is in no response policy zone, alarms by no sink, and metrics count it by\n"
		"itself. Who, when, why and until when is kept.\n",
		1, 1, HAS_REASON | HAS_UNTIL | HAS_FORCE, app_ctl_ask_mute, app_ctl_print_mute},
	{"unmute", "end the mute of a domain before its time",
		"usage: adit ctl unmute DOMAIN --reason TEXT [OPTIONS]\n"
		"\n"
		"What is found of the domain from now on goes where it went before.\n",
		1, 1, HAS_REASON, app_ctl_ask_unmute, app_ctl_print_mute},
	{"mutes", "list mutes: who, when, why, until when",
		"usage: adit ctl mutes [OPTIONS]\n"
		"\n"
		"Lists the mutes that are in force, the newest first.\n",
		0, 0, HAS_ALL, app_ctl_ask_mutes, app_ctl_print_mutes},
	{"dump", "write rows of windows.csv to a file for a while",
		"usage: adit ctl dump windows [OPTIONS]\n"
		"\n"
		"Every key that is judged in that time, with its features, goes to a file in the\n"
		"output directory of the program, also if --features was not given. The answer\n"
		"names it. When there are more at a time than the queue of verdicts holds, rows "
		"are\n"
		"left out: adit ctl status counts them (rows_dropped).\n",
		1, 1, HAS_FOR, app_ctl_ask_dump, app_ctl_print_dump},
	{"rotate", "begin new files of verdicts",
		"usage: adit ctl rotate [OPTIONS]\n"
		"\n"
		"verdicts.jsonl of the output directory stays under a name with the time, and\n"
		"begins anew; so do the files of sinks of type jsonl, as when they have grown.\n",
		0, 0, 0, app_ctl_ask_rotate, app_ctl_print_rotate},
	{"log", "say how much is told on standard error",
		"usage: adit ctl log LEVEL [OPTIONS]\n"
		"\n"
		"LEVEL is off, error, warning, notice, info or debug: what DPDK and its drivers\n"
		"say up to there goes to standard error of the program; with debug so does a line\n"
		"for each record of a verdict. What the program itself has to tell is told at any\n"
		"level.\n",
		1, 1, 0, app_ctl_ask_log, app_ctl_print_detail},
	{"learn", "learn what is ordinary here, as --learn does",
		"usage: adit ctl learn DURATION [OPTIONS]\n"
		"\n"
		"Begins to learn, for so long (24h, 30m, 45s): svm and envelope are then fitted,\n"
		"written to the output directory of the program, and judge beside the others. One\n"
		"at a time.\n",
		1, 1, 0, app_ctl_ask_learn, app_ctl_print_learn},
	{"models", "load models while it runs",
		"usage: adit ctl models load [DIR] [OPTIONS]\n"
		"\n"
		"Reads the model of a folder, or those of all folders in DIR, in place of the "
		"ones\n"
		"that judge; without DIR as adit ctl reload. When something is wrong with them,\n"
		"the old ones stay in force. A reload later takes those of the configuration.\n",
		1, 2, 0, app_ctl_ask_models, app_ctl_print_models},
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
	int status = app_client_open(&ctl->client, WAIT_MS, &error), end;

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
		return ctl->client.status == 400 ? ADIT_EXIT_USAGE : ADIT_EXIT_NOT_DONE;
	}
	if (json_is_false(json_object_get(answer, "done"))) {
		fprintf(stderr, "adit %s: %s\n", name,
			json_string_value(json_object_get(answer, "detail")));
		json_decref(answer);
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
