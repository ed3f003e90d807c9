/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Streams of DNS over TCP. What comes out is written down as it stood on the wire, so that for a
 * stream of nothing but messages it must be the stream.
 */
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

static void world_start(struct sizes sizes)
{
	struct adit_streams_params params = {1, sizes.streams, sizes.buffers};

	world.streams = adit_streams_create(&params, NULL);
	world.now_ns = 1000 * SECOND;
	world.messages_size = world.raw_size = world.opposite_size = 0;
}

static void world_end(void)
{
	adit_streams_destroy(world.streams);
	world.streams = NULL;
}

static void append(uint8_t *to, size_t *used, const void *bytes, size_t size)
{
	if (size > ROOM - *used) {
		FAIL("more came out than went in");
		return;
	}
	memcpy(to + *used, bytes, size);
	*used += size;
}

static void append_message(uint8_t *to, size_t *used, const struct adit_stream_message *message)
{
	uint8_t prefix[2] = {(uint8_t)(message->size >> 8), (uint8_t)message->size};

	append(to, used, prefix, sizeof(prefix));
	append(to, used, message->data, message->size);
}

/* A segment as the tests change it; bytes are copied to a block of their size. */
static enum adit_outcome push(struct adit_segment segment)
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

static enum adit_outcome push_up(uint32_t sequence, const void *bytes, size_t size)
{
	return push((struct adit_segment){.stream = UP,
		.opposite = DOWN,
		.payload = bytes,
		.size = (uint32_t)size,
		.sequence = sequence});
}

static enum adit_outcome push_flags(uint32_t sequence, uint8_t flags)
{
	return push((struct adit_segment){
		.stream = UP, .opposite = DOWN, .sequence = sequence, .flags = flags});
}

/* From the other side. */
static enum adit_outcome acknowledge(uint32_t acknowledged)
{
	return push((struct adit_segment){.stream = DOWN,
		.opposite = UP,
		.sequence = 77,
		.acknowledged = acknowledged,
		.flags = ADIT_SEGMENT_ACK});
}

static const struct adit_streams_counters *counters(void)
{
	return adit_streams_counters(world.streams);
}

static void check_messages(const void *bytes, size_t size)
{
	CHECK_EQ_INT(world.messages_size, size);
	if (world.messages_size == size)
		CHECK_EQ_MEM(world.messages, bytes, size);
}

static void check_raw(const void *bytes, size_t size)
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

static void text_start(void)
{
	text.size = text.count = text.at[0] = 0;
}

static void text_message(const void *bytes, size_t size)
{
	text.bytes[text.size] = (uint8_t)(size >> 8);
	text.bytes[text.size + 1] = (uint8_t)size;
	memcpy(text.bytes + text.size + 2, bytes, size);
	text.size += 2 + size;
	text.at[++text.count] = text.size;
}

static struct frames frames;

static void text_query(uint16_t id, const char *name)
{
	frames_start(&frames);
	frames_query(&frames, id, name, 16);
	text_message(frames.bytes, frames.size);
}

/* A response with TXT records until it has `size` bytes, at least 60. */
static void text_response(uint16_t id, size_t size)
{
	static uint8_t rdata[65535];

	frames_start(&frames);
	frames_response(&frames, id, "t.example", 16, 0);
	frames_answer(&frames, 16, rdata, size - frames.size - 12);
	CHECK_EQ_INT(frames.size, size);
	text_message(frames.bytes, frames.size);
}

static uint64_t random_state;

