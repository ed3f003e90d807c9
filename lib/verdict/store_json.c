/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Telling what the store holds, as JSON.
 */
#include "store_priv.h"
#include "verdict_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <strings.h>

/* Of a domain or subscriber; its `stories` says how many there are. */
#define STORIES_OF_ONE 100

static void put_text(FILE *to, const char *text)
{
	json_t *string = adit_verdict_json_text(text);

	if (string == NULL || json_dumpf(string, to, JSON_ENCODE_ANY) != 0)
		fputs("null", to);
	json_decref(string);
}

static void put_time(FILE *to, const char *key, uint64_t ns)
{
	char text[40];

	adit_time_text(ns, text);
	fprintf(to, ",\"%s\":\"%s\"", key, text);
}

static const char *class_name(enum adit_verdict_class verdict)
{
	return verdict == ADIT_VERDICT_TUNNEL ? "tunnel" : "suspect";
}

/* The members of an item; what stands around them is the caller's. */
static void put_subject(FILE *to, enum adit_store_kind kind, const struct subject *subject)
{
	fputs("\"id\":", to);
	put_text(to, subject->id);
	put_time(to, "first", subject->first_ns);
	put_time(to, "last", subject->last_ns);
	fprintf(to, ",\"records\":%" PRIu64, subject->records);
	if (kind == ADIT_STORE_STORY) {
		fprintf(to, ",%s", ((const struct held *)subject)->text);
		return;
	}
	fprintf(to,
		",\"verdict\":\"%s\",\"score\":%" PRIu32 ",\"highest_score\":%" PRIu32
		",\"stories\":%" PRIu32 ",\"queries\":%" PRIu64 ",\"bytes_up\":%" PRIu64
		",\"bytes_down\":%" PRIu64 ",\"unique_names\":%" PRIu64,
		class_name(subject->verdict), subject->score, subject->score_most, subject->stories,
		subject->total.queries, subject->total.bytes_up, subject->total.bytes_down,
		subject->total.unique_names);
}

static void put_history(FILE *to, const struct subject *subject)
{
	fputs(",\"history\":[", to);
	for (size_t i = 0; i < subject->count; i++) {
		const struct point *point = &subject->point[i];
		char time[40];

		adit_time_text(point->time_ns, time);
		fprintf(to,
			"%s{\"time\":\"%s\",\"score\":%" PRIu32 ",\"queries\":%" PRIu64
			",\"unique_names\":%" PRIu64 ",\"bytes_up\":%" PRIu64
			",\"bytes_down\":%" PRIu64 "}",
			i != 0 ? "," : "", time, point->score, point->queries, point->unique_names,
			point->bytes_up, point->bytes_down);
	}
	fputc(']', to);
}

/* An id, or all that has its address. */
static bool is_subscriber(const struct subject *subject, const char *wanted)
{
	size_t size = strlen(wanted);

	return strncmp(subject->id, wanted, size) == 0 &&
	       (subject->id[size] == '\0' || subject->id[size] == ',');
}

static bool story_fits(const struct held *held, const struct adit_store_filter *filter)
{
	bool found = filter->subscriber == NULL;

	if (filter->state >= 0 && (int)held->state != filter->state)
		return false;
	if (filter->domain != NULL &&
		(held->domain.subject == NULL ||
			strcasecmp(held->domain.subject->id, filter->domain) != 0))
		return false;
	for (size_t i = 0; i < held->share_count && !found; i++)
		found = is_subscriber(held->share[i].subject, filter->subscriber);
	return found;
}

static bool fits(const struct subject *subject, enum adit_store_kind kind,
	const struct adit_store_filter *filter)
{
	if ((filter->after != 0 && subject->change >= filter->after) ||
		subject->last_ns < filter->since_ns || subject->score < filter->score ||
		(filter->verdict >= 0 && (int)subject->verdict != filter->verdict))
		return false;
	if (kind == ADIT_STORE_STORY)
		return story_fits((const struct held *)subject, filter);
	if (kind == ADIT_STORE_DOMAIN)
		return filter->domain == NULL || strcasecmp(subject->id, filter->domain) == 0;
	return filter->subscriber == NULL || is_subscriber(subject, filter->subscriber);
}

static int written(FILE *to)
{
	return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}

int adit_store_write_list(const struct adit_store *store, enum adit_store_kind kind,
	const struct adit_store_filter *filter, FILE *to)
{
	const struct subject *at = store->shelf[kind].newest, *last = NULL;
	size_t count = 0;

	fputs("{\"items\":[", to);
	for (; at != NULL; at = at->older) {
		if (!fits(at, kind, filter))
			continue;
		/* Subscribers of one record have one change: a page must not part them. */
		if (count >= filter->limit && at->change != last->change)
			break;
		fputs(count++ != 0 ? ",{" : "{", to);
		put_subject(to, kind, at);
		fputc('}', to);
		last = at;
	}
	fprintf(to, "],\"held\":%zu,\"next\":", store->shelf[kind].count);
	if (at != NULL)
		fprintf(to, "\"%" PRIu64 "\"}\n", last->change);
	else
		fputs("null}\n", to);
	return written(to);
}

/* The stories of a domain or subscriber, the newest change first. */
static void put_stories(const struct adit_store *store, enum adit_store_kind kind,
	const struct subject *subject, FILE *to)
{
	const struct adit_store_filter filter = {.state = -1,
		.verdict = -1,
		.domain = kind == ADIT_STORE_DOMAIN ? subject->id : NULL,
		.subscriber = kind == ADIT_STORE_SUBSCRIBER ? subject->id : NULL};
	size_t count = 0;

	fputs(",\"items\":[", to);
	for (const struct subject *at = store->shelf[ADIT_STORE_STORY].newest;
		at != NULL && count < STORIES_OF_ONE; at = at->older)
		if (fits(at, ADIT_STORE_STORY, &filter)) {
			fputs(count++ != 0 ? ",{" : "{", to);
			put_subject(to, ADIT_STORE_STORY, at);
			fputc('}', to);
		}
	fputc(']', to);
}

int adit_store_write_one(
	const struct adit_store *store, enum adit_store_kind kind, const char *id, FILE *to)
{
	const struct subject *subject = adit_store_find(store, kind, id);

	if (subject == NULL)
		return -ENOENT;
	fputc('{', to);
	put_subject(to, kind, subject);
	if (kind != ADIT_STORE_STORY)
		put_stories(store, kind, subject, to);
	put_history(to, subject);
	fputs("}\n", to);
	return written(to);
}
