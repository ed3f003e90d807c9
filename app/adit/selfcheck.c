/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Do all packets of a subscriber come to one worker? Each pipeline keeps the keys of subscribers it
 * saw last, one for each slot of a small table; a key in the same slot of two tables was seen by
 * two workers. A sample: of subscribers that share a slot, only the last is looked at.
 */
#include "port.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define ENOUGH    256
#define WAIT_NS   (10 * ADIT_NS_PER_S)
#define PERIOD_NS (200 * ADIT_NS_PER_MS)

/* Distinct keys of one slot, and how many of them more than one worker has. */
static void slot_count(
	const uint64_t *const *tables, uint16_t workers, size_t slot, struct app_selfcheck *result)
{
	uint64_t keys[APP_WORKERS_MAX];
	unsigned times[APP_WORKERS_MAX];
	unsigned distinct = 0, k;

	for (uint16_t w = 0; w < workers; w++) {
		uint64_t key = app_read(&tables[w][slot]);

		if (key == 0)
			continue;
		for (k = 0; k < distinct && keys[k] != key; k++)
			;
		if (k == distinct) {
			keys[distinct] = key;
			times[distinct++] = 0;
		}
		result->split += ++times[k] == 2;
	}
	result->subscribers += distinct;
}

static void look(struct appliance *appliance)
{
	struct app_selfcheck *result = &appliance->selfcheck;
	const uint64_t *tables[APP_WORKERS_MAX];

	for (uint16_t w = 0; w < appliance->worker_count; w++)
		tables[w] = adit_pipeline_witness(appliance->workers[w].pipeline);
	result->subscribers = result->split = 0;
	/* One worker keeps none: there is nothing to part. */
	if (tables[0] == NULL)
		return;
	for (size_t slot = 0; slot < ADIT_PIPELINE_WITNESSES; slot++)
		slot_count(tables, appliance->worker_count, slot, result);
}

static void print(const struct appliance *appliance)
{
	const struct app_selfcheck *result = &appliance->selfcheck;

	/* Over the progress line, where there is one. */
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	fputs("adit run: self-check: ", stderr);
	if (appliance->has_spreader)
		fputs("spread by a core of ours; ", stderr);
	for (uint16_t i = 0; i < appliance->port_count && !appliance->has_spreader; i++)
		fprintf(stderr, "port %u: %s; ", appliance->ports_open[i].id,
			appliance->ports_open[i].words);
	fprintf(stderr, "%" PRIu64 " subscribers seen, %" PRIu64 " on more than one worker\n",
		result->subscribers, result->split);
}

void app_selfcheck(struct appliance *appliance, uint64_t elapsed_ns, bool ended)
{
	struct app_selfcheck *result = &appliance->selfcheck;

	if (!appliance->live ||
		(!ended && (result->printed || elapsed_ns - result->looked_ns < PERIOD_NS)))
		return;
	result->looked_ns = elapsed_ns;
	look(appliance);
	if (appliance->worker_count < 2)
		return;
	if (result->printed ? result->split == result->told
			    : !ended && result->subscribers < ENOUGH && elapsed_ns < WAIT_NS)
		return;
	print(appliance);
	result->told = result->split;
	result->printed = true;
}
