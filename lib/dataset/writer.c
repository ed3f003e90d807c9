/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lines of CSV and JSON. A row has a few hundred cells and most are small whole numbers, so these
 * are put down by hand: printf, or a tree of JSON values, would be most of the program's time.
 */
#include "adit_writer.h"
#include "writer_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define CELL_MAX 32            /* a number and what is around it */
#define ROOM     (1024 * 1024) /* rows are written when there are so many bytes of them */

const char *const adit_formats[ADIT_FORMATS] = {"csv", "jsonl", "npz"};

struct adit_writer {
	char *path, *temporary; /* NULL: into the caller's stream */
	FILE *stream;           /* the caller's */
	int fd;                 /* of a file; -1: none */
	enum adit_format format;
	const struct adit_column *const *columns;
	size_t count;
	char *line; /* whole rows that are to be written, and the one in the making */
	size_t used, room;
	size_t *name_sizes;
	uint64_t rows;    /* in `line` or written */
	uint64_t written; /* bytes of the file, all of whole rows */
	bool failed;
	struct npz *npz;
};

int adit_format_of(const char *path, enum adit_format *format, struct adit_error *error)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && i < ADIT_FORMATS; i++) {
		if (strcasecmp(dot + 1, adit_formats[i]) == 0) {
			*format = (enum adit_format)i;
			return 0;
		}
	}
	return adit_error_set(error, -EINVAL,
		"%s: what is to be written? The name must end in .csv, .jsonl or .npz", path);
}

int adit_file_error(const char *path, const char *what, int code, struct adit_error *error)
{
	int status = code != 0 ? -code : -EIO;

	return adit_error_set(error, status, "%s: %s: %s", path, what, strerror(-status));
}

static bool line_room(struct adit_writer *writer, size_t more)
{
	size_t room = writer->room != 0 ? writer->room : 4096;
	char *grown;

	if (writer->used + more <= writer->room)
		return true;
	while (room < writer->used + more)
		room *= 2;
	grown = realloc(writer->line, room);
	if (grown == NULL)
		return false;
	writer->line = grown;
	writer->room = room;
	return true;
}

static void put(struct adit_writer *writer, const char *bytes, size_t size)
{
	memcpy(writer->line + writer->used, bytes, size);
	writer->used += size;
}

static void put_number(struct adit_writer *writer, int64_t number)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left != 0);
	if (number < 0)
		*--at = '-';
	put(writer, at, (size_t)(digits + sizeof(digits) - at));
}

static void put_real(struct adit_writer *writer, double real)
{
	char text[CELL_MAX];
	int size = snprintf(text, sizeof(text), "%.9g", real);

	/* Nine digits are enough for most; what is read back is the same in any case. */
	if (strtod(text, NULL) != real)
		size = snprintf(text, sizeof(text), "%.17g", real);
	for (char *at = text; *at != '\0'; at++)
		if (*at == ',')
			*at = '.'; /* whatever the locale has for a decimal point */
	put(writer, text, (size_t)size);
}

/* In quotes, with what must not stand there escaped: in CSV a quote is doubled, in JSON quote and
 * backslash have a backslash in front. Texts are ASCII, and RFC 1035 has escaped the rest. */
static void put_quoted(struct adit_writer *writer, const struct adit_cell *cell, bool json)
{
	writer->line[writer->used++] = '"';
	for (uint32_t i = 0; i < cell->size; i++) {
		char c = cell->text[i];

		if (json && (uint8_t)c < 0x20) {
			writer->used += (size_t)snprintf(
				writer->line + writer->used, 7, "\\u%04x", (unsigned)c);
			continue;
		}
		if (c == '"' || (json && c == '\\'))
			writer->line[writer->used++] = json ? '\\' : '"';
		writer->line[writer->used++] = c;
	}
	writer->line[writer->used++] = '"';
}

static bool needs_quotes(const struct adit_cell *cell)
{
	for (uint32_t i = 0; i < cell->size; i++)
		if (cell->text[i] == ',' || cell->text[i] == '"' || cell->text[i] == '\n' ||
			cell->text[i] == '\r')
			return true;
	return cell->size == 0; /* an empty text is not a missing one */
}

