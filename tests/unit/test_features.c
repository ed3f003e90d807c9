/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Features against values computed by hand.
 */
#include "adit_feature.h"

#include <math.h>
#include <stdlib.h>

#include "harness.h"
#include "window_cases.h"

#define CHECK_NEAR(got, want)                                                               \
	do {                                                                                \
		double got_ = (got), want_ = (want);                                        \
		if (!(fabs(got_ - want_) < 1e-9 * (1 + fabs(want_))))                       \
			FAIL("%s is %.12g, expected %s = %.12g", #got, got_, #want, want_); \
	} while (0)

/* Those of another kind of key are NaN, the others are numbers. */
static double *features_of(enum adit_kind kind, const struct adit_sum *sum)
{
	static double value[ADIT_FEATURE_COUNT];

	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		value[i] = -INFINITY;
	adit_features_derive(kind, sum, value);
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		if (adit_features[i].keys >> kind & 1 ? !isfinite(value[i]) : !isnan(value[i]))
			FAIL("%s of kind %d is %g", adit_feature_names[i], kind, value[i]);
	return value;
}

TEST(features, of_nothing_are_zero)
{
	static struct adit_sum sum;

	for (int kind = 0; kind < ADIT_KIND_JUDGED; kind++) {
		const double *value = features_of(kind, &sum);

		for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
			if (adit_features[i].keys >> kind & 1 && value[i] != 0)
				FAIL("%s is %g", adit_feature_names[i], value[i]);
	}
}

/* What each kind of key has at all. */
TEST(features, belong_to_kinds_of_keys)
{
	static const struct {
		enum adit_feature feature;
		bool domain, pair, server, session;
	} rows[] = {
		{ADIT_FEATURE_QUERIES, true, true, true, true},
		{ADIT_FEATURE_INFORMATION, true, true, true, false},
		{ADIT_FEATURE_AGE, true, true, false, false},
		{ADIT_FEATURE_UNPARSABLE, false, false, true, false},
		{ADIT_FEATURE_ID_STEP, false, true, true, false},
		{ADIT_FEATURE_BURST_HITS, true, false, false, false},
		{ADIT_FEATURE_DURATION, false, false, false, true},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++)
		CHECK_EQ_INT(adit_features[rows[i].feature].keys,
			(rows[i].domain ? ADIT_KEY_DOMAIN : 0) |
				(rows[i].pair ? ADIT_KEY_PAIR : 0) |
				(rows[i].server ? ADIT_KEY_SERVER : 0) |
				(rows[i].session ? ADIT_KEY_SESSION : 0));
}

TEST(features, are_found_by_name)
{
	CHECK_EQ_INT(adit_feature_find("queries"), ADIT_FEATURE_QUERIES);
	CHECK_EQ_INT(adit_feature_find("bigram"), ADIT_FEATURE_BIGRAM);
	CHECK_EQ_INT(adit_feature_find("down_rate"), ADIT_FEATURE_DOWN_RATE);
	CHECK_EQ_INT(adit_feature_find("Queries"), ADIT_FEATURE_COUNT);
	CHECK_EQ_INT(adit_feature_find(""), ADIT_FEATURE_COUNT);
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		CHECK_EQ_INT(adit_feature_find(adit_feature_names[i]), i);
}

/* The sum that the tests below are about: 30 names of 20 bytes, 3 times each; 12 answers of 250
 * bytes, half of them once and half of them 3 times. */
static struct adit_sum *sum_by_hand(void)
{
	static struct adit_sum sum;
	struct adit_detail *detail = &sum.detail;

	sum = (struct adit_sum){.queries = 50,
		.responses = 40,
		.bytes_up = 5000,
		.bytes_down = 9000,
		.answered = 32,
		.payload_queries = 25,
		.cname_answers = 8,
		.unparsable = 2};
	for (uint32_t i = 0; i < 30; i++)
		adit_distinct_add(&detail->names, (i + 1) * 2654435761u, 3, 20);
	for (uint32_t i = 0; i < 12; i++)
		adit_distinct_add(&detail->answers, (i + 1) * 2246822519u, i % 2 ? 3 : 1, 250);
	detail->beside[ADIT_UP] = 100;
	detail->beside[ADIT_DOWN] = 1000;
	detail->again = 10;
	detail->queries = 40;
	detail->responses = 30;
	detail->unzoned_answered = 5;
	return &sum;
}

TEST(features, counters_by_hand)
{
	const struct adit_sum *sum = sum_by_hand();
	const double *v = features_of(ADIT_KIND_SERVER, sum);

	CHECK_NEAR(v[ADIT_FEATURE_QUERIES], 50);
	CHECK_NEAR(v[ADIT_FEATURE_RESPONSES], 40);
	CHECK_NEAR(v[ADIT_FEATURE_BYTES_UP], 5000);
	CHECK_NEAR(v[ADIT_FEATURE_BYTES_DOWN], 9000);
	CHECK_NEAR(v[ADIT_FEATURE_UNIQUE_NAMES], 30);
	/* 90 messages for 50 queries, 3 times a name: 1.8 of 3 come with its first query. */
	CHECK_NEAR(v[ADIT_FEATURE_UNIQUENESS], 0.6);
	CHECK_NEAR(v[ADIT_FEATURE_REPEATED_SHARE], 0.1);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION_UP], 700);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION_DOWN], 4000);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION], 4700);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION_PER_NAME], 20);
	CHECK_NEAR(v[ADIT_FEATURE_UNPARSABLE], 2);
	CHECK_NEAR(v[ADIT_FEATURE_UNZONED_ANSWERED], 5);
	CHECK_NEAR(v[ADIT_FEATURE_PAYLOAD_QUERY_SHARE], 0.5);
	CHECK_NEAR(v[ADIT_FEATURE_ANSWERED_SHARE], 0.8);
	CHECK_NEAR(v[ADIT_FEATURE_CNAME_SHARE], 0.2);
	CHECK_NEAR(v[ADIT_FEATURE_MEAN_RESPONSE], 225);
	/* The caller's to set. */
	CHECK_NEAR(v[ADIT_FEATURE_SUBSCRIBERS], 0);
}

