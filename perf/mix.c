/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who visits which domain, and what is said then. The shares are those of a mobile network as far
 * as they are known: most visits ask for one to three names, a few for dozens, and one in some
 * thousand is a tunnel.
 */
#include "mix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ETHERNET 14
#define TUNNEL   (20 + 8 + 8)
#define HEADERS  (ETHERNET + TUNNEL + 20 + 8)
#define MESSAGE  1400

/* A subscriber goes back to the domains that it favours; the rest, and which ones it favours, is
 * drawn by rank, with a share that falls as 1 / rank. */
#define FAVOURITES        24
#define FAVOURITE_PERCENT 70
#define AWAKE             4 /* one in so many subscribers is awake in a slice */

/* Per cent of queries for A that are followed by one for … */
#define AAAA_PERCENT     45
#define HTTPS_PERCENT    25
#define NXDOMAIN_PERCENT 3
#define ALIAS_PERCENT    15 /* of answers begin with a CNAME */

enum kind {
	ORDINARY,
	CROWDED, /* names of servers and sessions, half of them never seen before */
	TUNNEL_UP,
	UNZONED, /* names without a domain */
	RAW,     /* datagrams that are no DNS */
};
/* Visits, of 100,000, by how many names they ask for. */
static const struct visit {
	unsigned weight;
	enum kind kind;
	uint16_t least, most;
} visits[] = {
	{76960, ORDINARY, 1, 1},
	{12000, ORDINARY, 2, 2},
	{4000, ORDINARY, 3, 3},
	{4500, CROWDED, 4, 12},
	{1000, CROWDED, 13, 60},
	{20, TUNNEL_UP, 100, 400},
	{1500, UNZONED, 1, 3},
	{20, RAW, 1, 30},
};

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_NULL = 10, TYPE_AAAA = 28, TYPE_HTTPS = 65 };

struct mix {
	struct mix_params params;
	uint64_t state;
	uint8_t frame[HEADERS + MESSAGE];
	uint8_t name[256]; /* wire format */
	uint32_t name_size;
};

/* splitmix64 */
static uint64_t mixed(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t draw(struct mix *mix)
{
	return mixed(mix->state += UINT64_C(0x9e3779b97f4a7c15));
}

static uint32_t below(struct mix *mix, uint32_t bound)
{
	return (uint32_t)((draw(mix) >> 32) * bound >> 32);
}

struct mix *mix_create(const struct mix_params *params)
{
	struct mix *mix = calloc(1, sizeof(*mix));

	if (mix == NULL)
		return NULL;
	mix->params = *params;
	mix->state = 1;
	return mix;
}

void mix_destroy(struct mix *mix)
{
	free(mix);
}

static uint8_t *put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value);
}

/* A rank of `count` from 64 random bits: its share falls as 1 / rank. */
static uint32_t rank_of(uint64_t luck, uint32_t count)
{
	uint32_t rank = (uint32_t)exp((double)(luck >> 11) * 0x1p-53 * log(count + 1.0)) - 1;

	return rank < count ? rank : count - 1;
}

/* ---- names */

static void label_put(struct mix *mix, const char *text)
{
	size_t length = strlen(text);

	mix->name[mix->name_size] = (uint8_t)length;
	memcpy(mix->name + mix->name_size + 1, text, length);
	mix->name_size += (uint32_t)length + 1;
}

static void domain_put(struct mix *mix, uint32_t domain)
{
	static const char *const syllables[] = {"ba", "ce", "di", "fo", "gu", "ha", "je", "ki",
		"lo", "mu", "na", "pe", "qui", "ro", "su", "ta"};
	static const char *const zones[] = {"com", "com", "com", "net", "org", "io", "de", "fr"};
	char text[64] = "";

	for (uint32_t rest = domain; rest != 0 || text[0] == '\0'; rest /= 16)
		strcat(text, syllables[rest % 16]);
	strcat(text, "site");
	label_put(mix, text);
	label_put(mix, zones[domain % ADIT_COUNT(zones)]);
}

