#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A log of authoritative answers with planted tunnels, as `adit logscan` reads it.

make-log.py ROWS [--seed N] [--hours H] [--tunnels N] [--header] [--shuffle] > log.tsv

Columns: timestamp, hostname, record, TTL, DNS_IP, ANS_IP, 2LD, parted by tabs; whole seconds, rows
in order of time. Ordinary domains are asked for mostly A and AAAA, a few of them in bursts by the
minute; names of services that the notebook drops are among them. Of the tunnels, most come in rounds
of many queries a second, pauses between them, in TXT, CNAME, MX or NULL; some are slow and steady,
which counts per second do not find. `--truth FILE` writes which domains are tunnels: domain, type,
rounds or slow.
"""
import argparse
import random
import sys

START = 1473638400  # 2016-09-12 00:00 UTC
WORDS = ("mail", "www", "api", "cdn", "img", "static", "shop", "news", "login", "m", "data", "video",
         "edge", "app", "sync", "push", "auth", "assets", "beta", "blog")
SERVICES = ("apple.com", "google.com", "yahoo.com", "dropbox.com", "twitter.com", "vimeo.com",
            "notapple.com", "googlexcom.net")
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def address(rng):
    return f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def word(rng):
    return "".join(rng.choice("bcdfglmnprstv") + rng.choice("aeiou") for _ in range(rng.randrange(2, 5)))


class Ordinary:
    """A domain that is asked for at any time; one in thirty in bursts at whole minutes."""

    def __init__(self, rng, number):
        self.name = SERVICES[number] if number < len(SERVICES) else \
            f"{word(rng)}{number}.{rng.choice(('com', 'net', 'org', 'co.uk', 'de'))}"
        self.servers = [address(rng) for _ in range(rng.randrange(2, 9))]
        self.bursts = number % 30 == 7
        self.hosts = [f"{rng.choice(WORDS)}.{self.name}" for _ in range(rng.randrange(1, 6))]

    def row(self, rng, second):
        kind = rng.choices(("A", "AAAA", "MX", "TXT", "CNAME", "NS"), (70, 20, 3, 3, 3, 1))[0]
        answer = address(rng) if kind == "A" else \
            f"2001:db8::{rng.randrange(1, 65536):x}" if kind == "AAAA" else ""
        return (second, rng.choice(self.hosts), kind, rng.choice((60, 300, 3600)),
                rng.choice(self.servers), answer, self.name)


class Tunnel:
    """Names of random letters to four or five servers of one network."""

    def __init__(self, rng, number):
        self.name = f"{word(rng)}t{number}.{rng.choice(('com', 'info', 'xyz'))}"
        self.kind = ("TXT", "CNAME", "MX", "NULL", "TXT")[number % 5]
        self.slow = number % 6 == 5
        network = address(rng).rsplit(".", 1)[0]
        self.servers = [f"{network}.{host}" for host in rng.sample(range(1, 255), rng.choice((4, 5)))]
        self.counter = 0

    def row(self, rng, second):
        self.counter += 1
        label = f"{self.counter:x}" + "".join(rng.choices(ALPHABET, k=rng.randrange(24, 48)))
        return (second, f"{label}.t.{self.name}", self.kind, 0, rng.choice(self.servers), "",
                self.name)

    def rows(self, rng, seconds, budget):
        """So many rows, by second."""
        if self.slow:
            for _ in range(budget):
                yield self.row(rng, rng.randrange(seconds))
            return
        second = rng.randrange(max(seconds // 4, 1))
        while budget > 0 and second < seconds:
            # A round: a few quiet seconds, one after the other, then a burst after a pause.
            for _ in range(rng.randrange(4, 9)):
                for _ in range(min(budget, rng.randrange(1, 12))):
                    yield self.row(rng, second)
                    budget -= 1
                second += 1
            second += rng.randrange(3, 12)
            for _ in range(min(budget, rng.randrange(130, 420))):
                yield self.row(rng, second)
                budget -= 1
            second += rng.randrange(2, 30)


def ordinary_rows(rng, seconds, budget, domains):
    weights = [1 / (place + 1) for place in range(len(domains))]
    bursting = [domain for domain in domains if domain.bursts]
    for domain in rng.choices(domains, weights, k=budget - budget // 50):
        yield domain.row(rng, rng.randrange(seconds))
    left = budget // 50
    while left > 0 and bursting:
        domain, second = rng.choice(bursting), rng.randrange(seconds) // 60 * 60
        size = min(left, rng.randrange(40, 300))
        for _ in range(size):
            yield domain.row(rng, second)
        left -= size


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("rows", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hours", type=float, default=14)
    parser.add_argument("--tunnels", type=int, default=12)
    parser.add_argument("--domains", type=int, default=0, help="ordinary ones (default: by rows)")
    parser.add_argument("--header", action="store_true")
    parser.add_argument("--shuffle", action="store_true", help="rows in no order")
    parser.add_argument("--truth", metavar="FILE")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    seconds = max(int(arguments.hours * 3600), 1)
    count = arguments.domains or max(20, min(20000, arguments.rows // 250))
    domains = [Ordinary(rng, number) for number in range(count)]
    tunnels = [Tunnel(rng, number) for number in range(arguments.tunnels)]
    share = arguments.rows // 5 // max(len(tunnels), 1)
    rows = []
    for tunnel in tunnels:
        rows += tunnel.rows(rng, seconds, share // 20 if tunnel.slow else share)
    rows += ordinary_rows(rng, seconds, arguments.rows - len(rows), domains)
    if arguments.shuffle:
        rng.shuffle(rows)
    else:
        rows.sort(key=lambda row: row[0])
    if arguments.header:
        print("timestamp\thostname\trecord\tTTL\tDNS_IP\tANS_IP\t2LD")
    for second, *others in rows[:arguments.rows]:
        sys.stdout.write("\t".join(map(str, (START + second, *others))) + "\n")
    if arguments.truth:
        with open(arguments.truth, "w", encoding="utf-8") as file:
            for tunnel in tunnels:
                file.write(f"{tunnel.name}\t{tunnel.kind}\t{'slow' if tunnel.slow else 'rounds'}\n")


main()
