/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the scoring core remembers, section by section.
 */
#include "state_priv.h"

#include <errno.h>

#define SECTION_SCORER  "scorer"
#define SECTION_CLASSES "classes"
#define SECTION_LATE    "late"
#define SECTION_VERSION 1
#define CLASSES_VERSION 2 /* from 2 on with the digests of their expressions */

size_t adit_scorer_state_bytes(const struct adit_score_params *params, uint32_t encrypted)
{
	return 3 * ADIT_STATE_MARK_BYTES + 64 +
	       ADIT_CLASS_MAX * (sizeof(uint64_t) + 2 * STATE_TEXT) +
	       params->ledger.keys * (sizeof(uint64_t) + sizeof(uint8_t)) +
	       adit_ledger_state_bytes(&params->ledger) +
	       adit_stories_state_bytes(params->stories) +
	       adit_seen_state_bytes(params->domains, params->servers) +
	       adit_bursts_state_bytes(params->bursts) +
	       adit_sessions_state_bytes(params->sessions) + adit_blind_state_bytes(encrypted);
}

static void scorer_code(struct adit_state_io *io, struct adit_scorer *scorer)
{
	adit_state_u32(io, &scorer->slice);
	adit_state_u32(io, &scorer->late_slice);
	adit_state_u32(io, &scorer->timeline);
	adit_state_u64(io, &scorer->queries);
	adit_state_u64(io, &scorer->responses);
	if (scorer->slice > ADIT_SLICE_MOST)
		adit_state_refuse(io, "no time has such a slice");
}

static void classes_save(const struct adit_pattern_set *patterns, struct adit_state_io *io)
{
	size_t count = patterns != NULL ? adit_pattern_classes(patterns) : 0;

	adit_state_save_section(io, SECTION_CLASSES, CLASSES_VERSION);
	/* The place of a class that a reload has taken away has no name: nothing is known by it. */
	for (size_t i = 0; i < count; i++) {
		const struct adit_class *class = adit_pattern_class(patterns, i);
		uint64_t digest = adit_pattern_class_digest(patterns, i);

		adit_state_u64(io, &digest);
		state_text_save(io, class->tool != NULL ? class->tool : "");
		state_text_save(io, class->tool != NULL ? class->name : "");
	}
	adit_state_save_section_end(io, count);
}

static uint8_t class_known(
	const struct adit_pattern_set *patterns, const char *tool, const char *name)
{
	for (size_t i = 0; patterns != NULL && i < adit_pattern_classes(patterns); i++) {
		const struct adit_class *class = adit_pattern_class(patterns, i);

		if (class->tool != NULL && strcmp(class->tool, tool) == 0 &&
			strcmp(class->name, name) == 0)
			return (uint8_t)i;
	}
	return ADIT_CLASS_GONE;
}

/* What the classes of the file are now. */
static int classes_load(const struct adit_scorer *scorer, const struct adit_state_file *file,
	uint8_t classes[ADIT_CLASS_COUNT], struct adit_error *error)
{
	struct adit_state_io io;
	int status = adit_state_load(file, SECTION_CLASSES, CLASSES_VERSION, &io, error);

	memset(classes, ADIT_CLASS_GONE, ADIT_CLASS_COUNT);
	if (status != 0)
		return status;
	if (io.entries > ADIT_CLASS_COUNT)
		adit_state_refuse(&io, "there are 32 classes at most");
	for (uint64_t i = 0; i < io.entries && !io.failed; i++) {
		const struct adit_pattern_set *patterns = scorer->params.detect.patterns;
		char tool[STATE_TEXT], name[STATE_TEXT];
		uint64_t digest = 0;

		if (io.version >= 2)
			adit_state_u64(&io, &digest);
		state_text_load(&io, tool);
		state_text_load(&io, name);
		classes[i] = class_known(patterns, tool, name);
		/* What other expressions have counted is nothing that these have. */
		if (io.version >= 2 && classes[i] != ADIT_CLASS_GONE &&
			adit_pattern_class_digest(patterns, classes[i]) != digest)
			classes[i] = ADIT_CLASS_GONE;
	}
	return adit_state_load_end(file, &io, error);
}

