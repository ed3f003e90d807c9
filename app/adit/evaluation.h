/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What scores are worth against labels, with what is known of how sure that is: reckoned, and told
 * as text or as JSON of the schema adit.evaluation/1.
 */
#ifndef ADIT_EVALUATION_H
#define ADIT_EVALUATION_H

#include "adit_model.h"
#include "adit_quality.h"

#include <stdio.h>

#define APP_CONFIDENCE 0.95

struct app_evaluation {
	struct adit_confusion counts;
	struct adit_interval wilson[ADIT_STATISTICS];    /* NaN where there is none */
	struct adit_interval bootstrap[ADIT_STATISTICS]; /* NaN without */
	size_t samples;                                  /* 0: no bootstrap */
	const char *group;                               /* what the bootstrap drew; NULL: rows */
	size_t groups;
	struct adit_curve curve;
};

/* A group that was left out of a fit. */
struct app_left_out {
	const char *name;
	struct adit_confusion counts; /* of its rows */
	double threshold;
	uint64_t rows; /* fitted to */
	bool fitted;
	struct adit_error error; /* why not */
};

/* The table must have labels. 0, -EINVAL, -ENOMEM; to be cleared whatever the outcome. */
int app_evaluation_reckon(struct app_evaluation *evaluation, const struct adit_table *table,
	const double *scores, double threshold, size_t samples, uint64_t seed,
	struct adit_error *error);
void app_evaluation_clear(struct app_evaluation *evaluation);

void app_evaluation_text(const struct app_evaluation *evaluation, FILE *to);
/* Members of an object, without its brackets. */
void app_evaluation_json(const struct app_evaluation *evaluation, FILE *to);
/* Points of the curves, as CSV. */
void app_evaluation_curve(const struct app_evaluation *evaluation, FILE *to);

void app_left_out_text(const struct app_left_out *rows, size_t count, const char *column, FILE *to);
void app_left_out_json(const struct app_left_out *rows, size_t count, const char *column, FILE *to);

/* A text in quotes; a number, or null for one that is not finite. */
void app_json_text(const char *text, FILE *to);
void app_json_number(double number, FILE *to);

#endif
