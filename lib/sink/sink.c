/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One sink: its queue, its counters, and what its thread does. Whatever fails is tried again, later
 * each time; until then records wait, and when the queue is full they are dropped and counted.
 */
#include "sink_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MOST_MS  10000
#define TELL_NS          (60 * ADIT_NS_PER_S)

static const struct adit_sink_ops *const kinds[] = {
	[ADIT_SINK_JSONL] = &adit_sink_jsonl,
	[ADIT_SINK_SYSLOG] = &adit_sink_syslog,
	[ADIT_SINK_RPZ] = &adit_sink_rpz,
	[ADIT_SINK_KAFKA] = &adit_sink_kafka,
	[ADIT_SINK_WEBHOOK] = &adit_sink_webhook,
};

int adit_sink_open(struct adit_sink *sink, const struct adit_sink_params *params,
	const struct adit_sink_host *host, struct adit_sink *after, struct adit_error *error)
{
	int status;

	memset(sink, 0, sizeof(*sink));
	sink->params = *params;
	sink->host = host;
	snprintf(sink->status.name, sizeof(sink->status.name), "%s", params->name);
	sink->status.type = kinds[params->type]->type;
	atomic_init(&sink->deadline_ns, UINT64_MAX);
	atomic_init(&sink->over, false);
	atomic_init(&sink->after, after);
	pthread_mutex_init(&sink->lock, NULL);
	sink->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sink->ring = calloc(params->queue, sizeof(struct adit_event *));
	if (sink->wake < 0 || sink->ring == NULL)
		return adit_error_set(
			error, -ENOMEM, "no room for a queue of %zu records", params->queue);
	status = adit_filter_make(&sink->filter, params, error);
	if (status == 0 && params->subscribers == ADIT_SINK_PSEUDONYMS)
		status =
			adit_privacy_open(params->key_file, params->privacy, &sink->privacy, error);
	if (status != 0 || after != NULL)
		return status;
	sink->ops = kinds[params->type];
	return sink->ops->open(sink, error);
}

void adit_sink_empty(struct adit_sink *sink)
{
	/* Others still ask how it gets on. */
	pthread_mutex_lock(&sink->lock);
	sink->status.dropped += sink->queued + sink->held_count;
	for (; sink->held_count > 0; sink->held_count--)
		adit_event_release(sink->held[sink->held_count - 1]);
	for (; sink->queued > 0; sink->queued--) {
		adit_event_release(sink->ring[sink->head]);
		sink->head = (sink->head + 1) % sink->params.queue;
	}
	pthread_mutex_unlock(&sink->lock);
}

void adit_sink_close(struct adit_sink *sink)
{
	if (sink->ops != NULL)
		sink->ops->close(sink);
	adit_sink_empty(sink);
	free(sink->ring);
	free(sink->muted);
	if (sink->wake >= 0)
		close(sink->wake);
	adit_privacy_close(sink->privacy);
	adit_filter_clear(&sink->filter);
	pthread_mutex_destroy(&sink->lock);
}

void adit_sink_count(struct adit_sink *sink, enum adit_sink_end end, size_t count)
{
	pthread_mutex_lock(&sink->lock);
	if (end == ADIT_SINK_WRITTEN)
		sink->status.written += count;
	else if (end == ADIT_SINK_DROPPED)
		sink->status.dropped += count;
	else
		sink->status.failed += count;
	pthread_mutex_unlock(&sink->lock);
}

void adit_sink_note(struct adit_sink *sink, const char *error)
{
	pthread_mutex_lock(&sink->lock);
	snprintf(sink->status.error, sizeof(sink->status.error), "%.255s", error);
	pthread_mutex_unlock(&sink->lock);
}

void adit_sink_tell(struct adit_sink *sink, const char *format, ...)
{
	va_list arguments;

	pthread_mutex_lock(&sink->lock);
	/* The first that nobody has read yet says more than what came of it. */
	if (sink->message[0] == '\0') {
		va_start(arguments, format);
		vsnprintf(sink->message, sizeof(sink->message), format, arguments);
		va_end(arguments);
	}
	pthread_mutex_unlock(&sink->lock);
}

