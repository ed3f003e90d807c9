/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a figure is made of, without a file: axes, ticks, contour lines, simplified lines, points
 * that are thinned out, text that fits.
 */
#include "harness.h"
#include "plot_priv.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* fontconfig keeps patterns by offsets, not pointers: what cairo's caches hold looks lost. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig";
}

static void check_near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		FAIL("%.12g, expected %.12g give or take %g", got, want, tolerance);
}

/* ---- axes */

TEST(plot_axis, takes_in_what_it_can_show)
{
	static const double values[] = {3, NAN, -2, INFINITY, 8, 0};
	struct adit_plot_axis linear = {.low = NAN, .high = NAN};
	struct adit_plot_axis log = {.low = NAN, .high = NAN, .log = true};

	adit_plot_axis_include(&linear, values, ADIT_COUNT(values));
	adit_plot_axis_include(&log, values, ADIT_COUNT(values));
	check_near(linear.low, -2, 0);
	check_near(linear.high, 8, 0);
	check_near(log.low, 3, 0);
	check_near(log.high, 8, 0);
	adit_plot_axis_widen(&linear, 0.1);
	check_near(linear.low, -3, 1e-12);
	check_near(linear.high, 9, 1e-12);
	adit_plot_axis_widen(&log, 0.5);
	check_near(log.low, 3 / sqrt(8.0 / 3), 1e-9);
	check_near(log.high, 8 * sqrt(8.0 / 3), 1e-9);
}

TEST(plot_axis, widened_it_can_always_be_drawn)
{
	static const double alone[] = {
		0, 5, -1e300, 1e-300, DBL_MAX, -DBL_MAX, DBL_MIN, 4e-320, 1e15};
	struct adit_error error;

	for (unsigned log = 0; log < 2; log++) {
		for (size_t i = 0; i < ADIT_COUNT(alone); i++) {
			for (size_t j = 0; j < ADIT_COUNT(alone); j++) {
				struct adit_plot_axis axis = {
					.low = NAN, .high = NAN, .log = log != 0};
				adit_plot_axis_include(&axis, &alone[i], 1);
				adit_plot_axis_include(&axis, &alone[j], 1);
				adit_plot_axis_widen(&axis, 0.03);
				if (adit_plot_check_axis(&axis, &error) != 0)
					FAIL("%g and %g, log %u: %s", alone[i], alone[j], log,
						error.text);
			}
		}
	}
}

TEST(plot_axis, one_that_cannot_be_drawn_is_refused)
{
	static const struct adit_plot_axis wrong[] = {
		{.low = 1, .high = 1},
		{.low = 2, .high = 1},
		{.low = NAN, .high = 1},
		{.low = 0, .high = INFINITY},
		{.low = -DBL_MAX, .high = DBL_MAX},
		{.low = 0, .high = 1, .log = true},
		{.low = 1e9, .high = 1e9 * (1 + 1e-15)},
	};

	for (size_t i = 0; i < ADIT_COUNT(wrong); i++) {
		struct adit_error error = {""};
		CHECK_EQ_INT(adit_plot_check_axis(&wrong[i], &error), -EINVAL);
		CHECK_CONTAINS(error.text, "axis from");
	}
}

TEST(plot_axis, a_decade_has_the_same_width_everywhere)
{
	const struct adit_plot_axis axis = {.low = 1e-2, .high = 1e4, .log = true};
	struct plot_scale right = adit_plot_scale(&axis, 100, 700);
	struct plot_scale up = adit_plot_scale(&axis, 600, 0);

	for (int power = -2; power <= 4; power++) {
		check_near(adit_plot_place(&right, pow(10, power)), 300 + 100 * power, 1e-9);
		check_near(adit_plot_place(&up, pow(10, power)), 400 - 100 * power, 1e-9);
		check_near(adit_plot_axis_at(&axis, (power + 2) / 6.0), pow(10, power),
			1e-9 * pow(10, power));
	}
	CHECK(isnan(adit_plot_place(&right, 0)));
	CHECK(isnan(adit_plot_place(&right, -5)));
	CHECK(isnan(adit_plot_place(&right, NAN)));
	CHECK(adit_plot_inside(&right, 1e4));
	CHECK(!adit_plot_inside(&right, 1.001e4));
	CHECK(!adit_plot_inside(&up, 0));
}

