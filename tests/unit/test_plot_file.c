/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Figures as files: what stands in an SVG, what cairo reads of a PNG, that nothing lies over a
 * text, and what is left where a file cannot be written.
 */
#include "harness.h"
#include "plot_priv.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* fontconfig keeps patterns by offsets, not pointers: what cairo's caches hold looks lost. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig";
}

static struct adit_error error;
static char folder[64], path[128];

static const char *in_folder(const char *name)
{
	if (folder[0] == '\0') {
		strcpy(folder, "/tmp/adit-plot-XXXXXX");
		CHECK(mkdtemp(folder) != NULL);
	}
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void clean_up(const char *name)
{
	CHECK_EQ_INT(unlink(in_folder(name)), 0);
	/* Nothing else was left behind. */
	CHECK_EQ_INT(rmdir(folder), 0);
	folder[0] = '\0';
}

/* The bytes of a file, with a NUL; freed by the caller. */
static char *slurp(const char *name, size_t *size)
{
	FILE *file = fopen(in_folder(name), "rb");
	char *bytes = calloc(1, 1 << 22);

	*size = 0;
	CHECK(file != NULL && bytes != NULL);
	if (file != NULL && bytes != NULL)
		*size = fread(bytes, 1, (1 << 22) - 1, file);
	if (file != NULL)
		fclose(file);
	return bytes;
}

/* ---- a small reader of paths */

struct path {
	const char *at;
	size_t points, moves;
	double x[20000], y[20000];
};

/* The points of the next path whose style has both parts; false: there is none. */
static bool next_path(struct path *found, const char *part, const char *other)
{
	const char *at = found->at;

	while ((at = strstr(at, "<path style=\"")) != NULL) {
		const char *end = strchr(at + 13, '"'), *data = strstr(at, " d=\"");
		const char *has = strstr(at, part), *also = strstr(at, other);
		at += 13;
		if (end == NULL || data == NULL || has == NULL || has > end || also == NULL ||
			also > end)
			continue;
		found->points = found->moves = 0;
		for (data += 4; *data != '"';) {
			char *rest;
			found->moves += *data == 'M';
			if (!isdigit((unsigned char)*data) && *data != '-') {
				data++;
				continue;
			}
			found->x[found->points] = strtod(data, &rest);
			found->y[found->points++] = strtod(rest, &rest);
			data = rest;
		}
		found->at = data;
		return true;
	}
	return false;
}

/* Marks of a colour: their number, and their places in `marks`. */
static size_t find_dots(const char *svg, const char *colour, struct path *marks)
{
	static struct path found;
	size_t count = 0;

	found.at = svg;
	while (next_path(&found, "stroke-linecap:round", colour)) {
		for (size_t i = 0; i < found.points; i += 2) {
			marks->x[count] = found.x[i];
			marks->y[count++] = found.y[i];
		}
	}
	return count;
}

#define BLUE       "stroke:rgb(0%,44.7%,69.8%)"
#define VERMILLION "stroke:rgb(83.5%,36.9%,0%)"
#define BLACK      "stroke:rgb(0%,0%,0%)"

static double circle(double x, double y)
{
	return x * x + y * y;
}

TEST(plot_svg, a_boundary_passes_where_it_should)
{
	/* Four dots on the axes tell where the unit circle is on paper. */
	static const double x[] = {1, 0, -1, 0}, y[] = {0, 1, 0, -1};
	static double grid[81], values[81 * 81];
	const struct adit_plot_field field = {grid, grid, 81, 81, values};
	const struct adit_plot_series series[] = {
		{.kind = ADIT_PLOT_POINTS, .x = x, .y = y, .count = 4, .colour = ADIT_PLOT_BLUE},
		{.kind = ADIT_PLOT_CONTOUR,
			.field = &field,
			.level = 1,
			.colour = ADIT_PLOT_VERMILLION}};
	const struct adit_plot_panel panel = {.x = {.low = -2, .high = 2},
		.y = {.low = -2, .high = 2},
		.series = series,
		.series_count = 2};
	const struct adit_plot_figure figure = {
		.width = 800, .height = 600, .panels = &panel, .panel_count = 1};
	static struct path dots, line;
	struct adit_plot_drawn drawn;
	double middle[2], radius[2];
	size_t size;
	char *svg;

	for (size_t i = 0; i < 81; i++)
		grid[i] = -2 + (double)i / 20;
	for (size_t i = 0; i < 81 * 81; i++)
		values[i] = circle(grid[i % 81], grid[i / 81]);
	REQUIRE(adit_plot_write(&figure, in_folder("c.svg"), &drawn, &error) == 0);
	CHECK_EQ_INT(drawn.drawn, 4);
	svg = slurp("c.svg", &size);
	REQUIRE(find_dots(svg, BLUE, &dots) == 4);
	middle[0] = dots.x[1];
	middle[1] = dots.y[0];
	radius[0] = dots.x[0] - middle[0];
	radius[1] = middle[1] - dots.y[1];
	CHECK(fabs(dots.x[0] + dots.x[2] - 2 * middle[0]) <= 0.5);
	CHECK(fabs(dots.y[1] + dots.y[3] - 2 * middle[1]) <= 0.5);
	CHECK(radius[0] > 100 && radius[1] > 80);
	line.at = svg;
	REQUIRE(next_path(&line, "fill:none", VERMILLION));
	CHECK_EQ_INT(line.moves, 1);
	CHECK(line.points > 20);
	for (size_t i = 0; i < line.points; i++) {
		double off = hypot(
			(line.x[i] - middle[0]) / radius[0], (line.y[i] - middle[1]) / radius[1]);
		if (!(fabs(off - 1) < 0.004))
			FAIL("corner %zu of the boundary is at %g of the radius", i, off);
	}
	CHECK(!next_path(&line, "fill:none", VERMILLION));
	free(svg);
	clean_up("c.svg");
}

TEST(plot_svg, points_thin_out_and_it_says_so)
{
	enum { MANY = 20000 };
	static double x[MANY], y[MANY];
	const struct adit_plot_series series = {.kind = ADIT_PLOT_POINTS,
		.label = "rows",
		.x = x,
		.y = y,
		.count = MANY,
		.colour = ADIT_PLOT_BLUE};
	const struct adit_plot_panel panel = {.x = {.low = 0, .high = 1, .label = "a < b & c"},
		.y = {.low = 0, .high = 1, .label = "y\xff"},
		.series = &series,
		.series_count = 1};
	struct adit_plot_figure figure = {.title = "many",
		.subtitle = "of a test",
		.width = 800,
		.height = 600,
		.panels = &panel,
		.panel_count = 1,
		.points_max = 3000};
	static struct path dots;
	struct adit_plot_drawn drawn;
	uint64_t state = 3;
	char text[80];
	size_t size;
	char *svg;

	for (size_t i = 0; i < MANY; i++) {
		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		x[i] = pow((double)(state >> 32) / 0x1p32, 2);
		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		y[i] = 0.98 * (double)(state >> 32) / 0x1p32;
	}
	/* Outside the axes, and far from all others. */
	x[17] = 1.5;
	y[MANY - 1] = 1;
	x[MANY - 1] = 0.999;
	REQUIRE(adit_plot_write(&figure, in_folder("p.svg"), &drawn, &error) == 0);
	svg = slurp("p.svg", &size);
	CHECK(size < 200000);
	CHECK_EQ_INT(drawn.given, MANY);
	CHECK_EQ_INT(drawn.outside, 1);
	CHECK_EQ_INT(
		drawn.drawn + drawn.covered + drawn.thinned + drawn.outside + drawn.unknown, MANY);
	CHECK(drawn.drawn <= 3000 && drawn.drawn > 1500);
	/* One more of the same colour is the sample in the legend. */
	CHECK_EQ_INT(find_dots(svg, BLUE, &dots), drawn.drawn + 1);
	snprintf(text, sizeof(text), "Drawn: %lu of 19999 points", (unsigned long)drawn.drawn);
	CHECK_CONTAINS(svg, text);
	CHECK_CONTAINS(svg, "<title>many</title>");
	CHECK_CONTAINS(svg, "x: a &lt; b &amp; c; y: y?.");
	CHECK(strstr(svg, "\xff") == NULL);
	free(svg);
	/* Without a limit, all places have their dot. */
	figure.points_max = 0;
	REQUIRE(adit_plot_write(&figure, in_folder("p.svg"), &drawn, &error) == 0);
	svg = slurp("p.svg", &size);
	CHECK_EQ_INT(drawn.thinned, 0);
	CHECK_EQ_INT(find_dots(svg, BLUE, &dots), drawn.drawn + 1);
	CHECK(strstr(svg, "Drawn:") == NULL);
	free(svg);
	clean_up("p.svg");
}

/* Everything that can be drawn, in two panels. */
struct everything {
	double x[50], y[50], high[50], right[50], grid[21], values[21 * 21];
	struct adit_plot_field field;
	struct adit_plot_series series[12];
	struct adit_plot_panel panels[2];
	struct adit_plot_figure figure;
};

static void fill_everything(struct everything *all)
{
	static const char *const names[] = {"first", "second", "a rather long third name"};
	size_t count = 0;

	for (size_t i = 0; i < 50; i++) {
		all->x[i] = (double)i / 10;
		all->right[i] = (double)(i + 1) / 10;
		all->y[i] = 1 + fabs(3 * sin(all->x[i]));
		all->high[i] = all->y[i] + 0.5;
	}
	for (size_t i = 0; i < 21; i++)
		all->grid[i] = (double)i / 4;
	for (size_t i = 0; i < 21 * 21; i++)
		all->values[i] = circle(all->grid[i % 21] - 2, all->grid[i / 21] - 2);
	all->field = (struct adit_plot_field){all->grid, all->grid, 21, 21, all->values};
	for (unsigned kind = ADIT_PLOT_POINTS; kind <= ADIT_PLOT_VERTICAL; kind++)
		all->series[count++] = (struct adit_plot_series){.kind = (enum adit_plot_kind)kind,
			.label = "a series",
			.x = all->x,
			.y = all->y,
			.x2 = all->right,
			.y2 = all->high,
			.count = 50,
			.field = &all->field,
			.level = 2,
			.colour = adit_plot_nth_colour(kind),
			.dash = adit_plot_nth_dash(kind),
			.hatched = true};
	for (unsigned mark = ADIT_PLOT_CROSS; mark <= ADIT_PLOT_TRIANGLE; mark++)
		all->series[count++] = (struct adit_plot_series){.kind = ADIT_PLOT_POINTS,
			.x = all->x,
			.y = all->high,
			.count = 50,
			.mark = (enum adit_plot_mark)mark};
	all->panels[0] = (struct adit_plot_panel){.title = "linear",
		.x = {.label = "x (seconds)", .low = 0, .high = 5},
		.y = {.label = "y (bytes)", .low = -0.1, .high = 5},
		.series = all->series,
		.series_count = count};
	all->panels[1] = all->panels[0];
	all->panels[1].y =
		(struct adit_plot_axis){.label = "y", .log = true, .low = 0.5, .high = 80};
	all->panels[1].x =
		(struct adit_plot_axis){.low = -0.5, .high = 2.5, .names = names, .name_count = 3};
	all->figure = (struct adit_plot_figure){.title = "everything",
		.width = 1000,
		.height = 700,
		.panels = all->panels,
		.panel_count = 2,
		.panel_columns = 2};
}

TEST(plot_svg, the_same_figure_is_the_same_file)
{
	static struct everything all;
	char *first, *second;
	size_t sizes[2];

	fill_everything(&all);
	REQUIRE(adit_plot_write(&all.figure, in_folder("e.svg"), NULL, &error) == 0);
	first = slurp("e.svg", &sizes[0]);
	REQUIRE(adit_plot_write(&all.figure, in_folder("e.svg"), NULL, &error) == 0);
	second = slurp("e.svg", &sizes[1]);
	CHECK_EQ_INT(sizes[0], sizes[1]);
	CHECK_EQ_MEM(first, second, sizes[0]);
	CHECK(sizes[0] > 5000);
	CHECK_CONTAINS(first, "width=\"1000px\" height=\"700px\"");
	CHECK_CONTAINS(first, "</svg>");
	free(first);
	free(second);
	clean_up("e.svg");
}

/* ---- PNG */

static uint32_t pixel(cairo_surface_t *surface, int x, int y)
{
	const unsigned char *row =
		cairo_image_surface_get_data(surface) + y * cairo_image_surface_get_stride(surface);
	uint32_t value;

	memcpy(&value, row + 4 * x, sizeof(value));
	return value & 0xffffff;
}

TEST(plot_png, is_read_back_with_its_size_and_its_bars)
{
	static const double left[] = {0}, right[] = {1}, height[] = {1};
	const struct adit_plot_series series = {.kind = ADIT_PLOT_BARS,
		.x = left,
		.x2 = right,
		.y = height,
		.count = 1,
		.colour = ADIT_PLOT_BLUE};
	const struct adit_plot_panel panel = {.x = {.low = 0, .high = 2},
		.y = {.low = 0, .high = 2},
		.series = &series,
		.series_count = 1};
	const struct adit_plot_figure figure = {
		.width = 400, .height = 300, .zoom = 2, .panels = &panel, .panel_count = 1};
	cairo_surface_t *surface;
	uint32_t filled;
	size_t size;
	char *png;

	REQUIRE(adit_plot_write(&figure, in_folder("b.PNG"), NULL, &error) == 0);
	png = slurp("b.PNG", &size);
	CHECK_EQ_MEM(png, "\x89PNG\r\n\x1a\n", 8);
	/* Nothing that depends on the day. */
	CHECK(memmem(png, size, "tIME", 4) == NULL);
	free(png);
	surface = cairo_image_surface_create_from_png(in_folder("b.PNG"));
	REQUIRE(cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS);
	CHECK_EQ_INT(cairo_image_surface_get_width(surface), 800);
	CHECK_EQ_INT(cairo_image_surface_get_height(surface), 600);
	CHECK_EQ_INT(pixel(surface, 3, 3), 0xffffff);
	/* A quarter of the axes is filled: below on the left, three tenths blue on white. */
	filled = pixel(surface, 400 - 150, 300 + 100);
	CHECK(abs((int)(filled >> 16) - 0xb3) <= 2);
	CHECK(abs((int)(filled >> 8 & 255) - 0xd5) <= 2);
	CHECK(abs((int)(filled & 255) - 0xe8) <= 2);
	CHECK_EQ_INT(pixel(surface, 400 + 150, 300 + 100), 0xffffff);
	CHECK_EQ_INT(pixel(surface, 400 - 150, 300 - 100), 0xffffff);
	cairo_surface_destroy(surface);
	clean_up("b.PNG");
}

TEST(plot_png, has_points_that_an_svg_thins_out)
{
	enum { SIDE = 100 };
	static double x[SIDE * SIDE], y[SIDE * SIDE];
	const struct adit_plot_series series = {
		.kind = ADIT_PLOT_POINTS, .x = x, .y = y, .count = SIDE * SIDE};
	const struct adit_plot_panel panel = {.x = {.low = -1, .high = SIDE},
		.y = {.low = -1, .high = SIDE},
		.series = &series,
		.series_count = 1};
	const struct adit_plot_figure figure = {
		.width = 400, .height = 300, .panels = &panel, .panel_count = 1, .points_max = 100};
	struct adit_plot_drawn drawn;

	for (size_t i = 0; i < SIDE * SIDE; i++) {
		x[i] = (double)(i % SIDE);
		y[i] = (double)(i / SIDE);
	}
	REQUIRE(adit_plot_write(&figure, in_folder("d.png"), &drawn, &error) == 0);
	CHECK_EQ_INT(drawn.drawn, SIDE * SIDE);
	clean_up("d.png");
	REQUIRE(adit_plot_write(&figure, in_folder("d.svg"), &drawn, &error) == 0);
	CHECK(drawn.drawn <= 100);
	clean_up("d.svg");
}

/* ---- layout */

static bool meet(const struct plot_box *a, const struct plot_box *b)
{
	return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

/* No text lies over another, over the axes or out of the figure. */
static void check_layout(const struct adit_plot_figure *figure, const char *note)
{
	const struct plot_box paper = {0, 0, figure->width, figure->height};
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
	cairo_t *cairo = cairo_create(surface);
	struct plot_layout layout;
	int status = adit_plot_lay_out(figure, note, cairo, &layout, &error);

	if (status != 0)
		FAIL("%s", error.text);
	for (size_t i = 0; i < layout.text_count && status == 0; i++) {
		const struct plot_text *text = &layout.texts[i];
		const struct plot_box *box = &text->box;
		if (box->left < paper.left || box->top < paper.top || box->right > paper.right ||
			box->bottom > paper.bottom)
			FAIL("'%s' sticks out of %u x %u: %g %g %g %g", text->text, figure->width,
				figure->height, box->left, box->top, box->right, box->bottom);
		for (size_t j = 0; j < i; j++) {
			if (meet(box, &layout.texts[j].box))
				FAIL("'%s' and '%s' lie over one another", text->text,
					layout.texts[j].text);
		}
		for (size_t p = 0; p < figure->panel_count; p++) {
			/* Ticks stand five pixels out of the axes. */
			struct plot_box axes = layout.frames[p].box;
			axes.left -= 5;
			axes.bottom += 5;
			if (meet(box, &axes))
				FAIL("'%s' lies over the axes", text->text);
		}
	}
	for (size_t i = 0; i < layout.key_count && status == 0; i++) {
		const struct plot_key *key = &layout.keys[i];
		struct plot_box box = {key->x, key->y - 4.5, key->x + PLOT_KEY_WIDTH, key->y + 4.5};
		for (size_t j = 0; j < layout.text_count; j++) {
			if (meet(&box, &layout.texts[j].box))
				FAIL("a sample of the legend lies over '%s'", layout.texts[j].text);
		}
	}
	adit_plot_free_layout(&layout);
	cairo_destroy(cairo);
	cairo_surface_destroy(surface);
}

TEST(plot_layout, nothing_lies_over_a_text_on_any_axes)
{
	static const char *const names[] = {"linear svm", "trees of four levels", "envelope", "svm",
		"a name that takes more room than there is below an axis of this length"};
	static const unsigned sizes[][2] = {{800, 600}, {380, 360}, {1600, 500}, {420, 900}};
	static const struct adit_plot_axis axes[] = {
		{.low = 0, .high = 1, .label = "share"},
		{.low = -1e6, .high = 987654, .label = "bytes"},
		{.low = 0,
			.high = 4e12,
			.label = "a label that is longer than the axis which it "
				 "stands at, whatever the size of the figure may be, "
				 "and then some more words so that it really is"},
		{.low = 1e-7, .high = 3e9, .log = true, .label = "seconds"},
		{.low = 0.7, .high = 30, .log = true},
		{.low = 1e-300, .high = 1e300, .log = true, .label = "x"},
		{.low = 123456.001, .high = 123456.002, .label = "x"},
		{.low = -0.5, .high = 4.5, .label = "kind", .names = names, .name_count = 5},
	};
	static const struct adit_plot_series series[] = {
		{.kind = ADIT_PLOT_HORIZONTAL, .label = "svm nu=0.005, score 0: 15 rows outside"},
		{.kind = ADIT_PLOT_VERTICAL, .label = "svm"}, {.kind = ADIT_PLOT_HORIZONTAL},
		{.kind = ADIT_PLOT_VERTICAL,
			.label =
				"a label of the legend that is longer than any of these figures is "
				"wide, and so has to be cut somewhere, which nobody minds in the "
				"end, "
				"as long as what stands first says enough of what the line is "
				"about"}};

	for (size_t s = 0; s < ADIT_COUNT(sizes); s++) {
		for (size_t i = 0; i < ADIT_COUNT(axes) * ADIT_COUNT(axes); i++) {
			const struct adit_plot_panel panel = {
				.title = i % 3 == 0 ? "a panel" : NULL,
				.x = axes[i % ADIT_COUNT(axes)],
				.y = axes[i / ADIT_COUNT(axes)],
				.series = series,
				.series_count = i % 2 == 0 ? ADIT_COUNT(series) : 2};
			const struct adit_plot_figure figure = {
				.title =
					"a title that a narrow figure needs more than one line for",
				.subtitle = "and a subtitle",
				.width = sizes[s][0],
				.height = sizes[s][1],
				.panels = &panel,
				.panel_count = 1};
			check_layout(&figure, i % 2 == 0 ? "" : "a note of some words");
		}
	}
}

TEST(plot_layout, panels_stand_side_by_side)
{
	static struct everything all;
	struct adit_plot_panel panels[6];

	fill_everything(&all);
	check_layout(&all.figure, "");
	for (size_t i = 0; i < 6; i++)
		panels[i] = all.panels[i % 2];
	all.figure.panels = panels;
	all.figure.panel_count = 6;
	all.figure.panel_columns = 3;
	all.figure.width = 1400;
	all.figure.height = 1000;
	check_layout(&all.figure, "note");
}

/* ---- what cannot be drawn or written */

static void refuse(
	const struct adit_plot_figure *figure, const char *name, int status, const char *message)
{
	error.text[0] = '\0';
	CHECK_EQ_INT(adit_plot_write(figure, in_folder(name), NULL, &error), status);
	CHECK_CONTAINS(error.text, message);
	CHECK(access(in_folder(name), F_OK) != 0);
	CHECK_EQ_INT(rmdir(folder), 0);
	folder[0] = '\0';
}

TEST(plot_file, what_is_wrong_is_told_and_leaves_nothing)
{
	static struct everything all;
	struct adit_plot_figure figure;

	fill_everything(&all);
	CHECK_EQ_INT(adit_plot_check_path("a/b.svg", &error), 0);
	CHECK_EQ_INT(adit_plot_check_path("b.PnG", &error), 0);
	CHECK_EQ_INT(adit_plot_check_path(".svg", &error), -EINVAL);
	CHECK_EQ_INT(adit_plot_check_path("svg", &error), -EINVAL);
	refuse(&all.figure, "x.pdf", -EINVAL, "x.pdf: ");
	refuse(&all.figure, "none/x.svg", -ENOENT, "none/x.svg: cannot be written: No such file");
	figure = all.figure;
	figure.height = 100;
	refuse(&figure, "x.svg", -EINVAL, "right is 200 to 8000");
	figure.height = 200;
	refuse(&figure, "x.png", -EINVAL, "make it larger");
	figure = all.figure;
	figure.zoom = 100;
	refuse(&figure, "x.png", -EINVAL, "zoom");
	figure = all.figure;
	figure.panel_count = 0;
	refuse(&figure, "x.png", -EINVAL, "0 panels");
	figure = all.figure;
	all.panels[1].y.low = 0;
	refuse(&figure, "x.png", -EINVAL, "logarithmic axis from 0");
}

TEST(plot_file, one_that_is_there_stays_until_the_new_one_is_whole)
{
	static struct everything all;
	struct stat before, after;
	size_t size;
	char *bytes;
	FILE *file;

	fill_everything(&all);
	file = fopen(in_folder("s.svg"), "w");
	REQUIRE(file != NULL);
	fputs("what was there", file);
	fclose(file);
	CHECK_EQ_INT(stat(in_folder("s.svg"), &before), 0);
	/* A folder in the way of the file beside it. */
	CHECK_EQ_INT(mkdir(in_folder("s.svg.new"), 0700), 0);
	CHECK_EQ_INT(adit_plot_write(&all.figure, in_folder("s.svg"), NULL, &error), -EISDIR);
	CHECK_EQ_INT(rmdir(in_folder("s.svg.new")), 0);
	bytes = slurp("s.svg", &size);
	CHECK_EQ_STR(bytes, "what was there");
	free(bytes);
	REQUIRE(adit_plot_write(&all.figure, in_folder("s.svg"), NULL, &error) == 0);
	CHECK_EQ_INT(stat(in_folder("s.svg"), &after), 0);
	CHECK(before.st_ino != after.st_ino);
	clean_up("s.svg");
}
