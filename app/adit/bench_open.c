/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What adit bench has beside an appliance: sources, and ports at which they are polled.
 */
#include "bench.h"

#include "port.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_cycles.h>

#define RING_SIZE 64 /* of rings that stay empty */

/* A source of these of the load's packets, one after the other. */
static int source_fill(struct app_bench *bench, struct app_source *source, uint16_t worker,
	const uint8_t *owners, struct adit_error *error)
{
	const struct app_load *load = &bench->load;
	bool all = worker == bench->appliance.worker_count;

	source->mbufs = calloc(load->count + APP_SOURCE_AHEAD, sizeof(*source->mbufs));
	if (source->mbufs == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the packets");
	source->fresh = calloc(load->fresh_count + 1, sizeof(*source->fresh));
	if (source->fresh == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the packets");
	source->plan = load->plan;
	for (size_t i = 0, fresh = 0; i < load->count; i++) {
		bool has_fresh = fresh < load->fresh_count && load->fresh[fresh].frame == i;

		if (all || owners[i] == worker) {
			if (has_fresh) {
				source->fresh[source->fresh_count] = load->fresh[fresh];
				source->fresh[source->fresh_count++].frame = source->count;
			}
			source->mbufs[source->count++] = bench->held.mbufs[i];
		}
		fresh += has_fresh;
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
	int status = app_intake_create(&bench->appliance, &intake, NULL, error);

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

static struct rte_ring *empty_ring(uint16_t number)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "adit_empty_%u", number);
	return rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

/* Where a worker polls. The spreader, which never runs beside the workers' own polls, has a queue
 * of the first one's. */
static int memory_port_make(struct app_bench *bench, uint16_t worker, struct adit_error *error)
{
	uint16_t workers = bench->appliance.worker_count, queues = worker == 0 ? 2 : 1, source;
	struct rte_ring *rings[2] = {NULL, NULL};
	uint16_t *port = &bench->memory_port[worker];
	char name[RTE_ETH_NAME_MAX_LEN];
	int status;

	for (uint16_t i = 0; i < queues; i++) {
		source = i == 0 ? worker : workers;
		rings[i] = bench->empty[source] = empty_ring(source);
		if (rings[i] == NULL)
			return adit_error_set(error, -ENOMEM, "no memory for a port");
	}
	snprintf(name, sizeof(name), "adit_memory_%u", worker);
	status = app_ring_port_make(name, rings, queues, bench->appliance.pool, port, error);
	if (status != 0)
		return status;
	bench->memory_ports++;
	bench->queues[worker][0] = (struct app_queue){.port = *port};
	bench->queue_counts[worker] = 1;
	for (uint16_t i = 0; i < queues && status == 0; i++)
		status = app_source_attach(
			&bench->sources[i == 0 ? worker : workers], *port, i, error);
	return status;
}

static int memory_open(struct app_bench *bench, struct adit_error *error)
{
	uint16_t workers = bench->appliance.worker_count;
	uint8_t *owners = calloc(bench->load.count, 1);
	int status = owners != NULL ? owners_find(bench, owners, error)
				    : adit_error_set(error, -ENOMEM, "no memory");

	if (status == 0)
		status = app_held_create(
			&bench->held, &bench->load, owners, (uint8_t)workers, error);
	for (uint16_t i = 0; i <= workers && status == 0; i++)
		status = source_fill(bench, &bench->sources[i], i, owners, error);
	free(owners);
	/* Their bytes are in mbufs now. */
	bench->time_ns = bench->load.frames[0].ts_ns;
	app_load_free(&bench->load);
	for (uint16_t i = 0; i < workers && status == 0; i++)
		status = memory_port_make(bench, i, error);
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
	if (!bench->takes_latencies || verdict->state == ADIT_STATE_CLOSED)
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
		NULL, (appliance->worker_count + 1u) * sizeof(*bench->sources), APP_LINES_APART);
	if (bench->sources == NULL)
		return adit_error_set(error, -ENOMEM, "no memory");
	/* Both ways of receiving are made, and taken in turns. */
	for (uint16_t i = 0; i < appliance->worker_count && status == 0; i++)
		status = app_intake_create(appliance, &appliance->workers[i].intake,
			&appliance->workers[i].arena.allocator, error);
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
	for (uint16_t i = 0; i < bench->memory_ports; i++)
		app_ring_port_close(&bench->memory_port[i]);
	for (size_t i = 0; i < ADIT_COUNT(bench->empty); i++)
		rte_ring_free(bench->empty[i]);
	for (uint16_t i = 0; bench->sources != NULL && i <= bench->appliance.worker_count; i++) {
		free(bench->sources[i].mbufs);
		free(bench->sources[i].fresh);
	}
	adit_free(NULL, bench->sources);
	app_held_free(&bench->held);
	app_load_free(&bench->load);
	free(bench->latencies);
}
