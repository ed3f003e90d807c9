/* SPDX-License-Identifier: BSD-3-Clause */
#include "gauges.h"

#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_mempool.h>
#include <rte_version.h>

/* jemalloc's own, where the program is linked with it. */
extern int mallctl(const char *name, void *old, size_t *old_size, void *new_value, size_t new_size)
	__attribute__((weak));

static const char *const table_names[APP_GAUGE_TABLES] = {
	[ADIT_KIND_DOMAIN] = "domains",
	[ADIT_KIND_PAIR] = "pairs",
	[ADIT_KIND_SERVER] = "servers",
	[ADIT_KIND_SESSION] = "sessions",
	[ADIT_KIND_ENCRYPTED] = "encrypted",
	[ADIT_KIND_COUNT] = "details",
};

/* A gauge that stands alone, or one of a label's. */
static int gauge(struct app_registry *registry, const char *name, const char *help,
	const char *label, const char *value, const uint64_t *cell)
{
	const struct adit_metrics_counter is = {
		.name = name, .help = help, .label = label, .value = value, .is_gauge = true};

	return app_registry_add(registry, &is, cell);
}

static int bytes(
	struct app_registry *registry, const char *name, const char *help, const uint64_t *cell)
{
	const struct adit_metrics_counter is = {
		.name = name, .help = help, .unit = "bytes", .is_gauge = true};

	return app_registry_add(registry, &is, cell);
}

static int seconds(
	struct app_registry *registry, const char *name, const char *help, const uint64_t *cell)
{
	const struct adit_metrics_counter is = {
		.name = name, .help = help, .unit = "seconds", .is_gauge = true, .is_ns = true};

	return app_registry_add(registry, &is, cell);
}

static int timing(struct app_registry *registry, const char *name, const char *help,
	const struct app_timing *cells)
{
	const struct adit_metrics_counter is = {.name = name,
		.help = help,
		.unit = "seconds",
		.is_ns = true,
		.histogram = &app_timing_bounds};
	int status = app_registry_add(registry, &is, &cells->bucket[0]);

	for (size_t i = 1; i < ADIT_COUNT(cells->bucket); i++)
		status |= app_registry_bind(registry, &cells->bucket[i]);
	status |= app_registry_bind(registry, &cells->sum_ns);
	return status;
}

/* What is in force, as a number that changes with it. */
static void config_digest(const struct adit_config *config, char digest[17])
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	uint64_t hash = 0;

	if (to != NULL) {
		adit_config_dump(config, to);
		if (fclose(to) == 0)
			hash = adit_hash(&adit_hash_key_fixed, text, size);
		free(text);
	}
	snprintf(digest, 17, "%016llx", (unsigned long long)hash);
}

void app_gauges_config(struct app_gauges *gauges)
{
	config_digest(gauges->appliance->config, gauges->config_digest);
}

static int add_versions(struct app_gauges *gauges, struct app_registry *registry)
{
	int status = 0;

	app_gauges_config(gauges);
	status |= gauge(registry, "build_info", "1, for the version that runs", "version",
		ADIT_VERSION, &gauges->one);
	status |= gauge(registry, "dpdk_info", "1, for the version of DPDK below it", "version",
		rte_version(), &gauges->one);
	status |= gauge(registry, "config_info",
		"1, for the options in force: the digest changes with them", "digest",
		gauges->config_digest, &gauges->one);
	status |= seconds(registry, "start_time_seconds",
		"when the program started, since the Unix epoch", &gauges->started_ns);
	return status;
}

static int add_lcores(struct app_registry *registry, const struct app_health *health)
{
	int status = 0;

	for (size_t i = 0; i < health->count; i++) {
		const struct app_pulse *pulse = &health->pulse[i];
		struct adit_metrics_counter polls = {.name = "lcore_busy_polls",
			.help = "polls of an lcore that found something",
			.label = "lcore",
			.value = pulse->name};

		status |= app_registry_add(registry, &polls, pulse->busy);
		polls.name = "lcore_idle_polls";
		polls.help = "polls of an lcore that found nothing";
		status |= app_registry_add(registry, &polls, pulse->idle);
		status |= gauge(registry, "lcore_stalled",
			"1 where an lcore has not polled for http.stalled_after", "lcore",
			pulse->name, &pulse->stalled);
	}
	return status;
}

