/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The page: two lines of how the program gets on, the views, a list, and a line at the bottom.
 */
#include "top.h"

#include "arguments.h"

#include <inttypes.h>
#include <stdio.h>

#define CELL 256 /* bytes of a cell */
/* Lines that are no rows: above them, and below. */
#define ABOVE 4
#define BELOW 1

size_t app_top_room(size_t height)
{
	return height > ABOVE + BELOW ? height - ABOVE - BELOW : 1;
}

static const json_t *at(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

static uint64_t count_at(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(at(object, key));
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(at(object, key));

	return text != NULL ? text : "";
}

static double seconds_between(const struct app_top *top)
{
	return top->before != NULL && top->status_ns > top->before_ns
		       ? (double)(top->status_ns - top->before_ns) / (double)ADIT_NS_PER_S
		       : 0;
}

/* A second since the answer before; without one, since the start. */
static uint64_t rate_of(const struct app_top *top, uint64_t now, uint64_t before)
{
	double seconds = seconds_between(top), up = (double)count_at(top->status, "uptime_seconds");

	if (seconds > 0 && now >= before)
		return (uint64_t)((double)(now - before) / seconds + 0.5);
	return up > 0 ? (uint64_t)((double)now / up + 0.5) : 0;
}

/* Of packets: records and rows that were dropped are told below the cores. */
static uint64_t packets_lost(const json_t *drops)
{
	return count_at(drops, "port_missed") + count_at(drops, "port_no_buffer") +
	       count_at(drops, "port_errors") + count_at(drops, "queue_full");
}

static void show_head(const struct app_top *top, struct app_top_page *page)
{
	const json_t *status = top->status, *packets = at(status, "packets");
	const json_t *stories = at(status, "stories"), *reasons = at(status, "reasons");
	uint64_t lost = packets_lost(at(status, "drops")), received = count_at(packets, "received");
	bool is_well = strcmp(text_at(status, "health"), "ok") == 0;
	bool runs = json_is_true(at(status, "running"));
	char up[40], rate[24], count[24], lost_text[24], reason[CELL], version[CELL], lag[40] = "";

	app_duration_text(count_at(status, "uptime_seconds"), up);
	app_top_add(page, APP_TOP_TITLE,
		"adit %s %s, up %s   %" PRIu64 " tunnels, %" PRIu64 " suspects%s",
		text_at(status, "command"),
		app_top_clean(page, text_at(status, "version"), 20, version, sizeof(version)), up,
		count_at(stories, "tunnel"), count_at(stories, "suspect"),
		top->is_paused ? "   PAUSED" : "");
	if (!is_well) {
		app_top_clean(page, json_string_value(json_array_get(reasons, 0)), page->width - 9,
			reason, sizeof(reason));
		app_top_add(page, APP_TOP_BAD, "stalled: %s", reason);
		return;
	}
	if (runs)
		snprintf(lag, sizeof(lag), "   window lag %.1f s",
			json_number_value(at(status, "window_lag_seconds")));
	app_top_add(page, lost != 0 ? APP_TOP_BAD : APP_TOP_GOOD,
		"%s   %s packets, %s a second   lost %s%s",
		runs ? "all cores get on" : "it has ended", app_top_count(received, false, count),
		app_top_count(
			rate_of(top, received, count_at(at(top->before, "packets"), "received")),
			false, rate),
		app_top_count(lost, false, lost_text), lag);
}

static void show_views(const struct app_top *top, struct app_top_page *page)
{
	char text[CELL] = "", filter[CELL];
	size_t size = 0;

	for (int view = 0; view < APP_TOP_VIEWS; view++)
		size += (size_t)snprintf(text + size, sizeof(text) - size,
			view == (int)top->view ? "[%d %s]" : " %d %s ", view + 1,
			app_top_views[view]);
	if (top->view != APP_TOP_CORES)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "  by %s",
			app_top_sorts[top->sort[top->view]]);
	if (top->only != NULL)
		size += (size_t)snprintf(text + size, sizeof(text) - size, ", %ss", top->only);
	if (top->filter[0] != '\0')
		snprintf(text + size, sizeof(text) - size, ", with %s",
			app_top_clean(page, top->filter, 20, filter, sizeof(filter)));
	app_top_add(page, APP_TOP_PLAIN, "%s", text);
}

