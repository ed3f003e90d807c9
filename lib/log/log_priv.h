/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the readers of this library share.
 */
#ifndef LOG_PRIV_H
#define LOG_PRIV_H

#include "adit_log.h"

/* Columns of delimited text, and of Zeek's log. */
enum log_column {
	LOG_SKIP,
	LOG_TIMESTAMP,
	LOG_HOSTNAME,
	LOG_RECORD,
	LOG_TTL,
	LOG_DNS_IP, /* of the authoritative server */
	LOG_SERVER, /* of whatever server */
	LOG_ANS_IP,
	LOG_DOMAIN,
	LOG_CLIENT,
	LOG_PORT,
	LOG_RCODE,
	LOG_ID,
	LOG_COLUMNS
};

struct adit_log_reader {
	struct adit_log_params params;
	struct adit_allocator allocator;
	enum adit_log_cause cause;
	char why[256];
	bool is_begun;   /* the first line was read */
	bool has_header; /* and was one */
	char delimiter;
	size_t columns;                       /* that a line has; 0: not known yet */
	uint8_t column[ADIT_LOG_COLUMNS_MAX]; /* enum log_column, by place */
	bool has[LOG_COLUMNS];
	struct adit_log_span field[ADIT_LOG_COLUMNS_MAX];
	size_t zeek_at[16]; /* place of each of Zeek's fields + 1; 0: not there */
	char *room;         /* ADIT_LOG_LINE_MAX + 1: fields whose quoting was taken away */
	size_t used;
};

/* Says why a line is no record; gives MALFORMED. */
enum adit_log_status log_refuse(struct adit_log_reader *reader, enum adit_log_cause cause,
	const char *format, ...) ADIT_PRINTF(3, 4);

/* A span as an argument of "%.*s", not too long for a message. */
#define LOG_SHOW(span) (int)((span).size < 80 ? (span).size : 80), (span).at

static inline struct adit_log_span log_span(const char *at, const char *end)
{
	return (struct adit_log_span){at, (size_t)(end - at)};
}

bool log_is(struct adit_log_span span, const char *text); /* in any case of letters */

/* Each reads all of a span; false: it is none. */
bool log_number(struct adit_log_span span, uint64_t most, uint64_t *value);
bool log_address(struct adit_log_span span, struct adit_address *address);
/* "NOERROR" or "3". */
bool log_rcode(struct adit_log_span span, uint8_t *rcode);
/* Digits, with or without a point: nanoseconds of as many seconds. */
bool log_seconds(struct adit_log_span span, uint64_t *ns);

/* The next word, parted by spaces and tabs, from `*at` on, which moves on; size 0: none. */
struct adit_log_span log_word(const char **at, const char *end);

/* Takes a time stamp that is all of the span. False: refused. */
bool log_take_time(
	struct adit_log_reader *reader, struct adit_log_span span, struct adit_log_record *record);
/* Takes name and type; false: refused. */
bool log_take_question(struct adit_log_reader *reader, struct adit_log_span name,
	struct adit_log_span type, struct adit_log_record *record);
bool log_take_address(struct adit_log_reader *reader, struct adit_log_span span, const char *what,
	struct adit_address *address, bool *has);
void log_add_answer(struct adit_log_record *record, const struct adit_log_answer *answer);

/* The formats. */
int log_columns_set(struct adit_log_reader *reader, const char *columns, struct adit_error *error);
enum adit_log_status log_read_delimited(struct adit_log_reader *reader, const char *line,
	size_t size, struct adit_log_record *record);
/* Cuts a line into reader->field; gives their number, 0: refused. `quotes`: as of RFC 4180. */
size_t log_split(struct adit_log_reader *reader, const char *line, size_t size, bool quotes);
enum adit_log_status log_read_bind(struct adit_log_reader *reader, const char *line, size_t size,
	struct adit_log_record *record);
enum adit_log_status log_read_unbound(struct adit_log_reader *reader, const char *line, size_t size,
	struct adit_log_record *record);
enum adit_log_status log_read_dnstap(struct adit_log_reader *reader, const char *frame, size_t size,
	struct adit_log_record *record);
enum adit_log_status log_read_zeek_tsv(struct adit_log_reader *reader, const char *line,
	size_t size, struct adit_log_record *record);
enum adit_log_status log_read_zeek_json(struct adit_log_reader *reader, const char *line,
	size_t size, struct adit_log_record *record);
/* What one of Zeek's answers says, by its text. */
void log_zeek_answer(struct adit_log_span text, uint16_t qtype, struct adit_log_answer *answer);
/* The place of one of Zeek's fields among those that are read, or -1. */
int log_zeek_field(struct adit_log_span name);
enum {
	ZEEK_TS,
	ZEEK_CLIENT,
	ZEEK_PORT,
	ZEEK_SERVER,
	ZEEK_ID,
	ZEEK_RTT,
	ZEEK_QUERY,
	ZEEK_QTYPE,
	ZEEK_QTYPE_NAME,
	ZEEK_RCODE,
	ZEEK_RCODE_NAME,
	ZEEK_ANSWERS,
	ZEEK_TTLS,
	ZEEK_REJECTED,
	ZEEK_FIELDS
};
/* The fields but answers and TTLs, by their places; size 0: not set. */
enum adit_log_status log_zeek_take(struct adit_log_reader *reader,
	const struct adit_log_span field[ZEEK_FIELDS], struct adit_log_record *record);

#endif
