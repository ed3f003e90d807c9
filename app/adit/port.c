/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ports: real ones for adit run, and the ring port through which workers behind a spreader
 * receive.
 */
#include "port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_dev.h>
#include <rte_eth_ring.h>

int app_ring_port_make(const char *name, struct rte_ring *const *rings, uint16_t count,
	struct rte_mempool *pool, uint16_t *port, struct adit_error *error)
{
	struct rte_ring **both = (struct rte_ring **)(uintptr_t)rings;
	struct rte_eth_conf conf = {0};
	int made = rte_eth_from_rings(name, both, count, both, count, 0), status;

	if (made < 0)
		return adit_error_set(error, -ENODEV,
			"the ring port '%s' can't be made: %s; DPDK has room for %u ports, of "
			"which "
			"behind a spreader each worker takes one",
			name, rte_strerror(rte_errno), RTE_MAX_ETHPORTS);
	*port = (uint16_t)made;
	status = rte_eth_dev_configure(*port, count, count, &conf);
	for (uint16_t i = 0; i < count && status == 0; i++) {
		status = rte_eth_rx_queue_setup(*port, i, 64, SOCKET_ID_ANY, NULL, pool);
		if (status == 0)
			status = rte_eth_tx_queue_setup(*port, i, 64, SOCKET_ID_ANY, NULL);
	}
	if (status == 0)
		status = rte_eth_dev_start(*port);
	if (status != 0)
		return adit_error_set(
			error, status, "the ring port did not start: %s", rte_strerror(-status));
	return 0;
}

void app_ring_port_close(uint16_t *port)
{
	struct rte_eth_dev_info info;

	if (*port == RTE_MAX_ETHPORTS)
		return;
	rte_eth_dev_stop(*port);
	/* Closed alone, its name would stay taken. */
	if (rte_eth_dev_info_get(*port, &info) == 0)
		rte_dev_remove(info.device);
	*port = RTE_MAX_ETHPORTS;
}

/* Workers take packets from a spreader exactly as from a NIC. */
int app_ring_ports_open(struct appliance *appliance, struct adit_error *error)
{
	int status = 0;

	for (uint16_t i = 0; i < appliance->worker_count && status == 0; i++) {
		struct app_worker *worker = &appliance->workers[i];
		char name[RTE_ETH_NAME_MAX_LEN];

		snprintf(name, sizeof(name), "adit_spread_%u", i);
		status = app_ring_port_make(
			name, &worker->packets, 1, appliance->pool, &worker->ring_port, error);
		worker->queue[0] = (struct app_queue){.port = worker->ring_port};
		worker->queues = 1;
	}
	return status;
}

/* The ring of net_af_packet has 512 frames unless told otherwise; at 20,000 packets a second that
 * lost four of ten. */
#define AF_PACKET_RING "framecnt=8192"

/* A device's arguments as EAL gets them: as given, and what is missing. The caller frees. */
static char *device_arguments(const char *device, const char **note)
{
	bool add = (strncmp(device, "net_af_packet", 13) == 0 ||
			   strncmp(device, "eth_af_packet", 13) == 0) &&
		   strstr(device, "framecnt=") == NULL;
	char *text = NULL;

	*note = add ? AF_PACKET_RING : NULL;
	if (asprintf(&text, "%s%s%s", device, add ? "," : "", add ? AF_PACKET_RING : "") < 0)
		return NULL;
	return text;
}

/* "0000:03:00.0" and "net_af_packet0,iface=eth1" are both what EAL calls device arguments. */
static int port_probe(
	const char *device, uint16_t *port, const char **note, struct adit_error *error)
{
	struct rte_dev_iterator iterator;
	uint16_t found = RTE_MAX_ETHPORTS, id;
	char name[RTE_DEV_NAME_MAX_LEN];
	char *arguments;
	int status;

	*note = NULL;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
	if (rte_eth_dev_get_port_by_name(name, port) == 0)
		return 0;
	arguments = device_arguments(device, note);
	status = arguments == NULL ? -ENOMEM : rte_dev_probe(arguments);
	free(arguments);
	if (status != 0)
		return adit_error_set(error, status,
			"port.devices: '%s' can't be opened: %s; expected a PCI address bound to a "
			"DPDK driver, or a vdev such as net_af_packet0,iface=eth1",
			device, rte_strerror(-status));
	RTE_ETH_FOREACH_MATCHING_DEV(id, device, &iterator)
	{
		found = id;
		rte_eth_iterator_cleanup(&iterator);
		break;
	}
	if (found == RTE_MAX_ETHPORTS && rte_eth_dev_get_port_by_name(name, &found) != 0)
		return adit_error_set(
			error, -ENODEV, "port.devices: '%s' is no Ethernet device", device);
	*port = found;
	return 0;
}

