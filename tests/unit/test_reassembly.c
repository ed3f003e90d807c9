/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How pieces become a datagram.
 */
#include "fragments.h"

#include <stdlib.h>

/* One of each way through the decoder. */
static const struct {
	const char *name;
	struct context context;
} ways[] = {
	{"IPv4", {.identification = 7}},
	{"IPv4 with options", {.identification = 7, .options = 8}},
	{"IPv4 behind tags", {.identification = 7, .vlan = 42, .vlan_inner = 43, .tap = 2}},
	{"IPv4, a tag taken by the port", {.identification = 7, .port_vlan = 0x602a}},
	{"IPv4, cooked", {.identification = 7, .cooked = true}},
	{"IPv6", {.identification = 0xfedcba98, .v6 = true}},
	{"IPv6 with extensions", {.identification = 9, .v6 = true, .extensions = true}},
	{"IPv4 in GTP-U", {.identification = 7, .gtpu = true, .teid = TEID}},
	{"IPv6 in GTP-U over IPv6",
		{.identification = 7, .gtpu = true, .teid = TEID, .v6 = true, .outer_v6 = true}},
};

/* The k-th order of n things. */
static void permute(unsigned k, unsigned n, unsigned *order)
{
	for (unsigned i = 0; i < n; i++)
		order[i] = i;
	for (unsigned i = n; i > 1; i--, k /= i + 1) {
		unsigned j = k % i, keep = order[i - 1];

		order[i - 1] = order[j];
		order[j] = keep;
	}
}

TEST(reassembly, pieces_may_come_in_any_order)
{
	static const struct fragment parts[] = {
		{0, 64, true}, {64, 8, true}, {72, 104, true}, {176, 13, false}};
	struct adit_reassembly *table = make_table(4);
	uint8_t data[189];
	struct frames f;

	REQUIRE(table != NULL);
	for (size_t w = 0; w < ADIT_COUNT(ways); w++) {
		for (unsigned k = 0; k < 24; k++) {
			struct context c = ways[w].context;
			unsigned order[4];

			c.identification += k;
			make_udp(data, sizeof(data), 53, (uint8_t)k);
			permute(k, 4, order);
			for (unsigned i = 0; i < 4; i++) {
				struct adit_frame frame =
					make_fragment(&f, &c, data, parts[order[i]]);
				struct adit_packet packet;
				unsigned outcome;

				frame.ts_ns = 1000 + i;
				outcome = add(table, &frame, &packet);
				if (i < 3) {
					CHECK_OUTCOME(outcome, FRAGMENT);
					continue;
				}
				CHECK_OUTCOME(outcome, PENDING);
				CHECK_EQ_INT(frame.ts_ns, 1003);
				check_whole(&c, &frame, &packet, data, sizeof(data));
			}
			if (harness_failed())
				FAIL("%s, order %u", ways[w].name, k);
			REQUIRE(!harness_failed());
		}
	}
	CHECK_EQ_INT(adit_reassembly_counters(table)->completed, ADIT_COUNT(ways) * 24);
	CHECK_EQ_INT(adit_reassembly_counters(table)->started, ADIT_COUNT(ways) * 24);
	CHECK_EQ_INT(adit_reassembly_counters(table)->lost, 0);
	adit_reassembly_destroy(table);
}

TEST(reassembly, duplicates_are_ignored)
{
	static const struct fragment parts[] = {{0, 64, true}, {64, 40, true}, {104, 13, false}};
	struct adit_reassembly *table = make_table(4);
	uint8_t data[117], other[117];

	make_udp(data, sizeof(data), 53, 1);
	make_udp(other, sizeof(other), 53, 2);
	for (unsigned k = 0; k < 6; k++) {
		struct context c = {.identification = k};
		unsigned order[3];

		permute(k, 3, order);
		for (unsigned i = 0; i < 3; i++) {
			unsigned outcome = add_part(table, &c, data, parts[order[i]], 0);

			if (i < 2)
				CHECK_OUTCOME(outcome, FRAGMENT);
			else
				CHECK_OUTCOME(outcome, PENDING);
			/* All that came so far comes again, before the whole and after it. */
			for (unsigned j = 0; j <= i; j++)
				CHECK_OUTCOME(add_part(table, &c, data, parts[order[j]], 0),
					FRAGMENT_DUPLICATE);
		}
		/* The same identification, another datagram. */
		for (unsigned i = 0; i < 3; i++) {
			unsigned outcome = add_part(table, &c, other, parts[order[i]], 0);

			if (i < 2)
				CHECK_OUTCOME(outcome, FRAGMENT);
			else
				CHECK_OUTCOME(outcome, PENDING);
		}
	}
	CHECK_EQ_INT(adit_reassembly_counters(table)->completed, 12);
	CHECK_EQ_INT(waiting(table), 0);
	adit_reassembly_destroy(table);
}

