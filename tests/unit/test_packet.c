/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_wholes.h"

TEST(packet, whole_frames_give_every_field)
{
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(wholes); i++) {
		const struct whole *want = &wholes[i];
		struct adit_packet packet;
		struct adit_frame frame;

		want->build(&f);
		frame = frames_frame(&f, want->link);
		frame.tap = 3;
		packet = decode(&frame);
		CHECK_OUTCOME(packet.outcome, PENDING);
		CHECK_EQ_INT(packet.flags,
			want->flags | ADIT_PACKET_TO_DNS | want->depth << 12 | want->frames << 14);
		CHECK_EQ_INT(packet.ip_offset, want->ip);
		CHECK_EQ_INT(packet.l4_offset, want->l4);
		CHECK_EQ_INT(packet.who_offset, want->who != 0 ? want->who : want->ip);
		CHECK_EQ_INT(packet.outer_ip_offset, want->outer);
		CHECK_EQ_INT(packet.gtpu_offset, want->gtpu);
		CHECK_EQ_INT(packet.vlan, want->vlan);
		CHECK_EQ_INT(packet.vlan_inner, want->vlan_inner);
		CHECK_EQ_INT(packet.tap, 3);
		CHECK_EQ_INT(packet.mark, 0);
		if (want->flags & GTPU)
			CHECK_EQ_INT(adit_packet_teid(&frame, &packet), TEID);
		CHECK_EQ_INT(
			packet.payload_offset, want->l4 + (want->flags & ADIT_PACKET_TCP ? 32 : 8));
		CHECK_EQ_INT(packet.payload_offset + packet.payload_size, f.size);
		STOP_IN(want->name);
	}
}

/* A capture that cuts the frame after n bytes: nothing is decided before the headers are whole, and
 * then everything is, and the payload is what was captured of it. */
TEST(packet, a_cut_capture_is_told_from_a_bad_frame)
{
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(wholes); i++) {
		struct adit_packet full;

		wholes[i].build(&f);
		full = decode_as(&f, wholes[i].link);
		for (uint32_t n = 0; n <= f.size; n++) {
			struct adit_packet packet = decode_cut(&f, wholes[i].link, n, f.size);

			if (n < full.payload_offset) {
				CHECK_OUTCOME(packet.outcome, FRAME_CUT);
				STOP_IN(wholes[i].name);
				continue;
			}
			CHECK_OUTCOME(packet.outcome, PENDING);
			CHECK_EQ_INT(packet.payload_size, n - full.payload_offset);
			CHECK_EQ_INT((packet.flags & ADIT_PACKET_CUT) != 0, n < f.size);
		}
	}
}

static uint16_t outermost(const struct whole *whole)
{
	if (whole->first != 0)
		return whole->first;
	return whole->flags & GTPU ? whole->outer : whole->ip;
}

/* The same bytes, but there were no more on the wire: whatever promises too much, nothing was cut
 * off. Where no other layer stands before it, that is the outermost IP header. */
TEST(packet, a_frame_that_ends_early_is_never_dns)
{
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(wholes); i++) {
		const struct whole *whole = &wholes[i];
		uint16_t outer;
		bool is_v6;

		whole->build(&f);
		frames_finish(&f);
		outer = outermost(whole);
		is_v6 = f.bytes[outer] >> 4 == 6;
		for (uint32_t n = 0; n < f.size; n++) {
			struct adit_packet packet = decode_cut(&f, whole->link, n, n);

			CHECK(packet.outcome < ADIT_OUTCOME_PENDING);
			CHECK(packet.outcome != ADIT_OUTCOME_FRAME_CUT);
			if (whole->own_length)
				continue;
			if (n < outer + (is_v6 ? 40u : 20u))
				CHECK_OUTCOME(packet.outcome, FRAME_SHORT);
			else if (is_v6)
				CHECK_OUTCOME(packet.outcome, IPV6_MALFORMED);
			else
				CHECK_OUTCOME(packet.outcome, IPV4_MALFORMED);
		}
		STOP_IN(whole->name);
	}
}

/*
 * As if it came in fragments: an IPv4 header, the outermost or the innermost, says so, and does not
 * any more once the datagram is whole.
 */
