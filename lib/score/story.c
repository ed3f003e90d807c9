/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Stories: one tunnel, one id, from the first record to the last. A record is written when a story
 * opens, when its verdict or tool becomes clearer, when what it moved or the number of its
 * subscribers has doubled, and when it closes: few records for a tunnel of days.
 */
#include "score_priv.h"

#include <stdlib.h>

/* Subscribers of open stories among which one is looked for. */
#define SUBSCRIBERS_LOOKED_AT 4096

/* FNV-1a: the id must be the same on every run, and need not resist anybody. */
static uint64_t id_mix(uint64_t id, const void *data, size_t size)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < size; i++)
		id = (id ^ p[i]) * UINT64_C(0x100000001b3);
	return id;
}

static uint64_t story_id(
	const struct adit_scorer *scorer, const struct adit_ledger_key *key, uint32_t first_slice)
{
	uint64_t id = UINT64_C(0xcbf29ce484222325);

	if (key->kind == ADIT_KIND_DOMAIN) {
		id = id_mix(id, key->sample[0].wire, key->sample[0].size);
	} else {
		id = id_mix(id, &key->server, sizeof(key->server));
		id = id_mix(id, &key->who.address, sizeof(key->who.address));
		id = id_mix(id, &key->who.tap, sizeof(key->who.tap));
		id = id_mix(id, &key->who.vlan, sizeof(key->who.vlan));
		id = id_mix(id, &key->who.vlan_inner, sizeof(key->who.vlan_inner));
		id = id_mix(id, &key->who.core, sizeof(key->who.core));
	}
	id = id_mix(id, &first_slice, sizeof(first_slice));
	/* A story that tells again what a lesser one told begins where that one did. */
	if (key->told != 0 && first_slice <= key->told)
		id = id_mix(id, &key->told, sizeof(key->told));
	/* The first timeline is all that most runs have. */
	if (scorer->timeline != 0)
		id = id_mix(id, &scorer->timeline, sizeof(scorer->timeline));
	return id;
}

/* Adds what a pair or server key did; the lightest gives way when the list is full. */
static void party_add(
	struct story *story, const struct adit_ledger_key *key, const struct adit_sum *sum)
{
	struct story_party *party = NULL, *least = &story->party[0];

	for (uint32_t i = 0; i < story->party_count && party == NULL; i++) {
		struct story_party *it = &story->party[i];

		if (it->key == key->key)
			party = it;
		else if (it->bytes_up + it->bytes_down < least->bytes_up + least->bytes_down)
			least = it;
	}
	if (party == NULL) {
		if (story->party_count < ADIT_VERDICT_SUBSCRIBERS)
			party = &story->party[story->party_count++];
		else if (least->bytes_up + least->bytes_down < sum->bytes_up + sum->bytes_down)
			party = least;
		else
			return;
		memset(party, 0, sizeof(*party));
		party->key = key->key;
	}
	party->who = key->who;
	adit_bearers_add(party, &key->who);
	party->queries += sum->queries;
	party->bytes_up += sum->bytes_up;
	party->bytes_down += sum->bytes_down;
	for (uint8_t i = 0; i < key->sample_count && story->sample_count < ADIT_LEDGER_SAMPLES;
		i++) {
		uint32_t at = 0;

		while (at < story->sample_count &&
			(story->sample[at].size != key->sample[i].size ||
				memcmp(story->sample[at].wire, key->sample[i].wire,
					key->sample[i].size) != 0))
			at++;
		if (at == story->sample_count)
			story->sample[story->sample_count++] = key->sample[i];
	}
}

/* What a story counts; who it is about and what was found stay. */
static void counts_clear(struct story *story)
{
	story->queries = story->responses = story->bytes_up = story->bytes_down = 0;
	story->information_up = story->information_down = 0;
	memset(&story->names, 0, sizeof(story->names));
	story->party_count = story->sample_count = 0;
}