/* The time of day, UTC, of the API's text. */
static const char *clock_of(const json_t *item, const char *key, char text[16])
{
	const char *time = text_at(item, key);

	snprintf(text, 16, "%.8s", strlen(time) > 18 ? time + 11 : "");
	return text;
}

static enum app_top_style style_of(const struct app_top_row *row)
{
	return row->is_tunnel ? APP_TOP_TUNNEL : APP_TOP_SUSPECT;
}

/* What the name of a row gets of the width. */
static unsigned name_columns(const struct app_top_page *page, unsigned others)
{
	unsigned left = page->width > others + 8 ? page->width - others : 8;

	return left < 60 ? left : 60;
}

#define SUBJECT_OTHERS 63
static void subject_head(const struct app_top *top, struct app_top_page *page)
{
	char name[CELL];

	snprintf(name, sizeof(name), "%s", top->view == APP_TOP_DOMAINS ? "domain" : "subscriber");
	app_top_pad(name, sizeof(name), name_columns(page, SUBJECT_OTHERS));
	app_top_add(page, APP_TOP_HEAD,
		"score verdict %s queries   names      up    down     q/s    since", name);
}

static void subject_row(const struct app_top_row *row, struct app_top_page *page)
{
	unsigned columns = name_columns(page, SUBJECT_OTHERS);
	char name[4 * CELL], queries[24], names[24], up[24], down[24], since[16];

	app_top_clean(page, row->name, columns, name, sizeof(name));
	app_top_pad(name, sizeof(name), columns);
	app_top_add(page, style_of(row), "%5" PRIu64 " %-7s %s %7s %7s %7s %7s %7.1f %8s",
		row->score, row->is_tunnel ? "tunnel" : "suspect", name,
		app_top_count(row->queries, false, queries),
		app_top_count(row->names, false, names), app_top_count(row->up, true, up),
		app_top_count(row->down, true, down), row->rate,
		clock_of(row->item, "first", since));
}

#define VERDICT_OTHERS 58
static void verdict_head(const struct app_top *top, struct app_top_page *page)
{
	char name[CELL] = "domain or server";

	(void)top;
	app_top_pad(name, sizeof(name), name_columns(page, VERDICT_OTHERS));
	app_top_add(
		page, APP_TOP_HEAD, "    time state  score %s tool      subscriber      why", name);
}

/* As much of the reasons as the line has room for. */
static void verdict_row(const struct app_top_row *row, struct app_top_page *page)
{
	const json_t *subscribers = at(row->about, "subscribers");
	unsigned columns = name_columns(page, VERDICT_OTHERS);
	char name[4 * CELL], tool[CELL], who[CELL], why[CELL], time[16];

	app_top_clean(page, row->name, columns, name, sizeof(name));
	app_top_pad(name, sizeof(name), columns);
	app_top_clean(page, text_at(row->about, "tool"), 9, tool, sizeof(tool));
	app_top_clean(
		page, text_at(json_array_get(subscribers, 0), "address"), 15, who, sizeof(who));
	app_top_pad(who, sizeof(who), 15);
	app_top_clean(page, json_string_value(json_array_get(at(row->item, "words"), 0)), 40, why,
		sizeof(why));
	app_top_pad(tool, sizeof(tool), 9);
	app_top_add(page, style_of(row), "%s %-6.6s %5" PRIu64 " %s %s %s %s",
		clock_of(row->item, "last", time), text_at(row->about, "state"), row->score, name,
		tool, who, why);
}

static void show_rows(struct app_top *top, size_t room, struct app_top_page *page)
{
	size_t chosen = app_top_chosen(top), end;

	if (room != SIZE_MAX) {
		if (chosen < top->top)
			top->top = chosen;
		if (chosen >= top->top + room)
			top->top = chosen - room + 1;
	}
	if (top->view == APP_TOP_VERDICTS)
		verdict_head(top, page);
	else
		subject_head(top, page);
	end = top->rows - top->top > room ? top->top + room : top->rows;
	for (size_t i = top->top; i < end; i++) {
		if (top->view == APP_TOP_VERDICTS)
			verdict_row(&top->row[i], page);
		else
			subject_row(&top->row[i], page);
		if (i == chosen && room != SIZE_MAX && !page->failed)
			page->line[page->count - 1].is_chosen = true;
	}
	if (top->rows == 0)
		app_top_add(page, APP_TOP_DIM, "%s",
			json_array_size(at(top->list, "items")) != 0 ? "nothing fits the filter"
								     : "nothing was found so far");
}

