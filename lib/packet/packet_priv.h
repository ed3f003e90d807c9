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
	GO_IPV4 = ADIT_OUTCOME_PENDING + 1, /* an IPv4 header */
	GO_IPV6,
	GO_TRANSPORT, /* what an IP header carries: reader.what is its protocol */
	GO_TYPE,      /* what an EtherType announced, which reader.what is */
};

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_VLAN_SERVICE = 0x88a8,
	TYPE_VLAN_OLD = 0x9100,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_MULTICAST = 0x8848,

	PROTOCOL_AH = 51,

	GTPU_E = 0x04,
	GTPU_PDU_SESSION = 0x85,

	ETHERNET_BYTES = 14,
};

/*
 * All of it fits the registers of the main road. No two fields of one size stand side by side: gcc
 * would move them through vector registers.
 */
struct reader {
	const uint8_t *data;
	uint32_t at; /* of the header to be read next */
	const struct adit_ports *ports;
	uint32_t end;
	struct adit_packet *packet;
	uint32_t limit;
	uint16_t flags; /* ADIT_PACKET_* so far */
	uint32_t captured;
	uint16_t what; /* is at `at`: an EtherType or a protocol of IP */
	uint32_t ip;   /* of the IP header read last */
	/* The tunnels gone through: of each, the offset of its IP header and 1, in 16 bits; the
	 * last in the lowest. */
	uint64_t around;
	bool labels; /* of MPLS were read */
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

/* Whether a port is worth a second look: 0 or 1, for those who count without a branch. */
static inline uint32_t is_special(const struct adit_ports *ports, uint32_t port)
{
	return (ports->special[port / 64] & UINT64_C(1) << port % 64) != 0;
}

static inline bool is_tag(uint16_t type)
{
	return type == TYPE_VLAN || type == TYPE_VLAN_SERVICE || type == TYPE_VLAN_OLD;
}

/* Why the bytes up to `need` are not there: the layer around them lacks them, or the capture. */
static inline int missing(const struct reader *r, uint32_t need, enum adit_outcome malformed)
{
	return need > r->end ? (int)malformed : ADIT_OUTCOME_FRAME_CUT;
}

static inline int go_to(struct reader *r, uint32_t at, int step)
{
	r->at = at;
	return step;
}

/* By the first byte of what can only be IP, or is not. */
static inline int ip_step(uint8_t first)
{
	uint8_t version = first >> 4;

	return version == 4 ? GO_IPV4 : version == 6 ? GO_IPV6 : ADIT_OUTCOME_NOT_IP;
}

/* By the second byte of a PDU session container: PDU type 0 goes down, 1 up (TS 38.415
 * section 5.5.2).
 */
static inline uint16_t pdu_flags(uint8_t type)
{
	return type >> 4 == 0 ? ADIT_PACKET_PDU_DL : type >> 4 == 1 ? ADIT_PACKET_PDU_UL : 0;
}

#define FRAMES_ONE 0x4000
static_assert(ADIT_PACKET_FRAMES == FRAMES_ONE * (ADIT_PACKET_ETHERNET_MAX - 1), "room to count");

/* An Ethernet frame inside of something; where there is no room for its header, `malformed`. */
static inline int go_ethernet(struct reader *r, uint32_t at, enum adit_outcome malformed)
{
	if (at + ETHERNET_BYTES > r->limit)
		return missing(r, at + ETHERNET_BYTES, malformed);
	if ((r->flags & ADIT_PACKET_FRAMES) == ADIT_PACKET_FRAMES)
		return ADIT_OUTCOME_NESTING;
	r->flags = (uint16_t)(r->flags + FRAMES_ONE);
	r->what = adit_load_be16(r->data + at + 12);
	return go_to(r, at + ETHERNET_BYTES, GO_TYPE);
}

/*
 * One more IP header is to come; false: too deep. How deep it is goes into the flags, so that a
 * datagram put together from fragments goes on counting. Every offset fits 16 bits: from here to
 * the next IP header it is 12 + 8 * 1020 bytes of GTP-U, or far less of anything else; from there
 * IPv6 goes up to CHAIN_END, or IPv4 on for 60 bytes and 4 * 257 of AH; then come 60 of TCP.
 */
#define DEPTH_ONE  0x1000             /* of the flags */
#define OFFSET_MAX 40000              /* where an encapsulation may begin */
#define CHAIN_END  (UINT16_MAX - 60u) /* of IPv6 extension headers */
static_assert(ADIT_PACKET_DEPTH == DEPTH_ONE * (ADIT_PACKET_IP_MAX - 1), "room to count");
static_assert(OFFSET_MAX + 12 + 8 * 1020 + 60 + 4 * 257 <= CHAIN_END, "offsets fit");

static inline bool nest(struct reader *r)
{
	if ((r->flags & ADIT_PACKET_DEPTH) == ADIT_PACKET_DEPTH || r->at > OFFSET_MAX)
		return false;
	r->flags = (uint16_t)((r->flags & ~ADIT_PACKET_V6) + DEPTH_ONE);
	r->around = r->around << 16 | (r->ip + 1);
	return true;
}

/*
 * The bit of an address (4 or 16 bytes) among the 4096 in front of the list, and whether it is set.
 * Not keyed: somebody who finds other addresses with a resolver's bit makes the decoder look
 * through a short list, and no more.
 */
static inline uint32_t adit_packet_resolver_bit_of(uint32_t last_word)
{
	return last_word * UINT32_C(0x9e3779b1) >> 20;
}

static inline uint32_t adit_packet_resolver_bit(const uint8_t *address, bool is_v6)
{
	uint32_t word;

	memcpy(&word, address + (is_v6 ? 12 : 0), sizeof(word));
	return adit_packet_resolver_bit_of(word);
}

static inline bool adit_packet_resolver_hint(
	const struct adit_ports *ports, const uint8_t *address, bool is_v6)
{
	uint32_t bit = adit_packet_resolver_bit(address, is_v6);

	return (ports->resolver_bits[bit / 64] & UINT64_C(1) << bit % 64) != 0;
}

/* Whether the address (4 or 16 bytes) is one of the network's tunnel peers. */
bool adit_packet_is_peer(const struct adit_ports *ports, const uint8_t *address, bool is_v6);

/* Whether the address (4 or 16 bytes) is one of the listed resolvers. */
bool adit_packet_is_resolver(const struct adit_ports *ports, const uint8_t *address, bool is_v6);

/* As adit_packet_resume. *labels: whether labels of MPLS were read, below which what is there may
 * depend on exactly where the datagram ends. */
enum adit_outcome adit_packet_resume_telling(const struct adit_frame *frame,
	const struct adit_ports *ports, struct adit_packet *packet, bool *labels);

/* The offset and 1 of the outermost IP header that makes a tunnel which is not the network's, or
 * 0: there is none. */
uint32_t adit_packet_claimed(const struct reader *r);

/* The bits of an IPv6 address, in memory order, that are not among the first `bits`. */
void adit_packet_host_bits(uint64_t host[2], unsigned bits);

/* The rare steps. */

/* GO_TYPE, past the tags: MPLS, PPPoE, LLC. At the start of a frame that is not Ethernet,
 * reader.what is its link. */
int adit_packet_read_type(struct reader *r);
/* GO_TRANSPORT: AH, or a tunnel; what is neither is `ip_other`. */
int adit_packet_read_protocol(struct reader *r);
/* A VXLAN header at reader.at. */
int adit_packet_read_vxlan(struct reader *r);
/* PPP at `at`, its protocol field first. */
int adit_packet_read_ppp(
	struct reader *r, uint32_t at, enum adit_outcome other, enum adit_outcome malformed);

/*
 * Whether what stands at `at` without a name reads well as an Ethernet frame with IP in it, tags
 * between them: GO_IPV4 or GO_IPV6 with that header's offset in *ip, GO_TYPE for PPPoE in place of
 * IP, ADIT_OUTCOME_FRAME_CUT where the capture ends too early to tell, else ADIT_OUTCOME_NOT_IP.
 */
int adit_packet_probe_frame(const struct reader *r, uint32_t at, uint32_t *ip);

#endif
