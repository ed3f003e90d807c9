/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink_gauges.h"

#include <errno.h>

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

static int add(struct app_registry *registry, const char *name, const char *help, bool is_gauge,
	const struct adit_sink_status *status, const uint64_t *cell)
{
	const struct adit_metrics_counter is = {.name = name,
		.help = help,
		.is_gauge = is_gauge,
		.label = "sink",
		.value = status->name,
		.second = "type",
		.second_value = status->type};

	return app_registry_add(registry, &is, cell);
}

int app_sink_gauges_add(struct app_sink_gauges *gauges, struct app_registry *registry,
	const struct adit_sinks *sinks)
{
	int status = 0;

	gauges->sinks = sinks;
	gauges->count = adit_sinks_count(sinks);
	app_sink_gauges_refresh(gauges);
	for (size_t i = 0; i < gauges->count; i++) {
		const struct adit_sink_status *sink = &gauges->status[i];

		for (size_t c = 0; c < ADIT_COUNT(counts); c++)
			status |= add(registry, counts[c].name, counts[c].help, counts[c].is_gauge,
				sink, (const uint64_t *)((const char *)sink + counts[c].offset));
		status |= add(registry, "sink_failing", "1 where the last attempt came to nothing",
			true, sink, &gauges->failing[i]);
	}
	return status == 0 ? 0 : -ENOSPC;
}

void app_sink_gauges_refresh(struct app_sink_gauges *gauges)
{
	for (size_t i = 0; i < gauges->count; i++) {
		adit_sinks_status(gauges->sinks, i, &gauges->status[i]);
		gauges->failing[i] = gauges->status[i].failing;
	}
}
