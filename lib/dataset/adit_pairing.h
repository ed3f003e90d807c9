/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From DNS messages to rows: one row a client's query, with the answer that it got and with what a
 * resolver asked the servers behind it for it.
 *
 * Client side. A query opens a row. What belongs to it comes within `window_ns` of it: answers by
 * addresses, ports, transaction ID and question (RFC 5452 section 9.1 says what an answer must
 * match); the same query again while there is no answer is a retransmission, and after it a new
 * row; a packet that comes again, byte by byte and with the same IP identification, within
 * `duplicate_ns` was seen twice; the same question over TCP after an answer with TC=1 (RFC 7766
 * section 5) is the same row.
 *
 * Server side. A message is one row's if its question has the row's name (or the same label, where
 * `tag_label` is set) and it came while the row's client waited: until its answer, or `timeout_ns`
 * after its last transmission, give or take `slack_ns`. Letters of any case are the same (RFC
 * 4343), so that 0x20 makes no difference. Names that only begin further right are what QNAME
 * minimisation (RFC 9156) or validation asks for. Where two rows could be meant, neither gets it;
 * of those with a tag, the one with the whole name does.
 *
 * Every message ends in exactly one role and every row comes out exactly once, in the order of the
 * queries. Rows are told when two messages in turn are `window_ns` (and twice the slack) away from
 * their query, so that a clock may be set back and a single time be wrong; so memory is
 * `transactions` rows at most (adit_pairing_bytes), and in truth the rate of queries times the
 * window; when there are more, the oldest are told early and counted as `evicted`. Server-side
 * messages may go `slack_ns` ahead: give each when the time of the client side has reached its own
 * plus the slack.
 *
 * One thread owns a pairing. Nothing is allocated after creation.
 */
#ifndef ADIT_PAIRING_H
#define ADIT_PAIRING_H

#include "adit_dns.h"
#include "adit_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a message turned out to be: name | which sides | meaning. */
#define ADIT_ROLES(ROLE)                                                                         \
	ROLE(QUERY, "query", 1, "opens a row")                                                   \
	ROLE(RETRANSMISSION, "retransmission", 1,                                                \
		"the same query again, before there was an answer")                              \
	ROLE(TCP_RETRY, "tcp_retry", 1, "the question again over TCP, after a truncated answer") \
	ROLE(ANSWER, "answer", 1, "the first answer to a query, in time")                        \
	ROLE(LATE_ANSWER, "late_answer", 1, "the same, later than --timeout")                    \
	ROLE(TCP_ANSWER, "tcp_answer", 1, "the answer over TCP to what was truncated")           \
	ROLE(REPEATED_ANSWER, "repeated_answer", 1, "one more answer to a query that has one")   \
	ROLE(OTHER_QUESTION, "other_question", 1,                                                \
		"an answer with the addresses, ports and ID of a query, but another question")   \
	ROLE(UNSOLICITED, "unsolicited", 1, "an answer to no query of the last --window")        \
	ROLE(MATCHED, "matched", 2, "asks or answers the name of one client's query")            \
	ROLE(MATCHED_TYPE, "matched_type", 2, "the same, with another type")                     \
	ROLE(MATCHED_PART, "matched_part", 2,                                                    \
		"of a parent of one query's name: QNAME minimisation")                           \
	ROLE(MATCHED_KEYS, "matched_keys", 2, "DS or DNSKEY of a parent of one query's name")    \
	ROLE(AMBIGUOUS, "ambiguous", 2, "several clients waited for this name and type")         \
	ROLE(AMBIGUOUS_TYPE, "ambiguous_type", 2,                                                \
		"several queries of this name waited, none with this type")                      \
	ROLE(AMBIGUOUS_PART, "ambiguous_part", 2, "several queries below this name waited")      \
	ROLE(OUTSIDE, "outside", 2, "a client asked for this name, but did not wait just then")  \
	ROLE(UNASKED, "unasked", 2, "no client is known to have asked for this name")            \
	ROLE(DUPLICATE, "duplicate", 3, "the same packet, seen twice")                           \
	ROLE(WRONG_WAY, "wrong_way", 3, "a query from a server, or an answer from a client")     \
	ROLE(NO_QUESTION, "no_question", 3,                                                      \
		"a message without a question that belongs to nothing")                          \
	ROLE(UNREADABLE, "unreadable", 3, "bytes on a DNS port that are no DNS message")