static void story_count(struct story *story, const struct adit_sum *sum)
{
	double value[ADIT_FEATURE_COUNT];

	adit_features_derive(story->kind, sum, value);
	story->queries += sum->queries;
	story->responses += sum->responses;
	story->bytes_up += sum->bytes_up;
	story->bytes_down += sum->bytes_down;
	story->information_up += value[ADIT_FEATURE_INFORMATION_UP];
	story->information_down += value[ADIT_FEATURE_INFORMATION_DOWN];
	adit_distinct_merge(&story->names, &sum->detail.names);
}

/* The longest span in which nothing is that a closed story has told, unless it told of less. */
static enum adit_span span_untold(
	const struct adit_scorer *scorer, const struct adit_ledger_key *key, double score)
{
	uint32_t since = scorer->slice - key->told;

	if (key->told == 0 || class_of(scorer, score) > key->told_class ||
		since >= ADIT_DAY_SLICES + ADIT_HOUR_SLICES)
		return ADIT_SPAN_DAY;
	if (since >= ADIT_HOUR_SLICES + ADIT_MINUTE_SLICES)
		return ADIT_SPAN_HOUR;
	return since >= ADIT_SPAN_SLICES ? ADIT_SPAN_10MIN : ADIT_SPAN_SLICE;
}

/* A new story takes over what the ledger still holds of its key and no other has told. */
static void story_begin(struct adit_scorer *scorer, struct story *story)
{
	const struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, story->index);
	enum adit_span span = span_untold(scorer, key, story->best.score);

	story->begun = true;
	/* Of one that was told early the slice's row may have given way: what was told stands. */
	if (!adit_ledger_sum(scorer->ledger, story->index, span, &scorer->sum))
		return;
	counts_clear(story);
	story_count(story, &scorer->sum);
	if (scorer->sum.first_slice < story->first_slice)
		story->first_slice = scorer->sum.first_slice;
	/* One that was told early keeps its id. */
	if (!story->told)
		story->id = story_id(scorer, key, story->first_slice);
	if (key->kind == ADIT_KIND_SERVER) {
		party_add(story, key, &scorer->sum);
		story->subscribers_total = 1;
		return;
	}
	story->subscribers_total = key->children;
	for (uint32_t child = key->child; child != ADIT_LEDGER_NONE;) {
		const struct adit_ledger_key *pair = adit_ledger_key(scorer->ledger, child);

		if (span == ADIT_SPAN_DAY)
			adit_ledger_totals(scorer->ledger, child, &scorer->sum);
		else
			adit_ledger_sum(scorer->ledger, child, span, &scorer->sum);
		if (scorer->sum.windows != 0)
			party_add(story, pair, &scorer->sum);
		child = pair->sibling_next;
	}
}

/* A new story of a key; NULL: too many are open. */
static struct story *story_open(struct adit_scorer *scorer, uint32_t index, uint32_t slice,
	uint32_t first_slice, const struct adit_finding *finding)
{
	struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index);
	struct story *story;
	uint32_t number;

	if (scorer->stories_freed > 0)
		number = scorer->stories_free[--scorer->stories_freed];
	else if (scorer->stories_high < scorer->params.stories)
		number = scorer->stories_high++;
	else {
		scorer->counters.stories_refused++;
		return NULL;
	}
	story = &scorer->stories[number];
	memset(story, 0, sizeof(*story));
	story->open = story->dirty = true;
	story->kind = key->kind;
	story->index = index;
	story->first_slice = first_slice;
	story->last_slice = slice;
	story->best = *finding;
	key->story = number + 1;
	scorer->counters.opened++;
	return story;
}

/* A finding of a story that is open: the best one stands. */
static void story_improve(
	const struct adit_scorer *scorer, struct story *story, const struct adit_finding *finding)
{
	double tunnel_score = scorer->params.detect.tunnel_score;
	bool clearer = finding->score >= tunnel_score && story->best.score < tunnel_score;

	clearer |= finding->tool != NULL && story->best.tool == NULL;
	clearer |= finding->score >= story->best.score + 10;
	/* Of equal scores the one with more to say for itself stands. */
	if (finding->score > story->best.score || clearer ||
		(finding->score == story->best.score &&
			finding->reason_count > story->best.reason_count)) {
		const char *tool = finding->tool != NULL ? finding->tool : story->best.tool;
		double score = story->best.score;

		story->best = *finding;
		story->best.tool = tool;
		if (story->best.score < score)
			story->best.score = score;
	}
	story->dirty |= clearer;
}

