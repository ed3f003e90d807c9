/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which datagrams wait, for how long, and which are remembered.
 */
#include "fragments.h"

#define MS ADIT_NS_PER_MS

TEST(reassembly_table, a_client_may_repeat_itself_with_the_same_identification)
{
	static const struct fragment first = {0, 64, true}, last = {64, 13, false};
	struct adit_reassembly *table = make_table(4);
	struct context c = {.identification = 1};
	uint64_t again = ADIT_FRAGMENT_AGAIN_NS;
	uint8_t data[77];

	make_udp(data, sizeof(data), 53, 1);
	CHECK_OUTCOME(add_part(table, &c, data, first, 0), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &c, data, last, 0), PENDING);
	CHECK_OUTCOME(add_part(table, &c, data, first, again), FRAGMENT_DUPLICATE);
	CHECK_OUTCOME(add_part(table, &c, data, first, again + 1), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &c, data, last, again + 1), PENDING);
	adit_reassembly_destroy(table);
}

TEST(reassembly_table, a_datagram_waits_for_so_long)
{
	static const struct fragment first = {0, 64, true}, last = {64, 13, false};
	struct adit_reassembly *table = make_table(100);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	struct context c = {.identification = 1}, d = {.identification = 2};
	uint8_t data[77];

	make_udp(data, sizeof(data), 53, 1);
	/* Up to the time-out, by the time of the packets, and not longer. */
	CHECK_OUTCOME(add_part(table, &c, data, first, 5 * MS), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &c, data, last, 5 * MS + TIMEOUT_NS), PENDING);
	CHECK_OUTCOME(add_part(table, &d, data, first, 200 * MS), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &d, data, last, 200 * MS + TIMEOUT_NS + 1), FRAGMENT);
	CHECK_EQ_INT(n->expired, 1);
	CHECK_EQ_INT(n->lost, 1);
	/* Another datagram's piece is enough to move the time; going back a little does no harm. */
	CHECK_OUTCOME(add_part(table, &c, data, first, 500 * MS), FRAGMENT);
	CHECK_EQ_INT(n->expired, 2);
	CHECK_OUTCOME(add_part(table, &c, data, last, 499 * MS), PENDING);
	/* More of them than one call drops: none is taken for alive. */
	for (uint32_t i = 0; i < 100; i++)
		CHECK_OUTCOME(add_part(table, &(struct context){.identification = 1000 + i}, data,
				      first, 600 * MS),
			FRAGMENT);
	CHECK_OUTCOME(
		add_part(table, &(struct context){.identification = 1099}, data, last, 900 * MS),
		FRAGMENT);
	for (uint32_t i = 0; i < 99; i++)
		CHECK_OUTCOME(add_part(table, &(struct context){.identification = 2000 + i}, data,
				      first, 900 * MS),
			FRAGMENT);
	CHECK_EQ_INT(n->expired, 102);
	CHECK_EQ_INT(n->evicted, 0);
	CHECK_EQ_INT(waiting(table), 100);
	adit_reassembly_destroy(table);
}

TEST(reassembly_table, the_oldest_gives_way)
{
	static const struct fragment first = {0, 64, true}, last = {64, 13, false};
	struct adit_reassembly *table = make_table(3);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	uint8_t data[77];

	make_udp(data, sizeof(data), 53, 1);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_OUTCOME(add_part(table, &(struct context){.identification = i}, data, first,
				      i * MS),
			FRAGMENT);
	CHECK_EQ_INT(n->evicted, 1);
	CHECK_EQ_INT(n->lost, 1);
	CHECK_EQ_INT(waiting(table), 3);
	for (uint32_t i = 1; i < 4; i++)
		CHECK_OUTCOME(
			add_part(table, &(struct context){.identification = i}, data, last, 4 * MS),
			PENDING);
	CHECK_OUTCOME(add_part(table, &(struct context){.identification = 0}, data, last, 4 * MS),
		FRAGMENT);
	CHECK_EQ_INT(n->started, 5);
	adit_reassembly_destroy(table);
}

