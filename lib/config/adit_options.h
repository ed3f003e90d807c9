/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The option table. Included by adit_config.h only; a row is all it takes to add an option.
 */
#ifndef ADIT_OPTIONS_H
#define ADIT_OPTIONS_H

/*
 * ADIT_SECTION(section, help) opens a section; its options follow.
 * ADIT_BOOL  (section, name, default, help)
 * ADIT_INT   (section, name, default, least, most, unit, help)
 * ADIT_STRING(section, name, default, choices or NULL ("a|b|c"), help)
 * ADIT_LIST  (section, name, default as text with commas, help)
 * ADIT_INTS  (section, name, default as text with commas, least, most, unit, help)
 * A help text begins with a capital and ends without a full stop. After a change, renew
 * config/adit.conf and docs/reference.md; their first lines say how.
 */
#define ADIT_OPTIONS                                                                               \
	ADIT_SECTION(dns, "What counts as DNS, and where registrable domains start")               \
	ADIT_INTS(dns, ports, "53", 1, 65535, "port", "UDP and TCP ports that carry DNS")          \
	ADIT_STRING(dns, public_suffix_list, "/usr/share/publicsuffix/public_suffix_list.dat",     \
		NULL, "Public suffix list, which says where registrable domains start")            \
	ADIT_SECTION(                                                                              \
		context, "What tells one network's subscribers from another's, beside the tap")    \
	ADIT_STRING(context, vlan, "outer", "none|outer|both",                                     \
		"VLAN tags that are part of it: none, the outermost, or the two outermost")        \
	ADIT_BOOL(context, core_peer, false,                                                       \
		"The core-side peer of GTP-U is part of it: for cores that share a tap and an "    \
		"address range")                                                                   \
	ADIT_INT(context, ipv6_prefix, 64, 1, 128, "bits",                                         \
		"Leading bits of an IPv6 address inside GTP-U that make a subscriber: mobile "     \
		"networks give each a prefix")                                                     \
	ADIT_INT(context, ipv6_prefix_plain, 128, 1, 128, "bits",                                  \
		"The same outside GTP-U: 64 where each subscriber has a prefix there too")         \
	ADIT_LIST(context, tunnel_peers, "",                                                       \
		"Prefixes of the network's own tunnel ends (GTP-U, GRE, VXLAN, IP in IP): "        \
		"between "                                                                         \
		"others a tunnel is its sender's, who then is the subscriber; empty: all are the " \
		"network's")                                                                       \
	ADIT_SECTION(fragment, "IP fragments, which are put together before they are read")        \
	ADIT_INT(fragment, datagrams, 1024, 1, 65536, "datagrams",                                 \
		"Datagrams that may wait for pieces at a time (64 KiB of room each)")              \
	ADIT_INT(fragment, timeout, 2000, 10, 60000, "milliseconds",                               \
		"Longest wait for a piece; busy tunnel peers use an identification again soon")    \
	ADIT_SECTION(tcp, "DNS over TCP")                                                          \
	ADIT_INT(tcp, streams, 16384, 64, 4194304, "streams",                                      \
		"Directions of connections that are followed, over all shards")                    \
	ADIT_INT(tcp, buffers, 1024, 64, 65536, "buffers",                                         \
		"Streams that may wait for bytes at a time, over all shards (80 KiB each)")        \
	ADIT_BOOL(tcp, checksum, false,                                                            \
		"Refuse segments with a wrong checksum, as receivers do: for taps; where a "       \
		"network card's offload shows in the packets, all would be wrong")                 \
	ADIT_SECTION(encrypted, "Encrypted DNS, which is counted by subscriber and not read")      \
	ADIT_INTS(encrypted, ports, "853", 0, 65535, "port",                                       \
		"Ports of DNS over TLS (TCP) and over QUIC (UDP); 0: none")                        \
	ADIT_LIST(encrypted, resolvers,                                                            \
		"1.1.1.1,1.0.0.1,2606:4700:4700::1111,2606:4700:4700::1001,8.8.8.8,8.8.4.4,"       \
		"2001:4860:4860::8888,2001:4860:4860::8844,9.9.9.9,149.112.112.112,2620:fe::fe",   \
		"Addresses of resolvers whose port 443 is DNS over HTTPS; empty: it is not "       \
		"counted")                                                                         \
	ADIT_INT(encrypted, subscribers, 65536, 64, 16777216, "subscribers",                       \
		"Subscribers whose encrypted DNS is counted in an hour")                           \
	ADIT_SECTION(identity, "Who has an address: records that fill verdicts")                   \
	ADIT_LIST(identity, files, "",                                                             \
		"CSV files with address or teid, from, until, imsi, msisdn, apn")                  \
	ADIT_STRING(identity, socket, "", NULL,                                                    \
		"UNIX socket on which adit run takes lines of such a file; empty: none")           \
	ADIT_INT(identity, records, 262144, 64, 16777216, "records",                               \
		"Records to remember (about 256 bytes each, once there is a source)")              \
	ADIT_SECTION(privacy, "Pseudonyms in place of addresses in every output")                  \
	ADIT_STRING(privacy, addresses, "off", "off|subscribers|all",                              \
		"Whose addresses are replaced: nobody's, those of subscribers, or those of peers " \
		"and servers too")                                                                 \
	ADIT_STRING(privacy, key_file, "", NULL,                                                   \
		"File with the key that makes the pseudonyms, at least 16 bytes")                  \
	ADIT_SECTION(eal, "DPDK's environment layer")                                              \
	ADIT_LIST(eal, arguments, "",                                                              \
		"Arguments for DPDK's environment layer; those after -- on the command line come " \
		"last")                                                                            \
	ADIT_SECTION(port, "The ports that adit run takes packets from")                           \
	ADIT_LIST(port, devices, "",                                                               \
		"Ports: PCI addresses, or vdev strings such as "                                   \
		"net_af_packet0,iface=eth1")                                                       \
	ADIT_LIST(port, taps, "",                                                                  \
		"Name of the tap that each port belongs to, in the order of devices; empty: all "  \
		"are of one")                                                                      \
	ADIT_INT(port, queues, 1, 1, 16, "queues", "Receive queues of each port")                  \
	ADIT_INT(port, descriptors, 2048, 64, 32768, "descriptors",                                \
		"Receive descriptors of each queue")                                               \
	ADIT_INT(port, mtu, 9000, 68, 16110, "bytes",                                              \
		"Largest frame payload to take; a port that refuses it keeps its own")             \
	ADIT_BOOL(port, promiscuous, true, "Take frames that are addressed to others too")         \
	ADIT_STRING(port, spread, "auto", "auto|rss|spreader",                                     \
		"Who deals packets to workers: the port (rss), or an lcore of the program "        \
		"(spreader)")                                                                      \
	ADIT_SECTION(worker, "The lcores that read packets")                                       \
	ADIT_INT(worker, count, 1, 1, 16, "lcores", "Worker lcores")                               \
	ADIT_INT(worker, burst, 64, 1, 64, "packets", "Most packets to take from a queue at once") \
	ADIT_INT(worker, duplicate_window, 20, 0, 10000, "milliseconds",                           \
		"A DNS packet that comes again within this was seen twice by the tap and counts "  \
		"once; 0: every packet counts")                                                    \
	ADIT_INT(worker, names, 65536, 0, 16777216, "names",                                       \
		"Names of which a worker keeps what it found out: domain, information, "           \
		"signatures; 32 bytes each")                                                       \
	ADIT_INT(worker, packet_buffers, 16384, 1024, 4194304, "buffers",                          \
		"Packet buffers (2 KiB each) on their way; rings and caches come on top")          \
	ADIT_STRING(worker, idle, "auto", "auto|poll|pause|yield|wait",                            \
		"What an lcore does between empty polls; auto: yield where lcores outnumber "      \
		"CPUs, else pause; wait: the CPU waits for the next descriptor or 10 us, which "   \
		"only some can")                                                                   \
	ADIT_SECTION(memory, "What all tables together may take")                                  \
	ADIT_INT(memory, limit, 0, 0, 16777216, "MB",                                              \
		"Refuse to start where more is asked for; the start of adit run tells it by "      \
		"part; 0: no limit")                                                               \
	ADIT_STRING(memory, numa, "auto", "auto|on|off",                                           \
		"Tables stand on the memory node of the lcore that they are of, packet buffers "   \
		"on that of the ports; auto: where there are several nodes")                       \
	ADIT_SECTION(window, "Room for what is counted in a slice of 10 seconds")                  \
	ADIT_INT(window, domains, 65536, 64, 16777216, "rows",                                     \
		"Rows of the domain table, over all shards")                                       \
	ADIT_INT(window, pairs, 65536, 64, 16777216, "rows",                                       \
		"Rows of the subscriber × domain table, over all shards")                          \
	ADIT_INT(window, servers, 16384, 64, 16777216, "rows",                                     \
		"Rows of the subscriber × server table, over all shards")                          \
	ADIT_INT(window, sessions, 65536, 64, 16777216, "rows",                                    \
		"Rows of the table of subscribers, over all shards")                               \
	ADIT_INT(window, tracks, 65536, 256, 16777216, "keys",                                     \
		"Subscriber × domain whose last query is remembered from slice to slice, over "   \
		"all shards")                                                                      \
	ADIT_INT(window, encrypted, 16384, 64, 16777216, "rows",                                   \
		"Rows of the subscriber × encrypted DNS table, over all shards")                   \
	ADIT_INT(window, details, 16384, 64, 4194304, "records",                                   \
		"Second-tier records (sketches, histograms), over all shards")                     \
	ADIT_SECTION(history, "Room for slices that are rolled up into longer windows")            \
	ADIT_INT(history, keys, 131072, 64, 16777216, "keys", "Keys whose roll-ups are kept")      \
	ADIT_INT(history, entries, 524288, 64, 67108864, "entries",                                \
		"Windows of single keys that are kept for roll-ups")                               \
	ADIT_INT(history, details, 32768, 64, 4194304, "records",                                  \
		"Second-tier records that are kept for roll-ups")                                  \
	ADIT_INT(history, sessions, 65536, 64, 16777216, "subscribers",                            \
		"Subscribers whose sessions are kept")                                             \
	ADIT_INT(history, domains, 262144, 64, 67108864, "domains",                                \
		"Domains of which it is remembered when they were first seen")                     \
	ADIT_INT(history, servers, 16384, 64, 16777216, "servers",                                 \
		"Servers of which it is remembered how many subscribers use them")                 \
	ADIT_INT(history, bursts, 16384, 64, 16777216, "records",                                  \
		"Domains and record types whose seconds are watched for bursts")                   \
	ADIT_SECTION(detect, "What makes a verdict")                                               \
	ADIT_BOOL(detect, signatures, true, "Name tunnel tools by the pattern files")              \
	ADIT_STRING(detect, pattern_directory, "", NULL,                                           \
		"Directory of pattern files; empty: the ones that came with the program")          \
	ADIT_STRING(detect, allow_directory, "", NULL,                                             \
		"Directory of lists of known services; empty: the ones that came with the "        \
		"program")                                                                         \
	ADIT_BOOL(detect, structure, true,                                                         \
		"Judge by rules that need neither a description nor training: a lasting exchange " \
		"that is no DNS, a constant step of the transaction ID")                           \
	ADIT_BOOL(detect, trees, true, "Judge by models of boosted trees")                         \
	ADIT_BOOL(detect, svm, true, "Judge by models that are one-class SVMs")                    \
	ADIT_BOOL(detect, envelope, true, "Judge by models that are elliptic envelopes")           \
	ADIT_LIST(detect, models, "",                                                              \
		"Folders of models; empty: the ones that came with the program")                   \
	ADIT_BOOL(detect, burst, true, "Judge domains by bursts of queries after long pauses")     \
	ADIT_BOOL(detect, information, true,                                                       \
		"Judge by the information that a subscriber and a domain may have exchanged")      \
	ADIT_INT(detect, information_bound, 4000, 100, 1000000000, "bytes",                        \
		"Information that a subscriber may exchange with a domain in a day "               \
		"before a record is made")                                                         \
	ADIT_INT(detect, tunnel_score, 70, 1, 100, "points", "Least score of a tunnel verdict")    \
	ADIT_INT(detect, suspect_score, 40, 1, 100, "points", "Least score of a suspect verdict")  \
	ADIT_INT(detect, story_idle, 600, 10, 86400, "seconds",                                    \
		"A tunnel without traffic for so long is closed")                                  \
	ADIT_SECTION(output, "What a verdict lists")                                               \
	ADIT_INT(output, subscribers, 16, 1, 64, "subscribers",                                    \
		"Most subscribers to list in a verdict")                                           \
	ADIT_INT(output, samples, 3, 0, 3, "names", "Most sample qnames to list in a verdict")     \
	ADIT_SECTION(http, "Metrics, health, API and page, of adit run and adit replay --serve")   \
	ADIT_STRING(http, listen, "127.0.0.1:9153", NULL,                                          \
		"Address and port; another than a loopback address needs http.token_file, "        \
		"http.certificate and http.key; empty: no server")                                 \
	ADIT_STRING(http, token_file, "", NULL,                                                    \
		"File of the token that a request has to bear: 16 to 512 characters, of one "      \
		"line")                                                                            \
	ADIT_STRING(http, certificate, "", NULL, "Certificate for TLS, and those above it (PEM)")  \
	ADIT_STRING(http, key, "", NULL, "Key of the certificate (PEM)")                           \
	ADIT_INT(http, stories, 10000, 1, 1000000, "stories",                                      \
		"Stories that API and page can show; the one silent for longest gives way")        \
	ADIT_INT(http, memory, 64, 1, 65536, "MB",                                                 \
		"What these stories and their histories may take")                                 \
	ADIT_INT(http, connections, 64, 1, 1000, "connections", "Most at a time")                  \
	ADIT_INT(http, stalled_after, 10, 1, 3600, "seconds",                                      \
		"An lcore that has polled nothing for so long is stalled: /healthz says 503")      \
	ADIT_SECTION(control, "Control of a program that runs: adit ctl, adit top")                \
	ADIT_STRING(control, socket, "auto", NULL,                                                 \
		"UNIX socket that takes commands: for the owner and the group; auto: of adit run " \
		"control.sock where RUNTIME_DIRECTORY says, in /run/adit, or adit.sock in "        \
		"XDG_RUNTIME_DIR, or none; empty: none")                                           \
	ADIT_STRING(control, mutes, "auto", NULL,                                                  \
		"Audit file of mutes (adit ctl mute): read at the start, appended to; auto: of "   \
		"adit run mutes.jsonl where STATE_DIRECTORY says, or in the directory of --out; "  \
		"empty: mutes end with the run")

