/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tables as files, by the ending of the name: CSV (RFC 4180, lines end in LF), JSON Lines, or a
 * NumPy archive (.npz) that numpy.load opens without pickle: a member for each column, numbers as
 * |u1, <u2, <u4, <i8 or <f8 and texts as |S; a number that a row may lack is <f8, with NaN.
 *
 * A file has its name only when it is whole: until then it stands beside it as NAME.new, also where
 * it can't be made whole, and the columns of an archive in files without a name. So memory does not
 * grow with the rows.
 */
#ifndef ADIT_WRITER_H
#define ADIT_WRITER_H

#include "adit_columns.h"

#ifdef __cplusplus
extern "C" {
#endif

enum adit_format { ADIT_FORMAT_CSV, ADIT_FORMAT_JSONL, ADIT_FORMAT_NPZ, ADIT_FORMATS };
extern const char *const adit_formats[ADIT_FORMATS]; /* "csv", "jsonl", "npz" */

/* By the ending; -EINVAL with a message. */
int adit_format_of(const char *path, enum adit_format *format, struct adit_error *error);

struct adit_writer;

/* A writer of these columns, which outlive it, into a file, or into `to`, which stays the caller's
 * (no archive). Rows go there in pieces of 1 MiB. -errno of the file, -ENOMEM, with a message. */
int adit_writer_open(const char *path, FILE *to, enum adit_format format,
	const struct adit_column *const *columns, size_t count, struct adit_writer **writer,
	struct adit_error *error);
/* A row: a cell for each column. -errno: the disk is full, say; nothing more is written then. */
int adit_writer_row(
	struct adit_writer *writer, const struct adit_cell *cells, struct adit_error *error);
/* Makes the file whole and gives it its name. Frees the writer whatever the outcome; where it
 * fails, `*kept` is as of adit_writer_keep. */
int adit_writer_close(struct adit_writer *writer, uint64_t *kept, struct adit_error *error);
/* Ends a table that does not become whole: the rows that could be written stay in NAME.new, which
 * ends with a whole one. Frees the writer and gives how many there are; 0: there is no file, as
 * always of an archive. */
uint64_t adit_writer_keep(struct adit_writer *writer);
/* Frees it and leaves no file. NULL is allowed. */
void adit_writer_abandon(struct adit_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
