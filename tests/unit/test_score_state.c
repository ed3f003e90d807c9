/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A scorer that was saved and loaded goes on as if nothing had been: the same windows give the same
 * records, and the same state again. Smaller tables, other signatures, damaged files.
 */
#include "adit_score_state.h"

#include "scorer_cases.h"

#include <errno.h>
#include <stdlib.h>

#define ROOM  (32u << 20)
#define TELLS 500

/* Two scorers side by side, and what each told. */
struct told {
	size_t count;
	struct adit_verdict verdict[TELLS];
	size_t rows;
	uint64_t sum; /* of all rows of features */
};

static uint8_t room[2][ROOM];
static struct told told[2];

static void tell(void *context, const struct adit_verdict *verdict)
{
	struct told *to = context;

	if (to->count < TELLS)
		to->verdict[to->count] = *verdict;
	to->count++;
}

static void tell_row(void *context, const struct adit_feature_row *row)
{
	struct told *to = context;

	to->rows++;
	to->sum = adit_hash_pair(&adit_hash_key_fixed, to->sum, row->window_start_ns);
	to->sum = adit_hash_pair(&adit_hash_key_fixed, to->sum,
		adit_hash(&adit_hash_key_fixed, row->value,
			ADIT_FEATURE_COUNT * sizeof(row->value[0])));
}

static struct adit_blind *blinds[2];

static struct adit_blind *blind_over(void *context, struct adit_blind *blind)
{
	(void)context;
	adit_blind_clear(blind);
	return blind;
}

static struct adit_scorer *scorer_with(
	struct fixture *x, int which, struct adit_score_params params)
{
	told[which].count = told[which].rows = told[which].sum = 0;
	adit_blind_destroy(blinds[which]);
	params.verdict = tell;
	params.features = x->params.features != NULL ? tell_row : NULL;
	params.context = &told[which];
	params.blind = blinds[which] = adit_blind_create(64, NULL);
	params.blind_full = blind_over;
	return adit_scorer_create(&params, NULL);
}

/* Saves; the size, or 0. */
static size_t save(struct adit_scorer *scorer, int which)
{
	struct adit_state_io io;

	adit_state_save_begin(&io, room[which], ROOM, 5);
	if (!adit_scorer_save(scorer, &io))
		return 0;
	adit_state_save_end(&io);
	CHECK(!io.failed);
	adit_state_seal(room[which], io.at);
	return io.at;
}

static int load(struct adit_scorer *scorer, const uint8_t *bytes, size_t size,
	struct adit_state_left *left, struct adit_error *error)
{
	struct adit_state_file file;
	int status = adit_state_check(&file, "state", bytes, size, error);

	memset(left, 0, sizeof(*left));
	return status == 0 ? adit_scorer_load(scorer, &file, left, error) : status;
}

/* A slice of random traffic: ordinary clients, tunnels that come and go, some of them slow, one
 * without a zone, encrypted DNS, GTP-U paths that change. */
static void traffic(struct fixture *x, uint64_t *random)
{
	uint32_t messages = random_below(random, 60);
	struct test_event e;

	for (uint32_t i = 0; i < messages; i++) {
		event_make(&e, random_below(random, 40), random_below(random, 25),
			random_below(random, 500));
		e.event.ts_ns = x->slice * ADIT_SLICE_NS + i * 150 * ADIT_NS_PER_MS;
		e.event.id = (uint16_t)random_next(random);
		e.who.path[ADIT_UP] = (struct adit_path){.known = true,
			.teid = random_below(random, 3),
			.radio = {.bytes = {172, 16, 0, 1}},
			.core = {.bytes = {172, 16, 0, 2}},
			.first_ns = e.event.ts_ns,
			.last_ns = e.event.ts_ns};
		if (random_below(random, 8) == 0)
			event_unzone(&e);
		count(x, &e);
		event_answer(&e, random_below(random, 120));
		count(x, &e);
	}
	for (uint32_t t = 0; t < 6; t++)
		if (random_below(random, 5) == 0)
			tunnel(x, 100 + t, 200 + t % 4, 1 + random_below(random, 30),
				random_below(random, 150),
				random_below(random, 3) == 0 ? 1u << random_below(random, 2) : 0);
	for (uint32_t i = 0; i < random_below(random, 4); i++) {
		struct adit_subscriber who = {.key = 1 + random_below(random, 9)};
		struct adit_address server = {.bytes = {1, 1, 1, 1}};
		struct adit_encrypted_event packet = {.key = who.key,
			.who = &who,
			.server = &server,
			.bytes = 100,
			.up = true,
			.transport = (uint8_t)random_below(random, 3)};

		adit_window_count_encrypted(x->window, 0, &packet);
	}
}