TEST(reassembly, a_duplicate_may_be_a_part_of_what_is_held)
{
	struct adit_reassembly *table = make_table(4);
	struct context c = {.identification = 1};
	uint8_t data[128];

	make_udp(data, sizeof(data), 53, 1);
	CHECK_OUTCOME(add_part(table, &c, data, (struct fragment){0, 32, true}, 0), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &c, data, (struct fragment){32, 32, true}, 0), FRAGMENT);
	CHECK_OUTCOME(
		add_part(table, &c, data, (struct fragment){16, 32, true}, 0), FRAGMENT_DUPLICATE);
	CHECK_OUTCOME(
		add_part(table, &c, data, (struct fragment){0, 64, true}, 0), FRAGMENT_DUPLICATE);
	CHECK_OUTCOME(add_part(table, &c, data, (struct fragment){64, 64, false}, 0), PENDING);
	adit_reassembly_destroy(table);
}

/* The first pieces are held; the last one overlaps, whatever it is. */
TEST(reassembly, an_overlap_refuses_the_datagram)
{
	static const struct {
		const char *name;
		bool differs; /* the last piece has other bytes */
		unsigned count;
		struct fragment parts[4];
	} rows[] = {
		{"the same place, other bytes", true, 2, {{0, 64, true}, {0, 64, true}}},
		{"the same last piece, other bytes", true, 2, {{64, 13, false}, {64, 13, false}}},
		{"over the end of one", false, 2, {{0, 64, true}, {56, 64, true}}},
		{"over the begin of one", false, 2, {{64, 64, true}, {8, 64, true}}},
		{"around one", false, 2, {{64, 8, true}, {56, 24, true}}},
		{"within one, other bytes", true, 2, {{0, 64, true}, {16, 8, true}}},
		{"over a gap", false, 3, {{0, 64, true}, {72, 64, true}, {56, 24, true}}},
		{"two ends", false, 2, {{64, 13, false}, {80, 13, false}}},
		{"two ends in one unit", false, 2, {{64, 13, false}, {64, 14, false}}},
		{"behind the end", false, 2, {{64, 13, false}, {80, 8, true}}},
		{"up to the end, and more to come", false, 2, {{64, 16, false}, {72, 8, true}}},
		{"an end before what is held", false, 2, {{64, 16, true}, {32, 8, false}}},
		{"an end where more was said to come", false, 2, {{64, 16, true}, {64, 16, false}}},
		{"an end within what is held", false, 2, {{0, 64, true}, {32, 16, false}}},
	};
	struct adit_reassembly *table = make_table(4);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	uint8_t data[256], other[256];
	uint64_t lost = 0;

	make_udp(data, sizeof(data), 53, 1);
	make_udp(other, sizeof(other), 53, 2);
	for (unsigned w = 0; w < 2; w++) {
		for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
			struct context c = {.identification = (uint32_t)i, .v6 = w != 0};
			unsigned last = rows[i].count - 1, outcome;

			for (unsigned k = 0; k < last; k++)
				CHECK_OUTCOME(
					add_part(table, &c, data, rows[i].parts[k], 0), FRAGMENT);
			outcome = add_part(
				table, &c, rows[i].differs ? other : data, rows[i].parts[last], 0);
			CHECK_OUTCOME(outcome, FRAGMENT_OVERLAP);
			lost += last;
			CHECK_EQ_INT(n->refused, w * ADIT_COUNT(rows) + i + 1);
			CHECK_EQ_INT(n->lost, lost);
			/* And whatever follows of it. */
			CHECK_OUTCOME(add_part(table, &c, data, (struct fragment){0, 8, true}, 0),
				FRAGMENT_OVERLAP);
			CHECK_OUTCOME(
				add_part(table, &c, data, (struct fragment){200, 8, false}, 0),
				FRAGMENT_OVERLAP);
			CHECK_EQ_INT(n->started, n->refused);
			if (harness_failed())
				FAIL("%s", rows[i].name);
			REQUIRE(!harness_failed());
		}
	}
	adit_reassembly_destroy(table);
}

