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

/* A domain of a capture that no label names, and the place of its outcome. */
struct stranger {
	uint32_t capture;
	const char *domain;
	size_t at;
};

/* Where outcomes are: those of each capture's labels from `first` on, one for each; then those of
 * strangers, which are in order. */
struct places {
	size_t *first; /* [captures] */
	size_t count;
	struct stranger *strangers;
	size_t stranger_count;
};

static int stranger_order(const void *left, const void *right)
{
	const struct stranger *a = left, *b = right;

	if (a->capture != b->capture)
		return a->capture < b->capture ? -1 : 1;
	return strcmp(a->domain, b->domain);
}

/* Each once, in order. */
static void strangers_find(const struct app_harvest *harvest, struct places *places)
{
	struct stranger *all = places->strangers;
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < harvest->key_count; i++)
		if (harvest->keys[i].label == NULL)
			all[count++] = (struct stranger){
				harvest->keys[i].capture, harvest->keys[i].domain, 0};
	for (size_t i = 0; i < harvest->verdict_count; i++)
		if (harvest->verdicts[i].label == NULL)
			all[count++] = (struct stranger){
				harvest->verdicts[i].capture, harvest->verdicts[i].domain, 0};
	qsort(all, count, sizeof(*all), stranger_order);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || stranger_order(&all[kept - 1], &all[i]) != 0)
			all[kept++] = all[i];
	for (size_t i = 0; i < kept; i++)
		all[i].at = places->count + i;
	places->stranger_count = kept;
}

static int places_make(
	const struct app_harvest *harvest, struct places *places, struct adit_error *error)
{
	const struct app_labels *labels = harvest->labels;

	*places = (struct places){.first = calloc(labels->count + 1, sizeof(*places->first)),
		.strangers = calloc(harvest->key_count + harvest->verdict_count + 1,
			sizeof(*places->strangers))};
	if (places->first == NULL || places->strangers == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for outcomes");
	for (size_t i = 0; i < labels->count; i++) {
		places->first[i] = places->count;
		places->count += labels->captures[i].count;
	}
	strangers_find(harvest, places);
	return 0;
}

static void places_clear(struct places *places)
{
	free(places->first);
	free(places->strangers);
}

/* One outcome for each label, and for each stranger. */
static int outcomes_make(const struct app_harvest *harvest, const struct places *places,
	struct app_outcomes *outcomes, struct adit_error *error)
{
	const struct app_labels *labels = harvest->labels;
	size_t count = places->count + places->stranger_count;

	*outcomes = (struct app_outcomes){
		.all = calloc(count + 1, sizeof(*outcomes->all)),
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
				.file = labels->captures[i].name,
				.domain = label->domain,
				.tunnel = label->tunnel,
			};
		}
	}
	for (size_t i = 0; i < places->stranger_count; i++) {
		const struct stranger *it = &places->strangers[i];

		outcomes->all[outcomes->count++] = (struct app_outcome){
			.tool = "-",
			.setup = "-",
			.rate = "-",
			.capture = outcomes->texts + it->capture * (ADIT_TABLE_NAME_MAX + 1),
			.file = labels->captures[it->capture].name,
			.domain = it->domain,
		};
	}
	return 0;
}

static struct app_outcome *outcome_of(const struct app_harvest *harvest,
	const struct places *places, const struct app_outcomes *outcomes, uint32_t capture,
	const struct app_label *label, const char *domain)
{
	const struct stranger want = {capture, domain, 0}, *it;

	if (label != NULL)
		return &outcomes->all[places->first[capture] +
				      (size_t)(label - harvest->labels->captures[capture].labels)];
	it = bsearch(
		&want, places->strangers, places->stranger_count, sizeof(want), stranger_order);
	return &outcomes->all[it->at];
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
	bool *met = calloc(places->count + places->stranger_count + 1, 1);
	uint32_t *of_key = malloc((harvest->key_count + 1) * sizeof(*of_key));

	if (met == NULL || of_key == NULL) {
		free(met);
		free(of_key);
		return NULL;
	}
	for (size_t i = 0; i < harvest->key_count; i++) {
		const struct app_harvest_key *key = &harvest->keys[i];
		struct app_outcome *it = outcome_of(
			harvest, places, outcomes, key->capture, key->label, key->domain);

		of_key[i] = (uint32_t)(it - outcomes->all);
		it->keys += key->many;
		for (int span = 0; span < APP_HARVEST_SPANS; span++)
			met[of_key[i]] |= key->rows[span] != 0;
	}
	*outcome_of_key = of_key;
	return met;
}

/* What outcomes are made of, from the first key to the last verdict or row. */
struct making {
	struct places places;
	uint32_t *of_key; /* outcomes of keys */
	bool *met;        /* outcomes that had a row */
};

static int making_begin(const struct app_harvest *harvest, struct making *making,
	struct app_outcomes *outcomes, struct adit_error *error)
{
	int status;

	*making = (struct making){.of_key = NULL};
	*outcomes = (struct app_outcomes){NULL};
	status = places_make(harvest, &making->places, error);
	if (status == 0)
		status = outcomes_make(harvest, &making->places, outcomes, error);
	if (status != 0)
		return status;
	making->met = keys_add(harvest, &making->places, outcomes, &making->of_key);
	return making->met != NULL ? 0 : adit_error_set(error, -ENOMEM, "no memory for outcomes");
}

static int making_end(struct making *making, struct app_outcomes *outcomes, int status)
{
	if (status == 0) {
		outcomes_thin(outcomes, making->met);
		clusters_number(outcomes);
	}
	places_clear(&making->places);
	free(making->of_key);
	free(making->met);
	return status;
}

int app_outcomes_of_verdicts(
	const struct app_harvest *harvest, struct app_outcomes *outcomes, struct adit_error *error)
{
	struct making making;
	int status = making_begin(harvest, &making, outcomes, error);

	for (size_t i = 0; i < harvest->verdict_count && status == 0; i++) {
		const struct app_harvest_verdict *said = &harvest->verdicts[i];
		struct app_outcome *it = outcome_of(harvest, &making.places, outcomes,
			said->capture, said->label, said->domain);

		it->found = said->tunnel;
		it->suspected = true;
		it->named = said->tool;
		it->queries = said->queries;
		it->up = said->up;
		it->down = said->down;
	}
	outcomes->names_tools = true;
	return making_end(&making, outcomes, status);
}

int app_outcomes_of_scores(const struct app_harvest *harvest, const double *scores,
	double (*threshold)(const void *context, double names),
	double (*suspect)(const void *context, double names), const void *context,
	struct app_outcomes *outcomes, struct adit_error *error)
{
	struct making making;
	int status = making_begin(harvest, &making, outcomes, error);

	/* Rows of a key come in the order of time. */
	for (size_t i = 0; i < harvest->row_count && status == 0; i++) {
		const struct app_harvest_row *row = &harvest->rows[i];
		struct app_outcome *it = &outcomes->all[making.of_key[row->key]];

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
	return making_end(&making, outcomes, status);
}

void app_outcomes_clear(struct app_outcomes *outcomes)
{
	free(outcomes->all);
	free(outcomes->texts);
	*outcomes = (struct app_outcomes){NULL};
}
