/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DPDK 22.11 bounds an answer: 16 KiB of text, 256 members of an object, 127 bytes of a string,
 * names of letters, digits and underscores, and no lists of objects. What is told is
 * cut to fit, and says so.
 */
#include "telemetry.h"

#include "http.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_telemetry.h>

/* Of the 16 KiB that DPDK writes an answer into. */
#define TEXT_MOST 15000
/* A pair's quotes, colon and comma. */
#define PAIR_TEXT 5
#define NAME_ROOM 64
/* Of one record. */
#define LISTED_MOST 8

/* DPDK can't forget a command: they stay, and ask here whether there is something to tell. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static struct app_http *told;

/* An answer that grows as long as it fits. */
struct answer {
	struct rte_tel_data *data;
	size_t text, members;
	uint64_t left_out;
};

static void number_add(struct answer *answer, const char *name, uint64_t value)
{
	char text[24];
	size_t size =
		strlen(name) + PAIR_TEXT + (size_t)snprintf(text, sizeof(text), "%" PRIu64, value);

	/* One member is kept for what is left out. */
	if (answer->text + size > TEXT_MOST || answer->members + 1 >= RTE_TEL_MAX_DICT_ENTRIES ||
		rte_tel_data_add_dict_u64(answer->data, name, value) != 0) {
		answer->left_out++;
		return;
	}
	answer->text += size;
	answer->members++;
}

/* As a name of telemetry: what is neither letter nor digit is an underscore. */
static void name_add(char name[NAME_ROOM], const char *text)
{
	size_t used = strlen(name);

	if (used != 0 && used + 1 < NAME_ROOM)
		name[used++] = '_';
	for (; *text != '\0' && used + 1 < NAME_ROOM; text++)
		name[used++] = isalnum((unsigned char)*text) ? *text : '_';
	name[used] = '\0';
}

/* Numbers are whole: seconds are told in nanoseconds. */
static void name_make(char name[NAME_ROOM], const struct adit_metrics_counter *is)
{
	size_t size = strlen(is->name), seconds = strlen("_seconds");

	name[0] = '\0';
	name_add(name, is->name);
	if (is->is_ns && size > seconds && strcmp(is->name + size - seconds, "_seconds") == 0 &&
		size < NAME_ROOM)
		name[size - seconds] = '\0';
	if (is->value != NULL)
		name_add(name, is->value);
}

static void counter_add(struct answer *answer, const struct adit_metrics *metrics, size_t number,
	const char *prefix)
{
	const struct adit_metrics_counter *is = adit_metrics_get(metrics, number);
	size_t sum = is->histogram != NULL ? is->histogram->bounds + 1 : 0;
	char name[NAME_ROOM];

	name_make(name, is);
	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return;
	if (is->histogram != NULL) {
		char whole[NAME_ROOM];

		snprintf(whole, sizeof(whole), "%.50s_count", name);
		number_add(answer, whole, adit_metrics_read(metrics, number));
		snprintf(whole, sizeof(whole), "%.50s_sum_ns", name);
		number_add(answer, whole, adit_metrics_read_cell(metrics, number, sum));
		return;
	}
	if (is->is_ns)
		name_add(name, "ns");
	number_add(answer, name, adit_metrics_read(metrics, number));
}

/* Their number grows with the machine: they come last. */
static bool is_part(const struct adit_metrics_counter *is)
{
	static const char *const parts[] = {"port", "queue", "worker", "lcore", "sink"};

	for (size_t i = 0; i < ADIT_COUNT(parts) && is->label != NULL; i++)
		if (strcmp(is->label, parts[i]) == 0)
			return true;
	return false;
}

static bool is_information(const char *name)
{
	size_t size = strlen(name), end = strlen("_info");

	return size > end && strcmp(name + size - end, "_info") == 0;
}

/* Whose turn it is; NULL: there is nothing to tell. To be given back. */
static struct app_http *take(struct rte_tel_data *data)
{
	pthread_mutex_lock(&gate);
	rte_tel_data_start_dict(data);
	if (told == NULL)
		rte_tel_data_add_dict_string(data, "error", "the appliance does not run");
	else
		pthread_mutex_lock(&told->lock);
	return told;
}

static int give_back(struct app_http *http)
{
	if (http != NULL)
		pthread_mutex_unlock(&http->lock);
	pthread_mutex_unlock(&gate);
	return 0;
}

