/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Routes that change something, and the list of mutes: from a request to an order, and from what
 * came of it to an answer.
 */
#include "http.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#define WAIT_S 60

/* Who asks: the user of the socket's other end; and for whom, as it says itself (sudo). */
static void by_write(const struct adit_http_request *request, const json_t *body, char by[256])
{
	const char *behalf = json_string_value(json_object_get(body, "on_behalf_of"));
	struct passwd entry, *found = NULL;
	char room[4096];
	int size;

	if (request->user != UINT32_MAX &&
		getpwuid_r(request->user, &entry, room, sizeof(room), &found) == 0 && found != NULL)
		size = snprintf(by, 256, "%.100s", found->pw_name);
	else
		size = snprintf(by, 256, "uid %u", request->user);
	if (behalf != NULL && behalf[0] != '\0' && strcmp(behalf, by) != 0)
		snprintf(by + size, 256 - (size_t)size, " for %.100s", behalf);
	/* A name may be cut within a character. */
	for (char *at = by; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
			*at = '?';
}

/* Whether all that was sent is known; else the answer is made. */
static bool keys_check(json_t *body, const char *keys, struct adit_http_response *response)
{
	const char *key;
	json_t *value;

	json_object_foreach(body, key, value)
	{
		const char *found = strstr(keys, key);
		size_t size = strlen(key);
		bool is_flag = strcmp(key, "force") == 0;

		while (found != NULL && ((found > keys && found[-1] != ' ') ||
						(found[size] != '\0' && found[size] != ' ')))
			found = strstr(found + 1, key);
		if (size == 0 || found == NULL) {
			adit_http_problem(
				response, 400, "there is no '%.60s' here; expected: %s", key, keys);
			return false;
		}
		if (is_flag ? !json_is_boolean(value) : !json_is_string(value)) {
			adit_http_problem(response, 400, "%s: expected %s", key,
				is_flag ? "true or false" : "a text");
			return false;
		}
	}
	return true;
}

/* What was sent, an object with no other keys than these (by blank); NULL: the answer is made. */
static json_t *body_read(const struct adit_http_request *request, const char *keys,
	struct adit_http_response *response)
{
	json_error_t where;
	json_t *body = request->body_size == 0 ? json_object()
					       : json_loadb(request->body, request->body_size,
							 JSON_REJECT_DUPLICATES, &where);

	if (body == NULL && request->body_size != 0)
		adit_http_problem(response, 400,
			"the body is no JSON: line %d, column %d: %s; expected an object",
			where.line, where.column, where.text);
	else if (body == NULL)
		adit_http_body(response, "application/json", NULL, 0);
	else if (!json_is_object(body))
		adit_http_problem(response, 400, "the body is no object; expected one with: %s",
			keys[0] != '\0' ? keys : "nothing in it");
	else if (keys_check(body, keys, response))
		return body;
	json_decref(body);
	return NULL;
}

/* Gives the order, and answers with what came of it. */
static void give(struct app_http *http, const struct adit_http_request *request, json_t *body,
	bool (*step)(struct app_control *control, struct app_order *order),
	struct adit_http_response *response)
{
	struct app_order *order = app_order_make(step, body);
	int status;

	if (order == NULL) {
		adit_http_body(response, "application/json", NULL, 0);
		return;
	}
	by_write(request, body, order->by);
	status = app_orders_give(&http->control.orders, order, WAIT_S);
	if (status == -ETIMEDOUT) {
		app_http_json(response,
			json_pack("{s:b,s:s}", "done", 0, "detail",
				"it is not done yet, and goes on; adit ctl status tells what is in "
				"force"));
		response->status = 202;
		return;
	}
	if (status != 0)
		adit_http_problem(response, 503,
			status == -EBUSY ? "too many orders wait; try again later"
					 : "the program ends");
	else if (order->status == 200)
		app_http_json(response, json_incref(order->answer));
	else
		adit_http_problem(response, order->status, "%s", order->problem.text);
	app_order_free(order);
}

static void take(void *context, const struct adit_http_request *request,
	struct adit_http_response *response, const char *keys,
	bool (*step)(struct app_control *control, struct app_order *order))
{
	json_t *body = body_read(request, keys, response);

	if (body != NULL)
		give(context, request, body, step, response);
}

APP_CONTROL_HANDLER(reload)
{
	take(context, request, response, "", app_order_reload);
}

APP_CONTROL_HANDLER(models)
{
	take(context, request, response, "directory", app_order_models);
}

APP_CONTROL_HANDLER(learn)
{
	take(context, request, response, "duration", app_order_learn);
}

APP_CONTROL_HANDLER(log)
{
	take(context, request, response, "level", app_order_log);
}

APP_CONTROL_HANDLER(dump)
{
	take(context, request, response, "duration", app_order_dump);
}

APP_CONTROL_HANDLER(rotate)
{
	take(context, request, response, "", app_order_rotate);
}

APP_CONTROL_HANDLER(mute)
{
	take(context, request, response, "domain reason until force on_behalf_of", app_order_mute);
}

APP_CONTROL_HANDLER(unmute)
{
	json_t *body = body_read(request, "reason on_behalf_of", response);

	if (body == NULL)
		return;
	json_object_set_new(body, "domain", json_string(request->part));
	give(context, request, body, app_order_unmute, response);
}

APP_CONTROL_HANDLER(mutes)
{
	const char *all = adit_http_value(request, "all");
	struct app_http *http = context;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	int status = -ENOMEM;

	if (to != NULL) {
		status = app_mutes_write(
			&http->manager->mutes, all != NULL && strcmp(all, "true") == 0, to);
		if (fclose(to) != 0 || status != 0) {
			free(text);
			text = NULL;
		}
	}
	adit_http_body(response, "application/json", text, size);
}
