/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The decoder's main road: Ethernet, IP, UDP, TCP and GTP-U. It copies nothing. A packet that is
 * not DNS leaves after the fewest loads; what is rare is read elsewhere (link.c). No step calls
 * itself: each returns what comes next, and the loop in walk() goes there.
 *
 * Every offset fits 16 bits whatever the frame's size, see nest(). The payload of a datagram fits
 * because the UDP length does; that of a segment is cut to fit.
 *
 * Sources: RFC 791, 8200, 2675, 4302, 6946, 768, 9293; 3GPP TS 29.281, TS 38.415.
 */
#include "adit_packet.h"

#include "packet_priv.h"

enum {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AH = 51,
	PROTOCOL_OPTIONS = 60,

	GTPU_VERSION_MASK = 0xf0, /* version and protocol type */
	GTPU_VERSION_1 = 0x30,    /* 1, GTP rather than GTP' */
	GTPU_E = 0x04,
	GTPU_S = 0x02,
	GTPU_PN = 0x01,
	GTPU_ECHO_REQUEST = 1,
	GTPU_ECHO_RESPONSE = 2,
	GTPU_ERROR_INDICATION = 26,
	GTPU_END_MARKER = 254,
	GTPU_G_PDU = 255,
	GTPU_PDU_SESSION = 0x85,
};

/* The subscriber's header, where no GTP-U has named it. */
static inline void settle_who(struct adit_packet *packet)
{
	if (packet->flags & ADIT_PACKET_GTPU)
		return;
	packet->who_offset = packet->ip_offset;
	packet->flags |= packet->flags & ADIT_PACKET_V6 ? ADIT_PACKET_WHO_V6 : 0;
}

static int pend(struct reader *r, uint16_t flags, uint32_t payload)
{
	struct adit_packet *packet = r->packet;
	uint32_t size = r->limit - payload;

	if (r->limit < r->end)
		flags |= ADIT_PACKET_CUT;
	/* A segment that a network card was to split. */
	if (ADIT_UNLIKELY(size > UINT16_MAX)) {
		size = UINT16_MAX;
		flags |= ADIT_PACKET_CUT;
	}
	packet->flags |= flags;
	packet->payload_offset = (uint16_t)payload;
	packet->payload_size = (uint16_t)size;
	settle_who(packet);
	return ADIT_OUTCOME_PENDING;
}

static int fragment(struct reader *r)
{
	r->packet->l4_offset = (uint16_t)r->at;
	settle_who(r->packet);
	return ADIT_OUTCOME_FRAGMENT;
}

static inline bool is_special(const struct adit_ports *ports, uint16_t a, uint16_t b)
{
	return ((ports->special[a / 64] >> a % 64) | (ports->special[b / 64] >> b % 64)) & 1;
}

/* Which ends are listed resolvers. */
static uint16_t resolver_ends(const struct reader *r, uint16_t ends)
{
	bool is_v6 = (r->packet->flags & ADIT_PACKET_V6) != 0;
	const uint8_t *source = r->data + r->packet->ip_offset + (is_v6 ? 8 : 12);

	if ((ends & ADIT_PACKET_FROM_DNS) && !adit_packet_is_resolver(r->ports, source, is_v6))
		ends ^= ADIT_PACKET_FROM_DNS;
	if ((ends & ADIT_PACKET_TO_DNS) &&
		!adit_packet_is_resolver(r->ports, source + (is_v6 ? 16 : 4), is_v6))
		ends ^= ADIT_PACKET_TO_DNS;
	return ends;
}

static inline uint16_t ends_of(enum adit_service service, uint8_t from, uint8_t to)
{
	return (uint16_t)((to == service) * ADIT_PACKET_TO_DNS |
			  (from == service) * ADIT_PACKET_FROM_DNS);
}

/*
 * The flags of a packet between two services, if one of them is a server of DNS in some form; else
 * 0. Plain DNS comes first: a client chooses its own port.
 */
static uint16_t dns_flags(const struct reader *r, uint8_t from, uint8_t to)
{
	uint16_t ends = ends_of(ADIT_SERVICE_DNS, from, to);

	if (ends != 0)
		return ends;
	ends = ends_of(ADIT_SERVICE_ENCRYPTED, from, to);
	if (ends != 0)
		return ends | ADIT_PACKET_ENCRYPTED;
	ends = resolver_ends(r, ends_of(ADIT_SERVICE_HTTPS, from, to));
	return ends != 0 ? ends | ADIT_PACKET_DOH : 0;
}

