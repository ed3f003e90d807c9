/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Link layers, tags, IP headers, what is not DNS over UDP.
 */
#include "golden.h"

static void ethernet(struct golden *g)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
}

static void query_v4(struct golden *g)
{
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 0x1234, "www.example.com", 1);
	golden_put(g);
}

static void response_v4(struct golden *g)
{
	frames_ipv4(&g->f, SERVER, CLIENT);
	frames_udp(&g->f, 53, PORT);
	frames_response(&g->f, 0x1234, "www.example.com", 1, 0);
	frames_answer(&g->f, 1, "\xc6\x33\x64\x07", 4);
	golden_put(g);
}

static void query_v6(struct golden *g)
{
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 0x1235, "www.example.com", 28);
	golden_put(g);
}

static void ipv4(struct golden *g)
{
	ethernet(g);
	query_v4(g);
	ethernet(g);
	response_v4(g);
	/* Both ends on port 53: the QR bit tells who asks. */
	ethernet(g);
	frames_ipv4(&g->f, SERVER, CLIENT);
	frames_udp(&g->f, 53, 53);
	frames_response(&g->f, 7, "www.example.com", 1, 3);
	golden_put(g);
}

static void ipv6(struct golden *g)
{
	ethernet(g);
	query_v6(g);
	ethernet(g);
	frames_ipv6(&g->f, SERVER_V6, CLIENT_V6);
	frames_udp(&g->f, 53, PORT);
	frames_response(&g->f, 0x1235, "www.example.com", 28, 0);
	frames_answer(&g->f, 28, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07", 16);
	golden_put(g);
}

static void vlan(struct golden *g)
{
	ethernet(g);
	frames_vlan(&g->f, 0x8100, 0x602a); /* priority 3, VLAN 42 */
	query_v4(g);
	ethernet(g);
	frames_vlan(&g->f, 0x8100, 42);
	query_v6(g);
}

static void qinq(struct golden *g)
{
	ethernet(g);
	frames_vlan(&g->f, 0x88a8, 100);
	frames_vlan(&g->f, 0x8100, 200);
	query_v4(g);
	ethernet(g);
	frames_vlan(&g->f, 0x9100, 101);
	frames_vlan(&g->f, 0x9100, 201);
	query_v4(g);
}

static void vlan_depth(struct golden *g)
{
	for (unsigned tags = ADIT_PACKET_VLAN_MAX; tags <= ADIT_PACKET_VLAN_MAX + 1; tags++) {
		ethernet(g);
		for (unsigned i = 0; i < tags; i++)
			frames_vlan(&g->f, 0x8100, (uint16_t)(i + 1));
		query_v4(g);
	}
}

static void ipv4_options(struct golden *g)
{
	static const uint8_t options[40] = {0x94, 4, 0, 0, 1, 1, 1};

	for (size_t size = 4; size <= 40; size += 36) {
		ethernet(g);
		frames_ipv4(&g->f, CLIENT, SERVER);
		frames_ipv4_options(&g->f, options, size);
		frames_udp(&g->f, PORT, 53);
		frames_query(&g->f, 1, "www.example.com", 1);
		golden_put(g);
	}
}

static void padding(struct golden *g)
{
	ethernet(g);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "a.io", 1);
	frames_trailer(&g->f, 18);
	golden_put(g);
}

/* 42 or 62 bytes in front, and 6 strings: more than a frame can have on the wire. */
static void put_large_response(struct golden *g)
{
	uint8_t text[256];

	memset(text, 'x', sizeof(text));
	text[0] = 255;
	frames_udp(&g->f, 53, PORT);
	frames_response(&g->f, 1, "www.example.com", 16, 0);
	for (unsigned i = 0; i < 6; i++)
		frames_answer(&g->f, 16, text, sizeof(text));
	golden_put(g);
}

static void put_small_query(struct golden *g)
{
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "www.example.com", 1);
	golden_put(g);
}

static void ipv4_length_0(struct golden *g)
{
	ethernet(g);
	frames_ipv4(&g->f, SERVER, CLIENT);
	frames_length(&g->f, 0);
	put_large_response(g);
	ethernet(g);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_length(&g->f, 0);
	put_small_query(g);
}

