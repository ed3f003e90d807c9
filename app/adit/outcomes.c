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

/* Which outcome each key, and each of what was told, belongs to. */
struct places {
	uint32_t *of_key, *of_verdict;
};

/* A domain that no label names. */
struct stray {
	uint32_t capture;
	const char *domain;
	uint32_t *place;
};

static int stray_order(const void *left, const void *right)
{
	const struct stray *a = left, *b = right;

	if (a->capture != b->capture)
		return a->capture < b->capture ? -1 : 1;
	return strcmp(a->domain, b->domain);
}

static const char *capture_name(const struct app_outcomes *outcomes, size_t capture)
{
	return outcomes->texts + capture * (ADIT_TABLE_NAME_MAX + 1);
}

/* One outcome for each label; `first` is told where those of each capture begin. */
static void labels_take(
	const struct app_labels *labels, struct app_outcomes *outcomes, uint32_t *first)
{
	for (size_t i = 0; i < labels->count; i++) {
		char *name = outcomes->texts + i * (ADIT_TABLE_NAME_MAX + 1);

		app_harvest_group(&labels->captures[i], name);
		first[i] = (uint32_t)outcomes->count;
		for (size_t k = 0; k < labels->captures[i].count; k++) {
			const struct app_label *label = &labels->captures[i].labels[k];

			outcomes->all[outcomes->count++] = (struct app_outcome){
				.tool = label->tunnel ? label->tool : "-",
				.setup = label->setup,
				.rate = label->rate,
				.capture = name,
				.tunnel = label->tunnel,
			};
		}
	}
}

/* One for each domain of a capture that no label names, however many keys it has. */
static void strays_take(struct stray *strays, size_t count, struct app_outcomes *outcomes)
{
	qsort(strays, count, sizeof(*strays), stray_order);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || stray_order(&strays[i - 1], &strays[i]) != 0)
			outcomes->all[outcomes->count++] = (struct app_outcome){.tool = "-",
				.setup = "-",
				.rate = "-",
				.capture = capture_name(outcomes, strays[i].capture)};
		*strays[i].place = (uint32_t)outcomes->count - 1;
	}
}

static void places_find(const struct app_harvest *harvest, struct places *places, uint32_t *first,
	struct stray *strays, struct app_outcomes *outcomes)
{
	const struct app_labels *labels = harvest->labels;
	size_t count = 0;

	labels_take(labels, outcomes, first);
	for (size_t i = 0; i < harvest->key_count; i++) {
		const struct app_harvest_key *key = &harvest->keys[i];

		if (key->label != NULL)
			places->of_key[i] =
				first[key->capture] +
				(uint32_t)(key->label - labels->captures[key->capture].labels);
		else
			strays[count++] =
				(struct stray){key->capture, key->domain, &places->of_key[i]};
	}
	for (size_t i = 0; i < harvest->verdict_count; i++) {
		const struct app_harvest_verdict *said = &harvest->verdicts[i];

		if (said->label != NULL)
			places->of_verdict[i] =
				first[said->capture] +
				(uint32_t)(said->label - labels->captures[said->capture].labels);
		else
			strays[count++] =
				(struct stray){said->capture, said->domain, &places->of_verdict[i]};
	}
	strays_take(strays, count, outcomes);
}

/* What keys say: how much was seen of each domain, and which were met at all. */
static void keys_add(const struct app_harvest *harvest, const struct places *places,
	struct app_outcomes *outcomes)
{
	for (size_t i = 0; i < harvest->key_count; i++) {
		struct app_outcome *it = &outcomes->all[places->of_key[i]];

		it->keys += harvest->keys[i].many;
		for (int span = 0; span < APP_HARVEST_SPANS; span++)
			it->met |= harvest->keys[i].rows[span] != 0;
	}
}

static void places_free(struct places *places)
{
	free(places->of_key);
	free(places->of_verdict);
}

