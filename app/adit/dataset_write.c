/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What becomes of a row: kept or dropped, written, counted into its group, explained.
 */
#include "dataset.h"
#include "tables.h"

#include "adit_verdict.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const app_dataset_requirements[APP_DATASET_DROPS] = {
	NULL, "two-packets", "answer", "in-time", "server", "name"};

static enum app_dataset_drop row_judge(
	const struct app_dataset *dataset, const struct adit_query *row, bool named)
{
	const bool breaks[APP_DATASET_DROPS] = {
		[APP_DATASET_TWO_PACKETS] = row->packets != 2 || row->responses != 1,
		[APP_DATASET_ANSWER] = row->response.ts_ns == 0,
		[APP_DATASET_IN_TIME] = row->outcome == ADIT_QUERY_LATE,
		[APP_DATASET_SERVER] = row->server_query.ts_ns == 0,
		[APP_DATASET_NAME] = !named,
	};

	for (enum app_dataset_drop i = APP_DATASET_TWO_PACKETS; i < APP_DATASET_DROPS; i++)
		if (dataset->requires[i] && breaks[i])
			return i;
	return APP_DATASET_KEPT;
}

static void drop_count(
	struct app_dataset *dataset, enum app_dataset_drop drop, const struct adit_query *row)
{
	uint32_t packets = row->packets;

	dataset->dropped[drop]++;
	if (drop == APP_DATASET_TWO_PACKETS)
		dataset->by_packets[packets <= APP_DATASET_PACKETS_MAX
					    ? packets
					    : APP_DATASET_PACKETS_MAX + 1]++;
	else if (drop == APP_DATASET_ANSWER)
		dataset->by_end[row->outcome]++;
	else if (drop == APP_DATASET_SERVER)
		dataset->by_match[row->match]++;
}

static const struct adit_column *const explain_columns[] = {
	&(const struct adit_column){.name = "what_of"},
	&(const struct adit_column){.name = "cause"},
	&(const struct adit_column){.name = "time"},
	&(const struct adit_column){.name = "qname"},
	&(const struct adit_column){.name = "qtype"},
	&(const struct adit_column){.name = "client"},
	&(const struct adit_column){.name = "client_port"},
	&(const struct adit_column){.name = "server"},
	&(const struct adit_column){.name = "server_port"},
	&(const struct adit_column){.name = "id"},
	&(const struct adit_column){.name = "row"},
};

static struct adit_cell text_cell(const char *text)
{
	return (struct adit_cell){.kind = *text != '\0' ? ADIT_CELL_TEXT : ADIT_CELL_NONE,
		.text = text,
		.size = (uint32_t)strlen(text)};
}

static struct adit_cell number_cell(uint64_t number)
{
	return (struct adit_cell){.kind = ADIT_CELL_NUMBER, .number = (int64_t)number};
}

static bool is_left(const struct app_dataset_output *output)
{
	return output->writer != NULL && !output->failed;
}

/* Says what is wrong with an output; the others go on, as long as there is one. */
static void output_fail(struct app_dataset *dataset, struct app_dataset_output *output,
	const struct adit_error *error)
{
	bool left = dataset->groups != NULL;

	output->failed = dataset->output_failed = true;
	app_progress_clear();
	fprintf(stderr, "adit dataset: %s\n", error->text);
	for (size_t i = 0; i < ADIT_COUNT(dataset->outputs); i++)
		left |= is_left(&dataset->outputs[i]);
	if (!left && dataset->status == 0)
		dataset->status = adit_error_set(
			&dataset->error, -EIO, "nothing more can be written: the reading ended");
}

static void output_put(struct app_dataset *dataset, struct app_dataset_output *output,
	const struct adit_cell *cells)
{
	struct adit_error error;

	if (is_left(output) && adit_writer_row(output->writer, cells, &error) != 0)
		output_fail(dataset, output, &error);
}

