/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit bench: what a packet costs, stage by stage, in the program as it is.
 */
#include "adit_app.h"
#include "arguments.h"
#include "bench.h"
#include "bench_patterns.h"
#include "plot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Descriptors that drivers' vector code takes at a time. */
#define PORT_BURST_LEAST 8
/* Beside packets: rings and what EAL needs itself. */
#define MEMORY_SLACK_MB 128

static const char usage[] =
	"usage: adit bench [OPTIONS] FILE... [-- EAL ARGUMENTS]\n"
	"       adit bench --port DEVICE [OPTIONS] [-- EAL ARGUMENTS]\n"
	"\n"
	"Measures what a packet costs. Packets of captures are loaded into memory once (into huge\n"
	"pages where enough are free) and run again and again through the workers of the program,\n"
	"as far as each stage and no further: rx-only, decode, parse, domain, match, count, full.\n"
	"Time goes on with the packets, so that windows are handed over and scored meanwhile. "
	"Each\n"
	"stage gets the same packets, and the stages take turns.\n";

static const char closing[] = "adit bench demo/demo.pcap\n"
			      "adit bench --dns-share 1 --gtpu --json FILE.pcap\n"
			      "adit bench --port net_pcap0,rx_pcap=FILE.pcap,infinite_rx=1\n"
			      "\n"
			      "docs/performance.md tells how to read it.\n";

struct command {
	struct app_bench bench;
	const char *config_path;
	struct app_plot plot; /* out is NULL: none is wanted */
	struct app_texts sets;
	uint64_t workers, burst, patterns;
	bool json, verbose;
	char pattern_folder[PATH_MAX];
	char **eal;
	int eal_count;
};

/* ---- configuration */

static int set_number(
	struct adit_config *config, const char *name, uint64_t value, struct adit_error *error)
{
	char text[96];

	snprintf(text, sizeof(text), "%s=%llu", name, (unsigned long long)value);
	return adit_config_set(config, text, error);
}

/* In a list, commas part values: those of a device are escaped. */
static int set_device(struct adit_config *config, const char *device, struct adit_error *error)
{
	char text[4096] = "port.devices=";
	size_t used = strlen(text);

	for (; *device != '\0' && used + 3 < sizeof(text); device++) {
		if (*device == ',' || *device == '\\')
			text[used++] = '\\';
		text[used++] = *device;
	}
	text[used] = '\0';
	return adit_config_set(config, text, error);
}

/* Defaults, then the file, then --set, then options of their own. */
static int config_make(struct command *command, struct adit_error *error)
{
	struct adit_config *config = &command->bench.config;
	const char *port = command->bench.options.port;
	int status = 0;

	if (command->config_path != NULL)
		status = adit_config_read(config, command->config_path, error);
	for (size_t i = 0; i < command->sets.count && status == 0; i++)
		status = adit_config_set(config, command->sets.text[i], error);
	if (command->workers != 0 && status == 0)
		status = set_number(config, "worker.count", command->workers, error);
	if (command->burst != 0 && status == 0)
		status = set_number(config, "worker.burst", command->burst, error);
	/* A queue for each worker: here the port spreads. */
	if (port != NULL && status == 0)
		status = set_number(config, "port.queues", (uint64_t)config->worker_count, error);
	if (port != NULL && status == 0)
		status = set_device(config, port, error);
	return status;
}

static int patterns_add(struct command *command, struct adit_error *error)
{
	struct adit_config *config = &command->bench.config;
	char from[PATH_MAX], text[PATH_MAX + 32];
	int status;

	if (command->patterns == 0)
		return 0;
	if (!config->detect_signatures)
		return adit_error_set(error, -EINVAL,
			"--patterns: detect.signatures is off, so none is looked for");
	app_data_directory(config->detect_pattern_directory, "patterns", from);
	status = app_patterns_make(from, command->patterns, command->pattern_folder, error);
	if (status != 0)
		return status;
	snprintf(text, sizeof(text), "detect.pattern_directory=%s", command->pattern_folder);
	return adit_config_set(config, text, error);
}