/* The outcomes as far as they are known before anything was judged. */
static int outcomes_begin(const struct app_harvest *harvest, struct places *places,
	struct app_outcomes *outcomes, struct adit_error *error)
{
	const struct app_labels *labels = harvest->labels;
	size_t strays_most = harvest->key_count + harvest->verdict_count, all = strays_most + 1;
	uint32_t *first = calloc(labels->count + 1, sizeof(*first));
	struct stray *strays = malloc((strays_most + 1) * sizeof(*strays));
	bool good;

	for (size_t i = 0; i < labels->count; i++)
		all += labels->captures[i].count;
	*places = (struct places){
		.of_key = malloc((harvest->key_count + 1) * sizeof(*places->of_key)),
		.of_verdict = malloc((harvest->verdict_count + 1) * sizeof(*places->of_verdict)),
	};
	*outcomes = (struct app_outcomes){
		.all = calloc(all, sizeof(*outcomes->all)),
		.texts = calloc(labels->count + 1, ADIT_TABLE_NAME_MAX + 1),
	};
	good = first != NULL && strays != NULL && places->of_key != NULL &&
	       places->of_verdict != NULL && outcomes->all != NULL && outcomes->texts != NULL;
	if (good) {
		places_find(harvest, places, first, strays, outcomes);
		keys_add(harvest, places, outcomes);
	} else {
		places_free(places);
	}
	free(first);
	free(strays);
	return good ? 0 : adit_error_set(error, -ENOMEM, "no memory for outcomes");
}

/* Benign domains that nobody asked enough for to be judged are no evidence of anything. Tunnels are
 * alike within a tool and set-up, others within a capture. */
static void outcomes_end(struct app_outcomes *outcomes)
{
	size_t kept = 0;

	for (size_t i = 0; i < outcomes->count; i++)
		if (outcomes->all[i].tunnel || outcomes->all[i].suspected || outcomes->all[i].met)
			outcomes->all[kept++] = outcomes->all[i];
	outcomes->count = kept;
	qsort(outcomes->all, outcomes->count, sizeof(*outcomes->all), outcome_order);
	for (size_t i = 0; i < outcomes->count; i++) {
		outcomes->clusters +=
			i == 0 || outcome_order(&outcomes->all[i - 1], &outcomes->all[i]) != 0;
		outcomes->all[i].cluster = outcomes->clusters - 1;
	}
}

int app_outcomes_of_verdicts(
	const struct app_harvest *harvest, struct app_outcomes *outcomes, struct adit_error *error)
{
	struct places places;
	int status = outcomes_begin(harvest, &places, outcomes, error);

	if (status != 0)
		return status;
	outcomes->names_tools = true;
	for (size_t i = 0; i < harvest->verdict_count; i++) {
		const struct app_harvest_verdict *said = &harvest->verdicts[i];
		struct app_outcome *it = &outcomes->all[places.of_verdict[i]];

		it->found = said->tunnel;
		it->suspected = true;
		it->named = said->tool;
		it->queries = said->queries;
		it->up = said->up;
		it->down = said->down;
	}
	outcomes_end(outcomes);
	places_free(&places);
	return 0;
}

int app_outcomes_of_scores(const struct app_harvest *harvest, const double *scores,
	double (*threshold)(const void *context, double names),
	double (*suspect)(const void *context, double names), const void *context,
	struct app_outcomes *outcomes, struct adit_error *error)
{
	struct places places;
	int status = outcomes_begin(harvest, &places, outcomes, error);

	if (status != 0)
		return status;
	/* Rows of a key come in the order of time. */
	for (size_t i = 0; i < harvest->row_count; i++) {
		const struct app_harvest_row *row = &harvest->rows[i];
		struct app_outcome *it = &outcomes->all[places.of_key[row->key]];

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
	outcomes_end(outcomes);
	places_free(&places);
	return 0;
}

void app_outcomes_clear(struct app_outcomes *outcomes)
{
	free(outcomes->all);
	free(outcomes->texts);
	*outcomes = (struct app_outcomes){NULL};
}
