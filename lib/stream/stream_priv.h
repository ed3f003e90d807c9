/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Streams, what they hold, and the steps of reading one: where a segment belongs (place.c), bytes
 * into their order (hold.c), bytes in order into messages (framing.c).
 */
#ifndef ADIT_STREAM_PRIV_H
#define ADIT_STREAM_PRIV_H

#include "adit_stream.h"

#include <assert.h>

#define NONE        UINT32_MAX
#define PREFIX_SIZE 2
#define RAW_MAX     65535 /* bytes that come out at once */
#define MESSAGE_MAX (PREFIX_SIZE + 65535)
/* With so many bytes it is known whether they are a message: prefix, header, the longest name, and
 * what a record has behind it. */
#define JUDGE_MAX (PREFIX_SIZE + 12 + 255 + 10)

enum stream_state {
	STREAM_STARTING,  /* from its SYN; no message yet */
	STREAM_READING,   /* a message begins at `base` */
	STREAM_SEARCHING, /* for the next message */
	STREAM_RAW,
};

/*
 * Numbers are TCP sequence numbers. What stands in [base, next) is a message not whole yet, or one
 * that cannot be judged yet, and stands in blocks; what waits behind a gap stands there too.
 *
 * One direction has up to two streams: its own, under its key, and one beside it, under a second
 * key. Which of them is tried first says `swapped` of the one under its key.
 */
struct stream {
	uint64_t key;
	uint64_t seen_ns;  /* its last bytes */
	uint64_t heard_ns; /* the other side's last acknowledgement; 0: none */
	uint64_t gap_ns;   /* since when something waits behind the first gap */
	uint32_t base;     /* first byte not dealt with */
	uint32_t next;     /* first byte that has not come */
	uint32_t initial;  /* of its SYN, or what that would have had */
	uint32_t mark;     /* where a message began, and no other text stood before */
	uint32_t fin;      /* where it ends */
	uint32_t acked;    /* by the other side, if it was heard */
	uint32_t chain;    /* the next of its slot, plus one */
	uint32_t searched;
	/* Blocks, by number, or NONE: the first of all, the last in [base, next), the last of all.
	 */
	uint32_t first, tail, last;
	uint32_t blocks;
	uint32_t skip : 17;  /* SEARCHING: bytes of a broken message that are to come */
	uint32_t state : 2;  /* enum stream_state */
	uint32_t known : 1;  /* SEARCHING: a message begins after `skip` bytes */
	uint32_t whole : 1;  /* read from its SYN on, without a loss */
	uint32_t wary : 1;   /* what is passed over comes out raw */
	uint32_t closed : 1; /* gives way first */
	uint32_t syn : 1;    /* `initial` stood in a SYN */
	uint32_t has_fin : 1;
	uint32_t marked : 1;   /* `mark` is known */
	uint32_t paired : 1;   /* there may be a stream beside it */
	uint32_t swapped : 1;  /* and that one is tried first */
	uint32_t parallel : 1; /* both take each segment, until they agree */
	uint8_t class;         /* of its client */
} ADIT_CACHE_ALIGNED;
static_assert(sizeof(struct stream) == 2 * ADIT_CACHE_LINE, "two cache lines");

/* A run of bytes of a stream. */
#define BLOCK_BYTES 502
struct block {
	uint32_t next; /* of its stream, or of the spare ones; NONE: the last */
	uint32_t from;
	uint16_t used;
	uint8_t bytes[BLOCK_BYTES];
};
static_assert(sizeof(struct block) == 512, "no hole");

/* The largest message needs 132 blocks: all but the first and the last of its bytes are full. */
#define BLOCKS_PER_BUFFER 128
#define BLOCKS_MORE       8

/* Bytes as they came last, to know repetitions: a table of pages, each with what it holds of one.
 */
#define PAGE_BYTES       512
#define PAGES_PER_BUFFER 32
struct page {
	uint64_t tag;                    /* of stream key and page number */
	uint64_t known[PAGE_BYTES / 64]; /* a bit for each byte that is there */
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
	struct link *links;        /* of streams, in live and closed */
	struct link *holder_links; /* of streams, in holders */
	uint32_t *slots;           /* first stream of a slot, plus one */
	struct block *blocks;
	struct page *pages;
	uint8_t *page_bytes;
	uint32_t streams_used, blocks_used;
	uint32_t spare; /* block */
	struct list live, closed;
	bool newest_gives_way;                    /* the next time */
	struct list holders[ADIT_STREAM_CLASSES]; /* streams that hold blocks */
	uint32_t held[ADIT_STREAM_CLASSES];       /* blocks */
};

/* Bytes of the pushed segment that its stream reads where they are: those before `stop`, from
 * stream->next on. */
struct pending {
	const uint8_t *end; /* of the captured ones */
	uint32_t stop;      /* their number */
	uint32_t wire_stop; /* of those there were on the wire */
};

/* A stream that the push may have set something free in. */
struct turn {
	struct stream *stream;
	struct pending pending;
	bool opposite;
};

enum { TURN_OPPOSITE, TURN_OPPOSITE_BESIDE, TURN_OWN, TURN_BESIDE, TURNS };

struct adit_streams {
	struct adit_streams_counters counters;
	struct adit_streams_params params;
	struct adit_allocator allocator;
	uint32_t slot_mask, page_mask;
	uint32_t blocks_each; /* per shard */
	struct shard *shards;
	/* Each one block for all shards. */
	struct stream *streams;
	struct link *links;
	uint32_t *slots;
	struct block *blocks;
	struct page *pages;
	uint8_t *page_bytes;
	uint8_t *scratch;  /* MESSAGE_MAX bytes: a message out of its blocks */
	uint8_t *leftover; /* RAW_MAX bytes: what a stream held that gave way to another beside */

