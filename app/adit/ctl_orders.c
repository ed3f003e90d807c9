/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sub-commands of adit ctl: what they ask, and how the answer is told.
 */
#include "ctl.h"

#include "adit_dns.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MUTES "/api/v1/mutes"

APP_CTL_ASK(status)
{
	return app_client_get(&ctl->client, "/api/v1/status", answer, error);
}

/* Asks with a body, which is let go. */
static int send_body(struct app_ctl *ctl, const char *method, const char *path, json_t *body,
	json_t **answer, struct adit_error *error)
{
	int status;

	if (body == NULL)
		return adit_error_set(
			error, -EINVAL, "what was given is no UTF-8; expected text of that kind");
	status = app_client_ask(&ctl->client, method, path, body, answer, error);
	json_decref(body);
	return status;
}

APP_CTL_ASK(reload)
{
	return app_client_ask(&ctl->client, "POST", "/api/v1/reload", NULL, answer, error);
}

static int reason_check(const struct app_ctl *ctl, struct adit_error *error)
{
	if (ctl->reason != NULL)
		return 0;
	return adit_error_set(error, -EINVAL,
		"--reason TEXT is missing: who looks at the list later wants to know why");
}

/* sudo says who asked it: no proof, but a help. */
static void behalf_add(json_t *body)
{
	const char *user = getenv("SUDO_USER");

	if (user != NULL && user[0] != '\0')
		json_object_set_new(body, "on_behalf_of", json_string(user));
}

APP_CTL_ASK(mute)
{
	json_t *body;

	if (reason_check(ctl, error) != 0)
		return -EINVAL;
	if (ctl->until == NULL)
		return adit_error_set(error, -EINVAL,
			"--until TIME is missing: 2026-12-31T00:00:00Z, or a duration such as 7d");
	body = json_pack("{s:s,s:s,s:s,s:b}", "domain", ctl->line.operands[0], "reason",
		ctl->reason, "until", ctl->until, "force", (int)ctl->force);
	behalf_add(body);
	return send_body(ctl, "POST", MUTES, body, answer, error);
}

APP_CTL_ASK(unmute)
{
	char path[4 * ADIT_NAME_TEXT_MAX] = MUTES "/";
	size_t size = strlen(path);
	json_t *body;

	if (reason_check(ctl, error) != 0)
		return -EINVAL;
	if (ctl->line.operands[0][0] == '\0' ||
		adit_http_escape(ctl->line.operands[0], path + size, sizeof(path) - size) != 0)
		return adit_error_set(
			error, -EINVAL, "'%.60s' is no domain", ctl->line.operands[0]);
	body = json_pack("{s:s}", "reason", ctl->reason);
	behalf_add(body);
	return send_body(ctl, "DELETE", path, body, answer, error);
}

APP_CTL_ASK(mutes)
{
	return app_client_get(&ctl->client, ctl->all ? MUTES "?all=true" : MUTES, answer, error);
}

APP_CTL_ASK(dump)
{
	if (strcmp(ctl->line.operands[0], "windows") != 0)
		return adit_error_set(error, -EINVAL, "there is no dump of '%s'; expected windows",
			ctl->line.operands[0]);
	return send_body(ctl, "POST", "/api/v1/dump",
		ctl->duration != NULL ? json_pack("{s:s}", "duration", ctl->duration)
				      : json_object(),
		answer, error);
}

APP_CTL_ASK(rotate)
{
	return app_client_ask(&ctl->client, "POST", "/api/v1/rotate", NULL, answer, error);
}

APP_CTL_ASK(log)
{
	return send_body(ctl, "POST", "/api/v1/log",
		json_pack("{s:s}", "level", ctl->line.operands[0]), answer, error);
}

APP_CTL_ASK(learn)
{
	return send_body(ctl, "POST", "/api/v1/learn",
		json_pack("{s:s}", "duration", ctl->line.operands[0]), answer, error);
}

APP_CTL_ASK(models)
{
	const char *given = ctl->line.operand_count > 1 ? ctl->line.operands[1] : NULL;
	char path[PATH_MAX];

	if (strcmp(ctl->line.operands[0], "load") != 0)
		return adit_error_set(error, -EINVAL, "there is no 'models %s'; expected load",
			ctl->line.operands[0]);
	if (given == NULL)
		return send_body(ctl, "POST", "/api/v1/models", json_object(), answer, error);
	/* The program runs somewhere else; whether it may read it, it says itself. */
	if (realpath(given, path) == NULL)
		snprintf(path, sizeof(path), "%s", given);
	return send_body(ctl, "POST", "/api/v1/models", json_pack("{s:s}", "directory", path),
		answer, error);
}

APP_CTL_PRINT(detail)
{
	(void)ctl;
	puts(app_ctl_text(answer, "detail"));
}

APP_CTL_PRINT(mute)
{
	bool is_kept = json_is_string(json_object_get(answer, "file"));
	bool is_muted = json_is_string(json_object_get(answer, "until"));

	(void)ctl;
	if (is_muted)
		printf("%s is muted until %s", app_ctl_text(answer, "domain"),
			app_ctl_text(answer, "until"));
	else
		printf("%s is muted no more", app_ctl_text(answer, "domain"));
	printf(" (%s)%s\n", app_ctl_text(answer, "by"),
		is_kept ? "" : "; the program keeps it in no file, and it ends with the run");
}

APP_CTL_PRINT(mutes)
{
	const json_t *items = json_object_get(answer, "items"), *item;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)items, i, item)
	{
		printf("%s  %s until %s\n    muted %s by %s: %s\n", app_ctl_text(item, "domain"),
			app_ctl_text(item, "state"), app_ctl_text(item, "until"),
			app_ctl_text(item, "since"), app_ctl_text(item, "by"),
			app_ctl_text(item, "reason"));
		if (json_is_string(json_object_get(item, "ended")))
			printf("    ended %s by %s: %s\n", app_ctl_text(item, "ended"),
				app_ctl_text(item, "ended_by"), app_ctl_text(item, "ended_reason"));
	}
	if (json_array_size(items) == 0)
		puts(ctl->all ? "no domain was ever muted" : "no domain is muted");
	if (!json_is_string(json_object_get(answer, "file")))
		puts("they are kept in no file, and end with the run (control.mutes)");
}

APP_CTL_PRINT(dump)
{
	(void)ctl;
	printf("rows go to %s until %s\n", app_ctl_text(answer, "file"),
		app_ctl_text(answer, "until"));
}

APP_CTL_PRINT(rotate)
{
	int64_t sinks = app_ctl_number(answer, "sinks");

	(void)ctl;
	if (json_is_string(json_object_get(answer, "verdicts")))
		printf("verdicts.jsonl of before is %s\n", app_ctl_text(answer, "verdicts"));
	else
		puts("verdicts.jsonl holds nothing yet, or there is none");
	printf("%" PRId64 " sink%s %s a new file\n", sinks, sinks == 1 ? "" : "s",
		sinks == 1 ? "has begun" : "have begun");
}

APP_CTL_PRINT(learn)
{
	(void)ctl;
	printf("learning for %s; models will stand below %s/learned\n",
		app_ctl_text(answer, "duration"), app_ctl_text(answer, "directory"));
}

APP_CTL_PRINT(models)
{
	int64_t count = app_ctl_number(answer, "models");

	(void)ctl;
	if (json_is_string(json_object_get(answer, "detail")))
		puts(app_ctl_text(answer, "detail"));
	else
		printf("%" PRId64 " model%s of %s judge%s from now on\n", count,
			count == 1 ? "" : "s", app_ctl_text(answer, "directory"),
			count == 1 ? "s" : "");
}
