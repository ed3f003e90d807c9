/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a run counted: the registry of all cells, stats.json from it, and a summary in words.
 */
#include "manager.h"
#include "port.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* A count that stands once per worker, at the same place in each. */
struct worker_cell {
	const char *name, *help;
	size_t offset;
};
#define CELL(field, text)                                                 \
	{                                                                 \
#field, text, offsetof(struct app_worker, counters.field) \
	}
static const struct worker_cell worker_cells[] = {
	CELL(windows, "windows sealed"),
	CELL(coalesced, "slices that shared a window because no empty one was at hand"),
	CELL(window_waits, "polls for an empty window (replay)"),
	CELL(linearised, "packets copied because they came in segments"),
	CELL(details_refused, "detail records refused: all held by heavier keys"),
	CELL(details_taken, "detail records taken from lighter keys"),
	{"domains_evicted", "domain rows that gave way",
		offsetof(struct app_worker, counters.evicted[ADIT_KIND_DOMAIN])},
	{"domains_refused", "events without a domain row",
		offsetof(struct app_worker, counters.refused[ADIT_KIND_DOMAIN])},
	{"pairs_evicted", "subscriber × domain rows that gave way",
		offsetof(struct app_worker, counters.evicted[ADIT_KIND_PAIR])},
	{"pairs_refused", "events without a subscriber × domain row",
		offsetof(struct app_worker, counters.refused[ADIT_KIND_PAIR])},
	{"servers_evicted", "subscriber × server rows that gave way",
		offsetof(struct app_worker, counters.evicted[ADIT_KIND_SERVER])},
	{"servers_refused", "events without a subscriber × server row",
		offsetof(struct app_worker, counters.refused[ADIT_KIND_SERVER])},
};
#undef CELL

/* Counts of a port, of which it has one each. */
struct port_cell {
	const char *name, *help;
	size_t offset;
};
#define CELL(field, text)                                                       \
	{                                                                       \
		"port_" #field, text, offsetof(struct app_port_counters, field) \
	}
static const struct port_cell port_cells[] = {
	CELL(received, "packets that the port received"),
	CELL(missed, "packets lost for want of a free descriptor"),
	CELL(no_buffer, "packets lost for want of a buffer"),
	CELL(errors, "frames that the port could not receive"),
};
#undef CELL

#define COUNTERS_MAX                                          \
	(ADIT_OUTCOME_COUNT + ADIT_COUNT(worker_cells) + 16 + \
		ADIT_COUNT(port_cells) * APP_PORTS_MAX + 2 * APP_QUEUES_MAX + 2 * APP_WORKERS_MAX)

struct registry {
	struct adit_metrics *metrics;
	struct adit_stats_counter values[COUNTERS_MAX];
	size_t outcomes, queries, responses, tables, tables_end; /* first counter of each group */
	/* Values of labels: a port, a queue of a port, a worker. */
	char port[APP_PORTS_MAX][8], queue[APP_PORTS_MAX][APP_PORT_QUEUES_MAX][16];
	char worker[APP_WORKERS_MAX][8];
};

static size_t single(
	struct registry *registry, const char *name, const char *help, const uint64_t *cell)
{
	const struct adit_metrics_counter counter = {.name = name, .help = help};
	int number = adit_metrics_add(registry->metrics, &counter);

	if (number < 0)
		return 0;
	if (cell != NULL)
		adit_metrics_bind(registry->metrics, (size_t)number, cell);
	return (size_t)number;
}

static void outcomes_add(struct registry *registry, const struct appliance *appliance)
{
	for (int i = 0; i < ADIT_OUTCOME_COUNT; i++) {
		const struct adit_metrics_counter counter = {
			.name = "packets",
			.help = "packets by outcome",
			.label = "outcome",
			.value = adit_outcome_names[i],
		};
		size_t number = (size_t)adit_metrics_add(registry->metrics, &counter);

		adit_metrics_bind(
			registry->metrics, number, &appliance->spreader->ended.outcome[i]);
		for (uint16_t w = 0; w < appliance->worker_count; w++)
			adit_metrics_bind(registry->metrics, number,
				&adit_pipeline_counters(appliance->workers[w].pipeline)
					 ->outcome[i]);
	}
}