/* ---- ticks */

static struct plot_ticks ticks;

/* All texts, parted by blanks, with exponents behind a '^'. */
static const char *texts_of(struct adit_plot_axis axis, size_t labels)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	adit_plot_ticks(&axis, labels, &ticks);
	for (size_t i = 0; i < ticks.count; i++) {
		const struct plot_tick *tick = &ticks.tick[i];
		if (tick->text[0] != '\0')
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s%s",
				used > 0 ? " " : "", tick->text, tick->raised[0] ? "^" : "",
				tick->raised);
	}
	return text;
}

TEST(plot_ticks, are_round_numbers)
{
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 0, .high = 97}, 10),
		"0 10 20 30 40 50 60 70 80 90");
	CHECK_EQ_STR(
		texts_of((struct adit_plot_axis){.low = -0.3, .high = 0.31}, 4), "−0.2 0.0 0.2");
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = -1200, .high = 2600}, 5),
		"−1,000 0 1,000 2,000");
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 0, .high = 1234567}, 3),
		"0 500,000 1,000,000");
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 0, .high = 2.5e9}, 6),
		"0 0.5×10^9 1.0×10^9 1.5×10^9 2.0×10^9 2.5×10^9");
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 0, .high = 4.1e-6}, 3),
		"0 2×10^−6 4×10^−6");
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 3, .high = 3.001}, 2),
		"3.0000 3.0005 3.0010");
}

TEST(plot_ticks, of_decades)
{
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 0.7, .high = 2e4, .log = true}, 10),
		"1 10 100 1,000 10,000");
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 5e-6, .high = 2, .log = true}, 10),
		"10^−5 10^−4 10^−3 10^−2 10^−1 10^0");
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 5e-6, .high = 2, .log = true}, 3),
		"10^−4 10^−2 10^0");
	CHECK_EQ_STR(
		texts_of((struct adit_plot_axis){.low = 1e-200, .high = 1e200, .log = true}, 5),
		"10^−162 10^−81 10^0 10^81 10^162");
	/* Few decades: parts of them. */
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 3, .high = 25, .log = true}, 10),
		"5 10 20");
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 11, .high = 19, .log = true}, 5),
		"12 14 16 18");
	CHECK_EQ_STR(texts_of((struct adit_plot_axis){.low = 0.1, .high = 10, .log = true}, 8),
		"0.1 0.2 0.5 1 2 5 10");
}

TEST(plot_ticks, by_name)
{
	static const char *const names[] = {"linear", "trees", "svm"};
	const struct adit_plot_axis axis = {
		.low = -0.5, .high = 2.5, .names = names, .name_count = 3};

	CHECK_EQ_STR(texts_of(axis, 2), "linear trees svm");
	check_near(ticks.tick[2].at, 2, 0);
}

/* The number that a text stands for. */
static double value_of(const struct plot_tick *tick)
{
	char plain[PLOT_TEXT_MAX], *to = plain;
	const char *raised = tick->raised;
	double sign = 1, exponent = 0;

	for (const char *at = tick->text; *at != '\0' && strncmp(at, "×", 2) != 0; at++) {
		if (strncmp(at, "−", 3) == 0)
			at += 2, *to++ = '-';
		else if (*at != ',')
			*to++ = *at;
	}
	*to = '\0';
	if (strncmp(raised, "−", 3) == 0)
		sign = -1, raised += 3;
	if (*raised != '\0')
		exponent = sign * strtod(raised, NULL);
	/* "10" with an exponent is a power of ten, with a factor in front or not. */
	if (*raised != '\0' && strstr(tick->text, "×") == NULL)
		return pow(10, exponent);
	return strtod(plain, NULL) * pow(10, exponent);
}