static void slice_both(struct fixture *x, struct adit_scorer *const *scorer)
{
	for (int which = 0; which < 2; which++) {
		for (uint32_t i = 0; i < x->window->look_count; i++)
			x->window->looks[i].judged = false;
		if (scorer[which] != NULL)
			adit_scorer_slice(scorer[which], x->slice, &x->window, 1);
	}
	x->slice++;
	adit_window_open(x->window, x->slice);
}

/* Names of reasons are static strings, not always the same ones. */
static bool verdict_same(const struct adit_verdict *left, const struct adit_verdict *right)
{
	static struct adit_verdict copy;

	copy = *right;
	for (size_t i = 0; i < left->reason_count && i < right->reason_count; i++) {
		if (strcmp(left->reason[i].name, right->reason[i].name) != 0)
			return false;
		copy.reason[i].name = left->reason[i].name;
	}
	return memcmp(left, &copy, sizeof(copy)) == 0;
}

/* Of the second one everything is what the first one told from `from` on. */
static void told_check(size_t from)
{
	CHECK_EQ_INT(told[1].count, told[0].count - from);
	for (size_t i = 0; i < told[1].count && i + from < TELLS && !harness_failed(); i++)
		if (!verdict_same(&told[0].verdict[i + from], &told[1].verdict[i]))
			FAIL("record %zu differs: id %" PRIx64 " and %" PRIx64, i,
				told[0].verdict[i + from].id, told[1].verdict[i].id);
}

static void state_check(struct adit_scorer *const *scorer)
{
	size_t first = save(scorer[0], 0), second = save(scorer[1], 1);

	CHECK_EQ_INT(second, first);
	REQUIRE(first != 0 && first == second);
	CHECK_EQ_MEM(room[0], room[1], first);
}

/* The second scorer is loaded anew again and again; in the end, and at the end of all, both are the
 * same. */
TEST(score_state, goes_on_as_if_nothing_had_been)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_scorer *scorer[2] = {NULL, NULL};
	struct adit_state_left left;
	struct adit_error error = {""};
	const struct adit_ledger_counters *full;
	uint64_t random = 31, before_rows = 0, before_sum = 0;
	size_t before = 0, records = 0;

	x->params.ledger =
		(struct adit_ledger_params){.keys = 4000, .entries = 60000, .details = 20000};
	fixture_restart(x, 8);
	scorer[0] = scorer_with(x, 0, x->params);
	REQUIRE(scorer[0] != NULL);
	CHECK_EQ_INT(save(scorer[0], 0), 0);
	for (int i = 0; i < 450 && !harness_failed(); i++) {
		traffic(x, &random);
		slice_both(x, scorer);
		if (random_below(&random, 30) == 0)
			slices_skip(x, random_below(&random, 500));
		if (i % 50 != 7)
			continue;
		if (scorer[1] != NULL) {
			told_check(before);
			CHECK_EQ_INT(told[1].rows, told[0].rows - before_rows);
			state_check(scorer);
			adit_scorer_destroy(scorer[1]);
		}
		/* The last stretch is the whole rest. */
		before = told[0].count;
		records += told[1].count;
		before_rows = told[0].rows;
		scorer[1] = scorer_with(x, 1, x->params);
		CHECK_EQ_INT(load(scorer[1], room[0], save(scorer[0], 0), &left, &error), 0);
		CHECK_EQ_STR(error.text, "");
		CHECK(left.keys == 0 && left.stories == 0 && left.domains == 0);
		CHECK_EQ_INT(adit_scorer_reached(scorer[1]), adit_scorer_reached(scorer[0]));
		state_check(scorer);
		told[0].sum = before_sum;
	}
	adit_scorer_end(scorer[0]);
	adit_scorer_end(scorer[1]);
	told_check(before);
	CHECK(told[0].sum == told[1].sum);
	CHECK(records > 60 && told[0].count < TELLS);
	CHECK(adit_scorer_counters(scorer[0])->looks > 0);
	/* Which key gives way in a full table is not promised to be the same. */
	full = adit_scorer_ledger_counters(scorer[0]);
	CHECK_EQ_INT(full->keys_evicted + full->keys_refused + full->entries_dropped, 0);
	CHECK_EQ_INT(full->details_dropped, 0);
	adit_scorer_destroy(scorer[0]);
	adit_scorer_destroy(scorer[1]);
	fixture_close(x);
}

