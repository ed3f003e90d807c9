/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From captures with labels to what models are fitted to and judged by: the rows that the scoring
 * core derives, thinned, with their labels, groups and weights; and what the detectors said of each
 * tunnel and of everything else. One thread owns it.
 *
 * Rows of one key over one span are alike: the first, second, fourth, eighth … are kept. A group is
 * what must not be on both sides of a split: a capture, by its file's name without ending and
 * without the side that it was taken on ("_cli", "_auth"), whatever folder it stands in.
 */
#ifndef ADIT_HARVEST_H
#define ADIT_HARVEST_H

#include "adit_feature.h"
#include "adit_table.h"
#include "adit_verdict.h"
#include "labels.h"

#define APP_HARVEST_SPANS 5 /* looks, slices, 10 minutes, hours, days */

/* A subscriber × domain (or × server), in a capture. */
struct app_harvest_key {
	uint64_t hash;
	uint32_t capture;              /* of the labels */
	const struct app_label *label; /* NULL: benign */
	char *domain;                  /* of those without a label; or "server ADDRESS" */
	uint32_t rows[APP_HARVEST_SPANS];
	double queries, up, down; /* so far: queries, and information in names and answers */
	uint32_t many;            /* stretches of 10 minutes with 20 names or more */
	uint32_t many_in;         /* the last one */
};

/* A row that was kept. */
struct app_harvest_row {
	uint32_t key;
	uint8_t span;
	float names;
	float queries, up, down; /* of the key when the row came */
};

/* What was told of a domain or server of a capture. */
struct app_harvest_verdict {
	uint32_t capture;
	char *domain;                  /* or "server ADDRESS" */
	const struct app_label *label; /* NULL: nothing is said of it */
	bool tunnel;                   /* else a suspect */
	uint32_t score;
	char *tool; /* that was named, or NULL */
	/* when the first tunnel record was written: queries and information until then */
	double queries, up, down;
};

struct app_harvest {
	const struct app_labels *labels;
	struct app_harvest_key *keys;
	uint32_t *index; /* open addressing, key + 1 */
	size_t key_count, index_size;
	struct app_harvest_row *rows;
	double *values; /* [row_count][ADIT_FEATURE_COUNT] */
	size_t row_count, row_room;
	struct app_harvest_verdict *verdicts;
	size_t verdict_count;
	uint32_t capture; /* at hand */
	bool no_memory;
	uint64_t packets;
};

struct app_harvest_params {
	unsigned least_names; /* rows of fewer are left out */
	bool domains;         /* rows of domains, not of their subscribers */
};

/* Reads all captures. `sets` are options as of --set. Verdicts are those of the configuration. To
 * be cleared whatever the outcome. -EIO only if a capture could not be read to its end. */
int app_harvest_read(struct app_harvest *harvest, const struct app_labels *labels,
	const struct app_harvest_params *params, char *const *sets, size_t set_count,
	struct adit_error *error);
void app_harvest_clear(struct app_harvest *harvest);

/* A capture's group: what it is of. */
void app_harvest_group(const struct app_labelled *capture, char name[ADIT_TABLE_NAME_MAX + 1]);

/* A table of these features (NULL: of all that speak of shape or rhythm), with labels, groups in
 * grouping 0, and in grouping 1 what `leave_out` says: "tool", "setup", "rate", "capture" or NULL.
 * -EINVAL, -ENOMEM. */
int app_harvest_table(const struct app_harvest *harvest, const char *const *features, size_t count,
	const char *leave_out, struct adit_table **table, struct adit_error *error);

/* Weights of the rows: rows of a key share one, keys of a group share the root of their number, and
 * both labels weigh half of all. [row_count], to be freed. NULL: no memory. */
float *app_harvest_weights(const struct app_harvest *harvest, const struct adit_table *table);

#endif
