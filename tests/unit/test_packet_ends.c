/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_cases.h"

#include <errno.h>
#include <stdio.h>

TEST(packet_address, endpoints_and_outer)
{
	struct adit_address from, to;
	struct adit_endpoints ends;
	struct adit_packet packet;
	struct adit_frame frame;
	struct frames f;

	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		is_v6 ? build_tunnel_extensions(&f) : build_tunnel(&f);
		frame = frames_frame(&f, ADIT_LINK_ETHERNET);
		packet = decode(&frame);
		memset(&ends, 0xa5, sizeof(ends));
		memset(&from, 0xa5, sizeof(from));
		memset(&to, 0xa5, sizeof(to));
		adit_packet_endpoints(&frame, &packet, &ends);
		adit_packet_outer(&frame, &packet, &from, &to);
		check_address(&ends.source, is_v6 ? CLIENT_V6 : CLIENT);
		check_address(&ends.destination, is_v6 ? SERVER_V6 : SERVER);
		check_address(&from, is_v6 ? RADIO_V6 : RADIO);
		check_address(&to, is_v6 ? CORE_V6 : CORE);
		CHECK_EQ_INT(ends.source_port, 40000);
		CHECK_EQ_INT(ends.destination_port, 53);
	}
}

/* The subscriber, in either direction, and where it tunnels something itself. */
TEST(packet_address, client)
{
	static const struct {
		const char *radio, *inner_from, *inner_to, *up, *down;
	} rows[] = {
		{NULL, NULL, NULL, CLIENT, SERVER},
		{RADIO, NULL, NULL, CLIENT, SERVER},
		{RADIO, "203.0.113.1", "203.0.113.2", CLIENT, SERVER},
		{RADIO, CLIENT_V6, SERVER_V6, CLIENT, SERVER},
		{NULL, CLIENT_V6, SERVER_V6, CLIENT_V6, SERVER_V6},
	};
	struct adit_address address;
	struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_packet packet;
		struct adit_frame frame;

		rows[i].radio != NULL ? begin_g_pdu(&f, 0)
				      : (frames_start(&f), frames_ethernet(&f));
		frames_ipv4(&f, CLIENT, SERVER);
		if (rows[i].inner_from != NULL) {
			frames_gre(&f, 0);
			strchr(rows[i].inner_from, ':')
				? frames_ipv6(&f, rows[i].inner_from, rows[i].inner_to)
				: frames_ipv4(&f, rows[i].inner_from, rows[i].inner_to);
		}
		add_query(&f);
		frame = frames_frame(&f, ADIT_LINK_ETHERNET);
		packet = decode(&frame);
		CHECK_OUTCOME(packet.outcome, PENDING);
		memset(&address, 0xa5, sizeof(address));
		adit_packet_client(&frame, &packet, true, &address);
		check_address(&address, rows[i].up);
		memset(&address, 0xa5, sizeof(address));
		adit_packet_client(&frame, &packet, false, &address);
		check_address(&address, rows[i].down);
	}
}

/* Which parts of its context tell subscribers apart is a matter of the rule. */
TEST(packet_key, follows_the_rule)
{
	for (unsigned set = 0; set < 8; set++) {
		struct adit_context_rule rule = {
			.vlan = set & 1, .vlan_inner = set & 2, .core_peer = set & 4};
		uint64_t keys[6];

		/* As it is; another tag, inner tag, core peer; another radio, TEID and priority;
		 * another tap. */
		for (unsigned change = 0; change < ADIT_COUNT(keys); change++) {
			struct adit_packet packet;
			struct adit_frame frame;
			struct frames f;

			frames_start(&f);
			frames_ethernet(&f);
			frames_vlan(
				&f, 0x88a8, (uint16_t)((change == 4) << 13 | (10 + (change == 1))));
			frames_vlan(
				&f, 0x8100, (uint16_t)((change == 4) << 13 | (20 + (change == 2))));
			frames_ipv4(&f, change == 4 ? "10.10.0.9" : RADIO,
				change == 3 ? "10.20.0.9" : CORE);
			frames_udp(&f, 2152, 2152);
			frames_gtpu(&f, FRAMES_G_PDU, 0, change == 4 ? 1 : TEID);
			add_ipv4_query(&f);
			frame = frames_frame(&f, ADIT_LINK_ETHERNET);
			frame.tap = change == 5;
			packet = decode(&frame);
			CHECK_OUTCOME(packet.outcome, PENDING);
			keys[change] = adit_packet_client_key(
				&frame, &packet, true, &rule, &adit_hash_key_fixed);
		}
		CHECK_EQ_INT(keys[1] != keys[0], rule.vlan);
		CHECK_EQ_INT(keys[2] != keys[0], rule.vlan_inner);
		CHECK_EQ_INT(keys[3] != keys[0], rule.core_peer);
		CHECK(keys[4] == keys[0]);
		CHECK(keys[5] != keys[0]);
	}
}