/* What is wrong before anything starts. */
static int check(struct command *command, const struct app_line *line, struct adit_error *error)
{
	const struct app_bench_options *options = &command->bench.options;
	const struct app_load_params *load = &options->load;

	if (options->port == NULL && line->operand_count == 0)
		return adit_error_set(error, -EINVAL, "no capture is given, and no --port");
	if (options->port != NULL && line->operand_count != 0)
		return adit_error_set(error, -EINVAL,
			"'%s' is not expected here: packets come from --port or from captures",
			line->operands[0]);
	if (options->port != NULL &&
		(load->packets != 0 || load->dns_share != 0 || load->gtpu || load->domains != 0 ||
			load->subscribers != 0 || load->names != 0 || load->flood != 0))
		return adit_error_set(error, -EINVAL,
			"--packets, --dns-share, --gtpu, --domains, --subscribers, --names and "
			"--flood change what is in memory: a port brings what it brings");
	if (load->names != 0 && load->names < load->domains)
		return adit_error_set(error, -EINVAL,
			"--names %llu: right is a number of %llu (--domains) or more: each domain "
			"has one at least",
			(unsigned long long)load->names, (unsigned long long)load->domains);
	if (load->names != 0 && load->domains == 0)
		return adit_error_set(
			error, -EINVAL, "--names is for --domains: names stand evenly below these");
	if (load->zipf != 0 && load->domains == 0)
		return adit_error_set(error, -EINVAL, "--zipf is for --domains");
	if (options->port != NULL && command->burst != 0 && command->burst < PORT_BURST_LEAST)
		return adit_error_set(error, -EINVAL,
			"--burst %llu: a port needs at least %d: drivers that receive with vector "
			"instructions give nothing for less",
			(unsigned long long)command->burst, PORT_BURST_LEAST);
	if (options->port == NULL && load->packets != 0 && load->packets < APP_LOAD_LEAST / 4)
		return adit_error_set(error, -EINVAL,
			"--packets %llu: right is %d or more; fewer are learned by heart",
			(unsigned long long)load->packets, APP_LOAD_LEAST / 4);
	return command->plot.out != NULL ? app_plot_check(&command->plot, "", error) : 0;
}

/* ---- the way through */

static int prepare(struct command *command, const struct app_line *line, struct adit_error *error)
{
	struct app_bench *bench = &command->bench;
	struct appliance *appliance = &bench->appliance;
	struct app_memory memory;
	int status = config_make(command, error);

	app_memory_plan(&bench->config, bench->options.port != NULL, true, &memory);
	if (status == 0)
		status = app_memory_check(&memory, &bench->config, error);
	if (status == 0)
		status = patterns_add(command, error);
	appliance->has_spreader = true;
	if (status == 0)
		status = appliance_load(appliance, &bench->config, error);
	/* Not before: the key of a live program is drawn, and tables would fill differently in each
	 * run. */
	appliance->live = true;
	if (status == 0 && bench->options.port == NULL) {
		bench->options.load.files = line->operands;
		bench->options.load.file_count = line->operand_count;
		bench->options.load.ports = &appliance->ports;
		bench->options.load.suffixes = appliance->suffixes;
		status = app_load_read(&bench->load, &bench->options.load, error);
	}
	return status;
}

static int start(struct command *command, struct adit_error *error)
{
	struct app_bench *bench = &command->bench;
	struct appliance *appliance = &bench->appliance;
	bool live = bench->options.port != NULL;
	struct app_memory memory;
	struct app_eal_params eal = {
		.command = "bench",
		.live = live,
		.hugepages = true,
		.verbose = command->verbose,
		.lcores = 3u + appliance->worker_count,
		.configured = &bench->config.eal_arguments,
		.given = command->eal,
		.given_count = command->eal_count,
	};
	int status;

	app_memory_plan(&bench->config, live, true, &memory);
	eal.memory_mb =
		(memory.packets >> 20) + MEMORY_SLACK_MB + (app_held_bytes(&bench->load) >> 20);
	status = app_eal_init(&eal, error);
	if (status == 0 && live)
		status = app_ports_open(appliance, error);
	if (status == 0)
		status = appliance_create(appliance, error);
	return status == 0 ? app_bench_open(bench, error) : status;
}

static int measure(struct command *command, struct adit_error *error)
{
	struct app_bench *bench = &command->bench;
	int status = app_manager_open(&bench->manager, error);

	/* Lines go nowhere; the rest of their way is that of every line. */
	if (status == 0)
		bench->manager.verdicts = fopen("/dev/null", "we");
	if (status == 0 && bench->manager.verdicts == NULL)
		status = adit_error_set(error, -errno, "/dev/null: %s", strerror(errno));
	if (status == 0)
		status = start(command, error);
	if (status != 0)
		return status;
	status = app_bench_measure(bench, error);
	if (bench->repeats[APP_RUNG_RX] == 0)
		return status;
	if (command->json)
		app_bench_print_json(bench);
	else
		app_bench_print(bench);
	if (fflush(stdout) != 0 && status == 0)
		status = adit_error_set(error, -EIO, "cannot write: %s", strerror(errno));
	if (command->plot.out != NULL && status == 0)
		status = app_bench_plot(bench, &command->plot, error);
	return status;
}

static int run(struct command *command, const struct app_line *line)
{
	struct app_bench *bench = &command->bench;
	struct adit_error error = {"no memory"};
	int status = adit_config_init(&bench->config), exit_status = ADIT_EXIT_USAGE;

	if (status == 0)
		status = prepare(command, line, &error);
	if (status == 0) {
		status = measure(command, &error);
		exit_status = status == 0 ? ADIT_EXIT_DONE : ADIT_EXIT_NOT_DONE;
	}
	if (status != 0)
		fprintf(stderr, "adit bench: %s\n", error.text);
	app_patterns_remove(command->pattern_folder);
	app_bench_close(bench);
	app_manager_close(&bench->manager);
	appliance_destroy(&bench->appliance);
	app_eal_cleanup();
	adit_config_clear(&bench->config);
	return exit_status;
}

