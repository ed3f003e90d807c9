/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The feature table: what is known of a key over a span, as numbers. A row here is the enum, the
 * column of windows.csv, the name of a reason in a verdict and a line of the reference page.
 * Scoring core only: the one place with floating point.
 */
#ifndef ADIT_FEATURE_H
#define ADIT_FEATURE_H

#include "adit_summary.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(enumerator, name, unit, how it is computed) */
#define ADIT_FEATURES(X)                                                                          \
	X(QUERIES, "queries", "messages", "DNS queries")                                          \
	X(RESPONSES, "responses", "messages", "DNS responses")                                    \
	X(BYTES_UP, "bytes_up", "bytes", "DNS messages from the client")                          \
	X(BYTES_DOWN, "bytes_down", "bytes", "DNS messages to the client")                        \
	X(UNIQUE_NAMES, "unique_names", "names", "distinct qnames (exact to 64, then ±6.5 %)")    \
	X(UNIQUENESS, "uniqueness", "share", "unique_names / max(queries, responses)")            \
	X(INFORMATION_UP, "information_up", "bytes",                                              \
		"unique_names × mean over messages of subdomain octets × log2(alphabet) / 8")     \
	X(INFORMATION_DOWN, "information_down", "bytes",                                          \
		"unique_names × mean over responses of RDATA octets that can carry data")         \
	X(INFORMATION, "information", "bytes", "information_up + information_down")               \
	X(INFORMATION_PER_NAME, "information_per_name", "bytes", "information_up / unique_names") \
	X(PAYLOAD_PER_ANSWER, "payload_per_answer", "bytes",                                      \
		"RDATA octets that can carry data / responses with an answer")                    \
	X(ANSWERED_SHARE, "answered_share", "share", "responses with an answer / responses")      \
	X(PAYLOAD_QUERY_SHARE, "payload_query_share", "share",                                    \
		"queries of types whose answers can carry data / queries")                        \
	X(CNAME_SHARE, "cname_share", "share", "responses with a CNAME / responses")              \
	X(PAYLOAD_ANSWERS, "payload_answers", "share",                                            \
		"answered_share × max(payload_query_share, cname_share)")                         \
	X(NXDOMAIN_SHARE, "nxdomain_share", "share", "responses with NXDOMAIN / responses")       \
	X(UNPARSABLE, "unparsable", "datagrams", "datagrams on a DNS port that are no DNS")       \
	X(MEAN_LENGTH, "mean_length", "octets", "subdomain length, mean over names")              \
	X(LENGTH_DEVIATION, "length_deviation", "octets", "its standard deviation")               \
	X(MAX_LENGTH, "max_length", "octets", "its maximum")                                      \
	X(MEAN_LABELS, "mean_labels", "labels", "labels of the subdomain, mean over names")       \
	X(MAX_LABEL, "max_label", "octets", "longest label of a subdomain")                       \
	X(DIGIT_SHARE, "digit_share", "share", "digits / subdomain octets")                       \
	X(HEX_SHARE, "hex_share", "share", "digits and a-f / subdomain octets")                   \
	X(UPPER_SHARE, "upper_share", "share", "A-Z / subdomain octets")                          \
	X(NON_LDH_SHARE, "non_ldh_share", "share",                                                \
		"octets that no host name has / subdomain octets")                                \
	X(CONSTANT_FIELD, "constant_field", "octets",                                             \
		"of the first 16 octets, those equal to the name before in 9 of 10 names")        \
	X(ID_STEP_SHARE, "id_step_share", "share",                                                \
		"transaction ID steps equal to the one before / steps")                           \
	X(ID_STEP, "id_step", "step", "the last transaction ID step")                             \
	X(EDNS_SHARE, "edns_share", "share", "queries with OPT / queries")                        \
	X(LOW_TTL_SHARE, "low_ttl_share", "share",                                                \
		"answers with a TTL of 60 s or less / answered responses")                        \
	X(A_SHARE, "a_share", "share", "queries for A / queries")                                 \
	X(AAAA_SHARE, "aaaa_share", "share", "queries for AAAA / queries")                        \
	X(SERVICE_SHARE, "service_share", "share", "queries for HTTPS and SVCB / queries")        \
	X(TXT_SHARE, "txt_share", "share", "queries for TXT / queries")                           \
	X(NULL_SHARE, "null_share", "share", "queries for NULL / queries")                        \
	X(CNAME_QUERY_SHARE, "cname_query_share", "share", "queries for CNAME / queries")         \
	X(MX_SHARE, "mx_share", "share", "queries for MX / queries")                              \
	X(SRV_SHARE, "srv_share", "share", "queries for SRV / queries")                           \
	X(KEY_SHARE, "key_share", "share", "queries for KEY / queries")                           \
	X(PRIVATE_SHARE, "private_share", "share", "queries for private-use types / queries")     \
	X(PTR_SHARE, "ptr_share", "share", "queries for PTR / queries")                           \
	X(GAP_MODE, "gap_mode", "ms", "lower edge of the fullest bin of gaps between queries")    \
	X(GAP_MODE_SHARE, "gap_mode_share", "share", "gaps in that bin or its neighbours / gaps") \
	X(SUBSCRIBERS, "subscribers", "subscribers", "subscribers known to use the domain")

enum adit_feature {
#define ADIT_FEATURE_ENUM(id, name, unit, how) ADIT_FEATURE_##id,
	ADIT_FEATURES(ADIT_FEATURE_ENUM)
#undef ADIT_FEATURE_ENUM
		ADIT_FEATURE_COUNT
};

extern const char *const adit_feature_names[ADIT_FEATURE_COUNT];

/* Derives the features of a sum. `subscribers` is of the domain. Shares without a base are 0. */
void adit_features_derive(
	const struct adit_sum *sum, uint32_t subscribers, double value[ADIT_FEATURE_COUNT]);

/* The table for the reference page, Markdown. */
int adit_features_reference(FILE *to);

#ifdef __cplusplus
}
#endif
#endif
