/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define HALF 0.35 /* of a bar */

/* A bar for each rung, up to the median, and a line over it from the least run to the most. */
struct ladder {
	double left[APP_RUNGS], right[APP_RUNGS], height[APP_RUNGS];
	double spread_x[3 * APP_RUNGS], spread_y[3 * APP_RUNGS]; /* parted by what is no number */
	const char *names[APP_RUNGS];
};

static void ladder_fill(const struct app_bench *bench, struct ladder *ladder)
{
	for (int row = 0; row < APP_RUNGS; row++) {
		struct app_bench_spread ns = APP_BENCH_SPREAD(bench, row, ns);
		double *x = ladder->spread_x + 3 * row, *y = ladder->spread_y + 3 * row;

		ladder->left[row] = row - HALF;
		ladder->right[row] = row + HALF;
		ladder->height[row] = ns.median;
		x[0] = x[1] = row;
		y[0] = ns.least;
		y[1] = ns.most;
		x[2] = y[2] = NAN;
		ladder->names[row] = app_bench_rows[row].name;
	}
}

int app_bench_plot(
	const struct app_bench *bench, const struct app_plot *plot, struct adit_error *error)
{
	struct ladder ladder;
	struct adit_plot_series series[] = {{.kind = ADIT_PLOT_BARS,
						    .label = "median of the repeats",
						    .x = ladder.left,
						    .x2 = ladder.right,
						    .y = ladder.height,
						    .count = APP_RUNGS,
						    .colour = ADIT_PLOT_BLUE},
		{.kind = ADIT_PLOT_LINE,
			.label = "least to most",
			.x = ladder.spread_x,
			.y = ladder.spread_y,
			.count = ADIT_COUNT(ladder.spread_x),
			.colour = ADIT_PLOT_BLACK,
			.size = 3}};
	struct adit_plot_panel panel = {.x = {.low = -0.5,
						.high = APP_RUNGS - 0.5,
						.names = ladder.names,
						.name_count = APP_RUNGS},
		.y = {.label = "CPU time, ns per packet", .low = 0, .high = 0},
		.series = series,
		.series_count = ADIT_COUNT(series)};
	char subtitle[256];
	struct adit_plot_figure figure = {
		.title = "adit bench", .subtitle = subtitle, .panels = &panel, .panel_count = 1};

	ladder_fill(bench, &ladder);
	adit_plot_axis_include(&panel.y, ladder.spread_y, ADIT_COUNT(ladder.spread_y));
	panel.y.high *= 1.1;
	snprintf(subtitle, sizeof(subtitle),
		"port %.120s, %u worker%s, %" PRIu64 " repeat%s; each rung holds those before it",
		app_bench_port(bench), bench->appliance.worker_count,
		bench->appliance.worker_count == 1 ? "" : "s", bench->options.repeats,
		bench->options.repeats == 1 ? "" : "s");
	return app_plot_write(plot, &figure, error);
}
