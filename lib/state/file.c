/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A file that is there whole, the old one or the new one.
 */
#include "adit_state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int file, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t done = write(file, bytes, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		bytes += done;
		size -= (size_t)done;
	}
	return fsync(file) == 0 ? 0 : -errno;
}

int adit_state_write(const char *path, const uint8_t *bytes, size_t size, struct adit_error *error)
{
	char other[PATH_MAX];
	int file, status;

	if (snprintf(other, sizeof(other), "%s.new", path) >= (int)sizeof(other))
		return adit_error_set(error, -ENAMETOOLONG, "%s: the path is too long", path);
	/* What an interrupted run left. */
	unlink(other);
	file = open(other, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		return adit_error_set(error, -errno, "%s: %s", other, strerror(errno));
	status = write_all(file, bytes, size);
	if (close(file) != 0 && status == 0)
		status = -errno;
	if (status != 0) {
		unlink(other);
		return adit_error_set(error, status, "%s: %s", other, strerror(-status));
	}
	if (rename(other, path) != 0) {
		status = adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
		unlink(other);
		return status;
	}
	status = adit_folder_sync(path);
	if (status != 0)
		adit_error_set(error, status, "%s: its folder: %s", path, strerror(-status));
	return status;
}

/* Reads what fstat said that there is; a file that becomes shorter meanwhile is cut short. */
static int read_all(int file, uint8_t *bytes, size_t *size)
{
	size_t got = 0;

	while (got < *size) {
		ssize_t more = read(file, bytes + got, *size - got);

		if (more < 0 && errno != EINTR)
			return -errno;
		if (more == 0)
			break;
		got += more > 0 ? (size_t)more : 0;
	}
	*size = got;
	return 0;
}

int adit_state_read(
	const char *path, uint8_t **bytes, size_t *size, unsigned *mode, struct adit_error *error)
{
	/* A FIFO must not hold the start up. */
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), status;
	struct stat about;

	*bytes = NULL;
	if (file < 0)
		return adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (fstat(file, &about) != 0) {
		status = adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(about.st_mode)) {
		status = adit_error_set(
			error, -EINVAL, "%s: a regular file that adit wrote would be right", path);
	} else {
		*size = (size_t)about.st_size;
		*mode = about.st_mode & 07777u;
		*bytes = malloc(*size + 1);
		status = *bytes == NULL ? -ENOMEM : read_all(file, *bytes, size);
		if (status != 0)
			adit_error_set(error, status, "%s: %s", path, strerror(-status));
	}
	close(file);
	if (status != 0) {
		free(*bytes);
		*bytes = NULL;
	}
	return status;
}
