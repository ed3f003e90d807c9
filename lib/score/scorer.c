/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One slice after the other: merge, filter, derive, detect, tell. Only keys that got something in
 * the slice are judged: with time alone a sum can only shrink.
 */
#include "score_priv.h"

/* The cheap filter: a key with less than this in an hour, and no signature, reaches no detector. */
#define FILTER_NAMES       8
#define FILTER_INFORMATION 200
/* Above so many subscribers a domain is in general use, and structure alone weighs less. */
#define PREVALENT_SUBSCRIBERS 8
#define PREVALENCE_DISCOUNT   20
/* So many responses to a query, and the tap shows one direction only. */
#define ONE_WAY_RESPONSES 50
/* What a domain's subscribers must have moved each, on average, to be judged together. */
#define TOGETHER_INFORMATION 200

static const char *const kind_names[ADIT_KIND_ENCRYPTED] = {
	[ADIT_KIND_DOMAIN] = "domain",
	[ADIT_KIND_PAIR] = "subscriber_domain",
	[ADIT_KIND_SERVER] = "subscriber_server",
};

size_t adit_scorer_bytes(const struct adit_score_params *params)
{
	return sizeof(struct adit_scorer) + adit_ledger_bytes(&params->ledger) +
	       params->stories * (sizeof(struct story) + sizeof(uint32_t));
}

