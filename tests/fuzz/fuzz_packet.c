/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first byte: its rest by 6 is the link type, its quotient, times 16, the bytes cut off.
 */
#include "adit_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct adit_ports ports = {{[0] = UINT64_C(1) << 53}};
	struct adit_address source, destination;
	struct adit_endpoints endpoints;
	struct adit_packet packet;

	if (size == 0)
		return 0;
	struct adit_frame frame = {.data = data + 1, .captured = (uint32_t)size - 1};
	frame.wire = frame.captured + data[0] / 6 * 16u;
	frame.link = data[0] % 6;
	if (adit_packet_decode(&frame, &ports, &packet) != ADIT_OUTCOME_PENDING)
		return 0;
	adit_packet_endpoints(&frame, &packet, &endpoints);
	if (packet.flags & ADIT_PACKET_GTPU)
		adit_packet_outer(&frame, &packet, &source, &destination);
	if (packet.payload_offset + packet.payload_size > frame.captured ||
		adit_packet_shard(&frame, &packet, &adit_hash_key_fixed) >= ADIT_SHARDS)
		__builtin_trap();
	return 0;
}
