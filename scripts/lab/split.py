#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Labels a capture of the laboratory, and cuts it up by tunnel if asked to.

split.py CAPTURE --lab DIR --tunnels FILE [--out DIR]

Prints one line per registrable domain (tunnels first): domain, label, tool or kind, subscriber,
queries, responses, packets. With --out, also writes DIR/<tunnel id>.pcap for each tunnel and
DIR/benign.pcap. DIR of --lab is what `lab` wrote: its domains.tsv is the truth.
"""
import argparse
import collections
import os
import struct
import sys

import pcapio
from names import registrable
from zones import read_tunnels

HEADER = "#domain\tlabel\ttool\tsubscriber\tqueries\tresponses\tpackets"


class Domain:
    def __init__(self):
        self.subscribers = set()
        self.queries = self.responses = self.packets = 0


def domains_of(path):
    """Yields (record, domain, subscriber, is a response) for each packet; the last two are None
    for a later fragment, which goes with the domain of its datagram's first one."""
    fragments = {}
    for record in pcapio.read(path):
        packet = pcapio.ipv4(record[2])
        if packet is None or packet[9] != pcapio.UDP:
            yield record, None, None, None
            continue
        datagram = packet[4:6] + packet[12:20]
        if struct.unpack_from(">H", packet, 6)[0] & 0x1FFF:
            yield record, fragments.get(datagram), None, None
            continue
        asked = pcapio.question(packet[(packet[0] & 15) * 4 + 8:])
        if asked is None:
            yield record, None, None, None
            continue
        name, _, response = asked
        fragments[datagram] = registrable(name)
        address = packet[16:20] if response else packet[12:16]
        yield record, registrable(name), ".".join(map(str, address)), response


def count(path, files):
    table = collections.defaultdict(Domain)
    unlabelled = 0
    for record, domain, subscriber, response in domains_of(path):
        if domain is None:
            unlabelled += 1
            continue
        row = table[domain]
        row.packets += 1
        if subscriber is not None:
            row.subscribers.add(subscriber)
            row.queries += not response
            row.responses += response
        if files:
            files.get(domain, files[""]).write(*record)
    return table, unlabelled


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("capture")
    parser.add_argument("--lab", required=True)
    parser.add_argument("--tunnels", required=True)
    parser.add_argument("--out")
    options = parser.parse_args()
    with open(f"{options.lab}/domains.tsv", encoding="ascii") as file:
        kinds = {name: (label, kind) for name, label, kind in (row.split() for row in file)}
    files = {}
    if options.out:
        os.makedirs(options.out, exist_ok=True)
        files = {registrable(row["zone"]): pcapio.Writer(f"{options.out}/{row['id']}.pcap")
                 for row in read_tunnels(options.tunnels)}
        files[""] = pcapio.Writer(f"{options.out}/benign.pcap")
    table, unlabelled = count(options.capture, files)
    for writer in files.values():
        writer.file.close()
    print(HEADER)
    # Names that exist nowhere are no zone's: mistyped ones, and probes.
    rows = [(*kinds.get(name, ("benign", "nxdomain")), name, row) for name, row in table.items()]
    rows.sort(key=lambda row: (row[0] != "tunnel", -row[3].queries, row[2]))
    for label, kind, name, row in rows:
        who = min(row.subscribers) if len(row.subscribers) == 1 else "-"
        print(name, label, kind, who, row.queries, row.responses, row.packets, sep="\t")
    if unlabelled:
        print(f"split.py: {unlabelled} packets without a domain", file=sys.stderr)


if __name__ == "__main__":
    main()
