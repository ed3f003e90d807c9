/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Features against values computed by hand, and each detector by itself.
 */
#include "adit_score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

#define CHECK_NEAR(got, want)                                                               \
	do {                                                                                \
		double got_ = (got), want_ = (want);                                        \
		if (!(fabs(got_ - want_) < 1e-9 * (1 + fabs(want_))))                       \
			FAIL("%s is %.12g, expected %s = %.12g", #got, got_, #want, want_); \
	} while (0)

static double *features_of(const struct adit_sum *sum, uint32_t subscribers)
{
	static double value[ADIT_FEATURE_COUNT];

	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		value[i] = NAN;
	adit_features_derive(sum, subscribers, value);
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		if (!isfinite(value[i]))
			FAIL("%s is not finite", adit_feature_names[i]);
	return value;
}

static void names_put(struct adit_sum *sum, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		adit_names_add(&sum->names, (i + 1) * 2654435761u);
}

TEST(features, of_nothing_are_zero)
{
	static struct adit_sum sum;
	const double *value = features_of(&sum, 0);

	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		if (value[i] != 0)
			FAIL("%s is %g", adit_feature_names[i], value[i]);
}

/* The sum that the two tests below are about. */
static struct adit_sum *sum_by_hand(void)
{
	static struct adit_sum sum;

	sum = (struct adit_sum){.queries = 50,
		.responses = 40,
		.bytes_up = 5000,
		.bytes_down = 9000,
		.info_up = 1800,
		.info_down = 4000,
		.answered = 32,
		.payload_queries = 25,
		.cname_answers = 8};
	sum.detail = (struct adit_detail){.looked_at = 20,
		.queries = 40,
		.responses = 30,
		.answered = 24,
		.length_sum = 400,
		.length_square_sum = 8180,
		.label_sum = 30,
		.length_max = 60,
		.label_max = 55,
		.compared = 19,
		.id_steps = 21,
		.id_step_same = 15,
		.id_step = 7727,
		.edns_seen = 10,
		.ttl_low = 6};
	names_put(&sum, 30);
	sum.detail.type[ADIT_GROUP_A] = 4;
	sum.detail.type[ADIT_GROUP_AAAA] = 2;
	sum.detail.type[ADIT_GROUP_TXT] = 20;
	sum.detail.type[ADIT_GROUP_PRIVATE] = 8;
	sum.detail.rcode[3] = 3;
	sum.detail.chars[ADIT_CHAR_DIGIT] = 100;
	sum.detail.chars[ADIT_CHAR_HEX] = 60;
	sum.detail.chars[ADIT_CHAR_UPPER] = 40;
	sum.detail.chars[ADIT_CHAR_SYMBOL] = 4;
	sum.detail.chars[ADIT_CHAR_HIGH] = 14;
	sum.detail.chars[ADIT_CHAR_OTHER] = 2;
	sum.detail.chars[ADIT_CHAR_HYPHEN] = 80;
	sum.detail.agree[0] = 19;
	sum.detail.agree[1] = 18;
	sum.detail.agree[2] = 17; /* 9 of 10 is 17.1 */
	sum.detail.gap[5] = 30;
	sum.detail.gap[6] = 6;
	sum.detail.gap[9] = 4;
	return &sum;
}

TEST(features, counters_by_hand)
{
	struct adit_sum *sum = sum_by_hand();
	const double *v = features_of(sum, 3);

	CHECK_NEAR(v[ADIT_FEATURE_QUERIES], 50);
	CHECK_NEAR(v[ADIT_FEATURE_RESPONSES], 40);
	CHECK_NEAR(v[ADIT_FEATURE_BYTES_UP], 5000);
	CHECK_NEAR(v[ADIT_FEATURE_BYTES_DOWN], 9000);
	CHECK_NEAR(v[ADIT_FEATURE_UNIQUE_NAMES], 30);
	CHECK_NEAR(v[ADIT_FEATURE_UNIQUENESS], 0.6);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION_PER_NAME], 20);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION_UP], 600);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION_DOWN], 3000);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION], 3600);
	CHECK_NEAR(v[ADIT_FEATURE_PAYLOAD_PER_ANSWER], 125);
	CHECK_NEAR(v[ADIT_FEATURE_ANSWERED_SHARE], 0.8);
	CHECK_NEAR(v[ADIT_FEATURE_PAYLOAD_QUERY_SHARE], 0.5);
	CHECK_NEAR(v[ADIT_FEATURE_CNAME_SHARE], 0.2);
	CHECK_NEAR(v[ADIT_FEATURE_PAYLOAD_ANSWERS], 0.4);
	CHECK_NEAR(v[ADIT_FEATURE_SUBSCRIBERS], 3);
	/* CNAME answers where the types carry nothing. */
	sum->cname_answers = 24;
	CHECK_NEAR(features_of(sum, 0)[ADIT_FEATURE_PAYLOAD_ANSWERS], 0.6);
}