static void tables_add(struct registry *registry, const struct appliance *appliance)
{
	const struct adit_score_counters *score = adit_scorer_counters(appliance->scorer->scorer);
	const struct adit_ledger_counters *ledger =
		adit_scorer_ledger_counters(appliance->scorer->scorer);

	for (size_t i = 0; i < ADIT_COUNT(worker_cells); i++) {
		size_t number = single(registry, worker_cells[i].name, worker_cells[i].help, NULL);

		for (uint16_t w = 0; w < appliance->worker_count; w++)
			adit_metrics_bind(registry->metrics, number,
				(const uint64_t *)((const char *)&appliance->workers[w] +
						   worker_cells[i].offset));
	}
	single(registry, "late", "packets of an earlier slice, counted into the open one",
		&appliance->spreader->counters.late);
	single(registry, "timelines", "times that time started anew",
		&appliance->spreader->counters.timelines);
	single(registry, "slices", "slices scored", &appliance->scorer->counters.slices);
	single(registry, "judged", "keys that reached the detectors", &score->judged);
	single(registry, "stories", "stories opened", &score->opened);
	single(registry, "stories_refused", "stories refused: all are open",
		&score->stories_refused);
	single(registry, "history_keys_evicted", "keys that gave way", &ledger->keys_evicted);
	single(registry, "history_keys_refused", "keys refused", &ledger->keys_refused);
	single(registry, "history_entries_dropped", "windows of keys dropped early",
		&ledger->entries_dropped);
	single(registry, "history_details_dropped", "detail records dropped early",
		&ledger->details_dropped);
	single(registry, "history_orphans", "pairs whose domain had no row", &ledger->orphans);
}

static void labelled(struct registry *registry, const char *name, const char *help,
	const char *label, const char *value, const uint64_t *cells, size_t count)
{
	const struct adit_metrics_counter counter = {
		.name = name, .help = help, .label = label, .value = value};
	int number = adit_metrics_add(registry->metrics, &counter);

	for (size_t i = 0; i < count && number >= 0; i++)
		adit_metrics_bind(registry->metrics, (size_t)number, &cells[i]);
}

static void ports_add(struct registry *registry, const struct appliance *appliance)
{
	for (uint16_t i = 0; i < appliance->port_count; i++) {
		const struct app_port *port = &appliance->ports_open[i];

		snprintf(registry->port[i], sizeof(registry->port[i]), "%u", port->id);
		for (size_t k = 0; k < ADIT_COUNT(port_cells); k++)
			labelled(registry, port_cells[k].name, port_cells[k].help, "port",
				registry->port[i],
				(const uint64_t *)((const char *)&port->counters +
						   port_cells[k].offset),
				1);
		for (uint16_t q = 0; q < port->queues; q++) {
			char *name = registry->queue[i][q];

			snprintf(name, sizeof(registry->queue[i][q]), "%u.%u", port->id, q);
			labelled(registry, "queue_packets", "packets taken from a port's queue",
				"queue", name, &port->counters.queue[q].packets, 1);
			labelled(registry, "queue_errors", "packets dropped at a port's queue",
				"queue", name, &port->counters.queue[q].errors, 1);
		}
	}
}

static void workers_add(struct registry *registry, const struct appliance *appliance)
{
	for (uint16_t w = 0; w < appliance->worker_count; w++) {
		char *name = registry->worker[w];

		snprintf(name, sizeof(registry->worker[w]), "%u", w);
		labelled(registry, "worker_packets", "packets that the worker ran to their end",
			"worker", name,
			adit_pipeline_counters(appliance->workers[w].pipeline)->outcome,
			ADIT_OUTCOME_COUNT);
		labelled(registry, "worker_queue_full",
			"packets lost because the worker's queue was full", "worker", name,
			&appliance->spreader->counters.queue_full[w], 1);
	}
}

static int registry_make(struct registry *registry, const struct appliance *appliance)
{
	size_t count;
	int status = adit_metrics_create(&registry->metrics, COUNTERS_MAX,
		COUNTERS_MAX * (1u + appliance->worker_count), NULL);

	if (status != 0)
		return status;
	outcomes_add(registry, appliance);
	registry->queries = single(registry, "dns_queries", "DNS queries", NULL);
	registry->responses = single(registry, "dns_responses", "DNS responses", NULL);
	for (uint16_t w = 0; w < appliance->worker_count; w++) {
		const struct adit_pipeline_counters *counters =
			adit_pipeline_counters(appliance->workers[w].pipeline);

		adit_metrics_bind(registry->metrics, registry->queries, &counters->dns_queries);
		adit_metrics_bind(registry->metrics, registry->responses, &counters->dns_responses);
	}
	registry->tables = adit_metrics_count(registry->metrics);
	tables_add(registry, appliance);
	registry->tables_end = adit_metrics_count(registry->metrics);
	ports_add(registry, appliance);
	workers_add(registry, appliance);
	count = adit_metrics_count(registry->metrics);
	for (size_t i = 0; i < count; i++) {
		const struct adit_metrics_counter *counter = adit_metrics_get(registry->metrics, i);

		registry->values[i].name = counter->value != NULL ? counter->value : counter->name;
		registry->values[i].value = adit_metrics_read(registry->metrics, i);
	}
	return 0;
}