TEST(plot_ticks, say_where_they_stand_on_any_axis)
{
	uint64_t state = 1;

	for (unsigned i = 0; i < 4000 && !harness_failed(); i++) {
		double parts[2];
		struct adit_plot_axis axis = {.low = NAN, .high = NAN, .log = i % 2 != 0};
		size_t labels = 1 + i % 11, numbered = 0;
		for (size_t j = 0; j < 2; j++) {
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
			parts[j] = pow(10, (double)(state >> 33) / (1u << 31) * 24 - 12);
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
			if (!axis.log && state >> 63)
				parts[j] = -parts[j];
		}
		adit_plot_axis_include(&axis, parts, 2);
		adit_plot_axis_widen(&axis, 0.03);
		adit_plot_ticks(&axis, labels, &ticks);
		for (size_t j = 0; j < ticks.count; j++) {
			const struct plot_tick *tick = &ticks.tick[j];
			double range = axis.high - axis.low;
			if (j > 0 && !(tick->at > tick[-1].at))
				FAIL("axis %u: ticks do not rise at %g", i, tick->at);
			CHECK(tick->at >= axis.low - 1e-6 * range);
			CHECK(tick->at <= axis.high + 1e-6 * range);
			numbered += tick->text[0] != '\0';
			if (tick->text[0] != '\0' &&
				!(fabs(value_of(tick) - tick->at) <= 1e-6 * fabs(tick->at)))
				FAIL("axis %u, %g to %g: '%s' '%s' at %.17g", i, axis.low,
					axis.high, tick->text, tick->raised, tick->at);
		}
		if (numbered == 0 && labels > 2)
			FAIL("axis %u, %g to %g, has no number", i, axis.low, axis.high);
		/* Of a linear axis, the number of steps is kept; decades are kept too. */
		if (numbered > labels + 2)
			FAIL("axis %u, %g to %g: %zu numbers for %zu", i, axis.low, axis.high,
				numbered, labels);
	}
}

/* ---- contours */

#define COLUMNS 101
#define ROWS    81

struct grid {
	double x[COLUMNS], y[ROWS], values[ROWS * COLUMNS];
	struct adit_plot_field field;
};

static void fill_grid(struct grid *grid, double (*value)(double x, double y))
{
	for (size_t i = 0; i < COLUMNS; i++)
		grid->x[i] = -2 + 4.0 * (double)i / (COLUMNS - 1);
	for (size_t j = 0; j < ROWS; j++) {
		grid->y[j] = -2 + 4.0 * (double)j / (ROWS - 1);
		for (size_t i = 0; i < COLUMNS; i++)
			grid->values[j * COLUMNS + i] = value(grid->x[i], grid->y[j]);
	}
	grid->field = (struct adit_plot_field){grid->x, grid->y, COLUMNS, ROWS, grid->values};
}

static double circle(double x, double y)
{
	return x * x + y * y;
}

static double two_hills(double x, double y)
{
	return exp(-8 * circle(x - 1, y)) + exp(-8 * circle(x + 1, y));
}

static double ring_with_a_gap(double x, double y)
{
	return x > 0.5 && fabs(y) < 0.3 ? NAN : circle(x, y);
}

static double plane(double x, double y)
{
	return x - 0.25 * y;
}

/* Lines are parted by NaN; gives their number, and how many end where they began. */
static size_t count_lines(const struct plot_points *lines, size_t *closed)
{
	size_t count = 0, first = 0;

	*closed = 0;
	for (size_t i = 0; i <= lines->count; i++) {
		if (i < lines->count && !isnan(lines->x[i]))
			continue;
		if (i > first) {
			count++;
			*closed += lines->x[first] == lines->x[i - 1] &&
				   lines->y[first] == lines->y[i - 1];
		}
		first = i + 1;
	}
	return count;
}

