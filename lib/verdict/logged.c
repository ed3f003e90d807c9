/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What logs say of domains, as CSV.
 */
#include "adit_verdict.h"
#include "verdict_priv.h"

int adit_logged_write_header(FILE *to)
{
	static const char *const columns[] = {"domain", "rank", "rows", "rows_not_a", "hits",
		"marked", "marked_other_way", "differing", "first", "last",
		"authoritative_addresses", "authoritative_networks", "names", "clients",
		"digit_share", "bigram", "non_word_share", "cycles", "service", "verdict", "score",
		"reasons"};
	struct csv_line line = {.size = 0};

	for (size_t i = 0; i < ADIT_COUNT(columns); i++)
		adit_csv_text(&line, columns[i]);
	return adit_csv_put(&line, to);
}

/* A text of which so much is written as the line has room for. */
static void add_text(struct csv_line *line, const char *text, size_t size)
{
	char cell[ADIT_NAME_TEXT_MAX];

	snprintf(cell, sizeof(cell), "%.*s", (int)(size < sizeof(cell) ? size : sizeof(cell) - 1),
		text);
	adit_csv_text(line, cell);
}

static void add_reasons(struct csv_line *line, const struct adit_logged_row *row)
{
	char text[ADIT_VERDICT_REASONS * 48] = "";
	size_t used = 0;

	for (size_t i = 0; i < row->reason_count && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.40s",
			i > 0 ? " " : "", row->reason[i].name);
	adit_csv_text(line, text);
}

int adit_logged_write_row(const struct adit_logged_row *row, FILE *to)
{
	const char *verdict = row->score == 0                       ? ""
			      : row->verdict == ADIT_VERDICT_TUNNEL ? "tunnel"
								    : "suspect";
	struct csv_line line = {.size = 0};

	add_text(&line, row->domain, row->domain_size);
	adit_csv_count(&line, row->rank);
	adit_csv_count(&line, row->rows);
	adit_csv_count(&line, row->rows_not_a);
	adit_csv_count(&line, row->hits);
	adit_csv_count(&line, row->marked);
	adit_csv_count(&line, row->marked_other_way);
	adit_csv_count(&line, row->differing);
	if (row->hits > 0 && row->last_ns != 0) {
		adit_csv_time(&line, row->first_ns);
		adit_csv_time(&line, row->last_ns);
	} else {
		adit_csv_text(&line, "");
		adit_csv_text(&line, "");
	}
	adit_csv_number(&line, row->servers);
	adit_csv_number(&line, row->networks);
	adit_csv_number(&line, row->names);
	adit_csv_number(&line, row->clients);
	adit_csv_number(&line, row->digit_share);
	adit_csv_number(&line, row->bigram);
	adit_csv_number(&line, row->non_word_share);
	adit_csv_count(&line, row->cycles);
	adit_csv_text(&line, row->service != NULL ? row->service : "");
	adit_csv_text(&line, verdict);
	adit_csv_count(&line, row->score);
	add_reasons(&line, row);
	return adit_csv_put(&line, to);
}