struct adit_scorer *adit_scorer_create(
	const struct adit_score_params *params, const struct adit_allocator *allocator)
{
	struct adit_scorer *scorer = adit_alloc(allocator, sizeof(*scorer), ADIT_CACHE_LINE);

	if (scorer == NULL)
		return NULL;
	scorer->params = *params;
	scorer->blind = params->blind;
	scorer->allocator = adit_allocator_copy(allocator);
	scorer->ledger = adit_ledger_create(&params->ledger, allocator);
	scorer->stories =
		adit_alloc(allocator, params->stories * sizeof(*scorer->stories), ADIT_CACHE_LINE);
	scorer->stories_free = adit_alloc(
		allocator, params->stories * sizeof(*scorer->stories_free), ADIT_CACHE_LINE);
	if (scorer->ledger == NULL || scorer->stories == NULL || scorer->stories_free == NULL) {
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
	adit_free(allocator, scorer->stories);
	adit_free(allocator, scorer->stories_free);
	adit_free(allocator, scorer);
}

static void feature_tell(struct adit_scorer *scorer, const struct adit_ledger_key *key,
	const struct adit_ledger_key *domain, const struct adit_finding *finding)
{
	struct adit_feature_row *row = &scorer->row;

	row->window_start_ns = slice_start_ns(scorer->sum.first_slice);
	row->window_end_ns = slice_start_ns(scorer->sum.last_slice + 1);
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
	row->score = (uint32_t)(finding->score + 0.5);
	scorer->params.features(scorer->params.context, row);
}

/* Prevalence and known services may lower a score, but only while little was exchanged. */
static void discount(const struct adit_scorer *scorer, const struct adit_ledger_key *key,
	const struct adit_ledger_key *domain, double information, struct adit_finding *finding)
{
	const struct adit_score_params *params = &scorer->params;
	const struct adit_allow_entry *entry = NULL;
	double bound = params->detect.information_bound, below;

	if (finding->strong || domain == NULL || finding->score <= 0)
		return;
	if (key->kind == ADIT_KIND_DOMAIN && domain->children > 0)
		information /= domain->children;
	if (domain->children >= PREVALENT_SUBSCRIBERS && information < bound)
		finding->score -= PREVALENCE_DISCOUNT;
	if (params->allow != NULL)
		entry = adit_allow_find(params->allow, domain->sample[0].wire,
			domain->sample[0].size, slice_start_ns(scorer->slice));
	if (entry == NULL)
		return;
	below = entry->below_bytes != 0 ? (double)entry->below_bytes : bound;
	if (information < below && finding->score >= params->suspect_score)
		finding->score = params->suspect_score - 1;
}

/* Whether longer spans may say more than those tried. */
static bool span_is_new(const struct adit_scorer *scorer, uint32_t index, enum adit_span span)
{
	const struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index);

	switch (span) {
	case ADIT_SPAN_10MIN:
		return key->fresh_first != key->fresh_last;
	case ADIT_SPAN_HOUR:
		return key->aged_first != ADIT_LEDGER_NONE;
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

static void judge_span(struct adit_scorer *scorer, uint32_t index, enum adit_span span)
{
	const struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index), *domain = NULL;
	const struct adit_ledger_key *told;
	uint32_t story_index = index;
	struct adit_finding finding;

	if (!adit_ledger_sum(scorer->ledger, index, span, &scorer->sum))
		return;
	if (key->kind == ADIT_KIND_PAIR)
		story_index = key->parent;
	if (key->kind != ADIT_KIND_SERVER)
		domain = adit_ledger_key(scorer->ledger, story_index);
	adit_features_derive(
		&scorer->sum, domain != NULL ? domain->children : 0, scorer->row.value);
	adit_detect(&scorer->params.detect, key->kind, &scorer->sum, scorer->row.value, &finding);
	if (key->kind == ADIT_KIND_DOMAIN && !finding.strong &&
		!together_counts(key, scorer->row.value))
		finding.score = 0;
	if (is_unasked(scorer))
		finding.score = 0;
	discount(scorer, key, domain, scorer->row.value[ADIT_FEATURE_INFORMATION], &finding);
	if (finding.score < 0)
		finding.score = 0;
	if (scorer->params.features != NULL)
		feature_tell(scorer, key, domain, &finding);
	if (finding.score < scorer->params.suspect_score)
		return;
	/* What a subscriber sends to a domain's server is that domain's story, if it has one. */
	if (key->kind == ADIT_KIND_SERVER && adit_story_has_subscriber(scorer, key->who.key))
		return;
	/* What a closed story has told makes no other. */
	told = adit_ledger_key(scorer->ledger, story_index);
	if (told->story == 0 && told->told != 0 && scorer->sum.first_slice <= told->told)
		return;
	adit_story_find(scorer, story_index, scorer->sum.first_slice, &finding);
}

static void judge(struct adit_scorer *scorer, uint32_t index)
{
	const struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index);

	if (!key->used)
		return;
	if (key->classes == 0 && (key->names < FILTER_NAMES || key->weight < FILTER_INFORMATION) &&
		!(key->kind == ADIT_KIND_SERVER && key->weight >= FILTER_INFORMATION))
		return;
	scorer->counters.judged++;
	for (int span = 0; span < ADIT_SPAN_COUNT; span++)
		if (span_is_new(scorer, index, span))
			judge_span(scorer, index, span);
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

void adit_scorer_slice(struct adit_scorer *scorer, uint32_t slice,
	struct adit_window *const *windows, uint32_t workers)
{
	const uint32_t *touched;
	size_t count;

	scorer->slice = slice;
	scorer->counters.slices++;
	adit_story_begin(scorer);
	adit_ledger_begin(scorer->ledger, slice);
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
		adit_ledger_add(scorer->ledger, window, shard / workers);
		if (scorer->blind != NULL)
			adit_blind_add(scorer->blind, window, shard / workers, slice);
	}
	touched = adit_ledger_touched(scorer->ledger, &count);
	for (size_t i = 0; i < count; i++)
		judge(scorer, touched[i]);
	adit_story_slice(scorer);
}

void adit_scorer_end(struct adit_scorer *scorer)
{
	adit_story_end(scorer);
	blind_turn(scorer);
	adit_ledger_reset(scorer->ledger);
	scorer->queries = scorer->responses = 0;
	scorer->timeline++;
}

const struct adit_score_counters *adit_scorer_counters(const struct adit_scorer *scorer)
{
	return &scorer->counters;
}

const struct adit_ledger_counters *adit_scorer_ledger_counters(const struct adit_scorer *scorer)
{
	return adit_ledger_counters(scorer->ledger);
}
