/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Labels from names, by regular expressions (PCRE2). What they are matched against is the text of
 * the query's name in lower case, without a final dot; letters of the expressions match in any
 * case. An expression gives up on a name after ADIT_NAMING_STEPS steps, so none can stop the
 * program; how often that was is counted.
 */
#ifndef ADIT_NAMING_H
#define ADIT_NAMING_H

#include "adit_columns.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_NAMING_STEPS   100000
#define ADIT_NAMING_COLUMNS 64

struct adit_naming;

/* NULL: no memory. */
struct adit_naming *adit_naming_create(void);
void adit_naming_destroy(struct adit_naming *naming);

/* "NAME=REGEX": a column label_NAME, which is the text of the first group that takes part, or where
 * there is no group 1 or 0. -EINVAL (the message says at which offset of the expression), -ENOMEM.
 */
int adit_naming_label(struct adit_naming *naming, const char *text, struct adit_error *error);
/* REGEX: a column label_GROUP for each named group. The same errors. */
int adit_naming_split(struct adit_naming *naming, const char *regex, struct adit_error *error);

size_t adit_naming_count(const struct adit_naming *naming);
const struct adit_column *adit_naming_column(const struct adit_naming *naming, size_t index);

/* Finds the labels of a name. Gives whether all expressions of adit_naming_split matched; the text
 * must last as long as the cells do. */
bool adit_naming_apply(struct adit_naming *naming, const char *name, size_t size);
/* Names on which an expression gave up. */
uint64_t adit_naming_given_up(const struct adit_naming *naming);

#ifdef __cplusplus
}
#endif
#endif
