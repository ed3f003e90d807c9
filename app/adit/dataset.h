/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parts of adit dataset share: what was asked for, the captures, and what became of the
 * rows.
 */
#ifndef ADIT_APP_DATASET_H
#define ADIT_APP_DATASET_H

#include "appliance.h"
#include "arguments.h"

#include "adit_groups.h"
#include "adit_naming.h"
#include "adit_writer.h"

#include <signal.h>

/* Why a row is left out, by --require, in the order in which rows are looked at. */
enum app_dataset_drop {
	APP_DATASET_KEPT,
	APP_DATASET_TWO_PACKETS,
	APP_DATASET_ANSWER,
	APP_DATASET_IN_TIME,
	APP_DATASET_SERVER,
	APP_DATASET_NAME,
	APP_DATASET_DROPS
};
extern const char *const app_dataset_requirements[APP_DATASET_DROPS]; /* [APP_DATASET_KEPT]: NULL */

#define APP_DATASET_PACKETS_MAX 9 /* rows of more packets count together */
#define APP_DATASET_FILES_MAX   16
#define APP_DATASET_CHOSEN_MAX  512
#define APP_DATASET_FIGURES_MAX 32 /* columns to group by, and figures of groups */

enum { APP_DATASET_CLIENT, APP_DATASET_SERVER_SIDE, APP_DATASET_SIDES };

/* A table, or the list of what was left out. */
struct app_dataset_output {
	const char *path;
	struct adit_writer *writer; /* NULL: there is none */
	bool failed;                /* nothing more is written to it */
};
#define APP_DATASET_EXPLAIN APP_DATASET_FILES_MAX /* behind the tables */

struct app_dataset {
	/* what the options say */
	struct app_texts servers, outs, sets, labels, splits, aggs;
	const char *columns, *explain, *format, *group_by, *require;
	double timeout_s, window_s, duplicate_ms, slack_ms, shift_ms;
	uint64_t transactions, tag_label;
	bool summary, csv_groups;
	bool requires[APP_DATASET_DROPS];
	char *const *clients;
	size_t client_count;

	struct adit_pairing *pairing;
	struct adit_naming *naming;
	struct adit_view view;
	char **capture_names; /* [client_count] */

	/* Cells of a row: first the columns of the tables, then what only groups need. */
	const struct adit_column *chosen[APP_DATASET_CHOSEN_MAX];
	size_t chosen_count, table_count;
	struct adit_cell cells[APP_DATASET_CHOSEN_MAX];
	struct app_dataset_output outputs[APP_DATASET_FILES_MAX + 1]; /* first those of `outs` */
	struct adit_groups *groups;
	struct adit_groups_params grouping;
	size_t group_keys[APP_DATASET_FIGURES_MAX];
	const char *group_names[APP_DATASET_FIGURES_MAX];
	struct adit_aggregation aggregations[APP_DATASET_FIGURES_MAX];
	FILE *explain_stream; /* of --explain, if it is no file */

	/* what was found */
	uint64_t packets[APP_DATASET_SIDES], encrypted[APP_DATASET_SIDES];
	uint64_t dropped[APP_DATASET_DROPS]; /* [APP_DATASET_KEPT] are the rows that are there */
	uint64_t by_packets[APP_DATASET_PACKETS_MAX +
			    2]; /* rows dropped for their number of packets */
	uint64_t by_end[ADIT_QUERY_END_COUNT], by_match[ADIT_MATCH_COUNT]; /* … for these */
	bool damaged;       /* a capture could not be read to its end */
	bool output_failed; /* an output is not whole; which, has been told */
	int status;         /* once it is not 0, nothing more is read or written */
	struct adit_error error;
};

/* An interrupt ends the reading; what was read until then is written. */
extern volatile sig_atomic_t app_dataset_stopped;

/* dataset_columns.c: which columns there are, and the groups. -EINVAL with a message. */
int app_dataset_columns_choose(struct app_dataset *dataset, struct adit_error *error);
void app_dataset_columns_clear(struct app_dataset *dataset);

/* dataset_write.c: what becomes of a row and of a message; `context` is the data set. */
void app_dataset_row_take(void *context, const struct adit_query *row);
void app_dataset_explain(void *context, enum adit_role role, const struct adit_message *message,
	const struct adit_dns *dns);
/* Says what is wrong with an output; the others go on, as long as there is one. */
void app_dataset_output_fail(struct app_dataset *dataset, struct app_dataset_output *output,
	const struct adit_error *error);
#define APP_DATASET_EXPLAIN_COLUMNS 11
extern const struct adit_column *const app_dataset_explain_columns[APP_DATASET_EXPLAIN_COLUMNS];

/* dataset_files.c: the check: no file is written twice, and none is a capture; -EINVAL with a
 * message. */
int app_dataset_places_check(const struct app_dataset *dataset, struct adit_error *error);
int app_dataset_files_open(struct app_dataset *dataset, struct adit_error *error);
/* Makes them whole. Of those that failed, and of all if `status` is not 0, rows stay in FILE.new,
 * which is told. */
void app_dataset_files_close(struct app_dataset *dataset);
/* Nothing was read: leaves none. */
void app_dataset_files_abandon(struct app_dataset *dataset);

/* dataset_read.c: reads all captures, by time. What cannot be read is told and marked as damaged;
 * -errno for what keeps it from beginning. */
int app_dataset_read(
	struct app_dataset *dataset, struct appliance *appliance, struct adit_error *error);

/* dataset_tell.c */
void app_dataset_tell(const struct app_dataset *dataset, FILE *to);

#endif