TEST(plot_contour, of_a_circle_is_a_circle)
{
	static struct grid grid;
	struct plot_points lines = {NULL, NULL, 0, 0};
	double length = 0, area = 0;
	size_t closed;

	fill_grid(&grid, circle);
	REQUIRE(adit_plot_contour(&grid.field, 1, &lines) == 0);
	CHECK_EQ_INT(count_lines(&lines, &closed), 1);
	CHECK_EQ_INT(closed, 1);
	for (size_t i = 0; i < lines.count; i++) {
		/* Interpolated over a cell of 0.05: the square of half of it, at most. */
		check_near(hypot(lines.x[i], lines.y[i]), 1, 0.0007);
		if (i == 0)
			continue;
		length += hypot(lines.x[i] - lines.x[i - 1], lines.y[i] - lines.y[i - 1]);
		area += (lines.x[i - 1] * lines.y[i] - lines.x[i] * lines.y[i - 1]) / 2;
	}
	check_near(length, 2 * M_PI, 0.005);
	check_near(fabs(area), M_PI, 0.005);
	adit_plot_free_points(&lines);
}

TEST(plot_contour, of_a_plane_goes_from_edge_to_edge)
{
	static struct grid grid;
	struct plot_points lines = {NULL, NULL, 0, 0};
	size_t closed;

	fill_grid(&grid, plane);
	REQUIRE(adit_plot_contour(&grid.field, 0.1, &lines) == 0);
	CHECK_EQ_INT(count_lines(&lines, &closed), 1);
	CHECK_EQ_INT(closed, 0);
	for (size_t i = 0; i < lines.count; i++)
		check_near(lines.x[i] - 0.25 * lines.y[i], 0.1, 1e-12);
	check_near(fabs(lines.y[0]), 2, 0);
	check_near(fabs(lines.y[lines.count - 1]), 2, 0);
	adit_plot_free_points(&lines);
}

TEST(plot_contour, parts_and_holes)
{
	static struct grid grid;
	struct plot_points lines = {NULL, NULL, 0, 0};
	size_t closed;

	fill_grid(&grid, two_hills);
	REQUIRE(adit_plot_contour(&grid.field, 0.5, &lines) == 0);
	CHECK_EQ_INT(count_lines(&lines, &closed), 2);
	CHECK_EQ_INT(closed, 2);
	/* No line at a level that nothing has. */
	lines.count = 0;
	REQUIRE(adit_plot_contour(&grid.field, 7, &lines) == 0);
	REQUIRE(adit_plot_contour(&grid.field, -1, &lines) == 0);
	CHECK_EQ_INT(lines.count, 0);
	/* Where nothing is known, a line ends. */
	fill_grid(&grid, ring_with_a_gap);
	REQUIRE(adit_plot_contour(&grid.field, 1, &lines) == 0);
	CHECK_EQ_INT(count_lines(&lines, &closed), 1);
	CHECK_EQ_INT(closed, 0);
	for (size_t i = 0; i < lines.count; i++) {
		check_near(hypot(lines.x[i], lines.y[i]), 1, 0.0007);
		CHECK(lines.x[i] < 0.5 || fabs(lines.y[i]) > 0.25);
	}
	adit_plot_free_points(&lines);
}

TEST(plot_contour, of_a_saddle_does_as_its_middle)
{
	static const double x[] = {0, 1}, y[] = {0, 1};
	/* Two corners are in; the middle is out of the first, and in the second. */
	static const double values[2][4] = {{1, -2, -2, 1}, {2, -1, -1, 2}};

	for (size_t i = 0; i < 2; i++) {
		const struct adit_plot_field field = {x, y, 2, 2, values[i]};
		struct plot_points lines = {NULL, NULL, 0, 0};
		size_t closed;
		bool in = i == 1;
		REQUIRE(adit_plot_contour(&field, 0, &lines) == 0);
		CHECK_EQ_INT(count_lines(&lines, &closed), 2);
		REQUIRE(lines.count == 5);
		for (size_t line = 0; line < 2; line++) {
			/* Each line goes around a corner of the diagonal that is cut off. */
			double middle_x = (lines.x[3 * line] + lines.x[3 * line + 1]) / 2;
			double middle_y = (lines.y[3 * line] + lines.y[3 * line + 1]) / 2;
			bool main_diagonal = (middle_x < 0.5) == (middle_y < 0.5);
			CHECK(main_diagonal != in);
		}
		adit_plot_free_points(&lines);
	}
}

