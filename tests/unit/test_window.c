/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What an event counts, and sums.
 */
#include "adit_window.h"

#include <stdlib.h>

#include "harness.h"
#include "shard_check.h"
#include "window_cases.h"

static uint32_t name_hash(uint32_t stream, uint32_t i)
{
	return (uint32_t)adit_hash_pair(&adit_hash_key_fixed, stream, i);
}

/* Counts without tracks: nothing here is about order. */
static void count(struct adit_window *window, const struct test_event *e)
{
	adit_window_count(window, NULL, 0, &e->event);
}

TEST(window, survives_every_allocation_failure)
{
	struct adit_window_params params = {
		.shards = 3, .rows = {4, 4, 4, 4, 4}, .details = 2, .looks = 1};
	struct harness_allocator counting;
	size_t calls;

	harness_allocator_init(&counting, SIZE_MAX);
	adit_window_destroy(adit_window_create(&params, &counting.allocator));
	CHECK_EQ_INT(counting.live, 0);
	calls = counting.calls;
	REQUIRE(calls > 3 * 22);
	for (size_t n = 0; n < calls; n++) {
		harness_allocator_init(&counting, n);
		CHECK(adit_window_create(&params, &counting.allocator) == NULL);
		CHECK_EQ_INT(counting.live, 0);
	}
	adit_window_destroy(NULL);
}

static size_t bytes_asked;

static void *summing_alloc(void *context, size_t size, size_t align)
{
	bytes_asked += size;
	return adit_alloc(NULL, size, align);
}

static void summing_free(void *context, void *memory)
{
	adit_free(NULL, memory);
}

TEST(window, says_how_much_memory_it_takes)
{
	struct adit_window_params params = {
		.shards = 5, .rows = {100, 31, 7, 20, 3}, .details = 9, .looks = 2};
	struct adit_allocator allocator = {summing_alloc, summing_free, NULL};
	struct adit_window *window;

	bytes_asked = 0;
	window = adit_window_create(&params, &allocator);
	REQUIRE(window != NULL);
	/* But for the copy of the allocator. */
	CHECK(bytes_asked >= adit_window_bytes(&params));
	CHECK(bytes_asked <= adit_window_bytes(&params) + 64);
	adit_window_destroy(window);
}

TEST(window, counts_a_query)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 0x1234);
	e.event.payload_type = true;
	count(window, &e);
	/* What has a zone is judged by its zone, not by the server that was asked. */
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_SERVER), 0);
	event_unzone(&e);
	e.event.domain_key = 0;
	count(window, &e);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_ENCRYPTED), 0);
	for (int kind = 0; kind < ADIT_KIND_JUDGED; kind++) {
		CHECK_EQ_INT(adit_window_rows(window, 0, kind), 1);
		row = adit_window_row(window, 0, kind, 0);
		CHECK_EQ_INT(row->queries, 1);
		CHECK_EQ_INT(row->responses, 0);
		CHECK_EQ_INT(row->bytes_up, 40);
		CHECK_EQ_INT(row->bytes_down, 0);
		CHECK_EQ_INT(row->info_up, 4);
		CHECK_EQ_INT(row->names, 1);
		CHECK_EQ_INT(row->payload_queries, 1);
		CHECK_EQ_INT(row->unparsable, 0);
		CHECK(adit_window_detail(window, 0, row) == NULL);
	}
	event_make(&e, 7, 3, 0x1234);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_DOMAIN, 0)->key, e.event.domain_key);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_PAIR, 0)->key, e.event.pair_key);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_SERVER, 0)->key, e.event.server_key);
	CHECK_EQ_INT(adit_window_domain(window, 0, 0)->name.size, 14);
	CHECK_EQ_MEM(adit_window_domain(window, 0, 0)->name.wire, "\ad000003\4test", 14);
	CHECK_EQ_INT(adit_window_party(window, 0, ADIT_KIND_PAIR, 0)->sample.size, 23);
	CHECK_EQ_MEM(adit_window_party(window, 0, ADIT_KIND_PAIR, 0)->sample.wire, e.wire, 23);
	CHECK(adit_window_party(window, 0, ADIT_KIND_PAIR, 0)->domain_key == e.event.domain_key);
	CHECK_EQ_MEM(
		adit_window_party(window, 0, ADIT_KIND_SERVER, 0)->server.bytes, "\xc0\0\2\x35", 4);
	CHECK_EQ_MEM(adit_window_party(window, 0, ADIT_KIND_SERVER, 0)->who.address.bytes,
		"\12\0\0\7", 4);
	/* The same name later: one more query, no more information. */
	count(window, &e);
	row = adit_window_row(window, 0, ADIT_KIND_PAIR, 0);
	CHECK_EQ_INT(row->queries, 2);
	CHECK_EQ_INT(row->info_up, 4);
	CHECK_EQ_INT(row->names, 1);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_SERVER, 0)->queries, 1);
	CHECK_EQ_INT(window->counters.queries, 3);
	check_shard(window, 0);
	adit_window_destroy(window);
}

