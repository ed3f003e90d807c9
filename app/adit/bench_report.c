/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What adit bench found: a table for people, JSON for programs.
 */
#include "bench.h"

#include "evaluation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

#include <rte_eal.h>

static size_t peak_bytes(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss << 10 : 0;
}

/* Sums over the runs of a row. */
static struct app_bench_run sum_of(const struct app_bench *bench, int row)
{
	struct app_bench_run sum = {0};

	for (uint64_t i = 0; i < bench->repeats[row]; i++) {
		const struct app_bench_run *run = &bench->runs[row][i];

		sum.packets += run->packets;
		sum.received += run->received;
		sum.outcomes += run->outcomes;
		sum.left += run->left;
		sum.lost += run->lost;
		sum.slices += run->slices;
		sum.windows += run->windows;
		sum.coalesced += run->coalesced;
	}
	return sum;
}

/* Of the ladder; the spreader's are told with it. */
static uint64_t drops_of(const struct app_bench *bench)
{
	uint64_t drops = 0;

	for (int row = 0; row < APP_RUNGS; row++)
		drops += sum_of(bench, row).lost;
	return drops;
}

static size_t expressions_of(const struct app_bench *bench)
{
	const struct adit_pattern_set *patterns = bench->appliance.patterns;

	return patterns != NULL ? adit_pattern_expressions(patterns) : 0;
}

static double ratio_of(const struct app_bench *bench)
{
	return APP_BENCH_SPREAD(bench, APP_RUNG_FULL, mpps).median /
	       APP_BENCH_SPREAD(bench, APP_RUNG_RX, mpps).median;
}

/* ---- a table */

/* A number, or n/a. */
static void cell(int width, int digits, double value)
{
	if (isnan(value))
		printf(" %*s", width, "n/a");
	else
		printf(" %*.*f", width, digits, value);
}

/* Of all workers together. */
static uint64_t slice_packets(const struct app_bench *bench)
{
	uint64_t packets = 0;

	for (uint16_t i = 0; i < bench->appliance.worker_count; i++)
		packets += bench->sources[i].slice_packets;
	return packets;
}

static uint64_t names_in_slice(const struct app_bench *bench)
{
	return app_fresh_in_slice(&bench->load, slice_packets(bench));
}

static void print_load(const struct app_bench *bench)
{
	const struct app_load *load = &bench->load;

	if (load->count == 0)
		return;
	printf("%zu packets in memory, %.1f %% of them on DNS ports, %.0f bytes each on average: "
	       "the captures' %" PRIu64 ", %" PRIu64 " time%s",
		load->count, 100 * (double)load->dns / (double)load->count,
		(double)load->bytes / (double)load->count, load->captured - load->unread,
		load->copies, load->copies == 1 ? "" : "s");
	if (load->other != 0)
		printf(", and %" PRIu64 " made up", load->other);
	printf("\n");
	if (load->unread != 0)
		printf("%" PRIu64 " packets of the captures were left out (too many for the "
		       "memory or --packets, or nothing that a port brings)\n",
			load->unread);
	if (load->domains != 0)
		printf("%" PRIu64 " of %" PRIu64 " domains, in %" PRIu64 " messages\n",
			load->domains, bench->options.load.domains, load->rewritten);
	if (load->plan.names != 0)
		printf("%" PRIu64 " names below them, in turns\n", load->plan.names);
	if (load->plan.flooded != 0)
		printf("%" PRIu64 " exchanges of a pass ask for a name that never was before\n",
			load->plan.flooded);
	if (load->fresh_count != 0)
		printf("about %" PRIu64 " different names of these in a slice of %" PRIu64
		       " packets\n",
			names_in_slice(bench), slice_packets(bench));
	if (load->subscribers != 0)
		printf("%" PRIu64 " of %" PRIu64 " subscribers\n", load->subscribers,
			bench->options.load.subscribers);
}

static void print_setting(const struct app_bench *bench)
{
	const struct appliance *appliance = &bench->appliance;
	const struct app_bench_run *run = &bench->runs[APP_RUNG_RX][0];

	printf("port %s in %s; %u worker%s, bursts of %lld; %zu expressions; %" PRIu64
	       " repeat%s of ",
		app_bench_port(bench),
		rte_eal_has_hugepages() ? "huge pages" : "ordinary pages (no huge page is free)",
		appliance->worker_count, appliance->worker_count == 1 ? "" : "s",
		(long long)appliance->config->worker_burst, expressions_of(bench),
		bench->options.repeats, bench->options.repeats == 1 ? "" : "s");
	if (bench->options.port == NULL)
		printf("%" PRIu64 " packets\n\n", run->packets);
	else
		printf("%.2f s\n\n", bench->options.seconds / (double)bench->options.repeats);
}

