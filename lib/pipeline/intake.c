/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From a frame to a packet with a shard, in the thread that decodes.
 */
#include "adit_pipeline.h"

/* Not inlined, so that what ends at the first look saves no registers for it. */
static __attribute__((noinline)) enum adit_outcome go_on(struct adit_intake *intake,
	struct adit_frame *frame, struct adit_packet *packet, enum adit_outcome outcome)
{
	if (outcome == ADIT_OUTCOME_FRAGMENT)
		outcome = adit_reassembly_add(intake->reassembly, frame, packet);
	if (outcome == ADIT_OUTCOME_PENDING)
		adit_packet_shard(frame, packet, intake->rule, intake->key);
	return outcome;
}

enum adit_outcome adit_intake_take(
	struct adit_intake *intake, struct adit_frame *frame, struct adit_packet *packet)
{
	enum adit_outcome outcome = adit_packet_decode(frame, intake->ports, packet);

	if (ADIT_UNLIKELY(outcome == ADIT_OUTCOME_PENDING || outcome == ADIT_OUTCOME_FRAGMENT))
		return go_on(intake, frame, packet, outcome);
	return outcome;
}

enum adit_outcome adit_intake_take_glanced(struct adit_intake *intake, struct adit_frame *frame,
	struct adit_packet *packet, enum adit_seen seen)
{
	return go_on(intake, frame, packet,
		adit_packet_decode_glanced(frame, intake->ports, packet, seen));
}
