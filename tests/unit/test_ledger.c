/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Roll-ups against a model that keeps everything, and the ledger's lists when it is full.
 */
#include "ledger_priv.h"

#include "harness.h"
#include "window_cases.h"

#include <stdlib.h>

#define NONE        ADIT_LEDGER_NONE
#define FIRST_SLICE 178000000u

static struct adit_window *window_make(uint32_t shards, uint32_t rows, uint32_t details)
{
	struct adit_window_params params = {
		.shards = shards, .rows = {rows, rows, rows, rows, 1}, .details = details};

	return adit_window_create(&params, NULL);
}

static uint32_t key_of(const struct adit_ledger *ledger, const struct test_event *e, int kind)
{
	return adit_ledger_find(ledger, kind,
		kind == ADIT_KIND_DOMAIN ? e->event.domain_key
		: kind == ADIT_KIND_PAIR ? e->event.pair_key
					 : e->event.server_key);
}

/* Begins a slice and adds all shards of a window. */
static void ledger_take(
	struct adit_ledger *ledger, uint32_t slice, const struct adit_window *window)
{
	adit_ledger_begin(ledger, slice);
	for (uint32_t at = 0; at < window->shards; at++)
		adit_ledger_add(ledger, window, at);
}

/* How often each entry and detail record is in use. */
struct seen {
	uint8_t *entries, *details;
};

static void check_list(const struct adit_ledger *ledger, const struct adit_ledger_key *key,
	int tier, struct seen *seen, uint64_t *weight, uint32_t *names)
{
	const struct adit_ledger_list *list = &key->tier[tier];
	uint32_t previous = NONE, slice = 0;

	for (uint32_t i = list->first; i != NONE; i = ledger->entries[i].next) {
		const struct entry *entry = &ledger->entries[i];

		if (seen->entries[i]++ != 0) {
			FAIL("entry %u is on two lists", i);
			return;
		}
		if (entry->row.detail != 0)
			seen->details[entry->row.detail - 1]++;
		if (entry->row.key != key->key)
			FAIL("entry %u is of another key", i);
		if (entry->first_slice > entry->last_slice || entry->first_slice < slice)
			FAIL("entry %u is out of order", i);
		if (entry->first_slice / ledger_tier_block(tier) !=
			entry->last_slice / ledger_tier_block(tier))
			FAIL("entry %u of tier %d is of two blocks", i, tier);
		slice = entry->last_slice;
		*weight += (uint64_t)entry->row.info_up + entry->row.info_down;
		*names += entry->names;
		previous = i;
	}
	if (previous != list->last)
		FAIL("a list ends with %u, not %u", previous, list->last);
}

static void check_children(const struct adit_ledger *ledger, uint32_t index)
{
	const struct adit_ledger_key *key = &ledger->keys[index];
	uint32_t previous = NONE, children = 0;

	for (uint32_t child = key->child; child != NONE; child = ledger->keys[child].sibling_next) {
		const struct adit_ledger_key *it = &ledger->keys[child];

		if (!it->used || it->kind != ADIT_KIND_PAIR || it->parent != index ||
			it->sibling_previous != previous || ++children > key->children)
			FAIL("child %u of %u is no such thing", child, index);
		if (harness_failed())
			return;
		previous = child;
	}
	CHECK_EQ_INT(children, key->children);
	if ((key->parent != NONE) != (key->kind == ADIT_KIND_PAIR))
		FAIL("key %u of kind %u: parent %u", index, key->kind, key->parent);
	if (key->parent != NONE && (!ledger->keys[key->parent].used ||
					   ledger->keys[key->parent].kind != ADIT_KIND_DOMAIN))
		FAIL("key %u hangs on a key that is gone", index);
}

static void check_key(const struct adit_ledger *ledger, uint32_t index, struct seen *seen)
{
	const struct adit_ledger_key *key = &ledger->keys[index];
	const struct ledger_bucket *bucket = ledger_bucket_of(ledger, key->key);
	uint64_t weight = 0;
	uint32_t names = 0;
	int slots = 0;

	for (int tier = 0; tier < ADIT_TIER_COUNT; tier++)
		check_list(ledger, key, tier, seen, &weight, &names);
	check_children(ledger, index);
	for (int i = 0; i < BUCKET_SIZE; i++)
		slots += bucket->index[i] == index + 1;
	CHECK_EQ_INT(slots, 1);
	if (adit_ledger_find(ledger, key->kind, key->key) != index)
		FAIL("key %u is not found", index);
	CHECK_EQ_INT(key->weight, weight);
	CHECK_EQ_INT(key->names, names);
}

