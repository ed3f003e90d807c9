/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which ports are worth a second look, and which servers. Written at start, read ever after.
 */
#include "adit_packet.h"

#include <errno.h>

#include "packet_priv.h"

enum { PORT_HTTPS = 443, PORT_GTPU = 2152, PORT_VXLAN = 4789 };

/*
 * One of the 4096 bits in front of the list. Not keyed: somebody who finds other addresses with a
 * resolver's bit makes the decoder look through a short list, and no more.
 */
static unsigned resolver_hash(const uint8_t *address, bool is_v6)
{
	uint64_t low = adit_load_be32(address), high = 0;

	if (is_v6) {
		memcpy(&low, address, 8);
		memcpy(&high, address + 8, 8);
	}
	return (unsigned)((low ^ high * UINT64_C(0xff51afd7ed558ccd)) *
				  UINT64_C(0x9e3779b97f4a7c15) >>
			  52);
}

void adit_ports_init(struct adit_ports *ports)
{
	memset(ports, 0, sizeof(*ports));
	adit_ports_add(ports, PORT_GTPU, ADIT_SERVICE_GTPU);
	adit_ports_add(ports, PORT_VXLAN, ADIT_SERVICE_VXLAN);
}

void adit_ports_add(struct adit_ports *ports, uint16_t port, enum adit_service service)
{
	uint64_t bit = UINT64_C(1) << port % 64;

	ports->service[port] = (uint8_t)service;
	if (service == ADIT_SERVICE_NONE)
		ports->special[port / 64] &= ~bit;
	else
		ports->special[port / 64] |= bit;
}

int adit_ports_add_resolver(struct adit_ports *ports, const struct adit_address *address)
{
	unsigned hash = resolver_hash(address->bytes, address->is_v6);

	if (adit_packet_is_resolver(ports, address->bytes, address->is_v6))
		return 0;
	if (ports->resolver_count == ADIT_RESOLVERS_MAX)
		return -ENOSPC;
	ports->resolver[ports->resolver_count++] = *address;
	ports->resolver_bits[hash / 64] |= UINT64_C(1) << hash % 64;
	if (ports->service[PORT_HTTPS] == ADIT_SERVICE_NONE)
		adit_ports_add(ports, PORT_HTTPS, ADIT_SERVICE_HTTPS);
	return 0;
}

bool adit_packet_is_resolver(const struct adit_ports *ports, const uint8_t *address, bool is_v6)
{
	unsigned hash = resolver_hash(address, is_v6);

	if (ADIT_LIKELY(!(ports->resolver_bits[hash / 64] >> hash % 64 & 1)))
		return false;
	for (uint32_t i = 0; i < ports->resolver_count; i++)
		if (ports->resolver[i].is_v6 == is_v6 &&
			memcmp(ports->resolver[i].bytes, address, is_v6 ? 16 : 4) == 0)
			return true;
	return false;
}
