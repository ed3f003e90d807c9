/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What stands between Ethernet and the datagram: MPLS, PPPoE, SNAP, IP in IP, AH, GRE, VXLAN, each
 * around a query, and what is refused.
 */
#include "golden.h"

static void ethernet(struct golden *g)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
}

/* Between two routers. */
static void outer(struct golden *g)
{
	ethernet(g);
	frames_ipv4(&g->f, RADIO, CORE);
}

static void query_v4(struct golden *g)
{
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 0x1234, "www.example.com", 1);
	golden_put(g);
}

static void query_v6(struct golden *g)
{
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 0x1235, "www.example.com", 28);
	golden_put(g);
}

static void mpls(struct golden *g)
{
	ethernet(g);
	frames_mpls(&g->f, 16, true);
	query_v4(g);
	ethernet(g);
	frames_vlan(&g->f, 0x8100, 42);
	frames_mpls(&g->f, 1000, false);
	frames_mpls(&g->f, 2000, true);
	query_v6(g);
	/* Multicast. */
	ethernet(g);
	frames_next(&g->f, 0x8848);
	frames_mpls(&g->f, 17, true);
	query_v4(g);
}

static void mpls_depth(struct golden *g)
{
	for (unsigned labels = ADIT_PACKET_MPLS_MAX; labels <= ADIT_PACKET_MPLS_MAX + 1; labels++) {
		ethernet(g);
		for (unsigned i = 1; i <= labels; i++)
			frames_mpls(&g->f, 16 + i, i == labels);
		query_v4(g);
	}
}

/* A frame between addresses of RFC 7042, whose organization tshark knows: it goes by that. */
static void wired(struct golden *g)
{
	frames_ethernet(&g->f);
	memcpy(g->f.bytes + g->f.layer, "\0\0\x5e\0\x53\1\0\0\x5e\0\x53\2", 12);
}

static void mpls_wire(struct golden *g)
{
	/* A control word, then Ethernet; tags in it; PPPoE in it; no control word. */
	ethernet(g);
	frames_vlan(&g->f, 0x8100, 42);
	frames_mpls(&g->f, 16, true);
	frames_be32(&g->f, 0);
	wired(g);
	query_v4(g);
	ethernet(g);
	frames_mpls(&g->f, 16, true);
	frames_be32(&g->f, 77);
	wired(g);
	frames_vlan(&g->f, 0x88a8, 300);
	frames_vlan(&g->f, 0x8100, 301);
	query_v6(g);
	ethernet(g);
	frames_mpls(&g->f, 16, true);
	frames_be32(&g->f, 0);
	wired(g);
	frames_pppoe(&g->f, 5);
	query_v4(g);
	ethernet(g);
	frames_mpls(&g->f, 16, true);
	wired(g);
	query_v4(g);
	/* ARP in it. */
	ethernet(g);
	frames_mpls(&g->f, 16, true);
	frames_be32(&g->f, 0);
	wired(g);
	frames_next(&g->f, 0x0806);
	frames_fill(&g->f, 0, 46);
	golden_put(g);
}

static void pppoe(struct golden *g)
{
	ethernet(g);
	frames_pppoe(&g->f, 0x1111);
	query_v4(g);
	ethernet(g);
	frames_vlan(&g->f, 0x88a8, 100);
	frames_vlan(&g->f, 0x8100, 200);
	frames_pppoe(&g->f, 0x1111);
	query_v6(g);
	/* The protocol field in one byte. */
	ethernet(g);
	frames_pppoe(&g->f, 0x1111);
	g->f.next_kind = FRAMES_NEXT_NONE;
	g->f.size -= 2;
	frames_u8(&g->f, 0x21);
	query_v4(g);
}

