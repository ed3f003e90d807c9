/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The files of adit dataset: what may be written where, opening, and making them whole.
 */
#include "dataset.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static int format_find(const struct app_dataset *dataset, const char *path,
	enum adit_format *format, struct adit_error *error)
{
	if (strcmp(path, "-") != 0)
		return adit_format_of(path, format, error);
	for (size_t i = 0; dataset->format != NULL && i < ADIT_FORMATS; i++) {
		if (i != ADIT_FORMAT_NPZ && strcmp(dataset->format, adit_formats[i]) == 0) {
			*format = (enum adit_format)i;
			return 0;
		}
	}
	*format = ADIT_FORMAT_CSV;
	if (dataset->format == NULL)
		return 0;
	return adit_error_set(
		error, -EINVAL, "--format %.40s: csv or jsonl can go to a pipe", dataset->format);
}

/* rows.csv → rows.columns.csv */
static void dictionary_path(const char *path, char *to, size_t room)
{
	const char *dot = strrchr(path, '.');

	snprintf(to, room, "%.*s.columns.csv", dot != NULL ? (int)(dot - path) : (int)strlen(path),
		path);
}

static int dictionary_write(
	const struct app_dataset *dataset, const char *table, struct adit_error *error)
{
	char path[PATH_MAX], temporary[PATH_MAX + 8];
	FILE *file;
	int status;

	dictionary_path(table, path, sizeof(path));
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "w");
	status = file != NULL ? adit_columns_dictionary(dataset->chosen, dataset->table_count, file)
			      : -errno;
	if (file != NULL && fclose(file) != 0 && status == 0)
		status = -errno;
	if (status == 0 && rename(temporary, path) != 0)
		status = -errno;
	if (status == 0)
		return 0;
	unlink(temporary);
	return adit_error_set(error, status, "%s: cannot be written: %s", path, strerror(-status));
}

/* The file's folder, as it is without links, and its name in it. False: there is no such folder,
 * which opening the file will tell. */
static bool place_of(const char *path, char whole[PATH_MAX])
{
	char folder[PATH_MAX], name[PATH_MAX], *resolved;
	int size = -1;

	snprintf(folder, sizeof(folder), "%s", path);
	snprintf(name, sizeof(name), "%s", path);
	resolved = realpath(dirname(folder), NULL);
	if (resolved != NULL)
		size = snprintf(whole, PATH_MAX, "%s/%s", resolved, basename(name));
	free(resolved);
	return size >= 0 && size < PATH_MAX;
}

static bool same_place(const char *a, const char *b)
{
	char left[PATH_MAX], right[PATH_MAX];

	return place_of(a, left) && place_of(b, right) && strcmp(left, right) == 0;
}

