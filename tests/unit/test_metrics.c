/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_metrics.h"
#include "adit_outcome.h"
#include "harness.h"

#include <errno.h>
#include <stdlib.h>

static struct adit_metrics *make(size_t counters, size_t cells)
{
	struct adit_metrics *metrics = NULL;

	return adit_metrics_create(&metrics, counters, cells, NULL) == 0 ? metrics : NULL;
}

static void check_text(const struct adit_metrics *metrics, const char *want)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	CHECK_EQ_INT(adit_metrics_write(metrics, ADIT_METRICS_OPENMETRICS, "", to), 0);
	fclose(to);
	CHECK_EQ_STR(text, want);
	free(text);
}

TEST(metrics, text)
{
	static const struct adit_metrics_counter counters[] = {
		{"adit_packets", "Packets by outcome", "packets", "outcome", "dns_query"},
		{"adit_reloads", "Reloads that were \"taken\"\nor not, \\ both", NULL, NULL, NULL},
		{"adit_packets", "Packets by outcome", "packets", "outcome", "a\"b\\c\nd"},
	};
	const uint64_t cells[] = {7, UINT64_MAX, 3};
	struct adit_metrics *metrics = make(3, 3);

	REQUIRE(metrics != NULL);
	for (size_t i = 0; i < 3; i++) {
		CHECK_EQ_INT(adit_metrics_add(metrics, &counters[i]), i);
		CHECK_EQ_INT(adit_metrics_bind(metrics, i, &cells[i]), 0);
	}
	check_text(metrics,
		"# TYPE adit_packets counter\n"
		"# UNIT adit_packets packets\n"
		"# HELP adit_packets Packets by outcome\n"
		"adit_packets_total{outcome=\"dns_query\"} 7\n"
		"adit_packets_total{outcome=\"a\\\"b\\\\c\\nd\"} 3\n"
		"# TYPE adit_reloads counter\n"
		"# HELP adit_reloads Reloads that were \\\"taken\\\"\\nor not, \\\\ both\n"
		"adit_reloads_total 18446744073709551615\n"
		"# EOF\n");
	adit_metrics_free(metrics);
}

/* What goes up and down, and what is told in seconds, in both formats. */
TEST(metrics, gauges_and_seconds)
{
	static const struct adit_metrics_counter counters[] = {
		{"lag_seconds", "Lag", "seconds", NULL, NULL, true, true},
		{"busy_seconds", "\"Busy\" \\", "seconds", NULL, NULL, false, true},
		{"rows", "Rows", NULL, "table", "a", true, false},
	};
	uint64_t cells[] = {1500000000, 7, 3};
	struct adit_metrics *metrics = make(3, 3);
	struct adit_metrics_counter other = counters[2];
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	REQUIRE(metrics != NULL);
	for (size_t i = 0; i < 3; i++) {
		CHECK_EQ_INT(adit_metrics_add(metrics, &counters[i]), i);
		CHECK_EQ_INT(adit_metrics_bind(metrics, i, &cells[i]), 0);
	}
	other.value = "b";
	other.is_gauge = false;
	CHECK_EQ_INT(adit_metrics_add(metrics, &other), -EINVAL);
	CHECK_EQ_INT(adit_metrics_write(metrics, ADIT_METRICS_PROMETHEUS, "adit_", to), 0);
	fclose(to);
	CHECK_EQ_STR(text, "# TYPE adit_lag_seconds gauge\n"
			   "# HELP adit_lag_seconds Lag\n"
			   "adit_lag_seconds 1.500000000\n"
			   "# TYPE adit_busy_seconds_total counter\n"
			   "# HELP adit_busy_seconds_total \"Busy\" \\\\\n"
			   "adit_busy_seconds_total 0.000000007\n"
			   "# TYPE adit_rows gauge\n"
			   "# HELP adit_rows Rows\n"
			   "adit_rows{table=\"a\"} 3\n");
	free(text);
	/* A reset is for what is counted. */
	adit_metrics_reset(metrics);
	check_text(metrics, "# TYPE lag_seconds gauge\n"
			    "# UNIT lag_seconds seconds\n"
			    "# HELP lag_seconds Lag\n"
			    "lag_seconds 1.500000000\n"
			    "# TYPE busy_seconds counter\n"
			    "# UNIT busy_seconds seconds\n"
			    "# HELP busy_seconds \\\"Busy\\\" \\\\\n"
			    "busy_seconds_total 0.000000000\n"
			    "# TYPE rows gauge\n"
			    "# HELP rows Rows\n"
			    "rows{table=\"a\"} 3\n"
			    "# EOF\n");
	adit_metrics_free(metrics);
}

