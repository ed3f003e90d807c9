/* SPDX-License-Identifier: BSD-3-Clause */
#include "labels.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum column { FILE_NAME, DOMAIN, LABEL, TOOL, SETUP, RATE, COLUMNS };

static const char *const column_names[COLUMNS] = {
	"file", "registrable_domain", "label", "tool", "setup", "rate"};

/* A file that is being read. */
struct reading {
	const char *path;
	unsigned line;
	int at[COLUMNS]; /* place of each column; -1: not there */
	int cells;
	struct adit_error *error;
};

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
			return adit_error_set(reading->error, -EINVAL,
				"%s:1: there is no column '%s'; a label file begins with a line of "
				"names, parted by tabs",
				reading->path, column_names[i]);
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

/* The capture of a line, made if it is the first one of it; NULL with *status 0: it is nowhere. */
static struct app_labelled *capture_take(struct app_labels *labels, const struct reading *reading,
	const char *file, size_t from, int *status)
{
	struct app_labelled *grown;
	char path[PATH_MAX];

	*status = 0;
	if (!capture_path(reading->path, file, path))
		return NULL;
	for (size_t i = labels->count; i > from; i--)
		if (strcmp(labels->captures[i - 1].path, path) == 0)
			return &labels->captures[i - 1];
	*status = -ENOMEM;
	grown = reallocarray(labels->captures, labels->count + 1, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	labels->captures = grown;
	grown = &labels->captures[labels->count];
	*grown = (struct app_labelled){.path = strdup(path), .name = strdup(file)};
	labels->count++;
	if (grown->path == NULL || grown->name == NULL)
		return NULL;
	*status = 0;
	return grown;
}

static int label_add(struct app_labelled *capture, const char *const cell[COLUMNS])
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
	};
	capture->count++;
	return label->domain != NULL && label->tool != NULL && label->setup != NULL &&
			       label->rate != NULL
		       ? 0
		       : -ENOMEM;
}

static int line_read(struct app_labels *labels, struct reading *reading, char *text, size_t from)
{
	const char *cell[COLUMNS] = {"", "", "", "-", "-", "-"};
	struct app_labelled *capture;
	int number = 0, status;

	for (char *it; (it = strsep(&text, "\t")) != NULL; number++)
		for (int i = 0; i < COLUMNS; i++)
			if (reading->at[i] == number)
				cell[i] = it;
	if (number != reading->cells)
		return adit_error_set(reading->error, -EINVAL,
			"%s:%u: %d fields, the header has %d", reading->path, reading->line, number,
			reading->cells);
	if (strcmp(cell[LABEL], "tunnel") != 0 && strcmp(cell[LABEL], "benign") != 0 &&
		strcmp(cell[LABEL], "hard-negative") != 0)
		return adit_error_set(reading->error, -EINVAL,
			"%s:%u: the label is '%s'; there are tunnel, benign and hard-negative",
			reading->path, reading->line, cell[LABEL]);
	capture = capture_take(labels, reading, cell[FILE_NAME], from, &status);
	if (capture != NULL)
		status = label_add(capture, cell);
	return status == -ENOMEM ? adit_error_set(reading->error, -ENOMEM, "no memory for labels")
				 : status;
}

static int label_order(const void *left, const void *right)
{
	const struct app_label *a = left, *b = right;

	return strcmp(a->domain, b->domain);
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
	if (status == 0 && labels->count == from)
		status = adit_error_set(error, -EINVAL,
			"%s: none of its captures is beside it, or in a folder of its name", path);
	free(text);
	fclose(file);
	for (size_t i = from; i < labels->count; i++)
		qsort(labels->captures[i].labels, labels->captures[i].count,
			sizeof(struct app_label), label_order);
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
