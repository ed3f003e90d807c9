/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DNS over TCP: where a segment belongs in its stream (RFC 9293 for the numbers), when what has not
 * come is given up, and the order in which messages come out.
 *
 * A tap is told lies that the receiver never believes: segments of a low TTL, with bad checksums
 * or far outside the window. So a stream is not led away by one of them: it leaves its place only
 * for what the other side acknowledges, or after ADIT_STREAM_GAP_NS without a segment that fits;
 * and a stream that was closed goes on if its bytes do.
 */
#include "adit_stream.h"
#include "stream_priv.h"

/* True if the other side has what is to come next: it was lost on the way to the tap. */
static bool next_is_lost(const struct stream *stream)
{
	return stream->has_acked && sequence_after(stream->acked, stream->next) > 0;
}

/* The opposite direction's acknowledgement. */
static void note_acknowledged(struct stream *stream, uint32_t acknowledged)
{
	int32_t ahead = sequence_after(acknowledged, stream->next);

	stream->astray = ahead > BUFFER_SIZE || ahead < -BUFFER_SIZE;
	if (stream->astray || ahead <= 0)
		return;
	stream->acked = acknowledged;
	stream->has_acked = true;
}

/*
 * Where to go on, if it is time to give up what has not come; false if it is not. A loss is
 * certain if the other side has the bytes, and taken for one after a while, when a buffer can
 * hardly take more, or when the stream ends here.
 */
static bool give_up(const struct adit_streams *streams, const struct buffer *buffer,
	const struct stream *stream, bool last, uint32_t *upto)
{
	if (buffer == NULL || buffer->ranges_used == 0) {
		*upto = stream->fin;
		return stream->has_fin && next_is_lost(stream) &&
		       sequence_after(stream->fin, stream->next) > 0 &&
		       sequence_after(stream->acked, stream->fin) > 0;
	}
	*upto = buffer->ranges[0].from;
	if (next_is_lost(stream)) {
		if (sequence_after(stream->acked, *upto) < 0)
			*upto = stream->acked;
		return true;
	}
	return last || buffer->ranges_used > ADIT_STREAM_RANGES ||
	       buffer->ranges[buffer->ranges_used - 1].to - stream->base > MESSAGE_MAX ||
	       (int64_t)(streams->now_ns - buffer->gap_ns) >= (int64_t)ADIT_STREAM_GAP_NS;
}

static void lose(struct adit_streams *streams, struct stream *stream, uint32_t upto)
{
	streams->counters.gaps++;
	hold_restart(streams, streams->shard, stream, upto);
}

/* What the segment had on the wire and the capture has not. Returns true if that was more than
 * waits already. */
static bool lose_cut(
	struct adit_streams *streams, struct stream *stream, const struct pending *pending)
{
	const struct buffer *buffer = stream_buffer(streams->shard, stream);
	uint32_t upto = pending->end;

	if (sequence_after(upto, stream->next) <= 0)
		return false;
	if (buffer != NULL && buffer->ranges_used > 0 &&
		sequence_after(upto, buffer->ranges[0].from) > 0)
		upto = buffer->ranges[0].from;
	lose(streams, stream, upto);
	return true;
}

/* After all that could be read: the stream's end, and the buffer that it may not need. */
static void settle(struct adit_streams *streams, struct stream *stream, bool last)
{
	struct shard *shard = streams->shard;
	struct buffer *buffer = stream_buffer(shard, stream);

	if (!stream->closed &&
		(last || (stream->has_fin && sequence_after(stream->next, stream->fin) >= 0))) {
		streams->counters.closed++;
		stream_set_closed(shard, stream, true);
	}
	if (buffer != NULL && buffer->ranges_used == 0 && stream->next == stream->base)
		buffer_release(shard, stream);
}

/*
 * Goes on with a stream until a message comes out (true), or nothing more can be done for it.
 * `pending` is NULL for the opposite one. Where no buffer is held, bytes are read where they are.
 */
