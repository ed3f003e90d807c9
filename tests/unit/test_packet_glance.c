/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first look against the whole decoder: over many frames, right ones and ones with bytes
 * changed, cut off or added, what it ends has the outcome that the decoder gives.
 */
#include "packet_cases.h"

#define RESOLVER    "198.51.100.153"
#define RESOLVER_V6 "2001:db8:d0::153"
#define FRAMES      100000

static uint64_t draw(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static const struct adit_ports *glance_ports(void)
{
	static struct adit_ports ports;
	struct adit_address address = {.is_v6 = 0};

	adit_ports_init(&ports);
	adit_ports_add(&ports, 53, ADIT_SERVICE_DNS);
	adit_ports_add(&ports, 853, ADIT_SERVICE_ENCRYPTED);
	inet_pton(AF_INET, RESOLVER, address.bytes);
	CHECK_EQ_INT(adit_ports_add_resolver(&ports, &address), 0);
	inet_pton(AF_INET6, RESOLVER_V6, address.bytes);
	address.is_v6 = 1;
	CHECK_EQ_INT(adit_ports_add_resolver(&ports, &address), 0);
	return &ports;
}

static void add_ip(struct frames *f, uint64_t *state)
{
	static const char *const servers[][2] = {{SERVER, SERVER_V6}, {RESOLVER, RESOLVER_V6},
		{"203.0.113.7", "2001:db8:ee::7"}, {"8.8.8.9", "2001:db8:ef::888"}};
	bool is_v6 = draw(state) & 1, up = draw(state) & 1;
	const char *server = servers[draw(state) % ADIT_COUNT(servers)][is_v6];
	const char *client = is_v6 ? CLIENT_V6 : CLIENT;

	if (is_v6)
		frames_ipv6(f, up ? client : server, up ? server : client);
	else
		frames_ipv4(f, up ? client : server, up ? server : client);
}

static void add_transport(struct frames *f, uint64_t *state)
{
	static const uint16_t services[] = {443, 443, 443, 80, 53, 853, 2152, 4789, 30000};
	uint16_t server = services[draw(state) % ADIT_COUNT(services)];
	uint16_t client = draw(state) % 16 != 0 ? (uint16_t)(32768 + draw(state) % 28000)
						: services[draw(state) % ADIT_COUNT(services)];
	static const uint8_t others[] = {1, 58, 50, 51, 47, 132};
	bool up = draw(state) & 1;

	if (draw(state) % 16 == 0)
		frames_next(f, others[draw(state) % ADIT_COUNT(others)]);
	else if (draw(state) & 1)
		frames_tcp(f, up ? client : server, up ? server : client);
	else
		frames_udp(f, up ? client : server, up ? server : client);
	frames_fill(f, 0x5a, draw(state) % 40);
}

/* A header of GTP-U in one of the forms that there are. */
static void add_gtpu(struct frames *f, uint64_t *state)
{
	uint8_t flags = draw(state) % 8;

	frames_udp(f, 2152, draw(state) % 16 != 0 ? 2152 : 40000);
	frames_gtpu(f, draw(state) % 32 != 0 ? FRAMES_G_PDU : 254, flags, TEID);
	if (!(flags & FRAMES_GTPU_E))
		return;
	if (draw(state) % 4 == 0)
		frames_gtpu_extension(f, 0xc0, 1 + draw(state) % 2);
	if (draw(state) % 4 != 0)
		frames_gtpu_session(f, draw(state) & 1, 9);
}

static void build(struct frames *f, uint64_t *state)
{
	frames_start(f);
	frames_ethernet(f);
	for (unsigned tags = draw(state) % 8 / 6; tags > 0; tags--)
		frames_vlan(f, 0x8100, 42);
	add_ip(f, state);
	if (draw(state) & 1) {
		add_gtpu(f, state);
		add_ip(f, state);
	}
	add_transport(f, state);
	frames_finish(f);
	if (draw(state) % 4 == 0)
		frames_trailer(f, draw(state) % 20);
}

TEST(packet_glance, ends_what_it_ends_as_the_decoder_does)
{
	const struct adit_ports *ports = glance_ports();
	uint64_t state = 1;
	size_t ended = 0;
	struct frames f;

	for (size_t i = 0; i < FRAMES && !harness_failed(); i++) {
		struct adit_packet first = {.l4_offset = UINT16_MAX}, closely;
		struct adit_frame frame;
		uint32_t captured;

		build(&f, &state);
		for (unsigned changes = draw(&state) % 3; changes > 0; changes--)
			f.bytes[draw(&state) % (f.size < 110 ? f.size : 110)] =
				(uint8_t)draw(&state);
		captured = (uint32_t)f.size;
		if (draw(&state) % 8 == 0)
			captured = (uint32_t)(draw(&state) % (f.size + 1));
		frame = (struct adit_frame){.data = harness_exact(f.bytes, captured),
			.captured = captured,
			.wire = draw(&state) & 1 ? captured : (uint32_t)f.size,
			.vlan = draw(&state) % 4 == 0 ? 7 : 0,
			.tap = draw(&state) & 3};
		CHECK_EQ_INT(adit_packet_decode(&frame, ports, &first), first.outcome);
		adit_packet_decode_closely(&frame, ports, &closely);
		CHECK_EQ_STR(outcome_name(first.outcome), outcome_name(closely.outcome));
		/* A field that only the decoder writes. */
		ended += first.l4_offset == UINT16_MAX;
		if (closely.outcome == ADIT_OUTCOME_PENDING)
			CHECK_EQ_MEM(&first, &closely, sizeof(first));
	}
	/* It is there to end most of what is no DNS. */
	CHECK(ended > FRAMES / 4);
}

/* What every row of the first look finds is what the scalar one does, whatever a burst holds. */
TEST(packet_glance, rows_agree)
{
	static uint8_t bytes[ADIT_GLANCE_MAX][2048];
	const struct adit_glance_row *scalar = &adit_glance_rows[adit_glance_row_count - 1];
	uint64_t state = 7;
	size_t ended = 0, inside = 0;

	for (size_t round = 0; round < FRAMES / 32 && !harness_failed(); round++) {
		size_t count = 1 + draw(&state) % ADIT_GLANCE_MAX;
		struct adit_sight sights[ADIT_GLANCE_MAX];
		struct adit_glance expected, got;
		struct frames f;

		for (size_t i = 0; i < count; i++) {
			build(&f, &state);
			for (unsigned changes = draw(&state) % 8 / 6; changes > 0; changes--)
				f.bytes[draw(&state) % (f.size < 110 ? f.size : 110)] =
					(uint8_t)draw(&state);
			memcpy(bytes[i], f.bytes, f.size);
			sights[i] = (struct adit_sight){bytes[i], (uint32_t)f.size};
			if (draw(&state) % 16 == 0)
				sights[i].size = (uint32_t)(draw(&state) % (f.size + 1));
		}
		scalar->look(glance_ports(), sights, count, &expected);
		ended += expected.tcp_other + expected.udp_other;
		inside += (size_t)__builtin_popcountll(expected.inside);
		for (size_t row = 0; row + 1 < adit_glance_row_count; row++) {
			if (!adit_glance_rows[row].supported())
				continue;
			adit_glance_rows[row].look(glance_ports(), sights, count, &got);
			CHECK_EQ_INT((int64_t)got.left, (int64_t)expected.left);
			CHECK_EQ_INT((int64_t)got.datagrams, (int64_t)expected.datagrams);
			CHECK_EQ_INT((int64_t)got.inside, (int64_t)expected.inside);
			CHECK_EQ_INT((int64_t)got.tcp_other, (int64_t)expected.tcp_other);
			CHECK_EQ_INT((int64_t)got.udp_other, (int64_t)expected.udp_other);
			CHECK_EQ_INT((int64_t)got.ip_other, (int64_t)expected.ip_other);
			STOP_IN(adit_glance_rows[row].name);
		}
	}
	CHECK(ended > FRAMES / 4 && inside > FRAMES / 100);
}

/* A packet of GTP-U whose header and extension are all that there is: nothing behind it is read. */
TEST(packet_glance, a_tunnel_may_end_with_its_header)
{
	struct adit_packet packet, closely;
	struct adit_frame frame;
	struct frames f;

	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv4(&f, RADIO, CORE);
	frames_udp(&f, 2152, 2152);
	frames_gtpu(&f, FRAMES_G_PDU, FRAMES_GTPU_E, TEID);
	frames_gtpu_session(&f, true, 9);
	frame = frames_frame(&f, ADIT_LINK_ETHERNET);
	CHECK_EQ_INT(frame.captured, 58);
	frame.data = harness_exact(frame.data, frame.captured);
	frame.readable_tail = 0;
	CHECK_EQ_INT(adit_packet_decode(&frame, glance_ports(), &packet),
		adit_packet_decode_closely(&frame, glance_ports(), &closely));
}

TEST(packet_glance, hidden_services_are_found)
{
	static const struct {
		const char *source, *destination;
		uint16_t from, to;
	} rows[] = {
		{CLIENT, RESOLVER, 40000, 443},
		{RESOLVER, CLIENT, 443, 40000},
		{RESOLVER, CLIENT, 443, 443},
		{CLIENT, SERVER, 443, 53},
		{SERVER, CLIENT, 53, 443},
		{CLIENT, SERVER, 2152, 53},
		{SERVER, CLIENT, 53, 2152},
		{CLIENT, SERVER, 40000, 853},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++)
		for (int in_gtpu = 0; in_gtpu < 2; in_gtpu++) {
			struct adit_packet packet;
			struct adit_frame frame;
			struct frames f;

			frames_start(&f);
			frames_ethernet(&f);
			if (in_gtpu) {
				frames_ipv4(&f, RADIO, CORE);
				frames_udp(&f, 2152, 2152);
				frames_gtpu(&f, FRAMES_G_PDU, 0, TEID);
			}
			frames_ipv4(&f, rows[i].source, rows[i].destination);
			frames_udp(&f, rows[i].from, rows[i].to);
			frames_fill(&f, 0x5a, 40);
			frame = frames_frame(&f, ADIT_LINK_ETHERNET);
			CHECK_OUTCOME(adit_packet_decode(&frame, glance_ports(), &packet), PENDING);
			STOP_IN(rows[i].source);
		}
}
