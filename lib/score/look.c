/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Looks: a subscriber × domain is judged while its slice is still open, by what it has done so far
 * and by the 10 minutes before. Only a tunnel is told early; what else there is waits for the
 * slice.
 */
#include "score_priv.h"

#include <stdlib.h>

/* What the ledger holds of the pair, and the look on top of it. */
static uint32_t sum_make(struct adit_scorer *scorer, const struct adit_look *look)
{
	uint32_t index = adit_ledger_find(scorer->ledger, ADIT_KIND_PAIR, look->row.key);
	uint32_t slice = adit_slice_of(look->ts_ns);

	if (index == ADIT_LEDGER_NONE ||
		!adit_ledger_sum(scorer->ledger, index, ADIT_SPAN_10MIN, &scorer->sum))
		adit_sum_clear(&scorer->sum);
	adit_sum_add(&scorer->sum, &look->row, &look->detail, slice, slice);
	if (ADIT_UNLIKELY(slice <= scorer->stale_until))
		adit_scorer_hide_stale(scorer, &scorer->sum);
	return index;
}

/* Whether a look can be judged now: what comes before its slice must have been scored. The first
 * ones of a timeline have nothing before them, and begin nothing: another worker's first slice may
 * be an earlier one. */
static bool is_ready(struct adit_scorer *scorer, uint32_t slice)
{
	if (!scorer->begun || slice <= scorer->slice)
		return true;
	if (!scorer->scored || slice > scorer->slice + 1)
		return false;
	adit_scorer_begin(scorer, slice);
	return true;
}

void adit_scorer_look(struct adit_scorer *scorer, struct adit_look *look)
{
	const struct adit_ledger_key *key;
	struct adit_finding finding;
	uint32_t index;

	if (look->judged || !is_ready(scorer, adit_slice_of(look->ts_ns)))
		return;
	look->judged = true;
	scorer->counters.looks++;
	index = sum_make(scorer, look);
	/* A pair that is new stands in the ledger from now on, if a tunnel or its features are
	 * told: the row of its slice comes later. */
	adit_judge_look(scorer, index, look, &finding);
	if (finding.score < scorer->params.detect.tunnel_score)
		return;
	index = adit_ledger_expect(scorer->ledger, look);
	if (index == ADIT_LEDGER_NONE)
		return;
	key = adit_ledger_key(scorer->ledger, index);
	if (adit_is_told(scorer, key->parent, scorer->sum.first_slice, finding.score))
		return;
	adit_story_look(scorer, index, look, &finding);
}

static int look_earlier(const void *left, const void *right)
{
	const struct adit_look *a = *(struct adit_look *const *)left;
	const struct adit_look *b = *(struct adit_look *const *)right;

	if (a->ts_ns != b->ts_ns)
		return a->ts_ns < b->ts_ns ? -1 : 1;
	if (a->row.key != b->row.key)
		return a->row.key < b->row.key ? -1 : 1;
	return a->row.info_up + a->row.info_down < b->row.info_up + b->row.info_down ? -1 : 1;
}

void adit_scorer_looks(
	struct adit_scorer *scorer, struct adit_window *const *windows, uint32_t workers)
{
	uint32_t count = 0;

	for (uint32_t w = 0; w < workers; w++)
		for (uint32_t i = 0; i < windows[w]->look_count; i++)
			if (!windows[w]->looks[i].judged && count < scorer->params.looks)
				scorer->looks[count++] = &windows[w]->looks[i];
	qsort(scorer->looks, count, sizeof(struct adit_look *), look_earlier);
	for (uint32_t i = 0; i < count; i++)
		adit_scorer_look(scorer, scorer->looks[i]);
}
