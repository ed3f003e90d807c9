/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DNS messages: what is read of them, and what is refused.
 */
#include "adit_dns.h"
#include "golden.h"

static void to_server(struct golden *g)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, CLIENT, SERVER);
	frames_udp(&g->f, PORT, 53);
}

static void to_client(struct golden *g)
{
	frames_start(&g->f);
	frames_ethernet(&g->f);
	frames_ipv4(&g->f, SERVER, CLIENT);
	frames_udp(&g->f, 53, PORT);
}

static void query(struct golden *g, const char *name, uint16_t type)
{
	to_server(g);
	frames_query(&g->f, 1, name, type);
	golden_put(g);
}

static void names(struct golden *g)
{
	query(g, ".", 2);
	query(g, "com", 2);
	query(g, "www.example.com", 1);
	query(g, "_dmarc.example.org", 16);
	query(g, "17.1.64.100.in-addr.arpa", 12);
	query(g, "example.net", 65399);
}

static void binary_labels(struct golden *g)
{
	query(g, "\\000\\001\\255.example.com", 10);
	query(g, "a\\.b.c\\\\d.example.com", 1);
	query(g, "\\032\\\"\\;\\(.example.com", 1);
	query(g, "rbeaf\\188\\201\\253.t.example.com", 16);
	query(g, "\\195\\188ber.example.com", 1);
}

/* Case as 0x20 randomisation leaves it: kept, for the resolver must send it back. */
static void mixed_case(struct golden *g)
{
	query(g, "wWw.ExaMPle.cOm", 1);
	to_client(g);
	frames_response(&g->f, 1, "wWw.ExaMPle.cOm", 1, 3);
	golden_put(g);
}