TEST(reassembly_table, reset_drops_what_waits)
{
	static const struct fragment first = {0, 64, true}, last = {64, 13, false};
	struct adit_reassembly *table = make_table(3);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	struct context c = {.identification = 1}, d = {.identification = 2};
	uint8_t data[77];

	make_udp(data, sizeof(data), 53, 1);
	CHECK_OUTCOME(add_part(table, &c, data, first, 900 * MS), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &d, data, first, 900 * MS), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &d, data, last, 900 * MS), PENDING);
	adit_reassembly_reset(table);
	CHECK_EQ_INT(n->expired, 1);
	CHECK_EQ_INT(n->lost, 1);
	CHECK_EQ_INT(waiting(table), 0);
	/* Time begins anew, and nothing is remembered. */
	CHECK_OUTCOME(add_part(table, &c, data, last, 1 * MS), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &d, data, last, 2 * MS), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &c, data, first, 1 * MS + TIMEOUT_NS), PENDING);
	adit_reassembly_destroy(table);
}

/* The same identification, and one thing different. */
TEST(reassembly_table, contexts_do_not_mix)
{
	static const struct context rows[] = {
		{.identification = 7},
		{.identification = 8},
		{.identification = 7, .tap = 1},
		{.identification = 7, .vlan = 5},
		{.identification = 7, .vlan = 5, .vlan_inner = 6},
		{.identification = 7, .vlan = 6, .vlan_inner = 5},
		{.identification = 7, .port_vlan = 9},
		{.identification = 7, .protocol = 6},
		{.identification = 7, .source = 99},
		{.identification = 7, .destination = 99},
		{.identification = 7, .gtpu = true, .teid = 1},
		{.identification = 7, .gtpu = true, .teid = 2},
		{.identification = 7, .gtpu = true, .teid = 2, .peer = 77},
		{.identification = 7, .v6 = true},
		{.identification = 0x70007, .v6 = true},
		{.identification = 7, .v6 = true, .gtpu = true, .teid = 1},
	};
	static const struct fragment parts[] = {{0, 64, true}, {64, 40, true}, {104, 13, false}};
	struct adit_reassembly *table = make_table(ADIT_COUNT(rows));
	uint8_t data[ADIT_COUNT(rows)][117];
	struct frames f;

	for (unsigned k = 0; k < 3; k++) {
		for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
			struct adit_packet packet;
			struct adit_frame frame;
			unsigned outcome;

			make_udp(data[i], sizeof(data[i]), 53, (uint8_t)i);
			if (rows[i].protocol == 6)
				data[i][12] = 0x50; /* a TCP header of 20 bytes */
			frame = make_fragment(&f, &rows[i], data[i], parts[k]);
			outcome = add(table, &frame, &packet);
			if (k < 2) {
				CHECK_OUTCOME(outcome, FRAGMENT);
				continue;
			}
			CHECK_OUTCOME(outcome, PENDING);
			check_whole(&rows[i], &frame, &packet, data[i], sizeof(data[i]));
			if (harness_failed())
				FAIL("row %zu", i);
		}
	}
	CHECK_EQ_INT(adit_reassembly_counters(table)->completed, ADIT_COUNT(rows));
	adit_reassembly_destroy(table);
}

/* The priority of a tag has no say. */
TEST(reassembly_table, a_context_is_identifiers_only)
{
	struct context low = {.identification = 7, .vlan = 0x0005}, high = low;
	struct adit_reassembly *table = make_table(2);
	uint8_t data[77];

	high.vlan = 0x6005;
	make_udp(data, sizeof(data), 53, 1);
	CHECK_OUTCOME(add_part(table, &low, data, (struct fragment){0, 64, true}, 0), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &high, data, (struct fragment){64, 13, false}, 0), PENDING);
	adit_reassembly_destroy(table);
}

