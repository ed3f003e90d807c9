/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What stands between a link header and an IP header: VLAN tags, MPLS, PPPoE, LLC.
 *
 * Sources: IEEE 802.1Q, 802.2; RFC 1042; RFC 3032, 4385, 4448, 4928; RFC 1661, 2516; LINKTYPE_
 * documents of the pcap format.
 */
#include "packet_priv.h"

enum {
	TYPE_PPPOE_DISCOVERY = 0x8863,
	TYPE_PPPOE_SESSION = 0x8864,
	TYPE_LENGTH_MAX = 1500, /* up to here it is a length (802.3) */

	HDLC_UNICAST = 0x0f00,

	PPPOE_VERSION_1_TYPE_1 = 0x11,
	PPP_IPV4 = 0x21,
	PPP_IPV6 = 0x57,

	SNAP_BYTES = 8,
};

/* How much of the frame an IP header claims, itself included. */
static uint32_t ip_claims(const uint8_t *ip, int step)
{
	return step == GO_IPV4 ? adit_load_be16(ip + 2) : 40u + adit_load_be16(ip + 4);
}

/* As the probe below, of an IP header: it has to agree with the room that it has. */
static int probe_ip(const struct reader *r, uint32_t at, int step)
{
	const uint8_t *ip = r->data + at;
	uint32_t header = step == GO_IPV4 ? 20 : 40, size;

	if (at + header > r->limit)
		return missing(r, at + header, ADIT_OUTCOME_NOT_IP);
	if (ip_step(ip[0]) != step)
		return ADIT_OUTCOME_NOT_IP;
	if (step == GO_IPV4)
		header = (ip[0] & 15u) * 4;
	size = ip_claims(ip, step);
	return header >= 20 && size >= header && size <= r->end - at ? step : ADIT_OUTCOME_NOT_IP;
}

int adit_packet_probe_frame(const struct reader *r, uint32_t at, uint32_t *ip)
{
	uint16_t type;

	for (unsigned tags = 0;; tags++, at += 4) {
		if (at + ETHERNET_BYTES > r->limit)
			return missing(r, at + ETHERNET_BYTES, ADIT_OUTCOME_NOT_IP);
		type = adit_load_be16(r->data + at + 12);
		if (!is_tag(type) || tags == ADIT_PACKET_VLAN_MAX)
			break;
	}
	at += ETHERNET_BYTES;
	*ip = at;
	switch (type) {
	case TYPE_IPV4:
		return probe_ip(r, at, GO_IPV4);
	case TYPE_IPV6:
		return probe_ip(r, at, GO_IPV6);
	case TYPE_PPPOE_SESSION:
		if (at + 2 > r->limit)
			return missing(r, at + 2, ADIT_OUTCOME_NOT_IP);
		return adit_load_be16(r->data + at) == PPPOE_VERSION_1_TYPE_1 << 8
			       ? GO_TYPE
			       : ADIT_OUTCOME_NOT_IP;
	default:
		return ADIT_OUTCOME_NOT_IP;
	}
}

/*
 * Nothing in a label says what is below the stack. Content that begins with 4 or 6 is IP (RFC 4928)
 * if its length is just that of the frame; else it may be an Ethernet frame to an address that
 * begins so, if it reads well as one. Other content is an Ethernet frame, bare or behind a control
 * word (RFC 4448), whichever reads well.
 */
static int read_below_labels(struct reader *r)
{
	uint32_t at = r->at, ip;
	int step, probed;

	if (at + 1 > r->limit)
		return missing(r, at + 1, ADIT_OUTCOME_FRAME_SHORT);
	step = ip_step(r->data[at]);
	if (step != ADIT_OUTCOME_NOT_IP) {
		probed = probe_ip(r, at, step);
		if (probed == ADIT_OUTCOME_FRAME_CUT)
			return probed;
		if (probed == step && ip_claims(r->data + at, step) == r->end - at)
			return step;
	}
	probed = adit_packet_probe_frame(r, at, &ip);
	if (probed == ADIT_OUTCOME_NOT_IP && r->data[at] >> 4 == 0) {
		at += 4;
		probed = adit_packet_probe_frame(r, at, &ip);
	}
	if (probed > ADIT_OUTCOME_PENDING)
		return go_ethernet(r, at, ADIT_OUTCOME_NOT_IP);
	return probed == ADIT_OUTCOME_FRAME_CUT ? probed : step;
}

static int read_mpls(struct reader *r)
{
	r->labels = true;
	for (unsigned labels = 0; labels < ADIT_PACKET_MPLS_MAX; labels++) {
		if (r->at + 4 > r->limit)
			return missing(r, r->at + 4, ADIT_OUTCOME_FRAME_SHORT);
		r->at += 4;
		if (r->data[r->at - 2] & 1)
			return read_below_labels(r);
	}
	return ADIT_OUTCOME_MPLS_DEPTH;
}

