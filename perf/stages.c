/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Nanoseconds per packet of each stage of the packet path, as a ladder: every rung runs the same
 * packets through one stage more. They stand in memory (load.h); no mbufs, rings or threads.
 *
 * The pipeline's own file is included, so that a rung can end between its stages: what is measured
 * is the code of the appliance and not a copy of it.
 */
#include "pipeline.c"

#include "adit_config.h"
#include "load.h"

#include <arpa/inet.h>
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
	const char *patterns, *only;
	struct load_params load;
	struct adit_config config;
	unsigned passes;
	size_t burst;
	bool json;
};

struct bench {
	struct load load;
	struct adit_ports ports;
	struct adit_context_rule rule;
	struct adit_intake intake;
	struct adit_suffix_list *suffixes;
	struct adit_pattern_set *patterns;
	struct adit_pipeline *pipeline;
	struct adit_window *window;
	size_t burst;
	uint64_t touched;
};

static void die(const char *text)
{
	fprintf(stderr, "stages: %s\n", text);
	exit(1);
}

/* What ports and servers mean, as the appliance has it from its configuration. */
static void ports_make(struct adit_ports *ports, const struct adit_config *config)
{
	adit_ports_init(ports);
	for (size_t i = 0; i < config->encrypted_ports.count; i++)
		if (config->encrypted_ports.item[i] != 0)
			adit_ports_add(ports, (uint16_t)config->encrypted_ports.item[i],
				ADIT_SERVICE_ENCRYPTED);
	for (size_t i = 0; i < config->dns_ports.count; i++)
		adit_ports_add(ports, (uint16_t)config->dns_ports.item[i], ADIT_SERVICE_DNS);
	for (size_t i = 0; i < config->encrypted_resolvers.count; i++) {
		const char *text = config->encrypted_resolvers.item[i];
		struct adit_address address = {.is_v6 = strchr(text, ':') != NULL};

		if (inet_pton(address.is_v6 ? AF_INET6 : AF_INET, text, address.bytes) != 1 ||
			adit_ports_add_resolver(ports, &address) != 0)
			die("encrypted.resolvers");
	}
}

static void intake_make(struct bench *bench, const struct adit_config *config)
{
	const struct adit_reassembly_params params = {.ports = &bench->ports,
		.key = &adit_hash_key_fixed,
		.datagrams = (uint32_t)config->fragment_datagrams,
		.timeout_ns = (uint64_t)config->fragment_timeout * ADIT_NS_PER_MS};

	ports_make(&bench->ports, config);
	/* As the appliance has it by default. */
	bench->rule.vlan = true;
	adit_context_prefix(&bench->rule, (unsigned)config->context_ipv6_prefix_plain,
		(unsigned)config->context_ipv6_prefix);
	bench->intake = (struct adit_intake){.ports = &bench->ports,
		.rule = &bench->rule,
		.key = &adit_hash_key_fixed,
		.reassembly = adit_reassembly_create(&params, NULL)};
	if (bench->intake.reassembly == NULL)
		die("no memory for fragments");
}

static uint32_t of_shard(int64_t rows)
{
	return (uint32_t)(rows / ADIT_SHARDS);
}

#define LOOKS 8 /* of a shard and slice, as in the program */

/* One worker, as the options say. */
static void pipeline_make(struct bench *bench, const struct options *options)
{
	const struct adit_config *config = &options->config;
	const struct adit_window_params window = {.shards = ADIT_SHARDS,
		.rows = {[ADIT_KIND_DOMAIN] = of_shard(config->window_domains),
			[ADIT_KIND_PAIR] = of_shard(config->window_pairs),
			[ADIT_KIND_SERVER] = of_shard(config->window_servers),
			[ADIT_KIND_SESSION] = of_shard(config->window_sessions),
			[ADIT_KIND_ENCRYPTED] = of_shard(config->window_encrypted)},
		.details = of_shard(config->window_details),
		.looks = LOOKS};
	struct adit_pipeline_params params = {.rule = &bench->rule,
		.key = &adit_hash_key_fixed,
		.workers = 1,
		.duplicate_ns = (uint64_t)config->worker_duplicate_window * ADIT_NS_PER_MS,
		.tracks = (uint32_t)config->window_tracks,
		.streams = (uint32_t)config->tcp_streams,
		.stream_buffers = (uint32_t)config->tcp_buffers};
	struct adit_error error = {"no memory"};

	if (adit_suffix_load(config->dns_public_suffix_list, NULL, &bench->suffixes, &error) != 0 ||
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

/* The stages up to a rung, over a burst that is cut where adit_pipeline_run cuts it; what goes a
 * way of its own there is left out. */
static void stages_run(struct bench *bench, enum rung rung, const struct adit_frame *frames,
	const struct adit_packet *packets, size_t count)
{
	struct adit_pipeline *pipeline = bench->pipeline;

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
			adit_intake_take(&bench->intake, &frames[i], &packets[i]);
	}
	if (rung == RUNG_COUNT)
		adit_pipeline_run(bench->pipeline, bench->window, frames, packets, count);
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
			adit_window_open(bench->window, slice);
		}
		burst_run(
			bench, rung, &load->frames[at], rest < bench->burst ? rest : bench->burst);
	}
}

/* Returns nanoseconds. What a pass remembers would make duplicates of the next one's packets. */
static uint64_t pass_time(struct bench *bench, enum rung rung)
{
	struct timespec begin, end;

	adit_pipeline_reset(bench->pipeline);
	adit_reassembly_reset(bench->intake.reassembly);
	adit_window_open(bench->window, adit_slice_of(bench->load.frames[0].ts_ns));
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
	      "              [--only STAGE] [--set section.name=value] [--patterns DIR] [--json]\n"
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
	case 't':
		options->patterns = value;
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
		{"patterns", required_argument, NULL, 't'},
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
	struct options options = {.passes = 11,
		.burst = ADIT_BURST_MAX,
		.load = {.packets = SIZE_MAX, .share = 100},
		.patterns = ADIT_SOURCE_ROOT "/config/patterns"};
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
	intake_make(bench, &options.config);
	pipeline_make(bench, &options);
	if (load_read(&bench->load, &options.load, &error) != 0)
		die(error.text);
	measure(bench, &options, results);
	if (options.json)
		print_json(bench, &options, results);
	else
		print_table(bench, &options, results);
	adit_window_destroy(bench->window);
	adit_pipeline_destroy(bench->pipeline);
	adit_pattern_destroy(bench->patterns);
	adit_suffix_destroy(bench->suffixes);
	adit_reassembly_destroy(bench->intake.reassembly);
	load_free(&bench->load);
	adit_config_clear(&options.config);
	free(bench);
	return 0;
}