static void print_row(const struct app_bench *bench, int row, double before)
{
	struct app_bench_spread ns = APP_BENCH_SPREAD(bench, row, ns);
	char spread[40];

	if (bench->repeats[row] == 0)
		return;
	snprintf(spread, sizeof(spread), "%.1f-%.1f", ns.least, ns.most);
	printf("%-9s", app_bench_rows[row].name);
	cell(8, 1, ns.median);
	printf(" %15s", spread);
	if (isnan(before))
		printf(" %8s", "");
	else
		printf(" %+8.1f", ns.median - before);
	cell(8, 1, APP_BENCH_SPREAD(bench, row, ticks).median);
	cell(8, 1, APP_BENCH_SPREAD(bench, row, counters[APP_CYCLES]).median);
	cell(12, 1, APP_BENCH_SPREAD(bench, row, counters[APP_INSTRUCTIONS]).median);
	cell(8, 2, APP_BENCH_SPREAD(bench, row, mpps).median);
	cell(7, 2, APP_BENCH_SPREAD(bench, row, gbps).median);
	printf("  %s\n", app_bench_rows[row].what);
}

static void print_ladder(const struct app_bench *bench)
{
	const char *none = app_bench_no_counters(bench);
	double before = NAN;

	printf("per packet      ns    least-most    added    ticks   cycles instructions     "
	       "Mpps    Gb/s\n");
	for (int row = 0; row < APP_RUNGS; row++) {
		print_row(bench, row, before);
		before = APP_BENCH_SPREAD(bench, row, ns).median;
	}
	printf("ns is CPU time of the workers, medians of the repeats; ticks are the time stamp "
	       "counter's\n");
	if (none != NULL)
		printf("cycles and instructions: no CPU counters, %s\n", none);
	if (bench->appliance.worker_count + 3u > app_cpu_count())
		printf("%u lcores and the management thread share %u CPUs: Mpps is what is left "
		       "of them, ns is CPU time and suffers less\n",
			bench->appliance.worker_count + 2u, app_cpu_count());
	printf("\nfull is %.3f of rx-only on port %s; above rx-only it takes %.1f ns a packet\n",
		ratio_of(bench), app_bench_port(bench),
		APP_BENCH_SPREAD(bench, APP_RUNG_FULL, ns).median -
			APP_BENCH_SPREAD(bench, APP_RUNG_RX, ns).median);
}

static void print_spreader(const struct app_bench *bench)
{
	struct app_bench_spread ns = APP_BENCH_SPREAD(bench, APP_BENCH_SPREADER, ns);
	uint64_t lost = sum_of(bench, APP_BENCH_SPREADER).lost;

	if (bench->repeats[APP_BENCH_SPREADER] == 0)
		return;
	printf("spreader, on an lcore of its own: %.1f ns (%.1f-%.1f) a packet, of which rx-only "
	       "takes %.1f",
		ns.median, ns.least, ns.most, APP_BENCH_SPREAD(bench, APP_RUNG_RX, ns).median);
	if (lost != 0)
		printf("; %" PRIu64 " lost behind full queues", lost);
	printf("\n");
}

static void print_verdicts(const struct app_bench *bench)
{
	struct app_bench_run sum = sum_of(bench, APP_RUNG_FULL);
	const struct app_scorer_counters *scorer = &bench->appliance.scorer->counters;

	printf("drops: %" PRIu64 "\n", drops_of(bench));
	printf("windows handed over: %" PRIu64 "; slices scored: %" PRIu64 "; slices that joined "
	       "the next for want of an empty window: %" PRIu64 "\n",
		sum.windows, sum.slices, sum.coalesced);
	if (bench->latency_count != 0)
		printf("verdicts, from the window's end to the line: median %.2f ms, 90 %% %.2f, "
		       "99 %% %.2f, most %.2f (%zu of them)\n",
			app_bench_latency_ms(bench, 0.5), app_bench_latency_ms(bench, 0.9),
			app_bench_latency_ms(bench, 0.99), app_bench_latency_ms(bench, 1),
			bench->latency_count);
	else
		printf("verdicts: none by the end of a window, so their latency is not known\n");
	if (bench->early != 0)
		printf("verdicts told before their windows ended: %" PRIu64 "\n", bench->early);
	if (scorer->verdicts_dropped != 0)
		printf("verdicts dropped: %" PRIu64 "\n", scorer->verdicts_dropped);
}

void app_bench_print(const struct app_bench *bench)
{
	struct app_memory memory;

	print_load(bench);
	print_setting(bench);
	print_ladder(bench);
	print_spreader(bench);
	print_verdicts(bench);
	app_memory_plan(&bench->config, bench->appliance.port_count, true, &memory);
	printf("memory, MB: packets held %zu, windows %zu, history %zu, packet buffers %zu, "
	       "fragments up to %zu, TCP up to %zu; the process at most %zu\n",
		bench->held.bytes >> 20, memory.windows >> 20, memory.history >> 20,
		memory.packets >> 20, memory.fragments >> 20, memory.streams >> 20,
		peak_bytes() >> 20);
}

/* ---- JSON */

static void json_number(const char *name, double value, const char *after)
{
	printf("\"%s\": ", name);
	app_json_number(value, stdout);
	fputs(after, stdout);
}

