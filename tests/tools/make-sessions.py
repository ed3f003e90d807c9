#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints subscriber sessions as a gateway counts them, made up: CSV without a header.

Columns: service (9000 is DNS), bytes up, bytes down, seconds, and a subscriber's number. DNS
sessions are mostly of a few queries, some long; one in six takes no time by the clock of the
gateway. With --tunnels, that many of the DNS sessions move more bytes in the time than names need.
"""
import argparse
import random
import sys


def dns_session(chance):
    queries = 1 + int(chance.paretovariate(1.1) - 1)
    queries = min(queries, 20000)
    up = sum(chance.randint(28, 60) for _ in range(min(queries, 50))) * max(1, queries // 50)
    down = int(up * chance.lognormvariate(0.75, 0.45))
    seconds = 0 if chance.random() < 1 / 6 else int(chance.lognormvariate(2.2, 1.4) *
                                                    (1 + queries / 20))
    return up, down, seconds


def tunnel_session(chance):
    seconds = int(chance.uniform(60, 1800))
    up = int(seconds * chance.uniform(500, 8000))
    return up, int(up * chance.uniform(1.5, 8)), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=20668, help="of DNS (default: %(default)s)")
    parser.add_argument("--tunnels", type=int, default=0, help="of them (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    tunnels = set(chance.sample(range(options.sessions), options.tunnels))
    for i in range(options.sessions):
        make = tunnel_session if i in tunnels else dns_session
        print("9000", *make(chance), chance.randrange(10 ** 6), sep=",")
        if chance.random() < 0.5:
            print(chance.choice((1000, 2000, 5002)), chance.randrange(10 ** 6),
                  chance.randrange(10 ** 7), chance.randrange(7200), chance.randrange(10 ** 6),
                  sep=",")
    return 0


if __name__ == "__main__":
    sys.exit(main())
