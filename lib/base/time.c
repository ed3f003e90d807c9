/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Times as people and other programs write them (RFC 3339).
 */
#include "adit_base.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* Digits of a fraction after its point, as nanoseconds; finer ones are cut. Moves *text on. */
static int fraction_read(const char **text, uint64_t *ns)
{
	uint64_t unit = ADIT_NS_PER_S / 10;
	const char *at = *text;

	for (*ns = 0; *at >= '0' && *at <= '9'; at++) {
		*ns += (uint64_t)(*at - '0') * unit;
		unit /= 10;
	}
	if (at == *text)
		return -EINVAL;
	*text = at;
	return 0;
}

/* Two digits at *text, and `after` behind them where it is not NUL. Moves *text on. */
static int pair_read(const char **text, int most, char after, int *value)
{
	const char *at = *text;

	if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
		return -EINVAL;
	*value = (at[0] - '0') * 10 + (at[1] - '0');
	if (*value > most || (after != '\0' && at[2] != after))
		return -EINVAL;
	*text = at + (after != '\0' ? 3 : 2);
	return 0;
}

/* "Z" or "+hh:mm", to the end of the text: what is to be taken off the local time. */
static int offset_read(const char *text, int64_t *seconds)
{
	int hours, minutes, sign = *text == '-' ? -1 : 1;

	*seconds = 0;
	if (*text == 'Z' || *text == 'z')
		return text[1] == '\0' ? 0 : -EINVAL;
	if (*text != '+' && *text != '-')
		return -EINVAL;
	text++;
	if (pair_read(&text, 23, ':', &hours) != 0 || pair_read(&text, 59, '\0', &minutes) != 0)
		return -EINVAL;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return *text == '\0' ? 0 : -EINVAL;
}

static int seconds_to_ns(int64_t seconds, uint64_t fraction_ns, uint64_t *ns)
{
	/* Nanoseconds reach to the year 2554. */
	if (seconds < 0 || (uint64_t)seconds >= UINT64_MAX / ADIT_NS_PER_S)
		return -EINVAL;
	*ns = (uint64_t)seconds * ADIT_NS_PER_S + fraction_ns;
	return 0;
}

static int rfc3339_read(const char *text, uint64_t *ns)
{
	struct tm tm = {0};
	uint64_t fraction = 0;
	int century, year, day;
	int64_t offset, seconds;

	if (pair_read(&text, 99, '\0', &century) != 0 || pair_read(&text, 99, '-', &year) != 0 ||
		pair_read(&text, 12, '-', &tm.tm_mon) != 0 ||
		pair_read(&text, 31, '\0', &tm.tm_mday) != 0)
		return -EINVAL;
	if (*text != 'T' && *text != 't' && *text != ' ')
		return -EINVAL;
	text++;
	/* Second 60 is a leap second; it counts as the next one. */
	if (pair_read(&text, 23, ':', &tm.tm_hour) != 0 ||
		pair_read(&text, 59, ':', &tm.tm_min) != 0 ||
		pair_read(&text, 60, '\0', &tm.tm_sec) != 0)
		return -EINVAL;
	if (*text == '.') {
		text++;
		if (fraction_read(&text, &fraction) != 0)
			return -EINVAL;
	}
	if (offset_read(text, &offset) != 0)
		return -EINVAL;
	tm.tm_year = 100 * century + year - 1900;
	tm.tm_mon--;
	day = tm.tm_mday;
	if (tm.tm_sec == 60) {
		tm.tm_sec = 59;
		offset--;
	}
	seconds = timegm(&tm);
	/* The 30th of February is taken for a day of March, month 0 for December. */
	if (tm.tm_mday != day || tm.tm_year != 100 * century + year - 1900)
		return -EINVAL;
	return seconds_to_ns(seconds - offset, fraction, ns);
}

int adit_time_read(const char *text, uint64_t *ns)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t fraction = 0;
	const char *rest = text + digits;
	int64_t seconds;

	if (digits == 4 && *rest == '-')
		return rfc3339_read(text, ns);
	/* More are beyond every time that fits, and may not fit a number. */
	if (digits == 0 || digits > 18)
		return -EINVAL;
	seconds = strtoll(text, NULL, 10);
	if (*rest == '.') {
		rest++;
		if (fraction_read(&rest, &fraction) != 0)
			return -EINVAL;
	}
	return *rest == '\0' ? seconds_to_ns(seconds, fraction, ns) : -EINVAL;
}
