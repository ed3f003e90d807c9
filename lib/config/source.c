/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A pass over the text before libconfig 1.5 reads it, because that version
 *   - cuts an integer without an L to 32 bits: every integer gets its L here, and one that does
 *     not fit 64 bits is an error;
 *   - takes no 1e-5, but takes a dot for a 0 and 5.5x = 1 for a 5.5 and a setting x: 1e-5 gets its
 *     .0 here, and what begins as a number must be one to its end;
 *   - takes a comment without an end for the rest of the file, and finds a string without an end
 *     only at the end of the file: both are errors at the line where they begin, and a string ends
 *     on its line;
 *   - drops a zero byte from a string;
 *   - ends the process when an @include names a directory: includes are put in place here, and an
 *     @ outside strings and comments never reaches libconfig. Comments do not either.
 * Line numbers are kept by a list of segments. Memory: three times the text while it is read.
 */
#include "adit_config.h"
#include "config_priv.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A pass over one file. */
struct scan {
	struct adit_source *source;
	struct adit_error *error;
	const char *at;
	size_t file;
	unsigned line;
	bool line_start; /* only blanks so far on this line */
};

static int scan_file(struct adit_source *source, char *name, char *text, struct adit_error *error);

static int fail_at(const struct scan *scan, int code, const char *what)
{
	struct adit_place place = {scan->source->files[scan->file].name, scan->line};

	return adit_config_fail(scan->error, code, place, "%s", what);
}

/* Passes `size` bytes on. */
static void emit(struct scan *scan, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (scan->at[i] == '\n') {
			scan->line++;
			scan->source->lines++;
		}
	}
	fwrite(scan->at, 1, size, scan->source->stream);
	scan->at += size;
}

static void add_segment(struct scan *scan)
{
	struct adit_source *source = scan->source;

	source->segments[source->segment_count++] =
		(struct adit_source_segment){source->lines, scan->line, scan->file};
}

/* Reads at most `most` bytes into a string that the caller frees. */
static int read_all(FILE *file, size_t most, char **text)
{
	size_t size;

	*text = malloc(most + 1);
	if (*text == NULL)
		return -ENOMEM;
	errno = 0;
	size = fread(*text, 1, most + 1, file);
	if (ferror(file))
		return errno != 0 ? -errno : -EIO;
	if (size > most)
		return -EFBIG;
	(*text)[size] = '\0';
	return memchr(*text, '\0', size) != NULL ? -EILSEQ : 0;
}

/* The text of a file, or -errno. A directory opens, but cannot be read: -EISDIR. */
static int read_file(const char *path, size_t most, char **text)
{
	FILE *file = fopen(path, "re");
	int rc;

	if (file == NULL)
		return -errno;
	rc = read_all(file, most, text);
	fclose(file);
	if (rc != 0) {
		free(*text);
		*text = NULL;
	}
	return rc;
}

static int open_file(
	struct adit_source *source, char *name, struct adit_place place, struct adit_error *error)
{
	char *text = NULL;
	int rc = read_file(name, source->most, &text);

	if (rc == 0)
		return scan_file(source, name, text, error);
	if (rc == -EFBIG)
		adit_config_fail(error, rc, place, "%s%slarger than %zu KiB",
			place.line > 0 ? name : "", place.line > 0 ? ": " : "",
			source->most / 1024);
	else if (rc == -EILSEQ)
		adit_config_fail(error, rc = -EINVAL, place, "%s%snot text: it holds a zero byte",
			place.line > 0 ? name : "", place.line > 0 ? ": " : "");
	else
		adit_config_fail(error, rc, place, "%s%s%s", place.line > 0 ? name : "",
			place.line > 0 ? ": " : "", strerror(-rc));
	free(name);
	return rc;
}

/* The path of an included file, seen from the file that names it. */
static char *include_path(const char *from, const char *path, size_t size)
{
	const char *slash = strrchr(from, '/');
	size_t directory = path[0] == '/' || slash == NULL ? 0 : (size_t)(slash - from) + 1;
	char *joined = malloc(directory + size + 1);

	if (joined != NULL) {
		memcpy(joined, from, directory);
		memcpy(joined + directory, path, size);
		joined[directory + size] = '\0';
	}
	return joined;
}