static void put_csv(struct adit_writer *writer, const struct adit_cell *cell)
{
	switch (cell->kind) {
	case ADIT_CELL_NUMBER:
		put_number(writer, cell->number);
		break;
	case ADIT_CELL_REAL:
		put_real(writer, cell->real);
		break;
	case ADIT_CELL_TEXT:
		if (needs_quotes(cell))
			put_quoted(writer, cell, false);
		else
			put(writer, cell->text, cell->size);
		break;
	default:
		break;
	}
}

static void put_json(struct adit_writer *writer, const struct adit_cell *cell)
{
	if (cell->kind == ADIT_CELL_NONE)
		put(writer, "null", 4);
	else if (cell->kind == ADIT_CELL_TEXT)
		put_quoted(writer, cell, true);
	else
		put_csv(writer, cell);
}

static int write_failed(struct adit_writer *writer, int code, struct adit_error *error)
{
	writer->failed = true;
	return adit_file_error(writer->path != NULL ? writer->path : "standard output",
		"cannot be written", code, error);
}

/* Of what is in hand, of which only `done` bytes could be written: the bytes of whole rows. A line
 * feed in a CSV's quotes ends none. */
static size_t whole_rows(struct adit_writer *writer, size_t done)
{
	bool csv = writer->format == ADIT_FORMAT_CSV, quoted = false;
	size_t whole = 0, lost = 0;

	for (size_t i = 0; i < writer->used; i++) {
		quoted ^= csv && writer->line[i] == '"';
		if (writer->line[i] != '\n' || quoted)
			continue;
		if (i < done)
			whole = i + 1;
		else
			lost++;
	}
	/* A header may be lost as well. */
	writer->rows -= lost < writer->rows ? lost : writer->rows;
	return whole;
}

/* Writes the rows in hand. Where that fails the file is cut behind the last whole one. */
static int rows_write(struct adit_writer *writer, struct adit_error *error)
{
	size_t done = 0;
	int code = 0;

	errno = 0;
	if (writer->fd < 0) {
		done = fwrite(writer->line, 1, writer->used, writer->stream);
		code = errno;
	}
	while (writer->fd >= 0 && done < writer->used) {
		ssize_t got = write(writer->fd, writer->line + done, writer->used - done);

		if (got > 0) {
			done += (size_t)got;
		} else if (got == 0 || errno != EINTR) {
			code = errno;
			break;
		}
	}
	if (done < writer->used) {
		size_t whole = whole_rows(writer, done);

		writer->written += whole;
		if (writer->fd >= 0 && ftruncate(writer->fd, (off_t)writer->written) != 0)
			writer->rows = 0;
		writer->used = 0;
		return write_failed(writer, code, error);
	}
	writer->written += done;
	writer->used = 0;
	return 0;
}

static int no_memory(const char *path, struct adit_error *error)
{
	return adit_error_set(error, -ENOMEM, "%s: no memory for a row", path != NULL ? path : "-");
}

static int header_write(struct adit_writer *writer, struct adit_error *error)
{
	for (size_t i = 0; i < writer->count; i++) {
		if (!line_room(writer, writer->name_sizes[i] + 2))
			return no_memory(writer->path, error);
		if (i > 0)
			put(writer, ",", 1);
		put(writer, writer->columns[i]->name, writer->name_sizes[i]);
	}
	put(writer, "\n", 1);
	return 0;
}