/* What a pair has of its domain's story. */
static void found_raise(struct adit_scorer *scorer, struct adit_ledger_key *pair, double score)
{
	if (class_of(scorer, score) > pair->found)
		pair->found = (uint8_t)class_of(scorer, score);
}

void adit_story_find(struct adit_scorer *scorer, uint32_t index, uint32_t first_slice,
	const struct adit_finding *finding)
{
	struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index), *pair = NULL;

	if (key->kind == ADIT_KIND_PAIR) {
		pair = key;
		index = key->parent;
		key = adit_ledger_key(scorer->ledger, index);
	}
	if (key->story != 0)
		story_improve(scorer, &scorer->stories[key->story - 1], finding);
	else if (story_open(scorer, index, scorer->slice, first_slice, finding) == NULL)
		return;
	if (pair != NULL)
		found_raise(scorer, pair, finding->score);
}

static bool address_same(const struct adit_address *a, const struct adit_address *b)
{
	return a->is_v6 == b->is_v6 && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Bounded: where stories have more subscribers than can be looked at, one more story is told. */
bool adit_story_tells(
	const struct adit_scorer *scorer, const struct adit_ledger_key *server, double score)
{
	enum story_class class = class_of(scorer, score);
	uint32_t budget = SUBSCRIBERS_LOOKED_AT;

	for (uint32_t i = 0; i < scorer->stories_high; i++) {
		const struct story *story = &scorer->stories[i];
		const struct adit_ledger_key *key;

		if (!story->open || story->kind != ADIT_KIND_DOMAIN ||
			class_of(scorer, story->best.score) < class)
			continue;
		key = adit_ledger_key(scorer->ledger, story->index);
		for (uint32_t child = key->child; child != ADIT_LEDGER_NONE && budget > 0;
			budget--) {
			const struct adit_ledger_key *pair = adit_ledger_key(scorer->ledger, child);

			if (pair->who.key == server->who.key && pair->found >= class &&
				address_same(&pair->server, &server->server))
				return true;
			child = pair->sibling_next;
		}
	}
	return false;
}

static int party_heavier(const void *left, const void *right)
{
	const struct story_party *a = left, *b = right;
	uint64_t bytes_a = a->bytes_up + a->bytes_down, bytes_b = b->bytes_up + b->bytes_down;

	if (bytes_a != bytes_b)
		return bytes_a < bytes_b ? 1 : -1;
	if (memcmp(&a->who.address, &b->who.address, sizeof(a->who.address)) != 0)
		return memcmp(&a->who.address, &b->who.address, sizeof(a->who.address));
	return a->key < b->key ? -1 : a->key > b->key;
}

static void fill_subscriber(const struct adit_scorer *scorer, const struct story_party *party,
	struct adit_verdict_subscriber *subscriber)
{
	const struct adit_blind_row *blind = NULL;

	*subscriber = (struct adit_verdict_subscriber){
		.address = party->who.address,
		.tap = party->who.tap,
		.vlan = party->who.vlan,
		.vlan_inner = party->who.vlan_inner,
		.bearer_count = party->bearer_count,
		.handovers = party->handovers,
		.queries = party->queries,
		.bytes_up = party->bytes_up,
		.bytes_down = party->bytes_down,
	};
	memcpy(subscriber->bearer, party->bearer, sizeof(subscriber->bearer));
	if (scorer->blind != NULL)
		blind = adit_blind_find(scorer->blind, party->who.key);
	for (int i = 0; blind != NULL && i < ADIT_TRANSPORT_COUNT; i++) {
		subscriber->encrypted_packets[i] = blind->packets_up[i] + blind->packets_down[i];
		subscriber->encrypted_bytes[i] = blind->bytes_up[i] + blind->bytes_down[i];
	}
}

static void fill_subscribers(
	const struct adit_scorer *scorer, struct story *story, struct adit_verdict *verdict)
{
	uint32_t count = story->party_count;

	qsort(story->party, count, sizeof(story->party[0]), party_heavier);
	if (count > scorer->params.subscribers)
		count = scorer->params.subscribers;
	verdict->subscriber_count = count;
	for (uint32_t i = 0; i < count; i++)
		fill_subscriber(scorer, &story->party[i], &verdict->subscriber[i]);
}

static double story_weight(const struct story *story)
{
	return story->information_up + story->information_down + (double)story->queries;
}

/* Writes a record at a time. */
static void story_tell(struct adit_scorer *scorer, struct story *story,
	enum adit_verdict_state state, uint64_t time_ns)
{
	const struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, story->index);
	struct adit_verdict *verdict = &scorer->verdict;
	double unique = adit_distinct_number(&story->names);
	double most =
		(double)(story->queries > story->responses ? story->queries : story->responses);

	memset(verdict, 0, sizeof(*verdict));
	verdict->id = story->id;
	verdict->state = state;
	verdict->time_ns = time_ns;
	verdict->verdict = story->best.score >= scorer->params.detect.tunnel_score
				   ? ADIT_VERDICT_TUNNEL
				   : ADIT_VERDICT_SUSPECT;
	verdict->window_start_ns = slice_start_ns(story->first_slice);
	verdict->window_end_ns = slice_start_ns(story->last_slice + 1);
	if (key->kind == ADIT_KIND_DOMAIN) {
		verdict->domain.size = key->sample[0].size;
		memcpy(verdict->domain.wire, key->sample[0].wire, key->sample[0].size);
	} else {
		verdict->has_server = true;
		verdict->server = key->server;
	}
	verdict->score = score_number(scorer, story->best.score);
	verdict->tool = story->best.tool;
	verdict->reason_count = story->best.reason_count;
	memcpy(verdict->reason, story->best.reason, sizeof(verdict->reason));
	verdict->subscribers_total = story->subscribers_total;
	fill_subscribers(scorer, story, verdict);
	verdict->queries = story->queries;
	verdict->responses = story->responses;
	verdict->unique_names = (uint64_t)((unique < most ? unique : most) + 0.5);
	verdict->bytes_up = story->bytes_up;
	verdict->bytes_down = story->bytes_down;
	verdict->information_up = (uint64_t)(story->information_up + 0.5);
	verdict->information_down = (uint64_t)(story->information_down + 0.5);
	verdict->sample_count = story->sample_count < scorer->params.samples
					? story->sample_count
					: scorer->params.samples;
	for (size_t i = 0; i < verdict->sample_count; i++) {
		verdict->sample[i].size = story->sample[i].size;
		memcpy(verdict->sample[i].wire, story->sample[i].wire, story->sample[i].size);
	}
	scorer->params.verdict(scorer->params.context, verdict);
	story->told = true;
	story->dirty = false;
	story->told_weight = story_weight(story);
	story->told_subscribers = story->subscribers_total;
}

