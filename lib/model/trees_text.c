/* SPDX-License-Identifier: BSD-3-Clause
 *
 * trees.json: XGBoost's own model file (its schema: doc/model.schema of XGBoost), read without
 * XGBoost: a model is then scored without a call into it, and a broken file ends in a message.
 * What is read: booster gbtree, objective binary:logistic, splits on numbers.
 */
#include "model_priv.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

/* jansson takes 5 bytes for one of what XGBoost writes, and 80 for the worst there is. */
#define FILE_SIZE_MAX ((size_t)64 << 20)

#define LEARNER "learner"
#define BOOSTER LEARNER ".gradient_booster"
#define MODEL   BOOSTER ".model"

enum array { LEFT, RIGHT, INDEX, CONDITION, DEFAULT_LEFT, ARRAYS };

static const char *const array_names[ARRAYS] = {
	"left_children", "right_children", "split_indices", "split_conditions", "default_left"};

/* A node of the file, and where it is to stand. */
struct step {
	uint32_t from, place, depth;
};

struct reader {
	const char *path;
	struct adit_error *error;
	int status; /* after the first error every call does nothing */
	struct adit_trees *trees;
	size_t features;
	const json_t *arrays[ARRAYS]; /* of the present tree */
	struct step *stack;           /* nodes that are still to be read */
	uint8_t *seen;
	size_t stack_room, node_room;
};

static void refuse(struct reader *reader, const char *format, ...) ADIT_PRINTF(2, 3);
static void refuse(struct reader *reader, const char *format, ...)
{
	char reason[400];
	va_list list;

	if (reader->status != 0)
		return;
	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	reader->status = adit_error_set(reader->error, -EINVAL, "%s: %s", reader->path, reason);
}

static void no_memory(struct reader *reader)
{
	if (reader->status == 0)
		reader->status = adit_error_set(
			reader->error, -ENOMEM, "%s: no memory for the trees", reader->path);
}

static const char *kind_of(const json_t *value)
{
	static const char *const kinds[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};

	return kinds[json_typeof(value)];
}

/* The member of an object that stands at `where` in the file; NULL (and the error) if there is
 * none of this type. */