uint64_t app_report_received(const struct appliance *appliance)
{
	uint64_t received = app_read(&appliance->spreader->counters.received);

	for (uint16_t w = 0; w < appliance->worker_count; w++)
		received += app_read(&appliance->workers[w].counters.received);
	return received;
}

static double elapsed_s(const struct app_manager *manager)
{
	return (double)(manager->ended_ns - manager->started_ns) / (double)ADIT_NS_PER_S;
}

/* The same counts as in the registry, by port and by worker. */
struct lists {
	struct adit_stats_port port[APP_PORTS_MAX];
	struct adit_stats_queue queue[APP_PORTS_MAX][APP_PORT_QUEUES_MAX];
	struct adit_stats_worker worker[APP_WORKERS_MAX];
	struct app_port_counters sum;
};

static uint64_t worker_packets(const struct appliance *appliance, uint16_t worker)
{
	const struct adit_pipeline_counters *counters =
		adit_pipeline_counters(appliance->workers[worker].pipeline);
	uint64_t count = 0;

	for (int i = 0; i < ADIT_OUTCOME_COUNT; i++)
		count += counters->outcome[i];
	return count;
}

static void lists_make(struct lists *lists, const struct appliance *appliance)
{
	memset(lists, 0, sizeof(*lists));
	for (uint16_t i = 0; i < appliance->port_count; i++) {
		const struct app_port *port = &appliance->ports_open[i];
		const struct app_port_counters *counters = &port->counters;

		lists->port[i] = (struct adit_stats_port){.port = port->id,
			.device = port->device,
			.driver = port->driver,
			.received = counters->received,
			.missed = counters->missed,
			.no_buffer = counters->no_buffer,
			.errors = counters->errors,
			.queues = lists->queue[i],
			.queue_count = port->queues};
		for (uint16_t q = 0; q < port->queues; q++)
			lists->queue[i][q] = (struct adit_stats_queue){
				counters->queue[q].packets, counters->queue[q].errors};
		lists->sum.missed += counters->missed;
		lists->sum.no_buffer += counters->no_buffer;
		lists->sum.errors += counters->errors;
	}
	for (uint16_t w = 0; w < appliance->worker_count; w++)
		lists->worker[w] = (struct adit_stats_worker){
			worker_packets(appliance, w), appliance->spreader->counters.queue_full[w]};
}

/* Puts a document into the run's directory. */
static int stats_write(const struct app_manager *manager, const struct adit_stats *stats)
{
	char path[PATH_MAX];
	FILE *file;
	int status;

	snprintf(path, sizeof(path), "%s/stats.json", manager->directory);
	file = fopen(path, "we");
	if (file == NULL)
		return -errno;
	status = adit_stats_write_json(stats, file);
	if (fclose(file) != 0 && status == 0)
		status = -errno;
	return status;
}

int app_report_stats(struct app_manager *manager, const char *problem)
{
	const struct appliance *appliance = manager->appliance;
	struct registry registry = {0};
	struct lists lists;
	int status;

	app_ports_count(manager->appliance);
	status = registry_make(&registry, appliance);
	if (status != 0)
		return status;
	adit_metrics_free(registry.metrics);
	lists_make(&lists, appliance);
	const struct adit_stats_counter drops[] = {
		{"port_missed", lists.sum.missed},
		{"port_no_buffer", lists.sum.no_buffer},
		{"port_errors", lists.sum.errors},
		{"queue_full", registry.values[ADIT_OUTCOME_QUEUE_FULL].value},
		{"verdicts_dropped", appliance->scorer->counters.verdicts_dropped},
		{"rows_dropped", appliance->scorer->counters.rows_dropped},
	};
	const struct adit_stats stats = {
		.received = app_report_received(appliance),
		.outcomes = registry.values,
		.outcome_count = ADIT_OUTCOME_COUNT,
		.dns_queries = registry.values[registry.queries].value,
		.dns_responses = registry.values[registry.responses].value,
		.drops = drops,
		.drop_count = ADIT_COUNT(drops),
		.ports = lists.port,
		.port_count = appliance->port_count,
		.workers = lists.worker,
		.worker_count = appliance->worker_count,
		.selfchecked = appliance->live,
		.selfcheck_subscribers = appliance->selfcheck.subscribers,
		.selfcheck_split = appliance->selfcheck.split,
		.tables = &registry.values[registry.tables],
		.table_count = registry.tables_end - registry.tables,
		.elapsed_s = elapsed_s(manager),
		.complete = problem == NULL,
		.problem = problem,
	};

	return stats_write(manager, &stats);
}

