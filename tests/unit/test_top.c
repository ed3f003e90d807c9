/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The pages of adit top, of answers that this test makes up.
 */
#include "harness.h"
#include "top.h"

#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

static const char domains[] =
	"{\"items\":["
	"{\"id\":\"few.example\",\"first\":\"2026-11-22T07:00:00Z\",\"last\":\"2026-11-22T07:01:"
	"40Z\","
	"\"verdict\":\"suspect\",\"score\":70,\"queries\":1000,\"bytes_up\":10,\"bytes_down\":20,"
	"\"unique_names\":9},"
	"{\"id\":\"many.example\",\"first\":\"2026-11-22T07:30:00Z\",\"last\":\"2026-11-22T08:30:"
	"00Z\","
	"\"verdict\":\"tunnel\",\"score\":95,\"queries\":2000,\"bytes_up\":41000,\"bytes_down\":1,"
	"\"unique_names\":1999},"
	"{\"id\":\"third.example\",\"first\":\"2026-11-22T07:10:00Z\",\"last\":\"2026-11-22T07:10:"
	"00Z\","
	"\"verdict\":\"tunnel\",\"score\":95,\"queries\":20,\"bytes_up\":7,\"bytes_down\":900000,"
	"\"unique_names\":20},"
	"{\"id\":7},{}],\"held\":5,\"next\":null}";

static struct app_top *make(enum app_top_view view, const char *list)
{
	struct app_top *top = calloc(1, sizeof(*top));

	if (top == NULL)
		return NULL;
	top->view = view;
	app_top_take_status(top, json_loads("{\"health\":\"ok\",\"running\":true}", 0, NULL), 1);
	app_top_take_list(top, json_loads(list, 0, NULL));
	return top;
}

static void drop(struct app_top *top)
{
	app_top_clear(top);
	free(top);
}

