/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every packet ends in exactly one outcome, and every outcome is a counter: the sum over all
 * outcomes equals the packets received, always. One row here is the enum, the counter's name and
 * its help text.
 */
#ifndef ADIT_OUTCOME_H
#define ADIT_OUTCOME_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(enumerator, name, help) */
#define ADIT_OUTCOMES(X)                                                                           \
	X(DNS_QUERY, "dns_query", "DNS query, read to its end")                                    \
	X(DNS_RESPONSE, "dns_response", "DNS response, read to its end")                           \
	X(DNS_BAD_RECORD, "dns_bad_record",                                                        \
		"DNS message whose question is whole and a later record is not; counted as DNS")   \
	X(DNS_NO_QUESTION, "dns_no_question", "DNS header without a question")                     \
	X(DNS_BAD_NAME, "dns_bad_name", "datagram on a DNS port whose question cannot be read")    \
	X(DNS_SHORT, "dns_short", "datagram on a DNS port shorter than a DNS header")              \
	X(DNS_IMPLAUSIBLE, "dns_implausible",                                                      \
		"datagram on a DNS port whose header no DNS message has")                          \
	X(UDP_OTHER, "udp_other", "UDP on other ports")                                            \
	X(UDP_MALFORMED, "udp_malformed", "UDP header that contradicts its IP header")             \
	X(TCP_DNS, "tcp_dns", "TCP segment on a DNS port (recognised, not read)")                  \
	X(TCP_OTHER, "tcp_other", "TCP on other ports")                                            \
	X(TCP_MALFORMED, "tcp_malformed", "TCP header that contradicts its IP header")             \
	X(IP_OTHER, "ip_other", "IP with another protocol inside")                                 \
	X(FRAGMENT, "fragment", "fragment of an IP datagram (recognised, not reassembled)")        \
	X(IPV4_MALFORMED, "ipv4_malformed", "IPv4 header that cannot be right")                    \
	X(IPV6_MALFORMED, "ipv6_malformed", "IPv6 header or extension chain that cannot be right") \
	X(IPV6_CHAIN, "ipv6_chain", "IPv6 extension chain longer than the cap")                    \
	X(GTPU_SIGNALLING, "gtpu_signalling",                                                      \
		"GTP-U message other than a G-PDU (echo, error indication, end marker)")           \
	X(GTPU_MALFORMED, "gtpu_malformed", "GTP-U header that contradicts its datagram")          \
	X(GTPU_OTHER, "gtpu_other", "G-PDU whose content is not IP")                               \
	X(NOT_IP, "not_ip", "frame whose content is not IP (ARP, LLDP and so on)")                 \
	X(VLAN_DEPTH, "vlan_depth", "more VLAN tags than the cap")                                 \
	X(NESTING, "nesting", "more layers than the cap")                                          \
	X(FRAME_SHORT, "frame_short", "frame that ends inside its link or network header")         \
	X(QUEUE_FULL, "queue_full",                                                                \
		"packet dropped because its worker's queue was full (live ports only)")            \
	X(FRAME_CUT, "frame_cut",                                                                  \
		"frame that the capture cut before the part that decides (snap length)")

enum adit_outcome {
#define ADIT_OUTCOME_ENUM(id, name, help) ADIT_OUTCOME_##id,
	ADIT_OUTCOMES(ADIT_OUTCOME_ENUM)
#undef ADIT_OUTCOME_ENUM
		ADIT_OUTCOME_COUNT,
	/* Not an outcome: the decoder found a datagram on a DNS port, the parser has the word. */
	ADIT_OUTCOME_PENDING = ADIT_OUTCOME_COUNT
};

/* Names and help texts, indexed by the enum. */
extern const char *const adit_outcome_names[ADIT_OUTCOME_COUNT];
extern const char *const adit_outcome_help[ADIT_OUTCOME_COUNT];

#ifdef __cplusplus
}
#endif
#endif
