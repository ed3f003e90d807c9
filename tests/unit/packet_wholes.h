/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whole frames with a query, one for each way through the decoder, with what it finds in them.
 */
#ifndef ADIT_TEST_PACKET_WHOLES_H
#define ADIT_TEST_PACKET_WHOLES_H

#include "packet_cases.h"

static inline void build_options(struct frames *f)
{
	begin_ipv4(f);
	frames_ipv4_options(f, "\x94\x04\0\0\1\1\1", 7);
	add_query(f);
}

static inline void build_tagged_chain(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_vlan(f, 0x9100, 0x2007);
	frames_vlan(f, 0x88a8, 5);
	frames_vlan(f, 0x8100, 6);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	frames_ipv6_extension(f, 0, 8);
	frames_ipv6_extension(f, 60, 16);
	frames_ipv6_extension(f, 43, 24);
	frames_ipv6_fragment(f, 0, false);
	frames_ipv6_extension(f, 51, 24);
	frames_ipv6_extension(f, 60, 8);
	add_query(f);
}

static inline void build_raw(struct frames *f)
{
	frames_start(f);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

static inline void build_cooked(struct frames *f)
{
	frames_start(f);
	frames_cooked(f);
	frames_vlan(f, 0x8100, 7);
	add_ipv4_query(f);
}

static inline void build_cooked2(struct frames *f)
{
	frames_start(f);
	frames_cooked2(f);
	frames_vlan(f, 0x88a8, 7);
	frames_vlan(f, 0x8100, 8);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

static inline void build_null(struct frames *f)
{
	frames_start(f);
	frames_be32(f, 0x02000000);
	add_ipv4_query(f);
}

static inline void build_loop(struct frames *f)
{
	frames_start(f);
	frames_be32(f, 24);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

static inline void build_mpls(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 9);
	frames_mpls(f, 0xfffff, false);
	frames_mpls(f, 16, true);
	add_ipv4_query(f);
}

static inline void build_mpls_v6(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_mpls(f, 2, true);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

static inline void build_wire(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_mpls(f, 100, false);
	frames_mpls(f, 200, true);
	frames_ethernet(f);
	frames_vlan(f, 0x88a8, 30);
	frames_vlan(f, 0x8100, 40);
	add_ipv4_query(f);
}

/* With a control word. */
static inline void build_wire_word(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 9);
	frames_mpls(f, 100, true);
	frames_be32(f, 77);
	frames_ethernet(f);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

static inline void build_wire_pppoe(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_mpls(f, 100, true);
	frames_be32(f, 0);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 9);
	frames_pppoe(f, 5);
	add_ipv4_query(f);
}

static inline void build_pppoe(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_vlan(f, 0x88a8, 10);
	frames_vlan(f, 0x8100, 20);
	frames_pppoe(f, 0xffff);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

static inline void build_snap(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 20);
	frames_snap(f);
	add_ipv4_query(f);
}

static inline void build_6in4(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, RADIO, CORE);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	frames_ipv6_extension(f, 60, 8);
	add_query(f);
}

static inline void build_4in6(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv6(f, RADIO_V6, CORE_V6);
	frames_ipv6_extension(f, 60, 8);
	add_ipv4_query(f);
}

static inline void build_ah(struct frames *f)
{
	begin_ipv4(f);
	frames_ipv6_extension(f, 51, 24);
	add_query(f);
}

static inline void build_gre(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, RADIO, CORE);
	frames_gre(f, FRAMES_GRE_CHECKSUM | FRAMES_GRE_KEY | FRAMES_GRE_SEQUENCE);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

static inline void build_gre_mpls(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv6(f, RADIO_V6, CORE_V6);
	frames_gre(f, 0);
	frames_mpls(f, 100, true);
	add_ipv4_query(f);
}

/* The tag inside of it is not the frame's own. */
static inline void build_gre_bridge(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, RADIO, CORE);
	frames_gre(f, FRAMES_GRE_KEY);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 20);
	add_ipv4_query(f);
}

