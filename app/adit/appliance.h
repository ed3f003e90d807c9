/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the lcores and the management thread share. Everything is made before the first lcore
 * starts and freed after the last has ended. Who writes a field stands beside it; a field without
 * such a word is read-only while lcores run. Hand-offs go through single-producer
 * single-consumer rings; counters are written by one thread with plain 64-bit stores and may be
 * read by any (a value may be a moment old).
 */
#ifndef ADIT_APPLIANCE_H
#define ADIT_APPLIANCE_H

#include "adit_config.h"
#include "adit_metrics.h"
#include "adit_pipeline.h"
#include "adit_score.h"
#include "gate.h"
#include "idle.h"
#include "numa.h"
#include "snapshot.h"
#include "timing.h"

#include <stdatomic.h>

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_prefetch.h>
#include <rte_ring.h>

#define APP_WORKERS_MAX  16
#define APP_QUEUES_MAX   64
#define APP_PORTS_MAX    RTE_MAX_ETHPORTS
#define APP_TAPS_MAX     64
#define APP_MERGE_MAX    64 /* captures read side by side */
#define APP_LOOKS        8  /* of a shard and slice */
#define APP_WINDOWS      2  /* per worker: one that fills, one that is scored */
#define APP_BLINDS       2  /* tables of encrypted DNS: one that fills, one that is written */
#define APP_MESSAGES     256
#define APP_LINEAR_BYTES (256 * 1024) /* largest frame: libpcap's MAXIMUM_SNAPLEN */

/* What travels with a packet from the spreader to its worker, in a dynamic field of the mbuf or,
 * where drivers have left no room for one, right behind the mbuf. */
enum app_kind {
	APP_FRAME,
	APP_OPEN,  /* tick: a timeline starts with `slice` */
	APP_SLICE, /* tick: the open slice is over, the next is `slice` */
	APP_FINAL, /* tick: the open slice is over and the timeline with it */
	APP_QUIT,  /* tick: nothing follows */
};
struct app_meta {
	uint64_t ts_ns;
	union {
		struct adit_packet packet; /* its mark is the enum app_kind, of ticks too */
		uint32_t slice;            /* ticks */
	};
};
static_assert(sizeof(struct app_meta) == 32, "what an mbuf has left, with the alignment of ts_ns");

extern int app_meta_offset; /* written once before lcores start */
/* Private bytes of an mbuf, for where that offset points behind it. */
#define APP_META_PRIVATE RTE_ALIGN_CEIL(sizeof(struct app_meta), RTE_MBUF_PRIV_ALIGN)
static inline struct app_meta *app_meta(struct rte_mbuf *mbuf)
{
	return RTE_MBUF_DYNFIELD(mbuf, app_meta_offset, struct app_meta *);
}

/* Packets of a burst whose headers are loaded before their turn. */
#define APP_AHEAD 8

/* Loads the headers of packet `i` of a burst ahead, if there is one: a card leaves them in the
 * shared cache at best. Inside GTP-U they reach into the second line. */
static inline void app_headers_prefetch(struct rte_mbuf *const *mbufs, uint16_t count, uint16_t i)
{
	const uint8_t *data;

	if (i >= count)
		return;
	data = rte_pktmbuf_mtod(mbufs[i], const uint8_t *);
	rte_prefetch0(data);
	rte_prefetch0(data + ADIT_CACHE_LINE);
}

/* Reads a counter that another thread writes. */
static inline uint64_t app_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

struct app_queue {
	uint16_t port, queue;
	uint64_t received; /* packets that its poller took; written by it */
};

/* How far a worker goes with its packets: all the way, but in adit bench. */
enum app_rung {
	APP_RUNG_RX,     /* takes them, loads their headers, and gives them back */
	APP_RUNG_DECODE, /* from here to COUNT: the stages of the pipeline (enum adit_stage) */
	APP_RUNG_PARSE,
	APP_RUNG_NAME,
	APP_RUNG_MATCH,
	APP_RUNG_COUNT, /* a slice that is over is forgotten */
	APP_RUNG_FULL,  /* it is handed over and judged */
	APP_RUNGS
};
static_assert(APP_RUNG_COUNT - APP_RUNG_DECODE == ADIT_STAGE_COUNT, "a rung for each stage");

