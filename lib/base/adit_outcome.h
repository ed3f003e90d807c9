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
	X(DUPLICATE, "duplicate",                                                                  \
		"packet of plain or encrypted DNS that was seen a moment before, as by a tap of "  \
		"both legs")                                                                       \
	X(TCP_DNS, "tcp_dns",                                                                      \
		"TCP segment on a DNS port whose bytes were read, or that carries none")           \
	X(TCP_DNS_REPEATED, "tcp_dns_repeated",                                                    \
		"TCP segment on a DNS port with no byte that had not come before")                 \
	X(TCP_DNS_REFUSED, "tcp_dns_refused", "TCP segment on a DNS port with a wrong checksum")   \
	X(DOT, "dot", "packet of DNS over TLS: counted by subscriber, not read")                   \
	X(DOQ, "doq", "packet of DNS over QUIC: counted by subscriber, not read")                  \
	X(DOH, "doh",                                                                              \
		"packet to or from a listed resolver's HTTPS port: counted by subscriber, not "    \
		"read")                                                                            \
	X(UDP_OTHER, "udp_other", "UDP on other ports")                                            \
	X(UDP_MALFORMED, "udp_malformed", "UDP header that contradicts its IP header")             \
	X(TCP_OTHER, "tcp_other", "TCP on other ports")                                            \
	X(TCP_MALFORMED, "tcp_malformed", "TCP header that contradicts its IP header")             \
	X(IP_OTHER, "ip_other", "IP with another protocol inside")                                 \
	X(FRAGMENT, "fragment", "fragment of an IP datagram, held until the rest is there")        \
	X(FRAGMENT_OTHER, "fragment_other",                                                        \
		"fragment of a datagram whose first piece shows that it is no DNS")                \
	X(FRAGMENT_DUPLICATE, "fragment_duplicate",                                                \
		"fragment with no byte that was not held already")                                 \
	X(FRAGMENT_OVERLAP, "fragment_overlap",                                                    \
		"fragment that overlaps another; the datagram is refused")                         \
	X(FRAGMENT_EXCESS, "fragment_excess",                                                      \
		"fragment of a datagram in more pieces than the cap")                              \
	X(FRAGMENT_MALFORMED, "fragment_malformed",                                                \
		"fragment whose offset or size cannot be right")                                   \
	X(IPV4_MALFORMED, "ipv4_malformed", "IPv4 header that cannot be right")                    \
	X(IPV6_MALFORMED, "ipv6_malformed", "IPv6 header or extension chain that cannot be right") \
	X(IPV6_CHAIN, "ipv6_chain", "IPv6 extension chain longer than the cap")                    \
	X(GTPU_ECHO, "gtpu_echo", "GTP-U echo request or response")                                \
	X(GTPU_ERROR, "gtpu_error", "GTP-U error indication")                                      \
	X(GTPU_END_MARKER, "gtpu_end_marker", "GTP-U end marker")                                  \
	X(GTPU_SIGNALLING, "gtpu_signalling", "other GTP-U message than a G-PDU")                  \
	X(GTPU_MALFORMED, "gtpu_malformed", "GTP-U header that contradicts its datagram")          \
	X(GTPU_OTHER, "gtpu_other", "G-PDU whose content is not IP")                               \
	X(GTPU_NOT, "gtpu_not", "UDP on the port of GTP-U that is not GTP-U version 1")            \
	X(MPLS_DEPTH, "mpls_depth", "more MPLS labels than the cap")                               \
	X(PPPOE_OTHER, "pppoe_other", "PPPoE discovery, or PPP with another protocol than IP")     \
	X(PPPOE_MALFORMED, "pppoe_malformed", "PPPoE header that contradicts its frame")           \
	X(GRE_OTHER, "gre_other",                                                                  \
		"GRE of another version or with other content than IP or Ethernet")                \
	X(GRE_MALFORMED, "gre_malformed", "GRE header that contradicts its datagram")              \
	X(VXLAN_MALFORMED, "vxlan_malformed", "VXLAN header that cannot be right")                 \
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
	/* Not an outcome: the decoder found DNS in some form, and a worker has the last word. */
	ADIT_OUTCOME_PENDING = ADIT_OUTCOME_COUNT
};

/* Names and help texts, indexed by the enum. */
extern const char *const adit_outcome_names[ADIT_OUTCOME_COUNT];
extern const char *const adit_outcome_help[ADIT_OUTCOME_COUNT];

#ifdef __cplusplus
}
#endif
#endif
