/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bytes into their order: what cannot be dealt with yet stands in blocks of its stream, in the
 * order of its numbers; what came before its turn waits there behind gaps. Of bytes that come
 * twice the first stay here; that the second ones differ is told.
 *
 * The cost of a segment is its bytes and the blocks that wait. A byte is moved at most twice
 * before it is handed out, so that those in order lie close.
 */
#include "adit_stream.h"
#include "stream_priv.h"

static uint32_t end_of(const struct block *block)
{
	return block->from + block->used;
}

uint32_t hold_size(const struct shard *shard, const struct stream *stream)
{
	uint32_t size = stream->next - stream->base;

	for (uint32_t at = waiting_first(shard, stream); at != NONE; at = shard->blocks[at].next)
		size += shard->blocks[at].used;
	return size;
}

uint32_t hold_gather(
	const struct shard *shard, const struct stream *stream, uint8_t *to, uint32_t room)
{
	uint32_t copied = 0;

	for (uint32_t at = stream->first; at != NONE && copied < room;
		at = shard->blocks[at].next) {
		const struct block *block = &shard->blocks[at];
		int32_t done = sequence_after(stream->base, block->from);
		uint32_t head = done > 0 ? (uint32_t)done : 0;
		uint32_t size = least(block->used - head, room - copied);

		memcpy(to + copied, block->bytes + head, size);
		copied += size;
	}
	return copied;
}

void hold_copy(const struct shard *shard, const struct stream *stream, uint8_t *to, uint32_t size)
{
	uint32_t copied = hold_gather(shard, stream, to, size);

	assert(copied == size);
	(void)copied;
}

bool hold_differs(const struct shard *shard, const struct stream *stream, uint32_t from,
	const uint8_t *bytes, uint32_t size)
{
	for (uint32_t at = waiting_first(shard, stream); at != NONE; at = shard->blocks[at].next) {
		const struct block *block = &shard->blocks[at];
		int32_t ahead = sequence_after(block->from, from);
		uint32_t there = ahead < 0 ? (uint32_t)-ahead : 0;
		uint32_t here = ahead > 0 ? (uint32_t)ahead : 0;

		if (here >= size)
			return false;
		if (there < block->used && memcmp(block->bytes + there, bytes + here,
						   least(block->used - there, size - here)) != 0)
			return true;
	}
	return false;
}

/* Links a block in behind `before`; NONE: in front of all. */
static void link_in(
	struct shard *shard, struct stream *stream, uint32_t before, uint32_t number, uint32_t from)
{
	uint32_t *place = before == NONE ? &stream->first : &shard->blocks[before].next;

	shard->blocks[number].next = *place;
	shard->blocks[number].from = from;
	shard->blocks[number].used = 0;
	*place = number;
	if (stream->last == before)
		stream->last = number;
}

/* Takes out the block behind `before`. */
static void take_out(struct shard *shard, struct stream *stream, uint32_t before)
{
	uint32_t *place = before == NONE ? &stream->first : &shard->blocks[before].next;
	uint32_t number = *place;

	*place = shard->blocks[number].next;
	if (stream->last == number)
		stream->last = before;
	block_release(shard, stream, number);
}

/* Bytes that nobody has, behind `*before` and at once behind it if it ends there. Returns how many
 * of them found room. */
static uint32_t fill(struct adit_streams *streams, struct shard *shard, struct stream *stream,
	uint32_t *before, uint32_t from, const uint8_t *bytes, uint32_t size)
{
	uint32_t done = 0;

	while (done < size) {
		struct block *block = *before == NONE ? NULL : &shard->blocks[*before];
		uint32_t piece;

		if (block == NULL || end_of(block) != from + done || block->used == BLOCK_BYTES) {
			uint32_t number = stream->blocks < ADIT_STREAM_WAITING
						  ? block_take(streams, shard, stream)
						  : NONE;

			if (number == NONE)
				break;
			link_in(shard, stream, *before, number, from + done);
			*before = number;
			block = &shard->blocks[number];
		}
		piece = least(size - done, (uint32_t)BLOCK_BYTES - block->used);
		memcpy(block->bytes + block->used, bytes + done, piece);
		block->used = (uint16_t)(block->used + piece);
		done += piece;
	}
	return done;
}

unsigned hold_insert(struct adit_streams *streams, struct shard *shard, struct stream *stream,
	uint32_t from, const uint8_t *bytes, uint32_t size)
{
	uint32_t before = stream->tail, at = waiting_first(shard, stream), done = 0;
	unsigned result = 0;

	if (at == NONE)
		stream->gap_ns = streams->now_ns;
	else if (sequence_after(from, end_of(&shard->blocks[stream->last])) >= 0)
		before = stream->last, at = NONE;
	while (done < size) {
		const struct block *block = at == NONE ? NULL : &shard->blocks[at];
		int32_t ahead =
			block == NULL ? INT32_MAX : sequence_after(block->from, from + done);
		uint32_t piece = least(size - done, ahead > 0 ? (uint32_t)ahead : 0), there;

		if (piece > 0) {
			uint32_t filled = fill(
				streams, shard, stream, &before, from + done, bytes + done, piece);

			if (filled > 0)
				result |= PLACE_TAKEN;
			if (filled < piece)
				return result | PLACE_REFUSED;
			done += piece;
			continue;
		}
		there = (uint32_t)-ahead;
		if (there < block->used) {
			piece = least(size - done, block->used - there);
			if (memcmp(block->bytes + there, bytes + done, piece) != 0)
				result |= PLACE_CONFLICT;
			done += piece;
		}
		before = at;
		at = block->next;
	}
	return result;
}