/* As many pieces as there may be, each of one unit; `over`: and one more. */
static void add_units(
	struct adit_reassembly *table, const struct context *c, bool backwards, bool over)
{
	static uint8_t data[8 * (ADIT_FRAGMENT_MAX + 1)];
	const unsigned units = ADIT_FRAGMENT_MAX + over;

	make_udp(data, 8 * units, 53, 1);
	for (unsigned k = 0; k < units; k++) {
		unsigned unit = backwards ? units - 1 - k : k;
		unsigned outcome = add_part(
			table, c, data, (struct fragment){8 * unit, 8, unit != units - 1}, 0);

		if (k + 1 < ADIT_FRAGMENT_MAX || (over && k < ADIT_FRAGMENT_MAX))
			CHECK_OUTCOME(outcome, FRAGMENT);
		else if (over)
			CHECK_OUTCOME(outcome, FRAGMENT_EXCESS);
		else
			CHECK_OUTCOME(outcome, PENDING);
		REQUIRE(!harness_failed());
	}
}

TEST(reassembly, a_piece_more_than_the_cap_refuses_the_datagram)
{
	struct adit_reassembly *table = make_table(2);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);

	for (unsigned k = 0; k < 4; k++)
		add_units(table, &(struct context){.identification = k}, k % 2 != 0, k / 2 != 0);
	CHECK_EQ_INT(n->completed, 2);
	CHECK_EQ_INT(n->refused, 2);
	CHECK_EQ_INT(n->lost, 2 * ADIT_FRAGMENT_MAX);
	adit_reassembly_destroy(table);
}

/* Every other unit leaves as many gaps as there may be, and a piece more fills one or is one too
 * many. */
TEST(reassembly, a_gap_more_than_the_cap_refuses_the_datagram)
{
	struct adit_reassembly *table = make_table(2);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	const unsigned units = 2 * ADIT_FRAGMENT_SPANS_MAX;
	uint8_t data[8 * (2 * ADIT_FRAGMENT_SPANS_MAX + 1)];

	make_udp(data, 8 * units, 53, 1);
	for (unsigned k = 0; k < units; k++) {
		unsigned unit = k < units / 2 ? 2 * k + 1 : 2 * (k - units / 2);
		struct fragment part = {8 * unit, 8, unit != units - 1};
		unsigned outcome =
			add_part(table, &(struct context){.identification = 1}, data, part, 0);

		if (k + 1 < units)
			CHECK_OUTCOME(outcome, FRAGMENT);
		else
			CHECK_OUTCOME(outcome, PENDING);
	}
	make_udp(data, sizeof(data), 53, 1);
	for (unsigned k = 0; k < ADIT_FRAGMENT_SPANS_MAX; k++)
		CHECK_OUTCOME(add_part(table, &(struct context){.identification = 2}, data,
				      (struct fragment){16 * k, 8, true}, 0),
			FRAGMENT);
	CHECK_OUTCOME(add_part(table, &(struct context){.identification = 2}, data,
			      (struct fragment){8 * units, 8, true}, 0),
		FRAGMENT_EXCESS);
	CHECK_OUTCOME(add_part(table, &(struct context){.identification = 2}, data,
			      (struct fragment){8, 8, true}, 0),
		FRAGMENT_EXCESS);
	CHECK_EQ_INT(n->completed, 1);
	CHECK_EQ_INT(n->refused, 1);
	CHECK_EQ_INT(n->lost, ADIT_FRAGMENT_SPANS_MAX);
	adit_reassembly_destroy(table);
}

