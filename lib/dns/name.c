/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names (RFC 1035 sections 3.1 and 4.1.4): reading them from a message, and their text form.
 *
 * Nearly every qname is plain labels, so the fast path walks the length octets alone and then
 * has the octets copied and lower-cased (octets.c).
 */
#include "adit_dns.h"
#include "dns_priv.h"

#include <errno.h>

static size_t refuse(struct adit_name *name)
{
	name->size = 1;
	name->labels = 0;
	name->label_at[0] = 0;
	name->wire[0] = name->lower[0] = 0;
	return 0;
}

/*
 * The same name with pointers followed. A pointer must lead to before the start of the label
 * sequence it ends; so each sequence starts before the last one, and the walk has an end.
 */
static size_t read_compressed(
	const uint8_t *message, size_t size, size_t offset, struct adit_name *name)
{
	size_t at = offset, start = offset, after = 0;
	unsigned used = 0, labels = 0;

	for (;;) {
		unsigned length;

		if (at >= size)
			return refuse(name);
		length = message[at];
		if (length >= POINTER) {
			if (size - at < 2)
				return refuse(name);
			if (after == 0)
				after = at + 2;
			at = adit_load_be16(message + at) & 0x3fff;
			if (at >= start)
				return refuse(name);
			start = at;
			continue;
		}
		/* Octets that are not the root label leave room for it. */
		if (length > LABEL_SIZE_MAX || length >= size - at ||
			used + length + 1 > ADIT_NAME_MAX - (length != 0))
			return refuse(name);
		memcpy(name->wire + used, message + at, length + 1);
		name->label_at[labels] = (uint8_t)used;
		used += length + 1;
		at += length + 1;
		if (length == 0)
			break;
		labels++;
	}
	name->size = (uint8_t)used;
	name->labels = (uint8_t)labels;
	adit_octets_put(name, name->wire, sizeof(name->wire));
	return after != 0 ? after : at;
}

size_t adit_name_read(const uint8_t *message, size_t size, size_t offset, struct adit_name *name)
{
	const uint8_t *octets;
	size_t readable, limit, at = 0;
	unsigned labels = 0;

	if (offset >= size)
		return refuse(name);
	octets = message + offset;
	readable = size - offset;
	limit = readable < ADIT_NAME_MAX ? readable : ADIT_NAME_MAX;
	/* A label takes two octets or more, so `labels` stays within label_at. */
	for (; at < limit; at += octets[at] + 1u) {
		unsigned length = octets[at];

		name->label_at[labels] = (uint8_t)at;
		if (length == 0)
			break;
		if (ADIT_UNLIKELY(length > LABEL_SIZE_MAX))
			return length >= POINTER ? read_compressed(message, size, offset, name)
						 : refuse(name);
		labels++;
	}
	if (ADIT_UNLIKELY(at >= limit))
		return refuse(name);
	name->size = (uint8_t)(at + 1);
	name->labels = (uint8_t)labels;
	adit_octets_put(name, octets, readable);
	return offset + at + 1;
}

/* Reads one octet of master-file text, escaped or not; NULL if it is none. */
static const char *text_octet(const char *text, uint8_t *octet)
{
	if (*text != '\\') {
		*octet = (uint8_t)*text;
		return *text > 0x20 && *text < 0x7f ? text + 1 : NULL;
	}
	text++;
	if (*text >= '0' && *text <= '9') {
		unsigned value = 0;

		for (int i = 0; i < 3; i++, text++) {
			if (*text < '0' || *text > '9')
				return NULL;
			value = value * 10 + (unsigned)(*text - '0');
		}
		*octet = (uint8_t)value;
		return value <= 255 ? text : NULL;
	}
	*octet = (uint8_t)*text;
	return *text > 0x20 && *text < 0x7f ? text + 1 : NULL;
}

