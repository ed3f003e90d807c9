# SPDX-License-Identifier: BSD-3-Clause
"""Tunnels by tools that nobody has built: everything about them is drawn."""
import math
import zlib

import coding
from carriers import CARRIERS, EMPTY
from coding import NAME_ROOM, WORDS
from dnstext import AAAA, A, CNAME, encode, opt
from spellings import SPELLINGS
from stage import MIXING_RESOLVER, NO_ERROR, RESOLVERS, SECOND, Source, address_records, \
    answer, negative, server_address
from surf import HOSTS, browse
from tunnels import Ask, Session, Tool, Use, describe_rate, invent_zone

TUNNELS = 16    # of a scenario
LEAST = 30      # queries of a tunnel, so that there is something to see
ROUND_TRIP = 0.2
TITLE = "random (emulated)"
# Bytes that each field of a header may have.
FIELDS = {"session": (1, 2, 3, 4, 8), "counter": (1, 2, 2, 4), "length": (1, 2), "type": (1,),
          "checksum": (2, 4), "nonce": (1, 2, 4, 8)}
OWN_CODES = {"hex": coding.hexadecimal, "decimal": lambda data: str(int.from_bytes(data, "big")),
             "base36": coding.base36, "base32": coding.base32}
TTLS = 0, 0, 0, 1, 3, 5, 10, 30, 60, 60, 300, 600, 3600
USUAL_SPELLINGS = "base32", "hex", "base64", "base36", "BASE32"
USUAL_REPLIES = ("A", "A raw", "A prefix", "AAAA", "AAAA raw", "AAAA prefix", "TXT", "TXT own",
                 "CNAME", "CNAME own", "A CNAME", "MX own", "SRV own", "NULL", "services")
CONSTANTS = "v1 v2 v3 t api ns dns tun data up dl c2 s x cdn img static log update mail q r".split()


def log_uniform(rng, low, high):
    return math.exp(rng.uniform(math.log(low), math.log(high)))


