/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One slice after the other: merge, filter, derive, detect, tell. Only keys that got something in
 * the slice are judged: with time alone a sum can only shrink. Spans of an hour and a day are
 * judged with the first slice of a minute in which a key gets something; what it gets later, with
 * its next one, or when the minute is over.
 */
#include "score_priv.h"

#include <assert.h>

/* The cheap filter: a key with less than this in a day, and no signature, reaches no detector. */
#define FILTER_NAMES       6
#define FILTER_INFORMATION 200
/* Above so many subscribers a domain is in general use, and without a signature weighs less. */
#define PREVALENT_SUBSCRIBERS 8
#define PREVALENCE_DISCOUNT   20
/* The same of a domain that was there a week ago. */
#define KNOWN_SLICES   (7 * ADIT_DAY_SLICES)
#define KNOWN_DISCOUNT 10
/* So many responses to a query, and the tap shows one direction only. */
#define ONE_WAY_RESPONSES 50
/* Keys that are loaded ahead of the one that is judged. */
#define AHEAD 8
/* What a domain's subscribers must have moved each, on average, to be judged together. */
#define TOGETHER_INFORMATION 200

static_assert((int)ADIT_FEATURE_COUNT <= ADIT_FEATURE_MAX, "a row has room for all features");

static const char *const kind_names[ADIT_KIND_JUDGED] = {
	[ADIT_KIND_DOMAIN] = "domain",
	[ADIT_KIND_PAIR] = "subscriber_domain",
	[ADIT_KIND_SERVER] = "subscriber_server",
};

size_t adit_scorer_bytes(const struct adit_score_params *params)
{
	return sizeof(struct adit_scorer) + adit_ledger_bytes(&params->ledger) +
	       (params->sessions != 0 ? adit_sessions_bytes(params->sessions) : 0) +
	       adit_seen_bytes(params->domains, params->servers) +
	       adit_bursts_bytes(params->bursts) +
	       (params->looks + 1) * sizeof(struct adit_look *) +
	       params->ledger.keys * sizeof(uint32_t) +
	       params->stories * (sizeof(struct story) + sizeof(uint32_t));
}

/* Names that a row must have before a model looks at it. */
static void least_names_find(struct adit_scorer *scorer)
{
	const struct adit_detect_params *detect = &scorer->params.detect;

	for (int kind = 0; kind < ADIT_KIND_JUDGED; kind++)
		scorer->least_names[kind] =
			detect->judges != NULL
				? adit_judges_least_names(detect->judges, kind, detect->models)
				: ADIT_LEDGER_NAMES;
}

struct adit_scorer *adit_scorer_create(
	const struct adit_score_params *params, const struct adit_allocator *allocator)
{
	struct adit_scorer *scorer = adit_alloc(allocator, sizeof(*scorer), ADIT_CACHE_LINE);

	if (scorer == NULL)
		return NULL;
	scorer->params = *params;
	least_names_find(scorer);
	scorer->blind = params->blind;
	scorer->allocator = adit_allocator_copy(allocator);
	scorer->ledger = adit_ledger_create(&params->ledger, allocator);
	scorer->stories =
		adit_alloc(allocator, params->stories * sizeof(*scorer->stories), ADIT_CACHE_LINE);
	scorer->stories_free = adit_alloc(
		allocator, params->stories * sizeof(*scorer->stories_free), ADIT_CACHE_LINE);
	scorer->looks = adit_alloc(
		allocator, (params->looks + 1) * sizeof(struct adit_look *), ADIT_CACHE_LINE);
	scorer->late =
		adit_alloc(allocator, params->ledger.keys * sizeof(*scorer->late), ADIT_CACHE_LINE);
	if (params->sessions != 0)
		scorer->sessions = adit_sessions_create(params->sessions, allocator);
	scorer->seen = adit_seen_create(params->domains, params->servers, allocator);
	scorer->bursts = adit_bursts_create(params->bursts, allocator);
	if (scorer->ledger == NULL || scorer->stories == NULL || scorer->stories_free == NULL ||
		scorer->looks == NULL || scorer->late == NULL || scorer->seen == NULL ||
		scorer->bursts == NULL || (params->sessions != 0 && scorer->sessions == NULL)) {
		adit_scorer_destroy(scorer);
		return NULL;
	}
	return scorer;
}

