/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What depends on the order of a key's messages, across slices, against a model that keeps all of
 * them; and what a table of tracks forgets.
 */
#include "adit_window.h"

#include <stdlib.h>

#include "harness.h"
#include "shard_check.h"
#include "window_cases.h"

/* A message of a key's past. */
struct message {
	uint64_t ts_ns;
	uint32_t name, hash; /* number of the name; short ones come under several */
	uint16_t id, port;
	bool is_query;
	char text[64]; /* the subdomain without its dots */
};

#define MESSAGES_MAX 4000
struct past {
	struct message message[MESSAGES_MAX];
	size_t count;
};

/* A name of one or two labels, of 1 to 40 octets, for a number: heads and tails repeat. */
static void name_make(struct test_event *e, uint8_t wire[64], struct message *message)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t state = message->name;
	uint32_t length = 1 + random_below(&state, 40), cut = length;
	uint8_t *at = wire;

	for (uint32_t i = 0; i < length; i++)
		message->text[i] = letters[random_below(&state, i < 5 || i + 3 >= length ? 2 : 32)];
	message->text[length] = '\0';
	if (length > 2 && message->name % 2)
		cut = 1 + random_below(&state, length - 1);
	*at++ = (uint8_t)cut;
	memcpy(at, message->text, cut);
	at += cut;
	if (cut < length) {
		*at++ = (uint8_t)(length - cut);
		memcpy(at, message->text + cut, length - cut);
		at += length - cut;
	}
	e->event.registrable_at = (uint8_t)(at - wire);
	memcpy(at, "\4test", 6);
	e->event.wire_size = (uint8_t)(at + 6 - wire);
	e->event.wire = e->event.lower = wire;
	e->event.labels = 1 + (cut < length);
	e->event.label_max = (uint8_t)(cut > length - cut ? cut : length - cut);
	e->event.subdomain_length = (uint8_t)length;
	message->hash = (uint32_t)adit_hash(&adit_hash_key_fixed, wire, e->event.wire_size);
	e->event.name_hash = message->hash;
}

/* What the detail record must hold of order. */
struct order {
	uint32_t gap[ADIT_GAP_BINS], gaps, gap_same, wait[ADIT_GAP_BINS], in_step;
	uint32_t id_steps, id_step_same, id_step, port_same;
	uint32_t agree_head[ADIT_FIELD_SIZE], agree_tail[ADIT_FIELD_SIZE], compared;
};

static uint32_t bin_of(uint64_t ns)
{
	uint32_t bin = 0;

	/* Bin i: [2^i, 2^(i+1)) × 64 us, ends open. */
	while (bin + 1 < ADIT_GAP_BINS && ns >= (UINT64_C(128000) << bin))
		bin++;
	return bin;
}

/* The last query before message `at`; -1: none. */
static int query_before(const struct past *past, int at)
{
	while (--at >= 0 && !past->message[at].is_query)
		;
	return at;
}

/* The last step of IDs other than 0 up to query `at`; 0: none. */
static uint16_t step_before(const struct past *past, int at)
{
	int before;

	for (; at >= 0 && (before = query_before(past, at)) >= 0; at = before)
		if (past->message[at].id != past->message[before].id)
			return (uint16_t)(past->message[at].id - past->message[before].id);
	return 0;
}

static void model_order(const struct past *past, int at, struct order *order)
{
	const struct message *it = &past->message[at];
	int last = query_before(past, at), before;
	uint64_t gap, previous;
	uint16_t step;

	if (last < 0)
		return;
	gap = it->ts_ns - past->message[last].ts_ns;
	if (!it->is_query) {
		/* Only the first response after the query waits for nothing else. */
		if (last == at - 1 && past->message[last].id == it->id)
			order->wait[bin_of(gap)]++;
		return;
	}
	order->gap[bin_of(gap)]++;
	order->gaps++;
	before = query_before(past, last);
	gap /= 64000;
	if (before >= 0) {
		previous = (past->message[last].ts_ns - past->message[before].ts_ns) / 64000;
		order->gap_same += gap >= previous - previous / 8 && gap <= previous + previous / 8;
	}
	order->in_step += last != at - 1;
	order->port_same += it->port == past->message[last].port;
	step = (uint16_t)(it->id - past->message[last].id);
	if (step != 0) {
		bool is_same = step == step_before(past, last);

		order->id_step_same += is_same;
		order->id_steps++;
		order->id_step = is_same || order->id_step_same == 0 ? step : order->id_step;
	}
}

