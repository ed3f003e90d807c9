/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a worker counts in a slice: for each of its shards a table by registrable domain, by
 * subscriber × domain, by subscriber × server, by subscriber, and by subscriber × way of encrypting
 * DNS. The third holds those who asked a server for what has no zone to be judged by, or sent it
 * what is no DNS; the fourth makes sessions; the last is counted and not judged. A window is all of
 * them; it is filled by one worker, sealed, handed by pointer to the scoring core, read there and
 * given back.
 *
 * Memory is fixed at creation (adit_window_bytes): per row 64 bytes, its index slots (32 to 64),
 * what is left of its weight, and a side record of 256 (domain) or 448 bytes (the others); per
 * detail record sizeof(struct adit_detail) and two names; per look sizeof(struct adit_look).
 * Untouched rows cost address space, not memory.
 *
 * A full table keeps what carries information, not what came first: a newcomer wears down the
 * row of least information among a handful (what is left of its weight shrinks by the newcomer's)
 * and takes its place when nothing is left: the Misra-Gries argument, so a key that carries more
 * than 1/rows of a shard's information stays. What is evicted or refused is counted. All of it
 * depends on the shard's own packets alone, in their order.
 */
#ifndef ADIT_WINDOW_H
#define ADIT_WINDOW_H

#include "adit_hash.h"
#include "adit_summary.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a key is: by registrable domain, subscriber × domain, subscriber × server address,
 * subscriber (all of its DNS), or subscriber × encrypted transport. The first three are judged. */
enum adit_kind {
	ADIT_KIND_DOMAIN,
	ADIT_KIND_PAIR,
	ADIT_KIND_SERVER,
	ADIT_KIND_SESSION,
	ADIT_KIND_ENCRYPTED,
	ADIT_KIND_COUNT
};
#define ADIT_KIND_JUDGED ADIT_KIND_SESSION /* number of those that go into the ledger */

#define ADIT_SLICE_NS   (10 * ADIT_NS_PER_S)
#define ADIT_SLICE_MOST (UINT64_MAX / ADIT_SLICE_NS)
static inline uint32_t adit_slice_of(uint64_t ts_ns)
{
	return (uint32_t)(ts_ns / ADIT_SLICE_NS);
}

/* Where the packets of a subscriber went in one direction, and when: a path ends with a handover.
 * The directions are apart, since a tap may see them on different legs. */
struct adit_path {
	struct adit_address radio, core; /* GTP-U peers */
	bool known;
	uint32_t teid;
	uint64_t first_ns, last_ns; /* since the Unix epoch */
};

/* Who: the inner client address in its context. The key says it; the rest is what it was made of,
 * or came with it, and the paths are attributes. */
struct adit_subscriber {
	uint64_t key; /* keyed hash of what says who it is */
	struct adit_address address, core;
	bool has_core; /* the context has a core-side peer: `core` */
	uint8_t tap;
	uint16_t vlan, vlan_inner; /* identifiers, of the first packet seen; 0: none */
	struct adit_path path[2];  /* by enum adit_direction; outside GTP-U not known */
};

/* Takes what a later packet or window says of the same subscriber. */
void adit_subscriber_merge(struct adit_subscriber *into, const struct adit_subscriber *from);

/* Side record of a subscriber × domain or subscriber × server row. */
struct adit_party {
	struct adit_subscriber who;
	uint64_t domain_key;        /* pairs: key of the domain's row */
	struct adit_address server; /* servers; others: the first one asked */
	struct adit_sample sample;  /* first name that came */
	uint8_t transport;          /* encrypted DNS: enum adit_transport */
};

/* Side record of a domain row: the registrable domain in lower case, wire format. */
struct adit_domain {
	struct adit_sample name;
};

/* What the worker saw, one per DNS message or unparsable datagram. Pointers are valid during the
 * call only. */
struct adit_event {
	uint64_t ts_ns;
	uint64_t domain_key; /* 0: the name has no registrable domain */
	uint64_t pair_key, server_key;
	const struct adit_subscriber *who;
	const struct adit_address *server;
	const uint8_t *wire, *lower; /* name, as it came and in lower case */
	uint32_t name_hash;
	uint32_t classes;       /* pattern classes of the name or datagram, a bit each */
	uint32_t payload_bytes; /* RDATA bytes that can carry data */
	uint32_t answer_digest; /* of all records; 0: none */
	uint32_t answer_bytes;  /* their RDATA */
	uint32_t addresses, odd_addresses, address_digest, network; /* struct adit_answers */
	uint32_t ttl_min;      /* seconds; UINT32_MAX: no answer */
	uint32_t edns;         /* OPT fingerprint; 0: no OPT */
	uint32_t info_bytes;   /* that the subdomain can carry */
	uint32_t whole_bytes;  /* that the whole name can carry, where the zone is no evidence of
				  who owns it: not delegated, or made up for the name */
	uint32_t beside_bytes; /* bytes of the message that are neither name nor answer */
	uint32_t message_bytes;
	uint16_t id, port; /* the client's port */
	uint8_t wire_size, registrable_at;
	uint8_t type_group; /* enum adit_type_group */
	uint8_t rcode;
	uint8_t subdomain_length;  /* octets left of the registrable domain, length octets not
				      counted */
	uint8_t labels, label_max; /* of the subdomain */
	bool is_query, answered, cname, payload_type;
	bool again;      /* the same was asked or said a moment ago: only its bytes count */
	bool unzoned;    /* no registrable domain, or under an undelegated top-level domain */
	bool by_server;  /* the server's row counts it: unzoned, or whole_bytes is set */
	bool unparsable; /* not DNS: only the server row counts it */
};

struct adit_window_params {
	uint32_t shards;                /* that the worker owns */
	uint32_t rows[ADIT_KIND_COUNT]; /* per shard, at least 1; encrypted and session: may be 0 */
	uint32_t details;               /* per shard, at least 1 */
	uint32_t looks;                 /* per shard; may be 0 */
};

/* Counters of a window, from its opening on. */
struct adit_window_counters {
	uint64_t queries, responses; /* events */
	uint64_t evicted[ADIT_KIND_COUNT], refused[ADIT_KIND_COUNT];
	uint64_t details_refused, details_taken;
	uint64_t looks, looks_refused;
};

/*
 * What came last of each subscriber × domain, across slices: the features that depend on order
 * need it, and a key that has shown four names earns a detail record with the first one of a slice.
 * One cache line each, and one more for the tags of eight; a full bucket of these forgets what came
 * longest ago. Owner: the worker, for all of its windows.
 */
struct adit_tracks;
/* `tracks` of each of `shards`, at least 4, rounded up to a bucket's 8. NULL: no memory. */
struct adit_tracks *adit_tracks_create(
	uint32_t shards, uint32_t tracks, const struct adit_allocator *allocator);
void adit_tracks_destroy(struct adit_tracks *tracks);
size_t adit_tracks_bytes(uint32_t shards, uint32_t tracks);
/* A timeline starts: forgets everything. */
void adit_tracks_reset(struct adit_tracks *tracks);

struct adit_shard;

/* Filled by its worker until sealed, then read by the scoring core until given back. */
struct adit_window {
	uint32_t first_slice, last_slice;
	bool is_final; /* nothing follows on this timeline */
	uint16_t shards;
	struct adit_window_counters counters;
	struct adit_look *looks; /* in the order in which they were taken */
	uint32_t look_count;
	struct adit_shard *shard;
};

/*
 * A copy of what a subscriber × domain has come to within an open slice, so that it can be judged
 * before the slice is over: a fast tunnel moves a megabyte in 10 s. Taken when the information of a
 * key whose names or answers are heavy passes 256, 512, 1024 and 2048 bytes, at most params.looks
 * times for a shard and slice. Written once by the worker, which may hand over its address at once;
 * valid until the window is opened again. `judged` is the scoring core's.
 */
#define ADIT_LOOK_LEAST 256
#define ADIT_LOOK_MOST  2048
struct adit_look {
	uint64_t ts_ns; /* of the message that made it pass */
	bool judged;
	struct adit_row row;
	struct adit_detail detail;
	struct adit_party party;
	struct adit_domain domain;
};

size_t adit_window_bytes(const struct adit_window_params *params);
/* Returns NULL when there is no memory. */
struct adit_window *adit_window_create(
	const struct adit_window_params *params, const struct adit_allocator *allocator);
void adit_window_destroy(struct adit_window *window);

/* Empties it for the slice. Costs a few writes per shard, whatever was in it. Worker only. */
void adit_window_open(struct adit_window *window, uint32_t slice);

/* Counts one event into shard `at` (0-based among the window's own, and the tracks'). Without
 * tracks the features that depend on order stay 0. Worker only, hot path. */
void adit_window_count(struct adit_window *window, struct adit_tracks *tracks, uint32_t at,
	const struct adit_event *event);

/* How DNS is encrypted: over TLS (RFC 7858), QUIC (RFC 9250) or HTTPS (RFC 8484). */
enum adit_transport {
	ADIT_TRANSPORT_DOT,
	ADIT_TRANSPORT_DOQ,
	ADIT_TRANSPORT_DOH,
	ADIT_TRANSPORT_COUNT
};

/* A packet of encrypted DNS. */
struct adit_encrypted_event {
	uint64_t key; /* of subscriber and transport */
	const struct adit_subscriber *who;
	const struct adit_address *server;
	uint32_t bytes;    /* of the IP packet */
	uint8_t transport; /* enum adit_transport */
	bool up;
};

/* Counts a packet into the table of encrypted DNS: rows hold packets as queries (up) and responses
 * (down), and bytes. Worker only, hot path. */
void adit_window_count_encrypted(
	struct adit_window *window, uint32_t at, const struct adit_encrypted_event *event);

/* Loads what says where that stands which adit_window_count will touch; then, once it is there,
 * what stands there. Each for all of a burst before the next. Hints. */
void adit_window_prefetch(const struct adit_window *window, const struct adit_tracks *tracks,
	uint32_t at, const struct adit_event *event);
void adit_window_prefetch_rows(const struct adit_window *window, const struct adit_tracks *tracks,
	uint32_t at, const struct adit_event *event);

/* Reading a sealed window: rows of a kind in shard `at`, in the order in which they came. */
uint32_t adit_window_rows(const struct adit_window *window, uint32_t at, enum adit_kind kind);
const struct adit_row *adit_window_row(
	const struct adit_window *window, uint32_t at, enum adit_kind kind, uint32_t row);
const struct adit_detail *adit_window_detail(
	const struct adit_window *window, uint32_t at, const struct adit_row *row);
/* Detail records in use. */
uint32_t adit_window_details(const struct adit_window *window, uint32_t at);
/* Names of a detail record, the first that came; returns their number. */
#define ADIT_DETAIL_SAMPLES 2
uint32_t adit_window_samples(const struct adit_window *window, uint32_t at,
	const struct adit_row *row, const struct adit_sample **samples);
const struct adit_domain *adit_window_domain(
	const struct adit_window *window, uint32_t at, uint32_t row);
const struct adit_party *adit_window_party(
	const struct adit_window *window, uint32_t at, enum adit_kind kind, uint32_t row);

#ifdef __cplusplus
}
#endif
#endif