TEST(window, counts_a_response)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 1);
	event_answer(&e, 20);
	e.event.cname = true;
	count(window, &e);
	row = adit_window_row(window, 0, ADIT_KIND_PAIR, 0);
	CHECK_EQ_INT(row->queries, 0);
	CHECK_EQ_INT(row->responses, 1);
	CHECK_EQ_INT(row->bytes_down, 80);
	CHECK_EQ_INT(row->info_down, 20);
	CHECK_EQ_INT(row->info_up, 4);
	CHECK_EQ_INT(row->answered, 1);
	CHECK_EQ_INT(row->cname_answers, 1);
	CHECK_EQ_INT(row->payload_queries, 0);
	/* The answer before says nothing new; another one does. */
	count(window, &e);
	CHECK_EQ_INT(row->info_down, 20);
	CHECK_EQ_INT(row->flags, 0);
	event_answer(&e, 21);
	count(window, &e);
	CHECK_EQ_INT(row->info_down, 41);
	CHECK_EQ_INT(row->flags, ADIT_ROW_ANSWERS_VARY);
	CHECK_EQ_INT(row->responses, 3);
	CHECK_EQ_INT(window->counters.responses, 3);
	adit_window_destroy(window);
}

/* A name without a zone counts by server alone, and there with all it carries. */
TEST(window, counts_a_name_without_domain)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 1);
	event_unzone(&e);
	e.event.domain_key = 0;
	e.event.whole_bytes = 11;
	count(window, &e);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_DOMAIN), 0);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_PAIR), 0);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_SERVER), 1);
	row = adit_window_row(window, 0, ADIT_KIND_SERVER, 0);
	CHECK_EQ_INT(row->info_up, 11);
	CHECK_EQ_INT(row->names, 1);
	CHECK_EQ_INT(row->flags, ADIT_ROW_UNZONED);
	adit_window_destroy(window);
}

/* Domains that were made up for their names count under both keys; by server each is one name,
 * however many names it has. */
TEST(window, made_up_domains_count_by_server_too)
{
	struct adit_window *window = window_make(1, 16, 8);
	const struct adit_detail *detail;
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	for (uint32_t domain = 0; domain < 6; domain++)
		for (uint32_t name = 0; name < 3; name++) {
			event_make(&e, 7, domain, name);
			e.event.by_server = true;
			e.event.whole_bytes = 20;
			count(window, &e);
		}
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_PAIR), 6);
	row = adit_window_row(window, 0, ADIT_KIND_PAIR, 0);
	CHECK_EQ_INT(row->names, 3);
	CHECK_EQ_INT(row->info_up, 12);
	row = adit_window_row(window, 0, ADIT_KIND_SERVER, 0);
	CHECK_EQ_INT(row->queries, 18);
	CHECK_EQ_INT(row->info_up, 120);
	CHECK_EQ_INT(row->flags, 0);
	detail = adit_window_detail(window, 0, row);
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->names.count, 6);
	/* The whole name is looked at: three labels of 8, 7 and 4. */
	CHECK_EQ_INT(detail->looked_at, 3);
	CHECK_EQ_INT(detail->length_sum, 3 * 19);
	CHECK_EQ_INT(detail->label_sum, 3 * 3);
	CHECK_EQ_INT(detail->piece_square_sum, 3 * (64 + 49 + 16));
	CHECK_EQ_INT(detail->label_max, 8);
	check_shard(window, 0);
	adit_window_destroy(window);
}

