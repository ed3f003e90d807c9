/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The one call of libconfig's parser, and what it says in words of ours.
 */
#include "tree_priv.h"

#include <errno.h>

static int fail_parse(const struct adit_tree *tree, const char *advice, struct adit_error *error)
{
	int reported = config_error_line(&tree->config);
	unsigned number = reported > 0 ? (unsigned)reported : 1;
	const char *text = config_error_text(&tree->config), *line;
	size_t size;

	if (strstr(text, "duplicate") != NULL) {
		text = "this setting stands here a second time";
		advice = NULL;
	} else if (strstr(text, "mismatched") != NULL) {
		text = "a list in [ ] holds values of one kind";
		advice = NULL;
	} else {
		text = "syntax error";
	}
	line = adit_source_line(&tree->source, number, &size);
	return adit_config_fail(error, -EINVAL, adit_source_place(&tree->source, number),
		"%s: \"%.*s%s\"%s%s", text, (int)(size > 60 ? 60 : size), line,
		size > 60 ? "..." : "", advice != NULL ? "; " : "", advice != NULL ? advice : "");
}

int adit_tree_read(struct adit_tree *tree, const char *name, const char *text, size_t most,
	const char *advice, struct adit_error *error)
{
	int rc;

	config_init(&tree->config);
	rc = adit_source_load(&tree->source, name, text, most, error);
	if (rc == 0 && config_read_string(&tree->config, tree->source.text) != CONFIG_TRUE)
		rc = fail_parse(tree, advice, error);
	return rc;
}

void adit_tree_clear(struct adit_tree *tree)
{
	config_destroy(&tree->config);
	adit_source_clear(&tree->source);
}

struct adit_place adit_tree_place(const struct adit_tree *tree, const config_setting_t *setting)
{
	return adit_source_place(&tree->source, config_setting_source_line(setting));
}

const char *adit_tree_kind(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return "a group { }";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "an integer";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	default:
		return "a list";
	}
}
