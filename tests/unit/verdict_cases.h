/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Records for the tests of the verdict library, and the bytes that they must become.
 */
#ifndef VERDICT_CASES_H
#define VERDICT_CASES_H

#include "adit_dns.h"
#include "adit_verdict.h"
#include "harness.h"

#include <stdio.h>

#define DAY_NS (UINT64_C(86400) * ADIT_NS_PER_S)
#define START  (UINT64_C(1795331982) * ADIT_NS_PER_S) /* 2026-11-22T07:19:42Z */

/* What a writer wrote; freed by the caller. */
struct sink {
	FILE *file;
	char *text;
	size_t size;
};

static void sink_open(struct sink *sink)
{
	sink->text = NULL;
	sink->size = 0;
	sink->file = open_memstream(&sink->text, &sink->size);
}

static struct adit_address address_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct adit_address){.bytes = {a, b, c, d}};
}

static struct adit_address address_v6(uint8_t last)
{
	return (struct adit_address){
		.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last},
		.is_v6 = 1};
}

static void set_name(struct adit_wire_name *name, const char *text)
{
	struct adit_name parsed;

	if (adit_name_from_text(text, &parsed) != 0) {
		FAIL("bad name in a test: %s", text);
		return;
	}
	name->size = parsed.size;
	memcpy(name->wire, parsed.wire, parsed.size);
}

static void fill_subscriber(struct adit_verdict_subscriber *subscriber)
{
	*subscriber = (struct adit_verdict_subscriber){.address = address_v4(10, 45, 0, 7),
		.tap = 1,
		.tap_name = "west",
		.vlan = 100,
		.vlan_inner = 200,
		.bearer_count = 2,
		.handovers = 5,
		.queries = 400,
		.bytes_up = 60000,
		.bytes_down = 1200000,
		.encrypted_packets = {1, 3, 5},
		.encrypted_bytes = {2, 4, 6},
		.identity = {"001010000000001", "882000000001", "internet"}};
	subscriber->bearer[0] = (struct adit_verdict_bearer){.outer = address_v6(0xa),
		.outer_core = address_v6(0xb),
		.has_teid_downlink = true,
		.teid_uplink = 7,
		.teid_downlink = 8,
		.first_ns = START,
		.last_ns = START + ADIT_NS_PER_S};
	subscriber->bearer[1] = (struct adit_verdict_bearer){.outer = address_v4(192, 0, 2, 1),
		.outer_core = address_v4(192, 0, 2, 2),
		.has_teid_uplink = true,
		.has_teid_downlink = true,
		.teid_uplink = 0xfffffffe,
		.teid_downlink = 0,
		.first_ns = START + 2 * ADIT_NS_PER_S,
		.last_ns = START + 3 * ADIT_NS_PER_S};
}

/* A record with every field set. */
static void fill(struct adit_verdict *v)
{
	memset(v, 0, sizeof(*v));
	v->id = 0x00c0ffee12345678;
	v->state = ADIT_STATE_UPDATE;
	v->verdict = ADIT_VERDICT_TUNNEL;
	v->time_ns = START + 630 * ADIT_NS_PER_S;
	v->window_start_ns = START;
	v->window_end_ns = START + 628 * ADIT_NS_PER_S + 250 * ADIT_NS_PER_MS;
	set_name(&v->domain, "t.example");
	v->has_server = true;
	v->server = address_v6(0x35);
	v->score = 97;
	v->tool = "iodine";
	v->reason_count = 2;
	v->reason[0] = (struct adit_reason){"signature_names", 412, 3};
	v->reason[1] = (struct adit_reason){"uniqueness", 0.98765432, 0.9};
	v->subscribers_total = 13;
	v->subscriber_count = 2;
	fill_subscriber(&v->subscriber[0]);
	v->subscriber[1] = (struct adit_verdict_subscriber){
		.address = address_v6(9), .queries = 12, .bytes_up = 900, .bytes_down = 800};
	v->queries = 412;
	v->responses = 411;
	v->unique_names = 409;
	v->bytes_up = 60900;
	v->bytes_down = 1200800;
	v->information_up = 23456;
	v->information_down = 1000000;
	v->sample_count = 2;
	set_name(&v->sample[0], "zAbC.t.example");
	set_name(&v->sample[1], "a\\.b\\\"\\200.t.example");
}

