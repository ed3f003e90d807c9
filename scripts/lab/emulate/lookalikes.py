# SPDX-License-Identifier: BSD-3-Clause
"""The benign scenarios: who makes the look-ups of lookups.py and hosts.py, how many, how fast."""
import collections
import math

import hosts
import lookups
from stage import SECOND, server_address
from surf import browse
from zones import invent_domain

# `rate` is the least and the most that a subscriber asks in an hour; `burst` how many steps come
# together on average; `rhythm` seconds between steps that a clock drives; `direct`: past resolvers,
# to the servers themselves.
Look = collections.namedtuple("Look", "steps subscribers rate burst rhythm direct")
STEPS = 24000  # queries of a scenario, at scale 1


def look(steps, rate, subscribers=8, burst=4, rhythm=None, direct=False):
    return Look(steps, subscribers, rate, burst, rhythm, direct)


LOOKS = {
    "antivirus-hash": look(lookups.antivirus_hash, (500, 10000), burst=12),
    "antivirus-address": look(lookups.antivirus_address, (500, 5000), burst=12),
    "antivirus-text": look(lookups.antivirus_text, (500, 5000), burst=6),
    "web-filter": look(lookups.web_filter, (500, 3000), burst=8),
    "block-lists": look(lookups.block_lists, (500, 10000), burst=2),
    "block-lists-ipv6": look(lookups.block_lists6, (500, 3000), burst=2),
    "hash-lists": look(lookups.hash_lists, (500, 5000), burst=6),
    "origin-text": look(lookups.origin_text, (500, 10000), burst=20),
    "malware-hash-text": look(lookups.malware_hash_text, (500, 5000), burst=10),
    "hashed-hosts": look(hosts.hashed_hosts, (200, 1500), 16, 3),
    "wildcard-users": look(hosts.wildcard_users, (200, 1000), 16, 5),
    "video-hosts": look(hosts.video_hosts, (120, 600), 16, 4),
    "cloud-hosts": look(hosts.cloud_hosts, (200, 1500), 16, 5),
    "push-hosts": look(hosts.push_hosts, (120, 500), 16, 2),
    "telemetry": look(hosts.telemetry, (120, 1500), 16, 3),
    "telemetry-guid": look(hosts.telemetry_guid, (120, 1000), 16, 2),
    "tracking": look(hosts.tracking, (120, 800), 16, 3),
    "measurement": look(hosts.measurement, (120, 1000), 16, 2),
    "leak-test": look(hosts.leak_test, (100, 600), 16, 1),
    "monitor": look(hosts.monitor, (360, 360), 8, 1, 10),
    "counting-device": look(hosts.counting_device, (240, 240), 16, 1, 15),
    "polling-device": look(hosts.polling_device, (240, 240), 16, 1, 15),
    "mail-texts": look(lookups.mail_texts, (500, 10000), burst=2),
    "challenges": look(lookups.challenges, (200, 1500), 6, 10),
    "mail-hosts": look(lookups.mail_hosts, (500, 5000), burst=2),
    "reverse-sweep": look(lookups.reverse_sweep, (500, 10000), burst=30),
    "reverse-sweep-ipv6": look(lookups.reverse_sweep6, (500, 3000), burst=10),
    "telephone": look(lookups.telephone, (500, 5000), 6, 2),
    "mobile-core": look(lookups.mobile_core, (200, 2000), 6, 2),
    "services": look(lookups.services, (120, 800), 16, 2),
    "cluster": look(lookups.cluster, (500, 5000), 6, 4),
    "trust-anchors": look(lookups.trust_anchors, (1, 30), 20, 1),
    "minimising": look(lookups.minimising, (300, 2000), 8, 4, direct=True),
    "random-case": look(lookups.random_case, (120, 800), 16, 4),
    "browser-probes": look(lookups.browser_probes, (30, 300), 30, 1),
    "mistyped": look(lookups.mistyped, (100, 1000), 8, 10),
    "dynamic": look(hosts.dynamic, (120, 800), 16, 6),
    "peers": look(hosts.peers, (120, 1000), 16, 10),
    "clocks-and-portals": look(hosts.clocks_and_portals, (30, 300), 30, 2),
    "image-proxy": look(hosts.image_proxy, (120, 800), 16, 4),
    "shards": look(hosts.shards, (120, 1000), 16, 6),
}


def follow(stage, rng, client, steps, rate, one, start, end, most, name):
    """One subscriber; `rate` is in queries an hour, of which there are `most` at most."""
    at, asked = start + rng.uniform(0, 600) * SECOND, 0
    while at < end and asked < most:
        count = 1 + int(rng.expovariate(1 / (one.burst - 1))) if one.burst > 1 else 1
        queries = 0
        for _ in range(count):
            for qname, qtype, reply, domain in next(steps):
                stage.label(domain, "hard-negative", setup=name)
                stage.ask(at, client, qname, qtype, reply, domain,
                          direct=server_address(domain) if one.direct else None)
                at += rng.expovariate(1 / 3000)
                queries += 1
            at += rng.expovariate(1 / 80000)
        asked += queries
        if one.rhythm:
            at += (one.rhythm + rng.uniform(-0.05, 0.05)) * SECOND
        else:
            at += rng.expovariate(rate / 3600 / queries) * SECOND


def scenario(name):
    one = LOOKS[name]

    def play(stage, rng, sites, options):
        zones = [invent_domain(rng) for _ in range(one.subscribers // 2)]
        low, high = map(math.log, one.rate)
        rates = [math.exp(rng.uniform(low, high)) for _ in range(one.subscribers)]
        budget = STEPS * options.scale
        end = options.start + min(options.hours, max(0.2, budget / sum(rates))) * 3600 * SECOND
        for rate in rates:
            client = stage.client(False if one.direct else None)
            steps = one.steps(rng, rng.choice(zones))
            follow(stage, rng, client, steps, rate, one, options.start, end, budget, name)
            browse(stage, rng, client, sites, options.start, end, rng.randrange(3))
    play.__doc__ = one.steps.__doc__
    return play


SCENARIOS = {name: scenario(name) for name in LOOKS}
