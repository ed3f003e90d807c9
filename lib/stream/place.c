/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which stream of its direction a segment belongs to, and where in it (RFC 9293 for the numbers).
 *
 * A stream takes what fits it. What does not (other numbers, no room, other bytes than those that
 * came before) is read by the stream beside it, so that neither a true segment nor a forged one can
 * hide the other. Where bytes contradict, both streams take what follows until they have read up
 * to the same point: which of the two versions the receiver went by is not known. Which stream is
 * tried first is for the other side to say, by what it acknowledges.
 */
#include "adit_stream.h"
#include "stream_priv.h"

/* The streams of one direction, in the order in which they are tried. */
struct pair {
	struct stream *first, *second;
};

static uint64_t key_beside(uint64_t key)
{
	return key ^ UINT64_C(0x9e3779b97f4a7c15);
}

static struct pair pair_of(struct adit_streams *streams, struct stream *primary)
{
	struct stream *beside = NULL;

	if (primary != NULL && primary->paired)
		beside = stream_find(streams, streams->shard, key_beside(primary->key));
	if (beside == NULL && primary != NULL)
		primary->paired = primary->swapped = primary->parallel = false;
	return beside != NULL && primary->swapped ? (struct pair){beside, primary}
						  : (struct pair){primary, beside};
}

/* Whether messages stand behind each other here. Zeros read as messages of no length show nothing.
 */
static bool is_reading(const struct stream *stream)
{
	return stream->state <= STREAM_READING && stream->searched == 0;
}

/* Whether a number can be one of this stream: not before its beginning, and not out of reach. */
static bool fits(const struct stream *stream, uint32_t from)
{
	int32_t ahead = sequence_after(from, stream->next);

	if (ahead > 0)
		return (uint32_t)ahead <= ADIT_STREAM_REACH;
	return stream->next - from <=
	       least(stream->next - (stream->initial + 1), ADIT_STREAM_REACH);
}

static void begin(struct stream *stream, const struct adit_segment *segment)
{
	bool syn = segment->flags & ADIT_SEGMENT_SYN;

	stream->initial = segment->sequence - !syn;
	stream->base = stream->next = stream->mark = stream->initial + 1;
	stream->marked = syn;
	stream->state = syn ? STREAM_STARTING : STREAM_SEARCHING;
	stream->syn = stream->whole = syn;
	stream->seen_ns = segment->ts_ns;
}

static void count_closed(struct adit_streams *streams, const struct stream *stream)
{
	if (!stream->closed)
		streams->counters.closed++;
}

/* The second stream gives way. What it holds comes out raw. */
static void clear_beside(struct adit_streams *streams, struct stream *second)
{
	struct shard *shard = streams->shard;
	bool paired = second->paired, swapped = second->swapped;
	uint32_t held = hold_gather(shard, second, streams->leftover, RAW_MAX);

	streams->leftover_size = held;
	streams->counters.skipped_bytes += hold_size(shard, second) - held;
	hold_clear(shard, second);
	count_closed(streams, second);
	stream_renew(streams, shard, second);
	second->paired = paired;
	second->swapped = swapped;
}

/* A second stream begins with this segment. */
static struct stream *begin_beside(
	struct adit_streams *streams, struct pair *pair, const struct adit_segment *segment)
{
	uint64_t key = key_beside(segment->stream);
	struct stream *second = pair->second;

	if (second == NULL)
		second = stream_find(streams, streams->shard, key);
	if (second != NULL)
		clear_beside(streams, second);
	else
		second = stream_open(streams, streams->shard, key, segment->client);
	begin(second, segment);
	second->wary = !second->syn;
	pair->second = second;
	/* In a table of one stream, it has taken the place of the first one. */
	if (streams->primary->key != segment->stream) {
		streams->primary = second;
		pair->first = NULL;
		streams->turn[TURN_OWN].stream = NULL;
	} else {
		streams->primary->paired = true;
		streams->primary->parallel = false;
	}
	return second;
}

/* Where the message begins in which `from` stands, as far as this stream has read: the one in hand,
 * or one of those that stand behind each other from the mark on. */
static bool message_before(struct adit_streams *streams, const struct stream *stream, uint64_t key,
	uint32_t from, uint32_t *begins)
{
	bool in_hand = sequence_after(from, stream->base) >= 0 && is_reading(stream);
	uint32_t at = in_hand ? stream->base : stream->mark;

	if (!in_hand && (!stream->marked || sequence_after(from, at) < 0))
		return false;
	for (;;) {
		uint8_t prefix[PREFIX_SIZE];
		uint32_t size;

		*begins = at;
		if (at == stream->base || from - at < PREFIX_SIZE)
			return true;
		if (!past_get(streams, streams->shard, key, at, prefix, sizeof(prefix)))
			return false;
		size = PREFIX_SIZE + adit_load_be16(prefix);
		if (size > from - at)
			return true;
		at += size;
	}
}