static bool advance(struct adit_streams *streams, struct stream *stream, struct pending *pending,
	bool last, struct adit_stream_message *message)
{
	struct shard *shard = streams->shard;

	for (;;) {
		struct buffer *buffer = stream_buffer(shard, stream);
		const uint8_t *at = NULL;
		uint32_t size = stream->next - stream->base, used, upto;
		enum step step;

		if (buffer != NULL && buffer->ranges_used == 0 && size == 0) {
			buffer_release(shard, stream);
			buffer = NULL;
		}
		if (buffer != NULL) {
			at = buffer_bytes(shard, stream) + buffer->head;
		} else if (pending != NULL) {
			at = pending->at;
			size = pending->size;
		}
		step = framing_step(streams, stream, at, size, &used, message);
		stream->base += used;
		if (buffer != NULL) {
			buffer->head += used;
		} else if (used > 0) {
			stream->next += used;
			pending->at += used;
			pending->size -= used;
		}
		if (step == STEP_OUT)
			return true;
		if (step == STEP_AGAIN)
			continue;
		if (pending != NULL && pending->size > 0)
			hold_append(streams, shard, stream, pending);
		else if (pending != NULL && lose_cut(streams, stream, pending))
			continue;
		else if (give_up(streams, stream_buffer(shard, stream), stream, last, &upto))
			lose(streams, stream, upto);
		else
			break;
	}
	settle(streams, stream, last);
	return false;
}

bool adit_streams_next(struct adit_streams *streams, struct adit_stream_message *message)
{
	for (; streams->turns < ADIT_COUNT(streams->turn); streams->turns++) {
		bool own = streams->turns == 1;
		struct stream *stream = streams->turn[streams->turns];

		if (stream == NULL)
			continue;
		if (advance(streams, stream, own ? &streams->pending : NULL, own && streams->reset,
			    message)) {
			message->opposite = !own;
			return true;
		}
	}
	return false;
}

/* The stream of a segment: found, begun by its SYN or in the middle, or NULL where there is none
 * and nothing to read. */
static struct stream *stream_of(
	struct adit_streams *streams, struct shard *shard, const struct adit_segment *segment)
{
	struct stream *stream = stream_find(streams, shard, segment->stream);
	bool syn = segment->flags & ADIT_SEGMENT_SYN;

	if (segment->flags & ADIT_SEGMENT_RST)
		return stream;
	if (stream != NULL) {
		bool idle =
			(int64_t)(segment->ts_ns - stream->seen_ns) > (int64_t)ADIT_STREAM_IDLE_NS;
		bool anew = syn && segment->sequence != stream->initial;

		if (!idle && !anew)
			return stream;
		if (idle && !syn && segment->wire_size == 0)
			return NULL;
		if (!idle && !stream->closed)
			streams->counters.closed++;
		stream_renew(streams, shard, stream);
	} else if (syn || segment->wire_size > 0) {
		stream = stream_open(streams, shard, segment->stream);
	} else {
		return NULL;
	}
	stream->initial = segment->sequence - !syn;
	stream->base = stream->next = stream->initial + 1;
	stream->state = syn ? STREAM_STARTING : STREAM_SEARCHING;
	stream->whole = syn;
	stream->seen_ns = segment->ts_ns;
	return stream;
}

/* Leaves its place for another one, where the segment begins. */
static void rejoin(struct adit_streams *streams, struct stream *stream, uint32_t from)
{
	streams->counters.gaps++;
	streams->counters.skipped_bytes += hold_size(streams->shard, stream);
	buffer_release(streams->shard, stream);
	stream->base = stream->next = from;
	stream->state = stream->state == STREAM_RAW ? STREAM_RAW : STREAM_SEARCHING;
	stream->known = stream->skip = stream->whole = 0;
	stream->has_fin = stream->has_acked = stream->astray = false;
}

/* A stream that was closed and goes on. */
static void reopen(struct adit_streams *streams, struct stream *stream)
{
	if (!stream->closed)
		return;
	stream->has_fin = false;
	stream_set_closed(streams->shard, stream, false);
	streams->counters.opened++;
}

