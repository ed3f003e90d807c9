# SPDX-License-Identifier: BSD-3-Clause
"""Ordinary sites with many hosts. What is drawn: how hosts are called and what they answer, how many
there are, who asks for which types, how fast and in which order. A subscriber meets a handful to some
hundred names of a site: what a detector sees of most benign domains that it sees anything of."""
import math
import random

import records
from baits import ALNUM, hexadecimal, text
from coding import WORDS
from dnstext import AAAA, A, CNAME, HTTPS, TXT, encode, strings
from parts import SYLLABLES
from rhythms import RHYTHMS
from stage import NO_ERROR, SECOND, address_records, answer, negative
from surf import CODES, HOSTS, TTLS
from zones import invent_domain

SITES = 60     # of a scenario
QUERIES = 160  # of a subscriber and site, at most, at scale 1


# How hosts are called: functions of the site's generator that make a host's labels.

def word(own):
    return own.choice((own.choice(HOSTS), own.choice(HOSTS), own.choice(WORDS)))


def numbered(own):
    return f"{word(own)}{own.choice(('', '-'))}{own.randrange(own.choice((4, 20, 200)))}"


def placed(own):
    return f"{word(own)}-{own.choice(CODES)}{own.choice(('', f'{own.randrange(20):02d}'))}"


def two_words(own):
    return f"{own.choice(WORDS)}{own.choice(('-', '-', ''))}{own.choice(WORDS)}"


def below(own):
    """A host of a part of the site."""
    return f"{numbered(own)}.{word(own)}"


def far_below(own):
    return f"{word(own)}.{numbered(own)}.{own.choice(CODES)}"


def name_of_somebody(own):
    return "".join(own.choice(SYLLABLES) for _ in range(own.randrange(2, 5)))


def coded(own):
    return f"{own.choice('ades')}{text(own, ALNUM, own.randrange(4, 14))}"


def hashed(own):
    return f"{hexadecimal(own, own.choice((6, 8, 12)))}.{word(own)}"


def bare(_):
    return ""


NAMINGS = word, word, numbered, numbered, placed, two_words, below, far_below, name_of_somebody, \
    coded, hashed
# Types that are asked for each name; a list: one of them by chance.
TYPES = (
    (30, (A,)), (25, (A, AAAA)), (12, (AAAA, A)), (15, (A, AAAA, HTTPS)), (5, (HTTPS, A, AAAA)),
    (10, [A, AAAA]), (8, [A, AAAA, HTTPS]), (4, [A, A, A, A, AAAA, HTTPS, TXT, records.MX]),
    (2, [A, AAAA, TXT, records.MX, records.NS, records.SRV]), (3, (AAAA,)), (1, (HTTPS,)))


