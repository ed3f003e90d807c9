/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whose a tunnel is: with the network's own peers listed, only what stands between two of them is
 * taken for the network's, and everything else for the work of its sender.
 */
#include <errno.h>
#include <stdio.h>

#include "adit_reassembly.h"

#include "packet_wholes.h"

#define MIRROR_FROM "192.0.2.1"
#define MIRROR_TO   "192.0.2.2"

static int add_peer(struct adit_ports *ports, const char *prefix, unsigned bits)
{
	struct adit_address address = {.is_v6 = strchr(prefix, ':') != NULL};

	CHECK_EQ_INT(inet_pton(address.is_v6 ? AF_INET6 : AF_INET, prefix, address.bytes), 1);
	return adit_ports_add_peer(ports, &address, bits);
}

/* DNS ports, and peers up to NULL. */
static const struct adit_ports *ports_with(const char *const *peers)
{
	static struct adit_ports ports;

	ports = *dns_ports();
	for (; *peers != NULL; peers++)
		CHECK_EQ_INT(add_peer(&ports, *peers, strchr(*peers, ':') ? 64 : 16), 0);
	return &ports;
}

static const char *const all[] = {RADIO, CORE, RADIO_V6, CORE_V6, MIRROR_FROM, NULL};
static const char *const one_end[] = {CORE, CORE_V6, NULL};
static const char *const other_end[] = {RADIO, RADIO_V6, NULL};
static const char *const nobody[] = {"203.0.113.0", NULL};
static const char *const mirror_only[] = {MIRROR_FROM, NULL};

static uint16_t outermost(const struct whole *whole)
{
	if (whole->first != 0)
		return whole->first;
	return whole->flags & GTPU ? whole->outer : whole->ip;
}

static struct adit_packet decode_with(
	const struct adit_frame *frame, const struct adit_ports *ports)
{
	struct adit_packet packet;

	CHECK_EQ_INT(adit_packet_decode(frame, ports, &packet), ADIT_OUTCOME_PENDING);
	return packet;
}

/* The message is read all the same, and its subscriber is who sent the tunnel at `who`. */
static void check_claimed(const struct whole *whole, const struct adit_frame *frame,
	const struct adit_packet *packet, uint16_t who)
{
	const uint16_t tunnel =
		GTPU | OUTER_V6 | ADIT_PACKET_PDU_UL | ADIT_PACKET_PDU_DL | ADIT_PACKET_WHO_V6;
	bool is_v6 = frame->data[who] >> 4 == 6;

	CHECK_EQ_INT(packet->who_offset, who);
	CHECK_EQ_INT(packet->flags & tunnel, is_v6 ? ADIT_PACKET_WHO_V6 : 0);
	CHECK_EQ_INT(packet->outer_ip_offset, 0);
	CHECK_EQ_INT(packet->gtpu_offset, 0);
	CHECK_EQ_INT(packet->ip_offset, whole->ip);
	CHECK_EQ_INT(packet->l4_offset, whole->l4);
	CHECK_EQ_INT(packet->payload_offset + packet->payload_size, frame->captured);
}

/* Every frame that the tests have, of which those with a tunnel matter. */
TEST(packet_peers, whose_each_kind_of_tunnel_is)
{
	static const char *const *const without[] = {one_end, other_end, nobody};
	unsigned tunnels = 0;
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(wholes); i++) {
		const struct whole *whole = &wholes[i];
		struct adit_packet want, packet;
		struct adit_frame frame;

		whole->build(&f);
		frame = frames_frame(&f, whole->link);
		want = decode(&frame);
		packet = decode_with(&frame, ports_with(all));
		/* A subscriber may tunnel on inside of GTP-U; that is known without a list. */
		CHECK_EQ_MEM(&packet, &want, sizeof(want));
		for (size_t k = 0; k < ADIT_COUNT(without); k++) {
			packet = decode_with(&frame, ports_with(without[k]));
			if (whole->depth == 0)
				CHECK_EQ_MEM(&packet, &want, sizeof(want));
			else
				check_claimed(whole, &frame, &packet, outermost(whole));
		}
		tunnels += whole->depth != 0;
		STOP_IN(whole->name);
	}
	CHECK(tunnels > 12);
}

