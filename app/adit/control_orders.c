/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Orders about what judges, and about what is said of it.
 */
#include "arguments.h"
#include "http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char *app_order_text(const struct app_order *order, const char *key)
{
	return json_string_value(json_object_get(order->request, key));
}

static bool is_running(const struct app_control *control)
{
	return atomic_load_explicit(
		       &control->http->appliance->lcores_running, memory_order_relaxed) != 0;
}

bool app_order_reload(struct app_control *control, struct app_order *order)
{
	char text[APP_RELOAD_TEXT];
	int status;

	if (!is_running(control))
		return app_order_refuse(order, 409, "the run is over: nothing judges any more");
	if (control->http->manager->reload.read == NULL)
		return app_order_refuse(order, 409,
			"this run reads nothing again: it is a replay; expected adit run");
	if (!order->is_begun) {
		order->is_begun = true;
		order->number = app_reload_ask(&control->http->manager->reload);
	}
	status = app_reload_answer(&control->http->manager->reload, order->number, text);
	if (status == -EINPROGRESS)
		return false;
	if (status != 0)
		return app_order_refuse(order, 409, "%s", text);
	return app_order_done(order, json_pack("{s:b,s:s}", "done", 1, "detail", text));
}

static void models_read(void *context)
{
	struct app_order *order = context;

	order->job_status = app_models_read_from(order->path, &order->judges, &order->job_error);
}

/* Read beside this thread; handed over when nothing else is on its way; in force when the scoring
 * core has taken them, between two slices. */
bool app_order_models(struct app_control *control, struct app_order *order)
{
	struct app_reload *reload = &control->http->manager->reload;
	const char *path = app_order_text(order, "directory");

	if (path == NULL)
		return app_order_reload(control, order);
	if (!is_running(control))
		return app_order_refuse(order, 409, "the run is over: nothing judges any more");
	if (!order->is_begun) {
		order->is_begun = true;
		snprintf(order->path, sizeof(order->path), "%s", path);
		if (app_job_start(
			    &order->job, "adit-models", models_read, order, &order->problem) != 0)
			return app_order_refuse(order, 500, "%s", order->problem.text);
		return false;
	}
	if (app_job_over(&order->job) && order->job_status != 0)
		return app_order_refuse(order, 409,
			"%s; the models that judged before stay in force", order->job_error.text);
	if (order->job.started)
		return false;
	if (order->judges != NULL && app_reload_is_free(reload)) {
		order->number = adit_judges_count(order->judges);
		order->since_ns = reload->in_force;
		app_reload_offer(reload, order->judges);
		order->judges = NULL;
		return false;
	}
	if (order->judges != NULL || reload->in_force == order->since_ns)
		return false;
	return app_order_done(order, json_pack("{s:b,s:I,s:s}", "done", 1, "models",
					     (json_int_t)order->number, "directory", order->path));
}

bool app_order_learn(struct app_control *control, struct app_order *order)
{
	struct app_manager *manager = control->http->manager;
	const struct adit_config *config = manager->appliance->config;
	const char *duration = app_order_text(order, "duration");
	struct adit_error error = {"out of memory"};
	uint32_t seconds;
	int status;

	if (duration == NULL)
		return app_order_refuse(
			order, 400, "duration is missing; expected one such as 24h, 30m or 45s");
	if (app_read_duration("duration", duration, &seconds, &error) != 0)
		return app_order_refuse(order, 400, "%s", error.text);
	if (!is_running(control))
		return app_order_refuse(order, 409, "the run is over: there is nothing to learn");
	if (manager->directory == NULL)
		return app_order_refuse(order, 409,
			"this run has no directory for what is learned: it needs --out DIR");
	if (!config->detect_svm && !config->detect_envelope)
		return app_order_refuse(order, 409,
			"detect.svm and detect.envelope are off, and these are what is learned");
	status = app_learn_begin(&manager->learn, duration, seconds, manager->directory, &error);
	if (status != 0)
		return app_order_refuse(order, status == -EBUSY ? 409 : 500, "%s", error.text);
	return app_order_done(order, json_pack("{s:b,s:s,s:s}", "done", 1, "duration", duration,
					     "directory", manager->directory));
}

bool app_order_log(struct app_control *control, struct app_order *order)
{
	/* Of DPDK; RTE_LOG_ERR is 4. */
	static const struct {
		const char *name;
		uint32_t level;
	} levels[] = {
		{"off", 0}, {"error", 4}, {"warning", 5}, {"notice", 6}, {"info", 7}, {"debug", 8}};
	const char *name = app_order_text(order, "level");

	for (size_t i = 0; name != NULL && i < ADIT_COUNT(levels); i++) {
		if (strcmp(levels[i].name, name) != 0)
			continue;
		app_eal_log(levels[i].level);
		control->log = levels[i].name;
		control->tells_records = i + 1 == ADIT_COUNT(levels);
		return app_order_done(order,
			json_pack("{s:b,s:s,s:s}", "done", 1, "level", name, "detail",
				i == 0 ? "DPDK says nothing more on standard error, as at the start"
				: control->tells_records
					? "all that DPDK says goes to standard error, and a line "
					  "for each record of a verdict"
					: "what DPDK says up to this level goes to standard "
					  "error"));
	}
	return app_order_refuse(order, 400,
		"level: '%.40s' is none; expected off, error, warning, notice, info or debug",
		name != NULL ? name : "");
}

void app_control_verdict(struct app_control *control, const struct adit_verdict *verdict)
{
	static const char *const states[] = {"open", "update", "closed"};
	char text[ADIT_NAME_TEXT_MAX] = "", time[40];

	if (!control->tells_records)
		return;
	if (verdict->domain.size > 0)
		adit_name_to_text(verdict->domain.wire, verdict->domain.size, text, sizeof(text));
	adit_time_text(verdict->time_ns, time);
	fprintf(stderr, "adit %s: %s %s %s %016llx, score %u%s%s%s\n",
		control->http->manager->command, time,
		verdict->verdict == ADIT_VERDICT_TUNNEL ? "tunnel" : "suspect",
		states[verdict->state], (unsigned long long)verdict->id, verdict->score,
		text[0] != '\0' ? ", domain " : ", a server", text,
		verdict->muted != NULL ? ", muted" : "");
}