void adit_story_look(struct adit_scorer *scorer, uint32_t index, const struct adit_look *look,
	const struct adit_finding *finding)
{
	struct adit_ledger_key *pair = adit_ledger_key(scorer->ledger, index);
	const struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, pair->parent);
	struct story *story;
	bool dirty;

	if (key->story != 0) {
		found_raise(scorer, pair, finding->score);
		story = &scorer->stories[key->story - 1];
		dirty = story->dirty;
		story->dirty = false;
		story_improve(scorer, story, finding);
		/* Its own slice brings the counts. */
		if (story->dirty && story->told)
			story_tell(scorer, story, ADIT_STATE_UPDATE, look->ts_ns);
		story->dirty |= dirty;
		return;
	}
	story = story_open(
		scorer, pair->parent, adit_slice_of(look->ts_ns), scorer->sum.first_slice, finding);
	if (story == NULL)
		return;
	found_raise(scorer, pair, finding->score);
	story_count(story, &scorer->sum);
	party_add(story, pair, &scorer->sum);
	story->subscribers_total = key->children;
	story->id = story_id(scorer, key, story->first_slice);
	story_tell(scorer, story, ADIT_STATE_OPEN, look->ts_ns);
}

static void story_close(struct adit_scorer *scorer, struct story *story)
{
	struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, story->index);

	story_tell(scorer, story, ADIT_STATE_CLOSED, slice_start_ns(scorer->slice + 1));
	story->open = false;
	key->story = 0;
	key->told = story->last_slice;
	key->told_class = (uint8_t)class_of(scorer, story->best.score);
	for (uint32_t child = key->child; child != ADIT_LEDGER_NONE;) {
		struct adit_ledger_key *pair = adit_ledger_key(scorer->ledger, child);

		pair->found = CLASS_NONE;
		child = pair->sibling_next;
	}
	scorer->stories_free[scorer->stories_freed++] = (uint32_t)(story - scorer->stories);
}