/* Enters an open port, under the name that the user gave or EAL has. */
static int port_add(struct appliance *appliance, uint16_t id, const char *device, const char *note,
	struct adit_error *error)
{
	struct app_port *port = &appliance->ports_open[appliance->port_count];
	struct rte_eth_dev_info info;
	char name[RTE_ETH_NAME_MAX_LEN] = "";
	int status = rte_eth_dev_info_get(id, &info);

	if (status != 0)
		return adit_error_set(error, status, "port %u: %s", id, rte_strerror(-status));
	if (device == NULL && rte_eth_dev_get_name_by_port(id, name) == 0)
		device = name;
	port->id = id;
	port->device = strdup(device != NULL ? device : "");
	port->driver = info.driver_name != NULL ? info.driver_name : "";
	port->note = note;
	port->queues = (uint16_t)appliance->config->port_queues;
	for (int queue = 0; queue < APP_PORT_QUEUES_MAX; queue++)
		port->socket[queue] = -1;
	appliance->port[appliance->port_count++] = id;
	if (port->device == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for port %u", id);
	return 0;
}

int app_ports_open(struct appliance *appliance, struct adit_error *error)
{
	const struct adit_list *devices = &appliance->config->port_devices;
	int status = 0;

	appliance->ports_open = calloc(APP_PORTS_MAX, sizeof(*appliance->ports_open));
	if (appliance->ports_open == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the ports");
	for (size_t i = 0; i < devices->count && status == 0; i++) {
		const char *note;
		uint16_t port;

		status = port_probe(devices->item[i], &port, &note, error);
		if (status != 0)
			return status;
		/* Two pollers on one queue would race. */
		for (uint16_t k = 0; k < appliance->port_count; k++)
			if (appliance->port[k] == port)
				return adit_error_set(error, -EINVAL,
					"port.devices: '%s' is listed twice", devices->item[i]);
		status = port_add(appliance, port, devices->item[i], note, error);
		appliance->tap_of_port[port] = app_tap_of_device(appliance, i);
	}
	/* Devices that the EAL arguments name count as well. */
	if (devices->count == 0) {
		uint16_t port;

		RTE_ETH_FOREACH_DEV(port)
		{
			if (status == 0)
				status = port_add(appliance, port, NULL, NULL, error);
		}
	}
	if (status == 0 && appliance->port_count == 0)
		return adit_error_set(error, -ENODEV,
			"no port to listen on; give port.devices in the configuration or by --set, "
			"or EAL's -a or --vdev after --");
	return status;
}

static int port_configure(
	struct appliance *appliance, uint16_t port, uint16_t queues, struct adit_error *error)
{
	const struct adit_config *config = appliance->config;
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	uint16_t descriptors = (uint16_t)config->port_descriptors, transmit = 64;
	int status = rte_eth_dev_info_get(port, &info), socket = rte_eth_dev_socket_id(port);

	if (status != 0)
		return adit_error_set(error, status, "port %u: %s", port, rte_strerror(-status));
	if (queues > info.max_rx_queues)
		return adit_error_set(error, -EINVAL,
			"port %u: port.queues is %u, the port has at most %u", port, queues,
			info.max_rx_queues);
	/* Frames above a buffer's size (GTP-U around full-sized packets) come in segments. */
	conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	app_rss_configure(queues, &info, &conf);
	/* Some virtual ports pair queues: as many to transmit, none of which is used. */
	status = rte_eth_dev_configure(
		port, queues, queues <= info.max_tx_queues ? queues : info.max_tx_queues, &conf);
	if (status == 0)
		rte_eth_dev_adjust_nb_rx_tx_desc(port, &descriptors, &transmit);
	for (uint16_t i = 0; i < queues && status == 0; i++) {
		status = rte_eth_rx_queue_setup(
			port, i, descriptors, (unsigned)socket, NULL, appliance->pool);
		if (status == 0 && i < info.max_tx_queues)
			status = rte_eth_tx_queue_setup(port, i, transmit, (unsigned)socket, NULL);
	}
	if (status != 0)
		return adit_error_set(error, status, "port %u can't be configured: %s", port,
			rte_strerror(-status));
	/* Ports that can't are left as they are: a small MTU only matters to large frames. */
	rte_eth_dev_set_mtu(port, (uint16_t)config->port_mtu);
	return 0;
}

/*
 * Who polls which queue: all of them the spreader, or the workers in turn. Where each worker has a
 * queue of every port, queues of one number go to one worker: what a subscriber sends may come from
 * one port and what it receives from another.
 */
static void queues_deal(struct appliance *appliance, uint16_t queues)
{
	bool by_number = queues >= appliance->worker_count;
	uint32_t dealt = 0;

	for (uint16_t i = 0; i < appliance->port_count; i++)
		for (uint16_t queue = 0; queue < queues; queue++, dealt++) {
			struct app_queue it = {.port = appliance->port[i], .queue = queue};
			struct app_worker *worker;

			if (appliance->has_spreader) {
				struct app_spreader *spreader = appliance->spreader;

				if (spreader->queues < APP_QUEUES_MAX)
					spreader->queue[spreader->queues++] = it;
				continue;
			}
			worker = &appliance->workers[(by_number ? queue : dealt) %
						     appliance->worker_count];
			if (worker->queues < APP_QUEUES_MAX)
				worker->queue[worker->queues++] = it;
		}
}

static int port_start(struct appliance *appliance, struct app_port *port, struct adit_error *error)
{
	int status = rte_eth_dev_start(port->id);

	if (status != 0)
		return adit_error_set(error, status, "port %u did not start: %s", port->id,
			rte_strerror(-status));
	if (appliance->config->port_promiscuous && rte_eth_promiscuous_enable(port->id) != 0)
		fprintf(stderr,
			"adit: port %u has no promiscuous mode; it sees only what is addressed to "
			"it\n",
			port->id);
	app_rss_program(port);
	return 0;
}

/* With port.spread = "auto": whether the ports do the spreader's work. */
static bool spreader_is_idle(const struct appliance *appliance, uint16_t queues)
{
	if (!appliance->has_spreader || strcmp(appliance->config->port_spread, "auto") != 0 ||
		queues < appliance->worker_count)
		return false;
	for (uint16_t i = 0; i < appliance->port_count; i++)
		if (appliance->ports_open[i].spread != APP_SPREAD_SUBSCRIBER)
			return false;
	return true;
}

/* Before lcores start: the workers poll the ports themselves. */
static int spreader_dismiss(struct appliance *appliance, struct adit_error *error)
{
	int status = 0;

	appliance->has_spreader = false;
	for (uint16_t i = 0; i < appliance->worker_count && status == 0; i++) {
		struct app_worker *worker = &appliance->workers[i];

		app_ring_port_close(&worker->ring_port);
		rte_ring_free(worker->packets);
		worker->packets = NULL;
		worker->queues = 0;
		worker->decodes = true;
		status = app_intake_create(
			appliance, &worker->intake, &worker->arena.allocator, error);
	}
	return status;
}

int app_ports_start(struct appliance *appliance, struct adit_error *error)
{
	uint16_t queues = (uint16_t)appliance->config->port_queues;
	int status = 0;

	if ((size_t)appliance->port_count * queues > APP_QUEUES_MAX)
		return adit_error_set(error, -EINVAL,
			"%u ports of %u queues are more than %u queues", appliance->port_count,
			queues, APP_QUEUES_MAX);
	for (uint16_t i = 0; i < appliance->port_count && status == 0; i++)
		status = port_configure(appliance, appliance->port[i], queues, error);
	for (uint16_t i = 0; i < appliance->port_count && status == 0; i++)
		status = port_start(appliance, &appliance->ports_open[i], error);
	if (status == 0 && spreader_is_idle(appliance, queues))
		status = spreader_dismiss(appliance, error);
	if (status != 0)
		return status;
	queues_deal(appliance, queues);
	for (uint16_t i = 0; i < appliance->port_count; i++)
		app_port_count_begin(appliance, &appliance->ports_open[i]);
	return 0;
}

int app_ports_node(const struct appliance *appliance)
{
	int node = SOCKET_ID_ANY;

	for (uint16_t i = 0; i < appliance->port_count; i++) {
		int of = rte_eth_dev_socket_id(appliance->port[i]);

		if (i != 0 && of != node)
			return SOCKET_ID_ANY;
		node = of;
	}
	return node;
}

void app_ports_close(struct appliance *appliance)
{
	for (uint16_t i = 0; i < appliance->port_count; i++) {
		rte_eth_dev_stop(appliance->port[i]);
		rte_eth_dev_close(appliance->port[i]);
		free(appliance->ports_open[i].device);
	}
	appliance->port_count = 0;
	free(appliance->ports_open);
	appliance->ports_open = NULL;
	for (uint16_t i = 0; appliance->workers != NULL && i < appliance->worker_count; i++)
		app_ring_port_close(&appliance->workers[i].ring_port);
}
