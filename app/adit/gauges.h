/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What /metrics tells beside the counts of a run: states that go up and down, memory, and what
 * versions and configuration are in force. HTTP thread; cells that others write are read when asked
 * for.
 */
#ifndef ADIT_APP_GAUGES_H
#define ADIT_APP_GAUGES_H

#include "health.h"
#include "registry.h"

/* Tables of windows: rows of each kind, and detail records. */
#define APP_GAUGE_TABLES (ADIT_KIND_COUNT + 1)

struct app_gauges {
	const struct appliance *appliance;
	uint64_t one, started_ns, window_lag_ns;
	uint64_t reserved_bytes, allocated_bytes, resident_bytes, mapped_bytes;
	uint64_t buffers_free, buffers_used, verdicts_waiting;
	uint64_t capacity[APP_GAUGE_TABLES], history[APP_HISTORY_COUNT];
	uint64_t packets_waiting[APP_WORKERS_MAX];
	char config_digest[17];
};

/* Registers them all. `now_ns` is the clock's. 0 or -ENOSPC. */
int app_gauges_add(struct app_gauges *gauges, struct app_registry *registry,
	const struct appliance *appliance, const struct app_health *health, uint64_t now_ns);
/* After the configuration has changed. */
void app_gauges_config(struct app_gauges *gauges);
/* Looks at what has no cell of its own. */
void app_gauges_refresh(struct app_gauges *gauges, uint64_t now_ns);

#endif
