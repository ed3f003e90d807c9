/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Runs of adit bench: who polls what on which rung, what everybody's counters say before and after,
 * and what the sources have measured meanwhile.
 */
#include "bench.h"

#include "port.h"
#include "tables.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <rte_cycles.h>

#define WIRE_BYTES 24 /* of a frame's checksum, preamble and gap */
/* Until every window has been filled once. */
#define WARM_PASSES (2 * APP_WINDOWS)
/* A run that is long enough to tell how long others will be. */
#define CALIBRATION_NS 20e6

const struct app_bench_row app_bench_rows[APP_BENCH_ROWS] = {
	[APP_RUNG_RX] = {"rx-only", "take packets, load headers, give them back"},
	[APP_RUNG_DECODE] = {"decode", "link to UDP and TCP, fragments, shard"},
	[APP_RUNG_PARSE] = {"parse", "subscriber, duplicates, DNS message"},
	[APP_RUNG_NAME] = {"domain", "registrable domain, profile, keys"},
	[APP_RUNG_MATCH] = {"match", "signatures"},
	[APP_RUNG_COUNT] = {"count", "repetitions, tables; TCP, encrypted DNS"},
	[APP_RUNG_FULL] = {"full", "windows handed over and scored"},
	[APP_BENCH_SPREADER] = {"spreader", "an lcore that decodes and spreads for workers"},
};

const char *app_bench_port(const struct app_bench *bench)
{
	return bench->options.port != NULL ? bench->options.port : "memory";
}

/* ---- a run */

/* Everybody's counters, before and after. */
struct counted {
	uint64_t received, outcomes, left, lost, slices, windows, coalesced;
};

static uint64_t outcomes_sum(const struct adit_pipeline_counters *counters)
{
	uint64_t sum = 0;

	for (int i = 0; i < ADIT_OUTCOME_COUNT; i++)
		sum += counters->outcome[i];
	return sum;
}

static struct counted count(struct appliance *appliance)
{
	const struct app_spreader *spreader = appliance->spreader;
	struct counted counted = {.received = spreader->counters.received,
		.outcomes = outcomes_sum(&spreader->ended),
		.slices = appliance->scorer->counters.slices};

	app_ports_count(appliance);
	for (uint16_t i = 0; i < appliance->port_count; i++)
		counted.lost += app_port_lost(&appliance->ports_open[i].counters);
	for (uint16_t i = 0; i < appliance->worker_count; i++) {
		const struct app_worker *worker = &appliance->workers[i];

		counted.received += worker->counters.received;
		counted.left += worker->counters.left;
		counted.outcomes += outcomes_sum(adit_pipeline_counters(worker->pipeline));
		counted.windows += worker->counters.windows;
		counted.coalesced += worker->counters.coalesced;
		counted.lost += spreader->counters.queue_full[i];
	}
	return counted;
}

/* Who polls what: the workers the sources, or the spreader all of it and the workers what it hands
 * on, which they then leave as it is. */
static void roles_set(struct app_bench *bench, int row)
{
	struct appliance *appliance = &bench->appliance;
	struct app_spreader *spreader = appliance->spreader;
	bool spreads = row == APP_BENCH_SPREADER, memory = bench->options.port == NULL;
	struct app_source *first = &bench->sources[memory ? appliance->worker_count : 0];

	appliance->has_spreader = spreads;
	spreader->queues = 0;
	spreader->time_ns = &first->time_ns;
	if (spreads && memory)
		spreader->queue[spreader->queues++] =
			(struct app_queue){.port = bench->memory_port[0], .queue = 1};
	for (uint16_t i = 0; i < appliance->worker_count; i++) {
		struct app_worker *worker = &appliance->workers[i];

		worker->decodes = !spreads;
		worker->rung = spreads ? APP_RUNG_RX : (enum app_rung)row;
		worker->time_ns = &bench->sources[i].time_ns;
		worker->queues = spreads ? 1 : bench->queue_counts[i];
		memcpy(worker->queue, bench->queues[i], sizeof(worker->queue));
		for (uint16_t q = 0; spreads && !memory && q < bench->queue_counts[i] &&
				     spreader->queues < APP_QUEUES_MAX;
			q++)
			spreader->queue[spreader->queues++] = bench->queues[i][q];
		if (spreads)
			worker->queue[0] = (struct app_queue){.port = worker->ring_port};
	}
}

/* Sources of a row: those of the workers, or that of the spreader. A port's are the workers' in
 * any case: queues keep theirs. */