static void name_end(struct mix *mix)
{
	mix->name[mix->name_size++] = 0;
}

/* The number-th name of a domain: what a host is called. */
static void name_ordinary(struct mix *mix, uint32_t domain, uint32_t number)
{
	static const char *const hosts[] = {"", "www", "api", "cdn", "m", "img", "static", "graph",
		"play", "events", "config", "edge-mqtt", "app-measurement", "i18n-assets",
		"gateway.prod", "ads.eu-west-1"};
	uint64_t luck = mixed(((uint64_t)domain << 8 | number) + 77);
	const char *host = hosts[number == 0 ? luck % 2 : luck % ADIT_COUNT(hosts)];
	char text[64];

	mix->name_size = 0;
	if (number >= ADIT_COUNT(hosts) / 2) {
		snprintf(text, sizeof(text), "%s%u", host[0] != '\0' ? host : "s", number);
		host = text;
	}
	while (host[0] != '\0') {
		size_t length = strcspn(host, ".");
		char label[64];

		snprintf(label, sizeof(label), "%.*s", (int)length, host);
		label_put(mix, label);
		host += length + (host[length] == '.');
	}
	domain_put(mix, domain);
	name_end(mix);
}

static void name_crowded(struct mix *mix, uint32_t domain)
{
	uint64_t luck = below(mix, 2) != 0 ? draw(mix) : mixed(domain * 512ull + below(mix, 200));
	char text[64];

	mix->name_size = 0;
	switch (domain % 3) {
	case 0:
		snprintf(text, sizeof(text), "r%u---sn-%08x", (unsigned)luck & 15,
			(unsigned)(luck >> 32));
		break;
	case 1:
		snprintf(text, sizeof(text), "%016llx", (unsigned long long)luck);
		break;
	default:
		snprintf(text, sizeof(text), "node-%u", (unsigned)(luck >> 32) % 4000);
		break;
	}
	label_put(mix, text);
	if (luck & 16)
		label_put(mix, "dl");
	domain_put(mix, domain);
	name_end(mix);
}

static void name_tunnel(struct mix *mix, uint32_t domain)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	char text[64];

	mix->name_size = 0;
	for (int label = 0; label < 3; label++) {
		int length = label < 2 ? 57 : 20 + (int)below(mix, 30);

		for (int i = 0; i < length; i++)
			text[i] = alphabet[below(mix, 32)];
		text[length] = '\0';
		label_put(mix, text);
	}
	label_put(mix, "t");
	domain_put(mix, domain);
	name_end(mix);
}

static void name_unzoned(struct mix *mix, uint32_t subscriber)
{
	static const char *const hosts[] = {"wpad", "printer", "router", "nas", "localdomain"};
	char text[64];

	mix->name_size = 0;
	snprintf(text, sizeof(text), "%s%u", hosts[below(mix, 5)], subscriber % 40);
	label_put(mix, text);
	label_put(mix, "lan");
	name_end(mix);
}

/* ---- messages */

static uint8_t *record_head(uint8_t *at, uint16_t type, uint32_t ttl, uint32_t size)
{
	at = put16(at, 0xc00c);
	at = put16(put16(at, type), 1);
	at = put32(at, ttl);
	return put16(at, size);
}

static uint8_t *address_put(uint8_t *at, uint16_t type, uint32_t ttl, uint64_t luck)
{
	uint32_t size = type == TYPE_A ? 4 : 16;

	at = record_head(at, type, ttl, size);
	memset(at, 0, size);
	if (type == TYPE_AAAA)
		put16(at, 0x2a00);
	put32(at + size - 4, 0x10000000 | (uint32_t)(luck >> 36));
	return at + size;
}

static uint8_t *filler_put(struct mix *mix, uint8_t *at, uint16_t type, uint32_t ttl, uint32_t size)
{
	at = record_head(at, type, ttl, size);
	for (uint32_t i = 0; i < size; i++)
		at[i] = (uint8_t)(type == TYPE_NULL ? draw(mix) : i);
	return at + size;
}

