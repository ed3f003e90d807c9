/* SPDX-License-Identifier: BSD-3-Clause */
#include "mute_priv.h"
#include "verdict_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int adit_mutes_open(struct adit_mutes **out, const char *path, struct adit_mutes_reading *reading,
	struct adit_error *error)
{
	struct adit_mutes *mutes = calloc(1, sizeof(*mutes));
	int status = 0;

	*out = NULL;
	*reading = (struct adit_mutes_reading){.lines = 0};
	if (mutes == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for mutes");
	mutes->file = -1;
	if (path != NULL)
		status = adit_mutes_read(mutes, path, reading, error);
	if (status != 0)
		adit_mutes_close(mutes);
	else
		*out = mutes;
	return status;
}

static void clear(struct adit_mute *mute)
{
	free(mute->by);
	free(mute->reason);
	free(mute->ended_by);
	free(mute->ended_reason);
}

void adit_mutes_close(struct adit_mutes *mutes)
{
	if (mutes == NULL)
		return;
	for (size_t i = 0; i < mutes->count; i++)
		clear(&mutes->mute[i]);
	if (mutes->file >= 0)
		close(mutes->file);
	free(mutes->mute);
	free(mutes->path);
	free(mutes);
}

static bool is_in_force(const struct adit_mute *mute, uint64_t now_ns)
{
	return mute->ended_ns == 0 && mute->until_ns > now_ns;
}

static bool is_same(const struct adit_wire_name *a, const struct adit_wire_name *b)
{
	return a->size == b->size && memcmp(a->wire, b->wire, a->size) == 0;
}

/* The mute in force of exactly this domain. */
static struct adit_mute *own(
	const struct adit_mutes *mutes, const struct adit_wire_name *domain, uint64_t now_ns)
{
	for (size_t i = mutes->count; i-- > 0;)
		if (is_in_force(&mutes->mute[i], now_ns) && is_same(&mutes->mute[i].domain, domain))
			return &mutes->mute[i];
	return NULL;
}

static int end(struct adit_mute *mute, const char *by, const char *reason, uint64_t now_ns)
{
	char *who = strdup(by), *why = strdup(reason);

	if (who == NULL || why == NULL) {
		free(who);
		free(why);
		return -ENOMEM;
	}
	mute->ended_by = who;
	mute->ended_reason = why;
	mute->ended_ns = now_ns;
	return 0;
}

int adit_mutes_drop(struct adit_mutes *mutes, const struct adit_wire_name *domain, const char *by,
	const char *reason, uint64_t now_ns)
{
	struct adit_mute *mute = own(mutes, domain, now_ns);

	return mute == NULL ? -ENOENT : end(mute, by, reason, now_ns);
}

static int make_room(struct adit_mutes *mutes)
{
	size_t room = 2 * mutes->room + 16;
	struct adit_mute *more;

	if (mutes->count < mutes->room)
		return 0;
	more = realloc(mutes->mute, room * sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	mutes->mute = more;
	mutes->room = room;
	return 0;
}

int adit_mutes_take(struct adit_mutes *mutes, const struct adit_wire_name *domain, const char *by,
	const char *reason, uint64_t until_ns, uint64_t now_ns)
{
	struct adit_mute made = {.domain = *domain, .since_ns = now_ns, .until_ns = until_ns};
	struct adit_mute *before;
	int status = make_room(mutes);

	if (status != 0)
		return status;
	before = own(mutes, domain, now_ns);
	made.by = strdup(by);
	made.reason = strdup(reason);
	status = made.by == NULL || made.reason == NULL ? -ENOMEM : 0;
	if (status == 0 && before != NULL)
		status = end(before, by, "another mute of the same domain took its place", now_ns);
	if (status != 0) {
		clear(&made);
		return status;
	}
	mutes->mute[mutes->count++] = made;
	return 0;
}

static int text_check(const char *what, const char *text, struct adit_error *error)
{
	size_t size = strlen(text);

	if (size > ADIT_MUTE_TEXT)
		return adit_error_set(error, -EINVAL, "%s: %zu bytes are too long; right is %d",
			what, size, ADIT_MUTE_TEXT);
	if (text[strspn(text, " \t\r\n")] == '\0')
		return adit_error_set(error, -EINVAL,
			"%s is empty; expected words that tell later readers why", what);
	for (const char *at = text; *at != '\0'; at++)
		if ((uint8_t)*at < ' ' || *at == 0x7f)
			return adit_error_set(error, -EINVAL,
				"%s: a control character (0x%02x) is in it; expected one line of "
				"text",
				what, (unsigned)(uint8_t)*at);
	return 0;
}

int adit_mutes_add(struct adit_mutes *mutes, const struct adit_wire_name *domain, const char *by,
	const char *reason, uint64_t until_ns, uint64_t now_ns, struct adit_error *error)
{
	int status = text_check("reason", reason, error);

	if (status == 0)
		status = text_check("by", by, error);
	if (status == 0 && until_ns <= now_ns)
		status = adit_error_set(error, -EINVAL,
			"until: that time is over; expected a later one, or a duration such as 7d");
	if (status == 0 && adit_mutes_in_force(mutes, now_ns, NULL, 0) >= ADIT_MUTES_MAX &&
		own(mutes, domain, now_ns) == NULL)
		status = adit_error_set(error, -ENOSPC,
			"%d mutes are in force, and that is the most; end some before",
			ADIT_MUTES_MAX);
	if (status == 0)
		status = adit_mutes_append(mutes, domain, by, reason, until_ns, now_ns, error);
	if (status != 0)
		return status;
	status = adit_mutes_take(mutes, domain, by, reason, until_ns, now_ns);
	return status == 0 ? 0
			   : adit_error_set(error, status,
				     "no memory for the mute: it stands in the file, and acts from "
				     "the next start on");
}

int adit_mutes_end(struct adit_mutes *mutes, const struct adit_wire_name *domain, const char *by,
	const char *reason, uint64_t now_ns, struct adit_error *error)
{
	int status = text_check("reason", reason, error);

	if (status == 0)
		status = text_check("by", by, error);
	if (status == 0 && own(mutes, domain, now_ns) == NULL)
		status = adit_error_set(
			error, -ENOENT, "no mute of exactly this domain is in force");
	if (status == 0)
		status = adit_mutes_append(mutes, domain, by, reason, 0, now_ns, error);
	if (status != 0)
		return status;
	status = adit_mutes_drop(mutes, domain, by, reason, now_ns);
	return status == 0 ? 0
			   : adit_error_set(error, status,
				     "no memory for that: it stands in the file, and acts from the "
				     "next start on");
}

const struct adit_mute *adit_mutes_find(
	const struct adit_mutes *mutes, const struct adit_wire_name *domain, uint64_t now_ns)
{
	/* Label by label from the left: what is left is the domain, then what is above it. */
	for (size_t at = 0; at < domain->size && domain->wire[at] != 0;
		at += 1u + domain->wire[at]) {
		struct adit_wire_name part = {.size = (uint8_t)(domain->size - at)};
		const struct adit_mute *mute;

		memcpy(part.wire, domain->wire + at, part.size);
		mute = own(mutes, &part, now_ns);
		if (mute != NULL)
			return mute;
	}
	return NULL;
}

size_t adit_mutes_in_force(const struct adit_mutes *mutes, uint64_t now_ns,
	const struct adit_mute **in_force, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < mutes->count; i++) {
		if (!is_in_force(&mutes->mute[i], now_ns))
			continue;
		if (count < room)
			in_force[count] = &mutes->mute[i];
		count++;
	}
	return count;
}

uint64_t adit_mutes_next_end(const struct adit_mutes *mutes, uint64_t now_ns)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < mutes->count; i++)
		if (is_in_force(&mutes->mute[i], now_ns) && mutes->mute[i].until_ns < next)
			next = mutes->mute[i].until_ns;
	return next;
}

