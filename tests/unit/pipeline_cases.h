/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A pipeline with its tables, for tests, and segments of a TCP connection.
 */
#ifndef ADIT_TEST_PIPELINE_CASES_H
#define ADIT_TEST_PIPELINE_CASES_H

#include "adit_pipeline.h"
#include "packet_cases.h"

#define START_NS (UINT64_C(178000000) * ADIT_SLICE_NS)

struct fixture {
	struct adit_suffix_list *suffixes;
	struct adit_pattern_set *patterns;
	struct adit_context_rule rule;
	struct adit_intake intake;
	struct adit_pipeline_params params;
	struct adit_pipeline *pipeline;
	struct adit_window *window;
};

static const char suffix_rules[] = "com\norg\ntest\nuk\nco.uk\n";
static const char pattern_text[] = "tool iodine\n"
				   "id-step 7727\n"
				   "class handshake strong names 1 share 0% \"handshake\"\n"
				   "  subdomain insensitive ^vaaaaka[q-x]\n"
				   "class raw strong names 2 share 0% \"raw mode\"\n"
				   "  datagram sensitive ^\\x10\\xd1\\x9e[\\x10-\\x3f]\n";

static inline bool fixture_open(struct fixture *x, uint32_t rows, uint32_t details)
{
	struct adit_window_params window = {
		.shards = ADIT_SHARDS, .rows = {rows, rows, rows, rows, rows}, .details = details};
	struct adit_reassembly_params fragments = {.ports = dns_ports(),
		.key = &adit_hash_key_fixed,
		.datagrams = 16,
		.timeout_ns = 2 * ADIT_NS_PER_S};
	struct adit_error error = {""};

	memset(x, 0, sizeof(*x));
	x->rule = by_vlan;
	x->intake = (struct adit_intake){.ports = dns_ports(),
		.rule = &x->rule,
		.key = &adit_hash_key_fixed,
		.reassembly = adit_reassembly_create(&fragments, NULL)};

	if (adit_suffix_load_text(
		    "rules", suffix_rules, strlen(suffix_rules), NULL, &x->suffixes, &error) != 0 ||
		adit_pattern_load_text("patterns", pattern_text, &x->patterns, &error) != 0) {
		FAIL("%s", error.text);
		return false;
	}
	x->params = (struct adit_pipeline_params){.suffixes = x->suffixes,
		.patterns = x->patterns,
		.rule = &x->rule,
		.key = &adit_hash_key_fixed,
		.workers = 1,
		.tracks = 16 * ADIT_SHARDS,
		.streams = 4 * ADIT_SHARDS,
		.stream_buffers = 2 * ADIT_SHARDS,
		.witness = true};
	x->window = adit_window_create(&window, NULL);
	if (x->window == NULL || x->intake.reassembly == NULL ||
		adit_pipeline_create(&x->params, NULL, &x->pipeline, &error) != 0) {
		FAIL("no fixture: %s", error.text);
		return false;
	}
	adit_window_open(x->window, adit_slice_of(START_NS));
	return true;
}

static inline void fixture_close(struct fixture *x)
{
	adit_pipeline_destroy(x->pipeline);
	adit_reassembly_destroy(x->intake.reassembly);
	adit_window_destroy(x->window);
	adit_pattern_destroy(x->patterns);
	adit_suffix_destroy(x->suffixes);
}

/* As a worker does it: what was put together from fragments is run at once. */
static inline void run(struct fixture *x, const struct adit_frame *frames, size_t count)
{
	struct adit_packet packets[ADIT_BURST_MAX];
	struct adit_frame batch[ADIT_BURST_MAX];
	size_t in_batch = 0;

	for (size_t i = 0; i < count; i++) {
		batch[in_batch] = frames[i];
		adit_intake_take(&x->intake, &batch[in_batch], &packets[in_batch]);
		in_batch++;
		if (batch[in_batch - 1].data == frames[i].data)
			continue;
		adit_pipeline_run(x->pipeline, x->window, batch, packets, in_batch);
		in_batch = 0;
	}
	adit_pipeline_run(x->pipeline, x->window, batch, packets, in_batch);
}

/* Runs the finished frame at a time; returns its shard. */
static inline uint8_t run_at(
	struct fixture *x, struct frames *f, enum adit_link link, uint64_t ts_ns)
{
	struct adit_frame frame = frames_frame(f, link);
	struct adit_packet packet = {0};

	frame.ts_ns = ts_ns;
	adit_intake_take(&x->intake, &frame, &packet);
	adit_pipeline_run(x->pipeline, x->window, &frame, &packet, 1);
	return packet.shard;
}

static inline uint8_t run_one(struct fixture *x, struct frames *f, enum adit_link link)
{
	return run_at(x, f, link, START_NS);
}

static inline uint64_t outcomes_sum(const struct fixture *x)
{
	uint64_t sum = 0;

	for (int i = 0; i < ADIT_OUTCOME_COUNT; i++)
		sum += adit_pipeline_counters(x->pipeline)->outcome[i];
	return sum;
}

/* The pair or server row of a shard in which there is one. */
static inline const struct adit_party *party_of(
	const struct fixture *x, uint8_t shard, enum adit_kind kind, uint32_t rows)
{
	CHECK_EQ_INT(adit_window_rows(x->window, shard, kind), rows);
	return adit_window_party(x->window, shard, kind, 0);
}

/* A segment of a connection; bytes are added by the caller. */
static inline void begin_segment(
	struct frames *f, bool up, uint32_t sequence, uint32_t acknowledged, uint8_t flags)
{
	uint8_t *tcp;

	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, up ? CLIENT : SERVER, up ? SERVER : CLIENT);
	frames_tcp(f, up ? 40000 : 53, up ? 53 : 40000);
	tcp = f->bytes + f->layer;
	for (int i = 0; i < 4; i++) {
		tcp[4 + i] = (uint8_t)(sequence >> (24 - 8 * i));
		tcp[8 + i] = (uint8_t)(acknowledged >> (24 - 8 * i));
	}
	tcp[13] = flags;
}

/* A query with its length in front, as it stands in a stream. */
static inline size_t framed_query(uint8_t *to, uint16_t id, const char *name)
{
	static struct frames f;

	frames_start(&f);
	frames_query(&f, id, name, 16);
	to[0] = (uint8_t)(f.size >> 8);
	to[1] = (uint8_t)f.size;
	memcpy(to + 2, f.bytes, f.size);
	return f.size + 2;
}

#endif
