/* SPDX-License-Identifier: BSD-3-Clause
 *
 * trees.json: XGBoost's own model file (its schema: doc/model.schema of XGBoost), read without
 * XGBoost: a model is then scored without a call into it, and a broken file ends in a message.
 * What is read: booster gbtree, objective binary:logistic, splits on numbers.
 */
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define KEY_ROOM 40

/* An array of a tree. */
struct numbers {
	double *at;
	size_t count, room;
};

enum array { LEFT, RIGHT, INDEX, CONDITION, DEFAULT_LEFT, ARRAYS };

static const char *const array_names[ARRAYS] = {
	"left_children", "right_children", "split_indices", "split_conditions", "default_left"};

struct reader {
	struct adit_json json;
	struct adit_trees *trees;
	size_t features;
	struct numbers arrays[ARRAYS];
	uint32_t *stack; /* pairs: a node of the file, and where its number is to be written */
	uint8_t *seen;
	size_t stack_room, node_room, root_room;
	double base_score;
	bool gbtree, logistic, has_base;
};

/* Doubles the room of a growing array (`array` points to its pointer); false without memory, which
 * stands as the error. */
static bool grow(struct reader *reader, void *array, size_t *room, size_t need, size_t size)
{
	size_t wanted = *room > 0 ? *room * 2 : 64;
	void *present, *larger;

	if (need <= *room || reader->json.status != 0)
		return reader->json.status == 0;
	if (wanted < need)
		wanted = need;
	memcpy(&present, array, sizeof(present));
	larger = realloc(present, wanted * size);
	if (larger == NULL) {
		reader->json.status = adit_error_set(reader->json.error, -ENOMEM,
			"%s: no memory for the trees", reader->json.path);
		return false;
	}
	memcpy(array, &larger, sizeof(larger));
	*room = wanted;
	return true;
}

/* Newer XGBoost writes default_left as booleans in some versions; both are read. */
static double read_flag_or_number(struct adit_json *json, bool is_float)
{
	json->at += strspn(json->at, " \t\r\n");
	if (json->status == 0 && (*json->at == 't' || *json->at == 'f')) {
		double value = *json->at == 't';
		adit_json_skip(json);
		return value;
	}
	return is_float ? (double)adit_json_float(json) : adit_json_number(json);
}

static void read_array(struct reader *reader, enum array which)
{
	struct numbers *numbers = &reader->arrays[which];

	numbers->count = 0;
	adit_json_enter(&reader->json, '[');
	while (adit_json_item(&reader->json)) {
		if (!grow(reader, &numbers->at, &numbers->room, numbers->count + 1,
			    sizeof(*numbers->at)))
			return;
		numbers->at[numbers->count++] =
			read_flag_or_number(&reader->json, which == CONDITION);
	}
}

/* A node of the file, checked; false (with the error) if it cannot be. */
static bool read_node(
	struct reader *reader, size_t from, struct adit_tree_node *node, int64_t children[2])
{
	struct numbers *arrays = reader->arrays;
	double count = (double)arrays[LEFT].count, index = arrays[INDEX].at[from];

	node->value = (float)arrays[CONDITION].at[from];
	node->right = 0;
	node->feature = 0;
	for (int side = 0; side < 2; side++) {
		double child = arrays[side].at[from];
		if (child != floor(child) || child < -1 || child >= count)
			adit_json_refuse(&reader->json, "tree %zu: node %zu has no child %g",
				reader->trees->count, from, child);
		else
			children[side] = (int64_t)child;
	}
	if (reader->json.status != 0)
		return false;
	if ((children[0] < 0) != (children[1] < 0)) {
		adit_json_refuse(&reader->json,
			"tree %zu: node %zu has one child; two or none is "
			"right",
			reader->trees->count, from);
		return false;
	}
	if (children[0] < 0)
		return true;
	if (index != floor(index) || index < 0 || index >= (double)reader->features) {
		adit_json_refuse(&reader->json,
			"tree %zu: node %zu splits on feature %g; the model has %zu",
			reader->trees->count, from, index, reader->features);
		return false;
	}
	node->feature = (uint32_t)index;
	if (arrays[DEFAULT_LEFT].at[from] != 0)
		node->feature |= ADIT_TREE_MISSING_LEFT;
	return true;
}

