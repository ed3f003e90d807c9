/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What ports received and lost. Most drivers tell. net_af_packet does not: what its rings could
 * not take, only the kernel knows, and tells it at the driver's socket (PACKET_STATISTICS). The
 * driver never asks, and the sockets are files of this process, so this asks in its place.
 */
#include "port.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

static bool is_af_packet(const struct app_port *port)
{
	return strcmp(port->driver, "net_af_packet") == 0;
}

/* Whether a file is a packet socket bound to the interface, of the version that the driver uses
 * (libpcap uses another). */
static bool is_socket_of(int file, int interface)
{
	struct sockaddr_ll address = {0};
	socklen_t size = sizeof(address);
	int version;

	if (getsockname(file, (struct sockaddr *)&address, &size) != 0 ||
		address.sll_family != AF_PACKET || address.sll_ifindex != interface)
		return false;
	size = sizeof(version);
	return getsockopt(file, SOL_PACKET, PACKET_VERSION, &version, &size) == 0 &&
	       version == TPACKET_V2;
}

/* Packets lost at a socket since the last time it was asked. */
static uint64_t socket_drops(int file)
{
	struct tpacket_stats stats = {0};
	socklen_t size = sizeof(stats);

	if (file < 0 || getsockopt(file, SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0)
		return 0;
	return stats.tp_drops;
}

static bool is_taken(const struct appliance *appliance, int file)
{
	for (uint16_t i = 0; i < appliance->port_count; i++)
		for (int queue = 0; queue < APP_PORT_QUEUES_MAX; queue++)
			if (appliance->ports_open[i].socket[queue] == file)
				return true;
	return false;
}

/* The driver opens one socket for each queue, in their order. */
static void sockets_find(const struct appliance *appliance, struct app_port *port)
{
	struct rte_eth_dev_info info;
	struct rlimit limit;
	uint16_t queue = 0;

	if (rte_eth_dev_info_get(port->id, &info) != 0 || info.if_index == 0 ||
		getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	for (int file = 0; file < (int)RTE_MIN(limit.rlim_cur, 65536u) && queue < port->queues;
		file++)
		if (is_socket_of(file, (int)info.if_index) && !is_taken(appliance, file))
			port->socket[queue++] = file;
}

void app_port_count_begin(struct appliance *appliance, struct app_port *port)
{
	if (is_af_packet(port))
		sockets_find(appliance, port);
	rte_eth_stats_reset(port->id);
	for (uint16_t queue = 0; queue < port->queues; queue++)
		socket_drops(port->socket[queue]);
}

/* What lcores took from a queue. */
static void polled_add(
	struct app_port *ports, uint16_t count, const struct app_queue *queue, uint16_t queues)
{
	for (uint16_t i = 0; i < queues; i++)
		for (uint16_t k = 0; k < count; k++)
			if (ports[k].id == queue[i].port && queue[i].queue < APP_PORT_QUEUES_MAX)
				ports[k].counters.queue[queue[i].queue].packets =
					app_read(&queue[i].received);
}

static uint64_t queue_errors(uint16_t port, uint16_t queue)
{
	char name[RTE_ETH_XSTATS_NAME_SIZE];
	uint64_t id, value;

	snprintf(name, sizeof(name), "rx_q%u_errors", queue);
	if (rte_eth_xstats_get_id_by_name(port, name, &id) != 0 ||
		rte_eth_xstats_get_by_id(port, &id, &value, 1) != 1)
		return 0;
	return value;
}

static void port_count(struct app_port *port)
{
	struct app_port_counters *counters = &port->counters;
	struct rte_eth_stats stats;

	if (rte_eth_stats_get(port->id, &stats) != 0)
		return;
	counters->no_buffer = stats.rx_nombuf;
	counters->errors = stats.ierrors;
	/* Some drivers count nothing (net_memif): what was taken was received. */
	if (stats.ipackets == 0)
		for (uint16_t queue = 0; queue < port->queues; queue++)
			stats.ipackets += counters->queue[queue].packets;
	/* In one piece: others may read it meanwhile. */
	counters->received = stats.ipackets;
	if (!is_af_packet(port)) {
		counters->missed = stats.imissed;
		for (uint16_t queue = 0; queue < port->queues; queue++)
			counters->queue[queue].errors = queue_errors(port->id, queue);
		return;
	}
	for (uint16_t queue = 0; queue < port->queues; queue++) {
		uint64_t drops = socket_drops(port->socket[queue]);

		counters->queue[queue].errors += drops;
		counters->missed += drops;
	}
}

void app_ports_count(struct appliance *appliance)
{
	for (uint16_t i = 0; i < appliance->port_count; i++)
		port_count(&appliance->ports_open[i]);
	polled_add(appliance->ports_open, appliance->port_count, appliance->spreader->queue,
		appliance->spreader->queues);
	for (uint16_t w = 0; w < appliance->worker_count; w++)
		polled_add(appliance->ports_open, appliance->port_count,
			appliance->workers[w].queue, appliance->workers[w].queues);
}
