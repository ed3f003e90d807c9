/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The list `sinks`: groups that have a table of options of their own. What a type needs, and what
 * it does not have, is told with the line of the group.
 */
#include "adit_config.h"
#include "config_priv.h"
#include "tree_priv.h"

#include <errno.h>
#include <stdlib.h>

#define ROW(kinds, name, type, preset, low, high, unit, choices, help)                           \
	{"sinks", #name, type, offsetof(struct adit_sink_config, name), preset, low, high, unit, \
		choices, help, kinds},
#define ADIT_SINK_INT(kinds, name, preset, low, high, unit, help) \
	ROW(kinds, name, ADIT_OPTION_INT, #preset, low, high, unit, NULL, help)
#define ADIT_SINK_STRING(kinds, name, preset, choices, help) \
	ROW(kinds, name, ADIT_OPTION_STRING, preset, 0, 0, NULL, choices, help)
#define ADIT_SINK_LIST(kinds, name, preset, help) \
	ROW(kinds, name, ADIT_OPTION_LIST, preset, 0, 0, NULL, NULL, help)
const struct adit_option adit_sink_options[] = {ADIT_SINK_OPTIONS};
const size_t adit_sink_option_count = ADIT_COUNT(adit_sink_options);

bool adit_sink_has(const struct adit_sink_config *sink, const struct adit_option *option)
{
	return option->kinds == NULL || adit_is_choice(option->kinds, sink->type);
}

void adit_sink_config_free(struct adit_sink_config *sink)
{
	for (size_t i = 0; sink != NULL && i < adit_sink_option_count; i++)
		adit_option_empty(sink, &adit_sink_options[i]);
	free(sink);
}

struct adit_sink_config *adit_sink_config_make(void)
{
	struct adit_sink_config *sink = calloc(1, sizeof(*sink));
	const struct adit_place place = {"default", 0};

	/* The type has no default: it is empty, which is no choice. */
	if (sink == NULL || (sink->type = strdup("")) == NULL) {
		free(sink);
		return NULL;
	}
	for (size_t i = 1; i < adit_sink_option_count; i++) {
		const struct adit_option *option = &adit_sink_options[i];

		if (adit_option_set(sink, option, option->preset, place, NULL) != 0) {
			adit_sink_config_free(sink);
			return NULL;
		}
	}
	return sink;
}

void adit_sink_configs_clear(struct adit_sink_configs *sinks)
{
	while (sinks->count > 0)
		adit_sink_config_free(sinks->item[--sinks->count]);
}

int adit_sink_configs_copy(struct adit_sink_configs *to, const struct adit_sink_configs *from)
{
	to->count = 0;
	while (to->count < from->count) {
		struct adit_sink_config *sink = calloc(1, sizeof(*sink));
		int rc = sink != NULL ? 0 : -ENOMEM;

		for (size_t i = 0; rc == 0 && i < adit_sink_option_count; i++)
			rc = adit_option_copy(sink, from->item[to->count], &adit_sink_options[i]);
		if (rc != 0) {
			adit_sink_config_free(sink);
			adit_sink_configs_clear(to);
			return rc;
		}
		to->item[to->count++] = sink;
	}
	return 0;
}

/* The reading of one group. */
struct group {
	const struct adit_tree *tree;
	const config_setting_t *setting;
	struct adit_sink_config *sink;
	struct adit_error *error;
};

static int fail_unknown(const struct group *group, const config_setting_t *setting)
{
	const char *names[ADIT_COUNT(adit_sink_options)], *name = config_setting_name(setting);
	const char *nearest;
	char all[400] = "";
	size_t count = 0;

	for (size_t i = 0; i < adit_sink_option_count; i++)
		if (adit_sink_has(group->sink, &adit_sink_options[i]))
			names[count++] = adit_sink_options[i].name;
	nearest = adit_nearest(name, names, count);
	if (nearest == NULL)
		adit_append_names(all, sizeof(all), names, count);
	return adit_config_fail(group->error, -EINVAL, adit_tree_place(group->tree, setting),
		"unknown option %.60s of a sink; %s%s%s", name,
		nearest != NULL ? "did you mean " : "there are ", nearest != NULL ? nearest : all,
		nearest != NULL ? "?" : "");
}

static int read_option(const struct group *group, const config_setting_t *setting)
{
	for (size_t i = 0; i < adit_sink_option_count; i++) {
		const struct adit_option *option = &adit_sink_options[i];

		if (strcmp(option->name, config_setting_name(setting)) != 0)
			continue;
		if (!adit_sink_has(group->sink, option))
			return adit_config_fail(group->error, -EINVAL,
				adit_tree_place(group->tree, setting),
				"%s is no option of type %s, but of %s", option->name,
				group->sink->type, option->kinds);
		return adit_tree_read_option(
			group->tree, group->sink, option, setting, group->error);
	}
	return fail_unknown(group, setting);
}

static int fail_group(const struct group *group, const char *what)
{
	return adit_config_fail(group->error, -EINVAL, adit_tree_place(group->tree, group->setting),
		"sink %s: %s", group->sink->name, what);
}

static int check_words(const struct group *group, const char *name, const struct adit_list *words,
	const char *choices)
{
	for (size_t i = 0; i < words->count; i++)
		if (!adit_is_choice(choices, words->item[i]))
			return adit_config_fail(group->error, -EINVAL,
				adit_tree_place(group->tree, group->setting),
				"sinks.%s: \"%.60s\" is not a choice; it takes those of %s", name,
				words->item[i], choices);
	if (words->count == 0)
		return adit_config_fail(group->error, -EINVAL,
			adit_tree_place(group->tree, group->setting),
			"sinks.%s is empty, so the sink would get nothing; it takes those of %s",
			name, choices);
	return 0;
}

/* What a type can't do without, and what does not go together. */
static int check_needs(const struct group *group)
{
	const struct adit_sink_config *sink = group->sink;
	bool is_rpz = strcmp(sink->type, "rpz") == 0;
	bool has_key = sink->key_file[0] != '\0';

	if ((is_rpz || strcmp(sink->type, "jsonl") == 0) && sink->path[0] == '\0')
		return fail_group(group, "path is missing: the file to write");
	if (strcmp(sink->type, "kafka") == 0 && sink->brokers.count == 0)
		return fail_group(group, "brokers are missing, such as [\"192.0.2.2:9092\"]");
	if (strcmp(sink->type, "webhook") == 0 && sink->url[0] == '\0')
		return fail_group(
			group, "url is missing, such as \"https://siem.example/verdicts\"");
	if (has_key != (strcmp(sink->subscribers, "pseudonyms") == 0))
		return fail_group(group, has_key ? "key_file is given, but subscribers is not "
						   "\"pseudonyms\""
						 : "pseudonyms need a key_file of the sink's own");
	if (sink->name[0] == '\0' || strlen(sink->name) > 32 ||
		strspn(sink->name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(sink->name))
		return fail_group(group, "a name has 1 to 32 of a-z, 0-9 and _");
	return 0;
}

static int check_others(const struct group *group, const struct adit_sink_configs *sinks)
{
	for (size_t i = 0; i < sinks->count; i++) {
		if (strcmp(sinks->item[i]->name, group->sink->name) == 0)
			return fail_group(group,
				"another sink has this name; give each its own by name = \"...\"");
		if (group->sink->path[0] != '\0' &&
			strcmp(sinks->item[i]->path, group->sink->path) == 0)
			return fail_group(group, "another sink writes the same path");
	}
	return 0;
}

static int check_group(const struct group *group, const struct adit_sink_configs *sinks)
{
	struct adit_sink_config *sink = group->sink;
	int rc;

	if (sink->name[0] == '\0') {
		free(sink->name);
		sink->name = strdup(sink->type);
		if (sink->name == NULL)
			return -ENOMEM;
	}
	rc = check_words(group, "verdicts", &sink->verdicts, "tunnel|suspect");
	if (rc == 0)
		rc = check_words(group, "states", &sink->states, "open|update|closed");
	if (rc == 0)
		rc = check_needs(group);
	return rc == 0 ? check_others(group, sinks) : rc;
}

static int read_group(const struct group *group)
{
	const config_setting_t *type = config_setting_get_member(group->setting, "type");
	int rc, count = config_setting_length(group->setting);

	if (type == NULL)
		return adit_config_fail(group->error, -EINVAL,
			adit_tree_place(group->tree, group->setting), "a sink needs a type: %s",
			adit_option_allowed(&adit_sink_options[0]).text);
	rc = read_option(group, type);
	for (int i = 0; rc == 0 && i < count; i++) {
		const config_setting_t *setting =
			config_setting_get_elem(group->setting, (unsigned)i);

		if (setting != type)
			rc = read_option(group, setting);
	}
	return rc;
}

int adit_sink_configs_read(struct adit_sink_configs *sinks, const struct adit_tree *tree,
	const config_setting_t *setting, struct adit_error *error)
{
	int rc = 0, count = config_setting_length(setting);

	adit_sink_configs_clear(sinks);
	if (!config_setting_is_list(setting) || count > ADIT_SINK_CONFIGS_MAX)
		return adit_config_fail(error, -EINVAL, adit_tree_place(tree, setting),
			"sinks is a list of at most %d groups; write sinks = ( { type = \"jsonl\"; "
			"path = \"...\"; }, { ... } );",
			ADIT_SINK_CONFIGS_MAX);
	for (int i = 0; rc == 0 && i < count; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
		struct group group = {tree, element, adit_sink_config_make(), error};

		if (group.sink == NULL)
			return adit_error_set(error, -ENOMEM, "out of memory");
		if (!config_setting_is_group(element))
			rc = adit_config_fail(error, -EINVAL, adit_tree_place(tree, element),
				"sinks has a value that is %s; it takes groups { type = ...; }",
				adit_tree_kind(element));
		if (rc == 0)
			rc = read_group(&group);
		if (rc == 0)
			rc = check_group(&group, sinks);
		if (rc == 0)
			sinks->item[sinks->count++] = group.sink;
		else
			adit_sink_config_free(group.sink);
	}
	return rc;
}
