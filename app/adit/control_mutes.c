/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Orders about mutes: which domain, and until when.
 */
#include "arguments.h"
#include "http.h"

#include <errno.h>

/* The domain of a text as records show it, lower case. */
static int domain_read(const char *text, struct adit_wire_name *domain, struct adit_name *name,
	struct adit_error *error)
{
	if (text == NULL || text[0] == '\0' || adit_name_from_text(text, name) != 0 ||
		name->labels == 0)
		return adit_error_set(error, -EINVAL,
			"domain: '%.80s' is none; expected one as records show it, such as "
			"example.com or xn--bcher-kva.example, octets outside ASCII as \\ddd",
			text != NULL ? text : "");
	domain->size = name->size;
	memcpy(domain->wire, name->lower, name->size);
	return 0;
}

/* Records are about registrable domains: a mute of something below one would do nothing, and one of
 * a public suffix too much. */
static int domain_check(
	const struct appliance *appliance, const struct adit_name *name, struct adit_error *error)
{
	struct adit_registrable registrable;
	char text[ADIT_NAME_TEXT_MAX];

	adit_suffix_find(appliance->suffixes, name, &registrable);
	adit_name_to_text(name->lower, name->size, text, sizeof(text));
	if (registrable.labels == 0)
		return adit_error_set(error, -EINVAL,
			"domain: %.150s is a public suffix: a mute of it would be one of all "
			"domains "
			"below it, whoever they are of; expected a registrable domain, or force "
			"(--force)",
			text);
	if (registrable.offset == 0)
		return 0;
	adit_name_to_text(name->lower + registrable.offset, (size_t)name->size - registrable.offset,
		text, sizeof(text));
	return adit_error_set(error, -EINVAL,
		"domain: records are about registrable domains, and here that is %.200s: expected "
		"that, or force (--force)",
		text);
}

/* A time, or a duration from now. */
static int until_read(const char *text, uint64_t *until_ns, struct adit_error *error)
{
	uint32_t seconds;

	if (text == NULL)
		return adit_error_set(error, -EINVAL,
			"until is missing; expected a time such as 2026-12-31T00:00:00Z, or a "
			"duration such as 7d");
	/* Seconds since 1970 are no time that a person writes here by purpose: "7" wants a unit. */
	if (strchr(text, 'T') != NULL && adit_http_time(text, until_ns) == 0)
		return 0;
	if (app_read_duration("until", text, &seconds, error) == 0) {
		*until_ns = app_now_ns() / ADIT_NS_PER_S * ADIT_NS_PER_S + seconds * ADIT_NS_PER_S;
		return 0;
	}
	return adit_error_set(error, -EINVAL,
		"until: '%.60s' is no time; expected one such as 2026-12-31T00:00:00Z (UTC), or a "
		"duration from 10s to 366d, such as 12h or 7d",
		text);
}

static unsigned status_of(int status)
{
	switch (status) {
	case -EINVAL:
		return 400;
	case -ENOENT:
		return 404;
	case -ENOSPC:
		return 409;
	default:
		return 500;
	}
}

static json_t *answer_of(
	const struct app_manager *manager, const char *domain, const struct app_order *order)
{
	bool is_kept = manager->mutes.path[0] != '\0';

	return json_pack("{s:b,s:s,s:s,s:o}", "done", 1, "domain", domain, "by", order->by, "file",
		is_kept ? json_string(manager->mutes.path) : json_null());
}

bool app_order_mute(struct app_control *control, struct app_order *order)
{
	struct app_manager *manager = control->http->manager;
	const char *reason = app_order_text(order, "reason");
	bool force = json_is_true(json_object_get(order->request, "force"));
	struct adit_error error = {"out of memory"};
	struct adit_wire_name domain;
	struct adit_name name;
	char text[ADIT_NAME_TEXT_MAX], until[40];
	uint64_t until_ns = 0;
	json_t *answer;
	int status = domain_read(app_order_text(order, "domain"), &domain, &name, &error);

	if (status == 0 && !force)
		status = domain_check(manager->appliance, &name, &error);
	if (status == 0)
		status = until_read(app_order_text(order, "until"), &until_ns, &error);
	if (status == 0)
		status = app_mutes_add(&manager->mutes, manager->sinks, &domain, order->by,
			reason != NULL ? reason : "", until_ns, &error);
	if (status != 0)
		return app_order_refuse(order, status_of(status), "%s", error.text);
	adit_name_to_text(domain.wire, domain.size, text, sizeof(text));
	adit_time_text(until_ns, until);
	answer = answer_of(manager, text, order);
	json_object_set_new(answer, "until", json_string(until));
	return app_order_done(order, answer);
}

bool app_order_unmute(struct app_control *control, struct app_order *order)
{
	struct app_manager *manager = control->http->manager;
	const char *reason = app_order_text(order, "reason");
	struct adit_error error = {"out of memory"};
	struct adit_wire_name domain;
	struct adit_name name;
	char text[ADIT_NAME_TEXT_MAX];
	int status = domain_read(app_order_text(order, "domain"), &domain, &name, &error);

	if (status == 0)
		status = app_mutes_end(&manager->mutes, manager->sinks, &domain, order->by,
			reason != NULL ? reason : "", &error);
	if (status != 0)
		return app_order_refuse(order, status_of(status), "%s", error.text);
	adit_name_to_text(domain.wire, domain.size, text, sizeof(text));
	return app_order_done(order, answer_of(manager, text, order));
}
