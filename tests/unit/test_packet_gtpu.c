/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_cases.h"

/* With the spare bit (8) or without; the session container's type gives the direction. */
TEST(packet_gtpu, every_combination_of_flags)
{
	struct frames f;

	for (unsigned i = 0; i < 16 * 16; i++) {
		uint8_t flags = i & 7, pdu_type = (uint8_t)(i >> 4), direction = 0;
		struct adit_packet packet;

		begin_g_pdu(&f, flags);
		f.bytes[f.layer] |= i & 8;
		if (flags & FRAMES_GTPU_E) {
			frames_gtpu_session(&f, pdu_type, 9);
			direction |= pdu_type == 0 ? ADIT_PACKET_PDU_DL : 0;
			direction |= pdu_type == 1 ? ADIT_PACKET_PDU_UL : 0;
		} else if (flags != 0) {
			f.bytes[f.size - 1] = 0x85; /* without E it means nothing */
		}
		add_ipv4_query(&f);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		CHECK_OUTCOME(packet.outcome, PENDING);
		CHECK_EQ_INT(packet.ip_offset,
			50 + (flags != 0 ? 4 : 0) + (flags & FRAMES_GTPU_E ? 4 : 0));
		CHECK_EQ_INT(packet.gtpu_offset, 42);
		CHECK_EQ_INT(packet.flags, GTPU | ADIT_PACKET_TO_DNS | direction | 1 << 12);
	}
}

TEST(packet_gtpu, inner_and_outer_of_either_version)
{
	struct frames f;

	for (unsigned mix = 0; mix < 4; mix++) {
		struct adit_packet packet;

		frames_start(&f);
		frames_ethernet(&f);
		mix & 1 ? frames_ipv6(&f, RADIO_V6, CORE_V6) : frames_ipv4(&f, RADIO, CORE);
		frames_udp(&f, mix & 1 ? 2152 : 1024, mix & 1 ? 1024 : 2152);
		frames_gtpu(&f, FRAMES_G_PDU, 0, TEID);
		mix & 2 ? frames_ipv6(&f, CLIENT_V6, SERVER_V6) : frames_ipv4(&f, CLIENT, SERVER);
		add_query(&f);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		CHECK_OUTCOME(packet.outcome, PENDING);
		CHECK_EQ_INT((packet.flags & ADIT_PACKET_OUTER_V6) != 0, mix & 1);
		CHECK_EQ_INT((packet.flags & ADIT_PACKET_V6) != 0, mix >> 1);
	}
}

TEST(packet_gtpu, signalling)
{
	struct frames f;

	for (unsigned type = 0; type < 255; type++) {
		begin_tunnel(&f);
		frames_gtpu(&f, (uint8_t)type, FRAMES_GTPU_S, 0);
		CHECK_EQ_STR(outcome_name(decode_as(&f, ADIT_LINK_ETHERNET).outcome),
			type == 1 || type == 2 ? "gtpu_echo"
			: type == 26           ? "gtpu_error"
			: type == 254          ? "gtpu_end_marker"
					       : "gtpu_signalling");
	}
}

TEST(packet_gtpu, what_is_no_ip_inside)
{
	struct frames f;

	for (unsigned nibble = 0; nibble < 16; nibble++) {
		if (nibble == 4 || nibble == 6)
			continue;
		begin_g_pdu(&f, 0);
		frames_fill(&f, (uint8_t)(nibble << 4 | 5), 40);
		CHECK_DECODES(&f, GTPU_OTHER);
	}
	begin_g_pdu(&f, FRAMES_GTPU_E);
	CHECK_DECODES(&f, GTPU_OTHER);
}

TEST(packet_gtpu, headers_that_contradict_their_datagram)
{
	static const uint8_t firsts[] = {0x00, 0x10, 0x20, 0x50, 0x70, 0xf0};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(firsts); i++) {
		build_tunnel(&f);
		f.bytes[42] = firsts[i];
		CHECK_DECODES(&f, GTPU_NOT);
	}
	begin_tunnel(&f);
	CHECK_DECODES(&f, GTPU_NOT);
	for (size_t size = 1; size < 8; size++) {
		begin_tunnel(&f);
		frames_fill(&f, 0x30, size);
		CHECK_DECODES(&f, GTPU_MALFORMED);
	}
	/* Longer than its datagram, by one byte. */
	begin_g_pdu(&f, 0);
	frames_length(&f, 62);
	add_ipv4_query(&f);
	CHECK_EQ_INT(f.size - 50, 61);
	CHECK_DECODES(&f, GTPU_MALFORMED);
	/* Too short for its optional word. */
	for (uint8_t flags = 1; flags < 8; flags++)
		for (uint16_t length = 0; length < 4; length++) {
			begin_g_pdu(&f, flags);
			frames_length(&f, length);
			CHECK_DECODES(&f, GTPU_MALFORMED);
		}
	/* Shorter than what it carries: the inner header is at fault. */
	begin_g_pdu(&f, 0);
	frames_length(&f, 60);
	add_ipv4_query(&f);
	CHECK_DECODES(&f, IPV4_MALFORMED);
}

