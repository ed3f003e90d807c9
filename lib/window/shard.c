/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Counting an event into a shard: the hot path of this library. The keys are keyed hashes, so
 * their bits may be used as they are: low ones choose the bucket, high ones are the tag.
 */
#include "shard_priv.h"

static inline uint64_t slot_make(uint16_t epoch, uint64_t key, uint32_t row)
{
	return (uint64_t)epoch << 48 | (key >> 48) << 32 | row;
}

static inline uint32_t weight_of(const struct adit_row *row)
{
	return row->info_up + row->info_down + row->queries + row->responses + 1;
}

static inline uint32_t row_weight_left(const struct table *table, uint32_t row)
{
	uint32_t weight = weight_of(&table->rows[row]), penalty = table->penalty[row];

	return weight > penalty ? weight - penalty : 0;
}

static inline uint32_t table_find(const struct table *table, uint64_t key)
{
	const struct bucket *bucket = bucket_of(table, key);
	uint64_t want = slot_make(table->epoch, key, 0) >> 32;

	for (int i = 0; i < BUCKET_SLOTS; i++) {
		uint32_t row = (uint32_t)bucket->slot[i];

		if (bucket->slot[i] >> 32 == want && table->rows[row].key == key)
			return row;
	}
	return ROW_NONE;
}

static uint64_t *slot_of_row(const struct table *table, uint32_t row)
{
	uint64_t key = table->rows[row].key;
	struct bucket *bucket = bucket_of(table, key);
	uint64_t want = slot_make(table->epoch, key, row);

	for (int i = 0; i < BUCKET_SLOTS; i++)
		if (bucket->slot[i] == want)
			return &bucket->slot[i];
	return NULL;
}

static uint64_t *slot_free(const struct table *table, uint64_t key)
{
	struct bucket *bucket = bucket_of(table, key);

	for (int i = 0; i < BUCKET_SLOTS; i++)
		if (bucket->slot[i] >> 48 != table->epoch)
			return &bucket->slot[i];
	return NULL;
}

/* The row that a newcomer challenges: of least weight left, among those of its bucket if that is
 * what is full, else among a run of the table that the key chooses. */
static uint32_t victim_find(const struct table *table, uint64_t key, bool bucket_full)
{
	const struct bucket *bucket = bucket_of(table, key);
	uint32_t start = (uint32_t)((key >> 32) * table->used >> 32), best = ROW_NONE, least = 0;
	uint32_t count = table->used < BUCKET_SLOTS ? table->used : BUCKET_SLOTS;

	for (uint32_t i = 0; i < (bucket_full ? BUCKET_SLOTS : count); i++) {
		uint32_t run = start + i < table->used ? start + i : start + i - table->used;
		uint32_t row = bucket_full ? (uint32_t)bucket->slot[i] : run;
		uint32_t left = row_weight_left(table, row);

		if (best == ROW_NONE || left < least) {
			best = row;
			least = left;
		}
	}
	return best;
}

static void detail_release(struct adit_shard *shard, struct adit_row *row)
{
	if (row->detail != 0)
		shard->details_free[shard->details_freed++] = row->detail - 1;
	row->detail = 0;
}

/* A row for a key that has none: a fresh one, or one taken from a key of less information.
 * `weight` is what the newcomer would weigh. */
static uint32_t row_take(struct adit_shard *shard, enum adit_kind kind, uint64_t key,
	uint32_t weight, struct adit_window_counters *counters)
{
	struct table *table = &shard->table[kind];
	uint64_t *slot = slot_free(table, key);
	uint32_t row;

	if (slot != NULL && table->used < table->capacity) {
		row = table->used++;
	} else {
		row = victim_find(table, key, slot == NULL);
		table->penalty[row] += weight;
		if (row_weight_left(table, row) > 0) {
			counters->refused[kind]++;
			return ROW_NONE;
		}
		counters->evicted[kind]++;
		detail_release(shard, &table->rows[row]);
		*slot_of_row(table, row) = 0;
		slot = slot_free(table, key);
	}
	*slot = slot_make(table->epoch, key, row);
	table->penalty[row] = 0;
	memset(&table->rows[row], 0, sizeof(table->rows[row]));
	table->rows[row].key = key;
	return row;
}

