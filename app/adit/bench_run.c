/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include "port.h"
#include "tables.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <rte_cycles.h>

#define RING_SIZE  64
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
	[APP_BENCH_SPREADER] = {"spreader", "a lcore that decodes and spreads for workers"},
};

const char *app_bench_port(const struct app_bench *bench)
{
	return bench->options.port != NULL ? bench->options.port : "memory";
}

/* ---- making */

/* A source of these of the load's packets, one after the other. */
static int source_fill(struct app_bench *bench, struct app_source *source, uint16_t worker,
	const uint8_t *owners, struct adit_error *error)
{
	const struct app_load *load = &bench->load;
	bool all = worker == bench->appliance.worker_count;

	source->mbufs = calloc(load->count + APP_SOURCE_AHEAD, sizeof(*source->mbufs));
	if (source->mbufs == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the packets");
	for (size_t i = 0; i < load->count; i++) {
		if (!all && owners[i] != worker)
			continue;
		source->mbufs[source->count++] = bench->held.mbufs[i];
	}
	if (source->count < APP_LOAD_LEAST / 4 / bench->appliance.worker_count)
		return adit_error_set(error, -EINVAL,
			"%zu of %zu packets are worker %u's: too few to keep it busy; the captures "
			"have too few subscribers for %u workers (--subscribers makes more)",
			source->count, load->count, worker, bench->appliance.worker_count);
	for (size_t i = 0; i < APP_SOURCE_AHEAD; i++)
		source->mbufs[source->count + i] = source->mbufs[i];
	return 0;
}

/* Whose each packet is: DNS by its shard, as the program deals it; pieces of datagrams, which must
 * meet, the first worker's; the rest by turns. */
static int owners_find(struct app_bench *bench, uint8_t *owners, struct adit_error *error)
{
	struct adit_intake intake;
	int status = app_intake_create(&bench->appliance, &intake, error);

	if (status != 0)
		return status;
	for (size_t i = 0; i < bench->load.count; i++) {
		struct adit_frame frame = bench->load.frames[i];
		struct adit_packet packet;
		enum adit_outcome outcome;

		outcome = adit_intake_take(&intake, &frame, &packet);
		if (outcome == ADIT_OUTCOME_FRAGMENT || frame.data != bench->load.frames[i].data)
			owners[i] = 0;
		else if (outcome == ADIT_OUTCOME_PENDING)
			owners[i] = (uint8_t)(packet.shard % bench->appliance.worker_count);
		else
			owners[i] = (uint8_t)(i % bench->appliance.worker_count);
	}
	adit_reassembly_destroy(intake.reassembly);
	return 0;
}

static int memory_port_make(struct app_bench *bench, int number, uint16_t queues,
	struct app_source *sources, struct adit_error *error)
{
	static const char *const names[] = {"adit_memory", "adit_memory_spread"};
	struct rte_ring **rings = bench->empty + (number == 0 ? 0 : APP_WORKERS_MAX);
	int status;

	for (uint16_t i = 0; i < queues; i++) {
		char name[RTE_RING_NAMESIZE];

		snprintf(name, sizeof(name), "adit_empty_%d_%u", number, i);
		rings[i] = rte_ring_create(
			name, RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (rings[i] == NULL)
			return adit_error_set(error, -ENOMEM, "no memory for a port");
	}
	status = app_ring_port_make(names[number], rings, queues, bench->appliance.pool,
		&bench->memory_port[number], error);
	for (uint16_t i = 0; i < queues && status == 0; i++)
		status = app_source_attach(&sources[i], bench->memory_port[number], i, error);
	return status;
}

static int memory_open(struct app_bench *bench, struct adit_error *error)
{
	uint16_t workers = bench->appliance.worker_count;
	uint8_t *owners = calloc(bench->load.count, 1);
	int status = owners != NULL ? app_held_create(&bench->held, &bench->load, error)
				    : adit_error_set(error, -ENOMEM, "no memory");

	if (status == 0)
		status = owners_find(bench, owners, error);
	for (uint16_t i = 0; i <= workers && status == 0; i++)
		status = source_fill(bench, &bench->sources[i], i, owners, error);
	free(owners);
	/* Their bytes are in mbufs now. */
	bench->time_ns = bench->load.frames[0].ts_ns;
	app_load_free(&bench->load);
	if (status == 0)
		status = memory_port_make(bench, 0, workers, bench->sources, error);
	if (status == 0)
		status = memory_port_make(bench, 1, 1, bench->sources + workers, error);
	for (uint16_t i = 0; i < workers; i++) {
		bench->queues[i][0] = (struct app_queue){.port = bench->memory_port[0], .queue = i};
		bench->queue_counts[i] = 1;
	}
	return status;
}

/* The program deals the port's queues; what each worker has got is kept. */
static int port_open(struct app_bench *bench, struct adit_error *error)
{
	struct appliance *appliance = &bench->appliance;
	int status;

	for (uint16_t i = 0; i < appliance->worker_count; i++)
		appliance->workers[i].queues = 0;
	bench->time_ns = app_now_ns();
	appliance->has_spreader = false;
	status = app_ports_start(appliance, error);
	appliance->has_spreader = true;
	for (uint16_t i = 0; i < appliance->worker_count && status == 0; i++) {
		const struct app_worker *worker = &appliance->workers[i];

		if (worker->queues == 0)
			return adit_error_set(error, -EINVAL,
				"worker %u has no queue: port.queues is %lld, and there are %u "
				"workers",
				i, (long long)bench->config.port_queues, appliance->worker_count);
		memcpy(bench->queues[i], worker->queue, sizeof(worker->queue));
		bench->queue_counts[i] = worker->queues;
		for (uint16_t q = 0; q < worker->queues && status == 0; q++)
			status = app_source_attach(&bench->sources[i], worker->queue[q].port,
				worker->queue[q].queue, error);
	}
	return status;
}

/* Each verdict's way from the end of its window to its line, once that has ended everywhere. */
static void verdict_written(void *context, const struct adit_verdict *verdict)
{
	struct app_bench *bench = context;
	uint32_t slice = adit_slice_of(verdict->window_end_ns) - 1;
	uint64_t now = rte_rdtsc(), sealed = 0;

	/* What closes a story tells of windows before. */
	if (!bench->full_runs || verdict->state == ADIT_STATE_CLOSED)
		return;
	for (uint16_t i = 0; i < bench->appliance.worker_count; i++) {
		uint64_t at = app_source_sealed(&bench->sources[i], slice);

		if (at == 0) {
			bench->early++;
			return;
		}
		sealed = at > sealed ? at : sealed;
	}
	if (bench->latency_count == bench->latency_room) {
		size_t room = bench->latency_room != 0 ? bench->latency_room * 2 : 1024;
		uint64_t *grown = realloc(bench->latencies, room * sizeof(*grown));

		if (grown == NULL)
			return;
		bench->latencies = grown;
		bench->latency_room = room;
	}
	bench->latencies[bench->latency_count++] = now - sealed;
}

static uint64_t slice_packets(const struct app_bench *bench, const struct app_source *source)
{
	if (bench->options.slice_packets != 0)
		return bench->options.slice_packets;
	return source->count != 0 ? source->count : APP_LOAD_LEAST;
}

int app_bench_open(struct app_bench *bench, struct adit_error *error)
{
	struct appliance *appliance = &bench->appliance;
	int status = 0;

	bench->sources = adit_alloc(
		NULL, (appliance->worker_count + 1u) * sizeof(*bench->sources), ADIT_CACHE_LINE);
	if (bench->sources == NULL)
		return adit_error_set(error, -ENOMEM, "no memory");
	/* Both ways of receiving are made, and taken in turns. */
	for (uint16_t i = 0; i < appliance->worker_count && status == 0; i++)
		status = app_intake_create(appliance, &appliance->workers[i].intake, error);
	if (status == 0)
		status = bench->options.port != NULL ? port_open(bench, error)
						     : memory_open(bench, error);
	for (uint16_t i = 0; i <= appliance->worker_count; i++) {
		struct app_source *source = &bench->sources[i];

		source->slice_packets = slice_packets(bench, source);
		source->run_ticks =
			(uint64_t)(bench->options.seconds / (double)bench->options.repeats *
				   (double)rte_get_tsc_hz());
		source->running = &bench->running;
		source->stop = &appliance->stop;
	}
	bench->time_ns = bench->time_ns / ADIT_SLICE_NS * ADIT_SLICE_NS;
	bench->manager.written = verdict_written;
	bench->manager.context = bench;
	return status;
}

void app_bench_close(struct app_bench *bench)
{
	app_ring_port_close(&bench->memory_port[0]);
	app_ring_port_close(&bench->memory_port[1]);
	for (size_t i = 0; i < ADIT_COUNT(bench->empty); i++)
		rte_ring_free(bench->empty[i]);
	for (uint16_t i = 0; bench->sources != NULL && i <= bench->appliance.worker_count; i++)
		free(bench->sources[i].mbufs);
	adit_free(NULL, bench->sources);
	app_held_free(&bench->held);
	app_load_free(&bench->load);
	free(bench->latencies);
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
			(struct app_queue){.port = bench->memory_port[1]};
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
			worker->queue[0] =
				(struct app_queue){.port = appliance->ring_port, .queue = i};
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

/* How often the packets must come so that the full path takes the time it is to take. The first run
 * makes warm what is cold, and says nothing. */
static int calibrate(struct app_bench *bench, struct adit_error *error)
{
	double wanted = bench->options.seconds * 1e9 / (double)bench->options.repeats;
	double took = 0, passes, most;
	struct app_bench_run tried;
	int status;

	bench->passes = WARM_PASSES;
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
			bench->full_runs = row == APP_RUNG_FULL;
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
	default:
		return strerror(bench->counter_error);
	}
}
