/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Marching squares: where a field over a grid has a level. A corner is in if its value is above the
 * level, so the pattern of a cell's corners says which of its sides a line crosses; where, is
 * interpolated along the side. Lines are followed from cell to cell, so that each is one.
 *
 * Corners of a cell, and its sides:
 *
 *	3 --2-- 2
 *	|       |
 *	3       1
 *	|       |
 *	0 --0-- 1
 */
#include "plot_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define NO_SIDE 4

struct tracer {
	const struct adit_plot_field *field;
	double level;
	uint8_t *done; /* of each cell, a bit for each side that a line has gone through */
	struct plot_points *lines;
};

/* The side a line leaves by, of the side it came in by; for each pattern of corners (bit i: corner
 * i is in). The saddles, 5 and 10, as where the middle is out. */
static const uint8_t other_side[16][4] = {
	{4, 4, 4, 4},
	{3, 4, 4, 0},
	{1, 0, 4, 4},
	{4, 3, 4, 1},
	{4, 2, 1, 4},
	{3, 2, 1, 0},
	{2, 4, 0, 4},
	{4, 4, 3, 2},
	{4, 4, 3, 2},
	{2, 4, 0, 4},
	{1, 0, 3, 2},
	{4, 2, 1, 4},
	{4, 3, 4, 1},
	{1, 0, 4, 4},
	{3, 4, 4, 0},
	{4, 4, 4, 4},
};

static double value_at(const struct adit_plot_field *field, size_t column, size_t row)
{
	return field->values[row * field->columns + column];
}

/* The side by which a line that comes in by `side` leaves the cell; NO_SIDE: there is none. */
static unsigned leave(const struct tracer *tracer, size_t column, size_t row, unsigned side)
{
	const struct adit_plot_field *field = tracer->field;
	const double corners[4] = {value_at(field, column, row), value_at(field, column + 1, row),
		value_at(field, column + 1, row + 1), value_at(field, column, row + 1)};
	unsigned pattern = 0;
	double sum = 0;

	for (unsigned i = 0; i < 4; i++) {
		if (!isfinite(corners[i]))
			return NO_SIDE;
		pattern |= (unsigned)(corners[i] > tracer->level) << i;
		sum += corners[i] / 4;
	}
	if ((pattern == 5 || pattern == 10) && sum > tracer->level)
		pattern = 15 - pattern;
	return other_side[pattern][side];
}

/* Where a side is crossed; the same to the last bit from both of its cells. */
static int add_crossing(const struct tracer *tracer, size_t column, size_t row, unsigned side)
{
	const struct adit_plot_field *field = tracer->field;
	bool level = side == 0 || side == 2;
	size_t i = column + (side == 1), j = row + (side == 2);
	double from = value_at(field, i, j), to = value_at(field, i + level, j + !level);
	double share = (tracer->level - from) / (to - from);

	return adit_plot_add(tracer->lines,
		level ? field->x[i] + share * (field->x[i + 1] - field->x[i]) : field->x[i],
		level ? field->y[j] : field->y[j] + share * (field->y[j + 1] - field->y[j]));
}

/* The cell behind a side, and the side by which it is entered; false at the grid's edge. */
static bool next_cell(const struct tracer *tracer, size_t *column, size_t *row, unsigned *side)
{
	static const int right[4] = {0, 1, 0, -1}, up[4] = {-1, 0, 1, 0};
	size_t to_column = *column + (size_t)right[*side], to_row = *row + (size_t)up[*side];

	/* A step below 0 wraps around to more than there are. */
	if (to_column >= tracer->field->columns - 1 || to_row >= tracer->field->rows - 1)
		return false;
	*column = to_column;
	*row = to_row;
	*side = (*side + 2) % 4;
	return true;
}

static uint8_t *done_at(const struct tracer *tracer, size_t column, size_t row)
{
	return &tracer->done[row * (tracer->field->columns - 1) + column];
}

/* Follows a line from a side of a cell to its end, or to where it began. */
static int trace(struct tracer *tracer, size_t column, size_t row, unsigned side)
{
	int status = tracer->lines->count > 0 ? adit_plot_add(tracer->lines, NAN, NAN) : 0;

	if (status == 0)
		status = add_crossing(tracer, column, row, side);
	while (status == 0) {
		unsigned out = leave(tracer, column, row, side);
		uint8_t *done = done_at(tracer, column, row);
		if (out == NO_SIDE || (*done >> side & 1))
			break;
		*done |= (uint8_t)(1u << side | 1u << out);
		status = add_crossing(tracer, column, row, out);
		side = out;
		if (!next_cell(tracer, &column, &row, &side))
			break;
	}
	return status;
}

/* Whether a line begins at this side: what is behind it goes no further. */
static bool is_end(const struct tracer *tracer, size_t column, size_t row, unsigned side)
{
	return !next_cell(tracer, &column, &row, &side) ||
	       leave(tracer, column, row, side) == NO_SIDE;
}

int adit_plot_contour(const struct adit_plot_field *field, double level, struct plot_points *lines)
{
	struct tracer tracer = {field, level, NULL, lines};
	int status = 0;

	if (field->columns < 2 || field->rows < 2)
		return 0;
	tracer.done = calloc((field->columns - 1) * (field->rows - 1), 1);
	if (tracer.done == NULL)
		return -ENOMEM;
	/* Lines that have ends first; what is left then are closed ones. */
	for (unsigned closed = 0; closed < 2; closed++) {
		for (size_t row = 0; row + 1 < field->rows; row++) {
			for (size_t column = 0; column + 1 < field->columns; column++) {
				for (unsigned side = 0; side < 4 && status == 0; side++) {
					if (leave(&tracer, column, row, side) != NO_SIDE &&
						!(*done_at(&tracer, column, row) >> side & 1) &&
						(closed || is_end(&tracer, column, row, side)))
						status = trace(&tracer, column, row, side);
				}
			}
		}
	}
	free(tracer.done);
	return status;
}
