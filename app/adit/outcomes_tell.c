/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Outcomes as a person reads them, and as JSON.
 */
#include "evaluation.h"
#include "outcomes.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Some outcomes taken together. */
struct heap {
	const char *name;
	size_t all, found, suspected;     /* suspected: and not found */
	size_t nameable, named, misnamed; /* found ones of tools that have a name here */
	double *queries, *up, *down;      /* of those found; sorted */
};

/* The order of rates: by number, what has none last. */
static double rate_number(const char *rate)
{
	char *end;
	double number = strtod(rate, &end);

	return end != rate ? number : INFINITY;
}

/* Rates as few as a table has room for. */
static const char *rate_name(const char *rate)
{
	double number = rate_number(rate);

	if (strcmp(rate, "-") == 0)
		return "not said";
	return number == 0         ? "idle"
	       : number < 1        ? "below 1"
	       : number < 10       ? "1 to 10"
	       : number < 30       ? "10 to 30"
	       : number < 100      ? "30 to 100"
	       : number < 1000     ? "100 to 1000"
	       : number < INFINITY ? "1000 and more"
				   : "full";
}

static const char *value_of(const struct app_outcome *it, const char *by)
{
	if (strcmp(by, "rate") == 0)
		return rate_name(it->rate);
	if (strcmp(by, "setup") == 0)
		return it->setup;
	return strcmp(by, "capture") == 0 ? it->capture : it->tool;
}

/* A tool's name in a label may have a word behind it: "dnscat2 (emulated)". */
static bool is_name_of(const char *named, const char *tool)
{
	size_t length = strlen(named);

	return strncasecmp(named, tool, length) == 0 &&
	       (tool[length] == '\0' || tool[length] == ' ');
}

/* Of these no tool could be named. */
static bool has_name(const char *tool)
{
	return strcmp(tool, "-") != 0 && strncmp(tool, "custom", 6) != 0 &&
	       strncmp(tool, "random", 6) != 0;
}

static double quantile(const double *sorted, size_t count, double share)
{
	size_t at = (size_t)(share * (double)count);

	return count != 0 ? sorted[at < count ? at : count - 1] : NAN;
}

