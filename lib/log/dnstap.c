/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A dnstap frame's payload (dnstap.proto): a DNS message as it was on the wire, its time and both
 * ends. Names and types are read from the message itself.
 */
#include "log_priv.h"

#include "dnstap.pb-c.h"

#include <stdio.h>

#define TAP_MESSAGE 1

/* Message types by the server that is asked: resolvers and forwarders ask on, AUTH is asked. */
enum {
	AUTH_QUERY = 1,
	AUTH_RESPONSE = 2,
	RESOLVER_QUERY = 3,
	RESOLVER_RESPONSE = 4,
};

static bool address_take(const ProtobufCBinaryData *data, struct adit_address *address)
{
	memset(address, 0, sizeof(*address));
	if (data->len != 4 && data->len != 16)
		return false;
	memcpy(address->bytes, data->data, data->len);
	address->is_v6 = data->len == 16;
	return true;
}

static bool time_take(struct adit_log_reader *reader, bool has, uint64_t seconds, uint32_t ns,
	struct adit_log_record *record)
{
	if (!has || seconds >= INT64_MAX / ADIT_NS_PER_S || ns >= ADIT_NS_PER_S) {
		log_refuse(reader, ADIT_LOG_TIME, "the message has no time that can be");
		return false;
	}
	record->ts_ns = record->answered_ns = seconds * ADIT_NS_PER_S + ns;
	record->is_fine = ns != 0;
	return true;
}

/* Name and type, as texts in the reader's room. */
static enum adit_log_status message_take(
	struct adit_log_reader *reader, struct adit_log_record *record)
{
	struct adit_dns dns;
	enum adit_outcome outcome = adit_dns_parse(record->wire, record->wire_size, &dns);
	char *name, *type;

	if (outcome == ADIT_OUTCOME_DNS_NO_QUESTION)
		return ADIT_LOG_OTHER;
	if (outcome != ADIT_OUTCOME_DNS_QUERY && outcome != ADIT_OUTCOME_DNS_RESPONSE &&
		outcome != ADIT_OUTCOME_DNS_BAD_RECORD)
		return log_refuse(reader, ADIT_LOG_SYNTAX,
			"the DNS message of %zu bytes has no question that can be read",
			record->wire_size);
	name = reader->room;
	record->name = (struct adit_log_span){
		name, adit_name_to_text(dns.qname.wire, dns.qname.size, name, ADIT_NAME_TEXT_MAX)};
	type = name + ADIT_NAME_TEXT_MAX;
	record->type.at = adit_dns_type_text(dns.qtype, type);
	record->type.size = strlen(record->type.at);
	record->qtype = dns.qtype;
	record->id = dns.id;
	record->rcode = dns.rcode;
	record->has_id = true;
	record->has_rcode = record->kind == ADIT_LOG_RESPONSE;
	record->tells_answers = record->has_rcode;
	return ADIT_LOG_RECORD;
}

static enum adit_log_status tap_take(
	struct adit_log_reader *reader, const Log__TapMessage *tap, struct adit_log_record *record)
{
	bool is_response = tap->type % 2 == 0;
	const ProtobufCBinaryData *message =
		is_response ? &tap->response_message : &tap->query_message;

	record->kind = is_response ? ADIT_LOG_RESPONSE : ADIT_LOG_QUERY;
	record->server_answers = tap->type >= AUTH_QUERY && tap->type <= RESOLVER_RESPONSE;
	if (is_response ? !time_take(reader, tap->has_response_time_sec, tap->response_time_sec,
				  tap->response_time_nsec, record)
			: !time_take(reader, tap->has_query_time_sec, tap->query_time_sec,
				  tap->query_time_nsec, record))
		return ADIT_LOG_MALFORMED;
	if (is_response ? !tap->has_response_message : !tap->has_query_message)
		return ADIT_LOG_OTHER;
	record->has_client =
		tap->has_query_address && address_take(&tap->query_address, &record->client);
	record->has_server =
		tap->has_response_address && address_take(&tap->response_address, &record->server);
	record->has_port = tap->has_query_port && tap->query_port <= UINT16_MAX;
	record->port = record->has_port ? (uint16_t)tap->query_port : 0;
	if (message->len > UINT16_MAX)
		return log_refuse(reader, ADIT_LOG_TOO_LONG,
			"a DNS message of %zu bytes; it may have 65535", message->len);
	/* To where it outlives what was unpacked. */
	memcpy(reader->room + ADIT_NAME_TEXT_MAX + 16, message->data, message->len);
	record->wire = (const uint8_t *)reader->room + ADIT_NAME_TEXT_MAX + 16;
	record->wire_size = message->len;
	return message_take(reader, record);
}

enum adit_log_status log_read_dnstap(struct adit_log_reader *reader, const char *frame, size_t size,
	struct adit_log_record *record)
{
	Log__Tap *tap = log__tap__unpack(NULL, size, (const uint8_t *)frame);
	enum adit_log_status status = ADIT_LOG_OTHER;

	if (tap == NULL)
		return log_refuse(
			reader, ADIT_LOG_SYNTAX, "a frame of %zu bytes that is no dnstap", size);
	if (tap->type == TAP_MESSAGE && tap->message != NULL)
		status = tap_take(reader, tap->message, record);
	log__tap__free_unpacked(tap, NULL);
	return status;
}
