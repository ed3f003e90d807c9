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

#include <jansson.h>

struct app_http;

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
	/* Under the lock of `http`: what the management thread says of itself. */
	json_t *state;
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

/* Management thread: leaves what it says of itself for those who ask. */
void app_control_look(struct app_control *control);

/* Handlers; their context is the struct app_http. */
void app_control_status(void *context, const struct adit_http_request *request,
	struct adit_http_response *response);

#endif