/* Moves what waits first behind the rest in order, as far as there is room in its last block. */
static void close_up(struct shard *shard, struct stream *stream, uint32_t number)
{
	struct block *block = &shard->blocks[number], *tail;
	uint32_t moved;

	stream->next = end_of(block);
	if (stream->tail == NONE) {
		stream->tail = number;
		return;
	}
	tail = &shard->blocks[stream->tail];
	moved = least(block->used, (uint32_t)BLOCK_BYTES - tail->used);
	memcpy(tail->bytes + tail->used, block->bytes, moved);
	tail->used = (uint16_t)(tail->used + moved);
	if (moved == block->used) {
		take_out(shard, stream, stream->tail);
		return;
	}
	block->used = (uint16_t)(block->used - moved);
	block->from += moved;
	memmove(block->bytes, block->bytes + moved, block->used);
	stream->tail = number;
}

void hold_absorb(struct adit_streams *streams, struct shard *shard, struct stream *stream)
{
	uint32_t at;

	while ((at = waiting_first(shard, stream)) != NONE &&
		shard->blocks[at].from == stream->next) {
		close_up(shard, stream, at);
		stream->gap_ns = streams->now_ns;
	}
}

/* A block for bytes in order: they go before all that waits. What does not find room for all that
 * is a message's beginning in hand, which is passed over. */
static uint32_t take_in_order(
	struct adit_streams *streams, struct shard *shard, struct stream *stream)
{
	uint32_t number = block_take(streams, shard, stream);

	if (number != NONE)
		return number;
	streams->counters.buffers_taken++;
	hold_drop_waiting(streams, shard, stream);
	number = block_take(streams, shard, stream);
	if (number == NONE)
		hold_restart(streams, shard, stream, stream->next);
	return number;
}

void hold_append(struct adit_streams *streams, struct shard *shard, struct stream *stream,
	const uint8_t *bytes, uint32_t size)
{
	while (size > 0) {
		uint32_t piece;
		struct block *tail;

		if (stream->tail == NONE || shard->blocks[stream->tail].used == BLOCK_BYTES) {
			uint32_t number = take_in_order(streams, shard, stream);

			if (number == NONE)
				return;
			link_in(shard, stream, stream->tail, number, stream->next);
			stream->tail = number;
		}
		tail = &shard->blocks[stream->tail];
		piece = least(size, (uint32_t)BLOCK_BYTES - tail->used);
		memcpy(tail->bytes + tail->used, bytes, piece);
		tail->used = (uint16_t)(tail->used + piece);
		stream->next += piece;
		bytes += piece;
		size -= piece;
	}
	hold_absorb(streams, shard, stream);
}

void hold_consume(struct shard *shard, struct stream *stream, uint32_t size)
{
	stream->base += size;
	while (stream->tail != NONE &&
		sequence_after(end_of(&shard->blocks[stream->first]), stream->base) <= 0) {
		if (stream->first == stream->tail)
			stream->tail = NONE;
		take_out(shard, stream, NONE);
	}
}

/* Bytes from `upto` to where, as the length of the message in hand says, the next one begins; -1
 * where that is not known or lies before. */
static int32_t known_end(const struct shard *shard, const struct stream *stream, uint32_t upto)
{
	uint32_t held = stream->next - stream->base;

	if (stream->state == STREAM_READING && held >= PREFIX_SIZE) {
		uint8_t prefix[PREFIX_SIZE];

		hold_copy(shard, stream, prefix, sizeof(prefix));
		return sequence_after(stream->base + PREFIX_SIZE + adit_load_be16(prefix), upto);
	}
	if (stream->state == STREAM_READING || (stream->state == STREAM_SEARCHING && stream->known))
		return held == 0 ? sequence_after(stream->base + stream->skip, upto) : -1;
	return -1;
}

void hold_restart(
	struct adit_streams *streams, struct shard *shard, struct stream *stream, uint32_t upto)
{
	if (stream->state != STREAM_RAW) {
		int32_t end = known_end(shard, stream, upto);

		stream->state = STREAM_SEARCHING;
		stream->known = end >= 0;
		stream->skip = end >= 0 ? (uint32_t)end : 0;
	}
	stream->whole = stream->marked = false;
	streams->counters.skipped_bytes += stream->next - stream->base;
	hold_consume(shard, stream, stream->next - stream->base);
	stream->base = stream->next = upto;
	hold_absorb(streams, shard, stream);
}

void hold_fork_waiting(struct adit_streams *streams, struct shard *shard,
	const struct stream *stream, struct stream *other, uint32_t from, uint32_t to)
{
	for (uint32_t at = waiting_first(shard, stream); at != NONE; at = shard->blocks[at].next) {
		const struct block *block = &shard->blocks[at];
		int32_t before = sequence_after(from, block->from);
		int32_t behind = sequence_after(end_of(block), to);

		if (before > 0 && sequence_after(block->from, other->next) > 0)
			hold_insert(streams, shard, other, block->from, block->bytes,
				least((uint32_t)before, block->used));
		if (behind > 0) {
			uint32_t size = least((uint32_t)behind, block->used);

			hold_insert(streams, shard, other, end_of(block) - size,
				block->bytes + block->used - size, size);
		}
	}
}

void hold_drop_waiting(struct adit_streams *streams, struct shard *shard, struct stream *stream)
{
	uint32_t at;

	while ((at = waiting_first(shard, stream)) != NONE) {
		streams->counters.skipped_bytes += shard->blocks[at].used;
		take_out(shard, stream, stream->tail);
	}
}

void hold_clear(struct shard *shard, struct stream *stream)
{
	while (stream->first != NONE)
		take_out(shard, stream, NONE);
	stream->tail = NONE;
	stream->base = stream->next;
}
