/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Control of a program that runs: the API of http.listen over a UNIX socket, and there alone the
 * routes that change something. A thread for each connection answers; what changes something is
 * done by the management thread, between two of its rounds.
 */
#ifndef ADIT_APP_CONTROL_H
#define ADIT_APP_CONTROL_H

#include "adit_config.h"
#include "adit_http.h"

#include "orders.h"

struct adit_feature_row;
struct app_http;
struct adit_privacy;
struct adit_verdict;

#define APP_CONTROL_PATH 108 /* of a socket, NUL included */
/* Where a run listens that was told nothing, and where a client looks then. */
#define APP_CONTROL_SYSTEM "/run/adit/control.sock"

struct app_control {
	struct app_http *http;
	char path[APP_CONTROL_PATH]; /* "": none */
	bool is_bound;               /* it is ours to remove */
	int listener;                /* -1: none */
	struct adit_http_site site;
	struct adit_http_server *server;
	struct app_orders orders;
	/* Under the lock of `http`: what the management thread says of itself. */
	json_t *state;
	/* The management thread's: */
	const char *log; /* the level that was asked for last; NULL: none */
	bool tells_records;
	struct { /* rows of windows.csv that are written for a while; file NULL: none */
		FILE *file;
		char path[4096];
		uint64_t until_ns, rows;
		int status; /* of the first row that could not be written */
	} dump;
};

/* The path that control.socket asks for, of a run that is live or not; false: none. */
bool app_control_path(const struct adit_config *config, bool live, char path[APP_CONTROL_PATH]);
/* The socket where a client finds a run that was told nothing: an existing one, or
 * APP_CONTROL_SYSTEM. */
void app_control_find(char path[APP_CONTROL_PATH]);

/* 0 or -EINVAL. */
int app_control_check(const struct adit_config *config, struct adit_error *error);
void app_control_open(struct app_control *control, struct app_http *http);
/* Listens, where there is a path. Where nobody asked for it by name, a socket that can't be had is
 * told, and is no error. */
int app_control_listen(struct app_control *control, struct adit_error *error);
/* Answers from now on. The caller holds the lock of `http`. */
int app_control_start(struct app_control *control, struct adit_error *error);
void app_control_close(struct app_control *control);

/* Ends what waits: before servers are stopped, all of them. */
void app_control_end(struct app_control *control);

/* Management thread. Leaves what it says of itself for those who ask. */
void app_control_look(struct app_control *control);
/* Takes orders on; in each round. */
void app_control_poll(struct app_control *control, uint64_t now_ns);
/* What is found, as far as somebody asked for it. */
void app_control_row(struct app_control *control, const struct adit_feature_row *row,
	const struct adit_privacy *privacy);
void app_control_verdict(struct app_control *control, const struct adit_verdict *verdict);
/* The end of a dump, its file complete. */
void app_control_dump_end(struct app_control *control);

/* Steps of orders: control_orders.c, control_mutes.c, control_output.c. */
bool app_order_reload(struct app_control *control, struct app_order *order);
bool app_order_models(struct app_control *control, struct app_order *order);
bool app_order_learn(struct app_control *control, struct app_order *order);
bool app_order_log(struct app_control *control, struct app_order *order);
bool app_order_mute(struct app_control *control, struct app_order *order);
bool app_order_unmute(struct app_control *control, struct app_order *order);
bool app_order_dump(struct app_control *control, struct app_order *order);
bool app_order_rotate(struct app_control *control, struct app_order *order);
/* A text of the request; NULL: there is none. */
const char *app_order_text(const struct app_order *order, const char *key);

/* Handlers (control_status.c, control_api.c); their context is the struct app_http. */
#define APP_CONTROL_HANDLER(name)                                                       \
	void app_control_##name(void *context, const struct adit_http_request *request, \
		struct adit_http_response *response)
APP_CONTROL_HANDLER(status);
APP_CONTROL_HANDLER(reload);
APP_CONTROL_HANDLER(models);
APP_CONTROL_HANDLER(learn);
APP_CONTROL_HANDLER(log);
APP_CONTROL_HANDLER(mutes);
APP_CONTROL_HANDLER(mute);
APP_CONTROL_HANDLER(unmute);
APP_CONTROL_HANDLER(dump);
APP_CONTROL_HANDLER(rotate);

#endif
