/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The store: what it lists for which filter, how histories grow and are thinned, and that it stays
 * within its bounds.
 */
#include "adit_store.h"
#include "verdict_cases.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static const struct adit_store_filter all = {.state = -1, .verdict = -1, .limit = 100};

static struct adit_store *store_make(size_t stories, size_t bytes)
{
	const struct adit_store_params params = {.stories = stories, .bytes = bytes};

	return adit_store_create(&params);
}

/* What was written to the sink. */
static json_t *document_of(struct sink *sink)
{
	json_t *document;

	fclose(sink->file);
	document = json_loads(sink->text, 0, NULL);
	if (document == NULL)
		FAIL("no JSON: %s", sink->text);
	free(sink->text);
	return document;
}

static json_t *list(const struct adit_store *store, enum adit_store_kind kind,
	const struct adit_store_filter *filter)
{
	struct sink sink;

	sink_open(&sink);
	CHECK_EQ_INT(adit_store_write_list(store, kind, filter, sink.file), 0);
	return document_of(&sink);
}

static json_t *one(const struct adit_store *store, enum adit_store_kind kind, const char *id)
{
	struct sink sink;

	sink_open(&sink);
	CHECK_EQ_INT(adit_store_write_one(store, kind, id, sink.file), 0);
	return document_of(&sink);
}

/* Ids of what is listed, each with a space behind. */
static const char *ids(const struct adit_store *store, enum adit_store_kind kind,
	const struct adit_store_filter *filter)
{
	static char text[2048];
	json_t *document = list(store, kind, filter), *item;
	size_t i, used = 0;

	text[0] = '\0';
	json_array_foreach(json_object_get(document, "items"), i, item) used +=
		(size_t)snprintf(text + used, sizeof(text) - used, "%s ",
			json_string_value(json_object_get(item, "id")));
	json_decref(document);
	return text;
}

/* Story `id` of a domain, with one subscriber, at so many seconds. */
static void add(struct adit_store *store, uint64_t id, const char *domain, uint8_t subscriber,
	uint64_t second, uint64_t queries)
{
	struct adit_verdict v;

	fill(&v);
	v.id = id;
	v.state = queries > 100 ? ADIT_STATE_CLOSED : ADIT_STATE_OPEN;
	v.verdict = id % 2 == 0 ? ADIT_VERDICT_SUSPECT : ADIT_VERDICT_TUNNEL;
	v.score = id % 2 == 0 ? 50 : 90;
	v.time_ns = START + second * ADIT_NS_PER_S;
	set_name(&v.domain, domain);
	v.subscriber_count = 1;
	v.subscriber[0].address = address_v4(10, 0, 0, subscriber);
	v.subscriber[0].tap = 0;
	v.subscriber[0].vlan = v.subscriber[0].vlan_inner = 0;
	v.subscriber[0].queries = v.queries = queries;
	v.subscriber[0].bytes_up = v.bytes_up = 10 * queries;
	v.subscriber[0].bytes_down = v.bytes_down = 100 * queries;
	v.unique_names = queries / 2;
	CHECK_EQ_INT(adit_store_add(store, &v, NULL), 0);
}

static int64_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

TEST(store, holds_the_newest_record_and_its_history)
{
	struct adit_store *store = store_make(10, 1 << 20);
	json_t *story, *history;

	add(store, 1, "t.example", 1, 10, 5);
	add(store, 1, "t.example", 1, 20, 25);
	story = one(store, ADIT_STORE_STORY, "0000000000000001");
	history = json_object_get(story, "history");
	CHECK_EQ_INT(number(story, "records"), 2);
	CHECK_EQ_INT(number(json_object_get(story, "record"), "queries"), 25);
	CHECK_EQ_STR(json_string_value(json_array_get(json_object_get(story, "words"), 0)),
		"tool's names");
	CHECK_EQ_INT(json_array_size(history), 2);
	CHECK_EQ_INT(number(json_array_get(history, 0), "queries"), 5);
	CHECK_EQ_INT(number(json_array_get(history, 1), "bytes_down"), 2500);
	CHECK_EQ_STR(json_string_value(json_object_get(json_array_get(history, 1), "time")),
		"2026-11-22T07:20:02Z");
	CHECK_EQ_INT(adit_store_change(store), 2);
	json_decref(story);
	adit_store_destroy(store);
}

