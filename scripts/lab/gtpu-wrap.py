#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Wraps a client-side capture in GTP-U, as a tap in a mobile core would see it (see gtpu.py).

gtpu-wrap.py IN OUT [--vlan ID] [--subscribers NETWORK/BITS]

Every IPv4 packet from or to a subscriber becomes Ethernet / IPv4 / UDP 2152 / GTP-U G-PDU.
"""
import argparse
import ipaddress

import pcapio
from gtpu import wrap


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--vlan", type=int)
    parser.add_argument("--subscribers", type=ipaddress.IPv4Network,
                        default="100.64.0.0/10")
    options = parser.parse_args()
    first = int(options.subscribers.network_address)
    mask = int(options.subscribers.netmask)
    numbers, written, skipped = {}, 0, 0
    with pcapio.Writer(options.output) as output:
        for seconds, micros, frame in pcapio.read(options.input):
            packet = pcapio.ipv4(frame)
            ends = [] if packet is None else [packet[12:16], packet[16:20]]
            inside = [int.from_bytes(end, "big") & mask == first for end in ends]
            if not any(inside):
                skipped += 1
                continue
            uplink = inside[0]
            number = numbers.setdefault(ends[not uplink], len(numbers))
            written += 1
            output.write(seconds, micros, wrap(packet, number, uplink, written, options.vlan))
    print(f"{options.output}: {written} packets, {len(numbers)} subscribers, {skipped} left out")


main()