static int open_parts(struct adit_writer *writer, const char *path, struct adit_error *error)
{
	writer->name_sizes = calloc(writer->count + 1, sizeof(*writer->name_sizes));
	if (writer->name_sizes == NULL)
		return no_memory(path, error);
	for (size_t i = 0; i < writer->count; i++)
		writer->name_sizes[i] = strlen(writer->columns[i]->name);
	if (path != NULL) {
		writer->path = strdup(path);
		if (writer->path == NULL || asprintf(&writer->temporary, "%s.new", path) < 0) {
			writer->temporary = NULL;
			return no_memory(path, error);
		}
	}
	if (writer->format == ADIT_FORMAT_NPZ)
		return adit_npz_open(
			writer->path, writer->columns, writer->count, &writer->npz, error);
	if (path != NULL) {
		writer->fd =
			open(writer->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (writer->fd < 0)
			return adit_file_error(path, "cannot be written", errno, error);
	}
	return writer->format == ADIT_FORMAT_CSV ? header_write(writer, error) : 0;
}

int adit_writer_open(const char *path, FILE *to, enum adit_format format,
	const struct adit_column *const *columns, size_t count, struct adit_writer **writer,
	struct adit_error *error)
{
	struct adit_writer *made = calloc(1, sizeof(*made));
	int status;

	if (made == NULL)
		return no_memory(path, error);
	made->format = format;
	made->columns = columns;
	made->count = count;
	made->stream = to;
	made->fd = -1;
	status = open_parts(made, to == NULL ? path : NULL, error);
	if (status != 0)
		adit_writer_abandon(made);
	else
		*writer = made;
	return status;
}

/* What is in hand of a row that has no room is no part of the table. */
static int row_lost(struct adit_writer *writer, size_t begin, struct adit_error *error)
{
	writer->used = begin;
	writer->failed = true;
	return no_memory(writer->path, error);
}

int adit_writer_row(
	struct adit_writer *writer, const struct adit_cell *cells, struct adit_error *error)
{
	bool json = writer->format == ADIT_FORMAT_JSONL;
	size_t begin = writer->used;

	if (writer->failed)
		return adit_error_set(error, -EIO, "%s: nothing more is written to it",
			writer->path != NULL ? writer->path : "standard output");
	if (writer->format == ADIT_FORMAT_NPZ) {
		int status = adit_npz_row(writer->npz, cells, error);

		writer->failed = status != 0;
		return status;
	}
	for (size_t i = 0; i < writer->count; i++) {
		size_t text = cells[i].kind == ADIT_CELL_TEXT ? 6 * cells[i].size : 0;

		if (!line_room(writer, text + CELL_MAX + writer->name_sizes[i]))
			return row_lost(writer, begin, error);
		if (json) {
			put(writer, i == 0 ? "{\"" : ",\"", 2);
			put(writer, writer->columns[i]->name, writer->name_sizes[i]);
			put(writer, "\":", 2);
			put_json(writer, &cells[i]);
		} else {
			if (i > 0)
				put(writer, ",", 1);
			put_csv(writer, &cells[i]);
			/* Readers pass over empty lines. */
			if (writer->count == 1 && cells[i].kind == ADIT_CELL_NONE)
				put(writer, "\"\"", 2);
		}
	}
	if (!line_room(writer, 4))
		return row_lost(writer, begin, error);
	put(writer, json ? "}\n" : "\n", json ? 2 : 1);
	writer->rows++;
	return writer->used >= ROOM ? rows_write(writer, error) : 0;
}

static void writer_free(struct adit_writer *writer)
{
	adit_npz_close(writer->npz);
	if (writer->fd >= 0)
		close(writer->fd);
	free(writer->path);
	free(writer->temporary);
	free(writer->name_sizes);
	free(writer->line);
	free(writer);
}

void adit_writer_abandon(struct adit_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->fd >= 0)
		unlink(writer->temporary);
	writer_free(writer);
}

/* Brings to the file what is in hand. */
static int finish(struct adit_writer *writer, struct adit_error *error)
{
	int status, fd = writer->fd;

	if (writer->format == ADIT_FORMAT_NPZ)
		return adit_npz_write(writer->npz, writer->temporary, error);
	status = rows_write(writer, error);
	if (status == 0 && writer->stream != NULL && fflush(writer->stream) != 0)
		return write_failed(writer, errno, error);
	/* A delayed write may fail as late as this. */
	writer->fd = -1;
	if (fd >= 0 && close(fd) != 0 && status == 0)
		status = write_failed(writer, errno, error);
	return status;
}

uint64_t adit_writer_keep(struct adit_writer *writer)
{
	struct adit_error error;
	uint64_t rows;

	if (writer->used > 0)
		rows_write(writer, &error);
	rows = writer->path != NULL && writer->format != ADIT_FORMAT_NPZ ? writer->rows : 0;
	if (rows == 0 && writer->temporary != NULL)
		unlink(writer->temporary);
	writer_free(writer);
	return rows;
}

int adit_writer_close(struct adit_writer *writer, uint64_t *kept, struct adit_error *error)
{
	int status = finish(writer, error);

	*kept = 0;
	if (status == 0 && writer->path != NULL && rename(writer->temporary, writer->path) != 0)
		status = adit_file_error(writer->path, "cannot be put in place", errno, error);
	if (status != 0)
		*kept = adit_writer_keep(writer);
	else
		writer_free(writer);
	return status;
}