TEST(features, details_by_hand)
{
	const double *v = features_of(sum_by_hand(), 0);

	CHECK_NEAR(v[ADIT_FEATURE_NXDOMAIN_SHARE], 0.1);
	CHECK_NEAR(v[ADIT_FEATURE_MEAN_LENGTH], 20);
	CHECK_NEAR(v[ADIT_FEATURE_LENGTH_DEVIATION], 3);
	CHECK_NEAR(v[ADIT_FEATURE_MAX_LENGTH], 60);
	CHECK_NEAR(v[ADIT_FEATURE_MEAN_LABELS], 1.5);
	CHECK_NEAR(v[ADIT_FEATURE_MAX_LABEL], 55);
	CHECK_NEAR(v[ADIT_FEATURE_DIGIT_SHARE], 0.25);
	CHECK_NEAR(v[ADIT_FEATURE_HEX_SHARE], 0.4);
	CHECK_NEAR(v[ADIT_FEATURE_UPPER_SHARE], 0.1);
	CHECK_NEAR(v[ADIT_FEATURE_NON_LDH_SHARE], 0.05);
	CHECK_NEAR(v[ADIT_FEATURE_CONSTANT_FIELD], 2);
	CHECK_NEAR(v[ADIT_FEATURE_ID_STEP_SHARE], 0.75);
	CHECK_NEAR(v[ADIT_FEATURE_ID_STEP], 7727);
	CHECK_NEAR(v[ADIT_FEATURE_EDNS_SHARE], 0.25);
	CHECK_NEAR(v[ADIT_FEATURE_LOW_TTL_SHARE], 0.25);
	CHECK_NEAR(v[ADIT_FEATURE_A_SHARE], 0.1);
	CHECK_NEAR(v[ADIT_FEATURE_AAAA_SHARE], 0.05);
	CHECK_NEAR(v[ADIT_FEATURE_TXT_SHARE], 0.5);
	CHECK_NEAR(v[ADIT_FEATURE_PRIVATE_SHARE], 0.2);
	CHECK_NEAR(v[ADIT_FEATURE_NULL_SHARE], 0);
	/* Bin 5 is [2^5, 2^6) × 64 us. */
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE], 2.048);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE_SHARE], 0.9);
}

/* A sketch may say more than there were messages; information is of unique names. */
TEST(features, no_more_names_than_messages)
{
	static struct adit_sum sum;
	const double *v;

	sum = (struct adit_sum){.queries = 66, .responses = 60, .info_up = 1260, .info_down = 600};
	names_put(&sum, 90);
	v = features_of(&sum, 0);
	CHECK_NEAR(v[ADIT_FEATURE_UNIQUE_NAMES], 66);
	CHECK_NEAR(v[ADIT_FEATURE_UNIQUENESS], 1);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION_UP], 660);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION_DOWN], 600);
	/* Datagrams that are no DNS count with all their bytes. */
	sum.unparsable = 1;
	v = features_of(&sum, 0);
	CHECK_NEAR(v[ADIT_FEATURE_INFORMATION], 1860);
}

TEST(features, first_and_last_bins_of_gaps)
{
	static struct adit_sum sum;
	const double *v;

	sum.detail.gap[0] = 3;
	v = features_of(&sum, 0);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE], 0);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE_SHARE], 1);
	sum.detail.gap[ADIT_GAP_BINS - 1] = 6;
	v = features_of(&sum, 0);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE], 0.064 * 32768);
	CHECK_NEAR(v[ADIT_FEATURE_GAP_MODE_SHARE], 2.0 / 3);
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

static const char pattern_text[] = "tool iodine\n"
				   "id-step 7727\n"
				   "class handshake strong names 2 share 10% \"handshake\"\n"
				   "  subdomain insensitive ^vaaaaka\n"
				   "class session shape names 20 share 60% \"session\"\n"
				   "  subdomain insensitive ^yaaaaka\n";

#define CLASS_STRONG 0
#define CLASS_SHAPE  1

/* A sum and features that show nothing, for a test to add to. */
struct judged {
	struct adit_pattern_set *patterns;
	struct adit_detect_params params;
	struct adit_sum sum;
	double value[ADIT_FEATURE_COUNT];
	struct adit_finding finding;
};

static struct judged *judged_make(void)
{
	static struct judged j;
	struct adit_error error = {""};

	memset(&j, 0, sizeof(j));
	if (adit_pattern_load_text("patterns", pattern_text, &j.patterns, &error) != 0)
		FAIL("%s", error.text);
	j.params = (struct adit_detect_params){.patterns = j.patterns,
		.signatures = true,
		.information = true,
		.structure = true,
		.information_bound = 100000,
		.suspect_score = 40};
	j.sum.detail.looked_at = 20;
	return &j;
}

