/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Addresses, ports and the shard of a packet that the decoder has accepted. Everything read here
 * lies in headers that the decoder has found inside the captured bytes, so nothing is checked
 * again.
 */
#include "adit_packet.h"

#include "packet_priv.h"

#define ADDRESS_WORDS 2 /* of 8 bytes */

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

uint32_t adit_packet_teid(const struct adit_frame *frame, const struct adit_packet *packet)
{
	return adit_load_be32(frame->data + packet->gtpu_offset + 4);
}

/* One of a header's two addresses as two words, of IPv4 the first half of one. On a link the next
 * packet's is as likely of the other family, so both are read by the same instructions: of IPv4
 * its two addresses at once. */
static inline void load_words(
	const uint8_t *ip, bool is_v6, bool source, uint64_t words[ADDRESS_WORDS])
{
	const uint64_t all = -(uint64_t)is_v6;
	const uint8_t *at = ip + 12 + (size_t)(all & (source ? -4 : 12));
	uint64_t first, second, v4;

	memcpy(&first, at, sizeof(first));
	memcpy(&second, at + (all & 8), sizeof(second));
	v4 = first >> (source ? 0 : 32) & UINT32_MAX;
	words[0] = (first & all) | (v4 & ~all);
	words[1] = second & all;
}

void adit_packet_client(const struct adit_frame *frame, const struct adit_packet *packet, bool up,
	struct adit_address *address)
{
	bool is_v6 = (packet->flags & ADIT_PACKET_WHO_V6) != 0;
	uint64_t words[ADDRESS_WORDS];

	load_words(frame->data + packet->who_offset, is_v6, up, words);
	memcpy(address->bytes, words, sizeof(words));
	address->is_v6 = is_v6;
}

void adit_packet_server(const struct adit_frame *frame, const struct adit_packet *packet, bool up,
	struct adit_address *address)
{
	bool is_v6 = (packet->flags & ADIT_PACKET_V6) != 0;
	uint64_t words[ADDRESS_WORDS];

	load_words(frame->data + packet->ip_offset, is_v6, !up, words);
	memcpy(address->bytes, words, sizeof(words));
	address->is_v6 = is_v6;
}

void adit_packet_host_bits(uint64_t host[2], unsigned bits)
{
	uint8_t bytes[16];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = bits >= 8 * (i + 1) ? 0 : bits <= 8 * i ? 0xff : 0xff >> bits % 8;
	memcpy(host, bytes, sizeof(bytes));
}

void adit_context_prefix(struct adit_context_rule *rule, unsigned plain_bits, unsigned gtpu_bits)
{
	adit_packet_host_bits(rule->ipv6_host[0], plain_bits);
	adit_packet_host_bits(rule->ipv6_host[1], gtpu_bits);
}

/*
 * The hash reads whole blocks of 16 bytes: one of context, one of the client's address, and one of
 * the core-side peer's where that counts. The context tells IPv4 addresses from IPv6 ones with the
 * same bytes.
 */
uint64_t adit_packet_client_key(const struct adit_frame *frame, const struct adit_packet *packet,
	bool up, const struct adit_context_rule *rule, const struct adit_hash_key *key)
{
	bool is_v6 = (packet->flags & ADIT_PACKET_WHO_V6) != 0;
	const uint64_t *host = rule->ipv6_host[(packet->flags & ADIT_PACKET_GTPU) != 0];
	uint64_t words[6], context = (uint64_t)packet->tap << 8 | is_v6;

	if (rule->vlan)
		context |= (uint64_t)(packet->vlan & 0x0fff) << 16;
	if (rule->vlan_inner)
		context |= (uint64_t)(packet->vlan_inner & 0x0fff) << 32;
	load_words(frame->data + packet->who_offset, is_v6, up, words + 2);
	words[2] &= ~(host[0] & -(uint64_t)is_v6);
	words[3] &= ~(host[1] & -(uint64_t)is_v6);
	if (rule->core_peer && (packet->flags & ADIT_PACKET_GTPU)) {
		bool outer_v6 = (packet->flags & ADIT_PACKET_OUTER_V6) != 0;

		/* What goes up goes to the core. */
		load_words(frame->data + packet->outer_ip_offset, outer_v6, !up, words + 4);
		words[0] = context | (uint64_t)outer_v6 << 1;
		words[1] = 0;
		return adit_hash(key, words, sizeof(words));
	}
	return adit_hash_four(key, context, 0, words[2], words[3]);
}

uint8_t adit_packet_shard(struct adit_frame *frame, struct adit_packet *packet,
	const struct adit_context_rule *rule, const struct adit_hash_key *key)
{
	bool up = (packet->flags & ADIT_PACKET_TO_DNS) != 0;
	uint64_t client = adit_packet_client_key(frame, packet, up, rule, key);

	frame->client_key = client;
	if (ADIT_UNLIKELY(adit_packet_both_dns(packet))) {
		uint64_t other = adit_packet_client_key(frame, packet, false, rule, key);

		client = other < client ? other : client;
		frame->client_key = 0;
	}
	packet->shard = (uint8_t)(client % ADIT_SHARDS);
	return packet->shard;
}
