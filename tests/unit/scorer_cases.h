/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A scorer with a window of one shard, and what it told, for tests.
 */
#ifndef ADIT_TEST_SCORER_CASES_H
#define ADIT_TEST_SCORER_CASES_H

#include "adit_score.h"

#include "harness.h"
#include "window_cases.h"

#define FIRST_SLICE 178000000u

static const char pattern_text[] = "tool iodine\n"
				   "id-step 7727\n"
				   "class handshake strong names 2 share 10% \"handshake\"\n"
				   "  subdomain insensitive ^vaaaaka\n"
				   "class session shape names 20 share 60% \"session\"\n"
				   "  subdomain insensitive ^yaaaaka\n";

#define CLASS_STRONG 0

/* Score of a constant transaction ID step that no known tool has. */
#define STEP_SCORE 75

#define TOLD_MAX 64
struct fixture {
	struct adit_pattern_set *patterns;
	struct adit_allow *allow;
	struct adit_score_params params;
	struct adit_scorer *scorer;
	struct adit_window *window;
	struct adit_tracks *tracks;
	uint32_t slice;
	size_t told, rows;
	uint32_t highest; /* score of any judged key */
	struct adit_verdict verdict[TOLD_MAX];
};

static inline void on_verdict(void *context, const struct adit_verdict *verdict)
{
	struct fixture *x = context;

	if (x->told < TOLD_MAX)
		x->verdict[x->told] = *verdict;
	x->told++;
}

static inline void on_row(void *context, const struct adit_feature_row *row)
{
	struct fixture *x = context;

	x->rows++;
	if (row->score > x->highest)
		x->highest = row->score;
}

/* Begins anew with x->params, which a test may have changed. */
static inline void fixture_restart(struct fixture *x, uint32_t looks)
{
	struct adit_window_params window = {
		.shards = 1, .rows = {200, 200, 200, 200, 20}, .details = 400, .looks = looks};

	adit_scorer_destroy(x->scorer);
	adit_window_destroy(x->window);
	adit_tracks_destroy(x->tracks);
	x->params.looks = looks;
	x->scorer = adit_scorer_create(&x->params, NULL);
	x->window = adit_window_create(&window, NULL);
	x->tracks = adit_tracks_create(1, 512, NULL);
	x->slice = FIRST_SLICE;
	x->told = x->rows = x->highest = 0;
	if (x->scorer == NULL || x->window == NULL || x->tracks == NULL)
		FAIL("no memory");
	else
		adit_window_open(x->window, x->slice);
}

static inline struct fixture *fixture_open(const char *allow)
{
	static struct fixture x;
	struct adit_error error = {""};

	memset(&x, 0, sizeof(x));
	if (adit_pattern_load_text("patterns", pattern_text, &x.patterns, &error) != 0 ||
		(allow != NULL && adit_allow_load_text("allow", allow, &x.allow, &error) != 0))
		FAIL("%s", error.text);
	x.params = (struct adit_score_params){
		.detect = {.patterns = x.patterns,
			.signatures = true,
			.structure = true,
			.information = true,
			.burst = true,
			.information_bound = 100000,
			.tunnel_score = 70,
			.suspect_score = 40},
		.allow = x.allow,
		.story_idle_slices = 6,
		.subscribers = 3,
		.samples = 3,
		.stories = 8,
		.ledger = {.keys = 2000, .entries = 20000, .details = 4000},
		.sessions = 300,
		.domains = 2000,
		.servers = 64,
		.bursts = 64,
		.verdict = on_verdict,
		.features = on_row,
		.context = &x,
	};
	fixture_restart(&x, 0);
	return &x;
}

static inline void fixture_close(struct fixture *x)
{
	adit_scorer_destroy(x->scorer);
	adit_window_destroy(x->window);
	adit_tracks_destroy(x->tracks);
	adit_allow_destroy(x->allow);
	adit_pattern_destroy(x->patterns);
}

static inline void count(struct fixture *x, const struct test_event *e)
{
	adit_window_count(x->window, x->tracks, 0, &e->event);
}

/* Ends the slice. */
static inline void slice_end(struct fixture *x)
{
	adit_scorer_slice(x->scorer, x->slice, &x->window, 1);
	x->slice++;
	adit_window_open(x->window, x->slice);
}

/* Leaves slices out. */
static inline void slices_skip(struct fixture *x, uint32_t slices)
{
	x->slice += slices;
	adit_window_open(x->window, x->slice);
}

/* A subscriber's queries for new names, 10 ms apart, with answers of so many bytes. Their IDs go up
 * by 999: that is what finds them where no class does. */
static inline void tunnel(struct fixture *x, uint32_t client, uint32_t domain, uint32_t queries,
	uint32_t payload, uint32_t classes)
{
	static uint32_t name;
	struct test_event e;

	for (uint32_t i = 0; i < queries; i++) {
		event_make(&e, client, domain, ++name);
		e.event.ts_ns = x->slice * ADIT_SLICE_NS + i * 10 * ADIT_NS_PER_MS;
		e.event.payload_type = true;
		e.event.type_group = ADIT_GROUP_TXT;
		e.event.info_bytes = payload != 0 ? 25 : 4;
		e.event.classes = classes;
		e.event.id = (uint16_t)(999 * name);
		count(x, &e);
		event_answer(&e, payload);
		count(x, &e);
	}
}

#endif
