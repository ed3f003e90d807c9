/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The option table, the look-up in it, and the messages that say what would be right.
 */
#include "adit_config.h"
#include "config_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#define ADIT_SECTION(section, help)
#define ADIT_ROW(section, name, type, preset, low, high, unit, choices, help)                      \
	{#section, #name, type, offsetof(struct adit_config, section##_##name), preset, low, high, \
		unit, choices, help, NULL},
#define ADIT_BOOL(section, name, preset, help) \
	ADIT_ROW(section, name, ADIT_OPTION_BOOL, #preset, 0, 0, NULL, NULL, help)
#define ADIT_INT(section, name, preset, low, high, unit, help) \
	ADIT_ROW(section, name, ADIT_OPTION_INT, #preset, low, high, unit, NULL, help)
#define ADIT_STRING(section, name, preset, choices, help) \
	ADIT_ROW(section, name, ADIT_OPTION_STRING, preset, 0, 0, NULL, choices, help)
#define ADIT_LIST(section, name, preset, help) \
	ADIT_ROW(section, name, ADIT_OPTION_LIST, preset, 0, 0, NULL, NULL, help)
#define ADIT_INTS(section, name, preset, low, high, unit, help) \
	ADIT_ROW(section, name, ADIT_OPTION_INTS, preset, low, high, unit, NULL, help)
const struct adit_option adit_options[] = {ADIT_OPTIONS};
const size_t adit_option_count = ADIT_COUNT(adit_options);
#undef ADIT_SECTION
#undef ADIT_BOOL
#undef ADIT_INT
#undef ADIT_STRING
#undef ADIT_LIST
#undef ADIT_INTS

#define ADIT_SECTION(section, help) {#section, help},
#define ADIT_BOOL(...)
#define ADIT_INT(...)
#define ADIT_STRING(...)
#define ADIT_LIST(...)
#define ADIT_INTS(...)
const struct adit_section adit_sections[] = {ADIT_OPTIONS};
const size_t adit_section_count = ADIT_COUNT(adit_sections);
#undef ADIT_SECTION
#undef ADIT_BOOL
#undef ADIT_INT
#undef ADIT_STRING
#undef ADIT_LIST
#undef ADIT_INTS

/* A long path is cut in front: the message after it must not fall off the end. */
#define PLACE_MAX 160

int adit_config_fail(
	struct adit_error *error, int code, struct adit_place place, const char *format, ...)
{
	size_t length = strlen(place.file);
	bool cut = length > PLACE_MAX;
	const char *file = cut ? place.file + length - PLACE_MAX : place.file;
	char message[sizeof(error->text)], line[16] = "";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (place.line > 0)
		snprintf(line, sizeof(line), "%u:", place.line);
	return adit_error_set(error, code, "%s%s:%s %s", cut ? "..." : "", file, line, message);
}

/* Longer text is no misspelt name. */
#define NEAREST_MAX 48

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits that lead from `a` to `b`: insert, delete, replace, swap neighbours (each part of the text
 * edited once). Both are at most NEAREST_MAX long. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX + 1], size_b = strlen(b);
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= size_b; j++)
		last[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= size_b; j++) {
			size_t replace = last[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = least(replace, least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[size_b];
}

const char *adit_nearest(const char *text, const char *const *names, size_t count)
{
	size_t length = strnlen(text, NEAREST_MAX + 1), best = 2 + length / 4;
	const char *nearest = NULL;

	if (length == 0 || length > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t name_length = strnlen(names[i], NEAREST_MAX + 1), distance;

		if (name_length > NEAREST_MAX)
			continue;
		distance = edit_distance(text, names[i]);
		/* A name of which nothing is left is not near. */
		if (distance < best && distance < name_length) {
			best = distance;
			nearest = names[i];
		}
	}
	return nearest;
}

bool adit_section_known(const char *section)
{
	for (size_t i = 0; i < adit_section_count; i++)
		if (strcmp(adit_sections[i].name, section) == 0)
			return true;
	return false;
}

void adit_append(char *text, size_t room, const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, room - used, format, arguments);
	va_end(arguments);
}

void adit_append_names(char *text, size_t room, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		adit_append(text, room, "%s%s", i > 0 ? ", " : "", names[i]);
}

int adit_section_unknown(const char *section, struct adit_place place, struct adit_error *error)
{
	const char *names[ADIT_COUNT(adit_sections) + 1], *nearest;
	char all[256] = "";

	for (size_t i = 0; i < adit_section_count; i++)
		names[i] = adit_sections[i].name;
	names[adit_section_count] = "sinks";
	nearest = adit_nearest(section, names, ADIT_COUNT(names));
	if (nearest != NULL)
		return adit_config_fail(error, -EINVAL, place,
			"unknown section %.60s; did you mean %s?", section, nearest);
	adit_append_names(all, sizeof(all), names, ADIT_COUNT(names));
	return adit_config_fail(
		error, -EINVAL, place, "unknown section %.60s; there are %s", section, all);
}

static void option_unknown(
	const char *section, const char *name, struct adit_place place, struct adit_error *error)
{
	const char *names[ADIT_COUNT(adit_options)], *nearest;
	const struct adit_option *elsewhere = NULL;
	char all[256] = "";
	size_t count = 0;

	for (size_t i = 0; i < adit_option_count; i++) {
		const struct adit_option *option = &adit_options[i];

		if (strcmp(option->section, section) == 0)
			names[count++] = option->name;
		else if (elsewhere == NULL && strcmp(option->name, name) == 0)
			elsewhere = option;
	}
	nearest = adit_nearest(name, names, count);
	if (nearest != NULL || elsewhere != NULL) {
		adit_config_fail(error, -EINVAL, place,
			"unknown option %.60s.%.60s; did you mean %s.%s?", section, name,
			nearest != NULL ? section : elsewhere->section,
			nearest != NULL ? nearest : elsewhere->name);
		return;
	}
	adit_append_names(all, sizeof(all), names, count);
	adit_config_fail(error, -EINVAL, place, "unknown option %.60s.%.60s; section %s has %s",
		section, name, section, all);
}

const struct adit_option *adit_option_find(
	const char *section, const char *name, struct adit_place place, struct adit_error *error)
{
	if (!adit_section_known(section)) {
		adit_section_unknown(section, place, error);
		return NULL;
	}
	for (size_t i = 0; i < adit_option_count; i++)
		if (strcmp(adit_options[i].section, section) == 0 &&
			strcmp(adit_options[i].name, name) == 0)
			return &adit_options[i];
	option_unknown(section, name, place, error);
	return NULL;
}

struct adit_phrase adit_option_allowed(const struct adit_option *option)
{
	struct adit_phrase phrase = {""};
	char *text = phrase.text;
	size_t room = sizeof(phrase.text);
	bool list = option->type == ADIT_OPTION_INTS;

	switch (option->type) {
	case ADIT_OPTION_BOOL:
		adit_append(text, room, "true or false");
		break;
	case ADIT_OPTION_INT:
	case ADIT_OPTION_INTS:
		adit_append(text, room, "%s from %" PRId64 " to %" PRId64,
			list ? "a list of integers" : "an integer", option->low, option->high);
		if (option->unit != NULL)
			adit_append(text, room, " (%s)", option->unit);
		break;
	case ADIT_OPTION_STRING:
		adit_append(text, room, option->choices == NULL ? "a string" : "one of ");
		for (const char *c = option->choices; c != NULL && *c != '\0'; c++)
			adit_append(text, room, *c == '|' ? ", " : "%c", *c);
		break;
	case ADIT_OPTION_LIST:
		adit_append(text, room, "a list of strings");
		break;
	}
	if (list || option->type == ADIT_OPTION_LIST)
		adit_append(text, room, ", at most %d", ADIT_LIST_MAX);
	return phrase;
}
