/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The decoder's main road: Ethernet, IP, UDP, TCP and GTP-U; link.c and tunnel.c have the rest. It
 * copies nothing, and a packet that is not DNS leaves after the fewest loads. No step calls itself:
 * each returns what comes next, and the loop in run() goes there.
 *
 * Every offset fits 16 bits whatever the frame's size (see nest()). The payload of a datagram fits
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
	PROTOCOL_OPTIONS = 60,

	FRAME_UNSPLIT = 1514, /* a frame of more bytes may be one that a card was to split */

	GTPU_VERSION_MASK = 0xf0, /* version and protocol type */
	GTPU_VERSION_1 = 0x30,    /* 1, GTP rather than GTP' */
	GTPU_S = 0x02,
	GTPU_PN = 0x01,
	GTPU_ECHO_REQUEST = 1,
	GTPU_ECHO_RESPONSE = 2,
	GTPU_ERROR_INDICATION = 26,
	GTPU_END_MARKER = 254,
	GTPU_G_PDU = 255,
};

/* A rare step, elsewhere. It works on a copy, so that the reader of the main road has no address
 * and stays in registers. */
__attribute__((always_inline)) static inline int apart(
	struct reader *r, int (*step)(struct reader *r))
{
	struct reader copy = *r;
	int next = step(&copy);

	*r = copy;
	return next;
}

/* Writes down what the main road had in its registers, and settles whose packet it is. */
static inline void settle(struct reader *r, uint32_t l4)
{
	struct adit_packet *packet = r->packet;
	uint32_t who = r->flags & ADIT_PACKET_GTPU ? packet->who_offset : r->ip;

	if (ADIT_UNLIKELY(r->around != 0 && r->ports->peer_count != 0)) {
		struct reader copy = *r;
		uint32_t claimed = adit_packet_claimed(&copy);

		if (claimed != 0) {
			who = claimed - 1;
			r->flags &= (uint16_t) ~(ADIT_PACKET_GTPU | ADIT_PACKET_OUTER_V6 |
						 ADIT_PACKET_PDU_UL | ADIT_PACKET_PDU_DL);
			packet->outer_ip_offset = packet->gtpu_offset = 0;
		}
	}
	packet->ip_offset = (uint16_t)r->ip;
	packet->l4_offset = (uint16_t)l4;
	packet->who_offset = (uint16_t)who;
	packet->flags = r->flags | (r->data[who] >> 4 == 6 ? ADIT_PACKET_WHO_V6 : 0);
}

static inline int fragment(struct reader *r)
{
	settle(r, r->at);
	return ADIT_OUTCOME_FRAGMENT;
}

static inline int pend(struct reader *r, uint16_t flags, uint32_t l4, uint32_t payload)
{
	uint32_t size = r->limit - payload;

	r->flags |= flags | (r->limit < r->end ? ADIT_PACKET_CUT : 0);
	/* A segment that a network card was to split. */
	if (ADIT_UNLIKELY(size > UINT16_MAX)) {
		size = UINT16_MAX;
		r->flags |= ADIT_PACKET_CUT;
	}
	r->packet->payload_offset = (uint16_t)payload;
	r->packet->payload_size = (uint16_t)size;
	settle(r, l4);
	return ADIT_OUTCOME_PENDING;
}

/* Which of the ends with an HTTPS port are listed resolvers. */
static uint16_t resolver_ends(
	const struct adit_ports *ports, const uint8_t *ip, bool is_v6, uint16_t ends)
{
	const uint8_t *source = ip + (is_v6 ? 8 : 12), *destination = ip + (is_v6 ? 24 : 16);

	if ((ends & ADIT_PACKET_FROM_DNS) && !adit_packet_is_resolver(ports, source, is_v6))
		ends ^= ADIT_PACKET_FROM_DNS;
	if ((ends & ADIT_PACKET_TO_DNS) && !adit_packet_is_resolver(ports, destination, is_v6))
		ends ^= ADIT_PACKET_TO_DNS;
	return ends;
}

/*
 * The flags of a packet between two services, if one of them is DNS in some form; else 0. Plain DNS
 * wins, and all three win over GTP-U: a client is free to send its queries from port 2152 and to
 * shape them so that they read as GTP-U too, and would be hidden if GTP-U won; the ports of GTP-U
 * are the network's, and it uses none of DNS for them. So a port that a GTP-U peer may use as its
 * source does not belong among the DNS ports.
 */
