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

/* Everything but the name, from `fixed` on. */
static inline void fill_record(struct record *record, const uint8_t *fixed)
{
	record->type = adit_load_be16(fixed);
	record->class = adit_load_be16(fixed + 2);
	record->ttl = adit_load_be32(fixed + 4);
	record->rdata_size = adit_load_be16(fixed + 8);
}

static inline bool read_record(struct cursor *cursor, struct record *record)
{
	size_t left = (size_t)(cursor->end - cursor->at), name;

	record->owner = cursor->at;
	/* Nearly every owner is a pointer, or of an OPT record the root. */
	if (ADIT_LIKELY(left > RECORD_FIXED && (*cursor->at >= POINTER || *cursor->at == 0))) {
		name = 1 + (*cursor->at >= POINTER);
		if (ADIT_LIKELY(left >= name + RECORD_FIXED)) {
			fill_record(record, cursor->at + name);
			cursor->at += name + RECORD_FIXED;
			record->rdata = take(cursor, record->rdata_size);
			return !cursor->bad;
		}
	}
	skip_name(cursor);
	fill_record(record, take(cursor, RECORD_FIXED));
	record->rdata = take(cursor, record->rdata_size);
	return !cursor->bad;
}

/* Adds a record of a response to what its records say together. Private to this library. */
void adit_answers_add(const struct adit_hash_key *key, const struct adit_dns *dns,
	const struct record *record, bool is_answer, struct adit_answers *answers);

#endif
