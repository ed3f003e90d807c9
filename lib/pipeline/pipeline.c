/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The stages. Each runs over the whole burst, so that its code and tables stay warm and what the
 * next one needs can be loaded ahead.
 */
#include "pipeline_priv.h"

#include <errno.h>

/* A DNS message or a datagram that should be one, on its way through the stages. */
struct item {
	const struct adit_frame *frame;
	const struct adit_packet *packet;
	uint32_t shard; /* among the worker's own */
	enum adit_outcome outcome;
	struct adit_subscriber who;
	struct adit_address server;
	struct adit_event event;
	struct adit_dns dns;
};

struct adit_pipeline {
	struct adit_pipeline_counters counters;
	struct adit_pipeline_params params;
	struct adit_scanner *scanner; /* NULL: no signatures */
	struct adit_allocator allocator;
	bool has_allocator;
	struct adit_scan_name names[ADIT_BURST_MAX];
	struct item items[ADIT_BURST_MAX];
};

int adit_pipeline_create(const struct adit_pipeline_params *params,
	const struct adit_allocator *allocator, struct adit_pipeline **pipeline,
	struct adit_error *error)
{
	struct adit_pipeline *made = adit_alloc(allocator, sizeof(*made), ADIT_CACHE_LINE);
	int status;

	if (made == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a pipeline");
	made->params = *params;
	made->has_allocator = allocator != NULL;
	if (allocator != NULL)
		made->allocator = *allocator;
	if (params->patterns != NULL) {
		status = adit_scanner_create(params->patterns, &made->scanner, error);
		if (status != 0) {
			adit_pipeline_destroy(made);
			return status;
		}
	}
	*pipeline = made;
	return 0;
}

void adit_pipeline_destroy(struct adit_pipeline *pipeline)
{
	struct adit_allocator allocator;
	bool has_allocator;

	if (pipeline == NULL)
		return;
	allocator = pipeline->allocator;
	has_allocator = pipeline->has_allocator;
	adit_scanner_destroy(pipeline->scanner);
	adit_free(has_allocator ? &allocator : NULL, pipeline);
}

const struct adit_pipeline_counters *adit_pipeline_counters(const struct adit_pipeline *pipeline)
{
	return &pipeline->counters;
}

void adit_pipeline_decode(struct adit_pipeline *pipeline, const struct adit_frame *frames,
	struct adit_packet *packets, size_t count)
{
	const struct adit_pipeline_params *params = &pipeline->params;

