/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Merging what slices counted. Every field is a sum, a maximum or a set, so merging is associative
 * and, but for `previous`, `last_…` and samples (the later one or the first few win), commutative.
 */
#include "adit_summary.h"

static uint16_t add16(uint16_t a, uint16_t b)
{
	uint32_t sum = (uint32_t)a + b;

	return sum > UINT16_MAX ? UINT16_MAX : (uint16_t)sum;
}

static uint32_t add32(uint32_t a, uint32_t b)
{
	return a + b < a ? UINT32_MAX : a + b;
}

bool adit_row_merge(struct adit_row *into, const struct adit_row *from)
{
	bool fits = true;

	into->queries = add32(into->queries, from->queries);
	into->responses = add32(into->responses, from->responses);
	into->bytes_up = add32(into->bytes_up, from->bytes_up);
	into->bytes_down = add32(into->bytes_down, from->bytes_down);
	into->info_up = add32(into->info_up, from->info_up);
	into->info_down = add32(into->info_down, from->info_down);
	into->answered = add32(into->answered, from->answered);
	into->payload_queries = add16(into->payload_queries, from->payload_queries);
	into->cname_answers = add16(into->cname_answers, from->cname_answers);
	into->unparsable = add16(into->unparsable, from->unparsable);
	into->flags |= from->flags;
	for (uint8_t i = 0; i < from->names; i++) {
		uint8_t at = 0;

		while (at < into->names && into->name[at] != from->name[i])
			at++;
		if (at < into->names)
			continue;
		if (into->names < ADIT_ROW_NAMES)
			into->name[into->names++] = from->name[i];
		else
			fits = false;
	}
	return fits;
}

static void add_all(uint32_t *into, const uint32_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		into[i] = add32(into[i], from[i]);
}

/* Everything but the set of names and the samples. */
static void detail_add(struct adit_detail *into, const struct adit_detail *from)
{
	into->looked_at = add32(into->looked_at, from->looked_at);
	into->queries = add32(into->queries, from->queries);
	into->responses = add32(into->responses, from->responses);
	add_all(into->type, from->type, ADIT_GROUP_COUNT);
	add_all(into->rcode, from->rcode, ADIT_RCODE_BINS);
	into->payload_queries = add32(into->payload_queries, from->payload_queries);
	into->cname_answers = add32(into->cname_answers, from->cname_answers);
	into->answered = add32(into->answered, from->answered);
	add_all(into->response_size, from->response_size, ADIT_SIZE_BINS);
	into->ttl_low = add32(into->ttl_low, from->ttl_low);
	add_all(into->class_names, from->class_names, ADIT_CLASS_COUNT);
	into->length_sum = add32(into->length_sum, from->length_sum);
	into->label_sum = add32(into->label_sum, from->label_sum);
	into->length_square_sum += from->length_square_sum;
	add_all(into->chars, from->chars, ADIT_CHAR_COUNT);
	if (from->length_max > into->length_max)
		into->length_max = from->length_max;
	if (from->label_max > into->label_max)
		into->label_max = from->label_max;
	add_all(into->agree, from->agree, ADIT_FIELD_SIZE);
	into->compared = add32(into->compared, from->compared);
	add_all(into->gap, from->gap, ADIT_GAP_BINS);
	into->id_steps = add32(into->id_steps, from->id_steps);
	into->id_step_same = add32(into->id_step_same, from->id_step_same);
	into->edns_seen = add32(into->edns_seen, from->edns_seen);
	into->edns_same = add32(into->edns_same, from->edns_same);
	/* Of the last step and OPT, the later with the better support stands for the whole. */
	if (from->id_steps != 0 && (from->id_step_same != 0 || into->id_step_same == 0))
		into->id_step = from->id_step;
	if (from->edns != 0)
		into->edns = from->edns;
}

void adit_detail_merge(struct adit_detail *into, const struct adit_detail *from)
{
	detail_add(into, from);
	adit_names_merge(&into->names, &from->names);
	for (uint8_t i = 0; i < from->sample_count && into->sample_count < ADIT_DETAIL_SAMPLES; i++)
		into->sample[into->sample_count++] = from->sample[i];
}

void adit_sum_clear(struct adit_sum *sum)
{
	/* The samples, half of the size, are guarded by their count. */
	memset(sum, 0, offsetof(struct adit_sum, detail) + offsetof(struct adit_detail, sample));
}

void adit_sum_add(struct adit_sum *sum, const struct adit_row *row,
	const struct adit_detail *detail, uint32_t first_slice, uint32_t last_slice)
{
	sum->queries += row->queries;
	sum->responses += row->responses;
	sum->bytes_up += row->bytes_up;
	sum->bytes_down += row->bytes_down;
	sum->info_up += row->info_up;
	sum->info_down += row->info_down;
	sum->answered += row->answered;
	sum->payload_queries += row->payload_queries;
	sum->cname_answers += row->cname_answers;
	sum->unparsable += row->unparsable;
	if (sum->windows++ == 0 || first_slice < sum->first_slice)
		sum->first_slice = first_slice;
	if (last_slice > sum->last_slice)
		sum->last_slice = last_slice;
	for (uint8_t i = 0; i < row->names; i++)
		adit_names_add(&sum->names, row->name[i]);
	if (detail != NULL) {
		adit_names_merge(&sum->names, &detail->names);
		detail_add(&sum->detail, detail);
	}
	sum->more_names |= (row->flags & ADIT_ROW_MORE_NAMES) != 0;
	sum->unzoned |= (row->flags & ADIT_ROW_UNZONED) != 0;
}
