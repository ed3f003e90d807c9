/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The notebook's chain over the rows of ranked domains: groups, differences, medians, hits, marks.
 */
#include "logscan_priv.h"

#include <errno.h>
#include <stdlib.h>

/* Rows of ranked domains by pair, in the order of ranked_pairs. */
struct work {
	struct adit_logscan *scan;
	uint64_t *times;  /* of rows; then, from a pair's start on, of its groups */
	uint32_t *sizes;  /* of groups */
	size_t *starts;   /* [ranked_pair_count + 1] */
	uint32_t *places; /* [pair_count]: in ranked_pairs, or NONE */
	int64_t *pauses;
	size_t pause_room;
};

/* The group above, in the table that a chain goes down. */
struct group {
	bool is_there;
	uint64_t ts_ns;
	uint32_t size;
};

static int text_order(const struct interned *a, const struct interned *b)
{
	int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);

	return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static int domain_order(const void *left, const void *right, void *context)
{
	const struct adit_logscan *scan = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	uint64_t rows_a = scan->tallies[a].other_rows, rows_b = scan->tallies[b].other_rows;

	if (rows_a != rows_b)
		return rows_a > rows_b ? -1 : 1;
	return text_order(&scan->domains.list[a], &scan->domains.list[b]);
}

static int pair_order(const void *left, const void *right, void *context)
{
	const struct adit_logscan *scan = context;
	const struct adit_logscan_pair *a = &scan->pairs[*(const uint32_t *)left];
	const struct adit_logscan_pair *b = &scan->pairs[*(const uint32_t *)right];
	uint32_t rank_a = scan->tallies[a->domain].ranked->rank;
	uint32_t rank_b = scan->tallies[b->domain].ranked->rank;

	if (rank_a != rank_b)
		return rank_a < rank_b ? -1 : 1;
	return text_order(&scan->types.list[a->type], &scan->types.list[b->type]);
}

/* The domains with the most rows of other types than A. */
static int rank(struct adit_logscan *scan)
{
	uint32_t count = 0;
	uint32_t *order = adit_alloc(
		&scan->allocator, (scan->domains.count + 1u) * sizeof(*order), ADIT_CACHE_LINE);

	if (order == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < scan->domains.count; i++)
		if (!scan->tallies[i].missing && scan->tallies[i].other_rows > 0)
			order[count++] = i;
	qsort_r(order, count, sizeof(*order), domain_order, scan);
	scan->ranked_count = count < scan->params.domains ? count : scan->params.domains;
	scan->ranked = adit_alloc(&scan->allocator,
		(scan->ranked_count + 1u) * sizeof(*scan->ranked), ADIT_CACHE_LINE);
	for (uint32_t i = 0; scan->ranked != NULL && i < scan->ranked_count; i++) {
		struct tally *tally = &scan->tallies[order[i]];

		tally->ranked = &scan->ranked[i];
		scan->ranked[i].rank = i + 1;
		scan->ranked[i].name = scan->domains.list[order[i]].text;
		scan->ranked[i].size = scan->domains.list[order[i]].size;
		scan->ranked[i].rows = tally->rows;
		scan->ranked[i].other_rows = tally->other_rows;
	}
	adit_free(&scan->allocator, order);
	return scan->ranked != NULL ? 0 : -ENOMEM;
}

/* The pairs of ranked domains that have groups. */
static int pairs_rank(struct adit_logscan *scan)
{
	size_t bytes = (scan->pair_count + 1u) * sizeof(uint32_t);

	scan->ranked_pairs = adit_alloc(&scan->allocator, bytes, ADIT_CACHE_LINE);
	scan->ranks = adit_alloc(&scan->allocator, bytes, ADIT_CACHE_LINE);
	if (scan->ranked_pairs == NULL || scan->ranks == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < scan->pair_count; i++) {
		const struct adit_logscan_pair *pair = &scan->pairs[i];
		const struct adit_logscan_domain *domain = scan->tallies[pair->domain].ranked;

		if (domain == NULL)
			continue;
		scan->ranks[i] = domain->rank;
		if (!pair->no_type && pair->rows > 0)
			scan->ranked_pairs[scan->ranked_pair_count++] = i;
	}
	qsort_r(scan->ranked_pairs, scan->ranked_pair_count, sizeof(*scan->ranked_pairs),
		pair_order, scan);
	for (uint32_t i = 0; i < scan->ranked_pair_count; i++) {
		struct adit_logscan_domain *domain =
			scan->tallies[scan->pairs[scan->ranked_pairs[i]].domain].ranked;

		if (domain->pairs++ == 0)
			domain->first_pair = i;
	}
	return 0;
}

