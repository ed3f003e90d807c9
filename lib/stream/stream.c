/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DNS over TCP: when what has not come is given up, and the order in which messages come out.
 *
 * What is given up is not forgotten: bytes that come late are read by the stream beside (place.c).
 */
#include "adit_stream.h"
#include "stream_priv.h"

/* True if the other side has what is to come next: it was lost on the way to the tap. */
static bool next_is_lost(const struct stream *stream)
{
	int32_t ahead = sequence_after(stream->acked, stream->next);

	return stream->heard_ns != 0 && ahead > 0 && (uint32_t)ahead <= ADIT_STREAM_REACH;
}

/* Nobody tells whether the receiver has what is missing. A side that was heard would have asked
 * for it at once (RFC 5681 section 3.2), so that its silence has to last. */
static bool gap_is_old(const struct adit_streams *streams, const struct stream *stream)
{
	if (stream->heard_ns == 0)
		return older_than(stream->gap_ns, streams->now_ns, ADIT_STREAM_GAP_NS);
	return older_than(stream->gap_ns, streams->now_ns, ADIT_STREAM_SILENCE_NS) &&
	       older_than(stream->heard_ns, streams->now_ns, ADIT_STREAM_SILENCE_NS);
}

/* Where to go on, if it is time to give up what has not come; false if it is not. */
static bool give_up(const struct adit_streams *streams, const struct stream *stream, uint32_t *upto)
{
	uint32_t waits = waiting_first(streams->shard, stream);

	if (waits == NONE) {
		*upto = stream->fin;
		return stream->has_fin && next_is_lost(stream) &&
		       sequence_after(stream->fin, stream->next) > 0 &&
		       sequence_after(stream->acked, stream->fin) > 0;
	}
	*upto = streams->shard->blocks[waits].from;
	/* Not at once: a tap of two ports or legs shows an acknowledgement before what it is of. */
	if (next_is_lost(stream) &&
		older_than(stream->gap_ns, streams->now_ns, ADIT_STREAM_ORDER_NS)) {
		if (sequence_after(stream->acked, *upto) < 0)
			*upto = stream->acked;
		return true;
	}
	return gap_is_old(streams, stream);
}

static void lose(struct adit_streams *streams, struct stream *stream, uint32_t upto)
{
	streams->counters.gaps++;
	hold_restart(streams, streams->shard, stream, upto);
}

/* Bytes up to what waits, of `size` from stream->next on. */
static uint32_t before_waiting(
	const struct shard *shard, const struct stream *stream, uint32_t size)
{
	uint32_t waits = waiting_first(shard, stream);

	return waits == NONE ? size : least(size, shard->blocks[waits].from - stream->next);
}

/* What the segment had on the wire and the capture has not. Returns true if that was more than
 * waits already. */
static bool lose_cut(
	struct adit_streams *streams, struct stream *stream, const struct pending *pending)
{
	int32_t cut = sequence_after(pending->wire_stop, stream->next);

	if (pending->end == NULL || cut <= 0)
		return false;
	lose(streams, stream, stream->next + before_waiting(streams->shard, stream, (uint32_t)cut));
	return true;
}

/* Bytes that the segment still has for its stream; *at is where. */
static uint32_t pending_size(
	const struct stream *stream, const struct pending *pending, const uint8_t **at)
{
	int32_t size = pending->end == NULL ? 0 : sequence_after(pending->stop, stream->next);

	if (size <= 0)
		return 0;
	*at = pending->end - size;
	return (uint32_t)size;
}

/* `size` bytes that the stream holds, side by side. */
static const uint8_t *held_bytes(
	struct adit_streams *streams, const struct stream *stream, uint32_t size)
{
	const struct block *block = &streams->shard->blocks[stream->first];
	uint32_t head = stream->base - block->from;

	if (size <= block->used - head)
		return block->bytes + head;
	hold_copy(streams->shard, stream, streams->scratch, size);
	return streams->scratch;
}