static const json_t *named(const json_t *list, const char *key, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(text_at(json_array_get(list, i), key), name) == 0)
			return json_array_get(list, i);
	return NULL;
}

static const json_t *worker_of(const json_t *status, const char *lcore)
{
	const json_t *workers = at(status, "workers");
	unsigned number;

	return sscanf(lcore, "worker%u", &number) == 1 ? json_array_get(workers, number) : NULL;
}

static void core_row(const struct app_top *top, const json_t *lcore, struct app_top_page *page)
{
	const char *name = text_at(lcore, "lcore"), *state = text_at(lcore, "state");
	const json_t *before = named(at(top->before, "lcores"), "lcore", name);
	const json_t *worker = worker_of(top->status, name),
		     *worker_before = worker_of(top->before, name);
	uint64_t busy = count_at(lcore, "busy_polls") - count_at(before, "busy_polls");
	uint64_t idle = count_at(lcore, "idle_polls") - count_at(before, "idle_polls");
	double share = busy + idle != 0 ? (double)busy / (double)(busy + idle) : 0;
	bool is_stalled = strcmp(state, "stalled") == 0;
	char rate[24] = "", lost[24] = "", bar[24] = "";

	for (unsigned i = 0; i < 20; i++)
		bar[i] = i < (unsigned)(share * 20 + 0.5) ? '#' : '.';
	if (worker != NULL) {
		app_top_count(rate_of(top, count_at(worker, "packets"),
				      count_at(worker_before, "packets")),
			false, rate);
		app_top_count(count_at(worker, "queue_full"), false, lost);
	}
	app_top_add(page, is_stalled ? APP_TOP_BAD : APP_TOP_PLAIN,
		"%-10.10s %-8.8s %s %5.1f %% %9s %9s %8.1f s", name, state, bar, 100 * share, rate,
		lost, json_number_value(at(lcore, "silent_seconds")));
}

static void port_row(const struct app_top *top, const json_t *port, struct app_top_page *page)
{
	const json_t *ports = at(top->before, "ports");
	const json_t *before = NULL;
	uint64_t lost =
		count_at(port, "missed") + count_at(port, "no_buffer") + count_at(port, "errors");
	char device[CELL], received[24], rate[24], lost_text[24];

	for (size_t i = 0; i < json_array_size(ports); i++)
		if (count_at(json_array_get(ports, i), "port") == count_at(port, "port"))
			before = json_array_get(ports, i);
	app_top_clean(page, text_at(port, "device"), 40, device, sizeof(device));
	app_top_add(page, lost != 0 ? APP_TOP_BAD : APP_TOP_PLAIN,
		"port %" PRIu64 ": %s packets, %s a second, lost %s   %s", count_at(port, "port"),
		app_top_count(count_at(port, "received"), false, received),
		app_top_count(
			rate_of(top, count_at(port, "received"), count_at(before, "received")),
			false, rate),
		app_top_count(lost, false, lost_text), device);
}

/* Counters of an object that are not 0. */
/* Counters that are not 0, of a sink where `sink` says which: those "sink_…". */
static void show_counts(struct app_top_page *page, const char *title, const json_t *counts,
	const char *sink, bool is_bad)
{
	json_t *object = (json_t *)(uintptr_t)counts;
	size_t size = 0, cut = sink != NULL ? strlen(sink) + 1 : 0;
	char text[4 * CELL] = "", name[CELL], count[24];

	for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
		uint64_t value = (uint64_t)json_integer_value(json_object_iter_value(i));
		const char *key = json_object_iter_key(i), *tail = strrchr(key, '_');

		if (value == 0 || size + 80 > sizeof(text) ||
			(sink != NULL && (tail == NULL || (size_t)(tail - key) + 1 != cut ||
						 strncmp(key, sink, cut - 1) != 0)))
			continue;
		is_bad |= sink != NULL &&
			  (strcmp(tail, "_dropped") == 0 || strcmp(tail, "_failed") == 0 ||
				  strcmp(tail, "_failing") == 0);
		app_top_clean(page, key + cut, 40, name, sizeof(name));
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s %s",
			size != 0 ? ", " : "", name, app_top_count(value, false, count));
	}
	app_top_add(page, size != 0 && is_bad ? APP_TOP_BAD : APP_TOP_PLAIN, "%-8s %s", title,
		size != 0 ? text : "nothing");
}