static void sources_of(const struct app_bench *bench, int row, uint16_t *first, uint16_t *count)
{
	uint16_t workers = bench->appliance.worker_count;
	bool own = row == APP_BENCH_SPREADER && bench->options.port == NULL;

	*first = own ? workers : 0;
	*count = own ? 1 : workers;
}

static void run_sum(struct app_bench *bench, int row, struct app_bench_run *run)
{
	double cpu_ns = 0, ticks = 0, counters[APP_CPU_COUNTERS] = {0};
	uint16_t first, count;

	sources_of(bench, row, &first, &count);
	for (uint16_t i = first; i < first + count; i++) {
		const struct app_source *source = &bench->sources[i];
		const struct app_meter *meter = &source->meter;
		bool again = row == APP_BENCH_SPREADER && i > first;

		run->packets += meter->packets;
		/* One lcore polls for all: its time counts once. */
		cpu_ns += again ? 0 : (double)meter->cpu_ns;
		ticks += again ? 0 : (double)meter->ticks;
		for (int k = 0; k < APP_CPU_COUNTERS && !again; k++)
			counters[k] += (double)meter->counters[k];
		if (meter->ticks != 0)
			run->mpps += (double)meter->packets / (double)meter->ticks *
				     (double)rte_get_tsc_hz() / 1e6;
		if (source->counters.error != 0)
			bench->counter_error = source->counters.error;
	}
	run->ns = cpu_ns / (double)run->packets;
	run->ticks = ticks / (double)run->packets;
	for (int k = 0; k < APP_CPU_COUNTERS; k++)
		run->counters[k] =
			bench->counter_error == 0 ? counters[k] / (double)run->packets : NAN;
}

static void sources_arm(struct app_bench *bench, int row)
{
	uint16_t first, count;

	sources_of(bench, row, &first, &count);
	for (uint16_t i = first; i < first + count; i++)
		app_source_arm(&bench->sources[i], bench->passes * bench->sources[i].count,
			bench->time_ns);
	atomic_store(&bench->running, count);
	atomic_store(&bench->appliance.stop, false);
}

/* Time goes on from where the last of them has come to. Returns whether all came to their end. */
static bool sources_end(struct app_bench *bench, int row)
{
	uint16_t first, count;
	bool ended = true;

	sources_of(bench, row, &first, &count);
	for (uint16_t i = first; i < first + count; i++) {
		const struct app_source *source = &bench->sources[i];

		ended &= source->meter.ended;
		if (source->time_ns > bench->time_ns)
			bench->time_ns = source->time_ns;
	}
	bench->time_ns = (bench->time_ns / ADIT_SLICE_NS + 1) * ADIT_SLICE_NS;
	return ended;
}

/* Packets and bytes of all ports, as their drivers count. */
static struct rte_eth_stats ports_stats(const struct appliance *appliance)
{
	struct rte_eth_stats sum = {0}, stats;

	for (uint16_t i = 0; i < appliance->port_count; i++) {
		if (rte_eth_stats_get(appliance->port[i], &stats) != 0)
			continue;
		sum.ipackets += stats.ipackets;
		sum.ibytes += stats.ibytes;
	}
	return sum;
}

/* Bytes of a packet on the wire, on average: with checksum, preamble and gap. NaN: not known. */
static double wire_bytes(const struct app_bench *bench, const struct rte_eth_stats *before)
{
	struct rte_eth_stats after = ports_stats(&bench->appliance);

	if (bench->load.count != 0)
		return (double)bench->load.bytes / (double)bench->load.count + WIRE_BYTES;
	if (after.ipackets == before->ipackets)
		return NAN;
	return (double)(after.ibytes - before->ibytes) /
		       (double)(after.ipackets - before->ipackets) +
	       WIRE_BYTES;
}

/* -EINTR: it was told to stop. */
static int run(
	struct app_bench *bench, int row, struct app_bench_run *run, struct adit_error *error)
{
	struct appliance *appliance = &bench->appliance;
	struct rte_eth_stats ports = ports_stats(appliance);
	struct counted before, after;
	int status;

	roles_set(bench, row);
	sources_arm(bench, row);
	before = count(appliance);
	status = appliance_launch(appliance, error);
	if (status != 0)
		return status;
	app_manager_run(&bench->manager);
	appliance_join(appliance);
	after = count(appliance);
	bench->interrupted = !sources_end(bench, row);
	if (bench->interrupted)
		return -EINTR;
	*run = (struct app_bench_run){.received = after.received - before.received,
		.outcomes = after.outcomes - before.outcomes,
		.left = after.left - before.left,
		.lost = after.lost - before.lost,
		.slices = after.slices - before.slices,
		.windows = after.windows - before.windows,
		.coalesced = after.coalesced - before.coalesced};
	run_sum(bench, row, run);
	run->gbps = run->mpps * wire_bytes(bench, &ports) * 8 / 1e3;
	return 0;
}