static void check_touched(const struct adit_ledger *ledger)
{
	uint8_t *seen = calloc(ledger->params.keys, 1);
	const uint32_t *touched;
	size_t count;

	touched = adit_ledger_touched(ledger, &count);
	for (size_t i = 0; i < count; i++) {
		if (touched[i] >= ledger->keys_high || seen[touched[i]]++ != 0)
			FAIL("key %u is on the touched list twice", touched[i]);
		else if (!ledger->keys[touched[i]].used ||
			 ledger->keys[touched[i]].last_slice != ledger->slice)
			FAIL("key %u was not touched", touched[i]);
	}
	free(seen);
}

static void check_ledger(const struct adit_ledger *ledger)
{
	struct seen seen = {calloc(ledger->params.entries, 1), calloc(ledger->params.details, 1)};
	uint32_t used = 0, slots = 0, entries = 0, details = 0;

	for (uint32_t i = 0; i < ledger->keys_high; i++)
		if (ledger->keys[i].used) {
			used++;
			check_key(ledger, i, &seen);
		}
	CHECK_EQ_INT(adit_ledger_used(ledger), used);
	for (uint32_t b = 0; b <= ledger->bucket_mask; b++)
		for (int i = 0; i < BUCKET_SIZE; i++)
			slots += ledger->buckets[b].index[i] != 0;
	CHECK_EQ_INT(slots, used);
	for (uint32_t i = 0; i < ledger->params.entries; i++)
		entries += seen.entries[i];
	for (uint32_t i = 0; i < ledger->params.details; i++)
		details += seen.details[i];
	CHECK_EQ_INT(adit_ledger_usage(ledger).keys, used);
	CHECK_EQ_INT(adit_ledger_usage(ledger).entries, entries);
	CHECK_EQ_INT(adit_ledger_usage(ledger).details, details);
	for (uint32_t i = 0; i < ledger->entries_freed; i++)
		seen.entries[ledger->entries_free[i]]++;
	for (uint32_t i = 0; i < ledger->details_freed; i++)
		seen.details[ledger->details_free[i]]++;
	for (uint32_t i = 0; i < ledger->params.entries; i++)
		if (seen.entries[i] != 1)
			FAIL("entry %u is in %u places", i, seen.entries[i]);
	for (uint32_t i = 0; i < ledger->params.details; i++)
		if (seen.details[i] != 1)
			FAIL("detail record %u is in %u places", i, seen.details[i]);
	check_touched(ledger);
	free(seen.entries);
	free(seen.details);
}

TEST(ledger, survives_every_allocation_failure)
{
	struct adit_ledger_params params = {.keys = 9, .entries = 20, .details = 3};
	struct harness_allocator counting;
	size_t calls;

	harness_allocator_init(&counting, SIZE_MAX);
	adit_ledger_destroy(adit_ledger_create(&params, &counting.allocator));
	CHECK_EQ_INT(counting.live, 0);
	calls = counting.calls;
	CHECK_EQ_INT(calls, 10);
	for (size_t n = 0; n < calls; n++) {
		harness_allocator_init(&counting, n);
		CHECK(adit_ledger_create(&params, &counting.allocator) == NULL);
		CHECK_EQ_INT(counting.live, 0);
	}
	adit_ledger_destroy(NULL);
}

/* One key's past, slice by slice, and what its sums must be. */
#define MODEL_SLICES 4000
struct model {
	uint32_t slice[MODEL_SLICES], queries[MODEL_SLICES];
	uint64_t names[MODEL_SLICES]; /* a bit for each of 64 */
	size_t count;
};

/* The last slice of its minute or hour that had left the tier before at `now`; what is older than a
 * span is counted by it. */
static uint32_t model_block_end(
	const struct model *model, size_t i, uint32_t block, uint32_t left, uint32_t now)
{
	uint32_t end = model->slice[i];

	for (size_t j = i; j < model->count && model->slice[j] / block == model->slice[i] / block &&
			   model->slice[j] + left <= now;
		j++)
		end = model->slice[j];
	return end;
}

