/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Packets in memory, and the traffic around DNS: which sizes, protocols and ports it has is a
 * table below. What is made up has headers that are right and a payload of zeros, which nothing
 * reads. Each packet's kind is drawn by itself, so that no branch is easier than it is on a link.
 */
#include "load.h"

#include "capture.h"

#include <errno.h>
#include <stdlib.h>

#define ETHERNET   14
#define FRAME_MIN  60 /* without the checksum */
#define FRAME_MAX  (UINT16_MAX + 256)
#define TUNNEL_MAX (20 + 8 + 16)

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

/* splitmix64: the same packets on every run. */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint16_t draw_between(uint64_t *state, uint16_t least, uint16_t most)
{
	return (uint16_t)(least + draw(state) % (most - least + 1u));
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_ipv4(uint8_t *ip, uint32_t total, uint8_t protocol)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, total);
	ip[8] = 62;
	ip[9] = protocol;
}

/* The header and both addresses: a subscriber, and a server somewhere. Returns its size. */
static uint32_t make_ip(uint8_t *ip, uint32_t total, uint8_t protocol, bool up, uint64_t *state)
{
	uint64_t who = draw(state), server = draw(state);

	if (draw(state) % 100 < IPV6_PERCENT) {
		uint8_t addresses[2][16] = {{0x20, 0x01, 0x0d, 0xb8, 0, 0x64}, {0x2a, 0x00}};

		memcpy(addresses[0] + 6, &who, 8);
		memcpy(addresses[1] + 2, &server, 8);
		memset(ip, 0, 8);
		ip[0] = 0x60;
		put16(ip + 4, total - 40);
		ip[6] = protocol == ICMP ? ICMP6 : protocol;
		ip[7] = 62;
		memcpy(ip + 8, addresses[!up], 16);
		memcpy(ip + 24, addresses[up], 16);
		return 40;
	}
	put_ipv4(ip, total, protocol);
	/* 100.64.0.0/10 */
	put16(ip + (up ? 12 : 16), 0x6440 | (who & 0x3f));
	put16(ip + (up ? 14 : 18), (uint32_t)(who >> 8));
	put16(ip + (up ? 16 : 12), 0x2000 | (server & 0x7fff));
	put16(ip + (up ? 18 : 14), (uint32_t)(server >> 16));
	return 20;
}

/* An IP packet that is no DNS. Returns its size. */
static uint32_t make_other(uint8_t *ip, uint64_t *state)
{
	unsigned chosen = (unsigned)(draw(state) % 100), k = 0;
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
	put16(l4, kinds[k].up ? client : server);
	put16(l4 + 2, kinds[k].up ? server : client);
	if (kinds[k].protocol == UDP)
		put16(l4 + 4, total - header);
	else
		l4[12] = (total - header >= 32 ? 8 : 5) << 4;
	return total;
}

/* Headers of a tunnel in front of `size` bytes: half with a PDU session container, a quarter with
 * sequence numbers, a quarter plain. Returns their size. */
static uint32_t make_tunnel(uint8_t *ip, uint32_t size, uint64_t *state)
{
	uint64_t luck = draw(state);
	bool container = luck & 1, sequence = !container && luck & 2;
	uint32_t header = container ? 16 : sequence ? 12 : 8, inside = header + size;
	uint8_t *udp = ip + 20, *gtpu = udp + 8;

	memset(ip, 0, 20 + 8 + header);
	put_ipv4(ip, 20 + 8 + inside, UDP);
	put16(ip + 12, 10 << 8 | 10);
	put16(ip + 14, (uint32_t)(luck >> 8) & 7);
	put16(ip + 16, 10 << 8 | 20);
	put16(ip + 18, 9);
	put16(udp, PORT_GTPU);
	put16(udp + 2, PORT_GTPU);
	put16(udp + 4, 8 + inside);
	gtpu[0] = 0x30 | (container ? 4 : 0) | (sequence ? 2 : 0);
	gtpu[1] = 255;
	put16(gtpu + 2, inside - 8);
	memcpy(gtpu + 4, &luck, 4);
	if (container) {
		gtpu[11] = 0x85;
		gtpu[12] = 1;
		gtpu[13] = (uint8_t)(luck >> 40 & 0x10);
		gtpu[14] = 9;
	}
	return 20 + 8 + header;
}

static int reserve(struct load *load, size_t size)
{
	if (load->arena_used + size <= load->arena_size)
		return 0;
	while (load->arena_used + size > load->arena_size)
		load->arena_size = load->arena_size != 0 ? load->arena_size * 2 : 1 << 26;
	load->arena = realloc(load->arena, load->arena_size);
	return load->arena != NULL ? 0 : -ENOMEM;
}

