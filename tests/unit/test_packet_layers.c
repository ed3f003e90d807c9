/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_cases.h"

static void begin_ethernet(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
}

static void begin_outer(struct frames *f)
{
	begin_ethernet(f);
	frames_ipv4(f, RADIO, CORE);
}

/* MPLS. */
TEST(packet_mpls, labels_up_to_the_cap)
{
	struct frames f;

	for (unsigned labels = 1; labels <= ADIT_PACKET_MPLS_MAX + 1; labels++) {
		begin_ethernet(&f);
		for (unsigned i = 1; i <= labels; i++)
			frames_mpls(&f, 16 + i, i == labels);
		add_ipv4_query(&f);
		if (labels <= ADIT_PACKET_MPLS_MAX)
			CHECK_DECODES(&f, PENDING);
		else
			CHECK_DECODES(&f, MPLS_DEPTH);
	}
	begin_ethernet(&f);
	frames_next(&f, 0x8848);
	frames_mpls(&f, 16, true);
	add_ipv4_query(&f);
	CHECK_DECODES(&f, PENDING);
}

TEST(packet_mpls, stacks_that_end_with_the_frame)
{
	struct frames f;

	for (size_t size = 0; size <= 8; size++) {
		begin_ethernet(&f);
		frames_next(&f, 0x8847);
		frames_fill(&f, 0, size);
		CHECK_DECODES(&f, FRAME_SHORT);
	}
	begin_ethernet(&f);
	frames_mpls(&f, 16, true);
	CHECK_DECODES(&f, FRAME_SHORT);
}

/* Content that is no IP, and no Ethernet frame that reads well. */
TEST(packet_mpls, other_content)
{
	struct frames f;

	for (unsigned first = 0; first < 256; first++) {
		if (first >> 4 == 4 || first >> 4 == 6)
			continue;
		begin_ethernet(&f);
		frames_mpls(&f, 16, true);
		frames_fill(&f, (uint8_t)first, 60);
		CHECK_DECODES(&f, NOT_IP);
	}
	/* An Ethernet frame with something else in it, with a control word and without. */
	for (unsigned word = 0; word < 2; word++) {
		begin_ethernet(&f);
		frames_mpls(&f, 16, true);
		frames_fill(&f, 0, word * 4);
		frames_ethernet(&f);
		frames_next(&f, 0x0806);
		frames_fill(&f, 0, 46);
		CHECK_DECODES(&f, NOT_IP);
	}
	/* Padding behind IP leaves it IP. */
	begin_ethernet(&f);
	frames_mpls(&f, 16, true);
	add_ipv4_query(&f);
	frames_trailer(&f, 9);
	CHECK_DECODES(&f, PENDING);
	/* IP that is at fault stays IP. */
	begin_ethernet(&f);
	frames_mpls(&f, 16, true);
	frames_ipv4(&f, CLIENT, SERVER);
	frames_length(&f, 500);
	add_query(&f);
	CHECK_DECODES(&f, IPV4_MALFORMED);
	begin_ethernet(&f);
	frames_mpls(&f, 16, true);
	frames_fill(&f, 0x60, 39);
	CHECK_DECODES(&f, FRAME_SHORT);
}

/* A bare pseudowire whose frame goes to an address that begins like an IP header, or like a control
 * word. */
TEST(packet_mpls, addresses_that_look_like_something_else)
{
	static const uint8_t firsts[] = {
		0x00, 0x01, 0x0f, 0x10, 0x45, 0x46, 0x4f, 0x60, 0x62, 0xfe};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(firsts); i++) {
		struct adit_packet packet;

		begin_ethernet(&f);
		frames_mpls(&f, 16, true);
		frames_ethernet(&f);
		f.bytes[f.layer] = firsts[i];
		add_ipv4_query(&f);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		CHECK_OUTCOME(packet.outcome, PENDING);
		CHECK_EQ_INT(packet.ip_offset, 32);
	}
}

/* PPPoE. */
static void begin_pppoe(struct frames *f)
{
	begin_ethernet(f);
	frames_pppoe(f, 7);
}

