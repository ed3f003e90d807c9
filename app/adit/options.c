/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

const char app_options_help[] =
	"  -c, --config FILE     configuration file (adit config sample prints one)\n"
	"      --set SECTION.NAME=VALUE\n"
	"                        one option; may be given again, overrides the file\n"
	"      --out DIR         write verdicts.jsonl and stats.json there\n"
	"      --features        write windows.csv there too: every judged key with its features\n"
	"      --workers N       worker lcores (worker.count)\n"
	"  -v, --verbose         show what DPDK says\n"
	"  -h, --help            print this\n"
	"\n"
	"What follows -- goes to DPDK's environment layer (EAL).\n"
	"\n"
	"Exit status: 0 done, 1 not done (a message says what), 2 usage or configuration error.\n";

enum { OPTION_SET = 256, OPTION_OUT, OPTION_FEATURES, OPTION_WORKERS };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"set", required_argument, NULL, OPTION_SET},
	{"out", required_argument, NULL, OPTION_OUT},
	{"features", no_argument, NULL, OPTION_FEATURES},
	{"workers", required_argument, NULL, OPTION_WORKERS},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int complain(const struct app_options *options, const char *what, const char *which)
{
	const char *names[ADIT_COUNT(long_options)], *near = NULL;
	size_t count = 0;

	for (; long_options[count].name != NULL; count++)
		names[count] = long_options[count].name;
	if (strncmp(which, "--", 2) == 0)
		near = adit_nearest(which + 2, names, count);
	if (near != NULL && strcmp(near, which + 2) == 0)
		near = NULL;
	fprintf(stderr, "adit %s: %s '%s'%s%s%s\nTry: adit %s --help\n", options->command, what,
		which, near != NULL ? "; did you mean '--" : "", near != NULL ? near : "",
		near != NULL ? "'?" : "", options->command);
	return -EINVAL;
}

/* getopt would take what stands behind "--" for file names: it is EAL's. */
static int split_eal(struct app_options *options, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0) {
			options->eal = argv + i + 1;
			options->eal_count = argc - i - 1;
			return i;
		}
	return argc;
}

int app_options_parse(struct app_options *options, int argc, char **argv)
{
	int choice;

	argc = split_eal(options, argc, argv);
	opterr = 0;
	optind = 1;
	while ((choice = getopt_long(argc, argv, ":c:vh", long_options, NULL)) != -1) {
		switch (choice) {
		case 'c':
			options->config_path = optarg;
			break;
		case OPTION_SET:
			if (options->sets == ADIT_LIST_MAX)
				return complain(options, "too many --set, at", optarg);
			options->set[options->sets++] = optarg;
			break;
		case OPTION_OUT:
			options->directory = optarg;
			break;
		case OPTION_FEATURES:
			options->features = true;
			break;
		case OPTION_WORKERS:
			options->workers = optarg;
			break;
		case 'v':
			options->verbose = true;
			break;
		case 'h':
			options->help = true;
			return 0;
		case ':':
			return complain(options, "a value is missing after", argv[optind - 1]);
		default:
			return complain(options, "there is no option", argv[optind - 1]);
		}
	}
	options->rest = argv + optind;
	options->rest_count = argc - optind;
	if (options->features && options->directory == NULL)
		return complain(options, "--out DIR is needed with", "--features");
	return 0;
}

int app_options_config(
	const struct app_options *options, struct adit_config *config, struct adit_error *error)
{
	int status = 0;

	if (options->config_path != NULL)
		status = adit_config_read(config, options->config_path, error);
	for (size_t i = 0; i < options->sets && status == 0; i++)
		status = adit_config_set(config, options->set[i], error);
	if (status == 0 && options->workers != NULL) {
		char text[64];

		snprintf(text, sizeof(text), "worker.count=%s", options->workers);
		status = adit_config_set(config, text, error);
	}
	return status;
}
