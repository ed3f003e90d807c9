/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From frames to tables: outcomes, parties, names, and that neither the size of a burst nor the
 * number of workers shows in the result.
 */
#include "adit_pipeline.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "adit_score.h"
#include "packet_wholes.h"
#include "pipeline_cases.h"
#include "pipeline_priv.h"
#include "shard_check.h"
#include "window_cases.h"

TEST(pipeline, survives_every_allocation_failure)
{
	struct harness_allocator counting;
	struct adit_error error = {""};
	struct adit_pipeline *pipeline = NULL;
	struct fixture x;
	size_t calls;

	REQUIRE(fixture_open(&x, 8, 8));
	harness_allocator_init(&counting, SIZE_MAX);
	REQUIRE(adit_pipeline_create(&x.params, &counting.allocator, &pipeline, &error) == 0);
	adit_pipeline_destroy(pipeline);
	CHECK_EQ_INT(counting.live, 0);
	calls = counting.calls;
	REQUIRE(calls > 0);
	for (size_t n = 0; n < calls; n++) {
		harness_allocator_init(&counting, n);
		pipeline = NULL;
		CHECK_EQ_INT(
			adit_pipeline_create(&x.params, &counting.allocator, &pipeline, &error),
			-ENOMEM);
		CHECK(pipeline == NULL);
		CHECK(error.text[0] != '\0');
		CHECK_EQ_INT(counting.live, 0);
	}
	adit_pipeline_destroy(NULL);
	fixture_close(&x);
}

static void build_udp_bytes(struct frames *f, const void *bytes, size_t size)
{
	begin_ipv4(f);
	frames_udp(f, 40000, 53);
	frames_bytes(f, bytes, size);
}

static void build_response(struct frames *f)
{
	begin_ipv4(f);
	frames_udp(f, 53, 40000);
	frames_response(f, 1, "www.example.com", 16, 0);
	frames_answer(f, 16, "\4abcd", 5);
}

static void build_bad_record(struct frames *f)
{
	build_response(f);
	frames_finish(f);
	f->bytes[f->dns + 7] = 2;
}

static void build_no_question(struct frames *f)
{
	begin_ipv4(f);
	frames_udp(f, 53, 40000);
	frames_dns(f, 1, FRAMES_QR | 5);
}

static void build_bad_name(struct frames *f)
{
	build_udp_bytes(f,
		"\0\1\1\0\0\1\0\0\0\0\0\0\x81"
		"abcdefgh",
		21);
}

static void build_short(struct frames *f)
{
	build_udp_bytes(f, "\0\1\1\0", 4);
}

static void build_implausible(struct frames *f)
{
	build_udp_bytes(f,
		"\x10\xd1\x9e\x20"
		"aaaaaaaaaaaaaaaaaaaa",
		24);
}

static void build_udp_other(struct frames *f)
{
	begin_ipv4(f);
	frames_udp(f, 40000, 443);
	frames_fill(f, 7, 30);
}

static void build_udp_malformed(struct frames *f)
{
	begin_ipv4(f);
	frames_udp(f, 40000, 53);
	frames_length(f, 7);
	frames_fill(f, 7, 30);
}

static void build_tcp_dns(struct frames *f)
{
	begin_ipv4(f);
	frames_tcp(f, 40000, 53);
}

static void build_tcp_other(struct frames *f)
{
	begin_ipv4(f);
	frames_tcp(f, 40000, 443);
}

static void build_ip_other(struct frames *f)
{
	begin_ipv4(f);
	frames_next(f, 1);
	frames_fill(f, 7, 30);
}

static void build_fragment(struct frames *f)
{
	begin_ipv4(f);
	frames_ipv4_fragment(f, 64, true);
	frames_fill(f, 7, 32);
}

static void build_fragment_first(struct frames *f)
{
	begin_ipv4(f);
	frames_ipv4_fragment(f, 0, true);
	frames_udp(f, 40000, 443);
	frames_fill(f, 7, 32);
}

static void build_dot(struct frames *f)
{
	begin_ipv4(f);
	frames_tcp(f, 40000, 853);
	frames_fill(f, 7, 60);
}

static void build_doq(struct frames *f)
{
	begin_ipv4(f);
	frames_udp(f, 853, 40000);
	frames_fill(f, 7, 70);
}

