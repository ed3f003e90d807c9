/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who had an address when: what a carrier's session records say (address, TEID or time span →
 * IMSI, MSISDN, APN), read from CSV files or fed line by line, looked up when a verdict is written.
 * The identities are opaque strings. Management thread only.
 *
 * A feed is CSV (RFC 4180) with a header line that names its columns, in any order and not
 * necessarily all of them:
 *
 *	address,teid,peer,tap,vlan,from,until,imsi,msisdn,apn
 *
 * `address` (IPv4 or IPv6, or a prefix such as 2001:db8:1::/64: mobile networks give one to each
 * subscriber), or `teid` (decimal or 0x…) with `peer`, must be there; an empty cell means any. A
 * TEID is one of the node that gave it (3GPP TS 29.281 section 5.1): `peer` is that node's address,
 * the core-side one for packets that go up. A line with address and TEID asks for both. `vlan` 0:
 *no tag. `from` (inclusive) and `until` (exclusive) are RFC 3339 or seconds since the Unix epoch;
 *empty: open. The line that came last wins among those that cover a subscriber at a time, and one
 *with an address wins over one with TEID and peer. A line without any identity says that nobody is
 *known in its span, as after the end of a session. Lines end in LF or CRLF, take at most 4095
 *bytes, and a quoted cell ends on its line; empty lines are skipped.
 *
 * Memory is bounded: `capacity` records of about 268 bytes; then the one whose span began first
 * gives way, and that is counted. (A line that covers the middle of an older one of the same
 * address leaves two records of that.) A look-up takes time by the number of different prefix
 * lengths in use, and by the logarithm of the records at worst.
 */
#ifndef ADIT_IDENTITY_H
#define ADIT_IDENTITY_H

#include "adit_base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_IDENTITY_TEXT 64 /* with the NUL */

struct adit_identity {
	char imsi[ADIT_IDENTITY_TEXT], msisdn[ADIT_IDENTITY_TEXT], apn[ADIT_IDENTITY_TEXT];
};

/* Whom to look for. */
struct adit_identity_query {
	const struct adit_address *address;
	const char *tap; /* its name, or NULL */
	uint16_t vlan;   /* identifier; 0: none */
	bool has_teid;
	uint32_t teid[2]; /* uplink, downlink; the same twice if only one is known */
	/* To whom packets with them go: core side, radio side; NULL: not known. */
	const struct adit_address *peer[2];
	uint64_t ts_ns; /* since the Unix epoch */
};

struct adit_identity_counters {
	uint64_t records;          /* held now */
	uint64_t evicted, refused; /* refused: lines that could not be read */
};

struct adit_identities;

/* Returns NULL when there is no memory. */
struct adit_identities *adit_identities_create(size_t capacity);
void adit_identities_destroy(struct adit_identities *identities);

/* Reads a whole file, whose first line must be the header. Returns 0, -errno of the file, or
 * -EINVAL: the error names file, line, column and what would be right; what stood before that line
 * is kept. */
int adit_identities_read(
	struct adit_identities *identities, const char *path, struct adit_error *error);

/*
 * A feed that comes in pieces, as from a socket: lines are cut from what is pushed; the first line
 * is a header if it names columns, else the columns are those above in that order. A line that
 * can't be read is counted, its message is in `error` (the first one's, where there are several),
 * and the feed goes on (returns -EINVAL). A line counts once its end was pushed: what a connection
 * left unfinished is not read.
 */
struct adit_identity_feed;
struct adit_identity_feed *adit_identity_feed_create(
	struct adit_identities *identities, const char *what);
void adit_identity_feed_destroy(struct adit_identity_feed *feed);
int adit_identity_feed_push(
	struct adit_identity_feed *feed, const char *text, size_t size, struct adit_error *error);

/* Valid until the next read, push or find; NULL: nobody known. */
const struct adit_identity *adit_identities_find(
	const struct adit_identities *identities, const struct adit_identity_query *query);

const struct adit_identity_counters *adit_identities_counters(
	const struct adit_identities *identities);

#ifdef __cplusplus
}
#endif
#endif
