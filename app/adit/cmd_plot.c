/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit plot: pictures of rows, models and scores. Each picture has options of its own.
 */
#include "adit_app.h"
#include "plot.h"

#include <errno.h>
#include <stdlib.h>

static const struct {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} pictures[] = {
	{"scatter", "rows in a plane, with the decision boundaries of models", app_plot_scatter},
	{"roc", "recall over false positives, a curve for each model", app_plot_roc},
	{"pr", "precision over recall, a curve for each model", app_plot_pr},
	{"scores", "how often a model gives which score, with its threshold", app_plot_scores},
};

static int help(FILE *to)
{
	fputs("usage: adit plot PICTURE -o FILE [OPTIONS] [FOLDER...] TABLE...\n\n"
	      "Draws models that adit train wrote to a FOLDER, or fits made for the picture, over\n"
	      "tables of features. FILE ends in .svg or .png, which says what is drawn. PICTURE "
	      "is\n\n",
		to);
	for (size_t i = 0; i < ADIT_COUNT(pictures); i++)
		fprintf(to, "  %-9s %s\n", pictures[i].name, pictures[i].help);
	fputs("\nadit plot PICTURE --help tells more.\n", to);
	if (fflush(to) == 0)
		return ADIT_EXIT_DONE;
	fprintf(stderr, "adit plot: cannot write: %s\n", strerror(errno));
	return ADIT_EXIT_NOT_DONE;
}

int adit_cmd_plot(int argc, char **argv)
{
	const char *names[ADIT_COUNT(pictures)];

	if (argc < 2) {
		help(stderr);
		return ADIT_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help(stdout);
	for (size_t i = 0; i < ADIT_COUNT(pictures); i++) {
		names[i] = pictures[i].name;
		if (strcmp(argv[1], pictures[i].name) == 0)
			return pictures[i].run(argc - 1, argv + 1);
	}
	return app_line_refuse("plot", "there is no picture '%s': scatter, roc, pr or scores%s",
		argv[1], app_did_you_mean(argv[1], "", names, ADIT_COUNT(pictures)));
}
