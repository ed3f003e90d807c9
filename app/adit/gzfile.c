/* SPDX-License-Identifier: BSD-3-Clause */
#include "gzfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

const char *app_gz_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

int app_gz_open(const char *path, gzFile *file, struct adit_error *error)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;

	if (fd < 0 || (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode))) {
		int status = fd < 0 ? -errno : -EISDIR;

		if (fd >= 0)
			close(fd);
		return adit_error_set(
			error, status, "%s: %s", app_gz_name(path), strerror(-status));
	}
	*file = gzdopen(fd, "rb");
	if (*file == NULL) {
		close(fd);
		return adit_error_set(error, -ENOMEM, "%s: no memory", path);
	}
	gzbuffer(*file, APP_GZ_BYTES);
	return 0;
}

const char *app_gz_error(gzFile file, int *status)
{
	const char *text = gzerror(file, status);
	const char *after = text[0] == '<' ? strstr(text, ">: ") : NULL;

	return after != NULL ? after + 3 : text;
}
