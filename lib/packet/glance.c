/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The short path: a first look that ends most of the traffic, which is TCP or UDP between ports
 * that mean nothing here, in IP as it nearly always looks, bare or inside GTP-U, and writes down
 * what a DNS datagram in the same is. It has no rule that the decoder has not: it gives the same
 * outcome and the same record, or leaves the packet to it, as it does with whatever is out of the
 * ordinary.
 *
 * On a link the next packet is of another flow. A branch that tells TCP from UDP, up from down, or
 * one form of GTP-U from another, is guessed wrong as often as not, and a wrong guess costs as much
 * as a third of the work here. So both are read by the same instructions. What is all but always
 * so is asked for by a branch, which is then nearly free.
 */
#include "glance_priv.h"

enum {
	/* Not outcomes: */
	CLOSER = ADIT_OUTCOME_PENDING, /* have a closer look */
	TUNNEL,                        /* GTP-U stands at glance.at */
	DATAGRAM,                      /* DNS over UDP */
	DATAGRAM_INSIDE,               /* the same inside GTP-U */
};

struct glance {
	const struct adit_ports *ports;
	const uint8_t *at;
	uint32_t room; /* bytes from there on, all captured, in the layer around it */
};

static inline bool has_tunnel_ports(const struct glance *g, const uint8_t *l4)
{
	return adit_load_be16(l4) == PORT_GTPU && adit_load_be16(l4 + 2) == PORT_GTPU &&
	       g->ports->service[PORT_GTPU] == ADIT_SERVICE_GTPU;
}

/* What an IP header at g->at carries, in a packet of `total` bytes. That header's size is a
 * constant. */
__attribute__((always_inline)) static inline int glance_transport(
	struct glance *g, uint32_t header, uint32_t total, uint32_t protocol, bool in_tunnel)
{
	const struct adit_ports *ports = g->ports;
	const uint8_t *l4 = g->at + header, *address = g->at + (header == IPV4_BYTES ? 12 : 8);
	const uint32_t is_tcp = protocol == PROTOCOL_TCP;
	uint32_t size, from, to, source, destination, port;
	int other = ADIT_OUTCOME_UDP_OTHER;

	if (ADIT_UNLIKELY((protocol == PROTOCOL_UDP) == is_tcp)) {
		bool known = protocol == PROTOCOL_ESP ||
			     protocol == (header == IPV4_BYTES ? PROTOCOL_ICMP : PROTOCOL_ICMP6);

		return known && header <= total && total <= g->room &&
				       (in_tunnel || !has_tunnel_ports(g, l4))
			       ? ADIT_OUTCOME_IP_OTHER
			       : CLOSER;
	}
	/* Of the datagram, or of the TCP header. */
	size = adit_load_be16(l4 + 4);
	size ^= (size ^ (l4[12] >> 2 & 0x3c)) & -is_tcp;
	if (ADIT_UNLIKELY(size < 8 + 12 * is_tcp || header + size > total || total > g->room))
		return CLOSER;
	source = adit_load_be16(l4);
	destination = adit_load_be16(l4 + 2);
	if (!in_tunnel && !is_tcp && has_tunnel_ports(g, l4)) {
		if (ADIT_UNLIKELY(header + size != total))
			return CLOSER;
		g->at = l4 + 8;
		g->room = size - 8;
		return TUNNEL;
	}
	other += (int)is_tcp * (ADIT_OUTCOME_TCP_OTHER - ADIT_OUTCOME_UDP_OTHER);
	from = is_special(ports, source);
	to = is_special(ports, destination);
	if (!(from | to))
		return other;
	/* HTTPS at one end, with somebody who is no resolver. */
	port = source ^ ((source ^ destination) & -to);
	address += (header == IPV4_BYTES ? 4 : 16) & -to;
	if (ADIT_LIKELY(!(from & to) && ports->service[port] == ADIT_SERVICE_HTTPS &&
			!adit_packet_resolver_hint(ports, address, header == IPV6_BYTES)))
		return other;
	/* No service comes before DNS. */
	return !is_tcp && (ports->service[source] == ADIT_SERVICE_DNS ||
				  ports->service[destination] == ADIT_SERVICE_DNS)
		       ? DATAGRAM
		       : CLOSER;
}

