/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The stages. Each runs over the whole burst, so that its code and tables stay warm and what the
 * next one needs can be loaded ahead.
 */
#include "pipeline_priv.h"

/* EDNS options up to this are what clients and resolvers send: a subnet, a cookie. */
#define EDNS_ORDINARY   64
#define DNS_HEADER_SIZE 12
/* … with an OPT record without options, which takes 11 bytes */
#define NO_QUESTION_ORDINARY (DNS_HEADER_SIZE + 11 + EDNS_ORDINARY)

#define IS_ENCRYPTED (ADIT_PACKET_ENCRYPTED | ADIT_PACKET_DOH)

/* Any odd number: the keys of two lists differ in many bits, the low ones among them. */
#define SALT_STEP UINT64_C(0x9e3779b97f4a7c15)

void adit_pipeline_set_lists(
	struct adit_pipeline *pipeline, const struct adit_pipeline_lists *lists)
{
	pipeline->params.suffixes = lists->suffixes;
	pipeline->params.tcp_checksum = lists->tcp_checksum;
	pipeline->scanner = lists->scanner;
	pipeline->salt += SALT_STEP;
}

const struct adit_pipeline_counters *adit_pipeline_counters(const struct adit_pipeline *pipeline)
{
	return &pipeline->counters;
}

const struct adit_streams_counters *adit_pipeline_streams(const struct adit_pipeline *pipeline)
{
	return adit_streams_counters(pipeline->streams);
}

const uint64_t *adit_pipeline_witness(const struct adit_pipeline *pipeline)
{
	return pipeline->witness;
}

static bool question_read(enum adit_outcome outcome)
{
	return outcome == ADIT_OUTCOME_DNS_QUERY || outcome == ADIT_OUTCOME_DNS_RESPONSE ||
	       outcome == ADIT_OUTCOME_DNS_BAD_RECORD || outcome == ADIT_OUTCOME_DNS_NO_QUESTION;
}

bool adit_packet_tells_way(const struct adit_packet *packet)
{
	return !adit_packet_both_dns(packet) ||
	       (packet->flags & (ADIT_PACKET_PDU_UL | ADIT_PACKET_PDU_DL)) != 0;
}

bool adit_message_goes_up(const struct adit_packet *packet, const uint8_t *payload, uint32_t size)
{
	if (ADIT_LIKELY(!adit_packet_both_dns(packet)))
		return (packet->flags & ADIT_PACKET_TO_DNS) != 0;
	if (adit_packet_tells_way(packet))
		return (packet->flags & ADIT_PACKET_PDU_UL) != 0;
	return size < 3 || (payload[2] & 0x80) == 0;
}

static void item_begin(struct adit_pipeline *pipeline, struct item *item,
	const struct adit_frame *frame, const struct adit_packet *packet, const uint8_t *payload,
	uint32_t size, bool up)
{
	const struct adit_pipeline_params *params = &pipeline->params;

	item->frame = frame;
	item->packet = packet;
	item->payload = payload;
	item->size = size;
	item->shard = packet->shard / params->workers;
	item->packet_up = item->up = up;
	/* Who decodes has it already; it does not travel from a spreader. */
	item->who_key =
		ADIT_LIKELY(frame->client_key != 0)
			? frame->client_key
			: adit_packet_client_key(frame, packet, up, params->rule, params->key);
	if (pipeline->witness != NULL)
		pipeline->witness[item->who_key % ADIT_PIPELINE_WITNESSES] = item->who_key;
}

/* Who: the subscriber's address and what it says of itself in this packet. */
static void item_who(const struct adit_pipeline_params *params, struct item *item)
{
	const struct adit_packet *packet = item->packet;
	struct adit_subscriber *who = &item->who;
	struct adit_path *path = &who->path[item->packet_up ? ADIT_UP : ADIT_DOWN];

	memset(who, 0, sizeof(*who));
	who->key = item->who_key;
	adit_packet_client(item->frame, packet, item->packet_up, &who->address);
	if (packet->flags & ADIT_PACKET_WHO_V6)
		adit_context_mask(
			params->rule, (packet->flags & ADIT_PACKET_GTPU) != 0, &who->address);
	who->tap = packet->tap;
	who->vlan = packet->vlan & 0xfff;
	who->vlan_inner = packet->vlan_inner & 0xfff;
	if (!(packet->flags & ADIT_PACKET_GTPU))
		return;
	if (item->packet_up)
		adit_packet_outer(item->frame, packet, &path->radio, &path->core);
	else
		adit_packet_outer(item->frame, packet, &path->core, &path->radio);
	path->known = true;
	path->teid = adit_packet_teid(item->frame, packet);
	path->first_ns = path->last_ns = item->frame->ts_ns;
	who->has_core = params->rule->core_peer;
	if (who->has_core)
		who->core = path->core;
}