TEST(packet_pppoe, discovery_and_other_protocols)
{
	static const uint16_t protocols[] = {0xc021, 0x8021, 0x8057, 0x0281, 0x0023};
	struct frames f;

	begin_ethernet(&f);
	frames_next(&f, 0x8863);
	frames_bytes(&f, "\x11\x09\0\0\0\4\1\1\0\0", 10);
	CHECK_DECODES(&f, PPPOE_OTHER);
	for (size_t i = 0; i < ADIT_COUNT(protocols); i++) {
		begin_pppoe(&f);
		frames_next(&f, protocols[i]);
		frames_fill(&f, 0x45, 40);
		CHECK_DECODES(&f, PPPOE_OTHER);
	}
}

TEST(packet_pppoe, a_compressed_protocol_field)
{
	struct frames f;

	for (unsigned is_v6 = 0; is_v6 < 2; is_v6++) {
		begin_pppoe(&f);
		f.next_kind = FRAMES_NEXT_NONE;
		f.size -= 2;
		frames_u8(&f, is_v6 ? 0x57 : 0x21);
		is_v6 ? frames_ipv6(&f, CLIENT_V6, SERVER_V6) : frames_ipv4(&f, CLIENT, SERVER);
		add_query(&f);
		CHECK_DECODES(&f, PENDING);
	}
}

TEST(packet_pppoe, headers_that_contradict_their_frame)
{
	static const uint16_t firsts[] = {0x1000, 0x0100, 0x2100, 0x1200, 0x1101, 0x1109, 0x11ff};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(firsts); i++) {
		begin_ethernet(&f);
		frames_next(&f, 0x8864);
		frames_be16(&f, firsts[i]);
		frames_be32(&f, 40);
		frames_be16(&f, 0x0021);
		frames_fill(&f, 0x45, 60);
		CHECK_DECODES(&f, PPPOE_MALFORMED);
	}
	for (size_t size = 0; size < 8; size++) {
		begin_ethernet(&f);
		frames_next(&f, 0x8864);
		frames_bytes(&f, "\x11\0\0\7\0\2\0", size < 7 ? size : 7);
		CHECK_DECODES(&f, PPPOE_MALFORMED);
	}
	/* Longer than the frame by one; too short for its protocol; shorter than the datagram. */
	for (uint16_t length = 0; length < 70; length++) {
		begin_pppoe(&f);
		frames_length(&f, length);
		add_ipv4_query(&f);
		CHECK_EQ_INT(f.size - 20, 63);
		if (length < 2 || length > 63)
			CHECK_DECODES(&f, PPPOE_MALFORMED);
		else if (length < 22)
			CHECK_DECODES(&f, FRAME_SHORT);
		else if (length < 63)
			CHECK_DECODES(&f, IPV4_MALFORMED);
		else
			CHECK_DECODES(&f, PENDING);
	}
}

/* 802.3. */
TEST(packet_llc, what_is_not_snap)
{
	struct frames f;

	for (size_t at = 0; at < 8; at++) {
		begin_ethernet(&f);
		frames_snap(&f);
		add_ipv4_query(&f);
		CHECK_DECODES(&f, PENDING);
		f.bytes[14 + at] ^= 0x40;
		CHECK_DECODES(&f, NOT_IP);
	}
	/* A length of another size than the frame's: padding is not read, no more is there. */
	for (uint16_t length = 0; length < 100; length++) {
		begin_ethernet(&f);
		frames_snap(&f);
		f.length_count--;
		f.bytes[13] = (uint8_t)length;
		add_ipv4_query(&f);
		CHECK_EQ_INT(f.size - 14, 69);
		if (length < 8 || length > 69)
			CHECK_DECODES(&f, NOT_IP);
		else if (length < 28)
			CHECK_DECODES(&f, FRAME_SHORT);
		else if (length < 69)
			CHECK_DECODES(&f, IPV4_MALFORMED);
		else
			CHECK_DECODES(&f, PENDING);
	}
}

/* IP in IP. */
TEST(packet_ip, inner_headers_that_are_not_whole)
{
	struct frames f;

	for (size_t size = 0; size < 40; size++) {
		begin_outer(&f);
		frames_next(&f, 41);
		frames_fill(&f, 0x60, size);
		CHECK_DECODES(&f, IPV6_MALFORMED);
		if (size >= 20)
			continue;
		begin_outer(&f);
		frames_next(&f, 4);
		frames_fill(&f, 0x45, size);
		CHECK_DECODES(&f, IPV4_MALFORMED);
	}
	/* The protocol number tells the version. */
	begin_outer(&f);
	frames_ipv6(&f, CLIENT_V6, SERVER_V6);
	f.bytes[14 + 9] = 4;
	add_query(&f);
	CHECK_DECODES(&f, IPV4_MALFORMED);
}

