/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The duplicate filter: a mirror of both sides of a switch, or a tap of S1-U and S5, shows the
 * same packet twice within a moment. A client that repeats a query does so a second later: that is
 * no duplicate but a repetition, a packet of its own whose question counts once.
 */
#include "pipeline_priv.h"

/* Of what is only counted, these bytes will do. */
#define ENCRYPTED_BYTES 48

/*
 * All of a message goes in: whoever wants to hide what he sends would else leave the bytes that are
 * looked at as they are and change the others.
 */
uint16_t adit_duplicate_seed(const struct adit_frame *frame, const struct adit_packet *packet,
	uint64_t who_key, struct adit_hash_seed *seed)
{
	const uint8_t *ip = frame->data + packet->ip_offset;
	const uint8_t *l4 = frame->data + packet->l4_offset;
	bool is_tcp = (packet->flags & ADIT_PACKET_TCP) != 0;
	bool is_v6 = (packet->flags & ADIT_PACKET_V6) != 0;
	bool is_up = (packet->flags & ADIT_PACKET_TO_DNS) != 0;
	uint16_t size = packet->payload_size;
	/* IPv6 has no identification, but a checksum over all, whatever the leg. */
	const uint8_t *what = is_v6 ? l4 + (is_tcp ? 16 : 6) : ip + 4;
	/* The server's address; of IPv4, both. */
	const uint8_t *from = ip + (is_v6 ? 8 + 16 * is_up : 12);
	uint64_t second;

	*seed = (struct adit_hash_seed){.word = {who_key}};
	seed->word[1] =
		adit_load_be32(l4) | (uint64_t)size << 32 | (uint64_t)adit_load_be16(what) << 48;
	memcpy(&seed->word[2], from, 8);
	memcpy(&second, from + 8 * is_v6, 8);
	seed->word[3] = second & -(uint64_t)is_v6;
	if (is_tcp)
		/* Sequence and acknowledgement: most segments of a tunnel end carry nothing else.
		 */
		memcpy(&seed->word[5], l4 + 4, 8);
	if (packet->flags & (ADIT_PACKET_ENCRYPTED | ADIT_PACKET_DOH) && size > ENCRYPTED_BYTES)
		size = ENCRYPTED_BYTES;
	return size;
}

uint64_t adit_repetition_digest(const struct adit_hash_key *key, uint64_t who_key,
	const struct adit_event *event, uint16_t qtype)
{
	uint64_t what = (uint64_t)qtype << 33 | (uint64_t)event->is_query << 32;

	return adit_hash_pair(key, who_key + event->name_hash,
		what + (event->is_query ? 0
					: event->answer_digest + ((uint64_t)event->rcode << 50)));
}

/* Captures are not always in order. */
static inline uint32_t age_at(const struct adit_duplicate_bucket *bucket, int place, uint32_t now)
{
	int32_t gap = (int32_t)(now - bucket->time[place]);

	return (uint32_t)(gap < 0 ? -(int64_t)gap : gap);
}

static int oldest_at(const struct adit_duplicate_bucket *bucket, uint32_t now)
{
	uint32_t oldest = 0;
	int place = 0;

	for (int i = 0; i < ADIT_LANES; i++) {
		uint32_t age = age_at(bucket, i, now);

		if (age > oldest) {
			oldest = age;
			place = i;
		}
	}
	return place;
}

bool adit_duplicate_seen(
	struct adit_duplicates *duplicates, uint32_t shard, uint64_t digest, uint64_t ts_ns)
{
	struct adit_duplicate_bucket *bucket = adit_duplicate_bucket(duplicates, shard, digest);
	uint32_t tag = (uint32_t)(digest >> 32) | 1,
		 now = (uint32_t)(ts_ns >> ADIT_DUPLICATE_TICK_BITS);
	unsigned same = adit_lanes_equal(bucket->tag, UINT32_MAX, tag), empty;
	int place;

	duplicates->used = true;
	if (same != 0) {
		place = __builtin_ctz(same);
		if (age_at(bucket, place, now) <= duplicates->window)
			return true;
	} else {
		empty = adit_lanes_equal(bucket->tag, UINT32_MAX, 0);
		place = empty != 0 ? __builtin_ctz(empty) : oldest_at(bucket, now);
	}
	bucket->tag[place] = tag;
	bucket->time[place] = now;
	return false;
}