static void sample_set(struct adit_sample *sample, const uint8_t *wire, uint8_t size)
{
	sample->size = size;
	memcpy(sample->wire, wire, size);
}

static void side_fill(
	struct table *table, enum adit_kind kind, uint32_t row, const struct adit_event *event)
{
	if (kind == ADIT_KIND_DOMAIN) {
		struct adit_domain *domain = (struct adit_domain *)table->sides + row;

		sample_set(&domain->name, event->lower + event->registrable_at,
			event->wire_size - event->registrable_at);
	} else {
		struct adit_party *party = (struct adit_party *)table->sides + row;

		party->who = *event->who;
		party->domain_key = event->domain_key;
		party->server = *event->server;
		party->sample.size = 0;
	}
}

#define OWNER(kind, row) ((uint32_t)(kind) << 30 | (row))

static struct adit_row *owner_row(struct adit_shard *shard, uint32_t owner)
{
	return &shard->table[owner >> 30].rows[owner & 0x3fffffff];
}

/* A detail record for a row that earned one: a free one, or that of a row with less weight. */
static struct adit_detail *detail_take(struct adit_shard *shard, enum adit_kind kind, uint32_t row,
	struct adit_window_counters *counters)
{
	struct adit_row *mine = &shard->table[kind].rows[row];
	struct adit_detail *detail;
	uint32_t number;

	if (shard->details_freed > 0) {
		number = shard->details_free[--shard->details_freed];
	} else if (shard->details_used < shard->details_capacity) {
		number = shard->details_used++;
	} else {
		uint32_t count = shard->details_capacity < 8 ? shard->details_capacity : 8;
		uint32_t start = (uint32_t)((mine->key >> 32) * shard->details_capacity >> 32);
		struct adit_row *least = NULL;

		number = 0;
		for (uint32_t i = 0; i < count; i++) {
			uint32_t at = (start + i) % shard->details_capacity;
			struct adit_row *its = owner_row(shard, shard->details[at].owner);

			if (least == NULL || weight_of(its) < weight_of(least)) {
				least = its;
				number = at;
			}
		}
		if (weight_of(least) >= weight_of(mine)) {
			counters->details_refused++;
			return NULL;
		}
		counters->details_taken++;
		least->detail = 0;
		least->flags |= ADIT_ROW_MORE_NAMES;
	}
	detail = &shard->details[number];
	memset(detail, 0, offsetof(struct adit_detail, sample));
	detail->owner = OWNER(kind, row);
	for (uint8_t i = 0; i < mine->names; i++)
		adit_names_add(&detail->names, mine->name[i]);
	mine->detail = number + 1;
	return detail;
}

/* Fields made from the name itself. */
static void detail_name(struct adit_detail *detail, const struct adit_event *event)
{
	uint8_t size = event->subdomain_length < ADIT_FIELD_SIZE ? event->subdomain_length
								 : ADIT_FIELD_SIZE;
	const uint8_t *first = event->wire + 1; /* the first label's octets, then what follows */

	detail->looked_at++;
	detail->length_sum += event->subdomain_length;
	detail->length_square_sum += (uint32_t)event->subdomain_length * event->subdomain_length;
	detail->label_sum += event->labels;
	if (event->subdomain_length > detail->length_max)
		detail->length_max = event->subdomain_length;
	if (event->label_max > detail->label_max)
		detail->label_max = event->label_max;
	for (int i = 0; i < ADIT_CHAR_COUNT; i++)
		detail->chars[i] += event->chars[i];
	for (uint32_t classes = event->classes; classes != 0; classes &= classes - 1)
		detail->class_names[__builtin_ctz(classes)]++;
	if (detail->looked_at > 1) {
		uint8_t both = size < detail->previous_size ? size : detail->previous_size;

		detail->compared++;
		for (uint8_t i = 0; i < both; i++)
			detail->agree[i] += first[i] == detail->previous[i];
	}
	detail->previous_size = size;
	memcpy(detail->previous, first, size);
	if (detail->sample_count < ADIT_DETAIL_SAMPLES && event->wire_size > 1)
		sample_set(&detail->sample[detail->sample_count++], event->wire, event->wire_size);
}