static const char full_record[] =
	"{\"schema\":\"adit.verdict/1\",\"id\":\"00c0ffee12345678\",\"state\":\"update\","
	"\"time\":\"2026-11-22T07:30:12Z\","
	"\"window_start\":\"2026-11-22T07:19:42Z\",\"window_end\":\"2026-11-22T07:30:10.25Z\","
	"\"domain\":\"t.example\",\"server\":\"2001:db8::35\",\"verdict\":\"tunnel\",\"score\":97,"
	"\"tool\":\"iodine\",\"reasons\":["
	"{\"name\":\"signature_names\",\"value\":412.0,\"threshold\":3.0},"
	"{\"name\":\"uniqueness\",\"value\":0.987654,\"threshold\":0.9}],"
	"\"subscribers\":["
	"{\"address\":\"10.45.0.7\",\"teid_uplink\":4294967294,\"teid_downlink\":0,"
	"\"outer\":\"192.0.2.1\",\"outer_core\":\"192.0.2.2\",\"tap\":1,\"vlan\":100,"
	"\"queries\":400,\"bytes_up\":60000,\"bytes_down\":1200000,"
	"\"tap_name\":\"west\",\"vlan_inner\":200,\"bearers\":["
	"{\"outer\":\"2001:db8::a\",\"outer_core\":\"2001:db8::b\",\"teid_uplink\":null,"
	"\"teid_downlink\":8,\"first_seen\":\"2026-11-22T07:19:42Z\","
	"\"last_seen\":\"2026-11-22T07:19:43Z\"},"
	"{\"outer\":\"192.0.2.1\",\"outer_core\":\"192.0.2.2\",\"teid_uplink\":4294967294,"
	"\"teid_downlink\":0,\"first_seen\":\"2026-11-22T07:19:44Z\","
	"\"last_seen\":\"2026-11-22T07:19:45Z\"}],\"handovers\":5,"
	"\"encrypted_dns\":{\"dot\":{\"packets\":1,\"bytes\":2},"
	"\"doq\":{\"packets\":3,\"bytes\":4},\"doh\":{\"packets\":5,\"bytes\":6}},"
	"\"imsi\":\"001010000000001\",\"msisdn\":\"882000000001\",\"apn\":\"internet\"},"
	"{\"address\":\"2001:db8::9\",\"teid_uplink\":null,\"teid_downlink\":null,"
	"\"outer\":null,\"outer_core\":null,\"tap\":0,\"vlan\":null,"
	"\"queries\":12,\"bytes_up\":900,\"bytes_down\":800,"
	"\"tap_name\":null,\"vlan_inner\":null,\"bearers\":[],\"handovers\":0,"
	"\"encrypted_dns\":{\"dot\":{\"packets\":0,\"bytes\":0},"
	"\"doq\":{\"packets\":0,\"bytes\":0},\"doh\":{\"packets\":0,\"bytes\":0}},"
	"\"imsi\":null,\"msisdn\":null,\"apn\":null}],"
	"\"subscribers_total\":13,\"queries\":412,\"responses\":411,\"unique_names\":409,"
	"\"bytes_up\":60900,\"bytes_down\":1200800,\"information_up\":23456,"
	"\"information_down\":1000000,"
	"\"sample_qnames\":[\"zAbC.t.example\",\"a\\\\.b\\\\\\\"\\\\200.t.example\"],\"muted\":"
	"null}\n";

static const char minimal_record[] =
	"{\"schema\":\"adit.verdict/1\",\"id\":\"0000000000000000\",\"state\":\"open\","
	"\"time\":\"1970-01-01T00:00:00Z\","
	"\"window_start\":\"1970-01-01T00:00:00Z\",\"window_end\":\"1970-01-01T00:00:00Z\","
	"\"domain\":null,\"server\":null,\"verdict\":\"suspect\",\"score\":0,\"tool\":null,"
	"\"reasons\":[],\"subscribers\":[],\"subscribers_total\":0,\"queries\":0,\"responses\":0,"
	"\"unique_names\":0,\"bytes_up\":0,\"bytes_down\":0,\"information_up\":0,"
	"\"information_down\":0,\"sample_qnames\":[],\"muted\":null}\n";

#endif