/* The name of message `at`, which the slice sees for the first time, and the one before. */
static void model_agreement(const struct past *past, int at, struct order *order)
{
	const char *name = past->message[at].text,
		   *other = at > 0 ? past->message[at - 1].text : "";
	size_t length = strlen(name), length_other = strlen(other);

	/* In the slice before it was the same: nothing to compare with. */
	if (at == 0 || past->message[at - 1].hash == past->message[at].hash)
		return;
	order->compared++;
	for (size_t i = 0; i < ADIT_FIELD_SIZE && i < length && i < length_other; i++) {
		order->agree_head[i] += name[i] == other[i];
		order->agree_tail[i] += name[length - 1 - i] == other[length_other - 1 - i];
	}
}

static void check_order(const struct adit_detail *detail, const struct order *order)
{
	CHECK_EQ_MEM(detail->gap, order->gap, sizeof(order->gap));
	CHECK_EQ_INT(detail->gaps, order->gaps);
	CHECK_EQ_INT(detail->gap_same, order->gap_same);
	CHECK_EQ_MEM(detail->wait, order->wait, sizeof(order->wait));
	CHECK_EQ_INT(detail->in_step, order->in_step);
	CHECK_EQ_INT(detail->id_steps, order->id_steps);
	CHECK_EQ_INT(detail->id_step_same, order->id_step_same);
	CHECK_EQ_INT(detail->id_step, order->id_step);
	CHECK_EQ_INT(detail->port_same, order->port_same);
	CHECK_EQ_INT(detail->compared, order->compared);
	CHECK_EQ_MEM(detail->agree_head, order->agree_head, sizeof(order->agree_head));
	CHECK_EQ_MEM(detail->agree_tail, order->agree_tail, sizeof(order->agree_tail));
}

/* The next message: queries and responses in turn or not, steady or not. */
static void message_next(struct past *past, uint64_t *state, unsigned style, uint64_t ts_ns)
{
	struct message *it = &past->message[past->count];
	const struct message *last = past->count != 0 ? it - 1 : NULL;
	uint32_t names = style % 3 == 0 ? 4 : 5000;

	*it = (struct message){.ts_ns = ts_ns,
		.id = (uint16_t)random_next(state),
		.port = (uint16_t)(40000 + random_below(state, 2)),
		.is_query = random_below(state, 3) != 0};
	if (style & 1 && last != NULL)
		it->id = (uint16_t)(last->id + (random_below(state, 5) != 0 ? 7727 : 0));
	it->name = random_below(state, names);
	if (last != NULL && last->is_query && random_below(state, 3) != 0) {
		it->is_query = false;
		it->name = last->name;
		it->id = random_below(state, 8) != 0 ? last->id : it->id;
	}
	past->count++;
}