static const char a63[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/* Three labels of 63 octets and one of `last`: 192 + 1 + last + 1 octets on the wire. */
static void long_name(struct golden *g, unsigned last)
{
	char name[512];

	snprintf(name, sizeof(name), "%s.%s.%s.%.*s", a63, a63, a63, (int)last, a63);
	query(g, name, 16);
}

static void longest_name(struct golden *g)
{
	char name[256];

	long_name(g, 61);
	for (unsigned i = 0; i < ADIT_LABEL_MAX; i++)
		memcpy(name + 2 * (size_t)i, "b.", 2);
	name[2 * ADIT_LABEL_MAX - 1] = '\0';
	query(g, name, 16);
}

static void bad_name(struct golden *g)
{
	long_name(g, 62);
	/* A label of 64 octets would need the length octet 0x40, which is a type of its own. */
	to_server(g);
	frames_dns(&g->f, 1, FRAMES_RD);
	frames_question(&g->f, "", 1);
	g->f.bytes[g->f.dns + 12] = 0x40;
	frames_fill(&g->f, 'a', 70);
	golden_put(g);
	/* Pointers: at itself, forwards, past the end. */
	for (uint16_t target = 12; target <= 800; target = (uint16_t)(target * 8)) {
		to_server(g);
		frames_dns(&g->f, 1, FRAMES_RD);
		frames_question(&g->f, "aa", 1);
		g->f.bytes[g->f.dns + 12] = (uint8_t)(0xc0 | target >> 8);
		g->f.bytes[g->f.dns + 13] = (uint8_t)target;
		golden_put(g);
	}
	/* A label past the end, no type, no class. */
	for (size_t size = 18; size <= 32; size += 7) {
		to_server(g);
		frames_query(&g->f, 1, "www.example.com", 1);
		g->f.size = g->f.dns + size;
		golden_put(g);
	}
}

static void compression(struct golden *g)
{
	to_client(g);
	frames_response(&g->f, 1, "www.example.com", 1, 0);
	frames_answer(&g->f, 5, "\5alias\xc0\x10", 8);
	frames_bytes(&g->f, "\xc0\x2d", 2); /* the alias, which stands in the first answer */
	frames_bytes(&g->f, "\0\1\0\1\0\0\0\x1e\0\4\xc6\x33\x64\x07", 14);
	g->f.bytes[g->f.dns + 7]++;
	golden_put(g);
	/* An owner name that points at itself: records are counted, their names are not read. */
	to_client(g);
	frames_response(&g->f, 1, "www.example.com", 1, 0);
	frames_bytes(&g->f, "\xc0\x21", 2);
	frames_bytes(&g->f, "\0\1\0\1\0\0\0\x1e\0\4\xc6\x33\x64\x07", 14);
	g->f.bytes[g->f.dns + 7]++;
	golden_put(g);
}

static void questions(struct golden *g)
{
	to_server(g);
	frames_query(&g->f, 1, "one.example.com", 1);
	frames_question(&g->f, "two.example.com", 28);
	golden_put(g);
	/* The header claims a second question, and there is none. */
	to_server(g);
	frames_query(&g->f, 1, "one.example.com", 1);
	g->f.bytes[g->f.dns + 5] = 2;
	golden_put(g);
}

static void no_question(struct golden *g)
{
	to_client(g);
	frames_dns(&g->f, 1, FRAMES_QR | 1);
	golden_put(g);
	to_server(g);
	frames_dns(&g->f, 1, 0);
	frames_opt(&g->f, 1232,
		"\0\x0a\0\x08"
		"clientck",
		12);
	golden_put(g);
}

static void edns(struct golden *g)
{
	to_server(g);
	frames_query(&g->f, 1, "www.example.com", 1);
	frames_opt(&g->f, 4096, NULL, 0);
	g->f.bytes[g->f.size - 4] = 0x80; /* DO */
	golden_put(g);
	to_server(g);
	frames_query(&g->f, 2, "www.example.com", 1);
	frames_opt(&g->f, 1232,
		"\0\x0a\0\x08"
		"clientck",
		12);
	golden_put(g);
	to_client(g);
	frames_response(&g->f, 2, "www.example.com", 1, 0);
	frames_answer(&g->f, 1, "\xc6\x33\x64\x07", 4);
	frames_opt(&g->f, 512,
		"\0\x0a\0\x10"
		"clientckserverck",
		20);
	golden_put(g);
}

static void answers(struct golden *g)
{
	to_client(g);
	frames_response(&g->f, 1, "www.example.com", 16, 0);
	frames_answer(&g->f, 16,
		"\x0b"
		"v=spf1 -all",
		12);
	frames_record(&g->f, FRAMES_ANSWER, NULL, 16, 0x80000001, "\3abc", 4);
	golden_put(g);
	to_client(g);
	frames_response(&g->f, 2, "nx.example.com", 1, 3);
	frames_record(&g->f, FRAMES_AUTHORITY, "example.com", 6, 300,
		"\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", 22);
	golden_put(g);
	to_client(g);
	frames_response(&g->f, 3, "x.example.com", 10, 0);
	frames_answer(&g->f, 10, a63, 63);
	frames_record(&g->f, FRAMES_AUTHORITY, "example.com", 2, 300, "\2ns\xc0\x0e", 5);
	frames_record(&g->f, FRAMES_ADDITIONAL, "ns.example.com", 16, 300, "\3abc", 4);
	golden_put(g);
}

static void bad_record(struct golden *g)
{
	/* RDATA past the end; fewer records than the header claims; an owner name of type 01. */
	to_client(g);
	frames_response(&g->f, 1, "www.example.com", 16, 0);
	frames_answer(&g->f, 16, "\3abc", 4);
	frames_answer(&g->f, 16, "\3abc", 4);
	g->f.size--;
	golden_put(g);
	to_client(g);
	frames_response(&g->f, 2, "www.example.com", 16, 0);
	frames_answer(&g->f, 16, "\3abc", 4);
	g->f.bytes[g->f.dns + 7] = 3;
	golden_put(g);
	to_client(g);
	frames_response(&g->f, 3, "www.example.com", 16, 0);
	frames_answer(&g->f, 16, "\3abc", 4);
	g->f.bytes[g->f.dns + 33] = 0x40;
	golden_put(g);
}

static void trailing(struct golden *g)
{
	to_server(g);
	frames_query(&g->f, 1, "www.example.com", 1);
	frames_bytes(&g->f, "what no record claims", 21);
	golden_put(g);
}

static void opcodes(struct golden *g)
{
	/* Inverse query, status, notify, update, stateful operations: with a question, all are
	 * read, and so is an opcode that nobody has assigned. */
	static const uint8_t opcode[] = {1, 2, 4, 5, 6, 3};

	for (size_t i = 0; i < ADIT_COUNT(opcode); i++) {
		to_server(g);
		frames_dns(&g->f, 1, (uint16_t)(opcode[i] << 11));
		frames_question(&g->f, "example.com", 6);
		golden_put(g);
	}
}

static void implausible(struct golden *g)
{
	/* Bytes that are no DNS: an unassigned opcode, or more entries than the bytes could hold.
	 */
	to_server(g);
	frames_bytes(&g->f,
		"\x12\x34\x18\0\0\1\0\0\0\0\0\0\x7f"
		"short",
		18);
	golden_put(g);
	to_server(g);
	for (uint8_t i = 0; i < 120; i++)
		frames_u8(&g->f, (uint8_t)(i * 37 + 200));
	golden_put(g);
}

static void too_short(struct golden *g)
{
	for (size_t size = 0; size <= 11; size += 11) {
		to_server(g);
		frames_fill(&g->f, 0, size);
		golden_put(g);
	}
}

const struct golden_case golden_message[] = {
	{"dns-names", LINKTYPE_ETHERNET, names},
	{"dns-binary-labels", LINKTYPE_ETHERNET, binary_labels},
	{"dns-mixed-case", LINKTYPE_ETHERNET, mixed_case},
	{"dns-longest-name", LINKTYPE_ETHERNET, longest_name},
	{"dns-bad-name", LINKTYPE_ETHERNET, bad_name},
	{"dns-compression", LINKTYPE_ETHERNET, compression},
	{"dns-questions", LINKTYPE_ETHERNET, questions},
	{"dns-no-question", LINKTYPE_ETHERNET, no_question},
	{"dns-edns", LINKTYPE_ETHERNET, edns},
	{"dns-answers", LINKTYPE_ETHERNET, answers},
	{"dns-bad-record", LINKTYPE_ETHERNET, bad_record},
	{"dns-trailing", LINKTYPE_ETHERNET, trailing},
	{"dns-opcodes", LINKTYPE_ETHERNET, opcodes},
	{"dns-implausible", LINKTYPE_ETHERNET, implausible},
	{"dns-short", LINKTYPE_ETHERNET, too_short},
	{NULL, 0, NULL},
};