/* A line for each sink: its counters follow one another. */
static void show_sinks(struct app_top_page *page, const json_t *sinks)
{
	json_t *object = (json_t *)(uintptr_t)sinks;
	char sink[64] = "", title[CELL];

	for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
		const char *key = json_object_iter_key(i), *tail = strrchr(key, '_');
		size_t size = tail != NULL ? (size_t)(tail - key) : 0;

		if (size == 0 || size >= sizeof(sink) ||
			(strlen(sink) == size && strncmp(sink, key, size) == 0))
			continue;
		memcpy(sink, key, size);
		sink[size] = '\0';
		app_top_clean(page, sink, 20, title, sizeof(title));
		show_counts(page, title, sinks, sink, false);
	}
}

static void show_cores(const struct app_top *top, struct app_top_page *page)
{
	const json_t *lcores = at(top->status, "lcores"), *ports = at(top->status, "ports");
	const json_t *dns = at(top->status, "dns"), *before = at(top->before, "dns");
	char queries[24], responses[24];

	app_top_add(page, APP_TOP_HEAD,
		"core       state    busy polls                     packets/s      lost    "
		"silent");
	for (size_t i = 0; i < json_array_size(lcores); i++)
		core_row(top, json_array_get(lcores, i), page);
	app_top_add(page, APP_TOP_PLAIN, "%s", "");
	for (size_t i = 0; i < json_array_size(ports); i++)
		port_row(top, json_array_get(ports, i), page);
	app_top_add(page, APP_TOP_PLAIN, "DNS      %s queries and %s responses a second",
		app_top_count(rate_of(top, count_at(dns, "queries"), count_at(before, "queries")),
			false, queries),
		app_top_count(
			rate_of(top, count_at(dns, "responses"), count_at(before, "responses")),
			false, responses));
	show_counts(page, "lost", at(top->status, "drops"), NULL, true);
	show_sinks(page, at(top->status, "sinks"));
}

static void show_foot(const struct app_top *top, size_t height, struct app_top_page *page)
{
	char text[CELL];

	while (page->count + 1 < height && !page->failed)
		app_top_add(page, APP_TOP_PLAIN, "%s", "");
	if (top->is_typing)
		app_top_add(page, APP_TOP_TITLE, "filter: %s_   Enter: keep, Esc: none",
			app_top_clean(page, top->filter, 40, text, sizeof(text)));
	else if (top->told[0] != '\0')
		app_top_add(page, APP_TOP_BAD, "%s",
			app_top_clean(page, top->told, page->width, text, sizeof(text)));
	else if (top->is_helping || top->is_detailed)
		app_top_add(page, APP_TOP_DIM, "Esc: back   Up, Down: scroll   q: quit");
	else
		app_top_add(page, APP_TOP_DIM,
			"?: help  /: filter  s r n b a: order  t: verdict  Enter: more  p: pause  "
			"q: quit");
}

void app_top_show(struct app_top *top, size_t height, struct app_top_page *page)
{
	bool paper = height == SIZE_MAX;

	page->count = 0;
	if (page->width < APP_TOP_WIDTH_LEAST || height < APP_TOP_HEIGHT_LEAST) {
		app_top_add(page, APP_TOP_PLAIN, "%ux%zu is too small:", page->width, height);
		app_top_add(page, APP_TOP_PLAIN, "adit top needs %d columns", APP_TOP_WIDTH_LEAST);
		app_top_add(page, APP_TOP_PLAIN, "and %d lines; q quits", APP_TOP_HEIGHT_LEAST);
		return;
	}
	if (top->is_helping) {
		app_top_show_help(page);
	} else if (top->is_detailed) {
		app_top_show_detail(top, page);
	} else {
		show_head(top, page);
		show_views(top, page);
		if (top->view == APP_TOP_CORES)
			show_cores(top, page);
		else
			show_rows(top, paper ? SIZE_MAX : app_top_room(height), page);
	}
	if (paper)
		return;
	if (page->count > height - BELOW)
		page->count = height - BELOW;
	show_foot(top, height, page);
}