static inline uint16_t dns_flags(const struct reader *r, uint8_t from, uint8_t to)
{
	uint8_t best = from > to ? from : to;
	uint16_t ends = (uint16_t)((to == best) * ADIT_PACKET_TO_DNS |
				   (from == best) * ADIT_PACKET_FROM_DNS);

	if (ADIT_LIKELY(best == ADIT_SERVICE_DNS))
		return ends;
	if (best == ADIT_SERVICE_ENCRYPTED)
		return ends | ADIT_PACKET_ENCRYPTED;
	if (best != ADIT_SERVICE_HTTPS)
		return 0;
	ends = resolver_ends(r->ports, r->data + r->ip, (r->flags & ADIT_PACKET_V6) != 0, ends);
	return ends != 0 ? ends | ADIT_PACKET_DOH : 0;
}

static inline int read_tcp(struct reader *r)
{
	const uint8_t *tcp = r->data + r->at;
	unsigned source, destination;
	uint32_t size;
	uint16_t flags;

	if (ADIT_UNLIKELY(r->at + 20 > r->limit))
		return missing(r, r->at + 20, ADIT_OUTCOME_TCP_MALFORMED);
	size = (uint32_t)(tcp[12] >> 4) * 4;
	if (ADIT_UNLIKELY(size < 20 || size > r->end - r->at))
		return ADIT_OUTCOME_TCP_MALFORMED;
	source = adit_load_be16(tcp);
	destination = adit_load_be16(tcp + 2);
	if (ADIT_LIKELY(!is_special(r->ports, source) && !is_special(r->ports, destination)))
		return ADIT_OUTCOME_TCP_OTHER;
	flags = dns_flags(r, r->ports->service[source], r->ports->service[destination]);
	if (flags == 0)
		return ADIT_OUTCOME_TCP_OTHER;
	if (ADIT_UNLIKELY(r->at + size > r->limit))
		return ADIT_OUTCOME_FRAME_CUT;
	return pend(r, flags | ADIT_PACKET_TCP, r->at, r->at + size);
}

/* Extension headers of GTP-U (TS 29.281 section 5.2), up to the content: size in words first, next
 * type last. */
static inline int read_gtpu_extensions(struct reader *r, uint8_t type)
{
	uint32_t at = r->at;
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
		if (type == GTPU_PDU_SESSION)
			r->flags |= pdu_flags(r->data[at + 1]);
		at += size;
	}
	r->at = at;
	return GO_TYPE;
}

static int gtpu_message(uint8_t type)
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

/* The content of an Ethernet PDU session (TS 23.501 section 5.6.10.2), whose subscriber is the IP
 * host in it. Nothing announces it, so only what reads well to its IP header counts. */
static int read_ethernet_session(struct reader *r)
{
	uint32_t ip = 0;
	int probed = adit_packet_probe_frame(r, r->at, &ip);

	if (probed != GO_IPV4 && probed != GO_IPV6)
		return probed == ADIT_OUTCOME_FRAME_CUT ? probed : ADIT_OUTCOME_GTPU_OTHER;
	r->packet->who_offset = (uint16_t)ip;
	return go_ethernet(r, r->at, ADIT_OUTCOME_GTPU_OTHER);
}

/*
 * What is inside belongs to one subscriber, whose address the first IP header there has: the
 * network has assigned it. Headers further in are the subscriber's own work.
 */
static inline int read_g_pdu(struct reader *r, uint32_t gtpu)
{
	struct adit_packet *packet = r->packet;
	int step;

	if (ADIT_UNLIKELY(r->at + 1 > r->limit))
		return missing(r, r->at + 1, ADIT_OUTCOME_GTPU_OTHER);
	r->flags |= ADIT_PACKET_GTPU;
	packet->gtpu_offset = (uint16_t)gtpu;
	packet->outer_ip_offset = (uint16_t)r->ip;
	packet->who_offset = (uint16_t)r->at;
	step = ip_step(r->data[r->at]);
	return ADIT_LIKELY(step != ADIT_OUTCOME_NOT_IP) ? step : apart(r, read_ethernet_session);
}

