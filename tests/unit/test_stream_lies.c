/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Streams of a client that tells the tap what the server does not believe or never gets: whatever
 * it sends around them, the messages that the server reads come out.
 */
#include "stream_cases.h"

#define COUNT 100

static uint32_t sequence; /* of the next true byte */

static void open_both(void)
{
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push((struct adit_segment){.stream = DOWN,
		.opposite = UP,
		.sequence = 76,
		.acknowledged = INITIAL + 1,
		.flags = ADIT_SEGMENT_SYN | ADIT_SEGMENT_ACK});
	sequence = INITIAL + 1;
}

static void start(struct sizes sizes)
{
	char name[32];

	world_start(sizes);
	text_start();
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "x%06u.example", i);
		text_query((uint16_t)i, name);
	}
	open_both();
}

/* Message i, or a part of it, where it belongs. */
static enum adit_outcome push_part(size_t i, size_t from, size_t to)
{
	return push_up((uint32_t)(INITIAL + 1 + text.at[i] + from), text.bytes + text.at[i] + from,
		to - from);
}

static size_t size_of(size_t i)
{
	return text.at[i + 1] - text.at[i];
}

static uint32_t begin_of(size_t i)
{
	return (uint32_t)(INITIAL + 1 + text.at[i]);
}

static bool stands_in(const uint8_t *all, size_t all_size, size_t i)
{
	for (size_t at = 0; at + size_of(i) <= all_size; at++)
		if (memcmp(all + at, text.bytes + text.at[i], size_of(i)) == 0)
			return true;
	return false;
}

/* Of the true messages, how many have come out. */
static size_t came(void)
{
	size_t count = 0;

	for (size_t i = 0; i < text.count; i++)
		count += stands_in(world.messages, world.messages_size, i) ||
			 stands_in(world.opposite, world.opposite_size, i);
	return count;
}

/* The server goes on where it was, whatever the SYN says; bytes that follow the SYN change nothing.
 * The messages are whole, or stand in two segments around the lies. */
TEST(stream_lies, a_forged_syn)
{
	static const uint32_t jumps[] = {1, 500, 70000, 2 * ADIT_STREAM_REACH, 1u << 31};

	for (size_t j = 0; j < 2 * ADIT_COUNT(jumps); j++) {
		size_t half = j < ADIT_COUNT(jumps) ? 0 : 10;
		uint32_t jump = jumps[j % ADIT_COUNT(jumps)];

		start(plenty);
		for (size_t i = 0; i < text.count; i++) {
			push_part(i, 0, half);
			push_flags(begin_of(i) + jump, ADIT_SEGMENT_SYN);
			acknowledge((uint32_t)(begin_of(i) + half));
			push_up(begin_of(i) + jump + 1000, "decoy", 5);
			push_part(i, half, size_of(i));
			acknowledge(begin_of(i + 1));
		}
		CHECK_EQ_INT(came(), COUNT);
		if (harness_failed())
			FAIL("%u ahead, in %s", jump, half == 0 ? "one" : "two");
		world_end();
	}
}

/* The first SYN is the lie: what is before it cannot be its stream, and then the other side tells
 * which one it is. */
TEST(stream_lies, a_forged_syn_before_the_true_one)
{
	for (int answered = 0; answered < 2; answered++) {
		start(plenty);
		adit_streams_reset(world.streams);
		push_flags(INITIAL + 70000, ADIT_SEGMENT_SYN);
		if (answered)
			open_both();
		else
			push_flags(INITIAL, ADIT_SEGMENT_SYN);
		for (size_t i = 0; i < text.count; i++) {
			push_part(i, 0, 10);
			push_part(i, 10, size_of(i));
		}
		check_messages(text.bytes, text.size);
		CHECK_EQ_INT(counters()->raw + counters()->gaps + counters()->skipped_bytes, 0);
		world_end();
	}
}

/* A new connection between the same ports, whose numbers could be those of the old one. */
TEST(stream_lies, a_true_syn_nearby)
{
	start(plenty);
	push_part(0, 0, size_of(0));
	push_flags(INITIAL + 5000, ADIT_SEGMENT_SYN);
	push((struct adit_segment){.stream = DOWN,
		.opposite = UP,
		.sequence = 1u << 30,
		.acknowledged = INITIAL + 5001,
		.flags = ADIT_SEGMENT_SYN | ADIT_SEGMENT_ACK});
	push_up(INITIAL + 5001, text.bytes + text.at[1], size_of(1));
	check_messages(text.bytes, text.at[2]);
	CHECK_EQ_INT(counters()->gaps, 0);
	world_end();
}

/* The old connection, which has ended, gives way; the new one has not. */
TEST(stream_lies, a_connection_outlives_the_one_before)
{
	start((struct sizes){3, 1});
	push_flags(INITIAL + 1, ADIT_SEGMENT_FIN);
	push_flags(INITIAL + 5000, ADIT_SEGMENT_SYN);
	push((struct adit_segment){.stream = DOWN,
		.opposite = UP,
		.sequence = 76,
		.acknowledged = INITIAL + 5001,
		.flags = ADIT_SEGMENT_SYN | ADIT_SEGMENT_ACK});
	push_up(INITIAL + 5001, text.bytes, 20);
	push((struct adit_segment){.stream = 3, .sequence = 1, .flags = ADIT_SEGMENT_SYN});
	CHECK_EQ_INT(counters()->evicted, 0);
	push_up(INITIAL + 5021, text.bytes + 20, size_of(0) - 20);
	check_messages(text.bytes, text.at[1]);
	world_end();
}