static void build_tcp_query(struct frames *f)
{
	uint8_t bytes[300];
	size_t size = framed_query(bytes, 1, "www.example.com");

	begin_segment(f, true, 1, 1, 0x18);
	frames_bytes(f, bytes, size);
}

static void build_gtpu_signalling(struct frames *f)
{
	begin_tunnel(f);
	frames_gtpu(f, 1, FRAMES_GTPU_S, 0);
}

static void build_not_ip(struct frames *f)
{
	frames_start(f);
	frames_ethernet(f);
	frames_next(f, 0x0806);
	frames_fill(f, 0, 28);
}

static const struct {
	const char *name;
	void (*build)(struct frames *f);
	enum adit_outcome outcome;
} builds[] = {
	{"query", build_plain, ADIT_OUTCOME_DNS_QUERY},
	{"response", build_response, ADIT_OUTCOME_DNS_RESPONSE},
	{"bad record", build_bad_record, ADIT_OUTCOME_DNS_BAD_RECORD},
	{"no question", build_no_question, ADIT_OUTCOME_DNS_NO_QUESTION},
	{"bad name", build_bad_name, ADIT_OUTCOME_DNS_BAD_NAME},
	{"short", build_short, ADIT_OUTCOME_DNS_SHORT},
	{"implausible", build_implausible, ADIT_OUTCOME_DNS_IMPLAUSIBLE},
	{"udp other", build_udp_other, ADIT_OUTCOME_UDP_OTHER},
	{"udp malformed", build_udp_malformed, ADIT_OUTCOME_UDP_MALFORMED},
	{"tcp dns", build_tcp_dns, ADIT_OUTCOME_TCP_DNS},
	{"tcp other", build_tcp_other, ADIT_OUTCOME_TCP_OTHER},
	{"ip other", build_ip_other, ADIT_OUTCOME_IP_OTHER},
	{"fragment", build_fragment, ADIT_OUTCOME_FRAGMENT},
	{"fragment of other", build_fragment_first, ADIT_OUTCOME_FRAGMENT_OTHER},
	{"gtp-u echo", build_gtpu_signalling, ADIT_OUTCOME_GTPU_ECHO},
	{"dot", build_dot, ADIT_OUTCOME_DOT},
	{"doq", build_doq, ADIT_OUTCOME_DOQ},
	{"tcp query", build_tcp_query, ADIT_OUTCOME_TCP_DNS},
	{"not ip", build_not_ip, ADIT_OUTCOME_NOT_IP},
	{"tunnel", build_tunnel, ADIT_OUTCOME_DNS_QUERY},
	{"tunnel with extensions", build_tunnel_extensions, ADIT_OUTCOME_DNS_QUERY},
	{"chain", build_tagged_chain, ADIT_OUTCOME_DNS_QUERY},
};

TEST(pipeline, each_outcome_ends_in_its_counter)
{
	static struct frames f;
	struct fixture x;

	REQUIRE(fixture_open(&x, 16, 8));
	for (size_t i = 0; i < ADIT_COUNT(builds); i++) {
		const uint64_t *counted = adit_pipeline_counters(x.pipeline)->outcome;
		uint64_t before = counted[builds[i].outcome];

		builds[i].build(&f);
		/* The same identification is in use again after the time-out only. */
		run_at(&x, &f, ADIT_LINK_ETHERNET, START_NS + i * 3 * ADIT_NS_PER_S);
		CHECK_EQ_INT(counted[builds[i].outcome], before + 1);
		CHECK_EQ_INT(outcomes_sum(&x), i + 1);
		STOP_IN(builds[i].name);
	}
	CHECK_EQ_INT(adit_pipeline_counters(x.pipeline)->dns_queries, 5);
	CHECK_EQ_INT(adit_pipeline_counters(x.pipeline)->tcp_queries, 1);
	CHECK_EQ_INT(adit_pipeline_counters(x.pipeline)->dns_responses, 2);
	fixture_close(&x);
}

/* A frame of the mix: one of the builds with some bytes changed, now and then cut; or a query or
 * response of some subscriber for some name. */
static struct adit_frame frame_random(struct frames *f, uint64_t *state, uint64_t ts_ns)
{
	struct adit_frame frame;

