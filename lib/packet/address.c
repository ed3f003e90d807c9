/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Addresses, ports and the shard of a packet that the decoder has accepted. Everything read here
 * lies in headers that the decoder has found inside the captured bytes, so nothing is checked
 * again.
 */
#include "adit_packet.h"

static inline void load_pair(const uint8_t *ip, bool is_v6, struct adit_address *source,
	struct adit_address *destination)
{
	*source = (struct adit_address){.is_v6 = is_v6};
	*destination = (struct adit_address){.is_v6 = is_v6};
	if (is_v6) {
		memcpy(source->bytes, ip + 8, 16);
		memcpy(destination->bytes, ip + 24, 16);
	} else {
		memcpy(source->bytes, ip + 12, 4);
		memcpy(destination->bytes, ip + 16, 4);
	}
}

void adit_packet_endpoints(const struct adit_frame *frame, const struct adit_packet *packet,
	struct adit_endpoints *endpoints)
{
	const uint8_t *udp = frame->data + packet->l4_offset;

	load_pair(frame->data + packet->ip_offset, (packet->flags & ADIT_PACKET_V6) != 0,
		&endpoints->source, &endpoints->destination);
	endpoints->source_port = adit_load_be16(udp);
	endpoints->destination_port = adit_load_be16(udp + 2);
}

void adit_packet_outer(const struct adit_frame *frame, const struct adit_packet *packet,
	struct adit_address *source, struct adit_address *destination)
{
	load_pair(frame->data + packet->outer_ip_offset,
		(packet->flags & ADIT_PACKET_OUTER_V6) != 0, source, destination);
}

/* 16 bytes: an IPv4 address is padded with zeros. */
static inline void store_address(uint64_t *words, const uint8_t *address, bool is_v6)
{
	uint32_t v4;

	if (is_v6) {
		memcpy(words, address, 16);
	} else {
		memcpy(&v4, address, sizeof(v4));
		words[0] = v4;
		words[1] = 0;
	}
}

/*
 * The hash reads whole blocks of 16 bytes: one of context, one for each address. The context tells
 * an IPv4 address from an IPv6 one with the same bytes, and the size one address from two.
 */
uint8_t adit_packet_shard(
	const struct adit_frame *frame, struct adit_packet *packet, const struct adit_hash_key *key)
{
	const uint8_t both = ADIT_PACKET_TO_DNS | ADIT_PACKET_FROM_DNS;
	const uint8_t *ip = frame->data + packet->ip_offset;
	bool is_v6 = (packet->flags & ADIT_PACKET_V6) != 0;
	uint32_t room = is_v6 ? 16 : 4;
	const uint8_t *source = ip + (is_v6 ? 8 : 12), *destination = source + room;
	uint64_t words[6];
	size_t size = 32;

	words[0] = (uint64_t)(packet->vlan & 0x0fff) << 16 | (uint64_t)packet->tap << 8 | is_v6;
	words[1] = 0;
	if (ADIT_UNLIKELY((packet->flags & both) == both)) {
		bool in_order = memcmp(source, destination, room) <= 0;

		store_address(words + 2, in_order ? source : destination, is_v6);
		store_address(words + 4, in_order ? destination : source, is_v6);
		size = 48;
	} else {
		bool to_dns = (packet->flags & ADIT_PACKET_TO_DNS) != 0;

		store_address(words + 2, to_dns ? source : destination, is_v6);
	}
	packet->shard = (uint8_t)(adit_hash(key, words, size) % ADIT_SHARDS);
	return packet->shard;
}
