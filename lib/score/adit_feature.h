/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The feature table: what is known of a key over a span, as numbers. A row here is the enum, the
 * column of windows.csv that models are trained on and read when scoring, the name of a reason in a
 * verdict, and a line of the reference page. Scoring core only: the one place with floating point.
 */
#ifndef ADIT_FEATURE_H
#define ADIT_FEATURE_H

#include "adit_window.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Keys that a feature belongs to, as bits. */
#define ADIT_KEY_DOMAIN  (1u << ADIT_KIND_DOMAIN)
#define ADIT_KEY_PAIR    (1u << ADIT_KIND_PAIR)
#define ADIT_KEY_SERVER  (1u << ADIT_KIND_SERVER)
#define ADIT_KEY_SESSION (1u << ADIT_KIND_SESSION)

/* What a feature speaks of. Shape and rhythm are what a model is trained on unless told otherwise:
 * how much there is, who else asks, and how long things take, say more of the training data than of
 * tunnels. */
enum adit_nature {
	ADIT_NATURE_SHAPE,   /* what names, types and answers look like */
	ADIT_NATURE_RHYTHM,  /* in which order things come, whatever the time between them */
	ADIT_NATURE_CLOCK,   /* times, and values of counters */
	ADIT_NATURE_VOLUME,  /* how much there is */
	ADIT_NATURE_CONTEXT, /* what is known from elsewhere, or of the client's software */
};

/* What a feature costs on the packet path. */
enum adit_cost {
	ADIT_COST_ROW,    /* a counter of a row: every message */
	ADIT_COST_RECORD, /* a counter of a detail record: every message of a key that earned one */
	ADIT_COST_NAME,   /* a walk over the octets of a name that is looked at */
	ADIT_COST_SCORER, /* nothing: the scoring core's own */
};

#define D_   ADIT_KEY_DOMAIN
#define P_   ADIT_KEY_PAIR
#define S_   ADIT_KEY_SERVER
#define U_   ADIT_KEY_SESSION
#define DPS_ (D_ | P_ | S_)
#define PS_  (P_ | S_)
#define ALL_ (D_ | P_ | S_ | U_)

/* X(enumerator, name, unit, keys, nature, cost, how it is computed). "Names" are distinct ones that
 * were looked at: all up to 64, then fewer and fewer (struct adit_detail). */
