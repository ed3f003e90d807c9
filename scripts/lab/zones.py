#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A small Internet: zones for nsd, what benign subscribers ask, and the delegations of tunnels.

zones.py OUT --tunnels FILE [--seed N] [--domains N] [--clients N] [--queries N]

Writes OUT/zones/, OUT/nsd-parents.conf (root and public suffixes), OUT/nsd-domains.conf (all
else), OUT/root.hints, OUT/queries/1.txt ... (one list per client) and OUT/domains.tsv
(registrable domain, label, kind). Every name is invented. The same arguments give the same files.

Besides ordinary sites there are *baits*: benign names that look like tunnels (see baits.py).
"""
import argparse
import base64
import os
import random

from baits import BAITS
from names import SUFFIXES, registrable

HOSTING = [f"198.51.100.{n}" for n in range(10, 30)]
ROOT_SERVER = "198.41.0.4"
SUFFIX_SERVER = "192.5.6.30"
TUNNEL_SERVER = "203.0.113.%d"  # plus 10 and the number of the tunnel
# Repeats are weights.
SUFFIX_MIX = (["com"] * 24 + ["net"] * 6 + ["org"] * 4 + ["de"] * 3 + ["io"] * 2 + ["co.uk"] * 3
              + ["com.br"] * 2 + ["info", "xyz", "app", "pl", "fr", "co.jp", "com.au"])
NOUNS = """media bank travel market shop news games sport health foods systems energy books music
hotel radio studio garden logistics mobile weather maps school clinic pharma tools parts""".split()
HOSTS = "www m api app mail blog shop img cdn static login assets news account images".split()
CDN_DOMAIN = "lumoracdn.net"
MAIL_DOMAIN = "mailorvo.com"
LARGE_DOMAIN = "grandovolumen.org"


def read_tunnels(path):
    """Rows of the tunnel table, as dictionaries; the server address follows from the position."""
    with open(path, encoding="ascii") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if line.strip()]
    header = lines[0][0].lstrip("#"), *lines[0][1:]
    rows = [dict(zip(header, line)) for line in lines[1:] if not line[0].startswith("#")]
    for number, row in enumerate(rows):
        row["server"] = TUNNEL_SERVER % (number + 10)
    return rows


class Zone:
    """One registrable domain: its records and what clients ask for in it."""

    def __init__(self, rng, origin, kind, ttl=300):
        self.origin, self.kind, self.queries = origin, kind, []
        self.servers = rng.sample(HOSTING, 2)
        self.lines = [f"$ORIGIN {origin}.", f"$TTL {ttl}",
                      f"@ SOA ns1 hostmaster 1 7200 3600 1209600 {rng.choice((60, 300, 900))}",
                      "@ 86400 NS ns1", "@ 86400 NS ns2"]
        self.lines += [f"ns{n} 86400 A {a}" for n, a in enumerate(self.servers, 1)]

    def add(self, owner, qtype, data):
        self.lines.append(f"{owner} {qtype} {data}")

    def full(self, owner):
        return self.origin if owner == "@" else f"{owner}.{self.origin}"

    def ask(self, owner, *qtypes):
        self.queries += [(self.full(owner), qtype) for qtype in qtypes]

    def delegation(self):
        for number, address in enumerate(self.servers, 1):
            yield f"{self.origin}. 86400 NS ns{number}.{self.origin}."
            yield f"ns{number}.{self.origin}. 86400 A {address}"


def ipv4(rng):
    first = rng.choice((5, 23, 31, 45, 52, 64, 77, 81, 93, 104, 142, 151, 185, 188, 195, 212))
    return f"{first}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def ipv6(rng):
    return f"2a0{rng.randrange(1, 15):x}:{rng.randrange(65536):x}::{rng.randrange(1, 65535):x}"


def invent_domain(rng):
    """Pronounceable and unlikely to exist: three or four syllables and a noun."""
    word = "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou")
                   for _ in range(rng.choice((3, 4))))
    return f"{word}{rng.choice(('', '', '-'))}{rng.choice(NOUNS)}.{rng.choice(SUFFIX_MIX)}"


def add_mail(rng, zone):
    """MX, SPF, DKIM and DMARC: the long TXT records that honest domains have."""
    zone.add("@", "MX", f"10 mx.{MAIL_DOMAIN}.")
    zone.add("@", "TXT", f'"v=spf1 ip4:{ipv4(rng)}/24 include:_spf.{MAIL_DOMAIN} ~all"')
    for _ in range(rng.randrange(3)):
        token = base64.b64encode(rng.randbytes(24)).decode()
        zone.add("@", "TXT", f'"site-verification={token}"')
    key = "v=DKIM1; k=rsa; p=" + base64.b64encode(rng.randbytes(294)).decode()
    selector = rng.choice(("s1", "selector1", "k1", "dkim"))
    zone.add(f"{selector}._domainkey", "TXT",
             " ".join(f'"{key[i:i + 255]}"' for i in range(0, len(key), 255)))
    zone.add("_dmarc", "TXT", f'"v=DMARC1; p=none; rua=mailto:dmarc@{zone.origin}"')
    zone.ask("@", "MX", "TXT")
    zone.ask(f"{selector}._domainkey", "TXT")
    zone.ask("_dmarc", "TXT")


def add_site(rng, zone, cdn):
    """An ordinary web site: some hosts, perhaps IPv6, HTTPS records, a CDN, mail."""
    dual = rng.random() < 0.5
    https = rng.random() < 0.3
    for owner in ["@", "www"] + rng.sample(HOSTS[1:], rng.randrange(6)):
        if owner in ("cdn", "img", "static", "assets", "images") and rng.random() < 0.5:
            target = f"d{rng.getrandbits(60):015x}.{CDN_DOMAIN}."
            zone.add(owner, "CNAME", target)
            cdn.add(target, "A", ipv4(rng))
        else:
            for _ in range(rng.choice((1, 1, 2))):
                zone.add(owner, "A", ipv4(rng))
            if dual:
                zone.add(owner, "AAAA", ipv6(rng))
            if https:
                zone.add(owner, "HTTPS", '1 . alpn="h3,h2"')
        zone.ask(owner, "A", "A", "AAAA", "HTTPS")
    if rng.random() < 0.6:
        add_mail(rng, zone)


def make_sites(rng, count, taken):
    cdn = Zone(rng, CDN_DOMAIN, "cdn", 60)
    mail = Zone(rng, MAIL_DOMAIN, "mail")
    mail.add("mx", "A", ipv4(rng))
    mail.add("_spf", "TXT", f'"v=spf1 ip4:{ipv4(rng)}/20 ip4:{ipv4(rng)}/19 -all"')
    mail.ask("_spf", "TXT")
    zones = {cdn.origin: cdn, mail.origin: mail}
    sites = []
    while len(sites) < count:
        name = invent_domain(rng)
        if name in zones or name in taken:
            continue
        zones[name] = Zone(rng, name, "site", rng.choice((60, 300, 600, 3600)))
        add_site(rng, zones[name], cdn)
        sites.append(zones[name])
    return zones, sites


def make_large(rng, zones):
    """A zone of honest answers that no packet holds: long texts, and the keys of a zone that is
    changing them."""
    zone = zones[LARGE_DOMAIN] = Zone(rng, LARGE_DOMAIN, "large")
    for number in range(24):
        size = rng.randrange(1500, 3800)
        text = base64.b64encode(rng.randbytes(size * 3 // 4)).decode()
        zone.add(f"notes{number}", "TXT",
                 " ".join(f'"{text[i:i + 255]}"' for i in range(0, len(text), 255)))
        zone.ask(f"notes{number}", "TXT")
        owner = f"keys{number}"
        for _ in range(rng.randrange(6, 12)):
            key = base64.b64encode(b"\3\1\0\1" + rng.randbytes(256)).decode()
            zone.add(owner, "DNSKEY", f"256 3 8 {key}")
        zone.ask(owner, "DNSKEY")
    return zone


def make_baits(rng, zones):
    """Adds the zones of every bait; returns for each one a function that draws a query."""
    for bait in BAITS:
        for domain in bait.domains:
            zone = zones.setdefault(domain, Zone(rng, domain, bait.kind, 60))
            for owner, qtype, data in bait.records:
                zone.add(owner, qtype, data.replace("IPV4", ipv4(rng)).replace("IPV6", ipv6(rng)))
    return [bait.draw for bait in BAITS], [bait.weight for bait in BAITS]


def add_tunnels(rng, zones, tunnels):
    """A tunnel's registrable domain delegates the tunnel's zone to the tunnel's server."""
    for row in tunnels:
        name = registrable(row["zone"])
        zone = zones[name] = Zone(rng, name, row["tool"])
        zone.add("tns", "A", row["server"])
        zone.add("@", "A", row["server"])
        zone.add(row["zone"] + ".", "3600 NS", "tns")