TEST(plot_contour, of_a_grid_too_small_is_nothing)
{
	static const double one[] = {1, 2};
	struct plot_points lines = {NULL, NULL, 0, 0};

	CHECK_EQ_INT(adit_plot_contour(
			     &(const struct adit_plot_field){one, one, 2, 1, one}, 1.5, &lines),
		0);
	CHECK_EQ_INT(lines.count, 0);
}

/* ---- simplified lines */

static double distance(const double p[2], const double a[2], const double b[2])
{
	double dx = b[0] - a[0], dy = b[1] - a[1], length = dx * dx + dy * dy;
	double t = length > 0 ? ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length : 0;

	t = fmax(0, fmin(1, t));
	return hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

struct corners {
	double at[4096][2];
	size_t count, moves;
};

static void read_path(cairo_t *cairo, struct corners *corners)
{
	cairo_path_t *path = cairo_copy_path(cairo);

	corners->count = corners->moves = 0;
	for (int i = 0; i < path->num_data; i += path->data[i].header.length) {
		bool move = path->data[i].header.type == CAIRO_PATH_MOVE_TO;
		if (path->data[i].header.length < 2 || corners->count == 4096)
			continue;
		corners->moves += move;
		corners->at[corners->count][0] = path->data[i + 1].point.x;
		corners->at[corners->count++][1] = path->data[i + 1].point.y;
	}
	cairo_path_destroy(path);
}

static cairo_t *scratch(void)
{
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
	cairo_t *cairo = cairo_create(surface);

	cairo_surface_destroy(surface);
	return cairo;
}

TEST(plot_line, of_many_points_has_few_corners_and_the_same_shape)
{
	static struct corners corners;
	const size_t count = 200000;
	cairo_t *cairo = scratch();
	struct plot_pen pen = {.cairo = cairo};
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		double t = (double)i / (double)count;
		adit_plot_line_to(&pen, 700 * t, 200 + 150 * sin(40 * t));
	}
	adit_plot_end_line(&pen);
	read_path(cairo, &corners);
	CHECK_EQ_INT(corners.moves, 1);
	CHECK(corners.count > 100 && corners.count < 1500);
	for (size_t i = 0; i < count && !harness_failed(); i += 7) {
		double t = (double)i / (double)count;
		double point[2] = {700 * t, 200 + 150 * sin(40 * t)}, off;
		while (at + 2 < corners.count && corners.at[at + 1][0] < point[0])
			at++;
		/* The tolerance, and half of an eighth in both directions. At a corner, either line
		 * may be the nearer one. */
		off = distance(point, corners.at[at], corners.at[at + 1]);
		if (at > 0)
			off = fmin(off, distance(point, corners.at[at - 1], corners.at[at]));
		if (at + 2 < corners.count)
			off = fmin(off, distance(point, corners.at[at + 1], corners.at[at + 2]));
		if (off > 0.1 + 0.0625 * 1.5)
			FAIL("point %zu is %g pixels off", i, off);
	}
	cairo_destroy(cairo);
}

TEST(plot_line, keeps_ends_turns_and_gaps)
{
	static const double points[][2] = {{10, 10}, {20, 10}, {30, 10}, {20, 10}, {20, 50},
		{20, 50}, {NAN, 0}, {60, 60}, {61, 61}, {NAN, NAN}, {70, 70}, {-1e30, 1e30}};
	static struct corners corners;
	cairo_t *cairo = scratch();
	struct plot_pen pen = {.cairo = cairo};

	for (size_t i = 0; i < ADIT_COUNT(points); i++)
		adit_plot_line_to(&pen, points[i][0], points[i][1]);
	adit_plot_end_line(&pen);
	read_path(cairo, &corners);
	CHECK_EQ_INT(corners.moves, 3);
	CHECK_EQ_INT(corners.count, 8);
	/* There and back again, and down. */
	check_near(corners.at[1][0], 30, 0);
	check_near(corners.at[2][0], 20, 0);
	check_near(corners.at[3][1], 50, 0);
	check_near(corners.at[5][0], 61, 0);
	cairo_destroy(cairo);
}

