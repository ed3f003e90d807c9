/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The sinks of a run: from the configuration to lib/sink, their threads, and what they have to
 * tell. Management thread.
 */
#ifndef ADIT_APP_SINKS_H
#define ADIT_APP_SINKS_H

#include "adit_config.h"
#include "adit_sink.h"

/* Opens what the configuration lists. Returns 0 or -errno. */
int app_sinks_open(
	struct adit_sinks **sinks, const struct adit_config *config, struct adit_error *error);
/* Beside those that run by `now`: makes what `next` has, but for sinks that are the same, of which
 * `kept` is the number (adit_sinks_prepare). Both outlive the sinks. Any thread. 0 or -errno. */
int app_sinks_prepare(struct adit_sinks *sinks, const struct adit_config *now,
	const struct adit_config *next, struct adit_sinks **prepared, size_t *kept,
	struct adit_error *error);
/* Prints what they have to tell. */
void app_sinks_tell(struct adit_sinks *sinks, const char *command);
/* Tells of each that has gone since (adit_sinks_gone). Returns whether one has lost records. */
bool app_sinks_sweep(struct adit_sinks *sinks, const char *command);
/* Stops them, and tells what each has lost. Returns whether any has. */
bool app_sinks_end(struct adit_sinks *sinks, const char *command);

/* Their counters for stats.json, named after the sink: "siem_written". `group` holds until the next
 * call. */
#define APP_SINK_COUNTERS 6
struct app_sink_counters {
	char name[ADIT_SINKS_MAX * APP_SINK_COUNTERS][48];
	struct adit_stats_counter counter[ADIT_SINKS_MAX * APP_SINK_COUNTERS];
	struct adit_stats_group group;
};
void app_sinks_count(const struct adit_sinks *sinks, struct app_sink_counters *counters);

#endif
