/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Delimited text: a row a line, columns in the order of a header, as named, or as in the notebook
 * that this method comes from. Quoting is that of RFC 4180, for tabs too, as pandas has it; a row
 * does not go over line ends.
 */
#include "log_priv.h"

#include <errno.h>

static const struct {
	const char *name;
	enum log_column column;
} names[] = {
	{"timestamp", LOG_TIMESTAMP},
	{"time", LOG_TIMESTAMP},
	{"ts", LOG_TIMESTAMP},
	{"hostname", LOG_HOSTNAME},
	{"qname", LOG_HOSTNAME},
	{"query", LOG_HOSTNAME},
	{"name", LOG_HOSTNAME},
	{"record", LOG_RECORD},
	{"qtype", LOG_RECORD},
	{"type", LOG_RECORD},
	{"TTL", LOG_TTL},
	{"DNS_IP", LOG_DNS_IP},
	{"server", LOG_SERVER},
	{"server_ip", LOG_SERVER},
	{"ANS_IP", LOG_ANS_IP},
	{"answer", LOG_ANS_IP},
	{"2LD", LOG_DOMAIN},
	{"domain", LOG_DOMAIN},
	{"client", LOG_CLIENT},
	{"client_ip", LOG_CLIENT},
	{"port", LOG_PORT},
	{"client_port", LOG_PORT},
	{"rcode", LOG_RCODE},
	{"id", LOG_ID},
};

static const uint8_t notebook[] = {
	LOG_TIMESTAMP, LOG_HOSTNAME, LOG_RECORD, LOG_TTL, LOG_DNS_IP, LOG_ANS_IP, LOG_DOMAIN};

static const char *const needed[LOG_COLUMNS] = {
	[LOG_TIMESTAMP] = "timestamp", [LOG_HOSTNAME] = "hostname", [LOG_RECORD] = "record"};

static enum log_column column_of(struct adit_log_span name)
{
	while (name.size > 0 && (*name.at == ' ' || (unsigned char)*name.at >= 0x80)) {
		/* Also the byte order mark of a spreadsheet's export. */
		name.at++;
		name.size--;
	}
	while (name.size > 0 && name.at[name.size - 1] == ' ')
		name.size--;
	for (size_t i = 0; i < ADIT_COUNT(names); i++)
		if (log_is(name, names[i].name))
			return names[i].column;
	return LOG_SKIP;
}

/* Sets what the columns are; false: two are the same. */
static bool columns_take(struct adit_log_reader *reader, const struct adit_log_span *name,
	size_t count, enum log_column *twice)
{
	memset(reader->has, 0, sizeof(reader->has));
	reader->columns = count;
	for (size_t i = 0; i < count; i++) {
		enum log_column column = column_of(name[i]);

		if (column != LOG_SKIP && reader->has[column]) {
			*twice = column;
			return false;
		}
		reader->column[i] = (uint8_t)column;
		reader->has[column] = true;
	}
	return true;
}

static const char *lacking(const struct adit_log_reader *reader)
{
	for (int i = 0; i < LOG_COLUMNS; i++)
		if (needed[i] != NULL && !reader->has[i])
			return needed[i];
	return NULL;
}

int log_columns_set(struct adit_log_reader *reader, const char *columns, struct adit_error *error)
{
	struct adit_log_span part[ADIT_LOG_COLUMNS_MAX];
	enum log_column twice;
	size_t count = 0;

	for (const char *at = columns;; at++) {
		const char *end = strchrnul(at, ',');

		if (count == ADIT_LOG_COLUMNS_MAX)
			return adit_error_set(error, -EINVAL, "more than %d columns are named",
				ADIT_LOG_COLUMNS_MAX);
		part[count++] = log_span(at, end);
		if (*end == '\0')
			break;
		at = end;
	}
	if (!columns_take(reader, part, count, &twice))
		return adit_error_set(error, -EINVAL, "of the columns, two are the same");
	if (lacking(reader) != NULL)
		return adit_error_set(error, -EINVAL,
			"the columns lack '%s'; timestamp, hostname and record are needed",
			lacking(reader));
	return 0;
}

