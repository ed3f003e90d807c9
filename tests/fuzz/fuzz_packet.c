/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first byte: its rest by 6 is the link type, its quotient, times 16, the bytes cut off. Port
 * 443 of 192.0.2.53 is DNS over HTTPS. A fragment is decoded once more as if it were the whole
 * datagram. What the first look ends, the decoder would have ended in the same way.
 */
#include "adit_packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct adit_ports *ports_get(void)
{
	static const struct adit_address resolver = {.bytes = {192, 0, 2, 53}};
	static struct adit_ports ports;

	if (ports.resolver_count == 0) {
		adit_ports_init(&ports);
		adit_ports_add(&ports, 53, ADIT_SERVICE_DNS);
		adit_ports_add(&ports, 853, ADIT_SERVICE_ENCRYPTED);
		(void)adit_ports_add_resolver(&ports, &resolver);
	}
	return &ports;
}

static void trap_unless(bool holds)
{
	if (!holds)
		__builtin_trap();
}

/* What is promised of a packet that a worker has the last word on. */
static void check_pending(const struct adit_frame *frame, struct adit_packet *packet)
{
	static const struct adit_context_rule rule = {true, true, true};
	struct adit_address source, destination;
	struct adit_endpoints endpoints;

	adit_packet_endpoints(frame, packet, &endpoints);
	adit_packet_client(frame, packet, true, &source);
	adit_packet_client(frame, packet, false, &destination);
	if (packet->flags & ADIT_PACKET_GTPU) {
		adit_packet_outer(frame, packet, &source, &destination);
		(void)adit_packet_teid(frame, packet);
		trap_unless(packet->outer_ip_offset < packet->gtpu_offset &&
			    packet->gtpu_offset < packet->who_offset &&
			    packet->who_offset <= packet->ip_offset);
	} else {
		trap_unless(packet->who_offset == packet->ip_offset);
	}
	trap_unless(packet->ip_offset < packet->l4_offset &&
		    packet->l4_offset < packet->payload_offset &&
		    packet->payload_offset + packet->payload_size <= frame->captured);
	trap_unless(packet->flags & (ADIT_PACKET_TO_DNS | ADIT_PACKET_FROM_DNS));
	trap_unless(adit_packet_shard(frame, packet, &rule, &adit_hash_key_fixed) < ADIT_SHARDS);
}

static void resume(struct adit_frame frame, struct adit_packet packet)
{
	uint8_t *copy = malloc(frame.captured);

	if (copy == NULL)
		return;
	memcpy(copy, frame.data, frame.captured);
	frame.data = copy;
	if (packet.flags & ADIT_PACKET_V6)
		copy[packet.l4_offset + 2] = copy[packet.l4_offset + 3] = 0;
	else
		copy[packet.ip_offset + 6] = copy[packet.ip_offset + 7] = 0;
	if (adit_packet_resume(&frame, ports_get(), &packet) == ADIT_OUTCOME_PENDING)
		check_pending(&frame, &packet);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct adit_packet packet, closely;
	enum adit_outcome outcome;

	if (size == 0)
		return 0;
	struct adit_frame frame = {.data = data + 1, .captured = (uint32_t)size - 1};
	frame.wire = frame.captured + data[0] / 6 * 16u;
	frame.link = data[0] % 6;
	outcome = adit_packet_decode(&frame, ports_get(), &packet);
	trap_unless(adit_packet_decode_closely(&frame, ports_get(), &closely) == outcome);
	switch (outcome) {
	case ADIT_OUTCOME_PENDING:
		check_pending(&frame, &packet);
		break;
	case ADIT_OUTCOME_FRAGMENT:
		resume(frame, packet);
		break;
	default:
		trap_unless(packet.outcome < ADIT_OUTCOME_COUNT);
		break;
	}
	return 0;
}