#define ADIT_FEATURES(X)                                                                           \
	X(QUERIES, "queries", "messages", ALL_, VOLUME, ROW,                                       \
		"DNS queries; the same name and type again within 5 s is the same query")          \
	X(RESPONSES, "responses", "messages", ALL_, VOLUME, ROW,                                   \
		"DNS responses; the same one again within 5 s is one")                             \
	X(BYTES_UP, "bytes_up", "bytes", ALL_, VOLUME, ROW,                                        \
		"DNS messages from the client, repeated ones too")                                 \
	X(BYTES_DOWN, "bytes_down", "bytes", ALL_, VOLUME, ROW,                                    \
		"DNS messages to the client, repeated ones too")                                   \
	X(UNIQUE_NAMES, "unique_names", "names", DPS_, VOLUME, ROW,                                \
		"distinct qnames (exact to 64, then ±12.7 %)")                                     \
	X(SUBSCRIBERS, "subscribers", "subscribers", DPS_, CONTEXT, SCORER,                        \
		"subscribers known to use the domain within a day, or seen at the server")         \
	X(AGE, "age", "hours", D_ | P_, CONTEXT, SCORER, "since the domain was first seen")        \
	X(UNIQUENESS, "uniqueness", "share", DPS_, SHAPE, ROW,                                     \
		"of queries (responses, where those are more) that ask for a name that was not "   \
		"asked for before, over the names that were looked at")                            \
	X(REPEATED_SHARE, "repeated_share", "share", DPS_, RHYTHM, RECORD,                         \
		"messages that came again within 5 s / messages")                                  \
	X(INFORMATION_UP, "information_up", "bytes", DPS_, VOLUME, ROW,                            \
		"over distinct names, subdomain octets × log2(alphabet) / 8; and bytes beside "   \
		"names")                                                                           \
	X(INFORMATION_DOWN, "information_down", "bytes", DPS_, VOLUME, ROW,                        \
		"RDATA octets of distinct answers; and bytes beside answers")                      \
	X(INFORMATION, "information", "bytes", DPS_, VOLUME, ROW,                                  \
		"information_up + information_down")                                               \
	X(INFORMATION_PER_NAME, "information_per_name", "bytes", DPS_, SHAPE, ROW,                 \
		"that a name can have carried, mean over names")                                   \
	X(UNPARSABLE, "unparsable", "datagrams", S_, VOLUME, ROW,                                  \
		"datagrams on a DNS port that are no DNS")                                         \
	X(UNZONED_ANSWERED, "unzoned_answered", "messages", PS_, VOLUME, RECORD,                   \
		"answers to names under no delegated top-level domain")                            \
	X(MEAN_LENGTH, "mean_length", "octets", DPS_, SHAPE, NAME,                                 \
		"subdomain length, mean over names")                                               \
	X(LENGTH_DEVIATION, "length_deviation", "octets", DPS_, SHAPE, NAME,                       \
		"its standard deviation")                                                          \
	X(MAX_LENGTH, "max_length", "octets", DPS_, SHAPE, NAME, "its maximum")                    \
	X(MEAN_LABELS, "mean_labels", "labels", DPS_, SHAPE, NAME,                                 \
		"labels of the subdomain, mean over names")                                        \
	X(LABELS_DEVIATION, "labels_deviation", "labels", DPS_, SHAPE, NAME,                       \
		"their standard deviation")                                                        \
	X(MEAN_LABEL, "mean_label", "octets", DPS_, SHAPE, NAME,                                   \
		"length of a label, mean over labels")                                             \
	X(LABEL_DEVIATION, "label_deviation", "octets", DPS_, SHAPE, NAME,                         \
		"its standard deviation")                                                          \
	X(MAX_LABEL, "max_label", "octets", DPS_, SHAPE, NAME, "longest label of a subdomain")     \
	X(DIGIT_SHARE, "digit_share", "share", DPS_, SHAPE, NAME, "digits / subdomain octets")     \
	X(HEX_SHARE, "hex_share", "share", DPS_, SHAPE, NAME, "digits and a-f / subdomain octets") \
	X(BASE32_SHARE, "base32_share", "share", DPS_, SHAPE, NAME,                                \
		"letters and 2-7 / subdomain octets")                                              \
	X(BASE64_SHARE, "base64_share", "share", DPS_, SHAPE, NAME,                                \
		"letters, digits, hyphen and underscore / subdomain octets")                       \
	X(UPPER_SHARE, "upper_share", "share", DPS_, SHAPE, NAME, "A-Z / letters")                 \
	X(NON_LDH_SHARE, "non_ldh_share", "share", DPS_, SHAPE, NAME,                              \
		"octets that no host name has / subdomain octets")                                 \
	X(HYPHEN_SHARE, "hyphen_share", "share", DPS_, SHAPE, NAME,                                \
		"hyphens and underscores / subdomain octets")                                      \
	X(ENTROPY, "entropy", "bits", DPS_, SHAPE, NAME,                                           \
		"of an octet, over all octets of the names, letters in either case")               \
	X(BIGRAM, "bigram", "bits", DPS_, SHAPE, NAME,                                             \
		"that an octet costs after the one before, by ordinary words")                     \
	X(CONSTANT_FIELD, "constant_field", "octets", PS_, SHAPE, NAME,                            \
		"of the first 16 octets, those equal to the name before in 9 of 10 names")         \
	X(CONSTANT_TAIL, "constant_tail", "octets", PS_, SHAPE, NAME,                              \
		"the same of the last 16 octets of the subdomain")                                 \
	X(AGREEMENT, "agreement", "share", PS_, SHAPE, NAME,                                       \
		"octets equal to the name before / octets compared, of the first 16")              \
	X(AGREEMENT_TAIL, "agreement_tail", "share", PS_, SHAPE, NAME, "the same of the last 16")  \
	X(NON_A_SHARE, "non_a_share", "share", DPS_, SHAPE, RECORD,                                \
		"queries for other types than A / queries")                                        \
	X(PAYLOAD_QUERY_SHARE, "payload_query_share", "share", DPS_, SHAPE, ROW,                   \
		"queries of types whose answers can carry data / queries")                         \
	X(A_SHARE, "a_share", "share", DPS_, SHAPE, RECORD, "queries for A / queries")             \
	X(AAAA_SHARE, "aaaa_share", "share", DPS_, SHAPE, RECORD, "queries for AAAA / queries")    \
	X(SERVICE_SHARE, "service_share", "share", DPS_, SHAPE, RECORD,                            \
		"queries for HTTPS and SVCB / queries")                                            \
	X(TXT_SHARE, "txt_share", "share", DPS_, SHAPE, RECORD, "queries for TXT / queries")       \
	X(NULL_SHARE, "null_share", "share", DPS_, SHAPE, RECORD, "queries for NULL / queries")    \
	X(CNAME_QUERY_SHARE, "cname_query_share", "share", DPS_, SHAPE, RECORD,                    \
		"queries for CNAME / queries")                                                     \
	X(MX_SHARE, "mx_share", "share", DPS_, SHAPE, RECORD, "queries for MX / queries")          \
	X(SRV_SHARE, "srv_share", "share", DPS_, SHAPE, RECORD, "queries for SRV / queries")       \
	X(KEY_SHARE, "key_share", "share", DPS_, SHAPE, RECORD, "queries for KEY / queries")       \
	X(PRIVATE_SHARE, "private_share", "share", DPS_, SHAPE, RECORD,                            \
		"queries for private-use types / queries")                                         \
	X(PTR_SHARE, "ptr_share", "share", DPS_, SHAPE, RECORD, "queries for PTR / queries")       \
	X(OTHER_SHARE, "other_share", "share", DPS_, SHAPE, RECORD,                                \
		"queries for types that none of these counts / queries")                           \
	X(ANSWERED_SHARE, "answered_share", "share", DPS_, SHAPE, ROW,                             \
		"responses with an answer / responses")                                            \
	X(EMPTY_SHARE, "empty_share", "share", DPS_, SHAPE, RECORD,                                \
		"responses without error and without an answer / responses")                       \
	X(NXDOMAIN_SHARE, "nxdomain_share", "share", DPS_, SHAPE, RECORD,                          \
		"responses with NXDOMAIN / responses")                                             \
	X(FAILURE_SHARE, "failure_share", "share", DPS_, SHAPE, RECORD,                            \
		"responses with another error / responses")                                        \
	X(CNAME_SHARE, "cname_share", "share", DPS_, SHAPE, ROW,                                   \
		"responses with a CNAME / responses")                                              \
	X(PAYLOAD_ANSWERS, "payload_answers", "share", DPS_, SHAPE, ROW,                           \
		"answered_share × max(payload_query_share, CNAMEs / answered responses)")          \
	X(PAYLOAD_PER_ANSWER, "payload_per_answer", "bytes", DPS_, SHAPE, RECORD,                  \
		"RDATA octets that can carry data / responses with an answer")                     \
	X(PAYLOAD_DEVIATION, "payload_deviation", "bytes", DPS_, SHAPE, RECORD,                    \
		"standard deviation of those octets, over responses")                              \
	X(ANSWER_VARIETY, "answer_variety", "share", DPS_, SHAPE, RECORD,                          \
		"distinct answers / unique_names, at most 2")                                      \
	X(ANSWER_REPEATS, "answer_repeats", "share", DPS_, SHAPE, RECORD,                          \
		"1 - 1 / mean times that an answer came")                                          \
	X(ADDRESS_VARIETY, "address_variety", "share", DPS_, SHAPE, RECORD,                        \
		"distinct sets of addresses / responses with addresses, of names looked at")       \
	X(NETWORK_VARIETY, "network_variety", "share", DPS_, SHAPE, RECORD,                        \
		"distinct networks (/16, IPv6 /32) / the same responses")                          \
	X(ODD_ADDRESS_SHARE, "odd_address_share", "share", DPS_, SHAPE, RECORD,                    \
		"addresses that no host has / addresses")                                          \
	X(ADDRESSES_PER_ANSWER, "addresses_per_answer", "addresses", DPS_, SHAPE, RECORD,          \
		"mean over responses with addresses")                                              \
	X(MEAN_RESPONSE, "mean_response", "bytes", DPS_, SHAPE, ROW, "bytes of a response, mean")  \
	X(RESPONSE_DEVIATION, "response_deviation", "bytes", DPS_, SHAPE, RECORD,                  \
		"its standard deviation")                                                          \
	X(LARGE_SHARE, "large_share", "share", DPS_, SHAPE, RECORD,                                \
		"responses of 512 bytes or more / responses")                                      \
	X(ZERO_TTL_SHARE, "zero_ttl_share", "share", DPS_, SHAPE, RECORD,                          \
		"answers with a TTL of 0 / answered responses")                                    \
	X(LOW_TTL_SHARE, "low_ttl_share", "share", DPS_, SHAPE, RECORD,                            \
		"answers with a TTL of 60 s or less / answered responses")                         \
	X(LONG_TTL_SHARE, "long_ttl_share", "share", DPS_, SHAPE, RECORD,                          \
		"answers with a TTL of an hour or more / answered responses")                      \
	X(EDNS_SHARE, "edns_share", "share", DPS_, CONTEXT, RECORD, "queries with OPT / queries")  \
	X(EDNS_SAME_SHARE, "edns_same_share", "share", DPS_, CONTEXT, RECORD,                      \
		"OPT of the same size and flags as the one before / queries with OPT")             \
	X(EDNS_SIZE, "edns_size", "bytes", PS_, CONTEXT, RECORD, "UDP size of the last OPT")       \
	X(ID_STEP_SHARE, "id_step_share", "share", PS_, RHYTHM, RECORD,                            \
		"transaction ID steps equal to the one before / steps")                            \
	X(ID_STEP, "id_step", "step", PS_, CLOCK, RECORD, "the last transaction ID step")          \
	X(PORT_SHARE, "port_share", "share", PS_, RHYTHM, RECORD,                                  \
		"queries from the port of the one before / queries with one before")               \
	X(GAP_MODE, "gap_mode", "ms", PS_, CLOCK, RECORD,                                          \
		"lower edge of the fullest bin of gaps between queries")                           \
	X(GAP_MODE_SHARE, "gap_mode_share", "share", PS_, CLOCK, RECORD,                           \
		"gaps in that bin or its neighbours / gaps")                                       \
	X(GAP_REGULARITY, "gap_regularity", "share", PS_, RHYTHM, RECORD,                          \
		"gaps within an eighth of the one before / gaps")                                  \
	X(IN_STEP_SHARE, "in_step_share", "share", PS_, RHYTHM, RECORD,                            \
		"queries that waited for the response to the one before / queries with one "       \
		"before")                                                                          \
	X(WAIT_MODE, "wait_mode", "ms", PS_, CLOCK, RECORD,                                        \
		"lower edge of the fullest bin of times from a query to its response")             \
	X(BURST_HITS, "burst_hits", "seconds", D_, VOLUME, RECORD,                                 \
		"burst-delta: of a record type within an hour, active seconds that differ by "     \
		"more than 100 queries from the one before, after a pause longer than the median " \
		"pause of the 10 minutes that closed last")                                        \
	X(DURATION, "duration", "seconds", U_, VOLUME, ROW,                                        \
		"from the first message of a session to the last; 60 s without any end it")        \
	X(UP_RATE, "up_rate", "bytes/s", U_, VOLUME, ROW, "bytes_up / duration (bytes_up if 0)")   \
	X(DOWN_RATE, "down_rate", "bytes/s", U_, VOLUME, ROW,                                      \
		"bytes_down / duration (bytes_down if 0)")

