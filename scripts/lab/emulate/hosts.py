# SPDX-License-Identifier: BSD-3-Clause
"""Benign look-ups that resemble tunnels, continued: hosts whose names are made by machines."""
import base64

from baits import ALNUM, BASE32, hexadecimal, text
from coding import WORDS
from dnstext import AAAA, A, HTTPS
from lookups import guid, one, public_address, web
from stage import answer, failure, negative
from zones import invent_domain


# Delivery

def hashed_hosts(rng, zone):
    """Pages whose pictures and scripts have hosts named by a hash, answered through a CNAME."""
    while True:
        region, qtypes = rng.choice(("eu", "us", "ap")), rng.choice(((A,), (A, AAAA)))
        yield [(f"{name}.{region}.{zone}", qtype,
                web(rng, qtype, 60, f"{name[:12]}.edge.{region}.{zone}"), zone)
               for name in [hexadecimal(rng, 32) for _ in range(rng.randrange(1, 8))]
               for qtype in qtypes]


def wildcard_users(rng, zone):
    """A host for each user or shop of a platform."""
    while True:
        name = f"{rng.choice(WORDS)}{rng.choice(('', '-'))}{rng.choice(WORDS)}{rng.randrange(999)}"
        yield one(f"{name}.{zone}", A, web(rng, A, 300), zone)


def video_hosts(rng, zone):
    """Servers of a video platform, by place and number."""
    cities = [f"sn-{text(rng, ALNUM, 4)}{text(rng, 'elnzr67', 3)}" for _ in range(40)]
    while True:
        head = rng.choice(("", "", "rr"))
        name = f"{head or 'r'}{rng.randrange(1, 20)}---{rng.choice(cities)}{rng.choice(ALNUM)}"
        yield [(f"{name}.{zone}", qtype, web(rng, qtype, 300), zone) for qtype in (A, AAAA)]


def cloud_hosts(rng, zone):
    """Load balancers, buckets, containers: codes in front of a constant zone."""
    shapes = (
        lambda: f"ingress-{text(rng, ALNUM, 10)}-{rng.randrange(10**9)}.eu-west-1.elb.{zone}",
        lambda: f"a{hexadecimal(rng, 13)}-ats.iot.us-east-1.{zone}",
        lambda: f"{guid(rng)}.blob.core.{zone}",
        lambda: f"{rng.choice(WORDS)}-{rng.choice(WORDS)}-{text(rng, ALNUM, 10)}-uc.a.run.{zone}",
        lambda: f"ec2-{'-'.join(map(str, public_address(rng)))}.compute.{zone}",
        lambda: f"vpce-0{hexadecimal(rng, 16)}-{text(rng, ALNUM, 8)}.s3.eu-central-1.vpce.{zone}")
    while True:
        name = rng.choice(shapes)()
        chain = f"waws-prod-{rng.randrange(999):03d}.sip.{zone}" if rng.random() < 0.3 else None
        yield one(name, rng.choice((A, A, AAAA)), web(rng, A, 60, chain), zone)


def push_hosts(rng, zone):
    """A host for each device that waits for messages."""
    while True:
        name = f"{guid(rng)}.{rng.randrange(50)}.v2.push.{zone}"
        yield one(name, rng.choice((A, HTTPS)), web(rng, A, 30), zone)


# Measurement and telemetry

def telemetry(rng, zone):
    """Events in the name itself: long labels, an answer that is always the same."""
    device = text(rng, ALNUM, 12)
    while True:
        event = text(rng, BASE32, rng.randrange(70, 170))
        parts = ".".join(event[at:at + 60] for at in range(0, len(event), 60))
        yield one(f"{parts}.{device}.v3.{zone}", A, answer((A, 1, b"\xcb\x00\x71\x16")), zone)


def telemetry_guid(rng, zone):
    """A GUID for each report."""
    while True:
        yield one(f"{guid(rng)}.incoming.telemetry.{zone}", A, web(rng), zone)


def tracking(rng, zone):
    """A pixel for each view, with the user's number and the view's."""
    user = hexadecimal(rng, 16)
    while True:
        view = f"{rng.randrange(1690000000, 1790000000)}-{rng.randrange(10**6)}"
        yield one(f"{view}.u{user}.px.{zone}", A,
                  web(rng, A, 1, f"collect.{rng.choice(('eu', 'us'))}.{zone}"), zone)


