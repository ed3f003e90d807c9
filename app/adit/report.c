/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a run counted: stats.json, and a summary in words.
 */
#include "manager.h"
#include "port.h"
#include "registry.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t app_report_received(const struct appliance *appliance)
{
	uint64_t received = app_read(&appliance->spreader->counters.received);

	for (uint16_t w = 0; w < appliance->worker_count; w++)
		received += app_read(&appliance->workers[w].counters.received);
	return received;
}

/* So far, where it still runs. */
static double elapsed_s(const struct app_manager *manager)
{
	uint64_t ended_ns = manager->ended_ns != 0 ? manager->ended_ns : app_manager_clock_ns();

	/* The HTTP thread may ask before it does. */
	return manager->started_ns == 0
		       ? 0
		       : (double)(ended_ns - manager->started_ns) / (double)ADIT_NS_PER_S;
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

static uint64_t outcome_count(const struct appliance *appliance, int outcome)
{
	uint64_t count = appliance->spreader->ended.outcome[outcome];

	for (uint16_t w = 0; w < appliance->worker_count; w++)
		count += adit_pipeline_counters(appliance->workers[w].pipeline)->outcome[outcome];
	return count;
}

int app_report_write(const struct app_manager *manager, const char *problem, FILE *to)
{
	const struct appliance *appliance = manager->appliance;
	struct app_registry *registry;
	struct adit_stats_group groups[APP_GROUP_COUNT + 2];
	struct app_sink_counters sinks;
	struct lists lists;
	int status;

	status = app_registry_make(appliance, &registry);
	if (status != 0)
		return status;
	lists_make(&lists, appliance);
	for (int i = 0; i < APP_GROUP_COUNT; i++)
		groups[i] = app_registry_group(registry, i);
	const struct adit_stats_counter drops[] = {
		{"port_missed", lists.sum.missed},
		{"port_no_buffer", lists.sum.no_buffer},
		{"port_errors", lists.sum.errors},
		{"queue_full", groups[APP_GROUP_OUTCOMES].counters[ADIT_OUTCOME_QUEUE_FULL].value},
		{"verdicts_dropped", appliance->scorer->counters.verdicts_dropped},
		{"rows_dropped", appliance->scorer->counters.rows_dropped},
	};
	const struct adit_identity_counters none = {0}, *who = &none;
	if (manager->identity.identities != NULL)
		who = adit_identities_counters(manager->identity.identities);
	const struct adit_stats_counter identities[] = {
		{"records", who->records}, {"evicted", who->evicted}, {"refused", who->refused}};
	groups[APP_GROUP_COUNT] =
		(struct adit_stats_group){"identities", identities, ADIT_COUNT(identities)};
	app_sinks_count(manager->sinks, &sinks);
	groups[APP_GROUP_COUNT + 1] = sinks.group;
	const struct adit_stats stats = {
		.received = app_report_received(appliance),
		.outcomes = groups[APP_GROUP_OUTCOMES].counters,
		.outcome_count = groups[APP_GROUP_OUTCOMES].count,
		.groups = groups + 1,
		.group_count = APP_GROUP_COUNT + (sinks.group.count != 0),
		.drops = drops,
		.drop_count = ADIT_COUNT(drops),
		.ports = lists.port,
		.port_count = appliance->port_count,
		.workers = lists.worker,
		.worker_count = appliance->worker_count,
		.selfchecked = appliance->live,
		.selfcheck_subscribers = appliance->selfcheck.subscribers,
		.selfcheck_split = appliance->selfcheck.split,
		.elapsed_s = elapsed_s(manager),
		.complete = problem == NULL && manager->ended_ns != 0,
		.problem = problem,
	};

	status = adit_stats_write_json(&stats, to);
	app_registry_free(registry);
	return status;
}

int app_report_stats(struct app_manager *manager, const char *problem)
{
	char path[PATH_MAX];
	FILE *file;
	int status;

	app_ports_count(manager->appliance);
	snprintf(path, sizeof(path), "%s/stats.json", manager->directory);
	file = fopen(path, "we");
	if (file == NULL)
		return -errno;
	status = app_report_write(manager, problem, file);
	if (fclose(file) != 0 && status == 0)
		status = -errno;
	return status;
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
		       " timelines, each judged by itself; --merge reads them side by side\n",
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
