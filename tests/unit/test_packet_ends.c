/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_cases.h"

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
