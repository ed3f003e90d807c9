/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Values that are more than a number in a record: texts, times, what a name looks like.
 */
#include "adit_columns.h"
#include "adit_naming.h"
#include "columns_priv.h"

#include <arpa/inet.h>
#include <math.h>
#include <time.h>

#define GETTER(name)                                                                         \
	void adit_get_##name(const struct adit_view *view, const struct adit_column *column, \
		struct adit_cell *cell)

static void number(struct adit_cell *cell, int64_t value)
{
	cell->kind = ADIT_CELL_NUMBER;
	cell->number = value;
}

static void text_put(struct adit_cell *cell, const char *text, size_t size)
{
	cell->kind = ADIT_CELL_TEXT;
	cell->text = text;
	cell->size = (uint32_t)size;
}

/* Room for a text that lasts as long as the row; the arena has room for every column's. */
static char *room_take(const struct adit_view *view, size_t size)
{
	struct adit_view *own = (struct adit_view *)view;
	char *room = own->arena + own->arena_used;

	if (own->arena_used + size > sizeof(own->arena)) {
		own->arena_used = 0;
		room = own->arena;
	}
	own->arena_used += size;
	return room;
}

static void address_put(
	const struct adit_view *view, const struct adit_address *address, struct adit_cell *cell)
{
	char *room = room_take(view, INET6_ADDRSTRLEN), *at = room;

	if (address->is_v6) {
		inet_ntop(AF_INET6, address->bytes, room, INET6_ADDRSTRLEN);
		text_put(cell, room, strlen(room));
		return;
	}
	/* A row has many of these. */
	for (int i = 0; i < 4; i++) {
		unsigned octet = address->bytes[i];

		if (octet >= 100)
			*at++ = (char)('0' + octet / 100);
		if (octet >= 10)
			*at++ = (char)('0' + octet / 10 % 10);
		*at++ = (char)('0' + octet % 10);
		if (i < 3)
			*at++ = '.';
	}
	text_put(cell, room, (size_t)(at - room));
}

GETTER(address)
{
	const char *record = (const char *)view->parts[column->part];

	if (record != NULL)
		address_put(view, (const struct adit_address *)(record + column->offset), cell);
}

GETTER(time)
{
	struct adit_view *own = (struct adit_view *)view;
	uint64_t ns = view->row->query.ts_ns;
	time_t second = (time_t)(ns / ADIT_NS_PER_S);
	unsigned fraction = (unsigned)(ns % ADIT_NS_PER_S);
	char *room = room_take(view, sizeof(own->second_text) + 11);
	struct tm tm;

	/* Many rows are of the same second. */
	if (own->second_size == 0 || own->second != (int64_t)second) {
		gmtime_r(&second, &tm);
		own->second_size = strftime(
			own->second_text, sizeof(own->second_text), "%Y-%m-%dT%H:%M:%S.", &tm);
		own->second = (int64_t)second;
	}
	memcpy(room, own->second_text, own->second_size);
	for (int i = 8; i >= 0; i--, fraction /= 10)
		room[own->second_size + (size_t)i] = (char)('0' + fraction % 10);
	room[own->second_size + 9] = 'Z';
	text_put(cell, room, own->second_size + 10);
}

GETTER(capture)
{
	const char *name = view->captures[view->row->capture];

	text_put(cell, name, strlen(name));
}

GETTER(vlan)
{
	if (view->row->context.vlan != 0)
		number(cell, view->row->context.vlan);
}

GETTER(vlan_inner)
{
	if (view->row->context.vlan_inner != 0)
		number(cell, view->row->context.vlan_inner);
}

GETTER(gtpu)
{
	number(cell, view->row->context.has_tunnel);
}

GETTER(teid_uplink)
{
	if (view->row->context.has_tunnel)
		number(cell, view->row->context.teid);
}

GETTER(teid_downlink)
{
	if (view->row->back.has_tunnel)
		number(cell, view->row->back.teid);
}

GETTER(outer)
{
	if (view->row->context.has_tunnel)
		address_put(view, &view->row->context.radio, cell);
}

GETTER(outer_core)
{
	if (view->row->context.has_tunnel)
		address_put(view, &view->row->context.core, cell);
}

GETTER(qname)
{
	text_put(cell, view->qname, view->qname_size);
}

/* It is the end of the name's text; how long, its octets' text says. */
GETTER(domain)
{
	const struct adit_name *name = view->row->name;
	unsigned at = view->registrable.offset;
	char *room;

	if (view->registrable.labels == 0)
		return;
	room = room_take(view, 4u * (name->size - at) + 1);
	text_put(cell, room,
		adit_name_to_text(
			name->lower + at, name->size - at, room, 4u * (name->size - at) + 1));
}

GETTER(qname_bytes)
{
	number(cell, view->row->name->size);
}

GETTER(qname_labels)
{
	number(cell, view->row->name->labels);
}