void adit_sink_refuse(struct adit_sink *sink, size_t count, const char *why)
{
	uint64_t now = sink->host->monotonic_ns();
	bool tell;

	adit_sink_note(sink, why);
	pthread_mutex_lock(&sink->lock);
	sink->status.failed += count;
	tell = sink->refused_ns == 0 || now - sink->refused_ns >= TELL_NS;
	if (tell)
		sink->refused_ns = now;
	pthread_mutex_unlock(&sink->lock);
	if (tell)
		adit_sink_tell(sink, "%s: a record is refused", why);
}

void adit_sink_wake(struct adit_sink *sink)
{
	const uint64_t one = 1;
	ssize_t written = write(sink->wake, &one, sizeof(one));

	(void)written; /* it fails only where it is awake already */
}

void adit_sink_push(struct adit_sink *sink, struct adit_event *event)
{
	size_t size = sink->params.queue;
	struct adit_event *dropped = NULL;
	bool tell = false;

	pthread_mutex_lock(&sink->lock);
	sink->status.offered++;
	if (sink->queued == size) {
		sink->status.dropped++;
		tell = !sink->dropping;
		sink->dropping = true;
		dropped = event;
		if (sink->params.drop_oldest) {
			dropped = sink->ring[sink->head];
			sink->head = (sink->head + 1) % size;
			sink->queued--;
		}
	}
	if (dropped != event)
		sink->ring[(sink->head + sink->queued++) % size] = event;
	pthread_mutex_unlock(&sink->lock);
	adit_event_release(dropped);
	if (tell)
		adit_sink_tell(sink,
			"%zu records wait, and that is all that its queue takes: the %s are "
			"dropped until "
			"there is room",
			size, sink->params.drop_oldest ? "oldest" : "newest");
	adit_sink_wake(sink);
}

/* Fills what the thread holds from the queue. */
static void take(struct adit_sink *sink)
{
	pthread_mutex_lock(&sink->lock);
	while (sink->held_count < ADIT_SINK_BATCH && sink->queued > 0) {
		sink->held[sink->held_count++] = sink->ring[sink->head];
		sink->head = (sink->head + 1) % sink->params.queue;
		sink->queued--;
		sink->dropping = sink->dropping && sink->queued > 0;
	}
	pthread_mutex_unlock(&sink->lock);
}

static void put_down(struct adit_sink *sink, size_t done)
{
	for (size_t i = 0; i < done; i++)
		adit_event_release(sink->held[i]);
	sink->held_count -= done;
	memmove(sink->held, sink->held + done, sink->held_count * sizeof(sink->held[0]));
}

static size_t waiting(struct adit_sink *sink)
{
	return sink->held_count + (sink->ops->pending != NULL ? sink->ops->pending(sink) : 0);
}

static void note_failure(struct adit_sink *sink, uint64_t now, const struct adit_error *error)
{
	bool tell;

	sink->backoff_ms = sink->backoff_ms == 0 ? BACKOFF_FIRST_MS : 2 * sink->backoff_ms;
	if (sink->backoff_ms > BACKOFF_MOST_MS)
		sink->backoff_ms = BACKOFF_MOST_MS;
	sink->retry_ns = now + sink->backoff_ms * ADIT_NS_PER_MS;
	adit_sink_note(sink, error->text);
	pthread_mutex_lock(&sink->lock);
	tell = !sink->status.failing && (sink->told_ns == 0 || now - sink->told_ns >= TELL_NS);
	if (tell) {
		sink->told_ns = now;
		sink->told_failing = true;
	}
	sink->status.failing = true;
	sink->status.retried++;
	pthread_mutex_unlock(&sink->lock);
	if (tell)
		adit_sink_tell(sink, "%s; it is tried again, and records wait", error->text);
}

static void note_success(struct adit_sink *sink)
{
	bool again;

	sink->backoff_ms = 0;
	sink->retry_ns = 0;
	pthread_mutex_lock(&sink->lock);
	again = sink->status.failing && sink->told_failing;
	sink->status.failing = false;
	sink->told_failing = false;
	pthread_mutex_unlock(&sink->lock);
	if (again)
		adit_sink_tell(sink, "works again");
}

