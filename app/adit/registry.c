/* SPDX-License-Identifier: BSD-3-Clause */
#include "registry.h"

#include "port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Whose structure a count stands in. */
enum source {
	WORKER,     /* struct app_worker, one each */
	PIPELINE,   /* its pipeline's counters */
	STREAMS,    /* and its TCP streams' */
	REASSEMBLY, /* fragments: of each thread that decodes */
	SPREADER,
	SCORER, /* the lcore's */
	SCORE,  /* the library's */
	BLIND,  /* tables of encrypted DNS */
	LEDGER,
};

static const struct cell {
	enum app_group group;
	enum source source;
	size_t offset;
	const char *name, *help;
	const char *stats; /* what stats.json calls it; NULL: by its name */
} cells[] = {
#define DNS(field, name, help)                                                                 \
	{                                                                                      \
		APP_GROUP_DNS, PIPELINE, offsetof(struct adit_pipeline_counters, field), name, \
			help                                                                   \
	}
	DNS(dns_queries, "dns_queries", "DNS queries whose question was read"),
	DNS(dns_responses, "dns_responses", "DNS responses whose question was read"),
	DNS(repeated, "dns_repeated", "of them, those said again within 5 s, which count as bytes"),
	DNS(raw_bytes, "dns_raw_bytes", "bytes on DNS ports that are no DNS"),
#undef DNS
#define FRAGMENTS(field, help)                                                                     \
	{                                                                                          \
		APP_GROUP_FRAGMENTS, REASSEMBLY, offsetof(struct adit_reassembly_counters, field), \
			"fragments_" #field, help                                                  \
	}
	FRAGMENTS(started, "datagrams of which a fragment came"),
	FRAGMENTS(completed, "datagrams put together"),
	FRAGMENTS(expired, "datagrams that waited for too long"),
	FRAGMENTS(evicted, "datagrams that gave way to newer ones"),
	FRAGMENTS(refused, "datagrams refused: overlap, too many pieces, too large"),
	FRAGMENTS(passed, "datagrams that are no DNS, as the first piece showed"),
	FRAGMENTS(lost, "fragments held by datagrams that were never put together"),
	FRAGMENTS(lost_dns, "datagrams never put together whose first piece was on a DNS port"),
#undef FRAGMENTS
#define TCP(field, help)                                                               \
	{                                                                              \
		APP_GROUP_TCP, STREAMS, offsetof(struct adit_streams_counters, field), \
			"tcp_" #field, help                                            \
	}
	TCP(opened, "streams (directions of connections) on DNS ports"),
	TCP(closed, "streams that ended"),
	TCP(evicted, "streams that gave way to newer ones"),
	TCP(buffers_taken, "buffers taken from streams that waited for longer"),
	TCP(messages, "messages"),
	TCP(gaps, "losses: bytes that never came"),
	TCP(resynchronised, "streams that found a message again, or were joined in the middle"),
	TCP(raw, "streams that are no DNS"),
	TCP(skipped_bytes, "bytes passed over, looking for a message"),
	TCP(conflicts, "segments whose bytes are not known to be those sent before"),
#undef TCP
#define TCP(field, help)                                                                       \
	{                                                                                      \
		APP_GROUP_TCP, PIPELINE, offsetof(struct adit_pipeline_counters, tcp_##field), \
			"tcp_" #field, help                                                    \
	}
	TCP(queries, "queries over TCP"),
	TCP(responses, "responses over TCP"),
	TCP(unreadable, "messages over TCP without a question that reads"),
#undef TCP
#define ENCRYPTED(name, transport)                                                                \
	{APP_GROUP_ENCRYPTED, PIPELINE,                                                           \
		offsetof(struct adit_pipeline_counters, encrypted_packets[transport]),            \
		"encrypted_" name "_packets", "packets of encrypted DNS"},                        \
	{                                                                                         \
		APP_GROUP_ENCRYPTED, PIPELINE,                                                    \
			offsetof(struct adit_pipeline_counters, encrypted_bytes[transport]),      \
			"encrypted_" name "_bytes", "bytes of encrypted DNS, IP headers included" \
	}
	ENCRYPTED("dot", ADIT_TRANSPORT_DOT),
	ENCRYPTED("doq", ADIT_TRANSPORT_DOQ),
	ENCRYPTED("doh", ADIT_TRANSPORT_DOH),
#undef ENCRYPTED
	{APP_GROUP_ENCRYPTED, BLIND, offsetof(struct adit_blind, counters.evicted),
		"encrypted_subscribers_evicted", "subscribers that gave way in an hour's table"},
	{APP_GROUP_ENCRYPTED, BLIND, offsetof(struct adit_blind, counters.refused),
		"encrypted_subscribers_refused", "subscribers that found no room in it"},
#define TABLES(source, type, field, name, help)                                    \
	{                                                                          \
		APP_GROUP_TABLES, source, offsetof(struct type, field), name, help \
	}
#define WORKERS(field, help) TABLES(WORKER, app_worker, counters.field, #field, help)
	WORKERS(windows, "windows sealed"),
	WORKERS(coalesced, "slices that shared a window because no empty one was at hand"),
	WORKERS(window_waits, "polls for an empty window (replay)"),
	WORKERS(linearised, "packets copied because they came in segments"),
	WORKERS(details_refused, "detail records refused: all held by heavier keys"),
	WORKERS(looks, "keys handed to the scorer within a slice"),
	WORKERS(looks_refused, "keys that could not be: too many in a slice"),
	WORKERS(details_taken, "detail records taken from lighter keys"),
#undef WORKERS
#define ROWS(kind, name, what)                                                      \
	TABLES(WORKER, app_worker, counters.evicted[kind], name "_evicted",         \
		what " rows that gave way"),                                        \
		TABLES(WORKER, app_worker, counters.refused[kind], name "_refused", \
			"events without a " what " row")
	ROWS(ADIT_KIND_DOMAIN, "domains", "domain"),
	ROWS(ADIT_KIND_PAIR, "pairs", "subscriber × domain"),
	ROWS(ADIT_KIND_SERVER, "servers", "subscriber × server"),
	ROWS(ADIT_KIND_SESSION, "session_rows", "subscriber"),
	ROWS(ADIT_KIND_ENCRYPTED, "encrypted_rows", "subscriber × encrypted DNS"),
#undef ROWS
	TABLES(SPREADER, app_spreader, counters.late, "late",
		"packets of an earlier slice, counted into the open one"),
	TABLES(SPREADER, app_spreader, counters.timelines, "timelines",
		"times that time started anew"),
	TABLES(SCORER, app_scorer, counters.slices, "slices", "slices scored"),
	TABLES(SCORE, adit_score_counters, touched, "touched",
		"keys that got something, in slices"),
	TABLES(SCORE, adit_score_counters, judged, "judged",
		"keys that reached the detectors, in slices"),
	TABLES(SCORE, adit_score_counters, light, "light_rows",
		"their rows that held too little for any detector"),
	TABLES(SCORE, adit_score_counters, rows[ADIT_SPAN_SLICE], "judged_slices",
		"rows of a slice that were judged"),
	TABLES(SCORE, adit_score_counters, rows[ADIT_SPAN_10MIN], "judged_10min",
		"rows of 10 minutes that were judged"),
	/* No metric's name may end in a unit of time that is no second. */
	{APP_GROUP_TABLES, SCORE, offsetof(struct adit_score_counters, rows[ADIT_SPAN_HOUR]),
		"judged_hour_rows", "rows of an hour that were judged", "judged_hours"},
	{APP_GROUP_TABLES, SCORE, offsetof(struct adit_score_counters, rows[ADIT_SPAN_DAY]),
		"judged_day_rows", "rows of a day that were judged", "judged_days"},
	TABLES(SCORE, adit_score_counters, models[ADIT_MODEL_TREES], "asked_trees",
		"of these rows, scored by trees"),
	TABLES(SCORE, adit_score_counters, models[ADIT_MODEL_SVM], "asked_svm",
		"of these rows, scored by one-class SVMs"),
	TABLES(SCORE, adit_score_counters, models[ADIT_MODEL_ENVELOPE], "asked_envelope",
		"of these rows, scored by elliptic envelopes"),
	TABLES(SCORE, adit_score_counters, suspects, "suspect_rows",
		"of these rows, those with the score of a suspect"),
	TABLES(SCORE, adit_score_counters, tunnels, "tunnel_rows",
		"of these rows, those with the score of a tunnel"),
	TABLES(SCORE, adit_score_counters, sessions, "sessions",
		"sessions of subscribers that ended"),
	TABLES(SCORE, adit_score_counters, sessions_refused, "sessions_refused",
		"times that a subscriber had no room for a session"),
	TABLES(SCORE, adit_score_counters, opened, "stories", "stories opened"),
	TABLES(SCORE, adit_score_counters, stories_refused, "stories_refused",
		"stories refused: all are open"),
	TABLES(LEDGER, adit_ledger_counters, keys_evicted, "history_keys_evicted",
		"keys that gave way"),
	TABLES(LEDGER, adit_ledger_counters, keys_refused, "history_keys_refused", "keys refused"),
	TABLES(LEDGER, adit_ledger_counters, entries_dropped, "history_entries_dropped",
		"windows of keys dropped early"),
	TABLES(LEDGER, adit_ledger_counters, details_dropped, "history_details_dropped",
		"detail records dropped early"),
	TABLES(LEDGER, adit_ledger_counters, orphans, "history_orphans",
		"pairs whose domain had no row"),
#undef TABLES
};

/* Names of the groups in stats.json, and what of a counter's name is left out there. */
static const char *const group_names[APP_GROUP_COUNT] = {
	"outcomes", "dns", "fragments", "tcp", "encrypted", "tables"};

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

/* Where packets end, in the order of their way. */
enum stage { INTAKE, SPREAD, PARSE, STREAM, TABLE, APP_STAGES };
static const char *const stage_names[APP_STAGES] = {"intake", "spread", "parse", "stream", "count"};

/* What others add. */
#define MORE_MAX 512
#define COUNTERS_MAX                                                                       \
	(ADIT_OUTCOME_COUNT + ADIT_COUNT(cells) + ADIT_COUNT(port_cells) * APP_PORTS_MAX + \
		2 * APP_QUEUES_MAX + 2 * APP_WORKERS_MAX + APP_STAGES + MORE_MAX)

struct app_registry {
	struct adit_metrics *metrics;
	struct adit_stats_counter values[COUNTERS_MAX];
	size_t first[APP_GROUP_COUNT + 1]; /* counter of each group */
	/* Values of labels: a port, a queue of a port, a worker. */
	char port[APP_PORTS_MAX][8], queue[APP_PORTS_MAX][APP_PORT_QUEUES_MAX][16];
	char worker[APP_WORKERS_MAX][8];
};

static void outcomes_add(struct app_registry *registry, const struct appliance *appliance)
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

static enum stage stage_of(int outcome)
{
	switch (outcome) {
	case ADIT_OUTCOME_DNS_QUERY:
	case ADIT_OUTCOME_DNS_RESPONSE:
	case ADIT_OUTCOME_DNS_BAD_RECORD:
	case ADIT_OUTCOME_DNS_NO_QUESTION:
	case ADIT_OUTCOME_DNS_BAD_NAME:
	case ADIT_OUTCOME_DNS_SHORT:
	case ADIT_OUTCOME_DNS_IMPLAUSIBLE:
	case ADIT_OUTCOME_DUPLICATE:
		return PARSE;
	case ADIT_OUTCOME_TCP_DNS:
	case ADIT_OUTCOME_TCP_DNS_REPEATED:
	case ADIT_OUTCOME_TCP_DNS_REFUSED:
		return STREAM;
	case ADIT_OUTCOME_DOT:
	case ADIT_OUTCOME_DOQ:
	case ADIT_OUTCOME_DOH:
		return TABLE;
	case ADIT_OUTCOME_QUEUE_FULL:
		return SPREAD;
	default:
		return INTAKE;
	}
}

static void stages_add(struct app_registry *registry, const struct appliance *appliance)
{
	for (int stage = 0; stage < APP_STAGES; stage++) {
		const struct adit_metrics_counter counter = {.name = "stage_packets",
			.help = "packets that ended in a stage",
			.label = "stage",
			.value = stage_names[stage]};
		int number = adit_metrics_add(registry->metrics, &counter);

		for (int i = 0; i < ADIT_OUTCOME_COUNT && number >= 0; i++) {
			if ((int)stage_of(i) != stage)
				continue;
			adit_metrics_bind(registry->metrics, (size_t)number,
				&appliance->spreader->ended.outcome[i]);
			for (uint16_t w = 0; w < appliance->worker_count; w++)
				adit_metrics_bind(registry->metrics, (size_t)number,
					&adit_pipeline_counters(appliance->workers[w].pipeline)
						 ->outcome[i]);
		}
	}
}

/* The structure of a source, the n-th of those that there are; NULL beyond the last. */
static const void *structure_of(const struct appliance *appliance, enum source source, unsigned n)
{
	const struct app_worker *worker =
		n < appliance->worker_count ? &appliance->workers[n] : NULL;

	switch (source) {
	case WORKER:
		return worker;
	case PIPELINE:
		return worker != NULL ? adit_pipeline_counters(worker->pipeline) : NULL;
	case STREAMS:
		return worker != NULL ? adit_pipeline_streams(worker->pipeline) : NULL;
	case REASSEMBLY:
		if (appliance->has_spreader)
			return n == 0 ? adit_reassembly_counters(
						appliance->spreader->intake.reassembly)
				      : NULL;
		return worker != NULL ? adit_reassembly_counters(worker->intake.reassembly) : NULL;
	case SPREADER:
		return n == 0 ? appliance->spreader : NULL;
	case SCORER:
		return n == 0 ? appliance->scorer : NULL;
	case SCORE:
		return n == 0 ? adit_scorer_counters(appliance->scorer->scorer) : NULL;
	case BLIND:
		return n < APP_BLINDS ? appliance->scorer->blinds[n] : NULL;
	case LEDGER:
		return n == 0 ? adit_scorer_ledger_counters(appliance->scorer->scorer) : NULL;
	}
	return NULL;
}

static void cell_add(
	struct app_registry *registry, const struct appliance *appliance, const struct cell *cell)
{
	const struct adit_metrics_counter counter = {.name = cell->name, .help = cell->help};
	int number = adit_metrics_add(registry->metrics, &counter);
	const void *structure;

	for (unsigned n = 0;
		number >= 0 && (structure = structure_of(appliance, cell->source, n)) != NULL; n++)
		adit_metrics_bind(registry->metrics, (size_t)number,
			(const uint64_t *)((const char *)structure + cell->offset));
}

static void labelled(struct app_registry *registry, const char *name, const char *help,
	const char *label, const char *value, const uint64_t *counts, size_t count)
{
	const struct adit_metrics_counter counter = {
		.name = name, .help = help, .label = label, .value = value};
	int number = adit_metrics_add(registry->metrics, &counter);

	for (size_t i = 0; i < count && number >= 0; i++)
		adit_metrics_bind(registry->metrics, (size_t)number, &counts[i]);
}

static void ports_add(struct app_registry *registry, const struct appliance *appliance)
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

static void workers_add(struct app_registry *registry, const struct appliance *appliance)
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

/* What stats.json calls a counter. */
static const char *short_name(const struct adit_metrics_counter *counter, int group)
{
	size_t prefix = strlen(group_names[group]);

	if (counter->value != NULL)
		return counter->value;
	for (size_t i = 0; i < ADIT_COUNT(cells); i++)
		if (cells[i].stats != NULL && strcmp(cells[i].name, counter->name) == 0)
			return cells[i].stats;
	if (strncmp(counter->name, group_names[group], prefix) == 0 && counter->name[prefix] == '_')
		return counter->name + prefix + 1;
	return counter->name;
}

int app_registry_make(const struct appliance *appliance, struct app_registry **registry)
{
	struct app_registry *made = calloc(1, sizeof(*made));
	size_t at = 0;

	if (made == NULL ||
		adit_metrics_create(&made->metrics, COUNTERS_MAX,
			COUNTERS_MAX * (2u + 2u * appliance->worker_count), NULL) != 0) {
		free(made);
		return -ENOMEM;
	}
	outcomes_add(made, appliance);
	for (int group = APP_GROUP_DNS; group < APP_GROUP_COUNT; group++) {
		made->first[group] = adit_metrics_count(made->metrics);
		for (; at < ADIT_COUNT(cells) && (int)cells[at].group == group; at++)
			cell_add(made, appliance, &cells[at]);
	}
	made->first[APP_GROUP_COUNT] = adit_metrics_count(made->metrics);
	ports_add(made, appliance);
	workers_add(made, appliance);
	stages_add(made, appliance);
	for (int group = 0; group < APP_GROUP_COUNT; group++)
		for (size_t i = made->first[group]; i < made->first[group + 1]; i++) {
			const struct adit_metrics_counter *counter =
				adit_metrics_get(made->metrics, i);

			made->values[i].name = short_name(counter, group);
			made->values[i].value = adit_metrics_read(made->metrics, i);
		}
	*registry = made;
	return 0;
}

void app_registry_free(struct app_registry *registry)
{
	if (registry == NULL)
		return;
	adit_metrics_free(registry->metrics);
	free(registry);
}

int app_registry_add(struct app_registry *registry, const struct adit_metrics_counter *counter,
	const uint64_t *cell)
{
	int number = adit_metrics_add(registry->metrics, counter);

	return number < 0 ? number : adit_metrics_bind(registry->metrics, (size_t)number, cell);
}

int app_registry_bind(struct app_registry *registry, const uint64_t *cell)
{
	return adit_metrics_bind(
		registry->metrics, adit_metrics_count(registry->metrics) - 1, cell);
}

const char *app_registry_worker(const struct app_registry *registry, uint16_t worker)
{
	return registry->worker[worker];
}

const struct adit_metrics *app_registry_metrics(const struct app_registry *registry)
{
	return registry->metrics;
}

struct adit_stats_group app_registry_group(
	const struct app_registry *registry, enum app_group group)
{
	return (struct adit_stats_group){group_names[group],
		&registry->values[registry->first[group]],
		registry->first[group + 1] - registry->first[group]};
}
