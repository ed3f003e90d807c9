/* SPDX-License-Identifier: BSD-3-Clause */
#include "evaluation.h"

#include <errno.h>
#include <math.h>

static const struct {
	enum adit_statistic statistic;
	const char *json, *text;
} rows[] = {
	{ADIT_STATISTIC_PRECISION, "precision", "precision"},
	{ADIT_STATISTIC_RECALL, "recall", "recall"},
	{ADIT_STATISTIC_F1, "f1", "F1"},
	{ADIT_STATISTIC_FALSE_RATE, "false_positive_rate", "false positives per benign row"},
	{ADIT_STATISTIC_ROC_AREA, "roc_area", "area under ROC"},
	{ADIT_STATISTIC_AVERAGE_PRECISION, "average_precision", "area under precision and recall"},
};

static const struct adit_interval no_interval = {NAN, NAN, NAN, 0};

/* Statistics that are shares of independent trials have an interval of their own. */
static void reckon_shares(struct app_evaluation *evaluation)
{
	const struct adit_confusion *counts = &evaluation->counts;
	struct adit_interval *wilson = evaluation->wilson;

	for (size_t i = 0; i < ADIT_STATISTICS; i++)
		wilson[i] = no_interval;
	memcpy(evaluation->bootstrap, wilson, sizeof(evaluation->bootstrap));
	wilson[ADIT_STATISTIC_PRECISION] = adit_quality_wilson(counts->true_positives,
		counts->true_positives + counts->false_positives, APP_CONFIDENCE);
	wilson[ADIT_STATISTIC_RECALL] = adit_quality_wilson(counts->true_positives,
		counts->true_positives + counts->false_negatives, APP_CONFIDENCE);
	wilson[ADIT_STATISTIC_FALSE_RATE] = adit_quality_wilson(counts->false_positives,
		counts->false_positives + counts->true_negatives, APP_CONFIDENCE);
	wilson[ADIT_STATISTIC_F1].value = adit_quality_f1(counts);
}

int app_evaluation_reckon(struct app_evaluation *evaluation, const struct adit_table *table,
	const double *scores, double threshold, size_t samples, uint64_t seed,
	struct adit_error *error)
{
	const struct adit_grouping *grouping = &table->groupings[0];
	struct adit_scored scored = {
		scores, table->labels, grouping->of_row, table->rows, grouping->count};
	struct adit_bootstrap_params params = {samples, APP_CONFIDENCE, seed, threshold};
	const struct adit_confusion *counts = &evaluation->counts;
	int status;

	*evaluation = (struct app_evaluation){.group = grouping->column};
	evaluation->groups = grouping->column != NULL ? grouping->count : table->rows;
	evaluation->counts = adit_quality_count(&scored, threshold);
	reckon_shares(evaluation);
	if (counts->true_positives + counts->false_negatives == 0 ||
		counts->false_positives + counts->true_negatives == 0)
		return 0;
	status = adit_quality_curve(&scored, &evaluation->curve, error);
	evaluation->wilson[ADIT_STATISTIC_ROC_AREA].value = evaluation->curve.roc_area;
	evaluation->wilson[ADIT_STATISTIC_AVERAGE_PRECISION].value =
		evaluation->curve.average_precision;
	if (status == 0 && samples > 0 && evaluation->groups > 1) {
		status = adit_quality_bootstrap(&scored, &params, evaluation->bootstrap, error);
		evaluation->samples = samples;
	}
	return status;
}

void app_evaluation_clear(struct app_evaluation *evaluation)
{
	adit_quality_free_curve(&evaluation->curve);
}

static void print_interval(const struct adit_interval *interval, int width, FILE *to)
{
	char text[48] = "none";

	if (!isnan(interval->value) && !isnan(interval->low))
		snprintf(text, sizeof(text), "%.4g to %.4g", interval->low, interval->high);
	fprintf(to, "  %-*s", width, text);
}

