/* SPDX-License-Identifier: BSD-3-Clause */
#include "outcomes.h"

#include <errno.h>
#include <stdlib.h>

/* Tunnels by tool and set-up, then others by capture. */
static int outcome_order(const void *left, const void *right)
{
	const struct app_outcome *a = left, *b = right;
	int order;

	if (a->tunnel != b->tunnel)
		return a->tunnel ? -1 : 1;
	if (!a->tunnel)
		return strcmp(a->capture, b->capture);
	order = strcmp(a->tool, b->tool);
	return order != 0 ? order : strcmp(a->setup, b->setup);
}

/* Where the outcomes of each capture's labels begin, and one for each label. */
struct places {
	size_t *first; /* [captures] */
	size_t count;
};

static int places_make(
	const struct app_harvest *harvest, struct places *places, struct adit_error *error)
{
	const struct app_labels *labels = harvest->labels;

	*places = (struct places){.first = calloc(labels->count + 1, sizeof(*places->first))};
	if (places->first == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for outcomes");
	for (size_t i = 0; i < labels->count; i++) {
		places->first[i] = places->count;
		places->count += labels->captures[i].count;
	}
	return 0;
}

/* One outcome for each label, and room for what no label names. */
static int outcomes_make(const struct app_harvest *harvest, const struct places *places,
	size_t more, struct app_outcomes *outcomes, struct adit_error *error)
{
	const struct app_labels *labels = harvest->labels;

	*outcomes = (struct app_outcomes){
		.all = calloc(places->count + more + 1, sizeof(*outcomes->all)),
		.texts = calloc(labels->count + 1, ADIT_TABLE_NAME_MAX + 1),
	};
	if (outcomes->all == NULL || outcomes->texts == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for outcomes");
	for (size_t i = 0; i < labels->count; i++) {
		char *capture = outcomes->texts + i * (ADIT_TABLE_NAME_MAX + 1);

		app_harvest_group(&labels->captures[i], capture);
		for (size_t k = 0; k < labels->captures[i].count; k++) {
			const struct app_label *label = &labels->captures[i].labels[k];

			outcomes->all[outcomes->count++] = (struct app_outcome){
				.tool = label->tunnel ? label->tool : "-",
				.setup = label->setup,
				.rate = label->rate,
				.capture = capture,
				.tunnel = label->tunnel,
			};
		}
	}
	return 0;
}

static struct app_outcome *outcome_of(const struct app_harvest *harvest,
	const struct places *places, struct app_outcomes *outcomes, uint32_t capture,
	const struct app_label *label)
{
	size_t at = (size_t)(label - harvest->labels->captures[capture].labels);

	return &outcomes->all[places->first[capture] + at];
}

/* Of what no label names, an outcome of its own. */
static struct app_outcome *outcome_new(
	const struct app_outcomes *outcomes, struct app_outcomes *grown, uint32_t capture)
{
	struct app_outcome *it = &grown->all[grown->count++];

	*it = (struct app_outcome){.tool = "-",
		.setup = "-",
		.rate = "-",
		.capture = outcomes->texts + (size_t)capture * (ADIT_TABLE_NAME_MAX + 1)};
	return it;
}

/* Tunnels are alike within a tool and set-up, others within a capture. */
static void clusters_number(struct app_outcomes *outcomes)
{
	qsort(outcomes->all, outcomes->count, sizeof(*outcomes->all), outcome_order);
	for (size_t i = 0; i < outcomes->count; i++) {
		outcomes->clusters +=
			i == 0 || outcome_order(&outcomes->all[i - 1], &outcomes->all[i]) != 0;
		outcomes->all[i].cluster = outcomes->clusters - 1;
	}
}

/* Benign domains that nobody asked enough for to be judged are no evidence of anything. */
static void outcomes_thin(struct app_outcomes *outcomes, const bool *met)
{
	size_t kept = 0;

	for (size_t i = 0; i < outcomes->count; i++)
		if (outcomes->all[i].tunnel || outcomes->all[i].suspected || met[i])
			outcomes->all[kept++] = outcomes->all[i];
	outcomes->count = kept;
}

/* What keys say: how much was seen of each domain, and which were met at all. */
static bool *keys_add(const struct app_harvest *harvest, const struct places *places,
	struct app_outcomes *outcomes, uint32_t **outcome_of_key)
{
	bool *met = calloc(places->count + harvest->key_count + harvest->verdict_count + 1, 1);
	uint32_t *of_key = malloc((harvest->key_count + 1) * sizeof(*of_key));

	if (met == NULL || of_key == NULL) {
		free(met);
		free(of_key);
		return NULL;
	}
	for (size_t i = 0; i < harvest->key_count; i++) {
		const struct app_harvest_key *key = &harvest->keys[i];
		struct app_outcome *it =
			key->label != NULL
				? outcome_of(harvest, places, outcomes, key->capture, key->label)
				: outcome_new(outcomes, outcomes, key->capture);

		of_key[i] = (uint32_t)(it - outcomes->all);
		it->keys += key->many;
		for (int span = 0; span < APP_HARVEST_SPANS; span++)
			met[of_key[i]] |= key->rows[span] != 0;
	}
	*outcome_of_key = of_key;
	return met;
}

int app_outcomes_of_verdicts(
	const struct app_harvest *harvest, struct app_outcomes *outcomes, struct adit_error *error)
{
	struct places places;
	uint32_t *of_key = NULL;
	bool *met = NULL;
	int status = places_make(harvest, &places, error);

	*outcomes = (struct app_outcomes){NULL};
	if (status == 0)
		status = outcomes_make(harvest, &places,
			harvest->key_count + harvest->verdict_count, outcomes, error);
	if (status == 0 && (met = keys_add(harvest, &places, outcomes, &of_key)) == NULL)
		status = adit_error_set(error, -ENOMEM, "no memory for outcomes");
	for (size_t i = 0; i < harvest->verdict_count && status == 0; i++) {
		const struct app_harvest_verdict *said = &harvest->verdicts[i];
		struct app_outcome *it =
			said->label != NULL
				? outcome_of(harvest, &places, outcomes, said->capture, said->label)
				: outcome_new(outcomes, outcomes, said->capture);

		it->found = said->tunnel;
		it->suspected = true;
		it->named = said->tool;
		it->queries = said->queries;
		it->up = said->up;
		it->down = said->down;
	}
	if (status == 0) {
		outcomes_thin(outcomes, met);
		clusters_number(outcomes);
	}
	free(places.first);
	free(of_key);
	free(met);
	return status;
}

int app_outcomes_of_scores(const struct app_harvest *harvest, const double *scores,
	double (*threshold)(const void *context, double names),
	double (*suspect)(const void *context, double names), const void *context,
	struct app_outcomes *outcomes, struct adit_error *error)
{
	struct places places;
	uint32_t *of_key = NULL;
	bool *met = NULL;
	int status = places_make(harvest, &places, error);

	*outcomes = (struct app_outcomes){NULL};
	if (status == 0)
		status = outcomes_make(harvest, &places, harvest->key_count, outcomes, error);
	if (status == 0 && (met = keys_add(harvest, &places, outcomes, &of_key)) == NULL)
		status = adit_error_set(error, -ENOMEM, "no memory for outcomes");
	/* Rows of a key come in the order of time. */
	for (size_t i = 0; i < harvest->row_count && status == 0; i++) {
		const struct app_harvest_row *row = &harvest->rows[i];
		struct app_outcome *it = &outcomes->all[of_key[row->key]];

		it->suspected |= suspect != NULL && scores[i] > suspect(context, row->names);
		if (!(scores[i] > threshold(context, row->names)))
			continue;
		if (!it->found || row->queries < it->queries) {
			it->queries = row->queries;
			it->up = row->up;
			it->down = row->down;
		}
		it->found = it->suspected = true;
	}
	if (status == 0) {
		outcomes_thin(outcomes, met);
		clusters_number(outcomes);
	}
	free(places.first);
	free(of_key);
	free(met);
	return status;
}

void app_outcomes_clear(struct app_outcomes *outcomes)
{
	free(outcomes->all);
	free(outcomes->texts);
	*outcomes = (struct app_outcomes){NULL};
}
