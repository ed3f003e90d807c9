/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A-labels from UTF-8 (RFC 5890): the Punycode encoder of RFC 3492. Needed only while a list loads.
 */
#include "dns_priv.h"
#include "suffix_priv.h"

#include <errno.h>

/* RFC 3492 section 5. */
enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 };

/* Decodes `size` bytes (at most LABEL_SIZE_MAX); returns how many code points, or -1. */
static int decode_utf8(const char *utf8, size_t size, uint32_t *points)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	int count = 0;

	for (size_t at = 0; at < size;) {
		uint8_t lead = (uint8_t)utf8[at++];
		unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
		uint32_t point = more == 0 ? lead : lead & (0x3fu >> more);

		if ((lead >= 0x80 && lead < 0xc0) || lead >= 0xf8 || more > size - at)
			return -1;
		for (unsigned i = 0; i < more; i++, at++) {
			if (((uint8_t)utf8[at] & 0xc0) != 0x80)
				return -1;
			point = point << 6 | ((uint8_t)utf8[at] & 0x3f);
		}
		if (point < least[more] || point > 0x10ffff || (point >> 11) == 0x1b)
			return -1;
		points[count++] = point;
	}
	return count;
}

/* RFC 3492 section 6.1. */
static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / count;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

/* Room for the output: the caller cuts it off at LABEL_SIZE_MAX. */
struct output {
	char *text;
	unsigned used;
	bool full;
};

static void put(struct output *out, uint32_t c)
{
	if (out->used == LABEL_SIZE_MAX)
		out->full = true;
	else
		out->text[out->used++] = (char)c;
}

static void put_digit(struct output *out, uint32_t digit)
{
	put(out, digit < 26 ? 'a' + digit : '0' + digit - 26);
}

/* A number in generalised variable-length digits, RFC 3492 section 3.3. */
static void put_delta(struct output *out, uint32_t delta, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;

		if (delta < t)
			break;
		put_digit(out, t + (delta - t) % (BASE - t));
		delta = (delta - t) / (BASE - t);
	}
	put_digit(out, delta);
}

int adit_punycode_label(const char *utf8, size_t size, char ascii[63])
{
	uint32_t points[LABEL_SIZE_MAX * 4], n = FIRST, delta = 0, bias = BIAS;
	struct output out = {.text = ascii};
	int count, done = 0, basic;

	if (size == 0 || size > sizeof(points) / sizeof(points[0]))
		return -EINVAL;
	count = decode_utf8(utf8, size, points);
	if (count < 0)
		return -EINVAL;
	for (int i = 0; i < count; i++)
		done += points[i] < FIRST;
	if (done < count)
		for (int i = 0; i < 4; i++)
			put(&out, (uint32_t) "xn--"[i]);
	for (int i = 0; i < count; i++)
		if (points[i] < FIRST)
			put(&out, points[i]);
	basic = done;
	if (basic > 0 && basic < count)
		put(&out, '-');
	/* 252 points below 2^21 at most: delta stays below 2^30. */
	for (; done < count; delta++, n++) {
		uint32_t next = UINT32_MAX;

		for (int i = 0; i < count; i++)
			if (points[i] >= n && points[i] < next)
				next = points[i];
		delta += (next - n) * (uint32_t)(done + 1);
		n = next;
		for (int i = 0; i < count; i++) {
			delta += points[i] < n;
			if (points[i] != n)
				continue;
			put_delta(&out, delta, bias);
			bias = adapt(delta, (uint32_t)done + 1, done == basic);
			done++;
			delta = 0;
		}
	}
	return out.full ? -EINVAL : (int)out.used;
}