static double detect(struct judged *j, enum adit_kind kind)
{
	adit_detect(&j->params, kind, &j->sum, j->value, &j->finding);
	return j->finding.score;
}

/* The reason's value; NAN: it is not given. */
static double reason_of(const struct judged *j, const char *name)
{
	for (size_t i = 0; i < j->finding.reason_count; i++)
		if (strcmp(j->finding.reason[i].name, name) == 0)
			return j->finding.reason[i].value;
	return NAN;
}

TEST(detect, nothing_finds_nothing)
{
	struct judged *j = judged_make();

	for (int kind = 0; kind < ADIT_KIND_COUNT; kind++)
		CHECK_NEAR(detect(j, kind), 0);
	CHECK(!j->finding.strong && j->finding.tool == NULL && j->finding.reason_count == 0);
	adit_pattern_destroy(j->patterns);
}

TEST(detect, strong_signature)
{
	struct judged *j = judged_make();

	/* One name is less than the two that the class asks for. */
	j->sum.detail.class_names[CLASS_STRONG] = 1;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	/* Two of 20 are its 10 %, two of 21 less. */
	j->sum.detail.class_names[CLASS_STRONG] = 2;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 55);
	j->sum.detail.looked_at = 21;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	j->sum.detail.looked_at = 20;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 55);
	CHECK(j->finding.strong);
	CHECK_EQ_STR(j->finding.tool, "iodine");
	CHECK_NEAR(reason_of(j, "signature_names"), 2);
	/* An attempt becomes a tunnel with what it moved. */
	j->value[ADIT_FEATURE_INFORMATION] = 200;
	j->value[ADIT_FEATURE_UNIQUE_NAMES] = 7;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 55);
	j->value[ADIT_FEATURE_UNIQUE_NAMES] = 8;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 95);
	j->value[ADIT_FEATURE_INFORMATION] = 199;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 55);
	j->value[ADIT_FEATURE_INFORMATION] = 200;
	j->value[ADIT_FEATURE_UNIQUE_NAMES] = 0;
	j->value[ADIT_FEATURE_UNPARSABLE] = 8;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 95);
	/* Switched off, or without patterns. */
	j->params.signatures = false;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	j->params.signatures = true;
	j->params.patterns = NULL;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	CHECK(!j->finding.strong && j->finding.tool == NULL);
	adit_pattern_destroy(j->patterns);
}

TEST(detect, constant_id_step)
{
	struct judged *j = judged_make();

	j->value[ADIT_FEATURE_ID_STEP] = 7727;
	j->value[ADIT_FEATURE_ID_STEP_SHARE] = 0.5;
	j->sum.detail.id_steps = 7;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	j->sum.detail.id_steps = 8;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 55);
	CHECK(j->finding.strong);
	CHECK_EQ_STR(j->finding.tool, "iodine");
	CHECK_NEAR(reason_of(j, "signature_id_step"), 0.5);
	/* Steps of several subscribers, or to several domains, are nobody's. */
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 0);
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
	j->value[ADIT_FEATURE_ID_STEP_SHARE] = 0.49;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	j->value[ADIT_FEATURE_ID_STEP_SHARE] = 1;
	j->value[ADIT_FEATURE_ID_STEP] = 7728;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	adit_pattern_destroy(j->patterns);
}

/* What structure asks for at least. */
static void structure_least(struct judged *j)
{
	j->value[ADIT_FEATURE_UNIQUE_NAMES] = 20;
	j->value[ADIT_FEATURE_UNIQUENESS] = 0.95;
	j->value[ADIT_FEATURE_INFORMATION] = 500;
}

