/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parts of the decoder share. A frame is walked with one offset and two bounds:
 *
 *	end	where the innermost layer so far says that it ends, on the wire
 *	limit	the same, cut to what was captured
 *
 * A header that passes `end` contradicts the layer around it (malformed); one that passes only
 * `limit` was cut off by the capture. Each length field narrows `end` and never widens it, so what
 * follows a datagram (Ethernet padding, a trailer) is never taken for a part of it.
 */
#ifndef ADIT_PACKET_PRIV_H
#define ADIT_PACKET_PRIV_H

#include "adit_packet.h"

/* Not outcomes: what begins at reader.at. A step returns one of these, or how the packet ended. */
enum {
	GO_IP = ADIT_OUTCOME_PENDING + 1, /* an IP header of reader.version */
	GO_ETHERNET,                      /* a whole Ethernet header, inside of something else */
};

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
};

struct reader {
	const uint8_t *data;
	const struct adit_ports *ports;
	struct adit_packet *packet;
	uint32_t captured, end, limit;
	uint32_t at;      /* of the header to be read next */
	uint8_t version;  /* that the layer around it announced, of the IP header at `at` */
	uint8_t protocol; /* of what the IP header carries */
	uint8_t frames;   /* Ethernet frames inside of the frame */
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

static inline int go_ip(struct reader *r, uint32_t at, uint8_t version)
{
	r->at = at;
	r->version = version;
	return GO_IP;
}

/*
 * One more layer of IP begins soon after reader.at. How deep it goes is kept in the flags, so that
 * what was put together from fragments goes on counting. Every offset then fits 16 bits: between
 * here and the next IP header stand at most 8172 bytes of GTP-U, or some hundred of other things,
 * and 40 + 8 * 2048 bytes of that header and its extensions, and 60 of TCP, before the payload.
 */
#define DEPTH_ONE       0x1000
#define NEST_OFFSET_MAX 40000
static_assert(ADIT_PACKET_DEPTH == DEPTH_ONE * (ADIT_PACKET_IP_MAX - 1), "room to count");
static_assert(NEST_OFFSET_MAX + 8172 + 40 + 8 * 2048 + 60 <= UINT16_MAX, "offsets fit");

static inline bool nest(struct reader *r)
{
	uint16_t flags = r->packet->flags;

	if ((flags & ADIT_PACKET_DEPTH) == ADIT_PACKET_DEPTH || r->at > NEST_OFFSET_MAX)
		return false;
	r->packet->flags = (uint16_t)((flags & ~ADIT_PACKET_V6) + DEPTH_ONE);
	return true;
}

/* From an EtherType whose header ends at reader.at, through tags, MPLS, PPPoE and LLC. */
int adit_packet_read_type(struct reader *r, uint16_t type);
/* The first header of a frame that is not Ethernet. */
int adit_packet_read_link(struct reader *r, uint8_t link);

/* Whether the address (4 or 16 bytes) is one of the listed resolvers. */
bool adit_packet_is_resolver(const struct adit_ports *ports, const uint8_t *address, bool is_v6);

/* An Ethernet header at reader.at, which is there. */
static inline int read_ethernet(struct reader *r)
{
	uint16_t type = adit_load_be16(r->data + r->at + 12);

	r->at += 14;
	if (ADIT_LIKELY(type == TYPE_IPV4))
		return go_ip(r, r->at, 4);
	if (type == TYPE_IPV6)
		return go_ip(r, r->at, 6);
	return adit_packet_read_type(r, type);
}

#endif
