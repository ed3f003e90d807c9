/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Limits of labels on the wire, and the walk over records, for the files of this library.
 */
#ifndef ADIT_DNS_PRIV_H
#define ADIT_DNS_PRIV_H

#include "adit_dns.h"

#define LABEL_SIZE_MAX 63   /* octets of a label, its length octet not counted */
#define POINTER        0xc0 /* a length octet from here on starts a compression pointer */
#define RECORD_FIXED   10

/* Copies name->size octets at `from`, where `readable` may be read, to name->wire, and with A-Z
 * mapped to a-z to name->lower. */
void adit_octets_put(struct adit_name *name, const uint8_t *from, size_t readable);

#define BIT(type) (UINT64_C(1) << (type))
/* RFC 4034, 5155, 7344: what a signer makes, beside what was asked for. */
#define DNSSEC_TYPES                                                                          \
	(BIT(43) /* DS */ | BIT(46) /* RRSIG */ | BIT(47) /* NSEC */ | BIT(48) /* DNSKEY */ | \
		BIT(50) /* NSEC3 */ | BIT(51) /* NSEC3PARAM */ | BIT(59) /* CDS */ |          \
		BIT(60) /* CDNSKEY */)

/*
 * Where the walk stands. After the first read past the end it is `bad`, stands at the end, and
 * every further read gives zeros; so a record is checked once, after it.
 */
struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

/* At most RECORD_FIXED bytes of what this returns may be looked at. */
static inline const uint8_t *take(struct cursor *cursor, size_t size)
{
	static const uint8_t zeros[RECORD_FIXED];
	const uint8_t *taken = cursor->at;

	if (ADIT_UNLIKELY(size > (size_t)(cursor->end - taken))) {
		cursor->at = cursor->end;
		cursor->bad = true;
		return zeros;
	}
	cursor->at += size;
	return taken;
}

/* Steps over a name: a pointer ends it, and where it leads does not matter. */
static inline void skip_name(struct cursor *cursor)
{
	size_t used = 0;
	unsigned length;

	while ((length = *take(cursor, 1)) != 0) {
		if (length >= POINTER) {
			take(cursor, 1);
			return;
		}
		used += length + 1;
		if (length > LABEL_SIZE_MAX || used >= ADIT_NAME_MAX) {
			cursor->at = cursor->end;
			cursor->bad = true;
			return;
		}
		take(cursor, length);
	}
}

struct record {
	uint16_t type, class, rdata_size;
	uint32_t ttl;
	const uint8_t *owner; /* its name as it stands there, up to its end or a pointer */
	const uint8_t *rdata; /* rdata_size bytes of it, if the record is whole */
};

static inline bool read_record(struct cursor *cursor, struct record *record)
{
	const uint8_t *fixed;

	record->owner = cursor->at;
	skip_name(cursor);
	fixed = take(cursor, RECORD_FIXED);
	record->type = adit_load_be16(fixed);
	record->class = adit_load_be16(fixed + 2);
	record->ttl = adit_load_be32(fixed + 4);
	record->rdata_size = adit_load_be16(fixed + 8);
	record->rdata = take(cursor, record->rdata_size);
	return !cursor->bad;
}

#endif
