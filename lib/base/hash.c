/* SPDX-License-Identifier: BSD-3-Clause
 *
 * AES as a keyed hash. Two rounds per block: after one round a difference in one byte spreads over
 * four only, and the next block could cancel it with a probability that no key changes; after two
 * it fills the block. The length comes last: before the first block, data could cancel it. The
 * scalar row computes the same rounds (FIPS 197) for CPUs without AES-NI.
 */
#include "adit_hash.h"

#include "adit_base.h"

#include <cpuid.h>
#include <immintrin.h>

const struct adit_hash_key adit_hash_key_fixed = {{0x41, 0x64, 0x69, 0x74, 0x2d, 0x72, 0x65, 0x70,
	0x6c, 0x61, 0x79, 0x2d, 0x6b, 0x65, 0x79, 0x21, 0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c,
	0x15, 0xf3, 0x9c, 0xc0, 0x60, 0x5c, 0xed, 0xc8, 0x34}};

/* The last bytes of `size`, fewer than 16 and with zeros behind them. Reads no other bytes: what is
 * longer than a block is loaded from before its end and moved down. */
__attribute__((target("aes,sse4.1"))) static inline __m128i tail_load(
	const uint8_t *p, size_t at, size_t size)
{
	static const uint8_t down[32] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x80,
		0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		0x80};
	uint64_t low = 0, high = 0;

	if (size >= 16) {
		size_t more = 16 - (size - at);

		return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + at - more)),
			_mm_loadu_si128((const __m128i *)(down + more)));
	}
	if (size >= 8) {
		memcpy(&low, p, 8);
		memcpy(&high, p + size - 8, 8);
		/* In two steps: of 8 bytes nothing is left. */
		high = high >> 8 >> 8 * (15 - size);
	} else if (size >= 4) {
		uint32_t first, last;

		memcpy(&first, p, 4);
		memcpy(&last, p + size - 4, 4);
		low = first | (uint64_t)last << 8 * (size - 4);
	} else {
		low = p[0] | (uint64_t)p[size / 2] << 8 * (size / 2) |
		      (uint64_t)p[size - 1] << 8 * (size - 1);
	}
	return _mm_set_epi64x((long long)high, (long long)low);
}

__attribute__((target("aes,sse4.1"))) static inline uint64_t finish(
	__m128i state, size_t size, __m128i k0, __m128i k1)
{
	state = _mm_xor_si128(state, _mm_cvtsi64_si128((long long)size));
	state = _mm_aesenc_si128(state, k1);
	state = _mm_aesenc_si128(state, k0);
	state = _mm_aesenc_si128(state, k1);
	return (uint64_t)_mm_cvtsi128_si64(state) ^ (uint64_t)_mm_extract_epi64(state, 1);
}

__attribute__((target("aes,sse4.1"))) static inline __m128i absorb(
	__m128i state, __m128i block, __m128i k0, __m128i k1)
{
	return _mm_aesenc_si128(_mm_aesenc_si128(_mm_xor_si128(state, block), k1), k0);
}

__attribute__((target("aes,sse4.1"))) static uint64_t hash_aesni(
	const struct adit_hash_key *key, const void *data, size_t size)
{
	const uint8_t *p = data;
	__m128i k0 = _mm_loadu_si128((const __m128i *)key->bytes);
	__m128i k1 = _mm_loadu_si128((const __m128i *)(key->bytes + 16));
	__m128i state = k0;
	size_t at = 0;

	for (; at + 16 <= size; at += 16)
		state = absorb(state, _mm_loadu_si128((const __m128i *)(p + at)), k0, k1);
	if (at != size)
		state = absorb(state, tail_load(p, at, size), k0, k1);
	return finish(state, size, k0, k1);
}

