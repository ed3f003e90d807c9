# SPDX-License-Identifier: BSD-3-Clause
"""Subscribers, resolvers and servers, and the DNS messages between them at made-up times.

Exchanges may be told in any order; `Stage.write` puts them in the order of time, lets the
resolvers' caches answer what they know, and writes both sides of the resolvers with exact counts.
"""
import collections
import random
import struct
import zlib

import packets
import pcapio
from dnstext import AAAA, A, CNAME, SOA, encode, opt, with_options
from truth import CLIENT, RESOLVER, Truth, fold

START = 1790000000 * 1000000
SECOND = 1000000
NO_ERROR, SERVER_FAILURE, NAME_ERROR, REFUSED = 0, 2, 3, 5
MACS = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
# The first two are the carrier's, the others public.
RESOLVERS = [tuple(map(packets.address, pair)) for pair in (
    ("10.53.0.53", "2001:db8:53::53"), ("10.53.0.54", "2001:db8:53::54"),
    ("198.51.100.1", "2001:db8:d1::1"), ("198.51.100.2", "2001:db8:d1::2"),
    ("198.51.100.9", "2001:db8:d2::9"), ("198.51.100.77", "2001:db8:d3::77"))]
MIXING_RESOLVER = 1  # asks its servers in random case (0x20)
RECORD = struct.Struct(">HHHIH")
HEADER = struct.Struct(">HHHHHH")
QUESTION_POINTER = 0xC00C
CASE_BITS = bytes(0x20 if chr(octet).isascii() and chr(octet).isalpha() else 0
                  for octet in range(256))
RESOLVER_OPT = opt(1232, dnssec=True)

# Records are (type, TTL, data). `authority` is what an empty answer has of the zone's SOA:
# (TTL, data) or None. `additional` are more records of the question's name, `options` those of the
# OPT record, if the query has one.
Answer = collections.namedtuple("Answer", "rcode records authority additional options",
                                defaults=((), b""))


def answer(*records):
    return Answer(NO_ERROR, list(records), None)


def negative(ttl=300, rcode=NAME_ERROR, responsible="hostmaster"):
    """No such name, or (rcode NO_ERROR) no such type; the SOA may say who is responsible."""
    data = b"\3ns1\xc0\x00" + encode(responsible)[:-1] + b"\xc0\x00"
    return Answer(rcode, [], (ttl, data + struct.pack(">IIIII", 1, 7200, 900, 1209600, ttl)))


def address_records(rng, qtype, count=1, ttl=300):
    """Addresses that look like public ones."""
    if qtype == AAAA:
        return [(AAAA, ttl, b"\x2a\x02" + rng.randbytes(14)) for _ in range(count)]
    return [(A, ttl, bytes((rng.choice((23, 34, 52, 93, 104, 151, 185)),)) + rng.randbytes(3))
            for _ in range(count)]


def failure(rcode=SERVER_FAILURE):
    return Answer(rcode, [], None)


def mix_case(rng, name):
    """Each letter in upper or lower case, as chance wants it."""
    lower = name.encode("latin-1").lower()
    mask = int.from_bytes(lower.translate(CASE_BITS), "big") & rng.getrandbits(8 * len(lower) or 1)
    return (int.from_bytes(lower, "big") ^ mask).to_bytes(len(lower), "big").decode("latin-1")


def server_address(domain):
    """Of the domain's server, which has IPv4 only."""
    return bytes((203, 0, 113, 1 + zlib.crc32(domain.encode()) % 254))


class Source:
    """Port and transaction ID of the next query. A port of None is another one each time, as from
    stubs of today; IDs are random, or `step` more than the last one."""

    def __init__(self, port=None, step=0, ident=0):
        self.port, self.step, self.ident = port, step, ident

    def next(self, rng):
        port = self.port or rng.randrange(1024, 65536)
        self.ident = self.ident + self.step & 0xFFFF if self.step else rng.getrandbits(16)
        return port, self.ident


