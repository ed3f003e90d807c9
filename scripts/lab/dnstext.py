# SPDX-License-Identifier: BSD-3-Clause
"""DNS messages of made-up traffic: names of sites and of tunnels, queries and their answers."""
import base64
import struct

from baits import LOWER
from zones import HOSTS, invent_domain

A, CNAME, SOA, NULL, TXT, AAAA, HTTPS = 1, 5, 6, 10, 16, 28, 65
OPT = 41


def encode(name):
    """As in a message; a character is an octet, so none is above 255."""
    return b"".join([bytes((len(part),)) + part
                     for part in name.encode("latin-1").split(b".")]) + b"\0"


def record(qtype, ttl, data):
    """Its owner is a pointer to the question's name."""
    return struct.pack(">HHHIH", 0xC00C, qtype, 1, ttl, len(data)) + data


def opt(udp_size, padding=0, dnssec=False):
    if not udp_size:
        return b""
    option = struct.pack(">HH", 12, padding) + bytes(padding) if padding else b""
    return b"\0" + struct.pack(">HHIH", OPT, udp_size, dnssec << 15, len(option)) + option


def with_options(edns, options):
    """An OPT record with more options; where there is none, none."""
    if not edns or not options:
        return edns
    return edns[:9] + struct.pack(">H", len(edns) - 11 + len(options)) + edns[11:] + options


def strings(data):
    """As the data of a TXT record."""
    return b"".join(bytes((len(data[at:at + 255]),)) + data[at:at + 255]
                    for at in range(0, len(data), 255))


class Exchange:
    """A query and its response. `size` asks for an answer of so many bytes, `data` is one."""

    def __init__(self, rng, name, qtype, udp_size=0, padding=0, size=0, data=None):
        self.rng, self.name = rng, name
        self.question = encode(name) + struct.pack(">HH", qtype, 1)
        self.opt, self.ident = opt(udp_size), rng.getrandbits(16)
        self.query = self._message(0x0100, [], [], opt(udp_size, padding))
        answers, authority = self._answers(qtype, size) if data is None else \
            ([record(qtype, 1, data)], [])
        rcode = 3 if authority and rng.random() < 0.5 else 0
        self.response = self._message(0x8180 | rcode, answers, authority, self.opt)
        self.truncated = self._message(0x8380, [], [], self.opt)

    def _message(self, flags, answers, authority, additional):
        return struct.pack(">HHHHHH", self.ident, flags, 1, len(answers), len(authority),
                           bool(additional)) + self.question + b"".join(answers + authority) \
            + additional

    def _answers(self, qtype, size):
        rng = self.rng
        if size:
            return [record(TXT, 300, strings(base64.b64encode(rng.randbytes(size * 3 // 4))))], []
        if qtype in (A, AAAA) and rng.random() < 0.93:
            return [record(qtype, 60, rng.randbytes(4 if qtype == A else 16))
                    for _ in range(rng.randrange(1, 4))], []
        if qtype == TXT:
            return [record(TXT, 300, strings(b"v=spf1 " + rng.randbytes(20).hex().encode()))], []
        soa = encode("ns1.lumoracdn.net") + encode("hostmaster.lumoracdn.net")
        return [], [record(SOA, 300, soa + struct.pack(">IIIII", 1, 7200, 900, 1209600, 300))]


class Names:
    """Sites by popularity."""

    def __init__(self, rng, count):
        self.rng = rng
        self.sites = sorted({invent_domain(rng) for _ in range(count)})
        rng.shuffle(self.sites)
        self.weights = [1 / (rank + 1) ** 0.85 for rank in range(len(self.sites))]

    def exchange(self, **settings):
        rng = self.rng
        qtype = TXT if settings.get("size") else \
            rng.choices((A, AAAA, HTTPS, TXT), (60, 28, 9, 3))[0]
        site = rng.choices(self.sites, self.weights)[0]
        if "udp_size" not in settings:
            settings["udp_size"] = rng.choice((0, 1232))
        return Exchange(rng, f"{rng.choice(HOSTS)}.{site}", qtype, **settings)


def tunnel_exchange(rng, domain, down, qtype=TXT):
    """What a tunnel asks: data up in the name, data down in the answer."""
    up = base64.b32encode(rng.randbytes(rng.randrange(50, 100))).decode().strip("=").lower()
    name = ".".join([up[at:at + 60] for at in range(0, len(up), 60)]
                    + [rng.choice(LOWER), domain])
    data = rng.randbytes(rng.randrange(*down))
    return Exchange(rng, name, qtype, 4096, data=strings(data) if qtype == TXT else data)