static uint64_t item_digest(const struct adit_pipeline *pipeline, const struct item *item,
	const struct adit_hash_seed *seed, uint16_t size)
{
	return adit_digest(
		pipeline->params.key, seed, item->frame->data + item->packet->payload_offset, size);
}

static bool is_duplicate(struct adit_pipeline *pipeline, const struct item *item)
{
	struct adit_hash_seed seed;
	uint16_t size;

	if (pipeline->params.duplicate_ns == 0)
		return false;
	size = adit_duplicate_seed(item->frame, item->packet, item->who_key, &seed);
	return adit_duplicate_seen(&pipeline->duplicates, item->shard,
		item_digest(pipeline, item, &seed, size), item->frame->ts_ns);
}

/* Encrypted DNS: how much of it a subscriber has, and no more can be known. */
static void count_encrypted(struct adit_pipeline *pipeline, struct adit_window *window,
	const struct adit_frame *frame, const struct adit_packet *packet)
{
	static const enum adit_outcome outcomes[ADIT_TRANSPORT_COUNT] = {
		ADIT_OUTCOME_DOT, ADIT_OUTCOME_DOQ, ADIT_OUTCOME_DOH};
	enum adit_transport transport = packet->flags & ADIT_PACKET_DOH   ? ADIT_TRANSPORT_DOH
					: packet->flags & ADIT_PACKET_TCP ? ADIT_TRANSPORT_DOT
									  : ADIT_TRANSPORT_DOQ;
	struct item *item = &pipeline->items[0];
	struct adit_encrypted_event event;

	item_begin(
		pipeline, item, frame, packet, NULL, 0, (packet->flags & ADIT_PACKET_TO_DNS) != 0);
	if (is_duplicate(pipeline, item)) {
		pipeline->counters.outcome[ADIT_OUTCOME_DUPLICATE]++;
		return;
	}
	item_who(&pipeline->params, item);
	adit_packet_server(frame, packet, item->packet_up, &item->server);
	event = (struct adit_encrypted_event){
		.key = adit_hash_pair(pipeline->params.key, item->who_key, transport),
		.who = &item->who,
		.server = &item->server,
		.bytes = adit_ip_bytes(frame, packet),
		.transport = (uint8_t)transport,
		.up = item->up,
	};
	adit_window_count_encrypted(window, item->shard, &event);
	pipeline->counters.outcome[outcomes[transport]]++;
	pipeline->counters.encrypted_packets[transport]++;
	pipeline->counters.encrypted_bytes[transport] += event.bytes;
}

/*
 * Whose: counts the packets that have ended; items are the datagrams that go on. Stops at a packet
 * that goes a way of its own, and returns the number of those before it.
 */
static size_t stage_who(struct adit_pipeline *pipeline, const struct adit_frame *frames,
	const struct adit_packet *packets, size_t count, size_t *items)
{
	size_t i, held = 0;

	for (i = 0; i < count; i++) {
		const struct adit_packet *packet = &packets[i];
		struct item *item = &pipeline->items[held];
		const uint8_t *payload;

		if (ADIT_LIKELY(packet->outcome != ADIT_OUTCOME_PENDING)) {
			pipeline->counters.outcome[packet->outcome]++;
			continue;
		}
		if (packet->flags & (ADIT_PACKET_TCP | IS_ENCRYPTED))
			break;
		payload = frames[i].data + packet->payload_offset;
		item_begin(pipeline, item, &frames[i], packet, payload, packet->payload_size,
			adit_message_goes_up(packet, payload, packet->payload_size));
		held++;
	}
	*items = held;
	return i;
}

