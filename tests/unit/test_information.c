/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Information against the sum over exact sets of names and answers, from events to features over
 * all spans; and what the bound on it promises.
 */
#include "scorer_cases.h"

#include <math.h>
#include <stdlib.h>

#define EVENTS_MAX 60000

/* A query and its answer. Names and answers are told apart by their numbers. */
struct exchange {
	uint32_t slice, pair, name, answer;
	uint32_t name_bytes, answer_bytes; /* 0: no answer */
};

static int exchange_earlier(const void *left, const void *right)
{
	const struct exchange *a = left, *b = right;

	return a->slice < b->slice ? -1 : a->slice > b->slice;
}

/* Counts one; pair p is client and domain p. */
static void exchange_count(
	struct adit_window *window, struct adit_tracks *tracks, const struct exchange *it)
{
	struct test_event e;

	event_make(&e, it->pair, it->pair, it->name);
	e.event.ts_ns = it->slice * ADIT_SLICE_NS;
	e.event.name_hash = (uint32_t)adit_hash_pair(&adit_hash_key_fixed, it->pair, it->name);
	e.event.info_bytes = it->name_bytes;
	adit_window_count(window, tracks, 0, &e.event);
	if (it->answer_bytes == 0)
		return;
	event_answer(&e, it->answer_bytes);
	e.event.answer_digest =
		(uint32_t)adit_hash_pair(&adit_hash_key_fixed, it->pair + 1000000, it->answer);
	adit_window_count(window, tracks, 0, &e.event);
}

