/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Filling the store. Stories, domains and subscribers are alike: found by their text through
 * buckets, and in a list by the last change, of which a new one is put in front.
 */
#include "store_priv.h"
#include "verdict_priv.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 8
/* An id: an address or pseudonym, and what tells it from the same elsewhere. */
#define ID_ROOM 96

struct adit_store *adit_store_create(const struct adit_store_params *params)
{
	struct adit_store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return NULL;
	store->params = *params;
	for (store->buckets = 64; store->buckets < params->stories; store->buckets *= 2)
		;
	for (int kind = 0; kind < ADIT_STORE_KINDS; kind++) {
		store->shelf[kind].bucket = calloc(store->buckets, sizeof(struct subject *));
		if (store->shelf[kind].bucket == NULL) {
			adit_store_destroy(store);
			return NULL;
		}
	}
	return store;
}

static struct subject **place_of(
	const struct adit_store *store, enum adit_store_kind kind, const char *id)
{
	uint64_t hash = adit_hash(&store->params.key, id, strlen(id));
	struct subject **at = &store->shelf[kind].bucket[hash & (store->buckets - 1)];

	while (*at != NULL && strcmp((*at)->id, id) != 0)
		at = &(*at)->chain;
	return at;
}

struct subject *adit_store_find(
	const struct adit_store *store, enum adit_store_kind kind, const char *id)
{
	return *place_of(store, kind, id);
}

static size_t size_of(enum adit_store_kind kind)
{
	return kind == ADIT_STORE_STORY ? sizeof(struct held) : sizeof(struct subject);
}

static void list_remove(struct shelf *shelf, struct subject *subject)
{
	*(subject->newer != NULL ? &subject->newer->older : &shelf->newest) = subject->older;
	*(subject->older != NULL ? &subject->older->newer : &shelf->oldest) = subject->newer;
}

static void list_add(struct shelf *shelf, struct subject *subject)
{
	subject->newer = NULL;
	subject->older = shelf->newest;
	*(shelf->newest != NULL ? &shelf->newest->newer : &shelf->oldest) = subject;
	shelf->newest = subject;
}

/* Finds it, or makes an empty one. NULL: no memory. */
static struct subject *subject_take(
	struct adit_store *store, enum adit_store_kind kind, const char *id)
{
	struct subject **at = place_of(store, kind, id), *made;

	if (*at != NULL)
		return *at;
	made = calloc(1, size_of(kind));
	if (made == NULL)
		return NULL;
	made->id = strdup(id);
	if (made->id == NULL) {
		free(made);
		return NULL;
	}
	*at = made;
	list_add(&store->shelf[kind], made);
	store->shelf[kind].count++;
	store->bytes += size_of(kind) + strlen(id) + 1;
	return made;
}

static void subject_drop(
	struct adit_store *store, enum adit_store_kind kind, struct subject *subject)
{
	struct subject **at = place_of(store, kind, subject->id);

	*at = subject->chain;
	list_remove(&store->shelf[kind], subject);
	store->shelf[kind].count--;
	store->bytes -=
		size_of(kind) + strlen(subject->id) + 1 + subject->room * sizeof(subject->point[0]);
	free(subject->point);
	free(subject->id);
	free(subject);
}

static void share_drop(
	struct adit_store *store, enum adit_store_kind kind, const struct share *share)
{
	if (share->subject != NULL && --share->subject->stories == 0)
		subject_drop(store, kind, share->subject);
}

static void story_drop(struct adit_store *store, struct held *held)
{
	share_drop(store, ADIT_STORE_DOMAIN, &held->domain);
	for (size_t i = 0; i < held->share_count; i++)
		share_drop(store, ADIT_STORE_SUBSCRIBER, &held->share[i]);
	store->bytes -= held->text != NULL ? strlen(held->text) + 1 : 0;
	free(held->text);
	subject_drop(store, ADIT_STORE_STORY, &held->is);
}

void adit_store_destroy(struct adit_store *store)
{
	if (store == NULL)
		return;
	while (store->shelf[ADIT_STORE_STORY].oldest != NULL)
		story_drop(store, (struct held *)store->shelf[ADIT_STORE_STORY].oldest);
	for (int kind = 0; kind < ADIT_STORE_KINDS; kind++)
		free(store->shelf[kind].bucket);
	free(store);
}

