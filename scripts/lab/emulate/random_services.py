# SPDX-License-Identifier: BSD-3-Clause
"""Benign services that nobody has built: names, repetition, types, answers and rhythm are drawn,
each for itself. Every draw is what some real service does: lists of addresses, hosts and hashes,
anti-virus, filters, mail, delivery, tenants, telemetry, push, numbers, games, checks, wallets."""
import math
import random

import records
from dnstext import AAAA, A, CNAME, HTTPS, NULL, SOA, TXT, opt
from parts import CUT, PARTS, TIMELY, TREES, constant, some_parts
from replies import Replies, mail_key, tokens
from rhythms import RHYTHMS
from stage import SECOND, Source, mix_case, server_address
from surf import browse
from zones import invent_domain

SERVICES = 25   # of a scenario
NAME_ROOM = 253
SHARED_CLIENTS = 0.25  # of services are used by a subscriber that uses others too

# (weight, types that are asked for each name, labels in front). `None` in front of types: one of
# them by chance for each name.
NONE = ((),)
FAMILIES = (
    (30, (A,), NONE), (16, (A, AAAA), NONE), (9, (A, AAAA, HTTPS), NONE), (3, (AAAA,), NONE),
    (2, (HTTPS,), NONE), (2, (AAAA, A), NONE),
    (13, (TXT,), ((), (), (), ("_dmarc",), ("_acme-challenge",), ("_spf",))),
    (3, (A, TXT), NONE), (4, (records.PTR,), ((), ("_dns-sd", "_udp"), ("_http", "_tcp"))),
    (3, (records.SRV,), (("_ldap", "_tcp"), ("_sip", "_tcp"), ("_xmpp-client", "_tcp"),
                         ("_kerberos", "_udp"), ("_minecraft", "_tcp"))),
    (2, (records.SRV, A), (("_sips", "_tcp"), ("_imaps", "_tcp"))), (3, (records.MX,), NONE),
    (1.5, (records.MX, TXT, A), NONE), (2.5, (records.NAPTR,), NONE), (1.5, (CNAME,), NONE),
    (1, (records.NS,), NONE), (0.5, (SOA,), NONE), (1, (records.CAA,), NONE),
    (1, (records.TLSA,), (("_25", "_tcp"), ("_443", "_tcp"))), (0.5, (records.SSHFP,), NONE),
    (0.7, (records.DS,), NONE), (0.5, (records.DNSKEY,), NONE), (0.3, (NULL,), NONE),
    (5, (None, A, AAAA), NONE), (3, (None, A, A, AAAA, HTTPS), NONE),
    (2, (None, A, AAAA, TXT), NONE), (1, (None, A, HTTPS), NONE),
    (1, (None, A, TXT, records.MX, records.NS, SOA), NONE),
    (1, (None, records.SRV, records.NAPTR, A), NONE))
TYPE_NAMES = {A: "A", AAAA: "AAAA", HTTPS: "HTTPS", TXT: "TXT", CNAME: "CNAME", SOA: "SOA",
              NULL: "NULL", **{getattr(records, name): name for name in
                               "NS PTR MX SRV NAPTR CAA TLSA SSHFP DS DNSKEY".split()}}


class Shape:
    """What a service's names look like. `family` is of FAMILIES."""

    def __init__(self, habit, domain, family):
        self.domain, self.seed = domain, habit.getrandbits(64)
        tree = TREES.get(domain.partition(".")[2])
        self.kinds = [tree] if tree else some_parts(habit)
        self.joints = [habit.choice((".", ".", ".", "-", "-", "_")) for _ in self.kinds]
        self.front = list(habit.choice(family[2])) if not tree else []
        self.size = habit.choice((63, 63, 60, 40, 32, 20)) if set(self.kinds) & set(CUT) else 63
        self.head = "".join(f"{label}." for label in self.front)
        self.before = habit.choice((0, 0, 0, 1)) if not tree else 0
        self.behind = habit.choice((0, 0, 0, 1, 1, 2)) if not tree else 0
        self.mixed_case = habit.random() < 0.02

    def names(self, rng):
        """A function of the time that makes a subscriber's next name."""
        habit = random.Random(self.seed)
        makers = [PARTS[kind][0](habit, rng) for kind in self.kinds]
        before = self.front + [constant(habit, rng) for _ in range(self.before)]
        behind = [constant(habit, rng) for _ in range(self.behind)] + [self.domain]

        def make(at):
            text = makers[0](at) + "".join(
                joint + maker(at) for joint, maker in zip(self.joints, makers[1:]))
            found = []
            for piece in filter(None, text.split(".")):
                found += [piece[cut:cut + self.size] for cut in range(0, len(piece), self.size)] \
                    if len(piece) > self.size else [piece]
            name = ".".join([*before, *found, *behind])
            while len(name) > NAME_ROOM:
                found.pop()
                name = ".".join([*before, *found, *behind])
            if self.mixed_case:
                name = mix_case(rng, name)
            return name
        return make


class Habit:
    """How often a service's names come again: never, by popularity, or always the same few. What
    is popular is so with all subscribers."""

    def __init__(self, habit, timely):
        self.kind = "new" if timely else habit.choice(
            ("new", "new", "popular", "popular", "both", "few"))
        self.size = habit.randrange(1, 13) if self.kind == "few" else \
            int(math.exp(habit.uniform(math.log(30), math.log(5000))))
        self.fresh = habit.uniform(0.1, 0.9) if self.kind == "both" else 0
        self.known = {}

    def choose(self, rng, make, at):
        """The next name, with the function that makes new ones."""
        if self.kind == "new" or self.fresh and rng.random() < self.fresh:
            return make(at)
        rank = rng.randrange(self.size) if self.kind == "few" else int(self.size ** rng.random())
        if rank not in self.known:
            self.known[rank] = make(at)
        return self.known[rank]


