/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What may change while the program runs: the options that a reload takes over, and what two
 * configurations have different.
 */
#include "adit_config.h"
#include "config_priv.h"

/* Those that neither size a table nor say who a subscriber is. What does not stand here needs a
 * restart; sinks are taken over whole. */
#define RELOADED                       \
	ROW(dns, ports)                \
	ROW(dns, public_suffix_list)   \
	ROW(context, tunnel_peers)     \
	ROW(tcp, checksum)             \
	ROW(encrypted, ports)          \
	ROW(encrypted, resolvers)      \
	ROW(detect, signatures)        \
	ROW(detect, pattern_directory) \
	ROW(detect, allow_directory)   \
	ROW(detect, structure)         \
	ROW(detect, trees)             \
	ROW(detect, svm)               \
	ROW(detect, envelope)          \
	ROW(detect, models)            \
	ROW(detect, burst)             \
	ROW(detect, information)       \
	ROW(detect, information_bound) \
	ROW(detect, tunnel_score)      \
	ROW(detect, suspect_score)     \
	ROW(detect, story_idle)        \
	ROW(output, subscribers)       \
	ROW(output, samples)

#define ROW(section, name) offsetof(struct adit_config, section##_##name),
static const size_t reloaded[] = {RELOADED};
#undef ROW

bool adit_option_reloads(const struct adit_option *option)
{
	bool found = strcmp(option->section, "sinks") == 0;

	for (size_t i = 0; !found && i < ADIT_COUNT(reloaded); i++)
		found = reloaded[i] == option->offset;
	return found;
}

static bool lists_same(const struct adit_list *a, const struct adit_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(a->item[i], b->item[i]) == 0;
	return same;
}

static bool option_same(const void *a, const void *b, const struct adit_option *option)
{
	const void *left = (const char *)a + option->offset;
	const void *right = (const char *)b + option->offset;
	const struct adit_ints *ints = left, *others = right;

	switch (option->type) {
	case ADIT_OPTION_BOOL:
		return *(const bool *)left == *(const bool *)right;
	case ADIT_OPTION_INT:
		return *(const int64_t *)left == *(const int64_t *)right;
	case ADIT_OPTION_STRING:
		return strcmp(*(char *const *)left, *(char *const *)right) == 0;
	case ADIT_OPTION_LIST:
		return lists_same(left, right);
	case ADIT_OPTION_INTS:
		return ints->count == others->count &&
		       memcmp(ints->item, others->item, ints->count * sizeof(ints->item[0])) == 0;
	}
	return false;
}

bool adit_sink_config_same(const struct adit_sink_config *a, const struct adit_sink_config *b)
{
	for (size_t i = 0; i < adit_sink_option_count; i++)
		if (!option_same(a, b, &adit_sink_options[i]))
			return false;
	return true;
}

/* A name behind the others; where they are too many, the list ends in "...". */
static void name_add(struct adit_config_names *names, const struct adit_option *option)
{
	static const char dots[] = ", ...";
	char name[96];
	size_t used = strlen(names->text), size;

	names->count++;
	snprintf(
		name, sizeof(name), "%s%s.%s", used > 0 ? ", " : "", option->section, option->name);
	size = strlen(name);
	if (used + size + sizeof(dots) <= sizeof(names->text))
		memcpy(names->text + used, name, size + 1);
	else if (used < sizeof(dots) || strcmp(names->text + used - sizeof(dots) + 1, dots) != 0)
		memcpy(names->text + used, dots, sizeof(dots));
}

void adit_config_compare(const struct adit_config *now, const struct adit_config *next,
	struct adit_config_names *reloads, struct adit_config_names *restarts)
{
	*reloads = *restarts = (struct adit_config_names){0};
	for (size_t i = 0; i < adit_option_count; i++) {
		const struct adit_option *option = &adit_options[i];

		if (!option_same(now, next, option))
			name_add(adit_option_reloads(option) ? reloads : restarts, option);
	}
}

int adit_config_keep(struct adit_config *next, const struct adit_config *now)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < adit_option_count; i++) {
		if (adit_option_reloads(&adit_options[i]))
			continue;
		adit_option_empty(next, &adit_options[i]);
		rc = adit_option_copy(next, now, &adit_options[i]);
	}
	return rc;
}

static size_t option_size(const struct adit_option *option)
{
	static const size_t sizes[] = {[ADIT_OPTION_BOOL] = sizeof(bool),
		[ADIT_OPTION_INT] = sizeof(int64_t),
		[ADIT_OPTION_STRING] = sizeof(char *),
		[ADIT_OPTION_LIST] = sizeof(struct adit_list),
		[ADIT_OPTION_INTS] = sizeof(struct adit_ints)};

	return sizes[option->type];
}

static void swap(void *a, void *b, size_t size)
{
	char kept[sizeof(struct adit_ints) + sizeof(struct adit_list)];

	memcpy(kept, a, size);
	memcpy(a, b, size);
	memcpy(b, kept, size);
}

void adit_config_exchange(struct adit_config *now, struct adit_config *next)
{
	struct adit_sink_configs sinks = now->sinks;

	for (size_t i = 0; i < adit_option_count; i++)
		if (adit_option_reloads(&adit_options[i]))
			swap(adit_option_field(now, &adit_options[i]),
				adit_option_field(next, &adit_options[i]),
				option_size(&adit_options[i]));
	/* What is the same stays where it is: somebody reads it. */
	for (size_t i = 0; i < next->sinks.count; i++)
		for (size_t k = 0; k < sinks.count; k++)
			if (adit_sink_config_same(next->sinks.item[i], sinks.item[k])) {
				swap(&next->sinks.item[i], &sinks.item[k], sizeof(sinks.item[k]));
				break;
			}
	now->sinks = next->sinks;
	next->sinks = sinks;
}
