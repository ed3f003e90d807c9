/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The octets of a name, copied and lower-cased, a row for each level of CPU. Length octets go
 * through the map as well: they are at most 63, 'A' is 65, so none of them changes.
 *
 * A block that passes the end of the name is read where the message goes on that far. Else AVX-512
 * masks what is not there, and the others take the block that ends with the name; a name that is
 * shorter than a block of theirs, at the end of a message, goes to the next row.
 */
#include "adit_dns.h"
#include "dns_priv.h"

#include <assert.h>
#include <immintrin.h>

static_assert(
	sizeof(((struct adit_name *)0)->wire) % 64 == 0 &&
		sizeof(((struct adit_name *)0)->wire) >= ADIT_NAME_MAX &&
		sizeof(((struct adit_name *)0)->lower) == sizeof(((struct adit_name *)0)->wire),
	"a whole block fits behind the last octet");

static void put_scalar(struct adit_name *name, const uint8_t *from, size_t readable)
{
	(void)readable;
	for (size_t i = 0; i < name->size; i++) {
		uint8_t octet = from[i];

		name->wire[i] = octet;
		name->lower[i] = octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
	}
}

/* The compares are signed: octets from 0x80 on are below 'A' and stay as they are. */
static inline void block_sse2(struct adit_name *name, size_t at, const uint8_t *from)
{
	__m128i octets = _mm_loadu_si128((const __m128i *)from);
	__m128i upper = _mm_and_si128(_mm_cmpgt_epi8(octets, _mm_set1_epi8('A' - 1)),
		_mm_cmplt_epi8(octets, _mm_set1_epi8('Z' + 1)));

	_mm_storeu_si128((__m128i *)(name->wire + at), octets);
	_mm_storeu_si128((__m128i *)(name->lower + at),
		_mm_or_si128(octets, _mm_and_si128(upper, _mm_set1_epi8(0x20))));
}

static void put_sse2(struct adit_name *name, const uint8_t *from, size_t readable)
{
	size_t size = name->size, at = 0;

	for (; at + 16 <= size; at += 16)
		block_sse2(name, at, from + at);
	if (at == size)
		return;
	if (ADIT_LIKELY(at + 16 <= readable))
		block_sse2(name, at, from + at);
	else if (size >= 16)
		block_sse2(name, size - 16, from + size - 16);
	else
		put_scalar(name, from, readable);
}

__attribute__((target("avx2"))) static inline void block_avx2(
	struct adit_name *name, size_t at, const uint8_t *from)
{
	__m256i octets = _mm256_loadu_si256((const __m256i *)from);
	__m256i upper = _mm256_and_si256(_mm256_cmpgt_epi8(octets, _mm256_set1_epi8('A' - 1)),
		_mm256_cmpgt_epi8(_mm256_set1_epi8('Z' + 1), octets));

	_mm256_storeu_si256((__m256i *)(name->wire + at), octets);
	_mm256_storeu_si256((__m256i *)(name->lower + at),
		_mm256_or_si256(octets, _mm256_and_si256(upper, _mm256_set1_epi8(0x20))));
}

__attribute__((target("avx2"))) static void put_avx2(
	struct adit_name *name, const uint8_t *from, size_t readable)
{
	size_t size = name->size, at = 0;

	for (; at + 32 <= size; at += 32)
		block_avx2(name, at, from + at);
	if (at == size)
		return;
	if (ADIT_LIKELY(at + 32 <= readable))
		block_avx2(name, at, from + at);
	else if (size >= 32)
		block_avx2(name, size - 32, from + size - 32);
	else
		put_sse2(name, from, readable);
}

__attribute__((target("avx512bw,avx512vl"))) static void put_avx512(
	struct adit_name *name, const uint8_t *from, size_t readable)
{
	size_t size = name->size;

	(void)readable;
	for (size_t at = 0; at < size; at += 64) {
		size_t left = size - at;
		__mmask64 there = left >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << left) - 1;
		__m512i octets = _mm512_maskz_loadu_epi8(there, from + at);
		__mmask64 upper = _mm512_cmplt_epu8_mask(
			_mm512_sub_epi8(octets, _mm512_set1_epi8('A')), _mm512_set1_epi8(26));

		_mm512_storeu_si512(name->wire + at, octets);
		_mm512_storeu_si512(name->lower + at,
			_mm512_mask_add_epi8(octets, upper, octets, _mm512_set1_epi8(0x20)));
	}
}

static bool supported_avx512(void)
{
	return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

static bool supported_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

static bool supported_always(void)
{
	return true;
}

const struct adit_octets_row adit_octets_rows[] = {
	{"avx512", supported_avx512, put_avx512},
	{"avx2", supported_avx2, put_avx2},
	{"sse2", supported_always, put_sse2},
	{"scalar", supported_always, put_scalar},
};
const size_t adit_octets_row_count = ADIT_COUNT(adit_octets_rows);

/* Chosen once, before any thread of ours runs. */
static void (*chosen)(struct adit_name *, const uint8_t *, size_t) = put_scalar;

__attribute__((constructor)) static void octets_choose(void)
{
	__builtin_cpu_init();
	for (size_t i = adit_octets_row_count; i-- > 0;) {
		const struct adit_octets_row *row = &adit_octets_rows[i];

		if (!row->supported())
			continue;
		chosen = row->put;
		if (adit_cpu_wanted(row->name))
			break;
	}
}

void adit_octets_put(struct adit_name *name, const uint8_t *from, size_t readable)
{
	chosen(name, from, readable);
}
