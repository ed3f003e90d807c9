/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading by a form: libconfig's tree into the fields that the rows name.
 */
#include "adit_form.h"
#include "tree_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#define NAMES_MAX 32 /* rows of a form that a misspelt name is compared with */

struct adit_form_file {
	struct adit_tree tree;
};

/* The reading of one group into one record. */
struct reader {
	const struct adit_form_file *file;
	const struct adit_form *form;
	char *record;
	struct adit_error *error;
};

static int read_group(const struct reader *reader, const config_setting_t *group);

int adit_form_open(struct adit_form_file **out, const char *name, const void *bytes, size_t size,
	size_t most, struct adit_error *error)
{
	struct adit_place place = {name, 0};
	struct adit_form_file *file;
	char *text;
	int rc;

	*out = NULL;
	if (size > most)
		return adit_config_fail(error, -EFBIG, place, "larger than %zu KiB", most / 1024);
	if (size > 0 && memchr(bytes, '\0', size) != NULL)
		return adit_config_fail(error, -EINVAL, place, "not text: it holds a zero byte");
	text = strndup(size > 0 ? bytes : "", size);
	file = calloc(1, sizeof(*file));
	if (text == NULL || file == NULL) {
		free(text);
		free(file);
		return adit_config_fail(error, -ENOMEM, place, "out of memory");
	}
	rc = adit_tree_read(&file->tree, name, text, most,
		"write setting = value; or group: { setting = value; };", error);
	free(text);
	if (rc != 0)
		adit_form_close(file);
	else
		*out = file;
	return rc;
}

void adit_form_close(struct adit_form_file *file)
{
	if (file == NULL)
		return;
	adit_tree_clear(&file->tree);
	free(file);
}

/* The place of a setting; the root has none, which stands for the end of the file. */
static struct adit_place place_of(
	const struct adit_form_file *file, const config_setting_t *setting)
{
	const struct adit_source *source = &file->tree.source;
	bool ended = source->text_size > 0 && source->text[source->text_size - 1] == '\n';

	if (!config_setting_is_root(setting))
		return adit_tree_place(&file->tree, setting);
	return adit_source_place(source, source->lines - ended);
}

int adit_form_refuse(const struct adit_form_file *file, struct adit_error *error, int code,
	const char *path, const char *format, ...)
{
	char reason[sizeof(error->text)], around[128];
	const config_setting_t *setting = NULL;
	size_t length;
	va_list list;

	snprintf(around, sizeof(around), "%s", path);
	for (length = strlen(around); setting == NULL && length > 0; length--) {
		if (around[length] == '\0' || around[length] == '.') {
			around[length] = '\0';
			setting = config_lookup(&file->tree.config, around);
		}
	}
	if (setting == NULL)
		setting = config_root_setting(&file->tree.config);
	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	return adit_config_fail(error, code, place_of(file, setting), "%s", reason);
}

/* The names around a setting and its own, with dots: "threshold.steps.value". `name` is one that
 * the setting lacks, or NULL. */
static struct adit_phrase path_of(const config_setting_t *setting, const char *name)
{
	struct adit_phrase path = {""}, rest;

	if (name != NULL)
		snprintf(path.text, sizeof(path.text), "%s", name);
	for (; !config_setting_is_root(setting); setting = config_setting_parent(setting)) {
		/* An element of a list has no name. */
		if (config_setting_name(setting) == NULL)
			continue;
		rest = path;
		snprintf(path.text, sizeof(path.text), "%.60s%s%.180s",
			config_setting_name(setting), rest.text[0] != '\0' ? "." : "", rest.text);
	}
	return path;
}

/* What a row takes, as a phrase. */
static struct adit_phrase allowed(const struct adit_form_row *row)
{
	struct adit_phrase phrase = {""};
	char *text = phrase.text;
	size_t room = sizeof(phrase.text), used;

