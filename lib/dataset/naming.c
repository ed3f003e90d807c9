/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Expressions are compiled to machine code where PCRE2 can, and have a limit on what a match may
 * cost in either case.
 */
#include "adit_naming.h"
#include "columns_priv.h"

#include <errno.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define NAME_MAX_  64
#define LABEL      "label_"
#define LABEL_SIZE (sizeof(LABEL) - 1)

struct expression {
	pcre2_code *code;
	pcre2_match_data *found;
	uint32_t first, count; /* columns */
	bool is_split;
};

/* A column, and where its value comes from. */
struct label {
	struct adit_column column;
	char name[LABEL_SIZE + NAME_MAX_ + 1];
	char *meaning;
	uint32_t group; /* 0: whether the expression matches */
	bool first;     /* the first group that takes part */
	/* the value for the name in hand */
	const char *text; /* NULL: none */
	size_t size;
	bool matched;
};

struct adit_naming {
	pcre2_match_context *limits;
	struct expression expressions[ADIT_NAMING_COLUMNS];
	uint32_t expression_count;
	struct label labels[ADIT_NAMING_COLUMNS];
	uint32_t label_count;
	uint64_t given_up;
};

struct adit_naming *adit_naming_create(void)
{
	struct adit_naming *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return NULL;
	made->limits = pcre2_match_context_create(NULL);
	if (made->limits == NULL) {
		free(made);
		return NULL;
	}
	pcre2_set_match_limit(made->limits, ADIT_NAMING_STEPS);
	pcre2_set_depth_limit(made->limits, ADIT_NAMING_STEPS);
	return made;
}

void adit_naming_destroy(struct adit_naming *naming)
{
	if (naming == NULL)
		return;
	for (uint32_t i = 0; i < naming->expression_count; i++) {
		pcre2_code_free(naming->expressions[i].code);
		pcre2_match_data_free(naming->expressions[i].found);
	}
	for (uint32_t i = 0; i < naming->label_count; i++)
		free(naming->labels[i].meaning);
	pcre2_match_context_free(naming->limits);
	free(naming);
}

size_t adit_naming_count(const struct adit_naming *naming)
{
	return naming->label_count;
}

const struct adit_column *adit_naming_column(const struct adit_naming *naming, size_t index)
{
	return &naming->labels[index].column;
}

uint64_t adit_naming_given_up(const struct adit_naming *naming)
{
	return naming->given_up;
}

static int compile(
	struct adit_naming *naming, const char *option, const char *regex, struct adit_error *error)
{
	struct expression *it = &naming->expressions[naming->expression_count];
	PCRE2_SIZE offset = 0;
	char reason[128];
	int code = 0;

	if (naming->expression_count == ADIT_NAMING_COLUMNS)
		return adit_error_set(
			error, -EINVAL, "more than %d expressions", ADIT_NAMING_COLUMNS);
	it->code = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
		PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C, &code, &offset, NULL);
	if (it->code == NULL) {
		pcre2_get_error_message(code, (PCRE2_UCHAR *)reason, sizeof(reason));
		return adit_error_set(error, -EINVAL, "%s '%.100s': at offset %zu: %s", option,
			regex, (size_t)offset, reason);
	}
	/* Not every machine has a compiler of PCRE2's: it is slower then, and the same. */
	pcre2_jit_compile(it->code, PCRE2_JIT_COMPLETE);
	it->found = pcre2_match_data_create_from_pattern(it->code, NULL);
	naming->expression_count++;
	return it->found != NULL ? 0 : adit_error_set(error, -ENOMEM, "no memory");
}

static bool name_is_taken(const struct adit_naming *naming, const char *name)
{
	for (size_t i = 0; i < adit_column_count; i++)
		if (strcmp(adit_columns[i].name, name) == 0)
			return true;
	for (uint32_t i = 0; i < naming->label_count; i++)
		if (strcmp(naming->labels[i].name, name) == 0)
			return true;
	return false;
}

