# SPDX-License-Identifier: BSD-3-Clause
"""Emulated tunnel tools: what their names, types, answers and rhythms look like.

Each follows what is published of its protocol: field order, encoding, label lengths, types, TTL,
EDNS, constant fields, polls. What a session would encrypt is random. Where nothing is published
(waits, sizes of some headers) a plausible value stands; no emulator talks to the real tool.
"""
import base64
import zlib

import coding
from coding import BASE36, base32, base36, base58, base64url, capacity, hexadecimal, labels
from dnstext import AAAA, A, CNAME, TXT, encode, opt, strings
from records import MX
from stage import address_records, answer, negative
from tunnels import Ask, Tool


def room(zone):
    """Characters in front of the origin, without the dot between."""
    return coding.NAME_ROOM - len(zone.origin) - 1


class Dnscat2(Tool):
    """Hexadecimal; behind two random bytes a type and a constant session."""

    title, poll, window = "dnscat2 (emulated)", (1.0, 1.0), 2
    variants, direct = ("A only", "AAAA only", "TXT only", "direct"), ("direct",)
    HEAD = 17  # packet id, type, session, signature, nonce, sequence numbers
    SYN, MSG, ENC = 0, 1, 3

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.session = rng.randbytes(2)
        self.types = {"A only": [A], "AAAA only": [AAAA], "TXT only": [TXT]}.get(
            setup, [TXT, CNAME, MX])
        if setup == "direct":
            self.server = bytes(map(int, zone.domain.split()[1].split(".")))
        self.up_room = max(8, capacity(room(zone) - 7 * (not zone.origin), 2, 60) - self.HEAD)
        self.down_room = {A: 30, AAAA: 45, TXT: 100}.get(self.types[0], 60) \
            if len(self.types) == 1 else 75

    def _packet(self, kind, size, data=b""):
        body = self.rng.randbytes(size) + data
        return self.rng.randbytes(2) + bytes((kind,)) + self.session + body

    def _name(self, packet):
        text = labels(packet.hex(), 60)
        return f"{text}.{self.zone.origin}" if self.zone.origin else f"dnscat.{text}"

    def _ask(self, kind, size, up, back, down):
        qtype, packet = self.rng.choice(self.types), self._packet(kind, back, down)
        if qtype == TXT:
            records = [(TXT, 60, strings(packet.hex().encode()))]
        elif qtype in (A, AAAA):
            carry = coding.by_address(qtype, 4 if qtype == A else 16)
            records = carry(self.rng, packet, "", 60).records
        else:
            text = encode(self._name(packet))
            records = [(qtype, 60, text if qtype == CNAME else b"\0\x0a" + text)]
        return Ask(self._name(self._packet(kind, size, up)), qtype, answer(*records), b"")

    def hello(self):
        return [self._ask(self.ENC, 68, b"", 68, b""), self._ask(self.ENC, 36, b"", 36, b""),
                self._ask(self.SYN, 16, b"", 12, b"")]

    def turn(self, up, down):
        return [self._ask(self.MSG, self.HEAD - 5, up, self.HEAD - 5, down)]


class Dnstt(Tool):
    """Base32 of a constant client, padding and packets; always TXT."""

    title, poll, window, edns = "dnstt (emulated)", (0.5, 10.0), 16, opt(4096)
    variants = ("SlipNet",)
    OVERHEAD = 42  # of KCP and Noise
    down_room = 900

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.client, self.slipnet = rng.randbytes(8), setup == "SlipNet"
        if self.slipnet:
            self.poll = 1.0, 1.0
        self.up_room = capacity(room(zone), 1.6, 63) - 13 - self.OVERHEAD

    def _ask(self, up, down):
        padding = 8 if not up else 0 if self.slipnet else 3
        data = self.client + bytes((0xe0 + padding,)) + self.rng.randbytes(padding)
        if up:
            data += bytes((len(up),)) + up
        back = len(down).to_bytes(2, "big") + down if down else b""
        return Ask(f"{labels(base32(data), 63)}.{self.zone.origin}", TXT,
                   answer((TXT, 60, strings(back) or b"\0")), self.edns)

    def turn(self, up, down):
        rng = self.rng
        if up:
            up = rng.randbytes(self.OVERHEAD) + up
        asks = [self._ask(up, rng.randbytes(self.OVERHEAD) + down if down else b"")]
        if down:
            asks.append(self._ask(rng.randbytes(24), b""))  # what arrived is acknowledged
        return asks