static const json_t *member(struct reader *reader, const json_t *object, const char *where,
	const char *key, json_type type)
{
	static const char *const wanted[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string"};
	const json_t *value = json_object_get(object, key);

	if (reader->status != 0)
		return NULL;
	if (value == NULL)
		refuse(reader, "there is no %s.%s; %s is right", where, key, wanted[type]);
	else if (json_typeof(value) != type)
		refuse(reader, "%s.%s is %s; %s is right", where, key, kind_of(value),
			wanted[type]);
	return reader->status == 0 ? value : NULL;
}

/* ---- trees */

/* Doubles the room of a growing array (`array` points to its pointer); false without memory, which
 * stands as the error. */
static bool grow(struct reader *reader, void *array, size_t *room, size_t need, size_t size)
{
	size_t wanted = *room > 0 ? *room * 2 : 64;
	void *present, *larger;

	if (need <= *room || reader->status != 0)
		return reader->status == 0;
	if (wanted < need)
		wanted = need;
	memcpy(&present, array, sizeof(present));
	larger = realloc(present, wanted * size);
	if (larger == NULL) {
		no_memory(reader);
		return false;
	}
	memcpy(array, &larger, sizeof(larger));
	*room = wanted;
	return true;
}

static bool refuse_entry(struct reader *reader, enum array which, size_t node, const char *wanted)
{
	refuse(reader, MODEL ".trees[%zu].%s[%zu] is %s; %s is right", reader->trees->count,
		array_names[which], node, kind_of(json_array_get(reader->arrays[which], node)),
		wanted);
	return false;
}

static bool read_integer(struct reader *reader, enum array which, size_t node, int64_t *value)
{
	const json_t *entry = json_array_get(reader->arrays[which], node);

	if (!json_is_integer(entry))
		return refuse_entry(reader, which, node, "an integer");
	*value = json_integer_value(entry);
	return true;
}

/*
 * By way of jansson's double, which rounds twice. That gives the float that XGBoost wrote for all
 * of them but 7.038531e-26 and its opposite, which become their neighbour: no other float has a
 * text of the fewest digits so near to half-way between two.
 */
static bool read_float(struct reader *reader, size_t node, float *value)
{
	const json_t *entry = json_array_get(reader->arrays[CONDITION], node);

	if (!json_is_number(entry))
		return refuse_entry(reader, CONDITION, node, "a number");
	*value = (float)json_number_value(entry);
	if (!isfinite(*value))
		refuse(reader,
			MODEL ".trees[%zu].split_conditions[%zu] is %g; too large for a float",
			reader->trees->count, node, json_number_value(entry));
	return isfinite(*value);
}

/* 0 and 1, or booleans in some newer versions of XGBoost. */
static bool read_flag(struct reader *reader, size_t node, bool *value)
{
	const json_t *entry = json_array_get(reader->arrays[DEFAULT_LEFT], node);

	if (!json_is_boolean(entry) && !json_is_integer(entry))
		return refuse_entry(reader, DEFAULT_LEFT, node, "0 or 1");
	*value = json_is_true(entry) || json_integer_value(entry) != 0;
	return true;
}

/* The children of a node: both, or -1 for a leaf. */
static bool read_children(struct reader *reader, size_t from, int64_t children[2])
{
	size_t count = json_array_size(reader->arrays[LEFT]);

	for (enum array side = LEFT; side <= RIGHT; side++) {
		if (!read_integer(reader, side, from, &children[side]))
			return false;
		if (children[side] < -1 || children[side] >= (int64_t)count)
			refuse(reader,
				MODEL ".trees[%zu]: node %zu has no child %lld; it has %zu nodes",
				reader->trees->count, from, (long long)children[side], count);
	}
	if ((children[LEFT] < 0) != (children[RIGHT] < 0))
		refuse(reader, MODEL ".trees[%zu]: node %zu has one child; two or none is right",
			reader->trees->count, from);
	return reader->status == 0;
}

/* A node of the file for a place, checked, but for where its children stand; false (with the error)
 * if it cannot be. */
static bool read_node(struct reader *reader, size_t from, uint32_t place, int64_t children[2])
{
	struct adit_tree_node *node = &reader->trees->nodes[place];
	int64_t index;
	bool missing_left;

	/* A leaf. */
	*node = (struct adit_tree_node){.place = 2 * (uint32_t)reader->features, .left = place};
	if (!read_float(reader, from, &node->value) || !read_children(reader, from, children))
		return false;
	if (children[LEFT] < 0)
		return true;
	if (!read_integer(reader, INDEX, from, &index) || !read_flag(reader, from, &missing_left))
		return false;
	if (index < 0 || (uint64_t)index >= reader->features) {
		refuse(reader,
			MODEL ".trees[%zu]: node %zu splits on feature %lld; the model has %zu",
			reader->trees->count, from, (long long)index, reader->features);
		return false;
	}
	node->place = ADIT_TREE_PLACE((uint32_t)index, missing_left);
	return true;
}

static bool push(struct reader *reader, size_t *count, int64_t from, size_t place, uint32_t depth)
{
	if (!grow(reader, &reader->stack, &reader->stack_room, *count + 1, sizeof(*reader->stack)))
		return false;
	reader->stack[(*count)++] = (struct step){(uint32_t)from, (uint32_t)place, depth};
	return true;
}

/* Places for a root, or two children. */
static bool reserve(struct reader *reader, size_t places)
{
	struct adit_trees *trees = reader->trees;

	if (!grow(reader, &trees->nodes, &reader->node_room, trees->node_count + places,
		    sizeof(*trees->nodes)))
		return false;
	trees->node_count += places;
	return true;
}

/* Puts the tree's nodes in their places. A node that is reached twice is refused: what is left is a
 * tree, and every walk down it ends. */
static void add_nodes(struct reader *reader)
{
	struct adit_trees *trees = reader->trees;
	size_t root = trees->node_count, count = 0;
	uint32_t *deepest = &trees->depths[trees->count / ADIT_TREE_LANES];
	double largest = -INFINITY;

	if (!reserve(reader, 1) || !push(reader, &count, 0, root, 0))
		return;
	while (count > 0) {
		struct step step = reader->stack[--count];
		size_t left = trees->node_count;
		int64_t children[2];
		if (reader->seen[step.from]) {
			refuse(reader, MODEL ".trees[%zu]: node %u has two parents; one is right",
				trees->count, step.from);
			return;
		}
		reader->seen[step.from] = 1;
		if (!read_node(reader, step.from, step.place, children))
			return;
		if (step.depth > *deepest)
			*deepest = step.depth;
		if (children[LEFT] < 0) {
			largest = fmax(largest, (double)trees->nodes[step.place].value);
			continue;
		}
		if (!reserve(reader, 2) ||
			!push(reader, &count, children[RIGHT], left + 1, step.depth + 1) ||
			!push(reader, &count, children[LEFT], left, step.depth + 1))
			return;
		trees->nodes[step.place].left = (uint32_t)left;
	}
	trees->roots[trees->count++] = (uint32_t)root;
	trees->limit += largest;
}

/* The arrays of a tree are there and as long as one another; its splits are on numbers. */
static void find_arrays(struct reader *reader, const json_t *tree)
{
	const json_t *categories = json_object_get(tree, "categories_nodes");
	size_t count;
	char where[64];

	snprintf(where, sizeof(where), MODEL ".trees[%zu]", reader->trees->count);
	if (!json_is_object(tree))
		refuse(reader, "%s is %s; an object is right", where, kind_of(tree));
	for (size_t i = 0; i < ARRAYS; i++)
		reader->arrays[i] = member(reader, tree, where, array_names[i], JSON_ARRAY);
	count = json_array_size(reader->arrays[LEFT]);
	for (size_t i = 0; i < ARRAYS; i++) {
		size_t length = json_array_size(reader->arrays[i]);
		if (length != count || count == 0)
			refuse(reader, "%s: %zu nodes in %s, %zu in %s", where, length,
				array_names[i], count, array_names[LEFT]);
	}
	/* Without splits on categories it is []. */
	if (categories != NULL && (!json_is_array(categories) || json_array_size(categories) > 0))
		refuse(reader, "%s splits on categories; only numbers are read", where);
}

static void add_tree(struct reader *reader, const json_t *tree)
{
	find_arrays(reader, tree);
	if (reader->status != 0)
		return;
	free(reader->seen);
	reader->seen = calloc(json_array_size(reader->arrays[LEFT]), 1);
	if (reader->seen == NULL)
		no_memory(reader);
	else
		add_nodes(reader);
}

static void read_trees(struct reader *reader, const json_t *booster)
{
	const json_t *model = member(reader, booster, BOOSTER, "model", JSON_OBJECT);
	const json_t *trees = member(reader, model, MODEL, "trees", JSON_ARRAY);
	size_t count = json_array_size(trees), lots;

	if (count == 0)
		refuse(reader, MODEL ".trees is empty; a model has a tree at least");
	lots = count / ADIT_TREE_LANES + 1;
	reader->trees->features = reader->features;
	reader->trees->roots = calloc(lots * ADIT_TREE_LANES, sizeof(*reader->trees->roots));
	reader->trees->depths = calloc(lots, sizeof(*reader->trees->depths));
	reader->trees->row = calloc(2 * reader->features + 1, sizeof(*reader->trees->row));
	if (reader->trees->roots == NULL || reader->trees->depths == NULL ||
		reader->trees->row == NULL)
		no_memory(reader);
	for (size_t i = 0; i < count && reader->status == 0; i++)
		add_tree(reader, json_array_get(trees, i));
}

/* ---- what stands around them */

static void read_name(
	struct reader *reader, const json_t *object, const char *where, const char *wanted)
{
	const json_t *name = member(reader, object, where, "name", JSON_STRING);

	if (name != NULL && strcmp(json_string_value(name), wanted) != 0)
		refuse(reader, "%s.name is \"%.40s\"; only %s is read", where,
			json_string_value(name), wanted);
}

/* XGBoost writes parameters in quotes, and newer ones the base score in brackets, "[5E-1]". */
static double read_parameter(struct reader *reader, const json_t *parameters, const char *key)
{
	const json_t *value =
		member(reader, parameters, LEARNER ".learner_model_param", key, JSON_STRING);
	const char *text = value != NULL ? json_string_value(value) : "";
	size_t length = strlen(text);
	char word[64];
	double number = 0;

	if (length > 1 && *text == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	snprintf(word, sizeof(word), "%.*s", (int)(length < sizeof(word) ? length : 0), text);
	if (!adit_text_number(word, &number))
		refuse(reader, LEARNER ".learner_model_param.%s is \"%.40s\"; a number is right",
			key, text);
	/* As a float, for the base score is one. */
	return reader->status == 0 ? (double)strtof(word, NULL) : 0;
}

static void read_parameters(struct reader *reader, const json_t *learner)
{
	const json_t *parameters =
		member(reader, learner, LEARNER, "learner_model_param", JSON_OBJECT);
	double base = read_parameter(reader, parameters, "base_score");
	double features = read_parameter(reader, parameters, "num_feature");

	if (!(base > 0 && base < 1))
		refuse(reader,
			LEARNER ".learner_model_param.base_score is %g; above 0 and below 1 is "
				"right",
			base);
	if (features != (double)reader->features)
		refuse(reader,
			LEARNER ".learner_model_param.num_feature is %g; model.conf has %zu "
				"features",
			features, reader->features);
	/* What XGBoost adds the trees to: the log-odds of the base score, in its precision. */
	reader->trees->base = -logf(1 / (float)base - 1);
}

static void read_file(struct reader *reader, const json_t *root)
{
	struct adit_trees *trees = reader->trees;
	const json_t *learner, *booster, *objective;

	if (!json_is_object(json_object_get(root, LEARNER)))
		refuse(reader, "not a model of XGBoost: there is no object " LEARNER);
	learner = json_object_get(root, LEARNER);
	objective = member(reader, learner, LEARNER, "objective", JSON_OBJECT);
	read_name(reader, objective, LEARNER ".objective", "binary:logistic");
	booster = member(reader, learner, LEARNER, "gradient_booster", JSON_OBJECT);
	read_name(reader, booster, BOOSTER, "gbtree");
	read_parameters(reader, learner);
	read_trees(reader, booster);
	/* Sums of floats round: the true limit may be a little higher. */
	trees->limit += (double)trees->base;
	trees->limit += 1e-5 * (fabs(trees->limit) + 1);
}

static int parse(struct reader *reader, const void *bytes, size_t size, json_t **root)
{
	char text[JSON_ERROR_TEXT_LENGTH];
	json_error_t error;

	if (size > FILE_SIZE_MAX)
		return adit_error_set(reader->error, -EFBIG,
			"%s: %zu bytes; up to %zu MiB are read", reader->path, size,
			FILE_SIZE_MAX >> 20);
	*root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
	if (*root != NULL)
		return 0;
	if (json_error_code(&error) == json_error_out_of_memory)
		no_memory(reader);
	adit_model_printable(text, sizeof(text), error.text);
	return reader->status != 0 ? reader->status
				   : adit_error_set(reader->error, -EINVAL, "%s:%d:%d: %s",
					     reader->path, error.line, error.column, text);
}

static int keep_text(struct reader *reader, const void *bytes, size_t size)
{
	reader->trees->json = malloc(size);
	if (reader->trees->json == NULL)
		return adit_error_set(
			reader->error, -ENOMEM, "%s: no memory for %zu bytes", reader->path, size);
	memcpy(reader->trees->json, bytes, size);
	reader->trees->json_size = size;
	return 0;
}

bool adit_trees_name_fits(const char *name)
{
	json_t *string = json_string(name);

	json_decref(string);
	return string != NULL;
}

int adit_trees_read(struct adit_trees *trees, size_t d, const char *path, const void *bytes,
	size_t size, struct adit_error *error)
{
	struct reader reader = {.path = path, .error = error, .trees = trees, .features = d};
	json_t *root = NULL;

	reader.status = parse(&reader, bytes, size, &root);
	if (reader.status == 0)
		read_file(&reader, root);
	json_decref(root);
	if (reader.status == 0)
		reader.status = keep_text(&reader, bytes, size);
	free(reader.stack);
	free(reader.seen);
	return reader.status;
}
