/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Registry of counters and gauges: what there is to count, where each count stands, and the text
 * that tells it. A counter is a name and at most two label pairs that are fixed at start, such
 * as outcome="dns_query" or worker="0". Whatever a packet carries (a name, an address, a
 * subscriber) is never a label: the number of time series is known before the first packet.
 *
 * Threads. A count stands in a cell, a uint64_t that exactly one thread writes, by plain or
 * relaxed 64-bit stores, and, but for gauges, only ever upwards. The registry reads cells by
 * relaxed atomic loads and never writes one: a reset remembers what each cell held, and readers
 * subtract. So nothing here costs the packet path anything. One thread at a time registers, reads,
 * resets and writes. Cells are read one after the other: sums over them add up exactly once their
 * owners rest.
 *
 * Memory: 88 bytes a counter, 24 bytes a cell, all of it at creation.
 */
#ifndef ADIT_METRICS_H
#define ADIT_METRICS_H

#include "adit_base.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Counts of times by their length: upper bounds of the buckets, ns, growing. */
struct adit_metrics_histogram {
	const uint64_t *bound_ns;
	size_t bounds;
};

/* The strings must outlive the registry; they are not copied. */
struct adit_metrics_counter {
	const char *name;  /* [a-z_][a-z0-9_]*, without _total; ends in _unit where there is one */
	const char *help;  /* counters of one name share all but the label's value */
	const char *unit;  /* "bytes", "packets", or NULL */
	const char *label; /* or NULL; then there is one counter of this name */
	const char *value; /* of the label */
	bool is_gauge;     /* its cells go down too, and a reset leaves them */
	bool is_ns;        /* cells hold nanoseconds, and the text tells seconds */
	const char *second, *second_value; /* one more label, or NULL; not without `label` */
	/* NULL: none. Else the cells are those of the buckets, each of its own times alone, that of
	 * longer ones, and the sum of all, ns; what is read is the number of times. No labels;
	 * is_ns is set. */
	const struct adit_metrics_histogram *histogram;
};

struct adit_metrics;

/* Returns 0 or -ENOMEM. A NULL allocator is the C library's; it must outlive the registry. */
int adit_metrics_create(struct adit_metrics **metrics, size_t counters_max, size_t cells_max,
	const struct adit_allocator *allocator);
void adit_metrics_free(struct adit_metrics *metrics);

/*
 * Registers a counter. Returns its number (0, 1, … in order), -EINVAL for a malformed name or one
 * that contradicts what is registered under it, -EEXIST for the same name and label value again,
 * or -ENOSPC.
 */
int adit_metrics_add(struct adit_metrics *metrics, const struct adit_metrics_counter *counter);

/* Gives a counter one more cell (one per worker, say). Returns 0, -EINVAL or -ENOSPC. */
int adit_metrics_bind(struct adit_metrics *metrics, size_t number, const uint64_t *cell);

/* Counters are numbered from 0 to count - 1, cells of a counter in the order they were bound. */
size_t adit_metrics_count(const struct adit_metrics *metrics);
const struct adit_metrics_counter *adit_metrics_get(
	const struct adit_metrics *metrics, size_t number);
size_t adit_metrics_cells(const struct adit_metrics *metrics, size_t number);

/* Counted since the last reset: the sum over all cells, or one cell. */
uint64_t adit_metrics_read(const struct adit_metrics *metrics, size_t number);
uint64_t adit_metrics_read_cell(const struct adit_metrics *metrics, size_t number, size_t cell);

/* Counting starts anew, for readers. */
void adit_metrics_reset(struct adit_metrics *metrics);

/*
 * The text of all counters, families in the order in which they were registered, each name behind
 * `prefix`. OpenMetrics 1.0 ends in # EOF; the text format 0.0.4 of Prometheus names a counter's
 * family with _total, has no units and other escapes. Returns 0 or -EIO. `to` stays open.
 */
enum adit_metrics_format { ADIT_METRICS_OPENMETRICS, ADIT_METRICS_PROMETHEUS };
int adit_metrics_write(const struct adit_metrics *metrics, enum adit_metrics_format format,
	const char *prefix, FILE *to);

#ifdef __cplusplus
}
#endif
#endif
