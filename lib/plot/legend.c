/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The legend of a panel: below its axes, where it hides nothing, in as many columns as fit.
 */
#include "plot_priv.h"

#include <math.h>
#include <stdlib.h>

#define ABOVE  8.0  /* of the first line */
#define APART  20.0 /* of the columns */
#define BESIDE 7.0  /* between a sample and its text */

struct grid {
	size_t entries, columns, rows;
	double column; /* width, without what parts it from the next */
};

static struct grid measure(
	const struct adit_plot_panel *panel, cairo_t *cairo, double left, double right)
{
	struct grid grid = {0, 1, 0, 0};
	char text[PLOT_TEXT_MAX];

	for (size_t i = 0; i < panel->series_count; i++) {
		double width = right - left - PLOT_KEY_WIDTH - BESIDE;
		if (panel->series[i].label == NULL)
			continue;
		adit_plot_fit(cairo, PLOT_SMALL, width, panel->series[i].label, text);
		width = adit_plot_width(cairo, PLOT_SMALL, text) + PLOT_KEY_WIDTH + BESIDE;
		grid.column = fmax(grid.column, width);
		grid.entries++;
	}
	if (grid.entries == 0)
		return grid;
	grid.columns = (size_t)((right - left + APART) / (grid.column + APART));
	if (grid.columns == 0)
		grid.columns = 1;
	grid.rows = (grid.entries + grid.columns - 1) / grid.columns;
	/* As even as the rows allow: five in two rows are three and two. */
	grid.columns = (grid.entries + grid.rows - 1) / grid.rows;
	return grid;
}

double adit_plot_legend_height(
	const struct adit_plot_panel *panel, cairo_t *cairo, double left, double right)
{
	struct grid grid = measure(panel, cairo, left, right);

	return grid.rows > 0 ? ABOVE + (double)grid.rows * adit_plot_line_height(PLOT_SMALL) * 1.1
			     : 0;
}

static void put_key(
	struct plot_layout *layout, const struct adit_plot_series *series, double x, double y)
{
	size_t room = layout->key_room > 0 ? 2 * layout->key_room : 16;
	struct plot_key *keys = layout->keys;

	if (layout->key_count == layout->key_room) {
		keys = realloc(layout->keys, room * sizeof(*keys));
		if (keys == NULL) {
			layout->no_memory = true;
			return;
		}
		layout->keys = keys;
		layout->key_room = room;
	}
	keys[layout->key_count++] = (struct plot_key){series, x, y};
}

void adit_plot_put_legend(const struct adit_plot_panel *panel, cairo_t *cairo, double left,
	double right, double top, struct plot_layout *layout)
{
	struct grid grid = measure(panel, cairo, left, right);
	double line = adit_plot_line_height(PLOT_SMALL) * 1.1;
	double width = (double)grid.columns * (grid.column + APART) - APART;
	char text[PLOT_TEXT_MAX];
	size_t at = 0;

	for (size_t i = 0; i < panel->series_count; i++) {
		const struct adit_plot_series *series = &panel->series[i];
		double x = (left + right - width) / 2 +
			   (double)(at % grid.columns) * (grid.column + APART);
		double y = top + ABOVE + (double)(at / grid.columns) * line;
		if (series->label == NULL)
			continue;
		put_key(layout, series, x, y + line / 2);
		adit_plot_fit(cairo, PLOT_SMALL, right - left - PLOT_KEY_WIDTH - BESIDE,
			series->label, text);
		adit_plot_put(layout, cairo, PLOT_SMALL, text, "", x + PLOT_KEY_WIDTH + BESIDE,
			y + line / 2 + 0.36 * adit_plot_line_height(PLOT_SMALL) / 1.3, 0, false);
		at++;
	}
}