void adit_scorer_destroy(struct adit_scorer *scorer)
{
	struct adit_allocator copy, *allocator = &copy;

	if (scorer == NULL)
		return;
	copy = scorer->allocator;
	adit_ledger_destroy(scorer->ledger);
	adit_sessions_destroy(scorer->sessions);
	adit_seen_destroy(scorer->seen);
	adit_bursts_destroy(scorer->bursts);
	adit_free(allocator, scorer->looks);
	adit_free(allocator, scorer->late);
	adit_free(allocator, scorer->stories);
	adit_free(allocator, scorer->stories_free);
	adit_free(allocator, scorer);
}

static void feature_tell(struct adit_scorer *scorer, const struct adit_ledger_key *key,
	const struct adit_ledger_key *domain, const char *span, const struct adit_finding *finding)
{
	struct adit_feature_row *row = &scorer->row;

	row->window_start_ns = slice_start_ns(scorer->sum.first_slice);
	row->window_end_ns = slice_start_ns(scorer->sum.last_slice + 1);
	row->span = span;
	row->kind = kind_names[key->kind];
	row->domain.size = 0;
	if (domain != NULL) {
		row->domain.size = domain->sample[0].size;
		memcpy(row->domain.wire, domain->sample[0].wire, domain->sample[0].size);
	}
	row->has_subscriber = key->kind != ADIT_KIND_DOMAIN;
	row->subscriber = key->who.address;
	row->tap = key->who.tap;
	row->vlan = key->who.vlan;
	row->has_server = key->kind == ADIT_KIND_SERVER;
	row->server = key->server;
	row->score = score_number(scorer, finding->score);
	row->left_out = finding->left_out;
	scorer->params.features(scorer->params.context, row);
}

/* Prevalence, age and known services may lower a score, but only while little was exchanged. */
static void discount(const struct adit_scorer *scorer, const struct adit_ledger_key *key,
	const struct adit_ledger_key *domain, const double *value, struct adit_finding *finding)
{
	const struct adit_detect_params *detect = &scorer->params.detect;
	const struct adit_allow_entry *entry = NULL;
	double bound = detect->information_bound, below, low;
	double information = adit_information_most(&scorer->sum, value[ADIT_FEATURE_INFORMATION]);

	if (finding->strong || domain == NULL || finding->score <= 0)
		return;
	if (key->kind == ADIT_KIND_DOMAIN && domain->children > 0)
		information /= domain->children;
	if (domain->children >= PREVALENT_SUBSCRIBERS && information < bound)
		finding->score -= PREVALENCE_DISCOUNT;
	if (value[ADIT_FEATURE_AGE] * ADIT_HOUR_SLICES >= KNOWN_SLICES && information < bound)
		finding->score -= KNOWN_DISCOUNT;
	if (scorer->params.allow != NULL)
		entry = adit_allow_find(scorer->params.allow, domain->sample[0].wire,
			domain->sample[0].size, slice_start_ns(scorer->slice));
	if (entry == NULL)
		return;
	below = entry->below_bytes != 0 ? (double)entry->below_bytes : bound;
	low = detect->suspect_score - 1;
	/* Above the bound an entry speaks of the bound only. */
	if (information >= bound && finding->apart > low)
		low = finding->apart;
	if (information < below && finding->score > low)
		finding->score = low;
}

/* Whether longer spans may say more than those tried. */
static bool span_is_new(const struct adit_scorer *scorer, uint32_t index, enum adit_span span)
{
	const struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index);

	switch (span) {
	case ADIT_SPAN_10MIN:
		return key->tier[ADIT_TIER_SLICES].first != key->tier[ADIT_TIER_SLICES].last;
	case ADIT_SPAN_HOUR:
		return key->tier[ADIT_TIER_MINUTES].first != ADIT_LEDGER_NONE;
	case ADIT_SPAN_DAY:
		return key->tier[ADIT_TIER_HOURS].first != ADIT_LEDGER_NONE;
	default:
		return true;
	}
}

/* A domain's subscribers taken together: for tunnels that many use a little. */
static bool together_counts(const struct adit_ledger_key *key, const double *value)
{
	return key->children >= 2 &&
	       value[ADIT_FEATURE_INFORMATION] >= TOGETHER_INFORMATION * (double)key->children &&
	       value[ADIT_FEATURE_PAYLOAD_ANSWERS] >= 0.5 && value[ADIT_FEATURE_UNIQUENESS] >= 0.85;
}

