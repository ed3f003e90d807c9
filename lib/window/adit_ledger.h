/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The scoring core's memory: per key the slices of the last 10 minutes, the minutes of the last
 * hour and the hours of the last day in which it was seen, so that any roll-up is a sum of what is
 * held. Each ends now; at its far end the 10-minute roll-up slides by a slice, the 1-hour one by a
 * minute, the 24-hour one by an hour (what is partly older than the roll-up is counted whole). Idle
 * time costs nothing, however long.
 *
 * Memory is fixed at creation (adit_ledger_bytes): keys × about 1 KiB, entries × 84 bytes, details
 * × sizeof(struct adit_detail). When one of them is full, the key of least information among a
 * handful gives way (its oldest entry first); what was dropped is counted. Which one depends only
 * on what was added, in its order. One thread owns it; nothing here is on the packet path.
 */
#ifndef ADIT_LEDGER_H
#define ADIT_LEDGER_H

#include "adit_window.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_MINUTE_SLICES 6
#define ADIT_SPAN_SLICES   60 /* 10 minutes */
#define ADIT_HOUR_SLICES   360
#define ADIT_DAY_SLICES    8640

/* Lengths of time that a key is judged over. */
enum adit_span { ADIT_SPAN_SLICE, ADIT_SPAN_10MIN, ADIT_SPAN_HOUR, ADIT_SPAN_DAY, ADIT_SPAN_COUNT };

/* A key's entries by age: slices, minutes, hours. */
enum adit_tier { ADIT_TIER_SLICES, ADIT_TIER_MINUTES, ADIT_TIER_HOURS, ADIT_TIER_COUNT };
struct adit_ledger_list {
	uint32_t first, last; /* oldest first; ADIT_LEDGER_NONE: empty */
};

#define ADIT_LEDGER_NONE    UINT32_MAX
#define ADIT_LEDGER_SAMPLES 3

struct adit_ledger_params {
	uint32_t keys, entries, details; /* each at least 1 */
};

/* A key. Fields are for reading, but those that are the caller's; a key with a story is not
 * forgotten. */
struct adit_ledger_key {
	uint64_t key;
	uint64_t weight; /* information held in its entries */
	uint64_t penalty;
	struct adit_ledger_list tier[ADIT_TIER_COUNT];
	uint32_t first_slice, last_slice; /* first and last seen */
	uint32_t names;                   /* sum of the distinct names of its entries */
	uint32_t classes;                 /* pattern classes seen, a bit each */
	uint32_t parent;                  /* pairs: the domain's key, by index */
	uint32_t child, sibling_next, sibling_previous; /* pairs of a domain */
	uint32_t children;
	uint32_t touched;    /* slice in which it was last put on the touched list */
	uint32_t touched_at; /* its place there */
	uint32_t story;      /* the caller's; 0: none */
	uint32_t told;       /* the caller's: last slice of a story that is closed; 0: none */
	uint32_t judged;     /* the caller's: slice in which it was last judged over long spans */
	uint8_t kind;
	bool used;
	bool late;          /* the caller's */
	uint8_t told_class; /* the caller's: what that story was; 0: none */
	uint8_t found;      /* the caller's: what a pair was found to be in a story; 0: nothing */
	uint8_t sample_count;
	struct adit_subscriber who;                     /* pairs and servers */
	struct adit_address server;                     /* pairs and servers */
	struct adit_sample sample[ADIT_LEDGER_SAMPLES]; /* domains: [0] is the domain's name */
};

struct adit_ledger_counters {
	uint64_t keys_evicted, keys_refused, entries_dropped, details_dropped, orphans;
};

struct adit_ledger;

size_t adit_ledger_bytes(const struct adit_ledger_params *params);
struct adit_ledger *adit_ledger_create(
	const struct adit_ledger_params *params, const struct adit_allocator *allocator);
void adit_ledger_destroy(struct adit_ledger *ledger);

/* Forgets everything: a new timeline. */
void adit_ledger_reset(struct adit_ledger *ledger);

/* Starts a slice; slices never go back. Keys idle for over a day are forgotten bit by bit. */
void adit_ledger_begin(struct adit_ledger *ledger, uint32_t slice);

/* Forgets what was counted of pattern classes, a bit each: these mean something else from now on.
 */
void adit_ledger_forget(struct adit_ledger *ledger, uint32_t classes);

/* Adds what shard `at` of a sealed window counted. Call it shard after shard, in one order. */
void adit_ledger_add(struct adit_ledger *ledger, const struct adit_window *window, uint32_t at);

/* The index of a key, or ADIT_LEDGER_NONE. */
uint32_t adit_ledger_find(const struct adit_ledger *ledger, enum adit_kind kind, uint64_t key);
/* The pair of a look and its domain, which are made if they are not there: what counts comes with
 * the slice. Returns the pair's index, or ADIT_LEDGER_NONE if there is no room. */
uint32_t adit_ledger_expect(struct adit_ledger *ledger, const struct adit_look *look);

/* Keys that got something in this slice, in the order in which they came; valid until the next
 * begin. An index may have been forgotten since: its key says used == false. */
const uint32_t *adit_ledger_touched(const struct adit_ledger *ledger, size_t *count);

struct adit_ledger_key *adit_ledger_key(struct adit_ledger *ledger, uint32_t index);
/* Loads what a key's turn will touch first. A hint. */
void adit_ledger_prefetch(const struct adit_ledger *ledger, uint32_t index);
size_t adit_ledger_used(const struct adit_ledger *ledger);
/* How many of each are in use. */
struct adit_ledger_params adit_ledger_usage(const struct adit_ledger *ledger);

/* The record of what a key got in the current slice; NULL: it earned none. */
const struct adit_detail *adit_ledger_now(const struct adit_ledger *ledger, uint32_t index);

/* The sum of a key over a span that ends with the current slice. False: nothing there. */
bool adit_ledger_sum(const struct adit_ledger *ledger, uint32_t index, enum adit_span span,
	struct adit_sum *sum);
/* What a key has over a span, counted without merging anything: never less information than the sum
 * has, but for rounding, and the same names. */
struct adit_ledger_load {
	uint64_t information, messages, unparsable, id_steps;
	uint32_t names; /* distinct ones; a limit above ADIT_LEDGER_NAMES is none */
};
#define ADIT_LEDGER_NAMES 16
/* Whether it has no more than that; looks no further than needed to tell. UINT64_MAX and UINT32_MAX
 * are no limits. */
bool adit_ledger_within(const struct adit_ledger *ledger, uint32_t index, enum adit_span span,
	const struct adit_ledger_load *most);
/* Counters of a key over the day held, without names and details: cheap. */
void adit_ledger_totals(const struct adit_ledger *ledger, uint32_t index, struct adit_sum *sum);

const struct adit_ledger_counters *adit_ledger_counters(const struct adit_ledger *ledger);

#ifdef __cplusplus
}
#endif
#endif
