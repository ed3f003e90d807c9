/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reasons in words, for the table that a person reads. Names of detectors say what was found; names
 * of features say what a model looked at, as a model may find a value too large or too small. So
 * features that speak of the same thing have the same words.
 */
#include "adit_verdict.h"

#include <string.h>

static const struct {
	const char *name, *words;
} words[] = {
	/* detectors */
	{"signature_names", "tool's names"},
	{"signature_id_step", "tool's ID step"},
	{"trees", "shaped like tunnels"},
	{"svm", "unlike the others (SVM)"},
	{"envelope", "unlike the others (envelope)"},
	{"session", "session stands out"},
	{"information", "more data than DNS needs"},
	{"unparsable", "no DNS on a DNS port"},
	{"burst_hits", "bursts after long pauses"},
	/* of logs */
	{"log_hits", "bursts after long pauses"},
	{"log_servers", "few authoritative addresses"},
	{"log_digits", "digits in names"},
	{"log_words", "unlike words"},
	{"log_cycles", "rounds of more, then fewer"},
	/* features: how much, and who else */
	{"queries", "number of messages"},
	{"responses", "number of messages"},
	{"bytes_up", "bytes moved"},
	{"bytes_down", "bytes moved"},
	{"unique_names", "number of names"},
	{"subscribers", "who else asks"},
	{"age", "how new the domain is"},
	{"information_up", "data in names"},
	{"information_down", "data in answers"},
	{"duration", "length of the session"},
	{"up_rate", "bytes a second"},
	{"down_rate", "bytes a second"},
	{"unzoned_answered", "answers without a zone"},
	/* names */
	{"uniqueness", "repeats of names"},
	{"information_per_name", "data in names"},
	{"mean_length", "length of names"},
	{"length_deviation", "length of names"},
	{"max_length", "length of names"},
	{"mean_labels", "labels of names"},
	{"labels_deviation", "labels of names"},
	{"mean_label", "length of labels"},
	{"label_deviation", "length of labels"},
	{"max_label", "length of labels"},
	{"digit_share", "alphabet of names"},
	{"hex_share", "alphabet of names"},
	{"base32_share", "alphabet of names"},
	{"base64_share", "alphabet of names"},
	{"upper_share", "capitals in names"},
	{"non_ldh_share", "octets that no host name has"},
	{"hyphen_share", "alphabet of names"},
	{"entropy", "how evenly letters are used"},
	{"bigram", "unlike words"},
	{"constant_field", "constant field in names"},
	{"constant_tail", "constant field in names"},
	{"agreement", "what names have in common"},
	{"agreement_tail", "what names have in common"},
	/* types and answers */
	{"non_a_share", "types asked for"},
	{"payload_query_share", "types asked for"},
	{"a_share", "types asked for"},
	{"aaaa_share", "types asked for"},
	{"service_share", "types asked for"},
	{"txt_share", "types asked for"},
	{"null_share", "types asked for"},
	{"cname_query_share", "types asked for"},
	{"mx_share", "types asked for"},
	{"srv_share", "types asked for"},
	{"key_share", "types asked for"},
	{"private_share", "types asked for"},
	{"ptr_share", "types asked for"},
	{"other_share", "types asked for"},
	{"answered_share", "how often there is an answer"},
	{"empty_share", "how often there is an answer"},
	{"nxdomain_share", "how often there is an answer"},
	{"failure_share", "how often there is an answer"},
	{"cname_share", "CNAMEs in answers"},
	{"payload_answers", "data in answers"},
	{"payload_per_answer", "data in answers"},
	{"payload_deviation", "data in answers"},
	{"answer_variety", "answers that differ"},
	{"answer_repeats", "answers that differ"},
	{"address_variety", "addresses in answers"},
	{"network_variety", "addresses in answers"},
	{"odd_address_share", "addresses that no host has"},
	{"addresses_per_answer", "addresses in answers"},
	{"mean_response", "size of responses"},
	{"response_deviation", "size of responses"},
	{"large_share", "size of responses"},
	{"zero_ttl_share", "TTL of answers"},
	{"low_ttl_share", "TTL of answers"},
	{"long_ttl_share", "TTL of answers"},
	/* the client, and the order of things */
	{"repeated_share", "questions said again"},
	{"edns_share", "EDNS of queries"},
	{"edns_same_share", "EDNS of queries"},
	{"edns_size", "EDNS of queries"},
	{"id_step_share", "steps of transaction IDs"},
	{"id_step", "steps of transaction IDs"},
	{"port_share", "source ports"},
	{"gap_mode", "time between queries"},
	{"gap_mode_share", "time between queries"},
	{"gap_regularity", "even time between queries"},
	{"in_step_share", "queries wait for answers"},
	{"wait_mode", "time until an answer"},
};

const char *adit_verdict_reason_words(const char *name)
{
	for (size_t i = 0; i < ADIT_COUNT(words); i++)
		if (strcmp(words[i].name, name) == 0)
			return words[i].words;
	return NULL;
}
