/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How many instructions the packet path takes, library by library, for scripts/perf-gate: it runs
 * this under callgrind, which collects inside of row_run alone and writes a file for each row. The
 * compiler is printed, then the rows in that order, with what each did so often. With --ns, and not
 * under valgrind, what each takes of time instead.
 *
 * Packets are those of adit bench (app/adit/bench_load.h), the same on every run.
 */
#include "bench_load.h"
#include "micro.h"
#include "setup.h"

#include "adit_dns.h"
#include "adit_pattern.h"
#include "adit_suffix.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What stands before the rows need not be looked at, and is much the longer part. */
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define LOOK_BEGIN() CALLGRIND_START_INSTRUMENTATION
#else
#define LOOK_BEGIN() die("built without valgrind/callgrind.h (package valgrind); --ns needs none")
#endif

#define DNS_PACKETS   7000 /* what the demonstration has, nearly */
#define OTHER_PACKETS 4000
#define NS_REPEATS    15

struct loads {
	struct app_load dns, other, tunnelled;
};

struct context {
	struct setup setup;
	struct adit_scanner *scanner;
	struct adit_scorer *scorer;
	struct loads loads;
	struct adit_dns *messages; /* of the DNS packets, parsed */
	size_t message_count;
	struct micro micro;
};

static void die(const char *text)
{
	fprintf(stderr, "instructions: %s\n", text);
	exit(1);
}

/* ---- rows: each returns how often it did what it is about */

/* Up to a burst of a load from `at` on, as a worker takes it: *taken is how many, what is returned
 * is how many of them a first look has left, and stand in `packets`. */
static size_t take(struct context *context, const struct app_load *load, size_t at,
	struct adit_frame *frames, struct adit_packet *packets, size_t *taken)
{
	size_t count = load->count - at < ADIT_BURST_MAX ? load->count - at : ADIT_BURST_MAX;
	struct adit_intake *intake = &context->setup.intake;
	struct adit_sight sights[ADIT_BURST_MAX];
	struct adit_glance glance;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct adit_frame *frame = &load->frames[at + i];

		__builtin_prefetch(frame->data);
		__builtin_prefetch(frame->data + ADIT_CACHE_LINE);
		sights[i] = (struct adit_sight){frame->data,
			frame->link == ADIT_LINK_ETHERNET && frame->captured == frame->wire
				? frame->captured
				: 0};
	}
	adit_packet_glance(intake->ports, sights, count, &glance);
	adit_pipeline_count_ended(context->setup.pipeline, &glance);
	for (uint64_t left = glance.left; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		frames[kept] = load->frames[at + i];
		adit_intake_take_glanced(
			intake, &frames[kept], &packets[kept], adit_glance_at(&glance, i));
		kept++;
	}
	*taken = count;
	return kept;
}

static size_t decode(struct context *context, const struct app_load *load)
{
	struct adit_packet packets[ADIT_BURST_MAX];
	struct adit_frame frames[ADIT_BURST_MAX];

	for (size_t at = 0, taken; at < load->count; at += taken)
		take(context, load, at, frames, packets, &taken);
	return load->count;
}

static size_t decode_other(struct context *context)
{
	return decode(context, &context->loads.other);
}

static size_t decode_tunnelled(struct context *context)
{
	return decode(context, &context->loads.tunnelled);
}

static size_t decode_dns(struct context *context)
{
	return decode(context, &context->loads.dns);
}

static size_t parse_messages(struct context *context)
{
	const struct app_load *load = &context->loads.dns;
	struct adit_packet packet;

	context->message_count = 0;
	for (size_t i = 0; i < load->count; i++)
		if (adit_packet_decode(&load->frames[i], &context->setup.appliance.ports,
			    &packet) == ADIT_OUTCOME_PENDING &&
			adit_dns_parse(load->frames[i].data + packet.payload_offset,
				packet.payload_size, &context->messages[context->message_count]) <=
				ADIT_OUTCOME_DNS_RESPONSE)
			context->message_count++;
	return context->message_count;
}

