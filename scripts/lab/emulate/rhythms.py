# SPDX-License-Identifier: BSD-3-Clause
"""When a benign subscriber asks: with pages, by chance, by the clock, in queues, in bursts, by day.

RHYTHMS has functions of (rng, start, end, rate), with times in microseconds and a rate in names an
hour. Each yields (time, names, gap): so many names from then on, with a mean gap in microseconds
between them; None as the gap is one name after the other, each when the last is answered.
"""
import math

from stage import SECOND

HOUR = 3600 * SECOND


def pages(rng, start, end, rate):
    """Some names at once, as a page needs them, then nothing for a while."""
    mean, at = rng.choice((2, 4, 8, 20)), start
    gap = rng.choice((3000, 30000, 150000))
    while True:
        at += rng.expovariate(rate / mean) * HOUR
        if at >= end:
            return
        yield at, 1 + int(rng.expovariate(1 / mean)), gap


def chance(rng, start, end, rate):
    """Each by itself."""
    at = start
    while (at := at + rng.expovariate(rate) * HOUR) < end:
        yield at, 1, 0


def period(rng, start, end, rate):
    """By the clock, more or less exactly."""
    count = rng.choice((1, 1, 1, 2, 5))
    wait, spread = count * HOUR / rate, rng.choice((0.0005, 0.01, 0.1, 0.4))
    at = start + rng.random() * wait
    while at < end:
        yield at + rng.uniform(0, spread) * wait, count, 20000
        at += wait


def queue(rng, start, end, rate):
    """Work that waits is done one after the other; then there is none for a while."""
    mean, at = rng.choice((10, 40, 150, 500)), start
    while (at := at + rng.expovariate(rate / mean) * HOUR) < end:
        yield at, 1 + int(rng.expovariate(1 / mean)), None


def parallel(rng, start, end, rate):
    """Many at the same moment."""
    count, at = rng.choice((5, 10, 30, 100)), start
    while (at := at + rng.expovariate(rate / count) * HOUR) < end:
        yield at, rng.randint(count // 2, count), 200


def hourly(rng, start, end, rate):
    """All of an hour in one burst."""
    at, takes = start + rng.random() * HOUR / 4, rng.choice((2, 20, 120, 400)) * SECOND
    while at < end:
        count = max(1, int(rate * rng.uniform(0.7, 1.3)))
        yield at, count, takes / count
        at += HOUR


def daily(rng, start, end, rate):
    """By chance, more by day than by night."""
    for at, count, gap in chance(rng, start, end, 2 * rate):
        if rng.random() < 0.55 - 0.45 * math.cos(2 * math.pi * (at / HOUR % 24) / 24):
            yield at, count, gap


RHYTHMS = {"pages": pages, "chance": chance, "period": period, "queue": queue,
           "parallel": parallel, "hourly": hourly, "daily": daily}
