/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The router: what is answered, and what is refused with which words.
 */
#include "adit_http.h"
#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static void echo(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	const char *value = adit_http_value(request, "name");
	char text[128];

	(*(unsigned *)context)++;
	snprintf(text, sizeof(text), "%s|%s|%d", request->part, value != NULL ? value : "-",
		(int)adit_http_integer(request, "limit", 100));
	response->etag = 0xabc;
	adit_http_body(response, "text/plain", strdup(text), strlen(text));
}

static const struct adit_http_parameter parameters[] = {
	{"name", ADIT_HTTP_TEXT, 0, 0, NULL, ""},
	{"limit", ADIT_HTTP_INTEGER, 1, 1000, NULL, ""},
	{"state", ADIT_HTTP_CHOICE, 0, 0, "open|closed", ""},
	{"since", ADIT_HTTP_TIME, 0, 0, NULL, ""},
};
static const struct adit_http_route routes[] = {
	{"/open", echo, true, NULL, 0, "", "", NULL},
	{"/items", echo, false, parameters, ADIT_COUNT(parameters), "", "", NULL},
	{"/items/{id}", echo, false, NULL, 0, "", "", NULL},
	{"/items", echo, false, NULL, 0, "", "", NULL, "POST", "Item"},
	{"/items/{id}", echo, false, NULL, 0, "", "", NULL, "DELETE", NULL},
	{"/orders", echo, false, NULL, 0, "", "", NULL, "POST", NULL},
};

/* Answers and checks; the body, cut to a text that is good until the next call. */
static const char *get(
	const char *token, bool only_loopback, struct adit_http_request *request, unsigned status)
{
	static char body[1024];
	unsigned calls = 0;
	const struct adit_http_site site = {.routes = routes,
		.route_count = ADIT_COUNT(routes),
		.context = &calls,
		.token = token,
		.only_loopback = only_loopback};
	struct adit_http_response response;

	if (request->method == NULL)
		request->method = "GET";
	adit_http_answer(&site, request, &response);
	CHECK_EQ_INT(response.status, status);
	CHECK_EQ_INT(calls, status == 200 || status == 304);
	if (status >= 400)
		CHECK_EQ_STR(response.type, "application/problem+json");
	snprintf(body, sizeof(body), "%.*s", (int)response.size,
		response.body != NULL ? response.body : "");
	free(response.body);
	return body;
}

/* The same of a site of this machine alone. */
static const char *local(
	const char *method, const char *path, struct adit_http_request request, unsigned status)
{
	static char body[1024];
	unsigned calls = 0;
	const struct adit_http_site site = {.routes = routes,
		.route_count = ADIT_COUNT(routes),
		.context = &calls,
		.token = "not asked for",
		.only_loopback = true,
		.is_local = true};
	struct adit_http_response response;

	request.method = method;
	request.path = path;
	adit_http_answer(&site, &request, &response);
	CHECK_EQ_INT(response.status, status);
	CHECK_EQ_INT(calls, status == 200);
	snprintf(body, sizeof(body), "%s%.*s", response.allow != NULL ? response.allow : "",
		(int)response.size, response.body != NULL ? response.body : "");
	free(response.body);
	return body;
}

static const char *path(const char *text, unsigned status)
{
	struct adit_http_request request = {.path = text};

	return get(NULL, false, &request, status);
}

static const char *query(const char *name, const char *value, unsigned status)
{
	struct adit_http_request request = {
		.path = "/items", .query = {{name, value}}, .query_count = 1};

	return get(NULL, false, &request, status);
}

TEST(router, routes)
{
	CHECK_EQ_STR(path("/open", 200), "|-|100");
	CHECK_EQ_STR(path("/items", 200), "|-|100");
	CHECK_EQ_STR(path("/items/a b/c", 200), "a b/c|-|100");
	CHECK(strstr(path("/items/", 404), "/api/v1/openapi.json lists") != NULL);
	CHECK(strstr(path("/opener", 404), "nothing at '/opener'") != NULL);
	CHECK(strstr(path("/\x01\xff\"", 404), "'/??\\\"'") != NULL);
}

TEST(router, methods)
{
	struct adit_http_request post = {.method = "POST", .path = "/open"};
	struct adit_http_request head = {.method = "HEAD", .path = "/items"};

	CHECK(strstr(get(NULL, false, &post, 405), "expected GET or HEAD") != NULL);
	CHECK_EQ_STR(get(NULL, false, &head, 200), "|-|100");
}

