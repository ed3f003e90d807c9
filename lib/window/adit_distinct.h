/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A set of names or answers in fixed memory: a uniform sample of the distinct ones, each with how
 * often it came and how many bytes it can have carried. Exact up to 64 members; beyond that the 64
 * of least hash are kept (bottom-k: Beyer, Haas, Reinwald, Sismanis, Gemulla 2007; Cohen and Kaplan
 * 2007), and their number is estimated as (k - 1) / share of the hash range that they span, with a
 * standard error of 1 / sqrt(k - 2) = 12.7 %.
 *
 * A member that is kept was kept from its first time on, so its counts are exact. That is why
 * ratios (how many of the names come again) and sums over distinct members (how much they carry,
 * short and often or long and once) rest on 64 whole members and not on a difference of estimates.
 * Merging is exact: the sample of a union is the sample of both samples.
 *
 * Hashes are keyed by who makes them; 64 members of 2^32 collide with probability 5e-7.
 */
#ifndef ADIT_DISTINCT_H
#define ADIT_DISTINCT_H

#include "adit_base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_DISTINCT_KEPT 64

/* Members are held in groups, the first of them beside the count: most sets have a few, and are two
 * cache lines then, or one. */
#define ADIT_DISTINCT_GROUP 8
struct adit_distinct_group {
	uint32_t hash[ADIT_DISTINCT_GROUP];
	uint16_t times[ADIT_DISTINCT_GROUP]; /* it came; saturates */
	uint16_t bytes[ADIT_DISTINCT_GROUP]; /* that it can have carried; saturates */
};

/* Members are in no order. Owner: whoever owns what it is part of. */
struct adit_distinct {
	uint32_t count;    /* members kept */
	uint32_t greatest; /* hash among them, once there are more than can be kept; else 0 */
	struct adit_distinct_group group[ADIT_DISTINCT_KEPT / ADIT_DISTINCT_GROUP];
};

/* The empty set; so is all zero. Groups stay as they are: nobody reads beyond `count`. */
static inline void adit_distinct_clear(struct adit_distinct *set)
{
	set->count = set->greatest = 0;
}
/* Member `at`, which is below `count`. */
static inline uint32_t adit_distinct_hash(const struct adit_distinct *set, uint32_t at)
{
	return set->group[at / ADIT_DISTINCT_GROUP].hash[at % ADIT_DISTINCT_GROUP];
}
static inline uint16_t adit_distinct_times_of(const struct adit_distinct *set, uint32_t at)
{
	return set->group[at / ADIT_DISTINCT_GROUP].times[at % ADIT_DISTINCT_GROUP];
}
static inline uint16_t adit_distinct_bytes_of(const struct adit_distinct *set, uint32_t at)
{
	return set->group[at / ADIT_DISTINCT_GROUP].bytes[at % ADIT_DISTINCT_GROUP];
}

enum adit_distinct_added {
	ADIT_DISTINCT_NEW,    /* a member that was not there; it is kept */
	ADIT_DISTINCT_AGAIN,  /* a member that is kept came again */
	ADIT_DISTINCT_PASSED, /* not kept: nobody knows whether it is new */
};

/* Adds one, or `times` of one. Packet path; integers only. */
enum adit_distinct_added adit_distinct_add(
	struct adit_distinct *set, uint32_t hash, uint32_t times, uint32_t bytes);
void adit_distinct_merge(struct adit_distinct *into, const struct adit_distinct *from);

/* The rest is floating point: scoring core only. */

/* Number of distinct members; exact to 64. */
double adit_distinct_number(const struct adit_distinct *set);
/* Bytes that all distinct members can have carried, each counted once; exact to 64. The standard
 * error is √(1/62 + cv²/64) with cv the deviation of a member's bytes by their mean: that of the
 * number for members alike, 40 % where one in 20 has 55 times as many as the others. */
double adit_distinct_bytes(const struct adit_distinct *set);
/* Mean times that a member came; 0 of the empty set. */
double adit_distinct_times(const struct adit_distinct *set);
/* True while number and bytes are exact. */
static inline bool adit_distinct_exact(const struct adit_distinct *set)
{
	return set->greatest == 0;
}
/* Two standard errors above an estimate of members alike that is not exact: factor for what must
 * not be missed. */
#define ADIT_DISTINCT_MARGIN 1.254

#ifdef __cplusplus
}
#endif
#endif
