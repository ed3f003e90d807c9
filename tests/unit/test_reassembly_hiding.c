/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What somebody who wants a query not to be seen may do with fragments: first pieces that no
 * receiver gets, floods of them, and pieces that have a datagram refused.
 */
#include "fragments.h"

#define MS ADIT_NS_PER_MS

/* The pieces of one datagram and of decoys, which don't reach the receiver. */
enum { SIZE = 117 };
static uint8_t query[SIZE], decoy[SIZE], forged[SIZE];
static const struct {
	char name;
	const uint8_t *data;
	struct fragment part;
} pieces[] = {
	{'1', query, {0, 64, true}},    /* the query's first piece, */
	{'2', query, {64, 40, true}},   /* second, */
	{'3', query, {104, 13, false}}, /* and last */
	{'d', decoy, {0, 64, true}},    /* first pieces to another port */
	{'e', decoy, {0, 56, true}},
	{'x', forged, {64, 40, true}}, /* other bytes in place of 2 and 3 */
	{'y', forged, {104, 13, false}}, {'z', forged, {64, 53, false}}, /* and of both */
};

static void make_pieces(void)
{
	make_udp(query, SIZE, 53, 1);
	make_udp(decoy, SIZE, 4711, 1);
	make_udp(forged, SIZE, 53, 2);
}

/* Adds the piece of that name; what came whole has, from byte 64 on, the bytes of `*tail`. */
static char add_named(struct adit_reassembly *table, const struct context *c, char name,
	uint64_t ts_ns, const uint8_t **tail)
{
	struct adit_packet packet;
	struct adit_frame frame;
	struct frames f;
	size_t k = 0;
	unsigned outcome;

	while (pieces[k].name != name)
		k++;
	frame = make_fragment(&f, c, pieces[k].data, pieces[k].part);
	frame.ts_ns = ts_ns;
	outcome = add(table, &frame, &packet);
	switch (outcome) {
	case ADIT_OUTCOME_FRAGMENT:
		return '.';
	case ADIT_OUTCOME_FRAGMENT_OTHER:
		return 'o';
	case ADIT_OUTCOME_FRAGMENT_DUPLICATE:
		return '=';
	case ADIT_OUTCOME_FRAGMENT_OVERLAP:
		return '!';
	case ADIT_OUTCOME_UDP_OTHER:
		return 'u';
	case ADIT_OUTCOME_PENDING:
		CHECK_EQ_INT(packet.payload_size, SIZE - 8);
		*tail = memcmp(frame.data + packet.payload_offset + 56, query + 64, SIZE - 64) == 0
				? query
				: NULL;
		return *tail == query ? 'P' : 'p';
	default:
		return '?';
	}
}

/* P: the query comes whole; p: with other bytes behind its first piece. */
TEST(reassembly_hiding, a_first_piece_to_another_port_hides_nothing)
{
	static const struct {
		const char *order, *outcomes;
	} rows[] = {
		{"d231", "oooP"},
		{"2d31", ".ooP"},
		{"23d1", "..uP"},
		{"32d1", "..uP"},
		{"d213", "oo.P"},
		{"d123", "o..P"},
		{"de231", "ooooP"},
		{"d2e31", "ooooP"},
		{"2d3e1", ".oooP"},
		{"dd22331", "ooooooP"},
		{"d2311", "oooP="},
		/* With decoys behind it, its own still make it whole. */
		{"dz123", "oop.P"},
		{"dxy123", "ooop.P"},
		{"dx123", "oo..P"},
		{"zd123", ".up.P"},
		/* Which of two is right, nobody can tell from them. */
		{"dz2123", "ooo..P"},
		{"d2x3123", "oooo..P"},
		/* A first piece that is held already, and one that follows. */
		{"1d23", ".!!!"},
		{"d231d23", "oooP!!!"},
	};

	make_pieces();
	for (unsigned v6 = 0; v6 < 2; v6++) {
		for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
			struct adit_reassembly *table = make_table(2);
			struct context c = {.identification = 7, .v6 = v6 != 0};
			const uint8_t *tail = NULL;
			char outcomes[16] = "";

			for (size_t k = 0; rows[i].order[k] != '\0'; k++)
				outcomes[k] = add_named(table, &c, rows[i].order[k], k * MS, &tail);
			CHECK_EQ_STR(outcomes, rows[i].outcomes);
			adit_reassembly_destroy(table);
			STOP_IN(rows[i].order);
		}
	}
}