TEST(reassembly, the_largest_datagram)
{
	struct adit_reassembly *table = make_table(2);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	uint8_t *data = calloc(1, 65536);
	struct frames f;

	REQUIRE(data != NULL);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct context c = {.identification = 1, .v6 = v6 != 0};
		unsigned size = ADIT_DATAGRAM_MAX - (v6 ? 48 : 20);
		struct adit_packet packet;
		struct adit_frame frame;

		make_udp(data, size, 53, 1);
		for (unsigned at = 0; at < size; at += 1480) {
			bool more = at + 1480 < size;
			struct fragment part = {at, more ? 1480 : size - at, more};
			unsigned outcome;

			frame = make_fragment(&f, &c, data, part);
			outcome = add(table, &frame, &packet);
			if (more)
				CHECK_OUTCOME(outcome, FRAGMENT);
			else
				CHECK_OUTCOME(outcome, PENDING);
		}
		CHECK_EQ_INT(packet.payload_size, size - 8);
		CHECK_EQ_INT(frame.captured, 14 + ADIT_DATAGRAM_MAX);
		check_whole(&c, &frame, &packet, data, size);
		/* A byte more: the piece itself shows that it cannot be right. */
		CHECK_OUTCOME(add_part(table, &(struct context){.identification = 2, .v6 = v6 != 0},
				      data, (struct fragment){65480, size + 1 - 65480, false}, 0),
			FRAGMENT_MALFORMED);
	}
	CHECK_EQ_INT(n->started, 2);
	CHECK_EQ_INT(waiting(table), 0);
	/* Or only the options of the first piece make it too large, which may come last or first.
	 */
	for (unsigned k = 0; k < 2; k++) {
		struct context c = {.identification = 3 + k, .options = 8};
		struct fragment parts[] = {{0, 64, true}, {65504, 10, false}};

		CHECK_OUTCOME(add_part(table, &c, data, parts[k], 0), FRAGMENT);
		CHECK_OUTCOME(add_part(table, &c, data, parts[!k], 0), FRAGMENT_MALFORMED);
		CHECK_EQ_INT(n->refused, k + 1);
		CHECK_OUTCOME(add_part(table, &c, data, parts[0], 0), FRAGMENT_MALFORMED);
	}
	free(data);
	adit_reassembly_destroy(table);
}

TEST(reassembly, a_lone_bad_fragment_changes_nothing)
{
	struct adit_reassembly *table = make_table(2);
	struct context v4 = {.identification = 1}, v6 = {.identification = 1, .v6 = true};
	uint8_t *data = calloc(1, 65600);
	struct frames f;

	REQUIRE(data != NULL);
	for (unsigned k = 0; k < 2; k++) {
		const struct context *c = k ? &v6 : &v4;
		static const struct fragment bad[] = {{0, 0, true}, {64, 0, false}, {0, 63, true},
			{64, 1, true}, {65528, 8, true}, {65528, 8, false}};
		struct adit_packet packet;
		struct adit_frame frame;

		CHECK_OUTCOME(add_part(table, c, data, (struct fragment){0, 64, true}, 0),
			FRAGMENT_OTHER);
		make_udp(data, 77, 53, 1);
		adit_reassembly_reset(table);
		CHECK_OUTCOME(
			add_part(table, c, data, (struct fragment){0, 64, true}, 0), FRAGMENT);
		for (size_t i = 0; i < ADIT_COUNT(bad); i++)
			CHECK_OUTCOME(add_part(table, c, data, bad[i], 0), FRAGMENT_MALFORMED);
		/* A length of 0 is no fragment's, whatever the frame holds. */
		put_front(&f, c);
		put_ip(&f, c, &(struct fragment){64, 13, false});
		frames_bytes(&f, data + 64, 13);
		frames_finish(&f);
		frames_fill(&f, 0, 1515 - f.size);
		f.bytes[k ? 18 : 16] = f.bytes[k ? 19 : 17] = 0;
		f.length_count = 0;
		frame = finish_frame(&f, c);
		CHECK_OUTCOME(add(table, &frame, &packet), FRAGMENT_MALFORMED);
		/* The capture holds all but its last byte. */
		frame = make_fragment(&f, c, data, (struct fragment){64, 13, false});
		frame.data = harness_exact(frame.data, frame.captured - 1);
		frame.captured--;
		CHECK_OUTCOME(add(table, &frame, &packet), FRAME_CUT);
		/* With padding behind it. */
		put_front(&f, c);
		put_ip(&f, c, &(struct fragment){64, 13, false});
		frames_bytes(&f, data + 64, 13);
		frames_trailer(&f, 20);
		frame = finish_frame(&f, c);
		CHECK_OUTCOME(add(table, &frame, &packet), PENDING);
		check_whole(c, &frame, &packet, data, 77);
		memset(data, 0, 77);
	}
	free(data);
	adit_reassembly_destroy(table);
}

