/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit replay: captures through the pipeline of the appliance. The spreader reads them; everything
 * behind it is what adit run uses.
 */
#include "adit_app.h"
#include "capture.h"
#include "manager.h"
#include "options.h"

#include <stdio.h>

static const char usage[] =
	"usage: adit replay [OPTIONS] FILE... [-- EAL ARGUMENTS]\n"
	"\n"
	"Reads captures (pcap or pcapng, plain or gzip; - is standard input) in the order given,\n"
	"runs them through the same pipeline as adit run, as an ordinary user, without hugepages "
	"or\n"
	"a NIC, and prints a table of verdicts. The same captures give the same verdicts on every\n"
	"run, for any number of workers.\n"
	"\n";

/* Every capture is looked at before anything starts. */
static int files_check(const struct app_options *options, struct adit_error *error)
{
	for (int i = 0; i < options->rest_count; i++) {
		struct app_capture *capture;
		int status;

		if (strcmp(options->rest[i], "-") == 0)
			continue;
		status = app_capture_open(options->rest[i], &capture, error);
		if (status != 0)
			return status;
		app_capture_close(capture);
	}
	return 0;
}

static void files_give(struct app_spreader *spreader, const struct app_options *options)
{
	spreader->files = options->rest;
	spreader->file_count = (size_t)options->rest_count;
	for (int i = 0; i < options->rest_count; i++) {
		uint64_t size = app_capture_size(options->rest[i]);

		/* A share of an unknown whole is no progress. */
		if (size == 0 && strcmp(options->rest[i], "-") == 0) {
			spreader->bytes_total = 0;
			return;
		}
		spreader->bytes_total += size;
	}
}

static int replay(
	struct app_manager *manager, const struct app_options *options, struct adit_error *error)
{
	struct appliance *appliance = manager->appliance;
	struct app_memory memory;
	struct app_eal_params eal = {
		.program = "adit",
		.verbose = options->verbose,
		.lcores = 3u + appliance->worker_count,
		.configured = &appliance->config->eal_arguments,
		.given = options->eal,
		.given_count = options->eal_count,
	};
	int status;

	app_memory_plan(appliance->config, &memory);
	eal.memory_mb = (memory.packets >> 20) + 32;
	status = app_eal_init(&eal, error);
	if (status != 0)
		return status;
	status = appliance_create(appliance, error);
	if (status != 0)
		return status;
	files_give(appliance->spreader, options);
	status = appliance_launch(appliance, error);
	if (status != 0)
		return status;
	app_manager_run(manager);
	appliance_join(appliance);
	return 0;
}

int adit_cmd_replay(int argc, char **argv)
{
	struct app_options options = {.command = "replay"};
	struct appliance appliance = {.has_spreader = true};
	struct app_manager manager = {.appliance = &appliance, .command = "replay"};
	struct adit_config config;
	struct adit_error error = {"no memory"};
	int status;

	if (app_options_parse(&options, argc, argv) != 0)
		return ADIT_EXIT_USAGE;
	if (options.help) {
		fputs(usage, stdout);
		fputs(app_options_help, stdout);
		return ADIT_EXIT_DONE;
	}
	if (options.rest_count == 0) {
		fputs("adit replay: no capture is given\nTry: adit replay --help\n", stderr);
		return ADIT_EXIT_USAGE;
	}
	manager.directory = options.directory;
	manager.features = appliance.wants_features = options.features;
	status = adit_config_init(&config);
	if (status == 0)
		status = app_options_config(&options, &config, &error);
	if (status == 0)
		status = appliance_load(&appliance, &config, &error);
	if (status == 0)
		status = files_check(&options, &error);
	if (status != 0) {
		fprintf(stderr, "adit replay: %s\n", error.text);
		return ADIT_EXIT_USAGE;
	}
	status = app_manager_open(&manager, &error);
	if (status == 0)
		status = replay(&manager, &options, &error);
	if (status == 0)
		status = app_manager_finish(&manager);
	else
		fprintf(stderr, "adit replay: %s\n", error.text);
	app_manager_close(&manager);
	appliance_destroy(&appliance);
	app_eal_cleanup();
	adit_config_clear(&config);
	return status == 0 ? ADIT_EXIT_DONE : ADIT_EXIT_NOT_DONE;
}
