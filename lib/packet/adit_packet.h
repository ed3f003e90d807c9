/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From the bytes of a frame to the datagram or segment that may be DNS, through Ethernet, VLAN
 * tags, MPLS, PPPoE, IPv4, IPv6 with its extension headers, IP in IP, GRE, VXLAN, UDP, TCP and
 * GTP-U (3GPP TS 29.281). The decoder reads headers only; what it finds is a record of offsets,
 * small enough to travel with the frame from the core that spreads to the core that counts.
 *
 * No function here allocates, blocks or reads outside [data, data + captured).
 */
#ifndef ADIT_PACKET_H
#define ADIT_PACKET_H

#include "adit_base.h"
#include "adit_hash.h"
#include "adit_outcome.h"

#include <assert.h>

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
	uint64_t client_key;    /* set by adit_packet_shard; 0: not known */
	uint32_t captured;      /* bytes at `data` */
	uint32_t wire;          /* bytes there were on the wire, >= captured */
	uint32_t readable_tail; /* bytes after `captured` that may be loaded, not used */
	uint16_t vlan;          /* TCI of a tag that the port took out of the frame; 0: none */
	uint8_t tap;            /* named group of ports */
	uint8_t link;           /* enum adit_link */
};

#define ADIT_PACKET_V6        0x0001 /* the innermost IP header is IPv6 */
#define ADIT_PACKET_GTPU      0x0002 /* inside GTP-U: gtpu_offset and outer_ip_offset are set */
#define ADIT_PACKET_OUTER_V6  0x0004 /* the IP header around GTP-U is IPv6 */
#define ADIT_PACKET_TO_DNS    0x0008 /* towards the server: its port is the destination */
#define ADIT_PACKET_FROM_DNS  0x0010 /* from the server; both are set where both ports are DNS */
#define ADIT_PACKET_CUT       0x0020 /* there is only a part of the payload */
#define ADIT_PACKET_PDU_UL    0x0040 /* PDU session container says uplink (TS 38.415) */
#define ADIT_PACKET_PDU_DL    0x0080 /* PDU session container says downlink */
#define ADIT_PACKET_TCP       0x0100 /* the payload is a TCP segment's, which may be empty */
#define ADIT_PACKET_ENCRYPTED 0x0200 /* on a port of DNS over TLS (TCP) or QUIC (UDP) */
#define ADIT_PACKET_DOH       0x0400 /* on the HTTPS port of a listed resolver */
#define ADIT_PACKET_WHO_V6    0x0800 /* the header at who_offset is IPv6 */
#define ADIT_PACKET_DEPTH     0x3000 /* two bits: IP headers around the innermost */
#define ADIT_PACKET_FRAMES    0xc000 /* two bits: Ethernet frames inside of the frame */

/*
 * What the decoder found. Offsets are bytes from the start of the frame.
 *
 * Who the subscriber is: inside GTP-U the first IP header tells, whose address the network has
 * given out. What stands further in is the subscriber's own work (a VPN, 6in4), could hold any
 * address, and must not pass for somebody else. Without GTP-U the outer headers are those of the
 * network or of a mirror (GRE, VXLAN, ERSPAN), the same for everybody: the innermost counts.
 *
 * But a subscriber can send all of these, too, GTP-U among them, and put somebody else's address
 * inside. Where the network's own tunnel peers are listed (adit_ports_add_peer), only a tunnel
 * between two of them is the network's. From any other on, all is the work of who sent it: the IP
 * header of that tunnel has the subscriber's address, what is inside is read, and GTP-U there gives
 * none of its attributes, as TEID and peers are but claims.
 */
struct adit_packet {
	uint16_t payload_offset; /* of the UDP or TCP payload */
	uint16_t payload_size;   /* bytes of it that were captured; at most 65,535 of a segment that
				    a network card was to split, which is then CUT */
	uint16_t ip_offset;      /* innermost IP header */
	uint16_t l4_offset;      /* its UDP or TCP header */
	uint16_t who_offset;     /* IP header with the subscriber's address: the first inside
				    GTP-U, else the innermost, or that of a tunnel which is not
				    the network's */
	uint16_t outer_ip_offset; /* IP header around GTP-U */
	uint16_t gtpu_offset;     /* GTP-U header; its TEID stands 4 bytes further */
	uint16_t vlan;            /* TCI of the outermost tag, from the port or from the frame, not
				     from an Ethernet frame inside of it */
	uint16_t vlan_inner;      /* TCI of the next; 0: none, in both */
	uint16_t flags;           /* ADIT_PACKET_* */
	uint8_t outcome; /* enum adit_outcome; ADIT_OUTCOME_PENDING: a worker has the last word */
	uint8_t shard;   /* set by adit_packet_shard */
	uint8_t tap;
	uint8_t mark; /* the caller's own; the decoder sets 0 */
};
static_assert(sizeof(struct adit_packet) == 24, "travels in an mbuf's 32 bytes with a time stamp");

