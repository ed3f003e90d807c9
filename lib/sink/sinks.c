/* SPDX-License-Identifier: BSD-3-Clause
 *
 * All sinks of a program: their threads, and who gets a record.
 */
#include "sink_priv.h"

#include <errno.h>
#include <stdlib.h>

/* Who offers changes the lists, under the lock; other threads read them there. */
struct adit_sinks {
	struct adit_sink_host host;
	pthread_mutex_t lock;
	size_t count, going;
	int kept[ADIT_SINKS_MAX]; /* of a list that is prepared: as given */
	struct adit_sink *sink[ADIT_SINKS_MAX];
	struct adit_sink **gone; /* `going` of them */
};

static struct adit_sinks *make(const struct adit_sink_host *host)
{
	struct adit_sinks *sinks = calloc(1, sizeof(*sinks));

	if (sinks == NULL)
		return NULL;
	sinks->host = *host;
	pthread_mutex_init(&sinks->lock, NULL);
	return sinks;
}

/* The next sink of the list; `host` lasts as long as the sink. */
static int add(struct adit_sinks *sinks, const struct adit_sink_params *params,
	const struct adit_sink_host *host, struct adit_sink *after, struct adit_error *error)
{
	struct adit_sink *sink = calloc(1, sizeof(*sink));
	struct adit_error why = {"failed"};
	int status;

	if (sink == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	sinks->sink[sinks->count++] = sink;
	status = adit_sink_open(sink, params, host, after, &why);
	if (status != 0)
		adit_error_set(error, status, "sink %s: %s", params->name, why.text);
	return status;
}

int adit_sinks_create(struct adit_sinks **out, const struct adit_sink_params *params, size_t count,
	const struct adit_sink_host *host, struct adit_error *error)
{
	struct adit_sinks *sinks = make(host);
	int status = 0;

	*out = NULL;
	if (sinks == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	while (status == 0 && sinks->count < count)
		status = add(sinks, &params[sinks->count], &sinks->host, NULL, error);
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

	if (adit_sink_begin(sink)) {
		while ((wait_ms = adit_sink_step(sink)) >= 0)
			adit_sink_wait(sink, wait_ms);
		if (sink->ops->end != NULL)
			sink->ops->end(sink);
	}
	atomic_store(&sink->over, true);
	return NULL;
}

int adit_sinks_start(struct adit_sinks *sinks, struct adit_error *error)
{
	for (size_t i = 0; i < sinks->count; i++) {
		struct adit_sink *sink = sinks->sink[i];
		char name[16];
		int status;

		if (sink == NULL)
			continue;
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
		struct adit_sink *sink = sinks->sink[i];
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
		struct adit_sink *sink = sinks->sink[i];
		struct adit_wire_name *names, *before;

		/* This thread alone changes them. */
		if (sink == NULL || sink->params.type != ADIT_SINK_RPZ ||
			is_muted_so(sink, domains, count))
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
		struct adit_sink *sink = sinks->sink[i];

		if (sink == NULL || sink->params.type != ADIT_SINK_JSONL)
			continue;
		atomic_fetch_add(&sink->rotate_asked, 1);
		adit_sink_wake(sink);
		count++;
	}
	return count;
}

size_t adit_sinks_rotating(const struct adit_sinks *sinks, const char **name, char error[256])
{
	size_t count = 0;

	for (size_t i = 0; sinks != NULL && i < sinks->count; i++) {
		const struct adit_sink *sink = sinks->sink[i];
		struct adit_sink_status status;

		if (sink == NULL ||
			atomic_load(&sink->rotate_asked) == atomic_load(&sink->rotate_done))
			continue;
		if (count++ > 0)
			continue;
		adit_sinks_status(sinks, i, &status);
		*name = sink->params.name;
		snprintf(error, 256, "%s", status.failing ? status.error : "");
	}
	return count;
}

static void join(struct adit_sink *sink)
{
	if (!sink->started)
		return;
	pthread_join(sink->thread, NULL);
	sink->started = false;
	adit_sink_empty(sink);
}

/* Whoever waits for the file of one that is closed may open it; if that one waited itself, they
 * wait for the same now. */
static void release(struct adit_sink *const *waiting, size_t count, const struct adit_sink *closed)
{
	struct adit_sink *after = atomic_load(&closed->after);

	for (size_t i = 0; i < count; i++)
		if (waiting[i] != NULL && atomic_load(&waiting[i]->after) == closed)
			atomic_store(&waiting[i]->after, after);
}

/* Closes a sink without a thread, which stands on no list. */
static void finish(struct adit_sinks *sinks, struct adit_sink *sink)
{
	adit_sink_close(sink);
	release(sinks->sink, sinks->count, sink);
	release(sinks->gone, sinks->going, sink);
	free(sink);
}

static void going_end(struct adit_sinks *sinks)
{
	/* The oldest first: younger ones may wait for its file. */
	while (sinks->going > 0) {
		struct adit_sink *sink = sinks->gone[0];

		join(sink);
		sinks->going--;
		memmove(sinks->gone, sinks->gone + 1, sinks->going * sizeof(sink));
		finish(sinks, sink);
	}
}

void adit_sinks_stop(struct adit_sinks *sinks)
{
	if (sinks == NULL)
		return;
	for (size_t i = 0; i < sinks->count; i++)
		if (sinks->sink[i] != NULL)
			adit_sink_stop(sinks->sink[i]);
	going_end(sinks);
	for (size_t i = 0; i < sinks->count; i++)
		if (sinks->sink[i] != NULL)
			join(sinks->sink[i]);
}

void adit_sinks_destroy(struct adit_sinks *sinks)
{
	if (sinks == NULL)
		return;
	adit_sinks_stop(sinks);
	for (size_t i = 0; i < sinks->count; i++) {
		struct adit_sink *sink = sinks->sink[i];

		sinks->sink[i] = NULL;
		if (sink != NULL)
			finish(sinks, sink);
	}
	free(sinks->gone);
	pthread_mutex_destroy(&sinks->lock);
	free(sinks);
}

/* The sink that writes this file and will go; NULL: none. */
static struct adit_sink *writer_of(const struct adit_sinks *sinks,
	const struct adit_sink_params *params, const int *kept, size_t count)
{
	for (size_t i = 0; i < sinks->count; i++) {
		bool stays = false;

		for (size_t k = 0; k < count; k++)
			stays |= kept[k] == (int)i;
		if (!stays && params->path != NULL && params->path[0] != '\0' &&
			strcmp(sinks->sink[i]->params.path, params->path) == 0)
			return sinks->sink[i];
	}
	/* One that is going still may. */
	for (size_t i = 0; i < sinks->going; i++)
		if (params->path != NULL && params->path[0] != '\0' &&
			strcmp(sinks->gone[i]->params.path, params->path) == 0)
			return sinks->gone[i];
	return NULL;
}

int adit_sinks_prepare(struct adit_sinks *sinks, const struct adit_sink_params *params,
	const int *kept, size_t count, struct adit_sinks **out, struct adit_error *error)
{
	struct adit_sinks *next = make(&sinks->host);
	int status = 0;

	*out = NULL;
	if (next == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	next->gone = calloc(sinks->count + sinks->going + 1, sizeof(struct adit_sink *));
	if (next->gone == NULL)
		status = adit_error_set(error, -ENOMEM, "out of memory");
	while (status == 0 && next->count < count) {
		size_t i = next->count;

		next->kept[i] = kept[i];
		if (kept[i] >= 0)
			next->sink[next->count++] = NULL;
		else
			status = add(next, &params[i], &sinks->host,
				writer_of(sinks, &params[i], kept, count), error);
	}
	if (status == 0)
		status = adit_sinks_start(next, error);
	if (status != 0)
		adit_sinks_destroy(next);
	else
		*out = next;
	return status;
}

void adit_sinks_exchange(struct adit_sinks *sinks, struct adit_sinks *next)
{
	struct adit_sink **gone = sinks->gone;

	bool stays[ADIT_SINKS_MAX] = {false};
	size_t going = sinks->going;

	/* Others read the list until it is exchanged whole. */
	for (size_t i = 0; i < going; i++)
		next->gone[i] = sinks->gone[i];
	for (size_t i = 0; i < next->count; i++)
		if (next->kept[i] >= 0) {
			next->sink[i] = sinks->sink[next->kept[i]];
			stays[next->kept[i]] = true;
		}
	for (size_t i = 0; i < sinks->count; i++)
		if (!stays[i]) {
			adit_sink_stop(sinks->sink[i]);
			next->gone[going++] = sinks->sink[i];
		}
	pthread_mutex_lock(&sinks->lock);
	sinks->gone = next->gone;
	sinks->going = going;
	sinks->count = next->count;
	memcpy(sinks->sink, next->sink, sizeof(sinks->sink));
	pthread_mutex_unlock(&sinks->lock);
	free(gone);
	pthread_mutex_destroy(&next->lock);
	free(next);
}

bool adit_sinks_gone(struct adit_sinks *sinks, struct adit_sink_status *status)
{
	for (size_t i = 0; sinks != NULL && i < sinks->going; i++) {
		struct adit_sink *sink = sinks->gone[i];

		if (!atomic_load(&sink->over))
			continue;
		join(sink);
		*status = sink->status;
		status->queued = 0;
		sinks->going--;
		memmove(sinks->gone + i, sinks->gone + i + 1, (sinks->going - i) * sizeof(sink));
		finish(sinks, sink);
		return true;
	}
	return false;
}

size_t adit_sinks_going(const struct adit_sinks *sinks)
{
	return sinks != NULL ? sinks->going : 0;
}

bool adit_sinks_message(struct adit_sinks *sinks, char text[512])
{
	bool found = false;

	for (size_t i = 0; sinks != NULL && !found && i < sinks->count; i++) {
		struct adit_sink *sink = sinks->sink[i];

		pthread_mutex_lock(&sink->lock);
		found = sink->message[0] != '\0';
		if (found)
			snprintf(text, 512, "sink %.60s: %.440s", sink->params.name, sink->message);
		sink->message[0] = '\0';
		pthread_mutex_unlock(&sink->lock);
	}
	return found;
}

/* Of these only a lock changes. */
static pthread_mutex_t *lock_of(const struct adit_sinks *sinks)
{
	return &((struct adit_sinks *)sinks)->lock;
}

size_t adit_sinks_count(const struct adit_sinks *sinks)
{
	size_t count = 0;

	if (sinks == NULL)
		return 0;
	pthread_mutex_lock(lock_of(sinks));
	count = sinks->count;
	pthread_mutex_unlock(lock_of(sinks));
	return count;
}

bool adit_sinks_status(
	const struct adit_sinks *sinks, size_t number, struct adit_sink_status *status)
{
	struct adit_sink *sink = NULL;

	pthread_mutex_lock(lock_of(sinks));
	if (number < sinks->count) {
		sink = sinks->sink[number];
		pthread_mutex_lock(&sink->lock);
		*status = sink->status;
		status->queued =
			status->offered - status->written - status->dropped - status->failed;
		pthread_mutex_unlock(&sink->lock);
	}
	pthread_mutex_unlock(lock_of(sinks));
	return sink != NULL;
}
