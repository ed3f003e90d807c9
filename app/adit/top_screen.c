/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The terminal: draws the page, reads keys. The only user of ncurses (its wide variant, MIT).
 */
#include "top.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define KEY_ESCAPE 27
#define LOOK_MS    100 /* between two looks at signals */

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / ADIT_NS_PER_MS;
}

static attr_t style_of(enum app_top_style style, bool coloured)
{
	static const struct {
		attr_t attribute;
		short colour;
	} styles[APP_TOP_STYLES] = {
		[APP_TOP_TITLE] = {A_BOLD, 0},
		[APP_TOP_HEAD] = {A_UNDERLINE, 0},
		[APP_TOP_TUNNEL] = {0, COLOR_RED},
		[APP_TOP_SUSPECT] = {0, COLOR_YELLOW},
		[APP_TOP_GOOD] = {0, COLOR_GREEN},
		[APP_TOP_BAD] = {A_BOLD, COLOR_RED},
		[APP_TOP_DIM] = {A_DIM, 0},
	};

	return styles[style].attribute |
	       (coloured && styles[style].colour != 0 ? (attr_t)COLOR_PAIR(styles[style].colour)
						      : 0);
}

static void draw(struct app_top *top, struct app_top_page *page, bool coloured)
{
	page->width = COLS > 0 ? (unsigned)COLS : 1;
	if (page->width > APP_TOP_WIDTH_MOST)
		page->width = APP_TOP_WIDTH_MOST;
	app_top_show(top, (size_t)LINES, page);
	erase();
	for (size_t i = 0; i < page->count && i < (size_t)LINES; i++) {
		const struct app_top_line *line = &page->line[i];

		attrset(style_of(line->style, coloured) | (line->is_chosen ? A_REVERSE : 0));
		mvaddstr((int)i, 0, line->text);
	}
	attrset(A_NORMAL);
	refresh();
}

static void type(struct app_top *top, int key)
{
	size_t size = strlen(top->filter);

	if (key == KEY_ESCAPE)
		top->filter[0] = '\0';
	if (key == KEY_ESCAPE || key == '\n' || key == KEY_ENTER || key == '\r')
		top->is_typing = false;
	else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && size > 0)
		top->filter[size - 1] = '\0';
	else if (key >= ' ' && key <= '~' && size + 1 < sizeof(top->filter))
		top->filter[size] = (char)key;
	if (key >= ' ' && key <= '~' && size + 1 < sizeof(top->filter))
		top->filter[size + 1] = '\0';
	top->top = 0;
	app_top_arrange(top);
}

/* Up and down, in a list or through a detail. False: another key. */
static bool move_by(struct app_top *top, int key)
{
	size_t page = app_top_room((size_t)LINES);
	size_t row = top->is_detailed ? top->top : app_top_chosen(top);
	size_t count = top->is_detailed ? top->detail_lines : top->rows;
	size_t before = row;

	switch (key) {
	case KEY_UP:
	case 'k':
		row -= row > 0;
		break;
	case KEY_DOWN:
	case 'j':
		row++;
		break;
	case KEY_PPAGE:
		row = row > page ? row - page : 0;
		break;
	case KEY_NPAGE:
		row += page;
		break;
	case KEY_HOME:
		row = 0;
		break;
	case KEY_END:
		row = count;
		break;
	default:
		return false;
	}
	if (top->is_helping)
		return true;
	if (!top->is_detailed)
		app_top_choose(top, row);
	else if (row < count || row < before)
		top->top = row;
	return true;
}

static void view_set(struct app_top *top, enum app_top_view view)
{
	top->view = view;
	top->is_detailed = top->is_helping = false;
	top->chosen[0] = '\0';
	top->top = 0;
	app_top_take_list(top, NULL);
}

static bool sort_set(struct app_top *top, int key)
{
	static const char keys[APP_TOP_SORTS + 1] = {[APP_TOP_SCORE] = 's',
		[APP_TOP_RATE] = 'r',
		[APP_TOP_NAMES] = 'n',
		[APP_TOP_BYTES] = 'b',
		[APP_TOP_AGE] = 'a',
		[APP_TOP_NEWEST] = 'l'};
	const char *found = key > 0 && key < 128 ? strchr(keys, key) : NULL;

	if (found == NULL)
		return false;
	top->sort[top->view] = (enum app_top_sort)(found - keys);
	top->chosen[0] = '\0';
	top->top = 0;
	app_top_arrange(top);
	return true;
}

