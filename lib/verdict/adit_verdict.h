/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The verdict record and what writes it: JSON Lines (schema "adit.verdict/1"), the table a person
 * reads, the features and the encrypted DNS of subscribers as CSV, and the statistics document
 * ("adit.stats/1"). One field table makes the JSON object and its documentation. Management thread
 * only; the only user of jansson.
 *
 * A verdict is one story: it is opened when a tunnel is found, updated when it grows or becomes
 * clearer, and closed when it has been idle for long enough or the input ends. All records of a
 * story carry the same id; counters are of the story so far.
 */
#ifndef ADIT_VERDICT_H
#define ADIT_VERDICT_H

#include "adit_base.h"
#include "adit_identity.h"
#include "adit_privacy.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_VERDICT_SCHEMA "adit.verdict/1"
#define ADIT_STATS_SCHEMA   "adit.stats/1"

enum adit_verdict_state { ADIT_STATE_OPEN, ADIT_STATE_UPDATE, ADIT_STATE_CLOSED };
enum adit_verdict_class { ADIT_VERDICT_SUSPECT, ADIT_VERDICT_TUNNEL };

/* Why: a feature's value beside the threshold it passed. `name` is a static string. In a verdict
 * the strongest reason comes first. */
struct adit_reason {
	const char *name;
	double value, threshold;
};

/* Where a subscriber was seen in the network, and when: a new one begins with every handover. */
struct adit_verdict_bearer {
	struct adit_address outer;      /* radio-side GTP-U peer */
	struct adit_address outer_core; /* core-side GTP-U peer */
	bool has_teid_uplink, has_teid_downlink;
	uint32_t teid_uplink, teid_downlink;
	uint64_t first_ns, last_ns; /* since the Unix epoch; last is inclusive */
};

/* Encrypted DNS of a subscriber since the story opened, as far as it is remembered: how much there
 * is that nobody can look into. Packets and bytes of both directions, IP headers included. */
enum adit_encrypted {
	ADIT_ENCRYPTED_DOT,
	ADIT_ENCRYPTED_DOQ,
	ADIT_ENCRYPTED_DOH,
	ADIT_ENCRYPTED_COUNT
};

/* Who: a subscriber and what it exchanged with the domain or server since the story opened. */
#define ADIT_VERDICT_BEARERS 4
struct adit_verdict_subscriber {
	struct adit_address address;
	uint8_t tap;
	const char *tap_name;      /* static string, or NULL */
	uint16_t vlan, vlan_inner; /* VLAN identifiers; 0: none */
	size_t bearer_count;       /* newest last; 0: not in GTP-U */
	struct adit_verdict_bearer bearer[ADIT_VERDICT_BEARERS];
	uint32_t handovers;                     /* bearers begun after the first */
	uint64_t queries, bytes_up, bytes_down; /* bytes of DNS messages */
	uint64_t encrypted_packets[ADIT_ENCRYPTED_COUNT], encrypted_bytes[ADIT_ENCRYPTED_COUNT];
	struct adit_identity identity; /* empty strings: not known */
};

#define ADIT_VERDICT_REASONS     8
#define ADIT_VERDICT_SUBSCRIBERS 64
#define ADIT_VERDICT_SAMPLES     3

/* A name in wire format, root label included; size 0: none. */
struct adit_wire_name {
	uint8_t size;
	uint8_t wire[255];
};

struct adit_mute;

struct adit_verdict {
	uint64_t id; /* 16 hex digits in the output */
	enum adit_verdict_state state;
	enum adit_verdict_class verdict;
	uint64_t time_ns; /* since the Unix epoch: when the record could be written */
	uint64_t window_start_ns, window_end_ns; /* of what it counts; end is exclusive */
	struct adit_wire_name domain;            /* registrable domain, lower case; size 0: null */
	bool has_server;
	struct adit_address server; /* where the verdict is about a server address */
	uint32_t score;             /* 0..100 */
	const char *tool;           /* static string, or NULL */
	size_t reason_count;
	struct adit_reason reason[ADIT_VERDICT_REASONS];
	uint32_t subscribers_total; /* known to use it; the list may be shorter */
	size_t subscriber_count;    /* heaviest first */
	struct adit_verdict_subscriber subscriber[ADIT_VERDICT_SUBSCRIBERS];
	uint64_t queries, responses, unique_names;
	uint64_t bytes_up, bytes_down;             /* bytes of DNS messages */
	uint64_t information_up, information_down; /* estimate of bytes carried */
	size_t sample_count;
	struct adit_wire_name sample[ADIT_VERDICT_SAMPLES]; /* raw case */
	/* The mute in force for its domain (adit_mute.h), good while the record is told; NULL: none
	 */
	const struct adit_mute *muted;
};

