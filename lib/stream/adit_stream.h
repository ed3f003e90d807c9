/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DNS over TCP (RFC 7766; framing: RFC 1035 section 4.2.2) from the segments that a tap sees: one
 * direction of a connection is a stream; messages may be split over segments, several may stand in
 * one, segments come out of order, twice, or not at all. Bytes on a DNS port that are no DNS come
 * out as such: they are a signal of their own.
 *
 * A stream starts at its SYN, or in the middle of a connection, where a segment begins with what
 * can only be a message (a length, a plausible header, a question that reads well). After a loss
 * (the gap is older than ADIT_STREAM_GAP_NS of packet time, the other side acknowledges what the
 * tap has not seen, or the room behind it is full) it goes on where the broken message ends, if
 * its length says where, or else starts anew in the same way. A stream is raw from where it has
 * no message though nothing was lost since its SYN, or when none is found for
 * ADIT_STREAM_GIVE_UP bytes: from then on all its bytes are.
 *
 * Memory is fixed at creation (adit_streams_bytes), by shard, so that what is found does not
 * depend on how many workers there are: per stream one or two cache lines, per buffer about 80
 * KiB, which costs address space until it is used. Only streams that wait for bytes hold a buffer;
 * a message that stands whole in a segment is handed out from there. When a shard's streams or
 * buffers are all taken, the one idle for longest gives way, and that is counted.
 *
 * One thread owns it. Nothing here allocates after creation, blocks or logs.
 */
#ifndef ADIT_STREAM_H
#define ADIT_STREAM_H

#include "adit_dns.h"
#include "adit_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_STREAM_GAP_NS  (2 * ADIT_NS_PER_S)
#define ADIT_STREAM_IDLE_NS (120 * ADIT_NS_PER_S) /* then a stream is forgotten */
#define ADIT_STREAM_GIVE_UP 131072                /* bytes */
#define ADIT_STREAM_RANGES  16 /* runs of bytes that may wait behind gaps in a buffer */

struct adit_streams_params {
	uint32_t shards;  /* that the worker owns */
	uint32_t streams; /* per shard, at least 1 */
	uint32_t buffers; /* per shard, at least 1 */
};

/* Written by the owning thread only (plain 64-bit stores); others may read them at any time. */
struct adit_streams_counters {
	uint64_t opened, closed; /* streams; closed by FIN, RST or a new SYN */
	uint64_t evicted;        /* streams that gave way to newer ones */
	uint64_t buffers_taken;  /* buffers taken from a stream that waited for longer */
	uint64_t messages;       /* handed out */
	uint64_t gaps;           /* losses: bytes that never came */
	uint64_t resynchronised; /* streams that found a message again, or joined in the middle */
	uint64_t raw;            /* streams that turned out to be no DNS */
	uint64_t skipped_bytes;  /* bytes that were passed over, looking for a message */
};

#define ADIT_SEGMENT_FIN 0x01
#define ADIT_SEGMENT_SYN 0x02
#define ADIT_SEGMENT_RST 0x04
#define ADIT_SEGMENT_ACK 0x10

/* A segment of one direction. Its bytes are the caller's, and stay until next has said false. */
struct adit_segment {
	uint64_t ts_ns;
	uint64_t stream;   /* key of this direction: a keyed hash of context, addresses, ports */
	uint64_t opposite; /* key of the other one */
	const uint8_t *payload;
	uint32_t size;      /* bytes at payload, at most 65,535 */
	uint32_t wire_size; /* bytes there were on the wire, >= size (snap length) */
	uint32_t sequence, acknowledged;
	uint8_t flags; /* ADIT_SEGMENT_*, as on the wire */
};

/* What comes out: a DNS message without its length, or bytes that are no DNS. */
struct adit_stream_message {
	const uint8_t *data; /* valid until the next call of push or next */
	uint32_t size;
	bool raw;
	bool opposite; /* of segment->opposite: this segment's acknowledgement set it free */
};

struct adit_streams;

size_t adit_streams_bytes(const struct adit_streams_params *params);
/* Returns NULL when there is no memory. */
struct adit_streams *adit_streams_create(
	const struct adit_streams_params *params, const struct adit_allocator *allocator);
void adit_streams_destroy(struct adit_streams *streams);

/*
 * Takes a segment into shard `at` (0-based among the owner's). Returns its outcome:
 *   ADIT_OUTCOME_TCP_DNS           taken, or without payload
 *   ADIT_OUTCOME_TCP_DNS_REPEATED  every byte of it had come before
 *   ADIT_OUTCOME_TCP_DNS_REFUSED   no room, or further ahead than a buffer holds
 * Then call adit_streams_next until it says false: what is not fetched is gone with the next push.
 * Hot path: the cost of a segment is its bytes and the ranges, and of the messages it sets free.
 */
enum adit_outcome adit_streams_push(
	struct adit_streams *streams, uint32_t at, const struct adit_segment *segment);

/* The next message that the last pushed segment made whole: first those of the opposite direction,
 * and of each in the order of its bytes. */
bool adit_streams_next(struct adit_streams *streams, struct adit_stream_message *message);

/* Forgets everything: a timeline has ended. */
void adit_streams_reset(struct adit_streams *streams);

const struct adit_streams_counters *adit_streams_counters(const struct adit_streams *streams);

#ifdef __cplusplus
}
#endif
#endif