static int number_less(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* The exact sum over distinct names (or answers) of the events from a slice on. */
static double exact(const struct exchange *events, size_t count, uint32_t from_slice, bool answers)
{
	static uint64_t seen[EVENTS_MAX];
	size_t held = 0;
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		if (events[i].slice >= from_slice)
			seen[held++] =
				answers ? (uint64_t)events[i].answer << 32 | events[i].answer_bytes
					: (uint64_t)events[i].name << 32 | events[i].name_bytes;
	qsort(seen, held, sizeof(*seen), number_less);
	for (size_t i = 0; i < held; i++)
		if (i == 0 || seen[i] != seen[i - 1])
			sum += (uint32_t)seen[i];
	return sum;
}

/* What a stream is made of. */
enum stream {
	STEADY,   /* new names and answers of like size */
	MIXED,    /* few long names among many short ones */
	REPEATED, /* of 300 names, some often */
	FEW,      /* of 60 names and 60 answers: exact */
	LIGHT,    /* at most three light names a slice, whose history is not known: no records */
	LIGHT_AND_SAME, /* … of which one is always the same */
	STREAMS
};

static const char *const stream_names[] = {
	"steady", "mixed", "repeated", "few", "light", "light and same"};

static void exchange_make(struct exchange *it, enum stream stream, uint32_t number,
	uint32_t in_slice, uint64_t *state)
{
	uint32_t some = random_below(state, 60);

	it->name = it->answer = number + 1000;
	switch (stream) {
	case STEADY:
		it->name_bytes = 30 + number % 20;
		it->answer_bytes = 100 + number % 50;
		break;
	case MIXED:
		it->name_bytes = number % 10 == 0 ? 150 : 5;
		it->answer_bytes = number % 10 == 0 ? 900 : 20;
		break;
	case REPEATED:
		it->name = random_below(state, 1 + random_below(state, 300));
		it->answer = random_below(state, 1 + random_below(state, 300));
		it->name_bytes = 10 + it->name % 40;
		it->answer_bytes = 30 + it->answer % 90;
		break;
	case FEW:
		it->name = some;
		it->answer = random_below(state, 60);
		it->name_bytes = 26 + it->name;
		it->answer_bytes = 30 + it->answer;
		break;
	default:
		it->name_bytes = 6 + number % 17;
		it->answer_bytes = 4 + number % 17;
		if (stream == LIGHT_AND_SAME && in_slice == 0) {
			it->name = it->answer = 1;
			it->name_bytes = 3;
			it->answer_bytes = 4;
		}
	}
}

/* Slices of activity over some hours, the most of them late. */
static size_t stream_make(
	struct exchange *events, enum stream stream, uint32_t pair, uint64_t *state)
{
	uint32_t slice = FIRST_SLICE + random_below(state, 400), number = 0;
	uint32_t end = slice + 360 + random_below(state, 7000);
	size_t count = 0;

	while (slice < end && count + 8 < EVENTS_MAX) {
		uint32_t in_slice = 1 + random_below(state, stream >= LIGHT ? 3 : 8);

		for (uint32_t i = 0; i < in_slice; i++, number++) {
			events[count] = (struct exchange){.slice = slice, .pair = pair};
			exchange_make(&events[count++], stream, number, i, state);
		}
		slice += end - slice > 360 ? 1 + random_below(state, 80)
					   : 1 + random_below(state, 5);
	}
	return count;
}

struct errors {
	double squares, sum, most;
	unsigned count;
};

static void error_take(struct errors *errors, double estimate, double value)
{
	double error = value != 0 ? estimate / value - 1 : 0;

	errors->squares += error * error;
	errors->sum += error;
	errors->most = fabs(error) > errors->most ? fabs(error) : errors->most;
	errors->count++;
}

/* Sums of a stream over all spans at its end. */
static void stream_errors(enum stream stream, uint32_t pair, struct adit_ledger *ledger,
	struct adit_window *window, struct adit_tracks *tracks,
	struct errors errors[ADIT_SPAN_COUNT][2])
{
	static struct exchange events[EVENTS_MAX];
	static struct adit_sum sum;
	uint64_t state = pair;
	size_t count = stream_make(events, stream, pair, &state);
	double value[ADIT_FEATURE_COUNT];
	uint32_t index;

	adit_ledger_reset(ledger);
	adit_tracks_reset(tracks);
	for (size_t i = 0; i < count;) {
		uint32_t slice = events[i].slice;

		adit_window_open(window, slice);
		for (; i < count && events[i].slice == slice; i++)
			exchange_count(window, stream >= LIGHT ? NULL : tracks, &events[i]);
		adit_ledger_begin(ledger, slice);
		adit_ledger_add(ledger, window, 0);
	}
	index = adit_ledger_find(ledger, ADIT_KIND_PAIR, case_key(ADIT_KIND_PAIR, pair, pair));
	REQUIRE(index != ADIT_LEDGER_NONE);
	for (int span = 0; span < ADIT_SPAN_COUNT; span++) {
		double up, down;

		CHECK(adit_ledger_sum(ledger, index, span, &sum));
		CHECK(!sum.more_names);
		adit_features_derive(ADIT_KIND_PAIR, &sum, value);
		/* Where the sum begins is the ledger's to say. */
		up = exact(events, count, sum.first_slice, false);
		down = exact(events, count, sum.first_slice, true);
		error_take(&errors[span][0], value[ADIT_FEATURE_INFORMATION_UP], up);
		error_take(&errors[span][1], value[ADIT_FEATURE_INFORMATION_DOWN], down);
		CHECK(fabs(value[ADIT_FEATURE_INFORMATION] - value[ADIT_FEATURE_INFORMATION_UP] -
			      value[ADIT_FEATURE_INFORMATION_DOWN]) < 1e-6);
	}
}

/*
 * Up to 64 names and answers whose keys earn records, the sum is exact. Beyond, its error is that
 * of samples: 1 / √62 for members alike, more for few long among many short. Rows without a record
 * know their names, but not how their bytes are spread over them.
 */
TEST(information, errs_as_samples_do)
{
	/* Of a day: standard error and mean, at most. */
	static const struct {
		double deviation, bias;
	} most[STREAMS] = {
		[STEADY] = {0.16, 0.04},
		[MIXED] = {0.36, 0.08},
		[REPEATED] = {0.13, 0.03},
		[FEW] = {0, 0},
		[LIGHT] = {0.15, 0.05},
		[LIGHT_AND_SAME] = {0.40, 0.38},
	};
	struct adit_ledger_params params = {.keys = 64, .entries = 9000, .details = 9000};
	struct adit_ledger *ledger = adit_ledger_create(&params, NULL);
	struct adit_window_params rows = {.shards = 1, .rows = {8, 8, 8, 8, 1}, .details = 8};
	struct adit_window *window = adit_window_create(&rows, NULL);
	struct adit_tracks *tracks = adit_tracks_create(1, 64, NULL);

	REQUIRE(ledger != NULL && window != NULL && tracks != NULL);
	for (int stream = 0; stream < STREAMS; stream++) {
		struct errors errors[ADIT_SPAN_COUNT][2] = {{{0}}};

		for (uint32_t pair = 1; pair <= 300; pair++)
			stream_errors(stream, pair, ledger, window, tracks, errors);
		for (int span = 0; span < ADIT_SPAN_COUNT; span++)
			for (int down = 0; down < 2; down++) {
				struct errors *it = &errors[span][down];
				double deviation = sqrt(it->squares / it->count);
				double bias = it->sum / it->count;

				if (deviation > most[stream].deviation + 1e-9 ||
					fabs(bias) > most[stream].bias + 1e-9)
					FAIL("%s, span %d, %s: deviation %.4f, mean %.4f",
						stream_names[stream], span, down ? "down" : "up",
						deviation, bias);
			}
	}
	adit_tracks_destroy(tracks);
	adit_window_destroy(window);
	adit_ledger_destroy(ledger);
}

#define PAIRS 60
#define BOUND 4000

/* What a pair exchanges in a day. */
struct plan {
	uint32_t names, answers; /* distinct */
	double information;      /* exact */
	bool told;
};

static struct plan plans[PAIRS];

static void on_told(void *context, const struct adit_verdict *verdict)
{
	unsigned domain = 0;

	(void)context;
	CHECK_EQ_INT(sscanf((const char *)verdict->domain.wire + 2, "%6x", &domain), 1);
	CHECK(domain < PAIRS);
	if (domain < PAIRS)
		plans[domain].told = true;
}

/* Bytes of a name or an answer, by the style of the pair: alike, spread, or few that are long; no
 * more than are left, and no rest below `least`. */
static uint32_t bytes_of(
	uint32_t style, uint32_t i, uint32_t mean, uint32_t least, double left, uint64_t *state)
{
	uint32_t bytes = mean;

	if (style % 3 == 1)
		bytes = 1 + random_below(state, 2 * mean);
	if (style % 3 == 2)
		bytes = i % 10 == 0 ? 6 * mean : 1 + mean / 3;
	bytes = bytes < least ? least : bytes;
	return bytes + least < left ? bytes : (uint32_t)ceil(left);
}

/*
 * Queries of a pair within 23 hours whose distinct names and answers come to `information`; some
 * are asked again later. `few`: at most 64 of each, all so heavy that they earn records.
 */
static size_t plan_make(struct exchange *events, uint32_t pair, double information, uint32_t style,
	bool few, uint64_t *state)
{
	uint32_t mean = few ? (uint32_t)information / 35 : 8, least = few ? 24 : 1;
	uint32_t parts = style % 2 + 1, end = 1 + random_below(state, 8000);
	struct plan *plan = &plans[pair];
	double left = information;
	size_t count = 0;

	mean = (mean + random_below(state, 60)) / parts;
	*plan = (struct plan){.information = information};
	while (left > 0) {
		struct exchange *it = &events[count++];

		*it = (struct exchange){.slice = FIRST_SLICE + random_below(state, end),
			.pair = pair,
			.name = plan->names,
			.name_bytes = bytes_of(style / 2, plan->names, mean, least, left, state)};
		plan->names++;
		left -= it->name_bytes;
		if (parts == 2 && left > 0) {
			it->answer = plan->answers;
			it->answer_bytes =
				bytes_of(style / 2, plan->answers, mean, least, left, state);
			plan->answers++;
			left -= it->answer_bytes;
		}
	}
	for (size_t i = 0, again = random_below(state, (uint32_t)count); i < again; i++, count++) {
		events[count] = events[random_below(state, (uint32_t)count)];
		events[count].slice = FIRST_SLICE + random_below(state, end);
	}
	return count;
}

/* A day of pairs that exchange so much each. */
static void day_run(double information, bool few, uint64_t seed)
{
	static struct exchange events[EVENTS_MAX];
	struct fixture *x = fixture_open(NULL);
	uint64_t state = seed;
	size_t count = 0;

	x->params.detect.information_bound = BOUND;
	x->params.stories = 200;
	x->params.ledger = (struct adit_ledger_params){
		.keys = 1000, .entries = EVENTS_MAX, .details = EVENTS_MAX};
	x->params.verdict = on_told;
	x->params.features = NULL;
	fixture_restart(x, 0);
	for (uint32_t pair = 0; pair < PAIRS; pair++)
		count += plan_make(
			&events[count], pair, information, random_below(&state, 6), few, &state);
	REQUIRE(count < EVENTS_MAX);
	qsort(events, count, sizeof(*events), exchange_earlier);
	for (size_t i = 0; i < count;) {
		slices_skip(x, events[i].slice - x->slice);
		for (uint32_t slice = events[i].slice; i < count && events[i].slice == slice; i++)
			exchange_count(x->window, x->tracks, &events[i]);
		slice_end(x);
	}
	adit_scorer_end(x->scorer);
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->stories_refused, 0);
	CHECK_EQ_INT(adit_scorer_ledger_counters(x->scorer)->entries_dropped, 0);
	CHECK_EQ_INT(adit_scorer_ledger_counters(x->scorer)->details_dropped, 0);
	fixture_close(x);
}

