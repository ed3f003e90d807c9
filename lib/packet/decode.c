/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The decoder. It walks the layers with one offset and two bounds and copies nothing:
 *
 *	end	where the innermost layer so far says that it ends, on the wire
 *	limit	the same, cut to what was captured
 *
 * A header that passes `end` contradicts the layer around it (malformed); one that passes only
 * `limit` was cut off by the capture. Each length field narrows `end` and never widens it, so what
 * follows a datagram (Ethernet padding, a trailer) is never taken for a part of it.
 *
 * Every offset fits 16 bits whatever the frame's size: the caps allow 30 bytes of link header and,
 * for each of two IP headers, 40 + 8 * 2048 bytes and a UDP header, and 12 + 8 * 1020 bytes of
 * GTP-U between them. The payload fits because the UDP length does.
 *
 * Sources: IEEE 802.1Q; RFC 791, 8200, 2675, 4302, 6946, 768, 9293; 3GPP TS 29.281, TS 38.415.
 */
#include "adit_packet.h"

enum {
	/* Not an outcome: the next header begins at reader.at. */
	GO_ON = ADIT_OUTCOME_COUNT + 1
};

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_VLAN_SERVICE = 0x88a8,
	TYPE_VLAN_OLD = 0x9100,

	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AH = 51,
	PROTOCOL_OPTIONS = 60,

	GTPU_PORT = 2152,
	GTPU_VERSION_MASK = 0xf0, /* version and protocol type */
	GTPU_VERSION_1 = 0x30,    /* 1, GTP rather than GTP' */
	GTPU_E = 0x04,
	GTPU_S = 0x02,
	GTPU_PN = 0x01,
	GTPU_G_PDU = 255,
	GTPU_PDU_SESSION = 0x85,
};

struct reader {
	const uint8_t *data;
	const struct adit_ports *ports;
	struct adit_packet *packet;
	uint32_t captured, end, limit;
	uint32_t at;      /* of the header to be read next */
	uint8_t version;  /* that the layer around it announced, of the IP header at `at` */
	uint8_t protocol; /* of what the IP header carries */
	uint8_t layers;   /* IP headers read */
};

static inline uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* `end` only ever moves inwards: the caller has compared. */
static inline void narrow(struct reader *r, uint32_t end)
{
	r->end = end;
	r->limit = least(r->captured, end);
}

/* Why the bytes up to `need` are not there: the layer around them lacks them, or the capture. */
static inline int missing(const struct reader *r, uint32_t need, enum adit_outcome malformed)
{
	return need > r->end ? malformed : ADIT_OUTCOME_FRAME_CUT;
}

static inline int go_on(struct reader *r, uint32_t at, uint8_t version)
{
	r->at = at;
	r->version = version;
	return GO_ON;
}

static inline bool is_tag(uint16_t type)
{
	return type == TYPE_VLAN || type == TYPE_VLAN_SERVICE || type == TYPE_VLAN_OLD;
}

/* From an EtherType, whose header ends at `at`, past any tags. */
static int read_type(struct reader *r, uint32_t at, uint16_t type)
{
	/* A port takes out the outermost tag. */
	unsigned tags = r->packet->vlan != 0;

	for (;; at += 4) {
		if (ADIT_LIKELY(type == TYPE_IPV4))
			return go_on(r, at, 4);
		if (type == TYPE_IPV6)
			return go_on(r, at, 6);
		/* Lengths of 802.3 frames stand below every EtherType and end here too. */
		if (!is_tag(type))
			return ADIT_OUTCOME_NOT_IP;
		if (tags == ADIT_PACKET_VLAN_MAX)
			return ADIT_OUTCOME_VLAN_DEPTH;
		if (at + 4 > r->limit)
			return missing(r, at + 4, ADIT_OUTCOME_FRAME_SHORT);
		if (tags++ == 0)
			r->packet->vlan = adit_load_be16(r->data + at);
		type = adit_load_be16(r->data + at + 2);
	}
}

static int read_raw(struct reader *r)
{
	uint8_t version;

	if (r->limit < 1)
		return missing(r, 1, ADIT_OUTCOME_FRAME_SHORT);
	version = r->data[0] >> 4;
	return version == 4 || version == 6 ? go_on(r, 0, version) : ADIT_OUTCOME_NOT_IP;
}

