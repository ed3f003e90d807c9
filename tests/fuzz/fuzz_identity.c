/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any text is read or refused with a message, never more is held than there is room for, and how
 * a feed is cut into pieces changes nothing. The first byte is the size of the pieces. */
#include "adit_identity.h"

#include <errno.h>
#include <stdlib.h>

#define ROOM 5

struct feed {
	struct adit_identities *identities;
	struct adit_identity_feed *feed;
	int status;
};

static void feed_open(struct feed *feed)
{
	feed->identities = adit_identities_create(ROOM);
	feed->feed = adit_identity_feed_create(feed->identities, "fuzz");
	feed->status = 0;
	if (feed->feed == NULL)
		abort();
}

static void feed_push(struct feed *feed, const uint8_t *data, size_t size)
{
	struct adit_error error = {""};
	int status = adit_identity_feed_push(feed->feed, (const char *)data, size, &error);

	if ((status != 0) != (error.text[0] != '\0') || (status != 0 && status != -EINVAL))
		abort();
	if (adit_identities_counters(feed->identities)->records > ROOM)
		abort();
	if (status != 0)
		feed->status = status;
}

static void feed_close(struct feed *feed)
{
	adit_identity_feed_destroy(feed->feed);
	adit_identities_destroy(feed->identities);
}

static void compare(const struct feed *a, const struct feed *b)
{
	static const struct adit_address addresses[] = {
		{.bytes = {10, 0, 0, 1}}, {.bytes = {0x20, 0x01, 0x0d, 0xb8}, .is_v6 = 1}};

	if (a->status != b->status || memcmp(adit_identities_counters(a->identities),
					      adit_identities_counters(b->identities),
					      sizeof(struct adit_identity_counters)) != 0)
		abort();
	for (unsigned i = 0; i < 16; i++) {
		struct adit_identity_query query = {.address = &addresses[i % 2],
			.tap = i & 2 ? "west" : NULL,
			.vlan = i & 4 ? 7 : 0,
			.has_teid = i & 4,
			.teid = {1, 2},
			.ts_ns = i & 8 ? UINT64_C(1795331982000000000) : 1};
		const struct adit_identity *x = adit_identities_find(a->identities, &query);
		const struct adit_identity *y = adit_identities_find(b->identities, &query);

		if ((x == NULL) != (y == NULL) ||
			(x != NULL && (strcmp(x->imsi, y->imsi) != 0 || strcmp(x->apn, y->apn))))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed whole, pieces;
	size_t piece;

	if (size == 0)
		return 0;
	piece = (size_t)data[0] + 1;
	data++;
	size--;
	feed_open(&whole);
	feed_open(&pieces);
	feed_push(&whole, data, size);
	for (size_t at = 0; at < size; at += piece)
		feed_push(&pieces, data + at, size - at < piece ? size - at : piece);
	compare(&whole, &pieces);
	feed_close(&whole);
	feed_close(&pieces);
	return 0;
}