/* Of the pairs of so many days, those told. */
static double share_told(double information, bool few, unsigned days)
{
	unsigned told = 0;

	for (unsigned day = 0; day < days; day++) {
		day_run(information, few, day + 1);
		for (uint32_t pair = 0; pair < PAIRS; pair++) {
			const struct plan *plan = &plans[pair];

			CHECK(plan->information == information);
			CHECK(!few || (plan->names <= 64 && plan->answers <= 64));
			told += plan->told;
		}
	}
	return told / (double)(days * PAIRS);
}

/* Where all names and answers are kept, the bound is sharp. */
TEST(information, bound_is_sharp_for_few_names)
{
	CHECK(share_told(BOUND, true, 8) == 1);
	CHECK(share_told(BOUND + 20, true, 4) == 1);
	CHECK(share_told(BOUND - 1, true, 8) == 0);
}

/* Of more than 64 an estimate decides: nearly all that are at the bound are told, all that are well
 * above it, and none that is well below. */
TEST(information, bound_for_many_names)
{
	CHECK(share_told(BOUND, false, 4) > 0.96);
	CHECK(share_told(1.5 * BOUND, false, 3) == 1);
	CHECK(share_told(0.5 * BOUND, false, 4) == 0);
}

/* A single name whose answers carry all of it. */
TEST(information, bound_holds_for_a_single_name)
{
	struct fixture *x = fixture_open(NULL);

	x->params.detect.information_bound = BOUND;
	fixture_restart(x, 0);
	for (uint32_t i = 0; i < 4; i++) {
		struct exchange it = {
			.slice = x->slice, .pair = 1, .answer = i, .answer_bytes = BOUND / 4};

		exchange_count(x->window, x->tracks, &it);
	}
	slice_end(x);
	REQUIRE(x->told == 1);
	CHECK_EQ_INT(x->verdict[0].score, 45);
	CHECK_EQ_INT(x->verdict[0].information_down, BOUND);
	fixture_close(x);
}

