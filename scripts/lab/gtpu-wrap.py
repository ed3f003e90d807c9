#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Wraps a client-side capture in GTP-U, as a tap in a mobile core would see it (see gtpu.py).

gtpu-wrap.py [options] IN OUT
gtpu-wrap.py [options] IN --split UP DOWN

Every IP packet from or to a subscriber becomes Ethernet / IP / UDP 2152 / GTP-U G-PDU, and
fragments of that where it is larger than the MTU. OUT.json (UP.json) tells what was written: frames,
fragments, signalling, duplicates, handovers, tunnels, and the DNS in IN. The same arguments give
the same bytes.

A subscriber is an IPv4 address, or an IPv6 address whose fourth group is the last two bytes of the
IPv4 address of the same subscriber, who has one tunnel for both.
"""
import argparse
import ipaddress
import random

import packets
import pcapio
import tapping
from messages import Reader


class Subscribers:
    """The numbers of the subscribers, in the order of their first packets."""

    def __init__(self, networks):
        self.networks = networks
        self.numbers = {}

    def _place(self, address):
        network = self.networks[len(address) == 16]
        value = int.from_bytes(address, "big")
        if value & int(network.netmask) != int(network.network_address):
            return None
        return value >> 64 & 0xFFFF if len(address) == 16 else value & int(network.hostmask)

    def find(self, parsed):
        """(number, whether uplink, the subscriber's address), or None for other packets."""
        for uplink, address in ((True, parsed.source), (False, parsed.destination)):
            place = self._place(address)
            if place is not None:
                return self.numbers.setdefault(place, len(self.numbers)), uplink, address
        return None


def read(path, subscribers):
    """The subscribers' packets, and the number of other frames."""
    inside, skipped = [], 0
    for seconds, micros, frame in pcapio.read(path):
        packet = packets.network(frame)
        parsed = packets.parse(packet) if packet else None
        found = subscribers.find(parsed) if parsed else None
        if found:
            number, uplink, address = found
            inside.append(tapping.Inside(seconds * 1000000 + micros, packet, number, uplink,
                                         packets.text(address), None))
        else:
            skipped += 1
    return inside, skipped


def dns_of(path):
    reader = Reader()
    for _ in reader.read(path):
        pass
    return reader.described()


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", maxsplit=2)[1],
                                     description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("input")
    parser.add_argument("output", nargs="?")
    tapping.add_arguments(parser)
    parser.add_argument("--subscribers", type=ipaddress.IPv4Network, default="100.64.0.0/10")
    parser.add_argument("--subscribers6", type=ipaddress.IPv6Network, default="2001:db8:64::/48")
    options = parser.parse_args()
    tapping.check(parser, options)
    subscribers = Subscribers((options.subscribers, options.subscribers6))
    inside, skipped = read(options.input, subscribers)
    if not inside:
        raise SystemExit(f"gtpu-wrap.py: {options.input}: no packet from or to a subscriber")
    inside.sort(key=lambda one: one.micros)
    frames = pcapio.Sorted()
    truth = {"skipped": skipped, "dns_of_each_context": dns_of(options.input),
             "contexts": tapping.wrap(options, random.Random(options.seed), frames, inside)}
    print(f"{tapping.write(options, frames, truth)}, {len(subscribers.numbers)} subscribers, "
          f"{skipped} left out")


main()