/* A scorer with a story, keys, and all else; its state is in room[0]. */
static size_t lively(struct fixture *x)
{
	struct adit_scorer *scorer[2] = {scorer_with(x, 0, x->params), NULL};
	uint64_t random = 5;
	size_t size;

	for (int i = 0; i < 60; i++) {
		traffic(x, &random);
		slice_both(x, scorer);
	}
	size = save(scorer[0], 0);
	CHECK(told[0].count > 3);
	adit_scorer_destroy(scorer[0]);
	return size;
}

TEST(score_state, smaller_tables_keep_what_carries_most)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_score_params params = x->params;
	struct adit_state_left left;
	struct adit_error error = {""};
	struct adit_scorer *scorer;
	size_t size = lively(x);

	params.ledger = (struct adit_ledger_params){.keys = 60, .entries = 300, .details = 40};
	params.stories = 3;
	params.sessions = 5;
	params.domains = params.servers = params.bursts = 8;
	scorer = scorer_with(x, 1, params);
	CHECK_EQ_INT(load(scorer, room[0], size, &left, &error), 0);
	CHECK_EQ_STR(error.text, "");
	CHECK(left.keys > 0 && left.details > 0 && left.sessions > 0 && left.domains > 0);
	/* Tunnels carry most: what there is room for goes on. */
	tunnel(x, 100, 200, 40, 120, 0);
	adit_scorer_slice(scorer, x->slice, &x->window, 1);
	CHECK(save(scorer, 1) > 0);
	CHECK_EQ_INT(adit_scorer_counters(scorer)->opened, 0);
	adit_scorer_destroy(scorer);
	/* And larger ones take all. */
	params = x->params;
	params.ledger.keys *= 3;
	params.domains *= 5;
	params.stories *= 2;
	scorer = scorer_with(x, 1, params);
	CHECK_EQ_INT(load(scorer, room[0], size, &left, &error), 0);
	CHECK(left.keys == 0 && left.windows == 0 && left.details == 0 && left.domains == 0 &&
		left.stories == 0 && left.sessions == 0 && left.bursts == 0 && left.servers == 0);
	adit_scorer_destroy(scorer);
	fixture_close(x);
}

TEST(score_state, signatures_are_known_by_their_names)
{
	static const char other[] = "tool newcomer\n"
				    "class first strong names 2 share 10% \"first\"\n"
				    "  subdomain insensitive ^x\n"
				    "tool iodine\n"
				    "class handshake strong names 2 share 10% \"handshake\"\n"
				    "  subdomain insensitive ^vaaaaka\n";
	struct fixture *x = fixture_open(NULL);
	struct adit_score_params params = x->params;
	struct adit_pattern_set *patterns = NULL;
	struct adit_scorer *scorer[2] = {scorer_with(x, 0, x->params), NULL};
	struct adit_state_left left;
	struct adit_error error = {""};
	size_t size;

	tunnel(x, 1, 1, 20, 100, 1u << CLASS_STRONG);
	slice_both(x, scorer);
	REQUIRE(told[0].count == 1);
	CHECK_EQ_STR(told[0].verdict[0].tool, "iodine");
	size = save(scorer[0], 0);
	REQUIRE(adit_pattern_load_text("patterns", other, &patterns, &error) == 0);
	params.detect.patterns = patterns;
	scorer[1] = scorer_with(x, 1, params);
	CHECK_EQ_INT(load(scorer[1], room[0], size, &left, &error), 0);
	/* Its class is another bit by now, and not the newcomer's; the tool is the new set's. */
	for (int i = 0; i < 8; i++) {
		adit_window_open(x->window, x->slice);
		adit_scorer_slice(scorer[1], x->slice++, &x->window, 1);
	}
	REQUIRE(told[1].count == 1);
	CHECK_EQ_INT(told[1].verdict[0].state, ADIT_STATE_CLOSED);
	CHECK(told[1].verdict[0].id == told[0].verdict[0].id);
	CHECK(told[1].verdict[0].tool == adit_pattern_tool(patterns, 1)->name ||
		told[1].verdict[0].tool == adit_pattern_tool(patterns, 0)->name);
	CHECK_EQ_STR(told[1].verdict[0].tool, "iodine");
	adit_scorer_destroy(scorer[1]);
	/* Without signatures there is no tool, and the story goes on all the same. */
	params.detect.patterns = NULL;
	scorer[1] = scorer_with(x, 1, params);
	CHECK_EQ_INT(load(scorer[1], room[0], size, &left, &error), 0);
	adit_window_open(x->window, x->slice);
	adit_scorer_slice(scorer[1], x->slice, &x->window, 1);
	REQUIRE(told[1].count == 1);
	CHECK(told[1].verdict[0].tool == NULL && told[1].verdict[0].id == told[0].verdict[0].id);
	adit_scorer_destroy(scorer[0]);
	adit_scorer_destroy(scorer[1]);
	adit_pattern_destroy(patterns);
	fixture_close(x);
}

