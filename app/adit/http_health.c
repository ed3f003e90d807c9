/* SPDX-License-Identifier: BSD-3-Clause
 *
 * /metrics, /healthz and /readyz.
 */
#include "http.h"

#include "port.h"

#include <stdio.h>
#include <stdlib.h>

/* Live, a slice is over every 10 s; as much again is for its scoring. */
#define SLICES_NS (2 * ADIT_SLICE_NS)

#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PROMETHEUS  "text/plain; version=0.0.4; charset=utf-8"

void app_http_metrics(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	struct app_http *http = context;
	bool named, plain;
	/* As what a client that names nothing can read, the older one. */
	bool open = adit_http_accepts(request->accept, "application/openmetrics-text", &named) >=
			    adit_http_accepts(request->accept, "text/plain", &plain) &&
		    named;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (to != NULL) {
		/* The lock is held while metrics are still being added. */
		pthread_mutex_lock(&http->lock);
		app_http_refresh(http);
		adit_metrics_write(app_registry_metrics(http->registry),
			open ? ADIT_METRICS_OPENMETRICS : ADIT_METRICS_PROMETHEUS, "adit_", to);
		pthread_mutex_unlock(&http->lock);
		if (fclose(to) != 0) {
			free(text);
			text = NULL;
		}
	}
	adit_http_body(response, open ? OPENMETRICS : PROMETHEUS, text, size);
}

static void reason_add(json_t *reasons, const char *format, ...) ADIT_PRINTF(2, 3);
static void reason_add(json_t *reasons, const char *format, ...)
{
	char text[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	json_array_append_new(reasons, json_string(text));
}

static double seconds(uint64_t ns)
{
	return (double)(ns / ADIT_NS_PER_MS) / 1000;
}

/* The document, and 200 or 503. */
static void answer(struct adit_http_response *response, const char *good, const char *bad,
	json_t *reasons, json_t *details)
{
	bool is_good = json_array_size(reasons) == 0;
	json_t *document =
		json_pack("{s:s,s:o}", "status", is_good ? good : bad, "reasons", reasons);
	char *text = NULL;

	if (document != NULL && json_object_update(document, details) == 0)
		text = json_dumps(document, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	json_decref(document);
	json_decref(details);
	adit_http_body(response, "application/json", text, text != NULL ? strlen(text) : 0);
	if (text != NULL && !is_good)
		response->status = 503;
}

static json_t *lcores_tell(const struct app_http *http, uint64_t now_ns, json_t *reasons)
{
	json_t *lcores = json_array();

	for (size_t i = 0; i < http->health.count; i++) {
		const struct app_pulse *pulse = &http->health.pulse[i];
		double silent = pulse->state == APP_PULSE_ENDED || now_ns < pulse->moved_ns
					? 0
					: seconds(now_ns - pulse->moved_ns);

		json_array_append_new(
			lcores, json_pack("{s:s,s:s,s:f,s:I,s:I}", "lcore", pulse->name, "state",
					app_pulse_names[pulse->state], "silent_seconds", silent,
					"busy_polls", (json_int_t)app_read(pulse->busy),
					"idle_polls", (json_int_t)app_read(pulse->idle)));
		if (pulse->state == APP_PULSE_STALLED)
			reason_add(reasons,
				"%s has not polled for %.0f s, more than http.stalled_after",
				pulse->name, silent);
	}
	return lcores;
}

json_t *app_http_health(struct app_http *http, json_t *reasons)
{
	uint64_t now_ns = app_manager_clock_ns(), clock_ns = app_now_ns();
	uint64_t beat_ns = app_read(&http->beat_ns);
	uint64_t scored_ns = app_read(&http->appliance->scorer->counters.scored_ns);
	uint64_t silent_ns = now_ns > beat_ns ? now_ns - beat_ns : 0, limit;
	uint64_t lag_ns = scored_ns != 0 && clock_ns > scored_ns ? clock_ns - scored_ns : 0;
	bool running =
		atomic_load_explicit(&http->appliance->lcores_running, memory_order_relaxed) != 0;
	json_t *lcores;

	pthread_mutex_lock(&http->lock);
	limit = http->health.stalled_ns;
	lcores = lcores_tell(http, now_ns, reasons);
	pthread_mutex_unlock(&http->lock);
	if (silent_ns > limit)
		reason_add(reasons,
			"the management thread has done nothing for %.0f s, more than "
			"http.stalled_after; it writes files: is a disk slow or full?",
			seconds(silent_ns));
	if (http->appliance->live && running && lag_ns > limit + SLICES_NS)
		reason_add(reasons, "no slice was scored for %.0f s: expected one every 10 s",
			seconds(lag_ns));
	return json_pack("{s:f,s:f,s:o}", "window_lag_seconds", seconds(lag_ns),
		"management_silent_seconds", seconds(silent_ns), "lcores", lcores);
}

void app_http_healthz(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	json_t *reasons = json_array();

	(void)request;
	answer(response, "ok", "stalled", reasons, app_http_health(context, reasons));
}

void app_http_readyz(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	struct app_http *http = context;
	const struct appliance *appliance = http->appliance;
	json_t *reasons = json_array(), *ports = json_array();
	unsigned running = atomic_load_explicit(&appliance->lcores_running, memory_order_relaxed);
	unsigned opened = 0;

	(void)request;
	for (uint16_t w = 0; w < appliance->worker_count; w++)
		opened += app_read(&appliance->workers[w].counters.opened) != 0;
	for (uint16_t i = 0; i < appliance->port_count; i++)
		json_array_append_new(
			ports, json_pack("{s:i,s:s,s:b}", "port", (int)appliance->ports_open[i].id,
				       "device", appliance->ports_open[i].device, "link_up",
				       (int)app_read(&http->told.link[i])));
	if (running == 0 && opened == 0)
		reason_add(reasons, "the lcores do not run yet");
	else if (opened < appliance->worker_count)
		reason_add(reasons, "%u of %u workers have opened their first slice", opened,
			appliance->worker_count);
	answer(response, "ready", "not ready", reasons,
		json_pack("{s:o,s:i}", "ports", ports, "workers_ready", (int)opened));
}
