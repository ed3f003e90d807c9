# SPDX-License-Identifier: BSD-3-Clause
"""Encodings of names with a choice in them: alphabets, separators, codebooks, shapes of host names.

SPELLINGS has functions of a generator of chance; each makes a Spelling, the same for all names of a
tunnel. They are made for their looks: nothing here reads them back.
"""
import base64
import collections
import string

import coding
from coding import WORDS

# `spell` makes text of bytes, of `per_byte` characters for each at most, and may put dots into it.
# `sensitive`: upper and lower case are not the same.
Spelling = collections.namedtuple("Spelling", "spell per_byte sensitive")
ALNUM = string.ascii_lowercase + string.digits
# What may stand in a name and is neither a letter, a digit nor a hyphen, and harms no table.
SYMBOLS = "_+/=!#$%&()*,:;<>?@[]^`{|}~"
HIGH = "".join(map(chr, range(0xbc, 0xfe)))


def plain(name):
    """One of coding.ENCODINGS."""
    spell, per_byte = coding.ENCODINGS[name]
    return lambda rng: Spelling(spell, per_byte, name in ("base58", "base64"))


def hexadecimal(rng):
    """Upper or lower case, or mixed."""
    casing = rng.choice((str.upper, str.upper, str.lower, str.title))
    return Spelling(lambda data: casing(data.hex()), 2, False)


def separated(rng):
    """Octets apart: de-ad-be-ef, dead_beef, 0xde0xad, 222-173."""
    mark, count = rng.choice(("-", "-", "_", "0x", ".")), rng.choice((1, 1, 2, 4))
    if rng.random() < 0.3 and mark in "-._":
        return Spelling(lambda data: mark.join(map(str, data)), 4, False)
    return Spelling(lambda data: mark.join(data[at:at + count].hex()
                                           for at in range(0, len(data), count)),
                    2 + len(mark) / count, False)


def translated(data, standard, own):
    """Base32 or Base64 with another alphabet."""
    text = base64.b32encode(data) if len(standard) == 32 else base64.b64encode(data)
    return text.decode().rstrip("=").translate(str.maketrans(standard, own))


BASE32 = string.ascii_uppercase + "234567"
BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
ALPHABETS32 = ("0123456789abcdefghijklmnopqrstuv", "ybndrfg8ejkmcpqxot1uwisza345h769",
               "0123456789abcdefghjkmnpqrstvwxyz", "abcdefghijklmnopqrstuvwxyz012345")


def other_base32(rng):
    """Extended hexadecimal, or of others; upper case at times."""
    own = rng.choice(ALPHABETS32) if rng.random() < 0.6 else "".join(rng.sample(ALNUM, 32))
    own = own.upper() if rng.random() < 0.3 else own
    return Spelling(lambda data: translated(data, BASE32, own), 1.6, False)


def upper_base32(rng):
    return Spelling(lambda data: coding.base32(data).upper(), 1.6, False)


def other_base64(rng):
    """With the usual alphabet or a shuffled one, and any two symbols."""
    letters = BASE64[:62] if rng.random() < 0.7 else "".join(rng.sample(BASE64[:62], 62))
    own = letters + rng.choice(("+/", "-_", "-+", "_=", "-/", "".join(rng.sample(SYMBOLS, 2))))
    pad = rng.random() < 0.15

    def spell(data):
        text = translated(data, BASE64, own)
        return text + "=" * (-len(text) % 4) if pad else text
    return Spelling(spell, 1.4 if not pad else 1.5, True)


def counted(alphabet, per_byte, sensitive):
    """The data as one number in any base; blocks keep numbers short."""
    def make(rng):
        own = "".join(rng.sample(alphabet, len(alphabet))) if rng.random() < 0.5 else alphabet
        return Spelling(lambda data: "".join(coding.radix(data[at:at + 24], own)
                                             for at in range(0, len(data), 24)),
                        per_byte, sensitive)
    return make


def base128(rng):
    """Seven bits a character, half of them octets above 127."""
    own = (string.ascii_letters + string.digits + HIGH)[:128]
    own = "".join(rng.sample(own, 128)) if rng.random() < 0.3 else own

    def spell(data):
        bits = int.from_bytes(data, "big") << (-8 * len(data) % 7)
        size = (8 * len(data) + 6) // 7
        return "".join(own[bits >> 7 * at & 127] for at in range(size - 1, -1, -1))
    return Spelling(spell, 8 / 7 + 0.02, True)


