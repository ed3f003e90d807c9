/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The public suffix list as a hash table of the edges of its tree: from a parent (the labels to
 * the right) and a label to a row. A look-up walks from the right and ends at the first label
 * without a row or at a row without longer rules.
 *
 * Names are chosen by attackers: one who could make a label match a rule it is not would split
 * his domain into many registrable ones and so hide in their number. So the labels themselves
 * are compared and a false match cannot be. The hash needs no key: the table only changes at
 * load, and at most half full its longest run of rows bounds what a name can cost.
 *
 * Memory: rows of 16 bytes, a power of two of them, at most half full, and per row its label
 * padded to 8 bytes (about 16 bytes).
 */
#include "adit_suffix.h"
#include "suffix_priv.h"

#include <errno.h>

#define ROOT       0u /* as a parent; offset 0 of the text holds no label */
#define CHUNK      8
#define ROWS_FIRST 1024
#define TEXT_FIRST 16384

/* A label and its length octet as `count` bytes of name->lower from `at`, in chunks. */
struct label {
	const struct adit_name *name;
	unsigned at, count;
};

static inline struct label label_of(const struct adit_name *name, unsigned index)
{
	unsigned at = name->label_at[index];

	return (struct label){.name = name, .at = at, .count = name->lower[at] + 1u};
}

/* Bytes from `from` on, as many as there are up to 8, then zeros. Reads past the label, not past
 * name->lower. */
static inline uint64_t label_chunk(const struct label *label, unsigned from)
{
	const uint8_t *lower = label->name->lower;
	unsigned at = label->at + from, left = label->count - from;
	uint64_t chunk = 0;

	if (ADIT_LIKELY(at <= sizeof(label->name->lower) - CHUNK))
		memcpy(&chunk, lower + at, CHUNK);
	else
		memcpy(&chunk, lower + at, left < CHUNK ? left : CHUNK);
	return left < CHUNK ? chunk & (UINT64_MAX >> (64 - 8 * left)) : chunk;
}

static inline uint64_t label_hash(const struct label *label, uint32_t parent)
{
	uint64_t hash = (uint64_t)parent + 1;

	for (unsigned from = 0; from < label->count; from += CHUNK) {
		unsigned __int128 product = (unsigned __int128)(hash ^ label_chunk(label, from)) *
					    UINT64_C(0x9e3779b97f4a7c15);

		hash = (uint64_t)product ^ (uint64_t)(product >> 64);
	}
	return hash;
}

static inline bool label_equal(const struct label *label, const uint8_t *text)
{
	for (unsigned from = 0; from < label->count; from += CHUNK) {
		uint64_t chunk;

		memcpy(&chunk, text + from, CHUNK);
		if (chunk != label_chunk(label, from))
			return false;
	}
	return true;
}

/* The row of a label below a parent, or the free row where it would stand. */
static inline struct suffix_row *find_row(const struct adit_suffix_list *list, uint32_t parent,
	const struct label *label, uint64_t hash)
{
	for (uint32_t at = (uint32_t)hash & list->mask;; at = (at + 1) & list->mask) {
		struct suffix_row *row = &list->rows[at];

		if (row->label == 0)
			return row;
		if (row->tag == (uint32_t)(hash >> 32) && row->parent == parent &&
			label_equal(label, list->text + row->label))
			return row;
	}
}

void adit_suffix_find(const struct adit_suffix_list *list, const struct adit_name *name,
	struct adit_registrable *registrable)
{
	uint32_t parent = ROOT, above = 0;
	unsigned suffix_labels = 1; /* the default rule, "*" */
	bool known = false, is_private = false;

	for (unsigned depth = 1; depth <= name->labels; depth++) {
		struct label label = label_of(name, name->labels - depth);
		const struct suffix_row *row =
			find_row(list, parent, &label, label_hash(&label, parent));
		uint32_t flags = row->label != 0 ? row->flags : 0;

		if (flags & SUFFIX_EXCEPTION) {
			suffix_labels = depth - 1;
			known = true;
			is_private = flags & SUFFIX_RULE_PRIVATE;
			break;
		}
		if (flags & SUFFIX_RULE || above & SUFFIX_WILDCARD) {
			suffix_labels = depth;
			known = true;
			is_private = flags & SUFFIX_RULE ? flags & SUFFIX_RULE_PRIVATE
							 : above & SUFFIX_WILDCARD_PRIVATE;
		}
		if (!(flags & (SUFFIX_LONGER | SUFFIX_WILDCARD)))
			break;
		above = flags;
		parent = row->label;
	}
	registrable->known = known;
	registrable->is_private = is_private;
	registrable->labels = 0;
	registrable->offset = 0;
	if (name->labels > suffix_labels) {
		registrable->labels = (uint8_t)(suffix_labels + 1);
		registrable->offset = name->label_at[name->labels - suffix_labels - 1];
	}
}

