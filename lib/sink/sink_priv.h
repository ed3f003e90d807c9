/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What kinds of sinks have in common: the record, the queue, and the steps of the thread.
 */
#ifndef SINK_PRIV_H
#define SINK_PRIV_H

#include "adit_dns.h"
#include "adit_sink.h"

#include <stdatomic.h>
#include <stdio.h>

#define ADIT_SINK_BATCH   256
#define ADIT_SINK_REASONS 3

/* A record as it waits: its line, and what filters and other formats need. Shared by the sinks that
 * tell the same, freed by the last; nobody changes it. */
struct adit_event {
	atomic_uint users;
	uint64_t id, time_ns, window_start_ns, window_end_ns;
	enum adit_verdict_state state;
	enum adit_verdict_class verdict;
	uint32_t score, subscribers_total;
	uint64_t queries, unique_names, bytes_up, bytes_down;
	struct adit_wire_name domain;
	const char *tool; /* static, or NULL */
	size_t reason_count;
	struct adit_reason reason[ADIT_SINK_REASONS];
	char server[48], subscriber[48]; /* the heaviest; "": none */
	size_t size;                     /* of the line, with its newline */
	char line[];                     /* and a NUL */
};

/* NULL: no memory. `whole`: with subscribers. */
struct adit_event *adit_event_make(
	const struct adit_verdict *verdict, const struct adit_privacy *privacy, bool whole);
void adit_event_release(struct adit_event *event);
/* Domain or server, as text. */
void adit_event_subject(const struct adit_event *event, char text[ADIT_NAME_TEXT_MAX]);

struct adit_sink;

/* A kind of sink. All but `open` and `close` run on the sink's thread. */
struct adit_sink_ops {
	const char *type;
	/* Makes sink->state. -errno: `close` is called all the same. */
	int (*open)(struct adit_sink *sink, struct adit_error *error);
	/* Takes the first of `count` records; says in `done` how many of them it is through with,
	 * having counted each. -errno: the others are offered again later. */
	int (*write)(struct adit_sink *sink, struct adit_event *const *events, size_t count,
		size_t *done, struct adit_error *error);
	/* What is due by time, at least every `tick_ms`; NULL: nothing. */
	int (*tick)(struct adit_sink *sink, struct adit_error *error);
	int tick_ms;
	/* Records that it is not through with, beside those in the queue; NULL: none. */
	size_t (*pending)(struct adit_sink *sink);
	/* The last call on the thread: what is pending is counted as dropped now; NULL: not needed.
	 */
	void (*end)(struct adit_sink *sink);
	void (*close)(struct adit_sink *sink);
};

extern const struct adit_sink_ops adit_sink_jsonl, adit_sink_syslog, adit_sink_rpz, adit_sink_kafka,
	adit_sink_webhook;

struct adit_sink_filter {
	struct adit_wire_name *only, *never; /* lower case */
	size_t only_count, never_count;
};

struct adit_sink {
	struct adit_sink_params params;
	const struct adit_sink_ops *ops;
	const struct adit_sink_host *host;
	void *state; /* of the kind */
	struct adit_privacy *privacy;
	struct adit_sink_filter filter;
	int wake; /* eventfd */
	pthread_t thread;
	bool started;
	atomic_uint_least64_t deadline_ns; /* monotonic; UINT64_MAX: it goes on */
	atomic_uint rotate_asked, rotate_done;

	pthread_mutex_t lock; /* over what follows */
	struct adit_event **ring;
	size_t head, queued;
	struct adit_sink_status status;
	char message[512];   /* "": none */
	uint64_t refused_ns; /* when a refusal was last told; 0: never */
	uint64_t told_ns;    /* when it was last told that it fails; 0: never */
	bool told_failing;   /* and that it works again is not told yet */
	bool dropping;       /* since the queue was last empty */
	struct adit_wire_name *muted;
	size_t muted_count;
	bool muted_new; /* the zone has not been looked through for them */

