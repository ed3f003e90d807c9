/* SPDX-License-Identifier: BSD-3-Clause */
#include "labels.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum column { FILE_NAME, DOMAIN, LABEL, TOOL, SETUP, RATE, COLUMNS };

static const char *const column_names[COLUMNS] = {
	"file", "registrable_domain", "label", "tool", "setup", "rate"};

/* A file that is being read; line 0: nothing yet. */
struct reading {
	const char *path;
	unsigned line;
	int at[COLUMNS]; /* place of each column; -1: not there */
	int cells;
	struct adit_error *error;
};

static int refuse(const struct reading *reading, unsigned line, const char *format, ...)
	ADIT_PRINTF(3, 4);

static int refuse(const struct reading *reading, unsigned line, const char *format, ...)
{
	char reason[400];
	va_list list;

	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	return adit_error_set(reading->error, -EINVAL, "%s:%u: %s", reading->path, line, reason);
}

static int column_of(const char *name)
{
	for (int i = 0; i < COLUMNS; i++)
		if (strcmp(name, column_names[i]) == 0)
			return i;
	return strcmp(name, "mode_or_bait") == 0 ? SETUP : -1;
}

static int header_read(struct reading *reading, char *text)
{
	for (int i = 0; i < COLUMNS; i++)
		reading->at[i] = -1;
	for (char *cell; (cell = strsep(&text, "\t")) != NULL; reading->cells++) {
		int column = column_of(cell);

		if (column >= 0)
			reading->at[column] = reading->cells;
	}
	for (int i = FILE_NAME; i <= LABEL; i++)
		if (reading->at[i] < 0)
			return refuse(reading, 1,
				"there is no column '%s'; a label file begins with a line of "
				"names, parted by tabs",
				column_names[i]);
	return 0;
}

/* Where a capture stands that a label file names. */
static bool capture_path(const char *labels, const char *file, char path[PATH_MAX])
{
	const char *slash = strrchr(labels, '/'), *base = slash != NULL ? slash + 1 : labels;
	int folder = (int)(base - labels);
	const char *dot = strrchr(base, '.');
	int stem = dot != NULL ? (int)(dot - base) : (int)strlen(base);

	if (snprintf(path, PATH_MAX, "%.*s%.*s/%s", folder, labels, stem, base, file) < PATH_MAX &&
		access(path, R_OK) == 0)
		return true;
	return snprintf(path, PATH_MAX, "%.*s%s", folder, labels, file) < PATH_MAX &&
	       access(path, R_OK) == 0;
}

