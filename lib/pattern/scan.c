/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The scanner: names and datagrams → class bits. One hs_scan per name and part: a name is a text
 * of its own, so an expression can neither span two names nor need multiline anchors; joining a
 * burst into one text gains less than that is worth (docs/patterns.md has the figures).
 *
 * Memory: a Hyperscan scratch per scanner (some kilobytes for the shipped files; it grows with
 * the databases). The hot path's own is 255 bytes of stack.
 */
#include "adit_pattern.h"

#include <errno.h>

#include "pattern_priv.h"

#define SUBSTITUTE        0x1a /* stands for a content byte that looks like structure */
#define DATAGRAM_READ_MAX 32

struct adit_scanner {
	const struct adit_pattern_set *set;
	const struct adit_allocator *allocator; /* the set's, which may be gone before */
	hs_scratch_t *scratch;
};

int adit_scanner_create(
	const struct adit_pattern_set *set, struct adit_scanner **scanner, struct adit_error *error)
{
	struct adit_scanner *made =
		adit_alloc(set->allocator, sizeof(*made), _Alignof(max_align_t));
	if (made == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a scanner");
	made->set = set;
	made->allocator = set->allocator;
	if (set->scratch != NULL && hs_clone_scratch(set->scratch, &made->scratch) != HS_SUCCESS) {
		adit_free(set->allocator, made);
		return adit_error_set(error, -ENOMEM, "no memory for a scanner's scratch");
	}
	*scanner = made;
	return 0;
}

void adit_scanner_destroy(struct adit_scanner *scanner)
{
	if (scanner == NULL)
		return;
	hs_free_scratch(scanner->scratch);
	adit_free(scanner->allocator, scanner);
}

typedef uint8_t vector_bytes __attribute__((vector_size(16), aligned(1)));

/* 16 content bytes, those that look like structure replaced. */
static inline void substitute(const uint8_t *from, uint8_t *to)
{
	vector_bytes bytes, forged;
	memcpy(&bytes, from, sizeof(bytes));
	forged = (vector_bytes)((bytes == '.') | (bytes == '\n'));
	bytes = (bytes & ~forged) | (forged & SUBSTITUTE);
	memcpy(to, &bytes, sizeof(bytes));
}

/*
 * Labels joined by '.': size - 2 characters, but `text` has room for 16 at least. All of the name
 * is treated as content first, 16 bytes at a time with the last step overlapping the one before;
 * then the places of the length octets are made dots.
 */
static inline size_t write_text(const uint8_t *wire, size_t size, uint8_t *text)
{
	size_t length = size - 2; /* without the first length octet and the root label */
	const uint8_t *content = wire + 1;
	if (length < 16) {
		uint8_t padded[16] = {0};
		memcpy(padded, content, length);
		substitute(padded, text);
	} else {
		for (size_t i = 0; i < length - 16; i += 16)
			substitute(content + i, text + i);
		substitute(content + length - 16, text + length - 16);
	}
	for (size_t at = wire[0]; at < length; at += 1u + content[at])
		text[at] = '.';
	return length;
}

static int on_match(unsigned int id, unsigned long long from, unsigned long long to,
	unsigned int flags, void *context)
{
	uint32_t *classes = context;
	*classes |= UINT32_C(1) << id;
	return 0;
}

static inline void scan_part(struct adit_scanner *scanner, enum adit_pattern_part part,
	const uint8_t *text, size_t length, uint32_t *classes)
{
	const hs_database_t *database = scanner->set->databases[part];
	/* Most names are too short for any tool: "www" needs no scan. The scan can't fail: the
	 * scratch fits the database and no other thread uses it. */
	if (database != NULL && length >= scanner->set->shortest[part])
		hs_scan(database, (const char *)text, (unsigned int)length, 0, scanner->scratch,
			on_match, classes);
}

void adit_scanner_names(struct adit_scanner *scanner, struct adit_scan_name *names, size_t count)
{
	uint8_t text[UINT8_MAX];
	for (size_t i = 0; i < count; i++) {
		struct adit_scan_name *name = &names[i];
		name->classes = 0;
		if (name->wire_size < 3) /* the root */
			continue;
		size_t length = write_text(name->wire, name->wire_size, text);
		/* The subdomain ends before the dot that stands for registrable_at's octet. */
		size_t subdomain = name->registrable_at > 0 ? name->registrable_at - 1u : 0;
		if (subdomain > length)
			subdomain = length;
		scan_part(scanner, ADIT_PART_SUBDOMAIN, text, subdomain, &name->classes);
		scan_part(scanner, ADIT_PART_QNAME, text, length, &name->classes);
	}
}

uint32_t adit_scanner_datagram(struct adit_scanner *scanner, const uint8_t *data, size_t size)
{
	uint32_t classes = 0;
	scan_part(scanner, ADIT_PART_DATAGRAM, data,
		size < DATAGRAM_READ_MAX ? size : DATAGRAM_READ_MAX, &classes);
	return classes;
}