/* What goes up has the core as its destination, what comes down as its source. */
TEST(packet_key, is_the_same_in_both_directions)
{
	static const struct adit_context_rule rule = {true, true, true};

	for (unsigned mix = 0; mix < 4; mix++) {
		const char *ends[2][4] = {{mix & 1 ? RADIO_V6 : RADIO, mix & 1 ? CORE_V6 : CORE,
			mix & 2 ? CLIENT_V6 : CLIENT, mix & 2 ? SERVER_V6 : SERVER}};
		uint64_t keys[2];

		for (unsigned i = 0; i < 4; i++)
			ends[1][i] = ends[0][i ^ 1];
		for (unsigned down = 0; down < 2; down++) {
			struct adit_packet packet;
			struct adit_frame frame;
			struct frames f;

			frames_start(&f);
			frames_ethernet(&f);
			mix & 1 ? frames_ipv6(&f, ends[down][0], ends[down][1])
				: frames_ipv4(&f, ends[down][0], ends[down][1]);
			frames_udp(&f, 2152, 2152);
			frames_gtpu(&f, FRAMES_G_PDU, 0, down);
			mix & 2 ? frames_ipv6(&f, ends[down][2], ends[down][3])
				: frames_ipv4(&f, ends[down][2], ends[down][3]);
			frames_udp(&f, down ? 53 : 40000, down ? 40000 : 53);
			frame = frames_frame(&f, ADIT_LINK_ETHERNET);
			packet = decode(&frame);
			CHECK_OUTCOME(packet.outcome, PENDING);
			keys[down] = adit_packet_client_key(
				&frame, &packet, !down, &rule, &adit_hash_key_fixed);
			CHECK_EQ_INT(
				adit_packet_shard(&frame, &packet, &rule, &adit_hash_key_fixed),
				keys[down] % ADIT_SHARDS);
		}
		CHECK(keys[0] == keys[1]);
	}
}

TEST(packet_shard, both_directions_meet)
{
	static const struct flow flows[] = {
		{CLIENT, SERVER, 40000, 53, 0, 0, NULL, 0},
		{CLIENT_V6, SERVER_V6, 40000, 53, 7, 1, NULL, 0},
		{CLIENT, SERVER, 53, 53, 0, 0, NULL, 0},
		{SERVER, CLIENT, 53, 5353, 0, 0, NULL, 0},
		{CLIENT_V6, SERVER_V6, 53, 53, 0, 0, RADIO, 5},
		{SERVER_V6, CLIENT_V6, 5353, 53, 0, 0, RADIO, 5},
		{CLIENT, SERVER, 2152, 53, 0, 0, NULL, 0},
	};

	for (size_t i = 0; i < ADIT_COUNT(flows); i++)
		CHECK_EQ_INT(shard_of(&flows[i], false), shard_of(&flows[i], true));
	/* Between two resolvers it does not matter who asks. */
	CHECK_EQ_INT(shard_of(&flows[2], false), shard_of(&flows[3], false));
	CHECK_EQ_INT(shard_of(&flows[4], false), shard_of(&flows[5], false));
}

/* What changes at a handover, from flow to flow or with the priority of a tag. */
TEST(packet_shard, depends_on_nothing_but_client_and_context)
{
	static const struct flow flows[] = {
		{CLIENT, SERVER, 40000, 53, 42, 2, RADIO, 1},
		{CLIENT, SERVER, 40000, 53, 42, 2, RADIO, 0xffffffff},
		{CLIENT, SERVER, 40000, 53, 42, 2, "10.10.0.2", 1},
		{CLIENT, SERVER, 40000, 53, 42, 2, NULL, 0},
		{CLIENT, "8.8.8.8", 1, 5353, 42, 2, RADIO, 1},
		{CLIENT, SERVER, 40000, 53, 0xf000 | 42, 2, RADIO, 1},
	};
	uint8_t shard = shard_of(&flows[0], false);

	for (size_t i = 1; i < ADIT_COUNT(flows); i++) {
		CHECK_EQ_INT(shard_of(&flows[i], false), shard);
		CHECK_EQ_INT(shard_of(&flows[i], true), shard);
	}
}

/* Clients, VLANs, taps (two VLANs each): 512 of each reach all 64 shards, none of them much more
 * often than the others. The key is fixed, and so is what this counts. */