/* Each datagram that a signature knows counts, though none has a name. */
TEST(window, counts_datagrams)
{
	static const uint8_t root[2];
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_detail *detail;
	const struct adit_sample *samples;
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 1);
	e.event.domain_key = e.event.name_hash = 0;
	e.event.wire = e.event.lower = root;
	e.event.wire_size = 1;
	e.event.registrable_at = e.event.subdomain_length = e.event.labels = 0;
	e.event.info_bytes = 0;
	e.event.unzoned = e.event.by_server = e.event.unparsable = true;
	e.event.beside_bytes = 90;
	for (int i = 0; i < 6; i++)
		count(window, &e);
	row = adit_window_row(window, 0, ADIT_KIND_SERVER, 0);
	CHECK_EQ_INT(row->unparsable, 6);
	CHECK_EQ_INT(row->info_up, 540);
	CHECK_EQ_INT(row->names, 0);
	CHECK(adit_window_detail(window, 0, row) == NULL);
	e.event.classes = 1u << 5;
	for (int i = 0; i < 4; i++)
		count(window, &e);
	CHECK_EQ_INT(row->unparsable, 10);
	detail = adit_window_detail(window, 0, row);
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->class_names[5], 4);
	CHECK_EQ_INT(detail->looked_at, 4);
	CHECK_EQ_INT(detail->names.count, 0);
	/* What came before the record is not lost. */
	CHECK_EQ_INT(detail->beside[ADIT_UP], 900);
	e.event.is_query = false;
	count(window, &e);
	CHECK_EQ_INT(detail->beside[ADIT_DOWN], 90);
	CHECK_EQ_INT(row->info_down, 90);
	CHECK_EQ_INT(adit_window_samples(window, 0, row, &samples), 0);
	CHECK_EQ_INT(adit_window_party(window, 0, ADIT_KIND_SERVER, 0)->sample.size, 0);
	check_shard(window, 0);
	adit_window_destroy(window);
}

TEST(window, saturates_small_counters)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_detail *detail;
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 1);
	e.event.payload_type = true;
	e.event.classes = 1;
	e.event.type_group = ADIT_GROUP_TXT;
	e.event.ts_ns = 17 * ADIT_NS_PER_S;
	for (int i = 0; i < 70000; i++)
		count(window, &e);
	row = adit_window_row(window, 0, ADIT_KIND_PAIR, 0);
	CHECK_EQ_INT(row->queries, 70000);
	CHECK_EQ_INT(row->payload_queries, UINT16_MAX);
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_DOMAIN, 0));
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->second[ADIT_GROUP_TXT][7], UINT16_MAX);
	CHECK_EQ_INT(detail->second[ADIT_GROUP_TXT][6], 0);
	CHECK_EQ_INT(detail->second[ADIT_GROUP_A][7], 0);
	/* Seconds are of domains only. */
	detail = adit_window_detail(window, 0, row);
	CHECK_EQ_INT(detail->second[ADIT_GROUP_TXT][7], 0);
	adit_window_destroy(window);
}

