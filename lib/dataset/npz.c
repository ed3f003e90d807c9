/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A NumPy archive: a zip (libzip; its 64-bit form where it must be) of .npy members, format 1.0 of
 * numpy.lib.format. Columns are spooled: numbers as they will stand, texts with their size in
 * front, since how wide a column of texts is shows at the end only.
 */
#include "writer_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zip.h>

#define BUFFER     (32 * 1024)
#define HEADER_MAX 192
#define ALIGNED    64
#define TEXT_MAX   4096

struct member {
	const struct npz *npz;
	const struct adit_column *column;
	FILE *file;
	char *buffer;
	uint16_t width; /* of a text, at most so far */
	/* while the archive is written */
	char header[HEADER_MAX];
	size_t header_size, header_at;
	char text[TEXT_MAX]; /* the text in hand, padded to `width` */
	size_t text_at;
	uint64_t rows_left;
	zip_error_t error;
};

struct npz {
	char *path;
	struct member *members;
	size_t count;
	uint64_t rows;
};

/* A file without a name beside `path`. */
static int spool_open(const char *path, FILE **opened, struct adit_error *error)
{
	char folder[PATH_MAX], name[PATH_MAX];
	FILE *file = NULL;
	int fd, status = 0;

	snprintf(folder, sizeof(folder), "%s", path);
	fd = open(dirname(folder), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && snprintf(name, sizeof(name), "%s.XXXXXX", path) < (int)sizeof(name)) {
		/* Not every file system has them. */
		fd = mkstemp(name);
		if (fd >= 0)
			unlink(name);
	}
	if (fd >= 0)
		file = fdopen(fd, "w+");
	if (file == NULL)
		status = adit_file_error(path, "no room beside it for its columns", errno, error);
	if (file == NULL && fd >= 0)
		close(fd);
	*opened = file;
	return status;
}

int adit_npz_open(const char *path, const struct adit_column *const *columns, size_t count,
	struct npz **npz, struct adit_error *error)
{
	struct npz *made = calloc(1, sizeof(*made));
	int status;

	*npz = made;
	if (made != NULL) {
		made->path = strdup(path);
		made->members = calloc(count, sizeof(*made->members));
	}
	if (made == NULL || made->path == NULL || made->members == NULL)
		return adit_error_set(error, -ENOMEM, "%s: no memory", path);
	for (size_t i = 0; i < count; i++) {
		struct member *member = &made->members[made->count];

		member->npz = made;
		member->column = columns[i];
		member->width = 1;
		status = spool_open(path, &member->file, error);
		if (status != 0)
			return status;
		made->count++;
		member->buffer = malloc(BUFFER);
		if (member->buffer == NULL)
			return adit_error_set(error, -ENOMEM, "%s: no memory", path);
		setvbuf(member->file, member->buffer, _IOFBF, BUFFER);
	}
	return 0;
}

void adit_npz_close(struct npz *npz)
{
	if (npz == NULL)
		return;
	for (size_t i = 0; i < npz->count; i++) {
		fclose(npz->members[i].file);
		free(npz->members[i].buffer);
	}
	free(npz->members);
	free(npz->path);
	free(npz);
}

/* Bytes of a number in the column; 0: it is text. */
static size_t number_size(const struct adit_column *column)
{
	static const uint8_t sizes[ADIT_COLUMN_TYPES] = {1, 1, 2, 4, 8, 8, 0};

	return column->may_miss && column->type != ADIT_COLUMN_TEXT ? 8 : sizes[column->type];
}

static bool is_real(const struct adit_column *column)
{
	return column->type == ADIT_COLUMN_REAL ||
	       (column->may_miss && column->type != ADIT_COLUMN_TEXT);
}

static bool text_spool(struct member *member, const struct adit_cell *cell)
{
	uint32_t whole = cell->kind == ADIT_CELL_TEXT ? cell->size : 0;
	uint16_t size = (uint16_t)(whole < TEXT_MAX ? whole : TEXT_MAX);

	if (size > member->width)
		member->width = size;
	return fwrite_unlocked(&size, sizeof(size), 1, member->file) == 1 &&
	       (size == 0 || fwrite_unlocked(cell->text, 1, size, member->file) == size);
}

static bool number_spool(struct member *member, const struct adit_cell *cell)
{
	double real = cell->kind == ADIT_CELL_NUMBER ? (double)cell->number
		      : cell->kind == ADIT_CELL_REAL ? cell->real
						     : (double)NAN;

	if (is_real(member->column))
		return fwrite_unlocked(&real, sizeof(real), 1, member->file) == 1;
	/* The low bytes come first on this machine, as in the file. */
	return fwrite_unlocked(&cell->number, number_size(member->column), 1, member->file) == 1;
}

int adit_npz_row(struct npz *npz, const struct adit_cell *cells, struct adit_error *error)
{
	errno = 0;
	for (size_t i = 0; i < npz->count; i++) {
		struct member *member = &npz->members[i];

		if (!(member->column->type == ADIT_COLUMN_TEXT ? text_spool(member, &cells[i])
							       : number_spool(member, &cells[i])))
			return adit_file_error(
				npz->path, "its columns cannot be written", errno, error);
	}
	npz->rows++;
	return 0;
}

