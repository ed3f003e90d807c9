/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads what there is, at most `room` bytes. Returns the size or -errno. */
static int read_all(int file, uint8_t *bytes, size_t room)
{
	size_t size = 0;

	while (size < room) {
		ssize_t more = read(file, bytes + size, room - size);

		if (more < 0 && errno != EINTR)
			return -errno;
		if (more == 0)
			break;
		size += more > 0 ? (size_t)more : 0;
	}
	return (int)size;
}

static int check(
	const char *path, const char *what, bool is_secret, int file, struct adit_error *error)
{
	struct stat about;

	if (fstat(file, &about) != 0)
		return adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(about.st_mode))
		return adit_error_set(error, -EINVAL,
			"%s: the %s must stand in a file of its own, and this is no regular file",
			path, what);
	if (is_secret && about.st_mode & (S_IROTH | S_IWOTH | S_IWGRP))
		return adit_error_set(error, -EPERM,
			"%s: the mode %04o lets others %s the %s; chmod 0600 (or 0640) would be "
			"right",
			path, (unsigned)about.st_mode & 07777u,
			about.st_mode & S_IROTH ? "read" : "change", what);
	return 0;
}

static int file_read(const char *path, const char *what, bool is_secret, void *bytes, size_t room,
	struct adit_error *error)
{
	/* A FIFO must not hold the start up. */
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), status;

	if (file < 0)
		return adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	status = check(path, what, is_secret, file, error);
	if (status == 0) {
		status = read_all(file, bytes, room);
		if (status < 0)
			adit_error_set(error, status, "%s: %s", path, strerror(-status));
		else if (status > 0 && ((const uint8_t *)bytes)[status - 1] == '\n')
			status--;
	}
	close(file);
	return status;
}

int adit_secret_read(
	const char *path, const char *what, void *bytes, size_t room, struct adit_error *error)
{
	return file_read(path, what, true, bytes, room, error);
}

int adit_public_read(
	const char *path, const char *what, void *bytes, size_t room, struct adit_error *error)
{
	return file_read(path, what, false, bytes, room, error);
}
