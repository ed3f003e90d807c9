/* SPDX-License-Identifier: BSD-3-Clause */
#include "dissect.h"
#include "capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

/* What is kept between frames. */
struct parts {
	struct adit_ports ports;
	struct adit_context_rule rule;
	struct adit_intake intake;
	struct adit_streams *streams;
	void (*each)(void *context, const struct dissection *made);
	void *context;
};

static void parts_close(struct parts *parts)
{
	adit_reassembly_destroy(parts->intake.reassembly);
	adit_streams_destroy(parts->streams);
	free(parts);
}

static struct parts *parts_open(void)
{
	struct parts *parts = calloc(1, sizeof(*parts));
	const struct adit_streams_params streams = {
		.shards = ADIT_SHARDS, .streams = 256, .buffers = 16};
	struct adit_reassembly_params fragments = {
		.key = &adit_hash_key_fixed, .datagrams = 1024, .timeout_ns = 2 * ADIT_NS_PER_S};

	if (parts == NULL)
		return NULL;
	adit_ports_init(&parts->ports);
	adit_ports_add(&parts->ports, 53, ADIT_SERVICE_DNS);
	adit_ports_add(&parts->ports, 853, ADIT_SERVICE_ENCRYPTED);
	parts->rule.vlan = true;
	fragments.ports = &parts->ports;
	parts->intake = (struct adit_intake){.ports = &parts->ports,
		.rule = &parts->rule,
		.key = &adit_hash_key_fixed,
		.reassembly = adit_reassembly_create(&fragments, NULL)};
	parts->streams = adit_streams_create(&streams, NULL);
	if (parts->intake.reassembly == NULL || parts->streams == NULL) {
		parts_close(parts);
		return NULL;
	}
	return parts;
}

static void message_tell(struct parts *parts, struct dissection *made)
{
	made->on_dns_port = true;
	made->outcome = adit_dns_parse(made->message, made->size, &made->dns);
	made->readable = made->outcome != ADIT_OUTCOME_DNS_SHORT &&
			 made->outcome != ADIT_OUTCOME_DNS_BAD_NAME &&
			 made->outcome != ADIT_OUTCOME_DNS_IMPLAUSIBLE;
	parts->each(parts->context, made);
}

static void segment_tell(struct parts *parts, struct dissection *made)
{
	struct adit_stream_message message;
	struct adit_segment segment;
	bool any = false;

	adit_segment_make(
		&parts->rule, &adit_hash_key_fixed, false, &made->frame, &made->packet, &segment);
	made->outcome = adit_streams_push(parts->streams, made->packet.shard, &segment);
	while (adit_streams_next(parts->streams, &message)) {
		if (message.raw)
			continue;
		made->message = message.data;
		made->size = message.size;
		made->opposite = message.opposite;
		message_tell(parts, made);
		any = true;
	}
	if (!any)
		parts->each(parts->context, made);
}

static void dissect_frame(struct parts *parts, struct dissection *made)
{
	const uint16_t encrypted = ADIT_PACKET_ENCRYPTED | ADIT_PACKET_DOH;

	made->packet = (struct adit_packet){0};
	made->outcome = adit_intake_take(&parts->intake, &made->frame, &made->packet);
	made->on_dns_port = made->readable = made->opposite = false;
	if (made->outcome != ADIT_OUTCOME_PENDING) {
		parts->each(parts->context, made);
	} else if (made->packet.flags & encrypted) {
		made->outcome =
			made->packet.flags & ADIT_PACKET_TCP ? ADIT_OUTCOME_DOT : ADIT_OUTCOME_DOQ;
		parts->each(parts->context, made);
	} else if (made->packet.flags & ADIT_PACKET_TCP) {
		segment_tell(parts, made);
	} else {
		made->message = made->frame.data + made->packet.payload_offset;
		made->size = made->packet.payload_size;
		message_tell(parts, made);
	}
}

int dissect_capture(const char *path, void (*each)(void *context, const struct dissection *made),
	void *context, struct adit_error *error)
{
	struct parts *parts = parts_open();
	struct dissection made = {0};
	struct app_capture *capture;
	int status;

	if (parts == NULL)
		return adit_error_set(error, -ENOMEM, "%s: no memory", path);
	parts->each = each;
	parts->context = context;
	status = app_capture_open(path, &capture, error);
	if (status != 0) {
		parts_close(parts);
		return status;
	}
	while ((status = app_capture_next(capture, &made.frame, error)) == 1) {
		uint8_t *exact = malloc(made.frame.captured != 0 ? made.frame.captured : 1);

		if (exact == NULL) {
			status = adit_error_set(error, -ENOMEM, "%s: no memory", path);
			break;
		}
		memcpy(exact, made.frame.data, made.frame.captured);
		made.frame.data = exact;
		made.number++;
		dissect_frame(parts, &made);
		free(exact);
	}
	app_capture_close(capture);
	parts_close(parts);
	return status;
}

