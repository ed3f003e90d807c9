/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Chance from a seed: the same on every machine.
 */
#include "model_priv.h"

uint64_t adit_random_next(struct adit_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

size_t adit_random_below(struct adit_random *random, size_t bound)
{
	return (size_t)((unsigned __int128)adit_random_next(random) * bound >> 64);
}

void adit_random_sample(struct adit_random *random, size_t count, size_t take, size_t *chosen)
{
	size_t done = 0;

	for (size_t i = 0; i < count && done < take; i++) {
		if (adit_random_below(random, count - i) < take - done)
			chosen[done++] = i;
	}
}