class Slipstream(Tool):
    """QUIC packets in Base32, a dot every 57 characters; nothing to say is NXDOMAIN."""

    title, poll, window, edns = "slipstream (emulated)", (0.5, 10.0), 16, opt(1232)
    variants = ("upper case",)
    HEAD = 25  # of a QUIC packet, with its tag
    down_room = 900

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.connection = rng.randbytes(8)
        self.up_room = capacity(room(zone), 1.6, 57) - self.HEAD - 9

    def turn(self, up, down):
        rng = self.rng
        packet = bytes((0x40 | rng.getrandbits(5),)) + self.connection \
            + rng.randbytes(self.HEAD) + up
        text = labels(base32(packet), 57, from_right=True)
        if self.setup == "upper case":
            text = text.upper()
        back = rng.randbytes(self.HEAD) + down if down else b""
        reply = answer((TXT, 60, strings(back))) if back else negative(60)
        return [Ask(f"{text}.{self.zone.origin}", TXT, reply, self.edns)]


class DnsExfiltrator(Tool):
    """A file in numbered chunks; the answers only say that they came."""

    title, poll, upload_only, one_socket = "dnsexfiltrator (emulated)", (0.0, 0.0), True, False
    variants = ("base64", "short labels")

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.encoder = base64url if setup == "base64" else base32
        self.size, space = (10, 30) if setup == "short labels" else (63, room(zone) - 8)
        self.up_room = capacity(space, 4 / 3 if setup == "base64" else 1.6, self.size)
        self.number = 0

    def hello(self):
        kind = "BASE64" if self.setup == "base64" else "BASE32"
        text = base32(f"report{self.rng.randrange(99)}.zip|{self.rng.randrange(20, 4000)}".encode())
        return [Ask(f"init.{labels(text.upper(), 63)}.{kind}.{self.zone.origin}", TXT,
                    answer((TXT, 1, strings(b"OK"))), b"")]

    def turn(self, up, down):
        text = self.encoder(up)
        text = labels(text if self.setup == "base64" else text.upper(), self.size)
        name = f"{self.number}.{text}"
        reply = answer((TXT, 1, strings(str(self.number).encode())))
        self.number += 1
        return [Ask(f"{name}.{self.zone.origin}", TXT, reply, b"")]


class Ozyman(Tool):
    """Down by TXT, up by A; a random number in each name."""

    title, poll, up_room, down_room = "ozymandns (emulated)", (0.5, 5.0), 110, 150

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.id, self.offset = rng.randrange(10000, 65536), 0
        self.up_room = capacity(room(zone) - 34, 1.6, 63)

    def turn(self, up, down):
        rng, asks, tail = self.rng, [], f"sshdns.{self.zone.origin}"
        if up:
            asks.append(Ask(f"{labels(base32(up), 63)}.{rng.randrange(65536)}-0.id-{self.id}.up."
                            f"{tail}", A, answer((A, 0, b"\1\2\3" + bytes((len(up) & 255,)))), b""))
        if down or not up:
            text = base64.b64encode(down) or b"\0"
            asks.append(Ask(f"{self.offset}-{rng.randrange(65536)}.id-{self.id}.down.{tail}", TXT,
                            answer((TXT, 0, strings(text))), b""))
            self.offset += len(down)
        return asks