/* Counts a slice of messages; what the model says of it. */
static void slice_run(struct adit_window *window, struct adit_tracks *tracks, struct past *past,
	uint64_t *state, unsigned style, struct order *order)
{
	uint32_t messages = 1 + random_below(state, 40), seen[41], names = 0;
	uint64_t ts_ns = window->first_slice * ADIT_SLICE_NS;

	for (uint32_t i = 0; i < messages; i++) {
		int at = (int)past->count;
		struct test_event e;
		uint8_t wire[64];
		bool is_new = true;

		ts_ns += style & 2 ? 200 * ADIT_NS_PER_MS + random_below(state, 30000000)
				   : random_next(state) % (UINT64_C(1) << random_below(state, 29));
		message_next(past, state, style, ts_ns);
		event_make(&e, 1, 1, 1);
		name_make(&e, wire, &past->message[at]);
		e.event.ts_ns = ts_ns;
		e.event.id = past->message[at].id;
		e.event.port = past->message[at].port;
		e.event.is_query = past->message[at].is_query;
		e.event.classes = 1;
		adit_window_count(window, tracks, 0, &e.event);
		for (uint32_t k = 0; k < names; k++)
			is_new &= seen[k] != past->message[at].hash;
		if (is_new) {
			seen[names++] = past->message[at].hash;
			model_agreement(past, at, order);
		}
		model_order(past, at, order);
	}
}

TEST(track, order_holds_across_slices)
{
	struct adit_window *window = window_make(1, 8, 4);
	struct adit_tracks *tracks = adit_tracks_create(1, 64, NULL);
	struct past *past = malloc(sizeof(*past));

	REQUIRE(window != NULL && tracks != NULL && past != NULL);
	for (unsigned style = 0; style < 12 && !harness_failed(); style++) {
		uint32_t slice = 178000000;
		uint64_t state = style;

		adit_tracks_reset(tracks);
		past->count = 0;
		while (past->count + 41 < MESSAGES_MAX && !harness_failed()) {
			const struct adit_row *row = adit_window_row(window, 0, ADIT_KIND_PAIR, 0);
			struct order order = {.gaps = 0};

			adit_window_open(window, slice);
			slice_run(window, tracks, past, &state, style, &order);
			check_order(adit_window_detail(window, 0, row), &order);
			if (harness_failed())
				FAIL("style %u, slice %u", style, slice - 178000000);
			/* Of domains nothing is kept: their messages have no order. */
			row = adit_window_row(window, 0, ADIT_KIND_DOMAIN, 0);
			CHECK_EQ_INT(adit_window_detail(window, 0, row)->gaps, 0);
			CHECK_EQ_INT(adit_window_detail(window, 0, row)->compared, 0);
			slice += random_below(&state, 10) == 0 ? 1 + random_below(&state, 5000) : 1;
		}
	}
	free(past);
	adit_tracks_destroy(tracks);
	adit_window_destroy(window);
}

/* IDs 10, 17, 24, 24 (sent again), 31, 40; gaps of 64 us × 1, 2, 4, 0 and an hour. */
TEST(track, steps_and_gaps)
{
	static const uint16_t ids[] = {10, 17, 24, 24, 31, 40};
	static const uint64_t at_us[] = {0, 64, 192, 448, 448, 3600000448};
	struct adit_window *window = window_make(1, 8, 4);
	struct adit_tracks *tracks = adit_tracks_create(1, 4, NULL);
	const struct adit_detail *detail;
	struct test_event e;

	REQUIRE(window != NULL && tracks != NULL);
	for (size_t i = 0; i < ADIT_COUNT(ids); i++) {
		event_make(&e, 7, 3, 0);
		e.event.classes = 1;
		e.event.id = ids[i];
		e.event.ts_ns = at_us[i] * ADIT_NS_PER_US;
		e.event.edns = i < 4 ? 77 : 78;
		adit_window_count(window, tracks, 0, &e.event);
	}
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0));
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->id_steps, 4);
	CHECK_EQ_INT(detail->id_step_same, 2);
	CHECK_EQ_INT(detail->id_step, 7);
	CHECK_EQ_INT(detail->gap[0], 2);
	CHECK_EQ_INT(detail->gap[1], 1);
	CHECK_EQ_INT(detail->gap[2], 1);
	CHECK_EQ_INT(detail->gap[ADIT_GAP_BINS - 1], 1);
	CHECK_EQ_INT(detail->edns_seen, 6);
	CHECK_EQ_INT(detail->edns_same, 4);
	adit_tracks_destroy(tracks);
	adit_window_destroy(window);
}