TEST(features, answers_with_payload_by_hand)
{
	struct adit_sum *sum = sum_by_hand();

	CHECK_NEAR(features_of(ADIT_KIND_PAIR, sum)[ADIT_FEATURE_PAYLOAD_ANSWERS], 0.4);
	/* CNAME answers where the types carry nothing. */
	sum->cname_answers = 24;
	CHECK_NEAR(features_of(ADIT_KIND_PAIR, sum)[ADIT_FEATURE_PAYLOAD_ANSWERS], 0.6);
}

/* Two names of 10 and 30 octets: one label of 10, and three of 5, 5 and 20. */
TEST(features, names_by_hand)
{
	struct adit_sum *sum = sum_by_hand();
	struct adit_detail *detail = &sum->detail;
	const double *v;

	detail->looked_at = 2;
	detail->length_sum = 40;
	detail->length_square_sum = 100 + 900;
	detail->label_sum = 4;
	detail->label_square_sum = 1 + 9;
	detail->piece_square_sum = 100 + 25 + 25 + 400;
	detail->length_max = 30;
	detail->label_max = 20;
	detail->octets['a' - 'a'] = 4;
	detail->octets['f' - 'a'] = 4;
	detail->octets['g' - 'a'] = 8;
	detail->octets[ADIT_OCTET_DIGIT] = 4;
	detail->octets[ADIT_OCTET_DIGIT + 2] = 4;
	detail->octets[ADIT_OCTET_HYPHEN] = 8;
	detail->octets[ADIT_OCTET_SYMBOL] = 4;
	detail->octets[ADIT_OCTET_HIGH] = 2;
	detail->octets[ADIT_OCTET_OTHER] = 2;
	detail->upper = 6;
	detail->bigram_sum = 16 * 200;
	v = features_of(ADIT_KIND_DOMAIN, sum);
	CHECK_NEAR(v[ADIT_FEATURE_MEAN_LENGTH], 20);
	CHECK_NEAR(v[ADIT_FEATURE_LENGTH_DEVIATION], 10);
	CHECK_NEAR(v[ADIT_FEATURE_MAX_LENGTH], 30);
	CHECK_NEAR(v[ADIT_FEATURE_MEAN_LABELS], 2);
	CHECK_NEAR(v[ADIT_FEATURE_LABELS_DEVIATION], 1);
	CHECK_NEAR(v[ADIT_FEATURE_MEAN_LABEL], 10);
	CHECK_NEAR(v[ADIT_FEATURE_LABEL_DEVIATION], sqrt(550.0 / 4 - 100));
	CHECK_NEAR(v[ADIT_FEATURE_MAX_LABEL], 20);
	CHECK_NEAR(v[ADIT_FEATURE_DIGIT_SHARE], 0.2);
	CHECK_NEAR(v[ADIT_FEATURE_HEX_SHARE], 0.4);
	CHECK_NEAR(v[ADIT_FEATURE_BASE32_SHARE], 0.5);
	CHECK_NEAR(v[ADIT_FEATURE_BASE64_SHARE], 0.8);
	CHECK_NEAR(v[ADIT_FEATURE_UPPER_SHARE], 6.0 / 16);
	CHECK_NEAR(v[ADIT_FEATURE_NON_LDH_SHARE], 0.2);
	CHECK_NEAR(v[ADIT_FEATURE_HYPHEN_SHARE], 0.2);
	/* Five tenths and two fifths and two twentieths. */
	CHECK_NEAR(v[ADIT_FEATURE_ENTROPY],
		5 * 0.1 * log2(10) + 2 * 0.2 * log2(5) + 2 * 0.05 * log2(20));
	CHECK_NEAR(v[ADIT_FEATURE_BIGRAM], 5);
}

