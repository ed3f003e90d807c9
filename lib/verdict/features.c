/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The feature table as CSV (quoting of RFC 4180, lines end in LF). A row is made in a buffer that
 * holds the longest one, so a row costs no allocation and goes to the file in one piece.
 */
#include "adit_verdict.h"
#include "verdict_priv.h"

#include <math.h>

static const char fixed_columns[] = "window_start,window_end,kind,domain,subscriber,server,score";

#define KIND_LENGTH 32 /* characters of a kind; the rest is cut */

/* Quoting doubles each character at worst; a number and its comma take at most 25. */
struct csv_line {
	size_t size;
	char text[2 * (ADIT_NAME_TEXT_MAX + KIND_LENGTH) + 25 * ADIT_FEATURE_MAX + 512];
};

static void add_cell(struct csv_line *line, const char *cell)
{
	bool quoted = strpbrk(cell, ",\"\r\n") != NULL;

	if (line->size > 0)
		line->text[line->size++] = ',';
	if (quoted)
		line->text[line->size++] = '"';
	for (; *cell; cell++) {
		if (*cell == '"')
			line->text[line->size++] = '"';
		line->text[line->size++] = *cell;
	}
	if (quoted)
		line->text[line->size++] = '"';
}

static void add_number(struct csv_line *line, double value)
{
	char cell[32];

	if (!isfinite(value)) {
		add_cell(line, "");
		return;
	}
	/* Adding 0 turns -0 into 0. */
	if (value == trunc(value) && fabs(value) < 0x1p53)
		snprintf(cell, sizeof(cell), "%.0f", value + 0.0);
	else
		snprintf(cell, sizeof(cell), "%.6g", value);
	for (char *at = cell; *at; at++) {
		if (!strchr("0123456789+-e", *at))
			*at = '.'; /* whatever the locale has for a decimal point */
	}
	add_cell(line, cell);
}

static void add_time(struct csv_line *line, uint64_t ns)
{
	char text[40];

	adit_time_text(ns, text);
	add_cell(line, text);
}

static void add_address(struct csv_line *line, bool known, const struct adit_address *address)
{
	char text[48] = "";

	if (known)
		adit_address_text(address, text);
	add_cell(line, text);
}

int adit_feature_write_header(const char *const *names, size_t count, FILE *to)
{
	int result = adit_verdict_put(to, fixed_columns, sizeof(fixed_columns) - 1, false);

	for (size_t i = 0; i < count && i < ADIT_FEATURE_MAX && result == 0; i++) {
		result = adit_verdict_put(to, ",", 1, false);
		if (result == 0)
			result = adit_verdict_put(to, names[i], strlen(names[i]), false);
	}
	return result != 0 ? result : adit_verdict_put(to, "\n", 1, false);
}

int adit_feature_write_row(const struct adit_feature_row *row, size_t count, FILE *to)
{
	struct csv_line line;
	char text[ADIT_NAME_TEXT_MAX];

	line.size = 0;
	add_time(&line, row->window_start_ns);
	add_time(&line, row->window_end_ns);
	snprintf(text, KIND_LENGTH + 1, "%s", row->kind);
	add_cell(&line, text);
	adit_verdict_name_text(&row->domain, text);
	add_cell(&line, text);
	add_address(&line, row->has_subscriber, &row->subscriber);
	add_address(&line, row->has_server, &row->server);
	add_number(&line, row->score);
	for (size_t i = 0; i < count && i < ADIT_FEATURE_MAX; i++)
		add_number(&line, row->value[i]);
	line.text[line.size++] = '\n';
	return adit_verdict_put(to, line.text, line.size, false);
}
