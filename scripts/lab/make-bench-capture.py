#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A synthetic capture for measuring speed, with its exact counts beside it.

make-bench-capture.py OUT.pcap [--transactions N] [--domains N] [--subscribers N] [--seconds S]
                      [--tunnel-share X] [--seed N] [--gtpu]

Writes OUT.pcap and OUT.pcap.json. Each transaction is a query and its response. The same
arguments give the same bytes. The mix is plausible, but for speed only: judge detection on what
`lab` captures.
"""
import argparse
import bisect
import collections
import heapq
import itertools
import json
import random
import struct

import packets
import pcapio
from gtpu import wrap

A, NS, CNAME, SOA, NULL, PTR, MX, TXT, AAAA, SRV, HTTPS = 1, 2, 5, 6, 10, 12, 15, 16, 28, 33, 65
SITE_TYPES = ([A] * 60 + [AAAA] * 26 + [HTTPS] * 6 + [TXT] * 2
              + [MX, SRV, NS, PTR, CNAME, SOA])
TUNNEL_TYPES = [TXT] * 10 + [NULL] * 3 + [CNAME] * 3 + [A] * 4
NO_ERROR, SERVER_FAILURE, NAME_ERROR = 0, 2, 3
SUFFIX_MIX = (["com"] * 48 + ["net"] * 10 + ["org"] * 7 + ["de"] * 4 + ["io"] * 4 + ["co.uk"] * 4
              + ["com.br"] * 4 + ["co.jp"] * 3 + ["info"] * 2 + ["com.au"] * 2)
HOSTS = (["www"] * 30 + [""] * 20 + ["api"] * 8 + ["cdn"] * 6 + ["static", "img"] * 5
         + "mail login m edge-mqtt graph events.data s3.eu-west-1 r4---sn-h0jeln7e".split())
TUNNEL_DOMAINS = 20
OPT = b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)
MACS = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
RESOLVERS = [bytes((10, 255, 0, n)) for n in range(1, 5)]
START = 1700000000


def encode(name):
    return b"".join(bytes((len(l),)) + l.encode() for l in name.split(".")) + b"\0"


def record(qtype, ttl, data, owner=0xC00C):
    """A resource record whose owner is a pointer, by default to the question's name."""
    return struct.pack(">HHHIH", owner, qtype, 1, ttl, len(data)) + data


