#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Benign subscribers: bursts of look-ups as page loads make them.

clients.py --resolver ADDRESS --seconds N --queries DIR [options] ADDRESS...

Each ADDRESS is one subscriber (it must be configured here) and asks what DIR/<last octet>.txt
lists, one `name type` a line, with a pause of --pause seconds on average between bursts. Shares are
in per cent: of the subscribers that ask over IPv6, from an address of their own, that ask over TCP
or TLS only, and of the names that are taken from DIR/large.txt, whose answers are larger than a
packet. Whoever gets a truncated answer asks again over TCP.
"""
import argparse
import asyncio
import collections
import itertools
import random
import ssl
import struct
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
         "NAPTR": 35, "DNSKEY": 48, "SVCB": 64, "HTTPS": 65}
ANSWER_TIMEOUT = 5.0
LARGEST = 4096
PADDED = 1700  # bytes of a query that needs two packets

Question = collections.namedtuple("Question", "at name qtype message")


def encode(rng, name, qtype, udp_size, padding=0):
    """A query; with EDNS unless udp_size is 0, padded (RFC 7830) with so many bytes."""
    message = struct.pack(">HHHHHH", rng.randrange(65536), 0x0100, 1, 0, 0, udp_size != 0)
    for label in name.rstrip(".").split("."):
        message += bytes([len(label)]) + label.encode()
    message += b"\0" + struct.pack(">HH", TYPES[qtype], 1)
    if udp_size:
        option = struct.pack(">HH", 12, padding) + bytes(padding) if padding else b""
        message += b"\0" + struct.pack(">HHIH", 41, udp_size, 0, len(option)) + option
    return message


def burst(rng, start, queries, large, share):
    """One page load: some names, most of them asked for A and AAAA and often HTTPS too."""
    at = start
    for name, qtype in rng.choices(queries, k=min(20, max(1, int(rng.lognormvariate(1.2, 0.8))))):
        at += rng.expovariate(30)
        if large and rng.random() * 100 < share:
            # Three in four take what is larger than a packet as fragments, the others over TCP.
            udp_size = LARGEST if rng.random() < 0.75 else 1232
            padding = PADDED if rng.random() < 0.15 else 0
            name, qtype = rng.choice(large)
            yield Question(at, name, qtype, encode(rng, name, qtype, udp_size, padding))
            continue
        kinds = [(0, qtype)]
        if qtype in ("A", "AAAA", "HTTPS"):
            kinds = [(0, "A"), (0.0004, "AAAA")] + [(0.0007, "HTTPS")] * (rng.random() < 0.4)
        for later, kind in kinds:
            message = encode(rng, name, kind, 1232 if rng.random() < 0.5 else 0)
            yield Question(at + later, name, kind, message)


def chosen(subscriber, share, step):
    """Whether a subscriber is among SHARE per cent: spread evenly, and the same in every run."""
    return (subscriber * step) % 1 * 100 < share


class Subscriber:
    def __init__(self, address, options):
        last = int(address.split(".")[-1])
        low = int.from_bytes(bytes(map(int, address.split(".")[2:])), "big")
        self.address, self.resolver = address, options.resolver
        if chosen(last, options.ipv6, 0.6180340):
            self.address, self.resolver = f"2001:db8:64:{low:x}::1", options.resolver6
        self.over = "udp"
        if chosen(last, options.tcp, 0.4142136):
            self.over = "tcp" if last % 2 else "pipeline"
        elif chosen(last, options.tls + options.tcp, 0.4142136):
            self.over = "tls"
        with open(f"{options.queries}/{last}.txt", encoding="ascii") as file:
            self.queries = [line.split() for line in file]

    def plan(self, rng, options, large):
        """Page loads, each a list of questions."""
        at = rng.expovariate(2 / options.pause)
        while at < options.seconds:
            yield self, list(burst(rng, at, self.queries, large, options.large)), rng.random()
            at += rng.expovariate(1 / options.pause)


class Datagram(asyncio.DatagramProtocol):
    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, addr):
        if not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc):
        if not self.answer.done():
            self.answer.set_exception(exc)


class Asker:
    """Asks, and counts what was asked and answered."""

    def __init__(self, start):
        self.start = start
        self.counts = collections.Counter()
        self.tls = ssl.create_default_context()
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE

    async def until(self, at):
        await asyncio.sleep(max(0, self.start + at - time.monotonic()))

    async def datagram(self, subscriber, message):
        """A fresh source port per query, as it should be."""
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            Datagram, local_addr=(subscriber.address, 0), remote_addr=(subscriber.resolver, 53))
        try:
            transport.sendto(message)
            self.counts["udp queries"] += 1
            answer = await asyncio.wait_for(protocol.answer, ANSWER_TIMEOUT)
        finally:
            transport.close()
        self.counts["udp answers"] += 1
        if answer[2] & 2:
            self.counts["truncated"] += 1
            await self.connection(subscriber, [Question(0, "", "", message)], 0, "tcp")

    async def write(self, writer, messages, luck):
        """All at once; of one connection in four, in two pieces that split a message."""
        data = b"".join(struct.pack(">H", len(message)) + message for message in messages)
        cut = 1 + int(luck * 4 * (len(data) - 2)) if luck < 0.25 else len(data)
        writer.write(data[:cut])
        if cut < len(data):
            await asyncio.sleep(0.03)
            writer.write(data[cut:])

    async def connection(self, subscriber, questions, luck, over):
        """All questions over one connection, without waiting for answers in between; those that
        are due within 2 ms leave together."""
        reader, writer = await asyncio.open_connection(
            subscriber.resolver, 853 if over == "tls" else 53,
            local_addr=(subscriber.address, 0), ssl=self.tls if over == "tls" else None)
        try:
            left = list(questions)
            while left:
                await self.until(left[0].at)
                due = list(itertools.takewhile(lambda q: q.at < left[0].at + 0.002, left))
                del left[:len(due)]
                await self.write(writer, [question.message for question in due], luck)
                self.counts[f"{over} queries"] += len(due)
            for _ in questions:
                size = await asyncio.wait_for(reader.readexactly(2), ANSWER_TIMEOUT)
                await reader.readexactly(int.from_bytes(size, "big"))
                self.counts[f"{over} answers"] += 1
        finally:
            writer.close()

    async def safely(self, what):
        try:
            await what
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            self.counts[f"failed: {type(error).__name__}"] += 1

    async def load(self, subscriber, questions, luck):
        """One page load."""
        if subscriber.over in ("pipeline", "tls"):
            await self.until(questions[0].at)
            await self.safely(self.connection(subscriber, questions, luck, subscriber.over))
            return
        waiting = []
        for question in questions:
            await self.until(question.at)
            how = self.datagram(subscriber, question.message) if subscriber.over == "udp" else \
                self.connection(subscriber, [question], luck, "tcp")
            waiting.append(asyncio.create_task(self.safely(how)))
        await asyncio.gather(*waiting)


def large_names(options):
    if options.large == 0:
        return []
    with open(f"{options.queries}/large.txt", encoding="ascii") as file:
        return [line.split() for line in file]


async def surf(options):
    rng = random.Random(options.seed)
    large = large_names(options)
    loads = [load for address in options.address
             for load in Subscriber(address, options).plan(rng, options, large)]
    asker = Asker(time.monotonic())
    running = []
    for subscriber, questions, luck in sorted(loads, key=lambda load: load[1][0].at):
        await asker.until(questions[0].at)
        running.append(asyncio.create_task(asker.load(subscriber, questions, luck)))
    if running:
        # What the last ones ask counts too, but nobody waits for long.
        await asyncio.wait(running, timeout=1)
    return asker.counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--resolver", required=True)
    parser.add_argument("--resolver6")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--queries", required=True, help="directory of query lists")
    parser.add_argument("--pause", type=float, default=12.0)
    parser.add_argument("--seed", type=int, default=1)
    for share in ("ipv6", "tcp", "tls", "large"):
        parser.add_argument(f"--{share}", type=float, default=0, metavar="SHARE")
    parser.add_argument("address", nargs="+")
    options = parser.parse_args()
    if options.ipv6 and not options.resolver6:
        parser.error("--ipv6 needs --resolver6")
    counts = asyncio.run(surf(options))
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())))


main()