static int scan_include(struct scan *scan)
{
	static const char word[] = "@include";
	struct adit_source *source = scan->source;
	const char *path = scan->at + sizeof(word) - 1, *end, *rest;
	char *name;
	int rc;

	if (!scan->line_start || strncmp(scan->at, word, sizeof(word) - 1) != 0)
		return fail_at(
			scan, -EINVAL, "stray @; there is @include \"file\", on its own line");
	path += strspn(path, " \t");
	end = *path == '"' ? path + 1 + strcspn(path + 1, "\"\n") : path;
	rest = *end == '"' ? end + 1 + strspn(end + 1, " \t\r") : end;
	if (*end != '"' || end == path + 1 || (*rest != '\n' && *rest != '\0'))
		return fail_at(scan, -EINVAL, "write @include \"file\" on a line of its own");
	if (!source->may_include)
		return fail_at(scan, -EINVAL, "@include works in configuration files only");
	/* A file that includes itself ends here too. */
	if (source->file_count == ADIT_SOURCE_FILES)
		return fail_at(scan, -EINVAL, "too many @include: at most 15, nested ones counted");
	name = include_path(source->files[scan->file].name, path + 1, (size_t)(end - path - 1));
	if (name == NULL)
		return fail_at(scan, -ENOMEM, "out of memory");
	rc = open_file(source, name,
		(struct adit_place){source->files[scan->file].name, scan->line}, scan->error);
	if (rc != 0)
		return rc;
	scan->at = rest;
	/* What follows the last line of that file is the end of this one. */
	fputc('\n', source->stream);
	source->lines++;
	add_segment(scan);
	return 0;
}

static int scan_comment(struct scan *scan)
{
	const char *end;

	if (scan->at[0] == '#' || scan->at[1] == '/') {
		scan->at += strcspn(scan->at, "\n");
		return 0;
	}
	end = strstr(scan->at + 2, "*/");
	if (end == NULL)
		return fail_at(scan, -EINVAL, "comment without an end: */ is missing");
	for (; scan->at < end; scan->at++) {
		if (*scan->at == '\n') {
			emit(scan, 1);
			scan->at--;
		}
	}
	scan->at += 2;
	/* What the comment stood between must not grow together. */
	fputc(' ', scan->source->stream);
	return 0;
}

static int scan_string(struct scan *scan)
{
	const char *p = scan->at + 1;

	for (; *p != '"'; p++) {
		if (*p == '\0' || *p == '\n')
			return fail_at(scan, -EINVAL, "string without an end: \" is missing");
		if (*p != '\\')
			continue;
		if (strncmp(p, "\\x00", 4) == 0)
			return fail_at(scan, -EINVAL, "a string cannot hold a zero byte");
		if (p[1] == '\0' || p[1] == '\n')
			return fail_at(scan, -EINVAL, "string without an end: \" is missing");
		p++;
	}
	emit(scan, (size_t)(p - scan->at) + 1);
	return 0;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || strchr("_-*+.", c) != NULL;
}

/* The number that a word begins with: `size` bytes, and behind `at` of them what libconfig lacks.
 * Size 0: it is none. */
struct number {
	size_t size, at;
	const char *lacks;
	bool is_integer;
};

static struct number end_integer(const char *word, size_t size)
{
	bool has_suffix = word[size] == 'L';
	size_t whole = size + (has_suffix ? 1 + (word[size + 1] == 'L') : 0);

	return (struct number){whole, size, has_suffix ? "" : "L", true};
}

static struct number number_of(const char *word)
{
	static const char decimal[] = "0123456789", hex[] = "0123456789abcdefABCDEF";
	size_t sign = *word == '-' || *word == '+', digits = strspn(word + sign, decimal);
	size_t at = sign + digits, size = at, power;
	bool has_dot = word[at] == '.';

	if (digits == 1 && word[sign] == '0' && (word[at] == 'x' || word[at] == 'X') &&
		strspn(word + at + 1, hex) > 0)
		return end_integer(word, at + 1 + strspn(word + at + 1, hex));
	if (has_dot) {
		size += 1 + strspn(word + at + 1, decimal);
		digits += size - at - 1;
	}
	if (digits == 0)
		return (struct number){0, 0, "", false};
	if (word[size] == 'e' || word[size] == 'E') {
		sign = word[size + 1] == '-' || word[size + 1] == '+';
		power = strspn(word + size + 1 + sign, decimal);
		if (power > 0)
			return (struct number){
				size + 1 + sign + power, at, has_dot ? "" : ".0", false};
	}
	return has_dot ? (struct number){size, at, "", false} : end_integer(word, size);
}

