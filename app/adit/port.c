/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ports: real ones for adit run, and the ring port through which workers behind a spreader
 * receive.
 */
#include "appliance.h"

#include <errno.h>
#include <stdio.h>

#include <rte_dev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

/* Workers take packets from a spreader exactly as from a NIC. */
int app_ring_port_open(struct appliance *appliance, struct adit_error *error)
{
	struct rte_ring *rings[APP_WORKERS_MAX] = {NULL};
	struct rte_eth_conf conf = {0};
	uint16_t count = appliance->worker_count;
	uint16_t ring_port;
	int port, status;

	for (uint16_t i = 0; i < count; i++)
		rings[i] = appliance->workers[i].packets;
	port = rte_eth_from_rings("adit_spread", rings, count, rings, count, 0);
	if (port < 0)
		return adit_error_set(error, -ENODEV, "the ring port can't be made");
	ring_port = appliance->ring_port = (uint16_t)port;
	status = rte_eth_dev_configure(ring_port, count, count, &conf);
	for (uint16_t i = 0; i < count && status == 0; i++) {
		status = rte_eth_rx_queue_setup(
			ring_port, i, 64, SOCKET_ID_ANY, NULL, appliance->pool);
		if (status == 0)
			status = rte_eth_tx_queue_setup(ring_port, i, 64, SOCKET_ID_ANY, NULL);
		appliance->workers[i].queue[0] = (struct app_queue){ring_port, i};
		appliance->workers[i].queues = 1;
	}
	if (status == 0)
		status = rte_eth_dev_start(ring_port);
	if (status != 0)
		return adit_error_set(
			error, status, "the ring port did not start: %s", rte_strerror(-status));
	return 0;
}

/* "0000:03:00.0" and "net_af_packet0,iface=eth1" are both what EAL calls device arguments. */
static int port_probe(const char *device, uint16_t *port, struct adit_error *error)
{
	struct rte_dev_iterator iterator;
	uint16_t found = RTE_MAX_ETHPORTS, id;
	char name[RTE_DEV_NAME_MAX_LEN];
	int status;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
	if (rte_eth_dev_get_port_by_name(name, port) == 0)
		return 0;
	status = rte_dev_probe(device);
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

int app_ports_open(struct appliance *appliance, struct adit_error *error)
{
	const struct adit_list *devices = &appliance->config->port_devices;

	for (size_t i = 0; i < devices->count; i++) {
		uint16_t port;
		int status = port_probe(devices->item[i], &port, error);

		if (status != 0)
			return status;
		/* Two pollers on one queue would race. */
		for (uint16_t k = 0; k < appliance->port_count; k++)
			if (appliance->port[k] == port)
				return adit_error_set(error, -EINVAL,
					"port.devices: '%s' is listed twice", devices->item[i]);
		appliance->port[appliance->port_count++] = port;
	}
	/* Devices that the EAL arguments name count as well. */
	if (devices->count == 0) {
		uint16_t port;

		RTE_ETH_FOREACH_DEV(port)
		appliance->port[appliance->port_count++] = port;
	}
	if (appliance->port_count == 0)
		return adit_error_set(error, -ENODEV,
			"no port to listen on; give port.devices in the configuration or by --set, "
			"or EAL's -a or --vdev after --");
	return 0;
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
	if (queues > 1 && info.flow_type_rss_offloads != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf =
			info.flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_GTPU);
	}
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

/* Who polls which queue: all of them the spreader, or the workers in turn. */
static void queues_deal(struct appliance *appliance, uint16_t queues)
{
	uint32_t dealt = 0;

	for (uint16_t i = 0; i < appliance->port_count; i++)
		for (uint16_t queue = 0; queue < queues; queue++, dealt++) {
			struct app_queue it = {appliance->port[i], queue};
			struct app_worker *worker;

			if (appliance->has_spreader) {
				struct app_spreader *spreader = appliance->spreader;

				if (spreader->queues < APP_QUEUES_MAX)
					spreader->queue[spreader->queues++] = it;
				continue;
			}
			worker = &appliance->workers[dealt % appliance->worker_count];
			if (worker->queues < APP_QUEUES_MAX)
				worker->queue[worker->queues++] = it;
		}
}

int app_ports_start(struct appliance *appliance, struct adit_error *error)
{
	uint16_t queues = (uint16_t)appliance->config->port_queues;

	if ((size_t)appliance->port_count * queues > APP_QUEUES_MAX)
		return adit_error_set(error, -EINVAL,
			"%u ports of %u queues are more than %u queues", appliance->port_count,
			queues, APP_QUEUES_MAX);
	for (uint16_t i = 0; i < appliance->port_count; i++) {
		int status = port_configure(appliance, appliance->port[i], queues, error);

		if (status != 0)
			return status;
	}
	queues_deal(appliance, queues);
	for (uint16_t i = 0; i < appliance->port_count; i++) {
		int status = rte_eth_dev_start(appliance->port[i]);

		if (status != 0)
			return adit_error_set(error, status, "port %u did not start: %s",
				appliance->port[i], rte_strerror(-status));
		if (appliance->config->port_promiscuous &&
			rte_eth_promiscuous_enable(appliance->port[i]) != 0)
			fprintf(stderr,
				"adit: port %u has no promiscuous mode; it sees only what is "
				"addressed to it\n",
				appliance->port[i]);
	}
	return 0;
}

void app_ports_close(struct appliance *appliance)
{
	for (uint16_t i = 0; i < appliance->port_count; i++) {
		rte_eth_dev_stop(appliance->port[i]);
		rte_eth_dev_close(appliance->port[i]);
	}
	appliance->port_count = 0;
	if (appliance->ring_port != RTE_MAX_ETHPORTS) {
		struct rte_eth_dev_info info;

		rte_eth_dev_stop(appliance->ring_port);
		/* Closed alone, its name would stay taken. */
		if (rte_eth_dev_info_get(appliance->ring_port, &info) == 0)
			rte_dev_remove(info.device);
		appliance->ring_port = RTE_MAX_ETHPORTS;
	}
}

void app_ports_count(const struct appliance *appliance, struct app_port_counters *counters)
{
	memset(counters, 0, sizeof(*counters));
	for (uint16_t i = 0; i < appliance->port_count; i++) {
		struct rte_eth_stats stats;

		if (rte_eth_stats_get(appliance->port[i], &stats) != 0)
			continue;
		counters->received += stats.ipackets;
		counters->missed += stats.imissed;
		counters->no_buffer += stats.rx_nombuf;
		counters->errors += stats.ierrors;
	}
}
