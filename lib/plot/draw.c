/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Drawing what has been laid out: in each panel pale lines at the numbers, the series in their
 * order, the axes over them; then all text.
 */
#include "plot_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LINE_WIDTH  1.6
#define MARKS_A_RUN 256 /* marks that are one path: cairo takes long over large ones */
#define FILL        0.3 /* opacity */
#define BAND_FILL   0.18
#define HATCH       5.0 /* pixels between its lines */

const struct plot_colour adit_plot_palette[ADIT_PLOT_COLOURS] = {
	[ADIT_PLOT_BLACK] = {0, 0, 0},
	[ADIT_PLOT_GREY] = {0.55, 0.57, 0.6},
	[ADIT_PLOT_BLUE] = {0, 0.447, 0.698},
	[ADIT_PLOT_VERMILLION] = {0.835, 0.369, 0},
	[ADIT_PLOT_GREEN] = {0, 0.62, 0.451},
	[ADIT_PLOT_PURPLE] = {0.8, 0.475, 0.655},
	[ADIT_PLOT_ORANGE] = {0.902, 0.624, 0},
	[ADIT_PLOT_SKY] = {0.337, 0.706, 0.914},
};

/* Lines in the order in which they are told apart best, also without colour. */
static const enum adit_plot_colour line_colours[] = {ADIT_PLOT_BLUE, ADIT_PLOT_VERMILLION,
	ADIT_PLOT_GREEN, ADIT_PLOT_PURPLE, ADIT_PLOT_ORANGE, ADIT_PLOT_SKY};

static const struct {
	int count;
	double lengths[4];
} dashes[ADIT_PLOT_DASHES] = {
	[ADIT_PLOT_SOLID] = {0, {0}},
	[ADIT_PLOT_DASHED] = {2, {7, 3}},
	[ADIT_PLOT_DOTTED] = {2, {1.6, 2.4}},
	[ADIT_PLOT_DASH_DOT] = {4, {8, 2.5, 1.6, 2.5}},
};

enum adit_plot_colour adit_plot_nth_colour(size_t i)
{
	return line_colours[i % ADIT_COUNT(line_colours)];
}

enum adit_plot_dash adit_plot_nth_dash(size_t i)
{
	/* Neighbours differ in both; after all colours, each comes with another dash. */
	return (enum adit_plot_dash)((i + i / ADIT_COUNT(line_colours)) % ADIT_PLOT_DASHES);
}

static void set_colour(cairo_t *cairo, enum adit_plot_colour colour, double opacity)
{
	const struct plot_colour *c = &adit_plot_palette[colour];

	cairo_set_source_rgba(cairo, c->red, c->green, c->blue, opacity);
}

static void set_line(cairo_t *cairo, const struct adit_plot_series *series)
{
	set_colour(cairo, series->colour, 1);
	cairo_set_line_width(cairo, series->size > 0 ? series->size : LINE_WIDTH);
	cairo_set_line_cap(cairo, CAIRO_LINE_CAP_BUTT);
	cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
	cairo_set_dash(cairo, dashes[series->dash].lengths, dashes[series->dash].count, 0);
}

/* ---- marks */

static double mark_size(const struct adit_plot_series *series)
{
	if (series->size > 0)
		return series->size;
	return series->mark == ADIT_PLOT_DOT ? 3.5 : 6;
}

static void add_mark(cairo_t *cairo, enum adit_plot_mark mark, double size, double x, double y)
{
	double half = size / 2;

	switch (mark) {
	case ADIT_PLOT_CROSS:
		cairo_move_to(cairo, x - half, y - half);
		cairo_line_to(cairo, x + half, y + half);
		cairo_move_to(cairo, x - half, y + half);
		cairo_line_to(cairo, x + half, y - half);
		break;
	case ADIT_PLOT_SQUARE:
		cairo_rectangle(cairo, x - half, y - half, size, size);
		break;
	case ADIT_PLOT_TRIANGLE:
		cairo_move_to(cairo, x - half, y + half);
		cairo_line_to(cairo, x + half, y + half);
		cairo_line_to(cairo, x, y - half);
		cairo_close_path(cairo);
		break;
	default:
		/* A line of no length with round ends: the shortest way to a dot in an SVG. */
		cairo_move_to(cairo, x, y);
		cairo_line_to(cairo, x, y);
	}
}