/* A first piece in GTP-U or alone, of which enough is there to say what it is. */
TEST(reassembly_table, what_is_no_dns_holds_no_room)
{
	static const struct {
		const char *name;
		uint8_t protocol;
		uint16_t port;
		unsigned first; /* bytes in the first piece */
		bool other;
	} rows[] = {
		{"UDP", 17, 4711, 8, true},
		{"UDP, a DNS port", 17, 53, 8, false},
		{"UDP, encrypted DNS", 17, 853, 64, false},
		{"UDP, GTP-U, its header not there", 17, 2152, 8, false},
		{"UDP, GTP-U, of another version", 17, 2152, 64, true},
		{"TCP, not all of its header", 6, 4711, 16, false},
		{"TCP", 6, 4711, 24, true},
		{"TCP, a DNS port", 6, 53, 24, false},
		{"TCP, encrypted DNS", 6, 853, 24, false},
		{"ICMP", 1, 0, 8, true},
		{"ESP", 50, 53, 8, true},
	};
	struct adit_reassembly *table = make_table(4);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	uint8_t data[1400];
	uint64_t passed = 0;

	for (size_t i = 0; i < 2 * ADIT_COUNT(rows); i++) {
		size_t k = i / 2;
		struct context c = {.identification = (uint32_t)i,
			.protocol = rows[k].protocol,
			.gtpu = i % 2 != 0,
			.teid = 5};
		struct fragment first = {0, rows[k].first, true}, middle = {720, 640, true},
				last = {1360, 40, false};
		unsigned outcome;

		make_udp(data, sizeof(data), rows[k].port, 0);
		if (rows[k].protocol == 6)
			data[12] = 0x50;
		/* Inside GTP-U there is no other GTP-U. */
		if (c.gtpu && rows[k].port == 2152)
			continue;
		CHECK_OUTCOME(add_part(table, &c, data, middle, i * 1000 * MS), FRAGMENT);
		outcome = add_part(table, &c, data, first, i * 1000 * MS);
		if (rows[k].other) {
			passed++;
			CHECK_OUTCOME(outcome, FRAGMENT_OTHER);
			CHECK_OUTCOME(
				add_part(table, &c, data, last, i * 1000 * MS), FRAGMENT_OTHER);
			CHECK_OUTCOME(
				add_part(table, &c, data, middle, i * 1000 * MS), FRAGMENT_OTHER);
			CHECK_EQ_INT(waiting(table), 0);
		} else {
			CHECK_OUTCOME(outcome, FRAGMENT);
			CHECK_OUTCOME(add_part(table, &c, data, last, i * 1000 * MS), FRAGMENT);
			CHECK_EQ_INT(waiting(table), 1);
		}
		CHECK_EQ_INT(n->passed, passed);
		if (harness_failed())
			FAIL("%s%s", rows[k].name, c.gtpu ? " in GTP-U" : "");
		REQUIRE(!harness_failed());
	}
	/* Three pieces of each that waited; what was passed lost none. */
	adit_reassembly_reset(table);
	CHECK_EQ_INT(n->lost, 3 * n->expired);
	adit_reassembly_destroy(table);
}

/*
 * Below a label of MPLS, IP is what ends just where the datagram does; else the same bytes may be
 * an Ethernet frame, as these: the source has its EtherType and the first bytes of an IP header,
 * the destination that one's length, the ports that it is no fragment. So the first piece alone
 * tells nothing.
 */
TEST(reassembly_table, a_first_piece_with_labels_decides_nothing)
{
	struct context c = {.identification = 1, .protocol = 47};
	struct adit_reassembly *table = make_table(4);
	unsigned size;
	struct frames f;

	frames_start(&f);
	frames_ipv4(&f, RADIO, CORE);
	frames_gre(&f, 0);
	frames_mpls(&f, 16, true);
	frames_ipv4(&f, "8.0.69.1", "4.0.0.1");
	frames_udp(&f, 49152, 53);
	frames_query(&f, 1, "a-name-that-takes-the-datagram-into-its-second-piece.example", 16);
	frames_finish(&f);
	size = (unsigned)f.size - 20;
	CHECK(size > 64 && size < 0x0400);
	CHECK_OUTCOME(
		add_part(table, &c, f.bytes + 20, (struct fragment){0, 64, true}, 0), FRAGMENT);
	CHECK_OUTCOME(add_part(table, &c, f.bytes + 20, (struct fragment){64, size - 64, false}, 0),
		PENDING);
	adit_reassembly_destroy(table);
}

