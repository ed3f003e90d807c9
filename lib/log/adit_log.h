/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lines and frames of DNS logs, as resolvers, authoritative servers and monitors write them, read
 * into one record: delimited text with the columns of a header or as named (tabs or commas), query
 * logs of BIND 9 and Unbound, dnstap messages (dnstap.pb), dns.log of Zeek as text and as JSON.
 *
 * A record holds what its line says and no more: what a log does not tell has no `has_` flag. Who
 * opens files, cuts them into lines and takes frames out of a stream is the caller.
 *
 * Memory: a reader has about 1 MB, for the longest line. Any thread, one at a time for a reader.
 */
#ifndef ADIT_LOG_H
#define ADIT_LOG_H

#include "adit_base.h"
#include "adit_dns.h"

#ifdef __cplusplus
extern "C" {
#endif

enum adit_log_format {
	ADIT_LOG_AUTO, /* told by the first line: adit_log_detect */
	ADIT_LOG_TSV,
	ADIT_LOG_CSV,
	ADIT_LOG_BIND,
	ADIT_LOG_UNBOUND,
	ADIT_LOG_DNSTAP,
	ADIT_LOG_ZEEK_TSV,
	ADIT_LOG_ZEEK_JSON,
	ADIT_LOG_FORMATS
};
/* "auto", "tsv", "csv", "bind", "unbound", "dnstap", "zeek-tsv", "zeek-json". */
extern const char *const adit_log_format_names[ADIT_LOG_FORMATS];

/* Bytes of a line without its end, and of a dnstap frame. */
#define ADIT_LOG_LINE_MAX    (1024 * 1024)
#define ADIT_LOG_COLUMNS_MAX 256
#define ADIT_LOG_ANSWERS_MAX 32

/* A text in the line, or in the reader's own room: valid until the next call. Not ended by NUL. */
struct adit_log_span {
	const char *at;
	size_t size;
};

/* A record of an answer. Of a type whose RDATA the log does not tell, only that there was one. */
struct adit_log_answer {
	uint16_t type;    /* 0: the log does not say */
	bool has_address; /* A and AAAA */
	bool has_ttl;
	uint32_t ttl; /* seconds */
	struct adit_address address;
	struct adit_log_span text; /* CNAME, NS, PTR: the name; TXT: the text; size 0: not told */
};

/* What a line stands for: the question, its answer, or a look-up with both in one. */
enum adit_log_kind { ADIT_LOG_QUERY, ADIT_LOG_RESPONSE, ADIT_LOG_LOOKUP };

struct adit_log_record {
	enum adit_log_kind kind;
	uint64_t ts_ns;       /* since the Unix epoch */
	uint64_t answered_ns; /* of a look-up, where the log tells how long it took; or ts_ns */
	bool is_fine;         /* the time stamp has a part of a second that is not 0 */
	struct adit_log_span name;   /* as the log spells it */
	struct adit_log_span type;   /* "TXT"; may be empty where `missing` was asked for */
	struct adit_log_span domain; /* the log's own registrable domain; size 0: it has none */
	uint16_t qtype;              /* 0: a type that no registry has, or none */
	bool has_client, has_port, has_server, has_id, has_rcode;
	bool server_answers; /* the server is authoritative, or asked as if it were */
	bool tells_answers;  /* the log says what was answered, if anything was */
	struct adit_address client, server;
	uint16_t port, id;
	uint8_t rcode;
	bool more_answers; /* than the record has room for */
	size_t answer_count;
	struct adit_log_answer answer[ADIT_LOG_ANSWERS_MAX];
	const uint8_t *wire; /* dnstap: the message itself; NULL: the log has none */
	size_t wire_size;
};

/* Why a line is no record. Malformed ones come first. */
enum adit_log_cause {
	ADIT_LOG_FIELDS,   /* too few or too many, or a quote that does not end */
	ADIT_LOG_TIME,     /* a time stamp that is none */
	ADIT_LOG_NAME,     /* a name that is none */
	ADIT_LOG_TYPE,     /* no record type */
	ADIT_LOG_ADDRESS,  /* an address that is none */
	ADIT_LOG_NUMBER,   /* a TTL, port or the like that is none */
	ADIT_LOG_SYNTAX,   /* not of the format */
	ADIT_LOG_TOO_LONG, /* longer than ADIT_LOG_LINE_MAX */
	ADIT_LOG_CAUSES
};
extern const char *const adit_log_cause_names[ADIT_LOG_CAUSES];

enum adit_log_status {
	ADIT_LOG_RECORD,
	ADIT_LOG_NOTHING,   /* an empty line, a header, a comment */
	ADIT_LOG_OTHER,     /* a line of the log that is about something else */
	ADIT_LOG_MALFORMED, /* reader->cause and ->why say what is wrong */
};

struct adit_log_params {
	enum adit_log_format format; /* not AUTO */
	/* Of delimited text, what each column is, in their order ("timestamp", "hostname",
	 * "record", "2LD", "DNS_IP" of an authoritative server or "server" of any, "ANS_IP", "TTL",
	 * "client", "port", "rcode", "id"; any other
	 * name is read over), parted by commas. NULL: the first line says it, or it is the order
	 * of the notebook: timestamp, hostname, record, TTL, DNS_IP, ANS_IP, 2LD. */
	const char *columns;
	int32_t zone_s; /* east of UTC, of time stamps that do not tell it */
	uint16_t year;  /* of time stamps that do not tell it; 0: they are malformed */
	/* Of delimited text, as pandas reads it: an empty record type or domain is no error (NaN),
	 * and nor is whatever stands in columns other than time and name. */
	bool missing;
};

struct adit_log_reader;

/* Returns 0, -ENOMEM, or -EINVAL for columns that lack what is needed. */
int adit_log_reader_create(const struct adit_log_params *params,
	const struct adit_allocator *allocator, struct adit_log_reader **reader,
	struct adit_error *error);
void adit_log_reader_destroy(struct adit_log_reader *reader);

/* Reads a line (without its end; a CR before it is left out) or the payload of a dnstap frame. */
enum adit_log_status adit_log_read(struct adit_log_reader *reader, const char *line, size_t size,
	struct adit_log_record *record);

/* Of the last line that was malformed. The text says what is wrong and what would be right. */
enum adit_log_cause adit_log_cause(const struct adit_log_reader *reader);
const char *adit_log_why(const struct adit_log_reader *reader);

/* Of delimited text: whether the first line was a header, and its delimiter. */
bool adit_log_has_header(const struct adit_log_reader *reader);
/* Of delimited text and Zeek's: a column for the registrable domain was found. */
bool adit_log_has_domain(const struct adit_log_reader *reader);
char adit_log_delimiter(const struct adit_log_reader *reader);

/*
 * What the first bytes of a file (decompressed) are; AUTO: nothing that is known. `head` holds the
 * first line that is not empty and, if it can be had, some more of them.
 */
enum adit_log_format adit_log_detect(const char *head, size_t size);

/*
 * A time stamp: seconds since the epoch, with or without a fraction; ISO 8601 date and time, with a
 * T or a space between and with or without Z or +hh:mm; 22-Nov-2026 07:54:10.123 as BIND writes it;
 * Nov 22 07:54:10 as syslog does, which needs the year. Returns the bytes that were read, or 0: it
 * is none, or before the epoch or after the year 2261.
 */
size_t adit_log_time(const char *text, size_t size, int32_t zone_s, uint16_t year, uint64_t *ns);

#ifdef __cplusplus
}
#endif
#endif
