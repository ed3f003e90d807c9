/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DNS messages in wire format (RFC 1035 section 4, RFC 6891 for EDNS), names, and their text.
 * Names are bytes, not text: any octet may stand in a label, tunnels use them all.
 *
 * No function here allocates, blocks or reads outside the bytes it is given.
 */
#ifndef ADIT_DNS_H
#define ADIT_DNS_H

#include "adit_base.h"
#include "adit_hash.h"
#include "adit_outcome.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_NAME_MAX      255 /* octets of a name on the wire, its root label included (RFC 1035) */
#define ADIT_LABEL_MAX     127 /* labels of such a name, its root label not counted */
#define ADIT_NAME_TEXT_MAX (4 * ADIT_NAME_MAX + 1) /* "\ddd" for each octet, and the NUL */

/* Record types that are told apart by more than their number. */
enum adit_dns_type {
	ADIT_TYPE_A = 1,
	ADIT_TYPE_NS = 2,
	ADIT_TYPE_CNAME = 5,
	ADIT_TYPE_SOA = 6,
	ADIT_TYPE_NULL = 10,
	ADIT_TYPE_PTR = 12,
	ADIT_TYPE_MX = 15,
	ADIT_TYPE_TXT = 16,
	ADIT_TYPE_KEY = 25,
	ADIT_TYPE_AAAA = 28,
	ADIT_TYPE_SRV = 33,
	ADIT_TYPE_DNAME = 39,
	ADIT_TYPE_OPT = 41,
	ADIT_TYPE_SVCB = 64,
	ADIT_TYPE_HTTPS = 65,
	ADIT_TYPE_ANY = 255,
	ADIT_TYPE_PRIVATE = 65399,
};

/*
 * A name without compression: `wire` holds length octets and labels as they came (raw), `lower`
 * the same with A-Z mapped to a-z inside labels (RFC 4343), both `size` octets, the root label
 * included; what stands behind them is undefined. label_at[i] is the offset of label i's length
 * octet, leftmost first; label_at[labels] is that of the root label.
 */
struct adit_name {
	uint8_t size;   /* 1..255 */
	uint8_t labels; /* root not counted */
	uint8_t label_at[ADIT_LABEL_MAX + 1];
	uint8_t wire[ADIT_NAME_MAX + 1];
	uint8_t lower[ADIT_NAME_MAX + 1];
};

#define ADIT_DNS_QR 0x8000 /* bits of `flags`, RFC 1035 section 4.1.1 */
#define ADIT_DNS_AA 0x0400
#define ADIT_DNS_TC 0x0200
#define ADIT_DNS_RD 0x0100
#define ADIT_DNS_RA 0x0080
#define ADIT_DNS_AD 0x0020
#define ADIT_DNS_CD 0x0010

/* What a message says, as far as a tap needs it. Counters are of what was read. */
struct adit_dns {
	uint16_t id, flags;
	uint8_t opcode, rcode;  /* rcode without EDNS extension bits */
	uint16_t count[4];      /* QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT as the header claims */
	uint16_t qtype, qclass; /* of the first question */
	struct adit_name qname; /* of the first question */

	uint16_t answers;        /* records read in the answer section */
	uint16_t answer_cname;   /* of them CNAME or DNAME */
	uint16_t answer_address; /* of them A or AAAA */
	uint16_t answer_type;    /* type of the first record that is not CNAME; 0: none */
	uint32_t answer_bytes;   /* RDATA bytes of the answer section, as on the wire */
	uint32_t payload_bytes;  /* of them those that can carry data: all but A, AAAA, SOA, NS, OPT
				    and DNSSEC records */
	uint32_t extra_bytes;    /* RDATA bytes of authority and additional section that can carry
				    data, by the same rule */
	uint32_t ttl_min;        /* seconds, over the answer section (top bit set: 0, RFC 2181);
				    UINT32_MAX: no answer */

	uint8_t edns;           /* an OPT record is in the additional section */
	uint8_t edns_do;        /* its DNSSEC-OK bit */
	uint16_t edns_udp_size; /* its CLASS field */
	uint16_t edns_bytes;    /* RDATA bytes of its options (of all OPT records, if several) */

	uint16_t trailing_bytes; /* after the last record; 0 if a record is not whole */
	uint16_t other_bytes;    /* behind the first question, and no whole record that stands where
				    it should: further questions, records of queries, OPT records
				    outside the additional section, what follows the last record
				    or belongs to one that is not whole */
	uint16_t records_at;     /* offset of the answer section; 0: not reached */
};

