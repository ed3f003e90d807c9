/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tool signatures: pattern files → a bit per class for a qname. The only user of Hyperscan (hs.h)
 * in the project.
 *
 * A pattern file describes one tool, in lines of our own (docs/patterns.md). Classes are what a
 * qname can be "of": each (tool, class name) pair of the loaded files is one bit of the mask,
 * ADIT_CLASS_MAX at most; any number of expressions may feed one class.
 *
 * What an expression sees is text in which no byte of a name can pretend to be structure: labels
 * are joined by '.', and a content byte '.', '\n' or 0x1a is written as 0x1a. Case is kept (base64
 * tunnels need it); an expression says whether it is sensitive to it.
 */
#ifndef ADIT_PATTERN_H
#define ADIT_PATTERN_H

#include "adit_base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_CLASS_MAX 32

/* Which part of a name an expression reads; ^ and $ are the ends of that part. */
enum adit_pattern_part {
	ADIT_PART_SUBDOMAIN, /* the labels left of the registrable domain */
	ADIT_PART_QNAME,     /* the whole name */
	ADIT_PART_DATAGRAM,  /* first bytes of a datagram on a DNS port that is no DNS message */
	ADIT_PART_COUNT
};

/* How much a hit says. */
enum adit_pattern_strength {
	ADIT_STRENGTH_STRONG, /* nothing benign looks so: a few names, or one, are telling */
	ADIT_STRENGTH_SHAPE,  /* benign names may look so: only the share of names counts */
};

/* What is known of a class. Strings belong to the set, but for the tool's name, which lasts as long
 * as any set that was loaded after this one. */
struct adit_class {
	const char *tool; /* "iodine"; NULL: nothing has this place */
	const char *name; /* "handshake" */
	const char *what; /* for a person: "version handshake of iodine 0.6 to 0.8" */
	enum adit_pattern_strength strength;
	uint32_t names_min; /* distinct names (or datagrams) that make the signature hold … */
	uint32_t share_ppm; /* … and the least share of the key's names that they must be */
};

/* What is known of a tool besides names, from the same file. */
struct adit_tool {
	const char *name;
	int32_t id_step; /* constant step of its transaction IDs; -1: none */
};

struct adit_pattern_set;

/*
 * Loads every *.conf file of a directory in byte order of their names, compiles all expressions.
 * Returns 0; -ENOMEM; -errno of a file; -ENOENT if there is no such file in it; -ENOTSUP if the CPU
 * is not enough for Hyperscan; or -EINVAL with an error that names file, line, expression and the
 * reason. Thousands of expressions take seconds to compile. The caller destroys the set (NULL is
 * allowed); until then it is read-only, for any number of threads.
 */
int adit_pattern_load(
	const char *directory, struct adit_pattern_set **set, struct adit_error *error);

/* What one set has that the one before it had not: classes, a bit each. */
struct adit_pattern_change {
	uint32_t added;
	uint32_t changed; /* other expressions under the same name */
	uint32_t gone;    /* their places are vacant */
};
/*
 * The same while `before` is in use: a class of the same tool and name keeps its bit, so that what
 * was counted keeps its meaning; one that comes back gets its own. New classes get bits that no
 * class ever had, then those of `rested`: vacant ones of which nothing is counted any more. -EINVAL
 * also if that is not enough. `before` may be NULL, and destroyed before the new set.
 */
int adit_pattern_load_after(const char *directory, const struct adit_pattern_set *before,
	uint32_t rested, struct adit_pattern_set **set, struct adit_error *error);
struct adit_pattern_change adit_pattern_changed(const struct adit_pattern_set *set);
/* The same from one text, for tests; `what` names it in messages. */
int adit_pattern_load_text(const char *what, const char *text, struct adit_pattern_set **set,
	struct adit_error *error);
void adit_pattern_destroy(struct adit_pattern_set *set);

/* Places of classes; some may be vacant where the set was loaded after another. */
size_t adit_pattern_classes(const struct adit_pattern_set *set);
const struct adit_class *adit_pattern_class(const struct adit_pattern_set *set, size_t index);
/* Of a class's expressions: what has another one means something else. The same in every run. */
uint64_t adit_pattern_class_digest(const struct adit_pattern_set *set, size_t index);
size_t adit_pattern_tools(const struct adit_pattern_set *set);
const struct adit_tool *adit_pattern_tool(const struct adit_pattern_set *set, size_t index);
size_t adit_pattern_expressions(const struct adit_pattern_set *set);

/* One per thread that scans: holds Hyperscan's scratch. The set must outlive its last use. 0 or
 * -ENOMEM. */
struct adit_scanner;
int adit_scanner_create(const struct adit_pattern_set *set, struct adit_scanner **scanner,
	struct adit_error *error);
void adit_scanner_destroy(struct adit_scanner *scanner);

/* A name to scan: wire-format octets, raw case, and where its registrable domain starts
 * (wire_size: the name has none, all of it is subdomain). */
struct adit_scan_name {
	const uint8_t *wire;
	uint8_t wire_size;      /* root label included */
	uint8_t registrable_at; /* offset of the registrable domain's first length octet */
	uint32_t classes;       /* out: bit i set: class i matched */
};

/*
 * Scans the names of a burst, any number of them, each by itself. Hot path: no allocation, no lock;
 * the scanner's thread only. Exactly wire_size octets of a name are read.
 */
void adit_scanner_names(struct adit_scanner *scanner, struct adit_scan_name *names, size_t count);

/* Classes of a datagram that is not DNS; its first 32 bytes are read. */
uint32_t adit_scanner_datagram(struct adit_scanner *scanner, const uint8_t *data, size_t size);

#ifdef __cplusplus
}
#endif
#endif