/*
 * One JSON object and a newline, and a flush, so that an interrupted run keeps what it found.
 * Keys in the order of the field table; the same record always gives the same bytes. Returns 0 or
 * -errno (a full disk: -ENOSPC). Lists longer than their room are cut to it; a real number that
 * is not finite becomes null. With `privacy` (NULL: off, here and below) pseudonyms stand in place
 * of addresses and identities, and sample names that spell an address (under in-addr.arpa and
 * ip6.arpa) are left out.
 */
int adit_verdict_write_json(
	const struct adit_verdict *verdict, const struct adit_privacy *privacy, FILE *to);

/* The same verdict without its subscribers; sample names that spell an address are left out too.
 * The number of subscribers stays. */
void adit_verdict_bare(struct adit_verdict *bare, const struct adit_verdict *verdict);

/* The JSON Schema (draft 2020-12) of the object. Returns 0 or -errno. */
int adit_verdict_write_schema(FILE *to);

/* The fields of the JSON object, for the reference page: Markdown table. Returns 0 or -errno. */
int adit_verdict_write_reference(FILE *to);

/*
 * Collects what a person is shown at the end: the last record of each story. Sorted by class,
 * score, queries, id when drawn. Memory: about 450 bytes per story. When the board is full, the
 * weaker half leaves it and stays counted; a story that comes back after that counts twice.
 */
#define ADIT_VERDICT_BOARD_MAX 65536
struct adit_verdict_board;
struct adit_verdict_board *adit_verdict_board_create(void);
void adit_verdict_board_destroy(struct adit_verdict_board *board);
/* Returns 0, or -ENOMEM (the board stays as it was). */
int adit_verdict_board_add(struct adit_verdict_board *board, const struct adit_verdict *verdict);
size_t adit_verdict_board_count(
	const struct adit_verdict_board *board, enum adit_verdict_class verdict);
/* Draws the table, at most `width` columns wide but never narrower than 40 (names are shortened in
 * the middle, never the registrable domain's end); `colour`: ANSI colours; `rows` at most, then
 * "and N more". Where a story does not fit into one line, it takes two or three. ASCII only.
 * Nothing found: says so in a line. Returns 0, -ENOMEM or -errno of the file. */
int adit_verdict_board_draw(const struct adit_verdict_board *board,
	const struct adit_privacy *privacy, FILE *to, unsigned width, bool colour, size_t rows);

/* What the table says of a reason with this name; NULL: it has no words. Any thread. */
const char *adit_verdict_reason_words(const char *name);

/* A judged key in a window with its features, for windows.csv. */
#define ADIT_FEATURE_MAX 96
struct adit_feature_row {
	uint64_t window_start_ns, window_end_ns;
	const char *span; /* "slice", "10min", "hour", "day", within a slice "look"; sessions: "" */
	const char *kind; /* "domain", "subscriber_domain", "subscriber_server", "session" */
	struct adit_wire_name domain; /* size 0: none */
	bool has_subscriber, has_server;
	struct adit_address subscriber, server;
	uint8_t tap;   /* of the subscriber */
	uint16_t vlan; /* VLAN identifier of the subscriber; 0: none */
	uint32_t score;
	bool left_out; /* too little, or of a kind that says nothing: no model is asked */
	double value[ADIT_FEATURE_MAX];
};
/* Header and lines of the CSV (RFC 4180): window_start, window_end, span, kind, domain, subscriber,
 * server, score, tap, vlan, then the features in order. Integers without fraction, others with 9
 * significant digits (as many as single precision has, in which trees compare), an empty cell for
 * what is not finite. Lines end in LF. Names are identifiers; `count` is at most ADIT_FEATURE_MAX.
 * Nothing is flushed here: the last error shows when the caller flushes or closes. Return 0 or
 * -errno. */
int adit_feature_write_header(const char *const *names, size_t count, FILE *to);
int adit_feature_write_row(const struct adit_feature_row *row, size_t count,
	const struct adit_privacy *privacy, FILE *to);

/* The encrypted DNS of a subscriber in a window: what nobody can look into. Packets and bytes as in
 * the verdict, from (up) and to (down) the subscriber, by enum adit_encrypted. */