	/* The thread's own. */
	struct adit_event *held[ADIT_SINK_BATCH];
	size_t held_count;
	uint64_t retry_ns, backoff_ms;
	bool ending;
};

/* sink.c. Opens a sink; to be closed whatever the outcome. */
int adit_sink_open(struct adit_sink *sink, const struct adit_sink_params *params,
	const struct adit_sink_host *host, struct adit_error *error);
void adit_sink_close(struct adit_sink *sink);
/* Counts what waits as dropped, once there is no thread. */
void adit_sink_empty(struct adit_sink *sink);
/* Takes the record over, or drops one. */
void adit_sink_push(struct adit_sink *sink, struct adit_event *event);
/* What the thread does over and over: milliseconds until the next time, or -1: it is over. */
int adit_sink_step(struct adit_sink *sink);
/* Waits at most so long, or until something new is there. */
void adit_sink_wait(struct adit_sink *sink, int most_ms);
/* No more than this until the end's deadline; 0: it has come. For whatever blocks, often enough. */
int adit_sink_patience(const struct adit_sink *sink, int most_ms);
void adit_sink_stop(struct adit_sink *sink);
/* Something is there for it: it need not wait for the next record. */
void adit_sink_wake(struct adit_sink *sink);

/* For kinds, on any thread: counts, and remembers an error. */
enum adit_sink_end { ADIT_SINK_WRITTEN, ADIT_SINK_DROPPED, ADIT_SINK_FAILED };
void adit_sink_count(struct adit_sink *sink, enum adit_sink_end end, size_t count);
void adit_sink_note(struct adit_sink *sink, const char *error);
/* Counts records that are refused for good, and tells why, once a minute at most. */
void adit_sink_refuse(struct adit_sink *sink, size_t count, const char *why);
void adit_sink_tell(struct adit_sink *sink, const char *format, ...) ADIT_PRINTF(2, 3);

/* filter.c */
int adit_filter_make(struct adit_sink_filter *filter, const struct adit_sink_params *params,
	struct adit_error *error);
void adit_filter_clear(struct adit_sink_filter *filter);
/* Whether `domain` is one of these names or below one. */
bool adit_filter_is_below(
	const struct adit_wire_name *domain, const struct adit_wire_name *names, size_t count);
bool adit_filter_passes(const struct adit_sink_filter *filter,
	const struct adit_sink_params *params, const struct adit_verdict *verdict);

/* message.c: RFC 5424 and CEF. Returns the size, without a NUL; what has no room is -EMSGSIZE. */
int adit_syslog_message(const struct adit_sink *sink, const struct adit_event *event,
	const char *host, char *text, size_t room);
int adit_cef_message(const struct adit_event *event, const char *version, char *text, size_t room);

/* rpz_zone.c: the zone, its entries in the order of their names. */
struct adit_rpz_entry {
	struct adit_wire_name domain; /* lower case */
	uint32_t score;
	uint64_t seen_s; /* last record, since the Unix epoch */
};
struct adit_rpz {
	struct adit_rpz_entry **entry;
	size_t count, room;
	uint32_t serial; /* of the zone in the file; 0: none so far */
};
/* The entry of this domain, made where there is none; NULL: no memory. */
struct adit_rpz_entry *adit_rpz_take(struct adit_rpz *rpz, const struct adit_wire_name *domain);
void adit_rpz_remove(struct adit_rpz *rpz, size_t place);
void adit_rpz_clear(struct adit_rpz *rpz);
/* Reads back what adit_rpz_write wrote. 0, -ENOENT, -errno; -EINVAL names the line. */
int adit_rpz_read(struct adit_rpz *rpz, const char *path, struct adit_error *error);
/* Writes the zone with this serial, whole or not at all. 0 or -errno. */
int adit_rpz_write(const struct adit_rpz *rpz, const struct adit_sink_params *params,
	uint32_t serial, struct adit_error *error);

#endif