void adit_story_begin(struct adit_scorer *scorer)
{
	for (uint32_t i = 0; i < scorer->stories_high; i++) {
		struct story *story = &scorer->stories[i];

		if (story->open &&
			scorer->slice > story->last_slice + scorer->params.story_idle_slices)
			story_close(scorer, story);
	}
}

/* Adds a touched key's slice to the story that it belongs to. */
static void touched_count(struct adit_scorer *scorer, uint32_t index)
{
	struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, index);
	uint32_t number = key->story;
	struct story *story;

	if (!key->used)
		return;
	if (key->kind == ADIT_KIND_PAIR)
		number = adit_ledger_key(scorer->ledger, key->parent)->story;
	if (number == 0)
		return;
	story = &scorer->stories[number - 1];
	if (scorer->slice < story->last_slice)
		return;
	story->last_slice = scorer->slice;
	if (!story->begun)
		return; /* story_begin takes it */
	adit_ledger_sum(scorer->ledger, index, ADIT_SPAN_SLICE, &scorer->sum);
	if (key->kind != ADIT_KIND_PAIR)
		story_count(story, &scorer->sum);
	if (key->kind != ADIT_KIND_DOMAIN)
		party_add(story, key, &scorer->sum);
	else if (key->children > story->subscribers_total)
		story->subscribers_total = key->children;
}

void adit_story_slice(struct adit_scorer *scorer)
{
	size_t count;
	const uint32_t *touched = adit_ledger_touched(scorer->ledger, &count);
	uint64_t now = slice_start_ns(scorer->slice + 1);

	for (size_t i = 0; scorer->stories_high > scorer->stories_freed && i < count; i++)
		touched_count(scorer, touched[i]);
	for (uint32_t i = 0; i < scorer->stories_high; i++) {
		struct story *story = &scorer->stories[i];

		/* One that a look of a later slice opened: the ledger has nothing of that yet. */
		if (!story->open || (!story->begun && story->last_slice > scorer->slice))
			continue;
		if (!story->begun) {
			story->last_slice = scorer->slice;
			story_begin(scorer, story);
			if (!story->told) {
				story_tell(scorer, story, ADIT_STATE_OPEN, now);
				continue;
			}
		}
		if (scorer->slice - story->last_slice >= scorer->params.story_idle_slices) {
			story_close(scorer, story);
			continue;
		}
		if (story->dirty || story_weight(story) >= 2 * story->told_weight ||
			story->subscribers_total >= 2 * story->told_subscribers + 1)
			story_tell(scorer, story, ADIT_STATE_UPDATE, now);
	}
}

void adit_story_end(struct adit_scorer *scorer)
{
	for (uint32_t i = 0; i < scorer->stories_high; i++) {
		struct story *story = &scorer->stories[i];

		if (!story->open)
			continue;
		/* Found when all was over. */
		if (!story->told) {
			story->last_slice =
				adit_ledger_key(scorer->ledger, story->index)->last_slice;
			story_begin(scorer, story);
			story_tell(
				scorer, story, ADIT_STATE_OPEN, slice_start_ns(scorer->slice + 1));
		}
		story_close(scorer, story);
	}
	scorer->stories_high = scorer->stories_freed = 0;
}