static bool push(struct reader *reader, size_t *depth, int64_t node, uint32_t parent)
{
	if (!grow(reader, &reader->stack, &reader->stack_room, *depth + 2, sizeof(*reader->stack)))
		return false;
	reader->stack[(*depth)++] = (uint32_t)node;
	reader->stack[(*depth)++] = parent;
	return true;
}

/* Puts the tree's nodes in pre-order. A node that is reached twice is refused: what is left is a
 * tree, and every walk down it ends. */
static void add_nodes(struct reader *reader)
{
	struct adit_trees *trees = reader->trees;
	size_t root = trees->node_count, depth = 0;
	double largest = -INFINITY;

	push(reader, &depth, 0, UINT32_MAX);
	while (depth > 0) {
		uint32_t parent = reader->stack[--depth], from = reader->stack[--depth];
		size_t place = trees->node_count;
		int64_t children[2];
		if (reader->seen[from]) {
			adit_json_refuse(&reader->json, "tree %zu: node %u has two parents",
				trees->count, from);
			return;
		}
		reader->seen[from] = 1;
		if (!grow(reader, &trees->nodes, &reader->node_room, place + 1,
			    sizeof(*trees->nodes)) ||
			!read_node(reader, from, &trees->nodes[place], children))
			return;
		trees->node_count++;
		if (parent != UINT32_MAX)
			trees->nodes[parent].right = (uint32_t)place;
		if (children[0] < 0) {
			largest = fmax(largest, (double)trees->nodes[place].value);
		} else if (!push(reader, &depth, children[1], (uint32_t)place) ||
			   !push(reader, &depth, children[0], UINT32_MAX)) {
			return;
		}
	}
	trees->roots[trees->count++] = (uint32_t)root;
	trees->limit += largest;
}

static void add_tree(struct reader *reader)
{
	struct adit_trees *trees = reader->trees;
	size_t count = reader->arrays[LEFT].count;

	for (size_t i = 0; i < ARRAYS; i++) {
		if (reader->arrays[i].count != count || count == 0)
			adit_json_refuse(&reader->json, "tree %zu: %zu nodes in %s, %zu in %s",
				trees->count, reader->arrays[i].count, array_names[i], count,
				array_names[LEFT]);
	}
	if (trees->node_count + count >= UINT32_MAX / 2)
		adit_json_refuse(&reader->json, "too many nodes");
	free(reader->seen);
	reader->seen = calloc(count + 1, 1);
	if (reader->seen == NULL && reader->json.status == 0)
		reader->json.status = adit_error_set(reader->json.error, -ENOMEM,
			"%s: no memory for the trees", reader->json.path);
	if (grow(reader, &trees->roots, &reader->root_room, trees->count + 1,
		    sizeof(*trees->roots)))
		add_nodes(reader);
}

/* Splits on categories have entries here; without them it is []. */
static void read_categories(struct reader *reader)
{
	adit_json_enter(&reader->json, '[');
	if (adit_json_item(&reader->json))
		adit_json_refuse(&reader->json,
			"tree %zu splits on categories; only numbers are read",
			reader->trees->count);
}

static void read_tree(struct reader *reader)
{
	struct adit_json *json = &reader->json;
	char key[KEY_ROOM];

	for (size_t i = 0; i < ARRAYS; i++)
		reader->arrays[i].count = 0;
	adit_json_enter(json, '{');
	while (adit_json_member(json, key, sizeof(key))) {
		enum array which = LEFT;
		while (which < ARRAYS && strcmp(key, array_names[which]) != 0)
			which++;
		if (which < ARRAYS)
			read_array(reader, which);
		else if (strcmp(key, "categories_nodes") == 0)
			read_categories(reader);
		else
			adit_json_skip(json);
	}
	if (json->status == 0)
		add_tree(reader);
}

static void read_booster_model(struct reader *reader)
{
	struct adit_json *json = &reader->json;
	char key[KEY_ROOM];

	adit_json_enter(json, '{');
	while (adit_json_member(json, key, sizeof(key))) {
		if (strcmp(key, "trees") != 0) {
			adit_json_skip(json);
			continue;
		}
		adit_json_enter(json, '[');
		while (adit_json_item(json))
			read_tree(reader);
	}
}

/* {"name": TEXT, …}: true if the name is `wanted`, else refused. */
static bool read_name(struct reader *reader, const char *what, const char *wanted)
{
	struct adit_json *json = &reader->json;
	char name[KEY_ROOM];

	adit_json_string(json, name, sizeof(name));
	if (json->status == 0 && strcmp(name, wanted) != 0)
		adit_json_refuse(json, "%s \"%s\"; only %s is read", what, name, wanted);
	return json->status == 0;
}

