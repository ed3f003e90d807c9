/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_quality.h"
#include "harness.h"

#include <errno.h>
#include <math.h>

static void check_near(double got, double want)
{
	if (!(fabs(got - want) < 1e-9))
		FAIL("%.12g, expected %.12g", got, want);
}

/* Worked by hand: flagged above 0.5 are 0.9, 0.8, 0.7 and 0.6. */
static const double scores[] = {0.9, 0.8, 0.7, 0.6, 0.5, 0.4, NAN};
static const uint8_t labels[] = {1, 1, 0, 1, 0, 0, 1};
static const struct adit_scored rows = {.scores = scores, .labels = labels, .count = 7};

TEST(quality, counts_what_is_above_the_threshold)
{
	struct adit_confusion counts = adit_quality_count(&rows, 0.5);

	CHECK_EQ_INT(counts.true_positives, 3);
	CHECK_EQ_INT(counts.false_positives, 1);
	CHECK_EQ_INT(counts.true_negatives, 2);
	CHECK_EQ_INT(counts.false_negatives, 1);
	check_near(adit_quality_precision(&counts), 0.75);
	check_near(adit_quality_recall(&counts), 0.75);
	check_near(adit_quality_f1(&counts), 0.75);
	check_near(adit_quality_false_rate(&counts), 1.0 / 3);
}

TEST(quality, a_share_of_nothing_is_no_number)
{
	struct adit_confusion counts = {.true_negatives = 5};

	CHECK(isnan(adit_quality_precision(&counts)));
	CHECK(isnan(adit_quality_recall(&counts)));
	CHECK(isnan(adit_quality_f1(&counts)));
	check_near(adit_quality_false_rate(&counts), 0);
}

TEST(quality, curves_go_from_strict_to_all)
{
	struct adit_curve curve;
	struct adit_error error = {""};

	REQUIRE(adit_quality_curve(&rows, &curve, &error) == 0);
	CHECK_EQ_INT(curve.count, 7);
	check_near(curve.points[0].threshold, 0.9);
	check_near(curve.points[0].recall, 0.25);
	check_near(curve.points[2].false_rate, 1.0 / 3);
	check_near(curve.points[2].precision, 2.0 / 3);
	CHECK(isinf(curve.points[6].threshold));
	check_near(curve.points[6].recall, 1);
	check_near(curve.points[6].false_rate, 1);
	/* Pairs in the right order: 3 + 3 + 2 + 0 of 12. */
	check_near(curve.roc_area, 8.0 / 12);
	check_near(curve.average_precision, (1 + 1 + 0.75 + 4.0 / 7) / 4);
	adit_quality_free_curve(&curve);
}

TEST(quality, ties_count_half)
{
	const double same[] = {1, 1, 1, 1};
	const uint8_t mixed[] = {1, 0, 0, 1};
	const struct adit_scored tied = {.scores = same, .labels = mixed, .count = 4};
	struct adit_curve curve;
	struct adit_error error = {""};

	REQUIRE(adit_quality_curve(&tied, &curve, &error) == 0);
	CHECK_EQ_INT(curve.count, 1);
	check_near(curve.roc_area, 0.5);
	check_near(curve.average_precision, 0.5);
	adit_quality_free_curve(&curve);
}

