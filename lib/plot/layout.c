/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where everything is on paper: title and subtitle above, panels in rows and columns below; in each
 * from the top its title, the axes' rectangle, numbers of the x axis, its label, the legend. Room
 * is measured before anything is drawn, so nothing lies over anything: numbers too close to one
 * another lead to fewer ticks.
 */
#include "plot_priv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MARGIN     12.0 /* around the figure */
#define GAP        5.0  /* between an axis and its numbers, numbers and label */
#define APART      10.0 /* of the numbers of an axis, at least */
#define BETWEEN    14.0 /* of panels */
#define LEAST_SIDE 60.0 /* of an axes' rectangle */
#define LABELS_MAX 10

struct panel_room {
	const struct adit_plot_panel *panel;
	cairo_t *cairo;
	struct plot_layout *layout;
	struct plot_frame *frame;
	struct plot_box cell;
	double legend; /* height: the largest of the row, so that axes stand side by side */
};

struct plot_text *adit_plot_put(struct plot_layout *layout, cairo_t *cairo, enum plot_font font,
	const char *text, const char *raised, double x, double y, double align, bool upright)
{
	double ascent = adit_plot_ascent(font), descent = adit_plot_descent(font), width;
	size_t room = layout->text_room > 0 ? 2 * layout->text_room : 64;
	struct plot_text *texts, *put;

	if (layout->text_count == layout->text_room) {
		texts = realloc(layout->texts, room * sizeof(*texts));
		if (texts == NULL) {
			layout->no_memory = true;
			return NULL;
		}
		layout->texts = texts;
		layout->text_room = room;
	}
	put = &layout->texts[layout->text_count++];
	*put = (struct plot_text){.font = font, .upright = upright, .x = x, .y = y};
	snprintf(put->text, sizeof(put->text), "%s", text);
	snprintf(put->raised, sizeof(put->raised), "%s", raised);
	width = adit_plot_width(cairo, font, text) + adit_plot_width(cairo, PLOT_RAISED, raised);
	if (upright) {
		put->y += align * width;
		put->box = (struct plot_box){x - ascent, put->y - width, x + descent, put->y};
	} else {
		put->x -= align * width;
		put->box = (struct plot_box){put->x, y - ascent, put->x + width, y + descent};
	}
	return put;
}

/* Onto the middle of a pixel, where a thin line is sharp. */
static double sharp(double place)
{
	return floor(place) + 0.5;
}

static double tick_width(cairo_t *cairo, const struct plot_tick *tick)
{
	return adit_plot_width(cairo, PLOT_SMALL, tick->text) +
	       adit_plot_width(cairo, PLOT_RAISED, tick->raised);
}

static double widest_tick(cairo_t *cairo, const struct plot_ticks *ticks)
{
	double widest = 0;

	for (size_t i = 0; i < ticks->count; i++)
		widest = fmax(widest, tick_width(cairo, &ticks->tick[i]));
	return widest;
}

/* Names of an axis may be of any length and of any bytes. */
static void fit_names(
	cairo_t *cairo, const struct adit_plot_axis *axis, double width, struct plot_ticks *ticks)
{
	char text[PLOT_TEXT_MAX];

	for (size_t i = 0; axis->names != NULL && i < ticks->count; i++) {
		adit_plot_fit(cairo, PLOT_SMALL, width, ticks->tick[i].text, text);
		memcpy(ticks->tick[i].text, text, sizeof(text));
	}
}

/* Takes the text off ticks that come too close to the one before; gives whether there were any. */
static bool part_ticks(cairo_t *cairo, const struct plot_scale *scale, bool wide, bool take,
	struct plot_ticks *ticks)
{
	double end = -INFINITY;
	bool close = false;

	for (size_t i = 0; i < ticks->count; i++) {
		struct plot_tick *tick = &ticks->tick[i];
		double at = fabs(adit_plot_place(scale, tick->at) - scale->from);
		double half =
			wide ? tick_width(cairo, tick) / 2 : adit_plot_line_height(PLOT_SMALL) / 2;
		if (tick->text[0] == '\0')
			continue;
		if (at - half < end + (wide ? APART : 0)) {
			close = true;
			if (take) {
				tick->text[0] = tick->raised[0] = '\0';
				continue;
			}
		}
		end = at + half;
	}
	return close;
}