static uint32_t chance(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

/* A few kinds of messages that read well. */
static void text_random(size_t messages)
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

static void text_noise(size_t size)
{
	for (size_t i = 0; i < size; i++)
		text.bytes[text.size++] = (uint8_t)chance(256);
}

static const struct sizes plenty = {16, 4};

TEST(stream, every_split_into_two_and_three)
{
	text_start();
	text_query(1, "a.example");
	text_query(2, "b.example");
	text_message("\x12\x34\1\0\0\1\0\0\0\0\0\0\x7f"
		     "abcd",
		17); /* its question cannot be read */
	text_message("\x12\x35\x80\0\0\0\0\0\0\0\0\0", 12);
	text_query(3, "c.example");
	world_start(plenty);
	for (size_t i = 0; i <= text.size; i++) {
		for (size_t j = i; j <= text.size; j++) {
			world.messages_size = 0;
			push_flags(INITIAL, ADIT_SEGMENT_SYN);
			push_up(INITIAL + 1, text.bytes, i);
			push_up((uint32_t)(INITIAL + 1 + i), text.bytes + i, j - i);
			push_up((uint32_t)(INITIAL + 1 + j), text.bytes + j, text.size - j);
			push_flags((uint32_t)(INITIAL + 1 + text.size), ADIT_SEGMENT_FIN);
			check_messages(text.bytes, text.size);
			adit_streams_reset(world.streams);
			if (harness_failed())
				FAIL("split at %zu and %zu", i, j);
			REQUIRE(!harness_failed());
		}
	}
	CHECK_EQ_INT(counters()->messages, counters()->opened * 5);
	CHECK_EQ_INT(counters()->closed, counters()->opened);
	CHECK_EQ_INT(counters()->raw + counters()->gaps + counters()->skipped_bytes, 0);
	world_end();
}

struct piece {
	uint32_t from, to;
};

/* Cuts [0, size) into pieces of at most `most`, repeats and stretches some, and moves each a few
 * places; returns how many. */
static size_t cut(struct piece *pieces, size_t room, size_t size, uint32_t most)
{
	size_t count = 0;

	for (size_t at = 0; at < size && count + 2 < room;) {
		size_t end = at + 1 + chance(most);
		size_t back = chance(4) != 0 ? 0 : chance((uint32_t)(at < 40 ? at + 1 : 40));

		end = end < size ? end : size;
		pieces[count++] = (struct piece){(uint32_t)(at - back), (uint32_t)end};
		if (chance(6) == 0) {
			size_t more = end + chance(50);

			pieces[count++] =
				(struct piece){(uint32_t)at, (uint32_t)(more < size ? more : size)};
		}
		at = end;
	}
	for (size_t i = 0; i + 1 < count; i++) {
		size_t other = i + chance(6);
		struct piece piece = pieces[i];

		if (other >= count || chance(2) == 0)
			continue;
		pieces[i] = pieces[other];
		pieces[other] = piece;
	}
	return count;
}

static struct piece pieces[80000];

static void push_pieces(uint32_t initial, size_t count)
{
	push_flags(initial, ADIT_SEGMENT_SYN);
	for (size_t i = 0; i < count; i++) {
		enum adit_outcome outcome = push_up(initial + 1 + pieces[i].from,
			text.bytes + pieces[i].from, pieces[i].to - pieces[i].from);

		if (outcome != ADIT_OUTCOME_TCP_DNS && outcome != ADIT_OUTCOME_TCP_DNS_REPEATED)
			FAIL("piece %zu ends in outcome %d", i, outcome);
	}
	push_flags((uint32_t)(initial + 1 + text.size), ADIT_SEGMENT_FIN);
}

TEST(stream, any_cut_and_order_gives_the_same)
{
	world_start(plenty);
	random_state = 0x9e3779b97f4a7c15;
	for (int round = 0; round < 3000; round++) {
		/* Half of the streams cross the end of the sequence numbers. */
		uint32_t initial = chance(2) ? UINT32_MAX - chance(3000) : chance(UINT32_MAX);

		world.messages_size = 0;
		text_random(1 + chance(25));
		push_pieces(initial, cut(pieces, ADIT_COUNT(pieces), text.size,
					     (uint32_t[]){3, 30, 200, 1448, 9000}[chance(5)]));
		check_messages(text.bytes, text.size);
		if (harness_failed())
			FAIL("round %d", round);
		REQUIRE(!harness_failed());
		adit_streams_reset(world.streams);
	}
	CHECK_EQ_INT(counters()->closed, counters()->opened);
	CHECK_EQ_INT(counters()->raw + counters()->gaps + counters()->skipped_bytes, 0);
	world_end();
}

TEST(stream, raw_bytes_come_in_order_too)
{
	world_start(plenty);
	random_state = 0xabcdef12345;
	for (int round = 0; round < 500; round++) {
		world.raw_size = 0;
		text_start();
		memcpy(text.bytes, "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11);
		text.size = 11;
		text_noise(100 + chance(20000));
		push_pieces(chance(UINT32_MAX), cut(pieces, ADIT_COUNT(pieces), text.size, 1448));
		check_raw(text.bytes, text.size);
		REQUIRE(!harness_failed());
		adit_streams_reset(world.streams);
	}
	CHECK_EQ_INT(counters()->raw, counters()->opened);
	CHECK_EQ_INT(counters()->messages + counters()->gaps + counters()->skipped_bytes, 0);
	world_end();
}

/* Some segments never come: what comes out is still nothing but messages that were sent, in order,
 * and no byte is counted twice. */
TEST(stream, losses_give_no_message_that_was_not_sent)
{
	size_t sent = 0, lost = 0, came = 0;

	world_start(plenty);
	random_state = 0x123456789;
	for (int round = 0; round < 2000; round++) {
		uint32_t initial = chance(UINT32_MAX);
		uint64_t before = counters()->skipped_bytes;
		size_t at = 0, fresh = 0;

		world.messages_size = world.raw_size = 0;
		text_random(200);
		push_flags(initial, ADIT_SEGMENT_SYN);
		for (size_t from = 0, to; from < text.size; from = to) {
			/* Half begin where a message does. */
			to = from + 1 + chance(1448);
			if (chance(2))
				for (size_t i = 1; i <= text.count; i++)
					if (text.at[i] > from && text.at[i] < to)
						to = text.at[i];
			to = to < text.size ? to : text.size;
			if (chance(20) == 0)
				continue;
			world.now_ns += chance(10) * SECOND / 20;
			push_up((uint32_t)(initial + 1 + from), text.bytes + from, to - from);
			fresh += to - from;
		}
		acknowledge((uint32_t)(initial + 1 + text.size));
		append(world.messages, &world.messages_size, world.opposite, world.opposite_size);
		world.opposite_size = 0;
		for (size_t i = 0; i < text.count; i++) {
			size_t size = text.at[i + 1] - text.at[i];

			if (size <= world.messages_size - at &&
				memcmp(world.messages + at, text.bytes + text.at[i], size) == 0)
				at += size;
		}
		CHECK_EQ_INT(at, world.messages_size);
		CHECK_EQ_INT(world.raw_size, 0);
		CHECK(at + counters()->skipped_bytes - before <= fresh);
		REQUIRE(!harness_failed());
		sent += text.size;
		lost += text.size - fresh;
		came += world.messages_size;
		adit_streams_reset(world.streams);
	}
	/* One segment of twenty is lost, and with it little more than the message it cuts. */
	CHECK(counters()->gaps > 1000 && counters()->resynchronised > 1000);
	CHECK(came > sent / 2);
	CHECK(lost > 0);
	world_end();
}

TEST(stream, the_first_bytes_win)
{
	uint8_t other[64];

	world_start(plenty);
	text_start();
	text_query(1, "first.example");
	memset(other, 'x', sizeof(other));
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_up(INITIAL + 1 + 20, text.bytes + 20, 5);
	CHECK_EQ_INT(push_up(INITIAL + 1 + 20, other, 5), ADIT_OUTCOME_TCP_DNS_REPEATED);
	push_up(INITIAL + 1, text.bytes, 10);
	CHECK_EQ_INT(push_up(INITIAL + 1 + 2, other, 8), ADIT_OUTCOME_TCP_DNS_REPEATED);
	/* Old, new, waiting and new bytes in one segment: the new ones are taken. */
	memcpy(other + 10, text.bytes + 10, 10);
	memcpy(other + 25, text.bytes + 25, text.size - 25);
	CHECK_EQ_INT(push_up(INITIAL + 1, other, text.size), ADIT_OUTCOME_TCP_DNS);
	check_messages(text.bytes, text.size);
	world_end();
}

TEST(stream, repeats)
{
	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	CHECK_EQ_INT(push_flags(INITIAL, ADIT_SEGMENT_SYN), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(push_up(INITIAL + 1, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(push_up(INITIAL + 1, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS_REPEATED);
	/* Keep-alive: one byte before the next, or none. */
	CHECK_EQ_INT(
		push_up((uint32_t)(INITIAL + text.size), "", 1), ADIT_OUTCOME_TCP_DNS_REPEATED);
	CHECK_EQ_INT(push_flags((uint32_t)(INITIAL + text.size), ADIT_SEGMENT_ACK),
		ADIT_OUTCOME_TCP_DNS);
	/* Its SYN late, and the last data again behind the FIN. */
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_flags((uint32_t)(INITIAL + 1 + text.size), ADIT_SEGMENT_FIN);
	CHECK_EQ_INT(push_up(INITIAL + 1, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS_REPEATED);
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->opened, 1);
	CHECK_EQ_INT(counters()->closed, 1);
	world_end();
}

TEST(stream, begins_and_ends)
{
	struct adit_segment segment = {.stream = UP, .payload = text.bytes, .sequence = INITIAL};

	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	segment.size = (uint32_t)text.size;
	/* Data with the SYN, and with the FIN. */
	segment.flags = ADIT_SEGMENT_SYN;
	push(segment);
	segment.sequence += 1 + segment.size;
	segment.flags = ADIT_SEGMENT_FIN | ADIT_SEGMENT_ACK;
	push(segment);
	text_query(1, "a.example");
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->closed, 1);
	/* Closed, and it goes on: so it was not its own FIN. */
	CHECK_EQ_INT(push_up((uint32_t)(INITIAL + 1 + text.size), text.bytes, text.at[1]),
		ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(counters()->messages, 3);
	CHECK_EQ_INT(counters()->opened, 2);
	/* A new SYN in the middle of a message. */
	push_up((uint32_t)(INITIAL + 1 + text.size + text.at[1]), text.bytes, 20);
	push_flags(5, ADIT_SEGMENT_SYN);
	CHECK_EQ_INT(counters()->closed, 2);
	CHECK_EQ_INT(counters()->skipped_bytes, 20);
	push_up(6, text.bytes, text.size);
	CHECK_EQ_INT(counters()->messages, 5);
	/* An RST far outside says nothing, one that fits does; nor does it open a stream. */
	push_flags(1u << 30, ADIT_SEGMENT_RST);
	CHECK_EQ_INT(counters()->closed, 2);
	push_flags((uint32_t)(6 + text.size), ADIT_SEGMENT_RST | ADIT_SEGMENT_ACK);
	CHECK_EQ_INT(counters()->closed, 3);
	push((struct adit_segment){
		.stream = 99, .payload = text.bytes, .size = 9, .flags = ADIT_SEGMENT_RST});
	CHECK_EQ_INT(counters()->opened, 3);
	/* A FIN before its time closes when that comes; the message goes on for all that. */
	push_flags(5000, ADIT_SEGMENT_SYN);
	push_flags(5021, ADIT_SEGMENT_FIN);
	CHECK_EQ_INT(counters()->closed, 3);
	push_up(5001, text.bytes, 20);
	CHECK_EQ_INT(counters()->closed, 4);
	push_up(5021, text.bytes + 20, text.size - 20);
	CHECK_EQ_INT(counters()->messages, 7);
	CHECK_EQ_INT(counters()->gaps + counters()->raw, 0);
	world_end();
}

TEST(stream, an_rst_sets_free_what_waits)
{
	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	text_query(2, "b.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_up((uint32_t)(INITIAL + 1 + text.at[1]), text.bytes + text.at[1],
		text.size - text.at[1]);
	CHECK_EQ_INT(world.messages_size, 0);
	push_flags((uint32_t)(INITIAL + 1 + text.size), ADIT_SEGMENT_RST);
	check_messages(text.bytes + text.at[1], text.size - text.at[1]);
	CHECK_EQ_INT(counters()->gaps, 1);
	CHECK_EQ_INT(counters()->closed, 1);
	world_end();
}

/* Five messages; the middle of the second never comes. */
static uint32_t start_with_loss(void)
{
	uint32_t sequence = INITIAL + 1;

	text_start();
	text_query(1, "a.example");
	text_response(2, 3000);
	text_query(3, "c.example");
	text_query(4, "d.example");
	text_query(5, "e.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_up(sequence, text.bytes, text.at[1] + 1000);
	/* Ends inside message 4. */
	push_up((uint32_t)(sequence + text.at[1] + 2000), text.bytes + text.at[1] + 2000,
		text.at[3] + 10 - text.at[1] - 2000);
	check_messages(text.bytes, text.at[1]);
	CHECK_EQ_INT(counters()->gaps, 0);
	return sequence;
}

static void check_after_loss(void)
{
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->messages, 4);
	CHECK_EQ_INT(counters()->gaps, 1);
	CHECK_EQ_INT(counters()->resynchronised, 1);
	/* The rest of message 2 that came. */
	CHECK_EQ_INT(counters()->skipped_bytes, 3002 - 1000);
}

static void text_without_second(void)
{
	memmove(text.bytes + text.at[1], text.bytes + text.at[2], text.size - text.at[2]);
	text.size -= text.at[2] - text.at[1];
}

TEST(stream, a_gap_grows_old)
{
	uint32_t sequence;

	world_start(plenty);
	sequence = start_with_loss();
	world.now_ns += ADIT_STREAM_GAP_NS - 1;
	push_flags((uint32_t)(sequence + text.size), ADIT_SEGMENT_ACK);
	CHECK_EQ_INT(counters()->gaps, 0);
	world.now_ns++;
	push_up((uint32_t)(sequence + text.at[3] + 10), text.bytes + text.at[3] + 10,
		text.size - text.at[3] - 10);
	text_without_second();
	check_after_loss();
	world_end();
}

TEST(stream, a_late_segment_still_fills_the_gap)
{
	uint32_t sequence;

	world_start(plenty);
	sequence = start_with_loss();
	world.now_ns += 3 * ADIT_STREAM_GAP_NS;
	push_up((uint32_t)(sequence + text.at[1] + 1000), text.bytes + text.at[1] + 1000, 1000);
	check_messages(text.bytes, text.at[3]);
	CHECK_EQ_INT(counters()->gaps, 0);
	world_end();
}

TEST(stream, the_other_side_acknowledges_what_never_came)
{
	uint32_t sequence, rest;

	world_start(plenty);
	sequence = start_with_loss();
	/* Only what came: nothing is lost. */
	acknowledge((uint32_t)(sequence + text.at[1] + 1000));
	CHECK_EQ_INT(counters()->gaps, 0);
	/* Far too much: nothing is to be believed. */
	acknowledge(sequence + (1u << 30));
	CHECK_EQ_INT(counters()->gaps, 0);
	acknowledge((uint32_t)(sequence + text.at[3]));
	CHECK_EQ_INT(world.opposite_size, text.at[3] - text.at[2]);
	CHECK_EQ_MEM(world.opposite, text.bytes + text.at[2], world.opposite_size);
	rest = (uint32_t)text.at[3] + 10;
	push_up(sequence + rest, text.bytes + rest, text.size - rest);
	CHECK_EQ_INT(world.messages_size, text.at[1] + text.size - text.at[3]);
	append(world.messages, &world.messages_size, world.opposite, 0);
	CHECK_EQ_INT(counters()->messages, 4);
	CHECK_EQ_INT(counters()->gaps, 1);
	CHECK_EQ_INT(counters()->skipped_bytes, 3002 - 1000);
	world_end();
}

/* The acknowledgement comes before the data, as from a tap with two ports: no loss. */
TEST(stream, an_early_acknowledgement_loses_nothing)
{
	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	text_query(2, "b.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	acknowledge((uint32_t)(INITIAL + 1 + text.size));
	push_up(INITIAL + 1, text.bytes, 20);
	push_up(INITIAL + 1 + 20, text.bytes + 20, text.size - 20);
	check_messages(text.bytes, text.size);
	/* But what arrives behind a gap that was acknowledged need not wait. */
	text_query(3, "c.example");
	text_query(4, "d.example");
	acknowledge((uint32_t)(INITIAL + 1 + text.size));
	push_up((uint32_t)(INITIAL + 1 + text.at[3]), text.bytes + text.at[3],
		text.size - text.at[3]);
	CHECK_EQ_INT(counters()->messages, 3);
	CHECK_EQ_INT(counters()->gaps, 1);
	world_end();
}

TEST(stream, both_directions)
{
	struct adit_segment down = {.stream = DOWN, .opposite = UP, .sequence = 9};
	size_t query;

	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	query = text.size;
	text_response(1, 2000);
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	down.flags = ADIT_SEGMENT_SYN | ADIT_SEGMENT_ACK;
	down.acknowledged = INITIAL + 1;
	push(down);
	push_up(INITIAL + 1, text.bytes, query);
	down.flags = ADIT_SEGMENT_ACK;
	down.acknowledged += (uint32_t)query;
	down.sequence++;
	down.payload = text.bytes + query;
	down.size = 1448;
	push(down);
	down.sequence += 1448;
	down.payload += 1448;
	down.size = 2002 - 1448;
	down.flags |= ADIT_SEGMENT_FIN;
	push(down);
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->opened, 2);
	CHECK_EQ_INT(counters()->closed, 1);
	CHECK_EQ_INT(counters()->gaps, 0);
	/* The FIN of the first never comes; that it ends is known when it is acknowledged. */
	push_flags((uint32_t)(INITIAL + 1 + query + 30), ADIT_SEGMENT_FIN);
	CHECK_EQ_INT(counters()->closed, 1);
	acknowledge((uint32_t)(INITIAL + 1 + query + 31));
	CHECK_EQ_INT(counters()->closed, 2);
	CHECK_EQ_INT(counters()->gaps, 1);
	world_end();
}

TEST(stream, a_loss_of_several_messages_waits_for_a_segment_that_begins_with_one)
{
	uint32_t sequence = INITIAL + 1;

	world_start(plenty);
	text_start();
	for (uint16_t i = 0; i < 8; i++)
		text_query(i, "abc.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_up(sequence, text.bytes, text.at[1]);
	/* 1 and 2 are lost, and the beginning of 3; 4 begins a segment, and so does 6. */
	push_up((uint32_t)(sequence + text.at[3] + 5), text.bytes + text.at[3] + 5,
		text.at[4] - text.at[3] - 5);
	push_up((uint32_t)(sequence + text.at[4]), text.bytes + text.at[4],
		text.at[5] + 7 - text.at[4]);
	push_up((uint32_t)(sequence + text.at[6]), text.bytes + text.at[6], text.size - text.at[6]);
	CHECK_EQ_INT(counters()->messages, 1);
	acknowledge((uint32_t)(sequence + text.size));
	/* 4, then 5 is broken but its length is known. */
	CHECK_EQ_INT(world.opposite_size, text.size - 5 * text.at[1]);
	CHECK_EQ_MEM(world.opposite, text.bytes + text.at[4], text.at[1]);
	CHECK_EQ_MEM(world.opposite + text.at[1], text.bytes + text.at[6], 2 * text.at[1]);
	CHECK_EQ_INT(counters()->gaps, 2);
	CHECK_EQ_INT(counters()->resynchronised, 2);
	CHECK_EQ_INT(counters()->skipped_bytes, text.at[1] - 5 + 7);
	world_end();
}

TEST(stream, joins_in_the_middle)
{
	uint32_t sequence = 7;

	world_start(plenty);
	random_state = 42;
	text_start();
	text_noise(700);
	CHECK_EQ_INT(push_flags(sequence, ADIT_SEGMENT_ACK), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(counters()->opened, 0);
	push_up(sequence, text.bytes, 700);
	CHECK_EQ_INT(counters()->skipped_bytes, 700);
	sequence += 700;
	/* Length and message in segments of their own, the message in two. */
	text_start();
	text_query(1, "middle.example");
	push_up(sequence, text.bytes, 2);
	push_up(sequence + 2, text.bytes + 2, 9);
	push_up(sequence + 11, text.bytes + 11, text.size - 11);
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->resynchronised, 1);
	CHECK_EQ_INT(counters()->skipped_bytes, 700);
	CHECK_EQ_INT(counters()->raw, 0);
	world_end();
}

/* Zone transfers name the zone once; what follows has records only. */
TEST(stream, joins_a_zone_transfer)
{
	static const char record[] = "\0\x1f"
				     "\x12\x34\x84\0\0\0\0\1\0\0\0\0"
				     "\1a\1b\0\0\1\0\1\0\0\1\0\0\4\x0a\0\0\1";

	world_start(plenty);
	push_up(1, record, 33);
	check_messages(record, 33);
	CHECK_EQ_INT(counters()->resynchronised, 1);
	world_end();
}

TEST(stream, only_a_message_is_taken_for_one)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
	} wrong[] = {{"too short", 1, 11}, {"opcode", 4, 0x18}, {"inverse query", 4, 0x08},
		{"Z", 5, 0x40}, {"rcode", 5, 3}, {"two questions", 7, 2}, {"none", 7, 0},
		{"an answer to nothing", 9, 1}, {"count", 12, 1}, {"label", 14, 0x40},
		{"class", 0, 0}};

	for (size_t i = 0; i < ADIT_COUNT(wrong); i++) {
		size_t at = wrong[i].at;

		world_start(plenty);
		text_start();
		text_query(1, "a.example");
		text.bytes[at != 0 ? at : text.size - 1] = at != 0 ? wrong[i].byte : 7;
		push_up(1, text.bytes, text.size);
		CHECK_EQ_INT(world.messages_size, 0);
		CHECK_EQ_INT(counters()->skipped_bytes, text.size);
		if (harness_failed())
			FAIL("%s", wrong[i].what);
		world_end();
		REQUIRE(!harness_failed());
	}
	/* Many beginnings of random bytes. */
	world_start(plenty);
	random_state = 99;
	text_start();
	text_noise(128 * 1024);
	for (uint32_t i = 0; i < 300000; i++) {
		push_up(i * 64, text.bytes + chance(127 * 1024), 64);
		if (i % 2000 == 1999)
			adit_streams_reset(world.streams);
	}
	CHECK_EQ_INT(counters()->resynchronised, 0);
	CHECK_EQ_INT(counters()->raw, 0);
	world_end();
}

TEST(stream, raw_is_known_from_the_first_bytes)
{
	static const struct {
		const char *what, *bytes;
		size_t size, needs;
	} streams[] = {
		{"TLS", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\x11\x22\x33\x44\x55", 16, 14},
		{"SSH", "SSH-2.0-OpenSSH_9.2p1\r\n", 23, 14},
		{"HTTP", "GET / HTTP/1.1\r\nHost:", 21, 14},
		{"OpenVPN", "\0\x0e\x38\x9a\xe1\x5f\x11\x20\x39\x01\x77\0\0\0\0\0", 16, 14},
		{"short", "\0\x05hello", 7, 2},
	};

	for (size_t i = 0; i < ADIT_COUNT(streams); i++) {
		world_start(plenty);
		push_flags(INITIAL, ADIT_SEGMENT_SYN);
		for (uint32_t at = 0; at < streams[i].size; at++) {
			push_up(INITIAL + 1 + at, streams[i].bytes + at, 1);
			if (world.raw_size != (at + 1 < streams[i].needs ? 0 : at + 1))
				FAIL("%s: after %u bytes %zu", streams[i].what, at + 1,
					world.raw_size);
		}
		check_raw(streams[i].bytes, streams[i].size);
		CHECK_EQ_INT(counters()->raw, 1);
		CHECK_EQ_INT(counters()->messages + counters()->skipped_bytes, 0);
		world_end();
	}
}

/* Here a question that reads well could still speak for it, so its room is waited for. */
TEST(stream, raw_after_a_message)
{
	const uint32_t sequence = INITIAL + 1, judged = 2 + 12 + 255 + 4;
	uint32_t first;

	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	first = (uint32_t)text.size;
	memcpy(text.bytes + first, "SSH-2.0-OpenSSH_9.2p1\r\n", 23);
	random_state = 5;
	text.size += 23;
	text_noise(1000);
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_up(sequence, text.bytes, first + judged - 1);
	check_raw("", 0);
	push_up(sequence + first + judged - 1, text.bytes + first + judged - 1, 1);
	check_raw(text.bytes + first, judged);
	/* From then on all is raw, messages too. */
	memcpy(text.bytes + first + judged, text.bytes, first);
	push_up(sequence + first + judged, text.bytes + first + judged, first);
	check_messages(text.bytes, first);
	check_raw(text.bytes + first, judged + first);
	CHECK_EQ_INT(counters()->raw, 1);
	world_end();
}

/* Where the question reads well it is DNS, whatever the header says; but not at the beginning. */
TEST(stream, a_header_that_lies)
{
	static uint8_t bytes[128];
	size_t size;

	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	text_query(2, "b.example");
	text.bytes[text.at[1] + 8] = 0xff; /* ANCOUNT */
	size = text.size - text.at[1];
	memcpy(bytes, text.bytes + text.at[1], size);
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	for (uint32_t i = 0; i < text.size; i++)
		push_up(INITIAL + 1 + i, text.bytes + i, 1);
	check_messages(text.bytes, text.size);
	push_flags(5, ADIT_SEGMENT_SYN);
	push_up(6, bytes, size);
	check_raw(bytes, size);
	CHECK_EQ_INT(counters()->raw, 1);
	world_end();
}

TEST(stream, gives_up_in_the_end)
{
	uint32_t sequence = 1;

	world_start(plenty);
	random_state = 7;
	text_start();
	text_noise(1000);
	for (uint32_t pushed = 0; pushed <= ADIT_STREAM_GIVE_UP; pushed += 1000) {
		CHECK_EQ_INT(counters()->raw, 0);
		push_up(sequence, text.bytes, 1000);
		sequence += 1000;
	}
	CHECK_EQ_INT(counters()->raw, 1);
	CHECK_EQ_INT(counters()->skipped_bytes, 132000);
	push_up(sequence, text.bytes, 1000);
	check_raw(text.bytes, 1000);
	world_end();
}

TEST(stream, lengths_of_zero)
{
	static const uint8_t zeros[2 + ADIT_STREAM_GIVE_UP];

	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	text_message("", 0);
	text_message("", 0);
	text_query(2, "b.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_up(INITIAL + 1, text.bytes, text.at[2] + 1);
	push_up((uint32_t)(INITIAL + 1 + text.at[2] + 1), text.bytes + text.at[2] + 1,
		text.size - text.at[2] - 1);
	CHECK_EQ_INT(counters()->messages, 2);
	CHECK_EQ_INT(counters()->skipped_bytes, 4);
	/* Nothing else for long: no DNS. */
	for (size_t at = 0; at < sizeof(zeros); at += 1026)
		push_up((uint32_t)(INITIAL + 1 + text.size + at), zeros + at,
			sizeof(zeros) - at < 1026 ? sizeof(zeros) - at : 1026);
	CHECK_EQ_INT(counters()->raw, 1);
	CHECK_EQ_INT(counters()->skipped_bytes, 4 + ADIT_STREAM_GIVE_UP + 2);
	world_end();
}

TEST(stream, the_largest_message)
{
	static const uint32_t steps[] = {1, 1448, 16000, 65535};

	for (size_t i = 0; i < ADIT_COUNT(steps); i++) {
		world_start((struct sizes){1, 1});
		text_start();
		text_query(1, "a.example");
		text_response(2, 65535);
		text_response(3, 65535);
		text_query(4, "b.example");
		push_flags(INITIAL, ADIT_SEGMENT_SYN);
		for (size_t at = 0; at < text.size; at += steps[i])
			CHECK_EQ_INT(push_up((uint32_t)(INITIAL + 1 + at), text.bytes + at,
					     text.size - at < steps[i] ? text.size - at : steps[i]),
				ADIT_OUTCOME_TCP_DNS);
		check_messages(text.bytes, text.size);
		world_end();
	}
}

TEST(stream, snap_length)
{
	struct adit_segment segment = {
		.stream = UP, .opposite = DOWN, .payload = text.bytes, .sequence = INITIAL + 1};

	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	text_response(2, 1000);
	text_query(3, "b.example");
	text_query(4, "c.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	segment.size = (uint32_t)text.at[1] + 100;
	segment.wire_size = (uint32_t)text.at[2];
	CHECK_EQ_INT(push(segment), ADIT_OUTCOME_TCP_DNS);
	/* Not a byte of message 3. */
	segment.sequence += segment.wire_size;
	segment.size = 0;
	segment.wire_size = (uint32_t)(text.at[3] - text.at[2]);
	CHECK_EQ_INT(push(segment), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(push(segment), ADIT_OUTCOME_TCP_DNS_REPEATED);
	push_up((uint32_t)(INITIAL + 1 + text.at[3]), text.bytes + text.at[3],
		text.size - text.at[3]);
	CHECK_EQ_INT(world.messages_size, text.at[1] + text.size - text.at[3]);
	CHECK_EQ_MEM(world.messages, text.bytes, text.at[1]);
	CHECK_EQ_INT(counters()->gaps, 2);
	CHECK_EQ_INT(counters()->skipped_bytes, 100);
	CHECK_EQ_INT(counters()->raw, 0);
	/* Cut, and the other copy whole: what comes later fills nothing, and harms nothing. */
	CHECK_EQ_INT(push_up(INITIAL + 1, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS_REPEATED);
	world_end();
}

/* A segment that no receiver takes leads nowhere, until it is plain that the stream is there. */
TEST(stream, far_away)
{
	const uint32_t far = INITIAL + 1000000;

	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	CHECK_EQ_INT(push_up(far, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS_REFUSED);
	CHECK_EQ_INT(push_up(INITIAL + 81918, "x", 1), ADIT_OUTCOME_TCP_DNS);
	push_up(INITIAL + 1, text.bytes, text.size);
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	/* Neither ahead nor, as after a SYN that was none, behind. */
	CHECK_EQ_INT(
		push_up(INITIAL - 100000, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS_REFUSED);
	world.now_ns += ADIT_STREAM_GAP_NS;
	CHECK_EQ_INT(push_up(INITIAL - 100000, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(counters()->gaps, 2);
	/* The other side says so: at once. */
	CHECK_EQ_INT(push_up(far, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS_REFUSED);
	acknowledge(far);
	CHECK_EQ_INT(push_up(far, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(counters()->messages, 2);
	world_end();
}

TEST(stream, idle_streams_are_forgotten)
{
	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_up(INITIAL + 1, text.bytes, 20);
	world.now_ns += ADIT_STREAM_IDLE_NS + 1;
	push_flags(INITIAL + 21, ADIT_SEGMENT_ACK);
	CHECK_EQ_INT(counters()->opened, 1);
	push_up(INITIAL + 21, text.bytes, text.size);
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->opened, 2);
	CHECK_EQ_INT(counters()->closed + counters()->evicted, 0);
	CHECK_EQ_INT(counters()->skipped_bytes, 20);
	world_end();
}

static void push_of(uint64_t stream, uint32_t sequence, uint8_t flags, size_t from, size_t to)
{
	push((struct adit_segment){.stream = stream,
		.opposite = ~stream,
		.sequence = sequence,
		.payload = text.bytes + from,
		.size = (uint32_t)(to - from),
		.flags = flags});
}

TEST(stream, the_one_idle_for_longest_gives_way)
{
	world_start((struct sizes){3, 3});
	text_start();
	text_query(1, "a.example");
	for (uint64_t key = 1; key <= 3; key++)
		push_of(key, INITIAL, ADIT_SEGMENT_SYN, 0, 20);
	push_of(1, INITIAL, ADIT_SEGMENT_ACK, 0, 0);
	push_of(4, INITIAL, ADIT_SEGMENT_SYN, 0, 20); /* in the place of 2 */
	CHECK_EQ_INT(counters()->evicted, 1);
	CHECK_EQ_INT(counters()->skipped_bytes, 20);
	push_of(3, INITIAL + 21, 0, 20, text.size);
	push_of(1, INITIAL + 21, 0, 20, text.size);
	push_of(4, INITIAL + 21, 0, 20, text.size);
	CHECK_EQ_INT(counters()->messages, 3);
	/* A closed one goes first. */
	push_of(4, (uint32_t)(INITIAL + 1 + text.size), ADIT_SEGMENT_FIN, 0, 0);
	push_of(5, INITIAL, ADIT_SEGMENT_SYN, 0, text.size);
	CHECK_EQ_INT(counters()->evicted, 1);
	push_of(2, INITIAL + 21, 0, 20, text.size);
	CHECK_EQ_INT(counters()->evicted, 2);
	CHECK_EQ_INT(counters()->messages, 4);
	CHECK_EQ_INT(counters()->opened, 6);
	world_end();
}

TEST(stream, a_buffer_is_taken_from_the_one_idle_for_longest)
{
	world_start((struct sizes){8, 2});
	text_start();
	text_query(1, "a.example");
	text_query(2, "b.example");
	for (uint64_t key = 1; key <= 3; key++)
		push_of(key, INITIAL, ADIT_SEGMENT_SYN, 0, 20);
	CHECK_EQ_INT(counters()->buffers_taken, 1);
	CHECK_EQ_INT(counters()->skipped_bytes, 20);
	CHECK_EQ_INT(counters()->evicted, 0);
	/* The loser knows where its next message begins. */
	push_of(1, INITIAL + 21, 0, 20, text.size);
	CHECK_EQ_INT(counters()->messages, 1);
	CHECK_EQ_INT(counters()->skipped_bytes, text.at[1]);
	check_messages(text.bytes + text.at[1], text.size - text.at[1]);
	/* The others lost nothing, and buffers are given back. */
	push_of(2, INITIAL + 21, 0, 20, text.size);
	push_of(3, INITIAL + 21, 0, 20, text.size);
	push_of(1, (uint32_t)(INITIAL + 1 + text.size), 0, 0, 20);
	push_of(2, (uint32_t)(INITIAL + 1 + text.size), 0, 0, 20);
	CHECK_EQ_INT(counters()->messages, 5);
	CHECK_EQ_INT(counters()->buffers_taken, 1);
	CHECK_EQ_INT(counters()->gaps, 0);
	world_end();
}

/* One that only waits for its first bytes loses what waits, but not its place. */
TEST(stream, a_buffer_taken_before_the_first_bytes)
{
	world_start((struct sizes){8, 1});
	text_start();
	text_query(1, "a.example");
	push_of(1, INITIAL, ADIT_SEGMENT_SYN, 0, 0);
	push_of(1, INITIAL + 21, 0, 20, text.size);
	push_of(2, INITIAL, ADIT_SEGMENT_SYN, 0, 20);
	CHECK_EQ_INT(counters()->buffers_taken, 1);
	push_of(1, INITIAL + 1, 0, 0, 20);
	CHECK_EQ_INT(counters()->buffers_taken, 2);
	push_of(1, INITIAL + 21, 0, 20, text.size);
	check_messages(text.bytes, text.size);
	world_end();
}

/* Every second byte, so that no run touches another; then a stream far too long for a buffer. */
TEST(stream, a_buffer_that_is_full_gives_up)
{
	uint32_t sequence = INITIAL + 1;

	world_start(plenty);
	text_start();
	while (text.size < 200000)
		text_response(1, 1000);
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	for (uint32_t i = 0; i <= ADIT_STREAM_RANGES; i++) {
		CHECK_EQ_INT(counters()->gaps, 0);
		push_up(sequence + 1 + 2 * i, text.bytes + 1 + 2 * i, 1);
	}
	CHECK_EQ_INT(counters()->gaps, 1);
	push_flags(7, ADIT_SEGMENT_SYN);
	for (size_t at = 1002; at < text.size; at += 1002)
		CHECK_EQ_INT(
			push_up((uint32_t)(8 + at), text.bytes + at, 1002), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(counters()->gaps, 2);
	check_messages(text.bytes + 1002, text.size - 1002);
	world_end();
}

TEST(stream, many_messages_behind_a_gap_move_little)
{
	uint32_t sequence = INITIAL + 1;

	/* 60,000 bytes wait; before them small messages come one by one, and more behind. */
	world_start(plenty);
	text_start();
	for (int i = 0; i < 40; i++)
		text_query((uint16_t)i, "small.example");
	while (text.size < 150000)
		text_response(7, 1000);
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	for (size_t at = text.at[40]; at < 60000; at += 1002)
		push_up((uint32_t)(sequence + at), text.bytes + at, 1002);
	for (size_t i = 0; i < 40; i++)
		push_up((uint32_t)(sequence + text.at[i]), text.bytes + text.at[i],
			text.at[i + 1] - text.at[i]);
	for (size_t i = 40; i < text.count; i++)
		push_up((uint32_t)(sequence + text.at[i]), text.bytes + text.at[i], 1002);
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->gaps + counters()->skipped_bytes, 0);
	world_end();
}

TEST(stream, what_is_not_fetched_is_gone)
{
	struct adit_segment segment = {.stream = UP,
		.payload = text.bytes,
		.sequence = INITIAL,
		.flags = ADIT_SEGMENT_SYN};
	struct adit_stream_message message;

	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	text_query(2, "b.example");
	segment.size = segment.wire_size = (uint32_t)text.size;
	adit_streams_push(world.streams, 0, &segment);
	segment.flags = 0;
	segment.sequence += 1 + segment.size;
	adit_streams_push(world.streams, 0, &segment);
	CHECK(adit_streams_next(world.streams, &message));
	CHECK_EQ_MEM(message.data, text.bytes + 2, message.size);
	adit_streams_reset(world.streams);
	CHECK(!adit_streams_next(world.streams, &message));
	CHECK_EQ_INT(counters()->messages, 3);
	world_end();
}

TEST(stream, memory)
{
	const struct adit_streams_params params = {3, 100, 2};
	struct harness_allocator allocator;
	struct adit_streams *streams;
	size_t calls;

	harness_allocator_init(&allocator, SIZE_MAX);
	streams = adit_streams_create(&params, &allocator.allocator);
	REQUIRE(streams != NULL);
	adit_streams_destroy(streams);
	CHECK_EQ_INT(allocator.live, 0);
	calls = allocator.calls;
	CHECK(calls > 1);
	for (size_t i = 0; i < calls; i++) {
		harness_allocator_init(&allocator, i);
		CHECK(adit_streams_create(&params, &allocator.allocator) == NULL);
		CHECK_EQ_INT(allocator.live, 0);
	}
	adit_streams_destroy(NULL);
	/* 64 + 8 bytes per stream, 4 per slot; about 80 KiB per buffer. */
	CHECK_EQ_INT(adit_streams_bytes(&(struct adit_streams_params){1, 128, 1}) -
			     adit_streams_bytes(&(struct adit_streams_params){1, 64, 1}),
		64 * 76);
	CHECK_EQ_INT(adit_streams_bytes(&(struct adit_streams_params){1, 1, 2}) -
			     adit_streams_bytes(&(struct adit_streams_params){1, 1, 1}),
		82344);
}