TEST(packet_shard, spreads_over_clients_and_contexts)
{
	unsigned counts[3][ADIT_SHARDS] = {0}, same = 0;

	for (unsigned i = 0; i < 512; i++) {
		struct flow flow = {CLIENT, SERVER, 40000, 53, 1, 0, NULL, 0}, changed = flow;
		char client[20];
		uint8_t shard;

		snprintf(client, sizeof(client), "10.0.%u.%u", i / 256, i % 256);
		changed.client = client;
		counts[0][shard = shard_of(&changed, false)]++;
		/* The same bytes as an IPv6 address are another client. */
		snprintf(client, sizeof(client), "a00:%x::", i);
		changed.server = SERVER_V6;
		same += shard_of(&changed, false) == shard;
		changed = flow, changed.vlan = (uint16_t)(1 + i * 8);
		counts[1][shard_of(&changed, false)]++;
		changed.tap = (uint8_t)i, changed.vlan = (uint16_t)(1 + i / 256);
		counts[2][shard_of(&changed, false)]++;
	}
	for (unsigned i = 0; i < 3 * ADIT_SHARDS; i++) {
		unsigned count = counts[i / ADIT_SHARDS][i % ADIT_SHARDS];

		CHECK(count > 0 && count < 24);
	}
	CHECK(same < 24);
}

/* Between two DNS ports the shard is that of the end whose key is lower. */
TEST(packet_shard, is_that_of_a_key)
{
	unsigned ups = 0;

	for (unsigned i = 0; i < 64; i++) {
		struct flow flow = {CLIENT, SERVER, 53, 53, 7, 1, NULL, 0};
		struct adit_packet packet;
		struct adit_frame frame;
		struct frames f;
		uint64_t up, down;

		flow.vlan = (uint16_t)(i + 1);
		build_flow(&f, &flow, false);
		frame = frames_frame(&f, ADIT_LINK_ETHERNET);
		packet = decode(&frame);
		up = adit_packet_client_key(&frame, &packet, true, &by_vlan, &adit_hash_key_fixed);
		down = adit_packet_client_key(
			&frame, &packet, false, &by_vlan, &adit_hash_key_fixed);
		CHECK(up != down);
		CHECK_EQ_INT(adit_packet_shard(&frame, &packet, &by_vlan, &adit_hash_key_fixed),
			(up < down ? up : down) % ADIT_SHARDS);
		ups += up < down;
	}
	CHECK(ups > 16 && ups < 48);
}

static struct adit_address address_of(const char *text)
{
	struct adit_address address = {.is_v6 = strchr(text, ':') != NULL};

	CHECK_EQ_INT(inet_pton(address.is_v6 ? AF_INET6 : AF_INET, text, address.bytes), 1);
	return address;
}

static struct adit_packet decode_ports(const struct adit_ports *ports, const char *from,
	const char *to, uint16_t source, uint16_t destination, bool tcp)
{
	struct adit_packet packet;
	struct adit_frame frame;
	struct frames f;

	frames_start(&f);
	frames_ethernet(&f);
	strchr(from, ':') ? frames_ipv6(&f, from, to) : frames_ipv4(&f, from, to);
	tcp ? frames_tcp(&f, source, destination) : frames_udp(&f, source, destination);
	frames_fill(&f, 'x', 5);
	frame = frames_frame(&f, ADIT_LINK_ETHERNET);
	adit_packet_decode(&frame, ports, &packet);
	return packet;
}

TEST(packet_ports, what_a_port_means_can_change)
{
	static struct adit_ports ports;

	adit_ports_init(&ports);
	CHECK_OUTCOME(decode_ports(&ports, CLIENT, SERVER, 40000, 53, false).outcome, UDP_OTHER);
	CHECK_OUTCOME(decode_ports(&ports, CLIENT, SERVER, 40000, 2152, false).outcome, GTPU_NOT);
	CHECK_OUTCOME(
		decode_ports(&ports, CLIENT, SERVER, 40000, 4789, false).outcome, VXLAN_MALFORMED);
	adit_ports_add(&ports, 2152, ADIT_SERVICE_NONE);
	CHECK_OUTCOME(decode_ports(&ports, CLIENT, SERVER, 40000, 2152, false).outcome, UDP_OTHER);
	adit_ports_add(&ports, 65535, ADIT_SERVICE_ENCRYPTED);
	adit_ports_add(&ports, 65535, ADIT_SERVICE_DNS);
	CHECK_EQ_INT(decode_ports(&ports, CLIENT, SERVER, 65535, 1, true).flags,
		ADIT_PACKET_FROM_DNS | ADIT_PACKET_TCP);
	adit_ports_add(&ports, 65535, ADIT_SERVICE_ENCRYPTED);
	CHECK_EQ_INT(decode_ports(&ports, CLIENT, SERVER, 1, 65535, false).flags,
		ADIT_PACKET_TO_DNS | ADIT_PACKET_ENCRYPTED);
}