static void make_y_ticks(struct panel_room *room)
{
	struct plot_frame *frame = room->frame;
	double height = frame->box.bottom - frame->box.top;

	frame->y = adit_plot_scale(&room->panel->y, frame->box.bottom, frame->box.top);
	adit_plot_ticks(&room->panel->y, (size_t)(height / 36), &frame->y_ticks);
	fit_names(room->cairo, &room->panel->y, (room->cell.right - room->cell.left) / 3,
		&frame->y_ticks);
	part_ticks(room->cairo, &frame->y, false, true, &frame->y_ticks);
}

static void make_x_ticks(struct panel_room *room, bool upright)
{
	struct plot_frame *frame = room->frame;

	frame->x = adit_plot_scale(&room->panel->x, frame->box.left, frame->box.right);
	for (size_t labels = LABELS_MAX; labels > 0; labels--) {
		adit_plot_ticks(&room->panel->x, labels, &frame->x_ticks);
		fit_names(room->cairo, &room->panel->x,
			upright ? (room->cell.bottom - room->cell.top) / 3 : INFINITY,
			&frame->x_ticks);
		if (upright || room->panel->x.names != NULL ||
			!part_ticks(room->cairo, &frame->x, true, false, &frame->x_ticks))
			break;
	}
	part_ticks(room->cairo, &frame->x, !upright, true, &frame->x_ticks);
}

/* Moves the ends of the x axis inwards, so that its first and last number stay in the cell. */
static void take_in_ends(struct panel_room *room)
{
	const struct plot_ticks *ticks = &room->frame->x_ticks;
	struct plot_box *box = &room->frame->box;
	double left = 0, right = 0;

	for (size_t i = 0; i < ticks->count; i++) {
		double at = adit_plot_place(&room->frame->x, ticks->tick[i].at);
		double half = tick_width(room->cairo, &ticks->tick[i]) / 2;
		left = fmax(left, room->cell.left - (at - half));
		right = fmax(right, at + half - room->cell.right);
	}
	box->left = sharp(box->left + ceil(left));
	box->right = sharp(box->right - right);
}

/* Names that do not fit side by side are written upwards. */
static bool names_upright(struct panel_room *room)
{
	struct plot_scale scale =
		adit_plot_scale(&room->panel->x, room->frame->box.left, room->frame->box.right);

	if (room->panel->x.names == NULL)
		return false;
	adit_plot_ticks(&room->panel->x, LABELS_MAX, &room->frame->x_ticks);
	fit_names(room->cairo, &room->panel->x, INFINITY, &room->frame->x_ticks);
	return part_ticks(room->cairo, &scale, true, false, &room->frame->x_ticks);
}

static void put_y_texts(struct panel_room *room, double widest)
{
	const struct plot_frame *frame = room->frame;
	const struct plot_box *box = &frame->box;
	char label[PLOT_TEXT_MAX];

	for (size_t i = 0; i < frame->y_ticks.count; i++) {
		const struct plot_tick *tick = &frame->y_ticks.tick[i];
		if (tick->text[0] != '\0')
			adit_plot_put(room->layout, room->cairo, PLOT_SMALL, tick->text,
				tick->raised, box->left - GAP - 2,
				adit_plot_place(&frame->y, tick->at) +
					0.36 * adit_plot_line_height(PLOT_SMALL) / 1.3,
				1, false);
	}
	if (room->panel->y.label == NULL)
		return;
	adit_plot_fit(room->cairo, PLOT_LABEL, box->bottom - box->top, room->panel->y.label, label);
	adit_plot_put(room->layout, room->cairo, PLOT_LABEL, label, "",
		box->left - 2 * GAP - 2 - widest - adit_plot_descent(PLOT_LABEL),
		(box->top + box->bottom) / 2, 0.5, true);
}

