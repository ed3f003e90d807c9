/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Between libmicrohttpd and the router: what a request is made of, what every answer carries, and
 * the limits of what a client may ask of the program.
 */
#include "adit_http.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of a connection: its request line and headers. */
#define CONNECTION_BYTES ((size_t)32 * 1024)

struct adit_http_server {
	const struct adit_http_site *site;
	struct MHD_Daemon *daemon;
	uint64_t *answers;
};

/* A request's, from its first line to its answer. */
struct incoming {
	char *body; /* what has come of it; NULL: nothing */
	size_t size;
	bool excess;
};

static enum MHD_Result query_take(
	void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct adit_http_request *request = context;

	(void)kind;
	if (request->query_count == ADIT_HTTP_QUERIES_MAX) {
		request->query_excess = true;
		return MHD_NO;
	}
	request->query[request->query_count++] = (struct adit_http_query){name, value};
	return MHD_YES;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Headers of every answer: nothing is kept by anybody, nothing is guessed from bytes, and a page
 * may use nothing but what comes from here. */
static void headers_add(struct MHD_Response *to, const struct adit_http_response *response)
{
	static const char *const always[][2] = {
		{"Cache-Control", "no-store"},
		{"Content-Security-Policy",
			"default-src 'self'; base-uri 'none'; form-action 'none'; "
			"frame-ancestors 'none'"},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
	};
	char tag[24];

	for (size_t i = 0; i < ADIT_COUNT(always); i++)
		MHD_add_response_header(to, always[i][0], always[i][1]);
	if (response->type != NULL)
		MHD_add_response_header(to, "Content-Type", response->type);
	if (response->allow != NULL)
		MHD_add_response_header(to, "Allow", response->allow);
	if (response->challenge)
		MHD_add_response_header(to, "WWW-Authenticate", "Bearer");
	if (response->etag != 0) {
		snprintf(tag, sizeof(tag), "\"%016" PRIx64 "\"", response->etag);
		MHD_add_response_header(to, "ETag", tag);
	}
}

static enum MHD_Result answer_send(
	struct MHD_Connection *connection, struct adit_http_response *response)
{
	struct MHD_Response *to = MHD_create_response_from_buffer(response->size, response->body,
		response->is_static || response->body == NULL ? MHD_RESPMEM_PERSISTENT
							      : MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (to == NULL) {
		if (!response->is_static)
			free(response->body);
		return MHD_NO;
	}
	headers_add(to, response);
	result = MHD_queue_response(connection, response->status, to);
	MHD_destroy_response(to);
	return result;
}

/* Takes what has come of a body; more than is allowed, or than there is memory for, is not kept. */
static void body_take(struct incoming *incoming, const char *bytes, size_t size)
{
	char *more;

	if (incoming->excess || incoming->size + size > ADIT_HTTP_BODY_MOST) {
		incoming->excess = true;
		return;
	}
	more = realloc(incoming->body, incoming->size + size + 1);
	if (more == NULL) {
		incoming->excess = true;
		return;
	}
	memcpy(more + incoming->size, bytes, size);
	incoming->body = more;
	incoming->size += size;
	more[incoming->size] = '\0';
}

static void on_end(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode why)
{
	struct incoming *incoming = *state;

	(void)context;
	(void)connection;
	(void)why;
	if (incoming == NULL)
		return;
	free(incoming->body);
	free(incoming);
	*state = NULL;
}

/* Who is at the other end of a UNIX socket. */
static uint32_t user_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *about =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (about == NULL ||
		getsockopt(about->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return UINT32_MAX;
	return peer.uid;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **state)
{
	struct adit_http_server *server = context;
	struct incoming *incoming = *state;
	struct adit_http_response response;
	struct adit_http_request request = {.method = method,
		.path = url,
		.host = header(connection, "Host"),
		.authorization = header(connection, "Authorization"),
		.accept = header(connection, "Accept"),
		.if_none_match = header(connection, "If-None-Match"),
		.user = UINT32_MAX};

	(void)version;
	/* The first call is for the headers, the last one comes without a part of the body. */
	if (incoming == NULL) {
		*state = calloc(1, sizeof(*incoming));
		return *state != NULL ? MHD_YES : MHD_NO;
	}
	if (*upload_size != 0) {
		body_take(incoming, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	request.body = incoming->body;
	request.body_size = incoming->size;
	request.body_excess = incoming->excess;
	if (server->site->is_local)
		request.user = user_of(connection);
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, query_take, &request);
	adit_http_answer(server->site, &request, &response);
	__atomic_fetch_add(
		&server->answers[response.status / 100 % ADIT_HTTP_HUNDREDS], 1, __ATOMIC_RELAXED);
	return answer_send(connection, &response);
}

int adit_http_start(struct adit_http_server **server, const struct adit_http_site *site,
	const struct adit_http_params *params, struct adit_error *error)
{
	struct adit_http_server *made = calloc(1, sizeof(*made));
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD |
			 (params->threads ? MHD_USE_THREAD_PER_CONNECTION : MHD_USE_AUTO);
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)params->certificate},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)params->key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0,
			(void *)(uintptr_t) "SECURE128:+SECURE192:-VERS-TLS1.0:-VERS-TLS1.1"},
		{MHD_OPTION_END, 0, NULL},
	};

	if (made == NULL) {
		close(params->listener);
		return adit_error_set(error, -ENOMEM, "no memory for the HTTP server");
	}
	if (params->certificate == NULL)
		tls[0] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
	else
		flags |= MHD_USE_TLS;
	made->site = site;
	made->answers = params->answers;
	made->daemon = MHD_start_daemon(flags, 0, NULL, NULL, answer, made,
		MHD_OPTION_LISTEN_SOCKET, params->listener, MHD_OPTION_CONNECTION_LIMIT,
		params->connections, MHD_OPTION_CONNECTION_TIMEOUT, params->timeout_s,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT,
		1, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_ARRAY, tls,
		MHD_OPTION_END);
	if (made->daemon == NULL) {
		free(made);
		close(params->listener);
		return adit_error_set(error, -EIO, "the HTTP server does not start%s",
			params->certificate != NULL
				? "; expected http.certificate and http.key to be a PEM "
				  "certificate and its key"
				: "");
	}
	*server = made;
	return 0;
}

void adit_http_stop(struct adit_http_server *server)
{
	if (server == NULL)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}

const char *adit_http_library(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "libmicrohttpd %s", MHD_get_version());
	return text;
}
