#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""wire.py IF_A IF_B MIN_MS MAX_MS LOSS : joins two interfaces like a long wire.

Each pair of addresses, IPv4 or IPv6, has a delay of its own between MIN_MS and MAX_MS, plus up to a
tenth of it as jitter; LOSS is the share of packets lost, 0 to 1. In user space because the kernel's netem is
a module that small kernels and many containers lack.
"""
import heapq
import itertools
import random
import select
import socket
import sys
import time

ETH_P_ALL = 3
ETHERTYPE_IPV4 = b"\x08\x00"
ETHERTYPE_IPV6 = b"\x86\xdd"
ICMPV6 = 58
PACKET_OUTGOING = 4
SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP = 1
PACKET_MR_PROMISC = 1


def open_interface(name):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    port.bind((name, ETH_P_ALL))
    request = socket.if_nametoindex(name).to_bytes(4, "little")
    request += PACKET_MR_PROMISC.to_bytes(2, "little") + bytes(10)
    port.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)
    port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    port.setblocking(False)
    return port


def addresses(frame):
    """Both, or None for what passes at once: ARP, and its counterpart in ICMPv6."""
    if frame[12:14] == ETHERTYPE_IPV4:
        return frozenset((frame[26:30], frame[30:34]))
    if frame[12:14] == ETHERTYPE_IPV6 and frame[20:21] != bytes((ICMPV6,)):
        return frozenset((frame[22:38], frame[38:54]))
    return None


def pair_delay(delays, pair, low, high):
    """The fixed delay of these two addresses, the same in both directions."""
    if pair not in delays:
        delays[pair] = random.Random(b"".join(sorted(pair))).uniform(low, high)
    return delays[pair]


def drain(port, other, queue, order, delays, settings):
    low, high, loss = settings
    while True:
        try:
            frame, address = port.recvfrom(65536)
        except BlockingIOError:
            return
        if address[2] == PACKET_OUTGOING:
            continue
        delay = 0.0
        pair = addresses(frame)
        if pair is not None:
            if random.random() < loss:
                continue
            delay = pair_delay(delays, pair, low, high) * random.uniform(1, 1.1)
        heapq.heappush(queue, (time.monotonic() + delay, next(order), other, frame))


def main():
    ports = [open_interface(name) for name in sys.argv[1:3]]
    settings = float(sys.argv[3]) / 1e3, float(sys.argv[4]) / 1e3, float(sys.argv[5])
    queue, order, delays = [], itertools.count(), {}
    while True:
        wait = max(0.0, queue[0][0] - time.monotonic()) if queue else None
        for port in select.select(ports, [], [], wait)[0]:
            drain(port, ports[port is ports[0]], queue, order, delays, settings)
        while queue and queue[0][0] <= time.monotonic():
            _, _, out, frame = heapq.heappop(queue)
            try:
                out.send(frame)
            except OSError:
                pass  # the other end is gone: the laboratory is being taken down


main()
