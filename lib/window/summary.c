/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Merging what slices counted. Every field is a sum, a maximum or a sample of a set, so merging is
 * associative and, but for the last step, OPT and answer, commutative.
 */
#include "adit_summary.h"

#include <math.h>

static uint16_t add16(uint16_t a, uint16_t b)
{
	uint32_t sum = (uint32_t)a + b;

	return sum > UINT16_MAX ? UINT16_MAX : (uint16_t)sum;
}

static uint32_t add32(uint32_t a, uint32_t b)
{
	return a + b < a ? UINT32_MAX : a + b;
}

static uint32_t more32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Takes over names, and tells how many were new; returns how many of them have no room. */
static uint8_t row_take_names(
	struct adit_row *into, const struct adit_row *from, uint8_t *new_names)
{
	uint8_t left_out = 0;

	*new_names = 0;
	for (uint8_t i = 0; i < from->names; i++) {
		uint8_t at = 0;

		while (at < into->names && into->name[at] != from->name[i])
			at++;
		if (at < into->names)
			continue;
		(*new_names)++;
		if (into->names < ADIT_ROW_NAMES)
			into->name[into->names++] = from->name[i];
		else
			left_out++;
	}
	return left_out;
}

/*
 * Hosts have a few answers that stay the same: three names, each asked for an IPv4 and an IPv6
 * address and for a service, have nine. They are known again by their places. As some share one, a
 * new answer is taken for a known one with a probability of known places / 32; those that are seen
 * to be new count for those that are not. Beyond nine places nobody knows what is new, and all
 * counts.
 */
#define PLACES             32
#define ANSWERS_TOLD_APART 9
/* So many bytes of answers that a row cannot tell apart are worth a record. */
#define ANSWERS_HEAVY 256

static uint32_t answer_places(const struct adit_row *row)
{
	if (row->answer == 0 || row->flags & ADIT_ROW_ANSWERS_VARY)
		return row->answer;
	return 1u << (row->answer >> 27);
}

/* Bytes of answers of which a share is seen to be new, beside so many known places. */
static uint32_t answers_new(uint64_t bytes, unsigned new_ones, unsigned all, unsigned known)
{
	return (uint32_t)((bytes * new_ones * PLACES + all * (PLACES - known) - 1) /
			  (all * (PLACES - known)));
}

static void answers_take(struct adit_row *row, uint32_t places)
{
	row->answer = answer_places(row) | places;
	row->flags |= ADIT_ROW_ANSWERS_VARY;
	if (__builtin_popcount(row->answer) > ANSWERS_TOLD_APART)
		row->flags |= ADIT_ROW_ANSWERS_MANY;
}

uint32_t adit_row_answer(struct adit_row *row, uint32_t digest, uint32_t bytes)
{
	uint32_t known, place = 1u << (digest >> 27);

	if (digest == row->answer && !(row->flags & ADIT_ROW_ANSWERS_VARY))
		return 0;
	if (row->answer == 0) {
		row->answer = digest;
		return bytes;
	}
	if (row->flags & ADIT_ROW_ANSWERS_MANY)
		return bytes;
	/* A second answer is told from the first by the whole digest. */
	known = row->flags & ADIT_ROW_ANSWERS_VARY ? row->answer : 0;
	answers_take(row, place);
	if (known & place)
		return 0;
	return answers_new(bytes, 1, 1, (unsigned)__builtin_popcount(known));
}

/* Takes over the answers; returns the bytes of those that were not known. What a row with a record
 * or of other traffic has is more than answers: all of it counts. */
static uint32_t row_take_answers(struct adit_row *into, const struct adit_row *from)
{
	uint32_t known = answer_places(into), places = answer_places(from);
	uint8_t flags = into->flags | from->flags;
	unsigned new_ones = (unsigned)__builtin_popcount(places & ~known);
	uint32_t bytes = from->info_down;

	if (places == 0)
		return bytes;
	if (into->answer == 0) {
		into->answer = from->answer;
		return bytes;
	}
	if (!(flags & ADIT_ROW_ANSWERS_VARY)) {
		if (into->answer == from->answer)
			return from->unparsable != 0 || from->detail != 0 ? bytes : 0;
		answers_take(into, places);
		return bytes;
	}
	answers_take(into, places);
	if (from->unparsable != 0 || from->detail != 0 || flags & ADIT_ROW_ANSWERS_MANY)
		return bytes;
	return answers_new(bytes, new_ones, (unsigned)__builtin_popcount(places),
		(unsigned)__builtin_popcount(known));
}