/* What the row before has parsed. */
static size_t micro(struct context *context, size_t (*run)(const struct micro *micro))
{
	context->micro.load = &context->loads.dns;
	context->micro.messages = context->messages;
	context->micro.message_count = context->message_count;
	return run(&context->micro);
}

#define MICRO(name)                                  \
	static size_t name(struct context *context)  \
	{                                            \
		return micro(context, micro_##name); \
	}
MICRO(hash_names)
MICRO(hash_frames)
MICRO(hash_pairs)
MICRO(octets)
MICRO(window_new)
MICRO(window_known)
MICRO(stream)

static size_t find_suffixes(struct context *context)
{
	struct adit_registrable registrable;

	for (size_t i = 0; i < context->message_count; i++)
		adit_suffix_find(context->setup.appliance.suffixes, &context->messages[i].qname,
			&registrable);
	return context->message_count;
}

static size_t match_names(struct context *context)
{
	struct adit_scan_name names[ADIT_BURST_MAX];
	size_t used = 0;

	for (size_t i = 0; i < context->message_count; i++) {
		const struct adit_name *name = &context->messages[i].qname;

		names[used++] = (struct adit_scan_name){
			.wire = name->wire, .wire_size = name->size, .registrable_at = 0};
		if (used == ADIT_BURST_MAX || i + 1 == context->message_count) {
			adit_scanner_names(context->scanner, names, used);
			used = 0;
		}
	}
	return context->message_count;
}

/* Bursts as a worker's, with slices that turn. */
static size_t pipeline(struct context *context, enum adit_stage last)
{
	const struct app_load *load = &context->loads.dns;
	struct adit_packet packets[ADIT_BURST_MAX];
	struct adit_frame frames[ADIT_BURST_MAX];

	for (size_t at = 0, taken; at < load->count; at += taken) {
		size_t count = take(context, load, at, frames, packets, &taken);

		adit_pipeline_run_until(context->setup.pipeline, context->setup.window, frames,
			packets, count, last);
	}
	return load->count;
}

static size_t up_to_parse(struct context *context)
{
	return pipeline(context, ADIT_STAGE_PARSE);
}

static size_t up_to_name(struct context *context)
{
	return pipeline(context, ADIT_STAGE_NAME);
}

static size_t up_to_match(struct context *context)
{
	return pipeline(context, ADIT_STAGE_MATCH);
}

static size_t up_to_count(struct context *context)
{
	return pipeline(context, ADIT_STAGE_COUNT);
}

/* What the row before it has counted. */
static size_t score_rows(struct context *context)
{
	struct adit_window *window = context->setup.window;
	size_t rows = 0;

	adit_scorer_slice(context->scorer, window->last_slice, &window, 1);
	for (uint32_t shard = 0; shard < ADIT_SHARDS; shard++)
		for (int kind = 0; kind < ADIT_KIND_COUNT; kind++)
			rows += adit_window_rows(window, shard, (enum adit_kind)kind);
	return rows;
}

static const struct row {
	const char *name;
	size_t (*run)(struct context *context);
} rows[] = {
	{"packet.other", decode_other},
	{"packet.other-gtpu", decode_tunnelled},
	{"packet.dns-gtpu", decode_dns},
	{"dns.parse", parse_messages},
	{"dns.octets", octets},
	{"dns.suffix", find_suffixes},
	{"base.hash-name", hash_names},
	{"base.hash-frame", hash_frames},
	{"base.hash-pair", hash_pairs},
	{"window.new", window_new},
	{"window.known", window_known},
	{"stream.message", stream},
	{"pattern.names", match_names},
	{"pipeline.parse", up_to_parse},
	{"pipeline.domain", up_to_name},
	{"pipeline.match", up_to_match},
	{"pipeline.count", up_to_count},
	{"score.rows", score_rows},
};

/* It sees what the row before it has counted, which is there once. */
static bool runs_once(const struct row *row)
{
	return row->run == score_rows;
}

/* Callgrind collects in here. */
static __attribute__((noipa)) size_t row_run(const struct row *row, struct context *context)
{
	return row->run(context);
}

/* ---- set-up */

static void no_verdict(void *context, const struct adit_verdict *verdict)
{
	(void)context;
	(void)verdict;
}

static void load(struct context *context, struct app_load *load, uint64_t packets, double share,
	bool gtpu, char *const *files)
{
	const struct app_load_params params = {.files = files,
		.file_count = 1,
		.packets = packets,
		.dns_share = share,
		.gtpu = gtpu,
		.ports = &context->setup.appliance.ports,
		.suffixes = context->setup.appliance.suffixes};
	struct adit_error error;

	if (app_load_read(load, &params, &error) != 0)
		die(error.text);
}

static void make(struct context *context, struct adit_config *config, char *const *files)
{
	struct adit_score_params score;
	struct adit_error error;

	if (setup_make(&context->setup, config, &error) != 0)
		die(error.text);
	score = app_score_params(&context->setup.appliance);
	score.verdict = no_verdict;
	context->scorer = adit_scorer_create(&score, NULL);
	if (context->scorer == NULL)
		die("no memory");
	if (adit_scanner_create(context->setup.appliance.patterns, &context->scanner, &error) != 0)
		die(error.text);
	load(context, &context->loads.dns, DNS_PACKETS, 0, false, files);
	load(context, &context->loads.other, OTHER_PACKETS, 0.1, false, files);
	load(context, &context->loads.tunnelled, OTHER_PACKETS, 0.1, true, files);
	context->messages = calloc(DNS_PACKETS, sizeof(*context->messages));
	if (context->messages == NULL || !micro_make(&context->micro, setup_window(config)))
		die("no memory");
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* What one row remembers would be duplicates to the next. */
static void forget(struct context *context)
{
	adit_pipeline_reset(context->setup.pipeline);
	adit_reassembly_reset(context->setup.intake.reassembly);
}

/* The least of some runs: what else runs on the machine only adds. */
static void row_time(const struct row *row, struct context *context)
{
	double least = 0;

	for (int i = 0; i < (runs_once(row) ? 1 : NS_REPEATS); i++) {
		uint64_t begin;
		double each;

		forget(context);
		begin = now_ns();
		each = (double)row_run(row, context);
		each = (double)(now_ns() - begin) / each;
		least = i == 0 || each < least ? each : least;
	}
	printf("%s %.1f\n", row->name, least);
}

int main(int argc, char **argv)
{
	struct context *context = adit_alloc(NULL, sizeof(*context), _Alignof(struct context));
	struct adit_config config;
	bool ns = argc == 3 && strcmp(argv[1], "--ns") == 0;

	if (argc != 2 + ns) {
		fputs("usage: instructions [--ns] CAPTURE\n", stderr);
		return 2;
	}
	if (context == NULL || adit_config_init(&config) != 0)
		die("no memory");
	make(context, &config, argv + 1 + ns);
	if (!ns)
		LOOK_BEGIN();
#ifdef __clang__
	puts("clang " __clang_version__);
#else
	puts("gcc " __VERSION__);
#endif
	adit_window_open(context->setup.window, adit_slice_of(context->loads.dns.frames[0].ts_ns));
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		if (ns) {
			row_time(&rows[i], context);
			continue;
		}
		forget(context);
		printf("%s %zu\n", rows[i].name, row_run(&rows[i], context));
	}
	adit_scanner_destroy(context->scanner);
	adit_scorer_destroy(context->scorer);
	app_load_free(&context->loads.dns);
	app_load_free(&context->loads.other);
	app_load_free(&context->loads.tunnelled);
	micro_free(&context->micro);
	free(context->messages);
	setup_free(&context->setup);
	adit_config_clear(&config);
	adit_free(NULL, context);
	return 0;
}