/* Two labels, and the same name with another second value. */
TEST(metrics, two_labels)
{
	struct adit_metrics_counter counter = {.name = "written",
		.help = "Records",
		.label = "sink",
		.value = "siem",
		.second = "type",
		.second_value = "sys\"log"};
	const uint64_t cells[] = {4, 5};
	struct adit_metrics *metrics = make(3, 3);

	REQUIRE(metrics != NULL);
	CHECK_EQ_INT(adit_metrics_add(metrics, &counter), 0);
	CHECK_EQ_INT(adit_metrics_bind(metrics, 0, &cells[0]), 0);
	CHECK_EQ_INT(adit_metrics_add(metrics, &counter), -EEXIST);
	counter.second_value = "kafka";
	CHECK_EQ_INT(adit_metrics_add(metrics, &counter), 1);
	CHECK_EQ_INT(adit_metrics_bind(metrics, 1, &cells[1]), 0);
	counter.second = NULL;
	CHECK_EQ_INT(adit_metrics_add(metrics, &counter), -EINVAL);
	counter.second = "kind";
	CHECK_EQ_INT(adit_metrics_add(metrics, &counter), -EINVAL);
	counter.label = counter.value = NULL;
	counter.name = "other";
	CHECK_EQ_INT(adit_metrics_add(metrics, &counter), -EINVAL);
	check_text(metrics, "# TYPE written counter\n"
			    "# HELP written Records\n"
			    "written_total{sink=\"siem\",type=\"sys\\\"log\"} 4\n"
			    "written_total{sink=\"siem\",type=\"kafka\"} 5\n"
			    "# EOF\n");
	adit_metrics_free(metrics);
}

/* Buckets add up, the sum is in seconds, and a reset leaves nothing of either. */
TEST(metrics, histogram)
{
	static const uint64_t bounds[] = {5000000, 1000000000, 12500000000};
	static const struct adit_metrics_histogram of = {bounds, 3};
	struct adit_metrics_counter counter = {.name = "scoring_seconds",
		.help = "Scoring",
		.unit = "seconds",
		.is_ns = true,
		.histogram = &of};
	uint64_t cells[] = {2, 0, 3, 1, 31000000005};
	struct adit_metrics *metrics = make(2, 5);
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	REQUIRE(metrics != NULL);
	CHECK_EQ_INT(adit_metrics_add(metrics, &counter), 0);
	for (size_t i = 0; i < 5; i++)
		CHECK_EQ_INT(adit_metrics_bind(metrics, 0, &cells[i]), 0);
	CHECK_EQ_INT(adit_metrics_read(metrics, 0), 6);
	check_text(metrics, "# TYPE scoring_seconds histogram\n"
			    "# UNIT scoring_seconds seconds\n"
			    "# HELP scoring_seconds Scoring\n"
			    "scoring_seconds_bucket{le=\"0.005\"} 2\n"
			    "scoring_seconds_bucket{le=\"1.0\"} 2\n"
			    "scoring_seconds_bucket{le=\"12.5\"} 5\n"
			    "scoring_seconds_bucket{le=\"+Inf\"} 6\n"
			    "scoring_seconds_sum 31.000000005\n"
			    "scoring_seconds_count 6\n"
			    "# EOF\n");
	adit_metrics_reset(metrics);
	cells[0] += 4;
	cells[4] += 4000000;
	CHECK_EQ_INT(adit_metrics_read(metrics, 0), 4);
	CHECK_EQ_INT(adit_metrics_write(metrics, ADIT_METRICS_PROMETHEUS, "adit_", to), 0);
	fclose(to);
	CHECK_EQ_STR(text, "# TYPE adit_scoring_seconds histogram\n"
			   "# HELP adit_scoring_seconds Scoring\n"
			   "adit_scoring_seconds_bucket{le=\"0.005\"} 4\n"
			   "adit_scoring_seconds_bucket{le=\"1.0\"} 4\n"
			   "adit_scoring_seconds_bucket{le=\"12.5\"} 4\n"
			   "adit_scoring_seconds_bucket{le=\"+Inf\"} 4\n"
			   "adit_scoring_seconds_sum 0.004000000\n"
			   "adit_scoring_seconds_count 4\n");
	free(text);
	counter.name = "other_seconds";
	counter.is_ns = false;
	CHECK_EQ_INT(adit_metrics_add(metrics, &counter), -EINVAL);
	adit_metrics_free(metrics);
}

