/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The verdict as a JSON object, schema "adit.verdict/1". The tables below are the schema: they
 * make the object and its reference page. A new field is a new row at the end of its table's
 * group; a row is never renamed or removed without a new schema name.
 */
#include "adit_mute.h"
#include "adit_verdict.h"
#include "verdict_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#define PARTS(table)   table, ADIT_COUNT(table)
#define OF_EACH(table) table, ADIT_COUNT(table), true
#define WHERE(limits)  NULL, 0, false, limits

static json_t *object_of(const struct field *fields, size_t count, const void *record,
	const struct adit_privacy *privacy)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++) {
		json_t *value = fields[i].value((const char *)record + fields[i].offset, privacy);

		if (json_object_set_new_nocheck(object, fields[i].key, value) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *list_of(const struct field *fields, size_t field_count, const void *records,
	size_t size, size_t count, const struct adit_privacy *privacy)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const void *record = (const char *)records + i * size;
		json_t *object = object_of(fields, field_count, record, privacy);

		if (json_array_append_new(list, object) != 0) {
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

static json_t *value_u64(const void *member, const struct adit_privacy *privacy)
{
	return adit_verdict_json_count(*(const uint64_t *)member);
}

static json_t *value_u32(const void *member, const struct adit_privacy *privacy)
{
	return json_integer(*(const uint32_t *)member);
}

static json_t *value_u8(const void *member, const struct adit_privacy *privacy)
{
	return json_integer(*(const uint8_t *)member);
}

static json_t *value_real(const void *member, const struct adit_privacy *privacy)
{
	double value = *(const double *)member;

	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *value_text(const void *member, const struct adit_privacy *privacy)
{
	const char *text = *(const char *const *)member;

	return text ? adit_verdict_json_text(text) : json_null();
}

static json_t *value_time(const void *member, const struct adit_privacy *privacy)
{
	char text[40];

	adit_time_text(*(const uint64_t *)member, text);
	return json_string(text);
}

static json_t *value_subscriber(const void *member, const struct adit_privacy *privacy)
{
	char text[48];

	adit_privacy_subscriber_text(privacy, member, text);
	return json_string(text);
}

static json_t *value_peer(const void *member, const struct adit_privacy *privacy)
{
	char text[48];

	adit_privacy_peer_text(privacy, member, text);
	return json_string(text);
}

static json_t *value_name(const void *member, const struct adit_privacy *privacy)
{
	const struct adit_wire_name *name = member;
	char text[ADIT_NAME_TEXT_MAX];

	if (name->size == 0)
		return json_null();
	adit_verdict_name_text(name, text);
	return json_string(text);
}

static json_t *value_vlan(const void *member, const struct adit_privacy *privacy)
{
	uint16_t vlan = *(const uint16_t *)member;

	return vlan != 0 ? json_integer(vlan) : json_null();
}

/* Bearers */

static json_t *value_teid_uplink(const void *record, const struct adit_privacy *privacy)
{
	const struct adit_verdict_bearer *b = record;

	return b->has_teid_uplink ? json_integer(b->teid_uplink) : json_null();
}

static json_t *value_teid_downlink(const void *record, const struct adit_privacy *privacy)
{
	const struct adit_verdict_bearer *b = record;

	return b->has_teid_downlink ? json_integer(b->teid_downlink) : json_null();
}

#define AT(member) offsetof(struct adit_verdict_bearer, member)
static const struct field bearer_fields[] = {
	{"outer", value_peer, AT(outer), "string", "radio-side GTP-U peer"},
	{"outer_core", value_peer, AT(outer_core), "string", "core-side GTP-U peer"},
	{"teid_uplink", value_teid_uplink, 0, "integer or null",
		"GTP-U tunnel endpoint identifier towards the core; null: no such packet was seen"},
	{"teid_downlink", value_teid_downlink, 0, "integer or null",
		"the same towards the radio side"},
	{"first_seen", value_time, AT(first_ns), "string", "RFC 3339, UTC",
		WHERE("\"format\": \"date-time\"")},
	{"last_seen", value_time, AT(last_ns), "string", "inclusive",
		WHERE("\"format\": \"date-time\"")},
};
#undef AT

/* Encrypted DNS */

struct encrypted {
	uint64_t packets, bytes;
};

#define AT(member) offsetof(struct encrypted, member)
static const struct field encrypted_fields[] = {
	{"packets", value_u64, AT(packets), "integer", "packets of both directions"},
	{"bytes", value_u64, AT(bytes), "integer", "their bytes, IP headers included"},
};
#undef AT

static json_t *encrypted_of(const void *record, enum adit_encrypted kind)
{
	const struct adit_verdict_subscriber *s = record;
	struct encrypted count = {s->encrypted_packets[kind], s->encrypted_bytes[kind]};

	return object_of(encrypted_fields, ADIT_COUNT(encrypted_fields), &count, NULL);
}

static json_t *value_dot(const void *record, const struct adit_privacy *privacy)
{
	return encrypted_of(record, ADIT_ENCRYPTED_DOT);
}

static json_t *value_doq(const void *record, const struct adit_privacy *privacy)
{
	return encrypted_of(record, ADIT_ENCRYPTED_DOQ);
}

static json_t *value_doh(const void *record, const struct adit_privacy *privacy)
{
	return encrypted_of(record, ADIT_ENCRYPTED_DOH);
}

static const struct field transport_fields[] = {
	{"dot", value_dot, 0, "object", "DNS over TLS", PARTS(encrypted_fields)},
	{"doq", value_doq, 0, "object", "DNS over QUIC", PARTS(encrypted_fields)},
	{"doh", value_doh, 0, "object", "HTTPS to or from listed resolvers",
		PARTS(encrypted_fields)},
};

static json_t *value_encrypted(const void *record, const struct adit_privacy *privacy)
{
	return object_of(transport_fields, ADIT_COUNT(transport_fields), record, privacy);
}

/* Subscribers */

static size_t at_most_bearers(const struct adit_verdict_subscriber *s)
{
	return at_most(s->bearer_count, ADIT_VERDICT_BEARERS);
}

/* What the newest bearer says; null where there is none. */
static json_t *newest(const void *record,
	json_t *(*value)(const void *bearer, const struct adit_privacy *privacy), size_t offset,
	const struct adit_privacy *privacy)
{
	const struct adit_verdict_subscriber *s = record;
	size_t count = at_most_bearers(s);

	return count > 0 ? value((const char *)&s->bearer[count - 1] + offset, privacy)
			 : json_null();
}

static json_t *value_newest_teid_uplink(const void *record, const struct adit_privacy *privacy)
{
	return newest(record, value_teid_uplink, 0, privacy);
}

static json_t *value_newest_teid_downlink(const void *record, const struct adit_privacy *privacy)
{
	return newest(record, value_teid_downlink, 0, privacy);
}

static json_t *value_newest_outer(const void *record, const struct adit_privacy *privacy)
{
	return newest(record, value_peer, offsetof(struct adit_verdict_bearer, outer), privacy);
}

static json_t *value_newest_outer_core(const void *record, const struct adit_privacy *privacy)
{
	return newest(
		record, value_peer, offsetof(struct adit_verdict_bearer, outer_core), privacy);
}

static json_t *value_bearers(const void *record, const struct adit_privacy *privacy)
{
	const struct adit_verdict_subscriber *s = record;

	return list_of(bearer_fields, ADIT_COUNT(bearer_fields), s->bearer, sizeof(s->bearer[0]),
		at_most_bearers(s), privacy);
}

/* An identity's text; null where it is not known. */
static json_t *value_known(const void *member, const struct adit_privacy *privacy)
{
	const char *text = member;

	return *text ? adit_verdict_json_text(text) : json_null();
}

static json_t *value_identity(const void *member, const struct adit_privacy *privacy)
{
	char text[ADIT_IDENTITY_TEXT];

	adit_privacy_identity_text(privacy, member, text);
	return value_known(text, NULL);
}

#define AT(member) offsetof(struct adit_verdict_subscriber, member)
static const struct field subscriber_fields[] = {
	{"address", value_subscriber, AT(address), "string", "inner address of the subscriber"},
	{"teid_uplink", value_newest_teid_uplink, 0, "integer or null",
		"GTP-U tunnel endpoint identifier towards the core, of the newest bearer"},
	{"teid_downlink", value_newest_teid_downlink, 0, "integer or null",
		"the same towards the radio side"},
	{"outer", value_newest_outer, 0, "string or null",
		"radio-side GTP-U peer of the newest bearer"},
	{"outer_core", value_newest_outer_core, 0, "string or null",
		"core-side GTP-U peer of the newest bearer"},
	{"tap", value_u8, AT(tap), "integer", "tap (group of ports) that saw the subscriber"},
	{"vlan", value_vlan, AT(vlan), "integer or null", "VLAN identifier"},
	{"queries", value_u64, AT(queries), "integer", "queries of this subscriber"},
	{"bytes_up", value_u64, AT(bytes_up), "integer", "bytes of DNS messages sent"},
	{"bytes_down", value_u64, AT(bytes_down), "integer", "bytes of DNS messages received"},
	{"tap_name", value_text, AT(tap_name), "string or null", "name of the tap"},
	{"vlan_inner", value_vlan, AT(vlan_inner), "integer or null",
		"identifier of the second VLAN tag"},
	{"bearers", value_bearers, 0, "list of objects",
		"where the subscriber was seen in the network, the newest last",
		OF_EACH(bearer_fields)},
	{"handovers", value_u32, AT(handovers), "integer",
		"bearers begun after the first; the list may be shorter"},
	{"encrypted_dns", value_encrypted, 0, "object",
		"DNS of the subscriber that cannot be looked into", PARTS(transport_fields)},
	{"imsi", value_identity, AT(identity.imsi), "string or null",
		"from the identity feed; null: not known"},
	{"msisdn", value_identity, AT(identity.msisdn), "string or null", "the same"},
	{"apn", value_known, AT(identity.apn), "string or null",
		"the same: access point name or data network name"},
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

static json_t *value_schema(const void *record, const struct adit_privacy *privacy)
{
	return json_string(ADIT_VERDICT_SCHEMA);
}

static json_t *value_id(const void *member, const struct adit_privacy *privacy)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)*(const uint64_t *)member);
	return json_string(text);
}

static json_t *value_state(const void *record, const struct adit_privacy *privacy)
{
	static const char *const names[] = {"open", "update", "closed"};

	return json_string(names[((const struct adit_verdict *)record)->state]);
}

static json_t *value_verdict(const void *record, const struct adit_privacy *privacy)
{
	const struct adit_verdict *v = record;

	return json_string(v->verdict == ADIT_VERDICT_TUNNEL ? "tunnel" : "suspect");
}

static json_t *value_server(const void *record, const struct adit_privacy *privacy)
{
	const struct adit_verdict *v = record;

	return v->has_server ? value_peer(&v->server, privacy) : json_null();
}

static json_t *value_reasons(const void *record, const struct adit_privacy *privacy)
{
	const struct adit_verdict *v = record;

	return list_of(reason_fields, ADIT_COUNT(reason_fields), v->reason, sizeof(v->reason[0]),
		at_most(v->reason_count, ADIT_VERDICT_REASONS), privacy);
}

static json_t *value_subscribers(const void *record, const struct adit_privacy *privacy)
{
	const struct adit_verdict *v = record;

	return list_of(subscriber_fields, ADIT_COUNT(subscriber_fields), v->subscriber,
		sizeof(v->subscriber[0]), at_most(v->subscriber_count, ADIT_VERDICT_SUBSCRIBERS),
		privacy);
}

/* Names of reverse look-ups spell addresses, which may be those of subscribers. */
static bool spells_address(const struct adit_wire_name *name)
{
	static const struct {
		const char *wire;
		size_t size;
	} zones[] = {{"\7in-addr\4arpa", 14}, {"\3ip6\4arpa", 10}};

	for (size_t at = 0; at < name->size; at += 1u + name->wire[at])
		for (size_t i = 0; i < ADIT_COUNT(zones); i++)
			if (name->size - at == zones[i].size &&
				strncasecmp((const char *)name->wire + at, zones[i].wire,
					zones[i].size) == 0)
				return true;
	return false;
}

static json_t *value_samples(const void *record, const struct adit_privacy *privacy)
{
	const struct adit_verdict *v = record;
	size_t count = at_most(v->sample_count, ADIT_VERDICT_SAMPLES);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		if (privacy != NULL && spells_address(&v->sample[i]))
			continue;
		if (json_array_append_new(list, value_name(&v->sample[i], privacy)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

void adit_verdict_bare(struct adit_verdict *bare, const struct adit_verdict *verdict)
{
	size_t count = at_most(verdict->sample_count, ADIT_VERDICT_SAMPLES);

	*bare = *verdict;
	bare->subscriber_count = 0;
	bare->sample_count = 0;
	for (size_t i = 0; i < count; i++)
		if (!spells_address(&verdict->sample[i]))
			bare->sample[bare->sample_count++] = verdict->sample[i];
}

#define AT(member) offsetof(struct adit_mute, member)
static const struct field muted_fields[] = {
	{"reason", value_text, AT(reason), "string", "why, as who muted it said"},
	{"by", value_text, AT(by), "string", "who did"},
	{"since", value_time, AT(since_ns), "string", "when, RFC 3339, UTC",
		WHERE("\"format\": \"date-time\"")},
	{"until", value_time, AT(until_ns), "string", "until when",
		WHERE("\"format\": \"date-time\"")},
};
#undef AT

static json_t *value_muted(const void *member, const struct adit_privacy *privacy)
{
	const struct adit_mute *mute = *(const struct adit_mute *const *)member;

	return mute != NULL ? object_of(muted_fields, ADIT_COUNT(muted_fields), mute, NULL)
			    : json_null();
}

#define AT(member) offsetof(struct adit_verdict, member)
static const struct field verdict_fields[] = {
	{"schema", value_schema, 0, "string", "`" ADIT_VERDICT_SCHEMA "`",
		WHERE("\"const\": \"" ADIT_VERDICT_SCHEMA "\"")},
	{"id", value_id, AT(id), "string",
		"the story: 16 hexadecimal digits, the same in all its "
		"records",
		WHERE("\"pattern\": \"^[0-9a-f]{16}$\"")},
	{"state", value_state, 0, "string", "`open`, `update` or `closed`",
		WHERE("\"enum\": [\"open\", \"update\", \"closed\"]")},
	{"time", value_time, AT(time_ns), "string",
		"when the record could be written, by the packets' clock: the end of a slice, or "
		"within "
		"one where a tunnel is told early",
		WHERE("\"format\": \"date-time\"")},
	{"window_start", value_time, AT(window_start_ns), "string",
		"start of what was judged, RFC 3339, UTC", WHERE("\"format\": \"date-time\"")},
	{"window_end", value_time, AT(window_end_ns), "string", "its end, exclusive",
		WHERE("\"format\": \"date-time\"")},
	{"domain", value_name, AT(domain), "string or null",
		"registrable domain in lower case, escaped as in master files"},
	{"server", value_server, 0, "string or null",
		"server address, where the verdict is about one"},
	{"verdict", value_verdict, 0, "string", "`tunnel` or `suspect`",
		WHERE("\"enum\": [\"tunnel\", \"suspect\"]")},
	{"score", value_u32, AT(score), "integer", "0 to 100",
		WHERE("\"minimum\": 0, \"maximum\": 100")},
	{"tool", value_text, AT(tool), "string or null", "name of the tool, where it is known"},
	{"reasons", value_reasons, 0, "list of objects", "why, the strongest first",
		OF_EACH(reason_fields)},
	{"subscribers", value_subscribers, 0, "list of objects", "who, the heaviest first",
		OF_EACH(subscriber_fields)},
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
	{"muted", value_muted, AT(muted), "object or null",
		"the mute that holds for the domain (adit ctl mute); null: none",
		PARTS(muted_fields)},
};
#undef AT

int adit_verdict_write_json(
	const struct adit_verdict *verdict, const struct adit_privacy *privacy, FILE *to)
{
	json_t *object = object_of(verdict_fields, ADIT_COUNT(verdict_fields), verdict, privacy);

	return adit_verdict_put_json(object, JSON_COMPACT, 6, to);
}

const struct field *adit_verdict_fields(size_t *count)
{
	*count = ADIT_COUNT(verdict_fields);
	return verdict_fields;
}
