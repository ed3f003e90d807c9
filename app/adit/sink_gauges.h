/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the sinks of a run count, for metrics: labels are the sink's name and type, as configured.
 * One thread at a time.
 */
#ifndef ADIT_APP_SINK_GAUGES_H
#define ADIT_APP_SINK_GAUGES_H

#include "adit_sink.h"
#include "registry.h"

struct app_sink_gauges {
	const struct adit_sinks *sinks;
	size_t count;
	struct adit_sink_status status[ADIT_SINKS_MAX];
	uint64_t failing[ADIT_SINKS_MAX];
};

/* Registers the counters of all; NULL: there are none. 0 or -ENOSPC. */
int app_sink_gauges_add(struct app_sink_gauges *gauges, struct app_registry *registry,
	const struct adit_sinks *sinks);
void app_sink_gauges_refresh(struct app_sink_gauges *gauges);

#endif