static int work_open(struct work *work)
{
	struct adit_logscan *scan = work->scan;
	const struct adit_allocator *allocator = &scan->allocator;
	uint32_t count = scan->ranked_pair_count;
	size_t all = 0;

	work->starts = adit_alloc(allocator, (count + 1u) * sizeof(*work->starts), ADIT_CACHE_LINE);
	work->places = adit_alloc(
		allocator, (scan->pair_count + 1u) * sizeof(*work->places), ADIT_CACHE_LINE);
	if (work->starts == NULL || work->places == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < scan->pair_count; i++)
		work->places[i] = ADIT_LOGSCAN_NONE;
	for (uint32_t i = 0; i < count; i++) {
		work->places[scan->ranked_pairs[i]] = i;
		work->starts[i] = all;
		all += scan->pairs[scan->ranked_pairs[i]].rows;
	}
	work->starts[count] = all;
	work->times = adit_alloc(allocator, (all + 1) * sizeof(*work->times), ADIT_CACHE_LINE);
	work->sizes = adit_alloc(allocator, (all + 1) * sizeof(*work->sizes), ADIT_CACHE_LINE);
	return work->times != NULL && work->sizes != NULL ? 0 : -ENOMEM;
}

static void work_close(struct work *work)
{
	const struct adit_allocator *allocator = &work->scan->allocator;

	adit_free(allocator, work->times);
	adit_free(allocator, work->sizes);
	adit_free(allocator, work->starts);
	adit_free(allocator, work->places);
	adit_free(allocator, work->pauses);
}

/* Times of rows to their pair: starts[i] moves up to its end, and back. */
static void times_place(struct work *work)
{
	struct adit_logscan *scan = work->scan;

	for (size_t i = 0; i < scan->rows; i++) {
		const struct adit_logscan_kept *row = adit_logscan_row(scan, i);
		uint32_t place = work->places[row->pair];

		if (place != ADIT_LOGSCAN_NONE && !row->passed_over)
			work->times[work->starts[place]++] = group_time(scan, row->ts_ns);
	}
	for (uint32_t i = scan->ranked_pair_count; i > 0; i--)
		work->starts[i] = work->starts[i - 1];
	work->starts[0] = 0;
}

