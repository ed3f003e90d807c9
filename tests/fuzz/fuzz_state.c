/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The state file. The input is a file: as it is, and with its checksums put right, so that what
 * stands behind them is read too. What is taken is saved again, taken again, and must be the same
 * (tables of the fuzzer are small: what has no room the first time is not there the second time).
 */
#include "adit_score_state.h"

#include <stdlib.h>

#define ROOM (1u << 20)

static void no_verdict(void *context, const struct adit_verdict *verdict)
{
	(void)context;
	(void)verdict;
}

static struct adit_blind *blind_over(void *context, struct adit_blind *blind)
{
	(void)context;
	(void)blind;
	return NULL;
}

static const char patterns_text[] = "tool iodine\n"
				    "class handshake strong names 2 share 10% \"handshake\"\n"
				    "  subdomain insensitive ^vaaaaka\n";

/* Saved once more after a load: the size. */
static size_t again(struct adit_scorer *scorer, uint8_t *room)
{
	struct adit_state_io io;

	adit_state_save_begin(&io, room, ROOM, 1);
	if (!adit_scorer_save(scorer, &io))
		abort();
	adit_state_save_end(&io);
	if (io.failed)
		abort();
	adit_state_seal(room, io.at);
	return io.at;
}

static bool take(struct adit_scorer *scorer, const uint8_t *data, size_t size)
{
	struct adit_state_left left = {0};
	struct adit_state_file file;
	struct adit_error error = {""};
	int status = adit_state_check(&file, "fuzz", data, size, &error);

	if (status == 0)
		status = adit_scorer_load(scorer, &file, &left, &error);
	if ((status != 0) != (error.text[0] != '\0'))
		abort();
	if (status != 0 && adit_scorer_reached(scorer) != 0)
		abort();
	return status == 0;
}

/* Both rooms hold the same once what had no room is gone: places of full buckets may change once,
 * so the second and the third are compared. */
static void twice(struct adit_scorer *scorer, const uint8_t *data, size_t size)
{
	static uint8_t room[2][ROOM];
	size_t first, second;

	adit_scorer_forget(scorer);
	if (!take(scorer, data, size))
		return;
	first = again(scorer, room[0]);
	if (!take(scorer, room[0], first))
		abort();
	second = again(scorer, room[1]);
	if (first != second || memcmp(room[0], room[1], first) != 0)
		abort();
	adit_scorer_end(scorer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct adit_pattern_set *patterns;
	struct adit_score_params params = {
		.detect = {.signatures = true,
			.information_bound = 100000,
			.tunnel_score = 70,
			.suspect_score = 40},
		.story_idle_slices = 6,
		.subscribers = 3,
		.samples = 3,
		.stories = 4,
		.ledger = {.keys = 64, .entries = 128, .details = 32},
		.sessions = 16,
		.domains = 64,
		.servers = 16,
		.bursts = 16,
		.verdict = no_verdict,
		.blind = adit_blind_create(8, NULL),
		.blind_full = blind_over,
	};
	struct adit_error error = {""};
	struct adit_scorer *scorer;
	uint8_t *copy = malloc(size + 1);

	if (patterns == NULL &&
		adit_pattern_load_text("patterns", patterns_text, &patterns, &error) != 0)
		abort();
	params.detect.patterns = patterns;
	scorer = adit_scorer_create(&params, NULL);
	if (scorer == NULL || copy == NULL)
		abort();
	twice(scorer, data, size);
	if (size >= ADIT_STATE_HEADER_BYTES) {
		memcpy(copy, data, size);
		adit_state_seal(copy, size);
		twice(scorer, copy, size);
	}
	adit_scorer_destroy(scorer);
	adit_blind_destroy(params.blind);
	free(copy);
	return 0;
}
