/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The course of the HTTP interface, and the management thread's side of it.
 */
#include "http.h"

#include "adit_secret.h"
#include "port.h"
#include "telemetry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_NS     (500 * ADIT_NS_PER_MS)
#define TIMEOUT_S   30
#define TOKEN_LEAST 16
#define TOKEN_MOST  512
#define PEM_MOST    ((size_t)256 * 1024)

int app_http_check(const struct adit_config *config, struct adit_error *error)
{
	struct adit_http_address address;
	bool has_tls = config->http_certificate[0] != '\0' && config->http_key[0] != '\0';

	if ((config->http_certificate[0] != '\0') != (config->http_key[0] != '\0'))
		return adit_error_set(error, -EINVAL,
			"http.certificate and http.key belong together; expected both, or neither");
	if (app_control_check(config, error) != 0)
		return -EINVAL;
	if (config->http_listen[0] == '\0')
		return 0;
	if (adit_http_address_read(config->http_listen, &address) != 0)
		return adit_error_set(error, -EINVAL,
			"http.listen: '%s' is no address with a port; expected one such as "
			"127.0.0.1:9153 or [::1]:9153, or nothing",
			config->http_listen);
	if (address.is_loopback || (has_tls && config->http_token_file[0] != '\0'))
		return 0;
	return adit_error_set(error, -EINVAL,
		"http.listen: others can reach %s, and what is shown there is about subscribers; "
		"expected http.token_file, http.certificate and http.key as well, or a loopback "
		"address such as 127.0.0.1:9153",
		config->http_listen);
}

/* What the file of an option holds, ended by NUL, without the end of its last line. */
static int file_read(const char *option, const char *path, const char *what, bool is_secret,
	size_t most, char **text, struct adit_error *error)
{
	struct adit_error why;
	int size;

	*text = calloc(1, most + 2);
	if (*text == NULL)
		return adit_error_set(error, -ENOMEM, "%s: no memory for it", option);
	size = (is_secret ? adit_secret_read : adit_public_read)(path, what, *text, most + 1, &why);
	if (size < 0)
		adit_error_set(error, size, "%s: %s", option, why.text);
	else if ((size_t)size > most)
		size = adit_error_set(error, -EINVAL,
			"%s: %s: a %s has at most %zu bytes, and there are more", option, path,
			what, most);
	if (size >= 0) {
		(*text)[size] = '\0';
		return 0;
	}
	explicit_bzero(*text, most + 2);
	free(*text);
	*text = NULL;
	return size;
}

static int token_read(struct app_http *http, struct adit_error *error)
{
	const char *path = http->config->http_token_file;
	int status = file_read(
		"http.token_file", path, "token", true, TOKEN_MOST + 1, &http->token, error);
	size_t size;

	if (status != 0)
		return status;
	size = strlen(http->token);
	/* As some editors end a line. */
	if (size > 0 && http->token[size - 1] == '\r')
		http->token[--size] = '\0';
	for (size_t i = 0; i < size; i++)
		if (http->token[i] <= ' ' || http->token[i] > '~')
			size = 0;
	if (size >= TOKEN_LEAST && size <= TOKEN_MOST)
		return 0;
	return adit_error_set(error, -EINVAL,
		"http.token_file: %s: a token is one line of %d to %d visible characters; "
		"\"openssl rand -hex 32\" makes one",
		path, TOKEN_LEAST, TOKEN_MOST);
}

int app_http_open(struct app_http *http, struct app_manager *manager,
	const struct adit_config *config, struct adit_error *error)
{
	struct adit_http_address address = {.is_loopback = true};
	int status = 0;

	*http = (struct app_http){.manager = manager,
		.appliance = manager->appliance,
		.config = config,
		.listener = -1};
	if (config->http_listen[0] != '\0')
		adit_http_address_read(config->http_listen, &address);
	app_control_open(&http->control, http);
	if (config->http_token_file[0] != '\0')
		status = token_read(http, error);
	if (status == 0 && config->http_certificate[0] != '\0')
		status = file_read("http.certificate", config->http_certificate, "certificate",
			false, PEM_MOST, &http->certificate, error);
	if (status == 0 && config->http_key[0] != '\0')
		status = file_read(
			"http.key", config->http_key, "key", true, PEM_MOST, &http->key, error);
	http->site = (struct adit_http_site){.routes = app_http_routes,
		.route_count = app_http_route_count,
		.context = http,
		.token = http->token,
		.only_loopback = address.is_loopback && http->token == NULL};
	return status;
}

