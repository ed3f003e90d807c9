/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A figure as a file. It is made in memory; what goes to disk goes there whole.
 *
 * cairo's SVG has neither title nor description, and names a group after a count of all surfaces
 * of the process: the one is put in, the other taken out, so that pictures can be searched and
 * read aloud, and the same figure is the same file. Its numbers are longer than need be.
 */
#include "plot_priv.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include <cairo-svg.h>

#define TRIES 3

enum format { SVG, PNG };

static const char *const endings[] = {[SVG] = ".svg", [PNG] = ".png"};

static int format_of(const char *path, enum format *format, struct adit_error *error)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < ADIT_COUNT(endings); i++) {
		if (length > strlen(endings[i]) &&
			strcasecmp(path + length - strlen(endings[i]), endings[i]) == 0) {
			*format = (enum format)i;
			return 0;
		}
	}
	return adit_error_set(
		error, -EINVAL, "%s: what is to be drawn? The name must end in .svg or .png", path);
}

int adit_plot_check_path(const char *path, struct adit_error *error)
{
	enum format format = SVG;

	return format_of(path, &format, error);
}

void adit_plot_note(const struct adit_plot_drawn *drawn, char note[ADIT_PLOT_NOTE_MAX])
{
	size_t used = 0;

	note[0] = '\0';
	if (drawn->thinned > 0)
		used += (size_t)snprintf(note, ADIT_PLOT_NOTE_MAX,
			"Drawn: %lu of %lu points; where they are dense, one stands for several. ",
			(unsigned long)drawn->drawn,
			(unsigned long)(drawn->given - drawn->outside - drawn->unknown));
	if (drawn->outside > 0)
		used += (size_t)snprintf(note + used, ADIT_PLOT_NOTE_MAX - used,
			"Outside the axes: %lu of %lu points. ", (unsigned long)drawn->outside,
			(unsigned long)drawn->given);
	if (drawn->unknown > 0)
		used += (size_t)snprintf(note + used, ADIT_PLOT_NOTE_MAX - used,
			"Without a value: %lu of %lu points. ", (unsigned long)drawn->unknown,
			(unsigned long)drawn->given);
	if (used > 0)
		note[used - 1] = '\0';
}

static int check(const struct adit_plot_figure *figure, struct adit_error *error)
{
	int status = 0;

	if (figure->width < ADIT_PLOT_SIZE_MIN || figure->width > ADIT_PLOT_SIZE_MAX ||
		figure->height < ADIT_PLOT_SIZE_MIN || figure->height > ADIT_PLOT_SIZE_MAX)
		return adit_error_set(error, -EINVAL,
			"a figure of %u x %u pixels; right is %d to %d each", figure->width,
			figure->height, ADIT_PLOT_SIZE_MIN, ADIT_PLOT_SIZE_MAX);
	if (figure->zoom != 0 && !(figure->zoom >= 0.5 && figure->zoom <= 8))
		return adit_error_set(
			error, -EINVAL, "a zoom of %g; right is 0.5 to 8", figure->zoom);
	if (figure->panel_count == 0 || figure->panel_count > ADIT_PLOT_PANELS_MAX)
		return adit_error_set(error, -EINVAL, "%zu panels; right is 1 to %d",
			figure->panel_count, ADIT_PLOT_PANELS_MAX);
	for (size_t i = 0; i < figure->panel_count && status == 0; i++) {
		status = adit_plot_check_axis(&figure->panels[i].x, error);
		if (status == 0)
			status = adit_plot_check_axis(&figure->panels[i].y, error);
	}
	return status;
}

/* ---- what an SVG says of itself */

static void put_xml(FILE *to, const char *text)
{
	char clean[PLOT_TEXT_MAX];

	adit_plot_clean(text, strlen(text), clean);
	for (const char *at = clean; *at != '\0'; at++) {
		if (*at == '<')
			fputs("&lt;", to);
		else if (*at == '>')
			fputs("&gt;", to);
		else if (*at == '&')
			fputs("&amp;", to);
		else
			fputc(*at, to);
	}
}