TEST(features, agreement_by_hand)
{
	struct adit_sum *sum = sum_by_hand();
	struct adit_detail *detail = &sum->detail;
	const double *v;

	detail->compared = 20;
	detail->looked_at = 21;
	detail->length_sum = 21 * 40;
	detail->agree_head[0] = 20;
	detail->agree_head[1] = 18;
	detail->agree_head[2] = 17; /* 9 of 10 are 18 */
	detail->agree_tail[4] = 19;
	v = features_of(ADIT_KIND_PAIR, sum);
	CHECK_NEAR(v[ADIT_FEATURE_CONSTANT_FIELD], 2);
	CHECK_NEAR(v[ADIT_FEATURE_CONSTANT_TAIL], 1);
	CHECK_NEAR(v[ADIT_FEATURE_AGREEMENT], 55.0 / 320);
	CHECK_NEAR(v[ADIT_FEATURE_AGREEMENT_TAIL], 19.0 / 320);
	/* Of names of 5 octets only five places can agree. */
	detail->length_sum = 21 * 5;
	v = features_of(ADIT_KIND_PAIR, sum);
	CHECK_NEAR(v[ADIT_FEATURE_AGREEMENT], 55.0 / 100);
	/* A name without a subdomain is none to agree. */
	detail->length_sum = 0;
	v = features_of(ADIT_KIND_PAIR, sum);
	CHECK_NEAR(v[ADIT_FEATURE_AGREEMENT], 0);
}

TEST(features, types_by_hand)
{
	static const enum adit_feature shares[ADIT_GROUP_COUNT] = {ADIT_FEATURE_A_SHARE,
		ADIT_FEATURE_AAAA_SHARE, ADIT_FEATURE_SERVICE_SHARE, ADIT_FEATURE_TXT_SHARE,
		ADIT_FEATURE_NULL_SHARE, ADIT_FEATURE_CNAME_QUERY_SHARE, ADIT_FEATURE_MX_SHARE,
		ADIT_FEATURE_SRV_SHARE, ADIT_FEATURE_KEY_SHARE, ADIT_FEATURE_PRIVATE_SHARE,
		ADIT_FEATURE_PTR_SHARE, ADIT_FEATURE_OTHER_SHARE};

	for (int group = 0; group < ADIT_GROUP_COUNT; group++) {
		struct adit_sum *sum = sum_by_hand();
		const double *v;

		sum->detail.type[group] = 10;
		v = features_of(ADIT_KIND_PAIR, sum);
		for (int i = 0; i < ADIT_GROUP_COUNT; i++)
			CHECK_NEAR(v[shares[i]], i == group ? 0.25 : 0);
		CHECK_NEAR(v[ADIT_FEATURE_NON_A_SHARE], group == ADIT_GROUP_A ? 0.75 : 1);
	}
}