/* The protocol field may be compressed to its last byte, the only odd one. */
int adit_packet_read_ppp(
	struct reader *r, uint32_t at, enum adit_outcome other, enum adit_outcome malformed)
{
	uint16_t protocol;

	if (at + 1 > r->limit)
		return missing(r, at + 1, malformed);
	protocol = r->data[at++];
	if (!(protocol & 1)) {
		if (at + 1 > r->limit)
			return missing(r, at + 1, malformed);
		protocol = (uint16_t)(protocol << 8 | r->data[at++]);
	}
	switch (protocol) {
	case PPP_IPV4:
		return go_to(r, at, GO_IPV4);
	case PPP_IPV6:
		return go_to(r, at, GO_IPV6);
	default:
		return other;
	}
}

static int read_pppoe(struct reader *r)
{
	const uint8_t *pppoe = r->data + r->at;
	uint32_t at = r->at + 6, size;

	if (at > r->limit)
		return missing(r, at, ADIT_OUTCOME_PPPOE_MALFORMED);
	size = adit_load_be16(pppoe + 4);
	/* The code of a session is 0. */
	if (adit_load_be16(pppoe) != PPPOE_VERSION_1_TYPE_1 << 8 || size > r->end - at)
		return ADIT_OUTCOME_PPPOE_MALFORMED;
	narrow(r, at + size);
	return adit_packet_read_ppp(r, at, ADIT_OUTCOME_PPPOE_OTHER, ADIT_OUTCOME_PPPOE_MALFORMED);
}

/* An 802.3 frame: reader.what is its length. IP in it stands behind LLC and SNAP (RFC 1042). */
static int read_llc(struct reader *r)
{
	static const uint8_t snap[] = {0xaa, 0xaa, 0x03, 0, 0, 0};
	uint32_t at = r->at + SNAP_BYTES;

	if (r->what < SNAP_BYTES || r->what > r->end - r->at)
		return ADIT_OUTCOME_NOT_IP;
	if (at > r->limit)
		return missing(r, at, ADIT_OUTCOME_NOT_IP);
	if (memcmp(r->data + r->at, snap, sizeof(snap)) != 0)
		return ADIT_OUTCOME_NOT_IP;
	narrow(r, r->at + r->what);
	switch (adit_load_be16(r->data + at - 2)) {
	case TYPE_IPV4:
		return go_to(r, at, GO_IPV4);
	case TYPE_IPV6:
		return go_to(r, at, GO_IPV6);
	default:
		return ADIT_OUTCOME_NOT_IP;
	}
}

static int read_raw(struct reader *r)
{
	if (r->limit < 1)
		return missing(r, 1, ADIT_OUTCOME_FRAME_SHORT);
	return ip_step(r->data[0]);
}

/*
 * The family of a loopback header is the number of AF_INET or AF_INET6 on the writer's system.
 * Some write an EtherType in its place, which no family's number is as high as, or Cisco HDLC's
 * address and control in front of one, which is a family in neither order.
 */
static int read_loopback(struct reader *r, bool any_order)
{
	uint32_t family, swapped;

	if (r->limit < 4)
		return missing(r, 4, ADIT_OUTCOME_FRAME_SHORT);
	family = adit_load_be32(r->data);
	if (family >> 16 == HDLC_UNICAST) {
		r->what = (uint16_t)family;
		return go_to(r, 4, GO_TYPE);
	}
	swapped = __builtin_bswap32(family);
	if (any_order)
		family = least(family, swapped);
	switch (family) {
	case 2:
	case TYPE_IPV4:
		return go_to(r, 4, GO_IPV4);
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
	case TYPE_IPV6:
		return go_to(r, 4, GO_IPV6);
	default:
		return ADIT_OUTCOME_NOT_IP;
	}
}

/* A link header of a fixed size with an EtherType in it. */
static int read_typed(struct reader *r, uint32_t type_offset, uint32_t size)
{
	if (size > r->limit)
		return missing(r, size, ADIT_OUTCOME_FRAME_SHORT);
	r->at = size;
	r->what = adit_load_be16(r->data + type_offset);
	return GO_TYPE;
}

/* The first header of a frame: reader.what is its link. */
static int read_link(struct reader *r)
{
	switch (r->what) {
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

int adit_packet_read_type(struct reader *r)
{
	/* No EtherType ends there. */
	if (r->at == 0)
		return read_link(r);
	switch (r->what) {
	case TYPE_MPLS:
	case TYPE_MPLS_MULTICAST:
		return read_mpls(r);
	case TYPE_PPPOE_SESSION:
		return read_pppoe(r);
	case TYPE_PPPOE_DISCOVERY:
		return ADIT_OUTCOME_PPPOE_OTHER;
	default:
		return r->what <= TYPE_LENGTH_MAX ? read_llc(r) : ADIT_OUTCOME_NOT_IP;
	}
}