class Godoh(Tool):
    """A TXT beacon, then seven fields in names for A, answered by 1.1.1.1."""

    title, poll, sleeps, one_socket = "godoh (emulated)", (10.0, 10.0), True, False
    NOTHING, COMMAND, QUIT = "v=B2B3FE1C", "v=A9F466E8", "v=D31CFAA4"
    down_room = 120

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.agent = hexadecimal(rng.randbytes(5))
        self.up_room = max(20, min(90, capacity(room(zone) - 34, 2, 60)))

    def _data(self, stream, kind, sequence, part):
        text = [part.hex()[at:at + 60] for at in range(0, 2 * len(part), 60)]
        fields = [stream, kind, f"{sequence:x}", f"{zlib.crc32(part):x}", "1", f"{len(text):x}"]
        return Ask(".".join(fields + text + ["0"] * (3 - len(text)) + [self.zone.origin]), A,
                   answer((A, 1, b"\1\1\1\1")), b"")

    def turn(self, up, down):
        says = f"{self.COMMAND},p={base64url(down)}" if down else self.NOTHING
        asks = [Ask(f"{self.agent}.{self.zone.origin}", TXT,
                    answer((TXT, 0, strings(says.encode()))), b"")]
        if up:
            stream = hexadecimal(self.rng.randbytes(2))
            asks += [self._data(stream, "be", 0, b"\0"), self._data(stream, "ef", 1, up),
                     self._data(stream, "ca", 2, b"\0")]
        return asks


