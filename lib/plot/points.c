/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which marks of a scatter are drawn. Marks stand on quarters of a pixel, and of those on the same
 * place one is drawn: nobody sees the difference, and millions of rows become as many marks as
 * there are places. Where that is still too much for an SVG, only the first mark of each square is
 * kept, and the squares grow until few enough are left: dense parts thin out, lone marks stay.
 */
#include "plot_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define PLACES 4 /* in a pixel */

/* Sides of the squares, in pixels; past the last one, it is doubled. */
static const double sides[] = {0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12,
	14, 16, 20, 24, 28, 32};

/* A bit for each square of a panel's rectangle. */
struct squares {
	uint64_t *bits;
	double left, top, side;
	size_t columns, rows;
};

static void lay_squares(struct squares *squares, const struct plot_box *box, double side)
{
	squares->left = box->left - side;
	squares->top = box->top - side;
	squares->side = side;
	squares->columns = (size_t)((box->right - box->left) / side) + 3;
	squares->rows = (size_t)((box->bottom - box->top) / side) + 3;
	memset(squares->bits, 0, (squares->columns * squares->rows / 64 + 1) * sizeof(uint64_t));
}

/* True for the first mark of its square. */
static bool take_square(struct squares *squares, double x, double y)
{
	size_t column = (size_t)((x - squares->left) / squares->side);
	size_t row = (size_t)((y - squares->top) / squares->side);
	size_t at = row * squares->columns + column;
	uint64_t bit = UINT64_C(1) << at % 64;
	bool first = (squares->bits[at / 64] & bit) == 0;

	squares->bits[at / 64] |= bit;
	return first;
}

static int place_series(const struct adit_plot_series *series, const struct plot_frame *frame,
	struct squares *squares, struct plot_points *marks, struct adit_plot_drawn *drawn)
{
	lay_squares(squares, &frame->box, 1.0 / PLACES);
	drawn->given += series->count;
	for (size_t i = 0; i < series->count; i++) {
		double x = series->x[i], y = series->y[i];
		if (!isfinite(x) || !isfinite(y)) {
			drawn->unknown++;
			continue;
		}
		if (!adit_plot_inside(&frame->x, x) || !adit_plot_inside(&frame->y, y)) {
			drawn->outside++;
			continue;
		}
		x = round(adit_plot_place(&frame->x, x) * PLACES) / PLACES;
		y = round(adit_plot_place(&frame->y, y) * PLACES) / PLACES;
		/* Half a place further, so that rounding cannot part what is the same. */
		if (!take_square(squares, x + 0.5 / PLACES, y + 0.5 / PLACES))
			drawn->covered++;
		else if (adit_plot_add(marks, x, y) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* Counts the first marks of all squares, or keeps those alone. */
static size_t thin_series(struct plot_points *marks, const struct plot_frame *frame,
	struct squares *squares, double side, bool keep)
{
	size_t count = 0;

	lay_squares(squares, &frame->box, side);
	for (size_t i = 0; i < marks->count; i++) {
		if (!take_square(squares, marks->x[i], marks->y[i]))
			continue;
		if (keep) {
			marks->x[count] = marks->x[i];
			marks->y[count] = marks->y[i];
		}
		count++;
	}
	if (keep)
		marks->count = count;
	return count;
}

static size_t thin_all(const struct adit_plot_figure *figure, const struct plot_layout *layout,
	struct plot_marks *marks, struct squares *squares, double side, bool keep)
{
	struct plot_points *at = marks->of;
	size_t count = 0;

	for (size_t p = 0; p < figure->panel_count; p++) {
		for (size_t s = 0; s < figure->panels[p].series_count; s++, at++)
			count += thin_series(at, &layout->frames[p], squares, side, keep);
	}
	return count;
}

static size_t largest_panel(const struct adit_plot_figure *figure, const struct plot_layout *layout)
{
	size_t words = 0;

	for (size_t p = 0; p < figure->panel_count; p++) {
		const struct plot_box *box = &layout->frames[p].box;
		size_t columns = (size_t)((box->right - box->left) * PLACES) + 3;
		size_t rows = (size_t)((box->bottom - box->top) * PLACES) + 3;
		if (columns * rows / 64 + 1 > words)
			words = columns * rows / 64 + 1;
	}
	return words;
}

int adit_plot_place_points(const struct adit_plot_figure *figure, const struct plot_layout *layout,
	size_t points_max, struct plot_marks *marks, struct adit_plot_drawn *drawn)
{
	struct squares squares = {.bits = NULL};
	struct plot_points *at;
	size_t total = 0;
	double side = 0;
	int status = 0;

	*drawn = (struct adit_plot_drawn){0};
	*marks = (struct plot_marks){NULL, 0};
	for (size_t p = 0; p < figure->panel_count; p++)
		marks->count += figure->panels[p].series_count;
	at = marks->of = calloc(marks->count + 1, sizeof(*marks->of));
	squares.bits = malloc(largest_panel(figure, layout) * sizeof(*squares.bits));
	if (at == NULL || squares.bits == NULL)
		status = -ENOMEM;
	for (size_t p = 0; p < figure->panel_count && status == 0; p++) {
		const struct adit_plot_panel *panel = &figure->panels[p];
		for (size_t s = 0; s < panel->series_count && status == 0; s++, at++) {
			if (panel->series[s].kind == ADIT_PLOT_POINTS)
				status = place_series(
					&panel->series[s], &layout->frames[p], &squares, at, drawn);
			total += at->count;
		}
	}
	drawn->drawn = total;
	for (size_t i = 0; status == 0 && points_max > 0 && drawn->drawn > points_max; i++) {
		side = i < ADIT_COUNT(sides) ? sides[i] : 2 * side;
		drawn->drawn = thin_all(figure, layout, marks, &squares, side, false);
		/* One mark of each series is left at the end, however many series there are. */
		if (side > ADIT_PLOT_SIZE_MAX)
			break;
	}
	if (status == 0 && side > 0)
		thin_all(figure, layout, marks, &squares, side, true);
	drawn->thinned = total - drawn->drawn;
	free(squares.bits);
	return status;
}

void adit_plot_free_marks(struct plot_marks *marks)
{
	for (size_t i = 0; marks->of != NULL && i < marks->count; i++)
		adit_plot_free_points(&marks->of[i]);
	free(marks->of);
	*marks = (struct plot_marks){NULL, 0};
}