TEST(packet_gtpu, inner_headers_that_are_not_whole)
{
	struct frames f;

	for (size_t size = 1; size < 40; size++) {
		begin_g_pdu(&f, 0);
		frames_fill(&f, 0x60, size);
		CHECK_DECODES(&f, IPV6_MALFORMED);
		if (size >= 20)
			continue;
		begin_g_pdu(&f, 0);
		frames_fill(&f, 0x45, size);
		CHECK_DECODES(&f, IPV4_MALFORMED);
	}
}

TEST(packet_gtpu, extension_chains)
{
	struct frames f;

	for (unsigned count = 0; count <= ADIT_PACKET_EXTENSION_MAX + 1; count++) {
		begin_g_pdu(&f, FRAMES_GTPU_E);
		for (unsigned i = 0; i < count; i++)
			frames_gtpu_extension(&f, 0x40, 255);
		add_ipv4_query(&f);
		CHECK_EQ_INT(decode_as(&f, ADIT_LINK_ETHERNET).outcome,
			count <= ADIT_PACKET_EXTENSION_MAX ? ADIT_OUTCOME_PENDING
							   : ADIT_OUTCOME_NESTING);
	}
	/* Size 0, a chain that goes on where the message ends, and one that ends with it. */
	begin_g_pdu(&f, FRAMES_GTPU_E);
	frames_gtpu_session(&f, 0, 9);
	CHECK_DECODES(&f, GTPU_OTHER);
	f.bytes[f.size - 1] = 0x85;
	CHECK_DECODES(&f, GTPU_MALFORMED);
	f.bytes[f.size - 1] = 0;
	f.bytes[f.layer] = 2;
	CHECK_DECODES(&f, GTPU_MALFORMED);
	f.bytes[f.layer] = 0;
	CHECK_DECODES(&f, GTPU_MALFORMED);
}

TEST(packet_gtpu, nesting)
{
	struct frames f;

	begin_g_pdu(&f, 0);
	frames_ipv4(&f, RADIO, CORE);
	frames_udp(&f, 2152, 2152);
	frames_gtpu(&f, FRAMES_G_PDU, 0, TEID);
	add_ipv4_query(&f);
	CHECK_DECODES(&f, NESTING);
	f.bytes[78] = 0; /* also if it is none: a subscriber's own affair */
	CHECK_DECODES(&f, NESTING);
}

/* A message that reads as a G-PDU and as a query: the client chose port 2152 to hide. */
TEST(packet_gtpu, a_dns_port_wins)
{
	struct frames f;

	for (unsigned to_dns = 0; to_dns < 2; to_dns++) {
		struct adit_packet packet;

		begin_ipv4(&f);
		frames_udp(&f, to_dns ? 2152 : 53, to_dns ? 53 : 2152);
		frames_gtpu(&f, FRAMES_G_PDU, 0, TEID);
		frames_ipv4(&f, CLIENT, SERVER);
		frames_udp(&f, 1, 2);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		CHECK_OUTCOME(packet.outcome, PENDING);
		CHECK_EQ_INT(packet.flags, to_dns ? ADIT_PACKET_TO_DNS : ADIT_PACKET_FROM_DNS);
	}
}

TEST(packet_gtpu, inner_fragment)
{
	struct adit_packet packet;
	struct frames f;

	begin_g_pdu(&f, 0);
	frames_ipv4(&f, CLIENT, SERVER);
	frames_ipv4_fragment(&f, 0, true);
	add_query(&f);
	packet = decode_as(&f, ADIT_LINK_ETHERNET);
	CHECK_OUTCOME(packet.outcome, FRAGMENT);
	CHECK_EQ_INT(packet.flags, GTPU | 1 << 12);
	CHECK_EQ_INT(packet.who_offset, 50);
	CHECK_EQ_INT(packet.gtpu_offset, 42);
	CHECK_EQ_INT(packet.ip_offset, 50);
	CHECK_EQ_INT(packet.outer_ip_offset, 14);
}

/* The content of an Ethernet session: only what reads well to its IP header. */
TEST(packet_gtpu, ethernet_that_does_not_read_well)
{
	static const uint16_t types[] = {0x0806, 0x88cc, 0x8847, 0x8864, 0x0800, 0x86dd, 60};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(types); i++) {
		begin_g_pdu(&f, 0);
		frames_ethernet(&f);
		frames_next(&f, types[i]);
		frames_fill(&f, 0x11, 60);
		CHECK_DECODES(&f, GTPU_OTHER);
	}
	/* An IP header that claims more than there is; tags past the cap. */
	begin_g_pdu(&f, 0);
	frames_ethernet(&f);
	frames_ipv4(&f, CLIENT, SERVER);
	frames_length(&f, 62);
	add_query(&f);
	CHECK_EQ_INT(f.size - 64, 61);
	CHECK_DECODES(&f, GTPU_OTHER);
	for (unsigned tags = 0; tags <= ADIT_PACKET_VLAN_MAX + 1; tags++) {
		begin_g_pdu(&f, 0);
		frames_ethernet(&f);
		for (unsigned i = 0; i < tags; i++)
			frames_vlan(&f, 0x8100, 5);
		add_ipv4_query(&f);
		if (tags <= ADIT_PACKET_VLAN_MAX)
			CHECK_DECODES(&f, PENDING);
		else
			CHECK_DECODES(&f, GTPU_OTHER);
	}
}