enum adit_role {
#define ADIT_ROLE_NAME(name, text, sides, meaning) ADIT_ROLE_##name,
	ADIT_ROLES(ADIT_ROLE_NAME)
#undef ADIT_ROLE_NAME
		ADIT_ROLE_COUNT
};

struct adit_role_about {
	const char *name, *meaning;
	unsigned sides; /* bit 0: client side, bit 1: server side */
};
extern const struct adit_role_about adit_roles[ADIT_ROLE_COUNT];

/* How a client's query ended. */
#define ADIT_QUERY_ENDS(END)                                                                  \
	END(ANSWERED, "answered", "an answer came in time")                                   \
	END(LATE, "late", "the answer came later than --timeout after the last transmission") \
	END(MISSING, "missing", "no answer came within --window")                             \
	END(CUT, "cut", "the captures end less than --timeout after the last transmission")   \
	END(EVICTED, "evicted", "no answer until it gave way (--transactions)")

enum adit_query_end {
#define ADIT_END_NAME(name, text, meaning) ADIT_QUERY_##name,
	ADIT_QUERY_ENDS(ADIT_END_NAME)
#undef ADIT_END_NAME
		ADIT_QUERY_END_COUNT
};

/* What the server side has of a query; the first ones, the better. */
#define ADIT_MATCHES(MATCH)                                                                        \
	MATCH(NAME, "name", "a query for its name (or with its label) and type")                   \
	MATCH(TYPE, "type", "a query for its name with another type")                              \
	MATCH(PART, "part", "a query for a parent of its name: QNAME minimisation")                \
	MATCH(AMBIGUOUS, "ambiguous", "queries that may be another row's as well")                 \
	MATCH(CACHED, "cached", "nothing; its name was asked for before: from a cache, probably")  \
	MATCH(UNSEEN, "unseen", "nothing, and its name was never asked for")                       \
	MATCH(UNCOVERED, "uncovered", "nothing: the server side's captures do not cover its time") \
	MATCH(NONE, "none", "there is no capture of the server side")

enum adit_match {
#define ADIT_MATCH_NAME_(name, text, meaning) ADIT_MATCH_##name,
	ADIT_MATCHES(ADIT_MATCH_NAME_)
#undef ADIT_MATCH_NAME_
		ADIT_MATCH_COUNT
};

struct adit_word {
	const char *name, *meaning;
};
extern const struct adit_word adit_query_ends[ADIT_QUERY_END_COUNT];
extern const struct adit_word adit_matches[ADIT_MATCH_COUNT];

/* The mobile network around a client's packet; all zero outside GTP-U. */
struct adit_message_context {
	struct adit_address radio, core; /* GTP-U peers, if has_tunnel */
	uint32_t teid;                   /* of this packet's direction */
	uint16_t vlan, vlan_inner;       /* identifiers; 0: none */
	bool has_tunnel;
};

/* A DNS message as a tap saw it. Its bytes are the caller's. */
struct adit_message {
	const uint8_t *data; /* without TCP's length */
	uint32_t size;
	uint64_t ts_ns; /* of its packet, or the one that made it whole; since the Unix epoch */
	uint64_t who;   /* key of the client's address in its context */
	/* The end whose port is not a DNS port is the client; on the server side, a resolver. */
	struct adit_address client, server;
	uint16_t client_port, server_port;
	uint16_t udp_bytes; /* UDP's length field; 0: over TCP */
	uint16_t ip_id;     /* IPv4 identification */
	uint8_t ttl;        /* or hop limit */
	uint8_t protocol;   /* of the IP header: 6 or 17 */
	bool up;            /* from the client to the server */
	bool server_side;
	bool raw;         /* over TCP, bytes that are no DNS */
	uint32_t capture; /* the caller's number of the file */
	struct adit_message_context context;
};

/* What is kept of a packet. Fields of DNS are those of struct adit_dns. */
struct adit_facts {
	uint64_t ts_ns; /* 0: there is no such packet */
	struct adit_address source, destination;
	uint32_t message_bytes, answer_bytes, payload_bytes, ttl_min;
	uint16_t source_port, destination_port, udp_bytes;
	uint16_t id, flags, count[4], qtype;
	uint16_t answers, answer_cname, answer_address, answer_type;
	uint16_t edns_udp_size, edns_bytes, trailing_bytes;
	uint8_t ttl, protocol, edns, edns_do, whole; /* whole: every record could be read */
};

