/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is known of the chosen row: its sums, how it grew, and the story with the newest record: why
 * it is told, who it is, and names that were asked for. And the help.
 */
#include "top.h"

#include <inttypes.h>
#include <stdio.h>

#define CELL       512
#define POINTS     256 /* of a history: what the API gives at most */
#define INDENT     12
#define DRAW_WIDTH 60

static const json_t *at(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

static uint64_t count_at(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(at(object, key));
}

static const char *clean_at(const struct app_top_page *page, const json_t *object, const char *key,
	unsigned columns, char text[CELL])
{
	return app_top_clean(page, json_string_value(at(object, key)), columns, text, CELL);
}

/* What was added from point to point. */
static void show_growth(
	struct app_top_page *page, const json_t *history, const char *title, const char *key)
{
	uint64_t value[POINTS], before = 0, most = 0;
	size_t count = 0;
	char text[CELL], most_text[24];

	for (size_t i = 0; i < json_array_size(history) && count < POINTS; i++) {
		uint64_t total = count_at(json_array_get(history, i), key);

		value[count] = total > before ? total - before : 0;
		most = value[count] > most ? value[count] : most;
		before = total;
		count++;
	}
	app_top_draw(page, value, count, DRAW_WIDTH, text, sizeof(text));
	app_top_add(page, APP_TOP_PLAIN, "%-*s%s  at most %s", INDENT, title, text,
		app_top_count(most, strncmp(key, "bytes", 5) == 0, most_text));
}

static void show_sums(struct app_top_page *page, const json_t *sums)
{
	char queries[24], names[24], up[24], down[24];

	app_top_add(page, APP_TOP_PLAIN, "%-*s%s queries, %s names, %s up, %s down", INDENT, "sum",
		app_top_count(count_at(sums, "queries"), false, queries),
		app_top_count(count_at(sums, "unique_names"), false, names),
		app_top_count(count_at(sums, "bytes_up"), true, up),
		app_top_count(count_at(sums, "bytes_down"), true, down));
}

static void show_reasons(struct app_top_page *page, const json_t *story, const json_t *record)
{
	const json_t *reasons = at(record, "reasons"), *words = at(story, "words");

	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const json_t *reason = json_array_get(reasons, i);
		char word[CELL], name[CELL];

		app_top_clean(page, json_string_value(json_array_get(words, i)), 30, word, CELL);
		app_top_pad(word, CELL, 30);
		app_top_add(page, APP_TOP_PLAIN, "%-*s%s %.5g against %.5g  %s", INDENT,
			i == 0 ? "why" : "", word, json_number_value(at(reason, "value")),
			json_number_value(at(reason, "threshold")),
			clean_at(page, reason, "name", 30, name));
	}
}

static void show_subscribers(struct app_top_page *page, const json_t *record)
{
	const json_t *list = at(record, "subscribers");
	uint64_t total = count_at(record, "subscribers_total");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		char address[CELL], msisdn[CELL], queries[24], bytes[24];

		app_top_add(page, APP_TOP_PLAIN, "%-*s%s  %s queries, %s%s%s", INDENT,
			i == 0 ? "subscribers" : "", clean_at(page, one, "address", 60, address),
			app_top_count(count_at(one, "queries"), false, queries),
			app_top_count(count_at(one, "bytes_up") + count_at(one, "bytes_down"), true,
				bytes),
			at(one, "msisdn") != NULL && !json_is_null(at(one, "msisdn")) ? ", " : "",
			clean_at(page, one, "msisdn", 20, msisdn));
	}
	if (total > json_array_size(list))
		app_top_add(page, APP_TOP_PLAIN, "%-*sand %" PRIu64 " others", INDENT, "",
			total - json_array_size(list));
}

static void show_names(struct app_top_page *page, const json_t *record)
{
	const json_t *names = at(record, "sample_qnames");

	for (size_t i = 0; i < json_array_size(names); i++) {
		char name[4 * CELL];

		app_top_add(page, APP_TOP_PLAIN, "%-*s%s", INDENT, i == 0 ? "names" : "",
			app_top_clean(page, json_string_value(json_array_get(names, i)),
				page->width - INDENT, name, sizeof(name)));
	}
}

static void show_muted(struct app_top_page *page, const json_t *muted)
{
	char reason[CELL], by[CELL], until[CELL];

	if (json_is_object(muted))
		app_top_add(page, APP_TOP_DIM, "%-*suntil %s by %s: %s", INDENT, "muted",
			clean_at(page, muted, "until", 30, until),
			clean_at(page, muted, "by", 20, by),
			clean_at(page, muted, "reason", 60, reason));
}

