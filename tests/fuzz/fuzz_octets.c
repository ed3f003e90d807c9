/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_dns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* The first byte says how many octets the name has; what follows it is all that may be read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct adit_name expected, got;
	uint8_t *octets;

	if (size < 2 || data[0] == 0 || data[0] > size - 1)
		return 0;
	octets = malloc(size - 1);
	if (octets == NULL)
		return 0;
	memcpy(octets, data + 1, size - 1);
	expected.size = got.size = data[0];
	adit_octets_rows[adit_octets_row_count - 1].put(&expected, octets, size - 1);
	for (size_t row = 0; row < adit_octets_row_count; row++) {
		if (!adit_octets_rows[row].supported())
			continue;
		adit_octets_rows[row].put(&got, octets, size - 1);
		if (memcmp(got.wire, expected.wire, data[0]) != 0 ||
			memcmp(got.lower, expected.lower, data[0]) != 0)
			__builtin_trap();
	}
	free(octets);
	return 0;
}
