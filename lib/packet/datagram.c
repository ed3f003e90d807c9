/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pieces into place. They are written where they belong in the datagram, as RFC 815 has it, but
 * what is noted is not the holes: the spans that are there. In order, as pieces mostly come, there
 * is one span that grows.
 *
 * Sources: RFC 791 section 3.2; RFC 815; RFC 8200 section 4.5; RFC 5722 (overlap); RFC 6946.
 */
#include "datagram_priv.h"

#include "packet_priv.h"

enum {
	UNIT = 8,
	V4_MORE = 0x2000,
	V4_OFFSET = 0x1fff,
	V6_MORE = 0x0001,
	V6_OFFSET = 0xfff8,
	V6_HEADER = 40,
	V6_FRAGMENT_HEADER = 8,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
};

static inline uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline void store_be16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* Where the fragment ends, by its IP header: what follows in the frame is padding. A length of 0
 * means a segment not yet split, or a jumbogram; neither is ever a fragment. */
static uint32_t read_headers(
	const struct adit_frame *frame, const struct adit_packet *packet, struct piece *piece)
{
	const uint8_t *ip = frame->data + packet->ip_offset;
	uint32_t at = packet->l4_offset;
	uint16_t field;

	piece->prefix = packet->ip_offset;
	if (packet->flags & ADIT_PACKET_V6) {
		field = adit_load_be16(frame->data + at + 2);
		at += V6_FRAGMENT_HEADER;
		piece->offset = field & V6_OFFSET;
		piece->more = (field & V6_MORE) != 0;
	} else {
		field = adit_load_be16(ip + 6);
		piece->offset = (field & V4_OFFSET) * UNIT;
		piece->more = (field & V4_MORE) != 0;
	}
	piece->data = frame->data + at;
	piece->header = at - piece->prefix;
	if (packet->flags & ADIT_PACKET_V6)
		return piece->prefix + V6_HEADER + adit_load_be16(ip + 4);
	return piece->prefix + adit_load_be16(ip + 2);
}

enum adit_outcome datagram_read(
	const struct adit_frame *frame, const struct adit_packet *packet, struct piece *piece)
{
	uint32_t end = read_headers(frame, packet, piece);
	uint32_t begin = piece->prefix + piece->header;

	if (end <= begin || end > frame->wire)
		return ADIT_OUTCOME_FRAGMENT_MALFORMED;
	piece->size = end - begin;
	if ((piece->more && piece->size % UNIT != 0) ||
		piece->header + piece->offset + piece->size > ADIT_DATAGRAM_MAX)
		return ADIT_OUTCOME_FRAGMENT_MALFORMED;
	return end > frame->captured ? ADIT_OUTCOME_FRAME_CUT : ADIT_OUTCOME_FRAGMENT;
}

void datagram_start(struct datagram *datagram)
{
	datagram->pieces = datagram->spans = datagram->held = 0;
	datagram->end = datagram->highest = 0;
	datagram->first = datagram->prefix = datagram->header = 0;
	datagram->is_dns = datagram->has_adopted = false;
}

/* Whether a piece says of the datagram's end what the others say. */
static bool end_agrees(const struct datagram *d, const struct piece *piece)
{
	uint32_t end = piece->offset + piece->size;

	if (piece->more)
		return d->end == 0 || end < d->end;
	return d->highest <= end && (d->end == 0 || d->end == end);
}

/* A piece that shares a unit with span `i`: the same once more, or another opinion. */
static enum adit_outcome judge_overlap(
	const struct datagram *d, uint32_t i, struct span new, const struct piece *piece)
{
	bool held = d->span[i].from <= new.from &&new.to <= d->span[i].to;

	/* A last piece is new where the end was not known. */
	if (held && (piece->more || d->end != 0) &&
		memcmp(d->data + piece->offset, piece->data, piece->size) == 0)
		return ADIT_OUTCOME_FRAGMENT_DUPLICATE;
	return ADIT_OUTCOME_FRAGMENT_OVERLAP;
}

/* Notes a span that goes in front of span `i` and overlaps none; false: there are too many. */
static bool insert(struct datagram *d, uint32_t i, struct span new)
{
	bool left = i > 0 && d->span[i - 1].to == new.from;
	bool right = i < d->spans && d->span[i].from == new.to;

	if (left && right) {
		d->span[i - 1].to = d->span[i].to;
		d->spans--;
		memmove(d->span + i, d->span + i + 1, (d->spans - i) * sizeof(new));
	} else if (left) {
		d->span[i - 1].to = new.to;
	} else if (right) {
		d->span[i].from = new.from;
	} else if (d->spans == ADIT_FRAGMENT_SPANS_MAX) {
		return false;
	} else {
		memmove(d->span + i + 1, d->span + i, (d->spans - i) * sizeof(new));
		d->span[i] = new;
		d->spans++;
	}
	return true;
}

/* The first piece's headers are the datagram's. */
static void keep_headers(struct datagram *d, const struct adit_frame *frame,
	const struct adit_packet *packet, const struct piece *piece)
{
	uint32_t size = piece->prefix + piece->header;

	d->prefix = piece->prefix;
	d->header = piece->header;
	d->frame = *frame;
	d->packet = *packet;
	memcpy(d->head + sizeof(d->head) - size, frame->data, size);
}

