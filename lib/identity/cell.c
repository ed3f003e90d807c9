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

int adit_identity_cell_text(const char *text, char to[ADIT_IDENTITY_TEXT])
{
	size_t length = strlen(text);

	if (length >= ADIT_IDENTITY_TEXT)
		return -EINVAL;
	memcpy(to, text, length + 1);
	return 0;
}
