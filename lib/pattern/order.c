/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What lasts when one set takes the place of another: the names of tools, and which bit a class is.
 * Windows, roll-ups and stories of up to a day hold both.
 */
#include "adit_pattern.h"

#include <errno.h>
#include <stdatomic.h>

#include "adit_hash.h"
#include "pattern_priv.h"

#define NO_PLACE UINT8_MAX

struct name {
	struct name *next;
	char text[];
};

/* Added to by who loads a set, one at a time; read by whoever was given a name. */
struct adit_pattern_names {
	atomic_size_t users;
	const struct adit_allocator *allocator; /* of the first set */
	struct name *first;
};

int adit_pattern_names_open(struct adit_pattern_set *set, const struct adit_pattern_set *before)
{
	if (before != NULL) {
		set->names = before->names;
		atomic_fetch_add(&set->names->users, 1);
		return 0;
	}
	set->names = adit_alloc(set->allocator, sizeof(*set->names), _Alignof(max_align_t));
	if (set->names == NULL)
		return -ENOMEM;
	atomic_init(&set->names->users, 1);
	set->names->allocator = set->allocator;
	set->names->first = NULL;
	return 0;
}

void adit_pattern_names_close(struct adit_pattern_set *set)
{
	struct adit_pattern_names *names = set->names;
	struct name *next;
	if (atomic_fetch_sub(&names->users, 1) != 1)
		return;
	for (struct name *name = names->first; name != NULL; name = next) {
		next = name->next;
		adit_free(names->allocator, name);
	}
	adit_free(names->allocator, names);
}

const char *adit_pattern_name(struct adit_pattern_set *set, const char *text)
{
	struct adit_pattern_names *names = set->names;
	size_t size = strlen(text) + 1;
	struct name *name = names->first;
	while (name != NULL && strcmp(name->text, text) != 0)
		name = name->next;
	if (name != NULL)
		return name->text;
	name = adit_alloc(names->allocator, sizeof(*name) + size, _Alignof(max_align_t));
	if (name == NULL)
		return NULL;
	memcpy(name->text, text, size);
	name->next = names->first;
	names->first = name;
	return name->text;
}

/* What a class looks for, as a number that changes with it. */
static void digests_make(struct adit_pattern_set *set,
	const struct adit_pattern_expression *expressions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct adit_pattern_expression *e = &expressions[i];
		uint64_t text = adit_hash(&adit_hash_key_fixed, e->text, strlen(e->text));
		uint64_t *digest = &set->digest[e->class_index];
		*digest = adit_hash_pair(
			&adit_hash_key_fixed, *digest, text + e->part * 2u + e->caseless);
	}
}

static uint8_t place_of(const struct adit_pattern_set *before, const struct adit_class *class)
{
	for (size_t i = 0; i < before->class_count; i++) {
		const struct adit_class *other = &before->classes[i];
		if (other->tool != NULL && strcmp(other->tool, class->tool) == 0 &&
			strcmp(other->name, class->name) == 0)
			return (uint8_t)i;
	}
	/* One that comes back. */
	for (size_t i = 0; i < before->class_count; i++) {
		const struct adit_pattern_gone *gone = &before->gone[i];
		if (before->classes[i].tool == NULL && gone->tool == class->tool &&
			gone->name != NULL && strcmp(gone->name, class->name) == 0)
			return (uint8_t)i;
	}
	return NO_PLACE;
}

/* A place for a class that is new. */
static uint8_t place_take(const struct adit_pattern_set *before, uint32_t taken, uint32_t rested)
{
	for (size_t i = before->class_count; i < ADIT_CLASS_MAX; i++)
		if ((taken >> i & 1) == 0)
			return (uint8_t)i;
	for (size_t i = 0; i < before->class_count; i++)
		if (before->classes[i].tool == NULL && (taken >> i & 1) == 0 && (rested >> i & 1))
			return (uint8_t)i;
	return NO_PLACE;
}

static int places_find(const struct adit_pattern_set *set, const struct adit_pattern_set *before,
	uint32_t rested, uint8_t *places, struct adit_error *error)
{
	uint32_t taken = 0;
	for (size_t i = 0; i < set->class_count; i++) {
		places[i] = place_of(before, &set->classes[i]);
		taken |= places[i] != NO_PLACE ? UINT32_C(1) << places[i] : 0;
	}
	for (size_t i = 0; i < set->class_count; i++) {
		if (places[i] != NO_PLACE)
			continue;
		places[i] = place_take(before, taken, rested);
		if (places[i] == NO_PLACE)
			return adit_error_set(error, -EINVAL,
				"class \"%s\" of \"%s\": there are %d places for classes, and "
				"those of classes that were taken away a moment ago are not free "
				"yet; reload again in some minutes, or restart",
				set->classes[i].name, set->classes[i].tool, ADIT_CLASS_MAX);
		taken |= UINT32_C(1) << places[i];
	}
	return 0;
}

/* Classes and digests to their places. */
static void places_give(
	struct adit_pattern_set *set, const struct adit_pattern_set *before, const uint8_t *places)
{
	struct adit_class classes[ADIT_CLASS_MAX] = {{.tool = NULL}};
	uint64_t digest[ADIT_CLASS_MAX] = {0};
	size_t high = before->class_count;
	for (size_t i = 0; i < set->class_count; i++) {
		classes[places[i]] = set->classes[i];
		digest[places[i]] = set->digest[i];
		high = places[i] >= high ? places[i] + 1u : high;
	}
	memcpy(set->classes, classes, sizeof(classes));
	memcpy(set->digest, digest, sizeof(digest));
	set->class_count = high;
}

static void change_find(struct adit_pattern_set *set, const struct adit_pattern_set *before)
{
	for (size_t i = 0; i < set->class_count; i++) {
		bool is = set->classes[i].tool != NULL;
		bool was = i < before->class_count && before->classes[i].tool != NULL;
		set->change.added |= (uint32_t)(is && !was) << i;
		set->change.gone |= (uint32_t)(!is && was) << i;
		if (!is && was)
			set->gone[i] = (struct adit_pattern_gone){before->classes[i].tool,
				adit_pattern_name(set, before->classes[i].name)};
		else if (!is && i < before->class_count)
			set->gone[i] = before->gone[i];
		set->change.changed |= (uint32_t)(is && was && set->digest[i] != before->digest[i])
				       << i;
	}
}

int adit_pattern_number(struct adit_pattern_set *set, const struct adit_pattern_set *before,
	uint32_t rested, struct adit_pattern_expression *expressions, size_t count,
	struct adit_error *error)
{
	uint8_t places[ADIT_CLASS_MAX];
	int status;
	digests_make(set, expressions, count);
	if (before == NULL)
		return 0;
	status = places_find(set, before, rested, places, error);
	if (status != 0)
		return status;
	for (size_t i = 0; i < count; i++)
		expressions[i].class_index = places[expressions[i].class_index];
	places_give(set, before, places);
	change_find(set, before);
	return 0;
}