struct app_worker_counters {
	uint64_t received; /* from ports of its own */
	uint64_t left;     /* of them, those that a rung below COUNT left without an outcome */
	uint64_t windows, coalesced, window_waits, linearised;
	uint64_t evicted[ADIT_KIND_COUNT], refused[ADIT_KIND_COUNT];
	uint64_t details_refused, details_taken;
	uint64_t looks, looks_refused;
	uint64_t opened;                /* windows */
	uint64_t rows[ADIT_KIND_COUNT]; /* that were in use when the last one was handed over */
	uint64_t details;               /* the same of detail records */
};

/* One worker lcore. */
struct app_worker {
	/* Read-only while lcores run, by the worker, the spreader and the scorer: */
	struct appliance *appliance;
	uint16_t number;
	struct app_arena arena;  /* all its tables, on its node */
	bool decodes;            /* polls a real port: decodes and keeps time itself */
	enum app_rung rung;      /* tested once for each burst */
	const uint64_t *time_ns; /* time of the queues' packets; NULL: it is the clock's */
	struct adit_pipeline *pipeline;
	struct adit_window *windows[APP_WINDOWS];
	struct rte_ring *sealed;  /* to the scorer: windows; after the hand-off the worker no longer
				     touches one until it comes back */
	struct rte_ring *emptied; /* from the scorer */
	struct rte_ring *looks;   /* to the scorer, live: looks of the open window, which are the
				     scorer's to read as soon as they stand here */
	struct rte_ring *packets; /* from the spreader; NULL where the worker polls a real port */
	uint16_t ring_port;       /* whose only queue that is; RTE_MAX_ETHPORTS: none */
	uint8_t *linear;          /* room for a frame of several segments; its bytes the worker's */
	struct adit_intake intake; /* where it decodes; the worker changes it at a reload */
	/* The worker's alone, but for counters, which others may read: */
	struct adit_window *window APP_APART; /* open one; NULL between timelines */
	uint64_t lists;                       /* number of those that it reads; 0: of the start */
	uint32_t looks_sent;                  /* of it */
	uint16_t queues;
	struct app_idle idle;
	struct app_worker_counters counters;
	struct app_queue queue[APP_QUEUES_MAX];
} APP_APART;
static_assert(offsetof(struct app_worker, window) % APP_LINES_APART == 0 &&
		      offsetof(struct app_worker, intake) < offsetof(struct app_worker, window) &&
		      sizeof(struct app_worker) % APP_LINES_APART == 0,
	"what others read is in no line that the worker writes, and no worker in another's");

struct app_spreader_counters {
	uint64_t received, late, timelines;
	uint64_t queue_full[APP_WORKERS_MAX]; /* packets that this worker's queue had no room for */
};

/* The spreader lcore. It writes everything here, and no other lcore reads it. */
struct app_spreader {
	struct appliance *appliance;
	struct app_arena arena;  /* its table of fragments, on its node */
	bool live;               /* reads ports, not captures */
	const uint64_t *time_ns; /* as of a worker */
	struct adit_intake intake;
	uint64_t lists;                      /* number of those that it reads; 0: of the start */
	struct adit_pipeline_counters ended; /* packets that end in the light decode */
	struct app_spreader_counters counters;
	struct app_queue queue[APP_QUEUES_MAX];
	uint16_t queues;
	uint8_t *linear;
	struct app_idle idle;
	/* Captures: */
	char **files;
	size_t file_count;
	bool merge;           /* they are read side by side, by time */
	atomic_ulong thread;  /* its pthread_t, 0 before it runs; to interrupt a read */
	uint64_t bytes_total; /* of all files; 0: unknown */
	uint64_t bytes_done;  /* for the progress bar */
	bool problem;         /* an input was not read to its end */
	/* The first such input; to be read, with `problem`, after lcores_running is seen as 0. */
	struct adit_error error;
} APP_APART;
static_assert(sizeof(struct app_spreader) % APP_LINES_APART == 0, "in nobody else's lines");

