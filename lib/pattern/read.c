/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reader of pattern files (docs/patterns.md has the format). A line is a word that says what it
 * is, then its arguments; an expression is the rest of its line, so it needs no quotes and no
 * escapes but its own. The text is cut into words where it stands: nothing is allocated here.
 */
#include "pattern_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define WORD_LENGTH_MAX 31

struct reader {
	struct adit_pattern_set *set;
	const struct adit_pattern_source *source;
	struct adit_pattern_expression *expressions;
	size_t *count;
	struct adit_error *error;
	uint32_t line;
	uint32_t open_line;             /* of the newest `tool` or `class` line … */
	bool has_class, has_expression; /* … and what has followed it */
	struct adit_tool *tool;         /* NULL before the first `tool` line */
	struct adit_class *class;       /* NULL before the tool's first `class` line */
};

static int refuse(struct reader *reader, uint32_t line, const char *format, ...) ADIT_PRINTF(3, 4);

static int refuse(struct reader *reader, uint32_t line, const char *format, ...)
{
	char reason[320];
	va_list list;
	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	return adit_error_set(
		reader->error, -EINVAL, "%s:%u: %s", reader->source->path, line, reason);
}

static char *skip_blanks(char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* Cuts the next word off *rest; an empty string at the end of the line. */
static char *next_word(char **rest)
{
	char *word = skip_blanks(*rest);
	char *end = word + strcspn(word, " \t");
	*rest = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool at_end(char *rest)
{
	return *skip_blanks(rest) == '\0';
}

/* Names of tools and classes end up in records and metrics. */
static bool is_name(const char *word)
{
	size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-_");
	return length > 0 && length <= WORD_LENGTH_MAX && word[length] == '\0';
}

/* Digits, `max` at most; *end is what follows them. */
static bool read_number(const char *word, uint32_t max, uint32_t *number, const char **end)
{
	uint64_t value = 0;
	const char *at = word;
	for (; *at >= '0' && *at <= '9' && value <= max; at++)
		value = value * 10 + (uint64_t)(*at - '0');
	*number = (uint32_t)value;
	*end = at;
	return at > word && value <= max;
}

static bool read_whole_number(const char *word, uint32_t max, uint32_t *number)
{
	const char *end;
	return read_number(word, max, number, &end) && *end == '\0';
}

/* "80%", "2.5%", with four decimals at most, so that parts per million hold it exactly. */
static bool read_share(const char *word, uint32_t *share_ppm)
{
	uint32_t whole, fraction = 0, scale = 10000;
	const char *at;
	if (!read_number(word, 100, &whole, &at))
		return false;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9' && scale > 1; at++) {
			scale /= 10;
			fraction += (uint32_t)(*at - '0') * scale;
		}
		if (scale == 10000)
			return false;
	}
	*share_ppm = whole * 10000 + fraction;
	return strcmp(at, "%") == 0 && *share_ppm <= 1000000;
}

/* What a `tool` or `class` line promised must have come before the next one, or the end. */
static int close_block(struct reader *reader)
{
	if (reader->tool != NULL && !reader->has_class)
		return refuse(
			reader, reader->open_line, "tool \"%s\" has no class", reader->tool->name);
	if (reader->class != NULL && !reader->has_expression)
		return refuse(reader, reader->open_line, "class \"%s\" has no expression",
			reader->class->name);
	return 0;
}

static int read_tool(struct reader *reader, char *rest)
{
	struct adit_pattern_set *set = reader->set;
	const char *name = next_word(&rest);
	int status = close_block(reader);
	if (status != 0)
		return status;
	if (!is_name(name) || !at_end(rest))
		return refuse(reader, reader->line,
			"expected \"tool NAME\", a name of a-z, 0-9, '-' and '_', %d at most",
			WORD_LENGTH_MAX);
	for (size_t i = 0; i < set->tool_count; i++) {
		if (strcmp(set->tools[i].name, name) == 0)
			return refuse(reader, reader->line, "tool \"%s\" is there already", name);
	}
	if (set->tool_count == ADIT_COUNT(set->tools))
		return refuse(reader, reader->line, "more than %d tools", ADIT_CLASS_MAX);
	name = adit_pattern_name(set, name);
	if (name == NULL)
		return adit_error_set(reader->error, -ENOMEM, "no memory for the patterns");
	reader->tool = &set->tools[set->tool_count++];
	*reader->tool = (struct adit_tool){.name = name, .id_step = -1};
	reader->class = NULL;
	reader->has_class = false;
	reader->open_line = reader->line;
	return 0;
}

static int read_id_step(struct reader *reader, char *rest)
{
	uint32_t step;
	if (!read_whole_number(next_word(&rest), 65535, &step) || step == 0 || !at_end(rest))
		return refuse(reader, reader->line, "expected \"id-step NUMBER\", 1 to 65535");
	if (reader->tool->id_step != -1)
		return refuse(reader, reader->line, "id-step is there already");
	reader->tool->id_step = (int32_t)step;
	return 0;
}

/* The quoted text that ends a class line; NULL if it is not there. */
static const char *read_quoted(char *rest)
{
	char *text = skip_blanks(rest);
	char *end = *text == '"' ? strchr(text + 1, '"') : NULL;
	if (end == NULL || end == text + 1 || !at_end(end + 1))
		return NULL;
	*end = '\0';
	return text + 1;
}