static void attempt(struct adit_sink *sink, uint64_t now)
{
	struct adit_error error = {"failed"};
	bool wrote = sink->held_count > 0;
	size_t done = 0;
	int status = 0;

	if (wrote)
		status = sink->ops->write(sink, sink->held, sink->held_count, &done, &error);
	put_down(sink, done);
	if (status == 0 && sink->ops->tick != NULL)
		status = sink->ops->tick(sink, &error);
	if (status != 0)
		note_failure(sink, now, &error);
	else if (wrote || sink->ops->tick != NULL)
		note_success(sink);
}

/* Opens what could not be opened before. */
static bool open_late(struct adit_sink *sink)
{
	struct adit_error error = {"failed"};

	sink->ops = kinds[sink->params.type];
	if (sink->ops->open(sink, &error) == 0)
		return true;
	sink->ops->close(sink);
	sink->ops = NULL;
	sink->state = NULL;
	note_failure(sink, sink->host->monotonic_ns(), &error);
	return false;
}

#define AFTER_WAIT_MS 20

/* The end has come, or was told and there is nothing to wait for. */
static bool is_ending(struct adit_sink *sink)
{
	bool waits;

	if (atomic_load(&sink->deadline_ns) == UINT64_MAX)
		return false;
	pthread_mutex_lock(&sink->lock);
	waits = sink->queued != 0;
	pthread_mutex_unlock(&sink->lock);
	return !waits || adit_sink_patience(sink, 1) == 0;
}

bool adit_sink_begin(struct adit_sink *sink)
{
	while (sink->ops == NULL) {
		bool waits = atomic_load(&sink->after) != NULL;

		if (!waits && sink->host->monotonic_ns() >= sink->retry_ns && open_late(sink)) {
			note_success(sink);
			break;
		}
		if (is_ending(sink))
			return false;
		adit_sink_wait(sink, adit_sink_patience(sink, AFTER_WAIT_MS));
	}
	return true;
}

int adit_sink_step(struct adit_sink *sink)
{
	uint64_t now = sink->host->monotonic_ns(), deadline, until;
	size_t left, queued;

	/* Before the queue is looked at: what was offered before the end was told is seen. */
	deadline = atomic_load(&sink->deadline_ns);
	if (deadline != UINT64_MAX && !sink->ending) {
		/* Whatever it waited for: there is no later. */
		sink->ending = true;
		sink->retry_ns = sink->backoff_ms = 0;
	}
	take(sink);
	if (now >= sink->retry_ns)
		attempt(sink, now);
	now = sink->host->monotonic_ns();
	left = waiting(sink);
	pthread_mutex_lock(&sink->lock);
	queued = sink->queued;
	pthread_mutex_unlock(&sink->lock);
	if (deadline != UINT64_MAX && (now >= deadline || left + queued == 0))
		return -1;
	if (sink->held_count > 0 || queued > 0)
		until = sink->retry_ns > now ? sink->retry_ns : now;
	else
		until = UINT64_MAX;
	if (sink->ops->tick != NULL && until > now + (uint64_t)sink->ops->tick_ms * ADIT_NS_PER_MS)
		until = now + (uint64_t)sink->ops->tick_ms * ADIT_NS_PER_MS;
	until = until < deadline ? until : deadline;
	if (until == UINT64_MAX)
		return INT32_MAX;
	return (int)((until - now + ADIT_NS_PER_MS - 1) / ADIT_NS_PER_MS);
}

void adit_sink_wait(struct adit_sink *sink, int most_ms)
{
	struct pollfd woken = {.fd = sink->wake, .events = POLLIN};
	uint64_t count;

	if (most_ms != 0)
		poll(&woken, 1, most_ms == INT32_MAX ? -1 : most_ms);
	if (read(sink->wake, &count, sizeof(count)) < 0)
		return; /* nothing new */
}

int adit_sink_patience(const struct adit_sink *sink, int most_ms)
{
	uint64_t deadline = atomic_load(&sink->deadline_ns), now = sink->host->monotonic_ns();
	uint64_t left = deadline > now ? (deadline - now) / ADIT_NS_PER_MS : 0;

	return left < (uint64_t)most_ms ? (int)left : most_ms;
}

void adit_sink_stop(struct adit_sink *sink)
{
	atomic_store(&sink->deadline_ns,
		sink->host->monotonic_ns() + sink->params.linger_ms * ADIT_NS_PER_MS);
	adit_sink_wake(sink);
}
