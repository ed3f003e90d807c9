/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tunnels in logs by counts per second, after a notebook on the logs of authoritative answers ("raw
 * logs auth"). Domains are ranked by their rows of other types than A. Of a domain, rows of a
 * record type at one time stamp are a group; time stamps without rows are no groups. A hit is a
 * group whose size differs by more than 100 from the group before, and that comes after a longer
 * pause than the median one of its type. From three hits on, the type's rows from the first hit up
 * to, but without, the last one are marked.
 *
 * The notebook takes for "the group before" the one above in a table sorted by type and time: the
 * first group of a type is so compared with the last one of another type. That is `exact`; the
 * other way compares groups of one type only.
 *
 * Memory: 24 bytes a row, 12 more for each row of a ranked domain while they are reckoned with, 8
 * more for each of the type with most groups; domains and types once each. Time: linear in the rows
 * but for those that are not in order of time. One thread.
 */
#ifndef ADIT_LOGSCAN_H
#define ADIT_LOGSCAN_H

#include "adit_base.h"
#include "adit_distinct.h"
#include "adit_octets.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_LOGSCAN_DOMAINS 1000 /* ranked, as in the notebook */
#define ADIT_LOGSCAN_CHANGE  100  /* a hit changes by more than this */
#define ADIT_LOGSCAN_HITS    3    /* and so many make a tunnel */

struct adit_logscan;

struct adit_logscan_params {
	bool exact; /* the notebook's own way, and time stamps as they are; else by the second */
	uint32_t domains; /* that are ranked, at most */
};

/* NULL: no memory. */
struct adit_logscan *adit_logscan_create(
	const struct adit_logscan_params *params, const struct adit_allocator *allocator);
void adit_logscan_destroy(struct adit_logscan *scan);

/* A row of a log. Domain and type are compared octet by octet. */
struct adit_logscan_row {
	const char *domain, *type; /* copied where they are new */
	size_t domain_size, type_size;
	uint64_t ts_ns; /* since the Unix epoch */
	uint64_t at;    /* the caller's own: where the row stands */
	/* Of pandas, a domain or type that it takes for a missing value: such a row has no group,
	 * and one without a domain has no rank. */
	bool no_domain, no_type;
	bool passed_over; /* it is kept, and is in no group: its other half is */
};

#define ADIT_LOGSCAN_NONE UINT32_MAX

/* Takes a row; rows are numbered from 0 on. Gives 0 or -ENOMEM. */
int adit_logscan_add(struct adit_logscan *scan, const struct adit_logscan_row *row);
size_t adit_logscan_rows(const struct adit_logscan *scan);

/* A row as it is kept. */
struct adit_logscan_kept {
	uint64_t at, ts_ns;
	uint32_t pair; /* of domain and type */
	uint32_t passed_over;
};
const struct adit_logscan_kept *adit_logscan_row(const struct adit_logscan *scan, size_t number);
/* As above, for a row that was taken: its other half came later. */
void adit_logscan_pass_over(struct adit_logscan *scan, size_t number);

/* Finds. Returns 0 or -ENOMEM. */
int adit_logscan_run(struct adit_logscan *scan);

/* Hits of a domain and type, and what is marked by them: [first_ns, last_ns). */
struct adit_logscan_hits {
	uint32_t hits;
	uint64_t first_ns, last_ns; /* of the hits; of whole seconds unless exact */
	uint64_t rows;              /* that are marked; 0: too few hits */
};

struct adit_logscan_pair {
	uint32_t domain, type;
	bool no_domain, no_type;
	uint64_t rows;         /* in groups */
	uint32_t groups, most; /* the largest group */
	uint32_t cycles;       /* rounds of a rise of more than 100, and then a fall of as much */
	struct adit_logscan_hits found;
	/* The same by the other way of comparing, and rows that only one of the two marks. */
	struct adit_logscan_hits other;
	uint64_t differing;
};
size_t adit_logscan_pairs(const struct adit_logscan *scan);
const struct adit_logscan_pair *adit_logscan_pair(const struct adit_logscan *scan, uint32_t pair);
/* The name of a domain or a type; not ended by NUL. */
const char *adit_logscan_name(const struct adit_logscan *scan, uint32_t domain, size_t *size);
const char *adit_logscan_type(const struct adit_logscan *scan, uint32_t type, size_t *size);

/* Whether a row of this pair and time is marked. */
bool adit_logscan_marked(const struct adit_logscan *scan, uint32_t pair, uint64_t ts_ns);

/* Addresses that are told apart; more are only counted as more. */
#define ADIT_LOGSCAN_SERVERS 64

/* A ranked domain. What the notebook saw and did not reckon with is filled by what the caller
 * observes after adit_logscan_run. */
struct adit_logscan_domain {
	const char *name; /* not ended by NUL */
	size_t size;
	uint64_t rows, other_rows;  /* all of them, those of other types than A */
	uint32_t rank;              /* 1: the most of those; 0: it is not ranked */
	uint32_t first_pair, pairs; /* in adit_logscan_ranked_pair's order */
	uint32_t hits, cycles;      /* of the type with the most */
	uint64_t marked, other_marked, differing;
	uint64_t first_ns, last_ns; /* of what is marked */
	/* Observed: */
	uint64_t observed, queries, responses;
	uint64_t octets, digits, bigram, odd_octets; /* of subdomains, over rows (adit_octets.h) */
	struct adit_distinct names, clients;
	uint32_t server_count;
	bool more_servers;
	struct adit_address server[ADIT_LOGSCAN_SERVERS]; /* that answered for the domain */
};
size_t adit_logscan_ranked(const struct adit_logscan *scan);
/* The domain of a rank, from 0 on. */
struct adit_logscan_domain *adit_logscan_domain(const struct adit_logscan *scan, size_t rank);
/* The ranked domain of a pair, or NULL. */
struct adit_logscan_domain *adit_logscan_domain_of(const struct adit_logscan *scan, uint32_t pair);
/* Pairs of ranked domains: by rank, then by name of type. */
const struct adit_logscan_pair *adit_logscan_ranked_pair(
	const struct adit_logscan *scan, uint32_t place);

/* A row of a ranked domain, once more. */
struct adit_logscan_seen {
	const uint8_t *wire; /* the name; NULL: it has none */
	size_t size, registrable_at;
	const struct adit_address *server; /* authoritative; NULL: the log does not tell */
	const struct adit_address *client;
	bool is_query, is_response;
};
void adit_logscan_observe(struct adit_logscan_domain *domain, const struct adit_logscan_seen *seen);

/* Networks that the servers are in: /24 of IPv4, /48 of IPv6. */
uint32_t adit_logscan_networks(const struct adit_logscan_domain *domain);

#ifdef __cplusplus
}
#endif
#endif
