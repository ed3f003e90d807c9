/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Stories, and what they share with the scorer. Private to lib/score.
 */
#ifndef ADIT_SCORE_PRIV_H
#define ADIT_SCORE_PRIV_H

#include "adit_score.h"
#include "burst_priv.h"
#include "seen_priv.h"
#include "session_priv.h"

/* A subscriber of a story, and what it did since the story opened. */
struct story_party {
	uint64_t key; /* of its pair or server key in the ledger */
	struct adit_subscriber who;
	uint64_t queries, bytes_up, bytes_down;
	uint32_t handovers;
	uint32_t bearer_count; /* newest last */
	struct adit_verdict_bearer bearer[ADIT_VERDICT_BEARERS];
};

/* A tunnel (or suspect) from the first record to the last. */
struct story {
	bool open, dirty; /* dirty: a record is due at the end of the slice */
	bool told;        /* an open record was written */
	bool begun;       /* its counts are those of the ledger; before that, of a look */
	uint8_t kind;     /* of its key: domain or server */
	uint32_t index;   /* of its key in the ledger */
	uint64_t id;
	uint32_t first_slice, last_slice;
	struct adit_finding best;
	uint64_t queries, responses, bytes_up, bytes_down;
	double information_up, information_down;
	struct adit_distinct names;
	double told_weight;        /* information and queries when last told */
	uint32_t told_subscribers; /* subscribers when last told */
	uint32_t subscribers_total;
	uint32_t party_count;
	struct story_party party[ADIT_VERDICT_SUBSCRIBERS];
	uint32_t sample_count;
	struct adit_sample sample[ADIT_LEDGER_SAMPLES];
};

/* What a score amounts to. */
enum story_class { CLASS_NONE, CLASS_SUSPECT, CLASS_TUNNEL };

struct adit_scorer {
	struct adit_score_params params;
	struct adit_ledger *ledger;
	struct adit_sessions *sessions; /* NULL: none are kept */
	struct adit_seen *seen;
	struct adit_bursts *bursts;
	struct adit_look **looks; /* scratch */
	uint32_t *late; /* keys that got something after they were judged over long spans */
	uint32_t late_count, late_slice; /* slice in which the list was begun */
	struct story *stories;
	uint32_t *stories_free;
	uint32_t stories_freed, stories_high;
	uint32_t stale, stale_until;            /* as of the rules */
	uint32_t least_names[ADIT_KIND_JUDGED]; /* of a row that a model looks at */
	uint32_t slice;
	bool begun, scored;   /* the timeline has a slice; that slice has been scored */
	bool coalesced;       /* a window of the slice stands for several */
	bool sessions_judged; /* there are models over sessions */
	/* of the key at hand */
	uint32_t domain_age; /* slices */
	uint32_t burst_hits;
	double server_subscribers;
	uint64_t queries, responses; /* of the timeline */
	uint32_t timeline;           /* ended ones: the same capture twice tells two stories */
	struct adit_score_counters counters;
	struct adit_blind *blind;    /* of the hour at hand; the caller's; NULL: none */
	struct adit_sum sum;         /* scratch */
	struct adit_verdict verdict; /* scratch */
	struct adit_feature_row row; /* scratch */
	struct adit_allocator allocator;
};

static inline enum story_class class_of(const struct adit_scorer *scorer, double score)
{
	if (score >= scorer->params.detect.tunnel_score)
		return CLASS_TUNNEL;
	return score >= scorer->params.detect.suspect_score ? CLASS_SUSPECT : CLASS_NONE;
}

/* The whole number nearest to a score that amounts to the same. */
static inline uint32_t score_number(const struct adit_scorer *scorer, double score)
{
	uint32_t number = (uint32_t)(score + 0.5);

	return class_of(scorer, number) == class_of(scorer, score) ? number : (uint32_t)score;
}

static inline uint64_t slice_start_ns(uint32_t slice)
{
	return slice * ADIT_SLICE_NS;
}

/* Derives, detects and discounts what is in scorer->sum as a look's; index may be NONE. */
void adit_judge_look(struct adit_scorer *scorer, uint32_t index, const struct adit_look *look,
	struct adit_finding *finding);
/* Whether a closed story of a key has told as much as this score: of what began in a slice, or of a
 * suspect within a day. */
bool adit_is_told(
	const struct adit_scorer *scorer, uint32_t index, uint32_t first_slice, double score);
/* Takes from a sum what classes are said to have that meant something else when it was counted. */
void adit_scorer_hide_stale(const struct adit_scorer *scorer, struct adit_sum *sum);
/* Begins a slice, once: what is older than its spans is not counted, what was idle is closed. */
void adit_scorer_begin(struct adit_scorer *scorer, uint32_t slice);
/* Looks of a slice that were not judged yet, in their order. */
void adit_scorer_looks(
	struct adit_scorer *scorer, struct adit_window *const *windows, uint32_t workers);
/* A pair's look is a tunnel: opens its domain's story, and tells it at once. */
void adit_story_look(struct adit_scorer *scorer, uint32_t index, const struct adit_look *look,
	const struct adit_finding *finding);

/* Begin of a slice: closes what has been idle over slices that were left out. */
void adit_story_begin(struct adit_scorer *scorer);
/* Takes a finding of a key into its story, or its domain's, opening one if there is none. */
void adit_story_find(struct adit_scorer *scorer, uint32_t index, uint32_t first_slice,
	const struct adit_finding *finding);
/* True if an open story of a domain tells what was found of a server: it has this subscriber, found
 * to be as much at this server. */
bool adit_story_tells(
	const struct adit_scorer *scorer, const struct adit_ledger_key *server, double score);
/* Takes the paths of a subscriber, as they are known now, into the bearers of its story. A bearer
 * that is new while one of the same direction is known is a handover; one that was left and is in
 * use again is none. */
void adit_bearers_add(struct story_party *party, const struct adit_subscriber *who);
/* End of a slice: adds up what the touched keys did, writes what is due, closes what is idle. */
void adit_story_slice(struct adit_scorer *scorer);
/* Closes all. */
void adit_story_end(struct adit_scorer *scorer);

#endif
