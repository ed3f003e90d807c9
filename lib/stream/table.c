/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which streams there are and who has which blocks: tables of fixed size by shard, and who gives
 * way when one is full.
 *
 * Memory: 128 KiB; per shard about 3,300 bytes; per stream 128 + 16, per slot 4 (as many
 * as the power of two at or above the streams); blocks of 512 bytes, 128 per buffer and 8 more;
 * pages of 512 + 72 bytes, as many as the power of two at or above 32 per buffer.
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

static uint32_t power_of_two(uint32_t least)
{
	uint32_t power = 1;

	while (power < least)
		power *= 2;
	return power;
}

static uint32_t blocks_for(uint32_t buffers)
{
	return buffers * BLOCKS_PER_BUFFER + BLOCKS_MORE;
}

size_t adit_streams_bytes(const struct adit_streams_params *params)
{
	size_t stream = sizeof(struct stream) + 2 * sizeof(struct link);
	size_t page = sizeof(struct page) + PAGE_BYTES;

	return sizeof(struct adit_streams) + MESSAGE_MAX + RAW_MAX +
	       params->shards * (sizeof(struct shard) + params->streams * stream +
					power_of_two(params->streams) * sizeof(uint32_t) +
					blocks_for(params->buffers) * sizeof(struct block) +
					power_of_two(params->buffers * PAGES_PER_BUFFER) * page);
}

void adit_streams_reset(struct adit_streams *streams)
{
	memset(streams->turn, 0, sizeof(streams->turn));
	streams->primary = NULL;
	streams->leftover_size = 0;
	streams->alone.size = 0;
	for (uint32_t i = 0; i < streams->params.shards; i++) {
		struct shard *shard = &streams->shards[i];

		memset(shard->slots, 0, (streams->slot_mask + 1) * sizeof(*shard->slots));
		memset(shard->pages, 0, (streams->page_mask + 1) * sizeof(*shard->pages));
		memset(shard->held, 0, sizeof(shard->held));
		shard->streams_used = shard->blocks_used = 0;
		shard->spare = NONE;
		shard->newest_gives_way = false;
		list_clear(&shard->live);
		list_clear(&shard->closed);
		for (uint32_t j = 0; j < ADIT_STREAM_CLASSES; j++)
			list_clear(&shard->holders[j]);
	}
}

struct adit_streams *adit_streams_create(
	const struct adit_streams_params *params, const struct adit_allocator *allocator)
{
	struct adit_streams *streams = adit_alloc(allocator, sizeof(*streams), ADIT_CACHE_LINE);
	size_t shards = params->shards, each = params->streams;
	size_t slots = power_of_two(params->streams), blocks = blocks_for(params->buffers);
	size_t pages = power_of_two(params->buffers * PAGES_PER_BUFFER);

	if (streams == NULL)
		return NULL;
	streams->params = *params;
	streams->allocator = adit_allocator_copy(allocator);
	streams->slot_mask = (uint32_t)slots - 1;
	streams->page_mask = (uint32_t)pages - 1;
	streams->blocks_each = (uint32_t)blocks;
#define MAKE(member, count)            \
	(streams->member = adit_alloc( \
		 allocator, (count) * sizeof(*streams->member), ADIT_CACHE_LINE))
	if (!MAKE(shards, shards) || !MAKE(streams, shards * each) ||
		!MAKE(links, 2 * shards * each) || !MAKE(slots, shards * slots) ||
		!MAKE(blocks, shards * blocks) || !MAKE(pages, shards * pages) ||
		!MAKE(page_bytes, shards * pages * PAGE_BYTES) || !MAKE(scratch, MESSAGE_MAX) ||
		!MAKE(leftover, RAW_MAX)) {
		adit_streams_destroy(streams);
		return NULL;
	}
#undef MAKE
	for (size_t i = 0; i < shards; i++) {
		struct shard *shard = &streams->shards[i];

		shard->streams = streams->streams + i * each;
		shard->links = streams->links + 2 * i * each;
		shard->holder_links = shard->links + each;
		shard->slots = streams->slots + i * slots;
		shard->blocks = streams->blocks + i * blocks;
		shard->pages = streams->pages + i * pages;
		shard->page_bytes = streams->page_bytes + i * pages * PAGE_BYTES;
	}
	adit_streams_reset(streams);
	return streams;
}

