/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the letters of a name say, of one name by itself: the measure that detail records sum, for
 * whoever has names and no packets.
 */
#ifndef ADIT_OCTETS_H
#define ADIT_OCTETS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From so many sixteenths of a bit on (6 bits), per octet and end of a label, a label of so many
 * octets is no word. Of the words in the public suffix list 94 in 100 cost less; of labels made at
 * random, 93 in 100 of hex digits and 99 in 100 of base32 cost more. */
#define ADIT_OCTETS_ODD_COST   96
#define ADIT_OCTETS_ODD_LENGTH 4

struct adit_octets {
	uint32_t octets, digits; /* of labels */
	uint32_t odd_octets;     /* of labels that are no words */
	uint32_t
		bigram; /* sixteenths of a bit that the octets cost by ordinary words (bigrams.h) */
};

/* Of the first `size` bytes of a name in wire format: its labels up to the registrable domain. Any
 * thread. */
void adit_octets_read(const uint8_t *wire, size_t size, struct adit_octets *octets);

#ifdef __cplusplus
}
#endif
#endif
