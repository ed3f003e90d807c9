/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DNS over TCP (RFC 7766; framing: RFC 1035 section 4.2.2) from the segments that a tap sees: one
 * direction of a connection is a stream; messages may be split over segments, several may stand in
 * one, segments come out of order, twice, or not at all. Bytes on a DNS port that are no DNS come
 * out as such: they are a signal of their own.
 *
 * A stream starts at its SYN, or in the middle of a connection, where bytes can only be a message
 * (a length, a plausible header, a question that reads well). After a loss it goes on where the
 * broken message ends, if its length says where, or else is searched in the same way. A stream is
 * raw from where it has no message though nothing was lost since its SYN, or when none is found
 * for ADIT_STREAM_GIVE_UP bytes: from then on all its bytes are.
 *
 * A tap is told lies that the receiver does not believe, or that never reach it: SYN, RST and FIN
 * with other numbers, bytes that differ from those sent before or after. So
 *  - a gap is given up only when the other side acknowledges what is missing, or after
 *    ADIT_STREAM_GAP_NS of packet time if it has never acknowledged anything (a tap of one
 *    direction), or after ADIT_STREAM_SILENCE_NS of its silence; RST and FIN give up nothing;
 *  - what does not fit a stream (a SYN with another number, bytes further than ADIT_STREAM_REACH
 *    from where it is, bytes for which it has no room, bytes that come again and are not known to
 *    be the same) is read beside it, as a second stream of the same direction. Of that one every
 *    byte comes out, as a message or raw, and the first one stays where it is. They change places
 *    when the other side acknowledges the second, or when only the second finds messages;
 *  - where bytes contradict, the first stream has what came first and the second one what came
 *    last, from the beginning of the message on, until both have read up to the same point;
 *  - bytes count as repeated only if the same bytes stood there before: the latest ones are kept to
 *    be compared with. A repetition that comes after they were pushed out is read twice.
 *
 * What can be hidden all the same, and what shows that it was tried:
 *  - A client that owns the server can agree with it on anything: to take bytes with a wrong
 *    checksum (refused here: see the outcome), to read bytes that it says were lost, to number
 *    them otherwise. And nobody but the receiver knows which of two texts it got: if true and
 *    false bytes take turns in coming first within one message, what comes out is made of both.
 *    See `conflicts`, which honest senders hardly ever cause.
 *  - Forged acknowledgements of the server make gaps. What comes late is then read by itself.
 *  - A client with more connections than a shard has streams, or with more bytes that wait than
 *    the blocks hold, loses messages that stand in several segments: see `evicted` and
 *    `buffers_taken`. Its lies can cost others streams, which go the longest idle first, but
 *    hardly any blocks.
 *  - After a loss the rest of the message in hand, and up to ADIT_STREAM_GIVE_UP bytes in which
 *    none is found, are passed over: see `skipped_bytes`.
 *
 * Memory is fixed at creation (adit_streams_bytes), by shard, so that what is found does not
 * depend on how many workers there are. Bytes that wait stand in blocks of 512 bytes; a message
 * that stands whole in a segment is handed out from there. When a shard's streams are all taken, a
 * closed one or else the one idle for longest gives way; when its blocks are, a stream of the
 * client that holds most of them does (clients fall into ADIT_STREAM_CLASSES classes by their
 * keys). Both are counted.
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

#define ADIT_STREAM_ORDER_NS   (5 * ADIT_NS_PER_MS) /* by which directions may be out of order */
#define ADIT_STREAM_GAP_NS     (2 * ADIT_NS_PER_S)
#define ADIT_STREAM_SILENCE_NS (30 * ADIT_NS_PER_S)
#define ADIT_STREAM_IDLE_NS    (120 * ADIT_NS_PER_S) /* then the bytes before are forgotten */
#define ADIT_STREAM_GIVE_UP    131072                /* bytes */
#define ADIT_STREAM_REACH      (1u << 20)            /* bytes */
#define ADIT_STREAM_WAITING    256                   /* blocks that a stream may hold behind gaps */
#define ADIT_STREAM_CLASSES    256

struct adit_streams_params {
	uint32_t shards;  /* that the worker owns */
	uint32_t streams; /* per shard, at least 1 */
	uint32_t buffers; /* per shard, at least 1: room for this many of the largest messages */
};

/* Written by the owning thread only (plain 64-bit stores); others may read them at any time. */
struct adit_streams_counters {
	uint64_t opened, closed; /* streams; closed by FIN or RST, or gave way to another beside */
	uint64_t evicted;        /* streams that gave way to newer ones */
	uint64_t buffers_taken;  /* times a stream lost what it held, for want of room */
	uint64_t messages;       /* handed out */
	uint64_t gaps;           /* losses: bytes that never came */
	uint64_t resynchronised; /* streams that found a message again, or joined in the middle */
	uint64_t raw;            /* streams that turned out to be no DNS */
	uint64_t skipped_bytes;  /* bytes that were passed over, looking for a message */
	uint64_t conflicts;      /* segments whose bytes are not known to be those sent before */
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
	uint64_t client; /* the subscriber's key: who holds how much; 0 is one too */
	uint8_t flags;   /* ADIT_SEGMENT_*, as on the wire */
	bool doubtful;   /* its checksum is wrong: no receiver takes it */
};

/* What comes out: a DNS message without its length, or bytes that are no DNS. */
struct adit_stream_message {
	const uint8_t *data; /* valid until the next call of push or next */
	uint32_t size;       /* at most 65,535 */
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
 *   ADIT_OUTCOME_TCP_DNS_REPEATED  every byte of it had come before, and was the same
 *   ADIT_OUTCOME_TCP_DNS_REFUSED   doubtful: nothing of it was looked at
 * Then call adit_streams_next until it says false: what is not fetched is gone with the next push.
 * Hot path: the cost of a segment is its bytes, at most ADIT_STREAM_WAITING blocks, and the
 * messages that it sets free; when the blocks are all taken, ADIT_STREAM_CLASSES steps for one.
 */
enum adit_outcome adit_streams_push(
	struct adit_streams *streams, uint32_t at, const struct adit_segment *segment);

/* The next message that the last pushed segment made whole: first those of the opposite direction,
 * and of each stream in the order of its bytes. */
bool adit_streams_next(struct adit_streams *streams, struct adit_stream_message *message);

/* Forgets everything: a timeline has ended. */
void adit_streams_reset(struct adit_streams *streams);

const struct adit_streams_counters *adit_streams_counters(const struct adit_streams *streams);

#ifdef __cplusplus
}
#endif
#endif
