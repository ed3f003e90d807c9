/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WRITER_PRIV_H
#define WRITER_PRIV_H

#include "adit_writer.h"

/* "PATH: WHAT: reason" of an errno (0: not known). Gives -errno. */
int adit_file_error(const char *path, const char *what, int code, struct adit_error *error);

/* A NumPy archive in the making: a nameless file for each column, beside `path`. */
struct npz;
int adit_npz_open(const char *path, const struct adit_column *const *columns, size_t count,
	struct npz **npz, struct adit_error *error);
int adit_npz_row(struct npz *npz, const struct adit_cell *cells, struct adit_error *error);
/* Writes the archive to `to`. */
int adit_npz_write(struct npz *npz, const char *to, struct adit_error *error);
void adit_npz_close(struct npz *npz);

#endif