	/* The push that is being worked on. */
	struct shard *shard;
	struct stream *primary; /* of its own direction */
	struct stream *kept;    /* which must not lose its blocks now */
	struct turn turn[TURNS];
	uint64_t now_ns;
	uint32_t leftover_size;
	struct adit_stream_message alone; /* the segment's bytes, if no stream took them */
	uint32_t turns;                   /* done */
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

static inline bool older_than(uint64_t since_ns, uint64_t now_ns, uint64_t age_ns)
{
	return (int64_t)(now_ns - since_ns) >= (int64_t)age_ns;
}

/* The first block that waits behind a gap, or NONE. */
static inline uint32_t waiting_first(const struct shard *shard, const struct stream *stream)
{
	return stream->tail == NONE ? stream->first : shard->blocks[stream->tail].next;
}

/* table.c: which streams there are, and who has which blocks. */
struct stream *stream_find(struct adit_streams *streams, struct shard *shard, uint64_t key);
struct stream *stream_open(
	struct adit_streams *streams, struct shard *shard, uint64_t key, uint64_t client);
/* Empties it: what it was is forgotten, but for its key and its client. */
void stream_renew(struct adit_streams *streams, struct shard *shard, struct stream *stream);
/* The newest of its lists now. */
void stream_touch(struct shard *shard, struct stream *stream);
void stream_set_closed(struct shard *shard, struct stream *stream, bool closed);
/* A block for this stream, which another one may lose; NONE where this stream's client has most,
 * and nobody else of its class has any. */
uint32_t block_take(struct adit_streams *streams, struct shard *shard, struct stream *stream);
void block_release(struct shard *shard, struct stream *stream, uint32_t block);

/* hold.c: bytes into their order. */
/* Bytes that a stream holds. */
uint32_t hold_size(const struct shard *shard, const struct stream *stream);
/* Copies `size` bytes from stream->base on, which must be there. */
void hold_copy(const struct shard *shard, const struct stream *stream, uint8_t *to, uint32_t size);
/* All that it holds, gaps left out, as far as there is room; returns how many bytes. */
uint32_t hold_gather(
	const struct shard *shard, const struct stream *stream, uint8_t *to, uint32_t room);
/* True if bytes that wait in [from, from + size) are others. */
bool hold_differs(const struct shard *shard, const struct stream *stream, uint32_t from,
	const uint8_t *bytes, uint32_t size);
enum { PLACE_TAKEN = 1, PLACE_CONFLICT = 2, PLACE_REFUSED = 4 };
/* Takes bytes that begin after stream->next; of those that wait there already the first stay. */
unsigned hold_insert(struct adit_streams *streams, struct shard *shard, struct stream *stream,
	uint32_t from, const uint8_t *bytes, uint32_t size);
/* Bytes that belong at stream->next, and end before what waits; goes on to where a gap follows. */
void hold_append(struct adit_streams *streams, struct shard *shard, struct stream *stream,
	const uint8_t *bytes, uint32_t size);
/* Bytes from stream->base on are dealt with. */
void hold_consume(struct shard *shard, struct stream *stream, uint32_t size);
/* Takes what stream->next has reached. */
void hold_absorb(struct adit_streams *streams, struct shard *shard, struct stream *stream);
/* Goes on at `upto`, which is not before stream->next nor after what waits first. What stands
 * before it is passed over. */
void hold_restart(
	struct adit_streams *streams, struct shard *shard, struct stream *stream, uint32_t upto);
/* What waits in the one, but for [from, to), waits in the other too. */
void hold_fork_waiting(struct adit_streams *streams, struct shard *shard,
	const struct stream *stream, struct stream *other, uint32_t from, uint32_t to);
/* Passes over what waits. */
void hold_drop_waiting(struct adit_streams *streams, struct shard *shard, struct stream *stream);
/* Gives back all blocks. */
void hold_clear(struct shard *shard, struct stream *stream);

/* past.c: the bytes that came last. */
bool past_same(const struct adit_streams *streams, const struct shard *shard, uint64_t key,
	uint32_t from, const uint8_t *bytes, uint32_t size);
/* Returns false where they are not known. */
bool past_get(const struct adit_streams *streams, const struct shard *shard, uint64_t key,
	uint32_t from, uint8_t *bytes, uint32_t size);
void past_put(struct adit_streams *streams, struct shard *shard, uint64_t key, uint32_t from,
	const uint8_t *bytes, uint32_t size);

/* place.c: which stream a segment belongs to, and where in it. Fills the turns. */
enum adit_outcome place_segment(struct adit_streams *streams, const struct adit_segment *segment);
void place_acknowledgement(struct adit_streams *streams, const struct adit_segment *segment);
/* Ends reading both streams if they are at the same point, or one of them is at a loss. */
void place_agree(struct adit_streams *streams);

/* framing.c: bytes in order into messages. */
enum step { STEP_MORE /* bytes are needed */, STEP_AGAIN, STEP_OUT /* *message is set */ };
/* One step over `size` bytes at `at`, where stream->base stands; *used is how many of them are
 * dealt with. */
enum step framing_step(struct adit_streams *streams, struct stream *stream, const uint8_t *at,
	uint32_t size, uint32_t *used, struct adit_stream_message *message);
/* How many bytes are of use after STEP_MORE: always more than `size`. */
uint32_t framing_wants(const uint8_t *at, uint32_t size);

#endif