int adit_name_from_text(const char *text, struct adit_name *name)
{
	uint8_t wire[ADIT_NAME_MAX];
	unsigned used = 0;

	if (text[0] == '.' && text[1] == '\0')
		text++;
	else if (*text == '\0')
		goto bad;
	while (*text != '\0') {
		unsigned at = used++;

		while (*text != '\0' && *text != '.') {
			/* The root label needs an octet after this one. */
			if (used >= ADIT_NAME_MAX - 1 || used - at > LABEL_SIZE_MAX)
				goto bad;
			text = text_octet(text, &wire[used++]);
			if (text == NULL)
				goto bad;
		}
		if (used - at == 1)
			goto bad;
		wire[at] = (uint8_t)(used - at - 1);
		text += *text == '.';
	}
	wire[used++] = 0;
	adit_name_read(wire, used, 0, name);
	return 0;
bad:
	refuse(name);
	return -EINVAL;
}

/* What a backslash stands before: three digits, or the octet itself. Gives the bytes that it took;
 * 0: it is none. */
static size_t escape_read(const char *text, size_t size, uint8_t *octet)
{
	unsigned value = 0;

	if (size < 2)
		return 0;
	if (text[1] < '0' || text[1] > '9') {
		*octet = (uint8_t)text[1];
		return 2;
	}
	for (size_t i = 1; i < 4; i++) {
		if (i >= size || text[i] < '0' || text[i] > '9')
			return 0;
		value = 10 * value + (unsigned)(text[i] - '0');
	}
	*octet = (uint8_t)value;
	return value <= 255 ? 4 : 0;
}

int adit_name_from_log(const char *text, size_t size, struct adit_name *name)
{
	uint8_t wire[ADIT_NAME_MAX];
	unsigned used = 1, label = 0;
	size_t i = size == 1 && text[0] == '.';

	while (i < size) {
		size_t took = 1;

		if (text[i] == '.') {
			if (used - label == 1)
				goto bad;
			wire[label] = (uint8_t)(used - label - 1);
			label = used++;
			i++;
			continue;
		}
		if (used >= ADIT_NAME_MAX - 1 || used - label > LABEL_SIZE_MAX)
			goto bad;
		wire[used] = (uint8_t)text[i];
		if (text[i] == '\\')
			took = escape_read(text + i, size - i, &wire[used]);
		if (took == 0)
			goto bad;
		used++;
		i += took;
	}
	/* Without a final dot the last label ends here. */
	wire[label] = (uint8_t)(used - label - 1);
	if (wire[label] != 0)
		wire[used++] = 0;
	if (size == 0)
		goto bad;
	adit_name_read(wire, used, 0, name);
	return 0;
bad:
	refuse(name);
	return -EINVAL;
}

/* The text of one octet: 1 to 4 characters. */
static unsigned octet_text(uint8_t octet, char text[4])
{
	unsigned size = 0;

	if (octet <= 0x20 || octet >= 0x7f) {
		text[0] = '\\';
		text[1] = (char)('0' + octet / 100);
		text[2] = (char)('0' + octet / 10 % 10);
		text[3] = (char)('0' + octet % 10);
		return 4;
	}
	if (strchr(".\\\"();@$", octet) != NULL)
		text[size++] = '\\';
	text[size++] = (char)octet;
	return size;
}

/* Adds characters if they fit beside the NUL. */
static bool put_text(char *text, size_t room, size_t *used, const char *from, size_t size)
{
	if (size >= room - *used)
		return false;
	memcpy(text + *used, from, size);
	*used += size;
	return true;
}

size_t adit_name_to_text(const uint8_t *wire, size_t size, char *text, size_t room)
{
	size_t used = 0, at = 0;
	bool fits = true;

	if (room == 0)
		return 0;
	if (size > 0 && wire[0] == 0)
		put_text(text, room, &used, ".", 1);
	while (fits && at < size && wire[at] != 0) {
		size_t end = at + 1 + wire[at];

		if (end > size)
			end = size;
		if (at > 0)
			fits = put_text(text, room, &used, ".", 1);
		for (at++; fits && at < end; at++) {
			char octet[4];

			fits = put_text(text, room, &used, octet, octet_text(wire[at], octet));
		}
	}
	text[used] = '\0';
	return used;
}