/* Caps, each refusal its own outcome. */
#define ADIT_PACKET_VLAN_MAX      4  /* tags in a row, one taken out by the port included */
#define ADIT_PACKET_MPLS_MAX      8  /* labels in a row */
#define ADIT_PACKET_CHAIN_MAX     32 /* extension headers of IPv6 in a row, up to byte 65,475 */
#define ADIT_PACKET_EXTENSION_MAX 8  /* those of GTP-U; one more is `nesting` */
#define ADIT_PACKET_IP_MAX        4  /* IP headers in a frame; one more is `nesting` */
#define ADIT_PACKET_ETHERNET_MAX  4  /* Ethernet headers in a frame, likewise */

/*
 * What ports and servers mean. `special` has a bit for each port that is worth a second look, so
 * that the look-up for all others is one load; `service` says what it is. Read-only after start.
 * Where a packet's two ports mean different things, the later row here wins.
 */
enum adit_service {
	ADIT_SERVICE_NONE,
	ADIT_SERVICE_VXLAN, /* as destination */
	ADIT_SERVICE_GTPU,
	ADIT_SERVICE_HTTPS, /* of a listed resolver */
	ADIT_SERVICE_ENCRYPTED,
	ADIT_SERVICE_DNS,
};
#define ADIT_RESOLVERS_MAX 64
#define ADIT_PEERS_MAX     64
#define ADIT_PORTS_MAX     160
/* In memory order; IPv4 has 4 bytes and zeros. */
struct adit_peer {
	uint64_t address[2], mask[2];
	uint64_t is_v6;
};
struct adit_ports {
	uint64_t special[65536 / 64];
	uint8_t service[65536]; /* enum adit_service */
	/* The same as a list, of ports in network byte order. */
	uint32_t listed_count;
	struct {
		uint16_t raw, service;
	} listed[ADIT_PORTS_MAX];
	/* Resolvers that speak DNS over HTTPS: a bit per hash in front of the list. */
	uint64_t resolver_bits[64];
	uint32_t resolver_count;
	struct adit_address resolver[ADIT_RESOLVERS_MAX];
	/* Prefixes of the network's own tunnel peers; none: every tunnel is taken for its own. */
	uint32_t peer_count;
	struct adit_peer peer[ADIT_PEERS_MAX];
};

/* GTP-U (2152) and VXLAN (4789), and nothing else yet. */
void adit_ports_init(struct adit_ports *ports);
/* A later call for the same port wins; ADIT_SERVICE_NONE makes it a port like any other. Returns 0,
 * or -ENOSPC. */
int adit_ports_add(struct adit_ports *ports, uint16_t port, enum adit_service service);
/* From the first one on, port 443 is worth a look, unless it means something else already. Returns
 * 0, also for one that is listed already, or -ENOSPC. */
int adit_ports_add_resolver(struct adit_ports *ports, const struct adit_address *address);
/* Addresses of the network's gateways, radio sites and mirrors: the first `bits` of one. From the
 * first call on, a tunnel is the network's only if both of its ends are listed. Returns 0, also for
 * one that is listed already, -EINVAL for too many bits, or -ENOSPC. */
int adit_ports_add_peer(struct adit_ports *ports, const struct adit_address *prefix, unsigned bits);

/*
 * Decodes one frame. Returns the outcome that it also writes to packet->outcome: a final one, after
 * which no other field says anything, or ADIT_OUTCOME_PENDING: a datagram or segment on a DNS port,
 * or one of encrypted DNS; then every field but `shard` is set. Any thread.
 *
 * After ADIT_OUTCOME_FRAGMENT, for adit_reassembly_add, all is set but the payload and what the
 * ports say. l4_offset is where the fragment's bytes begin (IPv4), or its fragment header.
 *
 * A DNS port wins over those of GTP-U and VXLAN: a client chooses its source port and could else
 * dress its queries up. Do not put a port there that GTP-U peers may send from.
 */
enum adit_outcome adit_packet_decode(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet);

/* A frame as a first look at many needs it: Ethernet, whole, in one piece. Of size 0, it is left as
 * unusual. */
struct adit_sight {
	const uint8_t
		*data; /* ADIT_SIGHT_BYTES can be loaded from there, but where the size is 0 */
	uint32_t size;
};
#define ADIT_SIGHT_BYTES 144

/* What a first look found; bit i is of frame i. */
#define ADIT_GLANCE_MAX 64
struct adit_glance {
	uint64_t left;                           /* those that it does not end */
	uint64_t datagrams;                      /* of them, DNS over UDP … */
	uint64_t inside;                         /* … and of these, in GTP-U */
	uint32_t tcp_other, udp_other, ip_other; /* how many ended so */
};
/* Adds those that ended to counters by outcome. */
static inline void adit_glance_count(const struct adit_glance *glance, uint64_t *outcomes)
{
	outcomes[ADIT_OUTCOME_TCP_OTHER] += glance->tcp_other;
	outcomes[ADIT_OUTCOME_UDP_OTHER] += glance->udp_other;
	outcomes[ADIT_OUTCOME_IP_OTHER] += glance->ip_other;
}
enum adit_seen {
	ADIT_SEEN_UNUSUAL, /* for the decoder */
	ADIT_SEEN_DATAGRAM,
	ADIT_SEEN_INSIDE,
};
static inline enum adit_seen adit_glance_at(const struct adit_glance *glance, unsigned i)
{
	return (enum adit_seen)((glance->datagrams >> i & 1) + (glance->inside >> i & 1));
}