static void put_x_texts(struct panel_room *room, bool upright, double height)
{
	const struct plot_frame *frame = room->frame;
	const struct plot_box *box = &frame->box;
	double top = box->bottom + GAP + 1;
	char label[PLOT_TEXT_MAX];

	for (size_t i = 0; i < frame->x_ticks.count; i++) {
		const struct plot_tick *tick = &frame->x_ticks.tick[i];
		double at = adit_plot_place(&frame->x, tick->at);
		if (tick->text[0] == '\0')
			continue;
		if (upright)
			adit_plot_put(room->layout, room->cairo, PLOT_SMALL, tick->text, "",
				at + 0.3 * adit_plot_line_height(PLOT_SMALL),
				top + tick_width(room->cairo, tick), 0, true);
		else
			adit_plot_put(room->layout, room->cairo, PLOT_SMALL, tick->text,
				tick->raised, at, top + adit_plot_ascent(PLOT_SMALL) + 1, 0.5,
				false);
	}
	if (room->panel->x.label == NULL)
		return;
	adit_plot_fit(
		room->cairo, PLOT_LABEL, room->cell.right - box->left, room->panel->x.label, label);
	adit_plot_put(room->layout, room->cairo, PLOT_LABEL, label, "",
		(box->left + box->right) / 2, top + height + GAP + adit_plot_ascent(PLOT_LABEL),
		0.5, false);
}

/* A label longer than its axis would stick out of the figure. */
static void keep_inside(struct panel_room *room)
{
	struct plot_text *last = &room->layout->texts[room->layout->text_count - 1];
	double by = 0;

	if (room->layout->no_memory || room->panel->x.label == NULL)
		return;
	by = fmax(0, last->box.right - room->cell.right);
	last->x -= by;
	last->box.left -= by;
	last->box.right -= by;
}

static double put_panel_title(struct panel_room *room)
{
	char text[PLOT_TEXT_MAX];

	if (room->panel->title == NULL)
		return 0;
	adit_plot_fit(room->cairo, PLOT_LABEL, room->cell.right - room->cell.left,
		room->panel->title, text);
	adit_plot_put(room->layout, room->cairo, PLOT_LABEL, text, "",
		(room->cell.left + room->cell.right) / 2,
		room->cell.top + adit_plot_ascent(PLOT_LABEL), 0.5, false);
	return adit_plot_line_height(PLOT_LABEL) + GAP;
}

static int no_room(const struct plot_box *box, struct adit_error *error)
{
	if (box->right - box->left >= LEAST_SIDE && box->bottom - box->top >= LEAST_SIDE)
		return 0;
	return adit_error_set(error, -EINVAL,
		"the figure's size leaves %.0f x %.0f pixels for the axes of a panel: make it "
		"larger, or show less",
		fmax(0, box->right - box->left), fmax(0, box->bottom - box->top));
}

static int lay_panel(struct panel_room *room, struct adit_error *error)
{
	const struct adit_plot_panel *panel = room->panel;
	struct plot_box *box = &room->frame->box;
	double legend = room->legend,
	       label = panel->x.label != NULL ? adit_plot_line_height(PLOT_LABEL) + GAP : 0;
	double numbers = adit_plot_line_height(PLOT_SMALL), widest;
	bool upright;
	int status;

	*box = room->cell;
	box->top += put_panel_title(room) + adit_plot_ascent(PLOT_SMALL) / 2;
	box->bottom -= legend + label + numbers + GAP;
	box->right -= 2;
	box->left += panel->y.label != NULL ? adit_plot_line_height(PLOT_LABEL) + 2 * GAP : GAP;
	status = no_room(box, error);
	if (status != 0)
		return status;
	upright = names_upright(room);
	if (upright) {
		make_x_ticks(room, true);
		numbers = widest_tick(room->cairo, &room->frame->x_ticks);
		box->bottom = room->cell.bottom - legend - label - numbers - 2 * GAP;
	}
	status = no_room(box, error);
	if (status != 0)
		return status;
	box->top = sharp(box->top);
	box->bottom = sharp(box->bottom);
	make_y_ticks(room);
	widest = widest_tick(room->cairo, &room->frame->y_ticks);
	box->left = sharp(box->left + widest + GAP);
	status = no_room(box, error);
	if (status != 0)
		return status;
	make_x_ticks(room, upright);
	if (!upright)
		take_in_ends(room);
	box->right = sharp(box->right);
	status = no_room(box, error);
	if (status != 0)
		return status;
	make_x_ticks(room, upright);
	put_y_texts(room, widest);
	put_x_texts(room, upright, numbers);
	keep_inside(room);
	adit_plot_put_legend(panel, room->cairo, room->cell.left, room->cell.right,
		room->cell.bottom - legend, room->layout);
	return no_room(box, error);
}