void adit_streams_destroy(struct adit_streams *streams)
{
	struct adit_allocator copy, *allocator = &copy;

	if (streams == NULL)
		return;
	copy = streams->allocator;
	adit_free(allocator, streams->shards);
	adit_free(allocator, streams->streams);
	adit_free(allocator, streams->links);
	adit_free(allocator, streams->slots);
	adit_free(allocator, streams->blocks);
	adit_free(allocator, streams->pages);
	adit_free(allocator, streams->page_bytes);
	adit_free(allocator, streams->scratch);
	adit_free(allocator, streams->leftover);
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
	list_remove(list_of(shard, stream), shard->links, number);
}

/* All but its key, its client and its place. */
static void stream_clear(struct stream *stream)
{
	*stream = (struct stream){.key = stream->key,
		.chain = stream->chain,
		.class = stream->class,
		.first = NONE,
		.tail = NONE,
		.last = NONE};
}

static void stream_drop(struct adit_streams *streams, struct shard *shard, struct stream *stream)
{
	streams->counters.skipped_bytes += hold_size(shard, stream);
	hold_clear(shard, stream);
}

/* Where a client stands in the shard; its key may share bits with what chose the shard. */
static uint8_t class_of(uint64_t client)
{
	static_assert(ADIT_STREAM_CLASSES == 256, "eight bits");

	return (uint8_t)(client * UINT64_C(0x9e3779b97f4a7c15) >> 56);
}

struct stream *stream_open(
	struct adit_streams *streams, struct shard *shard, uint64_t key, uint64_t client)
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
	stream->class = class_of(client);
	stream->chain = *slot;
	*slot = number + 1;
	stream_clear(stream);
	list_add(&shard->live, shard->links, number);
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
	uint32_t number = number_of(shard, stream);

	list_touch(list_of(shard, stream), shard->links, number);
	if (stream->blocks > 0)
		list_touch(&shard->holders[stream->class], shard->holder_links, number);
}

void stream_set_closed(struct shard *shard, struct stream *stream, bool closed)
{
	uint32_t number = number_of(shard, stream);

	if (stream->closed == closed)
		return;
	list_remove(list_of(shard, stream), shard->links, number);
	stream->closed = closed;
	list_add(list_of(shard, stream), shard->links, number);
}

/* The class that holds most; `class`, if no other one has more. */
static uint32_t largest_class(const struct shard *shard, uint32_t class)
{
	uint32_t largest = class;

	for (uint32_t i = 0; i < ADIT_STREAM_CLASSES; i++)
		if (shard->held[i] > shard->held[largest])
			largest = i;
	return largest;
}

/*
 * Another stream loses what it holds, of the client that has most. Now the one that has been idle
 * for longest and now the one used last: with the first alone, a client that goes round more
 * streams than there is room for would lose them all, with the second the ones left behind would
 * stay for ever.
 */
static bool make_way(struct adit_streams *streams, struct shard *shard, const struct stream *wants)
{
	uint32_t self = number_of(shard, wants);
	uint32_t class = largest_class(shard, wants->class), number;
	const struct list *holders = &shard->holders[class];
	struct stream *loser;

	number = shard->newest_gives_way ? holders->newest : holders->oldest;
	while (number != NONE && (number == self || &shard->streams[number] == streams->kept))
		number = shard->newest_gives_way ? shard->holder_links[number].older
						 : shard->holder_links[number].newer;
	if (number == NONE)
		return false;
	shard->newest_gives_way = !shard->newest_gives_way;
	loser = &shard->streams[number];
	streams->counters.buffers_taken++;
	hold_drop_waiting(streams, shard, loser);
	if (loser->next != loser->base)
		hold_restart(streams, shard, loser, loser->next);
	return true;
}

uint32_t block_take(struct adit_streams *streams, struct shard *shard, struct stream *stream)
{
	uint32_t number;

	if (shard->spare == NONE && shard->blocks_used < streams->blocks_each) {
		number = shard->blocks_used++;
	} else {
		if (shard->spare == NONE && !make_way(streams, shard, stream))
			return NONE;
		number = shard->spare;
		shard->spare = shard->blocks[number].next;
	}
	shard->held[stream->class]++;
	if (stream->blocks++ == 0)
		list_add(&shard->holders[stream->class], shard->holder_links,
			number_of(shard, stream));
	return number;
}

void block_release(struct shard *shard, struct stream *stream, uint32_t block)
{
	shard->blocks[block].next = shard->spare;
	shard->spare = block;
	shard->held[stream->class]--;
	if (--stream->blocks == 0)
		list_remove(&shard->holders[stream->class], shard->holder_links,
			number_of(shard, stream));
}
