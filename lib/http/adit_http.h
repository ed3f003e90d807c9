/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An HTTP server (RFC 9110): a table of routes, and what every answer has in common. Checks come in
 * this order: host, token, path, method, parameters; what is refused is told as problem+json (RFC
 * 9457) that says what would be right. The only user of libmicrohttpd. And a client, over libcurl.
 *
 * A server has one thread of its own, which calls the handlers one after another: there a handler
 * may wait for a lock for a moment, never for a client; what it makes is sent by the library. Or it
 * has a thread for each connection, and handlers may wait. Routes that change something (any method
 * but GET and HEAD) are there for a site of this machine alone, whose listener is a UNIX socket.
 */
#ifndef ADIT_HTTP_H
#define ADIT_HTTP_H

#include "adit_base.h"

#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_HTTP_QUERIES_MAX 16
#define ADIT_HTTP_BODY_MOST   ((size_t)64 * 1024)

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
	const char *body;  /* ended by NUL; NULL: none */
	size_t body_size;
	bool body_excess; /* it was longer than ADIT_HTTP_BODY_MOST, and is not here */
	uint32_t user; /* of the other end of a UNIX socket, as its kernel says; else UINT32_MAX */
	const char *part; /* what stands where the route's path has {…}; "" where it has none */
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
	const char *method;  /* NULL: GET and HEAD; a path may have a row for each method */
	const char *body;    /* schema of what is sent; NULL: nothing is */
};

struct adit_http_site {
	const struct adit_http_route *routes;
	size_t route_count;
	void *context;
	const char *token; /* NULL: none is asked for */
	/* The Host of a request must be a loopback address or localhost: else a page of somebody
	 * else's, with a name that it lets point here, could read this in an operator's browser. */
	bool only_loopback;
	/* The listener is a UNIX socket: whoever may connect to it may use all routes. */
	bool is_local;
};

/* Answers a request; a body is made even for HEAD. Any thread. */
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
	bool threads;         /* one for each connection: handlers may wait */
	/* Counts answers by hundreds of their status (index 2: 200 to 299); cells for metrics,
	 * which servers may share. They outlive the server. */
	uint64_t *answers; /* [ADIT_HTTP_HUNDREDS] */
};
#define ADIT_HTTP_HUNDREDS 6

struct adit_http_server;
/* Starts the thread. `site` must outlive the server. 0 or -errno. */
int adit_http_start(struct adit_http_server **server, const struct adit_http_site *site,
	const struct adit_http_params *params, struct adit_error *error);
/* Ends the thread; answers that are on their way may be cut. */
void adit_http_stop(struct adit_http_server *server);
/* Name and version of the library below. */
const char *adit_http_library(void);

/* A client of such a server: one at a time asks, and waits for the answer. One thread. */
struct adit_http_client_params {
	const char *socket;  /* path of a UNIX socket; NULL: by `url` */
	const char *url;     /* http:// or https:// with host and port; paths come behind it */
	const char *token;   /* NULL: none */
	const char *ca_file; /* authorities to trust; NULL: the system's */
	unsigned connect_ms, answer_ms; /* the longest waits */
};
struct adit_http_reply {
	unsigned status;
	char *body; /* ended by NUL */
	size_t size;
};
struct adit_http_client;
/* 0, -ENOMEM, or -EINVAL for a URL that is none. */
int adit_http_client_open(struct adit_http_client **client,
	const struct adit_http_client_params *params, struct adit_error *error);
/* Asks; `path` begins with "/", `body` is JSON or NULL. 0 whatever the status of the answer, which
 * is to be cleared; or -errno where there was none: -ECONNREFUSED, -ENOENT and -EACCES of the
 * socket, -ETIMEDOUT, else -EIO. */
int adit_http_client_ask(struct adit_http_client *client, const char *method, const char *path,
	const char *body, struct adit_http_reply *reply, struct adit_error *error);
void adit_http_reply_clear(struct adit_http_reply *reply);
void adit_http_client_close(struct adit_http_client *client); /* NULL is allowed */
/* Text as a part of a path or a parameter's value: all but letters, digits and -._~ is %XX. 0 or
 * -ENAMETOOLONG. */
int adit_http_escape(const char *text, char *to, size_t room);

#ifdef __cplusplus
}
#endif
#endif
