/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a slice costs the scoring core. Packets (mix.h) go through the code of a worker into a
 * window, and the window to the scorer: rows, records and looks are what the program makes of such
 * traffic. Before slices are measured, others fill the history of a day.
 */
#include "mix.h"
#include "setup.h"

#include <getopt.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLICES_MAX 60
/* Windows that fill the history, in turns: the names of a day come again and again. */
#define WARM_WINDOWS 3
/* Some day in November 2026, at noon; the first slice that is measured begins a minute. */
#define FIRST_SLICE UINT32_C(179604000)

/* How long before that the slices of the history are: each hour of a day, then closer. */
#define HOUR(n)   ((n)*ADIT_HOUR_SLICES)
#define MINUTE(n) ((n)*ADIT_MINUTE_SLICES)
static const uint32_t history[] = {HOUR(23), HOUR(22), HOUR(21), HOUR(20), HOUR(19), HOUR(18),
	HOUR(17), HOUR(16), HOUR(15), HOUR(14), HOUR(13), HOUR(12), HOUR(11), HOUR(10), HOUR(9),
	HOUR(8), HOUR(7), HOUR(6), HOUR(5), HOUR(4), HOUR(3), HOUR(2), MINUTE(75), MINUTE(55),
	MINUTE(45), MINUTE(35), MINUTE(28), MINUTE(22), MINUTE(17), MINUTE(13), MINUTE(9),
	MINUTE(7), MINUTE(5), MINUTE(4), MINUTE(3), MINUTE(2), MINUTE(1), 1};

struct options {
	struct adit_config config;
	uint64_t rows; /* of a slice */
	unsigned slices;
	bool json;
};

struct bench {
	struct setup setup;
	struct mix *mix;
	struct adit_window *warm[WARM_WINDOWS];
	struct adit_scorer *scorer;
	/* of the slice that is made */
	struct adit_window *window;
	uint64_t packets;
	/* verdicts that were told */
	uint64_t verdicts;
	int instructions; /* file descriptor; -1: the machine counts none */
};

struct cost {
	uint64_t ns, instructions, packets;
	uint64_t rows[ADIT_KIND_COUNT];
	struct adit_score_counters reached; /* in this slice */
	uint64_t verdicts;
};

static void die(const char *text)
{
	fprintf(stderr, "scoring: %s\n", text);
	exit(1);
}

/* ---- a slice */

static void packet_take(void *context, const struct adit_frame *given)
{
	struct bench *bench = context;
	struct adit_frame frame = *given;
	struct adit_packet packet;

	adit_intake_take(&bench->setup.intake, &frame, &packet);
	adit_pipeline_run(bench->setup.pipeline, bench->window, &frame, &packet, 1);
	bench->packets++;
}

static uint64_t rows_of(const struct adit_window *window, enum adit_kind kind)
{
	uint64_t rows = 0;

	for (uint32_t shard = 0; shard < ADIT_SHARDS; shard++)
		rows += adit_window_rows(window, shard, kind);
	return rows;
}

static uint64_t rows_all(const struct adit_window *window)
{
	uint64_t rows = 0;

	for (int kind = 0; kind < ADIT_KIND_COUNT; kind++)
		rows += rows_of(window, (enum adit_kind)kind);
	return rows;
}

/* Visits until there are so many rows. */
static void slice_make(
	struct bench *bench, struct adit_window *window, uint32_t slice, uint64_t rows)
{
	uint64_t have = 0, begin = slice * ADIT_SLICE_NS;
	/* What lasts must not reach into the next slice. */
	uint64_t step = (ADIT_SLICE_NS - 2 * ADIT_NS_PER_S) / (rows + 1);

	adit_window_open(window, slice);
	bench->window = window;
	for (uint64_t visit = 0; have < rows; visit++) {
		mix_visit(bench->mix, begin + have * step, packet_take, bench);
		if (visit % 256 == 0)
			have = rows_all(window);
	}
}

static __attribute__((noipa)) void slice_score(
	struct bench *bench, struct adit_window *window, uint32_t slice)
{
	adit_scorer_slice(bench->scorer, slice, &window, 1);
}

static void verdict_count(void *context, const struct adit_verdict *verdict)
{
	struct bench *bench = context;

	bench->verdicts++;
}

/* ---- measuring */

static int instructions_open(void)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
		.exclude_hv = 1};

	return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