/* Every other point goes; the last one stays. */
static void points_thin(struct subject *subject)
{
	size_t kept = 0;

	for (size_t i = (subject->count - 1) % 2; i < subject->count; i += 2)
		subject->point[kept++] = subject->point[i];
	subject->count = kept;
}

/* Where the next point goes. A history that can't grow is thinned instead. */
static struct point *point_add(struct adit_store *store, struct subject *subject, uint64_t time_ns)
{
	if (subject->count != 0 && subject->point[subject->count - 1].time_ns == time_ns)
		return &subject->point[subject->count - 1];
	if (subject->count == subject->room && subject->room < ADIT_STORE_POINTS) {
		size_t room = subject->room != 0 ? 2 * subject->room : FIRST_ROOM;
		struct point *grown = realloc(subject->point, room * sizeof(grown[0]));

		if (grown != NULL) {
			store->bytes += (room - subject->room) * sizeof(grown[0]);
			subject->point = grown;
			subject->room = room;
		}
	}
	if (subject->room == 0)
		return NULL;
	if (subject->count == subject->room)
		points_thin(subject);
	return &subject->point[subject->count++];
}

/* A record of a story, for the story itself or what it is about. */
static void subject_note(struct adit_store *store, enum adit_store_kind kind,
	struct subject *subject, const struct adit_verdict *verdict)
{
	struct point *point = point_add(store, subject, verdict->time_ns);

	if (subject->records++ == 0)
		/* A story may be older than this run: its counts are of all of it. */
		subject->first_ns = verdict->state == ADIT_STATE_OPEN ||
						    verdict->window_start_ns > verdict->time_ns
					    ? verdict->time_ns
					    : verdict->window_start_ns;
	subject->last_ns = verdict->time_ns;
	subject->score = verdict->score;
	subject->verdict = verdict->verdict;
	if (verdict->score > subject->score_most)
		subject->score_most = verdict->score;
	subject->change = store->change;
	list_remove(&store->shelf[kind], subject);
	list_add(&store->shelf[kind], subject);
	if (point == NULL)
		return;
	*point = subject->total;
	point->time_ns = verdict->time_ns;
	point->score = verdict->score;
}

static void grow(uint64_t *total, uint64_t *had, uint64_t has)
{
	if (has > *had)
		*total += has - *had;
	*had = has;
}

/* What has been added since the story's record before. */
static void share_grow(struct share *share, const struct point *has)
{
	struct point *total = &share->subject->total;

	grow(&total->queries, &share->has.queries, has->queries);
	grow(&total->unique_names, &share->has.unique_names, has->unique_names);
	grow(&total->bytes_up, &share->has.bytes_up, has->bytes_up);
	grow(&total->bytes_down, &share->has.bytes_down, has->bytes_down);
}

static void subscriber_id(const struct adit_verdict_subscriber *subscriber,
	const struct adit_privacy *privacy, char id[ID_ROOM])
{
	char address[48];
	int used;

	adit_privacy_subscriber_text(privacy, &subscriber->address, address);
	used = snprintf(id, ID_ROOM, "%s", address);
	if (subscriber->tap != 0)
		used += snprintf(id + used, ID_ROOM - (size_t)used, ",tap=%u", subscriber->tap);
	if (subscriber->vlan != 0)
		used += snprintf(id + used, ID_ROOM - (size_t)used, ",vlan=%u", subscriber->vlan);
	if (subscriber->vlan_inner != 0)
		snprintf(id + used, ID_ROOM - (size_t)used, ",inner=%u", subscriber->vlan_inner);
}

static struct share *share_of(struct adit_store *store, struct held *held, const char *id)
{
	struct share *share;

	for (size_t i = 0; i < held->share_count; i++)
		if (strcmp(held->share[i].subject->id, id) == 0)
			return &held->share[i];
	if (held->share_count == ADIT_VERDICT_SUBSCRIBERS)
		return NULL;
	share = &held->share[held->share_count];
	*share = (struct share){.subject = subject_take(store, ADIT_STORE_SUBSCRIBER, id)};
	if (share->subject == NULL)
		return NULL;
	share->subject->stories++;
	held->share_count++;
	return share;
}

