/* SPDX-License-Identifier: BSD-3-Clause
 *
 * JSON (RFC 8259) as XGBoost writes it, read in one pass from a copy of the bytes. A reader walks
 * the values it wants and skips the rest; after the first error every call does nothing, so that
 * one check at the end suffices.
 */
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#define DEPTH_MAX 64

int adit_json_open(struct adit_json *json, const char *path, const void *bytes, size_t size,
	struct adit_error *error)
{
	*json = (struct adit_json){.path = path, .error = error};
	json->copy = malloc(size + 1);
	if (json->copy == NULL)
		return adit_error_set(error, -ENOMEM, "%s: no memory for %zu bytes", path, size);
	if (size > 0)
		memcpy(json->copy, bytes, size);
	json->copy[size] = '\0';
	json->at = json->copy;
	return 0;
}

void adit_json_close(struct adit_json *json)
{
	free(json->copy);
	json->copy = NULL;
}

void adit_json_refuse(struct adit_json *json, const char *format, ...)
{
	char reason[400];
	size_t line = 1, column = 1;
	va_list list;

	if (json->status != 0)
		return;
	for (const char *at = json->copy; at < json->at; at++) {
		column = *at == '\n' ? 1 : column + 1;
		line += *at == '\n';
	}
	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	json->status = adit_error_set(
		json->error, -EINVAL, "%s:%zu:%zu: %s", json->path, line, column, reason);
}

static void skip_blanks(struct adit_json *json)
{
	json->at += strspn(json->at, " \t\r\n");
}

/* Takes this character, if it is the next. */
static bool take(struct adit_json *json, char c)
{
	if (json->status != 0)
		return false;
	skip_blanks(json);
	if (*json->at != c)
		return false;
	json->at++;
	return true;
}

void adit_json_enter(struct adit_json *json, char bracket)
{
	if (!take(json, bracket))
		adit_json_refuse(json, "expected '%c'", bracket);
	json->first = true;
}

/* True if another value follows in the container that ends with `bracket`. */
static bool next(struct adit_json *json, char bracket)
{
	bool first = json->first;

	json->first = false;
	if (take(json, bracket))
		return false;
	if (!first && !take(json, ','))
		adit_json_refuse(json, "expected ',' or '%c'", bracket);
	return json->status == 0;
}

bool adit_json_member(struct adit_json *json, char *key, size_t room)
{
	if (!next(json, '}'))
		return false;
	adit_json_string(json, key, room);
	if (!take(json, ':'))
		adit_json_refuse(json, "expected ':'");
	return json->status == 0;
}

bool adit_json_item(struct adit_json *json)
{
	return next(json, ']');
}

/* An escaped character stands for itself here: names of features are compared nowhere. */
void adit_json_string(struct adit_json *json, char *text, size_t room)
{
	size_t length = 0;

	if (room > 0)
		*text = '\0';
	if (!take(json, '"')) {
		adit_json_refuse(json, "expected '\"'");
		return;
	}
	for (; *json->at != '"'; json->at++) {
		if (*json->at == '\\')
			json->at++;
		if (*json->at == '\0') {
			adit_json_refuse(json, "the text ends inside a string");
			return;
		}
		if (length + 1 < room)
			text[length++] = *json->at;
	}
	json->at++;
	if (room > 0)
		text[length] = '\0';
}

/* The bytes of a number, which strtod then takes whole; newer XGBoost puts the base score in
 * brackets, "[5E-1]". */
static size_t number_length(struct adit_json *json, bool *quoted, bool *bracketed)
{
	size_t length;

	*quoted = take(json, '"');
	*bracketed = *quoted && take(json, '[');
	skip_blanks(json);
	length = strspn(json->at, "+-.0123456789eE");
	if (json->status == 0 && (length == 0 || length > 64))
		adit_json_refuse(json, "expected a number");
	return length;
}

static void number_end(
	struct adit_json *json, const char *end, size_t length, bool quoted, bool bracketed)
{
	if (json->status == 0 && end != json->at + length)
		adit_json_refuse(json, "expected a number");
	json->at += length;
	if (bracketed && !take(json, ']'))
		adit_json_refuse(json, "expected ']'");
	if (quoted && !take(json, '"'))
		adit_json_refuse(json, "expected '\"'");
}

double adit_json_number(struct adit_json *json)
{
	bool quoted, bracketed;
	size_t length = number_length(json, &quoted, &bracketed);
	char *end = NULL;
	double value = json->status == 0 ? strtod(json->at, &end) : 0;

	if (json->status == 0 && !isfinite(value))
		adit_json_refuse(json, "the number is too large");
	if (json->status == 0)
		number_end(json, end, length, quoted, bracketed);
	return json->status == 0 ? value : 0;
}

/* Not by way of a double: rounding twice could give the neighbour. */
float adit_json_float(struct adit_json *json)
{
	bool quoted, bracketed;
	size_t length = number_length(json, &quoted, &bracketed);
	char *end = NULL;
	float value = json->status == 0 ? strtof(json->at, &end) : 0;

	if (json->status == 0 && !isfinite(value))
		adit_json_refuse(json, "the number is too large for a float");
	if (json->status == 0)
		number_end(json, end, length, quoted, bracketed);
	return json->status == 0 ? value : 0;
}

static void skip_word(struct adit_json *json)
{
	size_t length = strspn(json->at, "+-.0123456789eEabcdfghijklmnopqrstuvwxyzINT");

	if (length == 0)
		adit_json_refuse(json, "expected a value");
	json->at += length;
}

/* No recursion: a stack of brackets, so that a text of brackets alone is no danger. */
void adit_json_skip(struct adit_json *json)
{
	char closing[DEPTH_MAX];
	size_t depth = 0;

	do {
		if (depth > 0) {
			if (!next(json, closing[depth - 1])) {
				depth--;
				continue;
			}
			if (closing[depth - 1] == '}') {
				adit_json_string(json, NULL, 0);
				if (!take(json, ':'))
					adit_json_refuse(json, "expected ':'");
			}
		}
		if (json->status != 0)
			return;
		skip_blanks(json);
		if (*json->at == '{' || *json->at == '[') {
			if (depth == DEPTH_MAX) {
				adit_json_refuse(json, "nested deeper than %d", DEPTH_MAX);
				return;
			}
			closing[depth++] = *json->at == '{' ? '}' : ']';
			json->at++;
			json->first = true;
		} else if (*json->at == '"') {
			adit_json_string(json, NULL, 0);
		} else {
			skip_word(json);
		}
	} while (depth > 0 && json->status == 0);
}

void adit_json_end(struct adit_json *json)
{
	if (json->status != 0)
		return;
	skip_blanks(json);
	if (*json->at != '\0')
		adit_json_refuse(json, "expected the end of the file");
}
