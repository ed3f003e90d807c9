# SPDX-License-Identifier: BSD-3-Clause
"""Benign names that look like tunnels: each has been a false alarm of some detector.

CDN and video hosts with hashes, anti-virus look-ups that carry a file's hash, block lists,
telemetry with a UUID in front, reverse look-ups, the mobile core's own names, mistyped names.
All domains are invented, save those that a standard gives: in-addr.arpa and 3gppnetwork.org.
"""
import collections
import string

Bait = collections.namedtuple("Bait", "kind weight domains records draw")

LOWER = string.ascii_lowercase
ALNUM = LOWER + string.digits
BASE32 = LOWER + "234567"
REVERSE = [f"{n}.in-addr.arpa" for n in (81, 93, 185)]
BLOCK_LISTS = ["zen.blocklisto.org", "bl.spamurra.net", "dnsbl.mailvardo.org"]


def text(rng, alphabet, length):
    return "".join(rng.choices(alphabet, k=length))


def hexadecimal(rng, length):
    return text(rng, "0123456789abcdef", length)


def uuid(rng):
    return "-".join(hexadecimal(rng, n) for n in (8, 4, 4, 4, 12))


def octets(rng, count):
    return ".".join(str(rng.randrange(1, 255)) for _ in range(count))


def cdn(rng):
    region = rng.choice(("eu", "us", "ap"))
    return f"{hexadecimal(rng, 32)}.{region}.fastvelo-cdn.net", "A"


def video(rng):
    return f"r{rng.randrange(1, 20)}---sn-{text(rng, ALNUM, 8)}.vidstrelo.com", "A"


def antivirus_address(rng):
    return f"0.0.0.0.1.0.0.{hexadecimal(rng, 2)}.{text(rng, ALNUM, 26)}.avq.wardelia.com", "A"


def antivirus_hash(rng):
    return f"{hexadecimal(rng, 40)}.avq.wardelia.com", "A"


def antivirus_text(rng):
    return f"4.1o19s{text(rng, ALNUM, 16)}.{text(rng, BASE32, 40)}.i.sxl.hashguardo.net", "TXT"


def block_list(rng):
    return f"{octets(rng, 4)}.{rng.choice(BLOCK_LISTS)}", rng.choice(("A", "A", "A", "TXT"))


def telemetry(rng):
    return f"{uuid(rng)}.incoming.telemetry.mozarello.net", "A"


def metrics(rng):
    return f"k{hexadecimal(rng, 16)}.p{hexadecimal(rng, 24)}.ios.svc-metriqa.io", "A"


def push(rng):
    return f"{uuid(rng)}.{rng.randrange(50)}.v2.push.apelita.com", rng.choice(("A", "HTTPS"))


def cloud(rng):
    return f"ingress-{text(rng, ALNUM, 10)}-{rng.randrange(10**9)}.elb.nubistra-cloud.com", "A"


def address_probe(rng):
    return f"u{text(rng, ALNUM, 8)}-s{hexadecimal(rng, 16)}.d.ip6probo.com", "AAAA"


def dynamic(rng):
    return f"host-{text(rng, ALNUM, 6)}.dyn-usero.org", "A"


def reverse(rng):
    return f"{octets(rng, 3)}.{rng.choice(REVERSE)}", "PTR"


def mobile_core(rng):
    network = f"mnc{rng.randrange(3):03d}.mcc{rng.choice((208, 234, 262))}.3gppnetwork.org"
    area = f"tac-lb{rng.randrange(16):02x}.tac-hb{rng.randrange(4):02x}.tac.epc"
    return rng.choice(((f"{area}.{network}", "NAPTR"), (f"epdg.epc.{network}", "A")))


def mistyped(rng):
    """Names that do not exist: start-up probes of browsers, proxy discovery, typing errors."""
    return rng.choice((
        text(rng, LOWER, rng.randrange(7, 16)),
        f"wpad.{text(rng, LOWER, 6)}.lan",
        f"{text(rng, LOWER, 9)}.com")), "A"


WILD_A = [("*", "A", "IPV4")]
BAITS = [
    Bait("cdn", 9, ["fastvelo-cdn.net"], WILD_A, cdn),
    Bait("cdn", 8, ["vidstrelo.com"], WILD_A + [("*", "AAAA", "IPV6")], video),
    Bait("antivirus", 6, ["wardelia.com"], [("*.avq", "30 A", "127.0.4.8")], antivirus_address),
    Bait("antivirus", 4, ["wardelia.com"], [], antivirus_hash),
    Bait("antivirus", 6, ["hashguardo.net"],
         [("*.sxl", "30 TXT", '"t=0 c=1 5fe1d0aa47c2"')], antivirus_text),
    Bait("dnsbl", 8, ["blocklisto.org"], [("*.3.zen", "A", "127.0.0.2")], block_list),
    Bait("dnsbl", 0, ["spamurra.net", "mailvardo.org"], [], block_list),
    Bait("telemetry", 6, ["mozarello.net"], [("*.telemetry", "A", "IPV4")], telemetry),
    Bait("telemetry", 6, ["svc-metriqa.io"], WILD_A, metrics),
    Bait("push", 6, ["apelita.com"], [("*.push", "A", "IPV4")], push),
    Bait("cloud", 6, ["nubistra-cloud.com"], [("*.elb", "A", "IPV4")], cloud),
    Bait("probe", 3, ["ip6probo.com"], [("*", "1 AAAA", "IPV6")], address_probe),
    Bait("dynamic", 3, ["dyn-usero.org"], WILD_A, dynamic),
    Bait("reverse", 8, REVERSE, [("*", "PTR", "host.nubistra-cloud.com.")], reverse),
    Bait("3gpp", 4, ["3gppnetwork.org"],
         [("*", "NAPTR", '10 100 "a" "x-3gpp-sgw:x-s5-gtp" "" topon.node.3gppnetwork.org.')],
         mobile_core),
    Bait("nxdomain", 8, [], [], mistyped),
]
