/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The statistics document of a run, schema "adit.stats/1": counters in the order they were given.
 */
#include "adit_verdict.h"
#include "verdict_priv.h"

#include <math.h>

static json_t *group_of(const struct adit_stats_counter *counters, size_t count)
{
	json_t *group = json_object();

	for (size_t i = 0; i < count; i++) {
		if (json_object_set_new(group, counters[i].name,
			    adit_verdict_json_count(counters[i].value)) != 0) {
			json_decref(group);
			return NULL;
		}
	}
	return group;
}

/* Appends what was made; NULL stands for "no memory", as jansson's own functions have it. */
static json_t *list_add(json_t *list, json_t *item)
{
	if (json_array_append_new(list, item) == 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *queues_of(const struct adit_stats_port *port)
{
	json_t *list = json_array();

	for (size_t i = 0; i < port->queue_count && list != NULL; i++)
		list = list_add(
			list, json_pack("{s:I,s:o,s:o}", "queue", (json_int_t)i, "packets",
				      adit_verdict_json_count(port->queues[i].packets), "errors",
				      adit_verdict_json_count(port->queues[i].errors)));
	return list;
}

static json_t *ports_of(const struct adit_stats *stats)
{
	json_t *list = json_array();

	for (size_t i = 0; i < stats->port_count && list != NULL; i++) {
		const struct adit_stats_port *port = &stats->ports[i];

		list = list_add(list,
			json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "port",
				(json_int_t)port->port, "device",
				adit_verdict_json_text(port->device), "driver",
				adit_verdict_json_text(port->driver), "received",
				adit_verdict_json_count(port->received), "missed",
				adit_verdict_json_count(port->missed), "no_buffer",
				adit_verdict_json_count(port->no_buffer), "errors",
				adit_verdict_json_count(port->errors), "queues", queues_of(port)));
	}
	return list;
}

static json_t *workers_of(const struct adit_stats *stats)
{
	json_t *list = json_array();

	for (size_t i = 0; i < stats->worker_count && list != NULL; i++)
		list = list_add(list,
			json_pack("{s:I,s:o,s:o}", "worker", (json_int_t)i, "packets",
				adit_verdict_json_count(stats->workers[i].packets), "queue_full",
				adit_verdict_json_count(stats->workers[i].queue_full)));
	return list;
}

static json_t *selfcheck_of(const struct adit_stats *stats)
{
	if (!stats->selfchecked)
		return json_null();
	return json_pack("{s:o,s:o}", "subscribers",
		adit_verdict_json_count(stats->selfcheck_subscribers), "split",
		adit_verdict_json_count(stats->selfcheck_split));
}

int adit_stats_write_json(const struct adit_stats *stats, FILE *to)
{
	bool timed = isfinite(stats->elapsed_s) && stats->elapsed_s > 0;
	double rate = timed ? round((double)stats->received / stats->elapsed_s) : 0;
	json_t *problem = stats->problem ? adit_verdict_json_text(stats->problem) : json_null();
	json_t *document = json_pack("{s:s,s:b,s:o,s:{s:o,s:o},s:o,s:o,s:o,s:o}", "schema",
		ADIT_STATS_SCHEMA, "complete", stats->complete, "problem", problem, "packets",
		"received", adit_verdict_json_count(stats->received), "outcomes",
		group_of(stats->outcomes, stats->outcome_count), "drops",
		group_of(stats->drops, stats->drop_count), "ports", ports_of(stats), "workers",
		workers_of(stats), "selfcheck", selfcheck_of(stats));
	json_t *speed = json_pack("{s:f,s:o}", "elapsed_s", timed ? stats->elapsed_s : 0.0,
		"packets_per_second",
		adit_verdict_json_count(rate < 0x1p63 ? (uint64_t)rate : UINT64_MAX));
	bool good = document != NULL;

	for (size_t i = 0; i < stats->group_count && good; i++)
		good = json_object_set_new(document, stats->groups[i].name,
			       group_of(stats->groups[i].counters, stats->groups[i].count)) == 0;
	if (!good || speed == NULL || json_object_update(document, speed) != 0) {
		json_decref(document);
		document = NULL;
	}
	json_decref(speed);
	return adit_verdict_put_json(document, JSON_INDENT(2), 9, to);
}
