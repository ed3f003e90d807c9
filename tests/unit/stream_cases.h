/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Streams of DNS over TCP under test: segments go in, and what comes out is written down as it
 * stood on the wire, so that for a stream of nothing but messages it must be the stream.
 */
#ifndef ADIT_TEST_STREAM_CASES_H
#define ADIT_TEST_STREAM_CASES_H

#include "adit_stream.h"
#include "frames.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#define UP      0x1111 /* keys of the two directions */
#define DOWN    0x2222
#define INITIAL 1000u
#define SECOND  ADIT_NS_PER_S
#define ROOM    (1 << 20)

struct sizes {
	uint32_t streams, buffers;
};

/* Streams, the bytes that came out of them, and the time. */
static struct {
	struct adit_streams *streams;
	uint64_t now_ns;
	uint8_t messages[ROOM], raw[ROOM], opposite[ROOM];
	size_t messages_size, raw_size, opposite_size;
} world;

static inline void world_start(struct sizes sizes)
{
	struct adit_streams_params params = {1, sizes.streams, sizes.buffers};

	world.streams = adit_streams_create(&params, NULL);
	world.now_ns = 1000 * SECOND;
	world.messages_size = world.raw_size = world.opposite_size = 0;
}

static inline void world_end(void)
{
	adit_streams_destroy(world.streams);
	world.streams = NULL;
}

static inline void append(uint8_t *to, size_t *used, const void *bytes, size_t size)
{
	if (size > ROOM - *used) {
		FAIL("more came out than went in");
		return;
	}
	memcpy(to + *used, bytes, size);
	*used += size;
}

static inline void append_message(
	uint8_t *to, size_t *used, const struct adit_stream_message *message)
{
	uint8_t prefix[2] = {(uint8_t)(message->size >> 8), (uint8_t)message->size};

	append(to, used, prefix, sizeof(prefix));
	append(to, used, message->data, message->size);
}

/* A segment as the tests change it; bytes are copied to a block of their size. */
static inline enum adit_outcome push(struct adit_segment segment)
{
	struct adit_stream_message message;
	enum adit_outcome outcome;
	uint8_t *copy = malloc(segment.size + !segment.size);

	if (segment.size > 0)
		memcpy(copy, segment.payload, segment.size);
	segment.payload = copy;
	segment.ts_ns = world.now_ns;
	if (segment.wire_size < segment.size)
		segment.wire_size = segment.size;
	outcome = adit_streams_push(world.streams, 0, &segment);
	while (adit_streams_next(world.streams, &message)) {
		if (message.raw)
			append(world.raw, &world.raw_size, message.data, message.size);
		else if (message.opposite)
			append_message(world.opposite, &world.opposite_size, &message);
		else
			append_message(world.messages, &world.messages_size, &message);
	}
	free(copy);
	return outcome;
}

static inline enum adit_outcome push_up(uint32_t sequence, const void *bytes, size_t size)
{
	return push((struct adit_segment){.stream = UP,
		.opposite = DOWN,
		.payload = bytes,
		.size = (uint32_t)size,
		.sequence = sequence});
}

static inline enum adit_outcome push_flags(uint32_t sequence, uint8_t flags)
{
	return push((struct adit_segment){
		.stream = UP, .opposite = DOWN, .sequence = sequence, .flags = flags});
}

/* From the other side. */
static inline enum adit_outcome acknowledge(uint32_t acknowledged)
{
	return push((struct adit_segment){.stream = DOWN,
		.opposite = UP,
		.sequence = 77,
		.acknowledged = acknowledged,
		.flags = ADIT_SEGMENT_ACK});
}

static inline const struct adit_streams_counters *counters(void)
{
	return adit_streams_counters(world.streams);
}

static inline void check_messages(const void *bytes, size_t size)
{
	CHECK_EQ_INT(world.messages_size, size);
	if (world.messages_size == size)
		CHECK_EQ_MEM(world.messages, bytes, size);
}

static inline void check_raw(const void *bytes, size_t size)
{
	CHECK_EQ_INT(world.raw_size, size);
	if (world.raw_size == size)
		CHECK_EQ_MEM(world.raw, bytes, size);
}

/* A stream of bytes in the making; at[i] is where message i begins, at[count] the end. */
struct text {
	uint8_t bytes[256 * 1024];
	size_t size, count;
	size_t at[4096];
};
static struct text text;

static inline void text_start(void)
{
	text.size = text.count = text.at[0] = 0;
}

static inline void text_message(const void *bytes, size_t size)
{
	text.bytes[text.size] = (uint8_t)(size >> 8);
	text.bytes[text.size + 1] = (uint8_t)size;
	memcpy(text.bytes + text.size + 2, bytes, size);
	text.size += 2 + size;
	text.at[++text.count] = text.size;
}

static struct frames frames;

static inline void text_query(uint16_t id, const char *name)
{
	frames_start(&frames);
	frames_query(&frames, id, name, 16);
	text_message(frames.bytes, frames.size);
}

/* A response with TXT records until it has `size` bytes, at least 60. */
static inline void text_response(uint16_t id, size_t size)
{
	static uint8_t rdata[65535];

	frames_start(&frames);
	frames_response(&frames, id, "t.example", 16, 0);
	frames_answer(&frames, 16, rdata, size - frames.size - 12);
	CHECK_EQ_INT(frames.size, size);
	text_message(frames.bytes, frames.size);
}

static uint64_t random_state;

static inline uint32_t chance(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

/* A few kinds of messages that read well. */
static inline void text_random(size_t messages)
{
	char name[32];

	text_start();
	for (size_t i = 0; i < messages; i++) {
		snprintf(name, sizeof(name), "n%zu-%u.example", i, chance(100000));
		if (chance(3) != 0)
			text_query((uint16_t)i, name);
		else
			text_response((uint16_t)i, 60 + chance(chance(4) != 0 ? 300 : 9000));
	}
}

static inline void text_noise(size_t size)
{
	for (size_t i = 0; i < size; i++)
		text.bytes[text.size++] = (uint8_t)chance(256);
}

static const struct sizes plenty = {16, 4};

#endif
