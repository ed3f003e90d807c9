/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Values: defaults, copy, range checks, and the text form of --set. A value that is refused never
 * reaches the caller's configuration: changes are made to a copy, which takes its place at the end.
 */
#include "adit_config.h"
#include "config_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

void adit_option_empty(void *record, const struct adit_option *option)
{
	void *field = adit_option_field(record, option);
	struct adit_list *list = field;

	switch (option->type) {
	case ADIT_OPTION_BOOL:
	case ADIT_OPTION_INT:
		break;
	case ADIT_OPTION_STRING:
		free(*(char **)field);
		*(char **)field = NULL;
		break;
	case ADIT_OPTION_LIST:
		while (list->count > 0)
			free(list->item[--list->count]);
		break;
	case ADIT_OPTION_INTS:
		((struct adit_ints *)field)->count = 0;
		break;
	}
}

void adit_config_clear(struct adit_config *config)
{
	for (size_t i = 0; i < adit_option_count; i++)
		adit_option_empty(config, &adit_options[i]);
	adit_sink_configs_clear(&config->sinks);
	memset(config, 0, sizeof(*config));
}

static int fail_full(
	const struct adit_option *option, struct adit_place place, struct adit_error *error)
{
	return adit_config_fail(error, -EINVAL, place, "%s.%s has too many values; it takes %s",
		option->section, option->name, adit_option_allowed(option).text);
}

int adit_option_put_bool(void *record, const struct adit_option *option, bool value)
{
	*(bool *)adit_option_field(record, option) = value;
	return 0;
}

int adit_option_put_int(void *record, const struct adit_option *option, int64_t value,
	struct adit_place place, struct adit_error *error)
{
	void *field = adit_option_field(record, option);
	struct adit_ints *ints = field;

	if (value < option->low || value > option->high)
		return adit_config_fail(error, -EINVAL, place,
			"%s.%s: %" PRId64 " is out of range; it takes %s", option->section,
			option->name, value, adit_option_allowed(option).text);
	if (option->type == ADIT_OPTION_INT) {
		*(int64_t *)field = value;
		return 0;
	}
	if (ints->count == ADIT_LIST_MAX)
		return fail_full(option, place, error);
	ints->item[ints->count++] = value;
	return 0;
}

bool adit_is_choice(const char *choices, const char *value)
{
	size_t length = strlen(value);

	for (const char *c = choices;; c += strcspn(c, "|") + 1) {
		size_t choice_length = strcspn(c, "|");

		if (choice_length == length && memcmp(c, value, length) == 0)
			return true;
		if (c[choice_length] == '\0')
			return false;
	}
}

int adit_option_put_string(void *record, const struct adit_option *option, const char *value,
	struct adit_place place, struct adit_error *error)
{
	void *field = adit_option_field(record, option);
	struct adit_list *list = field;
	char *copy;

	if (option->choices != NULL && !adit_is_choice(option->choices, value))
		return adit_config_fail(error, -EINVAL, place,
			"%s.%s: \"%.60s\" is not a choice; it takes %s", option->section,
			option->name, value, adit_option_allowed(option).text);
	if (option->type == ADIT_OPTION_LIST && list->count == ADIT_LIST_MAX)
		return fail_full(option, place, error);
	copy = strdup(value);
	if (copy == NULL)
		return adit_config_fail(error, -ENOMEM, place, "out of memory");
	if (option->type == ADIT_OPTION_STRING)
		*(char **)field = copy;
	else
		list->item[list->count++] = copy;
	return 0;
}

static int put_text(void *record, const struct adit_option *option, const char *text,
	struct adit_place place, struct adit_error *error)
{
	char *end;
	int64_t value;

	switch (option->type) {
	case ADIT_OPTION_STRING:
	case ADIT_OPTION_LIST:
		return adit_option_put_string(record, option, text, place, error);
	case ADIT_OPTION_BOOL:
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			return adit_option_put_bool(record, option, text[0] == 't');
		break;
	case ADIT_OPTION_INT:
	case ADIT_OPTION_INTS:
		errno = 0;
		value = strtoll(text, &end, 10);
		/* strtoll would take white space and a plus sign in front. */
		if (errno == 0 && *end == '\0' &&
			((text[0] >= '0' && text[0] <= '9') || (text[0] == '-' && end != text)))
			return adit_option_put_int(record, option, value, place, error);
		break;
	}
	return adit_config_fail(error, -EINVAL, place, "%s.%s: \"%.60s\" does not fit; it takes %s",
		option->section, option->name, text, adit_option_allowed(option).text);
}