static uint64_t outcome_count(const struct appliance *appliance, int outcome)
{
	uint64_t count = appliance->spreader->ended.outcome[outcome];

	for (uint16_t w = 0; w < appliance->worker_count; w++)
		count += adit_pipeline_counters(appliance->workers[w].pipeline)->outcome[outcome];
	return count;
}

/* Of what came, lost and not: never more than 100. */
static double percent(uint64_t lost, uint64_t received)
{
	return 100 * (double)lost / ((double)lost + (double)received);
}

/* Where packets were lost, and how many of those that came there. */
static void losses_print(const struct appliance *appliance)
{
	for (uint16_t i = 0; i < appliance->port_count; i++) {
		const struct app_port *port = &appliance->ports_open[i];
		const struct app_port_counters *is = &port->counters;
		uint64_t lost = app_port_lost(is);

		if (lost != 0)
			printf("Packets lost at port %u (%s): %" PRIu64 " (%.2f %%): %" PRIu64
			       " missed, %" PRIu64 " without a buffer, %" PRIu64 " errors\n",
				port->id, port->device, lost, percent(lost, is->received),
				is->missed, is->no_buffer, is->errors);
	}
	for (uint16_t w = 0; w < appliance->worker_count; w++) {
		uint64_t lost = appliance->spreader->counters.queue_full[w];

		if (lost != 0)
			printf("Packets lost behind the full queue of worker %u: %" PRIu64
			       " (%.2f %%)\n",
				w, lost, percent(lost, worker_packets(appliance, w)));
	}
}

/* What makes the table below it mean less than it seems to. */
static void caveats_print(const struct appliance *appliance, bool saw_packets, bool saw_dns)
{
	const struct app_spreader *spreader = appliance->spreader;
	int most = 0;

	losses_print(appliance);
	if (appliance->scorer->counters.verdicts_dropped != 0)
		printf("Records lost: %" PRIu64 ", the disk was behind\n",
			appliance->scorer->counters.verdicts_dropped);
	if (!appliance->live && spreader->counters.timelines > 1)
		printf("Captures not in order of time: %" PRIu64
		       " timelines, each judged by itself\n",
			spreader->counters.timelines);
	if (!saw_packets || saw_dns)
		return;
	for (int i = 1; i < ADIT_OUTCOME_COUNT; i++)
		if (outcome_count(appliance, i) > outcome_count(appliance, most))
			most = i;
	printf("No DNS was read: most packets are %s (the guide tells what that means)\n",
		adit_outcome_names[most]);
}

void app_report_summary(struct app_manager *manager)
{
	const struct appliance *appliance = manager->appliance;
	uint64_t received = app_report_received(appliance), queries = 0, responses = 0;
	double seconds = elapsed_s(manager), rate;

	app_ports_count(manager->appliance);
	for (uint16_t w = 0; w < appliance->worker_count; w++) {
		queries += adit_pipeline_counters(appliance->workers[w].pipeline)->dns_queries;
		responses += adit_pipeline_counters(appliance->workers[w].pipeline)->dns_responses;
	}
	rate = seconds > 0 ? (double)received / seconds : 0;
	printf("%" PRIu64 " packets, %" PRIu64 " DNS queries and %" PRIu64
	       " responses in %.1f s (%.*f%s packets per second)\n",
		received, queries, responses, seconds, rate >= 1e5 ? 2 : 0,
		rate >= 1e5 ? rate / 1e6 : rate, rate >= 1e5 ? " million" : "");
	caveats_print(appliance, received != 0, queries + responses != 0);
	putchar('\n');
}