int app_http_listen(struct app_http *http, struct adit_error *error)
{
	int status = 0;

	if (http->config->http_listen[0] != '\0')
		status = adit_http_listen(http->config->http_listen, &http->listener, error);
	return status != 0 ? status : app_control_listen(&http->control, error);
}

bool app_http_is_wanted(const struct adit_config *config, bool live)
{
	char path[APP_CONTROL_PATH];

	return config->http_listen[0] != '\0' || app_control_path(config, live, path);
}

static int more(struct app_http *http, const char *name, const char *help, bool is_gauge,
	const char *label, const char *value, const uint64_t *cell)
{
	const struct adit_metrics_counter is = {
		.name = name, .help = help, .is_gauge = is_gauge, .label = label, .value = value};

	return app_registry_add(http->registry, &is, cell);
}

/* Files, identities, stories, and the server's own. */
static int metrics_add(struct app_http *http)
{
	static const char *const classes[] = {"suspect", "tunnel"}, *const hundreds[] = {"2xx",
									    "3xx", "4xx", "5xx"};
	static const char muted[] = "records of muted domains, which verdict_records leaves out";
	static const char held[] = "what API and page can show", answers[] = "answers by status";
	int status = 0;

	for (size_t i = 0; i < ADIT_COUNT(classes); i++)
		status |= more(http, "verdict_records", "records of verdicts that were taken",
			false, "verdict", classes[i], &http->told.records[i]);
	for (size_t i = 0; i < ADIT_COUNT(classes); i++)
		status |= more(http, "muted_records", muted, false, "verdict", classes[i],
			&http->manager->mutes.records[i]);
	status |= more(
		http, "mutes", "mutes in force", true, NULL, NULL, &http->manager->mutes.in_force);
	status |= more(http, "http_held", held, true, "what", "stories", &http->told.stories);
	status |= more(http, "http_held", held, true, "what", "domains", &http->told.domains);
	status |=
		more(http, "http_held", held, true, "what", "subscribers", &http->told.subscribers);
	status |= more(http, "http_held_bytes", "memory that it takes, of http.memory", true, NULL,
		NULL, &http->told.bytes);
	status |= more(http, "http_stories_evicted", "stories that gave way to newer ones", false,
		NULL, NULL, &http->told.evicted);
	status |= more(http, "http_stories_refused", "records without memory", false, NULL, NULL,
		&http->told.store_full);
	for (size_t i = 0; i < ADIT_COUNT(hundreds); i++)
		status |= more(http, "http_answers", answers, false, "status", hundreds[i],
			&http->answers[i + 2]);
	for (uint16_t i = 0; i < http->appliance->port_count; i++) {
		snprintf(http->port_name[i], sizeof(http->port_name[i]), "%u",
			http->appliance->ports_open[i].id);
		status |= more(http, "port_link_up", "1 where the port says that its link is up",
			true, "port", http->port_name[i], &http->told.link[i]);
	}
	if (http->manager->identity.identities != NULL) {
		const struct adit_identity_counters *who =
			adit_identities_counters(http->manager->identity.identities);

		status |= more(http, "identities_records", "identity records taken", false, NULL,
			NULL, &who->records);
		status |= more(http, "identities_evicted", "identity records that gave way", false,
			NULL, NULL, &who->evicted);
		status |= more(http, "identities_refused", "lines of identity feeds refused", false,
			NULL, NULL, &who->refused);
	}
	status |= app_sink_gauges_add(&http->sinks, http->registry, http->manager->sinks);
	return status == 0 ? 0 : -ENOSPC;
}

int app_http_start(struct app_http *http, struct adit_error *error)
{
	const struct adit_config *config = http->config;
	const struct adit_store_params store = {.stories = (size_t)config->http_stories,
		.bytes = (size_t)config->http_memory << 20,
		.key = http->appliance->key};
	const struct adit_http_params params = {.listener = http->listener,
		.certificate = http->certificate,
		.key = http->key,
		.connections = (unsigned)config->http_connections,
		.timeout_s = TIMEOUT_S,
		.answers = http->answers};
	uint64_t now_ns = app_manager_clock_ns();
	int status = 0;

	http->store = adit_store_create(&store);
	if (http->store == NULL || app_registry_make(http->appliance, &http->registry) != 0)
		return adit_error_set(error, -ENOMEM, "no memory for the HTTP interface");
	http->health.stalled_ns = (uint64_t)config->http_stalled_after * ADIT_NS_PER_S;
	app_health_add_all(&http->health, http->appliance, now_ns);
	pthread_mutex_init(&http->lock, NULL);
	http->locks = true;
	http->beat_ns = now_ns;
	/* Held until all there is to tell is there. */
	pthread_mutex_lock(&http->lock);
	if (http->listener >= 0)
		status = adit_http_start(&http->server, &http->site, &params, error);
	if (http->listener >= 0 && status == 0)
		fprintf(stderr, "adit %s: %s://%s/ has metrics, health, API and page\n",
			http->manager->command, http->certificate != NULL ? "https" : "http",
			config->http_listen);
	http->listener = -1;
	if (status == 0)
		status = app_control_start(&http->control, error);
	if (status == 0 && (app_gauges_add(&http->gauges, http->registry, http->appliance,
				    &http->health, app_now_ns()) != 0 ||
				   metrics_add(http) != 0))
		status = adit_error_set(error, -ENOSPC, "more metrics than there is room for");
	pthread_mutex_unlock(&http->lock);
	if (status == 0)
		app_telemetry_open(http);
	return status;
}

