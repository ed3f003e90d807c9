/* SPDX-License-Identifier: BSD-3-Clause
 *
 * libconfig's tree to values. Whatever the file holds must be an option of the table, once, with
 * the type and range of its row; everything else is an error.
 */
#include "adit_config.h"
#include "config_priv.h"
#include "tree_priv.h"

#include <errno.h>

#define TEXT_MAX ((size_t)256 * 1024)

/* The reading of one text. */
struct reader {
	void *record; /* struct adit_config, or struct adit_sink_config */
	const struct adit_tree *tree;
	struct adit_error *error;
};

static struct adit_place place_of(const struct reader *reader, const config_setting_t *setting)
{
	return adit_tree_place(reader->tree, setting);
}

static int fail_type(const struct reader *reader, const struct adit_option *option,
	const config_setting_t *setting, const char *in_list)
{
	return adit_config_fail(reader->error, -EINVAL, place_of(reader, setting),
		"%s.%s %s %s; it takes %s", option->section, option->name, in_list,
		adit_tree_kind(setting), adit_option_allowed(option).text);
}

static int read_value(const struct reader *reader, const struct adit_option *option,
	const config_setting_t *setting, const char *in_list)
{
	struct adit_place place = place_of(reader, setting);
	int type = config_setting_type(setting);

	switch (option->type) {
	case ADIT_OPTION_BOOL:
		if (type != CONFIG_TYPE_BOOL)
			break;
		return adit_option_put_bool(
			reader->record, option, config_setting_get_bool(setting) == CONFIG_TRUE);
	case ADIT_OPTION_INT:
	case ADIT_OPTION_INTS:
		/* The source pass gave every integer its L. */
		if (type != CONFIG_TYPE_INT64)
			break;
		return adit_option_put_int(reader->record, option,
			config_setting_get_int64(setting), place, reader->error);
	case ADIT_OPTION_STRING:
	case ADIT_OPTION_LIST:
		if (type != CONFIG_TYPE_STRING)
			break;
		return adit_option_put_string(reader->record, option,
			config_setting_get_string(setting), place, reader->error);
	}
	return fail_type(reader, option, setting, in_list);
}

static int read_into(const struct reader *reader, const struct adit_option *option,
	const config_setting_t *setting)
{
	int rc = 0, count = config_setting_length(setting);

	adit_option_empty(reader->record, option);
	if (option->type != ADIT_OPTION_LIST && option->type != ADIT_OPTION_INTS)
		return read_value(reader, option, setting, "is");
	if (!config_setting_is_array(setting) && !config_setting_is_list(setting))
		return fail_type(reader, option, setting, "is");
	for (int i = 0; rc == 0 && i < count; i++)
		rc = read_value(reader, option, config_setting_get_elem(setting, (unsigned)i),
			"has a value that is");
	return rc;
}

static int read_option(
	const struct reader *reader, const char *section, const config_setting_t *setting)
{
	const struct adit_option *option = adit_option_find(
		section, config_setting_name(setting), place_of(reader, setting), reader->error);

	return option != NULL ? read_into(reader, option, setting) : -EINVAL;
}

int adit_tree_read_option(const struct adit_tree *tree, void *record,
	const struct adit_option *option, const config_setting_t *setting, struct adit_error *error)
{
	return read_into(&(struct reader){record, tree, error}, option, setting);
}

static int read_section(const struct reader *reader, const config_setting_t *setting)
{
	const char *name = config_setting_name(setting);
	struct adit_place place = place_of(reader, setting);
	int rc = 0, count = config_setting_length(setting);

	if (strcmp(name, "sinks") == 0)
		return adit_sink_configs_read(&((struct adit_config *)reader->record)->sinks,
			reader->tree, setting, reader->error);
	if (!config_setting_is_group(setting) && !adit_section_known(name)) {
		for (size_t i = 0; i < adit_option_count; i++)
			if (strcmp(adit_options[i].name, name) == 0)
				return adit_config_fail(reader->error, -EINVAL, place,
					"%s stands outside a section; write %s: { %s = ...; };",
					name, adit_options[i].section, name);
	}
	if (!adit_section_known(name))
		return adit_section_unknown(name, place, reader->error);
	if (!config_setting_is_group(setting))
		return adit_config_fail(reader->error, -EINVAL, place,
			"%s is a section; write %s: { option = value; };", name, name);
	for (int i = 0; rc == 0 && i < count; i++)
		rc = read_option(reader, name, config_setting_get_elem(setting, (unsigned)i));
	return rc;
}

static int read_tree(const struct reader *reader)
{
	const config_setting_t *root = config_root_setting(&reader->tree->config);
	int rc = 0, count = config_setting_length(root);

	for (int i = 0; rc == 0 && i < count; i++)
		rc = read_section(reader, config_setting_get_elem(root, (unsigned)i));
	return rc;
}

int adit_config_read_text(
	struct adit_config *config, const char *what, const char *text, struct adit_error *error)
{
	struct adit_tree tree;
	struct adit_config next;
	int rc = adit_config_copy(&next, config);

	if (rc != 0)
		return adit_error_set(error, rc, "%s: out of memory", what);
	rc = adit_tree_read(
		&tree, what, text, TEXT_MAX, "write section: { option = value; };", error);
	if (rc == 0)
		rc = read_tree(&(struct reader){&next, &tree, error});
	adit_tree_clear(&tree);
	if (rc != 0) {
		adit_config_clear(&next);
		return rc;
	}
	adit_config_clear(config);
	*config = next;
	return 0;
}

int adit_config_read(struct adit_config *config, const char *path, struct adit_error *error)
{
	return adit_config_read_text(config, path, NULL, error);
}
