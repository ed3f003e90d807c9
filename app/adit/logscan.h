/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit logscan: what its parts share. Logs are read three times: for the notebook's chain, for what
 * ranked domains look like and the labelled logs, and, in order of time, for the detectors.
 */
#ifndef ADIT_APP_LOGSCAN_H
#define ADIT_APP_LOGSCAN_H

#include "arguments.h"
#include "identity.h"
#include "logfile.h"
#include "logmessage.h"
#include "offline.h"

#include "adit_logscan.h"

#define APP_LOGS_MAX 1024

/* What a log does not tell; a feature that would show it is absent. */
enum app_log_lack {
	APP_LACK_CLIENT = 1 << 0,    /* the subscriber */
	APP_LACK_PORT = 1 << 1,      /* its port */
	APP_LACK_ID = 1 << 2,        /* transaction IDs */
	APP_LACK_CLOCK = 1 << 3,     /* parts of a second */
	APP_LACK_DURATION = 1 << 4,  /* how long an answer took */
	APP_LACK_RESPONSES = 1 << 5, /* whether there was an answer */
	APP_LACK_RCODE = 1 << 6,
	APP_LACK_ANSWERS = 1 << 7, /* what was answered */
	APP_LACK_RDATA = 1 << 8,   /* octets of some answers */
	APP_LACK_TTL = 1 << 9,
	APP_LACK_WIRE = 1 << 10, /* sizes of messages, EDNS */
	APP_LACK_SETS = 1 << 11, /* a row is a record, and not all of an answer */
	APP_LACK_ALL = (1 << 12) - 1
};

/* A log, and what was seen in it. */
struct app_log {
	const char *path;
	struct app_logfile *file;
	struct adit_log_reader *reader;
	enum adit_log_format format;
	bool is_lines;      /* not dnstap */
	size_t first_row;   /* of all rows */
	uint64_t header_at; /* where its header stands; UINT64_MAX: it has none */
	uint64_t lines, rows, other;
	uint64_t malformed[ADIT_LOG_CAUSES];
	uint64_t kinds[3]; /* rows by enum adit_log_kind */
	uint64_t fine, clients, ports, ids, servers, took, told, wires;
	uint64_t responses, rcodes; /* rows that tell of one; of them, those that tell its rcode */
	uint64_t answers, known_answers, ttls;
	bool damaged; /* not read to its end */
	char damage[512];
	unsigned lacks; /* enum app_log_lack */
};

struct app_logscan {
	/* options */
	const char *out, *format, *columns, *services, *zone, *config_path;
	struct app_texts sets;
	bool exact, no_detectors, features, verbose;
	uint64_t domains, year, explain;
	double malformed_most;
	/* */
	struct adit_config config;
	struct appliance appliance;
	struct app_identity identity; /* and pseudonyms */
	struct adit_allow *known;     /* services */
	char (*known_names)[ADIT_NAME_TEXT_MAX];
	size_t known_count;
	struct adit_logscan *scan;
	struct app_log *logs;
	size_t log_count;
	uint64_t done, total; /* bytes, for the progress bar */
	uint64_t told;        /* malformed lines that were shown */
	uint64_t start_ns;
	unsigned lacks; /* of any log */
	bool absent[ADIT_FEATURE_COUNT];
	uint64_t unjudged; /* rows that no message could be made of */
	uint64_t marked, other_marked, differing, dropped;
	struct app_offline offline;
	struct adit_verdict_board *board;
	FILE *verdicts, *windows;
	struct app_logged *logged; /* by rank */
	bool interrupted;          /* and so a part of the logs */
	bool problem;              /* an output failed, or a log was not read to its end */
	struct adit_error error;   /* the first such */
};

/* What became of a ranked domain. */
struct app_logged {
	const char *service; /* why it is known; NULL: it is not */
	enum adit_verdict_class verdict;
	uint32_t score; /* 0: none */
	size_t reason_count;
	struct adit_reason reason[ADIT_VERDICT_REASONS]; /* of the log's own */
};

/* Where a row stands: log, kind, and offset of the line or payload. */
#define APP_ROW_OFFSET_BITS 52
static inline uint64_t app_row_at(size_t log, enum adit_log_kind kind, uint64_t offset)
{
	return (uint64_t)log << (APP_ROW_OFFSET_BITS + 2) | (uint64_t)kind << APP_ROW_OFFSET_BITS |
	       offset;
}
static inline size_t app_row_log(uint64_t at)
{
	return (size_t)(at >> (APP_ROW_OFFSET_BITS + 2));
}
static inline enum adit_log_kind app_row_kind(uint64_t at)
{
	return (enum adit_log_kind)(at >> APP_ROW_OFFSET_BITS & 3);
}
static inline uint64_t app_row_offset(uint64_t at)
{
	return at & ((UINT64_C(1) << APP_ROW_OFFSET_BITS) - 1);
}

/* Notes the first thing that went wrong; the run goes on. */
void app_logscan_note(struct app_logscan *it, const struct adit_error *error);
/* Whether an interrupt asks for an end; what was found so far is still told, as a part: `what` says
 * of what. Cheap. */
bool app_logscan_stops(struct app_logscan *it, const char *what);
/* Progress over all logs: `what` is shown, `done` bytes of the log at hand beside those before. */
void app_logscan_progress(struct app_logscan *it, const char *what, uint64_t done);

/* logscan_read.c: all logs into rows. 0, or -errno where nothing can be done. */
int app_logscan_open(struct app_logscan *it, char **paths, size_t count, struct adit_error *error);
int app_logscan_read(struct app_logscan *it, struct adit_error *error);
/* A row once more; false: the log has changed meanwhile. */
bool app_logscan_again(struct app_logscan *it, const struct adit_logscan_kept *row,
	struct adit_log_record *record);
/* The name of a record; false: it is none. */
bool app_logscan_name(const struct adit_log_record *record, struct adit_name *name);
/* Whether it says that there was a response. */
bool app_logscan_answered(const struct adit_log_record *record);
uint64_t app_log_malformed(const struct app_log *log);

/* logscan_lacks.c: what the logs do not tell, and which features that takes away. */
void app_logscan_lack(struct app_logscan *it);
/* Prints it in words. */
void app_logscan_lack_tell(const struct app_logscan *it, FILE *to);

/* logscan_domains.c: which domains are known services; what is observed of ranked ones, row by row,
 * between begin and end; reasons; domains.csv. */
int app_logscan_services(struct app_logscan *it, struct adit_error *error);
int app_logscan_domains_begin(struct app_logscan *it, struct adit_error *error);
void app_logscan_observe(const struct app_logscan *it, struct adit_logscan_domain *domain,
	const struct adit_log_record *record);
void app_logscan_domains_end(struct app_logscan *it);
void app_logscan_domains_write(struct app_logscan *it);
/* Whether `--exact` drops a row: its host name has a service's name in it. */
bool app_logscan_drops(const struct app_logscan *it, struct adit_log_span name);

/* logscan_label.c: the second reading, which observes and counts, and writes the labelled logs to
 * the folder --out. 0, or -EIO where a log has changed. */
int app_logscan_label(struct app_logscan *it, struct adit_error *error);

/* logscan_judge.c: messages through the detectors; verdicts of both. */
int app_logscan_judge(struct app_logscan *it, struct adit_error *error);

/* logscan_report.c: stats.json, and the summary with the table. Returns 0, or -EIO. */
int app_logscan_report(struct app_logscan *it);
FILE *app_logscan_file(struct app_logscan *it, const char *name);

#endif
