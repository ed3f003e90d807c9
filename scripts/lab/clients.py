#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Benign subscribers: bursts of look-ups as page loads make them.

clients.py --resolver ADDRESS --seconds N --queries DIR [--pause N] [--seed N] ADDRESS...

Each ADDRESS is one subscriber (it must be configured here) and asks what DIR/<last octet>.txt
lists, one `name type` a line, with a pause of --pause seconds on average between bursts.
"""
import argparse
import random
import select
import socket
import struct
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
         "NAPTR": 35, "SVCB": 64, "HTTPS": 65}
ANSWER_TIMEOUT = 5.0


def encode(rng, name, qtype, edns):
    message = struct.pack(">HHHHHH", rng.randrange(65536), 0x0100, 1, 0, 0, int(edns))
    for label in name.rstrip(".").split("."):
        message += bytes([len(label)]) + label.encode()
    message += b"\0" + struct.pack(">HH", TYPES[qtype], 1)
    if edns:
        message += b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)
    return message


def burst(rng, start, address, queries):
    """One page load: some names, most of them asked for A and AAAA and often HTTPS too."""
    at = start
    for name, qtype in rng.choices(queries, k=min(20, max(1, int(rng.lognormvariate(1.2, 0.8))))):
        at += rng.expovariate(30)
        if qtype not in ("A", "AAAA", "HTTPS"):
            yield at, address, name, qtype
            continue
        yield at, address, name, "A"
        yield at + 0.0004, address, name, "AAAA"
        if rng.random() < 0.4:
            yield at + 0.0007, address, name, "HTTPS"


def plan(rng, options):
    """Every query of the run, in order of time."""
    events = []
    for address in options.address:
        with open(f"{options.queries}/{address.split('.')[-1]}.txt", encoding="ascii") as file:
            queries = [line.split() for line in file]
        at = rng.expovariate(2 / options.pause)
        while at < options.seconds:
            events += burst(rng, at, address, queries)
            at += rng.expovariate(1 / options.pause)
    return sorted(event for event in events if event[0] < options.seconds)


class Sockets:
    """A fresh source port per query, kept until its answer is in or is not to be expected."""

    def __init__(self):
        self.open = {}
        self.answers = 0

    def send(self, address, resolver, message):
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        out.bind((address, 0))
        out.sendto(message, (resolver, 53))
        self.open[out] = time.monotonic() + ANSWER_TIMEOUT

    def collect(self, seconds):
        for ready in select.select(list(self.open), [], [], seconds)[0]:
            ready.recv(4096)
            self.answers += 1
            self.open[ready] = 0
        now = time.monotonic()
        for old in [key for key, end in self.open.items() if end < now]:
            old.close()
            del self.open[old]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--resolver", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--queries", required=True, help="directory of query lists")
    parser.add_argument("--pause", type=float, default=12.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("address", nargs="+")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    sockets = Sockets()
    start = time.monotonic()
    events = plan(rng, options)
    for at, address, name, qtype in events:
        while (left := start + at - time.monotonic()) > 0:
            sockets.collect(left)
        sockets.send(address, options.resolver, encode(rng, name, qtype, rng.random() < 0.5))
    sockets.collect(1)
    print(f"{len(events)} queries, {sockets.answers} answers")


main()
