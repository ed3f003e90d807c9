/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit run: the appliance on live ports.
 */
#include "adit_app.h"
#include "manager.h"
#include "options.h"

#include <errno.h>
#include <stdio.h>

static const char usage[] = "usage: adit run -c FILE [OPTIONS] [-- EAL ARGUMENTS]\n"
			    "\n"
			    "Finds DNS tunnels on live ports until it is told to stop (SIGINT, "
			    "SIGTERM): then the last\n"
			    "windows are scored and written. Ports are named by port.devices: PCI "
			    "addresses bound to a\n"
			    "DPDK driver, or vdevs such as net_af_packet0,iface=eth1.\n"
			    "\n";

/* Where the port's RSS is not known to keep a subscriber on one queue, and that can't be known of
 * the addresses inside GTP-U, a core of ours spreads. One worker needs neither. */
static bool needs_spreader(const struct adit_config *config)
{
	if (strcmp(config->port_spread, "auto") == 0)
		return config->worker_count > 1;
	return strcmp(config->port_spread, "spreader") == 0;
}

static int config_check(const struct app_options *options, const struct adit_config *config,
	struct adit_error *error)
{
	if (config->port_devices.count == 0 && config->eal_arguments.count == 0 &&
		options->eal_count == 0)
		return adit_error_set(error, -EINVAL,
			"no port to listen on; give port.devices in the configuration or by --set, "
			"or EAL's -a or --vdev after --");
	if (strcmp(config->port_spread, "rss") == 0 && config->port_devices.count > 0 &&
		(int64_t)config->port_devices.count * config->port_queues < config->worker_count)
		return adit_error_set(error, -EINVAL,
			"port.spread is rss, but %zu ports of %lld queues (port.queues) can't feed "
			"%lld workers (worker.count)",
			config->port_devices.count, (long long)config->port_queues,
			(long long)config->worker_count);
	return 0;
}

static void tell_start(const struct appliance *appliance, const struct app_memory *memory)
{
	const struct adit_config *config = appliance->config;

	fprintf(stderr,
		"adit run: %u port%s, %lld queue%s each; %s; %u worker%s; tables %zu MB, history "
		"%zu MB, packet buffers %zu MB\n",
		appliance->port_count, appliance->port_count == 1 ? "" : "s",
		(long long)config->port_queues, config->port_queues == 1 ? "" : "s",
		appliance->has_spreader ? "packets are spread by a core of ours, by subscriber"
		: appliance->worker_count == 1
			? "the worker polls them itself"
			: "packets are spread by the port (RSS): a subscriber "
			  "may be seen by two workers",
		appliance->worker_count, appliance->worker_count == 1 ? "" : "s",
		memory->windows >> 20, memory->history >> 20, memory->packets >> 20);
}

static int run(
	struct app_manager *manager, const struct app_options *options, struct adit_error *error)
{
	struct appliance *appliance = manager->appliance;
	struct app_memory memory;
	struct app_eal_params eal = {
		.program = "adit",
		.live = true,
		.verbose = options->verbose,
		.lcores = 2u + appliance->worker_count + appliance->has_spreader,
		.configured = &appliance->config->eal_arguments,
		.given = options->eal,
		.given_count = options->eal_count,
	};
	int status;

	app_memory_plan(appliance->config, &memory);
	/* Without hugepages some drivers take their rings from here too. */
	eal.memory_mb = (memory.packets >> 20) + 128;
	status = app_eal_init(&eal, error);
	if (status == 0)
		status = app_ports_open(appliance, error);
	if (status == 0)
		status = appliance_create(appliance, error);
	if (status == 0)
		status = app_ports_start(appliance, error);
	if (status == 0)
		status = appliance_launch(appliance, error);
	if (status != 0)
		return status;
	tell_start(appliance, &memory);
	app_manager_run(manager);
	appliance_join(appliance);
	return 0;
}

int adit_cmd_run(int argc, char **argv)
{
	struct app_options options = {.command = "run"};
	struct appliance appliance = {.live = true};
	struct app_manager manager = {.appliance = &appliance, .command = "run"};
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
	if (options.rest_count != 0) {
		fprintf(stderr,
			"adit run: '%s' is not expected here; captures are for adit replay\n",
			options.rest[0]);
		return ADIT_EXIT_USAGE;
	}
	manager.directory = options.directory;
	manager.features = appliance.wants_features = options.features;
	status = adit_config_init(&config);
	if (status == 0)
		status = app_options_config(&options, &config, &error);
	if (status == 0)
		status = config_check(&options, &config, &error);
	appliance.has_spreader = status == 0 && needs_spreader(&config);
	if (status == 0)
		status = appliance_load(&appliance, &config, &error);
	if (status != 0) {
		fprintf(stderr, "adit run: %s\n", error.text);
		return ADIT_EXIT_USAGE;
	}
	status = app_manager_open(&manager, &error);
	if (status == 0)
		status = run(&manager, &options, &error);
	if (status == 0)
		status = app_manager_finish(&manager);
	else
		fprintf(stderr, "adit run: %s\n", error.text);
	app_manager_close(&manager);
	appliance_destroy(&appliance);
	app_eal_cleanup();
	adit_config_clear(&config);
	return status == 0 ? ADIT_EXIT_DONE : ADIT_EXIT_NOT_DONE;
}