static inline void build_erspan_1(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, RADIO, CORE);
	frames_gre(f, 0);
	frames_next(f, 0x88be);
	frames_ethernet(f);
	add_ipv4_query(f);
}

static inline void build_erspan_2(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 20);
	frames_ipv4(f, RADIO, CORE);
	frames_gre(f, FRAMES_GRE_SEQUENCE);
	frames_erspan(f, 2);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 30);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

/* With the subheader of a platform. */
static inline void build_erspan_3(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, RADIO, CORE);
	frames_gre(f, FRAMES_GRE_SEQUENCE);
	frames_erspan(f, 3);
	f->bytes[f->size - 1] |= 1;
	frames_fill(f, 0, 8);
	frames_ethernet(f);
	add_ipv4_query(f);
}

/* With an acknowledgement, address and control, and a protocol field of one byte. */
static inline void build_pptp(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, RADIO, CORE);
	frames_gre(f, 0x3081);
	frames_next(f, 0x880b);
	f->size = f->layer + 4;
	frames_be16(f, 64);
	frames_be16(f, 1);
	frames_be32(f, 10);
	frames_be32(f, 9);
	frames_bytes(f, "\xff\x03\x21", 3);
	add_ipv4_query(f);
}

static inline void build_vxlan(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 20);
	frames_ipv6(f, RADIO_V6, CORE_V6);
	frames_udp(f, 50000, 4789);
	frames_vxlan(f, 0xffffff);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 30);
	add_ipv4_query(f);
}

/* A mirror of a link with GTP-U on it. */
static inline void build_mirror(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, "192.0.2.1", "192.0.2.2");
	frames_gre(f, FRAMES_GRE_SEQUENCE);
	frames_erspan(f, 2);
	frames_ethernet(f);
	frames_ipv4(f, RADIO, CORE);
	frames_udp(f, 2152, 2152);
	frames_gtpu(f, FRAMES_G_PDU, 0, TEID);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

/* What a subscriber tunnels further in does not make it another. */
static inline void build_own_tunnel(struct frames *f)
{
	begin_g_pdu(f, 0);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	frames_gre(f, 0);
	frames_ipv4(f, "203.0.113.1", "203.0.113.2");
	add_ipv4_query(f);
}

static inline void build_session(struct frames *f)
{
	begin_g_pdu(f, FRAMES_GTPU_E);
	frames_gtpu_session(f, 1, 9);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 30);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

static inline void build_null_type(struct frames *f)
{
	frames_start(f);
	frames_be32(f, 0xdd860000);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	add_query(f);
}

static inline void build_tcp(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	frames_tcp(f, 40000, 53);
	frames_fill(f, 1, 12);
	f->bytes[f->layer + 12] = 0x80;
	frames_query(f, 0x1234, "www.example.com", 16);
}

struct whole {
	const char *name;
	void (*build)(struct frames *f);
	enum adit_link link;
	uint16_t ip, l4;
	uint16_t outer, gtpu, vlan, vlan_inner;
	uint16_t flags;
	uint16_t depth;  /* IP headers around the innermost */
	uint16_t frames; /* Ethernet frames inside of the frame */
	uint16_t who;    /* 0: the innermost IP header */
	bool own_length; /* a layer before the IP header that knows where the frame ends */
	uint16_t first;  /* the outermost IP header; 0: the one around GTP-U, else the innermost */
};