enum adit_feature {
#define ADIT_FEATURE_ENUM(id, name, unit, keys, nature, cost, how) ADIT_FEATURE_##id,
	ADIT_FEATURES(ADIT_FEATURE_ENUM)
#undef ADIT_FEATURE_ENUM
		ADIT_FEATURE_COUNT
};

struct adit_feature_about {
	const char *name, *unit;
	unsigned keys; /* ADIT_KEY_* */
	enum adit_nature nature;
	enum adit_cost cost;
};

/* In the order of the enum. */
extern const struct adit_feature_about adit_features[ADIT_FEATURE_COUNT];
extern const char *const adit_feature_names[ADIT_FEATURE_COUNT];

/* The feature of a name, or ADIT_FEATURE_COUNT. */
enum adit_feature adit_feature_find(const char *name);

/* Derives the features of a sum; those of another kind of key are NaN, shares without a base are 0.
 * SUBSCRIBERS, AGE and BURST_HITS are the caller's to set. */
void adit_features_derive(
	enum adit_kind kind, const struct adit_sum *sum, double value[ADIT_FEATURE_COUNT]);

/* Takes away what the input cannot show (NaN): `absent` is [ADIT_FEATURE_COUNT], NULL: nothing. */
void adit_features_hide(const bool *absent, double value[ADIT_FEATURE_COUNT]);

/* Of a session: what a subscriber did until 60 s passed without a DNS message. */
struct adit_session_sum {
	uint64_t first_ns, last_ns; /* of its messages */
	uint64_t queries, responses, bytes_up, bytes_down;
};
void adit_features_of_session(
	const struct adit_session_sum *session, double value[ADIT_FEATURE_COUNT]);

/* The table for the reference page, Markdown. */
int adit_features_reference(FILE *to);

#ifdef __cplusplus
}
#endif
#endif