static void model_check(const struct model *model, const struct adit_ledger *ledger, uint32_t index,
	enum adit_span span, struct adit_sum *sum)
{
	static const uint32_t lengths[] = {1, ADIT_SPAN_SLICES, ADIT_HOUR_SLICES, ADIT_DAY_SLICES};
	uint32_t now = model->slice[model->count - 1], first = 0;
	uint64_t queries = 0, names = 0;

	for (size_t i = model->count; i-- > 0 && now - model->slice[i] < 2 * ADIT_DAY_SLICES;) {
		uint32_t end = model->slice[i];

		if (span == ADIT_SPAN_HOUR)
			end = model_block_end(model, i, ADIT_MINUTE_SLICES, ADIT_SPAN_SLICES, now);
		if (span == ADIT_SPAN_DAY)
			end = model_block_end(model, i, ADIT_HOUR_SLICES, ADIT_HOUR_SLICES, now);
		if (end + lengths[span] <= now)
			continue;
		queries += model->queries[i];
		names |= model->names[i];
		first = model->slice[i];
	}
	CHECK(adit_ledger_sum(ledger, index, span, sum));
	CHECK_EQ_INT(sum->queries, queries);
	CHECK_EQ_INT(sum->bytes_up, 40 * queries);
	CHECK_EQ_INT(sum->detail.names.count, __builtin_popcountll(names));
	CHECK(adit_distinct_bytes(&sum->detail.names) == 4 * __builtin_popcountll(names));
	CHECK_EQ_INT(sum->first_slice, first);
	CHECK_EQ_INT(sum->last_slice, now);
	CHECK(!sum->more_names);
	if (span != ADIT_SPAN_DAY)
		return;
	adit_ledger_totals(ledger, index, sum);
	CHECK_EQ_INT(sum->queries, queries);
	CHECK_EQ_INT(sum->detail.names.count, 0);
}

static uint32_t random_gap(uint64_t *state)
{
	switch (random_below(state, 40)) {
	case 0:
		return random_below(state, 8) == 0 ? 34000000 + random_below(state, 10)
						   : 8600 + random_below(state, 80);
	case 1:
		return 361 + random_below(state, 2000);
	case 2:
		return 355 + random_below(state, 12);
	case 3:
	case 4:
	case 5:
		return 50 + random_below(state, 40);
	default:
		return 1 + random_below(state, 1 + random_below(state, 15));
	}
}

/* Sums of a domain, a pair and a server after each slice of sparse random streams over days, with
 * other keys beside them so that the sweep has work. */
TEST(ledger, sums_slide_as_the_model_says)
{
	struct adit_ledger_params params = {.keys = 64, .entries = 8192, .details = 2048};
	struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
	struct adit_window *window = window_make(2, 64, 64);
	struct model *model = calloc(1, sizeof(*model));
	struct adit_sum *sum = calloc(1, sizeof(*sum));
	struct test_event e, other;

	REQUIRE(ledger != NULL && window != NULL && model != NULL && sum != NULL);
	for (uint64_t seed = 1; seed <= 8 && !harness_failed(); seed++) {
		uint64_t state = seed;
		uint32_t slice = FIRST_SLICE + random_below(&state, 6);

		adit_ledger_reset(ledger);
		model->count = 0;
		for (size_t step = 0; step < 600 && !harness_failed(); step++) {
			size_t at = model->count++;
			uint32_t events = 1 + random_below(&state, seed % 2 ? 3 : 12);

			adit_window_open(window, slice);
			model->slice[at] = slice;
			model->queries[at] = 0;
			model->names[at] = 0;
			for (uint32_t i = 0; i < events; i++) {
				uint32_t name = random_below(&state, 64);

				event_make(&e, 1, 1, name);
				event_unzone(&e);
				adit_window_count(window, NULL, 0, &e.event);
				model->queries[at]++;
				model->names[at] |= UINT64_C(1) << name;
			}
			event_make(&other, 2 + random_below(&state, 30),
				2 + random_below(&state, 10), 1);
			adit_window_count(window, NULL, 1, &other.event);
			ledger_take(ledger, slice, window);
			for (int kind = 0; kind < ADIT_KIND_JUDGED; kind++)
				for (int span = 0; span < ADIT_SPAN_COUNT; span++)
					model_check(
						model, ledger, key_of(ledger, &e, kind), span, sum);
			if (step % 10 == 0)
				check_ledger(ledger);
			if (harness_failed())
				FAIL("seed %d, step %d, slice %u", (int)seed, (int)step, slice);
			slice += random_gap(&state);
		}
	}
	CHECK_EQ_INT(adit_ledger_counters(ledger)->entries_dropped, 0);
	CHECK_EQ_INT(adit_ledger_counters(ledger)->details_dropped, 0);
	adit_window_destroy(window);
	adit_ledger_destroy(ledger);
	free(model);
	free(sum);
}