TEST(window, fourth_name_earns_a_detail_record)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_sample *samples = NULL;
	const struct adit_detail *detail;
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	row = adit_window_row(window, 0, ADIT_KIND_PAIR, 0);
	for (uint32_t name = 0; name < ADIT_ROW_NAMES; name++) {
		event_make(&e, 7, 3, name);
		count(window, &e);
		event_answer(&e, 10);
		count(window, &e);
		CHECK_EQ_INT(row->names, name + 1);
		CHECK_EQ_INT(row->detail, 0);
	}
	event_make(&e, 7, 3, 4);
	count(window, &e);
	detail = adit_window_detail(window, 0, row);
	REQUIRE(detail != NULL);
	/* The names of the row, each with its query and its response, and their mean. */
	CHECK_EQ_INT(detail->names.count, 4);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ_INT(adit_distinct_times_of(&detail->names, i), i < 3 ? 2 : 1);
		CHECK_EQ_INT(adit_distinct_bytes_of(&detail->names, i), 4);
	}
	CHECK_EQ_INT(detail->looked_at, 1);
	CHECK_EQ_INT(detail->queries, 1);
	CHECK_EQ_INT(detail->type[ADIT_GROUP_A], 1);
	CHECK_EQ_INT(detail->length_sum, 8);
	CHECK_EQ_INT(detail->length_square_sum, 64);
	CHECK_EQ_INT(detail->label_sum, 1);
	CHECK_EQ_INT(detail->piece_square_sum, 64);
	CHECK_EQ_INT(detail->octets[ADIT_OCTET_DIGIT], 6);
	CHECK_EQ_INT(detail->octets[ADIT_OCTET_DIGIT + 4], 1);
	CHECK_EQ_INT(detail->octets['n' - 'a'], 1);
	CHECK_EQ_INT(row->flags, ADIT_ROW_ANSWERS_VARY);
	/* Its answer is the same name; 61 s are the fifth bin of TTLs, 70 bytes the second of
	 * sizes. */
	event_answer(&e, 10);
	e.event.ttl_min = 61;
	count(window, &e);
	CHECK_EQ_INT(detail->looked_at, 1);
	CHECK_EQ_INT(adit_distinct_times_of(&detail->names, 3), 2);
	CHECK_EQ_INT(detail->responses, 1);
	CHECK_EQ_INT(detail->answered, 1);
	CHECK_EQ_INT(detail->rcode[0], 1);
	CHECK_EQ_INT(detail->ttl[4], 1);
	CHECK_EQ_INT(detail->response_size[1], 1);
	CHECK_EQ_INT(detail->response_sum, 70);
	CHECK_EQ_INT(detail->payload_sum, 10);
	CHECK_EQ_INT(detail->payload_square_sum, 100);
	/* The answers of the row are one, and one byte more for the third one that another might
	 * have hidden. */
	CHECK_EQ_INT(detail->answers.count, 2);
	CHECK_EQ_INT(adit_distinct_bytes_of(&detail->answers, 0), 31);
	CHECK_EQ_INT(adit_distinct_bytes_of(&detail->answers, 1), 10);
	REQUIRE(adit_window_samples(window, 0, row, &samples) == 1);
	CHECK_EQ_MEM(samples[0].wire, e.wire, 23);
	check_shard(window, 0);
	adit_window_destroy(window);
}

/* Lower edges of TTLs, rcodes, and answers that are none. */
TEST(window, bins_of_responses)
{
	static const struct {
		uint32_t ttl, bin;
	} rows[] = {{0, 0}, {1, 1}, {4, 1}, {5, 2}, {29, 2}, {30, 3}, {60, 3}, {61, 4}, {299, 4},
		{300, 5}, {3599, 5}, {3600, 6}, {86399, 6}, {86400, 7}, {INT32_MAX, 7}};
	static const uint32_t sizes[][2] = {{12, 0}, {63, 0}, {64, 1}, {127, 1}, {511, 3}, {512, 4},
		{4095, 6}, {4096, 7}, {65535, 7}};
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_detail *detail;
	uint32_t ttl[ADIT_TTL_BINS] = {0}, size[ADIT_SIZE_BINS] = {0};
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 1);
	event_answer(&e, 30);
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		e.event.ttl_min = rows[i].ttl;
		count(window, &e);
		ttl[rows[i].bin]++;
	}
	for (size_t i = 0; i < ADIT_COUNT(sizes); i++) {
		e.event.message_bytes = sizes[i][0];
		e.event.ttl_min = 0;
		count(window, &e);
		ttl[0]++;
		size[sizes[i][1]]++;
	}
	size[1] += ADIT_COUNT(rows);
	e.event.answered = false;
	e.event.ttl_min = UINT32_MAX;
	e.event.message_bytes = 80;
	for (uint8_t rcode = 0; rcode < 16; rcode++) {
		e.event.rcode = rcode;
		count(window, &e);
		size[1]++;
	}
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0));
	REQUIRE(detail != NULL);
	CHECK_EQ_MEM(detail->ttl, ttl, sizeof(ttl));
	CHECK_EQ_MEM(detail->response_size, size, sizeof(size));
	CHECK_EQ_INT(detail->rcode[0], ADIT_COUNT(rows) + ADIT_COUNT(sizes) + 1);
	for (int i = 1; i < 5; i++)
		CHECK_EQ_INT(detail->rcode[i], 1);
	CHECK_EQ_INT(detail->rcode[5], 11);
	CHECK_EQ_INT(detail->empty, 1);
	CHECK_EQ_INT(detail->answered, ADIT_COUNT(rows) + ADIT_COUNT(sizes));
	CHECK_EQ_INT(detail->answers.count, 1);
	adit_window_destroy(window);
}

