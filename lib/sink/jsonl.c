/* SPDX-License-Identifier: BSD-3-Clause
 *
 * JSON Lines in a file that is rotated: path, path.1 (the last one), path.2 and so on. Lines are
 * whole: what a full disk cut is taken back, what an end without notice cut is ended by the next
 * start.
 */
#include "sink_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct jsonl {
	int file; /* -1: to be opened */
	uint64_t size;
	bool cut;   /* behind `size` stand bytes that must go */
	bool dirty; /* written since the last fsync */
	uint64_t synced_ns;
	uint64_t period; /* of the last line, in rotate_ns since the epoch */
};

static int fail(const struct adit_sink *sink, struct adit_error *error, const char *what)
{
	return adit_error_set(error, -errno, "%s: %s%s", sink->params.path, what, strerror(errno));
}

static uint64_t period_of(const struct adit_sink *sink, uint64_t ns)
{
	return sink->params.rotate_ns != 0 ? ns / sink->params.rotate_ns : 0;
}

/* A last line without an end is of a program that was killed while it wrote: it gets its end. */
static int end_line(struct adit_sink *sink, struct jsonl *state, struct adit_error *error)
{
	char last = '\n';

	if (state->size == 0 || pread(state->file, &last, 1, (off_t)state->size - 1) != 1 ||
		last == '\n')
		return 0;
	if (write(state->file, "\n", 1) != 1)
		return fail(sink, error, "the last line has no end, and can't be ended: ");
	state->size++;
	adit_sink_tell(sink,
		"%s: its last line was cut when the program before ended; it got its end, readers "
		"must pass it over",
		sink->params.path);
	return 0;
}

