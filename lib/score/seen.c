/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is remembered of domains and servers for longer than their traffic: when a domain was first
 * seen, and how many subscribers use a server. Tables of buckets that forget what was not seen for
 * longest.
 */
#include "seen_priv.h"

#include "state_priv.h"

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

#define SECTION_DOMAINS "domains"
#define SECTION_SERVERS "servers"
#define SECTION_VERSION 1

static void domain_code(struct adit_state_io *io, struct seen_domain *domain)
{
	adit_state_u64(io, &domain->key);
	adit_state_u32(io, &domain->first_slice);
	adit_state_u32(io, &domain->last_slice);
	if (domain->key == 0)
		adit_state_refuse(io, "the key of a domain is not 0");
}

static void server_code(struct adit_state_io *io, struct seen_server *server)
{
	adit_address_code(io, &server->address);
	adit_state_u32(io, &server->last_slice);
	adit_state_u32(io, &server->turned);
	adit_map_code(io, &server->subscribers);
	adit_map_code(io, &server->before);
	if (server->last_slice == 0)
		adit_state_refuse(io, "the last slice of a server is not 0");
}

size_t adit_seen_state_bytes(uint32_t domains, uint32_t servers)
{
	return 2 * ADIT_STATE_MARK_BYTES + adit_seen_bytes(domains, servers);
}

void adit_seen_save(struct adit_seen *seen, struct adit_state_io *io)
{
	uint64_t count = 0;

	adit_state_save_section(io, SECTION_DOMAINS, SECTION_VERSION);
	for (uint32_t i = 0; i < seen->domain_buckets * WAYS; i++) {
		if (seen->domains[i].key == 0)
			continue;
		domain_code(io, &seen->domains[i]);
		count++;
	}
	adit_state_save_section_end(io, count);
	count = 0;
	adit_state_save_section(io, SECTION_SERVERS, SECTION_VERSION);
	for (uint32_t i = 0; i < seen->server_buckets * WAYS; i++) {
		if (seen->servers[i].last_slice == 0)
			continue;
		server_code(io, &seen->servers[i]);
		count++;
	}
	adit_state_save_section_end(io, count);
}

/* A free place of the bucket, else that of the domain which was not seen for longest. */
static void domain_put(
	struct adit_seen *seen, const struct seen_domain *domain, struct adit_state_left *left)
{
	struct seen_domain *bucket =
		&seen->domains[(domain->key >> 16) % seen->domain_buckets * WAYS];
	struct seen_domain *oldest = bucket;

	for (int i = 1; i < WAYS && oldest->key != 0; i++)
		if (bucket[i].key == 0 || bucket[i].last_slice < oldest->last_slice)
			oldest = &bucket[i];
	left->domains += oldest->key != 0;
	if (oldest->key == 0 || oldest->last_slice < domain->last_slice)
		*oldest = *domain;
}

static void server_put(
	struct adit_seen *seen, const struct seen_server *server, struct adit_state_left *left)
{
	struct seen_server *bucket =
		&seen->servers[address_hash(&server->address) % seen->server_buckets * WAYS];
	struct seen_server *oldest = bucket;

	for (int i = 1; i < WAYS && oldest->last_slice != 0; i++)
		if (bucket[i].last_slice < oldest->last_slice)
			oldest = &bucket[i];
	left->servers += oldest->last_slice != 0;
	if (oldest->last_slice < server->last_slice)
		*oldest = *server;
}

int adit_seen_load(struct adit_seen *seen, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error)
{
	struct seen_domain domain = {0};
	struct seen_server server = {.turned = 0};
	struct adit_state_io io;
	int status = adit_state_load(file, SECTION_DOMAINS, SECTION_VERSION, &io, error);

	if (status != 0)
		return status;
	for (uint64_t i = 0; i < io.entries; i++) {
		domain_code(&io, &domain);
		if (io.failed)
			break;
		domain_put(seen, &domain, left);
	}
	status = adit_state_load_end(file, &io, error);
	if (status == 0)
		status = adit_state_load(file, SECTION_SERVERS, SECTION_VERSION, &io, error);
	if (status != 0)
		return status;
	for (uint64_t i = 0; i < io.entries; i++) {
		server_code(&io, &server);
		if (io.failed)
			break;
		server_put(seen, &server, left);
	}
	return adit_state_load_end(file, &io, error);
}
