# SPDX-License-Identifier: BSD-3-Clause
"""How data gets into names and answers: encodings, from Base64 to words, and record types."""
import base64
import random
import struct

from dnstext import AAAA, A, CNAME, HTTPS, NULL, TXT, encode, strings
from records import MX, SRV
from stage import answer, negative

NAME_ROOM = 253
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

# At least 256 of them: one for each byte.
WORDS = """able acid aged also area army away baby back ball band bank base bath bean bear beat been
bell belt best bill bird blow blue boat body bond bone book boot born boss both bowl bulk burn bush
busy cafe cake call calm came camp card care case cash cast cell chat chip city clay club coal coat
code cold come cook cool cope copy core cost crew crop dark data date dawn days dead deal dean dear
debt deep deer desk dial diet disc disk dock door dose down draw drop drum dual duke dust duty each
earn east easy edge else even ever exit face fact fair fall farm fast fate fear feed feel feet fell
file fill film find fine fire firm fish five flag flat flow food foot ford form fort four free fuel
full fund gain game gate gave gear gift girl give glad goal goat gold golf gone good gray great grew
grey grid grow gulf hair half hall hand hang hard harm hate have head hear heat held help here hero
hide high hill hint hire hold hole holy home hope host hour huge hunt hurt idea inch iron item jazz
join jump jury just keen keep kent kept kick kind king knee knew know lack lady laid lake land lane
last late lead leaf lean left lens less lift like line link lion list live load loan lock logo long
look lord lose loss lost love luck made mail main make male mall mark mass meal meat meet""".split()
WORDS = random.Random(256).sample(WORDS, 256)  # neighbours in a dictionary begin alike


def hexadecimal(data):
    return data.hex()


def base32(data):
    return base64.b32encode(data).decode().rstrip("=").lower()


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def radix(data, alphabet):
    number, text = int.from_bytes(b"\1" + data, "big"), ""
    while number:
        number, digit = divmod(number, len(alphabet))
        text += alphabet[digit]
    return text[::-1]


def base36(data):
    return radix(data, BASE36)


def base58(data):
    return radix(data, BASE58)


def decimal(data):
    return "".join(f"{byte:03d}" for byte in data)


def syllables(data):
    """Three letters a byte, which can be spoken."""
    return "".join("bcdfghjklmnprstv"[byte >> 4] + "aeio"[byte >> 2 & 3] + "lnrs"[byte & 3]
                   for byte in data)


def words(data):
    return "-".join(WORDS[byte] for byte in data)


# (encoder, characters for a byte)
ENCODINGS = {"hex": (hexadecimal, 2.0), "base32": (base32, 1.6), "base64": (base64url, 4 / 3),
             "base36": (base36, 1.6), "base58": (base58, 1.4), "decimal": (decimal, 3.0),
             "syllables": (syllables, 3.0), "words": (words, 5.1)}


def labels(text, size, from_right=False):
    """Text with a dot behind every `size` characters; no label begins or ends with a hyphen."""
    first = len(text) % size if from_right else 0
    parts = ([text[:first]] if first else []) + \
        [text[at:at + size] for at in range(first, len(text), size)]
    return ".".join(part.strip("-") or "x" for part in parts)


def capacity(room, per_byte, size):
    """Bytes of data that fit into so many characters of labels."""
    return max(1, int(room * size / (size + 1) / per_byte) - 1)


# Answers that carry data. Each takes (rng, data, origin, ttl).

def by_address(qtype, width):
    def carry(rng, data, origin, ttl):
        parts = [data[at:at + width - 1] for at in range(0, len(data), width - 1)] or [b""]
        return answer(*[(qtype, ttl, bytes((turn + 1,)) + part
                         + rng.randbytes(width - 1 - len(part)))
                        for turn, part in enumerate(parts)])
    return carry


def by_text(rng, data, origin, ttl):
    return answer((TXT, ttl, strings(base64.b64encode(data)) or b"\0"))


def by_raw(rng, data, origin, ttl):
    return answer((NULL, ttl, data or b"\0"))


def by_name(qtype, prefix=b"", encoder=base32, size=60):
    def carry(rng, data, origin, ttl):
        text = labels(encoder(data or rng.randbytes(2)), size)
        return answer((qtype, ttl, prefix + encode(f"{text}.{origin}")))
    return carry


def by_service(rng, data, origin, ttl):
    """An HTTPS record whose ECH parameter holds it."""
    alpn = struct.pack(">HH", 1, 3) + b"\2h2"
    return answer((HTTPS, ttl, b"\0\1\0" + alpn + struct.pack(">HH", 5, len(data)) + data))


def by_nothing(rng, data, origin, ttl):
    """Data goes up only; each name does not exist."""
    return negative(ttl)


def by_responsible(rng, data, origin, ttl):
    """No such name, and the data is in the SOA that says so."""
    return negative(ttl, responsible=labels(base32(data or rng.randbytes(2)), 60))


def by_fixed_address(rng, data, origin, ttl):
    return answer((A, ttl, b"\xcb\x00\x71\x0a"))


# (query type, carrier, most bytes)
REPLIES = {
    "A": (A, by_address(A, 4), 12), "AAAA": (AAAA, by_address(AAAA, 16), 60),
    "fixed A": (A, by_fixed_address, 0), "NXDOMAIN": (A, by_nothing, 0),
    "SOA": (A, by_responsible, 60), "TXT": (TXT, by_text, 180),
    "CNAME": (CNAME, by_name(CNAME), 100), "A by CNAME": (A, by_name(CNAME), 100),
    "MX": (MX, by_name(MX, b"\0\x0a"), 100),
    "SRV": (SRV, by_name(SRV, struct.pack(">HHH", 10, 10, 443)), 100),
    "NULL": (NULL, by_raw, 400), "HTTPS": (HTTPS, by_service, 300)}