/* A domain's names from shards whose rows are too light for a record, beside one that has it. */
TEST(ledger, names_of_all_shards_are_one_set)
{
	struct adit_ledger_params params = {.keys = 64, .entries = 64, .details = 16};
	struct adit_sum *sum = calloc(1, sizeof(*sum));
	struct test_event e;

	/* The shard with the record comes first, in the middle, last. */
	for (uint32_t heavy = 0; heavy < 3; heavy++) {
		struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
		struct adit_window *window = window_make(3, 16, 8);

		REQUIRE(ledger != NULL && window != NULL && sum != NULL);
		adit_window_open(window, FIRST_SLICE);
		for (uint32_t shard = 0; shard < 3; shard++)
			for (uint32_t i = 0; i < (shard == heavy ? 6 : 2); i++) {
				event_make(&e, shard, 1, shard * 100 + i);
				adit_window_count(window, NULL, shard, &e.event);
			}
		ledger_take(ledger, FIRST_SLICE, window);
		CHECK(adit_ledger_sum(
			ledger, key_of(ledger, &e, ADIT_KIND_DOMAIN), ADIT_SPAN_SLICE, sum));
		CHECK_EQ_INT(sum->queries, 10);
		CHECK_EQ_INT(sum->detail.names.count, 10);
		CHECK(!sum->more_names);
		CHECK_EQ_INT(
			adit_ledger_key(ledger, key_of(ledger, &e, ADIT_KIND_DOMAIN))->children, 3);
		check_ledger(ledger);
		adit_window_destroy(window);
		adit_ledger_destroy(ledger);
	}
	free(sum);
}

/* What a pair did more than a day ago is no part of its totals, however idle it was since. */
TEST(ledger, totals_are_of_the_day)
{
	struct adit_ledger_params params = {.keys = 64, .entries = 64, .details = 16};
	struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
	struct adit_window *window = window_make(1, 16, 8);
	struct adit_sum *sum = calloc(1, sizeof(*sum));
	struct test_event idle, busy;
	uint32_t index;

	REQUIRE(ledger != NULL && window != NULL && sum != NULL);
	event_make(&idle, 1, 1, 1);
	event_make(&busy, 2, 1, 1);
	adit_window_open(window, FIRST_SLICE);
	adit_window_count(window, NULL, 0, &idle.event);
	ledger_take(ledger, FIRST_SLICE, window);
	index = key_of(ledger, &idle, ADIT_KIND_PAIR);
	REQUIRE(index != NONE);
	adit_ledger_key(ledger, key_of(ledger, &idle, ADIT_KIND_DOMAIN))->story = 1;
	for (uint32_t after = ADIT_DAY_SLICES - 1; after <= ADIT_DAY_SLICES; after++) {
		adit_window_open(window, FIRST_SLICE + after);
		adit_window_count(window, NULL, 0, &busy.event);
		ledger_take(ledger, FIRST_SLICE + after, window);
		adit_ledger_totals(ledger, index, sum);
		CHECK_EQ_INT(sum->queries, after < ADIT_DAY_SLICES);
		CHECK_EQ_INT(sum->detail.names.count, 0);
		CHECK(adit_ledger_sum(ledger, index, ADIT_SPAN_DAY, sum) ==
			(after < ADIT_DAY_SLICES));
		CHECK(!adit_ledger_sum(ledger, index, ADIT_SPAN_HOUR, sum));
	}
	adit_window_destroy(window);
	adit_ledger_destroy(ledger);
	free(sum);
}