/* What the scorer sends to the management thread. */
enum app_message_kind { APP_VERDICT, APP_FEATURES, APP_BLIND, APP_STRETCH };
/* How far learning has come, in slices. */
struct app_stretch {
	uint32_t done, of;
};
struct app_message {
	enum app_message_kind kind;
	bool learn; /* of features: a row to learn from */
	union {
		struct adit_verdict verdict;
		struct adit_feature_row features;
		struct adit_blind *blind; /* the manager's until it is back in blinds_free */
		struct app_stretch stretch;
	};
};

/* What is remembered from slice to slice. */
enum app_history {
	APP_HISTORY_KEYS,
	APP_HISTORY_ENTRIES,
	APP_HISTORY_DETAILS,
	APP_HISTORY_SESSIONS,
	APP_HISTORY_STORIES,
	APP_HISTORY_COUNT
};

struct app_scorer_counters {
	uint64_t slices, verdicts_dropped, rows_dropped;
	struct app_timing scoring;        /* what slices took */
	struct app_timing lag;            /* live: from a slice's end until it was scored */
	uint64_t last_ns;                 /* what the last one took */
	uint64_t scored_ns;               /* when that was, by the clock; 0: none yet */
	uint64_t used[APP_HISTORY_COUNT]; /* after it */
};

/* How long the scoring core has seen what is to be learned (learn.h). */
struct app_learn_clock {
	uint32_t slices; /* a stretch; 0: nothing is learned */
	/* the scorer's */
	uint32_t done, told, last; /* slices of the stretch, those told, and the last slice */
	uint32_t asked;            /* stretches that were over */
	/* the manager's */
	atomic_bool open;     /* rows are wanted */
	atomic_uint answered; /* stretches: in replay the scorer waits for that */
	atomic_uint begun;    /* how often learning began: anew while it runs, with `slices` */
	uint32_t seen;        /* the scorer's: of these */
};

/* The scoring lcore; it writes everything here but what is said to be the manager's. */
struct app_scorer {
	struct appliance *appliance;
	struct app_arena arena; /* all its tables, on its node */
	struct adit_scorer *scorer;
	struct adit_window *nothing; /* stands in for a worker that has no window of a slice */
	struct adit_blind *blinds[APP_BLINDS];
	struct rte_ring *blinds_free; /* from the manager: empty tables */
	void *blind_spare;            /* taken from there, not in use yet */
	uint32_t resume; /* first slice behind what was loaded, until one is scored; 0: none */
	bool ended;      /* the timeline has, and its stories are kept open for the next run */
	struct app_idle idle;
	struct app_scorer_counters counters;
	/* written by the manager as well, now and then: */
	struct app_gate gate APP_APART;
	struct app_learn_clock learn;
	atomic_bool dumps; /* the manager's: rows are wanted for a while */
	struct app_snapshot snapshot;
} APP_APART;
static_assert(offsetof(struct app_scorer, gate) % APP_LINES_APART == 0 &&
		      offsetof(struct app_scorer, counters) < offsetof(struct app_scorer, gate) &&
		      sizeof(struct app_scorer) % APP_LINES_APART == 0,
	"what the manager writes is in no line that the scorer reads at every poll");

/* What the self-check found last; the management thread writes it. */
struct app_selfcheck {
	uint64_t subscribers, split; /* seen; and of those, on more than one worker */
	uint64_t told;               /* `split` of the line printed last */
	uint64_t looked_ns;
	bool printed;
};

struct app_lists;
struct rte_rcu_qsbr;

