/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Nanoseconds per packet of each stage of the packet path, as a ladder: every rung runs the same
 * packets through one stage more. They stand in memory (load.h); no mbufs, rings or threads.
 *
 * The pipeline's own file is included, so that a rung can end between its stages: what is measured
 * is the code of the appliance and not a copy of it.
 */
#include "pipeline.c"

#include "load.h"
#include "setup.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PASSES_MAX 1000

/* In the order of the path; a rung contains those above it. */
enum rung {
	RUNG_RX,
	RUNG_TOUCH,
	RUNG_DECODE,
	RUNG_WHO,
	RUNG_PARSE,
	RUNG_NAME,
	RUNG_MATCH,
	RUNG_COUNT,
	RUNGS
};
static const struct {
	const char *name, *what;
} rungs[RUNGS] = {
	{"rx", "hand out descriptors, load the headers ahead"},
	{"touch", "read a byte of each of them"},
	{"decode", "link to UDP and TCP, fragments, shard"},
	{"who", "outcomes counted; subscriber, digest"},
	{"parse", "duplicates, DNS message"},
	{"name", "registrable domain, profile, keys"},
	{"match", "signatures"},
	{"count", "tables; TCP and encrypted DNS"},
};

struct options {
	const char *only;
	struct load_params load;
	struct adit_config config;
	unsigned passes;
	size_t burst;
	bool json;
};

struct bench {
	struct load load;
	struct setup setup;
	size_t burst;
	uint64_t touched;
};

static void die(const char *text)
{
	fprintf(stderr, "stages: %s\n", text);
	exit(1);
}

/* The stages up to a rung, over a burst that is cut where adit_pipeline_run cuts it; what goes a
 * way of its own there is left out. */
static void stages_run(struct bench *bench, enum rung rung, const struct adit_frame *frames,
	const struct adit_packet *packets, size_t count)
{
	struct adit_pipeline *pipeline = bench->setup.pipeline;

	for (size_t i = 0; i < count; i++) {
		size_t items;

		i += stage_who(pipeline, frames + i, packets + i, count - i, &items);
		if (items != 0 && rung >= RUNG_PARSE)
			items = stage_parse(pipeline, items);
		if (items != 0 && rung >= RUNG_NAME)
			stage_name(pipeline, items);
		if (items != 0 && rung >= RUNG_MATCH)
			stage_match(pipeline, items);
	}
}

static void burst_run(
	struct bench *bench, enum rung rung, const struct adit_frame *from, size_t count)
{
	struct adit_frame frames[ADIT_BURST_MAX];
	struct adit_packet packets[ADIT_BURST_MAX];

	for (size_t i = 0; i < count; i++) {
		__builtin_prefetch(from[i].data);
		__builtin_prefetch(from[i].data + ADIT_CACHE_LINE);
	}
	for (size_t i = 0; i < count; i++) {
		frames[i] = from[i];
		/* The descriptor is made in every rung, whether or not it is used. */
		__asm__ volatile("" : : "r"(&frames[i]) : "memory");
		if (rung == RUNG_TOUCH)
			bench->touched += frames[i].data[12];
		if (rung >= RUNG_DECODE)
			adit_intake_take(&bench->setup.intake, &frames[i], &packets[i]);
	}
	if (rung == RUNG_COUNT)
		adit_pipeline_run(
			bench->setup.pipeline, bench->setup.window, frames, packets, count);
	else if (rung >= RUNG_WHO)
		stages_run(bench, rung, frames, packets, count);
}

/* All packets once; slices turn as they do in a worker. Callgrind collects in here. */
static __attribute__((noipa)) void pass_run(struct bench *bench, enum rung rung)
{
	const struct load *load = &bench->load;
	uint32_t slice = adit_slice_of(load->frames[0].ts_ns);

	for (size_t at = 0; at < load->count; at += bench->burst) {
		size_t rest = load->count - at;

		if (adit_slice_of(load->frames[at].ts_ns) > slice) {
			slice = adit_slice_of(load->frames[at].ts_ns);
			adit_window_open(bench->setup.window, slice);
		}
		burst_run(
			bench, rung, &load->frames[at], rest < bench->burst ? rest : bench->burst);
	}
}