TEST(quality, one_label_alone_has_no_curve)
{
	const uint8_t benign[7] = {0};
	const struct adit_scored one = {.scores = scores, .labels = benign, .count = 7};
	struct adit_curve curve;
	struct adit_error error = {""};

	CHECK_EQ_INT(adit_quality_curve(&one, &curve, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "0 of 7 rows are positive; rows of both labels are needed");
	CHECK(curve.points == NULL);
}

/* Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3. */
TEST(quality, wilson_intervals_are_those_of_the_literature)
{
	struct adit_interval interval = adit_quality_wilson(81, 263, 0.95);

	CHECK(fabs(interval.low - 0.2553) < 5e-5 && fabs(interval.high - 0.3662) < 5e-5);
	interval = adit_quality_wilson(15, 148, 0.95);
	CHECK(fabs(interval.low - 0.0624) < 5e-5 && fabs(interval.high - 0.1605) < 5e-5);
	interval = adit_quality_wilson(0, 20, 0.95);
	CHECK(interval.low == 0 && fabs(interval.high - 0.1611) < 5e-5);
	interval = adit_quality_wilson(1, 29, 0.95);
	CHECK(fabs(interval.low - 0.0061) < 5e-5 && fabs(interval.high - 0.1718) < 5e-5);
	interval = adit_quality_wilson(29, 29, 0.95);
	CHECK(interval.high == 1);
	interval = adit_quality_wilson(0, 0, 0.95);
	CHECK(isnan(interval.value) && interval.low == 0 && interval.high == 1);
}

#define ROWS   2000
#define GROUPS 20

/* Twenty captures of a hundred rows; in a capture, all positives are found or none is. */
static void fill(double *score, uint8_t *label, uint32_t *group)
{
	for (uint32_t i = 0; i < ROWS; i++) {
		group[i] = i / (ROWS / GROUPS);
		label[i] = i % 2;
		score[i] = label[i] && group[i] % 4 != 0 ? 1 : 0;
	}
}

TEST(quality, whole_groups_make_intervals_honest)
{
	static double score[ROWS];
	static uint8_t label[ROWS];
	static uint32_t group[ROWS];
	struct adit_scored all = {.scores = score, .labels = label, .count = ROWS};
	struct adit_bootstrap_params params = {
		.samples = 2000, .confidence = 0.95, .seed = 3, .threshold = 0.5};
	struct adit_interval alone[ADIT_STATISTICS], grouped[ADIT_STATISTICS],
		again[ADIT_STATISTICS];
	struct adit_error error = {""};
	const struct adit_interval *recall = &grouped[ADIT_STATISTIC_RECALL];

	fill(score, label, group);
	REQUIRE(adit_quality_bootstrap(&all, &params, alone, &error) == 0);
	all.groups = group;
	all.group_count = GROUPS;
	REQUIRE(adit_quality_bootstrap(&all, &params, grouped, &error) == 0);
	REQUIRE(adit_quality_bootstrap(&all, &params, again, &error) == 0);
	CHECK_EQ_MEM(grouped, again, sizeof(again));
	/* Recall is the share of 20 groups: its deviation is √(0.75 × 0.25 / 20) = 0.097. */
	check_near(recall->value, 0.75);
	CHECK(recall->low > 0.50 && recall->low <= 0.60);
	CHECK(recall->high >= 0.90 && recall->high < 0.97);
	CHECK_EQ_INT(recall->undefined, 0);
	/* Taken for independent, the thousand positives give an interval of ± 0.027. */
	CHECK(alone[ADIT_STATISTIC_RECALL].low > 0.71);
	CHECK(alone[ADIT_STATISTIC_RECALL].high < 0.79);
	check_near(grouped[ADIT_STATISTIC_PRECISION].low, 1);
	check_near(grouped[ADIT_STATISTIC_FALSE_RATE].high, 0);
	check_near(grouped[ADIT_STATISTIC_ROC_AREA].value, 0.875);
	CHECK(grouped[ADIT_STATISTIC_AVERAGE_PRECISION].low < 0.875);
	CHECK(grouped[ADIT_STATISTIC_F1].high > grouped[ADIT_STATISTIC_F1].value);
}

TEST(quality, samples_without_a_value_are_counted)
{
	const double two[] = {1, 0};
	const uint8_t label[] = {1, 0};
	const struct adit_scored pair = {.scores = two, .labels = label, .count = 2};
	struct adit_bootstrap_params params = {
		.samples = 1000, .confidence = 0.95, .seed = 1, .threshold = 0.5};
	struct adit_interval intervals[ADIT_STATISTICS];
	struct adit_error error = {""};

	REQUIRE(adit_quality_bootstrap(&pair, &params, intervals, &error) == 0);
	/* A quarter of the samples is the negative row twice. */
	CHECK(intervals[ADIT_STATISTIC_RECALL].undefined > 200);
	CHECK(intervals[ADIT_STATISTIC_RECALL].undefined < 300);
	CHECK(intervals[ADIT_STATISTIC_ROC_AREA].undefined > 400);
	check_near(intervals[ADIT_STATISTIC_RECALL].low, 1);
}

TEST(quality, wrong_settings_are_refused)
{
	const uint32_t group[7] = {0, 1, 2};
	struct adit_scored grouped = rows;
	struct adit_bootstrap_params params = {.samples = 5, .confidence = 0.95};
	struct adit_interval intervals[ADIT_STATISTICS];
	struct adit_error error = {""};

	CHECK_EQ_INT(adit_quality_bootstrap(&rows, &params, intervals, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "5 samples, confidence 0.95; right is 10 to 1000000, and 0 to 1");
	params.samples = 10;
	grouped.groups = group;
	grouped.group_count = 2;
	CHECK_EQ_INT(adit_quality_bootstrap(&grouped, &params, intervals, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "row 2 is of group 2; there are 2");
}