/* The bytes [begins, begins + size) as they came last, or else as `model` has them in hand. Where
 * it was the second stream, these stand in `leftover` now. */
static bool bytes_before(struct adit_streams *streams, const struct stream *model, uint64_t key,
	uint32_t begins, uint32_t size)
{
	if (past_get(streams, streams->shard, key, begins, streams->scratch, size))
		return true;
	if (begins != model->base)
		return false;
	if (model->blocks > 0)
		hold_copy(streams->shard, model, streams->scratch, size);
	else if (size <= streams->leftover_size)
		memcpy(streams->scratch, streams->leftover, size);
	else
		return false;
	return true;
}

/* Lets the second stream, which begins at `from`, begin with the message in which that stands.
 * Returns false where its bytes are not known. */
static bool begin_before(struct adit_streams *streams, const struct stream *model,
	struct stream *second, uint64_t key, uint32_t from)
{
	uint32_t begins, size;

	if (!message_before(streams, model, key, from, &begins))
		return false;
	size = least(from - begins, model->next - begins);
	if (size > MESSAGE_MAX || !bytes_before(streams, model, key, begins, size))
		return false;
	second->base = second->next = begins;
	second->state = STREAM_READING;
	hold_append(streams, streams->shard, second, streams->scratch, size);
	return true;
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

/* A keep-alive repeats the number of a byte that the other side has, and says nothing with it (RFC
 * 9293 section 3.8.4). */
static bool is_keep_alive(
	const struct stream *stream, const struct adit_segment *segment, uint32_t from)
{
	return segment->wire_size == 1 && from + 1 == stream->next && stream->heard_ns != 0 &&
	       sequence_after(stream->acked, stream->next) >= 0;
}

/* What stands before the next message is settled, as far as one can tell. */
static void set_mark(struct stream *stream)
{
	stream->mark = stream->base;
	stream->marked = is_reading(stream);
}

/* Puts the bytes of a segment that fits where they belong. Returns PLACE_*; 0: all of them came
 * before. */
static unsigned place_bytes(struct adit_streams *streams, struct turn *turn, struct stream *stream,
	const struct adit_segment *segment, uint32_t from)
{
	struct shard *shard = streams->shard;
	uint32_t end = from + segment->wire_size;
	int32_t ahead = sequence_after(from, stream->next);
	unsigned result = 0;

	if (ahead > 0) {
		result = segment->size == 0 ? PLACE_TAKEN
					    : hold_insert(streams, shard, stream, from,
						      segment->payload, segment->size);
	} else {
		uint32_t old = least((uint32_t)-ahead, segment->size);

		if (old > 0 && !is_keep_alive(stream, segment, from) &&
			(older_than(stream->seen_ns, segment->ts_ns, ADIT_STREAM_IDLE_NS) ||
				!past_same(streams, shard, segment->stream, from, segment->payload,
					old)))
			result = PLACE_CONFLICT;
		if (sequence_after(end, stream->next) > 0) {
			if (hold_differs(shard, stream, from, segment->payload, segment->size))
				result = PLACE_CONFLICT;
			result |= PLACE_TAKEN;
			if (stream->heard_ns == 0)
				set_mark(stream);
			turn->pending.end = segment->payload + segment->size;
			turn->pending.stop = from + segment->size;
			turn->pending.wire_stop = end;
		}
	}
	turn->stream = stream;
	stream->seen_ns = segment->ts_ns;
	if (result & PLACE_TAKEN)
		reopen(streams, stream);
	return result;
}

/* A second stream with this segment, for which the first one has other bytes or no room. Of what
 * contradicts, the first one has what came first, and the second one what came last. */
static unsigned place_anew(struct adit_streams *streams, struct pair *pair,
	const struct adit_segment *segment, uint32_t from, bool conflict)
{
	struct turn *turn = &streams->turn[TURN_BESIDE];
	struct stream was = {0}, *first, *second;
	bool parallel = streams->primary->parallel;
	unsigned result;

	if (parallel) {
		was = *pair->second;
		was.blocks = 0;
	}
	memset(turn, 0, sizeof(*turn));
	second = begin_beside(streams, pair, segment);
	first = pair->first;
	if (!conflict || first == NULL)
		return place_bytes(streams, turn, second, segment, from);
	streams->kept = first;
	second->initial = first->initial;
	second->heard_ns = first->heard_ns;
	second->acked = first->acked;
	if (!parallel || !begin_before(streams, &was, second, segment->stream, from))
		begin_before(streams, first, second, segment->stream, from);
	result = place_bytes(streams, turn, second, segment, from);
	hold_fork_waiting(streams, streams->shard, first, second, from, from + segment->wire_size);
	streams->kept = NULL;
	first->whole = false;
	first->wary = true;
	streams->primary->parallel = true;
	return result;
}

/* What the first stream did not take, or took and found contradicting. */
static unsigned place_beside(struct adit_streams *streams, struct pair *pair,
	const struct adit_segment *segment, uint32_t from, unsigned result)
{
	struct stream *second = pair->second;
	unsigned beside = PLACE_REFUSED;

	/* One that does not follow the first stands at some other place. */
	if (second != NULL && fits(second, from) &&
		(streams->primary->parallel || !(result & PLACE_CONFLICT)))
		beside = place_bytes(streams, &streams->turn[TURN_BESIDE], second, segment, from);
	streams->counters.conflicts += (beside & ~result & PLACE_CONFLICT) != 0;
	if (beside & (PLACE_REFUSED | PLACE_CONFLICT))
		beside = place_anew(streams, pair, segment, from, result & PLACE_CONFLICT);
	return result | beside;
}

/* A SYN that is not that of the first stream: it is tried beside it. */
static unsigned place_syn(
	struct adit_streams *streams, struct pair *pair, const struct adit_segment *segment)
{
	unsigned result = PLACE_TAKEN;