/* Addresses count with names that are kept. */
TEST(window, addresses_of_answers)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_detail *detail;
	struct test_event e;

	REQUIRE(window != NULL);
	for (uint32_t name = 0; name < 20; name++) {
		event_make(&e, 7, 3, name);
		event_answer(&e, 30);
		e.event.addresses = 2;
		e.event.odd_addresses = name % 2;
		e.event.address_digest = name_hash(1, name / 2);
		e.event.network = name_hash(2, name / 10);
		count(window, &e);
	}
	detail = adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0));
	REQUIRE(detail != NULL);
	CHECK_EQ_INT(detail->addressed, 20);
	CHECK_EQ_INT(detail->addresses, 40);
	CHECK_EQ_INT(detail->odd_addresses, 10);
	/* 10 of 256 places and 2 of them: linear counting says little more. */
	CHECK(adit_map_number(&detail->targets) > 9 && adit_map_number(&detail->targets) < 11);
	CHECK(adit_map_number(&detail->networks) > 1.9 && adit_map_number(&detail->networks) < 2.1);
	adit_window_destroy(window);
}

/* One heavy name or answer, bytes beside them, or a name that a signature knows. */
TEST(window, what_else_earns_a_detail_record)
{
	for (int what = 0; what < 6; what++) {
		struct adit_window *window = window_make(1, 8, 4);
		const struct adit_detail *detail;
		struct test_event e;

		REQUIRE(window != NULL);
		event_make(&e, 7, 3, 0);
		event_answer(&e, what == 1 ? 24 : 23);
		e.event.info_bytes = what == 2 ? 24 : 23;
		e.event.classes = what == 3 ? 1u << 31 | 1 : 0;
		e.event.beside_bytes = what == 4;
		e.event.answer_bytes = what == 5 ? 1000 : 23;
		count(window, &e);
		detail = adit_window_detail(
			window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0));
		if ((detail != NULL) != (what >= 1 && what <= 4))
			FAIL("row %d: %s record", what, detail != NULL ? "a" : "no");
		if (detail != NULL) {
			CHECK_EQ_INT(detail->class_names[31], what == 3);
			CHECK_EQ_INT(detail->class_names[0], what == 3);
			CHECK_EQ_INT(detail->beside[ADIT_DOWN], what == 4);
			count(window, &e);
			CHECK_EQ_INT(detail->class_names[31], what == 3);
			CHECK_EQ_INT(detail->responses, 2);
		}
		check_shard(window, 0);
		adit_window_destroy(window);
	}
}

