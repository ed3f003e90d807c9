/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The packet path in one place: a burst of frames goes through decode, parse, name, match and
 * count, each stage over the whole burst before the next. One pipeline per worker; nothing in it
 * is shared. After creation nothing allocates, blocks, logs or uses floating point.
 *
 * Memory: about 1.2 KB per packet of a burst, 8 bytes for each remembered packet of the duplicate
 * filter and each remembered message of that for repetitions, 32 for each name of which is kept
 * what was found out, and what adit_streams_bytes says.
 */
#ifndef ADIT_PIPELINE_H
#define ADIT_PIPELINE_H

#include "adit_dns.h"
#include "adit_packet.h"
#include "adit_pattern.h"
#include "adit_reassembly.h"
#include "adit_stream.h"
#include "adit_suffix.h"
#include "adit_window.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_BURST_MAX 64

/* What finds a frame's packet and its shard. Its thread decodes: a spreader, or a worker for
 * itself where a port spreads. All of it outlives the intake; `reassembly` is the thread's own. */
struct adit_intake {
	const struct adit_ports *ports;
	const struct adit_context_rule *rule;
	const struct adit_hash_key *key;
	struct adit_reassembly *reassembly;
};

/*
 * Decodes a frame to its end, fragments put together, and finds its shard if it is PENDING. Returns
 * the outcome that stands in *packet; final ones are not counted here. After the last piece of a
 * fragmented datagram *frame is another one: its bytes are valid until the next call.
 */
enum adit_outcome adit_intake_take(
	struct adit_intake *intake, struct adit_frame *frame, struct adit_packet *packet);

/* The same of a frame that adit_packet_glance has left. */
enum adit_outcome adit_intake_take_glanced(struct adit_intake *intake, struct adit_frame *frame,
	struct adit_packet *packet, enum adit_seen seen);

/* Whether a packet itself tells which way it goes: by its ports, or by the network's word. */
bool adit_packet_tells_way(const struct adit_packet *packet);

/* Which way a message goes that stands in it. The client is the end whose port is not a DNS port;
 * where both are, the network says which way a packet goes, if it does, or else the header's QR
 * bit, which is the sender's to choose. */
bool adit_message_goes_up(const struct adit_packet *packet, const uint8_t *payload, uint32_t size);

/* The segment that adit_streams_push takes, from a PENDING packet with ADIT_PACKET_TCP. Between two
 * DNS ports the end whose key is lower stands for the client. `verify`: a segment with a wrong
 * checksum is told as doubtful. */
void adit_segment_make(const struct adit_context_rule *rule, const struct adit_hash_key *key,
	bool verify, const struct adit_frame *frame, const struct adit_packet *packet,
	struct adit_segment *segment);

/* What a pipeline reads and never writes; all of it outlives the pipeline. */
struct adit_pipeline_params {
	const struct adit_suffix_list *suffixes;
	const struct adit_pattern_set *patterns; /* NULL: no signatures */
	const struct adit_context_rule *rule;
	const struct adit_hash_key *key;
	uint32_t workers; /* that the shards are dealt to: shard s is number s / workers of its
			     own */
	uint64_t
		duplicate_ns; /* a packet that comes again within this is a duplicate; 0: none is */
	uint32_t tracks;      /* subscriber × domain whose last message is remembered, over all
				 shards */
	uint32_t names;       /* of the pipeline: what was found out about that many is kept */
	uint32_t streams;     /* TCP streams and their buffers, over all shards */
	uint32_t stream_buffers;
	bool tcp_checksum; /* refuse TCP segments whose checksum is wrong */
	bool witness;      /* remember which subscribers were seen */
};

