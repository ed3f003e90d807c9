/* SPDX-License-Identifier: BSD-3-Clause */
#include "local.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket that nobody listens on is left from a run that was cut off. */
static int stale_remove(
	const char *option, const struct sockaddr_un *address, struct adit_error *error)
{
	struct stat about;
	int fd, status;

	if (lstat(address->sun_path, &about) != 0)
		return 0;
	if (!S_ISSOCK(about.st_mode))
		return adit_error_set(error, -EEXIST, "%s: '%s' exists and is no socket", option,
			address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return adit_error_set(error, -errno, "%s: %s", option, strerror(errno));
	status = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	status = status == 0 ? 0 : errno;
	close(fd);
	if (status == ENOENT)
		return 0;
	/* A full queue of connections is somebody's too, and so are datagrams, and what may not be
	 * asked. */
	if (status != ECONNREFUSED)
		return adit_error_set(error, -EADDRINUSE, "%s: another program listens on '%s'",
			option, address->sun_path);
	unlink(address->sun_path);
	return 0;
}

int app_local_listen(
	const char *option, const char *path, int backlog, int *listener, struct adit_error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;
	int status;

	if (strlen(path) >= sizeof(address.sun_path))
		return adit_error_set(error, -ENAMETOOLONG, "%s: '%s' is longer than %zu bytes",
			option, path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));
	status = stale_remove(option, &address, error);
	if (status != 0)
		return status;
	*listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mask = umask(0117);
	status = *listener < 0 ||
		 bind(*listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		 listen(*listener, backlog) != 0;
	umask(mask);
	if (status == 0)
		return 0;
	status = adit_error_set(error, -errno, "%s: '%s': %s", option, path, strerror(errno));
	if (*listener >= 0)
		close(*listener);
	*listener = -1;
	return status;
}