static void json_rung(const struct app_bench *bench, int row)
{
	struct app_bench_spread ns = APP_BENCH_SPREAD(bench, row, ns);
	struct app_bench_spread mpps = APP_BENCH_SPREAD(bench, row, mpps);
	struct app_bench_run sum = sum_of(bench, row);

	printf("{\"stage\": \"%s\", ", app_bench_rows[row].name);
	json_number("mpps", mpps.median, ", ");
	json_number("ns", ns.median, ", ");
	json_number("cycles", APP_BENCH_SPREAD(bench, row, counters[APP_CYCLES]).median, ", ");
	json_number("instructions", APP_BENCH_SPREAD(bench, row, counters[APP_INSTRUCTIONS]).median,
		",\n   ");
	json_number("ns_least", ns.least, ", ");
	json_number("ns_most", ns.most, ", ");
	json_number("mpps_least", mpps.least, ", ");
	json_number("mpps_most", mpps.most, ", ");
	json_number("ticks", APP_BENCH_SPREAD(bench, row, ticks).median, ", ");
	json_number("gbps", APP_BENCH_SPREAD(bench, row, gbps).median, ",\n   ");
	printf("\"packets\": %" PRIu64 ", \"received\": %" PRIu64 ", \"outcomes\": %" PRIu64
	       ", \"left\": %" PRIu64 ", \"lost\": %" PRIu64 "}",
		sum.packets, sum.received, sum.outcomes, sum.left, sum.lost);
}

static void json_load(const struct app_bench *bench)
{
	const struct app_load *load = &bench->load;

	if (load->count == 0) {
		fputs(" \"load\": null,\n", stdout);
		return;
	}
	printf(" \"load\": {\"packets\": %zu, \"bytes\": %" PRIu64 ", \"captured\": %" PRIu64
	       ", \"left_out\": %" PRIu64 ", \"copies\": %" PRIu64 ", \"dns\": %" PRIu64
	       ", \"made_up\": %" PRIu64 ", \"rewritten\": %" PRIu64 ", \"domains\": %" PRIu64
	       ", \"subscribers\": %" PRIu64 ", \"names\": %" PRIu64 ", \"flooded\": %" PRIu64
	       ", \"names_in_slice\": %" PRIu64 "},\n",
		load->count, load->bytes, load->captured, load->unread, load->copies, load->dns,
		load->other, load->rewritten, load->domains, load->subscribers, load->plan.names,
		load->plan.flooded, names_in_slice(bench));
}

static void json_verdicts(const struct app_bench *bench)
{
	struct app_bench_run sum = sum_of(bench, APP_RUNG_FULL);

	printf(" \"windows\": {\"handed_over\": %" PRIu64 ", \"scored\": %" PRIu64
	       ", \"coalesced\": %" PRIu64 "},\n \"verdicts\": {\"latencies\": %zu, \"early\": "
	       "%" PRIu64 ", \"dropped\": %" PRIu64 ", ",
		sum.windows, sum.slices, sum.coalesced, bench->latency_count, bench->early,
		bench->appliance.scorer->counters.verdicts_dropped);
	json_number("median_ms", app_bench_latency_ms(bench, 0.5), ", ");
	json_number("p90_ms", app_bench_latency_ms(bench, 0.9), ", ");
	json_number("p99_ms", app_bench_latency_ms(bench, 0.99), ", ");
	json_number("most_ms", app_bench_latency_ms(bench, 1), "},\n");
}

void app_bench_print_json(const struct app_bench *bench)
{
	const char *none = app_bench_no_counters(bench);
	struct app_memory memory;

	app_memory_plan(&bench->config, bench->appliance.port_count, true, &memory);
	fputs("{\"schema\": \"adit.bench/1\", \"port\": ", stdout);
	app_json_text(app_bench_port(bench), stdout);
	printf(", \"hugepages\": %s, \"workers\": %u, \"burst\": %lld, \"expressions\": %zu, "
	       "\"repeats\": %" PRIu64 ", \"complete\": %s,\n",
		rte_eal_has_hugepages() ? "true" : "false", bench->appliance.worker_count,
		(long long)bench->config.worker_burst, expressions_of(bench),
		bench->options.repeats, bench->interrupted ? "false" : "true");
	json_load(bench);
	fputs(" \"ladder\": [\n  ", stdout);
	for (int row = 0; row < APP_RUNGS; row++) {
		json_rung(bench, row);
		fputs(row < APP_RUNGS - 1 ? ",\n  " : "],\n \"spreader\": ", stdout);
	}
	json_rung(bench, APP_BENCH_SPREADER);
	fputs(",\n ", stdout);
	json_number("ratio", ratio_of(bench), ", ");
	printf("\"drops\": %" PRIu64 ", \"no_counters\": ", drops_of(bench));
	if (none != NULL)
		app_json_text(none, stdout);
	else
		fputs("null", stdout);
	fputs(",\n", stdout);
	json_verdicts(bench);
	printf(" \"memory_bytes\": {\"held\": %zu, \"windows\": %zu, \"history\": %zu, "
	       "\"packets\": %zu, \"fragments\": %zu, \"streams\": %zu, \"peak\": %zu}}\n",
		bench->held.bytes, memory.windows, memory.history, memory.packets, memory.fragments,
		memory.streams, peak_bytes());
}
