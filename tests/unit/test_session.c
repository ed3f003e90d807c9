/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sessions against a slow reference over all messages; their rows of features; models that judge
 * them.
 */
#include "session_priv.h"

#include <math.h>
#include <stdlib.h>

#include "scorer_cases.h"

#define CLIENTS      6
#define MESSAGES_MAX 60000
#define OVER_MAX     20000

struct message {
	uint64_t ts_ns;
	uint32_t client, bytes;
	bool is_query, again;
};

struct over {
	uint64_t key;
	struct adit_session_sum sum;
};

/* What was told, or is expected. */
struct overs {
	struct over over[OVER_MAX];
	size_t count;
};

static void on_over(void *context, const struct adit_session *session)
{
	struct overs *overs = context;

	if (overs->count < OVER_MAX)
		overs->over[overs->count++] = (struct over){session->who.key, session->sum};
	CHECK(session->who.key != 0);
}

static int over_less(const void *left, const void *right)
{
	const struct over *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->sum.first_ns < b->sum.first_ns ? -1 : a->sum.first_ns > b->sum.first_ns;
}

/* All sessions of the messages: 60 s without any end one. Times are kept in ms. */
static void reference(const struct message *messages, size_t count, struct overs *want)
{
	want->count = 0;
	for (uint32_t client = 0; client < CLIENTS; client++) {
		struct over *it = NULL;

		for (size_t i = 0; i < count; i++) {
			uint64_t ts_ns = messages[i].ts_ns / ADIT_NS_PER_MS * ADIT_NS_PER_MS;

			if (messages[i].client != client)
				continue;
			if (it == NULL || ts_ns - it->sum.last_ns > 60 * ADIT_NS_PER_S) {
				it = &want->over[want->count++];
				*it = (struct over){.key = case_key(ADIT_KIND_COUNT, client, 0),
					.sum = {.first_ns = ts_ns}};
			}
			it->sum.last_ns = ts_ns;
			it->sum.queries += messages[i].is_query && !messages[i].again;
			it->sum.responses += !messages[i].is_query && !messages[i].again;
			if (messages[i].is_query)
				it->sum.bytes_up += messages[i].bytes;
			else
				it->sum.bytes_down += messages[i].bytes;
		}
	}
}

static uint64_t random_pause(uint64_t *state)
{
	switch (random_below(state, 60)) {
	case 0:
		return (59 + random_below(state, 3)) * ADIT_NS_PER_S;
	case 1:
		return 60 * ADIT_NS_PER_S + random_below(state, 3) * ADIT_NS_PER_MS -
		       ADIT_NS_PER_MS;
	case 2:
		return random_next(state) % (100 * ADIT_NS_PER_S);
	case 3:
		return random_below(state, 20) == 0 ? 7200 * ADIT_NS_PER_S : ADIT_NS_PER_S;
	default:
		return random_next(state) % (UINT64_C(1) << random_below(state, 34));
	}
}