def write_lines(path, lines):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(line + "\n" for line in lines)


def zone_file(name):
    return f"{'root' if name == '.' else name}.zone"


def write_nsd(out, name, addresses, zones):
    lines = ["server:"] + [f"  ip-address: {address}" for address in addresses]
    lines += ["  server-count: 1", '  username: ""', f'  zonesdir: "{out}/zones"',
              '  database: ""', f'  pidfile: "{out}/{name}.pid"',
              f'  xfrdfile: "{out}/{name}.xfrd"',
              f'  zonelistfile: "{out}/{name}.list"', f'  logfile: "{out}/{name}.log"',
              "  do-ip6: no", "  minimal-responses: yes", "  rrl-ratelimit: 0",
              "  ipv4-edns-size: 4096",
              "remote-control:", "  control-enable: no"]
    for zone in zones:
        lines += ["zone:", f'  name: "{zone}"', f'  zonefile: "{zone_file(zone)}"']
    write_lines(f"{out}/{name}.conf", lines)


def write_zones(out, zones):
    """The zone files, with those of the parents made from the delegations of the children."""
    os.makedirs(f"{out}/zones", exist_ok=True)
    parents = {"."} | set(SUFFIXES) | {s.split(".")[-1] for s in SUFFIXES}
    text = {p: [f"$ORIGIN {p.rstrip('.')}.", "$TTL 86400",
                "@ SOA a.gtld-servers.net. nstld.invalid. 1 1800 900 604800 900",
                f"@ NS {'a.root-servers.net.' if p == '.' else 'a.gtld-servers.net.'}"]
            for p in parents}
    text["."] += [f"a.root-servers.net. A {ROOT_SERVER}", f"a.gtld-servers.net. A {SUFFIX_SERVER}"]
    for parent in sorted(parents - {"."}):
        above = parent.partition(".")[2] or "."
        text[above].append(f"{parent}. NS a.gtld-servers.net.")
    for zone in zones.values():
        text[zone.origin.partition(".")[2]] += zone.delegation()
        write_lines(f"{out}/zones/{zone_file(zone.origin)}", zone.lines)
    for parent, lines in text.items():
        write_lines(f"{out}/zones/{zone_file(parent)}", lines)
    write_nsd(out, "nsd-parents", [ROOT_SERVER, SUFFIX_SERVER], sorted(parents))
    write_nsd(out, "nsd-domains", HOSTING, sorted(zones))
    write_lines(f"{out}/root.hints", [". 3600000 NS a.root-servers.net.",
                                      f"a.root-servers.net. 3600000 A {ROOT_SERVER}"])


