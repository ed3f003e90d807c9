/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table that a person reads. All text is printable ASCII (names are escaped, anything else
 * that is not printable becomes "?"), so a byte is a column and nothing that came from the wire
 * reaches the terminal's interpreter.
 *
 * A story takes one line where all fits; where not, the later columns go to a second and a third
 * line. A column never gets wider than its longest cell.
 */
#include "adit_verdict.h"
#include "verdict_priv.h"

#include <errno.h>
#include <stdlib.h>

enum column { VERDICT, SCORE, NAME, TOOL, SUBSCRIBER, QUERIES, UP, DOWN, WHEN, WHY, COLUMN_COUNT };

/* `want`: a column cut below this width asks for another layout; `least`: what it is cut to when
 * no layout is left. */
static const struct column_row {
	const char *title;
	bool right;
	unsigned want, least;
} columns[COLUMN_COUNT] = {
	[VERDICT] = {"verdict", false, 7, 7},
	[SCORE] = {"score", true, 5, 5},
	[NAME] = {"domain or server", false, 24, 12},
	[TOOL] = {"tool", false, 16, 6},
	[SUBSCRIBER] = {"subscriber", false, 60, 20},
	[QUERIES] = {"queries", true, 7, 7},
	[UP] = {"up", true, 6, 6},
	[DOWN] = {"down", true, 6, 6},
	[WHEN] = {"since - until (UTC)", false, 40, 30},
	[WHY] = {"why", false, 30, 30},
};

#define LAYOUT_LINES 3
#define END          COLUMN_COUNT
#define NUMBERS      QUERIES, UP, DOWN
static const struct layout {
	uint8_t line[LAYOUT_LINES][COLUMN_COUNT + 1];
} layouts[] = {
	{{{VERDICT, SCORE, NAME, TOOL, SUBSCRIBER, NUMBERS, WHEN, WHY, END}, {END}, {END}}},
	{{{VERDICT, SCORE, NAME, TOOL, NUMBERS, END}, {SUBSCRIBER, WHEN, WHY, END}, {END}}},
	{{{VERDICT, SCORE, NAME, NUMBERS, END}, {SUBSCRIBER, WHEN, END}, {TOOL, WHY, END}}},
};

#define WIDTH_LEAST 40
#define WIDTH_MOST  400
#define GAP         2 /* between columns, and before the lines after the first */
#define CELL_ROOM   (ADIT_NAME_TEXT_MAX + 64)
#define REASON_ROOM 64

struct table {
	FILE *page;
	const struct layout *layout;
	const struct adit_privacy *privacy;
	unsigned limit, width[COLUMN_COUNT];
	bool colour;
};

/* A reason in words; one that has none as it is, with spaces for underscores. */
static void reason_text(const char *name, char text[REASON_ROOM])
{
	const char *words = adit_verdict_reason_words(name);

	snprintf(text, REASON_ROOM, "%s", words != NULL ? words : name);
	for (char *at = text; words == NULL && *at; at++)
		if (*at == '_')
			*at = ' ';
}

/* The year, and within a day the date, is told once; seconds only within a day. */
static void span_text(uint64_t start_ns, uint64_t end_ns, char *text)
{
	char start[40], end[40];

	adit_time_text(start_ns, start);
	adit_time_text(end_ns, end);
	if (memcmp(start, end, 10) == 0)
		snprintf(text, CELL_ROOM, "%.10s %.8s-%.8s", start, start + 11, end + 11);
	else if (memcmp(start, end, 4) == 0)
		snprintf(text, CELL_ROOM, "%.10s %.5s - %.5s %.5s", start, start + 11, end + 5,
			end + 11);
	else
		snprintf(text, CELL_ROOM, "%.10s - %.10s", start, end);
}

static void name_cell(const struct story *story, const struct adit_privacy *privacy, char *text)
{
	if (story->domain.size > 0)
		adit_verdict_name_text(&story->domain, text);
	else if (story->has_server)
		adit_privacy_peer_text(privacy, &story->server, text);
}

static void subscriber_cell(
	const struct story *story, const struct adit_privacy *privacy, char *text)
{
	if (!story->has_subscriber)
		return;
	adit_privacy_subscriber_text(privacy, &story->subscriber, text);
	if (story->subscribers_total > 1)
		snprintf(text + strlen(text), 16, " +%u", story->subscribers_total - 1);
}