class CobaltStrike(Tool):
    """A beacon that sleeps: check-ins by A, tasks by TXT, A or AAAA, output in names for A."""

    title, poll, sleeps, one_socket = "cobaltstrike (emulated)", (60.0, 60.0), True, False
    variants = ("A only", "AAAA only", "staged")
    IDLE, TASK = b"\0\0\0\0", b"\0\0\0\xf1"

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.beacon = f"{rng.getrandbits(31):08x}"
        self.kind = {"A only": A, "AAAA only": AAAA}.get(setup, TXT)
        self.down_room = {A: 4, AAAA: 16, TXT: 180}[self.kind] * (1 if self.kind == TXT else 8)
        self.up_room = capacity(min(150, room(zone) - 26), 2, 56)

    def hello(self):
        if self.setup != "staged":
            return []
        number, asks = self.rng.randrange(10**6, 10**8), []
        for turn in range(20):
            head = "".join(chr(ord("a") + turn // 26 ** place % 26) for place in range(3))
            text = base64.b64encode(self.rng.randbytes(190))[:255]
            asks.append(Ask(f"{head}.stage.{number}.{self.zone.origin}", TXT,
                            answer((TXT, 1, strings(text))), b""))
        return asks

    def _read(self, down):
        head = {A: "cdn", AAAA: "www6", TXT: "api"}[self.kind]
        width = {A: 4, AAAA: 16, TXT: len(down) or 1}[self.kind]
        task = f"{self.rng.getrandbits(28):x}"
        for turn, at in enumerate(range(0, len(down), width)):
            part = down[at:at + width].ljust(width, b"\0")
            data = strings(base64.b64encode(part)) if self.kind == TXT else part
            yield Ask(f"{head}.{turn:x}{task}.{self.beacon}.{self.zone.origin}", self.kind,
                      answer((self.kind, 1, data)), b"")

    def turn(self, up, down):
        asks = [Ask(f"{self.beacon}.{self.zone.origin}", A,
                    answer((A, 1, self.TASK if down else self.IDLE)), b"")]
        asks += self._read(down)
        if up:
            parts = [up.hex()[at:at + 56] for at in range(0, 2 * len(up), 56)]
            asks.append(Ask(f"post.{len(parts)}{'.'.join(parts)}.{self.rng.getrandbits(28):x}."
                            f"{self.beacon}.{self.zone.origin}", A,
                            answer((A, 1, self.IDLE)), b""))
        return asks


class Sliver(Tool):
    """Protobuf in Base58 or Base32: TXT to begin and to read, A to send; sleeps."""

    title, poll, sleeps, one_socket = "sliver (emulated)", (30.0, 30.0), True, False
    variants, down_room = ("base32",), 150

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.session, self.count = rng.randbytes(3), 0
        self.up_room = capacity(room(zone), 1.6, 63) - 12

    def _name(self, kind, data):
        self.count += 1
        packet = b"\x08" + bytes((kind,)) + b"\x10" + self.session \
            + self.count.to_bytes(3, "big") + data
        text = base32(packet) if self.setup == "base32" else base58(packet)
        return f"{labels(text, 63)}.{self.zone.origin}"

    def hello(self):
        return [Ask(self._name(1, self.rng.randbytes(20)), TXT,
                    answer((TXT, 0, strings(base64.b64encode(self.rng.randbytes(12))))), b"")]

    def turn(self, up, down):
        rng = self.rng
        back = base64.b64encode(b"\x08\3" + rng.randbytes(8) + down)
        asks = [Ask(self._name(3, rng.randbytes(4)), TXT, answer((TXT, 0, strings(back))), b"")]
        if up:
            asks.append(Ask(self._name(4, up), A, answer((A, 0, rng.randbytes(4))), b""))
        return asks


class Dnspot(Tool):
    """Base36, asked as A, answered by CNAME; a beacon every ten seconds."""

    title, poll, sleeps, one_socket = "dnspot (emulated)", (10.0, 10.0), True, False

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.up_room = self.down_room = min(50, capacity(room(zone), 1.6, 60) - 20)

    def turn(self, up, down):
        sealed = self.rng.randbytes(16)
        back = encode(f"{labels(base36(sealed + down), 60)}.{self.zone.origin}")
        return [Ask(f"{labels(base36(self.rng.randbytes(16) + up), 60)}.{self.zone.origin}", A,
                    answer((CNAME, 1, back)), b"")]


class DnsShell(Tool):
    """A counter and Base64 in TXT; nothing to do is NoCMD."""

    title, poll, sleeps, one_socket = "dns-shell (emulated)", (5.0, 5.0), True, False
    down_room = 150

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.up_room, self.count = capacity(min(120, room(zone) - 10), 2, 60), 0

    def turn(self, up, down):
        text = base64.b64encode(down) or b"NoCMD"
        self.count += 1
        asks = [Ask(f"{self.count}.{self.zone.origin}", TXT, answer((TXT, 0, strings(text))), b"")]
        if up:
            end = f"{self.rng.getrandbits(24):06x}.END.{self.zone.origin}"
            asks += [Ask(f"{labels(up.hex(), 60)}.{self.zone.origin}", TXT,
                         answer((TXT, 0, strings(b"OK"))), b""),
                     Ask(end, TXT, answer((TXT, 0, strings(b"OK"))), b"")]
        return asks


class Saitama(Tool):
    """Long sleeps, short names of an alphabet of its own, answers in addresses only."""

    title, poll, sleeps, one_socket = "saitama (emulated)", (40.0, 1800.0), True, False

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.alphabet = "".join(rng.sample(BASE36, 36))
        self.up_room, self.down_room, self.count = 12, 16, rng.randrange(1000)

    def turn(self, up, down):
        asks = []
        for at in range(0, max(1, len(down)), 4):
            self.count += 1
            data = self.count.to_bytes(2, "big") + (up if at == 0 else b"")
            reply = down[at:at + 4].ljust(4, b"\0") if down else \
                address_records(self.rng, A)[0][2]
            asks.append(Ask(f"{coding.radix(data + self.rng.randbytes(1), self.alphabet)}."
                            f"{self.zone.origin}", A, answer((A, 60, reply)), b""))
        return asks


class Tuns(Tool):
    """Base32 in names, CNAME only."""

    title, poll, window = "tuns (emulated)", (0.5, 4.0), 4

    def __init__(self, rng, zone, setup):
        super().__init__(rng, zone, setup)
        self.up_room = self.down_room = capacity(room(zone), 1.6, 63) - 3

    def turn(self, up, down):
        names = [f"{labels(base32(self.rng.randbytes(3) + data), 63)}.{self.zone.origin}"
                 for data in (up, down)]
        return [Ask(names[0], CNAME, answer((CNAME, 1, encode(names[1]))), b"")]


TOOLS = {"dnscat2": Dnscat2, "dnstt": Dnstt, "slipstream": Slipstream,
         "dnsexfiltrator": DnsExfiltrator, "ozymandns": Ozyman, "godoh": Godoh,
         "cobaltstrike": CobaltStrike, "sliver": Sliver, "dnspot": Dnspot, "dns-shell": DnsShell,
         "saitama": Saitama, "tuns": Tuns}
