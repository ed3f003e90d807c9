/* SPDX-License-Identifier: BSD-3-Clause
 *
 * GTP-U: every form of its header around a DNS message, and what is refused.
 */
#include "golden.h"

static void outer(struct golden *g, bool up, uint8_t type, uint8_t flags)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, up ? RADIO : CORE, up ? CORE : RADIO);
	frames_udp(&g->f, 2152, 2152);
	frames_gtpu(&g->f, type, flags, up ? TEID_UP : TEID_DOWN);
}

static void outer_v6(struct golden *g, bool up)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv6(&g->f, up ? RADIO_V6 : CORE_V6, up ? CORE_V6 : RADIO_V6);
	frames_udp(&g->f, 2152, 2152);
	frames_gtpu(&g->f, FRAMES_G_PDU, 0, up ? TEID_UP : TEID_DOWN);
}

static void inner(struct golden *g, bool up)
{
	frames_ipv4(&g->f, up ? CLIENT : SERVER, up ? SERVER : CLIENT);
	frames_udp(&g->f, up ? PORT : 53, up ? 53 : PORT);
	if (up)
		frames_query(&g->f, 9, "www.example.com", 1);
	else
		frames_response(&g->f, 9, "www.example.com", 1, 3);
	golden_put(g);
}

static void inner_v6(struct golden *g, bool up)
{
	frames_ipv6(&g->f, up ? CLIENT_V6 : SERVER_V6, up ? SERVER_V6 : CLIENT_V6);
	frames_udp(&g->f, up ? PORT : 53, up ? 53 : PORT);
	if (up)
		frames_query(&g->f, 9, "www.example.com", 28);
	else
		frames_response(&g->f, 9, "www.example.com", 28, 3);
	golden_put(g);
}

static void plain(struct golden *g)
{
	outer(g, true, FRAMES_G_PDU, 0);
	inner(g, true);
	outer(g, false, FRAMES_G_PDU, 0);
	inner(g, false);
}

static void sequence(struct golden *g)
{
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_S);
	inner(g, true);
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_PN);
	inner(g, true);
	/* Without E the last byte of the word means nothing. */
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_S);
	g->f.bytes[g->f.size - 1] = 0x85;
	inner(g, true);
}

static void extensions(struct golden *g)
{
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_E);
	inner(g, true);
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_E);
	frames_gtpu_extension(&g->f, 0xc0, 1); /* PDCP PDU number */
	inner(g, true);
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_E | FRAMES_GTPU_S);
	frames_gtpu_extension(&g->f, 0x40, 1); /* UDP port */
	frames_gtpu_extension(&g->f, 0x20, 3); /* service class */
	frames_gtpu_extension(&g->f, 0x7f, 255);
	inner(g, true);
}

static void extension_chain(struct golden *g)
{
	for (unsigned n = ADIT_PACKET_EXTENSION_MAX; n <= ADIT_PACKET_EXTENSION_MAX + 1; n++) {
		outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_E);
		for (unsigned i = 0; i < n; i++)
			frames_gtpu_extension(&g->f, 0xc0, 1);
		inner(g, true);
	}
}

static void session(struct golden *g)
{
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_E);
	frames_gtpu_session(&g->f, 1, 9);
	inner(g, true);
	outer(g, false, FRAMES_G_PDU, FRAMES_GTPU_E);
	frames_gtpu_session(&g->f, 0, 9);
	inner(g, false);
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_E | FRAMES_GTPU_S);
	frames_gtpu_extension(&g->f, 0xc0, 1);
	frames_gtpu_session(&g->f, 1, 9);
	inner(g, true);
}

static void v6(struct golden *g)
{
	outer_v6(g, true);
	inner(g, true);
	outer(g, true, FRAMES_G_PDU, 0);
	inner_v6(g, true);
	outer_v6(g, false);
	inner_v6(g, false);
}

static void tags(struct golden *g)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_vlan(&g->f, 0x88a8, 300);
	frames_vlan(&g->f, 0x8100, 301);
	frames_ipv4(&g->f, RADIO, CORE);
	frames_udp(&g->f, 2152, 2152);
	frames_gtpu(&g->f, FRAMES_G_PDU, 0, TEID_UP);
	inner(g, true);
}

/* One end on another port than 2152 is GTP-U still. */
static void ports(struct golden *g)
{
	for (int i = 0; i < 2; i++) {
		frames_start(&g->f);
		frames_ethernet(&g->f);
		frames_ipv4(&g->f, RADIO, CORE);
		frames_udp(&g->f, i == 0 ? 30000 : 2152, i == 0 ? 2152 : 30000);
		frames_gtpu(&g->f, FRAMES_G_PDU, 0, TEID_UP);
		inner(g, true);
	}
}