static bool same_file(const char *a, const char *b)
{
	struct stat left, right;

	return stat(a, &left) == 0 && stat(b, &right) == 0 && S_ISREG(left.st_mode) &&
	       left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

static const char *capture_under(const struct app_dataset *dataset, const char *path)
{
	for (size_t i = 0; i < dataset->client_count; i++)
		if (same_file(path, dataset->clients[i]))
			return dataset->clients[i];
	for (size_t i = 0; i < dataset->servers.count; i++)
		if (same_file(path, dataset->servers.text[i]))
			return dataset->servers.text[i];
	return NULL;
}

/* Whether one file stands in the way of the other, or of the columns told beside it. */
static bool places_meet(const char *a, const char *b)
{
	char beside[PATH_MAX];
	bool meet = same_place(a, b);

	dictionary_path(a, beside, sizeof(beside));
	meet = meet || same_place(beside, b);
	dictionary_path(b, beside, sizeof(beside));
	return meet || same_place(beside, a);
}

int app_dataset_places_check(const struct app_dataset *dataset, struct adit_error *error)
{
	const char *paths[APP_DATASET_FILES_MAX + 1];
	size_t count = 0;

	for (size_t i = 0; i < dataset->outs.count; i++)
		if (strcmp(dataset->outs.text[i], "-") != 0)
			paths[count++] = dataset->outs.text[i];
	if (dataset->explain != NULL && strcmp(dataset->explain, "-") != 0)
		paths[count++] = dataset->explain;
	for (size_t i = 0; i < count; i++) {
		const char *capture = capture_under(dataset, paths[i]);

		if (capture != NULL)
			return adit_error_set(error, -EINVAL,
				"%.200s is the capture %.200s: name another file to write to",
				paths[i], capture);
		for (size_t k = 0; k < i; k++)
			if (places_meet(paths[i], paths[k]))
				return adit_error_set(error, -EINVAL,
					"%.200s and %.200s, or the .columns.csv of one, are the "
					"same file: name another",
					paths[k], paths[i]);
	}
	return 0;
}

/* A pipe or a device is written to as it is. */
static int explain_open(struct app_dataset *dataset, struct adit_error *error)
{
	struct app_dataset_output *output = &dataset->outputs[APP_DATASET_EXPLAIN];
	struct stat about;

	if (strcmp(dataset->explain, "-") == 0)
		dataset->explain_stream = stdout;
	else if (stat(dataset->explain, &about) == 0 && !S_ISREG(about.st_mode))
		dataset->explain_stream = fopen(dataset->explain, "we");
	else
		about.st_mode = S_IFREG;
	if (dataset->explain_stream == NULL && !S_ISREG(about.st_mode)) {
		int status = -errno;

		return adit_error_set(error, status, "%s: cannot be written: %s", dataset->explain,
			strerror(-status));
	}
	output->path = dataset->explain;
	return adit_writer_open(dataset->explain, dataset->explain_stream, ADIT_FORMAT_CSV,
		app_dataset_explain_columns, APP_DATASET_EXPLAIN_COLUMNS, &output->writer, error);
}

int app_dataset_files_open(struct app_dataset *dataset, struct adit_error *error)
{
	int status = 0;

	for (size_t i = 0; i < dataset->outs.count && status == 0; i++) {
		struct app_dataset_output *output = &dataset->outputs[i];
		enum adit_format format;

		output->path = dataset->outs.text[i];
		status = format_find(dataset, output->path, &format, error);
		if (status == 0)
			status = adit_writer_open(output->path,
				strcmp(output->path, "-") == 0 ? stdout : NULL, format,
				dataset->chosen, dataset->table_count, &output->writer, error);
	}
	if (status == 0 && dataset->explain != NULL)
		status = explain_open(dataset, error);
	return status;
}

void app_dataset_files_abandon(struct app_dataset *dataset)
{
	for (size_t i = 0; i < ADIT_COUNT(dataset->outputs); i++)
		adit_writer_abandon(dataset->outputs[i].writer);
}

/* What there is of a table that is not whole. */
static void kept_tell(const char *path, uint64_t rows)
{
	const char *dot = strrchr(path, '.');

	if (rows > 0)
		fprintf(stderr, "adit dataset: %s.new has the first %llu rows, all whole\n", path,
			(unsigned long long)rows);
	else if (dot != NULL && strcasecmp(dot + 1, adit_formats[ADIT_FORMAT_NPZ]) == 0)
		fprintf(stderr,
			"adit dataset: %s: an archive is whole or none; nothing is left of it\n",
			path);
	else if (strcmp(path, "-") != 0)
		fprintf(stderr, "adit dataset: %s: no row could be kept\n", path);
}

void app_dataset_files_close(struct app_dataset *dataset)
{
	bool whole = dataset->status == 0;

	for (size_t i = 0; i < ADIT_COUNT(dataset->outputs); i++) {
		struct app_dataset_output *output = &dataset->outputs[i];
		struct adit_error error;
		uint64_t kept;

		if (output->writer == NULL)
			continue;
		if (output->failed || !whole) {
			kept = adit_writer_keep(output->writer);
		} else if (adit_writer_close(output->writer, &kept, &error) != 0) {
			app_dataset_output_fail(dataset, output, &error);
		} else {
			if (i < dataset->outs.count && strcmp(output->path, "-") != 0 &&
				dictionary_write(dataset, output->path, &error) != 0)
				app_dataset_output_fail(dataset, output, &error);
			continue;
		}
		kept_tell(output->path, kept);
	}
	if (dataset->explain_stream != NULL && dataset->explain_stream != stdout)
		fclose(dataset->explain_stream);
}
