/* SPDX-License-Identifier: BSD-3-Clause
 *
 * IP fragments put together again: outer ones before the spread, and those inside GTP-U or another
 * tunnel, IPv4 (RFC 791, 815) and IPv6 (RFC 8200 section 4.5, 5722). What comes out is one
 * contiguous frame, decoded to its end: it goes through the pipeline once.
 *
 * A table belongs to the thread that decodes. Key: addresses, identification, protocol (IPv4), tap,
 * VLAN identifiers, and inside GTP-U the TEID and the address it belongs to; in a tunnel that is
 * not the network's, that tunnel's ends. A datagram waits for at most `timeout_ns` of packet time:
 * short, because a busy pair of tunnel peers uses all 65,536 identifications within seconds
 * (RFC 4963). Where the table is full, the oldest datagram of the source that has most of them
 * gives way: whoever floods it pushes out its own. Inside GTP-U a source is a TEID.
 *
 * A piece whose bytes are held already is a duplicate and ignored. Any other overlap, and two
 * opinions on where the datagram ends, drop the datagram (RFC 5722); so do a piece more than
 * ADIT_FRAGMENT_MAX, pieces with more than ADIT_FRAGMENT_SPANS_MAX - 1 gaps between them, and
 * headers longer than the room for them (all `fragment_excess`), and headers and data of more than
 * ADIT_DATAGRAM_MAX bytes together (`fragment_malformed`). A first piece that shows that the
 * datagram is no DNS, plain or encrypted, frees its room at once, unless all is there already.
 *
 * What is dealt with is remembered for another `timeout_ns`, or until newer ones need the place.
 * Further pieces of a refused datagram end as the one that had it refused; of one that was no DNS,
 * in `fragment_other`, but a first piece is looked at anew; of a whole one, those among its first 8
 * that come again within ADIT_FRAGMENT_AGAIN_NS are duplicates, as from a tap of both legs, and
 * anything else begins a new datagram: a client that repeats itself does so a second later.
 *
 * A first piece that never reaches the receiver could hide the one that does. So the pieces behind
 * a first one that was no DNS are kept for ADIT_FRAGMENT_AGAIN_NS, 2 KiB for each datagram that may
 * wait, and join another first piece that may be DNS. Should they make it whole, it goes on waiting
 * all the same, for pieces of its own, which win over those that it was given.
 *
 * Every frame still ends in one outcome: pieces that are held in `fragment`, the piece that makes
 * the datagram whole in the datagram's own outcome. What becomes of datagrams is counted apart.
 *
 * Memory (adit_reassembly_bytes): per datagram 65 KiB of room for bytes, which costs address space
 * until it is used, and about 3 KiB beside it. Rooms are used again before fresh ones are touched.
 * Nothing is allocated after creation.
 */
#ifndef ADIT_REASSEMBLY_H
#define ADIT_REASSEMBLY_H

#include "adit_packet.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_FRAGMENT_MAX        1024  /* pieces of a datagram */
#define ADIT_FRAGMENT_SPANS_MAX  64    /* runs of pieces, with gaps between them */
#define ADIT_FRAGMENT_PREFIX_MAX 512   /* bytes in front of the datagram's IP header */
#define ADIT_DATAGRAM_MAX        65535 /* bytes of a datagram, its IP header included */
#define ADIT_FRAGMENT_AGAIN_NS   (50 * ADIT_NS_PER_MS)

struct adit_reassembly_params {
	const struct adit_ports *ports; /* both outlive the table */
	const struct adit_hash_key *key;
	uint32_t datagrams;  /* that may wait at a time, at least 1 */
	uint64_t timeout_ns; /* of packet time */
};

/* Datagrams, by what became of them, which may be noted some calls late. Written by the owning
 * thread only (plain 64-bit stores); others may read them at any time. started = completed +
 * expired + evicted + refused + passed + those that wait. */
struct adit_reassembly_counters {
	uint64_t started;
	uint64_t completed;
	uint64_t expired; /* waited for too long */
	uint64_t evicted; /* gave way to another */
	uint64_t refused; /* overlap, too many pieces, too large, headers too long */
	uint64_t passed;  /* no DNS, as the first piece showed */
	/* Pieces that were held by datagrams expired, evicted or refused. Those of a datagram that
	 * was passed are not lost: there was nothing to find in them. */
	uint64_t lost;
	/* Datagrams expired, evicted or refused whose first piece was on a port of DNS, plain or
	 * encrypted. For a refused one, that piece may come when it is refused already. */
	uint64_t lost_dns;
};

struct adit_reassembly;

size_t adit_reassembly_bytes(const struct adit_reassembly_params *params);
/* Returns NULL when there is no memory, and for none or more than 2^24 datagrams. */
struct adit_reassembly *adit_reassembly_create(
	const struct adit_reassembly_params *params, const struct adit_allocator *allocator);
void adit_reassembly_destroy(struct adit_reassembly *reassembly);

/*
 * Takes the frame of a packet whose outcome is ADIT_OUTCOME_FRAGMENT; its bytes are copied. Returns
 * what it also writes to packet->outcome:
 *   ADIT_OUTCOME_FRAGMENT       held
 *   ADIT_OUTCOME_FRAGMENT_*     not held, for that reason
 *   ADIT_OUTCOME_FRAME_CUT      the capture holds only a part of the fragment
 *   anything else               the datagram is whole, and *frame and *packet now describe it, as
 *                               adit_packet_decode would have; its bytes are valid until the next
 *                               call. A fragment in a datagram of fragments is taken in turn;
 *                               *frame and *packet stay what they were if that one is held.
 * What is whole has the last piece's time and the caller's mark, all else is the first piece's: the
 * headers too, made those of a datagram in one piece (an IPv6 fragment header stays, offset 0).
 * frame->ts_ns is the time; it may not go back by more than a little.
 */
enum adit_outcome adit_reassembly_add(
	struct adit_reassembly *reassembly, struct adit_frame *frame, struct adit_packet *packet);

/* Other ports from the next fragment on. The table's thread. */
void adit_reassembly_set_ports(struct adit_reassembly *reassembly, const struct adit_ports *ports);

/* Drops what waits, as expired: a timeline has ended. */
void adit_reassembly_reset(struct adit_reassembly *reassembly);

const struct adit_reassembly_counters *adit_reassembly_counters(
	const struct adit_reassembly *reassembly);

#ifdef __cplusplus
}
#endif
#endif
