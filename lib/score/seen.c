/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is remembered of domains and servers for longer than their traffic: when a domain was first
 * seen, and how many subscribers use a server. Tables of buckets that forget what was not seen for
 * longest.
 */
#include "seen_priv.h"

#define WAYS 8

struct seen_domain {
	uint64_t key; /* 0: free */
	uint32_t first_slice, last_slice;
};

struct seen_server {
	struct adit_address address;
	uint32_t last_slice, turned;         /* 0: free; day in which the maps were turned */
	struct adit_map subscribers, before; /* of this day, and of the day before */
};

struct adit_seen {
	struct seen_domain *domains;
	struct seen_server *servers;
	uint32_t domain_buckets, server_buckets;
	struct adit_allocator allocator;
};

static uint32_t buckets_of(uint32_t places)
{
	return places / WAYS != 0 ? places / WAYS : 1;
}

size_t adit_seen_bytes(uint32_t domains, uint32_t servers)
{
	return sizeof(struct adit_seen) +
	       (size_t)buckets_of(domains) * WAYS * sizeof(struct seen_domain) +
	       (size_t)buckets_of(servers) * WAYS * sizeof(struct seen_server);
}

struct adit_seen *adit_seen_create(
	uint32_t domains, uint32_t servers, const struct adit_allocator *allocator)
{
	struct adit_seen *seen = adit_alloc(allocator, sizeof(*seen), ADIT_CACHE_LINE);

	if (seen == NULL)
		return NULL;
	seen->allocator = adit_allocator_copy(allocator);
	seen->domain_buckets = buckets_of(domains);
	seen->server_buckets = buckets_of(servers);
	seen->domains = adit_alloc(allocator,
		(size_t)seen->domain_buckets * WAYS * sizeof(*seen->domains), ADIT_CACHE_LINE);
	seen->servers = adit_alloc(allocator,
		(size_t)seen->server_buckets * WAYS * sizeof(*seen->servers), ADIT_CACHE_LINE);
	if (seen->domains == NULL || seen->servers == NULL) {
		adit_seen_destroy(seen);
		return NULL;
	}
	return seen;
}

void adit_seen_destroy(struct adit_seen *seen)
{
	struct adit_allocator copy;

	if (seen == NULL)
		return;
	copy = seen->allocator;
	adit_free(&copy, seen->domains);
	adit_free(&copy, seen->servers);
	adit_free(&copy, seen);
}

void adit_seen_reset(struct adit_seen *seen)
{
	memset(seen->domains, 0, (size_t)seen->domain_buckets * WAYS * sizeof(*seen->domains));
	memset(seen->servers, 0, (size_t)seen->server_buckets * WAYS * sizeof(*seen->servers));
}

uint32_t adit_seen_domain(struct adit_seen *seen, uint64_t key, uint32_t slice)
{
	struct seen_domain *bucket = &seen->domains[(key >> 16) % seen->domain_buckets * WAYS];
	struct seen_domain *oldest = bucket;

	for (int i = 0; i < WAYS; i++) {
		if (bucket[i].key == key) {
			if (bucket[i].last_slice < slice)
				bucket[i].last_slice = slice;
			/* A look may be of a later slice than what is scored next. */
			if (bucket[i].first_slice > slice)
				bucket[i].first_slice = slice;
			return slice - bucket[i].first_slice;
		}
		if (bucket[i].last_slice < oldest->last_slice)
			oldest = &bucket[i];
	}
	*oldest = (struct seen_domain){.key = key, .first_slice = slice, .last_slice = slice};
	return 0;
}

/* FNV-1a: where a server stands; who floods the table with servers only makes it forget. */
static uint32_t address_hash(const struct adit_address *address)
{
	uint32_t hash = 0x811c9dc5u;

	for (int i = 0; i < 16; i++)
		hash = (hash ^ address->bytes[i]) * 0x01000193u;
	return hash ^ hash >> 15;
}

static bool address_same(const struct adit_address *a, const struct adit_address *b)
{
	return a->is_v6 == b->is_v6 && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* A day's subscribers are forgotten after the next: who was in general use once is not for ever. */
static void server_turn(struct seen_server *server, uint32_t day)
{
	if (day <= server->turned)
		return;
	if (day == server->turned + 1)
		server->before = server->subscribers;
	else
		memset(&server->before, 0, sizeof(server->before));
	memset(&server->subscribers, 0, sizeof(server->subscribers));
	server->turned = day;
}

double adit_seen_server(struct adit_seen *seen, const struct adit_address *address,
	uint64_t who_key, uint32_t slice)
{
	struct seen_server *bucket =
		&seen->servers[address_hash(address) % seen->server_buckets * WAYS];
	struct seen_server *at = NULL, *oldest = bucket;
	struct adit_map both;

	for (int i = 0; i < WAYS && at == NULL; i++) {
		if (bucket[i].last_slice != 0 && address_same(&bucket[i].address, address))
			at = &bucket[i];
		else if (bucket[i].last_slice < oldest->last_slice)
			oldest = &bucket[i];
	}
	if (at == NULL) {
		at = oldest;
		*at = (struct seen_server){.address = *address};
	}
	server_turn(at, slice / ADIT_DAY_SLICES);
	at->last_slice = slice;
	adit_map_add(&at->subscribers, (uint32_t)(who_key >> 32));
	both = at->subscribers;
	for (int i = 0; i < ADIT_MAP_WORDS; i++)
		both.bits[i] |= at->before.bits[i];
	return adit_map_number(&both);
}