static int read_tcp(struct reader *r)
{
	const uint8_t *tcp = r->data + r->at;
	uint16_t source, destination, flags;
	uint32_t size;

	if (ADIT_UNLIKELY(r->at + 20 > r->limit))
		return missing(r, r->at + 20, ADIT_OUTCOME_TCP_MALFORMED);
	size = (uint32_t)(tcp[12] >> 4) * 4;
	if (ADIT_UNLIKELY(size < 20 || size > r->end - r->at))
		return ADIT_OUTCOME_TCP_MALFORMED;
	source = adit_load_be16(tcp);
	destination = adit_load_be16(tcp + 2);
	if (ADIT_LIKELY(!is_special(r->ports, source, destination)))
		return ADIT_OUTCOME_TCP_OTHER;
	flags = dns_flags(r, r->ports->service[source], r->ports->service[destination]);
	if (flags == 0)
		return ADIT_OUTCOME_TCP_OTHER;
	if (ADIT_UNLIKELY(r->at + size > r->limit))
		return ADIT_OUTCOME_FRAME_CUT;
	return pend(r, flags | ADIT_PACKET_TCP, r->at + size);
}

/* Extension headers of GTP-U (TS 29.281 section 5.2): size in words first, next type last. */
static int read_gtpu_extensions(struct reader *r, uint32_t at, uint8_t type)
{
	unsigned count = 0;

	for (; type != 0; type = r->data[at - 1]) {
		uint32_t size;

		if (count++ == ADIT_PACKET_EXTENSION_MAX)
			return ADIT_OUTCOME_NESTING;
		if (at + 1 > r->limit)
			return missing(r, at + 1, ADIT_OUTCOME_GTPU_MALFORMED);
		size = (uint32_t)r->data[at] * 4;
		if (size == 0)
			return ADIT_OUTCOME_GTPU_MALFORMED;
		if (at + size > r->limit)
			return missing(r, at + size, ADIT_OUTCOME_GTPU_MALFORMED);
		if (type == GTPU_PDU_SESSION) {
			uint8_t pdu_type = r->data[at + 1] >> 4;

			r->packet->flags |= pdu_type == 0 ? ADIT_PACKET_PDU_DL : 0;
			r->packet->flags |= pdu_type == 1 ? ADIT_PACKET_PDU_UL : 0;
		}
		at += size;
	}
	r->at = at;
	return GO_IP;
}

static int read_gtpu_message(uint8_t type)
{
	switch (type) {
	case GTPU_ECHO_REQUEST:
	case GTPU_ECHO_RESPONSE:
		return ADIT_OUTCOME_GTPU_ECHO;
	case GTPU_ERROR_INDICATION:
		return ADIT_OUTCOME_GTPU_ERROR;
	case GTPU_END_MARKER:
		return ADIT_OUTCOME_GTPU_END_MARKER;
	default:
		return ADIT_OUTCOME_GTPU_SIGNALLING;
	}
}

/* The content of a G-PDU, at reader.at: IP, whose version its first byte tells. */
static int read_g_pdu(struct reader *r, uint32_t gtpu)
{
	struct adit_packet *packet = r->packet;
	uint8_t version;

	if (ADIT_UNLIKELY(r->at + 1 > r->limit))
		return missing(r, r->at + 1, ADIT_OUTCOME_GTPU_OTHER);
	version = r->data[r->at] >> 4;
	if (version != 4 && version != 6)
		return ADIT_OUTCOME_GTPU_OTHER;
	packet->gtpu_offset = (uint16_t)gtpu;
	packet->outer_ip_offset = packet->ip_offset;
	packet->who_offset = (uint16_t)r->at;
	packet->flags |= ADIT_PACKET_GTPU | (version == 6 ? ADIT_PACKET_WHO_V6 : 0);
	return go_ip(r, r->at, version);
}