	if (random_below(state, 3) == 0) {
		builds[random_below(state, ADIT_COUNT(builds))].build(f);
	} else {
		char name[64], client[16];
		bool up = random_below(state, 2) == 0;
		uint32_t who = random_below(state, 40);

		snprintf(name, sizeof(name), "%s%x.d%u.%s",
			random_below(state, 20) == 0 ? "vaaaakaq" : "n", random_below(state, 500),
			random_below(state, 1 + who), who % 3 ? "com" : "co.uk");
		snprintf(client, sizeof(client), "10.9.8.%u", who);
		frames_start(f);
		frames_ethernet(f);
		if (who % 4 == 0)
			frames_vlan(f, 0x8100, (uint16_t)who);
		if (who % 2 == 0) {
			frames_ipv4(f, up ? RADIO : CORE, up ? CORE : RADIO);
			frames_udp(f, 2152, 2152);
			frames_gtpu(f, FRAMES_G_PDU, 0, who * 2 + up);
		}
		frames_ipv4(f, up ? client : SERVER, up ? SERVER : client);
		frames_udp(f, up ? 40000 : 53, up ? 53 : 40000);
		if (up) {
			frames_query(f, (uint16_t)random_next(state), name, 16);
		} else {
			frames_response(f, 1, name, 16, random_below(state, 10) == 0 ? 3 : 0);
			frames_answer(f, 16, "\14data and data", 13);
		}
	}
	frame = frames_frame(f, ADIT_LINK_ETHERNET);
	if (random_below(state, 3) == 0)
		for (uint32_t n = 1 + random_below(state, 3); n > 0; n--)
			((uint8_t *)frame.data)[random_below(state, frame.captured)] =
				(uint8_t)random_next(state);
	if (random_below(state, 20) == 0) {
		frame.captured = random_below(state, frame.captured);
		frame.data = harness_exact(frame.data, frame.captured);
	}
	frame.ts_ns = ts_ns;
	frame.tap = random_below(state, 30) == 0;
	return frame;
}

#define MIX 50000

static struct adit_frame *mix_make(uint64_t seed, uint32_t slices)
{
	static struct frames f;
	struct adit_frame *frames = malloc(MIX * sizeof(*frames));

	for (uint32_t i = 0; frames != NULL && i < MIX; i++)
		frames[i] = frame_random(&f, &seed, START_NS + slices * ADIT_SLICE_NS / MIX * i);
	return frames;
}

TEST(pipeline, received_is_the_sum_of_outcomes)
{
	struct adit_frame *frames = mix_make(1, 1);
	const struct adit_pipeline_counters *counters;
	struct fixture x;
	uint64_t named;
	unsigned kinds = 0;

	REQUIRE(frames != NULL && fixture_open(&x, 64, 16));
	counters = adit_pipeline_counters(x.pipeline);
	for (size_t i = 0, count; i < MIX; i += count) {
		count = 1 + i % ADIT_BURST_MAX;
		count = count < MIX - i ? count : MIX - i;
		run(&x, frames + i, count);
		CHECK_EQ_INT(outcomes_sum(&x), i + count);
	}
	named = counters->outcome[ADIT_OUTCOME_DNS_QUERY] +
		counters->outcome[ADIT_OUTCOME_DNS_RESPONSE] +
		counters->outcome[ADIT_OUTCOME_DNS_BAD_RECORD];
	CHECK(counters->tcp_queries > 0);
	CHECK_EQ_INT(counters->dns_queries + counters->dns_responses,
		named + counters->tcp_queries + counters->tcp_responses);
	for (int i = 0; i < ADIT_OUTCOME_COUNT; i++)
		kinds += counters->outcome[i] != 0;
	CHECK(kinds > 20);
	for (uint32_t shard = 0; shard < ADIT_SHARDS; shard++)
		check_shard(x.window, shard);
	fixture_close(&x);
	free(frames);
}

/* The same in bursts, as far as a stage; returns the packets that it leaves without an outcome. */
static size_t run_until(struct fixture *x, const struct adit_frame *frames, enum adit_stage last)
{
	struct adit_packet packets[ADIT_BURST_MAX];
	struct adit_frame batch[ADIT_BURST_MAX];
	size_t left = 0;

	for (size_t i = 0, count; i < MIX; i += count) {
		for (count = 0; count < ADIT_BURST_MAX && i + count < MIX; count++) {
			batch[count] = frames[i + count];
			adit_intake_take(&x->intake, &batch[count], &packets[count]);
			/* What was put together stands in the intake's room until the next call. */
			if (batch[count].data != frames[i + count].data) {
				count++;
				break;
			}
		}
		left += adit_pipeline_run_until(
			x->pipeline, x->window, batch, packets, count, last);
		CHECK_EQ_INT(outcomes_sum(x) + left, i + count);
	}
	return left;
}