TEST(packet_ip, ah_in_ipv4)
{
	struct frames f;

	for (size_t size = 0; size < 8; size++) {
		begin_ipv4(&f);
		frames_next(&f, 51);
		frames_fill(&f, 4, size);
		CHECK_DECODES(&f, IPV4_MALFORMED);
	}
	begin_ipv4(&f);
	frames_ipv6_extension(&f, 51, 24);
	frames_next(&f, 17);
	CHECK_DECODES(&f, UDP_MALFORMED);
	f.bytes[f.layer + 1]++;
	CHECK_DECODES(&f, IPV4_MALFORMED);
	/* In tunnel mode, and one in another. */
	begin_outer(&f);
	frames_ipv6_extension(&f, 51, 12);
	add_ipv4_query(&f);
	CHECK_DECODES(&f, PENDING);
	begin_ipv4(&f);
	frames_ipv6_extension(&f, 51, 12);
	frames_ipv6_extension(&f, 51, 12);
	add_query(&f);
	CHECK_DECODES(&f, IP_OTHER);
}

/* GRE. */
TEST(packet_gre, every_combination_of_flags)
{
	static const uint16_t refused = 0x4c00;
	struct frames f;

	for (unsigned i = 0; i < 65536; i += 8) {
		uint16_t flags = (uint16_t)i;

		begin_outer(&f);
		frames_gre(&f, flags);
		add_ipv4_query(&f);
		if (flags & refused)
			CHECK_DECODES(&f, GRE_OTHER);
		else
			CHECK_DECODES(&f, PENDING);
	}
	for (uint16_t version = 1; version < 8; version++) {
		begin_outer(&f);
		frames_gre(&f, version);
		add_ipv4_query(&f);
		CHECK_DECODES(&f, GRE_OTHER);
	}
}

TEST(packet_gre, other_content)
{
	static const uint16_t types[] = {0, 0x0806, 0x880b, 0x883e, 0x8100, 0x8864, 0xffff};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(types); i++) {
		begin_outer(&f);
		frames_gre(&f, 0);
		frames_next(&f, types[i]);
		frames_fill(&f, 0x45, 60);
		CHECK_DECODES(&f, GRE_OTHER);
	}
	/* ERSPAN of versions that its type does not have, and III with no Ethernet frame. */
	for (unsigned type = 2; type <= 3; type++)
		for (unsigned version = 0; version < 16; version++) {
			begin_outer(&f);
			frames_gre(&f, FRAMES_GRE_SEQUENCE);
			frames_erspan(&f, type);
			f.bytes[f.layer] = (uint8_t)(version << 4);
			frames_ethernet(&f);
			add_ipv4_query(&f);
			if (version == type - 1)
				CHECK_DECODES(&f, PENDING);
			else
				CHECK_DECODES(&f, GRE_OTHER);
		}
	begin_outer(&f);
	frames_gre(&f, FRAMES_GRE_SEQUENCE);
	frames_erspan(&f, 3);
	f.bytes[f.layer + 10] = 0x08;
	add_ipv4_query(&f);
	CHECK_DECODES(&f, GRE_OTHER);
}

TEST(packet_gre, headers_that_contradict_their_datagram)
{
	static const uint16_t types[] = {0x6558, 0x88be, 0x22eb};
	struct frames f;

	for (size_t size = 0; size < 16; size++) {
		begin_outer(&f);
		frames_next(&f, 47);
		frames_bytes(&f, "\xb0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0", size < 15 ? size : 15);
		CHECK_DECODES(&f, GRE_MALFORMED);
	}
	/* No room for the Ethernet header that the type announces. */
	for (size_t i = 0; i < ADIT_COUNT(types); i++)
		for (size_t size = 0; size < (i == 0 ? 14 : i == 1 ? 22 : 26); size++) {
			begin_outer(&f);
			frames_gre(&f, FRAMES_GRE_SEQUENCE);
			frames_next(&f, types[i]);
			frames_bytes(&f, i == 1 ? "\x10" : "\x20", size != 0);
			frames_fill(&f, 0, size - (size != 0));
			CHECK_DECODES(&f, GRE_MALFORMED);
		}
}