/* Up to ADIT_FRAGMENT_AGAIN_NS, and no other datagram's. */
TEST(reassembly_hiding, what_is_kept_is_kept_for_so_long)
{
	struct adit_reassembly *table = make_table(2);
	struct context c = {.identification = 7}, other = {.identification = 8};
	const uint8_t *tail = NULL;

	make_pieces();
	for (unsigned late = 0; late < 2; late++) {
		uint64_t at = late * 1000 * MS;

		CHECK_EQ_INT(add_named(table, &c, 'd', at, &tail), 'o');
		CHECK_EQ_INT(add_named(table, &other, 'd', at, &tail), 'o');
		CHECK_EQ_INT(add_named(table, &c, '2', at + 1, &tail), 'o');
		CHECK_EQ_INT(add_named(table, &c, '3', at + 2, &tail), 'o');
		at += 1 + ADIT_FRAGMENT_AGAIN_NS + late;
		CHECK_EQ_INT(add_named(table, &other, '1', at, &tail), '.');
		CHECK_EQ_INT(add_named(table, &c, '1', at, &tail), late ? '.' : 'P');
	}
	adit_reassembly_destroy(table);
}

/* The ring of what is kept is overwritten by what comes later, also by pieces of any size. */
TEST(reassembly_hiding, what_is_kept_has_bounds)
{
	static uint8_t large[65535];
	struct adit_reassembly *table = make_table(1);
	struct context c = {.identification = 7};
	const uint8_t *tail = NULL;

	make_pieces();
	make_udp(large, sizeof(large), 4711, 1);
	for (unsigned others = 0; others < 12; others++) {
		unsigned size = 65000 - others * 1111;

		adit_reassembly_reset(table);
		CHECK_EQ_INT(add_named(table, &c, 'd', 0, &tail), 'o');
		CHECK_EQ_INT(add_named(table, &c, '2', 0, &tail), 'o');
		CHECK_EQ_INT(add_named(table, &c, '3', 0, &tail), 'o');
		for (unsigned i = 0; i < others; i++) {
			struct context d = {.identification = 100 + i};

			CHECK_OUTCOME(add_part(table, &d, large, (struct fragment){0, 64, true}, 0),
				FRAGMENT_OTHER);
			CHECK_OUTCOME(
				add_part(table, &d, large, (struct fragment){64, size, false}, 0),
				FRAGMENT_OTHER);
		}
		/* One of them fits beside it for certain, and three do not. */
		if (others < 2)
			CHECK_EQ_INT(add_named(table, &c, '1', 0, &tail), 'P');
		if (others > 2)
			CHECK_EQ_INT(add_named(table, &c, '1', 0, &tail), '.');
	}
	/* More pieces of one datagram than are kept: the rest is not. */
	adit_reassembly_reset(table);
	CHECK_EQ_INT(add_named(table, &c, 'd', 0, &tail), 'o');
	for (unsigned i = 0; i < ADIT_FRAGMENT_MAX; i++)
		CHECK_EQ_INT(add_named(table, &c, '2', 0, &tail), 'o');
	CHECK_EQ_INT(add_named(table, &c, '3', 0, &tail), 'o');
	CHECK_EQ_INT(add_named(table, &c, '1', 0, &tail), '.');
	CHECK_EQ_INT(add_named(table, &c, '3', 0, &tail), 'P');
	adit_reassembly_destroy(table);
}

/* Three wait, and a fourth sender fills the table again and again. */
TEST(reassembly_hiding, a_flood_pushes_out_its_own)
{
	static const struct {
		const char *name;
		struct context victims[3], flood;
		bool spoofs; /* the flood, within what it may choose */
	} rows[] = {
		{"IPv4", {{.source = 10}, {.source = 11}, {.source = 12}}, {.source = 99}, false},
		{"IPv6", {{.v6 = true, .tap = 1}, {.v6 = true, .tap = 2}, {.v6 = true, .tap = 3}},
			{.v6 = true, .tap = 4}, true},
		{"GTP-U",
			{{.gtpu = true, .teid = 1}, {.gtpu = true, .teid = 2},
				{.gtpu = true, .teid = 3}},
			{.gtpu = true, .teid = 4}, true},
	};
	static const struct fragment first = {0, 64, true}, last = {64, 53, false};

	make_pieces();
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_reassembly *table = make_table(64);
		const struct adit_reassembly_counters *n = adit_reassembly_counters(table);

		for (unsigned k = 0; k < 3; k++)
			CHECK_OUTCOME(
				add_part(table, &rows[i].victims[k], query, first, 0), FRAGMENT);
		for (unsigned k = 0; k < 1000; k++) {
			struct context c = rows[i].flood;

			c.identification = 1 + k;
			if (rows[i].spoofs)
				c.source = (uint8_t)(1 + k % 250);
			CHECK_OUTCOME(add_part(table, &c, query, first, k), FRAGMENT);
		}
		CHECK_EQ_INT(n->evicted, 1003 - 64);
		for (unsigned k = 0; k < 3; k++)
			CHECK_OUTCOME(
				add_part(table, &rows[i].victims[k], query, last, MS), PENDING);
		adit_reassembly_destroy(table);
		STOP_IN(rows[i].name);
	}
}

