/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DNS messages: header, first question, then one walk over every record (RFC 1035 section 4,
 * RFC 6891 for the OPT record). Records are counted, not kept; owner names are stepped over.
 *
 * The walk costs what the message has bytes, whatever its counts claim.
 */
#include "dns_priv.h"

#define HEADER_SIZE    12
#define QUESTION_LEAST 5  /* root label, type, class */
#define RECORD_LEAST   11 /* root label, type, class, TTL, RDLENGTH */
#define QUESTION_FIXED 4
#define EDNS_DO        0x8000

/* Addresses, what every zone answers with, and DNSSEC are not counted as able to carry data. */
static bool carries_data(uint16_t type)
{
	const uint64_t does_not = BIT(ADIT_TYPE_A) | BIT(ADIT_TYPE_AAAA) | BIT(ADIT_TYPE_NS) |
				  BIT(ADIT_TYPE_SOA) | BIT(ADIT_TYPE_OPT) | DNSSEC_TYPES;

	return type >= 64 || !(does_not & BIT(type));
}

/* A record that stands where records of its type do; what it holds is counted with them. */
static bool is_sound(const struct adit_dns *dns, const struct record *record, bool is_additional)
{
	return record->type == ADIT_TYPE_OPT ? is_additional && *record->owner == 0
					     : (dns->flags & ADIT_DNS_QR) != 0;
}

/* What their records say together, where it is asked for. */
struct together {
	const struct adit_hash_key *key;
	struct adit_answers *answers; /* NULL: nothing is asked for, or it is a query */
};

/* Returns the bytes of sound records. */
static inline size_t read_answers(
	struct cursor *cursor, struct adit_dns *dns, const struct together *together)
{
	const uint8_t *at = cursor->at;
	struct record record;
	size_t sound = 0;

	for (unsigned i = 0; i < dns->count[1] && read_record(cursor, &record); i++) {
		/* RFC 2181 section 8: a TTL with the top bit set means 0. */
		uint32_t ttl = record.ttl >> 31 ? 0 : record.ttl;

		dns->answers++;
		dns->answer_bytes += record.rdata_size;
		dns->ttl_min = ttl < dns->ttl_min ? ttl : dns->ttl_min;
		dns->answer_cname +=
			record.type == ADIT_TYPE_CNAME || record.type == ADIT_TYPE_DNAME;
		dns->answer_address += record.type == ADIT_TYPE_A || record.type == ADIT_TYPE_AAAA;
		if (dns->answer_type == 0 && record.type != ADIT_TYPE_CNAME)
			dns->answer_type = record.type;
		if (carries_data(record.type))
			dns->payload_bytes += record.rdata_size;
		if (together->answers != NULL)
			adit_answers_add(together->key, dns, &record, true, together->answers);
		sound += is_sound(dns, &record, false) ? (size_t)(cursor->at - at) : 0;
		at = cursor->at;
	}
	return sound;
}

/* RFC 6891 section 6.1: an OPT record's class is a size, its TTL flags. There may be only one; of
 * more, the first counts and the options of all do. */
static void count_opt(struct adit_dns *dns, const struct record *record)
{
	uint32_t bytes = (uint32_t)dns->edns_bytes + record->rdata_size;

	if (!dns->edns) {
		dns->edns = 1;
		dns->edns_do = (record->ttl & EDNS_DO) != 0;
		dns->edns_udp_size = record->class;
	}
	dns->edns_bytes = bytes < UINT16_MAX ? (uint16_t)bytes : UINT16_MAX;
}

static inline size_t read_extra(struct cursor *cursor, struct adit_dns *dns, unsigned count,
	bool is_additional, const struct together *together)
{
	const uint8_t *at = cursor->at;
	struct record record;
	size_t sound = 0;

	for (unsigned i = 0; i < count && read_record(cursor, &record); i++) {
		if (record.type == ADIT_TYPE_OPT && is_additional)
			count_opt(dns, &record);
		if (carries_data(record.type))
			dns->extra_bytes += record.rdata_size;
		if (together->answers != NULL)
			adit_answers_add(together->key, dns, &record, false, together->answers);
		sound += is_sound(dns, &record, is_additional) ? (size_t)(cursor->at - at) : 0;
		at = cursor->at;
	}
	return sound;
}

