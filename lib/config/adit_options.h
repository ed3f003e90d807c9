/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The option table. Included by adit_config.h only; a row is all it takes to add an option.
 */
#ifndef ADIT_OPTIONS_H
#define ADIT_OPTIONS_H

/*
 * ADIT_BOOL  (section, name, default, help)
 * ADIT_INT   (section, name, default, least, most, unit, help)
 * ADIT_STRING(section, name, default, choices or NULL ("a|b|c"), help)
 * ADIT_LIST  (section, name, default as text with commas, help)
 * ADIT_INTS  (section, name, default as text with commas, least, most, unit, help)
 */
#define ADIT_OPTIONS                                                                               \
	ADIT_INTS(dns, ports, "53", 1, 65535, "port", "UDP and TCP ports that carry DNS")          \
	ADIT_STRING(dns, public_suffix_list, "/usr/share/publicsuffix/public_suffix_list.dat",     \
		NULL, "public suffix list: where registrable domains start")                       \
	ADIT_LIST(eal, arguments, "",                                                              \
		"arguments for DPDK's environment layer; those after -- come last")                \
	ADIT_LIST(port, devices, "",                                                               \
		"ports of adit run: PCI addresses, or vdev strings such as "                       \
		"net_af_packet0,iface=eth1")                                                       \
	ADIT_INT(port, queues, 1, 1, 16, "queues", "receive queues of each port")                  \
	ADIT_INT(port, descriptors, 2048, 64, 32768, "descriptors",                                \
		"receive descriptors of each queue")                                               \
	ADIT_INT(port, mtu, 9000, 68, 16110, "bytes",                                              \
		"largest frame payload to take; a port that refuses keeps its own")                \
	ADIT_BOOL(port, promiscuous, true, "take frames that are addressed to others")             \
	ADIT_STRING(port, spread, "auto", "auto|rss|spreader",                                     \
		"who gives packets to workers: the port (rss), or a core of ours (spreader)")      \
	ADIT_INT(worker, count, 1, 1, 16, "lcores", "worker lcores")                               \
	ADIT_INT(worker, burst, 64, 1, 64, "packets", "packets taken from a queue at once")        \
	ADIT_INT(worker, packet_buffers, 16384, 1024, 4194304, "buffers",                          \
		"packet buffers (2 KiB each) in all")                                              \
	ADIT_STRING(worker, idle, "auto", "auto|poll|yield",                                       \
		"what an lcore does between empty polls; auto: yield where lcores outnumber CPUs") \
	ADIT_INT(window, domains, 65536, 64, 16777216, "rows",                                     \
		"rows of the domain table, over all shards")                                       \
	ADIT_INT(window, pairs, 65536, 64, 16777216, "rows",                                       \
		"rows of the subscriber × domain table, over all shards")                          \
	ADIT_INT(window, servers, 16384, 64, 16777216, "rows",                                     \
		"rows of the subscriber × server table, over all shards")                          \
	ADIT_INT(window, details, 16384, 64, 4194304, "records",                                   \
		"second-tier records (sketches, histograms), over all shards")                     \
	ADIT_INT(history, keys, 131072, 64, 16777216, "keys",                                      \
		"keys whose roll-ups are kept")                                                    \
	ADIT_INT(history, entries, 524288, 64, 67108864, "entries",                                \
		"windows of single keys kept for roll-ups")                                        \
	ADIT_INT(history, details, 32768, 64, 4194304, "records",                                  \
		"second-tier records kept for roll-ups")                                           \
	ADIT_BOOL(detect, signatures, true, "name tools by the pattern files")                     \
	ADIT_STRING(detect, pattern_directory, "", NULL,                                           \
		"pattern files; empty: the ones that came with the program")                       \
	ADIT_STRING(detect, allow_directory, "", NULL,                                             \
		"lists of known services; empty: the ones that came with the program")             \
	ADIT_BOOL(detect, information, true, "information bound per subscriber and domain")        \
	ADIT_BOOL(detect, structure, true,                                                         \
		"structure without signatures: constant field, payload answers, ID step")          \
	ADIT_INT(detect, information_bound, 4000, 100, 1000000000, "bytes",                        \
		"information that a subscriber may exchange with a domain in an hour "             \
		"before a record is made")                                                         \
	ADIT_INT(detect, tunnel_score, 70, 1, 100, "points", "least score of a tunnel verdict")    \
	ADIT_INT(detect, suspect_score, 40, 1, 100, "points", "least score of a suspect verdict")  \
	ADIT_INT(detect, story_idle, 600, 10, 86400, "seconds",                                    \
		"a tunnel without traffic for so long is closed")                                  \
	ADIT_INT(output, subscribers, 16, 1, 64, "subscribers", "listed in a verdict")             \
	ADIT_INT(output, samples, 3, 0, 3, "names", "sample qnames in a verdict")

#endif
