# SPDX-License-Identifier: BSD-3-Clause
"""Answers that carry data, with a choice in each: record types, number of records, prefixes, codes.

CARRIERS has functions of a generator of chance and an origin; each makes a Carrier, the same for
all answers of a tunnel.
"""
import base64
import collections
import struct

import records
from coding import REPLIES, base32, capacity, labels
from dnstext import AAAA, A, CNAME, HTTPS, NULL, SOA, TXT, encode, strings
from stage import NAME_ERROR, NO_ERROR, Answer, address_records, answer, failure, negative
from zones import invent_domain

# `carry` is a function of (rng, data, origin, ttl), as in coding.REPLIES, for `most` bytes; each
# takes `cost` bytes of a message.
Carrier = collections.namedtuple("Carrier", "qtype carry most cost")
FIRST_OCTETS = 23, 34, 52, 93, 104, 151, 185
FIXED_ADDRESS = 0xcb, 0x00, 0x71, 0x0a


def parts_of(data, size, least=1):
    parts = [data[at:at + size] for at in range(0, len(data), size)]
    return parts + [b""] * (least - len(parts))


def common(name):
    """One of coding.REPLIES."""
    qtype, carry, most = REPLIES[name]
    cost = 5.4 if qtype == A and name == "A" else 2 if qtype in (AAAA, CNAME, records.MX) else 1.5
    return lambda rng, origin: Carrier(qtype, carry, most, cost)


def addresses(qtype, prefixes):
    """Several addresses with or without a prefix that a provider could have, and with or without a
    number of their own each."""
    width = 4 if qtype == A else 16

    def make(rng, origin):
        prefix, index = rng.choice(prefixes)(rng), rng.random() < 0.3
        count = rng.choice((1, 1, 2, 4, 8))
        index = index and len(prefix) + 1 < width
        room = width - len(prefix) - index

        def carry(chance, data, zone, ttl):
            return answer(*[
                (qtype, ttl, prefix + (bytes((turn,)) if index else b"") + part
                 + chance.randbytes(room - len(part)))
                for turn, part in enumerate(parts_of(data, room))])
        return Carrier(qtype, carry, room * count, (width + 12) / room)
    return make


def prefix4(rng):
    """One or two octets of a public network, or of a private one."""
    return bytes(rng.choice(((rng.choice(FIRST_OCTETS),), (10,), (127,), (10, rng.randrange(256)),
                             (192, 168), (rng.choice(FIRST_OCTETS), rng.randrange(256)))))


def prefix6(rng):
    return bytes.fromhex(rng.choice(("2a02", "2600", "2001", "2a0226f0", "20010db8", "fd00"))) \
        + rng.randbytes(rng.choice((0, 0, 2, 4)))


def nothing(rng):
    return b""


def coder(rng):
    """(bytes to bytes, how many times longer)"""
    return rng.choice((
        (base64.b64encode, 1.4), (base64.b64encode, 1.4), (base64.urlsafe_b64encode, 1.4),
        (lambda data: data.hex().encode(), 2.0), (lambda data: base32(data).encode(), 1.6),
        (base64.b85encode, 1.3), (bytes, 1.0), (bytes, 1.0)))


