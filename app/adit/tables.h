/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tables on a command line: the options that say which columns are what, the reading of several
 * files as one table, progress on a terminal, and what an interrupt leaves behind: nothing.
 */
#ifndef ADIT_TABLES_H
#define ADIT_TABLES_H

#include "adit_table.h"
#include "arguments.h"
#include "harvest.h"

/* In place of a column: each table is a group. */
#define APP_EACH_TABLE "@table"

#define APP_TABLES_OPTIONS  13
#define APP_TABLES_CAPTURES 2 /* the last ones: for who takes captures too */

struct app_tables {
	const char *command;
	/* what the options say */
	const char *features, *columns;
	const char *label, *positive, *group, *delimiter, *quote;
	const char *leave_out; /* a second grouping; set by evaluate only */
	struct app_texts label_files, where;
	struct app_texts captures, sets; /* label files of captures; options for reading them */
	bool no_header, missing;
	bool wants_names; /* the command wants `names` of tables too */
	/* what was read */
	struct app_labels labels;   /* with captures … */
	struct app_harvest harvest; /* … what they gave: row i of the table is row i of it */
	float *names;               /* [rows], names that a row is made of; NULL: not known */
	char *const *paths;
	size_t path_count;
	struct adit_table *table;
	/* while reading */
	struct adit_table_params params;
	char *lists[2 + ADIT_TABLE_FILTERS];
	size_t lists_used;
	struct app_texts chosen;
	bool names_last; /* of the columns read, one is there for `names` only */
};

/* Fills the rows of the options that these sub-commands share; gives their number. */
size_t app_tables_options(struct app_tables *tables, struct app_option *options);

/*
 * Reads all tables (the operands from `first` on) into tables->table. Columns are the ones named
 * here, or where `names` is NULL those of --features or --columns, or of a table that adit replay
 * wrote its features, or all that are nothing else. Groupings: [0] that of --group, else the
 * tables themselves if there are more than one; [1] that of leave_out. 0 or -errno.
 *
 * With --captures there are no operands: the rows are what the scoring core derives from them, with
 * the weights of app_harvest_weights, grouped by capture.
 */
int app_tables_read(struct app_tables *tables, const struct app_line *line, size_t first,
	const char *const *names, size_t count, struct adit_error *error);

/* Reads the captures, but makes no table. There may be no row. */
int app_tables_harvest(struct app_tables *tables, struct adit_error *error);

/* Whether the columns are features of adit replay: it wrote the first of the tables, or they come
 * from captures. */
bool app_tables_are_windows(const struct app_tables *tables);

void app_tables_close(struct app_tables *tables);

/* Interrupts end the process with a word and status 1, until app_interrupt_hold: then what is
 * being written is written to its end. */
void app_interrupt_start(const char *command);
/* From now on, the first interrupt is only noted, for the command to write what it found till then;
 * the next one ends the process. */
void app_interrupt_stops(const char *command);
bool app_interrupt_came(void);
void app_interrupt_hold(void);

/* On a terminal, a line that says what is being done; `context` is a text. */
bool app_progress_report(void *context, uint64_t done, uint64_t total);
void app_progress_clear(void);

#endif
