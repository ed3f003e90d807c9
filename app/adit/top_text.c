/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lines of text, by columns. Names come from whoever sends packets: no byte of theirs reaches the
 * terminal that is not a letter it can print.
 */
#include "top.h"

#include "adit_verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

void app_top_page_clear(struct app_top_page *page)
{
	free(page->line);
	page->line = NULL;
	page->count = page->room = 0;
	page->failed = false;
}

/* The character at `from`, its bytes and columns; false: it must not be shown. Bidirectional and
 * other controls have no column of their own. */
static bool is_shown(const struct app_top_page *page, const char *from, size_t *size, int *columns)
{
	mbstate_t state;
	wchar_t letter;

	*size = 1;
	*columns = 1;
	if ((unsigned char)*from < 0x80)
		return *from >= ' ' && *from <= '~';
	memset(&state, 0, sizeof(state));
	if (!page->unicode)
		return false;
	*size = mbrtowc(&letter, from, strlen(from), &state);
	if (*size == (size_t)-1 || *size == (size_t)-2 || *size == 0) {
		*size = 1;
		return false;
	}
	*columns = wcwidth(letter);
	return *columns > 0 && iswprint((wint_t)letter);
}

/* How many columns a text that is harmless takes, up to `size` bytes of it. */
static unsigned columns_of(const char *text, size_t size)
{
	unsigned columns = 0;
	mbstate_t state;

	memset(&state, 0, sizeof(state));
	for (size_t at = 0; at < size;) {
		wchar_t letter;
		size_t used = mbrtowc(&letter, text + at, size - at, &state);

		if (used == 0 || used > size - at)
			return columns + (unsigned)(size - at);
		columns += (unsigned)(wcwidth(letter) > 0 ? wcwidth(letter) : 0);
		at += used;
	}
	return columns;
}

const char *app_top_clean(const struct app_top_page *page, const char *from, unsigned columns,
	char *text, size_t room)
{
	const char *dots = page->unicode ? "…" : "~";
	size_t used = 0, kept = 0; /* bytes; and those after which the dots still fit */
	unsigned at = 0;

	for (from = from != NULL ? from : ""; *from != '\0';) {
		char escaped[8];
		size_t size;
		int wide;
		bool shown = is_shown(page, from, &size, &wide);

		if (!shown) {
			wide = snprintf(escaped, sizeof(escaped), "\\%03u", (unsigned char)*from);
			size = 1;
		}
		if (at + 1 <= columns)
			kept = used;
		if (at + (unsigned)wide > columns || used + 8 >= room) {
			snprintf(text + kept, room - kept, "%s", columns != 0 ? dots : "");
			return text;
		}
		memcpy(text + used, shown ? from : escaped, shown ? size : (size_t)wide);
		used += shown ? size : (size_t)wide;
		at += (unsigned)wide;
		from += size;
	}
	text[used] = '\0';
	return text;
}

const char *app_top_pad(char *text, size_t room, unsigned columns)
{
	size_t size = strlen(text);

	for (unsigned at = columns_of(text, size); at < columns && size + 1 < room; at++)
		text[size++] = ' ';
	text[size] = '\0';
	return text;
}

/* Whatever came into a line, nothing goes out that is not shown; names were escaped before. Then it
 * is cut at a letter, to the width. */
static void line_guard(const struct app_top_page *page, char *text)
{
	unsigned columns = 0;
	char *to = text;

	for (const char *from = text; *from != '\0';) {
		size_t size;
		int wide;
		bool shown = is_shown(page, from, &size, &wide);

		if (!shown)
			size = (size_t)(wide = 1);
		if (columns + (unsigned)wide > page->width)
			break;
		if (shown)
			memmove(to, from, size);
		else
			*to = '?';
		to += size;
		from += size;
		columns += (unsigned)wide;
	}
	*to = '\0';
}

void app_top_add(struct app_top_page *page, enum app_top_style style, const char *format, ...)
{
	struct app_top_line *line;
	va_list arguments;

	if (page->count == page->room) {
		size_t room = page->room != 0 ? 2 * page->room : 64;

		line = realloc(page->line, room * sizeof(*line));
		page->failed |= line == NULL;
		if (line == NULL)
			return;
		page->line = line;
		page->room = room;
	}
	line = &page->line[page->count++];
	line->style = style;
	line->is_chosen = false;
	va_start(arguments, format);
	vsnprintf(line->text, sizeof(line->text), format, arguments);
	va_end(arguments);
	line_guard(page, line->text);
}

const char *app_top_draw(const struct app_top_page *page, const uint64_t *value, size_t count,
	unsigned columns, char *text, size_t room)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const letters[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	size_t first = count > columns ? count - columns : 0;
	uint64_t most = 1;

	text[0] = '\0';
	for (size_t i = first; i < count; i++)
		if (value[i] > most)
			most = value[i];
	for (size_t i = first; i < count; i++) {
		double share = (double)value[i] / (double)most;
		size_t size = strlen(text);

		snprintf(text + size, room - size, "%s",
			(page->unicode ? blocks : letters)[(size_t)(share * 7.0 + 0.5)]);
	}
	return text;
}

const char *app_top_count(uint64_t value, bool bytes, char text[24])
{
	adit_count_text(value, bytes, text);
	return text;
}
