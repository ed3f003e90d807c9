/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text: cairo's plain interface with the system's "sans-serif". Heights are shares of the font's
 * size and not asked of the font, so that another font changes widths only.
 */
#include "plot_priv.h"

#include <stdio.h>

#define ELLIPSIS "\xe2\x80\xa6"

static const double sizes[PLOT_FONTS] = {
	[PLOT_TITLE] = 15, [PLOT_LABEL] = 11.5, [PLOT_SMALL] = 11.5, [PLOT_RAISED] = 8};

double adit_plot_ascent(enum plot_font font)
{
	return 0.78 * sizes[font];
}

double adit_plot_descent(enum plot_font font)
{
	return 0.22 * sizes[font];
}

double adit_plot_line_height(enum plot_font font)
{
	return 1.3 * sizes[font];
}

void adit_plot_set_font(cairo_t *cairo, enum plot_font font)
{
	cairo_select_font_face(
		cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cairo, sizes[font]);
}

double adit_plot_width(cairo_t *cairo, enum plot_font font, const char *text)
{
	cairo_text_extents_t extents;

	if (*text == '\0')
		return 0;
	adit_plot_set_font(cairo, font);
	cairo_text_extents(cairo, text, &extents);
	return extents.x_advance;
}

/* Bytes of the character at `at` of UTF-8 (RFC 3629: no surrogates, nothing longer than needed), or
 * 0. */
static size_t character(const unsigned char *at)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t size = *at < 0x80       ? 1
		      : *at >> 5 == 6  ? 2
		      : *at >> 4 == 14 ? 3
		      : *at >> 3 == 30 ? 4
				       : 0;
	uint32_t code = size < 2 ? *at : *at & (0x7fu >> size);

	for (size_t i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (size == 0 || code < least[size] || code > 0x10ffff || (code >> 11 == 0x1b) ||
		code < ' ' || (code >= 0x7f && code < 0xa0) || (code & 0xfffe) == 0xfffe)
		return 0;
	return size;
}

void adit_plot_clean(const char *from, size_t length, char to[PLOT_TEXT_MAX])
{
	const unsigned char *at = (const unsigned char *)from, *end = at + length;
	size_t used = 0;

	while (at < end && used + 5 < PLOT_TEXT_MAX) {
		size_t size = character(at);
		if (size == 0 || at + size > end) {
			to[used++] = *at == '\t' || *at == '\n' ? ' ' : '?';
			at++;
			continue;
		}
		memcpy(to + used, at, size);
		used += size;
		at += size;
	}
	to[used] = '\0';
}

/* Takes characters off the end until it fits with the ellipsis. */
static void cut(cairo_t *cairo, enum plot_font font, double width, char text[PLOT_TEXT_MAX])
{
	size_t length = strlen(text);

	while (length > 0) {
		do
			length--;
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80);
		while (length > 0 && text[length - 1] == ' ')
			length--;
		snprintf(text + length, PLOT_TEXT_MAX - length, ELLIPSIS);
		if (adit_plot_width(cairo, font, text) <= width)
			return;
	}
	text[0] = '\0';
}

void adit_plot_fit(
	cairo_t *cairo, enum plot_font font, double width, const char *from, char to[PLOT_TEXT_MAX])
{
	size_t length = strlen(from);

	adit_plot_clean(from, length, to);
	if (length > PLOT_TEXT_MAX - 6 || adit_plot_width(cairo, font, to) > width)
		cut(cairo, font, width, to);
}

size_t adit_plot_wrap(cairo_t *cairo, enum plot_font font, double width, const char *from,
	char lines[PLOT_LINES_MAX][PLOT_TEXT_MAX])
{
	size_t count = 0;

	from += strspn(from, " \n");
	while (*from != '\0' && count < PLOT_LINES_MAX) {
		size_t taken = 0;
		/* As many words as fit, but one in any case. */
		for (size_t next = 0; from[next] != '\0' && from[next] != '\n';) {
			next += strspn(from + next, " ");
			next += strcspn(from + next, " \n");
			adit_plot_clean(from, next, lines[count]);
			if (taken > 0 &&
				(next > PLOT_TEXT_MAX - 6 ||
					adit_plot_width(cairo, font, lines[count]) > width))
				break;
			taken = next;
		}
		adit_plot_clean(from, taken, lines[count]);
		from += taken;
		from += strspn(from, " \n");
		if (taken > PLOT_TEXT_MAX - 6 || (*from != '\0' && count + 1 == PLOT_LINES_MAX) ||
			adit_plot_width(cairo, font, lines[count]) > width)
			cut(cairo, font, width, lines[count]);
		count++;
	}
	return count;
}
