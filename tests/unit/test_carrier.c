/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a mobile core's tap adds to plain packets: fragments, DNS over TCP, packets seen twice,
 * contexts, encrypted DNS.
 */
#include <stdio.h>

#include "pipeline_cases.h"

#define MS ADIT_NS_PER_MS

static const struct adit_pipeline_counters *counters_of(const struct fixture *x)
{
	return adit_pipeline_counters(x->pipeline);
}

/* A fixture whose pipeline is made anew with other parameters. */
static bool fixture_change(struct fixture *x)
{
	struct adit_error error;

	adit_pipeline_destroy(x->pipeline);
	x->pipeline = NULL;
	return adit_pipeline_create(&x->params, NULL, &x->pipeline, &error) == 0;
}

static uint8_t segment(struct fixture *x, bool up, uint32_t sequence, uint8_t flags,
	const uint8_t *bytes, size_t size)
{
	static struct frames f;

	begin_segment(&f, up, sequence, 1, flags);
	frames_bytes(&f, bytes, size);
	return run_one(x, &f, ADIT_LINK_ETHERNET);
}

TEST(carrier, queries_over_tcp_count_as_others_do)
{
	uint8_t bytes[600];
	const struct adit_row *row;
	struct fixture x;
	size_t first, size;
	uint8_t shard;

	REQUIRE(fixture_open(&x, 8, 8));
	first = framed_query(bytes, 1, "one.example.com");
	size = first + framed_query(bytes + first, 2, "two.example.com");
	segment(&x, true, 99, 0x02, NULL, 0);
	/* The second half comes first. */
	segment(&x, true, 100 + 20, 0x18, bytes + 20, size - 20);
	CHECK_EQ_INT(counters_of(&x)->tcp_queries, 0);
	shard = segment(&x, true, 100, 0x18, bytes, 20);
	CHECK_EQ_INT(counters_of(&x)->tcp_queries, 2);
	CHECK_EQ_INT(counters_of(&x)->dns_queries, 2);
	segment(&x, true, 100, 0x18, bytes, 20);
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_TCP_DNS], 3);
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_TCP_DNS_REPEATED], 1);
	row = adit_window_row(x.window, shard, ADIT_KIND_PAIR, 0);
	check_address(&party_of(&x, shard, ADIT_KIND_PAIR, 1)->who.address, CLIENT);
	check_address(&party_of(&x, shard, ADIT_KIND_PAIR, 1)->server, SERVER);
	CHECK_EQ_INT(row->queries, 2);
	CHECK_EQ_INT(row->names, 2);
	CHECK_EQ_INT(row->bytes_up, size - 4);
	fixture_close(&x);
}

/* Where checksums count, a decoy that no receiver takes does not stand in the way of what does. */
TEST(carrier, a_segment_with_a_wrong_checksum_is_refused)
{
	static struct frames f;
	uint8_t bytes[300], *tcp;
	struct fixture x;
	uint32_t sum = 6;
	size_t size;

	REQUIRE(fixture_open(&x, 8, 8));
	x.params.tcp_checksum = true;
	REQUIRE(fixture_change(&x));
	size = framed_query(bytes, 1, "www.example.com");
	for (int i = 0; i < 2; i++) {
		begin_segment(&f, true, 100, 1, 0x18);
		frames_bytes(&f, bytes, size);
		frames_finish(&f);
		tcp = f.bytes + 34;
		if (i == 1) {
			size_t length = f.size - 34;

			sum += (uint32_t)length;
			for (size_t k = 26; k < 34; k += 2)
				sum += adit_load_be16(f.bytes + k);
			for (size_t k = 0; k < length; k++)
				sum += k % 2 ? tcp[k] : (uint32_t)tcp[k] << 8;
			sum = (sum & 0xffff) + (sum >> 16);
			sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
			tcp[16] = (uint8_t)(sum >> 8);
			tcp[17] = (uint8_t)sum;
		}
		run_one(&x, &f, ADIT_LINK_ETHERNET);
		CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_TCP_DNS_REFUSED], 1);
		CHECK_EQ_INT(counters_of(&x)->tcp_queries, i);
	}
	fixture_close(&x);
}