/* What is needed to know duplicates. A loop around a hash has nothing else in it: its steps wait
 * for each other, and those of the next items are done meanwhile, if no store before them is waited
 * for. */
static void stage_digest(struct adit_pipeline *pipeline, size_t items)
{
	struct adit_hash_seed *seeds = pipeline->seeds;
	uint16_t *sizes = pipeline->sizes;

	for (size_t i = 0; i < items; i++) {
		const struct item *item = &pipeline->items[i];

		sizes[i] = adit_duplicate_seed(item->frame, item->packet, item->who_key, &seeds[i]);
	}
	for (size_t i = 0; i < items; i++) {
		struct item *item = &pipeline->items[i];

		item->digest = item_digest(pipeline, item, &seeds[i], sizes[i]);
		__builtin_prefetch(
			adit_duplicate_bucket(&pipeline->duplicates, item->shard, item->digest));
	}
}

/* Loads what is known of the name, before it is looked for. */
static inline void name_prefetch(struct adit_pipeline *pipeline, struct item *item)
{
	static const struct adit_hash_seed none;
	const struct adit_name *name = &item->dns.qname;

	item->name_key =
		adit_digest(pipeline->params.key, &none, name->wire, name->size) ^ pipeline->salt;
	item->name_key += item->name_key == 0; /* which means none */
	adit_memo_prefetch(&pipeline->memo, item->name_key);
}

/* Duplicates end; items are those that go on. */
static size_t stage_fresh(struct adit_pipeline *pipeline, size_t items)
{
	size_t kept = 0;

	if (pipeline->params.duplicate_ns == 0)
		return items;
	stage_digest(pipeline, items);
	for (size_t i = 0; i < items; i++) {
		struct item *item = &pipeline->items[kept];

		if (kept != i)
			memcpy(item, &pipeline->items[i], ITEM_HEAD);
		kept += !adit_duplicate_seen(
			&pipeline->duplicates, item->shard, item->digest, item->frame->ts_ns);
	}
	pipeline->counters.outcome[ADIT_OUTCOME_DUPLICATE] += items - kept;
	return kept;
}

static void order_find(struct adit_pipeline *pipeline, size_t items)
{
	size_t queries = 0, responses = items;

	for (size_t i = 0; i < items; i++) {
		const struct item *item = &pipeline->items[i];
		bool is_response = item->size > 2 && item->payload[2] >> 7;

		responses -= is_response;
		pipeline->order[is_response ? responses : queries] = (uint8_t)i;
		queries += !is_response;
	}
}

/* What the capture cut off may have been DNS, and is no evidence against anybody. */
static size_t items_drop_cut(struct adit_pipeline *pipeline, size_t items)
{
	size_t kept = 0;

	for (size_t i = 0; i < items; i++) {
		if (pipeline->items[i].outcome == ADIT_OUTCOME_FRAME_CUT)
			continue;
		if (kept != i)
			pipeline->items[kept] = pipeline->items[i];
		kept++;
	}
	order_find(pipeline, kept);
	return kept;
}

/* Parse: outcome of every datagram; items are those that go on. */
static size_t stage_parse(struct adit_pipeline *pipeline, size_t items)
{
	bool is_cut = false;

	order_find(pipeline, items);
	for (size_t i = 0; i < items; i++) {
		struct item *item = &pipeline->items[pipeline->order[i]];
		enum adit_outcome outcome = adit_dns_read(pipeline->params.key, item->payload,
			item->size, &item->dns, &item->answers);

		if (ADIT_UNLIKELY(
			    !question_read(outcome) && (item->packet->flags & ADIT_PACKET_CUT))) {
			outcome = ADIT_OUTCOME_FRAME_CUT;
			is_cut = true;
		}
		item->outcome = outcome;
		pipeline->counters.outcome[outcome]++;
	}
	for (size_t i = 0; i < items; i++)
		if (question_read(pipeline->items[i].outcome))
			name_prefetch(pipeline, &pipeline->items[i]);
	return ADIT_UNLIKELY(is_cut) ? items_drop_cut(pipeline, items) : items;
}