/* NAME strong|shape names COUNT share SHARE "what" */
static bool parse_class(struct adit_class *class, char *rest)
{
	const char *strength;
	class->name = next_word(&rest);
	strength = next_word(&rest);
	if (strcmp(strength, "strong") == 0)
		class->strength = ADIT_STRENGTH_STRONG;
	else if (strcmp(strength, "shape") == 0)
		class->strength = ADIT_STRENGTH_SHAPE;
	else
		return false;
	if (strcmp(next_word(&rest), "names") != 0 ||
		!read_whole_number(next_word(&rest), UINT32_MAX, &class->names_min))
		return false;
	if (strcmp(next_word(&rest), "share") != 0 ||
		!read_share(next_word(&rest), &class->share_ppm))
		return false;
	class->what = read_quoted(rest);
	return is_name(class->name) && class->names_min > 0 && class->what != NULL;
}

static int read_class(struct reader *reader, char *rest)
{
	struct adit_pattern_set *set = reader->set;
	struct adit_class class = {.tool = reader->tool->name};
	int status = reader->class != NULL ? close_block(reader) : 0;
	if (status != 0)
		return status;
	if (!parse_class(&class, rest))
		return refuse(reader, reader->line,
			"expected \"class NAME strong|shape names COUNT share PERCENT%% \"WHAT\"\""
			", a name of a-z, 0-9, '-' and '_', a count of at least 1");
	if (class.strength == ADIT_STRENGTH_SHAPE && class.share_ppm == 0)
		return refuse(reader, reader->line,
			"class \"%s\": a shape counts by its share, which must be above 0 %%",
			class.name);
	for (size_t i = 0; i < set->class_count; i++) {
		if (set->classes[i].tool == class.tool &&
			strcmp(set->classes[i].name, class.name) == 0)
			return refuse(reader, reader->line,
				"class \"%s\" of \"%s\" is there already", class.name, class.tool);
	}
	if (set->class_count == ADIT_CLASS_MAX)
		return refuse(
			reader, reader->line, "more than %d classes in all files", ADIT_CLASS_MAX);
	reader->class = &set->classes[set->class_count++];
	*reader->class = class;
	reader->has_class = true;
	reader->has_expression = false;
	reader->open_line = reader->line;
	return 0;
}

static int read_expression(struct reader *reader, enum adit_pattern_part part, char *rest)
{
	const char *rule = next_word(&rest);
	char *text = skip_blanks(rest);
	bool caseless = strcmp(rule, "insensitive") == 0;
	if (reader->class == NULL)
		return refuse(reader, reader->line, "an expression needs a class before it");
	if (!caseless && strcmp(rule, "sensitive") != 0)
		return refuse(reader, reader->line,
			"\"%s\" is neither \"sensitive\" nor \"insensitive\"", rule);
	if (*text == '\0')
		return refuse(reader, reader->line, "the expression is missing");
	/* (*UTF8) and its kind would turn bytes into characters, and names are bytes. */
	if (strncmp(text, "(*", 2) == 0)
		return refuse(reader, reader->line,
			"expression \"%.120s\": no (*…) verbs here, names are bytes", text);
	reader->expressions[(*reader->count)++] = (struct adit_pattern_expression){
		.text = text,
		.source = reader->source,
		.line = reader->line,
		.class_index = (uint8_t)(reader->class - reader->set->classes),
		.part = part,
		.caseless = caseless,
	};
	reader->has_expression = true;
	return 0;
}

static int read_line(struct reader *reader, char *line)
{
	size_t length = strlen(line);
	while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
		line[--length] = '\0';
	line = skip_blanks(line);
	if (*line == '\0' || *line == '#')
		return 0;
	const char *word = next_word(&line);
	if (strcmp(word, "tool") == 0)
		return read_tool(reader, line);
	if (reader->tool == NULL)
		return refuse(
			reader, reader->line, "\"%.40s\" before the first \"tool\" line", word);
	if (strcmp(word, "id-step") == 0)
		return read_id_step(reader, line);
	if (strcmp(word, "class") == 0)
		return read_class(reader, line);
	if (strcmp(word, "subdomain") == 0)
		return read_expression(reader, ADIT_PART_SUBDOMAIN, line);
	if (strcmp(word, "qname") == 0)
		return read_expression(reader, ADIT_PART_QNAME, line);
	if (strcmp(word, "datagram") == 0)
		return read_expression(reader, ADIT_PART_DATAGRAM, line);
	return refuse(reader, reader->line,
		"unknown word \"%.40s\"; known: tool, id-step, class, subdomain, qname, datagram",
		word);
}

int adit_pattern_read(struct adit_pattern_set *set, const struct adit_pattern_source *source,
	struct adit_pattern_expression *expressions, size_t *count, struct adit_error *error)
{
	struct reader reader = {.set = set,
		.source = source,
		.expressions = expressions,
		.count = count,
		.error = error};
	for (char *line = source->text; line != NULL;) {
		char *end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		reader.line++;
		int status = read_line(&reader, line);
		if (status != 0)
			return status;
		line = end;
	}
	return close_block(&reader);
}
