/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DNS over TCP: two queries and their responses, the second of 837 bytes, cut into segments, and
 * what may become of them.
 */
#include "golden.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10
/* Sequence numbers that pass their end within the first message. */
#define UP   0xfffffff0u
#define DOWN 0x7ffffff8u

/* The bytes of both directions, and where the second message begins and ends. */
struct text {
	uint8_t bytes[1024];
	unsigned second, size;
};
static struct text queries, responses;
static struct frames message;

static void add_message(struct text *text)
{
	frames_finish(&message);
	text->second = text->size;
	text->bytes[text->size] = (uint8_t)(message.size >> 8);
	text->bytes[text->size + 1] = (uint8_t)message.size;
	memcpy(text->bytes + text->size + 2, message.bytes, message.size);
	text->size += 2 + (unsigned)message.size;
}

static void make_texts(void)
{
	uint8_t string[256];

	queries.size = responses.size = 0;
	frames_start(&message);
	frames_query(&message, 1, "www.example.com", 1);
	add_message(&queries);
	frames_start(&message);
	frames_query(&message, 2, "txt.example.com", 16);
	add_message(&queries);
	frames_start(&message);
	frames_response(&message, 1, "www.example.com", 1, 0);
	frames_answer(&message, 1, "\xc0\x00\x02\x07", 4);
	add_message(&responses);
	frames_start(&message);
	frames_response(&message, 2, "txt.example.com", 16, 0);
	memset(string, 'x', sizeof(string));
	string[0] = 255;
	for (unsigned i = 0; i < 3; i++)
		frames_answer(&message, 16, string, sizeof(string));
	add_message(&responses);
}

/* Ports, numbers and bytes from `from` to `to` of the direction's text, in the IP header begun
 * last. The SYN has the number before the first byte. */
static void add_segment(struct golden *g, bool up, uint8_t flags, unsigned from, unsigned to)
{
	const struct text *text = up ? &queries : &responses;
	uint32_t sequence = (up ? UP : DOWN) + 1 + from - !!(flags & SYN);
	uint32_t acknowledged = (up ? DOWN : UP) + 1;

	frames_tcp(&g->f, up ? PORT : 53, up ? 53 : PORT);
	for (unsigned i = 0; i < 4; i++) {
		g->f.bytes[g->f.layer + 4 + i] = (uint8_t)(sequence >> (24 - 8 * i));
		g->f.bytes[g->f.layer + 8 + i] = (uint8_t)(acknowledged >> (24 - 8 * i));
	}
	g->f.bytes[g->f.layer + 13] = flags;
	frames_bytes(&g->f, text->bytes + from, to - from);
}

static void begin(struct golden *g, bool up)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, up ? CLIENT : SERVER, up ? SERVER : CLIENT);
}

static void put(struct golden *g, bool up, uint8_t flags, unsigned from, unsigned to)
{
	begin(g, up);
	add_segment(g, up, flags, from, to);
	golden_put(g);
}

/* The client acknowledges all up to `upto`. */
static void put_acknowledged(struct golden *g, unsigned upto)
{
	uint32_t acknowledged = DOWN + 1 + upto;

	begin(g, true);
	add_segment(g, true, ACK, queries.size, queries.size);
	for (unsigned i = 0; i < 4; i++)
		g->f.bytes[g->f.layer + 8 + i] = (uint8_t)(acknowledged >> (24 - 8 * i));
	golden_put(g);
}

static void open_both(struct golden *g)
{
	make_texts();
	put(g, true, SYN, 0, 0);
	put(g, false, SYN | ACK, 0, 0);
}

static void stream(struct golden *g)
{
	open_both(g);
	put(g, true, ACK, 0, 20);
	put(g, true, ACK, 20, queries.size);
	put(g, false, ACK, 0, responses.second + 300);
	put(g, false, ACK, responses.second + 300, responses.second + 600);
	put(g, false, ACK | FIN, responses.second + 600, responses.size);
	put(g, true, ACK | FIN, queries.size, queries.size);
}

static void order(struct golden *g)
{
	unsigned half;

	open_both(g);
	half = responses.second + 400;
	put(g, false, ACK, half, responses.size);
	put(g, false, ACK, 10, 300);
	put(g, false, ACK, 200, half + 50);
	put(g, false, ACK, half, responses.size);
	put(g, false, ACK, 0, 10);
	put(g, false, ACK | FIN, 10, responses.size);
}

static void fast_open(struct golden *g)
{
	make_texts();
	begin(g, true);
	/* The bytes begin behind the SYN's own number. */
	add_segment(g, true, SYN, 0, queries.second);
	golden_put(g);
	put(g, false, SYN | ACK, 0, 0);
	put(g, true, ACK, queries.second, queries.size);
}

static void middle(struct golden *g)
{
	make_texts();
	put(g, false, ACK, 20, responses.second);
	put(g, false, ACK, responses.second, responses.size);
	put(g, true, ACK, 0, queries.second);
}

static void loss(struct golden *g)
{
	open_both(g);
	/* All but the rest of the first response; the second has come when the client says so. */
	put(g, false, ACK, 0, 30);
	put(g, false, ACK, responses.second, responses.size);
	put_acknowledged(g, 30);
	/* Directions may come out of order by less. */
	g->time_us += 10000;
	put_acknowledged(g, responses.size);
}

static void cut(struct golden *g)
{
	open_both(g);
	begin(g, false);
	add_segment(g, false, ACK, 0, responses.second);
	golden_put_cut(g, 96);
	put(g, false, ACK, responses.second, responses.size);
}

static void raw(struct golden *g)
{
	open_both(g);
	memcpy(queries.bytes, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
	memset(queries.bytes + 11, 0xa5, 500);
	put(g, true, ACK, 0, 511);
	put(g, true, ACK, 511, 900);
	memcpy(responses.bytes, "SSH-2.0-dropbear\r\n", 18);
	put(g, false, ACK, 0, 18);
}

static void put_gtpu(struct golden *g, bool up, uint8_t flags, unsigned from, unsigned to)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, up ? RADIO : CORE, up ? CORE : RADIO);
	frames_udp(&g->f, 2152, 2152);
	frames_gtpu(&g->f, FRAMES_G_PDU, 0, up ? TEID_UP : TEID_DOWN);
	frames_ipv6(&g->f, up ? CLIENT_V6 : SERVER_V6, up ? SERVER_V6 : CLIENT_V6);
	add_segment(g, up, flags, from, to);
	golden_put(g);
}

static void gtpu(struct golden *g)
{
	make_texts();
	put_gtpu(g, true, SYN, 0, 0);
	put_gtpu(g, false, SYN | ACK, 0, 0);
	put_gtpu(g, true, ACK, 0, 2);
	put_gtpu(g, true, ACK, 2, queries.second);
	put_gtpu(g, false, ACK, 0, 50);
	put_gtpu(g, false, ACK, 50, responses.second);
	put_gtpu(g, true, RST, queries.second, queries.second);
}

const struct golden_case golden_stream[] = {
	{"tcp-stream", LINKTYPE_ETHERNET, stream},
	{"tcp-order", LINKTYPE_ETHERNET, order},
	{"tcp-fast-open", LINKTYPE_ETHERNET, fast_open},
	{"tcp-middle", LINKTYPE_ETHERNET, middle},
	{"tcp-loss", LINKTYPE_ETHERNET, loss},
	{"tcp-cut", LINKTYPE_ETHERNET, cut},
	{"tcp-raw", LINKTYPE_ETHERNET, raw},
	{"tcp-gtpu", LINKTYPE_ETHERNET, gtpu},
	{NULL, 0, NULL},
};