static const struct whole wholes[] = {
	{"plain", build_plain, .ip = 14, .l4 = 34},
	{"options", build_options, .ip = 14, .l4 = 42},
	{"tagged chain", build_tagged_chain, .ip = 26, .l4 = 154, .vlan = 0x2007, .vlan_inner = 5,
		.flags = V6},
	{"tunnel", build_tunnel, .ip = 50, .l4 = 70, .depth = 1, .outer = 14, .gtpu = 42,
		.flags = GTPU},
	{"tunnel with extensions", build_tunnel_extensions, .ip = 98, .l4 = 146, .depth = 1,
		.outer = 18, .gtpu = 66, .vlan = 300,
		.flags = GTPU | V6 | OUTER_V6 | ADIT_PACKET_PDU_UL},
	{"raw", build_raw, ADIT_LINK_RAW_IP, .ip = 0, .l4 = 40, .flags = V6},
	{"cooked", build_cooked, ADIT_LINK_COOKED, .ip = 20, .l4 = 40, .vlan = 7},
	{"cooked 2", build_cooked2, ADIT_LINK_COOKED2, .ip = 28, .l4 = 68, .vlan = 7,
		.vlan_inner = 8, .flags = V6},
	{"null", build_null, ADIT_LINK_NULL, .ip = 4, .l4 = 24},
	{"loop", build_loop, ADIT_LINK_LOOP, .ip = 4, .l4 = 44, .flags = V6},
	{"null with an EtherType", build_null_type, ADIT_LINK_NULL, .ip = 4, .l4 = 44, .flags = V6},
	{"MPLS", build_mpls, .own_length = true, .ip = 26, .l4 = 46, .vlan = 9},
	{"MPLS, IPv6", build_mpls_v6, .own_length = true, .ip = 18, .l4 = 58, .flags = V6},
	{"pseudowire", build_wire, .own_length = true, .ip = 44, .l4 = 64, .frames = 1},
	{"pseudowire with a control word", build_wire_word, .own_length = true, .ip = 40, .l4 = 80,
		.vlan = 9, .frames = 1, .flags = V6},
	{"pseudowire with PPPoE", build_wire_pppoe, .own_length = true, .ip = 48, .l4 = 68,
		.frames = 1},
	{"PPPoE", build_pppoe, .own_length = true, .ip = 30, .l4 = 70, .vlan = 10, .vlan_inner = 20,
		.flags = V6},
	{"SNAP", build_snap, .own_length = true, .ip = 26, .l4 = 46, .vlan = 20},
	{"6in4", build_6in4, .ip = 34, .l4 = 82, .first = 14, .depth = 1, .flags = V6},
	{"4in6", build_4in6, .ip = 62, .l4 = 82, .first = 14, .depth = 1},
	{"AH", build_ah, .ip = 14, .l4 = 58},
	{"GRE", build_gre, .ip = 50, .l4 = 90, .first = 14, .depth = 1, .flags = V6},
	{"GRE with MPLS", build_gre_mpls, .ip = 62, .l4 = 82, .first = 14, .depth = 1},
	{"GRE with Ethernet", build_gre_bridge, .ip = 60, .l4 = 80, .first = 14, .depth = 1,
		.frames = 1},
	{"ERSPAN I", build_erspan_1, .ip = 52, .l4 = 72, .first = 14, .depth = 1, .frames = 1},
	{"ERSPAN II", build_erspan_2, .ip = 72, .l4 = 112, .first = 18, .depth = 1, .frames = 1,
		.vlan = 20, .flags = V6},
	{"ERSPAN III", build_erspan_3, .ip = 76, .l4 = 96, .first = 14, .depth = 1, .frames = 1},
	{"PPTP", build_pptp, .ip = 53, .l4 = 73, .first = 14, .depth = 1},
	{"VXLAN", build_vxlan, .ip = 92, .l4 = 112, .first = 18, .depth = 1, .frames = 1,
		.vlan = 20},
	{"GTP-U in ERSPAN", build_mirror, .ip = 100, .l4 = 140, .first = 14, .depth = 2,
		.frames = 1, .outer = 64, .gtpu = 92, .flags = GTPU | V6},
	{"tunnel of a subscriber", build_own_tunnel, .ip = 114, .l4 = 134, .depth = 3, .who = 50,
		.outer = 14, .gtpu = 42, .flags = GTPU | ADIT_PACKET_WHO_V6},
	{"Ethernet session", build_session, .ip = 76, .l4 = 116, .depth = 1, .frames = 1,
		.outer = 14, .gtpu = 42, .flags = GTPU | V6 | ADIT_PACKET_PDU_UL},
	{"TCP", build_tcp, .ip = 14, .l4 = 54, .flags = V6 | ADIT_PACKET_TCP},
};

#endif