__attribute__((always_inline)) static inline int glance_ipv4(struct glance *g, bool in_tunnel)
{
	const uint8_t *ip = g->at;

	if (ADIT_UNLIKELY(g->room < IPV4_BYTES + TRANSPORT_BYTES || ip[0] != 0x45 ||
			  (adit_load_be16(ip + 6) & 0x3fff) != 0))
		return CLOSER;
	return glance_transport(g, IPV4_BYTES, adit_load_be16(ip + 2), ip[9], in_tunnel);
}

__attribute__((always_inline)) static inline int glance_ipv6(struct glance *g, bool in_tunnel)
{
	const uint8_t *ip = g->at;

	if (ADIT_UNLIKELY(g->room < IPV6_BYTES + TRANSPORT_BYTES || ip[0] >> 4 != 6))
		return CLOSER;
	return glance_transport(
		g, IPV6_BYTES, IPV6_BYTES + adit_load_be16(ip + 4), ip[6], in_tunnel);
}

/* The GTP-U header of a user's packet: plain, or with options and at most one extension, of one
 * word, as the PDU session container is. */
__attribute__((always_inline)) static inline bool glance_gtpu(struct glance *g)
{
	const uint8_t *gtpu = g->at;
	uint32_t size, more, extension, unusual;

	if (ADIT_UNLIKELY(g->room < GTPU_BYTES + GTPU_MORE))
		return false;
	size = adit_load_be16(gtpu + 2);
	extension = (gtpu[0] >> 2 & 1) & (gtpu[11] != 0);
	more = 4 * (((gtpu[0] & 7) != 0) + extension);
	unusual = ((gtpu[12] ^ 1u) | gtpu[15]) & -extension;
	unusual |= (adit_load_be16(gtpu) & 0xf0ff) ^ 0x30ff;
	unusual |= (size ^ (g->room - 8)) | (size < more);
	g->at += 8 + more;
	g->room = size - more;
	return ADIT_LIKELY(unusual == 0);
}

/* Where what the header at `gtpu` wraps begins: behind a word of options, if there is one, and one
 * of an extension. */
static inline uint32_t gtpu_content(const uint8_t *data, uint32_t gtpu)
{
	const uint8_t *header = data + gtpu;
	uint32_t extension = (header[0] & GTPU_E) != 0 && header[11] != 0;

	return gtpu + 8 + 4 * (((header[0] & 7) != 0) + extension);
}

/* What is known of a datagram, here or inside of GTP-U. Not inline: what is no DNS must not save
 * registers for it. */
__attribute__((noinline)) static void write_datagram(const struct adit_frame *frame,
	const struct adit_ports *ports, struct adit_packet *packet, bool inside)
{
	const uint8_t *data = frame->data;
	uint32_t first = ETHERNET_BYTES + (adit_load_be16(data + 12) == TYPE_VLAN ? 4 : 0);
	bool outer_v6 = data[first] >> 4 == 6;
	uint32_t gtpu = first + (outer_v6 ? IPV6_BYTES : IPV4_BYTES) + 8;
	uint32_t ip = inside ? gtpu_content(data, gtpu) : first;
	bool is_v6 = data[ip] >> 4 == 6;
	uint32_t l4 = ip + (is_v6 ? IPV6_BYTES : IPV4_BYTES);
	uint16_t flags = is_v6 ? ADIT_PACKET_V6 | ADIT_PACKET_WHO_V6 : 0;

	flags |= ports->service[adit_load_be16(data + l4)] == ADIT_SERVICE_DNS
			 ? ADIT_PACKET_FROM_DNS
			 : 0;
	flags |= ports->service[adit_load_be16(data + l4 + 2)] == ADIT_SERVICE_DNS
			 ? ADIT_PACKET_TO_DNS
			 : 0;
	*packet = (struct adit_packet){
		.payload_offset = (uint16_t)(l4 + 8),
		.payload_size = (uint16_t)(adit_load_be16(data + l4 + 4) - 8),
		.ip_offset = (uint16_t)ip,
		.l4_offset = (uint16_t)l4,
		.who_offset = (uint16_t)ip,
		.vlan = frame->vlan,
		.outcome = ADIT_OUTCOME_PENDING,
		.tap = frame->tap,
	};
	/* A port takes out the outermost tag. */
	if (first != ETHERNET_BYTES)
		*(frame->vlan == 0 ? &packet->vlan : &packet->vlan_inner) =
			adit_load_be16(data + ETHERNET_BYTES);
	if (inside) {
		packet->outer_ip_offset = (uint16_t)first;
		packet->gtpu_offset = (uint16_t)gtpu;
		flags |= ADIT_PACKET_GTPU | DEPTH_ONE;
		flags |= outer_v6 ? ADIT_PACKET_OUTER_V6 : 0;
		if ((data[gtpu] & GTPU_E) != 0 && data[gtpu + 11] == GTPU_PDU_SESSION)
			flags |= pdu_flags(data[gtpu + 13]);
	}
	packet->flags = flags;
}