static int time_order(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static int pause_order(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

/* Rows at one time become a group, in place. */
static uint32_t groups_make(struct work *work, uint32_t place)
{
	uint64_t *times = work->times + work->starts[place];
	uint32_t *sizes = work->sizes + work->starts[place];
	size_t rows = work->starts[place + 1] - work->starts[place], i = 1;
	uint32_t count = 0;

	while (i < rows && times[i - 1] <= times[i])
		i++;
	if (i < rows)
		qsort(times, rows, sizeof(*times), time_order);
	for (i = 0; i < rows; i++) {
		if (count == 0 || times[count - 1] != times[i]) {
			times[count] = times[i];
			sizes[count++] = 0;
		}
		sizes[count - 1]++;
	}
	return count;
}

static bool pauses_room(struct work *work, size_t room)
{
	const struct adit_allocator *allocator = &work->scan->allocator;

	if (room <= work->pause_room)
		return true;
	adit_free(allocator, work->pauses);
	work->pauses = adit_alloc(allocator, room * sizeof(*work->pauses), ADIT_CACHE_LINE);
	work->pause_room = work->pauses != NULL ? room : 0;
	return work->pauses != NULL;
}

/*
 * Twice the median of the pauses: whole nanoseconds are compared, and no fraction is lost. Without
 * any pause there is no median (NaN in pandas), and nothing is longer.
 */
static bool median_twice(struct work *work, const uint64_t *times, uint32_t count,
	const struct group *above, __int128 *twice)
{
	size_t pauses = 0;

	if (above->is_there && count > 0)
		work->pauses[pauses++] = (int64_t)times[0] - (int64_t)above->ts_ns;
	for (uint32_t i = 1; i < count; i++)
		work->pauses[pauses++] = (int64_t)times[i] - (int64_t)times[i - 1];
	if (pauses == 0)
		return false;
	qsort(work->pauses, pauses, sizeof(*work->pauses), pause_order);
	*twice = (__int128)work->pauses[pauses / 2] + work->pauses[(pauses - 1) / 2];
	return true;
}

static bool hits_find(struct work *work, const uint64_t *times, const uint32_t *sizes,
	uint32_t count, const struct group *above, struct adit_logscan_hits *found)
{
	struct group before = *above;
	__int128 twice;

	if (!pauses_room(work, count))
		return false;
	if (!median_twice(work, times, count, above, &twice))
		return true;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t change =
			sizes[i] > before.size ? sizes[i] - before.size : before.size - sizes[i];

		if (before.is_there && change > ADIT_LOGSCAN_CHANGE &&
			2 * ((__int128)times[i] - (__int128)before.ts_ns) > twice) {
			found->first_ns = found->hits == 0 ? times[i] : found->first_ns;
			found->last_ns = times[i];
			found->hits++;
		}
		before = (struct group){true, times[i], sizes[i]};
	}
	return true;
}

static bool inside(const struct adit_logscan_hits *found, uint64_t ts_ns)
{
	return found->hits >= ADIT_LOGSCAN_HITS && ts_ns >= found->first_ns &&
	       ts_ns < found->last_ns;
}

/* Rounds: the count rises by more than the change that makes a hit above its lowest, and falls by
 * as much below its highest. */
static uint32_t cycles_count(const uint32_t *sizes, uint32_t count)
{
	uint32_t low = count > 0 ? sizes[0] : 0, high = 0, cycles = 0;
	bool up = false;

	for (uint32_t i = 0; i < count; i++) {
		if (up) {
			high = sizes[i] > high ? sizes[i] : high;
			if (high - sizes[i] > ADIT_LOGSCAN_CHANGE) {
				up = false;
				low = sizes[i];
				cycles++;
			}
		} else {
			low = sizes[i] < low ? sizes[i] : low;
			if (sizes[i] - low > ADIT_LOGSCAN_CHANGE) {
				up = true;
				high = sizes[i];
			}
		}
	}
	return cycles;
}

static bool pair_find(struct work *work, uint32_t place, const struct group *above)
{
	struct adit_logscan *scan = work->scan;
	struct adit_logscan_pair *pair = &scan->pairs[scan->ranked_pairs[place]];
	const uint64_t *times = work->times + work->starts[place];
	const uint32_t *sizes = work->sizes + work->starts[place];
	static const struct group none;
	const struct group *mine = scan->params.exact ? above : &none;
	const struct group *theirs = scan->params.exact ? &none : above;

	if (!hits_find(work, times, sizes, pair->groups, mine, &pair->found) ||
		!hits_find(work, times, sizes, pair->groups, theirs, &pair->other))
		return false;
	pair->cycles = cycles_count(sizes, pair->groups);
	for (uint32_t i = 0; i < pair->groups; i++) {
		bool here = inside(&pair->found, times[i]), there = inside(&pair->other, times[i]);

		pair->found.rows += here ? sizes[i] : 0;
		pair->other.rows += there ? sizes[i] : 0;
		pair->differing += here != there ? sizes[i] : 0;
		pair->most = sizes[i] > pair->most ? sizes[i] : pair->most;
	}
	return true;
}

static bool domain_find(struct work *work, struct adit_logscan_domain *domain)
{
	struct adit_logscan *scan = work->scan;
	struct group above = {false, 0, 0};

	for (uint32_t i = domain->first_pair; i < domain->first_pair + domain->pairs; i++) {
		struct adit_logscan_pair *pair = &scan->pairs[scan->ranked_pairs[i]];
		const struct adit_logscan_hits *found = &pair->found;
		size_t last;

		pair->groups = groups_make(work, i);
		if (!pair_find(work, i, &above))
			return false;
		last = work->starts[i] + pair->groups - 1;
		above = (struct group){true, work->times[last], work->sizes[last]};
		domain->hits = found->hits > domain->hits ? found->hits : domain->hits;
		domain->cycles = pair->cycles > domain->cycles ? pair->cycles : domain->cycles;
		domain->differing += pair->differing;
		domain->other_marked += pair->other.rows;
		if (found->rows == 0)
			continue;
		if (domain->marked == 0 || found->first_ns < domain->first_ns)
			domain->first_ns = found->first_ns;
		if (found->last_ns > domain->last_ns)
			domain->last_ns = found->last_ns;
		domain->marked += found->rows;
	}
	return true;
}

int adit_logscan_run(struct adit_logscan *scan)
{
	struct work work = {.scan = scan};
	int status = rank(scan);

	if (status == 0)
		status = pairs_rank(scan);
	if (status == 0)
		status = work_open(&work);
	if (status == 0)
		times_place(&work);
	for (uint32_t i = 0; i < scan->ranked_count && status == 0; i++)
		if (!domain_find(&work, &scan->ranked[i]))
			status = -ENOMEM;
	work_close(&work);
	return status;
}

bool adit_logscan_marked(const struct adit_logscan *scan, uint32_t pair, uint64_t ts_ns)
{
	return inside(&scan->pairs[pair].found, group_time(scan, ts_ns));
}
