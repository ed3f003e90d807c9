/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is looked at: answers of the API, and the rows of a view made of them.
 */
#include "top.h"

#include "adit_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

const char *const app_top_views[] = {
	[APP_TOP_DOMAINS] = "domains",
	[APP_TOP_SUBSCRIBERS] = "subscribers",
	[APP_TOP_VERDICTS] = "verdicts",
	[APP_TOP_CORES] = "cores",
};
const char *const app_top_sorts[] = {
	[APP_TOP_SCORE] = "score",
	[APP_TOP_RATE] = "rate",
	[APP_TOP_NAMES] = "names",
	[APP_TOP_BYTES] = "bytes",
	[APP_TOP_AGE] = "age",
	[APP_TOP_NEWEST] = "newest",
};

bool app_top_path(const struct app_top *top, char path[APP_TOP_PATH])
{
	if (top->view == APP_TOP_CORES)
		return false;
	snprintf(path, APP_TOP_PATH, "/api/v1/%s?limit=%d", app_top_views[top->view], APP_TOP_ROWS);
	return true;
}

bool app_top_detail_path(const struct app_top *top, char path[APP_TOP_PATH])
{
	size_t size = (size_t)snprintf(path, APP_TOP_PATH, "/api/v1/%s/", app_top_views[top->view]);
	const char *id = top->chosen;

	if (*id == '\0')
		return false;
	for (; *id != '\0' && size + 4 < APP_TOP_PATH; id++)
		size += (size_t)snprintf(
			path + size, APP_TOP_PATH - size, "%%%02X", (unsigned char)*id);
	return *id == '\0';
}

void app_top_take_status(struct app_top *top, json_t *status, uint64_t now_ns)
{
	json_decref(top->before);
	top->before = top->status;
	top->before_ns = top->status_ns;
	top->status = status;
	top->status_ns = now_ns;
}

void app_top_take_list(struct app_top *top, json_t *list)
{
	json_decref(top->list);
	top->list = list;
	app_top_arrange(top);
}

void app_top_take_detail(struct app_top *top, json_t *detail)
{
	json_decref(top->detail);
	top->detail = detail;
}

void app_top_clear(struct app_top *top)
{
	json_decref(top->status);
	json_decref(top->before);
	json_decref(top->list);
	json_decref(top->detail);
	top->status = top->before = top->list = top->detail = NULL;
	top->rows = 0;
}

static uint64_t count_of(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

static uint64_t time_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	uint64_t ns = 0;

	return text != NULL && adit_http_time(text, &ns) == 0 ? ns : 0;
}

/* False: not as the API promises. */
static bool row_read(const struct app_top *top, const json_t *item, struct app_top_row *row)
{
	const json_t *about =
		top->view == APP_TOP_VERDICTS ? json_object_get(item, "record") : item;
	const char *verdict = json_string_value(json_object_get(about, "verdict"));
	double seconds;

	*row = (struct app_top_row){.item = item,
		.about = about,
		.id = json_string_value(json_object_get(item, "id")),
		.name = json_string_value(json_object_get(about, "domain")),
		.score = count_of(about, "score"),
		.queries = count_of(about, "queries"),
		.names = count_of(about, "unique_names"),
		.up = count_of(about, "bytes_up"),
		.down = count_of(about, "bytes_down"),
		.first_ns = time_of(item, "first"),
		.last_ns = time_of(item, "last")};
	if (row->name == NULL)
		row->name = json_string_value(json_object_get(about, "server"));
	if (top->view != APP_TOP_VERDICTS)
		row->name = row->id;
	if (row->id == NULL || row->name == NULL || verdict == NULL)
		return false;
	row->is_tunnel = strcmp(verdict, "tunnel") == 0;
	/* What was told at once has had no time yet: a slice, then. */
	seconds = row->last_ns > row->first_ns
			  ? (double)(row->last_ns - row->first_ns) / (double)ADIT_NS_PER_S
			  : 0;
	row->rate = (double)row->queries / (seconds > 10 ? seconds : 10);
	return true;
}

static bool has(const char *text, const char *wanted)
{
	return text != NULL && strcasestr(text, wanted) != NULL;
}

/* The text of a record that one may look for: tool and subscribers beside what it is about. */
static bool record_has(const json_t *record, const char *wanted)
{
	const json_t *subscribers = json_object_get(record, "subscribers");

	if (has(json_string_value(json_object_get(record, "tool")), wanted))
		return true;
	for (size_t i = 0; i < json_array_size(subscribers); i++) {
		const json_t *one = json_array_get(subscribers, i);

		if (has(json_string_value(json_object_get(one, "address")), wanted) ||
			has(json_string_value(json_object_get(one, "msisdn")), wanted) ||
			has(json_string_value(json_object_get(one, "imsi")), wanted))
			return true;
	}
	return false;
}

static bool fits(const struct app_top *top, const struct app_top_row *row)
{
	if (top->only != NULL && (strcmp(top->only, "tunnel") == 0) != row->is_tunnel)
		return false;
	return top->filter[0] == '\0' || has(row->name, top->filter) || has(row->id, top->filter) ||
	       record_has(row->about, top->filter);
}

static double key_of(const struct app_top_row *row, enum app_top_sort sort)
{
	switch (sort) {
	case APP_TOP_SCORE:
		return (double)row->score;
	case APP_TOP_RATE:
		return row->rate;
	case APP_TOP_NAMES:
		return (double)row->names;
	case APP_TOP_BYTES:
		return (double)row->up + (double)row->down;
	case APP_TOP_AGE:
		return (double)row->first_ns;
	default:
		return 0;
	}
}

/* The most comes first, and among equals what changed last. */
static int order(const void *left, const void *right, void *sort)
{
	const struct app_top_row *a = left, *b = right;
	double by_a = key_of(a, *(enum app_top_sort *)sort),
	       by_b = key_of(b, *(enum app_top_sort *)sort);

	if (by_a != by_b)
		return by_a < by_b ? 1 : -1;
	return a->place < b->place ? -1 : a->place > b->place;
}

void app_top_arrange(struct app_top *top)
{
	const json_t *items = json_object_get(top->list, "items");

	top->rows = 0;
	for (size_t i = 0; i < json_array_size(items) && top->rows < APP_TOP_ROWS; i++) {
		struct app_top_row *row = &top->row[top->rows];

		if (row_read(top, json_array_get(items, i), row) && fits(top, row)) {
			row->place = i;
			top->rows++;
		}
	}
	qsort_r(top->row, top->rows, sizeof(top->row[0]), order, &top->sort[top->view]);
}

size_t app_top_chosen(const struct app_top *top)
{
	for (size_t i = 0; i < top->rows; i++)
		if (strcmp(top->row[i].id, top->chosen) == 0)
			return i;
	return 0;
}

void app_top_choose(struct app_top *top, size_t row)
{
	if (top->rows == 0)
		return;
	snprintf(top->chosen, sizeof(top->chosen), "%s",
		top->row[row < top->rows ? row : top->rows - 1].id);
}