static inline int read_gtpu(struct reader *r)
{
	const uint8_t *gtpu = r->data + r->at;
	uint32_t start = r->at, at = start + 8;
	uint16_t outer = r->flags & ADIT_PACKET_V6 ? ADIT_PACKET_OUTER_V6 : 0;
	uint8_t type = 0;
	int outcome;

	/* Not read any further, so that what a subscriber sends moves no counter of GTP-U's own. */
	if (ADIT_UNLIKELY(r->flags & ADIT_PACKET_GTPU))
		return ADIT_OUTCOME_NESTING;
	if (ADIT_UNLIKELY(at > r->limit)) {
		if (start + 1 > r->limit)
			return missing(r, start + 1, ADIT_OUTCOME_GTPU_NOT);
		if ((gtpu[0] & GTPU_VERSION_MASK) != GTPU_VERSION_1)
			return ADIT_OUTCOME_GTPU_NOT;
		return missing(r, at, ADIT_OUTCOME_GTPU_MALFORMED);
	}
	if (ADIT_UNLIKELY((gtpu[0] & GTPU_VERSION_MASK) != GTPU_VERSION_1))
		return ADIT_OUTCOME_GTPU_NOT;
	if (ADIT_UNLIKELY(adit_load_be16(gtpu + 2) > r->end - at))
		return ADIT_OUTCOME_GTPU_MALFORMED;
	if (ADIT_UNLIKELY(gtpu[1] != GTPU_G_PDU))
		return gtpu_message(gtpu[1]);
	if (ADIT_UNLIKELY(!nest(r)))
		return ADIT_OUTCOME_NESTING;
	r->flags |= outer;
	narrow(r, at + adit_load_be16(gtpu + 2));
	/* Any of the three flags brings the whole word; only E gives its last byte a meaning. */
	if (gtpu[0] & (GTPU_E | GTPU_S | GTPU_PN)) {
		at += 4;
		if (at > r->limit)
			return missing(r, at, ADIT_OUTCOME_GTPU_MALFORMED);
		if (gtpu[0] & GTPU_E)
			type = gtpu[11];
	}
	r->at = at;
	outcome = read_gtpu_extensions(r, type);
	return ADIT_LIKELY(outcome == GO_TYPE) ? read_g_pdu(r, start) : outcome;
}

static inline int read_udp(struct reader *r)
{
	const uint8_t *udp = r->data + r->at;
	uint32_t l4 = r->at, payload = l4 + 8, length;
	unsigned source, destination;
	uint8_t from, to, best;
	uint16_t flags;

	if (ADIT_UNLIKELY(payload > r->limit))
		return missing(r, payload, ADIT_OUTCOME_UDP_MALFORMED);
	length = adit_load_be16(udp + 4);
	if (ADIT_UNLIKELY(length < 8 || length > r->end - l4)) {
		/* In IPv6, 0 is the rest (RFC 2675): receivers read it so whatever the size. */
		if (length != 0 || !(r->flags & ADIT_PACKET_V6))
			return ADIT_OUTCOME_UDP_MALFORMED;
		length = r->end - l4;
	}
	source = adit_load_be16(udp);
	destination = adit_load_be16(udp + 2);
	if (ADIT_LIKELY(!is_special(r->ports, source) && !is_special(r->ports, destination)))
		return ADIT_OUTCOME_UDP_OTHER;
	narrow(r, l4 + length);
	r->at = payload;
	from = r->ports->service[source];
	to = r->ports->service[destination];
	best = from > to ? from : to;
	if (best > ADIT_SERVICE_GTPU) {
		flags = dns_flags(r, from, to);
		if (flags != 0)
			return pend(r, flags, l4, payload);
		/* HTTPS with somebody else: the other port counts. */
		best = from > to ? to : from;
	}
	if (ADIT_LIKELY(best == ADIT_SERVICE_GTPU))
		return read_gtpu(r);
	/* The source port of VXLAN is any; as such, 4789 means nothing. */
	return to == ADIT_SERVICE_VXLAN ? apart(r, adit_packet_read_vxlan) : ADIT_OUTCOME_UDP_OTHER;
}

/* What an IP header carries. */
static inline int read_transport(struct reader *r)
{
	if (ADIT_LIKELY(r->what == PROTOCOL_UDP))
		return read_udp(r);
	if (ADIT_LIKELY(r->what == PROTOCOL_TCP))
		return read_tcp(r);
	return apart(r, adit_packet_read_protocol);
}

/* An IP header that its surroundings have no room for: the frame's fault, or the header's own. */
static inline int short_of_ip(const struct reader *r, uint32_t need, enum adit_outcome malformed)
{
	return missing(
		r, need, r->flags & ADIT_PACKET_DEPTH ? malformed : ADIT_OUTCOME_FRAME_SHORT);
}

