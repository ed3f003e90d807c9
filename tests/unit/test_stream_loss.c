/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Streams of which something is lost: on the way to the tap, before it, or for want of room.
 */
#include "stream_cases.h"

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
	CHECK_EQ_INT(counters()->gaps, 0);
	world.now_ns += 2 * ADIT_STREAM_ORDER_NS;
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
	/* But what arrives behind a gap that was acknowledged need not wait for long. */
	text_query(3, "c.example");
	text_query(4, "d.example");
	acknowledge((uint32_t)(INITIAL + 1 + text.size));
	push_up((uint32_t)(INITIAL + 1 + text.at[3]), text.bytes + text.at[3],
		text.size - text.at[3]);
	CHECK_EQ_INT(counters()->messages, 2);
	world.now_ns += 2 * ADIT_STREAM_ORDER_NS;
	acknowledge((uint32_t)(INITIAL + 1 + text.size));
	CHECK_EQ_INT(counters()->messages, 3);
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
	world.now_ns += 2 * ADIT_STREAM_ORDER_NS;
	acknowledge((uint32_t)(sequence + text.size));
	world.now_ns += 2 * ADIT_STREAM_ORDER_NS;
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
	/* The last ones could be a header. */
	CHECK_EQ_INT(counters()->skipped_bytes, 700 - 13);
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
		push_up((uint32_t)(1 + text.size), "\0\0\0\0\0\0\0\0\0\0\0\0\0", 13);
		CHECK_EQ_INT(world.messages_size, 0);
		CHECK_EQ_INT(counters()->resynchronised, 0);
		CHECK(counters()->skipped_bytes >= text.size);
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
	CHECK(counters()->skipped_bytes > ADIT_STREAM_GIVE_UP);
	push_up(sequence, text.bytes, 1000);
	CHECK_EQ_INT(counters()->skipped_bytes + world.raw_size, 133000);
	world_end();
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
	/* Cut, and the other copy whole: what had not come is read by itself. */
	world.messages_size = 0;
	CHECK_EQ_INT(push_up(INITIAL + 1, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS);
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(push_up(INITIAL + 1, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS_REPEATED);
	CHECK_EQ_INT(counters()->conflicts, 1);
	world_end();
}

/* A segment out of reach is read, and leads nowhere until the other side takes it. */
TEST(stream, far_away)
{
	const uint32_t far = INITIAL + 1 + ADIT_STREAM_REACH;

	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_up(INITIAL + 1, text.bytes, 20);
	CHECK_EQ_INT(push_up(far + 50000, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(push_up(far + 50000, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS_REPEATED);
	CHECK_EQ_INT(push_up(INITIAL - 100000, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(counters()->messages, 2);
	push_up(INITIAL + 1 + 20, text.bytes + 20, text.size - 20);
	CHECK_EQ_INT(counters()->messages, 3);
	/* As far as it reaches. */
	push_up((uint32_t)(far + text.size), "x", 1);
	CHECK_EQ_INT(counters()->opened, 3);
	push_up((uint32_t)(far + text.size + 1), text.bytes, 10);
	CHECK_EQ_INT(counters()->opened, 4);
	/* The other side has that: so it is the stream. */
	acknowledge((uint32_t)(far + text.size + 11));
	push_up((uint32_t)(far + text.size + 11), text.bytes + 10, text.size - 10);
	CHECK_EQ_INT(counters()->messages, 4);
	CHECK_EQ_INT(counters()->opened, 4);
	CHECK_EQ_INT(counters()->gaps, 0);
	world_end();
}

TEST(stream, waits_for_any_time)
{
	world_start(plenty);
	text_start();
	text_query(1, "a.example");
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_up(INITIAL + 1, text.bytes, 20);
	world.now_ns += 3600 * SECOND;
	push_up(INITIAL + 21, text.bytes + 20, text.size - 20);
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->opened, 1);
	/* But the same bytes again, so long after, are another connection's. */
	CHECK_EQ_INT(push_up(INITIAL + 1, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS_REPEATED);
	world.now_ns += ADIT_STREAM_IDLE_NS;
	CHECK_EQ_INT(push_up(INITIAL + 1, text.bytes, text.size), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(counters()->messages, 2);
	CHECK_EQ_INT(counters()->gaps + counters()->skipped_bytes, 0);
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

/* A buffer is 136 blocks here. Each of these streams holds one. */
#define BLOCKS 136

static void push_client(uint64_t stream, uint64_t client, uint32_t from, uint32_t to)
{
	push((struct adit_segment){.stream = stream,
		.opposite = ~stream,
		.client = client,
		.sequence = INITIAL + !!from + from,
		.payload = text.bytes + from,
		.size = to - from,
		.flags = from == 0 ? ADIT_SEGMENT_SYN : 0});
}

TEST(stream, halves_wait_in_little_room)
{
	world_start((struct sizes){512, 1});
	text_start();
	text_query(1, "a.example");
	for (uint64_t key = 1; key <= BLOCKS; key++)
		push_client(key, 0, 0, 20);
	CHECK_EQ_INT(counters()->buffers_taken, 0);
	/* Now the one idle for longest gives way, and now the one used last. */
	push_client(1000, 0, 0, 20);
	push_client(1001, 0, 0, 20);
	CHECK_EQ_INT(counters()->buffers_taken, 2);
	CHECK_EQ_INT(counters()->skipped_bytes, 40);
	CHECK_EQ_INT(counters()->evicted, 0);
	for (uint64_t key = 1; key <= BLOCKS; key++)
		push_client(key, 0, 20, (uint32_t)text.size);
	CHECK_EQ_INT(counters()->messages, BLOCKS - 1);
	push_client(1000, 0, 20, (uint32_t)text.size);
	CHECK_EQ_INT(counters()->messages, BLOCKS - 1);
	push_client(1001, 0, 20, (uint32_t)text.size);
	CHECK_EQ_INT(counters()->messages, BLOCKS);
	/* The losers know where their next message begins; all blocks are there again. */
	CHECK_EQ_INT(counters()->skipped_bytes, 2 * text.size);
	for (uint64_t key = 1; key <= BLOCKS; key++)
		push_of(key, (uint32_t)(INITIAL + 1 + text.size), 0, 0, 20);
	for (uint64_t key = 1; key <= BLOCKS; key++)
		push_of(key, (uint32_t)(INITIAL + 21 + text.size), 0, 20, text.size);
	CHECK_EQ_INT(counters()->messages, 2 * BLOCKS);
	CHECK_EQ_INT(counters()->buffers_taken, 2);
	CHECK_EQ_INT(counters()->gaps, 0);
	world_end();
}

/* A client with a thousand connections takes nothing from one with ten. */
TEST(stream, who_holds_most_gives_way)
{
	world_start((struct sizes){4096, 1});
	text_start();
	text_query(1, "a.example");
	for (uint64_t key = 1; key <= 10; key++)
		push_client(key, 7, 0, 20);
	for (uint64_t key = 101; key <= 1100; key++)
		push_client(key, 9, 0, 20);
	CHECK_EQ_INT(counters()->buffers_taken, 1000 - (BLOCKS - 10));
	for (uint64_t key = 1; key <= 10; key++)
		push_client(key, 7, 20, (uint32_t)text.size);
	CHECK_EQ_INT(counters()->messages, 10);
	/* And of its own not all are lost. */
	for (uint64_t key = 101; key <= 1100; key++)
		push_client(key, 9, 20, (uint32_t)text.size);
	CHECK_EQ_INT(counters()->messages, 10 + BLOCKS - 10);
	world_end();
}

/* One client alone has all the blocks: what waits gives way to what is in order. */
TEST(stream, the_next_bytes_go_before_those_that_wait)
{
	uint32_t sequence = INITIAL + 1;

	world_start((struct sizes){8, 1});
	text_start();
	text_query(1, "a.example");
	text_response(2, 65535);
	text_response(3, 65535);
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	for (size_t at = text.at[1] + 10000; at + 1000 < text.size; at += 1000)
		push_up((uint32_t)(sequence + at), text.bytes + at, 1000);
	for (size_t at = 0; at < text.size; at += 1000)
		push_up((uint32_t)(sequence + at), text.bytes + at,
			text.size - at < 1000 ? text.size - at : 1000);
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->gaps, 0);
	world_end();
}

/* One that only waits for its first bytes loses what waits, but not its place. */
TEST(stream, blocks_taken_before_the_first_bytes)
{
	world_start((struct sizes){512, 1});
	text_start();
	text_query(1, "a.example");
	push_of(1, INITIAL, ADIT_SEGMENT_SYN, 0, 0);
	push_of(1, INITIAL + 21, 0, 20, text.size);
	for (uint64_t key = 1001; key <= 1000 + BLOCKS; key++)
		push_of(key, INITIAL, ADIT_SEGMENT_SYN, 0, 20);
	CHECK_EQ_INT(counters()->buffers_taken, 1);
	push_of(1, INITIAL + 1, 0, 0, 20);
	CHECK_EQ_INT(counters()->buffers_taken, 2);
	push_of(1, INITIAL + 21, 0, 20, text.size);
	check_messages(text.bytes, text.size);
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
