/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What all kinds of models share: names and scaling of features, binding, scoring.
 */
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

const char *const adit_model_kind_names[ADIT_MODEL_KINDS] = {"svm", "envelope", "trees"};
const char *const adit_model_data_names[ADIT_MODEL_KINDS] = {
	"svm.txt", "envelope.txt", "trees.json"};

struct adit_model *adit_model_create(
	enum adit_model_kind kind, const char *const *names, size_t features)
{
	struct adit_model *model = calloc(1, sizeof(*model));

	if (model == NULL)
		return NULL;
	model->kind = kind;
	model->features = features;
	model->flag.threshold.value = model->suspect.threshold.value = INFINITY;
	model->names = calloc(features, sizeof(*model->names));
	model->mean = calloc(features, sizeof(*model->mean));
	model->scale = calloc(features, sizeof(*model->scale));
	model->typical = calloc(features, sizeof(*model->typical));
	model->bound = calloc(features, sizeof(*model->bound));
	model->row = calloc(features, sizeof(*model->row));
	model->sources = calloc(ADIT_MODEL_SOURCES_MAX, sizeof(*model->sources));
	if (model->names == NULL || model->mean == NULL || model->scale == NULL ||
		model->typical == NULL || model->bound == NULL || model->row == NULL ||
		model->sources == NULL) {
		adit_model_destroy(model);
		return NULL;
	}
	for (size_t i = 0; i < features; i++) {
		model->scale[i] = 1;
		model->names[i] = strdup(names[i]);
		if (model->names[i] == NULL) {
			adit_model_destroy(model);
			return NULL;
		}
	}
	return model;
}

void adit_model_destroy(struct adit_model *model)
{
	if (model == NULL)
		return;
	switch (model->kind) {
	case ADIT_MODEL_SVM:
		free(model->svm.coefficients);
		free(model->svm.vectors);
		free(model->svm.weights);
		break;
	case ADIT_MODEL_ENVELOPE:
		free(model->envelope.location);
		free(model->envelope.covariance);
		free(model->envelope.whitening);
		break;
	default:
		free(model->trees.roots);
		free(model->trees.depths);
		free(model->trees.nodes);
		free(model->trees.row);
		free(model->trees.json);
	}
	for (size_t i = 0; model->names != NULL && i < model->features; i++)
		free(model->names[i]);
	free(model->names);
	free(model->mean);
	free(model->scale);
	free(model->typical);
	free(model->bound);
	free(model->row);
	free(model->sources);
	free(model);
}

void adit_model_printable(char *to, size_t room, const char *from)
{
	size_t length = 0;

	for (; *from != '\0' && length + 1 < room; from++)
		to[length++] = (uint8_t)*from < ' ' || *from == 127 ? '?' : *from;
	to[length] = '\0';
}

static bool counts(const struct adit_model *model, const struct adit_table *table, size_t row)
{
	return model->kind == ADIT_MODEL_TREES || table->labels == NULL || table->labels[row] == 0;
}

/* The groups that have rows in the fit, in the order of the table. */
static int count_sources(struct adit_model *model, const struct adit_table *table)
{
	const struct adit_grouping *grouping = &table->groupings[0];
	uint64_t *rows;

	if (grouping->column == NULL)
		return 0;
	rows = calloc(grouping->count + (size_t)1, sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < table->rows; i++)
		rows[grouping->of_row[i]] += counts(model, table, i);
	for (size_t i = 0; i < grouping->count; i++) {
		if (rows[i] == 0)
			continue;
		model->source_count++;
		if (model->sources_named < ADIT_MODEL_SOURCES_MAX) {
			struct adit_model_source *source = &model->sources[model->sources_named++];
			adit_model_printable(
				source->name, sizeof(source->name), grouping->names[i]);
			source->rows = rows[i];
		}
	}
	free(rows);
	return 0;
}

static int check_name(const char *name, struct adit_error *error)
{
	size_t length = strlen(name);
	bool good = length > 0 && length <= ADIT_TABLE_NAME_MAX && *name != ' ' &&
		    name[length - 1] != ' ';

	for (size_t i = 0; i < length; i++)
		good &= (uint8_t)name[i] >= ' ' && name[i] != 127;
	if (!good)
		return adit_error_set(error, -EINVAL,
			"\"%.60s\" is no name of a feature: 1 to %d printable bytes, no blank at "
			"either end",
			name, ADIT_TABLE_NAME_MAX);
	return 0;
}