/* The family of a loopback header is the number of AF_INET or AF_INET6 on the writer's system. */
static int read_loopback(struct reader *r, bool any_order)
{
	uint32_t family, swapped;

	if (r->limit < 4)
		return missing(r, 4, ADIT_OUTCOME_FRAME_SHORT);
	family = adit_load_be32(r->data);
	swapped = __builtin_bswap32(family);
	if (any_order)
		family = least(family, swapped);
	switch (family) {
	case 2:
		return go_on(r, 4, 4);
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return go_on(r, 4, 6);
	default:
		return ADIT_OUTCOME_NOT_IP;
	}
}

/* A link header of a fixed size with an EtherType in it. */
static inline int read_typed(struct reader *r, uint32_t type_offset, uint32_t size)
{
	if (ADIT_UNLIKELY(size > r->limit))
		return missing(r, size, ADIT_OUTCOME_FRAME_SHORT);
	return read_type(r, size, adit_load_be16(r->data + type_offset));
}

static inline int read_link(struct reader *r, uint8_t link)
{
	if (ADIT_LIKELY(link == ADIT_LINK_ETHERNET))
		return read_typed(r, 12, 14);
	switch (link) {
	case ADIT_LINK_RAW_IP:
		return read_raw(r);
	case ADIT_LINK_COOKED:
		return read_typed(r, 14, 16);
	case ADIT_LINK_COOKED2:
		return read_typed(r, 0, 20);
	case ADIT_LINK_NULL:
		return read_loopback(r, true);
	case ADIT_LINK_LOOP:
		return read_loopback(r, false);
	default:
		return ADIT_OUTCOME_NOT_IP;
	}
}

static int read_tcp(struct reader *r)
{
	const uint8_t *tcp = r->data + r->at;
	uint32_t size;

	if (ADIT_UNLIKELY(r->at + 20 > r->limit))
		return missing(r, r->at + 20, ADIT_OUTCOME_TCP_MALFORMED);
	size = (uint32_t)(tcp[12] >> 4) * 4;
	if (ADIT_UNLIKELY(size < 20 || size > r->end - r->at))
		return ADIT_OUTCOME_TCP_MALFORMED;
	return adit_ports_has(r->ports, adit_load_be16(tcp)) ||
			       adit_ports_has(r->ports, adit_load_be16(tcp + 2))
		       ? ADIT_OUTCOME_TCP_DNS
		       : ADIT_OUTCOME_TCP_OTHER;
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
	return GO_ON;
}

static int read_gtpu(struct reader *r)
{
	const uint8_t *gtpu = r->data + r->at;
	uint32_t at = r->at + 8;
	uint8_t version, type = 0;
	int outcome;

	/* Not read any further, so that what a subscriber sends moves no counter of GTP-U's own. */
	if (r->layers == ADIT_PACKET_IP_MAX)
		return ADIT_OUTCOME_NESTING;
	if (ADIT_UNLIKELY(at > r->limit))
		return missing(r, at, ADIT_OUTCOME_GTPU_MALFORMED);
	if ((gtpu[0] & GTPU_VERSION_MASK) != GTPU_VERSION_1 ||
		adit_load_be16(gtpu + 2) > r->end - at)
		return ADIT_OUTCOME_GTPU_MALFORMED;
	if (gtpu[1] != GTPU_G_PDU)
		return ADIT_OUTCOME_GTPU_SIGNALLING;
	narrow(r, at + adit_load_be16(gtpu + 2));
	r->packet->teid = adit_load_be32(gtpu + 4);
	/* Any of the three flags brings the whole word; only E gives its last byte a meaning. */
	if (gtpu[0] & (GTPU_E | GTPU_S | GTPU_PN)) {
		at += 4;
		if (at > r->limit)
			return missing(r, at, ADIT_OUTCOME_GTPU_MALFORMED);
		if (gtpu[0] & GTPU_E)
			type = gtpu[11];
	}
	outcome = read_gtpu_extensions(r, at, type);
	if (outcome != GO_ON)
		return outcome;
	if (ADIT_UNLIKELY(r->at + 1 > r->limit))
		return missing(r, r->at + 1, ADIT_OUTCOME_GTPU_OTHER);
	version = r->data[r->at] >> 4;
	if (version != 4 && version != 6)
		return ADIT_OUTCOME_GTPU_OTHER;
	r->packet->outer_ip_offset = r->packet->ip_offset;
	r->packet->flags |= ADIT_PACKET_GTPU;
	if (r->packet->flags & ADIT_PACKET_V6)
		r->packet->flags ^= ADIT_PACKET_V6 | ADIT_PACKET_OUTER_V6;
	return go_on(r, r->at, version);
}