/* Passes that a slice takes: a run that ends before has less in its tables than was asked for. */
static uint64_t slice_passes(const struct app_bench *bench)
{
	uint64_t least = 1;

	for (uint16_t i = 0; i < bench->appliance.worker_count; i++) {
		const struct app_source *source = &bench->sources[i];
		uint64_t passes = source->count != 0 ? (source->slice_packets + source->count - 1) /
							       source->count
						     : 1;

		least = passes > least ? passes : least;
	}
	return least;
}

/* How often the packets must come so that the full path takes the time it is to take. The first run
 * makes warm what is cold, and says nothing. */
static int calibrate(struct app_bench *bench, struct adit_error *error)
{
	double wanted = bench->options.seconds * 1e9 / (double)bench->options.repeats;
	uint64_t least = slice_passes(bench);
	double took = 0, passes, most;
	struct app_bench_run tried;
	int status;

	bench->passes = WARM_PASSES > least ? WARM_PASSES : least;
	status = run(bench, APP_RUNG_FULL, &tried, error);
	bench->passes = 1;
	while (bench->options.port == NULL && status == 0 && took < CALIBRATION_NS &&
		took < wanted) {
		status = run(bench, APP_RUNG_FULL, &tried, error);
		took = tried.ns * (double)tried.packets / bench->appliance.worker_count;
		passes = (double)bench->passes * wanted / (took > 1 ? took : 1);
		most = 8 * (double)bench->passes;
		passes = passes < most ? passes : most;
		bench->passes = passes > 1 ? (uint64_t)passes : 1;
	}
	bench->passes = bench->passes > least ? bench->passes : least;
	return status;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int app_bench_measure(struct app_bench *bench, struct adit_error *error)
{
	char what[64];
	int status = calibrate(bench, error);

	for (uint64_t repeat = 0; repeat < bench->options.repeats && status == 0; repeat++)
		for (int row = 0; row < APP_BENCH_ROWS && status == 0; row++) {
			snprintf(what, sizeof(what), "%s, repeat %llu of %llu",
				app_bench_rows[row].name, (unsigned long long)repeat + 1,
				(unsigned long long)bench->options.repeats);
			app_progress_report(what, repeat * APP_BENCH_ROWS + (uint64_t)row,
				bench->options.repeats * APP_BENCH_ROWS);
			bench->takes_latencies = row == APP_RUNG_FULL;
			status = run(bench, row, &bench->runs[row][repeat], error);
			bench->repeats[row] += status == 0;
		}
	app_progress_clear();
	qsort(bench->latencies, bench->latency_count, sizeof(*bench->latencies), by_size);
	if (status == -EINTR)
		adit_error_set(error, -EINTR, "interrupted%s",
			bench->repeats[APP_RUNG_RX] != 0 ? "; what was measured so far is above"
							 : "");
	return status;
}

/* ---- what came of it */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct app_bench_spread app_bench_spread(const struct app_bench *bench, int row, size_t field)
{
	uint64_t count = bench->repeats[row];
	double values[APP_REPEATS_MAX];

	for (uint64_t i = 0; i < count; i++)
		memcpy(&values[i], (const char *)&bench->runs[row][i] + field, sizeof(double));
	if (count == 0)
		return (struct app_bench_spread){NAN, NAN, NAN};
	qsort(values, count, sizeof(*values), by_value);
	return (struct app_bench_spread){
		values[0], (values[(count - 1) / 2] + values[count / 2]) / 2, values[count - 1]};
}

double app_bench_latency_ms(const struct app_bench *bench, double share)
{
	size_t last = bench->latency_count - 1;

	if (bench->latency_count == 0)
		return NAN;
	return (double)bench->latencies[(size_t)(share * (double)last + 0.5)] * 1e3 /
	       (double)rte_get_tsc_hz();
}

const char *app_bench_no_counters(const struct app_bench *bench)
{
	switch (bench->counter_error) {
	case 0:
		return NULL;
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
		return "this machine has none, as many virtual ones";
	case EACCES:
	case EPERM:
		return "the kernel does not allow it (kernel.perf_event_paranoid, CAP_PERFMON)";
	case ENOSYS:
		return "the kernel has no perf_event_open";
	case EBUSY:
		return "others have all of them (kernel.nmi_watchdog, perf)";
	default:
		return strerror(bench->counter_error);
	}
}
