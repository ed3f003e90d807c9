/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tool signatures: loads pattern files and compiles them with Hyperscan, one block-mode database
 * per part of a name that any expression reads. An expression reports the index of its class, once
 * per text (HS_FLAG_SINGLEMATCH); expressions are bytes, never UTF-8.
 *
 * Memory: the files' text, the databases (measured in docs/patterns.md), one prototype scratch.
 * Expressions are kept only while they are compiled.
 */
#include "adit_pattern.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pattern_priv.h"

#define FILE_BYTES_MAX (16 << 20)

static void *allocate(const struct adit_pattern_set *set, size_t count, size_t size)
{
	return adit_alloc(set->allocator, count > 0 ? count * size : 1, _Alignof(max_align_t));
}

static int no_memory(struct adit_error *error)
{
	return adit_error_set(error, -ENOMEM, "no memory for the patterns");
}

/* Room for `count` sources. */
static struct adit_pattern_set *create_set(
	const struct adit_allocator *allocator, const struct adit_pattern_set *before, size_t count)
{
	struct adit_pattern_set *set =
		adit_alloc(allocator, sizeof(*set), _Alignof(struct adit_pattern_set));
	if (set == NULL)
		return NULL;
	set->allocator = allocator;
	set->sources = allocate(set, count, sizeof(*set->sources));
	if (set->sources == NULL || adit_pattern_names_open(set, before) != 0) {
		adit_free(allocator, set->sources);
		adit_free(allocator, set);
		return NULL;
	}
	set->source_count = count;
	return set;
}

void adit_pattern_destroy(struct adit_pattern_set *set)
{
	if (set == NULL)
		return;
	hs_free_scratch(set->scratch);
	for (size_t part = 0; part < ADIT_PART_COUNT; part++)
		hs_free_database(set->databases[part]);
	for (size_t i = 0; i < set->source_count; i++) {
		adit_free(set->allocator, set->sources[i].path);
		adit_free(set->allocator, set->sources[i].text);
	}
	adit_free(set->allocator, set->sources);
	adit_pattern_names_close(set);
	adit_free(set->allocator, set);
}

/* The arguments of hs_compile_multi for one part, and where each expression came from. */
struct batch {
	const struct adit_pattern_expression **origins;
	const char **texts;
	unsigned int *flags, *ids, count;
};

static bool batch_create(const struct adit_pattern_set *set, size_t room, struct batch *batch)
{
	batch->origins = allocate(set, room, sizeof(*batch->origins));
	batch->texts = allocate(set, room, sizeof(*batch->texts));
	batch->flags = allocate(set, room, sizeof(*batch->flags));
	batch->ids = allocate(set, room, sizeof(*batch->ids));
	return batch->origins != NULL && batch->texts != NULL && batch->flags != NULL &&
	       batch->ids != NULL;
}

static void batch_destroy(const struct adit_pattern_set *set, struct batch *batch)
{
	adit_free(set->allocator, batch->origins);
	adit_free(set->allocator, batch->texts);
	adit_free(set->allocator, batch->flags);
	adit_free(set->allocator, batch->ids);
}

static void batch_fill(struct batch *batch, enum adit_pattern_part part,
	const struct adit_pattern_expression *expressions, size_t count)
{
	batch->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (expressions[i].part != part)
			continue;
		batch->origins[batch->count] = &expressions[i];
		batch->texts[batch->count] = expressions[i].text;
		batch->flags[batch->count] = HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH |
					     (expressions[i].caseless ? HS_FLAG_CASELESS : 0);
		batch->ids[batch->count++] = expressions[i].class_index;
	}
}

static int refuse(
	const struct adit_pattern_expression *origin, const char *reason, struct adit_error *error)
{
	if (origin == NULL)
		return adit_error_set(error, -EINVAL, "the patterns: %s", reason);
	return adit_error_set(error, -EINVAL, "%s:%u: expression \"%.120s\": %s",
		origin->source->path, origin->line, origin->text, reason);
}

/* Turns Hyperscan's error into ours and frees it. `origin` is the expression it blames, if any. */
static int compile_failed(const struct adit_pattern_expression *origin, hs_compile_error_t *failure,
	struct adit_error *error)
{
	int status;
	/* Memory that has run out is told by the text alone, and blames the first expression. */
	if (failure == NULL || strstr(failure->message, "allocate memory") != NULL)
		status = no_memory(error);
	else
		status = refuse(origin, failure->message, error);
	hs_free_compile_error(failure);
	return status;
}

/*
 * The length of the shortest text that any expression of the batch can match. An expression that
 * matches nothing at all would hit every name; Hyperscan itself lets "^" alone pass.
 */