static void ipv4_malformed(struct golden *g)
{
	static const uint16_t lengths[] = {19, 1500};

	for (size_t i = 0; i < ADIT_COUNT(lengths); i++) {
		ethernet(g);
		frames_ipv4(&g->f, CLIENT, SERVER);
		frames_length(&g->f, lengths[i]);
		frames_udp(&g->f, PORT, 53);
		frames_query(&g->f, 1, "www.example.com", 1);
		golden_put(g);
	}
	for (int version_and_size = 0x44; version_and_size <= 0x65; version_and_size += 0x21) {
		ethernet(g);
		frames_ipv4(&g->f, CLIENT, SERVER);
		g->f.bytes[g->f.layer] = (uint8_t)version_and_size;
		frames_udp(&g->f, PORT, 53);
		frames_query(&g->f, 1, "www.example.com", 1);
		golden_put(g);
	}
}

static void ipv6_extensions(struct golden *g)
{
	static const uint8_t kinds[] = {0, 43, 60, 51};

	for (size_t i = 0; i < ADIT_COUNT(kinds); i++) {
		ethernet(g);
		frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
		frames_ipv6_extension(&g->f, kinds[i], 24);
		frames_udp(&g->f, PORT, 53);
		frames_query(&g->f, (uint16_t)kinds[i], "www.example.com", 28);
		golden_put(g);
	}
	ethernet(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	for (size_t i = 0; i < ADIT_COUNT(kinds); i++)
		frames_ipv6_extension(&g->f, kinds[i], 8);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 255, "www.example.com", 28);
	golden_put(g);
	/* No next header: nothing to read. */
	ethernet(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	frames_next(&g->f, 59);
	golden_put(g);
}

static void ipv6_chain(struct golden *g)
{
	for (unsigned n = ADIT_PACKET_CHAIN_MAX; n <= ADIT_PACKET_CHAIN_MAX + 1; n++) {
		ethernet(g);
		frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
		for (unsigned i = 0; i < n; i++)
			frames_ipv6_extension(&g->f, 60, 8);
		frames_udp(&g->f, PORT, 53);
		frames_query(&g->f, 1, "www.example.com", 28);
		golden_put(g);
	}
}

static void ipv6_length_0(struct golden *g)
{
	ethernet(g);
	frames_ipv6(&g->f, SERVER_V6, CLIENT_V6);
	frames_length(&g->f, 0);
	put_large_response(g);
	ethernet(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	frames_length(&g->f, 0);
	put_small_query(g);
}

static void udp_length_0(struct golden *g)
{
	ethernet(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	frames_udp(&g->f, PORT, 53);
	frames_length(&g->f, 0);
	frames_query(&g->f, 1, "www.example.com", 28);
	golden_put(g);
	ethernet(g);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_udp(&g->f, PORT, 53);
	frames_length(&g->f, 0);
	frames_query(&g->f, 1, "www.example.com", 28);
	golden_put(g);
}

static void ipv6_malformed(struct golden *g)
{
	/* More payload than there is; a version that the EtherType denies; an extension header
	 * past the end. */
	ethernet(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	frames_length(&g->f, 1400);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "www.example.com", 28);
	golden_put(g);
	ethernet(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	g->f.bytes[g->f.layer] = 0x40;
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "www.example.com", 28);
	golden_put(g);
	ethernet(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	frames_ipv6_extension(&g->f, 60, 8);
	g->f.bytes[g->f.layer + 1] = 200;
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "www.example.com", 28);
	golden_put(g);
}

static void fragments_ipv4(struct golden *g)
{
	ethernet(g);
	frames_ipv4(&g->f, SERVER, CLIENT);
	frames_ipv4_fragment(&g->f, 0, true);
	frames_udp(&g->f, 53, PORT);
	frames_length(&g->f, 1200);
	frames_response(&g->f, 1, "www.example.com", 16, 0);
	frames_fill(&g->f, 'x', 7);
	golden_put(g);
	for (unsigned offset = 48; offset <= 96; offset += 48) {
		ethernet(g);
		frames_ipv4(&g->f, SERVER, CLIENT);
		frames_ipv4_fragment(&g->f, offset, offset == 48);
		frames_next(&g->f, 17);
		frames_fill(&g->f, 'x', 48);
		golden_put(g);
	}
}

static void fragments_ipv6(struct golden *g)
{
	ethernet(g);
	frames_ipv6(&g->f, SERVER_V6, CLIENT_V6);
	frames_ipv6_fragment(&g->f, 0, true);
	frames_udp(&g->f, 53, PORT);
	frames_length(&g->f, 1400);
	frames_response(&g->f, 1, "www.example.com", 16, 0);
	golden_put(g);
	ethernet(g);
	frames_ipv6(&g->f, SERVER_V6, CLIENT_V6);
	frames_ipv6_extension(&g->f, 60, 8);
	frames_ipv6_fragment(&g->f, 1232, false);
	frames_next(&g->f, 17);
	frames_fill(&g->f, 'x', 48);
	golden_put(g);
}

static void fragment_atomic(struct golden *g)
{
	ethernet(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	frames_ipv6_fragment(&g->f, 0, false);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "www.example.com", 28);
	golden_put(g);
	/* "Don't fragment" is no fragment either. */
	ethernet(g);
	frames_ipv4(&g->f, CLIENT, SERVER);
	g->f.bytes[g->f.layer + 6] = 0x40;
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "www.example.com", 1);
	golden_put(g);
}

static void udp(struct golden *g)
{
	static const uint16_t ports[][2] = {{5353, 5353}, {PORT, 443}, {137, 137}};

	for (size_t i = 0; i < ADIT_COUNT(ports); i++) {
		ethernet(g);
		frames_ipv4(&g->f, CLIENT, SERVER);
		frames_udp(&g->f, ports[i][0], ports[i][1]);
		frames_query(&g->f, 1, "www.example.com", 1);
		golden_put(g);
	}
}

static void udp_malformed(struct golden *g)
{
	static const uint16_t lengths[] = {0, 7, 500};

	for (size_t i = 0; i < ADIT_COUNT(lengths); i++) {
		ethernet(g);
		frames_ipv4(&g->f, CLIENT, SERVER);
		frames_udp(&g->f, PORT, 53);
		frames_length(&g->f, lengths[i]);
		frames_query(&g->f, 1, "www.example.com", 1);
		golden_put(g);
	}
	ethernet(g);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_next(&g->f, 17);
	frames_fill(&g->f, 0, 7);
	golden_put(g);
}

static void tcp(struct golden *g)
{
	static const uint16_t ports[][2] = {{PORT, 53}, {53, PORT}, {PORT, 443}};

	for (size_t i = 0; i < ADIT_COUNT(ports); i++) {
		ethernet(g);
		frames_ipv4(&g->f, CLIENT, SERVER);
		frames_tcp(&g->f, ports[i][0], ports[i][1]);
		frames_be16(&g->f, 33);
		frames_query(&g->f, 1, "www.example.com", 1);
		golden_put(g);
	}
}

/* DNS over TLS and over QUIC; also from the port of GTP-U. */
static void encrypted(struct golden *g)
{
	static const uint16_t ports[][2] = {{PORT, 853}, {853, PORT}, {2152, 853}};

	for (size_t i = 0; i < 2 * ADIT_COUNT(ports); i++) {
		const uint16_t *pair = ports[i / 2];
		bool down = pair[0] == 853;

		ethernet(g);
		frames_ipv4(&g->f, down ? SERVER : CLIENT, down ? CLIENT : SERVER);
		i & 1 ? frames_tcp(&g->f, pair[0], pair[1]) : frames_udp(&g->f, pair[0], pair[1]);
		frames_fill(&g->f, 0x16, 40);
		golden_put(g);
	}
}

static void tcp_malformed(struct golden *g)
{
	ethernet(g);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_tcp(&g->f, PORT, 53);
	g->f.bytes[g->f.layer + 12] = 0x40; /* a header of 16 bytes */
	golden_put(g);
	ethernet(g);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_next(&g->f, 6);
	frames_fill(&g->f, 0, 19);
	golden_put(g);
}

static void ip_other(struct golden *g)
{
	/* An ICMP error quotes the datagram that caused it. */
	ethernet(g);
	frames_ipv4(&g->f, SERVER, CLIENT);
	frames_next(&g->f, 1);
	frames_bytes(&g->f, "\3\3\0\0\0\0\0\0", 8);
	query_v4(g);
	/* ESP hides what it carries; OSPF. */
	ethernet(g);
	frames_ipv4(&g->f, RADIO, CORE);
	frames_next(&g->f, 50);
	frames_fill(&g->f, 0x5a, 64);
	golden_put(g);
	ethernet(g);
	frames_ipv4(&g->f, RADIO, CORE);
	frames_next(&g->f, 89);
	frames_fill(&g->f, 0, 24);
	golden_put(g);
}

static void not_ip(struct golden *g)
{
	/* ARP, LLDP, 802.3 with a length, what nobody has registered. */
	static const uint16_t types[] = {0x0806, 0x88cc, 46, 0xffff};

	for (size_t i = 0; i < ADIT_COUNT(types); i++) {
		ethernet(g);
		frames_next(&g->f, types[i]);
		frames_fill(&g->f, 0, 46);
		golden_put(g);
	}
}

static void frame_short(struct golden *g)
{
	ethernet(g);
	g->f.size = 0;
	golden_put(g);
	ethernet(g);
	g->f.size = 13;
	golden_put(g);
	ethernet(g);
	frames_vlan(&g->f, 0x8100, 42);
	g->f.size = 17;
	golden_put(g);
	ethernet(g);
	frames_ipv4(&g->f, CLIENT, SERVER);
	g->f.size = 14 + 19;
	g->f.length_count = g->f.checksum_count = 0;
	golden_put(g);
	ethernet(g);
	frames_ipv6(&g->f, CLIENT_V6, SERVER_V6);
	g->f.size = 14 + 39;
	g->f.length_count = 0;
	golden_put(g);
}

/* Cut in the link header, twice in that of IPv4, in that of UDP, in the name, before the last byte
 * of the question. */
static void snap_length(struct golden *g)
{
	static const size_t captured[] = {10, 16, 30, 38, 14 + 28 + 20, 14 + 28 + 32};

	for (size_t i = 0; i < ADIT_COUNT(captured); i++) {
		ethernet(g);
		frames_ipv4(&g->f, CLIENT, SERVER);
		frames_udp(&g->f, PORT, 53);
		frames_query(&g->f, 0x1234, "www.example.com", 1);
		golden_put_cut(g, captured[i]);
	}
	/* The question is there, an answer is not. */
	ethernet(g);
	frames_ipv4(&g->f, SERVER, CLIENT);
	frames_udp(&g->f, 53, PORT);
	frames_response(&g->f, 0x1234, "www.example.com", 16, 0);
	frames_answer(&g->f, 16, "\x0fwhat was cut off", 16);
	golden_put_cut(g, 14 + 28 + 33 + 20);
}

static void cooked(struct golden *g)
{
	frames_start(&g->f);
	frames_cooked(&g->f);
	query_v4(g);
	frames_start(&g->f);
	frames_cooked(&g->f);
	query_v6(g);
	frames_start(&g->f);
	frames_cooked(&g->f);
	frames_vlan(&g->f, 0x8100, 42);
	query_v4(g);
}

static void cooked2(struct golden *g)
{
	frames_start(&g->f);
	frames_cooked2(&g->f);
	query_v4(g);
	frames_start(&g->f);
	frames_cooked2(&g->f);
	query_v6(g);
}

/* A loopback frame; its family is of AF_INET, or the number of AF_INET6 on one of the systems. */
static void loopback(struct golden *g, bool big_endian)
{
	static const uint8_t families[] = {2, 10, 24, 28, 30, 1};

	for (size_t i = 0; i < ADIT_COUNT(families); i++) {
		frames_start(&g->f);
		frames_be32(&g->f, big_endian ? families[i] : (uint32_t)families[i] << 24);
		if (families[i] == 2)
			query_v4(g);
		else
			query_v6(g);
	}
}

static void null(struct golden *g)
{
	loopback(g, false);
	loopback(g, true);
	/* An EtherType in place of the family, as some write it. */
	frames_start(&g->f);
	frames_be32(&g->f, 0x0800);
	query_v4(g);
	frames_start(&g->f);
	frames_be32(&g->f, 0xdd860000);
	query_v6(g);
	/* Cisco HDLC under the name of a loopback. */
	frames_start(&g->f);
	frames_be32(&g->f, 0x0f000800);
	query_v4(g);
}

static void loop(struct golden *g)
{
	loopback(g, true);
	/* The order of bytes is fixed here. */
	loopback(g, false);
}

static void raw(struct golden *g)
{
	frames_start(&g->f);
	query_v4(g);
	frames_start(&g->f);
	query_v6(g);
	frames_start(&g->f);
	frames_u8(&g->f, 0x50);
	golden_put(g);
}

static void raw_ipv4(struct golden *g)
{
	frames_start(&g->f);
	query_v4(g);
}

static void raw_ipv6(struct golden *g)
{
	frames_start(&g->f);
	query_v6(g);
}

const struct golden_case golden_packet[] = {
	{"ipv4", LINKTYPE_ETHERNET, ipv4},
	{"ipv6", LINKTYPE_ETHERNET, ipv6},
	{"vlan", LINKTYPE_ETHERNET, vlan},
	{"vlan-qinq", LINKTYPE_ETHERNET, qinq},
	{"vlan-depth", LINKTYPE_ETHERNET, vlan_depth},
	{"ethernet-padding", LINKTYPE_ETHERNET, padding},
	{"ipv4-options", LINKTYPE_ETHERNET, ipv4_options},
	{"ipv4-length-0", LINKTYPE_ETHERNET, ipv4_length_0},
	{"ipv4-malformed", LINKTYPE_ETHERNET, ipv4_malformed},
	{"ipv6-extensions", LINKTYPE_ETHERNET, ipv6_extensions},
	{"ipv6-chain", LINKTYPE_ETHERNET, ipv6_chain},
	{"ipv6-length-0", LINKTYPE_ETHERNET, ipv6_length_0},
	{"ipv6-malformed", LINKTYPE_ETHERNET, ipv6_malformed},
	{"fragments-ipv4", LINKTYPE_ETHERNET, fragments_ipv4},
	{"fragments-ipv6", LINKTYPE_ETHERNET, fragments_ipv6},
	{"fragment-atomic", LINKTYPE_ETHERNET, fragment_atomic},
	{"udp-other-ports", LINKTYPE_ETHERNET, udp},
	{"udp-length-0", LINKTYPE_ETHERNET, udp_length_0},
	{"udp-malformed", LINKTYPE_ETHERNET, udp_malformed},
	{"tcp", LINKTYPE_ETHERNET, tcp},
	{"encrypted", LINKTYPE_ETHERNET, encrypted},
	{"tcp-malformed", LINKTYPE_ETHERNET, tcp_malformed},
	{"ip-other", LINKTYPE_ETHERNET, ip_other},
	{"not-ip", LINKTYPE_ETHERNET, not_ip},
	{"frame-short", LINKTYPE_ETHERNET, frame_short},
	{"snap-length", LINKTYPE_ETHERNET, snap_length},
	{"link-cooked", LINKTYPE_LINUX_SLL, cooked},
	{"link-cooked2", LINKTYPE_LINUX_SLL2, cooked2},
	{"link-null", LINKTYPE_NULL, null},
	{"link-loop", LINKTYPE_LOOP, loop},
	{"link-raw", LINKTYPE_RAW, raw},
	{"link-raw-ipv4", LINKTYPE_IPV4, raw_ipv4},
	{"link-raw-ipv6", LINKTYPE_IPV6, raw_ipv6},
	{NULL, 0, NULL},
};
