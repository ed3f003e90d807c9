/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What stands in front of an IP header: link headers and VLAN tags.
 *
 * Sources: IEEE 802.1Q; LINKTYPE_ documents of the pcap format.
 */
#include "packet_priv.h"

enum {
	TYPE_VLAN = 0x8100,
	TYPE_VLAN_SERVICE = 0x88a8,
	TYPE_VLAN_OLD = 0x9100,
};

/* A tag's control information counts where it tells networks apart: in front of all else. */
static void note_tag(struct reader *r, unsigned tags, uint16_t tci)
{
	if (r->frames != 0 || tags > 1)
		return;
	if (tags == 0)
		r->packet->vlan = tci;
	else
		r->packet->vlan_inner = tci;
}

int adit_packet_read_type(struct reader *r, uint16_t type)
{
	/* A port takes out the outermost tag. */
	unsigned tags = r->frames == 0 && r->packet->vlan != 0;

	for (;; r->at += 4) {
		switch (type) {
		case TYPE_IPV4:
			return go_ip(r, r->at, 4);
		case TYPE_IPV6:
			return go_ip(r, r->at, 6);
		case TYPE_VLAN:
		case TYPE_VLAN_SERVICE:
		case TYPE_VLAN_OLD:
			break;
		default:
			/* Lengths of 802.3 frames stand below every EtherType and end here too. */
			return ADIT_OUTCOME_NOT_IP;
		}
		if (tags == ADIT_PACKET_VLAN_MAX)
			return ADIT_OUTCOME_VLAN_DEPTH;
		if (r->at + 4 > r->limit)
			return missing(r, r->at + 4, ADIT_OUTCOME_FRAME_SHORT);
		note_tag(r, tags++, adit_load_be16(r->data + r->at));
		type = adit_load_be16(r->data + r->at + 2);
	}
}

static int read_raw(struct reader *r)
{
	uint8_t version;

	if (r->limit < 1)
		return missing(r, 1, ADIT_OUTCOME_FRAME_SHORT);
	version = r->data[0] >> 4;
	return version == 4 || version == 6 ? go_ip(r, 0, version) : ADIT_OUTCOME_NOT_IP;
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
		return go_ip(r, 4, 4);
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return go_ip(r, 4, 6);
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
	return adit_packet_read_type(r, adit_load_be16(r->data + type_offset));
}

int adit_packet_read_link(struct reader *r, uint8_t link)
{
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
