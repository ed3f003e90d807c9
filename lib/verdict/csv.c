/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lines of CSV (quoting of RFC 4180, ended by LF). A line is made in a buffer that holds the
 * longest one, so it costs no allocation and goes to the file in one piece.
 */
#include "adit_verdict.h"
#include "verdict_priv.h"

#include <inttypes.h>
#include <math.h>

void adit_csv_text(struct csv_line *line, const char *cell)
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

void adit_csv_number(struct csv_line *line, double value)
{
	char cell[32];

	if (!isfinite(value)) {
		adit_csv_text(line, "");
		return;
	}
	/* Adding 0 turns -0 into 0. */
	if (value == trunc(value) && fabs(value) < 0x1p53)
		snprintf(cell, sizeof(cell), "%.0f", value + 0.0);
	else
		snprintf(cell, sizeof(cell), "%.9g", value);
	for (char *at = cell; *at; at++) {
		if (!strchr("0123456789+-e", *at))
			*at = '.'; /* whatever the locale has for a decimal point */
	}
	adit_csv_text(line, cell);
}

void adit_csv_count(struct csv_line *line, uint64_t value)
{
	char cell[24];

	snprintf(cell, sizeof(cell), "%" PRIu64, value);
	adit_csv_text(line, cell);
}

void adit_csv_time(struct csv_line *line, uint64_t ns)
{
	char text[40];

	adit_time_text(ns, text);
	adit_csv_text(line, text);
}

int adit_csv_put(struct csv_line *line, FILE *to)
{
	line->text[line->size++] = '\n';
	return adit_verdict_put(to, line->text, line->size, false);
}