TEST(router, what_changes_something_is_local)
{
	struct adit_http_request none = {.path = NULL};
	struct adit_http_request big = {.body_excess = true};
	struct adit_http_request post = {.method = "POST", .path = "/orders"};
	struct adit_http_request items = {.method = "POST", .path = "/items"};
	struct adit_http_request read = {.method = "GET", .path = "/orders"};
	struct adit_http_request remove = {.method = "DELETE", .path = "/items/x"};

	/* Over TCP it is not there, whatever token there is. */
	CHECK_CONTAINS(get(NULL, false, &post, 403), "over the control socket alone");
	CHECK_CONTAINS(get(NULL, false, &items, 403), "curl --unix-socket");
	CHECK_CONTAINS(get(NULL, false, &remove, 403), "over the control socket alone");
	CHECK_CONTAINS(get(NULL, false, &read, 405), "over the control socket");
	/* Over the socket no token and no Host is asked for. */
	CHECK_EQ_STR(local("POST", "/orders", none, 200), "|-|100");
	CHECK_EQ_STR(local("POST", "/items", none, 200), "|-|100");
	CHECK_EQ_STR(local("GET", "/items", none, 200), "|-|100");
	CHECK_EQ_STR(local("DELETE", "/items/a.b", none, 200), "a.b|-|100");
	CHECK_EQ_STR(local("GET", "/items/a.b", none, 200), "a.b|-|100");
	CHECK_CONTAINS(local("POST", "/orders", big, 413), "at most 65536 bytes");
	CHECK_CONTAINS(local("PUT", "/items", none, 405), "GET, HEAD, POST{");
	CHECK_CONTAINS(local("POST", "/items/a", none, 405), "GET, HEAD, DELETE{");
	CHECK_CONTAINS(local("GET", "/orders", none, 405), "expected POST");
	local("POST", "/nothing", none, 404);
}

TEST(router, escaped_text)
{
	char text[16];

	CHECK_EQ_INT(adit_http_escape("a-Z0._~", text, sizeof(text)), 0);
	CHECK_EQ_STR(text, "a-Z0._~");
	CHECK_EQ_INT(adit_http_escape("a b/\\\xff", text, sizeof(text)), 0);
	CHECK_EQ_STR(text, "a%20b%2F%5C%FF");
	CHECK_EQ_INT(adit_http_escape("a b/\\\xff.", text, sizeof(text)), 0);
	CHECK_EQ_INT(adit_http_escape("a b/\\\xff..", text, sizeof(text)), -ENAMETOOLONG);
	CHECK_EQ_INT(adit_http_escape("", text, sizeof(text)), 0);
}

TEST(router, parameters)
{
	static const char *const good[][2] = {{"name", "x y"}, {"limit", "1"}, {"limit", "1000"},
		{"state", "closed"}, {"since", "2026-11-22T07:19:42Z"}, {"since", "1795331982"}};
	static const char *const bad[][3] = {
		{"limit", "0", "expected a number from 1 to 1000"},
		{"limit", "1001", "expected a number from 1 to 1000"},
		{"limit", "7x", "expected a number from 1 to 1000"},
		{"limit", "", "expected a number from 1 to 1000"},
		{"limit", "99999999999999999999", "expected a number from 1 to 1000"},
		{"state", "open|closed", "expected one of open|closed"},
		{"state", "ope", "expected one of open|closed"},
		{"since", "yesterday", "expected one such as 2026-11-22T07:19:42Z"},
		{"name", NULL, "expected a value, or leave it out"},
		{"nam", "x", "expected name, limit, state and since"},
	};

	for (size_t i = 0; i < ADIT_COUNT(good); i++)
		query(good[i][0], good[i][1], 200);
	for (size_t i = 0; i < ADIT_COUNT(bad); i++) {
		const char *said = query(bad[i][0], bad[i][1], 400);

		if (strstr(said, bad[i][2]) == NULL)
			FAIL("%s=%s: %s", bad[i][0], bad[i][1] != NULL ? bad[i][1] : "", said);
	}
	CHECK_EQ_STR(query("name", "n", 200), "|n|100");
	CHECK_EQ_STR(query("limit", "7", 200), "|-|7");
}

TEST(router, token)
{
	static const char token[] = "0123456789abcdef";
	static const char *const wrong[] = {NULL, "", "Bearer", "Bearer 0123456789abcdeg",
		"Bearer 0123456789abcdef0", "Basic 0123456789abcdef"};
	struct adit_http_request right = {
		.path = "/items", .authorization = "bearer 0123456789abcdef"};
	struct adit_http_request open = {.path = "/open"};
	struct adit_http_request missing = {.path = "/nothing"};

	for (size_t i = 0; i < ADIT_COUNT(wrong); i++) {
		struct adit_http_request request = {.path = "/items", .authorization = wrong[i]};

		get(token, false, &request, 401);
	}
	get(token, false, &right, 200);
	get(token, false, &open, 200);
	/* What there is, is nobody's to find out. */
	get(token, false, &missing, 401);
}