/* Returns nanoseconds. What a pass remembers would make duplicates of the next one's packets. */
static uint64_t pass_time(struct bench *bench, enum rung rung)
{
	struct timespec begin, end;

	adit_pipeline_reset(bench->setup.pipeline);
	adit_reassembly_reset(bench->setup.intake.reassembly);
	adit_window_open(bench->setup.window, adit_slice_of(bench->load.frames[0].ts_ns));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	pass_run(bench, rung);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	return (uint64_t)(end.tv_sec - begin.tv_sec) * ADIT_NS_PER_S + (uint64_t)end.tv_nsec -
	       (uint64_t)begin.tv_nsec;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct result {
	double least, median; /* ns per packet */
};

/* Passes of all rungs take turns, so that a load on the machine meets each of them alike. */
static void measure(struct bench *bench, const struct options *options, struct result *results)
{
	static uint64_t times[RUNGS][PASSES_MAX];

	for (unsigned pass = 0; pass < options->passes; pass++)
		for (int rung = 0; rung < RUNGS; rung++)
			if (options->only == NULL || strcmp(options->only, rungs[rung].name) == 0)
				times[rung][pass] = pass_time(bench, (enum rung)rung);
	for (int rung = 0; rung < RUNGS; rung++) {
		double packets = (double)bench->load.count;

		qsort(times[rung], options->passes, sizeof(times[rung][0]), by_time);
		results[rung].least = (double)times[rung][0] / packets;
		results[rung].median = (double)times[rung][options->passes / 2] / packets;
	}
}

static void print_table(
	const struct bench *bench, const struct options *options, const struct result *results)
{
	const struct load *load = &bench->load;
	double before = 0;

	printf("%zu packets, %zu of them from the capture, %.0f bytes each, %u passes; ns per "
	       "packet\n\n",
		load->count, load->from_capture, (double)load->bytes / (double)load->count,
		options->passes);
	printf("stage      least  median   added  what\n");
	for (int rung = 0; rung < RUNGS; rung++) {
		if (results[rung].least == 0)
			continue;
		printf("%-8s %7.2f %7.2f %+7.2f  %s\n", rungs[rung].name, results[rung].least,
			results[rung].median, results[rung].least - before, rungs[rung].what);
		before = results[rung].least;
	}
}

static void print_json(
	const struct bench *bench, const struct options *options, const struct result *results)
{
	const struct load *load = &bench->load;
	const char *comma = "";

	printf("{\"schema\": \"adit.stages/2\", \"packets\": %zu, \"from_capture\": %zu, "
	       "\"bytes\": %llu, \"passes\": %u, \"burst\": %zu, \"ns_per_packet\": {",
		load->count, load->from_capture, (unsigned long long)load->bytes, options->passes,
		options->burst);
	for (int rung = 0; rung < RUNGS; rung++) {
		if (results[rung].least == 0)
			continue;
		printf("%s\"%s\": {\"least\": %.3f, \"median\": %.3f}", comma, rungs[rung].name,
			results[rung].least, results[rung].median);
		comma = ", ";
	}
	printf("}}\n");
}

static void usage(FILE *to)
{
	fputs("usage: stages [--dns-share P] [--gtpu] [--packets N] [--passes N] [--burst N]\n"
	      "              [--only STAGE] [--set section.name=value] [--json]\n"
	      "              CAPTURE\n",
		to);
}

static bool option_take(struct options *options, int choice, const char *value)
{
	struct adit_error error;

	switch (choice) {
	case 'n':
		options->passes = (unsigned)strtoul(value, NULL, 10);
		return options->passes != 0 && options->passes <= PASSES_MAX;
	case 'p':
		options->load.packets = strtoull(value, NULL, 10);
		return options->load.packets != 0;
	case 'b':
		options->burst = strtoull(value, NULL, 10);
		return options->burst != 0 && options->burst <= ADIT_BURST_MAX;
	case 'd':
		options->load.share = strtod(value, NULL);
		return options->load.share > 0 && options->load.share <= 100;
	case 'g':
		options->load.gtpu = true;
		return true;
	case 'o':
		options->only = value;
		return true;
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
		{"passes", required_argument, NULL, 'n'},
		{"packets", required_argument, NULL, 'p'},
		{"burst", required_argument, NULL, 'b'},
		{"dns-share", required_argument, NULL, 'd'},
		{"gtpu", no_argument, NULL, 'g'},
		{"only", required_argument, NULL, 'o'},
		{"set", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	int choice;

	while ((choice = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (!option_take(options, choice, optarg))
			return false;
	if (optind + 1 != argc)
		return false;
	options->load.capture = argv[optind];
	return true;
}

int main(int argc, char **argv)
{
	struct options options = {
		.passes = 11, .burst = ADIT_BURST_MAX, .load = {.packets = SIZE_MAX, .share = 100}};
	struct bench *bench = calloc(1, sizeof(*bench));
	struct result results[RUNGS];
	struct adit_error error;

	if (bench == NULL || adit_config_init(&options.config) != 0)
		die("no memory");
	if (!options_parse(&options, argc, argv)) {
		usage(stderr);
		return 2;
	}
	bench->burst = options.burst;
	if (setup_make(&bench->setup, &options.config, &error) != 0 ||
		load_read(&bench->load, &options.load, &error) != 0)
		die(error.text);
	measure(bench, &options, results);
	if (options.json)
		print_json(bench, &options, results);
	else
		print_table(bench, &options, results);
	setup_free(&bench->setup);
	load_free(&bench->load);
	adit_config_clear(&options.config);
	free(bench);
	return 0;
}