TEST(store, adds_up_by_domain_and_subscriber)
{
	struct adit_store *store = store_make(10, 1 << 20);
	json_t *domain, *subscriber;

	add(store, 1, "t.example", 1, 10, 5);
	add(store, 3, "t.example", 2, 10, 7);
	add(store, 1, "t.example", 1, 20, 25); /* 20 more */
	add(store, 5, "u.example", 1, 30, 100);
	domain = one(store, ADIT_STORE_DOMAIN, "t.example");
	subscriber = one(store, ADIT_STORE_SUBSCRIBER, "10.0.0.1");
	CHECK_EQ_INT(number(domain, "queries"), 32);
	CHECK_EQ_INT(number(domain, "stories"), 2);
	CHECK_EQ_INT(json_array_size(json_object_get(domain, "items")), 2);
	/* Both of second 10 are one point. */
	CHECK_EQ_INT(json_array_size(json_object_get(domain, "history")), 2);
	CHECK_EQ_INT(number(subscriber, "queries"), 125);
	CHECK_EQ_INT(number(subscriber, "bytes_up"), 1250);
	CHECK_EQ_INT(number(subscriber, "unique_names"), 62);
	CHECK_EQ_INT(json_array_size(json_object_get(subscriber, "items")), 2);
	json_decref(domain);
	json_decref(subscriber);
	adit_store_destroy(store);
}

TEST(store, filters_and_pages)
{
	struct adit_store *store = store_make(10, 1 << 20);
	struct adit_store_filter filter = all;
	json_t *document;

	add(store, 1, "a.example", 1, 10, 5);
	add(store, 2, "b.example", 2, 20, 5);
	add(store, 3, "c.example", 2, 30, 500);
	CHECK_EQ_STR(ids(store, ADIT_STORE_STORY, &filter),
		"0000000000000003 0000000000000002 0000000000000001 ");
	filter.verdict = ADIT_VERDICT_SUSPECT;
	CHECK_EQ_STR(ids(store, ADIT_STORE_STORY, &filter), "0000000000000002 ");
	CHECK_EQ_STR(ids(store, ADIT_STORE_DOMAIN, &filter), "b.example ");
	filter = all;
	filter.state = ADIT_STATE_CLOSED;
	CHECK_EQ_STR(ids(store, ADIT_STORE_STORY, &filter), "0000000000000003 ");
	filter = all;
	filter.score = 60;
	CHECK_EQ_STR(ids(store, ADIT_STORE_DOMAIN, &filter), "c.example a.example ");
	filter = all;
	filter.domain = "A.example";
	CHECK_EQ_STR(ids(store, ADIT_STORE_STORY, &filter), "0000000000000001 ");
	filter = all;
	filter.subscriber = "10.0.0.2";
	CHECK_EQ_STR(ids(store, ADIT_STORE_STORY, &filter), "0000000000000003 0000000000000002 ");
	filter.subscriber = "10.0.0";
	CHECK_EQ_STR(ids(store, ADIT_STORE_STORY, &filter), "");
	filter = all;
	filter.since_ns = START + 20 * ADIT_NS_PER_S;
	CHECK_EQ_STR(ids(store, ADIT_STORE_STORY, &filter), "0000000000000003 0000000000000002 ");
	filter = all;
	filter.limit = 2;
	document = list(store, ADIT_STORE_STORY, &filter);
	CHECK_EQ_INT(number(document, "held"), 3);
	CHECK_EQ_STR(json_string_value(json_object_get(document, "next")), "2");
	json_decref(document);
	filter.after = 2;
	document = list(store, ADIT_STORE_STORY, &filter);
	CHECK_EQ_INT(json_array_size(json_object_get(document, "items")), 1);
	CHECK(json_is_null(json_object_get(document, "next")));
	json_decref(document);
	adit_store_destroy(store);
}

/* Subscribers of one record share a change: no page may part them, or some would be left out. */
TEST(store, pages_leave_nobody_out)
{
	struct adit_store *store = store_make(10, 1 << 20);
	struct adit_store_filter filter = all;
	struct adit_verdict v;

	add(store, 1, "a.example", 9, 10, 5);
	fill(&v);
	CHECK_EQ_INT(adit_store_add(store, &v, NULL), 0);
	filter.limit = 1;
	CHECK_EQ_STR(ids(store, ADIT_STORE_SUBSCRIBER, &filter),
		"2001:db8::9 10.45.0.7,tap=1,vlan=100,inner=200 ");
	filter.after = 2;
	CHECK_EQ_STR(ids(store, ADIT_STORE_SUBSCRIBER, &filter), "10.0.0.9 ");
	filter = all;
	filter.subscriber = "10.45.0.7";
	CHECK_EQ_STR(
		ids(store, ADIT_STORE_SUBSCRIBER, &filter), "10.45.0.7,tap=1,vlan=100,inner=200 ");
	adit_store_destroy(store);
}

