/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where adit and tshark read a capture differently, on purpose, and no other case shows it:
 * tests/differential/exceptions.tsv names these.
 */
#include "golden.h"

#define SYN 0x02
#define PSH 0x08
#define ACK 0x10

static void raw_other(struct golden *g)
{
	frames_start(&g->f);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_udp(&g->f, PORT, 53);
	frames_query(&g->f, 1, "www.example.com", 1);
	golden_put(g);
}

/* The response of a DoH server without TLS, as behind a proxy that ends it. */
static void http(struct golden *g)
{
	static const char header[] = "HTTP/1.1 200 OK\r\n"
				     "Content-Type: application/dns-message\r\n"
				     "Content-Length: 49\r\n"
				     "\r\n";

	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, SERVER, CLIENT);
	frames_tcp(&g->f, 8053, PORT);
	g->f.bytes[g->f.layer + 13] = PSH | ACK;
	frames_bytes(&g->f, header, strlen(header));
	frames_response(&g->f, 1, "www.example.com", 1, 0);
	frames_answer(&g->f, 1, "\xc6\x33\x64\x07", 4);
	golden_put(g);
}

/* Both ends of a connection: the sequence numbers that come next. */
static uint32_t up_next, down_next;

static void begin_segment(struct golden *g, bool up, uint8_t flags)
{
	uint32_t sequence = up ? up_next : down_next, acknowledged = up ? down_next : up_next;

	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, up ? CLIENT : SERVER, up ? SERVER : CLIENT);
	frames_tcp(&g->f, up ? PORT : 53, up ? 53 : PORT);
	for (unsigned i = 0; i < 4; i++) {
		g->f.bytes[g->f.layer + 4 + i] = (uint8_t)(sequence >> (24 - 8 * i));
		g->f.bytes[g->f.layer + 8 + i] = (uint8_t)(acknowledged >> (24 - 8 * i));
	}
	g->f.bytes[g->f.layer + 13] = flags;
}

static void open_both(struct golden *g)
{
	up_next = 0x1000;
	down_next = 0x5000;
	begin_segment(g, true, SYN);
	golden_put(g);
	up_next++;
	begin_segment(g, false, SYN | ACK);
	golden_put(g);
	down_next++;
}

/* A query or its response behind its length, in a segment of its own. */
static void add_message(struct golden *g, bool up, uint16_t id, const char *name)
{
	size_t length, size;

	begin_segment(g, up, PSH | ACK);
	length = g->f.size;
	frames_be16(&g->f, 0);
	if (up) {
		frames_query(&g->f, id, name, 1);
	} else {
		frames_response(&g->f, id, name, 1, 0);
		frames_answer(&g->f, 1, "\xc6\x33\x64\x07", 4);
	}
	size = g->f.size - length - 2;
	g->f.bytes[length] = (uint8_t)(size >> 8);
	g->f.bytes[length + 1] = (uint8_t)size;
	*(up ? &up_next : &down_next) += (uint32_t)size + 2;
}

static void put_message(struct golden *g, bool up, uint16_t id, const char *name)
{
	add_message(g, up, id, name);
	golden_put(g);
}

static void again(struct golden *g)
{
	uint32_t first;

	open_both(g);
	put_message(g, true, 1, "www.example.com");
	first = down_next;
	put_message(g, false, 1, "www.example.com");
	g->time_us += UINT64_C(3600) * 1000000;
	down_next = first;
	put_message(g, false, 1, "www.example.com");
}

static void gap(struct golden *g)
{
	open_both(g);
	put_message(g, true, 1, "one.example.com");
	put_message(g, false, 1, "one.example.com");
	/* Seen by both ends only. */
	add_message(g, true, 2, "two.example.com");
	add_message(g, false, 2, "two.example.com");
	put_message(g, true, 3, "three.example.com");
	/* Directions may come out of order by less. */
	g->time_us += 10000;
	put_message(g, false, 3, "three.example.com");
	g->time_us += 10000;
	begin_segment(g, true, ACK);
	golden_put(g);
}

/* The length of the first message stood in a segment before the capture began. */
static void no_length(struct golden *g)
{
	size_t start;

	up_next = 0x1000;
	down_next = 0x5000;
	add_message(g, true, 0x1234, "one.example.com");
	start = g->f.dns - 2;
	memmove(g->f.bytes + start, g->f.bytes + start + 2, g->f.size - start - 2);
	g->f.size -= 2;
	golden_put(g);
	up_next -= 2;
	put_message(g, true, 2, "two.example.com");
}

const struct golden_case golden_exception[] = {
	{"link-raw-other", LINKTYPE_IPV6, raw_other},
	{"tcp-http", LINKTYPE_ETHERNET, http},
	{"tcp-again", LINKTYPE_ETHERNET, again},
	{"tcp-gap", LINKTYPE_ETHERNET, gap},
	{"tcp-no-length", LINKTYPE_ETHERNET, no_length},
	{NULL, 0, NULL},
};
