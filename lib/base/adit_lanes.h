/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Eight words of a bucket compared at once. Where there is no SSE2 the compiler does what it can
 * with the loop; both give the same.
 */
#ifndef ADIT_LANES_H
#define ADIT_LANES_H

#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_LANES 8

/* Bit i is set where words[i] & mask equals `word`. Any thread. */
static inline unsigned adit_lanes_equal(
	const uint32_t words[ADIT_LANES], uint32_t mask, uint32_t word)
{
#ifdef __SSE2__
	const __m128i *at = (const __m128i *)(const void *)words;
	__m128i bits = _mm_set1_epi32((int)mask), all = _mm_set1_epi32((int)word);
	__m128i low = _mm_cmpeq_epi32(_mm_and_si128(_mm_loadu_si128(at), bits), all);
	__m128i high = _mm_cmpeq_epi32(_mm_and_si128(_mm_loadu_si128(at + 1), bits), all);

	return (unsigned)_mm_movemask_epi8(
		_mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128()));
#else
	unsigned equal = 0;

	for (unsigned i = 0; i < ADIT_LANES; i++)
		equal |= (unsigned)((words[i] & mask) == word) << i;
	return equal;
#endif
}

#ifdef __cplusplus
}
#endif
#endif
