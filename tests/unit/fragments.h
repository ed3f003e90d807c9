/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the tests of reassembly share: fragments of a datagram's data behind headers of every kind,
 * and a table to give them to.
 */
#ifndef ADIT_TEST_FRAGMENTS_H
#define ADIT_TEST_FRAGMENTS_H

#include "adit_reassembly.h"

#include "packet_cases.h"

#define TIMEOUT_NS (100 * ADIT_NS_PER_MS)

/* What tells one datagram from another, and what stands around it. */
struct context {
	bool v6, extensions, gtpu, outer_v6;
	bool cooked;
	uint8_t options; /* bytes of IPv4 options */
	uint8_t tap, protocol;
	uint16_t port_vlan; /* in the descriptor, not in the frame */
	uint16_t vlan, vlan_inner;
	uint32_t identification, teid;
	uint8_t source, destination, peer; /* last bytes of addresses, if not 0 */
};

struct fragment {
	unsigned offset, size;
	bool more;
};

/* The layers in front of the datagram's own header. */
static inline void put_front(struct frames *f, const struct context *c)
{
	frames_start(f);
	if (c->cooked)
		frames_cooked(f);
	else
		frames_ethernet(f);
	if (c->vlan != 0)
		frames_vlan(f, 0x8100, c->vlan);
	if (c->vlan_inner != 0)
		frames_vlan(f, 0x8100, c->vlan_inner);
	if (!c->gtpu)
		return;
	if (c->outer_v6)
		frames_ipv6(f, CORE_V6, RADIO_V6);
	else
		frames_ipv4(f, CORE, RADIO);
	if (c->peer != 0)
		f->bytes[f->size - 1] = c->peer;
	frames_udp(f, 2152, 2152);
	frames_gtpu(f, FRAMES_G_PDU, FRAMES_GTPU_S, c->teid);
}

/* The datagram's own header, with a fragment header or field if `part` is given. */
static inline void put_ip(struct frames *f, const struct context *c, const struct fragment *part)
{
	if (!c->v6) {
		frames_ipv4(f, SERVER, CLIENT);
		f->bytes[f->layer + 4] = (uint8_t)(c->identification >> 8);
		f->bytes[f->layer + 5] = (uint8_t)c->identification;
		f->bytes[f->layer + 15] = c->source != 0 ? c->source : f->bytes[f->layer + 15];
		f->bytes[f->layer + 19] =
			c->destination != 0 ? c->destination : f->bytes[f->layer + 19];
		if (part != NULL)
			frames_ipv4_fragment(f, part->offset, part->more);
		/* Options need not be in every piece. */
		if (c->options != 0 && (part == NULL || part->offset == 0))
			frames_ipv4_options(f, "\x94\x04\0\0\x01\x01\x01", c->options);
	} else {
		frames_ipv6(f, SERVER_V6, CLIENT_V6);
		f->bytes[f->layer + 23] = c->source != 0 ? c->source : f->bytes[f->layer + 23];
		f->bytes[f->layer + 39] =
			c->destination != 0 ? c->destination : f->bytes[f->layer + 39];
		if (c->extensions) {
			frames_ipv6_extension(f, 0, 8);
			frames_ipv6_extension(f, 43, 24);
		}
		if (part != NULL) {
			frames_ipv6_fragment(f, part->offset, part->more);
			for (int i = 0; i < 4; i++)
				f->bytes[f->layer + 4 + i] =
					(uint8_t)(c->identification >> (24 - 8 * i));
		}
	}
	frames_next(f, c->protocol != 0 ? c->protocol : 17);
}

static inline struct adit_frame finish_frame(struct frames *f, const struct context *c)
{
	struct adit_frame frame =
		frames_frame(f, c->cooked ? ADIT_LINK_COOKED : ADIT_LINK_ETHERNET);

	frame.tap = c->tap;
	frame.vlan = c->port_vlan;
	return frame;
}