/* A rung of a ladder is the path itself: as far as it goes, outcomes are those of the whole. */
TEST(pipeline, ends_after_any_stage)
{
	struct adit_frame *frames = mix_make(4, 1);
	struct fixture whole;

	REQUIRE(frames != NULL && fixture_open(&whole, 64, 16));
	for (size_t i = 0; i < MIX; i++)
		run(&whole, frames + i, 1);
	for (int last = ADIT_STAGE_DECODE; last <= ADIT_STAGE_COUNT; last++) {
		const uint64_t *all = adit_pipeline_counters(whole.pipeline)->outcome, *some;
		struct fixture x;
		uint32_t rows = 0;
		size_t left;

		REQUIRE(fixture_open(&x, 64, 16));
		left = run_until(&x, frames, (enum adit_stage)last);
		some = adit_pipeline_counters(x.pipeline)->outcome;
		CHECK((left == 0) == (last == ADIT_STAGE_COUNT));
		CHECK((some[ADIT_OUTCOME_DNS_QUERY] == 0) == (last == ADIT_STAGE_DECODE));
		CHECK((some[ADIT_OUTCOME_TCP_DNS] == 0) == (last < ADIT_STAGE_COUNT));
		/* Segments may have the outcomes of datagrams, too. */
		for (int i = 0; i < ADIT_OUTCOME_COUNT; i++)
			CHECK(last == ADIT_STAGE_COUNT ? some[i] == all[i] : some[i] <= all[i]);
		if (last >= ADIT_STAGE_PARSE)
			CHECK_EQ_INT(some[ADIT_OUTCOME_DNS_QUERY], all[ADIT_OUTCOME_DNS_QUERY]);
		for (uint32_t shard = 0; shard < ADIT_SHARDS; shard++)
			rows += adit_window_rows(x.window, shard, ADIT_KIND_PAIR);
		CHECK((rows != 0) == (last == ADIT_STAGE_COUNT));
		for (uint32_t shard = 0; shard < ADIT_SHARDS && last == ADIT_STAGE_COUNT; shard++)
			shard_same(x.window, shard, whole.window, shard);
		fixture_close(&x);
	}
	fixture_close(&whole);
	free(frames);
}

TEST(pipeline, bursts_of_any_size_count_alike)
{
	struct adit_frame *frames = mix_make(2, 1);
	struct fixture x, y;

	/* Small tables: what is evicted must be the same too. One of them remembers two names, the
	 * other nearly all. */
	REQUIRE(frames != NULL && fixture_open(&x, 6, 2) && fixture_open(&y, 6, 2));
	y.params.names = 1 << 16;
	adit_pipeline_destroy(y.pipeline);
	REQUIRE(adit_pipeline_create(&y.params, NULL, &y.pipeline, NULL) == 0);
	for (size_t i = 0; i < MIX; i++)
		run(&x, frames + i, 1);
	for (size_t i = 0; i < MIX; i += ADIT_BURST_MAX)
		run(&y, frames + i, MIX - i < ADIT_BURST_MAX ? MIX - i : ADIT_BURST_MAX);
	for (uint32_t shard = 0; shard < ADIT_SHARDS && !harness_failed(); shard++)
		shard_same(x.window, shard, y.window, shard);
	CHECK_EQ_MEM(&x.window->counters, &y.window->counters, sizeof(struct adit_window_counters));
	CHECK(x.window->counters.evicted[ADIT_KIND_PAIR] > 0);
	CHECK_EQ_MEM(adit_pipeline_counters(x.pipeline), adit_pipeline_counters(y.pipeline),
		sizeof(struct adit_pipeline_counters));
	fixture_close(&x);
	fixture_close(&y);
	free(frames);
}