class Plan:
    """How a tool makes its names and its server the answers."""

    def __init__(self, rng, origin):
        self.rng = rng
        self.spelling = rng.choice(USUAL_SPELLINGS if rng.random() < 0.3 else list(SPELLINGS))
        self.spell, self.per_byte, self.sensitive = SPELLINGS[self.spelling](rng)
        self.direction = rng.choice(("interactive", "interactive", "interactive", "upload",
                                     "download", "keep-alive"))
        self.plain = rng.random() < 0.15  # not encrypted, not compressed
        self._labels()
        self._header()
        self._amount(origin)
        self._answers(origin)
        self.decoys = rng.uniform(0.05, 0.6) if rng.random() < 0.3 else 0
        self.hello = rng.randrange(1, 12) if rng.random() < 0.4 else 0
        self.hold = log_uniform(rng, 0.2, 8) * SECOND if rng.random() < 0.15 else 0
        self.sleeps = not self.hold and rng.random() < 0.15
        self.paired = rng.random() < 0.12  # asks as programs do that leave it to the system

    def _labels(self):
        rng = self.rng
        self.size = rng.choice((63, 62, 60, 57, rng.randrange(1, 64), rng.randrange(8, 64),
                                rng.randrange(2, 16)))
        self.cut = rng.choice(("left", "left", "right", "even", "random"))
        made = [rng.choice((rng.choice(CONSTANTS), rng.choice(WORDS),
                            f"{rng.getrandbits(20):x}", str(rng.randrange(1000))))
                for _ in range(rng.choice((0, 0, 0, 1, 2)))]
        self.before, self.behind = (made, []) if rng.random() < 0.4 else ([], made)

    def _header(self):
        rng = self.rng
        kinds = rng.sample(list(FIELDS), rng.choice((0, 1, 2, 2, 3, 4)))
        self.fields = [(kind, rng.choice(FIELDS[kind])) for kind in kinds]
        self.place = rng.choice(("front", "front", "front", "end", "before", "behind", "beside"))
        self.own_code = OWN_CODES[rng.choice(list(OWN_CODES))]
        # What makes a query's name another one if there is neither header nor data.
        unlike = any(kind in ("counter", "nonce") for kind, _ in self.fields)
        self.filler = rng.choice((0, 0, 4)) if unlike else rng.choice((3, 4, 8, 12, 16))

    def _amount(self, origin):
        rng = self.rng
        most, aside = self._most(origin)
        while most < 1:  # the labels are too short for the header, or it is too much
            if self.size < 63:
                self.size, self.cut = 63, "left"
            elif self.fields:
                self.fields.pop()
            else:
                self.before, self.behind = [], []
            most, aside = self._most(origin)
        self.up_room = most if rng.random() < 0.35 else int(log_uniform(rng, 1, most + 0.9))
        self.padded = rng.random() < 0.25
        self.filler = min(self.filler, most)
        self.name_size = aside + int(1.1 * self.per_byte * self.up_room)

    def _most(self, origin):
        """Bytes of data that a name has room for, and characters that are for other things."""
        least = self.size if self.cut in ("left", "right") else max(1, self.size // 2)
        head = sum(size for _, size in self.fields)
        aside = len(".".join([*self.before, *self.behind, origin]))
        if self.place not in ("front", "end"):
            aside += (3 * head + 1) * (least + 1) // least + 1
            head = 0
        most = int((NAME_ROOM - aside - 1) * least / (least + 1) / self.per_byte) - head - 2
        return most, aside + int(head * self.per_byte)

    def _answers(self, origin):
        rng = self.rng
        usual = USUAL_REPLIES if rng.random() < 0.7 else list(CARRIERS)
        self.replies = rng.sample(usual, rng.choice((1, 1, 1, 1, 2, 2, 3, 4)))
        self.carriers = [CARRIERS[name](rng, origin) for name in self.replies]
        self.by_need = len(self.carriers) > 1 and rng.random() < 0.4
        self.in_turn = rng.random() < 0.5
        self.direct = "option" in self.replies or rng.random() < 0.05
        size = rng.choice((0, 0, 512, 1220, 1232, 1232, 1410, 4096, 4096))
        if "option" in self.replies and not size:
            size = 1232
        dnssec = rng.random() < 0.2
        room = min(size or 512, 1232) - min(self.name_size, NAME_ROOM) - 80
        costs = max(carrier.cost for carrier in self.carriers)
        if room < 4 * costs:
            size, room = 1232, 1232 - NAME_ROOM - 80
        self.edns = opt(size, dnssec=dnssec)
        self.back_head = rng.choice((0, 0, 1, 2, 4, 8))
        most = min(int(room / costs), min(carrier.most for carrier in self.carriers))
        self.back_head = min(self.back_head, most - 1)
        most -= self.back_head
        self.down_room = most if rng.random() < 0.5 else int(log_uniform(rng, 1, most + 0.9))
        self.empty = rng.choice([*EMPTY, "carrier", "carrier"])
        ttl = rng.choice(TTLS)
        self.ttls = (ttl, ttl) if rng.random() < 0.8 else (0, ttl + 60)

    def text(self):
        """A few words for the label file."""
        return f"{self.spelling}/{'+'.join(self.replies)}/{self.direction}"


class Composed(Tool):
    """A client of a plan."""

    title = TITLE

    def __init__(self, rng, zone, plan):
        super().__init__(rng, zone, plan.text())
        self.plan, self.edns = plan, plan.edns
        self.up_room, self.down_room, self.sleeps = plan.up_room, plan.down_room, plan.sleeps
        self.server = server_address(zone.domain) if plan.direct else None
        self.session = {kind: rng.randbytes(size) for kind, size in plan.fields}
        self.count = rng.choice((0, 0, rng.randrange(65536)))
        self.hosts = rng.sample(HOSTS + WORDS[:40], rng.randrange(3, 12))

    def _content(self, data):
        """What a tunnel that does not encrypt moves instead."""
        if not self.plan.plain:
            return data
        text = ""
        while len(text) < len(data):
            text += f"{self.rng.choice(WORDS)}{self.rng.choice((' ', '=', ': ', ', '))}"
        return text[:len(data)].encode()

    def _head(self, data):
        values = {"length": len(data).to_bytes(2, "big"), "nonce": self.rng.randbytes(8),
                  "counter": (self.count & 0xFFFFFFFF).to_bytes(4, "big"),
                  "checksum": zlib.crc32(data).to_bytes(4, "big"),
                  "type": bytes((self.session.get("type", b"\0")[0] & 0xFC | bool(data),))}
        return b"".join(self.session["session"] if kind == "session" else values[kind][-size:]
                        for kind, size in self.plan.fields)

    def _cut(self, text):
        """Labels of a text."""
        plan, made = self.plan, []
        for piece in filter(None, text.split(".")):
            size = plan.size
            if plan.cut == "even":
                size = -(-len(piece) // -(-len(piece) // size))
            at = len(piece) % size if plan.cut == "right" else 0
            made += [piece[:at]] if at else []
            while at < len(piece):
                if plan.cut == "random":
                    size = self.rng.randrange(max(1, plan.size // 2), plan.size + 1)
                made.append(piece[at:at + size])
                at += size
        return made

    def name(self, up):
        """The name that carries so much."""
        plan, rng = self.plan, self.rng
        self.count += 1
        data = self._content(up) or rng.randbytes(plan.filler)
        head = self._head(data)
        if plan.padded:
            data += rng.randbytes(max(0, plan.up_room - len(data)))
        if plan.place == "front" or not head:
            made = self._cut(plan.spell(head + data))
        elif plan.place == "end":
            made = self._cut(plan.spell(data + head))
        elif plan.place == "beside":
            made = self._cut(plan.own_code(head) + plan.spell(data))
        else:
            own, made = self._cut(plan.own_code(head)), self._cut(plan.spell(data))
            made = own + made if plan.place == "before" else made + own
        return ".".join([*plan.before, *made, *plan.behind, self.zone.origin])

    def _carrier(self, down):
        carriers = self.plan.carriers
        if self.plan.by_need:
            return carriers[0] if not down else carriers[1 + self.count % (len(carriers) - 1)]
        return carriers[self.count % len(carriers)] if self.plan.in_turn else \
            self.rng.choice(carriers)

    def _ask(self, up, down):
        plan, rng = self.plan, self.rng
        carrier, ttl = self._carrier(down), rng.randint(*plan.ttls)
        name = self.name(up)
        if down or plan.empty == "carrier":
            head = rng.randbytes(plan.back_head)
            reply = carrier.carry(rng, head + self._content(down), self.zone.origin, ttl)
        else:
            reply = EMPTY[plan.empty](rng, carrier.qtype, ttl, self.count, len(up))
        hold = rng.uniform(0.3, 1) * plan.hold if not down else 0
        return Ask(name, carrier.qtype, reply, plan.edns, hold)

    def _decoy(self):
        """An ordinary host below the same zone."""
        host = self.rng.choice(self.hosts)
        code = zlib.crc32(host.encode())
        chain = [(CNAME, 300, encode(f"{host}.edgekeya.net"))] if code % 5 == 0 else []
        address = (A, 300, bytes((104, code >> 8 & 255, code >> 16 & 255, 1 + code % 250)))
        if self.rng.random() < 0.3:
            return Ask(f"{host}.{self.zone.domain}", AAAA,
                       answer(*chain, *address_records(self.rng, AAAA)), self.edns)
        return Ask(f"{host}.{self.zone.domain}", A, answer(*chain, address), self.edns)

    def hello(self):
        return [self._ask(self.rng.randbytes(self.rng.randrange(self.up_room + 1)), b"")
                for _ in range(self.plan.hello)]

    def turn(self, up, down):
        asks = [self._ask(up, down)]
        if self.plan.paired and asks[0].qtype in (A, AAAA):
            other = AAAA if asks[0].qtype == A else A
            asks.append(asks[0]._replace(qtype=other, answer=negative(60, NO_ERROR), hold=0))
        while self.rng.random() < self.plan.decoys:
            asks.append(self._decoy())
        return asks


def draw_use(rng, plan):
    """How the tunnel is used, and the seconds between two of its queries, more or less."""
    share = {"upload": 1.0, "download": 0.0}.get(plan.direction, rng.uniform(0.05, 0.95))
    load = min(room / part for room, part in ((plan.up_room, share), (plan.down_room, 1 - share))
               if part > 0)
    rate = float(f"{log_uniform(rng, 0.7, 1000):.2g}")
    if rng.random() < 0.15 or rate > load / ROUND_TRIP:
        rate = None
    shortest, silent = log_uniform(rng, 0.05, 5), rng.random() < 0.5
    if plan.direction == "keep-alive":
        rate, silent, shortest = 0, False, log_uniform(rng, 2, 300)
    elif plan.sleeps:
        silent, shortest = False, log_uniform(rng, 5, 300)
    elif plan.hold or plan.direction == "download":
        silent, shortest = False, 0.05 if plan.hold else shortest
    longest = min(shortest * rng.choice((1, 1, 1, 4, 20)), 1800)
    jitter = rng.choice((None, None, (0.95, 1.05), (0.7, 1.3), (0.1, 2.5), (0.5, 4)))
    use = Use(rate, share, (shortest, longest), rng.randrange(1, 9), False, jitter,
              silent and rate is not None, 0, load)
    return use, load / rate if silent and rate else (shortest + longest) / 2


def draw_source(rng):
    port = rng.randrange(1024, 65536) if rng.random() < 0.5 else None
    step = rng.choice((0, 0, 0, 0, 1, 1, 256, rng.randrange(3, 65536)))
    return Source(port, step, rng.getrandbits(16))


def add_random_tunnel(stage, rng, sites, options):
    """One tunnel, with all of its zones and subscribers."""
    zones = [invent_zone(stage, rng)
             for _ in range(rng.randrange(2, 7) if rng.random() < 0.15 else 1)]
    plan = Plan(rng, max((zone.origin for zone in zones), key=len))
    use, wait = draw_use(rng, plan)
    for zone in zones:
        stage.label(zone.domain, "tunnel", TITLE, plan.text(), describe_rate(use.rate))
    subscribers = rng.choice((1,) * 16 + (2, 3, rng.randrange(4, 20), rng.randrange(20, 51)))
    most = max(LEAST, int(log_uniform(rng, 300, 10000) * options.scale / subscribers))
    span = (options.end - options.start) / SECOND
    lasts = min(0.95 * span, max(log_uniform(rng, 60, 86400), 1.5 * LEAST * wait))
    resolvers = [number for number in range(len(RESOLVERS))
                 if number != MIXING_RESOLVER or not plan.sensitive]
    spread = rng.randrange(2, len(resolvers) + 1) if rng.random() < 0.15 else 0
    beside, loss = rng.random() < 0.4, rng.choice((0, 0, 0.002, 0.01, 0.03, 0.08))
    for _ in range(subscribers):
        client = stage.client(False if plan.direct else None)
        client.loss = loss
        if client.resolver not in resolvers:
            client.resolver = resolvers[0]
        tools = [Composed(rng, zone, plan) for zone in zones]
        start = options.start + rng.uniform(0, span - lasts) * SECOND
        session = Session(stage, rng, client, tools, use._replace(
            source=draw_source(rng), resolvers=rng.sample(resolvers, spread) if spread else None))
        end = session.run(start, start + lasts * SECOND, most)
        if beside:
            browse(stage, rng, client, sites, options.start, max(end, start + 1800 * SECOND),
                   max(1, min(8, int(16 * options.scale))))
        for tool in tools:
            stage.pay(tool.zone.domain, tool.moved)


def play(stage, rng, sites, options):
    """Tunnels whose encoding, header, answers, rhythm and use are drawn, each for itself."""
    for _ in range(TUNNELS):
        add_random_tunnel(stage, rng, sites, options)