/* Version 1: a sequence number brings data, and the key says how much. */
static void begin_pptp(struct frames *f, uint16_t flags, uint16_t payload)
{
	begin_outer(f);
	frames_gre(f, flags);
	frames_next(f, 0x880b);
	f->size = f->layer + 4;
	frames_be16(f, payload);
	frames_be16(f, 1);
	if (flags & FRAMES_GRE_SEQUENCE)
		frames_be32(f, 1);
	if (flags & 0x0080)
		frames_be32(f, 1);
}

TEST(packet_gre, pptp)
{
	struct frames f;

	for (unsigned address = 0; address < 2; address++)
		for (unsigned flags = 0x3001; flags <= 0x3081; flags += 0x80) {
			begin_pptp(&f, (uint16_t)flags, (uint16_t)(63 + address * 2));
			frames_bytes(&f, "\xff\x03", address * 2);
			frames_be16(&f, 0x0021);
			add_ipv4_query(&f);
			CHECK_DECODES(&f, PENDING);
		}
	/* LCP; what is compressed or encrypted; only an acknowledgement; no key. */
	begin_pptp(&f, 0x3001, 10);
	frames_bytes(&f, "\xff\x03\xc0\x21\1\1\0\4\0\0", 10);
	CHECK_DECODES(&f, GRE_OTHER);
	begin_pptp(&f, 0x3001, 10);
	frames_bytes(&f, "\0\xfd\x90\0\1\2\3\4\5\6", 10);
	CHECK_DECODES(&f, GRE_OTHER);
	begin_pptp(&f, 0x2081, 0);
	CHECK_DECODES(&f, GRE_OTHER);
	begin_pptp(&f, 0x1001, 0);
	CHECK_DECODES(&f, GRE_OTHER);
	/* More than the datagram has; nothing; an address without control. */
	begin_pptp(&f, 0x3001, 64);
	frames_be16(&f, 0x0021);
	add_ipv4_query(&f);
	CHECK_DECODES(&f, GRE_MALFORMED);
	begin_pptp(&f, 0x3001, 0);
	CHECK_DECODES(&f, GRE_MALFORMED);
	begin_pptp(&f, 0x3001, 1);
	frames_u8(&f, 0xff);
	CHECK_DECODES(&f, GRE_MALFORMED);
}

/* VXLAN. */
static void begin_vxlan(struct frames *f, uint8_t flags)
{
	begin_outer(f);
	frames_udp(f, 50000, 4789);
	frames_vxlan(f, 1);
	f->bytes[f->layer] = flags;
}

TEST(packet_vxlan, only_the_flag_counts)
{
	struct frames f;

	for (unsigned flags = 0; flags < 256; flags++) {
		begin_vxlan(&f, (uint8_t)flags);
		frames_ethernet(&f);
		add_ipv4_query(&f);
		if (flags & 0x08)
			CHECK_DECODES(&f, PENDING);
		else
			CHECK_DECODES(&f, VXLAN_MALFORMED);
	}
	for (size_t size = 0; size < 22; size++) {
		begin_outer(&f);
		frames_udp(&f, 50000, 4789);
		frames_fill(&f, 8, size);
		CHECK_DECODES(&f, VXLAN_MALFORMED);
	}
	begin_vxlan(&f, 8);
	frames_ethernet(&f);
	frames_next(&f, 0x0806);
	frames_fill(&f, 0, 28);
	CHECK_DECODES(&f, NOT_IP);
}

/* An answer to a client that chose the port. */
TEST(packet_vxlan, a_source_port_says_nothing)
{
	struct frames f;

	begin_outer(&f);
	frames_udp(&f, 4789, 50000);
	frames_fill(&f, 0, 30);
	CHECK_DECODES(&f, UDP_OTHER);
	begin_outer(&f);
	frames_udp(&f, 4789, 2152);
	frames_gtpu(&f, FRAMES_G_PDU, 0, TEID);
	add_ipv4_query(&f);
	CHECK_DECODES(&f, PENDING);
}

