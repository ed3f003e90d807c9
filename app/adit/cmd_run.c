/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit run: the appliance on live ports.
 */
#include "adit_app.h"
#include "command.h"
#include "port.h"

#include <errno.h>
#include <stdio.h>

/* Descriptors that DPDK's AVX2 and AVX-512 receive functions take at a time. */
#define PORT_BURST_LEAST 8

static const char usage[] =
	"usage: adit run -c FILE [OPTIONS] [-- EAL ARGUMENTS]\n"
	"\n"
	"Finds DNS tunnels on live ports until it is told to stop (SIGINT, "
	"SIGTERM): then the last\n"
	"windows are scored and written. Ports are named by port.devices: PCI "
	"addresses bound to a\n"
	"DPDK driver, or vdevs such as net_af_packet0,iface=eth1. On SIGHUP the\n"
	"configuration and all files that it names are read again.\n"
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
	if (options->rest_count != 0)
		return adit_error_set(error, -EINVAL,
			"'%s' is not expected here; captures are for adit replay",
			options->rest[0]);
	if (config->port_devices.count == 0 && config->eal_arguments.count == 0 &&
		options->eal_count == 0)
		return adit_error_set(error, -EINVAL,
			"no port to listen on; give port.devices in the configuration or by --set, "
			"or EAL's -a or --vdev after --");
	if (config->worker_burst < PORT_BURST_LEAST)
		return adit_error_set(error, -EINVAL,
			"worker.burst is %lld; a port needs at least %d: drivers that receive with "
			"vector instructions give nothing for less",
			(long long)config->worker_burst, PORT_BURST_LEAST);
	return 0;
}

/* A line for each port: how it spreads, as far as it tells, and what was added to its arguments. */
static void tell_ports(const struct appliance *appliance)
{
	for (uint16_t i = 0; i < appliance->port_count; i++) {
		const struct app_port *port = &appliance->ports_open[i];

		fprintf(stderr, "adit run: port %u (%s): %s%s%s\n", port->id, port->device,
			port->words, port->note != NULL ? "; added: " : "",
			port->note != NULL ? port->note : "");
	}
}

static void tell_start(const struct appliance *appliance)
{
	const struct adit_config *config = appliance->config;

	fprintf(stderr, "adit run: %u port%s, %lld queue%s each; %s; %u worker%s\n",
		appliance->port_count, appliance->port_count == 1 ? "" : "s",
		(long long)config->port_queues, config->port_queues == 1 ? "" : "s",
		appliance->has_spreader ? "packets are spread by a core of ours, by subscriber"
		: appliance->worker_count == 1
			? "the worker polls them itself"
			: "packets are spread by the port (RSS): a subscriber "
			  "may be seen by two workers",
		appliance->worker_count, appliance->worker_count == 1 ? "" : "s");
	fprintf(stderr,
		"adit run: %zu public suffix rules, %zu expressions for %zu tools, %zu known "
		"services, %zu model%s\n",
		adit_suffix_rules(appliance->suffixes),
		appliance->patterns != NULL ? adit_pattern_expressions(appliance->patterns) : 0,
		appliance->patterns != NULL ? adit_pattern_tools(appliance->patterns) : 0,
		adit_allow_entries(appliance->allow), adit_judges_count(appliance->judges),
		adit_judges_count(appliance->judges) == 1 ? "" : "s");
	fprintf(stderr, "adit run: where a poll finds nothing, a worker %s%s%s\n",
		app_idle_words(&appliance->workers[0].idle),
		appliance->has_spreader ? "; the spreader " : "",
		appliance->has_spreader ? app_idle_words(&appliance->spreader->idle) : "");
}

/* On machines of several memory nodes: whose tables stand where. */
static void tell_nodes(const struct appliance *appliance)
{
	if (app_node_count() < 2 || strcmp(appliance->config->memory_numa, "off") == 0)
		return;
	for (uint16_t i = 0; i < appliance->worker_count; i++) {
		const struct app_arena *arena = &appliance->workers[i].arena;

		if (arena->node == APP_NODE_NONE)
			fprintf(stderr,
				"adit run: worker %u may run on several memory nodes, and its "
				"tables "
				"stand where it happens to be: EAL's --lcores ties it to CPUs of "
				"one\n",
				i);
		else
			fprintf(stderr, "adit run: tables of worker %u are on memory node %d%s%s\n",
				i, arena->node, arena->error != 0 ? ", if it runs there: " : "",
				arena->error != 0 ? strerror(arena->error) : "");
	}
}

static int ports_start(
	struct appliance *appliance, const struct app_options *options, struct adit_error *error)
{
	int status = app_ports_start(appliance, error);

	(void)options;
	if (status != 0)
		return status;
	appliance_idle_set(appliance);
	tell_ports(appliance);
	tell_start(appliance);
	tell_nodes(appliance);
	return 0;
}

int adit_cmd_run(int argc, char **argv)
{
	static const struct app_command command = {
		.name = "run",
		.usage = usage,
		.options = "",
		.live = true,
		.check = config_check,
		.needs_spreader = needs_spreader,
		.open = app_ports_open,
		.start = ports_start,
	};

	return app_command_run(&command, argc, argv);
}