static int read_gtpu(struct reader *r)
{
	const uint8_t *gtpu = r->data + r->at;
	uint32_t start = r->at, at = start + 8;
	uint16_t is_v6 = r->packet->flags & ADIT_PACKET_V6;
	uint8_t type = 0;
	int outcome;

	/* Not read any further, so that what a subscriber sends moves no counter of GTP-U's own. */
	if (r->packet->flags & ADIT_PACKET_GTPU)
		return ADIT_OUTCOME_NESTING;
	if (ADIT_UNLIKELY(start + 1 > r->limit))
		return missing(r, start + 1, ADIT_OUTCOME_GTPU_NOT);
	if (ADIT_UNLIKELY((gtpu[0] & GTPU_VERSION_MASK) != GTPU_VERSION_1))
		return ADIT_OUTCOME_GTPU_NOT;
	if (ADIT_UNLIKELY(at > r->limit))
		return missing(r, at, ADIT_OUTCOME_GTPU_MALFORMED);
	if (adit_load_be16(gtpu + 2) > r->end - at)
		return ADIT_OUTCOME_GTPU_MALFORMED;
	if (gtpu[1] != GTPU_G_PDU)
		return read_gtpu_message(gtpu[1]);
	if (ADIT_UNLIKELY(!nest(r)))
		return ADIT_OUTCOME_NESTING;
	if (is_v6)
		r->packet->flags |= ADIT_PACKET_OUTER_V6;
	narrow(r, at + adit_load_be16(gtpu + 2));
	/* Any of the three flags brings the whole word; only E gives its last byte a meaning. */
	if (gtpu[0] & (GTPU_E | GTPU_S | GTPU_PN)) {
		at += 4;
		if (at > r->limit)
			return missing(r, at, ADIT_OUTCOME_GTPU_MALFORMED);
		if (gtpu[0] & GTPU_E)
			type = gtpu[11];
	}
	outcome = read_gtpu_extensions(r, at, type);
	return outcome == GO_IP ? read_g_pdu(r, start) : outcome;
}

/*
 * A DNS port wins over the GTP-U port. A client is free to send its queries from port 2152 and to
 * shape them so that they read as GTP-U too, and would be hidden if GTP-U won; the ports of GTP-U
 * are the network's, and it uses none of DNS for them. So a port that a GTP-U peer may use as its
 * source does not belong among the DNS ports. A VXLAN port means VXLAN as destination only.
 */
static int read_service(struct reader *r, uint32_t payload, uint16_t source, uint16_t destination)
{
	uint8_t from = r->ports->service[source], to = r->ports->service[destination];
	uint16_t flags = dns_flags(r, from, to);

	if (flags != 0)
		return pend(r, flags, payload);
	r->at = payload;
	if (from == ADIT_SERVICE_GTPU || to == ADIT_SERVICE_GTPU)
		return read_gtpu(r);
	return ADIT_OUTCOME_UDP_OTHER;
}

static int read_udp(struct reader *r)
{
	const uint8_t *udp = r->data + r->at;
	uint32_t payload = r->at + 8, length;
	uint16_t source, destination;

	if (ADIT_UNLIKELY(payload > r->limit))
		return missing(r, payload, ADIT_OUTCOME_UDP_MALFORMED);
	length = adit_load_be16(udp + 4);
	/* Length 0 (RFC 2675) would be a datagram of more than 64 KB: DNS has none. */
	if (ADIT_UNLIKELY(length < 8 || length > r->end - r->at))
		return ADIT_OUTCOME_UDP_MALFORMED;
	source = adit_load_be16(udp);
	destination = adit_load_be16(udp + 2);
	if (ADIT_LIKELY(!is_special(r->ports, source, destination)))
		return ADIT_OUTCOME_UDP_OTHER;
	narrow(r, r->at + length);
	return read_service(r, payload, source, destination);
}

/* What an IP header carries, at r->at. IP in IP without GTP-U is `ip_other`. */
static inline int read_transport(struct reader *r)
{
	r->packet->l4_offset = (uint16_t)r->at;
	if (ADIT_LIKELY(r->protocol == PROTOCOL_UDP))
		return read_udp(r);
	if (ADIT_LIKELY(r->protocol == PROTOCOL_TCP))
		return read_tcp(r);
	return ADIT_OUTCOME_IP_OTHER;
}

/* An IP header that its surroundings have no room for: the frame's fault, or the header's own. */
static int short_of_ip(const struct reader *r, uint32_t need, enum adit_outcome malformed)
{
	return missing(r, need,
		r->packet->flags & ADIT_PACKET_DEPTH ? malformed : ADIT_OUTCOME_FRAME_SHORT);
}

static inline int read_ipv4(struct reader *r)
{
	const uint8_t *ip = r->data + r->at;
	uint32_t header = 20, total;

	if (ADIT_UNLIKELY(r->at + 20 > r->limit))
		return short_of_ip(r, r->at + 20, ADIT_OUTCOME_IPV4_MALFORMED);
	if (ADIT_UNLIKELY(ip[0] != 0x45)) {
		header = (uint32_t)(ip[0] & 15) * 4;
		if (ip[0] >> 4 != 4 || header < 20)
			return ADIT_OUTCOME_IPV4_MALFORMED;
	}
	total = adit_load_be16(ip + 2);
	/* A segment that the sender's network card was to split: the rest of the frame. */
	if (ADIT_UNLIKELY(total == 0))
		total = r->end - r->at;
	if (ADIT_UNLIKELY(total < header || total > r->end - r->at))
		return ADIT_OUTCOME_IPV4_MALFORMED;
	narrow(r, r->at + total);
	r->at += header;
	if (ADIT_UNLIKELY(r->at > r->limit))
		return ADIT_OUTCOME_FRAME_CUT;
	/* More fragments, or an offset. */
	if (ADIT_UNLIKELY((adit_load_be16(ip + 6) & 0x3fff) != 0))
		return fragment(r);
	r->protocol = ip[9];
	return GO_IP;
}