TEST(metrics, text_of_nothing_is_its_end)
{
	struct adit_metrics *metrics = make(0, 0);

	REQUIRE(metrics != NULL);
	check_text(metrics, "# EOF\n");
	adit_metrics_free(metrics);
}

TEST(metrics, write_tells_that_it_failed)
{
	struct adit_metrics *metrics = make(0, 0);
	FILE *full = fopen("/dev/full", "w");

	REQUIRE(metrics != NULL && full != NULL);
	CHECK_EQ_INT(adit_metrics_write(metrics, ADIT_METRICS_OPENMETRICS, "", full), -EIO);
	fclose(full);
	adit_metrics_free(metrics);
}

/* Two workers count packets, each with one cell per outcome: what came in is what the outcomes
 * add up to, over all cells and for each worker, before and after a reset. */
TEST(metrics, outcomes_add_up)
{
	uint64_t received[2] = {0}, cells[2][ADIT_OUTCOME_COUNT] = {{0}}, sum = 0, each[2] = {0};
	struct adit_metrics *metrics = make(ADIT_OUTCOME_COUNT, 2 * ADIT_OUTCOME_COUNT);

	REQUIRE(metrics != NULL);
	for (size_t i = 0; i < ADIT_OUTCOME_COUNT; i++) {
		struct adit_metrics_counter counter = {
			"adit_packets", "Packets", "packets", "outcome", adit_outcome_names[i]};

		REQUIRE(adit_metrics_add(metrics, &counter) == (int)i);
		for (size_t worker = 0; worker < 2; worker++)
			REQUIRE(adit_metrics_bind(metrics, i, &cells[worker][i]) == 0);
		CHECK_EQ_INT(adit_metrics_cells(metrics, i), 2);
	}
	for (size_t round = 0; round < 2; round++) {
		for (size_t packet = 0; packet < 1000; packet++) {
			size_t worker = packet % 3 == 0;

			received[worker]++;
			cells[worker][packet * 7 % ADIT_OUTCOME_COUNT]++;
		}
		sum = each[0] = each[1] = 0;
		for (size_t i = 0; i < adit_metrics_count(metrics); i++) {
			sum += adit_metrics_read(metrics, i);
			for (size_t worker = 0; worker < 2; worker++)
				each[worker] += adit_metrics_read_cell(metrics, i, worker);
		}
		CHECK_EQ_INT(sum, 1000);
		CHECK_EQ_INT(each[0], received[0]);
		CHECK_EQ_INT(each[1], received[1]);
		adit_metrics_reset(metrics);
		received[0] = received[1] = 0;
	}
	adit_metrics_free(metrics);
}

TEST(metrics, reset_subtracts_and_leaves_the_cell_alone)
{
	struct adit_metrics_counter counter = {"adit_x", "X", NULL, NULL, NULL};
	uint64_t cell = UINT64_MAX - 1;
	struct adit_metrics *metrics = make(1, 1);

	REQUIRE(metrics != NULL);
	adit_metrics_add(metrics, &counter);
	adit_metrics_bind(metrics, 0, &cell);
	adit_metrics_reset(metrics);
	CHECK(cell == UINT64_MAX - 1);
	CHECK_EQ_INT(adit_metrics_read(metrics, 0), 0);
	cell += 5; /* round the end */
	CHECK_EQ_INT(adit_metrics_read(metrics, 0), 5);
	adit_metrics_reset(metrics);
	cell += 2;
	CHECK_EQ_INT(adit_metrics_read(metrics, 0), 2);
	CHECK_EQ_INT(adit_metrics_read_cell(metrics, 0, 0), 2);
	adit_metrics_free(metrics);
}

