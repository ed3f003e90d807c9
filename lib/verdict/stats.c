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

int adit_stats_write_json(const struct adit_stats *stats, FILE *to)
{
	bool timed = isfinite(stats->elapsed_s) && stats->elapsed_s > 0;
	double rate = timed ? round((double)stats->received / stats->elapsed_s) : 0;
	json_t *problem = stats->problem ? adit_verdict_json_text(stats->problem) : json_null();
	json_t *document = json_pack("{s:s,s:b,s:o,s:{s:o,s:o},s:{s:o,s:o},s:o,s:o,s:f,s:o}",
		"schema", ADIT_STATS_SCHEMA, "complete", stats->complete, "problem", problem,
		"packets", "received", adit_verdict_json_count(stats->received), "outcomes",
		group_of(stats->outcomes, stats->outcome_count), "dns", "queries",
		adit_verdict_json_count(stats->dns_queries), "responses",
		adit_verdict_json_count(stats->dns_responses), "drops",
		group_of(stats->drops, stats->drop_count), "tables",
		group_of(stats->tables, stats->table_count), "elapsed_s",
		timed ? stats->elapsed_s : 0.0, "packets_per_second",
		adit_verdict_json_count(rate < 0x1p63 ? (uint64_t)rate : UINT64_MAX));

	return adit_verdict_put_json(document, JSON_INDENT(2), 9, to);
}
