/* SPDX-License-Identifier: BSD-3-Clause
 *
 * All sinks of a program: their threads, and who gets a record.
 */
#include "sink_priv.h"

#include <errno.h>
#include <stdlib.h>

struct adit_sinks {
	size_t count;
	struct adit_sink_host host;
	struct adit_sink sink[];
};

int adit_sinks_create(struct adit_sinks **out, const struct adit_sink_params *params, size_t count,
	const struct adit_sink_host *host, struct adit_error *error)
{
	struct adit_sinks *sinks = calloc(1, sizeof(*sinks) + count * sizeof(sinks->sink[0]));
	struct adit_error why = {"failed"};
	int status = 0;

	*out = NULL;
	if (sinks == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	sinks->host = *host;
	while (status == 0 && sinks->count < count) {
		const struct adit_sink_params *of = &params[sinks->count];

		status = adit_sink_open(&sinks->sink[sinks->count++], of, &sinks->host, &why);
		if (status != 0)
			adit_error_set(error, status, "sink %s: %s", of->name, why.text);
	}
	if (status != 0)
		adit_sinks_destroy(sinks);
	else
		*out = sinks;
	return status;
}

static void *work(void *argument)
{
	struct adit_sink *sink = argument;
	int wait_ms;

	while ((wait_ms = adit_sink_step(sink)) >= 0)
		adit_sink_wait(sink, wait_ms);
	if (sink->ops->end != NULL)
		sink->ops->end(sink);
	return NULL;
}

int adit_sinks_start(struct adit_sinks *sinks, struct adit_error *error)
{
	for (size_t i = 0; i < sinks->count; i++) {
		struct adit_sink *sink = &sinks->sink[i];
		char name[16];
		int status;

		snprintf(name, sizeof(name), "sink-%.10s", sink->params.name);
		status = sinks->host.start(&sink->thread, name, work, sink);
		if (status != 0)
			return adit_error_set(error, status,
				"sink %s: no thread can be started: %s", sink->params.name,
				strerror(-status));
		sink->started = true;
	}
	return 0;
}

/* The record for a sink. Those that tell the same share one, which `whole` keeps for them. */
static struct adit_event *event_for(struct adit_sink *sink, const struct adit_verdict *verdict,
	const struct adit_privacy *privacy, struct adit_event **whole)
{
	const struct adit_sink_params *params = &sink->params;
	struct adit_event *event;

	if (params->subscribers == ADIT_SINK_NONE)
		return adit_event_make(verdict, privacy, false);
	if (params->subscribers == ADIT_SINK_PSEUDONYMS) {
		privacy = sink->privacy;
		event = adit_event_make(verdict, privacy, true);
	} else {
		if (*whole == NULL)
			*whole = adit_event_make(verdict, privacy, true);
		event = *whole;
		if (event != NULL)
			atomic_fetch_add(&event->users, 1);
	}
	if (event == NULL || params->bytes_most == 0 || event->size <= params->bytes_most)
		return event;
	adit_event_release(event);
	return adit_event_make(verdict, privacy, false);
}

void adit_sinks_offer(struct adit_sinks *sinks, const struct adit_verdict *verdict,
	const struct adit_privacy *privacy)
{
	struct adit_event *whole = NULL;

	for (size_t i = 0; sinks != NULL && i < sinks->count; i++) {
		struct adit_sink *sink = &sinks->sink[i];
		struct adit_event *event;

		if (!adit_filter_passes(&sink->filter, &sink->params, verdict))
			continue;
		event = event_for(sink, verdict, privacy, &whole);
		if (event != NULL) {
			adit_sink_push(sink, event);
			continue;
		}
		pthread_mutex_lock(&sink->lock);
		sink->status.offered++;
		sink->status.dropped++;
		pthread_mutex_unlock(&sink->lock);
		adit_sink_note(sink, "no memory for a record");
	}
	adit_event_release(whole);
}

static bool is_muted_so(
	const struct adit_sink *sink, const struct adit_wire_name *domains, size_t count)
{
	if (sink->muted_count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (sink->muted[i].size != domains[i].size ||
			memcmp(sink->muted[i].wire, domains[i].wire, domains[i].size) != 0)
			return false;
	return true;
}

int adit_sinks_mute(struct adit_sinks *sinks, const struct adit_wire_name *domains, size_t count)
{
	for (size_t i = 0; sinks != NULL && i < sinks->count; i++) {
		struct adit_sink *sink = &sinks->sink[i];
		struct adit_wire_name *names, *before;

		/* This thread alone changes them. */
		if (sink->params.type != ADIT_SINK_RPZ || is_muted_so(sink, domains, count))
			continue;
		names = calloc(count + 1, sizeof(*names));
		if (names == NULL)
			return -ENOMEM;
		for (size_t k = 0; k < count; k++)
			names[k] = domains[k];
		pthread_mutex_lock(&sink->lock);
		before = sink->muted;
		sink->muted = names;
		sink->muted_count = count;
		sink->muted_new = true;
		pthread_mutex_unlock(&sink->lock);
		free(before);
		adit_sink_wake(sink);
	}
	return 0;
}

size_t adit_sinks_rotate(struct adit_sinks *sinks)
{
	size_t count = 0;

	for (size_t i = 0; sinks != NULL && i < sinks->count; i++) {
		if (sinks->sink[i].params.type != ADIT_SINK_JSONL)
			continue;
		atomic_fetch_add(&sinks->sink[i].rotate_asked, 1);
		adit_sink_wake(&sinks->sink[i]);
		count++;
	}
	return count;
}

size_t adit_sinks_rotating(const struct adit_sinks *sinks, const char **name, char error[256])
{
	size_t count = 0;

	for (size_t i = 0; sinks != NULL && i < sinks->count; i++) {
		const struct adit_sink *sink = &sinks->sink[i];
		struct adit_sink_status status;

		if (atomic_load(&sink->rotate_asked) == atomic_load(&sink->rotate_done))
			continue;
		if (count++ > 0)
			continue;
		adit_sinks_status(sinks, i, &status);
		*name = status.name;
		snprintf(error, 256, "%s", status.failing ? status.error : "");
	}
	return count;
}

void adit_sinks_stop(struct adit_sinks *sinks)
{
	for (size_t i = 0; sinks != NULL && i < sinks->count; i++)
		adit_sink_stop(&sinks->sink[i]);
	for (size_t i = 0; sinks != NULL && i < sinks->count; i++) {
		struct adit_sink *sink = &sinks->sink[i];

		if (!sink->started)
			continue;
		pthread_join(sink->thread, NULL);
		sink->started = false;
		adit_sink_empty(sink);
	}
}

void adit_sinks_destroy(struct adit_sinks *sinks)
{
	if (sinks == NULL)
		return;
	adit_sinks_stop(sinks);
	for (size_t i = 0; i < sinks->count; i++)
		adit_sink_close(&sinks->sink[i]);
	free(sinks);
}

bool adit_sinks_message(struct adit_sinks *sinks, char text[512])
{
	bool found = false;

	for (size_t i = 0; sinks != NULL && !found && i < sinks->count; i++) {
		struct adit_sink *sink = &sinks->sink[i];

		pthread_mutex_lock(&sink->lock);
		found = sink->message[0] != '\0';
		if (found)
			snprintf(text, 512, "sink %.60s: %.440s", sink->params.name, sink->message);
		sink->message[0] = '\0';
		pthread_mutex_unlock(&sink->lock);
	}
	return found;
}

size_t adit_sinks_count(const struct adit_sinks *sinks)
{
	return sinks != NULL ? sinks->count : 0;
}

void adit_sinks_status(
	const struct adit_sinks *sinks, size_t number, struct adit_sink_status *status)
{
	/* Only the lock changes. */
	struct adit_sink *sink = (struct adit_sink *)&sinks->sink[number];

	pthread_mutex_lock(&sink->lock);
	*status = sink->status;
	status->queued = status->offered - status->written - status->dropped - status->failed;
	pthread_mutex_unlock(&sink->lock);
}