/* ---- points */

static struct plot_layout one_panel(struct plot_frame *frame, const struct adit_plot_panel *panel)
{
	frame->box = (struct plot_box){50, 20, 450, 320};
	frame->x = adit_plot_scale(&panel->x, 50, 450);
	frame->y = adit_plot_scale(&panel->y, 320, 20);
	return (struct plot_layout){.frames = frame};
}

TEST(plot_points, thin_out_where_they_are_dense_and_stay_where_they_are_alone)
{
	enum { MANY = 30000, LONE = 5 };
	static double x[MANY + LONE], y[MANY + LONE];
	static struct plot_frame frame;
	const struct adit_plot_series series = {
		.kind = ADIT_PLOT_POINTS, .x = x, .y = y, .count = MANY + LONE};
	const struct adit_plot_panel panel = {.x = {.low = 0, .high = 1},
		.y = {.low = 0, .high = 1},
		.series = &series,
		.series_count = 1};
	const struct adit_plot_figure figure = {.panels = &panel, .panel_count = 1};
	struct plot_layout layout = one_panel(&frame, &panel);
	struct adit_plot_drawn drawn, all;
	struct plot_marks marks;
	uint64_t state = 9;

	for (size_t i = 0; i < MANY; i++) {
		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		x[i] = 0.3 * (double)(state >> 32) / 0x1p32;
		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		y[i] = 0.3 * (double)(state >> 32) / 0x1p32;
	}
	for (size_t i = 0; i < LONE; i++)
		x[MANY + i] = y[MANY + i] = 0.5 + 0.1 * (double)i;
	REQUIRE(adit_plot_place_points(&figure, &layout, 0, &marks, &all) == 0);
	CHECK_EQ_INT(all.given, MANY + LONE);
	CHECK_EQ_INT(all.drawn + all.covered, MANY + LONE);
	CHECK_EQ_INT(all.thinned, 0);
	CHECK_EQ_INT(marks.of[0].count, all.drawn);
	adit_plot_free_marks(&marks);
	REQUIRE(adit_plot_place_points(&figure, &layout, 1000, &marks, &drawn) == 0);
	CHECK(drawn.drawn <= 1000 && drawn.drawn > 500);
	CHECK_EQ_INT(drawn.drawn + drawn.thinned, all.drawn);
	CHECK_EQ_INT(marks.of[0].count, drawn.drawn);
	/* Those alone are the last ones still, where they belong. */
	for (size_t i = 0; i < LONE; i++) {
		size_t at = marks.of[0].count - LONE + i;
		check_near(marks.of[0].x[at], 50 + 400 * (0.5 + 0.1 * (double)i), 0.125);
		check_near(marks.of[0].y[at], 320 - 300 * (0.5 + 0.1 * (double)i), 0.125);
	}
	adit_plot_free_marks(&marks);
}

