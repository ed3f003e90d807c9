# SPDX-License-Identifier: BSD-3-Clause
"""Ordinary surfing: sites by popularity, pages that need many sites, hosts that a site has."""
import bisect
import itertools
import random
import zlib

from dnstext import AAAA, A, CNAME, HTTPS, encode
from stage import NO_ERROR, SECOND, address_records, answer, negative
from zones import invent_domain

HOSTS = ("www www www api api m app cdn static img images assets media login accounts auth mail "
         "shop blog news s1 s2 edge events metrics log graph push ws video player maps fonts ads "
         "pixel sync consent config update download").split()
CODES = "fra lhr ams mad cdg waw iad sjc sin".split()
TTLS = 20, 60, 60, 120, 300, 300, 600, 3600
INVENTED_SITES = 20000
HOT_SITES = 150  # what pages of others call upon


def parents(name):
    """What the name is below, the root and top-level domain not counted."""
    labels = name.split(".")
    return [".".join(labels[at:]) for at in range(1, len(labels) - 1)]


class Sites:
    """Registrable domains by popularity, without those that are below another of the list; which
    hosts each has follows from its name."""

    def __init__(self, rng, path=None):
        if path:
            with open(path, encoding="utf-8") as file:
                lines = [line.strip().lower() for line in file]
            known = {line for line in lines if "." in line and line.isascii()}
            self.names = [line for line in dict.fromkeys(lines)
                          if line in known and not known & set(parents(line))]
        else:
            self.names = list(dict.fromkeys(invent_domain(rng) for _ in range(INVENTED_SITES)))
        self.weights = list(itertools.accumulate(
            1 / (rank + 1) ** 0.9 for rank in range(len(self.names))))
        self.hosts = {}

    def draw(self, rng, hot=False):
        most = self.weights[min(HOT_SITES, len(self.names)) - 1 if hot else -1]
        return self.names[bisect.bisect_left(self.weights, rng.random() * most)]

    def host(self, rng, site):
        """(name, its canonical name or None, addresses, TTL, kinds of addresses)"""
        if site not in self.hosts:
            own = random.Random(zlib.crc32(site.encode()))
            self.hosts[site] = [self._host(own, site) for _ in range(own.choice((2, 3, 4, 6, 12)))]
        return rng.choice(self.hosts[site])

    @staticmethod
    def _host(own, site):
        luck = own.random()
        host = own.choice(HOSTS)
        if luck < 0.2:
            host = ""
        elif luck < 0.27:
            kind = own.choice(("edge", "cdn", "i", "s"))
            host = f"{kind}-{own.choice(CODES)}-{own.randrange(99)}"
        elif luck < 0.30:
            host = f"d{own.getrandbits(52):013x}.{own.choice(('cdn', 'cf', 'static'))}"
        name = f"{host}.{site}" if host else site
        target = None
        if host and own.random() < 0.35:
            target = own.choice((f"{name}.edgekeya.net", f"d{own.getrandbits(52):013x}.cloudfronta."
                                 f"net", f"e{own.randrange(99999)}.x.akamaedg.net"))
        return name, target, own.choice((1, 1, 2, 4)), own.choice(TTLS), own.choice(("4", "46"))

    def answers(self, own, host, qtype):
        name, target, count, ttl, families = host
        chain = [(CNAME, 300, encode(target))] if target else []
        if qtype == HTTPS:
            if zlib.crc32(name.encode()) % 10 < 3:
                return answer(*chain, (HTTPS, 300, b"\0\1\0\0\1\0\6\2h3\2h2"[:13]))
            return negative(300, NO_ERROR)
        if qtype == AAAA and families == "4":
            return negative(300, NO_ERROR)
        return answer(*chain, *address_records(own, qtype, count, ttl))


def look_up(stage, rng, client, sites, at, site):
    host = sites.host(rng, site)
    if not hasattr(client, "known"):
        client.known, client.types = {}, rng.choice(((A, AAAA, HTTPS), (A, AAAA), (A, AAAA), (A,)))
    if client.known.get(host[0], 0) > at:  # the device has it in its cache
        return
    client.known[host[0]] = at + max(60, host[3]) * SECOND
    own = random.Random(zlib.crc32(host[0].encode()))
    for turn, qtype in enumerate(client.types):
        stage.ask(at + turn * 150, client, host[0], qtype, sites.answers(own, host, qtype), site)


def visit(stage, rng, client, sites, at):
    """A page: its own hosts, then those of others, for which there is always much traffic."""
    first = sites.draw(rng)
    for _ in range(rng.choice((1, 1, 2, 4))):
        look_up(stage, rng, client, sites, at, first)
        at += int(rng.expovariate(1 / 60000))
    for _ in range(int(rng.expovariate(1 / 7))):
        look_up(stage, rng, client, sites, at, sites.draw(rng, hot=rng.random() < 0.8))
        at += int(rng.expovariate(1 / 90000))


def browse(stage, rng, client, sites, start, end, pages):
    """Pages in sessions of a few."""
    while pages > 0:
        at = rng.uniform(start, end)
        for _ in range(min(pages, 1 + int(rng.expovariate(1 / 5)))):
            visit(stage, rng, client, sites, int(at))
            at += rng.expovariate(1 / 35) * SECOND
            pages -= 1
            if at >= end:
                break


def crowd(stage, rng, sites, options):
    """Many subscribers for a while."""
    span = min(options.hours, 2) * 3600 * SECOND
    for _ in range(max(20, int(1000 * options.scale))):
        browse(stage, rng, stage.client(), sites, options.start, options.start + span,
               int(rng.lognormvariate(1.6, 0.9)) + 1)
