/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the tests of packets share: addresses, ports, the decoder in one call, and the beginnings of
 * frames.
 */
#ifndef ADIT_TEST_PACKET_CASES_H
#define ADIT_TEST_PACKET_CASES_H

#include "adit_packet.h"

#include <arpa/inet.h>

#include "frames.h"

#define CLIENT    "100.64.0.9"
#define SERVER    "192.0.2.53"
#define CLIENT_V6 "2001:db8:1::9"
#define SERVER_V6 "2001:db8:2::53"
#define RADIO     "10.10.0.1"
#define CORE      "10.20.0.1"
#define RADIO_V6  "2001:db8:a::1"
#define CORE_V6   "2001:db8:b::1"
#define TEID      0xdeadbeef

#define V6       (ADIT_PACKET_V6 | ADIT_PACKET_WHO_V6)
#define GTPU     ADIT_PACKET_GTPU
#define OUTER_V6 ADIT_PACKET_OUTER_V6

static inline const struct adit_ports *dns_ports(void)
{
	static struct adit_ports ports;

	adit_ports_init(&ports);
	adit_ports_add(&ports, 53, ADIT_SERVICE_DNS);
	adit_ports_add(&ports, 5353, ADIT_SERVICE_DNS);
	adit_ports_add(&ports, 853, ADIT_SERVICE_ENCRYPTED);
	return &ports;
}

static inline struct adit_packet decode(const struct adit_frame *frame)
{
	struct adit_packet packet;

	memset(&packet, 0xa5, sizeof(packet));
	CHECK_EQ_INT(adit_packet_decode(frame, dns_ports(), &packet), packet.outcome);
	return packet;
}

static inline struct adit_packet decode_as(struct frames *f, enum adit_link link)
{
	struct adit_frame frame = frames_frame(f, link);

	return decode(&frame);
}

static inline const char *outcome_name(unsigned outcome)
{
	return outcome < ADIT_OUTCOME_COUNT ? adit_outcome_names[outcome] : "pending";
}

#define CHECK_OUTCOME(got, want) CHECK_EQ_STR(outcome_name(got), outcome_name(ADIT_OUTCOME_##want))

/* The finished Ethernet frame has this outcome. */
#define CHECK_DECODES(f, want) CHECK_OUTCOME(decode_as((f), ADIT_LINK_ETHERNET).outcome, want)

/* Ends a test that has failed in this row of its table. */
#define STOP_IN(row)                                      \
	do {                                              \
		if (harness_failed()) {                   \
			FAIL("in the row \"%s\"", (row)); \
			return;                           \
		}                                         \
	} while (0)

/* The first `captured` of the `wire` bytes, and no room after them. */
static inline struct adit_packet decode_cut(
	const struct frames *f, enum adit_link link, size_t captured, size_t wire)
{
	struct adit_frame frame = {
		.data = harness_exact(f->bytes, captured), .link = (uint8_t)link};

	frame.captured = (uint32_t)captured;
	frame.wire = (uint32_t)wire;
	return decode(&frame);
}

static inline void check_address(const struct adit_address *got, const char *want)
{
	uint8_t bytes[16] = {0};
	bool is_v6 = strchr(want, ':') != NULL;

	CHECK_EQ_INT(inet_pton(is_v6 ? AF_INET6 : AF_INET, want, bytes), 1);
	CHECK_EQ_MEM(got->bytes, bytes, sizeof(bytes));
	CHECK_EQ_INT(got->is_v6, is_v6);
}

/* The beginnings that most tests share. */
static inline void begin_ipv4(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, CLIENT, SERVER);
}

static inline void begin_ipv6(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
}

static inline void begin_tunnel(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, RADIO, CORE);
	frames_udp(f, 2152, 2152);
}

static inline void add_query(struct frames *f)
{
	frames_udp(f, 40000, 53);
	frames_query(f, 0x1234, "www.example.com", 16);
}

static inline void begin_g_pdu(struct frames *f, uint8_t flags)
{
	begin_tunnel(f);
	frames_gtpu(f, FRAMES_G_PDU, flags, TEID);
}

static inline void add_ipv4_query(struct frames *f)
{
	frames_ipv4(f, CLIENT, SERVER);
	add_query(f);
}

/* The frames that most tests begin with. */
static inline void build_plain(struct frames *f)
{
	begin_ipv4(f);
	add_query(f);
}

static inline void build_tunnel(struct frames *f)
{
	begin_g_pdu(f, 0);
	add_ipv4_query(f);
}

static inline void build_tunnel_extensions(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_vlan(f, 0x8100, 300);
	frames_ipv6(f, RADIO_V6, CORE_V6);
	frames_udp(f, 49152, 2152);
	frames_gtpu(f, FRAMES_G_PDU, FRAMES_GTPU_E | FRAMES_GTPU_S, TEID);
	frames_gtpu_extension(f, 0xc0, 1);
	frames_gtpu_session(f, 1, 9);
	frames_gtpu_extension(f, 0x20, 3);
	frames_ipv6(f, CLIENT_V6, SERVER_V6);
	frames_ipv6_extension(f, 0, 8);
	add_query(f);
}

static const struct adit_context_rule by_vlan = {.vlan = true};

/* A query of a flow, or the packet that comes back. */
struct flow {
	const char *client, *server;
	uint16_t client_port, server_port, vlan;
	uint8_t tap;
	const char *radio; /* NULL: no tunnel */
	uint32_t teid;
};

static inline void build_flow(struct frames *f, const struct flow *flow, bool response)
{
	const char *from = response ? flow->server : flow->client;
	const char *to = response ? flow->client : flow->server;

	frames_start(f);
	frames_ethernet(f);
	if (flow->vlan != 0)
		frames_vlan(f, 0x8100, flow->vlan);
	if (flow->radio != NULL) {
		frames_ipv4(f, response ? CORE : flow->radio, response ? flow->radio : CORE);
		frames_udp(f, 2152, 2152);
		frames_gtpu(f, FRAMES_G_PDU, 0, flow->teid);
	}
	strchr(from, ':') ? frames_ipv6(f, from, to) : frames_ipv4(f, from, to);
	frames_udp(f, response ? flow->server_port : flow->client_port,
		response ? flow->client_port : flow->server_port);
	frames_query(f, 1, "example.com", 1);
}

static inline uint8_t shard_of(const struct flow *flow, bool response)
{
	struct adit_packet packet;
	struct adit_frame frame;
	struct frames f;

	build_flow(&f, flow, response);
	frame = frames_frame(&f, ADIT_LINK_ETHERNET);
	frame.tap = flow->tap;
	packet = decode(&frame);
	CHECK_OUTCOME(packet.outcome, PENDING);
	CHECK_EQ_INT(
		adit_packet_shard(&frame, &packet, &by_vlan, &adit_hash_key_fixed), packet.shard);
	CHECK(packet.shard < ADIT_SHARDS);
	return packet.shard;
}

#endif