struct appliance {
	/* One object for as long as the program runs. A reload changes in it what reloads: nothing
	 * of that is for lcores, and other threads are told by who owns them. */
	const struct adit_config *config;
	bool live;
	bool wants_features;
	uint32_t learn_s; /* how long to learn, seconds; 0: not at all */
	uint32_t resume;  /* first slice behind the state that was loaded; 0: there is none */
	uint16_t worker_count;
	bool has_spreader;
	struct adit_hash_key key;
	struct adit_ports ports;
	struct adit_context_rule rule;
	const char *tap_name[APP_TAPS_MAX]; /* NULL: ports were given no names */
	uint8_t tap_count;
	uint8_t tap_of_port[APP_PORTS_MAX];
	/* Those in force. Lcores do not read them here: the manager's, once they run. */
	struct adit_suffix_list *suffixes;
	struct adit_pattern_set *patterns;
	struct adit_allow *allow;
	struct adit_judges *judges;
	uint16_t port[APP_PORTS_MAX]; /* of adit run */
	uint16_t port_count;
	struct app_port *ports_open; /* port.h: one for each of port[]; owned by port.c */
	struct rte_mempool *pool;
	struct rte_ring *messages_full, *messages_free; /* scorer → manager, and back */
	struct app_message *messages;
	struct app_worker *workers;
	struct app_spreader *spreader;
	struct app_scorer *scorer;
	struct rte_rcu_qsbr *readers; /* lists.h; each line its lcore's */
	/* Lcores read the above, which nobody writes meanwhile, and these, which change seldom: */
	atomic_bool stop APP_APART;        /* written by the manager: end cleanly */
	_Atomic(struct app_lists *) lists; /* of the last reload; NULL: none. The manager's */
	atomic_uint lcores_running; /* each lcore counts itself out, with release, when it ends */
	/* The manager's alone: */
	struct app_selfcheck selfcheck APP_APART;
} APP_APART;
static_assert(offsetof(struct appliance, stop) % APP_LINES_APART == 0 &&
		      offsetof(struct appliance, scorer) < offsetof(struct appliance, stop) &&
		      offsetof(struct appliance, selfcheck) % APP_LINES_APART == 0,
	"what lcores read at every packet is in no line that is written while they run");

/* What the configuration says of the tables, for so many workers; of a pipeline and the scorer,
 * from what was loaded: their sinks are the caller's to set. */
struct adit_window_params app_window_params(const struct adit_config *config, uint32_t workers);
extern const struct adit_window_params app_window_nothing; /* in place of one that is missing */
struct adit_pipeline_params app_pipeline_params(const struct appliance *appliance);
struct adit_score_params app_score_params(const struct appliance *appliance);
/* What of that may change while the scorer runs. */
struct adit_score_rules app_score_rules(const struct appliance *appliance);
struct adit_reassembly_params app_fragment_params(const struct adit_config *config);
/* Buffers of the pool, with so many ports. */
unsigned app_pool_buffers(const struct adit_config *config, size_t ports);

/* What reading packets and names takes: ports, contexts, the public suffix list. A part of
 * appliance_load; by itself, for captures without a pipeline, where appliance->suffixes is the
 * caller's to destroy. Returns 0 or -errno. */
int app_reading_load(
	struct appliance *appliance, const struct adit_config *config, struct adit_error *error);
/* Loads lists and patterns, checks everything that can be wrong in the configuration. Before EAL:
 * nothing is started when this fails. Returns 0 or -errno. */
int appliance_load(
	struct appliance *appliance, const struct adit_config *config, struct adit_error *error);
/* The same beside `before`, which is in force: patterns keep the places that they have there
 * (`rested`: of those of before, ones that may be given away; adit_pattern.h), and models that were
 * learned, below the folder of that name, are read too. Any thread; appliance_unload frees it. */
int appliance_load_after(struct appliance *appliance, const struct adit_config *config,
	const struct appliance *before, uint32_t rested, const char *learned,
	struct adit_error *error);
/* Frees what was loaded. */
void appliance_unload(struct appliance *appliance);
/* Makes pools, rings, windows, pipelines and the scorer. After EAL. */
int appliance_create(struct appliance *appliance, struct adit_error *error);
void appliance_destroy(struct appliance *appliance);

/* Says to each lcore what it does between empty polls, when queues are dealt: the launch does it
 * too. */
void appliance_idle_set(struct appliance *appliance);
/* Launches worker, scorer and spreader on their lcores; and waits for all of them. */
int appliance_launch(struct appliance *appliance, struct adit_error *error);
void appliance_join(struct appliance *appliance);

