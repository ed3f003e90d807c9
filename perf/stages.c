/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Nanoseconds per packet of each stage of the packet path, as a ladder: every rung runs the same
 * packets through one stage more. The capture is read into memory once; no mbufs, rings or threads.
 *
 * The pipeline's own file is included, so that a rung can end between its stages: what is measured
 * is the code of the appliance and not a copy of it.
 */
#include "pipeline.c"

#include "capture.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BURST      64
#define PASSES_MAX 1000

/* In the order of the path; a rung contains those above it. */
enum rung { RUNG_TOUCH, RUNG_DECODE, RUNG_PARSE, RUNG_NAME, RUNG_MATCH, RUNG_COUNT, RUNGS };
static const struct {
	const char *name, *what;
} rungs[RUNGS] = {
	{"touch", "read the first bytes"},
	{"decode", "link to UDP, shard"},
	{"parse", "DNS message"},
	{"name", "registrable domain, profile, keys"},
	{"match", "signatures"},
	{"count", "tables"},
};

struct options {
	const char *capture, *patterns, *suffixes, *only;
	unsigned passes, room; /* `room`: times the default size of the tables */
	size_t packets;
	bool json;
};

struct load {
	struct adit_frame *frames;
	size_t count, room;
	size_t bytes;
};

struct bench {
	struct load load;
	struct adit_ports ports;
	struct adit_suffix_list *suffixes;
	struct adit_pattern_set *patterns;
	struct adit_pipeline *pipeline;
	struct adit_window *window;
	uint64_t touched;
};

static void die(const char *text)
{
	fprintf(stderr, "stages: %s\n", text);
	exit(1);
}

static void load_add(struct load *load, const struct adit_frame *frame)
{
	uint8_t *data = malloc(frame->captured + 1u);

	if (load->count == load->room) {
		load->room = load->room != 0 ? load->room * 2 : 1 << 16;
		load->frames = realloc(load->frames, load->room * sizeof(*load->frames));
	}
	if (data == NULL || load->frames == NULL)
		die("no memory for the capture");
	memcpy(data, frame->data, frame->captured);
	load->frames[load->count] = *frame;
	load->frames[load->count].data = data;
	load->frames[load->count++].readable_tail = 0;
	load->bytes += frame->captured;
}

static void load_read(struct load *load, const struct options *options)
{
	struct app_capture *capture;
	struct adit_frame frame;
	struct adit_error error;
	int status = app_capture_open(options->capture, &capture, &error);

	if (status != 0)
		die(error.text);
	while (load->count < options->packets &&
		(status = app_capture_next(capture, &frame, &error)) > 0)
		load_add(load, &frame);
	if (status < 0)
		die(error.text);
	app_capture_close(capture);
	if (load->count == 0)
		die("the capture is empty");
}

static void bench_make(struct bench *bench, const struct options *options)
{
	/* The appliance's defaults times `room`, one worker. */
	const struct adit_window_params window = {.shards = ADIT_SHARDS,
		.rows = {1024 * options->room, 1024 * options->room, 256 * options->room},
		.details = 256 * options->room};
	struct adit_pipeline_params params = {
		.ports = &bench->ports, .key = &adit_hash_key_fixed, .workers = 1};
	struct adit_error error = {"no memory"};

	adit_ports_add(&bench->ports, 53);
	if (adit_suffix_load(options->suffixes, NULL, &bench->suffixes, &error) != 0 ||
		adit_pattern_load(options->patterns, &bench->patterns, &error) != 0)
		die(error.text);
	params.suffixes = bench->suffixes;
	params.patterns = bench->patterns;
	if (adit_pipeline_create(&params, NULL, &bench->pipeline, &error) != 0)
		die(error.text);
	bench->window = adit_window_create(&window, NULL);
	if (bench->window == NULL)
		die("no memory for the tables");
}

static void burst_run(
	struct bench *bench, enum rung rung, const struct adit_frame *frames, size_t count)
{
	struct adit_pipeline *pipeline = bench->pipeline;
	struct adit_packet packets[BURST];
	size_t items;

	if (rung == RUNG_TOUCH) {
		for (size_t i = 0; i < count; i++)
			bench->touched += frames[i].data[12];
		return;
	}
	adit_pipeline_decode(pipeline, frames, packets, count);
	if (rung == RUNG_DECODE)
		return;
	if (rung == RUNG_COUNT) {
		adit_pipeline_run(pipeline, bench->window, frames, packets, count);
		return;
	}
	items = stage_parse(pipeline, frames, packets, count);
	if (rung >= RUNG_NAME)
		stage_name(pipeline, items);
	if (rung >= RUNG_MATCH)
		stage_match(pipeline, items);
}

