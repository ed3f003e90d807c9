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
enum dataset_drop {
	DATASET_KEPT,
	DATASET_TWO_PACKETS,
	DATASET_ANSWER,
	DATASET_IN_TIME,
	DATASET_SERVER,
	DATASET_NAME,
	DATASET_DROPS
};
extern const char *const dataset_requirements[DATASET_DROPS]; /* [DATASET_KEPT]: NULL */

#define DATASET_PACKETS_MAX 9 /* rows of more packets count together */
#define DATASET_FILES_MAX   16
#define DATASET_CHOSEN_MAX  512

enum { DATASET_CLIENT, DATASET_SERVER_SIDE, DATASET_SIDES };

struct dataset {
	/* what the options say */
	struct app_texts servers, outs, sets, labels, splits, aggs;
	const char *columns, *explain, *format, *group_by, *require;
	double timeout_s, window_s, duplicate_ms, slack_ms, shift_ms;
	uint64_t transactions, tag_label;
	bool summary, csv_groups;
	bool requires[DATASET_DROPS];
	char *const *clients;
	size_t client_count;

	struct adit_pairing *pairing;
	struct adit_naming *naming;
	struct adit_view view;
	char **capture_names; /* [client_count] */

	/* Cells of a row: first the columns of the tables, then what only groups need. */
	const struct adit_column *chosen[DATASET_CHOSEN_MAX];
	size_t chosen_count, table_count;
	struct adit_cell cells[DATASET_CHOSEN_MAX];
	struct adit_writer *writers[DATASET_FILES_MAX];
	size_t writer_count;
	struct adit_groups *groups;
	struct adit_groups_params grouping;
	size_t group_keys[APP_GROUPS_MAX * 8];
	const char *group_names[APP_GROUPS_MAX * 8];
	struct adit_aggregation aggregations[APP_GROUPS_MAX * 8];
	FILE *explain_file;

	/* what was found */
	uint64_t packets[DATASET_SIDES], encrypted[DATASET_SIDES];
	uint64_t dropped[DATASET_DROPS]; /* [DATASET_KEPT] are the rows that are there */
	uint64_t by_packets[DATASET_PACKETS_MAX + 2]; /* rows dropped for their number of packets */
	uint64_t by_end[ADIT_QUERY_END_COUNT], by_match[ADIT_MATCH_COUNT]; /* … for these */
	bool damaged; /* a capture could not be read to its end */
	int status;   /* of the output; once it is not 0, no row is written */
	struct adit_error error;
};

/* An interrupt ends the reading; what was read until then is written. */
extern volatile sig_atomic_t dataset_stopped;

/* dataset_columns.c: which columns there are, and the groups. -EINVAL with a message. */
int dataset_columns_choose(struct dataset *dataset, struct adit_error *error);
void dataset_columns_clear(struct dataset *dataset);

/* dataset_write.c: the files; `row` is the pairing's. */
int dataset_files_open(struct dataset *dataset, struct adit_error *error);
void dataset_row_take(void *context, const struct adit_query *row);
void dataset_explain(void *context, enum adit_role role, const struct adit_message *message,
	const struct adit_dns *dns);
/* Makes them whole, or leaves none if `status` is not 0. */
int dataset_files_close(struct dataset *dataset, int status, struct adit_error *error);

/* dataset_read.c: reads all captures, by time. What cannot be read is told and marked as damaged;
 * -errno for what keeps it from beginning. */
int dataset_read(struct dataset *dataset, struct appliance *appliance, struct adit_error *error);

/* dataset_tell.c */
void dataset_tell(const struct dataset *dataset, FILE *to);

#endif