static void show_story(struct app_top_page *page, const json_t *story)
{
	const json_t *record = at(story, "record");
	char name[CELL], verdict[CELL], state[CELL], tool[CELL], first[CELL], last[CELL];
	bool is_tunnel = strcmp(clean_at(page, record, "verdict", 10, verdict), "tunnel") == 0;

	clean_at(page, record, "domain", 60, name);
	if (name[0] == '\0')
		clean_at(page, record, "server", 60, name);
	clean_at(page, record, "tool", 20, tool);
	app_top_add(page, APP_TOP_PLAIN, "%s", "");
	app_top_add(page, is_tunnel ? APP_TOP_TUNNEL : APP_TOP_SUSPECT,
		"%-*s%s, score %" PRIu64 ", %s%s%s", INDENT, verdict, name,
		count_at(record, "score"), clean_at(page, record, "state", 10, state),
		tool[0] != '\0' ? ", tool " : "", tool);
	app_top_add(page, APP_TOP_PLAIN, "%-*s%s - %s", INDENT, "time",
		clean_at(page, record, "window_start", 30, first),
		clean_at(page, record, "window_end", 30, last));
	show_muted(page, at(record, "muted"));
	show_sums(page, record);
	show_reasons(page, story, record);
	show_subscribers(page, record);
	show_names(page, record);
}

/* Drops what is scrolled away, below the title. */
static void scroll(struct app_top *top, struct app_top_page *page)
{
	size_t most = page->count > 2 ? page->count - 2 : 0;

	top->detail_lines = page->count;
	if (top->top > most)
		top->top = most;
	if (top->top == 0 || page->failed)
		return;
	memmove(&page->line[1], &page->line[1 + top->top],
		(page->count - 1 - top->top) * sizeof(page->line[0]));
	page->count -= top->top;
}

void app_top_show_detail(struct app_top *top, struct app_top_page *page)
{
	const json_t *detail = top->detail, *items = at(detail, "items");
	const json_t *history = at(detail, "history");
	char id[CELL], first[CELL], last[CELL];

	if (detail == NULL) {
		app_top_add(page, APP_TOP_DIM, "nothing is known of it now");
		return;
	}
	app_top_add(page, APP_TOP_TITLE, "%.*s %s", (int)strlen(app_top_views[top->view]) - 1,
		app_top_views[top->view], clean_at(page, detail, "id", page->width - 12, id));
	app_top_add(page, APP_TOP_PLAIN, "%-*s%s - %s, %" PRIu64 " records", INDENT, "told",
		clean_at(page, detail, "first", 30, first),
		clean_at(page, detail, "last", 30, last), count_at(detail, "records"));
	if (items != NULL)
		show_sums(page, detail);
	show_growth(page, history, "queries", "queries");
	show_growth(page, history, "names", "unique_names");
	show_growth(page, history, "up", "bytes_up");
	show_growth(page, history, "down", "bytes_down");
	if (items == NULL)
		show_story(page, detail);
	for (size_t i = 0; i < json_array_size(items); i++)
		show_story(page, json_array_get(items, i));
	scroll(top, page);
}

void app_top_show_help(struct app_top_page *page)
{
	static const char *const lines[] = {
		"1 2 3 4, Tab     domains, subscribers, verdicts, cores",
		"Up, Down         choose a row; Page Up, Page Down, Home and End too",
		"Enter            more of the chosen row: why, who, names, how it grew",
		"s r n b a        order by score, rate, names, bytes, age; l: what changed last",
		"/                show only rows with a text; Enter keeps it, Esc takes it away",
		"t                tunnels and suspects, tunnels, suspects",
		"p, Space         pause: nothing moves until it is pressed again",
		"? h              this page",
		"Esc              back",
		"q                quit",
		"",
		"rate: queries a second since it began. age: the youngest first.",
		"busy polls: of an lcore's polls since the answer before (--once: since the "
		"start),",
		"those that found something.",
		"lost: packets, on the way from the port to the end; adit ctl status tells where.",
		"Times are UTC.",
	};

	app_top_add(page, APP_TOP_TITLE, "adit top: keys");
	app_top_add(page, APP_TOP_PLAIN, "%s", "");
	for (size_t i = 0; i < ADIT_COUNT(lines); i++)
		app_top_add(page, APP_TOP_PLAIN, "%s", lines[i]);
}