static int stats(const char *command, const char *params, struct rte_tel_data *data)
{
	struct answer answer = {.data = data};
	const struct adit_metrics *metrics;
	struct app_http *http = take(data);

	(void)command;
	if (http == NULL)
		return give_back(http);
	app_http_refresh(http);
	metrics = app_registry_metrics(http->registry);
	for (int parts = 0; parts < 2; parts++)
		for (size_t i = 0; i < adit_metrics_count(metrics); i++) {
			const struct adit_metrics_counter *is = adit_metrics_get(metrics, i);

			if (is_part(is) == (parts != 0) && !is_information(is->name))
				counter_add(&answer, metrics, i, params != NULL ? params : "");
		}
	if (answer.left_out != 0)
		rte_tel_data_add_dict_u64(data, "left_out", answer.left_out);
	return give_back(http);
}

/* A string as telemetry holds it: the last of what is too long are dots. */
static void text_add(struct rte_tel_data *data, const char *name, const char *text)
{
	char cut[RTE_TEL_MAX_STRING_LEN];

	if (text == NULL)
		return;
	if (snprintf(cut, sizeof(cut), "%s", text) >= (int)sizeof(cut))
		memcpy(cut + sizeof(cut) - 4, "...", 4);
	if (name != NULL)
		rte_tel_data_add_dict_string(data, name, cut);
	else
		rte_tel_data_add_array_string(data, cut);
}

static void count_add(struct rte_tel_data *data, const char *name, const json_t *from)
{
	rte_tel_data_add_dict_u64(
		data, name, (uint64_t)json_integer_value(json_object_get(from, name)));
}

/* A list of strings, or of the strings that its objects have under a key. */
static void list_add(
	struct rte_tel_data *data, const char *name, const json_t *list, const char *key)
{
	struct rte_tel_data *array = rte_tel_data_alloc();

	if (array == NULL)
		return;
	rte_tel_data_start_array(array, RTE_TEL_STRING_VAL);
	for (size_t i = 0; i < json_array_size(list) && i < LISTED_MOST; i++) {
		const json_t *item = json_array_get(list, i);

		text_add(array, NULL,
			json_string_value(key != NULL ? json_object_get(item, key) : item));
	}
	if (rte_tel_data_add_dict_container(data, name, array, 0) != 0)
		rte_tel_data_free(array);
}

/* A story of the store, as telemetry can have it. */
static void story_add(struct rte_tel_data *data, const json_t *story)
{
	static const char *const texts[] = {"domain", "server", "verdict", "state", "tool", "time"};
	static const char *const counts[] = {
		"score", "queries", "unique_names", "bytes_up", "bytes_down", "subscribers_total"};
	const json_t *record = json_object_get(story, "record");

	text_add(data, "id", json_string_value(json_object_get(story, "id")));
	for (size_t i = 0; i < ADIT_COUNT(texts); i++)
		text_add(data, texts[i], json_string_value(json_object_get(record, texts[i])));
	for (size_t i = 0; i < ADIT_COUNT(counts); i++)
		count_add(data, counts[i], record);
	list_add(data, "reasons", json_object_get(story, "words"), NULL);
	list_add(data, "subscribers", json_object_get(record, "subscribers"), "address");
	list_add(data, "sample_qnames", json_object_get(record, "sample_qnames"), NULL);
}

/* As a member of the answer. */
static void story_give(struct rte_tel_data *data, const char *name, const json_t *story)
{
	struct rte_tel_data *one = rte_tel_data_alloc();

	if (one == NULL)
		return;
	rte_tel_data_start_dict(one);
	story_add(one, story);
	if (rte_tel_data_add_dict_container(data, name, one, 0) != 0)
		rte_tel_data_free(one);
}

/* What a writer of the store wrote; NULL: nothing. */
static json_t *read_back(FILE *to, char **text, size_t *size, int status)
{
	json_t *document = NULL;

	if (to != NULL && fclose(to) == 0 && status == 0)
		document = json_loadb(*text, *size, 0, NULL);
	free(*text);
	return document;
}

static json_t *newest(const struct app_http *http)
{
	const struct adit_store_filter filter = {
		.state = -1, .verdict = -1, .limit = RTE_TEL_MAX_DICT_ENTRIES};
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	int status = to != NULL ? adit_store_write_list(http->store, ADIT_STORE_STORY, &filter, to)
				: -ENOMEM;

	return read_back(to, &text, &size, status);
}