TEST(metrics, refuses_what_the_format_cannot_say)
{
	static const struct adit_metrics_counter bad[] = {
		{"", "h", NULL, NULL, NULL},
		{"9lives", "h", NULL, NULL, NULL},
		{"a-b", "h", NULL, NULL, NULL},
		{"adit_total", "h", NULL, NULL, NULL},
		{"adit_x", NULL, NULL, NULL, NULL},
		{NULL, "h", NULL, NULL, NULL},
		{"adit_x", "h", "bytes", NULL, NULL},
		{"bytes", "h", "bytes", NULL, NULL},
		{"adit_x", "h", NULL, "worker", NULL},
		{"adit_x", "h", NULL, NULL, "0"},
		{"adit_x", "h", NULL, "a b", "0"},
	};
	struct adit_metrics *metrics = make(1, 1);

	REQUIRE(metrics != NULL);
	for (size_t i = 0; i < ADIT_COUNT(bad); i++)
		CHECK_EQ_INT(adit_metrics_add(metrics, &bad[i]), -EINVAL);
	CHECK_EQ_INT(adit_metrics_count(metrics), 0);
	adit_metrics_free(metrics);
}

TEST(metrics, counters_of_one_name_agree)
{
	static const struct adit_metrics_counter first = {"adit_b", "h", NULL, "worker", "0"},
						 again = {"adit_b", "h", NULL, "worker", "0"},
						 second = {"adit_b", "h", NULL, "worker", "1"};
	static const struct adit_metrics_counter other[] = {
		{"adit_b", "other help", NULL, "worker", "1"},
		{"adit_b", "h", "b", "worker", "1"},
		{"adit_b", "h", NULL, "port", "1"},
		{"adit_b", "h", NULL, NULL, NULL},
	};
	struct adit_metrics *metrics = make(2, 1);

	REQUIRE(metrics != NULL);
	CHECK_EQ_INT(adit_metrics_add(metrics, &first), 0);
	CHECK_EQ_INT(adit_metrics_add(metrics, &again), -EEXIST);
	for (size_t i = 0; i < ADIT_COUNT(other); i++)
		CHECK_EQ_INT(adit_metrics_add(metrics, &other[i]), -EINVAL);
	CHECK_EQ_INT(adit_metrics_add(metrics, &second), 1);
	CHECK_EQ_STR(adit_metrics_get(metrics, 1)->value, "1");
	CHECK(adit_metrics_get(metrics, 2) == NULL);
	adit_metrics_free(metrics);
}

TEST(metrics, is_full_when_it_is_full)
{
	static const struct adit_metrics_counter one = {"adit_one", "h", NULL, NULL, NULL},
						 two = {"adit_two", "h", NULL, NULL, NULL};
	uint64_t cells[2] = {1, 2};
	struct adit_metrics *metrics = make(1, 1);

	REQUIRE(metrics != NULL);
	CHECK_EQ_INT(adit_metrics_bind(metrics, 0, &cells[0]), -EINVAL);
	CHECK_EQ_INT(adit_metrics_add(metrics, &one), 0);
	CHECK_EQ_INT(adit_metrics_add(metrics, &two), -ENOSPC);
	CHECK_EQ_INT(adit_metrics_bind(metrics, 0, NULL), -EINVAL);
	CHECK_EQ_INT(adit_metrics_bind(metrics, 0, &cells[0]), 0);
	CHECK_EQ_INT(adit_metrics_bind(metrics, 0, &cells[1]), -ENOSPC);
	CHECK_EQ_INT(adit_metrics_read(metrics, 0), 1);
	CHECK_EQ_INT(adit_metrics_read(metrics, 1), 0);
	CHECK_EQ_INT(adit_metrics_read_cell(metrics, 0, 1), 0);
	adit_metrics_free(metrics);
}

TEST(metrics, survives_every_failed_allocation)
{
	for (size_t fail_at = 0;; fail_at++) {
		struct harness_allocator allocator;
		struct adit_metrics *metrics = NULL;
		int rc;

		harness_allocator_init(&allocator, fail_at);
		rc = adit_metrics_create(&metrics, 4, 4, &allocator.allocator);
		if (rc == 0) {
			CHECK(fail_at > 0);
			adit_metrics_free(metrics);
			CHECK_EQ_INT(allocator.live, 0);
			break;
		}
		CHECK_EQ_INT(rc, -ENOMEM);
		CHECK(metrics == NULL);
		CHECK_EQ_INT(allocator.live, 0);
	}
	adit_metrics_free(NULL);
}