TEST(pipeline, tunnel_ends_land_in_the_party)
{
	static struct frames f;
	const struct adit_row *row;
	const struct adit_party *party;
	struct fixture x;
	uint8_t shard;

	REQUIRE(fixture_open(&x, 8, 8));
	frames_start(&f);
	frames_ethernet(&f);
	frames_vlan(&f, 0x8100, 0xe012);
	frames_ipv4(&f, RADIO, CORE);
	frames_udp(&f, 2152, 2152);
	frames_gtpu(&f, FRAMES_G_PDU, 0, 0x111);
	add_ipv4_query(&f);
	shard = run_one(&x, &f, ADIT_LINK_ETHERNET);
	party = party_of(&x, shard, ADIT_KIND_PAIR, 1);
	check_address(&party->who.address, CLIENT);
	check_address(&party->server, SERVER);
	CHECK(party->who.path[ADIT_UP].known && !party->who.path[ADIT_DOWN].known);
	check_address(&party->who.path[ADIT_UP].radio, RADIO);
	check_address(&party->who.path[ADIT_UP].core, CORE);
	CHECK_EQ_INT(party->who.path[ADIT_UP].teid, 0x111);
	CHECK_EQ_INT(party->who.vlan, 0x12);
	/* The way back: another TEID, the peers in the other order; and the phone has moved. */
	frames_start(&f);
	frames_ethernet(&f);
	frames_vlan(&f, 0x8100, 0x12);
	frames_ipv4(&f, CORE, "10.10.0.2");
	frames_udp(&f, 2152, 2152);
	frames_gtpu(&f, FRAMES_G_PDU, 0, 0x222);
	frames_ipv4(&f, SERVER, CLIENT);
	frames_udp(&f, 53, 40000);
	frames_response(&f, 1, "www.EXAMPLE.com", 16, 0);
	CHECK_EQ_INT(run_one(&x, &f, ADIT_LINK_ETHERNET), shard);
	row = adit_window_row(x.window, shard, ADIT_KIND_PAIR, 0);
	party = party_of(&x, shard, ADIT_KIND_PAIR, 1);
	check_address(&party->who.address, CLIENT);
	CHECK(party->who.path[ADIT_UP].known && party->who.path[ADIT_DOWN].known);
	check_address(&party->who.path[ADIT_DOWN].radio, "10.10.0.2");
	check_address(&party->who.path[ADIT_DOWN].core, CORE);
	CHECK_EQ_INT(party->who.path[ADIT_UP].teid, 0x111);
	CHECK_EQ_INT(party->who.path[ADIT_DOWN].teid, 0x222);
	CHECK_EQ_INT(row->queries, 1);
	CHECK_EQ_INT(row->responses, 1);
	CHECK_EQ_INT(adit_window_rows(x.window, shard, ADIT_KIND_SERVER), 0);
	CHECK_EQ_MEM(adit_window_domain(x.window, shard, 0)->name.wire, "\7example\3com", 13);
	fixture_close(&x);
}

TEST(pipeline, direction_where_both_ports_are_dns)
{
	static struct frames f;
	const struct adit_row *row;
	struct fixture x;
	uint8_t shard;

	REQUIRE(fixture_open(&x, 8, 8));
	begin_ipv4(&f);
	frames_udp(&f, 53, 53);
	frames_query(&f, 1, "www.example.com", 1);
	shard = run_one(&x, &f, ADIT_LINK_ETHERNET);
	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv4(&f, SERVER, CLIENT);
	frames_udp(&f, 53, 53);
	frames_response(&f, 1, "www.example.com", 1, 0);
	CHECK_EQ_INT(run_one(&x, &f, ADIT_LINK_ETHERNET), shard);
	row = adit_window_row(x.window, shard, ADIT_KIND_PAIR, 0);
	check_address(&party_of(&x, shard, ADIT_KIND_PAIR, 1)->who.address, CLIENT);
	CHECK_EQ_INT(row->queries, 1);
	CHECK_EQ_INT(row->responses, 1);
	fixture_close(&x);
}