def write_queries(rng, out, options, sites, baits):
    """Site popularity falls off as in Zipf's law; one query in four is a bait."""
    os.makedirs(f"{out}/queries", exist_ok=True)
    popularity = [1 / (rank + 1) ** 0.85 for rank in range(len(sites))]
    draw, weights = baits
    for client in range(1, options.clients + 1):
        lines = []
        for _ in range(options.queries):
            if rng.random() < 0.75:
                name, qtype = rng.choice(rng.choices(sites, popularity)[0].queries)
            else:
                name, qtype = rng.choices(draw, weights)[0](rng)
            lines.append(f"{name} {qtype}")
        write_lines(f"{out}/queries/{client}.txt", lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--tunnels", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--domains", type=int, default=500, help="ordinary sites")
    parser.add_argument("--clients", type=int, default=48, help="query lists, at most 254")
    parser.add_argument("--queries", type=int, default=300, help="names in each list")
    options = parser.parse_args()
    out = os.path.abspath(options.out)
    rng = random.Random(options.seed)
    tunnels = read_tunnels(options.tunnels)
    names = {registrable(row["zone"]) for row in tunnels}
    zones, sites = make_sites(rng, options.domains, names)
    baits = make_baits(rng, zones)
    add_tunnels(rng, zones, tunnels)
    # A generator of its own, so that the names of old seeds stay.
    large = make_large(random.Random(f"large {options.seed}"), zones)
    write_zones(out, zones)
    write_queries(rng, out, options, sites, baits)
    write_lines(f"{out}/queries/large.txt", [" ".join(query) for query in large.queries])
    write_lines(f"{out}/domains.tsv", [
        f"{name}\t{'tunnel' if name in names else 'benign'}\t{zone.kind}"
        for name, zone in sorted(zones.items())])


if __name__ == "__main__":
    main()
