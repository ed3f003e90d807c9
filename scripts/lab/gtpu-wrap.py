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
import json
import random

import packets
import pcapio
from gtpu import Tap
from messages import Reader

CONTEXT_VLANS = 101, 102


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
    """The subscribers' packets: a list of (micros, packet, number, uplink, address)."""
    inside, skipped = [], 0
    for seconds, micros, frame in pcapio.read(path):
        packet = packets.network(frame)
        parsed = packets.parse(packet) if packet else None
        found = subscribers.find(parsed) if parsed else None
        if found:
            inside.append((seconds * 1000000 + micros, packet, *found))
        else:
            skipped += 1
    return inside, skipped


def events(options, rng, inside, numbers):
    """What happens beside the packets: (time, method of Tap, arguments), in order."""
    start, end = inside[0][0], inside[-1][0]
    made = [(rng.randrange(start, end + 1), Tap.handover, (rng.randrange(numbers),))
            for _ in range(options.handovers)]
    return sorted(made, key=lambda event: event[0])


def play(options, rng, tap, inside, happenings, shift):
    waiting = list(happenings)
    for micros, packet, number, uplink, address in inside:
        while waiting and waiting[0][0] <= micros:
            at, method, arguments = waiting.pop(0)
            method(tap, at + shift, *arguments)
        tap.packet(micros + shift, packet, number, uplink, who=packets.text(address))
    for at, method, arguments in waiting:
        method(tap, at + shift, *arguments)
    if options.signalling:
        tap.signalling(inside[0][0] + shift, inside[-1][0] + shift,
                       sorted({number for _, _, number, _, _ in inside}))


def contexts(options):
    """(name, settings of its tap, shift in microseconds) of each."""
    vlans = tuple(options.vlan or ())
    if options.context is None:
        yield "", {"vlans": vlans, "first_core": 0}, 0
    for turn, vlan in enumerate(CONTEXT_VLANS if options.context else ()):
        shift = int(turn * options.shift * 1000)
        if options.context == "vlan":
            yield f"vlan {vlan}", {"vlans": vlans[:-1] + (vlan,), "first_core": 0}, shift
        else:
            first = turn * options.cores
            yield f"core {first + 1}", {"vlans": vlans, "first_core": first}, shift


def dns_of(path):
    reader = Reader()
    for _ in reader.read(path):
        pass
    return reader.described()


def parse_arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", maxsplit=2)[1],
                                     description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("input")
    parser.add_argument("output", nargs="?")
    parser.add_argument("--split", nargs=2, metavar=("UP", "DOWN"),
                        help="two files, one for each direction, as an optical tap delivers them")
    parser.add_argument("--vlan", type=int, action="append", metavar="ID",
                        help="twice for QinQ, the service tag first")
    parser.add_argument("--mpls", type=int, action="append", default=[], metavar="LABEL",
                        help="outermost first; may be repeated")
    parser.add_argument("--outer6", action="store_true", help="IPv6 around GTP-U")
    parser.add_argument("--mtu", type=int, default=1500,
                        help="of the core's links; larger packets go in fragments (default 1500)")
    parser.add_argument("--cores", type=int, default=1, help="core-side peers, 1 to 100")
    parser.add_argument("--signalling", action="store_true",
                        help="echoes, error indications and other messages between the packets")
    parser.add_argument("--handovers", type=int, default=0, metavar="N",
                        help="a subscriber's base station and TEIDs change, N times in all")
    parser.add_argument("--both-legs", action="store_true",
                        help="every packet again 0.2 to 2 ms later, as on the next leg")
    parser.add_argument("--context", choices=("vlan", "core"),
                        help="all twice: as of two networks whose subscribers share addresses, "
                        "told apart by VLAN 101 and 102 or by core-side peers")
    parser.add_argument("--shift", type=float, default=0.7, metavar="MS",
                        help="by how much the second context is later (default 0.7)")
    parser.add_argument("--subscribers", type=ipaddress.IPv4Network, default="100.64.0.0/10")
    parser.add_argument("--subscribers6", type=ipaddress.IPv6Network, default="2001:db8:64::/48")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if (options.output is None) == (options.split is None):
        parser.error("needs either OUT or --split UP DOWN")
    if not 1 <= options.cores <= 100 or options.mtu < 576:
        parser.error("--cores is 1 to 100, --mtu at least 576")
    return options


def main():
    options = parse_arguments()
    subscribers = Subscribers((options.subscribers, options.subscribers6))
    inside, skipped = read(options.input, subscribers)
    if not inside:
        raise SystemExit(f"gtpu-wrap.py: {options.input}: no packet from or to a subscriber")
    frames = pcapio.Sorted()
    rng = random.Random(options.seed)
    happenings = events(options, rng, inside, len(subscribers.numbers))
    truth = {"skipped": skipped, "contexts": {}, "dns_of_each_context": dns_of(options.input)}
    for name, settings, shift in contexts(options):
        tap = Tap(rng, frames.add, labels=options.mpls, mtu=options.mtu, cores=options.cores,
                  outer6=options.outer6, both_legs=options.both_legs, **settings)
        play(options, rng, tap, inside, happenings, shift)
        truth["contexts"][name] = tap.described()
    if options.split:
        files = {path: frames.write(path, uplink)
                 for path, uplink in zip(options.split, (True, False))}
    else:
        files = {options.output: frames.write(options.output)}
    truth["frames"] = {path.rsplit("/", maxsplit=1)[-1]: count for path, count in files.items()}
    path = (options.output or options.split[0]) + ".json"
    with open(path, "w", encoding="ascii") as file:
        json.dump(truth, file, indent=1)
        file.write("\n")
    print(f"{' '.join(files)}: {sum(files.values())} frames, "
          f"{len(subscribers.numbers)} subscribers, {skipped} left out")


main()