def octets(rng):
    """As they are; what would be a dot is written in two."""
    return Spelling(lambda data: data.decode("latin-1").replace("\\", "\\\\")
                    .replace(".", "\\-"), 1.1, True)


def codebook(rng):
    """Two letters for each octet."""
    letters = rng.choice((string.ascii_lowercase, ALNUM, "abcdefghijklmnopqrst"))
    pairs = rng.sample([first + second for first in letters for second in letters], 256)
    return Spelling(lambda data: "".join(pairs[byte] for byte in data), 2, False)


def vocabulary(rng):
    """A word for each octet, joined in some way."""
    words, joint = rng.sample(WORDS, 256), rng.choice(("-", "-", "", ".", "_"))
    return Spelling(lambda data: joint.join(words[byte] for byte in data), 5.1, False)


def model():
    """Which letters follow one another in words, the most frequent first."""
    follow = {letter: collections.Counter() for letter in string.ascii_lowercase}
    for first, second in zip("".join(WORDS), "".join(WORDS)[1:]):
        follow[first][second] += 1
    return {letter: [other for other, _ in counter.most_common()] + list("aeiortns")
            for letter, counter in follow.items()}


FOLLOW = model()


def chain(rng):
    """Letters as they follow one another in words, two or three bits each."""
    bits = rng.choice((1, 2, 2, 3))
    choices = {letter: "".join(rng.sample(list(dict.fromkeys(others))[:1 << bits], 1 << bits))
               for letter, others in FOLLOW.items()}
    start = rng.choice(string.ascii_lowercase)

    def spell(data):
        number, letter, text = int.from_bytes(data, "big"), start, []
        for at in range((8 * len(data) + bits - 1) // bits):
            letter = choices[letter][number >> bits * at & (1 << bits) - 1]
            text.append(letter)
        return "".join(text)
    return Spelling(spell, 8 / bits, False)


def hosts(rng):
    """As hosts of a farm are called: a word and a number for two octets each."""
    words, mark = rng.sample(WORDS, 256), rng.choice(("-", "-", ".", ""))
    return Spelling(lambda data: mark.join(
        words[data[at]] + str(data[at + 1] if at + 1 < len(data) else "")
        for at in range(0, len(data), 2)), 4.1, False)


def shaped(*sizes, mark="-", head=""):
    """Hexadecimal in groups, as GUIDs and addresses are written."""
    def make(rng):
        def spell(data):
            text, parts = data.hex(), []
            while text:
                for size in sizes:
                    parts.append(text[:size])
                    text = text[size:]
            return head + mark.join(part for part in parts if part)
        return Spelling(spell, 2 + 2.0 * len(sizes) / sum(sizes), False)
    return make


def addresses(rng):
    """IPv4 addresses, four octets each."""
    head = rng.choice(("ip-", "ec2-", "host", "", "h-"))
    return Spelling(lambda data: ".".join(
        head + "-".join(map(str, data[at:at + 4])) for at in range(0, len(data), 4)), 5.1, False)


def digits(base):
    """Octets in a small base, all of the same width."""
    width = {2: 8, 4: 4, 8: 3, 10: 3}[base]

    def make(rng):
        own = "".join(rng.sample(ALNUM, base)) if rng.random() < 0.5 else "0123456789"[:base]
        table = ["".join(own[byte // base ** at % base] for at in range(width - 1, -1, -1))
                 for byte in range(256)]
        return Spelling(lambda data: "".join(table[byte] for byte in data), width, False)
    return make


SPELLINGS = {
    **{name: plain(name) for name in coding.ENCODINGS},
    "HEX": hexadecimal, "hex apart": separated, "BASE32": upper_base32, "base32hex": other_base32,
    "base64 own": other_base64, "base62": counted(string.ascii_letters + string.digits, 1.4, True),
    "base36 own": counted(ALNUM, 1.65, False), "base20": counted("bcdfghjkmnpqrstvwxyz", 2, False),
    "base85": counted(string.ascii_letters + string.digits + SYMBOLS[:23], 1.35, True),
    "base128": base128, "octets": octets, "codebook": codebook, "vocabulary": vocabulary,
    "chain": chain, "hosts": hosts, "guid": shaped(8, 4, 4, 4, 12),
    "ipv6": shaped(4, 4, 4, 4, 4, 4, 4, 4), "nibbles": shaped(1, mark="."),
    "addresses": addresses, "quads": digits(4), "bits": digits(2), "digits": digits(10)}