bool adit_row_merge(struct adit_row *into, const struct adit_row *from)
{
	uint8_t new_names, left_out = row_take_names(into, from, &new_names);
	uint64_t info_up = from->info_up;

	/* Names and answers that are known already are no more information. What a row with a
	 * record knows is not all that it has: its information is an upper bound then. */
	if (from->names != 0 && from->unparsable == 0 && from->detail == 0 &&
		!(from->flags & ADIT_ROW_MORE_NAMES))
		info_up = info_up * new_names / from->names;
	into->info_up = add32(into->info_up, (uint32_t)info_up);
	into->info_down = add32(into->info_down, row_take_answers(into, from));
	into->queries = add32(into->queries, from->queries);
	into->responses = add32(into->responses, from->responses);
	into->bytes_up = add32(into->bytes_up, from->bytes_up);
	into->bytes_down = add32(into->bytes_down, from->bytes_down);
	into->answered = add32(into->answered, from->answered);
	into->payload_queries = add16(into->payload_queries, from->payload_queries);
	into->cname_answers = add16(into->cname_answers, from->cname_answers);
	into->unparsable = add16(into->unparsable, from->unparsable);
	into->flags |= from->flags;
	return left_out == 0 &&
	       !(into->flags & ADIT_ROW_ANSWERS_MANY && into->info_down >= ANSWERS_HEAVY);
}

static void add_all(uint32_t *into, const uint32_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		into[i] = add32(into[i], from[i]);
}

static void map_merge(struct adit_map *into, const struct adit_map *from)
{
	for (int i = 0; i < ADIT_MAP_WORDS; i++)
		into->bits[i] |= from->bits[i];
}

double adit_map_number(const struct adit_map *map)
{
	const double places = 64 * ADIT_MAP_WORDS;
	int used = 0;

	for (int i = 0; i < ADIT_MAP_WORDS; i++)
		used += __builtin_popcountll(map->bits[i]);
	/* A full map stands for the number at which the last place is expected to be free. */
	return places * log(places / (used < (int)places ? places - used : 0.5));
}

static void names_merge(struct adit_detail *into, const struct adit_detail *from)
{
	adit_distinct_merge(&into->names, &from->names);
	adit_distinct_merge(&into->answers, &from->answers);
	into->beside[ADIT_UP] += from->beside[ADIT_UP];
	into->beside[ADIT_DOWN] += from->beside[ADIT_DOWN];
	into->looked_at = add32(into->looked_at, from->looked_at);
	add_all(into->class_names, from->class_names, ADIT_CLASS_COUNT);
	into->length_sum = add32(into->length_sum, from->length_sum);
	into->label_sum = add32(into->label_sum, from->label_sum);
	into->label_square_sum = add32(into->label_square_sum, from->label_square_sum);
	into->length_square_sum += from->length_square_sum;
	into->piece_square_sum += from->piece_square_sum;
	add_all(into->octets, from->octets, ADIT_OCTET_COUNT);
	into->upper = add32(into->upper, from->upper);
	into->bigram_sum += from->bigram_sum;
	add_all(into->agree_head, from->agree_head, ADIT_FIELD_SIZE);
	add_all(into->agree_tail, from->agree_tail, ADIT_FIELD_SIZE);
	into->compared = add32(into->compared, from->compared);
	if (from->length_max > into->length_max)
		into->length_max = from->length_max;
	if (from->label_max > into->label_max)
		into->label_max = from->label_max;
}

static void messages_merge(struct adit_detail *into, const struct adit_detail *from)
{
	into->addressed = add32(into->addressed, from->addressed);
	into->addresses = add32(into->addresses, from->addresses);
	into->odd_addresses = add32(into->odd_addresses, from->odd_addresses);
	map_merge(&into->targets, &from->targets);
	map_merge(&into->networks, &from->networks);
	into->queries = add32(into->queries, from->queries);
	into->responses = add32(into->responses, from->responses);
	into->again = add32(into->again, from->again);
	add_all(into->type, from->type, ADIT_GROUP_COUNT);
	add_all(into->rcode, from->rcode, ADIT_RCODE_BINS);
	into->payload_queries = add32(into->payload_queries, from->payload_queries);
	into->cname_answers = add32(into->cname_answers, from->cname_answers);
	into->answered = add32(into->answered, from->answered);
	into->empty = add32(into->empty, from->empty);
	into->unzoned_answered = add32(into->unzoned_answered, from->unzoned_answered);
	add_all(into->response_size, from->response_size, ADIT_SIZE_BINS);
	into->response_sum += from->response_sum;
	into->response_square_sum += from->response_square_sum;
	into->payload_sum += from->payload_sum;
	into->payload_square_sum += from->payload_square_sum;
	add_all(into->ttl, from->ttl, ADIT_TTL_BINS);
}