/* Frames hold offsets until the arena has its place. */
static int append(struct load *load, const struct adit_frame *frame)
{
	const uint64_t line = ADIT_CACHE_LINE;
	uint64_t at = (load->arena_used + line - 1) / line * line;

	if ((load->count & (load->count - 1)) == 0) {
		size_t room = load->count != 0 ? load->count * 2 : 1;

		load->frames = realloc(load->frames, room * sizeof(*load->frames));
		if (load->frames == NULL)
			return -ENOMEM;
	}
	if (reserve(load, at - load->arena_used + frame->captured) != 0)
		return -ENOMEM;
	memcpy(load->arena + at, frame->data, frame->captured);
	load->arena_used = at + frame->captured;
	load->frames[load->count] = *frame;
	load->frames[load->count].data = (const uint8_t *)(uintptr_t)at;
	load->frames[load->count++].readable_tail = 0;
	load->bytes += frame->captured;
	return 0;
}

/* An IP packet in Ethernet, inside GTP-U where that is asked for. `cut`: bytes of it that a capture
 * left out. */
static int append_ip(struct load *load, const struct load_params *params, const uint8_t *ip,
	uint32_t size, uint32_t cut, uint64_t ts_ns, uint64_t *state)
{
	static uint8_t buffer[FRAME_MAX];
	struct adit_frame frame = {.data = buffer, .ts_ns = ts_ns};
	uint32_t used = ETHERNET;

	memset(buffer, 2, 12);
	if (params->gtpu)
		used += make_tunnel(buffer + used, size + cut, state);
	memcpy(buffer + used, ip, size);
	put16(buffer + 12, buffer[ETHERNET] >> 4 == 6 ? 0x86dd : 0x0800);
	used += size;
	if (used < FRAME_MIN) {
		memset(buffer + used, 0, FRAME_MIN - used);
		used = FRAME_MIN;
	}
	frame.captured = used;
	frame.wire = used + cut;
	return append(load, &frame);
}

static bool is_ethernet_ip(const struct adit_frame *frame)
{
	uint16_t type;

	if (frame->link != ADIT_LINK_ETHERNET || frame->captured < ETHERNET + 20)
		return false;
	type = adit_load_be16(frame->data + 12);
	return type == 0x0800 || type == 0x86dd;
}

/* A frame of the capture. Room for a tunnel is only in what is no jumbo segment. */
static int append_captured(struct load *load, const struct load_params *params,
	const struct adit_frame *frame, uint64_t *state)
{
	load->from_capture++;
	if (!params->gtpu || !is_ethernet_ip(frame) || frame->wire > UINT16_MAX - TUNNEL_MAX)
		return append(load, frame);
	return append_ip(load, params, frame->data + ETHERNET, frame->captured - ETHERNET,
		frame->wire - frame->captured, frame->ts_ns, state);
}

/* Packets until one of the capture is due; they come with its time. */
static int append_others(struct load *load, const struct load_params *params,
	const struct adit_frame *next, uint64_t *state)
{
	static uint8_t ip[2048];
	/* Of 2^32. */
	const uint64_t due = (uint64_t)(params->share / 100 * 0x1p32);
	int status = 0;

	while (status == 0 && load->count < params->packets && draw(state) >> 32 >= due)
		status = append_ip(load, params, ip, make_other(ip, state), 0, next->ts_ns, state);
	return status;
}

int load_read(struct load *load, const struct load_params *params, struct adit_error *error)
{
	struct app_capture *capture;
	struct adit_frame frame;
	uint64_t state = 1;
	int status = app_capture_open(params->capture, &capture, error);

	if (status != 0)
		return status;
	while (load->count < params->packets &&
		(status = app_capture_next(capture, &frame, error)) > 0) {
		status = append_others(load, params, &frame, &state);
		if (status == 0 && load->count < params->packets)
			status = append_captured(load, params, &frame, &state);
		if (status != 0) {
			adit_error_set(error, status, "no memory for the packets");
			break;
		}
	}
	app_capture_close(capture);
	if (status < 0)
		return status;
	if (load->count == 0)
		return adit_error_set(error, -EINVAL, "%s: no packets", params->capture);
	for (size_t i = 0; i < load->count; i++)
		load->frames[i].data = load->arena + (uintptr_t)load->frames[i].data;
	return 0;
}

void load_free(struct load *load)
{
	free(load->arena);
	free(load->frames);
}
