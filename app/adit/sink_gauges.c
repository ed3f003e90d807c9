/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink_gauges.h"

#include <errno.h>
#include <stdio.h>

static const struct {
	const char *name, *help;
	size_t offset; /* in struct adit_sink_status */
	bool is_gauge;
} counts[] = {
#define COUNT(field, help, is_gauge)                                                     \
	{                                                                                \
		"sink_" #field, help, offsetof(struct adit_sink_status, field), is_gauge \
	}
	COUNT(offered, "records that passed the sink's filter", false),
	COUNT(written, "records that disk, network or receiver took", false),
	COUNT(dropped, "records lost: the queue was full, or the end came before them", false),
	COUNT(failed, "records that were refused for good", false),
	COUNT(retried, "attempts that came to nothing", false),
	COUNT(queued, "records that wait or are on their way", true),
#undef COUNT
};

static int add(const struct app_sink_gauges *gauges, const char *name, const char *help,
	bool is_gauge, const struct app_sink_gauge *sink, const uint64_t *cell)
{
	const struct adit_metrics_counter is = {.name = name,
		.help = help,
		.is_gauge = is_gauge,
		.label = "sink",
		.value = sink->name,
		.second = "type",
		.second_value = sink->status.type};

	return app_registry_add(gauges->registry, &is, cell);
}

/* The place of a sink, which is made where it is a new one. NULL: no room. */
static struct app_sink_gauge *place_of(
	struct app_sink_gauges *gauges, const struct adit_sink_status *status)
{
	struct app_sink_gauge *sink;

	for (size_t i = 0; i < gauges->count; i++)
		if (strcmp(gauges->sink[i].name, status->name) == 0 &&
			strcmp(gauges->sink[i].status.type, status->type) == 0)
			return &gauges->sink[i];
	if (gauges->count == ADIT_COUNT(gauges->sink))
		return NULL;
	sink = &gauges->sink[gauges->count++];
	snprintf(sink->name, sizeof(sink->name), "%s", status->name);
	sink->status = *status;
	for (size_t c = 0; c < ADIT_COUNT(counts); c++)
		gauges->failed |= add(gauges, counts[c].name, counts[c].help, counts[c].is_gauge,
			sink, (const uint64_t *)((const char *)&sink->status + counts[c].offset));
	gauges->failed |= add(gauges, "sink_failing", "1 where the last attempt came to nothing",
		true, sink, &sink->failing);
	return sink;
}

int app_sink_gauges_add(struct app_sink_gauges *gauges, struct app_registry *registry,
	const struct adit_sinks *sinks)
{
	gauges->registry = registry;
	gauges->sinks = sinks;
	app_sink_gauges_refresh(gauges);
	return gauges->failed == 0 ? 0 : -ENOSPC;
}

void app_sink_gauges_refresh(struct app_sink_gauges *gauges)
{
	/* What has gone keeps its counts, and nothing of it waits or fails. */
	for (size_t i = 0; i < gauges->count; i++)
		gauges->sink[i].status.queued = gauges->sink[i].failing = 0;
	for (size_t i = 0; i < adit_sinks_count(gauges->sinks); i++) {
		struct adit_sink_status status;
		struct app_sink_gauge *sink;

		/* A reload may have taken it away since. */
		if (!adit_sinks_status(gauges->sinks, i, &status))
			return;
		sink = place_of(gauges, &status);
		if (sink == NULL)
			continue;
		sink->status = status;
		sink->failing = status.failing;
	}
}