def measurement(rng, zone):
    """Tests of resolvers and of IPv6 by names that no cache knows."""
    while True:
        name = f"u{text(rng, ALNUM, 9)}-c{rng.randrange(300)}-s{rng.randrange(1790000000)}-i" \
               f"{hexadecimal(rng, 8)}"
        yield [(f"{name}.{kind}.{zone}", qtype, web(rng, qtype, 1) if kind != "bad" else
                failure(), zone)
               for kind, qtype in (("d", A), ("d6", AAAA), ("bad", A))]


def leak_test(rng, zone):
    """A burst of random names, as a page makes that shows which resolver is used."""
    while True:
        yield [(f"{text(rng, ALNUM, 20)}.bash.{zone}", A, web(rng, A, 5), zone)
               for _ in range(rng.randrange(20, 100))]


def monitor(rng, zone):
    """A health check past all caches: the time and a number."""
    now = rng.randrange(1600000000, 1790000000)
    while True:
        now += 10
        yield one(f"{now}-{rng.randrange(10**5):05d}.probe{rng.randrange(3)}.{zone}", A,
                  web(rng, A, 5), zone)


def counting_device(rng, zone):
    """A thing that reports by a name with a counter and a checksum, at a fixed rhythm."""
    device, count = hexadecimal(rng, 12), rng.randrange(1000)
    while True:
        count += 1
        reading = f"t{rng.randrange(180, 260)}h{rng.randrange(30, 70)}b{rng.randrange(300, 420)}"
        yield one(f"{count:06d}-{reading}-{hexadecimal(rng, 4)}.{device}.iot.{zone}", A,
                  answer((A, 0, bytes((10, 0, 0, rng.choice((0, 0, 0, 1)))))), zone)


def polling_device(rng, zone):
    """The same few names, again and again."""
    names = [f"{host}.{zone}" for host in ("mqtt", "time", "fw", f"d{hexadecimal(rng, 12)}")]
    while True:
        yield one(rng.choice(names), A, web(rng, A, 1), zone)


# Others

def dynamic(rng, zone):
    """Peers and cameras behind a service of dynamic names."""
    while True:
        yield one(f"{rng.choice(WORDS)}-{text(rng, ALNUM, 6)}.dyn.{zone}", A,
                  web(rng, A, 30) if rng.random() < 0.8 else negative(60), zone)


def peers(rng, zone):
    """Trackers and game servers: names made of addresses or lots."""
    while True:
        name = f"ip{'-'.join(map(str, public_address(rng)))}.gs" if rng.random() < 0.6 else \
            f"lobby-{hexadecimal(rng, 10)}-{rng.randrange(64)}.match"
        yield one(f"{name}.{zone}", A, web(rng, A, 30), zone)


def clocks_and_portals(rng, zone):
    """What every device asks, always the same."""
    names = [f"{number}.{pool}.pool.{zone}" for number in range(4)
             for pool in ("android", "debian", "europe")]
    names += [f"connectivitycheck.{zone}", f"captive.{zone}", f"www.msft{zone}"]
    while True:
        name = rng.choice(names)
        yield one(name, rng.choice((A, AAAA)), web(rng, A, 60),
                  zone if name.endswith(f".{zone}") else name.partition(".")[2])


def image_proxy(rng, zone):
    """Mail in a browser: every remote picture comes by a proxy's host, Base64 of its origin."""
    while True:
        origin = base64.b32encode(invent_domain(rng).encode()).decode().strip("=").lower()
        yield [(f"{origin[:60]}.{hexadecimal(rng, 8)}.imgproxy.{zone}", A,
                web(rng, A, 60, f"lb{rng.randrange(9)}.{zone}"), zone)
               for _ in range(rng.randrange(1, 4))]


def shards(rng, zone):
    """Tiles of maps, and chat servers: short codes under one zone."""
    while True:
        name = f"{text(rng, ALNUM, rng.randrange(5, 9))}.{rng.choice('abcd')}.tiles.{zone}"
        yield [(name, qtype, web(rng, qtype, 60), zone) for qtype in (A, AAAA)]