/* A quoted field: what is inside goes to reader->room. NULL: the quote does not end. */
static const char *unquote(struct adit_log_reader *reader, const char *at, const char *end,
	struct adit_log_span *field)
{
	char *to = reader->room + reader->used;
	bool ended = false;

	field->at = to;
	for (at++; at < end && !ended; at++) {
		if (*at == '"') {
			ended = at + 1 == end || at[1] != '"';
			at += !ended;
		}
		if (!ended)
			*to++ = *at;
	}
	field->size = (size_t)(to - field->at);
	reader->used += field->size;
	return ended ? at : NULL;
}

size_t log_split(struct adit_log_reader *reader, const char *line, size_t size, bool quotes)
{
	const char *at = line, *end = line + size;
	size_t count = 0;

	for (;;) {
		struct adit_log_span *field = &reader->field[count];
		const char *next;

		if (count++ == ADIT_LOG_COLUMNS_MAX) {
			log_refuse(reader, ADIT_LOG_FIELDS, "more than %d fields",
				ADIT_LOG_COLUMNS_MAX);
			return 0;
		}
		if (quotes && at < end && *at == '"') {
			next = unquote(reader, at, end, field);
			if (next == NULL || (next < end && *next != reader->delimiter)) {
				log_refuse(reader, ADIT_LOG_FIELDS,
					"the quote of field %zu does not end before a delimiter or "
					"the end of the line",
					count);
				return 0;
			}
		} else {
			next = at < end ? memchr(at, reader->delimiter, (size_t)(end - at)) : NULL;
			next = next != NULL ? next : end;
			*field = log_span(at, next);
		}
		if (next == end)
			return count;
		at = next + 1;
	}
}

/* The first line: a header, or the first row. */
static bool is_header(struct adit_log_reader *reader, size_t count)
{
	enum log_column twice;
	bool named = reader->params.columns != NULL;
	bool had[LOG_COLUMNS];
	uint8_t column[ADIT_LOG_COLUMNS_MAX];
	size_t columns = reader->columns, known = 0;

	/* A row may be a header by chance only if its fields are names of columns. */
	for (size_t i = 0; i < count; i++)
		known += column_of(reader->field[i]) != LOG_SKIP;
	if (known < 3)
		return false;
	memcpy(had, reader->has, sizeof(had));
	memcpy(column, reader->column, sizeof(column));
	if (columns_take(reader, reader->field, count, &twice) && lacking(reader) == NULL) {
		reader->has_header = true;
		if (!named)
			return true;
	}
	memcpy(reader->has, had, sizeof(had));
	memcpy(reader->column, column, sizeof(column));
	reader->columns = columns;
	return reader->has_header;
}

static bool begin(struct adit_log_reader *reader, size_t count)
{
	reader->is_begun = true;
	if (is_header(reader, count) || reader->params.columns != NULL)
		return true;
	/* The notebook's, whose last column may be left to be computed. */
	if (count != ADIT_COUNT(notebook) && count != ADIT_COUNT(notebook) - 1) {
		log_refuse(reader, ADIT_LOG_FIELDS,
			"%zu fields and no header; --columns says what they are, or a first line "
			"with timestamp, hostname and record among its names",
			count);
		reader->is_begun = false;
		return false;
	}
	reader->columns = count;
	memcpy(reader->column, notebook, count);
	for (size_t i = 0; i < count; i++)
		reader->has[notebook[i]] = true;
	return true;
}

static bool is_unset(struct adit_log_span span)
{
	return span.size == 0 || log_is(span, "-") || log_is(span, "NaN");
}

static bool number_take(struct adit_log_reader *reader, struct adit_log_span text, uint64_t most,
	const char *what, uint64_t *number, bool *has)
{
	*has = false;
	if (is_unset(text))
		return true;
	/* pandas writes whole numbers as 300.0 where one is missing. */
	if (text.size > 2 && text.at[text.size - 2] == '.' && text.at[text.size - 1] == '0')
		text.size -= 2;
	*has = log_number(text, most, number);
	if (!*has)
		log_refuse(reader, ADIT_LOG_NUMBER, "'%.*s' is no %s", LOG_SHOW(text), what);
	return *has;
}