/* A datagram that is no DNS counts by server, with all its bytes, in its direction. */
TEST(pipeline, datagrams_that_are_no_dns)
{
	static struct frames f;
	const struct adit_row *row;
	struct fixture x;
	uint8_t shard = 0;

	REQUIRE(fixture_open(&x, 8, 8));
	for (int i = 0; i < 3; i++) {
		build_implausible(&f);
		shard = run_one(&x, &f, ADIT_LINK_ETHERNET);
	}
	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv4(&f, SERVER, CLIENT);
	frames_udp(&f, 53, 40000);
	frames_fill(&f, 0xee, 100);
	CHECK_EQ_INT(run_one(&x, &f, ADIT_LINK_ETHERNET), shard);
	row = adit_window_row(x.window, shard, ADIT_KIND_SERVER, 0);
	party_of(&x, shard, ADIT_KIND_SERVER, 1);
	CHECK_EQ_INT(adit_window_rows(x.window, shard, ADIT_KIND_DOMAIN), 0);
	CHECK_EQ_INT(row->unparsable, 4);
	CHECK_EQ_INT(row->queries, 3);
	CHECK_EQ_INT(row->info_up, 72);
	CHECK_EQ_INT(row->info_down, 100);
	/* Class 1 is raw mode. */
	REQUIRE(row->detail != 0);
	CHECK_EQ_INT(adit_window_detail(x.window, shard, row)->class_names[1], 3);
	fixture_close(&x);
}

static struct adit_known profile(struct fixture *x, const char *text)
{
	static struct adit_name name;
	struct adit_known known = {0};

	CHECK_EQ_INT(adit_name_from_text(text, &name), 0);
	adit_name_profile(&x->params, &name, &known);
	return known;
}

/* Octets × eighths of a bit of an alphabet, in whole bytes. */
static uint32_t information(unsigned octets, unsigned alphabet)
{
	return octets * (unsigned)floor(8 * log2(alphabet) + 1e-9) / 64;
}

TEST(pipeline, information_of_names)
{
	static const struct {
		const char *name;
		unsigned octets, alphabet;
		uint32_t bytes;
	} rows[] = {
		{"example.com", 0, 0, 0},
		{"0123456789abcdef0123456789abcdef.example.com", 32, 16, 16},
		{"0123456789abcdef.0123456789abcdef.example.co.uk", 32, 16, 16},
		{"mfrggzdfmztwq2lknnwg23tpoa3tenbv.example.com", 32, 36, 20},
		{"MFRGGZDFMZTWQ2LKNNWG23TPOA3TENBV.example.com", 32, 36, 20},
		{"aGVsbG8gd29ybGQ+Pz8+aGVsbG8gd29y.example.com", 32, 92, 26},
		{"11111111.example.com", 8, 10, 3},
		{"abcdef.example.com", 6, 6, 1},
		{"ghij.example.com", 4, 20, 2},
		{"GHIJ.example.com", 4, 26, 2},
		{"a-b_.example.com", 4, 8, 1},
		{"\\200\\201\\202\\203\\255\\128.example.com", 6, 128, 5},
		{"\\000\\001\\031\\032\\127.example.com", 5, 34, 3},
		{"0aZz-!\\200\\000.0aZz-!\\200\\000.0aZz-!\\200\\000.0aZz-!\\200\\000.example.com",
			32, 256, 32},
	};
	struct fixture x;

	REQUIRE(fixture_open(&x, 8, 8));
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_known known = profile(&x, rows[i].name);

		CHECK_EQ_INT(known.subdomain_length, rows[i].octets);
		CHECK_EQ_INT(known.info_bytes, rows[i].bytes);
		if (rows[i].octets != 0)
			CHECK_EQ_INT(
				known.info_bytes, information(rows[i].octets, rows[i].alphabet));
		STOP_IN(rows[i].name);
	}
	fixture_close(&x);
}

/* Each octet adds the characters of its class to the alphabet, and classes are what they are
 * called: 64 octets carry as many eighths of a byte as eighths of a bit go into the alphabet. */
TEST(pipeline, character_classes)
{
	struct fixture x;

	REQUIRE(fixture_open(&x, 8, 8));
	for (unsigned c = 0; c < 256; c++) {
		unsigned alphabet = c >= '0' && c <= '9'    ? 10
				    : c >= 'a' && c <= 'f'  ? 6
				    : c >= 'g' && c <= 'z'  ? 20
				    : c >= 'A' && c <= 'Z'  ? 26
				    : c == '-' || c == '_'  ? 2
				    : c >= 0x80             ? 128
				    : c <= ' ' || c == 0x7f ? 34
							    : 30;
		char text[300];

		for (int i = 0; i < 64; i++)
			snprintf(text + 4 * i + (i > 31), sizeof(text) - 4 * i, "\\%03u%s", c,
				i == 31 ? "." : "");
		strcat(text, ".example.com");
		CHECK_EQ_INT(profile(&x, text).info_bytes, information(64, alphabet));
		STOP_IN(text);
	}
	fixture_close(&x);
}