/* "n0000001" and on: the first octets stay, the last change. */
TEST(track, constant_field)
{
	struct adit_window *window = window_make(1, 8, 4);
	struct adit_tracks *tracks = adit_tracks_create(1, 4, NULL);
	const struct adit_detail *detail;
	struct test_event e;

	REQUIRE(window != NULL && tracks != NULL);
	for (uint32_t name = 0; name < 16; name++) {
		event_make(&e, 7, 3, name);
		e.event.classes = 1;
		adit_window_count(window, tracks, 0, &e.event);
	}
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0));
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->looked_at, 16);
	CHECK_EQ_INT(detail->compared, 15);
	for (int i = 0; i < ADIT_FIELD_SIZE; i++) {
		CHECK_EQ_INT(detail->agree_head[i], i < 7 ? 15 : 0);
		CHECK_EQ_INT(detail->agree_tail[i], i > 0 && i < 8 ? 15 : 0);
	}
	adit_tracks_destroy(tracks);
	adit_window_destroy(window);
}

/* Datagrams that are no DNS between two queries have no ID and are no query. */
TEST(track, datagrams_have_no_order)
{
	struct adit_window *window = window_make(1, 8, 4);
	struct adit_tracks *tracks = adit_tracks_create(1, 4, NULL);
	const struct adit_detail *detail;

	REQUIRE(window != NULL && tracks != NULL);
	for (uint32_t i = 0; i < 20; i++) {
		struct test_event e;

		event_make(&e, 7, 3, i);
		e.event.domain_key = 0;
		event_unzone(&e);
		e.event.ts_ns = i * ADIT_NS_PER_S;
		e.event.id = (uint16_t)(i / 2 * 7727);
		e.event.classes = 1;
		if (i % 2) {
			e.event.unparsable = true;
			e.event.name_hash = e.event.id = 0;
		}
		adit_window_count(window, tracks, 0, &e.event);
	}
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_SERVER, 0));
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->queries, 10);
	CHECK_EQ_INT(detail->gaps, 9);
	CHECK_EQ_INT(detail->id_steps, 9);
	CHECK_EQ_INT(detail->id_step_same, 8);
	CHECK_EQ_INT(detail->id_step, 7727);
	adit_tracks_destroy(tracks);
	adit_window_destroy(window);
}

TEST(track, without_tracks_there_is_no_order)
{
	struct adit_window *window = window_make(1, 8, 4);
	static const struct order nothing;
	const struct adit_detail *detail;

	REQUIRE(window != NULL);
	for (uint32_t name = 0; name < 16; name++) {
		struct test_event e;

		event_make(&e, 7, 3, name);
		e.event.classes = 1;
		adit_window_prefetch(window, NULL, 0, &e.event);
		adit_window_count(window, NULL, 0, &e.event);
	}
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0));
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->looked_at, 16);
	check_order(detail, &nothing);
	adit_window_destroy(window);
}

/* One new name a slice: after four of them a slice begins with a record, and so do all after it. */
TEST(track, history_earns_a_record)
{
	struct adit_window *window = window_make(1, 8, 4);
	struct adit_tracks *tracks = adit_tracks_create(1, 4, NULL);
	uint32_t places = 0; /* of the names shown: two may share one */

	REQUIRE(window != NULL && tracks != NULL);
	for (uint32_t slice = 0; slice < 20; slice++) {
		bool earned = __builtin_popcount(places) >= 4;
		struct test_event e;

		event_make(&e, 7, 3, slice < 10 ? slice : 9);
		e.event.ts_ns = slice * ADIT_SLICE_NS;
		adit_window_count(window, tracks, 0, &e.event);
		places |= 1u << (e.event.name_hash >> 28);
		for (int kind = ADIT_KIND_DOMAIN; kind <= ADIT_KIND_PAIR; kind++) {
			const struct adit_row *row = adit_window_row(window, 0, kind, 0);

			if ((row->detail != 0) != earned)
				FAIL("slice %u, kind %d: %s record", slice, kind,
					row->detail != 0 ? "a" : "no");
			if (row->detail != 0)
				CHECK_EQ_INT(adit_window_detail(window, 0, row)->looked_at, 1);
		}
		adit_window_open(window, slice + 1);
	}
	adit_tracks_destroy(tracks);
	adit_window_destroy(window);
}