TEST(store, keeps_to_its_number_of_stories)
{
	struct adit_store *store = store_make(3, 1 << 20);
	struct adit_store_usage usage;
	struct sink sink;

	for (uint64_t i = 1; i <= 5; i++) {
		char name[32];

		snprintf(name, sizeof(name), "d%u.example", (unsigned)i);
		add(store, i, name, 7, i, 5);
		add(store, 1, "d1.example", 1, i, 5 * i); /* the first one stays young */
	}
	CHECK_EQ_STR(ids(store, ADIT_STORE_STORY, &all),
		"0000000000000001 0000000000000005 0000000000000004 ");
	CHECK_EQ_STR(ids(store, ADIT_STORE_DOMAIN, &all), "d1.example d5.example d4.example ");
	adit_store_usage(store, &usage);
	CHECK_EQ_INT(usage.evicted, 2);
	CHECK_EQ_INT(usage.count[ADIT_STORE_STORY], 3);
	CHECK_EQ_INT(usage.count[ADIT_STORE_SUBSCRIBER], 2);
	sink_open(&sink);
	CHECK_EQ_INT(
		adit_store_write_one(store, ADIT_STORE_DOMAIN, "d2.example", sink.file), -ENOENT);
	fclose(sink.file);
	free(sink.text);
	adit_store_destroy(store);
}

TEST(store, keeps_to_its_bytes)
{
	struct adit_store *store = store_make(100000, 300000);
	struct adit_store_usage usage;

	for (uint64_t i = 1; i <= 500; i++) {
		char name[32];

		snprintf(name, sizeof(name), "d%u.example", (unsigned)i);
		add(store, i, name, (uint8_t)i, i, 5);
		adit_store_usage(store, &usage);
		if (usage.bytes > 300000)
			FAIL("%u stories take %u bytes", (unsigned)i, (unsigned)usage.bytes);
	}
	CHECK(usage.count[ADIT_STORE_STORY] > 20);
	CHECK_EQ_INT(usage.evicted + usage.count[ADIT_STORE_STORY], 500);
	adit_store_destroy(store);
}

TEST(store, thins_a_long_history)
{
	struct adit_store *store = store_make(10, 1 << 20);
	json_t *story, *history, *point;
	int64_t last = -1;
	size_t i;

	for (uint64_t second = 0; second < 1000; second++)
		add(store, 1, "t.example", 1, second, second);
	story = one(store, ADIT_STORE_STORY, "0000000000000001");
	history = json_object_get(story, "history");
	CHECK(json_array_size(history) > ADIT_STORE_POINTS / 3);
	CHECK(json_array_size(history) <= ADIT_STORE_POINTS);
	json_array_foreach(history, i, point)
	{
		CHECK(number(point, "queries") > last);
		last = number(point, "queries");
	}
	CHECK_EQ_INT(last, 999);
	json_decref(story);
	adit_store_destroy(store);
}

TEST(store, shows_pseudonyms_alone)
{
	char path[] = "/tmp/adit_store_key_XXXXXX";
	int file = mkstemp(path);
	struct adit_store *store = store_make(10, 1 << 20);
	struct adit_privacy *privacy = NULL;
	struct adit_verdict v;
	struct adit_error error;
	struct sink sink;

	REQUIRE(file >= 0);
	CHECK_EQ_INT(write(file, "0123456789abcdef", 16), 16);
	close(file);
	REQUIRE(adit_privacy_open(path, ADIT_PRIVACY_ALL, &privacy, &error) == 0);
	fill(&v);
	CHECK_EQ_INT(adit_store_add(store, &v, privacy), 0);
	for (int kind = 0; kind < ADIT_STORE_KINDS; kind++) {
		sink_open(&sink);
		CHECK_EQ_INT(adit_store_write_list(store, kind, &all, sink.file), 0);
		fclose(sink.file);
		CHECK(strstr(sink.text, "10.45.0.7") == NULL);
		CHECK(strstr(sink.text, "192.0.2.") == NULL);
		CHECK(strstr(sink.text, "2001:db8") == NULL);
		CHECK(strstr(sink.text, "001010000000001") == NULL);
		if (kind == ADIT_STORE_SUBSCRIBER)
			CHECK(strstr(sink.text, "\"p4-") != NULL);
		free(sink.text);
	}
	adit_privacy_close(privacy);
	unlink(path);
	adit_store_destroy(store);
}