/* Anybody can send a response to anybody, and a datagram from a DNS port: where the tap shows what
 * subscribers ask, one that asked nothing is not judged by what it was sent. */
static bool is_unasked(const struct adit_scorer *scorer)
{
	return scorer->sum.queries == 0 && scorer->queries >= scorer->responses / ONE_WAY_RESPONSES;
}

/* What no sum of rows tells. */
static void context_fill(struct adit_scorer *scorer, const struct adit_ledger_key *key,
	const struct adit_ledger_key *domain, double *value)
{
	if (key->kind == ADIT_KIND_SERVER) {
		value[ADIT_FEATURE_SUBSCRIBERS] = scorer->server_subscribers;
		return;
	}
	value[ADIT_FEATURE_SUBSCRIBERS] = domain->children;
	value[ADIT_FEATURE_AGE] = (double)scorer->domain_age / ADIT_HOUR_SLICES;
	if (key->kind == ADIT_KIND_DOMAIN)
		value[ADIT_FEATURE_BURST_HITS] = scorer->burst_hits;
}

/* A subscriber whose session is an outlier: its domain that moved most is worth a record. Sums that
 * begin before the session say nothing of it. */
static void session_blame(const struct adit_scorer *scorer, const struct adit_ledger_key *key,
	const double *value, struct adit_finding *finding)
{
	const struct adit_session *session;

	if (key->kind == ADIT_KIND_DOMAIN || finding->general || scorer->sessions == NULL)
		return;
	session = adit_sessions_find(scorer->sessions, key->who.key);
	if (session == NULL || session->outlier <= session->threshold ||
		slice_start_ns(scorer->sum.first_slice + 1) <= session->sum.first_ns ||
		2 * value[ADIT_FEATURE_BYTES_UP] + 2 * value[ADIT_FEATURE_BYTES_DOWN] <
			(double)session->sum.bytes_up + (double)session->sum.bytes_down)
		return;
	if (finding->score < scorer->params.detect.suspect_score) {
		finding->score = finding->apart = scorer->params.detect.suspect_score;
		/* What decides is told. */
		if (finding->reason_count == ADIT_VERDICT_REASONS)
			finding->reason_count--;
	}
	if (finding->reason_count < ADIT_VERDICT_REASONS)
		finding->reason[finding->reason_count++] =
			(struct adit_reason){"session", session->outlier, session->threshold};
}

/* Of a domain whose subscribers are not judged together, only its bursts count. */
static void leave_burst(const struct adit_scorer *scorer, struct adit_finding *finding)
{
	double most = scorer->burst_hits >= ADIT_BURST_LEAST
			      ? adit_burst_score(&scorer->params.detect)
			      : 0;

	if (finding->score > most)
		finding->score = most;
}

/* What a closed story has told makes no other; a suspect is told once a day. What is clearer than
 * what was told is told, with it. */
bool adit_is_told(
	const struct adit_scorer *scorer, uint32_t index, uint32_t first_slice, double score)
{
	const struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index);
	enum story_class class = class_of(scorer, score);

	if (key->story != 0 || key->told == 0 || class > key->told_class)
		return false;
	return first_slice <= key->told ||
	       (class == CLASS_SUSPECT && scorer->slice < key->told + ADIT_DAY_SLICES);
}

/*
 * Nothing can be found in a span of so little, and what would be found need not be derived: models
 * and structure want 200 bytes of information, the bound more, signatures names of a class or steps
 * of the transaction ID. Rounding when rows are merged loses a byte or two of a key's weight, and
 * sets of more than 64 are estimated: both are left room. A session that is an outlier may blame
 * any domain.
 */
#define LIGHT_INFORMATION 150
#define LIGHT_MESSAGES    64
#define LIGHT_ID_STEPS    8

/* Whether all of a key's rows are looked at, however little they have. */
static bool all_is_judged(const struct adit_scorer *scorer, const struct adit_ledger_key *key)
{
	return key->classes != 0 || scorer->burst_hits >= ADIT_BURST_LEAST ||
	       scorer->params.features != NULL || scorer->sessions_judged;
}

/*
 * Few names alone show nothing: models look at rows of more, and so does structure, but for what is
 * no DNS. The information bound is for however few. Of a domain with one subscriber, its pair tells
 * all but signatures and bursts. What is few over a span is so over all that are shorter.
 */