__attribute__((target("aes,sse4.1"))) static uint64_t pair_aesni(
	const struct adit_hash_key *key, uint64_t a, uint64_t b)
{
	__m128i k0 = _mm_loadu_si128((const __m128i *)key->bytes);
	__m128i k1 = _mm_loadu_si128((const __m128i *)(key->bytes + 16));

	return finish(absorb(k0, _mm_set_epi64x((long long)b, (long long)a), k0, k1), 16, k0, k1);
}

__attribute__((target("aes,sse4.1"))) static uint64_t four_aesni(
	const struct adit_hash_key *key, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	__m128i k0 = _mm_loadu_si128((const __m128i *)key->bytes);
	__m128i k1 = _mm_loadu_si128((const __m128i *)(key->bytes + 16));
	__m128i state = absorb(k0, _mm_set_epi64x((long long)b, (long long)a), k0, k1);

	return finish(
		absorb(state, _mm_set_epi64x((long long)d, (long long)c), k0, k1), 32, k0, k1);
}

/* Four states side by side are one, in an order that counts. */
__attribute__((target("aes,sse4.1"))) static inline uint64_t finish_lanes(
	const __m128i state[4], size_t size, __m128i k0, __m128i k1)
{
	__m128i first = _mm_aesenc_si128(_mm_aesenc_si128(state[0], state[1]), k0);
	__m128i second = _mm_aesenc_si128(_mm_aesenc_si128(state[2], state[3]), k1);

	return finish(_mm_aesenc_si128(_mm_aesenc_si128(first, second), k1), size, k0, k1);
}

__attribute__((target("aes,sse4.1"))) static inline void absorb_lanes(
	__m128i state[4], const uint8_t *stripe, __m128i k0, __m128i k1)
{
	const __m128i *block = (const __m128i *)stripe;

	for (int i = 0; i < 4; i++)
		state[i] = absorb(state[i], _mm_loadu_si128(block + i), k0, k1);
}

__attribute__((target("aes,sse4.1"))) static uint64_t digest_aesni(const struct adit_hash_key *key,
	const struct adit_hash_seed *seed, const void *data, size_t size)
{
	const uint8_t *p = data;
	__m128i k0 = _mm_loadu_si128((const __m128i *)key->bytes);
	__m128i k1 = _mm_loadu_si128((const __m128i *)(key->bytes + 16));
	__m128i state[4] = {k0, k0, k0, k0};
	size_t at = 0;

	absorb_lanes(state, (const uint8_t *)seed, k0, k1);
	for (; at + ADIT_HASH_STRIPE <= size; at += ADIT_HASH_STRIPE)
		absorb_lanes(state, p + at, k0, k1);
	if (at != size)
		for (int i = 0; i < 4; i++, at += 16) {
			__m128i block = _mm_setzero_si128();

			if (at + 16 <= size)
				block = _mm_loadu_si128((const __m128i *)(p + at));
			else if (at < size)
				block = tail_load(p, at, size);
			state[i] = absorb(state[i], block, k0, k1);
		}
	return finish_lanes(state, size, k0, k1);
}

#define VAES "vaes,avx512f,avx512bw,avx512vl,aes,sse4.1"

/* A stripe in one register; of the last one no more is loaded than there is. */
__attribute__((target(VAES))) static uint64_t digest_vaes(const struct adit_hash_key *key,
	const struct adit_hash_seed *seed, const void *data, size_t size)
{
	const uint8_t *p = data;
	__m128i k0 = _mm_loadu_si128((const __m128i *)key->bytes);
	__m128i k1 = _mm_loadu_si128((const __m128i *)(key->bytes + 16)), lanes[4];
	__m512i wide0 = _mm512_broadcast_i32x4(k0), wide1 = _mm512_broadcast_i32x4(k1);
	__m512i state = _mm512_xor_si512(wide0, _mm512_loadu_si512(seed));
	size_t at = 0;

	state = _mm512_aesenc_epi128(_mm512_aesenc_epi128(state, wide1), wide0);
	for (; at < size; at += ADIT_HASH_STRIPE) {
		size_t left = size - at;
		__mmask64 there =
			left >= ADIT_HASH_STRIPE ? ~UINT64_C(0) : (UINT64_C(1) << left) - 1;

		state = _mm512_xor_si512(state, _mm512_maskz_loadu_epi8(there, p + at));
		state = _mm512_aesenc_epi128(_mm512_aesenc_epi128(state, wide1), wide0);
	}
	lanes[0] = _mm512_castsi512_si128(state);
	lanes[1] = _mm512_extracti32x4_epi32(state, 1);
	lanes[2] = _mm512_extracti32x4_epi32(state, 2);
	lanes[3] = _mm512_extracti32x4_epi32(state, 3);
	return finish_lanes(lanes, size, k0, k1);
}