static json_t *address_json(const struct adit_address *address)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->bytes, text, sizeof(text));
	return json_string(text);
}

static void set_integer(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void put_gtpu(json_t *object, const struct dissection *made)
{
	struct adit_address source, destination;
	uint16_t flags = made->packet.flags;

	if (!(flags & ADIT_PACKET_GTPU))
		return;
	adit_packet_outer(&made->frame, &made->packet, &source, &destination);
	set_integer(object, "teid", adit_packet_teid(&made->frame, &made->packet));
	json_object_set_new(object, "outer_source", address_json(&source));
	json_object_set_new(object, "outer_destination", address_json(&destination));
	if (flags & (ADIT_PACKET_PDU_UL | ADIT_PACKET_PDU_DL))
		json_object_set_new(object, "pdu_session",
			json_string(flags & ADIT_PACKET_PDU_UL ? "uplink" : "downlink"));
}

/* The client is the end whose port is not 53; where both are, the QR bit tells, as for adit. */
static void put_ends(json_t *object, const struct dissection *made)
{
	uint16_t direction = made->packet.flags & (ADIT_PACKET_TO_DNS | ADIT_PACKET_FROM_DNS);
	bool up = direction == ADIT_PACKET_TO_DNS;
	struct adit_address client;
	struct adit_endpoints ends;

	if (direction == (ADIT_PACKET_TO_DNS | ADIT_PACKET_FROM_DNS))
		up = ((made->dns.flags & ADIT_DNS_QR) == 0) != made->opposite;
	adit_packet_endpoints(&made->frame, &made->packet, &ends);
	adit_packet_client(&made->frame, &made->packet, up, &client);
	json_object_set_new(object, "client", address_json(&client));
	json_object_set_new(object, "server", address_json(up ? &ends.destination : &ends.source));
	set_integer(object, "client_port", up ? ends.source_port : ends.destination_port);
	set_integer(object, "server_port", up ? ends.destination_port : ends.source_port);
	set_integer(object, "payload_size", made->size);
	if (made->packet.flags & ADIT_PACKET_TCP)
		json_object_set_new(object, "tcp", json_true());
	if (made->packet.flags & ADIT_PACKET_CUT)
		json_object_set_new(object, "cut", json_true());
}

static void put_answers(json_t *object, const struct adit_dns *dns)
{
	char room[12];

	set_integer(object, "answers", dns->answers);
	if (dns->answers == 0)
		return;
	set_integer(object, "answer_cname", dns->answer_cname);
	set_integer(object, "answer_address", dns->answer_address);
	set_integer(object, "answer_bytes", dns->answer_bytes);
	set_integer(object, "ttl_min", dns->ttl_min);
	if (dns->answer_type != 0)
		json_object_set_new(object, "answer_type",
			json_string(adit_dns_type_text(dns->answer_type, room)));
}

static void put_message(json_t *object, const struct adit_dns *dns)
{
	char name[ADIT_NAME_TEXT_MAX], room[12];
	json_t *counts = json_array();

	for (size_t i = 0; i < ADIT_COUNT(dns->count); i++)
		json_array_append_new(counts, json_integer(dns->count[i]));
	set_integer(object, "opcode", dns->opcode);
	set_integer(object, "rcode", dns->rcode);
	json_object_set_new(object, "counts", counts);
	if (dns->count[0] != 0) {
		adit_name_to_text(dns->qname.wire, dns->qname.size, name, sizeof(name));
		json_object_set_new(object, "qname", json_string(name));
		json_object_set_new(
			object, "qtype", json_string(adit_dns_type_text(dns->qtype, room)));
		set_integer(object, "labels", dns->qname.labels);
	}
	put_answers(object, dns);
	set_integer(object, "payload_bytes", dns->payload_bytes);
	set_integer(object, "extra_bytes", dns->extra_bytes);
	set_integer(object, "trailing_bytes", dns->trailing_bytes);
	if (dns->edns) {
		set_integer(object, "edns_udp_size", dns->edns_udp_size);
		set_integer(object, "edns_bytes", dns->edns_bytes);
		json_object_set_new(object, "edns_do", json_boolean(dns->edns_do));
	}
}

json_t *dissect_json(const struct dissection *made)
{
	json_t *object = json_object();

	set_integer(object, "frame", made->number);
	json_object_set_new(object, "outcome", json_string(adit_outcome_names[made->outcome]));
	if (made->packet.vlan != 0)
		set_integer(object, "vlan", made->packet.vlan);
	if (made->packet.vlan_inner != 0)
		set_integer(object, "vlan_inner", made->packet.vlan_inner);
	if (made->on_dns_port || made->outcome == ADIT_OUTCOME_FRAGMENT)
		put_gtpu(object, made);
	if (!made->on_dns_port)
		return object;
	put_ends(object, made);
	if (made->size >= 4) {
		set_integer(object, "id", made->dns.id);
		set_integer(object, "qr", made->dns.flags >> 15);
	}
	if (made->readable)
		put_message(object, &made->dns);
	return object;
}
