/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the store holds, for the file that fills it and the one that tells it.
 */
#ifndef STORE_PRIV_H
#define STORE_PRIV_H

#include "adit_store.h"

struct point {
	uint64_t time_ns, queries, unique_names, bytes_up, bytes_down;
	uint32_t score;
};

/* A story, a domain or a subscriber. */
struct subject {
	char *id;                      /* as it is shown */
	struct subject *chain;         /* of its bucket */
	struct subject *newer, *older; /* by last change */
	uint64_t change, records;
	uint64_t first_ns, last_ns; /* times of records */
	uint32_t stories;           /* that hold it, where it is no story */
	uint32_t score, score_most; /* of the last record, and of all */
	enum adit_verdict_class verdict;
	struct point total; /* since it is held; time and score unused */
	struct point *point;
	size_t count, room;
};

/* What a story has added to a domain or a subscriber so far. */
struct share {
	struct subject *subject;
	struct point has;
};

struct held {
	struct subject is; /* first: a story is a subject */
	enum adit_verdict_state state;
	char *text;          /* "record":{…},"words":[…] */
	struct share domain; /* subject NULL: none */
	size_t share_count;
	struct share share[ADIT_VERDICT_SUBSCRIBERS];
};

struct shelf {
	struct subject **bucket;
	struct subject *newest, *oldest;
	size_t count;
};

struct adit_store {
	struct adit_store_params params;
	size_t buckets; /* of each shelf, a power of two */
	struct shelf shelf[ADIT_STORE_KINDS];
	uint64_t change, bytes, evicted;
};

struct subject *adit_store_find(
	const struct adit_store *store, enum adit_store_kind kind, const char *id);

#endif
