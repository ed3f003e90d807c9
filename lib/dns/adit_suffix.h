/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Public suffix list (publicsuffix.org, the file format of its wiki): where in a name the
 * registrable domain (public suffix + 1) starts. ICANN and private section, wildcards,
 * exceptions, and the default rule "*" for a top-level domain that the list does not know.
 *
 * Memory: one table of 16-byte rows at most half full, so about 32 bytes per rule
 * (10 k rules: 512 KiB), and the text of the labels (256 KiB). Read-only once loaded: any number
 * of threads may look up.
 */
#ifndef ADIT_SUFFIX_H
#define ADIT_SUFFIX_H

#include "adit_base.h"
#include "adit_dns.h"

#ifdef __cplusplus
extern "C" {
#endif

struct adit_suffix_list;

/*
 * Loads a list in the format of public_suffix_list.dat: UTF-8, where rules with other than ASCII
 * are turned into A-labels (RFC 3492); "*" is allowed as a rule's whole leftmost label. Returns 0,
 * -ENOMEM, -errno of the file, -EFBIG over 16 MiB, or -EINVAL for a line that is no rule; `error`
 * names file and line. The caller owns *list and destroys it (NULL is allowed).
 */
int adit_suffix_load(const char *path, const struct adit_allocator *allocator,
	struct adit_suffix_list **list, struct adit_error *error);
/* The same from memory; `what` names it in messages. */
int adit_suffix_load_text(const char *what, const char *text, size_t size,
	const struct adit_allocator *allocator, struct adit_suffix_list **list,
	struct adit_error *error);
void adit_suffix_destroy(struct adit_suffix_list *list);
size_t adit_suffix_rules(const struct adit_suffix_list *list);

struct adit_registrable {
	uint8_t offset;  /* of the registrable domain in name->wire and ->lower */
	uint8_t labels;  /* that it has; 0: the name is itself a public suffix, or the root */
	bool known;      /* a rule of the list matched: false for undelegated top-level domains,
			    and for a bare one that only rules such as "*.ck" name */
	bool is_private; /* the rule stands in the private section */
};

/*
 * Finds the registrable domain of a name. Where there is none (the name is a public suffix or the
 * root), `labels` is 0 and `offset` 0. Hot path: a keyless hash per label from the right, two or
 * three look-ups for the usual name; labels themselves are compared. Any thread.
 */
void adit_suffix_find(const struct adit_suffix_list *list, const struct adit_name *name,
	struct adit_registrable *registrable);

#ifdef __cplusplus
}
#endif
#endif