static inline int glance(const struct adit_sight *sight, const struct adit_ports *ports)
{
	struct glance g = {.ports = ports};
	uint32_t at = ETHERNET_BYTES;
	uint16_t type;
	int outcome;

	if (ADIT_UNLIKELY(sight->size < FRAME_BYTES))
		return CLOSER;
	type = adit_load_be16(sight->data + 12);
	if (type == TYPE_VLAN) {
		type = adit_load_be16(sight->data + 16);
		at += 4;
	}
	g.at = sight->data + at;
	g.room = sight->size - at;
	if (ADIT_LIKELY(type == TYPE_IPV4))
		outcome = glance_ipv4(&g, false);
	else if (type == TYPE_IPV6)
		outcome = glance_ipv6(&g, false);
	else
		return CLOSER;
	if (outcome != TUNNEL)
		return outcome;
	if (!glance_gtpu(&g) || ADIT_UNLIKELY(g.room == 0))
		return CLOSER;
	outcome = g.at[0] >> 4 == 6 ? glance_ipv6(&g, true) : glance_ipv4(&g, true);
	if (ADIT_LIKELY(outcome != DATAGRAM))
		return outcome;
	/* Whether the tunnel is the network's is left to the decoder. */
	return ports->peer_count != 0 ? CLOSER : DATAGRAM_INSIDE;
}

/* One after the other: the row that CPUs without wider registers have. */
void glance_scalar(const struct adit_ports *ports, const struct adit_sight *sights, size_t count,
	struct adit_glance *found)
{
	*found = (struct adit_glance){.left = 0};
	for (size_t i = 0; i < count; i++) {
		int outcome = glance(&sights[i], ports);

		found->tcp_other += outcome == ADIT_OUTCOME_TCP_OTHER;
		found->udp_other += outcome == ADIT_OUTCOME_UDP_OTHER;
		found->ip_other += outcome == ADIT_OUTCOME_IP_OTHER;
		found->left |= (uint64_t)(outcome >= CLOSER) << i;
		found->datagrams |= (uint64_t)(outcome >= DATAGRAM) << i;
		found->inside |= (uint64_t)(outcome == DATAGRAM_INSIDE) << i;
	}
}

enum adit_outcome adit_packet_decode_glanced(const struct adit_frame *frame,
	const struct adit_ports *ports, struct adit_packet *packet, enum adit_seen seen)
{
	if (ADIT_UNLIKELY(seen == ADIT_SEEN_UNUSUAL))
		return adit_packet_decode_closely(frame, ports, packet);
	write_datagram(frame, ports, packet, seen == ADIT_SEEN_INSIDE);
	return ADIT_OUTCOME_PENDING;
}

enum adit_outcome adit_packet_decode(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet)
{
	bool whole = frame->captured == frame->wire && frame->link == ADIT_LINK_ETHERNET;
	const struct adit_sight sight = {frame->data, whole ? frame->captured : 0};
	int outcome = glance(&sight, ports);

	if (ADIT_LIKELY(outcome < CLOSER)) {
		packet->outcome = (uint8_t)outcome;
		return (enum adit_outcome)outcome;
	}
	if (outcome == CLOSER)
		return adit_packet_decode_closely(frame, ports, packet);
	write_datagram(frame, ports, packet, outcome == DATAGRAM_INSIDE);
	return ADIT_OUTCOME_PENDING;
}
