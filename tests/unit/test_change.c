/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a reload of the configuration takes over, option by option.
 */
#include "adit_config.h"
#include "config_priv.h"
#include "harness.h"

#include <stdlib.h>

/* Another value than it has. */
static void change(struct adit_config *config, const struct adit_option *option)
{
	struct adit_place place = {"test", 0};
	struct adit_error error = {""};
	void *field = adit_option_field(config, option);
	char text[64] = "something else";

	if (option->type == ADIT_OPTION_BOOL)
		snprintf(text, sizeof(text), "%s", *(bool *)field ? "false" : "true");
	else if (option->type == ADIT_OPTION_INT)
		snprintf(text, sizeof(text), "%lld",
			(long long)(*(int64_t *)field == option->low ? option->high : option->low));
	else if (option->type == ADIT_OPTION_INTS)
		snprintf(text, sizeof(text), "%lld", (long long)option->high);
	else if (option->choices != NULL)
		/* The first, or the last where it is that. */
		snprintf(text, sizeof(text), "%s",
			strncmp(option->choices, *(char **)field, strlen(*(char **)field)) == 0
				? strrchr(option->choices, '|') + 1
				: strndupa(option->choices, strcspn(option->choices, "|")));
	if (adit_option_set(config, option, text, place, &error) != 0)
		FAIL("%s.%s: %s", option->section, option->name, error.text);
}

/* What the reference page says of an option, in its column. */
static bool page_says_yes(const char *page, const struct adit_option *option)
{
	char row[96];
	const char *at, *end, *yes, *restart;

	snprintf(row, sizeof(row), "\n| `%s.%s` |", option->section, option->name);
	at = strstr(page, row);
	if (at == NULL) {
		FAIL("no row %s", row + 1);
		return false;
	}
	end = strchr(at + 1, '\n');
	yes = strstr(at, "` | yes | ");
	restart = strstr(at, "` | restart | ");
	CHECK((yes != NULL && yes < end) != (restart != NULL && restart < end));
	return yes != NULL && yes < end;
}

TEST(change, each_option_reloads_or_is_told_by_name)
{
	struct adit_config_names reloads, restarts;
	struct adit_config defaults, now, next;
	char *page = NULL, name[96];
	size_t size, taken = 0;
	FILE *to = open_memstream(&page, &size);

	REQUIRE(adit_config_reference(to) == 0);
	fclose(to);
	REQUIRE(adit_config_init(&defaults) == 0);
	for (size_t i = 0; i < adit_option_count; i++) {
		const struct adit_option *option = &adit_options[i];
		bool is = adit_option_reloads(option);
		const void *field = adit_option_field(&now, option);
		char *before;

		taken += is;
		CHECK(page_says_yes(page, option) == is);
		REQUIRE(adit_config_copy(&now, &defaults) == 0);
		REQUIRE(adit_config_copy(&next, &defaults) == 0);
		adit_config_compare(&now, &next, &reloads, &restarts);
		CHECK_EQ_INT(reloads.count + restarts.count, 0);
		change(&next, option);
		snprintf(name, sizeof(name), "%s.%s", option->section, option->name);
		adit_config_compare(&now, &next, &reloads, &restarts);
		CHECK_EQ_STR(reloads.text, is ? name : "");
		CHECK_EQ_STR(restarts.text, is ? "" : name);
		CHECK_EQ_INT(reloads.count, is);
		CHECK_EQ_INT(restarts.count, !is);
		/* What needs a restart stays, and stays where it is. */
		REQUIRE(adit_config_keep(&next, &now) == 0);
		adit_config_compare(&now, &next, &reloads, &restarts);
		CHECK_EQ_INT(reloads.count, is);
		CHECK_EQ_INT(restarts.count, 0);
		before = option->type == ADIT_OPTION_STRING ? *(char *const *)field : NULL;
		adit_config_exchange(&now, &next);
		CHECK(before == NULL || is || *(char *const *)field == before);
		adit_config_compare(&now, &defaults, &reloads, &restarts);
		CHECK_EQ_INT(reloads.count, is);
		CHECK_EQ_INT(restarts.count, 0);
		adit_config_compare(&next, &defaults, &reloads, &restarts);
		CHECK_EQ_INT(reloads.count + restarts.count, 0);
		adit_config_clear(&now);
		adit_config_clear(&next);
	}
	/* Memory and ports do not, detection does. */
	CHECK(taken > 15 && taken < adit_option_count / 2);
	for (size_t i = 0; i < adit_option_count; i++) {
		const char *section = adit_options[i].section;

		if (strcmp(section, "detect") == 0)
			CHECK(adit_option_reloads(&adit_options[i]));
		if (strcmp(section, "window") == 0 || strcmp(section, "port") == 0)
			CHECK(!adit_option_reloads(&adit_options[i]));
	}
	adit_config_clear(&defaults);
	free(page);
}

/* All names, as far as there is room; the number says how many there are. */
TEST(change, many_names_end_in_dots)
{
	struct adit_config_names reloads, restarts;
	struct adit_config now, next;

	REQUIRE(adit_config_init(&now) == 0);
	REQUIRE(adit_config_copy(&next, &now) == 0);
	for (size_t i = 0; i < adit_option_count; i++)
		change(&next, &adit_options[i]);
	adit_config_compare(&now, &next, &reloads, &restarts);
	CHECK_EQ_INT(reloads.count + restarts.count, adit_option_count);
	CHECK(strlen(restarts.text) < sizeof(restarts.text));
	CHECK_EQ_STR(restarts.text + strlen(restarts.text) - 5, ", ...");
	CHECK(strstr(restarts.text, ", ..., ...") == NULL);
	adit_config_clear(&now);
	adit_config_clear(&next);
}

/* Groups that are the same stay where they are, whatever their place in the list; one that differs
 * in anything is another. */
TEST(change, groups_of_sinks)
{
	static const char one[] = "sinks = ( { type = \"jsonl\"; path = \"/a\"; }, "
				  "{ type = \"rpz\"; path = \"/b\"; } );";
	static const char two[] = "sinks = ( { type = \"rpz\"; path = \"/b\"; }, "
				  "{ type = \"jsonl\"; path = \"/a\"; keep = 3; } );";
	struct adit_sink_config *rpz, *jsonl;
	struct adit_config now, next;
	struct adit_error error = {""};

	REQUIRE(adit_config_init(&now) == 0 && adit_config_init(&next) == 0);
	REQUIRE(adit_config_read_text(&now, "one", one, &error) == 0);
	REQUIRE(adit_config_read_text(&next, "two", two, &error) == 0);
	jsonl = now.sinks.item[0];
	rpz = now.sinks.item[1];
	CHECK(adit_sink_config_same(rpz, next.sinks.item[0]));
	CHECK(!adit_sink_config_same(jsonl, next.sinks.item[1]));
	adit_config_exchange(&now, &next);
	REQUIRE(now.sinks.count == 2 && next.sinks.count == 2);
	CHECK(now.sinks.item[0] == rpz);
	CHECK(now.sinks.item[1] != jsonl);
	CHECK_EQ_INT(now.sinks.item[1]->keep, 3);
	CHECK(next.sinks.item[0] == jsonl);
	CHECK(next.sinks.item[1] != rpz);
	adit_config_clear(&now);
	adit_config_clear(&next);
}