/* A tunnel that is no DNS at all, on the port of DNS. */
TEST(carrier, other_bytes_on_the_tcp_port_count_by_server)
{
	static const uint8_t hello[] = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n";
	const struct adit_row *row;
	struct fixture x;
	uint8_t shard;

	REQUIRE(fixture_open(&x, 8, 8));
	segment(&x, true, 99, 0x02, NULL, 0);
	segment(&x, false, 499, 0x12, NULL, 0);
	segment(&x, true, 100, 0x18, hello, sizeof(hello) - 1);
	shard = segment(&x, false, 500, 0x18, hello, sizeof(hello) - 1);
	CHECK_EQ_INT(counters_of(&x)->raw_bytes, 2 * (sizeof(hello) - 1));
	CHECK_EQ_INT(counters_of(&x)->tcp_queries + counters_of(&x)->tcp_responses, 0);
	CHECK_EQ_INT(adit_pipeline_streams(x.pipeline)->raw, 2);
	party_of(&x, shard, ADIT_KIND_SERVER, 1);
	row = adit_window_row(x.window, shard, ADIT_KIND_SERVER, 0);
	CHECK_EQ_INT(row->unparsable, 2);
	CHECK_EQ_INT(row->info_up, sizeof(hello) - 1);
	CHECK_EQ_INT(row->info_down, sizeof(hello) - 1);
	fixture_close(&x);
}

TEST(carrier, a_query_in_fragments_counts_once)
{
	static struct frames whole, f;
	struct fixture x;
	uint8_t shard = 0;
	size_t payload;

	REQUIRE(fixture_open(&x, 8, 8));
	frames_start(&whole);
	frames_udp(&whole, 40000, 53);
	frames_query(&whole, 1, "fragments.example.com", 16);
	frames_finish(&whole);
	payload = whole.size;
	for (size_t at = 0; at < payload; at += 16) {
		size_t part = payload - at < 16 ? payload - at : 16;

		begin_ipv4(&f);
		frames_next(&f, 17);
		frames_ipv4_fragment(&f, (unsigned)at, at + part < payload);
		frames_bytes(&f, whole.bytes + at, part);
		shard = run_one(&x, &f, ADIT_LINK_ETHERNET);
	}
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_FRAGMENT], (payload - 1) / 16);
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_DNS_QUERY], 1);
	CHECK_EQ_INT(counters_of(&x)->dns_queries, 1);
	check_address(&party_of(&x, shard, ADIT_KIND_PAIR, 1)->who.address, CLIENT);
	fixture_close(&x);
}