TEST(session, are_those_of_the_reference)
{
	struct adit_sessions *sessions = adit_sessions_create(CLIENTS, NULL);
	struct adit_window_params params = {.shards = 1, .rows = {8, 64, 8, 16, 1}, .details = 8};
	struct adit_window *window = adit_window_create(&params, NULL);
	struct message *messages = malloc(MESSAGES_MAX * sizeof(*messages));
	struct overs *got = malloc(sizeof(*got)), *want = malloc(sizeof(*want));
	uint64_t state = 11, ts_ns = FIRST_SLICE * ADIT_SLICE_NS;
	uint32_t slice = FIRST_SLICE;
	size_t count = 0;

	REQUIRE(sessions != NULL && window != NULL && messages != NULL && got != NULL &&
		want != NULL);
	got->count = 0;
	adit_window_open(window, slice);
	for (; count < MESSAGES_MAX; count++) {
		struct message *it = &messages[count];
		struct test_event e;

		ts_ns += random_pause(&state);
		*it = (struct message){.ts_ns = ts_ns,
			.client = random_below(&state, 1 + random_below(&state, CLIENTS)),
			.bytes = 40 + random_below(&state, 400),
			.is_query = random_below(&state, 2),
			.again = random_below(&state, 9) == 0};
		if (adit_slice_of(ts_ns) != slice) {
			adit_sessions_begin(sessions, slice, on_over, got);
			adit_sessions_add(sessions, window, 0, slice, on_over, got);
			slice = adit_slice_of(ts_ns);
			adit_window_open(window, slice);
		}
		event_make(&e, it->client, random_below(&state, 4), random_below(&state, 4));
		e.event.ts_ns = ts_ns;
		e.event.message_bytes = it->bytes;
		e.event.is_query = it->is_query;
		e.event.again = it->again;
		adit_window_count(window, NULL, 0, &e.event);
	}
	adit_sessions_begin(sessions, slice, on_over, got);
	adit_sessions_add(sessions, window, 0, slice, on_over, got);
	adit_sessions_begin(sessions, UINT32_MAX, on_over, got);
	reference(messages, count, want);
	CHECK(want->count > 2000 && want->count < OVER_MAX);
	CHECK_EQ_INT(got->count, want->count);
	qsort(got->over, got->count, sizeof(struct over), over_less);
	qsort(want->over, want->count, sizeof(struct over), over_less);
	for (size_t i = 0; i < want->count && !harness_failed(); i++)
		if (memcmp(&got->over[i], &want->over[i], sizeof(struct over)) != 0)
			FAIL("session %zu: from %" PRIu64 " to %" PRIu64 ", %" PRIu64
			     " queries; expected %" PRIu64 ", %" PRIu64 ", %" PRIu64,
				i, got->over[i].sum.first_ns, got->over[i].sum.last_ns,
				got->over[i].sum.queries, want->over[i].sum.first_ns,
				want->over[i].sum.last_ns, want->over[i].sum.queries);
	CHECK_EQ_INT(adit_sessions_refused(sessions), 0);
	adit_sessions_destroy(sessions);
	adit_window_destroy(window);
	free(messages);
	free(got);
	free(want);
}

/* A message of a client, so many ms into the window's slice. */
static void say(struct adit_window *window, uint32_t client, uint32_t ms)
{
	struct test_event e;

	event_make(&e, client, 1, 1);
	e.event.ts_ns = window->first_slice * ADIT_SLICE_NS + ms * ADIT_NS_PER_MS;
	adit_window_count(window, NULL, 0, &e.event);
}

/* More subscribers than there is room for, and room that comes back. */
TEST(session, refuses_over_its_room)
{
	struct adit_sessions *sessions = adit_sessions_create(3, NULL);
	struct adit_window_params params = {.shards = 1, .rows = {8, 16, 8, 16, 1}, .details = 8};
	struct adit_window *window = adit_window_create(&params, NULL);
	static struct overs got;
	const struct adit_session *session;
	uint32_t count;

	REQUIRE(sessions != NULL && window != NULL);
	got.count = 0;
	adit_window_open(window, 100);
	for (uint32_t client = 0; client < 5; client++)
		say(window, client, 10 * client);
	adit_sessions_begin(sessions, 100, on_over, &got);
	adit_sessions_add(sessions, window, 0, 100, on_over, &got);
	CHECK_EQ_INT(adit_sessions_refused(sessions), 2);
	CHECK(adit_sessions_find(sessions, case_key(ADIT_KIND_COUNT, 4, 0)) == NULL);
	session = adit_sessions_find(sessions, case_key(ADIT_KIND_COUNT, 2, 0));
	REQUIRE(session != NULL);
	CHECK(session->touched);
	CHECK_EQ_INT(session->sum.first_ns, 100 * ADIT_SLICE_NS + 20 * ADIT_NS_PER_MS);
	CHECK_EQ_MEM(session->who.address.bytes, "\12\0\0\2", 4);
	/* The last one stays, the others are over. */
	adit_window_open(window, 106);
	say(window, 2, 0);
	adit_sessions_begin(sessions, 106, on_over, &got);
	CHECK_EQ_INT(got.count, 0);
	adit_sessions_add(sessions, window, 0, 106, on_over, &got);
	adit_sessions_begin(sessions, 107, on_over, &got);
	CHECK_EQ_INT(got.count, 2);
	adit_sessions_all(sessions, &count);
	CHECK_EQ_INT(count, 1);
	adit_window_open(window, 107);
	for (uint32_t client = 3; client < 5; client++)
		say(window, client, 0);
	adit_sessions_add(sessions, window, 0, 107, on_over, &got);
	CHECK_EQ_INT(adit_sessions_refused(sessions), 2);
	session = adit_sessions_find(sessions, case_key(ADIT_KIND_COUNT, 2, 0));
	REQUIRE(session != NULL);
	CHECK(!session->touched);
	CHECK_EQ_INT(session->sum.queries, 2);
	adit_sessions_destroy(sessions);
	adit_window_destroy(window);
}

