/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What becomes of pieces: held, known, refused, passed, or a whole datagram. The bytes of one are
 * datagram.c, all that wait are table.c, what is kept of those that are no DNS is kept.c.
 */
#include "adit_reassembly.h"

#include "table_priv.h"

#define DATAGRAMS_MAX (1u << 24) /* a terabyte; entries and buckets are numbered with 32 bits */

size_t adit_reassembly_bytes(const struct adit_reassembly_params *params)
{
	return table_bytes(params);
}

struct adit_reassembly *adit_reassembly_create(
	const struct adit_reassembly_params *params, const struct adit_allocator *allocator)
{
	struct adit_reassembly *r;

	if (params->datagrams == 0 || params->datagrams > DATAGRAMS_MAX)
		return NULL;
	r = adit_alloc(allocator, sizeof(*r), ADIT_CACHE_LINE);
	if (r == NULL)
		return NULL;
	r->params = *params;
	r->allocator = adit_allocator_copy(allocator);
	if (!table_make(r, allocator)) {
		adit_reassembly_destroy(r);
		return NULL;
	}
	return r;
}

void adit_reassembly_destroy(struct adit_reassembly *r)
{
	struct adit_allocator copy, *allocator = &copy;

	if (r == NULL)
		return;
	copy = r->allocator;
	table_free(r, allocator);
	adit_free(allocator, r);
}

void adit_reassembly_set_ports(struct adit_reassembly *r, const struct adit_ports *ports)
{
	r->params.ports = ports;
}

/* A datagram in a tunnel that is not the network's, of which the IP header at who_offset is: what
 * its sender makes up must not meet with anybody else's. */
static void key_add_tunnel(const struct adit_reassembly *r, const struct adit_frame *frame,
	const struct adit_packet *packet, struct key *key)
{
	struct adit_address source, destination;

	adit_packet_client(frame, packet, true, &source);
	adit_packet_client(frame, packet, false, &destination);
	memcpy(key->peer, source.bytes, sizeof(key->peer));
	key->teid =
		(uint32_t)adit_hash(r->params.key, destination.bytes, sizeof(destination.bytes));
	key->layers |= source.is_v6 ? KEY_TUNNEL_V6 : KEY_TUNNEL_V4;
}

static void key_make(const struct adit_reassembly *r, const struct adit_frame *frame,
	const struct adit_packet *packet, struct key *key)
{
	const uint16_t layers = ADIT_PACKET_V6 | ADIT_PACKET_GTPU | ADIT_PACKET_OUTER_V6;
	const uint8_t *ip = frame->data + packet->ip_offset;
	struct adit_address source, destination;

	*key = (struct key){.vlan = packet->vlan & 0x0fff,
		.vlan_inner = packet->vlan_inner & 0x0fff,
		.tap = packet->tap,
		.layers = (uint8_t)(packet->flags & layers)};
	if (packet->flags & ADIT_PACKET_V6) {
		memcpy(key->source, ip + 8, 16);
		memcpy(key->destination, ip + 24, 16);
		key->identification = adit_load_be32(frame->data + packet->l4_offset + 4);
	} else {
		memcpy(key->source, ip + 12, 4);
		memcpy(key->destination, ip + 16, 4);
		key->identification = adit_load_be16(ip + 4);
		key->protocol = ip[9];
	}
	if (packet->flags & ADIT_PACKET_GTPU) {
		adit_packet_outer(frame, packet, &source, &destination);
		memcpy(key->peer, destination.bytes, sizeof(key->peer));
		key->teid = adit_packet_teid(frame, packet);
	} else if (packet->who_offset != packet->ip_offset) {
		key_add_tunnel(r, frame, packet, key);
	}
}

static uint32_t digest(const struct adit_reassembly *r, const struct piece *piece)
{
	uint64_t bytes = adit_hash(r->params.key, piece->data, piece->size);

	return (uint32_t)adit_hash_pair(r->params.key, bytes, piece->offset | piece->more);
}

/*
 * Whether a piece belongs to the datagram that is remembered, or to a new one with its
 * identification. Of one that was no DNS the first piece is looked at again: another may be. Of a
 * whole one, pieces come again where a tap sees both legs.
 */
static bool is_known(
	const struct adit_reassembly *r, const struct entry *e, const struct piece *piece)
{
	uint32_t it;

	if (e->outcome == ADIT_OUTCOME_FRAGMENT_OTHER)
		return piece->offset != 0;
	if (e->outcome != ADIT_OUTCOME_FRAGMENT_DUPLICATE)
		return true;
	if (r->now_ns - e->since_ns > ADIT_FRAGMENT_AGAIN_NS)
		return false;
	it = digest(r, piece);
	for (unsigned k = 0; k < e->seen_count; k++)
		if (e->seen[k] == it)
			return true;
	return false;
}