/* One fragment of `data`, in a block of exactly its size. */
static inline struct adit_frame make_fragment(
	struct frames *f, const struct context *c, const uint8_t *data, struct fragment part)
{
	put_front(f, c);
	put_ip(f, c, &part);
	frames_bytes(f, data + part.offset, part.size);
	return finish_frame(f, c);
}

/* A UDP datagram of `size` bytes, its header included, whose payload begins as a DNS message and
 * goes on with bytes that depend on `seed`. */
static inline void make_udp(uint8_t *data, size_t size, uint16_t source_port, uint8_t seed)
{
	static const uint8_t dns[] = {0x12, 0x34, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0};

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 7 + i / 256 + seed);
	data[0] = (uint8_t)(source_port >> 8);
	data[1] = (uint8_t)source_port;
	data[2] = 0x9c;
	data[3] = 0x40;
	data[4] = (uint8_t)(size >> 8);
	data[5] = (uint8_t)size;
	data[6] = data[7] = 0;
	for (size_t i = 0; i < sizeof(dns) && 8 + i < size; i++)
		data[8 + i] = dns[i];
}

static inline struct adit_reassembly *make_table(uint32_t datagrams)
{
	const struct adit_reassembly_params params = {.ports = dns_ports(),
		.key = &adit_hash_key_fixed,
		.datagrams = datagrams,
		.timeout_ns = TIMEOUT_NS};

	return adit_reassembly_create(&params, NULL);
}

/* Gives a fragment to the table; *frame and *packet are what it leaves of them. */
static inline unsigned add(
	struct adit_reassembly *table, struct adit_frame *frame, struct adit_packet *packet)
{
	enum adit_outcome outcome = adit_packet_decode(frame, dns_ports(), packet);

	CHECK_OUTCOME(outcome, FRAGMENT);
	if (outcome != ADIT_OUTCOME_FRAGMENT)
		return outcome;
	outcome = adit_reassembly_add(table, frame, packet);
	CHECK_EQ_INT(packet->outcome, outcome);
	return outcome;
}

/* The same at a time, where only the outcome matters. */
static inline unsigned add_part(struct adit_reassembly *table, const struct context *c,
	const uint8_t *data, struct fragment part, uint64_t ts_ns)
{
	struct frames f;
	struct adit_frame frame = make_fragment(&f, c, data, part);
	struct adit_packet packet;

	frame.ts_ns = ts_ns;
	return add(table, &frame, &packet);
}

/* What came whole is the frame that one datagram would have been, but for the lengths in front of
 * it, which are the first piece's. */
static inline void check_whole(const struct context *c, const struct adit_frame *got,
	const struct adit_packet *packet, const uint8_t *data, size_t size)
{
	struct fragment atomic = {0, 0, false};
	struct adit_packet want_packet;
	struct adit_frame want;
	struct frames f;

	put_front(&f, c);
	f.length_count = f.checksum_count = 0; /* what is in front is not compared */
	/* An IPv6 fragment header stays. */
	put_ip(&f, c, c->v6 ? &atomic : NULL);
	frames_bytes(&f, data, size);
	want = finish_frame(&f, c);
	CHECK_EQ_INT(got->captured, want.captured);
	CHECK_EQ_INT(got->wire, want.wire);
	CHECK_EQ_INT(got->vlan, want.vlan);
	CHECK_EQ_INT(got->tap, want.tap);
	CHECK_EQ_INT(got->link, want.link);
	if (got->captured != want.captured)
		return;
	CHECK_EQ_MEM(got->data + packet->ip_offset, want.data + packet->ip_offset,
		want.captured - packet->ip_offset);
	/* With lengths that are right everywhere, the decoder finds the same. */
	put_front(&f, c);
	put_ip(&f, c, c->v6 ? &atomic : NULL);
	frames_bytes(&f, data, size);
	want = finish_frame(&f, c);
	want_packet = decode(&want);
	CHECK_OUTCOME(want_packet.outcome, PENDING);
	CHECK_EQ_MEM(packet, &want_packet, sizeof(want_packet));
}

static inline uint64_t waiting(const struct adit_reassembly *table)
{
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);

	return n->started - n->completed - n->expired - n->evicted - n->refused - n->passed;
}

#endif
