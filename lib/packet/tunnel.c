/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What an IP header may carry beside UDP and TCP: AH, IP in IP, GRE with what is inside of it
 * (IP, MPLS, Ethernet, ERSPAN as mirrors send it, PPP of PPTP), and VXLAN. And whose tunnels they
 * are.
 *
 * Sources: RFC 4302; RFC 2003, 4213; RFC 2784, 2890, 2637; draft-foschiano-erspan-03; RFC 7348.
 */
#include "packet_priv.h"

enum {
	PROTOCOL_IPV4 = 4,
	PROTOCOL_IPV6 = 41,
	PROTOCOL_GRE = 47,

	TYPE_ETHERNET = 0x6558, /* transparent Ethernet bridging */
	TYPE_ERSPAN = 0x88be,   /* types I and II */
	TYPE_ERSPAN_3 = 0x22eb,
	TYPE_PPP = 0x880b,

	GRE_CHECKSUM = 0x8000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	/* Routing and strict routing of RFC 1701, and the bit next to them: refused by RFC 2784. */
	GRE_REFUSED = 0x4c00,
	GRE_ACKNOWLEDGEMENT = 0x0080, /* of PPTP */
	GRE_VERSION = 0x0007,
	GRE_VERSION_PPTP = 1,

	PPP_ADDRESS = 0xff,

	ERSPAN_2_BYTES = 8,
	ERSPAN_3_BYTES = 12,
	ERSPAN_3_OTHER = 0x7c00, /* frame type; 0 is Ethernet */
	ERSPAN_3_SUBHEADER = 0x0001,

	VXLAN_BYTES = 8,
	VXLAN_I = 0x08, /* the network identifier is valid */
};

/* Without a sequence number there is no ERSPAN header (type I). */
static int read_erspan(struct reader *r, uint32_t at, bool has_sequence)
{
	if (!has_sequence)
		return go_ethernet(r, at, ADIT_OUTCOME_GRE_MALFORMED);
	if (at + 1 > r->limit)
		return missing(r, at + 1, ADIT_OUTCOME_GRE_MALFORMED);
	if (r->data[at] >> 4 != 1)
		return ADIT_OUTCOME_GRE_OTHER;
	return go_ethernet(r, at + ERSPAN_2_BYTES, ADIT_OUTCOME_GRE_MALFORMED);
}

static int read_erspan_3(struct reader *r, uint32_t at)
{
	uint16_t bits;

	if (at + ERSPAN_3_BYTES > r->limit)
		return missing(r, at + ERSPAN_3_BYTES, ADIT_OUTCOME_GRE_MALFORMED);
	bits = adit_load_be16(r->data + at + 10);
	if (r->data[at] >> 4 != 2 || (bits & ERSPAN_3_OTHER))
		return ADIT_OUTCOME_GRE_OTHER;
	at += ERSPAN_3_BYTES + (bits & ERSPAN_3_SUBHEADER ? 8u : 0);
	return go_ethernet(r, at, ADIT_OUTCOME_GRE_MALFORMED);
}

static int read_gre_0(struct reader *r, uint16_t flags, uint16_t type)
{
	uint32_t at = r->at + 4;

	if (flags & GRE_REFUSED)
		return ADIT_OUTCOME_GRE_OTHER;
	at += flags & GRE_CHECKSUM ? 4 : 0;
	at += flags & GRE_KEY ? 4 : 0;
	at += flags & GRE_SEQUENCE ? 4 : 0;
	if (at > r->limit)
		return missing(r, at, ADIT_OUTCOME_GRE_MALFORMED);
	switch (type) {
	case TYPE_IPV4:
		return go_to(r, at, GO_IPV4);
	case TYPE_IPV6:
		return go_to(r, at, GO_IPV6);
	case TYPE_MPLS:
	case TYPE_MPLS_MULTICAST:
		r->at = at;
		r->what = type;
		return GO_TYPE;
	case TYPE_ETHERNET:
		return go_ethernet(r, at, ADIT_OUTCOME_GRE_MALFORMED);
	case TYPE_ERSPAN:
		return read_erspan(r, at, (flags & GRE_SEQUENCE) != 0);
	case TYPE_ERSPAN_3:
		return read_erspan_3(r, at);
	default:
		return ADIT_OUTCOME_GRE_OTHER;
	}
}

