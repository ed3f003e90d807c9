/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The bytes of one datagram while its pieces come in. The table of those that wait is table.c.
 */
#ifndef ADIT_DATAGRAM_PRIV_H
#define ADIT_DATAGRAM_PRIV_H

#include "adit_reassembly.h"

#define HEADER_MAX 512 /* bytes of an IP header with its options or extension headers */

/* A fragment, as its own headers describe it. */
struct piece {
	const uint8_t *data; /* what it carries of the datagram */
	uint32_t size, offset;
	uint32_t prefix; /* bytes in front of its IP header */
	uint32_t header; /* from there to `data`: for IPv6, the fragment header is the last of it */
	bool more;
};

/* Units of 8 bytes, in which offsets count; `to` is the first that is not held. */
struct span {
	uint16_t from, to;
};

/*
 * What has come so far: spans in ascending order that neither touch nor overlap. The headers of the
 * first piece stand right in front of the data, so that the whole is contiguous where it is.
 */
struct datagram {
	uint32_t pieces, spans;
	uint32_t held;    /* pieces that came for it and nothing else has come of */
	uint32_t end;     /* of the data, as the last piece tells it; 0: not known yet */
	uint32_t highest; /* end of the data held */
	uint32_t first;   /* end of the first piece */
	uint32_t prefix, header;
	bool is_dns;               /* as the first piece shows */
	bool has_adopted;          /* pieces that came behind another first one */
	struct adit_frame frame;   /* the first piece's, without its bytes */
	struct adit_packet packet; /* the first piece's */
	struct span span[ADIT_FRAGMENT_SPANS_MAX];
	uint8_t head[ADIT_FRAGMENT_PREFIX_MAX + HEADER_MAX];
	uint8_t data[65536];
};
static_assert(sizeof(((struct datagram *)0)->data) > ADIT_DATAGRAM_MAX, "offsets reach no further");

/* Reads the fragment that the decoder found. ADIT_OUTCOME_FRAGMENT, _MALFORMED or FRAME_CUT. */
enum adit_outcome datagram_read(
	const struct adit_frame *frame, const struct adit_packet *packet, struct piece *piece);

void datagram_start(struct datagram *datagram);

/*
 * Adds a piece; `frame` and `packet` are looked at for a first one only. ADIT_OUTCOME_FRAGMENT:
 * held; _DUPLICATE: nothing has changed; any other: the datagram is to be refused for that reason.
 */
enum adit_outcome datagram_put(struct datagram *datagram, const struct adit_frame *frame,
	const struct adit_packet *packet, const struct piece *piece);

/* The part of a span behind the first piece, which is held; false: there is none. */
bool datagram_get_tail(const struct datagram *datagram, uint32_t span, struct piece *piece);
/* Leaves only the first piece, which is held. */
void datagram_strip(struct datagram *datagram);
void datagram_copy(struct datagram *to, const struct datagram *from);

/* Whether a piece that is not held is a first one, of UDP or TCP, on a port of DNS. */
bool datagram_shows_dns(const struct adit_packet *packet, const struct piece *piece,
	const struct adit_ports *ports);

bool datagram_is_whole(const struct datagram *datagram);

/* Whether the first piece, which is held, shows that nothing to come makes this DNS. If it shows
 * that it is DNS, that is noted. */
bool datagram_is_other(struct datagram *datagram, const struct adit_ports *ports);

/* Describes what is whole, up to its IP header, for adit_packet_resume. The frame's time and the
 * packet's mark stay as they are. */
void datagram_describe(
	struct datagram *datagram, struct adit_frame *frame, struct adit_packet *packet);

#endif