/* The answers of a response; returns their number. What a name is answered with stays for some
 * time, as far as its host is not one of many. */
static uint32_t answers_put(struct mix *mix, uint8_t **at, uint16_t type, uint64_t luck)
{
	static const uint32_t ttls[] = {20, 60, 60, 300, 300, 600, 3600};
	uint32_t ttl = ttls[luck % ADIT_COUNT(ttls)], count = 0, addresses = 1 + (luck >> 8 & 3);

	if (type == TYPE_NULL) {
		*at = filler_put(mix, *at, type, 0, 120 + below(mix, 900));
		return 1;
	}
	if (type == TYPE_HTTPS) {
		if (luck % 10 >= 3)
			return 0;
		*at = filler_put(mix, *at, type, ttl, 30);
		return 1;
	}
	if (type == TYPE_AAAA && luck % 10 >= 6)
		return 0;
	if (luck >> 16 & 0xff && (luck >> 24) % 100 < ALIAS_PERCENT) {
		*at = record_head(*at, TYPE_CNAME, ttl, 7);
		memcpy(*at, "\4edge\xc0\x0c", 7);
		*at += 7;
		count++;
	}
	for (uint32_t i = 0; i < addresses; i++)
		*at = address_put(*at, type, ttl, mixed(luck + i + below(mix, 2)));
	return count + addresses;
}

struct exchange {
	uint32_t subscriber, server;
	uint64_t ts_ns;
	mix_emit *emit;
	void *context;
};

static void frame_send(struct mix *mix, const struct exchange *it, bool up, uint32_t port,
	uint32_t size, uint64_t ts_ns)
{
	struct adit_frame frame = {.data = mix->frame,
		.captured = HEADERS + size,
		.wire = HEADERS + size,
		.ts_ns = ts_ns};
	uint64_t place = mixed(it->subscriber);
	uint32_t inside = 20 + 8 + size, radio = 0x0a0a0000 | (uint32_t)(place % 500),
		 core = 0x0a140009, who = 0x64400000 + it->subscriber % (1u << 22),
		 server = 0x0a350000 | it->server;
	uint8_t *at = mix->frame;

	memset(at, 0, HEADERS);
	put16(at + 12, 0x0800);
	at += ETHERNET;
	at[0] = at[TUNNEL] = 0x45;
	put16(at + 2, TUNNEL + inside);
	at[8] = at[TUNNEL + 8] = 62;
	at[9] = at[TUNNEL + 9] = 17;
	put32(at + 12, up ? radio : core);
	put32(at + 16, up ? core : radio);
	put16(put16(put16(at + 20, 2152), 2152), 16 + inside);
	put16(put16(at + 28, 0x30ff), inside);
	put32(at + 32, (uint32_t)place ^ up);
	at += TUNNEL;
	put16(at + 2, inside);
	put16(at + 4, (uint32_t)draw(mix));
	put32(at + 12, up ? who : server);
	put32(at + 16, up ? server : who);
	put16(put16(put16(at + 20, up ? port : 53), up ? 53 : port), 8 + size);
	it->emit(it->context, &frame);
}

/* A question and its response. */
static void ask(struct mix *mix, struct exchange *it, uint16_t type)
{
	uint8_t *message = mix->frame + HEADERS, *at = message + 12;
	uint64_t luck = mixed(it->ts_ns / (600 * ADIT_NS_PER_S) + type);
	uint32_t port = 20000 + below(mix, 40000), id = (uint32_t)draw(mix), count = 0;
	uint32_t rcode = type != TYPE_NULL && below(mix, 100) < NXDOMAIN_PERCENT ? 3 : 0;

	for (uint32_t i = 0; i < mix->name_size; i += 8) {
		uint64_t word = 0;

		memcpy(&word, mix->name + i, mix->name_size - i < 8 ? mix->name_size - i : 8);
		luck = mixed(luck ^ word);
	}
	memset(message, 0, 12);
	put16(put16(put16(message, id), 0x0100), 1);
	memcpy(at, mix->name, mix->name_size);
	at = put16(put16(at + mix->name_size, type), 1);
	frame_send(mix, it, true, port, (uint32_t)(at - message), it->ts_ns);
	put16(message + 2, 0x8180 | rcode);
	if (rcode == 0)
		count = answers_put(mix, &at, type, luck);
	put16(message + 6, count);
	it->ts_ns += 5 * ADIT_NS_PER_MS;
	frame_send(mix, it, false, port, (uint32_t)(at - message), it->ts_ns);
}

