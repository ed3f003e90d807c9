/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Counting an event into a shard: the hot path of this library. The keys are keyed hashes, so
 * their bits may be used as they are: low ones choose the bucket, high ones are the tag.
 */
#include "shard_priv.h"

static inline uint32_t mark_of(const struct table *table, uint64_t key)
{
	return (uint32_t)table->epoch << 16 | (uint32_t)(key >> 48);
}

static inline uint32_t weight_of(const struct adit_row *row)
{
	uint64_t weight =
		(uint64_t)row->info_up + row->info_down + row->queries + row->responses + 1;

	return weight < UINT32_MAX ? (uint32_t)weight : UINT32_MAX;
}

/* Bytes of a key in a slice do not fit where a flood has more than 3.4 Gb/s. */
static inline void add_bytes(uint32_t *sum, uint32_t bytes)
{
	if (__builtin_add_overflow(*sum, bytes, sum))
		*sum = UINT32_MAX;
}

/* What a row has gained since it weighed `before`. */
static inline void row_gains(struct table *table, uint32_t row, uint32_t before)
{
	add_bytes(&table->left[row], weight_of(&table->rows[row]) - before);
}

static inline uint32_t table_find(const struct table *table, uint64_t key)
{
	const struct bucket *bucket = bucket_of(table, key);
	unsigned same = adit_lanes_equal(bucket->mark, UINT32_MAX, mark_of(table, key));

	for (; same != 0; same &= same - 1) {
		uint32_t row = bucket->row[__builtin_ctz(same)];

		if (ADIT_LIKELY(table->rows[row].key == key))
			return row;
	}
	return ROW_NONE;
}

/* The first free slot of a bucket; BUCKET_SLOTS: none is. */
static inline unsigned slot_free(const struct table *table, const struct bucket *bucket)
{
	unsigned used = adit_lanes_equal(bucket->mark, MARK_EPOCH, (uint32_t)table->epoch << 16);

	return (unsigned)__builtin_ctz(~used);
}

/* Makes the slot of a row that is taken from its key free. */
static void slot_clear(const struct table *table, uint32_t row)
{
	struct bucket *bucket = bucket_of(table, table->rows[row].key);
	unsigned used = adit_lanes_equal(bucket->mark, MARK_EPOCH, (uint32_t)table->epoch << 16);
	unsigned its = adit_lanes_equal(bucket->row, UINT32_MAX, row) & used;

	bucket->mark[__builtin_ctz(its)] = 0;
}

/* The row that a newcomer challenges: of least weight left, among those of its bucket if that is
 * what is full, else among a run of the table that the key chooses. The rows themselves are not
 * looked at: what is left of eight stands in a cache line. */
static uint32_t victim_find(const struct table *table, uint64_t key, bool bucket_full)
{
	const struct bucket *bucket = bucket_of(table, key);
	uint32_t run = (uint32_t)((key >> 32) * table->used >> 32);
	uint32_t best = bucket_full ? bucket->row[0] : run, least = table->left[best];
	uint32_t count = table->used < BUCKET_SLOTS && !bucket_full ? table->used : BUCKET_SLOTS;

	for (uint32_t i = 1; i < count; i++) {
		uint32_t row, left;

		run = run + 1 < table->used ? run + 1 : 0;
		row = bucket_full ? bucket->row[i] : run;
		left = table->left[row];
		best = left < least ? row : best;
		least = left < least ? left : least;
	}
	return best;
}

static void record_release(struct adit_shard *shard, struct adit_row *row)
{
	if (row->detail != 0)
		shard->records_free[shard->records_freed++] = row->detail - 1;
	row->detail = 0;
}

/* A row for a key that has none: a fresh one, or one taken from a key of less information.
 * `weight` is what the newcomer would weigh. */