/* The keys of pair and server, the latter of what counts there. */
static void item_keys(const struct adit_pipeline_params *params, struct item *item)
{
	struct adit_event *event = &item->event;

	event->pair_key = adit_hash_pair(params->key, item->who_key, event->domain_key);
	event->server_key = 0;
	if (ADIT_UNLIKELY(event->by_server))
		event->server_key = adit_hash_pair(params->key, item->who_key,
			adit_hash(params->key, &item->server, sizeof(item->server)));
}

static void event_message(struct item *item)
{
	const struct adit_dns *dns = &item->dns;
	const struct adit_answers *answers = &item->answers;
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
	/* What the capture cut off would have been a record. */
	event->beside_bytes = item->packet->flags & ADIT_PACKET_CUT ? 0 : dns->other_bytes;
	if (dns->edns_bytes > EDNS_ORDINARY)
		event->beside_bytes += dns->edns_bytes;
	event->unparsable = false;
	event->answer_digest = answers->digest;
	event->answer_bytes = answers->bytes;
	event->addresses = answers->addresses;
	event->odd_addresses = answers->odd_addresses;
	event->address_digest = answers->address_digest;
	event->network = answers->network;
}

/* A datagram on a DNS port that has no question. If it is no DNS, all its bytes may be somebody's;
 * if it is, all but the header and what options ordinarily take (RFC 7873 section 5.4 asks for a
 * cookie without a question). */
static void event_datagram(struct item *item)
{
	static const uint8_t root[2];
	struct adit_event *event = &item->event;

	memset(event, 0, sizeof(*event));
	event->is_query = item->up;
	event->wire = event->lower = root;
	event->wire_size = 1;
	event->ttl_min = UINT32_MAX;
	event->type_group = ADIT_GROUP_OTHER;
	event->beside_bytes = item->size;
	if (item->outcome == ADIT_OUTCOME_DNS_NO_QUESTION) {
		if (item->size <= NO_QUESTION_ORDINARY)
			event->beside_bytes = 0;
		else
			event->beside_bytes -= DNS_HEADER_SIZE;
	}
	if (event->beside_bytes == 0)
		return;
	event->unzoned = event->by_server = event->unparsable = true;
}

/* What the name says, found out before or now. */
static void event_name(struct adit_pipeline *pipeline, struct item *item)
{
	const struct adit_name *name = &item->dns.qname;
	struct adit_known *known = adit_memo_find(&pipeline->memo, item->name_key);
	struct adit_event *event = &item->event;

	if (known == NULL) {
		known = adit_memo_add(&pipeline->memo, item->name_key);
		adit_name_profile(&pipeline->params, name, known);
	}
	event->domain_key = known->domain_key;
	event->name_hash = known->name_hash;
	event->classes = known->scanned ? known->classes : 0;
	event->info_bytes = known->info_bytes;
	event->whole_bytes = known->whole_bytes;
	event->registrable_at = known->registrable_at;
	event->labels = known->labels;
	event->label_max = known->label_max;
	event->subdomain_length = known->subdomain_length;
	event->unzoned = known->unzoned;
	event->by_server = known->whole_bytes != 0 || known->unzoned;
	event->wire = name->wire;
	event->lower = name->lower;
	event->wire_size = name->size;
	item->unscanned = !known->scanned;
}

/* The client's port. */
static uint16_t item_port(const struct item *item)
{
	return adit_load_be16(
		item->frame->data + item->packet->l4_offset + (item->packet_up ? 0 : 2));
}