/* What nobody has memory for is missing from lists, and the story is whole. */
static void subscribers_note(struct adit_store *store, struct held *held,
	const struct adit_verdict *verdict, const struct adit_privacy *privacy)
{
	for (size_t i = 0; i < verdict->subscriber_count; i++) {
		const struct adit_verdict_subscriber *from = &verdict->subscriber[i];
		const struct point has = {.queries = from->queries,
			.unique_names = verdict->unique_names,
			.bytes_up = from->bytes_up,
			.bytes_down = from->bytes_down};
		char id[ID_ROOM];
		struct share *share;

		subscriber_id(from, privacy, id);
		share = share_of(store, held, id);
		if (share == NULL)
			continue;
		share_grow(share, &has);
		subject_note(store, ADIT_STORE_SUBSCRIBER, share->subject, verdict);
	}
}

static void domain_note(
	struct adit_store *store, struct held *held, const struct adit_verdict *verdict)
{
	char name[ADIT_NAME_TEXT_MAX];

	if (verdict->domain.size == 0)
		return;
	if (held->domain.subject == NULL) {
		adit_verdict_name_text(&verdict->domain, name);
		held->domain.subject = subject_take(store, ADIT_STORE_DOMAIN, name);
		if (held->domain.subject == NULL)
			return;
		held->domain.subject->stories++;
	}
	share_grow(&held->domain, &held->is.total);
	subject_note(store, ADIT_STORE_DOMAIN, held->domain.subject, verdict);
}

/* The part of an item that only changes with a record; from malloc. */
static char *text_of(const struct adit_verdict *verdict, const struct adit_privacy *privacy)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	int status;

	if (to == NULL)
		return NULL;
	fputs("\"record\":", to);
	status = adit_verdict_write_json(verdict, privacy, to);
	fputs(",\"words\":[", to);
	/* Words are ours and hold nothing to escape. */
	for (size_t i = 0; i < verdict->reason_count && i < ADIT_VERDICT_REASONS; i++) {
		const char *words = adit_verdict_reason_words(verdict->reason[i].name);

		fprintf(to, "%s\"%s\"", i != 0 ? "," : "",
			words != NULL ? words : verdict->reason[i].name);
	}
	fputc(']', to);
	if (fclose(to) != 0 || status != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void bounds_keep(struct adit_store *store, const struct held *held)
{
	struct shelf *shelf = &store->shelf[ADIT_STORE_STORY];

	while ((shelf->count > store->params.stories || store->bytes > store->params.bytes) &&
		shelf->oldest != &held->is) {
		story_drop(store, (struct held *)shelf->oldest);
		store->evicted++;
	}
}

int adit_store_add(struct adit_store *store, const struct adit_verdict *verdict,
	const struct adit_privacy *privacy)
{
	char id[17], *text = text_of(verdict, privacy);
	struct held *held = NULL;

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)verdict->id);
	if (text != NULL)
		held = (struct held *)subject_take(store, ADIT_STORE_STORY, id);
	if (held == NULL) {
		free(text);
		return -ENOMEM;
	}
	store->change++;
	store->bytes += strlen(text) + 1;
	store->bytes -= held->text != NULL ? strlen(held->text) + 1 : 0;
	free(held->text);
	held->text = text;
	held->state = verdict->state;
	held->is.total = (struct point){.queries = verdict->queries,
		.unique_names = verdict->unique_names,
		.bytes_up = verdict->bytes_up,
		.bytes_down = verdict->bytes_down};
	subject_note(store, ADIT_STORE_STORY, &held->is, verdict);
	domain_note(store, held, verdict);
	subscribers_note(store, held, verdict, privacy);
	bounds_keep(store, held);
	return 0;
}

uint64_t adit_store_change(const struct adit_store *store)
{
	return store->change;
}

void adit_store_usage(const struct adit_store *store, struct adit_store_usage *usage)
{
	for (int kind = 0; kind < ADIT_STORE_KINDS; kind++)
		usage->count[kind] = store->shelf[kind].count;
	usage->bytes = store->bytes;
	usage->evicted = store->evicted;
}