static int supported_vaes(void)
{
	unsigned a, b, c, d;

	/* Not every compiler's __builtin_cpu_supports knows VAES by name. */
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_VAES) != 0 &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("aes");
}

static int supported_aesni(void)
{
	return __builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1");
}

/* Multiplication by x in GF(2^8), FIPS 197 section 4.2.1. */
static uint8_t xtime(uint8_t v)
{
	return (uint8_t)(v << 1 ^ (v >> 7 ? 0x1b : 0));
}

static uint8_t multiply(uint8_t a, uint8_t b)
{
	uint8_t sum = 0;

	for (; b != 0; b >>= 1, a = xtime(a))
		if (b & 1)
			sum ^= a;
	return sum;
}

/* The S-box from its definition (inverse, then affine map), FIPS 197 section 5.1.1. */
static void sbox_make(uint8_t sbox[256])
{
	for (unsigned v = 0; v < 256; v++) {
		uint8_t inverse = 1, s;

		/* v^254 is v's inverse, and 0 for 0. */
		for (int i = 0; i < 254; i++)
			inverse = multiply(inverse, (uint8_t)v);
		s = inverse;
		for (int i = 1; i < 5; i++)
			s ^= (uint8_t)(inverse << i | inverse >> (8 - i));
		sbox[v] = s ^ 0x63;
	}
}

/* One round as the CPU's AESENC does it: ShiftRows, SubBytes, MixColumns, add the key. */
static void round_scalar(uint8_t state[16], const uint8_t *round_key, const uint8_t sbox[256])
{
	uint8_t in[16];

	memcpy(in, state, 16);
	for (int column = 0; column < 4; column++) {
		uint8_t a[4];

		for (int row = 0; row < 4; row++)
			a[row] = sbox[in[(column + row) % 4 * 4 + row]];
		for (int row = 0; row < 4; row++)
			state[column * 4 + row] =
				(uint8_t)(xtime(a[row]) ^ xtime(a[(row + 1) % 4]) ^
					  a[(row + 1) % 4] ^ a[(row + 2) % 4] ^ a[(row + 3) % 4] ^
					  round_key[column * 4 + row]);
	}
}

static const uint8_t *sbox_get(void)
{
	static uint8_t sbox[256];
	static volatile int made;

	/* Two threads may both make it: they write the same bytes. */
	if (!made) {
		sbox_make(sbox);
		made = 1;
	}
	return sbox;
}

/* At most 16 bytes; what is missing are zeros. */
static void absorb_scalar(uint8_t state[16], const uint8_t *bytes, size_t size,
	const struct adit_hash_key *key, const uint8_t sbox[256])
{
	for (size_t i = 0; i < 16 && i < size; i++)
		state[i] ^= bytes[i];
	round_scalar(state, key->bytes + 16, sbox);
	round_scalar(state, key->bytes, sbox);
}