static int add_scoring(struct app_gauges *gauges, struct app_registry *registry)
{
	const struct app_scorer_counters *counters = &gauges->appliance->scorer->counters;
	const struct adit_metrics_counter verdicts = {.name = "verdicts_dropped",
		.help = "records lost because the management thread was behind"};
	const struct adit_metrics_counter rows = {.name = "rows_dropped",
		.help = "lines of windows.csv, or rows to learn from, lost for the same reason"};
	int status = 0;

	status |= app_registry_add(registry, &verdicts, &counters->verdicts_dropped);
	status |= app_registry_add(registry, &rows, &counters->rows_dropped);
	status |= seconds(registry, "window_lag_seconds",
		"since the last slice was scored; live, up to 10 and what scoring takes",
		&gauges->window_lag_ns);
	status |= timing(
		registry, "scoring_seconds", "what scoring a slice took", &counters->scoring);
	status |= timing(registry, "slice_lag_seconds",
		"live, from the end of a slice until it was scored", &counters->lag);
	status |= seconds(
		registry, "scoring_last_seconds", "what the last slice took", &counters->last_ns);
	status |= gauge(registry, "verdicts_waiting",
		"messages from the scoring core that are not written yet", NULL, NULL,
		&gauges->verdicts_waiting);
	return status;
}

/* Of one table of the windows; `first` is the first worker's cell. */
static int add_table(struct app_gauges *gauges, struct app_registry *registry, int table,
	uint64_t rows, const uint64_t *first)
{
	const struct appliance *appliance = gauges->appliance;
	int status = gauge(registry, "table_rows",
		"rows in use when windows were last handed over, of all workers", "table",
		table_names[table], first);

	gauges->capacity[table] = rows;
	for (uint16_t w = 1; w < appliance->worker_count; w++)
		status |= app_registry_bind(
			registry, (const uint64_t *)((const char *)first +
						     w * sizeof(appliance->workers[0])));
	status |= gauge(registry, "table_capacity_rows", "rows that there are", "table",
		table_names[table], &gauges->capacity[table]);
	return status;
}

static int add_tables(struct app_gauges *gauges, struct app_registry *registry)
{
	const struct appliance *appliance = gauges->appliance;
	const struct app_worker_counters *cells = &appliance->workers[0].counters;
	const struct adit_window_params params =
		app_window_params(appliance->config, appliance->worker_count);
	uint64_t shards = (uint64_t)params.shards * appliance->worker_count;
	int status = 0;

	for (int kind = 0; kind < ADIT_KIND_COUNT; kind++)
		status |= add_table(
			gauges, registry, kind, params.rows[kind] * shards, &cells->rows[kind]);
	status |= add_table(
		gauges, registry, ADIT_KIND_COUNT, params.details * shards, &cells->details);
	return status;
}

static int add_history(struct app_gauges *gauges, struct app_registry *registry)
{
	static const char *const names[APP_HISTORY_COUNT] = {
		"keys", "entries", "details", "sessions", "stories"};
	const struct adit_score_params params = app_score_params(gauges->appliance);
	const uint32_t rooms[APP_HISTORY_COUNT] = {params.ledger.keys, params.ledger.entries,
		params.ledger.details, params.sessions, params.stories};
	int status = 0;

	for (int i = 0; i < APP_HISTORY_COUNT; i++) {
		gauges->history[i] = rooms[i];
		status |= gauge(registry, "history_rows",
			"what is remembered from slice to slice, after the last one", "table",
			names[i], &gauges->appliance->scorer->counters.used[i]);
		status |= gauge(registry, "history_capacity_rows", "room for it", "table", names[i],
			&gauges->history[i]);
	}
	return status;
}

