/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_base.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int adit_folder_sync(const char *path)
{
	char copy[PATH_MAX];
	int folder, status = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	/* Some file systems can't, and say so by this. */
	if (fsync(folder) != 0 && errno != EINVAL)
		status = -errno;
	close(folder);
	return status;
}
