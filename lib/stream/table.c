/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which streams and buffers there are: tables of fixed size by shard, a list by last use for each,
 * and who gives way when one is full.
 *
 * Memory: per shard 96 to 104 bytes, per stream 72, per slot 4 (as many as the power of two at or
 * above the streams), per buffer 82,344.
 */
#include "adit_stream.h"
#include "stream_priv.h"

static void list_clear(struct list *list)
{
	list->oldest = list->newest = NONE;
}

static void list_remove(struct list *list, struct link *links, uint32_t at)
{
	struct link *link = &links[at];

	*(link->older == NONE ? &list->oldest : &links[link->older].newer) = link->newer;
	*(link->newer == NONE ? &list->newest : &links[link->newer].older) = link->older;
}

static void list_add(struct list *list, struct link *links, uint32_t at)
{
	links[at] = (struct link){.older = list->newest, .newer = NONE};
	*(list->newest == NONE ? &list->oldest : &links[list->newest].newer) = at;
	list->newest = at;
}

static uint32_t slots_for(uint32_t streams)
{
	uint32_t slots = 1;

	while (slots < streams)
		slots *= 2;
	return slots;
}

size_t adit_streams_bytes(const struct adit_streams_params *params)
{
	size_t stream = sizeof(struct stream) + sizeof(struct link);
	size_t buffer = sizeof(struct buffer) + sizeof(struct link) + BUFFER_SIZE;

	return sizeof(struct adit_streams) +
	       params->shards * (sizeof(struct shard) + params->streams * stream +
					slots_for(params->streams) * sizeof(uint32_t) +
					params->buffers * buffer);
}

void adit_streams_reset(struct adit_streams *streams)
{
	const struct adit_streams_params *params = &streams->params;

	memset(streams->turn, 0, sizeof(streams->turn));
	for (uint32_t i = 0; i < params->shards; i++) {
		struct shard *shard = &streams->shards[i];

		memset(shard->slots, 0, (streams->slot_mask + 1) * sizeof(*shard->slots));
		shard->streams_used = shard->buffers_used = 0;
		list_clear(&shard->live);
		list_clear(&shard->closed);
		list_clear(&shard->taken);
		list_clear(&shard->spare);
	}
}

struct adit_streams *adit_streams_create(
	const struct adit_streams_params *params, const struct adit_allocator *allocator)
{
	struct adit_streams *streams = adit_alloc(allocator, sizeof(*streams), ADIT_CACHE_LINE);
	size_t shards = params->shards, slots = slots_for(params->streams);
	size_t all = shards * params->streams, buffers = shards * params->buffers;

	if (streams == NULL)
		return NULL;
	streams->params = *params;
	streams->has_allocator = allocator != NULL;
	if (allocator != NULL)
		streams->allocator = *allocator;
	streams->slot_mask = (uint32_t)slots - 1;
#define MAKE(member, count)            \
	(streams->member = adit_alloc( \
		 allocator, (count) * sizeof(*streams->member), ADIT_CACHE_LINE))
	if (!MAKE(shards, shards) || !MAKE(streams, all) || !MAKE(links, all + buffers) ||
		!MAKE(slots, shards * slots) || !MAKE(buffers, buffers) ||
		!MAKE(bytes, buffers * BUFFER_SIZE)) {
		adit_streams_destroy(streams);
		return NULL;
	}
#undef MAKE
	for (uint32_t i = 0; i < shards; i++)
		streams->shards[i] = (struct shard){
			.streams = streams->streams + (size_t)i * params->streams,
			.stream_links = streams->links + (size_t)i * params->streams,
			.slots = streams->slots + i * slots,
			.buffers = streams->buffers + (size_t)i * params->buffers,
			.buffer_links = streams->links + all + (size_t)i * params->buffers,
			.bytes = streams->bytes + (size_t)i * params->buffers * BUFFER_SIZE,
		};
	adit_streams_reset(streams);
	return streams;
}

void adit_streams_destroy(struct adit_streams *streams)
{
	struct adit_allocator copy;
	const struct adit_allocator *allocator = NULL;

	if (streams == NULL)
		return;
	if (streams->has_allocator) {
		copy = streams->allocator;
		allocator = &copy;
	}
	adit_free(allocator, streams->shards);
	adit_free(allocator, streams->streams);
	adit_free(allocator, streams->links);
	adit_free(allocator, streams->slots);
	adit_free(allocator, streams->buffers);
	adit_free(allocator, streams->bytes);
	adit_free(allocator, streams);
}

const struct adit_streams_counters *adit_streams_counters(const struct adit_streams *streams)
{
	return &streams->counters;
}