static int heap_make(struct heap *heap, const struct app_outcomes *outcomes, const char *by,
	const char *value, struct adit_error *error)
{
	size_t count = 0;

	*heap = (struct heap){
		.name = value, .queries = malloc((outcomes->count + 1) * 3 * sizeof(double))};
	if (heap->queries == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a table");
	heap->up = heap->queries + outcomes->count + 1;
	heap->down = heap->up + outcomes->count + 1;
	for (size_t i = 0; i < outcomes->count; i++) {
		const struct app_outcome *it = &outcomes->all[i];

		if (!it->tunnel || (by != NULL && strcmp(value_of(it, by), value) != 0))
			continue;
		heap->all++;
		heap->suspected += it->suspected && !it->found;
		if (!it->found)
			continue;
		heap->found++;
		heap->nameable += outcomes->names_tools && has_name(it->tool);
		heap->named +=
			has_name(it->tool) && it->named != NULL && is_name_of(it->named, it->tool);
		heap->misnamed += it->named != NULL && !is_name_of(it->named, it->tool);
		heap->queries[count] = it->queries;
		heap->up[count] = it->up;
		heap->down[count++] = it->down;
	}
	qsort(heap->queries, count, sizeof(double), adit_double_order);
	qsort(heap->up, count, sizeof(double), adit_double_order);
	qsort(heap->down, count, sizeof(double), adit_double_order);
	return 0;
}

static void heap_text(const struct heap *heap, FILE *to)
{
	fprintf(to, "%-28.28s %5zu %5zu %5zu %7.4f", heap->name, heap->all, heap->found,
		heap->suspected, heap->all != 0 ? (double)heap->found / (double)heap->all : NAN);
	if (heap->found != 0)
		fprintf(to, " %8.0f %8.0f %8.0f %8.0f", quantile(heap->queries, heap->found, 0.5),
			quantile(heap->queries, heap->found, 0.9),
			quantile(heap->up, heap->found, 0.5), quantile(heap->up, heap->found, 0.9));
	fputc('\n', to);
}

static void heap_json(const struct heap *heap, FILE *to)
{
	static const double shares[] = {0.5, 0.9};
	const struct adit_interval wilson =
		adit_quality_wilson(heap->found, heap->all, APP_CONFIDENCE);

	fputs("{\"name\": ", to);
	app_json_text(heap->name, to);
	fprintf(to, ", \"tunnels\": %zu, \"found\": %zu, \"suspected\": %zu, \"named\": %zu",
		heap->all, heap->found, heap->suspected, heap->named);
	fputs(", \"recall_wilson\": [", to);
	app_json_number(wilson.low, to);
	fputs(", ", to);
	app_json_number(wilson.high, to);
	fputc(']', to);
	for (int i = 0; i < 2; i++) {
		fprintf(to, ", \"queries_p%d\": ", i == 0 ? 50 : 90);
		app_json_number(quantile(heap->queries, heap->found, shares[i]), to);
		fprintf(to, ", \"bytes_up_p%d\": ", i == 0 ? 50 : 90);
		app_json_number(quantile(heap->up, heap->found, shares[i]), to);
		fprintf(to, ", \"bytes_down_p%d\": ", i == 0 ? 50 : 90);
		app_json_number(quantile(heap->down, heap->found, shares[i]), to);
	}
	fputc('}', to);
}

/* The values of a column among tunnels, in order; gives their number. */
static size_t values_find(const struct app_outcomes *outcomes, const char *by, const char **values)
{
	static const char *const rates[] = {"idle", "below 1", "1 to 10", "10 to 30", "30 to 100",
		"100 to 1000", "1000 and more", "full", "not said"};
	size_t count = 0;

	for (size_t i = 0; strcmp(by, "rate") == 0 && i < ADIT_COUNT(rates); i++)
		for (size_t k = 0; k < outcomes->count; k++)
			if (outcomes->all[k].tunnel &&
				strcmp(value_of(&outcomes->all[k], by), rates[i]) == 0) {
				values[count++] = rates[i];
				break;
			}
	for (size_t i = 0; strcmp(by, "rate") != 0 && i < outcomes->count; i++) {
		size_t at = 0;

		while (outcomes->all[i].tunnel && at < count &&
			strcmp(values[at], value_of(&outcomes->all[i], by)) != 0)
			at++;
		if (outcomes->all[i].tunnel && at == count)
			values[count++] = value_of(&outcomes->all[i], by);
	}
	return count;
}

static int by_tell(const struct app_outcomes *outcomes, const char *by, bool json, FILE *to,
	struct adit_error *error)
{
	const char **values = malloc((outcomes->count + 8) * sizeof(*values));
	size_t count = values != NULL ? values_find(outcomes, by, values) : 0;
	int status = values != NULL ? 0 : adit_error_set(error, -ENOMEM, "no memory for a table");

	if (!json)
		fprintf(to, "\n%-28s %5s %5s %5s %7s %8s %8s %8s %8s\n%63s %17s\n", by, "all",
			"found", "susp.", "recall", "queries", "p90", "bytes up", "p90",
			"until found:", "");
	else
		fprintf(to, ",\n  \"by_%s\": [", by);
	for (size_t i = 0; i < count && status == 0; i++) {
		struct heap heap;

		status = heap_make(&heap, outcomes, by, values[i], error);
		if (status == 0 && json) {
			fputs(i > 0 ? ",\n    " : "\n    ", to);
			heap_json(&heap, to);
		} else if (status == 0) {
			heap_text(&heap, to);
		}
		free(heap.queries);
	}
	if (json)
		fputc(']', to);
	free(values);
	return status;
}

/* Everything as rows of two scores, for intervals that draw clusters. */
struct totals {
	struct adit_confusion counts;
	struct adit_interval interval[ADIT_STATISTICS];
	/* benign; what is no tunnel's may be a suspect's */
	size_t domains, suspected, keys, false_keys, suspect_keys;
};

static int totals_reckon(const struct app_outcomes *outcomes, size_t samples, uint64_t seed,
	struct totals *totals, struct adit_error *error)
{
	double *scores = malloc((outcomes->count + 1) * sizeof(*scores));
	uint8_t *labels = malloc(outcomes->count + 1);
	uint32_t *groups = malloc((outcomes->count + 1) * sizeof(*groups));
	struct adit_scored scored = {scores, labels, groups, outcomes->count, outcomes->clusters};
	struct adit_bootstrap_params params = {samples, APP_CONFIDENCE, seed, 0.5};
	int status = 0;

	*totals = (struct totals){.domains = 0};
	if (scores == NULL || labels == NULL || groups == NULL)
		status = adit_error_set(error, -ENOMEM, "no memory for intervals");
	for (size_t i = 0; i < outcomes->count && status == 0; i++) {
		const struct app_outcome *it = &outcomes->all[i];

		scores[i] = it->found;
		labels[i] = it->tunnel;
		groups[i] = it->cluster;
		totals->domains += !it->tunnel;
		totals->keys += it->tunnel ? 0 : it->keys;
		totals->suspected += !it->tunnel && !it->found && it->suspected;
		totals->false_keys += it->tunnel || !it->found ? 0 : it->keys;
		totals->suspect_keys += it->tunnel || it->found || !it->suspected ? 0 : it->keys;
	}
	if (status == 0)
		totals->counts = adit_quality_count(&scored, 0.5);
	for (int i = 0; i < ADIT_STATISTICS; i++)
		totals->interval[i] = (struct adit_interval){NAN, NAN, NAN, 0};
	if (status == 0 && samples != 0 && outcomes->clusters > 1 && totals->domains != 0 &&
		totals->domains != outcomes->count)
		status = adit_quality_bootstrap(&scored, &params, totals->interval, error);
	free(scores);
	free(labels);
	free(groups);
	return status;
}

/* Upper end of a rate of which `hits` of `trials` were seen (Wilson). */
static double most_likely(size_t hits, size_t trials)
{
	return adit_quality_wilson(hits, trials, APP_CONFIDENCE).high;
}

static void share_text(
	const char *name, double value, const struct adit_interval *interval, FILE *to)
{
	char text[16] = "none";

	if (!isnan(value))
		snprintf(text, sizeof(text), "%.4f", value);
	fprintf(to, "%-10s %s", name, text);
	if (!isnan(interval->low))
		fprintf(to, "  (%.4f to %.4f)", interval->low, interval->high);
	fputc('\n', to);
}

static void totals_text(const struct totals *totals, const struct heap *all, FILE *to)
{
	const struct adit_confusion *counts = &totals->counts;
	const struct adit_interval *interval = totals->interval;

	fprintf(to,
		"%zu tunnels: %zu found, %zu suspected\n%zu benign domains with enough names: %lu "
		"called a tunnel, %zu a suspect\n",
		all->all, all->found, all->suspected, totals->domains,
		(unsigned long)counts->false_positives, totals->suspected);
	fprintf(to,
		"%zu benign keys (subscriber, domain, 10 min) with 20 names or more: %zu of a "
		"domain "
		"called a tunnel, %zu a suspect;\n  at most %.2g of such keys are the former, with "
		"95 %% confidence if they were independent\n\n",
		totals->keys, totals->false_keys, totals->suspect_keys,
		most_likely(totals->false_keys, totals->keys));
	share_text("recall", adit_quality_recall(counts), &interval[ADIT_STATISTIC_RECALL], to);
	share_text("precision", adit_quality_precision(counts), &interval[ADIT_STATISTIC_PRECISION],
		to);
	share_text("F1", adit_quality_f1(counts), &interval[ADIT_STATISTIC_F1], to);
	if (all->nameable != 0)
		fprintf(to,
			"%-10s %.4f of %zu that were found of tools with a name; %zu other names\n",
			"named", (double)all->named / (double)all->nameable, all->nameable,
			all->misnamed);
	fprintf(to,
		"(intervals: 95 %%, by a bootstrap that draws tools with set-ups, and captures)\n");
}

static void totals_json(const struct totals *totals, const struct heap *all, FILE *to)
{
	static const struct {
		const char *name;
		enum adit_statistic statistic;
	} shares[] = {{"recall", ADIT_STATISTIC_RECALL}, {"precision", ADIT_STATISTIC_PRECISION},
		{"f1", ADIT_STATISTIC_F1}};
	const struct adit_confusion *counts = &totals->counts;
	double values[] = {adit_quality_recall(counts), adit_quality_precision(counts),
		adit_quality_f1(counts)};

	fputs("\"outcomes\": {\n  \"tunnels\": ", to);
	heap_json(all, to);
	fprintf(to,
		",\n  \"nameable\": %zu, \"misnamed\": %zu,\n  \"benign\": {\"domains\": %zu, "
		"\"false_domains\": %lu, \"suspect_domains\": %zu, \"keys\": %zu, \"false_keys\": "
		"%zu, \"suspect_keys\": %zu, \"key_rate_high\": ",
		all->nameable, all->misnamed, totals->domains,
		(unsigned long)counts->false_positives, totals->suspected, totals->keys,
		totals->false_keys, totals->suspect_keys);
	app_json_number(most_likely(totals->false_keys, totals->keys), to);
	fputc('}', to);
	for (size_t i = 0; i < ADIT_COUNT(shares); i++) {
		const struct adit_interval *interval = &totals->interval[shares[i].statistic];

		fprintf(to, ",\n  \"%s\": [", shares[i].name);
		app_json_number(values[i], to);
		fputs(", ", to);
		app_json_number(interval->low, to);
		fputs(", ", to);
		app_json_number(interval->high, to);
		fputc(']', to);
	}
}

int app_outcomes_tell(const struct app_outcomes *outcomes, const char *by, bool json,
	size_t samples, uint64_t seed, FILE *to, struct adit_error *error)
{
	struct totals totals;
	struct heap all;
	int status = heap_make(&all, outcomes, NULL, "all", error);

	if (status == 0)
		status = totals_reckon(outcomes, samples, seed, &totals, error);
	if (status == 0 && json)
		totals_json(&totals, &all, to);
	else if (status == 0)
		totals_text(&totals, &all, to);
	if (status == 0 && all.all != 0)
		status = by_tell(outcomes, by, json, to, error);
	if (status == 0 && all.all != 0 && strcmp(by, "rate") != 0)
		status = by_tell(outcomes, "rate", json, to, error);
	if (status == 0 && json)
		fputc('}', to);
	free(all.queries);
	return status;
}

void app_outcomes_list(const struct app_outcomes *outcomes, FILE *to)
{
	fputs("file\tregistrable_domain\tlabel\ttool\tsetup\trate\tverdict\tnamed\tkeys\tqueries\t"
	      "bytes_up\tbytes_down\n",
		to);
	for (size_t i = 0; i < outcomes->count; i++) {
		const struct app_outcome *it = &outcomes->all[i];

		fprintf(to, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%u\t", it->file, it->domain,
			it->tunnel ? "tunnel" : "benign", it->tool, it->setup, it->rate,
			it->found       ? "tunnel"
			: it->suspected ? "suspect"
					: "none",
			it->named != NULL ? it->named : "-", it->keys);
		if (it->found)
			fprintf(to, "%.0f\t%.0f\t%.0f\n", it->queries, it->up, it->down);
		else
			fputs("-\t-\t-\n", to);
	}
}