/* Several features may have the same words: they are said once. */
static void why_cell(const struct story *story, char *text)
{
	char reason[STORY_REASONS][REASON_ROOM];
	size_t size = 0;

	for (size_t i = 0; i < STORY_REASONS && story->reason[i]; i++) {
		size_t at = 0;

		reason_text(story->reason[i], reason[i]);
		while (strcmp(reason[at], reason[i]) != 0)
			at++;
		if (at == i)
			size += (size_t)snprintf(
				text + size, REASON_ROOM + 2, "%s%s", i > 0 ? ", " : "", reason[i]);
	}
}

/* The full text of a cell, "-" where there is nothing to say; printable ASCII. */
static void cell_text(const struct table *table, enum column column, const struct story *story,
	char text[CELL_ROOM])
{
	text[0] = '\0';
	switch (column) {
	case VERDICT:
		snprintf(text, CELL_ROOM, "%s",
			story->verdict == ADIT_VERDICT_TUNNEL ? "tunnel" : "suspect");
		break;
	case SCORE:
		snprintf(text, CELL_ROOM, "%u", story->score);
		break;
	case NAME:
		name_cell(story, table->privacy, text);
		break;
	case TOOL:
		snprintf(text, CELL_ROOM, "%s", story->tool ? story->tool : "");
		break;
	case SUBSCRIBER:
		subscriber_cell(story, table->privacy, text);
		break;
	case QUERIES:
		adit_count_text(story->queries, false, text);
		break;
	case UP:
		adit_count_text(story->bytes_up, true, text);
		break;
	case DOWN:
		adit_count_text(story->bytes_down, true, text);
		break;
	case WHEN:
		span_text(story->window_start_ns, story->window_end_ns, text);
		break;
	case WHY:
		why_cell(story, text);
		break;
	case COLUMN_COUNT:
		break;
	}
	if (text[0] == '\0')
		snprintf(text, CELL_ROOM, "-");
	for (char *at = text; *at; at++) {
		if (*at < 0x20 || *at > 0x7e)
			*at = '?';
	}
}

/* Cuts a text to `width`: names and subscribers in the middle, so that a domain's end and the
 * number of subscribers stay, others at their end. */
static void shorten(enum column column, unsigned width, char *text)
{
	size_t size = strlen(text), head, tail;

	if (size <= width)
		return;
	head = column == NAME || column == SUBSCRIBER ? (width - 3) / 3 : width - 3;
	tail = width - 3 - head;
	memcpy(text + head, "...", 3);
	memmove(text + head + 3, text + size - tail, tail + 1);
}

static bool in_last_place(const uint8_t *line, size_t at)
{
	return line[at + 1] == END;
}

/* One line of a story (or of the titles, where `story` is NULL), without trailing spaces. */
static void draw_line(const struct table *table, unsigned number, const struct story *story)
{
	const uint8_t *line = table->layout->line[number];
	char text[WIDTH_MOST + 1], cell[CELL_ROOM];
	unsigned size = number > 0 ? GAP : 0;

	memset(text, ' ', sizeof(text));
	for (size_t i = 0; line[i] != END; i++) {
		enum column column = line[i];
		unsigned width = table->width[column], length, room;

		if (story)
			cell_text(table, column, story, cell);
		else
			snprintf(cell, sizeof(cell), "%s", columns[column].title);
		shorten(column, width, cell);
		length = (unsigned)strlen(cell);
		if (columns[column].right)
			size += width - length;
		room = size < table->limit ? table->limit - size : 0;
		memcpy(text + size, cell, length < room ? length : room);
		size += columns[column].right || in_last_place(line, i) ? length : width;
		size += in_last_place(line, i) ? 0 : GAP;
		if (size > table->limit)
			size = table->limit;
	}
	while (size > 0 && text[size - 1] == ' ')
		size--;
	if (table->colour && number == 0 && story) {
		const char *ansi =
			story->verdict == ADIT_VERDICT_TUNNEL ? "\033[1;31m" : "\033[33m";
		unsigned width = table->width[VERDICT];

		fprintf(table->page, "%s%.*s\033[0m%.*s\n", ansi, (int)width, text,
			(int)(size - width), text + width);
	} else {
		fprintf(table->page, "%.*s\n", (int)size, text);
	}
}

static void draw_lines(const struct table *table, const struct story *story)
{
	for (unsigned i = 0; i < LAYOUT_LINES && table->layout->line[i][0] != END; i++)
		draw_line(table, i, story);
}

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* What a line takes with its columns as wide as table->width says. */
static unsigned line_width(const struct table *table, unsigned number)
{
	const uint8_t *line = table->layout->line[number];
	unsigned width = number > 0 ? GAP : 0;

	for (size_t i = 0; line[i] != END; i++)
		width += table->width[line[i]] + (in_last_place(line, i) ? 0 : GAP);
	return width;
}