static uint64_t instructions_now(const struct bench *bench)
{
	uint64_t count = 0;

	if (bench->instructions >= 0 &&
		read(bench->instructions, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* All counters are 64 bits wide. */
static void counters_subtract(
	struct adit_score_counters *from, const struct adit_score_counters *before)
{
	uint64_t *a = (uint64_t *)from;
	const uint64_t *b = (const uint64_t *)before;

	for (size_t i = 0; i < sizeof(*from) / sizeof(*a); i++)
		a[i] -= b[i];
}

static void slice_measure(struct bench *bench, uint32_t slice, uint64_t rows, struct cost *cost)
{
	struct adit_window *window = bench->setup.window;
	struct adit_score_counters before = *adit_scorer_counters(bench->scorer);
	uint64_t begin, instructions;

	bench->packets = bench->verdicts = 0;
	slice_make(bench, window, slice, rows);
	for (int kind = 0; kind < ADIT_KIND_COUNT; kind++)
		cost->rows[kind] = rows_of(window, (enum adit_kind)kind);
	cost->packets = bench->packets;
	instructions = instructions_now(bench);
	begin = cpu_ns();
	slice_score(bench, window, slice);
	cost->ns = cpu_ns() - begin;
	cost->instructions = instructions_now(bench) - instructions;
	cost->verdicts = bench->verdicts;
	cost->reached = *adit_scorer_counters(bench->scorer);
	counters_subtract(&cost->reached, &before);
}

static void history_make(struct bench *bench, uint64_t rows)
{
	for (size_t i = 0; i < ADIT_COUNT(history); i++) {
		struct adit_window *window = bench->warm[i % WARM_WINDOWS];
		uint32_t slice = FIRST_SLICE - history[i];

		if (i < WARM_WINDOWS)
			slice_make(bench, window, slice, rows);
		window->first_slice = window->last_slice = slice;
		for (uint32_t k = 0; k < window->look_count; k++)
			window->looks[k].judged = false;
		slice_score(bench, window, slice);
	}
	for (size_t i = 0; i < WARM_WINDOWS; i++)
		adit_window_destroy(bench->warm[i]);
}

/* ---- set-up */

/* Tables that hold the rows asked for, and a history to match. */
static void tables_size(struct adit_config *config, uint64_t rows)
{
	int64_t n = (int64_t)(rows < 4096 ? 4096 : rows);

	config->window_domains = config->window_pairs = config->window_tracks = n;
	config->window_sessions = config->window_details = n / 2;
	config->window_servers = n / 8;
	config->history_keys = 3 * n;
	config->history_entries = 8 * n;
	config->history_details = n;
	config->history_sessions = n;
	config->history_domains = n;
	config->history_bursts = n / 4;
}

static void bench_make(struct bench *bench, struct options *options)
{
	struct adit_score_params params;
	const struct mix_params mix = {
		.subscribers = (uint32_t)(options->rows / 2 + 64), .domains = 200000};
	struct adit_error error;

	if (setup_make(&bench->setup, &options->config, &error) != 0)
		die(error.text);
	bench->mix = mix_create(&mix);
	for (size_t i = 0; i < WARM_WINDOWS; i++) {
		bench->warm[i] = setup_window(&options->config);
		if (bench->warm[i] == NULL)
			die("no memory for the tables");
	}
	if (bench->mix == NULL)
		die("no memory");
	params = app_score_params(&bench->setup.appliance);
	params.verdict = verdict_count;
	params.context = bench;
	bench->scorer = adit_scorer_create(&params, NULL);
	if (bench->scorer == NULL)
		die("no memory for the history");
	bench->instructions = instructions_open();
}

static void bench_free(struct bench *bench)
{
	adit_scorer_destroy(bench->scorer);
	mix_destroy(bench->mix);
	setup_free(&bench->setup);
	adit_free(NULL, bench);
}

/* ---- output */

static double mean(const struct cost *costs, unsigned count, size_t offset)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += (double)*(const uint64_t *)((const char *)&costs[i] + offset);
	return sum / count;
}

/* Numbers of a slice. */
static const struct {
	const char *name, *what;
	size_t offset;
} numbers[] = {
#define NUMBER(name, field, what)                        \
	{                                                \
		name, what, offsetof(struct cost, field) \
	}
	NUMBER("packets", packets, "DNS packets"),
	NUMBER("domain_rows", rows[ADIT_KIND_DOMAIN], "rows by domain"),
	NUMBER("pair_rows", rows[ADIT_KIND_PAIR], "rows by subscriber × domain"),
	NUMBER("server_rows", rows[ADIT_KIND_SERVER], "rows by subscriber × server"),
	NUMBER("session_rows", rows[ADIT_KIND_SESSION], "rows by subscriber"),
	NUMBER("touched", reached.touched, "keys that got something"),
	NUMBER("judged", reached.judged, "of them, past the filter"),
	NUMBER("light", reached.light, "their rows over spans of too little"),
	NUMBER("features_slice", reached.rows[ADIT_SPAN_SLICE], "features over the slice"),
	NUMBER("features_10min", reached.rows[ADIT_SPAN_10MIN], "features over 10 minutes"),
	NUMBER("features_hour", reached.rows[ADIT_SPAN_HOUR], "features over an hour"),
	NUMBER("features_day", reached.rows[ADIT_SPAN_DAY], "features over a day"),
	NUMBER("trees", reached.models[ADIT_MODEL_TREES], "rows that trees scored"),
	NUMBER("svm", reached.models[ADIT_MODEL_SVM], "rows that SVMs scored"),
	NUMBER("envelope", reached.models[ADIT_MODEL_ENVELOPE], "rows that envelopes scored"),
	NUMBER("suspects", reached.suspects, "rows with the score of a suspect"),
	NUMBER("tunnels", reached.tunnels, "rows with the score of a tunnel"),
	NUMBER("looks", reached.looks, "looks within the slice"),
	NUMBER("verdicts", verdicts, "records told"),
#undef NUMBER
};

static void print_table(const struct options *options, const struct cost *costs)
{
	printf("slice   ms  of 10 s  ns/row  instructions/row\n");
	for (unsigned i = 0; i < options->slices; i++) {
		uint64_t rows = 0;

		for (int kind = 0; kind < ADIT_KIND_COUNT; kind++)
			rows += costs[i].rows[kind];
		printf("%5u %5.0f  %5.2f %%  %6.0f  ", i, (double)costs[i].ns / 1e6,
			(double)costs[i].ns / 1e8, (double)costs[i].ns / (double)rows);
		if (costs[i].instructions != 0)
			printf("%.0f\n", (double)costs[i].instructions / (double)rows);
		else
			printf("not counted here\n");
	}
	printf("\nof a slice, mean over %u\n", options->slices);
	for (size_t i = 0; i < ADIT_COUNT(numbers); i++)
		printf("%12.0f  %s\n", mean(costs, options->slices, numbers[i].offset),
			numbers[i].what);
}

static void print_json(const struct options *options, const struct cost *costs)
{
	printf("{\"schema\": \"adit.scoring/1\", \"slices\": %u, \"ns\": [", options->slices);
	for (unsigned i = 0; i < options->slices; i++)
		printf("%s%llu", i != 0 ? ", " : "", (unsigned long long)costs[i].ns);
	printf("], \"instructions\": %.0f",
		mean(costs, options->slices, offsetof(struct cost, instructions)));
	for (size_t i = 0; i < ADIT_COUNT(numbers); i++)
		printf(", \"%s\": %.1f", numbers[i].name,
			mean(costs, options->slices, numbers[i].offset));
	printf("}\n");
}

/* ---- command line */

static void usage(FILE *to)
{
	fputs("usage: scoring [--rows N] [--slices N] [--set section.name=value] [--json]\n", to);
}

static bool option_take(struct options *options, int choice, const char *value)
{
	struct adit_error error;

	switch (choice) {
	case 'r':
		options->rows = strtoull(value, NULL, 10);
		tables_size(&options->config, options->rows);
		return options->rows != 0 && options->rows <= 10000000;
	case 'n':
		options->slices = (unsigned)strtoul(value, NULL, 10);
		return options->slices != 0 && options->slices <= SLICES_MAX;
	case 's':
		if (adit_config_set(&options->config, value, &error) != 0)
			die(error.text);
		return true;
	case 'j':
		options->json = true;
		return true;
	default:
		return false;
	}
}

static bool options_parse(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{"rows", required_argument, NULL, 'r'},
		{"slices", required_argument, NULL, 'n'},
		{"set", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	int choice;

	while ((choice = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (!option_take(options, choice, optarg))
			return false;
	return optind == argc;
}

int main(int argc, char **argv)
{
	struct options options = {.rows = 1000000, .slices = 6};
	struct bench *bench = adit_alloc(NULL, sizeof(*bench), _Alignof(struct bench));
	static struct cost costs[SLICES_MAX];

	if (bench == NULL || adit_config_init(&options.config) != 0)
		die("no memory");
	tables_size(&options.config, options.rows);
	if (!options_parse(&options, argc, argv)) {
		usage(stderr);
		return 2;
	}
	bench_make(bench, &options);
	history_make(bench, options.rows);
	for (unsigned i = 0; i < options.slices; i++)
		slice_measure(bench, FIRST_SLICE + i, options.rows, &costs[i]);
	if (options.json)
		print_json(&options, costs);
	else
		print_table(&options, costs);
	bench_free(bench);
	adit_config_clear(&options.config);
	return 0;
}