TEST(packet, resumes_where_a_fragment_stopped)
{
	unsigned tried = 0;
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(wholes); i++) {
		uint16_t headers[] = {outermost(&wholes[i]), wholes[i].ip};

		for (size_t k = 0; k < ADIT_COUNT(headers); k++) {
			uint16_t at = headers[k];
			struct adit_packet packet, want;
			struct adit_frame frame;
			uint8_t *bytes;

			wholes[i].build(&f);
			if (f.bytes[at] >> 4 != 4)
				continue;
			frame = frames_frame(&f, wholes[i].link);
			want = decode(&frame);
			bytes = harness_exact(f.bytes, f.size);
			bytes[at + 6] |= 0x20;
			frame.data = bytes;
			packet = decode(&frame);
			CHECK_OUTCOME(packet.outcome, FRAGMENT);
			CHECK_EQ_INT(packet.ip_offset, at);
			CHECK_EQ_INT(packet.l4_offset, at + (bytes[at] & 15) * 4);
			bytes[at + 6] ^= 0x20;
			CHECK_EQ_INT(adit_packet_resume(&frame, dns_ports(), &packet),
				ADIT_OUTCOME_PENDING);
			CHECK_EQ_MEM(&packet, &want, sizeof(want));
			STOP_IN(wholes[i].name);
			tried++;
		}
	}
	CHECK(tried > 30);
}

/* Every byte of every frame with every value: any outcome will do, but what the decoder promises
 * of a pending packet holds, and nothing outside the frame is read. */
TEST(packet, any_byte_may_be_anything)
{
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(wholes); i++) {
		wholes[i].build(&f);
		struct adit_frame frame = frames_frame(&f, wholes[i].link);
		uint8_t *bytes = harness_exact(f.bytes, f.size);

		frame.data = bytes;
		for (size_t at = 0; at < f.size; at++) {
			for (unsigned value = 0; value < 256; value++) {
				struct adit_endpoints ends;
				struct adit_address from, to;
				struct adit_packet packet;

				bytes[at] = (uint8_t)value;
				packet = decode(&frame);
				CHECK(packet.outcome <= ADIT_OUTCOME_PENDING);
				if (packet.outcome != ADIT_OUTCOME_PENDING)
					continue;
				CHECK(packet.payload_offset + packet.payload_size <= f.size);
				CHECK(packet.payload_offset >= packet.l4_offset + 8);
				CHECK(packet.who_offset <= packet.ip_offset);
				CHECK(packet.ip_offset + 20 <= packet.l4_offset);
				adit_packet_endpoints(&frame, &packet, &ends);
				adit_packet_client(&frame, &packet, true, &from);
				if (packet.flags & ADIT_PACKET_GTPU)
					adit_packet_outer(&frame, &packet, &from, &to);
				CHECK(adit_packet_shard(&frame, &packet, &by_vlan,
					      &adit_hash_key_fixed) < ADIT_SHARDS);
			}
			bytes[at] = f.bytes[at];
		}
	}
}

/* Link layers. */
TEST(packet_link, what_is_not_ip)
{
	static const uint16_t types[] = {0x0806, 0x88cc, 0x8137, 0x0026, 0x05dc, 0, 0xffff};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(types); i++) {
		frames_start(&f);
		frames_ethernet(&f);
		frames_next(&f, types[i]);
		frames_fill(&f, 0x45, 46);
		CHECK_DECODES(&f, NOT_IP);
	}
	frames_start(&f);
	frames_fill(&f, 0x50, 40);
	CHECK_OUTCOME(decode_as(&f, ADIT_LINK_RAW_IP).outcome, NOT_IP);
	CHECK_OUTCOME(decode_as(&f, ADIT_LINK_NULL).outcome, NOT_IP);
	CHECK_OUTCOME(decode_as(&f, ADIT_LINK_LOOP).outcome, NOT_IP);
	CHECK_OUTCOME(decode_as(&f, ADIT_LINK_COOKED).outcome, NOT_IP);
	CHECK_OUTCOME(decode_as(&f, ADIT_LINK_COOKED2).outcome, NOT_IP);
	CHECK_OUTCOME(decode_as(&f, (enum adit_link)99).outcome, NOT_IP);
}

static uint8_t decode_family(uint32_t family, enum adit_link link, bool is_v6)
{
	struct frames f;

	frames_start(&f);
	frames_be32(&f, family);
	is_v6 ? frames_ipv6(&f, CLIENT_V6, SERVER_V6) : frames_ipv4(&f, CLIENT, SERVER);
	add_query(&f);
	return decode_as(&f, link).outcome;
}

