/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Segments of four streams, two pairs of opposite ones. The first byte says how many streams and
 * buffers there are. Then each segment has four bytes in front of its payload: stream and flags
 * (the top bit: the capture cut it), size, where it begins (in steps, from where its stream's last
 * one ended), and the time since the last one, which also chooses the client; the longest time
 * makes a doubtful segment. Every byte that comes out must have gone in, and at most once, until a
 * direction is read by a second stream too.
 */
#include "adit_stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEGMENT_HEAD 4
#define CUT          0x80
#define AT_ONCE      (256 * 512) /* bytes that a stream may hold, and more than a message has */
#define TIME_STEP    (ADIT_NS_PER_S / 8)

/* Reads all of it, so that ASan looks at every byte. */
static uint64_t sum_of(const uint8_t *bytes, size_t size)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += bytes[i];
	return sum;
}

/* Small steps, and at the ends of the scale large ones. */
static uint32_t step_of(uint8_t byte)
{
	int8_t step = (int8_t)byte;

	return (uint32_t)(step > 100 ? step * 1000 : step < -100 ? step * 1000 : step);
}

/* `count` bytes that repeat the `size` given ones, in a block of their own. */
static uint8_t *many_of(const uint8_t *bytes, size_t size, uint32_t count)
{
	uint8_t *made = malloc(count + !count);

	if (made == NULL)
		__builtin_trap();
	for (uint32_t i = 0; i < count; i++)
		made[i] = bytes[i % size];
	return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct adit_streams *made[16]; /* by the first byte; buffers take long to make */
	struct adit_streams_params params = {.shards = 1};
	uint64_t may = 0, out = 0, now_ns = 1, sum = 0, skipped, messages, opened;
	unsigned seen = 0; /* streams */
	uint32_t sequence[4] = {0, 1000, UINT32_MAX - 50, 1u << 31};
	const struct adit_streams_counters *counters;
	struct adit_streams *streams;

	if (size == 0)
		return 0;
	params.streams = 1 + data[0] % 4;
	params.buffers = 1 + data[0] / 4 % 4;
	if (made[data[0] % 16] == NULL)
		made[data[0] % 16] = adit_streams_create(&params, NULL);
	streams = made[data[0] % 16];
	if (streams == NULL)
		__builtin_trap();
	adit_streams_reset(streams);
	counters = adit_streams_counters(streams);
	skipped = counters->skipped_bytes;
	messages = counters->messages;
	opened = counters->opened;
	for (size_t at = 1; size - at >= SEGMENT_HEAD;) {
		unsigned which = data[at] & 3, most = data[at + 1];
		struct adit_segment segment = {.stream = which, .opposite = which ^ 1};
		struct adit_stream_message message;
		enum adit_outcome outcome;
		uint8_t *payload;

		/* FIN, SYN and RST where they stand on the wire; ACK in bit 4. */
		segment.flags = data[at] >> 2 & (ADIT_SEGMENT_FIN | ADIT_SEGMENT_SYN |
							ADIT_SEGMENT_RST | ADIT_SEGMENT_ACK);
		segment.client = data[at + 3] & 1;
		segment.doubtful = data[at + 3] == UINT8_MAX;
		segment.sequence = sequence[which] + step_of(data[at + 2]);
		segment.acknowledged = sequence[which ^ 1];
		now_ns += data[at + 3] * TIME_STEP;
		segment.ts_ns = now_ns;
		segment.wire_size = data[at] & CUT ? most : 0;
		at += SEGMENT_HEAD;
		/* Large ones too: a byte then stands for many. */
		segment.size = (uint32_t)(most < size - at ? most : size - at);
		if (most > 200)
			segment.size *= 100;
		payload = many_of(data + at, most < size - at ? most : size - at, segment.size);
		at += most < size - at ? most : size - at;
		segment.payload = payload;
		segment.wire_size += segment.size;
		sequence[which] =
			segment.sequence + segment.wire_size + !!(segment.flags & ADIT_SEGMENT_SYN);

		outcome = adit_streams_push(streams, 0, &segment);
		if (outcome != ADIT_OUTCOME_TCP_DNS &&
			outcome != (segment.doubtful ? ADIT_OUTCOME_TCP_DNS_REFUSED
						     : ADIT_OUTCOME_TCP_DNS_REPEATED))
			__builtin_trap();
		while (adit_streams_next(streams, &message)) {
			if (message.size > UINT16_MAX || message.size == 0)
				__builtin_trap();
			messages += !message.raw;
			out += message.size + (message.raw ? 0u : 2u);
			sum += sum_of(message.data, message.size);
		}
		/* A stream beside another reads some bytes again: those in hand, at most. */
		if ((segment.wire_size > 0 || segment.flags & ADIT_SEGMENT_SYN) &&
			!(segment.flags & ADIT_SEGMENT_RST) && !segment.doubtful)
			seen |= 1u << which;
		if (counters->opened - opened > (uint64_t)__builtin_popcount(seen))
			may += 4 * AT_ONCE;
		may += outcome == ADIT_OUTCOME_TCP_DNS ? segment.size : 0;
		if (out + counters->skipped_bytes - skipped > may ||
			messages != counters->messages ||
			counters->closed + counters->evicted > counters->opened)
			__builtin_trap();
		free(payload);
	}
	return sum == UINT64_MAX; /* never, but the compiler cannot know */
}
