/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A log that is read more than once, and from any place: what is no plain file (gzip, standard
 * input, a pipe) is first written, decompressed, to a nameless file in TMPDIR (or /tmp). Read with
 * pread: a file that gets shorter meanwhile is an error, not a signal. One thread.
 */
#ifndef ADIT_LOGFILE_H
#define ADIT_LOGFILE_H

#include "adit_base.h"

#include <sys/types.h>

struct app_logfile;

/* Opens, and spools where needed. 0 or -errno; a gzip stream that is damaged is read as far as it
 * goes (app_logfile_damage). `progress` may be NULL; false ends it (-ECANCELED). */
int app_logfile_open(const char *path, bool (*progress)(void *context, uint64_t, uint64_t),
	void *context, struct app_logfile **file, struct adit_error *error);
void app_logfile_close(struct app_logfile *file);

uint64_t app_logfile_size(const struct app_logfile *file);
/* What is wrong with its end; NULL: nothing. */
const char *app_logfile_damage(const struct app_logfile *file);

/* The line at `offset`, without its LF; `*next` is where the one after it begins. Of a line of more
 * than ADIT_LOG_LINE_MAX bytes, `size` tells how many, and not all of them are there. The text is
 * valid until the next call. Returns 1, 0 at the end, or -EIO. */
int app_logfile_line(struct app_logfile *file, uint64_t offset, const char **line, size_t *size,
	uint64_t *next, struct adit_error *error);

/* Bytes at an offset, as many of `size` as there are; -EIO. Valid until the next call. */
ssize_t app_logfile_bytes(struct app_logfile *file, uint64_t offset, size_t size,
	const char **bytes, struct adit_error *error);

/*
 * Frames of a Frame Streams file, through libfstrm. `frame` is valid until the next call; its
 * payload is at `*offset`. Returns 1, 0 at the end, or -EIO: the error tells the offset up to which
 * the stream could be read. A file whose writer is still at it ends with a whole frame and no stop
 * frame: that is an end like any other, and app_logframes_open_end says so.
 */
struct app_logframes;
int app_logframes_open(
	struct app_logfile *file, struct app_logframes **frames, struct adit_error *error);
void app_logframes_close(struct app_logframes *frames);
int app_logframes_next(struct app_logframes *frames, const char **frame, size_t *size,
	uint64_t *offset, struct adit_error *error);
bool app_logframes_open_end(const struct app_logframes *frames);
const char *app_logfile_name(const struct app_logfile *file);

#endif
