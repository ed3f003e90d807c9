/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit top: what a program that runs finds, and how it gets on, from its API. A model of what is
 * looked at (top_rows.c), a page of text made of it (top_page.c, top_detail.c), and who shows it: a
 * terminal (top_screen.c), or standard output for --once. One thread. Whatever comes from the
 * network is made harmless when it goes into a line.
 */
#ifndef ADIT_APP_TOP_H
#define ADIT_APP_TOP_H

#include "adit_base.h"

#include <jansson.h>

#define APP_TOP_WIDTH_LEAST  80
#define APP_TOP_HEIGHT_LEAST 10
#define APP_TOP_WIDTH_MOST   400
/* Of one list, at most: what the API gives at a time. */
#define APP_TOP_ROWS 1000
#define APP_TOP_PATH 4096

enum app_top_view {
	APP_TOP_DOMAINS,
	APP_TOP_SUBSCRIBERS,
	APP_TOP_VERDICTS,
	APP_TOP_CORES,
	APP_TOP_VIEWS
};
enum app_top_sort {
	APP_TOP_SCORE,
	APP_TOP_RATE,   /* queries a second since it began */
	APP_TOP_NAMES,  /* different ones */
	APP_TOP_BYTES,  /* both directions */
	APP_TOP_AGE,    /* the youngest first */
	APP_TOP_NEWEST, /* the last record first: the order of the API */
	APP_TOP_SORTS
};
extern const char *const app_top_views[], *const app_top_sorts[];

enum app_top_style {
	APP_TOP_PLAIN,
	APP_TOP_TITLE,
	APP_TOP_HEAD,
	APP_TOP_TUNNEL,
	APP_TOP_SUSPECT,
	APP_TOP_GOOD,
	APP_TOP_BAD,
	APP_TOP_DIM,
	APP_TOP_STYLES
};

/* UTF-8 of at most `width` columns. */
struct app_top_line {
	char text[4 * APP_TOP_WIDTH_MOST + 1];
	enum app_top_style style;
	bool is_chosen;
};

struct app_top_page {
	unsigned width;
	bool unicode; /* the terminal shows more than ASCII */
	struct app_top_line *line;
	size_t count, room;
	bool failed; /* no memory */
};

/* A row of a list; strings are the document's. */
struct app_top_row {
	const json_t *item, *about; /* its record, of a verdict; else the item again */
	const char *id, *name;
	bool is_tunnel;
	uint64_t score, queries, names, up, down, first_ns, last_ns;
	double rate;
	size_t place; /* in the API's order */
};

struct app_top {
	enum app_top_view view;
	enum app_top_sort sort[APP_TOP_VIEWS];
	char filter[64];  /* text in a row, whatever its case; "": any */
	const char *only; /* "tunnel" or "suspect"; NULL: both */
	bool is_typing;   /* the filter */
	bool is_paused, is_helping, is_detailed;
	char chosen[1024];   /* id of the row; "": the first one */
	char told[512];      /* what went wrong last; "": nothing */
	size_t top;          /* first row, or line of a detail, that is shown */
	size_t detail_lines; /* of the detail that was drawn last */
	/* what was answered; NULL: nothing yet */
	json_t *status, *before, *list, *detail;
	uint64_t status_ns, before_ns; /* when, by a clock that is never set */
	struct app_top_row row[APP_TOP_ROWS];
	size_t rows;
};

/* top_rows.c. The path to ask for the list of a view, or for what the chosen row is about; false:
 * there is none. */
bool app_top_path(const struct app_top *top, char path[APP_TOP_PATH]);
bool app_top_detail_path(const struct app_top *top, char path[APP_TOP_PATH]);
/* Takes an answer, which is the model's from then on. */
void app_top_take_status(struct app_top *top, json_t *status, uint64_t now_ns);
void app_top_take_list(struct app_top *top, json_t *list);
void app_top_take_detail(struct app_top *top, json_t *detail);
/* The rows again, by filter and order. */
void app_top_arrange(struct app_top *top);
/* The number of the chosen row; the first one where that is gone. */
size_t app_top_chosen(const struct app_top *top);
void app_top_choose(struct app_top *top, size_t row);
void app_top_clear(struct app_top *top);

/* top_text.c. A line at the end of the page. */
void app_top_add(struct app_top_page *page, enum app_top_style style, const char *format, ...)
	ADIT_PRINTF(3, 4);
/* What others wrote, in at most `columns`, harmless: what is not printed is escaped, "…" stands for
 * what is too long. Gives `text`. */
const char *app_top_clean(const struct app_top_page *page, const char *from, unsigned columns,
	char *text, size_t room);
/* Fills up with blanks to so many columns. Gives `text`. */
const char *app_top_pad(char *text, size_t room, unsigned columns);
/* A drawing of the values, a column each: the newest `columns`. Gives `text`. */
const char *app_top_draw(const struct app_top_page *page, const uint64_t *value, size_t count,
	unsigned columns, char *text, size_t room);
const char *app_top_count(uint64_t value, bool bytes, char text[24]);
void app_top_page_clear(struct app_top_page *page);

/* top_page.c: the whole page, in `height` lines; SIZE_MAX: as many as there are, for paper.
 * top_detail.c: what is known of the chosen row; and the help. */
void app_top_show(struct app_top *top, size_t height, struct app_top_page *page);
void app_top_show_detail(struct app_top *top, struct app_top_page *page);
void app_top_show_help(struct app_top_page *page);
/* Rows, or lines of a detail, that a page of so many lines has room for. */
size_t app_top_room(size_t height);

/* top_screen.c: shows it until the user has had enough; `ask` gets what the view needs, again and
 * again. 0 or -errno. */
int app_top_screen(struct app_top *top, double interval_s,
	int (*ask)(void *context, struct app_top *top, struct adit_error *error), void *context,
	struct adit_error *error);

#endif
