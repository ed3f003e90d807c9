/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Open stories in the state file, section "stories". A story's key is found in the ledger again;
 * what its tool and its reasons are called is found among the names that are known now.
 */
#include "state_priv.h"

#include <errno.h>
#include <float.h>

#define SECTION         "stories"
#define SECTION_VERSION 1
#define MOST            1e18 /* bytes, or messages, of any story */

size_t adit_stories_state_bytes(uint32_t stories)
{
	/* Names are up to 255 octets: of the tool and of each reason. */
	return ADIT_STATE_MARK_BYTES + 2 * sizeof(uint32_t) +
	       (size_t)stories * (sizeof(struct story) + sizeof(uint32_t) + 64 +
					 (ADIT_VERDICT_REASONS + 1) * STATE_TEXT);
}

/* The static string of a reason; NULL: no such reason is given any more. */
static const char *reason_known(const char *name)
{
	static const char *const others[] = {"signature_names", "signature_id_step", "session"};
	enum adit_feature feature = adit_feature_find(name);

	if (feature != ADIT_FEATURE_COUNT)
		return adit_features[feature].name;
	for (size_t i = 0; i < ADIT_COUNT(others); i++)
		if (strcmp(name, others[i]) == 0)
			return others[i];
	for (int kind = 0; kind < ADIT_MODEL_KINDS; kind++)
		if (strcmp(name, adit_model_kind_names[kind]) == 0)
			return adit_model_kind_names[kind];
	return NULL;
}

static const char *tool_known(const struct adit_pattern_set *patterns, const char *name)
{
	for (size_t i = 0; patterns != NULL && i < adit_pattern_tools(patterns); i++)
		if (strcmp(adit_pattern_tool(patterns, i)->name, name) == 0)
			return adit_pattern_tool(patterns, i)->name;
	return NULL;
}

static void reasons_save(struct adit_state_io *io, struct adit_finding *best)
{
	uint32_t count = (uint32_t)best->reason_count;

	adit_state_u32(io, &count);
	for (uint32_t i = 0; i < count; i++) {
		state_text_save(io, best->reason[i].name);
		adit_state_bytes(io, &best->reason[i].value, sizeof(double));
		adit_state_bytes(io, &best->reason[i].threshold, sizeof(double));
	}
}

static void reasons_load(struct adit_state_io *io, struct adit_finding *best)
{
	uint32_t count = 0;

	adit_state_count(io, &count, ADIT_VERDICT_REASONS);
	for (uint32_t i = 0; i < count; i++) {
		struct adit_reason reason;
		char name[STATE_TEXT];

		state_text_load(io, name);
		adit_state_real(io, &reason.value, -DBL_MAX, DBL_MAX);
		adit_state_real(io, &reason.threshold, -DBL_MAX, DBL_MAX);
		reason.name = reason_known(name);
		if (reason.name != NULL)
			best->reason[best->reason_count++] = reason;
	}
}

static void finding_code(
	const struct adit_scorer *scorer, struct adit_state_io *io, struct adit_finding *best)
{
	uint32_t models = best->models;
	char tool[STATE_TEXT];

	adit_state_real(io, &best->score, 0, 1000);
	adit_state_real(io, &best->apart, -1000, 1000);
	adit_state_bool(io, &best->strong);
	adit_state_bool(io, &best->left_out);
	adit_state_bool(io, &best->general);
	adit_state_u32(io, &models);
	best->models = models;
	if (io->loads) {
		state_text_load(io, tool);
		best->tool = tool_known(scorer->params.detect.patterns, tool);
		reasons_load(io, best);
	} else {
		state_text_save(io, best->tool);
		reasons_save(io, best);
	}
}

static void bearer_code(struct adit_state_io *io, struct adit_verdict_bearer *bearer)
{
	adit_address_code(io, &bearer->outer);
	adit_address_code(io, &bearer->outer_core);
	adit_state_bool(io, &bearer->has_teid_uplink);
	adit_state_bool(io, &bearer->has_teid_downlink);
	adit_state_u32(io, &bearer->teid_uplink);
	adit_state_u32(io, &bearer->teid_downlink);
	adit_state_u64(io, &bearer->first_ns);
	adit_state_u64(io, &bearer->last_ns);
}

static void party_code(struct adit_state_io *io, struct story_party *party)
{
	adit_state_u64(io, &party->key);
	adit_subscriber_code(io, &party->who);
	adit_state_u64(io, &party->queries);
	adit_state_u64(io, &party->bytes_up);
	adit_state_u64(io, &party->bytes_down);
	adit_state_u32(io, &party->handovers);
	adit_state_count(io, &party->bearer_count, ADIT_VERDICT_BEARERS);
	for (uint32_t i = 0; i < party->bearer_count; i++)
		bearer_code(io, &party->bearer[i]);
}

