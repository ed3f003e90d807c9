/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Zeek's dns.log (its script base/protocols/dns/main.zeek): a look-up a line, with the client, the
 * server it asked, the transaction ID, and what was answered, as far as Zeek puts it into words. As
 * text, a header names the fields: "#fields ts uid id.orig_h …". What stands for nothing ("-") and
 * for an empty list ("(empty)") is Zeek's own way to say so.
 */
#include "log_priv.h"

static const char *const field_names[ZEEK_FIELDS] = {
	[ZEEK_TS] = "ts",
	[ZEEK_CLIENT] = "id.orig_h",
	[ZEEK_PORT] = "id.orig_p",
	[ZEEK_SERVER] = "id.resp_h",
	[ZEEK_ID] = "trans_id",
	[ZEEK_RTT] = "rtt",
	[ZEEK_QUERY] = "query",
	[ZEEK_QTYPE] = "qtype",
	[ZEEK_QTYPE_NAME] = "qtype_name",
	[ZEEK_RCODE] = "rcode",
	[ZEEK_RCODE_NAME] = "rcode_name",
	[ZEEK_ANSWERS] = "answers",
	[ZEEK_TTLS] = "TTLs",
	[ZEEK_REJECTED] = "rejected",
};

int log_zeek_field(struct adit_log_span name)
{
	for (int i = 0; i < ZEEK_FIELDS; i++)
		if (name.size == strlen(field_names[i]) &&
			memcmp(name.at, field_names[i], name.size) == 0)
			return i;
	return -1;
}

void log_zeek_answer(struct adit_log_span text, uint16_t qtype, struct adit_log_answer *answer)
{
	const char *at = text.at, *end = text.at + text.size;

	*answer = (struct adit_log_answer){.type = qtype};
	answer->has_address = log_address(text, &answer->address);
	if (answer->has_address) {
		answer->type = answer->address.is_v6 ? ADIT_TYPE_AAAA : ADIT_TYPE_A;
		return;
	}
	/* "TXT 11 hello world": the length, then the text; several strings one behind the other. */
	if (text.size > 4 && memcmp(at, "TXT ", 4) == 0) {
		struct adit_log_span length;
		uint64_t size;

		at += 4;
		length = log_word(&at, end);
		answer->type = ADIT_TYPE_TXT;
		if (log_number(length, UINT16_MAX, &size) && at < end &&
			(uint64_t)(end - at - 1) == size)
			answer->text = log_span(at + 1, end);
		return;
	}
	if (text.size > 0 && *at == '<')
		return; /* "<unknown type=10>" */
	/* A name: of a CNAME on the way to addresses, or what was asked for. */
	if (qtype == ADIT_TYPE_A || qtype == ADIT_TYPE_AAAA || qtype == ADIT_TYPE_HTTPS)
		answer->type = ADIT_TYPE_CNAME;
	if (answer->type == ADIT_TYPE_CNAME || answer->type == ADIT_TYPE_NS ||
		answer->type == ADIT_TYPE_PTR)
		answer->text = text;
}

static bool port_and_id(const struct adit_log_span *field, struct adit_log_record *record)
{
	uint64_t number;

	record->has_port = field[ZEEK_PORT].size > 0;
	record->has_id = field[ZEEK_ID].size > 0;
	if (record->has_port) {
		if (!log_number(field[ZEEK_PORT], UINT16_MAX, &number))
			return false;
		record->port = (uint16_t)number;
	}
	if (record->has_id) {
		if (!log_number(field[ZEEK_ID], UINT16_MAX, &number))
			return false;
		record->id = (uint16_t)number;
	}
	return true;
}

enum adit_log_status log_zeek_take(struct adit_log_reader *reader,
	const struct adit_log_span field[ZEEK_FIELDS], struct adit_log_record *record)
{
	struct adit_log_span type =
		field[ZEEK_QTYPE_NAME].size > 0 ? field[ZEEK_QTYPE_NAME] : field[ZEEK_QTYPE];
	struct adit_log_span rcode =
		field[ZEEK_RCODE].size > 0 ? field[ZEEK_RCODE] : field[ZEEK_RCODE_NAME];
	uint64_t rtt = 0;

	/* Messages without a question: Zeek logs them, and there is nothing to ask them. */
	if (field[ZEEK_QUERY].size == 0 || type.size == 0)
		return ADIT_LOG_OTHER;
	if (!log_take_time(reader, field[ZEEK_TS], record) ||
		!log_take_question(reader, field[ZEEK_QUERY], type, record) ||
		!log_take_address(reader, field[ZEEK_CLIENT], "id.orig_h", &record->client,
			&record->has_client) ||
		!log_take_address(reader, field[ZEEK_SERVER], "id.resp_h", &record->server,
			&record->has_server))
		return ADIT_LOG_MALFORMED;
	if (!port_and_id(field, record))
		return log_refuse(
			reader, ADIT_LOG_NUMBER, "id.orig_p or trans_id is no number below 65536");
	if (field[ZEEK_RTT].size > 0 && !log_seconds(field[ZEEK_RTT], &rtt))
		return log_refuse(reader, ADIT_LOG_NUMBER, "rtt '%.*s' is no number of seconds",
			LOG_SHOW(field[ZEEK_RTT]));
	if (rtt < INT64_MAX - record->ts_ns)
		record->answered_ns = record->ts_ns + rtt;
	if (record->qtype == 0)
		record->qtype = adit_dns_type_of(field[ZEEK_QTYPE].at, field[ZEEK_QTYPE].size);
	record->has_rcode = rcode.size > 0 && log_rcode(rcode, &record->rcode);
	record->kind = record->has_rcode ? ADIT_LOG_LOOKUP : ADIT_LOG_QUERY;
	record->tells_answers = record->has_rcode;
	return ADIT_LOG_RECORD;
}

