# SPDX-License-Identifier: BSD-3-Clause
"""Types of records beyond the commonest, and what their data look like."""
import struct

from dnstext import encode

NS, PTR, HINFO, MX, KEY, SRV, NAPTR, DNAME = 2, 12, 13, 15, 25, 33, 35, 39
DS, SSHFP, RRSIG, DNSKEY, TLSA, SVCB, URI, CAA = 43, 44, 46, 48, 52, 64, 256, 257
PRIVATE = range(65280, 65535)
ALPN, IPV4_HINT, ECH, IPV6_HINT, DOH_PATH = 1, 4, 5, 6, 7


def text(data):
    """A character-string, of 255 octets at most."""
    return bytes((len(data),)) + data


def mx(host, preference=10):
    return struct.pack(">H", preference) + encode(host)


def srv(host, port, priority=10, weight=10):
    return struct.pack(">HHH", priority, weight, port) + encode(host)


def naptr(flags, kind, rule=b"", replacement="", order=10):
    return struct.pack(">HH", order, 100) + text(flags) + text(kind) + text(rule) \
        + (encode(replacement) if replacement else b"\0")


def soa(server, responsible, numbers):
    """`numbers` are five: serial, refresh, retry, expire, minimum."""
    return encode(server) + encode(responsible) + struct.pack(">IIIII", *numbers)


def caa(tag, value):
    return b"\0" + text(tag) + value


def service(params, priority=1, target=b"\0"):
    """HTTPS and SVCB; `params` are (key, value), in the order of their keys."""
    return struct.pack(">H", priority) + target + \
        b"".join(struct.pack(">HH", key, len(value)) + value for key, value in params)


def alpn(*protocols):
    return ALPN, b"".join(map(text, protocols))


def ech(key, public_name):
    """An ECH configuration list of one: all names of a provider have the same. `key` has 32
    octets."""
    body = key[:1] + struct.pack(">HH", 0x20, 32) + key + bytes.fromhex("0004") \
        + bytes.fromhex("00010001") + b"\0" + text(public_name) + b"\0\0"
    one = struct.pack(">HH", 0xfe0d, len(body)) + body
    return ECH, struct.pack(">H", len(one)) + one


def key_data(flags, algorithm, key):
    """Of DNSKEY and KEY."""
    return struct.pack(">HBB", flags, 3, algorithm) + key


def signature(covered, labels, signer, data, expires):
    """An RRSIG by ECDSA P-256; `expires` is in seconds."""
    return struct.pack(">HBBIIIH", covered, 13, labels, 300, expires, expires - 1209600,
                       sum(data[:2]) * 97 & 0xFFFF) + encode(signer) + data
