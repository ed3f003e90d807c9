/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit bench: packets through the appliance as far as each rung of a ladder and no further, in
 * turns, and what that costs. An appliance is made once; in a run its lcores are launched, take
 * their packets and end. The management thread of the program does here what it does there.
 */
#ifndef ADIT_BENCH_H
#define ADIT_BENCH_H

#include "appliance.h"
#include "bench_source.h"
#include "manager.h"
#include "memory.h"
#include "plot.h"

#define APP_REPEATS_MAX 100

/* What the command line says. */
struct app_bench_options {
	const char *port; /* DPDK's name of it and arguments; NULL: packets in memory */
	double seconds;   /* that the full path is measured, all repeats together */
	uint64_t repeats;
	uint64_t slice_packets; /* that a source hands out in a slice; 0: what it holds */
	struct app_load_params load;
};

/* One run of a rung. */
struct app_bench_run {
	uint64_t packets;        /* that sources handed out … */
	uint64_t received;       /* … that pollers took */
	uint64_t outcomes, left; /* with an outcome; without one at the end of the rung */
	uint64_t lost;           /* by a port, or behind a worker's full queue */
	uint64_t slices;         /* that were scored */
	uint64_t windows, coalesced;
	double mpps, gbps; /* of all pollers together */
	/* per packet: CPU time of its poller, ticks of the time stamp counter, CPU counters */
	double ns, ticks, counters[APP_CPU_COUNTERS];
};

/* The spreader's row stands behind those of the workers. */
#define APP_BENCH_SPREADER APP_RUNGS
#define APP_BENCH_ROWS     (APP_RUNGS + 1)

/* Of runs in order of size. */
struct app_bench_spread {
	double least, median, most;
};

struct app_bench {
	struct app_bench_options options;
	struct adit_config config;
	struct appliance appliance;
	struct app_manager manager;
	struct app_load load;
	struct app_held held;
	/* A port for each worker; the first one has a second queue, which is the spreader's. */
	uint16_t memory_port[APP_WORKERS_MAX], memory_ports;
	struct rte_ring *empty[APP_WORKERS_MAX + 1];
	struct app_source *sources; /* [workers + 1], the last one the spreader's */
	struct app_queue queues[APP_WORKERS_MAX][APP_QUEUES_MAX]; /* of a port, by worker */
	uint16_t queue_counts[APP_WORKERS_MAX];
	atomic_uint running;
	uint64_t passes;  /* over what is in memory, in a run */
	uint64_t time_ns; /* of the packets that come next */
	/* what was found */
	struct app_bench_run runs[APP_BENCH_ROWS][APP_REPEATS_MAX];
	uint64_t repeats[APP_BENCH_ROWS]; /* that ended */
	int counter_error;                /* errno; 0: CPU counters can be read */
	bool interrupted;
	bool takes_latencies; /* this run's verdicts tell */
	uint64_t *latencies;  /* ticks, of verdicts by the end of a window, ascending in the end */
	size_t latency_count, latency_room;
	uint64_t early; /* verdicts told before their windows ended */
};

extern const struct app_bench_row {
	const char *name, *what;
} app_bench_rows[APP_BENCH_ROWS];

/* bench_open.c: makes sources and ports, after appliance_create; to be closed whatever the outcome.
 * 0 or -errno. */
int app_bench_open(struct app_bench *bench, struct adit_error *error);
void app_bench_close(struct app_bench *bench);

/* bench_run.c: all runs. -EINTR: it was told to stop; what was measured until then is there. */
int app_bench_measure(struct app_bench *bench, struct adit_error *error);

/* Numbers of a row's runs: `field` is the offset of a double in struct app_bench_run. NaN where
 * there are none. */
struct app_bench_spread app_bench_spread(const struct app_bench *bench, int row, size_t field);
#define APP_BENCH_SPREAD(bench, row, field) \
	app_bench_spread(bench, row, offsetof(struct app_bench_run, field))
/* Milliseconds; NaN where there is none. */
double app_bench_latency_ms(const struct app_bench *bench, double share);

/* The port's name for a reader. */
const char *app_bench_port(const struct app_bench *bench);
const char *app_bench_no_counters(const struct app_bench *bench);

/* bench_report.c, bench_plot.c. 0 or -errno. */
void app_bench_print(const struct app_bench *bench);
void app_bench_print_json(const struct app_bench *bench);
int app_bench_plot(
	const struct app_bench *bench, const struct app_plot *plot, struct adit_error *error);

#endif
