/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whoever sends a first piece to some other port, the rest of a query, and then the query's first
 * piece, is understood by a receiver that the decoy never reached. So what comes behind a first
 * piece that is no DNS is kept for ADIT_FRAGMENT_AGAIN_NS, in a ring that overwrites itself: of
 * ordinary fragments nothing is ever taken from it, and writing is all that they cost.
 *
 * Memory: 2 KiB for each datagram that may wait, at least two of the largest pieces.
 */
#include "kept_priv.h"

#define PER_DATAGRAM 2048u
#define ALIGN        8u

struct head {
	uint64_t before, ts_ns;
	uint32_t size, offset;
	bool more;
};

#define LARGEST ((sizeof(struct head) + ADIT_DATAGRAM_MAX + ALIGN - 1) / ALIGN * ALIGN)

size_t kept_bytes(uint32_t datagrams)
{
	size_t bytes = (size_t)datagrams * PER_DATAGRAM;

	return bytes > 2 * LARGEST ? bytes : 2 * LARGEST;
}

void kept_init(struct kept *kept, uint8_t *bytes, uint32_t datagrams)
{
	kept->bytes = bytes;
	kept->size = kept_bytes(datagrams);
	kept->next = kept->size;
}

void kept_add(struct kept *kept, struct tails *tails, const struct piece *piece, uint64_t now_ns)
{
	const struct head head = {.before = tails->last,
		.ts_ns = now_ns,
		.size = piece->size,
		.offset = piece->offset,
		.more = piece->more};
	uint64_t size = (sizeof(head) + piece->size + ALIGN - 1) / ALIGN * ALIGN;
	uint64_t left = kept->size - kept->next % kept->size;
	uint8_t *at;

	if (tails->count == ADIT_FRAGMENT_MAX)
		return;
	/* In one place, not around the end. */
	if (size > left)
		kept->next += left;
	at = kept->bytes + kept->next % kept->size;
	memcpy(at, &head, sizeof(head));
	memcpy(at + sizeof(head), piece->data, piece->size);
	tails->last = kept->next;
	tails->count++;
	kept->next += size;
}

bool kept_take(const struct kept *kept, struct tails *tails, struct piece *piece, uint64_t now_ns)
{
	const uint8_t *at = kept->bytes + tails->last % kept->size;
	struct head head;

	if (tails->last == 0 || kept->next - tails->last > kept->size)
		return false;
	memcpy(&head, at, sizeof(head));
	if (now_ns - head.ts_ns > ADIT_FRAGMENT_AGAIN_NS)
		return false;
	*piece = (struct piece){.data = at + sizeof(head),
		.size = head.size,
		.offset = head.offset,
		.more = head.more};
	tails->last = head.before;
	tails->count--;
	return true;
}
