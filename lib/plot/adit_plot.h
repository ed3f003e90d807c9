/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Figures: panels with axes and series over them, drawn as SVG or PNG by cairo. Nothing here knows
 * what the numbers mean.
 *
 * A figure is described by structures that the caller fills in and keeps; nothing is copied, and
 * one call draws it to a file. Lengths are pixels (of a PNG with zoom 1), y goes down on paper and
 * up on an axis. Text is UTF-8; bytes that are none are drawn as '?', and what is too long for its
 * place is cut with "…". Letters are outlines, so a picture looks the same wherever it is shown.
 *
 * The same figure gives the same bytes, on a system with the same cairo and the same font for
 * "sans-serif". Colours are those of Okabe and Ito (Color Universal Design, 2008), which people
 * with any colour vision tell apart; dashes, marks and hatching tell series apart in print.
 *
 * Memory while a file is written: the file, points drawn × 16 bytes, a bit for each quarter of a
 * pixel. Control path: allocates, writes files. One thread at a time: cairo keeps its fonts for
 * the whole process.
 */
#ifndef ADIT_PLOT_H
#define ADIT_PLOT_H

#include "adit_base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_PLOT_SIZE_MIN   200 /* of width and height */
#define ADIT_PLOT_SIZE_MAX   8000
#define ADIT_PLOT_PANELS_MAX 64

enum adit_plot_colour {
	ADIT_PLOT_BLACK,
	ADIT_PLOT_GREY,
	ADIT_PLOT_BLUE,
	ADIT_PLOT_VERMILLION,
	ADIT_PLOT_GREEN,
	ADIT_PLOT_PURPLE,
	ADIT_PLOT_ORANGE,
	ADIT_PLOT_SKY,
	ADIT_PLOT_COLOURS
};

enum adit_plot_dash {
	ADIT_PLOT_SOLID,
	ADIT_PLOT_DASHED,
	ADIT_PLOT_DOTTED,
	ADIT_PLOT_DASH_DOT,
	ADIT_PLOT_DASHES
};

enum adit_plot_mark { ADIT_PLOT_DOT, ADIT_PLOT_CROSS, ADIT_PLOT_SQUARE, ADIT_PLOT_TRIANGLE };

/* A colour and a dash for the i-th of several lines: no two of the first 24 are alike. */
enum adit_plot_colour adit_plot_nth_colour(size_t i);
enum adit_plot_dash adit_plot_nth_dash(size_t i);

/*
 * An axis from low to high (1e300 at most, low < high, above 1e-300 if logarithmic). Ticks are at
 * round numbers 1, 2 and 5 times a power of ten; with `names`, at 0, 1, 2… by those names.
 */
struct adit_plot_axis {
	const char *label; /* with the unit; NULL: none */
	bool log;
	double low, high;
	const char *const *names;
	size_t name_count;
};

/* Makes low and high of an axis take in these values, too; what is not finite, or not above 0 on a
 * logarithmic axis, is passed over. An axis that knows nothing yet has low = high = NaN. */
void adit_plot_axis_include(struct adit_plot_axis *axis, const double *values, size_t count);

/* Moves the ends apart by a share of the range (0.03), and by more where they are one or nothing
 * is known: then the axis can be drawn. */
void adit_plot_axis_widen(struct adit_plot_axis *axis, double share);

/* The value at a share (0 low, 1 high) of the axis as it is drawn: for grids and bins. */
double adit_plot_axis_at(const struct adit_plot_axis *axis, double share);
/* The share at which a value is; NaN of one that is not finite, or not above 0 on a logarithmic
 * axis. */
double adit_plot_axis_share(const struct adit_plot_axis *axis, double value);

/* A scalar field over a grid: values[row][column] at (x[column], y[row]), both ascending. NaN: not
 * known; no line goes there. */
struct adit_plot_field {
	const double *x, *y;
	size_t columns, rows;
	const double *values;
};

enum adit_plot_kind {
	ADIT_PLOT_POINTS,  /* a mark at each (x, y) */
	ADIT_PLOT_LINE,    /* straight from each (x, y) to the next; what has no place parts it */
	ADIT_PLOT_STEP,    /* from x[i - 1] to x[i] at the height y[i] */
	ADIT_PLOT_BAND,    /* filled between y and y2 over x */
	ADIT_PLOT_BARS,    /* filled from 0, or the low end of the axis, to y; from x to x2.
			    * Bars that touch are a histogram: one outline */
	ADIT_PLOT_CONTOUR, /* where the field has the level (marching squares) */
	ADIT_PLOT_HORIZONTAL, /* a line across the panel at the level */
	ADIT_PLOT_VERTICAL
};

struct adit_plot_series {
	enum adit_plot_kind kind;
	const char *label;     /* in the legend; NULL: it is not there */
	const double *x, *y;   /* [count] */
	const double *x2, *y2; /* [count], of bars and of a band */
	size_t count;
	const struct adit_plot_field *field;
	double level;
	enum adit_plot_colour colour;
	enum adit_plot_dash dash;
	enum adit_plot_mark mark;
	double size;  /* of a mark, width of a line; 0: what is usual */
	bool hatched; /* bars */
};

struct adit_plot_panel {
	const char *title; /* NULL: none */
	struct adit_plot_axis x, y;
	const struct adit_plot_series *series; /* drawn in this order */
	size_t series_count;
};

struct adit_plot_figure {
	const char *title, *subtitle; /* NULL: none */
	unsigned width, height;
	double zoom; /* of a PNG: its pixels for one of the figure, 0.5 to 8; 0: 1 */
	const struct adit_plot_panel *panels; /* row by row */
	size_t panel_count, panel_columns;    /* columns 0: 1 */
	/* At most so many points in an SVG (0: all). Of points closer than a distance only the
	 * first is drawn, and the distance grows until they are few enough: what stands alone
	 * stays. The subtitle then says so. */
	size_t points_max;
};

/* What became of the points of a figure. given = drawn + covered + thinned + outside + unknown */
struct adit_plot_drawn {
	uint64_t given, drawn;
	uint64_t covered; /* on the same quarter of a pixel as one that is drawn */
	uint64_t thinned; /* left out, so that an SVG stays small */
	uint64_t outside; /* of the axes' ranges; not above 0 on a logarithmic axis */
	uint64_t unknown; /* not finite */
};

/* What the subtitle says of them: "" if all are seen. */
#define ADIT_PLOT_NOTE_MAX 256
void adit_plot_note(const struct adit_plot_drawn *drawn, char note[ADIT_PLOT_NOTE_MAX]);

/* 0 for a path that ends in .svg or .png, whatever the case; else -EINVAL. */
int adit_plot_check_path(const char *path, struct adit_error *error);

/*
 * Draws the figure to a file, SVG or PNG by its ending. It is written beside its name and renamed,
 * so that a reader sees the old one or the new one whole. `drawn` may be NULL. -EINVAL for the
 * ending, for sizes and axes out of range, and where text leaves the panels no room (the message
 * says what would be right); -ENOMEM; -errno of the file.
 */
int adit_plot_write(const struct adit_plot_figure *figure, const char *path,
	struct adit_plot_drawn *drawn, struct adit_error *error);

#ifdef __cplusplus
}
#endif
#endif
