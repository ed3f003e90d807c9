/* SPDX-License-Identifier: BSD-3-Clause
 *
 * libconfig's tree of a text. For files that include libconfig.h, which is why it stands apart.
 */
#ifndef ADIT_TREE_PRIV_H
#define ADIT_TREE_PRIV_H

#include "config_priv.h"

#include <libconfig.h>

struct adit_tree {
	struct adit_source source;
	config_t config;
};

/* From a file (`text` is NULL) or from text, of up to `most` bytes; `advice` ends the message of a
 * syntax error. -errno of the file, -ENOMEM, -EFBIG, -EINVAL. Call adit_tree_clear in either case.
 */
int adit_tree_read(struct adit_tree *tree, const char *name, const char *text, size_t most,
	const char *advice, struct adit_error *error);
void adit_tree_clear(struct adit_tree *tree);

struct adit_place adit_tree_place(const struct adit_tree *tree, const config_setting_t *setting);
/* What the setting holds, as a phrase: "an integer". */
const char *adit_tree_kind(const config_setting_t *setting);

/* read.c: the option of a record, with the type and range of its row. */
int adit_tree_read_option(const struct adit_tree *tree, void *record,
	const struct adit_option *option, const config_setting_t *setting,
	struct adit_error *error);
/* sinks.c: the list, in place of what was there. */
int adit_sink_configs_read(struct adit_sink_configs *sinks, const struct adit_tree *tree,
	const config_setting_t *setting, struct adit_error *error);

#endif
