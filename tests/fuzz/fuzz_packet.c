/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first byte: its rest by 6 is the link type, its quotient, times 16, the bytes cut off.
 */
#include "adit_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct adit_ports ports;
	struct adit_address source, destination;
	struct adit_endpoints endpoints;
	struct adit_packet packet;
	const struct adit_context_rule rule = {true, true, true};

	if (size == 0)
		return 0;
	if (ports.special[0] == 0) {
		adit_ports_init(&ports);
		adit_ports_add(&ports, 53, ADIT_SERVICE_DNS);
	}
	struct adit_frame frame = {.data = data + 1, .captured = (uint32_t)size - 1};
	frame.wire = frame.captured + data[0] / 6 * 16u;
	frame.link = data[0] % 6;
	if (adit_packet_decode(&frame, &ports, &packet) != ADIT_OUTCOME_PENDING)
		return 0;
	adit_packet_endpoints(&frame, &packet, &endpoints);
	if (packet.flags & ADIT_PACKET_GTPU)
		adit_packet_outer(&frame, &packet, &source, &destination);
	if (packet.payload_offset + packet.payload_size > frame.captured ||
		adit_packet_shard(&frame, &packet, &rule, &adit_hash_key_fixed) >= ADIT_SHARDS)
		__builtin_trap();
	return 0;
}