/* In network order always, in the other order where the writer's is not known. */
TEST(packet_link, loopback_families)
{
	for (uint32_t family = 0; family < 256; family++) {
		bool is_v6 = family == 10 || family == 24 || family == 28 || family == 30;
		uint8_t want = family == 2 || is_v6 ? ADIT_OUTCOME_PENDING : ADIT_OUTCOME_NOT_IP;

		CHECK_EQ_INT(decode_family(family, ADIT_LINK_LOOP, is_v6), want);
		CHECK_EQ_INT(decode_family(family, ADIT_LINK_NULL, is_v6), want);
		CHECK_EQ_INT(decode_family(family << 24, ADIT_LINK_NULL, is_v6), want);
		CHECK_OUTCOME(decode_family(family << 24, ADIT_LINK_LOOP, is_v6), NOT_IP);
	}
	CHECK_OUTCOME(decode_family(0x0800, ADIT_LINK_LOOP, false), PENDING);
	CHECK_OUTCOME(decode_family(0x0f000800, ADIT_LINK_NULL, false), PENDING);
	CHECK_OUTCOME(decode_family(0x0f0086dd, ADIT_LINK_NULL, true), PENDING);
	CHECK_OUTCOME(decode_family(0x0f002000, ADIT_LINK_NULL, false), NOT_IP);
}

static struct adit_packet decode_tags(unsigned in_frame, uint16_t from_port)
{
	static const uint16_t tpids[] = {0x8100, 0x88a8, 0x9100};
	struct adit_frame frame;
	struct frames f;

	frames_start(&f);
	frames_ethernet(&f);
	for (unsigned i = 0; i < in_frame; i++)
		frames_vlan(&f, tpids[i % 3], (uint16_t)(100 + i));
	add_ipv4_query(&f);
	frame = frames_frame(&f, ADIT_LINK_ETHERNET);
	frame.vlan = from_port;
	return decode(&frame);
}

TEST(packet_link, tags_up_to_the_cap)
{
	CHECK_EQ_INT(decode_tags(0, 0).vlan, 0);
	CHECK_EQ_INT(decode_tags(0, 0x3009).vlan, 0x3009);
	for (unsigned tags = 1; tags <= ADIT_PACKET_VLAN_MAX; tags++) {
		CHECK_OUTCOME(decode_tags(tags, 0).outcome, PENDING);
		CHECK_EQ_INT(decode_tags(tags, 0).vlan, 100);
		CHECK_OUTCOME(decode_tags(tags - 1, 9).outcome, PENDING);
		CHECK_EQ_INT(decode_tags(tags - 1, 9).vlan, 9);
	}
	CHECK_OUTCOME(decode_tags(ADIT_PACKET_VLAN_MAX + 1, 0).outcome, VLAN_DEPTH);
	CHECK_OUTCOME(decode_tags(ADIT_PACKET_VLAN_MAX, 9).outcome, VLAN_DEPTH);
	CHECK_OUTCOME(decode_tags(100, 0).outcome, VLAN_DEPTH);
}

/* IPv4. */
TEST(packet_ipv4, headers_that_cannot_be_right)
{
	static const struct {
		const char *why;
		uint8_t first;
		uint16_t total;
	} rows[] = {
		{"version 5", 0x55, 61},
		{"header of 16 bytes", 0x44, 61},
		{"header of 0 bytes", 0x40, 61},
		{"shorter than its header", 0x45, 19},
		{"shorter than its options", 0x46, 23},
		{"longer than the frame by 1", 0x45, 62},
		{"longer than any frame", 0x45, 0xffff},
	};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		begin_ipv4(&f);
		frames_length(&f, rows[i].total);
		add_query(&f);
		CHECK_EQ_INT(f.size - 14, 61);
		f.bytes[14] = rows[i].first;
		CHECK_DECODES(&f, IPV4_MALFORMED);
		STOP_IN(rows[i].why);
	}
}

