/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reader of the text files of a model: lines of words, cut where they stand in a copy.
 */
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

int adit_text_open(struct adit_text *text, const char *path, const void *bytes, size_t size,
	struct adit_error *error)
{
	const uint8_t *zero = size > 0 ? memchr(bytes, 0, size) : NULL;

	*text = (struct adit_text){.path = path, .error = error};
	if (zero != NULL)
		return adit_error_set(error, -EINVAL,
			"%s: byte %zu is zero; this file is text of printable characters", path,
			(size_t)(zero - (const uint8_t *)bytes));
	text->copy = malloc(size + 1);
	if (text->copy == NULL)
		return adit_error_set(error, -ENOMEM, "%s: no memory for %zu bytes", path, size);
	if (size > 0)
		memcpy(text->copy, bytes, size);
	text->copy[size] = '\0';
	text->next = text->copy;
	return 0;
}

void adit_text_close(struct adit_text *text)
{
	free(text->copy);
	text->copy = text->next = NULL;
}

char *adit_text_line(struct adit_text *text)
{
	char *line = text->next, *end;

	if (*line == '\0')
		return NULL;
	end = strchr(line, '\n');
	text->next = end != NULL ? end + 1 : line + strlen(line);
	if (end == NULL)
		end = text->next;
	while (end > line && strchr(" \t\r", end[-1]) != NULL)
		end--;
	*end = '\0';
	text->line++;
	return line;
}

char *adit_text_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	char *end = word + strcspn(word, " \t");

	*rest = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return word;
}

int adit_text_refuse(struct adit_text *text, const char *format, ...)
{
	char reason[400];
	va_list list;

	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	return adit_error_set(text->error, -EINVAL, "%s:%u: %s", text->path, text->line, reason);
}

bool adit_text_number(const char *word, double *number)
{
	char *end;

	/* strtod also takes hexadecimal, names and white space. */
	if (*word == '\0' || word[strspn(word, "+-.0123456789eE")] != '\0')
		return false;
	*number = strtod(word, &end);
	return *end == '\0' && isfinite(*number);
}

bool adit_text_count(const char *word, uint64_t max, uint64_t *count)
{
	uint64_t value = 0;

	if (*word == '\0')
		return false;
	for (; *word != '\0'; word++) {
		if (*word < '0' || *word > '9' || value > (UINT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(*word - '0');
	}
	*count = value;
	return value <= max;
}