/* A query from the port of GTP-U, which the client is free to choose: plain, then one whose bytes
 * read as a G-PDU too, with a query inside that nobody sent. The ID is GTP-U's first two bytes, the
 * flags its length, the counts are TEID and the start of an IPv4 header that goes on in the name.
 */
static void hidden(struct golden *g)
{
	static const char name[] = "x\\000\\000@\\017\\000\\000"          /* IPv4 from the ID on */
				   "\\203\\000q\\099\\198\\051\\100\\001" /* addresses */
				   "\\156@\\0005\\000\\025\\000\\000"     /* UDP 40000 to 53 */
				   "\\000\\007\\001\\000\\000\\001\\000\\000\\000\\000\\000\\000"
				   "\\000\\000\\002\\000\\001.example.com";

	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_udp(&g->f, 2152, 53);
	frames_query(&g->f, 1, "www.example.com", 1);
	golden_put(g);
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_udp(&g->f, 2152, 53);
	frames_dns(&g->f, 0x30ff, 45);
	frames_question(&g->f, name, 1);
	memcpy(g->f.bytes + g->f.dns + 8, "\x45\0\0\x2d", 4);
	golden_put(g);
}

static void fragments(struct golden *g)
{
	outer(g, false, FRAMES_G_PDU, 0);
	frames_ipv4(&g->f, SERVER, CLIENT);
	frames_ipv4_fragment(&g->f, 1480, false);
	frames_next(&g->f, 17);
	frames_fill(&g->f, 'x', 40);
	golden_put(g);
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, CORE, RADIO);
	frames_ipv4_fragment(&g->f, 0, true);
	frames_udp(&g->f, 2152, 2152);
	frames_length(&g->f, 1500);
	frames_gtpu(&g->f, FRAMES_G_PDU, 0, TEID_DOWN);
	frames_length(&g->f, 1484);
	frames_fill(&g->f, 'x', 40);
	golden_put(g);
}

static void signalling(struct golden *g)
{
	/* Echo request and response, error indication, supported extension headers, end marker. */
	static const uint8_t types[] = {1, 2, 26, 31, 254};

	for (size_t i = 0; i < ADIT_COUNT(types); i++) {
		outer(g, true, types[i], FRAMES_GTPU_S);
		golden_put(g);
	}
}

static void not(struct golden * g)
{
	/* Version 0, version 2, GTP prime; one byte, and none. */
	static const uint8_t first[] = {0x1e, 0x48, 0x20};

	for (size_t i = 0; i < ADIT_COUNT(first); i++) {
		outer(g, true, FRAMES_G_PDU, 0);
		g->f.bytes[g->f.layer] = first[i];
		inner(g, true);
	}
	for (size_t size = 0; size < 2; size++) {
		frames_start(&g->f);
		frames_ethernet(&g->f);
		frames_ipv4(&g->f, CLIENT, SERVER);
		frames_udp(&g->f, PORT, 2152);
		frames_fill(&g->f, 0xff, size);
		golden_put(g);
	}
}

static void malformed(struct golden *g)
{
	/* A length past the datagram; an extension header of no words; one past the end. */
	outer(g, true, FRAMES_G_PDU, 0);
	frames_length(&g->f, 500);
	inner(g, true);
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_E);
	frames_gtpu_extension(&g->f, 0xc0, 1);
	g->f.bytes[g->f.layer] = 0;
	inner(g, true);
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_E);
	frames_gtpu_extension(&g->f, 0xc0, 1);
	g->f.bytes[g->f.layer] = 100;
	inner(g, true);
}

/* A length that ends inside the inner datagram: the inner header contradicts it. */
static void length_short(struct golden *g)
{
	outer(g, true, FRAMES_G_PDU, 0);
	frames_length(&g->f, 30);
	inner(g, true);
}