TEST(packet_ipv4, padding_is_not_payload)
{
	struct adit_packet packet;
	struct frames f;
	size_t end;

	build_plain(&f);
	end = f.size;
	frames_trailer(&f, 18);
	packet = decode_as(&f, ADIT_LINK_ETHERNET);
	CHECK_OUTCOME(packet.outcome, PENDING);
	CHECK_EQ_INT(packet.payload_offset + packet.payload_size, end);
	/* A capture that cuts only the padding has cut nothing. */
	packet = decode_cut(&f, ADIT_LINK_ETHERNET, end + 3, f.size);
	CHECK_EQ_INT(packet.flags, ADIT_PACKET_TO_DNS);
	begin_ipv6(&f);
	frames_udp(&f, 40000, 53);
	frames_length(&f, 8 + 1);
	frames_trailer(&f, 6);
	CHECK_DECODES(&f, UDP_MALFORMED);
	/* A UDP length below that of IP is fine, too. */
	begin_ipv4(&f);
	frames_udp(&f, 40000, 53);
	frames_length(&f, 8 + 12);
	frames_fill(&f, 0, 30);
	packet = decode_as(&f, ADIT_LINK_ETHERNET);
	CHECK_OUTCOME(packet.outcome, PENDING);
	CHECK_EQ_INT(packet.payload_size, 12);
}

/* A segment that a card was to split is the rest of its frame. In a frame that fits the wire, and
 * in a header that is not the outermost, no receiver would take 0 for anything. */
TEST(packet_ip, length_0_is_the_rest_of_a_frame_too_large_for_the_wire)
{
	static const struct {
		const char *name;
		bool is_v6, inside;
		size_t frame;
		enum adit_outcome outcome;
	} rows[] = {
		{"IPv4, the largest frame", false, false, 1514, ADIT_OUTCOME_IPV4_MALFORMED},
		{"IPv4, a byte more", false, false, 1515, ADIT_OUTCOME_PENDING},
		{"IPv4 in GTP-U", false, true, 1515, ADIT_OUTCOME_IPV4_MALFORMED},
		{"IPv6, the largest frame", true, false, 1514, ADIT_OUTCOME_TCP_MALFORMED},
		{"IPv6, a byte more", true, false, 1515, ADIT_OUTCOME_PENDING},
		{"IPv6 in GTP-U", true, true, 1515, ADIT_OUTCOME_TCP_MALFORMED},
	};
	struct adit_packet packet;
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		rows[i].inside ? begin_g_pdu(&f, 0) : (frames_start(&f), frames_ethernet(&f));
		rows[i].is_v6 ? frames_ipv6(&f, CLIENT_V6, SERVER_V6)
			      : frames_ipv4(&f, CLIENT, SERVER);
		frames_length(&f, 0);
		frames_tcp(&f, 40000, 53);
		frames_fill(&f, 1, rows[i].frame - f.size);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		CHECK_EQ_STR(outcome_name(packet.outcome), outcome_name(rows[i].outcome));
		if (packet.outcome == ADIT_OUTCOME_PENDING)
			CHECK_EQ_INT(packet.payload_offset + packet.payload_size, f.size);
		STOP_IN(rows[i].name);
	}
	begin_ipv4(&f);
	frames_length(&f, 0);
	frames_tcp(&f, 443, 40000);
	frames_fill(&f, 1, 70000);
	CHECK_DECODES(&f, TCP_OTHER);
}

/* Nothing follows, and nothing was promised. */
TEST(packet_ip, an_ipv6_header_alone)
{
	struct frames f;

	begin_ipv6(&f);
	frames_next(&f, 59);
	frames_length(&f, 0);
	CHECK_DECODES(&f, IP_OTHER);
	f.bytes[20] = 60;
	CHECK_DECODES(&f, IPV6_MALFORMED);
}

TEST(packet_ipv4, other_protocols)
{
	struct frames f;

	begin_ipv4(&f);
	frames_next(&f, 1);
	frames_fill(&f, 0, 8);
	CHECK_DECODES(&f, IP_OTHER);
	CHECK_OUTCOME(decode_cut(&f, ADIT_LINK_ETHERNET, 33, 42).outcome, FRAME_CUT);
	f.bytes[14] = 0x46;
	CHECK_OUTCOME(decode_cut(&f, ADIT_LINK_ETHERNET, 37, 42).outcome, FRAME_CUT);
	/* Also with nothing in it. */
	begin_ipv4(&f);
	frames_next(&f, 50);
	CHECK_DECODES(&f, IP_OTHER);
}