/*
 * What a length of 0 means in an IP header: a segment that a network card was to split, or a
 * jumbogram (RFC 2675), is all the rest of its frame, and there is no other reason for it in a
 * frame that fits the wire. Receivers drop what only looks so.
 */
static inline uint32_t rest_unsplit(const struct reader *r)
{
	return r->end > FRAME_UNSPLIT && !(r->flags & ADIT_PACKET_DEPTH) ? r->end - r->at : 0;
}

static inline int read_ipv4(struct reader *r)
{
	const uint8_t *ip = r->data + r->at;
	uint32_t header = 20, total;

	r->ip = r->at;
	if (ADIT_UNLIKELY(r->at + 20 > r->limit))
		return short_of_ip(r, r->at + 20, ADIT_OUTCOME_IPV4_MALFORMED);
	if (ADIT_UNLIKELY(ip[0] != 0x45)) {
		header = (uint32_t)(ip[0] & 15) * 4;
		if (ip[0] >> 4 != 4 || header < 20)
			return ADIT_OUTCOME_IPV4_MALFORMED;
	}
	total = adit_load_be16(ip + 2);
	if (ADIT_UNLIKELY(total == 0))
		total = rest_unsplit(r);
	if (ADIT_UNLIKELY(total < header || total > r->end - r->at))
		return ADIT_OUTCOME_IPV4_MALFORMED;
	narrow(r, r->at + total);
	r->at += header;
	if (ADIT_UNLIKELY(r->at > r->limit))
		return ADIT_OUTCOME_FRAME_CUT;
	/* More fragments, or an offset. */
	if (ADIT_UNLIKELY((adit_load_be16(ip + 6) & 0x3fff) != 0))
		return fragment(r);
	r->what = ip[9];
	return GO_TRANSPORT;
}

static inline bool is_extension(unsigned protocol)
{
	return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING ||
	       protocol == PROTOCOL_FRAGMENT || protocol == PROTOCOL_AH ||
	       protocol == PROTOCOL_OPTIONS;
}

/* Extension headers of IPv6, up to what they carry. */
static int read_ipv6_extensions(struct reader *r)
{
	for (unsigned count = 0; is_extension(r->what); count++) {
		const uint8_t *header = r->data + r->at;
		uint32_t size = 8;

		if (count == ADIT_PACKET_CHAIN_MAX)
			return ADIT_OUTCOME_IPV6_CHAIN;
		if (r->at + 8 > r->limit)
			return missing(r, r->at + 8, ADIT_OUTCOME_IPV6_MALFORMED);
		if (r->what == PROTOCOL_FRAGMENT) {
			/* Offset 0 and no more to come: whole (RFC 6946). */
			if ((adit_load_be16(header + 2) & 0xfff9) != 0)
				return fragment(r);
		} else if (r->what == PROTOCOL_AH) {
			size = (header[1] + 2u) * 4;
		} else {
			size = (header[1] + 1u) * 8;
		}
		if (r->at + size > r->limit)
			return missing(r, r->at + size, ADIT_OUTCOME_IPV6_MALFORMED);
		if (r->at + size > CHAIN_END)
			return ADIT_OUTCOME_IPV6_CHAIN;
		r->what = header[0];
		r->at += size;
	}
	return GO_TRANSPORT;
}

static inline int read_ipv6(struct reader *r)
{
	const uint8_t *ip = r->data + r->at;
	uint32_t size;

	r->ip = r->at;
	if (ADIT_UNLIKELY(r->at + 40 > r->limit))
		return short_of_ip(r, r->at + 40, ADIT_OUTCOME_IPV6_MALFORMED);
	if (ip[0] >> 4 != 6)
		return ADIT_OUTCOME_IPV6_MALFORMED;
	r->flags |= ADIT_PACKET_V6;
	r->at += 40;
	size = adit_load_be16(ip + 4);
	if (ADIT_UNLIKELY(size == 0))
		size = rest_unsplit(r);
	if (ADIT_UNLIKELY(size > r->end - r->at))
		return ADIT_OUTCOME_IPV6_MALFORMED;
	narrow(r, r->at + size);
	r->what = ip[6];
	return ADIT_UNLIKELY(is_extension(r->what)) ? apart(r, read_ipv6_extensions) : GO_TRANSPORT;
}

