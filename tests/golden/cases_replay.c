/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Captures that are run through `adit replay`: who is named in the verdict, and who is not.
 */
#include "golden.h"

/* Queries and responses of an iodine session with the Base128 codec, one each 100 ms. The names
 * carry what a counter gives; only their form is iodine's. */
static void session(struct golden *g, void (*begin)(struct golden *g, bool up), unsigned queries)
{
	char name[512];

	for (unsigned i = 0; i < queries; i++) {
		size_t at = (size_t)snprintf(name, sizeof(name), "0%c%ca%c", 'a' + i / 20 % 20,
			'b' + i % 20, 'a' + i % 7);

		for (unsigned k = 0; k < 24; k++)
			at += (size_t)snprintf(name + at, sizeof(name) - at, "\\%03u",
				188 + (i * 31 + k * k * 7 + k) % 66);
		snprintf(name + at, sizeof(name) - at, ".t.velbrookhaus.de");
		begin(g, true);
		frames_query(&g->f, (uint16_t)(7727 * i), name, 16);
		frames_opt(&g->f, 4096, NULL, 0);
		golden_put(g);
		begin(g, false);
		frames_response(&g->f, (uint16_t)(7727 * i), name, 16, 0);
		frames_answer(&g->f, 16, "\x14what the server says", 21);
		golden_put(g);
		g->time_us += 98000;
	}
}

static void udp(struct golden *g, bool up)
{
	frames_udp(&g->f, up ? PORT : 53, up ? 53 : PORT);
}

static void begin_tagged_v6(struct golden *g, bool up)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_vlan(&g->f, 0x8100, 42);
	frames_ipv6(&g->f, up ? CLIENT_V6 : SERVER_V6, up ? SERVER_V6 : CLIENT_V6);
	udp(g, up);
}

static void begin_gtpu(struct golden *g, bool up)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv6(&g->f, up ? RADIO_V6 : CORE_V6, up ? CORE_V6 : RADIO_V6);
	frames_udp(&g->f, 2152, 2152);
	frames_gtpu(&g->f, FRAMES_G_PDU, FRAMES_GTPU_E, up ? TEID_UP : TEID_DOWN);
	frames_gtpu_session(&g->f, up, 9);
	frames_ipv4(&g->f, up ? CLIENT : SERVER, up ? SERVER : CLIENT);
	udp(g, up);
}

static void tagged_v6(struct golden *g)
{
	session(g, begin_tagged_v6, 60);
}

static void gtpu(struct golden *g)
{
	session(g, begin_gtpu, 60);
}

/* Two minutes of a subscriber who looks up a few names again and again, and one UUID. */
static void ordinary(struct golden *g)
{
	static const char *const names[] = {"www.example.com", "mail.example.com",
		"cdn.example.net", "api.example.org", "www.example.co.uk",
		"0b6c3b52-3a4f-4d6e-9e51-7f0a4f5e2c11.telemetry.example.net"};

	for (unsigned i = 0; i < 120; i++) {
		const char *name = names[i % ADIT_COUNT(names)];

		frames_start(&g->f);
		frames_ethernet(&g->f);
		frames_ipv4(&g->f, CLIENT, SERVER);
		udp(g, true);
		frames_query(&g->f, (uint16_t)(i * 40503u), name, 1);
		golden_put(g);
		frames_start(&g->f);
		frames_ethernet(&g->f);
		frames_ipv4(&g->f, SERVER, CLIENT);
		udp(g, false);
		frames_response(&g->f, (uint16_t)(i * 40503u), name, 1, 0);
		frames_answer(&g->f, 1, "\xc6\x33\x64\x07", 4);
		golden_put(g);
		g->time_us += 998000;
	}
}

const struct golden_case golden_replay[] = {
	{"replay-ipv6-vlan", LINKTYPE_ETHERNET, tagged_v6},
	{"replay-gtpu", LINKTYPE_ETHERNET, gtpu},
	{"replay-ordinary", LINKTYPE_ETHERNET, ordinary},
	{NULL, 0, NULL},
};