class Site:
    """A registrable domain and its hosts. All that is of the site follows from its generator."""

    def __init__(self, own, domain):
        self.domain = domain
        namings = own.sample(NAMINGS, own.choice((1, 1, 2, 3)))
        size = int(math.exp(own.uniform(math.log(4), math.log(400))))
        makers = [own.choice((bare, *namings, *namings)) for _ in range(size)]
        self.hosts = list(dict.fromkeys(
            f"{label}.{domain}" if label else domain for label in (make(own) for make in makers)))
        self.own, self.known = own, {}
        self.cname, self.target = own.choice((0, 0, 0.2, 0.5, 1)), own.choice(("one", "each", "far"))
        self.missing, self.six = own.choice((0, 0, 0, 0.1, 0.4)), own.choice((0, 0.3, 0.9))
        self.ttls = own.sample(TTLS, own.choice((1, 2)))
        self.count = own.choice((1, 1, 2, 4))
        self.pool = [address_records(own, A)[0][2] for _ in range(own.choice((1, 3, 10, 100)))]

    def chain(self, name, ttl):
        own = self.own
        if own.random() >= self.cname or name == self.domain:
            return []
        head = name[:-len(self.domain) - 1]
        target = {"one": f"lb.{self.domain}", "each": f"{head}.edge.{self.domain}",
                  "far": f"{head}.{self.domain}.edgekeya.net"}[self.target]
        return [(CNAME, ttl, encode(target[-250:]))]

    def says(self, name, qtype):
        """The answer, always the same."""
        if (name, qtype) in self.known:
            return self.known[name, qtype]
        own, ttl = self.own, self.own.choice(self.ttls)
        if random.Random(name).random() < self.missing:
            reply = negative(ttl)
        elif qtype == A:
            reply = answer(*self.chain(name, ttl), *[
                (A, ttl, address) for address in own.sample(
                    self.pool, min(len(self.pool), own.randint(1, self.count)))])
        elif qtype == AAAA and own.random() < self.six:
            reply = answer(*self.chain(name, ttl), *address_records(own, AAAA, 1, ttl))
        elif qtype == HTTPS and own.random() < 0.3:
            reply = answer((HTTPS, ttl, b"\0\1\0\0\1\0\6\2h3\2h2"[:13]))
        elif qtype == TXT and own.random() < 0.3:
            reply = answer((TXT, ttl, strings(b"v=spf1 include:_spf." + self.domain.encode())))
        elif qtype == records.MX and own.random() < 0.3:
            reply = answer((records.MX, ttl, b"\0\x0a" + encode(f"mx.{self.domain}")))
        else:
            reply = negative(ttl, NO_ERROR)
        self.known[name, qtype] = reply
        return reply


class Visitor:
    """How one subscriber asks."""

    def __init__(self, rng, client):
        self.rng, self.client = rng, client
        self.types = rng.choices([types for _, types in TYPES], [weight for weight, _ in TYPES])[0]
        self.cached = rng.random() < 0.7
        self.apart = rng.choice((0, 0, 150, 20000, 300000))  # microseconds between types
        self.rank = rng.choice((0.0, 0.5, 1.0, 1.0))  # some hosts are asked for more than others

    def follow(self, stage, site, start, end, rate, most):
        rng, known, asked = self.rng, {}, 0
        weights = [1 / (turn + 1) ** self.rank for turn in range(len(site.hosts))]
        for at, count, gap in RHYTHMS[rng.choice(list(RHYTHMS))](rng, start, end, rate):
            for name in rng.choices(site.hosts, weights, k=count):
                if self.cached and known.get(name, 0) > at:
                    continue
                done, life = self._ask(stage, site, name, at)
                known[name] = done + life * SECOND
                asked += 1
                at = done + 1000 if gap is None else at + rng.expovariate(1 / (1 + gap))
                if asked >= most:
                    return

    def _ask(self, stage, site, name, at):
        types = (self.rng.choice(self.types),) if isinstance(self.types, list) else self.types
        done, life = at, 86400
        for turn, qtype in enumerate(types):
            reply = site.says(name, qtype)
            done = max(done, stage.ask(
                at + turn * self.apart, self.client, name, qtype, reply, site.domain))
            life = min(life, stage.life(reply))
        return done, life


def play(stage, rng, sites, options):
    """Ordinary sites with many hosts, asked in many ways."""
    visitors = [Visitor(rng, stage.client()) for _ in range(max(5, int(120 * options.scale)))]
    for _ in range(SITES):
        domain = invent_domain(rng)
        while domain in stage.rows:
            domain = invent_domain(rng)
        site = Site(random.Random(rng.getrandbits(64)), domain)
        stage.label(domain, "hard-negative", setup="ordinary hosts")
        for visitor in rng.sample(visitors, min(len(visitors), rng.choice((1, 2, 5, 15)))):
            rate = math.exp(rng.uniform(math.log(5), math.log(3000)))
            most = math.exp(rng.uniform(math.log(6), math.log(QUERIES)))
            hours = min(options.hours, max(0.1, 2 * most / rate))
            start = options.start + rng.uniform(0, options.hours - hours) * 3600 * SECOND
            visitor.follow(stage, site, start, start + hours * 3600 * SECOND, rate, most)