/* The subscriber is found behind the tunnel that was in fragments, of the other family too. */
TEST(carrier, a_tunnel_in_fragments_has_its_subscriber)
{
	static struct frames whole, f;
	struct fixture x;
	uint8_t shard = 0;

	for (int v6 = 0; v6 < 2; v6++) {
		REQUIRE(fixture_open(&x, 8, 8));
		frames_start(&whole);
		frames_udp(&whole, 2152, 2152);
		frames_gtpu(&whole, FRAMES_G_PDU, 0, 0x77);
		v6 ? frames_ipv4(&whole, CLIENT, SERVER)
		   : frames_ipv6(&whole, CLIENT_V6, SERVER_V6);
		frames_udp(&whole, 40000, 53);
		frames_query(&whole, 1, "fragments.example.com", 16);
		frames_finish(&whole);
		for (size_t at = 0; at < whole.size; at += 40) {
			size_t part = whole.size - at < 40 ? whole.size - at : 40;
			bool more = at + part < whole.size;

			frames_start(&f);
			frames_ethernet(&f);
			if (v6) {
				frames_ipv6(&f, RADIO_V6, CORE_V6);
				frames_ipv6_fragment(&f, (unsigned)at, more);
				frames_next(&f, 17);
			} else {
				frames_ipv4(&f, RADIO, CORE);
				frames_next(&f, 17);
				frames_ipv4_fragment(&f, (unsigned)at, more);
			}
			frames_bytes(&f, whole.bytes + at, part);
			shard = run_one(&x, &f, ADIT_LINK_ETHERNET);
		}
		CHECK_EQ_INT(counters_of(&x)->dns_queries, 1);
		check_address(&party_of(&x, shard, ADIT_KIND_PAIR, 1)->who.address,
			v6 ? CLIENT : CLIENT_V6);
		check_address(&party_of(&x, shard, ADIT_KIND_PAIR, 1)->who.path[ADIT_UP].radio,
			v6 ? RADIO_V6 : RADIO);
		CHECK_EQ_INT(party_of(&x, shard, ADIT_KIND_PAIR, 1)->who.path[ADIT_UP].teid, 0x77);
		fixture_close(&x);
		STOP_IN(v6 ? "IPv6 outside" : "IPv4 outside");
	}
}

/* A query as one leg shows it. */
static void leg(struct frames *f, const char *radio, uint32_t teid, uint8_t ttl, uint16_t id,
	const char *name)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, radio, CORE);
	frames_udp(f, 2152, 2152);
	frames_gtpu(f, FRAMES_G_PDU, 0, teid);
	frames_ipv4(f, CLIENT, SERVER);
	f->bytes[f->layer + 4] = (uint8_t)(id >> 8);
	f->bytes[f->layer + 5] = (uint8_t)id;
	f->bytes[f->layer + 8] = ttl;
	frames_udp(f, 40000, 53);
	frames_query(f, 0x1234, name, 1);
}

TEST(carrier, a_packet_of_two_legs_counts_once)
{
	static const struct {
		uint64_t after_ms;
		const char *radio;
		uint32_t teid;
		uint8_t ttl;
		uint16_t id;
		const char *name;
		bool again;
	} rows[] = {
		{0, RADIO, 1, 64, 7, "www.example.com", false},
		{2, "10.30.0.1", 2, 63, 7, "www.example.com", true},
		{20, RADIO, 1, 64, 7, "www.example.com", true},
		{21, RADIO, 1, 64, 7, "www.example.com", false}, /* after the window */
		{21, RADIO, 1, 64, 8, "www.example.com", false}, /* another packet */
		{21, RADIO, 1, 64, 9, "www.example.org", false}, /* another name */
		{10, RADIO, 1, 64, 7, "www.example.com", true},  /* not in order of time */
	};
	static struct frames f;
	struct fixture x;
	uint64_t again = 0;

	REQUIRE(fixture_open(&x, 8, 8));
	x.params.duplicate_ns = 20 * MS;
	REQUIRE(fixture_change(&x));
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		leg(&f, rows[i].radio, rows[i].teid, rows[i].ttl, rows[i].id, rows[i].name);
		run_at(&x, &f, ADIT_LINK_ETHERNET, START_NS + rows[i].after_ms * MS);
		again += rows[i].again;
		CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_DUPLICATE], again);
		STOP_IN(rows[i].name);
	}
	CHECK_EQ_INT(counters_of(&x)->dns_queries, ADIT_COUNT(rows) - again);
	/* A new timeline knows nothing of the one before. */
	adit_pipeline_reset(x.pipeline);
	run_at(&x, &f, ADIT_LINK_ETHERNET, START_NS + 10 * MS);
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_DUPLICATE], again);
	fixture_close(&x);
}

/* The filter is small for a moment's packets of a worker; more than it holds are never taken for
 * what they are not. */
