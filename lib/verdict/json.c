/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The verdict as a JSON object, schema "adit.verdict/1". The tables below are the schema: they
 * make the object and its reference page. A new field is a new row at the end of its table's
 * group; a row is never renamed or removed without a new schema name.
 */
#include "adit_verdict.h"
#include "verdict_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/*
 * A field: `value` makes the JSON value from the member at `offset` of its record (offset 0: the
 * record itself) or returns NULL when there is no memory. `parts` are the fields of the objects
 * in a list.
 */
struct field {
	const char *key;
	json_t *(*value)(const void *member);
	size_t offset;
	const char *type, *meaning;
	const struct field *parts;
	size_t part_count;
};

static json_t *object_of(const struct field *fields, size_t count, const void *record)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++) {
		json_t *value = fields[i].value((const char *)record + fields[i].offset);

		if (json_object_set_new_nocheck(object, fields[i].key, value) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *list_of(const struct field *fields, size_t field_count, const void *records,
	size_t size, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const void *record = (const char *)records + i * size;

		if (json_array_append_new(list, object_of(fields, field_count, record)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static size_t at_most(size_t count, size_t room)
{
	return count < room ? count : room;
}

static json_t *value_u64(const void *member)
{
	return adit_verdict_json_count(*(const uint64_t *)member);
}

static json_t *value_u32(const void *member)
{
	return json_integer(*(const uint32_t *)member);
}

static json_t *value_u8(const void *member)
{
	return json_integer(*(const uint8_t *)member);
}

static json_t *value_real(const void *member)
{
	double value = *(const double *)member;

	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *value_text(const void *member)
{
	const char *text = *(const char *const *)member;

	return text ? adit_verdict_json_text(text) : json_null();
}

static json_t *value_time(const void *member)
{
	char text[40];

	adit_time_text(*(const uint64_t *)member, text);
	return json_string(text);
}

static json_t *address_or_null(bool known, const struct adit_address *address)
{
	char text[48];

	if (!known)
		return json_null();
	adit_address_text(address, text);
	return json_string(text);
}

static json_t *value_address(const void *member)
{
	return address_or_null(true, member);
}

static json_t *value_name(const void *member)
{
	const struct adit_wire_name *name = member;
	char text[ADIT_NAME_TEXT_MAX];

	if (name->size == 0)
		return json_null();
	adit_verdict_name_text(name, text);
	return json_string(text);
}

/* Subscribers */

static json_t *value_teid_uplink(const void *record)
{
	const struct adit_verdict_subscriber *s = record;

	return s->has_teid_uplink ? json_integer(s->teid_uplink) : json_null();
}

static json_t *value_teid_downlink(const void *record)
{
	const struct adit_verdict_subscriber *s = record;

	return s->has_teid_downlink ? json_integer(s->teid_downlink) : json_null();
}

static json_t *value_outer(const void *record)
{
	const struct adit_verdict_subscriber *s = record;

	return address_or_null(s->has_outer, &s->outer);
}

static json_t *value_outer_core(const void *record)
{
	const struct adit_verdict_subscriber *s = record;

	return address_or_null(s->has_outer, &s->outer_core);
}

static json_t *value_vlan(const void *member)
{
	uint16_t vlan = *(const uint16_t *)member;

	return vlan != 0 ? json_integer(vlan) : json_null();
}

#define AT(member) offsetof(struct adit_verdict_subscriber, member)
static const struct field subscriber_fields[] = {
	{"address", value_address, AT(address), "string", "inner address of the subscriber"},
	{"teid_uplink", value_teid_uplink, 0, "integer or null",
		"GTP-U tunnel endpoint identifier towards the core, the last one seen"},
	{"teid_downlink", value_teid_downlink, 0, "integer or null",
		"the same towards the radio side"},
	{"outer", value_outer, 0, "string or null", "radio-side GTP-U peer"},
	{"outer_core", value_outer_core, 0, "string or null", "core-side GTP-U peer"},
	{"tap", value_u8, AT(tap), "integer", "tap (group of ports) that saw the subscriber"},
	{"vlan", value_vlan, AT(vlan), "integer or null", "VLAN identifier"},
	{"queries", value_u64, AT(queries), "integer", "queries of this subscriber"},
	{"bytes_up", value_u64, AT(bytes_up), "integer", "bytes of DNS messages sent"},
	{"bytes_down", value_u64, AT(bytes_down), "integer", "bytes of DNS messages received"},
};
#undef AT

/* Reasons */

#define AT(member) offsetof(struct adit_reason, member)
static const struct field reason_fields[] = {
	{"name", value_text, AT(name), "string", "feature or detector"},
	{"value", value_real, AT(value), "number or null",
		"what was measured, at most 6 significant digits; null: not finite"},
	{"threshold", value_real, AT(threshold), "number or null", "what it was measured against"},
};
#undef AT

/* The verdict */

static json_t *value_schema(const void *record)
{
	return json_string(ADIT_VERDICT_SCHEMA);
}

static json_t *value_id(const void *member)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)*(const uint64_t *)member);
	return json_string(text);
}

static json_t *value_state(const void *record)
{
	static const char *const names[] = {"open", "update", "closed"};

	return json_string(names[((const struct adit_verdict *)record)->state]);
}

static json_t *value_verdict(const void *record)
{
	const struct adit_verdict *v = record;

	return json_string(v->verdict == ADIT_VERDICT_TUNNEL ? "tunnel" : "suspect");
}

static json_t *value_server(const void *record)
{
	const struct adit_verdict *v = record;

	return address_or_null(v->has_server, &v->server);
}

static json_t *value_reasons(const void *record)
{
	const struct adit_verdict *v = record;

	return list_of(reason_fields, ADIT_COUNT(reason_fields), v->reason, sizeof(v->reason[0]),
		at_most(v->reason_count, ADIT_VERDICT_REASONS));
}

static json_t *value_subscribers(const void *record)
{
	const struct adit_verdict *v = record;

	return list_of(subscriber_fields, ADIT_COUNT(subscriber_fields), v->subscriber,
		sizeof(v->subscriber[0]), at_most(v->subscriber_count, ADIT_VERDICT_SUBSCRIBERS));
}

static json_t *value_samples(const void *record)
{
	const struct adit_verdict *v = record;
	size_t count = at_most(v->sample_count, ADIT_VERDICT_SAMPLES);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(list, value_name(&v->sample[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

#define AT(member)   offsetof(struct adit_verdict, member)
#define PARTS(table) table, ADIT_COUNT(table)
static const struct field verdict_fields[] = {
	{"schema", value_schema, 0, "string", "`" ADIT_VERDICT_SCHEMA "`"},
	{"id", value_id, AT(id), "string",
		"the story: 16 hexadecimal digits, the same in all its "
		"records"},
	{"state", value_state, 0, "string", "`open`, `update` or `closed`"},
	{"window_start", value_time, AT(window_start_ns), "string",
		"start of what was judged, RFC 3339, UTC"},
	{"window_end", value_time, AT(window_end_ns), "string", "its end, exclusive"},
	{"domain", value_name, AT(domain), "string or null",
		"registrable domain in lower case, escaped as in master files"},
	{"server", value_server, 0, "string or null",
		"server address, where the verdict is about one"},
	{"verdict", value_verdict, 0, "string", "`tunnel` or `suspect`"},
	{"score", value_u32, AT(score), "integer", "0 to 100"},
	{"tool", value_text, AT(tool), "string or null", "name of the tool, where it is known"},
	{"reasons", value_reasons, 0, "list of objects", "why, the strongest first",
		PARTS(reason_fields)},
	{"subscribers", value_subscribers, 0, "list of objects", "who, the heaviest first",
		PARTS(subscriber_fields)},
	{"subscribers_total", value_u32, AT(subscribers_total), "integer",
		"subscribers known to use it; the list may be shorter"},
	{"queries", value_u64, AT(queries), "integer", "queries"},
	{"responses", value_u64, AT(responses), "integer", "responses"},
	{"unique_names", value_u64, AT(unique_names), "integer",
		"different names asked for (an estimate where there are many)"},
	{"bytes_up", value_u64, AT(bytes_up), "integer", "bytes of DNS messages to the server"},
	{"bytes_down", value_u64, AT(bytes_down), "integer",
		"bytes of DNS messages from the server"},
	{"information_up", value_u64, AT(information_up), "integer",
		"estimate of the bytes carried in names"},
	{"information_down", value_u64, AT(information_down), "integer",
		"estimate of the bytes carried in answers"},
	{"sample_qnames", value_samples, 0, "list of strings",
		"names as they were asked, escaped as in master files"},
};
#undef PARTS
#undef AT

int adit_verdict_write_json(const struct adit_verdict *verdict, FILE *to)
{
	json_t *object = object_of(verdict_fields, ADIT_COUNT(verdict_fields), verdict);

	return adit_verdict_put_json(object, JSON_COMPACT, 6, to);
}

static void describe(const struct field *fields, size_t count, const char *within, FILE *page)
{
	for (size_t i = 0; i < count; i++) {
		const struct field *f = &fields[i];

		fprintf(page, "| `%s%s%s` | %s | %s |\n", within, *within ? "[]." : "", f->key,
			f->type, f->meaning);
		describe(f->parts, f->part_count, f->key, page);
	}
}

int adit_verdict_write_reference(FILE *to)
{
	char *text = NULL;
	size_t size = 0;
	FILE *page = open_memstream(&text, &size);
	int result = -ENOMEM;

	if (!page)
		return -ENOMEM;
	fputs("| field | type | meaning |\n| --- | --- | --- |\n", page);
	describe(verdict_fields, ADIT_COUNT(verdict_fields), "", page);
	if (fclose(page) == 0)
		result = adit_verdict_put(to, text, size, true);
	free(text);
	return result;
}
