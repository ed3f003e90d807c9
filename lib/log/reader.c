/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What all formats have in common: which there are, and the parts that lines are made of.
 */
#include "log_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

const char *const adit_log_format_names[ADIT_LOG_FORMATS] = {
	[ADIT_LOG_AUTO] = "auto",
	[ADIT_LOG_TSV] = "tsv",
	[ADIT_LOG_CSV] = "csv",
	[ADIT_LOG_BIND] = "bind",
	[ADIT_LOG_UNBOUND] = "unbound",
	[ADIT_LOG_DNSTAP] = "dnstap",
	[ADIT_LOG_ZEEK_TSV] = "zeek-tsv",
	[ADIT_LOG_ZEEK_JSON] = "zeek-json",
};

const char *const adit_log_cause_names[ADIT_LOG_CAUSES] = {
	[ADIT_LOG_FIELDS] = "fields",
	[ADIT_LOG_TIME] = "time",
	[ADIT_LOG_NAME] = "name",
	[ADIT_LOG_TYPE] = "type",
	[ADIT_LOG_ADDRESS] = "address",
	[ADIT_LOG_NUMBER] = "number",
	[ADIT_LOG_SYNTAX] = "syntax",
	[ADIT_LOG_TOO_LONG] = "too_long",
};

int adit_log_reader_create(const struct adit_log_params *params,
	const struct adit_allocator *allocator, struct adit_log_reader **reader,
	struct adit_error *error)
{
	struct adit_log_reader *made = adit_alloc(allocator, sizeof(*made), ADIT_CACHE_LINE);
	int status = 0;

	if (made == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a reader of logs");
	made->params = *params;
	made->allocator = adit_allocator_copy(allocator);
	made->delimiter = params->format == ADIT_LOG_CSV ? ',' : '\t';
	made->room = adit_alloc(allocator, ADIT_LOG_LINE_MAX + 1, ADIT_CACHE_LINE);
	if (made->room == NULL)
		status = adit_error_set(error, -ENOMEM, "no memory for a reader of logs");
	else if (params->columns != NULL)
		status = log_columns_set(made, params->columns, error);
	if (status != 0) {
		adit_log_reader_destroy(made);
		return status;
	}
	*reader = made;
	return 0;
}

void adit_log_reader_destroy(struct adit_log_reader *reader)
{
	struct adit_allocator copy;

	if (reader == NULL)
		return;
	copy = reader->allocator;
	adit_free(&copy, reader->room);
	adit_free(&copy, reader);
}

enum adit_log_cause adit_log_cause(const struct adit_log_reader *reader)
{
	return reader->cause;
}

const char *adit_log_why(const struct adit_log_reader *reader)
{
	return reader->why;
}

bool adit_log_has_header(const struct adit_log_reader *reader)
{
	return reader->has_header;
}

bool adit_log_has_domain(const struct adit_log_reader *reader)
{
	return reader->has[LOG_DOMAIN];
}

char adit_log_delimiter(const struct adit_log_reader *reader)
{
	return reader->delimiter;
}

enum adit_log_status log_refuse(
	struct adit_log_reader *reader, enum adit_log_cause cause, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(reader->why, sizeof(reader->why), format, list);
	va_end(list);
	/* What stands in a log may be anything; a terminal gets to see letters. */
	for (char *at = reader->why; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			*at = '?';
	reader->cause = cause;
	return ADIT_LOG_MALFORMED;
}

enum adit_log_status adit_log_read(struct adit_log_reader *reader, const char *line, size_t size,
	struct adit_log_record *record)
{
	static enum adit_log_status (*const readers[ADIT_LOG_FORMATS])(
		struct adit_log_reader *, const char *, size_t, struct adit_log_record *) = {
		[ADIT_LOG_TSV] = log_read_delimited,
		[ADIT_LOG_CSV] = log_read_delimited,
		[ADIT_LOG_BIND] = log_read_bind,
		[ADIT_LOG_UNBOUND] = log_read_unbound,
		[ADIT_LOG_DNSTAP] = log_read_dnstap,
		[ADIT_LOG_ZEEK_TSV] = log_read_zeek_tsv,
		[ADIT_LOG_ZEEK_JSON] = log_read_zeek_json,
	};

	if (size > ADIT_LOG_LINE_MAX)
		return log_refuse(reader, ADIT_LOG_TOO_LONG, "%zu bytes long; a line may have %d",
			size, ADIT_LOG_LINE_MAX);
	/* Answers are only read where they are counted. */
	memset(record, 0, offsetof(struct adit_log_record, answer));
	record->wire = NULL;
	record->wire_size = 0;
	reader->used = 0;
	if (reader->params.format != ADIT_LOG_DNSTAP) {
		size -= size > 0 && line[size - 1] == '\r';
		if (size == 0)
			return ADIT_LOG_NOTHING;
	}
	return readers[reader->params.format](reader, line, size, record);
}

bool log_is(struct adit_log_span span, const char *text)
{
	return span.size == strlen(text) && strncasecmp(span.at, text, span.size) == 0;
}

bool log_number(struct adit_log_span span, uint64_t most, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < span.size; i++) {
		if (span.at[i] < '0' || span.at[i] > '9')
			return false;
		*value = 10 * *value + (unsigned)(span.at[i] - '0');
		if (*value > most)
			return false;
	}
	return span.size > 0;
}

bool log_address(struct adit_log_span span, struct adit_address *address)
{
	char text[INET6_ADDRSTRLEN];

	memset(address, 0, sizeof(*address));
	if (span.size == 0 || span.size >= sizeof(text))
		return false;
	memcpy(text, span.at, span.size);
	text[span.size] = '\0';
	if (memchr(text, ':', span.size) == NULL)
		return inet_pton(AF_INET, text, address->bytes) == 1;
	address->is_v6 = 1;
	return inet_pton(AF_INET6, text, address->bytes) == 1;
}

bool log_rcode(struct adit_log_span span, uint8_t *rcode)
{
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
		"REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"};
	uint64_t number;

