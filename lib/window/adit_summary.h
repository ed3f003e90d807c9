/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is counted for a key in a slice, in two tiers: a row of one cache line for everyone, a
 * detail record of samples and histograms for keys that earn it. Both merge, so that windows of
 * any length can be summed from slices.
 */
#ifndef ADIT_SUMMARY_H
#define ADIT_SUMMARY_H

#include "adit_distinct.h"

#include <assert.h>

#ifdef __cplusplus
extern "C" {
#endif

enum adit_direction { ADIT_UP, ADIT_DOWN };

/* First tier: one cache line. Counters of the packet path wrap at 2^32 in a slice of 10 s (no port
 * delivers that many), sums of bytes and those of 16 bits saturate. Written by the owning worker;
 * read by the scoring core after the hand-off. */
#define ADIT_ROW_NAMES 3
struct adit_row {
	uint64_t key;
	uint32_t queries, responses;   /* messages; what is asked or said again within 5 s is one */
	uint32_t bytes_up, bytes_down; /* of DNS messages, all of them */
	uint32_t info_up;   /* bytes that names can have carried, each name once while the row
			       knows them, and what queries carry beside their names */
	uint32_t info_down; /* bytes of answers, each once while the row knows them, and what
			       responses carry beside them */
	union {
		struct {
			uint32_t name[ADIT_ROW_NAMES]; /* hashes of distinct names */
			uint32_t answer; /* digest; 0: none. With ADIT_ROW_ANSWERS_VARY the places
					    of all, of 32 by their digests */
		};
		struct { /* of sessions: a subscriber's first and last message, ms into the slice */
			uint32_t first_ms, last_ms;
		};
	};
	uint32_t answered;        /* responses with an answer record */
	uint32_t detail;          /* record number + 1; 0: none */
	uint16_t payload_queries; /* of types whose answers can carry data */
	uint16_t cname_answers;   /* responses with a CNAME */
	uint16_t unparsable;      /* datagrams on a DNS port that are no DNS */
	uint8_t names;            /* hashes in name[] */
	uint8_t flags;            /* ADIT_ROW_* */
};
#define ADIT_ROW_MORE_NAMES   0x01 /* there were more distinct names than any set here holds */
#define ADIT_ROW_UNZONED      0x02 /* under a top-level domain that is not delegated */
#define ADIT_ROW_ANSWERS_VARY 0x04 /* there was more than one answer */
#define ADIT_ROW_ANSWERS_MANY 0x08 /* … and more than a row tells apart */
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

/* Octets of a subdomain as they are counted: letters in either case, digits, and groups. */
#define ADIT_OCTET_DIGIT  26
#define ADIT_OCTET_HYPHEN 36 /* - and _ */
#define ADIT_OCTET_SYMBOL 37 /* other printable ASCII */
#define ADIT_OCTET_HIGH   38 /* 0x80..0xff */
#define ADIT_OCTET_OTHER  39 /* control and space */
#define ADIT_OCTET_COUNT  40

/* A name as it came, wire format. */
struct adit_sample {
	uint8_t size; /* 0: none */
	uint8_t wire[255];
};

#define ADIT_FIELD_SIZE    16 /* octets compared at either end of a name */
#define ADIT_GAP_BINS      16 /* bin i: gaps of [2^i, 2^(i+1)) × 64 us, ends open */
#define ADIT_SIZE_BINS     8  /* bin i: responses of [2^(i+5), 2^(i+6)) bytes, ends open */
#define ADIT_RCODE_BINS    6  /* 0..4 as they are, 5: REFUSED and above */
#define ADIT_TTL_BINS      8  /* adit_ttl_bin */
#define ADIT_CLASS_COUNT   32
#define ADIT_SLICE_SECONDS 10
#define ADIT_MAP_WORDS     4

/* Lower ends of the bins of TTLs, in seconds. */
#define ADIT_TTL_EDGES                            \
	{                                         \
		0, 1, 5, 30, 61, 300, 3600, 86400 \
	}

/* A bitmap of 256 places for a number of distinct things below about 1000 (linear counting: Whang,
 * Vander-Zanden, Taylor 1990; standard error 4 % at 64). */
struct adit_map {
	uint64_t bits[ADIT_MAP_WORDS];
};

/*
 * Second tier. Names are looked at once each: those that the set keeps when they come, all of 64
 * and then the n-th distinct one with a probability of 64 / n. So what is known of names does not
 * depend on how often they come, and its counters stay small however long a window is; the first
 * names of a slice weigh more than the last.
 */
struct adit_detail {
	struct adit_distinct names;   /* bytes: information of the name */
	struct adit_distinct answers; /* bytes: RDATA */
	uint64_t beside[2]; /* by enum adit_direction: bytes beside names and answers, which all
			       count: datagrams that are no DNS, long EDNS options, what follows
			       a message */

	/* Of names looked at. Length: octets of the subdomain. A label's is without its length
	 * octet. */
	uint32_t looked_at;
	uint32_t class_names[ADIT_CLASS_COUNT];           /* names of each pattern class */
	uint32_t length_sum, label_sum, label_square_sum; /* label_sum: their number */
	uint64_t length_square_sum, piece_square_sum;     /* the latter of labels' lengths */
	uint32_t octets[ADIT_OCTET_COUNT];
	uint32_t upper;                       /* of the letters: A-Z */
	uint64_t bigram_sum;                  /* sixteenths of a bit (bigrams.h) */
	uint32_t agree_head[ADIT_FIELD_SIZE]; /* names that agree with the one before, by place */
	uint32_t agree_tail[ADIT_FIELD_SIZE]; /* the same from the end of the subdomain */
	uint32_t compared;                    /* names that had one before */
	uint8_t length_max, label_max;        /* longest subdomain, longest label */

	/* Of responses whose name is kept, so that each name weighs alike. */
	uint32_t addressed, odd_addresses, addresses; /* responses with one; addresses */
	struct adit_map targets, networks;            /* of the addresses */

	/* Of all messages. */
	uint32_t queries, responses, again; /* again: asked or said a moment ago, counted once */
	uint32_t type[ADIT_GROUP_COUNT];    /* queries */
	uint32_t rcode[ADIT_RCODE_BINS];    /* responses */
	uint32_t payload_queries, cname_answers, answered;
	uint32_t empty;            /* responses without error and without an answer */
	uint32_t unzoned_answered; /* answers to names under no delegated top-level domain */
	uint32_t response_size[ADIT_SIZE_BINS];
	uint64_t response_sum, response_square_sum;
	uint64_t payload_sum; /* RDATA that can carry data, over all responses */
	uint64_t payload_square_sum;
	uint32_t ttl[ADIT_TTL_BINS]; /* answered responses, by their least TTL */

	/* Of a subscriber's queries in their order; not of domains. */
	uint32_t gap[ADIT_GAP_BINS];  /* between queries */
	uint32_t gaps, gap_same;      /* gaps; those within an eighth of the one before */
	uint32_t wait[ADIT_GAP_BINS]; /* from the last query to its response, when that is next */
	uint32_t in_step;             /* queries that came after a response, none being open */
	uint32_t id_steps, id_step_same; /* steps seen; steps equal to the one before */
	uint16_t id_step;                /* the last one */
	uint32_t port_same;              /* queries from the port of the one before */
	uint32_t edns, edns_same;        /* fingerprint of the last OPT; equal to the one before */
	uint32_t edns_seen;

	/* Queries by type and second of the slice, saturating: of domains, in a single slice. */
	uint16_t second[ADIT_GROUP_COUNT][ADIT_SLICE_SECONDS];
};

/* A sum of rows and detail records, in the scoring core: 64-bit counters. */
struct adit_sum {
	uint64_t queries, responses, bytes_up, bytes_down;
	uint64_t answered, payload_queries, cname_answers, unparsable;
	uint32_t windows; /* slices or minutes that went in */
	uint32_t first_slice, last_slice;
	bool unzoned;    /* ADIT_ROW_UNZONED of any row */
	bool more_names; /* the set misses names: its count is a lower bound */
	struct adit_detail detail;
};
void adit_sum_clear(struct adit_sum *sum);
/* `detail` may be NULL: the names and the answers of the row then stand for it. */
void adit_sum_add(struct adit_sum *sum, const struct adit_row *row,
	const struct adit_detail *detail, uint32_t first_slice, uint32_t last_slice);

/* Remembers the answers of a response in a row; returns how many of their bytes are new, as far as
 * the row knows. Hot path. */
uint32_t adit_row_answer(struct adit_row *row, uint32_t digest, uint32_t bytes);

/* Merges a row into an older one of the same key. False: it has no room for all the names or for
 * answers of many bytes; the caller puts them into a detail record, or sets ADIT_ROW_MORE_NAMES. */
bool adit_row_merge(struct adit_row *into, const struct adit_row *from);
void adit_detail_merge(struct adit_detail *into, const struct adit_detail *from);
/* Puts what a row without a record knows of names and answers into a fresh record. */
void adit_detail_from_row(struct adit_detail *detail, const struct adit_row *row);

static inline void adit_map_add(struct adit_map *map, uint32_t hash)
{
	map->bits[hash >> 30] |= UINT64_C(1) << (hash >> 24 & 63);
}
/* Floating point: scoring core only. */
double adit_map_number(const struct adit_map *map);

#ifdef __cplusplus
}
#endif
#endif
