/* SPDX-License-Identifier: BSD-3-Clause */
#include "command.h"

#include "adit_app.h"
#include "arguments.h"
#include "http.h"
#include "manager.h"
#include "memory.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

static const char options_help[] =
	"  -c, --config FILE     configuration file (adit config sample prints one)\n"
	"      --set SECTION.NAME=VALUE\n"
	"                        one option; may be given again, overrides the file\n"
	"      --out DIR         write verdicts.jsonl, encrypted.csv and stats.json there\n"
	"      --features        write windows.csv there too: every judged key with its features\n"
	"      --learn DURATION  learn what is ordinary here for so long (24h, 30m, 45s), write "
	"svm\n"
	"                        and envelope to DIR/learned, and judge by them from then on\n"
	"%s"
	"      --workers N       worker lcores (worker.count)\n"
	"  -v, --verbose         show what DPDK says\n"
	"  -h, --help            print this\n"
	"\n"
	"What follows -- goes to DPDK's environment layer (EAL).\n"
	"\n"
	"Exit status: 0 done, 1 not done (a message says what), 2 usage or configuration error.\n";

enum {
	OPTION_SET = 256,
	OPTION_OUT,
	OPTION_FEATURES,
	OPTION_LEARN,
	OPTION_MERGE,
	OPTION_SERVE,
	OPTION_WORKERS
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"set", required_argument, NULL, OPTION_SET},
	{"out", required_argument, NULL, OPTION_OUT},
	{"features", no_argument, NULL, OPTION_FEATURES},
	{"learn", required_argument, NULL, OPTION_LEARN},
	{"merge", no_argument, NULL, OPTION_MERGE},
	{"serve", no_argument, NULL, OPTION_SERVE},
	{"workers", required_argument, NULL, OPTION_WORKERS},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int complain(const struct app_command *command, const char *what, const char *which)
{
	const char *names[ADIT_COUNT(long_options)], *bare;
	size_t count = 0;

	for (; long_options[count].name != NULL; count++)
		names[count] = long_options[count].name;
	bare = strncmp(which, "--", 2) == 0 ? which + 2 : "";
	app_line_refuse(command->name, "%s '%s'%s", what, which,
		app_did_you_mean(bare, "--", names, count));
	return -EINVAL;
}

static int options_parse(
	const struct app_command *command, struct app_options *options, int argc, char **argv)
{
	int choice;

	/* getopt would take what stands behind "--" for file names: it is EAL's. */
	argc = app_eal_split(argc, argv, &options->eal, &options->eal_count);
	opterr = 0;
	optind = 1;
	while ((choice = getopt_long(argc, argv, ":c:vh", long_options, NULL)) != -1) {
		switch (choice) {
		case 'c':
			options->config_path = optarg;
			break;
		case OPTION_SET:
			if (options->sets == ADIT_LIST_MAX)
				return complain(command, "too many --set, at", optarg);
			options->set[options->sets++] = optarg;
			break;
		case OPTION_OUT:
			options->directory = optarg;
			break;
		case OPTION_FEATURES:
			options->features = true;
			break;
		case OPTION_LEARN:
			options->learn = optarg;
			break;
		case OPTION_MERGE:
			options->merge = true;
			break;
		case OPTION_SERVE:
			options->serve = true;
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
			return complain(command, "a value is missing after", argv[optind - 1]);
		default:
			return complain(command, "there is no option", argv[optind - 1]);
		}
	}
	options->rest = argv + optind;
	options->rest_count = argc - optind;
	if (options->merge && command->live)
		return complain(command, "there is no option", "--merge");
	if (options->serve && command->live)
		return complain(command, "what http.listen says is done without", "--serve");
	if (options->features && options->directory == NULL)
		return complain(command, "--out DIR is needed with", "--features");
	if (options->learn != NULL && options->directory == NULL)
		return complain(command, "--out DIR is needed with", "--learn");
	return 0;
}