TEST(pipeline, registrable_domains)
{
	struct adit_known a, b;
	struct fixture x;
	unsigned odd = 0;

	REQUIRE(fixture_open(&x, 8, 8));
	a = profile(&x, "WWW.a.Example.co.uk");
	b = profile(&x, "example.CO.uk");
	CHECK(a.domain_key != 0 && a.domain_key == b.domain_key);
	CHECK_EQ_INT(a.labels, 2);
	CHECK_EQ_INT(a.label_max, 3);
	CHECK_EQ_INT(a.subdomain_length, 4);
	CHECK_EQ_INT(a.registrable_at, 6);
	CHECK(!a.unzoned);
	CHECK_EQ_INT(b.labels, 0);
	CHECK_EQ_INT(b.registrable_at, 0);
	CHECK(a.name_hash != b.name_hash);
	CHECK_EQ_INT(profile(&x, "www.a.example.co.uk").name_hash, a.name_hash);
	CHECK(profile(&x, "example.com").domain_key != a.domain_key);
	/* A suffix, the root: no domain, all of it is name. */
	a = profile(&x, "co.uk");
	CHECK(a.domain_key == 0 && a.unzoned);
	CHECK_EQ_INT(a.subdomain_length, 4);
	CHECK_EQ_INT(a.registrable_at, strlen("2co2uk"));
	a = profile(&x, ".");
	CHECK(a.domain_key == 0 && a.unzoned);
	CHECK_EQ_INT(a.info_bytes, 0);
	CHECK_EQ_INT(a.subdomain_length, 0);
	/* A top-level domain that nobody delegated: a domain, but no zone. */
	a = profile(&x, "data.host.invalid");
	CHECK(a.domain_key != 0 && a.unzoned);
	CHECK_EQ_INT(a.labels, 1);
	/* All bits of a key vary: the low ones choose its bucket. */
	for (unsigned i = 0; i < 100; i++) {
		char text[32];

		snprintf(text, sizeof(text), "d%u.com", i);
		odd += profile(&x, text).domain_key & 1;
	}
	CHECK(odd > 20 && odd < 80);
	fixture_close(&x);
}

/* Each line of the memory has the two names that came last. */
TEST(pipeline, names_are_remembered)
{
	static struct adit_memo_line lines[4];
	struct adit_memo memo = {.lines = lines, .mask = 3};

	CHECK_EQ_INT(adit_memo_lines(0), 1);
	CHECK_EQ_INT(adit_memo_lines(8), 4);
	CHECK_EQ_INT(adit_memo_lines(9), 8);
	CHECK(adit_memo_find(&memo, 5) == NULL);
	adit_memo_add(&memo, 5)->labels = 1;
	adit_memo_add(&memo, 9)->labels = 2;
	CHECK(adit_memo_find(&memo, 13) == NULL);
	CHECK_EQ_INT(adit_memo_find(&memo, 5)->labels, 1);
	adit_memo_add(&memo, 13)->labels = 3;
	CHECK(adit_memo_find(&memo, 9) == NULL);
	CHECK_EQ_INT(adit_memo_find(&memo, 5)->labels, 1);
	CHECK_EQ_INT(adit_memo_find(&memo, 13)->labels, 3);
}

TEST(pipeline, type_groups)
{
	CHECK_EQ_INT(adit_type_group_of(65), ADIT_GROUP_SERVICE);
	CHECK_EQ_INT(adit_type_group_of(64), ADIT_GROUP_SERVICE);
	CHECK_EQ_INT(adit_type_group_of(65279), ADIT_GROUP_OTHER);
	CHECK_EQ_INT(adit_type_group_of(65280), ADIT_GROUP_PRIVATE);
	CHECK_EQ_INT(adit_type_group_of(65534), ADIT_GROUP_PRIVATE);
	CHECK_EQ_INT(adit_type_group_of(65535), ADIT_GROUP_OTHER);
	CHECK_EQ_INT(adit_type_group_of(2), ADIT_GROUP_OTHER);
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		bool payload = type == 16 || type == 10 || type == 5 || type == 15 || type == 33 ||
			       type == 25 || (type >= 65280 && type < 65535);

		if (adit_type_group_payload(adit_type_group_of((uint16_t)type)) != payload)
			FAIL("type %u", type);
	}
}