/* `key` is that of the ledger. */
static void story_code(const struct adit_scorer *scorer, struct adit_state_io *io,
	struct story *story, uint64_t *key)
{
	adit_state_u8(io, &story->kind);
	adit_state_u64(io, key);
	adit_state_u64(io, &story->id);
	adit_state_bool(io, &story->dirty);
	adit_state_bool(io, &story->told);
	adit_state_bool(io, &story->begun);
	adit_state_u32(io, &story->first_slice);
	adit_state_u32(io, &story->last_slice);
	finding_code(scorer, io, &story->best);
	adit_state_u64(io, &story->queries);
	adit_state_u64(io, &story->responses);
	adit_state_u64(io, &story->bytes_up);
	adit_state_u64(io, &story->bytes_down);
	adit_state_real(io, &story->information_up, 0, MOST);
	adit_state_real(io, &story->information_down, 0, MOST);
	adit_distinct_code(io, &story->names);
	adit_state_real(io, &story->told_weight, 0, 3 * MOST);
	adit_state_u32(io, &story->told_subscribers);
	adit_state_u32(io, &story->subscribers_total);
	adit_state_count(io, &story->party_count, ADIT_VERDICT_SUBSCRIBERS);
	for (uint32_t i = 0; i < story->party_count; i++)
		party_code(io, &story->party[i]);
	adit_state_count(io, &story->sample_count, ADIT_LEDGER_SAMPLES);
	for (uint32_t i = 0; i < story->sample_count; i++)
		adit_sample_code(io, &story->sample[i]);
	if (story->kind != ADIT_KIND_DOMAIN && story->kind != ADIT_KIND_SERVER)
		adit_state_refuse(io, "a story is of a domain or a server");
}

/* Places are saved, and those that are free in the order in which they will be taken: records of a
 * slice are written in the order of places. */
void adit_stories_save(struct adit_scorer *scorer, struct adit_state_io *io)
{
	uint64_t open = 0;

	adit_state_save_section(io, SECTION, SECTION_VERSION);
	adit_state_u32(io, &scorer->stories_high);
	adit_state_u32(io, &scorer->stories_freed);
	for (uint32_t i = 0; i < scorer->stories_freed; i++)
		adit_state_u32(io, &scorer->stories_free[i]);
	for (uint32_t i = 0; i < scorer->stories_high; i++) {
		struct story *story = &scorer->stories[i];

		if (!story->open)
			continue;
		open++;
		adit_state_u32(io, &i);
		story_code(scorer, io, story, &adit_ledger_key(scorer->ledger, story->index)->key);
	}
	adit_state_save_section_end(io, open);
}

/* Free places; where the table has become smaller, they are dealt anew. */
static void free_load(struct adit_scorer *scorer, struct adit_state_io *io, bool *dealt)
{
	uint32_t high = 0, freed = 0;

	adit_state_u32(io, &high);
	adit_state_u32(io, &freed);
	*dealt = high > scorer->params.stories;
	if (freed > high || io->entries != high - freed) {
		adit_state_refuse(io, "places that are free and stories are all places");
		return;
	}
	for (uint32_t i = 0; i < freed && !io->failed; i++) {
		uint32_t place = 0;

		adit_state_u32(io, &place);
		if (place >= high)
			adit_state_refuse(io, "a place stands below the highest one");
		else if (!*dealt)
			scorer->stories_free[scorer->stories_freed++] = place;
	}
	scorer->stories_high = *dealt ? 0 : high;
}

/* A story without its key, or without room, is lost. */
static void story_put(struct adit_scorer *scorer, struct adit_state_io *io, struct story *story,
	uint32_t place, uint32_t index, struct adit_state_left *left)
{
	struct adit_ledger_key *key =
		index != ADIT_LEDGER_NONE ? adit_ledger_key(scorer->ledger, index) : NULL;

	if (scorer->stories[place].open) {
		adit_state_refuse(io, "two stories can't have one place");
		return;
	}
	if (key == NULL || key->story != 0) {
		left->stories++;
		if (scorer->stories_freed < scorer->params.stories)
			scorer->stories_free[scorer->stories_freed++] = place;
		return;
	}
	story->open = true;
	story->index = index;
	scorer->stories[place] = *story;
	key->story = place + 1;
}

/* No place may be free and taken, or free twice. */
static void free_check(struct adit_scorer *scorer, struct adit_state_io *io)
{
	for (uint32_t i = 0; i < scorer->stories_freed; i++) {
		struct story *story = &scorer->stories[scorer->stories_free[i]];

		if (story->open || story->dirty)
			adit_state_refuse(io, "a place is free, once, or it has a story");
		story->dirty = true;
	}
}

int adit_stories_load(struct adit_scorer *scorer, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error)
{
	/* 30 KB: the scorer's record is no use before the first slice. */
	struct story *story = adit_alloc(NULL, sizeof(*story), ADIT_CACHE_LINE);
	struct adit_state_io io;
	bool dealt;
	int status = adit_state_load(file, SECTION, SECTION_VERSION, &io, error);

	if (story == NULL && status == 0)
		status = adit_error_set(error, -ENOMEM, "%s: no memory to read it", file->path);
	if (status != 0) {
		adit_free(NULL, story);
		return status;
	}
	memset(scorer->stories, 0, scorer->params.stories * sizeof(*scorer->stories));
	free_load(scorer, &io, &dealt);
	for (uint64_t i = 0; i < io.entries && !io.failed; i++) {
		uint32_t place = 0;
		uint64_t key = 0;

		memset(story, 0, sizeof(*story));
		adit_state_u32(&io, &place);
		story_code(scorer, &io, story, &key);
		if (io.failed)
			break;
		if (dealt && scorer->stories_high == scorer->params.stories) {
			left->stories++;
			continue;
		}
		if (dealt)
			place = scorer->stories_high++;
		if (place >= scorer->stories_high)
			adit_state_refuse(&io, "a place stands below the highest one");
		else
			story_put(scorer, &io, story, place,
				adit_ledger_find(scorer->ledger, story->kind, key), left);
	}
	free_check(scorer, &io);
	adit_free(NULL, story);
	return adit_state_load_end(file, &io, error);
}