/* Name: what each message says, whose it is, and the keys it counts under. */
static void stage_name(struct adit_pipeline *pipeline, size_t items)
{
	const struct adit_pipeline_params *params = &pipeline->params;
	struct adit_pipeline_counters *counters = &pipeline->counters;

	for (size_t i = 0; i < items; i++) {
		struct item *item = &pipeline->items[pipeline->order[i]];
		struct adit_event *event = &item->event;

		switch (item->outcome) {
		case ADIT_OUTCOME_DNS_QUERY:
		case ADIT_OUTCOME_DNS_RESPONSE:
		case ADIT_OUTCOME_DNS_BAD_RECORD:
			counters->dns_queries += (item->dns.flags & ADIT_DNS_QR) == 0;
			counters->dns_responses += (item->dns.flags & ADIT_DNS_QR) != 0;
			event_name(pipeline, item);
			event_message(item);
			break;
		default:
			event_datagram(item);
			item->unscanned = false;
			counters->raw_bytes += event->unparsable ? item->size : 0;
			break;
		}
		event->ts_ns = item->frame->ts_ns;
		event->message_bytes = item->size;
		event->port = item_port(item);
		item_who(params, item);
		adit_packet_server(item->frame, item->packet, item->packet_up, &item->server);
		event->who = &item->who;
		event->server = &item->server;
	}
	for (size_t i = 0; i < items; i++) {
		struct item *item = &pipeline->items[i];

		item_keys(params, item);
		item->digest = adit_repetition_digest(
			params->key, item->who_key, &item->event, item->dns.qtype);
		__builtin_prefetch(
			adit_duplicate_bucket(&pipeline->repetitions, item->shard, item->digest));
	}
}

/* Match: signatures on names where none was looked for, and on datagrams that have no name. */
static void stage_match(struct adit_pipeline *pipeline, size_t items)
{
	struct adit_scan_name *names = pipeline->names;
	size_t count = 0;

	for (size_t i = 0; i < items; i++) {
		struct item *item = &pipeline->items[i];

		if (ADIT_UNLIKELY(item->event.unparsable)) {
			/* What a tool's datagrams begin with says nothing of a stream. */
			if (!(item->packet->flags & ADIT_PACKET_TCP))
				item->event.classes = adit_scanner_datagram(
					pipeline->scanner, item->payload, item->size);
		} else if (item->unscanned) {
			names[count].wire = item->event.wire;
			names[count].wire_size = item->event.wire_size;
			names[count].registrable_at = item->event.registrable_at;
			count++;
		}
	}
	if (count == 0)
		return;
	adit_scanner_names(pipeline->scanner, names, count);
	count = 0;
	for (size_t i = 0; i < items; i++) {
		struct item *item = &pipeline->items[i];
		struct adit_known *known;

		if (item->event.unparsable || !item->unscanned)
			continue;
		item->event.classes = names[count++].classes;
		/* Other names may have taken its place. */
		known = adit_memo_find(&pipeline->memo, item->name_key);
		if (known != NULL) {
			known->classes = item->event.classes;
			known->scanned = true;
		}
	}
}

/* What is parsed: to the tables, or as far as the stage `last`. */
static ADIT_ALWAYS_INLINE void items_run(struct adit_pipeline *pipeline, struct adit_window *window,
	size_t items, enum adit_stage last)
{
	if (last < ADIT_STAGE_NAME)
		return;
	stage_name(pipeline, items);
	for (size_t i = 0; last >= ADIT_STAGE_COUNT && i < items; i++) {
		struct item *item = &pipeline->items[i];

		/* What came beside a question is not the question's, and counts each time. */
		item->event.again = item->event.beside_bytes == 0 && !item->event.unparsable &&
				    adit_duplicate_seen(&pipeline->repetitions, item->shard,
					    item->digest, item->frame->ts_ns);
		pipeline->counters.repeated += item->event.again;
		adit_window_prefetch(window, pipeline->tracks, item->shard, &item->event);
	}
	if (last >= ADIT_STAGE_MATCH && pipeline->scanner != NULL)
		stage_match(pipeline, items);
	if (last < ADIT_STAGE_COUNT)
		return;
	for (size_t i = 0; i < items; i++)
		adit_window_prefetch_rows(window, pipeline->tracks, pipeline->items[i].shard,
			&pipeline->items[i].event);
	for (size_t i = 0; i < items; i++)
		adit_window_count(window, pipeline->tracks, pipeline->items[i].shard,
			&pipeline->items[i].event);
}

