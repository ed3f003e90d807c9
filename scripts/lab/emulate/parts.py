# SPDX-License-Identifier: BSD-3-Clause
"""What the varying part of a benign name is made of: hashes, addresses, hosts, counters, codes.

PARTS has functions of two generators of chance: `habit`, which draws what all subscribers of a
service have in common, and `rng` for the texts of one of them. Each returns a function of the time
in seconds that makes the next text, which may hold dots.
"""
import base64
import string

import coding
from baits import ALNUM, LOWER, hexadecimal, text
from coding import BASE58, WORDS
from lookups import guid, public_address
from surf import CODES, HOSTS
from zones import NOUNS, invent_domain

SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
REGIONS = ("eu-west-1 eu-central-1 us-east-1 us-west-2 ap-south-1 westeurope eastus2 emea apac na "
           "eu us ap uk de fr jp").split()
BASE32HEX = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghijklmnopqrstuv")


def written(habit):
    """A way to write octets."""
    name = habit.choice(("hex", "hex", "hex", "base32", "base32", "base32hex", "base36",
                         "base64url", "decimal", "base58"))
    spell = {"hex": bytes.hex, "base32": coding.base32, "base36": coding.base36,
             "base32hex": lambda data: coding.base32(data).translate(BASE32HEX),
             "base64url": coding.base64url, "decimal": lambda data:
                 str(int.from_bytes(data, "big")), "base58": coding.base58}[name]
    if habit.random() < 0.15:
        return lambda data: spell(data).upper()
    return spell


def digest(habit, rng):
    """A hash of a file, an address or a URL, whole or cut."""
    spell = written(habit)
    size = habit.choice((4, 5, 8, 10, 12, 16, 16, 20, 20, 24, 28, 32, 32, 48, 64))
    keep = habit.choice((None, None, None, 8, 12, 16, 20, 26, 32, 40))
    return lambda at: spell(rng.randbytes(size))[:keep]


def identifier(habit, rng):
    """A GUID with hyphens or without, in upper case at times."""
    bare, upper = habit.random() < 0.4, habit.random() < 0.15

    def make(at):
        name = guid(rng).replace("-", "") if bare else guid(rng)
        return name.upper() if upper else name
    return make


def network(habit, rng):
    """Addresses as a subscriber meets them: of everywhere, of some networks, or one by one."""
    kept, sweep = habit.choice((0, 0, 0, 1, 2, 3)), habit.random() < 0.15
    some = [public_address(rng) for _ in range(habit.randrange(1, 40))]
    state = [int.from_bytes(bytes(some[0]), "big")]

    def make():
        if sweep:
            state[0] = state[0] + 1 & 0xFFFFFFFF
            return list(state[0].to_bytes(4, "big"))
        return rng.choice(some)[:kept] + public_address(rng)[kept:]
    return make


def address4(habit, rng):
    """Reversed or not, with dots or hyphens, padded, or as one number."""
    draw = network(habit, rng)
    shape = habit.choice((
        lambda a: ".".join(map(str, a[::-1])), lambda a: ".".join(map(str, a[::-1])),
        lambda a: ".".join(map(str, a)), lambda a: "-".join(map(str, a)),
        lambda a: "-".join(map(str, a[::-1])), lambda a: bytes(a).hex(),
        lambda a: "-".join(f"{octet:03d}" for octet in a),
        lambda a: str(int.from_bytes(bytes(a), "big")), lambda a: "x".join(map(str, a))))
    head = habit.choice(("", "", "", "ip", "ip-", "host-", "h", "ec2-", "u"))
    return lambda at: head + shape(draw())


def reverse(habit, rng):
    """The last three octets of an address, as in-addr.arpa has them."""
    draw = network(habit, rng)
    return lambda at: ".".join(map(str, draw()[:0:-1]))


def address6(habit, rng):
    """Nibbles, hyphens, hexadecimal or Base32."""
    prefix = bytes.fromhex(habit.choice(("2a02", "2001", "2600", "2a000000")))
    short = habit.random() < 0.3
    shape = habit.choice((
        lambda a: ".".join(a.hex()[::-1]), lambda a: ".".join(a.hex()[::-1]), bytes.hex,
        lambda a: "-".join(a.hex()[at:at + 4].lstrip("0") or "0" for at in range(0, 32, 4)),
        coding.base32))
    return lambda at: shape((prefix + rng.randbytes(4) + bytes(6) + rng.randbytes(8))[:8]
                            + (bytes(7) + rng.randbytes(1) if short else rng.randbytes(8)))


