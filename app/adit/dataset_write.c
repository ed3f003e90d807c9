/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What becomes of a row: kept or dropped, written, counted into its group, explained.
 */
#include "dataset.h"
#include "tables.h"

#include "adit_verdict.h"

#include <errno.h>

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

const struct adit_column *const app_dataset_explain_columns[APP_DATASET_EXPLAIN_COLUMNS] = {
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

static struct adit_cell number_cell(uint64_t number)
{
	return (struct adit_cell){.kind = ADIT_CELL_NUMBER, .number = (int64_t)number};
}

static bool is_left(const struct app_dataset_output *output)
{
	return output->writer != NULL && !output->failed;
}

void app_dataset_output_fail(struct app_dataset *dataset, struct app_dataset_output *output,
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
		app_dataset_output_fail(dataset, output, &error);
}

/* A line of the list of what was left out; `row` is 0 for a message. */
static void explain_put(struct app_dataset *dataset, const char *side, const char *what,
	uint64_t ts_ns, const char *name, unsigned qtype, const struct adit_address *ends,
	const uint16_t *ports, unsigned id, uint64_t row)
{
	char time[40], from[48], to[48], type[12];
	struct adit_cell cells[APP_DATASET_EXPLAIN_COLUMNS];

	adit_time_text(ts_ns, time);
	adit_address_text(&ends[0], from);
	adit_address_text(&ends[1], to);
	cells[0] = adit_cell_text(side);
	cells[1] = adit_cell_text(what);
	cells[2] = adit_cell_text(time);
	cells[3] = adit_cell_text(name);
	cells[4] = adit_cell_text(adit_dns_type_text((uint16_t)qtype, type));
	cells[5] = adit_cell_text(from);
	cells[6] = number_cell(ports[0]);
	cells[7] = adit_cell_text(to);
	cells[8] = number_cell(ports[1]);
	cells[9] = number_cell(id);
	cells[10] = row != 0 ? number_cell(row) : adit_cell_text("");
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