/* What is said again at once: its bytes count, and that it came. */
TEST(window, repetitions_count_as_bytes)
{
	struct adit_window *window = window_make(1, 8, 4);
	struct adit_tracks *tracks = adit_tracks_create(1, 4, NULL);
	struct test_event e;

	REQUIRE(window != NULL && tracks != NULL);
	for (uint32_t i = 0; i < 8; i++) {
		event_make(&e, 7, 3, i);
		e.event.classes = 1;
		e.event.id = (uint16_t)(7 * i);
		e.event.ts_ns = i * ADIT_NS_PER_MS;
		adit_window_count(window, tracks, 0, &e.event);
		e.event.again = true;
		e.event.id = 0x5555;
		e.event.beside_bytes = 10;
		adit_window_count(window, tracks, 0, &e.event);
	}
	for (int kind = ADIT_KIND_DOMAIN; kind <= ADIT_KIND_PAIR; kind++) {
		const struct adit_row *row = adit_window_row(window, 0, kind, 0);
		const struct adit_detail *detail = adit_window_detail(window, 0, row);

		REQUIRE(detail != NULL);
		CHECK_EQ_INT(row->queries, 8);
		CHECK_EQ_INT(row->bytes_up, 16 * 40);
		CHECK_EQ_INT(row->info_up, 8 * 4);
		CHECK_EQ_INT(detail->queries, 8);
		CHECK_EQ_INT(detail->again, 8);
		CHECK_EQ_INT(detail->beside[ADIT_UP], 0);
		for (int i = 0; i < 8; i++)
			CHECK_EQ_INT(adit_distinct_times_of(&detail->names, i), 1);
	}
	/* Order knows nothing of them. */
	CHECK_EQ_INT(adit_window_detail(window, 0, adit_window_row(window, 0, ADIT_KIND_PAIR, 0))
			     ->id_step_same,
		6);
	/* One whose first message the window did not see makes a row of bytes. */
	event_make(&e, 8, 3, 1);
	e.event.again = true;
	adit_window_count(window, tracks, 0, &e.event);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_PAIR), 2);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_PAIR, 1)->queries, 0);
	CHECK_EQ_INT(adit_window_row(window, 0, ADIT_KIND_PAIR, 1)->bytes_up, 40);
	check_shard(window, 0);
	adit_tracks_destroy(tracks);
	adit_window_destroy(window);
}

/* A subscriber's row holds all of its messages, whatever they are about, and their times. */
/* Subscribers of a shard have the lowest bits of their keys in common, and fill its table all the
 * same. */
TEST(window, subscribers_of_a_shard_fill_its_table)
{
	struct adit_window *window = window_make(1, 1024, 4);
	struct test_event e;

	REQUIRE(window != NULL);
	for (uint32_t i = 0; i < 512; i++) {
		event_make(&e, i, 1, 1);
		e.who.key = e.who.key / ADIT_SHARDS * ADIT_SHARDS + 5;
		count(window, &e);
	}
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_SESSION), 512);
	CHECK_EQ_INT(window->counters.refused[ADIT_KIND_SESSION], 0);
	CHECK_EQ_INT(window->counters.evicted[ADIT_KIND_SESSION], 0);
	adit_window_destroy(window);
}

TEST(window, sessions)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(window != NULL);
	for (uint32_t i = 0; i < 6; i++) {
		event_make(&e, 7, i % 3, i);
		e.event.ts_ns = 5 * ADIT_SLICE_NS + (100 + 7 * i) * ADIT_NS_PER_MS + 999999;
		if (i % 2)
			event_answer(&e, 100);
		if (i == 4)
			event_unzone(&e);
		e.event.domain_key = i == 4 ? 0 : e.event.domain_key;
		count(window, &e);
	}
	REQUIRE(adit_window_rows(window, 0, ADIT_KIND_SESSION) == 1);
	row = adit_window_row(window, 0, ADIT_KIND_SESSION, 0);
	CHECK_EQ_INT(row->key, e.who.key);
	CHECK_EQ_INT(row->queries, 3);
	CHECK_EQ_INT(row->responses, 3);
	CHECK_EQ_INT(row->bytes_up, 120);
	CHECK_EQ_INT(row->bytes_down, 480);
	CHECK_EQ_INT(row->first_ms, 100);
	CHECK_EQ_INT(row->last_ms, 135);
	CHECK_EQ_MEM(adit_window_party(window, 0, ADIT_KIND_SESSION, 0)->who.address.bytes,
		"\12\0\0\7", 4);
	event_make(&e, 8, 1, 1);
	count(window, &e);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_SESSION), 2);
	check_shard(window, 0);
	adit_window_destroy(window);
}