/* Puts the bytes of a segment where they belong; `from` and `end` as they were on the wire. */
static enum adit_outcome place(struct adit_streams *streams, struct stream *stream,
	const struct adit_segment *segment, uint32_t from, uint32_t end)
{
	int32_t ahead = sequence_after(from, stream->next), fresh;
	uint32_t old;

	if (ahead > BUFFER_SIZE || sequence_after(end, stream->next) < -BUFFER_SIZE) {
		bool still =
			(int64_t)(segment->ts_ns - stream->seen_ns) >= (int64_t)ADIT_STREAM_GAP_NS;

		if (!stream->closed && !stream->astray && !still &&
			!(ahead > 0 && next_is_lost(stream)))
			return ADIT_OUTCOME_TCP_DNS_REFUSED;
		rejoin(streams, stream, from);
		ahead = 0;
	}
	if (sequence_after(end, stream->next) <= 0)
		return ADIT_OUTCOME_TCP_DNS_REPEATED;
	if (ahead <= 0) {
		reopen(streams, stream);
		old = least((uint32_t)-ahead, segment->size);
		streams->pending.at = segment->payload + old;
		streams->pending.size = segment->size - old;
		streams->pending.end = end;
		return ADIT_OUTCOME_TCP_DNS;
	}
	if (segment->size == 0)
		return ADIT_OUTCOME_TCP_DNS;
	fresh = hold_insert(streams, streams->shard, stream, from, segment->payload, segment->size);
	if (fresh < 0)
		return ADIT_OUTCOME_TCP_DNS_REFUSED;
	if (fresh == 0)
		return ADIT_OUTCOME_TCP_DNS_REPEATED;
	reopen(streams, stream);
	return ADIT_OUTCOME_TCP_DNS;
}

/* The segment in its own stream. */
static enum adit_outcome take(
	struct adit_streams *streams, struct stream *stream, const struct adit_segment *segment)
{
	uint32_t from = segment->sequence + !!(segment->flags & ADIT_SEGMENT_SYN);
	uint32_t end = from + segment->wire_size;
	enum adit_outcome outcome = ADIT_OUTCOME_TCP_DNS;
	int32_t ahead;

	if (segment->flags & ADIT_SEGMENT_RST) {
		ahead = sequence_after(segment->sequence, stream->next);
		streams->reset = ahead <= BUFFER_SIZE && ahead >= -BUFFER_SIZE;
		return ADIT_OUTCOME_TCP_DNS;
	}
	if (segment->wire_size > 0)
		outcome = place(streams, stream, segment, from, end);
	if (outcome == ADIT_OUTCOME_TCP_DNS_REFUSED)
		return outcome;
	ahead = sequence_after(end, stream->next);
	if (segment->flags & ADIT_SEGMENT_FIN && !stream->has_fin && ahead >= 0 &&
		ahead <= BUFFER_SIZE) {
		stream->fin = end;
		stream->has_fin = true;
	}
	if ((int64_t)(segment->ts_ns - stream->seen_ns) > 0)
		stream->seen_ns = segment->ts_ns;
	stream_touch(streams->shard, stream);
	return outcome;
}

enum adit_outcome adit_streams_push(
	struct adit_streams *streams, uint32_t at, const struct adit_segment *segment)
{
	struct adit_stream_message unread;
	struct stream *own, *opposite = NULL;
	enum adit_outcome outcome = ADIT_OUTCOME_TCP_DNS;

	while (adit_streams_next(streams, &unread))
		;
	streams->shard = &streams->shards[at];
	streams->now_ns = segment->ts_ns;
	streams->reset = false;
	streams->pending.size = 0;
	own = stream_of(streams, streams->shard, segment);
	if (segment->opposite != segment->stream)
		opposite = stream_find(streams, streams->shard, segment->opposite);
	if (opposite != NULL && segment->flags & ADIT_SEGMENT_ACK)
		note_acknowledged(opposite, segment->acknowledged);
	if (own != NULL) {
		streams->pending.end = own->next;
		outcome = take(streams, own, segment);
	}
	streams->turn[0] = opposite;
	streams->turn[1] = own;
	streams->turns = 0;
	return outcome;
}
