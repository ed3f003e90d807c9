/* SPDX-License-Identifier: BSD-3-Clause
 *
 * GET /api/v1/status: how the program gets on, in one object. What counters say is read by who
 * answers; what only the management thread knows, it leaves twice a second.
 */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What learning is at; null where nothing is learned. */
static json_t *learning_make(const struct app_learn *learn)
{
	static const char *const names[] = {[APP_LEARN_GATHERS] = "gathers",
		[APP_LEARN_FITS] = "fits",
		[APP_LEARN_OFFERS] = "offers"};

	if (learn->state == APP_LEARN_OFF || learn->state == APP_LEARN_OVER)
		return json_null();
	return json_pack("{s:s,s:s,s:I,s:I}", "state", names[learn->state], "duration",
		learn->duration, "seconds_done",
		(json_int_t)(learn->stretch.done * ADIT_SLICE_NS / ADIT_NS_PER_S), "seconds_of",
		(json_int_t)(learn->stretch.of * ADIT_SLICE_NS / ADIT_NS_PER_S));
}

static json_t *state_make(const struct app_manager *manager)
{
	const struct appliance *appliance = manager->appliance;
	const typeof(manager->http->control.dump) *dump = &manager->http->control.dump;
	bool has_patterns = appliance->patterns != NULL;

	return json_pack("{s:{s:I,s:I},s:I,s:{s:I,s:I},s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o}",
		"stories", "tunnel",
		(json_int_t)adit_verdict_board_count(manager->board, ADIT_VERDICT_TUNNEL),
		"suspect",
		(json_int_t)adit_verdict_board_count(manager->board, ADIT_VERDICT_SUSPECT),
		"models", (json_int_t)adit_judges_count(appliance->judges), "patterns",
		"expressions",
		(json_int_t)(has_patterns ? adit_pattern_expressions(appliance->patterns) : 0),
		"tools", (json_int_t)(has_patterns ? adit_pattern_tools(appliance->patterns) : 0),
		"services", (json_int_t)adit_allow_entries(appliance->allow), "suffix_rules",
		(json_int_t)adit_suffix_rules(appliance->suffixes), "reloads",
		(json_int_t)manager->reload.in_force, "mutes", (json_int_t)manager->mutes.in_force,
		"muted_records",
		(json_int_t)(manager->mutes.records[0] + manager->mutes.records[1]),
		"mute_lines_passed_over", (json_int_t)manager->mutes.passed_over, "learning",
		learning_make(&manager->learn), "dump",
		dump->file != NULL ? json_string(dump->path) : json_null(), "log",
		manager->http->control.log != NULL ? json_string(manager->http->control.log)
						   : json_null());
}

void app_control_look(struct app_control *control)
{
	struct app_http *http = control->http;
	json_t *state = state_make(http->manager), *before;

	pthread_mutex_lock(&http->lock);
	before = control->state;
	control->state = state;
	pthread_mutex_unlock(&http->lock);
	json_decref(before);
}

/* What stats.json would hold by now. */
static json_t *counters_read(const struct app_http *http)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	json_t *counters = NULL;
	int status;

	if (to == NULL)
		return NULL;
	status = app_report_write(http->manager, NULL, to);
	if (fclose(to) == 0 && status == 0)
		counters = json_loadb(text, size, 0, NULL);
	free(text);
	return counters;
}

static void take(json_t *to, const json_t *from, const char *key)
{
	json_object_set(to, key, json_object_get(from, key));
}

static json_t *about(const struct app_http *http)
{
	const struct appliance *appliance = http->appliance;
	uint64_t now_ns = app_now_ns(), since_ns = http->gauges.started_ns;
	unsigned running = atomic_load_explicit(&appliance->lcores_running, memory_order_relaxed);
	char started[40];

	adit_time_text(since_ns / ADIT_NS_PER_S * ADIT_NS_PER_S, started);
	return json_pack("{s:s,s:s,s:i,s:s,s:I,s:b,s:i}", "version", ADIT_VERSION, "command",
		http->manager->command, "pid", (int)getpid(), "started", started, "uptime_seconds",
		(json_int_t)(now_ns > since_ns ? (now_ns - since_ns) / ADIT_NS_PER_S : 0),
		"running", (int)(running != 0), "workers", (int)appliance->worker_count);
}

void app_control_status(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	static const char *const counts[] = {
		"packets", "drops", "dns", "ports", "workers", "packets_per_second", "sinks"};
	struct app_http *http = context;
	json_t *document = about(http), *reasons = json_array();
	json_t *health = app_http_health(http, reasons), *counters = counters_read(http);

	(void)request;
	json_object_set_new(
		document, "health", json_string(json_array_size(reasons) == 0 ? "ok" : "stalled"));
	json_object_set_new(document, "reasons", reasons);
	json_object_update(document, health);
	for (size_t i = 0; i < ADIT_COUNT(counts); i++)
		if (json_object_get(counters, counts[i]) != NULL)
			take(document, counters, counts[i]);
	json_object_set_new(document, "records",
		json_pack("{s:I,s:I}", "tunnel",
			(json_int_t)app_read(&http->told.records[ADIT_VERDICT_TUNNEL]), "suspect",
			(json_int_t)app_read(&http->told.records[ADIT_VERDICT_SUSPECT])));
	pthread_mutex_lock(&http->lock);
	if (http->control.state != NULL)
		json_object_update(document, http->control.state);
	pthread_mutex_unlock(&http->lock);
	json_decref(health);
	json_decref(counters);
	app_http_json(response, document);
}