/*
 * Options of a sink, a group { } of the list `sinks`. `kinds`: types that have it, or NULL: all.
 * ADIT_SINK_INT   (kinds, name, default, least, most, unit, help)
 * ADIT_SINK_STRING(kinds, name, default, choices or NULL, help)
 * ADIT_SINK_LIST  (kinds, name, default as text with commas, help)
 */
#define ADIT_SINK_OPTIONS                                                                         \
	ADIT_SINK_STRING(                                                                         \
		NULL, type, "", "jsonl|syslog|rpz|kafka|webhook", "What the sink is; needed")     \
	ADIT_SINK_STRING(NULL, name, "", NULL,                                                    \
		"Its name in messages and counters: a-z, 0-9, _; empty: its type")                \
	ADIT_SINK_INT(                                                                            \
		NULL, min_score, 0, 0, 100, "points", "Least score of a record that it gets")     \
	ADIT_SINK_LIST(                                                                           \
		NULL, verdicts, "tunnel,suspect", "Verdicts that it gets; of rpz tunnels alone")  \
	ADIT_SINK_LIST(NULL, states, "open,update,closed", "States that it gets")                 \
	ADIT_SINK_LIST(NULL, domains, "",                                                         \
		"Domains that it gets, with what is below them; empty: all, and servers")         \
	ADIT_SINK_LIST(                                                                           \
		NULL, domains_not, "", "Domains that it does not get, with what is below them")   \
	ADIT_SINK_STRING("jsonl|syslog|kafka|webhook", muted, "auto", "auto|yes|no",              \
		"Whether it gets records of domains that adit ctl mute names; auto: files do, "   \
		"what alarms does not")                                                           \
	ADIT_SINK_STRING("jsonl|syslog|kafka|webhook", subscribers, "full",                       \
		"full|pseudonyms|none",                                                           \
		"Subscribers as in verdicts.jsonl, by pseudonyms of a key of its own, or left "   \
		"out")                                                                            \
	ADIT_SINK_STRING("jsonl|syslog|kafka|webhook", key_file, "", NULL,                        \
		"File with the key of its pseudonyms")                                            \
	ADIT_SINK_INT(NULL, queue, 10000, 1, 1000000, "records", "Records that may wait")         \
	ADIT_SINK_STRING(NULL, drop, "newest", "newest|oldest",                                   \
		"Which record is dropped when more would wait")                                   \
	ADIT_SINK_INT(                                                                            \
		NULL, linger, 5, 0, 300, "seconds", "Time for what waits when the program ends")  \
	ADIT_SINK_INT("syslog|kafka|webhook", max_bytes, 0, 0, 16777216, "bytes",                 \
		"A longer record is told without its subscribers; 0: any length")                 \
	ADIT_SINK_STRING("jsonl|rpz", path, "", NULL, "File to write; needed")                    \
	ADIT_SINK_INT("jsonl", rotate_size, 0, 0, 1048576, "MB",                                  \
		"A file that would pass it becomes path.1, and a new one begins; 0: any size")    \
	ADIT_SINK_INT("jsonl", rotate_minutes, 0, 0, 525600, "minutes",                           \
		"The same when so much time has passed, by the clock (UTC); 0: never")            \
	ADIT_SINK_INT("jsonl", keep, 10, 1, 1000, "files", "Rotated files that are kept")         \
	ADIT_SINK_STRING("jsonl", fsync, "interval", "never|each|interval",                       \
		"When lines are put on the disk: as the system likes, before they count as "      \
		"written, or every "                                                              \
		"fsync_interval")                                                                 \
	ADIT_SINK_INT("jsonl", fsync_interval, 1, 1, 3600, "seconds", "Time between two of them") \
	ADIT_SINK_STRING("syslog", transport, "udp", "udp|tcp|unix",                              \
		"Datagrams, a connection with octet counts, or a UNIX socket of datagrams")       \
	ADIT_SINK_STRING("syslog", address, "127.0.0.1:514", NULL,                                \
		"Address and port, or the socket's path")                                         \
	ADIT_SINK_STRING("syslog", format, "json", "json|cef", "The message: the record, or CEF") \
	ADIT_SINK_STRING("syslog", facility, "daemon",                                            \
		"kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|ntp|audit|"    \
		"alert|clock|"                                                                    \
		"local0|local1|local2|local3|local4|local5|local6|local7",                        \
		"Facility of a message")                                                          \
	ADIT_SINK_STRING(                                                                         \
		"rpz", zone, "rpz.adit", NULL, "Name of the zone, as the resolver has it")        \
	ADIT_SINK_STRING("rpz", action, "nxdomain", "nxdomain|nodata|drop|passthru",              \
		"What a resolver does with the domain and all below it")                          \
	ADIT_SINK_INT("rpz", ttl, 300, 1, 86400, "seconds", "TTL of the zone's records")          \
	ADIT_SINK_INT("rpz", expire_hours, 24, 1, 8760, "hours",                                  \
		"A domain leaves the zone so long after its last record")                         \
	ADIT_SINK_INT("rpz", interval, 1, 0, 3600, "seconds", "Least time between two zones")     \
	ADIT_SINK_INT("rpz", entries, 100000, 1, 1000000, "domains", "Most domains in the zone")  \
	ADIT_SINK_LIST("kafka", brokers, "", "Brokers to ask first, as host:port; needed")        \
	ADIT_SINK_STRING("kafka", topic, "adit.verdicts", NULL, "Topic to write to")              \
	ADIT_SINK_LIST("kafka", properties, "", "Settings of librdkafka, as name=value")          \
	ADIT_SINK_STRING("webhook", url, "", NULL, "Where to send records by POST; needed")       \
	ADIT_SINK_STRING("webhook", ca_file, "", NULL,                                            \
		"Certificate authorities to trust; empty: the system's")                          \
	ADIT_SINK_INT("webhook", timeout, 10, 1, 300, "seconds", "Longest wait for an answer")    \
	ADIT_SINK_INT("webhook", batch, 100, 1, 256, "records", "Most records in a request")      \
	ADIT_SINK_STRING("kafka|webhook", secret_file, "", NULL,                                  \
		"File with the bearer token of a webhook, or with the password of Kafka's SASL")

#endif
