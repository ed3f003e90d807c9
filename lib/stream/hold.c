/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bytes into their order: what cannot be dealt with yet stands in a stream's buffer, what came
 * before its turn waits there behind gaps. Of bytes that come twice the first stay, so what is
 * read does not depend on a later copy that says something else.
 *
 * The cost of a segment is its bytes and the ranges; a byte is moved at most five times.
 */
#include "adit_stream.h"
#include "stream_priv.h"

uint32_t hold_size(struct shard *shard, const struct stream *stream)
{
	const struct buffer *buffer = stream_buffer(shard, stream);
	uint32_t size = stream->next - stream->base;

	for (uint32_t i = 0; buffer != NULL && i < buffer->ranges_used; i++)
		size += buffer->ranges[i].to - buffer->ranges[i].from;
	return size;
}

static uint32_t extent(const struct buffer *buffer, const struct stream *stream)
{
	uint32_t end =
		buffer->ranges_used > 0 ? buffer->ranges[buffer->ranges_used - 1].to : stream->next;

	return end - stream->base;
}

/* True if `size` bytes from `base` on find room; moves what is there to the front if it may. */
static bool make_room(
	struct shard *shard, const struct stream *stream, struct buffer *buffer, uint32_t size)
{
	if (size <= BUFFER_SIZE - buffer->head)
		return true;
	if (buffer->head > BUFFER_SLACK) {
		uint8_t *bytes = buffer_bytes(shard, stream);

		memmove(bytes, bytes + buffer->head, extent(buffer, stream));
		buffer->head = 0;
	}
	return size <= BUFFER_SIZE - buffer->head;
}

static void add_start(struct buffer *buffer, const struct stream *stream, uint32_t start)
{
	if (buffer->starts_used == STARTS_MAX) {
		uint32_t kept = 0;

		for (uint32_t i = 0; i < STARTS_MAX; i++)
			if (sequence_after(buffer->starts[i], stream->base) > 0)
				buffer->starts[kept++] = buffer->starts[i];
		buffer->starts_used = kept;
	}
	if (buffer->starts_used < STARTS_MAX)
		buffer->starts[buffer->starts_used++] = start;
}

uint32_t hold_to_start(struct shard *shard, const struct stream *stream, uint32_t size)
{
	const struct buffer *buffer = stream_buffer(shard, stream);

	for (uint32_t i = 0; buffer != NULL && i < buffer->starts_used; i++) {
		int32_t distance = sequence_after(buffer->starts[i], stream->base);

		if (distance > 0)
			size = least(size, (uint32_t)distance);
	}
	return size;
}

/* Takes the ranges that stream->next has reached. */
static void absorb(struct adit_streams *streams, struct stream *stream, struct buffer *buffer)
{
	uint32_t taken = 0;

	while (taken < buffer->ranges_used &&
		sequence_after(buffer->ranges[taken].from, stream->next) <= 0)
		stream->next = buffer->ranges[taken++].to;
	buffer->ranges_used -= taken;
	memmove(buffer->ranges, buffer->ranges + taken,
		buffer->ranges_used * sizeof(*buffer->ranges));
	if (taken > 0)
		buffer->gap_ns = streams->now_ns;
}

int32_t hold_insert(struct adit_streams *streams, struct shard *shard, struct stream *stream,
	uint32_t from, const uint8_t *bytes, uint32_t size)
{
	struct buffer *buffer = stream_buffer(shard, stream);
	struct range joined = {from, from + size};
	uint32_t at = 0, first = 0, last, fresh = 0;
	uint8_t *base;

	if (joined.to - stream->base > BUFFER_SIZE ||
		(buffer != NULL && !make_room(shard, stream, buffer, joined.to - stream->base)))
		return -1;
	if (buffer == NULL) {
		buffer_take(streams, shard, stream);
		buffer = stream_buffer(shard, stream);
	}
	if (buffer->ranges_used == 0)
		buffer->gap_ns = streams->now_ns;
	base = buffer_bytes(shard, stream) + buffer->head + (from - stream->base);
	while (first < buffer->ranges_used && sequence_after(from, buffer->ranges[first].to) > 0)
		first++;
	for (last = first; last < buffer->ranges_used; last++) {
		struct range *range = &buffer->ranges[last];
		int32_t begins = sequence_after(range->from, from);
		int32_t ends = sequence_after(range->to, from);

		if (begins > (int32_t)size)
			break;
		if (begins > (int32_t)at) {
			memcpy(base + at, bytes + at, (uint32_t)begins - at);
			fresh += (uint32_t)begins - at;
		}
		if (begins < 0)
			joined.from = range->from;
		if (ends > (int32_t)at)
			at = (uint32_t)ends;
		if (ends > (int32_t)size)
			joined.to = range->to;
	}
	if (at < size) {
		memcpy(base + at, bytes + at, size - at);
		fresh += size - at;
	}
	memmove(buffer->ranges + first + 1, buffer->ranges + last,
		(buffer->ranges_used - last) * sizeof(joined));
	buffer->ranges_used += 1 + first - last;
	buffer->ranges[first] = joined;
	if (fresh > 0)
		add_start(buffer, stream, from);
	return (int32_t)fresh;
}

void hold_append(struct adit_streams *streams, struct shard *shard, struct stream *stream,
	struct pending *pending)
{
	struct buffer *buffer = stream_buffer(shard, stream);
	uint32_t held = stream->next - stream->base, size = pending->size, passed;

	if (buffer == NULL) {
		buffer_take(streams, shard, stream);
		buffer = stream_buffer(shard, stream);
	}
	if (buffer->ranges_used > 0)
		size = least(size, buffer->ranges[0].from - stream->next);
	if (!make_room(shard, stream, buffer, held + size))
		size = BUFFER_SIZE - buffer->head - held;
	memcpy(buffer_bytes(shard, stream) + buffer->head + held, pending->at, size);
	add_start(buffer, stream, stream->next);
	stream->next += size;
	passed = stream->next;
	absorb(streams, stream, buffer);
	passed = least(size + (stream->next - passed), pending->size);
	pending->at += passed;
	pending->size -= passed;
}

/* Bytes from `upto` to where, as the length of the message in hand says, the next one begins; -1
 * where that is not known or lies before. */
static int32_t known_end(struct shard *shard, const struct stream *stream, uint32_t upto)
{
	uint32_t held = stream->next - stream->base;

	if (stream->state == STREAM_READING && held >= PREFIX_SIZE) {
		const uint8_t *at =
			buffer_bytes(shard, stream) + stream_buffer(shard, stream)->head;

		return sequence_after(stream->base + PREFIX_SIZE + adit_load_be16(at), upto);
	}
	if (stream->state == STREAM_READING || (stream->state == STREAM_SEARCHING && stream->known))
		return held == 0 ? sequence_after(stream->base + stream->skip, upto) : -1;
	return -1;
}

void hold_restart(
	struct adit_streams *streams, struct shard *shard, struct stream *stream, uint32_t upto)
{
	struct buffer *buffer = stream_buffer(shard, stream);

	if (stream->state != STREAM_RAW) {
		int32_t end = known_end(shard, stream, upto);

		stream->state = STREAM_SEARCHING;
		stream->known = end >= 0;
		stream->skip = end >= 0 ? (uint32_t)end : 0;
	}
	stream->whole = false;
	streams->counters.skipped_bytes += stream->next - stream->base;
	if (buffer != NULL)
		buffer->head = buffer->ranges_used > 0 ? buffer->head + (upto - stream->base) : 0;
	stream->base = stream->next = upto;
	if (buffer != NULL)
		absorb(streams, stream, buffer);
}