static size_t text_size(const json_t *text)
{
	const char *at = json_string_value(text);
	size_t size = json_string_length(text);

	/* Each is written as two. */
	for (; at != NULL && *at != '\0'; at++)
		size += *at == '\\' || *at == '"';
	return PAIR_TEXT + (size < 2 * RTE_TEL_MAX_STRING_LEN ? size : 2 * RTE_TEL_MAX_STRING_LEN);
}

static size_t list_size(const json_t *list, const char *key)
{
	const json_t *item;
	size_t i, size = 0;

	json_array_foreach(list, i, item)
	{
		if (i < LISTED_MOST)
			size += text_size(key != NULL ? json_object_get(item, key) : item);
	}
	return size;
}

/* What a story takes of the answer, at most. */
static size_t size_of(const json_t *story)
{
	const json_t *record = json_object_get(story, "record");
	/* Names, numbers and short words. */
	size_t size = 500 + text_size(json_object_get(record, "domain")) +
		      text_size(json_object_get(record, "server")) +
		      text_size(json_object_get(record, "tool"));

	return size + list_size(json_object_get(story, "words"), NULL) +
	       list_size(json_object_get(record, "subscribers"), "address") +
	       list_size(json_object_get(record, "sample_qnames"), NULL);
}

static int verdicts(const char *command, const char *params, struct rte_tel_data *data)
{
	struct app_http *http = take(data);
	json_t *document, *items;
	size_t size = 0;

	(void)command;
	(void)params;
	if (http == NULL)
		return give_back(http);
	document = newest(http);
	items = json_object_get(document, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *story = json_array_get(items, i);

		size += size_of(story);
		if (size > TEXT_MOST)
			break;
		story_give(data, json_string_value(json_object_get(story, "id")), story);
	}
	json_decref(document);
	return give_back(http);
}

static void domain_tell(struct rte_tel_data *data, const json_t *document)
{
	static const char *const texts[] = {"id", "first", "last", "verdict"};
	static const char *const counts[] = {"score", "highest_score", "stories", "records",
		"queries", "unique_names", "bytes_up", "bytes_down"};
	const json_t *items = json_object_get(document, "items");

	for (size_t i = 0; i < ADIT_COUNT(texts); i++)
		text_add(data, texts[i], json_string_value(json_object_get(document, texts[i])));
	for (size_t i = 0; i < ADIT_COUNT(counts); i++)
		count_add(data, counts[i], document);
	if (json_array_size(items) != 0)
		story_give(data, "newest", json_array_get(items, 0));
}

static int domain(const char *command, const char *params, struct rte_tel_data *data)
{
	struct app_http *http = take(data);
	const char *name = params != NULL ? params : "";
	json_t *document = NULL;
	char *text = NULL, said[RTE_TEL_MAX_STRING_LEN];
	size_t size = 0;
	FILE *to;

	(void)command;
	if (http == NULL)
		return give_back(http);
	to = open_memstream(&text, &size);
	document = read_back(to, &text, &size,
		to != NULL ? adit_store_write_one(http->store, ADIT_STORE_DOMAIN, name, to)
			   : -ENOMEM);
	if (document != NULL) {
		domain_tell(data, document);
	} else {
		snprintf(said, sizeof(said),
			name[0] != '\0' ? "there is no domain %.60s among those that are held"
					: "expected /adit/domain,NAME with a name of a verdict",
			name);
		text_add(data, "error", said);
	}
	json_decref(document);
	return give_back(http);
}

void app_telemetry_open(struct app_http *http)
{
	static bool registered;

	pthread_mutex_lock(&gate);
	told = http;
	pthread_mutex_unlock(&gate);
	if (registered)
		return;
	registered = true;
	rte_telemetry_register_cmd("/adit/stats", stats,
		"Counters and gauges as flat numbers. Parameter: only those whose names begin so");
	rte_telemetry_register_cmd("/adit/verdicts", verdicts,
		"The newest record of each story by its id, the one that changed last first. No "
		"parameters");
	rte_telemetry_register_cmd("/adit/domain", domain,
		"What is known of a domain of a verdict. Parameter: its name");
}

void app_telemetry_close(void)
{
	pthread_mutex_lock(&gate);
	told = NULL;
	pthread_mutex_unlock(&gate);
}
