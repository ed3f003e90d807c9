/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An HTTP server for reading (GET and HEAD; RFC 9110): a table of routes, and what every answer has
 * in common. Checks come in this order: host, token, path, method, parameters; what is refused is
 * told as problem+json (RFC 9457) that says what would be right. The only user of libmicrohttpd.
 *
 * The server has one thread of its own, which calls the handlers one after another. A handler may
 * wait for a lock for a moment, never for a client: what it makes is sent by the library.
 */
#ifndef ADIT_HTTP_H
#define ADIT_HTTP_H

#include "adit_base.h"

#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_HTTP_QUERIES_MAX 16

struct adit_http_query {
	const char *name, *value; /* decoded; value NULL: there was no "=" */
};

struct adit_http_request {
	const char *method;
	const char *path; /* decoded */
	/* Headers; NULL where there is none. */
	const char *host, *authorization, *accept, *if_none_match;
	struct adit_http_query query[ADIT_HTTP_QUERIES_MAX];
	size_t query_count;
	bool query_excess; /* there were more */
	const char *part;  /* what stands where the route's path has {…}; "" where it has none */
};

struct adit_http_response {
	unsigned status;
	const char *type; /* static string */
	char *body;       /* from malloc, freed by who asked; or static where that is said */
	size_t size;
	bool is_static;
	uint64_t etag;     /* 0: none. The request's If-None-Match makes a 304 of it */
	const char *allow; /* of a 405 */
	bool challenge;    /* of a 401 */
};

enum adit_http_kind {
	ADIT_HTTP_TEXT,
	ADIT_HTTP_INTEGER, /* from `low` to `high` */
	ADIT_HTTP_CHOICE,  /* "a|b|c" */
	ADIT_HTTP_TIME     /* RFC 3339 in UTC, or seconds since the Unix epoch */
};

struct adit_http_parameter {
	const char *name;
	enum adit_http_kind kind;
	int64_t low, high;
	const char *choices;
	const char *help;
};

struct adit_http_route {
	const char *path; /* "/api/v1/verdicts/{id}": one {…}, as the last part */
	void (*handle)(void *context, const struct adit_http_request *request,
		struct adit_http_response *response);
	bool is_open; /* without a token too: what tells nothing of traffic */
	const struct adit_http_parameter *parameters;
	size_t parameter_count;
	const char *summary; /* for the document */
	const char *types;   /* of the answer, by comma */
	const char *schema;  /* its name in the document; NULL: none */
};

struct adit_http_site {
	const struct adit_http_route *routes;
	size_t route_count;
	void *context;
	const char *token; /* NULL: none is asked for */
	/* The Host of a request must be a loopback address or localhost: else a page of somebody
	 * else's, with a name that it lets point here, could read this in an operator's browser. */
	bool only_loopback;
};

/* Answers a request; a body is made even for HEAD. Any thread, one at a time for each site. */
void adit_http_answer(const struct adit_http_site *site, struct adit_http_request *request,
	struct adit_http_response *response);

/* The value of a parameter, or NULL. */
const char *adit_http_value(const struct adit_http_request *request, const char *name);
/* The number of one that was checked, or `otherwise`. */
int64_t adit_http_integer(
	const struct adit_http_request *request, const char *name, int64_t otherwise);
/* Nanoseconds since the Unix epoch of RFC 3339 (UTC) or whole seconds. 0 or -EINVAL. */
int adit_http_time(const char *text, uint64_t *ns);

/* An answer that says what was wrong and what would be right. */
void adit_http_problem(struct adit_http_response *response, unsigned status, const char *format,
	...) ADIT_PRINTF(3, 4);
/* Takes a body from malloc (NULL: a 500 that says so). */
void adit_http_body(struct adit_http_response *response, const char *type, char *body, size_t size);

/* How much a client wants a media type ("type/subtype"): thousandths of the quality that its Accept
 * gives it; 0: not. Wildcards count, the most precise range wins. `named`: by its own name. */
unsigned adit_http_accepts(const char *accept, const char *type, bool *named);

/* "127.0.0.1:9153", "[::1]:9153"; a host name is none. 0 or -EINVAL. */
struct adit_http_address {
	struct sockaddr_storage at;
	socklen_t size;
	bool is_loopback;
};
int adit_http_address_read(const char *text, struct adit_http_address *address);
/* Listens there; gives the socket. 0 or -errno. */
int adit_http_listen(const char *text, int *listener, struct adit_error *error);

struct adit_http_params {
	int listener; /* closed with the server */
	/* PEM; NULL: no TLS */
	const char *certificate, *key;
	unsigned connections; /* at a time; further ones wait or are closed */
	unsigned timeout_s;   /* a connection without a word for so long is closed */
};

struct adit_http_server;
/* Starts the thread. `site` must outlive the server. 0 or -errno. */
int adit_http_start(struct adit_http_server **server, const struct adit_http_site *site,
	const struct adit_http_params *params, struct adit_error *error);
/* Ends the thread; answers that are on their way may be cut. */
void adit_http_stop(struct adit_http_server *server);
/* Answers so far by hundreds of their status (index 2: 200 to 299); cells for metrics. */
const uint64_t *adit_http_answers(const struct adit_http_server *server);

/* Name and version of the library below. */
const char *adit_http_library(void);

#ifdef __cplusplus
}
#endif
#endif