/* Time goes on without a run: what was idle is closed as in a run with idle slices. */
TEST(score_state, a_gap_closes_stories)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_scorer *scorer[2] = {scorer_with(x, 0, x->params), NULL};
	struct adit_state_left left;
	struct adit_error error = {""};
	size_t size;

	tunnel(x, 1, 1, 40, 100, 0);
	slice_both(x, scorer);
	REQUIRE(told[0].count == 1);
	size = save(scorer[0], 0);
	scorer[1] = scorer_with(x, 1, x->params);
	CHECK_EQ_INT(load(scorer[1], room[0], size, &left, &error), 0);
	slices_skip(x, 3 * ADIT_DAY_SLICES);
	tunnel(x, 1, 1, 40, 100, 0);
	slice_both(x, scorer);
	told_check(1);
	REQUIRE(told[1].count == 2);
	CHECK_EQ_INT(told[1].verdict[0].state, ADIT_STATE_CLOSED);
	CHECK(told[1].verdict[0].id == told[0].verdict[0].id);
	CHECK_EQ_INT(told[1].verdict[1].state, ADIT_STATE_OPEN);
	CHECK(told[1].verdict[1].id != told[0].verdict[0].id);
	adit_scorer_destroy(scorer[0]);
	adit_scorer_destroy(scorer[1]);
	fixture_close(x);
}

/* A sum that was half full goes on: what passes the bound in an hour is told with the same slice.
 */
TEST(score_state, a_slow_tunnel_is_found_when_it_would_have_been)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_scorer *scorer[2];
	struct adit_state_left left;
	struct adit_error error = {""};

	x->params.detect.structure = false;
	x->params.detect.information_bound = 40000;
	scorer[0] = scorer_with(x, 0, x->params);
	scorer[1] = NULL;
	for (int i = 0; i < 40 && told[0].count == 0; i++) {
		if (i == 10) {
			scorer[1] = scorer_with(x, 1, x->params);
			CHECK_EQ_INT(
				load(scorer[1], room[0], save(scorer[0], 0), &left, &error), 0);
		}
		tunnel(x, 1, 1, 10, 200, 0);
		slice_both(x, scorer);
		slices_skip(x, 12);
	}
	REQUIRE(told[0].count == 1 && told[1].count == 1);
	CHECK(x->slice > FIRST_SLICE + 13 * 12);
	CHECK(verdict_same(&told[0].verdict[0], &told[1].verdict[0]));
	CHECK_EQ_STR(told[1].verdict[0].reason[0].name, "information");
	adit_scorer_destroy(scorer[0]);
	adit_scorer_destroy(scorer[1]);
	fixture_close(x);
}

/* Fields that are wrong though the checksums are right: an error, and an empty scorer, or a correct
 * load. */