/* A TCP segment on a DNS port: the messages that it makes whole. */
static void run_segment(struct adit_pipeline *pipeline, struct adit_window *window,
	const struct adit_frame *frame, const struct adit_packet *packet)
{
	struct adit_pipeline_counters *counters = &pipeline->counters;
	struct item *item = &pipeline->items[0];
	struct adit_stream_message message;
	struct adit_segment segment;
	enum adit_outcome outcome;

	item_begin(
		pipeline, item, frame, packet, NULL, 0, (packet->flags & ADIT_PACKET_TO_DNS) != 0);
	if (is_duplicate(pipeline, item)) {
		counters->outcome[ADIT_OUTCOME_DUPLICATE]++;
		return;
	}
	adit_segment_make(pipeline->params.rule, pipeline->params.key,
		pipeline->params.tcp_checksum, frame, packet, &segment);
	outcome = adit_streams_push(
		pipeline->streams, packet->shard / pipeline->params.workers, &segment);
	counters->outcome[outcome]++;
	while (adit_streams_next(pipeline->streams, &message)) {
		bool up = adit_message_goes_up(packet, message.data, message.size);

		/* Else the message has said itself which way it went. */
		if (message.opposite && adit_packet_tells_way(packet))
			up = !up;
		item_begin(pipeline, item, frame, packet, message.data, message.size,
			up != message.opposite);
		item->up = up;
		item->outcome = message.raw ? ADIT_OUTCOME_DNS_IMPLAUSIBLE
					    : adit_dns_read(pipeline->params.key, message.data,
						      message.size, &item->dns, &item->answers);
		if (question_read(item->outcome))
			name_prefetch(pipeline, item);
		pipeline->order[0] = 0;
		items_run(pipeline, window, 1, ADIT_STAGE_COUNT);
		if (!question_read(item->outcome))
			counters->tcp_unreadable += !message.raw;
		else if (item->dns.flags & ADIT_DNS_QR)
			counters->tcp_responses++;
		else
			counters->tcp_queries++;
	}
}

/*
 * Segments and encrypted packets are few: the burst is cut at each, so that all is counted in the
 * order in which it came, whatever the size of a burst. Returns the packets that `last` left
 * without an outcome: it is a constant in both callers, and the full path knows nothing of it.
 */
static ADIT_ALWAYS_INLINE size_t burst_run(struct adit_pipeline *pipeline,
	struct adit_window *window, const struct adit_frame *frames,
	const struct adit_packet *packets, size_t count, enum adit_stage last)
{
	size_t left = 0;

	for (size_t i = 0;; i++) {
		size_t items;

		i += stage_who(pipeline, frames + i, packets + i, count - i, &items);
		items = stage_fresh(pipeline, items);
		items_run(pipeline, window, stage_parse(pipeline, items), last);
		if (i == count)
			break;
		if (last < ADIT_STAGE_COUNT)
			left++;
		else if (packets[i].flags & IS_ENCRYPTED)
			count_encrypted(pipeline, window, &frames[i], &packets[i]);
		else
			run_segment(pipeline, window, &frames[i], &packets[i]);
	}
	return left;
}

void adit_pipeline_count_ended(struct adit_pipeline *pipeline, const struct adit_glance *glance)
{
	adit_glance_count(glance, pipeline->counters.outcome);
}

void adit_pipeline_run(struct adit_pipeline *pipeline, struct adit_window *window,
	const struct adit_frame *frames, const struct adit_packet *packets, size_t count)
{
	burst_run(pipeline, window, frames, packets, count, ADIT_STAGE_COUNT);
}

size_t adit_pipeline_run_until(struct adit_pipeline *pipeline, struct adit_window *window,
	const struct adit_frame *frames, const struct adit_packet *packets, size_t count,
	enum adit_stage last)
{
	size_t left = 0;

	switch (last) {
	case ADIT_STAGE_DECODE:
		for (size_t i = 0; i < count; i++) {
			if (packets[i].outcome == ADIT_OUTCOME_PENDING)
				left++;
			else
				pipeline->counters.outcome[packets[i].outcome]++;
		}
		return left;
	case ADIT_STAGE_PARSE:
		return burst_run(pipeline, window, frames, packets, count, ADIT_STAGE_PARSE);
	case ADIT_STAGE_NAME:
		return burst_run(pipeline, window, frames, packets, count, ADIT_STAGE_NAME);
	case ADIT_STAGE_MATCH:
		return burst_run(pipeline, window, frames, packets, count, ADIT_STAGE_MATCH);
	default:
		return burst_run(pipeline, window, frames, packets, count, ADIT_STAGE_COUNT);
	}
}