static bool names_are_few(const struct adit_scorer *scorer, uint32_t index, enum adit_span longest)
{
	const struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index);
	struct adit_ledger_load most = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 0};
	uint32_t least = scorer->least_names[key->kind];

	if (all_is_judged(scorer, key))
		return false;
	if (key->kind == ADIT_KIND_DOMAIN && key->children < 2)
		return true;
	if (least == 0 || (key->kind != ADIT_KIND_DOMAIN && scorer->params.detect.information))
		return false;
	most.names = least - 1;
	if (key->kind == ADIT_KIND_PAIR)
		most.id_steps = LIGHT_ID_STEPS - 1;
	if (key->kind == ADIT_KIND_SERVER)
		most.unparsable = 0;
	return adit_ledger_within(scorer->ledger, index, longest, &most);
}

static bool span_is_light(const struct adit_scorer *scorer, uint32_t index, enum adit_span span)
{
	static const struct adit_ledger_load most = {
		LIGHT_INFORMATION - 1, LIGHT_MESSAGES, UINT64_MAX, LIGHT_ID_STEPS - 1, UINT32_MAX};

	return !all_is_judged(scorer, adit_ledger_key(scorer->ledger, index)) &&
	       scorer->params.detect.information_bound >= LIGHT_INFORMATION &&
	       adit_ledger_within(scorer->ledger, index, span, &most);
}

static void judge_span(struct adit_scorer *scorer, uint32_t index, enum adit_span span)
{
	const struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index), *domain = NULL;
	const struct adit_detect_params *detect = &scorer->params.detect;
	double *value = scorer->row.value;
	uint32_t story_index = index;
	struct adit_finding finding;

	if (span_is_light(scorer, index, span)) {
		scorer->counters.light++;
		return;
	}
	if (!adit_ledger_sum(scorer->ledger, index, span, &scorer->sum))
		return;
	if (key->kind == ADIT_KIND_PAIR)
		story_index = key->parent;
	if (key->kind != ADIT_KIND_SERVER)
		domain = adit_ledger_key(scorer->ledger, story_index);
	adit_features_derive(key->kind, &scorer->sum, value);
	adit_features_hide(detect->absent, value);
	context_fill(scorer, key, domain, value);
	scorer->counters.rows[span]++;
	adit_detect(detect, key->kind, span, &scorer->sum, value, &finding);
	for (int model = 0; model < ADIT_MODEL_KINDS; model++)
		scorer->counters.models[model] += finding.models >> model & 1;
	if (key->kind == ADIT_KIND_DOMAIN && !finding.strong && !together_counts(key, value))
		leave_burst(scorer, &finding);
	session_blame(scorer, key, value, &finding);
	if (is_unasked(scorer))
		finding.score = 0;
	discount(scorer, key, domain, value, &finding);
	if (finding.score < 0)
		finding.score = 0;
	if (scorer->params.features != NULL)
		feature_tell(scorer, key, domain, adit_span_names[span], &finding);
	if (finding.score < detect->suspect_score)
		return;
	scorer->counters.suspects += finding.score < detect->tunnel_score;
	scorer->counters.tunnels += finding.score >= detect->tunnel_score;
	/* What a subscriber sends to a domain's server is that domain's story, if it has one. */
	if (key->kind == ADIT_KIND_SERVER && adit_story_tells(scorer, key, finding.score))
		return;
	if (!adit_is_told(scorer, story_index, scorer->sum.first_slice, finding.score))
		adit_story_find(scorer, index, scorer->sum.first_slice, &finding);
}

/* A look is judged as a pair of its own if the ledger does not know it yet. */
void adit_judge_look(struct adit_scorer *scorer, uint32_t index, const struct adit_look *look,
	struct adit_finding *finding)
{
	const struct adit_detect_params *detect = &scorer->params.detect;
	struct adit_ledger_key key = {.kind = ADIT_KIND_PAIR}, domain = {.children = 1};
	uint32_t parent =
		adit_ledger_find(scorer->ledger, ADIT_KIND_DOMAIN, look->party.domain_key);
	double *value = scorer->row.value;