TEST(reassembly_table, what_was_passed_is_remembered_for_a_while)
{
	static const struct fragment first = {0, 64, true}, last = {64, 13, false};
	struct adit_reassembly *table = make_table(1);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	struct context c = {.identification = 1};
	uint8_t other[77], dns[77];

	make_udp(other, sizeof(other), 4711, 1);
	make_udp(dns, sizeof(dns), 53, 1);
	CHECK_OUTCOME(add_part(table, &c, other, first, 0), FRAGMENT_OTHER);
	CHECK_OUTCOME(add_part(table, &c, other, last, TIMEOUT_NS), FRAGMENT_OTHER);
	CHECK_OUTCOME(add_part(table, &c, other, last, TIMEOUT_NS + 1), FRAGMENT);
	CHECK_EQ_INT(n->started, 2);
	/* A datagram that is no DNS lets no other give way. */
	CHECK_OUTCOME(
		add_part(table, &(struct context){.identification = 2}, other, first, TIMEOUT_NS),
		FRAGMENT_OTHER);
	CHECK_EQ_INT(n->evicted, 0);
	/* The identification is used again, for DNS. */
	CHECK_OUTCOME(
		add_part(table, &(struct context){.identification = 2}, dns, first, TIMEOUT_NS),
		FRAGMENT);
	CHECK_OUTCOME(
		add_part(table, &(struct context){.identification = 2}, dns, last, TIMEOUT_NS),
		PENDING);
	/* Whole at once: its own outcome. */
	CHECK_OUTCOME(
		add_part(table, &(struct context){.identification = 3}, other, last, TIMEOUT_NS),
		FRAGMENT);
	CHECK_OUTCOME(
		add_part(table, &(struct context){.identification = 3}, other, first, TIMEOUT_NS),
		UDP_OTHER);
	CHECK_EQ_INT(n->completed, 2);
	CHECK_EQ_INT(n->passed, 2);
	CHECK_EQ_INT(n->evicted, 1);
	adit_reassembly_destroy(table);
}

/* Fragments of `inner`, a frame's bytes from an IP header on, in the G-PDU of a datagram that is
 * itself sent in two pieces. Writes the outer datagram's data; returns its size. */
static size_t wrap_gtpu(uint8_t *data, const uint8_t *inner, size_t size, uint32_t teid)
{
	struct frames f;

	frames_start(&f);
	frames_ipv4(&f, CORE, RADIO);
	frames_udp(&f, 2152, 2152);
	frames_gtpu(&f, FRAMES_G_PDU, 0, teid);
	frames_bytes(&f, inner, size);
	frames_finish(&f);
	memcpy(data, f.bytes + 20, f.size - 20);
	return f.size - 20;
}

TEST(reassembly_table, fragments_in_a_datagram_of_fragments)
{
	static const struct fragment inner_parts[] = {
		{0, 600, true}, {600, 800, true}, {1400, 77, false}};
	struct adit_reassembly *table = make_table(4);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	uint8_t dns[1477];
	struct frames f;

	make_udp(dns, sizeof(dns), 53, 1);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct context inner = {.identification = 9, .v6 = v6 != 0};

		for (uint32_t i = 0; i < 3; i++) {
			struct context outer = {.identification = i + 10 * v6, .tap = 3};
			struct adit_frame frame = make_fragment(&f, &inner, dns, inner_parts[i]);
			struct adit_frame before;
			struct adit_packet packet;
			uint8_t data[1600];
			size_t size = wrap_gtpu(data, frame.data + 14, frame.captured - 14, TEID);
			unsigned outcome, cut = i == 0 ? 40 : 80;

			/* The second piece before the first one, once. */
			frame = make_fragment(&f, &outer, data,
				i == 1 ? (struct fragment){cut, (unsigned)size - cut, false}
				       : (struct fragment){0, cut, true});
			CHECK_OUTCOME(add(table, &frame, &packet), FRAGMENT);
			frame = make_fragment(&f, &outer, data,
				i == 1 ? (struct fragment){0, cut, true}
				       : (struct fragment){cut, (unsigned)size - cut, false});
			frame.ts_ns = i;
			before = frame;
			packet.mark = 0;
			outcome = add(table, &frame, &packet);
			if (i < 2) {
				CHECK_OUTCOME(outcome, FRAGMENT);
				CHECK_EQ_MEM(&frame, &before, sizeof(frame));
				continue;
			}
			CHECK_OUTCOME(outcome, PENDING);
			CHECK_EQ_INT(packet.payload_size, sizeof(dns) - 8);
			CHECK_EQ_MEM(frame.data + packet.payload_offset, dns + 8, sizeof(dns) - 8);
			CHECK_EQ_INT(packet.flags & (ADIT_PACKET_GTPU | ADIT_PACKET_V6),
				ADIT_PACKET_GTPU | (v6 ? ADIT_PACKET_V6 : 0));
			CHECK_EQ_INT(adit_packet_teid(&frame, &packet), TEID);
			CHECK_EQ_INT(packet.who_offset, packet.ip_offset);
			CHECK_EQ_INT(packet.outer_ip_offset, 14);
			CHECK_EQ_INT(frame.ts_ns, 2);
			CHECK_EQ_INT(frame.tap, 3);
		}
	}
	CHECK_EQ_INT(n->started, 8);
	CHECK_EQ_INT(n->completed, 8);
	adit_reassembly_destroy(table);
}

