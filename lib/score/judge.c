/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Models that judge rows of features.
 */
#include "adit_judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Points above those of a tunnel, if there are so many: as a signature's are 95 where a tunnel has
 * 70. */
#define POINTS_ABOVE 24.0
#define POINTS_MOST  100.0

const char *const adit_span_names[ADIT_SPAN_COUNT] = {
	[ADIT_SPAN_SLICE] = "slice",
	[ADIT_SPAN_10MIN] = "10min",
	[ADIT_SPAN_HOUR] = "hour",
	[ADIT_SPAN_DAY] = "day",
};

struct judge {
	struct adit_model *model;
	enum adit_model_kind kind;
	unsigned keys, spans;
	bool by_names; /* thresholds have steps */
	bool vouched;
};

struct adit_judges {
	size_t count;
	struct judge judge[ADIT_JUDGES_MAX];
};

struct adit_judges *adit_judges_create(void)
{
	return calloc(1, sizeof(struct adit_judges));
}

void adit_judges_destroy(struct adit_judges *judges)
{
	for (size_t i = 0; judges != NULL && i < judges->count; i++)
		adit_model_destroy(judges->judge[i].model);
	free(judges);
}

/* Kinds of rows: the keys that each judges, and those of which it is a row. */
static const struct row_kind {
	const char *name;
	unsigned keys, rows;
} row_kinds[] = {
	{"subscriber_domain", ADIT_KEY_PAIR | ADIT_KEY_SERVER, ADIT_KEY_PAIR},
	{"subscriber_server", ADIT_KEY_SERVER, ADIT_KEY_SERVER},
	{"domain", ADIT_KEY_DOMAIN, ADIT_KEY_DOMAIN},
	{"any_domain", ADIT_KEY_DOMAIN | ADIT_KEY_PAIR | ADIT_KEY_SERVER,
		ADIT_KEY_DOMAIN | ADIT_KEY_PAIR | ADIT_KEY_SERVER},
	{"session", ADIT_KEY_SESSION, ADIT_KEY_SESSION},
};

static const struct row_kind *row_kind_of(const struct adit_model_about *about)
{
	for (size_t i = 0; i < ADIT_COUNT(row_kinds); i++)
		if (strcmp(about->row_kind, row_kinds[i].name) == 0)
			return &row_kinds[i];
	return NULL;
}

/* A feature that rows of the model's kind do not have, by its place; feature_count: they have all.
 */
static size_t feature_apart(const struct adit_model_about *about)
{
	const struct row_kind *kind = row_kind_of(about);
	size_t i = 0;

	while (kind != NULL && i < about->feature_count &&
		adit_features[adit_feature_find(about->features[i])].keys & kind->rows)
		i++;
	return kind != NULL ? i : about->feature_count;
}

/* Keys that a kind of row stands for; 0: none that is judged. */
static unsigned keys_of(const struct adit_model_about *about)
{
	const struct row_kind *kind = row_kind_of(about);
	unsigned keys = ~0u;

	if (kind != NULL)
		return kind->keys;
	if (about->row_kind[0] != '\0')
		return 0;
	/* Not said: all kinds that have these features, a session only if no other has them. */
	for (size_t i = 0; i < about->feature_count; i++) {
		enum adit_feature feature = adit_feature_find(about->features[i]);

		keys &= feature < ADIT_FEATURE_COUNT ? adit_features[feature].keys : 0;
	}
	return keys & ADIT_KEY_PAIR ? keys & ~ADIT_KEY_SESSION : keys;
}

/* Lengths of time, as bits; 0: none that is judged. */
static unsigned spans_of(const struct adit_model_about *about)
{
	for (unsigned span = 0; span < ADIT_SPAN_COUNT; span++)
		if (strcmp(about->row_span, adit_span_names[span]) == 0)
			return 1u << span;
	return about->row_span[0] == '\0' ? ~0u : 0;
}

int adit_judges_take(struct adit_judges *judges, struct adit_model *model, struct adit_error *error)
{
	struct judge *judge = &judges->judge[judges->count];
	struct adit_model_about about;
	size_t apart;
	int status;

	if (judges->count == ADIT_JUDGES_MAX)
		return adit_error_set(
			error, -EINVAL, "more than %d models are loaded", ADIT_JUDGES_MAX);
	adit_model_about(model, &about);
	status = adit_model_bind(model, adit_feature_names, ADIT_FEATURE_COUNT, error);
	if (status != 0)
		return status;
	*judge = (struct judge){
		.model = model,
		.kind = about.kind,
		.keys = keys_of(&about),
		.spans = spans_of(&about),
		.by_names = about.step_count != 0,
		.vouched = about.threshold.method == ADIT_THRESHOLD_RANK ||
			   about.threshold.method == ADIT_THRESHOLD_GIVEN,
	};
	if (judge->keys == 0)
		return adit_error_set(error, -EINVAL,
			"the model judges rows of kind '%s'; there are subscriber_domain, "
			"subscriber_server, domain, any_domain and session",
			about.row_kind[0] != '\0' ? about.row_kind : "(none has its features)");
	apart = feature_apart(&about);
	if (apart < about.feature_count)
		return adit_error_set(error, -EINVAL,
			"the model judges rows of kind '%s', which have no feature '%s'",
			about.row_kind, about.features[apart]);
	if (judge->spans == 0)
		return adit_error_set(error, -EINVAL,
			"the model judges rows over '%s'; there are slice, 10min, hour and day",
			about.row_span);
	judges->count++;
	return 0;
}