TEST(carrier, different_packets_are_no_duplicates)
{
	static struct frames f;
	struct fixture x;

	REQUIRE(fixture_open(&x, 8, 8));
	x.params.duplicate_ns = 20 * MS;
	REQUIRE(fixture_change(&x));
	for (unsigned i = 0; i < 20000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u.example.com", i);
		leg(&f, RADIO, 1, 64, (uint16_t)i, name);
		run_at(&x, &f, ADIT_LINK_ETHERNET, START_NS);
	}
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_DUPLICATE], 0);
	CHECK_EQ_INT(counters_of(&x)->dns_queries, 20000);
	fixture_close(&x);
}

/* A tunnel that changes nothing of its packets but a byte in the middle of the name is not taken
 * for one packet. */
TEST(carrier, every_byte_of_a_message_counts)
{
	static struct frames f;
	struct fixture x;

	REQUIRE(fixture_open(&x, 8, 8));
	x.params.duplicate_ns = 20 * MS;
	REQUIRE(fixture_change(&x));
	for (unsigned i = 0; i < 100; i++) {
		char name[] =
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com";

		name[i % 50 + 4] = i < 50 ? 'b' : 'c';
		leg(&f, RADIO, 1, 64, 7, name);
		run_one(&x, &f, ADIT_LINK_ETHERNET);
	}
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_DUPLICATE], 0);
	CHECK_EQ_INT(counters_of(&x)->dns_queries, 100);
	fixture_close(&x);
}

/* Subscribers that a rule tells apart, of two packets of one address. */
static uint64_t subscribers(
	struct adit_context_rule rule, uint16_t vlan, uint16_t inner, const char *core, uint8_t tap)
{
	static struct frames f;
	struct fixture x;
	uint64_t count = 0;

	if (!fixture_open(&x, 8, 8))
		return 0;
	x.rule = rule;
	for (int i = 0; i < 2; i++) {
		struct adit_packet packet;
		struct adit_frame frame;

		frames_start(&f);
		frames_ethernet(&f);
		frames_vlan(&f, 0x88a8, i == 0 ? vlan : 100);
		frames_vlan(&f, 0x8100, i == 0 ? inner : 200);
		frames_ipv4(&f, RADIO, i == 0 ? core : CORE);
		frames_udp(&f, 2152, 2152);
		frames_gtpu(&f, FRAMES_G_PDU, 0, 1);
		frames_ipv4(&f, CLIENT, SERVER);
		frames_udp(&f, 40000, 53);
		frames_query(&f, 1, "www.example.com", 1);
		frame = frames_frame(&f, ADIT_LINK_ETHERNET);
		frame.ts_ns = START_NS;
		frame.tap = i == 0 ? tap : 0;
		adit_intake_take(&x.intake, &frame, &packet);
		adit_pipeline_run(x.pipeline, x.window, &frame, &packet, 1);
	}
	for (uint32_t shard = 0; shard < ADIT_SHARDS; shard++)
		count += adit_window_rows(x.window, shard, ADIT_KIND_PAIR);
	fixture_close(&x);
	return count;
}

TEST(carrier, contexts_keep_subscribers_apart)
{
	const struct adit_context_rule none = {0}, vlan = {.vlan = true};
	const struct adit_context_rule both = {.vlan = true, .vlan_inner = true};
	const struct adit_context_rule core = {.core_peer = true};

	CHECK_EQ_INT(subscribers(none, 101, 201, "10.20.0.2", 0), 1);
	CHECK_EQ_INT(subscribers(none, 100, 200, CORE, 1), 2);
	CHECK_EQ_INT(subscribers(vlan, 100, 201, "10.20.0.2", 0), 1);
	CHECK_EQ_INT(subscribers(vlan, 101, 200, CORE, 0), 2);
	/* The priority bits of a tag say nothing of whose it is. */
	CHECK_EQ_INT(subscribers(vlan, 0x6000 | 100, 200, CORE, 0), 1);
	CHECK_EQ_INT(subscribers(both, 100, 201, CORE, 0), 2);
	CHECK_EQ_INT(subscribers(both, 100, 0xe000 | 200, "10.20.0.2", 0), 1);
	CHECK_EQ_INT(subscribers(core, 101, 201, CORE, 0), 1);
	CHECK_EQ_INT(subscribers(core, 100, 200, "10.20.0.2", 0), 2);
}

