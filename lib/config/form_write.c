/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Writing by a form: a setting a line, in the order of the rows; an element of a list is one line.
 */
#include "adit_form.h"
#include "config_priv.h"

#include <errno.h>
#include <inttypes.h>

static void write_rows(const struct adit_form *form, const char *record, unsigned depth,
	const char *end, FILE *to);

/* libconfig takes a number without a dot for an integer, which has no -0. */
static void write_number(double value, FILE *to)
{
	char text[40];
	size_t integer;

	snprintf(text, sizeof(text), "%.17g", value);
	integer = strspn(text, "-0123456789");
	fprintf(to, "%.*s%s%s", (int)integer, text, text[integer] == '.' ? "" : ".0",
		text + integer);
}

static void indent(unsigned depth, FILE *to)
{
	while (depth-- > 0)
		fputc('\t', to);
}

static void write_list(
	const struct adit_form_row *row, const char *record, unsigned depth, FILE *to)
{
	size_t count;

	memcpy(&count, record + row->presence, sizeof(count));
	fputs("(", to);
	for (size_t i = 0; i < count; i++) {
		fputs(i > 0 ? ",\n" : "\n", to);
		indent(depth + 1, to);
		fputs("{ ", to);
		write_rows(row->of, record + row->offset + i * row->size, depth + 1, " ", to);
		fputc('}', to);
	}
	fputc('\n', to);
	indent(depth, to);
	fputc(')', to);
}

static void write_value(
	const struct adit_form_row *row, const char *record, unsigned depth, FILE *to)
{
	const char *field = record + row->offset;
	uint64_t count;
	double number;
	unsigned choice;
	uint32_t sum;

	switch (row->type) {
	case ADIT_FORM_BOOL:
		fputs(*(const bool *)field ? "true" : "false", to);
		break;
	case ADIT_FORM_COUNT:
		memcpy(&count, field, sizeof(count));
		fprintf(to, "%" PRIu64, count);
		break;
	case ADIT_FORM_NUMBER:
	case ADIT_FORM_POSITIVE:
		memcpy(&number, field, sizeof(number));
		write_number(number, to);
		break;
	case ADIT_FORM_TEXT:
		adit_config_write_string(to, field);
		break;
	case ADIT_FORM_CHOICE:
		memcpy(&choice, field, sizeof(choice));
		adit_config_write_string(to, row->names[choice]);
		break;
	case ADIT_FORM_SUM:
		memcpy(&sum, field, sizeof(sum));
		fprintf(to, "\"%08" PRIx32 "\"", sum);
		break;
	case ADIT_FORM_GROUP:
		fputs("{\n", to);
		write_rows(row->of, field, depth + 1, "\n", to);
		indent(depth, to);
		fputc('}', to);
		break;
	case ADIT_FORM_LIST:
		write_list(row, record, depth, to);
		break;
	}
}

/* Whether a field is not false, 0 or empty; a minus before a 0 counts. */
static bool is_there(const struct adit_form_row *row, const char *record)
{
	static const char zeros[8];
	const char *field = record + row->offset;

	switch (row->type) {
	case ADIT_FORM_BOOL:
		return *(const bool *)field;
	case ADIT_FORM_TEXT:
		return *field != '\0';
	case ADIT_FORM_CHOICE:
	case ADIT_FORM_SUM:
		return memcmp(field, zeros, sizeof(uint32_t)) != 0;
	case ADIT_FORM_GROUP:
	case ADIT_FORM_LIST:
		return memcmp(record + row->presence, zeros, sizeof(size_t)) != 0;
	default:
		return memcmp(field, zeros, sizeof(uint64_t)) != 0;
	}
}

static void write_rows(
	const struct adit_form *form, const char *record, unsigned depth, const char *end, FILE *to)
{
	for (size_t i = 0; i < form->count; i++) {
		const struct adit_form_row *row = &form->rows[i];

		if (!row->must && !is_there(row, record))
			continue;
		if (*end == '\n')
			indent(depth, to);
		fprintf(to, "%s%s ", row->name, row->type == ADIT_FORM_GROUP ? ":" : " =");
		write_value(row, record, depth, to);
		fprintf(to, ";%s", end);
	}
}

int adit_form_write(const struct adit_form *form, const void *record, FILE *to)
{
	write_rows(form, record, 0, "\n", to);
	return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}