	key.who = look->party.who;
	domain.sample[0] = look->domain.name;
	if (parent != ADIT_LEDGER_NONE)
		domain.children = adit_ledger_key(scorer->ledger, parent)->children +
				  (index == ADIT_LEDGER_NONE);
	scorer->domain_age =
		adit_seen_domain(scorer->seen, look->party.domain_key, adit_slice_of(look->ts_ns));
	adit_features_derive(ADIT_KIND_PAIR, &scorer->sum, value);
	adit_features_hide(detect->absent, value);
	context_fill(scorer, &key, &domain, value);
	adit_detect(detect, ADIT_KIND_PAIR, ADIT_SPAN_SLICE, &scorer->sum, value, finding);
	discount(scorer, &key, &domain, value, finding);
	if (is_unasked(scorer) || finding->score < 0)
		finding->score = 0;
	if (scorer->params.features != NULL)
		feature_tell(scorer, &key, &domain, "look", finding);
}

/* What is remembered beside the ledger: of every key that got something, also those that the filter
 * stops. */
static void remember(struct adit_scorer *scorer, const struct adit_ledger_key *key)
{
	uint64_t domain = key->key;

	if (key->kind == ADIT_KIND_SERVER) {
		scorer->server_subscribers =
			adit_seen_server(scorer->seen, &key->server, key->who.key, scorer->slice);
		return;
	}
	if (key->kind == ADIT_KIND_PAIR)
		domain = adit_ledger_key(scorer->ledger, key->parent)->key;
	scorer->domain_age = adit_seen_domain(scorer->seen, domain, scorer->slice);
}

/* The seconds of a domain; 0 of other keys. */
static uint32_t bursts_take(
	struct adit_scorer *scorer, uint32_t index, const struct adit_ledger_key *key)
{
	const struct adit_detail *now = adit_ledger_now(scorer->ledger, index);

	if (key->kind != ADIT_KIND_DOMAIN || !scorer->params.detect.burst || now == NULL ||
		scorer->coalesced)
		return 0;
	return adit_bursts_take(scorer->bursts, key->key, scorer->slice, now);
}

/* An hour and a day slide by a minute. */
static bool is_due(
	const struct adit_scorer *scorer, const struct adit_ledger_key *key, enum adit_span span)
{
	return span < ADIT_SPAN_HOUR ||
	       key->judged / ADIT_MINUTE_SLICES != scorer->slice / ADIT_MINUTE_SLICES;
}

/* A key's weight is not below what it has of information: what passes the bound passes here. */
static bool filter_passes(
	const struct adit_scorer *scorer, const struct adit_ledger_key *key, uint32_t burst_hits)
{
	if (key->classes != 0 || burst_hits >= ADIT_BURST_LEAST ||
		(double)key->weight >= scorer->params.detect.information_bound)
		return true;
	if (key->weight < FILTER_INFORMATION)
		return false;
	return key->names >= FILTER_NAMES || key->kind == ADIT_KIND_SERVER;
}

static void judge(struct adit_scorer *scorer, uint32_t index)
{
	struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index);
	bool few;

	if (!key->used)
		return;
	remember(scorer, key);
	scorer->burst_hits = bursts_take(scorer, index, key);
	if (!filter_passes(scorer, key, scorer->burst_hits))
		return;
	scorer->counters.judged++;
	few = names_are_few(scorer, index,
		is_due(scorer, key, ADIT_SPAN_DAY) ? ADIT_SPAN_DAY : ADIT_SPAN_10MIN);
	for (int span = 0; span < ADIT_SPAN_COUNT; span++) {
		if (!span_is_new(scorer, index, span) || !is_due(scorer, key, span))
			continue;
		if (few)
			scorer->counters.light++;
		else
			judge_span(scorer, index, span);
	}
	if (is_due(scorer, key, ADIT_SPAN_HOUR)) {
		key->judged = scorer->slice;
	} else if (!key->late && scorer->late_count < scorer->params.ledger.keys) {
		key->late = true;
		scorer->late[scorer->late_count++] = index;
	}
}

/* What keys got after they were judged over long spans, and got nothing since. An hour that ends
 * now may have lost what one that ended then had: the day has it. */
