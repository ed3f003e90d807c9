/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Counting an event into a detail record: on the packet path, for keys that earned one.
 */
#include "shard_priv.h"

/* With the name before, if it was another one: a slice may begin with what the last one ended with.
 */
static void count_agreement(struct adit_detail *detail, const struct adit_event *event,
	const struct octets *octets, const struct track *track)
{
	uint8_t length = event->subdomain_length;
	uint8_t both = length < track->length ? length : track->length;

	if (!(track->flags & TRACK_NAME) || track->name == event->name_hash)
		return;
	if (both > ADIT_FIELD_SIZE)
		both = ADIT_FIELD_SIZE;
	detail->compared++;
	for (uint8_t i = 0; i < both; i++) {
		uint8_t back = (uint8_t)(ADIT_FIELD_SIZE - 1 - i);

		detail->agree_head[i] += octets->head[i] == track->head[i];
		detail->agree_tail[i] += octets->tail[back] == track->tail[back];
	}
}

/* What is made from the name itself. */
static void count_name(struct adit_detail *detail, const struct adit_event *event,
	struct octets *octets, const struct track *track)
{
	detail->looked_at++;
	for (uint32_t classes = event->classes; classes != 0; classes &= classes - 1)
		detail->class_names[__builtin_ctz(classes)]++;
	/* Datagrams that are no DNS have no name. */
	if (event->unparsable)
		return;
	if (!octets->made)
		octets_make(event, octets);
	detail->length_sum += event->subdomain_length;
	detail->length_square_sum += (uint32_t)event->subdomain_length * event->subdomain_length;
	detail->label_sum += event->labels;
	detail->label_square_sum += (uint32_t)event->labels * event->labels;
	detail->piece_square_sum += octets->pieces;
	if (event->subdomain_length > detail->length_max)
		detail->length_max = event->subdomain_length;
	if (event->label_max > detail->label_max)
		detail->label_max = event->label_max;
	for (int i = 0; i < ADIT_OCTET_COUNT; i++)
		detail->octets[i] += octets->count[i];
	detail->upper += octets->upper;
	detail->bigram_sum += octets->bigram;
	if (track != NULL)
		count_agreement(detail, event, octets, track);
}

static inline unsigned time_bin(uint64_t ns)
{
	unsigned bin = 63 - (unsigned)__builtin_clzll(ns / (64 * ADIT_NS_PER_US) | 1);

	return bin < ADIT_GAP_BINS ? bin : ADIT_GAP_BINS - 1;
}

static void count_order(
	struct adit_detail *detail, const struct adit_event *event, const struct track *track)
{
	uint64_t passed = event->ts_ns > track->query_ns ? event->ts_ns - track->query_ns : 0;
	uint16_t step = (uint16_t)(event->id - track->id);
	uint64_t gap = passed / (64 * ADIT_NS_PER_US);

	if (!event->is_query) {
		if (track->flags & TRACK_OPEN && event->id == track->id)
			detail->wait[time_bin(passed)]++;
		return;
	}
	if (!(track->flags & TRACK_QUERY))
		return;
	detail->gap[time_bin(passed)]++;
	detail->gaps++;
	if (track->flags & TRACK_GAP) {
		uint64_t less = track->gap - track->gap / 8, more = track->gap + track->gap / 8;

		detail->gap_same += gap >= less && gap <= more;
	}
	detail->in_step += (track->flags & (TRACK_OPEN | TRACK_RESPONSE)) == TRACK_RESPONSE;
	detail->port_same += event->port == track->port;
	if (step != 0) {
		bool is_same = track->flags & TRACK_STEP && step == track->id_step;

		detail->id_step_same += is_same;
		detail->id_steps++;
		/* The step that comes again stands for all; without one, the last. */
		if (is_same || detail->id_step_same == 0)
			detail->id_step = step;
	}
}

static void count_query(
	struct adit_detail *detail, enum adit_kind kind, const struct adit_event *event)
{
	detail->queries++;
	detail->type[event->type_group]++;
	detail->payload_queries += event->payload_type;
	if (event->edns != 0) {
		detail->edns_same += event->edns == detail->edns;
		detail->edns = event->edns;
		detail->edns_seen++;
	}
	if (kind == ADIT_KIND_DOMAIN) {
		uint16_t *second = &detail->second[event->type_group][event->ts_ns / ADIT_NS_PER_S %
								      ADIT_SLICE_SECONDS];

		*second += *second != UINT16_MAX;
	}
}

static unsigned ttl_bin(uint32_t ttl)
{
	static const uint32_t edges[ADIT_TTL_BINS] = ADIT_TTL_EDGES;
	unsigned bin = 0;

	for (unsigned i = 1; i < ADIT_TTL_BINS; i++)
		bin += ttl >= edges[i];
	return bin;
}

static bool count_response(struct adit_detail *detail, const struct adit_event *event, bool kept)
{
	unsigned log2 = 31 - (unsigned)__builtin_clz(event->message_bytes | 1);
	unsigned bin = log2 > 5 ? log2 - 5 : 0;
	bool is_new = true;

	detail->responses++;
	detail->rcode[event->rcode < ADIT_RCODE_BINS ? event->rcode : ADIT_RCODE_BINS - 1]++;
	detail->cname_answers += event->cname;
	detail->answered += event->answered;
	detail->empty += event->rcode == 0 && !event->answered;
	detail->unzoned_answered += event->unzoned && event->answered;
	if (event->answered)
		detail->ttl[ttl_bin(event->ttl_min)]++;
	detail->response_size[bin < ADIT_SIZE_BINS ? bin : ADIT_SIZE_BINS - 1]++;
	detail->response_sum += event->message_bytes;
	detail->response_square_sum += (uint64_t)event->message_bytes * event->message_bytes;
	detail->payload_sum += event->payload_bytes;
	detail->payload_square_sum += (uint64_t)event->payload_bytes * event->payload_bytes;
	if (event->answer_digest != 0)
		is_new = adit_distinct_add(&detail->answers, event->answer_digest, 1,
				 event->answer_bytes) != ADIT_DISTINCT_AGAIN;
	if (kept && event->addresses != 0) {
		detail->addressed++;
		detail->addresses += event->addresses;
		detail->odd_addresses += event->odd_addresses;
		adit_map_add(&detail->targets, event->address_digest);
		adit_map_add(&detail->networks, event->network);
	}
	return is_new;
}

bool record_count(struct adit_detail *detail, enum adit_kind kind, const struct adit_event *event,
	struct octets *octets, const struct track *track, bool is_new, bool kept)
{
	if (is_new)
		count_name(detail, event, octets, track);
	detail->beside[event->is_query ? ADIT_UP : ADIT_DOWN] += event->beside_bytes;
	if (event->unparsable)
		return true;
	if (track != NULL)
		count_order(detail, event, track);
	if (!event->is_query)
		return count_response(detail, event, kept);
	count_query(detail, kind, event);
	return true;
}
