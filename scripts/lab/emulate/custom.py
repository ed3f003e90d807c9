# SPDX-License-Identifier: BSD-3-Clause
"""Tunnels of no known tool, built to slip through: every encoding with every kind of answer."""
from coding import ENCODINGS, REPLIES, capacity, labels
from tools import room
from tunnels import RATES, Ask, Tool, add_tunnel

SHORT = 9  # bytes of a name, as tunnels have them that hide among short host names
# What a scenario's tunnels have in common, by its name: (encoding, size of labels, data in a name)
STYLES = {"custom-base32": ("base32", 60, 200), "custom-hex": ("hex", 32, 32),
          "custom-base64": ("base64", 63, 200), "custom-decimal": ("decimal", 12, 16),
          "custom-short": ("base36", 63, SHORT), "custom-syllables": ("syllables", 24, 14),
          "custom-words": ("words", 63, 6), "custom-words-long": ("words", 40, 24)}
# Set-ups whose queries change their type from one to the next.
MIXED = {"mixed": ("A", "AAAA", "TXT", "CNAME", "MX"), "A and AAAA": ("A", "AAAA"),
         "A, AAAA, HTTPS": ("A", "AAAA", "HTTPS")}
USES = "jitter", "upload", "resolvers", "domains", "browsing", "shared"


def kind_of(style, replies):
    """The class of a tunnel with an encoding of names and one or several kinds of answers."""
    encoding, size, most = STYLES[style]
    encoder, per_byte = ENCODINGS[encoding]

    class Custom(Tool):
        title, poll, window, one_socket = f"{style} (emulated)", (2.0, 30.0), 4, False
        queries = 500
        down_room = min(REPLIES[kind][2] for kind in replies)

        def __init__(self, rng, zone, setup):
            super().__init__(rng, zone, setup)
            self.up_room = min(most, capacity(room(zone), per_byte, size) - 3)
            self.count, self.ttl = rng.randrange(256), rng.choice((0, 1, 60, 300))
            self.order = rng.choice((slice(None), slice(None, None, -1)))

        def turn(self, up, down):
            """Two bytes, a counter and chance, make the name one that no cache knows; they are in
            front or at the end."""
            self.count += 1
            kind = replies[self.count % len(replies)]
            qtype, carry, _ = REPLIES[kind]
            data = b"".join([bytes((self.count & 255, self.rng.getrandbits(8))), up][self.order])
            name = f"{labels(encoder(data), size)}.{self.zone.origin}"
            return [Ask(name, qtype, carry(self.rng, down, self.zone.origin, self.ttl), self.edns)]

    return Custom


def scenario(style):
    """All kinds of answers at some rates; then all ways of use with addresses only."""
    def play(stage, rng, sites, options):
        for name, replies in [*((kind, (kind,)) for kind in REPLIES), *MIXED.items()]:
            kind = kind_of(style, replies)
            for rate in RATES if name in ("A", "AAAA", "A and AAAA", "NXDOMAIN") else (0.7, 50):
                add_tunnel(stage, rng, sites, options, kind, name, rate)
            add_tunnel(stage, rng, sites, options, kind, "quiet", 0.7, f"{name}, quiet")
        kind = kind_of(style, MIXED["A and AAAA"])
        for use in USES:
            for rate in (0.7, 50) if use != "shared" else (20,):
                add_tunnel(stage, rng, sites, options, kind, use, rate, f"A and AAAA, {use}")
    encoding, size, most = STYLES[style]
    play.__doc__ = f"No known tool: {encoding} in labels of {size}, up to {most} bytes a name."
    return play
