/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the table of a verdict's fields says, as documents: the reference page and the JSON Schema.
 */
#include "verdict_priv.h"

#include <errno.h>
#include <stdlib.h>

/* `within` is what stands before a key: "subscribers[].encrypted_dns." */
static void describe(const struct field *fields, size_t count, const char *within, FILE *page)
{
	for (size_t i = 0; i < count; i++) {
		const struct field *f = &fields[i];
		char inside[128];

		fprintf(page, "| `%s%s` | %s | %s |\n", within, f->key, f->type, f->meaning);
		snprintf(inside, sizeof(inside), "%.96s%.24s%s.", within, f->key,
			f->is_list ? "[]" : "");
		describe(f->parts, f->part_count, inside, page);
	}
}

int adit_verdict_write_reference(FILE *to)
{
	char *text = NULL;
	const struct field *fields;
	size_t size = 0, count;
	FILE *page = open_memstream(&text, &size);
	int result = -ENOMEM;

	if (!page)
		return -ENOMEM;
	fields = adit_verdict_fields(&count);
	fputs("| field | type | meaning |\n| --- | --- | --- |\n", page);
	describe(fields, count, "", page);
	if (fclose(page) == 0)
		result = adit_verdict_put(to, text, size, true);
	free(text);
	return result;
}

/* A type of the table in words of JSON Schema: "string or null" is ["string", "null"]. */
static json_t *type_of(const char *words)
{
	char first[16];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(words, " "), words);
	if (strcmp(first, "list") == 0)
		return json_string("array");
	if (strstr(words, " or null") != NULL)
		return json_pack("[s, s]", first, "null");
	return json_string(first);
}

static json_t *schema_of(const struct field *fields, size_t count);

static json_t *schema_of_field(const struct field *field)
{
	json_t *schema = json_object(), *inner = NULL;

	json_object_set_new(schema, "description", json_string(field->meaning));
	json_object_set_new(schema, "type", type_of(field->type));
	if (field->part_count > 0)
		inner = schema_of(field->parts, field->part_count);
	else if (strcmp(field->type, "list of strings") == 0)
		inner = json_pack("{s: s}", "type", "string");
	if (strncmp(field->type, "list", 4) == 0)
		json_object_set_new(schema, "items", inner);
	else if (inner != NULL) {
		json_object_update_missing(schema, inner);
		json_decref(inner);
	}
	if (field->limits != NULL) {
		char text[128];
		json_t *limits;

		snprintf(text, sizeof(text), "{%s}", field->limits);
		limits = json_loads(text, 0, NULL);
		json_object_update(schema, limits);
		json_decref(limits);
	}
	return schema;
}

/* An object with these keys; more are allowed, as the reader must. */
static json_t *schema_of(const struct field *fields, size_t count)
{
	json_t *properties = json_object(), *required = json_array();

	for (size_t i = 0; i < count; i++) {
		json_object_set_new(properties, fields[i].key, schema_of_field(&fields[i]));
		json_array_append_new(required, json_string(fields[i].key));
	}
	return json_pack("{s: s, s: o, s: o}", "type", "object", "required", required, "properties",
		properties);
}

int adit_verdict_write_schema(FILE *to)
{
	size_t count;
	const struct field *fields = adit_verdict_fields(&count);
	json_t *schema = json_pack("{s: s, s: s, s: s}", "$schema",
		"https://json-schema.org/draft/2020-12/schema", "$id", "urn:" ADIT_VERDICT_SCHEMA,
		"title", "A record of Adit, a line of verdicts.jsonl");
	json_t *object = schema_of(fields, count);

	if (schema == NULL || object == NULL || json_object_update(schema, object) != 0) {
		json_decref(schema);
		schema = NULL;
	}
	json_decref(object);
	return adit_verdict_put_json(schema, JSON_INDENT(1), 6, to);
}
