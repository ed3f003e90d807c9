/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Each detector by itself, but models (test_judge.c).
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
		.structure = true,
		.information = true,
		.burst = true,
		.information_bound = 100000,
		.tunnel_score = 70,
		.suspect_score = 40};
	j.sum.detail.looked_at = 20;
	return &j;
}

static double detect(struct judged *j, enum adit_kind kind)
{
	adit_detect(&j->params, kind, ADIT_SPAN_SLICE, &j->sum, j->value, &j->finding);
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

	for (int kind = 0; kind < ADIT_KIND_JUDGED; kind++)
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
	/* An attempt by server is told by its pair. */
	j->value[ADIT_FEATURE_INFORMATION] = 199;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
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

/* A constant step that is no tool's yet, of enough names that carry something. */
TEST(detect, odd_id_step_makes_a_tunnel)
{
	static const struct {
		enum adit_feature feature;
		double least, less;
	} rows[] = {
		{ADIT_FEATURE_UNIQUE_NAMES, 20, 19},
		{ADIT_FEATURE_UNIQUENESS, 0.7, 0.69},
		{ADIT_FEATURE_INFORMATION, 200, 199},
		{ADIT_FEATURE_ID_STEP_SHARE, 0.8, 0.79},
	};
	static const double ordinary[] = {1, 65535, 256, 65280};
	struct judged *j = judged_make();

	for (size_t i = 0; i < ADIT_COUNT(rows); i++)
		j->value[rows[i].feature] = rows[i].least;
	j->value[ADIT_FEATURE_ID_STEP] = 999;
	j->sum.detail.id_steps = 8;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 75);
	CHECK_NEAR(reason_of(j, "id_step_share"), 0.8);
	CHECK(!j->finding.strong && j->finding.tool == NULL);
	/* Each of these is needed, */
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		j->value[rows[i].feature] = rows[i].less;
		CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
		j->value[rows[i].feature] = rows[i].least;
	}
	j->sum.detail.id_steps = 7;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	j->sum.detail.id_steps = 8;
	/* and what ordinary counters make is none. Steps of several keys are nobody's. */
	for (size_t i = 0; i < ADIT_COUNT(ordinary); i++) {
		j->value[ADIT_FEATURE_ID_STEP] = ordinary[i];
		CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	}
	j->value[ADIT_FEATURE_ID_STEP] = 999;
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 0);
	j->value[ADIT_FEATURE_ANSWERED_SHARE] = 1;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
	j->params.structure = false;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	adit_pattern_destroy(j->patterns);
}

/* What only shows a shape names a tool, where something else finds a suspect. */
TEST(detect, shape_names_a_tool)
{
	struct judged *j = judged_make();

	j->sum.detail.looked_at = 40;
	j->sum.detail.class_names[CLASS_SHAPE] = 24;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	CHECK(j->finding.tool == NULL && !j->finding.strong);
	j->value[ADIT_FEATURE_INFORMATION] = 100000;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 45);
	CHECK_EQ_STR(j->finding.tool, "iodine");
	CHECK(!j->finding.strong);
	/* 23 of 40 are less than the 60 %. */
	j->sum.detail.class_names[CLASS_SHAPE] = 23;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 45);
	CHECK(j->finding.tool == NULL);
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

	j->value[ADIT_FEATURE_INFORMATION] = 1e6;
	j->value[ADIT_FEATURE_ANSWERED_SHARE] = 1;
	j->value[ADIT_FEATURE_BURST_HITS] = 3;
	j->sum.unzoned = true;
	j->value[ADIT_FEATURE_UNIQUE_NAMES] = 7;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 0);
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 50);
	j->value[ADIT_FEATURE_UNIQUE_NAMES] = 8;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 50);
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 50);
	adit_pattern_destroy(j->patterns);
}

/* Resolvers in general use, and servers that answer next to nothing, below the bound; but not those
 * that are sent what is no DNS. */
