/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sinks: where verdicts go beside verdicts.jsonl. Any number, each with a filter, a bounded queue,
 * counters and a thread of its own, so that one that is slow, full or dead delays neither another
 * nor who offers. docs/sinks.md tells what each promises.
 *
 * Threads. adit_sinks_offer is called by one thread; it never waits for a sink. Status and messages
 * may be asked for by any thread. What a sink writes to is touched by its own thread alone, once it
 * has started. The only user of librdkafka.
 *
 * Every record that passed a sink's filter ends in one counter: offered = written + dropped +
 * failed + queued.
 */
#ifndef ADIT_SINK_H
#define ADIT_SINK_H

#include "adit_base.h"
#include "adit_privacy.h"
#include "adit_verdict.h"

#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_SINKS_MAX 16

enum adit_sink_type {
	ADIT_SINK_JSONL,
	ADIT_SINK_SYSLOG,
	ADIT_SINK_RPZ,
	ADIT_SINK_KAFKA,
	ADIT_SINK_WEBHOOK
};
enum adit_sink_subscribers {
	ADIT_SINK_FULL,       /* as in verdicts.jsonl */
	ADIT_SINK_PSEUDONYMS, /* by a key of the sink's own */
	ADIT_SINK_NONE        /* left out */
};
enum adit_sink_fsync { ADIT_FSYNC_NEVER, ADIT_FSYNC_EACH, ADIT_FSYNC_INTERVAL };
enum adit_sink_transport { ADIT_SYSLOG_UDP, ADIT_SYSLOG_TCP, ADIT_SYSLOG_UNIX };
/* What a resolver does with a name of the zone (draft-vixie-dnsop-dns-rpz). */
enum adit_rpz_action { ADIT_RPZ_NXDOMAIN, ADIT_RPZ_NODATA, ADIT_RPZ_DROP, ADIT_RPZ_PASSTHRU };

/* Strings; they outlive the sinks, as all below. */
struct adit_sink_strings {
	char *const *item;
	size_t count;
};

struct adit_sink_params {
	enum adit_sink_type type;
	const char *name; /* for messages and counters; no two are alike */

	/* The filter. Bits 1 << enum adit_verdict_class, 1 << enum adit_verdict_state. Domains
	 * match themselves and what is below; `only` empty: all. */
	uint32_t least_score;
	unsigned verdicts, states;
	struct adit_sink_strings only, never;
	bool muted; /* records of muted domains too; of a zone never */

	enum adit_sink_subscribers subscribers;
	const char *key_file; /* of pseudonyms */
	enum adit_privacy_mode privacy;
	size_t bytes_most; /* of a record: what is longer is told without subscribers; 0: any */

	size_t queue;       /* records that may wait */
	bool drop_oldest;   /* when more would; else the newest */
	uint32_t linger_ms; /* at the end, for what waits */

	const char *path; /* of jsonl, rpz */

	uint64_t rotate_bytes,
		rotate_ns; /* 0: not; rotate_ns at multiples of it, since the epoch */
	unsigned keep;     /* files beside the one that is written */
	enum adit_sink_fsync fsync;
	uint64_t fsync_ns; /* of ADIT_FSYNC_INTERVAL */

	enum adit_sink_transport transport;
	const char *address; /* 192.0.2.1:514, [2001:db8::1]:514, or a path */
	bool cef;            /* in place of JSON */
	unsigned facility;   /* RFC 5424 section 6.2.1 */

	const char *zone;
	enum adit_rpz_action action;
	uint32_t ttl_s;
	uint64_t lifetime_ns; /* of an entry after its domain's last record */
	uint64_t interval_ns; /* least time between two zones */
	size_t entries;       /* most domains */

	struct adit_sink_strings brokers, properties; /* host:port; name=value of librdkafka */
	const char *topic;

	const char *url, *ca_file; /* or empty: the system's authorities */
	uint32_t timeout_ms;
	size_t batch;

	const char *secret_file; /* token of the webhook, password of Kafka's SASL; or empty */
};

/* What a sink needs of the program. */
struct adit_sink_host {
	uint64_t (*real_ns)(void);      /* since the Unix epoch */
	uint64_t (*monotonic_ns)(void); /* of a clock that is never set */
	/* Starts a thread, where it does not disturb lcores. 0 or -errno. */
	int (*start)(pthread_t *thread, const char *name, void *(*work)(void *), void *argument);
	const char *version; /* of the program */
};

struct adit_sink_status {
	const char *name, *type;
	uint64_t offered; /* passed the filter */
	uint64_t written; /* taken: by the disk as the fsync policy says, by the network or the
			     receiver */
	uint64_t dropped; /* the queue was full, or the end came before the sink took them */
	uint64_t failed;  /* refused for good */
	uint64_t retried; /* attempts that came to nothing */
	uint64_t queued;  /* wait or are on their way; a gauge */
	bool failing;     /* the last attempt came to nothing */
	char error[256];  /* of it, or of the last refusal; "": none so far */
};

struct adit_sinks;

/*
 * Opens all of them, without a thread: files are opened and read back, secrets are read; nothing is
 * connected to. Returns 0, or -errno with an error that names the sink and what would be right.
 */
int adit_sinks_create(struct adit_sinks **sinks, const struct adit_sink_params *params,
	size_t count, const struct adit_sink_host *host, struct adit_error *error);
int adit_sinks_start(struct adit_sinks *sinks, struct adit_error *error);

/* Gives the record to every sink whose filter lets it pass. `privacy` as for verdicts.jsonl. */
void adit_sinks_offer(struct adit_sinks *sinks, const struct adit_verdict *verdict,
	const struct adit_privacy *privacy);

/* Domains that are muted, all of them: those of before are no longer. What stands in a zone of
 * them, or of what is below them, goes at once, and does not come back from the queue. The names
 * are copied. 0 or -ENOMEM: then what was muted before is. The thread of adit_sinks_offer. */
int adit_sinks_mute(struct adit_sinks *sinks, const struct adit_wire_name *domains, size_t count);

/* Each sink that writes a file of lines begins a new one, however small that is; gives their
 * number. Those that have not done so yet, since the last call; `name` and `error` of the first. */
size_t adit_sinks_rotate(struct adit_sinks *sinks);
size_t adit_sinks_rotating(const struct adit_sinks *sinks, const char **name, char error[256]);

/* The end: each sink has its linger time for what waits, all at the same time; the rest is dropped.
 */
void adit_sinks_stop(struct adit_sinks *sinks);
/* NULL is allowed, here and below. Stops them before. */
void adit_sinks_destroy(struct adit_sinks *sinks);

/* What a sink has to tell a person: it fails, it works again, records are dropped. Each once, not
 * more than one a minute and sink. False: nothing. */
bool adit_sinks_message(struct adit_sinks *sinks, char text[512]);

size_t adit_sinks_count(const struct adit_sinks *sinks);
void adit_sinks_status(
	const struct adit_sinks *sinks, size_t number, struct adit_sink_status *status);

#ifdef __cplusplus
}
#endif
#endif