static int find_shortest(const struct batch *batch, uint32_t *shortest, struct adit_error *error)
{
	*shortest = UINT32_MAX;
	for (unsigned int i = 0; i < batch->count; i++) {
		hs_expr_info_t *info = NULL;
		hs_compile_error_t *failure = NULL;
		if (hs_expression_info(batch->texts[i], batch->flags[i], &info, &failure) !=
			HS_SUCCESS)
			return compile_failed(batch->origins[i], failure, error);
		uint32_t width = info->min_width;
		free(info); /* Hyperscan's default allocator is malloc */
		if (width == 0)
			return refuse(batch->origins[i], "it matches the empty text", error);
		if (width < *shortest)
			*shortest = width;
	}
	return 0;
}

static int compile_part(struct adit_pattern_set *set, enum adit_pattern_part part,
	const struct batch *batch, struct adit_error *error)
{
	hs_compile_error_t *failure = NULL;
	if (batch->count == 0)
		return 0;
	int status = find_shortest(batch, &set->shortest[part], error);
	if (status != 0)
		return status;
	if (hs_compile_multi(batch->texts, batch->flags, batch->ids, batch->count, HS_MODE_BLOCK,
		    NULL, &set->databases[part], &failure) != HS_SUCCESS) {
		bool blamed = failure != NULL && failure->expression >= 0 &&
			      (unsigned int)failure->expression < batch->count;
		return compile_failed(
			blamed ? batch->origins[failure->expression] : NULL, failure, error);
	}
	if (hs_alloc_scratch(set->databases[part], &set->scratch) != HS_SUCCESS)
		return no_memory(error);
	return 0;
}

static int compile(struct adit_pattern_set *set, const struct adit_pattern_expression *expressions,
	size_t count, struct adit_error *error)
{
	struct batch batch;
	int status = batch_create(set, count, &batch) ? 0 : no_memory(error);
	for (int part = 0; part < ADIT_PART_COUNT && status == 0; part++) {
		batch_fill(&batch, part, expressions, count);
		status = compile_part(set, part, &batch, error);
	}
	batch_destroy(set, &batch);
	set->expression_count = count;
	return status;
}

/* Reads and compiles the sources that `set` holds. */
static int build(struct adit_pattern_set *set, const struct adit_pattern_set *before,
	uint32_t rested, struct adit_error *error)
{
	size_t lines = 0, count = 0;
	int status = 0;
	if (hs_valid_platform() != HS_SUCCESS)
		return adit_error_set(
			error, -ENOTSUP, "this CPU lacks SSSE3, which Hyperscan needs");
	for (size_t i = 0; i < set->source_count; i++) {
		for (const char *at = set->sources[i].text; at != NULL; lines++)
			at = (at = strchr(at, '\n')) != NULL ? at + 1 : NULL;
	}
	struct adit_pattern_expression *expressions = allocate(set, lines, sizeof(*expressions));
	if (expressions == NULL)
		return no_memory(error);
	for (size_t i = 0; i < set->source_count && status == 0; i++)
		status = adit_pattern_read(set, &set->sources[i], expressions, &count, error);
	if (status == 0)
		status = adit_pattern_number(set, before, rested, expressions, count, error);
	if (status == 0)
		status = compile(set, expressions, count, error);
	adit_free(set->allocator, expressions);
	return status;
}

/* Builds *set, or destroys `made` where that (or what came before: `status`) failed. */
static int finish(int status, struct adit_pattern_set *made, const struct adit_pattern_set *before,
	uint32_t rested, struct adit_pattern_set **set, struct adit_error *error)
{
	if (status == 0)
		status = build(made, before, rested, error);
	if (status == 0)
		*set = made;
	else
		adit_pattern_destroy(made);
	return status;
}

static char *copy_bytes(const struct adit_pattern_set *set, const char *bytes, size_t size)
{
	char *copy = allocate(set, size + 1, 1); /* zeroed: the NUL is there */
	if (copy != NULL)
		memcpy(copy, bytes, size);
	return copy;
}

int adit_pattern_load_text_from(const char *what, const char *text,
	const struct adit_allocator *allocator, struct adit_pattern_set **set,
	struct adit_error *error)
{
	struct adit_pattern_set *made = create_set(allocator, NULL, 1);
	if (made == NULL)
		return no_memory(error);
	made->sources[0].path = copy_bytes(made, what, strlen(what));
	made->sources[0].text = copy_bytes(made, text, strlen(text));
	bool copied = made->sources[0].path != NULL && made->sources[0].text != NULL;
	return finish(copied ? 0 : no_memory(error), made, NULL, 0, set, error);
}