GETTER(qname_longest)
{
	number(cell, view->shape.longest);
}

GETTER(qname_first)
{
	number(cell, view->row->name->wire[0]);
}

GETTER(qname_below_bytes)
{
	if (view->registrable.labels != 0)
		number(cell, view->registrable.offset);
}

GETTER(qname_below_labels)
{
	if (view->registrable.labels != 0)
		number(cell, view->row->name->labels - view->registrable.labels);
}

GETTER(qname_entropy)
{
	cell->kind = ADIT_CELL_REAL;
	cell->real = view->shape.entropy;
}

GETTER(qname_distinct)
{
	number(cell, view->shape.distinct);
}

GETTER(qname_digits)
{
	number(cell, view->shape.digits);
}

GETTER(qname_upper)
{
	number(cell, view->shape.upper);
}

GETTER(qname_other)
{
	number(cell, view->shape.other);
}

GETTER(qtype_name)
{
	char *room = room_take(view, 12);
	const char *text = adit_dns_type_text(view->row->qtype, room);

	text_put(cell, text, strlen(text));
}

GETTER(outcome)
{
	const char *text = adit_query_ends[view->row->outcome].name;

	text_put(cell, text, strlen(text));
}

GETTER(match)
{
	const char *text = adit_matches[view->row->match].name;

	text_put(cell, text, strlen(text));
}

static void since(struct adit_cell *cell, uint64_t from, uint64_t to)
{
	if (from != 0 && to != 0)
		number(cell, (int64_t)(to - from));
}

GETTER(latency)
{
	since(cell, view->row->query.ts_ns, view->row->response.ts_ns);
}

GETTER(last_latency)
{
	const struct adit_query *row = view->row;

	/* The retry over TCP may have had no answer: the one that counts is older. */
	if (!row->tcp_retry || row->tcp_answered)
		since(cell, row->last_query_ns, row->response.ts_ns);
}

GETTER(first_latency)
{
	since(cell, view->row->query.ts_ns, view->row->first_response_ns);
}

GETTER(server_delay)
{
	since(cell, view->row->query.ts_ns, view->row->server_query.ts_ns);
}

GETTER(server_latency)
{
	since(cell, view->row->server_query.ts_ns, view->row->server_response.ts_ns);
}

GETTER(label_rcode)
{
	if (view->row->response.ts_ns != 0)
		number(cell, view->row->response.flags & 15);
}

static void shape_make(struct adit_view *view)
{
	const struct adit_name *name = view->row->name;
	unsigned count[256] = {0}, total = 0;

	memset(&view->shape, 0, sizeof(view->shape));
	for (unsigned label = 0; label < name->labels; label++) {
		const uint8_t *at = name->wire + name->label_at[label];

		if (*at > view->shape.longest)
			view->shape.longest = *at;
		for (unsigned i = 1; i <= *at; i++) {
			uint8_t octet = at[i];
			bool upper = octet >= 'A' && octet <= 'Z';
			bool digit = octet >= '0' && octet <= '9';
			bool lower = octet >= 'a' && octet <= 'z';

			view->shape.upper += upper;
			view->shape.digits += digit;
			view->shape.other +=
				!upper && !digit && !lower && octet != '-' && octet != '_';
			count[upper ? octet + 32 : octet]++;
			total++;
		}
	}
	for (unsigned i = 0; i < 256; i++) {
		double share;

		if (count[i] == 0)
			continue;
		share = (double)count[i] / total;
		view->shape.distinct++;
		view->shape.entropy -= share * log2(share);
	}
	/* More digits say nothing. One octet again and again is 0, and not -0. */
	view->shape.entropy = round(view->shape.entropy * 1e6) / 1e6 + 0.0;
}

static const struct adit_facts *present(const struct adit_facts *facts)
{
	return facts->ts_ns != 0 ? facts : NULL;
}

bool adit_view_row(struct adit_view *view, const struct adit_query *row)
{
	const struct adit_name *name = row->name;

	view->row = row;
	view->arena_used = 0;
	view->parts[PART_CLIENT] = &row->query;
	view->parts[PART_RESPONSE] = present(&row->response);
	view->parts[PART_SERVER] = present(&row->server_query);
	view->parts[PART_SERVER_RESPONSE] = present(&row->server_response);
	view->parts[PART_FEATURE] =
		view->has_server ? view->parts[PART_SERVER] : view->parts[PART_CLIENT];
	view->qname_size =
		adit_name_to_text(name->wire, name->size, view->qname, sizeof(view->qname));
	view->lower_size =
		adit_name_to_text(name->lower, name->size, view->lower, sizeof(view->lower));
	memset(&view->registrable, 0, sizeof(view->registrable));
	if (view->suffixes != NULL)
		adit_suffix_find(view->suffixes, name, &view->registrable);
	shape_make(view);
	return view->naming == NULL ||
	       adit_naming_apply(view->naming, view->lower, view->lower_size);
}
