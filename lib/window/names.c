/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sets of names: exact while small, HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) when not.
 * Both forms live in the same 256 bytes.
 */
#include "adit_summary.h"

#include <math.h>

static void register_raise(struct adit_names *names, uint32_t hash)
{
	uint8_t *cell = &names->registers[hash >> 24];
	/* Rank of the first 1 among the 24 bits below the index; 25 where there is none. */
	uint8_t rank = (uint8_t)(__builtin_clz(hash << 8 | 0x80) + 1);

	if (rank > *cell)
		*cell = rank;
}

static void become_sketch(struct adit_names *names)
{
	uint32_t exact[ADIT_NAMES_EXACT];

	memcpy(exact, names->exact, sizeof(exact));
	memset(names->registers, 0, sizeof(names->registers));
	for (uint32_t i = 0; i < names->count; i++)
		register_raise(names, exact[i]);
	names->count = ADIT_NAMES_SKETCH;
}

enum adit_names_added adit_names_add(struct adit_names *names, uint32_t hash)
{
	if (names->count != ADIT_NAMES_SKETCH) {
		for (uint32_t i = 0; i < names->count; i++)
			if (names->exact[i] == hash)
				return ADIT_NAMES_SEEN;
		if (names->count < ADIT_NAMES_EXACT) {
			names->exact[names->count++] = hash;
			return ADIT_NAMES_NEW;
		}
		become_sketch(names);
	}
	register_raise(names, hash);
	return ADIT_NAMES_UNKNOWN;
}

void adit_names_merge(struct adit_names *into, const struct adit_names *from)
{
	if (from->count != ADIT_NAMES_SKETCH) {
		for (uint32_t i = 0; i < from->count; i++)
			adit_names_add(into, from->exact[i]);
		return;
	}
	if (into->count != ADIT_NAMES_SKETCH)
		become_sketch(into);
	for (size_t i = 0; i < ADIT_NAMES_REGISTERS; i++)
		if (from->registers[i] > into->registers[i])
			into->registers[i] = from->registers[i];
}

double adit_names_estimate(const struct adit_names *names)
{
	const double m = ADIT_NAMES_REGISTERS, alpha = 0.7213 / (1 + 1.079 / m);
	double sum = 0, estimate;
	unsigned zeros = 0;

	if (names->count != ADIT_NAMES_SKETCH)
		return names->count;
	for (size_t i = 0; i < ADIT_NAMES_REGISTERS; i++) {
		sum += 1.0 / (double)(UINT64_C(1) << names->registers[i]);
		zeros += names->registers[i] == 0;
	}
	estimate = alpha * m * m / sum;
	/* Linear counting where it is the better of the two (the paper's section 4). */
	if (estimate <= 2.5 * m && zeros != 0)
		estimate = m * log(m / zeros);
	/* A sketch is only made of more names than the exact set holds. */
	return estimate > ADIT_NAMES_EXACT ? estimate : ADIT_NAMES_EXACT + 1;
}
