/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a log is, by its first lines: each is asked of the readers until one of them gives a record.
 */
#include "log_priv.h"

#define LINES 64

static bool begins(const char *at, const char *end, const char *text)
{
	return (size_t)(end - at) >= strlen(text) && memcmp(at, text, strlen(text)) == 0;
}

static bool holds(const char *at, const char *end, const char *text)
{
	return memmem(at, (size_t)(end - at), text, strlen(text)) != NULL;
}

/* Frame Streams: a control frame (an escape of zeros), START (2). */
static bool is_frames(const char *head, size_t size)
{
	return size >= 12 && adit_load_be32((const uint8_t *)head) == 0 &&
	       adit_load_be32((const uint8_t *)head + 8) == 2;
}

static enum adit_log_format line_detect(const char *at, const char *end)
{
	if (begins(at, end, "#separator") || begins(at, end, "#fields"))
		return ADIT_LOG_ZEEK_TSV;
	if (begins(at, end, "{"))
		return ADIT_LOG_ZEEK_JSON;
	if (holds(at, end, " query: ") && holds(at, end, "client "))
		return ADIT_LOG_BIND;
	if (holds(at, end, "unbound[") || holds(at, end, "unbound: "))
		return ADIT_LOG_UNBOUND;
	if (memchr(at, '\t', (size_t)(end - at)) != NULL)
		return ADIT_LOG_TSV;
	if (memchr(at, ',', (size_t)(end - at)) != NULL)
		return ADIT_LOG_CSV;
	return ADIT_LOG_AUTO;
}

enum adit_log_format adit_log_detect(const char *head, size_t size)
{
	const char *at = head, *end = head + size;
	enum adit_log_format first = ADIT_LOG_AUTO;

	if (is_frames(head, size))
		return ADIT_LOG_DNSTAP;
	for (int i = 0; i < LINES && at < end; i++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		enum adit_log_format format;

		stop = stop != NULL ? stop : end;
		format = line_detect(at, stop);
		/* Lines of other things than queries stand in a server's log, with commas. */
		if (format > ADIT_LOG_CSV)
			return format;
		first = first == ADIT_LOG_AUTO ? format : first;
		at = stop + 1;
	}
	return first;
}