TEST(session, survives_every_allocation_failure)
{
	struct harness_allocator counting;

	for (size_t n = 0; n < 3; n++) {
		harness_allocator_init(&counting, n);
		CHECK(adit_sessions_create(10, &counting.allocator) == NULL);
		CHECK_EQ_INT(counting.live, 0);
	}
	harness_allocator_init(&counting, 3);
	adit_sessions_destroy(adit_sessions_create(10, &counting.allocator));
	CHECK_EQ_INT(counting.live, 0);
	adit_sessions_destroy(NULL);
}

static struct adit_feature_row session_row[8];
static size_t session_rows;

static void on_session_row(void *context, const struct adit_feature_row *row)
{
	on_row(context, row);
	if (strcmp(row->kind, "session") == 0 && session_rows < ADIT_COUNT(session_row))
		session_row[session_rows++] = *row;
}

/* One row when a session ends, with its own times; and at the end of the timeline. */
TEST(session, rows_of_features)
{
	struct fixture *x = fixture_open(NULL);
	const struct adit_feature_row *row = session_row;
	uint64_t start = FIRST_SLICE * ADIT_SLICE_NS;

	x->params.features = on_session_row;
	fixture_restart(x, 0);
	session_rows = 0;
	say(x->window, 1, 1500);
	slice_end(x);
	say(x->window, 1, 4000);
	say(x->window, 2, 9000);
	slice_end(x);
	slices_skip(x, 5);
	CHECK_EQ_INT(session_rows, 0);
	say(x->window, 2, 0);
	slice_end(x);
	CHECK_EQ_INT(session_rows, 0);
	say(x->window, 3, 0);
	slice_end(x);
	REQUIRE(session_rows == 1);
	CHECK_EQ_STR(row[0].span, "");
	CHECK_EQ_INT(row[0].window_start_ns, start + 1500 * ADIT_NS_PER_MS);
	CHECK_EQ_INT(row[0].window_end_ns, start + 14000 * ADIT_NS_PER_MS);
	CHECK_EQ_MEM(row[0].subscriber.bytes, "\12\0\0\1", 4);
	CHECK(row[0].has_subscriber && !row[0].has_server && row[0].domain.size == 0);
	CHECK(row[0].value[ADIT_FEATURE_QUERIES] == 2);
	CHECK(row[0].value[ADIT_FEATURE_BYTES_UP] == 80);
	CHECK(row[0].value[ADIT_FEATURE_DURATION] == 12.5);
	CHECK(row[0].value[ADIT_FEATURE_UP_RATE] == 80 / 12.5);
	CHECK(isnan(row[0].value[ADIT_FEATURE_UNIQUENESS]));
	adit_scorer_end(x->scorer);
	CHECK_EQ_INT(session_rows, 3);
	CHECK_EQ_INT(adit_scorer_counters(x->scorer)->sessions, 3);
	fixture_close(x);
}

/* An envelope around sessions of a few queries and some kilobytes. */
static struct adit_judges *judges_make(double threshold)
{
	static const char *const names[] = {"bytes_up", "bytes_down", "queries"};
	struct adit_table *table = adit_table_create(400, names, ADIT_COUNT(names));
	struct adit_threshold given = {.value = threshold, .method = ADIT_THRESHOLD_GIVEN};
	struct adit_judges *judges = adit_judges_create();
	struct adit_model *model;
	struct adit_error error = {""};
	uint64_t state = 1;

