/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From a request to a route, and everything that is refused on the way.
 */
#include "adit_http.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const char *title_of(unsigned status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 413:
		return "Content Too Large";
	case 421:
		return "Misdirected Request";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

void adit_http_problem(
	struct adit_http_response *response, unsigned status, const char *format, ...)
{
	char detail[512];
	va_list arguments;
	json_t *problem;

	va_start(arguments, format);
	vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	/* What a client sent may be no UTF-8. */
	for (char *at = detail; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			*at = '?';
	problem = json_pack("{s:s,s:s,s:i,s:s}", "type", "about:blank", "title", title_of(status),
		"status", (int)status, "detail", detail);
	*response = (struct adit_http_response){.status = status,
		.type = "application/problem+json",
		.body = problem != NULL ? json_dumps(problem, JSON_COMPACT) : NULL};
	response->size = response->body != NULL ? strlen(response->body) : 0;
	json_decref(problem);
}

void adit_http_body(struct adit_http_response *response, const char *type, char *body, size_t size)
{
	if (body == NULL) {
		adit_http_problem(response, 500, "there is no memory for the answer");
		return;
	}
	response->status = 200;
	response->type = type;
	response->body = body;
	response->size = size;
}

const char *adit_http_value(const struct adit_http_request *request, const char *name)
{
	for (size_t i = 0; i < request->query_count; i++)
		if (strcmp(request->query[i].name, name) == 0)
			return request->query[i].value;
	return NULL;
}

int64_t adit_http_integer(
	const struct adit_http_request *request, const char *name, int64_t otherwise)
{
	const char *value = adit_http_value(request, name);

	return value != NULL ? strtoll(value, NULL, 10) : otherwise;
}

/* Whether a Host names this machine to itself, with whatever port. */
static bool is_loopback(const char *host)
{
	static const char *const names[] = {"localhost", "127.", "[::1]"};
	size_t size = strcspn(host, ":");

	if (host[0] == '[')
		size = strcspn(host, "]") + (host[strcspn(host, "]")] == ']');
	if (size == strlen(names[0]) && strncasecmp(host, names[0], size) == 0)
		return true;
	if (size == strlen(names[2]) && strncmp(host, names[2], size) == 0)
		return true;
	/* A name may begin with digits; an address is nothing else. */
	return strncmp(host, names[1], strlen(names[1])) == 0 &&
	       strspn(host, "0123456789.") == size;
}

/* Takes as long for every token of a length. */
static bool has_token(const struct adit_http_request *request, const char *token)
{
	static const char scheme[] = "Bearer ";
	const char *given = request->authorization;
	unsigned char differs = 0;

	if (given == NULL || strncasecmp(given, scheme, sizeof(scheme) - 1) != 0)
		return false;
	given += sizeof(scheme) - 1;
	if (strlen(given) != strlen(token))
		return false;
	for (size_t i = 0; token[i] != '\0'; i++)
		differs |= (unsigned char)(given[i] ^ token[i]);
	return differs == 0;
}

static bool matches(const char *pattern, struct adit_http_request *request)
{
	size_t fixed = strcspn(pattern, "{");

	request->part = "";
	if (pattern[fixed] == '\0')
		return strcmp(pattern, request->path) == 0;
	if (strncmp(pattern, request->path, fixed) != 0 || request->path[fixed] == '\0')
		return false;
	request->part = request->path + fixed;
	return true;
}

/* "a, b and c" of the parameters that there are. */
static void names_of(const struct adit_http_route *route, char *text, size_t room)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < route->parameter_count && used < room; i++)
		used += (size_t)snprintf(text + used, room - used, "%s%s",
			i == 0                            ? ""
			: i + 1 == route->parameter_count ? " and "
							  : ", ",
			route->parameters[i].name);
}

static bool is_choice(const char *choices, const char *value)
{
	size_t size = strlen(value);

	for (const char *at = choices; *at != '\0';
		at += at[strcspn(at, "|")] == '|' ? strcspn(at, "|") + 1 : strcspn(at, "|"))
		if (strcspn(at, "|") == size && strncmp(at, value, size) == 0)
			return true;
	return false;
}

static bool is_integer(const struct adit_http_parameter *parameter, const char *value)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(value, &end, 10);
	return *value != '\0' && *value != ' ' && *end == '\0' && errno == 0 &&
	       number >= parameter->low && number <= parameter->high;
}

/* Whether a value is one of the parameter's; else the answer is made. */
static bool value_check(const struct adit_http_parameter *parameter, const char *value,
	struct adit_http_response *response)
{
	uint64_t ns;

	if (value == NULL)
		value = "";
	if (parameter->kind == ADIT_HTTP_INTEGER && !is_integer(parameter, value))
		adit_http_problem(response, 400,
			"%s: '%s' is not right; expected a number from %" PRId64 " to %" PRId64,
			parameter->name, value, parameter->low, parameter->high);
	else if (parameter->kind == ADIT_HTTP_CHOICE && !is_choice(parameter->choices, value))
		adit_http_problem(response, 400, "%s: '%s' is not right; expected one of %s",
			parameter->name, value, parameter->choices);
	else if (parameter->kind == ADIT_HTTP_TIME && adit_http_time(value, &ns) != 0)
		adit_http_problem(response, 400,
			"%s: '%s' is no time; expected one such as 2026-11-22T07:19:42Z, or "
			"seconds since 1970",
			parameter->name, value);
	else if (parameter->kind == ADIT_HTTP_TEXT && *value == '\0')
		adit_http_problem(response, 400, "%s is empty; expected a value, or leave it out",
			parameter->name);
	else
		return true;
	return false;
}