static void draw_marks(cairo_t *cairo, const struct adit_plot_series *series, const double *x,
	const double *y, size_t count)
{
	double size = mark_size(series);
	bool dots = series->mark == ADIT_PLOT_DOT, lines = dots || series->mark == ADIT_PLOT_CROSS;

	set_colour(cairo, series->colour, 1);
	cairo_set_dash(cairo, NULL, 0, 0);
	cairo_set_line_width(cairo, dots ? size : size / 4);
	cairo_set_line_cap(cairo, dots ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
	for (size_t i = 0; i < count; i++) {
		add_mark(cairo, series->mark, size, x[i], y[i]);
		if ((i + 1) % MARKS_A_RUN != 0 && i + 1 < count)
			continue;
		if (lines)
			cairo_stroke(cairo);
		else
			cairo_fill(cairo);
	}
}

/* ---- lines and areas */

static double on_axis(const struct plot_scale *scale, double value)
{
	/* 0 of a logarithmic axis is below all there is. */
	return scale->axis.log && value <= 0 ? scale->from : adit_plot_place(scale, value);
}

static void draw_line(
	cairo_t *cairo, const struct adit_plot_series *series, const struct plot_frame *frame)
{
	struct plot_pen pen = {.cairo = cairo};

	for (size_t i = 0; i < series->count; i++) {
		double x = adit_plot_place(&frame->x, series->x[i]);
		double y = adit_plot_place(&frame->y, series->y[i]);
		if (series->kind == ADIT_PLOT_STEP && i > 0)
			adit_plot_line_to(&pen, adit_plot_place(&frame->x, series->x[i - 1]), y);
		adit_plot_line_to(&pen, x, y);
	}
	adit_plot_end_line(&pen);
	set_line(cairo, series);
	cairo_stroke(cairo);
}

static void draw_band(
	cairo_t *cairo, const struct adit_plot_series *series, const struct plot_frame *frame)
{
	struct plot_pen pen = {.cairo = cairo};

	for (size_t i = 0; i < 2 * series->count; i++) {
		bool back = i >= series->count;
		size_t at = back ? 2 * series->count - 1 - i : i;
		double x = adit_plot_place(&frame->x, series->x[at]);
		double low = on_axis(&frame->y, series->y[at]);
		double high = on_axis(&frame->y, series->y2[at]);
		if (!isnan(x) && !isnan(low) && !isnan(high))
			adit_plot_line_to(&pen, x, back ? high : low);
	}
	adit_plot_end_line(&pen);
	set_colour(cairo, series->colour, BAND_FILL);
	cairo_fill(cairo);
}

/* Bars that touch are one outline. */
static void bars_path(
	cairo_t *cairo, const struct adit_plot_series *series, const struct plot_frame *frame)
{
	double base = on_axis(&frame->y, 0);
	struct plot_pen pen = {.cairo = cairo};

	base = fmin(fmax(base, frame->box.top), frame->box.bottom);
	for (size_t i = 0; i < series->count; i++) {
		double left = adit_plot_place(&frame->x, series->x[i]);
		double right = adit_plot_place(&frame->x, series->x2[i]);
		double height = on_axis(&frame->y, series->y[i]);
		if (isnan(left) || isnan(right) || isnan(height))
			continue;
		if (i == 0 || series->x2[i - 1] != series->x[i])
			adit_plot_move_to(&pen, left, base);
		adit_plot_line_to(&pen, left, height);
		adit_plot_line_to(&pen, right, height);
		if (i + 1 == series->count || series->x[i + 1] != series->x2[i]) {
			adit_plot_line_to(&pen, right, base);
			adit_plot_end_line(&pen);
		}
	}
	adit_plot_end_line(&pen);
}

static void hatch(cairo_t *cairo, const struct plot_box *box)
{
	double height = box->bottom - box->top;

	for (double x = box->left - height; x < box->right; x += HATCH * M_SQRT2) {
		cairo_move_to(cairo, x, box->bottom);
		cairo_line_to(cairo, x + height, box->top);
	}
	cairo_set_dash(cairo, NULL, 0, 0);
	cairo_set_line_width(cairo, 0.8);
	cairo_stroke(cairo);
}

/* Fills the path that is there, and draws around it. */
static void fill_bars(
	cairo_t *cairo, const struct adit_plot_series *series, const struct plot_box *box)
{
	cairo_path_t *path = cairo_copy_path(cairo);

	set_colour(cairo, series->colour, FILL);
	cairo_fill_preserve(cairo);
	if (series->hatched) {
		cairo_save(cairo);
		cairo_clip(cairo);
		set_colour(cairo, series->colour, 1);
		hatch(cairo, box);
		cairo_restore(cairo);
	}
	cairo_new_path(cairo);
	cairo_append_path(cairo, path);
	cairo_path_destroy(path);
	set_line(cairo, series);
	cairo_set_line_width(cairo, series->size > 0 ? series->size : 1.1);
	cairo_stroke(cairo);
}

/* The field's grid is taken to paper first: on a logarithmic axis, lines are straight there. */
static int draw_contour(
	cairo_t *cairo, const struct adit_plot_series *series, const struct plot_frame *frame)
{
	const struct adit_plot_field *field = series->field;
	struct plot_points lines = {NULL, NULL, 0, 0};
	struct plot_pen pen = {.cairo = cairo};
	double *x = malloc((field->columns + field->rows) * sizeof(*x)), *y = x + field->columns;
	struct adit_plot_field on_paper = {x, y, field->columns, field->rows, field->values};
	int status = x == NULL ? -ENOMEM : 0;

	for (size_t i = 0; i < field->columns && status == 0; i++)
		x[i] = adit_plot_place(&frame->x, field->x[i]);
	for (size_t i = 0; i < field->rows && status == 0; i++)
		y[i] = adit_plot_place(&frame->y, field->y[i]);
	if (status == 0)
		status = adit_plot_contour(&on_paper, series->level, &lines);
	for (size_t i = 0; i < lines.count && status == 0; i++)
		adit_plot_line_to(&pen, lines.x[i], lines.y[i]);
	adit_plot_end_line(&pen);
	set_line(cairo, series);
	cairo_stroke(cairo);
	adit_plot_free_points(&lines);
	free(x);
	return status;
}

static void draw_rule(
	cairo_t *cairo, const struct adit_plot_series *series, const struct plot_frame *frame)
{
	bool upright = series->kind == ADIT_PLOT_VERTICAL;
	const struct plot_scale *scale = upright ? &frame->x : &frame->y;
	double at = adit_plot_place(scale, series->level);

	if (!adit_plot_inside(scale, series->level))
		return;
	cairo_move_to(cairo, upright ? at : frame->box.left, upright ? frame->box.bottom : at);
	cairo_line_to(cairo, upright ? at : frame->box.right, upright ? frame->box.top : at);
	set_line(cairo, series);
	cairo_stroke(cairo);
}

static int draw_series(cairo_t *cairo, const struct adit_plot_series *series,
	const struct plot_frame *frame, const struct plot_points *marks)
{
	switch (series->kind) {
	case ADIT_PLOT_POINTS:
		draw_marks(cairo, series, marks->x, marks->y, marks->count);
		return 0;
	case ADIT_PLOT_LINE:
	case ADIT_PLOT_STEP:
		draw_line(cairo, series, frame);
		return 0;
	case ADIT_PLOT_BAND:
		draw_band(cairo, series, frame);
		return 0;
	case ADIT_PLOT_BARS:
		bars_path(cairo, series, frame);
		fill_bars(cairo, series, &frame->box);
		return 0;
	case ADIT_PLOT_CONTOUR:
		return draw_contour(cairo, series, frame);
	default:
		draw_rule(cairo, series, frame);
		return 0;
	}
}

/* ---- axes and text */

static double sharp(double place)
{
	return floor(place) + 0.5;
}

static void add_ticks(cairo_t *cairo, const struct plot_frame *frame, bool numbered, double from,
	double to, bool upright)
{
	const struct plot_ticks *ticks = upright ? &frame->x_ticks : &frame->y_ticks;
	const struct plot_scale *scale = upright ? &frame->x : &frame->y;

	for (size_t i = 0; i < ticks->count; i++) {
		double at = sharp(adit_plot_place(scale, ticks->tick[i].at));
		if ((ticks->tick[i].text[0] != '\0') != numbered)
			continue;
		cairo_move_to(cairo, upright ? at : from, upright ? from : at);
		cairo_line_to(cairo, upright ? at : to, upright ? to : at);
	}
}

static void draw_grid(cairo_t *cairo, const struct plot_frame *frame)
{
	const struct plot_box *box = &frame->box;

	add_ticks(cairo, frame, true, box->top, box->bottom, true);
	add_ticks(cairo, frame, true, box->left, box->right, false);
	cairo_set_dash(cairo, NULL, 0, 0);
	cairo_set_line_cap(cairo, CAIRO_LINE_CAP_BUTT);
	cairo_set_line_width(cairo, 0.8);
	cairo_set_source_rgb(cairo, 0.9, 0.9, 0.9);
	cairo_stroke(cairo);
}

static void draw_axes(cairo_t *cairo, const struct plot_frame *frame)
{
	const struct plot_box *box = &frame->box;

	cairo_rectangle(cairo, box->left, box->top, box->right - box->left, box->bottom - box->top);
	add_ticks(cairo, frame, true, box->bottom, box->bottom + 5, true);
	add_ticks(cairo, frame, true, box->left, box->left - 5, false);
	add_ticks(cairo, frame, false, box->bottom, box->bottom + 3, true);
	add_ticks(cairo, frame, false, box->left, box->left - 3, false);
	cairo_set_dash(cairo, NULL, 0, 0);
	cairo_set_line_cap(cairo, CAIRO_LINE_CAP_BUTT);
	cairo_set_line_join(cairo, CAIRO_LINE_JOIN_MITER);
	cairo_set_line_width(cairo, 0.9);
	cairo_set_source_rgb(cairo, 0.25, 0.25, 0.25);
	cairo_stroke(cairo);
}

static void draw_text(cairo_t *cairo, const struct plot_text *text)
{
	double grey = text->grey ? 0.35 : 0.1, width;

	cairo_save(cairo);
	cairo_set_source_rgb(cairo, grey, grey, grey);
	cairo_translate(cairo, text->x, text->y);
	if (text->upright)
		cairo_rotate(cairo, -M_PI / 2);
	width = adit_plot_width(cairo, text->font, text->text);
	adit_plot_set_font(cairo, text->font);
	cairo_move_to(cairo, 0, 0);
	cairo_show_text(cairo, text->text);
	if (text->raised[0] != '\0') {
		adit_plot_set_font(cairo, PLOT_RAISED);
		cairo_move_to(cairo, width, -0.4 * adit_plot_line_height(text->font) / 1.3);
		cairo_show_text(cairo, text->raised);
	}
	cairo_restore(cairo);
}

void adit_plot_draw_key(const struct plot_key *key, cairo_t *cairo)
{
	const struct adit_plot_series *series = key->series;
	struct plot_box box = {key->x + 2, key->y - 4.5, key->x + PLOT_KEY_WIDTH - 2, key->y + 4.5};
	double middle = key->x + PLOT_KEY_WIDTH / 2;

	switch (series->kind) {
	case ADIT_PLOT_POINTS:
		draw_marks(cairo, series, &middle, &key->y, 1);
		break;
	case ADIT_PLOT_BARS:
	case ADIT_PLOT_BAND:
		cairo_rectangle(
			cairo, box.left, box.top, box.right - box.left, box.bottom - box.top);
		if (series->kind == ADIT_PLOT_BARS) {
			fill_bars(cairo, series, &box);
		} else {
			set_colour(cairo, series->colour, BAND_FILL);
			cairo_fill(cairo);
		}
		break;
	default:
		cairo_move_to(cairo, key->x, key->y);
		cairo_line_to(cairo, key->x + PLOT_KEY_WIDTH, key->y);
		set_line(cairo, series);
		cairo_stroke(cairo);
	}
}

int adit_plot_draw(const struct adit_plot_figure *figure, const struct plot_layout *layout,
	const struct plot_marks *marks, cairo_t *cairo)
{
	const struct plot_points *at = marks->of;
	int status = 0;

	cairo_set_source_rgb(cairo, 1, 1, 1);
	cairo_paint(cairo);
	for (size_t p = 0; p < figure->panel_count; p++) {
		const struct plot_frame *frame = &layout->frames[p];
		const struct plot_box *box = &frame->box;
		draw_grid(cairo, frame);
		cairo_save(cairo);
		/* Lines on the edge of the panel keep their width. */
		cairo_rectangle(cairo, box->left - 1, box->top - 1, box->right - box->left + 2,
			box->bottom - box->top + 2);
		cairo_clip(cairo);
		for (size_t s = 0; s < figure->panels[p].series_count && status == 0; s++)
			status = draw_series(cairo, &figure->panels[p].series[s], frame, at++);
		cairo_restore(cairo);
		draw_axes(cairo, frame);
	}
	for (size_t i = 0; i < layout->text_count; i++)
		draw_text(cairo, &layout->texts[i]);
	for (size_t i = 0; i < layout->key_count; i++)
		adit_plot_draw_key(&layout->keys[i], cairo);
	return status;
}
