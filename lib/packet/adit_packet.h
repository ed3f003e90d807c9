/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From the bytes of a frame to the datagram that may be DNS, through Ethernet, VLAN tags, IPv4,
 * IPv6 with its extension headers, UDP and GTP-U (3GPP TS 29.281) with an IP packet inside. The
 * decoder reads headers only; what it finds is a record of offsets, small enough to travel with
 * the frame from the core that spreads to the core that counts.
 *
 * No function here allocates, blocks or reads outside [data, data + captured).
 */
#ifndef ADIT_PACKET_H
#define ADIT_PACKET_H

#include "adit_base.h"
#include "adit_hash.h"
#include "adit_outcome.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the first byte of a frame is. Live ports are always Ethernet; captures may be others. */
enum adit_link {
	ADIT_LINK_ETHERNET,
	ADIT_LINK_RAW_IP,  /* the IP version nibble tells which (LINKTYPE_RAW, _IPV4, _IPV6) */
	ADIT_LINK_COOKED,  /* Linux cooked capture v1 (LINKTYPE_LINUX_SLL) */
	ADIT_LINK_COOKED2, /* Linux cooked capture v2 (LINKTYPE_LINUX_SLL2) */
	ADIT_LINK_NULL,    /* BSD loopback, 4-byte family in the writer's byte order */
	ADIT_LINK_LOOP,    /* the same in network byte order (LINKTYPE_LOOP) */
};

/* A frame as the libraries see it. Its bytes belong to the caller and outlive the call. */
struct adit_frame {
	const uint8_t *data;
	uint64_t ts_ns;         /* since the Unix epoch */
	uint32_t captured;      /* bytes at `data` */
	uint32_t wire;          /* bytes there were on the wire, >= captured */
	uint32_t readable_tail; /* bytes after `captured` that may be loaded, not used */
	uint16_t vlan;          /* TCI of a tag that the port took out of the frame; 0: none */
	uint8_t tap;            /* named group of ports */
	uint8_t link;           /* enum adit_link */
};

#define ADIT_PACKET_V6       0x01 /* the innermost IP header is IPv6 */
#define ADIT_PACKET_GTPU     0x02 /* inside GTP-U: outer_ip_offset and teid are set */
#define ADIT_PACKET_OUTER_V6 0x04
#define ADIT_PACKET_TO_DNS   0x08 /* destination port is a DNS port */
#define ADIT_PACKET_FROM_DNS 0x10 /* source port is a DNS port */
#define ADIT_PACKET_CUT      0x20 /* the capture holds only a part of the payload */
#define ADIT_PACKET_PDU_UL   0x40 /* PDU session container says uplink (TS 38.415) */
#define ADIT_PACKET_PDU_DL   0x80 /* PDU session container says downlink */

/* What the decoder found. Offsets are bytes from the start of the frame. */
struct adit_packet {
	uint16_t payload_offset; /* of the UDP payload */
	uint16_t payload_size;   /* bytes of it that were captured */
	uint16_t ip_offset;      /* innermost IP header */
	uint16_t l4_offset;      /* its UDP header */
	uint16_t outer_ip_offset;
	uint16_t vlan;   /* TCI of the outermost tag, from the port or from the frame; 0: none */
	uint32_t teid;   /* host order */
	uint8_t outcome; /* enum adit_outcome; ADIT_OUTCOME_PENDING: a datagram on a DNS port */
	uint8_t flags;   /* ADIT_PACKET_* */
	uint8_t shard;   /* set by adit_packet_shard */
	uint8_t tap;
};

/* Caps, each refusal its own outcome. */
#define ADIT_PACKET_VLAN_MAX      4 /* tags in a frame, one taken out by the port included */
#define ADIT_PACKET_EXTENSION_MAX 8 /* IPv6 ones in a row; GTP-U ones likewise (`nesting`) */
#define ADIT_PACKET_IP_MAX        2 /* IP headers: outer and inner; one more is `nesting` */

/* UDP/TCP ports that carry DNS: a bit per port, so that the look-up is one load. Read-only after
 * start. */
struct adit_ports {
	uint64_t bits[65536 / 64];
};

static inline void adit_ports_add(struct adit_ports *ports, uint16_t port)
{
	ports->bits[port / 64] |= UINT64_C(1) << port % 64;
}

static inline bool adit_ports_has(const struct adit_ports *ports, uint16_t port)
{
	return ports->bits[port / 64] >> port % 64 & 1;
}

/*
 * Decodes one frame. Returns the outcome that it also writes to packet->outcome: a final one, or
 * ADIT_OUTCOME_PENDING, and then every field but `shard` is set. Any thread.
 *
 * After ADIT_OUTCOME_FRAGMENT, for the caller that reassembles, all is set but the payload and the
 * two DNS flags. l4_offset is where the fragment's bytes begin (IPv4), or its fragment header.
 *
 * A port in `ports` wins over the port of GTP-U (2152): a client chooses its source port and could
 * else dress its queries as GTP-U. Do not put a port there that GTP-U peers may send from.
 */
enum adit_outcome adit_packet_decode(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet);

/* Addresses and ports of a PENDING packet, of its innermost IP header. */
struct adit_endpoints {
	struct adit_address source, destination;
	uint16_t source_port, destination_port;
};
void adit_packet_endpoints(const struct adit_frame *frame, const struct adit_packet *packet,
	struct adit_endpoints *endpoints);

/* Source and destination of the outer IP header of a packet in GTP-U. */
void adit_packet_outer(const struct adit_frame *frame, const struct adit_packet *packet,
	struct adit_address *source, struct adit_address *destination);

/*
 * The shard of a PENDING packet, written to packet->shard: a keyed hash of the client's address
 * and its context (tap, VLAN). The client is the end whose port is not a DNS port; where both are,
 * the two addresses in sorted order, so that both directions meet.
 */
uint8_t adit_packet_shard(const struct adit_frame *frame, struct adit_packet *packet,
	const struct adit_hash_key *key);

#ifdef __cplusplus
}
#endif
#endif