/* Looks at 1 to ADIT_GLANCE_MAX frames, by the row of this CPU or the one that adit_cpu_wanted. Any
 * thread. */
void adit_packet_glance(const struct adit_ports *ports, const struct adit_sight *sights,
	size_t count, struct adit_glance *glance);

/* The rows, best first; the last one is plain C, packet by packet. */
struct adit_glance_row {
	const char *name;
	bool (*supported)(void);
	void (*look)(const struct adit_ports *ports, const struct adit_sight *sights, size_t count,
		struct adit_glance *glance);
};
extern const struct adit_glance_row adit_glance_rows[];
extern const size_t adit_glance_row_count;

/* Decodes a frame that a first look has left, which saw so much of it. As adit_packet_decode. */
enum adit_outcome adit_packet_decode_glanced(const struct adit_frame *frame,
	const struct adit_ports *ports, struct adit_packet *packet, enum adit_seen seen);

/* The same without the first look that ends most of what is no DNS: the outcomes are the same, and
 * tests hold the one to the other. */
enum adit_outcome adit_packet_decode_closely(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet);

/*
 * Goes on at the IP header at packet->ip_offset, with what *packet holds of the layers before it:
 * for a datagram that was put together behind the headers of its first fragment. The lengths of
 * those layers are not looked at again; the frame ends where the datagram does.
 */
enum adit_outcome adit_packet_resume(
	const struct adit_frame *frame, const struct adit_ports *ports, struct adit_packet *packet);

/* Whether both of its ports are DNS ports: then they do not tell who is the client. */
static inline bool adit_packet_both_dns(const struct adit_packet *packet)
{
	const uint16_t both = ADIT_PACKET_TO_DNS | ADIT_PACKET_FROM_DNS;

	return (packet->flags & both) == both;
}

/* Addresses and ports of a PENDING packet, of its innermost IP header. */
struct adit_endpoints {
	struct adit_address source, destination;
	uint16_t source_port, destination_port;
};
void adit_packet_endpoints(const struct adit_frame *frame, const struct adit_packet *packet,
	struct adit_endpoints *endpoints);

/* The subscriber's address in a PENDING packet: in the header at who_offset, the source of what
 * goes up (to the server), the destination of what comes down. */
void adit_packet_client(const struct adit_frame *frame, const struct adit_packet *packet, bool up,
	struct adit_address *address);

/* The address at the other end of the innermost IP header: the destination of what goes up, the
 * source of what comes down. */
void adit_packet_server(const struct adit_frame *frame, const struct adit_packet *packet, bool up,
	struct adit_address *address);

/* Source and destination of the outer IP header of a packet in GTP-U, and its TEID. */
void adit_packet_outer(const struct adit_frame *frame, const struct adit_packet *packet,
	struct adit_address *source, struct adit_address *destination);
uint32_t adit_packet_teid(const struct adit_frame *frame, const struct adit_packet *packet);

/* What tells one network's addresses from another's, beside the tap. */
struct adit_context_rule {
	bool vlan, vlan_inner; /* the VLAN identifiers of the outermost and of the next tag */
	bool core_peer;        /* the core-side peer of GTP-U */
	/* Bits of an IPv6 address that the subscriber chooses, in memory order, outside GTP-U and
	 * inside: a mobile network gives each a prefix, usually of 64 bits (3GPP TS 23.401
	 * section 5.3.1.2.2), and whoever changes the rest at will stays one subscriber. */
	uint64_t ipv6_host[2][2];
};
/* Sets ipv6_host for prefixes of so many bits, 0 to 128. */
void adit_context_prefix(struct adit_context_rule *rule, unsigned plain_bits, unsigned gtpu_bits);
/* Leaves of an IPv6 address what makes a subscriber. */
static inline void adit_context_mask(
	const struct adit_context_rule *rule, bool is_gtpu, struct adit_address *address)
{
	uint64_t words[2];

	memcpy(words, address->bytes, sizeof(words));
	words[0] &= ~rule->ipv6_host[is_gtpu][0];
	words[1] &= ~rule->ipv6_host[is_gtpu][1];
	memcpy(address->bytes, words, sizeof(words));
}

/* A subscriber's key: a keyed hash of its address and context. `up` as above. */
uint64_t adit_packet_client_key(const struct adit_frame *frame, const struct adit_packet *packet,
	bool up, const struct adit_context_rule *rule, const struct adit_hash_key *key);

/*
 * The shard of a PENDING packet, written to packet->shard: that of the client's key. The client is
 * the end whose port is not a DNS port: its key is written to frame->client_key. Where both are,
 * the shard is that of the two whose key is lower, so that both directions meet, and no key is
 * written.
 */
uint8_t adit_packet_shard(struct adit_frame *frame, struct adit_packet *packet,
	const struct adit_context_rule *rule, const struct adit_hash_key *key);

#ifdef __cplusplus
}
#endif
#endif
