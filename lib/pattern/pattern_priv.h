/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the three parts of this library share: the reader of pattern files (read.c), the set and
 * its databases (set.c), the scanner (scan.c).
 */
#ifndef ADIT_PATTERN_PRIV_H
#define ADIT_PATTERN_PRIV_H

#include <hs.h>

#include "adit_pattern.h"

/* One file. Words of the set point into `text`. */
struct adit_pattern_source {
	char *path; /* for messages */
	char *text; /* NUL-terminated; the reader cuts it into words */
};

/* One expression line, from the reader to the compiler. */
struct adit_pattern_expression {
	const char *text;
	const struct adit_pattern_source *source;
	uint32_t line;
	uint8_t class_index;
	uint8_t part; /* enum adit_pattern_part */
	bool caseless;
};

/* Names of tools, which outlive the set that read them: who keeps one, as stories do, keeps it over
 * a change of sets. Shared by sets that were loaded one after the other; the last one frees them.
 */
struct adit_pattern_names;

/* Written while it is loaded, read-only from then on: any number of threads may read it. */
struct adit_pattern_set {
	const struct adit_allocator *allocator;
	struct adit_pattern_source *sources;
	size_t source_count;
	struct adit_class classes[ADIT_CLASS_MAX];
	size_t class_count;              /* with vacant places */
	uint64_t digest[ADIT_CLASS_MAX]; /* of the expressions of a class */
	/* Of a vacant place: what stood there last, if it is known. */
	struct adit_pattern_gone {
		const char *tool, *name;
	} gone[ADIT_CLASS_MAX];
	struct adit_pattern_change change;
	struct adit_pattern_names *names;
	/* Each tool has a class, so there are never more of them. */
	struct adit_tool tools[ADIT_CLASS_MAX];
	size_t tool_count;
	size_t expression_count;
	hs_database_t *databases[ADIT_PART_COUNT]; /* NULL: no expression reads that part */
	uint32_t shortest[ADIT_PART_COUNT]; /* bytes of the shortest text that can match there */
	hs_scratch_t *scratch; /* fits every database; scanners clone it, nobody scans with it */
};

/*
 * Reads one source: adds its tools and classes to the set and its expressions at `expressions`,
 * which has room for one per line of the text. *count grows. 0 or -EINVAL.
 */
int adit_pattern_read(struct adit_pattern_set *set, const struct adit_pattern_source *source,
	struct adit_pattern_expression *expressions, size_t *count, struct adit_error *error);

/* order.c: takes a share in the names of `before`, or begins new ones where that is NULL; and lets
 * go of it. 0 or -ENOMEM. */
int adit_pattern_names_open(struct adit_pattern_set *set, const struct adit_pattern_set *before);
void adit_pattern_names_close(struct adit_pattern_set *set);
/* The lasting copy of a name; NULL: no memory. */
const char *adit_pattern_name(struct adit_pattern_set *set, const char *name);
/* Gives each class that was read its place: that of the class of the same name in `before`; of
 * others one that was never used, or one of `rested`. Tells in set->change what is new. 0, or
 * -EINVAL if there are not enough places. */
int adit_pattern_number(struct adit_pattern_set *set, const struct adit_pattern_set *before,
	uint32_t rested, struct adit_pattern_expression *expressions, size_t count,
	struct adit_error *error);

/* The public functions with an allocator handed in, so that tests can make each call fail. The
 * allocator must outlive the set. */
int adit_pattern_load_from(const char *directory, const struct adit_allocator *allocator,
	struct adit_pattern_set **set, struct adit_error *error);
int adit_pattern_load_text_from(const char *what, const char *text,
	const struct adit_allocator *allocator, struct adit_pattern_set **set,
	struct adit_error *error);

#endif
