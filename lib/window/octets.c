/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One walk over a name's subdomain, octet by octet.
 */
#include "adit_octets.h"
#include "bigrams.h"
#include "shard_priv.h"

#define BOUNDARY ADIT_OCTET_COUNT

/* clang-format off */
#define Y   ADIT_OCTET_HYPHEN
#define S   ADIT_OCTET_SYMBOL
#define H   ADIT_OCTET_HIGH
#define O   ADIT_OCTET_OTHER
#define TIMES16(c) c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c
static const uint8_t symbol_of[256] = {
	TIMES16(O), TIMES16(O),
	O, S, S, S, S, S, S, S, S, S, S, S, S, Y, S, S,                       /* 0x20 ' ' */
	26, 27, 28, 29, 30, 31, 32, 33, 34, 35, S, S, S, S, S, S,             /* 0x30 '0' */
	S, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,                  /* 0x40 '@' */
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, S, S, S, S, Y,            /* 0x50 'P' */
	S, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,                  /* 0x60 '`' */
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, S, S, S, S, O,            /* 0x70 'p' */
	TIMES16(H), TIMES16(H), TIMES16(H), TIMES16(H),
	TIMES16(H), TIMES16(H), TIMES16(H), TIMES16(H),
};
#undef Y
#undef S
#undef H
#undef O
/* clang-format on */

void octets_make(const struct adit_event *event, struct octets *octets)
{
	const uint8_t *at = event->wire, *end = at + event->registrable_at;
	unsigned bigram = 0, pieces = 0, upper = 0, length = 0;
	uint8_t flat[256];

	memset(octets, 0, sizeof(*octets));
	octets->made = true;
	while (at < end && *at != 0) {
		unsigned size = *at++, before = BOUNDARY;

		pieces += size * size;
		for (unsigned i = 0; i < size; i++) {
			unsigned symbol = symbol_of[at[i]];

			bigram += bigram_cost[before][symbol];
			before = symbol;
			octets->count[symbol]++;
			upper += at[i] >= 'A' && at[i] <= 'Z';
		}
		bigram += bigram_cost[before][BOUNDARY];
		memcpy(flat + length, at, size);
		length += size;
		at += size;
	}
	octets->bigram = (uint16_t)bigram;
	octets->pieces = (uint16_t)pieces;
	octets->upper = (uint8_t)upper;
	if (length > ADIT_FIELD_SIZE)
		memcpy(octets->tail, flat + length - ADIT_FIELD_SIZE, ADIT_FIELD_SIZE);
	else
		memcpy(octets->tail + ADIT_FIELD_SIZE - length, flat, length);
	memcpy(octets->head, flat, length < ADIT_FIELD_SIZE ? length : ADIT_FIELD_SIZE);
}

void adit_octets_read(const uint8_t *wire, size_t size, struct adit_octets *octets)
{
	const uint8_t *at = wire, *end = wire + size;

	memset(octets, 0, sizeof(*octets));
	while (at < end && *at != 0 && *at < end - at) {
		unsigned length = *at++, before = BOUNDARY, bigram = 0;

		for (unsigned i = 0; i < length; i++) {
			unsigned symbol = symbol_of[at[i]];

			bigram += bigram_cost[before][symbol];
			before = symbol;
			octets->digits += symbol - ADIT_OCTET_DIGIT < 10;
		}
		bigram += bigram_cost[before][BOUNDARY];
		octets->bigram += bigram;
		octets->octets += length;
		if (length >= ADIT_OCTETS_ODD_LENGTH &&
			bigram >= ADIT_OCTETS_ODD_COST * (length + 1))
			octets->odd_octets += length;
		at += length;
	}
}