/* One pass over all packets; slices turn as they do in a worker. Returns nanoseconds. */
static __attribute__((noinline)) uint64_t pass_run(struct bench *bench, enum rung rung)
{
	const struct load *load = &bench->load;
	uint32_t slice = adit_slice_of(load->frames[0].ts_ns);
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	adit_window_open(bench->window, slice);
	for (size_t at = 0; at < load->count; at += BURST) {
		size_t count = load->count - at < BURST ? load->count - at : BURST;

		/* A NIC's packets are in the cache when the driver hands them out. */
		for (size_t i = at; i < at + count; i++)
			__builtin_prefetch(load->frames[i].data);
		if (adit_slice_of(load->frames[at].ts_ns) > slice) {
			slice = adit_slice_of(load->frames[at].ts_ns);
			adit_window_open(bench->window, slice);
		}
		burst_run(bench, rung, &load->frames[at], count);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
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
				times[rung][pass] = pass_run(bench, (enum rung)rung);
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
	double before = 0;

	printf("%zu packets, %.0f bytes each, %u passes; ns per packet\n\n", bench->load.count,
		(double)bench->load.bytes / (double)bench->load.count, options->passes);
	printf("stage      least  median   added  what\n");
	for (int rung = 0; rung < RUNGS; rung++) {
		if (results[rung].least == 0)
			continue;
		printf("%-8s %7.1f %7.1f %+7.1f  %s\n", rungs[rung].name, results[rung].least,
			results[rung].median, results[rung].least - before, rungs[rung].what);
		before = results[rung].least;
	}
}

static void print_json(
	const struct bench *bench, const struct options *options, const struct result *results)
{
	const char *comma = "";

	printf("{\"schema\": \"adit.stages/1\", \"packets\": %zu, \"bytes\": %zu, "
	       "\"passes\": %u, \"burst\": %d, \"ns_per_packet\": {",
		bench->load.count, bench->load.bytes, options->passes, BURST);
	for (int rung = 0; rung < RUNGS; rung++) {
		if (results[rung].least == 0)
			continue;
		printf("%s\"%s\": {\"least\": %.2f, \"median\": %.2f}", comma, rungs[rung].name,
			results[rung].least, results[rung].median);
		comma = ", ";
	}
	printf("}}\n");
}

static void usage(FILE *to)
{
	fputs("usage: stages [--passes N] [--packets N] [--room TIMES] [--only STAGE] [--json]\n"
	      "              [--patterns DIR] [--suffixes FILE] CAPTURE\n",
		to);
}

static bool options_parse(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{"passes", required_argument, NULL, 'n'},
		{"packets", required_argument, NULL, 'p'},
		{"room", required_argument, NULL, 'r'},
		{"only", required_argument, NULL, 'o'},
		{"json", no_argument, NULL, 'j'},
		{"patterns", required_argument, NULL, 'd'},
		{"suffixes", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	int choice;

	while ((choice = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (choice) {
		case 'n':
			options->passes = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			options->packets = strtoull(optarg, NULL, 10);
			break;
		case 'r':
			options->room = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			options->only = optarg;
			break;
		case 'j':
			options->json = true;
			break;
		case 'd':
			options->patterns = optarg;
			break;
		case 's':
			options->suffixes = optarg;
			break;
		default:
			return false;
		}
	}
	if (optind + 1 != argc || options->passes == 0 || options->passes > PASSES_MAX ||
		options->room == 0 || options->room > 1024)
		return false;
	options->capture = argv[optind];
	return true;
}

int main(int argc, char **argv)
{
	struct options options = {
		.passes = 11,
		.room = 1,
		.packets = SIZE_MAX,
		.patterns = ADIT_SOURCE_ROOT "/config/patterns",
		.suffixes = "/usr/share/publicsuffix/public_suffix_list.dat",
	};
	struct bench *bench = calloc(1, sizeof(*bench));
	struct result results[RUNGS];

	if (bench == NULL)
		die("no memory");
	if (!options_parse(&options, argc, argv)) {
		usage(stderr);
		return 2;
	}
	bench_make(bench, &options);
	load_read(&bench->load, &options);
	measure(bench, &options, results);
	if (options.json)
		print_json(bench, &options, results);
	else
		print_table(bench, &options, results);
	adit_window_destroy(bench->window);
	adit_pipeline_destroy(bench->pipeline);
	adit_pattern_destroy(bench->patterns);
	adit_suffix_destroy(bench->suffixes);
	for (size_t i = 0; i < bench->load.count; i++)
		free((void *)(uintptr_t)bench->load.frames[i].data);
	free(bench->load.frames);
	free(bench);
	return 0;
}
