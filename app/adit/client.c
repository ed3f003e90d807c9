/* SPDX-License-Identifier: BSD-3-Clause */
#include "client.h"

#include "adit_secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define CONNECT_MS 5000

size_t app_client_options(struct app_client *client, struct app_option *options)
{
	const struct app_option rows[APP_CLIENT_OPTIONS] = {
		{"socket", 's', APP_TEXT, "PATH",
			"control socket of the program (default: " APP_CONTROL_SYSTEM ",\n"
			"or adit.sock in XDG_RUNTIME_DIR)",
			&client->socket, 0, 0, false},
		{"url", 0, APP_TEXT, "URL",
			"its http.listen in place of the socket, for what changes nothing:\n"
			"http://127.0.0.1:9153",
			&client->url, 0, 0, false},
		{"token-file", 0, APP_TEXT, "FILE", "of the token that http.token_file asks for",
			&client->token_file, 0, 0, false},
		{"ca-file", 0, APP_TEXT, "FILE",
			"certificate authorities to trust, for https (default: the system's)",
			&client->ca_file, 0, 0, false},
	};

	memcpy(options, rows, sizeof(rows));
	return ADIT_COUNT(rows);
}

static int token_read(struct app_client *client, struct adit_error *error)
{
	int size = adit_secret_read(
		client->token_file, "token", client->token, sizeof(client->token), error);

	if (size < 0)
		return size;
	if (size > 0 && (size_t)size < sizeof(client->token)) {
		client->token[size] = '\0';
		if (strpbrk(client->token, "\r\n") == NULL)
			return 0;
	}
	return adit_error_set(error, -EINVAL,
		"%s: expected a token on one line, of at most %zu characters", client->token_file,
		sizeof(client->token) - 1);
}

int app_client_open(struct app_client *client, unsigned answer_ms, struct adit_error *error)
{
	struct adit_http_client_params params = {
		.ca_file = client->ca_file, .connect_ms = CONNECT_MS, .answer_ms = answer_ms};
	int status = 0;

	if (client->url == NULL && (client->token_file != NULL || client->ca_file != NULL))
		return adit_error_set(error, -EINVAL,
			"--token-file and --ca-file belong to --url: who may open the socket needs "
			"neither");
	if (client->url != NULL && client->socket != NULL)
		return adit_error_set(error, -EINVAL, "give --socket or --url, not both");
	if (client->token_file != NULL)
		status = token_read(client, error);
	if (status != 0)
		return status;
	if (client->url == NULL && client->socket == NULL)
		app_control_find(client->path);
	else if (client->url == NULL)
		snprintf(client->path, sizeof(client->path), "%s", client->socket);
	if (client->socket != NULL && strlen(client->socket) >= sizeof(client->path))
		return adit_error_set(error, -EINVAL,
			"--socket %.60s…: longer than %zu bytes, and that is all that the path of "
			"a socket may have",
			client->socket, sizeof(client->path) - 1);
	params.socket = client->url == NULL ? client->path : NULL;
	params.url = client->url;
	params.token = client->token_file != NULL ? client->token : NULL;
	return adit_http_client_open(&client->http, &params, error);
}

void app_client_close(struct app_client *client)
{
	adit_http_client_close(client->http);
	client->http = NULL;
	explicit_bzero(client->token, sizeof(client->token));
}

/* No answer came: what may be the cause. */
static int explain(const struct app_client *client, int status, struct adit_error *error)
{
	struct adit_error why = *error;
	struct stat about;

	if (client->url != NULL)
		return status == -ECONNREFUSED
			       ? adit_error_set(error, status,
					 "%s; is the program running, and is that its http.listen?",
					 why.text)
			       : status;
	if (status == -ECONNREFUSED && stat(client->path, &about) == 0 && !S_ISSOCK(about.st_mode))
		return adit_error_set(error, -ENOTSOCK,
			"%s: it is no socket; adit run says at its start where it takes commands "
			"(control.socket)",
			client->path);
	if (status == -ENOENT || status == -ECONNREFUSED)
		return adit_error_set(error, status,
			"%s: no program listens there%s; adit run says at its start where it takes "
			"commands (control.socket), and --socket names another path",
			client->path, status == -ENOENT ? "" : ", and the one before was cut off");
	if (status == -EACCES)
		return adit_error_set(error, status,
			"%s: you may not use it: it is for the user of the program and the group "
			"of the socket; be one of them, or use sudo",
			client->path);
	return status;
}

/* A refusal, in the server's words. */
static int refused(const struct app_client *client, const char *path, const json_t *answer,
	struct adit_error *error)
{
	const char *detail = json_string_value(json_object_get(answer, "detail"));

	if (detail != NULL)
		return adit_error_set(error, -EREMOTEIO, "%s", detail);
	return adit_error_set(
		error, -EREMOTEIO, "%s: the answer has the status %u", path, client->status);
}

int app_client_ask(struct app_client *client, const char *method, const char *path,
	const json_t *body, json_t **answer, struct adit_error *error)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct adit_http_reply reply;
	int status;

	*answer = NULL;
	client->status = 0;
	status = adit_http_client_ask(client->http, method, path, text, &reply, error);
	free(text);
	if (status != 0)
		return explain(client, status, error);
	client->status = reply.status;
	*answer = json_loadb(reply.body, reply.size, 0, NULL);
	adit_http_reply_clear(&reply);
	if (client->status / 100 != 2) {
		status = refused(client, path, *answer, error);
		json_decref(*answer);
		*answer = NULL;
		return status;
	}
	/* A status has its version, a list its items, what is one of them its id; an order is told
	 * what came of it. */
	if (json_object_get(*answer, "version") != NULL ||
		json_is_array(json_object_get(*answer, "items")) ||
		json_is_string(json_object_get(*answer, "id")) ||
		json_is_boolean(json_object_get(*answer, "done")))
		return 0;
	json_decref(*answer);
	*answer = NULL;
	return adit_error_set(error, -EIO,
		"%s: the answer is none of adit's; does it listen there?",
		client->url != NULL ? client->url : client->path);
}

int app_client_get(
	struct app_client *client, const char *path, json_t **answer, struct adit_error *error)
{
	return app_client_ask(client, "GET", path, NULL, answer, error);
}