static void window_random(struct adit_window *window, uint32_t slice, uint64_t *state)
{
	uint32_t events = random_below(state, 60);
	struct test_event e;

	adit_window_open(window, slice);
	for (uint32_t i = 0; i < events; i++) {
		uint32_t domain = random_below(state, 1 + random_below(state, 40));
		uint32_t client = random_below(state, 1 + random_below(state, 20));

		event_make(&e, client, domain, random_below(state, 200));
		e.event.server_key = case_key(ADIT_KIND_SERVER, client, domain % 3);
		e.event.info_bytes = random_below(state, 40);
		if (domain % 4 == 0)
			event_unzone(&e);
		if (random_below(state, 30) == 0)
			e.event.classes = 1u << random_below(state, 32);
		if (random_below(state, 2) == 0)
			event_answer(&e, random_below(state, 100));
		adit_window_count(window, NULL, client % window->shards, &e.event);
	}
}

static bool keys_same(const struct adit_ledger *a, const struct adit_ledger *b)
{
	if (a->keys_high != b->keys_high || a->touched_count != b->touched_count ||
		memcmp(a->touched, b->touched, a->touched_count * sizeof(uint32_t)) != 0)
		return false;
	for (uint32_t i = 0; i < a->keys_high; i++)
		if (memcmp(&a->keys[i], &b->keys[i], offsetof(struct adit_ledger_key, sample)) != 0)
			return false;
	return memcmp(&a->counters, &b->counters, sizeof(a->counters)) == 0;
}

/* Every pool too small, in turn and together; two ledgers that are given the same hold the same;
 * keys with a story stay. */
static void overflow(struct adit_ledger_params params, uint64_t seed)
{
	struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
	struct adit_ledger *twin = adit_ledger_create(&params, NULL);
	struct adit_window *window = window_make(3, 30, 6);
	const struct adit_ledger_counters *counters;
	uint32_t slice = FIRST_SLICE, told = NONE;
	uint64_t state = seed, told_key = 0;

	REQUIRE(ledger != NULL && twin != NULL && window != NULL);
	counters = adit_ledger_counters(ledger);
	for (int step = 0; step < 1200 && !harness_failed(); step++) {
		window_random(window, slice, &state);
		ledger_take(ledger, slice, window);
		ledger_take(twin, slice, window);
		check_ledger(ledger);
		CHECK(keys_same(ledger, twin));
		for (uint32_t i = 0; i < ledger->keys_high && told == NONE && step > 20; i++)
			if (ledger->keys[i].used && ledger->keys[i].kind == ADIT_KIND_DOMAIN) {
				told = i;
				told_key = ledger->keys[i].key;
				ledger->keys[i].story = twin->keys[i].story = 1;
			}
		if (told != NONE &&
			(!ledger->keys[told].used || ledger->keys[told].key != told_key))
			FAIL("a key with a story was forgotten");
		if (harness_failed())
			FAIL("seed %d, step %d", (int)seed, step);
		slice += random_gap(&state);
	}
	CHECK(told != NONE);
	/* With a single key there is nothing to drop for. */
	if (params.keys == 1) {
		CHECK(counters->keys_refused != 0 && counters->orphans != 0);
	} else {
		CHECK((counters->keys_evicted != 0) == (params.keys < 100));
		CHECK((counters->keys_refused != 0) == (params.keys < 100));
		CHECK((counters->entries_dropped != 0) == (params.entries < 1000));
		CHECK((counters->details_dropped != 0) == (params.details < 1000));
	}
	adit_window_destroy(window);
	adit_ledger_destroy(ledger);
	adit_ledger_destroy(twin);
}

TEST(ledger, keys_overflow)
{
	overflow((struct adit_ledger_params){.keys = 13, .entries = 9999, .details = 9999}, 1);
	overflow((struct adit_ledger_params){.keys = 50, .entries = 9999, .details = 9999}, 2);
}

TEST(ledger, entries_overflow)
{
	overflow((struct adit_ledger_params){.keys = 2000, .entries = 1, .details = 9999}, 3);
	overflow((struct adit_ledger_params){.keys = 2000, .entries = 40, .details = 9999}, 4);
}