static void describe_panel(FILE *to, const struct adit_plot_panel *panel)
{
	if (panel->title != NULL) {
		put_xml(to, panel->title);
		fputs(": ", to);
	}
	fputs("x: ", to);
	put_xml(to, panel->x.label != NULL ? panel->x.label : "no label");
	fputs("; y: ", to);
	put_xml(to, panel->y.label != NULL ? panel->y.label : "no label");
	fputs(".\n", to);
	for (size_t i = 0; i < panel->series_count; i++) {
		if (panel->series[i].label == NULL)
			continue;
		put_xml(to, panel->series[i].label);
		fputc('\n', to);
	}
}

/* Numbers with two digits behind the point: what is cut off is less than anybody sees, and a sixth
 * of a file. */
static void put_short(FILE *to, const char *svg, size_t size)
{
	const char *end = svg + size;

	while (svg < end) {
		const char *point = memchr(svg, '.', (size_t)(end - svg));
		size_t digits = point != NULL ? strspn(point + 1, "0123456789") : 0;
		const char *stop = point != NULL ? point + 1 + (digits < 2 ? digits : 2) : end;
		fwrite(svg, 1, (size_t)(stop - svg), to);
		svg = point != NULL ? point + 1 + digits : end;
	}
}

/* What was drawn, with the title and description behind the first tag. */
static void put_svg(FILE *to, const struct adit_plot_figure *figure, const char *note,
	const char *svg, size_t size)
{
	static const char group[] = "<g id=\"surface";
	const char *head = strstr(svg, "<svg"), *at = head != NULL ? strchr(head, '>') : NULL, *id;

	at = at != NULL ? at + 1 : svg;
	fwrite(svg, 1, (size_t)(at - svg), to);
	if (figure->title != NULL) {
		fputs("\n<title>", to);
		put_xml(to, figure->title);
		fputs("</title>", to);
	}
	fputs("\n<desc>", to);
	if (figure->subtitle != NULL) {
		put_xml(to, figure->subtitle);
		fputc('\n', to);
	}
	if (note[0] != '\0')
		fprintf(to, "%s\n", note);
	for (size_t i = 0; i < figure->panel_count; i++)
		describe_panel(to, &figure->panels[i]);
	fputs("</desc>", to);
	id = strstr(at, group);
	if (id != NULL) {
		put_short(to, at, (size_t)(id - at));
		fputs("<g", to);
		at = id + strlen(group);
		at += strspn(at, "0123456789");
		at += *at == '"';
	}
	put_short(to, at, (size_t)(svg + size - at));
}

/* ---- drawing */

static cairo_status_t write_bytes(void *closure, const unsigned char *bytes, unsigned size)
{
	return fwrite(bytes, 1, size, closure) == size ? CAIRO_STATUS_SUCCESS
						       : CAIRO_STATUS_WRITE_ERROR;
}

static void set_up(cairo_t *cairo)
{
	cairo_font_options_t *options = cairo_font_options_create();

	/* Widths must not depend on where a text stands, nor on the kind of file. */
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_set_font_options(cairo, options);
	cairo_font_options_destroy(options);
}

/* What the note says depends on where points are, and where points are on how many lines the note
 * takes: laid out again until the note has its room. */
static int compose(const struct adit_plot_figure *figure, enum format format, cairo_t *cairo,
	char note[ADIT_PLOT_NOTE_MAX], struct adit_plot_drawn *drawn, struct adit_error *error)
{
	struct plot_layout layout;
	struct plot_marks marks = {NULL, 0};
	char last[ADIT_PLOT_NOTE_MAX] = "";
	bool settled = false;
	int status = 0;

	note[0] = '\0';
	for (unsigned i = 0; status == 0 && !settled; i++) {
		memcpy(last, note, sizeof(last));
		status = adit_plot_lay_out(figure, note, cairo, &layout, error);
		if (status == 0 &&
			adit_plot_place_points(figure, &layout,
				format == SVG ? figure->points_max : 0, &marks, drawn) != 0)
			status = adit_error_set(error, -ENOMEM, "no memory for points");
		if (status == 0)
			adit_plot_note(drawn, note);
		settled = status != 0 || strcmp(last, note) == 0 || i == TRIES;
		if (settled && status == 0 && adit_plot_draw(figure, &layout, &marks, cairo) != 0)
			status = adit_error_set(error, -ENOMEM, "no memory for a line");
		adit_plot_free_marks(&marks);
		adit_plot_free_layout(&layout);
	}
	return status;
}