static void other(struct golden *g)
{
	/* Nothing inside; an Ethernet frame inside (PDU session type Ethernet). */
	outer(g, true, FRAMES_G_PDU, 0);
	golden_put(g);
	outer(g, true, FRAMES_G_PDU, 0);
	frames_bytes(&g->f, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\x06", 14);
	frames_fill(&g->f, 0, 46);
	golden_put(g);
}

static void nested(struct golden *g)
{
	outer(g, true, FRAMES_G_PDU, 0);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_udp(&g->f, 2152, 2152);
	frames_gtpu(&g->f, FRAMES_G_PDU, 0, 1);
	inner(g, true);
}

/* The content of 5G's Ethernet sessions: IP, IP behind a tag, and what does not read as either. */
static void sessions_ethernet(struct golden *g)
{
	outer(g, true, FRAMES_G_PDU, FRAMES_GTPU_E);
	frames_gtpu_session(&g->f, 1, 9);
	frames_ethernet(&g->f);
	inner(g, true);
	outer(g, false, FRAMES_G_PDU, 0);
	frames_ethernet(&g->f);
	frames_vlan(&g->f, 0x8100, 42);
	inner_v6(g, false);
	outer(g, true, FRAMES_G_PDU, 0);
	frames_ethernet(&g->f);
	frames_next(&g->f, 0x8847);
	frames_be32(&g->f, 0x00010140);
	inner(g, true);
	outer(g, true, FRAMES_G_PDU, 0);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_length(&g->f, 500);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 9, "www.example.com", 1);
	golden_put(g);
}

/* What subscribers tunnel themselves: each stays the subscriber that its session has. */
static void own_tunnels(struct golden *g)
{
	outer(g, true, FRAMES_G_PDU, 0);
	frames_ipv4(&g->f, CLIENT, "203.0.113.1");
	frames_ipv6(&g->f, "2001:db8:ffff::1", SERVER_V6);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 9, "www.example.com", 28);
	golden_put(g);
	outer(g, false, FRAMES_G_PDU, 0);
	frames_ipv6(&g->f, "2001:db8:cccc::1", CLIENT_V6);
	frames_gre(&g->f, FRAMES_GRE_KEY);
	frames_ipv4(&g->f, SERVER, "10.99.0.1");
	frames_udp(&g->f, 53, PORT);
	frames_response(&g->f, 9, "www.example.com", 1, 3);
	golden_put(g);
	outer(g, true, FRAMES_G_PDU, 0);
	frames_ipv4(&g->f, CLIENT, "203.0.113.1");
	frames_udp(&g->f, 50000, 4789);
	frames_vxlan(&g->f, 1);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, "10.99.0.1", SERVER);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 9, "www.example.com", 1);
	golden_put(g);
}

/* A link with GTP-U as a mirror brings it: ERSPAN, VXLAN, MPLS. */
static void mirrors(struct golden *g)
{
	for (unsigned i = 0; i < 3; i++) {
		frames_start(&g->f);
		frames_ethernet(&g->f);
		if (i < 2)
			frames_ipv4(&g->f, "192.0.2.1", "192.0.2.2");
		if (i == 0) {
			frames_gre(&g->f, FRAMES_GRE_SEQUENCE);
			frames_erspan(&g->f, 2);
			frames_ethernet(&g->f);
		} else if (i == 1) {
			frames_udp(&g->f, 50000, 4789);
			frames_vxlan(&g->f, 7);
			frames_ethernet(&g->f);
		} else {
			frames_mpls(&g->f, 16, true);
		}
		frames_ipv4(&g->f, RADIO, CORE);
		frames_udp(&g->f, 2152, 2152);
		frames_gtpu(&g->f, FRAMES_G_PDU, 0, TEID_UP);
		inner(g, true);
	}
}

const struct golden_case golden_tunnel[] = {
	{"gtpu", LINKTYPE_ETHERNET, plain},
	{"gtpu-sequence", LINKTYPE_ETHERNET, sequence},
	{"gtpu-extensions", LINKTYPE_ETHERNET, extensions},
	{"gtpu-extension-chain", LINKTYPE_ETHERNET, extension_chain},
	{"gtpu-session", LINKTYPE_ETHERNET, session},
	{"gtpu-ipv6", LINKTYPE_ETHERNET, v6},
	{"gtpu-vlan", LINKTYPE_ETHERNET, tags},
	{"gtpu-ports", LINKTYPE_ETHERNET, ports},
	{"gtpu-hidden-query", LINKTYPE_ETHERNET, hidden},
	{"gtpu-fragments", LINKTYPE_ETHERNET, fragments},
	{"gtpu-signalling", LINKTYPE_ETHERNET, signalling},
	{"gtpu-not", LINKTYPE_ETHERNET, not },
	{"gtpu-malformed", LINKTYPE_ETHERNET, malformed},
	{"gtpu-length-short", LINKTYPE_ETHERNET, length_short},
	{"gtpu-other", LINKTYPE_ETHERNET, other},
	{"gtpu-nested", LINKTYPE_ETHERNET, nested},
	{"gtpu-ethernet", LINKTYPE_ETHERNET, sessions_ethernet},
	{"gtpu-own-tunnels", LINKTYPE_ETHERNET, own_tunnels},
	{"gtpu-mirrored", LINKTYPE_ETHERNET, mirrors},
	{NULL, 0, NULL},
};