/* With an RST, a FIN or both between the parts of a message, in either order of the parts. */
TEST(stream_lies, a_forged_end)
{
	static const uint8_t ends[] = {ADIT_SEGMENT_RST, ADIT_SEGMENT_FIN | ADIT_SEGMENT_ACK,
		ADIT_SEGMENT_RST | ADIT_SEGMENT_FIN};

	for (uint32_t j = 0; j < 4 * ADIT_COUNT(ends); j++) {
		uint32_t away = j & 1 ? 5000 : 0;
		bool tail_first = j & 2;

		start(plenty);
		for (size_t i = 0; i < text.count; i++) {
			push_part(i, tail_first ? 10 : 0, tail_first ? size_of(i) : 10);
			push_flags(begin_of(i) + 10 + away, ends[j / 4]);
			acknowledge(begin_of(i) + (tail_first ? 0 : 10));
			push_part(i, tail_first ? 0 : 10, tail_first ? 10 : size_of(i));
			acknowledge(begin_of(i + 1));
		}
		check_messages(text.bytes, text.size);
		CHECK_EQ_INT(counters()->gaps + counters()->skipped_bytes, 0);
		world_end();
	}
}

/* Time passes between tail and head; the other side says that it waits for the head. */
TEST(stream_lies, a_late_head)
{
	start(plenty);
	for (size_t i = 0; i < text.count; i++) {
		push_part(i, 10, size_of(i));
		acknowledge(begin_of(i));
		world.now_ns += ADIT_STREAM_SILENCE_NS - 1;
		acknowledge(begin_of(i));
		world.now_ns += ADIT_STREAM_SILENCE_NS - 1;
		push_flags(begin_of(i + 1), ADIT_SEGMENT_ACK);
		push_part(i, 0, 10);
		acknowledge(begin_of(i + 1));
	}
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->gaps, 0);
	/* It is silent for long: then what comes late is read by itself. */
	world.now_ns += SECOND;
	push_up(begin_of(COUNT) + 100, "x", 1);
	world.now_ns += ADIT_STREAM_SILENCE_NS;
	push_flags(begin_of(COUNT), ADIT_SEGMENT_ACK);
	CHECK_EQ_INT(counters()->gaps, 1);
	CHECK_EQ_INT(
		push_up(begin_of(COUNT) + 1, "late, but no message", 20), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(push_up(begin_of(COUNT) + 21, text.bytes, size_of(0)), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(world.messages_size, text.size + size_of(0));
	check_raw("late, but no message", 20);
	CHECK_EQ_INT(push_up(begin_of(COUNT) + 1, "late, but no message", 20),
		ADIT_OUTCOME_TCP_DNS_REPEATED);
	world_end();
}

/* So many islands that no more may wait; then all of it, in order and without them. */
TEST(stream_lies, islands)
{
	start(plenty);
	for (uint32_t i = 0; i < 2 * ADIT_STREAM_WAITING; i++)
		CHECK_EQ_INT(push_up(sequence + 1 + 2 * i, text.bytes + 1 + 2 * i, 1),
			ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(counters()->gaps, 0);
	for (size_t i = 0; i < text.count; i++)
		push_part(i, 0, size_of(i));
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->gaps, 0);
	world_end();
}

/* The whole window behind its first byte: more than a stream may hold, but no byte is passed over
 * in silence. Whole messages come out, whichever stream reads them. */
TEST(stream_lies, a_window_behind_one_byte)
{
	start(plenty);
	while (text.size < 250000)
		text_response(9, 700);
	for (size_t at = 1; at < text.size; at += 1448)
		CHECK_EQ_INT(push_up((uint32_t)(sequence + at), text.bytes + at,
				     text.size - at < 1448 ? text.size - at : 1448),
			ADIT_OUTCOME_TCP_DNS);
	push_up(sequence, text.bytes, 1);
	acknowledge((uint32_t)(sequence + text.size));
	CHECK(came() >= text.count - 2);
	CHECK(world.messages_size + world.opposite_size + world.raw_size +
			counters()->skipped_bytes >=
		text.size);
	CHECK(counters()->skipped_bytes < 702);
	world_end();
}

TEST(stream_lies, a_wrong_checksum)
{
	struct adit_segment segment = {
		.stream = UP, .opposite = DOWN, .doubtful = true, .flags = ADIT_SEGMENT_ACK};

	start(plenty);
	for (size_t i = 0; i < text.count; i++) {
		segment.sequence = begin_of(i);
		segment.payload = text.bytes + text.at[COUNT - 1];
		segment.size = (uint32_t)size_of(i);
		segment.flags ^= ADIT_SEGMENT_SYN;
		CHECK_EQ_INT(push(segment), ADIT_OUTCOME_TCP_DNS_REFUSED);
		CHECK_EQ_INT(push_part(i, 0, size_of(i)), ADIT_OUTCOME_TCP_DNS);
	}
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->opened, 2);
	CHECK_EQ_INT(counters()->conflicts, 0);
	world_end();
}