/* Nesting. */
enum around { IN_IPV4, IN_GRE, IN_VXLAN, IN_GRE_BRIDGE, AROUND_COUNT };

static void add_around(struct frames *f, enum around around)
{
	frames_ipv4(f, RADIO, CORE);
	if (around == IN_VXLAN) {
		frames_udp(f, 50000, 4789);
		frames_vxlan(f, 1);
		frames_ethernet(f);
	} else if (around != IN_IPV4) {
		frames_gre(f, 0);
		if (around == IN_GRE_BRIDGE)
			frames_ethernet(f);
	}
}

TEST(packet_nesting, ip_headers_up_to_the_cap)
{
	struct frames f;

	for (unsigned around = 0; around < AROUND_COUNT; around++)
		for (unsigned depth = 0; depth <= ADIT_PACKET_IP_MAX; depth++) {
			struct adit_packet packet;

			begin_ethernet(&f);
			for (unsigned i = 0; i < depth; i++)
				add_around(&f, around);
			add_ipv4_query(&f);
			packet = decode_as(&f, ADIT_LINK_ETHERNET);
			if (depth == ADIT_PACKET_IP_MAX) {
				CHECK_OUTCOME(packet.outcome, NESTING);
				continue;
			}
			CHECK_OUTCOME(packet.outcome, PENDING);
			CHECK_EQ_INT((packet.flags & ADIT_PACKET_DEPTH) >> 12, depth);
		}
	/* Below four headers GTP-U finds no room either. */
	begin_ethernet(&f);
	for (unsigned i = 1; i < ADIT_PACKET_IP_MAX; i++)
		add_around(&f, IN_IPV4);
	frames_ipv4(&f, RADIO, CORE);
	frames_udp(&f, 2152, 2152);
	frames_gtpu(&f, FRAMES_G_PDU, 0, TEID);
	add_ipv4_query(&f);
	CHECK_DECODES(&f, NESTING);
}

/* A pseudowire and VXLAN in turn: so many Ethernet headers and half as many of IP. */
TEST(packet_nesting, ethernet_headers_up_to_the_cap)
{
	struct frames f;

	for (unsigned headers = 1; headers <= ADIT_PACKET_ETHERNET_MAX + 1; headers++) {
		begin_ethernet(&f);
		for (unsigned i = 1; i < headers; i++) {
			if (i & 1) {
				frames_mpls(&f, 16, true);
				frames_ethernet(&f);
			} else {
				add_around(&f, IN_VXLAN);
			}
		}
		add_ipv4_query(&f);
		if (headers <= ADIT_PACKET_ETHERNET_MAX)
			CHECK_DECODES(&f, PENDING);
		else
			CHECK_DECODES(&f, NESTING);
	}
}

/* Where a header stands so far in that offsets might not fit, the frame is refused; before that,
 * all of them fit, which the sum of the largest headers shows. */
TEST(packet_nesting, headers_too_far_in)
{
	struct adit_packet packet;
	struct frames f;

	for (unsigned inner = 0; inner < 2; inner++) {
		begin_ethernet(&f);
		frames_ipv6(&f, RADIO_V6, CORE_V6);
		for (unsigned i = 0; i < ADIT_PACKET_EXTENSION_MAX; i++)
			frames_ipv6_extension(&f, 60, 2048);
		frames_udp(&f, 2152, 2152);
		frames_gtpu(&f, FRAMES_G_PDU, FRAMES_GTPU_E, TEID);
		for (unsigned i = 0; i < ADIT_PACKET_EXTENSION_MAX; i++)
			frames_gtpu_extension(&f, 0x40, 255);
		frames_ipv6(&f, CLIENT_V6, SERVER_V6);
		for (unsigned i = 0; i < ADIT_PACKET_EXTENSION_MAX; i++)
			frames_ipv6_extension(&f, 60, 2048);
		if (inner != 0)
			frames_ipv4(&f, CLIENT, SERVER);
		add_query(&f);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		if (inner != 0) {
			CHECK_OUTCOME(packet.outcome, NESTING);
			continue;
		}
		CHECK_OUTCOME(packet.outcome, PENDING);
		CHECK_EQ_INT(packet.l4_offset, 14 + 16424 + 8 + 12 + 8160 + 16424);
		CHECK_EQ_INT(packet.payload_offset + packet.payload_size, f.size);
	}
}