static json_t *time_of(uint64_t ns)
{
	char text[40];

	adit_time_text(ns, text);
	return json_string(text);
}

static json_t *item_of(const struct adit_mute *mute, uint64_t now_ns)
{
	char domain[ADIT_NAME_TEXT_MAX];
	bool is_ended = mute->ended_ns != 0;

	adit_verdict_name_text(&mute->domain, domain);
	return json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "domain", domain, "state",
		is_ended                    ? "ended"
		: is_in_force(mute, now_ns) ? "in force"
					    : "expired",
		"by", adit_verdict_json_text(mute->by), "reason",
		adit_verdict_json_text(mute->reason), "since", time_of(mute->since_ns), "until",
		time_of(mute->until_ns), "ended", is_ended ? time_of(mute->ended_ns) : json_null(),
		"ended_by", is_ended ? adit_verdict_json_text(mute->ended_by) : json_null(),
		"ended_reason",
		is_ended ? adit_verdict_json_text(mute->ended_reason) : json_null());
}

int adit_mutes_write_json(const struct adit_mutes *mutes, bool all, uint64_t now_ns, FILE *to)
{
	json_t *items = json_array(), *document;

	for (size_t i = mutes->count; i-- > 0;)
		if ((all || is_in_force(&mutes->mute[i], now_ns)) &&
			json_array_append_new(items, item_of(&mutes->mute[i], now_ns)) != 0) {
			json_decref(items);
			return -ENOMEM;
		}
	document = json_pack("{s:o,s:I,s:o}", "items", items, "in_force",
		(json_int_t)adit_mutes_in_force(mutes, now_ns, NULL, 0), "file",
		mutes->path != NULL ? adit_verdict_json_text(mutes->path) : json_null());
	return adit_verdict_put_json(document, JSON_INDENT(1), 6, to);
}