/* A mobile subscriber may change all but its prefix; elsewhere every address is somebody. */
TEST(carrier, a_prefix_is_a_subscriber_inside_gtpu)
{
	static const struct {
		const char *address;
		unsigned plain, bits;
		bool tunnel, same;
	} rows[] = {
		{"2001:db8:64:111:abcd::1", 128, 64, true, true},
		{"2001:db8:64:112::9", 128, 64, true, false},
		{"2001:db8:64:112::9", 128, 63, true, false},
		{"2001:db8:64:110::9", 128, 63, true, true},
		{"2001:db8:64:111::1", 64, 128, true, false},
		{"2001:db8:64:111::19", 128, 124, true, false},
		{"2001:db8:64:111::8", 128, 124, true, true},
		{"2001:db8:64:111::8", 128, 64, false, false},
		{"2001:db8:64:111::8", 64, 128, false, true},
	};
	static struct frames f;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		uint64_t keys[2];

		for (int k = 0; k < 2; k++) {
			struct adit_context_rule rule = {0};
			struct adit_packet packet;
			struct adit_frame frame;

			adit_context_prefix(&rule, rows[i].plain, rows[i].bits);
			frames_start(&f);
			frames_ethernet(&f);
			if (rows[i].tunnel) {
				frames_ipv4(&f, RADIO, CORE);
				frames_udp(&f, 2152, 2152);
				frames_gtpu(&f, FRAMES_G_PDU, 0, 1);
			}
			frames_ipv6(&f, k == 0 ? "2001:db8:64:111::9" : rows[i].address, SERVER_V6);
			frames_udp(&f, 40000, 53);
			frames_query(&f, 1, "www.example.com", 1);
			frame = frames_frame(&f, ADIT_LINK_ETHERNET);
			packet = decode(&frame);
			keys[k] = adit_packet_client_key(
				&frame, &packet, true, &rule, &adit_hash_key_fixed);
		}
		CHECK((keys[0] == keys[1]) == rows[i].same);
		STOP_IN(rows[i].address);
	}
}

/* Both directions find the same core-side peer. */
TEST(carrier, directions_meet_where_the_core_peer_is_of_the_context)
{
	static struct frames f;
	struct fixture x;
	uint8_t shard;

	REQUIRE(fixture_open(&x, 8, 8));
	x.rule = (struct adit_context_rule){.core_peer = true};
	leg(&f, RADIO, 1, 64, 1, "www.example.com");
	shard = run_one(&x, &f, ADIT_LINK_ETHERNET);
	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv4(&f, CORE, RADIO);
	frames_udp(&f, 2152, 2152);
	frames_gtpu(&f, FRAMES_G_PDU, 0, 2);
	frames_ipv4(&f, SERVER, CLIENT);
	frames_udp(&f, 53, 40000);
	frames_response(&f, 0x1234, "www.example.com", 1, 0);
	CHECK_EQ_INT(run_one(&x, &f, ADIT_LINK_ETHERNET), shard);
	CHECK_EQ_INT(adit_window_row(x.window, shard, ADIT_KIND_PAIR, 0)->responses, 1);
	check_address(&party_of(&x, shard, ADIT_KIND_PAIR, 1)->who.core, CORE);
	CHECK(party_of(&x, shard, ADIT_KIND_PAIR, 1)->who.has_core);
	fixture_close(&x);
}