static int file_open(struct adit_sink *sink, struct jsonl *state, struct adit_error *error)
{
	struct stat about;

	/* A FIFO without a reader must not hold anything up. */
	state->file = open(sink->params.path,
		O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
	if (state->file < 0 || fstat(state->file, &about) != 0)
		return fail(sink, error, "");
	if (!S_ISREG(about.st_mode))
		return adit_error_set(error, -EINVAL, "%s: expected a regular file, or none yet",
			sink->params.path);
	if (flock(state->file, LOCK_EX | LOCK_NB) != 0)
		return adit_error_set(error, -EBUSY,
			"%s: another program writes it; give each its own file", sink->params.path);
	state->size = (uint64_t)about.st_size;
	state->cut = false;
	state->period = period_of(sink, (uint64_t)about.st_mtim.tv_sec * ADIT_NS_PER_S);
	return end_line(sink, state, error);
}

static void file_close(struct jsonl *state)
{
	if (state->file >= 0)
		close(state->file);
	state->file = -1;
}

static int jsonl_open(struct adit_sink *sink, struct adit_error *error)
{
	struct jsonl *state = calloc(1, sizeof(*state));

	sink->state = state;
	if (state == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	state->synced_ns = sink->host->monotonic_ns();
	return file_open(sink, state, error);
}

static int sync_now(struct adit_sink *sink, struct jsonl *state, struct adit_error *error)
{
	if (state->dirty && fdatasync(state->file) != 0)
		return fail(sink, error, "");
	state->dirty = false;
	state->synced_ns = sink->host->monotonic_ns();
	return 0;
}

/* Names of files and their order last over a crash too. */
static int sync_directory(struct adit_sink *sink, struct adit_error *error)
{
	errno = -adit_folder_sync(sink->params.path);
	return errno == 0 ? 0 : fail(sink, error, "its directory: ");
}

/* path.2 becomes path.3, path.1 path.2, path path.1; what would pass `keep` is overwritten. */
static int rotate(struct adit_sink *sink, struct jsonl *state, struct adit_error *error)
{
	char from[PATH_MAX], to[PATH_MAX];
	int status = 0;

	if (sink->params.fsync != ADIT_FSYNC_NEVER)
		status = sync_now(sink, state, error);
	for (unsigned i = sink->params.keep; status == 0 && i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", sink->params.path, i);
		snprintf(from, sizeof(from), i > 1 ? "%s.%u" : "%s", sink->params.path, i - 1);
		if (rename(from, to) != 0 && (i == 1 || errno != ENOENT))
			status = fail(sink, error, "can't be rotated: ");
	}
	if (status != 0)
		return status;
	file_close(state);
	status = file_open(sink, state, error);
	if (status == 0 && sink->params.fsync != ADIT_FSYNC_NEVER)
		status = sync_directory(sink, error);
	return status;
}

/* The file, as it should be: there, the one of that name, without a cut line. */
static int ready(struct adit_sink *sink, struct jsonl *state, struct adit_error *error)
{
	struct stat here, named;

	if (state->file >= 0 &&
		(stat(sink->params.path, &named) != 0 || fstat(state->file, &here) != 0 ||
			here.st_ino != named.st_ino || here.st_dev != named.st_dev))
		file_close(state); /* moved away by somebody: a new one begins */
	if (state->file < 0) {
		int status = file_open(sink, state, error);

		if (status != 0) {
			file_close(state);
			return status;
		}
	}
	if (state->cut && ftruncate(state->file, (off_t)state->size) != 0)
		return fail(sink, error, "a cut line can't be taken back: ");
	state->cut = false;
	return 0;
}

/* Writes these lines, all or none. */
static int put(struct adit_sink *sink, struct jsonl *state, struct adit_event *const *events,
	size_t count, struct adit_error *error)
{
	struct iovec part[ADIT_SINK_BATCH];
	size_t size = 0;
	ssize_t written;
	int status = 0;

	for (size_t i = 0; i < count; i++) {
		part[i] = (struct iovec){events[i]->line, events[i]->size};
		size += events[i]->size;
	}
	errno = ENOSPC; /* of what is written in part */
	written = writev(state->file, part, (int)count);
	if (written != (ssize_t)size)
		status = fail(sink, error, "");
	state->dirty = true;
	if (status == 0 && sink->params.fsync == ADIT_FSYNC_EACH)
		status = sync_now(sink, state, error);
	if (status != 0) {
		/* They are offered again: none may stand there twice. */
		state->cut = ftruncate(state->file, (off_t)state->size) != 0;
		return status;
	}
	state->size += size;
	state->period = period_of(sink, sink->host->real_ns());
	return 0;
}

static bool is_due(const struct adit_sink *sink, const struct jsonl *state)
{
	return state->file >= 0 && state->size > 0 && sink->params.rotate_ns != 0 &&
	       period_of(sink, sink->host->real_ns()) != state->period;
}

static int jsonl_write(struct adit_sink *sink, struct adit_event *const *events, size_t count,
	size_t *done, struct adit_error *error)
{
	struct jsonl *state = sink->state;
	uint64_t most = sink->params.rotate_bytes;
	int status = ready(sink, state, error);

	if (status == 0 && is_due(sink, state))
		status = rotate(sink, state, error);
	while (status == 0 && *done < count) {
		uint64_t size = state->size;
		size_t some = 0;

		while (*done + some < count &&
			(most == 0 || size == 0 || size + events[*done + some]->size <= most))
			size += events[*done + some++]->size;
		if (some == 0) {
			status = rotate(sink, state, error);
			continue;
		}
		status = put(sink, state, events + *done, some, error);
		if (status == 0) {
			*done += some;
			adit_sink_count(sink, ADIT_SINK_WRITTEN, some);
		}
	}
	return status;
}

static int jsonl_tick(struct adit_sink *sink, struct adit_error *error)
{
	struct jsonl *state = sink->state;
	int status = 0;

	unsigned asked = atomic_load(&sink->rotate_asked);

	if (asked != atomic_load(&sink->rotate_done)) {
		/* An empty file is a new one already. */
		status = ready(sink, state, error);
		if (status == 0 && state->size > 0)
			status = rotate(sink, state, error);
		if (status == 0)
			atomic_store(&sink->rotate_done, asked);
	} else if (is_due(sink, state)) {
		status = rotate(sink, state, error);
	}
	if (status == 0 && sink->params.fsync == ADIT_FSYNC_INTERVAL &&
		sink->host->monotonic_ns() - state->synced_ns >= sink->params.fsync_ns)
		status = sync_now(sink, state, error);
	return status;
}

static void jsonl_end(struct adit_sink *sink)
{
	struct adit_error error;

	if (sink->params.fsync != ADIT_FSYNC_NEVER && sync_now(sink, sink->state, &error) != 0)
		adit_sink_note(sink, error.text);
}

static void jsonl_close(struct adit_sink *sink)
{
	struct jsonl *state = sink->state;

	if (state != NULL)
		file_close(state);
	free(state);
}

const struct adit_sink_ops adit_sink_jsonl = {
	.type = "jsonl",
	.open = jsonl_open,
	.write = jsonl_write,
	.tick = jsonl_tick,
	.tick_ms = 1000,
	.end = jsonl_end,
	.close = jsonl_close,
};
