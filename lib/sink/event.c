/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink_priv.h"

#include <stdlib.h>

static void fill(struct adit_event *event, const struct adit_verdict *verdict,
	const struct adit_privacy *privacy)
{
	atomic_init(&event->users, 1);
	event->id = verdict->id;
	event->time_ns = verdict->time_ns;
	event->window_start_ns = verdict->window_start_ns;
	event->window_end_ns = verdict->window_end_ns;
	event->state = verdict->state;
	event->verdict = verdict->verdict;
	event->score = verdict->score;
	event->subscribers_total = verdict->subscribers_total;
	event->queries = verdict->queries;
	event->unique_names = verdict->unique_names;
	event->bytes_up = verdict->bytes_up;
	event->bytes_down = verdict->bytes_down;
	event->domain = verdict->domain;
	event->tool = verdict->tool;
	while (event->reason_count < verdict->reason_count &&
		event->reason_count < ADIT_SINK_REASONS) {
		event->reason[event->reason_count] = verdict->reason[event->reason_count];
		event->reason_count++;
	}
	if (verdict->has_server)
		adit_privacy_peer_text(privacy, &verdict->server, event->server);
	if (verdict->subscriber_count > 0)
		adit_privacy_subscriber_text(
			privacy, &verdict->subscriber[0].address, event->subscriber);
}

struct adit_event *adit_event_make(
	const struct adit_verdict *verdict, const struct adit_privacy *privacy, bool whole)
{
	struct adit_verdict *bare = NULL;
	struct adit_event *event = NULL;
	char *line = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&line, &size);

	if (!whole) {
		bare = malloc(sizeof(*bare));
		if (bare != NULL)
			adit_verdict_bare(bare, verdict);
		verdict = bare;
	}
	if (to != NULL && verdict != NULL && adit_verdict_write_json(verdict, privacy, to) == 0)
		event = calloc(1, sizeof(*event) + size + 1);
	if (to != NULL)
		fclose(to);
	if (event != NULL) {
		fill(event, verdict, privacy);
		memcpy(event->line, line, size);
		event->size = size;
	}
	free(line);
	free(bare);
	return event;
}

void adit_event_release(struct adit_event *event)
{
	if (event != NULL && atomic_fetch_sub(&event->users, 1) == 1)
		free(event);
}

void adit_event_subject(const struct adit_event *event, char text[ADIT_NAME_TEXT_MAX])
{
	if (event->domain.size > 0)
		adit_name_to_text(event->domain.wire, event->domain.size, text, ADIT_NAME_TEXT_MAX);
	else
		snprintf(text, ADIT_NAME_TEXT_MAX, "%s", event->server);
}