TEST(ledger, details_overflow)
{
	overflow((struct adit_ledger_params){.keys = 2000, .entries = 9999, .details = 1}, 5);
	overflow((struct adit_ledger_params){.keys = 2000, .entries = 9999, .details = 7}, 6);
}

TEST(ledger, everything_overflows)
{
	overflow((struct adit_ledger_params){.keys = 12, .entries = 20, .details = 3}, 7);
	overflow((struct adit_ledger_params){.keys = 1, .entries = 1, .details = 1}, 8);
}

/* The lightest of a run gives way, and only to who brings enough. */
TEST(ledger, keeps_the_heavy_key)
{
	struct adit_ledger_params params = {.keys = 90, .entries = 500, .details = 50};
	struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
	struct adit_window *window = window_make(1, 64, 8);
	struct test_event heavy, e;

	REQUIRE(ledger != NULL && window != NULL);
	event_make(&heavy, 1, 1, 1);
	heavy.event.info_bytes = 2000;
	for (uint32_t i = 0; i < 300; i++) {
		adit_window_open(window, FIRST_SLICE + i);
		adit_window_count(window, NULL, 0, &heavy.event);
		for (uint32_t n = 0; n < 20; n++) {
			event_make(&e, 100 + i * 20 + n, 100 + i * 20 + n, 1);
			adit_window_count(window, NULL, 0, &e.event);
		}
		ledger_take(ledger, FIRST_SLICE + i, window);
		for (int kind = 0; kind < 2; kind++) {
			uint32_t index = key_of(ledger, &heavy, kind);

			REQUIRE(index != NONE);
			CHECK_EQ_INT(adit_ledger_key(ledger, index)->first_slice, FIRST_SLICE);
		}
	}
	CHECK(adit_ledger_counters(ledger)->keys_evicted > 0);
	check_ledger(ledger);
	adit_window_destroy(window);
	adit_ledger_destroy(ledger);
}

TEST(ledger, forgets_what_is_idle_for_a_day)
{
	struct adit_ledger_params params = {.keys = 500, .entries = 5000, .details = 500};
	struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
	struct adit_window *window = window_make(3, 64, 8);
	uint64_t state = 9;

	REQUIRE(ledger != NULL && window != NULL);
	for (uint32_t i = 0; i < 50; i++) {
		window_random(window, FIRST_SLICE + i, &state);
		ledger_take(ledger, FIRST_SLICE + i, window);
	}
	CHECK(adit_ledger_used(ledger) > 50);
	/* Idle slices: a domain leaves after its pairs, so one more round. */
	for (uint32_t i = 50; i < ADIT_DAY_SLICES; i++)
		adit_ledger_begin(ledger, FIRST_SLICE + i);
	CHECK(adit_ledger_used(ledger) > 50);
	for (uint32_t i = ADIT_DAY_SLICES; i < 50 + ADIT_DAY_SLICES + 130; i++)
		adit_ledger_begin(ledger, FIRST_SLICE + i);
	CHECK_EQ_INT(adit_ledger_used(ledger), 0);
	check_ledger(ledger);
	window_random(window, FIRST_SLICE + 34000000, &state);
	ledger_take(ledger, FIRST_SLICE + 34000000, window);
	check_ledger(ledger);
	adit_ledger_reset(ledger);
	CHECK_EQ_INT(adit_ledger_used(ledger), 0);
	check_ledger(ledger);
	/* A new timeline may begin anywhere, at 0 too. */
	for (uint32_t slice = 0; slice < 3; slice++) {
		window_random(window, slice, &state);
		ledger_take(ledger, slice, window);
		check_ledger(ledger);
	}
	adit_window_destroy(window);
	adit_ledger_destroy(ledger);
}

