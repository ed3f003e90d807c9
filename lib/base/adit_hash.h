/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Keyed 64-bit hash. Names and addresses are chosen by attackers, so which inputs collide must
 * depend on the key: AES rounds (two per 16-byte block, three at the end), not CRC, whose
 * collisions are the same under every seed. Not a MAC: it defends tables, not messages.
 * Every CPU row gives the same value for the same key and bytes.
 */
#ifndef ADIT_HASH_H
#define ADIT_HASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Written once at start, read by every thread. */
struct adit_hash_key {
	uint8_t bytes[32];
};

/* The key that replay uses, so that a capture gives the same verdicts on every run. */
extern const struct adit_hash_key adit_hash_key_fixed;

/* Hash of `size` bytes at `data`. Reads exactly these bytes. Any thread. */
uint64_t adit_hash(const struct adit_hash_key *key, const void *data, size_t size);

/* A second value from a first (derived keys: subscriber × domain). Keyed, not symmetric. */
uint64_t adit_hash_pair(const struct adit_hash_key *key, uint64_t a, uint64_t b);

/* adit_hash of the 32 bytes that four words make, which are not in memory: who has just stored them
 * would wait until they can be loaded as blocks. */
uint64_t adit_hash_four(
	const struct adit_hash_key *key, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/*
 * The same for what is longer than a block or two: four states side by side, each of which takes
 * every fourth block, first of the seed and then of the data. Another value than adit_hash gives.
 * Reads exactly `size` bytes at `data`. The seed is loaded at once, so it is best made in a loop
 * before. Any thread.
 */
#define ADIT_HASH_STRIPE 64
struct adit_hash_seed {
	uint64_t word[ADIT_HASH_STRIPE / sizeof(uint64_t)];
};
uint64_t adit_digest(const struct adit_hash_key *key, const struct adit_hash_seed *seed,
	const void *data, size_t size);

/* The CPU rows, for tests: each must give what the others give. */
struct adit_hash_row {
	const char *name;
	int (*supported)(void);
	uint64_t (*hash)(const struct adit_hash_key *key, const void *data, size_t size);
	uint64_t (*pair)(const struct adit_hash_key *key, uint64_t a, uint64_t b);
	uint64_t (*four)(
		const struct adit_hash_key *key, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
	uint64_t (*digest)(const struct adit_hash_key *key, const struct adit_hash_seed *seed,
		const void *data, size_t size);
};
extern const struct adit_hash_row adit_hash_rows[];
extern const size_t adit_hash_row_count;

#ifdef __cplusplus
}
#endif
#endif
