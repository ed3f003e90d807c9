/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A sequence of frames, each behind 4 bytes:
 *
 *	1	3 bits of link type, one of tap, 4 of milliseconds gone by (15: half a second)
 *	2	one bit to empty the table, 7 of bytes that were not captured
 *	3, 4	the frame's size
 */
#include "adit_reassembly.h"

#include <stdlib.h>

#define DATAGRAMS  3
#define TIMEOUT_NS (100 * ADIT_NS_PER_MS)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static const struct adit_ports *some_ports(void)
{
	static struct adit_ports ports;

	if (ports.service[53] == ADIT_SERVICE_NONE) {
		adit_ports_init(&ports);
		adit_ports_add(&ports, 53, ADIT_SERVICE_DNS);
		adit_ports_add(&ports, 853, ADIT_SERVICE_ENCRYPTED);
	}
	return &ports;
}

static uint64_t waiting(const struct adit_reassembly *table)
{
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);

	return n->started - n->completed - n->expired - n->evicted - n->refused - n->passed;
}

static void check_whole(const struct adit_frame *frame, const struct adit_packet *packet)
{
	struct adit_address source, destination;
	struct adit_endpoints ends;

	require(frame->captured == frame->wire);
	require(frame->captured <= ADIT_FRAGMENT_PREFIX_MAX + ADIT_DATAGRAM_MAX);
	/* Both ends of what may be loaded. */
	(void)*(volatile const uint8_t *)frame->data;
	(void)*(volatile const uint8_t *)(frame->data + frame->captured + frame->readable_tail - 1);
	if (packet->outcome != ADIT_OUTCOME_PENDING)
		return;
	require(packet->payload_offset + packet->payload_size <= frame->captured);
	adit_packet_endpoints(frame, packet, &ends);
	if (packet->flags & ADIT_PACKET_GTPU)
		adit_packet_outer(frame, packet, &source, &destination);
}

static void add(struct adit_reassembly *table, struct adit_frame *frame, uint64_t *held)
{
	uint64_t completed = adit_reassembly_counters(table)->completed;
	uint64_t lost = adit_reassembly_counters(table)->lost;
	uint64_t lost_dns = adit_reassembly_counters(table)->lost_dns;
	struct adit_packet packet;
	enum adit_outcome outcome;

	if (adit_packet_decode(frame, some_ports(), &packet) != ADIT_OUTCOME_FRAGMENT)
		return;
	outcome = adit_reassembly_add(table, frame, &packet);
	require(outcome == packet.outcome && outcome <= ADIT_OUTCOME_PENDING);
	*held += outcome == ADIT_OUTCOME_FRAGMENT;
	switch (outcome) {
	case ADIT_OUTCOME_FRAGMENT:
	case ADIT_OUTCOME_FRAGMENT_OTHER:
	case ADIT_OUTCOME_FRAGMENT_DUPLICATE:
	case ADIT_OUTCOME_FRAGMENT_OVERLAP:
	case ADIT_OUTCOME_FRAGMENT_EXCESS:
	case ADIT_OUTCOME_FRAGMENT_MALFORMED:
		break;
	default:
		if (adit_reassembly_counters(table)->completed != completed)
			check_whole(frame, &packet);
		else
			require(outcome == ADIT_OUTCOME_FRAME_CUT);
	}
	require(waiting(table) <= DATAGRAMS);
	require(adit_reassembly_counters(table)->lost >= lost);
	require(adit_reassembly_counters(table)->lost_dns >= lost_dns);
}

static struct adit_reassembly *make_table(void)
{
	const struct adit_reassembly_params params = {.ports = some_ports(),
		.key = &adit_hash_key_fixed,
		.datagrams = DATAGRAMS,
		.timeout_ns = TIMEOUT_NS};

	return adit_reassembly_create(&params, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct adit_reassembly *table;
	uint64_t now_ns = ADIT_NS_PER_S, held = 0, lost;

	/* One table for all inputs: reset leaves nothing of the last one. */
	if (table == NULL)
		table = make_table();
	require(table != NULL);
	lost = adit_reassembly_counters(table)->lost;
	while (size >= 4) {
		uint32_t bytes = adit_load_be16(data + 2), cut = data[1] & 0x7f;
		uint8_t *exact;

		if (data[1] & 0x80)
			adit_reassembly_reset(table);
		now_ns += (data[0] >> 4 == 15 ? 500 : data[0] >> 4) * ADIT_NS_PER_MS;
		bytes = bytes < size - 4 ? bytes : (uint32_t)size - 4;
		cut = cut < bytes ? cut : bytes;
		exact = malloc(bytes != cut ? bytes - cut : 1);
		if (exact == NULL)
			break;
		memcpy(exact, data + 4, bytes - cut);
		add(table,
			&(struct adit_frame){.data = exact,
				.ts_ns = now_ns,
				.captured = bytes - cut,
				.wire = bytes,
				.link = data[0] & 7,
				.tap = data[0] >> 3 & 1},
			&held);
		free(exact);
		data += 4 + bytes;
		size -= 4 + bytes;
	}
	adit_reassembly_reset(table);
	require(waiting(table) == 0);
	/* A frame leaves one piece at most, and its outcome then is `fragment`. */
	require(adit_reassembly_counters(table)->lost - lost <= held);
	return 0;
}
