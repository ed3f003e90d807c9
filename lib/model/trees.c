/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Boosted trees: XGBoost fits, on one thread, and gives its model as JSON; trees_text.c makes nodes
 * of that, and this file walks them. Values are compared and summed as floats in XGBoost's order,
 * so that the sums are its own to the last bit.
 */
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <xgboost/c_api.h>

const struct adit_trees_params adit_trees_defaults = {.rounds = 200,
	.max_depth = 4,
	.learning_rate = 0.1,
	.min_child_weight = 1,
	.subsample = 1,
	.colsample_bytree = 1,
	.lambda = 1,
	.scale_pos_weight = 1,
	.seed = 1};

/* Values as the nodes look them up. */
static void row_fill(struct adit_trees *trees, const double *values, const uint32_t *at)
{
	for (uint32_t i = 0; i < trees->features; i++) {
		float value = (float)values[at[i]];
		bool missing = isnan(value);

		trees->row[ADIT_TREE_PLACE(i, true)] = missing ? -INFINITY : value;
		trees->row[ADIT_TREE_PLACE(i, false)] = missing ? INFINITY : value;
	}
	trees->row[2 * trees->features] = -INFINITY;
}

double adit_trees_score(struct adit_trees *trees, const double *values, const uint32_t *at)
{
	const struct adit_tree_node *nodes = trees->nodes;
	const float *row = trees->row;
	float sum = trees->base;

	row_fill(trees, values, at);
	for (size_t i = 0; i < trees->count; i += ADIT_TREE_LANES) {
		size_t rest = trees->count - i, lanes = ADIT_TREE_LANES;
		uint32_t depth = trees->depths[i / ADIT_TREE_LANES], place[ADIT_TREE_LANES];

		memcpy(place, trees->roots + i, sizeof(place));
		for (uint32_t step = 0; step < depth; step++) {
			for (size_t lane = 0; lane < ADIT_TREE_LANES; lane++) {
				const struct adit_tree_node *node = &nodes[place[lane]];
				place[lane] = node->left + !(row[node->place] < node->value);
			}
		}
		for (size_t lane = 0; lane < (rest < lanes ? rest : lanes); lane++)
			sum += nodes[place[lane]].value;
	}
	return (double)sum;
}

static int xgboost_failed(struct adit_error *error)
{
	/* The first line says it; a stack trace follows. */
	const char *text = XGBGetLastError();

	return adit_error_set(error, -ENOTSUP, "XGBoost: %.*s", (int)strcspn(text, "\n"), text);
}

static int fill(const struct adit_table *table, const struct adit_trees_params *params,
	float *values, float *labels, DMatrixHandle *matrix, struct adit_error *error)
{
	size_t count = table->rows * table->columns;
	char array[160], config[64];

	for (size_t i = 0; i < count; i++)
		values[i] = (float)table->values[i];
	for (size_t i = 0; i < table->rows; i++)
		labels[i] = table->labels[i];
	snprintf(array, sizeof(array),
		"{\"data\": [%zu, true], \"shape\": [%zu, %zu], \"typestr\": \"<f4\", "
		"\"version\": 3}",
		(size_t)values, table->rows, table->columns);
	snprintf(config, sizeof(config), "{\"missing\": NaN, \"nthread\": 1}");
	if (XGDMatrixCreateFromDense(array, config, matrix) != 0 ||
		XGDMatrixSetFloatInfo(*matrix, "label", labels, table->rows) != 0 ||
		(table->weights != NULL &&
			XGDMatrixSetFloatInfo(*matrix, "weight", table->weights, table->rows) != 0))
		return xgboost_failed(error);
	return 0;
}

static int set_parameters(BoosterHandle booster, const struct adit_table *table,
	const struct adit_trees_params *params)
{
	double weight = params->scale_pos_weight;
	struct {
		const char *name;
		double value;
	} numbers[] = {
		{"max_depth", params->max_depth},
		{"eta", params->learning_rate},
		{"min_child_weight", params->min_child_weight},
		{"subsample", params->subsample},
		{"colsample_bytree", params->colsample_bytree},
		{"lambda", params->lambda},
		{"scale_pos_weight", weight},
		{"seed", (double)(params->seed & INT32_MAX)},
		{"nthread", 1},
		{"verbosity", 0},
		{"base_score", 0.5},
	};
	int status = XGBoosterSetParam(booster, "objective", "binary:logistic") |
		     XGBoosterSetParam(booster, "booster", "gbtree") |
		     XGBoosterSetParam(booster, "tree_method", "hist");

	if (weight == 0) {
		size_t positives = 0;
		for (size_t i = 0; i < table->rows; i++)
			positives += table->labels[i];
		for (size_t i = 0; i < ADIT_COUNT(numbers); i++) {
			if (strcmp(numbers[i].name, "scale_pos_weight") == 0)
				numbers[i].value =
					(double)(table->rows - positives) / (double)positives;
		}
	}
	for (size_t i = 0; i < ADIT_COUNT(numbers); i++) {
		char text[40];
		snprintf(text, sizeof(text), "%.17g", numbers[i].value);
		status |= XGBoosterSetParam(booster, numbers[i].name, text);
	}
	return status;
}

