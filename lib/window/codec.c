/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fields of windows in the state file. A field that came later stands at its structure's end,
 * behind `if (io->version >= …)`, and the version of the sections that have it goes up by one.
 */
#include "adit_codec.h"

void adit_address_code(struct adit_state_io *io, struct adit_address *address)
{
	bool is_v6 = address->is_v6 != 0;

	adit_state_bool(io, &is_v6);
	if (io->loads)
		*address = (struct adit_address){.is_v6 = is_v6};
	adit_state_bytes(io, address->bytes, is_v6 ? 16 : 4);
}

static void path_code(struct adit_state_io *io, struct adit_path *path)
{
	adit_state_bool(io, &path->known);
	if (!path->known)
		return;
	adit_address_code(io, &path->radio);
	adit_address_code(io, &path->core);
	adit_state_u32(io, &path->teid);
	adit_state_u64(io, &path->first_ns);
	adit_state_u64(io, &path->last_ns);
}

void adit_subscriber_code(struct adit_state_io *io, struct adit_subscriber *who)
{
	if (io->loads)
		memset(who, 0, sizeof(*who));
	adit_state_u64(io, &who->key);
	adit_address_code(io, &who->address);
	adit_state_bool(io, &who->has_core);
	if (who->has_core)
		adit_address_code(io, &who->core);
	adit_state_u8(io, &who->tap);
	adit_state_u16(io, &who->vlan);
	adit_state_u16(io, &who->vlan_inner);
	for (int direction = ADIT_UP; direction <= ADIT_DOWN; direction++)
		path_code(io, &who->path[direction]);
}

void adit_sample_code(struct adit_state_io *io, struct adit_sample *sample)
{
	adit_state_u8(io, &sample->size);
	adit_state_bytes(io, sample->wire, sample->size);
}

void adit_distinct_code(struct adit_state_io *io, struct adit_distinct *set)
{
	if (io->loads)
		memset(set, 0, sizeof(*set));
	adit_state_count(io, &set->count, ADIT_DISTINCT_KEPT);
	adit_state_u32(io, &set->greatest);
	if (io->loads && set->greatest != 0 && set->count != ADIT_DISTINCT_KEPT)
		adit_state_refuse(io, "a sample that is not exact has 64 members");
	for (uint32_t i = 0; i < set->count; i++)
		adit_state_u32(
			io, &set->group[i / ADIT_DISTINCT_GROUP].hash[i % ADIT_DISTINCT_GROUP]);
	for (uint32_t i = 0; i < set->count; i++)
		adit_state_u16(
			io, &set->group[i / ADIT_DISTINCT_GROUP].times[i % ADIT_DISTINCT_GROUP]);
	for (uint32_t i = 0; i < set->count; i++)
		adit_state_u16(
			io, &set->group[i / ADIT_DISTINCT_GROUP].bytes[i % ADIT_DISTINCT_GROUP]);
}

void adit_map_code(struct adit_state_io *io, struct adit_map *map)
{
	for (int i = 0; i < ADIT_MAP_WORDS; i++)
		adit_state_u64(io, &map->bits[i]);
}

void adit_row_code(struct adit_state_io *io, struct adit_row *row)
{
	adit_state_u32(io, &row->queries);
	adit_state_u32(io, &row->responses);
	adit_state_u32(io, &row->bytes_up);
	adit_state_u32(io, &row->bytes_down);
	adit_state_u32(io, &row->info_up);
	adit_state_u32(io, &row->info_down);
	for (int i = 0; i < ADIT_ROW_NAMES; i++)
		adit_state_u32(io, &row->name[i]);
	adit_state_u32(io, &row->answer);
	adit_state_u32(io, &row->answered);
	adit_state_u16(io, &row->payload_queries);
	adit_state_u16(io, &row->cname_answers);
	adit_state_u16(io, &row->unparsable);
	adit_state_u8(io, &row->names);
	adit_state_u8(io, &row->flags);
	if (io->loads && row->names > ADIT_ROW_NAMES)
		adit_state_refuse(io, "a row has 3 names at most");
}