/* The capture of a line, made if it is the first one of it. */
static int capture_take(struct app_labels *labels, const struct reading *reading, const char *file,
	size_t from, struct app_labelled **capture)
{
	struct app_labelled *grown;
	char path[PATH_MAX];

	for (size_t i = labels->count; i > from; i--) {
		*capture = &labels->captures[i - 1];
		if (strcmp((*capture)->name, file) == 0)
			return 0;
	}
	if (!capture_path(reading->path, file, path))
		return refuse(reading, reading->line,
			"the capture '%s' is neither beside this file nor in a folder of its name",
			file);
	grown = reallocarray(labels->captures, labels->count + 1, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	labels->captures = grown;
	*capture = &labels->captures[labels->count];
	**capture = (struct app_labelled){.path = strdup(path), .name = strdup(file)};
	labels->count++;
	return (*capture)->path != NULL && (*capture)->name != NULL ? 0 : -ENOMEM;
}

static int label_add(struct app_labelled *capture, const char *const cell[COLUMNS], unsigned line)
{
	struct app_label *grown, *label;

	/* Room grows by doubling: at powers of two. */
	if ((capture->count & (capture->count + 1)) == 0) {
		grown = reallocarray(
			capture->labels, 2 * capture->count + 2, sizeof(*capture->labels));
		if (grown == NULL)
			return -ENOMEM;
		capture->labels = grown;
	}
	label = &capture->labels[capture->count];
	*label = (struct app_label){
		.domain = strdup(cell[DOMAIN]),
		.tunnel = strcmp(cell[LABEL], "tunnel") == 0,
		.tool = strdup(cell[TOOL]),
		.setup = strdup(cell[SETUP]),
		.rate = strdup(cell[RATE]),
		.line = line,
	};
	capture->count++;
	if (label->domain == NULL || label->tool == NULL || label->setup == NULL ||
		label->rate == NULL)
		return -ENOMEM;
	for (char *at = label->domain; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return 0;
}

static int line_read(struct app_labels *labels, struct reading *reading, char *text, size_t from)
{
	const char *cell[COLUMNS] = {"", "", "", "-", "-", "-"};
	struct app_labelled *capture = NULL;
	int number = 0, status;

	for (char *it; (it = strsep(&text, "\t")) != NULL; number++)
		for (int i = 0; i < COLUMNS; i++)
			if (reading->at[i] == number)
				cell[i] = it;
	if (number != reading->cells)
		return refuse(reading, reading->line, "%d fields, the header has %d", number,
			reading->cells);
	for (int i = FILE_NAME; i <= DOMAIN; i++)
		if (cell[i][0] == '\0')
			return refuse(reading, reading->line, "the column '%s' is empty",
				column_names[i]);
	if (strcmp(cell[LABEL], "tunnel") != 0 && strcmp(cell[LABEL], "benign") != 0 &&
		strcmp(cell[LABEL], "hard-negative") != 0)
		return refuse(reading, reading->line,
			"the label is '%s'; there are tunnel, benign and hard-negative",
			cell[LABEL]);
	status = capture_take(labels, reading, cell[FILE_NAME], from, &capture);
	if (status == 0)
		status = label_add(capture, cell, reading->line);
	return status == -ENOMEM ? adit_error_set(reading->error, -ENOMEM, "no memory for labels")
				 : status;
}

static int label_order(const void *left, const void *right)
{
	const struct app_label *a = left, *b = right;

	return strcmp(a->domain, b->domain);
}

/* By domain; one that is there twice is refused. */
static int labels_sort(struct app_labelled *capture, const struct reading *reading)
{
	struct app_label *label = capture->labels;

	qsort(label, capture->count, sizeof(*label), label_order);
	for (size_t i = 1; i < capture->count; i++) {
		unsigned one = label[i - 1].line, other = label[i].line;

		if (label_order(&label[i - 1], &label[i]) == 0)
			return refuse(reading, one > other ? one : other,
				"'%s' in '%s' has a label already, on line %u", label[i].domain,
				capture->name, one > other ? other : one);
	}
	return 0;
}

int app_labels_read(struct app_labels *labels, const char *path, struct adit_error *error)
{
	struct reading reading = {.path = path, .error = error};
	size_t from = labels->count, room = 0;
	FILE *file = fopen(path, "r");
	char *text = NULL;
	ssize_t length;
	int status = 0;

	if (file == NULL)
		return adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	while (status == 0 && (length = getline(&text, &room, file)) > 0) {
		while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
			text[--length] = '\0';
		if (++reading.line == 1)
			status = header_read(&reading, text);
		else if (length > 0)
			status = line_read(labels, &reading, text, from);
	}
	if (status == 0 && ferror(file))
		status = adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (status == 0 && reading.line == 0)
		status = refuse(&reading, 1, "the file is empty");
	else if (status == 0 && labels->count == from)
		status = refuse(&reading, reading.line, "no label follows the header");
	free(text);
	fclose(file);
	for (size_t i = from; i < labels->count && status == 0; i++)
		status = labels_sort(&labels->captures[i], &reading);
	return status;
}

void app_labels_clear(struct app_labels *labels)
{
	for (size_t i = 0; i < labels->count; i++) {
		struct app_labelled *capture = &labels->captures[i];

		for (size_t k = 0; k < capture->count; k++) {
			free(capture->labels[k].domain);
			free(capture->labels[k].tool);
			free(capture->labels[k].setup);
			free(capture->labels[k].rate);
		}
		free(capture->labels);
		free(capture->path);
		free(capture->name);
	}
	free(labels->captures);
	*labels = (struct app_labels){NULL, 0};
}

const struct app_label *app_label_find(const struct app_labelled *capture, const char *domain)
{
	struct app_label want = {.domain = (char *)(uintptr_t)domain};

	return capture->count != 0
		       ? bsearch(&want, capture->labels, capture->count, sizeof(want), label_order)
		       : NULL;
}