	if (pair->second == NULL || pair->second->initial != segment->sequence)
		begin_beside(streams, pair, segment);
	result |= place_bytes(
		streams, &streams->turn[TURN_BESIDE], pair->second, segment, segment->sequence + 1);
	if (result & PLACE_CONFLICT) {
		streams->counters.conflicts++;
		place_anew(streams, pair, segment, segment->sequence + 1, false);
	}
	return result;
}

static unsigned place_pair(
	struct adit_streams *streams, struct pair *pair, const struct adit_segment *segment)
{
	bool syn = segment->flags & ADIT_SEGMENT_SYN;
	uint32_t from = segment->sequence + syn;
	unsigned result = PLACE_REFUSED;

	if (segment->wire_size == 0 && (!syn || streams->primary->parallel))
		return PLACE_TAKEN;
	/* Both streams are needed where they are. */
	if (streams->primary->parallel && !fits(pair->first, from) && !fits(pair->second, from)) {
		streams->alone = (struct adit_stream_message){
			segment->payload, least(segment->size, RAW_MAX), true, false};
		return PLACE_TAKEN;
	}
	if (syn && segment->sequence != pair->first->initial)
		return place_syn(streams, pair, segment);
	if (segment->wire_size == 0)
		return PLACE_TAKEN;
	if (fits(pair->first, from))
		result = place_bytes(streams, &streams->turn[TURN_OWN], pair->first, segment, from);
	streams->counters.conflicts += (result & PLACE_CONFLICT) != 0;
	if (result & (PLACE_CONFLICT | PLACE_REFUSED))
		return place_beside(streams, pair, segment, from, result);
	if (streams->primary->parallel && fits(pair->second, from))
		result |= place_bytes(
			streams, &streams->turn[TURN_BESIDE], pair->second, segment, from);
	return result;
}

/* Where a stream ends; the first that says so counts, until it goes on behind. */
static void note_fin(
	struct adit_streams *streams, struct stream *stream, uint32_t end, unsigned which)
{
	int32_t ahead;

	if (stream == NULL || stream->has_fin)
		return;
	ahead = sequence_after(end, stream->next);
	if (ahead < 0 || (uint32_t)ahead > ADIT_STREAM_REACH)
		return;
	stream->fin = end;
	stream->has_fin = true;
	streams->turn[which].stream = stream;
}

/* An RST says no more than that the stream may give way: the receiver may not believe it. */
static void note_reset(struct adit_streams *streams, const struct pair *pair, uint32_t sequence)
{
	struct stream *stream = pair->first;

	if (stream != NULL && !fits(stream, sequence))
		stream = pair->second;
	if (stream == NULL || !fits(stream, sequence))
		return;
	count_closed(streams, stream);
	stream_set_closed(streams->shard, stream, true);
}

/* The stream of the segment's direction, found or begun, or NULL where there is none and nothing
 * to read. */
static struct stream *primary_of(struct adit_streams *streams, const struct adit_segment *segment)
{
	struct stream *stream = stream_find(streams, streams->shard, segment->stream);
	bool syn = segment->flags & ADIT_SEGMENT_SYN;