TEST(detect, general_servers_are_judged_by_signatures_and_the_bound)
{
	struct judged *j = judged_make();

	j->value[ADIT_FEATURE_INFORMATION] = 99999;
	j->value[ADIT_FEATURE_UNIQUE_NAMES] = 100;
	j->value[ADIT_FEATURE_ANSWERED_SHARE] = 0.2;
	j->value[ADIT_FEATURE_SUBSCRIBERS] = 19;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
	CHECK(!j->finding.left_out && !j->finding.general);
	j->value[ADIT_FEATURE_SUBSCRIBERS] = 20;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
	CHECK(j->finding.left_out && j->finding.general);
	j->value[ADIT_FEATURE_SUBSCRIBERS] = 1;
	j->value[ADIT_FEATURE_ANSWERED_SHARE] = 0.19;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
	CHECK(j->finding.left_out && j->finding.general);
	j->value[ADIT_FEATURE_SUBSCRIBERS] = 20;
	j->value[ADIT_FEATURE_UNPARSABLE] = 7;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
	CHECK(j->finding.general);
	j->value[ADIT_FEATURE_UNPARSABLE] = 8;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 0);
	CHECK(!j->finding.general);
	j->value[ADIT_FEATURE_UNPARSABLE] = 7;
	/* Of a domain the same numbers say nothing against judging it. */
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	CHECK(!j->finding.left_out && !j->finding.general);
	/* Under a top-level domain that nobody delegated they do: who answers is the root. */
	j->sum.unzoned = true;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	CHECK(j->finding.left_out && j->finding.general);
	j->value[ADIT_FEATURE_ANSWERED_SHARE] = 0.2;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	CHECK(!j->finding.left_out && !j->finding.general);
	j->sum.unzoned = false;
	/* However many it has, and whether it answers or not: what passes the bound is a suspect,
	 */
	for (int answers = 0; answers < 2; answers++) {
		j->value[ADIT_FEATURE_ANSWERED_SHARE] = answers ? 0.2 : 0.19;
		j->value[ADIT_FEATURE_INFORMATION] = 100000;
		CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 45);
		CHECK_EQ_INT(j->finding.general, !answers);
	}
	/* and a tool's names are a tunnel. */
	j->value[ADIT_FEATURE_INFORMATION] = 1000;
	j->sum.detail.class_names[CLASS_STRONG] = 20;
	CHECK_NEAR(detect(j, ADIT_KIND_SERVER), 95);
	CHECK(j->finding.general && j->finding.strong);
	CHECK_EQ_STR(j->finding.tool, "iodine");
	adit_pattern_destroy(j->patterns);
}

TEST(detect, information_bound_makes_a_suspect)
{
	struct judged *j = judged_make();

	j->value[ADIT_FEATURE_ANSWERED_SHARE] = 1;
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

/* Of more than 64 names or answers it is an estimate: a margin is added, which the reason leaves
 * out. */
TEST(detect, information_bound_has_a_margin_for_estimates)
{
	struct judged *j = judged_make();

	for (int which = 0; which < 2; which++) {
		struct adit_distinct *set = which ? &j->sum.detail.answers : &j->sum.detail.names;

		j->value[ADIT_FEATURE_INFORMATION] = 80000;
		for (uint32_t i = 0; i < ADIT_DISTINCT_KEPT; i++)
			adit_distinct_add(set, i * 1000, 1, 1);
		CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
		adit_distinct_add(set, UINT32_MAX, 1, 1);
		CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 45);
		CHECK_NEAR(reason_of(j, "information"), 80000);
		j->value[ADIT_FEATURE_INFORMATION] = 79700;
		CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
		memset(set, 0, sizeof(*set));
	}
	adit_pattern_destroy(j->patterns);
}

TEST(detect, bursts_make_a_suspect)
{
	struct judged *j = judged_make();

	j->value[ADIT_FEATURE_BURST_HITS] = 2;
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 0);
	j->value[ADIT_FEATURE_BURST_HITS] = 3;
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 50);
	CHECK_NEAR(reason_of(j, "burst_hits"), 3);
	j->params.suspect_score = 60;
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 60);
	j->params.burst = false;
	CHECK_NEAR(detect(j, ADIT_KIND_DOMAIN), 0);
	/* Other kinds have none. */
	j->params.burst = true;
	j->value[ADIT_FEATURE_BURST_HITS] = NAN;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 0);
	adit_pattern_destroy(j->patterns);
}

/* The highest points stand, and all reasons. */
TEST(detect, highest_points_count)
{
	struct judged *j = judged_make();

	j->value[ADIT_FEATURE_INFORMATION] = 200000;
	j->value[ADIT_FEATURE_UNIQUE_NAMES] = 20;
	j->value[ADIT_FEATURE_UNIQUENESS] = 1;
	j->value[ADIT_FEATURE_ID_STEP] = 7727;
	j->value[ADIT_FEATURE_ID_STEP_SHARE] = 1;
	j->sum.detail.id_steps = 100;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 95);
	CHECK_NEAR(reason_of(j, "signature_id_step"), 1);
	CHECK_NEAR(reason_of(j, "id_step_share"), 1);
	CHECK_NEAR(reason_of(j, "information"), 200000);
	CHECK_EQ_INT(j->finding.reason_count, 3);
	j->params.signatures = false;
	CHECK_NEAR(detect(j, ADIT_KIND_PAIR), 75);
	adit_pattern_destroy(j->patterns);
}