int adit_model_prepare(enum adit_model_kind kind, const struct adit_table *table,
	struct adit_model **out, struct adit_error *error)
{
	struct adit_model *model;

	if (table->columns == 0 || table->columns > ADIT_TABLE_COLUMNS_MAX)
		return adit_error_set(error, -EINVAL, "%zu columns; 1 to %d are right",
			table->columns, ADIT_TABLE_COLUMNS_MAX);
	for (size_t i = 0; i < table->columns; i++) {
		int status = check_name(table->names[i], error);
		if (status != 0)
			return status;
	}
	model = adit_model_create(kind, (const char *const *)table->names, table->columns);
	if (model == NULL || count_sources(model, table) != 0 ||
		adit_model_find_typical(model, table) != 0) {
		adit_model_destroy(model);
		return adit_error_set(error, -ENOMEM, "no memory for a model");
	}
	for (size_t i = 0; i < table->rows; i++)
		model->rows_given += counts(model, table, i);
	*out = model;
	return 0;
}

/* No score is above it. An rbf kernel falls to 0 far from all vectors: rho - 0 is the most. */
static double limit_of(const struct adit_model *model)
{
	if (model->kind == ADIT_MODEL_SVM && model->svm.kernel == ADIT_SVM_RBF)
		return model->svm.rho;
	return model->kind == ADIT_MODEL_TREES ? model->trees.limit : INFINITY;
}

void adit_model_about(const struct adit_model *model, struct adit_model_about *about)
{
	*about = (struct adit_model_about){.kind = model->kind,
		.feature_count = model->features,
		.features = (const char *const *)model->names,
		.mean = model->mean,
		.scale = model->scale,
		.score_limit = limit_of(model),
		.parts = model->kind == ADIT_MODEL_SVM        ? model->svm.count
			 : model->kind == ADIT_MODEL_ENVELOPE ? model->envelope.rank
							      : model->trees.count,
		.rows = model->rows,
		.rows_given = model->rows_given,
		.source_count = model->source_count,
		.sources_named = model->sources_named,
		.sources = model->sources,
		.threshold = model->flag.threshold,
		.step_count = model->flag.step_count,
		.steps = model->flag.steps,
		.suspect = model->suspect.threshold,
		.suspect_step_count = model->suspect.step_count,
		.suspect_steps = model->suspect.steps};
	memcpy(about->date, model->date, sizeof(about->date));
	memcpy(about->row_kind, model->row_kind, sizeof(about->row_kind));
	memcpy(about->row_span, model->row_span, sizeof(about->row_span));
}

void adit_model_set_date(struct adit_model *model, const char *date)
{
	adit_model_printable(model->date, sizeof(model->date), date);
}

static int row_text_set(char text[ADIT_MODEL_ROW_KIND_MAX + 1], const char *to, const char *letters)
{
	size_t length = strlen(to);

	if (length > ADIT_MODEL_ROW_KIND_MAX || strspn(to, letters) != length)
		return -EINVAL;
	memcpy(text, to, length + 1);
	return 0;
}

int adit_model_set_row_kind(struct adit_model *model, const char *kind)
{
	return row_text_set(model->row_kind, kind, ADIT_MODEL_ROW_LETTERS);
}

int adit_model_set_row_span(struct adit_model *model, const char *span)
{
	return row_text_set(model->row_span, span, ADIT_MODEL_SPAN_LETTERS);
}

static void set_level(struct adit_model_level *level, const struct adit_threshold *threshold)
{
	if (isfinite(threshold->value) && threshold->method != ADIT_THRESHOLD_NONE)
		level->threshold = *threshold;
	else
		*level = (struct adit_model_level){
			.threshold = {.value = INFINITY, .rate = threshold->rate}};
}

size_t adit_model_check_steps(const struct adit_model_step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (steps[i].names > ADIT_MODEL_NAMES_MAX || !isfinite(steps[i].value) ||
			(i > 0 && steps[i].names <= steps[i - 1].names))
			return i;
	}
	return count;
}

