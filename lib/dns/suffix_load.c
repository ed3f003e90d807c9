/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The text of a public suffix list, a line at a time: "//" comments (two of which open the
 * sections), and rules, which end at the first white space.
 */
#include "adit_suffix.h"
#include "dns_priv.h"
#include "suffix_priv.h"

#include <errno.h>
#include <stdio.h>

#define FILE_SIZE_MAX  (16u << 20) /* 50 times today's list */
#define QUOTE_SIZE_MAX 64          /* of a bad line, in its message */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* True if a comment holds the mark of a section. */
static bool has_mark(const char *line, const char *stop, const char *mark)
{
	return memmem(line, (size_t)(stop - line), mark, strlen(mark)) != NULL;
}

/* Letters, digits, hyphen, underscore, and anything beyond ASCII (checked as UTF-8 later). */
static bool is_label_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || (uint8_t)c >= 0x80;
}

/* A rule without its mark as a name: each label turned into an A-label. */
static int rule_name(const char *rule, size_t size, struct adit_name *name)
{
	char text[ADIT_NAME_MAX + LABEL_SIZE_MAX + 2];
	size_t used = 0, at = 0;

	while (at < size) {
		size_t start = at;
		int length;

		for (; at < size && rule[at] != '.'; at++)
			if (!is_label_byte(rule[at]))
				return -EINVAL;
		if (used > ADIT_NAME_MAX)
			return -EINVAL;
		length = adit_punycode_label(rule + start, at - start, text + used);
		if (length < 0 || at + 1 == size)
			return -EINVAL;
		used += (size_t)length;
		text[used++] = '.';
		at++;
	}
	text[used] = '\0';
	return adit_name_from_text(text, name);
}

static int add_rule(struct adit_suffix_list *list, const char *rule, size_t size, bool is_private)
{
	uint32_t flag = SUFFIX_RULE;
	struct adit_name name;

	if (rule[0] == '!') {
		flag = SUFFIX_EXCEPTION;
		rule++;
		size--;
	} else if (size >= 2 && rule[0] == '*' && rule[1] == '.') {
		flag = SUFFIX_WILDCARD;
		rule += 2;
		size -= 2;
	}
	if (rule_name(rule, size, &name) != 0)
		return -EINVAL;
	/* An exception takes a label away: it needs two. */
	if (flag == SUFFIX_EXCEPTION && name.labels < 2)
		return -EINVAL;
	return adit_suffix_add(list, &name, flag, is_private);
}

static int add_lines(struct adit_suffix_list *list, const char *what, const char *text, size_t size,
	struct adit_error *error)
{
	const char *end = text + size, *next;
	bool is_private = false;
	size_t number = 1;

	for (const char *line = text; line < end; line = next, number++) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t rule_size = 0;
		int result;

		stop = stop != NULL ? stop : end;
		next = stop + 1;
		while (line < stop && is_space(*line))
			line++;
		if (stop - line >= 2 && line[0] == '/' && line[1] == '/') {
			is_private |= has_mark(line + 2, stop, "===BEGIN PRIVATE DOMAINS===");
			is_private &= !has_mark(line + 2, stop, "===END PRIVATE DOMAINS===");
			continue;
		}
		while (line + rule_size < stop && !is_space(line[rule_size]))
			rule_size++;
		if (rule_size == 0)
			continue;
		result = add_rule(list, line, rule_size, is_private);
		if (result == -EINVAL)
			return adit_error_set(error, -EINVAL,
				"%s line %zu: \"%.*s\" is no rule of a public suffix list "
				"(labels with dots between, after an optional \"*.\" or \"!\")",
				what, number,
				(int)(rule_size < QUOTE_SIZE_MAX ? rule_size : QUOTE_SIZE_MAX),
				line);
		if (result != 0)
			return adit_error_set(error, result, "%s: not enough memory", what);
	}
	return 0;
}

int adit_suffix_load_text(const char *what, const char *text, size_t size,
	const struct adit_allocator *allocator, struct adit_suffix_list **list,
	struct adit_error *error)
{
	int result;

	*list = NULL;
	if (size > FILE_SIZE_MAX)
		return adit_error_set(
			error, -EFBIG, "%s: over %u bytes, no suffix list", what, FILE_SIZE_MAX);
	*list = adit_suffix_create(allocator);
	if (*list == NULL)
		return adit_error_set(error, -ENOMEM, "%s: not enough memory", what);
	result = add_lines(*list, what, text, size, error);
	if (result != 0) {
		adit_suffix_destroy(*list);
		*list = NULL;
	}
	return result;
}

/* Reads to the end of `file`, whose size is not known (it may be a pipe) beyond its limit. */
static int read_file(FILE *file, const struct adit_allocator *allocator, char **text, size_t *size)
{
	size_t room = 1u << 18;

	*size = 0;
	*text = adit_alloc(allocator, room, 1);
	while (*text != NULL) {
		char *larger;

		*size += fread(*text + *size, 1, room - *size, file);
		if (ferror(file))
			return -errno;
		if (*size < room)
			return 0;
		if (room > FILE_SIZE_MAX)
			return -EFBIG;
		larger = adit_alloc(allocator, room * 2, 1);
		if (larger != NULL)
			memcpy(larger, *text, *size);
		adit_free(allocator, *text);
		*text = larger;
		room *= 2;
	}
	return -ENOMEM;
}

int adit_suffix_load(const char *path, const struct adit_allocator *allocator,
	struct adit_suffix_list **list, struct adit_error *error)
{
	FILE *file = fopen(path, "rbe");
	char *text = NULL;
	size_t size;
	int result;

	*list = NULL;
	if (file == NULL) {
		result = -errno;
		return adit_error_set(error, result, "%s: %s", path, strerror(-result));
	}
	result = read_file(file, allocator, &text, &size);
	fclose(file);
	if (result == 0)
		result = adit_suffix_load_text(path, text, size, allocator, list, error);
	else
		adit_error_set(error, result, "%s: %s", path, strerror(-result));
	adit_free(allocator, text);
	return result;
}