/* Two tables may have no room at all. */
TEST(window, may_have_no_sessions)
{
	struct adit_window_params params = {.shards = 1, .rows = {4, 4, 4, 0, 0}, .details = 2};
	struct adit_window *window = adit_window_create(&params, NULL);
	struct test_event e;

	REQUIRE(window != NULL);
	adit_window_open(window, 1);
	event_make(&e, 7, 3, 0);
	count(window, &e);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_SESSION), 0);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_PAIR), 1);
	CHECK_EQ_INT(window->counters.refused[ADIT_KIND_SESSION], 0);
	adit_window_destroy(window);
}

/* What was last seen in the radio network stands beside a party; a packet that says nothing of it
 * takes nothing away. */
static void path_set(struct adit_subscriber *who, enum adit_direction direction, uint8_t radio,
	uint32_t teid, uint64_t ts_ns)
{
	struct adit_path *path = &who->path[direction];

	*path = (struct adit_path){.radio = {.bytes = {radio}},
		.core = {.bytes = {2}},
		.known = true,
		.teid = teid,
		.first_ns = ts_ns,
		.last_ns = ts_ns};
}

TEST(window, keeps_the_last_tunnel_ends)
{
	struct adit_window *window = window_make(1, 8, 4);
	const struct adit_subscriber *who;
	struct test_event e;

	REQUIRE(window != NULL);
	event_make(&e, 7, 3, 0);
	count(window, &e);
	who = &adit_window_party(window, 0, ADIT_KIND_PAIR, 0)->who;
	CHECK(!who->path[ADIT_UP].known && !who->path[ADIT_DOWN].known);
	path_set(&e.who, ADIT_UP, 1, 11, 100);
	count(window, &e);
	path_set(&e.who, ADIT_UP, 1, 11, 200);
	count(window, &e);
	/* The other direction on another leg is no handover. */
	e.who.path[ADIT_UP].known = false;
	path_set(&e.who, ADIT_DOWN, 3, 22, 300);
	count(window, &e);
	e.who.path[ADIT_DOWN].known = false;
	count(window, &e);
	CHECK_EQ_INT(who->path[ADIT_UP].teid, 11);
	CHECK_EQ_INT(who->path[ADIT_UP].radio.bytes[0], 1);
	CHECK_EQ_INT(who->path[ADIT_UP].first_ns, 100);
	CHECK_EQ_INT(who->path[ADIT_UP].last_ns, 200);
	CHECK_EQ_INT(who->path[ADIT_DOWN].teid, 22);
	CHECK_EQ_INT(who->path[ADIT_DOWN].radio.bytes[0], 3);
	/* A new TEID is one, and so is a new peer. */
	path_set(&e.who, ADIT_UP, 1, 12, 400);
	count(window, &e);
	path_set(&e.who, ADIT_UP, 2, 12, 500);
	count(window, &e);
	CHECK_EQ_INT(who->path[ADIT_UP].teid, 12);
	CHECK_EQ_INT(who->path[ADIT_UP].radio.bytes[0], 2);
	CHECK_EQ_INT(who->path[ADIT_UP].first_ns, 500);
	CHECK_EQ_INT(adit_window_rows(window, 0, ADIT_KIND_PAIR), 1);
	adit_window_destroy(window);
}

