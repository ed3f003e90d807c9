/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the stages share. Private to lib/pipeline.
 */
#ifndef ADIT_PIPELINE_PRIV_H
#define ADIT_PIPELINE_PRIV_H

#include "adit_lanes.h"
#include "adit_pipeline.h"

/* What was seen a moment ago: per shard, buckets of one cache line with 8 places: tag, and time in
 * units of 16.4 us, which takes 19 hours to come round. A full bucket forgets the oldest. */
#define ADIT_DUPLICATE_BUCKETS   512 /* per shard */
#define ADIT_DUPLICATE_TICK_BITS 14
struct adit_duplicate_bucket {
	uint32_t tag[ADIT_LANES]; /* 0: empty */
	uint32_t time[ADIT_LANES];
} ADIT_CACHE_ALIGNED;
static_assert(sizeof(struct adit_duplicate_bucket) == ADIT_CACHE_LINE, "a bucket is one line");
struct adit_duplicates {
	struct adit_duplicate_bucket *buckets;
	uint32_t window; /* in these units */
	bool used;
};

static inline struct adit_duplicate_bucket *adit_duplicate_bucket(
	const struct adit_duplicates *duplicates, uint32_t shard, uint64_t digest)
{
	return &duplicates->buckets[(size_t)shard * ADIT_DUPLICATE_BUCKETS +
				    digest % ADIT_DUPLICATE_BUCKETS];
}

/* What is known of a name, half a cache line; the newer of a line's two stands first. */
#define ADIT_MEMO_WAYS 2
struct adit_known {
	uint64_t key; /* hash of the name as it came; 0: none */
	uint64_t domain_key;
	uint32_t name_hash, classes;
	uint8_t info_bytes, whole_bytes; /* as those of struct adit_event, as what follows */
	uint8_t registrable_at, labels, label_max, subdomain_length;
	bool unzoned;
	bool scanned; /* `classes` is set */
};
static_assert(sizeof(struct adit_known) == ADIT_CACHE_LINE / ADIT_MEMO_WAYS, "half a line");
struct adit_memo_line {
	struct adit_known known[ADIT_MEMO_WAYS];
} ADIT_CACHE_ALIGNED;
struct adit_memo {
	struct adit_memo_line *lines;
	uint32_t mask;
};

/* For at least so many names: a power of two. */
uint32_t adit_memo_lines(uint32_t names);
void adit_memo_prefetch(const struct adit_memo *memo, uint64_t key);
/* NULL: nothing is known. What is found stays in place until the next call. */
struct adit_known *adit_memo_find(struct adit_memo *memo, uint64_t key);
/* A place for what will be known of a name that was not found. */
struct adit_known *adit_memo_add(struct adit_memo *memo, uint64_t key);

/* What makes a packet the same as one before: subscriber, server, ports, the size, the IPv4
 * identification or over IPv6 the checksum, of a TCP segment sequence and acknowledgement, and the
 * payload (of encrypted DNS its beginning). The TTL and what else changes from leg to leg is left
 * out. That is the digest of this seed and as many bytes of the payload as are returned. */
uint16_t adit_duplicate_seed(const struct adit_frame *frame, const struct adit_packet *packet,
	uint64_t who_key, struct adit_hash_seed *seed);

/* What makes a message the same as one before: subscriber, direction, name, type, and of a response
 * its answers and rcode. Identification and ports are left out: resolvers' clients repeat with new
 * ones. Not for messages with bytes beside those.
 */
uint64_t adit_repetition_digest(const struct adit_hash_key *key, uint64_t who_key,
	const struct adit_event *event, uint16_t qtype);

/* Whether it came within the window before; remembers it. */
bool adit_duplicate_seen(
	struct adit_duplicates *duplicates, uint32_t shard, uint64_t digest, uint64_t ts_ns);

/* Size of the innermost IP packet on the wire. */
uint32_t adit_ip_bytes(const struct adit_frame *frame, const struct adit_packet *packet);

/* Finds out what a name says: registrable domain, lengths, character classes, information, hashes;
 * all of *known but the key and the classes. */
void adit_name_profile(const struct adit_pipeline_params *params, const struct adit_name *name,
	struct adit_known *known);

/* Group of a query type. */
enum adit_type_group adit_type_group_of(uint16_t type);
/* Whether answers of a group can carry data of the server's choice. */
bool adit_type_group_payload(enum adit_type_group group);

/* A DNS message, or bytes that should be one, on its way through the stages. */
struct item {
	const struct adit_frame *frame;
	const struct adit_packet *packet;
	const uint8_t *payload;
	uint64_t who_key, digest;
	uint32_t size;  /* of the payload */
	uint32_t shard; /* among the worker's own */
	bool packet_up; /* the packet goes from the client to the server */
	bool up;        /* the message does: over TCP, a packet may set free what went before */
	bool unscanned; /* no signature was looked for in its name */
	enum adit_outcome outcome;
	/* Filled by the stages; what stands above is copied when packets before it end. */
	struct adit_subscriber who;
	struct adit_address server;
	uint64_t name_key; /* of the name as it came */
	struct adit_event event;
	struct adit_answers answers;
	struct adit_dns dns;
};
#define ITEM_HEAD offsetof(struct item, who)

struct adit_pipeline {
	struct adit_pipeline_counters counters;
	struct adit_pipeline_params params;
	struct adit_scanner *scanner; /* NULL: no signatures */
	struct adit_scanner *first;   /* the one that was made with the pipeline */
	struct adit_streams *streams;
	struct adit_duplicates duplicates, repetitions;
	struct adit_memo memo;
	uint64_t salt; /* of the keys of names: with another, nothing is known of any */
	struct adit_tracks *tracks;
	uint64_t *witness; /* NULL: not asked for */
	struct adit_allocator allocator;
	struct adit_scan_name names[ADIT_BURST_MAX];
	/* Of the digests of items, on their way. */
	struct adit_hash_seed seeds[ADIT_BURST_MAX] ADIT_CACHE_ALIGNED;
	uint16_t sizes[ADIT_BURST_MAX];
	struct item items[ADIT_BURST_MAX];
	/* Queries among the items, then responses: what is read of one says nothing of another, and
	 * a branch that tells one from the other at every turn is guessed wrong as often as not. */
	uint8_t order[ADIT_BURST_MAX];
};

#endif