enum adit_outcome datagram_put(struct datagram *d, const struct adit_frame *frame,
	const struct adit_packet *packet, const struct piece *piece)
{
	uint32_t end = piece->offset + piece->size, header = d->header, i = d->spans;
	struct span new = {(uint16_t)(piece->offset / UNIT), (uint16_t)((end + UNIT - 1) / UNIT)};

	/* From behind: the next piece mostly follows the last. */
	while (i > 0 && d->span[i - 1].to > new.from)
		i--;
	if (!end_agrees(d, piece))
		return ADIT_OUTCOME_FRAGMENT_OVERLAP;
	if (i < d->spans && d->span[i].from < new.to)
		return judge_overlap(d, i, new, piece);
	if (piece->offset == 0) {
		header = piece->header;
		if (piece->prefix > ADIT_FRAGMENT_PREFIX_MAX || header > HEADER_MAX)
			return ADIT_OUTCOME_FRAGMENT_EXCESS;
	}
	if (header + most(end, d->highest) > ADIT_DATAGRAM_MAX)
		return ADIT_OUTCOME_FRAGMENT_MALFORMED;
	if (d->pieces == ADIT_FRAGMENT_MAX || !insert(d, i, new))
		return ADIT_OUTCOME_FRAGMENT_EXCESS;
	if (piece->offset == 0) {
		keep_headers(d, frame, packet, piece);
		d->first = end;
	}
	memcpy(d->data + piece->offset, piece->data, piece->size);
	d->pieces++;
	d->highest = most(d->highest, end);
	if (!piece->more)
		d->end = end;
	return ADIT_OUTCOME_FRAGMENT;
}

bool datagram_get_tail(const struct datagram *d, uint32_t span, struct piece *piece)
{
	uint32_t from = most((uint32_t)d->span[span].from * UNIT, d->first);
	uint32_t to = least((uint32_t)d->span[span].to * UNIT, d->highest);

	if (from >= to)
		return false;
	*piece = (struct piece){
		.data = d->data + from, .size = to - from, .offset = from, .more = to != d->end};
	return true;
}

void datagram_strip(struct datagram *d)
{
	d->pieces = d->spans = 1;
	d->span[0] = (struct span){0, (uint16_t)(d->first / UNIT)};
	d->end = 0;
	d->highest = d->first;
	d->has_adopted = false;
}

void datagram_copy(struct datagram *to, const struct datagram *from)
{
	memcpy(to, from, offsetof(struct datagram, data));
	memcpy(to->data, from->data, from->highest);
}

bool datagram_shows_dns(
	const struct adit_packet *packet, const struct piece *piece, const struct adit_ports *ports)
{
	const uint8_t *protocol = packet->flags & ADIT_PACKET_V6 ? piece->data - V6_FRAGMENT_HEADER
								 : piece->data - piece->header + 9;

	if (piece->offset != 0 || piece->size < 4 ||
		(*protocol != PROTOCOL_UDP && *protocol != PROTOCOL_TCP))
		return false;
	return ports->service[adit_load_be16(piece->data)] >= ADIT_SERVICE_ENCRYPTED ||
	       ports->service[adit_load_be16(piece->data + 2)] >= ADIT_SERVICE_ENCRYPTED;
}

bool datagram_is_whole(const struct datagram *d)
{
	return d->end != 0 && d->spans == 1 && d->span[0].from == 0 && d->highest == d->end;
}

/* RFC 1071; the checksum field itself counts as 0. */
static uint16_t checksum_ipv4(const uint8_t *ip, uint32_t size)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < size; i += 2)
		sum += i == 10 ? 0u : adit_load_be16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Makes the headers those of a datagram in one piece, with `size` bytes of data. An IPv6 fragment
 * header stays, as that of an atomic fragment (RFC 6946), which the decoder passes over. */
static uint8_t *write_headers(struct datagram *d, uint32_t size)
{
	uint8_t *ip = d->head + sizeof(d->head) - d->header;

	if (d->packet.flags & ADIT_PACKET_V6) {
		store_be16(ip + 4, d->header - V6_HEADER + size);
		store_be16(ip + d->header - V6_FRAGMENT_HEADER + 2, 0);
	} else {
		store_be16(ip + 2, d->header + size);
		store_be16(ip + 6, 0);
		store_be16(ip + 10, checksum_ipv4(ip, d->header));
	}
	return ip - d->prefix;
}

/*
 * The datagram is shown to the decoder as a frame of the greatest size of which only the beginning
 * was captured. Whatever it then decides, it decides from bytes that are there, and a smaller size
 * could only turn that into a contradiction of lengths: never into DNS. Below labels of MPLS that
 * is not so: what is there is guessed from whether it ends where the datagram does. What may be
 * DNS, or another fragment, or is not decided, waits for the rest.
 */
bool datagram_is_other(struct datagram *d, const struct adit_ports *ports)
{
	uint32_t largest = ADIT_DATAGRAM_MAX - d->header, held = (uint32_t)d->span[0].to * UNIT;
	struct adit_frame frame = d->frame;
	struct adit_packet packet = d->packet;
	bool labels;

	frame.data = write_headers(d, largest);
	frame.captured = d->prefix + d->header + (held < d->highest ? held : d->highest);
	frame.wire = d->prefix + d->header + largest;
	frame.readable_tail = 0;
	switch (adit_packet_resume_telling(&frame, ports, &packet, &labels)) {
	case ADIT_OUTCOME_PENDING:
		d->is_dns = true;
		return false;
	case ADIT_OUTCOME_FRAGMENT:
	case ADIT_OUTCOME_FRAME_CUT:
		return false;
	default:
		return !labels;
	}
}

void datagram_describe(struct datagram *d, struct adit_frame *frame, struct adit_packet *packet)
{
	uint64_t ts_ns = frame->ts_ns;
	uint8_t mark = packet->mark;

	*frame = d->frame;
	frame->data = write_headers(d, d->end);
	frame->ts_ns = ts_ns;
	frame->captured = frame->wire = d->prefix + d->header + d->end;
	frame->readable_tail = (uint32_t)sizeof(d->data) - d->end;
	*packet = d->packet;
	packet->mark = mark;
}
