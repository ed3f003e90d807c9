/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is known of an open port of adit run: how it spreads packets over its queues, and what it
 * has counted. The management thread writes all of it; no lcore reads it.
 */
#ifndef ADIT_PORT_H
#define ADIT_PORT_H

#include "appliance.h"

#include <rte_ethdev.h>

#define APP_PORT_QUEUES_MAX 16 /* the most that port.queues may be */

/* Which packets the port itself keeps on one queue, from the least to the most. */
enum app_spread {
	APP_SPREAD_NONE,       /* one queue, or all DNS on one */
	APP_SPREAD_DRIVER,     /* as the driver or its peer likes */
	APP_SPREAD_OUTER,      /* those of two outer addresses */
	APP_SPREAD_PARTLY,     /* inner addresses of some GTP-U, outer ones of the rest */
	APP_SPREAD_PAIR,       /* those of two innermost addresses, in both directions */
	APP_SPREAD_SUBSCRIBER, /* all of a subscriber, as long as GTP-U tells the direction */
};

struct app_port_counters {
	uint64_t received, missed, no_buffer, errors; /* of the driver, or of the kernel below it */
	struct {
		uint64_t packets; /* taken by the lcore that polls the queue */
		uint64_t errors;  /* dropped at this queue, where the driver or the kernel tells */
	} queue[APP_PORT_QUEUES_MAX];
};

struct app_port {
	uint16_t id, queues;
	char *device;       /* as given; owned */
	const char *driver; /* its name, the driver's own string */
	const char *note;   /* what was added to the device's arguments; NULL: nothing */
	enum app_spread spread;
	char words[200]; /* the same for a person, as far as the port tells */
	struct app_port_counters counters;
	/* Of net_af_packet: the sockets of its queues, -1 where none is known. The driver owns
	 * them. */
	int socket[APP_PORT_QUEUES_MAX];
};

/* The memory node of all ports; SOCKET_ID_ANY: they are on several, or none is known. */
int app_ports_node(const struct appliance *appliance);

/* port_count.c: asks drivers, and the kernel where they do not tell, and adds up. Begin: counting
 * starts, after ports are open and before they are polled. */
void app_port_count_begin(struct appliance *appliance, struct app_port *port);
void app_ports_count(struct appliance *appliance);
/* Packets that the port lost before the program could take them. */
static inline uint64_t app_port_lost(const struct app_port_counters *counters)
{
	return counters->missed + counters->no_buffer + counters->errors;
}

/* rss.c: what to ask of a port for before it starts; and flow rules, once it has started. Then
 * `spread` and `words` say what is in force. */
void app_rss_configure(
	uint16_t queues, const struct rte_eth_dev_info *info, struct rte_eth_conf *conf);
void app_rss_program(struct app_port *port);

#endif
