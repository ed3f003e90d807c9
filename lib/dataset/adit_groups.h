/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A table of groups: rows that have the same in some columns, and what there is of others in them.
 *
 * Memory: that of the groups, at most ADIT_GROUPS_MAX.
 */
#ifndef ADIT_GROUPS_H
#define ADIT_GROUPS_H

#include "adit_columns.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_GROUPS_MAX (1u << 20)

enum adit_aggregate {
	ADIT_AGGREGATE_COUNT, /* of the rows that have a value */
	ADIT_AGGREGATE_MIN,
	ADIT_AGGREGATE_MEAN,
	ADIT_AGGREGATE_MAX,
	ADIT_AGGREGATE_SUM,
	ADIT_AGGREGATES
};
extern const char *const adit_aggregates[ADIT_AGGREGATES]; /* "count", "min", … */

/* What is reckoned of a column. */
struct adit_aggregation {
	size_t cell; /* index into the cells of a row */
	enum adit_aggregate what;
	const char *column;
};

struct adit_groups_params {
	const size_t *keys; /* [key_count], indices into the cells of a row */
	const char *const *key_names;
	size_t key_count;
	const struct adit_aggregation *aggregations; /* all of it outlives the groups */
	size_t aggregation_count;
};

struct adit_groups;

/* NULL: no memory. */
struct adit_groups *adit_groups_create(const struct adit_groups_params *params);
void adit_groups_destroy(struct adit_groups *groups);

/* Counts a row. -ENOMEM, or -E2BIG for more than ADIT_GROUPS_MAX groups. */
int adit_groups_add(
	struct adit_groups *groups, const struct adit_cell *cells, struct adit_error *error);

/* Writes the groups in the order of their keys (numbers as numbers, what is missing first), as
 * columns that a person reads, or as CSV; no row may be added after it. 0 or -errno. */
int adit_groups_write(struct adit_groups *groups, bool csv, FILE *to);

#ifdef __cplusplus
}
#endif
#endif