class Service:
    """One service, with its subscribers."""

    def __init__(self, rng, domain, family):
        self.rng, self.domain, self.family = rng, domain, family
        self.shape = Shape(rng, domain, family)
        self.habit = Habit(rng, set(self.shape.kinds) & set(TIMELY))
        self.replies = Replies(rng, domain, self.habit.kind != "new" or len(family[1]) > 1)
        self.rhythm = rng.choice(list(RHYTHMS))
        self.rate = math.exp(rng.uniform(math.log(20), math.log(10000)))
        self.subscribers = rng.choice((1,) * 11 + (2, 2, 3, 4, 5, rng.randrange(6, 20),
                                                   rng.randrange(6, 41), rng.randrange(20, 41)))
        self.rate = max(20.0, self.rate / self.subscribers ** 0.5)
        self.cached = rng.random() < 0.5  # by the device
        self.own_code, self.direct = rng.random() < 0.4, rng.random() < 0.04
        self.edns = None
        if self.replies.said in (tokens, mail_key) or records.DNSKEY in family[1] or \
                "blob" in self.shape.kinds:
            self.edns = opt(rng.choice((1232, 4096)))  # or its answers would not fit
        elif self.own_code:
            self.edns = opt(rng.choice((0, 0, 512, 1232, 4096)), dnssec=rng.random() < 0.3)
        self.pause = rng.choice((0, 1000, 50000))

    def says(self):
        """A few words for the label file."""
        types = "+".join(TYPE_NAMES[qtype] for qtype in self.family[1] if qtype)
        return f"{'+'.join(self.shape.kinds)}, {self.habit.kind}/" \
               f"{types} {self.replies.says(self.family[1])}/{self.rhythm}"

    def source(self):
        """Of a subscriber's own resolver code; None: of its stub."""
        rng = self.rng
        if not self.own_code:
            return None
        return Source(rng.choice((None, rng.randrange(1024, 65536))), rng.choice((0, 0, 1, 1, 2)),
                      rng.getrandbits(16))

    def follow(self, stage, client, start, end, most):
        """What one subscriber asks."""
        rng, make, source, known = self.rng, self.shape.names(self.rng), self.source(), {}
        most += len(stage.exchanges)
        for at, count, gap in RHYTHMS[self.rhythm](rng, start, end, self.rate):
            for _ in range(count):
                name = self.habit.choose(rng, make, at / SECOND)
                if self.cached and known.get(name, 0) > at:
                    at += gap or 0
                    continue
                done = self._ask(stage, client, source, name, at)
                if self.cached:
                    known[name] = done + self.replies.ttl * SECOND
                at = done + rng.expovariate(1 / (1 + self.pause)) if gap is None else \
                    at + rng.expovariate(1 / (1 + gap))
                if len(stage.exchanges) >= most or at >= end:
                    return

    def _ask(self, stage, client, source, name, at):
        """One name, of all types that belong to it; returns when it is answered."""
        rng, qtypes, done = self.rng, self.family[1], at
        if qtypes[0] is None:
            qtypes = (rng.choice(qtypes[1:]),)
        for turn, qtype in enumerate(qtypes):
            if turn and qtype == A:  # of a host, which has no words in front
                name = name[len(self.shape.head):]
            reply = self.replies(rng, name, qtype)
            if turn and not reply.records and qtypes == (A, TXT):
                continue  # no text is asked for what is not listed
            done = max(done, stage.ask(
                at + 200 * turn, client, name, qtype, reply, self.domain, source=source,
                edns=self.edns, direct=server_address(self.domain) if self.direct else None))
        return done


def invent_place(stage, rng, family):
    """A registrable domain for a service: an invented one, or one of a tree of numbers."""
    first = family[1][0]
    while True:
        domain = invent_domain(rng)
        if first == records.PTR and len(family[1]) == 1 and rng.random() < 0.6:
            domain = f"{rng.randrange(1, 224)}.in-addr.arpa"
        elif first == records.NAPTR and rng.random() < 0.5:
            domain = f"{rng.randrange(1, 10)}.e164.arpa"
        if domain not in stage.rows:
            return domain


def play(stage, rng, sites, options):
    """Benign services whose names, types, answers and rhythm are drawn, each for itself."""
    weights = [weight for weight, _, _ in FAMILIES]
    for _ in range(SERVICES):
        family = rng.choices(FAMILIES, weights)[0]
        service = Service(rng, invent_place(stage, rng, family), family)
        stage.label(service.domain, "hard-negative", setup=service.says())
        most = math.exp(rng.uniform(math.log(600), math.log(12000))) * options.scale
        hours = min(options.hours, max(0.2, most / (service.rate * service.subscribers)))
        start = options.start + rng.uniform(0, options.hours - hours) * 3600 * SECOND
        for _ in range(service.subscribers):
            others = [client for client in stage.clients
                      if len(client.address) == 4 or not service.direct]
            client = rng.choice(others) if others and rng.random() < SHARED_CLIENTS else \
                stage.client(False if service.direct else None)
            service.follow(stage, client, start, start + hours * 3600 * SECOND,
                           most / service.subscribers * 1.5)
            browse(stage, rng, client, sites, options.start, options.end, rng.randrange(3))
