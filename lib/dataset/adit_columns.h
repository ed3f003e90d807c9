/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The columns of a table of queries. One table says of each its name, type, unit, where it comes
 * from and what it means; CSV, JSON Lines, NumPy files, the data dictionary and the page
 * docs/dataset.md all follow it.
 */
#ifndef ADIT_COLUMNS_H
#define ADIT_COLUMNS_H

#include "adit_pairing.h"
#include "adit_suffix.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum adit_column_type {
	ADIT_COLUMN_FLAG, /* 0 or 1 */
	ADIT_COLUMN_U8,
	ADIT_COLUMN_U16,
	ADIT_COLUMN_U32,
	ADIT_COLUMN_I64,
	ADIT_COLUMN_REAL,
	ADIT_COLUMN_TEXT, /* ASCII */
	ADIT_COLUMN_TYPES
};

struct adit_view;
struct adit_cell;
struct adit_column;
typedef void adit_column_get(
	const struct adit_view *view, const struct adit_column *column, struct adit_cell *cell);

struct adit_column {
	const char *name;
	enum adit_column_type type;
	bool may_miss;    /* a row may have none */
	bool usual;       /* of the columns that are there unless others are named */
	const char *unit; /* "" where there is none */
	const char *source, *meaning;
	/* How its value is found: a number in a record, or a function. */
	uint8_t part; /* whose record */
	uint8_t size, shift;
	uint16_t offset;
	uint32_t mask;    /* 0: all */
	uint32_t missing; /* the number that means none, if may_miss */
	adit_column_get *get;
	uint32_t index; /* of a label: which */
};

enum adit_cell_kind { ADIT_CELL_NONE, ADIT_CELL_NUMBER, ADIT_CELL_REAL, ADIT_CELL_TEXT };

/* A value. `text` is valid until the next row. */
struct adit_cell {
	enum adit_cell_kind kind;
	uint32_t size;
	union {
		int64_t number;
		double real;
		const char *text;
	};
};

/* A text as a cell; none where it is empty. */
static inline struct adit_cell adit_cell_text(const char *text)
{
	struct adit_cell cell;

	cell.kind = *text != '\0' ? ADIT_CELL_TEXT : ADIT_CELL_NONE;
	cell.size = (uint32_t)strlen(text);
	cell.text = text;
	return cell;
}

extern const struct adit_column adit_columns[];
extern const size_t adit_column_count;
extern const char *const adit_column_types[ADIT_COLUMN_TYPES];

/* The table as the page has it, and as a data dictionary (CSV: column, type, unit, source, missing,
 * meaning). 0 or -errno. */
int adit_columns_reference(FILE *to);
int adit_columns_dictionary(const struct adit_column *const *columns, size_t count, FILE *to);

struct adit_naming;

/* What the cells of a row are made from. The caller fills the first part once. */
struct adit_view {
	const char *const *captures;             /* names, by number */
	const struct adit_suffix_list *suffixes; /* NULL: no registrable domains */
	struct adit_naming *naming;              /* NULL: no labels */
	bool has_server;                         /* feature_* are of the server side's query */
	/* by adit_view_row */
	const struct adit_query *row;
	const struct adit_facts *parts[8]; /* by column.part; NULL: there is no such packet */
	size_t lower_size, qname_size, arena_used;
	struct {
		unsigned longest, digits, upper, other, distinct, letters;
		double entropy;
	} shape;
	struct adit_registrable registrable;
	int64_t second; /* of the last time told, and its text */
	size_t second_size;
	char second_text[32];
	char qname[ADIT_NAME_TEXT_MAX], lower[ADIT_NAME_TEXT_MAX];
	char arena[4096];
};

/* Sets the view to a row, and its labels with it. Gives false if a --split-name did not match. */
bool adit_view_row(struct adit_view *view, const struct adit_query *row);
void adit_view_cell(
	struct adit_view *view, const struct adit_column *column, struct adit_cell *cell);

#ifdef __cplusplus
}
#endif
#endif
