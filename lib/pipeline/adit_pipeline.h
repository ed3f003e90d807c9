/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The packet path in one place: a burst of frames goes through decode, parse, name, match and
 * count, each stage over the whole burst before the next. One pipeline per worker; nothing in it
 * is shared. After creation nothing allocates, blocks, logs or uses floating point.
 */
#ifndef ADIT_PIPELINE_H
#define ADIT_PIPELINE_H

#include "adit_dns.h"
#include "adit_packet.h"
#include "adit_pattern.h"
#include "adit_suffix.h"
#include "adit_window.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_BURST_MAX 64

/* What a pipeline reads and never writes; all of it outlives the pipeline. */
struct adit_pipeline_params {
	const struct adit_ports *ports;
	const struct adit_suffix_list *suffixes;
	const struct adit_pattern_set *patterns; /* NULL: no signatures */
	const struct adit_hash_key *key;
	uint32_t workers; /* that the shards are dealt to: shard s is number s / workers of its own
			   */
};

/* Written by the pipeline's thread only (plain 64-bit stores); others may read them at any time. */
struct adit_pipeline_counters {
	uint64_t outcome[ADIT_OUTCOME_COUNT];
	uint64_t dns_queries, dns_responses; /* messages whose question was read */
} ADIT_CACHE_ALIGNED;

struct adit_pipeline;

/* Returns 0, -ENOMEM, or what adit_scanner_create returns. */
int adit_pipeline_create(const struct adit_pipeline_params *params,
	const struct adit_allocator *allocator, struct adit_pipeline **pipeline,
	struct adit_error *error);
void adit_pipeline_destroy(struct adit_pipeline *pipeline);

/*
 * Decodes `count` frames (at most ADIT_BURST_MAX) and finds their shards: what a spreader does
 * before it hands a packet on, and a worker for itself when a port spreads. Final outcomes are
 * not counted here.
 */
void adit_pipeline_decode(struct adit_pipeline *pipeline, const struct adit_frame *frames,
	struct adit_packet *packets, size_t count);

/*
 * Runs decoded packets to their end: every one is counted in exactly one outcome, DNS messages
 * also into the window's tables. The frames' bytes are not needed afterwards.
 */
void adit_pipeline_run(struct adit_pipeline *pipeline, struct adit_window *window,
	const struct adit_frame *frames, const struct adit_packet *packets, size_t count);

const struct adit_pipeline_counters *adit_pipeline_counters(const struct adit_pipeline *pipeline);

/* Number of shards that each of `workers` owns; the last of some may stay empty. */
static inline uint32_t adit_shards_per_worker(uint32_t workers)
{
	return (ADIT_SHARDS + workers - 1) / workers;
}

#ifdef __cplusplus
}
#endif
#endif