/* After all that could be read: the stream's end. */
static void settle(struct adit_streams *streams, struct stream *stream)
{
	if (stream->closed || !stream->has_fin || sequence_after(stream->next, stream->fin) < 0)
		return;
	streams->counters.closed++;
	stream_set_closed(streams->shard, stream, true);
}

/* One step over what the stream holds, at most `want` bytes of it, or else over the segment's bytes
 * where they are. After STEP_MORE *want is how many are of use. */
static enum step read_on(struct adit_streams *streams, struct stream *stream,
	const struct pending *pending, uint32_t *want, struct adit_stream_message *message)
{
	struct shard *shard = streams->shard;
	uint32_t held = stream->next - stream->base, size, used;
	const uint8_t *at = NULL;
	enum step step;

	if (held > 0) {
		size = least(held, *want);
		at = held_bytes(streams, stream, size);
	} else {
		size = before_waiting(shard, stream, pending_size(stream, pending, &at));
	}
	step = framing_step(streams, stream, at, size, &used, message);
	if (step == STEP_MORE)
		*want = framing_wants(at, size);
	if (held > 0) {
		hold_consume(shard, stream, used);
	} else if (used > 0) {
		stream->base = stream->next += used;
		hold_absorb(streams, shard, stream);
	}
	return step;
}

/* Goes on with a stream until something comes out (true), or nothing more can be done for it. */
static bool advance(struct adit_streams *streams, struct stream *stream,
	const struct pending *pending, struct adit_stream_message *message)
{
	struct shard *shard = streams->shard;

	for (;;) {
		uint32_t want = stream->state == STREAM_RAW ? RAW_MAX : JUDGE_MAX;
		uint32_t held = stream->next - stream->base, size, upto;
		enum step step = read_on(streams, stream, pending, &want, message);
		const uint8_t *at = NULL;

		if (step == STEP_MORE && want <= held)
			step = read_on(streams, stream, pending, &want, message);
		if (step == STEP_OUT)
			return true;
		if (step == STEP_AGAIN)
			continue;
		size = before_waiting(shard, stream, pending_size(stream, pending, &at));
		if (size > 0)
			hold_append(streams, shard, stream, at, least(size, want - held));
		else if (lose_cut(streams, stream, pending))
			continue;
		else if (give_up(streams, stream, &upto))
			lose(streams, stream, upto);
		else
			break;
	}
	settle(streams, stream);
	return false;
}

bool adit_streams_next(struct adit_streams *streams, struct adit_stream_message *message)
{
	if (streams->leftover_size > 0) {
		*message = (struct adit_stream_message){
			streams->leftover, streams->leftover_size, true, false};
		streams->leftover_size = 0;
		return true;
	}
	if (streams->alone.size > 0) {
		*message = streams->alone;
		streams->alone.size = 0;
		return true;
	}
	for (; streams->turns < TURNS; streams->turns++) {
		struct turn *turn = &streams->turn[streams->turns];

		if (turn->stream == NULL)
			continue;
		if (advance(streams, turn->stream, &turn->pending, message)) {
			message->opposite = turn->opposite;
			return true;
		}
	}
	place_agree(streams);
	return false;
}

enum adit_outcome adit_streams_push(
	struct adit_streams *streams, uint32_t at, const struct adit_segment *segment)
{
	struct adit_stream_message unread;
	enum adit_outcome outcome;

	while (adit_streams_next(streams, &unread))
		;
	if (segment->doubtful)
		return ADIT_OUTCOME_TCP_DNS_REFUSED;
	memset(streams->turn, 0, sizeof(streams->turn));
	streams->turns = 0;
	streams->shard = &streams->shards[at];
	streams->now_ns = segment->ts_ns;
	outcome = place_segment(streams, segment);
	if (segment->opposite != segment->stream && segment->flags & ADIT_SEGMENT_ACK)
		place_acknowledgement(streams, segment);
	return outcome;
}