/* GTP-U in a mirror's tunnel: the mirror is listed, the gateways are not. */
TEST(packet_peers, the_outermost_tunnel_that_is_not_listed)
{
	static const struct whole whole = {"", build_mirror, .ip = 100, .l4 = 140};
	struct adit_packet packet;
	struct adit_frame frame;
	struct frames f;

	build_mirror(&f);
	frame = frames_frame(&f, ADIT_LINK_ETHERNET);
	packet = decode_with(&frame, ports_with(mirror_only));
	check_claimed(&whole, &frame, &packet, 64);
	packet = decode_with(&frame, ports_with((const char *const[]){RADIO, CORE, NULL}));
	check_claimed(&whole, &frame, &packet, 14);
}

/* A header that says that it is a fragment's, and does not any more: all is decided as if it had
 * come in one piece. */
TEST(packet_peers, are_the_same_after_reassembly)
{
	static const char *const *const lists[] = {all, one_end, nobody, mirror_only};
	unsigned tried = 0;
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(wholes); i++) {
		for (size_t k = 0; k < 2 * ADIT_COUNT(lists); k++) {
			const struct adit_ports *ports = ports_with(lists[k / 2]);
			uint16_t at = k % 2 ? wholes[i].ip : outermost(&wholes[i]);
			struct adit_packet packet, want;
			struct adit_frame frame;
			uint8_t *bytes;

			wholes[i].build(&f);
			if (f.bytes[at] >> 4 != 4 || wholes[i].depth == 0)
				continue;
			frame = frames_frame(&f, wholes[i].link);
			want = decode_with(&frame, ports);
			bytes = harness_exact(f.bytes, f.size);
			bytes[at + 6] |= 0x20;
			frame.data = bytes;
			CHECK_EQ_INT(
				adit_packet_decode(&frame, ports, &packet), ADIT_OUTCOME_FRAGMENT);
			if (packet.flags & GTPU)
				CHECK_EQ_INT(packet.gtpu_offset, want.gtpu_offset);
			bytes[at + 6] ^= 0x20;
			CHECK_EQ_INT(
				adit_packet_resume(&frame, ports, &packet), ADIT_OUTCOME_PENDING);
			CHECK_EQ_MEM(&packet, &want, sizeof(want));
			STOP_IN(wholes[i].name);
			tried++;
		}
	}
	CHECK(tried > 60);
}

TEST(packet_peers, prefixes)
{
	static const struct {
		const char *prefix, *address;
		unsigned bits;
		bool inside;
	} rows[] = {
		{"10.10.0.1", "10.10.0.1", 32, true},
		{"10.10.0.1", "10.10.0.2", 32, false},
		{"10.10.0.255", "10.10.0.128", 25, true},
		{"10.10.0.255", "10.10.0.127", 25, false},
		{"10.10.0.255", "10.10.1.0", 24, false},
		{"10.10.0.0", "11.0.0.0", 7, true},
		{"10.10.0.0", "12.0.0.0", 7, false},
		{"0.0.0.0", "255.1.2.3", 0, true},
		{"0.0.0.0", "2001:db8::1", 0, false},
		{"::", "2001:db8::1", 0, true},
		{"::", "10.10.0.1", 0, false},
		{"2001:db8:a::1", "2001:db8:a::1", 128, true},
		{"2001:db8:a::1", "2001:db8:a::3", 128, false},
		{"2001:db8:a:1::", "2001:db8:a:0:ffff::", 63, true},
		{"2001:db8:a:1::", "2001:db8:a:2::", 63, false},
		{"2001:db8:a::ff00", "2001:db8:a::ff7f", 121, true},
		{"2001:db8:a::ff00", "2001:db8:a::ff80", 121, false},
	};
	struct adit_ports ports = *dns_ports();
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_packet packet;
		struct adit_frame frame;
		uint16_t inner;

		ports = *dns_ports();
		CHECK_EQ_INT(add_peer(&ports, rows[i].prefix, rows[i].bits), 0);
		frames_start(&f);
		frames_ethernet(&f);
		strchr(rows[i].address, ':') ? frames_ipv6(&f, rows[i].address, rows[i].address)
					     : frames_ipv4(&f, rows[i].address, rows[i].address);
		inner = (uint16_t)f.size;
		add_ipv4_query(&f);
		frame = frames_frame(&f, ADIT_LINK_ETHERNET);
		packet = decode_with(&frame, &ports);
		CHECK_EQ_INT(packet.who_offset, rows[i].inside ? inner : 14);
		STOP_IN(rows[i].address);
	}
}