static void read_booster(struct reader *reader)
{
	struct adit_json *json = &reader->json;
	char key[KEY_ROOM];

	adit_json_enter(json, '{');
	while (adit_json_member(json, key, sizeof(key))) {
		if (strcmp(key, "model") == 0)
			read_booster_model(reader);
		else if (strcmp(key, "name") == 0)
			reader->gbtree = read_name(reader, "booster", "gbtree");
		else
			adit_json_skip(json);
	}
}

static void read_parameters(struct reader *reader)
{
	struct adit_json *json = &reader->json;
	char key[KEY_ROOM];

	adit_json_enter(json, '{');
	while (adit_json_member(json, key, sizeof(key))) {
		if (strcmp(key, "base_score") == 0) {
			reader->base_score = (double)adit_json_float(json);
			reader->has_base = true;
			if (!(reader->base_score > 0 && reader->base_score < 1))
				adit_json_refuse(json,
					"base_score is %g; above 0 and below 1 is "
					"right",
					reader->base_score);
		} else if (strcmp(key, "num_feature") == 0) {
			double features = adit_json_number(json);
			if (features != (double)reader->features)
				adit_json_refuse(json,
					"num_feature is %g, model.conf has %zu features", features,
					reader->features);
		} else {
			adit_json_skip(json);
		}
	}
}

static void read_learner(struct reader *reader)
{
	struct adit_json *json = &reader->json;
	char key[KEY_ROOM];

	adit_json_enter(json, '{');
	while (adit_json_member(json, key, sizeof(key))) {
		if (strcmp(key, "gradient_booster") == 0) {
			read_booster(reader);
		} else if (strcmp(key, "learner_model_param") == 0) {
			read_parameters(reader);
		} else if (strcmp(key, "objective") == 0) {
			adit_json_enter(json, '{');
			while (adit_json_member(json, key, sizeof(key))) {
				if (strcmp(key, "name") == 0)
					reader->logistic =
						read_name(reader, "objective", "binary:logistic");
				else
					adit_json_skip(json);
			}
		} else {
			adit_json_skip(json);
		}
	}
}

static void read_file(struct reader *reader)
{
	struct adit_json *json = &reader->json;
	struct adit_trees *trees = reader->trees;
	char key[KEY_ROOM];

	adit_json_enter(json, '{');
	while (adit_json_member(json, key, sizeof(key))) {
		if (strcmp(key, "learner") == 0)
			read_learner(reader);
		else
			adit_json_skip(json);
	}
	adit_json_end(json);
	if (json->status == 0 &&
		(!reader->gbtree || !reader->logistic || !reader->has_base || trees->count == 0))
		adit_json_refuse(json,
			"not a model of XGBoost: expected learner with gradient_booster (gbtree, "
			"trees), learner_model_param (base_score) and objective");
	/* What XGBoost adds the trees to: the log-odds of the base score, in its precision. */
	trees->base = -logf(1 / (float)reader->base_score - 1);
	/* Sums of floats round: the true limit may be a little higher. */
	trees->limit += (double)trees->base;
	trees->limit += 1e-5 * (fabs(trees->limit) + 1);
}

static int keep_text(struct reader *reader, const void *bytes, size_t size)
{
	reader->trees->json = malloc(size);
	if (reader->trees->json == NULL)
		return adit_error_set(reader->json.error, -ENOMEM, "%s: no memory for %zu bytes",
			reader->json.path, size);
	memcpy(reader->trees->json, bytes, size);
	reader->trees->json_size = size;
	return 0;
}

int adit_trees_read(struct adit_trees *trees, size_t d, const char *path, const void *bytes,
	size_t size, struct adit_error *error)
{
	struct reader reader = {.trees = trees, .features = d};
	int status = adit_json_open(&reader.json, path, bytes, size, error);

	if (status == 0) {
		read_file(&reader);
		status = reader.json.status;
	}
	if (status == 0)
		status = keep_text(&reader, bytes, size);
	for (size_t i = 0; i < ARRAYS; i++)
		free(reader.arrays[i].at);
	free(reader.stack);
	free(reader.seen);
	adit_json_close(&reader.json);
	return status;
}
