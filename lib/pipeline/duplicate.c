/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The duplicate filter: a mirror of both sides of a switch, or a tap of S1-U and S5, shows the
 * same packet twice within a moment. A client that repeats a query does so a second later.
 */
#include "pipeline_priv.h"

uint64_t adit_duplicate_digest(const struct adit_hash_key *key, const struct adit_frame *frame,
	const struct adit_packet *packet, uint64_t who_key)
{
	const uint8_t *ip = frame->data + packet->ip_offset;
	const uint8_t *l4 = frame->data + packet->l4_offset;
	const uint8_t *payload = frame->data + packet->payload_offset;
	bool is_v6 = (packet->flags & ADIT_PACKET_V6) != 0;
	uint16_t size = packet->payload_size;
	uint8_t block[64] = {0};

	memcpy(block, l4, 4); /* ports */
	memcpy(block + 4, &size, sizeof(size));
	/* IPv6 has no identification, but a checksum over all, whatever the leg. */
	if (is_v6) {
		memcpy(block + 6, l4 + (packet->flags & ADIT_PACKET_TCP ? 16 : 6), 2);
		memcpy(block + 16, ip + 8 + 16 * ((packet->flags & ADIT_PACKET_TO_DNS) != 0), 16);
	} else {
		memcpy(block + 6, ip + 4, 2); /* identification */
		memcpy(block + 16, ip + 12, 8);
	}
	if (packet->flags & ADIT_PACKET_TCP)
		/* Sequence and acknowledgement: most segments of a tunnel end carry nothing else.
		 */
		memcpy(block + 8, l4 + 4, 8);
	else if (size >= 8)
		memcpy(block + 8, payload, 8);
	if (ADIT_LIKELY(size >= 24)) {
		memcpy(block + 32, payload + 8, 16);
		memcpy(block + 48, payload + size - 16, 16);
	} else {
		memcpy(block + 32, payload, size);
	}
	return adit_hash_pair(key, who_key, adit_hash(key, block, sizeof(block)));
}

bool adit_duplicate_seen(
	struct adit_duplicates *duplicates, uint32_t shard, uint64_t digest, uint64_t ts_ns)
{
	uint64_t *bucket = adit_duplicate_bucket(duplicates, shard, digest);
	/* A tag of 0 is an empty slot. */
	uint32_t tag = (uint32_t)(digest >> 32) | 1, now = (uint32_t)(ts_ns / ADIT_NS_PER_US);
	uint32_t oldest = 0;
	int place = 0;

	duplicates->used = true;
	for (int i = 0; i < ADIT_DUPLICATE_SLOTS; i++) {
		/* Captures are not always in order. */
		int32_t gap = (int32_t)(now - (uint32_t)bucket[i]);
		uint32_t age =
			bucket[i] == 0 ? UINT32_MAX : (uint32_t)(gap < 0 ? -(int64_t)gap : gap);

		if (bucket[i] >> 32 == tag) {
			if (age <= duplicates->window_us)
				return true;
			bucket[i] = (uint64_t)tag << 32 | now;
			return false;
		}
		if (age > oldest) {
			oldest = age;
			place = i;
		}
	}
	bucket[place] = (uint64_t)tag << 32 | now;
	return false;
}