	for (size_t i = 0; i < count; i++)
		if (adit_packet_decode(&frames[i], params->ports, &packets[i]) ==
			ADIT_OUTCOME_PENDING)
			adit_packet_shard(&frames[i], &packets[i], params->key);
}

static bool question_read(enum adit_outcome outcome)
{
	return outcome == ADIT_OUTCOME_DNS_QUERY || outcome == ADIT_OUTCOME_DNS_RESPONSE ||
	       outcome == ADIT_OUTCOME_DNS_BAD_RECORD || outcome == ADIT_OUTCOME_DNS_NO_QUESTION;
}

/* Parse: outcome of every packet; items are those that go on. */
static size_t stage_parse(struct adit_pipeline *pipeline, const struct adit_frame *frames,
	const struct adit_packet *packets, size_t count)
{
	uint64_t *counted = pipeline->counters.outcome;
	size_t items = 0;

	for (size_t i = 0; i < count; i++) {
		const struct adit_packet *packet = &packets[i];
		struct item *item = &pipeline->items[items];

		if (packet->outcome != ADIT_OUTCOME_PENDING) {
			counted[packet->outcome]++;
			continue;
		}
		item->frame = &frames[i];
		item->packet = packet;
		item->shard = packet->shard / pipeline->params.workers;
		item->outcome = adit_dns_parse(
			frames[i].data + packet->payload_offset, packet->payload_size, &item->dns);
		/* What the capture cut off may have been DNS, and is no evidence against anybody.
		 */
		if ((packet->flags & ADIT_PACKET_CUT) && !question_read(item->outcome))
			item->outcome = ADIT_OUTCOME_FRAME_CUT;
		counted[item->outcome]++;
		if (item->outcome == ADIT_OUTCOME_FRAME_CUT)
			continue;
		items++;
	}
	return items;
}

/* Who asks whom. The client is the end whose port is not a DNS port; where both are, the header's
 * QR bit tells. */
static void item_parties(const struct adit_pipeline_params *params, struct item *item, bool up)
{
	const struct adit_packet *packet = item->packet;
	struct adit_subscriber *who = &item->who;
	struct adit_endpoints ends;
	struct {
		uint8_t bytes[16];
		uint8_t is_v6, tap;
		uint16_t vlan;
	} client = {{0}};
	uint64_t who_key;

	adit_packet_endpoints(item->frame, packet, &ends);
	who->address = up ? ends.source : ends.destination;
	item->server = up ? ends.destination : ends.source;
	who->tap = packet->tap;
	who->vlan = packet->vlan & 0xfff;
	who->has = 0;
	who->teid_up = who->teid_down = 0;
	if (packet->flags & ADIT_PACKET_GTPU) {
		if (up)
			adit_packet_outer(item->frame, packet, &who->outer, &who->outer_core);
		else
			adit_packet_outer(item->frame, packet, &who->outer_core, &who->outer);
		who->has = ADIT_HAS_OUTER | (up ? ADIT_HAS_TEID_UP : ADIT_HAS_TEID_DOWN);
		*(up ? &who->teid_up : &who->teid_down) = packet->teid;
	} else {
		memset(&who->outer, 0, sizeof(who->outer));
		memset(&who->outer_core, 0, sizeof(who->outer_core));
	}
	memcpy(client.bytes, who->address.bytes, sizeof(client.bytes));
	client.is_v6 = who->address.is_v6;
	client.tap = who->tap;
	client.vlan = who->vlan;
	who_key = adit_hash(params->key, &client, sizeof(client));
	item->event.pair_key = adit_hash_pair(params->key, who_key, item->event.domain_key);
	item->event.server_key = adit_hash_pair(
		params->key, who_key, adit_hash(params->key, &item->server, sizeof(item->server)));
}

static bool goes_up(const struct item *item)
{
	switch (item->packet->flags & (ADIT_PACKET_TO_DNS | ADIT_PACKET_FROM_DNS)) {
	case ADIT_PACKET_TO_DNS:
		return true;
	case ADIT_PACKET_FROM_DNS:
		return false;
	default:
		return (item->dns.flags & ADIT_DNS_QR) == 0;
	}
}

static void event_message(struct item *item)
{
	const struct adit_dns *dns = &item->dns;
	struct adit_event *event = &item->event;

	event->is_query = (dns->flags & ADIT_DNS_QR) == 0;
	event->id = dns->id;
	event->type_group = adit_type_group_of(dns->qtype);
	event->payload_type = adit_type_group_payload(event->type_group);
	event->rcode = dns->rcode;
	event->answered = dns->answers != 0;
	event->cname = dns->answer_cname != 0;
	event->payload_bytes = event->is_query ? 0 : dns->payload_bytes + dns->extra_bytes;
	event->ttl_min = dns->ttl_min;
	event->edns = dns->edns ? 1u << 31 | (uint32_t)dns->edns_do << 16 | dns->edns_udp_size : 0;
	event->unparsable = false;
}

/* A datagram on a DNS port that has no question. If it is no DNS, all its bytes may be
 * somebody's. */
static void event_datagram(struct item *item, bool up)
{
	static const uint8_t root[2];
	struct adit_event *event = &item->event;

	memset(event, 0, sizeof(*event));
	event->is_query = up;
	event->wire = event->lower = root;
	event->wire_size = 1;
	event->ttl_min = UINT32_MAX;
	event->type_group = ADIT_GROUP_OTHER;
	if (item->outcome == ADIT_OUTCOME_DNS_NO_QUESTION)
		return;
	*(up ? &event->info_bytes : &event->payload_bytes) = item->packet->payload_size;
	event->unzoned = event->unparsable = true;
}

/* Name: what each message says, whose it is, and the keys it counts under. */
static void stage_name(struct adit_pipeline *pipeline, size_t items)
{
	const struct adit_pipeline_params *params = &pipeline->params;
	struct adit_pipeline_counters *counters = &pipeline->counters;

	for (size_t i = 0; i < items; i++) {
		struct item *item = &pipeline->items[i];
		struct adit_event *event = &item->event;
		bool up = goes_up(item);

		switch (item->outcome) {
		case ADIT_OUTCOME_DNS_QUERY:
		case ADIT_OUTCOME_DNS_RESPONSE:
		case ADIT_OUTCOME_DNS_BAD_RECORD:
			counters->dns_queries += (item->dns.flags & ADIT_DNS_QR) == 0;
			counters->dns_responses += (item->dns.flags & ADIT_DNS_QR) != 0;
			adit_name_profile(params, &item->dns.qname, event);
			event_message(item);
			break;
		default:
			event_datagram(item, up);
			break;
		}
		event->ts_ns = item->frame->ts_ns;
		event->message_bytes = item->packet->payload_size;
		event->classes = 0;
		item_parties(params, item, up);
		event->who = &item->who;
		event->server = &item->server;
	}
}

/* Match: signatures on names, and on datagrams that have none. */
static void stage_match(struct adit_pipeline *pipeline, size_t items)
{
	struct adit_scan_name *names = pipeline->names;
	size_t count = 0;

	for (size_t i = 0; i < items; i++) {
		struct item *item = &pipeline->items[i];

		if (item->event.unparsable) {
			item->event.classes = adit_scanner_datagram(pipeline->scanner,
				item->frame->data + item->packet->payload_offset,
				item->packet->payload_size);
			continue;
		}
		names[count].wire = item->event.wire;
		names[count].wire_size = item->event.wire_size;
		names[count].registrable_at = item->event.registrable_at;
		count++;
	}
	adit_scanner_names(pipeline->scanner, names, count);
	count = 0;
	for (size_t i = 0; i < items; i++)
		if (!pipeline->items[i].event.unparsable)
			pipeline->items[i].event.classes = names[count++].classes;
}

void adit_pipeline_run(struct adit_pipeline *pipeline, struct adit_window *window,
	const struct adit_frame *frames, const struct adit_packet *packets, size_t count)
{
	size_t items = stage_parse(pipeline, frames, packets, count);

	stage_name(pipeline, items);
	for (size_t i = 0; i < items; i++)
		adit_window_prefetch(window, pipeline->items[i].shard, &pipeline->items[i].event);
	if (pipeline->scanner != NULL)
		stage_match(pipeline, items);
	for (size_t i = 0; i < items; i++)
		adit_window_count(window, pipeline->items[i].shard, &pipeline->items[i].event);
}
