/* SPDX-License-Identifier: BSD-3-Clause
 *
 * /api/v1/ and the table of routes, from which the OpenAPI document is made too.
 */
#include "http.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_version.h>

#define JSON "application/json"

#define LIMIT_PRESET 100

#define FILTERS                                                                                    \
	{"decision", ADIT_HTTP_CHOICE, 0, 0, "tunnel|suspect", "only of this verdict"},            \
		{"min_score", ADIT_HTTP_INTEGER, 0, 100, NULL, "only of this score or more"},      \
		{"since", ADIT_HTTP_TIME, 0, 0, NULL, "only with a record of this time or later"}, \
		{"limit", ADIT_HTTP_INTEGER, 1, 1000, NULL, "most items to give; 100 without"},    \
	{                                                                                          \
		"after", ADIT_HTTP_INTEGER, 1, INT64_MAX, NULL,                                    \
			"goes on where a list ended: its `next`"                                   \
	}
#define DOMAIN                                                                                    \
	{                                                                                         \
		"domain", ADIT_HTTP_TEXT, 0, 0, NULL, "only of this registrable domain, as shown" \
	}
#define SUBSCRIBER                                                                           \
	{                                                                                    \
		"subscriber", ADIT_HTTP_TEXT, 0, 0, NULL,                                    \
			"only of this subscriber: address or pseudonym, or the whole id of " \
			"/api/v1/subscribers"                                                \
	}
static const struct adit_http_parameter verdict_parameters[] = {
	{"state", ADIT_HTTP_CHOICE, 0, 0, "open|update|closed", "only stories in this state"},
	DOMAIN, SUBSCRIBER, FILTERS};
static const struct adit_http_parameter domain_parameters[] = {DOMAIN, FILTERS};
static const struct adit_http_parameter subscriber_parameters[] = {SUBSCRIBER, FILTERS};

static const struct adit_http_parameter mute_parameters[] = {
	{"all", ADIT_HTTP_CHOICE, 0, 0, "true|false", "those that have ended too"}};

static int choice(const struct adit_http_request *request, const char *name,
	const char *const *names, size_t count)
{
	const char *value = adit_http_value(request, name);

	for (size_t i = 0; i < count && value != NULL; i++)
		if (strcmp(names[i], value) == 0)
			return (int)i;
	return -1;
}

static struct adit_store_filter filter_of(const struct adit_http_request *request)
{
	static const char *const states[] = {"open", "update", "closed"};
	static const char *const classes[] = {"suspect", "tunnel"};
	struct adit_store_filter filter = {
		.state = choice(request, "state", states, ADIT_COUNT(states)),
		.verdict = choice(request, "decision", classes, ADIT_COUNT(classes)),
		.score = (uint32_t)adit_http_integer(request, "min_score", 0),
		.domain = adit_http_value(request, "domain"),
		.subscriber = adit_http_value(request, "subscriber"),
		.after = (uint64_t)adit_http_integer(request, "after", 0),
		.limit = (size_t)adit_http_integer(request, "limit", LIMIT_PRESET)};
	const char *since = adit_http_value(request, "since");

	if (since != NULL)
		adit_http_time(since, &filter.since_ns);
	return filter;
}

void app_http_json(struct adit_http_response *response, json_t *document)
{
	char *text = document != NULL
			     ? json_dumps(document, JSON_INDENT(1) | JSON_REAL_PRECISION(9))
			     : NULL;

	json_decref(document);
	adit_http_body(response, JSON, text, text != NULL ? strlen(text) : 0);
}

/* A document of the store: what has changed in it is the tag. */
struct document {
	FILE *to;
	char *text;
	size_t size;
};

static bool document_open(struct document *document)
{
	*document = (struct document){.text = NULL};
	document->to = open_memstream(&document->text, &document->size);
	return document->to != NULL;
}

static void document_give(
	struct document *document, int status, struct adit_http_response *response)
{
	if (document->to == NULL || fclose(document->to) != 0 || status != 0) {
		free(document->text);
		document->text = NULL;
	}
	adit_http_body(response, JSON, document->text, document->size);
}

/* Also after a new start it is another one. */
static uint64_t tag_of(const struct app_http *http)
{
	return http->gauges.started_ns + adit_store_change(http->store);
}

static void list_give(struct app_http *http, enum adit_store_kind kind,
	const struct adit_http_request *request, struct adit_http_response *response)
{
	const struct adit_store_filter filter = filter_of(request);
	struct document document;
	int status = -ENOMEM;

	if (document_open(&document)) {
		pthread_mutex_lock(&http->lock);
		response->etag = tag_of(http);
		status = adit_store_write_list(http->store, kind, &filter, document.to);
		pthread_mutex_unlock(&http->lock);
	}
	document_give(&document, status, response);
}

static void one_give(struct app_http *http, enum adit_store_kind kind, const char *what,
	const struct adit_http_request *request, struct adit_http_response *response)
{
	struct document document;
	int status = -ENOMEM;

	if (document_open(&document)) {
		pthread_mutex_lock(&http->lock);
		response->etag = tag_of(http);
		status = adit_store_write_one(http->store, kind, request->part, document.to);
		pthread_mutex_unlock(&http->lock);
	}
	if (status != -ENOENT) {
		document_give(&document, status, response);
		return;
	}
	fclose(document.to);
	free(document.text);
	adit_http_problem(response, 404,
		"there is no %s '%.200s' among those that are held; the list /api/v1/%ss has "
		"their ids, and http.stories says how many stay",
		what, request->part, what);
}

static void verdicts(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	list_give(context, ADIT_STORE_STORY, request, response);
}