class Names:
    """Site names by popularity (Zipf), each site with a few hosts, and tunnel names."""

    def __init__(self, rng, count):
        self.rng, self.hosts, self.used = rng, {}, set()
        domains = set()
        while len(domains) < count:
            domains.add(self.invent())
        ordered = sorted(domains)
        rng.shuffle(ordered)
        self.tunnels, self.sites = ordered[:TUNNEL_DOMAINS], ordered[TUNNEL_DOMAINS:]
        self.popularity = list(itertools.accumulate(1 / (i + 1) for i in range(len(self.sites))))

    def invent(self):
        rng = self.rng
        word = "".join(rng.choice("bcdfghjklmnprstvwz") + rng.choice("aeiou")
                       + (rng.choice("lnrst") if rng.random() < 0.35 else "")
                       for _ in range(rng.randrange(2, 5)))
        if rng.random() < 0.08:
            word += str(rng.randrange(1, 999))
        return f"{word}.{rng.choice(SUFFIX_MIX)}"

    def site(self):
        number = bisect.bisect_left(self.popularity, self.rng.random() * self.popularity[-1])
        domain = self.sites[number]
        self.used.add(domain)
        if number not in self.hosts:
            # Popular sites have more hosts.
            size = 1 + min(11, len(self.sites) // (20 * (number + 1)) + self.rng.randrange(3))
            chosen = self.rng.choices(HOSTS, k=size)
            self.hosts[number] = [encode(f"{h}.{domain}" if h else domain) for h in chosen]
        return self.rng.choice(self.hosts[number])

    def tunnel(self, count_it=True):
        domain = self.rng.choice(self.tunnels)
        if count_it:
            self.used.add(domain)
        length = self.rng.randrange(30, 111)
        data = f"{self.rng.getrandbits(4 * length):0{length}x}"
        return encode(".".join([data[i:i + 60] for i in range(0, length, 60)] + [domain]))


def tunnel_answer(rng, names, qtype):
    if qtype == CNAME:
        return record(CNAME, 60, names.tunnel(count_it=False))
    if qtype == A:
        return record(A, 60, rng.randbytes(4))
    data = rng.randbytes(rng.randrange(60, 220))
    return record(qtype, 1, bytes((len(data),)) + data if qtype == TXT else data)


def site_answers(rng, qtype, question_size):
    """The answer section, as a list of records; empty where the type has no data."""
    if qtype in (A, AAAA):
        answers, owner = [], 0xC00C
        if rng.random() < 0.3:
            answers.append(record(CNAME, 300, encode(f"e{rng.randrange(9999)}.edgelumo.net")))
            owner = 0xC000 | (12 + question_size + 12)
        size = 4 if qtype == A else 16
        return answers + [record(qtype, 60, rng.randbytes(size), owner)
                          for _ in range(rng.randrange(1, 4))]
    if qtype == TXT:
        text = b"v=spf1 " + rng.randbytes(rng.randrange(8, 30)).hex().encode()
        return [record(TXT, 300, bytes((len(text),)) + text)]
    if qtype == MX:
        return [record(MX, 300, b"\0\x0a" + encode(f"mx{rng.randrange(9)}.mailorvo.com"))]
    if qtype in (NS, PTR, CNAME):
        return [record(qtype, 300, encode(f"host{rng.randrange(999)}.edgelumo.net"))]
    return []


def response_parts(rng, names, is_tunnel, qtype, question_size):
    """(rcode, answer records, authority records)"""
    if is_tunnel:
        return NO_ERROR, [tunnel_answer(rng, names, qtype)], []
    luck = rng.random()
    if luck < 0.01:
        return SERVER_FAILURE, [], []
    answers = [] if luck < 0.07 else site_answers(rng, qtype, question_size)
    if answers:
        return NO_ERROR, answers, []
    soa = encode("ns1.edgelumo.net") + encode("hostmaster.edgelumo.net")
    soa += struct.pack(">IIIII", 1, 7200, 900, 1209600, 300)
    return (NAME_ERROR if luck < 0.07 else NO_ERROR), [], [record(SOA, 300, soa)]


class Capture:
    """The writer, which counts what it writes, and the responses that are under way."""

    def __init__(self, writer, gtpu):
        self.writer, self.gtpu = writer, gtpu
        self.waiting, self.packets, self.bytes, self.order = [], 0, 0, itertools.count()

    def frame(self, ends, ports, message, subscriber, uplink):
        self.packets += 1
        packet = packets.udp(*ends, ports, message, self.packets)
        if self.gtpu:
            return wrap(packet, subscriber, uplink, self.packets, None)
        macs = MACS[1] + MACS[0] if uplink else MACS[0] + MACS[1]
        return macs + packets.ETHERTYPE_IPV4 + packet

    def write(self, micros, frame):
        self.writer.write(START + micros // 1000000, micros % 1000000, frame)
        self.bytes += len(frame)

    def later(self, micros, frame):
        heapq.heappush(self.waiting, (micros, next(self.order), frame))

    def flush(self, until=None):
        while self.waiting and (until is None or self.waiting[0][0] <= until):
            micros, _, frame = heapq.heappop(self.waiting)
            self.write(micros, frame)


def transaction(rng, names, capture, counts, subscriber, now, is_tunnel):
    name = names.tunnel() if is_tunnel else names.site()
    qtype = rng.choice(TUNNEL_TYPES if is_tunnel else SITE_TYPES)
    question = name + struct.pack(">HH", qtype, 1)
    opt = OPT if rng.random() < 0.5 else b""
    ident, port = rng.getrandbits(16), rng.randrange(1024, 65536)
    # 100.64.0.0/10, the range that carriers give to subscribers behind their NAT.
    address = struct.pack(">I", 0x64400001 + subscriber)
    resolver = rng.choice(RESOLVERS)
    query = struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, bool(opt)) + question + opt
    capture.write(now, capture.frame((address, resolver), (port, 53), query, subscriber, True))
    rcode, answers, authority = response_parts(rng, names, is_tunnel, qtype, len(question))
    response = struct.pack(">HHHHHH", ident, 0x8180 | rcode, 1, len(answers), len(authority),
                           bool(opt)) + question + b"".join(answers + authority) + opt
    delay = 400 + int(rng.expovariate(1 / 18000))
    capture.later(now + delay, capture.frame((resolver, address), (53, port), response,
                                             subscriber, False))
    counts["qtype"][qtype] += 1
    counts["rcode"][rcode] += 1
    counts["scalar"].update(tunnel_queries=is_tunnel, answers=len(answers), edns=bool(opt),
                            qname_bytes=len(name))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--transactions", type=int, default=1000000)
    parser.add_argument("--domains", type=int, default=50000)
    parser.add_argument("--subscribers", type=int, default=200000, help="at most 4194302")
    parser.add_argument("--seconds", type=float, default=100.0)
    parser.add_argument("--tunnel-share", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gtpu", action="store_true")
    options = parser.parse_args()
    if options.domains <= TUNNEL_DOMAINS or not 1 <= options.subscribers <= 4194302:
        parser.error(f"needs more than {TUNNEL_DOMAINS} domains and 1 to 4194302 subscribers")
    rng = random.Random(options.seed)
    names = Names(rng, options.domains)
    counts = {name: collections.Counter() for name in ("qtype", "rcode", "scalar")}
    subscribers = set()
    step = options.seconds * 1e6 / options.transactions
    with pcapio.Writer(options.out) as writer:
        capture = Capture(writer, options.gtpu)
        for number in range(options.transactions):
            now = int(number * step)
            capture.flush(now)
            subscriber = rng.randrange(options.subscribers)
            subscribers.add(subscriber)
            transaction(rng, names, capture, counts, subscriber, now,
                        rng.random() < options.tunnel_share)
        capture.flush()
    truth = {"transactions": options.transactions, "packets": capture.packets,
             "frame_bytes": capture.bytes, "queries": options.transactions,
             "responses": options.transactions, "subscribers": len(subscribers),
             "registrable_domains": len(names.used), **counts["scalar"],
             "qtype": dict(sorted(counts["qtype"].items())),
             "rcode": dict(sorted(counts["rcode"].items())),
             "arguments": {k: v for k, v in vars(options).items() if k != "out"}}
    with open(options.out + ".json", "w", encoding="ascii") as file:
        json.dump(truth, file, indent=1)
        file.write("\n")
    print(f"{options.out}: {capture.packets} packets, {capture.bytes} bytes in frames")


main()
