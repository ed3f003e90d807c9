/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Files of one record in libconfig's syntax, other than the configuration. A form is a table of
 * rows over the fields of a C struct; it makes the reader, its messages and the writer, so that a
 * setting more is a row more. Whatever a file holds must be a setting of the form, once, with the
 * type and range of its row. Control path; one thread. Memory: three times the file while it is
 * open, and libconfig's tree.
 */
#ifndef ADIT_FORM_H
#define ADIT_FORM_H

#include "adit_base.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum adit_form_type {
	ADIT_FORM_BOOL,     /* bool */
	ADIT_FORM_COUNT,    /* uint64_t, low to high; high is INT64_MAX at most */
	ADIT_FORM_NUMBER,   /* double, finite */
	ADIT_FORM_POSITIVE, /* double, finite, above 0 */
	ADIT_FORM_TEXT,     /* char[size], at least `low` printable bytes, ended by a zero */
	ADIT_FORM_CHOICE,   /* an enum: the place among `names`, from `low` on */
	ADIT_FORM_SUM,      /* uint32_t: a checksum, 8 hexadecimal digits in quotes */
	ADIT_FORM_GROUP,    /* a struct of the form `of` */
	ADIT_FORM_LIST,     /* low to high structs of the form `of`, `size` bytes each */
};

/*
 * A field of the record. What is not needed (`must`) may be absent; the field then keeps what the
 * caller put there, and is written only if it is not false, 0 or empty. Of a list, `presence` is
 * the place of a size_t with the number of its elements; of a group that may be absent, of a
 * size_t that is 0 if it is: reading sets it to 1 before the group's own fields.
 */
struct adit_form_row {
	const char *name;
	enum adit_form_type type;
	bool must;
	size_t offset, size, presence;
	uint64_t low, high;
	const char *letters; /* of a text: the only ones; NULL: any */
	const char *const *names;
	const struct adit_form *of;
	const char *above; /* of a count: what one above `high` means; NULL: nothing else */
};

struct adit_form {
	const struct adit_form_row *rows;
	size_t count;
};

/* A file that was read, for its values and for where they stand. */
struct adit_form_file;

/*
 * Takes `size` bytes, at most `most`; `name` stands in messages for the file, and must outlive it.
 * -EINVAL (what is no text or no libconfig syntax, with the line), -EFBIG, -ENOMEM.
 */
int adit_form_open(struct adit_form_file **file, const char *name, const void *bytes, size_t size,
	size_t most, struct adit_error *error);
/* NULL is allowed. */
void adit_form_close(struct adit_form_file *file);

/* Fills the record in the order of the file. -EINVAL: the error names file, line and setting, what
 * is allowed, and for an unknown setting the nearest name; the record is then half filled. */
int adit_form_read(const struct adit_form_file *file, const struct adit_form *form, void *record,
	struct adit_error *error);

/* adit_error_set with file and line in front: of the setting at `path`, such as
 * "threshold.steps.[2].value" (from 0), or of the nearest around it that the file has. */
int adit_form_refuse(const struct adit_form_file *file, struct adit_error *error, int code,
	const char *path, const char *format, ...) ADIT_PRINTF(5, 6);

/*
 * Writes the record as a file that reads back the same, to the last bit: numbers have 17 digits.
 * The same record gives the same bytes. What a row refuses must not be in it. 0 or -EIO; `to` stays
 * open.
 */
int adit_form_write(const struct adit_form *form, const void *record, FILE *to);

#ifdef __cplusplus
}
#endif
#endif
