/* SPDX-License-Identifier: BSD-3-Clause */
#include "folds.h"

#include "adit_hash.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* A group that waits for its fold. */
struct dealt {
	uint64_t order;
	uint32_t group;
	bool has_positive;
};

static int by_order(const void *a, const void *b)
{
	const struct dealt *x = a, *y = b;

	if (x->has_positive != y->has_positive)
		return x->has_positive ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* Deals the groups to the folds in turn, those with positive rows first, in an order that depends
 * on their names and the seed only: few groups would all be in one fold now and then. NULL: no
 * memory. */
static uint64_t *groups_deal(const struct app_fit *fit, const struct adit_table *table)
{
	const struct adit_grouping *grouping = &table->groupings[0];
	struct dealt *dealt = calloc((size_t)grouping->count + 1, sizeof(*dealt));
	uint64_t *fold = calloc((size_t)grouping->count + 1, sizeof(*fold));

	for (uint32_t i = 0; dealt != NULL && i < grouping->count; i++) {
		const char *name = grouping->names[i];
		uint64_t hash = adit_hash(&adit_hash_key_fixed, name, strlen(name));

		dealt[i] = (struct dealt){
			adit_hash_pair(&adit_hash_key_fixed, fit->seed, hash), i, false};
	}
	for (size_t i = 0; dealt != NULL && table->labels != NULL && i < table->rows; i++)
		dealt[grouping->of_row[i]].has_positive |= table->labels[i] != 0;
	if (dealt != NULL)
		qsort(dealt, grouping->count, sizeof(*dealt), by_order);
	for (uint32_t i = 0; dealt != NULL && fold != NULL && i < grouping->count; i++)
		fold[dealt[i].group] = i % fit->folds;
	if (dealt == NULL) {
		free(fold);
		fold = NULL;
	}
	free(dealt);
	return fold;
}

/* Fits to the other folds and scores this one. */
static int fold_run(struct app_fit *fit, const struct adit_table *table, const uint64_t *fold,
	uint64_t at, size_t *places, double *scores, struct adit_error *error)
{
	const uint32_t *of_row = table->groupings[0].of_row;
	struct adit_table *others = NULL, *own = NULL;
	struct adit_model *model = NULL;
	struct adit_error why = {""};
	double *made = NULL;
	size_t count = 0;
	int status = 0;

	for (size_t i = 0; i < table->rows; i++)
		if (fold[of_row[i]] != at)
			places[count++] = i;
	others = adit_table_select(table, places, count);
	count = 0;
	for (size_t i = 0; i < table->rows; i++)
		if (fold[of_row[i]] == at)
			places[count++] = i;
	own = adit_table_select(table, places, count);
	made = malloc((count + 1) * sizeof(*made));
	if (others == NULL || own == NULL || made == NULL)
		status = adit_error_set(error, -ENOMEM, "no memory for a fold");
	if (status == 0 && count != 0)
		status = app_fit_model(fit, others, &model, &why);
	if (status != 0 && why.text[0] != '\0')
		adit_error_set(error, status,
			"a fit without fold %lu of %lu: %s (--folds and --seed say which groups "
			"make a fold)",
			(unsigned long)at + 1, (unsigned long)fit->folds, why.text);
	if (status == 0 && count != 0)
		status = adit_model_score_table(model, own, made, NULL, error);
	for (size_t i = 0; status == 0 && i < count; i++)
		scores[places[i]] = made[i];
	adit_model_destroy(model);
	adit_table_destroy(others);
	adit_table_destroy(own);
	free(made);
	return status;
}

static int folds_score(struct app_fit *fit, const struct adit_table *table,
	struct app_fitted *fitted, struct adit_error *error)
{
	uint64_t *fold = groups_deal(fit, table);
	size_t *places = malloc((table->rows + 1) * sizeof(*places));
	int status = 0;

	fitted->unseen = malloc((table->rows + 1) * sizeof(*fitted->unseen));
	if (fold == NULL || places == NULL || fitted->unseen == NULL)
		status = adit_error_set(error, -ENOMEM, "no memory for folds");
	for (uint64_t at = 0; at < fit->folds && status == 0; at++)
		status = fold_run(fit, table, fold, at, places, fitted->unseen, error);
	free(fold);
	free(places);
	return status;
}

/* What each benign group came to at most with rows of so many names, in front of `most`; gives
 * their number. */
static size_t group_maxima(const struct app_fit *fit, const struct adit_table *table,
	const double *scores, double least, double below, double *most)
{
	const struct adit_grouping *grouping = &table->groupings[0];
	size_t count = 0;

	for (uint32_t g = 0; g < grouping->count; g++)
		most[g] = NAN;
	for (size_t i = 0; i < table->rows; i++) {
		double *its = &most[grouping->of_row[i]];

		if ((table->labels != NULL && table->labels[i] != 0) ||
			(fit->names != NULL && (fit->names[i] < least || fit->names[i] >= below)))
			continue;
		if (isnan(*its) || scores[i] > *its)
			*its = scores[i];
	}
	for (uint32_t g = 0; g < grouping->count; g++)
		if (!isnan(most[g]))
			most[count++] = most[g];
	return count;
}

/* One threshold for each of the steps, or one for all rows. A step of too few benign groups
 * has the one of all rows. */
static int steps_find(const struct app_fit *fit, const struct adit_table *table,
	struct app_fitted *fitted, double limit, double *most, struct adit_error *error)
{
	size_t count = group_maxima(fit, table, fitted->unseen, 0, INFINITY, most);
	int status = adit_threshold_find(most, count, fit->rate, limit, &fitted->threshold, error);

	if (status == 0 && fit->suspect_rate > 0)
		status = adit_threshold_find(
			most, count, fit->suspect_rate, limit, &fitted->suspect, error);
	for (size_t i = 0; i < fit->steps && status == 0; i++) {
		double below = i + 1 < fit->steps ? fit->step[i + 1] : INFINITY;
		struct adit_threshold *found = &fitted->step_of[i], suspect = fitted->suspect;

		*found = fitted->threshold;
		count = group_maxima(fit, table, fitted->unseen, fit->step[i], below, most);
		if (count != 0)
			status = adit_threshold_find(most, count, fit->rate, limit, found, error);
		if (count != 0 && status == 0 && fit->suspect_rate > 0)
			status = adit_threshold_find(
				most, count, fit->suspect_rate, limit, &suspect, error);
		/* Too few groups for the rate: the largest of them may be far below others. */
		if (found->method != ADIT_THRESHOLD_RANK && found->value < fitted->threshold.value)
			found->value = fitted->threshold.value;
		if (suspect.value > found->value)
			suspect.value = found->value;
		fitted->steps[i] = (struct adit_model_step){(uint64_t)fit->step[i], found->value};
		fitted->suspect_steps[i] =
			(struct adit_model_step){(uint64_t)fit->step[i], suspect.value};
		fitted->step_count++;
	}
	return status;
}

int app_folds_check(
	const struct app_fit *fit, const struct adit_table *table, struct adit_error *error)
{
	const struct adit_grouping *grouping = &table->groupings[0];

	if (grouping->column == NULL || grouping->count < fit->folds)
		return adit_error_set(error, -EINVAL,
			"--folds %lu takes whole groups, and there are %u: name the column that "
			"tells "
			"them apart (--group)",
			(unsigned long)fit->folds, grouping->column != NULL ? grouping->count : 0);
	if (fit->steps != 0 && fit->names == NULL)
		return adit_error_set(error, -EINVAL,
			"--by-names: how many names a row is made of is known of captures and of "
			"tables with a column unique_names");
	return 0;
}

int app_folds_run(struct app_fit *fit, const struct adit_table *table, struct app_fitted *fitted,
	struct adit_error *error)
{
	const struct adit_grouping *grouping = &table->groupings[0];
	struct adit_model_about about;
	double *most;
	int status;

	fitted->groups = grouping->count;
	most = malloc(((size_t)grouping->count + 1) * sizeof(*most));
	status = most != NULL ? folds_score(fit, table, fitted, error)
			      : adit_error_set(error, -ENOMEM, "no memory for groups");
	adit_model_about(fitted->model, &about);
	if (status == 0)
		status = steps_find(fit, table, fitted, about.score_limit, most, error);
	free(most);
	return status;
}

void app_folds_describe(const struct app_fit *fit, const struct app_fitted *fitted, FILE *to)
{
	const struct adit_threshold *all = &fitted->threshold;

	fprintf(to,
		"thresholds from %lu folds of %zu groups: of benign groups that a fit has not "
		"seen, %g "
		"may have\na row above\n",
		(unsigned long)fit->folds, fitted->groups, fit->rate);
	for (size_t i = 0; i < fitted->step_count; i++) {
		const struct adit_threshold *step = &fitted->step_of[i];

		fprintf(to, "  from %3lu names: %7.3f (%s of %lu groups, %lu above)\n",
			(unsigned long)fitted->steps[i].names, step->value,
			adit_threshold_method_names[step->method], (unsigned long)step->rows,
			(unsigned long)step->above);
	}
	if (fitted->step_count == 0)
		fprintf(to, "  %.6g (%s of %lu groups, %lu above)\n", all->value,
			adit_threshold_method_names[all->method], (unsigned long)all->rows,
			(unsigned long)all->above);
}
