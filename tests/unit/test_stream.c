/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Streams of which nothing is lost: any cut, any order, their beginning and end, raw ones, memory.
 */
#include "stream_cases.h"

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

/* Both are read: the first ones where they stand, the others beside them. */
TEST(stream, the_first_bytes_stay)
{
	uint8_t other[64];

	world_start(plenty);
	text_start();
	text_query(1, "first.example");
	memset(other, 'x', sizeof(other));
	push_flags(INITIAL, ADIT_SEGMENT_SYN);
	push_up(INITIAL + 1 + 20, text.bytes + 20, 5);
	CHECK_EQ_INT(push_up(INITIAL + 1 + 20, other, 5), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(counters()->conflicts, 1);
	push_up(INITIAL + 1, text.bytes, 10);
	CHECK_EQ_INT(push_up(INITIAL + 1 + 2, other, 8), ADIT_OUTCOME_TCP_DNS);
	CHECK_EQ_INT(counters()->conflicts, 2);
	/* Old, new, waiting and new bytes in one segment: the new ones are taken. */
	memcpy(other + 10, text.bytes + 10, 10);
	memcpy(other + 25, text.bytes + 25, text.size - 25);
	CHECK_EQ_INT(push_up(INITIAL + 1, other, text.size), ADIT_OUTCOME_TCP_DNS);
	check_messages(text.bytes, text.size);
	CHECK_EQ_INT(counters()->raw, 0);
	CHECK(world.raw_size > 0);
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
	/* Keep-alive: one byte before the next, or none; all was acknowledged. */
	acknowledge((uint32_t)(INITIAL + 1 + text.size));
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
	CHECK_EQ_INT(counters()->conflicts, 0);
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
	/* A new SYN in the middle of a message: it is another connection, or a lie. */
	push_up((uint32_t)(INITIAL + 1 + text.size + text.at[1]), text.bytes, 20);
	push_flags(5, ADIT_SEGMENT_SYN);
	CHECK_EQ_INT(counters()->closed, 1);
	CHECK_EQ_INT(counters()->opened, 3);
	push_up(6, text.bytes, text.size);
	CHECK_EQ_INT(counters()->messages, 5);
	push_up((uint32_t)(INITIAL + 1 + text.size + text.at[1] + 20), text.bytes + 20,
		text.at[1] - 20);
	CHECK_EQ_INT(counters()->messages, 6);
	/* An RST far outside says nothing, one that fits does; nor does it open a stream. */
	push_flags(1u << 30, ADIT_SEGMENT_RST);
	CHECK_EQ_INT(counters()->closed, 1);
	push_flags((uint32_t)(6 + text.size), ADIT_SEGMENT_RST | ADIT_SEGMENT_ACK);
	CHECK_EQ_INT(counters()->closed, 2);
	push((struct adit_segment){
		.stream = 99, .payload = text.bytes, .size = 9, .flags = ADIT_SEGMENT_RST});
	CHECK_EQ_INT(counters()->opened, 3);
	/* A FIN before its time closes when that comes; the message goes on for all that. */
	push_flags(1u << 30, ADIT_SEGMENT_SYN);
	push_flags((1u << 30) + 21, ADIT_SEGMENT_FIN);
	CHECK_EQ_INT(counters()->closed, 2);
	push_up((1u << 30) + 1, text.bytes, 20);
	CHECK_EQ_INT(counters()->closed, 3);
	push_up((1u << 30) + 21, text.bytes + 20, text.size - 20);
	CHECK_EQ_INT(counters()->messages, 8);
	CHECK_EQ_INT(counters()->gaps + counters()->raw + counters()->skipped_bytes, 0);
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
	/* 128 + 16 bytes per stream, 4 per slot; per buffer 128 blocks and 32 pages. */
	CHECK_EQ_INT(adit_streams_bytes(&(struct adit_streams_params){1, 128, 1}) -
			     adit_streams_bytes(&(struct adit_streams_params){1, 64, 1}),
		64 * 148);
	CHECK_EQ_INT(adit_streams_bytes(&(struct adit_streams_params){1, 1, 2}) -
			     adit_streams_bytes(&(struct adit_streams_params){1, 1, 1}),
		128 * 512 + 32 * 584);
}