/* Other bytes at the same place, before the true ones or after them, and the true ones whole or in
 * parts. */
TEST(stream_lies, decoys)
{
	static const size_t parts[] = {1, 3, 10, 1000};
	static uint8_t decoy[1000];

	for (size_t j = 0; j < 4 * ADIT_COUNT(parts); j++) {
		size_t part = parts[j / 4];
		bool after = j & 1, message = j & 2;

		start(plenty);
		memset(decoy, 0xa5, sizeof(decoy));
		for (size_t i = 0; i < text.count; i++) {
			if (message) {
				memcpy(decoy, text.bytes + text.at[i], size_of(i));
				memcpy(decoy + 15, "decoy", 5);
			}
			if (!after)
				push_up(begin_of(i), decoy, size_of(i));
			for (size_t at = 0; at < size_of(i); at += part)
				push_part(i, at, at + part < size_of(i) ? at + part : size_of(i));
			if (after)
				push_up(begin_of(i), decoy, size_of(i));
			acknowledge(begin_of(i + 1));
		}
		CHECK_EQ_INT(came(), COUNT);
		CHECK(counters()->conflicts >= COUNT);
		CHECK_EQ_INT(counters()->gaps, 0);
		if (harness_failed())
			FAIL("%s %s in parts of %zu", message ? "messages" : "noise",
				after ? "after" : "before", part);
		world_end();
	}
}

/* The beginning of a long message, in which all that follows would stand. */
TEST(stream_lies, a_long_decoy)
{
	static const uint8_t decoy[] = "\xff\xff\x12\x34\1\0\0\1\0\0\0\0\0\0\5decoy";

	for (size_t part = 10; part <= 1000; part *= 10) {
		start(plenty);
		push_up(sequence, decoy, sizeof(decoy) - 1);
		for (size_t i = 0; i < text.count; i++)
			for (size_t at = 0; at < size_of(i); at += part)
				push_part(i, at, at + part < size_of(i) ? at + part : size_of(i));
		CHECK_EQ_INT(came(), COUNT);
		CHECK_EQ_INT(counters()->conflicts, part < 20 ? 2 : 1);
		world_end();
	}
}

/* Lies of every kind around a stream cut at random, of which the other side acknowledges what came:
 * all of its messages come out. */
TEST(stream_lies, any_of_them)
{
	start(plenty);
	random_state = 0xfeedbeefcafe;
	for (int round = 0; round < 200; round++) {
		size_t at = 0;

		adit_streams_reset(world.streams);
		world.messages_size = world.raw_size = world.opposite_size = 0;
		text_random(1 + chance(30));
		open_both();
		while (at < text.size) {
			static uint8_t decoy[2000];
			uint32_t here = (uint32_t)(INITIAL + 1 + at), jump = chance(3000000);
			size_t end = at + 1 + chance(chance(2) ? 50 : 1448);

			end = end < text.size ? end : text.size;
			memset(decoy, (int)chance(256), sizeof(decoy));
			switch (chance(6)) {
			case 0:
				push_flags(here + jump, ADIT_SEGMENT_SYN);
				break;
			case 1:
				push_flags(here + jump, ADIT_SEGMENT_RST);
				break;
			case 2:
				push_flags(here + chance(100), ADIT_SEGMENT_FIN);
				break;
			case 3:
				push_up(here + ADIT_STREAM_REACH + jump, decoy, 1 + chance(1448));
				break;
			case 4:
				push_up(here, decoy, end - at);
				break;
			default:
				break;
			}
			world.now_ns += chance(10) * SECOND / 5;
			push_up(here, text.bytes + at, end - at);
			acknowledge((uint32_t)(INITIAL + 1 + end));
			at = end;
		}
		CHECK_EQ_INT(came(), text.count);
		if (harness_failed())
			FAIL("round %d", round);
		REQUIRE(!harness_failed());
	}
	world_end();
}

/* Bytes that are no DNS come out in pieces whose size is that of a message at most. */
TEST(stream_lies, large_raw_bytes)
{
	static const uint8_t noise[65535] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct adit_segment segment = {
		.stream = UP, .opposite = DOWN, .payload = noise, .flags = ADIT_SEGMENT_ACK};
	struct adit_stream_message message;
	size_t size = 0;

	start(plenty);
	push_up(sequence, noise, 10);
	for (uint32_t at = 11; at < 130000; at += 13000)
		push_up(sequence + at, noise, 13000);
	segment.sequence = sequence + 10;
	segment.size = segment.wire_size = 1;
	segment.ts_ns = world.now_ns;
	adit_streams_push(world.streams, 0, &segment);
	while (adit_streams_next(world.streams, &message)) {
		CHECK(message.raw);
		CHECK(message.size <= 65535);
		size += message.size;
	}
	CHECK(size > 65535);
	CHECK_EQ_INT(counters()->raw, 1);
	world_end();
}
