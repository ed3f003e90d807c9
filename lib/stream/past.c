/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The bytes of each direction as they came last, to tell a repetition from another text at the same
 * place. A table of pages of the sequence space: page n of a direction has one place in it, from
 * where a page of another one may push it out. What is not there is not known to be the same.
 *
 * Stream keys are keyed hashes, so who shares a place is nobody's choice.
 */
#include "adit_stream.h"
#include "stream_priv.h"

static uint64_t tag_of(uint64_t key, uint32_t page)
{
	return key + page * UINT64_C(0x9e3779b97f4a7c15);
}

/* Pages that follow each other stand side by side. */
static size_t slot_of(const struct adit_streams *streams, uint64_t key, uint32_t page)
{
	return ((uint32_t)(key ^ key >> 32) + page) & streams->page_mask;
}

/* Bytes up to the end of the page that `from` stands in. */
static uint32_t piece_size(uint32_t from, uint32_t size)
{
	return least(size, PAGE_BYTES - from % PAGE_BYTES);
}

/* The bits of [at, at + size) that stand in word `i`. */
static uint64_t bits_of(uint32_t i, uint32_t at, uint32_t size)
{
	uint32_t from = at > i * 64 ? at - i * 64 : 0, to = least(at + size - i * 64, 64);

	return (to == 64 ? ~UINT64_C(0) : (UINT64_C(1) << to) - 1) & ~UINT64_C(0) << from;
}

static bool is_known(const struct page *page, uint32_t at, uint32_t size)
{
	for (uint32_t i = at / 64; i <= (at + size - 1) / 64; i++)
		if (bits_of(i, at, size) & ~page->known[i])
			return false;
	return true;
}

bool past_same(const struct adit_streams *streams, const struct shard *shard, uint64_t key,
	uint32_t from, const uint8_t *bytes, uint32_t size)
{
	for (uint32_t piece; size > 0; from += piece, bytes += piece, size -= piece) {
		size_t slot = slot_of(streams, key, from / PAGE_BYTES);
		const struct page *page = &shard->pages[slot];
		uint32_t at = from % PAGE_BYTES;

		piece = piece_size(from, size);
		if (page->tag != tag_of(key, from / PAGE_BYTES) || !is_known(page, at, piece) ||
			memcmp(shard->page_bytes + slot * PAGE_BYTES + at, bytes, piece) != 0)
			return false;
	}
	return true;
}

bool past_get(const struct adit_streams *streams, const struct shard *shard, uint64_t key,
	uint32_t from, uint8_t *bytes, uint32_t size)
{
	for (uint32_t piece; size > 0; from += piece, bytes += piece, size -= piece) {
		size_t slot = slot_of(streams, key, from / PAGE_BYTES);
		const struct page *page = &shard->pages[slot];
		uint32_t at = from % PAGE_BYTES;

		piece = piece_size(from, size);
		if (page->tag != tag_of(key, from / PAGE_BYTES) || !is_known(page, at, piece))
			return false;
		memcpy(bytes, shard->page_bytes + slot * PAGE_BYTES + at, piece);
	}
	return true;
}

void past_put(struct adit_streams *streams, struct shard *shard, uint64_t key, uint32_t from,
	const uint8_t *bytes, uint32_t size)
{
	for (uint32_t piece; size > 0; from += piece, bytes += piece, size -= piece) {
		uint64_t tag = tag_of(key, from / PAGE_BYTES);
		size_t slot = slot_of(streams, key, from / PAGE_BYTES);
		struct page *page = &shard->pages[slot];
		uint32_t at = from % PAGE_BYTES;

		piece = piece_size(from, size);
		if (page->tag != tag)
			*page = (struct page){.tag = tag};
		for (uint32_t i = at / 64; i <= (at + piece - 1) / 64; i++)
			page->known[i] |= bits_of(i, at, piece);
		memcpy(shard->page_bytes + slot * PAGE_BYTES + at, bytes, piece);
	}
}