def site(rng):
    return f"{rng.choice(HOSTS)}.{invent_domain(rng)}" if rng.random() < 0.6 else \
        invent_domain(rng)


def host(habit, rng):
    """A host's or a domain's name as it is, or in one label."""
    shape = habit.choice((str, str, lambda name: name.replace(".", "-"),
                          lambda name: name.replace(".", "_"), lambda name: name.split(".")[0]))
    bare = habit.random() < 0.5
    return lambda at: shape(invent_domain(rng) if bare else site(rng))


def coded_host(habit, rng):
    """A host or a URL in Base32 or another code, as proxies and filters have it."""
    spell = written(habit)
    path = habit.choice((0, 0, 4, 12, 30))
    return lambda at: spell((site(rng) + "/" * bool(path)).encode()
                            + text(rng, ALNUM, rng.randrange(path + 1)).encode())


def words(habit, rng):
    """Words, pairs, with a number at times."""
    count, joint = habit.choice((1, 2, 2, 3)), habit.choice(("-", "-", "", "_"))
    tail = habit.choice((0, 0, 10, 1000, 100000))

    def make(at):
        name = joint.join(rng.choice(WORDS) for _ in range(count))
        return f"{name}{joint}{rng.randrange(tail)}" if tail else name
    return make


def people(habit, rng):
    """Users, shops, companies: what people call themselves."""
    kind = habit.randrange(3)

    def make(at):
        name = "".join(rng.choice(SYLLABLES) for _ in range(rng.randrange(2, 5)))
        if kind == 0:
            return name + (str(rng.randrange(1950, 2015)) if rng.random() < 0.3 else "")
        if kind == 1:
            return f"{name}-{rng.choice(NOUNS)}"
        return f"{rng.choice(SYLLABLES)[0]}{rng.choice(('.', '-', ''))}{name}"
    return make


def counter(habit, rng):
    """One more each time, in decimal or hexadecimal, padded or not."""
    width, form = habit.choice((1, 1, 4, 6, 8, 10)), habit.choice(("d", "d", "x"))
    step, state = habit.choice((1, 1, 1, 2, 10)), [rng.randrange(10 ** habit.randrange(1, 9))]

    def make(at):
        state[0] += step
        return f"{state[0]:0{width}{form}}"
    return make


def clock(habit, rng):
    """The time: in seconds, less or more; in decimal, hexadecimal or as a date."""
    unit, form = habit.choice((1, 1, 1000, 1000, 10 ** 6, 1 / 60)), habit.choice(("d", "d", "x"))
    return lambda at: f"{int(at * unit):{form}}"


def number(habit, rng):
    most = 10 ** habit.randrange(2, 13)
    return lambda at: str(rng.randrange(most))


def code(habit, rng):
    """Two to ten characters."""
    alphabet = habit.choice((ALNUM, ALNUM, LOWER, "0123456789abcdef", string.ascii_letters
                             + string.digits, "bcdfghjkmnpqrstvwxz", string.ascii_uppercase))
    low = habit.randrange(2, 9)
    high = low + habit.choice((0, 0, 2))
    return lambda at: text(rng, alphabet, rng.randint(low, high))


def serial(habit, rng):
    """Of devices: a maker's letters and a number, or a MAC address; a subscriber sees some."""
    maker, few = text(habit, string.ascii_uppercase, habit.randrange(2, 5)), habit.random() < 0.3
    kind = habit.randrange(4)

    def new():
        if kind == 0:
            return f"{maker}{rng.randrange(10 ** 9):09d}"
        if kind == 1:
            return f"{maker}{text(rng, ALNUM, 10)}".upper()
        mac = "00" + maker.encode().hex()[:4] + hexadecimal(rng, 6)
        return "-".join(mac[at:at + 2] for at in range(0, 12, 2)) if kind == 2 else mac
    own = [new() for _ in range(rng.randrange(1, 20))]
    return lambda at: rng.choice(own) if few else new()


def blob(habit, rng):
    """Telemetry: 30 to 200 characters that report something, some of it always the same."""
    spell = written(habit)
    low = habit.randrange(18, 90)
    high = low + habit.choice((0, 0, 8, 40))
    record, count, head = habit.random() < 0.5, [rng.randrange(1000)], rng.randbytes(
        habit.randrange(4, 14))
    field = habit.choice((b"\x0a\x08", b"{\"t\":", b"v1|", b"\x08\x01\x12"))

    def make(at):
        size = rng.randint(low, high)
        count[0] += 1
        if not record:
            return spell(rng.randbytes(size))
        body = field + head + int(at).to_bytes(5, "big") + count[0].to_bytes(3, "big")
        while len(body) < size:
            body += bytes((len(body) & 0x7F, 0)) + rng.randrange(5000).to_bytes(2, "little")
        return spell(body[:size])
    return make


