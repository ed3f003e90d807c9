/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first byte: its rest by 6 is the link type, its quotient, times 16, the bytes cut off. Port
 * 443 of 192.0.2.53 is DNS over HTTPS. A fragment is decoded once more as if it were the whole
 * datagram. What the first look ends, the decoder would have ended in the same way. A list of the
 * network's tunnel peers (10.0.0.0/8, 2001:db8::/32) changes whose a message is, and nothing else.
 * Each row of the first look finds in a burst of the frame what the decoder finds.
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

static const struct adit_ports *ports_with_peers(void)
{
	static const struct adit_address v4 = {.bytes = {10}},
					 v6 = {.bytes = {0x20, 0x01, 0x0d, 0xb8}, .is_v6 = 1};
	static struct adit_ports ports;

	if (ports.peer_count == 0) {
		ports = *ports_get();
		(void)adit_ports_add_peer(&ports, &v4, 8);
		(void)adit_ports_add_peer(&ports, &v6, 32);
	}
	return &ports;
}

/* What is promised of a packet that a worker has the last word on. */
static void check_pending(struct adit_frame *frame, struct adit_packet *packet)
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
		trap_unless(packet->who_offset <= packet->ip_offset);
	}
	trap_unless(packet->ip_offset < packet->l4_offset &&
		    packet->l4_offset < packet->payload_offset &&
		    packet->payload_offset + packet->payload_size <= frame->captured);
	trap_unless(packet->flags & (ADIT_PACKET_TO_DNS | ADIT_PACKET_FROM_DNS));
	trap_unless(adit_packet_shard(frame, packet, &rule, &adit_hash_key_fixed) < ADIT_SHARDS);
}

/* `with` was decoded with a list of peers, `without` without one. */
static void check_peers(const struct adit_packet *with, const struct adit_packet *without)
{
	const uint16_t whose = ADIT_PACKET_GTPU | ADIT_PACKET_OUTER_V6 | ADIT_PACKET_PDU_UL |
			       ADIT_PACKET_PDU_DL | ADIT_PACKET_WHO_V6;
	struct adit_packet copy = *with;

	trap_unless(((with->flags ^ without->flags) & ~whose) == 0);
	trap_unless(with->who_offset <= without->who_offset);
	if (!(without->flags & ADIT_PACKET_GTPU))
		trap_unless(without->who_offset == without->ip_offset);
	copy.flags = without->flags;
	copy.who_offset = without->who_offset;
	if ((without->flags & ~with->flags) & ADIT_PACKET_GTPU) {
		copy.outer_ip_offset = without->outer_ip_offset;
		copy.gtpu_offset = without->gtpu_offset;
	}
	trap_unless(memcmp(&copy, without, sizeof(copy)) == 0);
}

static void resume(
	struct adit_frame frame, struct adit_packet packet, const struct adit_ports *ports)
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
	if (adit_packet_resume(&frame, ports, &packet) == ADIT_OUTCOME_PENDING)
		check_pending(&frame, &packet);
	free(copy);
}

/* What is looked at may be loaded from behind a short frame, and no more. */
static void check_glance(const struct adit_frame *frame, enum adit_outcome outcome)
{
	size_t room = frame->captured > ADIT_SIGHT_BYTES ? frame->captured : ADIT_SIGHT_BYTES;
	uint8_t *copy = malloc(room);
	struct adit_sight sights[ADIT_GLANCE_MAX];
	size_t count = 1 + room % ADIT_GLANCE_MAX;
	struct adit_glance expected, got;

	if (copy == NULL)
		return;
	memset(copy, 0x35, room);
	memcpy(copy, frame->data, frame->captured);
	for (size_t i = 0; i < count; i++)
		sights[i] = (struct adit_sight){copy, frame->captured};
	adit_glance_rows[adit_glance_row_count - 1].look(ports_get(), sights, count, &expected);
	for (size_t row = 0; row + 1 < adit_glance_row_count; row++) {
		if (!adit_glance_rows[row].supported())
			continue;
		adit_glance_rows[row].look(ports_get(), sights, count, &got);
		trap_unless(got.left == expected.left && got.datagrams == expected.datagrams &&
			    got.inside == expected.inside && got.tcp_other == expected.tcp_other &&
			    got.udp_other == expected.udp_other &&
			    got.ip_other == expected.ip_other);
	}
	if (expected.left == 0)
		trap_unless((outcome == ADIT_OUTCOME_TCP_OTHER          ? expected.tcp_other
				    : outcome == ADIT_OUTCOME_UDP_OTHER ? expected.udp_other
				    : outcome == ADIT_OUTCOME_IP_OTHER  ? expected.ip_other
									: 0) == count);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct adit_packet packet, closely, peers;
	enum adit_outcome outcome;

	if (size == 0)
		return 0;
	struct adit_frame frame = {.data = data + 1, .captured = (uint32_t)size - 1};
	frame.wire = frame.captured + data[0] / 6 * 16u;
	frame.link = data[0] % 6;
	outcome = adit_packet_decode(&frame, ports_get(), &packet);
	trap_unless(adit_packet_decode_closely(&frame, ports_get(), &closely) == outcome);
	if (frame.captured == frame.wire && frame.link == ADIT_LINK_ETHERNET)
		check_glance(&frame, outcome);
	switch (outcome) {
	case ADIT_OUTCOME_PENDING:
		trap_unless(adit_packet_decode(&frame, ports_with_peers(), &peers) == outcome);
		check_peers(&peers, &packet);
		check_pending(&frame, &packet);
		check_pending(&frame, &peers);
		break;
	case ADIT_OUTCOME_FRAGMENT:
		trap_unless(adit_packet_decode(&frame, ports_with_peers(), &peers) == outcome);
		resume(frame, packet, ports_get());
		resume(frame, peers, ports_with_peers());
		break;
	default:
		trap_unless(packet.outcome < ADIT_OUTCOME_COUNT);
		break;
	}
	return 0;
}
