/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Models as judges: folders of lib/model, bound to the features of the scoring core. Which kind of
 * key one judges, and over which length of time, stands in its folder; how high a score must be may
 * depend on how many names a row is made of. Loading is control path; judging allocates nothing. A
 * set belongs to one thread at a time: it is handed over by pointer.
 */
#ifndef ADIT_JUDGE_H
#define ADIT_JUDGE_H

#include "adit_feature.h"
#include "adit_ledger.h"
#include "adit_model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_JUDGES_MAX 16

/* "slice", "10min", "hour", "day": as in windows.csv and in a model's folder. */
extern const char *const adit_span_names[ADIT_SPAN_COUNT];

struct adit_judges;

/* What a judge says of a row. */
struct adit_opinion {
	const char *name; /* of the model's kind: "trees", "svm", "envelope" */
	enum adit_model_kind kind;
	double score, threshold; /* of the model */
	double points;           /* 0: nothing to say; to 100 */
	size_t number;           /* of the model */
};

/* An empty set. NULL: no memory. */
struct adit_judges *adit_judges_create(void);
void adit_judges_destroy(struct adit_judges *judges);

/* Reads a model folder into the set. -EINVAL for a feature that nobody derives or that rows of the
 * model's kind do not have, a kind of row or a length of time that is not judged or more than
 * ADIT_JUDGES_MAX models, and what adit_model_read gives; the message names the folder. */
int adit_judges_add(struct adit_judges *judges, const char *folder, struct adit_error *error);
/* Takes a model that was just fitted. -EINVAL as above: the model is then still the caller's. */
int adit_judges_take(
	struct adit_judges *judges, struct adit_model *model, struct adit_error *error);
size_t adit_judges_count(const struct adit_judges *judges);
/* Whether any of these kinds (a bit each) judges keys of this kind over this span. */
bool adit_judges_any(
	const struct adit_judges *judges, enum adit_kind kind, enum adit_span span, unsigned kinds);

/* Of a row with fewer names than this they say nothing; at most 10. */
uint32_t adit_judges_least_names(
	const struct adit_judges *judges, enum adit_kind kind, unsigned kinds);

/*
 * What the models of these kinds (a bit each) say of a row of this kind of key over this span (of
 * sessions any, of looks the slice), which was made of so many names; returns the number of
 * opinions that have points. *scored (may be NULL) are the kinds that gave a score, a bit each: a
 * row of too few names costs none. A score above its threshold is worth `tunnel` points and up to
 * 24 more, 100 at most, if benign rows vouch for the threshold or it was set by hand (its method is
 * rank or given), and points halfway between `suspect` and `tunnel` if not; above its lower
 * threshold, points from `suspect` up to below `tunnel`.
 */
size_t adit_judges_ask(struct adit_judges *judges, enum adit_kind kind, enum adit_span span,
	unsigned kinds, const double value[ADIT_FEATURE_COUNT], double suspect, double tunnel,
	struct adit_opinion opinion[ADIT_JUDGES_MAX], unsigned *scored);

/* Features that make an opinion's score high, the strongest first, `room` at most, by their places
 * in the feature table. `value` is as before after it. Costs a score for each feature: for rows
 * that are told of, not for all. */
size_t adit_judges_explain(struct adit_judges *judges, const struct adit_opinion *opinion,
	double value[ADIT_FEATURE_COUNT], struct adit_model_cause *causes, size_t room);

#ifdef __cplusplus
}
#endif
#endif