struct adit_encrypted_count {
	uint64_t packets_up, packets_down, bytes_up, bytes_down;
};
struct adit_encrypted_row {
	uint64_t window_start_ns, window_end_ns;
	struct adit_address subscriber;
	uint8_t tap;
	const char *tap_name;      /* or NULL */
	uint16_t vlan, vlan_inner; /* 0: none */
	struct adit_encrypted_count count[ADIT_ENCRYPTED_COUNT];
	struct adit_address resolver; /* the first one seen */
};
/* Header and lines of encrypted.csv, in the manner of the features: window_start, window_end,
 * subscriber, tap, tap_name, vlan, vlan_inner, packets_up, bytes_up, packets_down and bytes_down of
 * each of dot, doq and doh, resolver. Nothing is flushed. Return 0 or -errno. */
int adit_encrypted_write_header(FILE *to);
int adit_encrypted_write_row(
	const struct adit_encrypted_row *row, const struct adit_privacy *privacy, FILE *to);

/* A domain of a log, and what was counted of it (docs/logscan.md): NaN is what the log does not
 * tell, and stays empty. `service` is the reason why it is known, or NULL; score 0: no verdict. */
struct adit_logged_row {
	const char *domain; /* as the log spells it; not ended by NUL */
	size_t domain_size;
	uint64_t rank, rows, rows_not_a, hits, marked, marked_other_way, differing, cycles;
	uint64_t first_ns, last_ns; /* of what is marked */
	double servers, networks, names, clients, digit_share, bigram, non_word_share;
	const char *service;
	enum adit_verdict_class verdict;
	uint32_t score;
	size_t reason_count;
	const struct adit_reason *reason;
};
/* Header and lines of domains.csv, in the manner of the features. Return 0 or -errno. */
int adit_logged_write_header(FILE *to);
int adit_logged_write_row(const struct adit_logged_row *row, FILE *to);

/* Statistics of a run. Names are static strings; a group is a JSON object of counters. */
struct adit_stats_counter {
	const char *name;
	uint64_t value;
};
/* `errors` of a queue: dropped there, where the port tells by queue. */
struct adit_stats_queue {
	uint64_t packets, errors;
};
struct adit_stats_port {
	uint32_t port;
	const char *device, *driver;
	uint64_t received, missed, no_buffer, errors;
	const struct adit_stats_queue *queues; /* by number */
	size_t queue_count;
};
struct adit_stats_worker {
	uint64_t packets, queue_full;
};
struct adit_stats_group {
	const char *name;
	const struct adit_stats_counter *counters;
	size_t count;
};
struct adit_stats {
	uint64_t received;
	const struct adit_stats_counter *outcomes;
	size_t outcome_count;
	const struct adit_stats_counter *drops; /* by cause */
	size_t drop_count;
	const struct adit_stats_port *ports;
	size_t port_count;
	const struct adit_stats_worker *workers; /* by number */
	size_t worker_count;
	/* Whether a subscriber's packets meet on one worker: subscribers looked at, and how many of
	 * them several workers saw. */
	bool selfchecked;
	uint64_t selfcheck_subscribers, selfcheck_split;
	/* Objects of counters at the top level, by subject: dns, fragments, tables and so on. */
	const struct adit_stats_group *groups;
	size_t group_count;
	double elapsed_s;
	bool complete;       /* every input was read to its end */
	const char *problem; /* what went wrong, or NULL */
};
/* Writes the document (indented JSON) and flushes: schema, complete, problem,
 * packets.{received,outcomes}, drops,
 * ports[].{port,device,driver,received,missed,no_buffer,errors,queues[].{queue,packets,errors}},
 * workers[].{worker,packets,queue_full}, selfcheck.{subscribers,split} (null where there was none),
 * the groups in their order, elapsed_s, packets_per_second (an integer; 0 where no time passed).
 * Returns 0 or -errno.
 */
int adit_stats_write_json(const struct adit_stats *stats, FILE *to);

/* RFC 3339 text in UTC with as many fraction digits as needed, none for whole seconds:
 * "2026-11-22T07:19:42Z", "2026-11-22T07:19:42.25Z". */
void adit_time_text(uint64_t ns, char text[40]);
/* "999", "1.2 M", "41 kB": rounded down to what can be read at a glance. */
void adit_count_text(uint64_t value, bool bytes, char text[24]);
/* Text of an address (RFC 5952 for IPv6). */
void adit_address_text(const struct adit_address *address, char text[48]);

#ifdef __cplusplus
}
#endif
#endif
