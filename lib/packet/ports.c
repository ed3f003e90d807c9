/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which ports are worth a second look, and which servers. Written at start, read ever after.
 */
#include "adit_packet.h"

#include <errno.h>

#include "packet_priv.h"

enum { PORT_HTTPS = 443, PORT_GTPU = 2152, PORT_VXLAN = 4789 };

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
	uint32_t bit = adit_packet_resolver_bit(address->bytes, address->is_v6);

	if (adit_packet_is_resolver(ports, address->bytes, address->is_v6))
		return 0;
	if (ports->resolver_count == ADIT_RESOLVERS_MAX)
		return -ENOSPC;
	ports->resolver[ports->resolver_count++] = *address;
	ports->resolver_bits[bit / 64] |= UINT64_C(1) << bit % 64;
	if (ports->service[PORT_HTTPS] == ADIT_SERVICE_NONE)
		adit_ports_add(ports, PORT_HTTPS, ADIT_SERVICE_HTTPS);
	return 0;
}

bool adit_packet_is_resolver(const struct adit_ports *ports, const uint8_t *address, bool is_v6)
{
	if (ADIT_LIKELY(!adit_packet_resolver_hint(ports, address, is_v6)))
		return false;
	for (uint32_t i = 0; i < ports->resolver_count; i++)
		if (ports->resolver[i].is_v6 == is_v6 &&
			memcmp(ports->resolver[i].bytes, address, is_v6 ? 16 : 4) == 0)
			return true;
	return false;
}
