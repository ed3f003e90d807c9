/* SPDX-License-Identifier: BSD-3-Clause
 *
 * BIND 9's query log (category "queries"), as written to a file or through syslog:
 *
 *	22-Nov-2026 07:54:10.123 queries: info: client @0x7f2c 10.0.0.7#53124 (www.example.com):
 *		view inside: query: www.example.com IN A +E(0)K (192.0.2.53)
 *
 * in one line, where category, severity, the client's number, the name in parentheses and the view
 * may be missing. What stands before "client" holds the time; other lines are about something else.
 */
#include "log_priv.h"

/* The first place of a text before `end`; NULL: nowhere. */
static const char *find(const char *at, const char *end, const char *text)
{
	return memmem(at, (size_t)(end - at), text, strlen(text));
}

/* Date, time, category and severity, or what syslog puts before them. */
static bool time_take(struct adit_log_reader *reader, const char *line, const char *end,
	struct adit_log_record *record)
{
	size_t read = adit_log_time(line, (size_t)(end - line), reader->params.zone_s,
		reader->params.year, &record->ts_ns);

	if (read != 0 && (line + read == end || line[read] == ' ')) {
		record->answered_ns = record->ts_ns;
		record->is_fine = record->ts_ns % ADIT_NS_PER_S != 0;
		return true;
	}
	/* Syslog's times begin with a month. */
	if (line < end && (unsigned)((line[0] | 32) - 'a') < 26)
		log_refuse(reader, ADIT_LOG_TIME,
			"'%.*s' is no date and time with a year; --year says it of what syslog "
			"writes",
			LOG_SHOW(log_span(line, end)));
	else
		log_refuse(reader, ADIT_LOG_TIME,
			"'%.*s' is no date and time such as 22-Nov-2026 07:54:10.123 "
			"(print-time yes;)",
			LOG_SHOW(log_span(line, end)));
	return false;
}

/* 10.0.0.7#53124 */
static bool client_take(
	struct adit_log_reader *reader, struct adit_log_span word, struct adit_log_record *record)
{
	const char *sign = word.size > 0 ? memchr(word.at, '#', word.size) : NULL;
	uint64_t port = 0;

	if (sign != NULL)
		record->has_client = log_address(log_span(word.at, sign), &record->client);
	if (record->has_client)
		record->has_port =
			log_number(log_span(sign + 1, word.at + word.size), UINT16_MAX, &port);
	record->port = (uint16_t)port;
	if (!record->has_port)
		log_refuse(reader, ADIT_LOG_ADDRESS,
			"'%.*s' is no address of a client such as 10.0.0.7#53124", LOG_SHOW(word));
	return record->has_port;
}

enum adit_log_status log_read_bind(struct adit_log_reader *reader, const char *line, size_t size,
	struct adit_log_record *record)
{
	const char *end = line + size, *query = find(line, end, " query: "), *client, *at;
	struct adit_log_span word, name, class;

	client = query != NULL ? find(line, query, "client ") : NULL;
	if (client == NULL)
		return ADIT_LOG_OTHER;
	if (!time_take(reader, line, client, record))
		return ADIT_LOG_MALFORMED;
	at = client + strlen("client ");
	word = log_word(&at, query);
	if (word.size > 0 && word.at[0] == '@')
		word = log_word(&at, query);
	if (!client_take(reader, word, record))
		return ADIT_LOG_MALFORMED;
	at = query + strlen(" query: ");
	name = log_word(&at, end);
	class = log_word(&at, end);
	if (class.size == 0)
		return log_refuse(reader, ADIT_LOG_SYNTAX,
			"the line ends before the type; right is: query: NAME CLASS TYPE FLAGS "
			"(ADDRESS)");
	if (!log_take_question(reader, name, log_word(&at, end), record))
		return ADIT_LOG_MALFORMED;
	record->kind = ADIT_LOG_QUERY;
	/* The address that was asked, in parentheses. */
	while ((word = log_word(&at, end)).size > 0)
		if (word.size > 2 && word.at[0] == '(' && word.at[word.size - 1] == ')')
			record->has_server = log_address(
				log_span(word.at + 1, word.at + word.size - 1), &record->server);
	return ADIT_LOG_RECORD;
}