static uint32_t number_of(const struct shard *shard, const struct stream *stream)
{
	return (uint32_t)(stream - shard->streams);
}

static struct list *list_of(struct shard *shard, const struct stream *stream)
{
	return stream->closed ? &shard->closed : &shard->live;
}

struct stream *stream_find(struct adit_streams *streams, struct shard *shard, uint64_t key)
{
	uint32_t at = shard->slots[key & streams->slot_mask];

	while (at != 0 && shard->streams[at - 1].key != key)
		at = shard->streams[at - 1].chain;
	return at != 0 ? &shard->streams[at - 1] : NULL;
}

static void stream_unlink(struct adit_streams *streams, struct shard *shard, struct stream *stream)
{
	uint32_t number = number_of(shard, stream);
	uint32_t *at = &shard->slots[stream->key & streams->slot_mask];

	while (*at != number + 1)
		at = &shard->streams[*at - 1].chain;
	*at = stream->chain;
	list_remove(list_of(shard, stream), shard->stream_links, number);
}

/* All but its key and its place. */
static void stream_clear(struct stream *stream)
{
	*stream = (struct stream){.key = stream->key, .chain = stream->chain, .buffer = NONE};
}

static void stream_drop(struct adit_streams *streams, struct shard *shard, struct stream *stream)
{
	streams->counters.skipped_bytes += hold_size(shard, stream);
	buffer_release(shard, stream);
}

struct stream *stream_open(struct adit_streams *streams, struct shard *shard, uint64_t key)
{
	uint32_t *slot = &shard->slots[key & streams->slot_mask];
	struct stream *stream;
	uint32_t number;

	if (shard->streams_used < streams->params.streams) {
		number = shard->streams_used++;
		stream = &shard->streams[number];
	} else {
		number = shard->closed.oldest;
		if (number == NONE) {
			number = shard->live.oldest;
			streams->counters.evicted++;
		}
		stream = &shard->streams[number];
		stream_drop(streams, shard, stream);
		stream_unlink(streams, shard, stream);
	}
	stream->key = key;
	stream->chain = *slot;
	*slot = number + 1;
	stream_clear(stream);
	list_add(&shard->live, shard->stream_links, number);
	streams->counters.opened++;
	return stream;
}

void stream_renew(struct adit_streams *streams, struct shard *shard, struct stream *stream)
{
	stream_drop(streams, shard, stream);
	stream_set_closed(shard, stream, false);
	stream_clear(stream);
	streams->counters.opened++;
}

static void list_touch(struct list *list, struct link *links, uint32_t at)
{
	if (list->newest == at)
		return;
	list_remove(list, links, at);
	list_add(list, links, at);
}

void stream_touch(struct shard *shard, struct stream *stream)
{
	list_touch(list_of(shard, stream), shard->stream_links, number_of(shard, stream));
	if (stream->buffer != NONE)
		list_touch(&shard->taken, shard->buffer_links, stream->buffer);
}

void stream_set_closed(struct shard *shard, struct stream *stream, bool closed)
{
	uint32_t number = number_of(shard, stream);

	if (stream->closed == closed)
		return;
	list_remove(list_of(shard, stream), shard->stream_links, number);
	stream->closed = closed;
	list_add(list_of(shard, stream), shard->stream_links, number);
}

void buffer_take(struct adit_streams *streams, struct shard *shard, struct stream *stream)
{
	uint32_t number = shard->spare.newest;
	struct buffer *buffer;

	if (number != NONE) {
		list_remove(&shard->spare, shard->buffer_links, number);
	} else if (shard->buffers_used < streams->params.buffers) {
		number = shard->buffers_used++;
	} else {
		struct stream *loser;

		number = shard->taken.oldest;
		loser = &shard->streams[shard->buffers[number].owner];
		streams->counters.buffers_taken++;
		streams->counters.skipped_bytes +=
			hold_size(shard, loser) - (loser->next - loser->base);
		shard->buffers[number].ranges_used = 0;
		if (loser->next != loser->base)
			hold_restart(streams, shard, loser, loser->next);
		list_remove(&shard->taken, shard->buffer_links, number);
		loser->buffer = NONE;
	}
	buffer = &shard->buffers[number];
	buffer->owner = number_of(shard, stream);
	buffer->head = buffer->ranges_used = buffer->starts_used = 0;
	stream->buffer = number;
	list_add(&shard->taken, shard->buffer_links, number);
}

void buffer_release(struct shard *shard, struct stream *stream)
{
	if (stream->buffer == NONE)
		return;
	list_remove(&shard->taken, shard->buffer_links, stream->buffer);
	list_add(&shard->spare, shard->buffer_links, stream->buffer);
	stream->buffer = NONE;
}