/* Lines above the panels; gives where they end. */
static double put_lines(struct plot_layout *layout, cairo_t *cairo, enum plot_font font,
	const char *text, double width, double top)
{
	char lines[PLOT_LINES_MAX][PLOT_TEXT_MAX];
	size_t count = text != NULL ? adit_plot_wrap(cairo, font, width, text, lines) : 0;

	for (size_t i = 0; i < count; i++) {
		struct plot_text *put = adit_plot_put(layout, cairo, font, lines[i], "", MARGIN,
			top + adit_plot_ascent(font), 0, false);
		if (put != NULL)
			put->grey = font == PLOT_SMALL;
		top += adit_plot_line_height(font);
	}
	return top;
}

/* Panels in rows and columns below `top`; those of a row have the same room for their legends, so
 * that their axes stand side by side. */
static int lay_panels(const struct adit_plot_figure *figure, double top, cairo_t *cairo,
	struct plot_layout *layout, struct adit_error *error)
{
	size_t columns = figure->panel_columns > 0 ? figure->panel_columns : 1;
	size_t rows = (figure->panel_count + columns - 1) / columns;
	double width = figure->width - 2 * MARGIN - BETWEEN * (double)(columns - 1);
	double height = figure->height - MARGIN - top - BETWEEN * (double)(rows - 1);
	double legend = 0;
	int status = 0;

	width /= (double)columns;
	height /= (double)rows;
	for (size_t p = 0; p < figure->panel_count && status == 0; p++) {
		double left = MARGIN + (double)(p % columns) * (width + BETWEEN);
		double above = top + (double)(p / columns) * (height + BETWEEN);
		struct panel_room room = {&figure->panels[p], cairo, layout, &layout->frames[p],
			{left, above, left + width, above + height}, 0};
		if (p % columns == 0)
			legend = 0;
		for (size_t i = p; p % columns == 0 && i < p + columns && i < figure->panel_count;
			i++)
			legend = fmax(legend, adit_plot_legend_height(&figure->panels[i], cairo,
						      left, left + width));
		room.legend = legend;
		status = lay_panel(&room, error);
	}
	return status;
}

int adit_plot_lay_out(const struct adit_plot_figure *figure, const char *note, cairo_t *cairo,
	struct plot_layout *layout, struct adit_error *error)
{
	double width = figure->width - 2 * MARGIN, top = MARGIN;
	int status;

	*layout = (struct plot_layout){.texts = NULL};
	layout->frames = calloc(figure->panel_count, sizeof(*layout->frames));
	if (layout->frames == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a figure");
	top = put_lines(layout, cairo, PLOT_TITLE, figure->title, width, top);
	top = put_lines(layout, cairo, PLOT_SMALL, figure->subtitle, width, top);
	top = put_lines(layout, cairo, PLOT_SMALL, note, width, top);
	if (layout->text_count > 0)
		top += GAP;
	status = lay_panels(figure, top, cairo, layout, error);
	if (status == 0 && layout->no_memory)
		status = adit_error_set(error, -ENOMEM, "no memory for a figure's text");
	return status;
}

void adit_plot_free_layout(struct plot_layout *layout)
{
	free(layout->texts);
	free(layout->keys);
	free(layout->frames);
	*layout = (struct plot_layout){.texts = NULL};
}