/* Verdicts and judged keys as text, in the order in which they come. */
static void verdict_write(void *context, const struct adit_verdict *verdict)
{
	adit_verdict_write_json(verdict, NULL, context);
}

static void row_write(void *context, const struct adit_feature_row *row)
{
	adit_feature_write_row(row, ADIT_FEATURE_COUNT, NULL, context);
}

#define WORKERS_MAX 7

/* Runs the frames as so many workers would; returns the text. */
static char *run_workers(struct fixture *x, const struct adit_frame *frames, uint32_t workers,
	struct adit_score_params params)
{
	struct adit_window_params window = {.shards = adit_shards_per_worker(workers),
		.rows = {10, 10, 10, 10, 10},
		.details = 4,
		.looks = 3};
	struct adit_pipeline *pipeline[WORKERS_MAX] = {NULL};
	struct adit_window *windows[WORKERS_MAX];
	struct adit_scorer *scorer;
	struct adit_error error;
	char *text = NULL;
	size_t size;
	uint32_t slice = adit_slice_of(START_NS);

	params.context = open_memstream(&text, &size);
	scorer = adit_scorer_create(&params, NULL);
	x->params.workers = workers;
	adit_reassembly_reset(x->intake.reassembly);
	for (uint32_t w = 0; w < workers; w++) {
		CHECK_EQ_INT(adit_pipeline_create(&x->params, NULL, &pipeline[w], &error), 0);
		windows[w] = adit_window_create(&window, NULL);
		adit_window_open(windows[w], slice);
	}
	for (size_t i = 0; i <= MIX; i++) {
		struct adit_packet packet;
		struct adit_frame frame;
		uint32_t w;

		if (i == MIX || adit_slice_of(frames[i].ts_ns) != slice) {
			adit_scorer_slice(scorer, slice++, windows, workers);
			for (w = 0; w < workers; w++)
				adit_window_open(windows[w], slice);
		}
		if (i == MIX)
			break;
		frame = frames[i];
		adit_intake_take(&x->intake, &frame, &packet);
		w = packet.shard % workers;
		adit_pipeline_run(pipeline[w], windows[w], &frame, &packet, 1);
	}
	adit_scorer_end(scorer);
	for (uint32_t w = 0; w < workers; w++) {
		adit_pipeline_destroy(pipeline[w]);
		adit_window_destroy(windows[w]);
	}
	adit_scorer_destroy(scorer);
	fclose(params.context);
	return text;
}

TEST(pipeline, any_number_of_workers_gives_the_same_verdicts)
{
	static const uint32_t numbers[] = {2, 3, 7};
	struct adit_frame *frames = mix_make(3, 8);
	struct fixture x;
	char *one;

	REQUIRE(frames != NULL && fixture_open(&x, 8, 8));
	/* A history too small for what comes, so that what is dropped matters. */
	struct adit_score_params params = {
		.detect = {.patterns = x.patterns,
			.signatures = true,
			.structure = true,
			.information = true,
			.burst = true,
			.information_bound = 500,
			.tunnel_score = 70,
			.suspect_score = 40},
		.story_idle_slices = 3,
		.subscribers = 5,
		.samples = 3,
		.stories = 20,
		.ledger = {.keys = 150, .entries = 400, .details = 60},
		.looks = 3 * ADIT_SHARDS,
		.sessions = 40,
		.domains = 64,
		.servers = 16,
		.bursts = 16,
		.verdict = verdict_write,
		.features = row_write,
	};
	one = run_workers(&x, frames, 1, params);
	REQUIRE(one != NULL);
	CHECK_CONTAINS(one, "\"state\":\"open\"");
	CHECK_CONTAINS(one, "subscriber_domain");
	for (size_t i = 0; i < ADIT_COUNT(numbers); i++) {
		char *many = run_workers(&x, frames, numbers[i], params);

		REQUIRE(many != NULL);
		if (strcmp(one, many) != 0)
			FAIL("%u workers say something else", numbers[i]);
		free(many);
	}
	free(one);
	fixture_close(&x);
	free(frames);
}
