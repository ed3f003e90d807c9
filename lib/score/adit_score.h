/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The scoring core: sealed windows in, verdicts out. Merges the windows of all workers in shard
 * order, rolls them up, derives features for keys that pass a cheap filter, runs the detectors and
 * tells each tunnel as one story. The same windows give the same verdicts, whatever the number of
 * workers. One thread owns a scorer.
 */
#ifndef ADIT_SCORE_H
#define ADIT_SCORE_H

#include "adit_blind.h"
#include "adit_judge.h"
#include "adit_ledger.h"
#include "adit_pattern.h"
#include "adit_verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Lists of known services: files of lines
 *
 *	domain until YYYY-MM-DD [below BYTES] reason in words
 *
 * A domain stands for itself and all below it. An entry lowers a score only while the information
 * that a subscriber exchanged with the domain in what is judged, at most a day, stays below BYTES
 * (where absent, the information bound), and never one that a strong signature made. Between the
 *bound and a BYTES above it, it takes away what the bound found, and nothing else.
 */
struct adit_allow;
struct adit_allow_entry {
	const char *reason;
	uint64_t until_ns;    /* since the Unix epoch, exclusive */
	uint64_t below_bytes; /* 0: the information bound */
};

/* Every *.conf file of a directory, in byte order. Returns 0, -ENOMEM, -errno, or -EINVAL with an
 * error that names file and line. */
int adit_allow_load(const char *directory, struct adit_allow **allow, struct adit_error *error);
int adit_allow_load_text(
	const char *what, const char *text, struct adit_allow **allow, struct adit_error *error);
void adit_allow_destroy(struct adit_allow *allow);
size_t adit_allow_entries(const struct adit_allow *allow);
/* The domain of an entry, from 0 on, in the order of the list: lower case, wire format. */
const uint8_t *adit_allow_domain(const struct adit_allow *allow, size_t at, size_t *size);
/* The entry that covers a registrable domain (lower case, wire format) at a time; NULL: none. */
const struct adit_allow_entry *adit_allow_find(
	const struct adit_allow *allow, const uint8_t *wire, size_t size, uint64_t now_ns);

/* What the detectors find in a key's features. */
struct adit_finding {
	double score;     /* 0..100 */
	double apart;     /* the same, but for the information bound */
	const char *tool; /* of the set's strings, or NULL */
	bool strong;      /* a signature that nothing benign shows */
	bool left_out;    /* no model was asked: too little, or what says nothing */
	unsigned models;  /* kinds that scored it, a bit each */
	bool general;     /* only signatures and the bound were asked */
	size_t reason_count;
	struct adit_reason reason[ADIT_VERDICT_REASONS];
};

struct adit_detect_params {
	const struct adit_pattern_set *patterns; /* NULL: no signatures */
	struct adit_judges *judges;              /* NULL: no models */
	bool signatures, structure, information, burst;
	unsigned models;          /* kinds that are asked, a bit for each enum adit_model_kind */
	double information_bound; /* bytes per key and day */
	double tunnel_score, suspect_score;
	/* [ADIT_FEATURE_COUNT], features that the input cannot show, which then say nothing: a log
	 * has no source ports, say. NULL: none. Outlives the scorer. */
	const bool *absent;
};

/* Hits of burst-delta from which on a domain is worth a record: "three or more". */
#define ADIT_BURST_LEAST 3

/* What they are worth: a suspect, whatever the bar. */
double adit_burst_score(const struct adit_detect_params *params);

/* What a sum may hold of information, given what is estimated: two standard errors above it, where
 * it is not exact. */
double adit_information_most(const struct adit_sum *sum, double information);

/* Runs the switched-on detectors over a key's features over a span (of a look: the slice), which
 * are as before after it. Pure, but for the judges' own memory. */
void adit_detect(const struct adit_detect_params *params, enum adit_kind kind, enum adit_span span,
	const struct adit_sum *sum, double value[ADIT_FEATURE_COUNT], struct adit_finding *finding);

