/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fragments: a response with three strings of 255 bytes, cut in three, in every order and company.
 */
#include "adit_reassembly.h"
#include "golden.h"

/* The response's datagram behind its IP header: 845 bytes, which end within a unit of 8. */
#define SIZE   845
#define FIRST  0, 304
#define MIDDLE 304, 304
#define LAST   608, SIZE - 608

static struct frames response;

static void make_response(uint16_t port)
{
	uint8_t text[256];

	memset(text, 'x', sizeof(text));
	text[0] = 255;
	frames_start(&response);
	frames_ipv4(&response, SERVER, CLIENT);
	frames_udp(&response, port, PORT);
	frames_response(&response, 0x1234, "www.example.com", 16, 0);
	for (uint8_t i = 0; i < 3; i++) {
		text[1] = (uint8_t)('a' + i);
		frames_answer(&response, 16, text, sizeof(text));
	}
	frames_finish(&response);
}

/* The bytes of a piece, in the IP header begun last. */
static void put_bytes(struct golden *g, unsigned at, unsigned size)
{
	frames_next(&g->f, 17);
	frames_bytes(&g->f, response.bytes + 20 + at, size);
}

static void identify(struct golden *g, uint16_t identification)
{
	g->f.bytes[g->f.layer + 4] = (uint8_t)(identification >> 8);
	g->f.bytes[g->f.layer + 5] = (uint8_t)identification;
}

static void add_v4(struct golden *g, uint16_t identification, unsigned at, unsigned size)
{
	frames_ipv4(&g->f, SERVER, CLIENT);
	identify(g, identification);
	frames_ipv4_fragment(&g->f, at, at + size < SIZE);
	put_bytes(g, at, size);
}

static void add_v6(struct golden *g, unsigned at, unsigned size)
{
	frames_ipv6(&g->f, SERVER_V6, CLIENT_V6);
	frames_ipv6_extension(&g->f, 0, 8);
	frames_ipv6_extension(&g->f, 60, 16);
	frames_ipv6_fragment(&g->f, at, at + size < SIZE);
	put_bytes(g, at, size);
}

static void ethernet(struct golden *g)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
}

static void piece(struct golden *g, uint16_t identification, unsigned at, unsigned size)
{
	ethernet(g);
	add_v4(g, identification, at, size);
	golden_put(g);
}

static void in_order(struct golden *g)
{
	make_response(53);
	piece(g, 1, FIRST);
	piece(g, 1, MIDDLE);
	piece(g, 1, LAST);
	/* From behind, as some stacks send them, with options in the first piece and padding. */
	piece(g, 2, LAST);
	piece(g, 2, MIDDLE);
	ethernet(g);
	frames_ipv4(&g->f, SERVER, CLIENT);
	identify(g, 2);
	frames_ipv4_fragment(&g->f, 0, true);
	frames_ipv4_options(&g->f, "\x94\4\0", 4);
	put_bytes(g, FIRST);
	frames_trailer(&g->f, 4);
	golden_put(g);
}

static void ipv6(struct golden *g)
{
	make_response(53);
	ethernet(g);
	add_v6(g, MIDDLE);
	golden_put(g);
	ethernet(g);
	add_v6(g, FIRST);
	golden_put(g);
	ethernet(g);
	add_v6(g, LAST);
	golden_put(g);
}

static void duplicates(struct golden *g)
{
	make_response(53);
	for (unsigned i = 0; i < 2; i++)
		piece(g, 1, FIRST);
	for (unsigned i = 0; i < 2; i++)
		piece(g, 1, MIDDLE);
	for (unsigned i = 0; i < 2; i++)
		piece(g, 1, LAST);
	/* A piece cut anew, of bytes that are held. */
	piece(g, 2, FIRST);
	piece(g, 2, 8, 160);
	piece(g, 2, MIDDLE);
	piece(g, 2, LAST);
}

static void overlap(struct golden *g)
{
	make_response(53);
	piece(g, 1, FIRST);
	piece(g, 1, 296, 304);
	piece(g, 1, MIDDLE);
	piece(g, 1, LAST);
	/* The same place, another name in it. */
	piece(g, 2, FIRST);
	response.bytes[20 + 8 + 13] = 'e';
	piece(g, 2, FIRST);
	piece(g, 2, LAST);
}

/* 106 pieces of at most 8 bytes, in order; then pieces with a gap behind each. */
static void excess(struct golden *g)
{
	make_response(53);
	for (unsigned at = 0; at < SIZE; at += 8)
		piece(g, 1, at, SIZE - at < 8 ? SIZE - at : 8);
	for (unsigned i = 0; i <= ADIT_FRAGMENT_SPANS_MAX; i++) {
		ethernet(g);
		frames_ipv4(&g->f, SERVER, CLIENT);
		identify(g, 2);
		frames_ipv4_fragment(&g->f, 16 * i, true);
		put_bytes(g, 0, 8);
		golden_put(g);
	}
	piece(g, 2, 8, 8);
}

/* First pieces to another port, in front of and among the response's own pieces. */
static void decoy(struct golden *g)
{
	static const unsigned cuts[] = {0, 304, 608, SIZE};
	static const char orders[][5] = {"d120", "1d20", "12d0", "d102"};

	for (uint16_t k = 0; k < ADIT_COUNT(orders); k++) {
		for (const char *next = orders[k]; *next != '\0'; next++) {
			unsigned part = *next == 'd' ? 0 : (unsigned)(*next - '0');

			make_response(*next == 'd' ? 4711 : 53);
			piece(g, k, cuts[part], cuts[part + 1] - cuts[part]);
		}
	}
}