	for (size_t i = 0; i < table->rows; i++) {
		double *row = &table->values[3 * i], queries = 5 + random_below(&state, 40);

		row[0] = queries * 40 + random_below(&state, 300);
		row[1] = queries * 90 + random_below(&state, 900);
		row[2] = queries;
	}
	if (adit_model_fit_envelope(table, &adit_envelope_defaults, &model, &error) != 0) {
		FAIL("%s", error.text);
		return NULL;
	}
	CHECK_EQ_INT(adit_model_set_row_kind(model, "session"), 0);
	adit_model_set_threshold(model, &given);
	if (adit_judges_take(judges, model, &error) != 0)
		FAIL("%s", error.text);
	adit_table_destroy(table);
	return judges;
}

/* Queries of a client to a domain, answered with so many bytes, that no other detector minds. */
static void browse(
	struct fixture *x, uint32_t client, uint32_t domain, uint32_t queries, uint32_t payload)
{
	struct test_event e;

	for (uint32_t i = 0; i < queries; i++) {
		event_make(&e, client, domain, i + 1);
		e.event.ts_ns = x->slice * ADIT_SLICE_NS + i;
		count(x, &e);
		event_answer(&e, payload);
		count(x, &e);
	}
}

/* Of an outlier the domain that moved most is told, others of the subscriber and what others do
 * are not. */
TEST(session, an_outlier_blames_the_domain_that_moved_most)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_judges *judges = judges_make(50);

	REQUIRE(judges != NULL);
	x->params.detect.judges = judges;
	x->params.detect.models = 1u << ADIT_MODEL_ENVELOPE;
	fixture_restart(x, 0);
	for (uint32_t i = 0; i < 5; i++) {
		for (uint32_t client = 1; client < 5; client++) {
			browse(x, client, 1, 2, 30);
			browse(x, client, 2, 2, 30);
		}
		slice_end(x);
	}
	CHECK_EQ_INT(x->told, 0);
	browse(x, 3, 1, 10, 100);
	browse(x, 3, 7, 20, 1000);
	browse(x, 4, 7, 8, 30);
	slice_end(x);
	REQUIRE(x->told == 1);
	CHECK_EQ_MEM(x->verdict[0].domain.wire, "\ad000007\4test", 14);
	CHECK_EQ_INT(x->verdict[0].verdict, ADIT_VERDICT_SUSPECT);
	CHECK_EQ_INT(x->verdict[0].score, 40);
	REQUIRE(x->verdict[0].reason_count == 1);
	CHECK_EQ_STR(x->verdict[0].reason[0].name, "session");
	CHECK(x->verdict[0].reason[0].value > 50 && x->verdict[0].reason[0].threshold == 50);
	fixture_close(x);
	adit_judges_destroy(judges);
}

/* What a domain moved in sessions before is not this one's. */
TEST(session, earlier_sessions_blame_nobody)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_judges *judges = judges_make(50);

	REQUIRE(judges != NULL);
	x->params.detect.judges = judges;
	x->params.detect.models = 1u << ADIT_MODEL_ENVELOPE;
	fixture_restart(x, 0);
	/* Half an hour of unremarkable sessions. */
	for (uint32_t i = 0; i < 20; i++) {
		browse(x, 1, 1, 20, 60);
		slice_end(x);
		slices_skip(x, 8);
	}
	CHECK_EQ_INT(x->told, 0);
	browse(x, 1, 1, 8, 60);
	browse(x, 1, 7, 20, 1000);
	slice_end(x);
	slice_end(x);
	REQUIRE(x->told == 1);
	CHECK_EQ_MEM(x->verdict[0].domain.wire, "\ad000007\4test", 14);
	fixture_close(x);
	adit_judges_destroy(judges);
}

/* Without a model of that kind, or switched off, nobody is. */
TEST(session, is_judged_by_kinds_that_are_switched_on)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_judges *judges = judges_make(50);

	REQUIRE(judges != NULL);
	x->params.detect.judges = judges;
	x->params.detect.models = 1u << ADIT_MODEL_TREES | 1u << ADIT_MODEL_SVM;
	fixture_restart(x, 0);
	browse(x, 3, 7, 20, 1000);
	slice_end(x);
	CHECK_EQ_INT(x->told, 0);
	fixture_close(x);
	adit_judges_destroy(judges);
}