/* A query of a key and whether one before it was known. */
static bool is_known(
	struct adit_window *window, struct adit_tracks *tracks, uint32_t client, uint64_t ts_ms)
{
	const struct adit_detail *detail = NULL;
	struct test_event e;

	adit_window_open(window, window->first_slice + 1);
	event_make(&e, client, 1, 1);
	e.event.classes = 1;
	e.event.ts_ns = ts_ms * ADIT_NS_PER_MS;
	adit_window_count(window, tracks, 0, &e.event);
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0));
	return detail != NULL && detail->gaps == 1;
}

/* A bucket of eight forgets what came longest ago; a reset forgets all. */
TEST(track, a_full_bucket_forgets_the_oldest)
{
	struct adit_window *window = window_make(1, 8, 4);
	struct adit_tracks *tracks = adit_tracks_create(1, 8, NULL);

	REQUIRE(window != NULL && tracks != NULL);
	for (uint32_t client = 0; client < 8; client++)
		CHECK(!is_known(window, tracks, client, 1000 + 10 * client));
	for (uint32_t client = 0; client < 8; client++)
		CHECK(is_known(window, tracks, client, 2000 + 10 * client));
	CHECK(is_known(window, tracks, 0, 3000));
	/* The oldest is now client 1. */
	CHECK(!is_known(window, tracks, 8, 4000));
	CHECK(is_known(window, tracks, 0, 5000));
	for (uint32_t client = 2; client < 9; client++)
		CHECK(is_known(window, tracks, client, 5000 + 10 * client));
	CHECK(!is_known(window, tracks, 1, 5200));
	adit_tracks_reset(tracks);
	for (uint32_t client = 0; client < 8; client++)
		CHECK(!is_known(window, tracks, client, 6000 + 10 * client));
	adit_tracks_destroy(tracks);
	adit_window_destroy(window);
}

TEST(track, shards_have_tracks_of_their_own)
{
	struct adit_window *window = window_make(3, 8, 4);
	struct adit_tracks *tracks = adit_tracks_create(3, 4, NULL);

	REQUIRE(window != NULL && tracks != NULL);
	for (uint32_t i = 0; i < 6; i++) {
		struct test_event e;

		event_make(&e, 1, 1, 1);
		e.event.classes = 1;
		e.event.ts_ns = i;
		adit_window_count(window, tracks, i % 3, &e.event);
		CHECK_EQ_INT(adit_window_detail(window, i % 3,
				     adit_window_row(window, i % 3, ADIT_KIND_PAIR, 0))
				     ->gaps,
			i >= 3);
	}
	adit_tracks_destroy(tracks);
	adit_window_destroy(window);
}

TEST(track, survives_every_allocation_failure)
{
	struct harness_allocator counting;

	for (size_t n = 0; n < 3; n++) {
		harness_allocator_init(&counting, n);
		CHECK(adit_tracks_create(3, 100, &counting.allocator) == NULL);
		CHECK_EQ_INT(counting.live, 0);
	}
	harness_allocator_init(&counting, 3);
	adit_tracks_destroy(adit_tracks_create(3, 100, &counting.allocator));
	CHECK_EQ_INT(counting.live, 0);
	adit_tracks_destroy(NULL);
	/* 128 of 64 bytes, and 8 for what says where they are, in each of three shards. */
	CHECK(adit_tracks_bytes(3, 100) >= 3 * 128 * 72);
	CHECK(adit_tracks_bytes(3, 100) < 3 * 128 * 72 + 200);
}