	for (size_t i = 0; i < ADIT_COUNT(names); i++) {
		if (log_is(span, names[i])) {
			*rcode = (uint8_t)i;
			return true;
		}
	}
	if (!log_number(span, 15, &number))
		return false;
	*rcode = (uint8_t)number;
	return true;
}

bool log_seconds(struct adit_log_span span, uint64_t *ns)
{
	return span.size > 0 && span.at[0] >= '0' && span.at[0] <= '9' &&
	       memchr(span.at, '-', span.size) == NULL &&
	       adit_log_time(span.at, span.size, 0, 0, ns) == span.size;
}

struct adit_log_span log_word(const char **at, const char *end)
{
	const char *from;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	from = *at;
	while (*at < end && **at != ' ' && **at != '\t')
		(*at)++;
	return log_span(from, *at);
}

bool log_take_time(
	struct adit_log_reader *reader, struct adit_log_span span, struct adit_log_record *record)
{
	if (span.size == 0 || adit_log_time(span.at, span.size, reader->params.zone_s,
				      reader->params.year, &record->ts_ns) != span.size) {
		log_refuse(reader, ADIT_LOG_TIME,
			"'%.*s' is no time stamp: seconds since 1970 or date and time are expected",
			LOG_SHOW(span));
		return false;
	}
	record->answered_ns = record->ts_ns;
	record->is_fine = record->ts_ns % ADIT_NS_PER_S != 0;
	return true;
}

bool log_take_question(struct adit_log_reader *reader, struct adit_log_span name,
	struct adit_log_span type, struct adit_log_record *record)
{
	if (name.size == 0 || name.size >= ADIT_NAME_TEXT_MAX) {
		log_refuse(reader, ADIT_LOG_NAME, "%s",
			name.size == 0 ? "there is no host name" : "the host name is too long");
		return false;
	}
	if (type.size == 0 && !reader->params.missing) {
		log_refuse(reader, ADIT_LOG_TYPE, "there is no record type");
		return false;
	}
	record->name = name;
	record->type = type;
	record->qtype = adit_dns_type_of(type.at, type.size);
	return true;
}

bool log_take_address(struct adit_log_reader *reader, struct adit_log_span span, const char *what,
	struct adit_address *address, bool *has)
{
	*has = false;
	if (span.size == 0 || log_is(span, "-"))
		return true;
	*has = log_address(span, address);
	if (!*has)
		log_refuse(reader, ADIT_LOG_ADDRESS, "%s '%.*s' is no IPv4 or IPv6 address", what,
			LOG_SHOW(span));
	return *has;
}

void log_add_answer(struct adit_log_record *record, const struct adit_log_answer *answer)
{
	if (record->answer_count < ADIT_LOG_ANSWERS_MAX)
		record->answer[record->answer_count++] = *answer;
	else
		record->more_answers = true;
}
