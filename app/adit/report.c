/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a run counted: the registry of all cells, stats.json from it, and a summary in words.
 */
#include "manager.h"

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

#define COUNTERS_MAX (ADIT_OUTCOME_COUNT + ADIT_COUNT(worker_cells) + 16)

struct registry {
	struct adit_metrics *metrics;
	struct adit_stats_counter values[COUNTERS_MAX];
	size_t outcomes, queries, responses, tables, tables_end; /* first counter of each group */
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
	count = registry->tables_end = adit_metrics_count(registry->metrics);
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

int app_report_stats(struct app_manager *manager, const char *problem)
{
	const struct appliance *appliance = manager->appliance;
	struct app_port_counters ports;
	struct registry registry = {0};
	char path[PATH_MAX];
	FILE *file;
	int status = registry_make(&registry, appliance);

	if (status != 0)
		return status;
	adit_metrics_free(registry.metrics);
	app_ports_count(appliance, &ports);
	const struct adit_stats_counter drops[] = {
		{"port_missed", ports.missed},
		{"port_no_buffer", ports.no_buffer},
		{"port_errors", ports.errors},
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
		.tables = &registry.values[registry.tables],
		.table_count = registry.tables_end - registry.tables,
		.elapsed_s = elapsed_s(manager),
		.complete = problem == NULL,
		.problem = problem,
	};

	snprintf(path, sizeof(path), "%s/stats.json", manager->directory);
	file = fopen(path, "we");
	if (file == NULL)
		return -errno;
	status = adit_stats_write_json(&stats, file);
	if (fclose(file) != 0 && status == 0)
		status = -errno;
	return status;
}

static uint64_t outcome_count(const struct appliance *appliance, int outcome)
{
	uint64_t count = appliance->spreader->ended.outcome[outcome];

	for (uint16_t w = 0; w < appliance->worker_count; w++)
		count += adit_pipeline_counters(appliance->workers[w].pipeline)->outcome[outcome];
	return count;
}

/* What makes the table below it mean less than it seems to. */
static void caveats_print(const struct appliance *appliance, bool saw_packets, bool saw_dns)
{
	const struct app_spreader *spreader = appliance->spreader;
	uint64_t queue_full = outcome_count(appliance, ADIT_OUTCOME_QUEUE_FULL);
	struct app_port_counters ports;
	int most = 0;

	app_ports_count(appliance, &ports);
	if (ports.missed + ports.no_buffer + ports.errors + queue_full != 0)
		printf("Packets lost: %" PRIu64 " at the ports, %" PRIu64 " behind a full queue\n",
			ports.missed + ports.no_buffer + ports.errors, queue_full);
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