class Client:
    """A subscriber: its address, its resolver and the habits of its stub."""

    def __init__(self, rng, number, six):
        self.number = number
        self.address = packets.address(f"2001:db8:64:{number + 257:x}::1") if six else \
            struct.pack(">I", 0x64400101 + number)
        self.resolver = rng.choice((0, 0, 0, 0, 1, 1, 2, 4))
        self.opt = opt(rng.choice((0, 0, 0, 512, 1232, 4096)))
        self.access = rng.uniform(8, 60) * 1000  # microseconds to the resolver and back
        self.loss = rng.choice((0, 0.001, 0.005, 0.02))
        self.source = Source()


class Exchange:
    """A query and what answers it."""

    __slots__ = ("at", "client", "server", "resolver", "ports", "ident", "name", "question", "opt",
                 "answer", "domain", "delays", "lost")

    def __init__(self, **fields):
        for key, value in fields.items():
            setattr(self, key, value)


class Stage:
    """Collects the exchanges of one capture. `rows` are what the label file says of domains."""

    def __init__(self, seed, six=0.3):
        self.rng = random.Random(f"stage {seed}")
        self.back_rng = random.Random(f"resolver side {seed}")
        self.six, self.clients, self.exchanges, self.rows = six, [], [], {}
        self.ident, self.payload = 0, {}

    def client(self, six=None):
        chosen = self.rng.random() < self.six if six is None else six
        self.clients.append(Client(self.rng, len(self.clients), chosen))
        return self.clients[-1]

    def label(self, domain, label, tool="-", setup="-", rate="-"):
        """What the label file says of a domain; the first word counts."""
        self.rows.setdefault(domain, (label, tool, setup, rate))

    def pay(self, domain, moved):
        """Bytes up and down that a tunnel moved for its user."""
        before = self.payload.get(domain, (0, 0))
        self.payload[domain] = [sum(both) for both in zip(before, moved)]

    @staticmethod
    def distance(domain):
        """Microseconds from a resolver to the domain's servers and back, always the same."""
        return 12000 + zlib.crc32(domain.encode()) % 200000

    def ask(self, at, client, name, qtype, reply, domain, *, resolver=None, direct=None,
            source=None, edns=None, hold=0):
        """A query at `at`; a None reply is none at all. `direct` is the address of a server that is
        asked without a resolver. The source and the OPT record are the stub's, if not given; `hold`
        is for how long the server thinks. Returns when the answer is there unless a cache knows
        it."""
        rng = self.rng
        resolver = client.resolver if resolver is None else resolver
        server = direct or RESOLVERS[resolver][len(client.address) == 16]
        delays = (client.access * rng.uniform(1, 1.2),
                  self.distance(domain) * rng.uniform(1, 1.3) + hold)
        port, ident = (source or client.source).next(rng)
        exchange = Exchange(
            at=int(at), client=client, server=server, resolver=None if direct else resolver,
            ports=(port, 53), ident=ident, name=name,
            question=encode(name) + struct.pack(">HH", qtype, 1) if name else
            b"\0" + struct.pack(">HH", qtype, 1),
            opt=client.opt if edns is None else edns, answer=reply, domain=domain, delays=delays,
            lost=reply is None or rng.random() < client.loss)
        self.exchanges.append(exchange)
        done = exchange.at + sum(delays)
        if reply is not None and exchange.lost:
            return self.ask(at + rng.choice((1, 2, 5)) * SECOND, client, name, qtype, reply,
                            domain, resolver=resolver, direct=direct, source=source, edns=edns,
                            hold=hold)
        return done

    # Writing

    def frame(self, ends, ports, message):
        self.ident += 1
        packet = packets.udp(*ends, ports, message, self.ident)
        return MACS[1] + MACS[0] + packets.ethertype(packet) + packet

    @staticmethod
    def response(exchange, ident, flags, question, life, edns):
        """`life` bounds the TTLs."""
        reply, at, owner, parts = exchange.answer, 12 + len(question), QUESTION_POINTER, []
        for rtype, ttl, data in reply.records:
            parts.append(RECORD.pack(owner, rtype, 1, min(ttl, life), len(data)) + data)
            if rtype == CNAME and at + 12 < 0x4000:
                owner = 0xC000 | at + 12
            at += 12 + len(data)
        if reply.authority is not None:
            ttl, data = reply.authority
            zone = 12 + max(0, len(question) - 4 - len(encode(exchange.domain))) \
                if exchange.domain != "." else 12 + len(question) - 5
            pointer = struct.pack(">H", 0xC000 | zone)
            data = data.replace(b"\xc0\x00", pointer)
            parts.append(RECORD.pack(0xC000 | zone, SOA, 1, min(ttl, life), len(data)) + data)
        for rtype, ttl, data in reply.additional:
            parts.append(RECORD.pack(QUESTION_POINTER, rtype, 1, min(ttl, life), len(data)) + data)
        return HEADER.pack(ident, flags | reply.rcode, 1, len(reply.records),
                           reply.authority is not None, len(reply.additional) + bool(edns)) \
            + question + b"".join(parts) + with_options(edns, reply.options)

    def _client_side(self, frames, truth, exchange, life, known):
        one = exchange
        query = HEADER.pack(one.ident, 0x0100, 1, 0, 0, bool(one.opt)) + one.question + one.opt
        frames.add(one.at, True, self.frame((one.client.address, one.server), one.ports, query))
        truth.count(CLIENT, one.domain, one.name, one.client.number, False, len(query))
        if one.lost:
            return
        message = self.response(one, one.ident, 0x8180, one.question, life, one.opt)
        later = one.delays[0] if known else sum(one.delays)
        frames.add(one.at + int(later), False,
                   self.frame((one.server, one.client.address), one.ports[::-1], message))
        truth.count(CLIENT, one.domain, one.name, one.client.number, True, len(message))

    def _resolver_side(self, frames, truth, exchange):
        one, rng = exchange, self.back_rng
        question = one.question
        if one.resolver == MIXING_RESOLVER:
            question = (encode(mix_case(rng, one.name)) if one.name else b"\0") + question[-4:]
        mine = RESOLVERS[one.resolver][0]
        server = server_address(one.domain)
        ports, ident = (rng.randrange(1024, 65536), 53), rng.getrandbits(16)
        query = HEADER.pack(ident, 0, 1, 0, 0, 1) + question + RESOLVER_OPT
        at = one.at + int(one.delays[0] / 2)
        frames.add(at, True, self.frame((mine, server), ports, query))
        truth.count(RESOLVER, one.domain, one.name, one.resolver, False, len(query))
        if one.answer is not None:
            message = self.response(one, ident, 0x8400, question, 1 << 31, RESOLVER_OPT)
            frames.add(at + int(one.delays[1]), False,
                       self.frame((server, mine), ports[::-1], message))
            truth.count(RESOLVER, one.domain, one.name, one.resolver, True, len(message))

    @staticmethod
    def life(reply):
        """For how many seconds a resolver keeps it."""
        if reply is None:
            return 0
        if reply.authority is not None:
            return reply.authority[0]
        return min((ttl for _, ttl, _ in reply.records), default=0)

    def write(self, paths):
        """Writes {side: path}; returns the truth."""
        frames = {side: pcapio.Sorted() for side in (CLIENT, RESOLVER)}
        truth, cache = Truth(self.rows), {}
        for one in sorted(self.exchanges, key=lambda exchange: exchange.at):
            key = one.resolver, fold(one.name), one.question[-4:]
            expiry = cache.get(key, 0) if one.resolver is not None else 0
            known = expiry > one.at
            if not known and one.resolver is not None:
                life = self.life(one.answer)
                if life:
                    cache[key] = one.at + sum(one.delays) + life * SECOND
                self._resolver_side(frames[RESOLVER], truth, one)
            life = int((expiry - one.at) / SECOND) if known else 1 << 31
            self._client_side(frames[CLIENT], truth, one, life, known)
        for side, path in paths.items():
            frames[side].write(path)
        return truth