/* IPv6. */
TEST(packet_ipv6, headers_that_cannot_be_right)
{
	struct frames f;

	begin_ipv6(&f);
	add_query(&f);
	f.bytes[14] = 0x40;
	CHECK_DECODES(&f, IPV6_MALFORMED);
	begin_ipv6(&f);
	frames_length(&f, 42);
	add_query(&f);
	CHECK_EQ_INT(f.size - 54, 41);
	CHECK_DECODES(&f, IPV6_MALFORMED);
}

/* An extension header that ends with the datagram is whole; one byte more is not. */
TEST(packet_ipv6, an_extension_header_ends_with_its_datagram)
{
	static const struct {
		uint8_t protocol, length_field;
		size_t size;
	} rows[] = {{0, 0, 8}, {43, 1, 16}, {60, 2, 24}, {51, 4, 24}, {51, 0, 8}};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		begin_ipv6(&f);
		frames_ipv6_extension(&f, rows[i].protocol, rows[i].size);
		frames_next(&f, 59);
		CHECK_EQ_INT(f.bytes[f.layer + 1], rows[i].length_field);
		CHECK_DECODES(&f, IP_OTHER);
		CHECK_OUTCOME(
			decode_cut(&f, ADIT_LINK_ETHERNET, f.size - 1, f.size).outcome, FRAME_CUT);
		f.bytes[f.layer + 1]++;
		CHECK_DECODES(&f, IPV6_MALFORMED);
		f.bytes[f.layer + 1] = 255;
		CHECK_DECODES(&f, IPV6_MALFORMED);
	}
	for (size_t size = 1; size < 8; size++) {
		begin_ipv6(&f);
		frames_next(&f, 60);
		frames_fill(&f, 0, size);
		CHECK_DECODES(&f, IPV6_MALFORMED);
	}
}

TEST(packet_ipv6, chains_up_to_the_cap)
{
	struct frames f;

	for (unsigned count = 0; count <= ADIT_PACKET_CHAIN_MAX + 1; count++) {
		begin_ipv6(&f);
		for (unsigned i = 0; i < count; i++)
			frames_ipv6_extension(&f, 60, 8 << i % 7);
		add_query(&f);
		CHECK_EQ_INT(decode_as(&f, ADIT_LINK_ETHERNET).outcome,
			count <= ADIT_PACKET_CHAIN_MAX ? ADIT_OUTCOME_PENDING
						       : ADIT_OUTCOME_IPV6_CHAIN);
	}
}

/* 54 bytes in front of 31 times 2048 and a last one, in a frame that a card was to split. */
TEST(packet_ipv6, a_chain_leaves_offsets_of_16_bits)
{
	struct adit_packet packet;
	struct frames f;

	for (unsigned more = 0; more < 2; more++) {
		begin_ipv6(&f);
		frames_length(&f, 0);
		for (unsigned i = 0; i < 31; i++)
			frames_ipv6_extension(&f, 60, 2048);
		frames_ipv6_extension(&f, 60, 65475 / 8 * 8 - 56 - 31 * 2048 + 8 * more);
		frames_tcp(&f, 40000, 53);
		f.bytes[f.layer + 12] = 0xf0;
		frames_fill(&f, 1, 100);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		if (more) {
			CHECK_OUTCOME(packet.outcome, IPV6_CHAIN);
			continue;
		}
		CHECK_OUTCOME(packet.outcome, PENDING);
		CHECK_EQ_INT(packet.payload_offset, 65470 + 60);
		CHECK_EQ_INT(packet.payload_offset + packet.payload_size, f.size);
	}
}

/* Whatever stands in the bits beside the offset and "more fragments". */
TEST(packet_fragment, an_offset_or_more_to_come)
{
	static const struct {
		unsigned offset;
		bool more, fragment;
	} rows[] = {{0, false, false}, {0, true, true}, {8, false, true}, {65528, true, true}};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		uint8_t want = rows[i].fragment ? ADIT_OUTCOME_FRAGMENT : ADIT_OUTCOME_PENDING;
		struct adit_packet packet;

		begin_ipv4(&f);
		frames_ipv4_fragment(&f, rows[i].offset, rows[i].more);
		f.bytes[20] |= 0xc0;
		add_query(&f);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		CHECK_EQ_INT(packet.outcome, want);
		CHECK_EQ_INT(packet.ip_offset, 14);
		CHECK_EQ_INT(packet.l4_offset, 34);
		begin_ipv6(&f);
		frames_ipv6_extension(&f, 0, 8);
		frames_ipv6_fragment(&f, rows[i].offset, rows[i].more);
		f.bytes[f.layer + 3] |= 0x06;
		add_query(&f);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		CHECK_EQ_INT(packet.outcome, want);
		CHECK_EQ_INT(packet.l4_offset, rows[i].fragment ? 62 : 70);
		CHECK(packet.flags & ADIT_PACKET_V6);
	}
}