static int add_memory(struct app_gauges *gauges, struct app_registry *registry)
{
	struct app_memory memory;
	int status = 0;

	app_memory_plan(gauges->appliance->config, gauges->appliance->port_count,
		gauges->appliance->has_spreader, &memory);
	gauges->reserved_bytes = memory.sum;
	status |= bytes(registry, "memory_planned_bytes",
		"what tables and packet buffers may take at most, from the configuration",
		&gauges->reserved_bytes);
	if (mallctl != NULL) {
		status |= bytes(registry, "memory_allocated_bytes",
			"allocated by the program, as jemalloc says", &gauges->allocated_bytes);
		status |= bytes(registry, "memory_resident_bytes",
			"of it and of the allocator in physical pages, at most",
			&gauges->resident_bytes);
		status |= bytes(registry, "memory_mapped_bytes",
			"address space that the allocator holds", &gauges->mapped_bytes);
	}
	status |= gauge(registry, "packet_buffers", "buffers of the packet pool", "state", "free",
		&gauges->buffers_free);
	status |= gauge(registry, "packet_buffers", "buffers of the packet pool", "state", "used",
		&gauges->buffers_used);
	return status;
}

static int add_queues(
	struct app_gauges *gauges, struct app_registry *registry, const struct appliance *appliance)
{
	int status = 0;

	for (uint16_t w = 0; w < appliance->worker_count; w++)
		if (appliance->workers[w].packets != NULL)
			status |= gauge(registry, "worker_packets_waiting",
				"packets between the spreader and a worker", "worker",
				app_registry_worker(registry, w), &gauges->packets_waiting[w]);
	status |= gauge(registry, "selfcheck_subscribers",
		"subscribers that the self-check of the spreading looked at", NULL, NULL,
		&appliance->selfcheck.subscribers);
	status |= gauge(registry, "selfcheck_split", "of them, those that several workers saw",
		NULL, NULL, &appliance->selfcheck.split);
	return status;
}

int app_gauges_add(struct app_gauges *gauges, struct app_registry *registry,
	const struct appliance *appliance, const struct app_health *health, uint64_t now_ns)
{
	int status = 0;

	*gauges = (struct app_gauges){.appliance = appliance, .one = 1, .started_ns = now_ns};
	status |= add_versions(gauges, registry);
	status |= add_lcores(registry, health);
	status |= add_scoring(gauges, registry);
	status |= add_tables(gauges, registry);
	status |= add_history(gauges, registry);
	status |= add_memory(gauges, registry);
	status |= add_queues(gauges, registry, appliance);
	return status == 0 ? 0 : -ENOSPC;
}

static void jemalloc_refresh(struct app_gauges *gauges)
{
	const struct {
		const char *name;
		uint64_t *to;
	} stats[] = {{"stats.allocated", &gauges->allocated_bytes},
		{"stats.resident", &gauges->resident_bytes},
		{"stats.mapped", &gauges->mapped_bytes}};
	uint64_t epoch = 1;
	size_t value, size = sizeof(epoch);

	if (mallctl == NULL)
		return;
	/* Its figures stand still until they are asked to move. */
	mallctl("epoch", &epoch, &size, &epoch, size);
	for (size_t i = 0; i < ADIT_COUNT(stats); i++) {
		size = sizeof(value);
		if (mallctl(stats[i].name, &value, &size, NULL, 0) == 0)
			*stats[i].to = value;
	}
}

void app_gauges_refresh(struct app_gauges *gauges, uint64_t now_ns)
{
	const struct appliance *appliance = gauges->appliance;
	uint64_t scored_ns = app_read(&appliance->scorer->counters.scored_ns);

	gauges->window_lag_ns = scored_ns != 0 && now_ns > scored_ns ? now_ns - scored_ns : 0;
	gauges->buffers_free = rte_mempool_avail_count(appliance->pool);
	gauges->buffers_used = rte_mempool_in_use_count(appliance->pool);
	gauges->verdicts_waiting = rte_ring_count(appliance->messages_full);
	for (uint16_t w = 0; w < appliance->worker_count; w++)
		if (appliance->workers[w].packets != NULL)
			gauges->packets_waiting[w] = rte_ring_count(appliance->workers[w].packets);
	jemalloc_refresh(gauges);
}
