/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The OpenAPI document (3.1), from the table of routes. What objects look like stands in
 * page/schemas.json.
 */
#include "http.h"
#include "page.h"

static json_t *schema_of(const struct adit_http_parameter *parameter)
{
	json_t *choices;

	if (parameter->kind == ADIT_HTTP_INTEGER)
		return json_pack("{s:s,s:I,s:I}", "type", "integer", "minimum",
			(json_int_t)parameter->low, "maximum", (json_int_t)parameter->high);
	if (parameter->kind != ADIT_HTTP_CHOICE)
		return json_pack("{s:s,s:i}", "type", "string", "minLength", 1);
	choices = json_array();
	for (const char *at = parameter->choices; *at != '\0'; at += *at == '|') {
		size_t size = strcspn(at, "|");

		json_array_append_new(choices, json_stringn(at, size));
		at += size;
	}
	return json_pack("{s:s,s:o}", "type", "string", "enum", choices);
}

static json_t *parameters_of(const struct adit_http_route *route)
{
	json_t *list = json_array();

	for (size_t i = 0; i < route->parameter_count; i++)
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:o}", "name", route->parameters[i].name,
				      "in", "query", "description", route->parameters[i].help,
				      "schema", schema_of(&route->parameters[i])));
	if (strchr(route->path, '{') != NULL)
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:b,s:s,s:{s:s}}", "name", "id", "in", "path",
				      "required", 1, "description", "id as in the list", "schema",
				      "type", "string"));
	return list;
}

static json_t *content_of(const struct adit_http_route *route)
{
	json_t *content = json_object();

	for (const char *at = route->types; *at != '\0'; at += *at == ',') {
		size_t size = strcspn(at, ",");
		char type[64], reference[64];
		json_t *schema = json_object();

		snprintf(type, sizeof(type), "%.*s", (int)size, at);
		snprintf(reference, sizeof(reference), "#/components/schemas/%s",
			route->schema != NULL ? route->schema : "");
		if (route->schema != NULL)
			json_object_set_new(schema, "$ref", json_string(reference));
		json_object_set_new(content, type, json_pack("{s:o}", "schema", schema));
		at += size;
	}
	return content;
}

static json_t *problem_of(const char *description)
{
	return json_pack("{s:s,s:{s:{s:{s:s}}}}", "description", description, "content",
		"application/problem+json", "schema", "$ref", "#/components/schemas/Problem");
}

static json_t *responses_of(const struct adit_http_route *route)
{
	json_t *responses = json_pack("{s:{s:s,s:o}}", "200", "description", route->summary,
		"content", content_of(route));

	if (strchr(route->path, '{') != NULL)
		json_object_set_new(responses, "404", problem_of("nothing of this id is held"));
	if (route->parameter_count != 0 || route->method != NULL)
		json_object_set_new(responses, "400",
			problem_of("what was asked is not right; the detail says why"));
	if (!route->is_open)
		json_object_set_new(responses, "401", problem_of("the token is missing"));
	if (route->method != NULL) {
		json_object_set_new(responses, "202",
			json_pack("{s:s,s:o}", "description", "it goes on", "content",
				content_of(route)));
		json_object_set_new(
			responses, "403", problem_of("not asked over the control socket"));
		json_object_set_new(responses, "409",
			problem_of("it can't be done, or what was read is not right; what was in "
				   "force stays"));
	}
	if (route->schema != NULL && route->is_open)
		json_object_set_new(responses, "503",
			json_pack("{s:s,s:o}", "description", "not so, and why", "content",
				content_of(route)));
	return responses;
}

static json_t *security_of(const struct adit_http_route *route)
{
	return route->is_open ? json_array() : json_pack("[{s:[]},{}]", "token");
}

static const char *method_of(const struct adit_http_route *route)
{
	if (route->method == NULL)
		return "get";
	return strcmp(route->method, "POST") == 0 ? "post" : "delete";
}

static json_t *operation_of(const struct adit_http_route *route)
{
	json_t *operation = json_pack("{s:s,s:o,s:o,s:o}", "summary", route->summary, "parameters",
		parameters_of(route), "responses", responses_of(route), "security",
		security_of(route));
	char reference[64];

	if (route->method == NULL)
		return operation;
	json_object_set_new(operation, "description",
		json_string("over the control socket alone (control.socket)"));
	if (route->body == NULL)
		return operation;
	snprintf(reference, sizeof(reference), "#/components/schemas/%s", route->body);
	json_object_set_new(operation, "requestBody",
		json_pack("{s:{s:{s:{s:s}}}}", "content", "application/json", "schema", "$ref",
			reference));
	return operation;
}

void app_http_openapi(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	struct app_http *http = context;
	json_t *paths = json_object(), *document;
	json_t *schemas = json_loadb(
		(const char *)app_page_schemas_json, app_page_schemas_json_size, 0, NULL);

	(void)request;
	for (size_t i = 0; i < http->site.route_count; i++) {
		const struct adit_http_route *route = &http->site.routes[i];

		json_t *path = json_object_get(paths, route->path);

		if (path == NULL) {
			path = json_object();
			json_object_set_new(paths, route->path, path);
		}
		json_object_set_new(path, method_of(route), operation_of(route));
	}
	document = json_pack("{s:s,s:{s:s,s:s,s:{s:s}},s:o,s:{s:{s:{s:s,s:s}},s:o}}", "openapi",
		"3.1.0", "info", "title", "Adit", "version", ADIT_VERSION, "license", "name",
		"BSD-3-Clause", "paths", paths, "components", "securitySchemes", "token", "type",
		"http", "scheme", "bearer", "schemas", schemas);
	app_http_json(response, document);
}