static void only_turn(struct app_top *top)
{
	if (top->only == NULL)
		top->only = "tunnel";
	else
		top->only = strcmp(top->only, "tunnel") == 0 ? "suspect" : NULL;
	top->top = 0;
	app_top_arrange(top);
}

/* What a key does; gives whether something is to be asked for now. */
static bool key_take(struct app_top *top, int key)
{
	if (top->is_typing) {
		type(top, key);
		return false;
	}
	if (key == 'q')
		stop_asked = 1;
	else if (key == '?' || key == 'h')
		top->is_helping = !top->is_helping;
	else if (key == KEY_ESCAPE || key == KEY_BACKSPACE)
		top->is_helping = top->is_detailed = false;
	else if (key == 'p' || key == ' ')
		top->is_paused = !top->is_paused;
	else if (key >= '1' && key < '1' + APP_TOP_VIEWS)
		view_set(top, (enum app_top_view)(key - '1'));
	else if (key == '\t')
		view_set(top, (top->view + 1u) % APP_TOP_VIEWS);
	else if (move_by(top, key) || top->is_helping || top->is_detailed)
		return false;
	else if (key == '/')
		top->is_typing = true;
	else if (key == 't')
		only_turn(top);
	else if ((key == '\n' || key == '\r' || key == KEY_ENTER) && top->rows != 0) {
		app_top_choose(top, app_top_chosen(top));
		top->is_detailed = true;
		top->top = 0;
	} else if (sort_set(top, key)) {
		return false;
	}
	return key == '\t' || key == '\n' || key == '\r' || key == KEY_ENTER ||
	       (key >= '1' && key < '1' + APP_TOP_VIEWS);
}

static bool colours_start(void)
{
	static const short colours[] = {COLOR_RED, COLOR_YELLOW, COLOR_GREEN};
	const char *unwanted = getenv("NO_COLOR");

	if ((unwanted != NULL && unwanted[0] != '\0') || !has_colors())
		return false;
	start_color();
	use_default_colors();
	for (size_t i = 0; i < ADIT_COUNT(colours); i++)
		init_pair(colours[i], colours[i], -1);
	return true;
}

/* Asks now, and every `interval_ms`; what goes wrong is told on the page, and tried again. */
static void run(struct app_top *top, uint64_t interval_ms,
	int (*ask)(void *context, struct app_top *top, struct adit_error *error), void *context)
{
	struct app_top_page page = {.unicode = MB_CUR_MAX > 1};
	bool coloured = colours_start();
	uint64_t next_ms = 0;

	while (!stop_asked) {
		struct adit_error error;
		int key;

		if (clock_ms() >= next_ms) {
			top->told[0] = '\0';
			if (ask(context, top, &error) != 0)
				snprintf(top->told, sizeof(top->told), "%s", error.text);
			next_ms = clock_ms() + interval_ms;
		}
		draw(top, &page, coloured);
		key = getch();
		if (key != ERR && key != KEY_RESIZE && key_take(top, key))
			next_ms = 0;
		if (top->is_paused && next_ms != 0)
			next_ms = clock_ms() + interval_ms;
	}
	app_top_page_clear(&page);
}

int app_top_screen(struct app_top *top, double interval_s,
	int (*ask)(void *context, struct app_top *top, struct adit_error *error), void *context,
	struct adit_error *error)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction action = {.sa_handler = on_signal};
	const char *terminal = getenv("TERM");
	SCREEN *screen;

	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL)
		return adit_error_set(error, -ENOTTY,
			"no terminal of the type '%s' is known here (TERM); --once prints a page "
			"without one",
			terminal != NULL ? terminal : "");
	for (size_t i = 0; i < ADIT_COUNT(signals); i++)
		sigaction(signals[i], &action, NULL);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	timeout(LOOK_MS);
	run(top, (uint64_t)(interval_s * 1000), ask, context);
	endwin();
	delscreen(screen);
	return 0;
}
