/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The rows of the first look.
 */
#ifndef ADIT_GLANCE_PRIV_H
#define ADIT_GLANCE_PRIV_H

#include "packet_priv.h"

enum {
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ESP = 50,
	PROTOCOL_ICMP6 = 58,

	PORT_GTPU = 2152,

	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	TRANSPORT_BYTES = 20, /* that are looked at, whatever it is */
	FRAME_BYTES = ETHERNET_BYTES + 4 + IPV4_BYTES + TRANSPORT_BYTES,
	UDP_BYTES = 8,
	GTPU_BYTES = 8, /* of its header at least */
	GTPU_MORE = 8,  /* the word of options and that of an extension */
};

void glance_scalar(const struct adit_ports *ports, const struct adit_sight *sights, size_t count,
	struct adit_glance *found);

#endif
