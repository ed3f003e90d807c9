/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The HTTP interface: metrics, health, API and page. The server has a thread of its own, which
 * reads counters and, under a lock, what the management thread leaves for it: stories, and how
 * lcores get on. No lcore takes that lock, and nobody holds it for longer than one list takes to be
 * written into memory.
 */
#ifndef ADIT_APP_HTTP_H
#define ADIT_APP_HTTP_H

#include "adit_http.h"
#include "adit_store.h"
#include "control.h"
#include "gauges.h"
#include "manager.h"
#include "sink_gauges.h"

#include <jansson.h>
#include <pthread.h>

struct app_http {
	struct app_manager *manager;
	const struct appliance *appliance;
	const struct adit_config *config;
	int listener;                    /* of http.listen; -1: none */
	char *token, *certificate, *key; /* what the files hold; NULL: none */
	struct adit_http_site site;
	struct adit_http_server *server; /* NULL: none */
	uint64_t answers[ADIT_HTTP_HUNDREDS];
	struct app_control control;
	bool locks; /* `lock` is there */
	pthread_mutex_t lock;
	/* Under the lock: */
	struct adit_store *store;
	struct app_health health;
	/* The management thread's, which others may read: */
	uint64_t beat_ns; /* when it last came by, by app_manager_clock_ns */
	uint64_t looked_ns;
	bool some_ended;
	struct {                     /* cells of metrics */
		uint64_t records[2]; /* by enum adit_verdict_class */
		uint64_t store_full;
		uint64_t stories, domains, subscribers, bytes, evicted;
		uint64_t link[APP_PORTS_MAX];
	} told;
	/* The HTTP thread's: */
	struct app_registry *registry;
	struct app_gauges gauges;
	struct app_sink_gauges sinks;
	char port_name[APP_PORTS_MAX][8];
};

/* What the options ask for, before anything starts: 0 or -EINVAL. */
int app_http_check(const struct adit_config *config, struct adit_error *error);
/* Reads the files that the options name. 0 or -errno. */
int app_http_open(struct app_http *http, struct app_manager *manager,
	const struct adit_config *config, struct adit_error *error);
/* Listens, so that nothing starts where somebody else does. 0 or -errno. */
int app_http_listen(struct app_http *http, struct adit_error *error);
/* Once the appliance is made, before its lcores run: answers from now on. 0 or -errno. */
int app_http_start(struct app_http *http, struct adit_error *error);
/* Whether there is anything to listen on: http.listen, or a control socket. */
bool app_http_is_wanted(const struct adit_config *config, bool live);
/* Before the appliance is destroyed. */
void app_http_close(struct app_http *http);

/* Management thread; NULL: nothing to do. */
void app_http_verdict(struct app_http *http, const struct adit_verdict *verdict,
	const struct adit_privacy *privacy);
void app_http_poll(struct app_http *http, uint64_t now_ns);

/* Exchanges what reloads of the configuration (adit_config_exchange), while nobody reads it. */
void app_http_exchange(struct app_http *http, struct adit_config *now, struct adit_config *next);
/* Before metrics are read, under the lock: looks at what has no cell of its own. */
void app_http_refresh(struct app_http *http);

/* http_api.c: the table of routes. */
extern const struct adit_http_route app_http_routes[];
extern const size_t app_http_route_count;

/* How lcores and management thread get on, as an object; what is wrong goes to `reasons`. */
json_t *app_http_health(struct app_http *http, json_t *reasons);
/* An object as the answer (NULL: no memory); it is let go. */
void app_http_json(struct adit_http_response *response, json_t *document);

/* Handlers of the other files; their context is the struct app_http. */
void app_http_metrics(void *context, const struct adit_http_request *request,
	struct adit_http_response *response);
void app_http_healthz(void *context, const struct adit_http_request *request,
	struct adit_http_response *response);
void app_http_readyz(void *context, const struct adit_http_request *request,
	struct adit_http_response *response);
void app_http_page(void *context, const struct adit_http_request *request,
	struct adit_http_response *response);
void app_http_openapi(void *context, const struct adit_http_request *request,
	struct adit_http_response *response);

#endif