/* A piece of a refused datagram, where it was not known yet that there was DNS in it. */
static void note_refused(struct adit_reassembly *r, struct entry *e,
	const struct adit_packet *packet, const struct piece *piece)
{
	if (e->dns_lost || !datagram_shows_dns(packet, piece, r->params.ports))
		return;
	e->dns_lost = true;
	r->counters.lost_dns++;
}

/* A further piece of a datagram that is dealt with. */
static enum adit_outcome follow(struct adit_reassembly *r, struct entry *e,
	const struct adit_packet *packet, const struct piece *piece)
{
	if (e->outcome == ADIT_OUTCOME_FRAGMENT_OTHER)
		kept_add(&r->kept, &e->tails, piece, r->now_ns);
	else if (e->outcome != ADIT_OUTCOME_FRAGMENT_DUPLICATE)
		note_refused(r, e, packet, piece);
	return (enum adit_outcome)e->outcome;
}

/* What a datagram that is no DNS holds behind its first piece. */
static void keep_tails(struct adit_reassembly *r, struct entry *e, const struct datagram *d)
{
	struct piece piece;

	for (uint32_t span = 0; span < d->spans; span++)
		if (datagram_get_tail(d, span, &piece))
			kept_add(&r->kept, &e->tails, &piece, r->now_ns);
}

/* One piece on its way. */
struct step {
	const struct adit_frame *frame;
	const struct adit_packet *packet;
	struct piece piece;
	struct key key;
	uint32_t bucket;
	uint32_t entry; /* of its datagram, or NONE: not yet */
	uint32_t room;
	struct tails tails; /* of a datagram that was no DNS, for which it is another first piece */
};

/* The datagram of an entry, or of none yet, whose end `outcome` is. */
static void dismiss(struct adit_reassembly *r, struct step *step, enum adit_outcome outcome)
{
	const struct datagram *d = &r->rooms[step->room];
	bool is_other = outcome == ADIT_OUTCOME_FRAGMENT_OTHER, is_new = step->entry == NONE;
	uint64_t lost_dns = r->counters.lost_dns;
	struct entry *e;

	if (is_other) {
		r->counters.passed++;
	} else {
		r->counters.refused++;
		table_lose(r, d);
	}
	if (is_new)
		step->entry = table_remember(r, &step->key, step->bucket);
	else
		table_settle(r, step->entry);
	e = &r->entries[step->entry];
	e->outcome = (uint8_t)outcome;
	e->tails = (struct tails){0};
	if (is_other) {
		e->tails = step->tails;
		keep_tails(r, e, d);
	} else {
		e->dns_lost = r->counters.lost_dns != lost_dns;
		note_refused(r, e, step->packet, &step->piece);
	}
	table_room_give(r, step->room);
}

/*
 * Another first piece than the one that was no DNS: what came behind that one may belong to this
 * one. If it contradicts itself, there is no telling which, and none of it is taken.
 */
static void adopt(struct adit_reassembly *r, struct datagram *d, struct tails *tails)
{
	struct piece piece;

	while (kept_take(&r->kept, tails, &piece, r->now_ns)) {
		enum adit_outcome outcome = datagram_put(d, NULL, NULL, &piece);

		if (outcome == ADIT_OUTCOME_FRAGMENT_DUPLICATE)
			continue;
		d->has_adopted = true;
		if (outcome != ADIT_OUTCOME_FRAGMENT) {
			datagram_strip(d);
			return;
		}
	}
}

/*
 * A datagram that is whole: its room is lent to the caller. Where it is so by pieces that came
 * behind another's first, its own may still come, and a copy is lent.
 */
static uint32_t lend(struct adit_reassembly *r, struct step *step)
{
	struct datagram *d = &r->rooms[step->room];
	uint32_t copy;

	r->counters.completed++;
	if (!d->has_adopted) {
		table_settle(r, step->entry);
		r->entries[step->entry].outcome = ADIT_OUTCOME_FRAGMENT_DUPLICATE;
		r->entries[step->entry].tails = (struct tails){0};
		return step->room;
	}
	r->counters.started++;
	copy = table_room_take(r);
	datagram_copy(&r->rooms[copy], d);
	datagram_strip(d);
	d->held = 0;
	return copy;
}

