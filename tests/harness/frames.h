/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Frames for tests, written as a list of layers from the outside in. Lengths, checksums of IPv4,
 * and the fields that name the next layer are filled in; any of them can be overruled.
 *
 *	struct frames f;
 *
 *	frames_start(&f);
 *	frames_ethernet(&f);
 *	frames_vlan(&f, 0x8100, 42);
 *	frames_ipv4(&f, "10.0.0.1", "192.0.2.53");
 *	frames_udp(&f, 40000, 53);
 *	frames_query(&f, 0x1234, "www.example.com", 16);
 *	frame = frames_frame(&f, ADIT_LINK_ETHERNET);
 *
 * A wrong field: frames_length() and frames_next() overrule those of the layer begun last; any
 * other byte can be set in f.bytes (f.layer is where the layer begun last stands):
 *
 *	frames_udp(&f, 40000, 53);
 *	frames_length(&f, 7);
 *
 * A call that cannot be carried out (no room, an address that is none) fails the running test.
 */
#ifndef ADIT_TEST_FRAMES_H
#define ADIT_TEST_FRAMES_H

#include "harness.h"

#ifdef __cplusplus
extern "C" {
#endif

enum frames_next_kind {
	FRAMES_NEXT_NONE,
	FRAMES_NEXT_ETHERTYPE,
	FRAMES_NEXT_IP,
	FRAMES_NEXT_GTPU,
	FRAMES_NEXT_PPP,
};

struct frames_length {
	size_t at;   /* of the 16-bit length field */
	size_t from; /* it counts the bytes from here on */
};

struct frames {
	size_t size;
	size_t layer; /* offset of the layer begun last */
	size_t dns;   /* offset of the DNS header */
	/* Filled in when the next layer begins. */
	enum frames_next_kind next_kind;
	size_t next;
	/* Filled in by frames_finish(). */
	struct frames_length lengths[16];
	size_t length_count;
	size_t checksums[8]; /* IPv4 headers */
	size_t checksum_count;
	uint8_t bytes[72 * 1024];
};

/* Empties it. */
void frames_start(struct frames *f);
/* Fills in lengths and checksums. Layers can be added after it, and it can be called again. */
void frames_finish(struct frames *f);
/* Closes all layers and adds bytes that belong to none (Ethernet padding, a trailer). */
void frames_trailer(struct frames *f, size_t count);

/* Raw bytes, in the place where they are called. */
void frames_bytes(struct frames *f, const void *bytes, size_t size);
void frames_fill(struct frames *f, uint8_t byte, size_t count);
void frames_u8(struct frames *f, uint8_t value);
void frames_be16(struct frames *f, uint16_t value);
void frames_be32(struct frames *f, uint32_t value);

/* Overrule the length field, or the field that names the next layer, of the layer begun last
 * (an extension header is a layer too). */
void frames_length(struct frames *f, uint16_t value);
void frames_next(struct frames *f, uint16_t value);

/* Link layers. For ADIT_LINK_RAW_IP begin with an IP header, for a loopback with its family. An
 * Ethernet header may also stand inside of another layer. */
void frames_ethernet(struct frames *f);
void frames_vlan(struct frames *f, uint16_t tpid, uint16_t tci);
/* One label; the last one of a stack is its bottom. */
void frames_mpls(struct frames *f, uint32_t label, bool bottom);
/* Session data, with the protocol field of PPP. */
void frames_pppoe(struct frames *f, uint16_t session);
/* LLC and SNAP, after frames_ethernet(), whose type is then the length. */
void frames_snap(struct frames *f);
void frames_cooked(struct frames *f);
void frames_cooked2(struct frames *f);

/* Addresses are text. Options are padded to words; offsets of fragments are in bytes. */
void frames_ipv4(struct frames *f, const char *source, const char *destination);
void frames_ipv4_options(struct frames *f, const void *options, size_t size);
void frames_ipv4_fragment(struct frames *f, unsigned offset_bytes, bool more);
void frames_ipv6(struct frames *f, const char *source, const char *destination);
/* Hop-by-hop (0), routing (43), AH (51) or destination options (60), `size` bytes in all. */
void frames_ipv6_extension(struct frames *f, uint8_t protocol, size_t size);
void frames_ipv6_fragment(struct frames *f, unsigned offset_bytes, bool more);

/* The UDP checksum stays 0; over IPv4 that means none. */
void frames_udp(struct frames *f, uint16_t source_port, uint16_t destination_port);
void frames_tcp(struct frames *f, uint16_t source_port, uint16_t destination_port);

#define FRAMES_GRE_CHECKSUM 0x8000
#define FRAMES_GRE_KEY      0x2000
#define FRAMES_GRE_SEQUENCE 0x1000

/* Version 0 with the words that the flags bring, or any other flags with none. */
void frames_gre(struct frames *f, uint16_t flags);
/* ERSPAN's own header, after frames_gre() with FRAMES_GRE_SEQUENCE: type II or III. */
void frames_erspan(struct frames *f, unsigned type);
void frames_vxlan(struct frames *f, uint32_t vni);

#define FRAMES_GTPU_E  0x04 /* extension headers follow; the word after the header is there */
#define FRAMES_GTPU_S  0x02
#define FRAMES_GTPU_PN 0x01
#define FRAMES_G_PDU   255

/* Version 1, with the optional word if any of the flags is set. */
void frames_gtpu(struct frames *f, uint8_t type, uint8_t flags, uint32_t teid);
/* An extension header of `words` times 4 bytes; after frames_gtpu() with FRAMES_GTPU_E. */
void frames_gtpu_extension(struct frames *f, uint8_t type, uint8_t words);
/* PDU session container; `pdu_type` 0 is downlink, 1 uplink. */
void frames_gtpu_session(struct frames *f, uint8_t pdu_type, uint8_t qfi);

#define FRAMES_QR 0x8000
#define FRAMES_AA 0x0400
#define FRAMES_TC 0x0200
#define FRAMES_RD 0x0100
#define FRAMES_RA 0x0080

enum frames_section { FRAMES_ANSWER = 1, FRAMES_AUTHORITY, FRAMES_ADDITIONAL };

/* A DNS header; the calls below add to its counts. */
void frames_dns(struct frames *f, uint16_t id, uint16_t flags);
/* A name in presentation form: "www.example.com", "" or "." for the root, \DDD and \X for bytes.
 * NULL: a compression pointer to the first question's name. A label of more than 63 bytes is
 * written as it is asked for, with the low 8 bits of its length. */
void frames_name(struct frames *f, const char *name);
void frames_question(struct frames *f, const char *name, uint16_t type);
void frames_record(struct frames *f, enum frames_section section, const char *name, uint16_t type,
	uint32_t ttl, const void *rdata, size_t size);
/* OPT record of EDNS(0), with options as they stand on the wire (or NULL, 0). */
void frames_opt(struct frames *f, uint16_t udp_size, const void *options, size_t size);

/* A whole query: RD set, one question. */
void frames_query(struct frames *f, uint16_t id, const char *name, uint16_t type);
/* A whole response without records: QR, RD, RA and `rcode`; frames_answer() adds to it. */
void frames_response(struct frames *f, uint16_t id, const char *name, uint16_t type, uint8_t rcode);
/* An answer to the question, TTL 60. */
void frames_answer(struct frames *f, uint16_t type, const void *rdata, size_t size);

#ifdef ADIT_PACKET_H
/* The finished frame, in a block of exactly its size. Freed at the end of the test. */
static inline struct adit_frame frames_frame(struct frames *f, enum adit_link link)
{
	frames_finish(f);
	return (struct adit_frame){.data = harness_exact(f->bytes, f->size),
		.captured = (uint32_t)f->size,
		.wire = (uint32_t)f->size,
		.link = (uint8_t)link};
}
#endif

#ifdef __cplusplus
}
#endif
#endif
