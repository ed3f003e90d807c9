/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every count of a run, by group, in the registry of metrics. Management thread; the cells are
 * written by others and read when asked for.
 */
#ifndef ADIT_APP_REGISTRY_H
#define ADIT_APP_REGISTRY_H

#include "appliance.h"

/* A group is an object of stats.json; the names of its counters begin with the group's in the
 * metrics, but for the first and the last. */
enum app_group {
	APP_GROUP_OUTCOMES,
	APP_GROUP_DNS,
	APP_GROUP_FRAGMENTS,
	APP_GROUP_TCP,
	APP_GROUP_ENCRYPTED,
	APP_GROUP_TABLES,
	APP_GROUP_COUNT
};

struct app_registry;

/* Returns 0 or -ENOMEM. What is counted is read once, here. */
int app_registry_make(const struct appliance *appliance, struct app_registry **registry);
void app_registry_free(struct app_registry *registry);
/* Beside those, for metrics: 0 or what adit_metrics_add and adit_metrics_bind return. The strings
 * must outlive the registry; the latter gives one more cell to what was added last. */
int app_registry_add(struct app_registry *registry, const struct adit_metrics_counter *counter,
	const uint64_t *cell);
int app_registry_bind(struct app_registry *registry, const uint64_t *cell);
/* What the label "worker" says of one. */
const char *app_registry_worker(const struct app_registry *registry, uint16_t worker);
const struct adit_metrics *app_registry_metrics(const struct app_registry *registry);

/* Its counters are valid as long as the registry. */
struct adit_stats_group app_registry_group(
	const struct app_registry *registry, enum app_group group);

#endif