def texts(rng, origin):
    """Base64, hexadecimal or octets, in one or many strings and records, perhaps behind a word."""
    code, longer = coder(rng)
    size, count = rng.choice((255, 255, 255, 120, 63, 32)), rng.choice((1, 1, 1, 2, 4))
    head = rng.choice((b"", b"", b"", b"v=1;", b"d=", b"key=", b"{\"d\":\"", b"google-verify="))

    def carry(chance, data, zone, ttl):
        told = head + code(data)
        share = max(1, -(-len(told) // count))
        made = []
        for part in parts_of(told, share):
            made.append((TXT, ttl, b"".join(records.text(piece) for piece in parts_of(part, size))))
        return answer(*made)
    return Carrier(TXT, carry, rng.choice((60, 120, 180, 300, 700)), longer * (1 + 3 / size) + 0.1)


def hosts(qtype, before=lambda rng: b"", many=False):
    """Names in the data, below the tunnel's zone or below another domain."""
    def make(rng, origin):
        code, longer = rng.choice(((base32, 1.6), (base32, 1.6), (bytes.hex, 2.0),
                                   (lambda data: base64.urlsafe_b64encode(data).decode()
                                    .rstrip("="), 1.4)))
        size, below = rng.choice((63, 60, 32, 20)), rng.random() < 0.25
        other = f"{rng.choice(('cdn', 'edge', 'n', 'x'))}.{invent_domain(rng)}" if below else origin
        most = capacity(220 - len(other), longer, size)
        most = min(most, int(rng.choice((12, 40, 100, 200))))
        count = rng.choice((1, 2, 3)) if many else 1

        def carry(chance, data, zone, ttl):
            end = other if below else zone
            return answer(*[
                (qtype, ttl, before(chance) + encode(
                    f"{labels(code(part or chance.randbytes(3)), size)}.{end}"))
                for part in parts_of(data, most)])
        return Carrier(qtype, carry, most * count, longer * 1.1 + 30 / most)
    return make


def asked_as(qtype, maker):
    """An answer of another type than the question's, as a CNAME for A."""
    return lambda rng, origin: maker(rng, origin)._replace(qtype=qtype)


def preference(rng):
    return struct.pack(">H", rng.choice((0, 5, 10, 20)))


def service_head(rng):
    return struct.pack(">HHH", rng.randrange(20), rng.randrange(100), rng.choice((443, 5060, 389)))


def service_fields(rng, origin):
    """Priority, weight and port of SRV, behind a host that is always the same."""
    host = encode(f"srv.{origin}")

    def carry(chance, data, zone, ttl):
        return answer(*[(records.SRV, ttl, part.ljust(6, b"\0") + host)
                        for part in parts_of(data, 6)])
    return Carrier(records.SRV, carry, 6 * rng.choice((1, 2, 4)), (18 + len(host)) / 6)


def authority(rng, origin):
    """The SOA, asked for: in the numbers, or in who is responsible."""
    in_numbers = rng.random() < 0.5

    def carry(chance, data, zone, ttl):
        numbers = struct.unpack(">IIIII", data.ljust(20, b"\0")[:20]) if in_numbers else \
            (chance.getrandbits(31), 7200, 900, 1209600, 60)
        who = f"hostmaster.{zone}" if in_numbers else \
            f"{labels(base32(data or chance.randbytes(3)), 60)}.{zone}"
        return answer((SOA, ttl, records.soa(f"ns1.{zone}", who, numbers)))
    return Carrier(SOA, carry, 20 if in_numbers else 60, 5 if in_numbers else 3)


def raw(types, head=b"", most=(100, 250, 500)):
    """Octets as they are, behind fields that are always the same."""
    def make(rng, origin):
        def carry(chance, data, zone, ttl):
            return answer((qtype, ttl, head + (data or b"\0")))
        qtype = rng.choice(types)
        return Carrier(qtype, carry, rng.choice(most), 1.0 + len(head) / 50)
    return make


def keys(rng, origin):
    """In keys: one or several of a length that real ones have."""
    qtype, flags = rng.choice(((records.KEY, 256), (records.DNSKEY, 256), (records.DNSKEY, 257)))
    algorithm, size = rng.choice(((8, 260), (13, 64), (5, 132), (15, 32)))

    def carry(chance, data, zone, ttl):
        return answer(*[(qtype, ttl, records.key_data(
            flags, algorithm, part + chance.randbytes(size - len(part))))
            for part in parts_of(data, size)])
    return Carrier(qtype, carry, size * rng.choice((1, 1, 2)), (size + 16) / size * 2)


def signatures(rng, origin):
    def carry(chance, data, zone, ttl):
        return answer(*[(records.RRSIG, ttl, records.signature(
            A, 3, zone, part + chance.randbytes(64 - len(part)), 1800000000))
            for part in parts_of(data, 64)])
    return Carrier(records.RRSIG, carry, 64 * rng.choice((1, 1, 3)), 2.5)


def digests(qtype, head, size):
    """Fingerprints, as of host keys, certificates and delegations."""
    def make(rng, origin):
        def carry(chance, data, zone, ttl):
            return answer(*[(qtype, ttl, head + part + chance.randbytes(size - len(part)))
                            for part in parts_of(data, size)])
        return Carrier(qtype, carry, size * rng.choice((1, 2, 4)), (size + 20) / size)
    return make


def written(qtype, frame):
    """As Base64 in a text field; `frame` puts the rest around."""
    def make(rng, origin):
        def carry(chance, data, zone, ttl):
            return answer((qtype, ttl, frame(base64.b64encode(data), zone)))
        return Carrier(qtype, carry, rng.choice((60, 120, 180)), 1.7)
    return make


def rules(rng, origin):
    """NAPTR: in the rule or in the replacement."""
    if rng.random() < 0.5:
        def frame(told, zone):
            return records.naptr(b"u", b"E2U+sip", b"!^.*$!sip:" + told[:230] + b"!")
        return written(records.NAPTR, frame)(rng, origin)._replace(most=120)

    def carry(chance, data, zone, ttl):
        return answer((records.NAPTR, ttl, records.naptr(
            b"s", b"SIP+D2U", b"", f"{labels(base32(data or chance.randbytes(3)), 60)}.{zone}")))
    return Carrier(records.NAPTR, carry, 60, 3)


def services(rng, origin):
    """HTTPS and SVCB: in hints, in ECH, in a parameter of private use."""
    qtype, kind = rng.choice((HTTPS, HTTPS, records.SVCB)), rng.randrange(4)

    def carry(chance, data, zone, ttl):
        params = [records.alpn(b"h2")]
        if kind == 0:
            padded = data + chance.randbytes(-len(data) % 4 if data else 4)
            params.append((records.IPV4_HINT, padded))
        elif kind == 1:
            padded = data + chance.randbytes(-len(data) % 16 if data else 16)
            params.append((records.IPV6_HINT, padded))
        elif kind == 2:
            params.append((records.ECH, struct.pack(">H", len(data)) + data))
        else:
            params.append((65280 + len(zone), data))
        return answer((qtype, ttl, records.service(params)))
    return Carrier(qtype, carry, (16, 32, 300, 300)[kind], 1.5)


def in_ttl(rng, origin):
    """Addresses that are always the same; the TTL says it, within what resolvers keep."""
    qtype, width = rng.choice(((A, 1), (A, 2), (TXT, 2)))

    def carry(chance, data, zone, ttl):
        return answer(*[
            (qtype, int.from_bytes(part, "big"), bytes((*FIXED_ADDRESS[:3], turn + 1))
             if qtype == A else strings(b"ok%d" % turn))
            for turn, part in enumerate(parts_of(data, width))])
    return Carrier(qtype, carry, width * rng.choice((1, 1, 4)), 16 / width)


def additional(rng, origin):
    """An answer as others, and the data behind it."""
    inside = rng.choice((texts, addresses(A, (nothing,)), raw((NULL,))))(rng, origin)

    def carry(chance, data, zone, ttl):
        behind = inside.carry(chance, data, zone, ttl).records
        return Answer(NO_ERROR, [(A, ttl, bytes(FIXED_ADDRESS))], None, behind)
    return inside._replace(qtype=A, carry=carry)


def in_option(rng, origin):
    """An EDNS option; it takes a client that speaks with its server itself."""
    code = rng.choice((65001, 65001, 65313, 12, 5))

    def carry(chance, data, zone, ttl):
        return Answer(NO_ERROR, [(A, ttl, bytes(FIXED_ADDRESS))], None, (),
                      struct.pack(">HH", code, len(data)) + data)
    return Carrier(A, carry, rng.choice((60, 200, 400)), 1)


def naming(rng, origin):
    """No such name; the SOA of the answer says more."""
    size = rng.choice((30, 60))

    def carry(chance, data, zone, ttl):
        told = labels(base32(data or chance.randbytes(3)), 60)
        return negative(ttl, rcode, told)
    rcode = rng.choice((NAME_ERROR, NO_ERROR))
    return Carrier(rng.choice((A, AAAA, TXT)), carry, size, 1.8)


CARRIERS = {
    **{name: common(name) for name in REPLIES if REPLIES[name][2]},
    "A raw": addresses(A, (nothing,)), "A prefix": addresses(A, (prefix4,)),
    "AAAA raw": addresses(AAAA, (nothing,)), "AAAA prefix": addresses(AAAA, (prefix6,)),
    "TXT own": texts, "CNAME own": hosts(CNAME),
    "A CNAME": asked_as(A, hosts(CNAME)), "AAAA CNAME": asked_as(AAAA, hosts(CNAME)),
    "MX own": hosts(records.MX, preference, True),
    "SRV own": hosts(records.SRV, service_head, True),
    "NS": hosts(records.NS, many=True), "PTR": hosts(records.PTR, many=True),
    "DNAME": hosts(records.DNAME), "SRV fields": service_fields, "SOA own": authority,
    "NULL own": raw((NULL,)), "private": raw(records.PRIVATE), "unassigned": raw((262, 1000, 4242)),
    "CAA": written(records.CAA, lambda told, zone: records.caa(b"issue", told)),
    "SSHFP": digests(records.SSHFP, b"\4\2", 32), "TLSA": digests(records.TLSA, b"\3\1\1", 32),
    "DS": digests(records.DS, b"\x4f\x66\x0d\2", 32), "keys": keys, "RRSIG": signatures,
    "NAPTR": rules, "URI": written(records.URI, lambda told, zone: b"\0\x0a\0\1https://c/" + told),
    "HINFO": written(records.HINFO, lambda told, zone: records.text(told[:240]) +
                     records.text(b"linux")),
    "services": services, "TTL": in_ttl, "additional": additional, "option": in_option,
    "negative": naming}


# Answers that carry nothing, to query number `count`, which brought `size` bytes.

def constant(rng, qtype, ttl, count, size):
    """One record that is always the same, where the type has a simple one."""
    if qtype == A:
        return answer((A, ttl, bytes(FIXED_ADDRESS)))
    if qtype == AAAA:
        return answer((AAAA, ttl, bytes.fromhex("20010db8") + bytes(11) + b"\1"))
    if qtype == TXT:
        return answer((TXT, ttl, strings(b"OK")))
    return negative(ttl, NO_ERROR)


def echo(rng, qtype, ttl, count, size):
    """The number of the query, or how much came."""
    if qtype == A:
        return answer((A, ttl, struct.pack(">HH", 0x0a00 | size & 255, count & 0xFFFF)))
    if qtype == TXT:
        return answer((TXT, ttl, strings(str(count).encode())))
    return constant(rng, qtype, ttl, count, size)


def plausible(rng, qtype, ttl, count, size):
    """An address as of any host."""
    return answer(*address_records(rng, qtype, 1, ttl)) if qtype in (A, AAAA) else \
        negative(ttl, NO_ERROR)


EMPTY = {"NXDOMAIN": lambda rng, qtype, ttl, count, size: negative(ttl),
         "NODATA": lambda rng, qtype, ttl, count, size: negative(ttl, NO_ERROR),
         "constant": constant, "echo": echo, "plausible": plausible,
         "SERVFAIL": lambda rng, qtype, ttl, count, size: failure()}