/* Written by the pipeline's thread only (plain 64-bit stores); others may read them at any time. */
struct adit_pipeline_counters {
	uint64_t outcome[ADIT_OUTCOME_COUNT];
	uint64_t dns_queries, dns_responses; /* messages whose question was read */
	uint64_t tcp_queries, tcp_responses; /* of them over TCP */
	uint64_t tcp_unreadable;             /* messages over TCP without a question that reads */
	uint64_t raw_bytes;                  /* on DNS ports, that are no DNS */
	uint64_t repeated;                   /* messages said again within a few seconds */
	uint64_t encrypted_packets[ADIT_TRANSPORT_COUNT], encrypted_bytes[ADIT_TRANSPORT_COUNT];
} ADIT_CACHE_ALIGNED;

struct adit_pipeline;

/* Returns 0, -ENOMEM, or what adit_scanner_create returns. */
int adit_pipeline_create(const struct adit_pipeline_params *params,
	const struct adit_allocator *allocator, struct adit_pipeline **pipeline,
	struct adit_error *error);
void adit_pipeline_destroy(struct adit_pipeline *pipeline);
/* Bytes of both filters, the names, the tracks and the streams. */
size_t adit_pipeline_bytes(const struct adit_pipeline_params *params);

/* Counts the packets that a first look has ended. */
void adit_pipeline_count_ended(struct adit_pipeline *pipeline, const struct adit_glance *glance);

/*
 * Runs packets to their end: every one is counted in exactly one outcome, DNS messages also into
 * the window's tables. The frames' bytes are not needed afterwards.
 */
void adit_pipeline_run(struct adit_pipeline *pipeline, struct adit_window *window,
	const struct adit_frame *frames, const struct adit_packet *packets, size_t count);

/* The stages of that way, in their order. */
enum adit_stage {
	ADIT_STAGE_DECODE, /* outcomes of what the intake has ended */
	ADIT_STAGE_PARSE,  /* subscribers, duplicates, DNS messages */
	ADIT_STAGE_NAME,   /* registrable domains, profiles, keys */
	ADIT_STAGE_MATCH,  /* signatures */
	ADIT_STAGE_COUNT   /* repetitions, tables; TCP and encrypted DNS */
};

/*
 * The same up to a stage and no further, for measuring: with ADIT_STAGE_COUNT it is
 * adit_pipeline_run. Returns the packets that have no outcome there and so are counted nowhere.
 */
size_t adit_pipeline_run_until(struct adit_pipeline *pipeline, struct adit_window *window,
	const struct adit_frame *frames, const struct adit_packet *packets, size_t count,
	enum adit_stage last);

/*
 * Other lists from the next burst on; what was found out about names is forgotten. They stay the
 * caller's, the scanner too, which is the pipeline's to use until the next call. Allocates nothing.
 * The pipeline's thread.
 */
struct adit_pipeline_lists {
	const struct adit_suffix_list *suffixes;
	struct adit_scanner *scanner; /* NULL: no signatures */
	bool tcp_checksum;
};
void adit_pipeline_set_lists(
	struct adit_pipeline *pipeline, const struct adit_pipeline_lists *lists);

/* A timeline starts: forgets the packets and streams of the one before. */
void adit_pipeline_reset(struct adit_pipeline *pipeline);

const struct adit_pipeline_counters *adit_pipeline_counters(const struct adit_pipeline *pipeline);
const struct adit_streams_counters *adit_pipeline_streams(const struct adit_pipeline *pipeline);

/*
 * Keys of subscribers that were seen: slot key % ADIT_PIPELINE_WITNESSES holds the last one, 0
 * none. Two pipelines with the same key in a slot have seen the same subscriber. NULL where
 * params.witness is not set. Written by the pipeline's thread only; others may read it at any time.
 */
#define ADIT_PIPELINE_WITNESSES 1024
const uint64_t *adit_pipeline_witness(const struct adit_pipeline *pipeline);

/* Number of shards that each of `workers` owns; the last of some may stay empty. */
static inline uint32_t adit_shards_per_worker(uint32_t workers)
{
	return (ADIT_SHARDS + workers - 1) / workers;
}

#ifdef __cplusplus
}
#endif
#endif