TEST(features, answers_by_hand)
{
	struct adit_sum *sum = sum_by_hand();
	struct adit_detail *detail = &sum->detail;
	const double *v;

	detail->answered = 20;
	detail->rcode[3] = 3;
	detail->rcode[1] = 1;
	detail->rcode[2] = 1;
	detail->rcode[5] = 4;
	detail->empty = 6;
	detail->payload_sum = 600;
	detail->payload_square_sum = 30 * 1000;
	detail->addressed = 8;
	detail->addresses = 20;
	detail->odd_addresses = 5;
	v = features_of(ADIT_KIND_PAIR, sum);
	CHECK_NEAR(v[ADIT_FEATURE_NXDOMAIN_SHARE], 0.1);
	CHECK_NEAR(v[ADIT_FEATURE_FAILURE_SHARE], 0.2);
	CHECK_NEAR(v[ADIT_FEATURE_EMPTY_SHARE], 0.2);
	CHECK_NEAR(v[ADIT_FEATURE_PAYLOAD_PER_ANSWER], 30);
	/* Mean 20 over responses, mean square 1000. */
	CHECK_NEAR(v[ADIT_FEATURE_PAYLOAD_DEVIATION], sqrt(600));
	CHECK_NEAR(v[ADIT_FEATURE_ANSWER_VARIETY], 12.0 / 30);
	CHECK_NEAR(v[ADIT_FEATURE_ANSWER_REPEATS], 0.5);
	CHECK_NEAR(v[ADIT_FEATURE_ODD_ADDRESS_SHARE], 0.25);
	CHECK_NEAR(v[ADIT_FEATURE_ADDRESSES_PER_ANSWER], 2.5);
	CHECK_NEAR(v[ADIT_FEATURE_ADDRESS_VARIETY], 0);
	/* Two of 256 places: 2.008 by linear counting. */
	adit_map_add(&detail->targets, 0x11111111);
	adit_map_add(&detail->targets, 0x99999999);
	adit_map_add(&detail->networks, 0x55555555);
	v = features_of(ADIT_KIND_PAIR, sum);
	CHECK_NEAR(v[ADIT_FEATURE_ADDRESS_VARIETY], 256 * log(256.0 / 254) / 8);
	CHECK_NEAR(v[ADIT_FEATURE_NETWORK_VARIETY], 256 * log(256.0 / 255) / 8);
	/* Never above 1, and answers never above two for a name. */
	detail->addressed = 1;
	for (uint32_t i = 0; i < 60; i++)
		adit_distinct_add(&detail->answers, 0xffff0000u + i, 1, 1);
	v = features_of(ADIT_KIND_PAIR, sum);
	CHECK_NEAR(v[ADIT_FEATURE_ADDRESS_VARIETY], 1);
	CHECK_NEAR(v[ADIT_FEATURE_ANSWER_VARIETY], 2);
}

TEST(features, sizes_and_ttls_by_hand)
{
	static const uint32_t edges[] = ADIT_TTL_EDGES;
	struct adit_sum *sum = sum_by_hand();
	struct adit_detail *detail = &sum->detail;
	const double *v;

	CHECK_EQ_INT(ADIT_COUNT(edges), ADIT_TTL_BINS);
	detail->response_size[3] = 6;
	detail->response_size[4] = 3;
	detail->response_size[7] = 3;
	detail->response_sum = 3000;
	detail->response_square_sum = 30 * 12500;
	for (int i = 0; i < ADIT_TTL_BINS; i++)
		detail->ttl[i] = edges[i] == 0 ? 4 : edges[i] <= 60 ? 2 : edges[i] >= 3600 ? 1 : 4;
	v = features_of(ADIT_KIND_PAIR, sum);
	CHECK_NEAR(v[ADIT_FEATURE_LARGE_SHARE], 0.2);
	CHECK_NEAR(v[ADIT_FEATURE_RESPONSE_DEVIATION], 50);
	CHECK_NEAR(v[ADIT_FEATURE_ZERO_TTL_SHARE], 0.2);
	CHECK_NEAR(v[ADIT_FEATURE_LOW_TTL_SHARE], 0.5);
	CHECK_NEAR(v[ADIT_FEATURE_LONG_TTL_SHARE], 0.1);
}