static void judge_late(struct adit_scorer *scorer, bool is_end)
{
	for (uint32_t i = 0; i < scorer->late_count; i++) {
		struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, scorer->late[i]);
		bool is_new;

		if (!key->used || !key->late)
			continue;
		key->late = false;
		/* In its slice it has its own turn. */
		if (key->last_slice == scorer->slice && !is_end)
			continue;
		remember(scorer, key);
		scorer->burst_hits = 0;
		key->judged = scorer->slice;
		if (names_are_few(scorer, scorer->late[i], ADIT_SPAN_DAY)) {
			scorer->counters.light++;
			continue;
		}
		is_new = span_is_new(scorer, scorer->late[i], ADIT_SPAN_HOUR);
		if (is_new)
			judge_span(scorer, scorer->late[i], ADIT_SPAN_HOUR);
		if (is_new || span_is_new(scorer, scorer->late[i], ADIT_SPAN_DAY))
			judge_span(scorer, scorer->late[i], ADIT_SPAN_DAY);
	}
	scorer->late_count = 0;
	scorer->late_slice = scorer->slice;
}

static void session_over(void *context, const struct adit_session *session)
{
	struct adit_scorer *scorer = context;
	struct adit_feature_row *row = &scorer->row;

	scorer->counters.sessions++;
	if (scorer->params.features == NULL)
		return;
	row->window_start_ns = session->sum.first_ns;
	row->window_end_ns = session->sum.last_ns;
	row->span = "";
	row->kind = "session";
	row->domain.size = 0;
	row->has_subscriber = true;
	row->subscriber = session->who.address;
	row->tap = session->who.tap;
	row->vlan = session->who.vlan;
	row->has_server = row->left_out = false;
	row->score = 0;
	adit_features_of_session(&session->sum, row->value);
	scorer->params.features(scorer->params.context, row);
}

/* Models over sessions look at those that got something. */
static void sessions_judge(struct adit_scorer *scorer)
{
	const struct adit_detect_params *detect = &scorer->params.detect;
	struct adit_opinion opinion[ADIT_JUDGES_MAX];
	double value[ADIT_FEATURE_COUNT];
	struct adit_session *all;
	uint32_t count;

	scorer->sessions_judged =
		scorer->sessions != NULL && detect->judges != NULL &&
		adit_judges_any(detect->judges, ADIT_KIND_SESSION, ADIT_SPAN_SLICE, detect->models);
	if (!scorer->sessions_judged)
		return;
	all = adit_sessions_all(scorer->sessions, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct adit_session *session = &all[i];
		size_t opinions;

		if (!session->touched)
			continue;
		adit_features_of_session(&session->sum, value);
		opinions = adit_judges_ask(detect->judges, ADIT_KIND_SESSION, ADIT_SPAN_SLICE,
			detect->models, value, detect->suspect_score, detect->tunnel_score, opinion,
			NULL);
		session->outlier = session->threshold = 0;
		for (size_t k = 0; k < opinions; k++)
			if (opinion[k].score > opinion[k].threshold) {
				session->outlier = opinion[k].score;
				session->threshold = opinion[k].threshold;
			}
	}
}

/* The hour is over: whoever keeps the tables takes this one and gives an empty one. */
static void blind_turn(struct adit_scorer *scorer)
{
	struct adit_blind *empty;

	if (scorer->blind == NULL || scorer->blind->count == 0)
		return;
	empty = scorer->params.blind_full(scorer->params.context, scorer->blind);
	if (empty != NULL)
		scorer->blind = empty;
}

void adit_scorer_begin(struct adit_scorer *scorer, uint32_t slice)
{
	if (scorer->begun && scorer->slice == slice)
		return;
	scorer->slice = slice;
	scorer->begun = true;
	scorer->scored = false;
	adit_story_begin(scorer);
	adit_ledger_begin(scorer->ledger, slice);
}

void adit_scorer_hide_stale(const struct adit_scorer *scorer, struct adit_sum *sum)
{
	for (uint32_t left = scorer->stale; left != 0; left &= left - 1)
		sum->detail.class_names[__builtin_ctz(left)] = 0;
}

/* Windows that were on their way when rules changed have just been added. */
static void stale_forget(
	struct adit_scorer *scorer, struct adit_window *const *windows, uint32_t workers)
{
	bool any = false;

	for (uint32_t w = 0; w < workers && scorer->stale != 0; w++)
		any |= windows[w]->last_slice == scorer->slice &&
		       windows[w]->first_slice <= scorer->stale_until;
	if (any)
		adit_ledger_forget(scorer->ledger, scorer->stale);
}