	switch (row->type) {
	case ADIT_FORM_BOOL:
		snprintf(text, room, "true or false");
		break;
	case ADIT_FORM_COUNT:
		if (row->low == row->high)
			snprintf(text, room, "%" PRIu64, row->low);
		else
			snprintf(text, room, "an integer from %" PRIu64 " to %" PRIu64, row->low,
				row->high);
		break;
	case ADIT_FORM_NUMBER:
	case ADIT_FORM_POSITIVE:
		snprintf(text, room, "a number%s",
			row->type == ADIT_FORM_POSITIVE ? " above 0" : "");
		break;
	case ADIT_FORM_TEXT:
		snprintf(text, room, "a string of %" PRIu64 " to %zu %s%s", row->low, row->size - 1,
			row->letters != NULL ? "of " : "printable bytes",
			row->letters != NULL ? row->letters : "");
		break;
	case ADIT_FORM_CHOICE:
		used = (size_t)snprintf(text, room, "one of");
		for (uint64_t i = row->low; i <= row->high && used < room; i++)
			used += (size_t)snprintf(text + used, room - used, "%s \"%s\"",
				i > row->low ? "," : "", row->names[i]);
		break;
	case ADIT_FORM_SUM:
		snprintf(text, room, "8 hexadecimal digits in quotes");
		break;
	case ADIT_FORM_GROUP:
		snprintf(text, room, "a group { }");
		break;
	case ADIT_FORM_LIST:
		snprintf(text, room, "a list ( ) of %" PRIu64 " to %" PRIu64 " groups { }",
			row->low, row->high);
		break;
	}
	return phrase;
}

static int fail_type(const struct reader *reader, const struct adit_form_row *row,
	const config_setting_t *setting)
{
	return adit_config_fail(reader->error, -EINVAL, place_of(reader->file, setting),
		"%s is %s; it takes %s", path_of(setting, NULL).text, adit_tree_kind(setting),
		allowed(row).text);
}

static int fail_value(const struct reader *reader, const struct adit_form_row *row,
	const config_setting_t *setting)
{
	return adit_config_fail(reader->error, -EINVAL, place_of(reader->file, setting),
		"%s does not fit; it takes %s", path_of(setting, NULL).text, allowed(row).text);
}

static int read_count(const struct reader *reader, const struct adit_form_row *row,
	const config_setting_t *setting)
{
	int64_t value = config_setting_get_int64(setting);
	bool above = row->above != NULL && value > 0 && (uint64_t)value > row->high;

	if (value < 0 || (uint64_t)value < row->low || (uint64_t)value > row->high)
		return adit_config_fail(reader->error, -EINVAL, place_of(reader->file, setting),
			"%s: %" PRId64 " is out of range; it takes %s%s%s",
			path_of(setting, NULL).text, value, allowed(row).text, above ? ": " : "",
			above ? row->above : "");
	memcpy(reader->record + row->offset, &value, sizeof(value));
	return 0;
}

static int read_number(const struct reader *reader, const struct adit_form_row *row,
	const config_setting_t *setting)
{
	double value = config_setting_type(setting) == CONFIG_TYPE_FLOAT
			       ? config_setting_get_float(setting)
			       : (double)config_setting_get_int64(setting);

	/* What is too large became infinite. */
	if (!isfinite(value) || (row->type == ADIT_FORM_POSITIVE && !(value > 0)))
		return adit_config_fail(reader->error, -EINVAL, place_of(reader->file, setting),
			"%s: %g is out of range; it takes %s", path_of(setting, NULL).text, value,
			allowed(row).text);
	memcpy(reader->record + row->offset, &value, sizeof(value));
	return 0;
}

static int read_text(const struct reader *reader, const struct adit_form_row *row,
	const config_setting_t *setting)
{
	const char *value = config_setting_get_string(setting);
	size_t length = strlen(value);
	bool good = length >= row->low && length < row->size;

	for (const char *c = value; good && *c != '\0'; c++)
		good = row->letters != NULL ? strchr(row->letters, *c) != NULL
					    : (uint8_t)*c >= ' ' && *c != 127;
	if (!good)
		return fail_value(reader, row, setting);
	memcpy(reader->record + row->offset, value, length + 1);
	return 0;
}

static int read_choice(const struct reader *reader, const struct adit_form_row *row,
	const config_setting_t *setting)
{
	const char *value = config_setting_get_string(setting);

	for (unsigned i = (unsigned)row->low; i <= row->high; i++) {
		if (strcmp(row->names[i], value) == 0) {
			memcpy(reader->record + row->offset, &i, sizeof(i));
			return 0;
		}
	}
	return adit_config_fail(reader->error, -EINVAL, place_of(reader->file, setting),
		"%s: \"%.60s\" is not a choice; it takes %s", path_of(setting, NULL).text, value,
		allowed(row).text);
}

static int read_sum(const struct reader *reader, const struct adit_form_row *row,
	const config_setting_t *setting)
{
	const char *value = config_setting_get_string(setting);
	uint32_t sum;

	if (strlen(value) != 8 || strspn(value, "0123456789abcdef") != 8)
		return fail_value(reader, row, setting);
	sum = (uint32_t)strtoul(value, NULL, 16);
	memcpy(reader->record + row->offset, &sum, sizeof(sum));
	return 0;
}

