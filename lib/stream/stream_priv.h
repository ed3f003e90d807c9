/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Streams, their buffers and the two steps of reading one: bytes into their order (hold.c), bytes
 * in order into messages (framing.c).
 */
#ifndef ADIT_STREAM_PRIV_H
#define ADIT_STREAM_PRIV_H

#include "adit_stream.h"

#include <assert.h>

#define NONE        UINT32_MAX
#define PREFIX_SIZE 2
#define MESSAGE_MAX (PREFIX_SIZE + 65535)
/*
 * A buffer is moved to its front only when more than its slack has been read from there: so a
 * message always finds room, and a byte is moved at most five times.
 */
#define BUFFER_SLACK 16383
#define BUFFER_SIZE  (MESSAGE_MAX + BUFFER_SLACK)
#define STARTS_MAX   64

enum stream_state {
	STREAM_STARTING,  /* from its SYN; no message yet */
	STREAM_READING,   /* a message begins at `base` */
	STREAM_SEARCHING, /* for the next message */
	STREAM_RAW,
};

/*
 * Numbers are TCP sequence numbers. What stands in [base, next) is a message not whole yet, or one
 * that cannot be judged yet, and stands in the buffer; what waits behind a gap stands there too.
 */
struct stream {
	uint64_t key;
	uint64_t seen_ns; /* its last segment, refused ones not counted */
	uint32_t base;    /* first byte not dealt with */
	uint32_t next;    /* first byte that has not come */
	uint32_t initial; /* of its SYN, or what that would have had */
	uint32_t fin;     /* where it ends */
	uint32_t acked;   /* by the other side, if that is beyond `next` */
	uint32_t buffer;  /* NONE: nothing stands or waits */
	uint32_t chain;   /* the next of its slot, plus one */
	uint32_t searched;
	uint32_t skip : 17;  /* SEARCHING: bytes of a broken message that are to come */
	uint32_t state : 2;  /* enum stream_state */
	uint32_t known : 1;  /* SEARCHING: a message begins after `skip` bytes */
	uint32_t whole : 1;  /* read from its SYN on, without a loss */
	uint32_t closed : 1; /* kept to know repeated segments; gives way first */
	uint32_t has_fin : 1;
	uint32_t has_acked : 1;
	uint32_t astray : 1; /* the other side acknowledges what is nowhere near */
} ADIT_CACHE_ALIGNED;
static_assert(sizeof(struct stream) == ADIT_CACHE_LINE, "one cache line");

struct range {
	uint32_t from, to;
};

struct buffer {
	uint64_t gap_ns; /* since when something waits behind the first gap */
	uint32_t owner;  /* stream */
	uint32_t head;   /* where `base` stands */
	uint32_t ranges_used, starts_used;
	/* Runs that wait, in order, none touching another. One more than may stay. */
	struct range ranges[ADIT_STREAM_RANGES + 1];
	uint32_t starts[STARTS_MAX]; /* where segments began, in no order */
};

/* Items by when they were last used. The links stand apart from the items, by index. */
struct link {
	uint32_t older, newer;
};
struct list {
	uint32_t oldest, newest;
};

struct shard {
	struct stream *streams;
	struct link *stream_links;
	uint32_t *slots; /* first stream of a slot, plus one */
	struct buffer *buffers;
	struct link *buffer_links;
	uint8_t *bytes; /* BUFFER_SIZE per buffer */
	uint32_t streams_used, buffers_used;
	struct list live, closed; /* streams */
	struct list taken, spare; /* buffers */
};

/* What is left of the pushed segment, if it goes on where its stream ends. */
struct pending {
	const uint8_t *at;
	uint32_t size;
	uint32_t end; /* of the segment as it was on the wire */
};

struct adit_streams {
	struct adit_streams_counters counters;
	struct adit_streams_params params;
	struct adit_allocator allocator;
	bool has_allocator;
	uint32_t slot_mask;
	struct shard *shards;
	/* Each one block for all shards. */
	struct stream *streams;
	struct link *links;
	uint32_t *slots;
	struct buffer *buffers;
	uint8_t *bytes;

	/* The push that is being worked on: first the opposite stream, then its own. */
	struct shard *shard;
	struct stream *turn[2];
	struct pending pending;
	uint64_t now_ns;
	uint8_t turns; /* done */
	bool reset;    /* the segment was an RST */
};

/* How far `a` stands behind `b`; sequence numbers wrap. */
static inline int32_t sequence_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static inline uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The buffer of a stream, or NULL. */
static inline struct buffer *stream_buffer(struct shard *shard, const struct stream *stream)
{
	return stream->buffer == NONE ? NULL : &shard->buffers[stream->buffer];
}

static inline uint8_t *buffer_bytes(struct shard *shard, const struct stream *stream)
{
	return shard->bytes + (size_t)stream->buffer * BUFFER_SIZE;
}

/* table.c: which streams and buffers there are. */
struct stream *stream_find(struct adit_streams *streams, struct shard *shard, uint64_t key);
struct stream *stream_open(struct adit_streams *streams, struct shard *shard, uint64_t key);
/* Empties it: what it was is forgotten, but for its key. */
void stream_renew(struct adit_streams *streams, struct shard *shard, struct stream *stream);
/* The newest of its list now, and so is its buffer. */
void stream_touch(struct shard *shard, struct stream *stream);
void stream_set_closed(struct shard *shard, struct stream *stream, bool closed);
void buffer_take(struct adit_streams *streams, struct shard *shard, struct stream *stream);
void buffer_release(struct shard *shard, struct stream *stream);

/* hold.c: bytes into their order. */
/* Bytes that a stream holds. */
uint32_t hold_size(struct shard *shard, const struct stream *stream);
/* Takes bytes that begin after stream->next. Returns how many of them are new, or -1: no room. */
int32_t hold_insert(struct adit_streams *streams, struct shard *shard, struct stream *stream,
	uint32_t from, const uint8_t *bytes, uint32_t size);
/* Moves as much of the pending bytes as there is room for behind stream->next. */
void hold_append(struct adit_streams *streams, struct shard *shard, struct stream *stream,
	struct pending *pending);
/* Goes on at `upto`, which is not before stream->next nor after what waits first. What stands
 * before it is passed over. */
void hold_restart(
	struct adit_streams *streams, struct shard *shard, struct stream *stream, uint32_t upto);
/* Bytes from stream->base to where the next segment began, at most `size`. */
uint32_t hold_to_start(struct shard *shard, const struct stream *stream, uint32_t size);

/* framing.c: bytes in order into messages. */
enum step { STEP_MORE /* bytes are needed */, STEP_AGAIN, STEP_OUT /* *message is set */ };
/* One step over `size` bytes at `at`, where stream->base stands; *used is how many of them are
 * dealt with. */
enum step framing_step(struct adit_streams *streams, struct stream *stream, const uint8_t *at,
	uint32_t size, uint32_t *used, struct adit_stream_message *message);

#endif
