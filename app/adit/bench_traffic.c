/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The traffic around DNS: which sizes, protocols and ports it has is a table below. What is made up
 * has headers that are right and a payload of zeros, which nothing reads. Each packet's kind is
 * drawn by itself, so that no branch is easier than it is on a link.
 */
#include "bench_load.h"

#define PORT_GTPU 2152

enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58 };

/* By packets, of a mobile network: most is HTTPS over TCP and QUIC, full-sized down and small up.
 */
static const struct kind {
	unsigned weight; /* of 100 */
	uint8_t protocol;
	bool up;
	uint16_t port;        /* the server's; 0: any */
	uint16_t least, most; /* bytes of the IP packet */
} kinds[] = {
	{24, TCP, false, 443, 1240, 1400}, /* HTTPS */
	{16, TCP, true, 443, 60, 80},
	{25, UDP, false, 443, 1000, 1300}, /* QUIC */
	{13, UDP, true, 443, 60, 120},
	{4, TCP, false, 80, 600, 1400},
	{3, TCP, true, 80, 60, 300},
	{3, UDP, false, 0, 100, 250}, /* calls and games */
	{3, UDP, true, 0, 100, 250},
	{4, TCP, false, 5228, 60, 200},  /* push messages */
	{4, UDP, true, 4500, 100, 1300}, /* ESP in UDP: calls over Wi-Fi, VPN */
	{1, ICMP, true, 0, 64, 84},
};
#define IPV6_PERCENT 40

uint64_t app_load_draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint16_t draw_between(uint64_t *state, uint16_t least, uint16_t most)
{
	return (uint16_t)(least + app_load_draw(state) % (most - least + 1u));
}

static void put_ipv4(uint8_t *ip, uint32_t total, uint8_t protocol)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	app_load_put16(ip + 2, total);
	ip[8] = 62;
	ip[9] = protocol;
}

/* The header and both addresses: a subscriber, and a server somewhere. Returns its size. */
static uint32_t make_ip(uint8_t *ip, uint32_t total, uint8_t protocol, bool up, uint64_t *state)
{
	uint64_t who = app_load_draw(state), server = app_load_draw(state);

	if (app_load_draw(state) % 100 < IPV6_PERCENT) {
		uint8_t addresses[2][16] = {{0x20, 0x01, 0x0d, 0xb8, 0, 0x64}, {0x2a, 0x00}};

		memcpy(addresses[0] + 6, &who, 8);
		memcpy(addresses[1] + 2, &server, 8);
		memset(ip, 0, 8);
		ip[0] = 0x60;
		app_load_put16(ip + 4, total - 40);
		ip[6] = protocol == ICMP ? ICMP6 : protocol;
		ip[7] = 62;
		memcpy(ip + 8, addresses[!up], 16);
		memcpy(ip + 24, addresses[up], 16);
		return 40;
	}
	put_ipv4(ip, total, protocol);
	/* 100.64.0.0/10 */
	app_load_put16(ip + (up ? 12 : 16), 0x6440 | (who & 0x3f));
	app_load_put16(ip + (up ? 14 : 18), (uint32_t)(who >> 8));
	app_load_put16(ip + (up ? 16 : 12), 0x2000 | (server & 0x7fff));
	app_load_put16(ip + (up ? 18 : 14), (uint32_t)(server >> 16));
	return 20;
}

uint32_t app_load_other(uint8_t *ip, uint64_t *state)
{
	unsigned chosen = (unsigned)(app_load_draw(state) % 100), k = 0;
	uint16_t client, server;
	uint32_t total, header;
	uint8_t *l4;

	for (; chosen >= kinds[k].weight; k++)
		chosen -= kinds[k].weight;
	total = draw_between(state, kinds[k].least, kinds[k].most);
	memset(ip, 0, total);
	header = make_ip(ip, total, kinds[k].protocol, kinds[k].up, state);
	l4 = ip + header;
	client = draw_between(state, 32768, 60999);
	server = kinds[k].port != 0 ? kinds[k].port : draw_between(state, 10000, 31000);
	if (kinds[k].protocol == ICMP)
		return total;
	app_load_put16(l4, kinds[k].up ? client : server);
	app_load_put16(l4 + 2, kinds[k].up ? server : client);
	if (kinds[k].protocol == UDP)
		app_load_put16(l4 + 4, total - header);
	else
		l4[12] = (total - header >= 32 ? 8 : 5) << 4;
	return total;
}

uint32_t app_load_tunnel(uint8_t *at, uint32_t size, uint64_t *state)
{
	uint64_t luck = app_load_draw(state);
	bool container = luck & 1, sequence = !container && luck & 2;
	uint32_t header = container ? 16 : sequence ? 12 : 8, inside = header + size;
	uint8_t *udp = at + 20, *gtpu = udp + 8;

	memset(at, 0, 20 + 8 + header);
	put_ipv4(at, 20 + 8 + inside, UDP);
	app_load_put16(at + 12, 10 << 8 | 10);
	app_load_put16(at + 14, (uint32_t)(luck >> 8) & 7);
	app_load_put16(at + 16, 10 << 8 | 20);
	app_load_put16(at + 18, 9);
	app_load_put16(udp, PORT_GTPU);
	app_load_put16(udp + 2, PORT_GTPU);
	app_load_put16(udp + 4, 8 + inside);
	gtpu[0] = 0x30 | (container ? 4 : 0) | (sequence ? 2 : 0);
	gtpu[1] = 255;
	app_load_put16(gtpu + 2, inside - 8);
	memcpy(gtpu + 4, &luck, 4);
	if (container) {
		gtpu[11] = 0x85;
		gtpu[12] = 1;
		gtpu[13] = (uint8_t)(luck >> 40 & 0x10);
		gtpu[14] = 9;
	}
	return 20 + 8 + header;
}