/* Gives each column of the layout its width. Returns false if the least widths do not fit. */
static bool fit(struct table *table, const unsigned natural[COLUMN_COUNT], bool squeeze)
{
	bool fits = true;

	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		table->width[i] = smaller(natural[i], squeeze ? columns[i].least : columns[i].want);
	for (unsigned number = 0; number < LAYOUT_LINES; number++) {
		const uint8_t *line = table->layout->line[number];
		unsigned used = line_width(table, number);
		unsigned spare = used < table->limit ? table->limit - used : 0;

		fits = fits && used <= table->limit;
		for (size_t i = 0; line[i] != END; i++) {
			unsigned more = smaller(spare, natural[line[i]] - table->width[line[i]]);

			table->width[line[i]] += more;
			spare -= more;
		}
	}
	return fits;
}

static void measure(
	struct table *table, const struct story *const *stories, size_t count, unsigned limit)
{
	unsigned natural[COLUMN_COUNT];
	char cell[CELL_ROOM];

	table->limit = limit < WIDTH_LEAST ? WIDTH_LEAST : smaller(limit, WIDTH_MOST);
	for (unsigned column = 0; column < COLUMN_COUNT; column++) {
		natural[column] = (unsigned)strlen(columns[column].title);
		for (size_t i = 0; i < count; i++) {
			unsigned length;

			cell_text(table, column, stories[i], cell);
			length = (unsigned)strlen(cell);
			if (length > natural[column])
				natural[column] = length;
		}
	}
	for (size_t i = 0; i < ADIT_COUNT(layouts); i++) {
		table->layout = &layouts[i];
		if (fit(table, natural, false))
			return;
	}
	fit(table, natural, true);
}

static void draw_rule(const struct table *table)
{
	char rule[WIDTH_MOST];
	unsigned longest = 0;

	for (unsigned i = 0; i < LAYOUT_LINES; i++) {
		unsigned width = line_width(table, i);

		longest = width > longest ? width : longest;
	}
	memset(rule, '-', sizeof(rule));
	fprintf(table->page, "%.*s\n", (int)smaller(longest, table->limit), rule);
}

static void draw_summary(size_t tunnels, size_t suspects, FILE *page)
{
	if (tunnels > 0)
		fprintf(page, "%zu tunnel%s found", tunnels, tunnels == 1 ? "" : "s");
	else
		fputs("No tunnels found", page);
	if (suspects > 0)
		fprintf(page, ", %zu suspect%s", suspects, suspects == 1 ? "" : "s");
	fputs(".\n", page);
}

static int by_order(const void *a, const void *b)
{
	return adit_verdict_story_order(
		*(const struct story *const *)a, *(const struct story *const *)b);
}

static void draw_board(const struct adit_verdict_board *board, const struct story **stories,
	struct table *table, unsigned width, size_t rows)
{
	size_t tunnels = adit_verdict_board_count(board, ADIT_VERDICT_TUNNEL);
	size_t suspects = adit_verdict_board_count(board, ADIT_VERDICT_SUSPECT);
	size_t shown = board->count < rows ? board->count : rows;

	draw_summary(tunnels, suspects, table->page);
	for (size_t i = 0; i < board->count; i++)
		stories[i] = &board->story[i];
	if (shown > 0) {
		qsort(stories, board->count, sizeof(stories[0]), by_order);
		measure(table, stories, shown, width);
		fputc('\n', table->page);
		draw_lines(table, NULL);
		draw_rule(table);
	}
	for (size_t i = 0; i < shown; i++)
		draw_lines(table, stories[i]);
	if (tunnels + suspects > shown)
		fprintf(table->page, "and %zu more\n", tunnels + suspects - shown);
}

int adit_verdict_board_draw(const struct adit_verdict_board *board,
	const struct adit_privacy *privacy, FILE *to, unsigned width, bool colour, size_t rows)
{
	const struct story **stories = calloc(board->count + 1, sizeof(stories[0]));
	struct table table = {.colour = colour, .privacy = privacy};
	char *text = NULL;
	size_t size = 0;
	int result = -ENOMEM;

	table.page = stories ? open_memstream(&text, &size) : NULL;
	if (table.page) {
		draw_board(board, stories, &table, width, rows);
		if (fclose(table.page) == 0)
			result = adit_verdict_put(to, text, size, true);
	}
	free(text);
	free(stories);
	return result;
}