static void detail_query(struct adit_detail *detail, const struct adit_event *event)
{
	uint16_t step = (uint16_t)(event->id - detail->last_id);

	detail->type[event->type_group]++;
	detail->payload_queries += event->payload_type;
	if (detail->queries != 0) {
		uint64_t gap =
			event->ts_ns > detail->last_query_ns
				? (event->ts_ns - detail->last_query_ns) / (64 * ADIT_NS_PER_US)
				: 0;
		unsigned bin = 63 - (unsigned)__builtin_clzll(gap | 1);

		detail->gap[bin < ADIT_GAP_BINS ? bin : ADIT_GAP_BINS - 1]++;
		/* A step of 0 is a retransmission. */
		if (step != 0) {
			detail->id_step_same += detail->id_steps != 0 && step == detail->id_step;
			detail->id_steps++;
			detail->id_step = step;
		}
	}
	detail->queries++;
	detail->last_id = event->id;
	detail->last_query_ns = event->ts_ns;
	if (event->edns != 0) {
		detail->edns_same += event->edns == detail->edns;
		detail->edns = event->edns;
		detail->edns_seen++;
	}
}

static void detail_response(struct adit_detail *detail, const struct adit_event *event)
{
	unsigned log2 = 31 - (unsigned)__builtin_clz(event->message_bytes | 1);
	unsigned bin = log2 > 5 ? log2 - 5 : 0;

	detail->responses++;
	detail->rcode[event->rcode < ADIT_RCODE_BINS ? event->rcode : ADIT_RCODE_BINS - 1]++;
	detail->cname_answers += event->cname;
	detail->answered += event->answered;
	detail->ttl_low += event->answered && event->ttl_min <= 60;
	detail->response_size[bin < ADIT_SIZE_BINS ? bin : ADIT_SIZE_BINS - 1]++;
}

static inline void saturate16(uint16_t *counter, bool one)
{
	*counter += one && *counter != UINT16_MAX;
}

/* What the name carries for a key of this kind. By server address the whole of it counts: the zone
 * of an undelegated top-level domain may be as new as the name. */
static uint32_t carried(enum adit_kind kind, const struct adit_event *event)
{
	if (kind == ADIT_KIND_SERVER && event->whole_bytes > event->info_bytes)
		return event->whole_bytes;
	return event->info_bytes;
}

/* Counters that every message moves. `info`: whether it counts as information for this key. */
static void row_count(
	struct adit_row *row, enum adit_kind kind, const struct adit_event *event, bool info)
{
	row->info_up += info ? carried(kind, event) : 0;
	row->info_down += info ? event->payload_bytes : 0;
	row->flags |= event->unzoned ? ADIT_ROW_UNZONED : 0;
	if (event->is_query) {
		row->queries++;
		row->bytes_up += event->message_bytes;
		saturate16(&row->payload_queries, event->payload_type);
	} else {
		row->responses++;
		row->bytes_down += event->message_bytes;
		row->answered += event->answered;
		saturate16(&row->cname_answers, event->cname);
	}
	saturate16(&row->unparsable, event->unparsable);
}

/* The name into the row's own small set. False: it does not fit. */
static bool row_name_add(struct adit_row *row, uint32_t hash, bool *is_new)
{
	*is_new = false;
	for (uint8_t i = 0; i < row->names; i++)
		if (row->name[i] == hash)
			return true;
	if (row->names == ADIT_ROW_NAMES)
		return false;
	*is_new = true;
	row->name[row->names++] = hash;
	return true;
}