/* Splits at commas; a backslash takes the next character as it is. */
static int put_list(void *record, const struct adit_option *option, const char *text,
	struct adit_place place, struct adit_error *error)
{
	char *item = malloc(strlen(text) + 1);
	size_t length = 0;
	int rc = 0;

	if (item == NULL)
		return adit_config_fail(error, -ENOMEM, place, "out of memory");
	/* Empty text is an empty list, not a list of one empty value. */
	for (bool more = *text != '\0'; rc == 0 && more; text++) {
		if (*text == '\\' && text[1] != '\0') {
			item[length++] = *++text;
		} else if (*text != ',' && *text != '\0') {
			item[length++] = *text;
		} else {
			item[length] = '\0';
			length = 0;
			more = *text == ',';
			rc = put_text(record, option, item, place, error);
		}
	}
	free(item);
	return rc;
}

int adit_option_set(void *record, const struct adit_option *option, const char *text,
	struct adit_place place, struct adit_error *error)
{
	adit_option_empty(record, option);
	if (option->type == ADIT_OPTION_LIST || option->type == ADIT_OPTION_INTS)
		return put_list(record, option, text, place, error);
	return put_text(record, option, text, place, error);
}

int adit_config_init(struct adit_config *config)
{
	memset(config, 0, sizeof(*config));
	for (size_t i = 0; i < adit_option_count; i++) {
		const struct adit_option *option = &adit_options[i];
		struct adit_place place = {"default", 0};
		int rc = adit_option_set(config, option, option->preset, place, NULL);

		if (rc != 0) {
			adit_config_clear(config);
			return rc;
		}
	}
	return 0;
}

int adit_option_copy(void *to, const void *from, const struct adit_option *option)
{
	const void *field = (const char *)from + option->offset;
	const struct adit_list *list = field;
	struct adit_place place = {"copy", 0};
	const char *string;
	int rc = 0;

	switch (option->type) {
	case ADIT_OPTION_BOOL:
		return adit_option_put_bool(to, option, *(const bool *)field);
	case ADIT_OPTION_INT:
		memcpy(adit_option_field(to, option), field, sizeof(int64_t));
		return 0;
	case ADIT_OPTION_INTS:
		memcpy(adit_option_field(to, option), field, sizeof(struct adit_ints));
		return 0;
	case ADIT_OPTION_STRING:
		string = *(char *const *)field;
		return string == NULL ? 0 : adit_option_put_string(to, option, string, place, NULL);
	case ADIT_OPTION_LIST:
		for (size_t i = 0; rc == 0 && i < list->count; i++)
			rc = adit_option_put_string(to, option, list->item[i], place, NULL);
		break;
	}
	return rc;
}

int adit_config_copy(struct adit_config *to, const struct adit_config *from)
{
	memset(to, 0, sizeof(*to));
	for (size_t i = 0; i < adit_option_count; i++) {
		int rc = adit_option_copy(to, from, &adit_options[i]);

		if (rc != 0) {
			adit_config_clear(to);
			return rc;
		}
	}
	if (adit_sink_configs_copy(&to->sinks, &from->sinks) == 0)
		return 0;
	adit_config_clear(to);
	return -ENOMEM;
}

int adit_config_set(struct adit_config *config, const char *assignment, struct adit_error *error)
{
	struct adit_place place = {"--set", 0};
	const char *dot = strchr(assignment, '.'), *equals = strchr(assignment, '=');
	const struct adit_option *option;
	struct adit_config next;
	char section[64], name[64];
	int rc;

	if (equals == NULL || dot == NULL || dot > equals)
		return adit_config_fail(error, -EINVAL, place,
			"\"%.60s\" is not an assignment; write section.name=value", assignment);
	snprintf(section, sizeof(section), "%.*s", (int)(dot - assignment), assignment);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - dot - 1), dot + 1);
	if (strcmp(section, "sinks") == 0)
		return adit_config_fail(error, -EINVAL, place,
			"sinks are set in the configuration file: sinks = ( { type = \"jsonl\"; "
			"... } );");
	option = adit_option_find(section, name, place, error);
	if (option == NULL)
		return -EINVAL;
	if (adit_config_copy(&next, config) != 0)
		return adit_config_fail(error, -ENOMEM, place, "out of memory");
	rc = adit_option_set(&next, option, equals + 1, place, error);
	if (rc != 0) {
		adit_config_clear(&next);
		return rc;
	}
	adit_config_clear(config);
	*config = next;
	return 0;
}