/* "#separator \x09", "#fields ts …" */
static enum adit_log_status header_take(
	struct adit_log_reader *reader, const char *line, size_t size)
{
	size_t count, before[ADIT_COUNT(reader->zeek_at)];

	if (size > 11 && memcmp(line, "#separator ", 11) == 0) {
		unsigned code = 9;

		if (size == 15 && memcmp(line + 11, "\\x", 2) == 0) {
			const char *hex = "0123456789abcdef";
			const char *high = strchr(hex, line[13] | 32);
			const char *low = strchr(hex, line[14] | 32);

			code = high != NULL && low != NULL
				       ? (unsigned)(high - hex) << 4 | (unsigned)(low - hex)
				       : 9;
		} else if (size == 12) {
			code = (uint8_t)line[11];
		}
		reader->delimiter = (char)code;
		return ADIT_LOG_NOTHING;
	}
	if (size <= 8 || memcmp(line, "#fields", 7) != 0)
		return ADIT_LOG_NOTHING;
	count = log_split(reader, line, size, false);
	if (count == 0)
		return ADIT_LOG_MALFORMED;
	memcpy(before, reader->zeek_at, sizeof(before));
	memset(reader->zeek_at, 0, sizeof(reader->zeek_at));
	for (size_t i = 1; i < count; i++) {
		int field = log_zeek_field(reader->field[i]);

		if (field >= 0)
			reader->zeek_at[field] = i;
	}
	/* Rows are read again out of their order, by what is known then. */
	if (reader->has_header && (count - 1 != reader->columns ||
					  memcmp(before, reader->zeek_at, sizeof(before)) != 0)) {
		memcpy(reader->zeek_at, before, sizeof(before));
		return log_refuse(reader, ADIT_LOG_FIELDS,
			"#fields names other fields than the one before; scan such logs as two");
	}
	if (reader->zeek_at[ZEEK_TS] == 0 || reader->zeek_at[ZEEK_QUERY] == 0)
		return log_refuse(reader, ADIT_LOG_FIELDS,
			"#fields lacks ts or query: is this Zeek's dns.log?");
	reader->columns = count - 1;
	reader->has_header = true;
	return ADIT_LOG_NOTHING;
}

/* Lists are parted by commas, which stand escaped (\x2c) where they are data. */
static void answers_take(
	struct adit_log_span answers, struct adit_log_span ttls, struct adit_log_record *record)
{
	const char *at = answers.at, *end = at + answers.size;
	const char *ttl = ttls.at, *ttl_end = ttl + ttls.size;

	while (at < end) {
		const char *stop = memchr(at, ',', (size_t)(end - at));
		struct adit_log_answer answer;
		uint64_t ns;

		stop = stop != NULL ? stop : end;
		log_zeek_answer(log_span(at, stop), record->qtype, &answer);
		if (ttl < ttl_end) {
			const char *next = memchr(ttl, ',', (size_t)(ttl_end - ttl));

			next = next != NULL ? next : ttl_end;
			answer.has_ttl = log_seconds(log_span(ttl, next), &ns) &&
					 ns / ADIT_NS_PER_S <= UINT32_MAX;
			answer.ttl = answer.has_ttl ? (uint32_t)(ns / ADIT_NS_PER_S) : 0;
			ttl = next + (next < ttl_end);
		}
		log_add_answer(record, &answer);
		at = stop + 1;
	}
}

enum adit_log_status log_read_zeek_tsv(struct adit_log_reader *reader, const char *line,
	size_t size, struct adit_log_record *record)
{
	struct adit_log_span field[ZEEK_FIELDS];
	enum adit_log_status status;
	size_t count;

	if (line[0] == '#')
		return header_take(reader, line, size);
	if (!reader->has_header)
		return log_refuse(reader, ADIT_LOG_FIELDS,
			"a row before the line #fields, which says what its fields are");
	count = log_split(reader, line, size, false);
	if (count == 0)
		return ADIT_LOG_MALFORMED;
	if (count != reader->columns)
		return log_refuse(reader, ADIT_LOG_FIELDS, "%zu fields; #fields names %zu", count,
			reader->columns);
	for (int i = 0; i < ZEEK_FIELDS; i++) {
		field[i] = reader->zeek_at[i] != 0 ? reader->field[reader->zeek_at[i] - 1]
						   : (struct adit_log_span){NULL, 0};
		if (log_is(field[i], "-") || log_is(field[i], "(empty)"))
			field[i].size = 0;
	}
	status = log_zeek_take(reader, field, record);
	if (status == ADIT_LOG_RECORD)
		answers_take(field[ZEEK_ANSWERS], field[ZEEK_TTLS], record);
	return status;
}