static void pppoe_other(struct golden *g)
{
	/* A PADI; LCP echo request; MPLS control. */
	ethernet(g);
	frames_next(&g->f, 0x8863);
	frames_bytes(&g->f, "\x11\x09\0\0\0\4\1\1\0\0", 10);
	frames_trailer(&g->f, 36);
	golden_put(g);
	ethernet(g);
	frames_pppoe(&g->f, 0x1111);
	frames_next(&g->f, 0xc021);
	frames_bytes(&g->f, "\x09\1\0\x08\0\0\0\0", 8);
	golden_put(g);
	ethernet(g);
	frames_pppoe(&g->f, 0x1111);
	frames_next(&g->f, 0x8281);
	frames_bytes(&g->f, "\1\1\0\4", 4);
	golden_put(g);
}

static void pppoe_malformed(struct golden *g)
{
	/* Version 2; a code in a session; longer than the frame; too short for a protocol. */
	static const uint8_t firsts[][2] = {{0x21, 0}, {0x11, 9}};

	for (size_t i = 0; i < ADIT_COUNT(firsts); i++) {
		ethernet(g);
		frames_pppoe(&g->f, 0x1111);
		memcpy(g->f.bytes + g->f.layer, firsts[i], 2);
		query_v4(g);
	}
	ethernet(g);
	frames_pppoe(&g->f, 0x1111);
	frames_length(&g->f, 500);
	query_v4(g);
	ethernet(g);
	frames_pppoe(&g->f, 0x1111);
	frames_length(&g->f, 1);
	query_v4(g);
}

static void snap(struct golden *g)
{
	ethernet(g);
	frames_snap(&g->f);
	query_v4(g);
	ethernet(g);
	frames_vlan(&g->f, 0x8100, 42);
	frames_snap(&g->f);
	query_v6(g);
	/* Spanning tree: LLC without SNAP. */
	ethernet(g);
	frames_next(&g->f, 38);
	frames_bytes(&g->f, "\x42\x42\3\0\0\0\0", 7);
	frames_fill(&g->f, 0, 39);
	golden_put(g);
}

static void ip_in_ip(struct golden *g)
{
	outer(g);
	query_v4(g);
	outer(g);
	query_v6(g);
	ethernet(g);
	frames_ipv6(&g->f, RADIO_V6, CORE_V6);
	query_v4(g);
	ethernet(g);
	frames_ipv6(&g->f, RADIO_V6, CORE_V6);
	frames_ipv6_extension(&g->f, 60, 8);
	query_v6(g);
}

static void ip_in_ip_malformed(struct golden *g)
{
	/* Of the other version than announced; longer than what is around it; not whole. */
	outer(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	g->f.bytes[14 + 9] = 4;
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "www.example.com", 28);
	golden_put(g);
	outer(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	frames_length(&g->f, 500);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "www.example.com", 28);
	golden_put(g);
	outer(g);
	frames_next(&g->f, 41);
	frames_fill(&g->f, 0x60, 39);
	golden_put(g);
}

static void ah(struct golden *g)
{
	ethernet(g);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_ipv6_extension(&g->f, 51, 24);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "www.example.com", 1);
	golden_put(g);
	/* Around a datagram. */
	outer(g);
	frames_ipv6_extension(&g->f, 51, 24);
	query_v4(g);
}

static void gre(struct golden *g)
{
	static const uint16_t flags[] = {0, FRAMES_GRE_CHECKSUM, FRAMES_GRE_KEY,
		FRAMES_GRE_SEQUENCE, FRAMES_GRE_KEY | FRAMES_GRE_SEQUENCE};

	for (size_t i = 0; i < ADIT_COUNT(flags); i++) {
		outer(g);
		frames_gre(&g->f, flags[i]);
		i & 1 ? query_v6(g) : query_v4(g);
	}
	ethernet(g);
	frames_ipv6(&g->f, RADIO_V6, CORE_V6);
	frames_gre(&g->f, 0);
	frames_mpls(&g->f, 16, true);
	query_v4(g);
	/* The tag inside is not the frame's own. */
	ethernet(g);
	frames_vlan(&g->f, 0x8100, 42);
	frames_ipv4(&g->f, RADIO, CORE);
	frames_gre(&g->f, FRAMES_GRE_KEY);
	frames_ethernet(&g->f);
	frames_vlan(&g->f, 0x8100, 300);
	query_v4(g);
}

