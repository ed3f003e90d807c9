/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The stories that the HTTP interface shows: of each the newest record and how it grew; the same
 * growth by domain and by subscriber, over all of their stories. Everything is kept as it will be
 * shown, pseudonyms included, so nothing here knows an address that privacy hides.
 *
 * What is held is bounded by stories and by bytes; the story that was silent for longest gives way,
 * and with its last story a domain or subscriber goes too. A history has at most
 * ADIT_STORE_POINTS points: when they are full, every other one goes.
 *
 * Threads: one at a time; whoever has two holds a lock around each call.
 */
#ifndef ADIT_STORE_H
#define ADIT_STORE_H

#include "adit_hash.h"
#include "adit_verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_STORE_POINTS 256

enum adit_store_kind {
	ADIT_STORE_STORY,
	ADIT_STORE_DOMAIN,
	ADIT_STORE_SUBSCRIBER,
	ADIT_STORE_KINDS
};

struct adit_store_params {
	size_t stories; /* held at most */
	size_t bytes;   /* of stories, domains and subscribers with their histories, at most */
	struct adit_hash_key key;
};

struct adit_store;
/* NULL: no memory. Takes 8 to 16 bytes for each story at once, three times. */
struct adit_store *adit_store_create(const struct adit_store_params *params);
void adit_store_destroy(struct adit_store *store);

/* Takes a record. Returns 0, or -ENOMEM: then the story stays as it was. */
int adit_store_add(struct adit_store *store, const struct adit_verdict *verdict,
	const struct adit_privacy *privacy);

/* Grows with each record that was taken; 0: none was. */
uint64_t adit_store_change(const struct adit_store *store);
struct adit_store_usage {
	uint64_t count[ADIT_STORE_KINDS], bytes;
	uint64_t evicted; /* stories that gave way */
};
void adit_store_usage(const struct adit_store *store, struct adit_store_usage *usage);

/* What to list; the newest change first. */
struct adit_store_filter {
	int state;              /* enum adit_verdict_state; -1: any */
	int verdict;            /* enum adit_verdict_class; -1: any */
	uint32_t score;         /* at least */
	const char *domain;     /* as it is shown; NULL: any */
	const char *subscriber; /* the same: id, or its address alone */
	uint64_t since_ns;      /* newest record of this time or later */
	uint64_t after; /* only what changed before that: where a list before ended; 0: all */
	size_t limit;   /* items, at least 1 */
};

/*
 * Each writes a JSON document: {"items":[…],"next":"…" or null}, and one item with its history.
 * Return 0, -ENOENT, -ENOMEM or -EIO of the file.
 */
int adit_store_write_list(const struct adit_store *store, enum adit_store_kind kind,
	const struct adit_store_filter *filter, FILE *to);
int adit_store_write_one(
	const struct adit_store *store, enum adit_store_kind kind, const char *id, FILE *to);

#ifdef __cplusplus
}
#endif
#endif
