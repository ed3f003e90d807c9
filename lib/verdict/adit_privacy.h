/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pseudonyms in place of addresses and identities, in everything that is written. A pseudonym is a
 * keyed BLAKE2b (RFC 7693, 16 bytes of digest, of which the first 8 are written) of the family (one
 * byte, 4 or 6) and the bytes of an address, or of a zero byte and the text of an identity:
 *
 *	p4-0123456789abcdef   IPv4 address
 *	p6-0123456789abcdef   IPv6 address
 *	id-0123456789abcdef   IMSI or MSISDN
 *
 * The same key gives the same pseudonyms in every run and every file, so records can be joined.
 * Who has the key can tell which pseudonym an address has; without it nobody can try all addresses.
 *
 * Management thread; a struct adit_privacy is never changed after it was opened. The only user of
 * libsodium.
 */
#ifndef ADIT_PRIVACY_H
#define ADIT_PRIVACY_H

#include "adit_base.h"
#include "adit_identity.h"

#ifdef __cplusplus
extern "C" {
#endif

enum adit_privacy_mode {
	ADIT_PRIVACY_SUBSCRIBERS, /* addresses and identities of subscribers */
	ADIT_PRIVACY_ALL          /* and GTP-U peers and servers */
};

struct adit_privacy;

/*
 * The key is what the file holds, without a newline at its end: 16 to 64 bytes. Returns 0, -errno
 * of the file, -EPERM if others can read it or anybody else can write it, -EINVAL if it is no
 * regular file or the key is too short or too long, -ENOMEM, or -EIO if libsodium cannot start;
 * the error names the file and what would be right. adit_privacy_close wipes the key.
 */
int adit_privacy_open(const char *key_file, enum adit_privacy_mode mode,
	struct adit_privacy **privacy, struct adit_error *error);
void adit_privacy_close(struct adit_privacy *privacy);

/* The text of an address: its own where `privacy` is NULL or, for a peer or server, in the mode
 * that leaves those, else its pseudonym. */
void adit_privacy_subscriber_text(
	const struct adit_privacy *privacy, const struct adit_address *address, char text[48]);
void adit_privacy_peer_text(
	const struct adit_privacy *privacy, const struct adit_address *address, char text[48]);
/* The text of an IMSI or MSISDN: itself where `privacy` is NULL or it is empty, else its
 * pseudonym. */
void adit_privacy_identity_text(
	const struct adit_privacy *privacy, const char *identity, char text[ADIT_IDENTITY_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