void app_http_exchange(struct app_http *http, struct adit_config *now, struct adit_config *next)
{
	bool locks = http != NULL && http->locks;

	if (locks)
		pthread_mutex_lock(&http->lock);
	adit_config_exchange(now, next);
	if (locks) {
		app_gauges_config(&http->gauges);
		pthread_mutex_unlock(&http->lock);
	}
}

void app_http_close(struct app_http *http)
{
	app_telemetry_close();
	app_control_end(&http->control);
	adit_http_stop(http->server);
	http->server = NULL;
	app_control_close(&http->control);
	if (http->listener >= 0)
		close(http->listener);
	http->listener = -1;
	app_registry_free(http->registry);
	adit_store_destroy(http->store);
	if (http->locks)
		pthread_mutex_destroy(&http->lock);
	if (http->token != NULL)
		explicit_bzero(http->token, strlen(http->token));
	if (http->key != NULL)
		explicit_bzero(http->key, strlen(http->key));
	free(http->token);
	free(http->certificate);
	free(http->key);
	*http = (struct app_http){.listener = -1, .control = {.listener = -1}};
}

void app_http_refresh(struct app_http *http)
{
	app_gauges_refresh(&http->gauges, app_now_ns());
	app_sink_gauges_refresh(&http->sinks);
}

static void tell(uint64_t *cell, uint64_t value)
{
	__atomic_store_n(cell, value, __ATOMIC_RELAXED);
}

void app_http_verdict(struct app_http *http, const struct adit_verdict *verdict,
	const struct adit_privacy *privacy)
{
	int status;

	if (http == NULL)
		return;
	app_control_verdict(&http->control, verdict);
	/* What alarms does not count what nobody wants to be alarmed of. */
	if (verdict->muted == NULL)
		tell(&http->told.records[verdict->verdict],
			http->told.records[verdict->verdict] + 1);
	pthread_mutex_lock(&http->lock);
	status = adit_store_add(http->store, verdict, privacy);
	pthread_mutex_unlock(&http->lock);
	if (status != 0)
		tell(&http->told.store_full, http->told.store_full + 1);
}

static void ports_look(struct app_http *http)
{
	app_ports_count(http->manager->appliance);
	for (uint16_t i = 0; i < http->appliance->port_count; i++) {
		struct rte_eth_link link = {.link_status = 0};

		if (rte_eth_link_get_nowait(http->appliance->ports_open[i].id, &link) == 0)
			tell(&http->told.link[i], link.link_status);
	}
}

void app_http_poll(struct app_http *http, uint64_t now_ns)
{
	struct adit_store_usage usage;
	unsigned running, lcores;

	if (http == NULL)
		return;
	tell(&http->beat_ns, now_ns);
	app_control_poll(&http->control, now_ns);
	if (now_ns - http->looked_ns < LOOK_NS)
		return;
	http->looked_ns = now_ns;
	running = atomic_load_explicit(&http->appliance->lcores_running, memory_order_acquire);
	lcores = http->appliance->worker_count + 1u + http->appliance->has_spreader;
	ports_look(http);
	pthread_mutex_lock(&http->lock);
	app_health_look(&http->health, now_ns, running < lcores);
	adit_store_usage(http->store, &usage);
	pthread_mutex_unlock(&http->lock);
	tell(&http->told.stories, usage.count[ADIT_STORE_STORY]);
	tell(&http->told.domains, usage.count[ADIT_STORE_DOMAIN]);
	tell(&http->told.subscribers, usage.count[ADIT_STORE_SUBSCRIBER]);
	tell(&http->told.bytes, usage.bytes);
	tell(&http->told.evicted, usage.evicted);
	app_control_look(&http->control);
}