static void verdict(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	one_give(context, ADIT_STORE_STORY, "verdict", request, response);
}

static void domains(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	list_give(context, ADIT_STORE_DOMAIN, request, response);
}

static void domain(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	one_give(context, ADIT_STORE_DOMAIN, "domain", request, response);
}

static void subscribers(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	list_give(context, ADIT_STORE_SUBSCRIBER, request, response);
}

static void subscriber(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	one_give(context, ADIT_STORE_SUBSCRIBER, "subscriber", request, response);
}

static void counters(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	struct app_http *http = context;
	struct document document;

	(void)request;
	document_give(&document,
		document_open(&document) ? app_report_write(http->manager, NULL, document.to)
					 : -ENOMEM,
		response);
}

static void config(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	struct app_http *http = context;
	struct document document;

	(void)request;
	document_give(&document,
		document_open(&document) ? adit_config_json(http->config, document.to) : -ENOMEM,
		response);
}

static void versions(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	(void)context;
	(void)request;
	app_http_json(response,
		json_pack("{s:s,s:s,s:s,s:s,s:{s:s,s:s}}", "adit", ADIT_VERSION, "api", "v1",
			"dpdk", rte_version(), "http", adit_http_library(), "schemas", "verdict",
			ADIT_VERDICT_SCHEMA, "stats", ADIT_STATS_SCHEMA));
}

#define WITH(table) table, ADIT_COUNT(table)
#define WITHOUT     NULL, 0
#define HTML        "text/html; charset=utf-8"
const struct adit_http_route app_http_routes[] = {
	{"/", app_http_page, true, WITHOUT, "the page", HTML, NULL},
	{"/icon.svg", app_http_page, true, WITHOUT, "its icon", "image/svg+xml", NULL},
	{"/page.css", app_http_page, true, WITHOUT, "its style", "text/css", NULL},
	{"/page.js", app_http_page, true, WITHOUT, "its program", "text/javascript", NULL},
	{"/plot.js", app_http_page, true, WITHOUT, "its plots", "text/javascript", NULL},
	{"/metrics", app_http_metrics, false, WITHOUT,
		"all metrics, as OpenMetrics or as Prometheus's text by Accept",
		"text/plain,application/openmetrics-text", NULL},
	{"/healthz", app_http_healthz, true, WITHOUT,
		"whether lcores and management thread get on: 200, or 503 with reasons", JSON,
		"Health"},
	{"/readyz", app_http_readyz, true, WITHOUT,
		"whether every worker has opened a slice: 200, or 503 with reasons", JSON, "Ready"},
	{"/api/v1/verdicts", verdicts, false, WITH(verdict_parameters),
		"stories, the one that changed last first", JSON, "StoryList"},
	{"/api/v1/verdicts/{id}", verdict, false, WITHOUT, "a story and its history", JSON,
		"StoryHistory"},
	{"/api/v1/domains", domains, false, WITH(domain_parameters), "domains of stories", JSON,
		"SubjectList"},
	{"/api/v1/domains/{id}", domain, false, WITHOUT,
		"a domain, its newest stories and its history", JSON, "SubjectHistory"},
	{"/api/v1/subscribers", subscribers, false, WITH(subscriber_parameters),
		"subscribers of stories", JSON, "SubjectList"},
	{"/api/v1/subscribers/{id}", subscriber, false, WITHOUT,
		"a subscriber, its newest stories and its history", JSON, "SubjectHistory"},
	{"/api/v1/counters", counters, false, WITHOUT, "what stats.json would hold by now", JSON,
		"Counters"},
	{"/api/v1/config", config, false, WITHOUT,
		"every option as it is in force; what names a secret is masked", JSON, "Config"},
	{"/api/v1/versions", versions, false, WITHOUT, "versions of program and schemas", JSON,
		"Versions"},
	{"/api/v1/status", app_control_status, false, WITHOUT,
		"how the program gets on: lcores, packets, drops, verdicts, what is in force", JSON,
		"Status"},
	{"/api/v1/mutes", app_control_mutes, false, WITH(mute_parameters),
		"mutes, the newest first", JSON, "MuteList"},
	{"/api/v1/mutes", app_control_mute, false, WITHOUT,
		"mutes a domain and what is below it: what is found is recorded, and alarms nobody",
		JSON, "Done", "POST", "Mute"},
	{"/api/v1/mutes/{id}", app_control_unmute, false, WITHOUT, "ends the mute of a domain",
		JSON, "Done", "DELETE", "Unmute"},
	{"/api/v1/reload", app_control_reload, false, WITHOUT,
		"reads again what can change while it runs, and tells what came of it", JSON,
		"Done", "POST", NULL},
	{"/api/v1/models", app_control_models, false, WITHOUT,
		"reads models, those of the configuration or of a directory of the machine", JSON,
		"Done", "POST", "LoadModels"},
	{"/api/v1/learn", app_control_learn, false, WITHOUT,
		"learns what is ordinary, as --learn does", JSON, "Done", "POST", "Learn"},
	{"/api/v1/dump", app_control_dump, false, WITHOUT,
		"writes rows of windows.csv to a file for a while", JSON, "Done", "POST", "Dump"},
	{"/api/v1/rotate", app_control_rotate, false, WITHOUT,
		"begins new files of verdicts, in the output directory and of sinks", JSON, "Done",
		"POST", NULL},
	{"/api/v1/log", app_control_log, false, WITHOUT, "says how much is told on standard error",
		JSON, "Done", "POST", "Log"},
	{"/api/v1/openapi.json", app_http_openapi, false, WITHOUT, "this document", JSON, NULL},
};
const size_t app_http_route_count = ADIT_COUNT(app_http_routes);