/* A word of `size` bytes that begins as a number: all of it must be one. */
static int scan_number(struct scan *scan, size_t size)
{
	struct number number = number_of(scan->at);

	/* libconfig would take 5x = 1 for a 5 and a setting x. */
	if (number.size != size)
		return fail_at(scan, -EINVAL, "a number ends in a letter or sign");
	errno = 0;
	/* Base 0 takes 010 for octal: no matter, only the overflow counts here. */
	if (number.is_integer)
		(void)strtoll(scan->at, NULL, 0);
	if (errno == ERANGE)
		return fail_at(scan, -EINVAL, "this integer does not fit 64 bits");
	emit(scan, number.at);
	fputs(number.lacks, scan->source->stream);
	emit(scan, size - number.at);
	return 0;
}

/* A number or a name, up to the next character that can be part of neither. */
static int scan_word(struct scan *scan)
{
	size_t size = 0;

	while (scan->at[size] != '\0' && is_word(scan->at[size]))
		size++;
	if (strchr("+-.0123456789", *scan->at) != NULL)
		return scan_number(scan, size);
	emit(scan, size);
	return 0;
}

static int scan_step(struct scan *scan)
{
	const char *p = scan->at;
	int rc = 0;

	if (*p == '@')
		return scan_include(scan);
	if (*p == '#' || (p[0] == '/' && (p[1] == '/' || p[1] == '*'))) {
		rc = scan_comment(scan);
	} else if (*p == '"') {
		rc = scan_string(scan);
	} else if (is_word(*p)) {
		rc = scan_word(scan);
	} else {
		if (*p == '\n')
			scan->line_start = true;
		else if (*p != ' ' && *p != '\t')
			scan->line_start = false;
		emit(scan, 1);
		return 0;
	}
	scan->line_start = false;
	return rc;
}

/* Takes `name` and `text`. */
static int scan_file(struct adit_source *source, char *name, char *text, struct adit_error *error)
{
	struct scan scan = {.source = source,
		.error = error,
		.at = text,
		.line = 1,
		.file = source->file_count,
		.line_start = true};
	int rc = 0;

	source->files[source->file_count++] = (struct adit_source_file){name, text};
	add_segment(&scan);
	while (rc == 0 && *scan.at != '\0')
		rc = scan_step(&scan);
	return rc;
}

int adit_source_load(struct adit_source *source, const char *name, const char *text, size_t most,
	struct adit_error *error)
{
	struct adit_place place = {name, 0};
	char *name_copy, *text_copy;
	int rc;

	*source = (struct adit_source){.lines = 1, .most = most, .may_include = text == NULL};
	if (text != NULL && strlen(text) > most)
		return adit_config_fail(error, -EFBIG, place, "larger than %zu KiB", most / 1024);
	source->stream = open_memstream(&source->text, &source->text_size);
	name_copy = strdup(name);
	text_copy = text != NULL ? strdup(text) : NULL;
	if (source->stream == NULL || name_copy == NULL || (text != NULL && text_copy == NULL)) {
		free(name_copy);
		free(text_copy);
		return adit_config_fail(error, -ENOMEM, place, "out of memory");
	}
	rc = text != NULL ? scan_file(source, name_copy, text_copy, error)
			  : open_file(source, name_copy, place, error);
	if (rc == 0 && (fflush(source->stream) != 0 || ferror(source->stream)))
		rc = adit_config_fail(error, -ENOMEM, place, "out of memory");
	return rc;
}

void adit_source_clear(struct adit_source *source)
{
	if (source->stream != NULL)
		fclose(source->stream);
	free(source->text);
	for (size_t i = 0; i < source->file_count; i++) {
		free(source->files[i].name);
		free(source->files[i].text);
	}
	*source = (struct adit_source){0};
}

static const struct adit_source_segment *segment_of(const struct adit_source *source, unsigned line)
{
	size_t i = source->segment_count - 1;

	while (i > 0 && source->segments[i].first > line)
		i--;
	return &source->segments[i];
}

struct adit_place adit_source_place(const struct adit_source *source, unsigned line)
{
	const struct adit_source_segment *segment = segment_of(source, line);

	return (struct adit_place){source->files[segment->file].name,
		segment->line + (line > segment->first ? line - segment->first : 0)};
}

const char *adit_source_line(const struct adit_source *source, unsigned line, size_t *size)
{
	const struct adit_source_segment *segment = segment_of(source, line);
	unsigned wanted = adit_source_place(source, line).line;
	const char *p = source->files[segment->file].text;

	for (unsigned i = 1; i < wanted && *p != '\0'; i++) {
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	p += strspn(p, " \t");
	*size = strcspn(p, "\r\n");
	while (*size > 0 && (p[*size - 1] == ' ' || p[*size - 1] == '\t'))
		(*size)--;
	return p;
}