static void erspan(struct golden *g)
{
	outer(g);
	frames_gre(&g->f, 0);
	frames_next(&g->f, 0x88be);
	frames_ethernet(&g->f);
	query_v4(g);
	outer(g);
	frames_gre(&g->f, FRAMES_GRE_SEQUENCE);
	frames_erspan(&g->f, 2);
	frames_ethernet(&g->f);
	frames_vlan(&g->f, 0x8100, 300);
	query_v6(g);
	for (unsigned subheader = 0; subheader < 2; subheader++) {
		outer(g);
		frames_gre(&g->f, FRAMES_GRE_SEQUENCE);
		frames_erspan(&g->f, 3);
		g->f.bytes[g->f.size - 1] |= (uint8_t)subheader;
		frames_fill(&g->f, 0, (size_t)subheader * 8);
		frames_ethernet(&g->f);
		query_v4(g);
	}
}

/* A header of version 1, up to the payload of `size` bytes. */
static void pptp_header(struct golden *g, bool acknowledges, uint16_t size)
{
	outer(g);
	frames_gre(&g->f, acknowledges ? 0x3081 : 0x3001);
	frames_next(&g->f, 0x880b);
	g->f.size = g->f.layer + 4;
	frames_be16(&g->f, size);
	frames_be16(&g->f, 7);
	frames_be32(&g->f, 1);
	if (acknowledges)
		frames_be32(&g->f, 1);
}

static void pptp(struct golden *g)
{
	pptp_header(g, false, 65);
	frames_bytes(&g->f, "\xff\x03\0\x21", 4);
	query_v4(g);
	pptp_header(g, true, 62);
	frames_u8(&g->f, 0x21);
	query_v4(g);
	/* LCP, and data that is compressed or encrypted. */
	pptp_header(g, false, 12);
	frames_bytes(&g->f, "\xff\x03\xc0\x21\x09\1\0\x08\0\0\0\0", 12);
	golden_put(g);
	pptp_header(g, false, 12);
	frames_bytes(&g->f, "\0\xfd\x90\0\1\2\3\4\5\6\7\x08", 12);
	golden_put(g);
	/* Only an acknowledgement. */
	pptp_header(g, true, 0);
	g->f.bytes[g->f.layer] = 0x20;
	g->f.size -= 4;
	golden_put(g);
}

static void gre_other(struct golden *g)
{
	/* A keep-alive, ARP, CDP; source routes; version 2; ERSPAN of a version to come. */
	static const uint16_t types[] = {0, 0x0806, 0x2000};
	static const uint16_t flags[] = {0x4000, 0x0002};

	for (size_t i = 0; i < ADIT_COUNT(types); i++) {
		outer(g);
		frames_gre(&g->f, 0);
		frames_next(&g->f, types[i]);
		frames_fill(&g->f, 0, 28);
		golden_put(g);
	}
	for (size_t i = 0; i < ADIT_COUNT(flags); i++) {
		outer(g);
		frames_gre(&g->f, flags[i]);
		query_v4(g);
	}
	outer(g);
	frames_gre(&g->f, FRAMES_GRE_SEQUENCE);
	frames_erspan(&g->f, 2);
	g->f.bytes[g->f.layer] = 0x30;
	frames_ethernet(&g->f);
	query_v4(g);
}

static void gre_malformed(struct golden *g)
{
	/* Too short for its own words; for the Ethernet header it announces; for its payload. */
	outer(g);
	frames_next(&g->f, 47);
	frames_bytes(&g->f, "\xb0\0\x08\0\0\0\0\0", 8);
	golden_put(g);
	outer(g);
	frames_gre(&g->f, 0);
	frames_next(&g->f, 0x6558);
	frames_fill(&g->f, 2, 13);
	golden_put(g);
	pptp_header(g, false, 500);
	frames_be16(&g->f, 0x21);
	query_v4(g);
}