static void name_ask(struct mix *mix, struct exchange *it)
{
	ask(mix, it, TYPE_A);
	if (below(mix, 100) < AAAA_PERCENT)
		ask(mix, it, TYPE_AAAA);
	if (below(mix, 100) < HTTPS_PERCENT)
		ask(mix, it, TYPE_HTTPS);
}

static void raw_send(struct mix *mix, struct exchange *it)
{
	uint32_t size = 100 + below(mix, 1000), port = 20000 + it->subscriber % 40000;

	for (int up = 1; up >= 0; up--) {
		for (uint32_t i = 0; i < size; i++)
			mix->frame[HEADERS + i] = (uint8_t)draw(mix);
		frame_send(mix, it, up, port, size, it->ts_ns);
	}
}

static const struct visit *visit_draw(struct mix *mix)
{
	uint32_t chosen = below(mix, 100000), i = 0;

	for (; chosen >= visits[i].weight; i++)
		chosen -= visits[i].weight;
	return &visits[i];
}

static uint32_t domain_draw(struct mix *mix, uint32_t subscriber)
{
	uint32_t favourite = below(mix, FAVOURITES), other = below(mix, FAVOURITES);

	if (below(mix, 100) >= FAVOURITE_PERCENT)
		return rank_of(draw(mix), mix->params.domains);
	/* Of two, the one that it likes better. */
	favourite = favourite < other ? favourite : other;
	return rank_of(mixed((uint64_t)subscriber * FAVOURITES + favourite), mix->params.domains);
}

void mix_visit(struct mix *mix, uint64_t ts_ns, mix_emit *emit, void *context)
{
	const struct visit *visit = visit_draw(mix);
	uint32_t group = below(mix, mix->params.subscribers / AWAKE);
	uint64_t slice = ts_ns / (10 * ADIT_NS_PER_S);
	struct exchange it = {.ts_ns = ts_ns, .emit = emit, .context = context};
	uint32_t names = visit->least + below(mix, visit->most - visit->least + 1u), domain;

	it.subscriber = group * AWAKE + mixed(slice << 32 | group) % AWAKE;
	it.server = 1 + it.subscriber % 4;
	domain = domain_draw(mix, it.subscriber);
	/* A tunnel lasts: few subscribers have one, and a zone each. */
	if (visit->kind == TUNNEL_UP) {
		it.subscriber = below(mix, 100) * AWAKE;
		domain = mix->params.domains + it.subscriber;
	} else if (visit->kind == RAW) {
		it.server = 5000 + it.subscriber % 200;
	}
	for (uint32_t i = 0; i < names; i++) {
		switch (visit->kind) {
		case ORDINARY:
			name_ordinary(mix, domain, i + below(mix, 3) * below(mix, 4));
			break;
		case CROWDED:
			name_crowded(mix, domain);
			break;
		case TUNNEL_UP:
			name_tunnel(mix, domain);
			break;
		case UNZONED:
			name_unzoned(mix, it.subscriber);
			break;
		case RAW:
			raw_send(mix, &it);
			continue;
		}
		if (visit->kind == TUNNEL_UP)
			ask(mix, &it, TYPE_NULL);
		else
			name_ask(mix, &it);
		it.ts_ns += ADIT_NS_PER_MS * (1 + below(mix, 40));
	}
}
