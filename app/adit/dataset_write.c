/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What becomes of a row: kept or dropped, written, counted into its group, explained.
 */
#include "dataset.h"

#include "adit_verdict.h"

#include <errno.h>
#include <stdlib.h>
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

/* A line of the list of what was left out. */
static void explain_put(struct app_dataset *dataset, const char *side, const char *what,
	uint64_t ts_ns, const char *name, unsigned qtype, const struct adit_address *ends,
	const uint16_t *ports, unsigned id, uint64_t row)
{
	char time[40], from[48], to[48], number[24] = "", type[12];
	bool quoted = strpbrk(name, ",\"") != NULL;

	adit_time_text(ts_ns, time);
	adit_address_text(&ends[0], from);
	adit_address_text(&ends[1], to);
	if (row != 0)
		snprintf(number, sizeof(number), "%llu", (unsigned long long)row);
	fprintf(dataset->explain_file, "%s,%s,%s,", side, what, time);
	if (quoted)
		fputc('"', dataset->explain_file);
	for (; *name != '\0'; name++)
		fprintf(dataset->explain_file, *name == '"' ? "\"\"" : "%c", *name);
	fprintf(dataset->explain_file, "%s,%s,%s,%u,%s,%u,%u,%s\n", quoted ? "\"" : "",
		adit_dns_type_text((uint16_t)qtype, type), from, ports[0], to, ports[1], id,
		number);
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
	bool wanted = dataset->writer_count > 0 || dataset->groups != NULL;
	bool named = true;
	enum app_dataset_drop drop;

	if (wanted || dataset->explain_file != NULL || dataset->requires[APP_DATASET_NAME])
		named = adit_view_row(&dataset->view, row);
	drop = row_judge(dataset, row, named);

	drop_count(dataset, drop, row);
	if (dataset->explain_file != NULL)
		explain_row(dataset, drop, row);
	if (drop != APP_DATASET_KEPT || !wanted || dataset->status != 0)
		return;
	for (size_t i = 0; i < dataset->chosen_count; i++)
		adit_view_cell(&dataset->view, dataset->chosen[i], &dataset->cells[i]);
	for (size_t i = 0; i < dataset->writer_count && dataset->status == 0; i++)
		dataset->status =
			adit_writer_row(dataset->writers[i], dataset->cells, &dataset->error);
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
	snprintf(to, room, "%.*s.columns.csv", (int)(strrchr(path, '.') - path), path);
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

static int explain_open(struct app_dataset *dataset, struct adit_error *error)
{
	bool is_stdout = strcmp(dataset->explain, "-") == 0;
	int status;

	dataset->explain_file = is_stdout ? stdout : fopen(dataset->explain, "w");
	if (dataset->explain_file == NULL) {
		status = -errno;
		return adit_error_set(error, status, "%s: cannot be written: %s", dataset->explain,
			strerror(-status));
	}
	fputs("what_of,cause,time,qname,qtype,client,client_port,server,server_port,id,row\n",
		dataset->explain_file);
	return 0;
}

int app_dataset_files_open(struct app_dataset *dataset, struct adit_error *error)
{
	int status = 0;

	for (size_t i = 0; i < dataset->outs.count && status == 0; i++) {
		const char *path = dataset->outs.text[i];
		enum adit_format format;

		status = format_find(dataset, path, &format, error);
		if (status == 0)
			status = adit_writer_open(path, strcmp(path, "-") == 0 ? stdout : NULL,
				format, dataset->chosen, dataset->table_count,
				&dataset->writers[dataset->writer_count], error);
		dataset->writer_count += status == 0;
	}
	if (status == 0 && dataset->explain != NULL)
		status = explain_open(dataset, error);
	return status;
}

static int explain_close(struct app_dataset *dataset, struct adit_error *error)
{
	bool failed;

	if (dataset->explain_file == NULL)
		return 0;
	errno = 0;
	failed = fflush(dataset->explain_file) != 0 || ferror(dataset->explain_file);
	if (dataset->explain_file != stdout)
		failed = fclose(dataset->explain_file) != 0 || failed;
	return failed ? adit_error_set(error, -EIO, "%s: cannot be written: %s", dataset->explain,
				strerror(errno != 0 ? errno : EIO))
		      : 0;
}

int app_dataset_files_close(struct app_dataset *dataset, int status, struct adit_error *error)
{
	for (size_t i = 0; i < dataset->writer_count; i++) {
		const char *path = dataset->outs.text[i];

		if (status != 0) {
			adit_writer_abandon(dataset->writers[i]);
			continue;
		}
		status = adit_writer_close(dataset->writers[i], error);
		if (status == 0 && strcmp(path, "-") != 0)
			status = dictionary_write(dataset, path, error);
	}
	if (status == 0)
		return explain_close(dataset, error);
	explain_close(dataset, NULL);
	if (dataset->explain_file != NULL && dataset->explain_file != stdout)
		unlink(dataset->explain);
	return status;
}