int adit_judges_add(struct adit_judges *judges, const char *folder, struct adit_error *error)
{
	struct adit_model *model;
	struct adit_error why;
	int status = adit_model_read(folder, &model, error);

	if (status != 0)
		return status;
	status = adit_judges_take(judges, model, &why);
	if (status == 0)
		return 0;
	adit_model_destroy(model);
	return adit_error_set(error, status, "%s: %s", folder, why.text);
}

size_t adit_judges_count(const struct adit_judges *judges)
{
	return judges->count;
}

static bool is_asked(
	const struct judge *judge, enum adit_kind kind, enum adit_span span, unsigned kinds)
{
	return judge->keys & 1u << kind && kinds & 1u << judge->kind &&
	       (kind == ADIT_KIND_SESSION || judge->spans & 1u << span);
}

bool adit_judges_any(
	const struct adit_judges *judges, enum adit_kind kind, enum adit_span span, unsigned kinds)
{
	for (size_t i = 0; i < judges->count; i++)
		if (is_asked(&judges->judge[i], kind, span, kinds))
			return true;
	return false;
}

/* Fewer names than these say nothing to models without thresholds by names. */
#define LEAST_NAMES 10

uint32_t adit_judges_least_names(
	const struct adit_judges *judges, enum adit_kind kind, unsigned kinds)
{
	uint32_t names = 0;

	for (; names < LEAST_NAMES; names++)
		for (size_t i = 0; i < judges->count; i++) {
			const struct judge *judge = &judges->judge[i];

			if (judge->by_names && judge->keys & 1u << kind &&
				kinds & 1u << judge->kind &&
				(isfinite(adit_model_threshold_for(judge->model, names)) ||
					isfinite(adit_model_suspect_for(judge->model, names))))
				return names;
		}
	return names;
}

static double points_of(const struct judge *judge, double score, double threshold,
	double suspect_threshold, double suspect, double tunnel)
{
	if (score > threshold && judge->vouched)
		return tunnel +
		       fmin(POINTS_ABOVE, POINTS_MOST - tunnel) * (1 - exp(threshold - score));
	if (score > threshold)
		return (suspect + tunnel) / 2;
	if (score > suspect_threshold && isfinite(threshold))
		return suspect + (tunnel - 1 - suspect) * (score - suspect_threshold) /
					 (threshold - suspect_threshold);
	return score > suspect_threshold ? suspect : 0;
}

/* What a row lacks speaks neither for nor against it: a model gets what is typical of benign rows
 * in its place. Gives the row, or the copy that was filled. */
static const double *row_of(const struct judge *judge, const double value[ADIT_FEATURE_COUNT],
	double room[ADIT_FEATURE_COUNT])
{
	if (!adit_model_lacks(judge->model, value))
		return value;
	memcpy(room, value, ADIT_FEATURE_COUNT * sizeof(*room));
	adit_model_fill(judge->model, room);
	return room;
}

size_t adit_judges_ask(struct adit_judges *judges, enum adit_kind kind, enum adit_span span,
	unsigned kinds, const double value[ADIT_FEATURE_COUNT], double suspect, double tunnel,
	struct adit_opinion opinion[ADIT_JUDGES_MAX], unsigned *scored)
{
	double room[ADIT_FEATURE_COUNT];
	unsigned bits = 0;
	double names = value[ADIT_FEATURE_UNIQUE_NAMES];
	size_t count = 0;

	for (size_t i = 0; i < judges->count; i++) {
		struct judge *judge = &judges->judge[i];
		struct adit_opinion *it = &opinion[count];
		double low;

		if (!is_asked(judge, kind, span, kinds) ||
			(!judge->by_names && kind != ADIT_KIND_SESSION && names < LEAST_NAMES))
			continue;
		it->name = adit_model_kind_names[judge->kind];
		it->kind = judge->kind;
		it->number = i;
		it->threshold = adit_model_threshold_for(judge->model, names);
		low = adit_model_suspect_for(judge->model, names);
		if (!isfinite(it->threshold) && !isfinite(low))
			continue;
		bits |= 1u << judge->kind;
		it->score = adit_model_score(judge->model, row_of(judge, value, room));
		it->points = points_of(judge, it->score, it->threshold, low, suspect, tunnel);
		count += it->points > 0;
	}
	if (scored != NULL)
		*scored = bits;
	return count;
}

size_t adit_judges_explain(struct adit_judges *judges, const struct adit_opinion *opinion,
	double value[ADIT_FEATURE_COUNT], struct adit_model_cause *causes, size_t room)
{
	const struct judge *judge = &judges->judge[opinion->number];
	double filled[ADIT_FEATURE_COUNT];

	memcpy(filled, value, sizeof(filled));
	adit_model_fill(judge->model, filled);
	return adit_model_explain(judge->model, filled, causes, room);
}