/* What was answered: an address, or nothing that is told. */
static bool answer_take(struct adit_log_reader *reader, struct adit_log_span ttl,
	struct adit_log_span text, struct adit_log_record *record)
{
	struct adit_log_answer answer = {.type = record->qtype};
	uint64_t number = 0;

	if (!number_take(reader, ttl, UINT32_MAX, "TTL in seconds", &number, &answer.has_ttl))
		return false;
	answer.ttl = (uint32_t)number;
	if (is_unset(text)) {
		/* A TTL is that of an answer, whose data the log does not tell. */
		if (answer.has_ttl)
			log_add_answer(record, &answer);
		return true;
	}
	answer.has_address = log_address(text, &answer.address);
	if (answer.has_address) {
		answer.type = answer.address.is_v6 ? ADIT_TYPE_AAAA : ADIT_TYPE_A;
	} else if (record->qtype == ADIT_TYPE_A || record->qtype == ADIT_TYPE_AAAA) {
		log_refuse(reader, ADIT_LOG_ADDRESS, "the answer '%.*s' is no IPv4 or IPv6 address",
			LOG_SHOW(text));
		return false;
	} else {
		answer.text = text;
	}
	log_add_answer(record, &answer);
	return true;
}

/* All but time, name and type. */
static bool rest_take(struct adit_log_reader *reader, const struct adit_log_span *of,
	struct adit_log_record *record)
{
	uint64_t port = 0, id = 0;
	struct adit_log_span server = reader->has[LOG_DNS_IP] ? of[LOG_DNS_IP] : of[LOG_SERVER];

	if (!log_take_address(reader, server, "the server", &record->server, &record->has_server) ||
		!log_take_address(reader, of[LOG_CLIENT], "the client", &record->client,
			&record->has_client) ||
		!answer_take(reader, of[LOG_TTL], of[LOG_ANS_IP], record) ||
		!number_take(reader, of[LOG_PORT], UINT16_MAX, "port", &port, &record->has_port) ||
		!number_take(
			reader, of[LOG_ID], UINT16_MAX, "transaction ID", &id, &record->has_id))
		return false;
	record->port = (uint16_t)port;
	record->id = (uint16_t)id;
	if (is_unset(of[LOG_RCODE]))
		return true;
	record->has_rcode = log_rcode(of[LOG_RCODE], &record->rcode);
	if (!record->has_rcode)
		log_refuse(reader, ADIT_LOG_NUMBER, "'%.*s' is no response code",
			LOG_SHOW(of[LOG_RCODE]));
	return record->has_rcode;
}

static enum adit_log_status row_read(struct adit_log_reader *reader, const struct adit_log_span *of,
	struct adit_log_record *record)
{
	record->kind = ADIT_LOG_LOOKUP;
	record->server_answers = reader->has[LOG_DNS_IP];
	record->tells_answers = reader->has[LOG_ANS_IP];
	record->domain = of[LOG_DOMAIN];
	if (!log_take_time(reader, of[LOG_TIMESTAMP], record) ||
		!log_take_question(reader, of[LOG_HOSTNAME], of[LOG_RECORD], record))
		return ADIT_LOG_MALFORMED;
	/* pandas does not look at the other columns. */
	return rest_take(reader, of, record) || reader->params.missing ? ADIT_LOG_RECORD
								       : ADIT_LOG_MALFORMED;
}

enum adit_log_status log_read_delimited(struct adit_log_reader *reader, const char *line,
	size_t size, struct adit_log_record *record)
{
	struct adit_log_span of[LOG_COLUMNS] = {{NULL, 0}};
	size_t count = log_split(reader, line, size, true);

	if (count == 0)
		return ADIT_LOG_MALFORMED;
	if (!reader->is_begun) {
		if (!begin(reader, count))
			return ADIT_LOG_MALFORMED;
		if (reader->has_header)
			return ADIT_LOG_NOTHING;
	}
	if (count != reader->columns)
		return log_refuse(reader, ADIT_LOG_FIELDS, "%zu fields; %zu are expected", count,
			reader->columns);
	for (size_t i = 0; i < count; i++)
		of[reader->column[i]] = reader->field[i];
	return row_read(reader, of, record);
}
