/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text of times, addresses and names, and the one place where bytes go to a file. Nothing here
 * depends on the locale or the time zone. RFC 3339 for times, RFC 5952 for IPv6 addresses.
 */
#include "adit_verdict.h"
#include "verdict_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

void adit_time_text(uint64_t ns, char text[40])
{
	time_t seconds = (time_t)(ns / ADIT_NS_PER_S);
	unsigned fraction = (unsigned)(ns % ADIT_NS_PER_S);
	int digits = 9, size;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	size = snprintf(text, 40, "%04u-%02u-%02uT%02u:%02u:%02u", tm.tm_year + 1900u,
		tm.tm_mon + 1u, (unsigned)tm.tm_mday, (unsigned)tm.tm_hour, (unsigned)tm.tm_min,
		(unsigned)tm.tm_sec);
	while (digits > 0 && fraction % 10 == 0) {
		fraction /= 10;
		digits--;
	}
	if (digits > 0)
		size += snprintf(text + size, 40 - (size_t)size, ".%0*u", digits, fraction);
	snprintf(text + size, 40 - (size_t)size, "Z");
}

void adit_count_text(uint64_t value, bool bytes, char text[24])
{
	static const char units[][2] = {"", "k", "M", "G", "T", "P", "E"};
	unsigned unit = 0, tenth = 0;

	while (value >= (bytes ? 1000u : unit ? 1000u : 100000u)) {
		tenth = (unsigned)(value % 1000 / 100);
		value /= 1000;
		unit++;
	}
	if (unit > 0 && value < 10)
		snprintf(text, 24, "%u.%u", (unsigned)value, tenth);
	else
		snprintf(text, 24, "%u", (unsigned)value);
	if (bytes || unit > 0)
		snprintf(text + strlen(text), 8, " %s%s", units[unit], bytes ? "B" : "");
}

void adit_address_text(const struct adit_address *address, char text[48])
{
	inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->bytes, text, 48);
}

void adit_verdict_name_text(const struct adit_wire_name *name, char text[ADIT_NAME_TEXT_MAX])
{
	text[0] = '\0';
	if (name->size > 0)
		adit_name_to_text(name->wire, name->size, text, ADIT_NAME_TEXT_MAX);
}

int adit_verdict_put(FILE *to, const char *bytes, size_t size, bool flush)
{
	errno = 0;
	if (fwrite(bytes, 1, size, to) == size && (!flush || fflush(to) == 0))
		return 0;
	return errno != 0 ? -errno : -EIO;
}

int adit_verdict_put_json(json_t *document, size_t flags, unsigned digits, FILE *to)
{
	char *text = document ? json_dumps(document, flags | JSON_REAL_PRECISION(digits)) : NULL;
	int result = -ENOMEM;

	if (text) {
		size_t size = strlen(text);

		text[size] = '\n'; /* in place of the NUL: one write, so that lines stay whole */
		result = adit_verdict_put(to, text, size + 1, true);
	}
	free(text);
	json_decref(document);
	return result;
}

json_t *adit_verdict_json_text(const char *text)
{
	json_t *string = json_string(text);
	char *escaped;
	size_t size = 0;

	if (string)
		return string;
	escaped = malloc(4 * strlen(text) + 1);
	if (!escaped)
		return NULL;
	for (const uint8_t *at = (const uint8_t *)text; *at; at++) {
		if (*at < 0x20 || *at > 0x7e)
			size += (size_t)snprintf(escaped + size, 5, "\\%03u", *at);
		else
			escaped[size++] = (char)*at;
	}
	string = json_stringn(escaped, size);
	free(escaped);
	return string;
}

json_t *adit_verdict_json_count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}