TEST(plot_points, are_counted_one_way_each)
{
	static const double x[] = {1, 1, 10, 100, 0, -1, NAN, 1001, 2},
			    y[] = {1, 1, 2, 3, 1, 1, 1, 1, 9};
	static struct plot_frame frame;
	const struct adit_plot_series series[] = {
		{.kind = ADIT_PLOT_LINE, .x = x, .y = y, .count = 3},
		{.kind = ADIT_PLOT_POINTS, .x = x, .y = y, .count = ADIT_COUNT(x)},
		{.kind = ADIT_PLOT_POINTS, .x = x, .y = y, .count = 1}};
	const struct adit_plot_panel panel = {.x = {.low = 0.1, .high = 1000, .log = true},
		.y = {.low = 0, .high = 5},
		.series = series,
		.series_count = 3};
	const struct adit_plot_figure figure = {.panels = &panel, .panel_count = 1};
	struct plot_layout layout = one_panel(&frame, &panel);
	struct adit_plot_drawn drawn;
	struct plot_marks marks;
	char note[ADIT_PLOT_NOTE_MAX];

	REQUIRE(adit_plot_place_points(&figure, &layout, 0, &marks, &drawn) == 0);
	CHECK_EQ_INT(drawn.given, 10);
	CHECK_EQ_INT(drawn.drawn, 4);
	CHECK_EQ_INT(drawn.covered, 1);
	CHECK_EQ_INT(drawn.outside, 4);
	CHECK_EQ_INT(drawn.unknown, 1);
	CHECK_EQ_INT(marks.of[0].count, 0);
	CHECK_EQ_INT(marks.of[1].count, 3);
	CHECK_EQ_INT(marks.of[2].count, 1);
	check_near(marks.of[1].x[1], 250, 0);
	adit_plot_note(&drawn, note);
	CHECK_EQ_STR(note, "Outside the axes: 4 of 10 points. Without a value: 1 of 10 points.");
	drawn = (struct adit_plot_drawn){.given = 9, .drawn = 9};
	adit_plot_note(&drawn, note);
	CHECK_EQ_STR(note, "");
	drawn = (struct adit_plot_drawn){.given = 9, .drawn = 3, .covered = 1, .thinned = 5};
	adit_plot_note(&drawn, note);
	CHECK_CONTAINS(note, "Drawn: 3 of 9 points");
	adit_plot_free_marks(&marks);
}

/* ---- text */

TEST(plot_text, is_made_valid_and_cut_to_its_room)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"plain", "plain"},
		{"Schöne Töne – €", "Schöne Töne – €"},
		{"a\xff"
		 "b",
			"a?b"},
		{"cut \xc3", "cut ?"},
		{"\xc0\xaf\xed\xa0\x80", "?????"},
		{"bell\x07tab\tline\n", "bell?tab line "},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
		{"", ""},
	};
	cairo_t *cairo = scratch();
	char text[PLOT_TEXT_MAX], lines[PLOT_LINES_MAX][PLOT_TEXT_MAX], longest[2000];
	size_t count;

	for (size_t i = 0; i < ADIT_COUNT(cases); i++) {
		adit_plot_clean(cases[i].from, strlen(cases[i].from), text);
		CHECK_EQ_STR(text, cases[i].to);
	}
	adit_plot_fit(cairo, PLOT_LABEL, 100, "a label that is much too long for its place", text);
	CHECK(adit_plot_width(cairo, PLOT_LABEL, text) <= 100);
	CHECK(strlen(text) > 8);
	CHECK_CONTAINS(text, "…");
	CHECK(strncmp(text, "a label", 7) == 0);
	adit_plot_fit(cairo, PLOT_LABEL, 1, "nothing fits", text);
	CHECK_EQ_STR(text, "");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	adit_plot_fit(cairo, PLOT_SMALL, INFINITY, longest, text);
	CHECK_CONTAINS(text, "…");
	count = adit_plot_wrap(
		cairo, PLOT_SMALL, 120, "words that take more than one line of this width", lines);
	CHECK(count > 1 && count <= PLOT_LINES_MAX);
	for (size_t i = 0; i < count; i++)
		CHECK(adit_plot_width(cairo, PLOT_SMALL, lines[i]) <= 120);
	count = adit_plot_wrap(cairo, PLOT_SMALL, 120, longest, lines);
	CHECK_EQ_INT(count, 1);
	CHECK(adit_plot_width(cairo, PLOT_SMALL, lines[0]) <= 120);
	CHECK_EQ_INT(adit_plot_wrap(cairo, PLOT_SMALL, 120, " \n ", lines), 0);
	CHECK_EQ_INT(adit_plot_wrap(cairo, PLOT_SMALL, 500, "one\ntwo", lines), 2);
	cairo_destroy(cairo);
}

TEST(plot_style, lines_do_not_repeat)
{
	for (size_t i = 0; i < 24; i++) {
		for (size_t j = 0; j < i; j++)
			CHECK(adit_plot_nth_colour(i) != adit_plot_nth_colour(j) ||
				adit_plot_nth_dash(i) != adit_plot_nth_dash(j));
	}
}