/* UDP and TCP. */
#define PENDING ADIT_OUTCOME_PENDING
enum {
	TO = ADIT_PACKET_TO_DNS,
	FROM = ADIT_PACKET_FROM_DNS,
	ENCRYPTED = ADIT_PACKET_ENCRYPTED,
};

TEST(packet_transport, ports_decide)
{
	static const struct {
		uint16_t source, destination;
		enum adit_outcome udp, tcp;
		uint16_t flags;
	} rows[] = {
		{40000, 53, PENDING, PENDING, TO},
		{53, 40000, PENDING, PENDING, FROM},
		{53, 5353, PENDING, PENDING, TO | FROM},
		{40000, 853, PENDING, PENDING, TO | ENCRYPTED},
		{853, 40000, PENDING, PENDING, FROM | ENCRYPTED},
		{853, 853, PENDING, PENDING, TO | FROM | ENCRYPTED},
		{853, 53, PENDING, PENDING, TO},
		{2152, 853, PENDING, PENDING, TO | ENCRYPTED},
		{4789, 53, PENDING, PENDING, TO},
		{53, 4789, PENDING, PENDING, FROM},
		{52, 54, ADIT_OUTCOME_UDP_OTHER, ADIT_OUTCOME_TCP_OTHER, 0},
		{0, 65535, ADIT_OUTCOME_UDP_OTHER, ADIT_OUTCOME_TCP_OTHER, 0},
		{40000, 443, ADIT_OUTCOME_UDP_OTHER, ADIT_OUTCOME_TCP_OTHER, 0},
		{4789, 40000, ADIT_OUTCOME_UDP_OTHER, ADIT_OUTCOME_TCP_OTHER, 0},
		{40000, 4789, ADIT_OUTCOME_VXLAN_MALFORMED, ADIT_OUTCOME_TCP_OTHER, 0},
		{40000, 2152, ADIT_OUTCOME_GTPU_NOT, ADIT_OUTCOME_TCP_OTHER, 0},
		{2152, 40000, ADIT_OUTCOME_GTPU_NOT, ADIT_OUTCOME_TCP_OTHER, 0},
	};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_packet packet;

		begin_ipv4(&f);
		frames_udp(&f, rows[i].source, rows[i].destination);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		CHECK_EQ_INT(packet.outcome, rows[i].udp);
		CHECK_EQ_INT(packet.flags, rows[i].flags);
		CHECK_EQ_INT(packet.payload_size, 0);
		begin_ipv6(&f);
		frames_tcp(&f, rows[i].source, rows[i].destination);
		frames_fill(&f, 'x', 7);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		CHECK_EQ_INT(packet.outcome, rows[i].tcp);
		if (rows[i].tcp != PENDING)
			continue;
		CHECK_EQ_INT(packet.flags, rows[i].flags | V6 | ADIT_PACKET_TCP);
		CHECK_EQ_INT(packet.payload_offset, 74);
		CHECK_EQ_INT(packet.payload_size, 7);
	}
}

TEST(packet_transport, udp_that_contradicts_ip)
{
	static const uint16_t lengths[] = {0, 1, 7, 42, 0xffff};
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(lengths); i++)
		for (int is_v6 = 0; is_v6 < 2; is_v6++) {
			is_v6 ? begin_ipv6(&f) : begin_ipv4(&f);
			frames_udp(&f, 40000, 53);
			frames_length(&f, lengths[i]);
			frames_fill(&f, 0, 33);
			/* See below. */
			if (lengths[i] == 0 && is_v6)
				continue;
			CHECK_DECODES(&f, UDP_MALFORMED);
		}
	/* An IP header that leaves no room for the UDP header, whatever follows it. */
	for (uint16_t room = 0; room < 8; room++) {
		begin_ipv4(&f);
		frames_length(&f, 20 + room);
		add_query(&f);
		CHECK_DECODES(&f, UDP_MALFORMED);
	}
}

