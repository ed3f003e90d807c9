/* SPDX-License-Identifier: BSD-3-Clause */
#include "logfile.h"

#include "adit_log.h"
#include "gzfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW (ADIT_LOG_LINE_MAX + 1024 * 1024) /* a line, and what is read ahead */

struct app_logfile {
	const char *name;
	int fd;
	uint64_t size;
	uint64_t at; /* of what the window holds */
	size_t held;
	char damage[256];
	char window[WINDOW];
};

static int spool_open(void)
{
	const char *folder = getenv("TMPDIR");
	char path[PATH_MAX];
	int fd;

	if (folder == NULL || folder[0] == '\0' ||
		snprintf(path, sizeof(path), "%s/adit-log-XXXXXX", folder) >= (int)sizeof(path))
		snprintf(path, sizeof(path), "/tmp/adit-log-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t wrote = write(fd, bytes, size);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote < 0 ? -errno : -EIO;
		bytes += wrote;
		size -= (size_t)wrote;
	}
	return 0;
}

/* Writes what is no plain file to one that is. */
static int spool(struct app_logfile *file, const char *path, uint64_t total,
	bool (*progress)(void *context, uint64_t, uint64_t), void *context,
	struct adit_error *error)
{
	gzFile from;
	int got, status = app_gz_open(path, &from, error);

	if (status != 0)
		return status;
	file->fd = spool_open();
	if (file->fd < 0)
		status = adit_error_set(error, -errno, "%s: no file for it in TMPDIR or /tmp: %s",
			file->name, strerror(errno));
	while (status == 0 && (got = gzread(from, file->window, WINDOW)) > 0) {
		status = write_all(file->fd, file->window, (size_t)got);
		file->size += (uint64_t)got;
		if (status != 0)
			adit_error_set(error, status, "%s: the file for it in TMPDIR or /tmp: %s",
				file->name, strerror(-status));
		else if (progress != NULL && !progress(context, (uint64_t)gzoffset(from), total))
			status = adit_error_set(error, -ECANCELED, "interrupted");
	}
	if (status == 0 && got < 0) {
		int zlib_status;
		const char *text = app_gz_error(from, &zlib_status);

		snprintf(file->damage, sizeof(file->damage),
			"cut short or damaged after %llu bytes of the uncompressed log (%.100s)",
			(unsigned long long)file->size, text);
	} else if (status == 0) {
		int zlib_status;

		/* The end of a file within a stream is no error to gzread. */
		gzerror(from, &zlib_status);
		if (zlib_status == Z_BUF_ERROR)
			snprintf(file->damage, sizeof(file->damage),
				"cut short after %llu bytes of the uncompressed log",
				(unsigned long long)file->size);
	}
	gzclose_r(from);
	return status;
}

static bool is_gzip(int fd)
{
	uint8_t magic[2];

	return pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
}

/* Opens a file that can be read as it is. A pipe is left alone here: opened and closed, it would
 * have lost its writer. */
static bool plain_open(struct app_logfile *file, const char *path, struct stat *about)
{
	if (strcmp(path, "-") == 0 || stat(path, about) != 0 || !S_ISREG(about->st_mode))
		return false;
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0 || is_gzip(file->fd) || fstat(file->fd, about) != 0) {
		if (file->fd >= 0)
			close(file->fd);
		file->fd = -1;
		return false;
	}
	file->size = (uint64_t)about->st_size;
	return true;
}

int app_logfile_open(const char *path, bool (*progress)(void *context, uint64_t, uint64_t),
	void *context, struct app_logfile **file, struct adit_error *error)
{
	struct app_logfile *made = malloc(sizeof(*made));
	struct stat about = {0};
	int status = 0;

	if (made == NULL)
		return adit_error_set(error, -ENOMEM, "%s: no memory", path);
	made->name = app_gz_name(path);
	made->fd = -1;
	made->size = made->at = made->held = 0;
	made->damage[0] = '\0';
	/* What cannot be opened says so there. */
	if (!plain_open(made, path, &about))
		status = spool(made, path, (uint64_t)about.st_size, progress, context, error);
	if (status != 0) {
		app_logfile_close(made);
		return status;
	}
	*file = made;
	return 0;
}

void app_logfile_close(struct app_logfile *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

uint64_t app_logfile_size(const struct app_logfile *file)
{
	return file->size;
}

const char *app_logfile_name(const struct app_logfile *file)
{
	return file->name;
}

const char *app_logfile_damage(const struct app_logfile *file)
{
	return file->damage[0] != '\0' ? file->damage : NULL;
}

/* Fills the window from `offset` on, no further than the file reached when it was opened. */
static int window_fill(struct app_logfile *file, uint64_t offset, struct adit_error *error)
{
	uint64_t left = offset < file->size ? file->size - offset : 0;
	size_t wanted = left < WINDOW ? (size_t)left : WINDOW;

	file->at = offset;
	file->held = 0;
	while (file->held < wanted) {
		ssize_t got = pread(file->fd, file->window + file->held, wanted - file->held,
			(off_t)(offset + file->held));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return adit_error_set(error, -EIO, "%s: cannot be read at offset %llu (%s)",
				file->name, (unsigned long long)(offset + file->held),
				got < 0 ? strerror(errno) : "the file has become shorter");
		file->held += (size_t)got;
	}
	return 0;
}

/* What the window holds from an offset on. */
static size_t window_at(const struct app_logfile *file, uint64_t offset, const char **bytes)
{
	if (offset < file->at || offset >= file->at + file->held)
		return 0;
	*bytes = file->window + (offset - file->at);
	return (size_t)(file->at + file->held - offset);
}

/* The end of a line that is longer than may be: looked for a window at a time. */
static int long_line(struct app_logfile *file, uint64_t offset, const char **line, size_t *size,
	uint64_t *next, struct adit_error *error)
{
	uint64_t at = offset;
	int status = 0;

	while (at < file->size && (status = window_fill(file, at, error)) == 0) {
		const char *end = memchr(file->window, '\n', file->held);

		if (end != NULL) {
			at += (uint64_t)(end - file->window);
			break;
		}
		at += file->held;
	}
	*line = file->window;
	*size = (size_t)(at - offset);
	*next = at + 1;
	return status == 0 ? 1 : status;
}

int app_logfile_line(struct app_logfile *file, uint64_t offset, const char **line, size_t *size,
	uint64_t *next, struct adit_error *error)
{
	const char *end;
	size_t held;
	int status;

	if (offset >= file->size)
		return 0;
	held = window_at(file, offset, line);
	end = held > 0 ? memchr(*line, '\n', held) : NULL;
	if (end == NULL && (held == 0 || file->at + file->held < file->size)) {
		status = window_fill(file, offset, error);
		if (status != 0)
			return status;
		held = window_at(file, offset, line);
		end = memchr(*line, '\n', held);
	}
	*size = end != NULL ? (size_t)(end - *line) : held;
	*next = offset + *size + 1;
	if (end == NULL && file->at + file->held < file->size)
		return long_line(file, offset, line, size, next, error);
	return 1;
}

ssize_t app_logfile_bytes(struct app_logfile *file, uint64_t offset, size_t size,
	const char **bytes, struct adit_error *error)
{
	size_t held = window_at(file, offset, bytes);

	if (held < size && size <= WINDOW && file->at + file->held < file->size) {
		int status = window_fill(file, offset, error);

		if (status != 0)
			return status;
		held = window_at(file, offset, bytes);
	}
	return (ssize_t)(held < size ? held : size);
}
