# SPDX-License-Identifier: BSD-3-Clause
"""Surfing that meets very many names: hosts of tenants, users, shops, builds and sessions below
popular domains, beside the ordinary ones."""
import random
import zlib

from baits import ALNUM, LOWER, hexadecimal, text
from coding import WORDS
from dnstext import AAAA, A, CNAME, encode
from parts import SYLLABLES
from stage import NO_ERROR, SECOND, address_records, answer, negative
from surf import CODES, visit

SUBSCRIBERS = 600   # of a capture, at scale 1
HOURS = 3
NAMES = 135000      # that are drawn for a capture, of which few come twice
PAGES = 0.3         # share of the bursts that ordinary hosts come before


def pair(rng):
    return f"{rng.choice(WORDS)}-{rng.choice(WORDS)}{rng.randrange(10000)}"


def user(rng):
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randrange(2, 6))) \
        + (str(rng.randrange(1000)) if rng.random() < 0.5 else "")


def shop(rng):
    return f"{user(rng)}-{rng.choice(WORDS)}"


def build(rng):
    return f"{rng.choice(WORDS)}-{text(rng, ALNUM, 9)}-{rng.choice(WORDS)}"


def bucket(rng):
    return f"{rng.choice(WORDS)}{rng.choice(WORDS)}-{rng.choice(('prod', 'dev', 'assets'))}" \
           f"{rng.randrange(1000)}"


def asset(rng):
    return f"d{text(rng, ALNUM, 13)}"


def session(rng):
    return hexadecimal(rng, 32)


def server(rng):
    return f"{rng.choice('rem')}{rng.randrange(1, 30)}---sn-{text(rng, ALNUM, 8)}"


def edge(rng):
    return f"{rng.choice(CODES)}{rng.randrange(60):02d}-{rng.choice('abcps')}{rng.randrange(10000)}"


def community(rng):
    return f"{rng.choice(WORDS)}{rng.choice(('', '-'))}{text(rng, LOWER, rng.randrange(3, 8))}"


# What the hosts of a site are called: of one or of two kinds, which follow from its name.
KINDS = pair, user, shop, build, bucket, asset, session, server, edge, community
REGIONS = "", "", "", "eu.", "us.", "s3.", "app.", "web.", "cdn."


class Tenants:
    """The wildcard hosts of sites."""

    def __init__(self):
        self.sites = {}

    def draw(self, rng, site):
        """(name, answer for A, answer for AAAA or None)"""
        if site not in self.sites:
            own = random.Random(zlib.crc32(site.encode()))
            self.sites[site] = (own.sample(KINDS, own.choice((1, 1, 2))), own.choice(REGIONS),
                                own.choice((30, 60, 60, 300, 3600)), own.random() < 0.3,
                                own.choice((None, None, f"lb{own.randrange(9)}.{site}")))
        kinds, region, ttl, six, target = self.sites[site]
        name = f"{rng.choice(kinds)(rng)}.{region}{site}"
        chain = [(CNAME, ttl, encode(target))] if target else []
        return name, answer(*chain, *address_records(rng, A, rng.choice((1, 1, 2)), ttl)), \
            answer(*chain, *address_records(rng, AAAA, 1, ttl)) if six else \
            negative(ttl, NO_ERROR)


def play(stage, rng, sites, options):
    """Surfing that meets very many names: hosts of tenants below popular domains."""
    subscribers = max(10, int(SUBSCRIBERS * options.scale))
    each = int(NAMES * options.scale) // subscribers
    span, tenants = min(options.hours, HOURS) * 3600 * SECOND, Tenants()
    for _ in range(subscribers):
        client = stage.client()
        both = rng.random() < 0.15
        left = int(each * rng.uniform(0.4, 1.6))
        while left > 0:
            at = options.start + rng.uniform(0, span)
            if rng.random() < PAGES:
                visit(stage, rng, client, sites, int(at))
            site = sites.draw(rng)
            for _ in range(min(left, 1 + int(rng.expovariate(1 / 12)))):
                left -= 1
                if rng.random() < 0.3:
                    site = sites.draw(rng)
                name, reply, reply6 = tenants.draw(rng, site)
                stage.ask(at, client, name, A, reply, site)
                if both:
                    stage.ask(at + 150, client, name, AAAA, reply6, site)
                at += rng.expovariate(1 / 40000)
