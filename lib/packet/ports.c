/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which ports are worth a second look, which servers, and which tunnels. Written at start, read
 * ever after.
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

int adit_ports_add(struct adit_ports *ports, uint16_t port, enum adit_service service)
{
	const uint16_t raw = (uint16_t)(port << 8 | port >> 8);
	uint64_t bit = UINT64_C(1) << port % 64;
	uint32_t at = 0;

	while (at < ports->listed_count && ports->listed[at].raw != raw)
		at++;
	if (service == ADIT_SERVICE_NONE) {
		ports->service[port] = ADIT_SERVICE_NONE;
		ports->special[port / 64] &= ~bit;
		if (at < ports->listed_count)
			ports->listed[at] = ports->listed[--ports->listed_count];
		return 0;
	}
	if (at == ADIT_PORTS_MAX)
		return -ENOSPC;
	ports->listed_count += at == ports->listed_count;
	ports->listed[at].raw = raw;
	ports->listed[at].service = (uint16_t)service;
	ports->service[port] = (uint8_t)service;
	ports->special[port / 64] |= bit;
	return 0;
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
		return adit_ports_add(ports, PORT_HTTPS, ADIT_SERVICE_HTTPS);
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

/* 16 bytes: an IPv4 address is padded with zeros. */
static void load_words(uint64_t *words, const uint8_t *address, bool is_v6)
{
	words[0] = words[1] = 0;
	memcpy(words, address, is_v6 ? 16 : 4);
}

int adit_ports_add_peer(struct adit_ports *ports, const struct adit_address *prefix, unsigned bits)
{
	struct adit_peer peer = {.is_v6 = prefix->is_v6};

	if (bits > (prefix->is_v6 ? 128u : 32u))
		return -EINVAL;
	adit_packet_host_bits(peer.mask, bits);
	load_words(peer.address, prefix->bytes, prefix->is_v6);
	for (unsigned i = 0; i < ADIT_COUNT(peer.mask); i++) {
		peer.mask[i] = ~peer.mask[i];
		peer.address[i] &= peer.mask[i];
	}
	for (uint32_t i = 0; i < ports->peer_count; i++)
		if (memcmp(&ports->peer[i], &peer, sizeof(peer)) == 0)
			return 0;
	if (ports->peer_count == ADIT_PEERS_MAX)
		return -ENOSPC;
	ports->peer[ports->peer_count++] = peer;
	return 0;
}

bool adit_packet_is_peer(const struct adit_ports *ports, const uint8_t *address, bool is_v6)
{
	uint64_t words[2];

	load_words(words, address, is_v6);
	for (uint32_t i = 0; i < ports->peer_count; i++) {
		const struct adit_peer *peer = &ports->peer[i];

		if (peer->is_v6 == is_v6 && (words[0] & peer->mask[0]) == peer->address[0] &&
			(words[1] & peer->mask[1]) == peer->address[1])
			return true;
	}
	return false;
}