/* Totals of a sum of rows and records against those of the whole. */
TEST(sum, of_parts_is_the_whole)
{
	struct adit_window *part = window_make(1, 4, 4), *whole = window_make(1, 4, 4);
	struct adit_sum *parts = calloc(1, sizeof(*parts)), *once = calloc(1, sizeof(*once));
	const struct adit_row *row;
	struct test_event e;

	REQUIRE(part != NULL && whole != NULL && parts != NULL && once != NULL);
	adit_sum_clear(parts);
	adit_sum_clear(once);
	for (uint32_t slice = 5; slice < 9; slice++) {
		adit_window_open(part, slice);
		for (uint32_t i = 0; i < 10; i++) {
			event_make(&e, 1, 1, slice * 5 + i);
			count(part, &e);
			count(whole, &e);
			event_answer(&e, i);
			count(part, &e);
			count(whole, &e);
		}
		row = adit_window_row(part, 0, ADIT_KIND_PAIR, 0);
		adit_sum_add(parts, row, adit_window_detail(part, 0, row), slice, slice);
	}
	row = adit_window_row(whole, 0, ADIT_KIND_PAIR, 0);
	adit_sum_add(once, row, adit_window_detail(whole, 0, row), 5, 8);
	CHECK_EQ_INT(parts->queries, 40);
	CHECK_EQ_INT(parts->windows, 4);
	CHECK_EQ_INT(parts->first_slice, 5);
	CHECK_EQ_INT(parts->last_slice, 8);
	CHECK_EQ_INT(parts->detail.names.count, 25);
	CHECK_EQ_INT(once->detail.names.count, 25);
	CHECK_EQ_MEM(parts, once, offsetof(struct adit_sum, windows));
	CHECK(!parts->more_names);
	adit_window_destroy(part);
	adit_window_destroy(whole);
	free(parts);
	free(once);
}

/* A slice with a single query has no ID step to tell; what others told stays. */
TEST(sum, id_step_of_a_slice_without_steps_is_not_taken)
{
	struct adit_detail into = {.id_steps = 1, .id_step = 7727}, from = {.queries = 1};

	adit_detail_merge(&into, &from);
	CHECK_EQ_INT(into.id_step, 7727);
	from = (struct adit_detail){.id_steps = 3, .id_step = 1, .id_step_same = 0};
	adit_detail_merge(&into, &from);
	CHECK_EQ_INT(into.id_step, 1);
	into = (struct adit_detail){.id_steps = 9, .id_step_same = 8, .id_step = 7727};
	adit_detail_merge(&into, &from);
	CHECK_EQ_INT(into.id_step, 7727);
	CHECK_EQ_INT(into.id_steps, 12);
}

TEST(window, encrypted_packets_are_counted_apart)
{
	struct adit_window *window = window_make(1, 8, 4);
	struct adit_subscriber who = {.key = 5, .address = {.bytes = {10, 0, 0, 5}}};
	struct adit_address server = {.bytes = {192, 0, 2, 1}};
	struct adit_encrypted_event event = {.key = 77,
		.who = &who,
		.server = &server,
		.bytes = 100,
		.transport = 2,
		.up = true};
	const struct adit_party *party;
	const struct adit_row *row;

	REQUIRE(window != NULL);
	adit_window_count_encrypted(window, 0, &event);
	event.up = false;
	event.bytes = 1400;
	server.bytes[3] = 2;
	adit_window_count_encrypted(window, 0, &event);
	adit_window_count_encrypted(window, 0, &event);
	event.key = 78;
	event.transport = 1;
	adit_window_count_encrypted(window, 0, &event);
	REQUIRE(adit_window_rows(window, 0, ADIT_KIND_ENCRYPTED) == 2);
	row = adit_window_row(window, 0, ADIT_KIND_ENCRYPTED, 0);
	party = adit_window_party(window, 0, ADIT_KIND_ENCRYPTED, 0);
	CHECK_EQ_INT(row->queries, 1);
	CHECK_EQ_INT(row->responses, 2);
	CHECK_EQ_INT(row->bytes_up, 100);
	CHECK_EQ_INT(row->bytes_down, 2800);
	CHECK_EQ_INT(row->info_up + row->info_down, 0);
	CHECK_EQ_INT(party->who.key, 5);
	CHECK_EQ_INT(party->server.bytes[3], 1);
	CHECK_EQ_INT(party->transport, 2);
	CHECK_EQ_INT(adit_window_party(window, 0, ADIT_KIND_ENCRYPTED, 1)->transport, 1);
	for (int kind = 0; kind < ADIT_KIND_ENCRYPTED; kind++)
		CHECK_EQ_INT(adit_window_rows(window, 0, kind), 0);
	adit_window_destroy(window);
}