struct adit_suffix_list *adit_suffix_create(const struct adit_allocator *allocator)
{
	struct adit_suffix_list *list =
		adit_alloc(allocator, sizeof(*list), _Alignof(struct adit_suffix_list));

	if (list == NULL)
		return NULL;
	list->allocator = allocator;
	list->mask = ROWS_FIRST - 1;
	list->rows = adit_alloc(allocator, ROWS_FIRST * sizeof(*list->rows), ADIT_CACHE_LINE);
	list->text_room = TEXT_FIRST;
	list->text_used = CHUNK;
	list->text = adit_alloc(allocator, TEXT_FIRST, ADIT_CACHE_LINE);
	if (list->rows == NULL || list->text == NULL) {
		adit_suffix_destroy(list);
		return NULL;
	}
	return list;
}

void adit_suffix_destroy(struct adit_suffix_list *list)
{
	if (list == NULL)
		return;
	adit_free(list->allocator, list->rows);
	adit_free(list->allocator, list->text);
	adit_free(list->allocator, list);
}

size_t adit_suffix_rules(const struct adit_suffix_list *list)
{
	return list->rules;
}

/* Doubles the rows. A row keeps its upper hash half only, so the label is hashed again. */
static int grow_rows(struct adit_suffix_list *list)
{
	struct suffix_row *old = list->rows, *rows;
	uint32_t old_mask = list->mask;

	rows = adit_alloc(
		list->allocator, ((size_t)old_mask + 1) * 2 * sizeof(*rows), ADIT_CACHE_LINE);
	if (rows == NULL)
		return -ENOMEM;
	list->rows = rows;
	list->mask = old_mask * 2 + 1;
	for (uint32_t i = 0; i <= old_mask; i++) {
		struct adit_name name;
		struct label label = {.name = &name, .count = list->text[old[i].label] + 1u};

		if (old[i].label == 0)
			continue;
		memcpy(name.lower, list->text + old[i].label, label.count);
		*find_row(list, old[i].parent, &label, label_hash(&label, old[i].parent)) = old[i];
	}
	adit_free(list->allocator, old);
	return 0;
}

static int grow_text(struct adit_suffix_list *list)
{
	uint8_t *text = adit_alloc(list->allocator, (size_t)list->text_room * 2, ADIT_CACHE_LINE);

	if (text == NULL)
		return -ENOMEM;
	memcpy(text, list->text, list->text_used);
	adit_free(list->allocator, list->text);
	list->text = text;
	list->text_room *= 2;
	return 0;
}

/* The row of a label below a parent, made where it is missing; NULL: no memory. */
static struct suffix_row *add_row(
	struct adit_suffix_list *list, uint32_t parent, const struct label *label)
{
	uint64_t hash = label_hash(label, parent);
	struct suffix_row *row = find_row(list, parent, label, hash);
	uint32_t padded = (label->count + CHUNK - 1) / CHUNK * CHUNK;

	if (row->label != 0)
		return row;
	if (list->text_room - list->text_used < padded && grow_text(list) != 0)
		return NULL;
	if (list->used >= list->mask / 2) {
		if (grow_rows(list) != 0)
			return NULL;
		row = find_row(list, parent, label, hash);
	}
	memcpy(list->text + list->text_used, label->name->lower + label->at, label->count);
	*row = (struct suffix_row){
		.label = list->text_used, .parent = parent, .tag = (uint32_t)(hash >> 32)};
	list->text_used += padded;
	list->used++;
	return row;
}

int adit_suffix_add(
	struct adit_suffix_list *list, const struct adit_name *name, uint32_t flag, bool is_private)
{
	struct suffix_row *row = NULL;
	uint32_t parent = ROOT;

	for (unsigned index = name->labels; index-- > 0;) {
		struct label label = label_of(name, index);

		row = add_row(list, parent, &label);
		if (row == NULL)
			return -ENOMEM;
		parent = row->label;
		row->flags |= index > 0 ? SUFFIX_LONGER : 0;
	}
	if (row == NULL || row->flags & flag)
		return 0;
	row->flags |= flag;
	if (is_private)
		row->flags |=
			flag == SUFFIX_WILDCARD ? SUFFIX_WILDCARD_PRIVATE : SUFFIX_RULE_PRIVATE;
	list->rules++;
	return 0;
}