TEST(detect, structure_adds_up)
{
	struct judged *j = judged_make();
	double *v = j->value;

	structure_least(j);
	j->params.signatures = j->params.information = false;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 15);
	CHECK_NEAR(reason_of(j, "uniqueness"), 0.95);
	v[ADIT_FEATURE_UNIQUENESS] = 0.725;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 7.5);
	/* Each of the three is needed. */
	v[ADIT_FEATURE_UNIQUENESS] = 0.69;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	structure_least(j);
	v[ADIT_FEATURE_UNIQUE_NAMES] = 19;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	structure_least(j);
	v[ADIT_FEATURE_INFORMATION] = 499;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	structure_least(j);
	/* Answers with payload: 40 at 0.8, and 8 for their size. */
	v[ADIT_FEATURE_PAYLOAD_PER_ANSWER] = 30;
	v[ADIT_FEATURE_PAYLOAD_ANSWERS] = 0.4;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 35);
	v[ADIT_FEATURE_PAYLOAD_PER_ANSWER] = 45;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 39);
	v[ADIT_FEATURE_PAYLOAD_PER_ANSWER] = 7.9;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 15);
	v[ADIT_FEATURE_PAYLOAD_PER_ANSWER] = 45;
	v[ADIT_FEATURE_PAYLOAD_ANSWERS] = 0.19;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 15);
	v[ADIT_FEATURE_PAYLOAD_ANSWERS] = 0;
	/* Names that carry: 20 at 24 bytes. */
	v[ADIT_FEATURE_INFORMATION_PER_NAME] = 16;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 25);
	v[ADIT_FEATURE_INFORMATION_PER_NAME] = 8;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 15);
	/* A constant field is 3 octets at least, and not all of the 16. */
	v[ADIT_FEATURE_CONSTANT_FIELD] = 3;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 23);
	v[ADIT_FEATURE_CONSTANT_FIELD] = ADIT_FIELD_SIZE;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 15);
	v[ADIT_FEATURE_CONSTANT_FIELD] = 0;
	/* A constant odd step of IDs; one is what ordinary counters make. */
	j->sum.detail.id_steps = 8;
	v[ADIT_FEATURE_ID_STEP_SHARE] = 0.8;
	v[ADIT_FEATURE_ID_STEP] = 999;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 40);
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 15);
	v[ADIT_FEATURE_ID_STEP] = 65280;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 15);
	/* All of it is below what a strong signature says. */
	v[ADIT_FEATURE_ID_STEP] = 999;
	v[ADIT_FEATURE_CONSTANT_FIELD] = 4;
	v[ADIT_FEATURE_INFORMATION_PER_NAME] = 30;
	v[ADIT_FEATURE_PAYLOAD_ANSWERS] = v[ADIT_FEATURE_UNIQUENESS] = 1;
	v[ADIT_FEATURE_PAYLOAD_PER_ANSWER] = 100;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 94);
	j->params.structure = false;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	adit_pattern_destroy(j->patterns);
}

TEST(detect, shape_supports_structure)
{
	struct judged *j = judged_make();

	j->sum.detail.looked_at = 40;
	j->sum.detail.class_names[CLASS_SHAPE] = 24;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	CHECK(j->finding.tool == NULL && !j->finding.strong);
	structure_least(j);
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 35);
	CHECK_NEAR(reason_of(j, "signature_shape"), 1);
	/* Below a suspect no tool is named. */
	CHECK(j->finding.tool == NULL);
	j->value[ADIT_FEATURE_INFORMATION_PER_NAME] = 24;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 55);
	CHECK_EQ_STR(j->finding.tool, "iodine");
	CHECK(!j->finding.strong);
	/* 23 of 40 are less than the 60 %. */
	j->sum.detail.class_names[CLASS_SHAPE] = 23;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 35);
	adit_pattern_destroy(j->patterns);
}

/* Datagrams that are no DNS: enough of them, and enough in them both ways. */
TEST(detect, raw_exchange_makes_a_tunnel)
{
	struct judged *j = judged_make();

	j->params.information = false;
	j->value[ADIT_FEATURE_UNPARSABLE] = 20;
	j->value[ADIT_FEATURE_INFORMATION_UP] = j->params.information_bound;
	j->value[ADIT_FEATURE_INFORMATION_DOWN] = j->params.information_bound;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 75);
	CHECK_NEAR(reason_of(j, "unparsable"), 20);
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	j->value[ADIT_FEATURE_INFORMATION_UP] -= 1;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
	j->value[ADIT_FEATURE_INFORMATION_UP] += 1;
	j->value[ADIT_FEATURE_UNPARSABLE] = 19;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
	j->value[ADIT_FEATURE_UNPARSABLE] = 20;
	j->params.structure = false;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
	adit_pattern_destroy(j->patterns);
}

/* Each name of a tool without a domain is a domain of its own: the server's key tells. */
TEST(detect, handful_of_undelegated_names_is_left_to_the_server)
{
	struct judged *j = judged_make();

	structure_least(j);
	j->value[ADIT_FEATURE_INFORMATION] = 1e6;
	j->sum.unzoned = true;
	j->value[ADIT_FEATURE_UNIQUE_NAMES] = 7;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 0);
	CHECK(detect(j, ADIT_KIND_SERVER) > 0);
	j->value[ADIT_FEATURE_UNIQUE_NAMES] = 8;
	CHECK(detect(j, ADIT_KIND_PAIR) > 0);
	adit_pattern_destroy(j->patterns);
}

TEST(detect, information_bound_makes_a_suspect)
{
	struct judged *j = judged_make();

	j->value[ADIT_FEATURE_INFORMATION] = 99999;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	j->value[ADIT_FEATURE_INFORMATION] = 100000;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 45);
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 45);
	CHECK_NEAR(reason_of(j, "information"), 100000);
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 0);
	/* A suspect, whatever the bar. */
	j->params.suspect_score = 60;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 60);
	j->params.information = false;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	adit_pattern_destroy(j->patterns);
}