void adit_scorer_slice(struct adit_scorer *scorer, uint32_t slice,
	struct adit_window *const *windows, uint32_t workers)
{
	const uint32_t *touched;
	size_t count;

	scorer->counters.slices++;
	scorer->coalesced = false;
	adit_scorer_begin(scorer, slice);
	adit_scorer_looks(scorer, windows, workers);
	if (scorer->sessions != NULL)
		adit_sessions_begin(scorer->sessions, slice, session_over, scorer);
	if (scorer->blind != NULL && scorer->blind->count != 0 &&
		slice / ADIT_HOUR_SLICES != scorer->blind->first_slice / ADIT_HOUR_SLICES)
		blind_turn(scorer);
	/* Where a port spreads, any worker may hold any row of shards, the last one too. */
	for (uint32_t shard = 0; shard / workers * workers < ADIT_SHARDS; shard++) {
		const struct adit_window *window = windows[shard % workers];

		if (shard < workers) {
			scorer->queries += window->counters.queries;
			scorer->responses += window->counters.responses;
		}

		if (shard / workers >= window->shards)
			continue;
		scorer->coalesced |= window->first_slice != window->last_slice;
		adit_ledger_add(scorer->ledger, window, shard / workers);
		if (scorer->sessions != NULL)
			adit_sessions_add(scorer->sessions, window, shard / workers, slice,
				session_over, scorer);
		if (scorer->blind != NULL)
			adit_blind_add(scorer->blind, window, shard / workers, slice);
	}
	stale_forget(scorer, windows, workers);
	sessions_judge(scorer);
	if (scorer->sessions != NULL)
		scorer->counters.sessions_refused = adit_sessions_refused(scorer->sessions);
	if (slice / ADIT_MINUTE_SLICES != scorer->late_slice / ADIT_MINUTE_SLICES)
		judge_late(scorer, false);
	touched = adit_ledger_touched(scorer->ledger, &count);
	scorer->counters.touched += count;
	for (size_t i = 0; i < count; i++) {
		if (i + AHEAD < count)
			adit_ledger_prefetch(scorer->ledger, touched[i + AHEAD]);
		judge(scorer, touched[i]);
	}
	adit_story_slice(scorer);
	scorer->scored = true;
}

void adit_scorer_end(struct adit_scorer *scorer)
{
	judge_late(scorer, true);
	adit_story_end(scorer);
	blind_turn(scorer);
	if (scorer->sessions != NULL)
		adit_sessions_begin(scorer->sessions, UINT32_MAX, session_over, scorer);
	adit_ledger_reset(scorer->ledger);
	adit_seen_reset(scorer->seen);
	adit_bursts_reset(scorer->bursts);
	scorer->queries = scorer->responses = 0;
	scorer->begun = scorer->scored = false;
	scorer->timeline++;
}

void adit_scorer_set_features(struct adit_scorer *scorer,
	void (*features)(void *context, const struct adit_feature_row *row))
{
	scorer->params.features = features;
}

void adit_scorer_set_rules(struct adit_scorer *scorer, const struct adit_score_rules *rules)
{
	struct adit_score_params *params = &scorer->params;

	params->detect = rules->detect;
	params->allow = rules->allow;
	params->story_idle_slices = rules->story_idle_slices;
	params->subscribers = rules->subscribers;
	params->samples = rules->samples;
	if (rules->forget != 0)
		adit_ledger_forget(scorer->ledger, rules->forget);
	scorer->stale = (scorer->stale & ~rules->forget) | rules->stale;
	if (rules->stale != 0)
		scorer->stale_until = rules->stale_until;
	least_names_find(scorer);
}

struct adit_score_usage adit_scorer_usage(const struct adit_scorer *scorer)
{
	struct adit_score_usage usage = {.ledger = adit_ledger_usage(scorer->ledger),
		.stories = scorer->stories_high - scorer->stories_freed};

	if (scorer->sessions != NULL)
		adit_sessions_all(scorer->sessions, &usage.sessions);
	return usage;
}

const struct adit_score_counters *adit_scorer_counters(const struct adit_scorer *scorer)
{
	return &scorer->counters;
}

const struct adit_ledger_counters *adit_scorer_ledger_counters(const struct adit_scorer *scorer)
{
	return adit_ledger_counters(scorer->ledger);
}