struct adit_score_params {
	struct adit_detect_params detect;
	const struct adit_allow *allow; /* NULL: none */
	uint32_t story_idle_slices;
	uint32_t subscribers, samples; /* listed in a verdict, at most */
	uint32_t stories;              /* open at once */
	struct adit_ledger_params ledger;
	uint32_t looks;                    /* of all windows of a slice, at most */
	uint32_t sessions;                 /* of subscribers, at once; 0: none are kept */
	uint32_t domains, servers, bursts; /* remembered: domains since when, servers by whom,
					      domains × record types second by second */
	/* Called on the scorer's thread; the record is valid during the call. */
	void (*verdict)(void *context, const struct adit_verdict *verdict);
	void (*features)(void *context, const struct adit_feature_row *row); /* NULL: unwanted */
	/* Where encrypted DNS is counted by subscriber (NULL: nowhere), and what takes the table
	 * when its clock hour or the timeline is over: it gives an empty one, or NULL if none is at
	 * hand, and the old one is filled on. The tables are the caller's. */
	struct adit_blind *blind;
	struct adit_blind *(*blind_full)(void *context, struct adit_blind *blind);
	void *context;
};

struct adit_score_counters {
	uint64_t slices;
	uint64_t touched;                    /* keys that got something in a slice */
	uint64_t judged;                     /* of them, those that the filter let pass */
	uint64_t light;                      /* their rows over spans of too little to judge */
	uint64_t rows[ADIT_SPAN_COUNT];      /* whose features were derived, for all detectors */
	uint64_t models[ADIT_MODEL_KINDS];   /* of those, rows that a model of the kind scored */
	uint64_t suspects, tunnels;          /* of those, rows of a score that is told */
	uint64_t looks;                      /* keys judged within a slice */
	uint64_t sessions, sessions_refused; /* that ended; subscribers without room */
	uint64_t opened, stories_refused;
};

/* How much of what it remembers with is in use. */
struct adit_score_usage {
	struct adit_ledger_params ledger;
	uint32_t stories, sessions; /* open */
};

struct adit_scorer;

size_t adit_scorer_bytes(const struct adit_score_params *params);
/* NULL: no memory. */
struct adit_scorer *adit_scorer_create(
	const struct adit_score_params *params, const struct adit_allocator *allocator);
void adit_scorer_destroy(struct adit_scorer *scorer);

/*
 * Scores a slice; slices never go back within a timeline. windows[w] is what worker w counted in
 * it. Shard s is number s / workers of window s % workers.
 */
void adit_scorer_slice(struct adit_scorer *scorer, uint32_t slice,
	struct adit_window *const *windows, uint32_t workers);

/*
 * Judges a look before its window is sealed, if all before its slice has been scored;
 * adit_scorer_slice judges those that were not. Whether
 * a capture's verdicts are told early or with the slice, they are the same, in the same order: a
 * record's time says when it could be told.
 */
void adit_scorer_look(struct adit_scorer *scorer, struct adit_look *look);

/*
 * What may change while a scorer runs, and keeps all that it has counted. Meant as in struct
 * adit_score_params; who makes it known owns what it points to, for as long as it is in force.
 */
struct adit_score_rules {
	struct adit_detect_params detect;
	const struct adit_allow *allow;
	uint32_t story_idle_slices;
	uint32_t subscribers, samples;
	/* Pattern classes, a bit each: of which what was counted is forgotten; and those of them of
	 * which windows that were begun up to a slice count for nothing either. */
	uint32_t forget, stale, stale_until;
};
/* In force from the next slice or look on. The scorer's thread, between two of them. */
void adit_scorer_set_rules(struct adit_scorer *scorer, const struct adit_score_rules *rules);

/* Where rows with their features go from the next slice on; NULL: they are not wanted, and rows
 * that hold little are passed over again. Scorer's thread, between two slices. */
void adit_scorer_set_features(struct adit_scorer *scorer,
	void (*features)(void *context, const struct adit_feature_row *row));

/* The timeline ends: stories are closed, and everything is forgotten. */
void adit_scorer_end(struct adit_scorer *scorer);

struct adit_score_usage adit_scorer_usage(const struct adit_scorer *scorer);
const struct adit_score_counters *adit_scorer_counters(const struct adit_scorer *scorer);
const struct adit_ledger_counters *adit_scorer_ledger_counters(const struct adit_scorer *scorer);

#ifdef __cplusplus
}
#endif
#endif