/* The HTTPS port means something between two hosts of which one is listed. */
TEST(packet_ports, listed_resolvers)
{
	enum { TO = ADIT_PACKET_TO_DNS, FROM = ADIT_PACKET_FROM_DNS, DOH = ADIT_PACKET_DOH };
	static const struct {
		const char *from, *to;
		uint16_t source, destination, flags;
	} rows[] = {
		{CLIENT, "192.0.2.1", 40000, 443, TO | DOH},
		{"192.0.2.1", CLIENT, 443, 40000, FROM | DOH},
		{"192.0.2.1", "192.0.2.2", 443, 443, TO | FROM | DOH},
		{"192.0.2.1", SERVER, 443, 443, FROM | DOH},
		{CLIENT, "192.0.2.1", 443, 443, TO | DOH},
		{CLIENT, "192.0.2.1", 2152, 443, TO | DOH}, {CLIENT, "192.0.2.1", 443, 40000, 0},
		{CLIENT, "192.0.2.1", 40000, 444, 0}, {CLIENT, SERVER, 40000, 443, 0},
		{SERVER, CLIENT, 443, 40000, 0},
		{CLIENT_V6, "2001:db8::1", 40000, 443, TO | DOH | V6},
		{"2001:db8::1", CLIENT_V6, 443, 40000, FROM | DOH | V6},
		{CLIENT_V6, SERVER_V6, 40000, 443, 0},
		{CLIENT_V6, "c000:201::", 40000, 443, 0}, /* the bytes of 192.0.2.1 */
	};
	static struct adit_ports ports;
	struct adit_address address;

	adit_ports_init(&ports);
	CHECK_OUTCOME(
		decode_ports(&ports, CLIENT, "192.0.2.1", 40000, 443, true).outcome, TCP_OTHER);
	address = address_of("192.0.2.1");
	CHECK_EQ_INT(adit_ports_add_resolver(&ports, &address), 0);
	address = address_of("192.0.2.2");
	CHECK_EQ_INT(adit_ports_add_resolver(&ports, &address), 0);
	address = address_of("2001:db8::1");
	CHECK_EQ_INT(adit_ports_add_resolver(&ports, &address), 0);
	for (size_t i = 0; i < ADIT_COUNT(rows); i++)
		for (int tcp = 0; tcp < 2; tcp++) {
			struct adit_packet packet = decode_ports(&ports, rows[i].from, rows[i].to,
				rows[i].source, rows[i].destination, tcp);

			if (rows[i].flags == 0) {
				CHECK_EQ_STR(outcome_name(packet.outcome),
					tcp ? "tcp_other" : "udp_other");
				continue;
			}
			CHECK_OUTCOME(packet.outcome, PENDING);
			CHECK_EQ_INT(packet.flags, rows[i].flags | (tcp ? ADIT_PACKET_TCP : 0));
		}
	/* A host that is not listed may be the peer of GTP-U. */
	CHECK_OUTCOME(decode_ports(&ports, CLIENT, SERVER, 2152, 443, false).outcome, GTPU_NOT);
	/* What the port means already stays. */
	adit_ports_add(&ports, 443, ADIT_SERVICE_DNS);
	address = address_of("192.0.2.3");
	CHECK_EQ_INT(adit_ports_add_resolver(&ports, &address), 0);
	CHECK_EQ_INT(decode_ports(&ports, CLIENT, "192.0.2.3", 40000, 443, false).flags, TO);
}

TEST(packet_ports, resolvers_up_to_the_cap)
{
	static struct adit_ports ports;
	struct adit_address address = address_of("192.0.2.0");
	unsigned listed = 0;

	adit_ports_init(&ports);
	for (unsigned i = 0; i < ADIT_RESOLVERS_MAX; i++) {
		address.bytes[3] = (uint8_t)i;
		/* Twice is once. */
		CHECK_EQ_INT(adit_ports_add_resolver(&ports, &address), 0);
		CHECK_EQ_INT(adit_ports_add_resolver(&ports, &address), 0);
	}
	CHECK_EQ_INT(ports.resolver_count, ADIT_RESOLVERS_MAX);
	address.bytes[3] = ADIT_RESOLVERS_MAX;
	CHECK_EQ_INT(adit_ports_add_resolver(&ports, &address), -ENOSPC);
	for (unsigned i = 0; i < 256; i++) {
		char to[16];

		snprintf(to, sizeof(to), "192.0.2.%u", i);
		listed += decode_ports(&ports, CLIENT, to, 40000, 443, true).outcome ==
			  ADIT_OUTCOME_PENDING;
	}
	CHECK_EQ_INT(listed, ADIT_RESOLVERS_MAX);
}