TEST(score_state, survives_bytes_that_lie)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_scorer *scorer[2] = {scorer_with(x, 0, x->params), NULL};
	struct adit_state_left left;
	struct adit_error error;
	uint64_t random = 77;
	size_t size, refused = 0, loaded = 0;

	tunnel(x, 1, 1, 40, 100, 1);
	tunnel(x, 2, 1, 5, 100, 0);
	slice_both(x, scorer);
	size = save(scorer[0], 0);
	scorer[1] = scorer_with(x, 1, x->params);
	for (int i = 0; i < 1500 && !harness_failed(); i++) {
		size_t at = ADIT_STATE_HEADER_BYTES +
			    random_next(&random) % (size - ADIT_STATE_HEADER_BYTES);
		uint8_t *bytes;
		int status;

		memcpy(room[1], room[0], size);
		for (uint32_t k = random_below(&random, 3) + 1; k > 0 && at < size; k--, at++)
			room[1][at] =
				(uint8_t)(random_below(&random, 2) ? random_next(&random) : 0xff);
		adit_state_seal(room[1], size);
		bytes = harness_exact(room[1], size);
		error.text[0] = '\0';
		adit_scorer_forget(scorer[1]);
		status = load(scorer[1], bytes, size, &left, &error);
		CHECK((status == 0) == (error.text[0] == '\0'));
		loaded += status == 0;
		refused += status != 0;
		if (status != 0)
			CHECK_EQ_INT(adit_scorer_reached(scorer[1]), 0);
		if (status == 0 && i % 8 == 0) {
			adit_window_open(x->window, adit_scorer_reached(scorer[1]) + 1);
			tunnel(x, 1, 1, 10, 100, 0);
			adit_scorer_slice(
				scorer[1], adit_scorer_reached(scorer[1]) + 1, &x->window, 1);
			adit_scorer_end(scorer[1]);
		}
	}
	CHECK(refused > 100 && loaded > 100);
	adit_scorer_destroy(scorer[0]);
	adit_scorer_destroy(scorer[1]);
	fixture_close(x);
}

/* What the first version wrote is read by every later one: a state of 24 queries of a tunnel, from
 * the demonstration capture. */
TEST(score_state, reads_what_the_first_version_wrote)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_scorer *scorer = scorer_with(x, 0, x->params);
	struct adit_state_left left;
	struct adit_error error = {""};
	char path[4096];
	uint8_t *bytes;
	unsigned mode;
	size_t size;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/state/first-version",
		harness_source_root());
	REQUIRE(adit_state_read(path, &bytes, &size, &mode, &error) == 0);
	CHECK_EQ_INT(load(scorer, bytes, size, &left, &error), 0);
	CHECK_EQ_STR(error.text, "");
	CHECK(left.keys == 0 && left.stories == 0 && left.domains == 0);
	CHECK_EQ_INT(adit_scorer_reached(scorer), 179533412);
	adit_scorer_end(scorer);
	/* The story, closed. */
	REQUIRE(told[0].count == 1);
	CHECK_EQ_INT(told[0].verdict[0].state, ADIT_STATE_CLOSED);
	CHECK_EQ_STR(told[0].verdict[0].tool, "iodine");
	CHECK_EQ_INT(told[0].verdict[0].queries, 24);
	CHECK_EQ_INT(told[0].verdict[0].subscriber[0].address.bytes[3], 31);
	CHECK_EQ_INT(told[0].verdict[0].subscriber[0].bearer_count, 1);
	adit_scorer_destroy(scorer);
	free(bytes);
	fixture_close(x);
}

/* The room that is reckoned is enough for tables that are full of what is longest. */
TEST(score_state, its_room_is_reckoned)
{
	struct fixture *x = fixture_open(NULL);
	struct adit_scorer *scorer;
	struct adit_state_io io;
	uint64_t random = 3;
	size_t most;

	x->params.ledger = (struct adit_ledger_params){.keys = 60, .entries = 100, .details = 90};
	x->params.sessions = x->params.domains = x->params.servers = x->params.bursts = 16;
	x->params.stories = 2;
	scorer = scorer_with(x, 0, x->params);
	for (int i = 0; i < 100; i++) {
		traffic(x, &random);
		adit_scorer_slice(scorer, x->slice++, &x->window, 1);
		adit_window_open(x->window, x->slice);
	}
	CHECK(adit_scorer_ledger_counters(scorer)->entries_dropped > 0);
	most = adit_scorer_state_bytes(&x->params, 64) + ADIT_STATE_HEADER_BYTES +
	       ADIT_STATE_MARK_BYTES;
	REQUIRE(most < ROOM);
	adit_state_save_begin(&io, room[0], most, 1);
	CHECK(adit_scorer_save(scorer, &io));
	adit_state_save_end(&io);
	CHECK(!io.failed && io.at < most && io.at > most / 8);
	/* And where it is not, nothing is written beyond it. */
	memset(room[1], 0xa5, 2000);
	adit_state_save_begin(&io, room[1], 1000, 1);
	CHECK(adit_scorer_save(scorer, &io));
	CHECK(io.failed && room[1][1000] == 0xa5);
	adit_scorer_destroy(scorer);
	fixture_close(x);
}