/* What tells networks apart are the first two tags of the frame itself, not of one inside. */
static inline void note_tag(struct reader *r, unsigned before, uint16_t tci)
{
	if (r->flags & (ADIT_PACKET_FRAMES | ADIT_PACKET_DEPTH))
		return;
	if (before == 0)
		r->packet->vlan = tci;
	else if (before == 1)
		r->packet->vlan_inner = tci;
}

static inline int read_type(struct reader *r)
{
	unsigned tags = 0;

	/* A port takes out the outermost tag. */
	if (!(r->flags & (ADIT_PACKET_FRAMES | ADIT_PACKET_DEPTH)))
		tags = r->packet->vlan != 0;
	for (;; r->at += 4) {
		if (ADIT_LIKELY(r->what == TYPE_IPV4))
			return GO_IPV4;
		if (ADIT_LIKELY(r->what == TYPE_IPV6))
			return GO_IPV6;
		if (!is_tag(r->what))
			return apart(r, adit_packet_read_type);
		if (tags == ADIT_PACKET_VLAN_MAX)
			return ADIT_OUTCOME_VLAN_DEPTH;
		if (ADIT_UNLIKELY(r->at + 4 > r->limit))
			return missing(r, r->at + 4, ADIT_OUTCOME_FRAME_SHORT);
		note_tag(r, tags++, adit_load_be16(r->data + r->at));
		r->what = adit_load_be16(r->data + r->at + 2);
	}
}

/* Always inline: it is nearly all there is of its two callers, and the first step is then known. */
__attribute__((always_inline)) static inline enum adit_outcome run(struct reader *r, int next)
{
	for (;;) {
		if (next == GO_TYPE)
			next = read_type(r);
		if (ADIT_LIKELY(next == GO_IPV4))
			next = read_ipv4(r);
		else if (next == GO_IPV6)
			next = read_ipv6(r);
		if (ADIT_LIKELY(next == GO_TRANSPORT))
			next = read_transport(r);
		if (next <= ADIT_OUTCOME_PENDING)
			break;
	}
	r->packet->outcome = (uint8_t)next;
	return (enum adit_outcome)next;
}

/* Field by field, so that the reader needs no memory; the rest is set before it is read. */
static inline void begin(struct reader *r, const struct adit_frame *frame,
	const struct adit_ports *ports, struct adit_packet *packet)
{
	r->data = frame->data;
	r->ports = ports;
	r->packet = packet;
	r->captured = frame->captured;
	r->end = frame->wire;
	r->limit = least(frame->captured, frame->wire);
	r->around = 0;
	r->labels = false;
}

enum adit_outcome adit_packet_decode_closely(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet)
{
	struct reader r;

	*packet = (struct adit_packet){.vlan = frame->vlan, .tap = frame->tap};
	begin(&r, frame, ports, packet);
	r.flags = 0;
	if (ADIT_UNLIKELY(frame->link != ADIT_LINK_ETHERNET)) {
		r.at = 0;
		r.what = frame->link;
	} else if (ADIT_LIKELY(r.limit >= ETHERNET_BYTES)) {
		r.at = ETHERNET_BYTES;
		r.what = adit_load_be16(r.data + 12);
	} else {
		packet->outcome = (uint8_t)missing(&r, ETHERNET_BYTES, ADIT_OUTCOME_FRAME_SHORT);
		return packet->outcome;
	}
	return run(&r, GO_TYPE);
}

enum adit_outcome adit_packet_resume_telling(const struct adit_frame *frame,
	const struct adit_ports *ports, struct adit_packet *packet, bool *labels)
{
	struct reader r;
	enum adit_outcome outcome;

	begin(&r, frame, ports, packet);
	/* Whose it is, is settled anew, but what is known of the layers before it stays: outside of
	 * GTP-U, a subscriber further out means a tunnel that is not the network's. */
	r.flags = packet->flags & (uint16_t)~ADIT_PACKET_WHO_V6;
	r.at = packet->ip_offset;
	if (!(r.flags & ADIT_PACKET_GTPU) && packet->who_offset != packet->ip_offset)
		r.around = packet->who_offset + 1u;
	outcome = run(&r, r.flags & ADIT_PACKET_V6 ? GO_IPV6 : GO_IPV4);
	*labels = r.labels;
	return outcome;
}

enum adit_outcome adit_packet_resume(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet)
{
	bool labels;

	return adit_packet_resume_telling(frame, ports, packet, &labels);
}
