/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the records of a message say taken together. Sums of hashes, so that servers which turn
 * their records around (RFC 1794) give the same answer.
 */
#include "dns_priv.h"

/* Octets of RDATA that are hashed without names' pointers; what is longer is hashed as it is. */
#define PLAIN_ROOM 512

/* Where names begin in a type's RDATA, and how many there are; 0: none. */
static unsigned names_of(uint16_t type, unsigned *first)
{
	*first = 0;
	switch (type) {
	case ADIT_TYPE_NS:
	case ADIT_TYPE_CNAME:
	case ADIT_TYPE_PTR:
	case ADIT_TYPE_DNAME:
		return 1;
	case ADIT_TYPE_MX:
		*first = 2;
		return 1;
	case ADIT_TYPE_SRV:
		*first = 6;
		return 1;
	case ADIT_TYPE_SOA:
		return 2;
	default:
		return 0;
	}
}

/* RDATA with its compression pointers as zeros; returns where it stands. */
static const uint8_t *plain_rdata(const struct record *record, uint8_t room[PLAIN_ROOM])
{
	unsigned at, names = names_of(record->type, &at);
	unsigned size = record->rdata_size;

	if (names == 0 || size > PLAIN_ROOM)
		return record->rdata;
	memcpy(room, record->rdata, size);
	for (; names > 0; names--) {
		while (at < size && room[at] != 0 && room[at] < POINTER)
			at += room[at] + 1u;
		if (at + 1 < size && room[at] >= POINTER) {
			room[at] = room[at + 1] = 0;
			at++;
		}
		at++;
	}
	return room;
}

static uint32_t fold(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

/* Octets of a record's owner name that are neither a pointer nor the end of the question's name:
 * servers that do not compress repeat that, others may say anything. */
static unsigned own_octets(const struct record *record, const struct adit_name *qname)
{
	const uint8_t *owner = record->owner;
	unsigned size = 0;

	if (ADIT_LIKELY(*owner >= POINTER))
		return 0;
	while (owner[size] != 0 && owner[size] < POINTER)
		size += owner[size] + 1u;
	if (owner[size] == 0 && size < qname->size &&
		memcmp(owner, qname->wire + qname->size - 1 - size, size) == 0)
		return 0;
	return size;
}

static uint32_t record_digest(
	const struct adit_hash_key *key, const struct record *record, unsigned own)
{
	uint8_t room[PLAIN_ROOM];
	uint64_t type = record->type;

	if (ADIT_UNLIKELY(own != 0))
		type += adit_hash(key, record->owner, own);
	return fold(adit_hash_pair(
		key, type, adit_hash(key, plain_rdata(record, room), record->rdata_size)));
}

static bool is_odd(const struct record *record)
{
	const uint8_t *at = record->rdata;

	if (record->type == ADIT_TYPE_A)
		return at[0] >= 224 || (at[0] == 0 && (at[1] | at[2] | at[3]) != 0);
	if (at[0] >> 5 == 1 || (at[0] & 0xfe) == 0xfc || (at[0] == 0xfe && at[1] >> 6 == 2) ||
		adit_load_be32(at) == 0x0064ff9b)
		return false;
	/* ::, ::1 and IPv4 in IPv6 */
	for (int i = 0; i < 10; i++)
		if (at[i] != 0)
			return true;
	return false;
}

static void read_address(const struct adit_hash_key *key, const struct record *record,
	uint32_t digest, struct adit_answers *answers)
{
	bool is_v4 = record->type == ADIT_TYPE_A && record->rdata_size == 4;

	if (!is_v4 && (record->type != ADIT_TYPE_AAAA || record->rdata_size != 16))
		return;
	if (answers->addresses++ == 0)
		answers->network = fold(adit_hash(key, record->rdata, is_v4 ? 2 : 4));
	answers->odd_addresses += is_odd(record);
	answers->address_digest += digest;
}

void adit_answers_add(const struct adit_hash_key *key, const struct adit_dns *dns,
	const struct record *record, bool is_answer, struct adit_answers *answers)
{
	bool is_beside =
		record->type < 64 && DNSSEC_TYPES & BIT(record->type) && record->type != dns->qtype;
	unsigned own;
	uint32_t digest;

	if (record->type == ADIT_TYPE_OPT || is_beside)
		return;
	own = own_octets(record, &dns->qname);
	digest = record_digest(key, record, own);
	answers->digest += digest;
	answers->bytes += record->rdata_size + own;
	if (is_answer)
		read_address(key, record, digest, answers);
}