TEST(reassembly, headers_longer_than_their_room_are_refused)
{
	struct adit_reassembly *table = make_table(2);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	struct context c = {.identification = 1, .v6 = true};
	struct adit_packet packet;
	struct adit_frame frame;
	uint8_t data[77];
	struct frames f;

	make_udp(data, sizeof(data), 53, 1);
	/* An IPv6 header of 512 bytes with its extensions fits, one of 520 does not. */
	for (unsigned k = 0; k < 2; k++) {
		put_front(&f, &c);
		frames_ipv6(&f, SERVER_V6, CLIENT_V6);
		frames_ipv6_extension(&f, 60, 512 - 48 + 8 * k);
		frames_ipv6_fragment(&f, 0, true);
		frames_next(&f, 17);
		frames_bytes(&f, data, 64);
		frame = finish_frame(&f, &c);
		if (k == 0)
			CHECK_OUTCOME(add(table, &frame, &packet), FRAGMENT);
		else
			CHECK_OUTCOME(add(table, &frame, &packet), FRAGMENT_EXCESS);
		adit_reassembly_reset(table);
	}
	/* Likewise what stands in front of an inner header. */
	for (unsigned k = 0; k < 2; k++) {
		put_front(&f, &c);
		frames_ipv6(&f, CORE_V6, RADIO_V6);
		frames_ipv6_extension(&f, 60, 432 + 8 * k);
		frames_udp(&f, 2152, 2152);
		frames_gtpu(&f, FRAMES_G_PDU, FRAMES_GTPU_E, TEID);
		frames_gtpu_session(&f, 0, 1);
		/* 14 + 40 + 8 + 16 bytes and the extension: 510, or 518. */
		put_ip(&f, &c, &(struct fragment){0, 64, true});
		frames_bytes(&f, data, 64);
		frame = finish_frame(&f, &c);
		adit_packet_decode(&frame, dns_ports(), &packet);
		CHECK(k == 0 ? packet.ip_offset <= ADIT_FRAGMENT_PREFIX_MAX
			     : packet.ip_offset > ADIT_FRAGMENT_PREFIX_MAX);
		if (k == 0)
			CHECK_OUTCOME(add(table, &frame, &packet), FRAGMENT);
		else
			CHECK_OUTCOME(add(table, &frame, &packet), FRAGMENT_EXCESS);
		adit_reassembly_reset(table);
	}
	CHECK_EQ_INT(n->refused, 2);
	CHECK_EQ_INT(n->expired, 2);
	adit_reassembly_destroy(table);
}

TEST(reassembly, a_frame_with_caller_s_own_fields)
{
	struct adit_reassembly *table = make_table(1);
	struct context c = {.identification = 1};
	struct adit_packet packet;
	struct adit_frame frame;
	uint8_t data[77];
	struct frames f;

	make_udp(data, sizeof(data), 53, 1);
	for (unsigned k = 0; k < 2; k++) {
		frame = make_fragment(&f, &c, data,
			k ? (struct fragment){64, 13, false} : (struct fragment){0, 64, true});
		frame.readable_tail = 0;
		frame.ts_ns = 1000 - k;
		adit_packet_decode(&frame, dns_ports(), &packet);
		packet.mark = (uint8_t)(5 + k);
		adit_reassembly_add(table, &frame, &packet);
	}
	CHECK_OUTCOME(packet.outcome, PENDING);
	CHECK_EQ_INT(packet.mark, 6);
	CHECK_EQ_INT(frame.ts_ns, 999);
	/* What it promises may be loaded. */
	CHECK(frame.readable_tail > 0);
	for (uint32_t i = 0; i < frame.readable_tail; i++)
		data[0] ^= frame.data[frame.captured + i];
	adit_reassembly_destroy(table);
}