def version(habit, rng):
    """Of a program, of which there are some."""
    joint, count = habit.choice((".", "-", "_")), habit.randrange(2, 5)
    head, some = habit.choice(("", "v", "r")), habit.choice((2, 10, 200))
    kept = [head + joint.join(str(habit.choice((0, 1, 2, 10, 24, habit.randrange(3000))))
                              for _ in range(count)) for _ in range(some)]
    return lambda at: rng.choice(kept)


def place(habit, rng):
    """Where a server is: fra12, sn-4g5e7n, lhr48s12, eu-west-1b."""
    kind = habit.randrange(4)
    tail = text(habit, "elnzr67", 6)

    def make(at):
        if kind == 0:
            return f"{rng.choice(CODES)}{rng.randrange(1, 60)}"
        if kind == 1:
            return f"sn-{text(rng, ALNUM, 4)}{text(rng, tail, 3)}"
        if kind == 2:
            return f"{rng.choice(CODES)}{rng.randrange(60):02d}s{rng.randrange(64):02d}"
        return f"{rng.choice(REGIONS)}{rng.choice('abc')}"
    return make


def telephone(habit, rng):
    """A number's digits from behind, as ENUM has them."""
    head = str(habit.randrange(10, 99))
    return lambda at: ".".join((head + str(rng.randrange(10 ** 8, 10 ** 10)))[::-1])


def ledger(habit, rng):
    """Accounts and contents of block chains and of shared file systems."""
    kind = habit.randrange(3)

    def make(at):
        if kind == 0:
            return "0x" + hexadecimal(rng, 40)
        if kind == 1:
            return "bafybei" + coding.base32(rng.randbytes(32))
        return text(rng, BASE58, 44)
    return make


def token(habit, rng):
    """Base64 of something short, as in links of mails."""
    size = habit.randrange(6, 40)
    return lambda at: base64.urlsafe_b64encode(rng.randbytes(size)).decode().strip("=-")


# (function, how often)
PARTS = {"hash": (digest, 4), "guid": (identifier, 2), "ipv4": (address4, 3), "ipv6": (address6, 1),
         "host": (host, 3), "coded host": (coded_host, 2), "words": (words, 2),
         "people": (people, 2), "counter": (counter, 1.5), "clock": (clock, 1.5),
         "number": (number, 1.5), "code": (code, 3), "serial": (serial, 2), "blob": (blob, 3),
         "version": (version, 1), "place": (place, 2), "telephone": (telephone, 0.4),
         "ledger": (ledger, 0.7), "token": (token, 1.5), "reverse": (reverse, 0)}
TREES = {"in-addr.arpa": "reverse", "e164.arpa": "telephone"}  # what standards ask for
MINOR = "version", "place"  # of which there are few: they never stand alone
LONG = "coded host", "blob", "ledger", "ipv6"  # of which a name has one at most
TIMELY = "counter", "clock"  # never the same again
CUT = "coded host", "blob", "hash", "token"  # into labels of any size


def some_parts(habit):
    """The names of the parts that a service's names are made of: one to four."""
    names, weights = list(PARTS), [weight for _, weight in PARTS.values()]
    count, found = habit.choice((1, 1, 1, 1, 1, 2, 2, 2, 3, 4)), []
    while len(found) < count or set(found) <= set(MINOR):
        name = habit.choices(names, weights)[0]
        if name not in found and not (name in LONG and set(found) & set(LONG)):
            found.append(name)
    habit.shuffle(found)
    return found


def constant(habit, rng):
    """A label that stays: a service's words, a region, a version, or a licence of each customer."""
    kind = habit.randrange(6)
    if kind == 0:
        return habit.choice(HOSTS)
    if kind == 1:
        return habit.choice(REGIONS)
    if kind == 2:
        return f"v{habit.randrange(1, 20)}"
    if kind == 3:
        return f"{habit.choice(WORDS)}{habit.choice(('', '-' + habit.choice(WORDS)))}"
    if kind == 4:
        return text(rng, habit.choice((ALNUM, "0123456789abcdef", "0123456789")),
                    habit.choice((2, 4, 8, 12, 16, 20, 32, 40)))
    return f"{habit.choice('abcdefgs')}{habit.randrange(10)}"
