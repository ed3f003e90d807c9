#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Labels a capture of the laboratory, and cuts it up by tunnel if asked to.

split.py CAPTURE --lab DIR --tunnels FILE [--out DIR] [--traffic FILE [--also CAPTURE...]]

Prints one line per registrable domain (tunnels first): domain, label, tool or kind, subscriber,
queries, responses, packets (of a message over TCP, the one that made it whole). With --out, also
writes DIR/<tunnel id>.pcap for each tunnel and DIR/benign.pcap, which has all TCP. With --traffic,
writes messages, connections and fragments of this and more captures, by protocol and family. DIR
of --lab is what `lab` wrote: its domains.tsv is the truth.
"""
import argparse
import collections
import os

import packets
import pcapio
from messages import Reader
from names import registrable
from zones import read_tunnels

HEADER = "#domain\tlabel\ttool\tsubscriber\tqueries\tresponses\tpackets"


class Domain:
    def __init__(self):
        self.subscribers = set()
        self.queries = self.responses = self.packets = 0


class Domains:
    """What a capture holds, by registrable domain; `owner` has the domain of each frame."""

    def __init__(self, path):
        self.table = collections.defaultdict(Domain)
        self.owner = {}
        self.reader = Reader()
        for message in self.reader.read(path):
            self._count(message)

    def _count(self, message):
        domain = registrable(message.name)
        row = self.table[domain]
        row.packets += len(message.frames)
        address = message.destination if message.response else message.source
        row.subscribers.add(packets.text(address))
        row.queries += not message.response
        row.responses += message.response
        # A TCP connection stays together, with what is nobody's.
        if message.over == "UDP":
            self.owner.update((frame, domain) for frame in message.frames)


def write_parts(path, domains, files):
    for number, record in enumerate(pcapio.read(path), 1):
        files.get(domains.owner.get(number), files[""]).write(*record)


def write_traffic(file, captures):
    print("#capture", "what", "ipv4", "ipv6", sep="\t", file=file)
    for path in captures:
        reader = Reader()
        collections.deque(reader.read(path), maxlen=0)
        for what, count in reader.described().items():
            print(os.path.basename(path), what, count["ipv4"], count["ipv6"], sep="\t", file=file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("capture")
    parser.add_argument("--lab", required=True)
    parser.add_argument("--tunnels", required=True)
    parser.add_argument("--out")
    parser.add_argument("--traffic", help="file for the counts by protocol and family")
    parser.add_argument("--also", nargs="*", default=[], help="more captures for --traffic")
    options = parser.parse_args()
    with open(f"{options.lab}/domains.tsv", encoding="ascii") as file:
        kinds = {name: (label, kind) for name, label, kind in (row.split() for row in file)}
    files = {}
    if options.out:
        os.makedirs(options.out, exist_ok=True)
        files = {registrable(row["zone"]): pcapio.Writer(f"{options.out}/{row['id']}.pcap")
                 for row in read_tunnels(options.tunnels)}
        files[""] = pcapio.Writer(f"{options.out}/benign.pcap")
    domains = Domains(options.capture)
    if files:
        write_parts(options.capture, domains, files)
    for writer in files.values():
        writer.file.close()
    print(HEADER)
    # Names that exist nowhere are no zone's: mistyped ones, and probes.
    rows = [(*kinds.get(name, ("benign", "nxdomain")), name, row) for name, row in domains.table.items()]
    rows.sort(key=lambda row: (row[0] != "tunnel", -row[3].queries, row[2]))
    for label, kind, name, row in rows:
        who = min(row.subscribers) if len(row.subscribers) == 1 else "-"
        print(name, label, kind, who, row.queries, row.responses, row.packets, sep="\t")
    if options.traffic:
        with open(options.traffic, "w", encoding="ascii") as file:
            write_traffic(file, [options.capture, *options.also])


if __name__ == "__main__":
    main()
