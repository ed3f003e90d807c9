/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From a decoded packet to the TCP segment that the streams take.
 */
#include "pipeline_priv.h"

#define PROTOCOL_TCP 6

uint32_t adit_ip_bytes(const struct adit_frame *frame, const struct adit_packet *packet)
{
	const uint8_t *ip = frame->data + packet->ip_offset;
	uint32_t rest = frame->wire - packet->ip_offset;
	uint32_t size = packet->flags & ADIT_PACKET_V6 ? adit_load_be16(ip + 4) + 40u
						       : adit_load_be16(ip + 2);

	/* Length 0: a segment that a card was to split; the rest of the frame. */
	return size == 0 || (size == 40 && packet->flags & ADIT_PACKET_V6) ? rest : size;
}

static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t size)
{
	for (; size > 1; bytes += 2, size -= 2)
		sum += adit_load_be16(bytes);
	return size != 0 ? sum + ((uint32_t)bytes[0] << 8) : sum;
}

/*
 * Whether the checksum (RFC 9293 section 3.1) is that of another segment. Not told of what was cut
 * off, nor of IPv6 with extension headers, whose routing header may stand for another address.
 */
static bool checksum_is_wrong(const struct adit_frame *frame, const struct adit_packet *packet)
{
	bool is_v6 = (packet->flags & ADIT_PACKET_V6) != 0;
	const uint8_t *ip = frame->data + packet->ip_offset;
	uint32_t size = (uint32_t)packet->payload_offset + packet->payload_size - packet->l4_offset;
	uint32_t sum = PROTOCOL_TCP + size;

	if (packet->flags & ADIT_PACKET_CUT ||
		(is_v6 && packet->l4_offset != packet->ip_offset + 40))
		return false;
	sum = sum_words(sum, ip + (is_v6 ? 8 : 12), is_v6 ? 32 : 8);
	sum = sum_words(sum, frame->data + packet->l4_offset, size);
	sum = (sum & 0xffff) + (sum >> 16);
	return ((sum + (sum >> 16)) & 0xffff) != 0xffff;
}

/* Which way a segment goes, the same for all of its connection. Between two DNS ports no message is
 * at hand yet: the lower of the two keys stands for the client. */
static bool segment_up(const struct adit_context_rule *rule, const struct adit_hash_key *key,
	const struct adit_frame *frame, const struct adit_packet *packet)
{
	if (!adit_packet_both_dns(packet))
		return (packet->flags & ADIT_PACKET_TO_DNS) != 0;
	return adit_packet_client_key(frame, packet, true, rule, key) <=
	       adit_packet_client_key(frame, packet, false, rule, key);
}

void adit_segment_make(const struct adit_context_rule *rule, const struct adit_hash_key *key,
	bool verify, const struct adit_frame *frame, const struct adit_packet *packet,
	struct adit_segment *segment)
{
	const uint8_t *tcp = frame->data + packet->l4_offset;
	bool up = segment_up(rule, key, frame, packet);
	struct {
		struct adit_address server;
		uint8_t is_zero;
		uint16_t client_port, server_port;
	} other = {{{0}}};
	struct adit_endpoints ends;
	uint64_t who, flow;

	adit_packet_endpoints(frame, packet, &ends);
	who = adit_packet_client_key(frame, packet, up, rule, key);
	other.server = up ? ends.destination : ends.source;
	other.client_port = up ? ends.source_port : ends.destination_port;
	other.server_port = up ? ends.destination_port : ends.source_port;
	flow = adit_hash_pair(key, who, adit_hash(key, &other, sizeof(other)));
	*segment = (struct adit_segment){
		.ts_ns = frame->ts_ns,
		.stream = adit_hash_pair(key, flow, up),
		.opposite = adit_hash_pair(key, flow, !up),
		.payload = frame->data + packet->payload_offset,
		.size = packet->payload_size,
		.wire_size =
			adit_ip_bytes(frame, packet) + packet->ip_offset - packet->payload_offset,
		.client = who,
		.doubtful = verify && checksum_is_wrong(frame, packet),
		.sequence = adit_load_be32(tcp + 4),
		.acknowledged = adit_load_be32(tcp + 8),
		.flags = tcp[13],
	};
	if (segment->wire_size < segment->size)
		segment->wire_size = segment->size;
}