static void malformed(struct golden *g)
{
	make_response(53);
	piece(g, 1, 0, 303);
	piece(g, 1, 304, 0);
	ethernet(g);
	frames_ipv4(&g->f, SERVER, CLIENT);
	identify(g, 1);
	frames_ipv4_fragment(&g->f, 65528, false);
	put_bytes(g, FIRST);
	golden_put(g);
	/* Its capture lacks the last byte. */
	ethernet(g);
	add_v4(g, 1, MIDDLE);
	golden_put_cut(g, g->f.size - 1);
	/* None of these is a part of the datagram. */
	piece(g, 1, FIRST);
	piece(g, 1, MIDDLE);
	piece(g, 1, LAST);
}

static void other(struct golden *g)
{
	make_response(4711);
	piece(g, 1, FIRST);
	piece(g, 1, MIDDLE);
	piece(g, 1, LAST);
	/* The first piece comes second, and last. */
	piece(g, 2, MIDDLE);
	piece(g, 2, FIRST);
	piece(g, 2, LAST);
	piece(g, 3, MIDDLE);
	piece(g, 3, LAST);
	piece(g, 3, FIRST);
}

static void time_out(struct golden *g)
{
	make_response(53);
	piece(g, 1, FIRST);
	g->time_us += 60 * 1000000;
	piece(g, 1, MIDDLE);
	piece(g, 1, LAST);
	piece(g, 1, FIRST);
}

static void contexts(struct golden *g)
{
	static const uint16_t tags[] = {0, 42, 43};

	make_response(53);
	for (unsigned at = 0; at < SIZE; at += 304) {
		for (size_t i = 0; i < ADIT_COUNT(tags); i++) {
			ethernet(g);
			if (tags[i] != 0)
				frames_vlan(&g->f, 0x8100, tags[i]);
			add_v4(g, 1, at, at == 608 ? SIZE - at : 304);
			golden_put(g);
		}
	}
}

static void gtpu(struct golden *g)
{
	frames_ipv4(&g->f, CORE, RADIO);
	frames_udp(&g->f, 2152, 2152);
}

/* The subscriber's datagram in pieces, one in a G-PDU; two tunnels with the same pieces. */
static void gtpu_inner(struct golden *g)
{
	make_response(53);
	for (unsigned at = 0; at < SIZE; at += 304) {
		for (uint32_t teid = TEID_DOWN; teid < TEID_DOWN + 2; teid++) {
			ethernet(g);
			gtpu(g);
			frames_gtpu(&g->f, FRAMES_G_PDU, FRAMES_GTPU_E, teid);
			frames_gtpu_session(&g->f, 0, 9);
			add_v4(g, 1, at, at == 608 ? SIZE - at : 304);
			golden_put(g);
		}
	}
}

/* What `inner` holds from its first IP header on, as two pieces of at most `cut` bytes. */
static void put_in_two(
	struct golden *g, const struct frames *inner, uint16_t identification, unsigned cut)
{
	unsigned size = (unsigned)inner->size - 14 - 20;

	for (unsigned at = 0; at < size; at += cut) {
		unsigned some = size - at < cut ? size - at : cut;

		ethernet(g);
		frames_ipv4(&g->f, CORE, RADIO);
		identify(g, identification);
		frames_ipv4_fragment(&g->f, at, at + some < size);
		frames_next(&g->f, 17);
		frames_bytes(&g->f, inner->bytes + 34 + at, some);
		golden_put(g);
	}
}

/* The G-PDU in two pieces, then each of three G-PDUs with a piece of the subscriber's datagram. */
static void gtpu_outer(struct golden *g)
{
	static struct frames whole;
	uint16_t identification = 1;

	make_response(53);
	ethernet(g);
	gtpu(g);
	frames_gtpu(&g->f, FRAMES_G_PDU, 0, TEID_DOWN);
	frames_ipv4(&g->f, SERVER, CLIENT);
	put_bytes(g, 0, SIZE);
	frames_finish(&g->f);
	whole = g->f;
	put_in_two(g, &whole, identification, 800);
	for (unsigned at = 0; at < SIZE; at += 304) {
		ethernet(g);
		gtpu(g);
		frames_gtpu(&g->f, FRAMES_G_PDU, 0, TEID_DOWN);
		add_v4(g, 1, at, at == 608 ? SIZE - at : 304);
		frames_finish(&g->f);
		whole = g->f;
		put_in_two(g, &whole, ++identification, 240);
	}
}

const struct golden_case golden_fragment[] = {
	{"fragment-order", LINKTYPE_ETHERNET, in_order},
	{"fragment-ipv6", LINKTYPE_ETHERNET, ipv6},
	{"fragment-duplicate", LINKTYPE_ETHERNET, duplicates},
	{"fragment-overlap", LINKTYPE_ETHERNET, overlap},
	{"fragment-excess", LINKTYPE_ETHERNET, excess},
	{"fragment-decoy", LINKTYPE_ETHERNET, decoy},
	{"fragment-malformed", LINKTYPE_ETHERNET, malformed},
	{"fragment-other", LINKTYPE_ETHERNET, other},
	{"fragment-time-out", LINKTYPE_ETHERNET, time_out},
	{"fragment-context", LINKTYPE_ETHERNET, contexts},
	{"fragment-gtpu-inner", LINKTYPE_ETHERNET, gtpu_inner},
	{"fragment-gtpu-outer", LINKTYPE_ETHERNET, gtpu_outer},
	{NULL, 0, NULL},
};