static bool query_check(const struct adit_http_route *route,
	const struct adit_http_request *request, struct adit_http_response *response)
{
	char names[256];

	if (request->query_excess) {
		adit_http_problem(response, 400, "too many parameters; expected at most %d",
			ADIT_HTTP_QUERIES_MAX);
		return false;
	}
	for (size_t i = 0; i < request->query_count; i++) {
		const struct adit_http_parameter *parameter = NULL;

		for (size_t k = 0; k < route->parameter_count; k++)
			if (strcmp(route->parameters[k].name, request->query[i].name) == 0)
				parameter = &route->parameters[k];
		if (parameter == NULL) {
			names_of(route, names, sizeof(names));
			adit_http_problem(response, 400, "there is no parameter '%s' of %s; %s%s",
				request->query[i].name, route->path,
				names[0] != '\0' ? "expected " : "it has none", names);
			return false;
		}
		if (!value_check(parameter, request->query[i].value, response))
			return false;
	}
	return true;
}

static bool has_method(const struct adit_http_route *route, const char *method)
{
	if (route->method != NULL)
		return strcmp(route->method, method) == 0;
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* The route of path and method; else the first one of the path; NULL: there is none. */
static const struct adit_http_route *route_find(
	const struct adit_http_site *site, struct adit_http_request *request)
{
	const struct adit_http_route *first = NULL;

	for (size_t i = 0; i < site->route_count; i++) {
		if (!matches(site->routes[i].path, request))
			continue;
		if (has_method(&site->routes[i], request->method))
			return &site->routes[i];
		first = first != NULL ? first : &site->routes[i];
	}
	return first;
}

/* The methods of a path, in the words of the header Allow. Static strings: those that tables have.
 */
static const char *methods_of(const struct adit_http_site *site, const char *path)
{
	static const char *const words[] = {"", "GET, HEAD", "POST", "GET, HEAD, POST", "DELETE",
		"GET, HEAD, DELETE", "POST, DELETE", "GET, HEAD, POST, DELETE"};
	unsigned set = 0;

	for (size_t i = 0; i < site->route_count; i++) {
		const char *method = site->routes[i].method;

		if (strcmp(site->routes[i].path, path) != 0)
			continue;
		if (method == NULL)
			set |= 1;
		else if (site->is_local)
			set |= strcmp(method, "POST") == 0 ? 2 : 4;
	}
	return words[set];
}

/* Whether the method is one of the route, and allowed here; else the answer is made. */
static bool method_check(const struct adit_http_site *site, const struct adit_http_route *route,
	const struct adit_http_request *request, struct adit_http_response *response)
{
	const char *allow = methods_of(site, route->path);

	if (!has_method(route, request->method)) {
		adit_http_problem(response, 405, "%.20s is not possible here; expected %s",
			request->method,
			strcmp(allow, "GET, HEAD") == 0 ? "GET or HEAD"
			: *allow != '\0'                ? allow
					 : "another method, over the control socket");
		response->allow = allow;
		return false;
	}
	if (route->method != NULL && !site->is_local) {
		adit_http_problem(response, 403,
			"what changes something goes over the control socket alone "
			"(control.socket): adit ctl, or curl --unix-socket PATH");
		return false;
	}
	if (!request->body_excess)
		return true;
	adit_http_problem(response, 413, "the body is too long; expected at most %zu bytes",
		ADIT_HTTP_BODY_MOST);
	return false;
}

/* The client has what would be sent. */
static void etag_check(const struct adit_http_request *request, struct adit_http_response *response)
{
	char tag[24];

	if (response->etag == 0 || response->status != 200 || request->if_none_match == NULL)
		return;
	snprintf(tag, sizeof(tag), "\"%016" PRIx64 "\"", response->etag);
	if (strstr(request->if_none_match, tag) == NULL)
		return;
	if (!response->is_static)
		free(response->body);
	response->status = 304;
	response->body = NULL;
	response->size = 0;
}

void adit_http_answer(const struct adit_http_site *site, struct adit_http_request *request,
	struct adit_http_response *response)
{
	const struct adit_http_route *route;

	*response = (struct adit_http_response){.status = 500};
	if (site->only_loopback && !site->is_local &&
		(request->host == NULL || !is_loopback(request->host))) {
		adit_http_problem(response, 421,
			"this server is for this machine alone; expected Host to be localhost or "
			"a loopback address");
		return;
	}
	route = route_find(site, request);
	if (site->token != NULL && !site->is_local && (route == NULL || !route->is_open) &&
		!has_token(request, site->token)) {
		adit_http_problem(response, 401,
			"expected the header Authorization: Bearer, with the token of "
			"http.token_file");
		response->challenge = true;
		return;
	}
	if (route == NULL) {
		adit_http_problem(response, 404,
			"there is nothing at '%.200s'; /api/v1/openapi.json lists what there is",
			request->path);
		return;
	}
	if (!method_check(site, route, request, response) || !query_check(route, request, response))
		return;
	/* Of several rows the last one that was looked at has set it. */
	matches(route->path, request);
	route->handle(site->context, request, response);
	etag_check(request, response);
}