/* Adds a column label_`name`; `*made` is it. */
static int column_add(struct adit_naming *naming, const char *option, const char *name,
	const char *regex, struct label **made, struct adit_error *error)
{
	struct label *it = &naming->labels[naming->label_count];
	size_t size = strlen(name);

	if (naming->label_count == ADIT_NAMING_COLUMNS)
		return adit_error_set(error, -EINVAL, "more than %d labels", ADIT_NAMING_COLUMNS);
	if (size == 0 || size > NAME_MAX_ ||
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
			size)
		return adit_error_set(error, -EINVAL,
			"%s: '%.80s' is no name of a label: 1 to %d letters, digits and _", option,
			name, NAME_MAX_);
	if (strncmp(name, LABEL, LABEL_SIZE) == 0)
		snprintf(it->name, sizeof(it->name), "%s", name);
	else
		snprintf(it->name, sizeof(it->name), LABEL "%s", name);
	if (name_is_taken(naming, it->name))
		return adit_error_set(
			error, -EINVAL, "%s: there is a column '%s' already", option, it->name);
	if (asprintf(&it->meaning, "from the name, by %s", regex) < 0)
		return adit_error_set(error, -ENOMEM, "no memory");
	it->column = (struct adit_column){.name = it->name,
		.type = ADIT_COLUMN_TEXT,
		.may_miss = true,
		.usual = true,
		.unit = "",
		.source = "client's query",
		.meaning = it->meaning,
		.get = adit_get_label,
		.index = naming->label_count};
	naming->label_count++;
	*made = it;
	return 0;
}

int adit_naming_label(struct adit_naming *naming, const char *text, struct adit_error *error)
{
	const char *equals = strchr(text, '=');
	struct expression *it = &naming->expressions[naming->expression_count];
	char name[NAME_MAX_ + 2];
	struct label *label;
	uint32_t groups;
	int status;

	if (equals == NULL)
		return adit_error_set(error, -EINVAL,
			"--label '%.100s': right is NAME=REGEX, as in 'tunnel=\\.example\\.org$'",
			text);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	status = compile(naming, "--label", equals + 1, error);
	if (status != 0)
		return status;
	it->first = naming->label_count;
	it->count = 1;
	status = column_add(naming, "--label", name, equals + 1, &label, error);
	if (status != 0)
		return status;
	pcre2_pattern_info(it->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	label->first = groups > 0;
	if (groups == 0) {
		label->column.type = ADIT_COLUMN_FLAG;
		label->column.may_miss = false;
	}
	return 0;
}

int adit_naming_split(struct adit_naming *naming, const char *regex, struct adit_error *error)
{
	struct expression *it = &naming->expressions[naming->expression_count];
	uint32_t names = 0, entry_size = 0;
	struct label *label;
	PCRE2_SPTR table;
	int status = compile(naming, "--split-name", regex, error);

	if (status != 0)
		return status;
	pcre2_pattern_info(it->code, PCRE2_INFO_NAMECOUNT, &names);
	pcre2_pattern_info(it->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
	pcre2_pattern_info(it->code, PCRE2_INFO_NAMETABLE, &table);
	if (names == 0)
		return adit_error_set(error, -EINVAL,
			"--split-name '%.100s': no group has a name; right is (?<name>…)", regex);
	it->is_split = true;
	it->first = naming->label_count;
	it->count = names;
	for (uint32_t i = 0; i < names; i++, table += entry_size) {
		status = column_add(
			naming, "--split-name", (const char *)table + 2, regex, &label, error);
		if (status != 0)
			return status;
		label->group = (uint32_t)(table[0] << 8 | table[1]);
	}
	return 0;
}

static void value_set(struct label *label, const char *name, const PCRE2_SIZE *at, uint32_t pairs)
{
	uint32_t group = label->group;

	if (label->first)
		for (group = 1; group < pairs && at[2 * group] == PCRE2_UNSET; group++)
			;
	if (group >= pairs || at[2 * group] == PCRE2_UNSET || at[2 * group + 1] < at[2 * group])
		return;
	label->text = name + at[2 * group];
	label->size = at[2 * group + 1] - at[2 * group];
}

bool adit_naming_apply(struct adit_naming *naming, const char *name, size_t size)
{
	bool all = true;

	for (uint32_t i = 0; i < naming->expression_count; i++) {
		struct expression *it = &naming->expressions[i];
		int status = pcre2_match(
			it->code, (PCRE2_SPTR)name, size, 0, 0, it->found, naming->limits);

		naming->given_up += status < 0 && status != PCRE2_ERROR_NOMATCH;
		all = all && (status > 0 || !it->is_split);
		for (uint32_t k = it->first; k < it->first + it->count; k++) {
			struct label *label = &naming->labels[k];

			label->text = NULL;
			label->matched = status > 0;
			if (status > 0)
				value_set(label, name, pcre2_get_ovector_pointer(it->found),
					pcre2_get_ovector_count(it->found));
		}
	}
	return all;
}

void adit_get_label(
	const struct adit_view *view, const struct adit_column *column, struct adit_cell *cell)
{
	const struct label *label = &view->naming->labels[column->index];

	if (column->type == ADIT_COLUMN_FLAG) {
		cell->kind = ADIT_CELL_NUMBER;
		cell->number = label->matched;
	} else if (label->text != NULL) {
		cell->kind = ADIT_CELL_TEXT;
		cell->text = label->text;
		cell->size = (uint32_t)label->size;
	}
}