TEST(ledger, party_data_and_samples_follow)
{
	struct adit_ledger_params params = {.keys = 50, .entries = 500, .details = 50};
	struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
	struct adit_window *window = window_make(1, 8, 8);
	const struct adit_ledger_key *key;
	struct adit_path *path;
	struct test_event e;

	REQUIRE(ledger != NULL && window != NULL);
	/* The same names again, then more than are kept. */
	for (uint32_t i = 0; i < 6; i++) {
		event_make(&e, 1, 1, i / 2);
		path = &e.who.path[i % 2 ? ADIT_UP : ADIT_DOWN];
		*path = (struct adit_path){.known = true, .teid = 100 + i, .first_ns = i};
		path->radio.bytes[0] = (uint8_t)(i + 1);
		e.server.bytes[0] = (uint8_t)(i + 1);
		if (i == 5) {
			path->known = false;
			e.event.classes = 1u << 9;
		}
		adit_window_open(window, FIRST_SLICE + i);
		adit_window_count(window, NULL, 0, &e.event);
		ledger_take(ledger, FIRST_SLICE + i, window);
	}
	key = adit_ledger_key(ledger, key_of(ledger, &e, ADIT_KIND_PAIR));
	CHECK(key->who.path[ADIT_UP].known && key->who.path[ADIT_DOWN].known);
	CHECK_EQ_INT(key->who.path[ADIT_UP].teid, 103);
	CHECK_EQ_INT(key->who.path[ADIT_DOWN].teid, 104);
	CHECK_EQ_INT(key->who.path[ADIT_DOWN].radio.bytes[0], 5);
	CHECK_EQ_INT(key->server.bytes[0], 6);
	CHECK_EQ_INT(key->sample_count, 3);
	CHECK_EQ_MEM(key->sample[0].wire, "\bn0000000", 9);
	CHECK_EQ_MEM(key->sample[2].wire, "\bn0000002", 9);
	CHECK_EQ_INT(key->classes, 1u << 9);
	CHECK_EQ_INT(key->first_slice, FIRST_SLICE);
	CHECK_EQ_INT(key->last_slice, FIRST_SLICE + 5);
	key = adit_ledger_key(ledger, key->parent);
	CHECK_EQ_INT(key->kind, ADIT_KIND_DOMAIN);
	CHECK_EQ_INT(key->sample_count, 1);
	CHECK_EQ_INT(key->sample[0].size, 14);
	CHECK_EQ_MEM(key->sample[0].wire, "\ad000001\4test", 14);
	adit_window_destroy(window);
	adit_ledger_destroy(ledger);
}

/* A look makes its pair and domain before their slice begins; what counts comes with the slice. */
TEST(ledger, expects_the_keys_of_a_look)
{
	struct adit_ledger_params params = {.keys = 50, .entries = 500, .details = 50};
	struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
	struct adit_window_params looked = {
		.shards = 1, .rows = {8, 8, 8, 8, 1}, .details = 8, .looks = 4};
	struct adit_window *window = adit_window_create(&looked, NULL);
	struct adit_sum *sum = calloc(1, sizeof(*sum));
	const struct adit_ledger_key *key, *domain;
	struct test_event e;
	uint32_t index;
	size_t count;

	REQUIRE(ledger != NULL && window != NULL && sum != NULL);
	/* First without anything before it, then with a pair that is there. */
	for (uint32_t slice = FIRST_SLICE; slice < FIRST_SLICE + 2; slice++) {
		adit_window_open(window, slice);
		for (uint32_t name = 0; name < 20; name++) {
			event_make(&e, 1, 1, name);
			e.event.ts_ns = slice * ADIT_SLICE_NS + name;
			e.event.info_bytes = 30;
			adit_window_count(window, NULL, 0, &e.event);
		}
		REQUIRE(window->look_count != 0);
		index = adit_ledger_expect(ledger, &window->looks[0]);
		REQUIRE(index != NONE);
		CHECK_EQ_INT(index, adit_ledger_find(ledger, ADIT_KIND_PAIR, e.event.pair_key));
		CHECK_EQ_INT(adit_ledger_expect(ledger, &window->looks[0]), index);
		key = adit_ledger_key(ledger, index);
		domain = adit_ledger_key(ledger, key->parent);
		CHECK(domain->key == e.event.domain_key && domain->children == 1);
		CHECK_EQ_MEM(domain->sample[0].wire, "\ad000001\4test", 14);
		CHECK_EQ_INT(key->first_slice, FIRST_SLICE);
		CHECK_EQ_INT(domain->first_slice, FIRST_SLICE);
		CHECK_EQ_INT(key->last_slice, FIRST_SLICE);
		CHECK_EQ_MEM(key->who.address.bytes, "\12\0\0\1", 4);
		adit_ledger_touched(ledger, &count);
		CHECK_EQ_INT(count, slice == FIRST_SLICE ? 0 : 2);
		CHECK_EQ_INT(
			adit_ledger_sum(ledger, index, ADIT_SPAN_DAY, sum), slice != FIRST_SLICE);
		check_ledger(ledger);
		ledger_take(ledger, slice, window);
		CHECK_EQ_INT(adit_ledger_find(ledger, ADIT_KIND_PAIR, e.event.pair_key), index);
		CHECK(adit_ledger_sum(ledger, index, ADIT_SPAN_SLICE, sum));
		CHECK_EQ_INT(sum->queries, 20);
		check_ledger(ledger);
	}
	/* One whose slice never comes is forgotten like others. */
	window->looks[0].row.key++;
	window->looks[0].party.domain_key++;
	CHECK(adit_ledger_expect(ledger, &window->looks[0]) != NONE);
	CHECK_EQ_INT(adit_ledger_used(ledger), 4);
	for (uint32_t i = 2; i < ADIT_DAY_SLICES + 200; i++)
		adit_ledger_begin(ledger, FIRST_SLICE + i);
	CHECK_EQ_INT(adit_ledger_used(ledger), 0);
	adit_window_destroy(window);
	adit_ledger_destroy(ledger);
	free(sum);
}

