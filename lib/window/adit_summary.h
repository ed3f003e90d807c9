/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is counted for a key in a slice, in two tiers: a row of one cache line for everyone, a
 * detail record of sketches and histograms for keys that earn it. Both merge, so that windows of
 * any length can be summed from slices.
 *
 * Distinct names: exact up to 4 in a row and up to 64 in a detail record; beyond that HyperLogLog
 * (Flajolet et al. 2007) with 256 registers, standard error 1.04/sqrt(256) = 6.5 %. Small counts
 * are where decisions fall, and there they are exact (but for 32-bit hash collisions: 64 names
 * collide with probability 5e-7).
 */
#ifndef ADIT_SUMMARY_H
#define ADIT_SUMMARY_H

#include "adit_base.h"

#include <assert.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A set of names by their 32-bit hashes. */
#define ADIT_NAMES_EXACT     64
#define ADIT_NAMES_REGISTERS 256
struct adit_names {
	uint32_t count; /* of exact[]; ADIT_NAMES_SKETCH: registers[] is in use */
	union {
		uint32_t exact[ADIT_NAMES_EXACT];
		uint8_t registers[ADIT_NAMES_REGISTERS];
	};
};
#define ADIT_NAMES_SKETCH UINT32_MAX

enum adit_names_added {
	ADIT_NAMES_SEEN,    /* in the set before, exactly known */
	ADIT_NAMES_NEW,     /* not in the set before, exactly known */
	ADIT_NAMES_UNKNOWN, /* the set is a sketch: can't tell */
};
enum adit_names_added adit_names_add(struct adit_names *names, uint32_t hash);
void adit_names_merge(struct adit_names *into, const struct adit_names *from);
/* Number of distinct names; floating point: scoring core only. */
double adit_names_estimate(const struct adit_names *names);

/* First tier: one cache line. Counters of the packet path wrap at 2^32 in a slice of 10 s (no port
 * delivers that many), those of 16 bits saturate. Written by the owning worker; read by the
 * scoring core after the hand-off. */
#define ADIT_ROW_NAMES 4
struct adit_row {
	uint64_t key;
	uint32_t queries, responses;   /* messages */
	uint32_t bytes_up, bytes_down; /* of DNS messages */
	uint32_t info_up;   /* bytes that the subdomains could carry, over all messages */
	uint32_t info_down; /* RDATA bytes that can carry data, over all responses */
	uint32_t name[ADIT_ROW_NAMES]; /* hashes of distinct names */
	uint32_t answered;             /* responses with an answer record */
	uint32_t detail;               /* record number + 1; 0: none */
	uint16_t payload_queries;      /* of types whose answers can carry data */
	uint16_t cname_answers;        /* responses with a CNAME */
	uint16_t unparsable;           /* datagrams on a DNS port that are no DNS */
	uint8_t names;                 /* hashes in name[] */
	uint8_t flags;                 /* ADIT_ROW_* */
};
#define ADIT_ROW_MORE_NAMES 0x01 /* there were more distinct names than any set here holds */
#define ADIT_ROW_UNZONED    0x02 /* under a top-level domain that is not delegated */
static_assert(sizeof(struct adit_row) == ADIT_CACHE_LINE, "a row is one cache line");

/* Groups of query types; the first three answer with addresses or service parameters. */
enum adit_type_group {
	ADIT_GROUP_A,
	ADIT_GROUP_AAAA,
	ADIT_GROUP_SERVICE, /* HTTPS, SVCB */
	ADIT_GROUP_TXT,
	ADIT_GROUP_NULL,
	ADIT_GROUP_CNAME,
	ADIT_GROUP_MX,
	ADIT_GROUP_SRV,
	ADIT_GROUP_KEY,
	ADIT_GROUP_PRIVATE, /* 65280..65534 */
	ADIT_GROUP_PTR,
	ADIT_GROUP_OTHER,
	ADIT_GROUP_COUNT
};

