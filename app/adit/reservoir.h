/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A bounded sample of rows of features, without an order of arrival: every subscriber × domain has
 * in a stretch of 10 minutes at most one row, any of those that it had, and a number by a keyed
 * hash. The rows of the least numbers stay: at most so many of a subscriber, and so many of all
 * (bottom-k sampling, Cohen and Kaplan 2007). So a row stays with the same chance whenever it came,
 * and nobody can fill the room alone.
 *
 * Memory: rows × (56 + 8 × features) bytes, and 4 to 8 a row for the index. One thread owns it.
 */
#ifndef ADIT_RESERVOIR_H
#define ADIT_RESERVOIR_H

#include "adit_feature.h"
#include "adit_hash.h"
#include "adit_table.h"
#include "adit_verdict.h"

struct app_reservoir_params {
	uint32_t rows, per_subscriber;
	const enum adit_feature *features; /* what is kept of a row; outlives the reservoir */
	size_t feature_count;
	struct adit_hash_key key; /* the same rows and key leave the same sample */
};

struct app_reservoir_counters {
	uint64_t offered;     /* rows */
	uint64_t removed;     /* rows that were held and taken out again by their domain */
	uint32_t held;        /* rows now, … */
	uint32_t subscribers; /* … and whose they are (counted when asked for) */
};

struct app_reservoir;

/* NULL: no memory. */
struct app_reservoir *app_reservoir_create(const struct app_reservoir_params *params);
void app_reservoir_destroy(struct app_reservoir *reservoir);

/* A row of a subscriber × domain. Allocates nothing. */
void app_reservoir_offer(struct app_reservoir *reservoir, const struct adit_feature_row *row);
/* Takes out all rows of a domain. */
void app_reservoir_remove(struct app_reservoir *reservoir, const struct adit_wire_name *domain);

struct app_reservoir_counters app_reservoir_count(const struct app_reservoir *reservoir);

/* The rows as a table of these features (all of them are among those kept), grouped by subscriber;
 * groups have numbers for names, no addresses. Rows stand in the order of their numbers. NULL: no
 * memory. */
struct adit_table *app_reservoir_table(
	const struct app_reservoir *reservoir, const enum adit_feature *features, size_t count);

#endif