TEST(packet_peers, the_list_is_bounded)
{
	struct adit_ports ports = *dns_ports();
	char prefix[20];

	CHECK_EQ_INT(add_peer(&ports, "10.0.0.0", 33), -EINVAL);
	CHECK_EQ_INT(add_peer(&ports, "2001:db8::", 129), -EINVAL);
	CHECK_EQ_INT(ports.peer_count, 0);
	for (unsigned i = 0; i < ADIT_PEERS_MAX; i++) {
		snprintf(prefix, sizeof(prefix), "10.0.%u.9", i);
		CHECK_EQ_INT(add_peer(&ports, prefix, 24), 0);
		CHECK_EQ_INT(add_peer(&ports, "10.0.0.7", 24), 0);
	}
	CHECK_EQ_INT(ports.peer_count, ADIT_PEERS_MAX);
	CHECK_EQ_INT(add_peer(&ports, "10.0.0.0", 23), -ENOSPC);
	CHECK_EQ_INT(add_peer(&ports, "10.0.63.0", 24), 0);
}

/* A sender's own tunnel with a piece of somebody else's datagram in it, one in each protocol. */
static struct adit_frame forged_piece(struct frames *f, const char *sender, unsigned kind,
	uint8_t name, unsigned at, unsigned size)
{
	struct frames whole;

	frames_start(&whole);
	frames_udp(&whole, 40000, 53);
	frames_query(&whole, 1, "www.example.com", 1);
	frames_finish(&whole);
	whole.bytes[8 + 13] = name;
	frames_start(f);
	frames_ethernet(f);
	if (kind == 2)
		frames_ipv6(f, sender, "2001:db8:ffff::1");
	else
		frames_ipv4(f, sender, "198.51.100.1");
	if (kind == 1) {
		frames_udp(f, 2152, 2152);
		frames_gtpu(f, FRAMES_G_PDU, 0, TEID);
	}
	frames_ipv4(f, CLIENT, SERVER);
	frames_ipv4_fragment(f, at, at + size < whole.size);
	frames_next(f, 17);
	frames_bytes(f, whole.bytes + at, size < whole.size - at ? size : whole.size - at);
	return frames_frame(f, ADIT_LINK_ETHERNET);
}

/* Pieces of two senders with one identification make two datagrams, each its sender's. */
TEST(packet_peers, pieces_in_forged_tunnels_do_not_mix)
{
	static const char *const senders[][2] = {{"10.0.0.66", "10.0.0.67"},
		{"10.0.0.76", "10.0.0.77"}, {"2001:db8:66::1", "2001:db8:66::2"}};
	const struct adit_reassembly_params params = {.ports = ports_with(nobody),
		.key = &adit_hash_key_fixed,
		.datagrams = 8,
		.timeout_ns = ADIT_NS_PER_S};
	struct adit_reassembly *table = adit_reassembly_create(&params, NULL);

	REQUIRE(table != NULL);
	for (unsigned kind = 0; kind < ADIT_COUNT(senders); kind++) {
		for (unsigned k = 0; k < 4; k++) {
			const char *sender = senders[kind][k % 2];
			struct adit_address address;
			struct adit_packet packet;
			struct adit_frame frame;
			struct frames f;

			frame = forged_piece(&f, sender, kind, (uint8_t)('a' + k % 2), k / 2 * 24,
				24 + k / 2 * 100);
			adit_packet_decode(&frame, params.ports, &packet);
			CHECK_OUTCOME(packet.outcome, FRAGMENT);
			adit_reassembly_add(table, &frame, &packet);
			if (k < 2) {
				CHECK_OUTCOME(packet.outcome, FRAGMENT);
				continue;
			}
			CHECK_OUTCOME(packet.outcome, PENDING);
			CHECK_EQ_INT(frame.data[packet.payload_offset + 13], 'a' + k % 2);
			CHECK_EQ_INT(packet.flags & GTPU, 0);
			adit_packet_client(&frame, &packet, true, &address);
			check_address(&address, sender);
		}
		REQUIRE(!harness_failed());
	}
	adit_reassembly_destroy(table);
}