/* The text of an open file. */
static int read_text(const struct adit_pattern_set *set, struct adit_pattern_source *source,
	int file, struct adit_error *error)
{
	struct stat facts;
	size_t got = 0;
	if (fstat(file, &facts) != 0)
		return adit_error_set(error, -errno, "%s: %s", source->path, strerror(errno));
	if (!S_ISREG(facts.st_mode) || facts.st_size > FILE_BYTES_MAX)
		return adit_error_set(error, -EINVAL, "%s: not a file of at most %d bytes",
			source->path, FILE_BYTES_MAX);
	size_t size = (size_t)facts.st_size;
	source->text = allocate(set, size + 1, 1);
	if (source->text == NULL)
		return no_memory(error);
	while (got < size) {
		ssize_t part = read(file, source->text + got, size - got);
		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return adit_error_set(
				error, -errno, "%s: %s", source->path, strerror(errno));
		if (part == 0) /* it has shrunk meanwhile */
			break;
		got += (size_t)part;
	}
	if (memchr(source->text, '\0', got) != NULL)
		return adit_error_set(error, -EINVAL, "%s: a NUL byte in it", source->path);
	return 0;
}

static int read_file(const struct adit_pattern_set *set, struct adit_pattern_source *source,
	const char *directory, const char *name, struct adit_error *error)
{
	size_t room = strlen(directory) + 1 + strlen(name) + 1;
	source->path = allocate(set, room, 1);
	if (source->path == NULL)
		return no_memory(error);
	snprintf(source->path, room, "%s/%s", directory, name);
	int file = open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file < 0)
		return adit_error_set(error, -errno, "%s: %s", source->path, strerror(errno));
	int status = read_text(set, source, file, error);
	close(file);
	return status;
}

static int is_pattern_file(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');
	return entry->d_name[0] != '.' && end != NULL && strcmp(end, ".conf") == 0;
}

/* Byte order, whatever the locale: the order decides which bit a class gets. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load(const char *directory, const struct adit_pattern_set *before, uint32_t rested,
	const struct adit_allocator *allocator, struct adit_pattern_set **set,
	struct adit_error *error)
{
	struct dirent **entries;
	int status, count = scandir(directory, &entries, is_pattern_file, by_name);
	if (count < 0)
		return adit_error_set(error, -errno, "%s: %s", directory, strerror(errno));
	struct adit_pattern_set *made = create_set(allocator, before, (size_t)count);
	status = made != NULL ? 0 : no_memory(error);
	if (status == 0 && count == 0)
		status = adit_error_set(error, -ENOENT, "%s: no *.conf file in it", directory);
	for (int i = 0; i < count; i++) {
		if (status == 0)
			status = read_file(
				made, &made->sources[i], directory, entries[i]->d_name, error);
		free(entries[i]);
	}
	free(entries);
	return finish(status, made, before, rested, set, error);
}

int adit_pattern_load_from(const char *directory, const struct adit_allocator *allocator,
	struct adit_pattern_set **set, struct adit_error *error)
{
	return load(directory, NULL, 0, allocator, set, error);
}

int adit_pattern_load_after(const char *directory, const struct adit_pattern_set *before,
	uint32_t rested, struct adit_pattern_set **set, struct adit_error *error)
{
	return load(directory, before, rested, NULL, set, error);
}

int adit_pattern_load(
	const char *directory, struct adit_pattern_set **set, struct adit_error *error)
{
	return adit_pattern_load_from(directory, NULL, set, error);
}

int adit_pattern_load_text(
	const char *what, const char *text, struct adit_pattern_set **set, struct adit_error *error)
{
	return adit_pattern_load_text_from(what, text, NULL, set, error);
}

size_t adit_pattern_classes(const struct adit_pattern_set *set)
{
	return set->class_count;
}

const struct adit_class *adit_pattern_class(const struct adit_pattern_set *set, size_t index)
{
	return &set->classes[index];
}

uint64_t adit_pattern_class_digest(const struct adit_pattern_set *set, size_t index)
{
	return set->digest[index];
}

struct adit_pattern_change adit_pattern_changed(const struct adit_pattern_set *set)
{
	return set->change;
}

size_t adit_pattern_tools(const struct adit_pattern_set *set)
{
	return set->tool_count;
}

const struct adit_tool *adit_pattern_tool(const struct adit_pattern_set *set, size_t index)
{
	return &set->tools[index];
}

size_t adit_pattern_expressions(const struct adit_pattern_set *set)
{
	return set->expression_count;
}