static void header_make(struct member *member)
{
	static const char *const codes[] = {[1] = "|u1", [2] = "<u2", [4] = "<u4", [8] = "<i8"};
	size_t number = number_size(member->column), used;
	char code[16], *text = member->header + 10;

	if (number == 0)
		snprintf(code, sizeof(code), "|S%u", member->width);
	else
		snprintf(code, sizeof(code), "%s", is_real(member->column) ? "<f8" : codes[number]);
	used = (size_t)snprintf(text, HEADER_MAX - 10,
		"{'descr': '%s', 'fortran_order': False, 'shape': (%llu,), }", code,
		(unsigned long long)member->npz->rows);
	member->header_size = (10 + used + 1 + ALIGNED - 1) / ALIGNED * ALIGNED;
	memset(text + used, ' ', member->header_size - 10 - used - 1);
	member->header[member->header_size - 1] = '\n';
	memcpy(member->header, "\x93NUMPY\x01\x00", 8);
	member->header[8] = (char)((member->header_size - 10) & 0xff);
	member->header[9] = (char)((member->header_size - 10) >> 8);
}

/* The next text, padded. */
static bool text_next(struct member *member)
{
	uint16_t size;

	if (fread(&size, sizeof(size), 1, member->file) != 1 || size > member->width ||
		fread(member->text, 1, size, member->file) != size)
		return false;
	memset(member->text + size, 0, member->width - size);
	member->text_at = 0;
	member->rows_left--;
	return true;
}

static zip_int64_t text_read(struct member *member, char *to, size_t room)
{
	size_t done = 0;

	while (done < room) {
		size_t part = member->width - member->text_at;

		if (part == 0) {
			if (member->rows_left == 0)
				break;
			if (!text_next(member))
				return -1;
			continue;
		}
		part = part < room - done ? part : room - done;
		memcpy(to + done, member->text + member->text_at, part);
		member->text_at += part;
		done += part;
	}
	return (zip_int64_t)done;
}

static zip_int64_t member_read(struct member *member, char *to, size_t room)
{
	size_t part = member->header_size - member->header_at;
	zip_int64_t got;

	if (part > 0) {
		part = part < room ? part : room;
		memcpy(to, member->header + member->header_at, part);
		member->header_at += part;
		return (zip_int64_t)part;
	}
	if (member->column->type == ADIT_COLUMN_TEXT)
		got = text_read(member, to, room);
	else
		got = (zip_int64_t)fread(to, 1, room, member->file);
	if (got < 0 || ferror(member->file)) {
		zip_error_set(&member->error, ZIP_ER_READ, errno);
		return -1;
	}
	return got;
}

static zip_int64_t member_stat(const struct member *member, zip_stat_t *about)
{
	size_t number = number_size(member->column);

	zip_stat_init(about);
	about->valid = ZIP_STAT_SIZE;
	about->size =
		member->header_size + member->npz->rows * (number != 0 ? number : member->width);
	return sizeof(*about);
}

static zip_int64_t member_source(
	void *context, void *data, zip_uint64_t size, zip_source_cmd_t command)
{
	struct member *member = context;

	switch (command) {
	case ZIP_SOURCE_OPEN:
		rewind(member->file);
		member->header_at = 0;
		member->text_at = member->width;
		member->rows_left = member->npz->rows;
		return 0;
	case ZIP_SOURCE_READ:
		return member_read(member, data, size);
	case ZIP_SOURCE_STAT:
		return member_stat(member, data);
	case ZIP_SOURCE_ERROR:
		return zip_error_to_data(&member->error, data, size);
	case ZIP_SOURCE_CLOSE:
	case ZIP_SOURCE_FREE:
		return 0;
	case ZIP_SOURCE_SUPPORTS:
		return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ,
			ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
	default:
		zip_error_set(&member->error, ZIP_ER_OPNOTSUPP, 0);
		return -1;
	}
}

/* Adds a member, not compressed, as numpy.savez does. */
static bool member_add(zip_t *archive, struct member *member)
{
	zip_source_t *source = zip_source_function(archive, member_source, member);
	char name[ADIT_NAME_MAX];
	zip_int64_t index;

	if (source == NULL)
		return false;
	snprintf(name, sizeof(name), "%s.npy", member->column->name);
	index = zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8);
	if (index < 0) {
		zip_source_free(source);
		return false;
	}
	return zip_set_file_compression(archive, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0;
}

static int zip_failed(const struct npz *npz, zip_error_t *reason, struct adit_error *error)
{
	int code = zip_error_code_system(reason);

	return adit_error_set(error, code > 0 ? -code : -EIO, "%s: cannot be written: %s",
		npz->path, zip_error_strerror(reason));
}

int adit_npz_write(struct npz *npz, const char *to, struct adit_error *error)
{
	zip_error_t reason;
	zip_t *archive;
	int code = 0, status;

	for (size_t i = 0; i < npz->count; i++) {
		errno = 0;
		if (fflush(npz->members[i].file) != 0)
			return adit_file_error(
				npz->path, "its columns cannot be written", errno, error);
		header_make(&npz->members[i]);
		zip_error_init(&npz->members[i].error);
	}
	archive = zip_open(to, ZIP_CREATE | ZIP_TRUNCATE, &code);
	if (archive == NULL) {
		zip_error_init_with_code(&reason, code);
		status = zip_failed(npz, &reason, error);
		zip_error_fini(&reason);
		return status;
	}
	for (size_t i = 0; i < npz->count; i++) {
		if (!member_add(archive, &npz->members[i])) {
			status = zip_failed(npz, zip_get_error(archive), error);
			zip_discard(archive);
			return status;
		}
	}
	if (zip_close(archive) == 0)
		return 0;
	status = zip_failed(npz, zip_get_error(archive), error);
	zip_discard(archive);
	return status;
}