static double estimate;

static void on_estimate(void *context, const struct adit_feature_row *row)
{
	on_row(context, row);
	if (row->has_subscriber && row->subscriber.bytes[3] == 1)
		estimate = row->value[ADIT_FEATURE_INFORMATION];
}

/* Where an estimate with its margin passes the bound, that a domain is in general use is no excuse,
 * as it is none where the sum is exact. */
TEST(information, prevalence_does_not_hide_what_may_pass_the_bound)
{
	static const double factors[] = {1e9, 1.15, 1.3};

	for (size_t f = 0; f < ADIT_COUNT(factors); f++) {
		struct fixture *x = fixture_open(NULL);

		x->params.detect.information_bound = f == 0 ? 1e9 : factors[f] * estimate;
		x->params.features = on_estimate;
		fixture_restart(x, 0);
		for (uint32_t client = 1; client <= 9; client++)
			for (uint32_t name = 0; name < (client == 1 ? 100 : 7); name++) {
				struct test_event e;

				event_make(&e, client, 1, 1000 * client + name);
				e.event.info_bytes = 30;
				count(x, &e);
			}
		slice_end(x);
		CHECK(estimate > 1500 && estimate < 6000);
		CHECK_EQ_INT(x->told, f == 1);
		CHECK_EQ_INT(x->highest, f == 1 ? 45 : 0);
		fixture_close(x);
	}
}

/* A pair that passes the bound after its minute was judged, and then falls silent while others go
 * on. `pause`: slices between the first names and the last ones. */
static void pass_late(uint32_t pause)
{
	struct fixture *x = fixture_open(NULL);
	struct exchange it = {.pair = 1, .name_bytes = 100};

	x->params.detect.information_bound = BOUND;
	fixture_restart(x, 0);
	slices_skip(x, 6 - x->slice % 6);
	/* 3900 bytes; then, much later, three times 50 in one minute. */
	for (; it.name < 42; it.name++) {
		it.slice = x->slice;
		it.name_bytes = it.name < 39 ? 100 : 50;
		exchange_count(x->window, x->tracks, &it);
		if (it.name >= 38)
			slice_end(x);
		if (it.name == 38)
			slices_skip(x, pause - 1);
	}
	CHECK_EQ_INT(x->told, 0);
	for (int i = 0; i < 6 && x->told == 0; i++) {
		tunnel(x, 2, 2, 1, 10, 0);
		slice_end(x);
	}
	REQUIRE(x->told == 1);
	CHECK_EQ_MEM(x->verdict[0].domain.wire, "\ad000001\4test", 14);
	CHECK_EQ_INT(x->verdict[0].information_up, 4050);
	fixture_close(x);
}

TEST(information, bound_is_passed_in_a_minute_that_was_judged)
{
	/* 20 minutes, nearly an hour, some hours. */
	pass_late(120);
	pass_late(354);
	pass_late(3000);
}
