/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_base.h"
#include "adit_hash.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* A key, a seed, and then what is hashed: every row of this CPU gives what the plain one gives, and
 * reads no byte more. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct adit_hash_row *plain = &adit_hash_rows[adit_hash_row_count - 1];
	struct adit_hash_seed seed;
	struct adit_hash_key key;
	uint64_t hash, digest;
	uint8_t *bytes;

	if (size < sizeof(key) + sizeof(seed))
		return 0;
	memcpy(&key, data, sizeof(key));
	memcpy(&seed, data + sizeof(key), sizeof(seed));
	data += sizeof(key) + sizeof(seed);
	size -= sizeof(key) + sizeof(seed);
	bytes = malloc(size);
	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	hash = plain->hash(&key, bytes, size);
	digest = plain->digest(&key, &seed, bytes, size);
	for (size_t row = 0; row < adit_hash_row_count; row++) {
		if (!adit_hash_rows[row].supported())
			continue;
		if (adit_hash_rows[row].hash(&key, bytes, size) != hash ||
			adit_hash_rows[row].digest(&key, &seed, bytes, size) != digest)
			__builtin_trap();
	}
	free(bytes);
	return 0;
}