static void order_merge(struct adit_detail *into, const struct adit_detail *from)
{
	add_all(into->gap, from->gap, ADIT_GAP_BINS);
	into->gaps = add32(into->gaps, from->gaps);
	into->gap_same = add32(into->gap_same, from->gap_same);
	add_all(into->wait, from->wait, ADIT_GAP_BINS);
	into->in_step = add32(into->in_step, from->in_step);
	/* Of the last step and OPT, the later with the better support stands for the whole. */
	if (from->id_steps != 0 && (from->id_step_same != 0 || into->id_step_same == 0))
		into->id_step = from->id_step;
	into->id_steps = add32(into->id_steps, from->id_steps);
	into->id_step_same = add32(into->id_step_same, from->id_step_same);
	into->port_same = add32(into->port_same, from->port_same);
	if (from->edns != 0)
		into->edns = from->edns;
	into->edns_seen = add32(into->edns_seen, from->edns_seen);
	into->edns_same = add32(into->edns_same, from->edns_same);
	for (int group = 0; group < ADIT_GROUP_COUNT; group++)
		for (int i = 0; i < ADIT_SLICE_SECONDS; i++)
			into->second[group][i] =
				add16(into->second[group][i], from->second[group][i]);
}

void adit_detail_merge(struct adit_detail *into, const struct adit_detail *from)
{
	names_merge(into, from);
	messages_merge(into, from);
	order_merge(into, from);
}

/* The answers that a row knows are one member; several by their places, so that those that come
 * together again count once. */
static void answers_from_row(struct adit_detail *detail, const struct adit_row *row)
{
	uint32_t member = row->answer, left = row->info_down;

	if (row->unparsable == 0 && member != 0) {
		if (row->flags & ADIT_ROW_ANSWERS_VARY)
			member = member * 0x9e3779b1u ^ member >> 15;
		adit_distinct_add(&detail->answers, member, 1, left);
		left = left > UINT16_MAX ? left - UINT16_MAX : 0;
	}
	detail->beside[ADIT_DOWN] += left;
}

void adit_detail_from_row(struct adit_detail *detail, const struct adit_row *row)
{
	uint32_t messages = row->queries + row->responses;

	/* What is no DNS cannot be told from the rest any more: all of it counts. */
	if (row->unparsable != 0 || row->names == 0)
		detail->beside[ADIT_UP] += row->info_up;
	for (uint8_t i = 0; i < row->names; i++)
		adit_distinct_add(&detail->names, row->name[i],
			messages > row->names ? messages / row->names : 1,
			row->unparsable != 0
				? 0
				: row->info_up / row->names + (i < row->info_up % row->names));
	answers_from_row(detail, row);
}

void adit_sum_clear(struct adit_sum *sum)
{
	memset(sum, 0, sizeof(*sum));
}

void adit_sum_add(struct adit_sum *sum, const struct adit_row *row,
	const struct adit_detail *detail, uint32_t first_slice, uint32_t last_slice)
{
	sum->queries += row->queries;
	sum->responses += row->responses;
	sum->bytes_up += row->bytes_up;
	sum->bytes_down += row->bytes_down;
	sum->answered += row->answered;
	/* Those of a row saturate, those of a record began with it. */
	sum->payload_queries +=
		more32(row->payload_queries, detail != NULL ? detail->payload_queries : 0);
	sum->cname_answers +=
		more32(row->cname_answers, detail != NULL ? detail->cname_answers : 0);
	sum->unparsable += row->unparsable;
	if (sum->windows++ == 0 || first_slice < sum->first_slice)
		sum->first_slice = first_slice;
	if (last_slice > sum->last_slice)
		sum->last_slice = last_slice;
	if (detail != NULL)
		adit_detail_merge(&sum->detail, detail);
	else
		adit_detail_from_row(&sum->detail, row);
	sum->more_names |= (row->flags & ADIT_ROW_MORE_NAMES) != 0;
	sum->unzoned |= (row->flags & ADIT_ROW_UNZONED) != 0;
}
