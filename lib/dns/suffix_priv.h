/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The suffix table as its loader and its look-up share it.
 */
#ifndef ADIT_SUFFIX_PRIV_H
#define ADIT_SUFFIX_PRIV_H

#include "adit_suffix.h"

/* What stands in a row's `flags`. */
enum {
	SUFFIX_RULE = 1 << 0,
	SUFFIX_RULE_PRIVATE = 1 << 1,
	SUFFIX_WILDCARD = 1 << 2, /* "*." stands in front of this row's name */
	SUFFIX_WILDCARD_PRIVATE = 1 << 3,
	SUFFIX_EXCEPTION = 1 << 4,
	SUFFIX_LONGER = 1 << 5, /* a row has this one as its parent */
};

/*
 * A label below a parent. `label` is the offset of its octets in the text and at the same time
 * the row's identity, which its children name as their `parent`; 0 marks a free row.
 */
struct suffix_row {
	uint32_t label, parent;
	uint32_t tag; /* upper half of the hash */
	uint32_t flags;
};
_Static_assert(sizeof(struct suffix_row) == 16, "four rows in a cache line");

/* Read-only once loaded. */
struct adit_suffix_list {
	struct suffix_row *rows;
	uint32_t mask, used;
	uint8_t *text; /* length octet and label, each padded with zeros to 8 bytes */
	uint32_t text_used, text_room;
	size_t rules;
	const struct adit_allocator *allocator;
};

/* An empty list, or NULL. */
struct adit_suffix_list *adit_suffix_create(const struct adit_allocator *allocator);

/* Adds one rule, given as the name without its mark. `flag` is SUFFIX_RULE, _WILDCARD or
 * _EXCEPTION. A rule that is there already is not counted again. Returns 0 or -ENOMEM. */
int adit_suffix_add(struct adit_suffix_list *list, const struct adit_name *name, uint32_t flag,
	bool is_private);

/*
 * Writes the A-label of `size` bytes of UTF-8 to `ascii` (no NUL): "xn--" and Punycode, or the
 * bytes themselves where all are ASCII. The input is taken as normalised and lower-case. Returns
 * its length, or -EINVAL for what is empty, is no UTF-8 or is longer than a label may be.
 */
int adit_punycode_label(const char *utf8, size_t size, char ascii[63]);

#endif