static int boost(BoosterHandle booster, DMatrixHandle matrix, const struct adit_table *table,
	const struct adit_trees_params *params, struct adit_model *model, struct adit_error *error)
{
	const struct adit_progress *progress = &params->progress;
	const char *json;
	bst_ulong size;

	if (set_parameters(booster, table, params) != 0 ||
		XGBoosterSetStrFeatureInfo(
			booster, "feature_name", (const char **)model->names, model->features) != 0)
		return xgboost_failed(error);
	for (unsigned i = 0; i < params->rounds; i++) {
		if (XGBoosterUpdateOneIter(booster, (int)i, matrix) != 0)
			return xgboost_failed(error);
		if (progress->report != NULL &&
			!progress->report(progress->context, i + 1, params->rounds))
			return adit_error_set(error, -ECANCELED, "stopped");
	}
	if (XGBoosterSaveModelToBuffer(booster, "{\"format\": \"json\"}", &size, &json) != 0)
		return xgboost_failed(error);
	return adit_trees_read(
		&model->trees, model->features, "XGBoost's model", json, size, error);
}

static int check(const struct adit_table *table, const struct adit_trees_params *params,
	struct adit_error *error)
{
	size_t positives = 0;

	for (size_t i = 0; table->labels != NULL && i < table->rows; i++)
		positives += table->labels[i];
	if (positives == 0 || positives == table->rows)
		return adit_error_set(error, -EINVAL,
			"%zu of %zu rows are positive; trees need rows of both labels", positives,
			table->rows);
	if (params->rounds == 0 || params->rounds > 100000 || params->max_depth == 0 ||
		params->max_depth > 20)
		return adit_error_set(error, -EINVAL,
			"rounds %u, max_depth %u; right is 1 to 100000 and 1 to 20", params->rounds,
			params->max_depth);
	for (size_t i = 0; i < table->columns; i++) {
		if (!adit_trees_name_fits(table->names[i]))
			return adit_error_set(error, -EINVAL,
				"column %zu: the name \"%.60s\" is not UTF-8, which trees.json "
				"needs",
				i + 1, table->names[i]);
	}
	for (size_t i = 0; i < table->rows * table->columns; i++) {
		if (isinf((float)table->values[i]))
			return adit_error_set(error, -EINVAL,
				"line %lu: %s is too large for trees, which compute in floats",
				(unsigned long)table->lines[i / table->columns],
				table->names[i % table->columns]);
	}
	return 0;
}

int adit_model_fit_trees(const struct adit_table *table, const struct adit_trees_params *params,
	struct adit_model **out, struct adit_error *error)
{
	struct adit_model *model;
	DMatrixHandle matrix = NULL;
	BoosterHandle booster = NULL;
	float *values, *labels;
	int status = check(table, params, error);

	*out = NULL;
	if (status == 0)
		status = adit_model_prepare(ADIT_MODEL_TREES, table, &model, error);
	if (status != 0)
		return status;
	model->rows = table->rows;
	values = malloc(table->rows * table->columns * sizeof(*values));
	labels = malloc(table->rows * sizeof(*labels));
	if (values == NULL || labels == NULL)
		status = adit_error_set(error, -ENOMEM, "no memory for %zu rows", table->rows);
	if (status == 0)
		status = fill(table, params, values, labels, &matrix, error);
	if (status == 0 && XGBoosterCreate(&matrix, 1, &booster) != 0)
		status = xgboost_failed(error);
	if (status == 0)
		status = boost(booster, matrix, table, params, model, error);
	if (booster != NULL)
		XGBoosterFree(booster);
	if (matrix != NULL)
		XGDMatrixFree(matrix);
	free(values);
	free(labels);
	if (status != 0)
		adit_model_destroy(model);
	else
		*out = model;
	return status;
}
