/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tables of numbers: what models are fitted to and judged by. A row is what is judged, a column a
 * feature; beside them stand a label and up to two groupings of each row (which capture it is
 * from, which set-up it belongs to). Nothing here knows what the numbers mean.
 *
 * Memory of a table: rows × (8 × columns + 9 + 4 × groupings) bytes (4 more with weights), and the
 * names.
 * Control path: every function may allocate and read files. One thread uses a table at a time.
 */
#ifndef ADIT_TABLE_H
#define ADIT_TABLE_H

#include "adit_base.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_TABLE_COLUMNS_MAX  1024 /* also of a file that is read */
#define ADIT_TABLE_NAME_MAX     127  /* bytes of a column's or a group's name */
#define ADIT_TABLE_LINE_MAX     65535
#define ADIT_TABLE_ROWS_DEFAULT 10000000
#define ADIT_TABLE_FILTERS      4
#define ADIT_TABLE_GROUPINGS    2
#define ADIT_TABLE_GROUPS_MAX   65536

/* Told of progress, about once a step; `total` is 0 where it is not known. It gives false to stop,
 * and the call then gives -ECANCELED. A NULL `report` is never called. */
struct adit_progress {
	bool (*report)(void *context, uint64_t done, uint64_t total);
	void *context;
};

/* Which of a few groups a row is in: indices into `names`, in the order of their first rows. */
struct adit_grouping {
	char *column; /* NULL: there is no such grouping */
	uint32_t *of_row;
	char **names;
	uint32_t count;
};

struct adit_table {
	size_t rows, columns;
	double *values;  /* [rows][columns]; NaN is a missing value, infinities do not occur */
	char **names;    /* [columns] */
	uint8_t *labels; /* [rows], 1 for a positive, 0 for a benign row; NULL without labels */
	float *weights;  /* [rows], how much a row counts in fits of trees; NULL: 1 each */
	uint64_t *lines; /* [rows], the line of the file that the row came from */
	struct adit_grouping groupings[ADIT_TABLE_GROUPINGS];
};

/* Rows whose field equals this text (white space around it left out) are read, others are not. */
struct adit_table_filter {
	const char *column, *value;
};

/*
 * How a file of comma-separated values (RFC 4180, but no line ends inside quotes) is read. A
 * column is named as in the header, or by its number counted from 0 where no column has the name.
 * Of the columns wanted, "A/B" is the ratio of columns A and B, or A where B is 0 (a rate of
 * something that took no time), unless the header has that very name.
 */
struct adit_table_params {
	char delimiter;             /* 0: a comma */
	char quote;                 /* 0: a double quote */
	bool no_header;             /* the first line is a row; columns have numbers only */
	bool missing;               /* an empty field or "nan" is a missing value, not an error */
	const char *const *columns; /* [column_count], in the order wanted; NULL: all that are … */
	size_t column_count;        /* … not used as label, group or filter */
	const char *label_column;   /* NULL: no labels */
	const char *label_positive; /* the text of positives; NULL: fields are 1 or 0 */
	const char *group_columns[ADIT_TABLE_GROUPINGS];      /* NULL: none */
	struct adit_table_filter filters[ADIT_TABLE_FILTERS]; /* all must hold; NULL column: none */
	size_t rows_max;               /* more are refused; 0: ADIT_TABLE_ROWS_DEFAULT */
	struct adit_progress progress; /* bytes of the file */
};

/* Reads a file into a new table. `params` may be NULL. -ENOENT and the like for the file, -EINVAL
 * for what stands in it (the message names file, line and column), -E2BIG for more rows than
 * allowed, -ENOMEM, -ECANCELED. */
int adit_table_read(const char *path, const struct adit_table_params *params,
	struct adit_table **table, struct adit_error *error);

/* A table of zeros with these column names (copied; at most ADIT_TABLE_COLUMNS_MAX), for rows that
 * come from elsewhere; without labels and groupings. NULL if there is no memory. */
struct adit_table *adit_table_create(size_t rows, const char *const *names, size_t columns);

/* Frees the table with all that its fields point to. NULL is allowed. */
void adit_table_destroy(struct adit_table *table);

/* Adds labels, all 0, or weights, all 1, unless they are there. -ENOMEM. */
int adit_table_add_labels(struct adit_table *table);
int adit_table_add_weights(struct adit_table *table);

/* A new table of these rows, in this order; a row may come more than once. NULL: no memory. */
struct adit_table *adit_table_select(
	const struct adit_table *table, const size_t *rows, size_t count);

/* A new table of all rows with these columns, by name, in this order. -EINVAL for a name that is
 * not there, -ENOMEM. */
int adit_table_columns(const struct adit_table *table, const char *const *names, size_t count,
	struct adit_table **out, struct adit_error *error);

/* Adds the rows of `from`, whose columns must have the same names in the same order; both have
 * labels or neither has, the same of weights, and groupings by the same columns. Groups of one name
 * are one group. -EINVAL, -ENOMEM; `table` is then as it was. */
int adit_table_append(
	struct adit_table *table, const struct adit_table *from, struct adit_error *error);

/* Mean and standard deviation (over n; 1 of a constant column) of each column, as scikit-learn's
 * StandardScaler has them: [columns] each. */
void adit_table_standard(const struct adit_table *table, double *mean, double *scale);

/* Adds a column `name` = numerator / denominator, or the numerator where the denominator is 0: a
 * rate of something that took no time. -EINVAL, -ENOMEM. */
int adit_table_add_ratio(struct adit_table *table, const char *numerator, const char *denominator,
	const char *name, struct adit_error *error);

/* The number of a column by its name, or -1. */
int adit_table_find(const struct adit_table *table, const char *name);

/* Writes one line of CSV a row: line, score (17 digits), flagged ([rows], 0 or 1), label and
 * groupings where there are any. Errors are those of `to`. */
void adit_table_print_scores(
	const struct adit_table *table, const double *scores, const uint8_t *flagged, FILE *to);

/* The same as a file. An existing one is replaced when all is written. -errno of the file. */
int adit_table_write_scores(const struct adit_table *table, const double *scores,
	const uint8_t *flagged, const char *path, struct adit_error *error);

#ifdef __cplusplus
}
#endif
#endif
