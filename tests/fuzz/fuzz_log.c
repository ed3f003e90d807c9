/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any bytes are a log of any format, line by line, or a dnstap frame: what they give is a record
 * whose texts and addresses can be read, or a reason. The first byte chooses format and options. */
#include "adit_log.h"

#include <stdlib.h>

static volatile unsigned sink;

static void span_read(struct adit_log_span span)
{
	for (size_t i = 0; i < span.size; i++)
		sink += (unsigned char)span.at[i];
}

static void record_read(const struct adit_log_record *record)
{
	struct adit_name name;

	span_read(record->name);
	span_read(record->type);
	span_read(record->domain);
	if (record->name.size == 0 || record->kind > ADIT_LOG_LOOKUP ||
		record->answer_count > ADIT_LOG_ANSWERS_MAX || record->answered_ns < record->ts_ns)
		abort();
	for (size_t i = 0; i < record->answer_count; i++)
		span_read(record->answer[i].text);
	for (size_t i = 0; i < record->wire_size; i++)
		sink += record->wire[i];
	adit_name_from_log(record->name.at, record->name.size, &name);
	if (name.size == 0)
		abort();
}

static void line_read(struct adit_log_reader *reader, const char *line, size_t size)
{
	/* Of exactly its size, so that an over-read is seen. */
	char *copy = malloc(size + (size == 0));
	struct adit_log_record record;
	enum adit_log_status status;

	if (copy == NULL)
		abort();
	memcpy(copy, line, size);
	status = adit_log_read(reader, copy, size, &record);
	if (status == ADIT_LOG_RECORD)
		record_read(&record);
	if (status == ADIT_LOG_MALFORMED && adit_log_why(reader)[0] == '\0')
		abort();
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void log_read(const struct adit_log_params *params, const char *text, size_t size)
{
	struct adit_log_reader *reader;

	if (adit_log_reader_create(params, NULL, &reader, NULL) != 0)
		abort();
	for (size_t at = 0; at < size;) {
		const char *end = params->format != ADIT_LOG_DNSTAP
					  ? memchr(text + at, '\n', size - at)
					  : NULL;
		size_t length = end != NULL ? (size_t)(end - text) - at : size - at;

		line_read(reader, text + at, length);
		at += length + 1;
	}
	adit_log_reader_destroy(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct adit_log_params params = {.format = ADIT_LOG_TSV};
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	size--;
	params.format = (enum adit_log_format)(ADIT_LOG_TSV + (data[0] >> 4) % 7);
	params.missing = data[0] & 1;
	params.year = data[0] & 2 ? 2026 : 0;
	params.zone_s = data[0] & 4 ? 3600 : 0;
	params.columns = data[0] & 8 ? "timestamp,hostname,record" : NULL;
	if (adit_log_detect(text, size) >= ADIT_LOG_FORMATS)
		abort();
	log_read(&params, text, size);
	return 0;
}