static inline bool is_extension(uint8_t protocol)
{
	return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING ||
	       protocol == PROTOCOL_FRAGMENT || protocol == PROTOCOL_AH ||
	       protocol == PROTOCOL_OPTIONS;
}

/* Extension headers of IPv6, up to what they carry. */
static int read_ipv6_extensions(struct reader *r, uint8_t protocol)
{
	for (unsigned count = 0; is_extension(protocol); count++) {
		const uint8_t *header = r->data + r->at;
		uint32_t size = 8;

		if (count == ADIT_PACKET_EXTENSION_MAX)
			return ADIT_OUTCOME_IPV6_CHAIN;
		if (r->at + 8 > r->limit)
			return missing(r, r->at + 8, ADIT_OUTCOME_IPV6_MALFORMED);
		if (protocol == PROTOCOL_FRAGMENT) {
			/* Offset 0 and no more to come: whole (RFC 6946). */
			if ((adit_load_be16(header + 2) & 0xfff9) != 0)
				return fragment(r);
		} else if (protocol == PROTOCOL_AH) {
			size = (header[1] + 2u) * 4;
		} else {
			size = (header[1] + 1u) * 8;
		}
		if (r->at + size > r->limit)
			return missing(r, r->at + size, ADIT_OUTCOME_IPV6_MALFORMED);
		protocol = header[0];
		r->at += size;
	}
	r->protocol = protocol;
	return GO_IP;
}

static inline int read_ipv6(struct reader *r)
{
	const uint8_t *ip = r->data + r->at;
	uint32_t size;

	if (ADIT_UNLIKELY(r->at + 40 > r->limit))
		return short_of_ip(r, r->at + 40, ADIT_OUTCOME_IPV6_MALFORMED);
	if (ip[0] >> 4 != 6)
		return ADIT_OUTCOME_IPV6_MALFORMED;
	r->packet->flags |= ADIT_PACKET_V6;
	r->at += 40;
	size = adit_load_be16(ip + 4);
	/* A jumbogram (RFC 2675) or a segment to be split, as with IPv4: the rest of the frame. */
	if (ADIT_UNLIKELY(size == 0))
		size = r->end - r->at;
	if (ADIT_UNLIKELY(size > r->end - r->at))
		return ADIT_OUTCOME_IPV6_MALFORMED;
	narrow(r, r->at + size);
	return read_ipv6_extensions(r, ip[6]);
}

static inline int read_ip(struct reader *r)
{
	int outcome;

	r->packet->ip_offset = (uint16_t)r->at;
	outcome = ADIT_LIKELY(r->version == 4) ? read_ipv4(r) : read_ipv6(r);
	return ADIT_LIKELY(outcome == GO_IP) ? read_transport(r) : outcome;
}

static inline enum adit_outcome walk(struct reader *r, int next)
{
	while (next > ADIT_OUTCOME_PENDING)
		next = ADIT_LIKELY(next == GO_IP) ? read_ip(r) : read_ethernet(r);
	r->packet->outcome = (uint8_t)next;
	return (enum adit_outcome)next;
}

static inline struct reader reader_of(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet)
{
	return (struct reader){
		.data = frame->data,
		.ports = ports,
		.packet = packet,
		.captured = frame->captured,
		.end = frame->wire,
		.limit = least(frame->captured, frame->wire),
	};
}

static inline int read_link(struct reader *r, uint8_t link)
{
	if (ADIT_UNLIKELY(link != ADIT_LINK_ETHERNET))
		return adit_packet_read_link(r, link);
	if (ADIT_UNLIKELY(r->limit < 14))
		return missing(r, 14, ADIT_OUTCOME_FRAME_SHORT);
	return read_ethernet(r);
}

enum adit_outcome adit_packet_decode(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet)
{
	struct reader r = reader_of(frame, ports, packet);

	*packet = (struct adit_packet){.vlan = frame->vlan, .tap = frame->tap};
	return walk(&r, read_link(&r, frame->link));
}

enum adit_outcome adit_packet_resume(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet)
{
	struct reader r = reader_of(frame, ports, packet);

	return walk(&r, go_ip(&r, packet->ip_offset, packet->flags & ADIT_PACKET_V6 ? 6 : 4));
}
