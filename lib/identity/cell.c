/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The cells of a feed: addresses and prefixes, numbers, times (RFC 3339 or seconds since the Unix
 * epoch), identities. What is not exactly right is refused: a subscriber must never get the name
 * of another because a cell was read generously.
 */
#include "identity_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* Decimal digits alone, at most `most`. */
static int number_read(const char *text, uint64_t most, uint64_t *value)
{
	*value = 0;
	if (*text == '\0')
		return -EINVAL;
	for (; *text != '\0'; text++) {
		uint64_t digit = (uint64_t)(uint8_t)*text - '0';

		if (digit > 9 || *value > (most - digit) / 10)
			return -EINVAL;
		*value = *value * 10 + digit;
	}
	return *value <= most ? 0 : -EINVAL;
}

static bool bits_after(const struct adit_address *address, unsigned bits, unsigned size)
{
	for (unsigned i = bits; i < 8 * size; i++)
		if (address->bytes[i / 8] & 0x80u >> i % 8)
			return true;
	return false;
}

int adit_identity_cell_address(const char *text, struct identity_line *line)
{
	struct adit_address *address = &line->address;
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];
	unsigned size;
	uint64_t bits;

	memset(address, 0, sizeof(*address));
	if (length >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = '\0';
	address->is_v6 = strchr(host, ':') != NULL;
	size = address->is_v6 ? 16 : 4;
	bits = 8 * size;
	if (inet_pton(address->is_v6 ? AF_INET6 : AF_INET, host, address->bytes) != 1)
		return -EINVAL;
	if (slash != NULL && number_read(slash + 1, 8 * size, &bits) != 0)
		return -EINVAL;
	if (bits_after(address, (unsigned)bits, size))
		return -EINVAL;
	line->prefix_bits = (uint8_t)bits;
	line->has_address = true;
	return 0;
}

int adit_identity_cell_peer(const char *text, struct identity_line *line)
{
	struct identity_line whole = {.has_address = false};

	if (strchr(text, '/') != NULL || adit_identity_cell_address(text, &whole) != 0)
		return -EINVAL;
	line->peer = whole.address;
	line->has_peer = true;
	return 0;
}

int adit_identity_cell_teid(const char *text, struct identity_line *line)
{
	uint64_t value = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		size_t digits = strspn(text + 2, "0123456789abcdefABCDEF");

		if (digits < 1 || digits > 8 || text[2 + digits] != '\0')
			return -EINVAL;
		value = strtoull(text + 2, NULL, 16);
	} else if (number_read(text, UINT32_MAX, &value) != 0) {
		return -EINVAL;
	}
	line->teid = (uint32_t)value;
	line->has_teid = true;
	return 0;
}

int adit_identity_cell_vlan(const char *text, struct identity_line *line)
{
	uint64_t value;

	if (number_read(text, 4095, &value) != 0)
		return -EINVAL;
	line->vlan = (uint16_t)value;
	line->has_vlan = true;
	return 0;
}

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

int adit_identity_cell_time(const char *text, uint64_t *ns)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t seconds = 0, fraction = 0;
	const char *rest = text + digits;
	char whole[24];

	if (digits == 4 && *rest == '-')
		return rfc3339_read(text, ns);
	if (digits >= sizeof(whole))
		return -EINVAL;
	memcpy(whole, text, digits);
	whole[digits] = '\0';
	if (number_read(whole, INT64_MAX, &seconds) != 0)
		return -EINVAL;
	if (*rest == '.') {
		rest++;
		if (fraction_read(&rest, &fraction) != 0)
			return -EINVAL;
	}
	return *rest == '\0' ? seconds_to_ns((int64_t)seconds, fraction, ns) : -EINVAL;
}

int adit_identity_cell_text(const char *text, char to[ADIT_IDENTITY_TEXT])
{
	size_t length = strlen(text);

	if (length >= ADIT_IDENTITY_TEXT)
		return -EINVAL;
	memcpy(to, text, length + 1);
	return 0;
}