/*
 * A DNS port wins over the GTP-U port. A client is free to send its queries from port 2152 and to
 * shape them so that they read as GTP-U too, and would be hidden if GTP-U won; the ports of GTP-U
 * are the network's, and it uses none of DNS for them. So a port that a GTP-U peer may use as its
 * source does not belong among the DNS ports.
 */
static int read_udp(struct reader *r)
{
	const uint8_t *udp = r->data + r->at;
	uint32_t payload = r->at + 8, length;
	uint16_t source, destination;
	uint8_t flags;

	if (ADIT_UNLIKELY(payload > r->limit))
		return missing(r, payload, ADIT_OUTCOME_UDP_MALFORMED);
	length = adit_load_be16(udp + 4);
	/* Length 0 (RFC 2675) would be a datagram of more than 64 KB: DNS has none. */
	if (ADIT_UNLIKELY(length < 8 || length > r->end - r->at))
		return ADIT_OUTCOME_UDP_MALFORMED;
	source = adit_load_be16(udp);
	destination = adit_load_be16(udp + 2);
	flags = (uint8_t)(adit_ports_has(r->ports, destination) * ADIT_PACKET_TO_DNS |
			  adit_ports_has(r->ports, source) * ADIT_PACKET_FROM_DNS);
	narrow(r, r->at + length);
	if (flags == 0) {
		if (destination != GTPU_PORT && source != GTPU_PORT)
			return ADIT_OUTCOME_UDP_OTHER;
		r->at = payload;
		return read_gtpu(r);
	}
	flags |= r->limit < r->end ? ADIT_PACKET_CUT : 0;
	r->packet->flags |= flags;
	r->packet->payload_offset = (uint16_t)payload;
	r->packet->payload_size = (uint16_t)(r->limit - payload);
	return ADIT_OUTCOME_PENDING;
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
	return missing(r, need, r->layers > 1 ? malformed : ADIT_OUTCOME_FRAME_SHORT);
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
	if (ADIT_UNLIKELY((adit_load_be16(ip + 6) & 0x3fff) != 0)) {
		r->packet->l4_offset = (uint16_t)r->at;
		return ADIT_OUTCOME_FRAGMENT;
	}
	r->protocol = ip[9];
	return GO_ON;
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
			if ((adit_load_be16(header + 2) & 0xfff9) != 0) {
				r->packet->l4_offset = (uint16_t)r->at;
				return ADIT_OUTCOME_FRAGMENT;
			}
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
	return GO_ON;
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

	r->layers++;
	r->packet->ip_offset = (uint16_t)r->at;
	outcome = ADIT_LIKELY(r->version == 4) ? read_ipv4(r) : read_ipv6(r);
	return ADIT_LIKELY(outcome == GO_ON) ? read_transport(r) : outcome;
}

enum adit_outcome adit_packet_decode(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet)
{
	struct reader r = {
		.data = frame->data,
		.ports = ports,
		.packet = packet,
		.captured = frame->captured,
		.end = frame->wire,
		.limit = least(frame->captured, frame->wire),
	};
	int outcome;

	*packet = (struct adit_packet){.vlan = frame->vlan, .tap = frame->tap};
	outcome = read_link(&r, frame->link);
	/* Twice at most: read_gtpu() refuses what would be a third IP header. */
	while (outcome == GO_ON)
		outcome = read_ip(&r);
	packet->outcome = (uint8_t)outcome;
	return (enum adit_outcome)outcome;
}