static int read_inner(const struct reader *reader, const struct adit_form_row *row,
	const config_setting_t *setting)
{
	const size_t one = 1;
	struct reader inner = *reader;

	inner.form = row->of;
	inner.record = reader->record + row->offset;
	if (!row->must)
		memcpy(reader->record + row->presence, &one, sizeof(one));
	return read_group(&inner, setting);
}

static int read_list(const struct reader *reader, const struct adit_form_row *row,
	const config_setting_t *setting)
{
	size_t count = (size_t)config_setting_length(setting);
	struct reader inner = *reader;
	int rc = 0;

	if (count < row->low || count > row->high)
		return adit_config_fail(reader->error, -EINVAL, place_of(reader->file, setting),
			"%s has %zu elements; it takes %s", path_of(setting, NULL).text, count,
			allowed(row).text);
	inner.form = row->of;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);

		inner.record = reader->record + row->offset + i * row->size;
		rc = config_setting_is_group(element) ? read_group(&inner, element)
						      : fail_type(reader, row, element);
	}
	memcpy(reader->record + row->presence, &count, sizeof(count));
	return rc;
}

static int read_value(const struct reader *reader, const struct adit_form_row *row,
	const config_setting_t *setting)
{
	bool value = config_setting_get_bool(setting) == CONFIG_TRUE;

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_BOOL:
		if (row->type != ADIT_FORM_BOOL)
			break;
		memcpy(reader->record + row->offset, &value, sizeof(value));
		return 0;
	/* The source pass gave every integer its L. */
	case CONFIG_TYPE_INT64:
		if (row->type == ADIT_FORM_COUNT)
			return read_count(reader, row, setting);
		/* fall through */
	case CONFIG_TYPE_FLOAT:
		if (row->type == ADIT_FORM_NUMBER || row->type == ADIT_FORM_POSITIVE)
			return read_number(reader, row, setting);
		break;
	case CONFIG_TYPE_STRING:
		if (row->type == ADIT_FORM_TEXT)
			return read_text(reader, row, setting);
		if (row->type == ADIT_FORM_CHOICE)
			return read_choice(reader, row, setting);
		if (row->type == ADIT_FORM_SUM)
			return read_sum(reader, row, setting);
		break;
	case CONFIG_TYPE_GROUP:
		if (row->type == ADIT_FORM_GROUP)
			return read_inner(reader, row, setting);
		break;
	case CONFIG_TYPE_LIST:
		if (row->type == ADIT_FORM_LIST)
			return read_list(reader, row, setting);
		break;
	}
	return fail_type(reader, row, setting);
}

static int fail_unknown(const struct reader *reader, const config_setting_t *setting)
{
	const char *names[NAMES_MAX], *name = config_setting_name(setting), *nearest;
	size_t count = reader->form->count < NAMES_MAX ? reader->form->count : NAMES_MAX;
	char all[256] = "";

	for (size_t i = 0; i < count; i++) {
		names[i] = reader->form->rows[i].name;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i > 0 ? ", " : "",
			names[i]);
	}
	nearest = adit_nearest(name, names, count);
	return adit_config_fail(reader->error, -EINVAL, place_of(reader->file, setting),
		"unknown setting %s; %s%s%s", path_of(setting, NULL).text,
		nearest != NULL ? "did you mean " : "there are ", nearest != NULL ? nearest : all,
		nearest != NULL ? "?" : "");
}

static int read_group(const struct reader *reader, const config_setting_t *group)
{
	const struct adit_form *form = reader->form;
	int rc = 0, count = config_setting_length(group);

	for (int i = 0; rc == 0 && i < count; i++) {
		const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
		size_t j = 0;

		while (j < form->count &&
			strcmp(form->rows[j].name, config_setting_name(setting)) != 0)
			j++;
		rc = j < form->count ? read_value(reader, &form->rows[j], setting)
				     : fail_unknown(reader, setting);
	}
	for (size_t j = 0; rc == 0 && j < form->count; j++) {
		const struct adit_form_row *row = &form->rows[j];

		if (row->must && config_setting_get_member(group, row->name) == NULL)
			rc = adit_config_fail(reader->error, -EINVAL, place_of(reader->file, group),
				"there is no %s; it takes %s", path_of(group, row->name).text,
				allowed(row).text);
	}
	return rc;
}

int adit_form_read(const struct adit_form_file *file, const struct adit_form *form, void *record,
	struct adit_error *error)
{
	return read_group(&(struct reader){file, form, record, error},
		config_root_setting(&file->tree.config));
}