/* The name and the second tier. */
static void row_detail(struct adit_shard *shard, enum adit_kind kind, uint32_t number,
	const struct adit_event *event, struct adit_window_counters *counters)
{
	struct adit_row *row = &shard->table[kind].rows[number];
	struct adit_detail *detail;
	bool is_new;
	bool fits = row_name_add(row, event->name_hash, &is_new);

	if (is_new && row->names == 1 && kind != ADIT_KIND_DOMAIN && event->wire_size > 1)
		sample_set(&((struct adit_party *)shard->table[kind].sides + number)->sample,
			event->wire, event->wire_size);
	if (row->detail == 0) {
		/* Earned by a fifth name, or by one that a signature knows. */
		if (fits && event->classes == 0)
			return;
		detail = detail_take(shard, kind, number, counters);
		if (detail == NULL) {
			row->flags |= fits ? 0 : ADIT_ROW_MORE_NAMES;
			return;
		}
		/* Whatever the row knows, this record has seen no name yet. */
		is_new = true;
		adit_names_add(&detail->names, event->name_hash);
	} else {
		detail = &shard->details[row->detail - 1];
		switch (adit_names_add(&detail->names, event->name_hash)) {
		case ADIT_NAMES_SEEN:
			is_new = false;
			break;
		case ADIT_NAMES_NEW:
			is_new = true;
			break;
		case ADIT_NAMES_UNKNOWN:
			/* A query and its response carry the same name: look at one of them. */
			is_new = event->is_query || detail->queries == 0;
			break;
		}
	}
	/* Datagrams have no names to tell them apart: each counts. */
	if (is_new || event->unparsable)
		detail_name(detail, event);
	if (event->is_query)
		detail_query(detail, event);
	else
		detail_response(detail, event);
}

static void kind_count(struct adit_shard *shard, enum adit_kind kind, uint64_t key,
	const struct adit_event *event, struct adit_window_counters *counters)
{
	struct table *table = &shard->table[kind];
	uint32_t number = table_find(table, key);
	/* By server address only what has no zone to be judged by counts as information. */
	bool info = kind != ADIT_KIND_SERVER || event->unzoned || event->unparsable;

	if (number == ROW_NONE) {
		/* Most subscribers ask their resolver for nothing but names with a zone: they need
		 * no row by server. */
		if (!info)
			return;
		number = row_take(shard, kind, key, carried(kind, event) + event->payload_bytes + 2,
			counters);
		if (number == ROW_NONE)
			return;
		side_fill(table, kind, number, event);
	} else if (kind != ADIT_KIND_DOMAIN) {
		adit_subscriber_merge(
			&((struct adit_party *)table->sides + number)->who, event->who);
	}
	row_count(&table->rows[number], kind, event, info);
	if (info && (!event->unparsable || event->classes != 0))
		row_detail(shard, kind, number, event, counters);
}

void adit_window_count(struct adit_window *window, uint32_t at, const struct adit_event *event)
{
	struct adit_shard *shard = &window->shard[at];

	window->counters.queries += event->is_query;
	window->counters.responses += !event->is_query;
	if (event->domain_key != 0) {
		kind_count(shard, ADIT_KIND_DOMAIN, event->domain_key, event, &window->counters);
		kind_count(shard, ADIT_KIND_PAIR, event->pair_key, event, &window->counters);
	}
	kind_count(shard, ADIT_KIND_SERVER, event->server_key, event, &window->counters);
}

void adit_window_count_encrypted(
	struct adit_window *window, uint32_t at, const struct adit_encrypted_event *event)
{
	struct adit_shard *shard = &window->shard[at];
	struct table *table = &shard->table[ADIT_KIND_ENCRYPTED];
	uint32_t number = table_find(table, event->key);
	struct adit_party *party;
	struct adit_row *row;

	if (number == ROW_NONE) {
		if (table->capacity != 0)
			number = row_take(
				shard, ADIT_KIND_ENCRYPTED, event->key, 2, &window->counters);
		if (number == ROW_NONE)
			return;
		party = (struct adit_party *)table->sides + number;
		*party = (struct adit_party){.who = *event->who,
			.server = *event->server,
			.transport = event->transport};
	}
	row = &table->rows[number];
	row->queries += event->up;
	row->responses += !event->up;
	*(event->up ? &row->bytes_up : &row->bytes_down) += event->bytes;
}

void adit_window_prefetch(
	const struct adit_window *window, uint32_t at, const struct adit_event *event)
{
	const struct adit_shard *shard = &window->shard[at];

	if (event->domain_key != 0) {
		__builtin_prefetch(bucket_of(&shard->table[ADIT_KIND_DOMAIN], event->domain_key));
		__builtin_prefetch(bucket_of(&shard->table[ADIT_KIND_PAIR], event->pair_key));
	}
	__builtin_prefetch(bucket_of(&shard->table[ADIT_KIND_SERVER], event->server_key));
}