/* Among sources that have as many, the one that has had so for longest. */
TEST(reassembly_hiding, where_all_have_as_many_the_oldest_gives_way)
{
	static const struct fragment first = {0, 64, true}, last = {64, 53, false};
	struct adit_reassembly *table = make_table(6);

	make_pieces();
	for (unsigned k = 0; k < 9; k++)
		CHECK_OUTCOME(add_part(table,
				      &(struct context){
					      .identification = k, .source = (uint8_t)(1 + k % 3)},
				      query, first, k),
			FRAGMENT);
	for (unsigned k = 3; k < 9; k++)
		CHECK_OUTCOME(add_part(table,
				      &(struct context){
					      .identification = k, .source = (uint8_t)(1 + k % 3)},
				      query, last, 10),
			PENDING);
	adit_reassembly_destroy(table);
}

/* What is lost of DNS is counted by itself: datagrams, each once. */
TEST(reassembly_hiding, lost_dns_is_counted)
{
	static const struct {
		const char *why, *order;
		uint16_t port;
		unsigned lost_dns;
	} rows[] = {
		{"a first piece that waits", "1", 53, 1},
		{"and another", "12", 53, 1},
		{"encrypted DNS", "1", 853, 1},
		{"from another port", "1", 4711, 0},
		{"no first piece", "2", 53, 0},
		{"whole", "123", 53, 0},
		{"refused, after the first piece", "12x", 53, 1},
		{"and it comes again", "12x11", 53, 1},
		{"refused before it", "2x1", 53, 1},
		{"before it, twice", "2x113", 53, 1},
		{"refused because of it", "2e1", 53, 1},
		{"refused without it", "2x3", 53, 0},
		{"refused, from another port", "2x1", 4711, 0},
		{"read with what was kept", "d231", 53, 0},
		{"which others contradict", "dz231", 53, 1},
	};

	for (unsigned v6 = 0; v6 < 2; v6++) {
		for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
			struct adit_reassembly *table = make_table(2);
			const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
			struct context c = {.identification = 7, .v6 = v6 != 0};
			const uint8_t *tail = NULL;

			make_pieces();
			make_udp(query, SIZE, rows[i].port, 1);
			for (const char *name = rows[i].order; *name != '\0'; name++)
				add_named(table, &c, *name, 0, &tail);
			adit_reassembly_reset(table);
			CHECK_EQ_INT(n->lost_dns, rows[i].lost_dns);
			CHECK_EQ_INT(waiting(table), 0);
			adit_reassembly_destroy(table);
			STOP_IN(rows[i].why);
		}
	}
}

TEST(reassembly_hiding, lost_dns_of_what_was_evicted_or_had_no_room)
{
	struct adit_reassembly *table = make_table(1);
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	struct context c = {.identification = 1}, d = {.identification = 2};
	const uint8_t *tail = NULL;
	struct adit_packet packet;
	struct adit_frame frame;
	struct frames f;

	make_pieces();
	CHECK_EQ_INT(add_named(table, &c, '1', 0, &tail), '.');
	CHECK_EQ_INT(add_named(table, &d, '2', 0, &tail), '.');
	CHECK_EQ_INT(n->evicted, 1);
	CHECK_EQ_INT(n->lost_dns, 1);
	CHECK_EQ_INT(add_named(table, &d, '1', TIMEOUT_NS + 1, &tail), '.');
	CHECK_EQ_INT(n->expired, 1);
	CHECK_EQ_INT(n->lost_dns, 1);
	CHECK_EQ_INT(add_named(table, &c, '2', 2 * TIMEOUT_NS + 2, &tail), '.');
	CHECK_EQ_INT(n->expired, 2);
	CHECK_EQ_INT(n->lost_dns, 2);
	/* Headers that are too long to be held. */
	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv6(&f, SERVER_V6, CLIENT_V6);
	frames_ipv6_extension(&f, 60, 600);
	frames_ipv6_fragment(&f, 0, true);
	frames_next(&f, 17);
	frames_bytes(&f, query, 64);
	frame = frames_frame(&f, ADIT_LINK_ETHERNET);
	CHECK_OUTCOME(add(table, &frame, &packet), FRAGMENT_EXCESS);
	CHECK_EQ_INT(n->lost_dns, 3);
	adit_reassembly_destroy(table);
}