static void vxlan_header(struct golden *g, uint16_t from, uint16_t to)
{
	outer(g);
	frames_udp(&g->f, from, to);
	frames_vxlan(&g->f, 5000);
}

static void vxlan(struct golden *g)
{
	vxlan_header(g, 50000, 4789);
	frames_ethernet(&g->f);
	query_v4(g);
	vxlan_header(g, 4789, 4789);
	frames_ethernet(&g->f);
	frames_vlan(&g->f, 0x8100, 300);
	query_v6(g);
	/* A group policy is an extension of no import; ARP. */
	vxlan_header(g, 50000, 4789);
	g->f.bytes[g->f.layer] = 0x88;
	frames_ethernet(&g->f);
	query_v4(g);
	vxlan_header(g, 50000, 4789);
	frames_ethernet(&g->f);
	frames_next(&g->f, 0x0806);
	frames_fill(&g->f, 0, 28);
	golden_put(g);
	/* An answer to somebody who happens to have chosen the port. */
	vxlan_header(g, 4789, 50000);
	frames_ethernet(&g->f);
	query_v4(g);
}

static void vxlan_malformed(struct golden *g)
{
	vxlan_header(g, 50000, 4789);
	g->f.bytes[g->f.layer] = 0;
	frames_ethernet(&g->f);
	query_v4(g);
	vxlan_header(g, 50000, 4789);
	frames_fill(&g->f, 2, 13);
	golden_put(g);
}

static void nesting(struct golden *g)
{
	/* As many IP headers as may be, and one more; as many Ethernet headers, and one more. */
	for (unsigned depth = ADIT_PACKET_IP_MAX - 1; depth <= ADIT_PACKET_IP_MAX; depth++) {
		ethernet(g);
		for (unsigned i = 0; i < depth; i++)
			frames_ipv4(&g->f, RADIO, CORE);
		query_v4(g);
	}
	for (unsigned frames = ADIT_PACKET_ETHERNET_MAX; frames <= ADIT_PACKET_ETHERNET_MAX + 1;
		frames++) {
		ethernet(g);
		for (unsigned i = 1; i < frames; i++) {
			if (i & 1) {
				frames_mpls(&g->f, 16, true);
			} else {
				frames_ipv4(&g->f, RADIO, CORE);
				frames_udp(&g->f, 50000, 4789);
				frames_vxlan(&g->f, 1);
			}
			frames_ethernet(&g->f);
		}
		query_v4(g);
	}
}

const struct golden_case golden_layers[] = {
	{"mpls", LINKTYPE_ETHERNET, mpls},
	{"mpls-depth", LINKTYPE_ETHERNET, mpls_depth},
	{"mpls-wire", LINKTYPE_ETHERNET, mpls_wire},
	{"pppoe", LINKTYPE_ETHERNET, pppoe},
	{"pppoe-other", LINKTYPE_ETHERNET, pppoe_other},
	{"pppoe-malformed", LINKTYPE_ETHERNET, pppoe_malformed},
	{"snap", LINKTYPE_ETHERNET, snap},
	{"ip-in-ip", LINKTYPE_ETHERNET, ip_in_ip},
	{"ip-in-ip-malformed", LINKTYPE_ETHERNET, ip_in_ip_malformed},
	{"ipv4-ah", LINKTYPE_ETHERNET, ah},
	{"gre", LINKTYPE_ETHERNET, gre},
	{"gre-erspan", LINKTYPE_ETHERNET, erspan},
	{"gre-pptp", LINKTYPE_ETHERNET, pptp},
	{"gre-other", LINKTYPE_ETHERNET, gre_other},
	{"gre-malformed", LINKTYPE_ETHERNET, gre_malformed},
	{"vxlan", LINKTYPE_ETHERNET, vxlan},
	{"vxlan-malformed", LINKTYPE_ETHERNET, vxlan_malformed},
	{"nesting", LINKTYPE_ETHERNET, nesting},
	{NULL, 0, NULL},
};