static uint64_t finish_scalar(
	uint8_t state[16], uint64_t size, const struct adit_hash_key *key, const uint8_t sbox[256])
{
	uint64_t low, high;

	for (int i = 0; i < 8; i++)
		state[i] ^= (uint8_t)(size >> 8 * i);
	round_scalar(state, key->bytes + 16, sbox);
	round_scalar(state, key->bytes, sbox);
	round_scalar(state, key->bytes + 16, sbox);
	memcpy(&low, state, 8);
	memcpy(&high, state + 8, 8);
	return low ^ high;
}

static uint64_t hash_scalar(const struct adit_hash_key *key, const void *data, size_t size)
{
	const uint8_t *p = data, *sbox = sbox_get();
	uint8_t state[16];

	memcpy(state, key->bytes, 16);
	for (size_t at = 0; at < size; at += 16)
		absorb_scalar(state, p + at, size - at, key, sbox);
	return finish_scalar(state, size, key, sbox);
}

static uint64_t digest_scalar(const struct adit_hash_key *key, const struct adit_hash_seed *seed,
	const void *data, size_t size)
{
	const uint8_t *p = data, *from = (const uint8_t *)seed, *sbox = sbox_get();
	uint8_t state[4][16];

	for (size_t i = 0; i < 4; i++) {
		memcpy(state[i], key->bytes, 16);
		absorb_scalar(state[i], from + 16 * i, 16, key, sbox);
	}
	for (size_t at = 0; at < size; at += ADIT_HASH_STRIPE)
		for (size_t i = 0; i < 4; i++) {
			size_t from_here = at + 16 * i < size ? size - at - 16 * i : 0;

			absorb_scalar(state[i], p + size - from_here, from_here, key, sbox);
		}
	round_scalar(state[0], state[1], sbox);
	round_scalar(state[0], key->bytes, sbox);
	round_scalar(state[2], state[3], sbox);
	round_scalar(state[2], key->bytes + 16, sbox);
	round_scalar(state[0], state[2], sbox);
	round_scalar(state[0], key->bytes + 16, sbox);
	return finish_scalar(state[0], size, key, sbox);
}

static uint64_t pair_scalar(const struct adit_hash_key *key, uint64_t a, uint64_t b)
{
	uint64_t both[2] = {a, b};

	return hash_scalar(key, both, sizeof(both));
}

static uint64_t four_scalar(
	const struct adit_hash_key *key, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t all[4] = {a, b, c, d};

	return hash_scalar(key, all, sizeof(all));
}

static int supported_always(void)
{
	return 1;
}

const struct adit_hash_row adit_hash_rows[] = {
	{"vaes", supported_vaes, hash_aesni, pair_aesni, four_aesni, digest_vaes},
	{"aesni", supported_aesni, hash_aesni, pair_aesni, four_aesni, digest_aesni},
	{"scalar", supported_always, hash_scalar, pair_scalar, four_scalar, digest_scalar},
};
const size_t adit_hash_row_count = ADIT_COUNT(adit_hash_rows);

/* Chosen once, before any thread of ours runs. */
static const struct adit_hash_row *chosen = &adit_hash_rows[ADIT_COUNT(adit_hash_rows) - 1];

__attribute__((constructor)) static void hash_choose(void)
{
	__builtin_cpu_init();
	for (size_t i = adit_hash_row_count; i-- > 0;) {
		if (!adit_hash_rows[i].supported())
			continue;
		chosen = &adit_hash_rows[i];
		if (adit_cpu_wanted(chosen->name))
			break;
	}
}

uint64_t adit_hash(const struct adit_hash_key *key, const void *data, size_t size)
{
	return chosen->hash(key, data, size);
}

uint64_t adit_hash_pair(const struct adit_hash_key *key, uint64_t a, uint64_t b)
{
	return chosen->pair(key, a, b);
}

uint64_t adit_hash_four(
	const struct adit_hash_key *key, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	return chosen->four(key, a, b, c, d);
}

uint64_t adit_digest(const struct adit_hash_key *key, const struct adit_hash_seed *seed,
	const void *data, size_t size)
{
	return chosen->digest(key, seed, data, size);
}