TEST(features, order_by_hand)
{
	struct adit_sum *sum = sum_by_hand();
	struct adit_detail *detail = &sum->detail;
	const double *v;

	detail->edns_seen = 10;
	detail->edns_same = 9;
	detail->edns = 1u << 31 | 1u << 16 | 1232;
	detail->id_steps = 21;
	detail->id_step_same = 15;
	detail->id_step = 7727;
	detail->gaps = 40;
	detail->gap_same = 30;
	detail->port_same = 20;
	detail->in_step = 10;
	detail->gap[5] = 30;
	detail->gap[6] = 6;
	detail->gap[9] = 4;
	detail->wait[8] = 3;
	v = features_of(ADIT_KIND_PAIR, sum);
	CHECK_NEAR(v[ADIT_FEATURE_EDNS_SHARE], 0.25);
	CHECK_NEAR(v[ADIT_FEATURE_EDNS_SAME_SHARE], 0.9);
	CHECK_NEAR(v[ADIT_FEATURE_EDNS_SIZE], 1232);
	CHECK_NEAR(v[ADIT_FEATURE_ID_STEP_SHARE], 0.75);
	CHECK_NEAR(v[ADIT_FEATURE_ID_STEP], 7727);
	CHECK_NEAR(v[ADIT_FEATURE_PORT_SHARE], 0.5);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_REGULARITY], 0.75);
	CHECK_NEAR(v[ADIT_FEATURE_IN_STEP_SHARE], 0.25);
	/* Bin 5 is [2^5, 2^6) × 64 us. */
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE], 2.048);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE_SHARE], 0.9);
	CHECK_NEAR(v[ADIT_FEATURE_WAIT_MODE], 16.384);
}

/* An estimate may say more names than there were messages. */
TEST(features, no_more_names_than_messages)
{
	static struct adit_sum sum;
	const double *v;

	sum = (struct adit_sum){.queries = 66, .responses = 60};
	/* 64 hashes that span 40 % of their range: 157 names. */
	for (uint32_t i = 0; i <= ADIT_DISTINCT_KEPT; i++)
		adit_distinct_add(&sum.detail.names, (uint32_t)(i * 0.4 * 0x1p32 / 64), 2, 10);
	CHECK(adit_distinct_number(&sum.detail.names) > 150);
	v = features_of(ADIT_KIND_PAIR, &sum);
	CHECK_NEAR(v[ADIT_FEATURE_UNIQUE_NAMES], 66);
	CHECK_NEAR(v[ADIT_FEATURE_UNIQUENESS], 126.0 / 66 / 2);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION_PER_NAME], 10);
}

TEST(features, first_and_last_bins_of_gaps)
{
	static struct adit_sum sum;
	const double *v;

	sum.detail.gap[0] = 3;
	v = features_of(ADIT_KIND_PAIR, &sum);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE], 0);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE_SHARE], 1);
	sum.detail.gap[ADIT_GAP_BINS - 1] = 6;
	v = features_of(ADIT_KIND_PAIR, &sum);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE], 0.064 * 32768);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE_SHARE], 2.0 / 3);
}

TEST(features, of_a_session)
{
	struct adit_session_sum session = {.first_ns = 100 * ADIT_NS_PER_S,
		.last_ns = 104 * ADIT_NS_PER_S,
		.queries = 7,
		.responses = 6,
		.bytes_up = 400,
		.bytes_down = 2000};
	double v[ADIT_FEATURE_COUNT];

	adit_features_of_session(&session, v);
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		CHECK(isfinite(v[i]) == ((adit_features[i].keys & ADIT_KEY_SESSION) != 0));
	CHECK_NEAR(v[ADIT_FEATURE_QUERIES], 7);
	CHECK_NEAR(v[ADIT_FEATURE_RESPONSES], 6);
	CHECK_NEAR(v[ADIT_FEATURE_BYTES_UP], 400);
	CHECK_NEAR(v[ADIT_FEATURE_BYTES_DOWN], 2000);
	CHECK_NEAR(v[ADIT_FEATURE_DURATION], 4);
	CHECK_NEAR(v[ADIT_FEATURE_UP_RATE], 100);
	CHECK_NEAR(v[ADIT_FEATURE_DOWN_RATE], 500);
	session.last_ns = session.first_ns;
	adit_features_of_session(&session, v);
	CHECK_NEAR(v[ADIT_FEATURE_DURATION], 0);
	CHECK_NEAR(v[ADIT_FEATURE_UP_RATE], 400);
	CHECK_NEAR(v[ADIT_FEATURE_DOWN_RATE], 2000);
}