/* Character classes of the subdomain, counted in octets. */
enum adit_char_class {
	ADIT_CHAR_DIGIT,
	ADIT_CHAR_HEX,    /* a-f */
	ADIT_CHAR_LOWER,  /* g-z */
	ADIT_CHAR_UPPER,  /* A-Z */
	ADIT_CHAR_HYPHEN, /* - and _ */
	ADIT_CHAR_SYMBOL, /* other printable ASCII */
	ADIT_CHAR_HIGH,   /* 0x80..0xff */
	ADIT_CHAR_OTHER,  /* control and space */
	ADIT_CHAR_COUNT
};

/* A name as it came, wire format. */
struct adit_sample {
	uint8_t size; /* 0: none */
	uint8_t wire[255];
};

#define ADIT_FIELD_SIZE     16
#define ADIT_GAP_BINS       16 /* bin i: gaps of [2^i, 2^(i+1)) × 64 us, ends open */
#define ADIT_SIZE_BINS      8  /* bin i: responses of [2^(i+5), 2^(i+6)) bytes, ends open */
#define ADIT_RCODE_BINS     6  /* 0..4 as they are, 5: REFUSED and above */
#define ADIT_DETAIL_SAMPLES 2
#define ADIT_CLASS_COUNT    32

/* Second tier. "Names" below are distinct names while the set is exact, messages of the leading
 * direction after that. */
struct adit_detail {
	uint32_t owner;     /* row, and table in the top two bits; of the worker's shard only */
	uint32_t looked_at; /* names that the fields below were made from */
	struct adit_names names;
	uint32_t queries, responses;     /* since the record was made: base of the shares below */
	uint32_t type[ADIT_GROUP_COUNT]; /* queries */
	uint32_t rcode[ADIT_RCODE_BINS]; /* responses */
	uint32_t payload_queries, cname_answers, answered;
	uint32_t response_size[ADIT_SIZE_BINS];
	uint32_t ttl_low;                       /* answered responses with a TTL of 60 s or less */
	uint32_t class_names[ADIT_CLASS_COUNT]; /* names of each pattern class */
	uint32_t length_sum, label_sum;         /* octets of the subdomain; its labels */
	uint64_t length_square_sum;
	uint32_t chars[ADIT_CHAR_COUNT];
	uint8_t length_max, label_max; /* longest subdomain, longest label */
	uint8_t previous_size;
	uint8_t previous[ADIT_FIELD_SIZE]; /* first octets of the previous name */
	uint32_t agree[ADIT_FIELD_SIZE];   /* names that agree with the one before, by position */
	uint32_t compared;                 /* names that had one before */
	uint64_t last_query_ns;
	uint32_t gap[ADIT_GAP_BINS]; /* between queries */
	uint16_t last_id, id_step;
	uint32_t id_steps, id_step_same; /* steps seen; steps equal to the one before */
	uint32_t edns, edns_same;        /* fingerprint of the last OPT; equal to the one before */
	uint32_t edns_seen;
	uint8_t sample_count;
	struct adit_sample sample[ADIT_DETAIL_SAMPLES];
};

/* A sum of rows and detail records, in the scoring core: 64-bit counters. */
struct adit_sum {
	uint64_t queries, responses, bytes_up, bytes_down, info_up, info_down;
	uint64_t answered, payload_queries, cname_answers, unparsable;
	uint32_t windows; /* slices or minutes that went in */
	uint32_t first_slice, last_slice;
	bool unzoned;    /* ADIT_ROW_UNZONED of any row */
	bool more_names; /* the set misses names: its count is a lower bound */
	struct adit_names names;
	struct adit_detail detail; /* its own `names` is unused */
};
void adit_sum_clear(struct adit_sum *sum);
/* `detail` may be NULL. */
void adit_sum_add(struct adit_sum *sum, const struct adit_row *row,
	const struct adit_detail *detail, uint32_t first_slice, uint32_t last_slice);

/* Merges a row into an older one of the same key. False: it has no room for all the names; the
 * caller puts them into a detail record, or sets ADIT_ROW_MORE_NAMES. */
bool adit_row_merge(struct adit_row *into, const struct adit_row *from);
void adit_detail_merge(struct adit_detail *into, const struct adit_detail *from);

#ifdef __cplusplus
}
#endif
#endif
