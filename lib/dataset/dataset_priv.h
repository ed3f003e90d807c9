/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parts of the pairing share: the index of open rows, and tables of what was seen lately.
 */
#ifndef DATASET_PRIV_H
#define DATASET_PRIV_H

#include "adit_pairing.h"

#define NONE UINT32_MAX

/*
 * A hash table over entries that stand in an array of the caller's numbering: entry e belongs to
 * transaction e / SLOTS. Newest first among equal keys; taking one out costs nothing but itself.
 */
struct entry {
	uint64_t key;    /* 0: not in the table */
	uint32_t before; /* entry, or NONE: the first of its bucket */
	uint32_t after;  /* entry + 1; 0: the last */
};

struct index {
	struct entry *entries;
	uint32_t *buckets; /* entry + 1; 0: empty */
	uint32_t mask;
};

size_t adit_index_bytes(uint32_t entries);
bool adit_index_create(
	struct index *index, uint32_t entries, const struct adit_allocator *allocator);
void adit_index_destroy(struct index *index, const struct adit_allocator *allocator);
/* `key` is made odd, so that it is not 0. */
void adit_index_link(struct index *index, uint32_t entry, uint64_t key);
void adit_index_unlink(struct index *index, uint32_t entry);
/* The newest entry of the key, and the next one after an entry; NONE. */
uint32_t adit_index_first(const struct index *index, uint64_t key);
uint32_t adit_index_next(const struct index *index, uint32_t entry);

/* Digests and when each was seen last, in buckets of four; the oldest gives way. */
struct recent {
	struct {
		uint64_t digest, ts_ns;
	} * slots;      /* [count] */
	uint32_t count; /* a power of two */
};
bool adit_recent_create(
	struct recent *recent, uint32_t count, const struct adit_allocator *allocator);
/* Notes the digest; gives when it was noted last, or 0. */
uint64_t adit_recent_note(struct recent *recent, uint64_t digest, uint64_t ts_ns);
/* When it was noted last, or 0. */
uint64_t adit_recent_find(const struct recent *recent, uint64_t digest);

/* Entries of a transaction in the index. */
enum slot {
	SLOT_FULL,   /* connection, ID, question */
	SLOT_LOOSE,  /* connection, ID */
	SLOT_SECOND, /* truncated: client, server, question; then the TCP connection's SLOT_FULL */
	SLOT_NAME,   /* the name, or the tag */
	SLOT_PARENT, /* parents of the name, from the right; the last slots */
	PARENTS = 10,
	SLOTS = SLOT_PARENT + PARENTS
};

struct transaction {
	struct adit_query row;
	uint64_t name_key;      /* of the whole name, for the server side */
	uint64_t server_digest; /* of the server-side query that waits for its answer; 0: none */
	uint32_t older, newer;  /* in the order of queries, NONE at the ends; free: `newer` */
	uint8_t name_size;
	uint8_t name[ADIT_NAME_MAX];
};

struct adit_pairing {
	struct adit_pairing_params params;
	struct adit_allocator allocator;
	struct adit_pairing_counters counters;
	struct index index;
	struct recent packets, asked, known; /* duplicates; names by clients; by the server side */
	struct transaction *transactions;
	uint32_t used, free; /* never used from `used` on; `free`: a list, NONE */
	uint32_t oldest, newest, open;
	uint64_t now_ns, number;
	uint64_t covered_from_ns[2], covered_to_ns[2]; /* by side */
	bool client_over;
	struct adit_dns dns;   /* of the message in hand */
	bool whole;            /* … and whether all of its records could be read */
	struct adit_name name; /* of the row being told */
};

static inline uint32_t adit_slot_of(uint32_t transaction, enum slot slot)
{
	return transaction * SLOTS + (uint32_t)slot;
}

/* Makes a row findable for messages of the server side. */
void adit_match_open(
	struct adit_pairing *pairing, uint32_t transaction, const struct adit_name *name);
/* The same again, after a transmission: what had been taken out of the index is in it. */
void adit_match_link(
	struct adit_pairing *pairing, uint32_t transaction, const struct adit_name *name);
enum adit_role adit_match_take(struct adit_pairing *pairing, const struct adit_message *message);
/* What the server side has of a row that is over. */
enum adit_match adit_match_close(const struct adit_pairing *pairing, const struct adit_query *row);

void adit_facts_make(const struct adit_message *message, const struct adit_dns *dns, bool whole,
	struct adit_facts *facts);

#endif