/* Where the scorer's findings go. */
void app_scorer_sinks(struct appliance *appliance, struct adit_score_params *params);

/* lcore mains; `argument` is the struct of the lcore. */
int app_worker_main(void *argument);
int app_spreader_main(void *argument);
int app_scorer_main(void *argument);

/* eal.c: starts EAL with what the program needs and what the user gave. `verbose`: its messages go
 * to standard error; else they are only shown when the start fails. */
struct app_eal_params {
	const char *command; /* for messages */
	bool live, verbose;
	bool hugepages;                     /* not live: use them where memory_mb are free */
	unsigned lcores;                    /* needed, the main one included */
	size_t memory_mb;                   /* without hugepages */
	const struct adit_list *configured; /* eal.arguments */
	char **given;                       /* after -- */
	int given_count;
};
int app_eal_init(const struct app_eal_params *params, struct adit_error *error);
void app_eal_cleanup(void);
/* What DPDK says goes to standard error up to a level (RTE_LOG_DEBUG: all); 0: nothing does. */
void app_eal_log(uint32_t level);
/* What stands behind "--" is EAL's: gives the number of arguments before it. */
int app_eal_split(int argc, char **argv, char ***eal, int *eal_count);
unsigned app_cpu_count(void);

/* Where data files stand: as configured, beside the program in the source tree, or where they were
 * installed. */
void app_data_directory(const char *configured, const char *name, char path[PATH_MAX]);

/* models.c: the models of detect.models, or those that came with the program; and those below the
 * folder `learned`, if it is not "". 0 or -errno. Any thread. */
int app_models_load(const struct adit_config *config, const char *learned,
	struct adit_judges **judges, struct adit_error *error);

/* The model of a folder, or the models of all folders in a directory; none is an error. 0 or
 * -errno. Any thread. */
int app_models_read_from(
	const char *directory, struct adit_judges **judges, struct adit_error *error);

/* The tap that a device of port.devices belongs to. */
uint8_t app_tap_of_device(const struct appliance *appliance, size_t device);

/* port.c: ports of adit run, and the ring ports behind which a spreader stands. */
int app_ports_open(struct appliance *appliance, struct adit_error *error);
int app_ports_start(struct appliance *appliance, struct adit_error *error);
void app_ports_close(struct appliance *appliance);
int app_ring_ports_open(struct appliance *appliance, struct adit_error *error);
/* A port whose queues are these rings; the pool is for the looks of it. One lcore polls all of
 * them: the driver's counts of neighbouring queues share a cache line. Closing one that was never
 * made (RTE_MAX_ETHPORTS) does nothing. */
int app_ring_port_make(const char *name, struct rte_ring *const *rings, uint16_t count,
	struct rte_mempool *pool, uint16_t *port, struct adit_error *error);
void app_ring_port_close(uint16_t *port);

/* selfcheck.c: whether a subscriber's packets meet on one worker, from what the pipelines saw.
 * Called again and again by the management thread while lcores run (`elapsed_ns` since they
 * started), and with `ended` after; prints a line once there is something to say. */
void app_selfcheck(struct appliance *appliance, uint64_t elapsed_ns, bool ended);

/* Current time, ns since the Unix epoch. */
uint64_t app_now_ns(void);
/* The same, or what stands at `other`. The clock is read all the same: it is a part of a poll. */
static inline uint64_t app_time_ns(const uint64_t *other)
{
	uint64_t now = app_now_ns();

	return other == NULL ? now : *other;
}

/* A frame over an mbuf's bytes; one of several segments is copied to `linear`. */
bool app_frame_of(const struct appliance *appliance, struct rte_mbuf *mbuf, uint8_t *linear,
	struct adit_frame *frame);
/* A first look at a burst, of 1 to ADIT_BURST_MAX. */
void app_glance(const struct adit_ports *ports, struct rte_mbuf *const *mbufs, uint16_t count,
	struct adit_glance *glance);

/* Reassembly for a thread that decodes; NULL: the C library's memory. */
int app_intake_create(struct appliance *appliance, struct adit_intake *intake,
	const struct adit_allocator *allocator, struct adit_error *error);

#endif
