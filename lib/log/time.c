/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Time stamps of logs. By hand, as a line in a few hundred nanoseconds leaves no time for strptime,
 * and as that depends on the locale.
 */
#include "adit_log.h"

#define YEAR_MOST 2261 /* what nanoseconds in 63 bits reach to */

struct cursor {
	const char *at, *end;
	bool good;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* So many digits. */
static unsigned digits_take(struct cursor *c, unsigned count)
{
	unsigned value = 0;

	for (; count > 0; count--, c->at++) {
		c->good &= c->at < c->end && is_digit(*c->at);
		if (!c->good)
			return 0;
		value = 10 * value + (unsigned)(*c->at - '0');
	}
	return value;
}

static void sign_take(struct cursor *c, char sign)
{
	c->good &= c->at < c->end && *c->at == sign;
	c->at += c->good;
}

/* A point (or a comma, ISO 8601) and digits, if they are there. */
static uint64_t fraction_take(struct cursor *c)
{
	uint64_t ns = 0, unit = ADIT_NS_PER_S;

	if (!c->good || c->end - c->at < 2 || (*c->at != '.' && *c->at != ',') ||
		!is_digit(c->at[1]))
		return 0;
	for (c->at++; c->at < c->end && is_digit(*c->at); c->at++) {
		unit /= 10;
		ns += unit * (unsigned)(*c->at - '0');
	}
	return ns;
}

static unsigned month_take(struct cursor *c)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	if (!c->good || c->end - c->at < 3) {
		c->good = false;
		return 0;
	}
	for (unsigned i = 0; i < 12; i++) {
		const char *name = names + 3 * (size_t)i;

		if ((c->at[0] | 32) == name[0] && (c->at[1] | 32) == name[1] &&
			(c->at[2] | 32) == name[2]) {
			c->at += 3;
			return i + 1;
		}
	}
	c->good = false;
	return 0;
}

struct clock {
	unsigned year, month, day, hour, minute, second;
	uint64_t ns;
};

static void clock_take(struct cursor *c, struct clock *clock)
{
	clock->hour = digits_take(c, 2);
	sign_take(c, ':');
	clock->minute = digits_take(c, 2);
	sign_take(c, ':');
	clock->second = digits_take(c, 2);
	clock->ns = fraction_take(c);
}

/* Days from the epoch to a day of the Gregorian calendar; years counted from March on, so that a
 * leap day is the last one. */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
	unsigned y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;

	return (int64_t)365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool day_exists(const struct clock *clock)
{
	static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = clock->year % 4 == 0 && (clock->year % 100 != 0 || clock->year % 400 == 0);

	return clock->month >= 1 && clock->month <= 12 && clock->day >= 1 &&
	       clock->day <= days[clock->month - 1] &&
	       (clock->month != 2 || clock->day < 29 || leap);
}

/* A leap second (60) is the next minute's first. */
static bool to_ns(const struct clock *clock, int32_t zone_s, uint64_t *ns)
{
	int64_t seconds;

	if (!day_exists(clock) || clock->hour > 23 || clock->minute > 59 || clock->second > 60 ||
		clock->year > YEAR_MOST)
		return false;
	seconds = days_of(clock->year, clock->month, clock->day) * 86400 + clock->hour * 3600 +
		  clock->minute * 60 + clock->second - zone_s;
	if (seconds < 0)
		return false;
	*ns = (uint64_t)seconds * ADIT_NS_PER_S + clock->ns;
	return true;
}

/* Z, +hh:mm, +hhmm or +hh, if one is there. */
static void zone_take(struct cursor *c, int32_t *zone_s)
{
	int32_t sign, hours, minutes = 0;

	if (!c->good || c->at == c->end)
		return;
	if (*c->at == 'Z' || *c->at == 'z') {
		c->at++;
		*zone_s = 0;
		return;
	}
	if (*c->at != '+' && *c->at != '-')
		return;
	sign = *c->at++ == '-' ? -1 : 1;
	hours = (int32_t)digits_take(c, 2);
	if (c->at < c->end && *c->at == ':')
		c->at++;
	if (c->at < c->end && is_digit(*c->at))
		minutes = (int32_t)digits_take(c, 2);
	c->good &= hours <= 14 && minutes <= 59;
	*zone_s = sign * (hours * 3600 + minutes * 60);
}

static size_t epoch_read(const char *text, size_t size, uint64_t *ns)
{
	struct cursor c = {text, text + size, true};
	uint64_t seconds = 0;

	for (; c.at < c.end && is_digit(*c.at); c.at++) {
		seconds = 10 * seconds + (unsigned)(*c.at - '0');
		if (seconds >= INT64_MAX / ADIT_NS_PER_S)
			return 0;
	}
	*ns = seconds * ADIT_NS_PER_S + fraction_take(&c);
	return (size_t)(c.at - text);
}

size_t adit_log_time(const char *text, size_t size, int32_t zone_s, uint16_t year, uint64_t *ns)
{
	struct cursor c = {text, text + size, size > 0};
	struct clock clock = {0};

	if (size == 0)
		return 0;
	if (!is_digit(text[0])) {
		/* Nov 22 07:54:10, Nov  2 07:54:10 */
		clock.year = year;
		clock.month = month_take(&c);
		sign_take(&c, ' ');
		if (c.at < c.end && *c.at == ' ')
			c.at++;
		clock.day = c.end - c.at > 1 && is_digit(c.at[1]) ? digits_take(&c, 2)
								  : digits_take(&c, 1);
		sign_take(&c, ' ');
	} else if (size > 6 && text[4] == '-') {
		clock.year = digits_take(&c, 4);
		sign_take(&c, '-');
		clock.month = digits_take(&c, 2);
		sign_take(&c, '-');
		clock.day = digits_take(&c, 2);
		if (c.at < c.end && (*c.at == 'T' || *c.at == 't'))
			c.at++;
		else
			sign_take(&c, ' ');
	} else if (size > 6 && text[2] == '-') {
		clock.day = digits_take(&c, 2);
		sign_take(&c, '-');
		clock.month = month_take(&c);
		sign_take(&c, '-');
		clock.year = digits_take(&c, 4);
		sign_take(&c, ' ');
	} else {
		return epoch_read(text, size, ns);
	}
	clock_take(&c, &clock);
	zone_take(&c, &zone_s);
	return c.good && to_ns(&clock, zone_s, ns) ? (size_t)(c.at - text) : 0;
}
