/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit: one program, a sub-command per job.
 */
#include "adit_app.h"
#include "adit_config.h"

#include <stdio.h>
#include <string.h>

/* Of jemalloc: pages of 2 MiB. Rows are read here and there in hundreds of megabytes, and with
 * pages of 4 KiB most of that time goes into translating addresses. MALLOC_CONF in the environment
 * is stronger. */
extern const char *malloc_conf;
const char *malloc_conf = "thp:always";

static const struct {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"run", "find tunnels on live ports", adit_cmd_run},
	{"ctl", "ask a program that runs, and tell it what to do", adit_cmd_ctl},
	{"top", "show what a program that runs finds, live", adit_cmd_top},
	{"replay", "find tunnels in captures, through the same pipeline", adit_cmd_replay},
	{"logscan", "find tunnels in DNS logs", adit_cmd_logscan},
	{"dataset", "make a table of the queries in captures, for machine learning",
		adit_cmd_dataset},
	{"bench", "measure what a packet costs, stage by stage", adit_cmd_bench},
	{"config", "print or check options", adit_cmd_config},
	{"state", "tell what a state file holds", adit_cmd_state},
	{"doctor", "tell what is wrong with this machine for adit run", adit_cmd_doctor},
	{"train", "fit a model to tables of features", adit_cmd_train},
	{"predict", "score the rows of tables by a model", adit_cmd_predict},
	{"evaluate", "tell how good a model is on labelled tables", adit_cmd_evaluate},
	{"plot", "draw rows, boundaries, curves and scores of models", adit_cmd_plot},
};

static void usage(FILE *to)
{
	fputs("usage: adit COMMAND [ARGUMENTS]\n\n"
	      "Finds DNS tunnels in carrier traffic: which subscriber tunnels through which "
	      "domain.\n\n",
		to);
	for (size_t i = 0; i < ADIT_COUNT(commands); i++)
		fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].help);
	fputs("\nadit COMMAND --help tells more. adit --version prints the version.\n", to);
}

int main(int argc, char **argv)
{
	const char *names[ADIT_COUNT(commands)], *near;

	if (argc < 2) {
		usage(stderr);
		return ADIT_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return ADIT_EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("adit " ADIT_VERSION);
		return ADIT_EXIT_DONE;
	}
	for (size_t i = 0; i < ADIT_COUNT(commands); i++) {
		names[i] = commands[i].name;
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	near = adit_nearest(argv[1], names, ADIT_COUNT(commands));
	fprintf(stderr, "adit: there is no command '%s'%s%s%s\nTry: adit --help\n", argv[1],
		near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
		near != NULL ? "'?" : "");
	return ADIT_EXIT_USAGE;
}