/* Datagrams that wait for what the next one outside of them brings, more than there may be IP
 * headers: they are made from the inside out. */
TEST(reassembly_table, a_chain_of_datagrams_has_an_end)
{
	for (unsigned depth = 1; depth <= ADIT_PACKET_IP_MAX + 1; depth++) {
		struct adit_reassembly *table = make_table(8);
		uint8_t data[2048], first[8];
		size_t size = 64;
		struct adit_packet packet;
		struct adit_frame frame;
		struct frames f;
		unsigned outcome;

		make_udp(data, size, 53, 1);
		for (unsigned k = 0; k < depth; k++) {
			struct context c = {.identification = k, .protocol = k == 0 ? 17 : 4};

			memcpy(first, data, 8);
			CHECK_OUTCOME(add_part(table, &c, first, (struct fragment){0, 8, true}, 0),
				FRAGMENT);
			frame = make_fragment(
				&f, &c, data, (struct fragment){8, (unsigned)size - 8, false});
			size = frame.captured - 14;
			memcpy(data, frame.data + 14, size);
		}
		outcome = add(table, &frame, &packet);
		if (depth <= ADIT_PACKET_IP_MAX)
			CHECK_OUTCOME(outcome, PENDING);
		else
			CHECK_OUTCOME(outcome, NESTING);
		adit_reassembly_destroy(table);
	}
}

struct counting {
	struct harness_allocator inner;
	size_t bytes;
};

static void *count_alloc(void *context, size_t size_bytes, size_t align)
{
	struct counting *counting = context;

	counting->bytes += size_bytes;
	return counting->inner.allocator.alloc(
		counting->inner.allocator.context, size_bytes, align);
}

static void count_free(void *context, void *memory)
{
	struct counting *counting = context;

	counting->inner.allocator.free(counting->inner.allocator.context, memory);
}

TEST(reassembly_table, memory_is_what_was_said_and_may_be_missing)
{
	struct adit_reassembly_params params = {.ports = dns_ports(),
		.key = &adit_hash_key_fixed,
		.datagrams = 10,
		.timeout_ns = TIMEOUT_NS};
	struct counting counting = {0};
	struct adit_allocator allocator = {count_alloc, count_free, &counting};
	struct adit_reassembly *table;
	size_t n = 0;

	for (;; n++) {
		harness_allocator_init(&counting.inner, n);
		counting.bytes = 0;
		table = adit_reassembly_create(&params, &allocator);
		if (table != NULL)
			break;
		CHECK_EQ_INT(counting.inner.live, 0);
		REQUIRE(n < 100);
	}
	CHECK(n > 1);
	CHECK_EQ_INT(counting.bytes, adit_reassembly_bytes(&params));
	adit_reassembly_destroy(table);
	CHECK_EQ_INT(counting.inner.live, 0);
	adit_reassembly_destroy(NULL);
	params.datagrams = 0;
	CHECK(adit_reassembly_create(&params, NULL) == NULL);
	params.datagrams = UINT32_MAX;
	CHECK(adit_reassembly_create(&params, NULL) == NULL);
}