/* Everything after the first question. Returns true if all of it is whole. */
static inline bool read_rest(struct cursor *cursor, const uint8_t *message, struct adit_dns *dns,
	const struct together *together)
{
	const uint8_t *start = cursor->at;
	size_t left, sound;

	for (unsigned i = 1; i < dns->count[0] && !cursor->bad; i++) {
		skip_name(cursor);
		take(cursor, QUESTION_FIXED);
	}
	dns->records_at = cursor->bad ? 0 : (uint16_t)(cursor->at - message);
	sound = read_answers(cursor, dns, together);
	sound += read_extra(cursor, dns, dns->count[2], false, together);
	sound += read_extra(cursor, dns, dns->count[3], true, together);
	left = (size_t)(cursor->end - start) - sound;
	dns->other_bytes = left < UINT16_MAX ? (uint16_t)left : UINT16_MAX;
	if (cursor->bad)
		return false;
	left = (size_t)(cursor->end - cursor->at);
	dns->trailing_bytes = left < UINT16_MAX ? (uint16_t)left : UINT16_MAX;
	return true;
}

/*
 * True for a header that no DNS message has: an opcode outside the IANA registry (0-2 and 4-6
 * stand in it), or more entries than the bytes could hold if each were as small as it can be.
 * Asked only where no question reads well, so a strange but readable message stays DNS.
 */
static bool implausible(const struct adit_dns *dns, size_t size)
{
	const unsigned assigned = 0x77;
	size_t records = (size_t)dns->count[1] + dns->count[2] + dns->count[3];

	return !(assigned >> dns->opcode & 1) ||
	       HEADER_SIZE + QUESTION_LEAST * dns->count[0] + RECORD_LEAST * records > size;
}

static void read_header(const uint8_t *message, struct adit_dns *dns)
{
	dns->id = adit_load_be16(message);
	dns->flags = adit_load_be16(message + 2);
	dns->opcode = dns->flags >> 11 & 0xf;
	dns->rcode = dns->flags & 0xf;
	for (unsigned i = 0; i < ADIT_COUNT(dns->count); i++)
		dns->count[i] = adit_load_be16(message + 4 + 2 * i);
	memset(&dns->answers, 0, sizeof(*dns) - offsetof(struct adit_dns, answers));
	dns->ttl_min = UINT32_MAX;
}

/* Reads the name, type and class of the first question; returns the offset after it, or 0. A
 * pointer in this name can lead only into the header, whose bytes are then read as labels: that
 * is what the rule of RFC 1035 section 4.1.4 says, and what other decoders show. */
static size_t read_question(const uint8_t *message, size_t size, struct adit_dns *dns)
{
	size_t at = adit_name_read(message, size, HEADER_SIZE, &dns->qname);

	if (at == 0 || size - at < QUESTION_FIXED)
		return 0;
	dns->qtype = adit_load_be16(message + at);
	dns->qclass = adit_load_be16(message + at + 2);
	return at + QUESTION_FIXED;
}

static ADIT_ALWAYS_INLINE enum adit_outcome parse(
	const struct together *asked, const uint8_t *message, size_t size, struct adit_dns *dns)
{
	struct together together = *asked;
	struct cursor cursor = {.at = message, .end = message + size};
	size_t at;

	if (ADIT_UNLIKELY(size < HEADER_SIZE)) {
		dns->id = size >= 2 ? adit_load_be16(message) : 0;
		dns->flags = size >= 4 ? adit_load_be16(message + 2) : 0;
		return ADIT_OUTCOME_DNS_SHORT;
	}
	read_header(message, dns);
	if (!(dns->flags & ADIT_DNS_QR))
		together.answers = NULL;
	if (ADIT_UNLIKELY(dns->count[0] == 0)) {
		static const uint8_t root;

		if (implausible(dns, size))
			return ADIT_OUTCOME_DNS_IMPLAUSIBLE;
		adit_name_read(&root, 1, 0, &dns->qname);
		dns->qtype = dns->qclass = 0;
		cursor.at += HEADER_SIZE;
		read_rest(&cursor, message, dns, &together);
		return ADIT_OUTCOME_DNS_NO_QUESTION;
	}
	at = read_question(message, size, dns);
	if (ADIT_UNLIKELY(at == 0))
		return implausible(dns, size) ? ADIT_OUTCOME_DNS_IMPLAUSIBLE
					      : ADIT_OUTCOME_DNS_BAD_NAME;
	cursor.at += at;
	if (ADIT_UNLIKELY(!read_rest(&cursor, message, dns, &together)))
		return ADIT_OUTCOME_DNS_BAD_RECORD;
	return dns->flags & ADIT_DNS_QR ? ADIT_OUTCOME_DNS_RESPONSE : ADIT_OUTCOME_DNS_QUERY;
}

enum adit_outcome adit_dns_parse(const uint8_t *message, size_t size, struct adit_dns *dns)
{
	return parse(&(struct together){NULL, NULL}, message, size, dns);
}

enum adit_outcome adit_dns_read(const struct adit_hash_key *key, const uint8_t *message,
	size_t size, struct adit_dns *dns, struct adit_answers *answers)
{
	memset(answers, 0, sizeof(*answers));
	return parse(&(struct together){key, answers}, message, size, dns);
}