static void check_order(struct app_top *top, enum app_top_sort sort, const char *want)
{
	char got[64] = "";

	top->sort[top->view] = sort;
	app_top_arrange(top);
	for (size_t i = 0; i < top->rows; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.1s", top->row[i].id);
	CHECK_EQ_STR(got, want);
}

TEST(top, orders)
{
	struct app_top *top = make(APP_TOP_DOMAINS, domains);

	REQUIRE(top != NULL);
	CHECK_EQ_INT(top->rows, 3); /* what is no row is left out */
	check_order(top, APP_TOP_SCORE, "mtf");
	check_order(top, APP_TOP_RATE, "ftm");
	check_order(top, APP_TOP_NAMES, "mtf");
	check_order(top, APP_TOP_BYTES, "tmf");
	check_order(top, APP_TOP_AGE, "mtf");
	check_order(top, APP_TOP_NEWEST, "fmt");
	/* The chosen row stays the same one. */
	app_top_choose(top, 0);
	check_order(top, APP_TOP_BYTES, "tmf");
	CHECK_EQ_INT(app_top_chosen(top), 2);
	app_top_choose(top, 99);
	CHECK_EQ_STR(top->chosen, "few.example");
	drop(top);
}

TEST(top, filters)
{
	struct app_top *top = make(APP_TOP_DOMAINS, domains);

	REQUIRE(top != NULL);
	snprintf(top->filter, sizeof(top->filter), "%s", "MANY");
	check_order(top, APP_TOP_SCORE, "m");
	top->filter[0] = '\0';
	top->only = "suspect";
	check_order(top, APP_TOP_SCORE, "f");
	top->only = "tunnel";
	check_order(top, APP_TOP_SCORE, "mt");
	snprintf(top->filter, sizeof(top->filter), "%s", "few");
	check_order(top, APP_TOP_SCORE, "");
	CHECK_EQ_INT(app_top_chosen(top), 0);
	drop(top);
}

TEST(top, filters_verdicts_by_tool_and_subscriber)
{
	struct app_top *top = make(APP_TOP_VERDICTS,
		"{\"items\":[{\"id\":\"1\",\"words\":[],\"record\":{\"domain\":\"a.example\","
		"\"verdict\":\"tunnel\",\"tool\":\"iodine\",\"subscribers\":[{\"address\":"
		"\"192.0.2.7\"}]}},{\"id\":\"2\",\"words\":[],\"record\":{\"domain\":null,"
		"\"server\":\"198.51.100.1\",\"verdict\":\"tunnel\",\"tool\":null}}]}");

	REQUIRE(top != NULL);
	CHECK_EQ_INT(top->rows, 2);
	CHECK_EQ_STR(top->row[1].name, "198.51.100.1");
	snprintf(top->filter, sizeof(top->filter), "%s", "192.0.2.7");
	check_order(top, APP_TOP_NEWEST, "1");
	snprintf(top->filter, sizeof(top->filter), "%s", "Iodine");
	check_order(top, APP_TOP_NEWEST, "1");
	drop(top);
}

TEST(top, asks_for_what_an_id_is_whatever_it_holds)
{
	struct app_top *top = make(APP_TOP_DOMAINS, domains);
	char path[APP_TOP_PATH];

	REQUIRE(top != NULL);
	CHECK(app_top_path(top, path));
	CHECK_EQ_STR(path, "/api/v1/domains?limit=1000");
	CHECK(!app_top_detail_path(top, path));
	snprintf(top->chosen, sizeof(top->chosen), "%s", "a/?\n");
	CHECK(app_top_detail_path(top, path));
	CHECK_EQ_STR(path, "/api/v1/domains/%61%2F%3F%0A");
	top->view = APP_TOP_CORES;
	CHECK(!app_top_path(top, path));
	drop(top);
}

static void check_clean(bool unicode, const char *from, unsigned columns, const char *want)
{
	const struct app_top_page page = {.width = 80, .unicode = unicode};
	char text[256];

	CHECK_EQ_STR(app_top_clean(&page, from, columns, text, sizeof(text)), want);
}

TEST(top, makes_text_harmless)
{
	REQUIRE(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
	check_clean(true, "a\x1b[2Jb\r\n\x7f", 80, "a\\027[2Jb\\013\\010\\127");
	check_clean(true,
		"\xc2\x9b"
		"31m",
		80, "\\194\\15531m");                                   /* CSI of C1 */
	check_clean(true, "\xe2\x80\xaegpj", 80, "\\226\\128\\174gpj"); /* right to left */
	check_clean(true, "\xff\xc3", 80, "\\255\\195");                /* no UTF-8 */
	check_clean(true,
		"b\xc3\xbc"
		"cher",
		80,
		"b\xc3\xbc"
		"cher");
	check_clean(false, "b\xc3\xbc", 80, "b\\195\\188");
	check_clean(true, "abcdef", 6, "abcdef");
	check_clean(true, "abcdefg", 6, "abcde…");
	check_clean(false, "abcdefg", 6, "abcde~");
	check_clean(true, "\x1b\x1b", 5, "\\027…");
	check_clean(true, "abc", 0, "");
	check_clean(true, NULL, 5, "");
	check_clean(true, "", 5, "");
}

TEST(top, draws_what_grows)
{
	const struct app_top_page unicode = {.unicode = true}, ascii = {.unicode = false};
	const uint64_t value[] = {0, 5, 10, 70};
	char text[64];

	CHECK_EQ_STR(app_top_draw(&ascii, value, 4, 60, text, sizeof(text)), "_..#");
	CHECK_EQ_STR(app_top_draw(&unicode, value, 4, 60, text, sizeof(text)), "▁▂▂█");
	CHECK_EQ_STR(app_top_draw(&ascii, value, 4, 2, text, sizeof(text)), ".#");
	CHECK_EQ_STR(app_top_draw(&ascii, value, 0, 2, text, sizeof(text)), "");
}

static int columns_of(const char *text)
{
	wchar_t wide[4 * APP_TOP_WIDTH_MOST];
	size_t size = mbstowcs(wide, text, ADIT_COUNT(wide));

	return size == (size_t)-1 ? -1 : wcswidth(wide, size);
}

/* Nothing is wider than the terminal, nothing moves its cursor, whatever the names are. */
static void check_page(struct app_top *top, unsigned width, size_t height)
{
	struct app_top_page page = {.width = width, .unicode = true};

	app_top_show(top, height, &page);
	CHECK(!page.failed);
	CHECK(page.count > 2);
	CHECK(height == SIZE_MAX || page.count <= height);
	for (size_t i = 0; i < page.count; i++) {
		int columns = columns_of(page.line[i].text);

		CHECK(columns >= 0);
		CHECK(columns <= (int)width);
		for (const char *at = page.line[i].text; *at != '\0'; at++)
			CHECK(!iscntrl((unsigned char)*at));
	}
	app_top_page_clear(&page);
}

TEST(top, pages_hold_hostile_names)
{
	static const char hostile[] =
		"{\"items\":[{\"id\":\"\\u001b]0;x\\u0007\\u009b31m\\u202e.example\",\"first\":"
		"\"\\u001b[2J"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"last\":7,\"verdict\":\"tunnel\",\"score\":95,"
		"\"words\":[\"\\u001b[31m\"],\"record\":{\"domain\":\"\\u001b\",\"verdict\":"
		"\"tunnel\",\"tool\":"
		"\"\\u001b[5m\",\"state\":\"\\u001b\\u001b\",\"muted\":{\"reason\":\"\\u001b\"},"
		"\"reasons\":[{\"name\":\"\\u001b\","
		"\"value\":1}],"
		"\"subscribers\":[{\"address\":\"\\u001b\",\"msisdn\":\"\\u001b\"}],\"subscribers_"
		"total\":9,"
		"\"sample_qnames\":[\"\\u001b\\u202e\\u4e2d\\u6587 %s%n\"]}}]}";

	REQUIRE(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
	for (int view = 0; view < APP_TOP_VIEWS; view++) {
		struct app_top *top = make((enum app_top_view)view, hostile);
		json_t *status = json_loads("{\"version\":\"\\u001b[31m\",\"command\":\"\\u001b\","
					    "\"health\":\"stalled\",\"reasons\":"
					    "[\"\\u001b\"],\"lcores\":[{\"lcore\":\"\\u001b\","
					    "\"state\":\"\\u001b\"}],\"ports\":[{"
					    "\"device\":\"\\u001b\"}],\"drops\":{\"\\u001b\":5}}",
			0, NULL);

		REQUIRE(top != NULL);
		app_top_take_status(top, status, 2);
		snprintf(top->filter, sizeof(top->filter), "%s", "\x1b");
		snprintf(top->told, sizeof(top->told), "%s", "\x1b");
		CHECK(view == APP_TOP_CORES || top->rows == 1);
		check_page(top, 80, 24);
		check_page(top, 200, 12);
		check_page(top, 80, SIZE_MAX);
		top->is_detailed = true;
		check_page(top, 80, 24);
		app_top_take_detail(
			top, json_incref(json_array_get(json_object_get(top->list, "items"), 0)));
		check_page(top, 80, 24);
		top->top = 99;
		check_page(top, 80, 24);
		top->is_helping = true;
		check_page(top, 80, 24);
		check_page(top, 20, 24);
		check_page(top, 80, 5);
		drop(top);
	}
}

TEST(top, scrolls_to_the_chosen_row)
{
	struct app_top *top = make(APP_TOP_DOMAINS, domains);
	struct app_top_page page = {.width = 80};

	REQUIRE(top != NULL);
	top->top = 2;
	app_top_choose(top, 0);
	app_top_show(top, 24, &page);
	CHECK_EQ_INT(top->top, 0);
	CHECK_EQ_INT(page.count, 24);
	CHECK(page.line[4].is_chosen);
	CHECK(strstr(page.line[4].text, "many.example") != NULL);
	app_top_page_clear(&page);
	drop(top);
}