void app_evaluation_text(const struct app_evaluation *evaluation, FILE *to)
{
	const struct adit_confusion *counts = &evaluation->counts;
	uint64_t positives = counts->true_positives + counts->false_negatives;
	uint64_t benign = counts->false_positives + counts->true_negatives;

	fprintf(to, "%-12s%12s%14s%12s\n", "", "flagged", "not flagged", "rows");
	fprintf(to, "%-12s%12lu%14lu%12lu\n", "positive", (unsigned long)counts->true_positives,
		(unsigned long)counts->false_negatives, (unsigned long)positives);
	fprintf(to, "%-12s%12lu%14lu%12lu\n\n", "benign", (unsigned long)counts->false_positives,
		(unsigned long)counts->true_negatives, (unsigned long)benign);
	fprintf(to, "%-32s%8s  %-22s  %s\n", "", "value", "95 % (Wilson)", "95 % (bootstrap)");
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		const struct adit_interval *wilson = &evaluation->wilson[rows[i].statistic];
		if (isnan(wilson->value))
			fprintf(to, "%-32s%8s", rows[i].text, "none");
		else
			fprintf(to, "%-32s%8.4g", rows[i].text, wilson->value);
		print_interval(wilson, 22, to);
		print_interval(&evaluation->bootstrap[rows[i].statistic], 0, to);
		fputc('\n', to);
	}
	fprintf(to, "\nWilson takes rows for independent. ");
	if (evaluation->samples == 0 && evaluation->group != NULL && evaluation->groups < 2)
		fprintf(to, "There is one group (%s), which says nothing of others.\n",
			evaluation->group);
	else if (evaluation->samples == 0)
		fprintf(to, "There is no bootstrap.\n");
	else
		fprintf(to,
			"The bootstrap drew %zu times among %zu %s%s%s.\nIt has no width where all "
			"rows were right: only Wilson's interval tells something then.\n",
			evaluation->samples, evaluation->groups,
			evaluation->group != NULL ? "groups (" : "rows",
			evaluation->group != NULL ? evaluation->group : "",
			evaluation->group != NULL ? ")" : ": --group names what belongs together");
}

void app_json_text(const char *text, FILE *to)
{
	fputc('"', to);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', to);
		if ((uint8_t)*text < ' ')
			fprintf(to, "\\u%04x", *text);
		else
			fputc(*text, to);
	}
	fputc('"', to);
}

void app_json_number(double number, FILE *to)
{
	if (isfinite(number))
		fprintf(to, "%.17g", number);
	else
		fputs("null", to);
}

static void json_interval(const char *name, const struct adit_interval *interval, FILE *to)
{
	fprintf(to, ", \"%s\": ", name);
	if (isnan(interval->value) || isnan(interval->low)) {
		fputs("null", to);
		return;
	}
	fputc('[', to);
	app_json_number(interval->low, to);
	fputs(", ", to);
	app_json_number(interval->high, to);
	fputc(']', to);
}

static void json_counts(const struct adit_confusion *counts, FILE *to)
{
	fprintf(to,
		"\"positives\": %lu, \"benign\": %lu, \"true_positives\": %lu, "
		"\"false_negatives\": %lu, \"false_positives\": %lu, \"true_negatives\": %lu",
		(unsigned long)(counts->true_positives + counts->false_negatives),
		(unsigned long)(counts->false_positives + counts->true_negatives),
		(unsigned long)counts->true_positives, (unsigned long)counts->false_negatives,
		(unsigned long)counts->false_positives, (unsigned long)counts->true_negatives);
}

void app_evaluation_json(const struct app_evaluation *evaluation, FILE *to)
{
	fputs("\"counts\": {", to);
	json_counts(&evaluation->counts, to);
	fputs("},\n  \"group\": ", to);
	if (evaluation->group != NULL)
		app_json_text(evaluation->group, to);
	else
		fputs("null", to);
	fprintf(to, ", \"groups\": %zu, \"confidence\": %g, \"bootstrap_samples\": %zu",
		evaluation->groups, APP_CONFIDENCE, evaluation->samples);
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		const struct adit_interval *bootstrap = &evaluation->bootstrap[rows[i].statistic];
		const struct adit_interval *wilson = &evaluation->wilson[rows[i].statistic];
		fprintf(to, ",\n  \"%s\": {\"value\": ", rows[i].json);
		app_json_number(wilson->value, to);
		json_interval("wilson", wilson, to);
		json_interval("bootstrap", bootstrap, to);
		fprintf(to, ", \"undefined_samples\": %lu}", (unsigned long)bootstrap->undefined);
	}
}

