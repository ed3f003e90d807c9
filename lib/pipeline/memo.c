/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What was found out about names. Where its registrable domain begins, what it can carry, which
 * signatures know it: all that follows from the octets of a name, and a response has the name of
 * its query, as popular names have that of others. So it is found out once and kept by a keyed hash
 * of the octets. Nothing depends on what is still there: it is found out again.
 */
#include "pipeline_priv.h"

static struct adit_memo_line *line_of(const struct adit_memo *memo, uint64_t key)
{
	return &memo->lines[key & memo->mask];
}

void adit_memo_prefetch(const struct adit_memo *memo, uint64_t key)
{
	__builtin_prefetch(line_of(memo, key));
}

struct adit_known *adit_memo_find(struct adit_memo *memo, uint64_t key)
{
	struct adit_known *known = line_of(memo, key)->known;

	if (ADIT_LIKELY(known[0].key == key))
		return &known[0];
	if (known[1].key == key) {
		struct adit_known first = known[0];

		known[0] = known[1];
		known[1] = first;
		return &known[0];
	}
	return NULL;
}

struct adit_known *adit_memo_add(struct adit_memo *memo, uint64_t key)
{
	struct adit_known *known = line_of(memo, key)->known;

	known[1] = known[0];
	known[0].key = key;
	return &known[0];
}

uint32_t adit_memo_lines(uint32_t names)
{
	uint32_t lines = 1;

	while (lines * ADIT_MEMO_WAYS < names)
		lines *= 2;
	return lines;
}