/* ---- command line */

static struct command given = {.bench = {.options = {.seconds = 5, .repeats = 5}},
	.plot = {.command = "bench", .width = 800, .height = 450, .zoom = 1}};
static struct app_option measuring[] = {
	{"seconds", 0, APP_NUMBER, "S",
		"the full path is measured so long, all repeats together\n(default 5); "
		"the other stages get the same packets",
		&given.bench.options.seconds, 0.01, 3600, false},
	{"repeats", 0, APP_COUNT, "N", "of each stage, in turns (default 5)",
		&given.bench.options.repeats, 1, APP_REPEATS_MAX, false},
	{"workers", 0, APP_COUNT, "N", "worker lcores (worker.count)", &given.workers, 1,
		APP_WORKERS_MAX, false},
	{"burst", 0, APP_COUNT, "N", "packets of a burst (worker.burst)", &given.burst, 1,
		ADIT_BURST_MAX, false},
	{"patterns", 0, APP_COUNT, "N", "add so many signatures that are made up", &given.patterns,
		1, 1000000, false},
	{"slice-packets", 0, APP_COUNT, "N",
		"a worker's slice is over with so many (default: all that\nit has in memory; of a "
		"port 65536)",
		&given.bench.options.slice_packets, 1, 1e12, false},
	{"port", 0, APP_TEXT, "DEVICE",
		"packets come from there: a PCI address, or a vdev of DPDK's\nwith its arguments",
		&given.bench.options.port, 0, 0, false},
};
static struct app_option packets[] = {
	{"packets", 0, APP_COUNT, "N", "hold so many (default: the captures', 65536 at least)",
		&given.bench.options.load.packets, 1, 1e9, false},
	{"dns-share", 0, APP_NUMBER, "P", "so many per cent are DNS: the rest is made up",
		&given.bench.options.load.dns_share, 0.001, 100, false},
	{"gtpu", 0, APP_FLAG, NULL, "put into GTP-U what is not there already",
		&given.bench.options.load.gtpu, 0, 0, false},
	{"domains", 0, APP_COUNT, "N", "rewrite names: so many registrable domains",
		&given.bench.options.load.domains, 1, 1e8, false},
	{"zipf", 0, APP_NUMBER, "S",
		"the domain of rank r has a share of 1 / r^S (default: all\nthe same)",
		&given.bench.options.load.zipf, 0.01, 10, false},
	{"names", 0, APP_COUNT, "N",
		"so many full names, evenly below the domains, in turns: on\neach pass over the "
		"packets the next ones",
		&given.bench.options.load.names, 1, 1e9, false},
	{"flood", 0, APP_NUMBER, "P",
		"so many per cent of the exchanges ask for a random label below\ntheir domain, a "
		"new one on every pass, which does not exist",
		&given.bench.options.load.flood, 0, 100, false},
	{"subscribers", 0, APP_COUNT, "N", "rewrite addresses: so many clients",
		&given.bench.options.load.subscribers, 1, 2e7, false},
};
static struct app_option output[] = {
	{"json", 0, APP_FLAG, NULL, "print JSON of the schema adit.bench/1", &given.json, 0, 0,
		false},
	{"plot", 0, APP_TEXT, "FILE", "draw the ladder there, .svg or .png", &given.plot.out, 0, 0,
		false},
	{"verbose", 'v', APP_FLAG, NULL, "show what DPDK says", &given.verbose, 0, 0, false},
};
static struct app_option settings[] = {
	{"config", 'c', APP_TEXT, "FILE", "configuration file", &given.config_path, 0, 0, false},
	{"set", 0, APP_TEXTS, "SECTION.NAME=VALUE",
		"one option; may be given again, overrides the file", &given.sets, 0, 0, false},
};

int adit_cmd_bench(int argc, char **argv)
{
	struct app_line line = {.command = "bench",
		.usage = usage,
		.closing = closing,
		.groups = {{"Measuring", measuring, ADIT_COUNT(measuring)},
			{"Packets", packets, ADIT_COUNT(packets)},
			{"Output", output, ADIT_COUNT(output)},
			{"Configuration", settings, ADIT_COUNT(settings)}}};
	struct adit_error error;
	int status;

	argc = app_eal_split(argc, argv, &given.eal, &given.eal_count);
	status = app_line_parse(&line, argc, argv);
	if (status != -1)
		return status;
	if (check(&given, &line, &error) != 0)
		return app_line_refuse("bench", "%s", error.text);
	given.bench.appliance.config = &given.bench.config;
	given.bench.manager = (struct app_manager){.appliance = &given.bench.appliance,
		.command = "bench",
		.silent = true,
		.identity = {.command = "bench"},
		.reload = {.appliance = &given.bench.appliance, .command = "bench"},
		.learn = {.appliance = &given.bench.appliance,
			.reload = &given.bench.manager.reload,
			.command = "bench"}};
	return run(&given, &line);
}
