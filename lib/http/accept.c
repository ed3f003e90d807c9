/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a client accepts (RFC 9110, section 12.5.1), and times of parameters.
 */
#include "adit_http.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

/* Thousandths of "q=0.5"; what is no quality is 1. */
static unsigned quality_of(const char *range, size_t size)
{
	const char *end = range + size;

	for (const char *at = range; at < end; at++) {
		unsigned value, unit = 100;

		if (*at != ';')
			continue;
		at++;
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		if (end - at < 3 || tolower((unsigned char)at[0]) != 'q' || at[1] != '=')
			continue;
		if (at[2] != '0')
			return 1000;
		value = 0;
		for (at += 3; at < end && (*at == '.' || isdigit((unsigned char)*at)); at++) {
			if (*at == '.')
				continue;
			value += unit * (unsigned)(*at - '0');
			unit /= 10;
		}
		return value;
	}
	return 1000;
}

/* How precisely a range names the type: 3 by name, 2 by its first half, 1 as anything, 0 not. */
static int precision_of(const char *range, size_t size, const char *type)
{
	size_t half = strcspn(type, "/") + 1;

	if (size == strlen(type) && strncasecmp(range, type, size) == 0)
		return 3;
	if (size == half + 1 && strncasecmp(range, type, half) == 0 && range[half] == '*')
		return 2;
	return size == 3 && strncmp(range, "*/*", 3) == 0;
}

unsigned adit_http_accepts(const char *accept, const char *type, bool *named)
{
	unsigned quality = accept == NULL || *accept == '\0' ? 1000 : 0;
	int best = 0;

	*named = false;
	while (accept != NULL && *accept != '\0') {
		size_t size = strcspn(accept, ","), skipped = strspn(accept, " \t");
		size_t name = strcspn(accept + skipped, ";, \t");
		int precision = precision_of(accept + skipped, name, type);
		unsigned this = quality_of(accept, size);

		/* Several ranges of one type differ in parameters: the most wanted counts. */
		if (precision > best || (precision != 0 && precision == best && this > quality)) {
			best = precision;
			quality = this;
		}
		accept += size;
		accept += *accept == ',';
	}
	*named = best == 3;
	return quality;
}

/* Of UTC alone: who asks in another zone might mean what a "+" in a query is not. */
int adit_http_time(const char *text, uint64_t *ns)
{
	size_t size = strlen(text), digits = strspn(text, "0123456789");
	bool is_seconds = digits == size && size <= 10;
	bool is_utc =
		strchr(text, 'T') != NULL &&
		(text[size - 1] == 'Z' || (size > 6 && strcmp(text + size - 6, "+00:00") == 0));

	return is_seconds || is_utc ? adit_time_read(text, ns) : -EINVAL;
}
