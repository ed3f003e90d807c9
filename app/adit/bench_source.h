/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where the packets of adit bench come from, and what its pollers take. A source is what one lcore
 * polls: mbufs that are handed out again and again, or queues of a port. Both through DPDK's
 * receive callbacks, which run on the polling lcore: there a run begins and ends, and is measured.
 *
 * Mbufs in memory belong to a pool that never hands any out: giving one back costs what it costs
 * with every pool (rte_pktmbuf_free_bulk), and changes nothing. As a driver would, the source
 * writes into each mbuf that it hands out. One must have come back before it is handed out again:
 * a source holds more of them than rings and bursts do.
 *
 * Names that are to be others on each pass are written between two passes, all at once, and meters
 * stand still meanwhile: no stage has that in its figures.
 */
#ifndef ADIT_BENCH_SOURCE_H
#define ADIT_BENCH_SOURCE_H

#include "appliance.h"
#include "bench_counters.h"
#include "bench_load.h"

#define APP_SEALS 256 /* slices whose ends are remembered */
/* Mbufs whose heads are loaded before they are handed out, as drivers do. */
#define APP_SOURCE_AHEAD 8

/* What a run took of a poller. */
struct app_meter {
	uint64_t packets;
	uint64_t begin_ticks, ticks; /* of the time stamp counter */
	uint64_t cpu_ns;             /* of the thread */
	uint64_t counters[APP_CPU_COUNTERS];
	bool begun, ended;
};

struct app_source {
	/* Read-only while lcores run: */
	struct rte_mbuf **mbufs; /* and APP_SOURCE_AHEAD valid ones behind them; NULL: of a port */
	size_t count;
	struct app_fresh *fresh; /* labels that are others on each pass; `frame` is of mbufs[] */
	size_t fresh_count;
	struct app_fresh_plan plan;
	uint64_t slice_packets; /* time goes on by a slice with so many */
	uint64_t run_ticks;     /* length of a run, of a port */
	atomic_uint *running;   /* sources that have not ended yet, all in all */
	atomic_bool *stop;      /* set by the last one that ends */
	/* The poller's: */
	uint64_t time_ns; /* of the packets that are handed out next */
	uint64_t in_slice;
	size_t at;
	uint64_t pass; /* over what is held, all runs together */
	uint64_t left; /* packets of this run that were not handed out yet */
	struct app_meter meter;
	struct app_cpu_counters counters;
	/* When slices ended, by their numbers; written by the poller, read by any thread. */
	struct app_seal {
		uint64_t slice, ticks;
	} seals[APP_SEALS];
} APP_APART;

/* Callbacks of DPDK for a queue that a source is polled at. Returns 0 or -errno. */
int app_source_attach(
	struct app_source *source, uint16_t port, uint16_t queue, struct adit_error *error);

/* Before a run, no lcore running: packets to hand out, and the time of the first one. */
void app_source_arm(struct app_source *source, uint64_t packets, uint64_t time_ns);

/* When the slice ended; 0: it has not, or that was too long ago. Any thread. */
uint64_t app_source_sealed(const struct app_source *source, uint32_t slice);

/* ---- mbufs */

/* Pools by size of frames. */
#define APP_HELD_POOLS 5
struct app_held {
	struct rte_mempool *pool[APP_HELD_POOLS];
	struct rte_mbuf **mbufs; /* [of the load], in its order */
	size_t bytes;            /* of the pools */
};

/* Bytes of pools for a load, before there are any. */
size_t app_held_bytes(const struct app_load *load);
/* Copies the load's frames into mbufs. `owners` says which of the workers each is for. After
 * appliance_create; to be freed whatever the outcome. */
int app_held_create(struct app_held *held, const struct app_load *load, const uint8_t *owners,
	uint8_t workers, struct adit_error *error);
void app_held_free(struct app_held *held);

#endif
