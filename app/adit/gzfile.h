/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Files that may be gzip, and standard input ("-"), through zlib.
 */
#ifndef ADIT_GZFILE_H
#define ADIT_GZFILE_H

#include "adit_base.h"

#include <zlib.h>

#define APP_GZ_BYTES (256 * 1024) /* of zlib's buffer */

/* Opens; plain files are read as they are. Returns 0 or -errno with a message. */
int app_gz_open(const char *path, gzFile *file, struct adit_error *error);
/* What messages call it. */
const char *app_gz_name(const char *path);
/* What zlib said of a failed read, without its own name for the file. */
const char *app_gz_error(gzFile file, int *status);

#endif