static int failed(cairo_status_t status, struct adit_error *error)
{
	return adit_error_set(error, status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : -EIO,
		"the figure cannot be drawn: %s", cairo_status_to_string(status));
}

/* Draws to a surface and finishes it; its bytes are then in `to`. */
static int draw(const struct adit_plot_figure *figure, enum format format, FILE *to,
	char note[ADIT_PLOT_NOTE_MAX], struct adit_plot_drawn *drawn, struct adit_error *error)
{
	double zoom = format == PNG && figure->zoom != 0 ? figure->zoom : 1;
	cairo_surface_t *surface;
	cairo_status_t outcome;
	cairo_t *cairo;
	int status;

	if (format == SVG) {
		surface = cairo_svg_surface_create_for_stream(
			write_bytes, to, figure->width, figure->height);
		cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
	} else {
		surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24,
			(int)lround(figure->width * zoom), (int)lround(figure->height * zoom));
	}
	cairo = cairo_create(surface);
	cairo_scale(cairo, zoom, zoom);
	set_up(cairo);
	status = compose(figure, format, cairo, note, drawn, error);
	outcome = cairo_status(cairo);
	cairo_destroy(cairo);
	if (outcome == CAIRO_STATUS_SUCCESS && status == 0 && format == PNG)
		outcome = cairo_surface_write_to_png_stream(surface, write_bytes, to);
	cairo_surface_finish(surface);
	if (outcome == CAIRO_STATUS_SUCCESS)
		outcome = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	return status != 0 || outcome == CAIRO_STATUS_SUCCESS ? status : failed(outcome, error);
}

static int replace(const char *path, const void *bytes, size_t size, struct adit_error *error)
{
	char beside[PATH_MAX];
	int length = snprintf(beside, sizeof(beside), "%s.new", path), status = 0;
	FILE *file;
	bool good;

	if (length < 0 || length >= PATH_MAX)
		return adit_error_set(error, -ENAMETOOLONG, "%.100s…: the path is too long", path);
	file = fopen(beside, "wb");
	if (file == NULL) {
		status = -errno;
		return adit_error_set(
			error, status, "%s: cannot be written: %s", path, strerror(-status));
	}
	errno = 0;
	good = fwrite(bytes, 1, size, file) == size && fflush(file) == 0;
	if ((fclose(file) != 0) | !good || rename(beside, path) != 0) {
		status = errno != 0 ? -errno : -EIO;
		unlink(beside);
		adit_error_set(error, status, "%s: cannot be written: %s", path, strerror(-status));
	}
	return status;
}

static int dress_svg(
	const struct adit_plot_figure *figure, const char *note, char **bytes, size_t *size)
{
	char *dressed = NULL;
	size_t dressed_size;
	FILE *to = open_memstream(&dressed, &dressed_size);
	bool good = to != NULL;

	if (good) {
		put_svg(to, figure, note, *bytes, *size);
		good = !ferror(to);
		good &= fclose(to) == 0;
	}
	if (!good) {
		free(dressed);
		return -ENOMEM;
	}
	free(*bytes);
	*bytes = dressed;
	*size = dressed_size;
	return 0;
}

int adit_plot_write(const struct adit_plot_figure *figure, const char *path,
	struct adit_plot_drawn *drawn, struct adit_error *error)
{
	struct adit_plot_drawn own;
	char note[ADIT_PLOT_NOTE_MAX], *bytes = NULL;
	size_t size = 0;
	enum format format = SVG;
	FILE *to;
	int status = format_of(path, &format, error);

	if (status == 0)
		status = check(figure, error);
	if (status != 0)
		return status;
	to = open_memstream(&bytes, &size);
	if (to == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a figure");
	status = draw(figure, format, to, note, drawn != NULL ? drawn : &own, error);
	if (fclose(to) != 0 && status == 0)
		status = adit_error_set(error, -ENOMEM, "no memory for a figure");
	if (status == 0 && format == SVG && dress_svg(figure, note, &bytes, &size) != 0)
		status = adit_error_set(error, -ENOMEM, "no memory for a figure");
	if (status == 0)
		status = replace(path, bytes, size, error);
	free(bytes);
	return status;
}
