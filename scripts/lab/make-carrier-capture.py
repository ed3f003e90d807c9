#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A made-up capture of all that carrier traffic holds, with the exact counts beside it.

make-carrier-capture.py [options] OUT
make-carrier-capture.py [options] OUT --gtpu [options of the core]
make-carrier-capture.py [options] --split UP DOWN --gtpu [options of the core]

DNS over UDP and TCP, IPv4 and IPv6, whole and in fragments; DNS over TLS, QUIC and HTTPS; what is
no DNS on port 53; four tunnels, each over another transport; and, with --dns-share, other traffic.
OUT.json (UP.json) has the outcome that each frame must come to (`outcomes`, by the names of
lib/base/adit_outcome.h), DNS messages by transport, the tunnels, and the settings that the counts
hold for. Needs no root and no tools; the same arguments give the same bytes. For tests of counting
and speed: judge detection on what `lab` captures.
"""
import argparse
import collections
import random
import struct

import gtpu
import packets
import pcapio
import tapping
from dnstext import NULL, TXT, Names, tunnel_exchange
from flows import MSS, PATH_MTU, Connection, Traffic

START = 1700000000 * 1000000
RESOLVERS = [tuple(map(packets.address, pair)) for pair in (
    ("10.53.0.53", "2001:db8:53::53"), ("10.53.0.54", "2001:db8:53::54"))]
# Resolvers that are listed as such: DNS over HTTPS is what goes to their port 443.
HTTPS_RESOLVERS = ["198.51.100.153", "2001:db8:d0::153"]
WEB = "203.0.113.%d", "2001:db8:ee::%x"
MACS = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
FRAGMENTED = 1500, 3900  # bytes of an answer that no packet holds
TUNNELS = [  # (domain, over, family, bytes of an answer)
    ("quorvelisto.com", "UDP", 4, (60, 230)), ("zimbardelo.net", "UDP", 6, (60, 230)),
    ("prantovelle.org", "TCP", 4, (200, 900)), ("uldramosca.de", "fragments", 6, (1600, 3200))]
# What comes of a packet's copy, as by a tap of two legs; all other outcomes come again.
COPIES = {**dict.fromkeys(("tcp_dns data", "tcp_dns", "tcp_dns_repeated", "dot", "doq", "doh"),
                          "duplicate"),
          **{f"dns_{kind}": "duplicate" for kind in (
              "query", "response", "no_question", "bad_name", "short", "implausible")}}
NEVER_DNS = {"udp_other", "tcp_other", "ip_other"}
QUIC_LONG, QUIC_SHORT = b"\xc3\0\0\0\1\x08", b"\x43"


class Maker:
    """Plans transactions, each of one subscriber, into `traffic`."""

    def __init__(self, rng, options):
        self.rng, self.options = rng, options
        self.traffic = Traffic(rng)
        self.names = Names(rng, 400)
        self.counts = collections.Counter()
        self.kinds = collections.Counter()

    def who(self, number, family):
        """(number, address): each subscriber has an address of either family."""
        low = 257 + number
        return number, struct.pack(">I", 0x64400000 + low) if family == 4 else \
            packets.address(f"2001:db8:64:{low:x}::1")

    @staticmethod
    def server(pair, who):
        return pair[len(who[1]) == 16]

    def port(self):
        return self.rng.randrange(1024, 65536)

    def tell(self, over, queries=0, responses=0):
        self.counts[f"{over} queries"] += queries
        self.counts[f"{over} responses"] += responses

    # Transactions: each takes a time, a subscriber and a server.

    def udp(self, at, who, server, exchange=None, response=None):
        exchange = exchange or self.names.exchange()
        ports = self.port(), 53
        later = at + 400 + int(self.rng.expovariate(1 / 18000))
        self.traffic.datagram(at, who, server, ports, exchange.query, True, "dns_query")
        self.traffic.datagram(later, who, server, ports, response or exchange.response, False,
                              "dns_response")
        self.tell("UDP", 1, 1)
        return later

    def large(self, at, who, server):
        self.udp(at, who, server,
                 self.names.exchange(udp_size=4096, size=self.rng.randrange(*FRAGMENTED)))

    def padded(self, at, who, server):
        self.udp(at, who, server, self.names.exchange(udp_size=1232, padding=1700))

    def repeated(self, at, who, server):
        """No answer; after a second the client asks again, which is another query."""
        exchange, ports = self.names.exchange(), (self.port(), 53)
        self.traffic.datagram(at, who, server, ports, exchange.query, True, "dns_query")
        self.traffic.datagram(at + 1000000, who, server, ports, exchange.query, True, "dns_query")
        self.tell("UDP", 2, 0)

    def truncated(self, at, who, server):
        exchange = self.names.exchange(size=self.rng.randrange(*FRAGMENTED), udp_size=1232)
        later = self.udp(at, who, server, exchange, exchange.truncated)
        self.over_tcp(later + 500, who, server, [exchange])

    def over_tcp(self, at, who, server, exchanges, started=True):
        rng = self.rng
        connection = Connection(self.traffic, at, who, server, 53, "tcp_dns")
        if started:
            connection.open()
        for uplink in (True, False):
            # Pipelined answers come in another order than the questions.
            order = exchanges if uplink else rng.sample(exchanges, len(exchanges))
            content = b"".join(struct.pack(">H", len(message)) + message for message in
                               (one.query if uplink else one.response for one in order))
            cuts = [rng.randrange(1, len(content)) for _ in range(rng.randrange(3))] \
                if started else []
            connection.data(uplink, content, cuts)
            connection.now += 2000
        if rng.random() < 0.1:
            connection.reset()
        else:
            connection.close(at_once=rng.random() < 0.3)
        self.tell("TCP", len(exchanges), len(exchanges))
        self.counts["TCP connections"] += 1

    def tcp(self, at, who, server):
        size = self.rng.choice((0, 0, 0, 2500))
        self.over_tcp(at, who, server, [self.names.exchange(size=size)])

    def pipeline(self, at, who, server):
        count = self.rng.randrange(2, 9)
        self.over_tcp(at, who, server, [self.names.exchange() for _ in range(count)])

    def joined(self, at, who, server):
        """A connection that stood before the capture began."""
        self.over_tcp(at, who, server, [self.names.exchange() for _ in range(3)], started=False)

    def encrypted(self, at, who, server, port, label):
        """TLS, by its record headers: handshake, then some requests."""
        rng = self.rng
        connection = Connection(self.traffic, at, who, server, port, label)

        def records(kind, size):
            return struct.pack(">BHH", kind, 0x0303, size) + rng.randbytes(size)

        connection.open()
        connection.data(True, records(22, 512))
        connection.data(False, records(22, rng.randrange(2400, 4200)))
        for _ in range(rng.randrange(2, 12)):
            connection.data(True, records(23, rng.randrange(80, 180)))
            connection.data(False, records(23, rng.randrange(120, 500)))
        connection.close(at_once=False)

    def quic(self, at, who, server, port, label, most=8):
        rng, ports = self.rng, (self.port(), port)
        sizes = [(True, QUIC_LONG, 1200), (False, QUIC_LONG, 1200), (False, QUIC_LONG, 900)]
        for _ in range(rng.randrange(2, most)):
            sizes += [(True, QUIC_SHORT, rng.randrange(35, 140)),
                      (False, QUIC_SHORT, rng.randrange(120, 1250))]
        for uplink, first, size in sizes:
            self.traffic.datagram(at, who, server, ports, first + rng.randbytes(size), uplink,
                                  label)
            at += 9000

    def tls(self, at, who, server):
        self.encrypted(at, who, server, 853, "dot")

    def doq(self, at, who, server):
        self.quic(at, who, server, 853, "doq")

    def doh(self, at, who, _):
        server = packets.address(HTTPS_RESOLVERS[len(who[1]) == 16])
        if self.rng.random() < 0.5:
            self.encrypted(at, who, server, 443, "doh")
        else:
            self.quic(at, who, server, 443, "doh")

    def stray_tcp(self, at, who, server):
        """An SSH-like talk, on port 53."""
        rng = self.rng
        connection = Connection(self.traffic, at, who, server, 53, "tcp_dns")
        connection.open()
        for uplink in (True, False):
            connection.data(uplink, b"SSH-2.0-strayd_1.0\r\n")
        for turn in range(rng.randrange(2, 9)):
            size = rng.randrange(40, 2500)
            connection.data(turn % 2 == 0, struct.pack(">I", size) + rng.randbytes(size))
        connection.close(at_once=False)
        self.counts["TCP connections that are no DNS"] += 1

    def stray_udp(self, at, who, server):
        ports, rng = (self.port(), 53), self.rng
        for label, payload in (
                ("dns_implausible", b"\4\0\0\0" + b"\xff" * 9 + rng.randbytes(200)),
                ("dns_short", rng.randbytes(rng.randrange(1, 12))),
                ("dns_bad_name", rng.randbytes(2) + b"\1\0\0\1\0\0\0\0\0\0\xff\xff" + bytes(4)),
                ("dns_no_question", rng.randbytes(2) + b"\1\0" + bytes(8))):
            self.traffic.datagram(at, who, server, ports, payload, True, label)
            at += 20000

    def broken(self, at, who, server):
        """Fragments that never make a datagram."""
        response = self.names.exchange(udp_size=4096, size=3000).response
        ports = self.port(), 53
        if self.rng.random() < 0.5:
            self.traffic.lost_fragment(at, who, server, ports, response)
            self.counts["datagrams that miss fragments"] += 1
        else:
            self.traffic.overlap(at, who, server, ports, response)
            self.counts["datagrams with an overlap"] += 1

    def tunnel(self, number, domain, over, family, down):
        """A tunnel of subscriber `number`, at a steady pace."""
        count, rng = self.options.tunnel_queries, self.rng
        who, server = self.who(number, family), RESOLVERS[0][family == 6]
        step = int(self.options.seconds * 1e6 / (count + 1))
        batch = 4 if over == "TCP" else 1
        for turn in range(0, count, batch):
            qtype = NULL if over == "fragments" and turn % 2 else TXT
            exchanges = [tunnel_exchange(rng, domain, down, qtype) for _ in range(batch)]
            at = START + turn * step + rng.randrange(step // 2)
            if over == "TCP":
                self.over_tcp(at, who, server, exchanges)
            else:
                self.udp(at, who, server, exchanges[0])
        return {"domain": domain, "over": over, "subscriber": packets.text(who[1]),
                "queries": -(-count // batch) * batch}

    # What is no DNS.

    def web(self, at, who):
        server = packets.address(WEB[len(who[1]) == 16] % self.rng.randrange(1, 255))
        luck = self.rng.random()
        if luck < 0.60:
            self.https(at, who, server)
        elif luck < 0.95:
            self.quic(at, who, server, 443, "udp_other", most=40)
        else:
            # A game or a call: small datagrams, now and then one in fragments.
            for turn in range(20):
                size = 3000 if turn == 10 else 160
                self.traffic.datagram(at + turn * 20000, who, server, (4500, 3478),
                                      self.rng.randbytes(size), turn % 2 == 0, "udp_other")

    def https(self, at, who, server):
        """Mostly full segments down and bare acknowledgements up, as a download is."""
        rng = self.rng
        # One in four takes no heed of the tunnel that it goes through.
        mss = MSS if rng.random() < 0.75 else PATH_MTU - (40 if len(who[1]) == 4 else 60)
        connection = Connection(self.traffic, at, who, server, 443, "tcp_other", mss)
        connection.open()
        connection.data(True, b"\x16\3\1" + rng.randbytes(514))
        for _ in range(rng.randrange(1, 5)):
            size = min(60000, int(rng.lognormvariate(9.2, 1)))
            connection.data(False, b"\x17\3\3" + rng.randbytes(size))
            connection.data(True, b"\x17\3\3" + rng.randbytes(rng.randrange(60, 900)))
        connection.close(at_once=True)

    def ping(self, at, who):
        kind = packets.ICMPV6 if len(who[1]) == 16 else 1
        server = self.server(RESOLVERS[0], who)
        self.traffic.add(at, who, True, packets.ip(who[1], server, kind, bytes(64),
                                                   self.traffic.next_ident()), "ip_other")

    MIX = [("udp", 700), ("large", 60), ("padded", 20), ("repeated", 10), ("truncated", 40),
           ("tcp", 70), ("pipeline", 40), ("joined", 8), ("tls", 12), ("doq", 10), ("doh", 10),
           ("stray_tcp", 6), ("stray_udp", 6), ("broken", 8)]

    def make(self):
        options, rng = self.options, self.rng
        tunnels = [self.tunnel(number, *row) for number, row in enumerate(TUNNELS)] \
            if options.tunnel_queries else []
        kinds, weights = zip(*self.MIX)
        span = int(options.seconds * 1e6)
        for turn in range(options.transactions):
            kind = rng.choices(kinds, weights)[0]
            self.kinds[kind] += 1
            who = self.who(rng.randrange(len(TUNNELS), options.subscribers),
                           6 if rng.random() < 0.4 else 4)
            at = START + turn * span // options.transactions
            getattr(self, kind)(at, who, self.server(rng.choice(RESOLVERS), who))
        self.fill(span)
        self.traffic.inside.sort(key=lambda one: one.micros)
        return tunnels

    def fill(self, span):
        """Other traffic until DNS has its share of the packets."""
        rng, inside = self.rng, self.traffic.inside
        target = len(inside) * 100 // self.options.dns_share
        while len(inside) < target:
            who = self.who(rng.randrange(self.options.subscribers), rng.choice((4, 6)))
            at = START + rng.randrange(span)
            if rng.random() < 0.02:
                self.ping(at, who)
            else:
                self.web(at, who)


class Outcomes:
    """Counts what each frame must come to."""

    def __init__(self):
        self.counts = collections.Counter()

    def add(self, kind, frames):
        """`frames`: into how many the core's links cut the packet. What shows in the first of them
        not to be DNS is not held; of everything else all but the last are."""
        label = kind.removesuffix(" again")
        outcome = label if label == kind else COPIES.get(label, label)
        outcome = outcome.removesuffix(" data")
        if frames > 1 and outcome in NEVER_DNS:
            self.counts["fragment_other"] += frames
            return
        self.counts[outcome] += 1
        if frames > 1:
            self.counts["fragment"] += frames - 1


def write_plain(options, rng, frames, inside, outcomes):
    """Without GTP-U. A second leg is that behind a router, with its MACs."""
    later = gtpu.LaterLeg(rng)
    far = bytes.fromhex("020000000003"), bytes.fromhex("020000000004")
    for one in inside:
        macs = MACS if one.uplink else MACS[::-1]
        frames.add(one.micros, one.uplink, gtpu.ethernet(*macs, one.packet, options.vlan or ()))
        outcomes.add(one.kind, 1)
        if options.both_legs:
            frames.add(later.time(one.micros, one.uplink), one.uplink,
                       gtpu.ethernet(*(far if one.uplink else far[::-1]), one.packet,
                                     options.vlan or ()))
            # There a piece of a datagram is known, as nothing tells the legs apart.
            is_piece = packets.parse(one.packet).fragment is not None
            is_known = is_piece and (one.kind == "fragment" or one.kind.startswith("dns_"))
            outcomes.add("fragment_duplicate" if is_known else f"{one.kind} again", 1)


def add_links(options, frames, outcomes):
    """What is no IP, and what is neither UDP nor TCP, on the same wire."""
    for second in range(int(options.seconds)):
        at = START + second * 1000000 + 500
        frames.add(at, False, b"\xff" * 6 + MACS[0] + b"\x08\x06" + bytes(46))
        sctp = packets.ip(bytes((10, 10, 0, 1)), bytes((10, 20, 0, 9)), 132, bytes(48), second)
        frames.add(at + 7, True, gtpu.ethernet(*MACS, sctp))
        outcomes.add("not_ip", 1)
        outcomes.add("ip_other", 1)


def settings(options):
    made = ["encrypted.resolvers=" + ",".join(HTTPS_RESOLVERS)]
    if options.context == "core":
        made.append("context.core_peer=true")
    return made


def parse_arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", maxsplit=2)[1],
                                     description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("output", nargs="?")
    parser.add_argument("--transactions", type=int, default=2000, help="besides the tunnels'")
    parser.add_argument("--subscribers", type=int, default=200, help="5 to 60000")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--dns-share", type=int, default=100, metavar="P",
                        help="per cent of the packets, 1 to 100 (default 100)")
    parser.add_argument("--tunnel-queries", type=int, default=200, help="of each of four tunnels")
    parser.add_argument("--gtpu", action="store_true", help="as in a mobile core")
    tapping.add_arguments(parser)
    options = parser.parse_args()
    tapping.check(parser, options)
    if not 5 <= options.subscribers <= 60000 or not 1 <= options.dns_share <= 100:
        parser.error("--subscribers is 5 to 60000, --dns-share 1 to 100")
    if not options.gtpu and (options.split or options.context or options.handovers):
        parser.error("--split, --context and --handovers need --gtpu")
    return options


def main():
    options = parse_arguments()
    rng = random.Random(options.seed)
    maker = Maker(rng, options)
    tunnels = maker.make()
    inside = maker.traffic.inside
    frames, outcomes = pcapio.Sorted(), Outcomes()
    contexts = {}
    if options.gtpu:
        contexts = tapping.wrap(options, rng, frames, inside, outcomes.add)
    else:
        write_plain(options, rng, frames, inside, outcomes)
    add_links(options, frames, outcomes)
    counts, times = maker.counts, max(1, len(contexts))
    truth = {"outcomes": dict(sorted(outcomes.counts.items())),
             "dns_queries": times * (counts["UDP queries"] + counts["TCP queries"]),
             "dns_responses": times * (counts["UDP responses"] + counts["TCP responses"]),
             "of_each_context": {**counts, "transactions": maker.kinds, "packets": len(inside)},
             "tunnels": tunnels, "settings": settings(options), "contexts": contexts}
    said = tapping.write(options, frames, truth)
    if sum(truth["frames"].values()) != sum(outcomes.counts.values()):
        raise AssertionError("a frame without an outcome")
    print(said)


main()