/* Over the defaults, the file, then --set, then --workers. `context`: the options. */
static int options_config(const void *context, struct adit_config *config, struct adit_error *error)
{
	const struct app_options *options = context;
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

static int command_start(const struct app_command *command, struct app_manager *manager,
	const struct app_options *options, struct adit_error *error)
{
	struct appliance *appliance = manager->appliance;
	struct app_memory memory;
	struct app_eal_params eal = {
		.command = command->name,
		.live = command->live,
		.verbose = options->verbose,
		.lcores = 2u + appliance->worker_count + appliance->has_spreader,
		.configured = &appliance->config->eal_arguments,
		.given = options->eal,
		.given_count = options->eal_count,
	};
	int status;

	/* Ports that the EAL arguments name are not known yet; the slack below holds their rings.
	 */
	app_memory_plan(appliance->config, appliance->config->port_devices.count,
		appliance->has_spreader, &memory);
	/* Without hugepages, drivers take their rings from this too. */
	eal.memory_mb = (memory.packets >> 20) + 128;
	status = app_eal_init(&eal, error);
	if (status == 0 && command->open != NULL)
		status = command->open(appliance, error);
	if (status == 0)
		status = appliance_create(appliance, error);
	if (status == 0)
		status = app_state_load(&manager->state, error);
	if (status == 0)
		status = command->start(appliance, options, error);
	if (status == 0 && manager->sinks != NULL)
		status = adit_sinks_start(manager->sinks, error);
	if (status == 0 && manager->http != NULL)
		status = app_http_start(manager->http, error);
	if (status == 0)
		status = appliance_launch(appliance, error);
	if (status != 0)
		return status;
	app_manager_run(manager);
	appliance_join(appliance);
	return 0;
}

/* How much the tables will take: told at the start of a live program, and refused where there is a
 * limit. */
static int memory_check(const struct app_command *command, const struct app_options *options,
	const struct app_manager *manager, const struct adit_config *config,
	struct adit_error *error)
{
	const struct appliance *appliance = manager->appliance;
	struct app_memory memory;

	app_memory_plan(config, config->port_devices.count, appliance->has_spreader, &memory);
	if (manager->http != NULL)
		app_memory_add(&memory, "stories that HTTP shows", "http.memory",
			(size_t)config->http_memory << 20);
	if (command->live || options->verbose)
		app_memory_tell(&memory, command->name, stderr);
	return app_memory_check(&memory, config, error);
}

static int learn_check(const struct app_options *options, const struct adit_config *config,
	uint32_t *seconds, struct adit_error *error)
{
	if (!config->detect_svm && !config->detect_envelope)
		return adit_error_set(error, -EINVAL,
			"--learn: detect.svm and detect.envelope are off, and these are what is "
			"learned");
	return app_read_duration("--learn", options->learn, seconds, error);
}

/* Live where an address is given, in replay where it is asked for. NULL: not at all. */
static int http_prepare(const struct app_command *command, struct app_manager *manager,
	const struct app_options *options, const struct adit_config *config, struct app_http *http,
	struct adit_error *error)
{
	int status = app_http_check(config, error);

	if (status != 0)
		return status;
	if (options->serve && !app_http_is_wanted(config, command->live))
		return adit_error_set(error, -EINVAL,
			"--serve: http.listen is empty; expected an address and port such as "
			"127.0.0.1:9153");
	/* A live program tells DPDK's telemetry, whoever else asks. */
	if (!command->live && !options->serve)
		return 0;
	status = app_http_open(http, manager, config, error);
	manager->http = http;
	return status;
}

/* Everything that can be wrong before something starts. */
static int command_prepare(const struct app_command *command, struct app_manager *manager,
	const struct app_options *options, struct adit_config *config, struct app_http *http,
	struct adit_error *error)
{
	struct appliance *appliance = manager->appliance;
	int status = adit_config_init(config);

	if (status == 0)
		status = options_config(options, config, error);
	if (status == 0)
		status = command->check(options, config, error);
	appliance->live = command->live;
	if (status == 0)
		status = http_prepare(command, manager, options, config, http, error);
	if (status != 0)
		return status;
	appliance->has_spreader = command->needs_spreader(config);
	appliance->wants_features = options->features;
	if (options->learn != NULL)
		status = learn_check(options, config, &appliance->learn_s, error);
	if (status == 0)
		status = memory_check(command, options, manager, config, error);
	if (status == 0)
		status = appliance_load(appliance, config, error);
	if (status == 0)
		status = app_identity_open(&manager->identity, config, error);
	if (status == 0)
		status = app_sinks_open(&manager->sinks, config, error);
	return status;
}

int app_command_run(const struct app_command *command, int argc, char **argv)
{
	struct app_options options = {0};
	struct appliance appliance = {NULL};
	struct app_http http = {.listener = -1, .control = {.listener = -1}};
	struct app_manager manager = {.appliance = &appliance,
		.command = command->name,
		.identity = {.command = command->name},
		.mutes = {.command = command->name},
		.reload = {.appliance = &appliance,
			.command = command->name,
			.lock = PTHREAD_MUTEX_INITIALIZER},
		.state = {.appliance = &appliance, .command = command->name},
		.learn = {.appliance = &appliance,
			.reload = &manager.reload,
			.command = command->name}};
	struct adit_config config;
	struct adit_error error = {"no memory"};
	int status;

	if (options_parse(command, &options, argc, argv) != 0)
		return ADIT_EXIT_USAGE;
	if (options.help) {
		fputs(command->usage, stdout);
		printf(options_help, command->options);
		return ADIT_EXIT_DONE;
	}
	if (command_prepare(command, &manager, &options, &config, &http, &error) != 0) {
		fprintf(stderr, "adit %s: %s\n", command->name, error.text);
		app_http_close(&http);
		app_manager_close(&manager);
		appliance_destroy(&appliance);
		adit_config_clear(&config);
		return ADIT_EXIT_USAGE;
	}
	manager.directory = options.directory;
	manager.features = options.features;
	if (command->live) {
		manager.reload.read = options_config;
		manager.reload.context = &options;
		manager.reload.config = &config;
		manager.reload.sinks = manager.sinks;
		manager.reload.http = manager.http;
	}
	status = app_state_open(&manager.state, &error);
	if (status == 0)
		status = app_manager_open(&manager, &error);
	if (status == 0 && options.learn != NULL) {
		manager.learn.duration = options.learn;
		status = app_learn_open(&manager.learn, options.directory, &error);
	}
	if (status == 0)
		status = app_mutes_open(
			&manager.mutes, &config, command->live, options.directory, &error);
	if (status == 0 && command->live)
		status = app_identity_listen(&manager.identity, &config, &error);
	if (status == 0 && manager.http != NULL)
		status = app_http_listen(&http, &error);
	if (status == 0)
		status = command_start(command, &manager, &options, &error);
	if (status == 0)
		status = app_manager_finish(&manager);
	else
		fprintf(stderr, "adit %s: %s\n", command->name, error.text);
	if (options.serve && manager.ended_ns != 0) {
		fflush(stdout);
		fprintf(stderr, "adit %s: it is shown until SIGINT or SIGTERM\n", command->name);
		app_manager_linger(&manager);
	}
	app_http_close(&http);
	app_manager_close(&manager);
	appliance_destroy(&appliance);
	app_eal_cleanup();
	adit_config_clear(&config);
	return status == 0 ? ADIT_EXIT_DONE : ADIT_EXIT_NOT_DONE;
}
