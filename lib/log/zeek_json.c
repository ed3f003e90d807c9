/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Zeek's dns.log as JSON (LogAscii::use_json): an object a line, the fields as in the text form.
 * Texts that are read are copied into the reader's room, as the object does not outlive the call.
 */
#include "log_priv.h"

#include <jansson.h>
#include <stdio.h>

/* A copy that stays until the next line; size 0: no room, or nothing. */
static struct adit_log_span keep(struct adit_log_reader *reader, const char *text, size_t size)
{
	char *to = reader->room + reader->used;

	if (size > ADIT_LOG_LINE_MAX - reader->used)
		return (struct adit_log_span){to, 0};
	memcpy(to, text, size);
	reader->used += size;
	return (struct adit_log_span){to, size};
}

/* A value as the text form has it. */
static struct adit_log_span value_text(struct adit_log_reader *reader, const json_t *value)
{
	char text[64];
	int size = 0;

	if (json_is_string(value))
		return keep(reader, json_string_value(value), json_string_length(value));
	if (json_is_integer(value))
		size = snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value) && json_real_value(value) >= 0 &&
		 json_real_value(value) < 1e15)
		/* Zeek's clock has microseconds. */
		size = snprintf(text, sizeof(text), "%.6f", json_real_value(value));
	for (int i = 0; i < size; i++)
		if (text[i] == ',')
			text[i] = '.'; /* whatever the locale has for a decimal point */
	return keep(reader, text, (size_t)size);
}

static void answers_take(struct adit_log_reader *reader, const json_t *answers, const json_t *ttls,
	struct adit_log_record *record)
{
	size_t i;
	json_t *value;

	json_array_foreach(answers, i, value)
	{
		const json_t *ttl = json_array_get(ttls, i);
		struct adit_log_answer answer;

		if (!json_is_string(value))
			continue;
		log_zeek_answer(value_text(reader, value), record->qtype, &answer);
		if (json_is_number(ttl)) {
			double seconds = json_number_value(ttl);

			answer.has_ttl = seconds >= 0 && seconds <= UINT32_MAX;
			answer.ttl = answer.has_ttl ? (uint32_t)seconds : 0;
		}
		log_add_answer(record, &answer);
	}
}

enum adit_log_status log_read_zeek_json(struct adit_log_reader *reader, const char *line,
	size_t size, struct adit_log_record *record)
{
	struct adit_log_span field[ZEEK_FIELDS] = {{NULL, 0}};
	enum adit_log_status status = ADIT_LOG_MALFORMED;
	json_error_t error;
	json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error), *value;
	const char *key;

	if (object == NULL)
		return log_refuse(reader, ADIT_LOG_SYNTAX, "no JSON at column %d: %.120s",
			error.column, error.text);
	if (!json_is_object(object)) {
		json_decref(object);
		return log_refuse(reader, ADIT_LOG_SYNTAX, "no JSON object");
	}
	json_object_foreach(object, key, value)
	{
		int at = log_zeek_field((struct adit_log_span){key, strlen(key)});

		if (at >= 0 && at != ZEEK_ANSWERS && at != ZEEK_TTLS)
			field[at] = value_text(reader, value);
	}
	if (field[ZEEK_TS].size == 0)
		log_refuse(reader, ADIT_LOG_TIME, "the object has no ts: is this Zeek's dns.log?");
	else
		status = log_zeek_take(reader, field, record);
	if (status == ADIT_LOG_RECORD)
		answers_take(reader, json_object_get(object, "answers"),
			json_object_get(object, "TTLs"), record);
	json_decref(object);
	return status;
}