/* The record of the slice at hand, and none when it is over. */
TEST(ledger, now_is_the_current_slice)
{
	struct adit_ledger_params params = {.keys = 50, .entries = 500, .details = 50};
	struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
	struct adit_window *window = window_make(2, 8, 8);
	const struct adit_detail *now;
	struct test_event e;
	uint32_t index;

	REQUIRE(ledger != NULL && window != NULL);
	adit_window_open(window, FIRST_SLICE);
	for (uint32_t shard = 0; shard < 2; shard++)
		for (uint32_t name = 0; name < 5; name++) {
			event_make(&e, shard, 1, name);
			e.event.ts_ns = FIRST_SLICE * ADIT_SLICE_NS + name * ADIT_NS_PER_S;
			e.event.classes = 1;
			adit_window_count(window, NULL, shard, &e.event);
		}
	ledger_take(ledger, FIRST_SLICE, window);
	index = key_of(ledger, &e, ADIT_KIND_DOMAIN);
	REQUIRE(index != NONE);
	now = adit_ledger_now(ledger, index);
	REQUIRE(now != NULL);
	/* Seconds of both shards. */
	for (int i = 0; i < ADIT_SLICE_SECONDS; i++)
		CHECK_EQ_INT(now->second[ADIT_GROUP_A][i], i < 5 ? 2 : 0);
	adit_ledger_begin(ledger, FIRST_SLICE + 1);
	CHECK(adit_ledger_now(ledger, index) == NULL);
	adit_window_destroy(window);
	adit_ledger_destroy(ledger);
}

/* The names that come first are always the same, so a row knows none of the others: what the key
 * weighs must not fall below what it had, as the filter goes by it. */
TEST(ledger, weight_is_no_less_than_the_information)
{
	struct adit_ledger_params params = {.keys = 50, .entries = 9000, .details = 9000};
	struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
	struct adit_window *window = window_make(1, 8, 8);
	uint32_t index = NONE, name = 100, slice = 0;

	REQUIRE(ledger != NULL && window != NULL);
	for (; slice < ADIT_DAY_SLICES - ADIT_HOUR_SLICES; slice += 3) {
		struct test_event e;

		adit_window_open(window, FIRST_SLICE + slice);
		for (uint32_t i = 0; i < 5; i++) {
			event_make(&e, 1, 1, i < 3 ? i : ++name);
			e.event.info_bytes = i < 3 ? 1 : 20;
			adit_window_count(window, NULL, 0, &e.event);
		}
		ledger_take(ledger, FIRST_SLICE + slice, window);
		index = key_of(ledger, &e, ADIT_KIND_PAIR);
		REQUIRE(index != NONE);
		if (adit_ledger_key(ledger, index)->weight < 3 + 20 * (name - 100)) {
			FAIL("slice %u: %u names, weight %u", slice, name - 100,
				(unsigned)adit_ledger_key(ledger, index)->weight);
			break;
		}
	}
	check_ledger(ledger);
	adit_window_destroy(window);
	adit_ledger_destroy(ledger);
}
