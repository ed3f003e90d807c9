/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The control socket: where it is, and its server.
 */
#include "control.h"

#include "http.h"
#include "local.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BACKLOG     16
#define CONNECTIONS 32 /* a thread each */
#define TIMEOUT_S   600

static bool is_auto(const struct adit_config *config)
{
	return strcmp(config->control_socket, "auto") == 0;
}

static bool join(char path[APP_CONTROL_PATH], const char *directory, const char *name)
{
	if (directory == NULL || directory[0] != '/')
		return false;
	return snprintf(path, APP_CONTROL_PATH, "%s/%s", directory, name) < APP_CONTROL_PATH;
}

bool app_control_path(const struct adit_config *config, bool live, char path[APP_CONTROL_PATH])
{
	path[0] = '\0';
	if (!is_auto(config)) {
		snprintf(path, APP_CONTROL_PATH, "%s", config->control_socket);
		return path[0] != '\0';
	}
	if (!live)
		return false;
	/* systemd's word for the directory that it made for the unit. */
	if (join(path, getenv("RUNTIME_DIRECTORY"), "control.sock"))
		return true;
	if (access("/run/adit", W_OK | X_OK) == 0)
		return join(path, "/run/adit", "control.sock");
	if (join(path, getenv("XDG_RUNTIME_DIR"), "adit.sock"))
		return true;
	path[0] = '\0';
	return false;
}

void app_control_find(char path[APP_CONTROL_PATH])
{
	if (access(APP_CONTROL_SYSTEM, F_OK) == 0 || errno == EACCES ||
		!join(path, getenv("XDG_RUNTIME_DIR"), "adit.sock") || access(path, F_OK) != 0)
		snprintf(path, APP_CONTROL_PATH, "%s", APP_CONTROL_SYSTEM);
}

int app_control_check(const struct adit_config *config, struct adit_error *error)
{
	const char *path = config->control_socket;

	if (path[0] == '\0' || is_auto(config))
		return 0;
	if (strlen(path) >= APP_CONTROL_PATH)
		return adit_error_set(error, -EINVAL,
			"control.socket: '%.60s…' is longer than %d bytes, and that is all that "
			"the "
			"path of a socket may have",
			path, APP_CONTROL_PATH - 1);
	if (strchr(path, '/') == NULL)
		return adit_error_set(error, -EINVAL,
			"control.socket: '%s' is no path; expected one such as " APP_CONTROL_SYSTEM
			", auto, or nothing",
			path);
	return 0;
}

void app_control_open(struct app_control *control, struct app_http *http)
{
	*control = (struct app_control){.http = http, .listener = -1};
	app_orders_open(&control->orders);
	app_control_path(http->config, http->appliance->live, control->path);
	control->site = (struct adit_http_site){.routes = app_http_routes,
		.route_count = app_http_route_count,
		.context = http,
		.is_local = true};
}

int app_control_listen(struct app_control *control, struct adit_error *error)
{
	int status;

	if (control->path[0] == '\0')
		return 0;
	status = app_local_listen(
		"control.socket", control->path, BACKLOG, &control->listener, error);
	control->is_bound = status == 0;
	if (status == 0 || !is_auto(control->http->config))
		return status;
	fprintf(stderr, "adit %s: %s; this run has no control socket\n",
		control->http->manager->command, error->text);
	return 0;
}

int app_control_start(struct app_control *control, struct adit_error *error)
{
	const struct adit_http_params params = {.listener = control->listener,
		.connections = CONNECTIONS,
		.timeout_s = TIMEOUT_S,
		.threads = true,
		.answers = control->http->answers};
	int status;

	if (control->listener < 0)
		return 0;
	control->listener = -1;
	status = adit_http_start(&control->server, &control->site, &params, error);
	if (status == 0)
		fprintf(stderr, "adit %s: commands are taken at %s (adit ctl)\n",
			control->http->manager->command, control->path);
	return status;
}

void app_control_end(struct app_control *control)
{
	app_orders_end(&control->orders);
}

void app_control_poll(struct app_control *control, uint64_t now_ns)
{
	app_orders_poll(&control->orders, control);
	if (control->dump.file != NULL && now_ns >= control->dump.until_ns)
		app_control_dump_end(control);
}

void app_control_close(struct app_control *control)
{
	/* First: once nobody listens, the next program may take the path. */
	if (control->is_bound)
		unlink(control->path);
	control->is_bound = false;
	adit_http_stop(control->server);
	control->server = NULL;
	if (control->listener >= 0)
		close(control->listener);
	control->listener = -1;
	app_control_dump_end(control);
	app_orders_close(&control->orders);
	json_decref(control->state);
	control->state = NULL;
}