static uint32_t row_take(struct adit_shard *shard, enum adit_kind kind, uint64_t key,
	uint32_t weight, struct adit_window_counters *counters)
{
	struct table *table = &shard->table[kind];
	struct bucket *bucket = bucket_of(table, key);
	unsigned slot = slot_free(table, bucket);
	uint32_t row;

	if (slot != BUCKET_SLOTS && table->used < table->capacity) {
		row = table->used++;
	} else {
		row = victim_find(table, key, slot == BUCKET_SLOTS);
		if (table->left[row] > weight) {
			table->left[row] -= weight;
			counters->refused[kind]++;
			return ROW_NONE;
		}
		counters->evicted[kind]++;
		record_release(shard, &table->rows[row]);
		slot_clear(table, row);
		slot = slot_free(table, bucket);
	}
	bucket->mark[slot] = mark_of(table, key);
	bucket->row[slot] = row;
	table->left[row] = 1; /* as an empty row weighs */
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

static void sample_keep(struct record *record, const struct adit_event *event)
{
	struct adit_sample *sample = &record->sample[record->sample_count];

	if (record->sample_count == ADIT_DETAIL_SAMPLES || event->wire_size <= 1)
		return;
	record->sample_count++;
	sample->size = event->wire_size;
	memcpy(sample->wire, event->wire, event->wire_size);
}

#define OWNER_BITS       29
#define OWNER(kind, row) ((uint32_t)(kind) << OWNER_BITS | (row))

static struct adit_row *owner_row(struct adit_shard *shard, uint32_t owner)
{
	return &shard->table[owner >> OWNER_BITS].rows[owner & ((1u << OWNER_BITS) - 1)];
}

/* The record that a row challenges when all are in use: of the least weight of a run of them that
 * the key chooses. Neither the records are looked at for that nor their rows. */
static uint32_t record_least(const struct adit_shard *shard, uint64_t key)
{
	const uint32_t *weight = shard->records_weight;
	uint32_t run = (uint32_t)((key >> 32) * shard->records_capacity >> 32), best = run;

	for (uint32_t i = 1; i < BUCKET_SLOTS; i++) {
		run = run + 1 < shard->records_capacity ? run + 1 : 0;
		best = weight[run] < weight[best] ? run : best;
	}
	return best;
}

static void record_clear(struct record *record)
{
	static const size_t from = offsetof(struct record, detail.beside);

	adit_distinct_clear(&record->detail.names);
	adit_distinct_clear(&record->detail.answers);
	memset((uint8_t *)record + from, 0, offsetof(struct record, sample) - from);
}
static_assert(offsetof(struct adit_detail, beside) == 2 * sizeof(struct adit_distinct),
	"sets, then what is cleared");

/* A detail record for a row that earned one: a free one, or that of a row with less weight.
 * `weight` is what the row is about to gain. */
static struct record *record_take(struct adit_shard *shard, enum adit_kind kind, uint32_t row,
	uint32_t weight, struct adit_window_counters *counters)
{
	struct adit_row *mine = &shard->table[kind].rows[row];
	struct record *record;
	uint32_t number;

	if (shard->records_freed > 0) {
		number = shard->records_free[--shard->records_freed];
	} else if (shard->records_used < shard->records_capacity) {
		number = shard->records_used++;
	} else {
		struct adit_row *least;

		number = record_least(shard, mine->key);
		if (shard->records_weight[number] >= weight_of(mine) + weight) {
			counters->details_refused++;
			return NULL;
		}
		least = owner_row(shard, shard->records[number].owner);
		counters->details_taken++;
		least->detail = 0;
		least->flags |= ADIT_ROW_MORE_NAMES;
	}
	record = &shard->records[number];
	record_clear(record);
	record->owner = OWNER(kind, row);
	record->look_at = ADIT_LOOK_LEAST;
	adit_detail_from_row(&record->detail, mine);
	mine->detail = number + 1;
	return record;
}

static inline void saturate16(uint16_t *counter, bool one)
{
	*counter += one && *counter != UINT16_MAX;
}

/* Of what a key's names are: by server address, where names have a zone, zones count. */
static uint32_t member(enum adit_kind kind, const struct adit_event *event)
{
	return kind == ADIT_KIND_SERVER && !event->unzoned ? (uint32_t)event->domain_key
							   : event->name_hash;
}

static uint32_t event_weight(const struct adit_event *event)
{
	return event->info_bytes + event->answer_bytes + event->beside_bytes + 2;
}

/* What a message says that its row did not know. */
struct news {
	uint32_t name_bytes; /* information of the name */
	bool answer;         /* is none that the row's record knows */
};

/* Counters that every message moves but one that came a moment ago. */
static void row_count(struct adit_row *row, const struct adit_event *event, struct news news)
{
	add_bytes(&row->info_up, news.name_bytes);
	add_bytes(event->is_query ? &row->info_up : &row->info_down, event->beside_bytes);
	if (event->is_query) {
		row->queries++;
		saturate16(&row->payload_queries, event->payload_type);
	} else {
		row->responses++;
		row->answered += event->answered;
		saturate16(&row->cname_answers, event->cname);
		if (event->answer_digest != 0) {
			uint32_t bytes =
				adit_row_answer(row, event->answer_digest, event->answer_bytes);

			if (row->detail != 0)
				bytes = news.answer ? event->answer_bytes : 0;
			add_bytes(&row->info_down, bytes);
		}
	}
	saturate16(&row->unparsable, event->unparsable);
}

static bool row_knows(const struct adit_row *row, uint32_t hash)
{
	for (uint8_t i = 0; i < row->names; i++)
		if (row->name[i] == hash)
			return true;
	return false;
}

/* So many bytes of a name or an answer are worth a record at once: a handful of such names is all
 * that a quick verdict has. */
#define HEAVY_BYTES 24

/* A record is earned by names or answers that the row cannot hold, by a name that a signature
 * knows, by much in a single message, and by what the key has shown in slices before. */
static bool earns_record(
	const struct adit_event *event, const struct track *track, bool fits, bool varies)
{
	return !fits || event->classes != 0 || varies ||
	       (!event->unparsable &&
		       (event->beside_bytes != 0 || event->info_bytes >= HEAVY_BYTES ||
			       event->payload_bytes >= HEAVY_BYTES ||
			       (track != NULL &&
				       __builtin_popcount(track->names) >= TRACK_EARNED)));
}

/* The name and the second tier. `track` is of the subscriber's key, whatever the kind. */
static struct news row_names(struct adit_shard *shard, enum adit_kind kind, uint32_t number,
	const struct adit_event *event, struct octets *octets, const struct track *track,
	struct adit_window_counters *counters)
{
	struct adit_row *row = &shard->table[kind].rows[number];
	uint32_t hash = member(kind, event);
	bool is_known = event->unparsable || row_knows(row, hash);
	bool fits = is_known || row->names < ADIT_ROW_NAMES;
	bool is_new = !is_known, kept = true;
	bool is_first = row->detail == 0; /* of the record: what the row knows was not looked at */
	struct news news = {.name_bytes = event->info_bytes, .answer = true};
	struct record *record = NULL;

	if (!is_first)
		record = &shard->records[row->detail - 1];
	else if (earns_record(event, track, fits, (row->flags & ADIT_ROW_ANSWERS_MANY) != 0))
		record = record_take(shard, kind, number, event_weight(event), counters);
	if (event->unparsable) {
		is_new = event->classes != 0;
	} else if (record != NULL) {
		enum adit_distinct_added added =
			adit_distinct_add(&record->detail.names, hash, 1, news.name_bytes);

		is_new = added == ADIT_DISTINCT_NEW || is_first;
		kept = added != ADIT_DISTINCT_PASSED;
		/* Of names passed over nobody knows whether they are new: the weight of the row,
		 * by which rows give way, takes their queries for that. */
		is_known = added == ADIT_DISTINCT_AGAIN || (!kept && !event->is_query);
	} else if (!fits) {
		row->flags |= ADIT_ROW_MORE_NAMES;
	}
	/* The first name of a row stands beside it. */
	if (record != NULL && is_new && row->names != 0)
		sample_keep(record, event);
	if (record != NULL)
		news.answer = record_count(&record->detail, kind, event, octets,
			kind != ADIT_KIND_DOMAIN ? track : NULL, is_new, kept);
	if (!event->unparsable && fits && !row_knows(row, hash)) {
		if (row->names == 0 && kind != ADIT_KIND_DOMAIN && event->wire_size > 1)
			sample_set(
				&((struct adit_party *)shard->table[kind].sides + number)->sample,
				event->wire, event->wire_size);
		row->name[row->names++] = hash;
	}
	if (is_known)
		news.name_bytes = 0;
	return news;
}

static void kind_count(struct adit_shard *shard, enum adit_kind kind, uint64_t key,
	const struct adit_event *event, struct octets *octets, const struct track *track,
	struct adit_window_counters *counters)
{
	struct table *table = &shard->table[kind];
	uint32_t number = table_find(table, key), before;
	struct adit_row *row;

	if (number == ROW_NONE) {
		/* What came a moment ago says nothing: it hardly has a claim on another's row. */
		number = row_take(
			shard, kind, key, event->again ? 1 : event_weight(event), counters);
		if (number == ROW_NONE)
			return;
		side_fill(table, kind, number, event);
	} else if (kind != ADIT_KIND_DOMAIN) {
		adit_subscriber_merge(
			&((struct adit_party *)table->sides + number)->who, event->who);
	}
	row = &table->rows[number];
	before = weight_of(row);
	row->flags |= event->unzoned ? ADIT_ROW_UNZONED : 0;
	add_bytes(event->is_query ? &row->bytes_up : &row->bytes_down, event->message_bytes);
	if (event->again) {
		if (row->detail != 0)
			shard->records[row->detail - 1].detail.again++;
		return;
	}
	row_count(row, event, row_names(shard, kind, number, event, octets, track, counters));
	row_gains(table, number, before);
	if (row->detail != 0)
		shard->records_weight[row->detail - 1] = weight_of(row);
}

/* The session: all of a subscriber's DNS, whatever it is about. */
static void session_count(struct adit_shard *shard, const struct adit_event *event,
	struct adit_window_counters *counters)
{
	struct table *table = &shard->table[ADIT_KIND_SESSION];
	uint32_t number = table_find(table, event->who->key);
	uint32_t ms = (uint32_t)(event->ts_ns % ADIT_SLICE_NS / ADIT_NS_PER_MS);
	struct adit_row *row;

	if (number == ROW_NONE) {
		if (table->capacity != 0)
			number = row_take(shard, ADIT_KIND_SESSION, event->who->key, 2, counters);
		if (number == ROW_NONE)
			return;
		side_fill(table, ADIT_KIND_SESSION, number, event);
		table->rows[number].first_ms = ms;
	} else {
		adit_subscriber_merge(
			&((struct adit_party *)table->sides + number)->who, event->who);
	}
	row = &table->rows[number];
	row->last_ms = ms > row->last_ms ? ms : row->last_ms;
	row->queries += event->is_query && !event->again;
	row->responses += !event->is_query && !event->again;
	add_bytes(&table->left[number], !event->again);
	add_bytes(event->is_query ? &row->bytes_up : &row->bytes_down, event->message_bytes);
}

/* Names that weigh as little as those of hosts do are not worth a look, unless answers carry data.
 */
#define LOOK_NAMES     4
#define LOOK_NAME_INFO 20

static bool look_is_due(const struct adit_row *row, const struct record *record)
{
	uint32_t names = record->detail.names.count;

	/* Of more than are kept each query may be for another one. */
	if (!adit_distinct_exact(&record->detail.names) && row->queries > names)
		names = row->queries;
	return record->look_at <= ADIT_LOOK_MOST &&
	       (uint64_t)row->info_up + row->info_down >= record->look_at &&
	       record->detail.names.count >= LOOK_NAMES &&
	       (row->info_up >= LOOK_NAME_INFO * names ||
		       2u * row->payload_queries >= row->queries);
}

/* A copy for the scoring core, where a tunnel may be under way. */
static void look_take(
	struct adit_window *window, struct adit_shard *shard, const struct adit_event *event)
{
	uint32_t number = table_find(&shard->table[ADIT_KIND_PAIR], event->pair_key);
	uint32_t domain = table_find(&shard->table[ADIT_KIND_DOMAIN], event->domain_key);
	const struct adit_row *row;
	struct record *record;
	struct adit_look *look;

	if (number == ROW_NONE || domain == ROW_NONE)
		return;
	row = &shard->table[ADIT_KIND_PAIR].rows[number];
	if (row->detail == 0)
		return;
	record = &shard->records[row->detail - 1];
	if (ADIT_LIKELY(!look_is_due(row, record)))
		return;
	while (record->look_at <= ADIT_LOOK_MOST &&
		record->look_at <= (uint64_t)row->info_up + row->info_down)
		record->look_at *= 2;
	if (shard->looks_left == 0) {
		window->counters.looks_refused++;
		return;
	}
	shard->looks_left--;
	window->counters.looks++;
	look = &window->looks[window->look_count];
	look->ts_ns = event->ts_ns;
	look->judged = false;
	look->row = *row;
	look->detail = record->detail;
	look->party = ((const struct adit_party *)shard->table[ADIT_KIND_PAIR].sides)[number];
	look->domain = ((const struct adit_domain *)shard->table[ADIT_KIND_DOMAIN].sides)[domain];
	window->look_count++;
}

/* Under the keys of a subscriber × domain (and the domain), or of a subscriber × server. */
static void keys_count(struct adit_window *window, struct adit_tracks *tracks, uint32_t at,
	enum adit_kind kind, uint64_t key, const struct adit_event *event, struct octets *octets)
{
	struct adit_shard *shard = &window->shard[at];
	/* What leaves no trace in a track takes nobody's. */
	bool is_traced = !event->again && !event->unparsable;
	struct track *track = tracks == NULL ? NULL
			      : is_traced    ? track_take(tracks, at, key, event->ts_ns)
					     : track_find(tracks, at, key);

	if (kind == ADIT_KIND_PAIR)
		kind_count(shard, ADIT_KIND_DOMAIN, event->domain_key, event, octets, track,
			&window->counters);
	kind_count(shard, kind, key, event, octets, track, &window->counters);
	if (kind == ADIT_KIND_PAIR && !event->again)
		look_take(window, shard, event);
	if (track != NULL && is_traced)
		track_update(track, event, octets);
}

/* By server address the whole name is looked at, as no zone is known to be somebody's. */
static void event_whole(struct adit_event *event)
{
	const uint8_t *at = event->wire, *end = at + event->wire_size - 1;

	event->labels = event->label_max = 0;
	event->registrable_at = (uint8_t)(event->wire_size - 1);
	for (; at < end; at += *at + 1) {
		event->labels++;
		event->label_max = *at > event->label_max ? *at : event->label_max;
	}
	event->subdomain_length = (uint8_t)(event->registrable_at - event->labels);
	event->info_bytes = event->whole_bytes;
}

void adit_window_count(struct adit_window *window, struct adit_tracks *tracks, uint32_t at,
	const struct adit_event *event)
{
	struct octets octets = {.made = false};

	window->counters.queries += event->is_query;
	window->counters.responses += !event->is_query;
	session_count(&window->shard[at], event, &window->counters);
	if (event->domain_key != 0)
		keys_count(window, tracks, at, ADIT_KIND_PAIR, event->pair_key, event, &octets);
	/* By server address only what has no zone to be judged by counts: most subscribers ask
	 * their resolver for nothing else, and need no row there. */
	if (event->by_server) {
		struct adit_event whole = *event;

		if (!event->unparsable)
			event_whole(&whole);
		octets.made = false;
		keys_count(
			window, tracks, at, ADIT_KIND_SERVER, event->server_key, &whole, &octets);
	}
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
	add_bytes(&table->left[number], 1);
	*(event->up ? &row->bytes_up : &row->bytes_down) += event->bytes;
}

void adit_window_prefetch(const struct adit_window *window, const struct adit_tracks *tracks,
	uint32_t at, const struct adit_event *event)
{
	const struct adit_shard *shard = &window->shard[at];

	__builtin_prefetch(bucket_of(&shard->table[ADIT_KIND_SESSION], event->who->key));
	if (event->domain_key != 0) {
		__builtin_prefetch(bucket_of(&shard->table[ADIT_KIND_DOMAIN], event->domain_key));
		__builtin_prefetch(bucket_of(&shard->table[ADIT_KIND_PAIR], event->pair_key));
		if (tracks != NULL)
			track_prefetch_way(tracks, at, event->pair_key);
	}
	if (event->by_server)
		__builtin_prefetch(bucket_of(&shard->table[ADIT_KIND_SERVER], event->server_key));
}

/* Loads the row that a key's bucket names, or any other. */
static ADIT_ALWAYS_INLINE void row_prefetch(const struct table *table, uint64_t key)
{
	const struct bucket *bucket = bucket_of(table, key);
	unsigned same = adit_lanes_equal(bucket->mark, UINT32_MAX, mark_of(table, key));
	uint32_t row = bucket->row[__builtin_ctz(same | 1u << (BUCKET_SLOTS - 1))];

	__builtin_prefetch(&table->rows[row]);
	__builtin_prefetch(&table->left[row]);
}

void adit_window_prefetch_rows(const struct adit_window *window, const struct adit_tracks *tracks,
	uint32_t at, const struct adit_event *event)
{
	const struct adit_shard *shard = &window->shard[at];

	row_prefetch(&shard->table[ADIT_KIND_SESSION], event->who->key);
	if (event->domain_key == 0)
		return;
	row_prefetch(&shard->table[ADIT_KIND_DOMAIN], event->domain_key);
	row_prefetch(&shard->table[ADIT_KIND_PAIR], event->pair_key);
	if (tracks != NULL)
		track_prefetch(tracks, at, event);
}