static void detail_names_code(struct adit_state_io *io, struct adit_detail *detail)
{
	adit_distinct_code(io, &detail->names);
	adit_distinct_code(io, &detail->answers);
	adit_state_u64(io, &detail->beside[ADIT_UP]);
	adit_state_u64(io, &detail->beside[ADIT_DOWN]);
	adit_state_u32(io, &detail->looked_at);
	adit_state_sparse(io, detail->class_names, ADIT_CLASS_COUNT);
	adit_state_u32(io, &detail->length_sum);
	adit_state_u32(io, &detail->label_sum);
	adit_state_u32(io, &detail->label_square_sum);
	adit_state_u64(io, &detail->length_square_sum);
	adit_state_u64(io, &detail->piece_square_sum);
	adit_state_sparse(io, detail->octets, ADIT_OCTET_COUNT);
	adit_state_u32(io, &detail->upper);
	adit_state_u64(io, &detail->bigram_sum);
	adit_state_sparse(io, detail->agree_head, ADIT_FIELD_SIZE);
	adit_state_sparse(io, detail->agree_tail, ADIT_FIELD_SIZE);
	adit_state_u32(io, &detail->compared);
	adit_state_u8(io, &detail->length_max);
	adit_state_u8(io, &detail->label_max);
	adit_state_u32(io, &detail->addressed);
	adit_state_u32(io, &detail->odd_addresses);
	adit_state_u32(io, &detail->addresses);
	adit_map_code(io, &detail->targets);
	adit_map_code(io, &detail->networks);
}

static void detail_messages_code(struct adit_state_io *io, struct adit_detail *detail)
{
	adit_state_u32(io, &detail->queries);
	adit_state_u32(io, &detail->responses);
	adit_state_u32(io, &detail->again);
	adit_state_sparse(io, detail->type, ADIT_GROUP_COUNT);
	adit_state_sparse(io, detail->rcode, ADIT_RCODE_BINS);
	adit_state_u32(io, &detail->payload_queries);
	adit_state_u32(io, &detail->cname_answers);
	adit_state_u32(io, &detail->answered);
	adit_state_u32(io, &detail->empty);
	adit_state_u32(io, &detail->unzoned_answered);
	adit_state_sparse(io, detail->response_size, ADIT_SIZE_BINS);
	adit_state_u64(io, &detail->response_sum);
	adit_state_u64(io, &detail->response_square_sum);
	adit_state_u64(io, &detail->payload_sum);
	adit_state_u64(io, &detail->payload_square_sum);
	adit_state_sparse(io, detail->ttl, ADIT_TTL_BINS);
}

static void detail_order_code(struct adit_state_io *io, struct adit_detail *detail)
{
	adit_state_sparse(io, detail->gap, ADIT_GAP_BINS);
	adit_state_u32(io, &detail->gaps);
	adit_state_u32(io, &detail->gap_same);
	adit_state_sparse(io, detail->wait, ADIT_GAP_BINS);
	adit_state_u32(io, &detail->in_step);
	adit_state_u32(io, &detail->id_steps);
	adit_state_u32(io, &detail->id_step_same);
	adit_state_u16(io, &detail->id_step);
	adit_state_u32(io, &detail->port_same);
	adit_state_u32(io, &detail->edns);
	adit_state_u32(io, &detail->edns_same);
	adit_state_u32(io, &detail->edns_seen);
}

/* Seconds are of domains in a slice: most records have none. */
static void seconds_code(struct adit_state_io *io, struct adit_detail *detail)
{
	uint16_t used = 0;

	for (int group = 0; !io->loads && group < ADIT_GROUP_COUNT; group++)
		for (int i = 0; i < ADIT_SLICE_SECONDS; i++)
			if (detail->second[group][i] != 0)
				used = (uint16_t)(used | 1u << group);
	adit_state_u16(io, &used);
	for (int group = 0; group < ADIT_GROUP_COUNT; group++) {
		if (used >> group & 1)
			adit_state_bytes(io, detail->second[group], sizeof(detail->second[group]));
		else if (io->loads)
			memset(detail->second[group], 0, sizeof(detail->second[group]));
	}
}

void adit_detail_code(struct adit_state_io *io, struct adit_detail *detail)
{
	if (io->loads)
		memset(detail, 0, sizeof(*detail));
	detail_names_code(io, detail);
	detail_messages_code(io, detail);
	detail_order_code(io, detail);
	seconds_code(io, detail);
}