	if (segment->flags & ADIT_SEGMENT_RST || (!syn && segment->wire_size == 0))
		return stream;
	if (stream == NULL) {
		stream = stream_open(streams, streams->shard, segment->stream, segment->client);
		begin(stream, segment);
		/* There may be one beside it still: it went on when this one had ended. */
		stream->paired = stream->swapped = true;
	}
	return stream;
}

enum adit_outcome place_segment(struct adit_streams *streams, const struct adit_segment *segment)
{
	uint32_t end =
		segment->sequence + !!(segment->flags & ADIT_SEGMENT_SYN) + segment->wire_size;
	struct pair pair;
	unsigned result;

	streams->primary = primary_of(streams, segment);
	if (streams->primary == NULL)
		return ADIT_OUTCOME_TCP_DNS;
	pair = pair_of(streams, streams->primary);
	if (segment->flags & ADIT_SEGMENT_RST) {
		note_reset(streams, &pair, segment->sequence);
		return ADIT_OUTCOME_TCP_DNS;
	}
	stream_touch(streams->shard, pair.first);
	if (pair.second != NULL)
		stream_touch(streams->shard, pair.second);
	streams->turn[TURN_OWN].stream = pair.first;
	result = place_pair(streams, &pair, segment);
	if (result & (PLACE_TAKEN | PLACE_CONFLICT) && streams->alone.size == 0)
		past_put(streams, streams->shard, segment->stream, end - segment->wire_size,
			segment->payload, segment->size);
	if (segment->flags & ADIT_SEGMENT_FIN) {
		note_fin(streams, pair.first, end, TURN_OWN);
		note_fin(streams, pair.second, end, TURN_BESIDE);
	}
	return result & (PLACE_TAKEN | PLACE_CONFLICT) ? ADIT_OUTCOME_TCP_DNS
						       : ADIT_OUTCOME_TCP_DNS_REPEATED;
}

static void acknowledged(
	struct adit_streams *streams, struct stream *stream, uint32_t number, unsigned which)
{
	if (stream == NULL || !fits(stream, number))
		return;
	if (stream->heard_ns == 0 || sequence_after(number, stream->acked) > 0)
		stream->acked = number;
	stream->heard_ns = streams->now_ns;
	if (sequence_after(number, stream->base) >= 0)
		set_mark(stream);
	streams->turn[which] = (struct turn){.stream = stream, .opposite = true};
}

void place_acknowledgement(struct adit_streams *streams, const struct adit_segment *segment)
{
	struct stream *primary = stream_find(streams, streams->shard, segment->opposite);
	struct pair pair = pair_of(streams, primary);
	uint32_t number = segment->acknowledged;
	bool starts = segment->flags & ADIT_SEGMENT_SYN;

	if (primary == NULL)
		return;
	if (pair.second != NULL &&
		(starts ? pair.second->syn && number - 1 == pair.second->initial
			: !fits(pair.first, number) && fits(pair.second, number))) {
		primary->swapped = !primary->swapped;
		primary->parallel = false;
		pair = (struct pair){pair.second, pair.first};
		pair.first->wary = false;
	}
	acknowledged(streams, pair.first, number, TURN_OPPOSITE);
	if (primary->parallel && !fits(pair.first, number) && !fits(pair.second, number))
		primary->parallel = false;
	if (primary->parallel)
		acknowledged(streams, pair.second, number, TURN_OPPOSITE_BESIDE);
}

void place_agree(struct adit_streams *streams)
{
	struct stream *primary = streams->primary;
	struct pair pair;

	if (primary == NULL || !primary->parallel)
		return;
	pair = pair_of(streams, primary);
	if (pair.second == NULL)
		return;
	if (pair.second->state == STREAM_READING && is_reading(pair.second) &&
		(pair.first->state >= STREAM_SEARCHING ||
			sequence_after(pair.second->base, pair.first->base) > 0)) {
		primary->swapped = !primary->swapped;
		primary->parallel = pair.first->state != STREAM_RAW;
	} else if (pair.first->base == pair.second->base &&
		   pair.first->state == pair.second->state &&
		   pair.first->next == pair.first->base && pair.second->blocks == 0) {
		primary->parallel = false;
	}
}
