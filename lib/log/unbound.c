/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Unbound's log, where log-queries or log-replies is on (log-tag-queryreply or not):
 *
 *	[1795331650] unbound[1234:0] info: 10.0.0.7 www.example.com. A IN
 *	[1795331650] unbound[1234:0] reply: 10.0.0.7 www.example.com. A IN NOERROR 0.012345 0 59
 *
 * (rcode, seconds that it took, whether it came from the cache, bytes of the response.) With
 * log-time-ascii or through syslog the time is a date without a year, with log-time-iso one with
 *it.
 */
#include "log_priv.h"

/* The time, whatever is around it; gives where it ends, NULL: refused. */
static const char *time_take(struct adit_log_reader *reader, const char *line, const char *end,
	struct adit_log_record *record)
{
	bool bracket = line < end && *line == '[';
	const char *at = line + bracket;
	size_t read = adit_log_time(
		at, (size_t)(end - at), reader->params.zone_s, reader->params.year, &record->ts_ns);

	at += read;
	if (read != 0 && at < end && (!bracket || *at == ']')) {
		record->answered_ns = record->ts_ns;
		record->is_fine = record->ts_ns % ADIT_NS_PER_S != 0;
		return at + bracket;
	}
	log_refuse(reader, ADIT_LOG_TIME,
		"'%.*s' begins with no time such as [1795331650]; of log-time-ascii --year says "
		"the year",
		LOG_SHOW(log_span(line, end)));
	return NULL;
}

/* What a reply has behind the question. */
static enum adit_log_status reply_take(struct adit_log_reader *reader, const char *at,
	const char *end, struct adit_log_span rcode, struct adit_log_record *record)
{
	struct adit_log_span took = log_word(&at, end);
	uint64_t ns;

	record->kind = ADIT_LOG_LOOKUP;
	record->has_rcode = log_rcode(rcode, &record->rcode);
	if (!record->has_rcode || !log_seconds(took, &ns))
		return log_refuse(reader, ADIT_LOG_SYNTAX,
			"'%.*s' is no reply's response code, followed by the seconds it took",
			LOG_SHOW(log_span(rcode.at, end)));
	/* The line was written when the reply was sent. */
	record->answered_ns = record->ts_ns;
	return ADIT_LOG_RECORD;
}

enum adit_log_status log_read_unbound(struct adit_log_reader *reader, const char *line, size_t size,
	struct adit_log_record *record)
{
	static const char *const tags[] = {" info: ", " query: ", " reply: "};
	const char *end = line + size, *at = NULL, *behind;
	struct adit_log_span client, name, type, class, rcode;
	struct adit_address address;

	for (size_t i = 0; i < ADIT_COUNT(tags) && at == NULL; i++) {
		at = memmem(line, size, tags[i], strlen(tags[i]));
		at = at != NULL ? at + strlen(tags[i]) : NULL;
	}
	if (at == NULL)
		return ADIT_LOG_OTHER;
	client = log_word(&at, end);
	/* Statistics and the like are info too. */
	if (!log_address(client, &address))
		return ADIT_LOG_OTHER;
	behind = time_take(reader, line, end, record);
	if (behind == NULL)
		return ADIT_LOG_MALFORMED;
	record->client = address;
	record->has_client = true;
	name = log_word(&at, end);
	type = log_word(&at, end);
	class = log_word(&at, end);
	rcode = log_word(&at, end);
	if (class.size == 0)
		return log_refuse(reader, ADIT_LOG_SYNTAX,
			"the line ends before the class; right is: CLIENT NAME TYPE CLASS");
	if (!log_take_question(reader, name, type, record))
		return ADIT_LOG_MALFORMED;
	record->kind = ADIT_LOG_QUERY;
	return rcode.size > 0 ? reply_take(reader, at, end, rcode, record) : ADIT_LOG_RECORD;
}