/* A line of the list of what was left out; `row` is 0 for a message. */
static void explain_put(struct app_dataset *dataset, const char *side, const char *what,
	uint64_t ts_ns, const char *name, unsigned qtype, const struct adit_address *ends,
	const uint16_t *ports, unsigned id, uint64_t row)
{
	char time[40], from[48], to[48], type[12];
	struct adit_cell cells[ADIT_COUNT(explain_columns)];

	adit_time_text(ts_ns, time);
	adit_address_text(&ends[0], from);
	adit_address_text(&ends[1], to);
	cells[0] = text_cell(side);
	cells[1] = text_cell(what);
	cells[2] = text_cell(time);
	cells[3] = text_cell(name);
	cells[4] = text_cell(adit_dns_type_text((uint16_t)qtype, type));
	cells[5] = text_cell(from);
	cells[6] = number_cell(ports[0]);
	cells[7] = text_cell(to);
	cells[8] = number_cell(ports[1]);
	cells[9] = number_cell(id);
	cells[10] = row != 0 ? number_cell(row) : text_cell("");
	output_put(dataset, &dataset->outputs[APP_DATASET_EXPLAIN], cells);
}

void app_dataset_explain(void *context, enum adit_role role, const struct adit_message *message,
	const struct adit_dns *dns)
{
	struct app_dataset *dataset = context;
	struct adit_address ends[2] = {message->client, message->server};
	uint16_t ports[2] = {message->client_port, message->server_port};
	char name[ADIT_NAME_TEXT_MAX] = "";

	if (dns != NULL)
		adit_name_to_text(dns->qname.wire, dns->qname.size, name, sizeof(name));
	explain_put(dataset, message->server_side ? "server" : "client", adit_roles[role].name,
		message->ts_ns, name, dns != NULL ? dns->qtype : 0, ends, ports,
		dns != NULL ? dns->id : 0, 0);
}

/* Every cause that a row has, a line each. */
static void explain_row(
	struct app_dataset *dataset, enum app_dataset_drop drop, const struct adit_query *row)
{
	struct adit_address ends[2] = {row->query.source, row->query.destination};
	uint16_t ports[2] = {row->query.source_port, row->query.destination_port};
	char what[3][40];
	unsigned count = 0;

	if (row->outcome != ADIT_QUERY_ANSWERED)
		snprintf(what[count++], sizeof(what[0]), "outcome:%s",
			adit_query_ends[row->outcome].name);
	if (row->match >= ADIT_MATCH_AMBIGUOUS && row->match != ADIT_MATCH_NONE)
		snprintf(what[count++], sizeof(what[0]), "server_match:%s",
			adit_matches[row->match].name);
	if (drop != APP_DATASET_KEPT)
		snprintf(what[count++], sizeof(what[0]), "dropped:%s",
			app_dataset_requirements[drop]);
	for (unsigned i = 0; i < count; i++)
		explain_put(dataset, "row", what[i], row->query.ts_ns, dataset->view.qname,
			row->qtype, ends, ports, row->query.id, row->number);
}

void app_dataset_row_take(void *context, const struct adit_query *row)
{
	struct app_dataset *dataset = context;
	bool wanted = dataset->outs.count > 0 || dataset->groups != NULL;
	bool named = true;
	enum app_dataset_drop drop;

	if (wanted || dataset->explain != NULL || dataset->requires[APP_DATASET_NAME])
		named = adit_view_row(&dataset->view, row);
	drop = row_judge(dataset, row, named);

	drop_count(dataset, drop, row);
	if (dataset->explain != NULL)
		explain_row(dataset, drop, row);
	if (drop != APP_DATASET_KEPT || !wanted || dataset->status != 0)
		return;
	for (size_t i = 0; i < dataset->chosen_count; i++)
		adit_view_cell(&dataset->view, dataset->chosen[i], &dataset->cells[i]);
	for (size_t i = 0; i < dataset->outs.count; i++)
		output_put(dataset, &dataset->outputs[i], dataset->cells);
	if (dataset->groups != NULL && dataset->status == 0)
		dataset->status = adit_groups_add(dataset->groups, dataset->cells, &dataset->error);
}

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
		explain_columns, ADIT_COUNT(explain_columns), &output->writer, error);
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
			output_fail(dataset, output, &error);
		} else {
			if (i < dataset->outs.count && strcmp(output->path, "-") != 0 &&
				dictionary_write(dataset, output->path, &error) != 0)
				output_fail(dataset, output, &error);
			continue;
		}
		kept_tell(output->path, kept);
	}
	if (dataset->explain_stream != NULL && dataset->explain_stream != stdout)
		fclose(dataset->explain_stream);
}