static int set_steps(
	struct adit_model_level *level, const struct adit_model_step *steps, size_t count)
{
	if (count > ADIT_MODEL_STEPS_MAX || adit_model_check_steps(steps, count) != count ||
		(count > 0 && level->threshold.method == ADIT_THRESHOLD_NONE))
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		level->steps[i] = steps[i];
	level->step_count = count;
	return 0;
}

static double level_for(const struct adit_model_level *level, double names)
{
	double value = level->step_count > 0 ? INFINITY : level->threshold.value;

	for (size_t i = 0; i < level->step_count && (double)level->steps[i].names <= names; i++)
		value = level->steps[i].value;
	return value;
}

void adit_model_set_threshold(struct adit_model *model, const struct adit_threshold *threshold)
{
	set_level(&model->flag, threshold);
}

int adit_model_set_steps(
	struct adit_model *model, const struct adit_model_step *steps, size_t count)
{
	return set_steps(&model->flag, steps, count);
}

void adit_model_set_suspect(struct adit_model *model, const struct adit_threshold *threshold)
{
	set_level(&model->suspect, threshold);
}

int adit_model_set_suspect_steps(
	struct adit_model *model, const struct adit_model_step *steps, size_t count)
{
	return set_steps(&model->suspect, steps, count);
}

double adit_model_threshold_for(const struct adit_model *model, double names)
{
	return level_for(&model->flag, names);
}

double adit_model_suspect_for(const struct adit_model *model, double names)
{
	return level_for(&model->suspect, names);
}

static int find_names(const struct adit_model *model, const char *const *names, size_t count,
	uint32_t *at, struct adit_error *error)
{
	for (size_t i = 0; i < model->features; i++) {
		size_t j = 0;
		while (j < count && strcmp(names[j], model->names[i]) != 0)
			j++;
		if (j == count)
			return adit_error_set(error, -EINVAL,
				"the model needs feature \"%s\", which is not among the %zu there "
				"are",
				model->names[i], count);
		at[i] = (uint32_t)j;
	}
	return 0;
}

int adit_model_bind(
	struct adit_model *model, const char *const *names, size_t count, struct adit_error *error)
{
	int status = find_names(model, names, count, model->bound, error);

	model->is_bound = status == 0;
	return status;
}

double adit_model_score_at(struct adit_model *model, const double *values, const uint32_t *at)
{
	double *row = model->row;
	bool finite = true;

	if (model->kind == ADIT_MODEL_TREES)
		return adit_trees_score(&model->trees, values, at);
	for (size_t i = 0; i < model->features; i++) {
		double value = values[at[i]];
		finite &= isfinite(value) != 0;
		row[i] = (value - model->mean[i]) / model->scale[i];
	}
	if (!finite)
		return NAN;
	if (model->kind == ADIT_MODEL_SVM)
		return adit_svm_score(&model->svm, row, model->features);
	return adit_envelope_score(&model->envelope, row, model->features);
}

bool adit_model_lacks(const struct adit_model *model, const double *values)
{
	for (size_t i = 0; model->is_bound && i < model->features; i++)
		if (isnan(values[model->bound[i]]))
			return true;
	return false;
}

void adit_model_fill(const struct adit_model *model, double *values)
{
	for (size_t i = 0; model->is_bound && i < model->features; i++)
		if (isnan(values[model->bound[i]]))
			values[model->bound[i]] = model->typical[i];
}

double adit_model_score(struct adit_model *model, const double *values)
{
	return model->is_bound ? adit_model_score_at(model, values, model->bound) : NAN;
}

int adit_model_score_table(struct adit_model *model, const struct adit_table *table, double *scores,
	const struct adit_progress *progress, struct adit_error *error)
{
	uint32_t *at = calloc(model->features, sizeof(*at));
	int status;

	if (at == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a table's columns");
	status = find_names(model, (const char *const *)table->names, table->columns, at, error);
	for (size_t i = 0; i < table->rows && status == 0; i++) {
		scores[i] = adit_model_score_at(model, table->values + i * table->columns, at);
		if (i % 4096 == 4095 && progress != NULL && progress->report != NULL &&
			!progress->report(progress->context, i + 1, table->rows))
			status = adit_error_set(error, -ECANCELED, "stopped");
	}
	free(at);
	return status;
}

double adit_model_probability(double log_odds)
{
	return 1 / (1 + exp(-log_odds));
}