/* The datagram's room; false: the piece's datagram is dealt with, and *outcome is the piece's. */
static bool find_room(struct adit_reassembly *r, struct step *step, enum adit_outcome *outcome)
{
	struct entry *e;

	step->entry = table_find(r, &step->key, step->bucket);
	if (step->entry != NONE) {
		e = &r->entries[step->entry];
		step->room = e->room;
		if (e->room != NONE)
			return true;
		if (is_known(r, e, &step->piece)) {
			*outcome = follow(r, e, step->packet, &step->piece);
			return false;
		}
		if (step->piece.offset == 0)
			step->tails = e->tails;
		table_forget(r, step->entry);
		step->entry = NONE;
	}
	step->room = table_room_take(r);
	datagram_start(&r->rooms[step->room]);
	r->counters.started++;
	return true;
}

/* Puts the piece in its place. */
static enum adit_outcome put(struct adit_reassembly *r, struct step *step)
{
	struct datagram *d = &r->rooms[step->room];
	enum adit_outcome outcome = datagram_put(d, step->frame, step->packet, &step->piece);

	/* Its own pieces count for more than those that were taken for its own. */
	if (outcome == ADIT_OUTCOME_FRAGMENT_OVERLAP && d->has_adopted) {
		datagram_strip(d);
		outcome = datagram_put(d, step->frame, step->packet, &step->piece);
	}
	if (outcome == ADIT_OUTCOME_FRAGMENT && step->piece.offset == 0 && !datagram_is_whole(d) &&
		datagram_is_other(d, r->params.ports))
		return ADIT_OUTCOME_FRAGMENT_OTHER;
	return outcome;
}

/* Takes one fragment. Where it makes its datagram whole, *whole is the datagram's room. */
static enum adit_outcome take(struct adit_reassembly *r, struct step *step, uint32_t *whole)
{
	enum adit_outcome outcome = datagram_read(step->frame, step->packet, &step->piece);
	struct datagram *d;
	struct entry *e;

	if (outcome != ADIT_OUTCOME_FRAGMENT)
		return outcome;
	key_make(r, step->frame, step->packet, &step->key);
	step->bucket = table_bucket(r, &step->key);
	if (!find_room(r, step, &outcome))
		return outcome;
	d = &r->rooms[step->room];
	outcome = put(r, step);
	if (outcome == ADIT_OUTCOME_FRAGMENT_DUPLICATE)
		return outcome;
	if (outcome != ADIT_OUTCOME_FRAGMENT) {
		dismiss(r, step, outcome);
		return outcome;
	}
	if (step->entry == NONE)
		step->entry = table_wait(r, &step->key, step->bucket);
	e = &r->entries[step->entry];
	e->room = step->room;
	if (e->seen_count < SEEN_MAX)
		e->seen[e->seen_count++] = digest(r, &step->piece);
	adopt(r, d, &step->tails);
	if (datagram_is_whole(d))
		*whole = lend(r, step);
	else
		d->held++;
	return outcome;
}

/*
 * What becomes whole may be a fragment in its turn. Its bytes are copied from the room that was
 * lent before that room is given back. A datagram could be made of ever more datagrams that wait:
 * there are no more layers of them than of IP headers in a frame.
 */
enum adit_outcome adit_reassembly_add(
	struct adit_reassembly *r, struct adit_frame *frame, struct adit_packet *packet)
{
	struct adit_frame at = *frame;
	struct adit_packet found = *packet;
	enum adit_outcome outcome = ADIT_OUTCOME_FRAGMENT;

	table_advance(r, frame->ts_ns);
	for (unsigned layer = 0; outcome == ADIT_OUTCOME_FRAGMENT; layer++) {
		struct step step = {.frame = &at, .packet = &found};
		uint32_t whole = NONE;

		if (layer == ADIT_PACKET_IP_MAX) {
			outcome = ADIT_OUTCOME_NESTING;
			break;
		}
		outcome = take(r, &step, &whole);
		if (r->lent != NONE)
			table_room_give(r, r->lent);
		r->lent = whole;
		if (whole == NONE) {
			packet->outcome = (uint8_t)outcome;
			return outcome;
		}
		datagram_describe(&r->rooms[whole], &at, &found);
		outcome = adit_packet_resume(&at, r->params.ports, &found);
		/* Also where the first piece, which made it so, came last. */
		if (outcome != ADIT_OUTCOME_PENDING && outcome != ADIT_OUTCOME_FRAGMENT &&
			r->entries[step.entry].room == NONE)
			keep_tails(r, &r->entries[step.entry], &r->rooms[whole]);
	}
	found.outcome = (uint8_t)outcome;
	*frame = at;
	*packet = found;
	return outcome;
}

void adit_reassembly_reset(struct adit_reassembly *r)
{
	for (uint32_t i = r->waiting.oldest; i != NONE; i = r->entries[i].newer) {
		r->counters.expired++;
		table_lose(r, &r->rooms[r->entries[i].room]);
	}
	table_empty(r);
}

const struct adit_reassembly_counters *adit_reassembly_counters(const struct adit_reassembly *r)
{
	return &r->counters;
}