struct adit_query {
	uint64_t number;                           /* 1 is the first query */
	struct adit_facts query, response;         /* the first transmission; the last answer */
	struct adit_facts server_query;            /* the first of the best match */
	struct adit_facts server_response;         /* the last answer of that match */
	struct adit_message_context context, back; /* of the query; of the response */
	uint64_t last_query_ns;                    /* of the last transmission before the answer */
	uint64_t first_response_ns;                /* of the first answer, also a truncated one */
	uint32_t capture;                          /* of the query */
	uint32_t packets; /* of the client side, all that are counted below */
	uint32_t queries, retransmissions, responses, repeated, duplicates, other_questions;
	uint32_t server_queries, server_responses; /* matched, whatever they were */
	uint32_t server_types, server_parts, server_keys, server_retries, server_ambiguous;
	uint16_t qtype, qclass;
	uint8_t outcome; /* enum adit_query_end, set when the row is told */
	uint8_t match;   /* enum adit_match, likewise */
	bool evicted;    /* gave way to a newer one */
	bool truncated;  /* the first answer had TC=1 */
	bool tcp_retry, tcp_answered;
	bool asked_before;            /* the server side had been asked for its name */
	bool server_case;             /* server_query spells the name with other cases of letters */
	const struct adit_name *name; /* the question's, as asked first */
};

/* A message that opened no row and became part of none, for a list of them. */
typedef void adit_pairing_explain(void *context, enum adit_role role,
	const struct adit_message *message,
	const struct adit_dns *dns); /* dns: NULL where it can't be read */

struct adit_pairing_params {
	const struct adit_hash_key *key;
	uint64_t timeout_ns;   /* an answer after this is late */
	uint64_t window_ns;    /* how long a row is open, >= timeout_ns */
	uint64_t duplicate_ns; /* 0: no packet is a duplicate */
	uint64_t slack_ns;     /* how far the clocks of both sides may be apart */
	uint32_t transactions; /* open rows, 1 to ADIT_TRANSACTIONS_MAX */
	uint32_t tag_label;    /* match by this label, 1 is the leftmost; 0: by the name */
	uint32_t remembered;   /* packets, and names of each side, that are known again: a power of
				  two, at least 4; 0: ADIT_REMEMBERED */
	bool has_server;       /* there will be messages of the server side */
	/* Each row, whose memory is used again afterwards. */
	void (*row)(void *context, const struct adit_query *row);
	adit_pairing_explain *explain; /* NULL: not wanted */
	void *context;
};
#define ADIT_TRANSACTIONS_MAX (1u << 24)
#define ADIT_REMEMBERED       (1u << 17)

struct adit_pairing_counters {
	uint64_t messages[2];              /* by side: client, server */
	uint64_t role[2][ADIT_ROLE_COUNT]; /* their sum is `messages` */
	uint64_t rows;                     /* told; once all is over, role[0][QUERY] */
	uint64_t outcome[ADIT_QUERY_END_COUNT], match[ADIT_MATCH_COUNT]; /* of rows told */
	uint64_t evicted;
	uint64_t open_max; /* rows open at a time, at most */
};

struct adit_pairing;

/* What an open row takes, its places in the index included. */
extern const size_t adit_query_bytes;

size_t adit_pairing_bytes(const struct adit_pairing_params *params);
/* NULL: no memory. */
struct adit_pairing *adit_pairing_create(
	const struct adit_pairing_params *params, const struct adit_allocator *allocator);
void adit_pairing_destroy(struct adit_pairing *pairing);

/* Takes a message; gives what it was. Rows whose time is over are told first. */
enum adit_role adit_pairing_take(struct adit_pairing *pairing, const struct adit_message *message);

/* A packet of a side, of whatever kind, was seen at this time: its captures cover it. */
void adit_pairing_cover(struct adit_pairing *pairing, bool server_side, uint64_t ts_ns);

/* The client side has ended, where the server side goes on: what has no answer yet may have been
 * cut off. */
void adit_pairing_client_over(struct adit_pairing *pairing);

/* Nothing follows on either side: tells the rows that are open. */
void adit_pairing_end(struct adit_pairing *pairing);

const struct adit_pairing_counters *adit_pairing_counters(const struct adit_pairing *pairing);

#ifdef __cplusplus
}
#endif
#endif