/* RFC 2675 has it for jumbograms; receivers take it whatever the size. */
TEST(packet_transport, udp_length_0_is_the_rest_of_ipv6)
{
	for (int inside = 0; inside < 2; inside++)
		for (int is_v6 = 0; is_v6 < 2; is_v6++) {
			struct adit_packet packet;
			struct frames f;
			size_t end;

			inside ? begin_g_pdu(&f, 0) : (frames_start(&f), frames_ethernet(&f));
			is_v6 ? frames_ipv6(&f, CLIENT_V6, SERVER_V6)
			      : frames_ipv4(&f, CLIENT, SERVER);
			frames_udp(&f, 40000, 53);
			frames_length(&f, 0);
			frames_query(&f, 1, "www.example.com", 16);
			end = f.size;
			frames_trailer(&f, 6);
			packet = decode_as(&f, ADIT_LINK_ETHERNET);
			if (!is_v6) {
				CHECK_OUTCOME(packet.outcome, UDP_MALFORMED);
				continue;
			}
			CHECK_OUTCOME(packet.outcome, PENDING);
			CHECK_EQ_INT(packet.payload_size, 33);
			CHECK_EQ_INT(packet.payload_offset + packet.payload_size, end);
		}
}

TEST(packet_transport, tcp_that_contradicts_ip)
{
	struct frames f;

	for (uint16_t room = 0; room < 20; room++) {
		begin_ipv4(&f);
		frames_length(&f, 20 + room);
		frames_tcp(&f, 40000, 53);
		CHECK_DECODES(&f, TCP_MALFORMED);
	}
	for (unsigned words = 0; words < 16; words++) {
		begin_ipv4(&f);
		frames_tcp(&f, 40000, 443);
		f.bytes[f.layer + 12] = (uint8_t)(words << 4);
		frames_fill(&f, 1, 20);
		CHECK_EQ_INT(decode_as(&f, ADIT_LINK_ETHERNET).outcome,
			words < 5 || words > 10 ? ADIT_OUTCOME_TCP_MALFORMED
						: ADIT_OUTCOME_TCP_OTHER);
	}
}

TEST(packet_transport, a_cut_tcp_header)
{
	struct frames f;

	begin_ipv4(&f);
	frames_tcp(&f, 53, 40000);
	frames_finish(&f);
	for (uint32_t n = 0; n <= f.size; n++)
		CHECK_EQ_INT(decode_cut(&f, ADIT_LINK_ETHERNET, n, f.size).outcome,
			n < f.size ? ADIT_OUTCOME_FRAME_CUT : ADIT_OUTCOME_PENDING);
}

/* A segment that a network card was to split: what fits is kept, and said to be a part. */
TEST(packet_transport, a_segment_of_more_than_64_kib)
{
	for (unsigned size = 65535; size <= 65536; size++) {
		struct adit_packet packet;
		struct frames f;

		begin_ipv4(&f);
		frames_length(&f, 0);
		frames_tcp(&f, 40000, 53);
		frames_fill(&f, 1, size);
		packet = decode_as(&f, ADIT_LINK_ETHERNET);
		CHECK_OUTCOME(packet.outcome, PENDING);
		CHECK_EQ_INT(packet.payload_size, 65535);
		CHECK_EQ_INT((packet.flags & ADIT_PACKET_CUT) != 0, size > 65535);
	}
}

/* Options that the capture cut off are no payload. */
TEST(packet_transport, a_segment_cut_in_its_options)
{
	struct frames f;

	begin_ipv4(&f);
	frames_tcp(&f, 40000, 53);
	frames_fill(&f, 1, 14);
	f.bytes[f.layer + 12] = 0x80;
	frames_finish(&f);
	for (uint32_t n = 54; n <= 68; n++) {
		struct adit_packet packet = decode_cut(&f, ADIT_LINK_ETHERNET, n, 68);

		if (n < 66)
			CHECK_OUTCOME(packet.outcome, FRAME_CUT);
		else
			CHECK_EQ_INT(packet.payload_size, n - 66);
	}
}