/* Version 1: a key that holds the payload's size, and PPP if there is a sequence number. */
static int read_gre_pptp(struct reader *r, uint16_t flags, uint16_t type)
{
	uint32_t at = r->at + 8, size;

	if (type != TYPE_PPP || !(flags & GRE_KEY) || !(flags & GRE_SEQUENCE))
		return ADIT_OUTCOME_GRE_OTHER;
	at += flags & GRE_ACKNOWLEDGEMENT ? 8 : 4;
	if (at > r->limit)
		return missing(r, at, ADIT_OUTCOME_GRE_MALFORMED);
	size = adit_load_be16(r->data + r->at + 4);
	if (size > r->end - at)
		return ADIT_OUTCOME_GRE_MALFORMED;
	narrow(r, at + size);
	if (at + 1 > r->limit)
		return missing(r, at + 1, ADIT_OUTCOME_GRE_MALFORMED);
	/* Address and control, which both ends may have agreed to leave out; no protocol. */
	if (r->data[at] == PPP_ADDRESS)
		at += 2;
	return adit_packet_read_ppp(r, at, ADIT_OUTCOME_GRE_OTHER, ADIT_OUTCOME_GRE_MALFORMED);
}

static int read_gre(struct reader *r)
{
	uint16_t flags, type;

	if (r->at + 4 > r->limit)
		return missing(r, r->at + 4, ADIT_OUTCOME_GRE_MALFORMED);
	flags = adit_load_be16(r->data + r->at);
	type = adit_load_be16(r->data + r->at + 2);
	switch (flags & GRE_VERSION) {
	case 0:
		return read_gre_0(r, flags, type);
	case GRE_VERSION_PPTP:
		return read_gre_pptp(r, flags, type);
	default:
		return ADIT_OUTCOME_GRE_OTHER;
	}
}

/* AH in IPv4, once: in IPv6 it is an extension header. */
static int read_ah(struct reader *r)
{
	const uint8_t *ah = r->data + r->at;
	uint32_t at;

	if (r->at + 8 > r->limit)
		return missing(r, r->at + 8, ADIT_OUTCOME_IPV4_MALFORMED);
	at = r->at + (ah[1] + 2u) * 4;
	if (at > r->limit)
		return missing(r, at, ADIT_OUTCOME_IPV4_MALFORMED);
	if (ah[0] == PROTOCOL_AH)
		return ADIT_OUTCOME_IP_OTHER;
	r->what = ah[0];
	r->at = at;
	return GO_TRANSPORT;
}

static bool is_between_peers(const struct reader *r, uint32_t at)
{
	const uint8_t *ip = r->data + at;
	bool is_v6 = ip[0] >> 4 == 6;

	return adit_packet_is_peer(r->ports, ip + (is_v6 ? 8 : 12), is_v6) &&
	       adit_packet_is_peer(r->ports, ip + (is_v6 ? 24 : 16), is_v6);
}

/* What stands inside of GTP-U between peers is no matter of theirs. */
uint32_t adit_packet_claimed(const struct reader *r)
{
	for (int shift = 48; shift >= 0; shift -= 16) {
		uint32_t tunnel = r->around >> shift & 0xffff;

		if (tunnel == 0)
			continue;
		if ((r->flags & ADIT_PACKET_GTPU) && tunnel > r->packet->outer_ip_offset + 1u)
			break;
		if (!is_between_peers(r, tunnel - 1))
			return tunnel;
	}
	return 0;
}

int adit_packet_read_protocol(struct reader *r)
{
	switch (r->what) {
	case PROTOCOL_AH:
		return read_ah(r);
	case PROTOCOL_IPV4:
		return nest(r) ? go_to(r, r->at, GO_IPV4) : ADIT_OUTCOME_NESTING;
	case PROTOCOL_IPV6:
		return nest(r) ? go_to(r, r->at, GO_IPV6) : ADIT_OUTCOME_NESTING;
	case PROTOCOL_GRE:
		return nest(r) ? read_gre(r) : ADIT_OUTCOME_NESTING;
	default:
		return ADIT_OUTCOME_IP_OTHER;
	}
}

/* Only the flag counts: the other bits are reserved, or belong to extensions. */
int adit_packet_read_vxlan(struct reader *r)
{
	uint32_t at = r->at + VXLAN_BYTES;

	if (at > r->limit)
		return missing(r, at, ADIT_OUTCOME_VXLAN_MALFORMED);
	if (!(r->data[r->at] & VXLAN_I))
		return ADIT_OUTCOME_VXLAN_MALFORMED;
	return nest(r) ? go_ethernet(r, at, ADIT_OUTCOME_VXLAN_MALFORMED) : ADIT_OUTCOME_NESTING;
}