TEST(router, host)
{
	static const char *const good[] = {"localhost", "LOCALHOST:9153", "127.0.0.1:9153",
		"127.9.9.9", "[::1]:9153", "[::1]"};
	static const char *const bad[] = {NULL, "", "example.net", "127.0.0.1.example.net",
		"localhost.example.net", "10.0.0.1", "[::2]", "127.evil:80", "[::1"};

	for (size_t i = 0; i < ADIT_COUNT(good); i++) {
		struct adit_http_request request = {.path = "/items", .host = good[i]};

		get(NULL, true, &request, 200);
	}
	for (size_t i = 0; i < ADIT_COUNT(bad); i++) {
		struct adit_http_request request = {.path = "/items", .host = bad[i]};

		get(NULL, true, &request, 421);
	}
}

TEST(router, unchanged)
{
	struct adit_http_request same = {.path = "/items", .if_none_match = "\"0000000000000abc\""};
	struct adit_http_request other = {
		.path = "/items", .if_none_match = "\"0000000000000abd\""};

	CHECK_EQ_STR(get(NULL, false, &same, 304), "");
	get(NULL, false, &other, 200);
}

TEST(router, accept)
{
	static const char *const open = "application/openmetrics-text";
	static const struct {
		const char *accept;
		unsigned open, plain;
		bool named;
	} rows[] = {
		{NULL, 1000, 1000, false},
		{"*/*", 1000, 1000, false},
		{"text/*;q=0.5", 0, 500, false},
		{"application/openmetrics-text;version=1.0.0,text/plain;q=0.5,*/*;q=0.1", 1000, 500,
			true},
		{"application/openmetrics-text;version=1.0.0;q=0.5,"
		 "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,"
		 "*/*;q=0.2",
			500, 300, true},
		{"text/plain, application/openmetrics-text; q=0", 0, 1000, true},
		{"TEXT/PLAIN ; Q=0.25", 0, 250, false},
		{",;q=1,", 0, 0, false},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		bool named, plain;

		CHECK_EQ_INT(adit_http_accepts(rows[i].accept, open, &named), rows[i].open);
		CHECK_EQ_INT(named, rows[i].named);
		CHECK_EQ_INT(
			adit_http_accepts(rows[i].accept, "text/plain", &plain), rows[i].plain);
	}
}

TEST(router, times)
{
	static const char *const bad[] = {
		"", "2026-11-22", "2026-11-22T07:19:42", "2026-11-22T07:19:42+01:00", "-1", "1e9"};
	uint64_t ns;

	CHECK_EQ_INT(adit_http_time("2026-11-22T07:19:42.25Z", &ns), 0);
	CHECK_EQ_INT(ns, 1795331982 * ADIT_NS_PER_S + 250 * ADIT_NS_PER_MS);
	CHECK_EQ_INT(adit_http_time("1795331982", &ns), 0);
	CHECK_EQ_INT(ns, 1795331982 * ADIT_NS_PER_S);
	for (size_t i = 0; i < ADIT_COUNT(bad); i++)
		CHECK_EQ_INT(adit_http_time(bad[i], &ns), -EINVAL);
}

TEST(router, addresses)
{
	static const struct {
		const char *text;
		int status;
		bool is_loopback;
	} rows[] = {{"127.0.0.1:9153", 0, true}, {"[::1]:1", 0, true}, {"0.0.0.0:9153", 0, false},
		{"[2001:db8::1]:443", 0, false}, {"127.0.0.1", -EINVAL, false},
		{"localhost:9153", -EINVAL, false}, {"::1:9153", -EINVAL, false},
		{"[::1]", -EINVAL, false}, {"127.0.0.1:", -EINVAL, false},
		{"127.0.0.1:65536", -EINVAL, false}, {":9153", -EINVAL, false},
		{"[]:9153", -EINVAL, false}, {"1.2.3.4:+5", -EINVAL, false},
		{"[:1", -EINVAL, false}};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_http_address address;
		int status = adit_http_address_read(rows[i].text, &address);

		if (status != rows[i].status ||
			(status == 0 && address.is_loopback != rows[i].is_loopback))
			FAIL("%s: %d", rows[i].text, status);
	}
}