/* Keys whose long spans are judged when the minute is over. */
static void late_save(struct adit_scorer *scorer, struct adit_state_io *io)
{
	uint64_t count = 0;

	adit_state_save_section(io, SECTION_LATE, SECTION_VERSION);
	for (uint32_t i = 0; i < scorer->late_count; i++) {
		struct adit_ledger_key *key = adit_ledger_key(scorer->ledger, scorer->late[i]);

		if (!key->used || !key->late)
			continue;
		adit_state_u8(io, &key->kind);
		adit_state_u64(io, &key->key);
		count++;
	}
	adit_state_save_section_end(io, count);
}

static int late_load(
	struct adit_scorer *scorer, const struct adit_state_file *file, struct adit_error *error)
{
	struct adit_state_io io;
	int status = adit_state_load(file, SECTION_LATE, SECTION_VERSION, &io, error);

	if (status != 0)
		return status;
	for (uint64_t i = 0; i < io.entries && !io.failed; i++) {
		uint32_t index;
		uint64_t key = 0;
		uint8_t kind = 0;

		adit_state_u8(&io, &kind);
		adit_state_u64(&io, &key);
		if (kind >= ADIT_KIND_JUDGED)
			adit_state_refuse(&io, "a key is of kind 0, 1 or 2");
		index = adit_ledger_find(scorer->ledger, kind, key);
		if (io.failed || index == ADIT_LEDGER_NONE ||
			adit_ledger_key(scorer->ledger, index)->late)
			continue;
		adit_ledger_key(scorer->ledger, index)->late = true;
		scorer->late[scorer->late_count++] = index;
	}
	return adit_state_load_end(file, &io, error);
}

bool adit_scorer_save(struct adit_scorer *scorer, struct adit_state_io *io)
{
	if (!scorer->begun || !scorer->scored)
		return false;
	adit_state_save_section(io, SECTION_SCORER, SECTION_VERSION);
	scorer_code(io, scorer);
	adit_state_save_section_end(io, 1);
	classes_save(scorer->params.detect.patterns, io);
	adit_ledger_save(scorer->ledger, io);
	late_save(scorer, io);
	adit_stories_save(scorer, io);
	adit_seen_save(scorer->seen, io);
	adit_bursts_save(scorer->bursts, io);
	if (scorer->sessions != NULL)
		adit_sessions_save(scorer->sessions, io);
	if (scorer->blind != NULL)
		adit_blind_save(scorer->blind, io);
	return true;
}

static int scorer_load(
	struct adit_scorer *scorer, const struct adit_state_file *file, struct adit_error *error)
{
	struct adit_state_io io;
	int status = adit_state_load(file, SECTION_SCORER, SECTION_VERSION, &io, error);

	if (status != 0)
		return status;
	scorer_code(&io, scorer);
	scorer->begun = scorer->scored = true;
	return adit_state_load_end(file, &io, error);
}

int adit_scorer_load(struct adit_scorer *scorer, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error)
{
	uint8_t classes[ADIT_CLASS_COUNT];
	int status;

	adit_scorer_forget(scorer);
	status = scorer_load(scorer, file, error);
	if (status == 0)
		status = classes_load(scorer, file, classes, error);
	if (status == 0)
		status = adit_ledger_load(scorer->ledger, file, classes, left, error);
	if (status == 0)
		status = late_load(scorer, file, error);
	if (status == 0)
		status = adit_stories_load(scorer, file, left, error);
	if (status == 0)
		status = adit_seen_load(scorer->seen, file, left, error);
	if (status == 0)
		status = adit_bursts_load(scorer->bursts, file, left, error);
	if (status == 0 && scorer->sessions != NULL)
		status = adit_sessions_load(scorer->sessions, file, left, error);
	if (status == 0 && scorer->blind != NULL)
		status = adit_blind_load(scorer->blind, file, left, error);
	if (status != 0)
		adit_scorer_forget(scorer);
	return status;
}

void adit_scorer_forget(struct adit_scorer *scorer)
{
	adit_ledger_reset(scorer->ledger);
	adit_seen_reset(scorer->seen);
	adit_bursts_reset(scorer->bursts);
	if (scorer->sessions != NULL)
		adit_sessions_reset(scorer->sessions);
	if (scorer->blind != NULL)
		adit_blind_clear(scorer->blind);
	scorer->stories_high = scorer->stories_freed = 0;
	scorer->late_count = scorer->late_slice = 0;
	scorer->slice = scorer->timeline = 0;
	scorer->queries = scorer->responses = 0;
	scorer->begun = scorer->scored = false;
}

uint32_t adit_scorer_reached(const struct adit_scorer *scorer)
{
	return scorer->scored ? scorer->slice : 0;
}