/* Whatever is counted, shares are shares. */
TEST(features, of_random_windows_are_in_range)
{
	struct adit_window_params params = {.shards = 1, .rows = {20, 40, 20, 1, 1}, .details = 20};
	struct adit_window *window = adit_window_create(&params, NULL);
	struct adit_tracks *tracks = adit_tracks_create(1, 32, NULL);
	struct adit_sum *sum = malloc(sizeof(*sum));
	uint64_t state = 4;

	REQUIRE(window != NULL && tracks != NULL && sum != NULL);
	for (uint32_t slice = 1; slice < 300 && !harness_failed(); slice++) {
		adit_window_open(window, slice);
		for (uint32_t i = random_below(&state, 400); i > 0; i--) {
			struct test_event e;

			event_make(&e, random_below(&state, 4), random_below(&state, 4),
				random_below(&state, slice % 2 ? 5 : 500));
			e.event.ts_ns = slice * ADIT_SLICE_NS + i * ADIT_NS_PER_MS;
			e.event.type_group = (uint8_t)random_below(&state, ADIT_GROUP_COUNT);
			e.event.payload_type = random_below(&state, 2);
			e.event.id = (uint16_t)(i * 7);
			e.event.info_bytes = random_below(&state, 30);
			e.event.edns = random_below(&state, 2) << 31;
			e.event.again = random_below(&state, 10) == 0;
			if (random_below(&state, 3) == 0)
				event_unzone(&e);
			if (random_below(&state, 2)) {
				event_answer(&e, random_below(&state, 900));
				e.event.addresses = random_below(&state, 3);
				e.event.odd_addresses = random_below(&state, e.event.addresses + 1);
				e.event.address_digest = (uint32_t)random_next(&state);
				e.event.network = (uint32_t)random_next(&state);
				e.event.rcode = (uint8_t)random_below(&state, 7);
				e.event.cname = random_below(&state, 2);
				e.event.answered = random_below(&state, 4) != 0;
				if (!e.event.answered)
					e.event.cname = false;
			}
			adit_window_count(window, tracks, 0, &e.event);
		}
		for (int kind = 0; kind < ADIT_KIND_JUDGED; kind++)
			for (uint32_t i = 0; i < adit_window_rows(window, 0, kind); i++) {
				const struct adit_row *row = adit_window_row(window, 0, kind, i);
				const double *v;

				adit_sum_clear(sum);
				adit_sum_add(sum, row, adit_window_detail(window, 0, row), 1, 1);
				v = features_of(kind, sum);
				for (int f = 0; f < ADIT_FEATURE_COUNT; f++)
					if (v[f] < 0 ||
						(strcmp(adit_features[f].unit, "share") == 0 &&
							v[f] > (f == ADIT_FEATURE_ANSWER_VARIETY
									       ? 2
									       : 1)))
						FAIL("kind %d: %s is %g", kind,
							adit_feature_names[f], v[f]);
			}
	}
	free(sum);
	adit_tracks_destroy(tracks);
	adit_window_destroy(window);
}

TEST(features, reference_names_each)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	REQUIRE(to != NULL);
	CHECK_EQ_INT(adit_features_reference(to), 0);
	fclose(to);
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++) {
		char cell[64];

		snprintf(cell, sizeof(cell), "| `%s` |", adit_feature_names[i]);
		CHECK_CONTAINS(text, cell);
	}
	free(text);
}

TEST(features, that_are_hidden_are_missing)
{
	static struct adit_sum sum;
	bool absent[ADIT_FEATURE_COUNT] = {[ADIT_FEATURE_QUERIES] = true};
	double *value = features_of(ADIT_KIND_PAIR, &sum);

	adit_features_hide(NULL, value);
	CHECK(value[ADIT_FEATURE_QUERIES] == 0);
	adit_features_hide(absent, value);
	CHECK(isnan(value[ADIT_FEATURE_QUERIES]) && value[ADIT_FEATURE_RESPONSES] == 0);
}