void app_evaluation_curve(const struct app_evaluation *evaluation, FILE *to)
{
	fputs("threshold,false_positive_rate,recall,precision\n", to);
	for (size_t i = 0; i < evaluation->curve.count; i++) {
		const struct adit_curve_point *point = &evaluation->curve.points[i];
		fprintf(to, "%.17g,%.17g,%.17g,%.17g\n", point->threshold, point->false_rate,
			point->recall, point->precision);
	}
}

/* "none" where there is nothing to be a share of. */
static void print_share(uint64_t part, uint64_t rest, FILE *to)
{
	struct adit_interval share = adit_quality_wilson(part, part + rest, APP_CONFIDENCE);

	if (part + rest == 0)
		fprintf(to, "%9s%11s  %-18s", "none", "", "");
	else
		fprintf(to, "%9lu%11.4g  %6.3f to %-8.3f", (unsigned long)(part + rest),
			share.value, share.low, share.high);
}

void app_left_out_text(const struct app_left_out *left, size_t count, const char *column, FILE *to)
{
	struct adit_confusion all = {0};
	int width = (int)strlen("all of them");

	for (size_t i = 0; i < count; i++) {
		int length = (int)strlen(left[i].name);
		width = length > width ? length : width;
	}
	fprintf(to, "Each %s was left out of a fit and then scored by it.\n\n", column);
	fprintf(to, "%-*s%9s%11s  %-18s%9s%11s  %-18s%12s\n", width, "left out", "positive",
		"recall", "95 % (Wilson)", "benign", "flagged", "95 % (Wilson)", "threshold");
	for (size_t i = 0; i < count; i++) {
		const struct adit_confusion *counts = &left[i].counts;
		fprintf(to, "%-*s", width, left[i].name);
		if (!left[i].fitted) {
			fprintf(to, "  not fitted: %s\n", left[i].error.text);
			continue;
		}
		print_share(counts->true_positives, counts->false_negatives, to);
		print_share(counts->false_positives, counts->true_negatives, to);
		fprintf(to, "%12.5g\n", left[i].threshold);
		all.true_positives += counts->true_positives;
		all.false_negatives += counts->false_negatives;
		all.false_positives += counts->false_positives;
		all.true_negatives += counts->true_negatives;
	}
	fprintf(to, "%-*s", width, "all of them");
	print_share(all.true_positives, all.false_negatives, to);
	print_share(all.false_positives, all.true_negatives, to);
	fputc('\n', to);
}

void app_left_out_json(const struct app_left_out *left, size_t count, const char *column, FILE *to)
{
	fputs("\"left_out_by\": ", to);
	app_json_text(column, to);
	fputs(",\n  \"left_out\": [", to);
	for (size_t i = 0; i < count; i++) {
		const struct adit_confusion *counts = &left[i].counts;
		struct adit_interval recall = adit_quality_wilson(counts->true_positives,
			counts->true_positives + counts->false_negatives, APP_CONFIDENCE);
		fprintf(to, "%s\n    {\"name\": ", i > 0 ? "," : "");
		app_json_text(left[i].name, to);
		fprintf(to, ", \"fitted\": %s, ", left[i].fitted ? "true" : "false");
		if (!left[i].fitted) {
			fputs("\"problem\": ", to);
			app_json_text(left[i].error.text, to);
			fputc('}', to);
			continue;
		}
		json_counts(counts, to);
		fprintf(to, ", \"fitted_to\": %lu, \"threshold\": ", (unsigned long)left[i].rows);
		app_json_number(left[i].threshold, to);
		fputs(", \"recall\": {\"value\": ", to);
		app_json_number(recall.value, to);
		json_interval("wilson", &recall, to);
		fputs("}}", to);
	}
	fputs("\n  ]", to);
}