TEST(carrier, encrypted_dns_counts_by_subscriber)
{
	static struct frames f;
	const struct adit_row *row;
	struct fixture x;
	uint8_t shard = 0;

	REQUIRE(fixture_open(&x, 8, 8));
	for (int i = 0; i < 3; i++) {
		begin_ipv4(&f);
		frames_tcp(&f, 40000, 853);
		frames_fill(&f, 7, 60);
		shard = run_one(&x, &f, ADIT_LINK_ETHERNET);
	}
	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv4(&f, SERVER, CLIENT);
	frames_udp(&f, 853, 40001);
	frames_fill(&f, 7, 1200);
	CHECK_EQ_INT(run_one(&x, &f, ADIT_LINK_ETHERNET), shard);
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_DOT], 3);
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_DOQ], 1);
	CHECK_EQ_INT(counters_of(&x)->encrypted_packets[ADIT_TRANSPORT_DOT], 3);
	CHECK_EQ_INT(counters_of(&x)->encrypted_bytes[ADIT_TRANSPORT_DOT], 3 * 100);
	CHECK_EQ_INT(counters_of(&x)->encrypted_bytes[ADIT_TRANSPORT_DOQ], 1228);
	REQUIRE(adit_window_rows(x.window, shard, ADIT_KIND_ENCRYPTED) == 2);
	row = adit_window_row(x.window, shard, ADIT_KIND_ENCRYPTED, 0);
	CHECK_EQ_INT(row->queries, 3);
	CHECK_EQ_INT(row->bytes_up, 300);
	row = adit_window_row(x.window, shard, ADIT_KIND_ENCRYPTED, 1);
	CHECK_EQ_INT(row->responses, 1);
	CHECK_EQ_INT(row->bytes_down, 1228);
	check_address(&party_of(&x, shard, ADIT_KIND_ENCRYPTED, 2)->who.address, CLIENT);
	fixture_close(&x);
}

TEST(carrier, encrypted_packets_of_two_legs_count_once)
{
	static struct frames f;
	struct fixture x;

	REQUIRE(fixture_open(&x, 8, 8));
	x.params.duplicate_ns = 20 * MS;
	REQUIRE(fixture_change(&x));
	for (unsigned i = 0; i < 6; i++) {
		frames_start(&f);
		frames_ethernet(&f);
		frames_ipv6(&f, CLIENT_V6, SERVER_V6);
		frames_tcp(&f, 40000, 853);
		/* Acknowledgements without bytes, each twice. */
		f.bytes[f.layer + 11] = (uint8_t)(i / 2);
		run_one(&x, &f, ADIT_LINK_ETHERNET);
	}
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_DOT], 3);
	CHECK_EQ_INT(counters_of(&x)->outcome[ADIT_OUTCOME_DUPLICATE], 3);
	CHECK_EQ_INT(counters_of(&x)->encrypted_packets[ADIT_TRANSPORT_DOT], 3);
	fixture_close(&x);
}

TEST(carrier, witnesses_are_the_subscribers_seen)
{
	static struct frames f;
	const uint64_t *witness;
	struct fixture x;
	unsigned seen = 0;

	REQUIRE(fixture_open(&x, 8, 8));
	witness = adit_pipeline_witness(x.pipeline);
	REQUIRE(witness != NULL);
	leg(&f, RADIO, 1, 64, 1, "www.example.com");
	run_one(&x, &f, ADIT_LINK_ETHERNET);
	leg(&f, RADIO, 1, 64, 2, "www.example.org");
	run_one(&x, &f, ADIT_LINK_ETHERNET);
	for (unsigned i = 0; i < ADIT_PIPELINE_WITNESSES; i++) {
		CHECK(witness[i] == 0 || witness[i] % ADIT_PIPELINE_WITNESSES == i);
		seen += witness[i] != 0;
	}
	CHECK_EQ_INT(seen, 1);
	x.params.witness = false;
	REQUIRE(fixture_change(&x));
	CHECK(adit_pipeline_witness(x.pipeline) == NULL);
	fixture_close(&x);
}
