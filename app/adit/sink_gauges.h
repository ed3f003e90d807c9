/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the sinks of a run count, for metrics: labels are the sink's name and type, as configured.
 * One thread at a time.
 */
#ifndef ADIT_APP_SINK_GAUGES_H
#define ADIT_APP_SINK_GAUGES_H

#include "adit_sink.h"
#include "registry.h"

/* Sinks of a run that metrics can tell of; those of lists before are among them. */
#define APP_SINK_GAUGES (2 * ADIT_SINKS_MAX)

struct app_sink_gauges {
	struct app_registry *registry;
	const struct adit_sinks *sinks;
	int failed; /* not 0: the registry was full */
	size_t count;
	struct app_sink_gauge {
		char name[40];
		struct adit_sink_status status;
		uint64_t failing;
	} sink[APP_SINK_GAUGES];
};

/* Registers the counters of all that there are; NULL: none. 0 or -ENOSPC. */
int app_sink_gauges_add(struct app_sink_gauges *gauges, struct app_registry *registry,
	const struct adit_sinks *sinks);
/* Reads them, and registers those that are new. */
void app_sink_gauges_refresh(struct app_sink_gauges *gauges);

#endif