/*
 * Parses a message of `size` bytes. Returns
 *   ADIT_OUTCOME_DNS_QUERY / _RESPONSE  every record read; all fields set
 *   ADIT_OUTCOME_DNS_BAD_RECORD         header and first question read, a later record is not
 *                                       whole; counters hold what came before it
 *   ADIT_OUTCOME_DNS_NO_QUESTION        QDCOUNT is 0; the header fields and, as far as they go,
 *                                       the records are set, qname is the root
 *   ADIT_OUTCOME_DNS_SHORT, _BAD_NAME   fewer than 12 bytes; the question can't be read (label
 *                                       type, loop, name over 255 octets, past the end)
 *   ADIT_OUTCOME_DNS_IMPLAUSIBLE        no question that can be read (QDCOUNT 0 is none), and
 *                                       a header that no DNS message has: unassigned opcode, or
 *                                       counts that can't fit even at the least size per entry
 *
 * IMPLAUSIBLE is what a raw datagram on port 53 looks like; where the question reads well, the
 * message is DNS whatever its header. After SHORT, BAD_NAME and IMPLAUSIBLE no field but id and
 * flags may be used. Any thread.
 */
enum adit_outcome adit_dns_parse(const uint8_t *message, size_t size, struct adit_dns *dns);

/* What the records of a message say taken together; all 0 where there are none. OPT is no record
 * here: its options are counted in struct adit_dns. */
struct adit_answers {
	uint32_t digest;    /* of all records but their TTLs, in whatever order they stand */
	uint32_t bytes;     /* what a server can choose: RDATA of all but DNSSEC records that come
			       beside what was asked for, and owner names that are no part of
			       the question's */
	uint32_t addresses; /* A and AAAA records of the answer section */
	uint32_t odd_addresses;  /* of them those that no host on the Internet has */
	uint32_t address_digest; /* of the addresses, in whatever order they stand */
	uint32_t network;        /* hash of the first address's /16 (IPv4) or /32 (IPv6) */
};

/*
 * The same, and in the same walk, of a response, what its records say together, with a keyed hash
 * of each; of records that are not whole, and after an outcome that fills no fields, nothing. In
 * names of RDATA compression pointers are left out: where they point depends on the length of the
 * question, not on the answer. Odd addresses are IPv4 in 0.0.0.0/8 (but itself) and from 224.0.0.0
 * on, and IPv6 outside 2000::/3, fc00::/7, fe80::/10, ::/80 and 64:ff9b::/32 (RFC 6890, RFC 6052):
 * a server that puts data into addresses makes them, one that names hosts does not. Any thread.
 */
enum adit_outcome adit_dns_read(const struct adit_hash_key *key, const uint8_t *message,
	size_t size, struct adit_dns *dns, struct adit_answers *answers);

/*
 * Reads the name at `offset` of a message, following compression pointers (each must point to
 * before the label sequence that it ends, so there is an end). Returns the offset after the name,
 * or 0 if it can't be read; *name is then the root.
 */
size_t adit_name_read(const uint8_t *message, size_t size, size_t offset, struct adit_name *name);

/* The name of a text such as "a.b.example" (with \. and \ddd escapes, final dot allowed), for
 * lists and tests. Spaces and octets outside ASCII must be escaped. Returns 0, or -EINVAL; *name is
 * then the root. */
int adit_name_from_text(const char *text, struct adit_name *name);

/* The same of a text of so many bytes as logs have it: any octet may stand unescaped in a label. */
int adit_name_from_log(const char *text, size_t size, struct adit_name *name);

/*
 * The text of wire-format octets as RFC 1035 section 5.1 and RFC 4343 section 2.1 write it in
 * master files: "\." "\\" "\"" … escaped, octets outside 0x21..0x7e as \ddd; no final dot; "."
 * for the root. Part of a name will do (it ends at `size`), none of it gives "". `room` bytes at
 * `text` (ADIT_NAME_TEXT_MAX is always enough; in less it is cut between two octets, NUL
 * included); returns the length.
 */
size_t adit_name_to_text(const uint8_t *wire, size_t size, char *text, size_t room);

/* The CPU rows that copy and lower-case the octets of names, for tests: each must give what the
 * last one gives, which knows no vectors. `put` takes name->size octets out of `readable` ones at
 * `from`, reads no others, and writes name->wire and name->lower. The first supported row is used,
 * or the one that adit_cpu_wanted. */
struct adit_octets_row {
	const char *name;
	bool (*supported)(void);
	void (*put)(struct adit_name *name, const uint8_t *from, size_t readable);
};
extern const struct adit_octets_row adit_octets_rows[];
extern const size_t adit_octets_row_count;

/* Mnemonic of a record type ("TXT"), or "TYPE123" (RFC 3597) written into `room`. */
const char *adit_dns_type_text(uint16_t type, char room[12]);

/* The type of a mnemonic in any case of letters, of "TYPE123", "123" or "*" (ANY); 0: it is none.
 */
uint16_t adit_dns_type_of(const char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