/* Also where the inner GTP-U stands further in. */
TEST(packet_gtpu, a_subscriber_moves_no_counter_of_its)
{
	static const uint8_t firsts[] = {0x30, 0x00, 0x48};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(firsts); i++) {
		begin_g_pdu(&f, 0);
		frames_ipv4(&f, CLIENT, SERVER);
		frames_gre(&f, 0);
		frames_ipv4(&f, RADIO, CORE);
		frames_udp(&f, 2152, 40000);
		frames_fill(&f, firsts[i], 20);
		CHECK_DECODES(&f, NESTING);
	}
}

/* What goes over a tap between the core and the Internet: a subscriber sends what reads as GTP-U to
 * a host of its own, with another's address inside. */
static struct adit_packet decode_forged(struct frames *f, struct adit_frame *frame,
	const struct adit_ports *ports, const char *sender)
{
	struct adit_packet packet;

	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, sender, "198.51.100.1");
	frames_udp(f, 5000, 2152);
	frames_gtpu(f, FRAMES_G_PDU, FRAMES_GTPU_E, TEID);
	frames_gtpu_session(f, 1, 9);
	add_ipv4_query(f);
	*frame = frames_frame(f, ADIT_LINK_ETHERNET);
	CHECK_EQ_INT(adit_packet_decode(frame, ports, &packet), ADIT_OUTCOME_PENDING);
	return packet;
}

TEST(packet_gtpu, a_subscriber_s_own_names_nobody_else)
{
	static const struct adit_address radio = {.bytes = {10, 10}}, core = {.bytes = {10, 20}};
	static const struct adit_context_rule rule = {.core_peer = true};
	struct adit_ports ports = *dns_ports();
	struct adit_packet packet, plain;
	struct adit_frame frame, plain_frame;
	struct frames f, plain_f;
	struct adit_address who;

	/* Without a list, anything that reads well is the network's. */
	packet = decode_forged(&f, &frame, &ports, "100.64.0.66");
	adit_packet_client(&frame, &packet, true, &who);
	check_address(&who, CLIENT);
	CHECK_EQ_INT(adit_ports_add_peer(&ports, &radio, 16), 0);
	CHECK_EQ_INT(adit_ports_add_peer(&ports, &core, 16), 0);
	packet = decode_forged(&f, &frame, &ports, "100.64.0.66");
	adit_packet_client(&frame, &packet, true, &who);
	check_address(&who, "100.64.0.66");
	CHECK_EQ_INT(packet.flags, ADIT_PACKET_TO_DNS | 1 << 12);
	/* It is the subscriber that it is with a query of its own. */
	frames_start(&plain_f);
	frames_ethernet(&plain_f);
	frames_ipv4(&plain_f, "100.64.0.66", SERVER);
	add_query(&plain_f);
	plain_frame = frames_frame(&plain_f, ADIT_LINK_ETHERNET);
	plain = decode(&plain_frame);
	CHECK_EQ_INT(adit_packet_shard(&frame, &packet, &rule, &adit_hash_key_fixed),
		adit_packet_shard(&plain_frame, &plain, &rule, &adit_hash_key_fixed));
	CHECK(adit_packet_client_key(&frame, &packet, true, &rule, &adit_hash_key_fixed) ==
		adit_packet_client_key(&plain_frame, &plain, true, &rule, &adit_hash_key_fixed));
	/* The network's own GTP-U, and what a subscriber tunnels further inside of it. */
	build_tunnel(&f);
	frame = frames_frame(&f, ADIT_LINK_ETHERNET);
	CHECK_EQ_INT(adit_packet_decode(&frame, &ports, &packet), ADIT_OUTCOME_PENDING);
	adit_packet_client(&frame, &packet, true, &who);
	check_address(&who, CLIENT);
	CHECK_EQ_INT(adit_packet_teid(&frame, &packet), TEID);
	begin_g_pdu(&f, 0);
	frames_ipv4(&f, CLIENT, "198.51.100.1");
	frames_ipv4(&f, RADIO, CORE);
	add_query(&f);
	frame = frames_frame(&f, ADIT_LINK_ETHERNET);
	CHECK_EQ_INT(adit_packet_decode(&frame, &ports, &packet), ADIT_OUTCOME_PENDING);
	adit_packet_client(&frame, &packet, true, &who);
	check_address(&who, CLIENT);
	CHECK_EQ_INT(packet.flags, GTPU | ADIT_PACKET_TO_DNS | 2 << 12);
}
