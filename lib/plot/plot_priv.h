/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of lib/plot share. "Paper" is the figure in pixels, y downwards.
 */
#ifndef ADIT_PLOT_PRIV_H
#define ADIT_PLOT_PRIV_H

#include "adit_plot.h"

#include <cairo.h>

#define PLOT_TEXT_MAX  256 /* bytes of a text on paper, with the NUL */
#define PLOT_TICKS_MAX 128
#define PLOT_LINES_MAX 4 /* of a title or a subtitle */

/* ---- axes (axis.c) and ticks (ticks.c) */

/* An axis on paper: its ends are at from and to. */
struct plot_scale {
	struct adit_plot_axis axis;
	double from, to;
};

struct plot_scale adit_plot_scale(const struct adit_plot_axis *axis, double from, double to);
/* NaN of a value that is not finite, or not above 0 on a logarithmic scale. */
double adit_plot_place(const struct plot_scale *scale, double value);
/* Whether the value is in the range, give or take a rounding error. */
bool adit_plot_inside(const struct plot_scale *scale, double value);
/* 0, or -EINVAL for ends that cannot be drawn. */
int adit_plot_check_axis(const struct adit_plot_axis *axis, struct adit_error *error);

struct plot_tick {
	double at;
	char text[PLOT_TEXT_MAX]; /* empty: a small tick without a number */
	char raised[12];          /* an exponent behind it */
};

struct plot_ticks {
	size_t count;
	struct plot_tick tick[PLOT_TICKS_MAX];
};

/* Ticks in ascending order, with about `labels` texts at most (one more of a linear axis). */
void adit_plot_ticks(const struct adit_plot_axis *axis, size_t labels, struct plot_ticks *ticks);

/* ---- text (text.c) */

enum plot_font { PLOT_TITLE, PLOT_LABEL, PLOT_SMALL, PLOT_RAISED, PLOT_FONTS };

/* Heights above and below the base line, and from line to line. */
double adit_plot_ascent(enum plot_font font);
double adit_plot_descent(enum plot_font font);
double adit_plot_line_height(enum plot_font font);

void adit_plot_set_font(cairo_t *cairo, enum plot_font font);
double adit_plot_width(cairo_t *cairo, enum plot_font font, const char *text);
/* A copy that is valid UTF-8 without control characters, as far as there is room: what is none
 * becomes '?'. */
void adit_plot_clean(const char *from, size_t length, char to[PLOT_TEXT_MAX]);
/* The same, cut to `width` (and its room) with "…". */
void adit_plot_fit(cairo_t *cairo, enum plot_font font, double width, const char *from,
	char to[PLOT_TEXT_MAX]);
/* Broken at blanks into lines of at most `width`, the last one cut; gives their number. */
size_t adit_plot_wrap(cairo_t *cairo, enum plot_font font, double width, const char *from,
	char lines[PLOT_LINES_MAX][PLOT_TEXT_MAX]);

/* ---- layout (layout.c, legend.c): where everything is on paper */

struct plot_box {
	double left, top, right, bottom;
};

struct plot_text {
	char text[PLOT_TEXT_MAX];
	char raised[12];
	enum plot_font font;
	bool upright; /* reads upwards */
	bool grey;
	double x, y; /* where its base line begins */
	struct plot_box box;
};

/* A panel: its axes' rectangle, scales and ticks. */
struct plot_frame {
	struct plot_box box;
	struct plot_scale x, y;
	struct plot_ticks x_ticks, y_ticks;
};

/* An entry of a legend: where its sample begins, on its middle. */
struct plot_key {
	const struct adit_plot_series *series;
	double x, y;
};

#define PLOT_KEY_WIDTH 26.0

struct plot_layout {
	struct plot_text *texts;
	size_t text_count, text_room;
	struct plot_key *keys;
	size_t key_count, key_room;
	struct plot_frame *frames; /* [panel_count] */
	bool no_memory;
};

/* Lays the figure out; `note` ("" for none) follows the subtitle. 0, -EINVAL where there is no
 * room, -ENOMEM. To be freed whatever the outcome. */
int adit_plot_lay_out(const struct adit_plot_figure *figure, const char *note, cairo_t *cairo,
	struct plot_layout *layout, struct adit_error *error);
void adit_plot_free_layout(struct plot_layout *layout);

/* Places a text by an anchor: align 0 left, 0.5 middle, 1 right of it; y is the base line. Of an
 * upright one, x is the base line and y the anchor. */
struct plot_text *adit_plot_put(struct plot_layout *layout, cairo_t *cairo, enum plot_font font,
	const char *text, const char *raised, double x, double y, double align, bool upright);

/* The height that a panel's legend takes below its axes, 0 without one … */
double adit_plot_legend_height(
	const struct adit_plot_panel *panel, cairo_t *cairo, double left, double right);
/* … and its entries, from `top` on. */
void adit_plot_put_legend(const struct adit_plot_panel *panel, cairo_t *cairo, double left,
	double right, double top, struct plot_layout *layout);

/* ---- what is drawn */

/* Places on paper; a NaN parts lines. */
struct plot_points {
	double *x, *y;
	size_t count, room;
};

int adit_plot_add(struct plot_points *points, double x, double y);
void adit_plot_free_points(struct plot_points *points);

/* contour.c: the lines of a field's level, parted by NaN; closed ones end where they began. Lines
 * are straight within a cell of the grid; of a saddle, the mean of its corners decides. -ENOMEM. */
int adit_plot_contour(const struct adit_plot_field *field, double level, struct plot_points *lines);

/* points.c: the marks of every series of points, in the order of the figure's panels and series
 * ([panel] then [series]; series of other kinds have none). */
struct plot_marks {
	struct plot_points *of; /* [all series] */
	size_t count;
};

int adit_plot_place_points(const struct adit_plot_figure *figure, const struct plot_layout *layout,
	size_t points_max, struct plot_marks *marks, struct adit_plot_drawn *drawn);
void adit_plot_free_marks(struct plot_marks *marks);

/* line.c: a path of straight lines, without the corners that nobody sees (a tenth of a pixel). */
struct plot_pen {
	cairo_t *cairo;
	bool open;    /* there is an anchor */
	bool pending; /* there is a point after it */
	double anchor[2], last[2];
	double axis, low, high, reach; /* the cone of directions that passes near all since */
};

void adit_plot_move_to(struct plot_pen *pen, double x, double y);
void adit_plot_line_to(struct plot_pen *pen, double x, double y);
void adit_plot_end_line(struct plot_pen *pen);

/* draw.c */
struct plot_colour {
	double red, green, blue;
};
extern const struct plot_colour adit_plot_palette[ADIT_PLOT_COLOURS];

int adit_plot_draw(const struct adit_plot_figure *figure, const struct plot_layout *layout,
	const struct plot_marks *marks, cairo_t *cairo);
/* The sample of a series in a legend. */
void adit_plot_draw_key(const struct plot_key *key, cairo_t *cairo);

#endif
